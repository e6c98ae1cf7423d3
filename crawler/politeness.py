"""Being a good guest: the delay of each host, and robots.txt's Crawl-delay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scrapy import signals

from archive import urls
from crawler.sources import Source

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

LONGEST_CRAWL_DELAY = 60.0  # seconds; a larger one is a mistake or a ban, and holds up nothing else
JITTER = 0.5  # of the default delay, either way; one that a person or robots.txt states is kept


class PolitenessMiddleware:
    """Gives each request its host's slot, and the slot the delay that the host asks for."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._fixed: set[str] = set()  # sites whose delay AutoThrottle must leave alone
        crawler.signals.connect(self._apply_crawl_delay, signal=signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PolitenessMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        site = urls.site(request.url)
        request.meta["download_slot"] = site
        source = source_of(request)
        if source and source.delay is not None:
            self._fixed.add(site)
        if site in self._fixed:
            request.meta["autothrottle_dont_adjust_delay"] = True

    def _apply_crawl_delay(self, robotparser: Any, request: Request) -> None:
        """Crawl-delay in robots.txt: nothing in Scrapy applies it."""
        stated = robotparser.crawl_delay(self._crawler.settings["ROBOTSTXT_USER_AGENT"])
        if not stated:
            return
        site, downloader = urls.site(request.url), self._crawler.engine.downloader
        slot, settings = downloader.slots.get(site), downloader.per_slot_settings
        known = settings.get(site, {}).get("delay", 0.0)
        delay = max(known, min(float(stated), LONGEST_CRAWL_DELAY))
        # Slots that rest for a minute are made anew, from these settings.
        settings[site] = settings.get(site, {}) | {"delay": delay, "jitter": 0.0}
        if slot:
            slot.delay, slot.jitter = max(slot.delay, delay), 0.0
        self._fixed.add(site)


def source_of(request: Request) -> Source | None:
    """The source that a request is made for, its requests for robots.txt and redirects included."""
    assignment = request.meta.get("assignment")
    source: Source | None = assignment.source if assignment else request.meta.get("of")
    return source


def slots(sources: Iterable[Source], default_delay: float) -> dict[str, dict[str, float]]:
    """Scrapy's DOWNLOAD_SLOTS for these sources: delay and connections of each host.

    Where sources share a host, those of the most careful one.
    """
    found: dict[str, dict[str, float]] = {}
    for source in sources:
        site, delay = urls.site(source.url), _delay(source, default_delay)
        held = found.get(site, {"concurrency": source.connections, "delay": delay, "jitter": 0.0})
        found[site] = {
            "concurrency": min(held["concurrency"], source.connections),
            "delay": max(held["delay"], delay),
            "jitter": max(held["jitter"], JITTER if source.delay is None else 0.0),
        }
    return found


def _delay(source: Source, default_delay: float) -> float:
    if source.delay is None or (source.delay == 0 and not source.allow_private):
        return default_delay
    return source.delay
