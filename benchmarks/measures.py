"""How alike an extracted text and the gold text are: pure functions of two strings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

SHINGLE = 4  # words, as in the article-extraction benchmark
# A line break, or the end of a sentence. ROUGE-LSum compares sentence by sentence.
SENTENCE_BREAK = re.compile(r"\n+|(?<=[.!?…])\s+|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Precision, recall and F1 of a found text against the gold text, each from 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def words(text: str, is_unspaced: bool = False) -> list[str]:
    """The words in lower case; the characters but spaces where the script puts none between words."""
    return list(re.sub(r"\s", "", text)) if is_unspaced else re.findall(r"\w+", text.lower())


def bags(found: str, gold: str, is_unspaced: bool = False) -> Overlap:
    """The overlap of the two bags of words."""
    return _overlap(Counter(words(found, is_unspaced)), Counter(words(gold, is_unspaced)))


def shingles(found: str, gold: str) -> tuple[float | None, float | None]:
    """Precision and recall of the bags of 4-word shingles; None where there is nothing to divide by.

    As `evaluate.py` of scrapinghub/article-extraction-benchmark defines it: words are `\\w+` with
    their case in every language, and a shorter text is one shingle. A set's F1 is that of the mean
    precision (over the pages where something was found) and the mean recall.
    """
    ours, theirs = Counter(_shingles(found)), Counter(_shingles(gold))
    common = (ours & theirs).total()
    precision = common / ours.total() if ours else None
    recall = common / theirs.total() if theirs else None
    return precision, recall


def rouge_lsum(found: str, gold: str, is_unspaced: bool = False) -> Overlap:
    """ROUGE-L at summary level: Lin 2004, "ROUGE: A Package for Automatic Evaluation", section 3.2.

    For each gold sentence the union of its longest common subsequences with all found sentences;
    a word counts at most as often as it stands in either text, as in ROUGE 1.5.5 and Google's
    `rouge_score`. Words as in `words`: theirs keep ASCII letters only.
    """
    theirs = [words(s, is_unspaced) for s in SENTENCE_BREAK.split(gold)]
    ours = [words(s, is_unspaced) for s in SENTENCE_BREAK.split(found)]
    found_words, gold_words = _bag(ours), _bag(theirs)
    found_total, gold_total = found_words.total(), gold_words.total()
    if not found_total or not gold_total:
        return Overlap(0.0, 0.0)
    distinct = {tuple(sentence) for sentence in ours if sentence}
    hits = 0
    for sentence in theirs:
        for position in sorted(_union(sentence, distinct)):
            word = sentence[position]
            if found_words[word] and gold_words[word]:
                found_words[word] -= 1
                gold_words[word] -= 1
                hits += 1
    return Overlap(hits / found_total, hits / gold_total)


def common_subsequence(one: Sequence[str], other: Sequence[str]) -> set[int]:
    """The positions in `one` of a longest common subsequence.

    Bit-parallel, as Hyyrö 2004, "Bit-Parallel LCS-length Computation Revisited": a row of the
    table is an integer, whose zero bits are the positions where the length grows.
    """
    masks: dict[str, int] = {}
    for i, word in enumerate(one):
        masks[word] = masks.get(word, 0) | 1 << i
    full = (1 << len(one)) - 1
    row, rows = full, [full]
    for word in other:
        matched = row & masks.get(word, 0)
        row = (row + matched | row - matched) & full
        rows.append(row)
    positions, i, j = set(), len(one), len(other)
    while i and j:
        bit = 1 << (i - 1)
        if rows[j] & bit:
            i -= 1
        else:
            j -= 1
            if rows[j] & bit:
                i -= 1
                positions.add(i)
    return positions


def holds(text: str, snippet: str) -> bool:
    """Whether the snippet stands in the text, whatever the white space."""
    return collapse(snippet) in collapse(text)


def collapse(text: str) -> str:
    """The text with single spaces for all white space."""
    return " ".join(text.split())


def _overlap(found: Counter[str], gold: Counter[str]) -> Overlap:
    common = (found & gold).total()
    return Overlap(common / found.total(), common / gold.total()) if common else Overlap(0.0, 0.0)


def _shingles(text: str) -> list[tuple[str, ...]]:
    tokens = re.findall(r"\w+", text)
    if not tokens:
        return []
    return [tuple(tokens[i : i + SHINGLE]) for i in range(max(1, len(tokens) - SHINGLE + 1))]


def _bag(sentences: Iterable[Sequence[str]]) -> Counter[str]:
    return Counter(word for sentence in sentences for word in sentence)


def _union(sentence: Sequence[str], others: set[tuple[str, ...]]) -> set[int]:
    if tuple(sentence) in others:  # most sentences are found as they are
        return set(range(len(sentence)))
    known: set[Hashable] = set(sentence)
    positions: set[int] = set()
    for other in others:
        if not known.isdisjoint(other):
            positions |= common_subsequence(sentence, other)
    return positions
