"""What keeps an archive whole: verify, backup, merge."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from archive.options import shared_options
from archive.terminal import (
    EXIT_FAILURES,
    counted,
    megabytes,
    print_json,
    progress_bar,
    say,
    visible,
)


@click.command()
@click.option("--repair", is_flag=True, help="Make anew what can be made anew, and check again.")
@shared_options
def verify(repair: bool, directory: Path, as_json: bool) -> None:
    """Check that the archive is whole: captures, digests, blocks, index.

    Nothing is changed without --repair. It makes anew all that follows from the captures; where these
    have to be read again, it says so.

    \b
    Examples:
      newsarchive verify
      newsarchive verify --repair
    """
    from archive import integrity, rereading
    from archive.opening import reader

    problems = integrity.repair(directory) if repair else list(integrity.problems(directory))
    lines = [problem.line for problem in problems if problem.is_wrong]
    advice = integrity.advice(problems)
    with reader(directory) as db:
        outdated = rereading.outdated(db)
    if outdated:
        advice.append(f"{outdated:,} articles {rereading.ADVICE}")
    if as_json:
        print_json({"ok": not lines, "problems": lines, "advice": advice})
    else:
        for line in lines:
            click.echo(visible(line))
        say("the archive is whole" if not lines else f"{len(lines)} problems")
        for line in advice:
            say(line)
    if lines:
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
    from archive.opening import open_archive

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
