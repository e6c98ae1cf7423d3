"""Corpora: export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.options import filter_options, shared_options
from archive.terminal import print_json, progress_bar, say

if TYPE_CHECKING:
    from archive.export import Report
    from archive.export.files import Compression
    from archive.search import Filters

SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}  # of a file that is named so
FILES = {".jsonl": "jsonl", ".gz": "jsonl", ".zst": "jsonl", ".parquet": "parquet"}  # that are one


@click.command()
@click.argument(
    "format_", metavar="FORMAT", type=click.Choice(["jsonl", "parquet", "txt", "tei", "markdown"])
)
@click.option(
    "--output",
    required=True,
    help="A folder; for jsonl and parquet also a file, or - for standard output.",
)
@click.option(
    "--include-reserved", is_flag=True, help="Also what answers no to “may be trained on”."
)
@click.option("--deduplicate", is_flag=True, help="One article of each cluster of near-duplicates.")
@click.option(
    "--quality",
    "rules_asked",
    multiple=True,
    metavar="RULE[=LIMIT]",
    help="Only what passes: gopher, c4 or one of their rules, see docs/export.md; repeatable.",
)
@click.option(
    "--splits",
    metavar="SHARES",
    help="Shares of train, validation and test, like 0.9/0.05/0.05; duplicates and translations stay together.",
)
@click.option(
    "--since-export",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Only what is new or has changed (text, metadata, split) since the export in that folder.",
)
@click.option("--compress", type=click.Choice(["gzip", "zstd"]), help="Compress the files.")
@click.option("--shard-size", metavar="SIZE", help="Of a file before compression [500MB].")
@click.option("--title", help="Of the data card.")
@filter_options
@shared_options
def export(
    format_: Any,
    output: str,
    include_reserved: bool,
    deduplicate: bool,
    rules_asked: tuple[str, ...],
    splits: str | None,
    since_export: Path | None,
    compress: Any,
    shard_size: str | None,
    title: str | None,
    filters: Filters,
    directory: Path,
    as_json: bool,
) -> None:
    """Write a corpus: JSON lines, Parquet, plain text, TEI or Markdown.

    Into a folder, with a manifest and a data card; killed, the same command goes on where it was.
    JSON lines and Parquet can be one file, too: name one that ends in .jsonl or .parquet.

    \b
    Examples:
      newsarchive export jsonl --output corpus.jsonl --language de --min-words 50
      newsarchive export parquet --output corpus/ --deduplicate --splits 0.9/0.05/0.05
      newsarchive export tei --output letters/ --source import-ai --compress gzip
    """
    from archive import search
    from archive.export import export_file, export_folder
    from archive.export import quality as rules
    from archive.export.options import SHARD_SIZE, Options, parse_size, parse_splits
    from archive.opening import reader

    if as_json and output == "-":
        raise click.UsageError("--json and --output - both want standard output: write to a file")
    is_several = bool(splits or since_export or shard_size)
    is_file = _is_file(format_, output, is_several)
    target = None if output == "-" else Path(output)
    if target and not target.absolute().parent.is_dir():
        raise click.UsageError(f"no such folder: {target.parent}")
    options = Options(
        format=format_,
        filters=filters,
        include_reserved=include_reserved,
        deduplicate=deduplicate,
        quality=rules.parse(rules_asked),
        splits=parse_splits(splits) if splits else (),
        compression=compress or (SUFFIXES.get(Path(output).suffix) if is_file else None),
        shard_size=parse_size(shard_size) if shard_size else SHARD_SIZE,
        title=title,
    )
    with reader(directory) as db, progress_bar("writing", search.count(db, filters)) as advance:
        if is_file:
            report = export_file(db, options, target, advance)
        else:
            assert target
            try:
                report = export_folder(db, options, target, since_export, advance)
            except KeyboardInterrupt:
                say("not finished: the same command goes on from here, unless the archive changes")
                raise
    if as_json:
        print_json({"output": output, **asdict(report)})
    else:
        _say(report, output)


def _is_file(format_: str, output: str, is_several: bool) -> bool:
    """Whether one file is to be written, and no folder. Raises UsageError where neither can be."""
    target = Path(output)
    if output == "-" or (target.exists() and not target.is_dir()) or target.suffix in FILES:
        if format_ not in FILES.values():
            raise click.UsageError(f"{format_} makes many files: name a folder")
        if is_several:
            raise click.UsageError(
                "--splits, --shard-size and --since-export make many files: name a folder"
            )
        return True
    return format_ == "jsonl" and not (is_several or target.is_dir() or output.endswith("/"))


def _say(report: Report, output: str) -> None:
    """What was written and what was left out, a line each."""
    say(f"{report.articles:,} articles, {report.words:,} words → {output}")
    if report.splits:
        say(", ".join(f"{name} {count:,}" for name, count in report.splits.items()))
    if report.unchanged is not None:
        say(
            f"{report.changed:,} of these have changed, {report.unchanged:,} are as they were, "
            f"{report.withdrawn:,} are not in it any more"
        )
    if report.reserved_left_out:
        say(
            f"{report.reserved_left_out:,} left out: their publishers reserve the right to train "
            "on them (--include-reserved adds them)"
        )
    for reason, count in sorted(report.dropped.items(), key=lambda item: -item[1]):
        if reason != "reserved":
            say(f"{count:,} left out: {reason}")
