"""Capture → what follows from it. Pure but for reading the WARC record; runs in worker processes.

One path for a live crawl, for what a killed crawl left, for import and for re-extraction.
"""

from __future__ import annotations

from pathlib import Path

from archive import warc
from archive.model import Capture, Fault, Found, Outcome
from crawler import discovery, mail, reading, rights
from crawler.cleaning import SiteRules
from crawler.discovery import sitemap
from crawler.encoding import decode
from crawler.sources import Source

# Statuses after which the same request gives the same answer for a long time (RFC 9110).
PERMANENT = frozenset({400, 404, 405, 406, 410, 414, 451, 501})


def derive(folder: Path, capture: Capture, source: Source) -> Outcome:
    """What the capture gives: a reading, links, or the fault that stands in the way."""
    if capture.status >= 400:
        return Fault(
            f"http-{capture.status}", f"HTTP status {capture.status}", capture.status in PERMANENT
        )
    try:
        exchange = warc.read(folder, capture.file, capture.offset)
    except warc.WarcError as error:
        return Fault("unreadable", str(error), permanent=True)
    content_type = _header(exchange, "content-type")
    if capture.role == "robots":
        text = decode(exchange.body, content_type).text
        return Found(
            signals=rights.robots_signals(text), pages=sitemap.stated(text, capture.final_url)
        )
    if capture.role != "article":
        page = discovery.Page(capture.final_url, exchange.body, exchange.headers, exchange.status)
        return discovery.find(capture.role, page, source)
    if not exchange.body.strip():
        return Fault("empty", "the page is empty")
    rules = _rules(source, capture)
    if content_type.startswith("message/rfc822"):
        return mail.read(exchange.body, capture.url, rules)
    if not _may_be_html(content_type):
        return Fault("not-html", f"the page is {content_type}, not HTML", permanent=True)
    return reading.read(exchange.body, capture.final_url, exchange.headers, rules, source.language)


def _rules(source: Source, capture: Capture) -> SiteRules:
    """The source's rules, as far as they fit pages of the day of the capture."""
    if source.until and capture.fetched[: len(source.until)] > source.until:
        return SiteRules()
    return SiteRules(keep=source.keep, drop=source.drop)


def _header(exchange: warc.Exchange, name: str) -> str:
    return next((value for key, value in exchange.headers if key.lower() == name), "")


def _may_be_html(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return (
        kind in ("", "application/octet-stream", "application/xml")
        or "html" in kind
        or kind == "text/plain"
    )
