"""Running the extractors over the pages, each in a process of its own and with a limit of time."""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack

from pebble import ProcessExpired, ProcessPool

from benchmarks.extractors import EXTRACTORS, Result
from benchmarks.pages import Page
from benchmarks.scoring import PageScore, score_page

SECONDS = 30  # a page and extractor, with its scoring: ten times the slowest page of the bench


def measure(pages: Sequence[Page], names: Sequence[str]) -> Iterator[PageScore]:
    """The scores with the time of each page; one process works at a time, on one page.

    Each extractor has its process, so that no cache of one serves another, and has read the first
    page once before it is timed.
    """
    with ExitStack() as stack:
        pools = {name: _pool(stack, 1) for name in names}
        for name in names:
            _score(pages[0], name, _start(pools[name], pages[0], name))
        for page in pages:
            for name in names:
                yield _score(page, name, _start(pools[name], page, name))


def measure_untimed(pages: Sequence[Page], names: Sequence[str], jobs: int) -> Iterator[PageScore]:
    """The scores alone, by several processes at once."""
    with ExitStack() as stack:
        pool = _pool(stack, jobs)
        started = [(p, n, _start(pool, p, n, is_timed=False)) for p in pages for n in names]
        for page, name, future in started:
            yield _score(page, name, future)


def _pool(stack: ExitStack, processes: int) -> ProcessPool:
    pool = ProcessPool(
        max_workers=processes,
        initializer=logging.disable,  # peers warn of many pages
        initargs=[logging.CRITICAL],
        context=multiprocessing.get_context("forkserver"),
    )
    stack.callback(pool.join)
    stack.callback(pool.stop)
    return pool


def _start(pool: ProcessPool, page: Page, name: str, is_timed: bool = True) -> Future[PageScore]:
    future: Future[PageScore] = pool.schedule(_run, args=[page, name, is_timed], timeout=SECONDS)
    return future


def _score(page: Page, name: str, future: Future[PageScore]) -> PageScore:
    """The score, or that of an empty result where the process died or ran out of time."""
    try:
        return future.result()
    except (TimeoutError, ProcessExpired) as error:
        failure = "timeout" if isinstance(error, TimeoutError) else "died"
        return score_page(page, EXTRACTORS[name], Result("", failure=failure))


def _run(page: Page, name: str, is_timed: bool) -> PageScore:
    extractor, body = EXTRACTORS[name], page.body
    start = time.perf_counter()
    try:
        result = extractor.extract(body, page.url)
    except Exception as error:  # whatever a tool raises is its failure on this page
        result = Result("", failure=type(error).__name__)
    seconds = time.perf_counter() - start
    return score_page(page, extractor, result, seconds if is_timed else None)
