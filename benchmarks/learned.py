"""The command: what learning of a site does, with 2, 5, 20 and 100 of its pages archived."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import click
from rich.progress import Progress

from archive import urls, warc
from archive.model import Fault, Reading
from archive.opening import open_archive, open_reader
from archive.terminal import console
from benchmarks.measures import collapse, holds, words
from benchmarks.pages import BENCH, Page, load
from benchmarks.report import machine, write_section
from benchmarks.sites import MadePage, Template, templates, texts
from benchmarks.tables import markdown_table
from crawler.reading import read

SIZES = (2, 5, 20, 100)
SITES = 8
SETS = ("newsletters", "fundus", "aeb")
NO_SITES = frozenset({"example.org", "web.archive.org"})  # pages without an address, and of others

METHOD = """
Each site is made of one real page: what is not its text stays where it stood, and in the place of
its text comes that of another real page, a different one on each page of the site. A part of the
text repeats on real sites and is put into the midst of each: a label line, the heading of a column
and the first row of a table on every page, a statute that a sentence introduces on every second,
the background to the news on every fifth. The pages go through the archive as crawled ones do.

- leaked: words of the archived text that are not the page's, for each page.
- lost: words of the page's own text that are not in the archived text, for each page.
- repeated text kept: of what repeats and is text, how much is in the archived text.

Chrome is the same on all pages of a made site. On real ones the teasers of other articles change
from page to page, so that less of it is learned; the rules have to know them.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a page: words leaked and lost, pieces of repeated text that are kept."""

    leaked: int
    lost: int
    repeated: int
    repeated_kept: int


@dataclass(frozen=True, slots=True)
class Removal:
    """Pieces that learning removed from a real page, and how many of them are its text."""

    site: str
    has_gold: bool
    pieces: int
    wrong: int


@click.command(help=__doc__)
@click.option("--sites", type=click.IntRange(1), default=SITES, show_default=True)
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(sites: int, report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to measure on: {BENCH} is not there")
    pages = [page for page in load(SETS) if "text" in page.gold]
    chosen = templates([page for page in pages if page.set != "aeb"], sites)
    found: dict[tuple[int, bool], list[Outcome]] = {}
    with Progress(console=console(stderr=True), transient=True) as progress:
        for template in progress.track(chosen, description="made sites"):
            made = _read(template, texts(pages, template.page.language))
            for size in SIZES:
                site = made[:size]
                plain = [reading.text for _, reading in site]
                learned = _archived(site)
                found.setdefault((size, False), []).extend(map(_outcome, site, plain))
                found.setdefault((size, True), []).extend(map(_outcome, site, learned))
        real = [
            removal
            for site in progress.track(real_sites(load()), description="real sites")
            for removal in _removals(site)
        ]
    text = "\n".join([*_report(chosen, found), *_real_report(real)])
    click.echo(text)
    if report:
        write_section(report, "learned", text)


def real_sites(pages: Sequence[Page]) -> list[list[Page]]:
    """The pages of each site of which the bench has two or more."""
    found: dict[str, list[Page]] = {}
    for page in pages:
        found.setdefault(urls.site(page.url), []).append(page)
    return [site for name, site in found.items() if len(site) > 1 and name not in NO_SITES]


def _removals(site: Sequence[Page]) -> Iterator[Removal]:
    """What learning removes of each page when all of its site are archived."""
    made = [
        (page, MadePage(page.url, page.body, "", ()), reading)
        for page in site
        if isinstance(reading := read(page.body, page.url), Reading)
    ]
    texts = _archived([(body, reading) for _, body, reading in made])
    for (page, _, reading), text in zip(made, texts, strict=True):
        pieces = [b.text for b in reading.blocks if b.kept and not holds(text, b.text)]
        gold = page.gold.get("text")
        wrong = [p for p in pieces if gold and holds(gold, p)]
        wrong += [s for s in page.gold.get("with", ()) if any(holds(p, s) for p in pieces)]
        yield Removal(urls.site(page.url), bool(gold), len(pieces), len(wrong))


def _real_report(real: Sequence[Removal]) -> Iterator[str]:
    removed, wrong = sum(r.pieces for r in real), sum(r.wrong for r in real)
    yield ""
    yield (
        f"Of {len({r.site for r in real})} sites the bench has two pages or more, {len(real)} in all "
        f"({sum(r.has_gold for r in real)} with their whole text as gold). On these, learning "
        f"removes {removed} blocks that the rules had kept; {wrong} of them stand in the gold text, "
        "or hold a snippet that must be kept."
    )


def _read(template: Template, pages: Sequence[Page]) -> list[tuple[MadePage, Reading]]:
    """The pages of a site with what the rules make of them."""
    found = []
    for number, page in enumerate(pages[: max(SIZES)], 1):
        made = template.fill(number, page)
        reading = read(made.body, made.url)
        if not isinstance(reading, Fault):
            found.append((made, reading))
    return found


def _archived(site: Sequence[tuple[MadePage, Reading]]) -> list[str]:
    """The texts of the pages, in their order, when all of them are in an archive."""
    with tempfile.TemporaryDirectory() as folder:
        with open_archive(Path(folder), "benchmark") as archive, archive.transaction():
            for made, reading in site:
                exchange = warc.Exchange(made.url, warc.now(), 200, (), made.body)
                capture = archive.append(
                    exchange, url=made.url, source="site", role="article", found_by=None
                )
                archive.save(capture, reading)
        db = open_reader(Path(folder))
        found = dict(db.execute("SELECT captured_url, text FROM articles").fetchall())
        db.close()
    return [found[made.url] for made, _ in site]


def _outcome(page: tuple[MadePage, Reading], text: str) -> Outcome:
    made, _ = page
    ours, own = Counter(words(text)), Counter(words(made.text))
    kept = collapse(text)
    return Outcome(
        leaked=(ours - own).total(),
        lost=(own - ours).total(),
        repeated=len(made.repeated),
        repeated_kept=sum(holds(kept, piece) for piece in made.repeated),
    )


def _report(
    chosen: Sequence[Template], found: Mapping[tuple[int, bool], list[Outcome]]
) -> Iterator[str]:
    languages = Counter(template.page.language for template in chosen)
    yield "## Learned boilerplate"
    yield ""
    yield f"{len(chosen)} sites ({', '.join(f'{n} {k}' for k, n in languages.items())}). {machine()}."
    yield METHOD.rstrip()
    yield ""
    rows = [["pages of a site", "pages in all", "learning", "leaked", "lost", "repeated text kept"]]
    for (size, is_learned), outcomes in found.items():
        kept, repeated = (
            sum(getattr(o, name) for o in outcomes) for name in ("repeated_kept", "repeated")
        )
        rows.append(
            [
                str(size),
                str(len(outcomes)),
                "with" if is_learned else "without",
                f"{fmean(o.leaked for o in outcomes):.1f}",
                f"{fmean(o.lost for o in outcomes):.1f}",
                f"{kept}/{repeated}",
            ]
        )
    yield from markdown_table(rows)


if __name__ == "__main__":
    main()
