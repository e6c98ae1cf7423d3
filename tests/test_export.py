"""Corpora: what stands in them, and that there is never half of one."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import search
from archive.export import Options, Report, export_file
from archive.opening import open_reader
from archive.search import Filters, QueryError
from tests.small_archive import TEXTS, make


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("export")
    make(folder, TEXTS)
    connection = open_reader(folder)
    yield connection
    connection.close()


def export_jsonl(
    db: sqlite3.Connection, filters: Filters, target: Path | None, include_reserved: bool = False
) -> Report:
    return export_file(db, Options(filters=filters, include_reserved=include_reserved), target)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


def test_names_and_their_order_are_those_of_the_table(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    export_jsonl(db, Filters(), tmp_path / "corpus.jsonl")
    columns = [row[1] for row in db.execute("PRAGMA table_info (articles)")]
    for line in lines(tmp_path / "corpus.jsonl"):
        assert list(line) == columns
        names = ", ".join(columns)
        row = db.execute(f"SELECT {names} FROM articles WHERE url = ?", [line["url"]]).fetchone()
        stored = dict(zip(columns, row, strict=True))
        lists = {name: json.loads(stored[name]) for name in ("authors", "tags")}
        assert line == stored | lists


def test_texts_are_utf_8_as_they_are(db: sqlite3.Connection, tmp_path: Path) -> None:
    export_jsonl(db, Filters(), tmp_path / "corpus.jsonl")
    content = (tmp_path / "corpus.jsonl").read_bytes()
    for _, title, text in list(TEXTS.values())[:4]:
        assert title.encode() in content
        assert text.encode() in content


def test_the_report_counts_what_was_written_and_left_out(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    target = tmp_path / "corpus.jsonl"
    held = {a.url: a.word_count for a in search.articles(db, Filters())}
    reserved = held["https://b.org/5"]
    dropped = {"reserved": 1}
    assert export_jsonl(db, Filters(), target) == Report(
        4, sum(held.values()) - reserved, 1, dropped
    )
    whole = export_jsonl(db, Filters(), target, include_reserved=True)
    assert whole == Report(5, sum(held.values()), 0)
    assert export_jsonl(db, Filters(languages=("ja",)), target).articles == 1
    assert export_jsonl(db, Filters("cranes"), target) == Report(0, 0, 1, dropped)
    assert target.read_bytes() == b""


@pytest.mark.parametrize(
    "filters",
    [
        Filters(), Filters("*e* -x"), Filters(sources=("b.org", "a.org")), Filters(languages=("ja", "de")),
        Filters(since="2026-01-01"), Filters(min_words=1),
    ],
)  # fmt: skip
def test_articles_come_in_the_order_of_addresses(db: sqlite3.Connection, filters: Filters) -> None:
    found = [article.url for article in search.articles(db, filters)]
    assert found == sorted(found) != []


def test_same_archive_and_options_give_the_same_bytes(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    for name in ("one", "other"):
        export_jsonl(db, Filters("ปัญญา* -x"), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes() != b""


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_a_broken_export_leaves_what_stood_there(
    db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[Exception]
) -> None:
    target = tmp_path / "corpus.jsonl"
    target.write_text("the last one\n")

    def broken(*_: object) -> Iterator[object]:
        yield next(iter(whole(db, Filters())))
        assert target.read_text() == "the last one\n"
        raise stop

    whole = search.articles
    monkeypatch.setattr(search, "articles", broken)
    with pytest.raises(stop):
        export_jsonl(db, Filters(), target)
    assert target.read_text() == "the last one\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_wrong_filter_touches_no_file(db: sqlite3.Connection, tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        export_jsonl(db, Filters(since="yesterday"), tmp_path / "corpus.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(db: sqlite3.Connection, tmp_path: Path) -> None:
    link, target = tmp_path / "link.jsonl", tmp_path / "corpus.jsonl"
    link.symlink_to(target)
    export_jsonl(db, Filters(), link)
    assert link.is_symlink()
    assert len(lines(target)) == 4


def test_a_pipe_is_written_to_and_not_replaced(db: sqlite3.Connection, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    export_jsonl(db, Filters(), pipe)
    reader.join(timeout=10)
    assert pipe.is_fifo()
    assert read[0].count(b"\n") == 4


def test_standard_output_is_utf_8_whatever_the_console(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "latin-1", errors="replace"))
    export_jsonl(db, Filters(sources=("b.org",)), None)
    assert TEXTS["https://b.org/3"][2] in written.getvalue().decode()
