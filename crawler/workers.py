"""Worker processes around the pure part: a page that hangs, or eats memory, costs only itself."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import itertools
import multiprocessing
import os
import resource
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from archive import readings
from archive.model import Capture, Fault, Found, Outcome, Read, Reading
from crawler import boilerplate, phrases
from crawler.derive import derive, read_by
from crawler.sources import Source

SECONDS = 60  # a page: the slowest of the bench's 777 real pages takes under 3
MEMORY_BYTES = 2 * 1024**3  # address space of a worker: a hundred times a usual page
PAGES = 2_000  # then a worker is replaced: libraries keep more and more
# Pages after which a worker gives back what the allocator keeps, some 30 MB: it takes 8 ms.
TRIM = 50
# Objects more than before at which Python looks for cycles. At its own 700 that takes 2 ms a page, and
# pages leave hardly any behind.
COLLECT = 5_000


_count = itertools.count(1)  # of the pages that this process has read

# Imported once, in the process that the workers are forked from. Not what reads articles: a crawl that
# finds nothing new does without.
PRELOADED = ["crawler.commands", "crawler.derive", "pebble.pool.process"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A reading on its way from a worker: as it is stored, and with what it warns of."""

    packed: readings.Packed
    warnings: tuple[str, ...]


Made = Found | Fault | Sent | None  # null: the reading that is held


@dataclass(frozen=True, slots=True)
class Pending:
    """A capture that is being read."""

    capture: Capture
    read_by: str
    future: Future[Made]

    def result(self) -> Read:
        """What it is read as, when it has been. What failed is not noted as read: see `Read`."""
        try:
            made = self.future.result()
        except Exception as error:
            return Read(self.capture, fault(error), None)
        outcome = readings.received(made.packed, made.warnings) if isinstance(made, Sent) else made
        return Read(self.capture, outcome, self.read_by)


class Workers:
    """A pool of processes that derive outcomes from captures.

    Beside the folder of the captures may stand the user's boilerplate.toml: raises PhrasesError.
    """

    def __init__(self, folder: Path, count: int | None = None) -> None:
        self._folder = folder
        forkserver.set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()  # it imports while this process goes on
        own = phrases.load(folder.parent / phrases.NAME)
        self._own_phrases = own.digest()
        self._pool = pool(own, count or os.cpu_count() or 1)

    def read_by(self, capture: Capture, source: Source) -> str:
        """The extractor and rules that read a capture here: see crawler/derive.py."""
        return read_by(capture, source, self._own_phrases)

    async def read(self, capture: Capture, source: Source) -> Read:
        """What a capture is read as; a worker that died or ran out of time is a Fault."""
        pending = self.submit(capture, source)
        with suppress(Exception):  # it stands in the future, and becomes a Fault
            await asyncio.wrap_future(pending.future)
        return pending.result()

    def submit(self, capture: Capture, source: Source, held: str | None = None) -> Pending:
        """The same, to be waited for, for callers without an event loop.

        `held`: the digest of the reading that is held; the outcome is None where it is the same.
        """
        future: Future[Made] = self._pool.schedule(
            _read, args=[self._folder, capture, source, held], timeout=SECONDS
        )
        return Pending(capture, self.read_by(capture, source), future)

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def pool(own: phrases.Rules, count: int) -> ProcessPool:
    """Processes for the reading of pages, told the user's own phrases; give each page SECONDS."""
    return ProcessPool(
        max_workers=count,
        max_tasks=PAGES,
        initializer=_prepare,
        initargs=[own],
        context=multiprocessing.get_context("forkserver"),
    )


def fault(error: BaseException) -> Fault:
    """What an exception of a worker means for its page."""
    if isinstance(error, TimeoutError):
        return Fault("extraction-timeout", f"reading the page took more than {SECONDS} s", True)
    if isinstance(error, MemoryError):
        return Fault("extraction-memory", "reading the page took too much memory", True)
    if isinstance(error, ProcessExpired):
        return Fault("extraction-crash", f"reading the page ended its process: {error}", True)
    return Fault("extraction-error", f"{type(error).__name__}: {error}".splitlines()[0], True)


def sent(outcome: Outcome, held: str | None) -> Made:
    """An outcome as a worker sends it; `held`: the digest of the reading that is held."""
    if not isinstance(outcome, Reading):
        return outcome
    packed = readings.pack(outcome)  # here, where it costs the process that stores no time
    is_ours = not outcome.extractor  # else its own name is to be noted anew
    return None if is_ours and packed[0] == held else Sent(packed, outcome.warnings)


def _read(folder: Path, capture: Capture, source: Source, held: str | None) -> Made:
    made = sent(derive(folder, capture, source), held)
    if next(_count) % TRIM == 0:
        _trim()
    return made


def _trim() -> None:
    """Give memory back that is free: glibc keeps whatever stands below something in use."""
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _prepare(rules: phrases.Rules) -> None:
    boilerplate.extend(rules)
    gc.set_threshold(COLLECT)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
