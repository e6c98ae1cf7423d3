"""The health of a source: what its latest crawl gave, against what is usual for it.

Everything is computed from `captures`, `readings` and `runs`; nothing of it is stored. What counts as a
change is said in `archive/deviations.py`.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from statistics import median
from typing import Any

from archive import deviations
from archive.deviations import Page
from archive.model import Deviation

# The latest pages are those of the latest crawl that fetched any, but at least three, for fewer cannot
# tell; the usual are fifty before them: seven weeks of a daily letter, and enough for three to speak
# beside them (`deviations.CHANCE`).
LATEST, USUAL = 3, 50
# Of captures, by the index `captures_source`: all answers to requests for articles, those with a page
# (a visit again, answered with 304, has none), and answers to requests for lists.
ANSWERS = "(role = 'article') = 1 AND found_by IS NOT NULL"
PAGES = f"{ANSWERS} AND status = 200"
LISTS = "(role = 'article') = 0 AND found_by IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Measures:
    """What some pages and crawls of a source gave; null where nothing was to be measured.

    `found` is the median number of articles that a crawl found, `pages` how many pages of articles
    were looked at, `statuses` how many answers had each status (those of lists: `lists`).
    `without_text` is the share of pages that gave no text, the other shares are of those
    that gave one: 0 to 1. `letters` is their median length, `removed` the median share removed of each.
    """

    found: float | None = None
    pages: int = 0
    statuses: Mapping[int, int] = field(default_factory=dict)
    lists: Mapping[int, int] = field(default_factory=dict)
    without_text: float | None = None
    letters: float | None = None
    removed: float | None = None
    without_title: float | None = None
    without_authors: float | None = None
    without_published: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The latest crawl of a source that fetched articles against what is usual.

    `crawl` is when it began, null where there was none.
    """

    crawl: str | None
    usual: Measures
    now: Measures
    changed: tuple[Deviation, ...] = ()


def of(db: sqlite3.Connection, source: str, crawl: str | None = None) -> Health:
    """The health of a source as the archive stands.

    With the time at which a crawl began: `changed` has only what that one has seen.
    """
    pages, answers, lists = (_split(db, source, kind) for kind in (PAGES, ANSWERS, LISTS))
    runs = db.execute(
        "SELECT started, found FROM runs WHERE source = ? AND kind = 'crawl' AND requests > 0 "
        "AND NOT is_current ORDER BY started DESC, id DESC LIMIT ?",
        [source, LATEST + USUAL],
    ).fetchall()
    found = [row[1] for row in reversed(runs)]
    found_now, found_before = found[-LATEST:], found[:-LATEST]
    changed: list[Deviation] = []
    if crawl in (None, answers.crawl):
        changed += deviations.of_answers(answers.now, answers.usual)
    if crawl in (None, pages.crawl):
        changed += deviations.of_articles(pages.now, pages.usual)
    if crawl in (None, lists.crawl):
        changed += deviations.of_lists(lists.now, lists.usual)
    if runs and crawl in (None, runs[0][0]):
        changed += deviations.of_crawls(found_now, found_before, _address(db, source))
    return Health(
        pages.crawl,
        _measure(pages.usual, answers.usual, lists.usual, found_before),
        _measure(pages.now, answers.now, lists.now, found_now),
        tuple(changed),
    )


def _measure(
    pages: Sequence[Page], answers: Sequence[Page], lists: Sequence[Page], found: Sequence[int]
) -> Measures:
    read = [page for page in pages if page.letters]
    measures = Measures(
        found=median(found) if found else None,
        pages=len(pages),
        statuses=_counts(answers),
        lists=_counts(lists),
        without_text=deviations.share_of(pages, deviations.is_empty) if pages else None,
    )
    if not read:
        return measures
    return replace(
        measures,
        letters=deviations.length_of(read),
        removed=1 - deviations.kept_of(read),
        without_title=deviations.share_of(read, deviations.lacks("title")),
        without_authors=deviations.share_of(read, deviations.lacks("authors")),
        without_published=deviations.share_of(read, deviations.lacks("published")),
    )


def _counts(pages: Sequence[Page]) -> dict[int, int]:
    return dict(sorted(Counter(page.status for page in pages).items()))


@dataclass(frozen=True, slots=True)
class _Split:
    """When the latest crawl with such pages began, the latest pages, and those that are the usual."""

    crawl: str | None
    now: list[Page]
    usual: list[Page]


def _split(db: sqlite3.Connection, source: str, kind: str) -> _Split:
    crawl, now, usual = None, list[Page](), list[Page]()
    for number, (started, pages) in enumerate(_runs(db, source, kind)):
        if not number:
            crawl, now = started or None, pages
            continue
        lack = max(0, LATEST - len(now))
        now = pages[:lack] + now
        usual = pages[lack:] + usual
        if len(usual) >= USUAL:
            break
    return _Split(crawl, now, usual)


def _runs(db: sqlite3.Connection, source: str, kind: str) -> Iterator[tuple[str, list[Page]]]:
    """Crawls that fetched such pages, latest first: when each began, and its first pages in order.

    A crawl asks for the newest articles first: of one of the whole history these are the usual. What
    a killed crawl captured counts to the one before it; empty: there is none.
    """
    until = "~"  # behind every time
    while rows := _captures(db, source, kind, "", until, latest=True):
        starts = _starts(db, source, rows[-1][0], until)
        for started, group in groupby(rows, partial(_start, starts)):
            found = [*group][::-1]
            if found[0] == rows[-1] and len(rows) == USUAL:  # it may have more, and earlier
                found = _captures(db, source, kind, started, until)
            yield started, [_page(*row[1:]) for row in found]
            until = started


def _captures(
    db: sqlite3.Connection, source: str, kind: str, since: str, until: str, *, latest: bool = False
) -> list[tuple[Any, ...]]:
    """When they were fetched and what they gave: the first in that time, or the latest backwards."""
    order = "DESC" if latest else "ASC"
    return db.execute(
        "SELECT c.fetched, c.url, c.status, r.letters, r.removed, r.missing FROM captures c "
        f"LEFT JOIN readings r ON r.capture_id = c.id WHERE c.source = ? AND {kind} "
        "AND c.fetched >= ? AND c.fetched < ? AND (c.read OR c.status != 200) "
        f"ORDER BY c.fetched {order}, c.id {order} LIMIT ?",
        [source, since, until, USUAL],
    ).fetchall()


def _starts(db: sqlite3.Connection, source: str, since: str, until: str) -> list[str]:
    """When the crawls began that captured something in that time, in order."""
    rows = db.execute(
        "SELECT started FROM runs WHERE source = ?1 AND kind = 'crawl' AND started < ?3 "
        "AND started >= coalesce((SELECT max(started) FROM runs WHERE source = ?1 "
        "AND kind = 'crawl' AND started <= ?2), '') ORDER BY started",
        [source, since, until],
    )
    return [row[0] for row in rows]


def _start(starts: Sequence[str], capture: Sequence[Any]) -> str:
    """When the crawl of a capture began; empty where there is none."""
    place = bisect_right(starts, capture[0])
    return starts[place - 1] if place else ""


def _page(
    url: str, status: int, letters: int | None, removed: int | None, missing: str | None
) -> Page:
    return Page(url, status, letters or 0, removed or 0, frozenset(json.loads(missing or "[]")))


def _address(db: sqlite3.Connection, source: str) -> str:
    """The source's first feed, sitemap, or its home page."""
    row = db.execute("SELECT url, feeds, sitemaps FROM sources WHERE name = ?", [source]).fetchone()
    if row is None:
        return ""
    return str([*json.loads(row[1]), *json.loads(row[2]), row[0]][0])
