"""What of an archive can be made anew from what is whole of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from archive import (
    addresses,
    articles,
    contents,
    definitions,
    placement,
    presence,
    readings,
    refresh,
    rights,
    search,
    sitemaps,
    urls,
)
from archive import translations as groups
from archive.integrity.tables import COUNTS
from archive.store import Store

# Rows that hang on an article, and go where there is none.
_HANGING = (
    "readings",
    "block_places",
    "revisions",
    "addresses",
    "translations",
    "signatures",
    "duplicates",
)
_OUTDATED = (
    "read_by = substr(read_by, 1, instr(read_by || '+', '+') - 1) || '+'"  # see rereading.want
)


def mend(store: Store, article_ids: Iterable[int], *, is_torn: bool) -> None:
    """Make anew what follows from the captures' readings; these articles are known to be wrong.

    `is_torn`: SQLite's indexes, too. What needs the captures is noted, for `newsarchive reextract`.
    """
    db = store.connection
    if is_torn:
        db.execute("REINDEX")
    with store.transaction():
        db.execute("PRAGMA defer_foreign_keys = ON")
        _drop_contents(db)
        _drop_dangling(db)
        _note_unread(db)
    with store.transaction():
        search.rebuild(db)  # what articles have now, so that it can be taken out with them
        for article_id in sorted(article_ids):
            _renew(db, article_id)
        sitemaps.rebuild(db)
        refresh.relearn(db)
        for table, (columns, source) in COUNTS.items():
            db.execute(f"DELETE FROM {table}")
            db.execute(f"INSERT INTO {table} SELECT {columns} FROM {source}")
        for name, part in definitions.PARTS.items():
            part.rebuild(db)
            db.execute("INSERT OR REPLACE INTO definitions VALUES (?, ?)", [name, part.version])


def _drop_contents(db: sqlite3.Connection) -> None:
    """Readings that are damaged or missing go, and their captures are to be read again."""
    for digest, _ in list(contents.damaged(db)):
        db.execute("DELETE FROM contents WHERE digest = ?", [digest])
    for table in ("readings", "sitemap_readings"):
        lost = f"SELECT capture_id FROM {table} WHERE content NOT IN (SELECT digest FROM contents)"
        db.execute(f"UPDATE captures SET {_OUTDATED} WHERE id IN ({lost})")
        db.execute(f"DELETE FROM {table} WHERE capture_id IN ({lost})")
    db.execute(
        "DELETE FROM contents WHERE digest NOT IN (SELECT content FROM readings) "
        "AND digest NOT IN (SELECT content FROM sitemap_readings)"
    )


def _drop_dangling(db: sqlite3.Connection) -> None:
    """Rows that point to rows which are gone go; captures that lose a reading are read again."""
    db.execute(
        f"UPDATE captures SET {_OUTDATED} WHERE id IN (SELECT capture_id FROM readings "
        "WHERE article_id NOT IN (SELECT id FROM articles))"
    )
    for table in _HANGING:
        db.execute(f"DELETE FROM {table} WHERE article_id NOT IN (SELECT id FROM articles)")
    for table in ("readings", "sitemap_readings", "revisions"):
        db.execute(f"DELETE FROM {table} WHERE capture_id NOT IN (SELECT id FROM captures)")


def _note_unread(db: sqlite3.Connection) -> None:
    """Captures say what they were read as; those whose reading is missing are to be read again."""
    db.execute(
        f"UPDATE captures SET {_OUTDATED} WHERE id NOT IN (SELECT capture_id FROM readings) AND "
        "(read_as = 'article' OR id IN (SELECT capture_id FROM articles))"
    )
    db.execute(
        "UPDATE captures SET read = 1, read_as = 'article' WHERE id IN (SELECT capture_id FROM readings)"
    )


def _renew(db: sqlite3.Connection, article_id: int) -> None:
    """Derive an article anew, with all that is filed by its readings."""
    held = articles.held_readings(db, article_id)
    if not held:  # it is the only copy of its text until its capture is read again
        return
    _rename(db, article_id, held)
    for capture, reading in held:
        found = placement.keys(capture, reading)
        db.execute(
            "UPDATE readings SET own_key = ?, declared_key = ?, letters = ?, removed = ?, missing = ? "
            "WHERE capture_id = ?",
            [found.own, found.declared, *readings.measure(reading), capture.id],
        )
        rights.save(db, capture, reading.signals)
    contents.keep(db, [held[-1][1]], [article_id], {})
    refresh.refresh(db, {article_id: held})
    presence.renew(db, [article_id])
    groups.regroup(db, [article_id])


def _rename(db: sqlite3.Connection, article_id: int, held: articles.Held) -> None:
    """Let the article stand under its own address, and be known by all of its pages."""
    capture, reading = held[-1]
    own, written = urls.canonical(capture.final_url), articles.address(db, article_id)
    candidates = [url for url in (reading.declared_url, own) if url]
    if urls.key(written) not in {urls.key(url) for url in candidates}:
        led = [u for u in candidates if addresses.article(db, urls.key(u)) in (article_id, None)]
        written = next(iter(led), own)
    db.execute(
        "UPDATE articles SET url = ?, site = ? WHERE id = ?",
        [written, urls.site(written), article_id],
    )
    db.execute("DELETE FROM addresses WHERE article_id = ?", [article_id])
    addresses.name(db, [(article_id, written)])
    for page, _ in held:
        for url in (page.final_url, page.url):
            addresses.renew(db, urls.key(url), page.url)
