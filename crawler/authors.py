"""Who wrote a page: from its head, from what is marked in it, from what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from crawler.structured import Head, plain, types

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

ORGANISATIONS = frozenset({"organization", "newsmediaorganization", "corporation", "brand"})
BY = re.compile(
    r"^(?:by|von|par|por|di|de|door|przez|written by|text(?: von)?|posted by|autor(?:in)?|author"
    r"|文|著者|作者|执笔|執筆)\s*[:：/／]?\s+|^(?:文\s*[:：/／]|(?:著者|作者|執筆)\s*[:：/／]?)\s*",
    re.I,
)
AND = re.compile(r"\s*(?:[,;/|、，]|\s(?:and|und|et|y|e|en|i|ve|och|og)\s|&)\s*")
NOT_A_NAME = re.compile(
    r"https?://|www\.|@|\d{3,}|^\W*$|\b(?:editor(?:s|ial)?|staff|redaktion|admin|team)\b", re.I
)
NAME_LINE = re.compile(r"^(?:[^\W\d_][\w'’.\-]*\s+){1,3}[^\W\d_][\w'’.\-]*$")
# What a person is called, at most.
NAME_WORDS = 5
# How far from the top a byline stands, in blocks.
BYLINE_BLOCKS = 48


def read_authors(
    head: Head, tree: Any, blocks: Sequence[RawBlock], site_name: str | None
) -> tuple[str, ...]:
    """The people named as authors, in order; an organisation only where nobody else is."""
    site = (site_name or "").lower()
    people: list[str] = []
    groups: list[str] = []
    for item in head.articles:
        for name, is_group in _creators(item.get("author") or item.get("creator"), head.items):
            (groups if is_group else people).append(name)
    candidates: Iterable[Sequence[str]] = (
        people,
        [v for n in ("author", "article:author", "dc.creator", "parsely-author", "byl", "sailthru.author") for v in head.metas.get(n, ())],
        list(_marked(tree)),
        _byline(blocks),
        _bio_line(blocks),
        groups,
    )  # fmt: skip
    for names in candidates:
        if found := _people(names, site):
            return found
    return tuple(dict.fromkeys(plain(name) for name in groups if name.strip()))[:1]


def _people(names: Iterable[str], site: str) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for name in names:
        if "://" in name:
            continue
        for part in AND.split(BY.sub("", plain(name))):
            person = re.sub(r"\s*\([^)]*\)|\s+[|–-]\s.*$", "", part).strip(" .,:")
            if person and person.lower() != site and _is_name(person):
                found.setdefault(person.lower(), person)
    return tuple(found.values())


def _marked(tree: Any) -> Iterator[str]:
    """Texts of elements that are marked as the author by microdata or rel."""
    paths = (
        ".//*[@itemprop='author']//*[@itemprop='name']",
        ".//*[@itemprop='author']",
        ".//a[@rel='author']",
    )
    for path in paths:
        found = [plain(e.get("content") or "".join(e.itertext())) for e in tree.iterfind(path)]
        if found := [f for f in found if f and len(f) < 60]:
            yield from found[:4]
            return


def _byline(blocks: Sequence[RawBlock]) -> list[str]:
    """A visible line such as `By Ada Example`, above the text."""
    for block in blocks[:BYLINE_BLOCKS]:
        if len(block.text) <= 80 and BY.match(block.text) and not block.text.endswith("."):
            rest = BY.sub("", block.text)
            names = [
                part for part in AND.split(rest) if NAME_LINE.match(part) or _is_cjk_name(part)
            ]
            if (names and rest[0].isupper()) or (names and _is_cjk_name(names[0])):
                return names
    return []


def _bio_line(blocks: Sequence[RawBlock]) -> list[str]:
    """A name by itself, and behind it a paragraph that begins with the first name."""
    for line, bio in pairwise(blocks):
        name = BY.sub("", line.text)
        if len(bio.text) < 40:
            continue
        if _is_cjk_name(name):
            if bio.text.startswith(re.sub(r"\s", "", name)[:2]):
                return [name]
        elif (
            NAME_LINE.match(name)
            and len(name) < 50
            and _is_capitalised(name)
            and re.match(rf"{re.escape(name.split()[0])}\b", bio.text)
        ):
            return [name]
    return []


def _creators(value: Any, items: Sequence[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Names, and whether each is an organisation."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry, False
        elif isinstance(entry, dict):
            if "name" not in entry and "@id" in entry:
                entry = next(
                    (i for i in items if i.get("@id") == entry["@id"] and "name" in i), entry
                )
            names = entry.get("name")
            is_group = any(t.lower() in ORGANISATIONS for t in types(entry))
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str):
                    yield name, is_group


def _is_name(text: str) -> bool:
    if NOT_A_NAME.search(text) or len(text) > 60:
        return False
    return len(text.split()) <= NAME_WORDS and any(c.isalpha() for c in text)


def _is_capitalised(name: str) -> bool:
    return all(word[0].isupper() for word in name.split() if len(word) > 3)


def _is_cjk_name(text: str) -> bool:
    return bool(re.fullmatch(r"[\u3040-\u30ff\u3400-\u9fff々\s・]{2,10}", text))
