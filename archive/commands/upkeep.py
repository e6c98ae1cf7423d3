"""What keeps an archive whole: verify."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from archive.options import shared_options
from archive.terminal import EXIT_FAILURES, print_json, say


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
