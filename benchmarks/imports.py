"""The command: WARC pages a second of `newsarchive import` and `reextract`, by one and two workers.

python -m benchmarks.imports                                # 600 pages, 3 runs; memory over 4,000
python -m benchmarks.imports --pages 300 --runs 1 --long 0  # quick
python -m benchmarks.imports --runs 0 --long 100000         # memory alone, for hours
python -m benchmarks.imports --report docs/benchmarks.md
"""

from __future__ import annotations

import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median

import click

from archive import warc
from benchmarks.copies import copies
from benchmarks.pages import BENCH, Page, load
from benchmarks.processes import Cost, newsarchive
from benchmarks.report import machine, write_section
from benchmarks.tables import markdown_table, spread
from crawler import reading

PAGES, RUNS, LONG = 600, 3, 4_000
SITES = 10
WORKERS = (1, 2)
GAIN = 1.8  # the target: two workers against one, re-extracting
FETCHED = "2026-11-01T12:00:00Z"
METHOD = f"""
Copies of real pages (`benchmarks/copies.py`) on {SITES} hosts, in one WARC file. Import writes them into an
archive of its own and reads them; `reextract --all` reads all captures of that archive again, and stores
what is the same. The commands as users run them, in processes of their own, start included. ms: of the
processor, a page, all processes together. Memory: the most that all processes held at once (PSS).
"Reading alone" is `crawler.reading.read` of the real pages by so many processes that share nothing, without
captures, archive and hand-over: what the machine gives a second process at most.
""".strip()


@dataclass(frozen=True, slots=True)
class Run:
    """A command over so many pages by so many workers."""

    command: str
    workers: int
    pages: int
    cost: Cost

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.cost.seconds


@click.command(help=__doc__)
@click.option("--pages", default=PAGES, show_default=True)
@click.option("--runs", default=RUNS, show_default=True)
@click.option("--long", default=LONG, show_default=True, help="Pages over which memory is watched.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(pages: int, runs: int, long: int, report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to import: {BENCH} is not there")
    originals = load(sample=pages)
    found = list(_measure(originals, pages, WORKERS * runs))
    alone = {count: [_alone(originals, count) for _ in range(runs)] for count in WORKERS}
    watched = list(_measure(load(), long, WORKERS[-1:])) if long else []
    text = "\n".join(_report(found, watched, alone))
    click.echo(text)
    if report:
        write_section(report, "imports", text)


def _measure(originals: Sequence[Page], pages: int, workers: Sequence[int]) -> Iterator[Run]:
    """Import and re-extraction of so many pages, by so many workers each time."""
    with tempfile.TemporaryDirectory() as temporary:
        file = _write(Path(temporary) / "written", originals, pages)
        for count in workers:
            with tempfile.TemporaryDirectory(dir=temporary) as folder:
                given = ["--archive", folder, "--workers", str(count)]
                # They end with 1, because some of the real pages are no articles.
                for command in (["import", str(file)], ["reextract", "--all"]):
                    cost = newsarchive(*command, *given, allowed=(0, 1))
                    done = Run(command[0], count, pages, cost)
                    click.echo(f"{done.command} with {count}: {done.rate:.1f}/s", err=True)
                    yield done


def _alone(originals: Sequence[Page], count: int) -> float:
    """Pages a second that so many processes read, each all of them, from the moment when all are ready."""
    context = multiprocessing.get_context("spawn")
    ready, pages = context.Barrier(count + 1), [(page.body, page.url) for page in originals]
    readers = [context.Process(target=_read_all, args=[pages, ready]) for _ in range(count)]
    for reader in readers:
        reader.start()
    ready.wait()
    started = time.monotonic()
    for reader in readers:
        reader.join()
    rate = count * len(pages) / (time.monotonic() - started)
    click.echo(f"reading alone with {count}: {rate:.1f}/s", err=True)
    return rate


def _read_all(pages: Sequence[tuple[bytes, str]], ready: Barrier) -> None:
    reading.read(*pages[0])  # what is loaded once
    ready.wait()
    for body, url in pages:
        reading.read(body, url)


def _write(folder: Path, originals: Sequence[Page], count: int) -> Path:
    """A WARC file with so many copies of the pages."""
    folder.mkdir()
    writer = warc.WarcWriter(folder, rotate_bytes=1 << 40)
    headers = (("Content-Type", "text/html"),)
    for page, copy in copies(originals, count):
        url = f"https://site-{page % SITES}.example{copy.path}"
        writer.append(warc.Exchange(url, FETCHED, 200, headers, copy.body))
    writer.close()
    (file,) = folder.iterdir()
    return file


def _report(
    found: Sequence[Run], watched: Sequence[Run], alone: Mapping[int, Sequence[float]]
) -> Iterator[str]:
    yield "## Import and re-extraction"
    yield ""
    yield f"{machine()}; median (lowest–highest)."
    yield ""
    yield METHOD
    yield ""
    rows = [["command", "workers", "pages", "runs", "pages/s", "ms of CPU a page", "peak MB"]]
    by_kind = lambda run: (run.command, run.workers, run.pages)  # noqa: E731
    groups = {
        kind: list(runs)
        for kind, runs in itertools.groupby(sorted([*found, *watched], key=by_kind), key=by_kind)
    }
    for (command, workers, pages), runs in groups.items():
        rows.append([
            f"`newsarchive {command}`", str(workers), f"{pages:,}", str(len(runs)),
            spread([run.rate for run in runs], ".1f"),
            spread([1000 * run.cost.cpu / run.pages for run in runs], ".1f"),
            spread([run.cost.peak / 1e6 for run in runs], ".0f"),
        ])  # fmt: skip
    for workers, rates in alone.items():
        if rates:
            runs_, rate = str(len(rates)), spread(rates, ".1f")
            rows.append(["reading alone", str(workers), "", runs_, rate, "", ""])
    yield from markdown_table(rows)
    yield ""
    if all(alone.values()):
        one, two = (median(alone[workers]) for workers in WORKERS)
        yield f"- Reading alone: two processes read {two / one:.2f} × as many pages a second as one."
    for command in dict.fromkeys(run.command for run in found):
        one, two = (
            median(run.rate for run in found if (run.command, run.workers) == (command, workers))
            for workers in WORKERS
        )
        target = f" (target for re-extraction: {GAIN})" if command == "reextract" else ""
        yield f"- `{command}`: two workers read {two / one:.2f} × as many pages a second as one{target}."
    for run in watched:
        grown = 1e4 * run.cost.growth / run.rate / 1e6
        yield (
            f"- `{run.command}` over {run.pages:,} pages: memory grows by {grown:.0f} MB for each 10,000 "
            "pages (last 70 % of the run)."
        )


if __name__ == "__main__":
    main()
