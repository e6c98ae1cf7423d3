"""Sites made of real pages: the chrome of one page, each time around the text of another.

All that is not the page's own text stays where it stood, also what stood between its paragraphs.
Into each text is put what repeats on real sites and is text all the same (`_traps`).
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import html

from benchmarks.measures import collapse
from benchmarks.pages import SEED, Page
from crawler.encoding import decode
from crawler.extraction import RawBlock, blocks
from crawler.parsing import parse

LEAST_WORDS = 150  # of a text that is put into a page
LEAST_PARAGRAPHS = 9
OWN_LETTERS = 40  # a shorter block may stand in the text and elsewhere by chance
COVERED = 0.95  # share of a page's text that must be found in it, or it is no template

STATUTE = {  # German Civil Code, section 823 (1); Constitution of the United States, amendment 1
    "de": "Wer vorsätzlich oder fahrlässig das Leben, den Körper, die Gesundheit, die Freiheit, das "
    "Eigentum oder ein sonstiges Recht eines anderen widerrechtlich verletzt, ist dem anderen zum "
    "Ersatz des daraus entstehenden Schadens verpflichtet.",
    "en": "Congress shall make no law respecting an establishment of religion, or prohibiting the "
    "free exercise thereof; or abridging the freedom of speech, or of the press.",
}
BACKGROUND = {  # what an agency explains each time that it comes up
    "de": "Die Kommission hatte das Verfahren eingeleitet, nachdem mehrere Verbände sich beschwert "
    "hatten, und kann Strafen von bis zu zehn Prozent des Umsatzes verhängen.",
    "en": "The commission opened the case after several associations had complained, and it can "
    "impose fines of up to ten per cent of a company's turnover.",
}
LABEL = {"de": "Warum das wichtig ist", "en": "Why it matters"}
COLUMN = {"de": "Die Zahlen der Woche und was sie bedeuten", "en": "The week in numbers, explained"}
HEADER = {
    "de": ("Jahr", "Umsatz in Millionen", "Gewinn vor Steuern", "Zahl der Beschäftigten"),
    "en": ("Year", "Revenue in millions", "Profit before tax", "Number of employees"),
}


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page of a made site, and what must be found on it."""

    url: str
    body: bytes
    text: str  # the text of another page that was put in, with what repeats
    repeated: tuple[str, ...]  # what of it stands on other pages of the site, too


class Template:
    """A real page that gives its chrome."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._tree = parse(decode(page.body, None).text)
        own = _own(blocks(self._tree, page.url), page.gold["text"])
        place = {element: i for i, element in enumerate(self._tree.iter())}
        self._slots = [place[b.element] for b in own if b.kind == "paragraph"]
        self._spare = [place[b.element] for b in own if b.kind != "paragraph"]
        covered = sum(len(block.text) for block in own if block.kind != "heading")
        self.is_usable = (
            len(self._slots) >= LEAST_PARAGRAPHS
            and covered > COVERED * len(page.gold["text"])
            and page.language in LABEL
        )

    def fill(self, number: int, page: Page, is_plain: bool = False) -> MadePage:
        """The page of this number of the site: this chrome around the text of that page.

        Where it is plain nothing is put into the text.
        """
        tree = copy.deepcopy(self._tree)
        elements = list(tree.iter())
        url = f"https://{self.page.id.lower().replace('_', '-')}.example/{number}"
        _rename(tree, collapse(self.page.gold.get("title", "")), page.gold.get("title", ""), url)
        paragraphs, repeated = (
            (_own_paragraphs(page), ())
            if is_plain
            else _with_traps(page, number, self.page.language)
        )
        slots = [elements[i] for i in self._slots]
        for i, slot in enumerate(slots):
            share = paragraphs[_cut(i, paragraphs, slots) : _cut(i + 1, paragraphs, slots)]
            for paragraph in share:
                slot.addprevious(paragraph)
        for element in (*slots, *(elements[i] for i in self._spare)):
            if element.getparent() is not None:
                element.drop_tree()
        text = "\n".join(" | ".join(paragraph.itertext()) for paragraph in paragraphs)
        return MadePage(url, html.tostring(tree, encoding="utf-8"), text, repeated)


def templates(pages: Sequence[Page], count: int) -> list[Template]:
    """So many pages that can be templates, the same ones every time."""
    shuffled = random.Random(SEED).sample(pages, len(pages))
    usable = (t for page in shuffled if (t := Template(page)).is_usable)
    return list(islice(usable, count))


def texts(pages: Sequence[Page], language: str) -> list[Page]:
    """The pages whose text is long enough, those of the language first, in a shuffled order."""
    long = [p for p in pages if _is_long(p.gold["text"]) and p.language in LABEL]
    shuffled = random.Random(SEED).sample(long, len(long))
    return sorted(shuffled, key=lambda page: page.language != language)


def _is_long(text: str) -> bool:
    return len(text.split()) >= LEAST_WORDS and len(_paragraphs(text)) >= LEAST_PARAGRAPHS


def _own(raw: Sequence[RawBlock], gold: str) -> list[RawBlock]:
    """The blocks of the page's text: those that it holds, and the headings between them."""
    holders = Counter(a for block in raw for a in (block.element, *block.element.iterancestors()))
    known = _letters(gold)
    is_own = [holders[b.element] == 1 and _letters(b.text) in known for b in raw]
    long = [i for i, b in enumerate(raw) if is_own[i] and len(b.text) >= OWN_LETTERS]
    if not long:
        return []
    between = range(long[0], long[-1] + 1)
    return [raw[i] for i in between if is_own[i] or raw[i].kind == "heading"]


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _cut(slot: int, paragraphs: Sequence[Any], slots: Sequence[Any]) -> int:
    return slot * len(paragraphs) // len(slots)


def _with_traps(page: Page, number: int, language: str) -> tuple[list[Any], tuple[str, ...]]:
    """The paragraphs of a text with what repeats in its midst, and the texts of the latter.

    On every page a label, the heading of a column and the first row of a table; on every second a
    statute that a sentence introduces; on every fifth the background to the news.
    """
    own = _own_paragraphs(page)
    header = " | ".join(HEADER[language])
    row = (str(1990 + number), str(number * 17 + 3), str(number * 5 + 1), str(number * 31 + 11))
    repeated = [LABEL[language], COLUMN[language], header]
    traps = [
        [_element("p", LABEL[language])],
        [_element("h2", COLUMN[language])],
        [_table(HEADER[language], row)],
    ]
    if number % 2 == 0:
        first = " ".join(own[1].text.split()[:8])
        traps.append([_element("p", f"{first}:"), _element("p", STATUTE[language])])
        repeated.append(STATUTE[language])
    if number % 5 == 0:
        traps.append([_element("p", BACKGROUND[language])])
        repeated.append(BACKGROUND[language])
    places = sorted(random.Random(number).sample(range(2, len(own) - 1), len(traps)))
    for place, trap in reversed(list(zip(places, traps, strict=True))):
        own[place:place] = trap
    return own, tuple(repeated)


def _own_paragraphs(page: Page) -> list[Any]:
    return [_element("p", text) for text in _paragraphs(page.gold["text"])]


def _paragraphs(text: str) -> list[str]:
    return [line for line in map(collapse, text.splitlines()) if line]


def _element(tag: str, text: str) -> Any:
    element = html.Element(tag)
    element.text = text
    return element


def _table(*rows: Sequence[str]) -> Any:
    table = html.Element("table")
    for row in rows:
        table.append(line := html.Element("tr"))
        for cell in row:
            line.append(_element("td", cell))
    return table


def _rename(tree: Any, old: str, new: str, url: str) -> None:
    """The page's title is that of the text, its address its own; structured data is left out."""
    for element in tree.xpath(
        "//script | //meta[@name='description' or @property='og:description']"
    ):
        element.drop_tree()
    for element in tree.xpath("//link[@rel='canonical']"):
        element.set("href", url)
    for element in tree.xpath("//meta[@property='og:url']"):
        element.set("content", url)
    for element in tree.xpath(
        "//title | //h1 | //meta[@property='og:title' or @name='twitter:title']"
    ):
        if element.tag == "meta":
            element.set("content", new)
        elif element.tag == "title" or collapse("".join(element.itertext())) == old:
            tail = element.tail
            element.clear()
            element.text, element.tail = new, tail
