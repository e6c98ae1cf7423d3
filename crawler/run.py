"""Running a crawl: the archive, its sources and the workers around one Scrapy process."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from archive.model import SourceReport
from archive.opening import open_archive
from archive.options import default_directory
from archive.store import Store
from crawler import due, sources
from crawler import settings as scrapy_settings
from crawler.crawl import Crawl
from crawler.ledger import Options
from crawler.shared.worker import open_worker
from crawler.sources import Source
from crawler.workers import COLLECT, Workers

# Of SQLite's memory, while the workers need theirs: what a batch changes, a few times over.
CACHE_KIBIBYTES = 16 * 1024


@contextmanager
def open_crawl(
    directory: Path | None,
    file: Path | None,
    names: Sequence[str],
    options: Options,
    frontier: str | None = None,
) -> Iterator[Crawl]:
    """A crawl of the named sources (all where none is named) into an archive locked for it.

    Null for `directory` and `file` means those of the environment. `frontier` is the address of one
    that is shared with other machines. Raises what `sources.load`, `open_archive` and `shared.join`
    raise.
    """
    directory = directory or default_directory()
    chosen = sources.select(sources.load(file or directory / "sources.toml"), names)
    with open_archive(directory, "crawl") as archive, ExitStack() as resources:
        archive.connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        worker = None
        if frontier:
            worker = resources.enter_context(open_worker(frontier, archive, chosen, options))
        if options.due_only:
            chosen = due.select(chosen, due.times(archive.connection))
        if worker:
            worker.choose(chosen)
        workers = Workers(archive.warc_folder)
        resources.callback(workers.close)
        yield Crawl(archive, chosen, workers, options, worker)


@contextmanager
def open_workers(
    directory: Path, file: Path | None, purpose: str, count: int | None = None
) -> Iterator[tuple[Store, Workers, list[Source]]]:
    """An archive locked for writing, so many workers, and the sources whose rules they follow.

    A list of sources is needed only where one is named. Raises what `sources.load` and
    `open_archive` raise.
    """
    listed = file or directory / "sources.toml"
    known = sources.load(listed) if file or listed.exists() else []
    with open_archive(directory, purpose) as archive:
        workers = Workers(archive.warc_folder, count)
        try:
            yield archive, workers, known
        finally:
            workers.close()


def run(crawl: Crawl, contact: str | None = None, *, debug: bool = False) -> list[SourceReport]:
    """The reports of the crawl, when it has ended. Raises what ended it before its time.

    Once a process: Twisted's reactor cannot be started again.
    """
    # First: it walks the stack for each class that Scrapy deprecates, which takes 0.3 s of the start
    # where that stack is a dozen nested imports deep.
    import scrapy.core.downloader.tls  # noqa: F401
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    from crawler.spiders.newsletter import NewsletterSpider

    settings = Settings()
    settings.setmodule(scrapy_settings, priority="project")
    if debug:
        settings.set("LOG_LEVEL", "DEBUG", "cmdline")
    contact = contact or os.environ.get("NEWSARCHIVE_CONTACT")
    if contact:
        settings.set("USER_AGENT", f"{scrapy_settings.USER_AGENT} (+{contact})", "cmdline")
    process = AsyncCrawlerProcess(settings)
    process.crawl(NewsletterSpider, crawl=crawl)
    gc.set_threshold(COLLECT)
    process.start()
    reports = crawl.close()
    if crawl.error:
        raise crawl.error
    return reports
