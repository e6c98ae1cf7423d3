"""Looking at sources without storing anything: what `sources check` and `sources add` say."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from archive.model import Fault
from archive.store import open_archive
from crawler.crawl import Crawl
from crawler.ledger import Options
from crawler.progress import Progress
from crawler.run import run
from crawler.sources import Source
from crawler.workers import Workers

SAMPLE = 2  # articles of each source that are read


@dataclass(frozen=True, slots=True)
class Finding:
    """A source as it was found: completed, with how many articles it names and what is wrong."""

    source: Source
    articles: int
    read: int
    problems: tuple[tuple[str, Fault], ...]
    notices: tuple[str, ...]

    def problem(self) -> str:
        """The first thing that is wrong."""
        if self.problems:
            return f"{self.problems[0][1].message} ({self.problems[0][0]})"
        return self.notices[0] if self.notices else "no articles found"

    def line(self) -> str:
        """The finding as a line."""
        ways = [
            self.source.platform or "",
            f"{len(self.source.feeds)} feeds" if self.source.feeds else "",
        ]
        about = ", ".join(part for part in (*ways, self.source.language or "") if part)
        state = (
            f"{self.articles} articles named, {self.read} of {SAMPLE} read" if self.articles else ""
        )
        wrong = self.problem() if self.problems or self.notices else ""
        mark = "broken" if self.problems else "skipped" if self.notices else "ok"
        return f"{self.source.name}: {mark}: " + "; ".join(p for p in (state, about, wrong) if p)

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
        crawl = Crawl(archive, sources, workers, Options(limit=SAMPLE))
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
    completed = replace(
        source,
        platform=source.platform or progress.platform,
        feeds=source.feeds or tuple(sorted(progress.feeds)),
        sitemaps=source.sitemaps or tuple(sorted(progress.sitemaps)),
        language=source.language or progress.language or read_language,
        checked=datetime.now(UTC).date().isoformat(),
    )
    return Finding(completed, report.found, report.new, report.faults, tuple(progress.notices))
