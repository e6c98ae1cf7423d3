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

from archive import search, urls
from archive.model import Reading
from archive.opening import open_archive, reader
from archive.search import Filters
from benchmarks import archives
from benchmarks.pages import BENCH, load
from benchmarks.report import machine, write_section
from benchmarks.tables import markdown_table
from crawler import reading

# Before the archive has its size so many articles come in while the process gets used to it, then so
# many are timed.
WARM, ROUNDS, STORED = 1_000, 5, 500
QUERIES = 200
FREQUENT = 20  # words of which each is a broad query
PAGE = 25  # hits, as on the page of results
SEED = 7
FETCHED = "2026-11-24T12:00:00.000Z"
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
class Room:
    """How many bytes `archive.db` takes for so many articles and bytes of plain text."""

    articles: int
    taken: int
    text: int

    def cells(self) -> list[str]:
        """MB, and the multiple of the text."""
        return [f"{self.taken / 1e6:,.0f} MB", f"{self.taken / self.text:.1f} ×"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on an archive; `stored` is articles a second, a number for each round."""

    stored: list[float]
    asked: dict[str, Times]
    room: Room


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
        made = [measure(folder, size) for size in sorted(sizes) or [0]]
        text = "\n".join(_report(made, *of_real_pages()))
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
        room = _room(db)
    return Measured([STORED / each for each in stored], asked, room)


def of_real_pages() -> tuple[Room, float]:
    """The room that the bench's pages take, and how many blocks an article has."""
    read = ((page, reading.read(page.body, page.url)) for page in load())
    made = (
        archives.Made(page.url, urls.site(page.url), FETCHED, outcome)
        for page, outcome in read
        if isinstance(outcome, Reading)
    )
    with tempfile.TemporaryDirectory() as folder:
        with open_archive(Path(folder), "benchmark") as archive:
            archives.fill(archive, made)
        with reader(Path(folder)) as db:
            room = _room(db)
            (blocks,) = db.execute("SELECT count(*) FROM blocks").fetchone()
    return room, blocks / room.articles


def _room(db: sqlite3.Connection) -> Room:
    articles, text = db.execute(
        "SELECT count(*), sum(length(CAST(text AS BLOB))) FROM articles"
    ).fetchone()
    taken = _one(db, "page_size") * (_one(db, "page_count") - _one(db, "freelist_count"))
    return Room(articles, taken, text)


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


def _report(measured: Sequence[Measured], real: Room, blocks: float) -> Iterator[str]:
    yield "## Store and search"
    yield ""
    yield f"{machine()}, SQLite {sqlite3.sqlite_version}; {QUERIES} queries, {FREQUENT} broad ones."
    yield METHOD.rstrip()
    yield ""
    names = list(measured[0].asked)
    rows = [["articles", "stored a second (CPU)", *names, "archive.db", "of the plain text"]]
    for m in measured:
        asked = [m.asked[name].cell() for name in names]
        rows.append([f"{m.room.articles:,}", _rate(m.stored), *asked, *m.room.cells()])
    yield from markdown_table(rows)
    yield ""
    size, multiple = real.cells()
    yield (
        f"Real pages take more: {real.articles} of ../shared/bench, most from a site of their own, have "
        f"{blocks:.0f} blocks each, and all that were removed are kept: {size}, "
        f"{real.taken / real.articles / 1000:.0f} kB an article, {multiple} the plain text."
    )


if __name__ == "__main__":
    main()
