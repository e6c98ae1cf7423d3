"""Full-text search: words as the index sees them, queries as people write them, filters."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from archive import urls
from archive.errors import UserError
from archive.model import Article

# Scripts without spaces between words: Han, kana, Thai, Lao, Khmer, Myanmar.
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{UNSPACED}]+")
_LAST_RUN = re.compile(f"[{UNSPACED}]+$")
_ITEM = re.compile(
    r'(?P<minus>-?)(?:(?P<field>title|author|text):)?(?:"(?P<phrase>[^"]*)"(?P<star>\*?)|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)
_FIELDS = {"title": "title", "author": "authors", "text": "text"}
_TYPOGRAPHIC_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_UNSEARCHABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # SQLite takes none of them in a query
TITLE_WEIGHT, TEXT_WEIGHT, AUTHOR_WEIGHT = 8.0, 1.0, 4.0  # of bm25: a word in the title says most
BROAD = 20_000  # matches: ranking more of them takes over a tenth of a second
SNIPPET_LETTERS = 240  # three lines of a terminal
SNIPPET_BEFORE = 60  # of them before the first match

_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_MONTH = re.compile(r"\d{4}-\d\d")
COLUMNS = tuple(field.name for field in fields(Article))
_SELECT = ", ".join(f"a.{name}" for name in COLUMNS)


class QueryError(UserError):
    """A query that cannot be understood, with a hint."""


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
    snippet: tuple[tuple[str, bool], ...]


def words(text: str) -> str:
    """A text as the index sees it: in scripts without spaces each letter with the one behind it.

    The last letter of such a run stands alone, so that every letter begins a word and is found by
    itself. Accents are folded by the index's own tokenizer.
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
    db: sqlite3.Connection,
    filters: Filters,
    limit: int | None = None,
    offset: int = 0,
    newest: bool = False,
) -> Iterator[Hit]:
    """The articles that fit, best first where there is a query, else newest first.

    Newest first, too, where the query `is_broad` or that is asked for. Raises QueryError.
    """
    broad = is_broad(db, filters)
    tables, where, values = found(filters, many=broad)
    score, order = "0", "day DESC, address"
    if filters.query is not None and not (broad or newest):
        score = f"bm25(articles_fts, {TITLE_WEIGHT}, {TEXT_WEIGHT}, {AUTHOR_WEIGHT})"
        order = f"score, {order}"
    # The page is chosen first, without the texts: else SQLite would sort the texts of all matches.
    sql = (
        f"WITH page AS (SELECT a.id AS number, a.url AS address, {score} AS score, a.dated AS day "
        f"FROM {tables} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?) "
        f"SELECT {_SELECT} FROM page JOIN articles a ON a.id = number ORDER BY {order}"
    )
    marked = _marked(filters.query)
    for row in run(db, sql, [*values, -1 if limit is None else limit, offset]):
        article = _article(row)
        yield Hit(article, _snippet(article.text, marked))


def is_broad(db: sqlite3.Connection, filters: Filters) -> bool:
    """Whether the words, a tag or an author alone fit more than 20,000 articles. Raises QueryError.

    So many are not ranked.
    """
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
        f"SELECT {_SELECT} FROM (SELECT a.id AS number FROM {tables} WHERE {where} "
        "ORDER BY a.url LIMIT -1) CROSS JOIN articles a ON a.id = number"
    )
    return (_article(row) for row in run(db, sql, values))


def article_by_url(db: sqlite3.Connection, url: str) -> Article | None:
    """The article known by that address: its own, or any it was captured under."""
    row = db.execute(
        f"SELECT {_SELECT} FROM articles a JOIN addresses k ON k.article_id = a.id WHERE k.key = ?",
        [urls.key(url)],
    ).fetchone()
    return _article(row) if row else None


def match_expression(query: str) -> str:
    """The query as an FTS5 expression. Raises QueryError with a hint.

    Words (all of them), "phrases", prefix*, -without, title:word, author:word, text:word.
    """
    items = _items(query)
    wanted = [_expression(item) for item in items if not item.unwanted]
    unwanted = [_expression(item) for item in items if item.unwanted]
    if not wanted:
        hint = "add a word that must occur" if unwanted else "write a word to search for"
        raise QueryError(f"nothing to search for in {query!r}: {hint}")
    expression = " AND ".join(wanted)
    return f"({expression}) NOT ({' OR '.join(unwanted)})" if unwanted else expression


@dataclass(frozen=True, slots=True)
class _Item:
    """A part of a query: a word or phrase, and how it is meant."""

    text: str
    field: str | None
    is_prefix: bool
    unwanted: bool


def _items(query: str) -> list[_Item]:
    plain = unicodedata.normalize("NFKC", query).translate(_TYPOGRAPHIC_QUOTES)
    plain = _UNSEARCHABLE.sub(" ", plain)
    if plain.count('"') % 2:
        raise QueryError(f"the quotation mark in {query!r} is not closed")
    items = []
    for found in _ITEM.finditer(plain):
        text = found["word"] or found["phrase"] or ""
        if text.lower().rstrip(":") in _FIELDS and text.endswith(":"):
            raise QueryError(f"write the word right behind {text!r}, without a space")
        if any(c.isalnum() for c in text):
            is_prefix = text.endswith("*") or found["star"] == "*"
            field = found["field"].lower() if found["field"] else None
            items.append(_Item(_bare(text), field, is_prefix, bool(found["minus"])))
    return items


def _bare(text: str) -> str:
    """Without the punctuation, symbols and spaces around it."""
    outer = [i for i, c in enumerate(text) if unicodedata.category(c)[0] not in "PSZ"]
    return text[outer[0] : outer[-1] + 1]


def _expression(item: _Item) -> str:
    """The item as an FTS5 phrase.

    It may end amid a run of letters without spaces: then its last letter does not stand alone.
    """
    cut, is_prefix = words(item.text).split(), item.is_prefix
    if run := _LAST_RUN.search(item.text):
        is_prefix = len(run.group()) == 1
        cut = cut if is_prefix else cut[:-1]
    phrase = f'"{" ".join(cut)}"' + (" *" if is_prefix else "")
    return f"({_FIELDS[item.field]} : {phrase})" if item.field else f"({phrase})"


def found(filters: Filters, many: bool = False) -> tuple[str, str, list[Any]]:
    """The articles that fit as SQL: tables (`a` are the articles), condition, values of its marks.

    Where there are many, the articles lead and are looked up in the index, one by one, so that the
    first of them are found at once; else the index leads. Raises QueryError.
    """
    clauses, values = _of_source_and_language(filters)
    tables = "articles a"
    if filters.query is not None and many:
        tables = "articles a CROSS JOIN articles_fts ON articles_fts.rowid = a.id"
    elif filters.query is not None:
        tables = "articles_fts CROSS JOIN articles a ON a.id = articles_fts.rowid"
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
        values.append(_moment(filters.since))
    if filters.until is not None:  # a year, a month and a day include all of their times
        clauses.append("a.dated <= ?")
        values.append(_moment(filters.until) + "\uffff")
    if filters.min_words is not None:
        clauses.append("a.word_count >= ?")
        values.append(filters.min_words)
    return tables, " AND ".join(clauses), values


def cube(filters: Filters) -> tuple[str, list[Any]] | None:
    """The condition on `article_counts a` that counts the articles that fit, null where none does."""
    counted = replace(Filters(), sources=filters.sources, languages=filters.languages)
    month = filters.since if filters.since == filters.until else None
    if month is not None and _MONTH.fullmatch(month):
        counted = replace(counted, since=month, until=month)
    if counted != filters:
        return None
    clauses, values = _of_source_and_language(filters)
    if month is not None:
        clauses.append("a.month = ?")
        values.append(_moment(month))
    return " AND ".join(clauses), values


def _of_source_and_language(filters: Filters) -> tuple[list[str], list[Any]]:
    clauses, values = ["1"], list[Any]()
    for column, chosen in (("source", filters.sources), ("language", filters.languages)):
        if chosen:
            clauses.append(f"a.{column} IN ({', '.join('?' * len(chosen))})")
            values += chosen
    return clauses, values


def _moment(stated: str) -> str:
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
    values = dict(zip(COLUMNS, tuple(row), strict=True))
    values["authors"] = tuple(json.loads(values["authors"]))
    values["tags"] = tuple(json.loads(values["tags"]))
    return Article(**values)


def _marked(query: str | None) -> re.Pattern[str] | None:
    """What a snippet marks: the words and phrases wanted of the text, accents folded."""
    if query is None:
        return None
    found = [
        _pattern(item)
        for item in _items(query)
        if not item.unwanted and item.field in (None, "text")
    ]
    return re.compile("|".join(found)) if found else None


def _pattern(item: _Item) -> str:
    parts = re.findall(r"[^\W_]+", _folded(item.text))
    pattern = r"[\W_]+".join(map(re.escape, parts))
    if not _RUN.match(parts[0]):
        pattern = r"(?<![^\W_])" + pattern
    if not (item.is_prefix or _LAST_RUN.search(parts[-1])):
        pattern += r"(?![^\W_])"
    return pattern


def _snippet(text: str, marked: re.Pattern[str] | None) -> tuple[tuple[str, bool], ...]:
    """The part of a text around the first match, in pieces."""
    folded = _folded(text) if marked else ""
    first = marked.search(folded) if marked else None
    start = max(0, first.start() - SNIPPET_BEFORE) if first else 0
    if first and start:  # not amid a word, where the script has spaces
        start = max(start, text.find(" ", start, first.start()) + 1)
    end = min(len(text), start + SNIPPET_LETTERS)
    pieces, position = [("… " if start else "", False)], start
    for match in marked.finditer(folded, start, end) if marked and first else ():
        pieces.append((text[position : match.start()], False))
        pieces.append((text[match.start() : match.end()], True))
        position = match.end()
    pieces.append((text[position:end], False))
    pieces.append((" …" if end < len(text) else "", False))
    return tuple((re.sub(r"\s+", " ", piece), hit) for piece, hit in pieces if piece)


class _Folding(dict[int, str]):
    """For each letter what it is in lower case without its accent: one letter for one."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        composed = unicodedata.normalize("NFKC", letter)
        parts = unicodedata.normalize("NFD", composed if len(composed) == 1 else letter)
        base, marks = parts[0], parts[1:]
        # East of here what looks like an accent makes another letter: か, が.
        if base > "\u2e80" or not all(map(unicodedata.combining, marks)):
            base = letter
        self[code] = folded = base.lower()[:1]
        return folded


_FOLDING = _Folding()


def _folded(text: str) -> str:
    return text.translate(_FOLDING)


def _pairs(run: str) -> str:
    return " ".join(run[i : i + 2] for i in range(len(run)))
