"""Full-text search: words as the index sees them, queries as people write them, filters."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from archive import urls
from archive.errors import UserError
from archive.model import Article

# Scripts without spaces between words: Han, kana, Thai, Lao, Khmer, Myanmar.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_TERM = re.compile(r'(-?)(?:(title|author|text):)?("[^"]*"|[^\s"]+)', re.I)
_COLUMNS = {"title": "title", "author": "authors", "text": "text"}
TITLE_WEIGHT, TEXT_WEIGHT, AUTHOR_WEIGHT = 8.0, 1.0, 4.0  # of bm25: a word in the title says most
SNIPPET_WORDS = 30

COLUMNS = tuple(field.name for field in fields(Article))
_SELECT = ", ".join(f"a.{name}" for name in COLUMNS)


class QueryError(UserError):
    """A query that cannot be understood, with a hint."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles: the same everywhere. Dates are ISO 8601 days or times, both inclusive."""

    query: str | None = None
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    min_words: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An article found; the snippet in pieces, each with whether it matches the query."""

    article: Article
    snippet: tuple[tuple[str, bool], ...]


def words(text: str) -> str:
    """A text as the index sees it: scripts without spaces cut into overlapping pairs of letters.

    Accents are folded by the index's own tokenizer.
    """
    return _RUN.sub(lambda run: f" {_pairs(run.group())} ", unicodedata.normalize("NFKC", text))


def index(db: sqlite3.Connection, article_id: int, title: str, text: str, authors: str) -> None:
    """Put an article into the index."""
    db.execute(
        "INSERT INTO articles_fts (rowid, title, text, authors) VALUES (?, ?, ?, ?)",
        [article_id, words(title), words(text), words(authors)],
    )


def unindex(db: sqlite3.Connection, article_id: int, title: str, text: str, authors: str) -> None:
    """Take an article out of the index: with the very texts it was put in with."""
    db.execute(
        "INSERT INTO articles_fts (articles_fts, rowid, title, text, authors) "
        "VALUES ('delete', ?, ?, ?, ?)",
        [article_id, words(title), words(text), words(authors)],
    )


def select(
    db: sqlite3.Connection, filters: Filters, limit: int | None = None, offset: int = 0
) -> Iterator[Hit]:
    """The articles that fit, best first where there is a query, else newest first.

    Raises QueryError.
    """
    where, values = _where(filters)
    order = "coalesce(a.published_utc, a.first_seen) DESC, a.id DESC"
    join = ""
    if filters.query:
        join = "JOIN articles_fts f ON f.rowid = a.id"
        order = f"bm25(articles_fts, {TITLE_WEIGHT}, {TEXT_WEIGHT}, {AUTHOR_WEIGHT}), {order}"
    rows = _run(
        db,
        f"SELECT {_SELECT} FROM articles a {join} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        [*values, -1 if limit is None else limit, offset],
    )
    terms = _terms(filters.query)
    for row in rows:
        article = _article(row)
        yield Hit(article, _snippet(article.text, terms))


def count(db: sqlite3.Connection, filters: Filters) -> int:
    """The number of articles that fit. Raises QueryError."""
    where, values = _where(filters)
    join = "JOIN articles_fts f ON f.rowid = a.id" if filters.query else ""
    row = _run(db, f"SELECT count(*) FROM articles a {join} WHERE {where}", values).fetchone()
    return int(row[0])


def articles(db: sqlite3.Connection, filters: Filters) -> Iterator[Article]:
    """The articles that fit in the order of their addresses, one at a time. Raises QueryError."""
    where, values = _where(filters)
    join = "JOIN articles_fts f ON f.rowid = a.id" if filters.query else ""
    sql = f"SELECT {_SELECT} FROM articles a {join} WHERE {where} ORDER BY a.url"
    return (_article(row) for row in _run(db, sql, values))


def article_by_url(db: sqlite3.Connection, url: str) -> Article | None:
    """The article known by that address: its own, or any it was captured under."""
    row = db.execute(
        f"SELECT {_SELECT} FROM articles a JOIN addresses k ON k.article_id = a.id WHERE k.key = ?",
        [urls.key(url)],
    ).fetchone()
    return _article(row) if row else None


def match_expression(query: str) -> str:
    """The query as an FTS5 expression. Raises QueryError with a hint.

    Words (all of them), "phrases", prefix*, -without, title:word, author:word.
    """
    if query.count('"') % 2:
        raise QueryError(f"the quotation mark in {query!r} is not closed")
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, column, term in _TERM.findall(query):
        expression = _expression(term, column.lower())
        if expression:
            (unwanted if minus else wanted).append(expression)
    if not wanted:
        hint = "add a word that must occur" if unwanted else "write a word to search for"
        raise QueryError(f"nothing to search for in {query!r}: {hint}")
    return " ".join([" AND ".join(wanted), *(f"NOT {expression}" for expression in unwanted)])


def _expression(term: str, column: str) -> str:
    plain = words(term.strip('"')).replace('"', " ").strip()
    is_prefix = plain.endswith("*")
    plain = plain.rstrip("*").strip()
    if not any(c.isalnum() for c in plain):
        return ""
    phrase = f'"{plain}"' + (" *" if is_prefix else "")
    return f"({_COLUMNS[column]} : {phrase})" if column else f"({phrase})"


def _where(filters: Filters) -> tuple[str, list[Any]]:
    clauses, values = ["1"], list[Any]()
    if filters.query:
        clauses.append("articles_fts MATCH ?")
        values.append(match_expression(filters.query))
    for column, chosen in (("source", filters.sources), ("language", filters.languages)):
        if chosen:
            clauses.append(f"a.{column} IN ({', '.join('?' * len(chosen))})")
            values += chosen
    if filters.since:
        clauses.append("coalesce(a.published_utc, a.first_seen) >= ?")
        values.append(filters.since)
    if filters.until:  # a day includes all of its times
        clauses.append("coalesce(a.published_utc, a.first_seen) < ?")
        values.append(filters.until + ("\uffff" if len(filters.until) <= 10 else ""))
    if filters.min_words is not None:
        clauses.append("a.word_count >= ?")
        values.append(filters.min_words)
    return " AND ".join(clauses), values


def _run(db: sqlite3.Connection, sql: str, values: list[Any]) -> sqlite3.Cursor:
    try:
        return db.execute(sql, values)
    except sqlite3.OperationalError as error:
        if "fts5" in str(error):
            raise QueryError(f"the query cannot be understood: {error}") from error
        raise


def _article(row: Any) -> Article:
    values = dict(zip(COLUMNS, tuple(row), strict=True))
    values["authors"] = tuple(json.loads(values["authors"]))
    values["tags"] = tuple(json.loads(values["tags"]))
    return Article(**values)


def _terms(query: str | None) -> re.Pattern[str] | None:
    """What a snippet marks: the wanted terms, accents folded."""
    if not query:
        return None
    found = [
        re.escape(_plain(term.strip('"').rstrip("*")))
        for minus, _, term in _TERM.findall(query)
        if not minus and any(c.isalnum() for c in term)
    ]
    return re.compile("|".join(found)) if found else None


def _snippet(text: str, terms: re.Pattern[str] | None) -> tuple[tuple[str, bool], ...]:
    """The part of a text around the first match, in pieces."""
    plain = _plain(text)
    if terms is None or len(plain) != len(text) or not (first := terms.search(plain)):
        return ((_shortened(text, 0, SNIPPET_WORDS * 8), False),)
    start = max(0, first.start() - 60)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    end = min(len(text), start + SNIPPET_WORDS * 8)
    pieces, position = [], start
    for match in terms.finditer(plain, start, end):
        if match.end() == match.start():
            continue
        pieces.append((text[position : match.start()], False))
        pieces.append((text[match.start() : match.end()], True))
        position = match.end()
    pieces.append((text[position:end] + (" …" if end < len(text) else ""), False))
    if start:
        pieces.insert(0, ("… ", False))
    return tuple((" ".join(piece.split("\n")), hit) for piece, hit in pieces if piece)


def _shortened(text: str, start: int, length: int) -> str:
    part = text[start : start + length].replace("\n", " ")
    return part + (" …" if len(text) > start + length else "")


def _plain(text: str) -> str:
    """Lower case without accents, letter for letter."""
    return "".join(
        (unicodedata.normalize("NFD", c)[0].lower() or c)[0] if c.isalpha() else c for c in text
    )


def _pairs(run: str) -> str:
    return run if len(run) == 1 else " ".join(run[i : i + 2] for i in range(len(run) - 1))
