"""Clusters of near-duplicates follow from the set of articles, and hold what belongs together."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import duplicates, schema
from archive.cli import cli
from archive.integrity import verify
from archive.opening import open_archive, reader
from crawler.demo.content import load, to_text
from crawler.demo.sites import SITES
from tests.small_archive import make

SENTENCES = [
    [" ".join(f"w{random.Random(f'{n} {variant} {k}').randrange(3000)}" for k in range(12)) for variant in range(2)]
    for n in range(10)
]  # fmt: skip


def text(choices: Iterable[int]) -> str:
    """A text of ten sentences, each in one of two wordings."""
    return ". ".join(SENTENCES[n][choice] for n, choice in enumerate(choices))


@cache
def empty() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    schema.apply(db)
    db.execute(
        "INSERT INTO captures (id, url, final_url, source, role, fetched, status, digest, file, "
        "offset, length) VALUES (1, '', '', '', 'article', '', 200, '', '', 0, 0)"
    )
    db.commit()
    return db


@contextmanager
def archive() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        empty().backup(db)
        db.execute("PRAGMA foreign_keys = ON")
        yield db


def put(db: sqlite3.Connection, url: str, body: str, day: int | None = None) -> None:
    """An article with that text, new or changed."""
    published = f"2026-01-{day:02}T00:00:00Z" if day else None
    digest = sha256(body.encode()).hexdigest()
    db.execute(
        "INSERT INTO articles (url, captured_url, capture_id, source, site, title, authors, language, "
        "tags, text, word_count, digest, may_crawl, may_archive, may_train, extractor, first_seen, "
        "last_seen, published_utc) VALUES (?1, '', 1, 's', 'e.org', 'T', '[]', 'en', '[]', ?2, 0, ?3, "
        "'', '', '', '', '2026-01-15T00:00:00Z', '', ?4) ON CONFLICT (url) DO UPDATE SET "
        "text = excluded.text, digest = excluded.digest, published_utc = excluded.published_utc",
        [url, body, digest, published],
    )


def remove(db: sqlite3.Connection, url: str) -> None:
    db.execute("DELETE FROM articles WHERE url = ?", [url])


def state(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute(
        "SELECT a.url, r.url, d.similarity FROM duplicates d JOIN articles a ON a.id = d.article_id "
        "JOIN articles r ON r.id = d.representative ORDER BY a.url"
    ).fetchall()


def clusters(*texts: str) -> list[str]:
    """The clusters of articles 1, 2, … of which each was published the day after the one before."""
    with archive() as db:
        for day, body in enumerate(texts, 1):
            put(db, str(day), body, day)
        duplicates.refresh(db)
        return ["".join(member.url for member in found) for found in duplicates.clusters(db)]


BASE = [0] * 10
ONE_CHANGED = [1, *BASE[1:]]
OTHER_END = [*BASE[1:], 1]


def test_copies_with_small_changes_are_duplicates() -> None:
    body = text(BASE)
    assert clusters(body, text(ONE_CHANGED), text([1] * 10)) == ["12"]
    assert clusters(body, body.upper().replace(".", " –\n\n")) == ["12"]
    assert clusters(body, f"{body}. Editor's note: this was first published elsewhere.") == ["12"]


def test_half_of_a_text_is_no_duplicate() -> None:
    assert clusters(text(BASE), ". ".join(text(BASE).split(". ")[:5])) == []


def test_a_chain_does_not_join_unlike_texts() -> None:
    middle, left, right = text(BASE), text(ONE_CHANGED), text(OTHER_END)
    assert (
        duplicates.similarity(left, right) < duplicates.LIKE <= duplicates.similarity(left, middle)
    )
    assert clusters(middle, left, right) == ["123"]
    assert clusters(left, middle, right) == ["12"]


def test_short_texts_are_duplicates_only_where_they_are_equal() -> None:
    short = " ".join(text(BASE).split()[: duplicates.SHORTEST - 1])
    assert clusters(short, short + "!", short[:-1] + "x") == ["12"]
    assert clusters("", "", "…", " ") == []


@pytest.mark.parametrize(
    "letters", ["規制市場東京大阪経済政府首相会見発表電力", "ปัญญาประดิษฐ์เกษตรกรรมประเทศไทย"]
)
def test_scripts_without_spaces(letters: str) -> None:
    chooser = random.Random(letters)
    body = "".join(chooser.choices(letters, k=300))
    assert clusters(body, body[:150] + "東京" + body[152:], body[::-1]) == ["12"]


def test_the_first_published_represents_and_of_one_day_the_smaller_address() -> None:
    with archive() as db:
        for url, day in (("c", 4), ("b", 3), ("undated", None), ("a", 3)):
            put(db, url, text(BASE), day)
            duplicates.refresh(db)
        (found,) = duplicates.clusters(db)
        assert [member.url for member in found] == ["a", "b", "c", "undated"]
        assert [member.is_representative for member in found] == [True, False, False, False]
        first, *others = (member.article_id for member in found)
        assert duplicates.representatives(db) == dict.fromkeys(others, first)
        assert duplicates.cluster(db, others[0]) == found
        put(db, "c", text(BASE), 1)  # its page states another date now
        duplicates.refresh(db)
        assert next(duplicates.clusters(db))[0].url == "c"


ARTICLES = st.integers(0, 7)
# Few sentences change, so that most texts are alike, at every degree.
TEXTS = st.lists(st.sampled_from([0, 0, 0, 0, 1]), min_size=10, max_size=10).map(text)
STEPS = st.tuples(ARTICLES, st.none() | TEXTS, st.none() | st.integers(1, 5), st.booleans())


@settings(max_examples=30)
@given(steps=st.lists(STEPS, min_size=4, max_size=30), data=st.data())
def test_clusters_follow_from_the_articles_alone(
    steps: list[tuple[int, str | None, int | None, bool]], data: st.DataObject
) -> None:
    """Articles come, change text and date, and go, settled now and then: as if made anew."""
    final: dict[str, tuple[str, int | None]] = {}
    with archive() as db:
        for article, body, day, is_settled in steps:
            url = str(article)
            if body is None:
                remove(db, url)
                final.pop(url, None)
            else:
                put(db, url, body, day)
                final[url] = body, day
            if is_settled:
                duplicates.refresh(db)
        duplicates.refresh(db)
        settled = state(db)
        duplicates.rebuild(db)
        assert state(db) == settled
        assert list(duplicates.check(db)) == []
    with archive() as db:
        for url in data.draw(st.permutations(sorted(final))):
            put(db, url, *final[url])
            duplicates.refresh(db)
        assert state(db) == settled


def test_signatures_are_those_of_the_version_that_is_recorded() -> None:
    """They are stored: where a library hashes otherwise, VERSION has to be another one."""
    with archive() as db:
        put(db, "1", text(BASE))
        duplicates.refresh(db)
        found = db.execute("SELECT band1, band8 FROM signatures").fetchall()
    assert (duplicates.VERSION, found) == ("3, R-MinHash 2", [(-808668070, 1423207062)])


COPIES = {
    "https://a.org/1": ("en", "First", text(BASE)),
    "https://b.org/2": ("en", "The same under another headline", text(ONE_CHANGED)),
    "https://b.org/3": ("en", "Another one", text([1] * 10)),
}


def test_commands_show_them(tmp_path: Path) -> None:
    make(tmp_path, COPIES)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, [*arguments, "--archive", str(tmp_path)])
        assert done.exit_code == 0
        return done.stdout

    shown = json.loads(run("show", "https://b.org/2", "--json"))["duplicates"]
    assert [(d["url"], d["is_representative"]) for d in shown] == [
        ("https://a.org/1", True),
        ("https://b.org/2", False),
    ]
    assert shown[1]["similarity"] == duplicates.similarity(text(BASE), text(ONE_CHANGED))
    assert "nearly the same, published first: https://a.org/1" in run("show", "https://b.org/2")
    assert "nearly the same" not in run("show", "https://b.org/3")
    listed = json.loads(run("duplicates", "--json"))
    assert listed == {"total": {"clusters": 1, "duplicates": 1}, "clusters": [shown]}
    assert "https://b.org/2" in run("duplicates")
    assert json.loads(run("stats", "--json"))["duplicates"] == 1


def test_a_page_that_changes_its_text_leaves_its_cluster_and_comes_back(tmp_path: Path) -> None:
    def found() -> list[str]:
        with reader(tmp_path) as db:
            return [member.url[-1] for members in duplicates.clusters(db) for member in members]

    make(tmp_path, COPIES)
    assert found() == ["1", "2"]
    changed = {"https://a.org/1": ("en", "First", text([1] * 10))}
    make(tmp_path, changed, day=25)
    assert found() == ["1", "3"]  # a revision of its own article, and now like another
    make(tmp_path, COPIES, day=26)
    assert found() == ["1", "2"]


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM duplicates", "DELETE FROM duplicates WHERE article_id = 1",
        "DELETE FROM duplicates WHERE article_id = 2", "DELETE FROM signatures WHERE article_id = 3",
        "UPDATE signatures SET band3 = band3 + 1 WHERE article_id = 2",
        "INSERT INTO duplicates VALUES (3, 3, 1.0)", "INSERT INTO duplicates VALUES (3, 1, 0.9)",
        "UPDATE duplicates SET similarity = 0.99 WHERE article_id = 2",
    ],
)  # fmt: skip
def test_verify_finds_what_is_wrong_with_the_clusters(tmp_path: Path, damage: str) -> None:
    make(tmp_path, COPIES)
    assert verify(tmp_path) == []
    with closing(sqlite3.connect(tmp_path / "archive.db")) as db, db:
        db.execute(damage)
    (problem,) = verify(tmp_path)[:1]
    assert problem.startswith("duplicates")
    with open_archive(tmp_path, "test") as opened, opened.transaction():
        duplicates.rebuild(opened.connection)
    assert verify(tmp_path) == []


def test_translations_and_other_articles_of_a_site_are_no_duplicates() -> None:
    """All articles of the sample sites, some of them translations."""
    posts = [post for site in SITES for post in load(site).posts]
    assert any(post.translation_of for post in posts)
    with archive() as db:
        for n, post in enumerate(posts):
            put(db, str(n), to_text(post.body))
        duplicates.refresh(db)
        assert list(duplicates.clusters(db)) == []
