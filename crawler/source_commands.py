"""The commands about the list of sources: init, list, check, ack, add, import."""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import asdict
from pathlib import Path

import click

from archive import terminal
from archive.options import shared_options, sources_option
from archive.terminal import print_json, say


@click.group()
def sources() -> None:
    """The sources that are crawled: list, check, ack, add, import, init."""


@sources.command(name="init")
@sources_option
@shared_options
def init(file: Path | None, directory: Path, as_json: bool) -> None:
    """Write the preset list of AI newsletters and news sites, to edit.

    \b
    Example:
      newsarchive sources init
    """
    from crawler.sources import init as write

    path = file or directory / "sources.toml"
    count = write(path)
    if as_json:
        print_json({"path": str(path), "sources": count})
    else:
        say(
            f"{count} sources written to {path}: delete what you do not read, then `newsarchive crawl`"
        )


@sources.command(name="list")
@sources_option
@shared_options
def list_(file: Path | None, directory: Path, as_json: bool) -> None:
    """List the sources, and when each is to be crawled next.

    \b
    Example:
      newsarchive sources list
    """
    from archive.stats import crawls
    from crawler.sources import load

    found = load(file or directory / "sources.toml")
    crawled = crawls(directory)
    if as_json:
        print_json([asdict(source) | asdict(crawled[source.name]) for source in found])
        return
    rows = [
        (s.name, s.language or "–", s.platform or "–", s.checked or "not checked",
         (crawled[s.name].last_crawl or "–")[:10], crawled[s.name].next_line(), s.url)
        for s in found
    ]  # fmt: skip
    columns = ("name", "language", "platform", "last checked", "crawled", "next", "address")
    terminal.console().print(terminal.table(columns, rows))


@sources.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@sources_option
@shared_options
def check(names: tuple[str, ...], file: Path | None, directory: Path, as_json: bool) -> None:
    """Visit sources by every way; say what each found and what is wrong. Nothing is stored.

    \b
    Example:
      newsarchive sources check the-decoder
    """
    from crawler.probe import probe
    from crawler.sources import load, select

    chosen = select(load(file or directory / "sources.toml"), names)
    findings = probe(chosen)
    if as_json:
        print_json({"sources": {f.source.name: f.document() for f in findings}})
    else:
        for finding in findings:
            click.echo("\n".join(finding.lines()))
    if any(finding.problems for finding in findings):
        sys.exit(terminal.EXIT_FAILURES)


@sources.command()
@click.argument("names", nargs=-1, required=True, metavar="SOURCE…")
@click.option("--undo", is_flag=True, help="Let what was acknowledged be told again.")
@shared_options
def ack(names: tuple[str, ...], undo: bool, directory: Path, as_json: bool) -> None:
    """Say no more of what has changed at sources: it is known, and harmless.

    What changes once more is told again, and so is what changes else.

    \b
    Examples:
      newsarchive sources ack the-decoder
      newsarchive sources ack the-decoder --undo
    """
    from archive import health
    from archive.opening import open_archive, reader
    from crawler.toml_errors import nearest

    with reader(directory) as db:  # an archive must be there
        known = health.sources(db)
    for name in names:
        if name not in known:
            terminal.fail(f"nothing was crawled of {name!r}{nearest(name, known)}", 2)
    with open_archive(directory, "sources ack") as archive, archive.transaction():
        done = {name: _ack(archive.connection, name, undo) for name in names}
    if as_json:
        print_json({"sources": {name: measures for name, (measures, _) in done.items()}})
        return
    for name, (_, lines) in done.items():
        said = "; ".join(lines) or "nothing"
        click.echo(
            terminal.visible(f"{name}: {'told again' if undo else 'known from now on'}: {said}")
        )


def _ack(db: sqlite3.Connection, name: str, undo: bool) -> tuple[list[str], list[str]]:
    """The measures of a source that are known now (`undo`: that are not any more), and a line each."""
    from archive import deviations, health

    if undo:
        measures = health.withdraw(db, name)
        return measures, [deviations.name(what) for what in measures]
    changed = health.acknowledge(db, name)
    return [one.what for one in changed], [deviations.describe(one) for one in changed]


@sources.command()
@click.argument("url")
@click.option("--name", help="What to call it [its host].")
@click.option("--allow-private", is_flag=True, help="It is on this machine or a private network.")
@click.option(
    "--accept-terms", is_flag=True, help="Crawl it though its platform's terms forbid it."
)
@sources_option
@shared_options
def add(
    url: str,
    name: str | None,
    allow_private: bool,
    accept_terms: bool,
    file: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Find out platform, feeds, sitemap and language of a site, and add it to the list.

    \b
    Example:
      newsarchive sources add https://example.org
    """
    from archive import urls
    from crawler.probe import probe
    from crawler.sources import Source, append, dump, parse

    url = url if "://" in url else f"https://{url}"
    start = Source(
        name or urls.site(url), url, allow_private=allow_private, accept_terms=accept_terms
    )
    parse(dump(start), "the source")  # the same errors as for the file
    (finding,) = probe([start])
    if not finding.articles and not finding.is_refused:
        terminal.fail(f"{url}: {finding.problem()}; not added", terminal.EXIT_FAILURES)
    path = file or directory / "sources.toml"
    append(path, finding.source)
    if as_json:
        print_json({"path": str(path), **finding.document()})
    else:
        click.echo("\n".join(finding.lines()))
        say(f"added to {path}")


@sources.command(name="import")
@click.argument("opml", metavar="FILE", type=click.Path(path_type=Path))
@sources_option
@shared_options
def import_sources(opml: Path, file: Path | None, directory: Path, as_json: bool) -> None:
    """Add the subscriptions of a feed reader (OPML) to the list.

    \b
    Example:
      newsarchive sources import subscriptions.opml
    """
    from crawler.opml import read
    from crawler.sources import append, load

    path = file or directory / "sources.toml"
    found = read(opml, load(path) if path.exists() else [])
    if found.new:
        append(path, *found.new)
    for line in found.skipped:
        say(f"skipped: {line}")
    names = [source.name for source in found.new]
    if as_json:
        print_json(
            {"path": str(path), "added": names, "held": found.held, "skipped": list(found.skipped)}
        )
    else:
        say(
            f"{len(names)} added to {path}, {found.held} held already, {len(found.skipped)} skipped:"
            " `newsarchive sources check` visits them"
        )
