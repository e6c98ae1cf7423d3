"""What the archive holds follows from the set of captures alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import integrity, repetition, search, warc
from archive.model import Block, Capture, Reading, Reason
from archive.store import Archive, ArchiveError, open_archive, open_reader

BANNER = "Get our letter about cranes and harbours every single week"


def reading(n: int, *more: str, title: str = "", declared: str | None = None) -> Reading:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    words = [
        "".join(alphabet[(n * 5 + i * (n + 3) + k * k) % 26] for k in range(6)) for i in range(60)
    ]
    texts = [f"Report {n} says " + " ".join(words[i : i + 20]) + "." for i in (0, 20, 40)]
    blocks = tuple(Block("paragraph", text, text) for text in (*texts, *more))
    return Reading(
        title=title or f"Report {n}", blocks=blocks, declared_url=declared, language="en"
    )


def capture(archive: Archive, url: str, second: int, body: bytes = b"") -> Capture:
    exchange = warc.Exchange(
        url, f"2026-11-24T12:00:{second:02}.000Z", 200, (), body or url.encode()
    )
    return archive.append(exchange, url=url, source="s", role="article", found_by="feed")


Step = tuple[str, int, Reading]  # address, second of capture, what it says


def build(directory: Path, steps: list[Step]) -> dict[str, list[tuple[object, ...]]]:
    """The state of an archive after saving the steps, each in a transaction of its own."""
    with open_archive(directory, "test") as archive:
        for url, second, result in steps:
            taken = capture(archive, url, second, f"{url} {second}".encode())
            with archive.transaction():
                archive.save(taken, result)
    assert integrity.verify(directory) == []
    db = open_reader(directory)
    queries = {
        "articles": "SELECT url, captured_url, title, text, first_seen, last_seen FROM articles",
        "blocks": "SELECT a.url, b.position, b.text, b.kept, b.reason FROM blocks b JOIN articles a ON a.id = b.article_id",
        "revisions": "SELECT a.url, r.number, r.seen, r.digest, r.text FROM revisions r JOIN articles a ON a.id = r.article_id",
        "stats": "SELECT * FROM block_stats",
    }  # fmt: skip
    found = {name: sorted(db.execute(sql).fetchall(), key=repr) for name, sql in queries.items()}
    db.close()
    return found


STEPS: list[Step] = [
    *((f"http://e.org/{n}", n, reading(n, BANNER)) for n in range(1, 7)),
    ("http://e.org/1", 20, reading(1, BANNER, "And this was added on the second day.")),
    ("http://e.org/1", 30, reading(1, BANNER)),
    ("https://www.e.org/4/", 31, reading(4, BANNER)),
    ("http://e.org/2", 40, reading(2, "A banner that only changed its words today, no text.")),
    ("http://e.org/amp/3", 50, reading(3, BANNER, declared="http://e.org/3")),
    ("http://e.org/x", 51, reading(11, title="X", declared="http://e.org/same")),
    ("http://e.org/y", 52, reading(12, title="Y", declared="http://e.org/same")),
    ("http://e.org/z", 53, reading(13, title="Z", declared="http://e.org/same")),
]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(STEPS))
def test_the_order_of_arrival_changes_nothing(
    order: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert build(tmp_path_factory.mktemp("a"), order) == build(tmp_path_factory.mktemp("b"), STEPS)


def test_saving_a_capture_again_changes_nothing(tmp_path: Path) -> None:
    assert build(tmp_path / "a", STEPS) == build(tmp_path / "b", STEPS)
    with open_archive(tmp_path / "a", "test") as archive:
        taken = list(archive.captures())
        for held, (_, _, result) in zip(taken, STEPS, strict=True):
            with archive.transaction():
                change = archive.save(held, result)
                assert change
                assert change.kind == "unchanged"


def test_what_repeats_goes_from_earlier_articles_too_and_is_no_revision(tmp_path: Path) -> None:
    found = build(tmp_path, [(f"http://e.org/{n}", n, reading(n, BANNER)) for n in range(1, 6)])
    assert all(BANNER not in str(row[3]) for row in found["articles"])
    reasons = {row[4] for row in found["blocks"] if row[2] == BANNER}
    assert reasons == {str(Reason.REPEATED)}
    assert [row[1] for row in found["revisions"]] == [1] * 5


def test_what_repeats_too_little_or_is_short_or_a_heading_stays(tmp_path: Path) -> None:
    heading = Block("heading", "Why it matters to all of us in town", "## Why it matters")
    steps: list[Step] = []
    for n in range(1, 6):
        base = reading(n, "Why it matters:", *([BANNER] if n < repetition.ARTICLES else []))
        steps.append(
            (f"http://e.org/{n}", n, Reading(title=base.title, blocks=(*base.blocks, heading)))
        )
    found = build(tmp_path, steps)
    assert all(row[3] for row in found["blocks"])


def test_two_unlike_pages_under_one_canonical_address_stay_two_articles(tmp_path: Path) -> None:
    found = build(tmp_path, STEPS)
    addresses = [row[0] for row in found["articles"]]
    assert {"http://e.org/x", "http://e.org/y", "http://e.org/z"} <= set(addresses)
    assert "http://e.org/same" not in addresses
    assert "http://e.org/amp/3" not in addresses


def test_an_article_is_known_by_each_address_it_was_captured_under(tmp_path: Path) -> None:
    build(tmp_path, STEPS)
    db = open_reader(tmp_path)
    for url in ("http://e.org/amp/3", "https://www.e.org/3/", "http://e.org/3?utm_source=x"):
        article = search.article_by_url(db, url)
        assert article
        assert article.url == "http://e.org/3"
    db.close()


def corrupt(directory: Path, sql: str) -> None:
    db = sqlite3.connect(directory / "archive.db")
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute(sql)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE articles SET text = text || 'x' WHERE id = 1", "text"),
        ("UPDATE articles SET digest = 'x' WHERE id = 1", "digest"),
        ("UPDATE articles SET title = 'Another' WHERE id = 1", "articles_fts"),
        ("DELETE FROM blocks WHERE article_id = 1 AND position = 1", "blocks"),
        ("UPDATE blocks SET text = 'y' WHERE article_id = 1 AND position = 0", "digest"),
        ("UPDATE blocks SET kept = 0 WHERE article_id = 1 AND position = 0", "neither"),
        ("UPDATE captures SET offset = offset + 1 WHERE id = 2", "capture 2"),
        ("UPDATE captures SET digest = 'sha1:X' WHERE id = 2", "capture 2"),
        ("UPDATE block_stats SET articles = 99", "block_stats"),
        ("DELETE FROM captures WHERE id = 1", "captures"),
        ("DELETE FROM revisions WHERE article_id = 1", "revision"),
    ],
)
def test_verify_finds_what_was_corrupted(tmp_path: Path, sql: str, problem: str) -> None:
    build(tmp_path, STEPS[:6])
    corrupt(tmp_path, sql)
    assert any(problem in line for line in integrity.verify(tmp_path))


def test_verify_finds_a_torn_warc_file(tmp_path: Path) -> None:
    build(tmp_path, STEPS[:2])
    (file,) = (tmp_path / "warc").iterdir()
    file.write_bytes(file.read_bytes()[:-30])
    assert any("capture 2" in line for line in integrity.verify(tmp_path))


def test_what_is_no_archive_or_newer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive in"):
        open_reader(tmp_path)
    sqlite3.connect(tmp_path / "archive.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(ArchiveError, match="no archive of newsletter-archive"):
        open_reader(tmp_path)
    other = tmp_path / "newer"
    build(other, STEPS[:1])
    corrupt(other, "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('newsletter-archive', 'from_the_future', '')")  # fmt: skip
    with pytest.raises(ArchiveError, match="newer version"), open_archive(other, "test"):
        pass
