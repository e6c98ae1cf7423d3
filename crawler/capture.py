"""Downloader middleware: every response is a WARC record before anything is made of it.

It stands nearest to the downloader, so it sees the bytes still encoded, and each redirect and retry
by itself. An exception in a signal handler is only logged by Scrapy; here it stops the page.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from archive import urls, warc
from archive.model import Capture

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.crawl import Crawl

SECRET = frozenset({"cookie", "authorization", "proxy-authorization"})


class CaptureMiddleware:
    """Writes each exchange; the capture then stands in `request.meta["capture"]`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawl: Crawl = crawler.spider.crawl  # type: ignore[union-attr]
        self._sources = {urls.site(s.url): s.name for s in self._crawl.sources.values()}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CaptureMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        request.meta["source"] = self._source(request)

    async def process_response(self, request: Request, response: Response) -> Response:
        assignment = request.meta.get("assignment")
        exchange = _exchange(request, response, assignment.held if assignment else None)
        if assignment:
            entry = assignment.entry
            capture = await self._crawl.capture(
                exchange, entry.url, entry.role, entry.source, entry.found_by
            )
        else:  # Scrapy's own request for robots.txt
            capture = await self._crawl.capture(
                exchange, request.url, "robots", self._source(request), None
            )
            if response.status == HTTPStatus.OK:
                await self._crawl.settle(capture, None)
        request.meta["capture"] = capture
        return response

    def _source(self, request: Request) -> str:
        if assignment := request.meta.get("assignment"):
            return str(assignment.entry.source)
        site = urls.site(request.url)
        return str(self._sources.get(site, site))


def _exchange(request: Request, response: Response, held: Capture | None) -> warc.Exchange:
    is_revisit = response.status == HTTPStatus.NOT_MODIFIED
    return warc.Exchange(
        url=response.url,
        fetched=warc.now(),
        status=response.status,
        reason=_phrase(response.status),
        headers=_headers(response),
        body=response.body,
        request_headers=_headers(request),
        kind="revisit" if is_revisit else "response",
        refers_to=(held.final_url, held.fetched, held.digest) if is_revisit and held else None,
    )


def _headers(message: Request | Response) -> warc.Headers:
    """Names and values, repeated ones each; nothing that could identify a login."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name in message.headers
        if name.decode("latin-1").lower() not in SECRET
        for value in message.headers.getlist(name)
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
