"""Whether an archive is whole."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from archive import duplicates, fingerprint, search, warc
from archive.store import open_reader


def verify(directory: Path) -> list[str]:
    """What is wrong with the archive, a line each; empty where it is whole.

    Read from the file alone: SQLite's own checks, every capture in its WARC file, every digest,
    every article's text against its blocks, and the full-text index. Raises ArchiveError.
    """
    db = open_reader(directory)
    try:
        return [
            *_database(db),
            *_captures(db, directory / "warc"),
            *_articles(db),
            *_statistics(db),
            *_counts(db),
            *_index(db),
            *duplicates.check(db),
        ]
    except sqlite3.DatabaseError as error:
        return [f"archive.db: {error}"]
    finally:
        db.close()


def _database(db: sqlite3.Connection) -> Iterator[str]:
    for (line,) in db.execute("PRAGMA quick_check").fetchall():
        if line != "ok":
            yield f"archive.db: {line}"
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check").fetchall():
        yield f"{table} row {row}: points to a row that is not in {parent}"


def _captures(db: sqlite3.Connection, folder: Path) -> Iterator[str]:
    rows = db.execute(
        "SELECT id, final_url, file, offset, digest FROM captures ORDER BY file, offset"
    )
    for capture_id, url, file, offset, digest in rows:
        try:
            found = warc.payload_digest(folder, file, offset)
        except warc.WarcError as error:
            yield f"capture {capture_id} ({url}): {error}"
            continue
        if digest and found and found != digest:
            yield f"capture {capture_id} ({url}): the payload's digest is {found}, not {digest}"


def _articles(db: sqlite3.Connection) -> Iterator[str]:
    rows = db.execute("SELECT id, url, text, digest FROM articles ORDER BY id").fetchall()
    for article_id, url, text, digest in rows:
        blocks = db.execute(
            "SELECT position, text, digest, kept, reason FROM blocks WHERE article_id = ? "
            "ORDER BY position",
            [article_id],
        ).fetchall()
        if [row[0] for row in blocks] != list(range(len(blocks))):
            yield f"article {url}: its blocks are not numbered from 0 on"
        if "\n\n".join(row[1] for row in blocks if row[3]) != text:
            yield f"article {url}: its text is not that of its kept blocks"
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            yield f"article {url}: its digest is not that of its text"
        for position, block, block_digest, kept, reason in blocks:
            if fingerprint.digest(block) != block_digest:
                yield f"article {url}: block {position} does not fit its digest"
            if bool(kept) == bool(reason):
                yield f"article {url}: block {position} is neither kept nor removed with a reason"
        revision = db.execute(
            "SELECT digest FROM revisions WHERE article_id = ? ORDER BY number DESC LIMIT 1",
            [article_id],
        ).fetchone()
        if revision is None or revision[0] != digest:
            yield f"article {url}: its last revision is not its text"


def _statistics(db: sqlite3.Connection) -> Iterator[str]:
    """block_stats against a count of the blocks."""
    rows = db.execute(
        """
        WITH counted AS (
            SELECT a.site AS site, b.digest AS digest, count(DISTINCT b.article_id) AS articles
            FROM blocks b JOIN articles a ON a.id = b.article_id
            GROUP BY a.site, b.digest HAVING count(DISTINCT b.article_id) > 1
        )
        SELECT site, digest FROM (SELECT * FROM counted EXCEPT SELECT * FROM block_stats)
        UNION
        SELECT site, digest FROM (SELECT * FROM block_stats EXCEPT SELECT * FROM counted)
        """
    ).fetchall()
    for site, digest in rows:
        yield f"block_stats {site} {digest}: not the number of articles that have the block"


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


def _counts(db: sqlite3.Connection) -> Iterator[str]:
    """The tables behind facets against a count of the articles."""
    for table, (columns, source) in COUNTS.items():
        counted = f"SELECT {columns} FROM {source}"
        for one, other in ((table, counted), (counted, table)):
            first, second = (sql if " " in sql else f"SELECT * FROM {sql}" for sql in (one, other))
            rows = db.execute(f"SELECT * FROM ({first}) EXCEPT SELECT * FROM ({second})").fetchall()
            if rows:
                yield f"{table} {rows[0][0]}: not what the articles give"
                break


def _index(db: sqlite3.Connection) -> Iterator[str]:
    """The full-text index against an index made anew of the same articles."""
    memory = sqlite3.connect(":memory:")
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'articles_fts'").fetchone()
    memory.execute(sql)
    for row in db.execute("SELECT id, title, text, authors FROM articles").fetchall():
        search.index(memory, *row)
    ours, anew = (_terms(connection) for connection in (db, memory))
    memory.close()
    if ours != anew:
        wrong = sorted({document for document, _ in ours ^ anew})
        yield f"articles_fts: the index does not fit {len(wrong)} articles (first: id {wrong[0]})"


def _terms(db: sqlite3.Connection) -> set[tuple[int, int]]:
    """For each article in the index a hash of its terms and their places."""
    db.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab ('main', articles_fts, instance)"
    )
    found: dict[int, int] = {}
    for term, document, column, offset in db.execute(
        "SELECT term, doc, col, offset FROM temp.terms"
    ):
        found[document] = found.get(document, 0) ^ hash((term, column, offset))
    return set(found.items())
