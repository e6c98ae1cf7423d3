"""What is in an archive, and the health of its sources."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archive import duplicates, health, rereading, warc
from archive.health import Health
from archive.opening import open_reader

REFUSING = """
WITH refusing AS (
    SELECT f.source AS source, max(h.wait_until) AS wait_until
    FROM frontier f JOIN hosts h ON h.site = f.site
    WHERE f.state = 'waiting' AND h.wait_until > :now GROUP BY f.source
)
"""


@dataclass(frozen=True, slots=True)
class Crawls:
    """When a source was and is to be crawled: times in ISO 8601, null where there is none.

    `interval_seconds` is the time between crawls, as configured, else as learned from how often the
    source publishes; until `wait_until` nothing is asked of its site, because that refused.
    """

    last_crawl: str | None = None
    next_crawl: str | None = None
    interval_seconds: int | None = None
    wait_until: str | None = None

    def next_line(self) -> str:
        """When `crawl --due` comes to it, for people."""
        if not self.next_crawl or self.next_crawl <= warc.now():
            return "now"
        reason = " (it refused us)" if self.wait_until else ""
        return self.next_crawl[:16].replace("T", " ") + reason


@dataclass(frozen=True, slots=True)
class SourceStats:
    """A source: what is held of it, what its last run did, what stands in `failures`.

    `last_run` is when its last crawl or import began; it and the numbers of that run are null where
    there was none. `next_crawl` and `wait_until` are those of `Crawls`; `health` is its latest crawl
    against what is usual.
    """

    name: str
    articles: int
    words: int
    last_crawl: str | None
    last_run: str | None
    found: int | None
    new: int | None
    revised: int | None
    unchanged: int | None
    failed: int | None
    failures: int
    next_crawl: str | None
    wait_until: str | None
    health: Health


@dataclass(frozen=True, slots=True)
class Removed:
    """Blocks that were removed for a reason."""

    reason: str
    blocks: int
    letters: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The whole archive. `removed_share` is the share of all letters that was removed, 0 to 1.

    `duplicates` are the articles whose text is nearly that of another one, which represents them;
    `outdated` those that another version of the extractor has read.
    """

    articles: int
    words: int
    revisions: int
    captures: int
    duplicates: int
    outdated: int
    removed_share: float
    sources: tuple[SourceStats, ...]
    languages: tuple[tuple[str, int], ...]
    removed: tuple[Removed, ...]


def collect(db: sqlite3.Connection) -> Stats:
    """The statistics as they stand."""
    letters = _one(db, "SELECT coalesce(sum(length), 0) FROM block_places")
    removed = tuple(
        Removed(*row)
        for row in db.execute(
            "SELECT reason, count(*), sum(length) FROM block_places WHERE kept = 0 "
            "GROUP BY reason ORDER BY 3 DESC"
        ).fetchall()
    )
    return Stats(
        articles=_one(db, "SELECT count(*) FROM articles"),
        words=_one(db, "SELECT coalesce(sum(word_count), 0) FROM articles"),
        revisions=_one(db, "SELECT count(*) FROM revisions"),
        captures=_one(db, "SELECT count(*) FROM captures"),
        duplicates=duplicates.count(db).duplicates,
        outdated=rereading.outdated(db),
        removed_share=sum(r.letters for r in removed) / letters if letters else 0.0,
        sources=_sources(db),
        languages=tuple(
            db.execute(
                "SELECT language, count(*) FROM articles GROUP BY language ORDER BY 2 DESC, 1"
            ).fetchall()
        ),
        removed=removed,
    )


def crawls(directory: Path) -> Mapping[str, Crawls]:
    """The crawls of each source; of those that the archive does not know, that there are none."""
    found: defaultdict[str, Crawls] = defaultdict(Crawls)
    if (directory / "archive.db").exists():
        db = open_reader(directory)
        rows = db.execute(
            f"{REFUSING} SELECT name, last_crawl, next_crawl, interval_seconds, wait_until "
            "FROM sources LEFT JOIN refusing ON source = name",
            {"now": warc.now()},
        ).fetchall()
        db.close()
        found.update({name: Crawls(*values) for name, *values in rows})
    return found


def _sources(db: sqlite3.Connection) -> tuple[SourceStats, ...]:
    rows = db.execute(
        f"""
        {REFUSING}, held AS (
            SELECT source, count(*) AS articles, sum(word_count) AS words
            FROM articles GROUP BY source
        ), last AS (
            SELECT source, started, found, new, revised, unchanged, failed, max(id)
            FROM runs GROUP BY source
        ), failing AS (
            SELECT source, count(*) AS failures FROM failures GROUP BY source
        ), names AS (
            SELECT name FROM sources UNION SELECT source FROM held
            UNION SELECT source FROM last UNION SELECT source FROM failing
        )
        SELECT names.name, coalesce(held.articles, 0), coalesce(held.words, 0), s.last_crawl,
               last.started, last.found, last.new, last.revised, last.unchanged, last.failed,
               coalesce(failing.failures, 0), s.next_crawl, refusing.wait_until
        FROM names
        LEFT JOIN sources s ON s.name = names.name
        LEFT JOIN held ON held.source = names.name
        LEFT JOIN last ON last.source = names.name
        LEFT JOIN failing ON failing.source = names.name
        LEFT JOIN refusing ON refusing.source = names.name
        ORDER BY names.name
        """,
        {"now": warc.now()},
    ).fetchall()
    return tuple(SourceStats(*values) for values in ((*row, health.of(db, row[0])) for row in rows))


def _one(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])
