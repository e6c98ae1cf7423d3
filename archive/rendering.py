"""Kept blocks → HTML that is safe to show. Pure: knows neither Datasette nor the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby

import nh3

from archive import inline
from archive.inline import Span
from archive.model import Block

TAGS = set("p h2 h3 h4 h5 h6 ul li blockquote pre code em strong a table tbody tr td br".split())
_MARKED = ("heading", "list-item", "quote", "table")
_MARK = re.compile(r"^(?:#{1,6}|[->|]) ")


def to_html(blocks: Iterable[Block]) -> str:
    """The blocks as HTML of a few plain tags, without any attribute but `href` of web links.

    Each block is rendered by its kind, and only the inside of it as Markdown: none can open
    what swallows the next. The first level of heading is the title's: the text's
    own start at the second.
    """
    given = list(blocks)
    top = top_level(given)
    made = [_run(kind, list(run), top) for kind, run in groupby(given, lambda block: block.kind)]
    return nh3.clean(
        "\n".join(made),
        tags=TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_web_only,
        url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer",
    )


def is_web(url: str) -> bool:
    """Whether the address may stand in a link."""
    return url.startswith(("http://", "https://"))


def _web_only(tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or is_web(value) else None


def bare(block: Block) -> str:
    """The block in Markdown without the mark of its kind: what stands in its line."""
    return _MARK.sub("", block.markdown) if block.kind in _MARKED else block.markdown


def code(block: Block) -> str:
    """The text of a block of code as it stands."""
    return block.markdown.removeprefix("```\n").removesuffix("\n```")


def cells(block: Block) -> list[str]:
    """The cells of a row of a table, in Markdown."""
    return bare(block).removesuffix(" |").split(" | ")


def heading_level(block: Block) -> int:
    """The level of a heading, from 1."""
    return len(block.markdown) - len(block.markdown.lstrip("#"))


def top_level(blocks: Iterable[Block]) -> int:
    """The highest level of heading in a text; 1 where there is none."""
    return min((heading_level(block) for block in blocks if block.kind == "heading"), default=1)


def _line(markdown: str) -> str:
    return "".join(map(_span, inline.parse(markdown)))


def _span(span: Span) -> str:
    """HTML in the text is text."""
    if span.kind == "text":
        return escape(span.text)
    if span.kind == "code":
        return f"<code>{escape(span.text)}</code>"
    within = "".join(map(_span, span.inside))
    if span.kind == "link":
        return f'<a href="{escape(span.url)}">{within}</a>'
    return f"<{span.kind}>{within}</{span.kind}>"


def _run(kind: str, run: list[Block], top: int) -> str:
    """Neighbouring blocks of one kind; `top` is the highest level of heading in the text."""
    if kind == "heading":
        levels = [min(6, heading_level(block) - top + 2) for block in run]
        return "".join(
            f"<h{n}>{_line(bare(block))}</h{n}>" for n, block in zip(levels, run, strict=True)
        )
    return _RENDER[kind](run)


def _paragraphs(run: list[Block]) -> str:
    return "\n".join(f"<p>{_line(bare(block))}</p>" for block in run)


def _list(run: list[Block]) -> str:
    return "<ul>" + "".join(f"<li>{_line(bare(block))}</li>" for block in run) + "</ul>"


def _quote(run: list[Block]) -> str:
    return f"<blockquote>{_paragraphs(run)}</blockquote>"


def _code(run: list[Block]) -> str:
    return "\n".join(f"<pre><code>{escape(code(block))}</code></pre>" for block in run)


def _table(run: list[Block]) -> str:
    rows = (map(_line, cells(block)) for block in run)
    made = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return "<table><tbody>" + "".join(f"<tr>{row}</tr>" for row in made) + "</tbody></table>"


_RENDER: dict[str, Callable[[list[Block]], str]] = {
    "paragraph": _paragraphs,
    "caption": _paragraphs,
    "list-item": _list,
    "quote": _quote,
    "code": _code,
    "table": _table,
}
