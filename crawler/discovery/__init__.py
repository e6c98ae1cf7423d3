"""Which articles exist: one small module for each way of finding them, behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archive.model import Fault, Found, Link, Role
from crawler.discovery import feed, home, listing, sitemap, wordpress
from crawler.discovery.page import Page
from crawler.sources import Source

WAYS: Mapping[Role, Callable[[Page, Source], Found | Fault]] = {
    "home": home.find,
    "feed": feed.find,
    "sitemap": sitemap.find,
    "listing": listing.find,
    "wordpress": wordpress.find,
}


def seeds(source: Source, full: bool) -> tuple[Link, ...]:
    """Where a crawl of the source starts: what is configured, else its home page (always, in full)."""
    configured = [Link(url, "feed", "configured") for url in source.feeds]
    configured += [Link(url, "sitemap", "configured") for url in source.sitemaps]
    if full or not configured:
        configured.append(Link(source.url, "home", "configured"))
    return tuple(configured)


def find(role: Role, page: Page, source: Source) -> Found | Fault:
    """What a page of discovery leads to; what is wrong with it as a Fault of one line."""
    return WAYS[role](page, source)


__all__ = ["WAYS", "Page", "find", "seeds"]
