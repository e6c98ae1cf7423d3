"""What is learned of a site: in how many of its articles each block stands.

Only what stands in two articles or more is kept (`block_stats`); the rest is counted from `blocks`
when it changes. What follows from the counts, `archive/repetition.py` decides.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from archive import fingerprint, repetition
from archive.model import Block, Reason

RARE = 100  # blocks with one digest, of which a look at all takes no time


def digests(db: sqlite3.Connection, article_id: int) -> set[str]:
    """The digests of the article's blocks."""
    rows = db.execute("SELECT DISTINCT digest FROM blocks WHERE article_id = ?", [article_id])
    return {row[0] for row in rows.fetchall()}


def articles(db: sqlite3.Connection, site: str) -> int:
    """The number of articles of a site."""
    return int(db.execute("SELECT count(*) FROM articles WHERE site = ?", [site]).fetchone()[0])


def count(
    db: sqlite3.Connection, site: str, changes: Mapping[str, int], joined: int = 0
) -> set[str]:
    """Keep the counts of digests that have so many articles more than before, or less.

    The result are those whose count crossed a threshold. `joined` says how many articles the site
    has more than before: thresholds are shares of them, so that digests that did not change can
    cross one, too. Call it when the blocks have changed.
    """
    total = articles(db, site)
    crossed = _overtaken(db, site, total - joined, total)
    for digest, change in changes.items():
        before = _count(db, site, digest)
        # What is not recorded, one article had at most.
        after = before + change if before else _counted(db, site, digest, max(change, 0) + 1)
        if repetition.crosses((before or 1, total - joined), (after, total)):
            crossed.add(digest)
        if after > 1:
            db.execute("INSERT OR REPLACE INTO block_stats VALUES (?, ?, ?)", [site, digest, after])
        elif before:
            db.execute("DELETE FROM block_stats WHERE site = ? AND digest = ?", [site, digest])
    return crossed


def _counted(db: sqlite3.Connection, site: str, digest: str, most: int) -> int:
    """How many articles of the site have the digest, counted up to `most`.

    A line that stands on many sites is looked for in the articles of this one.
    """
    sql = "SELECT count(*) FROM (SELECT 1 FROM blocks WHERE digest = ? LIMIT ?)"
    is_rare = db.execute(sql, [digest, RARE + 1]).fetchone()[0] <= RARE
    tables = "blocks b CROSS JOIN articles a" if is_rare else "articles a CROSS JOIN blocks b"
    return int(
        db.execute(
            f"SELECT count(*) FROM (SELECT DISTINCT a.id FROM {tables} ON a.id = b.article_id "
            "WHERE b.digest = ? AND a.site = ? LIMIT ?)",
            [digest, site, most],
        ).fetchone()[0]
    )


def recount(db: sqlite3.Connection) -> None:
    """Make the digests of all blocks, and the counts, anew: their definition has changed."""
    db.create_function("digest", 1, fingerprint.digest, deterministic=True)
    db.execute("UPDATE blocks SET digest = digest(text)")
    count_all(db)


def count_all(db: sqlite3.Connection) -> None:
    """Make the counts of all sites anew."""
    db.execute("DELETE FROM block_stats")
    db.execute(
        "INSERT INTO block_stats SELECT a.site, b.digest, count(DISTINCT b.article_id) AS articles "
        "FROM blocks b JOIN articles a ON a.id = b.article_id "
        "GROUP BY a.site, b.digest HAVING articles > 1"
    )


def counts(db: sqlite3.Connection, site: str, blocks: Iterable[Block]) -> repetition.Counts:
    """The counts of the blocks that the rules kept; what stands in one article only is missing."""
    kept = {fingerprint.digest(b.text) for b in blocks if b.kept or b.reason is Reason.REPEATED}
    found = {digest: _count(db, site, digest) for digest in kept}
    by_digest = {digest: articles for digest, articles in found.items() if articles}
    return repetition.Counts(articles(db, site), by_digest)


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


def _overtaken(db: sqlite3.Connection, site: str, before: int, after: int) -> set[str]:
    """The digests for which a threshold has moved past their count."""
    passed = repetition.passed(before, after)
    if not passed:
        return set()
    marks = ", ".join("?" * len(passed))
    sql = f"SELECT digest FROM block_stats WHERE site = ? AND articles IN ({marks})"
    return {row[0] for row in db.execute(sql, [site, *passed]).fetchall()}


def _count(db: sqlite3.Connection, site: str, digest: str) -> int:
    """The recorded count; 0 where the block stands in one article or none."""
    row = db.execute(
        "SELECT articles FROM block_stats WHERE site = ? AND digest = ?", [site, digest]
    ).fetchone()
    return int(row[0]) if row else 0


def _ids(db: sqlite3.Connection, sql: str, *values: str) -> set[int]:
    return {row[0] for row in db.execute(sql, values).fetchall()}
