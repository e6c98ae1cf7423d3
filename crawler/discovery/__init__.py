"""Which articles exist: one small module for each way of finding them, behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from archive.model import Fault, Found, Link, Role
from crawler.discovery import (
    beehiiv,
    feed,
    ghost,
    home,
    listing,
    platform,
    sitemap,
    substack,
    wordpress,
)
from crawler.discovery.page import Page
from crawler.sources import Source

WAYS: Mapping[Role, Callable[[Page, Source], Found | Fault]] = {
    "home": home.find,
    "feed": feed.find,
    "sitemap": sitemap.find,
    "listing": listing.find,
    "wordpress": wordpress.find,
    "ghost": ghost.find,
    "substack": substack.find,
    "beehiiv": beehiiv.find,
}
# The ways that can be asked for what changed since a time: address, time → address.
SINCE: Mapping[Role, Callable[[str, datetime], str]] = {
    "wordpress": wordpress.since,
    "ghost": ghost.since,
}
# The platforms with an API, which a home page leads to: it tells more than feed and lists.
APIS: tuple[Role, ...] = ("wordpress", "ghost", "substack")


def seeds(source: Source, full: bool) -> tuple[Link, ...]:
    """Where a crawl of the source starts: what is configured, else its home page.

    The home page in any case for the whole history, and where it leads to an API.
    """
    configured = [Link(url, "feed", "configured") for url in source.feeds]
    configured += [Link(url, "sitemap", "configured") for url in source.sitemaps]
    if full or not configured or source.platform in APIS:
        configured.append(Link(source.url, "home", "configured", optional=bool(configured)))
    return tuple(configured)


def find(role: Role, page: Page, source: Source) -> Found | Fault:
    """What a page of discovery leads to; what is wrong with it as a Fault of one line."""
    return WAYS[role](page, source)


def refusal(source: Source, found: str | None) -> str | None:
    """Why a source on this platform is not crawled (its host tells, too); null where it may be."""
    made_by = found or platform.of_host(source.url)
    return substack.NOTICE if made_by == "substack" and not source.accept_terms else None


__all__ = ["APIS", "SINCE", "WAYS", "Page", "find", "refusal", "seeds"]
