"""The phrases and signs of boilerplate.toml (and the user's), and how a text or a class name is looked up in them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from archive.model import Reason
from crawler.phrases import PRESET, Rules, load

# Letters of a script without spaces that weigh as much as one word of a script with them.
LETTERS_A_WORD = 2.0
# Texts whose folding or finding is remembered: the steps ask for each block of a page several
# times, and the menus of a site stand on each of its pages.
REMEMBERED = 8_192

_own = Rules()  # the user's, see `extend`

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_NUMBER = re.compile(r"[0-9]+")
_WORD = re.compile(r"\w+")
_NAME_PARTS = re.compile(r"[a-z]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason, the rule that gives it and what it saw."""

    reason: Reason
    rule: str
    evidence: str
    is_whole: bool = False  # the phrase is the whole block
    hits: int = 1
    is_hint: bool = False  # decides nothing by itself
    container: Any = None  # the element whose sign it is


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of boilerplate.toml; `rank` is its place in the file: the first that fits names."""

    rank: int
    name: str
    reason: Reason
    is_start: bool = False
    is_hint: bool = False


@dataclass(frozen=True, slots=True)
class _Phrases:
    """All phrases, by what finds them: the whole text, its words, or any place in it."""

    whole: dict[str, _Rule]
    by_word: dict[
        str, list[tuple[str, _Rule]]
    ]  # by the longest word of the phrase: few texts have it
    # By the first letter: those of scripts without words, or that begin with a sign.
    by_letter: dict[str, list[tuple[str, _Rule]]]


@lru_cache(REMEMBERED)
def size(text: str) -> float:
    """The length of a text in words."""
    if not _UNSPACED.search(text):
        return float(len(text.split()))
    letters = len(_UNSPACED.findall(text))
    return letters / LETTERS_A_WORD + len(_UNSPACED.sub(" ", text).split())


@lru_cache(REMEMBERED)
def fold(text: str) -> str:
    """Lower case, one kind of apostrophe, numbers as 0, single spaces."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")
    return " ".join(_NUMBER.sub("0", plain).split())


def bare(folded: str) -> str:
    """A folded text without marks at its ends, or as it is where there is nothing else."""
    start, end = 0, len(folded)
    while start < end and not folded[start].isalnum():
        start += 1
    while end > start and not folded[end - 1].isalnum():
        end -= 1
    return folded[start:end] or folded


@lru_cache(REMEMBERED)
def phrase(text: str) -> Finding | None:
    """The first rule of boilerplate.toml that a text fits; a whole text before a part of one."""
    folded = fold(text)
    phrases = _phrases()
    if rule := phrases.whole.get(bare(folded)):
        return Finding(rule.reason, rule.name, text, is_whole=True, is_hint=rule.is_hint)
    found: list[tuple[int, int, int, str, _Rule]] = []
    for start, words, rule in _matches(folded, phrases):
        found.append((rule.rank, start, -len(words), words, rule))
    if not found:
        return None
    found.sort(key=lambda match: match[:3])
    _, _, _, words, rule = found[0]
    return Finding(rule.reason, rule.name, words, hits=_distinct(found), is_hint=rule.is_hint)


@lru_cache(REMEMBERED)
def sign(name: str) -> Reason | None:
    """What the class and id of an element say that it holds."""
    vocabulary = _vocabulary()
    found = [vocabulary[word] for word in _name_parts(name) & vocabulary.keys()]
    return min(found)[1] if found else None


def _matches(folded: str, phrases: _Phrases) -> Iterator[tuple[int, str, _Rule]]:
    for word in phrases.by_word.keys() & set(_WORD.findall(folded)):
        for words, rule in phrases.by_word[word]:
            for start in _places(folded, words):
                if (start and _goes_on(folded, start)) or _goes_on(folded, start + len(words)):
                    continue
                if not (rule.is_start and bare(folded[:start])):
                    yield start, words, rule
    for letter in phrases.by_letter.keys() & set(folded):
        for words, rule in phrases.by_letter[letter]:
            start = folded.find(words)
            if start == 0 or (start > 0 and not rule.is_start):
                yield start, words, rule


def _places(text: str, words: str) -> Iterator[int]:
    start = text.find(words)
    while start >= 0:
        yield start
        start = text.find(words, start + 1)


def _goes_on(folded: str, end: int) -> bool:
    """Whether a word goes on behind a phrase that ends in it."""
    return end < len(folded) and folded[end - 1].isalnum() and folded[end].isalnum()


def _distinct(found: list[tuple[int, int, int, str, _Rule]]) -> int:
    """The number of matches that do not overlap one of the same rule."""
    ends: dict[int, int] = defaultdict(int)
    count = 0
    for rank, start, length, _, _ in found:
        if start >= ends[rank]:
            ends[rank] = start - length
            count += 1
    return count


@cache
def _phrases() -> _Phrases:
    phrases = _Phrases({}, defaultdict(list), defaultdict(list))
    for rank, entry in enumerate((*_own.rules, *_preset().rules)):
        rule = _Rule(
            rank,
            entry["name"],
            Reason(entry["reason"]),
            is_start=bool(entry.get("start")),
            is_hint=bool(entry.get("hint")),
        )
        for text in (text for value in entry.values() if isinstance(value, list) for text in value):
            folded = fold(text)
            if entry.get("whole"):
                phrases.whole.setdefault(bare(folded), rule)
            elif _UNSPACED.search(folded) or not _WORD.match(folded):
                phrases.by_letter[folded[0]].append((folded, rule))
            else:
                phrases.by_word[max(_WORD.findall(folded), key=len)].append((folded, rule))
    return phrases


def extend(rules: Rules) -> None:
    """Put a user's rules before those of boilerplate.toml, for this process."""
    global _own
    _own = rules
    _phrases.cache_clear()
    phrase.cache_clear()
    sign.cache_clear()
    _vocabulary.cache_clear()


@cache
def _preset() -> Rules:
    return load(PRESET)


@cache
def _vocabulary() -> dict[str, tuple[int, Reason]]:
    """What a word of a name says, and its rank: of several words the first of the files counts."""
    tables = (*_own.signs.items(), *_preset().signs.items())
    found: dict[str, tuple[int, Reason]] = {}
    for reason, words in tables:
        for word in words:
            found.setdefault(word, (len(found), Reason(reason)))
    return found


def _name_parts(name: str) -> frozenset[str]:
    """The words of class names, and neighbours joined: `author-box` gives author, box, author-box."""
    found: set[str] = set()
    for token in name.split():
        words = _NAME_PARTS.findall(_CAMEL.sub("-", token).lower())
        found.update(words)
        found.update("-".join(words[i : i + 2]) for i in range(len(words) - 1))
    return frozenset(found)
