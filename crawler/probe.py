"""Looking at sources without storing anything: what `sources check` and `sources add` say."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from archive.model import Fault
from archive.opening import open_archive
from crawler import discovery
from crawler.crawl import Crawl
from crawler.discovery import platform
from crawler.ledger import Options
from crawler.progress import Progress
from crawler.run import run
from crawler.sources import Source
from crawler.workers import Workers

SAMPLE = 2  # articles of each source that are read


@dataclass(frozen=True, slots=True)
class Finding:
    """A source as it was found: completed, what each way names, and what is wrong.

    `ways`: of each way the number of articles that it names, or why it gives none.
    """

    source: Source
    articles: int
    read: int
    ways: dict[str, int | str]
    problems: tuple[tuple[str, Fault], ...]
    notices: tuple[str, ...]

    @property
    def is_refused(self) -> bool:
        """Whether nothing is wrong but that its platform's terms are not accepted."""
        return not self.problems and bool(discovery.refusal(self.source, self.source.platform))

    def problem(self) -> str:
        """The first thing that is wrong."""
        if self.problems:
            return f"{self.problems[0][1].message} ({self.problems[0][0]})"
        return self.notices[0] if self.notices else "no articles found"

    def lines(self) -> list[str]:
        """The finding for users: a line, and one for each further thing that is wrong."""
        source = self.source
        mark = "broken" if self.problems else "skipped" if self.notices else "ok"
        about = ", ".join(part for part in (source.platform, source.language) if part)
        ways = ", ".join(
            f"{way}: {told}" if isinstance(told, str) else f"{way} {told}"
            for way, told in self.ways.items()
        )
        read = f"{self.articles} articles named, {self.read} of {SAMPLE} read"
        wrong = self.problem() if self.problems or self.notices else ""
        parts = (read if self.articles else "", ways, about, wrong)
        further = [f"  {fault.message} ({url})" for url, fault in self.problems[1:]]
        return [f"{source.name}: {mark}: " + "; ".join(part for part in parts if part), *further]

    def document(self) -> dict[str, object]:
        """The finding for machines."""
        return {
            "name": self.source.name,
            "url": self.source.url,
            "platform": self.source.platform,
            "language": self.source.language,
            "feeds": list(self.source.feeds),
            "sitemaps": list(self.source.sitemaps),
            "articles": self.articles,
            "read": self.read,
            "ways": self.ways,
            "problems": [f"{fault.kind}: {fault.message}: {url}" for url, fault in self.problems],
            "notices": list(self.notices),
        }


def probe(sources: Sequence[Source]) -> list[Finding]:
    """A finding for each source, from a crawl of a few articles into a folder that is removed."""
    with (
        tempfile.TemporaryDirectory(prefix="newsarchive-") as folder,
        open_archive(Path(folder), "check") as archive,
    ):
        workers = Workers(archive.warc_folder)
        crawl = Crawl(archive, sources, workers, Options(limit=SAMPLE, every_way=True))
        try:
            run(crawl)
        finally:
            workers.close()
        languages = dict(
            archive.connection.execute(
                "SELECT source, language FROM articles WHERE language != 'und' "
                "GROUP BY source, language ORDER BY count(*)"
            ).fetchall()
        )
        return [
            _finding(progress, languages.get(progress.source.name))
            for progress in crawl.progress.values()
        ]


def _finding(progress: Progress, read_language: str | None) -> Finding:
    source = progress.source
    report = progress.report()
    feeds = source.feeds or tuple(sorted(progress.feeds))
    is_found = bool(feeds) or any(way in progress.ways for way in discovery.SINCE)
    ways: dict[str, int | str] = {
        way: len(progress.ways[way]) if way in progress.ways else progress.closed[way]
        for way in discovery.WAYS
        if way in progress.ways or way in progress.closed
    }
    completed = replace(
        source,
        platform=source.platform or progress.platform or platform.of_host(source.url),
        feeds=feeds,
        # Beside a feed or an API a sitemap is for the whole history, and found again for that.
        sitemaps=source.sitemaps or (() if is_found else tuple(sorted(progress.sitemaps))),
        language=source.language or progress.language or read_language,
        checked=datetime.now(UTC).date().isoformat() if report.found else source.checked,
    )
    notices = tuple(dict.fromkeys(progress.notices))
    return Finding(completed, report.found, report.new, ways, report.faults, notices)
