"""One crawl of some sources: what is fetched next, and what becomes of what was fetched.

Everything that touches SQLite or the WARC files runs in one thread, in the order asked for;
everything that parses runs in worker processes. The event loop only waits.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from archive import urls, warc
from archive.model import Capture, Fault, Found, Link, Outcome, Reading, Role, SourceReport
from archive.store import Archive
from crawler import discovery
from crawler.frontier import Entry, Frontier
from crawler.progress import Progress
from crawler.sources import Source
from crawler.workers import Workers

T = TypeVar("T")

# URLs of a source under way at once: enough to keep its host busy while pages are being read,
# few enough that one source does not fill memory.
IN_FLIGHT = 8
# Results stored in one transaction; more wait for the next.
BATCH = 64
ROLES: tuple[Role, ...] = ("home", "feed", "sitemap", "listing", "wordpress")
SUBSTACK_NOTICE = (
    "Substack's terms are reported to forbid crawling: skipped until the source says "
    "accept_terms = true"
)


@dataclass(frozen=True, slots=True)
class Options:
    """How a crawl is to be done: see `newsarchive crawl --help`."""

    full: bool = False
    revisit: bool = False
    limit: int | None = None
    due_only: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """An entry to fetch, with the capture that makes the request conditional (null: none does)."""

    entry: Entry
    source: Source
    held: Capture | None = None


@dataclass(slots=True)
class Settlement:
    """A result on its way to the archive."""

    capture: Capture | None
    outcome: Outcome | None
    entry: Entry | None
    source: str
    stored: asyncio.Future[None] = field(repr=False)


class Crawl:
    """The state of a crawl. `assignments` says what to fetch; `settle` and `fail` report back."""

    def __init__(
        self, archive: Archive, sources: Sequence[Source], workers: Workers, options: Options
    ) -> None:
        self.archive = archive
        self.sources = {source.name: source for source in sources}
        self.options = options
        self.progress = {source.name: Progress(source) for source in sources}
        self.on_change: Callable[[], None] = lambda: None
        self._workers = workers
        self._frontier = Frontier(archive.connection)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._settlements: asyncio.Queue[Settlement] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._started = warc.now()
        self.error: BaseException | None = None  # what ended the crawl before its time

    async def start(self) -> None:
        """Put the sources' entries into the frontier, and finish what a killed crawl left."""
        self._writer = asyncio.create_task(self._write())
        left = await self._do(self._begin)
        await asyncio.gather(*(self.settle(capture, None) for capture in left))

    async def assignments(self) -> list[Assignment]:
        """What to fetch next, waiting where everything is under way; empty at the end."""
        while True:
            self._changed.clear()
            if self.error:
                return []
            if claimed := await self._do(self._claim):
                return claimed
            if not any(progress.in_flight for progress in self.progress.values()):
                return []
            await self._changed.wait()

    async def capture(
        self, exchange: warc.Exchange, url: str, role: Role, source: str, found_by: str | None
    ) -> Capture:
        """The capture of an exchange, on disk on return."""
        return await self._do(
            lambda: self.archive.append(
                exchange, url=url, source=source, role=role, found_by=found_by
            )
        )

    async def settle(self, capture: Capture, entry: Entry | None) -> None:
        """Derive what follows from the capture, and store it."""
        source = self.sources.get(capture.source) or Source(capture.source, capture.url)
        subject = capture
        if capture.status == 304 and capture.role != "article":
            held = await self._do(lambda: self.archive.last_read(capture.url))
            subject = held or capture
        if subject.status == 304:
            outcome = None
        else:
            outcome = await self._workers.derive(subject, source)
        await self._store(capture, outcome, entry, capture.source)

    async def fail(self, entry: Entry, fault: Fault) -> None:
        """Store that a URL could not be fetched."""
        await self._store(None, fault, entry, entry.source)

    def count_request(self, source: str) -> None:
        """Count a request that goes out."""
        if source in self.progress:
            self.progress[source].requests += 1

    async def end(self) -> None:
        """End the task that writes; everything that was handed over is stored."""
        if self._writer:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def stop(self, error: BaseException) -> None:
        """End the crawl before its time: what is under way finishes, nothing else starts."""
        self.error = self.error or error
        self._changed.set()

    def close(self) -> list[SourceReport]:
        """The reports of all sources, written to `runs`; call it when the event loop has ended."""
        self._thread.shutdown()
        if isinstance(self.error, OSError | sqlite3.Error):
            return [progress.report() for progress in self.progress.values()]
        return self._end()

    async def _store(
        self, capture: Capture | None, outcome: Outcome | None, entry: Entry | None, source: str
    ) -> None:
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._settlements.put_nowait(Settlement(capture, outcome, entry, source, stored))
        await stored

    async def _write(self) -> None:
        """Store what waits, batch after batch: what arrives meanwhile is the next batch."""
        while True:
            batch = [await self._settlements.get()]
            while len(batch) < BATCH and not self._settlements.empty():
                batch.append(self._settlements.get_nowait())
            try:
                await self._do(lambda: self._save(batch))  # noqa: B023 - awaited in this turn
            except Exception as error:
                self.stop(error)
                for settlement in batch:
                    if not settlement.stored.done():
                        settlement.stored.set_exception(error)
            else:
                for settlement in batch:
                    if not settlement.stored.done():
                        settlement.stored.set_result(None)
            self._changed.set()
            self.on_change()

    async def _do(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    # From here on: in the archive's thread.

    def _begin(self) -> list[Capture]:
        with self.archive.transaction():
            self._frontier.release()
            for source in self.sources.values():
                self.archive.record_source(
                    source.name, source.url, source.platform, source.language
                )
                self.progress[source.name].is_first_crawl = self.archive.is_first_crawl(source.name)
                self._frontier.forget_discovery(source.name)
                if not self.options.due_only:
                    self._frontier.wake(source.name)
                if source.platform == "substack" and not source.accept_terms:
                    self._skip(source.name, SUBSTACK_NOTICE)
                    continue
                self._frontier.add(
                    source.name, discovery.seeds(source, self.options.full), again=True
                )
                if self.options.revisit:
                    self._frontier.add(source.name, self._frontier.held(source.name), again=True)
        # Those of other sources wait for their own crawl: it knows their rules.
        left = self.archive.captures(unread_only=True)
        return [capture for capture in left if capture.source in self.sources]

    def _skip(self, source: str, notice: str) -> None:
        self.progress[source].notices.append(notice)
        self.progress[source].is_drained = True

    def _claim(self) -> list[Assignment]:
        claimed: list[Assignment] = []
        with self.archive.transaction():
            for name, progress in self.progress.items():
                room = IN_FLIGHT - progress.in_flight
                if progress.is_drained or room <= 0:
                    continue
                entries = self._claim_of(progress, room)
                progress.is_drained = not entries and not progress.in_flight
                progress.in_flight += len(entries)
                claimed += [self._assign(entry, self.sources[name]) for entry in entries]
        return claimed

    def _claim_of(self, progress: Progress, room: int) -> list[Entry]:
        name = progress.source.name
        entries = self._frontier.claim(name, room, ROLES)
        limit = progress.source.limit if self.options.limit is None else self.options.limit
        left = room - len(entries)
        if limit is not None:
            left = min(left, limit - progress.claimed)
        if left > 0:
            articles = self._frontier.claim(name, left, ("article",))
            progress.claimed += len(articles)
            entries += articles
        return entries

    def _assign(self, entry: Entry, source: Source) -> Assignment:
        # After a failure the page is wanted, whether it changed or not.
        has_failed = self.archive.has_failed(source.name, entry.url)
        return Assignment(entry, source, None if has_failed else self.archive.last_read(entry.url))

    def _save(self, batch: Sequence[Settlement]) -> None:
        with self.archive.transaction():
            for settlement in batch:
                self._save_one(settlement)
        for settlement in batch:
            progress = self.progress.get(settlement.source)
            if progress and settlement.entry:
                progress.in_flight -= 1

    def _save_one(self, settlement: Settlement) -> None:
        capture, outcome, entry = settlement.capture, settlement.outcome, settlement.entry
        progress = self.progress.get(settlement.source)
        change = self.archive.save(capture, outcome) if capture else None
        if progress is None or (capture and capture.role == "robots"):
            return
        url = entry.url if entry else capture.url if capture else ""
        is_article = (entry.role if entry else capture.role if capture else "") == "article"
        if isinstance(outcome, Fault):
            self._save_fault(progress, url, outcome, entry, is_article)
            return
        self._frontier.done(progress.source.name, url)
        self.archive.clear_failure(progress.source.name, url)
        if is_article:
            progress.fetched += outcome is not None
            progress.settle(url, change.kind if change else "unchanged")
            if isinstance(outcome, Reading):
                progress.notices += [f"{url}: {warning}" for warning in outcome.warnings]
        elif isinstance(outcome, Found) and capture:
            self._follow(progress, capture, outcome)

    def _save_fault(
        self, progress: Progress, url: str, fault: Fault, entry: Entry | None, is_article: bool
    ) -> None:
        name = progress.source.name
        if fault.skip and is_article and entry and entry.found_by in ("sitemap", "listing"):
            self._frontier.done(name, url)
            progress.settle(url, "skipped")
        elif entry and entry.optional:
            self._frontier.done(name, url)
        else:
            next_try = None
            if fault.permanent or fault.skip:
                self._frontier.done(name, url)
            else:
                next_try = self._frontier.retry(name, url)
            progress.fail(url, fault)
            if is_article:
                progress.found.add(urls.key(url))
            self.archive.record_failure(name, url, fault, next_try)

    def _follow(self, progress: Progress, capture: Capture, found: Found) -> None:
        """Put into the frontier what a page of discovery leads to."""
        source = progress.source
        progress.platform = found.platform or progress.platform
        progress.language = found.language or progress.language
        if progress.platform == "substack" and not source.accept_terms:
            progress.notices.append(SUBSTACK_NOTICE)
            return
        if capture.role == "feed" and found.articles:
            progress.feeds.add(capture.url)
        if capture.role == "sitemap" and found.articles:
            progress.sitemaps.add(capture.url)
        waiting = 0
        for link in found.articles:
            key = urls.key(link.url)
            if self._frontier.add(source.name, [link]):
                waiting += 1
                progress.held.discard(key)
            else:
                progress.held.add(key)
            progress.found.add(key)
        links: list[Link] = list(found.pages)
        all_new = bool(found.articles) and waiting == len(found.articles)
        if self.options.full or (all_new and not progress.is_first_crawl):
            links += found.following
        self._frontier.add(source.name, [li for li in links if progress.visit(li.url)], again=True)
        progress.is_drained = False

    def _end(self) -> list[SourceReport]:
        with self.archive.transaction():
            for name, progress in self.progress.items():
                self._end_source(name, progress)
        reports = [progress.report() for progress in self.progress.values()]
        self.archive.record_run("crawl", self._started, reports)
        return reports

    def _end_source(self, name: str, progress: Progress) -> None:
        progress.ended = time.monotonic()
        if not (progress.found or progress.faults or progress.notices):
            fault = Fault(
                "nothing-found",
                'no feed, sitemap or list of articles: name one in sources.toml, feeds = ["…"]',
            )
            progress.fail(progress.source.url, fault)
            self.archive.record_failure(name, progress.source.url, fault)
        self.archive.record_source(
            name, progress.source.url, progress.source.platform or progress.platform,
            progress.source.language or progress.language,
        )  # fmt: skip
        self.archive.record_discovery(name, [*progress.feeds], [*progress.sitemaps])
