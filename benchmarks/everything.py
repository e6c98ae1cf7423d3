"""The command `make bench`: every benchmark of speed in order, in one report.

python -m benchmarks.everything --report docs/benchmarks.md   # 25 minutes
python -m benchmarks.everything --quick                       # 4 minutes: samples, single runs
python -m benchmarks.everything --only startup --only store   # some of them

Each part is a command by itself, in a process of its own; its section is written when it ends. One that
fails, or takes too long, is named at the end and costs nothing else.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.pages import BENCH
from benchmarks.report import write_section

ROOT = Path(__file__).parents[1]
SECONDS = 900  # a part: three times what the longest takes alone on 2 cores

GRACE_SECONDS = 30  # for a part to end what it has started


@dataclass(frozen=True, slots=True)
class Part:
    """A benchmark: the module that is run, and what it is told, in full and for a quick look."""

    name: str
    full: str
    quick: str

    def command(self, is_quick: bool) -> list[str]:
        """The command as one types it."""
        arguments = (self.quick if is_quick else self.full).split()
        return [sys.executable, "-m", f"benchmarks.{self.name}", *arguments]


PARTS = (
    Part("crawl", "--pages 2000 --runs 3", "--pages 300 --runs 1"),
    Part("reading", "--runs 3", "--sample 120 --runs 1"),
    Part("imports", "--pages 600 --runs 3 --long 4000", "--pages 300 --runs 1 --long 0"),
    Part("store", "--size 10000", "--size 5000"),
    Part("export", "--articles 10000", "--articles 2000 --only jsonl --only parquet"),
    Part("requests", "", "--articles 200"),
    Part("startup", "--runs 15", "--runs 5"),
)


@click.command(help=__doc__)
@click.option("--quick", "is_quick", is_flag=True, help="Samples and single runs.")
@click.option("--only", multiple=True, type=click.Choice([part.name for part in PARTS]))
@click.option("--report", type=click.Path(path_type=Path), help="Write the sections of this file.")
def main(is_quick: bool, only: tuple[str, ...], report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to measure on: {BENCH} is not there")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    started, failed = time.monotonic(), []
    for part in PARTS:
        if only and part.name not in only:
            continue
        click.echo(f"{part.name} …", err=True)
        text = _section(part, is_quick)
        if text is None:
            failed.append(part.name)
            continue
        click.echo(f"{text}\n")
        if report:
            write_section(report, part.name, text)
    click.echo(f"{(time.monotonic() - started) / 60:.0f} minutes", err=True)
    if failed:
        raise click.ClickException(f"these parts did not end well: {', '.join(failed)}")


def _section(part: Part, is_quick: bool) -> str | None:
    """What the part prints; null where it failed. Its progress and errors go to standard error."""
    process = subprocess.Popen(part.command(is_quick), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # so that it ends what it has started
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE_SECONDS)
        process.kill()
        process.wait()
        return None
    return printed.strip() if process.returncode == 0 else None


if __name__ == "__main__":
    main()
