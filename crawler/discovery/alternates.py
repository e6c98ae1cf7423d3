"""The translations that entries of a sitemap name: Google's extension for localised versions.

`<xhtml:link rel="alternate" hreflang="de" href="…"/>` below `<url>`, for each language one, that of the
entry as well (developers.google.com/search/docs/specialty/international/localized-versions).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from archive import urls
from archive.model import Translations
from crawler.discovery import paths
from crawler.discovery.page import absolute, domain, language_code

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


@dataclass(frozen=True, slots=True)
class Named:
    """What a sitemap names: the sets of translations, and all addresses in them that are its own."""

    sets: list[Translations]
    own: list[str]


@dataclass(frozen=True, slots=True)
class _Page:
    """An address that may be an article's."""

    url: str
    key: str
    domain: str


def hrefs(element: Any) -> tuple[str, ...]:
    """The addresses of the translations that an element of a sitemap names, each once.

    None is named by a language that is none, by `x-default` (a page for all others), and by more
    languages than there are.
    """
    found: dict[str, None] = {}
    for child in element.iterchildren("{*}link"):
        is_alternate = "alternate" in child.get("rel", "").lower().split()
        if is_alternate and child.get("href") and _language(child.get("hreflang")):
            found[child.get("href")] = None
    return tuple(found) if len(found) <= LANGUAGES else ()


def named(entries: Iterable[Entry], base: str, home: str) -> Named:
    """What the entries say, as far as it is of pages that may be articles.

    Entries count that are of the registered domain of the sitemap at `base` or of the source at
    `home`; their translations may stand anywhere.
    """
    known: dict[str, _Page | None] = {}

    def page(href: str) -> _Page | None:
        if href not in known and len(known) < ADDRESSES:
            known[href] = _page(base, href)
        return known.get(href)

    places = {domain(base), domain(home)}
    members: dict[str, dict[str, _Page]] = {}  # of each entry by its key: pages by theirs
    for entry in entries:
        own = page(entry.address) if entry.alternates else None
        if own and own.domain in places:
            found = [own, *(other for href in entry.alternates if (other := page(href)))]
            members.setdefault(own.key, {}).update((other.key, other) for other in found)
    return _sets(members)


def _sets(members: dict[str, dict[str, _Page]]) -> Named:
    """The sets, each once with all entries that name it."""
    shared = Counter(key for one in {frozenset(found) for found in members.values()} for key in one)
    by_set: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    own_urls, left = dict[str, None](), ADDRESSES
    for key, found in members.items():
        site = found[key].domain
        kept = [page for k, page in found.items() if k == key or shared[k] <= LANGUAGES]
        own = [page for page in kept if page.domain == site]
        foreign = sorted(page.key for page in kept if page.domain != site)
        name = (tuple(sorted(page.key for page in own)), tuple(foreign))
        if len(kept) > 1 and (name in by_set or len(kept) <= left):
            left -= 0 if name in by_set else len(kept)
            by_set.setdefault(name, []).append(key)
            own_urls |= dict.fromkeys(page.url for page in own)
    sets = [Translations(tuple(sorted(entries)), *name) for name, entries in by_set.items()]
    return Named(sets, [*own_urls])


def _page(base: str, href: str) -> _Page | None:
    url = absolute(base, href)
    return _Page(url, urls.key(url), domain(url)) if url and paths.may_be_article(url) else None


@lru_cache(1024)  # of half a million links in a sitemap
def _language(stated: str | None) -> str | None:
    return language_code(stated)
