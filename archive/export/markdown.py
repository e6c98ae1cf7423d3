"""Markdown (CommonMark, tables as GitHub's) with the metadata as YAML before it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from archive import inline
from archive.export import commonmark
from archive.export.front_matter import front_matter
from archive.model import Article, Block
from archive.rendering import bare, cells, code, heading_level, top_level


def document(article: Article, blocks: Iterable[Block]) -> bytes:
    """The article: front matter, its title as heading, the kept blocks with their links."""
    kept = [block for block in blocks if block.kept]
    top = top_level(kept)
    runs = [_run(kind, list(run), top) for kind, run in groupby(kept, lambda block: block.kind)]
    body = "\n\n".join([f"# {commonmark.escaped(article.title)}", *runs])
    return f"{front_matter(metadata(article))}\n{body}\n".encode()


def metadata(article: Article) -> dict[str, object]:
    """What is known of the article, by the names that docs/export.md explains."""
    values = {
        "title": article.title,
        "url": article.url,
        "authors": list(article.authors),
        "date": article.published,
        "modified": article.modified,
        "source": article.source,
        "site": article.site,
        "language": article.language,
        "tags": list(article.tags),
        "description": article.description,
        "image": article.image,
        "words": article.word_count,
        "access": article.access,
        "may_train": article.may_train,
        "translation_group": article.translation_group,
        "first_seen": article.first_seen,
        "digest": article.digest,
    }
    return {name: value for name, value in values.items() if value not in (None, [])}


def _run(kind: str, run: list[Block], top: int) -> str:
    """Neighbouring blocks of one kind. `top` is the highest level of heading in the text."""
    if kind == "heading":
        lines = ("#" * min(6, heading_level(b) - top + 2) + f" {_line(b)}" for b in run)
        return "\n\n".join(lines)
    if kind == "list-item":
        return "\n".join(f"- {_line(block)}" for block in run)
    if kind == "quote":
        return "\n>\n".join(f"> {_line(block)}" for block in run)
    if kind == "table":
        return _table([[_cell(cell) for cell in cells(block)] for block in run])
    if kind == "code":
        return "\n\n".join(map(_code, run))
    return "\n\n".join(map(_line, run))


def _line(block: Block) -> str:
    return commonmark.paragraph(inline.parse(bare(block)))


def _cell(markdown: str) -> str:
    return commonmark.line(inline.parse(markdown)).replace("|", "\\|")


def _code(block: Block) -> str:
    """A fence that nothing in the code ends."""
    text = code(block)
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _table(rows: list[list[str]]) -> str:
    """Rows of one width, the first as head: Markdown has no table without one."""
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) for row in rows]
    return "\n".join(map(_row, [padded[0], ["---"] * width, *padded[1:]]))


def _row(parts: Iterable[str]) -> str:
    return f"| {' | '.join(parts)} |"
