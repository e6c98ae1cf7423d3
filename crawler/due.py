"""Which sources are due, going by what the archive says of their next crawl."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from archive.opening import open_reader
from crawler.sources import Source

Times = Mapping[str, str | None]  # by name of the source; null and missing: it was never crawled

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def read(directory: Path) -> Times:
    """When each source is to be crawled next; nothing where there is no archive yet."""
    if not (directory / "archive.db").exists():
        return {}
    db = open_reader(directory)
    try:
        return times(db)
    finally:
        db.close()


def times(db: sqlite3.Connection) -> Times:
    """When each source is to be crawled next."""
    return dict(db.execute("SELECT name, next_crawl FROM sources").fetchall())


def select(sources: Iterable[Source], times: Times) -> list[Source]:
    """The sources whose time has come."""
    now = datetime.now(UTC)
    return [source for source in sources if _time(source, times) <= now]


def earliest(sources: Iterable[Source], times: Times) -> datetime:
    """When the first of the sources is due; now where there is none, or one was never crawled."""
    now = datetime.now(UTC)
    return max(min((_time(source, times) for source in sources), default=now), now)


def _time(source: Source, times: Times) -> datetime:
    stamped = times.get(source.name)
    return datetime.fromisoformat(stamped) if stamped else LONG_AGO
