"""A site whose pages are given to discovery, and what they lead to."""

from __future__ import annotations

from archive.model import Fault, Found
from crawler import discovery
from crawler.discovery import Page
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


RSS = '<rss version="2.0"><channel><title>T</title><language>de-DE</language>{}</channel></rss>'

ITEM = "<item><title>a</title><link>{}</link>{}</item>"

URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
