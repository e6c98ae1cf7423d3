"""WARC pages a second of the datatrove pipeline, on this machine and with Ray, by one and two workers.

    python -m benchmarks.datatrove                        # the 760 real pages in 4 files, 3 runs
    python -m benchmarks.datatrove --pages 100 --files 2 --runs 1   # quick

Needs the extra `datatrove`; Ray is measured where it is installed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click
import pyarrow.parquet as pq

from archive import warc
from benchmarks.pages import BENCH, Page, load
from benchmarks.processes import ROOT, Cost, run
from benchmarks.report import machine
from benchmarks.tables import NOTHING, markdown_table, spread

FILES = 4
FETCHED = "2026-11-01T12:00:00Z"
WORKERS = (1, 2)
METHOD = """
WARC → `Articles` → Parquet, each run a process of its own, start included; a process of Ray alone takes
several seconds to start. "One process": the same pages through the same code without datatrove.
CPU: of all processes together; Ray's are not of our group, and not counted.
""".strip()
FLOOR = """
import sys
from pathlib import Path
from archive import warc
from crawler.datatrove import articles
from crawler.sources import Source
for path in sorted(Path(sys.argv[1]).iterdir()):
    with open(path, "rb") as stream:
        for exchange in warc.exchanges(stream):
            articles.read(exchange, Source("a", "https://a.org/"))
"""
PIPELINE = """
import sys
from datatrove.executor import LocalPipelineExecutor, RayPipelineExecutor
from datatrove.pipeline.writers import ParquetWriter
from crawler.datatrove import Articles, schema
_, warc, work, tasks, workers, kind = sys.argv
made = LocalPipelineExecutor
if kind == "Ray":
    import ray
    ray.init(logging_level="error", include_dashboard=False)
    made = RayPipelineExecutor
writer = ParquetWriter(work + "/articles", schema=schema(), expand_metadata=True, compression="zstd")
made([Articles(warc), writer], tasks=int(tasks), workers=int(workers), logging_dir=work + "/logs").run()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run by so many workers, and how many articles it gave."""

    kind: str
    workers: int
    articles: int | None
    cost: Cost


@click.command(help=__doc__)
@click.option("--pages", type=int, help="A sample; all, where nothing is said.")
@click.option("--files", default=FILES, show_default=True, help="WARC files, each a task.")
@click.option("--runs", default=3, show_default=True)
def main(pages: int | None, files: int, runs: int) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to read: {BENCH} is not there")
    os.environ["PYTHONPATH"] = str(ROOT)
    kinds = ["local", "Ray"] if find_spec("ray") else ["local"]
    originals = load(sample=pages)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "warc")
        _write(folder, originals, files)
        found = [each for _ in range(runs) for each in _measure(folder, kinds, len(originals))]
    click.echo("\n".join(_report(found, len(originals))))


def _write(folder: Path, originals: Sequence[Page], files: int) -> None:
    """The pages in WARC files, each with its share of every set."""
    for number in range(files):
        writer = warc.WarcWriter(folder, name=f"part{number}")
        for page in originals[number::files]:
            headers = (("Content-Type", "text/html"),)
            writer.append(warc.Exchange(page.url, FETCHED, 200, headers, page.body))
        writer.close()


def _measure(folder: Path, kinds: Sequence[str], pages: int) -> Iterator[Run]:
    floor = run([sys.executable, "-c", FLOOR, folder], cwd=ROOT)
    yield _told(Run("one process", 1, None, floor), pages)
    for kind in kinds:
        for workers in WORKERS:
            with tempfile.TemporaryDirectory() as work:
                options = [work, str(len(list(folder.iterdir()))), str(workers), kind]
                cost = run([sys.executable, "-c", PIPELINE, folder, *options], cwd=Path(work))
                files = Path(work, "articles").iterdir()
                articles = sum(pq.read_metadata(file).num_rows for file in files)
                yield _told(Run(kind, workers, articles, cost), pages)


def _told(done: Run, pages: int) -> Run:
    took = f"{pages / done.cost.seconds:.1f}/s, {1000 * done.cost.cpu / pages:.0f} ms of CPU a page"
    click.echo(f"{done.kind}, {done.workers}: {took}", err=True)
    return done


def _report(found: Sequence[Run], pages: int) -> Iterator[str]:
    yield f"{pages} pages, {machine()}; median (lowest–highest)."
    yield ""
    yield METHOD
    yield ""
    rows = [["", "workers", "runs", "articles", "pages/s", "ms of CPU a page", "peak MB"]]
    for kind, workers in dict.fromkeys((each.kind, each.workers) for each in found):
        runs = [each for each in found if (each.kind, each.workers) == (kind, workers)]
        is_seen = kind != "Ray"
        rows.append([
            kind, str(workers), str(len(runs)), str(runs[0].articles or NOTHING),
            spread([pages / each.cost.seconds for each in runs], ".1f"),
            spread([1000 * each.cost.cpu / pages for each in runs], ".1f") if is_seen else NOTHING,
            spread([each.cost.peak / 1e6 for each in runs], ".0f") if is_seen else NOTHING,
        ])  # fmt: skip
    yield from markdown_table(rows)


if __name__ == "__main__":
    main()
