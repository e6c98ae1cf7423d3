"""Near-duplicates: which articles have nearly the same text, and which of them represents them.

Two texts are compared by their shingles of five words (Broder 1997, "On the resemblance and
containment of documents"): similarity is the share of shingles that both have. Whom a text is
compared with, its signature tells (`archive/signatures.py`): a million articles are never compared
pair by pair, and nothing is held in memory.

In the order of their rank (published first, then the smaller address) each article joins the
representative before it that is most like it, or else represents itself. So every member is like
its representative; chains that would join unlike texts do not arise; and the clusters follow from
the set of articles alone. `docs/duplicates.md` says what was measured.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archive import signatures
from archive.signatures import BANDS, SHORTEST

# Least similarity. Lee et al. 2022 ask for .8, datatrove's bands for about .75. On copies of real
# pages .7 finds half as many again of those that were edited or cut, and of 660,000 pairs of
# different articles none comes near it: docs/duplicates.md.
LIKE = 0.7
MOST = 20  # candidates compared with an article, those with most bands in common first
VERSION = signatures.VERSION  # another one: all are compared anew
BATCH = 500  # texts in memory at once

_COLUMNS = [f"band{n}" for n in range(1, BANDS + 1)]
_RANK = "a.dated, a.url"
_COLLIDES = " OR ".join(f"s.{band} = :{band}" for band in _COLUMNS)
_IN_COMMON = " + ".join(f"coalesce(s.{band} = :{band}, 0)" for band in _COLUMNS)
_EARLIER = f"""
SELECT s.article_id, a.text FROM signatures s JOIN articles a ON a.id = s.article_id
LEFT JOIN duplicates d ON d.article_id = s.article_id
WHERE ({_COLLIDES}) AND ({_RANK}) < (:day, :url)
    AND coalesce(d.representative, s.article_id) = s.article_id
ORDER BY {_IN_COMMON} DESC, {_RANK} LIMIT {MOST}
"""
_LATER = f"""
SELECT s.article_id FROM signatures s JOIN articles a ON a.id = s.article_id
WHERE ({_COLLIDES}) AND ({_RANK}) > (:day, :url)
"""
# Articles that have changed, and are members of a cluster or collide with another one. With the
# others nothing is to be done: each represents itself, before and after. (As joins, instead of
# questions about one article, SQLite would read all signatures for a Bloom filter.)
_MEMBER = "EXISTS (SELECT 1 FROM duplicates d WHERE d.article_id = p.article_id)"
_SHARED = " OR ".join(
    f"EXISTS (SELECT 1 FROM signatures s WHERE s.{band} = mine.{band} "
    "AND s.article_id != mine.article_id)"
    for band in _COLUMNS
)
_CONCERNED = f"""
SELECT article_id FROM duplicates_pending p WHERE {_MEMBER}
    OR EXISTS (SELECT 1 FROM signatures mine WHERE mine.article_id = p.article_id AND ({_SHARED}))
"""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An article of a cluster; `similarity` is that with the representative, 0 to 1."""

    article_id: int
    url: str
    title: str
    source: str
    language: str
    published: str | None
    similarity: float
    is_representative: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many clusters there are, and how many articles another one represents."""

    clusters: int
    duplicates: int


def count(db: sqlite3.Connection) -> Count:
    """The numbers of the whole archive."""
    (clusters, members) = db.execute(
        "SELECT count(DISTINCT representative), count(*) FROM duplicates"
    ).fetchone()
    return Count(clusters, members - clusters)


def cluster(db: sqlite3.Connection, article_id: int) -> list[Duplicate]:
    """The near-duplicates of an article and itself, the representative first; else empty."""
    return _members(
        db,
        "WHERE d.representative = (SELECT representative FROM duplicates WHERE article_id = ?)",
        [article_id],
    )


def clusters(db: sqlite3.Connection, limit: int = -1) -> Iterator[list[Duplicate]]:
    """The clusters, the largest first; the representative first in each."""
    largest = db.execute(
        "SELECT d.representative FROM duplicates d JOIN articles a ON a.id = d.representative "
        "GROUP BY d.representative ORDER BY count(*) DESC, a.url LIMIT ?",
        [limit],
    ).fetchall()
    for representative in largest:
        yield _members(db, "WHERE d.representative = ?", list(representative))


def representatives(db: sqlite3.Connection) -> dict[int, int]:
    """For each article that another one represents, that one's id."""
    return dict(
        db.execute(
            "SELECT article_id, representative FROM duplicates WHERE article_id != representative"
        ).fetchall()
    )


def refresh(db: sqlite3.Connection) -> None:
    """Decide about the articles that have changed, and all that follows for others.

    In the transaction that changed them. What has changed stands in `duplicates_pending`.
    """
    _sign(db, "SELECT article_id FROM duplicates_pending")
    _settle(db, set(_ids(db, _CONCERNED)))
    db.execute("DELETE FROM duplicates_pending")


def rebuild(db: sqlite3.Connection) -> None:
    """Make the clusters anew from the articles."""
    for table in ("duplicates", "signatures", "duplicates_pending"):
        db.execute(f"DELETE FROM {table}")
    _sign(db, "SELECT id FROM articles")
    for article_id in _ids(db, f"SELECT a.id FROM articles a ORDER BY {_RANK}"):
        _join(db, article_id)  # in the order of rank: it joins one of those before it


def check(db: sqlite3.Connection) -> Iterator[str]:
    """What is wrong with the clusters, a line each.

    It is enough that each article has joined the right one of those before it.
    """
    held: dict[int, tuple[int, float]] = {
        article_id: (representative, value)
        for article_id, representative, value in db.execute("SELECT * FROM duplicates")
    }
    bands = ", ".join(f"s.{band}" for band in _COLUMNS)
    rows = db.execute(
        f"SELECT a.id, a.url, a.text, s.article_id, {bands} FROM articles a "
        "LEFT JOIN signatures s ON s.article_id = a.id ORDER BY a.id"
    )
    for article_id, url, text, signed, *signature in rows:
        if not signed or signature != signatures.bands(text):
            yield f"duplicates {url}: its signature is not that of its text"
        elif held.get(article_id, (article_id, 1.0)) != _nearest(db, article_id):
            yield f"duplicates {url}: it is not with the article that it is most like"
    lonely = db.execute(
        "SELECT representative FROM duplicates GROUP BY 1 "
        "HAVING count(*) = 1 OR max(article_id = representative) = 0"
    )
    for (representative,) in lonely:
        yield f"duplicates: the cluster of article {representative} lacks it, or has nothing else"


def similarity(one: str, other: str) -> float:
    """The share of shingles that both texts have, 0 to 1; short texts are equal (1) or not (0)."""
    mine, others = signatures.words(one), signatures.words(other)
    if mine == others:
        return 1.0
    if min(len(mine), len(others)) < SHORTEST:
        return 0.0
    first, second = set(signatures.shingles(mine)), set(signatures.shingles(others))
    common = len(first & second)
    return common / (len(first) + len(second) - common)


def _sign(db: sqlite3.Connection, chosen: str) -> None:
    """Write by what articles are found; `chosen` is a query for their ids."""
    marks = ", ".join("?" * (BANDS + 1))
    rows = db.execute(f"SELECT id, text FROM articles WHERE id IN ({chosen})")
    while batch := rows.fetchmany(BATCH):
        db.executemany(
            f"INSERT OR REPLACE INTO signatures VALUES ({marks})",
            [(article_id, *signatures.bands(text)) for article_id, text in batch],
        )


def _settle(db: sqlite3.Connection, changed: set[int]) -> None:
    """Let the changed articles join anew, and all those for whom that makes a difference.

    In the order of rank: whom an article joins follows from those before it alone.
    """
    queued = changed | {member for article_id in changed for member in _represented(db, article_id)}
    waiting = [(_rank(db, article_id), article_id) for article_id in queued]
    heapq.heapify(waiting)
    while waiting:
        _, article_id = heapq.heappop(waiting)
        before = _representative(db, article_id)
        after = _join(db, article_id)
        affected: set[int] = set()
        if before == article_id != after:
            affected = set(_represented(db, article_id))
        elif after == article_id and (before != article_id or article_id in changed):
            affected = set(_ids(db, _LATER, _place(db, article_id)))
        for other in affected - queued:
            heapq.heappush(waiting, (_rank(db, other), other))
        queued |= affected


def _join(db: sqlite3.Connection, article_id: int) -> int:
    """The representative the article joins: the one before it that is most like it, or itself."""
    before = _representative(db, article_id)
    representative, value = _nearest(db, article_id)
    if representative != article_id:
        db.execute(
            "INSERT OR REPLACE INTO duplicates VALUES (?, ?, ?)",
            [article_id, representative, value],
        )
        db.execute("INSERT OR IGNORE INTO duplicates VALUES (?1, ?1, 1.0)", [representative])
    elif before != article_id:
        db.execute("DELETE FROM duplicates WHERE article_id = ?", [article_id])
    if before != representative or representative == article_id:
        # Who represents nobody but itself has no row.
        db.execute(
            "DELETE FROM duplicates WHERE article_id = ?1 AND representative = ?1 AND NOT EXISTS ("
            "SELECT 1 FROM duplicates WHERE representative = ?1 AND article_id != ?1)",
            [before],
        )
    return representative


def _nearest(db: sqlite3.Connection, article_id: int) -> tuple[int, float]:
    """The representative before the article that is most like it, or itself; and how like."""
    found = db.execute(_EARLIER, _place(db, article_id)).fetchall()
    if not found:
        return article_id, 1.0
    text = _text(db, article_id)
    measured = [(similarity(text, other_text), other) for other, other_text in found]
    alike = [(value, -n, other) for n, (value, other) in enumerate(measured) if value >= LIKE]
    value, _, representative = max(alike, default=(1.0, 0, article_id))
    return representative, value


def _text(db: sqlite3.Connection, article_id: int) -> str:
    return str(db.execute("SELECT text FROM articles WHERE id = ?", [article_id]).fetchone()[0])


def _place(db: sqlite3.Connection, article_id: int) -> dict[str, int | str | None]:
    """The article's rank and bands, as the queries for those like it want them."""
    names = ["day", "url", *_COLUMNS]
    row = db.execute(
        f"SELECT {_RANK}, {', '.join(_COLUMNS)} FROM articles a "
        "JOIN signatures s ON s.article_id = a.id WHERE a.id = ?",
        [article_id],
    ).fetchone()
    return dict(zip(names, row, strict=True))


def _rank(db: sqlite3.Connection, article_id: int) -> tuple[str, str]:
    row: tuple[str, str] = db.execute(
        f"SELECT {_RANK} FROM articles a WHERE a.id = ?", [article_id]
    ).fetchone()
    return row


def _representative(db: sqlite3.Connection, article_id: int) -> int:
    row = db.execute(
        "SELECT representative FROM duplicates WHERE article_id = ?", [article_id]
    ).fetchone()
    return int(row[0]) if row else article_id


def _represented(db: sqlite3.Connection, article_id: int) -> list[int]:
    """Those that the article represents, without itself."""
    rows = db.execute(
        "SELECT article_id FROM duplicates WHERE representative = ?1 AND article_id != ?1",
        [article_id],
    )
    return [row[0] for row in rows.fetchall()]


def _ids(db: sqlite3.Connection, sql: str, values: Mapping[str, Any] | None = None) -> list[int]:
    return [row[0] for row in db.execute(sql, values or {}).fetchall()]


def _members(db: sqlite3.Connection, where: str, values: list[int]) -> list[Duplicate]:
    rows = db.execute(
        "SELECT a.id, a.url, a.title, a.source, a.language, a.published, d.similarity, "
        "d.representative = a.id FROM duplicates d JOIN articles a ON a.id = d.article_id "
        f"{where} ORDER BY d.representative != a.id, {_RANK}",
        values,
    ).fetchall()
    return [Duplicate(*(*values, bool(is_first))) for *values, is_first in rows]
