"""Archives of earlier versions open, and hold what they held."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from archive import contents as kept
from archive import integrity, readings
from archive import schema as schemas
from archive.opening import ArchiveError, open_archive, open_reader
from tests.conftest import Run
from tests.small_archive import REMOVED, TEXTS, make

SOURCES = '[[source]]\nname = "a"\nurl = "https://a.org/"\n'

FRONTIER = (
    "INSERT INTO frontier (source, key, url, role, found_by, state, due) "
    "VALUES ('a', ?, 'https://' || ?, 'article', 'feed', 'done', '2026-11-24T12:00:00.000Z')"
)


def earlier(path: Path, name: str) -> None:
    """An archive as the version before a migration left it."""
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {schemas.APPLICATION_ID}")
    schemas.apply(connection, stop_before=name)
    with connection:
        for key in ("a.org/x?p=1", "b.org:8080", "c.org?p=2/3"):
            connection.execute(FRONTIER, [key, key])
    connection.close()


def schema(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    names = [
        row[0]
        for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")
    ]
    return {n: db.execute(f"SELECT * FROM pragma_table_xinfo('{n}')").fetchall() for n in names}


def test_an_archive_of_the_first_schema_opens(tmp_path: Path) -> None:
    earlier(tmp_path / "old" / "archive.db", "schedule")
    for folder in ("old", "new"):
        with open_archive(tmp_path / folder, "test"):
            pass
    old, new = open_reader(tmp_path / "old"), open_reader(tmp_path / "new")
    assert schema(old) == schema(new)
    sites = old.execute("SELECT site FROM frontier ORDER BY key").fetchall()
    assert sites == [("a.org",), ("b.org:8080",), ("c.org",)]
    old.close()
    new.close()


def test_an_archive_of_the_first_schema_is_read(tmp_path: Path, newsarchive: Run) -> None:
    earlier(tmp_path / "archive.db", "schedule")
    for command in (("stats",), ("sources", "list")):
        (tmp_path / "sources.toml").write_text(SOURCES)
        done = newsarchive(*command, archive=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


def test_what_pages_gave_is_measured_in_an_earlier_archive(tmp_path: Path) -> None:
    make(tmp_path, TEXTS)
    names = "letters, removed, missing"
    select = f"SELECT capture_id, {names} FROM readings ORDER BY capture_id"
    with closing(sqlite3.connect(tmp_path / "archive.db")) as db, db:
        measured = db.execute(select).fetchall()
        contents = sorted(db.execute("SELECT digest FROM contents").fetchall())
        db.execute("DROP INDEX captures_source")
        for column in names.split(", "):
            db.execute(f"ALTER TABLE readings DROP COLUMN {column}")
        db.execute("ALTER TABLE runs DROP COLUMN is_current")
        for digest, reading in kept.load(db, [row[0] for row in contents]).items():
            text = readings.to_json(reading).encode()  # as it was packed then
            row = [hashlib.sha256(text).hexdigest(), zlib.compress(text), digest]
            db.execute("UPDATE contents SET digest = ?, body = ? WHERE digest = ?", row)
            db.execute("UPDATE readings SET content = ? WHERE content = ?", [row[0], digest])
        db.execute("DELETE FROM _sqlite_migrations WHERE name IN ('health', 'readings_repacked')")
    with closing(open_reader(tmp_path)) as db:
        assert db.execute(select).fetchall() == measured
        assert sorted(db.execute("SELECT digest FROM contents").fetchall()) == contents
    assert integrity.verify(tmp_path) == []
    assert (len(measured), measured[0][1:]) == (5, (42, len(REMOVED.text), "[]"))


def test_one_that_cannot_be_written_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier(tmp_path / "archive.db", "schedule")
    monkeypatch.setattr("archive.opening.is_immutable", lambda _: True)
    with pytest.raises(ArchiveError, match="make it writable once"):
        open_reader(tmp_path)
