"""Title, authors, dates and the rest of what a page says of itself.

Every field is settled by an ordered list of candidates: structured data first, then meta elements,
then what a reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin

from archive import urls
from crawler.authors import read_authors
from crawler.dates import parse_date
from crawler.structured import plain, read_head, types
from crawler.titles import read_titles

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

# How far from the title a dateline stands, in blocks.
DATELINE_BLOCKS = 12


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
    """The metadata of a page; `raw_blocks` are its visible texts, in order."""
    page = _Page(tree, url, raw_blocks, now or datetime.now(UTC))
    published, published_text = page.published()
    titles = read_titles(page.head, tree, url, raw_blocks, page.site_name())
    return Metadata(
        title=titles.title,
        title_variants=titles.variants,
        authors=read_authors(
            page.head, tree, raw_blocks, url, page.site_name(), (titles.title, *titles.variants)
        ),
        published=published,
        published_text=published_text,
        modified=page.modified(),
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

    def __init__(self, tree: Any, url: str, blocks: Sequence[RawBlock], now: datetime) -> None:
        self._tree = tree
        self._url = url
        self._blocks = blocks
        self._now = now
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

    def published(self) -> tuple[str | None, str | None]:
        """The date of publication, and the visible line that says it."""
        language = self.declared_language()
        stated = [
            *(str(item.get("datePublished") or item.get("dateCreated") or "") for item in self.head.articles),
            *(
                value
                for name in (
                    "article:published_time", "og:published_time", "datepublished", "date",
                    "dc.date", "dc.date.issued", "dcterms.created", "parsely-pub-date", "pubdate",
                    "sailthru.date", "publishdate", "cxenseparse:recs:publishtime", "publish_date",
                    "article.published", "last-modified",
                )
                for value in self.head.metas.get(name, ())
            ),
            *self._marked_dates(),
        ]  # fmt: skip
        iso = next((d for raw in stated if (d := self._date(raw, language))), None)
        line = self._dateline(language, iso)
        if iso:
            return iso, line[1] if line else None
        if line:
            return line
        return self._last_resort(), None

    def modified(self) -> str | None:
        stated = [
            *(str(item.get("dateModified") or "") for item in self.head.articles),
            *self.head.metas.get("article:modified_time", ()),
            *self.head.metas.get("og:updated_time", ()),
        ]
        return next((d for raw in stated if (d := self._date(raw, None))), None)

    def _date(self, raw: str, language: str | None) -> str | None:
        return parse_date(raw, language, now=self._now) if raw else None

    def _marked_dates(self) -> Iterator[str]:
        for element in self._tree.iterfind(".//*[@itemprop='datePublished']"):
            yield element.get("content") or element.get("datetime") or "".join(element.itertext())
        for element in self._tree.iterfind(".//time[@pubdate]"):
            yield element.get("datetime") or "".join(element.itertext())
        times = list(self._tree.iterfind(".//time[@datetime]"))
        inside = [t for t in times if any(a.tag == "article" for a in t.iterancestors())]
        for element in (inside or times)[:1]:
            yield element.get("datetime")

    def _dateline(self, language: str | None, iso: str | None) -> tuple[str, str] | None:
        """The first short line near the title that is wholly a date; that of `iso` if given."""
        start = next((i for i, b in enumerate(self._blocks) if b.level == 1), 0)
        near = list(self._blocks[start : start + 2 * DATELINE_BLOCKS])
        for block in near or list(self._blocks[:DATELINE_BLOCKS]):
            found = self._date(block.text, language) if len(block.text) <= 40 else None
            if found and (iso is None or found[:10] == iso[:10]):
                return found, block.text
        return None

    def _last_resort(self) -> str | None:
        """htmldate's search of the markup; never the day of the crawl."""
        from htmldate import find_date

        try:
            found = find_date(
                self._tree, original_date=True, extensive_search=False, outputformat="%Y-%m-%d",
                max_date=self._now.strftime("%Y-%m-%d"),
            )  # fmt: skip
        except (ValueError, TypeError, AttributeError, OverflowError):
            return None
        return found if found != self._now.strftime("%Y-%m-%d") else None

    def declared_language(self) -> str | None:
        stated = [
            self._tree.get("lang") or self._tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
            *(
                item["inLanguage"]
                for item in self.head.articles
                if isinstance(item.get("inLanguage"), str)
            ),
            self.head.meta("og:locale", "content-language", "language"),
        ]
        match = next(
            (m for s in stated if s and (m := re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", s.strip()))),
            None,
        )
        return match.group().lower() if match else None

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
        links = [e.get("href") for e in self._tree.iterfind(".//link[@rel='canonical'][@href]")]
        for raw in (*links[:1], self.head.meta("og:url")):
            href = (raw or "").strip()
            if not href.startswith(("http://", "https://")):
                continue
            if urls.same_domain(href, self._url) and not urls.is_home(href):
                return urls.canonical(href)
        return None

    def alternates(self) -> tuple[tuple[str, str], ...]:
        found = []
        for element in self._tree.iterfind(".//link[@hreflang][@href]"):
            language = element.get("hreflang").strip().lower()
            target = self._absolute(element.get("href"))
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
