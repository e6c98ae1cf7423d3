"""robots.txt (RFC 9309), asked for once a run and host, before anything else of it is fetched."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request, exceptions, signals
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser

from archive import encodings, urls
from archive.model import Fault
from crawler.downloads import HostWaits, NotNow
from crawler.faults import NotFetched, fault

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.crawl import Crawl

BYTES = 500 * 1024  # RFC 9309, 2.5: as much must be parsed, what stands behind it need not be
UNPACKED_BYTES = 10 * 1024**2
# The host cannot be reached at all: there is nothing to say of robots.txt.
NO_HOST = frozenset({"dns", "refused", "tls"})
FORBIDDEN = Fault("robots", "robots.txt forbids it", permanent=True, skip=True)


class RobotsMiddleware:
    """Lets pass what the host's robots.txt allows."""

    PRIORITY = 1000  # before all that waits for it

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, asyncio.Future[RobotParser | None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        rules = await self._of_host(request)
        if rules and not rules.allowed(request.url, self._agent):
            raise NotFetched(FORBIDDEN)

    @property
    def _agent(self) -> str:
        return str(self._crawler.settings["ROBOTSTXT_USER_AGENT"])

    async def _of_host(self, request: Request) -> RobotParser | None:
        """The host's rules; null where it has none. Raises what kept us from asking for them."""
        parts = urlsplit(request.url)
        place = f"{parts.scheme}://{parts.netloc}/robots.txt"
        if place not in self._rules:
            self._rules[place] = asyncio.ensure_future(self._fetch(place, request))
        try:
            return await asyncio.shield(self._rules[place])
        except NotNow:
            self._rules.pop(place, None)  # asked for again when the host may be
            raise

    async def _fetch(self, place: str, request: Request) -> RobotParser | None:
        robots_request = Request(
            place,
            priority=self.PRIORITY,
            meta={"dont_obey_robotstxt": True, "of": request.meta["assignment"].source},
            callback=NO_CALLBACK,
        )
        try:
            response: Response = await self._crawler.engine.download_async(robots_request)
        except NotNow:
            raise
        except exceptions.IgnoreRequest:  # redirected without end, or to a private address
            return None
        except Exception as error:
            cause = fault(error, "robots")
            raise (error if cause.kind in NO_HOST else _unreachable(cause.message)) from error
        crawl: Crawl = self._crawler.spider.crawl  # type: ignore[union-attr]
        if host := crawl.hosts.waits(urls.site(response.url)):
            raise HostWaits(host)
        if response.status >= 500 or response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _unreachable(f"HTTP status {response.status}")
        if response.status != HTTPStatus.OK:  # 2.3.1.3: unavailable, so everything may be fetched
            return None
        rules = ProtegoRobotParser.from_crawler(self._crawler, _text(response))
        await self._crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=rules, request=request
        )
        return rules


def _unreachable(why: str) -> NotFetched:
    """RFC 9309, 2.3.1.4: where robots.txt gives no answer, nothing may be fetched."""
    return NotFetched(Fault("robots-unreachable", f"robots.txt cannot be read: {why}"))


def _text(response: Response) -> bytes:
    """The part of the body that counts; nothing where it cannot be unpacked."""
    encoding = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
    try:
        body = encodings.decode(encoding, response.body, UNPACKED_BYTES)
    except encodings.EncodingError:
        return b""
    return body if len(body) <= BYTES else body[: body.rfind(b"\n", 0, BYTES) + 1]
