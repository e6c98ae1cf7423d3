"""The health of a source: what its latest crawl gave, against what is usual for it.

Everything is computed from `captures`, `readings` and `runs`; nothing of it is stored, but which changes
the user has acknowledged. What counts as a change is said in `archive/deviations.py`.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import groupby
from statistics import median
from typing import Any

from archive import deviations, warc
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

    `crawl` is when it began, null where there was none; `known` are changes that were acknowledged, with
    the time of that.
    """

    crawl: str | None
    usual: Measures
    now: Measures
    changed: tuple[Deviation, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)


def of(db: sqlite3.Connection, source: str, crawl: str | None = None) -> Health:
    """The health of a source as the archive stands.

    With the time at which a crawl began: `changed` has only what that one has seen.
    """
    seen = _seen(db, source)
    known = dict(
        db.execute("SELECT what, since FROM acknowledged WHERE source = ?", [source]).fetchall()
    )
    changed = list(_changes(seen, crawl))
    for what, since in known.items():
        if any(one.what == what for one in changed):
            changed = [one for one in changed if one.what != what]
            changed += (one for one in _changes(seen.after(since), crawl) if one.what == what)
    return Health(
        seen.pages.crawl,
        _measure(seen.pages.usual, seen.answers.usual, seen.lists.usual, seen.found[:-LATEST]),
        _measure(seen.pages.now, seen.answers.now, seen.lists.now, seen.found[-LATEST:]),
        tuple(changed),
        known,
    )


def acknowledge(db: sqlite3.Connection, source: str) -> tuple[Deviation, ...]:
    """What is not as usual of a source now, and is known from now on; call it within a transaction.

    Of these measures only pages and crawls from now on are compared, with each other: what stays as it
    is now is not told again, and what changes once more is.
    """
    changed, now = of(db, source).changed, warc.now()
    db.executemany(
        "INSERT OR REPLACE INTO acknowledged VALUES (?, ?, ?)",
        [(source, one.what, now) for one in changed],
    )
    return changed


def withdraw(db: sqlite3.Connection, source: str) -> list[str]:
    """The measures of a source that were acknowledged, and are not any more."""
    rows = db.execute("DELETE FROM acknowledged WHERE source = ? RETURNING what", [source])
    return sorted(row[0] for row in rows.fetchall())


def sources(db: sqlite3.Connection) -> list[str]:
    """The names of the sources whose health can be asked for."""
    rows = db.execute("SELECT name FROM sources UNION SELECT source FROM runs ORDER BY 1")
    return [row[0] for row in rows.fetchall()]


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

    def after(self, time: str) -> _Split:
        """What of it was fetched later."""
        now, usual = ([p for p in pages if p.fetched > time] for pages in (self.now, self.usual))
        return replace(self, now=now, usual=usual)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is compared of a source; `runs` are when crawls began and what they found, in order."""

    pages: _Split
    answers: _Split
    lists: _Split
    runs: Sequence[tuple[str, int]]
    address: str

    @property
    def found(self) -> list[int]:
        return [found for _, found in self.runs]

    def after(self, time: str) -> _Seen:
        """What of it came later."""
        return replace(
            self,
            pages=self.pages.after(time),
            answers=self.answers.after(time),
            lists=self.lists.after(time),
            runs=[run for run in self.runs if run[0] > time],
        )


def _seen(db: sqlite3.Connection, source: str) -> _Seen:
    runs = db.execute(
        "SELECT started, found FROM runs WHERE source = ? AND kind = 'crawl' AND requests > 0 "
        "AND NOT is_current ORDER BY started DESC, id DESC LIMIT ?",
        [source, LATEST + USUAL],
    ).fetchall()
    pages, answers, lists = (_split(db, source, kind) for kind in (PAGES, ANSWERS, LISTS))
    return _Seen(pages, answers, lists, runs[::-1], _address(db, source))


def _changes(seen: _Seen, crawl: str | None) -> Iterator[Deviation]:
    if crawl in (None, seen.answers.crawl):
        yield from deviations.of_answers(seen.answers.now, seen.answers.usual)
    if crawl in (None, seen.pages.crawl):
        yield from deviations.of_articles(seen.pages.now, seen.pages.usual)
    if crawl in (None, seen.lists.crawl):
        yield from deviations.of_lists(seen.lists.now, seen.lists.usual)
    if seen.runs and crawl in (None, seen.runs[-1][0]):
        found = seen.found
        yield from deviations.of_crawls(found[-LATEST:], found[:-LATEST], seen.address)


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
            yield started, [_page(*row) for row in found]
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
    fetched: str,
    url: str,
    status: int,
    letters: int | None,
    removed: int | None,
    missing: str | None,
) -> Page:
    return Page(url, status, letters or 0, removed or 0, _fields(missing or "[]"), fetched)


@lru_cache
def _fields(stated: str) -> frozenset[str]:
    return frozenset(json.loads(stated))


def _address(db: sqlite3.Connection, source: str) -> str:
    """The source's first feed, sitemap, or its home page."""
    row = db.execute("SELECT url, feeds, sitemaps FROM sources WHERE name = ?", [source]).fetchone()
    if row is None:
        return ""
    return str([*json.loads(row[1]), *json.loads(row[2]), row[0]][0])
