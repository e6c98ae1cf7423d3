"""Two texts of an article, paragraph by paragraph and word by word: what went, what came. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# A word, a run of spaces, or one other letter: in scripts without spaces each letter stands alone.
_TOKEN = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W\u0e00-\u0eff\u1000-\u109f"
    r"\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+|\s+|."
)
ALIKE = (
    0.3  # of the words of two paragraphs (Dice): below it one is not an edited form of the other
)
LONGEST = 1_000  # tokens of a paragraph compared word by word: a tenth of a second, for the unlike
MOST_PAIRS = 10_000  # paragraphs that went times those that came: beyond it none is paired

Kind = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a paragraph that both texts have, or only the one before, or only the one after."""

    kind: Kind
    text: str


Paragraph = tuple[Piece, ...]


def compare(before: str, after: str) -> list[Paragraph]:
    """The paragraphs of both texts in their order, edited ones in pieces."""
    one, other = before.split("\n\n"), after.split("\n\n")
    found: list[Paragraph] = []
    for tag, i, j, k, m in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [(Piece("same", text),) for text in one[i:j]]
        else:
            found += _edited(one[i:j], other[k:m])
    return [paragraph for paragraph in found if any(piece.text for piece in paragraph)]


def is_changed(paragraph: Paragraph) -> bool:
    """Whether the texts differ there."""
    return any(piece.kind != "same" for piece in paragraph)


def _edited(gone: list[str], new: list[str]) -> Iterator[Paragraph]:
    """Paragraphs that went and came; those that are alike in order are one, edited."""
    i = j = 0
    for k, m in [*_pairs(gone, new), (len(gone), len(new))]:
        yield from ((Piece("gone", text),) for text in gone[i:k])
        yield from ((Piece("new", text),) for text in new[j:m])
        if k < len(gone):
            yield _words(gone[k], new[m])
        i, j = k + 1, m + 1


def _pairs(gone: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Which paragraphs belong together: the pairs in order whose likeness is greatest in sum."""
    if len(gone) * len(new) > MOST_PAIRS:
        return []
    words = [[set(_TOKEN.findall(text)) for text in texts] for texts in (gone, new)]
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(new) + 1)]
    for i, one in enumerate(words[0]):
        row: list[tuple[float, tuple[tuple[int, int], ...]]] = [(0.0, ())]
        for j, other in enumerate(words[1]):
            likeness = 2 * len(one & other) / (len(one) + len(other) or 1)
            score, pairs = best[i][j]
            joined = (score + likeness, (*pairs, (i, j))) if likeness >= ALIKE else (0.0, ())
            row.append(max(joined, best[i][j + 1], row[j], key=lambda choice: choice[0]))
        best.append(row)
    return list(best[-1][-1][1])


def _words(before: str, after: str) -> Paragraph:
    one, other = _TOKEN.findall(before), _TOKEN.findall(after)
    if max(len(one), len(other)) > LONGEST:
        return Piece("gone", before), Piece("new", after)
    pieces: list[Piece] = []
    gone = new = ""
    for tag, i, j, k, m in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        same = "".join(one[i:j])
        if tag == "equal" and not (gone + new and same.isspace()):
            pieces += [Piece("gone", gone), Piece("new", new), Piece("same", same)]
            gone = new = ""
        else:  # a lone space between changed words, too: a changed phrase reads as one
            gone, new = gone + same, new + "".join(other[k:m])
    pieces += [Piece("gone", gone), Piece("new", new)]
    return tuple(piece for piece in pieces if piece.text)
