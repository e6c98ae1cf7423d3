"""Join archives: the captures of one are added to another, and what follows from them.

What follows from the captures is derived as if they had been imported. Of what does not (when a source
is due, what waits in the frontier, which host is left alone, what failed) the row that knows more is
kept. So the result depends neither on the order of the archives nor on how often they are joined,
and a merge that was killed is resumed by the next.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from archive import (
    articles,
    contents,
    forget,
    rereading,
    rights,
    sitemaps,
    urls,
    warc,
    warc_files,
)
from archive.errors import UserError
from archive.model import Capture, Found, Outcome, Read, Reading
from archive.opening import reader
from archive.store import Store

BATCH = 200  # captures stored in one transaction

# What makes two captures one, whichever archive they are in.
IDENTITY = "url final_url source role fetched status digest".split()
# Rows that do not follow from captures: by what they are the same in both archives, and by what is
# decided which of two rows knows more. Where that is equal, the rest of the row decides.
LATEST = {
    "sources": ("name", ("last_crawl",)),
    "frontier": ("source, key", ("fetched", "state = 'done'", "changed")),
    "hosts": ("site", ("refused",)),  # rather left alone once too often
    "failures": ("source, url", ("last_seen",)),
    "acknowledged": ("source, what", ("since",)),
}
# A claim in the frontier ends with its process.
_AS = {"state": "replace(state, 'leased', 'waiting')", "lease": "NULL"}

_CONTENT = "LEFT JOIN readings r ON r.capture_id = c.id LEFT JOIN sitemap_readings s ON s.capture_id = c.id"
_COLUMNS = ", ".join(f"c.{column.name}" for column in fields(Capture))


class MergeError(UserError):
    """The archives cannot be joined: one line that says why."""


@dataclass(slots=True)
class Merged:
    """What a merge did."""

    added: int = 0  # captures
    held: int = 0  # captures that both archives have
    broken: list[str] = field(default_factory=list)  # captures left out, a line each
    outdated: int = 0  # articles read by another version of the extractor than this program's


@dataclass(frozen=True, slots=True)
class _Theirs:
    """A capture of the other archive, and what that has made of it."""

    capture: Capture
    is_read: bool
    content: str | None  # digest of the reading; null: none followed
    outcome: Outcome | None  # as far as that is kept


def merge(archive: Store, other: Path, advance: Callable[[int], None] = lambda _: None) -> Merged:
    """Add to the archive what the one in the folder `other` has; that one is only read.

    `advance` is told of each number of captures that was looked at. A capture whose record is broken
    is left out, and told. Raises MergeError, ArchiveError, OSError (disk full).
    """
    if other.resolve() == archive.directory.resolve():
        raise MergeError(f"{other} is the archive itself")
    merged = Merged()
    with reader(other) as db:
        db.execute("BEGIN")  # one moment of the other, whatever is written there meanwhile
        with archive.transaction():
            _join_forgotten(archive, db)
        for batch in _batches(db):
            with archive.transaction():
                added = (_add(archive, other / "warc", theirs, merged) for theirs in batch)
                archive.save_all([read for read in added if read])
                robots = {t.capture.final_url for t in batch if t.capture.role == "robots"}
                for url in robots:
                    _join_signals(archive.connection, db, "WHERE url = ?", url)
                _apply_robots(archive.connection, robots)
            advance(len(batch))
        with archive.transaction():
            _join_tables(archive.connection, db)
            if archive.forgotten:
                forget.drop_forgotten(archive)
    merged.outdated = rereading.outdated(archive.connection)
    return merged


def count(directory: Path) -> int:
    """The number of captures in the archive there. Raises ArchiveError."""
    with reader(directory) as db:
        return int(db.execute("SELECT count(*) FROM captures").fetchone()[0])


def _batches(db: sqlite3.Connection) -> Iterator[list[_Theirs]]:
    rows = db.execute(
        f"SELECT c.read, r.content, s.content, k.body, {_COLUMNS} FROM captures c {_CONTENT} "
        "LEFT JOIN contents k ON k.digest = s.content ORDER BY c.id"
    )
    while batch := rows.fetchmany(BATCH):
        read: dict[str, Outcome] = {**contents.load(db, {row[1] for row in batch if row[1]})}
        listed = {row[2]: row[3] for row in batch if row[2]}
        read |= {d: Found(translations=sitemaps.unpack(body)) for d, body in listed.items()}
        yield [
            _Theirs(Capture(*row[4:]), bool(row[0]), row[1] or row[2], read.get(row[1] or row[2]))
            for row in batch
        ]


def _add(archive: Store, folder: Path, theirs: _Theirs, merged: Merged) -> Read | None:
    """Add a capture; as what it is to be stored, null: nothing follows that is not stored."""
    if archive.forgotten and _is_forgotten(archive, folder, theirs):
        return None
    held = _held(archive.connection, theirs.capture)
    if held is None:
        try:
            ours = archive.adopt(theirs.capture, _records(folder, theirs.capture))
        except warc.WarcError as error:
            merged.broken.append(f"{theirs.capture.url}: {error}")
            return None
        merged.added += 1
    else:
        merged.held += 1
        ours = replace(theirs.capture, id=held[0])
        if held[1] and not _is_better(theirs, held[2], held[3]):
            return None
    if not theirs.is_read:
        return None
    return Read(ours, theirs.outcome, theirs.capture.read_by)


def _join_forgotten(archive: Store, other: sqlite3.Connection) -> None:
    """What the other has forgotten is forgotten here, too."""
    db, before = archive.connection, archive.connection.total_changes
    db.executemany(
        "INSERT OR IGNORE INTO forgotten VALUES (?, ?, ?)",
        other.execute("SELECT salt, hash, since FROM forgotten").fetchall(),
    )
    if db.total_changes > before:
        archive.forgotten.reload()
        forget.forget_again(archive)


def _is_forgotten(archive: Store, folder: Path, theirs: _Theirs) -> bool:
    capture, forgotten = theirs.capture, archive.forgotten
    if isinstance(reading := theirs.outcome, Reading):
        return forgotten.has(capture.url, capture.final_url, reading.declared_url)
    return forgotten.has(capture.url, capture.final_url) or (
        capture.role != "robots" and forgotten.is_named(folder, capture.file, capture.offset)
    )


def _held(
    db: sqlite3.Connection, capture: Capture
) -> tuple[int, int, str | None, str | None] | None:
    """The capture in this archive: its id, whether it is read, its reading's digest, by what."""
    where = " AND ".join(f"c.{name} = ?" for name in IDENTITY)
    row: tuple[int, int, str | None, str | None] | None = db.execute(
        "SELECT c.id, c.read, coalesce(r.content, s.content), c.read_by "
        f"FROM captures c {_CONTENT} WHERE {where}",
        [getattr(capture, name) for name in IDENTITY],
    ).fetchone()
    return row


def _is_better(theirs: _Theirs, content: str | None, read_by: str | None) -> bool:
    """Whether their reading of a capture is to stand: a later version's, or any where we have none."""
    if theirs.content is None or theirs.content == content:
        return False
    if content is None:
        return True
    one, other = (articles.extractor(by) for by in (theirs.capture.read_by, read_by))
    return (version(one), theirs.content) > (version(other), content)


def version(extractor: str) -> tuple[int, str]:
    """What versions of the extractor are ordered by: "10" comes after "9"."""
    return len(extractor), extractor


def _records(folder: Path, capture: Capture) -> bytes:
    """The capture's records as they stand. Raises WarcError where the payload's digest is another."""
    found = warc.payload_digest(folder, capture.file, capture.offset)
    if capture.digest and found and found != capture.digest:
        raise warc.WarcError(f"the payload's digest is {found}, not {capture.digest}")
    return warc_files.records(folder, capture.file, capture.offset, capture.length)


def _join_tables(db: sqlite3.Connection, other: sqlite3.Connection) -> None:
    db.execute("UPDATE frontier SET state = 'waiting', lease = NULL WHERE state = 'leased'")
    for table, (key, order) in LATEST.items():
        _join_latest(db, other, table, key, order)
    db.execute(  # what failed in one archive, and was read later in the other
        "DELETE FROM failures WHERE EXISTS (SELECT 1 FROM captures c WHERE c.url = failures.url "
        "AND c.source = failures.source AND c.read = 1 AND c.fetched > failures.last_seen)"
    )
    _join_signals(db, other)
    robots = other.execute("SELECT DISTINCT final_url FROM captures WHERE role = 'robots'")
    _apply_robots(db, [row[0] for row in robots])
    _join_runs(db, other)


def _join_latest(
    db: sqlite3.Connection,
    other: sqlite3.Connection,
    table: str,
    key: str,
    order: tuple[str, ...],
) -> None:
    columns = _columns(db, table)
    known = [", ".join(f"coalesce({side}.{term}, '')" for term in (*order, *columns))
             for side in ("excluded", table)]  # fmt: skip
    db.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in columns)} "
        f"WHERE ({known[0]}) > ({known[1]})",
        other.execute(f"SELECT {', '.join(_AS.get(c, c) for c in columns)} FROM {table}"),
    )


def _join_signals(
    db: sqlite3.Connection, other: sqlite3.Connection, where: str = "", *values: str
) -> None:
    columns = [c for c in _columns(db, "signals") if c != "id"]
    db.executemany(
        f"INSERT INTO signals ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        "ON CONFLICT (url, kind, raw, place) DO UPDATE SET "
        "first_seen = min(first_seen, excluded.first_seen), "
        "last_seen = max(last_seen, excluded.last_seen)",
        other.execute(f"SELECT {', '.join(columns)} FROM signals {where}", values),
    )


def _apply_robots(db: sqlite3.Connection, pages: Iterable[str]) -> None:
    """The answers for the articles of sites, by the addresses of their robots.txt."""
    for site in {urls.site(url) for url in pages}:
        rows = db.execute("SELECT id FROM articles WHERE site = ?", [site]).fetchall()
        for (article_id,) in rows:
            rights.apply(db, article_id)


def _join_runs(db: sqlite3.Connection, other: sqlite3.Connection) -> None:
    columns = [c for c in _columns(db, "runs") if c != "id"]
    marks = ", ".join(f"?{n}" for n in range(1, len(columns) + 1))
    same = " AND ".join(f"{c} IS ?{n}" for n, c in enumerate(columns, 1))
    db.executemany(
        f"INSERT INTO runs ({', '.join(columns)}) SELECT {marks} "
        f"WHERE NOT EXISTS (SELECT 1 FROM runs WHERE {same})",
        other.execute(f"SELECT {', '.join(columns)} FROM runs ORDER BY id"),
    )


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    """The table's columns but for generated ones."""
    return [row[1] for row in db.execute(f"PRAGMA table_xinfo({table})") if not row[6]]
