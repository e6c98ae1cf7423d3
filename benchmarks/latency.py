"""The command: how long the pages of `browse` take to answer, in a made archive of any size.

python -m benchmarks.latency --articles 100000 --report docs/browse.md
python -m benchmarks.latency --archive DIR       # one that was made before, by benchmarks.store, say
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import click
import httpx

from archive.browse import application
from archive.opening import open_archive, reader
from archive.search import BROAD
from benchmarks import archives
from benchmarks.pages import BENCH
from benchmarks.report import machine, write_section
from benchmarks.store import Times
from benchmarks.tables import markdown_table

REQUESTS = 40  # of a kind
SEED = 1
METHOD = """
Archives are those of `benchmarks/archives.py`. Requests go to the application in this process, one after
the other; words, sources, tags and articles are chosen at random. Median / 95th percentile in
milliseconds of the processor, so that others on the machine disturb little; in brackets the 95th
percentile on the clock.
"""


@click.command(help=__doc__)
@click.option("--articles", "count", default=100_000, show_default=True)
@click.option("--archive", type=click.Path(path_type=Path), help="Only ask this one.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(count: int, archive: Path | None, report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no sentences to make articles of: {BENCH} is not there")
    with tempfile.TemporaryDirectory() as temporary:
        if archive is None:
            with open_archive(Path(temporary), "benchmark") as made:
                archives.grow(made, count)
        folder = archive or Path(temporary)
        with reader(folder) as db:
            (held,) = db.execute("SELECT count(*) FROM articles").fetchone()
            asked = _requests(db, random.Random(SEED))
        text = _report(asyncio.run(_measure(folder, asked)), held)
    click.echo(text)
    if report:
        write_section(report, f"latency-{held}", text)


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
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get("/-/failures")  # the first request starts Datasette
        for kind, paths in asked.items():
            times = found[kind] = Times([], [])
            for path in paths:
                processor, clock = time.process_time(), time.perf_counter()
                answer = await client.get(path)
                times.processor.append(time.process_time() - processor)
                times.clock.append(time.perf_counter() - clock)
                answer.raise_for_status()
    return found


def _report(found: dict[str, Times], count: int) -> str:
    rows = [["page", "milliseconds"], *([kind, times.cell()] for kind, times in found.items())]
    lines = [
        f"## Pages at {count:,} articles",
        "",
        f"{machine()}, SQLite {sqlite3.sqlite_version}; {REQUESTS} requests of each kind.",
        METHOD.rstrip(),
        "",
        *markdown_table(rows),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
