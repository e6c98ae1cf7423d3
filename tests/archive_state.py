"""What an archive holds, as it follows from the set of captures: times and row numbers apart."""

from __future__ import annotations

from pathlib import Path

from archive.opening import open_reader

TABLES = {
    "articles": "url, captured_url, source, title, authors, published, language, text, digest, translation_group, may_train",
    "blocks": "(SELECT url FROM articles WHERE id = article_id), position, kind, text, kept, reason, rule",
    "revisions": "(SELECT url FROM articles WHERE id = article_id), number, digest",
    "block_stats": "site, digest, articles",
}  # fmt: skip
PAYLOADS = "SELECT DISTINCT url, digest FROM captures WHERE status = 200 AND role = 'article'"


State = dict[str, list[tuple[object, ...]]]


def state(directory: Path) -> State:
    """The rows of the tables that are derived, and the payloads captured, each sorted."""
    db = open_reader(directory)
    found = {
        table: sorted(db.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
        for table, columns in TABLES.items()
    }
    found["payloads"] = sorted(db.execute(PAYLOADS).fetchall())
    db.close()
    return found
