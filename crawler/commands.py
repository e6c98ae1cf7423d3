"""The command line: what crawls and imports, added to the group of archive/cli.py. Entry point."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from archive import terminal
from archive.cli import cli
from archive.options import shared_options, sources_option
from crawler.shared.status import frontier_option
from crawler.source_commands import sources
from crawler.unattended import contact_option

workers_option = click.option(
    "--workers", "count", type=click.IntRange(1), help="Processes that read pages [all cores]."
)


@cli.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@click.option("--full", is_flag=True, help="The whole history, not only what is new.")
@click.option("--revisit", is_flag=True, help="Ask for every held article again, conditionally.")
@click.option("--due", is_flag=True, help="Only sources, and of them URLs, whose time has come.")
@click.option("--limit", type=click.IntRange(1), help="At most so many articles of each source.")
@frontier_option
@contact_option
@sources_option
@shared_options
def crawl(
    names: tuple[str, ...],
    full: bool,
    revisit: bool,
    due: bool,
    limit: int | None,
    frontier: str | None,
    contact: str | None,
    file: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Crawl sources: all of the list, or those named.

    \b
    Examples:
      newsarchive crawl
      newsarchive crawl the-decoder --full --limit 200
      newsarchive crawl --frontier redis://queue.example.org --archive worker-1
    """
    from crawler.ledger import Options
    from crawler.report import finish, watching
    from crawler.run import open_crawl, run

    options = Options(full=full, revisit=revisit, limit=limit, due_only=due)
    with open_crawl(directory, file, names, options, frontier) as work, watching(work, as_json):
        debug = bool(click.get_current_context().find_root().meta.get("debug"))
        reports = run(work, contact, debug=debug) if work.sources else []
    if due and not reports and not as_json:
        click.echo("nothing is due: `newsarchive sources list` says when what is")
        return
    finish(reports, as_json)


@cli.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--url", help="The address of a saved page, where the page itself does not say it.")
@workers_option
@sources_option
@shared_options
def import_(
    paths: tuple[Path, ...],
    url: str | None,
    count: int | None,
    file: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Import WARC files, saved pages (.html, .html.gz), mail (.eml, .mbox), and folders of them.

    \b
    Examples:
      newsarchive import crawl.warc.gz saved-pages/
      newsarchive import page.html --url https://example.org/a-post
    """
    from crawler import importer
    from crawler.report import finish
    from crawler.run import open_workers

    chosen = importer.files(paths)
    if url and len(chosen) > 1:
        raise click.UsageError("--url names one page: import one file with it")
    with (
        open_workers(directory, file, "import", count) as (archive, workers, known),
        terminal.progress_bar("importing", len(chosen)) as advance,
    ):
        reports = importer.run(archive, workers, chosen, url, lambda _: advance(1), known)
    finish(reports, as_json)


@cli.command(name="reextract")
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@click.option("--all", "everything", is_flag=True, help="Also what this extractor has read.")
@workers_option
@sources_option
@shared_options
def reextract_(
    names: tuple[str, ...],
    everything: bool,
    count: int | None,
    file: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Read captures again that an older extractor or other rules have read.

    Rules are `keep`, `drop` and `language` of a source, and boilerplate.toml. It is never a
    revision. When it is stopped, the next run goes on where it was.

    \b
    Examples:
      newsarchive reextract
      newsarchive reextract the-decoder --all --workers 2
    """
    from archive.opening import reader
    from crawler.reextract import Reextraction
    from crawler.report import finish_reextraction
    from crawler.run import open_workers

    with reader(directory):  # an archive must be there
        pass
    with open_workers(directory, file, "reextract", count) as (archive, workers, known):
        work = Reextraction(archive, workers, known, names)
        with terminal.progress_bar("reading", work.plan(everything=everything)) as advance:
            work.run(advance)
    finish_reextraction(work.reports, as_json)


cli.add_command(sources)


@cli.command()
@click.option(
    "--keep", type=click.Path(path_type=Path), default=Path("demo-archive"), show_default=True,
    help="The folder of the demo's archive; made anew each time.",
)  # fmt: skip
@click.option("--debug", is_flag=True, hidden=True)
def demo(keep: Path, debug: bool) -> None:
    """Run the whole line on bundled sample sites, offline.

    \b
    Example:
      newsarchive demo
    """
    from crawler.demo.tour import run_tour

    sys.exit(run_tour(keep))


def main() -> NoReturn:
    """The command `newsarchive`."""
    terminal.run(cli)
