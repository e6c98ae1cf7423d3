"""The command: how long `newsarchive --help` and `newsarchive search` take from start to end.

python -m benchmarks.startup --runs 15
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from archive.opening import open_archive
from benchmarks import archives
from benchmarks.pages import BENCH
from benchmarks.processes import Cost, run
from benchmarks.report import machine
from benchmarks.tables import markdown_table, spread

RUNS = 15
ARTICLES = 1_000
# Seconds that each may take.
TARGETS = {"--help": 0.25, "search": 0.5}


@click.command(help=__doc__)
@click.option("--runs", default=RUNS, show_default=True)
def main(runs: int) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no sentences to make articles of: {BENCH} is not there")
    with tempfile.TemporaryDirectory() as folder:
        with open_archive(Path(folder), "benchmark") as archive:
            archives.grow(archive, ARTICLES)
        commands = {
            "--help": ["--help"],
            "search": ["search", "jahr OR year", "--archive", folder],
        }
        found = {name: _measure(given, runs) for name, given in commands.items()}
    click.echo("\n".join(_report(found, runs)))


def _measure(given: list[str], runs: int) -> list[Cost]:
    """What each run takes; the first, which reads the files from the disk, is left out."""
    program = Path(sys.executable).with_name("newsarchive")
    return [run([program, *given]) for _ in range(runs + 1)][1:]


def _report(found: dict[str, list[Cost]], runs: int) -> Iterator[str]:
    yield "## Start"
    yield ""
    yield f"{machine()}; {runs} runs each in an archive of {ARTICLES:,} articles; median (lowest–highest)."
    yield ""
    rows = [["command", "seconds", "of the processor", "target"]]
    for name, costs in found.items():
        clock = spread([cost.seconds for cost in costs], ".2f")
        cpu = spread([cost.cpu for cost in costs], ".2f")
        rows.append([f"`newsarchive {name}`", clock, cpu, f"{TARGETS[name]:.2f}"])
    yield from markdown_table(rows)


if __name__ == "__main__":
    main()
