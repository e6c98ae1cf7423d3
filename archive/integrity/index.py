"""The full-text index against one made anew of the same articles, a few at a time."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from itertools import count

from archive import search
from archive.integrity.problem import Problem, Remedy

PAGE = 200  # articles in memory at once
_BITS = (1 << 64) - 1


def check(db: sqlite3.Connection) -> Iterator[Problem]:
    """Whether each article is indexed with its words, each in its place; and nothing else is.

    Of each article a hash of its words and their places is kept: eight bytes, twice.
    """
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
    ours, stray = _Hashes(last), 0
    for document, value in _terms(db):
        if 0 < document <= last:
            ours.add(document, value)
        else:
            stray += 1
    anew = _Hashes(last)
    for document, value in _anew(db):
        anew.add(document, value)
    wrong = [n for n in range(1, last + 1) if ours.values[n] != anew.values[n]]
    if wrong or stray:
        first = f" (first: id {wrong[0]})" if wrong else ""
        yield Problem(
            f"articles_fts: the index does not fit {len(wrong) or stray} articles{first}",
            Remedy.REPAIR,
        )


class _Hashes:
    def __init__(self, last: int) -> None:
        self.values = array("Q", bytes(8 * (last + 1)))

    def add(self, document: int, value: int) -> None:
        self.values[document] ^= value & _BITS


def _anew(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    memory = sqlite3.connect(":memory:")
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'articles_fts'").fetchone()
    memory.execute(sql)
    last = 0
    for _ in count():
        page = db.execute(
            "SELECT id, title, text, authors FROM articles WHERE id > ? ORDER BY id LIMIT ?",
            [last, PAGE],
        ).fetchall()
        if not page:
            break
        last = page[-1][0]
        search.index(memory, page)
        yield from _terms(memory)
        memory.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
    memory.close()


def _terms(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """The documents of the index with a hash of each word's place in them."""
    db.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms "
        "USING fts5vocab ('main', articles_fts, instance)"
    )
    for document, *place in db.execute("SELECT doc, term, col, offset FROM temp.terms"):
        yield document, hash(tuple(place))
