"""beehiiv: the pages of a newsletter's archive (`/archive?page=2`); its sitemap comes first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from archive.model import Fault, Found, Link
from crawler import parsing
from crawler.discovery import listing
from crawler.discovery.page import Page, absolute, distinct, is_own, number, parameter, with_query
from crawler.sources import Source


def ways(tree: Any, page: Page, source: Source, platform: str | None) -> list[Link]:
    """The archive of a newsletter on beehiiv. No page of it links to the next: a script does."""
    if platform != "beehiiv":
        return []
    first = with_query(urljoin(page.url, "/archive"), page=1)
    return [Link(first, "beehiiv", "home", optional=True)]


def find(page: Page, source: Source) -> Found | Fault:
    """The issues of a page of the archive (`/p/…`), and the page of older ones."""
    try:
        tree = listing.parsed(page)
    except parsing.NoMarkup as error:
        return Fault("empty", str(error))
    linked = (absolute(page.url, element.get("href")) for element in tree.iterfind(".//a[@href]"))
    issues = (url for url in linked if url and urlsplit(url).path.startswith("/p/"))
    own = distinct(url for url in issues if is_own(url, source.url, page.url))
    older = with_query(page.url, page=number(parameter(page.url, "page"), 1) + 1)
    return Found(
        articles=tuple(Link(url, "article", "beehiiv") for url in own),
        following=(Link(older, "beehiiv", "beehiiv", optional=True),),
        platform="beehiiv",
    )
