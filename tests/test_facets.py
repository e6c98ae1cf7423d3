"""Facets, and the tables of counts behind them, as they follow from the articles."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import facets, search
from archive.facets import NAMES, Value
from archive.integrity import verify
from archive.opening import open_archive, open_reader
from archive.search import Filters
from tests.small_archive import TEXTS, make


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five articles, the third with a second revision; a sixth came and was moved to another source."""
    made = tmp_path_factory.mktemp("facets")
    make(made, TEXTS)
    make(
        made, {"https://b.org/3": ("de", "Fisch", "Nun auf Deutsch: der Markt von Tokio.")}, day=25
    )
    return made


@pytest.fixture(scope="module")
def db(folder: Path) -> Iterator[sqlite3.Connection]:
    opened = open_reader(folder)
    yield opened
    opened.close()


def naive(db: sqlite3.Connection, filters: Filters) -> dict[str, Counter[str]]:
    """The counts, article by article."""
    found: dict[str, Counter[str]] = {name: Counter() for name in NAMES}
    for article in search.articles(db, filters):
        dated = article.published_utc or article.first_seen
        found["source"][article.source] += 1
        found["language"][article.language] += 1
        found["month"][dated[:7]] += 1
        found["tag"].update(article.tags)
        found["author"].update(article.authors)
    return found


FILTERS = [
    Filters(), Filters(sources=("b.org",)), Filters(languages=("de", "fr")), Filters(tags=("a tag",)),
    Filters(since="2026-02", until="2026-02"), Filters(since="2026-02-01"), Filters(query="Tokio"),
    Filters(authors=("Author 2",)), Filters(sources=("b.org",), languages=("de",)), Filters(sources=("x",)),
    Filters(query="der", tags=("a tag",)), Filters(tags=("a tag", "none")),
    Filters(sources=("b.org",), since="2026-01", until="2026-01"),
]  # fmt: skip


@pytest.mark.parametrize("filters", FILTERS)
def test_facets_count_what_fits(db: sqlite3.Connection, filters: Filters) -> None:
    counted = {
        name: {value.name: value.articles for value in values}
        for name, values in facets.facets(db, filters).items()
    }
    assert counted == naive(db, filters)
    total = len(list(search.articles(db, filters)))
    assert search.count(db, filters) == search.quick_count(db, filters) == total
    assert len(list(search.select(db, filters))) == total


def test_the_most_frequent_come_first_and_the_newest_month(db: sqlite3.Connection) -> None:
    found = facets.facets(db, Filters())
    assert found["language"][0] == Value("de", 2)
    assert [value.name for value in found["month"]][:2] == ["2026-05", "2026-04"]


@pytest.mark.parametrize("filters", FILTERS)
def test_of_many_articles_the_values_come_without_numbers_that_take_long(
    db: sqlite3.Connection, filters: Filters, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = naive(db, filters)
    monkeypatch.setattr(facets, "COUNTED", 1)
    monkeypatch.setattr(search, "BROAD", 1)
    for name, values in facets.facets(db, filters).items():
        for value in values:
            assert value.articles in (None, everything[name][value.name])
            assert everything[name][value.name]
    counted = search.quick_count(db, filters)
    assert counted in (None, search.count(db, filters))
    hits = [hit.article.url for hit in search.select(db, filters)]
    newest = sorted(
        search.articles(db, filters),
        key=lambda a: (a.published_utc or a.first_seen, a.id),
        reverse=True,
    )
    assert sorted(hits) == sorted(article.url for article in newest)
    if search.is_broad(db, filters):
        assert hits == [article.url for article in newest]


def test_a_month_that_is_none_is_said(db: sqlite3.Connection) -> None:
    with pytest.raises(search.QueryError, match="is no date"):
        facets.facets(db, Filters(since="2026-13", until="2026-13"))


def test_counts_follow_when_articles_go(tmp_path: Path) -> None:
    make(tmp_path, TEXTS)
    with open_archive(tmp_path, "test") as archive, archive.transaction():
        archive.connection.execute("DELETE FROM readings")
        archive.connection.execute("DELETE FROM articles_fts WHERE 0")
        archive.connection.execute("DELETE FROM articles")
        tables = "article_facets article_counts week_counts tag_counts author_counts article_tags article_authors"
        for table in tables.split():
            assert not archive.connection.execute(f"SELECT * FROM {table}").fetchall(), table


@pytest.mark.parametrize("table", ["article_counts", "week_counts", "tag_counts", "author_counts"])
def test_verify_finds_a_wrong_count(tmp_path: Path, table: str) -> None:
    make(tmp_path, TEXTS)
    assert verify(tmp_path) == []
    with open_archive(tmp_path, "test") as archive, archive.transaction():
        archive.connection.execute(f"UPDATE {table} SET articles = articles + 1")
    assert any(line.startswith(f"{table} ") for line in verify(tmp_path))
