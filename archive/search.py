"""Which articles: filters and full-text search. The same for commands, pages and Python."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from archive import urls
from archive.model import Article
from archive.query import QueryError as QueryError
from archive.query import match_expression as match_expression
from archive.query import parse, wanted
from archive.snippets import Snippet, pattern, snippet
from archive.words import words as words

TITLE_WEIGHT, TEXT_WEIGHT, AUTHOR_WEIGHT = 8.0, 1.0, 4.0  # of bm25: a word in the title says most
BROAD = 20_000  # matches: ranking more of them takes over a tenth of a second
VERSION = "2"  # of the words in the index; another one: all are indexed anew

_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_MONTH = re.compile(r"\d{4}-\d\d")
COLUMNS = tuple(field.name for field in fields(Article))
_LISTS = tuple(COLUMNS.index(name) for name in ("authors", "tags"))
_SELECT = ", ".join(f"article.{name}" for name in COLUMNS)
_SCORE = f"bm25(articles_fts, {TEXT_WEIGHT}, {TITLE_WEIGHT}, {AUTHOR_WEIGHT})"
# Of a query alone the days are looked up of those on the page, and of what scores as the last of them:
# of all that match they would take a third of the time.
_RANKED = f"""
ranked AS MATERIALIZED (
    SELECT rowid AS hit, {_SCORE} AS score FROM articles_fts WHERE articles_fts MATCH ?
), edge AS (SELECT score FROM ranked ORDER BY score LIMIT 1 OFFSET ?), page AS ("""
_AT_EDGE = "score <= (SELECT score FROM edge) OR NOT EXISTS (SELECT 1 FROM edge)"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles: the same everywhere.

    `since` and `until` are ISO 8601 years, months, days or times, both inclusive; they speak of the
    time of publication in UTC, or where a page states none, of when it was first seen. Of sources
    and languages one is enough; tags and authors must all be an article's.
    """

    query: str | None = None
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    min_words: int | None = None
    tags: tuple[str, ...] = ()  # all of them
    authors: tuple[str, ...] = ()  # all of them


@dataclass(frozen=True, slots=True)
class Hit:
    """An article found; the snippet in pieces, each with whether it matches the query."""

    article: Article
    snippet: Snippet


def index(db: sqlite3.Connection, articles: Iterable[tuple[int, str, str, str]]) -> None:
    """Put articles into the index: of each id, title, text and authors."""
    db.executemany(
        "INSERT INTO articles_fts (rowid, title, text, authors) VALUES (?, ?, ?, ?)",
        ((number, *map(words, texts)) for number, *texts in articles),
    )


def unindex(db: sqlite3.Connection, articles: Iterable[tuple[int, str, str, str]]) -> None:
    """Take articles out of the index: with the very texts they were put in with."""
    db.executemany(
        "INSERT INTO articles_fts (articles_fts, rowid, title, text, authors) "
        "VALUES ('delete', ?, ?, ?, ?)",
        ((number, *map(words, texts)) for number, *texts in articles),
    )


def rebuild(db: sqlite3.Connection) -> None:
    """Index all articles anew."""
    db.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
    index(db, db.execute("SELECT id, title, text, authors FROM articles ORDER BY id"))


def understood(filters: Filters) -> Filters:
    """The same with what the query says of source, language and tag as filters.

    Raises QueryError.
    """
    if filters.query is None:
        return filters
    query = parse(filters.query)
    return replace(
        filters,
        query=query.words,
        sources=filters.sources + query.filters["source"],
        languages=filters.languages + query.filters["language"],
        tags=filters.tags + query.filters["tag"],
    )


def select(
    db: sqlite3.Connection,
    filters: Filters,
    limit: int | None = None,
    offset: int = 0,
    newest: bool = False,
) -> Iterator[Hit]:
    """The articles that fit, best first where there is a query, else newest first.

    Newest first, too, where the query `is_broad` or that is asked for. Raises QueryError.
    """
    filters = understood(filters)
    broad = is_broad(db, filters)
    tables, where, values = found(filters, many=broad)
    order, before = "day DESC, number DESC", "page AS ("
    columns = "a.id AS number, a.dated AS day"
    if filters.query is not None and not (broad or newest):
        columns += f", {_SCORE} AS score"
        order = f"score, {order}"
        if limit is not None and filters == Filters(filters.query):
            before, tables, where = _RANKED, "ranked JOIN article_facets a ON a.id = hit", _AT_EDGE
            columns = "hit AS number, a.dated AS day, score"
            values = [*values, offset + limit - 1]
    # The page is chosen first, without the texts: they are read for its articles alone.
    sql = (
        f"WITH {before} SELECT {columns} FROM {tables} WHERE {where} "
        f"ORDER BY {order} LIMIT ? OFFSET ?) "
        f"SELECT {_SELECT} FROM page JOIN articles article ON article.id = number ORDER BY {order}"
    )
    marked = pattern(wanted(filters.query)) if filters.query else None
    for row in run(db, sql, [*values, -1 if limit is None else limit, offset]):
        article = _article(row)
        yield Hit(article, snippet(article.text, marked))


def is_broad(db: sqlite3.Connection, filters: Filters) -> bool:
    """Whether the words, a tag or an author alone fit more than 20,000 articles. Raises QueryError.

    So many are not ranked.
    """
    filters = understood(filters)
    if filters.query is not None:
        sql = "SELECT count(*) FROM (SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? LIMIT ?)"
        matches = run(db, sql, [match_expression(filters.query), BROAD + 1]).fetchone()[0]
        return bool(matches > BROAD)
    counts = [
        db.execute(f"SELECT articles FROM {column}_counts WHERE {column} = ?", [value]).fetchone()
        for column, values in (("tag", filters.tags), ("author", filters.authors))
        for value in values
    ]
    return any(row and row[0] > BROAD for row in counts)


def count(db: sqlite3.Connection, filters: Filters) -> int:
    """The number of articles that fit. Raises QueryError."""
    filters = understood(filters)
    counted = cube(filters)
    if counted is not None:
        where, values = counted
        sql = f"SELECT coalesce(sum(a.articles), 0) FROM article_counts a WHERE {where}"
    elif filters == Filters(filters.query):
        sql = "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?"
        values = [match_expression(filters.query or "")]
    else:
        tables, where, values = found(filters)
        sql = f"SELECT count(*) FROM {tables} WHERE {where}"
    return int(run(db, sql, values).fetchone()[0])


def quick_count(db: sqlite3.Connection, filters: Filters) -> int | None:
    """The number of articles that fit; null where they are many and counting takes long.

    Raises QueryError.
    """
    filters = understood(filters)
    if cube(filters) is not None or filters == Filters(filters.query):
        return count(db, filters)
    if is_broad(db, filters):
        return None
    tables, where, values = found(filters)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {tables} WHERE {where} LIMIT ?)"
    counted = int(run(db, sql, [*values, BROAD + 1]).fetchone()[0])
    return counted if counted <= BROAD else None


def articles(
    db: sqlite3.Connection, filters: Filters, among: str | None = None
) -> Iterator[Article]:
    """The articles that fit in the order of their addresses, one at a time. Raises QueryError.

    `among` is a query for the ids of those that may be among them.
    """
    tables, where, values = found(filters)
    if among:
        where += f" AND a.id IN ({among})"
    # Ids are sorted, not texts: the limit keeps SQLite from merging the two queries, and CROSS JOIN
    # keeps their order (https://www.sqlite.org/optoverview.html, 8.2 and 10).
    sql = (
        f"SELECT {_SELECT} FROM (SELECT id AS number FROM articles "
        f"WHERE id IN (SELECT a.id FROM {tables} WHERE {where}) "
        "ORDER BY url LIMIT -1) CROSS JOIN articles article ON article.id = number"
    )
    return (_article(row) for row in run(db, sql, values))


def article_by_url(db: sqlite3.Connection, url: str) -> Article | None:
    """The article known by that address: its own, or any it was captured under."""
    row = db.execute(
        f"SELECT {_SELECT} FROM articles article JOIN addresses k ON k.article_id = article.id "
        "WHERE k.key = ?",
        [urls.key(url)],
    ).fetchone()
    return _article(row) if row else None


def found(filters: Filters, many: bool = False) -> tuple[str, str, list[Any]]:
    """The articles that fit as SQL: tables (`a` has their facets), condition, values of its marks.

    Where there are many, the articles lead and are looked up in the index, one by one, so that the
    first of them are found at once; else the index leads. Raises QueryError.
    """
    filters = understood(filters)
    clauses, values = _of_source_and_language(filters)
    tables = "article_facets a"
    if filters.query is not None and many:
        tables = "article_facets a CROSS JOIN articles_fts ON articles_fts.rowid = a.id"
    elif filters.query is not None:
        tables = "articles_fts CROSS JOIN article_facets a ON a.id = articles_fts.rowid"
    if filters.query is not None:
        clauses.append("articles_fts MATCH ?")
        values.append(match_expression(filters.query))
    for column, table, chosen in (
        ("tag", "article_tags", filters.tags),
        ("author", "article_authors", filters.authors),
    ):
        for value in chosen:
            if many or filters.query is not None:
                member = f"EXISTS (SELECT 1 FROM {table} WHERE {column} = ? AND article_id = a.id)"
            else:
                member = f"a.id IN (SELECT article_id FROM {table} WHERE {column} = ?)"
            clauses.append(member)
            values.append(value)
    if filters.since is not None:
        clauses.append("a.dated >= ?")
        values.append(moment(filters.since))
    if filters.until is not None:  # a year, a month and a day include all of their times
        clauses.append("a.dated <= ?")
        values.append(moment(filters.until) + "\uffff")
    if filters.min_words is not None:
        clauses.append("a.word_count >= ?")
        values.append(filters.min_words)
    return tables, " AND ".join(clauses), values


def cube(filters: Filters) -> tuple[str, list[Any]] | None:
    """The condition on `article_counts a` that counts the articles that fit, null where none does."""
    filters = understood(filters)
    counted = replace(Filters(), sources=filters.sources, languages=filters.languages)
    month = filters.since if filters.since == filters.until else None
    if month is not None and _MONTH.fullmatch(month):
        counted = replace(counted, since=month, until=month)
    if counted != filters:
        return None
    clauses, values = _of_source_and_language(filters)
    if month is not None:
        clauses.append("a.month = ?")
        values.append(moment(month))
    return " AND ".join(clauses), values


def _of_source_and_language(filters: Filters) -> tuple[list[str], list[Any]]:
    clauses, values = ["1"], list[Any]()
    for column, chosen in (("source", filters.sources), ("language", filters.languages)):
        if chosen:
            clauses.append(f"a.{column} IN ({', '.join('?' * len(chosen))})")
            values += chosen
    return clauses, values


def moment(stated: str) -> str:
    """A year, month, day or time as it compares with the stored times. Raises QueryError."""
    try:
        if _DAY.fullmatch(stated):
            datetime.fromisoformat(stated + "-01" * ((10 - len(stated)) // 3))
            return stated
        moment = datetime.fromisoformat(stated)
    except ValueError as error:
        raise QueryError(f"{stated!r} is no date: write it like 2026-11-24") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def run(db: sqlite3.Connection, sql: str, values: list[Any]) -> sqlite3.Cursor:
    try:
        return db.execute(sql, values)
    except sqlite3.OperationalError as error:
        if "fts5" in str(error):
            raise QueryError(f"the query cannot be understood: {error}") from error
        raise


def _article(row: Any) -> Article:
    values = list(row)  # in the order of the fields
    for place in _LISTS:
        values[place] = tuple(orjson.loads(values[place]))
    return Article(*values)
