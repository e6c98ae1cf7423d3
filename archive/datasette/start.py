"""The start page: search, the latest articles, and what there is at a glance."""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette.utils.asgi import Response

from archive import charts, search
from archive.datasette import weeks
from archive.datasette.serving import Row, page, read, rows
from archive.datasette.sources import all_sources
from archive.search import Filters

LATEST = 15  # articles
SOURCES = 15
SHOWN = 8  # languages and reasons
LOOKED_AT = 300  # articles, for what was removed

TOTALS = """
SELECT (SELECT coalesce(sum(articles), 0) FROM article_counts) AS articles,
       (SELECT count(*) FROM captures) AS captures,
       (SELECT min(dated) FROM article_facets) AS first,
       (SELECT max(dated) FROM article_facets) AS last
"""
LANGUAGES = """
SELECT language AS name, sum(articles) AS n FROM article_counts GROUP BY 1 ORDER BY 2 DESC, 1
"""
# Of the latest: what cleaning does now, and quick, for the blocks of all are the most of an archive.
LETTERS = """
SELECT coalesce(b.reason, 'kept') AS name, sum(b.length) AS n
FROM (SELECT id FROM article_facets ORDER BY dated DESC LIMIT ?) a
CROSS JOIN block_places b ON b.article_id = a.id GROUP BY 1 ORDER BY 2 DESC
"""


async def start(datasette: Any, request: Any) -> Response:
    """The page."""

    def find(db: sqlite3.Connection) -> Row:
        weekly = weeks.weekly(db)
        sources = all_sources(db, weekly)
        # Those that need a look come first, then those with most to read.
        sources.sort(key=lambda s: (not (s["changed"] or s["failures"]), -s["articles"], s["name"]))
        letters = _shares(rows(db, LETTERS, LOOKED_AT))
        kept = sum(row["share"] for row in letters if row["name"] == "kept")
        return {
            "hits": list(search.select(db, Filters(), limit=LATEST)),
            "totals": rows(db, TOTALS)[0] | {"sources": len(sources)},
            "sources": sources[:SOURCES],
            "languages": _shares(rows(db, LANGUAGES))[:SHOWN],
            "removed": [row for row in letters if row["name"] != "kept"][:SHOWN],
            "removed_share": 1 - kept,
            "looked_at": LOOKED_AT,
            **weeks.chart(datasette, weekly.together(), weekly.weeks, {}),
        }

    return await page(datasette, request, "start.html", await read(datasette, find))


def _shares(found: list[Row]) -> list[Row]:
    """The rows, each with its share of the sum as a number and as a bar."""
    total = sum(row["n"] for row in found) or 1
    return [row | {"share": row["n"] / total, "bar": charts.bar(row["n"] / total)} for row in found]
