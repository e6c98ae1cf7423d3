"""Blocks that repeat across a site: what is learned, as one pure function of blocks and counts.

The normal form and the 64-bit digest are CCNet's (Wenzek et al. 2020, "CCNet", section 3.1):
lower case, digits to 0, punctuation off, the first 64 bits of the SHA-1. Why repetition tells
boilerplate: Bar-Yossef and Rajagopalan 2002, "Template detection via data mining"; Gibson, Punera
and Tomkins 2005, "The volume and evolution of web page templates".
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from archive.model import SITE_RULE, Block, Reason

# A text that stands in this many distinct articles of a site is the site's, not an article's.
# Below four, the sample sites' own quoted statutes and serial headings would go.
ARTICLES = 4
# Short lines repeat innocently ("Why it matters"): six words, or as many letters of a script
# without spaces as six words of English have bigrams.
WORDS = 6
LETTERS = 12
# Guard: where more than this share of a text repeats, the pages are copies of each other.
SHARE = 0.4
# Headings structure serial columns, quotations quote; neither is taken for boilerplate alone.
KINDS = frozenset({"paragraph", "list-item", "table", "caption"})

RULE = "repetition"


def digest(text: str) -> str:
    """16 hexadecimal digits: the same for texts that differ in case, digits or punctuation only."""
    return hashlib.sha1(normal_form(text).encode(), usedforsecurity=False).hexdigest()[:16]


def normal_form(text: str) -> str:
    """Lower case, digits as 0, without punctuation and marks, single spaces."""
    folded = unicodedata.normalize("NFKC", text).lower()
    letters = ("0" if c.isdigit() else c if c.isalnum() or c.isspace() else "" for c in folded)
    return " ".join("".join(letters).split())


def decide(blocks: Sequence[Block], counts: Mapping[str, int]) -> tuple[Block, ...]:
    """The blocks with what repeats on the site removed, and what no longer repeats kept again.

    `counts` gives for a block digest the number of distinct articles of the site it stands in;
    digests that are missing count as one. Decisions of the rules are left as they are.
    """
    plain = [_undone(block) for block in blocks]
    repeated = [
        i
        for i, block in enumerate(plain)
        if _may_repeat(block) and _count(block, counts) >= ARTICLES
    ]
    total = sum(len(block.text) for block in plain if block.kept)
    if sum(len(plain[i].text) for i in repeated) > SHARE * total:
        return tuple(plain)
    for i in repeated:
        plain[i] = replace(plain[i], reason=Reason.REPEATED, rule=RULE)
    return tuple(plain)


def crosses(before: int, after: int) -> bool:
    """Whether a change of a count can change a decision."""
    return (before >= ARTICLES) != (after >= ARTICLES)


def _undone(block: Block) -> Block:
    if block.reason is not Reason.REPEATED:
        return block
    return replace(block, reason=None, rule=None, evidence=None)


def _may_repeat(block: Block) -> bool:
    if not block.kept or block.kind not in KINDS or block.rule == SITE_RULE:
        return False
    form = normal_form(block.text)
    return form.count(" ") + 1 >= WORDS or sum(c > "\u2e7f" for c in form) >= LETTERS


def _count(block: Block, counts: Mapping[str, int]) -> int:
    return counts.get(digest(block.text), 1)
