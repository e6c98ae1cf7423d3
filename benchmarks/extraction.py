"""The command: our extraction beside its peers', over the pages of ../shared/bench."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from archive.terminal import console
from benchmarks.extractors import EXTRACTORS
from benchmarks.measuring import SECONDS, measure, measure_untimed
from benchmarks.pages import BENCH, SETS, Page, load
from benchmarks.report import machine, versions, write_section
from benchmarks.scoring import PageScore
from benchmarks.showing import show
from benchmarks.tables import language_tables, set_tables

METHOD = f"""
- precision, recall, F1: bags of lower-case words (characters in Chinese and Japanese), per page,
  then the mean.
- 4-gram F1: of mean precision and mean recall of 4-word shingles, as `evaluate.py` of
  scrapinghub/article-extraction-benchmark defines it.
- ROUGE-LSum: mean F1, Lin 2004, section 3.2, sentence by sentence.
- `with` kept, `without` leaked: snippets that must, and must not, be in the text. Some stand in no
  visible text (../shared/bench/README.md).
- title equal, authors equal as a set without regard to case, date equal by day. Language: equal,
  on fundus and newsletters.
- time: ms per page, as a multiple of trafilatura with metadata and langdetect on the whole text in
  the same run. One page at a time; each tool in a process of its own.
- An error, or more than {SECONDS} seconds, is a failure and an empty result. Tools that do not tell
  a field have a dash there.
"""


@click.command(help=__doc__)
@click.option("--sample", type=click.IntRange(1), help="So many pages, the same ones every time.")
@click.option("--set", "sets", multiple=True, type=click.Choice(SETS), help="Pages of this set.")
@click.option("--only", multiple=True, type=click.Choice(list(EXTRACTORS)), help="This extractor.")
@click.option("--worst", default=0, help="Name so many of the worst pages of each set.")
@click.option("--show", "shown", metavar="ID", help="What was decided for each block of a page.")
@click.option("--jobs", type=click.IntRange(1), help="Processes at once; no times are measured.")
@click.option("--languages/--no-languages", default=True, help="Tables for each language, too.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Every page's score.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(
    sample: int | None,
    sets: tuple[str, ...],
    only: tuple[str, ...],
    worst: int,
    shown: str | None,
    jobs: int | None,
    languages: bool,
    json_file: Path | None,
    report: Path | None,
) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to measure on: {BENCH} is not there")
    pages = load(sets or SETS, sample)
    if shown:
        _show(load(), shown)
        return
    names = _installed(only)
    scores = _measured(pages, names, jobs)
    lines = [*_header(pages), *set_tables(scores)]
    if languages:
        lines += ["", "## By language", *language_tables(scores)]
    text = "\n".join(lines)
    click.echo(text)
    for line in _worst(scores, worst):
        click.echo(line)
    if json_file:
        found = {"machine": machine(), "versions": versions(), "pages": [asdict(s) for s in scores]}
        json_file.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    if report:
        write_section(report, "extraction", text)


def _show(pages: Sequence[Page], identity: str) -> None:
    page = next((page for page in pages if page.id == identity), None)
    if page is None:
        raise click.ClickException(f"the bench has no page {identity!r}")
    click.echo("\n".join(show(page)))


def _installed(only: Sequence[str]) -> list[str]:
    return [name for name in only or EXTRACTORS if EXTRACTORS[name].version]


def _measured(pages: Sequence[Page], names: Sequence[str], jobs: int | None) -> list[PageScore]:
    """The scores by extractor, then in the order of the pages; a bar shows how far it is."""
    columns = (
        *Progress.get_default_columns()[:3],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[page]}"),
    )
    running = measure_untimed(pages, names, jobs) if jobs else measure(pages, names)
    scores = []
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        bar = progress.add_task("pages × extractors", total=len(pages) * len(names), page="")
        for score in running:
            scores.append(score)
            progress.update(bar, advance=1, page=score.page)
    return scores


def _header(pages: Sequence[Page]) -> Iterator[str]:
    yield "## Extraction: ours and its peers"
    yield ""
    yield f"{len(pages)} pages. {machine()}."
    yield ", ".join(f"{package} {version}" for package, version in versions().items()) + "."
    if missing := [name for name, e in EXTRACTORS.items() if not e.version]:
        yield f"Not measured, because not installed (`make bench-extraction`): {', '.join(missing)}."
    yield METHOD.rstrip()


def _worst(scores: Sequence[PageScore], count: int) -> Iterator[str]:
    for name, extractor in dict.fromkeys((s.set, s.extractor) for s in scores) if count else ():
        chosen = [s for s in scores if (s.set, s.extractor) == (name, extractor)]
        for score in sorted(chosen, key=lambda s: s.quality)[:count]:
            yield f"{name} {extractor} {score.quality:.3f} {score.page}"


if __name__ == "__main__":
    main()
