"""Whether an article's page is still there: when it was last seen, since when it has gone.

It follows from the captures alone, like all the rest. 410 says that a page has gone for good (RFC
9110, 15.5.11); 404 does not say for how long, so it must be the answer to several visits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby, takewhile

from archive import urls
from archive.articles import Change
from archive.model import Capture

NOT_FOUND, GONE = 404, 410
TELLING = frozenset({200, 304, NOT_FOUND, GONE})  # other statuses say nothing of the page
VISITS = 3  # in a row that a page must not be found; sites lose all of them now and then


def note(db: sqlite3.Connection, capture: Capture) -> Change | None:
    """Whether the article is still there; null where none is held at the capture's address."""
    row = db.execute(
        "SELECT article_id FROM addresses WHERE key = ?", [urls.key(capture.url)]
    ).fetchone()
    if row is None:
        return None
    visits = _visits(db, row[0], capture.url)
    since = _gone_since(visits)
    seen = [fetched for _, status, fetched in visits if status not in (NOT_FOUND, GONE)]
    db.execute(
        "UPDATE articles SET gone = ?, last_seen = max(last_seen, ?) WHERE id = ?",
        [since, max(seen, default=""), row[0]],
    )
    is_there = capture.status not in (NOT_FOUND, GONE)
    return Change(row[0], "unchanged" if is_there else "gone" if since else "missing")


def _visits(db: sqlite3.Connection, article_id: int, url: str) -> list[tuple[str, int, str]]:
    """Address, status and time of what was asked for the article, of each address latest first."""
    return db.execute(
        "SELECT url, status, fetched FROM captures WHERE role = 'article' "
        f"AND status IN ({', '.join(map(str, sorted(TELLING)))}) AND url IN (SELECT ? UNION SELECT c.url FROM readings r "
        "JOIN captures c ON c.id = r.capture_id WHERE r.article_id = ?) "
        "ORDER BY url, fetched DESC",
        [url, article_id],
    ).fetchall()


def _gone_since(visits: Sequence[tuple[str, int, str]]) -> str | None:
    """Since when none of the addresses that gave the article gives it any more."""
    found = [_absent_since([row[1:] for row in run]) for _, run in groupby(visits, lambda v: v[0])]
    return max((since for since in found if since), default=None) if all(found) else None


def _absent_since(visits: Sequence[tuple[int, str]]) -> str | None:
    """Since when an address has gone, going by its visits, latest first."""
    absent = list(takewhile(lambda visit: visit[0] in (NOT_FOUND, GONE), visits))
    if len(absent) >= VISITS or any(status == GONE for status, _ in absent):
        return absent[-1][1]
    return None
