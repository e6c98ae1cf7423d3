"""The sample sites' APIs: WordPress, Ghost, Substack; and JSON Feed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from crawler.demo.content import Post
from crawler.demo.rendering import GHOST_KEY, Place, render_content
from crawler.demo.resources import Query, Resource, as_json, gmt, latest

_JSON_FEED_LENGTH = 8


def wordpress_posts(place: Place, query: Query) -> Resource:
    """A page of the REST API: developer.wordpress.org/rest-api/reference/posts."""
    size, number = int(query.get("per_page", 10)), int(query.get("page", 1))
    key = "modified" if query.get("orderby") == "modified" else "published"
    posts = sorted(
        place.publication.posts,
        key=lambda post: getattr(post, key),
        reverse=query.get("order") != "asc",
    )
    if after := query.get("modified_after"):
        posts = [post for post in posts if post.modified > _instant(after)]
    if not 1 <= size <= 100:
        return as_json(place, {"code": "rest_invalid_param", "data": {"status": 400}}, 400)
    pages = -(-len(posts) // size)
    if number > max(pages, 1):
        return as_json(
            place, {"code": "rest_post_invalid_page_number", "data": {"status": 400}}, 400
        )
    chunk = posts[(number - 1) * size : number * size]
    wanted = set(filter(None, query.get("_fields", "").split(",")))
    rows = [_wordpress_post(place, post) for post in chunk]
    rows = [{k: v for k, v in row.items() if not wanted or k in wanted} for row in rows]
    totals = {"X-WP-Total": str(len(posts)), "X-WP-TotalPages": str(pages)}
    return as_json(
        place, rows, headers=totals, modified=latest(chunk or posts or place.publication.posts)
    )


def _wordpress_post(place: Place, post: Post) -> dict[str, Any]:
    return {
        "id": 1000 + place.publication.posts[::-1].index(post),
        "date_gmt": gmt(post.published),
        "modified_gmt": gmt(post.modified),
        "slug": post.slug,
        "link": place.url(post),
        "title": {"rendered": post.title},
        "content": {"rendered": render_content(post), "protected": False},
    }


def substack_archive(place: Place, query: Query) -> Resource:
    """A page of a newsletter's archive, newest first; empty past the end."""
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 12)), 50)
    posts = place.publication.posts[offset : offset + limit]
    return as_json(place, [_substack_post(place, post) for post in posts])


def _substack_post(place: Place, post: Post) -> dict[str, Any]:
    return {
        "id": 2000 + place.publication.posts[::-1].index(post),
        "title": post.title,
        "slug": post.slug,
        "type": "newsletter",
        "audience": "only_paid" if post.paywalled else "everyone",
        "post_date": gmt(post.published) + ".000Z",
        "description": post.description,
        "canonical_url": place.url(post),
        "publishedBylines": [{"name": author} for author in post.authors],
    }


def _instant(text: str) -> datetime:
    """A time of the API, which is UTC where it says nothing else."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def ghost_posts(place: Place, query: Query) -> Resource:
    """A page of the Content API: docs.ghost.org/content-api."""
    if query.get("key") != GHOST_KEY:
        return as_json(place, {"errors": [{"message": "Unknown Content API Key"}]}, 401)
    posts = sorted(place.publication.posts, key=lambda post: post.modified, reverse=True)
    if match := re.fullmatch(r"updated_at:>'(.+)'", query.get("filter", "")):
        posts = [post for post in posts if post.modified > _instant(match.group(1))]
    size, number = min(int(query.get("limit", 15)), 100), int(query.get("page", 1))
    pages = max(-(-len(posts) // size), 1)
    chunk = posts[(number - 1) * size : number * size]
    rows = [
        {"url": place.url(post), "published_at": _stamp(post.published), "updated_at": _stamp(post.modified)}
        for post in chunk
    ]  # fmt: skip
    pagination = {
        "page": number, "limit": size, "pages": pages, "total": len(posts),
        "next": number + 1 if number < pages else None,
    }  # fmt: skip
    return as_json(place, {"posts": rows, "meta": {"pagination": pagination}})


def json_feed(place: Place, posts: tuple[Post, ...], query: Query) -> Resource | None:
    """A page of a feed by jsonfeed.org, version 1.1, with the address of the next."""
    number = int(query.get("page", 1))
    start = (number - 1) * _JSON_FEED_LENGTH
    chunk = posts[start : start + _JSON_FEED_LENGTH]
    if number < 1 or not chunk:
        return None
    own, address = place.publication, f"{place.base_url}/feed.json"
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": own.name,
        "language": own.language,
        "home_page_url": f"{place.base_url}/",
        "feed_url": address,
        "items": [
            {
                "id": place.url(post),
                "url": place.url(post),
                "title": post.title,
                "content_html": render_content(post),
                "date_published": post.published.isoformat(),
                "date_modified": post.modified.isoformat(),
            }
            for post in chunk
        ],
    }
    if start + _JSON_FEED_LENGTH < len(posts):
        feed["next_url"] = f"{address}?page={number + 1}"
    return as_json(place, feed, modified=latest(chunk))


def _stamp(time: datetime) -> str:
    return f"{gmt(time)}.000+00:00"
