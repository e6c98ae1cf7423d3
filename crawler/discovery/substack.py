"""Substack: the API behind a newsletter's archive page. Undocumented; as its own pages use it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

from archive.model import Fault, Found, Link
from crawler.discovery.page import (
    Page,
    absolute,
    change_time,
    is_own,
    number,
    parameter,
    with_query,
)
from crawler.sources import Source

PER_PAGE = 50  # the most the API gives
NOTICE = (
    "Substack's terms are reported to forbid crawling: skipped until the source says "
    "accept_terms = true"
)


def ways(tree: Any, page: Page, source: Source, platform: str | None) -> list[Link]:
    """The archive of a newsletter on Substack, where its terms are accepted."""
    if platform != "substack" or not source.accept_terms:
        return []
    url = with_query(urljoin(page.url, "/api/v1/archive"), sort="new", offset=0, limit=PER_PAGE)
    return [Link(url, "substack", "home", optional=True)]


def find(page: Page, source: Source) -> Found | Fault:
    """The issues of a page of the archive, and the page of older ones."""
    try:
        posts = json.loads(page.body)
    except (ValueError, RecursionError):
        posts = None
    if not isinstance(posts, list):
        return Fault("malformed-api", "Substack's archive does not answer with a list of posts")
    links = []
    for post in posts:
        url = absolute(page.url, post.get("canonical_url")) if isinstance(post, dict) else None
        if url and is_own(url, source.url, page.url):
            links.append(Link(url, "article", "substack", change_time(post.get("post_date"))))
    offset = number(parameter(page.url, "offset"), 0)
    older = with_query(page.url, offset=offset + len(posts))
    return Found(
        articles=tuple(links),
        following=(Link(older, "substack", "substack", optional=True),) if posts else (),
        platform="substack",
    )
