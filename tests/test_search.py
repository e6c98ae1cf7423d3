"""Search, filters, export and the commands that read."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import quote

import lxml.html
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from archive import schema, search, snippets
from archive.cli import cli
from archive.integrity import verify
from archive.opening import open_reader
from archive.query import wanted
from archive.search import Filters, QueryError
from tests.browse_archive import served
from tests.small_archive import TEXTS, make


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    make(folder, TEXTS)
    return folder


@pytest.fixture
def db(directory: Path) -> Iterator[object]:
    connection = open_reader(directory)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kuhlung", "1"), ("Größe", "1"), ("grosse", ""), ("negociation", "2"), ("ete", "2"),
        ("東京", "3"), ("規制", "3"), ("魚市場", "3"), ("ปัญญา", "4"), ("เกษตรกร", "4"),
        ("crane*", "5"), ("crane", ""), ("cranes -night", ""), ("cranes -day", "5"),
        ('"learn to see"', "5"), ('"see to learn"', ""), ("title:harbour", "5"),
        ("title:night", ""), ("author:3", "3"), ("harbour cranes", "5"), ("HARBOUR", "5"),
        ("orléans échoué", "2"), ("AND", ""), ("cranes NOT", ""), ("l'été", "2"),
        ("東", "3"), ("場", "3"), ("す", "3"), ("「規制」", "3"), ("東京 -規制", ""), ("市京", ""),
        ("ช่วย", "4"), ("“learn to see”", "5"), ('"learn to s"*', "5"), ("ＣＲＡＮＥＳ", "5"),
        ("text:harbour", "5"), ("author:harbour", ""), ("TITLE:harbour", "5"), ("cr\0anes", ""),
    ],
)  # fmt: skip
def test_queries(db: object, query: str, found: str) -> None:
    hits = search.select(db, Filters(query))  # type: ignore[arg-type]
    assert "".join(hit.article.url[-1] for hit in hits) == found


def test_snippets_mark_what_matched(db: object) -> None:
    (hit,) = search.select(db, Filters("規制"))  # type: ignore[arg-type]
    assert ("規制", True) in hit.snippet
    (hit,) = search.select(db, Filters("negociation"))  # type: ignore[arg-type]
    assert ("négociation", True) in hit.snippet


def test_snippets_mark_whole_words_around_the_first_match(tmp_path: Path) -> None:
    text = f"{'A party of starlings. ' * 40}The ART of\n\nlifting; art, again. {'End. ' * 80}"
    make(tmp_path, {"https://a.org/1": ("en", "Starlings", text)})
    db = open_reader(tmp_path)

    def pieces(query: str) -> tuple[tuple[str, bool], ...]:
        (hit,) = search.select(db, Filters(query))
        return hit.snippet

    assert [piece for piece, is_match in pieces("art") if is_match] == ["ART", "art"]
    shown = "".join(piece for piece, _ in pieces("art"))
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert " ".join(text.split()).count(f" {shown[2:-2]}") == 1  # it begins with a whole word
    assert ("ART of lifting", True) in pieces('"art of lifting" title:starlings')
    assert not any(is_match for _, is_match in pieces("title:starlings"))
    db.close()


@given(st.text(alphabet="東京都規制市場のせりァ", min_size=1, max_size=12), st.data())
def test_every_part_of_a_text_without_spaces_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert matches(f"AI{text}。", text[start:end])


@given(st.text(alphabet="東京都規制市場のせりァ", min_size=2, max_size=9), st.data())
def test_of_a_text_without_spaces_only_its_parts_are_found(text: str, data: st.DataObject) -> None:
    pair = data.draw(st.text(alphabet="東京都規制市場のせりァ", min_size=2, max_size=2))
    assert matches(text, pair) == (pair in text)


@cache
def empty_archive() -> sqlite3.Connection:
    index = sqlite3.connect(":memory:")
    schema.apply(index)
    return index


def matches(text: str, query: str) -> bool:
    index = empty_archive()
    search.index(index, [(1, "", text, "[]")])
    found = index.execute(
        "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?",
        [search.match_expression(query)],
    ).fetchall()
    search.unindex(index, [(1, "", text, "[]")])
    return found == [(1,)]


def test_what_is_taken_out_of_the_index_is_not_found() -> None:
    with closing(sqlite3.connect(":memory:")) as index:
        schema.apply(index)
        for change in (search.index, search.unindex):
            change(index, [(1, "東京", "Größe ปัญญา", '["Zoë"]')])
        index.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (articles_fts, row)")
        assert index.execute("SELECT term FROM terms").fetchall() == []


@pytest.mark.parametrize("query", ['"open', "-only", "…", '""', "", "title: crane", "\0"])
def test_a_query_that_says_nothing_gives_a_hint(db: object, query: str) -> None:
    with pytest.raises(QueryError):
        list(search.select(db, Filters(query)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("यह हिन्दी में है", "हिन्दी", "हिन्दी"), ("مُحَمَّدٌ فِي البَيْت", "محمد", "مُحَمَّدٌ"), ("Der Zug, ZÜGE", "züge", "ZÜGE"),
        ("มีเสือในสวน", "เสือ", "เสือ"), ("한국은 오늘", "한국", "한국"), ("snake_case word", "case", "case"),
    ],
)  # fmt: skip
def test_snippets_mark_words_of_every_script(text: str, query: str, marked: str) -> None:
    found = snippets.snippet(text, snippets.pattern(wanted(query)))
    assert [piece for piece, is_match in found if is_match] == [marked]


@pytest.mark.parametrize(
    ("text", "found", "not_found"),
    [
        ("มีเสือในสวน", "เสือ", "เสื้อ"), ("เขาซื้อเสื้อใหม่", "เสื้อ", "เสือ"), ("ໂຮງຮຽນ", "ຮຽນ", "ຮຽນຮູ້"),
        ("កម្ពុជា", "ពុជា", "ពុជី"), ("यह हिन्दी में है", "हिन्दी", "हनद"), ("বাংলাদেশের খবর", "বাংলাদেশের", "বলদ"),
        ("مُحَمَّدٌ فِي البَيْت", "محمد", "حمد"), ("محمد في البيت", "مُحَمَّد", "حمد"), ("שָׁלוֹם", "שלום", "שלומ"),
        ("한국은 오늘", "한국", "국한"), ("정부가 발표한", "발표", "표발"), ("கல்வி", "கல்வி", "கலவ"),
        ("e\u0301te\u0301", "été", "et"), ("Việt Nam", "viet", "vietnam"),
    ],
)  # fmt: skip
def test_words_of_every_script(text: str, found: str, not_found: str) -> None:
    assert (matches(text, found), matches(text, not_found)) == (True, False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("crane* OR marche", "52"), ("crane* OR kuhlung OR 東京", "531"), ("harbour crane* OR night", "5"),
        ("crane* or marche", ""), ('crane* "OR" marche', ""), ("harbour AND cranes", "5"),
        ("harbour NOT cranes", ""), ("OR harbour", ""), ("harbour -cranes OR night", ""),
        ("source:a.org", "21"), ("source:a.org OR", ""), ("source:b.org language:ja", "3"),
        ("source:a.org source:b.org harbour", "5"), ('tag:"a tag" harbour', "5"), ("tag:none", ""),
        ("source:a.org harbour", ""), ("19:30", ""), ("https://a.org/1", ""),
    ],
)  # fmt: skip
def test_operators_and_filters_in_a_query(db: object, query: str, found: str) -> None:
    hits = list(search.select(db, Filters(query)))  # type: ignore[arg-type]
    assert {hit.article.url[-1] for hit in hits} == set(found)
    assert search.count(db, Filters(query)) == len(found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("titel:crane", "did you mean title:"), ("autor:meier", "did you mean author:"),
        ("-sources:x", "did you mean source:"), ("-source:a.org crane", "can neither be left out"),
        ("crane OR source:a.org", "nor stand behind OR"), ("source:a.org -crane", "must occur"),
    ],
)  # fmt: skip
def test_a_wrong_query_gives_a_hint(db: object, query: str, hint: str) -> None:
    with pytest.raises(QueryError, match=hint):
        list(search.select(db, Filters(query)))  # type: ignore[arg-type]


def test_best_first_and_of_many_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = "It is told at length, with all that was said. " * 20
    make(tmp_path, {
        "https://a.org/1": ("en", "A heading", f"{fill}One heron came."),
        "https://a.org/2": ("en", "A heron", fill),
        "https://a.org/3": ("en", "A heading", "Heron, heron, heron."),
        "https://a.org/4": ("en", "A heading", f"{fill}One heron came. {fill}"),
    })  # fmt: skip

    def found() -> tuple[str, str]:
        answer = json.loads(run(tmp_path, "search", "heron", "--json")[1])
        return answer["order"], "".join(article["url"][-1] for article in answer["articles"])

    assert found() == ("best", "3214")
    monkeypatch.setattr(search, "BROAD", 3)
    assert found() == ("newest", "4321")
    assert "newest first: too many to rank" in run(tmp_path, "search", "heron")[1]


SAME = ["cranes", "harb*", '"learn to see"', "title:harbour", "東京", "ปัญญา", "l'été", "cranes -day",
        "crane* OR marche", "source:a.org", "tag:\"a tag\" language:de", "Größe", "nothing"]  # fmt: skip


def test_the_same_is_found_on_the_command_line_in_datasette_and_in_python(
    directory: Path, db: object
) -> None:
    with served(directory) as base:
        for query in SAME:
            hits = [hit.article for hit in search.select(db, Filters(query))]  # type: ignore[arg-type]
            listed = json.loads(run(directory, "search", query, "--json")[1])
            with urllib.request.urlopen(f"{base}/-/search?q={quote(query)}") as answer:
                page = lxml.html.fromstring(answer.read().decode())
            links = page.xpath("//section[@aria-label='Articles']//h3//a/@href")
            assert [article["url"] for article in listed["articles"]] == [a.url for a in hits]
            assert [link.rsplit("/", 1)[1] for link in links] == [str(a.id) for a in hits], query


def test_an_index_of_an_earlier_version_is_made_anew(tmp_path: Path) -> None:
    make(tmp_path, {"https://a.org/1": ("th", "เสือ", "มีเสือในสวน")})
    with closing(sqlite3.connect(tmp_path / "archive.db")) as held, held:
        held.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
        held.execute("UPDATE definitions SET version = '1' WHERE part = 'search'")
    with closing(open_reader(tmp_path)) as opened:
        assert search.count(opened, Filters("เสือ")) == 1
    assert verify(tmp_path) == []


@given(query=st.text(min_size=1))
def test_any_query_gives_articles_or_a_hint(directory: Path, query: str) -> None:
    connection = open_reader(directory)
    try:
        found = list(search.select(connection, Filters(query)))
        assert search.count(connection, Filters(query)) == len(found)
    except QueryError:
        pass
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), "54321"),
        (Filters(sources=("a.org",)), "21"),
        (Filters(languages=("ja", "th")), "43"),
        (Filters(since="2026-03-15"), "543"),
        (Filters(until="2026-03-15"), "321"),
        (Filters(min_words=20), "43"),
        (Filters(since="2026-03"), "543"),
        (Filters(until="2026-03"), "321"),
        (Filters(since="2026", until="2026"), "54321"),
        (Filters(since="2027"), ""),
        (Filters(until="2026-03-15T00:00:00Z"), "321"),
        (Filters(until="2026-03-15T01:59:59+02:00"), "21"),
        (Filters(since="2026-03-15T00:00:01"), "54"),
        (Filters("cranes", languages=("de",)), ""),
    ],
)
def test_filters(db: object, filters: Filters, found: str) -> None:
    hits = search.select(db, filters)  # type: ignore[arg-type]
    assert "".join(hit.article.url[-1] for hit in hits) == found


@pytest.mark.parametrize("day", ["", "yesterday", "2026-13", "2026-02-30", "2026-1-1", "26"])
def test_what_is_no_date_gives_a_hint(db: object, day: str) -> None:
    for filters in (Filters(since=day), Filters(until=day)):
        with pytest.raises(QueryError, match="no date"):
            search.count(db, filters)  # type: ignore[arg-type]


@pytest.mark.parametrize("filters", [Filters(), Filters("t*"), Filters("author:author")])
def test_pages_together_are_the_whole(db: object, filters: Filters) -> None:
    def found(limit: int | None, offset: int = 0) -> list[str]:
        return [hit.article.url for hit in search.select(db, filters, limit, offset)]  # type: ignore[arg-type]

    assert found(2) + found(2, 2) + found(2, 4) == found(None)
    assert len(found(None)) == search.count(db, filters)  # type: ignore[arg-type]


def run(directory: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [*arguments, "--archive", str(directory)])
    return done.exit_code, done.stdout


def test_export_leaves_out_what_is_reserved_and_says_so(directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "corpus.jsonl"
    code, out = run(directory, "export", "jsonl", "--output", str(target), "--json")
    assert (code, json.loads(out)["reserved_left_out"]) == (0, 1)
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [line["url"][-1] for line in lines] == list("1234")
    connection = open_reader(directory)
    columns = [row[1] for row in connection.execute("PRAGMA table_info (articles)")]
    connection.close()
    assert set(lines[0]) <= set(columns)
    assert lines[0]["authors"] == ["Author 1"]
    first = target.read_bytes()
    run(directory, "export", "jsonl", "--output", str(target), "--include-reserved")
    assert len(target.read_text("utf-8").splitlines()) == 5
    run(directory, "export", "jsonl", "--output", str(target))
    assert target.read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.jsonl"]


def test_export_to_standard_output(directory: Path) -> None:
    code, out = run(directory, "export", "jsonl", "--output", "-", "--language", "ja")
    assert code == 0
    assert json.loads(out)["title"] == "市場のせり"


def test_show_and_why_by_any_address(directory: Path) -> None:
    code, out = run(directory, "show", "http://www.b.org/5/?utm_source=x", "--json")
    assert (code, json.loads(out)["url"]) == (0, "https://b.org/5")
    code, out = run(directory, "why", "https://b.org/5", "--json")
    assert json.loads(out)["removed"] == [
        {
            "text": "Subscribe!",
            "reason": "subscribe",
            "rule": "subscribe-button",
            "evidence": "x",
            "position": 1,
        }
    ]


def test_options_stand_before_or_behind_the_command(directory: Path) -> None:
    done = CliRunner().invoke(cli, ["--archive", str(directory), "--json", "stats"])
    assert json.loads(done.stdout)["articles"] == len(TEXTS)
    code, out = run(directory, "stats")
    assert code == 0
    assert "a.org" in out


def test_search_on_the_command_line(directory: Path) -> None:
    code, out = run(directory, "search", "cranes", "--json")
    assert (code, json.loads(out)["total"]) == (0, 1)
    assert "Harbour cranes" in run(directory, "search", "cranes")[1]


def test_tags_and_authors_choose_on_the_command_line(directory: Path) -> None:
    for options, total in (
        (["--tag", "a tag"], 1), (["--tag", "none"], 0), (["--author", "Author 5"], 1), (["--author", "Author 1"], 0),
    ):  # fmt: skip
        code, out = run(directory, "search", "cranes", *options, "--json")
        assert (code, json.loads(out)["total"]) == (0, total), options


def test_wrong_use_is_one_line_and_exit_code_2(newsarchive: object, tmp_path: Path) -> None:
    for arguments in (
        ["show", "https://x.org/"], ["search", "-x"], ["export", "jsonl", "--output", "/no/such/folder/x"],
        ["stats", "--since", "x"], ["crawl"], ["crawl", "--sources", "/no/such/file"],
    ):  # fmt: skip
        done = newsarchive(*arguments, archive=tmp_path)  # type: ignore[operator]
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
        assert done.stderr.count("Error: ") == 1
