"""Whether an article's page is still there: when it was last seen, since when it has gone.

It follows from the captures alone, like all the rest. 410 says that a page has gone for good (RFC
9110, 15.5.11); 404 does not say for how long, so it must be the answer to several visits.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, takewhile

from archive import addresses, urls
from archive.articles import Change
from archive.model import Capture, Found, Outcome, Reading

NOT_FOUND, GONE = 404, 410
ABSENT = frozenset({NOT_FOUND, GONE})
TELLING = frozenset({200, 304, NOT_FOUND, GONE})  # other statuses say nothing of the page
Visit = tuple[str, int, str]  # address, status, time
VISITS = 3  # in a row that a page must not be found; sites lose all of them now and then


def note(db: sqlite3.Connection, captures: Sequence[Capture]) -> list[Change | None]:
    """Whether the articles are still there; null where none is held at the capture's address."""
    renew(db, concerned(db, captures))
    return [_change(db, capture) for capture in captures]


def _change(db: sqlite3.Connection, capture: Capture) -> Change | None:
    article_id = addresses.article(db, urls.key(capture.url))
    if article_id is None:
        return None
    if capture.status not in ABSENT:
        return Change(article_id, "unchanged")
    (since,) = db.execute("SELECT gone FROM articles WHERE id = ?", [article_id]).fetchone()
    return Change(article_id, "gone" if since else "missing")


def tells(capture: Capture, outcome: Outcome | None) -> bool:
    """Whether a capture that gave no article says of one whether it is there."""
    is_visit = capture.role == "article" and capture.status in TELLING
    return is_visit and not isinstance(outcome, Reading | Found)


def renew(db: sqlite3.Connection, article_ids: Collection[int]) -> None:
    """Find out anew when articles were last seen, and since when they have gone."""
    db.executemany(
        "UPDATE articles SET last_seen = coalesce(?1, last_seen), gone = ?2 "
        "WHERE id = ?3 AND (last_seen IS NOT coalesce(?1, last_seen) OR gone IS NOT ?2)",
        [(*seen, article_id) for article_id, seen in found(db, article_ids).items()],
    )


def found(
    db: sqlite3.Connection, article_ids: Collection[int]
) -> dict[int, tuple[str | None, str | None]]:
    """When articles were last seen, and since when they have gone (null: they are there)."""
    visits = _visits(db, article_ids)
    return {article_id: _seen(visits[article_id]) for article_id in article_ids}


def concerned(db: sqlite3.Connection, captures: Iterable[Capture]) -> set[int]:
    """The articles for which it counts whether there is anything at the captures' addresses."""
    rows = db.execute(
        "WITH asked AS (SELECT value AS url FROM json_each(?)) "
        "SELECT id FROM articles WHERE url IN asked UNION SELECT r.article_id FROM captures c "
        "JOIN readings r ON r.capture_id = c.id WHERE c.url IN asked",
        [json.dumps([capture.url for capture in captures])],
    )
    return {row[0] for row in rows.fetchall()}


def _seen(visits: Sequence[Visit]) -> tuple[str | None, str | None]:
    seen = max((time for _, status, time in visits if status not in ABSENT), default=None)
    return seen, _gone_since(visits)


def _visits(db: sqlite3.Connection, article_ids: Collection[int]) -> defaultdict[int, list[Visit]]:
    """The visits to the articles' addresses, and to those that gave them.

    In the order of the addresses, the latest first.
    """
    statuses = ", ".join(map(str, sorted(TELLING)))
    rows = db.execute(
        "WITH chosen AS (SELECT value AS id FROM json_each(?)), asked AS ("
        "SELECT id, url FROM articles WHERE id IN chosen UNION SELECT r.article_id, c.url "
        "FROM readings r JOIN captures c ON c.id = r.capture_id WHERE r.article_id IN chosen) "
        "SELECT asked.id, c.url, c.status, c.fetched FROM asked CROSS JOIN captures c USING (url) "
        f"WHERE c.role = 'article' AND c.status IN ({statuses}) "
        "ORDER BY asked.id, c.url, c.fetched DESC",
        [json.dumps(list(article_ids))],
    )
    visits: defaultdict[int, list[Visit]] = defaultdict(list)
    for article_id, *visit in rows:
        visits[article_id].append((visit[0], visit[1], visit[2]))
    return visits


def _gone_since(visits: Sequence[Visit]) -> str | None:
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
