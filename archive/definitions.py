"""What is derived from all articles, by which definition; another one derives it anew on opening.

Migrations bring tables up to date and know nothing of the program; this is for what only the
program can derive: the words of the full-text index, the signatures of texts, what of a reading need
not be kept twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from archive import contents, duplicates, search


@dataclass(frozen=True, slots=True)
class Part:
    """A derived part of an archive: the version of its definition, and what makes it anew."""

    version: str
    rebuild: Callable[[sqlite3.Connection], None]


PARTS = {
    "search": Part(search.VERSION, search.rebuild),
    "duplicates": Part(duplicates.VERSION, duplicates.rebuild),
    "contents": Part(contents.VERSION, contents.shorten),
}


def outdated(db: sqlite3.Connection) -> list[str]:
    """The parts that an archive of the current schema has by another definition than ours."""
    held = dict(db.execute("SELECT part, version FROM definitions").fetchall())
    return [name for name, part in PARTS.items() if held.get(name) != part.version]


def renew(db: sqlite3.Connection) -> None:
    """Derive anew what is outdated. Call it within a transaction."""
    for name in outdated(db):
        PARTS[name].rebuild(db)
        db.execute("INSERT OR REPLACE INTO definitions VALUES (?, ?)", [name, PARTS[name].version])
