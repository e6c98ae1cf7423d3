"""Capture → what follows from it. Pure but for reading the WARC record; runs in worker processes.

One path for a live crawl, for what a killed crawl left, for import and for re-extraction. What reads
articles is imported when there is one to read: a crawl that finds nothing new is over before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archive import given, urls, warc
from archive.model import Capture, Fault, Found, Outcome, Reading, Role
from archive.readings import EXTRACTOR
from crawler import discovery, rights
from crawler.discovery import sitemap
from crawler.encoding import decode
from crawler.sources import Source
from crawler.walls import WALLS

if TYPE_CHECKING:
    from crawler.cleaning import SiteRules

SITEMAPS = "sitemap-1"  # raised whenever a sitemap may give other translations
# Statuses after which the same request gives the same answer for a long time (RFC 9110).
PERMANENT = frozenset({400, 404, 405, 406, 410, 414, 451, 501})
CUT_SHORT = "the answer was cut short"
# Bytes of a body once it is unpacked. Ten times the largest page of the bench; a feed or sitemap
# may be as large as sitemaps.org allows, a mail carries its attachments.
PAGE_BYTES = 10 * 1024**2
LIST_BYTES = 50 * 1024**2
MAIL_BYTES = warc.BODY_LIMIT
# How files begin that are no HTML whatever their Content-Type says (WHATWG MIME Sniffing, 6 and 7).
HTML = re.compile(rb"<(?:!doctype\s+)?html", re.I)
BINARY = (
    b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"%PDF-", b"PK\x03\x04", b"\x1f\x8b\x08",
    b"OggS", b"ID3", b"\x1aE\xdf\xa3", b"wOF2", b"Rar!",
)  # fmt: skip


def read_by(capture: Capture, source: Source, own_phrases: str = "") -> str:
    """What reads the capture: the version of the extractor, and "+" with a digest of what it is told.

    That is what may change between two readings of the same bytes: `keep`, `drop` and `language` of
    the source, and the digest of the user's own phrases.
    """
    if capture.role == "sitemap":
        return SITEMAPS
    if capture.role != "article":
        return EXTRACTOR
    told = [*_told(source, capture), source.language or "", own_phrases]
    if not any(told):
        return EXTRACTOR
    return f"{EXTRACTOR}+{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]}"


def derive(folder: Path, capture: Capture, source: Source) -> Outcome:
    """What the capture gives: a reading, links, or the fault that stands in the way."""
    read = partial(warc.read, folder, capture.file, capture.offset, MAIL_BYTES)
    return _derive(capture, source, read)


def derive_exchange(exchange: warc.Exchange, source: Source) -> Outcome:
    """The same of a response that is in no archive, its body still encoded as it came."""
    capture = Capture(
        url=exchange.url,
        final_url=exchange.url,
        source=source.name,
        role=role(exchange.url),
        fetched=exchange.fetched,
        status=exchange.status,
        digest="",
        file="",
        offset=0,
        length=0,
    )
    return _derive(capture, source, partial(warc.decoded, exchange, MAIL_BYTES))


def role(url: str) -> Role:
    """What is looked for at an address of which nothing else is known."""
    return "robots" if url.endswith("/robots.txt") else "article"


def _derive(capture: Capture, source: Source, read: Callable[[], warc.Exchange]) -> Outcome:
    exchange = _refusal(capture.status) or _opened(read)
    if isinstance(exchange, Fault):
        return exchange
    is_mail = _content_type(exchange).startswith("message/rfc822")
    if not is_mail and len(exchange.body) > most_bytes(capture.role):
        return too_large(most_bytes(capture.role))
    if capture.role == "robots":
        text = decode(exchange.body, _content_type(exchange)).text
        return Found(
            signals=rights.robots_signals(text), pages=sitemap.stated(text, capture.final_url)
        )
    if capture.role != "article":
        return _list(capture, source, exchange)
    if given.is_given(exchange):
        return _given(exchange)
    if not exchange.body.strip():
        return Fault("empty", "the page is empty")
    if is_mail:
        from crawler import mail

        return mail.read(exchange.body, capture.url, _rules(source, capture), source.language)
    return _page(capture, source, exchange)


def _refusal(status: int) -> Fault | None:
    """What a status says that comes without the page."""
    if status >= 400:
        return Fault(f"http-{status}", f"HTTP status {status}", status in PERMANENT)
    if status >= 300:
        return Fault("redirects", "it redirects to nothing that can be fetched", permanent=True)
    return None


def _opened(read: Callable[[], warc.Exchange]) -> warc.Exchange | Fault:
    try:
        return read()
    except warc.TooLarge:
        return too_large(MAIL_BYTES)
    except warc.CutShort:
        return Fault("truncated", CUT_SHORT)
    except warc.WarcError as error:
        return Fault("unreadable", str(error), permanent=True)


def _list(capture: Capture, source: Source, exchange: warc.Exchange) -> Found | Fault:
    """What a page of discovery leads to."""
    page = discovery.Page(capture.final_url, exchange.body, exchange.headers, exchange.status)
    found = discovery.find(capture.role, page, source)
    is_empty = isinstance(found, Fault) or not (
        found.articles or any(not link.optional for link in found.pages)
    )
    return (_wall(page) if is_empty else None) or found


def _given(exchange: warc.Exchange) -> Reading | Fault:
    """An article that was read elsewhere."""
    try:
        return given.read(exchange)
    except given.GivenError as error:
        return Fault("unreadable", str(error), permanent=True)


def _page(capture: Capture, source: Source, exchange: warc.Exchange) -> Reading | Fault:
    """The article of a web page."""
    if urls.is_home(capture.final_url) and not urls.is_home(capture.url):
        return Fault("gone-home", "it leads to the home page: the article seems to be gone")
    if exchange.body.startswith(BINARY):
        return Fault("not-html", "the page is a picture, a PDF or another file", permanent=True)
    content_type = _content_type(exchange)
    if not _may_be_html(content_type):
        return Fault("not-html", f"the page is {content_type}, not HTML", permanent=True)
    from crawler import reading

    return reading.read(
        exchange.body,
        capture.final_url,
        exchange.headers,
        _rules(source, capture),
        source.language,
        captured=moment(capture.fetched),
    )


def _wall(page: discovery.Page) -> Fault | None:
    """The wall that stands where a feed, a sitemap or a list of articles was asked for."""
    if not HTML.search(page.body[:2000]) or len(page.body) > PAGE_BYTES:
        return None
    from crawler import reading

    read = reading.read(page.body, page.url, page.headers)
    return read if isinstance(read, Fault) and read.kind in WALLS else None


def moment(fetched: str) -> datetime | None:
    """When a capture was made; null where an imported file does not say it as WARC does."""
    try:
        moment = datetime.fromisoformat(fetched)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rules(source: Source, capture: Capture) -> SiteRules:
    from crawler.cleaning import SiteRules

    return SiteRules(*_told(source, capture))


def _told(source: Source, capture: Capture) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the source says to keep and to drop, as far as it fits pages of the day of the capture."""
    if source.until and capture.fetched[: len(source.until)] > source.until:
        return (), ()
    return source.keep, source.drop


def most_bytes(role: Role) -> int:
    """How large an answer may be, unpacked, for what it is asked for."""
    return PAGE_BYTES if role in ("article", "home", "listing", "robots") else LIST_BYTES


def too_large(limit: int) -> Fault:
    """The fault of what is larger than that many bytes."""
    return Fault("too-large", f"larger than {limit // 1024**2} MiB", permanent=True)


def _content_type(exchange: warc.Exchange) -> str:
    return next((value for key, value in exchange.headers if key.lower() == "content-type"), "")


def _may_be_html(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return (
        kind in ("", "application/octet-stream", "application/xml")
        or "html" in kind
        or kind == "text/plain"
    )
