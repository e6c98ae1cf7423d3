"""What repeats on a site is the site's, not an article's: one pure function of blocks and counts.

Why repetition tells boilerplate: Bar-Yossef and Rajagopalan 2002, "Template detection via data
mining"; Gibson, Punera and Tomkins 2005, "The volume and evolution of web page templates".

A banner stands at an edge: the start or end of the text, or beside what the rules removed. There a
few articles are enough. In the midst of the text stands true repetition, too (a statute, the
sentence that gives the background), so there a third of the site's articles must have it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise, takewhile

from archive.fingerprint import MASK, digest, normal_form
from archive.model import SITE_RULE, Block, Reason

# Raised whenever the same readings may give other digests or decisions: an archive is counted anew.
VERSION = 3

# Real text that stands in two articles of a site is shorter ("In Kürze:", "Here’s the thing:"),
# boilerplate that the rules missed is mostly longer: docs/learned.md.
WORDS = 6
LETTERS = 12  # of a script without spaces; six words of English have as many bigrams
# With more dates, numbers and names a text may be a report: "The DAX fell 0.3% to 15,000 points".
MASKS_A_WORD = 1 / 6
# Above so many articles of a site its thresholds stay as they are: see `thresholds`.
ENOUGH = 300
# Guard: where more than this share of a text repeats, the pages are copies of each other.
SHARE = 0.4

VERBATIM = frozenset({"quote", "code"})  # what is quoted or copied repeats by its nature
PROSE = frozenset({"paragraph", "list-item"})
LEADING = frozenset({"heading", "table"})  # belong to what follows: a heading, a table's first row
OPENING = tuple("\"'“”„«»‹›‘‚「『")
# What was removed for these parts the text: a banner stands in one piece.
PARTING = frozenset(
    {
        Reason.SUBSCRIBE, Reason.POPUP, Reason.PROMOTION, Reason.COOKIE_NOTICE, Reason.AUTHOR_BIO,
        Reason.PAYWALL, Reason.LEGAL,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """The articles of a site, and in how many of them each digest stands (missing: in one)."""

    articles: int = 0
    by_digest: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """In how many articles of its site a block must stand."""

    edge: int  # at the start or end of the text, or beside boilerplate
    inside: int  # in the midst of the text
    line: int  # at the start or end, of less than WORDS words or with many masks


@lru_cache
def thresholds(articles: int) -> Thresholds:
    """The thresholds of a site with so many articles: shares of them, within bounds.

    The lower bounds are what tells a habit from a coincidence (a follow-up repeats its
    background); above the upper ones a site's size no longer matters. Measured: docs/learned.md.
    """
    return Thresholds(
        edge=_bounded(articles / 20, 2 if articles == 2 else 3, 10),
        inside=_bounded(articles / 3, 4, 100),
        line=_bounded(articles / 2, 4, 100),
    )


def decide(blocks: Sequence[Block], counts: Counts) -> tuple[Block, ...]:
    """The blocks with what repeats on the site removed, and what no longer repeats kept again.

    Decisions of the rules are left as they are.
    """
    plain = tuple(_undone(block) for block in blocks)
    if max(counts.by_digest.values(), default=0) < thresholds(counts.articles).edge:
        return plain  # the lowest of the thresholds
    page = _Page(plain, counts)
    page.remove(page.inside())
    for run in page.runs():
        page.remove(page.edges(run))
    page.remove(page.edges(page.kept()))
    page.remove(page.lines())
    total = sum(len(block.text) for block in plain if block.kept)
    if sum(len(plain[i].text) for i in page.removed) > SHARE * total:
        return plain
    kept = page.kept()
    return tuple(
        replace(block, reason=Reason.REPEATED, rule=_rule(i, kept)) if i in page.removed else block
        for i, block in enumerate(plain)
    )


def crosses(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether a change of (articles that have a block, articles of the site) may change a decision."""
    return _reached(*before) != _reached(*after)


def passed(before: int, after: int) -> set[int]:
    """The counts that a threshold moves past where a site's articles go from one number to another."""
    old, new = thresholds(before), thresholds(after)
    pairs = ((old.edge, new.edge), (old.inside, new.inside), (old.line, new.line))
    return {count for pair in pairs for count in range(min(pair), max(pair))}


def _reached(count: int, articles: int) -> tuple[bool, ...]:
    least = thresholds(articles)
    return tuple(count >= value for value in (least.edge, least.inside, least.line))


def _bounded(share: float, lowest: int, highest: int) -> int:
    return min(max(math.ceil(share), lowest), highest)


def _undone(block: Block) -> Block:
    if block.reason is not Reason.REPEATED:
        return block
    return replace(block, reason=None, rule=None, evidence=None)


def _rule(i: int, kept: Sequence[int]) -> str:
    if not kept or i < kept[0]:
        return "repeated-at-start"
    return "repeated-at-end" if i > kept[-1] else "repeated-in-text"


class _Page:
    """The blocks of a page, and which of them were removed because they repeat."""

    def __init__(self, blocks: Sequence[Block], counts: Counts) -> None:
        self.removed: set[int] = set()
        self._blocks = blocks
        self._least = thresholds(counts.articles)
        kept = self.kept()
        self._counts = {i: counts.by_digest.get(digest(blocks[i].text), 1) for i in kept}
        self._words = {i: normal_form(blocks[i].text).split() for i in kept}
        self._quoted = self._find_quoted()

    def remove(self, indices: Iterable[int]) -> None:
        self.removed.update(indices)

    def kept(self) -> list[int]:
        return [i for i, b in enumerate(self._blocks) if b.kept and i not in self.removed]

    def inside(self) -> list[int]:
        """What goes wherever it stands."""
        return [
            i
            for i in self.kept()
            if self._counts[i] >= self._least.inside
            and self._blocks[i].kind in PROSE
            and self._repeats(i)
            and self._tells(i)
        ]

    def runs(self) -> Iterator[list[int]]:
        """The kept blocks, parted where something that is no part of the text stood."""
        run: list[int] = []
        for i, block in enumerate(self._blocks):
            if i in self.removed or block.reason in PARTING:
                yield run
                run = []
            elif block.kept:
                run.append(i)
        yield run

    def edges(self, run: Sequence[int]) -> set[int]:
        """What goes at the start and the end of a run of text, with the headings above it."""
        start = list(takewhile(self._repeats, run))
        while start and (self._blocks[start[-1]].kind in LEADING or not self._tells(start[-1])):
            start.pop()
        end = list(takewhile(self._repeats, reversed(run)))
        while end and not (self._tells(end[-1]) or self._heads(end)):
            end.pop()
        return {*start, *end}

    def lines(self) -> set[int]:
        """Lines at both ends of the whole text: an issue's number and date, a signature.

        At the start a line without a number or date is kept: it may head the text.
        """
        kept = self.kept()
        start = takewhile(lambda i: self._is_line(i) and MASK in self._words[i], kept)
        return {*start, *takewhile(self._is_line, reversed(kept))}

    def _repeats(self, i: int) -> bool:
        """Whether a block may go at all: it repeats, and nothing says that it is the author's."""
        block = self._blocks[i]
        is_quoted = block.kind in VERBATIM or i in self._quoted
        if is_quoted or block.rule == SITE_RULE or not self._fixed(i):
            return False
        return self._counts[i] >= self._least.edge

    def _is_line(self, i: int) -> bool:
        return self._repeats(i) and self._counts[i] >= self._least.line

    def _heads(self, end: Sequence[int]) -> bool:
        """Whether the innermost block is a heading of a text that goes."""
        return self._blocks[end[-1]].kind == "heading" and any(self._tells(i) for i in end)

    def _tells(self, i: int) -> bool:
        """Whether a block is long enough, and alike enough each time, to repeat by no accident."""
        words, fixed = self._words[i], self._fixed(i)
        letters = sum(c > "\u2e7f" for word in words for c in word)
        return (fixed >= WORDS or letters >= LETTERS) and (
            len(words) - fixed <= MASKS_A_WORD * max(fixed, letters / 2)
        )

    def _fixed(self, i: int) -> int:
        return sum(word != MASK for word in self._words[i])

    def _find_quoted(self) -> set[int]:
        """What a sentence of the article introduces or a quotation mark opens, and what goes on."""
        quoted: set[int] = set()
        for before, i in pairwise([-1, *self.kept()]):
            if self._blocks[i].text.startswith(OPENING):
                quoted.add(i)
            elif before >= 0:
                is_repeated = self._counts[before] >= self._least.edge
                is_introduced = self._blocks[before].text.rstrip().endswith((":", "："))
                if (before in quoted) if is_repeated else is_introduced:
                    quoted.add(i)
        return quoted
