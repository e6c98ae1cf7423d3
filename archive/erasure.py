"""Take captures out of an archive for good: out of the tables, then out of the files.

First, in one transaction, the rows go, and the files that still hold bytes of them are noted in the
table `unclean`. Then each of these files is made anew: of a WARC file the records that are still
recorded are copied to one of another name, which the captures then name, and the old one is deleted
(a WARC file only ever grows or goes); the database is written anew (VACUUM) and its log emptied. Where
that is interrupted, the archive can be read as it is, and whoever opens it next for writing goes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

from archive import captures, placement, presence, rights, sitemaps, urls, warc, warc_files
from archive.model import Capture

if TYPE_CHECKING:
    from archive.store import Store

DATABASE = "archive.db"

ARTICLES = 200  # taken out in one step: what follows for others of their sites is derived once


def erase(
    archive: Store, going: Collection[int], advance: Callable[[int], None] = lambda _: None
) -> None:
    """Take these captures and what follows from them out of the tables; call it in a transaction.

    What stays is what follows from the other captures alone. `finish` does the rest. `advance` is told
    of each number of captures that are out.
    """
    db = archive.connection
    db.execute("CREATE TEMP TABLE IF NOT EXISTS going (id INTEGER PRIMARY KEY)")
    db.execute("DELETE FROM temp.going")
    db.executemany("INSERT INTO temp.going VALUES (?)", [(capture_id,) for capture_id in going])
    rows = db.execute(
        f"SELECT r.article_id, {captures.columns('c')} FROM temp.going "
        "JOIN captures c USING (id) LEFT JOIN readings r ON r.capture_id = c.id "
        "ORDER BY r.article_id, c.id"
    ).fetchall()
    found = [captures.capture(row[1:]) for row in rows]
    files = {DATABASE} | {capture.file for capture in found}
    db.executemany("INSERT OR IGNORE INTO unclean VALUES (?)", [(file,) for file in files])
    by_article = groupby(zip(rows, found, strict=True), lambda pair: pair[0][0])
    articles = iter([[capture for _, capture in group] for _, group in by_article])
    while batch := [*chain.from_iterable(islice(articles, ARTICLES))]:
        _erase(db, batch)
        advance(len(batch))
    _erase_signals(db, {(capture.final_url, capture.role) for capture in found})


def _erase(db: sqlite3.Connection, found: Sequence[Capture]) -> None:
    touched = placement.save(db, [(capture, None) for capture in found]).touched
    placement.drop_unread(db, found)
    sitemaps.save(db, [(capture, ()) for capture in found if capture.role == "sitemap"])
    db.executemany("DELETE FROM captures WHERE id = ?", [(capture.id,) for capture in found])
    presence.renew(db, touched)
    presence.renew(db, presence.concerned(db, found))


def _erase_signals(db: sqlite3.Connection, places: Collection[tuple[str, str]]) -> None:
    """What feeds, lists and robots.txt said, as far as a capture of that time is left that says it."""
    seen = "FROM captures WHERE final_url = ?1 AND fetched BETWEEN first_seen AND last_seen"
    for url in {url for url, role in places if role != "article"}:
        db.execute(f"DELETE FROM signals WHERE url = ?1 AND NOT EXISTS (SELECT 1 {seen})", [url])
        db.execute(
            f"UPDATE signals SET first_seen = (SELECT min(fetched) {seen}), "
            f"last_seen = (SELECT max(fetched) {seen}) WHERE url = ?1",
            [url],
        )
    for site in {urls.site(url) for url, role in places if role == "robots"}:
        rows = db.execute("SELECT id FROM articles WHERE site = ?", [site]).fetchall()
        for (article_id,) in rows:
            rights.apply(db, article_id)


def finish(archive: Store) -> bool:
    """Clean the files of what was erased; whether that is done.

    Not done: somebody reads the archive, so that the log of its database cannot be emptied now.
    Raises OSError (disk full); what is not done is done by the next.
    """
    db = archive.connection
    _drop_passing(archive)
    files = [row[0] for row in db.execute("SELECT file FROM unclean").fetchall()]
    for file in files:
        if file != DATABASE:
            _compact(archive, file)
    return DATABASE not in files or _scrub(archive)


def _drop_passing(archive: Store) -> None:
    """Captures that were made only to be read: see `Archive.append`."""
    db = archive.connection
    passing = [*archive.warc_folder.glob(f"{warc.PASSING}-*")]
    if not passing:
        return
    with db:
        db.execute("DELETE FROM captures WHERE file GLOB ?", [f"{warc.PASSING}-*"])
    for path in passing:
        path.unlink()


def _compact(archive: Store, file: str) -> None:
    db, folder = archive.connection, archive.warc_folder
    rows = db.execute(
        "SELECT id, offset, length FROM captures WHERE file = ? ORDER BY offset", [file]
    ).fetchall()
    if rows and (folder / file).exists():
        new, offsets = warc_files.rewrite(folder, file, [row[1:] for row in rows])
        db.execute("PRAGMA synchronous = FULL")  # on disk before the old file is deleted
        with db:
            db.executemany(
                "UPDATE captures SET file = ?, offset = ? WHERE id = ?",
                [(new, offset, row[0]) for offset, row in zip(offsets, rows, strict=True)],
            )
        db.execute("PRAGMA synchronous = NORMAL")
    (folder / file).unlink(missing_ok=True)
    warc_files.sync_folder(folder)
    with db:
        db.execute("DELETE FROM unclean WHERE file = ?", [file])


def _scrub(archive: Store) -> bool:
    """Write the database anew: deleted text stands in free pages, in the index and in the log."""
    db = archive.connection
    with db:
        # Deletions are marks beside the old entries until segments are merged (FTS5, 6.7).
        db.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat4'").fetchone():
            db.execute("DELETE FROM sqlite_stat4")  # samples of keys
    db.execute("VACUUM")
    (is_busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        return False
    with db:
        db.execute("DELETE FROM unclean WHERE file = ?", [DATABASE])
    return True
