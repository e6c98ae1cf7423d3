"""HTML, feeds and sitemaps of a sample site, from templates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from archive.model import Reason
from crawler.demo.composition import Page, compose, format_date
from crawler.demo.content import Post, Publication, to_html

GHOST_KEY = (
    "3f6a9c2e8b1d4f7a0c5e9b3d6a"  # as a Ghost site's pages carry it; it opens what is public
)

_PATHS = {
    "wordpress": "/{edition}{slug}/",
    "substack": "/p/{slug}",
    "ghost": "/{slug}/",
    "static": "/kiji/{number:03d}.html",
    "beehiiv": "/p/{slug}",
    "magazine": "/{date:%Y/%m}/{edition}{slug}/",
}
_PAGE_PATHS = {"static": "/{slug}.html"}
_FEEDS = {
    "wordpress": "/feed/",
    "substack": "/feed",
    "ghost": "/rss/",
    "magazine": "/atom.xml",
}
_CHARSETS = {"static": "shift_jis"}
_ARTICLE_CLASSES = {
    "wordpress": "post type-post",
    "substack": "newsletter-post",
    "ghost": "gh-article",
    "beehiiv": "rendered-post",
    "magazine": "hentry",
}
_TEXT_CLASSES = {"wordpress": "entry-content", "substack": "body markup", "ghost": "gh-content",
    "beehiiv": "content-blocks", "magazine": "entry-content",
}  # fmt: skip
# What stands within the article element; the rest follows it.
_INNER = {Reason.PAYWALL, Reason.SUBSCRIBE, Reason.PROMOTION, Reason.AUTHOR_BIO, Reason.SHARE}


@dataclass(frozen=True)
class Place:
    """A publication at an address: where its pages are and how their markup names things."""

    publication: Publication
    base_url: str

    @property
    def charset(self) -> str:
        return _CHARSETS.get(self.publication.platform, "utf-8")

    @property
    def feed(self) -> str:
        """The path of its feed; empty where it has none."""
        return _FEEDS.get(self.publication.platform, "")

    @property
    def separator(self) -> str:
        return "|" if self.publication.platform in ("substack", "static") else "–"

    @property
    def article_class(self) -> str:
        return _ARTICLE_CLASSES.get(self.publication.platform, "honbun-waku")

    @property
    def text_class(self) -> str:
        return _TEXT_CLASSES.get(self.publication.platform, "honbun")

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {post.slug: n for n, post in enumerate(reversed(self.publication.posts), 1)}

    def path(self, post: Post) -> str:
        """The path of an article or page."""
        own = self.publication
        pattern = _PATHS[own.platform]
        if post.slug not in self._numbers:
            pattern = _PAGE_PATHS.get(own.platform, "/{slug}/")
        return pattern.format(
            edition="" if post.language == own.language else f"{post.language}/",
            slug=post.slug,
            number=self._numbers.get(post.slug, 0),
            date=post.published,
        )

    def url(self, post: Post) -> str:
        """The address of an article or page."""
        return self.base_url + self.path(post)

    def link(self, slug: str) -> str:
        """The path of the article with this slug."""
        return self.path(next(post for post in self.publication.posts if post.slug == slug))

    def class_name(self, kind: str) -> str:
        """A class name without meaning, the same on every page of the site."""
        digest = hashlib.sha1(f"{self.publication.name} {kind}".encode()).hexdigest()
        return "x" + digest[:3]


def render(template: str, place: Place, **values: Any) -> str:
    """A page, feed or sitemap of the place."""
    text = _ENVIRONMENT.get_template(template).render(place=place, **values)
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


def render_article(place: Place, post: Post) -> str:
    """The page of an article. Two thirds of the articles say what they are in JSON-LD, too."""
    page = compose(place.publication, post)
    number = place.publication.posts.index(post)
    json_ld = _json_ld(place, page) if number % 3 != 2 or post.paywalled else None
    return render("article.html", place, page=page, json_ld=json_ld, inner=_INNER)


def render_content(post: Post) -> str:
    """The HTML of an article's text alone, as feeds and APIs carry it."""
    return str(_ENVIRONMENT.get_template("content.html").render(post=post)).strip()


def _json_ld(place: Place, page: Page) -> dict[str, Any]:
    """Schema.org's NewsArticle; `isAccessibleForFree` as on paywalled content."""
    post = page.post
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": post.title,
        "datePublished": post.published.isoformat(),
        "dateModified": post.modified.isoformat(),
        "inLanguage": post.language,
        "isAccessibleForFree": not post.paywalled,
        "author": [{"@type": "Person", "name": author} for author in post.authors],
        "publisher": {"@type": "Organization", "name": place.publication.name},
        "mainEntityOfPage": place.url(post),
    }


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals["ghost_key"] = GHOST_KEY
_ENVIRONMENT.filters["inline"] = to_html
_ENVIRONMENT.filters["content"] = render_content
_ENVIRONMENT.filters["rfc822"] = format_datetime
_ENVIRONMENT.filters["date"] = format_date
