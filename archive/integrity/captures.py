"""The rows of `captures` against the records of the WARC files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive import members, urls, warc
from archive.integrity.problem import Problem, Remedy
from archive.members import Member

_ROWS = "SELECT id, final_url, offset, length, digest FROM captures WHERE file = ? ORDER BY offset"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A row of `captures` that says of its record what is not so."""

    capture_id: int
    member: Member
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stray:
    """A whole record that no row of `captures` knows. A run that failed may have left it.

    `is_missed`: something was read from it.
    """

    file: str
    member: Member
    is_missed: bool


def check(db: sqlite3.Connection, folder: Path) -> Iterator[Problem]:
    """What is wrong with the captures and their files, file by file, in one pass of each."""
    for file in _files(db, folder):
        if not (folder / file).is_file():
            count = db.execute("SELECT count(*) FROM captures WHERE file = ?", [file]).fetchone()[0]
            yield Problem(f"warc/{file}: is not there, and held {count} captures", Remedy.RESTORE)
            continue
        for found in _walk(db, folder, file):
            if isinstance(found, Problem):
                yield found
            elif isinstance(found, Mismatch):
                yield from (Problem(line, Remedy.REPAIR) for line in found.lines)
            else:
                at, url = found.member.offset, found.member.url
                line = f"warc/{file} at {at}: no capture knows the record of {url}"
                yield Problem(line, Remedy.REPAIR if found.is_missed else Remedy.NONE)


def mend(db: sqlite3.Connection, folder: Path) -> None:
    """Let the rows say what the records say. A record that none knows gets a row, to be read."""
    for file in _files(db, folder):
        if not (folder / file).is_file():
            continue
        for found in list(_walk(db, folder, file)):
            if isinstance(found, Mismatch):
                _correct(db, found.capture_id, file, found.member)
            elif isinstance(found, Stray):
                row = db.execute(
                    "SELECT id FROM captures WHERE final_url = ? AND fetched = ? AND file = ?",
                    [found.member.url, found.member.date, file],
                ).fetchone()
                if row:
                    _correct(db, row[0], file, found.member)
                elif found.is_missed:
                    _adopt(db, folder, file, found.member)


def _files(db: sqlite3.Connection, folder: Path) -> list[str]:
    named = {row[0] for row in db.execute("SELECT DISTINCT file FROM captures")}
    held = {path.name for path in folder.glob("*.warc.gz")}
    return sorted(file for file in named | held if not file.startswith(warc.PASSING))


def _walk(db: sqlite3.Connection, folder: Path, file: str) -> Iterator[Problem | Mismatch | Stray]:
    rows = iter(db.execute(_ROWS, [file]))
    row, position = next(rows, None), 0
    size = (folder / file).stat().st_size
    with open(folder / file, "rb") as stream:
        while position < size:
            try:
                member = members.read(stream, position)
            except warc.WarcError as error:
                if not row:  # torn by a kill, behind the last capture
                    return
                owner = ""
                if row and row[2] == position:
                    owner, row = f"capture {row[0]} ({row[1]}): ", next(rows, None)
                yield Problem(f"{owner}warc/{file}: {error}", Remedy.RESTORE)
                position = _next(folder / file, position, row)
                continue
            while row and row[2] < position:
                yield _misplaced(row, file, size)
                row = next(rows, None)
            if row and row[2] == position and member.is_capture:
                yield from _differences(row, member, file)
                row = next(rows, None)
            elif member.is_capture:
                yield Stray(file, member, _is_missed(db, file, member))
            position += member.length
    while row:
        yield _misplaced(row, file, size)
        row = next(rows, None)


def _is_missed(db: sqlite3.Connection, file: str, member: Member) -> bool:
    """Whether there are readings of a capture that is gone; what was erased is missed by nobody."""
    if db.execute("SELECT 1 FROM unclean WHERE file = ?", [file]).fetchone():
        return False
    sql = "SELECT 1 FROM readings WHERE own_key = ? AND capture_id NOT IN (SELECT id FROM captures)"
    return db.execute(sql, [urls.key(member.url)]).fetchone() is not None


def _next(path: Path, position: int, row: tuple[int, str, int, int, str] | None) -> int:
    """Where to go on behind a damaged member."""
    found = members.find(path, position + 1)
    known = row[2] if row and row[2] > position else None
    places = [place for place in (found, known) if place is not None]
    return min(places, default=path.stat().st_size)


def _misplaced(row: tuple[int, str, int, int, str], file: str, size: int) -> Problem:
    line = f"capture {row[0]} ({row[1]}): no record begins at {row[2]} of warc/{file}"
    return Problem(line, Remedy.RESTORE if row[2] >= size else Remedy.REPAIR)


def _differences(
    row: tuple[int, str, int, int, str], member: Member, file: str
) -> Iterator[Mismatch]:
    capture_id, url, offset, length, digest = row
    pairs = (
        ("address", url, member.url),
        ("length", length, member.length),
        ("payload's digest", digest, _digest(member)),
    )
    lines = tuple(
        f"capture {capture_id} ({url}): its {name} is {theirs}, not {ours} (warc/{file} at {offset})"
        for name, ours, theirs in pairs
        if ours != theirs
    )
    if lines:
        yield Mismatch(capture_id, member, lines)


def _digest(member: Member) -> str:
    """The digest that a row has: a revisit has no payload, and states that of the capture it means."""
    return member.stated if member.kind == "revisit" else member.digest


def _correct(db: sqlite3.Connection, capture_id: int, file: str, member: Member) -> None:
    db.execute(
        "UPDATE captures SET final_url = ?, file = ?, offset = ?, length = ?, digest = ? WHERE id = ?",
        [member.url, file, member.offset, member.length, _digest(member), capture_id],
    )


def _adopt(db: sqlite3.Connection, folder: Path, file: str, member: Member) -> None:
    """A row for a record, as far as it can be known from that and from captures like it."""
    site = urls.site(member.url)
    like = db.execute(
        "SELECT source, role FROM captures WHERE final_url = ? ORDER BY id DESC LIMIT 1",
        [member.url],
    ).fetchone()
    source = like or db.execute("SELECT source FROM articles WHERE site = ?", [site]).fetchone()
    role = "robots" if urls.key(member.url) == f"{site}/robots.txt" else "article"
    try:
        status = warc.read(folder, file, member.offset).status
    except warc.WarcError:
        status = 200  # its body is broken, which reading it will tell
    db.execute(
        "INSERT INTO captures (url, final_url, source, role, fetched, status, digest, file, offset, "
        "length) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            member.url, member.url, source[0] if source else site, like[1] if like else role,
            member.date, status, _digest(member), file, member.offset, member.length,
        ],
    )  # fmt: skip
