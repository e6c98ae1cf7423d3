"""Which paths a sample site answers, and with what: one function for each platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crawler.demo.content import Post
from crawler.demo.rendering import Place, render, render_article, render_content

Query = Mapping[str, str]

_HOME_LENGTH = 8  # articles on a home page; fewer than any site has, so that there is an older page
_FEED_LENGTH = 10  # WordPress's and Ghost's default is 10 and 15
_OLDER = {
    "de": "Ältere Beiträge",
    "en": "Older posts",
    "es": "Entradas anteriores",
    "fr": "Articles plus anciens",
    "pt": "Mais antigos",
    "ja": "次のページ",
}
_IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@dataclass(frozen=True)
class Resource:
    """What stands at a path: an answer before anything of HTTP is applied to it."""

    body: bytes
    content_type: str
    modified: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Query], Resource | None]
Routes = dict[str, Handler]


def routes(place: Place) -> Routes:
    """The paths that the site answers; a handler gives None where the query leads to nothing."""
    platform = {
        "wordpress": _wordpress,
        "substack": _substack,
        "ghost": _ghost,
        "static": _static,
    }[place.publication.platform]
    return dict(_articles(place)) | platform(place)


def _articles(place: Place) -> Iterator[tuple[str, Handler]]:
    for post in place.publication.posts:
        yield place.path(post), _always(_article, place, post)
    for page in place.publication.pages:
        yield place.path(page), _always(_page, place, page)
    yield "/image.svg", _always(_text, place, _IMAGE, "image/svg+xml")


def _always(make: Callable[..., Resource], *values: Any) -> Handler:
    return lambda _: make(*values)


def _wordpress(place: Place) -> Routes:
    own = place.publication
    found: Routes = {}
    for language in sorted({post.language for post in own.posts}):
        root = "/" if language == own.language else f"/{language}/"
        found |= _listings(place, own.edition(language), root, "page/{}/")
    posts, pages = "/post-sitemap.xml", "/page-sitemap.xml"
    listed = [page for page in own.pages if page.slug != "intern"]
    return found | {
        "/feed/": lambda query: _feed(place, own.edition(own.language), int(query.get("paged", 1))),
        "/sitemap_index.xml": lambda _: _sitemap_index(place, (posts, pages)),
        posts: lambda _: _sitemap(place, own.posts),
        pages: lambda _: _sitemap(place, listed),
        "/robots.txt": lambda _: _robots(
            place,
            "User-agent: *\nDisallow: /intern/\n\nUser-agent: GPTBot\nDisallow: /\n",
            "/sitemap_index.xml",
        ),
        "/wp-json/": lambda _: _json(
            place, {"name": own.name, "url": place.base_url, "namespaces": ["wp/v2"]}
        ),
        "/wp-json/wp/v2/posts": lambda query: _wordpress_posts(place, query),
    }


def _substack(place: Place) -> Routes:
    own = place.publication
    return _listings(place, own.posts[:_HOME_LENGTH], "/", "") | {
        "/archive": lambda _: _listing(place, own.posts, own.language, "/archive", None),
        "/feed": lambda _: _feed(place, own.posts, 1, full_text=True),
        "/sitemap.xml": lambda _: _sitemap(place, own.posts),
        "/robots.txt": lambda _: _robots(
            place, "User-agent: *\nDisallow: /action/\n", "/sitemap.xml"
        ),
        "/api/v1/archive": lambda query: _substack_archive(place, query),
    }


def _ghost(place: Place) -> Routes:
    own = place.publication
    return _listings(place, own.posts, "/", "page/{}/") | {
        "/rss/": lambda _: _feed(place, own.posts, 1, full_text=True),
        "/sitemap.xml": lambda _: _sitemap_index(place, ("/sitemap-posts.xml",)),
        "/sitemap-posts.xml": lambda _: _sitemap(place, own.posts),
        "/robots.txt": lambda _: _robots(
            place, "User-agent: *\nCrawl-delay: 0\nDisallow: /ghost/\n", "/sitemap.xml"
        ),
    }


def _static(place: Place) -> Routes:
    return _listings(place, place.publication.posts, "/", "kako{}.html")


def _listings(place: Place, posts: tuple[Post, ...], root: str, pattern: str) -> Routes:
    """The home page of an edition and the older pages that it leads to."""
    chunks = [posts[i : i + _HOME_LENGTH] for i in range(0, len(posts), _HOME_LENGTH)]
    paths = [root] + [root + pattern.format(n) for n in range(2, len(chunks) + 1)]
    found: Routes = {}
    for chunk, path, following in zip(chunks, paths, [*paths[1:], None], strict=True):
        language = chunk[0].language
        found[path] = _always(_listing, place, chunk, language, path, following)
    return found


def _listing(
    place: Place, posts: tuple[Post, ...], language: str, path: str, following: str | None
) -> Resource:
    text = render(
        "listing.html",
        place,
        posts=posts,
        language=language,
        path=path,
        next_path=following,
        older=_OLDER[language],
    )
    return _html(place, text, _latest(posts))


def _article(place: Place, post: Post) -> Resource:
    return _html(place, render_article(place, post), post.modified)


def _page(place: Place, page: Post) -> Resource:
    return _html(place, render("page.html", place, post=page), page.modified)


def not_found(place: Place) -> Resource:
    """The answer to a path that leads to nothing."""
    text = f"<!DOCTYPE html>\n<title>404</title>\n<h1>404</h1>\n<p>{place.publication.name}</p>\n"
    return Resource(
        text.encode(place.charset), _html_type(place), _latest(place.publication.posts), 404
    )


def _feed(
    place: Place, posts: tuple[Post, ...], number: int, full_text: bool = False
) -> Resource | None:
    chunk = posts[(number - 1) * _FEED_LENGTH : number * _FEED_LENGTH]
    if number < 1 or not chunk:
        return None
    text = render("feed.xml", place, posts=chunk, full_text=full_text)
    return _text(place, text, "application/rss+xml; charset=UTF-8", _latest(chunk))


def _sitemap(place: Place, posts: Iterable[Post]) -> Resource:
    return _text(
        place, render("sitemap.xml", place, posts=posts), "application/xml", _latest(posts)
    )


def _sitemap_index(place: Place, paths: tuple[str, ...]) -> Resource:
    modified = _latest(place.publication.posts)
    text = render("sitemap_index.xml", place, sitemaps=[(path, modified) for path in paths])
    return _text(place, text, "application/xml", modified)


def _robots(place: Place, rules: str, sitemap: str) -> Resource:
    return _text(place, f"{rules}\nSitemap: {place.base_url}{sitemap}\n", "text/plain")


def _wordpress_posts(place: Place, query: Query) -> Resource:
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
        return _json(place, {"code": "rest_invalid_param", "data": {"status": 400}}, 400)
    pages = -(-len(posts) // size)
    if number > max(pages, 1):
        return _json(place, {"code": "rest_post_invalid_page_number", "data": {"status": 400}}, 400)
    chunk = posts[(number - 1) * size : number * size]
    wanted = set(filter(None, query.get("_fields", "").split(",")))
    rows = [_wordpress_post(place, post) for post in chunk]
    rows = [{k: v for k, v in row.items() if not wanted or k in wanted} for row in rows]
    totals = {"X-WP-Total": str(len(posts)), "X-WP-TotalPages": str(pages)}
    return _json(
        place, rows, headers=totals, modified=_latest(chunk or posts or place.publication.posts)
    )


def _wordpress_post(place: Place, post: Post) -> dict[str, Any]:
    return {
        "id": 1000 + place.publication.posts[::-1].index(post),
        "date_gmt": _gmt(post.published),
        "modified_gmt": _gmt(post.modified),
        "slug": post.slug,
        "link": place.url(post),
        "title": {"rendered": post.title},
        "content": {"rendered": render_content(post), "protected": False},
    }


def _substack_archive(place: Place, query: Query) -> Resource:
    """A page of a newsletter's archive, newest first; empty past the end."""
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 12)), 50)
    posts = place.publication.posts[offset : offset + limit]
    return _json(place, [_substack_post(place, post) for post in posts])


def _substack_post(place: Place, post: Post) -> dict[str, Any]:
    return {
        "id": 2000 + place.publication.posts[::-1].index(post),
        "title": post.title,
        "slug": post.slug,
        "type": "newsletter",
        "audience": "only_paid" if post.paywalled else "everyone",
        "post_date": _gmt(post.published) + ".000Z",
        "description": post.description,
        "canonical_url": place.url(post),
        "publishedBylines": [{"name": author} for author in post.authors],
    }


def _html(place: Place, text: str, modified: datetime) -> Resource:
    headers = {}
    if place.publication.platform == "wordpress":
        headers["Link"] = f'<{place.base_url}/wp-json/>; rel="https://api.w.org/"'
    return Resource(text.encode(place.charset), _html_type(place), modified, headers=headers)


def _html_type(place: Place) -> str:
    """The hand-made site's server knows nothing of its charset."""
    return "text/html" if place.publication.platform == "static" else "text/html; charset=utf-8"


def _text(place: Place, text: str, content_type: str, modified: datetime | None = None) -> Resource:
    return Resource(text.encode(), content_type, modified or _latest(place.publication.posts))


def _json(
    place: Place,
    value: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    modified: datetime | None = None,
) -> Resource:
    body = json.dumps(value, ensure_ascii=False).encode()
    modified = modified or _latest(place.publication.posts)
    return Resource(body, "application/json; charset=UTF-8", modified, status, headers or {})


def _latest(posts: Iterable[Post]) -> datetime:
    return max(post.modified for post in posts)


def _instant(text: str) -> datetime:
    """A time of the API, which is UTC where it says nothing else."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _gmt(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
