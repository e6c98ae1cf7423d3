"""Real pages as often as wanted, no two texts alike: each its own markup around other words.

The first copy of a page is the page. In all others each piece of its main text is as long as it was,
made of real sentences of its language (of a rare one, of the page's own); chrome, markup and attributes stay. What is main text is what
our extraction keeps: the choice of words to exchange need not be perfect, only different on each copy.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import html

from archive.model import Reading
from benchmarks.archives import SENTENCE, sentences
from benchmarks.pages import Page
from crawler import reading
from crawler.encoding import decode
from crawler.parsing import parse

LEAST_WORDS = 4  # of a piece of text that is exchanged; what is shorter stands on many pages anyway


@dataclass(frozen=True, slots=True)
class Copy:
    """A page as it is served: its path on its site, and its bytes."""

    path: str
    body: bytes


class Original:
    """A real page that copies are made of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._tree = parse(decode(page.body, None).text)
        elements = list(self._tree.iter())
        self._places = self._main_text(elements)
        texts = [getattr(elements[index], name) for index, name in self._places]
        own = [sentence.split() for text in texts for sentence in SENTENCE.split(text)]
        self._sentences = sentences().get(page.language) or own

    def copy(self, number: int) -> Copy:
        """The copy of that number; 0 is the page as it was saved."""
        path = f"/articles/{self.page.id.lower()}-{number}.html"
        if number == 0:
            return Copy(path, self.page.body)
        chosen, tree = random.Random(f"{self.page.id} {number}"), copy.deepcopy(self._tree)
        elements, made = list(tree.iter()), []
        for index, name in self._places:
            words = len(getattr(elements[index], name).split())
            made.append(" ".join(self._words(chosen, words)))
            setattr(elements[index], name, f" {made[-1]} ")
        _tell_machines(tree, "\n".join(made))
        return Copy(path, html.tostring(tree, encoding="utf-8", doctype="<!DOCTYPE html>"))

    def _main_text(self, elements: Sequence[Any]) -> list[tuple[int, str]]:
        """Where the pieces of main text stand: the number of the element, and `text` or `tail`."""
        read = reading.read(self.page.body, self.page.url)
        known = _letters(read.text) if isinstance(read, Reading) else ""
        found = []
        for index, element in enumerate(elements):
            for name in ("text", "tail"):
                text = getattr(element, name) or ""
                if len(text.split()) >= LEAST_WORDS and _letters(text) in known:
                    found.append((index, name))
        return found

    def _words(self, chosen: random.Random, count: int) -> list[str]:
        """So many words: beginnings of sentences joined to the ends of others."""
        words: list[str] = []
        while len(words) < count and self._sentences:
            one, other = chosen.choices(self._sentences, k=2)
            words += one[: len(one) // 2 + 1] + other[len(other) // 2 :]
        return words[:count]


def copies(pages: Sequence[Page], count: int) -> Iterator[tuple[int, Copy]]:
    """So many copies, those of a page one after the other, each with the number of its page."""
    each, more = divmod(count, len(pages))
    for index, page in enumerate(pages):
        wanted = each + (index < more)
        if wanted:
            original = Original(page)
            for number in range(wanted):
                yield index, original.copy(number)


def _tell_machines(tree: Any, text: str) -> None:
    """JSON-LD has the text that the page has."""
    for script in tree.xpath("//script[@type='application/ld+json']"):
        if "articleBody" not in (script.text or ""):
            continue
        try:
            data = json.loads(script.text, strict=False)
        except ValueError:
            continue
        _replace(data, text)
        script.text = json.dumps(data, ensure_ascii=False)


def _replace(data: Any, text: str) -> None:
    if isinstance(data, dict):
        if "articleBody" in data:
            data["articleBody"] = text
        for value in data.values():
            _replace(value, text)
    elif isinstance(data, list):
        for value in data:
            _replace(value, text)


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
