"""Bring the schema of archive.db up to date: archive/migrations.py says what it is."""

from __future__ import annotations

import sqlite3

from archive.migrations import MIGRATIONS

APPLICATION_ID = 0x6E_61_72_63  # "narc": tells `file` and us that a database is an archive
MIGRATION_SET = "newsletter-archive"


def apply(connection: sqlite3.Connection, stop_before: str | None = None) -> None:
    """Bring an archive up to date, each migration in a transaction of its own."""
    if not pending(connection):
        return
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    migrations = Migrations(MIGRATION_SET)
    for function in MIGRATIONS:
        migrations()(function)
    migrations.apply(Database(connection), stop_before=stop_before)


def pending(connection: sqlite3.Connection) -> set[str]:
    """The names of migrations that the archive has not seen yet."""
    return _names() - _applied(connection)


def unknown(connection: sqlite3.Connection) -> set[str]:
    """The names of migrations that only a newer program knows."""
    return _applied(connection) - _names()


def _names() -> set[str]:
    return {function.__name__ for function in MIGRATIONS}


def _applied(connection: sqlite3.Connection) -> set[str]:
    table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
    if not connection.execute(table).fetchone():
        return set()
    names = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
    return {row[0] for row in connection.execute(names, [MIGRATION_SET])}
