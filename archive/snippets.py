"""The part of a text that shows why it was found."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archive.query import Item
from archive.words import LAST_RUN, POINTS, RUN, folded, unpointed

LETTERS = 240  # three lines of a terminal
BEFORE = 60  # of them before the first match

# Vowel signs and other marks, which `\w` leaves out: accents; Hebrew and Arabic; the scripts of India,
# with their letters; Thai, Lao, Myanmar, Khmer.
_SIGNS = rf"\u0300-\u036f{POINTS}\u0900-\u0963\u0966-\u0d7f\u0e31-\u0e4e\u0eb1-\u0ece\u102b-\u103e\u17b4-\u17d3"
_WORD = re.compile(rf"(?:[^\W_]|[{_SIGNS}])+")
_POINTED = re.compile(r"[\u05d0-\u06ff]")

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
    parts = _WORD.findall(folded(item.text))
    pattern = rf"(?:[^\w{_SIGNS}]|_)+".join(map(_letters, parts))
    if not RUN.match(parts[0]):
        pattern = rf"(?<![^\W_])(?<![{_SIGNS}])" + pattern
    if not (item.is_prefix or LAST_RUN.search(parts[-1])):
        pattern += rf"(?![^\W_])(?![{_SIGNS}])"
    return pattern


def _letters(word: str) -> str:
    """The word as a pattern: with and without the points of Arabic and Hebrew."""
    plain = unpointed(word)
    if not _POINTED.search(plain):
        return re.escape(word)
    return "".join(f"{re.escape(letter)}[{POINTS}]*" for letter in plain)
