"""The command: milliseconds of a core to read a page, beside trafilatura and a bare parse.

python -m benchmarks.reading                 # all pages, three times; prints the section
python -m benchmarks.reading --sample 100 --runs 1
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from statistics import mean, median, quantiles

import click
from lxml import html

from benchmarks.extractors import BASELINE, EXTRACTORS
from benchmarks.pages import BENCH, Page, load
from benchmarks.report import machine
from benchmarks.tables import markdown_table, spread

OURS, FLOOR = "ours: text, cleaning, metadata, language", "one lxml parse of the bytes"
THEIRS = "trafilatura with metadata, langdetect on the whole text"
RUNS = 3
MOST = 0.75  # the target: of trafilatura's time
METHOD = """
Of each page the time of the processor, the three one after the other in one process, each having read the
pages of a set once before. Over the pages: median, mean and 95th percentile; of the runs the median
(lowest–highest). What is found is compared in docs/extraction.md.
""".strip()

Tool = Callable[[bytes, str], object]


def _parse(body: bytes, _: str) -> object:
    return html.fromstring(body)


TOOLS: dict[str, Tool] = {
    OURS: EXTRACTORS["ours"].extract,
    THEIRS: EXTRACTORS[BASELINE].extract,
    FLOOR: _parse,
}


@click.command(help=__doc__)
@click.option("--sample", type=click.IntRange(8), help="So many pages, the same ones every time.")
@click.option("--runs", default=RUNS, show_default=True)
def main(sample: int | None, runs: int) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to read: {BENCH} is not there")
    pages = load(sample=sample)
    _measure(pages[:20])  # what is loaded and compiled with the first pages
    click.echo("\n".join(_report(len(pages), [_measure(pages) for _ in range(runs)])))


def _measure(pages: Sequence[Page]) -> dict[str, list[float]]:
    """The milliseconds of each page by tool."""
    found: dict[str, list[float]] = {name: [] for name in TOOLS}
    for page in pages:
        body = page.body
        for name, tool in TOOLS.items():
            start = time.process_time()
            with suppress(Exception):  # whatever a tool raises on a page, it has taken its time
                tool(body, page.url)
            found[name].append(1000 * (time.process_time() - start))
    return found


def _report(pages: int, runs: Sequence[dict[str, list[float]]]) -> Iterator[str]:
    yield "## Reading a page"
    yield ""
    yield f"{machine()}; {pages} pages, {len(runs)} runs. Target: {MOST} × trafilatura."
    yield ""
    yield METHOD
    yield ""
    rows = [["tool", "ms median", "ms mean", "ms p95", "of trafilatura's mean"]]
    for name in TOOLS:
        ratios = [mean(run[name]) / mean(run[THEIRS]) for run in runs]
        rows.append([
            name, *(spread([of(run[name]) for run in runs], ".1f") for of in (median, mean, _p95)),
            spread(ratios, ".2f"),
        ])  # fmt: skip
    yield from markdown_table(rows)


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
