"""Quality filters: what those who built corpora from the web left out, each with its source.

A rule measures an article and says no beyond its limit. None is on unless asked for. Lines are the
paragraphs of the text; rules about words are not applied where words have no spaces between them.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

from archive.errors import UserError
from archive.model import Article

GOPHER = "Rae et al. 2021 (Gopher), appendix A.1.1"
C4 = "Raffel et al. 2020 (C4), section 2.2"
FINEWEB = "Penedo et al. 2024 (FineWeb); theirs is of fastText"
# Languages written without spaces between words, and those without marks at the end of sentences.
_UNSPACED = frozenset("zh ja th lo km my bo dz".split())
_WITHOUT_FULL_STOP = frozenset("th lo".split())
_STOP_WORDS = frozenset("the be to of and that have with".split())  # Gopher's, English
# The end of a sentence: a mark, quotation marks or brackets that close, then space or the end; in
# East Asia and India no space follows.
_SENTENCE_END = re.compile(r"[.!?…؟۔]+[\"'”’»)\]]*(?=\s|$)|[。！？।]")
_ELLIPSES = ("...", "…")


class RuleError(UserError):
    """A quality filter that there is not, or without a limit, with what there is."""


class Sample:
    """An article, and what the rules measure of it, counted once."""

    def __init__(self, db: sqlite3.Connection, article: Article) -> None:
        self._db = db
        self.article = article

    @cached_property
    def words(self) -> list[str]:
        return self.article.text.split()

    @cached_property
    def lines(self) -> list[str]:
        return [line for line in self.article.text.split("\n\n") if line.strip()]

    @cached_property
    def repeats(self) -> bool:
        """Whether any five words stand there twice."""
        return len(set(_ngrams(5, self.words))) < len(self.words) - 4

    @cached_property
    def blocks(self) -> list[tuple[str, bool, int]]:
        """Kind of each block of the page, whether it was kept, and its letters."""
        return self._db.execute(
            "SELECT kind, kept, length FROM block_places WHERE article_id = ?", [self.article.id]
        ).fetchall()


@dataclass(frozen=True, slots=True)
class Rule:
    """A measure with the limit of its source; null where no source gives one.

    `bound` says whether an article must have at least or at most so much. A measure is null where
    the rule does not apply.
    """

    name: str
    says: str
    source: str
    bound: Literal["least", "most"]
    limit: float | None
    measure: Callable[[Sample], float | None]


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule that was asked for, with its limit."""

    rule: Rule
    value: float

    def passes(self, sample: Sample) -> bool:
        """Whether the article may stay."""
        measured = self.rule.measure(sample)
        if measured is None:
            return True
        return measured >= self.value if self.rule.bound == "least" else measured <= self.value


def parse(asked: Iterable[str]) -> tuple[Limit, ...]:
    """The rules of `gopher`, `c4`, `symbol-ratio` or `symbol-ratio=0.2`, in the order of the table.

    Of two limits for one rule the later holds. Raises RuleError.
    """
    limits: dict[str, float] = {}
    for written in asked:
        name, _, value = written.partition("=")
        if name in SETS and not value:
            limits |= {rule.name: rule.limit for rule in SETS[name] if rule.limit is not None}
            continue
        if name not in BY_NAME:
            near = difflib.get_close_matches(name, [*SETS, *BY_NAME], n=1, cutoff=0.0)
            raise RuleError(f"no quality filter is called {name!r}: the nearest is {near[0]}")
        limits[name] = _limit(BY_NAME[name], value)
    return tuple(Limit(rule, limits[rule.name]) for rule in RULES if rule.name in limits)


def arguments(limits: Sequence[Limit]) -> list[str]:
    """What `parse` makes these limits of: sets by their name, then what differs from them."""
    left = {limit.rule.name: limit.value for limit in limits}
    written = []
    for name, rules in SETS.items():
        if all(rule.name in left for rule in rules):
            written.append(name)
            left = {
                n: v for n, v in left.items() if n not in {r.name for r in rules if r.limit == v}
            }
    return written + [f"{name}={value:g}" for name, value in left.items()]


def _limit(rule: Rule, value: str) -> float:
    if not value and rule.limit is not None:
        return rule.limit
    try:
        return float(value)
    except ValueError:
        raise RuleError(
            f"{rule.name} needs a limit that is a number, like {rule.name}=0.5"
        ) from None


def _words(measure: Callable[[list[str]], float]) -> Callable[[Sample], float | None]:
    """A measure of words: null for none, and in languages without spaces."""

    def measured(sample: Sample) -> float | None:
        if sample.article.language in _UNSPACED or not sample.words:
            return None
        return measure(sample.words)

    return measured


def _lines(measure: Callable[[list[str]], float]) -> Callable[[Sample], float | None]:
    """A measure of lines: null for none."""
    return lambda sample: measure(sample.lines) if sample.lines else None


def _symbol_ratio(sample: Sample) -> float | None:
    text = sample.article.text
    ellipses = sum(text.count(mark) for mark in _ELLIPSES)
    return _words(lambda words: max(text.count("#"), ellipses) / len(words))(sample)


def _list_items(sample: Sample) -> float | None:
    kinds = [kind for kind, kept, _ in sample.blocks if kept]
    return kinds.count("list-item") / len(kinds) if kinds else None


def _stop_words(sample: Sample) -> float | None:
    if sample.article.language != "en":
        return None
    return len(_STOP_WORDS & {word.lower() for word in sample.words})


def _repeated_letters(lines: list[str]) -> float:
    """The share of letters in lines that stood there before."""
    first = sum(map(len, set(lines)))
    return 1 - first / sum(map(len, lines))


def _top_ngram(n: int, words: list[str]) -> float:
    """The share of letters in the commonest n words, where they occur twice or more."""
    counts = Counter(_ngrams(n, words))
    repeated = ((ngram, count) for ngram, count in counts.items() if count > 1)
    letters = max((sum(map(len, ngram)) * count for ngram, count in repeated), default=0)
    return letters / sum(map(len, words))


def _repeated_ngrams(n: int, sample: Sample) -> float | None:
    """The share of letters in n words that stood there before, each letter counted once."""
    if sample.article.language in _UNSPACED or not sample.words:
        return None
    if not sample.repeats:  # not five words: nor any more
        return 0.0
    words = sample.words
    seen: set[tuple[str, ...]] = set()
    repeated: set[int] = set()
    for i, ngram in enumerate(_ngrams(n, words)):
        if ngram in seen:
            repeated.update(range(i, i + n))
        seen.add(ngram)
    return sum(len(words[i]) for i in repeated) / sum(map(len, words))


def _ngrams(n: int, words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[i:] for i in range(n)), strict=False)


def _sentences(sample: Sample) -> float | None:
    if sample.article.language in _WITHOUT_FULL_STOP:
        return None
    return len(_SENTENCE_END.findall(sample.article.text))


def _removed_share(sample: Sample) -> float | None:
    letters = sum(length for _, _, length in sample.blocks)
    removed = sum(length for _, kept, length in sample.blocks if not kept)
    return removed / letters if letters else None


def _share(test: Callable[[str], bool], parts: list[str]) -> float:
    return sum(map(test, parts)) / len(parts)


def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))


_GOPHER = (
    Rule("fewest-words", "words", GOPHER, "least", 50, lambda s: s.article.word_count),
    Rule("most-words", "words", GOPHER, "most", 100_000, lambda s: s.article.word_count),
    Rule("shortest-mean-word", "mean letters of a word", GOPHER, "least", 3,
         _words(lambda words: sum(map(len, words)) / len(words))),
    Rule("longest-mean-word", "mean letters of a word", GOPHER, "most", 10,
         _words(lambda words: sum(map(len, words)) / len(words))),
    Rule("symbol-ratio", "hash signs, or ellipses, for each word", GOPHER, "most", 0.1,
         _symbol_ratio),
    Rule("list-items", "share of lines that are items of lists", GOPHER, "most", 0.9, _list_items),
    Rule("ellipsis-lines", "share of lines that end with an ellipsis", GOPHER, "most", 0.3,
         _lines(partial(_share, lambda line: line.rstrip().endswith(_ELLIPSES)))),
    Rule("words-with-letters", "share of words that have a letter", GOPHER, "least", 0.8,
         _words(partial(_share, _has_letter))),
    Rule("stop-words", f"of {', '.join(sorted(_STOP_WORDS))}; English only", GOPHER, "least", 2,
         _stop_words),
    Rule("repeated-lines", "share of lines that stood there before", GOPHER, "most", 0.3,
         _lines(lambda lines: 1 - len(set(lines)) / len(lines))),
    Rule("repeated-line-letters", "share of letters in such lines", GOPHER, "most", 0.2,
         _lines(_repeated_letters)),
    *(Rule(f"top-{n}-gram", f"share of letters in the commonest {n} words", GOPHER, "most", limit,
           _words(partial(_top_ngram, n)))
      for n, limit in ((2, 0.20), (3, 0.18), (4, 0.16))),
    *(Rule(f"repeated-{n}-grams", f"share of letters in {n} words that stood there before",
           GOPHER, "most", limit, partial(_repeated_ngrams, n))
      for n, limit in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))),
)  # fmt: skip
_C4 = (
    Rule("sentences", "sentences", C4, "least", 3, _sentences),
    Rule("curly-brackets", "“{”, which stands in code and seldom in prose", C4, "most", 0,
         lambda s: s.article.text.count("{")),
    Rule("lorem-ipsum", "“lorem ipsum”", C4, "most", 0,
         lambda s: s.article.text.lower().count("lorem ipsum")),
)  # fmt: skip
_OURS = (
    Rule("language-confidence", "confidence of the language found (langdetect); declared ones "
         "have none and stay", FINEWEB, "least", 0.65, lambda s: s.article.language_confidence),
    Rule("removed-share", "share of the page's letters that cleaning removed", "the archive itself",
         "most", None, _removed_share),
)  # fmt: skip
SETS = {"gopher": _GOPHER, "c4": _C4}
RULES = (*_GOPHER, *_C4, *_OURS)
BY_NAME = {rule.name: rule for rule in RULES}
