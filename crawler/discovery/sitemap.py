"""Sitemaps (sitemaps.org, version 0.9): index, list of URLs, Google's news sitemap, gzip."""

from __future__ import annotations

import re
import zlib
from typing import Any

from lxml import etree

from archive.model import Fault, Found, Link
from crawler.discovery.page import Page, absolute, change_time, is_own, may_be_article
from crawler.sources import Source

URLS = 50_000  # sitemaps.org: at most 50,000 URLs and 50 MB a file
BYTES = 52_428_800
# Children of an index that list no articles, as the common generators name them.
_OTHER_CHILDREN = re.compile(
    r"(?:^|[-_./])(?:pages?|categor(?:y|ies)|tags?|authors?|users?|images?|videos?|products?|taxonomy|local)"
    r"[-_]?(?:sitemap)?\d*\.xml(?:\.gz)?$|taxonomies|sitemap-(?:tags|authors|pages)|wp-sitemap-(?:users|taxonomies)",
    re.I,
)


def is_sitemap(body: bytes) -> bool:
    """Whether a body is a sitemap, going by its first bytes."""
    return bool(re.search(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b", _unzipped(body)[:2000]))


def find(page: Page, source: Source) -> Found | Fault:
    """The articles of a list of URLs, newest first, or the children of an index."""
    body = _unzipped(page.body)
    if len(body) > BYTES:
        return Fault("malformed-sitemap", "the sitemap is larger than 50 MB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return Fault("malformed-sitemap", f"no sitemap: {error}")
    name = _name(root) if root is not None else ""
    if name == "sitemapindex":
        return _children(page, source, root)
    if name != "urlset":
        return Fault("malformed-sitemap", f"no sitemap: the document is <{name}>")
    links = []
    for element in list(root)[:URLS]:
        url = absolute(page.url, _text(element, "loc"))
        if url and is_own(url, source.url, page.url) and may_be_article(url):
            changed = change_time(_text(element, "lastmod") or _text(element, "publication_date"))
            links.append(Link(url, "article", "sitemap", changed))
    return Found(articles=tuple(sorted(links, key=lambda link: link.changed or "", reverse=True)))


def _children(page: Page, source: Source, root: Any) -> Found:
    found = []
    for element in list(root)[:URLS]:
        url = absolute(page.url, _text(element, "loc"))
        if (
            url
            and url != page.url
            and is_own(url, source.url, page.url)
            and not _OTHER_CHILDREN.search(url)
        ):
            found.append((change_time(_text(element, "lastmod")) or "", url))
    return Found(
        pages=tuple(Link(url, "sitemap", "sitemap") for _, url in sorted(found, reverse=True))
    )


def _text(element: Any, name: str) -> str | None:
    """The text of the first element of that name, in whatever namespace."""
    return next((e.text for e in element.iter() if _name(e) == name and e.text), None)


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _unzipped(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, BYTES + 1)
    except zlib.error:
        return b""
