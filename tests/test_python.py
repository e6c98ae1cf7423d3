"""`from archive import Archive`: the examples of docs/python.md and of the README, and what they do not show."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest

from archive import Archive, Block, Filters, Reading, Reason, paragraphs, readings, warc
from archive.errors import UserError
from archive.given import CONTENT_TYPE, GivenError
from archive.integrity import verify
from archive.lock import Locked
from archive.model import Fault, main_text
from archive.opening import open_archive
from crawler.derive import derive
from crawler.sources import Source
from tests.archive_state import state
from tests.conftest import ROOT, Run
from tests.small_archive import TEXTS, make

EXAMPLE = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.S)
NEEDED = ("pandas", "matplotlib")  # that only examples use
URL = "https://c.org/owls"
OWLS = Reading(
    "Owls count the cars",
    (
        *paragraphs("A first *paragraph*.\n\n \nA second one."),
        Block("paragraph", "Sign up!", "Sign up!", Reason.SUBSCRIBE, "by hand", "!"),
    ),
    authors=("Ada Example",),
    published="2026-03-01T08:00:00+01:00",
    language="en",
    tags=("owls",),
    alternates=(("de", "https://c.org/eulen"),),
    extractor="my corpus 2.1",
)


@pytest.mark.parametrize("page", ["docs/python.md", "README.md"])
def test_the_examples_do_what_they_say(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "archive", TEXTS)
    monkeypatch.setenv("NEWSARCHIVE_DIR", str(tmp_path / "archive"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
    examples = EXAMPLE.findall((ROOT / page).read_text("utf-8"))
    names: dict[str, object] = {}
    left_out = set()
    for code, expected in examples:
        needs = {name for name in NEEDED if f"import {name}" in code and not find_spec(name)}
        left_out |= needs
        if not needs:
            with redirect_stdout(StringIO()) as said:
                exec(code, names)
            assert said.getvalue() == expected, code
    assert examples
    if left_out:
        pytest.skip(f"all but those that need {', '.join(sorted(left_out))}")


def test_an_article_that_is_given_can_be_derived_again(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        assert archive.save(URL, OWLS, source="owls") == "new"
        article = archive.article(URL)
        assert article
        assert (article.source, article.extractor) == ("owls", "my corpus 2.1")
        assert article.text == "A first *paragraph*.\n\nA second one."
        removed = [block for block in archive.blocks(article) if block.reason]
        assert [(b.text, b.reason, b.rule) for b in removed] == [
            ("Sign up!", "subscribe", "by hand")
        ]
    assert verify(tmp_path) == []
    with open_archive(tmp_path, "test") as store:
        (capture,) = store.captures()
        assert derive(store.warc_folder, capture, Source("owls", "https://c.org/")) == OWLS


def test_saving_again_adds_nothing_and_another_text_is_a_revision(tmp_path: Path) -> None:
    other = Reading("Owls", paragraphs("They stopped."), language="en")
    with Archive(tmp_path, write=True) as archive:
        changes = [archive.save(URL, reading) for reading in (OWLS, OWLS, other, other, OWLS)]
        assert changes == ["new", "unchanged", "revised", "unchanged", "revised"]
        then = datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert [archive.save(f"{URL}/2", OWLS, seen=then) for _ in range(2)] == ["new", "unchanged"]
        (captures,) = archive.sql.execute("SELECT count(*) FROM captures").fetchone()
    assert captures == 4


def test_the_order_of_saving_changes_nothing(tmp_path: Path) -> None:
    readings = [Reading("Owls", paragraphs(f"Text {n}."), language="en") for n in (1, 2, 3)]
    states = []
    for name, order in (("a", (0, 1, 2)), ("b", (2, 0, 1))):
        with Archive(tmp_path / name, write=True) as archive:
            for n in order:
                archive.save(URL, readings[n], seen=datetime(2026, 3, n + 1, tzinfo=UTC))
        states.append(state(tmp_path / name))
    assert states[0] == states[1]


def test_what_fails_within_a_transaction_leaves_nothing(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:

        def save_two() -> None:
            with archive.transaction():
                archive.save(URL, OWLS)
                archive.save("no address", OWLS)

        with pytest.raises(GivenError):
            save_two()
        assert archive.count() == 0
        assert archive.save(URL, OWLS) == "new"
    assert verify(tmp_path) == []


def test_what_was_saved_can_be_imported_elsewhere_and_read_again(
    newsarchive: Run, tmp_path: Path
) -> None:
    with Archive(tmp_path / "one", write=True) as archive:
        archive.save(URL, OWLS)
    done = newsarchive("import", tmp_path / "one" / "warc", archive=tmp_path / "two")
    assert done.returncode == 0, done.stderr
    before = state(tmp_path / "one")
    assert state(tmp_path / "two") == before
    assert newsarchive("reextract", "--all", archive=tmp_path / "one").returncode == 0
    assert state(tmp_path / "one") == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"no JSON", "no reading"),
        (b"[]", "no reading"),
        (b'{"title": "x"}', "no reading"),
        (b'{"title": 1, "blocks": [], "signals": [], "alternates": [], "authors": [], '
         b'"tags": [], "warnings": []}', "title of"),
    ],
)  # fmt: skip
def test_a_record_that_holds_no_reading_is_a_failure(
    tmp_path: Path, body: bytes, message: str
) -> None:
    with open_archive(tmp_path, "test") as store:
        exchange = warc.Exchange(
            URL, warc.now(), 200, (("Content-Type", CONTENT_TYPE),), body, kind="resource"
        )
        capture = store.append(exchange, url=URL, source="c", role="article", found_by=None)
        fault = derive(store.warc_folder, capture, Source("c", "https://c.org/"))
    assert isinstance(fault, Fault)
    assert (fault.kind, message in fault.message) == ("unreadable", True)


def test_a_server_cannot_give_readings(tmp_path: Path) -> None:
    body = readings.to_json(OWLS).encode()
    with open_archive(tmp_path, "test") as store:
        exchange = warc.Exchange(URL, warc.now(), 200, (("Content-Type", CONTENT_TYPE),), body)
        capture = store.append(exchange, url=URL, source="c", role="article", found_by="feed")
        outcome = derive(store.warc_folder, capture, Source("c", "https://c.org/"))
    assert isinstance(outcome, Fault)
    assert outcome.kind == "not-html"


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("title", " "),
        ("authors", "Ada"),
        ("tags", ["owls"]),
        ("published", "yesterday"),
        ("modified", datetime(2026, 1, 1)),
        ("language", "English"),
        ("declared_url", "/owls"),
        ("blocks", ()),
        ("blocks", (Block("paragraph", "x", "x", Reason.LEGAL),)),
        ("blocks", (Block("poem", "x", "x"),)),  # type: ignore[arg-type]
        ("blocks", [Block("paragraph", "x", "x")]),
        ("description", "half \ud800 of a pair"),
        ("access", "open"),
        ("form", "video"),
        ("extractor", None),
        ("language_confidence", "high"),
        ("signals", ("noai",)),
    ],
)
def test_what_is_wrong_with_a_reading_is_said(tmp_path: Path, part: str, wrong: object) -> None:
    with Archive(tmp_path, write=True) as archive:
        with pytest.raises(GivenError, match=part):
            archive.save(URL, replace(OWLS, **{part: wrong}))  # type: ignore[arg-type]
        with pytest.raises(GivenError, match="address"):
            archive.save("c.org/owls", OWLS)
        assert archive.sql.execute("SELECT count(*) FROM captures").fetchone() == (0,)


def test_one_writes_and_others_read(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        archive.save(URL, OWLS)
        with pytest.raises(Locked, match="from Python"):
            Archive(tmp_path, write=True)
        with Archive(str(tmp_path)) as other:
            assert other.count(Filters(authors=("Ada Example",))) == 1
            with pytest.raises(Exception, match="readonly"):
                other.sql.execute("DELETE FROM articles")
    with Archive(tmp_path, write=True):  # the lock was given up
        pass


def test_what_was_forgotten_is_not_saved_again(newsarchive: Run, tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        archive.save(URL, OWLS)
    assert newsarchive("forget", URL, "--yes", archive=tmp_path).returncode == 0
    with Archive(tmp_path, write=True) as archive:
        with pytest.raises(UserError, match="was forgotten"):
            archive.save(URL, OWLS)
        assert archive.count() == 0


def test_paragraphs_are_what_main_text_joins() -> None:
    text = "One [1] *two*.\n\nThree <b>.\nFour."
    blocks = paragraphs(f"\n{text}\n\n \n")
    assert main_text(blocks) == text
    assert [block.markdown for block in blocks] == [r"One \[1\] \*two\*.", "Three \\<b\\>.\nFour."]


def test_importing_archive_imports_nothing_else() -> None:
    code = (
        "import sys, archive; print(*(name for name in sys.modules if name.startswith('archive')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["archive"]
    with pytest.raises(ImportError):
        from archive import nonsense  # noqa: F401
