"""What is learned of a site: in how many of its articles each block stands.

Only what stands in two articles or more is kept (`block_stats`); the rest is counted from `blocks`
when it changes. What follows from the counts, `archive/repetition.py` decides.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from archive import repetition
from archive.model import Block


def digests(db: sqlite3.Connection, article_id: int) -> set[str]:
    """The digests of the article's blocks."""
    rows = db.execute("SELECT DISTINCT digest FROM blocks WHERE article_id = ?", [article_id])
    return {row[0] for row in rows.fetchall()}


def count(db: sqlite3.Connection, site: str, changed: Iterable[str]) -> set[str]:
    """Count these digests anew; the result are those whose count crossed the threshold."""
    crossed = set()
    for digest in changed:
        (after,) = db.execute(
            "SELECT count(DISTINCT b.article_id) FROM blocks b JOIN articles a "
            "ON a.id = b.article_id WHERE b.digest = ? AND a.site = ?",
            [digest, site],
        ).fetchone()
        before = _count(db, site, digest)
        if repetition.crosses(before or 1, after):
            crossed.add(digest)
        if after > 1:
            db.execute("INSERT OR REPLACE INTO block_stats VALUES (?, ?, ?)", [site, digest, after])
        elif before:
            db.execute("DELETE FROM block_stats WHERE site = ? AND digest = ?", [site, digest])
    return crossed


def counts(db: sqlite3.Connection, site: str, blocks: Iterable[Block]) -> Mapping[str, int]:
    """The counts of these blocks' digests; those that stand in one article only are missing."""
    found = {d: _count(db, site, d) for d in {repetition.digest(b.text) for b in blocks}}
    return {digest: articles for digest, articles in found.items() if articles}


def articles_with(db: sqlite3.Connection, site: str, crossed: set[str]) -> set[int]:
    """The articles whose text can change when these digests cross the threshold.

    By their blocks, or, where an article has several readings, by an earlier one of them.
    """
    found: set[int] = set()
    for digest in crossed:
        found |= _ids(
            db,
            "SELECT DISTINCT b.article_id FROM blocks b JOIN articles a ON a.id = b.article_id "
            "WHERE b.digest = ? AND a.site = ?",
            digest,
            site,
        )
    if crossed:
        found |= _ids(
            db,
            "SELECT r.article_id FROM readings r JOIN articles a ON a.id = r.article_id "
            "WHERE a.site = ? GROUP BY r.article_id HAVING count(DISTINCT r.content) > 1",
            site,
        )
    return found


def _count(db: sqlite3.Connection, site: str, digest: str) -> int:
    """The recorded count; 0 where the block stands in one article or none."""
    row = db.execute(
        "SELECT articles FROM block_stats WHERE site = ? AND digest = ?", [site, digest]
    ).fetchone()
    return int(row[0]) if row else 0


def _ids(db: sqlite3.Connection, sql: str, *values: str) -> set[int]:
    return {row[0] for row in db.execute(sql, values).fetchall()}
