"""A line of text in CommonMark, so that its readers see what it says: no more marks, and no fewer.

The rules are those of CommonMark 0.31.2: 2.4 (backslash escapes), 6.1 (code spans), 6.2 (emphasis).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from archive.inline import Span, text_of

_MARKS = {"strong": "**", "em": "*"}
# What is a mark wherever it stands: entities (2.5) and GitHub's strikethrough among it.
_SPECIAL = re.compile(r"[\\`*_\[\]<>]|&(?=#?\w+;)|~(?=~)")
# What makes another block of a paragraph where it begins so: headings, lists, fences, rules, setext.
_BLOCK = re.compile(
    r"(?:#{1,6}|[-+]|\d{1,9}(?=[.)]))(?=\s|$|[.)])|[-=]+\s*$|~{3}|-(?=[-\s]*-[-\s]*$)"
)
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.S)
_PUNCTUATION = re.compile(r"(?:\s|\\?[!-/:-@\[-`{-~])+$")


def paragraph(spans: Sequence[Span]) -> str:
    """The line as a paragraph, an item or a heading: it begins no other block."""
    text = line(spans).strip()
    found = _BLOCK.match(text)
    if not found:
        return text
    end = found.end() if text[0].isdigit() else 0
    return f"{text[:end]}\\{text[end:]}"


def line(spans: Sequence[Span], before: str = "", follows: str = "") -> str:
    """The line; emphasis that CommonMark has no way to write where it stands is left out.

    `before` and `follows` are the letters around it.
    """
    made = ""
    for number, span in enumerate(spans):
        if span.kind == "link" and made.endswith("!"):  # else it would be an image
            made = made[:-1] + "\\!"
        after = text_of(list(spans[number + 1 :]))[:1]
        piece = _span(span, made[-1:] or before, after or follows)
        if made.endswith("`") and piece.startswith("`"):  # else they would be one fence
            piece = escaped(text_of([span]))
        made += piece
    return made


def escaped(text: str) -> str:
    """The text without marks."""
    return _SPECIAL.sub(r"\\\g<0>", re.sub(r"[\r\n]+", " ", text))


def _span(span: Span, before: str, follows: str) -> str:
    if span.kind == "text":
        return escaped(span.text)
    if span.kind == "code":
        return _code(span.text)
    if span.kind == "link":
        within = line(span.inside)
        return f"[{within}]({span.url})" if within.strip() else within
    return _emphasis(span, before, follows)


def _emphasis(span: Span, before: str, follows: str) -> str:
    """Emphasis encloses no space at its edges, and no punctuation that touches a word outside."""
    mark = _MARKS[span.kind]
    within = line(span.inside, "*", "*")
    found = _EDGES.fullmatch(within)
    assert found
    space, core, after = found.groups()
    if not after and _is_word(follows) and span.inside[-1].kind == "text":
        last = escaped(span.inside[-1].text)
        after = last[len(_PUNCTUATION.sub("", last)) :]
        core = core.removesuffix(after)
    opens = space or not _is_word(before) or _is_word(core[:1])
    closes = after or not _is_word(follows) or _is_word(core[-1:])
    if not core or not opens or not closes or before == "*" or core[0] == "*" or core[-1] == "*":
        return line(span.inside, before, follows)
    return f"{space}{mark}{core}{mark}{after}"


def _code(text: str) -> str:
    """A code span whose fence is longer than any in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " if text.strip("` ") != text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _is_word(letter: str) -> bool:
    """Whether it is neither a space nor punctuation, nor the end of the line."""
    return bool(letter) and not letter.isspace() and unicodedata.category(letter)[0] not in "PS"
