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

    They end with that of the latest article, or with this week, where there is none or it is to come.
    """
    today = datetime.now(UTC).date().isoformat()
    where, values = "week <= ?", [today]
    if source is not None:
        where, values = f"source = ? AND {where}", [source, today]
    (latest,) = db.execute(f"SELECT max(week) FROM week_counts WHERE {where}", values).fetchone()
    last = date.fromisoformat(latest or today)
    weeks = [last - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    found: dict[str, Counter[date]] = {}
    sql = f"SELECT source, week, articles FROM week_counts WHERE {where} AND week >= ?"
    for name, week, articles in db.execute(sql, [*values, weeks[0].isoformat()]):
        found.setdefault(name, Counter())[date.fromisoformat(week)] = articles
    return Weekly(weeks, found)


def chart(
    datasette: Any, counts: Counter[date], weeks: list[date], filters: dict[str, str]
) -> dict[str, Any]:
    """A chart, each column with a link to its week's articles, and the same as rows, latest first."""
    columns = []
    for week in weeks:
        end = week + timedelta(days=6)
        query = urlencode(filters | {"since": week.isoformat(), "until": end.isoformat()})
        href = datasette.urls.path(f"/-/search?{query}")
        mark = f"{week:%b}" if week.day <= 7 else None  # a month's first Monday
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
