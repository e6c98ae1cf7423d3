"""What a capture was read as is kept, wherever it stands: byte for byte, and once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import contents, definitions, readings
from archive.model import SITE_RULE, Block, Reading, Reason, Signal
from archive.opening import open_archive
from archive.store import Store
from tests.captures import FOOTER, Shot, append, page

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
maybe = st.none() | texts
kinds = st.sampled_from(["paragraph", "heading", "quote", "table"])
# Also what no extractor of ours gives: a kept block with a rule, one that is said to repeat.
blocks = st.builds(
    lambda kind, text, marked, reason, rule, evidence: Block(
        kind, text, text if marked is None else marked, reason, rule, evidence
    ),
    kinds, texts | st.just(FOOTER), maybe, st.none() | st.sampled_from(list(Reason)),
    maybe | st.just(SITE_RULE), maybe,
)  # fmt: skip
wild = st.builds(
    Reading,
    title=texts, blocks=st.lists(blocks, max_size=6).map(tuple), authors=st.lists(texts).map(tuple),
    published=maybe, modified=maybe, language=st.sampled_from(["de", "und", ""]),
    language_confidence=st.sampled_from([None, 1, 0, 0.1, 1.0, float("nan"), float("inf")]),
    declared_language=maybe, description=maybe, image=maybe, tags=st.lists(texts).map(tuple),
    access=st.sampled_from([None, "free"]), form=st.sampled_from([None, "images"]),
    declared_url=st.sampled_from([None, "https://a.org/1", "https://a.org/else"]),
    alternates=st.sampled_from([(), (("de", "https://a.org/2"), ("de", "https://a.org/2#x"))]),
    signals=st.sampled_from([(), (Signal("tdmrep", "1", "header", train="no"),)]),
    extractor=st.sampled_from(["", "other 1"]),
)  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One in which a line stands at the end of three articles: it repeats."""
    with open_archive(tmp_path_factory.mktemp("contents"), "test") as store:
        yield store


def save(archive: Store, *shots: Shot) -> None:
    with archive.transaction():
        for shot in shots:
            archive.save(append(archive, shot), shot.outcome, shot.read_by)


def is_kept(archive: Store, reading: Reading) -> bool:
    """Whether a reading is loaded as it was packed."""
    digest, packed = readings.pack(reading)
    return contents.load(archive.connection, [digest])[digest] == readings.unpack(packed)


class _Undone(Exception):
    """Nothing of what an example stored stays."""


@settings(max_examples=50, deadline=None)
@given(read=st.lists(wild, min_size=1, max_size=4))
def test_every_reading_is_kept_byte_for_byte(archive: Store, read: list[Reading]) -> None:
    shots = [Shot(f"https://a.org/{n % 2}", n + 1, reading) for n, reading in enumerate(read)]
    others = [Shot(f"https://a.org/x{n}", 9, page(n)) for n in range(3)]
    with suppress(_Undone), archive.transaction():
        save(archive, *others[:2], *shots, others[2])
        for reading in read:
            assert is_kept(archive, reading)
        assert list(contents.damaged(archive.connection)) == []
        raise _Undone


def body(archive: Store, reading: Reading) -> dict[str, object]:
    digest = readings.pack(reading)[0]
    sql = "SELECT body FROM contents WHERE digest = ?"
    return readings.loads(archive.connection.execute(sql, [digest]).fetchone()[0])


def test_only_a_superseded_reading_has_a_text_of_its_own(tmp_path: Path) -> None:
    first, second = page(1), page(1, "It burnt down.", declared_url="https://a.org/1")
    with open_archive(tmp_path, "test") as archive:
        save(archive, Shot("https://a.org/1", 1, first))
        assert body(archive, first) == {}
        save(archive, Shot("https://a.org/1", 2, second))
        assert body(archive, first)["title"] == first.title
        assert body(archive, second) == {"declared_url": "https://a.org/1"}
        save(archive, Shot("https://a.org/1", 3, first))
        assert body(archive, first) == {}
        assert contents.load(archive.connection, [readings.pack(second)[0]])


def test_an_archive_that_kept_them_twice_does_no_more(tmp_path: Path) -> None:
    read = [page(n) for n in range(3)]
    with open_archive(tmp_path, "test") as archive:
        save(archive, *(Shot(f"https://a.org/{n}", 1, each) for n, each in enumerate(read)))
        with archive.transaction():
            archive.connection.executemany(
                "UPDATE contents SET body = ?2 WHERE digest = ?1", [readings.pack(r) for r in read]
            )
            archive.connection.execute("UPDATE articles SET title = 'Another' WHERE id = 1")
            archive.connection.execute("DELETE FROM definitions WHERE part = 'contents'")
            definitions.renew(archive.connection)
        # What an article says otherwise is no copy of what was read.
        assert [body(archive, each).get("title") for each in read] == [read[0].title, None, None]
        assert all(is_kept(archive, each) for each in read)
