"""The sources, how they do, and what went wrong."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import NotFound, Response

from archive import deviations, facets, health, search
from archive.datasette import weeks
from archive.datasette.serving import Row, page, read, row, rows
from archive.remedies import remedy
from archive.search import Filters

LATEST = 15  # articles of a source
RUNS = 12
FAILURES = 10  # of a class, listed
# The health of a source takes 2 ms, and the start page has that of all. What took longer than a page
# may (seconds; a hundred sources) is kept for twenty times as long, so that it is a twentieth of the work.
QUICK, KEPT = 0.2, 20

# Counts come from tables of counts and indexes alone: the pages stay quick at a million articles.
ALL_SOURCES = """
WITH names (name) AS (
    SELECT name FROM sources UNION SELECT source FROM article_counts
    UNION SELECT source FROM runs UNION SELECT source FROM failures
)
SELECT names.name, run.started AS last_run, run.new, run.revised, run.failed,
       (SELECT coalesce(sum(articles), 0) FROM article_counts WHERE source = names.name) AS articles,
       (SELECT count(*) FROM failures WHERE source = names.name) AS failures
FROM names LEFT JOIN runs run ON run.id = (
    SELECT id FROM runs WHERE source = names.name ORDER BY started DESC, id DESC LIMIT 1
)
ORDER BY names.name
"""
REFUSING = """
SELECT DISTINCT h.* FROM frontier f JOIN hosts h ON h.site = f.site
WHERE f.source = ? AND f.state = 'waiting'
"""
FAILURES_BY_CLASS = """
SELECT * FROM (
    SELECT *, count(*) OVER kind AS total,
           row_number() OVER (kind ORDER BY last_seen DESC, url) AS place
    FROM failures WHERE ?1 IS NULL OR source = ?1 WINDOW kind AS (PARTITION BY class)
) WHERE place <= ?2 ORDER BY total DESC, class, place
"""


def all_sources(db: sqlite3.Connection, weekly: weeks.Weekly) -> list[Row]:
    """Every source with its last run, its last weeks as a chart, and what is not as usual of it."""
    found = rows(db, ALL_SOURCES)
    changed = _changed(db, [one["name"] for one in found])
    return [
        one
        | {
            "spark": weeks.spark(weekly.of(one["name"]), weekly.weeks),
            "changed": changed.get(one["name"], ()),
        }
        for one in found
    ]


_kept: dict[str, tuple[float, dict[str, list[str]]]] = {}  # by file of the archive: until when


def _changed(db: sqlite3.Connection, names: list[str]) -> dict[str, list[str]]:
    """What is not as usual of each source, or was a moment ago where there are many of them."""
    file = db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    start = time.monotonic()
    if file in _kept and start < _kept[file][0]:
        return _kept[file][1]
    found = {name: [*map(deviations.describe, health.of(db, name).changed)] for name in names}
    end = time.monotonic()
    if end - start > QUICK:
        _kept[file] = end + KEPT * (end - start), found
    return found


async def sources(datasette: Any, request: Any) -> Response:
    """All sources."""
    found = await read(datasette, lambda db: {"sources": all_sources(db, weeks.weekly(db))})
    return await page(datasette, request, "sources.html", found)


async def source(datasette: Any, request: Any) -> Response:
    """A source: what it publishes, how its crawls went, what failed."""
    name = unquote(request.url_vars["name"])

    def find(db: sqlite3.Connection) -> Row:
        filters = Filters(sources=(name,))
        runs = f"SELECT * FROM runs WHERE source = ? ORDER BY id DESC LIMIT {RUNS}"
        found = {
            "source": row(db, "SELECT * FROM sources WHERE name = ?", name),
            "total": search.count(db, filters),
            "hits": list(search.select(db, filters, limit=LATEST)),
            "runs": rows(db, runs, name),
            "failures": _failures(db, name),
            "refusing": rows(db, REFUSING, name),
        }
        if not any(found.values()):
            raise NotFound(f"No source is named {name}")
        weekly = weeks.weekly(db, name)
        return {
            **found,
            "name": name,
            "facets": facets.facets(db, filters),
            **weeks.chart(datasette, weekly.of(name), weekly.weeks, {"source": name}),
            **_health(db, name),
        }

    return await page(datasette, request, "source.html", await read(datasette, find))


async def failures(datasette: Any, request: Any) -> Response:
    """What could not be archived, by what happened, with what to do about it."""
    found = await read(datasette, lambda db: {"failures": _failures(db, None)})
    return await page(datasette, request, "failures.html", found)


def _failures(db: sqlite3.Connection, name: str | None) -> list[Row]:
    """The classes of failures, the most frequent first, each with its remedy and latest addresses."""
    found = rows(db, FAILURES_BY_CLASS, name, FAILURES)
    return [
        {"kind": kind, "remedy": remedy(kind), "rows": list(of_kind)}
        for kind, of_kind in groupby(found, key=lambda failure: str(failure["class"]))
    ]


def _health(db: sqlite3.Connection, name: str) -> Row:
    """What a source's latest pages and crawls gave beside what is usual, and what is not as usual."""
    found = health.of(db, name)
    sides = (found.usual, found.now)
    rows = [
        (what, label, *(_measured(getattr(side, what), unit) for side in sides))
        for what, (label, unit) in deviations.MEASURES.items()
    ]
    rows += [
        (what, label, *(_counted(getattr(side, field)) for side in sides))
        for what, label, field in (
            ("status", "answers to requests for articles", "statuses"),
            ("list-status", "answers to requests for lists", "lists"),
        )
    ]
    return {
        "measures": [row for row in rows if row[-1]],
        "changed": [(deviations.describe(one), one.page) for one in found.changed],
        "known": [(deviations.name(what), since) for what, since in found.known.items()],
        "is_changed": {one.what.rstrip("-0123456789") for one in found.changed},
    }


def _measured(value: float | None, unit: Callable[[float], str]) -> str:
    return "" if value is None else unit(value)


def _counted(statuses: Mapping[int, int]) -> str:
    return ", ".join(f"{number:,} × {status}" for status, number in statuses.items())
