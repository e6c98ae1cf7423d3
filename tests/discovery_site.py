"""A site whose pages are given to discovery, and what they lead to: page by page, or crawled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from archive import warc
from archive.model import Fault, Found, SourceReport
from archive.opening import open_archive
from crawler import discovery
from crawler.derive import derive
from crawler.discovery import Page
from crawler.ledger import Ledger, Options, Result
from crawler.progress import Progress
from crawler.sources import Source

SITE = Source("s", "https://e.org/")


def find(
    role: str,
    body: bytes | str,
    url: str = "https://e.org/x",
    source: Source = SITE,
    **headers: str,
) -> Found | Fault:
    data = body.encode() if isinstance(body, str) else body
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return discovery.find(role, Page(url, data, given), source)  # type: ignore[arg-type]


def addresses(found: Found | Fault) -> list[str]:
    assert isinstance(found, Found), found
    return [link.url for link in found.articles]


def following(found: Found | Fault) -> list[str]:
    assert isinstance(found, Found), found
    return [link.url for link in found.following]


@dataclass(frozen=True)
class Crawled:
    """What a crawl asked for, in this order, and what it said at its end."""

    asked: list[str]  # paths with their queries
    report: SourceReport
    progress: Progress

    def pages(self) -> list[str]:
        """The pages of discovery among them."""
        return [path for path in self.asked if not path.startswith("/a/")]


Answer = str | bytes | tuple[str | bytes, Mapping[str, str]] | int | None


def crawl(
    folder: Path,
    answer: Callable[[str], Answer],
    source: Source = SITE,
    robots: str = "",
    **options: bool,
) -> Crawled:
    """A crawl of the source into the folder's archive, with answers in the place of a network.

    `answer` gives the body of a path (with its headers, where it has any) or a status, null where
    there is nothing. What stands below `/a/` are articles.
    """
    asked = []
    with open_archive(folder, "test") as archive:
        ledger = Ledger(archive, [source], Options(**options))
        ledger.begin()
        if robots:
            exchange = _exchange(source.url + "robots.txt", robots)
            capture = archive.append(
                exchange, url=exchange.url, source=source.name, role="robots", found_by=None
            )
            outcome = derive(archive.warc_folder, capture, source)
            ledger.save([Result(capture, outcome, None, source.name)])
        while claimed := ledger.claim():
            for assignment in claimed:
                entry = assignment.entry
                ledger.progress[source.name].requests += 1
                parts = urlsplit(entry.url)
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                asked.append(path)
                exchange = _exchange(entry.url, answer(path))
                capture = archive.append(
                    exchange, url=entry.url, source=entry.source, role=entry.role,
                    found_by=entry.found_by,
                )  # fmt: skip
                outcome = derive(archive.warc_folder, capture, source)
                ledger.save([Result(capture, outcome, entry, entry.source)])
        (report,) = ledger.end()
        return Crawled(asked, report, ledger.progress[source.name])


def _exchange(url: str, answer: Answer) -> warc.Exchange:
    status = 404 if answer is None else answer if isinstance(answer, int) else 200
    given = answer if status == 200 else ""
    body, headers = given if isinstance(given, tuple) else (given, {})
    data = body.encode() if isinstance(body, str) else body
    return warc.Exchange(url, warc.now(), status, tuple(headers.items()), data)


RSS = '<rss version="2.0"><channel><title>T</title><language>de-DE</language>{}</channel></rss>'

ITEM = "<item><title>a</title><link>{}</link>{}</item>"

URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'

INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</sitemapindex>'


def rss(*paths: str, head: str = "") -> str:
    return RSS.format(head + "".join(ITEM.format(path, "") for path in paths))


def listed(*paths: str, further: str = "") -> str:
    """A page that lists articles, with more markup behind them."""
    items = "".join(f'<h2><a href="{path}">Titel {path}</a></h2>' for path in paths)
    return f"<html><head><title>T</title></head><body><main>{items}</main>{further}</body></html>"


def urlset(*entries: tuple[str, str]) -> str:
    """A sitemap of addresses, each with the time of its last change."""
    rows = (f"<url><loc>{loc}</loc><lastmod>{time}</lastmod></url>" for loc, time in entries)
    return URLSET.format("".join(rows))


def index(*entries: tuple[str, str]) -> str:
    """A sitemap index, each child with the time of its last change."""
    rows = (
        f"<sitemap><loc>{loc}</loc><lastmod>{time}</lastmod></sitemap>" for loc, time in entries
    )
    return INDEX.format("".join(rows))


def article(path: str) -> str:
    """The page of an article, another text at each address."""
    text = "".join(
        f"<p>Der Bericht {path}.{n} erzählt so ausführlich von einem Hafen und seinen Kränen, dass "
        "niemand ihn für ein Menü oder eine Beschriftung hält, auch keine Maschine.</p>"
        for n in range(3)
    )
    return f"<html lang=de><head><title>{path}</title></head><body><article><h1>{path}</h1>{text}</article></body></html>"
