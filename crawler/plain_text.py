"""Plain text of a mail → HTML: paragraphs without their hard line breaks, lists, quotations, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

# A text whose longest line is longer was never wrapped: its line breaks are its author's. RFC 5322
# asks for 78 letters a line, and mailers wrap at up to 100.
WIDEST = 100
NARROWEST = 45  # a text of shorter lines is a poem or a list

_ITEM = re.compile(r"\s*(?:[*•‣▪◦·–—-]|\(?\d{1,2}[.)])\s+(?=\S)")
_UNDERLINE = re.compile(r"\s*(={3,}|-{3,}|~{3,})\s*$")
_RULE = re.compile(r"[\W_]{2,}$")
_HEADING = re.compile(r"(#{1,4})\s+(?=\S)")
_URL = re.compile(r"https?://[^\s<>\"\]]+[^\s<>\"\].,;:!?')]")
# A line that names what it links to: "Read more ( https://… )", "Read more <https://…>".
_NAMED_LINK = re.compile(r"(.*\S)\s*[<(\[]\s*(https?://[^\s<>\])]+)\s*[>)\]]\s*$")


def to_html(text: str, *, flowed: bool = False, delete_space: bool = False) -> str:
    """The text as an HTML body. `flowed` and `delete_space` are format and DelSp of RFC 3676."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    quoted = [_depth(line, flowed) for line in lines]
    if flowed:
        quoted = list(_flow(quoted, delete_space))
    width = 0 if flowed else max((len(line) for _, line in quoted), default=0)
    made = []
    for depth, run in groupby(quoted, key=lambda pair: pair[0]):
        inside = "".join(_paragraphs([line for _, line in run], width))
        made.append(f"<blockquote>{inside}</blockquote>" if depth else inside)
    return f"<body>{''.join(made)}</body>"


def _depth(line: str, flowed: bool) -> tuple[int, str]:
    """How often a line is quoted, and the line itself (RFC 3676, 4.5; stuffing: 4.4)."""
    marks = re.match(r">+" if flowed else r"(?:> ?)*", line)
    quoted = marks.group() if marks else ""
    rest = line[len(quoted) :]
    return quoted.count(">"), rest[1:] if flowed and rest.startswith(" ") else rest


def _flow(lines: list[tuple[int, str]], delete_space: bool) -> Iterator[tuple[int, str]]:
    """Lines that end in a space joined with the next of the same depth (RFC 3676, 4.2 and 4.3)."""
    pending, depth = "", 0
    for at, line in lines:
        if pending and at != depth:
            yield depth, pending
            pending = ""
        depth = at
        if line.endswith(" ") and line != "-- ":
            pending += line[:-1] if delete_space else line
        else:
            yield depth, pending + line
            pending = ""
    if pending:
        yield depth, pending


def _paragraphs(lines: list[str], width: int) -> Iterator[str]:
    """The elements of lines of one depth; those of `width` letters were broken by a mailer."""
    is_wrapped = NARROWEST <= width <= WIDEST
    for is_blank, run in groupby(lines, key=lambda line: not line.strip()):
        if not is_blank:
            paragraph = list(run)
            yield from _elements(_joined(paragraph, width) if is_wrapped else paragraph)


def _joined(lines: list[str], width: int) -> list[str]:
    """Lines put together where the next word had no room on the line before."""
    found: list[str] = []
    last = 0
    for line in lines:
        first_word = line.split(maxsplit=1)[0]
        has_no_room = last + 1 + len(first_word) > width
        is_item = _ITEM.match(line) or _UNDERLINE.match(line) or _HEADING.match(line)
        is_inside = bool(found) and line.startswith("  ") and bool(_ITEM.match(found[-1]))
        if found and not is_item and (has_no_room or is_inside):
            found[-1] += " " + line.strip()
        else:
            found.append(line)
        last = len(line.rstrip())
    return found


def _elements(lines: list[str]) -> Iterator[str]:
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if _UNDERLINE.match(line) or _RULE.match(line.strip()):
            continue
        if item := _ITEM.match(line):
            yield f"<ul><li>{_linked(line[item.end() :])}</li></ul>"
        elif heading := _HEADING.match(line):
            yield f"<h2>{_linked(line[heading.end() :])}</h2>"
        elif _UNDERLINE.match(following):
            yield f"<h2>{_linked(line)}</h2>"
        else:
            yield f"<p>{_linked(line)}</p>"


def _linked(line: str) -> str:
    if named := _NAMED_LINK.match(line):
        return f'<a href="{escape(named.group(2))}">{escape(named.group(1))}</a>'
    parts, at = [], 0
    for match in _URL.finditer(line):
        url = escape(match.group())
        parts.append(f'{escape(line[at : match.start()])}<a href="{url}">{url}</a>')
        at = match.end()
    return "".join(parts) + escape(line[at:])
