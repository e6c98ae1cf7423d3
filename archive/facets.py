"""How many of the articles that fit have each source, language, month, tag and author."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from archive import search
from archive.search import Filters

NAMES = ("source", "language", "month", "tag", "author")
VALUES = 1_000  # of a facet: more are no facet, and names can be as many as articles
COUNTED = 10_000  # articles: more of them take over a tenth of a second

_OWN = ("source", "language", "month")  # columns of `articles`; an article has one of each
_LISTS = {"tag": "article_tags", "author": "article_authors"}
_ALL = {"tag": "tag_counts", "author": "author_counts"}


@dataclass(frozen=True, slots=True)
class Value:
    """A value and how many of the articles have it; null where that was not counted."""

    name: str
    articles: int | None


Facets = dict[str, list[Value]]


def facets(db: sqlite3.Connection, filters: Filters) -> Facets:
    """For each facet the 1,000 most frequent values of the articles that fit, months the newest first.

    Numbers are exact. Where more than 10,000 articles fit, those that would take longer are left out:
    the values are then the most frequent of 10,000 of them. Raises QueryError.
    """
    filters = search.understood(filters)
    cube = search.cube(filters)
    if cube is None:
        return _ordered(*_counted(db, filters, NAMES))
    where, values = cube
    found = {
        name: db.execute(
            f"SELECT {name}, sum(articles) FROM article_counts a WHERE {where} GROUP BY 1", values
        ).fetchall()
        for name in _OWN
    }
    if filters == Filters():
        found |= {
            name: db.execute(
                f"SELECT {name}, articles FROM {table} ORDER BY articles DESC LIMIT {VALUES}"
            ).fetchall()
            for name, table in _ALL.items()
        }
        return _ordered(found, exact=set(NAMES))
    lists, exact = _counted(db, filters, tuple(_LISTS))
    return _ordered(found | lists, exact | set(_OWN))


def _counted(
    db: sqlite3.Connection, filters: Filters, names: tuple[str, ...]
) -> tuple[dict[str, list[Any]], set[str]]:
    """The values of these facets among 10,000 of the articles, and which of them are exact."""
    tables, where, values = search.found(filters)
    is_broad = filters.query is not None and search.is_broad(db, filters)
    if is_broad:  # those captured last
        where += " AND articles_fts.rowid > ?"
        values.append(db.execute("SELECT max(id) FROM article_facets").fetchone()[0] - COUNTED)
    grouped = {name: "FROM found" for name in _OWN if name in names} | {
        name: f"FROM found CROSS JOIN {table} t ON t.article_id = found.id"
        for name, table in _LISTS.items()
    }
    most = f"GROUP BY 2 ORDER BY 3 DESC LIMIT {VALUES}"
    selects = [
        f"SELECT * FROM (SELECT '{name}', {name}, count(*) {source} {most})"
        for name, source in grouped.items()
    ]
    sql = (
        "WITH found AS MATERIALIZED (SELECT a.id, a.source, a.language, "
        f"substr(a.dated, 1, 7) AS month FROM {tables} WHERE {where} LIMIT ?) "
        "SELECT '', '', count(*) FROM found UNION ALL " + " UNION ALL ".join(selects)
    )
    (_, _, total), *rows = search.run(db, sql, [*values, COUNTED + 1]).fetchall()
    counts: dict[str, list[Any]] = {name: [] for name in names}
    for name, value, articles in rows:
        counts[name].append((value, articles))
    return counts, set() if is_broad or total > COUNTED else set(names)


def _ordered(counts: dict[str, list[Any]], exact: set[str]) -> Facets:
    ordered = {name: sorted(counts[name], key=lambda row: (-row[1], row[0])) for name in NAMES}
    ordered["month"].sort(key=lambda row: row[0], reverse=True)
    return {
        name: [Value(value, articles if name in exact else None) for value, articles in rows]
        for name, rows in ordered.items()
    }
