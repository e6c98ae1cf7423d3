"""What a crawl has to do and what became of it, in the archive: all in the archive's thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from archive import crawls, failures, health, presence, urls, warc
from archive.articles import Change
from archive.model import Capture, Fault, Found, Link, Outcome, Read, Reading, Role, SourceReport
from archive.store import Store
from crawler import discovery, ending, schedule
from crawler.following import follow, follow_instead, follow_translations
from crawler.frontier import Entry, Frontier, Held
from crawler.hosts import PATIENCE, Host, Hosts, moment
from crawler.progress import Progress
from crawler.share import Alone, Share
from crawler.sources import Source

# URLs of a source under way at once: enough to keep its host busy while pages are being read,
# few enough that one source does not fill memory.
IN_FLIGHT = 8
ROLES: tuple[Role, ...] = tuple(discovery.WAYS)
# Ways that name pages which are no articles, too: these are passed over, not failures.
UNSURE = ("sitemap", "listing", "hreflang")


@dataclass(frozen=True, slots=True)
class Options:
    """How a crawl is to be done: see `newsarchive crawl --help`."""

    full: bool = False
    revisit: bool = False
    limit: int | None = None
    due_only: bool = False
    every_way: bool = False  # begin each way of finding articles, to see what it gives


@dataclass(frozen=True, slots=True)
class Assignment:
    """An entry to fetch, with the capture that makes the request conditional (null: none does)."""

    entry: Entry
    source: Source
    held: Capture | Held | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an entry, or of a capture without one (robots.txt, left by a killed crawl)."""

    capture: Capture | None
    outcome: Outcome | None  # null: the server said that nothing changed
    entry: Entry | None
    source: str
    read_by: str | None = None  # see `Read`
    earlier: tuple[Read, ...] = ()  # captures of the article that had to be read again


class Ledger:
    """The sources' entries in the frontier, what is claimed of them, and what was stored."""

    def __init__(
        self,
        archive: Store,
        sources: Sequence[Source],
        options: Options,
        share: Share | None = None,
    ) -> None:
        self.archive = archive
        self.sources = {source.name: source for source in sources}
        self.options = options
        self.share = share or Alone(sources)
        self.progress: dict[str, Progress] = {}  # of the sources that were begun
        self._frontier = Frontier(archive.connection, self.share.now)
        self.hosts = Hosts(archive.connection, self.share.now)
        self._sitemaps: dict[str, tuple[Link, ...]] = {}  # by site, as its robots.txt names them
        self._started = warc.now()

    def begin(self) -> list[Capture]:
        """Put the sources' entries into the frontier; the captures that a killed crawl left."""
        self.share.join()
        with self.archive.transaction():
            self._frontier.release()
        self._take()
        # Those of other sources wait for their own crawl: it knows their rules.
        left = self.archive.captures(unread_only=True)
        return [capture for capture in left if capture.source in self.sources]

    def _take(self) -> None:
        """Begin the sources that are this crawl's from now on."""
        if taken := self.share.take():
            self.hosts.read()
            with self.archive.transaction():
                for source in taken:
                    self._begin_source(source)
            self._tell()

    def _begin_source(self, source: Source) -> None:
        progress = self.progress.setdefault(source.name, Progress(source))
        progress.begin_again()
        crawls.record_source(
            self.archive.connection, source.name, source.url, source.platform, source.language
        )
        progress.is_first_crawl = crawls.is_first_crawl(self.archive.connection, source.name)
        self._frontier.forget_discovery(source.name)
        if not self.options.due_only:
            self._frontier.wake(source.name)
        if notice := self._refusal(source):
            self._skip(source.name, notice)
            return
        self._begin_full(progress)
        seeds = discovery.seeds(source, progress.is_full or self.options.every_way)
        self._frontier.add(source.name, progress.trails.begin(seeds), again=True)
        for url, visited in self.archive.unplanned(source.name):
            self._frontier.plan(source.name, url, self._next_visit(url, moment(visited)))
        self._frontier.revisit(source.name)
        if self.options.revisit:
            self._frontier.add(source.name, self._frontier.held(source.name), again=True)

    def _tell(self) -> None:
        """Tell the other workers what changed, behind a transaction."""
        self.share.write()
        self._drop_lost()

    def _drop_lost(self) -> None:
        for name in self.share.lost():
            if progress := self.progress.get(name):
                progress.notices.append(
                    "another worker has taken it over: this one was not heard of for too long"
                )
                progress.is_lost = True

    def renew(self) -> None:
        """Say that this crawl is alive."""
        self.share.renew()
        self._drop_lost()

    def admit(self, source: str, site: str) -> bool:
        """Whether a site to which pages of the source lead may be asked, by now."""
        is_admitted = self.share.admit(source, site)
        self.hosts.read()
        self._drop_lost()
        if not is_admitted and (progress := self.progress.get(source)):
            progress.is_blocked = True
        return is_admitted

    def _begin_full(self, progress: Progress) -> None:
        """Crawl the whole history where that is asked for, or was and did not come to its end.

        The lists that a killed crawl had still to ask for are not in the frontier any more.
        """
        name = progress.source.name
        is_left = crawls.is_full_under_way(self.archive.connection, name)
        progress.is_full = self.options.full or is_left
        if progress.is_full:
            crawls.record_full(self.archive.connection, name, is_under_way=True)
        if is_left and not self.options.full:
            progress.notices.append("goes on with the whole history: that crawl did not end")

    def reports(self) -> list[SourceReport]:
        """The reports as they stand."""
        return [progress.report() for progress in self.progress.values()]

    def _refusal(self, source: Source) -> str | None:
        """Why the source is not to be crawled; null: it is."""
        if self.archive.forgotten.has(source.url):
            return (
                "it was forgotten, and is not crawled: delete it from sources.toml, "
                f"or `newsarchive forget --lift {source.url}`"
            )
        return discovery.refusal(source, source.platform)

    def _skip(self, source: str, notice: str) -> None:
        self.progress[source].notices.append(notice)
        self.progress[source].is_drained = True

    def claim(self) -> list[Assignment]:
        """What to fetch next, of each source as much as it has room for."""
        claimed: list[Assignment] = []
        self._take()
        now = self.share.now()  # one: what is not claimed yet reopens later
        with self.archive.transaction():
            self.hosts.write()
            for name, progress in self.progress.items():
                room = self._room(progress)
                if progress.is_over or room <= 0:
                    continue
                entries = self._claim_of(progress, room, now)
                reopens = self._reopens(name, now)
                progress.is_drained = not (entries or progress.in_flight or reopens)
                progress.in_flight += len(entries)
                claimed += [self._assign(entry, self.sources[name]) for entry in entries]
        self._tell()
        self._give_back()
        return claimed

    def _give_back(self) -> None:
        """End the sources with which this crawl is through, where others may want them."""
        for part in self.share.parts():
            together = [self.progress[name] for name in part if name in self.progress]
            if any(p.in_flight or not p.is_over for p in together):
                continue
            is_finished = not any(p.is_blocked for p in together)
            with self.archive.transaction():
                for progress in together:
                    if is_finished:
                        self._end(progress)
            self.share.give_back(part, finished=is_finished)
            self._drop_lost()

    def _room(self, progress: Progress) -> int:
        is_suspect = self.hosts.is_suspect(urls.site(progress.source.url))
        return (1 if is_suspect else IN_FLIGHT) - progress.in_flight

    def pause(self) -> float | None:
        """Seconds until a host may be asked again that this run waits for; null: there is none."""
        now = self.share.now()
        times = [self._reopens(n, now) for n, p in self.progress.items() if not p.is_over]
        # One that has reopened since the last claim waits no longer.
        pauses = [(moment(time) - now).total_seconds() if time else 0.0 for time in times]
        if (look := self.share.look()) is not None:
            pauses.append(look)
        return min(pauses, default=None)

    def _reopens(self, source: str, now: datetime) -> str | None:
        """When the first host may be asked again for whose entries a run has patience."""
        return self._frontier.reopens(source, now, now + PATIENCE)

    def _claim_of(self, progress: Progress, room: int, now: datetime) -> list[Entry]:
        name = progress.source.name
        entries = self._frontier.claim(name, room, ROLES, now)
        limit = progress.source.limit if self.options.limit is None else self.options.limit
        left = room - len(entries)
        if limit is not None:
            left = min(left, limit - progress.claimed)
        if left > 0:
            articles = self._frontier.claim(name, left, ("article",), now)
            progress.claimed += len(articles)
            entries += articles
        return entries

    def _assign(self, entry: Entry, source: Source) -> Assignment:
        held = self.archive.last_read(entry.url)
        if entry.held and (not held or entry.held.fetched > held.fetched):
            return Assignment(entry, source, entry.held)
        # What gave nothing when it was read, a wall say, is wanted whether it changed or not.
        has_failed = failures.is_known(self.archive.connection, source.name, entry.url)
        is_wanted = has_failed and not (held and self.archive.has_reading(held))
        return Assignment(entry, source, None if is_wanted else held)

    def save(self, batch: Sequence[Result]) -> None:
        """Store what came of these, in one transaction."""
        with self.archive.transaction():
            self.hosts.write()
            for result in batch:
                self.archive.reread(result.earlier)
            read = {
                n: Read(r.capture, r.outcome, r.read_by) for n, r in enumerate(batch) if r.capture
            }
            changes = dict(zip(read, self.archive.save_all(list(read.values())), strict=True))
            for n, result in enumerate(batch):
                self._settle(result, changes.get(n))
        self._tell()
        for result in batch:
            progress = self.progress.get(result.source)
            if progress and result.entry:
                progress.in_flight -= 1

    def _settle(self, result: Result, change: Change | None) -> None:
        """What follows for the frontier and the reports from what was stored."""
        capture, outcome, entry = result.capture, result.outcome, result.entry
        progress = self.progress.get(result.source)
        if capture and capture.role == "robots":
            if isinstance(outcome, Found):
                self._sitemaps[urls.site(capture.final_url)] = outcome.pages
            return
        if progress is None:
            return
        url = entry.url if entry else capture.url if capture else ""
        is_article = (entry.role if entry else capture.role if capture else "") == "article"
        if capture is None and outcome is None:
            self._frontier.put_back(progress.source.name, url)
            progress.claimed -= is_article
            return
        if capture and change and change.kind in ("missing", "gone"):
            self._save_absent(progress, url, capture, is_gone=change.kind == "gone")
            return
        if entry and entry.held and capture and capture.status in presence.ABSENT:
            self._save_absent_elsewhere(progress, capture, entry)
            return
        if isinstance(outcome, Fault):
            site = urls.site(capture.final_url) if capture else ""
            host = self.hosts.refusal(site, outcome.kind)
            self._save_fault(progress, url, outcome, entry, is_article, host)
            return
        again = self._next_visit(url, self.share.now(), entry) if is_article else None
        self._frontier.done(progress.source.name, url, again)
        failures.clear(self.archive.connection, progress.source.name, url)
        progress.faults.pop(url, None)
        if is_article:
            progress.fetched += outcome is not None
            progress.settle(url, change.kind if change else "unchanged")
            if isinstance(outcome, Reading) and capture:
                progress.notices += [f"{url}: {warning}" for warning in outcome.warnings]
                follow_translations(
                    self._frontier, progress, capture, outcome, self.sources.values()
                )
        elif isinstance(outcome, Found) and capture:
            site = urls.site(capture.final_url)
            progress.has_answered = True
            follow(
                self._frontier, progress, capture, outcome,
                full=progress.is_full, every_way=self.options.every_way,
                sitemaps=self._sitemaps.get(site, ()),
            )  # fmt: skip

    def _next_visit(
        self, url: str, visited: datetime, entry: Entry | None = None
    ) -> datetime | None:
        elsewhere = entry.held.changed if entry and entry.held else None
        changed = max(self.archive.last_change(url) or "", elsewhere or "")
        return schedule.revisit(visited, moment(changed)) if changed else None

    def _save_absent(
        self, progress: Progress, url: str, capture: Capture, *, is_gone: bool
    ) -> None:
        """The page of an article that is held is not there: the article is kept."""
        again = schedule.LAST_REVISIT if is_gone else schedule.FIRST_REVISIT
        by_itself = capture.status != presence.GONE
        name = progress.source.name
        self._frontier.done(name, url, self.share.now() + again if by_itself else None)
        failures.clear(self.archive.connection, name, url)
        progress.settle(url, "gone")
        state = "gone, and kept" if is_gone else "not there now; it is asked for again tomorrow"
        progress.notices.append(f"HTTP {capture.status}: {state}: {url}")

    def _save_absent_elsewhere(self, progress: Progress, capture: Capture, entry: Entry) -> None:
        """The page of an article that another worker's archive holds is not there.

        Whether it has gone, the joined archive says: it has all visits.
        """
        by_itself = capture.status != presence.GONE
        again = self._next_visit(entry.url, self.share.now(), entry) if by_itself else None
        self._frontier.done(progress.source.name, entry.url, again)
        failures.clear(self.archive.connection, progress.source.name, entry.url)
        progress.settle(entry.url, "gone")
        progress.notices.append(f"HTTP {capture.status}: not there now: {entry.url}")

    def _save_fault(
        self,
        progress: Progress,
        url: str,
        fault: Fault,
        entry: Entry | None,
        is_article: bool,
        host: Host | None,
    ) -> None:
        name = progress.source.name
        if fault.skip and is_article and entry and entry.found_by in UNSURE:
            self._frontier.done(name, url)
            progress.settle(url, "skipped")
        elif entry and entry.optional and not host:
            self._frontier.done(name, url)
            progress.closed[entry.role] = fault.message
            if entry.role in discovery.APIS:
                follow_instead(self._frontier, progress)
        else:
            next_try = None
            if fault.permanent or fault.skip:
                self._frontier.done(name, url)
            else:
                next_try = self._frontier.retry(name, url, host.wait_until if host else None)
            progress.fail(url, fault)
            if is_article:
                progress.found.add(urls.key(url))
            failures.record(self.archive.connection, name, url, fault, next_try)

    def end(self) -> list[SourceReport]:
        """The reports, written to `runs`."""
        with self.archive.transaction():
            for progress in self.progress.values():
                if progress.ended is None and not progress.is_lost:
                    self._end(progress)
        self.share.leave()
        reports = self.reports()
        self.archive.record_run("crawl", self._started, reports)
        db = self.archive.connection
        return [replace(r, changed=health.of(db, r.source, self._started).changed) for r in reports]

    def _end(self, progress: Progress) -> None:
        ending.end(self.archive, self._frontier, self.hosts, progress, self.share.now())
