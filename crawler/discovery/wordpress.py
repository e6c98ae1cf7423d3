"""WordPress's REST API (developer.wordpress.org/rest-api/reference/posts)."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from archive.model import Fault, Found, Link
from crawler.discovery.page import Page, absolute, change_time, is_own, number
from crawler.sources import Source

PER_PAGE = 100  # the most the API gives
FIELDS = "id,link,date_gmt,modified_gmt,title"


def posts_url(api: str) -> str:
    """The address of the newest posts below an API's root (`…/wp-json/`, `…/?rest_route=/`)."""
    query = urlencode(
        {"per_page": PER_PAGE, "page": 1, "orderby": "modified", "_fields": FIELDS}, safe=","
    )
    if "rest_route=" in api:
        return f"{api.rstrip('/')}/wp/v2/posts&{query}"
    return f"{api.rstrip('/')}/wp/v2/posts?{query}"


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
    return Found(
        articles=tuple(links),
        following=_next(page, len(posts)) if links else (),
        platform="wordpress",
    )


def _next(page: Page, count: int) -> tuple[Link, ...]:
    parts = urlsplit(page.url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    current = number(query.get("page", "1"), 1)
    pages = number(page.header("x-wp-totalpages").partition(",")[0].strip(), 0)
    if current >= pages if pages else count < PER_PAGE:
        return ()
    query["page"] = str(current + 1)
    following = urlunsplit(parts._replace(query=urlencode(query, safe=",/")))
    return (Link(following, "wordpress", "wordpress", optional=True),)
