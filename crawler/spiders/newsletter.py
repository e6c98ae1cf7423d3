"""The one spider: asks for what the crawl assigns, and hands over what was captured."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import scrapy
from twisted.python.failure import Failure

from crawler.crawl import Crawl
from crawler.derive import most_bytes
from crawler.downloads import NotNow
from crawler.faults import fault
from crawler.ledger import Assignment, Options
from crawler.pipeline import Captured
from crawler.politeness import slots

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response


class NewsletterSpider(scrapy.Spider):
    """`scrapy crawl newsletter -a source=NAME [-a full=1] [-a limit=N]`.

    The archive and the sources are those of the environment, as for `newsarchive crawl`.
    """

    name = "newsletter"

    def __init__(self, crawl: Crawl, resources: ExitStack | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.crawl = crawl
        self._resources = resources

    @classmethod
    def from_crawler(cls, crawler: Crawler, *_: Any, **arguments: Any) -> NewsletterSpider:
        resources = None
        crawl = arguments.pop("crawl", None)
        if crawl is None:
            from crawler.run import open_crawl

            resources = ExitStack()
            limit = arguments.pop("limit", None)
            options = Options(
                full=bool(arguments.pop("full", False)), limit=int(limit) if limit else None
            )
            names = [name for name in arguments.pop("source", "").split(",") if name]
            crawl = resources.enter_context(open_crawl(None, None, names, options))
        spider = cls(crawl, resources, **arguments)
        spider._set_crawler(crawler)
        delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        crawler.settings.set("DOWNLOAD_SLOTS", slots(crawl.sources.values(), delay), "spider")
        return spider

    async def start(self) -> AsyncIterator[Request]:
        await self.crawl.start()
        while assignments := await self.crawl.assignments():
            for assignment in assignments:
                yield self._request(assignment)

    def parse(self, response: Response) -> Iterator[Captured]:
        yield Captured(response.meta["capture"], response.meta["assignment"].entry)

    async def fail(self, failure: Failure) -> None:
        """Store why a request failed (Scrapy's errback)."""
        request: Request = failure.request  # type: ignore[attr-defined]
        error = failure.value
        if isinstance(error, NotNow):
            await self.crawl.put_back(request.meta["assignment"].entry)
            return
        if self.crawl.error:  # the archive cannot be written: that is no fault of the page
            return
        entry = request.meta["assignment"].entry
        await self.crawl.fail(entry, fault(error, entry.role))

    async def closed(self, reason: str) -> None:
        await self.crawl.end()
        if self._resources:
            from crawler.report import print_table

            print_table(self.crawl.close())
            self._resources.close()

    def _request(self, assignment: Assignment) -> Request:
        held = assignment.held
        headers = {
            "If-None-Match": held and held.etag,
            "If-Modified-Since": held and held.last_modified,
        }
        return scrapy.Request(
            assignment.entry.url,
            headers={name: value for name, value in headers.items() if value},
            meta={
                "assignment": assignment,
                "download_maxsize": most_bytes(assignment.entry.role),
            },
            errback=self.fail,
            dont_filter=True,  # the frontier has filtered; what is asked for again is meant
        )
