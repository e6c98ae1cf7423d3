"""Drop articles by age, source and the other filters, with the captures they come from.

An archive holds what follows from its captures: what is to go has to go there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from archive import erasure, search
from archive.forget import IS_LIST, Plan, add_article, drop_sources
from archive.store import Store


def plan(db: sqlite3.Connection, filters: search.Filters) -> Plan:
    """What is to go of the articles that fit, their captures, and lists of that time and source.

    Lists stay where articles are chosen by more than time and source. Raises QueryError.
    """
    found = Plan()
    for article in search.articles(db, filters):
        add_article(db, found, article.id, article.url)
    visits = db.execute(  # what was asked for them and found them gone or unchanged, too
        "SELECT id FROM captures WHERE url IN (SELECT c.url FROM readings r "
        "JOIN captures c ON c.id = r.capture_id "
        "WHERE r.article_id IN (SELECT value FROM json_each(?)))",
        [json.dumps(list(found.articles))],
    ).fetchall()
    found.captures |= {row[0] for row in visits}
    by_time_and_source = search.Filters(
        sources=filters.sources, since=filters.since, until=filters.until
    )
    if filters == by_time_and_source:
        _add_lists(db, found, filters)
    if filters == search.Filters(sources=filters.sources):
        found.sources = list(filters.sources)
        marks = ", ".join("?" * len(found.sources))
        rows = db.execute(f"SELECT id FROM captures WHERE source IN ({marks})", found.sources)
        found.captures |= {row[0] for row in rows.fetchall()}
    return found


def prune(archive: Store, found: Plan, advance: Callable[[int], None] = lambda _: None) -> bool:
    """Erase what was planned; it may come again. Whether all files are clean, as for `forget`."""
    db = archive.connection
    with archive.transaction():
        if found.sources:
            drop_sources(db, found)
        db.execute(  # it is not asked for by itself
            "UPDATE frontier SET state = 'done', lease = NULL, revisit = NULL "
            "WHERE key IN (SELECT value FROM json_each(?))",
            [json.dumps(list(found.keys))],
        )
        erasure.erase(archive, found.captures, advance)
    return archive.finish_erasure()


def _add_lists(db: sqlite3.Connection, found: Plan, filters: search.Filters) -> None:
    clauses, values = [IS_LIST], list[Any]()
    if filters.sources:
        clauses.append(f"source IN ({', '.join('?' * len(filters.sources))})")
        values += filters.sources
    if filters.since is not None:
        clauses.append("fetched >= ?")
        values.append(search.moment(filters.since))
    if filters.until is not None:
        clauses.append("fetched <= ?")
        values.append(search.moment(filters.until) + "\uffff")
    rows = db.execute(f"SELECT id FROM captures WHERE {' AND '.join(clauses)}", values).fetchall()
    found.captures |= {row[0] for row in rows}
    found.lists = len(rows)
