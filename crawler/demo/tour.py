"""`newsarchive demo`: the real commands, one after the other, on the bundled sample sites."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click

from archive import terminal
from archive.opening import open_reader
from archive.stats import collect
from crawler.demo.sites import SampleSite, serve, sources_toml

ADDITION = (
    "Nachtrag: In einer früheren Fassung fehlte der Hinweis, dass der Bericht auf Unterlagen beruht, "
    "die der Redaktion vorliegen."
)


def run_tour(directory: Path) -> int:
    """The exit code: 0 where every command did what it should."""
    is_archive = (directory / "archive.db").exists()
    if directory.exists() and any(directory.iterdir()) and not is_archive:
        terminal.fail(f"{directory} is not empty and no archive: name another with --keep", 2)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    corpus = directory / "corpus.jsonl"
    with serve() as sites:
        (directory / "sources.toml").write_text(sources_toml(sites), "utf-8")
        click.echo(f"{len(sites)} invented sites are served on this machine:")
        for site in sites:
            click.echo(f"  {site.name} ({site.platform}, {site.language}) at {site.base_url}")
        codes = [
            _run("The first crawl: everything they have.", directory, "crawl", "--full"),
            _run(
                "The same again: nothing changed, so no article is fetched.",
                directory,
                "crawl",
                "--full",
            ),
        ]
        _change(sites[0])
        codes.append(_run("An article was edited: a revision.", directory, "crawl", sites[0].name))
        url = _why_example(sites)
        codes += [
            _run(
                "Search, across accents and scripts.", directory, "search", "robot*", "--limit", "2"
            ),
            _run("What was removed from a page, and why.", directory, "why", url),
            _run("A corpus.", directory, "export", "jsonl", "--output", str(corpus)),
            _run("Is the archive whole?", directory, "verify"),
        ]
    _summary(directory)
    _next_steps(directory)
    return max(codes)


def _run(title: str, directory: Path, *arguments: str) -> int:
    shown = shlex.join(["newsarchive", *arguments, "--archive", str(directory)])
    click.secho(f"\n{title}", bold=True)
    click.secho(f"$ {shown}", dim=True)
    command = [sys.executable, "-m", "crawler", *arguments, "--archive", str(directory)]
    return subprocess.run(command, check=False).returncode


def _change(site: SampleSite) -> None:
    """Edit the site's newest article, as an editor would."""
    newest = max(
        (e for e in site.expected() if e.language == site.language), key=lambda e: e.published
    )
    slug = newest.url.rstrip("/").rpartition("/")[2]
    site.revise(slug, lambda body: f"{body.rstrip()}\n\n{ADDITION}\n")


def _why_example(sites: list[SampleSite]) -> str:
    return next(e.url for e in sites[0].expected() if e.markup == "soup")


def _summary(directory: Path) -> None:
    db = open_reader(directory)
    found = collect(db)
    totals = db.execute(
        "SELECT source, max(found), sum(new), sum(revised), sum(unchanged), sum(failed) "
        "FROM runs WHERE kind = 'crawl' GROUP BY source ORDER BY source"
    ).fetchall()
    db.close()
    words = {source.name: source.words for source in found.sources}
    click.secho("\nWhat the archive holds now (numbers of all three crawls)", bold=True)
    names = ("source", "found", "new", "revised", "unchanged", "failed", "words kept")
    out = terminal.console()
    out.print(terminal.table(names, [(*row, words[row[0]]) for row in totals]))
    out.print(
        terminal.table(
            ("removed", "blocks"),
            [(r.reason, r.blocks) for r in sorted(found.removed, key=lambda r: -r.blocks)],
        )
    )


def _next_steps(directory: Path) -> None:
    program = Path(sys.argv[0])
    name = f".venv/bin/{program.name}" if program.parent.name == "bin" else "newsarchive"
    click.secho("Next", bold=True)
    click.echo(f"  browse it               {name} browse --archive {directory}")
    click.echo(f"  crawl your own source   {name} sources add https://example.org && {name} crawl")
    click.echo(
        f"  export                  {name} export jsonl --output corpus.jsonl --archive {directory}"
    )
