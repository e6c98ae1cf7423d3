"""HTML → blocks: all that a reader sees, in order, and nothing that breaks on any bytes."""

from __future__ import annotations

import codecs
import re
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.model import Fault, Reading
from crawler.extraction import RawBlock, blocks
from crawler.parsing import NoMarkup, parse
from crawler.reading import read

URL = "https://letter.example/p/one"


def blocks_of(body: str) -> list[RawBlock]:
    return blocks(parse(f"<html><body>{body}</body></html>"), URL)


def texts(body: str) -> list[str]:
    return [block.text for block in blocks_of(body)]


def test_blocks_are_typed_and_in_order() -> None:
    found = blocks_of(
        "<h1>Title</h1><p>One.</p><ul><li>Item</li></ul><blockquote><p>Said.</p></blockquote>"
        "<pre>a  = 1\n  b</pre><figure><img><figcaption>Seen.</figcaption></figure>"
        "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>"
    )
    assert [(b.kind, b.text) for b in found] == [
        ("heading", "Title"),
        ("paragraph", "One."),
        ("list-item", "Item"),
        ("quote", "Said."),
        ("code", "a  = 1\n  b"),
        ("caption", "Seen."),
        ("table", "A | B"),
        ("table", "1 | 2"),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<div>One<p>Two</p>Three</div>", ["One", "Two", "Three"]),
        ("<p>One<br>Two</p>", ["One", "Two"]),
        ("<div>Call <b>us</b>\n now</div>", ["Call us now"]),
        ("<div><button>×</button>FREE PDF</div>", ["×", "FREE PDF"]),
        ("<p>a</p><script>x</script><style>y</style><template>z</template>", ["a"]),
        ("<p>soft\u00a0 space</p>", ["soft space"]),
        ("<table><tr><td><p>Laid</p></td><td><p>out</p></td></tr></table>", ["Laid", "out"]),
    ],
)
def test_a_block_ends_where_a_line_ends(body: str, expected: list[str]) -> None:
    assert texts(body) == expected


def test_links_are_kept_with_absolute_addresses() -> None:
    (block,) = blocks_of('<p>Read <a href="../q?a=1">this</a> and <a href="#n">note</a>.</p>')
    assert block.markdown == "Read [this](https://letter.example/q?a=1) and note."
    assert block.text == "Read this and note."


def test_addresses_of_scripts_and_mail_are_no_links() -> None:
    (block,) = blocks_of('<p><a href="javascript:x()">a</a> <a href="mailto:a@b.c">b</a></p>')
    assert block.markdown == "a b"


def test_what_is_hidden_is_a_block_that_says_so() -> None:
    shown, hidden = blocks_of('<p>Shown</p><div style="display: none"><p>Hidden</p></div>')
    assert not shown.hidden
    assert hidden.hidden


@pytest.mark.parametrize("document", ["", "\x00", "   ", "<!-- -->"])
def test_a_document_without_text_is_no_markup_or_has_no_blocks(document: str) -> None:
    with suppress(NoMarkup):
        assert blocks(parse(document), URL) == []
    assert isinstance(read(document.encode(), URL), Fault)


def test_control_characters_are_taken_out() -> None:
    assert texts("<p>a\x00b\x08c</p>") == ["abc"]


def test_deep_nesting_neither_crashes_nor_recurses_out() -> None:
    page = "<div>" * 10_000 + PROSE + "</div>" * 10_000
    assert isinstance(read(page.encode(), URL), Reading | Fault)


def test_the_work_grows_with_the_page_and_not_with_its_square() -> None:
    def calls(paragraphs: int) -> int:
        """How many calls, of C functions too, it takes to read a page of so many paragraphs."""
        counted = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        page = f"<article>{f'<p>{PROSE}</p>' * paragraphs}</article>".encode()
        sys.setprofile(count)
        try:
            reading = read(page, URL)
        finally:
            sys.setprofile(None)
        assert isinstance(reading, Reading)
        assert len(reading.blocks) == paragraphs
        return counted

    calls(10)  # what is done once
    assert calls(2_000) < 8.5 * calls(250)  # 350 kB


def test_a_byte_order_mark_is_no_part_of_the_page() -> None:
    page = codecs.BOM_UTF8 + f"<html><body><p>{PROSE}</p><p>{PROSE}</p></body></html>".encode()
    reading = read(page, URL)
    assert isinstance(reading, Reading)
    assert reading.text.startswith("The lighthouse")


PROSE = (
    "The lighthouse of Carrow has kept ships off the rocks for a hundred and forty years, and since "
    "last week it counts seals as well, which nobody in the town had asked it to do. "
)
TAGS = st.sampled_from(
    "div p span h1 h2 ul li table tr td a b pre blockquote figure figcaption nav aside article "
    "form template noscript br img script button".split()
)
TEXTS = st.text(max_size=40) | st.sampled_from(
    [PROSE, "Subscribe now", "×", "3 July 2023", "By A B"]
)


@st.composite
def markup(draw: st.DrawFn, depth: int = 4) -> str:
    """Any tree of elements, some of them not closed."""
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        if depth == 0 or draw(st.booleans()):
            parts.append(draw(TEXTS))
            continue
        tag = draw(TAGS)
        name = draw(
            st.sampled_from(["", ' class="popup"', " hidden", ' id="comments"', ' href="/x"'])
        )
        close = f"</{tag}>" if draw(st.integers(0, 9)) else ""
        parts.append(f"<{tag}{name}>{draw(markup(depth=depth - 1))}{close}")
    return "".join(parts)


@settings(max_examples=60)
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_give_a_reading_or_a_fault(body: bytes) -> None:
    assert isinstance(read(body, URL), Reading | Fault)


@settings(max_examples=120)
@given(markup())
def test_the_text_is_text_of_the_page_whatever_its_markup(body: str) -> None:
    page = f"<html><body>{body}<p>{PROSE}</p><p>{PROSE}</p></body></html>"
    tree = parse(page)
    reading = read(page.encode("utf-8", "replace"), URL)
    if isinstance(reading, Fault):
        return
    shown = [block.text for block in blocks(tree, URL)]
    assert [block.text for block in reading.blocks] == shown
    letters = re.sub(r"\W", "", "".join(tree.itertext()))
    for block in reading.blocks:
        if block.kept and block.kind != "table":
            assert _stands_in(re.sub(r"\W", "", block.text), letters)


def _stands_in(text: str, letters: str) -> bool:
    """Whether the letters stand there in this order: what is no text, a script, may be between."""
    rest = iter(letters)
    return all(letter in rest for letter in text)


def test_a_script_in_the_midst_of_a_word_is_no_text() -> None:
    tree = parse(f"<body><p>ka<script>0</script>yak {PROSE}</p></body>")
    assert blocks(tree, URL)[0].text.startswith("kayak ")
