"""Which blocks of a page are main text, by its gold: what the classifier is trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from benchmarks.measures import collapse

# A block is main text where this share of its words stands in the gold text, in order.
SHARE = 0.6
# A `without` snippet says of a block that it is boilerplate where it is this share of it: a word in a
# paragraph of the text says nothing of the paragraph.
SNIPPET_SHARE = 0.35
SNIPPET = 12  # letters; a shorter block that stands in a snippet may stand in others, too
_TOKEN = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]|[^\W_\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]+"
)


def labels(texts: Sequence[str], gold: dict[str, Any]) -> list[bool | None]:
    """For each block whether it is main text; null where the gold does not tell."""
    if "text" in gold:
        return list(_aligned(texts, gold["text"]))
    found: list[bool | None] = [None] * len(texts)
    for i, text in enumerate(map(collapse, texts)):
        for snippet in map(collapse, gold.get("with", ())):
            if snippet in text or (len(text) >= SNIPPET and text in snippet):
                found[i] = True
        for snippet in map(collapse, gold.get("without", ())):
            is_most = snippet in text and len(snippet) > SNIPPET_SHARE * len(text)
            if is_most or (len(text) >= SNIPPET and text in snippet):
                found[i] = False
    return found


def _aligned(texts: Sequence[str], gold: str) -> list[bool]:
    """By the words that the page and the gold text have in common, in the same order."""
    page: list[str] = []
    owner: list[int] = []
    for i, text in enumerate(texts):
        tokens = _TOKEN.findall(text.lower())
        page += tokens
        owner += [i] * len(tokens)
    sizes, hits = [0] * len(texts), [0] * len(texts)
    for i in owner:
        sizes[i] += 1
    matcher = SequenceMatcher(None, page, _TOKEN.findall(gold.lower()), autojunk=False)
    for match in matcher.get_matching_blocks():
        for k in range(match.a, match.a + match.size):
            hits[owner[k]] += 1
    return [bool(n) and hit >= SHARE * n for n, hit in zip(sizes, hits, strict=True)]
