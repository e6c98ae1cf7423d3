"""Which platform made a page, and what each platform offers beside feeds and sitemaps."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from archive.model import Link
from crawler.discovery import beehiiv, ghost, substack, wordpress
from crawler.discovery.page import Page, absolute
from crawler.sources import Source


def ways(tree: Any, page: Page, source: Source, platform: str | None) -> list[Link]:
    """The API of the platform that a home page belongs to, where it has one."""
    return [
        link
        for offered in (wordpress, ghost, substack)
        for link in offered.ways(tree, page, source, platform)
    ]


def archives(tree: Any, page: Page, source: Source, platform: str | None) -> list[Link]:
    """The platform's own list of everything, where it is one of pages."""
    return beehiiv.ways(tree, page, source, platform)


def of_page(tree: Any, page: Page) -> str | None:
    """The platform a page says it is made by; its words about others do not count."""
    generator = " ".join(
        element.get("content") or ""
        for element in tree.iterfind(".//meta[@name]")
        if element.get("name").lower() == "generator"
    )
    if named := of_generator(generator):
        return named
    parts = [e.get("href") for e in tree.iterfind(".//link[@href]")]
    parts += [e.get("src") for e in tree.iterfind(".//script[@src]")]
    loaded = {
        f".{urlsplit(url).hostname or ''}" for part in parts if (url := absolute(page.url, part))
    }
    if "substack" in page.header("x-served-by").lower() or ".substackcdn.com" in loaded:
        return "substack"
    if ".media.beehiiv.com" in loaded:
        return "beehiiv"
    return of_host(page.url) or ("wordpress" if wordpress.stated_api(tree, page) else None)


def of_generator(stated: str) -> str | None:
    """The platform that a generator's name stands for, in pages and in feeds."""
    match = re.search(r"\b(wordpress|ghost|substack|beehiiv)\b", stated, re.I)
    return match.group(1).lower() if match else None


def of_host(url: str) -> str | None:
    """The platform that an address stands on by its host alone."""
    host = f".{urlsplit(url).hostname or ''}"
    for platform in ("substack", "beehiiv"):
        if host.endswith(f".{platform}.com"):
            return platform
    return None
