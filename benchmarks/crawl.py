"""The command: real pages from nginx on loopback into an archive, beside what others would do.

python -m benchmarks.crawl                                   # 2,000 pages, 3 runs; prints the section
python -m benchmarks.crawl --pages 400 --runs 1 --only ours  # quick
python -m benchmarks.crawl --report docs/benchmarks.md
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from benchmarks import serving
from benchmarks.pages import BENCH, load
from benchmarks.processes import Cost, Failed, newsarchive, run
from benchmarks.report import machine, write_section
from benchmarks.serving import Served
from benchmarks.tables import markdown_table, spread

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).with_name("peers")
SCRAPY, NEWS_PLEASE = ROOT / ".venv-peers/bin", ROOT / ".venv-news-please/bin"
PAGES, SITES, RUNS = 2_000, 10, 3
NEWS_PLEASE_PAGES = 400  # it takes minutes for all
PROCESSES = 2
OURS = "newsarchive crawl"
BEGINNER = "Scrapy, trafilatura, a row per insert"
METHOD = f"""
Copies of the pages of ../shared/bench, each with its own markup and, from the second copy on, other text
(`benchmarks/copies.py`), on {SITES} sites with a sitemap each, uncompressed, from one nginx. Each run is the
program as users run it, in processes of its own, with nothing kept from the run before; the programs take
turns. ms: of the processor, a page, all processes together, which others on the machine disturb less than the
clock. Memory: the most that the process group held at once (PSS, what is shared counted once).
newsarchive: everything on, `delay = 0`, 8 connections a site. Scrapy: its defaults. news-please: its
`from_urls` on all cores, without images. trafilatura's command line reads the files, without network.
""".strip()


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a program: what it took, how many pages it was given and of how many it kept text."""

    cost: Cost
    pages: int
    kept: int | None = None

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.cost.seconds

    @property
    def milliseconds(self) -> float:
        """Of the processor, a page."""
        return 1000 * self.cost.cpu / self.pages


@dataclass(frozen=True, slots=True)
class Again:
    """A crawl of the same sites that finds nothing new, against the first."""

    time: float  # share of the first crawl's
    requests: float  # for each article


def crawl(served: Served, folder: Path) -> Cost:
    """What `newsarchive crawl` takes into the archive in that folder."""
    source = (
        '[[source]]\nname = "{url}"\nurl = "{url}/"\nfeeds = []\nsitemaps = ["{url}/sitemap.xml"]\n'
        "allow_private = true\ndelay = 0\nconnections = 8\n"
    )
    folder.mkdir(exist_ok=True)
    listed = "".join(source.format(url=site.url) for site in served.sites)
    (folder / "sources.toml").write_text(listed)
    # It ends with 1, because some of the real pages are no articles.
    return newsarchive("crawl", "--archive", folder, allowed=(0, 1))


def _ours(served: Served, folder: Path, again: list[Again]) -> Run:
    first = crawl(served, folder)
    before = served.requests()
    second = crawl(served, folder)
    pages = len(served.articles)
    again.append(Again(second.seconds / first.seconds, (served.requests() - before) / pages))
    reports = json.loads(first.output)["sources"].values()
    return Run(first, pages, sum(report["new"] for report in reports))


def _download(served: Served, folder: Path) -> Run:
    return Run(run([SCRAPY / "python", PEERS / "download.py", *_sitemaps(served)]), _count(served))


def _beginner(served: Served, folder: Path) -> Run:
    path = folder / "articles.db"
    cost = run([SCRAPY / "python", PEERS / "beginner.py", path, *_sitemaps(served)])
    with sqlite3.connect(path) as db:
        (kept,) = db.execute("SELECT count(*) FROM articles").fetchone()
    return Run(cost, _count(served), kept)


def _news_please(served: Served, folder: Path) -> Run:
    addresses = served.articles[:: max(1, _count(served) // NEWS_PLEASE_PAGES)][:NEWS_PLEASE_PAGES]
    (folder / "addresses").write_text("\n".join(addresses))
    program = [NEWS_PLEASE / "python", PEERS / "news_please.py"]
    cost = run([*program, folder / "addresses", folder / "articles.jsonl"])
    kept = (folder / "articles.jsonl").read_text().count("\n")
    return Run(cost, len(addresses), kept)


def _trafilatura(served: Served, folder: Path) -> Run:
    cost = run([
        SCRAPY / "trafilatura", "--input-dir", served.folder, "--output-dir", folder / "output",
        "--parallel", str(PROCESSES), "--with-metadata", "--json",
    ])  # fmt: skip
    kept = sum(path.is_file() for path in (folder / "output").rglob("*"))
    return Run(cost, _count(served), kept)


def _sitemaps(served: Served) -> list[str]:
    return [f"{site.url}/sitemap.xml" for site in served.sites]


def _count(served: Served) -> int:
    return len(served.articles)


Program = Callable[[Served, Path], Run]
PEERS_BY_NAME: dict[str, Program] = {
    "Scrapy, download alone": _download,
    BEGINNER: _beginner,
    "news-please": _news_please,
    f"trafilatura's command line, {PROCESSES} processes": _trafilatura,
}


@click.command(help=__doc__)
@click.option("--pages", default=PAGES, show_default=True)
@click.option("--runs", default=RUNS, show_default=True)
@click.option("--only", type=click.Choice(["ours", "all"]), default="all", show_default=True)
@click.option("--directory", type=click.Path(path_type=Path), help="Keep the pages there.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(pages: int, runs: int, only: str, directory: Path | None, report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to serve: {BENCH} is not there")
    with tempfile.TemporaryDirectory() as temporary:
        folder = directory or Path(temporary)
        serving.make(folder, load(sample=None if pages >= PAGES else pages), pages, SITES)
        with serving.serve(folder) as served:
            text = "\n".join(measure(served, runs, PEERS_BY_NAME if only == "all" else {}))
    click.echo(text)
    if report:
        write_section(report, "crawl", text)


def measure(served: Served, runs: int, peers: dict[str, Program]) -> Iterator[str]:
    """The section: so many runs of ours and of each peer."""
    again: list[Again] = []
    programs: dict[str, Program] = {OURS: lambda s, folder: _ours(s, folder, again), **peers}
    found: dict[str, list[Run]] = {name: [] for name in programs}
    for number in range(runs):
        for name, program in programs.items():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    found[name].append(program(served, Path(folder)))
                except (Failed, OSError) as error:  # a peer that is missing costs only its row
                    click.echo(f"{name}: {error}", err=True)
                    continue
            click.echo(f"{number + 1}/{runs} {name}: {found[name][-1].rate:.1f} pages/s", err=True)
    if not found[OURS]:  # then the section that was written before stays
        raise click.ClickException(f"no run of {OURS} ended well")
    yield from _report(served, runs, {name: made for name, made in found.items() if made}, again)


def _report(
    served: Served, runs: int, found: dict[str, list[Run]], again: Sequence[Again]
) -> Iterator[str]:
    size = sum(file.stat().st_size for site in served.sites for file in site.files)
    yield "## Crawl, end to end"
    yield ""
    yield (
        f"{machine()}; {_count(served):,} pages, {size / 1e6:,.0f} MB; {runs} runs each, median "
        "(lowest–highest)."
    )
    yield ""
    yield METHOD
    yield ""
    header = ["program", "pages/s", "of the beginner's way", "ms of CPU a page", "peak MB", "pages"]
    yield from markdown_table([header, *(_row(name, found) for name in found)])
    yield ""
    ours = found[OURS]
    growth = [1e4 * run.cost.growth / run.rate / 1e6 for run in ours]
    yield f"- Of {ours[0].pages:,} pages {ours[0].kept:,} are kept as articles; the others are none, or cannot be read."
    yield f"- Memory grows by {spread(growth, '.0f')} MB for each 10,000 pages (last 70 % of a run)."
    yield (
        f"- The unchanged second crawl takes {spread([a.time for a in again], '.1%')} of the first "
        f"one's time and {spread([a.requests for a in again], '.3f')} requests for each article."
    )


def _row(name: str, found: dict[str, list[Run]]) -> list[str]:
    runs = found[name]
    base = median(run.rate for run in found[BEGINNER]) if BEGINNER in found else None
    ratio = f"{median(run.rate for run in runs) / base:.2f}" if base else "–"
    return [
        name,
        spread([run.rate for run in runs], ".1f"),
        ratio,
        spread([run.milliseconds for run in runs], ".1f"),
        spread([run.cost.peak / 1e6 for run in runs], ".0f"),
        f"{runs[0].pages:,}",
    ]


if __name__ == "__main__":
    main()
