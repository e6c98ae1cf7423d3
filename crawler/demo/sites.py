"""The sample sites: serve them on loopback, and say what the archive must hold of each page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from archive.model import Reason
from crawler.demo.composition import compose
from crawler.demo.content import Post, load
from crawler.demo.platforms import not_found, routes
from crawler.demo.rendering import Place
from crawler.demo.server import Response, listen, respond

SITES = ("wordpress", "substack", "ghost", "static", "beehiiv", "magazine")

# How long after an article's last change a revision happens; any time is as good, as long as it is
# always the same.
_REVISION_DELAY = timedelta(days=1)


@dataclass(frozen=True)
class Expected:
    """What the archive must hold of an article.

    `text` is plain: paragraphs separated by one empty line; headings and list items are
    paragraphs. `headings` are its sub-headings; in half of the div soup they are no heading
    elements but paragraphs in strong emphasis. `removed` has the text of each block of boilerplate
    from top to bottom, with the reasons that are honest for it: a legal line inside a pop-up is
    both `legal` and `popup`. The reasons `repeated-on-site` and `outside-main-text` say how a block
    was found, not what it is, and stand nowhere here.
    """

    url: str
    title: str
    authors: tuple[str, ...]
    published: str  # the day: ISO 8601, in the time zone of the site
    language: str
    text: str
    headings: tuple[str, ...]
    removed: tuple[tuple[str, frozenset[Reason]], ...]
    markup: Literal["semantic", "soup"]
    paywalled: bool


class SampleSite:
    """One site: its content, the log of requests, and ways to change it under a crawler's feet."""

    def __init__(self, name: str, base_url: str = "") -> None:
        """Raises ContentError where the content of the site is missing or wrong."""
        self.name = name
        self.requests: list[tuple[str, str, int]] = []  # (method, path with query, status)
        self._content = load(name)
        self._replaced: dict[str, Response] = {}
        self._move(Place(self._content, base_url))

    @property
    def base_url(self) -> str:
        return self._place.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._move(replace(self._place, base_url=url))

    @property
    def language(self) -> str:
        return self._content.language

    @property
    def platform(self) -> str:
        return self._content.platform

    @property
    def slugs(self) -> tuple[str, ...]:
        """The articles' slugs, newest first."""
        return tuple(post.slug for post in self._content.posts)

    def url(self, slug: str) -> str:
        """The address of an article. Raises KeyError where there is none of this slug."""
        return self._place.url(self._post(slug))

    def expected(self) -> list[Expected]:
        """What the archive must hold of each article as it stands now, newest first."""
        return [_expect(self._place, post) for post in self._place.publication.posts]

    def revise(self, slug: str, change: Callable[[str], str]) -> None:
        """Change the text (Markdown) of an article, and with it its time of modification.

        Raises KeyError where there is no such article, ValueError where the text stays the same.
        """
        post = self._post(slug)
        body = change(post.body)
        if body == post.body:
            raise ValueError(f"{self.name}: the text of {slug} is unchanged")
        revised = replace(post, body=body, modified=post.modified + _REVISION_DELAY)
        own = self._place.publication
        posts = tuple(revised if other is post else other for other in own.posts)
        self._move(replace(self._place, publication=replace(own, posts=posts)))

    def replace(
        self,
        path: str,
        body: str | bytes = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer a path (with its query, if it has one) with exactly this, until `reset`."""
        content = body.encode() if isinstance(body, str) else body
        given = {"Content-Type": "text/html; charset=utf-8"} | dict(headers or {})
        self._replaced[path] = Response(status, given, content)

    def reset(self) -> None:
        """Undo all revisions and replacements, and empty the log."""
        self._replaced.clear()
        self.requests.clear()
        self._move(replace(self._place, publication=self._content))

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        """The response to a request; it is logged."""
        response = self._replaced.get(target) or self._answer(target, headers)
        self.requests.append((method, target, response.status))
        return response

    def _answer(self, target: str, headers: Mapping[str, str]) -> Response:
        parts = urlsplit(target)
        handler = self._routes.get(parts.path)
        resource = handler(dict(parse_qsl(parts.query))) if handler else None
        response = respond(resource or not_found(self._place), headers)
        if self.platform == "substack":
            return replace(response, headers={**response.headers, "X-Served-By": "Substack"})
        return response

    def _post(self, slug: str) -> Post:
        for post in self._place.publication.posts:
            if post.slug == slug:
                return post
        raise KeyError(slug)

    def _move(self, place: Place) -> None:
        self._place = place
        self._routes = routes(place)


@contextmanager
def serve(
    names: Sequence[str] = SITES, ports: Sequence[int] | None = None
) -> Iterator[list[SampleSite]]:
    """The named sites, each listening on 127.0.0.1 on its port (default: any that is free).

    Raises ContentError where the content of one is missing, OSError where a port is taken.
    """
    sites = [SampleSite(name) for name in names]
    with ExitStack() as stack:
        for site, port in zip(sites, ports or [0] * len(sites), strict=True):
            site.base_url = stack.enter_context(listen(port, site.answer))
        yield sites


def sources_toml(sites: Sequence[SampleSite]) -> str:
    """A `sources.toml` with the sites as its sources, to be crawled without delay."""
    return "\n".join(_source(site) for site in sites)


def _source(site: SampleSite) -> str:
    lines = [
        "[[source]]",
        f"name = {json.dumps(site.name)}",
        f"url = {json.dumps(site.base_url + '/')}",
        "allow_private = true",
        "delay = 0",
    ]
    if site.platform == "substack":
        lines.append("accept_terms = true")
    return "\n".join(lines) + "\n"


def _expect(place: Place, post: Post) -> Expected:
    page = compose(place.publication, post)
    return Expected(
        url=place.url(post),
        title=post.title,
        authors=post.authors,
        published=post.published.date().isoformat(),
        language=post.language,
        text=page.text,
        headings=page.headings,
        removed=page.removed,
        markup=page.style,
        paywalled=post.paywalled,
    )
