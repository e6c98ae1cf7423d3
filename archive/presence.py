"""Whether an article's page is still there: when it was last seen, since when it has gone.

It follows from the captures alone, like all the rest. 410 says that a page has gone for good (RFC
9110, 15.5.11); 404 does not say for how long, so it must be the answer to several visits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile

from archive import addresses, urls
from archive.articles import Change
from archive.model import Capture

NOT_FOUND, GONE = 404, 410
ABSENT = frozenset({NOT_FOUND, GONE})
TELLING = frozenset({200, 304, NOT_FOUND, GONE})  # other statuses say nothing of the page
VISITS = 3  # in a row that a page must not be found; sites lose all of them now and then


def note(db: sqlite3.Connection, capture: Capture) -> Change | None:
    """Whether the article is still there; null where none is held at the capture's address."""
    renew(db, _concerned(db, capture.url))
    article_id = addresses.article(db, urls.key(capture.url))
    if article_id is None:
        return None
    if capture.status not in ABSENT:
        return Change(article_id, "unchanged")
    (since,) = db.execute("SELECT gone FROM articles WHERE id = ?", [article_id]).fetchone()
    return Change(article_id, "gone" if since else "missing")


def renew(db: sqlite3.Connection, article_ids: Iterable[int]) -> None:
    """Find out anew when articles were last seen, and since when they have gone."""
    db.executemany(
        "UPDATE articles SET last_seen = coalesce(?, last_seen), gone = ? WHERE id = ?",
        [(*found(db, article_id), article_id) for article_id in article_ids],
    )


def found(db: sqlite3.Connection, article_id: int) -> tuple[str | None, str | None]:
    """When the article was last seen, and since when it has gone (null: it is there)."""
    visits = _visits(db, article_id)
    seen = max((time for _, status, time in visits if status not in ABSENT), default=None)
    return seen, _gone_since(visits)


def _concerned(db: sqlite3.Connection, url: str) -> set[int]:
    """The articles for which it counts whether there is anything at an address."""
    rows = db.execute(
        "SELECT id FROM articles WHERE url = ?1 UNION SELECT r.article_id FROM captures c "
        "JOIN readings r ON r.capture_id = c.id WHERE c.url = ?1",
        [url],
    )
    return {row[0] for row in rows.fetchall()}


def _visits(db: sqlite3.Connection, article_id: int) -> list[tuple[str, int, str]]:
    """Address, status and time of the visits to the article's address, and those that gave it.

    In the order of the addresses, the latest first.
    """
    statuses = ", ".join(map(str, sorted(TELLING)))
    return db.execute(
        f"SELECT url, status, fetched FROM captures WHERE role = 'article' AND status IN ({statuses}) "
        "AND url IN (SELECT url FROM articles WHERE id = ?1 UNION SELECT c.url FROM readings r "
        "JOIN captures c ON c.id = r.capture_id WHERE r.article_id = ?1) "
        "ORDER BY url, fetched DESC",
        [article_id],
    ).fetchall()


def _gone_since(visits: Sequence[tuple[str, int, str]]) -> str | None:
    """Since when none of the addresses gives the article any more."""
    runs = groupby(visits, lambda visit: visit[0])
    found = [_absent_since([visit[1:] for visit in run]) for _, run in runs]
    return max((since for since in found if since), default=None) if all(found) else None


def _absent_since(visits: Sequence[tuple[int, str]]) -> str | None:
    """Since when an address has gone, going by its visits, latest first."""
    absent = list(takewhile(lambda visit: visit[0] in ABSENT, visits))
    if len(absent) >= VISITS or any(status == GONE for status, _ in absent):
        return absent[-1][1]
    return None
