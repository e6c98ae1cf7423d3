"""When an article or a source is due again: pure functions of its history.

**Articles.** An article is visited again when as much time has passed as it has stayed unchanged,
but after a day at the earliest and half a year at the latest: one of today after 1, 2, 4, 8 … days,
one of two years ago twice a year. Pages that changed lately change again soonest, and the past rate
of change predicts the next (Fetterly, Manasse, Najork, Wiener: A large-scale study of the evolution
of web pages, 2003); eight visits in the first half year cost a site next to nothing, for what did
not change is answered with 304 and no body.

**Sources.** A source is crawled twice as often as it publishes on average, so that an article waits
for half the usual gap between two at most. How often that is, its latest publications say: their number
over the time they took (the estimator of Cho and Garcia-Molina, Estimating frequency of change, 2003);
twice is our own choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

FIRST_REVISIT = timedelta(days=1)
LAST_REVISIT = timedelta(days=180)

PUBLICATIONS = 20  # the latest; what the source did before says little of what it does now
FEWEST = 4  # with less nothing is learned
UNKNOWN = timedelta(hours=6)
SHORTEST = timedelta(hours=1)  # a robot that comes more often is a burden, and learns nothing
LONGEST = timedelta(days=1)  # what a monthly letter says is wanted the day it comes
LONGEST_FAILING = timedelta(days=7)


def revisit(visited: datetime, changed: datetime) -> datetime:
    """When to ask again for an article that last changed then, visited now."""
    return visited + min(max(visited - changed, FIRST_REVISIT), LAST_REVISIT)


def interval(published: Sequence[datetime], now: datetime) -> timedelta:
    """The time between crawls of a source whose latest articles were published then.

    The time since the last of them counts, so that a source that falls silent is asked less often.
    """
    times = sorted(time for time in published if time <= now)[-PUBLICATIONS:]
    if len(times) < FEWEST:
        return UNKNOWN
    return min(max((now - times[0]) / len(times) / 2, SHORTEST), LONGEST)


def next_crawl(now: datetime, interval: timedelta, failed: int) -> datetime:
    """When to crawl a source again; after failed crawls in a row, twice as late each time."""
    if not failed:
        return now + interval
    return now + max(interval, min(interval * (1 << min(failed, 20)), LONGEST_FAILING))
