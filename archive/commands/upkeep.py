"""What keeps an archive whole: verify, backup, merge."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from archive.options import shared_options
from archive.terminal import EXIT_FAILURES, counted, megabytes, print_json, progress_bar, say


@click.command()
@shared_options
def verify(directory: Path, as_json: bool) -> None:
    """Check that the archive is whole: captures, digests, blocks, index.

    \b
    Example:
      newsarchive verify
    """
    from archive.integrity import verify as check

    problems = check(directory)
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            click.echo(problem)
        say("the archive is whole" if not problems else f"{len(problems)} problems")
    if problems:
        sys.exit(EXIT_FAILURES)


@click.command()
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@shared_options
def backup(target: Path, directory: Path, as_json: bool) -> None:
    """Copy the archive to a folder, also during a crawl; an earlier backup is brought up to date.

    The copy is an archive like any other: `--archive DIR` reads it.

    \b
    Example:
      newsarchive backup /mnt/disk/newsletters
    """
    from archive import backup as copies

    with progress_bar("copying", copies.size(directory, target)) as advance:
        made = copies.backup(directory, target, advance)
    if as_json:
        print_json(asdict(made))
        return
    say(
        f"{counted(made.articles, 'article')}, {counted(made.captures, 'capture')} → {made.target} "
        f"({megabytes(made.copied)} copied, {megabytes(made.bytes)} in all)"
    )


@click.command()
@click.argument(
    "others", nargs=-1, required=True, metavar="OTHER…", type=click.Path(path_type=Path)
)
@shared_options
def merge(others: tuple[Path, ...], directory: Path, as_json: bool) -> None:
    """Add what other archives have to this one; they are only read. Twice changes nothing.

    \b
    Example:
      newsarchive merge /mnt/laptop/newsletters
    """
    from archive import merge as archives
    from archive import rereading
    from archive.store import open_archive

    captures = {other: archives.count(other) for other in others}
    done = {}
    with (
        open_archive(directory, "merge") as archive,
        progress_bar("merging", sum(captures.values())) as advance,
    ):
        for other in others:
            done[str(other)] = archives.merge(archive, other, advance)
    if as_json:
        print_json({"merged": {name: asdict(merged) for name, merged in done.items()}})
    for name, merged in done.items():
        for line in merged.broken:
            say(f"{name}: left out: {line}")
        say(f"{name}: {counted(merged.added, 'capture')} added, {merged.held:,} held before")
    if outdated := max(merged.outdated for merged in done.values()):
        say(f"{outdated:,} articles {rereading.ADVICE}")
    if any(merged.broken for merged in done.values()):
        sys.exit(EXIT_FAILURES)
