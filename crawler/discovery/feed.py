"""Feeds: RSS and Atom by feedparser, JSON Feed (jsonfeed.org, version 1.1)."""

from __future__ import annotations

import calendar
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from xml.sax import SAXException

import feedparser

from archive.model import Fault, Found, Link
from crawler.discovery.page import Page, absolute, change_time, distinct, is_own
from crawler.sources import Source

# Entity definitions have no place in a feed; with them a few bytes unfold into gigabytes.
_ENTITY = re.compile(rb"<!ENTITY", re.I)
MAX_BYTES = 20_000_000


def is_feed(body: bytes) -> bool:
    """Whether a body is a feed, going by its first bytes."""
    head = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"{"):
        return b"jsonfeed.org/version" in head
    return bool(
        re.match(rb"(?:<\?xml.*?\?>|<!--.*?-->|<\?[^>]*\?>|\s)*<(?:rss|feed|rdf:rdf)\b", head, re.S)
    )


def find(page: Page, source: Source) -> Found | Fault:
    """The entries of a feed, and the pages before it (RFC 5005, WordPress's `paged`)."""
    if page.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json_feed(page, source)
    if len(page.body) > MAX_BYTES or _ENTITY.search(page.body[:100_000]):
        return Fault("malformed-feed", "the feed is too large or defines entities")
    parsed = feedparser.parse(page.body, response_headers={"content-location": page.url})
    entries = parsed.get("entries", [])
    is_broken = isinstance(parsed.get("bozo_exception"), SAXException)
    if not parsed.get("version") or (not entries and is_broken):
        return Fault("malformed-feed", f"no feed: {_problem(page, parsed)}")
    links: dict[str, Link] = {}
    foreign = 0
    for entry in entries:
        url = absolute(page.url, entry.get("link"))
        if not url:
            continue
        if is_own(url, source.url, page.url):
            links.setdefault(url, Link(url, "article", "feed", _changed(entry)))
        else:
            foreign += 1
    if not links and entries:
        why = (
            f"its {foreign} entries lead to other sites" if foreign else "its entries have no links"
        )
        return Fault("malformed-feed", f"nothing to crawl in the feed: {why}")
    feed = parsed.get("feed", {})
    return Found(
        articles=tuple(links[url] for url in distinct(links)),
        following=tuple(
            Link(url, "feed", "feed", optional=True) for url in _older(page, feed, bool(links))
        ),
        platform="wordpress" if "wordpress" in str(feed.get("generator", "")).lower() else None,
        language=str(feed.get("language", ""))[:2].lower() or None,
        name=str(feed.get("title", "")) or None,
    )


def _json_feed(page: Page, source: Source) -> Found | Fault:
    try:
        data = json.loads(page.body)
        items = data["items"]
        entries = [(absolute(page.url, item.get("url")), item) for item in items]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Fault("malformed-feed", "no feed: JSON without a list of items")
    return Found(
        articles=tuple(
            Link(
                url,
                "article",
                "feed",
                change_time(item.get("date_modified") or item.get("date_published")),
            )
            for url, item in entries
            if url and is_own(url, source.url, page.url)
        ),
        following=tuple(
            Link(url, "feed", "feed", optional=True)
            for url in [absolute(page.url, data.get("next_url"))]
            if data.get("next_url") and url
        ),
        language=str(data.get("language") or "")[:2] or None,
        name=str(data.get("title") or "") or None,
    )


def _problem(page: Page, parsed: Any) -> str:
    if not page.body.strip():
        return "the answer is empty"
    if b"<html" in page.body[:2000].lower():
        return "the answer is an HTML page"
    error = parsed.get("bozo_exception")
    return (
        f"{type(error).__name__}: {error}".splitlines()[0][:150]
        if error
        else "neither RSS nor Atom"
    )


def _changed(entry: Any) -> str | None:
    # dict.get: feedparser's own answers "updated" with "published", and warns that it will stop to
    moment = dict.get(entry, "updated_parsed") or dict.get(entry, "published_parsed")
    if moment is None:
        return None
    try:
        seconds = calendar.timegm(moment)
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _older(page: Page, feed: Any, has_entries: bool) -> list[str]:
    stated = [
        absolute(page.url, link.get("href"))
        for link in feed.get("links", [])
        if link.get("rel") in ("next", "prev-archive")
    ]
    if not any(stated) and has_entries and "wordpress" in str(feed.get("generator", "")).lower():
        stated = [_next_paged(page.url)]
    return [url for url in stated if url and url != page.url]


def _next_paged(url: str) -> str:
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    number = query.get("paged", "1")
    query["paged"] = str(int(number) + 1 if number.isdigit() else 2)
    return urlunsplit(parts._replace(query=urlencode(query)))
