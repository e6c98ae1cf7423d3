"""Groups of translations: what pages declare of each other with hreflang."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from archive import urls


def save(db: sqlite3.Connection, article_id: int, alternates: Iterable[tuple[str, str]]) -> None:
    """Replace what the article declares, and group it anew with all that is connected to it."""
    before = _members(db, article_id)
    db.execute("DELETE FROM translations WHERE article_id = ?", [article_id])
    db.executemany(
        "INSERT OR IGNORE INTO translations VALUES (?, ?, ?)",
        [(article_id, language, urls.canonical(url)) for language, url in alternates],
    )
    for member in before | {article_id}:
        _group(db, member)


def _group(db: sqlite3.Connection, article_id: int) -> None:
    """Name the group after its smallest article address; an article alone has none."""
    members = _members(db, article_id)
    marks = ", ".join("?" * len(members))
    (smallest,) = db.execute(
        f"SELECT min(url) FROM articles WHERE id IN ({marks})", [*members]
    ).fetchone()
    db.execute(
        f"UPDATE articles SET translation_group = ? WHERE id IN ({marks})",
        [smallest if len(members) > 1 else None, *members],
    )


def _members(db: sqlite3.Connection, article_id: int) -> set[int]:
    """The articles held that are connected, in either direction, at any distance."""
    members, waiting = {article_id}, [article_id]
    while waiting:
        for neighbour in _neighbours(db, waiting.pop()) - members:
            members.add(neighbour)
            waiting.append(neighbour)
    return members


def _neighbours(db: sqlite3.Connection, article_id: int) -> set[int]:
    declared = db.execute("SELECT url FROM translations WHERE article_id = ?", [article_id])
    found = {_held(db, url) for (url,) in declared.fetchall()}
    found |= {
        row[0]
        for row in db.execute(
            "SELECT t.article_id FROM translations t JOIN articles a ON a.url = t.url "
            "WHERE a.id = ?",
            [article_id],
        )
    }
    return {article for article in found if article is not None}


def _held(db: sqlite3.Connection, url: str) -> int | None:
    row = db.execute("SELECT article_id FROM addresses WHERE key = ?", [urls.key(url)]).fetchone()
    return row[0] if row else None
