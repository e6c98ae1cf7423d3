"""Corpora: export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.options import filter_options, shared_options
from archive.terminal import print_json, say

if TYPE_CHECKING:
    from archive.search import Filters


@click.command()
@click.argument("format_", metavar="FORMAT", type=click.Choice(["jsonl"]))
@click.option("--output", required=True, help="A file, or - for standard output.")
@click.option(
    "--include-reserved", is_flag=True, help="Also what answers no to “may be trained on”."
)
@filter_options
@shared_options
def export(
    format_: str,
    output: str,
    include_reserved: bool,
    filters: Filters,
    directory: Path,
    as_json: bool,
) -> None:
    """Write a corpus.

    \b
    Example:
      newsarchive export jsonl --output corpus.jsonl --language de --min-words 50
    """
    from archive.export import export_jsonl
    from archive.store import reader

    if as_json and output == "-":
        raise click.UsageError("--json and --output - both want standard output: write to a file")
    target = None if output == "-" else Path(output)
    if target and not target.parent.is_dir():
        raise click.UsageError(f"no such folder: {target.parent}")
    if target and target.is_dir():
        raise click.UsageError(f"{target} is a folder: name a file in it")
    with reader(directory) as db:
        report = export_jsonl(db, filters, target, include_reserved=include_reserved)
    if as_json:
        print_json({"output": output, **asdict(report)})
        return
    say(f"{report.articles} articles, {report.words:,} words → {output}")
    if report.reserved_left_out:
        say(
            f"{report.reserved_left_out} left out: their publishers reserve the right to train on "
            "them (--include-reserved adds them)"
        )
