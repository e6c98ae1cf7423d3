"""beehiiv: the pages of a newsletter's archive (`/archive?page=2`); its sitemap comes first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from archive.model import Fault, Found, Link
from crawler.discovery import listing
from crawler.discovery.page import Page, number, parameter, with_query
from crawler.sources import Source


def ways(tree: Any, page: Page, source: Source, platform: str | None) -> list[Link]:
    """The archive of a newsletter on beehiiv. No page of it links to the next: a script does."""
    if platform != "beehiiv":
        return []
    return [Link(_numbered(urljoin(page.url, "/archive"), 1), "beehiiv", "home", optional=True)]


def find(page: Page, source: Source) -> Found | Fault:
    """The issues of a page of the archive, and the page of older ones."""
    found = listing.find(page, source)
    if isinstance(found, Fault):
        return found
    older = _numbered(page.url, number(parameter(page.url, "page"), 1) + 1)
    return Found(
        articles=found.articles,
        following=(Link(older, "beehiiv", "beehiiv", optional=True),),
        platform="beehiiv",
    )


def _numbered(url: str, page: int) -> str:
    return with_query(url, page=page)
