"""Opt-out and licence signals as they stand in the archive, and the answers that follow."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from archive import urls
from archive.model import Answer, Capture, Signal

Answers = tuple[Answer, Answer, Answer]  # may be crawled, archived, trained on


class Place(NamedTuple):
    """Where it stands what may be done with an article: its site, and a capture of it."""

    site: str
    url: str  # the capture's final one
    fetched: str


def save(db: sqlite3.Connection, capture: Capture, signals: Iterable[Signal]) -> None:
    """Record the signals a capture shows; those of robots.txt apply to the site's articles."""
    if capture.role != "robots":
        _record(db, capture, signals)
        return
    site = urls.site(capture.final_url)
    before = _of_robots(db, [site], without=capture.id)
    _record(db, capture, signals)
    if _of_robots(db, [site]) != before:
        _apply_to(db, site)


def renew_robots(
    db: sqlite3.Connection, url: str, read: Sequence[tuple[Capture, Iterable[Signal]]]
) -> None:
    """Record the signals of the robots.txt at an address anew: these are all its captures."""
    db.execute("DELETE FROM signals WHERE url = ? AND place = 'robots.txt'", [url])
    for capture, signals in read:
        _record(db, capture, signals)
    _apply_to(db, urls.site(url))


def forget(db: sqlite3.Connection, url: str) -> None:
    """Forget the signals that stood on a page."""
    db.execute("DELETE FROM signals WHERE url = ? AND place != 'robots.txt'", [url])


def _apply_to(db: sqlite3.Connection, site: str) -> None:
    for (article_id,) in db.execute("SELECT id FROM articles WHERE site = ?", [site]).fetchall():
        apply(db, article_id)


def _record(db: sqlite3.Connection, capture: Capture, signals: Iterable[Signal]) -> None:
    if not signals:
        return
    db.executemany(
        "INSERT INTO signals (site, url, kind, raw, place, first_seen, last_seen, crawl, archive, "
        "train) VALUES (:site, :url, :kind, :raw, :place, :seen, :seen, :crawl, :archive, :train) "
        "ON CONFLICT (url, kind, raw, place) DO UPDATE SET "
        "first_seen = min(first_seen, excluded.first_seen), "
        "last_seen = max(last_seen, excluded.last_seen)",
        [
            {
                "site": urls.site(capture.final_url),
                "url": capture.final_url,
                "seen": capture.fetched,
                "kind": signal.kind,
                "raw": signal.raw,
                "place": signal.place,
                "crawl": signal.crawl,
                "archive": signal.archive,
                "train": signal.train,
            }
            for signal in signals
        ],
    )


def apply(db: sqlite3.Connection, article_id: int) -> None:
    """Write the three answers of an article."""
    db.execute(
        "UPDATE articles SET may_crawl = ?, may_archive = ?, may_train = ? WHERE id = ?",
        [*answers(db, article_id), article_id],
    )


def answers(db: sqlite3.Connection, article_id: int) -> Answers:
    """The three answers of an article: those of its current capture and of robots.txt."""
    row = db.execute(
        "SELECT a.site, c.final_url, c.fetched FROM articles a JOIN captures c "
        "ON c.id = a.capture_id WHERE a.id = ?",
        [article_id],
    ).fetchone()
    place = Place(*row)
    return answers_at(db, [place])[place]


def answers_at(db: sqlite3.Connection, places: Sequence[Place]) -> dict[Place, Answers]:
    """The answers that captures of articles and the robots.txt of their sites give."""
    robots = _of_robots(db, {place.site for place in places})
    own: dict[str, list[tuple[str, Answers]]] = defaultdict(list)
    for url, last_seen, *given in db.execute(
        "SELECT url, last_seen, crawl, archive, train FROM signals "
        "WHERE url IN (SELECT value FROM json_each(?)) AND place != 'robots.txt'",
        [json.dumps(list({place.url for place in places}))],
    ):
        own[url].append((last_seen, tuple(given)))
    return {
        place: combine(
            [given for last_seen, given in own[place.url] if last_seen >= place.fetched]
            + robots[place.site]
        )
        for place in places
    }


def _of_robots(
    db: sqlite3.Connection, sites: Iterable[str], without: int | None = None
) -> dict[str, list[Answers]]:
    """What the newest robots.txt of each site says; `without`: leaving out a capture of it."""
    found: dict[str, list[Answers]] = {site: [] for site in sites}
    for site, *given in db.execute(
        "SELECT site, crawl, archive, train FROM json_each(?) CROSS JOIN signals AS s ON site = value "
        "WHERE place = 'robots.txt' AND last_seen = (SELECT max(fetched) FROM captures "
        "WHERE role = 'robots' AND final_url = s.url AND id IS NOT ?) ORDER BY kind, raw",
        [json.dumps(list(found)), without],
    ):
        found[site].append((given[0], given[1], given[2]))
    return found


def combine(answers: Iterable[Answers]) -> Answers:
    """The answers that several signals give together: no wins over yes, yes over unsaid."""
    columns = list(zip(*answers, strict=True)) or [(), (), ()]
    crawl, archive, train = (_strongest(column) for column in columns)
    return crawl, archive, train


def _strongest(answers: Iterable[Answer]) -> Answer:
    given = set(answers)
    return "no" if "no" in given else "yes" if "yes" in given else "unsaid"
