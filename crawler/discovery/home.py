"""A source's home page: which platform it is, and which ways lead to its articles."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from archive.model import Fault, Found, Link
from crawler import extraction
from crawler.discovery import feed, listing, sitemap, wordpress
from crawler.discovery.page import Page, absolute, distinct
from crawler.sources import Source

FEEDS = 3  # the first are the site's own; those behind are of categories
FEED_TYPES = re.compile(r"^application/(?:rss|atom|feed)\+(?:xml|json)", re.I)
COMMENTS = re.compile(r"comment|kommentar|commentaire|comentario|commenti|コメント", re.I)


def find(page: Page, source: Source) -> Found | Fault:
    """The ways that a home page offers: API and feeds; else sitemap and its own list of articles.

    In `following`, what only a crawl of the whole history uses.
    """
    if feed.is_feed(page.body):
        return feed.find(page, source)
    if sitemap.is_sitemap(page.body):
        return sitemap.find(page, source)
    try:
        tree = listing.parsed(page)
    except extraction.NoMarkup as error:
        return Fault("empty", str(error))
    platform = source.platform or _platform(tree, page)
    api = _wordpress_api(tree, page) or (
        urljoin(page.url, "/wp-json/") if platform == "wordpress" else None
    )
    ways = [Link(wordpress.posts_url(api), "wordpress", "home", optional=True)] if api else []
    ways += [Link(url, "feed", "home") for url in _feeds(tree, page, source)]
    names = ("/sitemap.xml", "/sitemap_index.xml") if platform == "wordpress" else ("/sitemap.xml",)
    sitemaps = [Link(urljoin(page.url, name), "sitemap", "home", optional=True) for name in names]
    older = [
        Link(li.url, "listing", "home", optional=True) for li in listing.older(tree, page, source)
    ]
    return Found(
        articles=() if ways else listing.articles(tree, page, source),
        pages=tuple(ways or sitemaps),
        following=tuple([*sitemaps, *older] if ways else older),
        platform=platform,
        language=_language(tree),
        name=_name(tree),
    )


def _platform(tree: Any, page: Page) -> str | None:
    generator = " ".join(
        e.get("content", "") for e in tree.iterfind(".//meta[@name='generator']")
    ).lower()
    if "substack" in page.header("x-served-by").lower() or b"substackcdn.com" in page.body:
        return "substack"
    if "ghost" in generator:
        return "ghost"
    if ".beehiiv.com" in page.url or b"media.beehiiv.com" in page.body:
        return "beehiiv"
    if "wordpress" in generator or _wordpress_api(tree, page):
        return "wordpress"
    return None


def _wordpress_api(tree: Any, page: Page) -> str | None:
    match = re.search(r'<([^>]+)>\s*;\s*rel="?https://api\.w\.org/"?', page.header("link"))
    if match:
        return absolute(page.url, match.group(1))
    element = tree.find(".//link[@rel='https://api.w.org/']")
    return absolute(page.url, element.get("href")) if element is not None else None


def _feeds(tree: Any, page: Page, source: Source) -> list[str]:
    found = []
    for element in tree.iterfind(".//link[@rel='alternate'][@type][@href]"):
        title = element.get("title") or ""
        url = absolute(page.url, element.get("href"))
        if (
            url
            and FEED_TYPES.match(element.get("type").strip())
            and not COMMENTS.search(title + url)
        ):
            found.append(url)
    return distinct(found)[:FEEDS]


def _language(tree: Any) -> str | None:
    match = re.match(r"[a-z]{2,3}(?![a-z])", (tree.get("lang") or "").strip().lower())
    return match.group() if match else None


def _name(tree: Any) -> str | None:
    element = tree.find(".//meta[@property='og:site_name']")
    if element is not None and element.get("content"):
        return str(element.get("content")).strip()
    title = tree.find(".//title")
    return " ".join("".join(title.itertext()).split()) or None if title is not None else None
