"""What is known of a source from its crawls: the rows of `sources`, and when its articles appeared."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from archive import warc


def record_source(
    db: sqlite3.Connection,
    name: str,
    url: str,
    platform: str | None = None,
    language: str | None = None,
) -> None:
    """Add or update a source; what is not known now stays as it was."""
    db.execute(
        "INSERT INTO sources (name, url, platform, language) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET url = excluded.url, "
        "platform = coalesce(excluded.platform, platform), "
        "language = coalesce(excluded.language, language)",
        [name, url, platform, language],
    )


def record_discovery(
    db: sqlite3.Connection, name: str, feeds: Sequence[str], sitemaps: Sequence[str]
) -> None:
    """Keep which feeds and sitemaps a source was found to have, and that it was crawled."""
    db.execute(
        "UPDATE sources SET feeds = ?, sitemaps = ?, last_crawl = ? WHERE name = ?",
        [json.dumps(sorted(feeds)), json.dumps(sorted(sitemaps)), warc.now(), name],
    )


def record_full(db: sqlite3.Connection, name: str, *, is_under_way: bool) -> None:
    """Keep that the whole history of a source is being crawled, or is not any more."""
    db.execute(
        "UPDATE sources SET full_since = CASE WHEN ? THEN coalesce(full_since, ?) END "
        "WHERE name = ?",
        [is_under_way, warc.now(), name],
    )


def is_full_under_way(db: sqlite3.Connection, source: str) -> bool:
    """Whether a crawl of the source's whole history has begun and not come to its end."""
    sql = "SELECT full_since IS NOT NULL FROM sources WHERE name = ?"
    row = db.execute(sql, [source]).fetchone()
    return bool(row and row[0])


def failed_crawls(db: sqlite3.Connection, source: str) -> int:
    """How many crawls of the source in a row found none of its lists of articles."""
    row = db.execute("SELECT failed_crawls FROM sources WHERE name = ?", [source]).fetchone()
    return int(row[0]) if row else 0


def record_schedule(
    db: sqlite3.Connection, name: str, next_crawl: str, interval_seconds: int, failed_crawls: int
) -> None:
    """Keep when the source is to be crawled again, and why then."""
    db.execute(
        "UPDATE sources SET next_crawl = ?, interval_seconds = ?, failed_crawls = ? WHERE name = ?",
        [next_crawl, interval_seconds, failed_crawls, name],
    )


def is_first_crawl(db: sqlite3.Connection, source: str) -> bool:
    """Whether no crawl of the source has ended yet."""
    row = db.execute("SELECT last_crawl FROM sources WHERE name = ?", [source]).fetchone()
    return not row or row[0] is None


def published(db: sqlite3.Connection, source: str, count: int) -> list[str]:
    """When the source's latest articles were published, in UTC."""
    rows = db.execute(
        "SELECT published_utc FROM articles WHERE source = ? AND published_utc IS NOT NULL "
        "ORDER BY published_utc DESC LIMIT ?",
        [source, count],
    )
    return [row[0] for row in rows]
