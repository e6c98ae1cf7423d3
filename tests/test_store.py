"""What the archive holds follows from the set of captures alone."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import integrity, repetition, search, warc
from archive.fingerprint import digest as digest_of
from archive.model import Block, Capture, Read, Reading, Reason, main_text
from archive.opening import ArchiveError, open_archive, open_reader
from archive.store import Store
from tests import captures

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


def capture(archive: Store, url: str, second: int, body: bytes = b"") -> Capture:
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


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(STEPS))
def test_the_order_of_arrival_changes_nothing(
    order: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert build(tmp_path_factory.mktemp("a"), order) == build(tmp_path_factory.mktemp("b"), STEPS)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.permutations(range(1, 5)), own=st.booleans())
def test_of_copies_of_one_page_it_does_not_matter_which_is_fetched_last(
    seconds: list[int], own: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = reading(1, declared="https://e.org/one")
    places = ["https://e.org/copy", "https://e.org/amp", "https://e.org/amp", "https://e.org/print"]
    if own:
        places[0] = "http://www.e.org/one?utm_source=feed"
    steps = [(url, second, copy) for url, second in zip(places, seconds, strict=True)]
    (article,) = build(tmp_path_factory.mktemp("a"), steps)["articles"]
    assert article[:2] == ("https://e.org/one", places[0] if own else "https://e.org/amp")


POOL = (
    *(block.text for n in range(1, 7) for block in reading(n).blocks),
    BANNER,
    "Welcome back, it is Monday, 4 May, and here is what the harbour did last week",
    "Welcome back, it is Friday, 9 July, and here is what the harbour did last week",
    "Issue #1, 4 May 2026",
    "Issue #2, 11 May 2026",
    "See you next week.",
)


def random_reading(chosen: list[str]) -> Reading:
    blocks = tuple(Block("paragraph", text, text) for text in chosen)
    return Reading(title=f"Report {'-'.join(chosen)[:40]}", blocks=blocks, language="en")


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pages=st.lists(
        st.lists(st.sampled_from(POOL), min_size=3, max_size=8), min_size=4, max_size=14
    ),
    data=st.data(),
)
def test_what_is_learned_follows_from_the_set_of_captures(
    pages: list[list[str]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Pages of any blocks, some of them read again with other ones, in any order of arrival."""
    steps = [
        (f"http://e.org/{n % 10}", n, random_reading(chosen)) for n, chosen in enumerate(pages)
    ]
    found = build(tmp_path_factory.mktemp("a"), steps)
    other = build(tmp_path_factory.mktemp("b"), data.draw(st.permutations(steps)))
    assert found == other
    held = {url: result for url, _, result in steps}
    standing = Counter(
        digest for result in held.values() for digest in {digest_of(b.text) for b in result.blocks}
    )
    counts = repetition.Counts(len(held), standing)
    assert {row[0]: row[3] for row in found["articles"]} == {
        url: main_text(repetition.decide(result.blocks, counts)) for url, result in held.items()
    }


def test_when_a_page_loses_what_repeats_it_is_counted_no_more(tmp_path: Path) -> None:
    site = [(f"http://e.org/{n}", n, reading(n, BANNER)) for n in range(1, 4)]
    gone = ("http://e.org/1", 9, reading(1))
    before, after = build(tmp_path / "a", site), build(tmp_path / "b", [*site, gone])
    assert not any(BANNER in str(row[3]) for row in before["articles"])
    assert [BANNER in str(row[3]) for row in after["articles"]] == [False, True, True]
    assert [row[1] for row in after["revisions"]] == [1, 2, 1, 1]


def test_an_archive_that_counted_otherwise_is_counted_anew(tmp_path: Path) -> None:
    site = [(f"http://e.org/{n}", n, reading(n, BANNER)) for n in range(1, 5)]
    build(tmp_path, site)
    corrupt(tmp_path, "UPDATE block_places SET digest = 'x' || article_id, kept = 1, reason = NULL")
    corrupt(tmp_path, "DELETE FROM block_stats")
    corrupt(tmp_path, "PRAGMA user_version = 1")
    assert integrity.verify(tmp_path)
    found = build(tmp_path, [])
    assert not any(BANNER in str(row[3]) for row in found["articles"])


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


def test_what_repeats_too_little_stays(tmp_path: Path) -> None:
    steps = [
        (f"http://e.org/{n}", n, reading(n, *([BANNER] if n < 3 else []))) for n in range(1, 6)
    ]
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


@pytest.mark.parametrize("seed", range(3))
def test_captures_in_any_order_give_one_archive(tmp_path: Path, seed: int) -> None:
    shuffled = random.Random(seed).sample(captures.SHOTS, len(captures.SHOTS))
    one, other = captures.make(tmp_path / "one", captures.SHOTS), tmp_path / "other"
    assert captures.whole_state(one) == captures.whole_state(captures.make(other, shuffled))


@pytest.mark.parametrize("seed", range(4))
def test_a_batch_gives_what_its_captures_give_one_by_one(tmp_path: Path, seed: int) -> None:
    """The same state, and of each capture the same change."""
    chosen = random.Random(seed)
    shuffled = chosen.sample(captures.SHOTS, len(captures.SHOTS))
    kinds: dict[str, list[str | None]] = {"one by one": [], "batches": []}
    for name, found in kinds.items():
        left = list(shuffled)
        with open_archive(tmp_path / name, "test") as archive:
            while left:
                size = 1 if name == "one by one" else chosen.randint(1, len(left))
                batch, left = left[:size], left[size:]
                with archive.transaction():
                    taken = [Read(captures.append(archive, s), s.outcome, s.read_by) for s in batch]
                    found += [change and change.kind for change in archive.save_all(taken)]
    assert kinds["batches"] == kinds["one by one"]
    states = [captures.whole_state(tmp_path / name) for name in kinds]
    assert states[0] == states[1]
    assert integrity.verify(tmp_path / "batches") == []


def test_a_reservation_ends_with_the_robots_txt_that_has_it(tmp_path: Path) -> None:
    robots = [shot for shot in captures.SHOTS if shot.role == "robots"]
    for count, answer in ((1, "no"), (2, "unsaid")):
        captures.make(tmp_path / str(count), [*captures.SHOTS[:2], *robots[:count]])
        with closing(open_reader(tmp_path / str(count))) as db:
            assert db.execute("SELECT DISTINCT may_train FROM articles").fetchall() == [(answer,)]
