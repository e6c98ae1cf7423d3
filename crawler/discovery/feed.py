"""Feeds: RSS and Atom by feedparser, JSON Feed (jsonfeed.org, version 1.1)."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax import SAXException

import feedparser

from archive.model import Fault, Found, Link
from crawler.discovery import platform
from crawler.discovery.page import (
    Page,
    absolute,
    change_time,
    distinct,
    is_own,
    language_code,
    number,
    parameter,
    utc,
    with_query,
)
from crawler.sources import Source

MAX_BYTES = 20_000_000  # a full-text feed of a thousand long articles is smaller
# Entities made of entities: a few bytes unfold into gigabytes. Flat ones are harmless: expat bounds
# what they grow to (100 times the input from 8 MB on, libexpat 2.4).
_NESTED_ENTITY = re.compile(rb"<!ENTITY\s[^>\"']*[\"'][^\"'>]*&(?!#)", re.I)
# What may stand before the root element. Atomic: no second way to read the same bytes.
_PROLOGUE = rb"(?:(?><\?.*?\?>)|(?><!--.*?-->)|(?><!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)|\s)*+"
_ROOT = re.compile(_PROLOGUE + rb"<(?:\w+:)?(?:rss|feed|RDF)\b", re.S | re.I)
_BLANK = b"\xef\xbb\xbf \t\r\n"


def is_feed(body: bytes) -> bool:
    """Whether a body is a feed, going by its first bytes."""
    head = body[:4000].lstrip(_BLANK)
    if head.startswith(b"{"):
        return b"jsonfeed.org/version" in head
    return bool(_ROOT.match(head))


def find(page: Page, source: Source) -> Found | Fault:
    """The entries of a feed, and the pages before it (RFC 5005, WordPress's `paged`)."""
    if len(page.body) > MAX_BYTES:
        return Fault("malformed-feed", f"the feed is larger than {MAX_BYTES // 1_000_000} MB")
    if page.body.lstrip(_BLANK).startswith(b"{"):
        return _json_feed(page, source)
    if _NESTED_ENTITY.search(page.body[:100_000]):
        return Fault("malformed-feed", "the feed defines entities made of entities")
    parsed = feedparser.parse(page.body, response_headers={"content-location": page.url})
    entries = parsed.get("entries", [])
    is_broken = isinstance(parsed.get("bozo_exception"), SAXException)
    if not parsed.get("version") or (is_broken and not any(e.get("link") for e in entries)):
        return Fault("malformed-feed", f"no feed: {_problem(page, parsed)}")
    feed = parsed.get("feed", {})
    links = _own(
        # FeedBurner's addresses count clicks, and lead to this one.
        ((e.get("feedburner_origlink") or e.get("link"), _changed(e)) for e in entries),
        page, source, feed.get("link"),
    )  # fmt: skip
    if isinstance(links, Fault):
        return links
    made_by = platform.of_generator(str(feed.get("generator", ""))) or source.platform
    older = _stated_older(page, feed) or ([_paged(page.url)] if made_by == "wordpress" else [])
    return Found(
        articles=links,
        following=tuple(Link(url, "feed", "feed", optional=True) for url in older),
        platform=made_by,
        language=language_code(feed.get("language")),
        name=_line(feed.get("title")),
    )


def _json_feed(page: Page, source: Source) -> Found | Fault:
    try:
        data = json.loads(page.body)
    except (ValueError, RecursionError):
        data = None
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(items, list):
        return Fault("malformed-feed", "no feed: JSON without a list of items")
    links = _own(
        (
            (i.get("url"), change_time(i.get("date_modified") or i.get("date_published")))
            for i in items
            if isinstance(i, dict)
        ),
        page, source, data.get("home_page_url"),
    )  # fmt: skip
    if isinstance(links, Fault):
        return links
    older = absolute(page.url, data.get("next_url"))
    return Found(
        articles=links,
        following=(Link(older, "feed", "feed", optional=True),) if older else (),
        language=language_code(data.get("language")),
        name=_line(data.get("title")),
    )


def _own(
    entries: Iterable[tuple[object, str | None]], page: Page, source: Source, home: object
) -> tuple[Link, ...] | Fault:
    """The entries that lead to the source's own site, the feed's, or the one the feed is of."""
    places = (source.url, page.url, absolute(page.url, home))
    links: dict[str, Link] = {}
    unlinked = foreign = 0
    for href, changed in entries:
        url = absolute(page.url, href)
        if not url:
            unlinked += 1
        elif is_own(url, *places):
            links.setdefault(url, Link(url, "article", "feed", changed))
        else:
            foreign += 1
    if not links and foreign:
        return Fault("malformed-feed", f"nothing to crawl: its {foreign} entries lead elsewhere")
    if not links and unlinked:
        return Fault("malformed-feed", f"nothing to crawl: its {unlinked} entries have no links")
    return tuple(links[url] for url in distinct(links))


def _problem(page: Page, parsed: Mapping[str, Any]) -> str:
    if not page.body.strip():
        return "the answer is empty"
    if b"<html" in page.body[:2000].lower():
        return "the answer is an HTML page"
    error = parsed.get("bozo_exception")
    if not isinstance(error, SAXException):
        return "neither RSS nor Atom"
    return (_line(f"{type(error).__name__}: {error}") or "")[:150]


def _changed(entry: Any) -> str | None:
    # dict.get: feedparser's own answers "updated" with "published", and warns that it will stop to
    for name in ("updated", "published"):
        if changed := change_time(dict.get(entry, name)):
            return changed
        if (moment := dict.get(entry, f"{name}_parsed")) is not None:
            try:
                return utc(datetime.fromtimestamp(calendar.timegm(moment), UTC))
            except (TypeError, ValueError, OverflowError, OSError):
                continue
    return None


def _stated_older(page: Page, feed: Any) -> list[str]:
    stated = [
        absolute(page.url, link.get("href"))
        for link in feed.get("links", [])
        if link.get("rel") in ("next", "prev-archive")
    ]
    return [url for url in stated if url and url != page.url]


def _paged(url: str) -> str:
    """The page behind this one of a WordPress feed."""
    return with_query(url, paged=number(parameter(url, "paged"), 1) + 1)


def _line(text: object) -> str | None:
    """The text as one line that can be stored; null where there is none."""
    line = " ".join(text.split()) if isinstance(text, str) else ""
    return line.encode("utf-8", "replace").decode() or None
