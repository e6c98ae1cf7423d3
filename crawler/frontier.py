"""What to fetch and when: a durable queue with leases, so that a kill loses nothing.

Scrapy's own job folder loses its queue on a hard kill (scrapy/scrapy#7978); this one is a table of
the archive, changed in the same transaction as what was fetched is stored. Several machines
share one through a server (crawler/shared/): each works on the rows of the domains that it holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from archive import urls
from archive.forgotten import Forgotten
from archive.model import Capture, Link, Role
from crawler.hosts import LONGEST_WAIT, stamp

# Until when a claim is meant to hold: longer than any fetch with its retries. The one process that
# holds the archive's lock ends the claims of dead ones at its start (`release`).
LEASE = timedelta(minutes=30)
# Tries of a failing URL: after 1 h, 2 h, 4 h … but at least once a week.
FIRST_WAIT = timedelta(hours=1)

# Whose time of change is believed: those that state changes before those that state publication.
BELIEVED = ("wordpress", "ghost", "sitemap", "feed", "substack")
# How long a page of discovery is not asked for because its stated time of change has passed.
LONGEST_BELIEF = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Held:
    """What an archive holds of an article: the capture that makes the next request conditional."""

    final_url: str
    fetched: str
    digest: str
    etag: str | None
    last_modified: str | None
    changed: str | None  # when the article last changed

    @staticmethod
    def of(capture: Capture, changed: str | None) -> Held:
        """That of a capture."""
        return Held(
            capture.final_url, capture.fetched, capture.digest, capture.etag,
            capture.last_modified, changed,
        )  # fmt: skip

    @staticmethod
    def parse(text: str | None) -> Held | None:
        """That of a row of the frontier, where it is JSON."""
        known = json.loads(text) if text else None
        return (
            Held(**{field.name: known.get(field.name) for field in fields(Held)}) if known else None
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A claimed URL."""

    source: str
    url: str
    role: Role
    found_by: str
    optional: bool
    attempts: int = 0  # that failed, since it was last done
    held: Held | None = None  # where that is in another archive


class Frontier:
    """The frontier table of an archive."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = connection
        self._forgotten = Forgotten(connection)
        self._clock = clock

    def release(self) -> None:
        """End all leases: whoever holds the archive's lock knows that no other worker lives."""
        self._db.execute(
            "UPDATE frontier SET state = 'waiting', lease = NULL WHERE state = 'leased'"
        )

    def forget_discovery(self, source: str) -> None:
        """Drop waiting pages of discovery: each crawl finds its own way through them.

        But for what an API was still to say: it is asked from the last known change on.
        """
        self._db.execute(
            "DELETE FROM frontier WHERE source = ? AND state = 'waiting' "
            "AND role NOT IN ('article', 'wordpress', 'ghost')",
            [source],
        )

    def add(self, source: str, links: Iterable[Link], *, again: bool = False) -> int:
        """The number of links that wait now: new ones, and held ones that say that they changed.

        `again`: ask for what is held in any case (`--revisit`, and pages of discovery).
        """
        return sum(self._add(source, link, again) for link in links)

    def _add(self, source: str, link: Link, again: bool) -> bool:
        if self._forgotten.has(link.url):
            return False
        key = urls.key(link.url)
        row = self._db.execute(
            "SELECT state, changed, fetched, found_by FROM frontier WHERE source = ? AND key = ?",
            [source, key],
        ).fetchone()
        if row is None:
            self._db.execute(
                "INSERT INTO frontier (source, key, url, role, found_by, optional, changed, state, "
                "due) VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?)",
                [source, key, link.url, link.role, link.found_by, link.optional, link.changed, self._now()],
            )  # fmt: skip
            return True
        state, changed, fetched, found_by = row
        says_later = state != "done" and found_by == link.found_by and link.changed != changed
        if link.changed and (says_later or _rank(link.found_by) < _rank(found_by)):
            self._db.execute(
                "UPDATE frontier SET found_by = ?, changed = ? WHERE source = ? AND key = ?",
                [link.found_by, link.changed, source, key],
            )
        if state != "done":
            return fetched is None  # what is visited again is no news
        # Ways of discovery state different times of one change: each is compared with its own.
        known = changed if changed and found_by == link.found_by else fetched
        has_changed = bool(link.changed and known and link.changed > known)
        if not (again or has_changed):
            return False
        self._db.execute(
            "UPDATE frontier SET state = 'waiting', due = ?, url = ?, role = ?, found_by = ?, "
            "optional = ?, changed = coalesce(?, changed), attempts = 0 "
            "WHERE source = ? AND key = ?",
            [
                self._now(), link.url, link.role, link.found_by, link.optional, link.changed,
                source, key,
            ],
        )  # fmt: skip
        return True

    def is_current(self, source: str, link: Link, margin: timedelta) -> bool:
        """Whether a page was read so long after the change that is stated of it that it has no news.

        Not for ever: some generators state the same time always.
        """
        row = self._db.execute(
            "SELECT fetched FROM frontier WHERE source = ? AND key = ? AND state = 'done'",
            [source, urls.key(link.url)],
        ).fetchone()
        if not link.changed or row is None or not row[0]:
            return False
        read = datetime.fromisoformat(row[0])
        return read - datetime.fromisoformat(link.changed) >= margin and (
            self._clock() - read < LONGEST_BELIEF
        )

    def latest(self, source: str, way: str | None = None) -> str | None:
        """The latest time of change that a way (null: any) states of an article; at most now."""
        row = self._db.execute(
            "SELECT max(changed) FROM frontier "
            "WHERE source = ? AND found_by = coalesce(?, found_by) AND role = 'article'",
            [source, way],
        ).fetchone()
        return min(row[0], self._now()) if row[0] else None

    def wake(self, source: str) -> None:
        """Make due at once what failed and waits for its next try: somebody asked for it."""
        self._db.execute(
            "UPDATE frontier SET due = ? WHERE source = ? AND state = 'waiting' AND due > ?",
            [self._now(), source, self._now()],
        )

    def claim(
        self, source: str, count: int, roles: Sequence[Role], now: datetime | None = None
    ) -> list[Entry]:
        """Up to `count` entries that are due, leased to the caller."""
        time = stamp(now) if now else self._now()
        marks = ", ".join("?" * len(roles))
        rows = self._db.execute(
            "SELECT source, url, role, found_by, optional, attempts, held, key FROM frontier "
            f"WHERE source = ? AND state = 'waiting' AND due <= ? AND role IN ({marks}) "
            "AND site NOT IN (SELECT site FROM hosts WHERE wait_until > ?) "
            "ORDER BY role = 'article', changed DESC, due, key LIMIT ?",
            [source, time, *roles, time, count],
        ).fetchall()
        lease = stamp(self._clock() + LEASE)
        self._db.executemany(
            "UPDATE frontier SET state = 'leased', lease = ? WHERE source = ? AND key = ?",
            [(lease, row[0], row[-1]) for row in rows],
        )
        return [
            Entry(source, url, role, found_by, bool(optional), attempts, Held.parse(held))
            for source, url, role, found_by, optional, attempts, held, _ in rows
        ]

    def put_back(self, source: str, url: str) -> None:
        """End the claim of an entry that was not asked for."""
        self._db.execute(
            "UPDATE frontier SET state = 'waiting', lease = NULL WHERE source = ? AND key = ?",
            [source, urls.key(url)],
        )

    def reopens(self, source: str, now: datetime, before: datetime) -> str | None:
        """When the first host may be asked again that entries of the source wait for (ISO 8601).

        Null where that is later than `before`, or nothing waits at `now`.
        """
        row = self._db.execute(
            "SELECT min(h.wait_until) FROM frontier f JOIN hosts h ON h.site = f.site "
            "WHERE f.source = ? AND f.state = 'waiting' AND f.due <= h.wait_until "
            "AND h.wait_until > ? AND h.wait_until <= ?",
            [source, stamp(now), stamp(before)],
        ).fetchone()
        return str(row[0]) if row[0] else None

    def waiting_sites(self, source: str) -> list[str]:
        """The sites for which entries of the source wait."""
        rows = self._db.execute(
            "SELECT DISTINCT site FROM frontier WHERE source = ? AND state = 'waiting'", [source]
        )
        return [row[0] for row in rows]

    def done(self, source: str, url: str, revisit: datetime | None = None) -> None:
        """The URL needs no more fetching until it says that it changed, or it is to be revisited."""
        self._db.execute(
            "UPDATE frontier SET state = 'done', lease = NULL, attempts = 0, fetched = ? "
            "WHERE source = ? AND key = ?",
            [self._now(), source, urls.key(url)],
        )
        self.plan(source, url, revisit)

    def plan(self, source: str, url: str, revisit: datetime | None) -> None:
        """Set when a held article is asked for again; null: not by itself."""
        self._db.execute(
            "UPDATE frontier SET revisit = ? WHERE source = ? AND key = ?",
            [revisit and stamp(revisit), source, urls.key(url)],
        )

    def revisit(self, source: str) -> None:
        """Put what is to be visited again by now among what waits."""
        self._db.execute(
            "UPDATE frontier SET state = 'waiting', due = ?1, revisit = NULL "
            "WHERE source = ?2 AND state = 'done' AND revisit <= ?1",
            [self._now(), source],
        )

    def retry(self, source: str, url: str, reopens: datetime | None = None) -> str:
        """The time of the next try (ISO 8601): twice as late after each failure.

        Where its host is left alone, when that may be asked again.
        """
        key = urls.key(url)
        row = self._db.execute(
            "SELECT attempts FROM frontier WHERE source = ? AND key = ?", [source, key]
        ).fetchone()
        attempts = row[0] if row else 0
        wait = min(FIRST_WAIT * 2 ** min(attempts, 10), LONGEST_WAIT)
        due = stamp(reopens or self._clock() + wait)
        self._db.execute(
            "UPDATE frontier SET state = 'waiting', lease = NULL, attempts = attempts + 1, due = ? "
            "WHERE source = ? AND key = ?",
            [due, source, key],
        )
        return due

    def held(self, source: str) -> list[Link]:
        """Every article address of the source that was fetched, as links to ask for again."""
        rows = self._db.execute(
            "SELECT url, found_by FROM frontier "
            "WHERE source = ? AND role = 'article' AND state = 'done' "
            "AND (held IS NOT NULL OR key IN (SELECT key FROM addresses))",
            [source],
        ).fetchall()
        return [Link(url, "article", found_by) for url, found_by in rows]

    def _now(self) -> str:
        return stamp(self._clock())


def _rank(way: str) -> int:
    return BELIEVED.index(way) if way in BELIEVED else len(BELIEVED)
