"""What decided each block of an article: the record behind `why` and the page of what was removed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.model import Article, Reason


@dataclass(frozen=True, slots=True)
class Decision:
    """A block of the current revision with what decided it: of a kept one the source's own rule, or null."""

    position: int
    kind: str
    text: str
    reason: str | None
    rule: str | None
    evidence: str | None  # what the rule saw; of a repeated block null: see `articles`
    articles: int  # of the site that the block stands in, where they are counted; else 1

    @property
    def repeats(self) -> bool:
        """Whether the block was removed because it stands in so many articles of its site."""
        return self.reason == Reason.REPEATED


def decisions(db: sqlite3.Connection, article: Article) -> list[Decision]:
    """The decisions about an article's blocks, in the order of the page."""
    rows = db.execute(
        "SELECT b.position, b.kind, b.text, b.reason, b.rule, b.evidence, coalesce(s.articles, 1) "
        "FROM blocks b LEFT JOIN block_stats s ON s.site = ? AND s.digest = b.digest "
        "WHERE b.article_id = ? ORDER BY b.position",
        [article.site, article.id],
    ).fetchall()
    return [Decision(*row) for row in rows]
