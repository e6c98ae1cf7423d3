"""Hosts that refuse us: how long each is left alone, within a run and from run to run.

Nothing is asked of a host before the time it states (Retry-After, RFC 9110, 10.2.3). One that
refuses again and again is left alone twice as long after each refusal, whatever it states.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

from crawler.walls import WALLS

# One or two pages of a site may be closed; three in a row are a wall around it.
IN_A_ROW = 3
FIRST_WAIT = timedelta(hours=1)  # after the third refusal in a row; then twice as long each time
# After a 429 that states no time. RFC 6585 leaves it open; doubled each time.
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=7)  # of ours
LONGEST_STATED = timedelta(days=30)  # a later time is a mistake, or a ban that a person must see
PATIENCE = timedelta(minutes=1)  # a run waits so long for a host; a later time is for the next run

_TIME = "%Y-%m-%dT%H:%M:%S.%f"


@dataclass(frozen=True, slots=True)
class Host:
    """A site that refused, and until when it is left alone (null: it may be asked)."""

    site: str
    reason: str
    refusals: int
    of_articles: bool
    refused: datetime
    wait_until: datetime | None

    def line(self) -> str:
        """What a user is told."""
        times = "once" if self.refusals == 1 else f"{self.refusals} times in a row"
        until = (
            f"; nothing is asked of it before {stamp(self.wait_until)}" if self.wait_until else ""
        )
        return f"{self.site} refused {times} ({self.reason}){until}"


class Hosts:
    """The table `hosts`, held in memory: noted in the event loop, written by the archive's thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = connection
        self._now = clock
        self._lock = Lock()
        self._held: dict[str, Host] = {}
        self._changed: set[str] = set()
        self._refusals: dict[str, Host] = {}  # the last of each site in this run
        self.read()

    def read(self) -> None:
        """Take note of what others have written into the table."""
        rows = self._db.execute(
            "SELECT site, reason, refusals, of_articles, refused, wait_until FROM hosts"
        )
        stored = {
            site: Host(
                site, reason, refusals, bool(articles), moment(refused), until and moment(until)
            )
            for site, reason, refusals, articles, refused, until in rows
        }
        with self._lock:
            for site in (self._held.keys() | stored.keys()) - self._changed:
                if site in stored:
                    self._held[site] = stored[site]
                else:
                    del self._held[site]

    def waits(self, site: str) -> Host | None:
        """The host, where it is to be left alone now."""
        host = self._held.get(site)
        return host if host and host.wait_until and host.wait_until > self._now() else None

    def refusal(self, site: str, reason: str) -> Host | None:
        """The host, where it is to be left alone now, or was when it refused for that reason.

        What it refused may be stored only when its time has come: then it is asked for again at once.
        """
        last = self._refusals.get(site)
        was = last if last and last.wait_until and last.reason == reason else None
        return self.waits(site) or was

    def is_suspect(self, site: str) -> bool:
        """Whether the host refused when it was last asked: then one URL at a time is enough."""
        return site in self._held

    def refused(
        self,
        site: str,
        reason: str,
        *,
        of_articles: bool,
        is_repeat: bool = False,
        stated: timedelta | None = None,
    ) -> Host:
        """Note a refusal; `stated` is how long the host asks us to wait.

        `is_repeat`: the same page failed before. One that is closed for good, tried again and again,
        says nothing of the others.
        """
        before = self._held.get(site)
        counts = not is_repeat or reason == "http-429"
        refusals = 1
        if before:
            refusals = before.refusals + (counts or before.refusals >= IN_A_ROW)
        wait, now = wait_after(refusals, reason, stated), self._now()
        until = now + wait if wait else None
        if before and before.wait_until and before.wait_until > now:
            until = max(until or now, before.wait_until)  # said while others were under way
        host = Host(site, reason, refusals, of_articles, now, until)
        with self._lock:
            self._held[site] = self._refusals[site] = host
            self._changed.add(site)
        return host

    def answered(self, site: str, of_article: bool, *, is_read: bool) -> None:
        """Note that the host answered.

        A feed that answers does not speak for the articles, nor one open page for the others
        while a stated time has not come. What is not read yet may be a wall again.
        """
        host = self._held.get(site)
        if host is None or self.waits(site) or (host.of_articles and not of_article):
            return
        if is_read or host.reason not in WALLS:
            with self._lock:
                self._held.pop(site, None)
                self._changed.add(site)

    def write(self) -> None:
        """Write what changed; call it within a transaction."""
        while self._changed:
            site = self._changed.pop()
            host = self._held.get(site)
            if host is None:
                self._db.execute("DELETE FROM hosts WHERE site = ?", [site])
                continue
            self._db.execute(
                "INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?, ?)",
                [
                    site, host.reason, host.refusals, host.of_articles, stamp(host.refused),
                    host.wait_until and stamp(host.wait_until),
                ],
            )  # fmt: skip


def wait_after(refusals: int, reason: str, stated: timedelta | None) -> timedelta:
    """How long a host is left alone after so many refusals in a row; zero: not at all."""
    waits = [min(stated, LONGEST_STATED)] if stated else []
    if reason == "http-429" and stated is None:
        waits.append(_doubled(FIRST_PAUSE, refusals - 1))
    if refusals >= IN_A_ROW:
        waits.append(_doubled(FIRST_WAIT, refusals - IN_A_ROW))
    return max(waits, default=timedelta())


def retry_after(value: str | None, date: str | None = None) -> timedelta | None:
    """The time that a Retry-After header states, in seconds or as a date; null where it states none.

    A date counts from the answer's own `Date`, so that no wrong clock shortens it.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), int(LONGEST_STATED.total_seconds())))
    until = _http_date(text)
    return (
        max(until - (_http_date(date or "") or datetime.now(UTC)), timedelta()) if until else None
    )


def stamp(time: datetime) -> str:
    """A time as it stands in the archive."""
    return time.astimezone(UTC).strftime(_TIME)[:-3] + "Z"


def moment(stamped: str) -> datetime:
    """The time of a stamp."""
    return datetime.fromisoformat(stamped)


def _doubled(first: timedelta, times: int) -> timedelta:
    return min(first * (1 << min(times, 20)), LONGEST_WAIT)


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
