"""Which articles a corpus has, in the order of their addresses, and why the others are not in it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator

from archive import search
from archive.export.options import Options
from archive.export.quality import Sample
from archive.model import Article

RESERVED, DUPLICATE = "reserved", "duplicate"
OnArticle = Callable[[int], None]  # told of each article that is read, for a progress bar
_CLUSTERED = "SELECT article_id FROM duplicates"


class Selection:
    """The articles that fit, one at a time; `dropped` counts those left out, by the first reason.

    What the filters leave out is not counted: it was not asked for. Iterating raises QueryError.
    """

    def __init__(
        self, db: sqlite3.Connection, options: Options, on_article: OnArticle = lambda count: None
    ) -> None:
        self.dropped: Counter[str] = Counter()
        self._db = db
        self._options = options
        self._on_article = on_article

    def __iter__(self) -> Iterator[Article]:
        chosen = self._chosen() if self._options.deduplicate else {}
        for article in search.articles(self._db, self._options.filters):
            reason = self._objection(article)
            if not reason and self._options.deduplicate and self._is_spare(article, chosen):
                reason = DUPLICATE
            self._on_article(1)
            if reason:
                self.dropped[reason] += 1
            else:
                yield article

    def _objection(self, article: Article) -> str | None:
        """Why the article has no place in the corpus, whatever else is in it; null where it has."""
        if article.may_train == "no" and not self._options.include_reserved:
            return RESERVED
        if not self._options.quality:
            return None
        sample = Sample(self._db, article)
        failed = (limit.rule.name for limit in self._options.quality if not limit.passes(sample))
        return next(failed, None)

    def _chosen(self) -> dict[int, int]:
        """For each cluster of which an article can be in the corpus, that one: its representative,
        else the one whose address comes first.
        """
        chosen: dict[int, int] = {}
        for article in search.articles(self._db, self._options.filters, among=_CLUSTERED):
            if self._objection(article):
                continue
            representative = self._representative(article)
            if representative not in chosen or article.id == representative:
                chosen[representative] = article.id
        return chosen

    def _is_spare(self, article: Article, chosen: dict[int, int]) -> bool:
        return chosen.get(self._representative(article), article.id) != article.id

    def _representative(self, article: Article) -> int:
        row = self._db.execute(
            "SELECT representative FROM duplicates WHERE article_id = ?", [article.id]
        ).fetchone()
        return int(row[0]) if row else article.id
