"""What is in the archive: stats."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.options import shared_options
from archive.terminal import console, print_json, table, write

if TYPE_CHECKING:
    from archive.stats import SourceStats


@click.command()
@shared_options
def stats(directory: Path, as_json: bool) -> None:
    """Show what is in the archive, and the health of its sources.

    \b
    Example:
      newsarchive stats
    """
    from archive import rereading
    from archive.deviations import ADVICE, line
    from archive.opening import reader
    from archive.stats import collect

    with reader(directory) as db:
        found = collect(db)
    if as_json:
        print_json(asdict(found))
        return
    out = console()
    out.print(
        f"{found.articles:,} articles, {found.words:,} words, {found.revisions:,} revisions, "
        f"{found.captures:,} captures, {found.duplicates:,} near-duplicates; {found.removed_share:.0%} of the pages' text removed\n"
    )
    if found.outdated:
        write(out, f"{found.outdated:,} articles {rereading.ADVICE}\n", "yellow")
    names = ("source", "articles", "words", "last run", "new", "revised", "failed", "open", "next")
    out.print(table(names, [_source_row(source) for source in found.sources]))
    if any(source.failures for source in found.sources):
        out.print("open: addresses that could not be archived, and wait\n")
    for source in found.sources:
        if source.wait_until:
            write(out, f"{source.name}: refused us; not asked before {source.wait_until}", "yellow")
        if source.health.changed:
            write(out, f"{source.name}: {line(source.health.changed)}", "yellow")
    if any(source.health.changed for source in found.sources):
        out.print(f"{ADVICE}\n")
    out.print(table(("language", "articles"), found.languages))
    removed = [(r.reason, r.blocks, r.letters) for r in found.removed]
    out.print(table(("removed", "blocks", "letters"), removed))


def _source_row(source: SourceStats) -> tuple[Any, ...]:
    numbers = (source.new or 0, source.revised or 0, source.failed or 0, source.failures)
    last, coming = (source.last_run or "–")[:10], (source.next_crawl or "–")[:16].replace("T", " ")
    return (source.name, source.articles, source.words, last, *numbers, coming)
