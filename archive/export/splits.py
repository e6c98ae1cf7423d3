"""Which split an article belongs to: a stable hash of what it must not be parted from.

Near-duplicates and translations of each other, and their duplicates and translations in turn, share
a key: the smallest address among them. The key is looked for in the whole archive, so that filters
move no article from one split to another, and a growing archive only those whose group got a
smaller address.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

from archive.export.options import SPLITS
from archive.model import Article

Group = int | str  # a cluster, by its representative's id; translations, by the name of their group
_SPACE = 2**64  # of the hash


class Splits:
    """The splits of an archive; `shares` as in Options, empty: all articles are of one, unnamed."""

    def __init__(self, db: sqlite3.Connection, shares: Sequence[Fraction]) -> None:
        self._db = db
        self._bounds = [int(bound * _SPACE) for bound in accumulate(shares)]
        self._joined = _joined(db) if shares else {}

    @property
    def names(self) -> tuple[str, ...]:
        """The splits, each to have files of its own."""
        return SPLITS if self._bounds else ("",)

    def of(self, article: Article) -> str:
        """The article's split."""
        if not self._bounds:
            return ""
        place = int.from_bytes(hashlib.sha256(self._key(article).encode()).digest()[:8], "big")
        return next(name for name, bound in zip(SPLITS, self._bounds, strict=True) if place < bound)

    def _key(self, article: Article) -> str:
        if group := article.translation_group:
            return self._joined.get(group, group)
        row = self._db.execute(
            "SELECT representative FROM duplicates WHERE article_id = ?", [article.id]
        ).fetchone()
        if row is None:
            return article.url
        return self._joined.get(row[0]) or self._smallest(row[0])

    def _smallest(self, representative: int) -> str:
        """The smallest address of a cluster."""
        return str(
            self._db.execute(
                "SELECT min(a.url) FROM duplicates d JOIN articles a ON a.id = d.article_id "
                "WHERE d.representative = ?",
                [representative],
            ).fetchone()[0]
        )


def _joined(db: sqlite3.Connection) -> dict[Group, str]:
    """The keys of clusters and groups of translations that have an article in common.

    All others are looked up when they come: what is held does not grow with the archive, but with
    the duplicates of translations in it.
    """
    parents: dict[Group, Group] = {}

    def root(group: Group) -> Group:
        while parents.setdefault(group, group) != group:
            parents[group] = group = parents[parents[group]]
        return group

    rows = db.execute(
        "SELECT d.representative, a.translation_group, (SELECT min(m.url) FROM duplicates c "
        "JOIN articles m ON m.id = c.article_id WHERE c.representative = d.representative) "
        "FROM duplicates d JOIN articles a ON a.id = d.article_id "
        "WHERE a.translation_group IS NOT NULL"
    )
    smallest: dict[Group, str] = {}
    for representative, group, url in rows:
        smallest[representative], smallest[group] = url, group
        parents[root(representative)] = root(group)
    keys: dict[Group, str] = {}
    for member, url in smallest.items():
        keys[root(member)] = min(url, keys.get(root(member), url))
    return {member: keys[root(member)] for member in smallest}
