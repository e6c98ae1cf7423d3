"""The command: how often real pages, split at random into the usual and the latest, give an alarm."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.progress import Progress

from archive import readings
from archive.deviations import Page, of_articles
from archive.health import USUAL
from archive.model import Reading
from archive.terminal import console
from benchmarks import pages as bench
from benchmarks.report import machine, write_section
from benchmarks.tables import markdown_table
from crawler.reading import read

LATEST = (3, 5, 10, 20)  # pages that a crawl fetched
SPLITS = 10_000  # of each group and number
FEWEST = 20  # pages of a set in one language that are taken for a source

METHOD = """
The pages of one set in one language stand for a source: they are of many sites, so that they differ
more than those of any one. Each split takes some at random for the latest crawl and up to 50 others for
the usual; nothing has changed, so that each alarm is a false one.
"""


@click.command(help=__doc__)
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(report: Path | None) -> None:
    if not bench.BENCH.is_dir():
        raise click.ClickException(f"no pages to measure on: {bench.BENCH} is not there")
    groups: dict[str, list[Page]] = {}
    with Progress(console=console(stderr=True), transient=True) as progress:
        for page in progress.track(bench.load(), description="reading"):
            groups.setdefault(f"{page.set}, {page.language}", []).append(_page(page))
    chosen = {name: found for name, found in groups.items() if len(found) >= FEWEST}
    text = "\n".join(_report(chosen))
    click.echo(text)
    if report:
        write_section(report, "alarms", text)


def _page(page: bench.Page) -> Page:
    """The page as the archive measures it."""
    found = read(page.body, page.url)
    if not isinstance(found, Reading):
        return Page(page.url, 200)
    letters, removed, missing = readings.measure(found)
    return Page(page.url, 200, letters, removed, frozenset(json.loads(missing)))


def alarms(source: Sequence[Page], latest: int, chance: random.Random) -> Counter[str]:
    """How many splits give an alarm (key: empty), and how many each measure does."""
    found: Counter[str] = Counter()
    for _ in range(SPLITS):
        taken = chance.sample(source, min(len(source), latest + USUAL))
        names = [one.what for one in of_articles(taken[:latest], taken[latest:])]
        found.update(names)
        found[""] += bool(names)
    return found


def _report(groups: dict[str, list[Page]]) -> Iterator[str]:
    chance, total, splits = random.Random(bench.SEED), Counter[str](), 0
    rows = [["pages", "n", *(f"{n} latest" for n in LATEST)]]
    for name, source in groups.items():
        row = [name, str(len(source))]
        for latest in LATEST:
            found = alarms(source, latest, chance)
            total += found
            splits += SPLITS
            row.append(f"{found['']}")
        rows.append(row)
    yield f"## False alarms\n\n{machine()}.\n{METHOD}"
    yield f"False alarms of {SPLITS:,} splits each:\n"
    yield from markdown_table(rows)
    kinds = ", ".join(f"{kind} {count}" for kind, count in total.most_common() if kind)
    yield f"\n{total['']} of {splits:,} ({total[''] / splits:.2%}); by measure: {kinds or 'none'}."


if __name__ == "__main__":
    main()
