"""The part of a text that shows why it was found."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archive.query import Item
from archive.words import LAST_RUN, RUN, folded

LETTERS = 240  # three lines of a terminal
BEFORE = 60  # of them before the first match

Snippet = tuple[tuple[str, bool], ...]  # pieces of text, each with whether it matches


def pattern(items: Iterable[Item]) -> re.Pattern[str] | None:
    """What a snippet marks: the words and phrases wanted of the text, accents folded."""
    found = [_pattern(item) for item in items if item.field in (None, "text")]
    return re.compile("|".join(found)) if found else None


def snippet(text: str, marked: re.Pattern[str] | None) -> Snippet:
    """The part of a text around the first match."""
    plain = folded(text) if marked else ""
    first = marked.search(plain) if marked else None
    start = max(0, first.start() - BEFORE) if first else 0
    if first and start:  # not amid a word, where the script has spaces
        start = max(start, text.find(" ", start, first.start()) + 1)
    end = min(len(text), start + LETTERS)
    pieces, position = [("… " if start else "", False)], start
    for match in marked.finditer(plain, start, end) if marked and first else ():
        pieces.append((text[position : match.start()], False))
        pieces.append((text[match.start() : match.end()], True))
        position = match.end()
    pieces.append((text[position:end], False))
    pieces.append((" …" if end < len(text) else "", False))
    return tuple((re.sub(r"\s+", " ", piece), hit) for piece, hit in pieces if piece)


def _pattern(item: Item) -> str:
    parts = re.findall(r"[^\W_]+", folded(item.text))
    pattern = r"[\W_]+".join(map(re.escape, parts))
    if not RUN.match(parts[0]):
        pattern = r"(?<![^\W_])" + pattern
    if not (item.is_prefix or LAST_RUN.search(parts[-1])):
        pattern += r"(?![^\W_])"
    return pattern
