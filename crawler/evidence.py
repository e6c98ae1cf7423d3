"""What speaks for and against each block being main text: votes, phrases, signs of its containers."""

from __future__ import annotations

import copy
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import trafilatura

from archive.model import Reason
from crawler.extraction import RawBlock

# Letters of a script without spaces that weigh as much as one word of a script with them.
LETTERS_A_WORD = 2.0
# A container's sign is void where it holds this share of the page's main text: the class
# "newsletter" around a whole issue names the platform, not a banner.
VOID_SHARE = 0.4
# A block shorter than this must be a whole line of the extractor's text to count as voted for.
WHOLE_LINE = 24
# Above this share of linked letters a line is a menu.
MENU = 0.6

_LINK_TEXT = re.compile(r"\[([^\[\]]+)\]\(")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_WORDS = re.compile(r"[a-z]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

GENERIC = {  # containers that say "not the text", and what they hold unless a phrase says better
    "aside": Reason.PROMOTION,
    "form": Reason.SUBSCRIBE,
    "dialog": Reason.POPUP,
    "footer": Reason.LEGAL,
    "nav": Reason.NAVIGATION,
    "menu": Reason.NAVIGATION,
}
ROLES = {
    "navigation": Reason.NAVIGATION,
    "complementary": Reason.PROMOTION,
    "dialog": Reason.POPUP,
    "alertdialog": Reason.POPUP,
    "contentinfo": Reason.LEGAL,
    "search": Reason.NAVIGATION,
    "menu": Reason.NAVIGATION,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason, the rule that gives it and what it saw."""

    reason: Reason
    rule: str
    evidence: str
    is_whole: bool = False  # the phrase is the whole block
    hits: int = 1
    container: Any = None  # the element with the sign


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of boilerplate.toml, compiled."""

    name: str
    reason: Reason
    whole: frozenset[str]
    anywhere: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a block before anything is decided."""

    size: float  # in words; see LETTERS_A_WORD
    voted: bool
    phrase: Finding | None
    sign: Finding | None
    linked: float  # share of its letters that are links


def collect(raw: Sequence[RawBlock], tree: Any, body: str | None = None) -> list[Evidence]:
    """The evidence for each block, in order. `body` is the text that structured data gives."""
    votes = _votes(raw, tree, body)
    sizes = [size(block.text) for block in raw]
    main = weights(raw, [s if v else 0.0 for s, v in zip(sizes, votes, strict=True)])
    total = sum(s for s, v in zip(sizes, votes, strict=True) if v) or 1.0
    signs = _Signs(main, total)
    return [
        Evidence(
            size=sizes[i],
            voted=votes[i],
            phrase=phrase(block.text) or _phrase_of_links(block),
            sign=signs.of(block.element),
            linked=min(1.0, block.linked / max(1, len(block.text))),
        )
        for i, block in enumerate(raw)
    ]


def size(text: str) -> float:
    """The length of a text in words."""
    letters = len(_UNSPACED.findall(text))
    return letters / LETTERS_A_WORD + len(_UNSPACED.sub(" ", text).split())


def fold(text: str) -> str:
    """Lower case, one kind of apostrophe, numbers as 0, single spaces."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")
    return " ".join(re.sub(r"[0-9]+", "0", plain).split())


def bare(folded: str) -> str:
    """A folded text without marks at its ends, or as it is where there is nothing else."""
    return re.sub(r"^[\W_]+|[\W_]+$", "", folded) or folded


def phrase(text: str) -> Finding | None:
    """The first rule of boilerplate.toml that a text fits; a whole block before a part of one."""
    folded = fold(text)
    stripped = bare(folded)
    found: Finding | None = None
    hits = 0
    for rule in rules():
        if stripped in rule.whole:
            return Finding(rule.reason, rule.name, text, is_whole=True)
        if rule.anywhere and (match := rule.anywhere.search(folded)):
            hits += len(rule.anywhere.findall(folded))
            found = found or Finding(rule.reason, rule.name, match.group())
    if found is None:
        return None
    return Finding(found.reason, found.rule, found.evidence, hits=hits)


def _phrase_of_links(block: RawBlock) -> Finding | None:
    """The rule that a link of a line of links fits: a menu or a footer written in one line."""
    if block.linked < MENU * len(block.text):
        return None
    found = (phrase(text) for text in _LINK_TEXT.findall(block.markdown))
    return next((f for f in found if f and f.is_whole), None)


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of boilerplate.toml: those of whole blocks first."""
    compiled = []
    for entry in _file()["rule"]:
        phrases = [p for key, value in entry.items() if isinstance(value, list) for p in value]
        is_whole = bool(entry.get("whole"))
        compiled.append(
            Rule(
                name=entry["name"],
                reason=Reason(entry["reason"]),
                whole=frozenset(bare(fold(p)) for p in phrases) if is_whole else frozenset(),
                anywhere=None if is_whole else _pattern(phrases),
            )
        )
    return tuple(sorted(compiled, key=lambda rule: not rule.whole))


def weights(raw: Sequence[RawBlock], values: Iterable[float]) -> dict[Any, float]:
    """For each element the sum of the values of the blocks in it."""
    found: dict[Any, float] = defaultdict(float)
    for block, value in zip(raw, values, strict=True):
        element = block.element
        while element is not None:
            found[element] += value
            element = element.getparent()
    return found


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("boilerplate.toml").read_text("utf-8"))


@cache
def _vocabulary() -> dict[str, Reason]:
    return {word: Reason(reason) for reason, words in _file()["signs"].items() for word in words}


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Any of the phrases, at word boundaries where the script has words."""
    parts = []
    for text in sorted({fold(p) for p in phrases}, key=len, reverse=True):
        spaced = not _UNSPACED.search(text)
        start = r"(?<!\w)" if spaced and text[0].isalnum() else ""
        end = r"(?!\w)" if spaced and text[-1].isalnum() else ""
        parts.append(start + re.escape(text) + end)
    return re.compile("|".join(parts))


def _votes(raw: Sequence[RawBlock], tree: Any, body: str | None) -> list[bool]:
    """Whether trafilatura, or the page's structured data, takes a block for main text."""
    lines = _main_lines(tree)
    if body and size(body) > 50:  # shorter ones are teasers
        lines += body.splitlines()
    whole = {_letters(line) for line in lines}
    text = "\n".join(whole)
    votes = []
    for block in raw:
        letters = _letters(block.text)
        votes.append(letters in whole or (len(letters) >= WHOLE_LINE and letters in text))
    return votes


def _main_lines(tree: Any) -> list[str]:
    document = trafilatura.bare_extraction(
        copy.deepcopy(tree),
        include_comments=False,
        include_tables=True,
        deduplicate=False,  # its memory is the process's: a page read twice would be empty
        with_metadata=False,
    )
    if document is None:
        return []
    return str(document.text or "").splitlines()


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


class _Signs:
    """The sign of the nearest container that has one, remembered for each element."""

    def __init__(self, main: dict[Any, float], total: float) -> None:
        self._main = main
        self._total = total
        self._known: dict[Any, Finding | None] = {}

    def of(self, element: Any) -> Finding | None:
        path = []
        while element is not None and element not in self._known:
            path.append(element)
            element = element.getparent()
        found = self._known[element] if element is not None else None
        for inner in reversed(path):
            own = _sign(inner)
            if own and self._main.get(inner, 0.0) > VOID_SHARE * self._total:
                own = None
            # A pop-up stays one whatever is in it; else the innermost sign says it best.
            if own and not (found and found.reason is Reason.POPUP):
                found = own
            self._known[inner] = found
        return found


def _sign(element: Any) -> Finding | None:
    tag = element.tag
    if tag in ("body", "html", "main", "article"):
        return None
    role = element.get("role") or ""
    name = f"{element.get('class') or ''} {element.get('id') or ''}".strip()
    words = _parts(name)
    for word, reason in _vocabulary().items():
        if word in words:
            return Finding(reason, "container", name[:80], container=element)
    if role in ROLES:
        return Finding(ROLES[role], "container", f"role={role}", container=element)
    if tag in GENERIC:
        return Finding(GENERIC[tag], "container", f"<{tag}>", container=element)
    return None


@cache
def _parts(name: str) -> frozenset[str]:
    """The words of class names, and neighbours joined: `author-box` gives author, box, author-box."""
    found: set[str] = set()
    for token in name.split():
        words = _WORDS.findall(_CAMEL.sub("-", token).lower())
        found.update(words)
        found.update("-".join(words[i : i + 2]) for i in range(len(words) - 1))
    return frozenset(found)
