"""WordPress's REST API (developer.wordpress.org/rest-api/reference/posts)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

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
from crawler.link_headers import links as header_links
from crawler.sources import Source

PER_PAGE = 100  # the most the API gives
FIELDS = "id,link,date_gmt,modified_gmt,title"
RELATION = "https://api.w.org/"  # of the link to the API, in headers and pages


def ways(tree: Any, page: Page, source: Source, platform: str | None) -> list[Link]:
    """The posts of a WordPress site, where its API is the source's own."""
    place = paths.section(source.url)
    api = stated_api(tree, page)
    if api is None and platform == "wordpress":
        api = urljoin(page.url, f"{place}wp-json/")
    if api is None or not (paths.is_publication(place) or paths.in_section(api, place)):
        return []
    return [Link(posts_url(api), "wordpress", "home", optional=True)]


def stated_api(tree: Any, page: Page) -> str | None:
    """The root of the API that a page names: `…/wp-json/`, or `…/?rest_route=/`."""
    for link in header_links(page.headers):
        if link.is_of(RELATION):
            return absolute(page.url, link.target)
    element = tree.find(f".//link[@rel='{RELATION}']")
    return absolute(page.url, element.get("href")) if element is not None else None


def posts_url(api: str) -> str:
    """The address of the latest changed posts below an API's root."""
    path = "wp/v2/posts"
    if route := parameter(api, "rest_route"):
        root = with_query(api, rest_route=f"{route.rstrip('/')}/{path}")
    else:
        root = f"{api.rstrip('/')}/{path}"
    return with_query(root, per_page=PER_PAGE, page=1, orderby="modified", _fields=FIELDS)


def since(url: str, moment: datetime) -> str:
    """The address for the posts that changed after a time (WordPress 5.7; ignored before)."""
    return with_query(url, modified_after=utc(moment))


def find(page: Page, source: Source) -> Found | Fault:
    """The posts of a page of the API, and the page behind it."""
    try:
        posts = json.loads(page.body)
    except (ValueError, RecursionError):
        return Fault("malformed-api", "the WordPress API does not answer with JSON")
    if not isinstance(posts, list):
        return Fault("malformed-api", "the WordPress API does not answer with a list of posts")
    links = []
    for post in posts:
        url = absolute(page.url, post.get("link")) if isinstance(post, dict) else None
        if url and is_own(url, source.url, page.url):
            changed = change_time(post.get("modified_gmt") or post.get("date_gmt"))
            links.append(Link(url, "article", "wordpress", changed))
    following = _next(page, len(posts))
    after = parameter(page.url, "modified_after")
    is_bounded = bool(after) and all(link.changed and link.changed >= after for link in links)
    return Found(
        articles=tuple(links),
        pages=following if is_bounded else (),
        following=() if is_bounded else following,
        platform="wordpress",
    )


def _next(page: Page, count: int) -> tuple[Link, ...]:
    current = number(parameter(page.url, "page"), 1)
    pages = number(page.header("x-wp-totalpages").partition(",")[0].strip(), 0)
    if current >= pages if pages else count < PER_PAGE:
        return ()
    following = with_query(page.url, page=current + 1)
    return (Link(following, "wordpress", "wordpress", optional=True),)
