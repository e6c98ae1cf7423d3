"""The end of a source's crawl: what is reported of it, and when it is crawled next."""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime, timedelta

from archive import crawls, failures
from archive.model import Fault
from archive.store import Store
from crawler import schedule
from crawler.frontier import Frontier
from crawler.hosts import Hosts, moment, stamp
from crawler.progress import Progress

NOTHING_FOUND = Fault(
    "nothing-found",
    'no feed, sitemap or list of articles: name one in sources.toml, feeds = ["…"]',
)


def end(
    archive: Store, frontier: Frontier, hosts: Hosts, progress: Progress, now: datetime
) -> None:
    """Note what the crawl has found out of the source; call it within a transaction."""
    source, db = progress.source, archive.connection
    progress.ended = time.monotonic()
    waiting = [hosts.waits(site) for site in frontier.waiting_sites(source.name)]
    progress.waits = tuple(host for host in waiting if host)
    progress.notices += [host.line() for host in progress.waits]
    if not (progress.found or progress.faults or progress.notices or progress.is_current):
        progress.fail(source.url, NOTHING_FOUND)
        failures.record(db, source.name, source.url, NOTHING_FOUND)
    crawls.record_source(
        db, source.name, source.url, source.platform or progress.platform,
        source.language or progress.language,
    )  # fmt: skip
    crawls.record_discovery(db, source.name, [*progress.feeds], [*progress.sitemaps])
    crawls.record_full(db, source.name, is_under_way=False)
    _schedule(db, progress, now)


def _schedule(db: sqlite3.Connection, progress: Progress, now: datetime) -> None:
    source = progress.source
    published = [moment(t) for t in crawls.published(db, source.name, schedule.PUBLICATIONS)]
    interval = (
        timedelta(seconds=source.interval) if source.interval else schedule.interval(published, now)
    )
    is_failing = bool(progress.faults) and not (progress.has_answered or progress.waits)
    failed = crawls.failed_crawls(db, source.name) + 1 if is_failing else 0
    due = schedule.next_crawl(now, interval, failed)
    if not progress.is_drained:  # stopped before its end
        due = now
    if until := min((h.wait_until for h in progress.waits if h.wait_until), default=None):
        due = until
    crawls.record_schedule(db, source.name, stamp(due), int(interval.total_seconds()), failed)
