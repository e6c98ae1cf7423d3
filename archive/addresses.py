"""By which addresses an article is known: its own, and those that its pages were captured at.

One address leads to one article: the one that stands under it, else the one with the latest reading
of a page there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from archive import urls

_LATEST = "ORDER BY c.fetched DESC, c.digest DESC, c.url DESC, c.source DESC, c.id DESC LIMIT 1"


def article(db: sqlite3.Connection, key: str) -> int | None:
    """The article that an address leads to; null where none is known by it."""
    row = db.execute("SELECT article_id FROM addresses WHERE key = ?", [key]).fetchone()
    return int(row[0]) if row else None


def owner(db: sqlite3.Connection, key: str) -> int | None:
    """The article that stands under an address."""
    row = db.execute(
        "SELECT a.id, a.url FROM addresses k JOIN articles a ON a.id = k.article_id WHERE k.key = ?",
        [key],
    ).fetchone()
    return int(row[0]) if row and urls.key(row[1]) == key else None


def owners(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, int]:
    """The articles that stand under addresses, by these; where none does, there is no entry."""
    rows = db.execute(
        "SELECT k.key, a.id, a.url FROM addresses k JOIN articles a ON a.id = k.article_id "
        "WHERE k.key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(keys))],
    )
    return {key: article_id for key, article_id, url in rows if urls.key(url) == key}


def name(db: sqlite3.Connection, articles: Iterable[tuple[int, str]]) -> None:
    """Let articles be known by their own addresses."""
    db.executemany(
        "INSERT OR REPLACE INTO addresses VALUES (?, ?)",
        [(urls.key(url), article_id) for article_id, url in articles],
    )


def renew(db: sqlite3.Connection, key: str, asked_for: str | None = None) -> None:
    """Find out anew where an address leads; `asked_for`: as it was asked for in captures."""
    if owner(db, key) is not None:
        return
    found = db.execute(
        "SELECT r.article_id FROM readings r JOIN captures c ON c.id = r.capture_id "
        f"WHERE r.own_key = ? {_LATEST}",
        [key],
    ).fetchone()
    if not found and asked_for:
        found = db.execute(
            "SELECT r.article_id FROM captures c JOIN readings r ON r.capture_id = c.id "
            f"WHERE c.url = ? {_LATEST}",
            [asked_for],
        ).fetchone()
    if found:
        db.execute("INSERT OR REPLACE INTO addresses VALUES (?, ?)", [key, found[0]])
    else:
        db.execute("DELETE FROM addresses WHERE key = ?", [key])
