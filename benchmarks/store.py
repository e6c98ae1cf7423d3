"""The command: how fast archives of some sizes take articles, and find them.

python -m benchmarks.store --size 10000                          # prints a table
python -m benchmarks.store --size 10000 --size 100000 --report docs/store.md
python -m benchmarks.store --archive DIR --size 1000000          # kept there; killed, it goes on
python -m benchmarks.store --archive DIR                         # one that was made before, and grows
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import click

from archive import search
from archive.opening import open_archive, reader
from archive.search import Filters
from benchmarks import archives
from benchmarks.pages import BENCH
from benchmarks.report import machine, write_section
from benchmarks.tables import markdown_table

# Before the archive has its size so many articles come in while the process gets used to it, then so
# many are timed.
WARM, ROUNDS, STORED = 1_000, 5, 500
QUERIES = 200
FREQUENT = 20  # words of which each is a broad query
PAGE = 25  # hits, as on the page of results
SEED = 7
METHOD = """
One archive grows from size to size. It is made of real sentences recombined (`benchmarks/archives.py`):
150 to 700 words an article, English and German, twelve blocks, of 200 sites in turn. "Store" is
`Store.save_all` of 100 captures a transaction, as a busy crawl has them: readings, blocks, what is learned
of the site, revisions, full-text index, near-duplicates, counts of facets; the bytes of the page are left
out. Timed are the last 2,500 articles before the archive has its size, 500 at a time: median
(lowest–highest). Queries are words of articles chosen at random, half of them two words of one article;
none matches more than 20,000 articles. Broad ones are the most frequent words. Each is asked for the first
25 hits with their texts and snippets: median / 95th percentile in milliseconds. Times of the processor, so
that others on the machine disturb little; in brackets the 95th percentile on the clock. Pages: docs/browse.md.
"""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of the processor and on the clock, one for each question."""

    processor: list[float]
    clock: list[float]

    def cell(self) -> str:
        """Median and 95th percentile in milliseconds."""
        return " / ".join(f"{1000 * f(self.processor):.1f}" for f in (median, _p95)) + (
            f" ({1000 * _p95(self.clock):.0f})"
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on an archive; `stored` is articles a second, a number for each round."""

    articles: int
    stored: list[float]
    asked: dict[str, Times]
    megabytes: float
    text_megabytes: float


@click.command(help=__doc__)
@click.option("--size", "sizes", type=click.IntRange(WARM + ROUNDS * STORED), multiple=True)
@click.option("--archive", "kept", type=click.Path(path_type=Path), help="Where it is kept.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(sizes: Sequence[int], kept: Path | None, report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no sentences to make articles of: {BENCH} is not there")
    if not (sizes or kept):
        raise click.UsageError("say how large: --size 10000")
    with tempfile.TemporaryDirectory() as temporary:
        folder = kept or Path(temporary)
        text = "\n".join(_report([measure(folder, size) for size in sorted(sizes) or [0]]))
    click.echo(text)
    if report:
        write_section(report, "store", text)


def measure(folder: Path, size: int) -> Measured:
    """How fast an archive takes articles as it gets to that size, what it answers, and how large it is.

    One that is larger already grows all the same.
    """
    with open_archive(folder, "benchmark") as archive:
        archives.grow(archive, size - ROUNDS * STORED - WARM)
        (held,) = archive.connection.execute("SELECT coalesce(max(id), 0) FROM captures").fetchone()
        archives.fill(archive, archives.articles(WARM, held))
        coming = [list(archives.articles(STORED, held + WARM + n * STORED)) for n in range(ROUNDS)]
        stored = [timed(lambda made=made: archives.fill(archive, iter(made)))[0] for made in coming]  # type: ignore[misc]
    with reader(folder) as db:
        narrow, broad = queries(db)
        asked = {
            "search": _times(lambda query: _found(db, query), narrow),
            "broad search": _times(lambda query: _found(db, query), broad),
        }
        (articles, text) = db.execute(
            "SELECT count(*), sum(length(CAST(text AS BLOB))) FROM articles"
        ).fetchone()
        size = _one(db, "page_size") * (_one(db, "page_count") - _one(db, "freelist_count"))
    return Measured(articles, [STORED / each for each in stored], asked, size / 1e6, text / 1e6)


def _one(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])


def queries(db: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """Queries of one and of two words that match at most 20,000 articles; and the broadest."""
    chosen, found = random.Random(SEED), list[str]()
    (last,) = db.execute("SELECT max(id) FROM articles").fetchone()
    while len(found) < QUERIES:
        number = chosen.randint(1, last)
        (text,) = db.execute("SELECT text FROM articles WHERE id = ?", [number]).fetchone()
        words = sorted({word for word in text.split() if word.isalpha()})
        query = " ".join(chosen.sample(words, 1 + len(found) % 2))
        if not search.is_broad(db, Filters(query)):
            found.append(query)
    db.execute("CREATE VIRTUAL TABLE temp.frequent USING fts5vocab ('main', articles_fts, row)")
    broad = db.execute("SELECT term FROM temp.frequent ORDER BY doc DESC LIMIT ?", [FREQUENT])
    return found, [row[0] for row in broad.fetchall()]


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor and on the clock that the action takes."""
    processor, clock = time.process_time(), time.perf_counter()
    action()
    return time.process_time() - processor, time.perf_counter() - clock


def _times(ask: Callable[[str], object], questions: Sequence[str]) -> Times:
    took = [timed(lambda question=question: ask(question)) for question in questions]  # type: ignore[misc]
    return Times(*(list(column) for column in zip(*took, strict=True)))


def _found(db: sqlite3.Connection, query: str) -> list[search.Hit]:
    return list(search.select(db, Filters(query), PAGE))


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


def _rate(stored: Sequence[float]) -> str:
    return f"{median(stored):,.0f} ({min(stored):,.0f}–{max(stored):,.0f})"


def _report(measured: Sequence[Measured]) -> Iterator[str]:
    yield "## Store and search"
    yield ""
    yield f"{machine()}, SQLite {sqlite3.sqlite_version}; {QUERIES} queries, {FREQUENT} broad ones."
    yield METHOD.rstrip()
    yield ""
    names = list(measured[0].asked)
    rows = [["articles", "stored a second (CPU)", *names, "archive.db", "of the plain text"]]
    for m in measured:
        size = [f"{m.megabytes:,.0f} MB", f"{m.megabytes / m.text_megabytes:.1f} ×"]
        rows.append(
            [f"{m.articles:,}", _rate(m.stored), *(m.asked[n].cell() for n in names), *size]
        )
    yield from markdown_table(rows)


if __name__ == "__main__":
    main()
