"""What takes articles out of an archive: forget, prune."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.options import TEXT, filter_options, shared_options
from archive.terminal import counted, print_json, progress_bar, say

if TYPE_CHECKING:
    import sqlite3

    from archive.forget import Plan
    from archive.search import Filters
    from archive.store import Store

SHOWN = 20  # addresses listed; --json lists all
COPIES = "Backups and exported corpora are copies of their own: they are yours to erase."

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would go.")


@click.command()
@click.argument("names", nargs=-1, required=True, type=TEXT, metavar="URL|SOURCE…")
@click.option("--lift", is_flag=True, help="Let these addresses be fetched and stored again.")
@dry_run_option
@yes_option
@shared_options
def forget(
    names: tuple[str, ...], lift: bool, dry_run: bool, yes: bool, directory: Path, as_json: bool
) -> None:
    """Erase an article, or all of a source, for good: a request for erasure. It never comes again.

    \b
    Examples:
      newsarchive forget https://example.org/a-post --dry-run
      newsarchive forget example.org
    """
    from archive import forget as erasures

    if lift:
        _lift(names, directory, as_json)
        return
    with _opened(directory, dry_run) as (archive, db):
        with progress_bar("looking into lists", erasures.count_lists(db)) as advance:
            plan = erasures.plan(db, directory / "warc", names, advance)
        if not as_json:
            _show(plan)
        done = None
        if archive and _agreed(yes, "Erase this for good?"):
            with progress_bar("erasing", len(plan.captures)) as advance:
                done = erasures.forget(archive, plan, advance)
    _finish(plan, done, "erased, and not fetched or stored again", as_json)


@click.command()
@dry_run_option
@yes_option
@filter_options
@shared_options
def prune(filters: Filters, dry_run: bool, yes: bool, directory: Path, as_json: bool) -> None:
    """Drop the articles that the filters select, with their captures: by age, by source.

    \b
    Examples:
      newsarchive prune --until 2019-12-31 --dry-run
      newsarchive prune --source example.org
    """
    from archive import prune as pruning
    from archive.search import Filters

    if filters == Filters():
        raise click.UsageError("say what to drop: --until, --source, …")
    with _opened(directory, dry_run) as (archive, db):
        plan = pruning.plan(db, filters)
        if not as_json:
            _show(plan)
        done = None
        if archive and plan.captures and _agreed(yes, "Drop this?"):
            with progress_bar("dropping", len(plan.captures)) as advance:
                done = pruning.prune(archive, plan, advance)
    _finish(plan, done, "dropped", as_json)


def _lift(names: tuple[str, ...], directory: Path, as_json: bool) -> None:
    from archive.opening import open_archive

    with open_archive(directory, "forget") as archive, archive.transaction():
        lifted = [name for name in names if archive.forgotten.lift(name)]
    if as_json:
        print_json({"lifted": lifted})
    for name in names:
        say(f"{name}: {'is stored again' if name in lifted else 'was not forgotten'}")


@contextmanager
def _opened(directory: Path, dry_run: bool) -> Iterator[tuple[Store | None, sqlite3.Connection]]:
    """The archive for writing, so that nothing comes between plan and deed; or only to read."""
    from archive.opening import open_archive, reader

    if dry_run:
        with reader(directory) as db:
            yield None, db
        return
    with reader(directory):  # where there is no archive none is made
        pass
    with open_archive(directory, "forget") as archive:
        yield archive, archive.connection


def _agreed(yes: bool, question: str) -> bool:
    import sys

    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked: add --yes, or --dry-run")
    return click.confirm(question, err=True, abort=True)


def _show(plan: Plan) -> None:
    for url in sorted(plan.articles.values())[:SHOWN]:
        say(url)
    if len(plan.articles) > SHOWN:
        say(f"… and {len(plan.articles) - SHOWN:,} more")
    for source in plan.sources:
        say(f"the source {source}, with its runs, failures and what waits to be fetched")
    say(
        f"{counted(len(plan.articles), 'article')}, {counted(len(plan.captures), 'capture')}, "
        f"{plan.lists:,} of them of feeds and other lists"
    )
    for kind, kept in (
        ("nearly the same text, stays", plan.duplicates),
        ("links to it, stays", plan.links),
        ("could not be looked into, stays", plan.unreadable),
    ):
        for line in kept[:SHOWN]:
            say(f"{kind}: {line}")
        if len(kept) > SHOWN:
            say(f"{kind}: {len(kept) - SHOWN:,} more")


def _finish(plan: Plan, done: bool | None, deed: str, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "done": bool(done),
                "articles": sorted(plan.articles.values()),
                "addresses": len(plan.keys),
                "captures": len(plan.captures),
                "lists": plan.lists,
                "sources": plan.sources,
                "duplicates": plan.duplicates,
                "links": plan.links,
                "unreadable": plan.unreadable,
            }
        )
    if done is None:
        return
    say(f"{deed if plan.captures else 'nothing was held'}. {COPIES}")
    for source in plan.sources:
        say(f"if sources.toml names {source}, delete it there")
    if not done:
        say(
            "another program reads the archive: bytes of it are still in the log of archive.db, and "
            "go when a command that writes is run without it"
        )
