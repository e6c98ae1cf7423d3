"""The commands that read an archive, and what all commands share: options, errors, exit codes."""

from __future__ import annotations

import difflib
import errno
import functools
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from archive.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from archive.model import Article
    from archive.search import Filters

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_FAILURES = 1
EXIT_NOT_WRITABLE = 4
NOT_WRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})


def default_directory() -> Path:
    """The archive's folder where none is named: NEWSARCHIVE_DIR, else the user's data folder."""
    import platformdirs

    named = os.environ.get("NEWSARCHIVE_DIR")
    return Path(named) if named else platformdirs.user_data_path("newsletter-archive")


def shared_options(command: Command) -> Command:
    """`--archive`, `--json` and `--debug`, before or behind the command's name.

    The function is given `directory: Path` and `as_json: bool`.
    """

    @click.option("--archive", "archive", type=click.Path(path_type=Path), help=_ARCHIVE_HELP)
    @click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
    )
    @click.option("--debug", is_flag=True, help="Show tracebacks.")
    @functools.wraps(command)
    def wrapped(archive: Path | None, as_json: bool, debug: bool, **values: Any) -> Any:
        context = click.get_current_context()
        above = context.find_root().params
        context.find_root().meta["debug"] = debug or bool(above.get("debug"))
        directory = archive or above.get("archive") or default_directory()
        return command(directory=directory, as_json=as_json or bool(above.get("as_json")), **values)

    return wrapped  # type: ignore[return-value]


_ARCHIVE_HELP = "The archive's folder [NEWSARCHIVE_DIR, else the user's data folder]."


def filter_options(command: Command) -> Command:
    """The filters, the same everywhere; the function is given `filters: Filters`."""

    @click.option("--source", "sources", multiple=True, help="Only of this source; repeatable.")
    @click.option(
        "--language", "languages", multiple=True, help="Only in this language; repeatable."
    )
    @click.option("--since", help="Published on or after this day (ISO 8601).")
    @click.option("--until", help="Published on or before this day (ISO 8601).")
    @click.option("--query", help="Only what this query finds.")
    @click.option(
        "--min-words", type=click.IntRange(0), help="Only texts of so many words or more."
    )
    @functools.wraps(command)
    def wrapped(
        sources: tuple[str, ...],
        languages: tuple[str, ...],
        since: str | None,
        until: str | None,
        query: str | None,
        min_words: int | None,
        **values: Any,
    ) -> Any:
        from archive.search import Filters

        for day in (since, until):
            _check_date(day)
        filters = Filters(query, sources, languages, since, until, min_words)
        return command(filters=filters, **values)

    return wrapped  # type: ignore[return-value]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--archive", "archive", type=click.Path(path_type=Path), help=_ARCHIVE_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="newsletter-archive", prog_name="newsarchive")
def cli(archive: Path | None, as_json: bool, debug: bool) -> None:
    """Keep the articles of newsletters and news sites: clean, searchable, for good.

    Exit codes: 0 done, 1 done with failures, 2 wrong use, 3 another process is writing this
    archive, 4 disk full or not writable.
    """


@cli.command()
@click.argument("url")
@shared_options
def show(url: str, directory: Path, as_json: bool) -> None:
    """Show an article, by any address it was captured under.

    \b
    Example:
      newsarchive show https://example.org/a-post
    """
    with _reader(directory) as db:
        article = _article(db, url)
    if as_json:
        print_json(asdict(article))
        return
    out = console()
    out.print(article.title, style="bold", markup=False)
    out.print(_byline(article), style="dim", markup=False)
    out.print(article.url, style="dim", markup=False, soft_wrap=True)
    out.print()
    out.print(article.text, markup=False, highlight=False)


@cli.command()
@click.argument("url")
@shared_options
def why(url: str, directory: Path, as_json: bool) -> None:
    """Show what was removed from an article, and why.

    \b
    Example:
      newsarchive why https://example.org/a-post
    """
    with _reader(directory) as db:
        article = _article(db, url)
        blocks = db.execute(
            "SELECT b.position, b.kind, b.text, b.kept, b.reason, b.rule, "
            "CASE b.reason WHEN 'repeated-on-site' "
            "THEN 'stands in ' || s.articles || ' articles of the site' ELSE b.evidence END "
            "FROM blocks b LEFT JOIN block_stats s ON s.site = ? AND s.digest = b.digest "
            "WHERE b.article_id = ? ORDER BY b.position",
            [article.site, article.id],
        ).fetchall()
    kept = [{"text": b[2], "kind": b[1], "position": b[0]} for b in blocks if b[3]]
    removed = [
        {"text": b[2], "reason": b[4], "rule": b[5], "evidence": b[6], "position": b[0]}
        for b in blocks
        if not b[3]
    ]
    if as_json:
        print_json({"kept": kept, "removed": removed})
        return
    out = console()
    out.print(article.title, style="bold", markup=False)
    out.print(f"{len(kept)} blocks kept, {len(removed)} removed\n", highlight=False)
    for reason in dict.fromkeys(str(block["reason"]) for block in removed):
        out.print(reason, style="bold red", markup=False)
        for block in (b for b in removed if b["reason"] == reason):
            out.print(f"  {block['text']}", markup=False, highlight=False)
            rule = f"    {block['rule']}" + (f": {block['evidence']}" if block["evidence"] else "")
            out.print(rule, style="dim", markup=False, highlight=False)


@cli.command()
@click.argument("url")
@shared_options
def history(url: str, directory: Path, as_json: bool) -> None:
    """Show the revisions of an article, each as a diff against the one before.

    \b
    Example:
      newsarchive history https://example.org/a-post
    """
    with _reader(directory) as db:
        article = _article(db, url)
        rows = db.execute(
            "SELECT number, seen, digest, coalesce(text, ?) FROM revisions "
            "WHERE article_id = ? ORDER BY number",
            [article.text, article.id],
        ).fetchall()
    if as_json:
        names = ("number", "seen", "digest", "text")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    before: list[str] = []
    for number, seen, _, text in rows:
        click.echo(f"revision {number}, seen {seen}")
        lines = text.split("\n\n")
        if number > 1:
            for line in difflib.unified_diff(before, lines, lineterm="", n=0):
                if not line.startswith(("---", "+++", "@@")):
                    click.echo(f"  {line}")
        before = lines


@cli.command()
@click.argument("wanted", metavar="QUERY")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@filter_options
@shared_options
def search(wanted: str, limit: int, filters: Filters, directory: Path, as_json: bool) -> None:
    """Search: words (all of them), "phrases", prefix*, -without, title:word, author:word.

    \b
    Examples:
      newsarchive search 'chips -nvidia' --language de
      newsarchive search '"language model" title:court' --since 2026-01-01
    """
    from dataclasses import replace

    from archive import search as fts

    filters = replace(filters, query=f"{wanted} {filters.query or ''}".strip())
    with _reader(directory) as db:
        hits = list(fts.select(db, filters, limit))
        total = fts.count(db, filters)
    if as_json:
        found = [
            {**asdict(hit.article), "snippet": "".join(text for text, _ in hit.snippet)}
            for hit in hits
        ]
        print_json({"total": total, "articles": found})
        return
    from rich.text import Text

    out = console()
    for hit in hits:
        out.print(hit.article.title, style="bold", markup=False)
        out.print(_byline(hit.article), style="dim", markup=False)
        out.print(hit.article.url, style="dim", markup=False, soft_wrap=True)
        out.print(Text.assemble(*((text, "bold" if hit_ else "") for text, hit_ in hit.snippet)))
        out.print()
    out.print(f"{len(hits)} of {total} articles" if total else "no article found", highlight=False)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--open", "open_browser", is_flag=True, help="Open a browser window on it.")
@shared_options
def browse(host: str, port: int, open_browser: bool, directory: Path, as_json: bool) -> None:
    """Serve the archive as web pages (Datasette), until Ctrl+C.

    \b
    Example:
      newsarchive browse --port 8001
    """
    from archive.browse import serve

    serve(directory, host, port, open_browser)


@cli.command()
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

    if as_json and output == "-":
        raise click.UsageError("--json and --output - both want standard output: write to a file")
    target = None if output == "-" else Path(output)
    if target and not target.parent.is_dir():
        raise click.UsageError(f"no such folder: {target.parent}")
    with _reader(directory) as db:
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


@cli.command()
@shared_options
def stats(directory: Path, as_json: bool) -> None:
    """Show what is in the archive, and the health of its sources.

    \b
    Example:
      newsarchive stats
    """
    from archive.stats import collect

    with _reader(directory) as db:
        found = collect(db)
    if as_json:
        print_json(asdict(found))
        return
    out = console()
    out.print(
        f"{found.articles:,} articles, {found.words:,} words, {found.revisions:,} revisions, "
        f"{found.captures:,} captures; {found.removed_share:.0%} of the pages' text removed\n",
        highlight=False,
    )
    out.print(
        table(
            ("source", "articles", "words", "last crawl", "new", "revised", "failed", "open failures"),
            [
                (s.name, s.articles, s.words, (s.last_crawl or "–")[:16], *_numbers(s.new, s.revised, s.failed), s.failures)
                for s in found.sources
            ],
        )
    )  # fmt: skip
    out.print(table(("language", "articles"), found.languages))
    out.print(
        table(
            ("removed", "blocks", "letters"),
            [(r.reason, r.blocks, r.letters) for r in found.removed],
        )
    )


@cli.command()
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


def run(group: click.Group) -> NoReturn:
    """Run the command line: the one place where errors become a line and an exit code."""
    # Consoles with another encoding must not end a command over a dash.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = group.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        fail("stopped", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (UserError, OSError, sqlite3.Error) as error:
        if "--debug" in sys.argv:
            raise
        fail(*_explain(error))


def fail(message: str, code: int) -> NoReturn:
    """End with one line on standard error and an exit code."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


def say(message: str) -> None:
    """A line for the user, on standard error: standard output is for results."""
    click.echo(message, err=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def console(stderr: bool = False) -> Console:
    """Where people read: plain in pipes, coloured on a terminal."""
    from rich.console import Console

    return Console(stderr=stderr, soft_wrap=False, emoji=False)


def table(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> Any:
    """A table without frame; numbers to the right."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="bold")
    listed = [list(row) for row in rows]
    for column, name in enumerate(names):
        is_number = all(isinstance(row[column], int | float) for row in listed)
        made.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in listed:
        made.add_row(*(f"{v:,}" if isinstance(v, int) else str(v) for v in row))
    made.add_row()
    return made


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, UserError):
        return str(error), error.exit_code
    if isinstance(error, OSError) and error.errno in NOT_WRITABLE:
        place = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{place}; nothing that was stored is lost", EXIT_NOT_WRITABLE
    if isinstance(error, sqlite3.Error):
        text = str(error)
        if any(word in text for word in ("full", "readonly", "unable to open", "disk I/O")):
            return (
                f"the archive cannot be written: {text}; nothing stored is lost",
                EXIT_NOT_WRITABLE,
            )
        return f"archive.db: {text} (check it with `newsarchive verify`)", EXIT_FAILURES
    return f"{error}", EXIT_FAILURES


class _Reader:
    """A read-only connection, closed behind the block."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> sqlite3.Connection:
        from archive.store import open_reader

        self._db = open_reader(self._directory)
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.close()


def _reader(directory: Path) -> _Reader:
    return _Reader(directory)


def _article(db: sqlite3.Connection, url: str) -> Article:
    from archive import search as fts

    article = fts.article_by_url(db, url)
    if article is None:
        known = [row[0] for row in db.execute("SELECT url FROM articles LIMIT 50000").fetchall()]
        close = difflib.get_close_matches(url, known, n=1, cutoff=0.6)
        hint = f"; the nearest is {close[0]}" if close else " (find it with `newsarchive search`)"
        raise UserError(f"no article is known by {url}{hint}")
    return article


def _byline(article: Article) -> str:
    parts = [
        ", ".join(article.authors),
        (article.published or "no date")[:10],
        article.source,
        article.language,
        f"{article.word_count:,} words",
        "may not be trained on" if article.may_train == "no" else "",
    ]
    return " · ".join(part for part in parts if part)


def _numbers(*values: int | None) -> list[Any]:
    return [0 if value is None else value for value in values]


def _check_date(day: str | None) -> None:
    if day is None:
        return
    try:
        datetime.fromisoformat(day)
    except ValueError:
        raise click.UsageError(f"{day!r} is no date: write it like 2026-11-24") from None
