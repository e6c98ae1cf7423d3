"""Item pipeline: a captured page goes to the workers, and what they make of it to the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.model import Capture
from crawler.frontier import Entry

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.crawl import Crawl


@dataclass(frozen=True, slots=True)
class Captured:
    """The item: what was captured, and the frontier's entry that asked for it."""

    capture: Capture
    entry: Entry


class ArchivePipeline:
    """Waits until what follows from the capture is stored, so that Scrapy slows down with it."""

    def __init__(self, crawl: Crawl) -> None:
        self._crawl = crawl

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchivePipeline:
        return cls(crawler.spider.crawl)  # type: ignore[union-attr]

    async def process_item(self, item: Captured) -> Captured:
        await self._crawl.settle(item.capture, item.entry)
        return item
