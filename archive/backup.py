"""A consistent copy of an archive, made while others read and write it.

First the database, as it stands at one moment, then of each WARC file the bytes that this database
names. The writer appends a capture to its file before the database names it, and files only grow, so
these bytes are there whatever is written meanwhile. The other way round, the database could name
captures made after their file was copied. Behind the last capture that is named stands what came
later, or the torn end of a killed writer: it is not copied.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive import lock, warc, warc_files
from archive.errors import UserError
from archive.opening import reader

PAGES = 1_000  # of the database copied between two signs of progress: 4 MB
CHUNK = 1 << 20
ATTEMPTS = 3  # an erasure that ends meanwhile replaces files: the copy is begun anew
PLACES = "file, offset, length, digest, url, fetched"  # what makes a capture the same in both

Advance = Callable[[int], None]


class BackupError(UserError):
    """No backup was made: one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds, and how many bytes had to be copied for it."""

    target: str
    articles: int
    captures: int
    bytes: int
    copied: int


def backup(directory: Path, target: Path, advance: Advance = lambda _: None) -> Backup:
    """Copy the archive to the folder `target`, or bring the earlier backup there up to date.

    Of the WARC files only what is new is copied. `advance` is told of each number of bytes that was.
    A new backup is made beside its place (`.partial`) and gets its name when it is whole; an earlier
    one stays whole at every moment. Raises BackupError, ArchiveError, Locked, OSError (disk full).
    """
    target = target.absolute()
    is_new = _is_free(directory, target)
    folder = target.with_name(target.name + ".partial") if is_new else target
    folder.mkdir(exist_ok=True)
    with lock.alone(folder, f"a backup is being written to {target}"):
        try:
            _clear(folder, is_new)
            made = _copy(directory, folder, is_new, advance)
        except BaseException:
            _clear(folder, is_new)
            if is_new:
                folder.rmdir()
            raise
        if is_new:
            os.replace(folder, target)
            warc_files.sync_folder(target.parent)
    return Backup(str(target), **made)


def size(directory: Path, target: Path) -> int:
    """About how many bytes a backup will copy."""
    files = [directory / "archive.db", *(directory / "warc").glob("*.warc.gz")]
    held = [target / path.relative_to(directory) for path in files[1:]]
    known = sum(path.stat().st_size for path in held if path.exists())
    return max(0, sum(path.stat().st_size for path in files if path.exists()) - known)


def _is_free(directory: Path, target: Path) -> bool:
    """Whether nothing stands at the target yet. Raises BackupError where something else does."""
    if target.resolve().is_relative_to(directory.resolve()):
        raise BackupError(f"{target} is in the archive itself: choose a folder elsewhere")
    if not target.parent.is_dir():  # no `mkdir -p`: it may be where a disk is not mounted
        raise BackupError(f"no such folder: {target.parent}")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return True
    with reader(directory) as db:
        if (
            not target.is_dir()
            or _identity(target / "archive.db") != db.execute("SELECT id FROM identity").fetchone()
        ):
            raise BackupError(
                f"{target} is neither empty nor an earlier backup of this archive: choose another folder"
            )
    return False


def _identity(path: Path) -> tuple[str] | None:
    """By what an archive and its backups know each other; null where the file is none of them."""
    try:
        with closing(_open(path)) as db:
            row: tuple[str] | None = db.execute("SELECT id FROM identity").fetchone()
            return row
    except sqlite3.Error:
        return None


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _copy(directory: Path, folder: Path, is_new: bool, advance: Advance) -> dict[str, int]:
    for attempt in range(ATTEMPTS):
        try:
            return _copy_once(directory, folder, is_new, advance)
        except FileNotFoundError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError


def _copy_once(directory: Path, folder: Path, is_new: bool, advance: Advance) -> dict[str, int]:
    snapshot = folder / "archive.db.partial"
    with reader(directory) as db:
        _snapshot(db, snapshot, advance)
    held = {} if is_new else _held(snapshot, folder)
    with closing(_open(snapshot)) as db:
        last = db.execute("SELECT file, max(offset + length) FROM captures GROUP BY file")
        recorded: dict[str, int] = dict(last.fetchall())
        articles = db.execute("SELECT count(*) FROM articles").fetchone()[0]
        captures = db.execute("SELECT count(*) FROM captures").fetchone()[0]
    (folder / "warc").mkdir(exist_ok=True)
    ends: dict[str, int] = {}
    copied = snapshot.stat().st_size
    for file, end in recorded.items():
        source = directory / "warc" / file
        ends[file] = warc_files.end_of_request(source, end)
        begin = min(held.get(file, 0), ends[file])
        _append(source, folder / "warc" / file, begin, ends[file], advance)
        copied += ends[file] - begin
    for path in directory.glob("*.toml"):  # sources and phrases: with them it is crawled again
        shutil.copyfile(path, folder / "toml.partial")
        os.replace(folder / "toml.partial", folder / path.name)
    warc_files.sync_folder(folder / "warc")
    for name in ("archive.db-wal", "archive.db-shm"):  # of one who has read the earlier backup
        (folder / name).unlink(missing_ok=True)
    os.replace(snapshot, folder / "archive.db")
    warc_files.sync_folder(folder)
    for path in (folder / "warc").iterdir():  # files that an erasure has replaced
        if path.name not in ends:
            path.unlink()
    (folder / "lock").unlink(missing_ok=True)
    total = (folder / "archive.db").stat().st_size + sum(ends.values())
    return {"articles": articles, "captures": captures, "bytes": total, "copied": copied}


def _snapshot(db: sqlite3.Connection, path: Path, advance: Advance) -> None:
    """Copy the database as it stands now, whatever is committed meanwhile."""
    (page,) = db.execute("PRAGMA page_size").fetchone()
    left = [db.execute("PRAGMA page_count").fetchone()[0]]

    def tell(_: int, remaining: int, total: int) -> None:
        advance((left.pop() - remaining) * page)
        left.append(remaining)

    with closing(sqlite3.connect(path)) as copy:
        db.execute("BEGIN")  # without it each commit of a writer would begin the copy anew
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        db.backup(copy, pages=PAGES, progress=tell)
        db.execute("COMMIT")
        with copy:  # what is not kept beyond the run that writes now
            copy.execute("DELETE FROM captures WHERE file GLOB ?", [f"{warc.PASSING}-*"])
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, that a read-only disk can hold


def _held(snapshot: Path, folder: Path) -> dict[str, int]:
    """Up to where the earlier backup has each WARC file.

    Raises BackupError where it has captures that the archive has not: it is then another history
    (somebody crawled into the backup, or the archive was restored from an older one).
    """
    with closing(_open(snapshot)) as db:
        db.execute(
            "ATTACH ? AS earlier", [(folder / "archive.db").absolute().as_uri() + "?mode=ro"]
        )
        more = {
            row[0]
            for row in db.execute(
                f"SELECT file FROM (SELECT {PLACES} FROM earlier.captures "
                f"EXCEPT SELECT {PLACES} FROM main.captures)"
            )
        }
        ours = {row[0] for row in db.execute("SELECT DISTINCT file FROM main.captures")}
        # A file that is ours no more was replaced by an erasure; with a lock it may be the backup's.
        if more & ours or (more and (folder / "lock").exists()):
            raise BackupError(
                f"{folder} holds captures that the archive does not have: choose another folder, or "
                f"join them with `newsarchive merge {folder}`"
            )
        ends = db.execute("SELECT file, max(offset + length) FROM earlier.captures GROUP BY file")
        return dict(ends.fetchall())


def _append(source: Path, target: Path, begin: int, end: int, advance: Advance) -> None:
    """Make the target's bytes from `begin` on those of the source, up to `end`."""
    with open(source, "rb") as read, open(target, "ab") as write:
        if os.fstat(read.fileno()).st_size < end:
            raise BackupError(f"{source} ends before its last capture: see `newsarchive verify`")
        write.truncate(begin)
        read.seek(begin)
        while begin < end and (chunk := read.read(min(CHUNK, end - begin))):
            write.write(chunk)
            begin += len(chunk)
            advance(len(chunk))
        write.flush()
        os.fsync(write.fileno())


def _clear(folder: Path, is_new: bool) -> None:
    """Remove what an earlier run left, or this one: all of a new backup, parts of an earlier one."""
    for path in folder.iterdir() if is_new else folder.glob("*.partial*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
