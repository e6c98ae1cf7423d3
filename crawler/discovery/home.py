"""A source's home page: which platform it is, and which ways lead to its articles."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from archive.model import Fault, Found, Link
from crawler import parsing
from crawler.discovery import feed, listing, paths, platform, sitemap
from crawler.discovery.page import Page, absolute, distinct, language_code
from crawler.sources import Source

FEEDS = 3  # the first are the site's own; those behind are of categories
FEED_TYPES = re.compile(r"^(?:application/(?:(?:rss|atom|rdf)\+xml|feed\+json|xml)|text/xml)$")
COMMENTS = re.compile(r"comment|kommentar|commentaire|comentario|commenti|コメント", re.I)


def find(page: Page, source: Source) -> Found | Fault:
    """The ways that a home page offers: API and feeds; else sitemap and its own list of articles.

    In `following`, what only a crawl of the whole history uses; what the source itself names takes
    the place of feeds and sitemaps that are found. Of a source that is a section of a
    site (its address has a path) only what belongs to the section: `heise.de/thema/KI` is not
    `heise.de`.
    """
    if feed.is_feed(page.body):
        return feed.find(page, source)
    if sitemap.is_sitemap(page.body):
        return sitemap.find(page, source)
    try:
        tree = listing.parsed(page)
    except parsing.NoMarkup as error:
        return Fault("empty", str(error))
    place = paths.section(source.url)
    made_by = source.platform or platform.of_page(tree, page)
    ways = platform.ways(tree, page, source, made_by)
    if not source.feeds:
        feeds = [Link(url, "feed", "home") for url in _feeds(tree, page, place)]
        if ways and not feeds:  # an API is often closed to strangers, the feed beside it is not
            feeds = [Link(urljoin(page.url, f"{place}feed/"), "feed", "home", optional=True)]
        ways += feeds
    guesses = [] if source.sitemaps else _sitemaps(page, place, made_by)
    older = platform.archives(tree, page, source, made_by)
    older += listing.further(tree, page, source)
    listed = listing.articles(tree, page, source)
    is_named = bool(source.feeds or source.sitemaps) or any(not way.optional for way in ways)
    has_ways = is_named or bool(ways)
    return Found(
        articles=() if is_named else listed,
        pages=tuple(ways if has_ways else guesses),
        following=(*(guesses if has_ways else ()), *older, *(listed if is_named else ())),
        platform=made_by,
        language=_language(tree),
        name=_name(tree),
    )


def _feeds(tree: Any, page: Page, place: str) -> list[str]:
    """The feeds that a page names: those in its own language first, and none of another section."""
    language = _language(tree)
    found: list[tuple[bool, str]] = []
    for element in tree.iterfind(".//link[@rel][@type][@href]"):
        url = absolute(page.url, element.get("href"))
        kind = element.get("type").partition(";")[0].strip().lower()
        is_alternate = "alternate" in element.get("rel").lower().split()
        if not url or not is_alternate or not FEED_TYPES.match(kind):
            continue
        if COMMENTS.search((element.get("title") or "") + urlsplit(url).path):
            continue
        other = language_code(element.get("hreflang")) not in (None, language)
        found.append((other, url))
    named = distinct(url for _, url in sorted(found, key=lambda one: one[0]))
    inside = [url for url in named if paths.in_section(url, place)]
    return (inside or (named if paths.is_publication(place) else []))[:FEEDS]


def _sitemaps(page: Page, place: str, made_by: str | None) -> list[Link]:
    """Where a sitemap may be. A topic's articles stand anywhere on the site: no sitemap tells."""
    if paths.is_topic(place):
        return []
    names = ["sitemap.xml", "sitemap_index.xml"] if made_by == "wordpress" else ["sitemap.xml"]
    found = distinct(urljoin(page.url, folder + name) for folder in (place, "/") for name in names)
    return [Link(url, "sitemap", "home", optional=True) for url in found]


def _language(tree: Any) -> str | None:
    return language_code(tree.get("lang") or tree.get("xml:lang"))


def _name(tree: Any) -> str | None:
    element = tree.find(".//meta[@property='og:site_name']")
    stated = (element.get("content") or "") if element is not None else ""
    if not stated.strip():
        title = tree.find(".//title")
        stated = "".join(title.itertext()) if title is not None else ""
    return " ".join(stated.split()) or None
