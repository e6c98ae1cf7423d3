"""What the classifier sees of each block: a row of numbers, from the page alone.

Every block of a container stands together in the order of the document, so that the sums over a
container are differences of running sums.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crawler.boilerplate import REMEMBERED, fold
from crawler.decisions import SENTENCE_END, Decisions
from crawler.extraction import RawBlock

Column = NDArray[np.float32]

KINDS = ("heading", "list-item", "quote", "table", "code", "caption", "paragraph")
FAR = 50  # blocks; what is farther away is as good as gone
_COMMAS = re.compile(r"[,;:，、；：]")
_ENDS = re.compile(r"[.!?…。！？]")
_DIGITS = re.compile(r"[0-9]")
_CAPITAL = re.compile(r"\b[A-ZÀ-Þ]")


def features(work: Decisions) -> tuple[list[str], NDArray[np.float32]]:
    """The names of the features, and a row for each block of the page."""
    page = _Page(work)
    columns = {**page.own(), **page.place(), **page.neighbours(), **page.alike(), **page.around()}
    return list(columns), np.column_stack(list(columns.values())).astype(np.float32)


class _Page:
    """The measures of all blocks as columns."""

    def __init__(self, work: Decisions) -> None:
        self.work = work
        self.raw: Sequence[RawBlock] = work.raw
        self.n = len(work.raw)
        evidence = work.evidence
        self.words = np.array([e.size for e in evidence])
        self.voted = np.array([float(e.voted) for e in evidence])
        self.linked = np.array([e.linked for e in evidence])
        self.phrase = np.array([float(e.phrase is not None) for e in evidence])
        self.removed = np.array([float(f is not None) for f in work.findings])
        self.letters = np.array([float(len(block.text)) for block in self.raw])
        self.total = max(1.0, self.words.sum())
        self.main = self.words * self.voted
        self.main_total = max(1.0, self.main.sum())

    def own(self) -> dict[str, Any]:
        texts = [block.text for block in self.raw]
        elements = [block.element for block in self.raw]
        evidence = self.work.evidence
        title = set(fold(self.work.page.title).split())
        description = fold(self.work.page.description or "")
        length = np.maximum(1.0, self.letters)
        marks = np.array([_marks(text) for text in texts])
        columns: dict[str, Any] = {
            "words": self.words,
            "letters": self.letters,
            "linked": self.linked,
            "voted": self.voted,
            "by_place": [float(e.by_place) for e in evidence],
            "phrase": self.phrase,
            "phrase_whole": [float(bool(e.phrase and e.phrase.is_whole)) for e in evidence],
            "phrase_hits": [float(e.phrase.hits if e.phrase else 0) for e in evidence],
            "sign": [float(e.sign is not None) for e in evidence],
            "letters_a_word": self.letters / np.maximum(1.0, self.words),
            "commas": marks[:, 0],
            "ends": marks[:, 1],
            "digits": marks[:, 2] / length,
            "capitals": marks[:, 3] / np.maximum(1.0, self.words),
            "is_sentence": marks[:, 4],
            "level": [float(block.level or 0) for block in self.raw],
            "kind": [float(KINDS.index(block.kind)) for block in self.raw],
            "is_p": [float(e.tag == "p") for e in elements],
            "has_class": [float(e.get("class") is not None) for e in elements],
            "title_words": [_overlap(t, title) for t in texts],
            "in_description": [float(len(t) > 20 and fold(t)[:80] in description) for t in texts],
            "bold": [float(block.markdown.lstrip("#>- ").startswith("*")) for block in self.raw],
        }
        return columns

    def place(self) -> dict[str, Any]:
        index = np.arange(self.n, dtype=float)
        main = np.flatnonzero(self.voted)
        first, last = (main[0], main[-1]) if len(main) else (self.n, -1)
        titles = [i for i, f in enumerate(self.work.findings) if f and f.rule == "title-repeated"]
        before = np.cumsum(self.words) - self.words
        main_before = np.cumsum(self.main) - self.main
        return {
            "index": index / max(1, self.n),
            "words_before": before / self.total,
            "main_before": main_before / self.main_total,
            "from_first": np.clip(index - first, -FAR, FAR),
            "from_last": np.clip(index - last, -FAR, FAR),
            "from_title": np.clip(index - (titles[0] if titles else -FAR), -FAR, FAR),
            "since_main": _since(self.voted > 0),
            "until_main": _since((self.voted > 0)[::-1])[::-1],
            "since_removed": _since(self.removed > 0),
            "until_removed": _since((self.removed > 0)[::-1])[::-1],
            "page_blocks": np.full(self.n, float(self.n)),
            "page_words": np.full(self.n, self.total),
            "page_main": np.full(self.n, self.main_total / self.total),
        }

    def neighbours(self) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for step in (1, 2):
            for name, by in (("before", step), ("after", -step)):
                columns[f"{name}{step}_words"] = _shifted(self.words, by)
                columns[f"{name}{step}_voted"] = _shifted(self.voted, by)
                columns[f"{name}{step}_linked"] = _shifted(self.linked, by)
                columns[f"{name}{step}_removed"] = _shifted(self.removed, by)
                columns[f"{name}{step}_phrase"] = _shifted(self.phrase, by)
        measures = (self.words, self.main, self.linked * self.letters, self.letters, self.removed)
        running = np.concatenate([np.zeros((5, 1)), np.cumsum(measures, axis=1)], axis=1)
        index = np.arange(self.n)
        for width in (3, 10):
            for name, low, high in (("before", -width, 0), ("after", 1, width + 1)):
                first, end = np.clip(index + low, 0, self.n), np.clip(index + high, 0, self.n)
                words, main, linked, letters, removed = running[:, end] - running[:, first]
                columns[f"{name}{width}_main"] = main / np.maximum(1, words)
                columns[f"{name}{width}_words"] = words
                columns[f"{name}{width}_linked"] = linked / np.maximum(1, letters)
                columns[f"{name}{width}_removed"] = removed
        return columns

    def alike(self) -> dict[str, Any]:
        """Sums over the blocks whose element and parent have the same tags and classes."""
        known: dict[str, int] = {}
        group = np.array(
            [known.setdefault(_signature(block.element), len(known)) for block in self.raw]
        )
        return self._sums("alike", group)

    def _sums(self, name: str, group: NDArray[Any]) -> dict[str, Any]:
        count = int(group.max()) + 1 if self.n else 0
        total = {
            key: np.bincount(group, values, minlength=count)
            for key, values in (
                ("blocks", np.ones(self.n)),
                ("words", self.words),
                ("main", self.main),
                ("removed", self.removed),
                ("linked", self.linked * self.letters),
                ("letters", self.letters),
            )
        }
        return self._shares(name, {key: values[group] for key, values in total.items()})

    def around(self) -> dict[str, Any]:
        """Sums over the container of a block, and over the two around that."""
        spans = _spans(self.raw)
        running = {
            key: np.concatenate([[0.0], np.cumsum(values)])
            for key, values in (
                ("blocks", np.ones(self.n)),
                ("words", self.words),
                ("main", self.main),
                ("removed", self.removed),
                ("linked", self.linked * self.letters),
                ("letters", self.letters),
            )
        }
        columns: dict[str, Any] = {}
        elements = [block.element for block in self.raw]
        for name in ("element", "parent", "grandparent"):
            first = np.array([spans[e][0] for e in elements])
            end = np.array([spans[e][1] + 1 for e in elements])
            sums = {key: values[end] - values[first] for key, values in running.items()}
            columns |= self._shares(name, sums)
            columns[f"{name}_place"] = (np.arange(self.n) - first) / np.maximum(1, end - first)
            elements = [
                e if (p := e.getparent()) is None or p not in spans else p for e in elements
            ]
        depth: dict[Any, float] = {}
        article: dict[Any, float] = {}
        columns["depth"] = [_depth(block.element, depth) for block in self.raw]
        columns["in_article"] = [_in_article(block.element, article) for block in self.raw]
        return columns

    def _shares(self, name: str, sums: dict[str, Any]) -> dict[str, Any]:
        blocks, words = sums["blocks"], np.maximum(1.0, sums["words"])
        return {
            f"{name}_blocks": blocks,
            f"{name}_words": sums["words"] / self.total,
            f"{name}_mean": sums["words"] / blocks,
            f"{name}_main": sums["main"] / words,
            f"{name}_of_main": sums["main"] / self.main_total,
            f"{name}_removed": sums["removed"] / blocks,
            f"{name}_linked": sums["linked"] / np.maximum(1.0, sums["letters"]),
        }


@lru_cache(REMEMBERED)
def _marks(text: str) -> tuple[float, ...]:
    """How many commas, ends of sentences, digits and capitals a text has; whether it ends as one."""
    counted = (_COMMAS, _ENDS, _DIGITS, _CAPITAL)
    return (*(float(len(p.findall(text))) for p in counted), float(bool(SENTENCE_END.search(text))))


def _overlap(text: str, words: set[str]) -> float:
    found = fold(text).split()
    return sum(map(words.__contains__, found)) / max(1, len(found)) if len(found) < 30 else 0.0


def _shifted(values: NDArray[Any], by: int) -> NDArray[Any]:
    """The value so many blocks before (after, where negative); -1 beyond the page."""
    found = np.full(len(values), -1.0)
    if by > 0:
        found[by:] = values[:-by]
    else:
        found[:by] = values[-by:]
    return found


def _since(marks: NDArray[Any]) -> NDArray[Any]:
    """Blocks since the last mark before each, `FAR` where there is none."""
    index = np.arange(len(marks), dtype=float)
    last = np.maximum.accumulate(np.where(marks, index, -np.inf)) if len(marks) else index
    before = np.concatenate([[-np.inf], last[:-1]]) if len(marks) else last
    return np.minimum(index - before, FAR)


def _spans(raw: Sequence[RawBlock]) -> dict[Any, list[int]]:
    """For each element that holds blocks, the first and the last of them."""
    spans: dict[Any, list[int]] = {}
    for i, block in enumerate(raw):
        element = block.element
        while element is not None and element not in spans:
            spans[element] = [i, i]
            element = element.getparent()
    seen: set[Any] = set()
    for i in range(len(raw) - 1, -1, -1):
        element = raw[i].element
        while element is not None and element not in seen:
            seen.add(element)
            spans[element][1] = i
            element = element.getparent()
    return spans


def _signature(element: Any) -> str:
    parent = element.getparent()
    own = f"{element.tag}.{element.get('class') or ''}"
    return own if parent is None else f"{parent.tag}.{parent.get('class') or ''}>{own}"


def _depth(element: Any, known: dict[Any, float]) -> float:
    path = []
    while element is not None and element not in known:
        path.append(element)
        element = element.getparent()
    depth = known[element] if element is not None else 0.0
    for inner in reversed(path):
        depth += 1
        known[inner] = depth
    return depth


def _in_article(element: Any, known: dict[Any, float]) -> float:
    path = []
    while element is not None and element not in known:
        path.append(element)
        element = element.getparent()
    found = known[element] if element is not None else 0.0
    for inner in reversed(path):
        found = 1.0 if inner.tag in ("article", "main") else found
        known[inner] = found
    return found
