"""Articles on the screen: show, why, history, search."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import UserError
from archive.options import TEXT, filter_options, shared_options
from archive.terminal import console, print_json, visible, write

if TYPE_CHECKING:
    from rich.console import Console

    from archive.model import Article
    from archive.search import Filters

NEAREST_AMONG = 2_000  # addresses that a mistyped one is compared with: half a second


@click.command()
@click.argument("url", type=TEXT)
@shared_options
def show(url: str, directory: Path, as_json: bool) -> None:
    """Show an article, by any address it was captured under, and those with nearly the same text.

    \b
    Example:
      newsarchive show https://example.org/a-post
    """
    from archive import duplicates
    from archive.opening import reader

    with reader(directory) as db:
        article = _article(db, url)
        cluster = duplicates.cluster(db, article.id)
    if as_json:
        print_json({**asdict(article), "duplicates": [asdict(member) for member in cluster]})
        return
    out = console()
    _write_head(out, article)
    for member in cluster:
        if member.article_id != article.id:
            first = ", published first" if member.is_representative else ""
            line = f"nearly the same{first}: {member.url}"
            out.print(visible(line), style="dim", markup=False, soft_wrap=True)
    out.print()
    write(out, article.text)


@click.command()
@click.argument("url", type=TEXT)
@shared_options
def why(url: str, directory: Path, as_json: bool) -> None:
    """Show what was removed from an article, and why.

    \b
    Example:
      newsarchive why https://example.org/a-post
    """
    from archive.evidence import decisions
    from archive.opening import reader

    with reader(directory) as db:
        article = _article(db, url)
        blocks = decisions(db, article)
    kept: list[dict[str, object]] = [
        {"text": b.text, "kind": b.kind, "position": b.position}
        | ({"rule": b.rule, "evidence": b.evidence} if b.rule else {})
        for b in blocks
        if not b.reason
    ]
    removed = [
        {
            "text": b.text,
            "reason": b.reason,
            "rule": b.rule,
            "evidence": b.evidence,
            "position": b.position,
        }
        for b in blocks
        if b.reason
    ]
    if as_json:
        print_json({"kept": kept, "removed": removed})
        return
    out = console()
    write(out, article.title, "bold")
    out.print(f"{len(kept)} blocks kept, {len(removed)} removed\n")
    if any("rule" in block for block in kept):
        write(out, "kept by a rule of the source", "bold green")
    for b in (b for b in blocks if b.rule and not b.reason):
        write(out, b.text, indent=2)
        write(out, f"{b.rule}: {b.evidence}", "dim", indent=4)
    for reason in dict.fromkeys(str(block["reason"]) for block in removed):
        write(out, reason, "bold red")
        for block in (b for b in removed if b["reason"] == reason):
            write(out, str(block["text"]), indent=2)
            rule = (
                f"{block['rule']}: {block['evidence']}" if block["evidence"] else str(block["rule"])
            )
            write(out, rule, "dim", indent=4)


@click.command()
@click.argument("url", type=TEXT)
@shared_options
def history(url: str, directory: Path, as_json: bool) -> None:
    """Show the revisions of an article, each as a diff against the one before.

    \b
    Example:
      newsarchive history https://example.org/a-post
    """
    from archive.opening import reader

    with reader(directory) as db:
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
    out = console()
    before: list[str] = []
    for number, seen, _, text in rows:
        write(out, f"revision {number}, seen {seen}", "bold")
        paragraphs = text.split("\n\n")
        if number > 1:
            for line in _changes(before, paragraphs):
                write(out, line, "green" if line.startswith("+") else "red", indent=2)
        before = paragraphs


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@filter_options
@shared_options
def search(
    words: tuple[str, ...], limit: int, filters: Filters, directory: Path, as_json: bool
) -> None:
    """Search: words (all of them), "phrases", prefix*, -without, this OR that, title:word.

    Fields: title:, author:, text:; and as filters source:, language:, tag:. Accents and capitals
    make no difference. The best come first; where more than 20,000 articles have the words, the
    newest.

    \b
    Examples:
      newsarchive search 'chips -nvidia' --language de
      newsarchive search '"language model" title:court' --since 2026-01-01
    """
    from dataclasses import replace

    from archive import search as fts
    from archive.opening import reader

    filters = replace(filters, query=" ".join([*words, filters.query or ""]).strip())
    with reader(directory) as db:
        hits = list(fts.select(db, filters, limit))
        total = fts.count(db, filters)
        broad = fts.is_broad(db, filters)
    if as_json:
        found = [
            {**asdict(hit.article), "snippet": "".join(text for text, _ in hit.snippet)}
            for hit in hits
        ]
        order = "newest" if broad else "best"
        print_json({"total": total, "order": order, "articles": found})
        return
    from rich.text import Text

    out = console()
    for hit in hits:
        _write_head(out, hit.article)
        pieces = ((visible(text), "bold" if is_match else "") for text, is_match in hit.snippet)
        out.print(Text.assemble(*pieces))
        out.print()
    order = ", newest first: too many to rank" if broad else ""
    out.print(f"{len(hits)} of {total} articles{order}" if total else "no article found")


def _article(db: sqlite3.Connection, url: str) -> Article:
    from archive import search as fts

    article = fts.article_by_url(db, url)
    if article is None:
        nearest = _nearest(db, url)
        hint = f"; the nearest is {nearest}" if nearest else " (find it with `newsarchive search`)"
        raise UserError(f"no article is known by {url}{hint}")
    return article


def _nearest(db: sqlite3.Connection, url: str) -> str | None:
    """The address most like a mistyped one: any of the same site, else one that is much like it."""
    from archive import urls

    site = urls.site(url if "://" in url else f"https://{url}")
    among = "SELECT url FROM articles WHERE site = ? LIMIT ?"
    known = [row[0] for row in db.execute(among, [site, NEAREST_AMONG])]
    least = 0.0 if known else 0.6
    if not known:
        known = [row[0] for row in db.execute("SELECT url FROM articles LIMIT ?", [NEAREST_AMONG])]
    return next(iter(difflib.get_close_matches(url, known, n=1, cutoff=least)), None)


def _changes(before: list[str], after: list[str]) -> Iterator[str]:
    """The paragraphs that went ("-…") and came ("+…"), as in a unified diff without context."""
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    changed = islice(lines, 2, None)  # without the names of two files
    return (line for line in changed if not line.startswith("@@"))


def _write_head(out: Console, article: Article) -> None:
    write(out, article.title, "bold")
    write(out, _byline(article), "dim")
    out.print(visible(article.url), style="dim", markup=False, soft_wrap=True)  # can be clicked


def _byline(article: Article) -> str:
    parts = [
        ", ".join(article.authors),
        (article.published or "no date")[:10],
        article.source,
        article.language,
        f"{article.word_count:,} words",
        "may not be trained on" if article.may_train == "no" else "",
        f"gone from the web since {article.gone[:10]}" if article.gone else "",
    ]
    return " · ".join(part for part in parts if part)
