"""The inside of a block's Markdown: text, with emphasis, code and links.

Blocks are stored as crawler/extraction.py writes them: what would be a mark in the text has a
backslash, so that each mark is one. CommonMark does not read all of them so (`**Note: **word` is no
emphasis there), and what began in one block may end in the next; here each mark opens or closes, and
what is open at the end closes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "code", "strong", "em", "link"]
_TOKEN = re.compile(r"\\([\\`*_\[\]<>])|(\*\*|\*|`|\[)|\]\(([^()\s]*)\)")
_KINDS: dict[str, Kind] = {"**": "strong", "*": "em", "`": "code", "[": "link"}


@dataclass(slots=True)
class Span:
    """A piece of a line: text and code as they read, or what emphasis or a link encloses."""

    kind: Kind
    text: str = ""  # of text and code
    url: str = ""  # of a link
    inside: list[Span] = field(default_factory=list)


def parse(markdown: str) -> list[Span]:
    """The pieces of a line. No two texts are neighbours nor two codes, and none encloses nothing."""
    open_ = [Span("text")]  # the line itself, then what is open in it
    end = 0
    for token in _TOKEN.finditer(markdown):
        escaped, mark, url = token.groups()
        _add(open_[-1], "text", markdown[end : token.start()] + (escaped or ""))
        end = token.end()
        if mark:
            kind = _KINDS[mark]
            if kind != "link" and any(span.kind == kind for span in open_):
                _close(open_, kind)
            else:
                open_.append(Span(kind))
        elif url is not None and any(span.kind == "link" for span in open_):
            _close(open_, "link", url)
    _add(open_[-1], "text", markdown[end:])
    while len(open_) > 1:
        _close(open_, open_[-1].kind)
    return open_[0].inside


def text_of(spans: list[Span]) -> str:
    """What a reader sees of them."""
    return "".join(span.text + text_of(span.inside) for span in spans)


def _add(span: Span, kind: Literal["text", "code"], text: str) -> None:
    if not text:
        return
    if span.inside and span.inside[-1].kind == kind:
        span.inside[-1].text += text
    else:
        span.inside.append(Span(kind, text))


def _close(open_: list[Span], kind: Kind, url: str = "") -> None:
    """Close the innermost of that kind, and what is open in it."""
    while True:
        span = open_.pop()
        if span.kind == kind:
            span.url = url
        _put(open_[-1], span)
        if span.kind == kind:
            return


def _put(outer: Span, span: Span) -> None:
    """Put what has been closed where it belongs; of a link to nowhere, what it encloses."""
    if span.kind == "code":
        _add(outer, "code", text_of(span.inside))
    elif span.kind == "link" and not span.url.startswith(("http://", "https://")):
        for piece in span.inside:
            if piece.kind in ("text", "code"):
                _add(outer, piece.kind, piece.text)
            else:
                outer.inside.append(piece)
    elif text_of(span.inside):
        outer.inside.append(span)
