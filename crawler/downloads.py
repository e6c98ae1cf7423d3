"""The last step before the wire: one connection a host, and none to one that is to be left alone."""

from __future__ import annotations

import asyncio
from copy import copy
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import Settings

from archive import urls
from crawler.certificates import Certificates
from crawler.hosts import Host, retry_after
from crawler.politeness import source_of
from crawler.resolver import Names, are_private

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.web.iweb import IPolicyForHTTPS

    from crawler.crawl import Crawl

# What a host says of us rather than of one page, before anything is read of it (RFC 9110, RFC 6585).
# A robots.txt that is forbidden forbids nothing (RFC 9309, 2.3.1.3).
ASKS_TO_WAIT = frozenset({429, 503})
FORBIDS = 403


class PrivateAddress(IgnoreRequest):
    """A host of this machine or of a private network, and the source does not allow it."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is an address of this machine or of a private network: "
            "set allow_private = true for this source if that is meant"
        )


class NotNow(IgnoreRequest):
    """The request was not sent, and is to be at another time."""


class HostWaits(NotNow):
    """The host is to be left alone for now."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.line())


class OthersHost(NotNow):
    """Another worker keeps the host's delay: see crawler/share.py."""

    def __init__(self, site: str) -> None:
        super().__init__(f"another worker is crawling {site}")


class PoliteDownloads(HTTP11DownloadHandler):
    """Scrapy's handler of http and https, for hosts that may be asked."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._slots = crawler.settings.getdict("DOWNLOAD_SLOTS")
        self._default = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._turns: dict[str, asyncio.Semaphore] = {}
        # Scrapy keeps as many open as the default, and opens the others anew for each page.
        most = max((slot["concurrency"] for slot in self._slots.values()), default=self._default)
        self._pool.maxPersistentPerHost = most
        self._certificates = Certificates(self._contextFactory)
        self._contextFactory = cast("IPolicyForHTTPS", self._certificates)
        self._unverified = HTTP11DownloadHandler(_trusting(crawler))

    async def download_request(self, request: Request) -> Response:
        crawl: Crawl = self._crawler.spider.crawl  # type: ignore[union-attr]
        site = urls.site(request.url)
        source = source_of(request)
        async with self._turn(site):
            if source and not await crawl.may_ask(source.name, site):
                raise OthersHost(site)
            if host := crawl.hosts.waits(site):
                raise HostWaits(host)
            await self._check_address(request)
            crawl.count_request(request.meta["source"])
            response = await self._download(request)
            self._note(crawl, site, request, response)
            if slot := self._crawler.engine.downloader.slots.get(site):
                crawl.ledger.share.note_delay(site, slot.delay)
            return response

    async def close(self) -> None:
        await self._unverified.close()
        await super().close()

    async def _download(self, request: Request) -> Response:
        """The answer, over a connection of its own where the source does not have its host verified."""
        source = source_of(request)
        if source and not source.verify_tls:
            return await self._unverified.download_request(request)
        try:
            return await super().download_request(request)
        except Exception as error:
            raise (self._certificates.refusal(request.url) or error) from error

    async def _check_address(self, request: Request) -> None:
        """Refuse private addresses, whatever led here: a name, a redirect, robots.txt."""
        source = source_of(request)
        if (source and source.allow_private) or request.meta.get("proxy"):
            return
        from twisted.internet import reactor

        names: Names = reactor.nameResolver
        host = urlsplit(request.url).hostname or ""
        if are_private(await names.addresses(host)):
            raise PrivateAddress(host)

    def _turn(self, site: str) -> asyncio.Semaphore:
        """The connections of a host. Scrapy's own slots let all through where the delay is 0 (2.19)."""
        if site not in self._turns:
            connections = self._slots.get(site, {}).get("concurrency", self._default)
            self._turns[site] = asyncio.Semaphore(connections)
        return self._turns[site]

    def _note(self, crawl: Crawl, site: str, request: Request, response: Response) -> None:
        status = response.status
        assignment = request.meta.get("assignment")
        of_articles = bool(assignment and assignment.entry.role == "article")
        if status not in ASKS_TO_WAIT and not (status == FORBIDS and assignment):
            if status < 400:
                crawl.hosts.answered(site, of_articles, is_read=False)
            return
        crawl.hosts.refused(
            site,
            f"http-{status}",
            of_articles=of_articles,
            is_repeat=bool(
                request.meta.get("retry_times") or (assignment and assignment.entry.attempts)
            ),
            stated=retry_after(_header(response, "Retry-After"), _header(response, "Date")),
        )
        if host := crawl.hosts.waits(site):
            request.meta["dont_retry"] = True
            self._empty_queue(site, host)

    def _empty_queue(self, site: str, host: Host) -> None:
        """Give back what waits for its turn at the host."""
        slot = self._crawler.engine.downloader.slots.get(site)
        while slot and slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(HostWaits(host))


def _trusting(crawler: Crawler) -> Crawler:
    """The crawler with settings that take any certificate."""
    other = copy(crawler)
    taken = crawler.settings.copy_to_dict() | {"DOWNLOAD_VERIFY_CERTIFICATES": False}
    other.settings = Settings(taken)
    return other


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
