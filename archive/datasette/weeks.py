"""How many articles were published week by week, and charts of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from archive import charts

WEEKS = 52
FEW = 26  # of a small chart

DAYS = """
SELECT source, substr(dated, 1, 10), count(*) FROM articles
WHERE dated >= ? AND dated < ? GROUP BY 1, 2
"""
DAYS_OF_ONE = DAYS.replace("WHERE", "WHERE source = ? AND")


@dataclass(frozen=True, slots=True)
class Weekly:
    """The Mondays of the last weeks, and for each source how many articles it published in each."""

    weeks: list[date]
    sources: dict[str, Counter[date]]

    def of(self, source: str) -> Counter[date]:
        return self.sources.get(source, Counter())

    def together(self) -> Counter[date]:
        return sum(self.sources.values(), Counter())


def weekly(db: sqlite3.Connection, source: str | None = None) -> Weekly:
    """The last weeks of all sources, or of one.

    They end with this week, or with that of the latest article, where that is longer ago.
    """
    only = [] if source is None else [source]
    where = "source = ? AND dated" if only else "dated"
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    (latest,) = db.execute(
        f"SELECT max(dated) FROM articles WHERE {where} < ?", [*only, tomorrow]
    ).fetchone()
    last = _monday((latest or tomorrow)[:10])
    weeks = [last - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    sources: dict[str, Counter[date]] = {}
    days = db.execute(DAYS_OF_ONE if only else DAYS, [*only, weeks[0].isoformat(), tomorrow])
    for name, day, articles in days:
        sources.setdefault(name, Counter())[_monday(day)] += articles
    return Weekly(weeks, sources)


def chart(
    datasette: Any, counts: Counter[date], weeks: list[date], filters: dict[str, str]
) -> dict[str, Any]:
    """A chart, each column with a link to its week's articles, and the same as rows, latest first."""
    columns = []
    for week in weeks:
        end = week + timedelta(days=6)
        query = urlencode(filters | {"since": week.isoformat(), "until": end.isoformat()})
        href = datasette.urls.path(f"/-/search?{query}")
        begins = week == weeks[0] or week.month != (week - timedelta(weeks=1)).month
        mark = f"{week:%b}" if begins else None
        columns.append(charts.Column(f"Week of {week}", counts[week], href, mark))
    busiest = max(weeks, key=lambda week: counts[week])
    described = (
        f"{sum(column.value for column in columns):,} articles in {WEEKS} weeks from {weeks[0]} on; "
        f"most, {counts[busiest]:,}, in the week of {busiest}."
    )
    return {
        "chart": charts.columns(columns, "Articles per week", described),
        "weeks": [column for column in reversed(columns) if column.value],
    }


def spark(counts: Counter[date], weeks: list[date]) -> Markup:
    """A small chart of the last half year."""
    values = [counts[week] for week in weeks[-FEW:]]
    name = f"{sum(values):,} articles in {FEW} weeks, {values[-1]:,} in the last of them"
    return charts.spark(values, name)


def _monday(day: str) -> date:
    found = date.fromisoformat(day)
    return found - timedelta(days=found.weekday())
