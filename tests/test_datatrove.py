"""Blocks of datatrove pipelines: the example of docs/datatrove.md against an archive of the same files."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from archive import warc
from archive.model import Fault
from crawler.sources import Source
from tests.conftest import ROOT, Run
from tests.faults import page

pytest.importorskip("datatrove", reason="needs pip install 'newsletter-archive[datatrove]'")

import duckdb
import fsspec
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.writers import ParquetWriter

from crawler.datatrove import Articles, schema
from crawler.datatrove.responses import Responses, Row

HTML = ("Content-Type", "text/html; charset=utf-8")
BANNER = (
    "<p>The gazette of the harbour is written by two people and printed on Thursdays in Ghent.</p>"
)
RESERVED = ("tdm-reservation", "1")
SQL = re.compile(r"```sql\n(.*?)```\n\n```text\n(.*?)```", re.S)


WORDS = """harbour crane winter report ferry morning council engine signal bridge market captain
letter garden museum school village teacher doctor history number window station railway mountain
river forest paper camera history summer answer question reason office kitchen factory machine
printer reader writer painter singer builder farmer sailor miller baker""".split()


def text(subject: str) -> str:
    """Paragraphs that no other subject shares five words in a row with."""
    words = random.Random(subject)
    sentences = [" ".join(words.choices(WORDS, k=12)) for _ in range(12)]
    lines = [f"The {sentence} of {subject} is told of again." for sentence in sentences]
    return "".join(
        f"<p>{one} {other}</p>" for one, other in zip(lines[::2], lines[1::2], strict=True)
    )


@dataclass(frozen=True)
class Made:
    """What a pipeline was given, and where its results are."""

    warc: Path
    work: Path

    def rows(self, folder: str) -> list[dict[str, Any]]:
        found = duckdb.sql(f"SELECT * FROM '{self.work}/{folder}/*.parquet' ORDER BY captured_url")
        return found.to_arrow_table().to_pylist()

    def failures(self) -> list[dict[str, Any]]:
        files = sorted((self.work / "failures").iterdir())
        return [json.loads(line) for file in files for line in gzip.open(file)]

    def stats(self, stage: str, block: int = 0) -> dict[str, Any]:
        stats = json.loads((self.work / "logs" / stage / "stats.json").read_text())
        return dict(stats[block]["stats"])


def write(folder: Path) -> None:
    """Two WARC files: pages of one site in both, and what is no article, reserved or broken."""
    first, second = (warc.WarcWriter(folder, name=name) for name in ("a", "b"))
    pages = [
        *((f"https://harbour.org/{n}", text(f"kind{n}") + BANNER) for n in range(1, 6)),
        ("https://other.org/copy", text("kind1")),  # one of another site has it, too
        ("https://noai.org/1", text("owls")),
    ]
    for n, (url, body) in enumerate(pages):
        writer = (first, second)[n % 2]
        answer = page(f"Report {n}", body)
        writer.append(warc.Exchange(url, f"2026-11-0{n + 1}T00:00:00Z", 200, (HTML,), answer))
    changed = page("Report 0, corrected", text("kind1").replace("is told", "was told", 1) + BANNER)
    for url, status, headers, body in (
        ("https://harbour.org/1", 200, (HTML,), changed),
        ("https://header.org/1", 200, (HTML, RESERVED), page("Mine", text("mine"))),
        ("https://noai.org/robots.txt", 200, (), b"User-agent: GPTBot\nDisallow: /\n"),
        ("https://harbour.org/404", 404, (HTML,), b"gone"),
        ("https://harbour.org/a.pdf", 200, (("Content-Type", "application/pdf"),), b"%PDF-1.7"),
        (
            "https://harbour.org/torn",
            200,
            (HTML, ("Content-Encoding", "gzip")),
            b"\x1f\x8b\x08torn",
        ),
        ("https://harbour.org/last", 200, (HTML,), page("Last", text("last"))),
    ):
        second.append(warc.Exchange(url, "2026-11-20T00:00:00Z", status, headers, body))
    for writer in (first, second):
        writer.close()
    broken = next(folder.glob("b-*"))
    broken.write_bytes(broken.read_bytes()[:-40])  # of the last page


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example", ROOT / "examples/warc_to_corpus.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(example: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("datatrove")
    write(folder / "warc")
    example.run(str(folder / "warc"), str(folder / "work"), tasks=2, workers=1)
    return Made(folder / "warc", folder / "work")


def test_the_articles_are_those_of_an_archive_of_the_same_files(
    made: Made, newsarchive: Run, tmp_path: Path
) -> None:
    newsarchive("import", made.warc, archive=tmp_path / "archive")
    corpus = tmp_path / "corpus.parquet"
    done = newsarchive("export", "parquet", "--output", corpus, archive=tmp_path / "archive")
    assert done.returncode == 0, done.stderr
    columns = [name for name in schema().names if name not in ("signals", "file_path", "record_id")]
    names = ", ".join(columns)
    wanted = duckdb.sql(f"SELECT {names} FROM '{corpus}' ORDER BY captured_url")
    found = [{name: row[name] for name in columns} for row in made.rows("cleaned")]
    assert found == wanted.to_arrow_table().to_pylist()
    assert [row["captured_url"] for row in found] == [
        *(f"https://harbour.org/{n}" for n in range(1, 6)), "https://other.org/copy",
    ]  # fmt: skip


def test_what_repeats_on_a_site_is_removed_over_all_files(made: Made) -> None:
    before, after = made.rows("articles"), made.rows("cleaned")
    assert sum("gazette" in row["text"] for row in before) == 6  # one page has two captures
    assert not any("gazette" in row["text"] for row in after)
    assert made.stats("cleaned", block=1) == {
        "total": 7, "forwarded": 6, "dropped": 1, "superseded": 1, "blocks removed": 5,
    }  # fmt: skip
    (latest,) = (row for row in after if row["captured_url"] == "https://harbour.org/1")
    assert latest["title"] == "Report 0, corrected"
    assert latest["first_seen"].day < latest["last_seen"].day


def test_what_was_removed_is_kept_with_the_reason(made: Made) -> None:
    blocks = [block for row in made.rows("cleaned") for block in row["blocks"]]
    banners = [block for block in blocks if "gazette" in block["text"]]
    assert len(banners) == 5
    assert {(b["reason"], b["rule"]) for b in banners} == {("repeated-on-site", "repeated-at-end")}


def test_one_of_near_duplicates_is_in_the_corpus(made: Made) -> None:
    cleaned, corpus = ({row["url"] for row in made.rows(name)} for name in ("cleaned", "corpus"))
    assert cleaned > corpus
    assert len(cleaned - corpus) == 1
    assert cleaned - corpus < {"https://harbour.org/1", "https://other.org/copy"}


def test_what_cannot_be_read_is_counted_by_its_kind_and_stops_nothing(made: Made) -> None:
    kinds = {
        "http-404": 1, "not-html": 1, "truncated": 1, "broken-warc": 1, "reserved": 2,
    }  # fmt: skip
    stats = made.stats("articles")
    assert {kind: stats[kind] for kind in kinds} == kinds
    assert stats["forwarded"] == 7
    assert stats["dropped"] == sum(kinds.values())
    failures = made.failures()
    assert Counter(failure["kind"] for failure in failures) == kinds
    (gone,) = (failure for failure in failures if failure["kind"] == "http-404")
    assert gone["url"] == "https://harbour.org/404"
    assert gone["file_path"].startswith(str(made.warc))


def test_what_is_reserved_is_there_when_asked_for(made: Made) -> None:
    block = Articles(str(made.warc), robots=f"{made.work}/robots", include_reserved=True)
    rows = {d.metadata["url"]: d.metadata for d in block()}
    said = {url: (row["may_train"], row["signals"]) for url, row in rows.items()}
    agent = {"kind": "robots-agent", "raw": "GPTBot", "place": "robots.txt"}
    assert said["https://noai.org/1"] == ("no", [agent])
    assert said["https://header.org/1"] == (
        "no", [{"kind": "tdmrep", "raw": "1", "place": "header"}],
    )  # fmt: skip
    assert said["https://harbour.org/2"] == ("unsaid", [])


def ends(exchange: warc.Exchange, source: Source) -> Row | Fault:
    """Reads as a page that ends its process, hangs, or hits a bug."""
    if exchange.url.endswith("/2"):
        os.kill(os.getpid(), signal.SIGKILL)
    if exchange.url.endswith("/3"):
        raise ValueError("a bug")
    return {"text": exchange.url}


class Ending(Responses):
    name = "ending"

    def wants(self, url: str) -> bool:
        return "harbour" in url


def test_a_page_that_ends_its_process_costs_only_itself(made: Made) -> None:
    block = Ending(ends, str(made.warc), glob_pattern="a-*")
    found = [document.text for document in block()]
    assert found == [f"https://harbour.org/{n}" for n in (1, 5)]
    assert block.stats["extraction-crash"].total == 0
    assert block.stats["extraction-error"].total == 1


def test_an_fsspec_address_is_read(made: Made) -> None:
    files = fsspec.filesystem("memory")
    for path in made.warc.iterdir():
        files.pipe(f"/datatrove/deep/{path.name}", path.read_bytes())
    files.pipe("/datatrove/notes.txt", b"not WARC")
    found = list(Articles("memory://datatrove", limit=2)())
    assert [document.metadata["url"] for document in found] == [
        "https://harbour.org/1", "https://harbour.org/3",
    ]  # fmt: skip
    assert found[0].metadata["file_path"].startswith("memory://")
    assert found[0].id.startswith("<urn:uuid:")


class Killed(Exception):
    """Stands for the end of a worker."""


def dies(data: Iterator[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
    for n, document in enumerate(data):
        if rank == 1 and n == 1:
            raise Killed
        yield document


def test_what_is_run_again_does_only_what_is_left(made: Made, tmp_path: Path) -> None:
    def executor(*more: Any) -> LocalPipelineExecutor:
        blocks = [ParquetWriter(str(tmp_path / "out"), schema=schema(), expand_metadata=True)]
        return LocalPipelineExecutor(
            [Articles(str(made.warc)), *more, *blocks],
            tasks=2,
            workers=1,
            logging_dir=str(tmp_path / "logs"),
        )

    with pytest.raises(Killed):
        executor(dies).run()
    first, second = (tmp_path / "out" / f"000_0000{n}.parquet" for n in range(2))
    done = first.stat().st_mtime_ns
    executor().run()
    assert first.stat().st_mtime_ns == done
    undisturbed = [d.metadata["url"] for d in Articles(str(made.warc))(rank=1, world_size=2)]
    assert [url for (url,) in duckdb.sql(f"SELECT url FROM '{second}'").fetchall()] == undisturbed


def test_an_install_without_the_extra_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("crawler.datatrove")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ImportError, match=re.escape("pip install 'newsletter-archive[datatrove]'")):
        importlib.import_module("crawler.datatrove")


def test_the_examples_of_the_page_do_what_it_says(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.work.parent)
    page = (ROOT / "docs/datatrove.md").read_text("utf-8")
    (pipeline,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(pipeline, {})
    columns = "SELECT * EXCLUDE (blocks, digests) FROM"
    same = duckdb.sql(
        f"{columns} 'work/articles/*.parquet' EXCEPT SELECT * FROM 'articles/*.parquet'"
    )
    assert not same.fetchall()
    for query, expected in SQL.findall(page):
        cells = [[str(cell) for cell in row] for row in duckdb.sql(query).fetchall()]
        assert "\n".join("  ".join(row) for row in cells) == expected.strip(), query
