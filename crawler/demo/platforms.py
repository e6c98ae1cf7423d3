"""Which paths a sample site answers, and with what: one function for each platform."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from crawler.demo.apis import ghost_posts, json_feed, substack_archive, wordpress_posts
from crawler.demo.content import Post
from crawler.demo.rendering import Place, render, render_article
from crawler.demo.resources import Query, Resource, as_html, as_json, as_text, html_type, latest

_HOME_LENGTH = 8  # articles on a home page; fewer than any site has, so that there is an older page
_FEED_LENGTH = 10  # WordPress's and Ghost's default is 10 and 15
_ARCHIVED_LENGTH = 4  # articles of an archive document, so that there are several
_OLDER = {
    "de": "Ältere Beiträge",
    "en": "Older posts",
    "es": "Entradas anteriores",
    "fr": "Articles plus anciens",
    "pt": "Mais antigos",
    "ja": "次のページ",
}
# Ghost's own shuts the API in with the editor's pages; some sites open it.
_GHOST_ROBOTS = "User-agent: *\nCrawl-delay: 0\nDisallow: /ghost/\nAllow: /ghost/api/content/\n"
_IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


Handler = Callable[[Query], Resource | None]
Routes = dict[str, Handler]


def routes(place: Place) -> Routes:
    """The paths that the site answers; a handler gives None where the query leads to nothing."""
    platform = {
        "wordpress": _wordpress,
        "substack": _substack,
        "ghost": _ghost,
        "static": _static,
        "beehiiv": _beehiiv,
        "magazine": _magazine,
    }[place.publication.platform]
    return dict(_articles(place)) | platform(place)


def _articles(place: Place) -> Iterator[tuple[str, Handler]]:
    for post in place.publication.posts:
        yield place.path(post), _always(_article, place, post)
    for page in place.publication.pages:
        yield place.path(page), _always(_page, place, page)
    yield "/image.svg", _always(as_text, place, _IMAGE, "image/svg+xml")


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
        "/wp-json/": lambda _: as_json(
            place, {"name": own.name, "url": place.base_url, "namespaces": ["wp/v2"]}
        ),
        "/wp-json/wp/v2/posts": lambda query: wordpress_posts(place, query),
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
        "/api/v1/archive": lambda query: substack_archive(place, query),
    }


def _ghost(place: Place) -> Routes:
    own = place.publication
    return _listings(place, own.posts, "/", "page/{}/") | {
        "/rss/": lambda _: _feed(place, own.posts, 1, full_text=True),
        "/sitemap.xml": lambda _: _sitemap_index(place, ("/sitemap-posts.xml",)),
        "/sitemap-posts.xml": lambda _: _sitemap(place, own.posts),
        "/ghost/api/content/posts/": lambda query: ghost_posts(place, query),
        "/robots.txt": lambda _: _robots(place, _GHOST_ROBOTS, "/sitemap.xml"),
    }


def _static(place: Place) -> Routes:
    return _listings(place, place.publication.posts, "/", "kako{}.html")


def _beehiiv(place: Place) -> Routes:
    """Its archive has pages that no link leads to: a script asks for them."""
    posts = place.publication.posts

    def archive(query: Query) -> Resource:
        start = (int(query.get("page", 1)) - 1) * _HOME_LENGTH
        chunk = posts[start : start + _HOME_LENGTH]
        return _listing(place, chunk, place.publication.language, "/archive", None)

    return _listings(place, posts[:_HOME_LENGTH], "/", "") | {
        "/archive": archive,
        "/sitemap.xml": lambda _: _sitemap(place, posts),
        "/robots.txt": lambda _: _robots(
            place, "User-agent: *\nDisallow: /login\n", "/sitemap.xml"
        ),
    }


def _magazine(place: Place) -> Routes:
    """Folders of years and months, an archived feed (RFC 5005), a JSON feed and a news sitemap.

    They are of its own language: only the news sitemap leads to the translations (hreflang).
    """
    own = place.publication
    posts = own.edition(own.language)
    years = sorted({f"/{post.published:%Y}/" for post in posts}, reverse=True)
    months = sorted({f"/{post.published:%Y/%m}/" for post in posts}, reverse=True)
    found: Routes = {"/": _always(_folder, place, posts[:_HOME_LENGTH], "/", years)}
    for year in years:
        inside = [month for month in months if month.startswith(year)]
        found[year] = _always(_folder, place, (), year, inside)
    for month in months:
        chosen = tuple(post for post in posts if f"/{post.published:%Y/%m}/" == month)
        found[month] = _always(_folder, place, chosen, month, [])
    return (
        found
        | _archived_feed(place, posts)
        | {
            "/feed.json": lambda query: json_feed(place, posts, query),
            "/news.xml.gz": _always(_news_sitemap, place, posts[:_FEED_LENGTH]),
            "/robots.txt": lambda _: _robots(
                place, "User-agent: *\nDisallow: /buscar/\n", "/news.xml.gz"
            ),
        }
    )


def _folder(place: Place, posts: tuple[Post, ...], path: str, folders: list[str]) -> Resource:
    language = place.publication.language
    return _listing(place, posts, language, path, None, folders)


def _archived_feed(place: Place, posts: tuple[Post, ...]) -> Routes:
    """An Atom feed of the latest articles, and its archive documents, the oldest numbered 1."""
    first = len(posts) % _ARCHIVED_LENGTH or _ARCHIVED_LENGTH
    chunks = [posts[:first]]
    chunks += [posts[i : i + _ARCHIVED_LENGTH] for i in range(first, len(posts), _ARCHIVED_LENGTH)]
    paths = [place.feed, *(f"/atom-{n}.xml" for n in range(len(chunks) - 1, 0, -1))]
    return {
        path: _always(_atom, place, chunk, path, before)
        for path, before, chunk in zip(paths, [*paths[1:], None], chunks, strict=True)
    }


def _atom(place: Place, posts: tuple[Post, ...], path: str, before: str | None) -> Resource:
    text = render("atom.xml", place, posts=posts, path=path, before=before, modified=latest(posts))
    return as_text(place, text, "application/atom+xml; charset=UTF-8", latest(posts))


def _news_sitemap(place: Place, posts: tuple[Post, ...]) -> Resource:
    """Google's news sitemap, as a gzip file."""
    text = render("news_sitemap.xml", place, posts=posts)
    return Resource(gzip.compress(text.encode(), mtime=0), "application/gzip", latest(posts))


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
    place: Place,
    posts: tuple[Post, ...],
    language: str,
    path: str,
    following: str | None,
    folders: Iterable[str] = (),
) -> Resource:
    text = render(
        "listing.html",
        place,
        posts=posts,
        language=language,
        path=path,
        next_path=following,
        older=_OLDER[language],
        folders=folders,
    )
    return as_html(place, text, latest(posts or place.publication.posts))


def _article(place: Place, post: Post) -> Resource:
    return as_html(place, render_article(place, post), post.modified)


def _page(place: Place, page: Post) -> Resource:
    return as_html(place, render("page.html", place, post=page), page.modified)


def not_found(place: Place) -> Resource:
    """The answer to a path that leads to nothing."""
    text = f"<!DOCTYPE html>\n<title>404</title>\n<h1>404</h1>\n<p>{place.publication.name}</p>\n"
    return Resource(
        text.encode(place.charset), html_type(place), latest(place.publication.posts), 404
    )


def _feed(
    place: Place, posts: tuple[Post, ...], number: int, full_text: bool = False
) -> Resource | None:
    chunk = posts[(number - 1) * _FEED_LENGTH : number * _FEED_LENGTH]
    if number < 1 or not chunk:
        return None
    text = render("feed.xml", place, posts=chunk, full_text=full_text)
    return as_text(place, text, "application/rss+xml; charset=UTF-8", latest(chunk))


def _sitemap(place: Place, posts: Iterable[Post]) -> Resource:
    return as_text(
        place, render("sitemap.xml", place, posts=posts), "application/xml", latest(posts)
    )


def _sitemap_index(place: Place, paths: tuple[str, ...]) -> Resource:
    modified = latest(place.publication.posts)
    text = render("sitemap_index.xml", place, sitemaps=[(path, modified) for path in paths])
    return as_text(place, text, "application/xml", modified)


def _robots(place: Place, rules: str, sitemap: str) -> Resource:
    return as_text(place, f"{rules}\nSitemap: {place.base_url}{sitemap}\n", "text/plain")
