"""Groups of translations: what pages declare of each other with hreflang."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from archive import addresses, urls


def save(db: sqlite3.Connection, article_id: int, alternates: Iterable[tuple[str, str]]) -> None:
    """Replace what the article declares, and group it anew with all that is connected to it."""
    before = members(db, article_id)
    db.execute("DELETE FROM translations WHERE article_id = ?", [article_id])
    db.executemany(
        "INSERT OR IGNORE INTO translations VALUES (?, ?, ?)",
        [(article_id, language, urls.canonical(url)) for language, url in alternates],
    )
    regroup(db, before | {article_id})


def regroup(db: sqlite3.Connection, article_ids: Iterable[int]) -> None:
    """Group these articles anew, each with all that is connected to it."""
    for article_id in article_ids:
        _group(db, article_id)


def members(db: sqlite3.Connection, article_id: int) -> set[int]:
    """The articles held that are connected, in either direction, at any distance."""
    found, waiting = {article_id}, [article_id]
    while waiting:
        for neighbour in _neighbours(db, waiting.pop()) - found:
            found.add(neighbour)
            waiting.append(neighbour)
    return found


def name_of_group(db: sqlite3.Connection, article_id: int) -> str | None:
    """The smallest article address of the group; null for an article alone."""
    group = members(db, article_id)
    marks = ", ".join("?" * len(group))
    sql = f"SELECT min(url) FROM articles WHERE id IN ({marks})"
    return db.execute(sql, [*group]).fetchone()[0] if len(group) > 1 else None


def _group(db: sqlite3.Connection, article_id: int) -> None:
    """Name the group after its smallest article address."""
    name = name_of_group(db, article_id)
    db.executemany(
        "UPDATE articles SET translation_group = ? WHERE id = ?",
        [(name, member) for member in members(db, article_id)],
    )


def _neighbours(db: sqlite3.Connection, article_id: int) -> set[int]:
    """The articles under an address that it declares, and those that declare its own.

    Not its other addresses: which article those lead to may change with the next capture.
    """
    declared = db.execute("SELECT url FROM translations WHERE article_id = ?", [article_id])
    found = {addresses.owner(db, urls.key(url)) for (url,) in declared.fetchall()}
    row = db.execute("SELECT url FROM articles WHERE id = ?", [article_id]).fetchone()
    spellings = urls.spellings(row[0]) if row else []
    marks = ", ".join("?" * len(spellings))
    by_others = db.execute(f"SELECT article_id FROM translations WHERE url IN ({marks})", spellings)
    found |= {row[0] for row in by_others.fetchall()}
    return {article for article in found if article is not None}
