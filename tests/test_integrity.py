"""`verify` finds every corruption that is planted; `--repair` mends what can be made anew."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive import integrity
from archive.integrity.problem import Remedy, advice
from archive.model import Fault
from archive.opening import open_archive, open_reader
from archive.readings import EXTRACTOR
from crawler import reextract
from tests.captures import SHOTS, make, whole_state
from tests.conftest import Run, document
from tests.test_reextract import Pool

RESERVED = "https://b.org/8"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make(tmp_path_factory.mktemp("whole"), SHOTS)
    assert integrity.verify(folder) == []
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def corrupt(directory: Path, *statements: str) -> None:
    with closing(sqlite3.connect(directory / "archive.db")) as db, db:
        db.execute("PRAGMA foreign_keys = OFF")
        for sql in statements:
            assert db.execute(sql).rowcount != 0, sql


def article(number: int) -> str:
    return f"(SELECT id FROM articles WHERE url = 'https://a.org/{number}')"


def capture(number: int) -> str:
    return f"(SELECT min(id) FROM captures WHERE url = 'https://a.org/{number}')"


# The reading of a capture that is no article's current one.
SUPERSEDED = "(SELECT content FROM readings JOIN captures c ON c.id = capture_id WHERE c.fetched LIKE '2026-10-11%')"
# What is planted, and what verify says of it.
MENDED = {
    f"UPDATE articles SET text = text || 'x' WHERE id = {article(1)}": "its text",
    f"UPDATE articles SET digest = 'x' WHERE id = {article(1)}": "its digest",
    f"UPDATE articles SET word_count = 7 WHERE id = {article(1)}": "its word_count",
    f"UPDATE articles SET url = 'https://a.org/x' WHERE id = {article(2)}": "addresses",
    f"UPDATE articles SET site = 'b.org' WHERE id = {article(2)}": "its site",
    f"UPDATE articles SET capture_id = {capture(3)} WHERE id = {article(1)}": "its capture_id",
    f"UPDATE articles SET captured_url = 'https://a.org/2' WHERE id = {article(1)}": "its captured_url",
    f"UPDATE articles SET first_seen = '2020-01-01T00:00:00.000Z' WHERE id = {article(1)}": "its first_seen",
    f"UPDATE articles SET last_seen = '2020-01-01T00:00:00.000Z' WHERE id = {article(1)}": "its last_seen",
    f"UPDATE articles SET gone = NULL WHERE id = {article(3)}": "its gone",
    f"UPDATE articles SET may_train = 'yes' WHERE url = '{RESERVED}'": "its may_train",
    f"UPDATE articles SET translation_group = 'https://a.org/x' WHERE id = {article(5)}": "translation_group",
    f"UPDATE articles SET translation_group = NULL WHERE id = {article(6)}": "translation_group",
    f"DELETE FROM translations WHERE article_id = {article(5)} AND language = 'de'": "translations",
    "UPDATE sitemap_translations SET capture_id = 1 WHERE key = 'a.org/1'": "sitemap_translations",
    "UPDATE sitemap_translations SET is_own = 1": "sitemap_translations",
    "DELETE FROM sitemap_translations WHERE key = 'a.org/3'": "sitemap_translations",
    f"DELETE FROM signals WHERE url = '{RESERVED}'": "signals",
    f"UPDATE block_places SET length = 1 WHERE article_id = {article(1)} AND position = 2": "block 2: length",
    f"UPDATE block_places SET digest = 'y' WHERE article_id = {article(1)} AND position = 0": "block 0: digest",
    f"UPDATE block_places SET kept = 0 WHERE article_id = {article(1)} AND position = 0": "block 0: kept",
    f"DELETE FROM revisions WHERE article_id = {article(1)} AND number = 2": "revisions",
    f"UPDATE revisions SET number = 9 WHERE article_id = {article(1)} AND number = 3": "revisions",
    f"UPDATE revisions SET text = 'x' WHERE article_id = {article(1)} AND number = 1": "revisions",
    f"UPDATE revisions SET seen = '2020' WHERE article_id = {article(1)} AND number = 1": "revisions",
    f"DELETE FROM addresses WHERE article_id = {article(1)}": "addresses",
    f"UPDATE addresses SET article_id = {article(2)} WHERE article_id = {article(1)}": "addresses",
    f"INSERT INTO addresses VALUES ('a.org/none', {article(1)})": "addresses",
    f"UPDATE readings SET own_key = 'a.org/y' WHERE capture_id = {capture(1)}": "not filed",
    f"UPDATE readings SET letters = 0 WHERE capture_id = {capture(1)}": "not filed",
    f"UPDATE captures SET read_as = 'links' WHERE id = {capture(1)}": "was read as links",
    "UPDATE block_stats SET articles = 99": "block_stats",
    "DELETE FROM block_stats": "block_stats",
    "INSERT INTO block_stats VALUES ('a.org', 'x', 3)": "block_stats",
    "UPDATE article_counts SET articles = 9": "article_counts",
    "UPDATE article_facets SET word_count = 9": "article_facets",
    "DELETE FROM signatures": "near-duplicate|signature|clusters",
    f"INSERT INTO articles_fts (rowid, title, text, authors) VALUES ({article(1)}, 'x', 'y', '')": "articles_fts",
    "INSERT INTO articles_fts (rowid, title, text, authors) VALUES (999, 'x', 'y', '')": "articles_fts",
    "INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')": "articles_fts",
    f"UPDATE captures SET offset = offset + 1 WHERE id = {capture(2)}": "no record begins",
    f"UPDATE captures SET offset = 0 WHERE id = {capture(2)}": "capture 2",
    f"UPDATE captures SET length = length - 1 WHERE id = {capture(2)}": "its length",
    f"UPDATE captures SET digest = 'sha1:X' WHERE id = {capture(2)}": "payload's digest",
    f"UPDATE captures SET final_url = 'https://a.org/3' WHERE id = {capture(2)}": "its address",
    "UPDATE captures SET offset = 0 WHERE id = (SELECT max(id) FROM captures)": "capture",
    "INSERT INTO contents SELECT 'x', body FROM contents LIMIT 1": "contents x",
    f"INSERT INTO revisions VALUES (999, 1, '2026', {capture(1)}, 'x', NULL)": "revisions",
    "INSERT INTO block_places VALUES (999, 0, 'quote', NULL, 1, 'x', 'x', 'x', 1, NULL, NULL, NULL)": "block_places",
}  # fmt: skip
# These are mended by reading captures again.
READ_AGAIN = {
    f"UPDATE articles SET title = 'Another' WHERE id = {article(1)}": "does not fit its digest",
    f"UPDATE articles SET authors = '[\"A\"]' WHERE id = {article(1)}": "does not fit its digest",
    f"UPDATE articles SET language = 'fr' WHERE id = {article(1)}": "does not fit its digest",
    f"DELETE FROM block_places WHERE article_id = {article(1)} AND position = 1": "does not fit its digest",
    f"UPDATE block_places SET position = 9 WHERE article_id = {article(1)} AND position = 1": "does not fit its digest",
    f"UPDATE block_places SET own_text = 'y' WHERE article_id = {article(1)} AND position = 0": "does not fit its digest",
    f"UPDATE block_places SET start = start + 1 WHERE article_id = {article(1)} AND position = 0": "does not fit its digest",
    f"UPDATE block_places SET kind = 'quote' WHERE article_id = {article(1)} AND position = 0": "does not fit its digest",
    f"UPDATE block_places SET reason = 'share' WHERE article_id = {article(1)} AND position = 2": "does not fit its digest",
    f"DELETE FROM block_places WHERE article_id = {article(6)}": "does not fit its digest",
    f"DELETE FROM readings WHERE capture_id = {capture(2)}": "there is no reading",
    f"DELETE FROM readings WHERE capture_id = {capture(1)}": "there is no reading",
    f"UPDATE contents SET body = x'00' WHERE digest = (SELECT content FROM readings WHERE capture_id = {capture(2)})": "does not fit its digest",
    f"UPDATE contents SET body = (SELECT body FROM contents WHERE digest = {SUPERSEDED}) WHERE digest = (SELECT content FROM readings WHERE capture_id = {capture(2)})": "does not fit its digest",
    f"UPDATE contents SET body = (SELECT body FROM contents WHERE digest != {SUPERSEDED}) WHERE digest = {SUPERSEDED}": "does not fit its digest",
    f"UPDATE contents SET body = x'00' WHERE digest = {SUPERSEDED}": "does not fit its digest",
    f"DELETE FROM contents WHERE digest = (SELECT content FROM readings WHERE capture_id = {capture(2)})": "contents",
    "UPDATE contents SET body = x'00' WHERE digest = (SELECT max(content) FROM sitemap_readings)": "does not fit its digest",
    "DELETE FROM contents WHERE digest IN (SELECT content FROM sitemap_readings)": "sitemap_readings row",
    f"DELETE FROM captures WHERE id = {capture(4)}": "no capture knows the record",
    f"DELETE FROM articles WHERE id = {article(2)}": "not in articles",
}  # fmt: skip


@pytest.mark.parametrize("sql", MENDED)
def test_what_follows_from_captures_is_found_and_made_anew(
    whole: Path, copy: Path, sql: str
) -> None:
    corrupt(copy, sql)
    found = list(integrity.problems(copy))
    assert any(words in p.line for p in found for words in MENDED[sql].split("|")), found
    assert all(problem.remedy is not Remedy.RESTORE for problem in found)
    assert integrity.repair(copy) == []
    assert whole_state(copy) == whole_state(whole)


@pytest.mark.parametrize("sql", READ_AGAIN)
def test_what_needs_the_captures_is_read_again(whole: Path, copy: Path, sql: str) -> None:
    corrupt(copy, sql)
    assert any(READ_AGAIN[sql] in line for line in integrity.verify(copy))
    left = integrity.repair(copy)
    assert "newsarchive reextract" in " ".join(advice(left)) or not left
    with open_archive(copy, "test") as store:
        given = {
            row[0]: next(s.outcome for s in SHOTS if s.url == row[1] and f"-{s.day:02}T" in row[2])
            for row in store.connection.execute("SELECT id, final_url, fetched FROM captures")
            if not row[1].endswith("/feed")
            and any(s.url == row[1] and s.outcome for s in SHOTS if f"-{s.day:02}T" in row[2])
        }
        work = reextract.Reextraction(store, Pool(EXTRACTOR, given), (), ())  # type: ignore[arg-type]
        assert work.plan(everything=False)
        work.run(lambda _: None)
    assert integrity.verify(copy) == []
    assert texts(copy) == texts(whole)


def damaged_and_read_again(directory: Path, fault: Fault) -> dict[str, reextract.Report]:
    """The reading of an article is damaged; repaired, its capture is read as that fault."""
    body = f"UPDATE contents SET body = x'00' WHERE digest = (SELECT content FROM readings WHERE capture_id = {capture(6)})"
    corrupt(directory, body)
    assert any(p.remedy is Remedy.REEXTRACT for p in integrity.repair(directory))
    with open_archive(directory, "test") as store:
        given = {row[0]: fault for row in store.connection.execute(f"SELECT {capture(6)}")}
        work = reextract.Reextraction(store, Pool(EXTRACTOR, given), (), ())  # type: ignore[arg-type]
        assert work.plan(everything=False) == 1
        work.run(lambda _: None)
    return work.reports


def test_a_damaged_reading_whose_capture_is_no_article_any_more_goes(
    whole: Path, copy: Path
) -> None:
    reports = damaged_and_read_again(copy, Fault("not-an-article", "no text"))
    assert (reports["a"].lost, reports["a"].failed) == (1, 0)
    assert integrity.verify(copy) == []
    expected = [row for row in texts(whole) if row[0] != "https://a.org/6"]
    assert [row[0] for row in texts(copy)] == [row[0] for row in expected]
    with closing(open_reader(copy)) as db:
        failed = db.execute("SELECT url, class FROM failures").fetchall()
    assert failed == [("https://a.org/6", "not-an-article")]


def test_a_damaged_reading_whose_capture_cannot_be_read_stays_until_it_is_fetched_or_forgotten(
    copy: Path, tmp_path: Path, newsarchive: Run
) -> None:
    reports = damaged_and_read_again(copy, Fault("unreadable", "the record is damaged"))
    assert (reports["a"].lost, reports["a"].failed) == (0, 1)
    (left,) = integrity.problems(copy)
    assert (left.line, left.remedy) == (
        "article https://a.org/6: no capture was read as it",
        Remedy.RESTORE,
    )
    again = Path(shutil.copytree(copy, tmp_path / "again"))
    make(again, [next(shot for shot in SHOTS if shot.url == "https://a.org/6")])
    assert integrity.verify(again) == []
    assert texts(again) == texts(copy)
    done = newsarchive("forget", "https://a.org/6", "--yes", archive=copy)
    assert done.returncode == 0, done.stderr
    assert integrity.verify(copy) == []
    assert "https://a.org/6" not in [row[0] for row in texts(copy)]


def texts(directory: Path) -> list[tuple[object, ...]]:
    with closing(open_reader(directory)) as db:
        return db.execute("SELECT url, text FROM articles ORDER BY url").fetchall()


def places(directory: Path) -> tuple[Path, list[tuple[int, int, int]]]:
    with closing(open_reader(directory)) as db:
        rows = db.execute("SELECT id, offset, length FROM captures ORDER BY offset").fetchall()
    (file,) = (directory / "warc").glob("*.warc.gz")
    return file, rows


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 0xFF
    file.write_bytes(bytes(data))


def in_response(file: Path, rows: list[tuple[int, int, int]]) -> str:
    flip(file, rows[3][1] + rows[3][2] // 2)
    return f"capture {rows[3][0]} "


def in_its_checksum(file: Path, rows: list[tuple[int, int, int]]) -> str:
    flip(file, rows[3][1] + rows[3][2] - 6)
    return f"capture {rows[3][0]} "


def in_request(file: Path, rows: list[tuple[int, int, int]]) -> str:
    flip(file, rows[3][1] + rows[3][2] + 40)
    return f"the record at {rows[3][1] + rows[3][2]} is damaged"


def in_first_record(file: Path, rows: list[tuple[int, int, int]]) -> str:
    flip(file, 30)
    return "the record at 0 is damaged"


def torn_end(file: Path, rows: list[tuple[int, int, int]]) -> str:
    file.write_bytes(file.read_bytes()[: rows[-1][1] + 30])
    return f"capture {rows[-1][0]} "


def lost_end(file: Path, rows: list[tuple[int, int, int]]) -> str:
    file.write_bytes(file.read_bytes()[: rows[-2][1]])
    return f"capture {rows[-2][0]} "


def hole(file: Path, rows: list[tuple[int, int, int]]) -> str:
    data = file.read_bytes()
    file.write_bytes(data[: rows[3][1]] + bytes(rows[3][2]) + data[rows[3][1] + rows[3][2] :])
    return f"capture {rows[3][0]} "


def no_file(file: Path, rows: list[tuple[int, int, int]]) -> str:
    file.unlink()
    return "is not there"


@pytest.mark.parametrize(
    "damage",
    [in_response, in_its_checksum, in_request, in_first_record, torn_end, lost_end, hole, no_file],
)
def test_a_damaged_warc_file_is_found_and_its_articles_stay(
    whole: Path, copy: Path, damage: Callable[[Path, list[tuple[int, int, int]]], str]
) -> None:
    file, rows = places(copy)
    words = damage(file, rows)
    found = list(integrity.problems(copy))
    assert any(words in problem.line for problem in found), found
    assert {problem.remedy for problem in found} == {Remedy.RESTORE}
    left = integrity.repair(copy)
    assert "put them back from a backup" in " ".join(advice(left))
    assert texts(copy) == texts(whole)
    if file.exists():
        shutil.copy(whole / "warc" / file.name, file)
        assert integrity.verify(copy) == []


def test_what_a_killed_run_left_is_no_problem(copy: Path) -> None:
    file, _ = places(copy)
    file.write_bytes(file.read_bytes() + b"\x1f\x8b\x08torn")
    assert integrity.verify(copy) == []


def test_a_record_of_no_capture_is_told_and_stays(copy: Path) -> None:
    file, _ = places(copy)
    corrupt(copy, "DELETE FROM captures WHERE url = 'https://a.org/feed'")
    (found,) = integrity.problems(copy)
    assert (found.remedy, found.is_wrong) == (Remedy.NONE, False)
    before = file.read_bytes()
    assert integrity.repair(copy) == [found]
    assert file.read_bytes() == before


def test_verify_says_what_to_do_and_repair_does_it(newsarchive: Run, copy: Path) -> None:
    corrupt(copy, f"UPDATE articles SET word_count = 1 WHERE id = {article(1)}")
    done = newsarchive("verify", archive=copy)
    assert done.returncode == 1
    assert "`newsarchive verify --repair` mends" in done.stderr
    report = document(newsarchive("verify", "--json", archive=copy))
    assert not report["ok"]
    assert any("its word_count" in line for line in report["problems"])
    assert report["advice"]
    done = newsarchive("verify", "--repair", "--json", archive=copy)
    assert (done.returncode, document(done)["ok"]) == (0, True)


def test_an_older_extractor_is_told(newsarchive: Run, copy: Path) -> None:
    corrupt(copy, "UPDATE captures SET read_by = '1'", "UPDATE articles SET extractor = '1'")
    done = newsarchive("verify", archive=copy)
    assert done.returncode == 0
    assert "newsarchive reextract" in done.stderr
    assert "newsarchive reextract" in newsarchive("stats", archive=copy).stdout
