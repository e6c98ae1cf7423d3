"""The inside of blocks: stored marks are read as they were meant, and written so that others read them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from archive.export import commonmark
from archive.inline import Span, parse, text_of
from archive.model import Block
from archive.rendering import to_html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("a **b** *c* `d`", "a <strong>b</strong> <em>c</em> <code>d</code>"),
        ("**Note: **word", "<strong>Note: </strong>word"),
        ("from 365** in 1904** on", "from 365<strong> in 1904</strong> on"),
        (r"2 \* 3 \[x\] `a\_b`", "2 * 3 [x] <code>a_b</code>"),
        ("[**a** b](https://x.org/?a=1&b)", '<a href="https://x.org/?a=1&amp;b"><strong>a</strong> b</a>'),
        ("ends in the next **block", "ends in the next <strong>block</strong>"),
        ("began before** this", "began before<strong> this</strong>"),
        ("**** [](https://x.org/) ``x", "  x"),
        ("[a](javascript:alert) [b](c)", "a b"),
        ("**a [b** c](https://x.org/) d", None),
        ("AT&amp;T &lt;b>", "AT&amp;amp;T &amp;lt;b&gt;"),
        ("](https://x.org/)[x", "x"),
    ],
)  # fmt: skip
def test_marks_are_read_as_they_were_meant(markdown: str, html: str | None) -> None:
    made = to_html([Block("paragraph", "", markdown)])
    bare = re.sub(' rel="[^"]*"', "", made).removeprefix("<p>").removesuffix("</p>")
    if html is not None:
        assert bare == html


def test_only_a_kind_that_has_a_mark_loses_it() -> None:
    assert to_html([Block("caption", "", "- a dash")]) == "<p>- a dash</p>"
    assert to_html([Block("list-item", "", "- - a dash")]) == "<ul><li>- a dash</li></ul>"


letters = st.characters(
    exclude_categories=("Cc", "Cs", "Zl", "Zp")
)  # the crawler leaves none of them
texts = st.text(letters, max_size=6) | st.sampled_from(
    ["word", " ", ". ", "Note:", "1. ", "- ", "# ", "!", "&amp;", "~~", "|", "\\", "--", "===", "a*b_c", "("]
)  # fmt: skip
leaves = st.builds(Span, st.just("text"), texts) | st.builds(Span, st.just("code"), texts)
spans = st.recursive(
    leaves,
    lambda inner: st.builds(
        Span, st.sampled_from(["strong", "em"]), st.just(""), st.just(""), st.lists(inner, max_size=3)
    ) | st.builds(
        Span, st.just("link"), st.just(""), st.just("https://x.org/a_b"), st.lists(leaves, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


def stored(made: list[Span]) -> str:
    """The pieces as the crawler stores them."""
    marks = {"strong": "**", "em": "*", "code": "`"}
    written = ""
    for span in made:
        inside = re.sub(r"([\\`*_\[\]<>])", r"\\\1", span.text) + stored(span.inside)
        mark = marks.get(span.kind, "")
        written += f"[{inside}]({span.url})" if span.kind == "link" else mark + inside + mark
    return written


def seen(markdown: str) -> str:
    """What a reader of CommonMark sees, without spaces; an image would be no text."""

    def of(tokens: list[Any]) -> str:
        return "".join(t.content if not t.children else of(t.children) for t in tokens)

    return "".join(of(MarkdownIt("commonmark").parse(markdown)).split())


@given(st.lists(spans, max_size=4))
def test_others_see_the_same_text(made: list[Span]) -> None:
    pieces = parse(stored(made))
    text = text_of(pieces)
    assert "".join(text_of(made).split()) == "".join(text.split())
    written = commonmark.paragraph(pieces)
    assert seen(written) == "".join(text.split()).replace("\x00", "\ufffd"), written


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        ("**Note: **word", "**Note:** word"),
        ("**Note:**word", "**Note**:word"),
        ("365** in 1904** on", "365 **in 1904** on"),
        ("1984. What a year", r"1984\. What a year"),
        ("- a dash", r"\- a dash"),
        ("# no heading", r"\# no heading"),
        ("---", r"\---"),
        ("what![a](https://x.org/)", r"what\![a](https://x.org/)"),
        ("AT&amp;T & more", r"AT\&amp;T & more"),
        ("`a\\`b`", "``a`b``"),
        ("plain 3.5 text - with + signs", "plain 3.5 text - with + signs"),
    ],
)
def test_what_commonmark_needs(markdown: str, written: str) -> None:
    assert commonmark.paragraph(parse(markdown)) == written
