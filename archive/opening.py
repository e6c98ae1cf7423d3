"""Open an archive: to write, by one process at a time, or to read beside it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive import definitions, lock, refresh, repetition, schema
from archive.errors import UserError
from archive.store import Store

# Bytes of a page of a new archive. Rows of 3 kB leave a quarter of pages of 8,192 unused, of 4,096 more; pages
# of 16,384 are stored and searched as quickly, of 32,768 the archive is no smaller (4,000 made articles).
PAGE_BYTES = 16_384
# Of the writer's memory: what a batch changes stays there until it is committed.
CACHE_KIBIBYTES = 64 * 1024
LOG_PAGES = 4_000  # written to the log before they are copied into the file: once in some batches
BUSY_MILLISECONDS = 10_000  # how long a reader waits where SQLite must make it wait


class ArchiveError(UserError):
    """The archive cannot be used: one line that says what is wrong and what to do."""


@contextmanager
def open_archive(directory: Path, purpose: str) -> Iterator[Store]:
    """The archive in that folder, made where there is none, locked for this writer.

    Raises Locked where another process writes it, ArchiveError where it is none of ours or newer
    than this program, OSError where the folder is not writable.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with lock.writing(directory, purpose):
        path = directory / "archive.db"
        is_new = not path.exists()
        connection = sqlite3.connect(path, check_same_thread=False)
        _check(connection, path)
        if is_new:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        if is_new:
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        schema.apply(connection)
        archive = Store(directory, connection)
        with archive.transaction():
            _relearn(connection)
            definitions.renew(connection)
        try:
            archive.recover()
            archive.finish_erasure()
            yield archive
            archive.finish_erasure()
        finally:
            archive.close()


def _relearn(connection: sqlite3.Connection) -> None:
    """Where another version of the program decided what repeats, decide it anew."""
    if connection.execute("PRAGMA user_version").fetchone()[0] != repetition.VERSION:
        refresh.relearn(connection)
        connection.execute(f"PRAGMA user_version = {repetition.VERSION}")


def open_reader(directory: Path) -> sqlite3.Connection:
    """A read-only connection, beside which another process may write.

    An archive of an earlier version is brought up to date first. Raises ArchiveError where there is
    no archive, one newer than this program, or one that is earlier and cannot be written.
    """
    path = directory / "archive.db"
    if not path.exists():
        raise ArchiveError(
            f"no archive in {directory}: make one with `newsarchive crawl` or `newsarchive import`,"
            " or name another folder with --archive"
        )
    mode = "immutable=1" if is_immutable(directory) else "mode=ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    _check(connection, path)
    if schema.pending(connection) or definitions.outdated(connection):
        _bring_up_to_date(directory)
    return connection


@contextmanager
def reader(directory: Path) -> Iterator[sqlite3.Connection]:
    """What `open_reader` returns, closed behind the block."""
    db = open_reader(directory)
    try:
        yield db
    finally:
        db.close()


def _bring_up_to_date(directory: Path) -> None:
    if is_immutable(directory):
        raise ArchiveError(
            f"the archive in {directory} is of an earlier version, and the folder cannot be written: "
            "make it writable once, for `newsarchive stats`"
        )
    with suppress(lock.Locked), open_archive(directory, "stats"):  # who holds it is at it
        pass


def is_immutable(directory: Path) -> bool:
    """Whether only SQLite's immutable mode opens the archive there.

    A WAL database needs its -shm file, which cannot be made without write access to the folder.
    """
    return not (os.access(directory, os.W_OK) or _has_wal(directory / "archive.db"))


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is no archive of ours, and what a newer program has migrated."""
    try:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise ArchiveError(f"{path} is no SQLite database: {error}") from error
    if tables and application_id != schema.APPLICATION_ID:
        raise ArchiveError(f"{path} is no archive of newsletter-archive: choose another folder")
    if newer := schema.unknown(connection):
        raise ArchiveError(
            f"{path} was written by a newer version (it has the migration {min(newer)}): "
            "upgrade with `pip install -U newsletter-archive`"
        )


def _has_wal(path: Path) -> bool:
    return path.with_name(path.name + "-wal").exists()
