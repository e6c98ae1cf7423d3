"""Being a good guest: a delay per host, Crawl-delay, and no requests to private networks."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import IgnoreRequest

from archive import urls
from crawler.sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy import Request
    from scrapy.crawler import Crawler

LONGEST_CRAWL_DELAY = 60.0  # seconds; a larger one is a mistake or a ban, and holds up nothing else


class PrivateAddress(IgnoreRequest):
    """A host of this machine or of a private network, and the source does not allow it."""


class PolitenessMiddleware:
    """Gives each request its host's slot, and refuses private addresses, at each redirect too."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._fixed: set[str] = set()  # sites whose delay AutoThrottle must leave alone
        self._refused: dict[str, bool] = {}
        crawler.signals.connect(self._apply_crawl_delay, signal=signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PolitenessMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        site = urls.site(request.url)
        request.meta["download_slot"] = site
        assignment = request.meta.get("assignment")
        source: Source | None = assignment.source if assignment else request.meta.get("of")
        if source and source.delay is not None:
            self._fixed.add(site)
        if site in self._fixed:
            request.meta["autothrottle_dont_adjust_delay"] = True
        if source and not source.allow_private and await self._is_private(request.url):
            raise PrivateAddress(
                f"{urlsplit(request.url).hostname} is an address of this machine or of a private "
                "network: set allow_private = true for this source if that is meant"
            )

    async def _is_private(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        if host not in self._refused:
            try:
                found = await asyncio.get_running_loop().getaddrinfo(
                    host, None, type=socket.SOCK_STREAM
                )
            except (OSError, UnicodeError):
                return False  # the downloader meets the same error, and reports it
            self._refused[host] = any(urls.is_private(str(address[4][0])) for address in found)
        return self._refused[host]

    def _apply_crawl_delay(self, robotparser: Any, request: Request) -> None:
        """Crawl-delay in robots.txt: nothing in Scrapy applies it."""
        agent = self._crawler.settings["ROBOTSTXT_USER_AGENT"]
        stated = robotparser.crawl_delay(agent)
        slot = self._crawler.engine.downloader.slots.get(urls.site(request.url))
        if stated and slot:
            slot.delay = max(slot.delay, min(float(stated), LONGEST_CRAWL_DELAY))
            self._fixed.add(urls.site(request.url))


def slots(sources: Iterable[Source], default_delay: float) -> dict[str, dict[str, float]]:
    """Scrapy's DOWNLOAD_SLOTS for these sources: delay and connections of each host."""
    return {
        urls.site(source.url): {
            "concurrency": source.connections,
            "delay": _delay(source, default_delay),
            "jitter": 0.0 if source.delay == 0 and source.allow_private else 0.5,
        }
        for source in sources
    }


def _delay(source: Source, default_delay: float) -> float:
    if source.delay is None or (source.delay == 0 and not source.allow_private):
        return default_delay
    return source.delay
