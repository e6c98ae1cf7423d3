"""Title, authors, dates and the rest of what a page says of itself.

Every field is settled by an ordered list of candidates: structured data first, then meta elements,
then what a reader sees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin

from archive import urls
from crawler.dates import parse_date

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

ARTICLE = re.compile(r"article|posting|report|analysis|review", re.I)
ORGANISATIONS = frozenset({"organization", "newsmediaorganization", "corporation", "brand"})
# Between title and site name in <title>.
SEPARATOR = re.compile(r"\s+[|\-–—·•»«:]+\s+|\s*[|｜]\s*")
BY = re.compile(
    r"^(?:by|von|par|por|di|de|door|przez|written by|text(?: von)?|posted by|autor(?:in)?|author"
    r"|文|著者|作者|执笔|執筆)\s*[:：/／]?\s+|^(?:文\s*[:：/／]|(?:著者|作者|執筆)\s*[:：/／]?)\s*",
    re.I,
)
AND = re.compile(r"\s*(?:[,;/|、，]|\s(?:and|und|et|y|e|en|i|ve|och|og)\s|&)\s*")
NOT_A_NAME = re.compile(
    r"https?://|www\.|@|\d{3,}|^\W*$|\b(?:editor(?:s|ial)?|staff|redaktion|admin|team)\b", re.I
)
NAME_LINE = re.compile(r"^(?:[^\W\d_][\w'’.\-]*\s+){1,3}[^\W\d_][\w'’.\-]*$")
# What a person is called, at most.
NAME_WORDS = 5
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
    return Metadata(
        title=page.title(),
        title_variants=page.title_variants(),
        authors=page.authors(),
        published=published,
        published_text=published_text,
        modified=page.modified(),
        declared_language=page.declared_language(),
        description=page.meta("og:description", "description", "twitter:description"),
        image=page.image(),
        tags=page.tags(),
        site_name=page.site_name(),
        access=page.access(),
        declared_url=page.declared_url(),
        alternates=page.alternates(),
        types=page.types(),
        body=next((b for i in page.articles if isinstance(b := i.get("articleBody"), str)), None),
    )


class _Page:
    """The sources of metadata of one page, read once."""

    def __init__(self, tree: Any, url: str, blocks: Sequence[RawBlock], now: datetime) -> None:
        self._tree = tree
        self._url = url
        self._blocks = blocks
        self._now = now
        self._meta = _metas(tree)
        self._items = list(_json_ld(tree))
        self.articles = [i for i in self._items if any(ARTICLE.search(t) for t in _types(i))]

    def meta(self, *names: str) -> str | None:
        """The first of these meta elements that says something."""
        return next((v for name in names for v in self._meta.get(name, ()) if v), None)

    def title(self) -> str:
        """h1 where it agrees with a stated title; else the stated one, without the site's name."""
        heading, stated = self._heading(), self._stated_titles()
        for candidate in stated:
            if heading and _same(candidate, heading):
                return heading
        if heading and (not stated or any(heading.lower() in title.lower() for title in stated)):
            return heading
        return stated[0] if stated else heading or self._first_line()

    def title_variants(self) -> tuple[str, ...]:
        """All that the title is given as: what of it stands above the text is a repetition."""
        return tuple(
            dict.fromkeys(
                t for t in (self._heading(), *self._stated_titles(), self._raw_title()) if t
            )
        )

    def site_name(self) -> str | None:
        stated = self.meta("og:site_name", "application-name")
        if stated:
            return stated
        for item in self._items:
            publisher = item.get("publisher")
            if isinstance(publisher, dict) and isinstance(publisher.get("name"), str):
                return _plain(publisher["name"])
        return None

    def _stated_titles(self) -> list[str]:
        """Titles that the page's head gives, the best first, each without the site's name."""
        headlines = [h for item in self.articles if isinstance(h := item.get("headline"), str)]
        found = [self.meta("og:title"), *headlines, self.meta("twitter:title"), self._raw_title()]
        return [t for t in dict.fromkeys(self._without_site(_plain(t)) for t in found if t) if t]

    def _raw_title(self) -> str:
        element = self._tree.find(".//title")
        return _plain("".join(element.itertext())) if element is not None else ""

    def _without_site(self, title: str) -> str:
        """`Title | Site` → `Title`: the part that is the site's name, or is not in the heading."""
        parts = SEPARATOR.split(title)
        if len(parts) < 2:
            return title
        heading, site = self._heading(), (self.site_name() or "").lower()
        if heading and heading.lower() in title.lower():
            return heading
        first, last = parts[0].strip(), parts[-1].strip()
        host = urls.site(self._url).split(".")[0]
        for name, rest in ((last, title[: title.rfind(last)]), (first, title[len(first) :])):
            plain = re.sub(r"\W", "", name.lower())
            if plain and (name.lower() == site or plain in (host, re.sub(r"\W", "", site))):
                return rest.strip(" |-–—·•»«:｜")
        if re.search(r"[|｜•]", title[len(first) : -len(last)]) and len(last.split()) <= 4:
            return title[: title.rfind(last)].strip(" |-–—·•»«:｜")
        if not site and len(last) < len(first) and len(last.split()) <= 4:
            return title[: title.rfind(last)].strip(" |-–—·•»«:｜")
        return title

    def _heading(self) -> str:
        """The first h1 with words in it that is not the site's name."""
        site = (self.meta("og:site_name") or "").lower()
        for block in self._blocks:
            if block.level == 1 and not block.hidden and block.text.lower() != site:
                return block.text
        return ""

    def _first_line(self) -> str:
        return next((b.text for b in self._blocks if b.kind == "heading"), "") or next(
            (b.text[:120] for b in self._blocks if not b.hidden), ""
        )

    def authors(self) -> tuple[str, ...]:
        """The people named as authors, in order; an organisation only where nobody else is."""
        people: list[str] = []
        groups: list[str] = []
        for item in self.articles or self._items[:0]:
            for name, is_group in _creators(item.get("author") or item.get("creator"), self._items):
                (groups if is_group else people).append(name)
        candidates: Iterable[Sequence[str]] = (
            people,
            [v for n in ("author", "article:author", "dc.creator", "parsely-author", "byl", "sailthru.author") for v in self._meta.get(n, ())],
            list(self._marked("author")),
            self._byline(),
            self._bio_line(),
            groups,
        )  # fmt: skip
        for names in candidates:
            if found := self._people(names):
                return found
        return tuple(dict.fromkeys(_plain(name) for name in groups if name.strip()))[:1]

    def _people(self, names: Iterable[str]) -> tuple[str, ...]:
        site = (self.site_name() or "").lower()
        found: dict[str, str] = {}
        for name in names:
            if "://" in name:
                continue
            for part in AND.split(BY.sub("", _plain(name))):
                person = re.sub(r"\s*\([^)]*\)|\s+[|–-]\s.*$", "", part).strip(" .,:")
                if person and person.lower() != site and _is_name(person):
                    found.setdefault(person.lower(), person)
        return tuple(found.values())

    def _marked(self, what: str) -> Iterator[str]:
        """Texts of elements that are marked as the author by microdata or rel."""
        paths = (
            f".//*[@itemprop='{what}']//*[@itemprop='name']",
            f".//*[@itemprop='{what}']",
            f".//a[@rel='{what}']",
        )
        for path in paths:
            found = [
                _plain(e.get("content") or "".join(e.itertext())) for e in self._tree.iterfind(path)
            ]
            if found := [f for f in found if f and len(f) < 60]:
                yield from found[:4]
                return

    def _byline(self) -> list[str]:
        """A visible line such as `By Ada Example`, above the text."""
        for block in self._blocks[: 4 * DATELINE_BLOCKS]:
            if len(block.text) <= 80 and BY.match(block.text) and not block.text.endswith("."):
                rest = BY.sub("", block.text)
                names = [
                    part for part in AND.split(rest) if NAME_LINE.match(part) or _is_cjk_name(part)
                ]
                if (names and rest[0].isupper()) or (names and _is_cjk_name(names[0])):
                    return names
        return []

    def _bio_line(self) -> list[str]:
        """A name by itself, and behind it a paragraph that begins with the first name."""
        for line, bio in zip(self._blocks, self._blocks[1:], strict=False):
            name = BY.sub("", line.text)
            if len(bio.text) < 40:
                continue
            if _is_cjk_name(name):
                if bio.text.startswith(re.sub(r"\s", "", name)[:2]):
                    return [name]
            elif (
                NAME_LINE.match(name)
                and len(name) < 50
                and _is_capitalised(name)
                and re.match(rf"{re.escape(name.split()[0])}\b", bio.text)
            ):
                return [name]
        return []

    def published(self) -> tuple[str | None, str | None]:
        """The date of publication, and the visible line that says it."""
        language = self.declared_language()
        stated = [
            *(str(item.get("datePublished") or item.get("dateCreated") or "") for item in self.articles),
            *(
                value
                for name in (
                    "article:published_time", "og:published_time", "datepublished", "date",
                    "dc.date", "dc.date.issued", "dcterms.created", "parsely-pub-date", "pubdate",
                    "sailthru.date", "publishdate", "cxenseparse:recs:publishtime", "publish_date",
                    "article.published", "last-modified",
                )
                for value in self._meta.get(name, ())
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
            *(str(item.get("dateModified") or "") for item in self.articles),
            *self._meta.get("article:modified_time", ()),
            *self._meta.get("og:updated_time", ()),
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
                for item in self.articles
                if isinstance(item.get("inLanguage"), str)
            ),
            self.meta("og:locale", "content-language", "language"),
        ]
        match = next(
            (m for s in stated if s and (m := re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", s.strip()))),
            None,
        )
        return match.group().lower() if match else None

    def image(self) -> str | None:
        found = self.meta("og:image", "twitter:image")
        return self._absolute(found) if found else None

    def tags(self) -> tuple[str, ...]:
        found = list(self._meta.get("article:tag", ()))
        for item in self.articles:
            words = item.get("keywords")
            found += (
                words.split(",")
                if isinstance(words, str)
                else words
                if isinstance(words, list)
                else []
            )
        if not found:
            found = [part for value in self._meta.get("keywords", ()) for part in value.split(",")]
        plain = (_plain(str(tag)) for tag in found)
        return tuple(dict.fromkeys(tag for tag in plain if 0 < len(tag) <= 60))[:30]

    def access(self) -> Literal["free", "paywalled"] | None:
        for item in self.articles:
            said = str(item.get("isAccessibleForFree", "")).lower()
            if said in ("true", "false"):
                return "free" if said == "true" else "paywalled"
        return "paywalled" if self.meta("article:content_tier") in ("locked", "metered") else None

    def declared_url(self) -> str | None:
        """The canonical address, where it can be followed (see the design's rule)."""
        links = [e.get("href") for e in self._tree.iterfind(".//link[@rel='canonical'][@href]")]
        for raw in (*links[:1], self.meta("og:url")):
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
        kinds = {t.lower() for item in self._items for t in _types(item)}
        return frozenset(kinds | {v.lower() for v in self._meta.get("og:type", ())})

    def _absolute(self, href: str) -> str | None:
        try:
            target = urljoin(self._url, href.strip())
        except ValueError:
            return None
        return target if target.startswith(("http://", "https://")) else None


def _metas(tree: Any) -> dict[str, list[str]]:
    """The values of meta elements by name or property, lower case."""
    found: dict[str, list[str]] = {}
    for element in tree.iterfind(".//meta[@content]"):
        name = element.get("property") or element.get("name") or element.get("http-equiv")
        if name and (value := _plain(element.get("content"))):
            found.setdefault(name.strip().lower(), []).append(value)
    return found


def _json_ld(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of the page's JSON-LD, graphs and lists opened; what is broken is left out."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        text = re.sub(r"^\s*(?:<!--|//<!\[CDATA\[)|(?:-->|//\]\]>)\s*$", "", script.text or "")
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        waiting = [data]
        while waiting:
            value = waiting.pop(0)
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, dict):
                yield value
                for name in ("@graph", "mainEntity", "mainEntityOfPage"):
                    if isinstance(value.get(name), list | dict):
                        waiting.append(value[name])


def _types(item: dict[str, Any]) -> list[str]:
    kinds = item.get("@type")
    return [str(k) for k in (kinds if isinstance(kinds, list) else [kinds]) if k]


def _creators(value: Any, items: Sequence[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Names, and whether each is an organisation."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry, False
        elif isinstance(entry, dict):
            if "name" not in entry and "@id" in entry:
                entry = next(
                    (i for i in items if i.get("@id") == entry["@id"] and "name" in i), entry
                )
            names = entry.get("name")
            is_group = any(t.lower() in ORGANISATIONS for t in _types(entry))
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str):
                    yield name, is_group


def _is_name(text: str) -> bool:
    if NOT_A_NAME.search(text) or len(text) > 60:
        return False
    return len(text.split()) <= NAME_WORDS and any(c.isalpha() for c in text)


def _is_capitalised(name: str) -> bool:
    return all(word[0].isupper() for word in name.split() if len(word) > 3)


def _is_cjk_name(text: str) -> bool:
    return bool(re.fullmatch(r"[\u3040-\u30ff\u3400-\u9fff々\s・]{2,10}", text))


def _same(one: str, other: str) -> bool:
    return re.sub(r"\W", "", one).lower() == re.sub(r"\W", "", other).lower()


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())
