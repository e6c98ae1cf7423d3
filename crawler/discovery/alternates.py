"""The translations that entries of a sitemap name: Google's extension for localised versions.

`<xhtml:link rel="alternate" hreflang="de" href="…"/>` below `<url>`, for each language one, that of the
entry as well (developers.google.com/search/docs/specialty/international/localized-versions).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from archive import urls
from archive.model import Translations
from crawler.discovery import paths
from crawler.discovery.page import absolute, is_own, language_code

WAY = "hreflang"  # the way by which translations are found
# What one entry names at most: Wikipedia, of all that publish articles, has some 350 editions. An entry
# with more is wrong; so is an address that more sets have, the front page of a language, say.
LANGUAGES = 400
# Addresses in all sets of one sitemap: four times as many as it may have entries.
ADDRESSES = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands: its address, the time of change, the addresses of its translations."""

    address: str
    changed: str | None
    alternates: tuple[str, ...] = ()


@dataclass(slots=True)
class Named:
    """What a sitemap names: the sets of translations, and all addresses in them that are its own."""

    sets: list[Translations] = field(default_factory=list)
    own: list[str] = field(default_factory=list)


def hrefs(element: Any) -> tuple[str, ...]:
    """The addresses of the translations that an element of a sitemap names, each once.

    Null is said by a language that is none, by `x-default` (a page for all others), and by more
    languages than there are.
    """
    found: dict[str, None] = {}
    for child in element:
        if not isinstance(child.tag, str) or etree.QName(child).localname != "link":
            continue
        is_alternate = "alternate" in (child.get("rel") or "").lower().split()
        if is_alternate and language_code(child.get("hreflang")) and child.get("href"):
            found[child.get("href")] = None
    return tuple(found) if len(found) <= LANGUAGES else ()


def named(entries: Iterable[Entry], base: str, home: str) -> Named:
    """What the entries say, as far as it is of pages that may be articles.

    Entries count that are of the registered domain of the sitemap at `base` or of the source at
    `home`; their translations may stand anywhere.
    """
    known: dict[str, str | None] = {}
    keys: dict[str, str] = {}

    def address(href: str) -> str | None:
        if href not in known and len(known) < ADDRESSES:
            url = absolute(base, href)
            known[href] = url if url and paths.may_be_article(url) else None
            if known[href]:
                keys[str(url)] = urls.key(str(url))
        return known.get(href)

    members: dict[str, dict[str, str]] = {}  # of each entry, by key: the addresses of its set
    for entry in entries:
        if not entry.alternates:
            continue
        own = address(entry.address)
        if own and is_own(own, home, base):
            found = [own, *(url for href in entry.alternates if (url := address(href)))]
            members.setdefault(keys[own], {}).update((keys[url], url) for url in found)
    return _sets(members)


def _sets(members: dict[str, dict[str, str]]) -> Named:
    """The sets, each once with all entries that name it."""
    distinct = {frozenset(found) for found in members.values()}
    shared = Counter(key for one in distinct for key in one)
    by_set: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    result, own_urls, left = Named(), dict[str, None](), ADDRESSES
    for key, found in members.items():
        kept = {k: url for k, url in found.items() if k == key or shared[k] <= LANGUAGES}
        own = {k: url for k, url in kept.items() if is_own(url, found[key])}
        name = (tuple(sorted(own)), tuple(sorted(kept.keys() - own.keys())))
        if len(kept) < 2 or (name not in by_set and len(kept) > left):
            continue
        if name not in by_set:
            left -= len(kept)
        by_set.setdefault(name, []).append(key)
        own_urls |= dict.fromkeys(own.values())
    for (own_keys, foreign), entries in by_set.items():
        result.sets.append(Translations(tuple(sorted(entries)), own_keys, foreign))
    result.own = [*own_urls]
    return result
