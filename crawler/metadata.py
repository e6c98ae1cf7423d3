"""Title, authors, dates and the rest of what a page says of itself.

Every field is settled by an ordered list of candidates: structured data first, then meta elements,
then what a reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin

from archive import urls
from crawler.authors import read_authors
from crawler.published import read_dates
from crawler.structured import plain, read_head, types
from crawler.titles import read_titles

if TYPE_CHECKING:
    from crawler.extraction import RawBlock


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of itself; null or empty where it says nothing."""

    title: str = ""
    title_variants: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: str | None = None
    published_text: str | None = None  # the visible line it came from
    modified: str | None = None
    declared_language: str | None = None
    description: str | None = None
    image: str | None = None
    tags: tuple[str, ...] = ()
    site_name: str | None = None
    access: Literal["free", "paywalled"] | None = None
    declared_url: str | None = None
    alternates: tuple[tuple[str, str], ...] = ()
    types: frozenset[str] = frozenset()  # og:type and JSON-LD @type, lower case
    body: str | None = None  # JSON-LD articleBody


def read_metadata(
    tree: Any, url: str, raw_blocks: Sequence[RawBlock], *, now: datetime | None = None
) -> Metadata:
    """The metadata of a page; `raw_blocks` are its visible texts, in order, `now` when it was captured."""
    page = _Page(tree, url)
    titles = read_titles(page.head, tree, url, raw_blocks, page.site_name())
    said = (titles.title, *titles.variants)
    dates = read_dates(
        page.head, tree, raw_blocks, url, said, page.locale(), now or datetime.now(UTC)
    )
    return Metadata(
        title=titles.title,
        title_variants=titles.variants,
        authors=read_authors(page.head, tree, raw_blocks, url, page.site_name(), said),
        published=dates.published,
        published_text=dates.line,
        modified=dates.modified,
        declared_language=page.declared_language(),
        description=page.head.meta("og:description", "description", "twitter:description"),
        image=page.image(),
        tags=page.tags(),
        site_name=page.site_name(),
        access=page.access(),
        declared_url=page.declared_url(),
        alternates=page.alternates(),
        types=page.types(),
        body=next(
            (b for i in page.head.articles if isinstance(b := i.get("articleBody"), str)), None
        ),
    )


class _Page:
    """The sources of metadata of one page, read once."""

    def __init__(self, tree: Any, url: str) -> None:
        self._tree = tree
        self._url = url
        self.head = read_head(tree)

    def site_name(self) -> str | None:
        stated = self.head.meta("og:site_name", "application-name")
        if stated:
            return stated
        for item in self.head.items:
            publisher = item.get("publisher")
            if isinstance(publisher, dict) and isinstance(publisher.get("name"), str):
                return plain(publisher["name"])
        return None

    def locale(self) -> str | None:
        """The language that the page declares, with its region where given: BCP 47."""
        stated = [
            self._tree.get("lang") or self._tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
            *(
                item["inLanguage"]
                for item in self.head.articles
                if isinstance(item.get("inLanguage"), str)
            ),
            self.head.meta("og:locale", "content-language", "language"),
        ]
        tags = (s.strip() for s in stated if s)
        return next((tag for tag in tags if re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", tag)), None)

    def declared_language(self) -> str | None:
        locale = self.locale()
        return re.split(r"[^A-Za-z]", locale)[0].lower() if locale else None

    def image(self) -> str | None:
        found = self.head.meta("og:image", "twitter:image")
        return self._absolute(found) if found else None

    def tags(self) -> tuple[str, ...]:
        found = list(self.head.metas.get("article:tag", ()))
        for item in self.head.articles:
            words = item.get("keywords")
            found += (
                words.split(",")
                if isinstance(words, str)
                else words
                if isinstance(words, list)
                else []
            )
        if not found:
            found = [
                part for value in self.head.metas.get("keywords", ()) for part in value.split(",")
            ]
        texts = (plain(str(tag)) for tag in found)
        return tuple(dict.fromkeys(tag for tag in texts if 0 < len(tag) <= 60))[:30]

    def access(self) -> Literal["free", "paywalled"] | None:
        for item in self.head.articles:
            said = str(item.get("isAccessibleForFree", "")).lower()
            if said in ("true", "false"):
                return "free" if said == "true" else "paywalled"
        return (
            "paywalled" if self.head.meta("article:content_tier") in ("locked", "metered") else None
        )

    def declared_url(self) -> str | None:
        """The canonical address, where it can be followed (see the design's rule)."""
        canonical = (e for e in self._tree.iter("link") if e.get("rel") == "canonical")
        links = [href for element in canonical if (href := element.get("href")) is not None]
        for raw in (*links[:1], self.head.meta("og:url")):
            href = (raw or "").strip()
            if not href.startswith(("http://", "https://")):
                continue
            if urls.same_domain(href, self._url) and not urls.is_home(href):
                return urls.canonical(href)
        return None

    def alternates(self) -> tuple[tuple[str, str], ...]:
        found = []
        for element in self._tree.iter("link"):
            language, href = element.get("hreflang"), element.get("href")
            if language is None or href is None:
                continue
            language, target = language.strip().lower(), self._absolute(href)
            if language != "x-default" and target:
                found.append((language.partition("-")[0], target))
        return tuple(dict.fromkeys(found))

    def types(self) -> frozenset[str]:
        kinds = {t.lower() for item in self.head.items for t in types(item)}
        return frozenset(kinds | {v.lower() for v in self.head.metas.get("og:type", ())})

    def _absolute(self, href: str) -> str | None:
        try:
            target = urljoin(self._url, href.strip())
        except ValueError:
            return None
        return target if target.startswith(("http://", "https://")) else None
