"""Joined archives are that of all their captures: in any order, twice, and after kills."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive import crawls, failures, lock, warc, warc_files
from archive import merge as merges
from archive.integrity import verify
from archive.merge import Merged, MergeError, merge
from archive.model import Fault, SourceReport
from archive.opening import open_archive, open_reader
from tests.captures import SHOTS, make, whole_state
from tests.conftest import Run, document
from tests.kill_lines import killed_before


def joined(folder: Path, *others: Path) -> list[Merged]:
    with open_archive(folder, "merge") as archive:
        return [merge(archive, other) for other in others]


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(open_reader(folder)) as db:
        return db.execute(sql).fetchall()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("whole"), SHOTS)


@pytest.mark.parametrize("seed", range(5))
def test_archives_joined_in_any_order_are_that_of_all_captures(
    tmp_path: Path, whole: Path, seed: int
) -> None:
    chance = random.Random(seed)
    parts = [[shot for shot in SHOTS if chance.random() < 0.6] for _ in range(2)]
    parts.append([shot for shot in SHOTS if not any(shot in part for part in parts)])
    folders = []
    for n, part in enumerate(parts):
        chance.shuffle(part)
        folders.append(make(tmp_path / f"part-{n}", part))
    chance.shuffle(folders)
    first = joined(tmp_path / "joined", *folders)
    assert sum(merged.added for merged in first) == len(SHOTS)
    assert whole_state(tmp_path / "joined") == whole_state(whole)
    again = joined(tmp_path / "joined", *folders, whole)
    assert not any(merged.added for merged in again)
    assert whole_state(tmp_path / "joined") == whole_state(whole)
    assert verify(tmp_path / "joined") == []


def test_a_merge_that_is_killed_is_resumed(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merges, "BATCH", 5)
    part, n = make(tmp_path / "part", SHOTS[::3]), 1
    while killed_before(n, {merges, warc, warc_files}, lambda: joined(tmp_path / "work", whole)):
        if (tmp_path / "work" / "archive.db").exists():
            assert verify(tmp_path / "work") == []
        if n % 3:  # begun anew, or resumed by the next
            shutil.rmtree(tmp_path / "work")
            shutil.copytree(part, tmp_path / "work")
        n += 151
    assert n > 1000
    assert whole_state(tmp_path / "work") == whole_state(whole)


def test_records_are_copied_byte_for_byte(tmp_path: Path, whole: Path) -> None:
    make(tmp_path / "ours", SHOTS[:2])
    joined(tmp_path / "ours", whole)

    def records(folder: Path) -> list[bytes]:
        places = rows(folder, "SELECT file, offset, length FROM captures WHERE url >= 'https://b'")
        return [warc_files.records(folder / "warc", *place) for place in places]  # type: ignore[arg-type]

    assert records(tmp_path / "ours") == records(whole)
    assert all(record.count(warc.GZIP_MAGIC) == 2 for record in records(whole))


def _read_by(folder: Path, extractor: str) -> Path:
    reading = replace(SHOTS[0].outcome, title=f"Of version {extractor}")  # type: ignore[type-var]
    return make(folder, [replace(SHOTS[0], outcome=reading, read_by=extractor)])


@pytest.mark.parametrize("is_newer_here", [True, False])
def test_of_two_readings_of_a_capture_the_later_extractors_stands(
    tmp_path: Path, is_newer_here: bool
) -> None:
    folders = [_read_by(tmp_path / "new", "10"), _read_by(tmp_path / "old", "9")]
    ours, theirs = folders if is_newer_here else folders[::-1]
    joined(ours, theirs)
    assert rows(ours, "SELECT title, extractor FROM articles") == [("Of version 10", "10")]


def test_articles_read_by_an_earlier_version_are_told(tmp_path: Path, newsarchive: Run) -> None:
    _read_by(tmp_path / "old", "4")
    make(tmp_path / "ours", SHOTS[1:3])
    done = newsarchive("merge", tmp_path / "old", archive=tmp_path / "ours")
    assert done.returncode == 0
    assert "1 capture added, 0 held before" in done.stderr
    assert "1 articles were read by another version" in done.stderr
    assert "newsarchive reextract" in done.stderr


def test_of_what_does_not_follow_from_captures_the_later_row_stands(tmp_path: Path) -> None:
    for folder, day, state in ((tmp_path / "early", 1, "leased"), (tmp_path / "late", 2, "done")):
        with open_archive(make(folder, []), "test") as archive, archive.transaction():
            db = archive.connection
            time = f"2026-10-0{day}T12:00:00.000Z"
            crawls.record_source(archive.connection, "a", f"https://a.org/{day}")
            db.execute("UPDATE sources SET last_crawl = ?", [time])
            db.execute(
                "INSERT INTO frontier (source, key, url, role, found_by, state, due, lease, fetched) "
                "VALUES ('a', 'a.org/1', ?, 'article', 'feed', ?, ?, ?, ?)",
                [
                    f"https://a.org/1?{day}",
                    state,
                    time,
                    *((time, None) if day == 1 else (None, time)),
                ],
            )
            db.execute("INSERT INTO hosts VALUES ('a.org', 'http-429', ?, 1, ?, NULL)", [day, time])
            db.execute("INSERT INTO acknowledged VALUES ('a', 'letters', ?)", [time])
            failures.record(
                archive.connection, "a", "https://a.org/x", Fault(f"http-50{day}", "no")
            )
            db.execute("UPDATE failures SET first_seen = ?, last_seen = ?", [time, time])
            archive.record_run("crawl", time, [SourceReport("a", *[day] * 8, seconds=0.5)])
            if state == "leased":
                failures.record(
                    archive.connection, "a", SHOTS[0].url, Fault("http-500", "read later elsewhere")
                )
                db.execute(
                    "UPDATE failures SET last_seen = '2026-09' WHERE url = ?", [SHOTS[0].url]
                )
    make(tmp_path / "late", [SHOTS[0]])
    tables = ("sources", "frontier", "hosts", "failures", "acknowledged", "runs")
    expected = {t: rows(tmp_path / "late", f"SELECT * FROM {t}") for t in tables}
    runs = rows(tmp_path / "early", "SELECT * FROM runs")
    for ours, theirs in (("early", "late"), ("late", "early")):
        copy = tmp_path / f"{ours}-joined"
        shutil.copytree(tmp_path / ours, copy)
        joined(copy, tmp_path / theirs, tmp_path / theirs)
        found = {t: rows(copy, f"SELECT * FROM {t}") for t in tables}
        assert sorted(row[1:] for row in found.pop("runs")) == sorted(
            row[1:] for row in (*runs, *expected["runs"])
        )
        assert found == {t: expected[t] for t in found}


def test_a_broken_record_is_left_out_and_told(
    tmp_path: Path, whole: Path, newsarchive: Run
) -> None:
    shutil.copytree(whole, tmp_path / "broken")
    (file,) = (tmp_path / "broken" / "warc").iterdir()
    (offset,) = rows(
        whole, "SELECT offset + length / 2 FROM captures WHERE url = 'https://b.org/8'"
    )
    with open(file, "r+b") as stream:
        stream.seek(*offset)
        stream.write(b"torn")
    done = newsarchive("merge", tmp_path / "broken", "--json", archive=tmp_path / "ours")
    (told,) = document(done)["merged"].values()
    assert (done.returncode, told["added"]) == (1, len(SHOTS) - 1)
    assert "https://b.org/8" in told["broken"][0]
    assert verify(tmp_path / "ours") == []
    assert rows(tmp_path / "ours", "SELECT 1 FROM articles WHERE url = 'https://b.org/8'") == []


def test_the_other_archive_is_only_read(tmp_path: Path, whole: Path) -> None:
    before = (whole / "archive.db").read_bytes()
    with lock.writing(whole, "crawl"):  # it may even be crawled into
        joined(tmp_path / "ours", whole)
    assert (whole / "archive.db").read_bytes() == before
    with pytest.raises(MergeError, match="the archive itself"):
        joined(tmp_path / "ours", tmp_path / "ours" / ".")
