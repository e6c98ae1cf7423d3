"""Subscriptions of feed readers: what becomes of each outline."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler import opml, sources
from crawler.sources import Source, SourcesError
from tests.conftest import Run, document

GOOD = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="News"><outline text="Deeper">
  <outline text="Die  Seite" type="rss" xmlUrl="https://e.org/feed" htmlUrl="https://e.org/" language="de-DE"/>
  <outline title="Only a title" xmlURL="https://other.com/rss"/>
</outline></outline>
<outline text="Again" xmlUrl="http://www.e.org/feed/"/>
<outline text="Die Seite" xmlUrl="https://e.org/comments" htmlUrl="https://e.org/"/>
<outline text="-- &#9; --" xmlUrl="https://third.org/rss"/>
<outline text="A link" type="link" url="ftp://e.org/a"/>
<outline text="Nothing"/>
<outline text="Broken" xmlUrl="javascript:alert(1)"/>
<outline text="An empty folder"></outline>
</body></opml>"""


def read(folder: Path, text: str | bytes, held: list[Source] | None = None) -> opml.Subscriptions:
    path = folder / "s.opml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return opml.read(path, held or [])


def test_outlines_become_sources(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert [(s.name, s.url, s.feeds, s.language) for s in found.new] == [
        ("Die Seite", "https://e.org/", ("https://e.org/feed",), "de"),
        ("Only a title", "https://other.com/rss", ("https://other.com/rss",), None),
        ("Die Seite (e.org)", "https://e.org/comments", ("https://e.org/comments",), None),
        ("third.org", "https://third.org/rss", ("https://third.org/rss",), None),
    ]
    assert found.held == 1
    assert [line.split(":")[0] for line in found.skipped] == [
        "A link", "Nothing", "Broken", "An empty folder",
    ]  # fmt: skip
    assert found.skipped[1:3] == (
        "Nothing: no xmlUrl",
        "Broken: 'javascript:alert(1)' is no address of a feed",
    )


def test_all_of_it_is_read_back_from_the_list(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    found = read(tmp_path, GOOD)
    sources.append(path, *found.new)
    held = sources.load(path)
    assert held == list(found.new)
    again = read(tmp_path, GOOD, held)
    assert (again.new, again.held) == ((), 5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "is no OPML: "),
        ("plain words", "is no OPML: "),
        ("<opml><body><outline text='cut'", "is no OPML: "),
        ("<html><body></body></html>", "the document is <html>"),
        (b"\xff\xfe\x00", "is no OPML: "),
        (b"<opml>\xff</opml>", "is no OPML: "),
    ],
)
def test_what_is_no_opml_is_one_line(tmp_path: Path, body: str | bytes, message: str) -> None:
    with pytest.raises(SourcesError) as caught:
        read(tmp_path, body)
    assert message in str(caught.value)
    assert "s.opml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_entities_are_not_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    body = (
        f'<!DOCTYPE opml [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><opml><body>'
        '<outline text="a" xmlUrl="https://e.org/f"/>&x;</body></opml>'
    )
    assert "secret" not in repr(read(tmp_path, body))


def test_the_command_adds_what_is_new_and_says_what_is_not(
    newsarchive: Run, tmp_path: Path
) -> None:
    (tmp_path / "s.opml").write_text(GOOD)
    done = newsarchive("sources", "import", tmp_path / "s.opml", "--json", archive=tmp_path)
    assert done.returncode == 0, done.stderr
    assert document(done)["added"] == [
        "Die Seite",
        "Only a title",
        "Die Seite (e.org)",
        "third.org",
    ]
    assert "skipped: Nothing: no xmlUrl" in done.stderr.splitlines()
    again = newsarchive("sources", "import", tmp_path / "s.opml", archive=tmp_path)
    assert "0 added" in again.stderr
    missing = newsarchive("sources", "import", tmp_path / "none.opml", archive=tmp_path)
    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 1
