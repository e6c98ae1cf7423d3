"""Stored archives of earlier versions open, have the schema of today, and hold what they held.

Each is named for the last migration that it has; `python -m tests.test_schemas` stores one of today.
"""

from __future__ import annotations

import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from archive import search
from archive.integrity import verify
from archive.migrations import MIGRATIONS
from archive.opening import open_archive, open_reader
from archive.search import Filters
from tests.small_archive import TEXTS, make
from tests.test_migrations import earlier

STORED = Path(__file__).parent / "schemas"
FIRST = "https://a.org/1"
ADDED = "Und nun auch dies."


def fill(folder: Path) -> None:
    """An archive of today: five articles, the first of them with a second revision."""
    make(folder, TEXTS)
    language, title, text = TEXTS[FIRST]
    make(folder, {FIRST: (language, title, f"{text} {ADDED}")}, day=25)


def schema(folder: Path) -> dict[str, tuple[str, str]]:
    """Tables, indexes and triggers by name, without differences of layout."""
    with closing(open_reader(folder)) as db:
        rows = db.execute("SELECT name, type, coalesce(sql, '') FROM sqlite_master").fetchall()
    return {name: (kind, " ".join(sql.split())) for name, kind, sql in rows}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh")
    fill(folder)
    return folder


@pytest.fixture(params=sorted(path.name for path in STORED.glob("*.tar.gz")))
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(STORED / request.param) as stored:
        stored.extractall(tmp_path, filter="data")
    return tmp_path


def test_it_has_the_schema_of_today(held: Path, fresh: Path) -> None:
    assert schema(held) == schema(fresh)


@pytest.mark.parametrize("name", [migration.__name__ for migration in MIGRATIONS[1:]])
def test_from_every_migration_on_the_schema_becomes_that_of_today(
    tmp_path: Path, fresh: Path, name: str
) -> None:
    earlier(tmp_path / "archive.db", name)
    assert schema(tmp_path) == schema(fresh)


def test_it_is_whole_and_reads_as_before(held: Path, fresh: Path) -> None:
    assert verify(held) == []
    rows = "SELECT url, title, authors, language, text, may_train FROM articles ORDER BY url"
    revisions = "SELECT article_id, number, seen, digest, text FROM revisions ORDER BY 1, 2"
    with closing(open_reader(held)) as old, closing(open_reader(fresh)) as new:
        for sql in (rows, revisions):
            assert old.execute(sql).fetchall() == new.execute(sql).fetchall()
        for words in ("Größe", "魚市場", "harbour", "ปัญญา"):
            ours, theirs = (list(search.select(db, Filters(words))) for db in (old, new))
            assert [hit.article.url for hit in ours] == [hit.article.url for hit in theirs]
            assert ours
        article = search.article_by_url(old, FIRST)
        assert article
        assert ADDED in article.text


def test_it_is_written_like_any_other(held: Path) -> None:
    make(held, {"https://c.org/6": ("en", "New", "A new harbour was built in the night.")}, day=26)
    assert verify(held) == []
    with open_archive(held, "test") as store:
        assert store.connection.execute("SELECT count(*) FROM articles").fetchone() == (6,)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    fill(folder)
    with tarfile.open(STORED / f"{MIGRATIONS[-1].__name__}.tar.gz", "w:gz") as target:
        for part in ("archive.db", "warc"):
            target.add(folder / part, part)
