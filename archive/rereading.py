"""Captures that are to be read again: which they are, and which of them belong together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from archive import captures, readings
from archive.model import Capture

ADVICE = "were read by another version of the program: `newsarchive reextract` reads them again"
PAGE = 500  # rows of the plan that are in memory at once

# What articles, blocks, signals and the like follow from; other lists only led to it.
_READABLE = "role IN ('article', 'robots', 'sitemap') AND status BETWEEN 200 AND 299"


def sources(db: sqlite3.Connection) -> list[str]:
    """The sources of which anything was captured that can be read again."""
    rows = db.execute(f"SELECT DISTINCT source FROM captures WHERE {_READABLE} ORDER BY source")
    return [row[0] for row in rows]


def outdated(db: sqlite3.Connection) -> int:
    """The number of articles that another version of the extractor has read than this program's."""
    sql = (
        "SELECT count(*) FROM articles a JOIN captures c ON c.id = a.capture_id WHERE "
        "coalesce(substr(c.read_by, 1, instr(c.read_by || '+', '+') - 1), '') != ?"
    )
    return int(db.execute(sql, [readings.EXTRACTOR]).fetchone()[0])


def want(db: sqlite3.Connection, names: Sequence[str]) -> None:
    """Note that all captures (of these sources, where some are named) are to be read again.

    They lose the digest of their rules, so that they were read by others than any.
    """
    where, values = _where(names)
    db.execute(
        "UPDATE captures SET read_by = substr(read_by, 1, instr(read_by || '+', '+') - 1) || '+' "
        f"WHERE {where}",
        values,
    )


def plan(
    db: sqlite3.Connection, names: Sequence[str], is_outdated: Callable[[Capture], bool]
) -> int:
    """Plan to read the outdated captures again; how many they are. It ends with the connection."""
    db.execute(
        "CREATE TEMP TABLE IF NOT EXISTS rereading (number INTEGER PRIMARY KEY, capture_id INTEGER, "
        "together TEXT)"
    )
    db.execute("DELETE FROM temp.rereading")
    for together, group in _groups(db, names):
        outdated = [capture for capture in group if is_outdated(capture)]
        if any(capture.role == "robots" for capture in outdated):
            outdated = group  # what its signals are follows from all of them
        db.executemany(
            "INSERT INTO temp.rereading (capture_id, together) VALUES (?, ?)",
            [(capture.id, together) for capture in outdated],
        )
    return int(db.execute("SELECT count(*) FROM temp.rereading").fetchone()[0])


def planned(db: sqlite3.Connection) -> Iterator[list[tuple[Capture, str | None]]]:
    """The captures that are to be read again, those together that belong into one transaction.

    With each the digest of what it was read as; null where it was read as no article.
    """

    def rows() -> Iterator[tuple[Any, ...]]:
        number = 0
        while page := db.execute(
            f"SELECT t.number, t.together, r.content, {captures.columns('c')} FROM temp.rereading t "
            "JOIN captures c ON c.id = t.capture_id LEFT JOIN readings r ON r.capture_id = c.id "
            "WHERE t.number > ? ORDER BY t.number LIMIT ?",
            [number, PAGE],
        ).fetchall():
            number = page[-1][0]
            yield from page

    for _, group in groupby(rows(), key=lambda row: row[1]):
        yield [(captures.capture(row[3:]), row[2]) for row in group]


def _groups(db: sqlite3.Connection, names: Sequence[str]) -> Iterator[tuple[str, list[Capture]]]:
    """The captures of an article or of a robots.txt, and each of a sitemap, by a name for them."""
    where, values = _where(names)
    together = (
        "CASE role WHEN 'robots' THEN 'robots ' || final_url "
        "ELSE role || ' ' || coalesce(article_id, 'of capture ' || id) END"
    )
    rows = db.execute(
        f"SELECT {together} AS together, {captures.columns('c')} FROM captures c "
        f"LEFT JOIN readings ON capture_id = c.id WHERE {where} ORDER BY together DESC, c.id",
        values,
    )
    for name, group in groupby(rows, key=lambda row: row[0]):
        yield name, [captures.capture(row[1:]) for row in group]


def _where(names: Sequence[str]) -> tuple[str, Sequence[str]]:
    marks = ", ".join("?" * len(names))
    return (f"{_READABLE} AND source IN ({marks})" if names else _READABLE), names
