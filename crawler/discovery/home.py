"""A source's home page: which platform it is, and which ways lead to its articles."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from archive.model import Fault, Found, Link
from crawler import extraction
from crawler.discovery import feed, listing, paths, sitemap, wordpress
from crawler.discovery.page import Page, absolute, distinct, language_code
from crawler.sources import Source

FEEDS = 3  # the first are the site's own; those behind are of categories
FEED_TYPES = re.compile(r"^(?:application/(?:(?:rss|atom|rdf)\+xml|feed\+json|xml)|text/xml)$")
COMMENTS = re.compile(r"comment|kommentar|commentaire|comentario|commenti|コメント", re.I)


def find(page: Page, source: Source) -> Found | Fault:
    """The ways that a home page offers: API and feeds; else sitemap and its own list of articles.

    In `following`, what only a crawl of the whole history uses. Of a source that is a section of a
    site (its address has a path) only what belongs to the section: `heise.de/thema/KI` is not
    `heise.de`.
    """
    if feed.is_feed(page.body):
        return feed.find(page, source)
    if sitemap.is_sitemap(page.body):
        return sitemap.find(page, source)
    try:
        tree = listing.parsed(page)
    except extraction.NoMarkup as error:
        return Fault("empty", str(error))
    place = paths.section(source.url)
    platform = source.platform or _platform(tree, page)
    ways = _api(tree, page, place, platform)
    feeds = [Link(url, "feed", "home") for url in _feeds(tree, page, place)]
    if ways and not feeds:  # an API is often closed to strangers, the feed beside it is not
        feeds = [Link(urljoin(page.url, f"{place}feed/"), "feed", "home", optional=True)]
    ways += feeds
    guesses = [
        Link(url, "sitemap", "home", optional=True) for url in _sitemaps(page, place, platform)
    ]
    older = [
        Link(li.url, "listing", "home", optional=True) for li in listing.older(tree, page, source)
    ]
    is_named = any(not way.optional for way in ways)
    return Found(
        articles=() if is_named else listing.articles(tree, page, source),
        pages=tuple(ways or guesses),
        following=tuple([*guesses, *older] if ways else older),
        platform=platform,
        language=_language(tree),
        name=_name(tree),
    )


def _api(tree: Any, page: Page, place: str, platform: str | None) -> list[Link]:
    """The posts of a WordPress site, where its API is the source's own."""
    api = _stated_api(tree, page)
    if api is None and platform == "wordpress":
        api = urljoin(page.url, f"{place}wp-json/")
    if api is None or not (paths.is_publication(place) or paths.in_section(api, place)):
        return []
    return [Link(wordpress.posts_url(api), "wordpress", "home", optional=True)]


def _stated_api(tree: Any, page: Page) -> str | None:
    match = re.search(r'<([^>]+)>\s*;\s*rel="?https://api\.w\.org/"?', page.header("link"))
    if match:
        return absolute(page.url, match.group(1))
    element = tree.find(".//link[@rel='https://api.w.org/']")
    return absolute(page.url, element.get("href")) if element is not None else None


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


def _sitemaps(page: Page, place: str, platform: str | None) -> list[str]:
    """Where a sitemap may be. A topic's articles stand anywhere on the site: no sitemap tells."""
    if paths.is_topic(place):
        return []
    names = ["sitemap.xml", "sitemap_index.xml"] if platform == "wordpress" else ["sitemap.xml"]
    return distinct(urljoin(page.url, folder + name) for folder in (place, "/") for name in names)


def _platform(tree: Any, page: Page) -> str | None:
    """The platform a page says it is made by; its words about others do not count."""
    generator = " ".join(
        element.get("content") or ""
        for element in tree.iterfind(".//meta[@name]")
        if element.get("name").lower() == "generator"
    ).lower()
    for platform in ("wordpress", "ghost"):
        if re.search(rf"\b{platform}\b", generator):
            return platform
    host = f".{urlsplit(page.url).hostname or ''}"
    parts = [e.get("href") for e in tree.iterfind(".//link[@href]")]
    parts += [e.get("src") for e in tree.iterfind(".//script[@src]")]
    loaded = {
        f".{urlsplit(url).hostname or ''}" for part in parts if (url := absolute(page.url, part))
    }
    served_by = page.header("x-served-by").lower()
    if "substack" in served_by or host.endswith(".substack.com") or ".substackcdn.com" in loaded:
        return "substack"
    if host.endswith(".beehiiv.com") or ".media.beehiiv.com" in loaded:
        return "beehiiv"
    return "wordpress" if _stated_api(tree, page) else None


def _language(tree: Any) -> str | None:
    return language_code(tree.get("lang") or tree.get("xml:lang"))


def _name(tree: Any) -> str | None:
    element = tree.find(".//meta[@property='og:site_name']")
    stated = (element.get("content") or "") if element is not None else ""
    if not stated.strip():
        title = tree.find(".//title")
        stated = "".join(title.itertext()) if title is not None else ""
    return " ".join(stated.split()) or None
