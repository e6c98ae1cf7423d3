"""The database file, its links, and what is counted of articles and blocks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from archive import duplicates, sitemaps
from archive.integrity.problem import Problem, Remedy

# What each of these tables holds, counted anew: its columns, and where they come from.
COUNTS = {
    "article_facets": ("id, source, language, dated, word_count", "articles"),
    "article_counts": ("source, language, month, count(*)", "articles GROUP BY 1, 2, 3"),
    "week_counts": (
        "source, date(dated, 'weekday 0', '-6 days'), count(*)",
        "articles GROUP BY 1, 2",
    ),
    "article_tags": ("DISTINCT value, a.id", "articles a, json_each(a.tags)"),
    "article_authors": ("DISTINCT value, a.id", "articles a, json_each(a.authors)"),
    "tag_counts": ("tag, count(*)", "article_tags GROUP BY 1"),
    "author_counts": ("author, count(*)", "article_authors GROUP BY 1"),
}


def counts(db: sqlite3.Connection) -> Iterator[Problem]:
    """The tables behind facets against a count of the articles."""
    for table, (columns, source) in COUNTS.items():
        counted = f"SELECT {columns} FROM {source}"
        for one, other in ((table, counted), (counted, table)):
            first, second = (sql if " " in sql else f"SELECT * FROM {sql}" for sql in (one, other))
            sql = f"SELECT * FROM ({first}) EXCEPT SELECT * FROM ({second}) LIMIT 1"
            if row := db.execute(sql).fetchone():
                line = f"{table} {row[0]}: not what the articles give"
                yield Problem(line, Remedy.REPAIR)
                break


def database(db: sqlite3.Connection) -> Iterator[Problem]:
    """SQLite's own checks: pages, indexes, links between tables."""
    for (line,) in db.execute("PRAGMA integrity_check"):
        if line != "ok":
            remedy = Remedy.REPAIR if "index" in line else Remedy.RESTORE
            yield Problem(f"archive.db: {line}", remedy)
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        line = f"{table} row {row}: points to a row that is not in {parent}"
        yield Problem(line, Remedy.REPAIR)


def statistics(db: sqlite3.Connection) -> Iterator[Problem]:
    """block_stats against a count of the blocks."""
    rows = db.execute(
        """
        WITH counted AS (
            SELECT a.site AS site, b.digest AS digest, count(DISTINCT b.article_id) AS articles
            FROM block_places b JOIN articles a ON a.id = b.article_id
            GROUP BY a.site, b.digest HAVING count(DISTINCT b.article_id) > 1
        )
        SELECT site, digest FROM (SELECT * FROM counted EXCEPT SELECT * FROM block_stats)
        UNION
        SELECT site, digest FROM (SELECT * FROM block_stats EXCEPT SELECT * FROM counted)
        """
    )
    for site, digest in rows:
        line = f"block_stats {site} {digest}: not the number of articles that have the block"
        yield Problem(line, Remedy.REPAIR)


def clusters(db: sqlite3.Connection) -> Iterator[Problem]:
    """The clusters of near-duplicates."""
    return (Problem(line, Remedy.REPAIR) for line in duplicates.check(db))


def translations(db: sqlite3.Connection) -> Iterator[Problem]:
    """What counts of the translations that sitemaps name."""
    return (Problem(line, Remedy.REPAIR) for line in sitemaps.check(db))
