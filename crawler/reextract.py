"""Re-extraction: captures that another extractor or other rules read are derived from again.

The way is that of every capture: `crawler/derive.py` in worker processes, then the archive. What was
read is noted with the capture (`captures.read_by`), so that a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from archive import failures, rereading
from archive.errors import UserError
from archive.model import Capture, Fault, Read
from archive.store import Store
from crawler.sources import Source, of_capture
from crawler.toml_errors import nearest
from crawler.workers import Pending, Workers

WAITING = 64  # pages under way in the workers, and results stored in one transaction
SITEMAP = 16  # pages that a sitemap counts for: of 50,000 addresses it takes some 20 MB when read


class UnknownSource(UserError):
    """A source of which nothing was captured."""


@dataclass(slots=True)
class Report:
    """What re-extraction did of one source, in captures.

    `changed`: their reading is another one; `lost`: they were read as an article, and are none now;
    `failed`: they could not be read, and what they were read as before stays.
    """

    read: int = 0
    changed: int = 0
    lost: int = 0
    failed: int = 0
    faults: list[tuple[str, Fault]] = field(default_factory=list)  # of those lost and failed

    def numbers(self) -> dict[str, int]:
        """The counters by name."""
        return {name: getattr(self, name) for name in ("read", "changed", "lost", "failed")}


def outdated(
    captures: Iterable[Capture], pool: Workers, sources: Sequence[Source]
) -> Iterator[tuple[Capture, Source]]:
    """Those of the captures that another extractor or other rules read, with their rules."""
    for capture in captures:
        source = of_capture(sources, capture.source, capture.url)
        if capture.read_by != pool.read_by(capture, source):
            yield capture, source


class Reextraction:
    """What is to be read again of an archive, and what came of it by source."""

    def __init__(
        self, archive: Store, pool: Workers, sources: Sequence[Source], names: Sequence[str]
    ) -> None:
        """`names`: only captures of these sources. Raises UnknownSource."""
        self.reports: dict[str, Report] = {}
        self._archive = archive
        self._pool = pool
        self._sources = sources
        self._names = names
        known = rereading.sources(archive.connection)
        for name in names:
            if name not in known:
                raise UnknownSource(f"nothing was captured of {name!r}{nearest(name, known)}")

    def plan(self, *, everything: bool) -> int:
        """The number of captures that are to be read again; `everything`: whatever read them."""
        db = self._archive.connection
        with self._archive.transaction():
            if everything:
                rereading.want(db, self._names)
            return rereading.plan(
                db, self._names, lambda c: any(outdated([c], self._pool, self._sources))
            )

    def run(self, on_read: Callable[[int], None]) -> None:
        """Read what is planned. `on_read` is told how many captures more were read."""
        waiting: deque[list[Pending]] = deque()
        for group in rereading.planned(self._archive.connection):
            waiting.append(
                [
                    self._pool.submit(c, of_capture(self._sources, c.source, c.url), held)
                    for c, held in group
                ]
            )
            if sum(_pages(one.capture for one in group) for group in waiting) >= 2 * WAITING:
                on_read(self._store(waiting))
        while waiting:
            on_read(self._store(waiting))

    def _store(self, waiting: deque[list[Pending]]) -> int:
        """Store the oldest groups in one transaction; the number of their captures."""
        groups: list[list[Read]] = []
        while waiting and sum(_pages(one.capture for one in group) for group in groups) < WAITING:
            groups.append([pending.result() for pending in waiting.popleft()])
        read = [each for group in groups for each in group]
        with self._archive.transaction():
            self._store_all(read)
        return len(read)

    def _store_all(self, batch: Sequence[Read]) -> None:
        held = {  # or was, until its reading was found damaged
            read.capture.id
            for read in batch
            if read.outcome is None
            or self._archive.has_reading(read.capture)
            or read.capture.read_as == "article"
        }
        changed = self._archive.reread(batch)
        for read in batch:
            capture, outcome = read.capture, read.outcome
            report = self.reports.setdefault(capture.source, Report())
            report.read += 1
            report.changed += capture.id in changed
            if capture.role != "article":
                continue
            found = outcome if isinstance(outcome, Fault) else None
            is_held = capture.id in held
            failures.correct(self._archive.connection, capture, found, is_new=is_held)
            if found and (is_held or read.read_by is None):
                report.lost += found.is_verdict
                report.failed += not found.is_verdict
                report.faults.append((capture.url, found))


def _pages(captures: Iterable[Capture]) -> int:
    return sum(SITEMAP if capture.role == "sitemap" else 1 for capture in captures)
