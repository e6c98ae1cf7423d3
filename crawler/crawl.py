"""One crawl of some sources: the event loop between fetching, reading and storing.

Everything that touches SQLite or the WARC files runs in one thread, in the order asked for;
everything that parses runs in worker processes. The event loop only waits.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from archive import urls, warc
from archive.model import Capture, Fault, Outcome, Read, Reading, Role, SourceReport
from archive.store import Store
from crawler import reextract
from crawler.frontier import Entry
from crawler.ledger import Assignment, Ledger, Options, Result
from crawler.share import Share
from crawler.sources import Source
from crawler.walls import WALLS
from crawler.workers import Workers

T = TypeVar("T")

# Results stored in one transaction; more wait for the next. One by one they cost half as much again.
BATCH = 64
# Seconds that a result waits for others while more pages are being read: some ten of them by two workers,
# and less than the workers take for what is under way, so that they do not run out of work.
GATHER = 0.25


class Crawl:
    """The state of a crawl. `assignments` says what to fetch; `settle` and `fail` report back."""

    def __init__(
        self,
        archive: Store,
        sources: Sequence[Source],
        workers: Workers,
        options: Options,
        share: Share | None = None,
    ) -> None:
        self.archive = archive
        self.ledger = Ledger(archive, sources, options, share)
        self.sources = self.ledger.sources
        self.progress = self.ledger.progress
        self.hosts = self.ledger.hosts
        self.on_change: Callable[[], None] = lambda: None
        self._workers = workers
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._reading = 0  # pages in the workers
        self._results: asyncio.Queue[tuple[Result, asyncio.Future[None]]] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.error: BaseException | None = None  # what ended the crawl before its time

    async def start(self) -> None:
        """Put the sources' entries into the frontier, and finish what a killed crawl left."""
        self._tasks.append(asyncio.create_task(self._write()))
        left = await self._do(self.ledger.begin)
        if renewal := self.ledger.share.renewal:
            self._tasks.append(asyncio.create_task(self._renew(renewal)))
        await asyncio.gather(*(self.settle(capture, None) for capture in left))

    async def assignments(self) -> list[Assignment]:
        """What to fetch next, waiting where everything is under way; empty at the end."""
        while True:
            self._changed.clear()
            if self.error:
                return []
            if claimed := await self._do(self.ledger.claim):
                return claimed
            if any(progress.in_flight for progress in self.progress.values()):
                await self._changed.wait()
            elif (pause := await self._do(self.ledger.pause)) is not None:
                await asyncio.sleep(pause)
            else:
                return []

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
            if entry:
                self._note_host(capture, None, entry)
            await self._store(Result(capture, None, entry, capture.source))
            return
        read = await self._read(subject, source)
        if entry:
            self._note_host(capture, read.outcome, entry)
        earlier = await self._read_earlier(capture, read.outcome)
        await self._store(
            Result(capture, read.outcome, entry, capture.source, read.read_by, earlier)
        )

    async def fail(self, entry: Entry, fault: Fault) -> None:
        """Store that a URL could not be fetched."""
        await self._store(Result(None, fault, entry, entry.source))

    async def put_back(self, entry: Entry) -> None:
        """Store that a URL was not asked for: its host is to be left alone."""
        await self._store(Result(None, None, entry, entry.source))

    def count_request(self, source: str) -> None:
        """Count a request that goes out."""
        if source in self.progress:
            self.progress[source].requests += 1

    async def end(self) -> None:
        """End the tasks beside the crawl, when nobody waits for them any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self, error: BaseException) -> None:
        """End the crawl before its time: what is under way finishes, nothing else starts."""
        self.error = self.error or error
        self._changed.set()

    def close(self) -> list[SourceReport]:
        """The reports of all sources, written to `runs`; call it when the event loop has ended."""
        self._thread.shutdown()
        if isinstance(self.error, OSError | sqlite3.Error):
            return self.ledger.reports()
        return self.ledger.end()

    def _note_host(self, capture: Capture, outcome: Outcome | None, entry: Entry) -> None:
        """Note whether the host gave a page, or a wall in its place."""
        site, of_article = urls.site(capture.final_url), capture.role == "article"
        if isinstance(outcome, Fault) and outcome.kind in WALLS and capture.status < 400:
            repeat = bool(entry.attempts)
            self.hosts.refused(site, outcome.kind, of_articles=of_article, is_repeat=repeat)
        elif capture.status < 400 or capture.status in (404, 410):
            self.hosts.answered(site, of_article, is_read=True)

    async def may_ask(self, source: str, site: str) -> bool:
        """Whether a site's delay is this crawl's to keep; where pages lead to it, it may become so."""
        ledger = self.ledger
        return ledger.share.owns(site) or await self._do(lambda: ledger.admit(source, site))

    async def _renew(self, seconds: float) -> None:
        """Say again and again that this crawl is alive."""
        while not self.error:
            await asyncio.sleep(seconds)
            await self._do(self.ledger.renew)

    async def _read_earlier(self, capture: Capture, outcome: Outcome | None) -> tuple[Read, ...]:
        """The article's earlier captures, read again where that was done by other rules."""
        if not isinstance(outcome, Reading):
            return ()
        sources = tuple(self.sources.values())
        held = await self._do(lambda: self.archive.beside(capture, outcome))
        outdated = reextract.outdated(held, self._workers, sources)
        return tuple([await self._read(*each) for each in outdated])

    async def _read(self, capture: Capture, source: Source) -> Read:
        self._reading += 1
        try:
            return await self._workers.read(capture, source)
        finally:
            self._reading -= 1

    async def _store(self, result: Result) -> None:
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._results.put_nowait((result, stored))
        await stored

    async def _write(self) -> None:
        """Store what waits, batch after batch: what arrives meanwhile is the next batch."""
        while True:
            results, futures = zip(*await self._gather(), strict=True)
            error: BaseException | None = self.error
            if not error:
                try:
                    await self._do(lambda: self.ledger.save(results))  # noqa: B023 - awaited in this turn
                except Exception as problem:
                    error = problem
            for future in futures:
                if future.done():  # nobody waits any more
                    continue
                if error:
                    future.set_exception(error)
                else:
                    future.set_result(None)
            self._changed.set()
            self.on_change()

    async def _gather(self) -> list[tuple[Result, asyncio.Future[None]]]:
        """What is stored next: what comes within a moment, as long as more is being read."""
        batch = [await self._results.get()]
        until = asyncio.get_running_loop().time() + GATHER
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while len(batch) < BATCH and (self._reading or not self._results.empty()):
                    batch.append(await self._results.get())
        return batch

    async def _do(self, function: Callable[[], T]) -> T:
        """What the function returns, from the archive's thread; its error ends the crawl."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, function)
        except Exception as error:
            self.stop(error)
            raise
