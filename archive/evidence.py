"""What decided each block of an article: the record behind `why` and the page of what was removed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive import learned
from archive.model import Article, BlockKind, Reason


@dataclass(frozen=True, slots=True)
class Decision:
    """A block of the current revision with what decided it: of a kept one the source's own rule, or null."""

    position: int
    kind: BlockKind
    text: str
    markdown: str
    reason: str | None
    rule: str | None
    evidence: str | None  # what the rule saw; of a repeated block, in how many articles


def decisions(db: sqlite3.Connection, article: Article) -> list[Decision]:
    """The decisions about an article's blocks, in the order of the page."""
    rows = db.execute(
        "SELECT b.position, b.kind, b.text, b.markdown, b.reason, b.rule, b.evidence, s.articles "
        "FROM blocks b LEFT JOIN block_stats s ON s.site = ? AND s.digest = b.digest "
        "WHERE b.article_id = ? ORDER BY b.position",
        [article.site, article.id],
    ).fetchall()
    total = learned.articles(db, article.site)
    return [
        Decision(
            position, kind, text, markdown, reason, rule,
            _repetition(count, total, article.site) if reason == Reason.REPEATED else evidence,
        )
        for position, kind, text, markdown, reason, rule, evidence, count in rows
    ]  # fmt: skip


def _repetition(count: int, total: int, site: str) -> str:
    """The counts of today: those of the time of the decision would change with every article."""
    return f"stands in {count} of {total} articles of {site}"
