"""Ghost's Content API (docs.ghost.org/content-api), with the key that Ghost's own pages carry.

Where robots.txt shuts it (Ghost's own does, with `/ghost/`), feed and sitemap are left.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from archive.model import Fault, Found, Link
from crawler.discovery import paths
from crawler.discovery.page import (
    Page,
    absolute,
    change_time,
    is_own,
    number,
    parameter,
    utc,
    with_query,
)
from crawler.sources import Source

PER_PAGE = 100  # the most the API gives since Ghost 6.0
FIELDS = "url,published_at,updated_at"
_LATER = "updated_at:>"


def ways(tree: Any, page: Page, source: Source, platform: str | None) -> list[Link]:
    """The posts of a Ghost site: the script for search or membership says how to ask for them."""
    place = paths.section(source.url)
    for script in tree.iterfind(".//script[@data-key]"):
        home = absolute(page.url, script.get("data-ghost")) or page.url
        api = absolute(page.url, script.get("data-api")) or urljoin(home, "ghost/api/content/")
        is_ghost = urlsplit(api).path.rstrip("/").endswith("/ghost/api/content")
        is_ours = paths.is_publication(place) or paths.in_section(home, place)
        if is_ghost and is_ours and is_own(api, source.url, page.url, home):
            url = with_query(
                f"{api.rstrip('/')}/posts/",
                key=script.get("data-key"), limit=PER_PAGE, page=1, fields=FIELDS,
                order="updated_at desc",
            )  # fmt: skip
            return [Link(url, "ghost", "home", optional=True)]
    return []


def since(url: str, moment: datetime) -> str:
    """The address for the posts that changed after a time."""
    return with_query(url, filter=f"{_LATER}'{utc(moment)}'")


def find(page: Page, source: Source) -> Found | Fault:
    """The posts of a page of the API, and the page behind it."""
    try:
        data = json.loads(page.body)
    except (ValueError, RecursionError):
        data = None
    posts = data.get("posts") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(posts, list):
        return Fault("malformed-api", "the Ghost API does not answer with a list of posts")
    links = []
    for post in posts:
        url = absolute(page.url, post.get("url")) if isinstance(post, dict) else None
        if url and is_own(url, source.url, page.url):
            changed = change_time(post.get("updated_at") or post.get("published_at"))
            links.append(Link(url, "article", "ghost", changed))
    following = _next(page, data)
    is_bounded = parameter(page.url, "filter").startswith(_LATER)
    return Found(
        articles=tuple(links),
        pages=following if is_bounded else (),
        following=() if is_bounded else following,
        platform="ghost",
    )


def _next(page: Page, data: dict[str, Any]) -> tuple[Link, ...]:
    try:
        stated = data["meta"]["pagination"]["next"]
    except (KeyError, TypeError):
        return ()
    following = number(str(stated), 0)
    if following <= number(parameter(page.url, "page"), 1):
        return ()
    return (Link(with_query(page.url, page=following), "ghost", "ghost", optional=True),)
