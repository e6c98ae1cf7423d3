"""The command: how long the pages of `browse` take to answer, in a made archive of any size.

Requests go to the application itself, in this process, one after the other, each of a kind another one.
Beside the time that passed stands that of the processor: on a busy machine only that says something.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote

import click
import httpx
from rich.progress import Progress

from archive.browse import application
from archive.search import BROAD
from archive.store import open_archive, reader
from archive.terminal import console
from benchmarks.archives import BATCH, articles, fill
from benchmarks.pages import BENCH
from benchmarks.report import machine, write_section
from benchmarks.tables import markdown_table

TARGET = 200  # milliseconds, for start, search, facets and articles
REQUESTS = 40  # of a kind; those of one address are repeated
SEED = 1

Times = list[tuple[float, float]]  # seconds that passed, and of the processor


@click.command(help=__doc__)
@click.option("--articles", "count", default=100_000, show_default=True)
@click.option("--archive", type=click.Path(path_type=Path), help="Make it there, and keep it.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(count: int, archive: Path | None, report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no texts to make articles of: {BENCH} is not there")
    with tempfile.TemporaryDirectory() as temporary:
        folder = archive or Path(temporary)
        _make(folder, count)
        with reader(folder) as db:
            asked = _requests(db, random.Random(SEED))
        text = _report(asyncio.run(_measure(folder, asked)), count)
    click.echo(text)
    if report:
        write_section(report, f"latency-{count}", text)


def _make(folder: Path, count: int) -> None:
    with open_archive(folder, "measure") as archive:
        (held,) = archive.connection.execute("SELECT count(*) FROM articles").fetchone()
        with Progress(console=console(stderr=True), transient=True) as progress:
            task = progress.add_task("making", total=count, completed=held)
            for first in range(held, count, BATCH):
                fill(archive, articles(min(BATCH, count - first), first))
                progress.advance(task, BATCH)
        archive.connection.execute("ANALYZE")


def _requests(db: sqlite3.Connection, chosen: random.Random) -> dict[str, list[str]]:
    """Addresses of each kind of page."""

    def some(sql: str) -> list[str]:
        found = [quote(str(row[0])) for row in db.execute(sql).fetchall()]
        return [chosen.choice(found) for _ in range(REQUESTS)]

    db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab ('main', articles_fts, row)")
    narrow = f"SELECT term FROM temp.terms WHERE doc BETWEEN 10 AND {BROAD}"
    words, others = some(narrow), some(narrow)
    sources, months = (
        some("SELECT source FROM article_counts"),
        some("SELECT month FROM article_counts"),
    )
    languages = some("SELECT DISTINCT language FROM article_counts")
    ids = some("SELECT id FROM article_facets")
    return {
        "start": ["/"] * REQUESTS,
        "all articles": [f"/-/search?page={n}" for n in range(1, REQUESTS + 1)],
        "search, a word": [f"/-/search?q={word}" for word in words],
        "search, two words": [f"/-/search?q={a}+{b}" for a, b in zip(words, others, strict=True)],
        "search, a word that most articles have": [
            f"/-/search?q={word}"
            for word in some("SELECT term FROM temp.terms ORDER BY doc DESC LIMIT 10")
        ],
        "facet: source": [f"/-/search?source={name}" for name in sources],
        "facet: language": [f"/-/search?language={code}" for code in languages],
        "facet: month": [f"/-/search?month={month}" for month in months],
        "facet: tag": [
            f"/-/search?tag={tag}"
            for tag in some("SELECT tag FROM tag_counts ORDER BY articles DESC LIMIT 100")
        ],
        "facet: author": [
            f"/-/search?author={a}" for a in some("SELECT author FROM author_counts")
        ],
        "facets: language and month": [
            f"/-/search?language={code}&month={month}"
            for code, month in zip(languages, months, strict=True)
        ],
        "a word and a language": [
            f"/-/search?q={word}&language={code}"
            for word, code in zip(words, languages, strict=True)
        ],
        "article": [f"/-/article/{n}" for n in ids],
        "what was removed": [f"/-/article/{n}/removed" for n in ids],
        "source": [f"/-/source/{name}" for name in sources],
        "feed of a source": [f"/-/feed?source={name}" for name in sources],
    }


async def _measure(folder: Path, asked: dict[str, list[str]]) -> dict[str, Times]:
    found: dict[str, Times] = {}
    transport = httpx.ASGITransport(application(folder))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://archive", timeout=None
    ) as client:
        await client.get("/-/failures")  # the first request starts Datasette
        for kind, paths in asked.items():
            found[kind] = []
            for path in paths:
                passed, worked = time.perf_counter(), time.process_time()
                answer = await client.get(path)
                found[kind].append((time.perf_counter() - passed, time.process_time() - worked))
                answer.raise_for_status()
    return found


def _report(found: dict[str, Times], count: int) -> str:
    head = ["page", "p50", "p95", "max", "processor p50", "processor p95"]
    rows = [[kind, *_figures(times)] for kind, times in found.items()]
    return "\n\n".join(
        [
            f"## {count:,} articles",
            f"`python -m benchmarks.latency --articles {count}`, n = {REQUESTS} of each kind, "
            f"milliseconds. {machine()}. Target: {TARGET} ms.",
            "\n".join(markdown_table([head, *rows])),
        ]
    )


def _figures(times: Times) -> Iterator[str]:
    passed, worked = ([1000 * seconds for seconds in column] for column in zip(*times, strict=True))
    yield from (f"{figure:.0f}" for figure in (median(passed), _p95(passed), max(passed)))
    yield from (f"{figure:.0f}" for figure in (median(worked), _p95(worked)))


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
