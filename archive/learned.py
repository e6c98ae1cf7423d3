"""What is learned of a site: in how many of its articles each block stands.

Only what stands in two articles or more is kept (`block_stats`); the rest is counted from `blocks`
when it changes. What follows from the counts, `archive/repetition.py` decides.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from archive import fingerprint, repetition
from archive.model import Block, Reason

RARE = 100  # blocks with one digest, of which a look at all takes no time


@dataclass(slots=True)
class Change:
    """What changes in a site: how many articles it has more, and how many of them have a digest."""

    joined: int = 0
    digests: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Counted:
    """The digests that crossed a threshold, and the number of articles as `enough_articles`."""

    crossed: set[int]
    articles: int


def articles(db: sqlite3.Connection, site: str) -> int:
    """The number of articles of a site."""
    return int(db.execute("SELECT count(*) FROM articles WHERE site = ?", [site]).fetchone()[0])


def count(db: sqlite3.Connection, changes: Mapping[str, Change]) -> dict[str, Counted]:
    """Keep the counts of sites that change so. Call it before articles and blocks are changed.

    Thresholds are shares of all articles, so that digests which did not change can cross one, too.
    """
    before = recorded(db, {site: each.digests for site, each in changes.items()})
    held = enough_articles(db, changes, max((-each.joined for each in changes.values()), default=0))
    added = {
        site: {digest for digest, n in each.digests.items() if n > 0} - before[site].keys()
        for site, each in changes.items()
    }
    standing = _standing(db, added)
    counts: dict[str, Counted] = {}
    counted, forgotten = list[tuple[str, int, int]](), list[tuple[str, int]]()
    for site, each in changes.items():
        others = held[site]
        total = others + each.joined
        counts[site] = Counted(_overtaken(db, site, others, total), total)
        for digest, change in each.digests.items():
            if not change:
                continue
            # What is not recorded, one article had at most; where it goes, that one had it.
            was = before[site].get(digest) or int(change < 0 or digest in standing[site])
            now = was + change
            # What stands in one article only reaches no threshold.
            if max(was, now) > 1 and repetition.crosses((was or 1, others), (now, total)):
                counts[site].crossed.add(digest)
            if now > 1:
                counted.append((site, digest, now))
            elif was > 1:
                forgotten.append((site, digest))
    db.executemany("INSERT OR REPLACE INTO block_stats VALUES (?, ?, ?)", counted)
    db.executemany("DELETE FROM block_stats WHERE site = ? AND digest = ?", forgotten)
    return counts


def recount(db: sqlite3.Connection) -> None:
    """Make the digests of all blocks, and the counts, anew: their definition has changed."""
    db.create_function("digest", 1, fingerprint.digest, deterministic=True)
    db.execute(
        "UPDATE block_places SET digest = digest(b.text) FROM blocks b "
        "WHERE b.article_id = block_places.article_id AND b.position = block_places.position"
    )
    count_all(db)


def count_all(db: sqlite3.Connection) -> None:
    """Make the counts of all sites anew."""
    db.execute("DELETE FROM block_stats")
    db.execute(
        "INSERT INTO block_stats SELECT a.site, b.digest, count(DISTINCT b.article_id) AS articles "
        "FROM block_places b JOIN articles a ON a.id = b.article_id "
        "GROUP BY a.site, b.digest HAVING articles > 1"
    )


def counts(db: sqlite3.Connection, site: str, blocks: Iterable[Block]) -> repetition.Counts:
    """The counts of the blocks that the rules kept; what stands in one article only is missing."""
    kept = {fingerprint.digest(block.text) for block in blocks if may_repeat(block)}
    return repetition.Counts(enough_articles(db, [site])[site], recorded(db, {site: kept})[site])


def may_repeat(block: Block) -> bool:
    """Whether it depends on the site's other articles that a block is kept."""
    return block.kept or block.reason is Reason.REPEATED


def enough_articles(
    db: sqlite3.Connection, sites: Iterable[str], leaving: int = 0
) -> dict[str, int]:
    """The number of articles of each site, counted as far as thresholds depend on it.

    Also when so many are `leaving`.
    """
    return dict(
        db.execute(
            "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM articles WHERE site = value LIMIT ?)) "
            "FROM json_each(?)",
            [repetition.ENOUGH + max(0, leaving), json.dumps(list(sites))],
        ).fetchall()
    )


def recorded(
    db: sqlite3.Connection, wanted: Mapping[str, Collection[int]]
) -> dict[str, dict[int, int]]:
    """In how many articles of each site each of these digests stands, where they are two or more."""
    found: dict[str, dict[int, int]] = {site: {} for site in wanted}
    for site, digest, held in db.execute(
        "SELECT s.site, s.digest, s.articles FROM json_each(?) w CROSS JOIN json_each(w.value) d "
        "CROSS JOIN block_stats s ON s.site = w.key AND s.digest = d.value",
        [json.dumps({site: list(digests) for site, digests in wanted.items()})],
    ):
        found[site][digest] = held
    return found


def articles_with(db: sqlite3.Connection, site: str, crossed: Collection[int]) -> set[int]:
    """The articles whose text can change when these digests cross the threshold.

    By their blocks, or, where an article has several readings, by an earlier one of them.
    """
    if not crossed:
        return set()
    rows = db.execute(
        "SELECT b.article_id FROM json_each(?) CROSS JOIN block_places b ON b.digest = value "
        "JOIN articles a ON a.id = b.article_id WHERE a.site = ? AND (b.kept OR b.reason = ?) "
        "UNION SELECT r.article_id FROM readings r JOIN articles a ON a.id = r.article_id "
        "WHERE a.site = ? GROUP BY r.article_id HAVING count(DISTINCT r.content) > 1",
        [json.dumps(list(crossed)), site, Reason.REPEATED, site],
    )
    return {row[0] for row in rows.fetchall()}


def _standing(db: sqlite3.Connection, wanted: Mapping[str, Collection[int]]) -> dict[str, set[int]]:
    """Of each site, which of these digests stand in an article of it."""
    digests = set[int]().union(*wanted.values())
    known = dict(
        db.execute(
            "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM block_places WHERE digest = value LIMIT ?)) "
            "AS blocks FROM json_each(?) WHERE blocks",
            [RARE + 1, json.dumps(list(digests))],
        ).fetchall()
    )
    rare = {digest for digest, blocks in known.items() if blocks <= RARE}
    found: dict[str, set[int]] = {site: set() for site in wanted}
    # A line that stands on many sites is looked for in the articles of this one.
    for asked, tables in (
        (rare, "block_places b CROSS JOIN articles a"),
        (known.keys() - rare, "articles a CROSS JOIN block_places b"),
    ):
        for site, digest in db.execute(
            "SELECT w.key, d.value FROM json_each(?) w CROSS JOIN json_each(w.value) d WHERE EXISTS ("
            f"SELECT 1 FROM {tables} ON a.id = b.article_id WHERE b.digest = d.value AND a.site = w.key)",
            [json.dumps({site: list(asked.intersection(wanted[site])) for site in wanted})],
        ):
            found[site].add(digest)
    return found


def _overtaken(db: sqlite3.Connection, site: str, before: int, after: int) -> set[int]:
    """The digests for which a threshold has moved past their count."""
    passed = repetition.passed(before, after)
    if not passed:
        return set()
    marks = ", ".join("?" * len(passed))
    sql = f"SELECT digest FROM block_stats WHERE site = ? AND articles IN ({marks})"
    return {row[0] for row in db.execute(sql, [site, *passed]).fetchall()}
