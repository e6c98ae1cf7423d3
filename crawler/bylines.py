"""Where a page shows its reader who wrote it: marked elements, bylines, signatures, owners.

Each way was counted on the pages of ../shared/bench: how often it names the author, and whom else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lxml import etree

from crawler.boilerplate import REMEMBERED
from crawler.headings import title_at
from crawler.names import BY, DATE, Name, Site, is_full_name, is_unspaced, seen, stated
from crawler.structured import plain

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

BYLINE = 80  # letters of the longest line that is read as a byline
# How far from the title a byline stands, in blocks: above it, and below.
ABOVE_TITLE = 6
BELOW_TITLE = 32
FAMILY_NAME = 2  # letters, in Chinese and Japanese, nearly always
BIO = 40  # letters of the shortest paragraph about the author
SIGLUM = 3  # letters of an editor's siglum: `amw`
MOST = 12  # authors of a page, as far as they are marked in its text
# Class names of an element that names the author, of one that does not, and of those around it.
_SIGNED = re.compile(r"auth?or|auteur|byline", re.I)
_ABOUT = re.compile(
    r"bio|desc|image|img|photo|avatar|picture|social|follow|title|job|role|position|mail|website"
    r"|more|count|logo|icon|share|copyright|author(?:ity|iz)|list|comment|prep|bild|foto|tweet|custom",
    re.I,
)
_OTHERS = re.compile(
    r"comment|related|recent|sidebar|teaser|recommend|popular|trending|tweet|caption|mega-?menu"
    r"|(?<!v)(?<!\bh-)card|\brev(?:iew)?\b",
    re.I,
)
_OTHER_ARTICLE = re.compile(r"related|teaser|\bcomment(?!s)|(?<!v)(?<!\bh-)card", re.I)
_HCARD = re.compile(r"\bvcard\b|\bfn\b|\bp-author\b")  # microformats.org/wiki/hcard
_MARKED = etree.XPath("//*[@itemprop='author'] | //a[@rel='author']")
_NAMED = etree.XPath(".//*[@itemprop='name']")
_PIECES = etree.XPath(".//text()[not(parent::style or parent::script)]")
_SEPARATOR = r"\s*(?:[|•·,∙~–-]|\bon\b|\bam\b)?\s*"
_DATED = re.compile(rf"^([^|•·,\d]{{5,40}}?){_SEPARATOR}{DATE}", re.I)
_DATED_BEFORE = re.compile(
    rf"^{DATE}(?:[\s,|]*\d\d[:.]\d\d)?(?:\s*Uhr)?{_SEPARATOR}([^|•·,\d]{{5,40}})$", re.I
)
# A label that can be nothing else, wherever it stands: not `by` and `von` alone.
_LABEL = re.compile(
    r"^(?:written|words|story|text|reported|geschrieben|verfasst|escrito|écrit|scritto)\s+\w+\s|^[^\s:]{2,12}\s?[:：]",
    re.I,
)
# What stands between the first name and the rest of a paragraph about somebody.
_IS = re.compile(
    r"\s+(?:is|was|has|writes|works|covers|lives|ist|war|hat|schreibt|arbeitet|lebt|est|a|écrit|es|escribe"
    r"|è|é|scrive|escreve|is een|schrijft|jest|pisze|är|skriver|er)\s"
)
PROSE = 100  # letters of the shortest paragraph that is taken for text


def read_bylines(
    tree: Any, blocks: Sequence[RawBlock], site: Site, titles: Sequence[str]
) -> list[Name]:
    """The names in the first place that gives any; the surest places first."""
    return next(filter(None, _places(tree, blocks, site, titles)), [])


def _places(
    tree: Any, blocks: Sequence[RawBlock], site: Site, titles: Sequence[str]
) -> Iterator[list[Name]]:
    yield _signed(tree, site)
    yield _byline(blocks, title_at(blocks, titles) or 0, site)
    yield _labelled(blocks, site)
    yield _signature(blocks, site, titles)
    yield _bio_line(blocks, titles)


def read_marked(tree: Any, site: Site) -> list[Name]:
    """Elements that are marked as the author by microdata or rel."""
    elements = [element for element in _MARKED(tree) if not _is_of_others(element)]
    by_microdata = [element for element in elements if element.get("itemprop")]
    named = [name for element in by_microdata for name in _NAMED(element)]
    groups: list[Name] = []
    for chosen in (named, by_microdata, elements):
        texts = (plain(e.get("content") or " ".join(e.itertext())) for e in chosen)
        names = [n for text in texts if len(text) < BYLINE for n in stated(text, site)]
        if any(not name.is_group for name in names):
            return names[:MOST]
        groups += names
    return groups[:1]


def _signed(tree: Any, site: Site) -> list[Name]:
    """Elements whose class says that they name the author."""
    for element in tree.iter():
        names = element.get("class")
        if not names or not _is_signed(names) or element.tag in ("article", "section"):
            continue
        if _ABOUT.search(names) or _is_of_others(element):
            continue
        if found := _in_element(element, site):
            return found
    return []


@lru_cache(REMEMBERED)
def _is_signed(names: str) -> bool:
    return bool(_SIGNED.search(names))


def _in_element(element: Any, site: Site) -> list[Name]:
    """The names in an element: its links, its whole text, or the first piece of it."""
    pieces = [text for raw in _PIECES(element) if (text := plain(raw))]
    whole = " ".join(pieces)
    if len(whole) <= BYLINE:
        links = [plain(" ".join(link.itertext())) for link in element.iter("a")]
        names = [n for text in links if is_full_name(text) for n in _label(text, site)]
        if names := names or _label(whole, site):
            return names
    is_card = bool(_HCARD.search(element.get("class")))
    return next((names for text in pieces[:3] if (names := _label(text, site, is_card))), [])


def _label(text: str, site: Site, is_card: bool = False) -> list[Name]:
    """The names in a text that is nothing else; one word alone is a user's name."""
    if names := seen(text, site):
        return names
    rest = BY.sub("", text + " ").strip()
    is_siglum = rest.endswith(".") or (rest.islower() and len(rest) <= SIGLUM and not is_card)
    is_word = len(rest) > 1 and " " not in rest and len(rest) < 25 and not is_siglum
    return stated(rest, site) if is_word else []


def _is_of_others(element: Any) -> bool:
    """Whether an element stands in a comment, in a list of other articles, in a menu or footer."""
    for holder in element.iterancestors():
        names = f"{holder.get('class') or ''} {holder.get('id') or ''}"
        if holder.tag in ("body", "main", "article"):
            return holder.tag == "article" and bool(_OTHER_ARTICLE.search(names))
        if holder.tag in ("footer", "nav") or _OTHERS.search(names):
            return True
    return False


def _byline(blocks: Sequence[RawBlock], start: int, site: Site) -> list[Name]:
    """A visible line near the title: `By Ada Example`, `Ada Example | May 3`."""
    for block in blocks[max(0, start - ABOVE_TITLE) : start + BELOW_TITLE]:
        text = block.text
        if len(text) > BYLINE or text.endswith((".", "?", "!")) or block.level == 1:
            continue
        if BY.match(text):
            names = seen(text, site)
        elif match := _DATED.match(text) or _DATED_BEFORE.search(text):
            names = [n for n in seen(match.group(1), site) if not n.is_group]
        else:
            continue
        if names:
            return names
    return []


def _labelled(blocks: Sequence[RawBlock], site: Site) -> list[Name]:
    """A line that begins with a label, anywhere: `Written by Ada Example`, `Autor: …`."""
    for block in blocks:
        text = block.text
        if len(text) > BYLINE or not (_LABEL.match(text) and BY.match(text)):
            continue
        if names := [n for n in seen(text, site) if not n.is_group]:
            return names
    return []


def _signature(blocks: Sequence[RawBlock], site: Site, titles: Sequence[str]) -> list[Name]:
    """A name by itself as the first or the last line of the text."""
    weights: dict[Any, int] = {}
    for block in blocks:
        if len(block.text) >= PROSE and block.linked < len(block.text) / 2:
            parent = block.element.getparent()
            weights[parent] = weights.get(parent, 0) + len(block.text)
    if not weights:
        return []
    text = max(weights, key=lambda element: weights[element])
    inside = [b for b in blocks if b.element.getparent() is text and b.kind == "paragraph"]
    for block in (*inside[:1], *reversed(inside[-2:])):
        name = block.text.partition("/")[0] if "," not in block.text else ""
        if block.text in titles or block.linked or " " not in name or not is_full_name(name):
            continue  # two words at least: a label in Chinese or Japanese looks as a name does
        if _OTHERS.search(block.element.get("class") or "") or _is_of_others(block.element):
            continue
        if names := seen(block.text, site):
            return names
    return []


def _bio_line(blocks: Sequence[RawBlock], titles: Sequence[str]) -> list[Name]:
    """A name by itself, and behind it a paragraph on somebody of that name: `Sam is …`."""
    for line, bio in pairwise(blocks):
        if len(bio.text) < BIO:
            continue
        name = BY.sub("", line.text)
        if not is_full_name(name) or name in titles:
            continue
        if is_unspaced(name):
            is_about = bio.text.startswith(name.replace(" ", "")[:FAMILY_NAME])
        else:
            first = name.split()[0]
            rest = bio.text.removeprefix(name if bio.text.startswith(name) else first)
            is_about = bio.text.startswith(first) and bool(_IS.match(rest))
        if is_about:
            return [Name(name, False)]
    return []
