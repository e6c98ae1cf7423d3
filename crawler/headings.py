"""Which headings of a page are its title for a reader, and of what parts they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from archive import urls
from crawler.structured import plain

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

# Class names and ids of an h1 that is the site's name or heads a widget (WordPress, Blogger, Drupal).
NOT_THE_PAGE = re.compile(r"(?:^|[\s_-])(?:logo|site-?title|site-?name|widget-?title)", re.I)
# A trail of sections that ends in an h1 made for search engines.
TRAIL = re.compile(r"crumb", re.I)
TRAIL_DEPTH = 4  # elements around the h1 in which it is looked for
# Class names of what stands in a heading above the title proper.
KICKER = re.compile(r"kicker|over-?line|top-?line|dachzeile|top-?title|eyebrow", re.I)
# Blocks between such an h1 and the headline for the reader; t-online.de has the most, 3.
HEADLINE_BLOCKS = 8
RELATED = 0.3  # of the words of a headline stand in what the page's head states
# Parts of a heading: more are decoration, a letter each.
MOST_PARTS = 8
LINK_TO_ITSELF = 40  # letters from which a heading that is a link names an article


@dataclass(frozen=True, slots=True)
class Heading:
    """The text of a heading; what of it is left without first or last parts; without its kicker."""

    text: str
    parts: tuple[str, ...]
    bare: str


def fold(text: str) -> str:
    """Letters and digits only, without case: equal for titles that differ in typography."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def overlap(text: str, others: Sequence[str]) -> float:
    """The share of the words of a text that stand in the others, from 0 to 1."""
    own = words(text)
    return len(own & words(" ".join(others))) / max(1, len(own))


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings that may be the page's title, in order; those that name its site; all h1."""

    of_page: tuple[Heading, ...]
    of_site: tuple[str, ...]
    first_level: tuple[str, ...]


def title_at(blocks: Sequence[RawBlock], titles: Sequence[str]) -> int | None:
    """Where the title stands: the heading that says it, or the first of the page."""
    said = {fold(title) for title in titles}
    headings = [i for i, b in enumerate(blocks) if b.level and b.level <= 2 and not b.hidden]
    same = (i for i in headings if fold(blocks[i].text) in said)
    first = (i for i in headings if blocks[i].level == 1)
    return next(same, next(first, None))


def read_headings(blocks: Sequence[RawBlock], url: str, stated: Sequence[str]) -> Headings:
    """The headings of a page, seen beside the titles that its head states.

    Those of the page are h1. Where the only h1 ends a trail of sections it is made for search
    engines, and the headline for the reader is the heading behind it (fundus: 16 pages of 9
    publishers). Where there is none, a lesser heading that says what the head states.
    """
    groups = list(_groups(blocks))
    said = {fold(text) for text in stated}
    sites: list[str] = []
    titles: list[Heading] = []
    trail: _Group | None = None
    for group in groups:
        if group.level != 1:
            continue
        if _leads_home(group.element, url):
            sites.append(group.heading.text)
        elif not _is_of_page(group.element, url) and fold(group.heading.text) not in said:
            continue
        elif not _is_in_trail(group.element):
            titles.append(group.heading)
        elif trail is None:
            trail = group
    if not titles and trail is not None:
        titles = [_behind(trail, groups, stated)]
    if not any(overlap(heading.text, stated) for heading in titles):
        lesser = [g.heading for g in groups if g.level > 1 and fold(g.heading.text) in said]
        titles = lesser or titles
    everywhere = tuple(g.heading.text for g in groups if g.level == 1)
    return Headings(tuple(titles), tuple(sites), everywhere)


def _behind(trail: _Group, groups: Sequence[_Group], stated: Sequence[str]) -> Heading:
    """The headline behind a trail; where nothing like it is there, the end of the trail."""
    near = [
        g.heading
        for g in groups
        if 0 < g.index - trail.index <= HEADLINE_BLOCKS and not _is_in_trail(g.element)
    ]
    best = max(near, key=lambda h: overlap(h.text, stated), default=trail.heading)
    return best if overlap(best.text, stated) >= RELATED else trail.heading


@dataclass(frozen=True, slots=True)
class _Group:
    """A heading element, the place of its first block, and what it says."""

    element: Any
    level: int
    index: int
    heading: Heading


def _groups(blocks: Sequence[RawBlock]) -> Iterator[_Group]:
    """Visible headings down to h3; the blocks of one element together."""
    element: Any = None
    texts: list[str] = []
    level = start = 0
    for index, block in enumerate(blocks):
        if block.level is None or block.level > 3 or block.hidden:
            continue
        holder = _holder(block.element, block.level)
        if holder is not element:
            if element is not None:
                yield _Group(element, level, start, _heading(element, texts))
            element, texts, level, start = holder, [], block.level, index
        texts.append(block.text)
    if element is not None:
        yield _Group(element, level, start, _heading(element, texts))


def _holder(element: Any, level: int) -> Any:
    while element.getparent() is not None and element.tag != f"h{level}":
        element = element.getparent()
    return element


def _heading(element: Any, texts: Sequence[str]) -> Heading:
    text = " ".join(texts)
    return Heading(text, tuple(_parts(element)), _without_kicker(element, text))


def _parts(element: Any) -> Iterator[str]:
    """The text without its first parts, then without its last ones, the longest first."""
    texts = [text for raw in element.itertext() if (text := plain(raw))]
    if len(texts) > MOST_PARTS:
        return
    for cut in range(1, len(texts)):
        yield " ".join(texts[cut:]).strip(" :-–|")
    for cut in range(len(texts) - 1, 0, -1):
        yield " ".join(texts[:cut]).strip(" :-–|")


def _without_kicker(element: Any, text: str) -> str:
    for child in element.iterdescendants():
        if child.tag == "small" or KICKER.search(child.get("class") or ""):
            kicker = plain("".join(child.itertext()))
            rest = text[len(kicker) :].strip(" :-–|") if kicker else ""
            if rest and text.startswith(kicker):
                return rest
    return text


def _is_of_page(element: Any, url: str) -> bool:
    if any(a.tag in ("aside", "footer") for a in element.iterancestors()):
        return False
    holders = (element.get("class"), element.get("id"), element.getparent().get("class"))
    if any(NOT_THE_PAGE.search(names or "") for names in holders):
        return False
    is_short = len(plain("".join(element.itertext()))) < LINK_TO_ITSELF
    targets = list(_targets(element, url)) if is_short else []
    return not any(urls.canonical(target) != urls.canonical(url) for target in targets)


def _leads_home(element: Any, url: str) -> bool:
    return any(urls.is_home(target) for target in _targets(element, url))


def _targets(element: Any, url: str) -> Iterator[str]:
    """Where links lead that hold the whole of a heading, or are held by it and are all its text."""
    whole = fold("".join(element.itertext()))
    inside = [a for a in element.iter("a") if fold("".join(a.itertext())) == whole]
    for link in (*element.iterancestors("a"), *inside):
        try:
            target = urljoin(url, (link.get("href") or "").strip())
        except ValueError:
            continue
        if target.startswith(("http://", "https://")):
            yield target


def _is_in_trail(element: Any) -> bool:
    for depth, holder in enumerate((element, *element.iterancestors())):
        if holder.tag in ("nav", "li"):
            return True
        names = f"{holder.get('class') or ''} {holder.get('id') or ''}"
        if depth < TRAIL_DEPTH and TRAIL.search(names):
            return True
    return False
