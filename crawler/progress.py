"""What a run does for each source, counted as it happens."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from archive import urls
from archive.model import Fault, Link, Role, SourceReport
from crawler.hosts import Host, stamp
from crawler.sources import Source
from crawler.trails import Trails


@dataclass(slots=True)
class Progress:
    """The counters of one source. An article counts once, whatever ways found it."""

    source: Source
    found: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    settled: dict[str, str] = field(default_factory=dict)
    trails: Trails = field(default_factory=Trails)  # pages of discovery
    ways: dict[Role, set[str]] = field(
        default_factory=dict
    )  # articles by way, where every way is tried
    closed: dict[Role, str] = field(default_factory=dict)  # why a way that may be gives none
    faults: dict[str, Fault] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    waits: tuple[Host, ...] = ()  # hosts that are left alone, and for which entries wait
    feeds: set[str] = field(default_factory=set)
    sitemaps: set[str] = field(default_factory=set)
    platform: str | None = None
    language: str | None = None
    requests: int = 0
    fetched: int = 0
    claimed: int = 0  # articles, against the limit
    in_flight: int = 0
    is_drained: bool = False
    is_blocked: bool = False  # its pages lead to a domain that another worker holds
    is_lost: bool = False  # another worker has taken it over
    is_first_crawl: bool = False
    is_full: bool = False  # the whole history, not only what is new
    gap: str | None = None  # the time since when a feed does not name everything (ISO 8601)
    beside: tuple[Link, ...] = ()  # what the home page offers beside its feeds
    spared: tuple[Link, ...] = ()  # lists that an API may stand in for
    sample: set[str] = field(
        default_factory=set
    )  # articles of the home page that it must name then
    is_current: bool = False  # a sitemap or API says that nothing changed since it was read
    has_answered: bool = False  # a page of discovery did
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be claimed of the source, as far as is known now."""
        return self.is_drained or self.is_blocked or self.is_lost

    def begin_again(self) -> None:
        """Find the way through the source anew, after another worker had it; what was counted stays."""
        self.trails = Trails()
        self.gap, self.beside, self.spared, self.sample = None, (), (), set()
        self.is_drained = self.is_blocked = self.is_lost = False
        self.ended = None

    def settle(self, url: str, kind: str) -> None:
        """Note what became of an article: new, revised, unchanged, skipped, failed or gone.

        One that was stored and then asked for again in the same run, because another list says that
        it changed, is what it was the first time.
        """
        key = urls.key(url)
        self.found.add(key)
        if not (kind == "unchanged" and self.settled.get(key) in ("new", "revised")):
            self.settled[key] = kind

    def named(self, way: Role, start: str, keys: Iterable[str]) -> None:
        """Note the articles that a way names, and where it starts."""
        self.ways.setdefault(way, set()).update(keys)
        if way == "feed":
            self.feeds.add(start)
        elif way == "sitemap":
            self.sitemaps.add(start)

    def fail(self, url: str, fault: Fault) -> None:
        """Note a failure of an article or of a page of discovery."""
        self.faults[url] = fault
        self.settled[urls.key(url)] = "failed"

    def report(self) -> SourceReport:
        """The counters as they stand."""
        kinds = Counter(self.settled.values())
        return SourceReport(
            source=self.source.name,
            found=len(self.found),
            fetched=self.fetched,
            new=kinds["new"],
            revised=kinds["revised"],
            unchanged=kinds["unchanged"] + len(self.held - self.settled.keys()),
            skipped=kinds["skipped"],
            failed=kinds["failed"],
            gone=kinds["gone"],
            requests=self.requests,
            seconds=round((self.ended or time.monotonic()) - self.started, 3),
            faults=tuple(self.faults.items()),
            notices=tuple(dict.fromkeys(self.notices)),
            is_current=self.is_current,
            wait_until=min((stamp(h.wait_until) for h in self.waits if h.wait_until), default=None),
        )
