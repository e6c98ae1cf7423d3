"""How fast corpora are written, and how much memory that takes as archives grow.

    python -m benchmarks.export                         # 10,000 and 100,000 articles; prints a table
    python -m benchmarks.export --articles 1000000 --only jsonl --directory /tmp/million

Each export is `newsarchive export` as users run it, in a process of its own. MB are of the main texts in
UTF-8, whatever the format makes of them; memory is the peak of the process (benchmarks/processes.py).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from archive.opening import open_archive, reader
from archive.store import Store
from benchmarks import archives
from benchmarks.processes import Cost, run
from benchmarks.report import machine
from benchmarks.tables import markdown_table

BASE = 2_000  # articles that are made; larger archives repeat them under other addresses
FORMATS: dict[str, list[str]] = {
    "jsonl": ["jsonl", "--output", "{folder}/corpus.jsonl"],
    "jsonl, folder": ["jsonl", "--output", "{folder}/jsonl/"],
    "jsonl, zstd": ["jsonl", "--output", "{folder}/zstd/", "--compress", "zstd"],
    "jsonl, gzip": ["jsonl", "--output", "{folder}/gzip/", "--compress", "gzip"],
    "jsonl, deduplicated, split": [
        "jsonl", "--output", "{folder}/split/", "--deduplicate", "--splits", "0.9/0.05/0.05",
    ],
    "jsonl, gopher and c4": [
        "jsonl", "--output", "{folder}/quality/", "--quality", "gopher", "--quality", "c4",
    ],
    "parquet": ["parquet", "--output", "{folder}/parquet/"],
    "txt": ["txt", "--output", "{folder}/txt/"],
    "tei, gzip": ["tei", "--output", "{folder}/tei/", "--compress", "gzip"],
    "markdown, gzip": ["markdown", "--output", "{folder}/markdown/", "--compress", "gzip"],
}  # fmt: skip


def make(directory: Path, count: int) -> None:
    """An archive of so many articles; one that is there stays."""
    if (directory / "archive.db").exists():
        return
    with open_archive(directory, "benchmark") as archive:
        archives.fill(archive, archives.articles(min(BASE, count)))
        if count > BASE:
            _multiply(archive, count // BASE)


def _multiply(archive: Store, times: int) -> None:
    """Repeat all articles with their blocks under other addresses, in the order of the address."""
    db = archive.connection
    columns = {
        table: [row[1] for row in db.execute(f"PRAGMA table_info ({table})")]
        for table in ("articles", "block_places")
    }
    step = db.execute("SELECT max(id) FROM articles").fetchone()[0]
    for n in range(1, times):
        changed = {
            "id": f"id + {n * step}",
            "article_id": f"article_id + {n * step}",
            "url": f"'https://' || site || '/{n * 7919 % 10_007}/' || id",
        }
        with db:  # not the archive's own transaction: it would look for near-duplicates
            for table, names in columns.items():
                key = "id" if table == "articles" else "article_id"
                values = ", ".join(changed.get(name, name) for name in names)
                db.execute(
                    f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} "
                    f"WHERE {key} <= {step}"
                )
            db.execute("DELETE FROM duplicates_pending")


def measure(directory: Path, arguments: Sequence[str]) -> Cost:
    """Run one export in a folder of its own, which is deleted."""
    with tempfile.TemporaryDirectory(dir=directory.parent) as folder:
        given = [argument.format(folder=folder) for argument in arguments]
        return run([sys.executable, "-m", "crawler", "export", *given, "--archive", directory])


def size(directory: Path) -> int:
    """The bytes of all main texts."""
    with reader(directory) as db:
        sql = "SELECT sum(length(CAST(text AS BLOB))) FROM articles"
        return int(db.execute(sql).fetchone()[0])


@click.command()
@click.option("--articles", "counts", type=int, multiple=True, default=(10_000, 100_000))
@click.option("--only", multiple=True, help=f"Of: {'; '.join(FORMATS)}.")
@click.option("--directory", type=click.Path(path_type=Path), help="Keep the archives there.")
def main(counts: tuple[int, ...], only: tuple[str, ...], directory: Path | None) -> None:
    """Measure exports and print a table."""
    folder = directory or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    rows = [["export", "articles", "MB", "seconds", "MB/s", "MB/s of CPU", "peak MB"]]
    for count in counts:
        archive = folder / str(count)
        make(archive, count)
        megabytes = size(archive) / 1e6
        for name in only or FORMATS:
            done = measure(archive, FORMATS[name])
            rows.append([
                name, f"{count:,}", f"{megabytes:,.0f}", f"{done.seconds:.1f}",
                f"{megabytes / done.seconds:.0f}", f"{megabytes / done.cpu:.0f}",
                f"{done.peak / 1e6:.0f}",
            ])  # fmt: skip
            print(rows[-1], file=sys.stderr)
    print(
        "\n".join(["## Export", "", f"{machine()}. MB of main texts.", "", *markdown_table(rows)])
    )
    if directory is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
