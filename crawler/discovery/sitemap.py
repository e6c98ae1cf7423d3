"""Sitemaps (sitemaps.org, version 0.9): index, list of URLs, Google's news sitemap, gzip."""

from __future__ import annotations

import re
import zlib
from typing import Any

from lxml import etree

from archive.model import Fault, Found, Link
from crawler.discovery import paths
from crawler.discovery.page import Page, absolute, change_time, is_own
from crawler.sources import Source

URLS = 50_000  # sitemaps.org: at most 50,000 URLs and 50 MB a file
BYTES = 52_428_800
# Children of an index that every crawl reads. News sites have one for each month since the start,
# and what is new stands in the latest; an ordinary site has fewer than ten for its articles.
CHILDREN = 10
# Children of an index that list no articles, as the common generators name them.
_OTHER_CHILDREN = re.compile(
    r"(?:^|[-_./])(?:pages?|categor(?:y|ies)|tags?|authors?|users?|images?|videos?|products?|taxonomy|local)"
    r"[-_]?(?:sitemap)?\d*\.xml(?:\.gz)?$|taxonomies|sitemap-(?:tags|authors|pages)|wp-sitemap-(?:users|taxonomies)",
    re.I,
)
_ARTICLES = re.compile(r"post|news|article|artikel|beitraege|actualit|noticias", re.I)


def is_sitemap(body: bytes) -> bool:
    """Whether a body is a sitemap, going by its first bytes."""
    return bool(re.search(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b", _unzipped(body, 2000)[:2000]))


def find(page: Page, source: Source) -> Found | Fault:
    """The articles of a list of URLs, newest first, or the children of an index.

    Of a source that is a section of a site, only what stands in the section.
    """
    body = _unzipped(page.body, BYTES + 1)
    if len(body) > BYTES:
        return Fault("malformed-sitemap", "the sitemap is larger than 50 MB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        problem = " ".join(str(error).split()) if body.strip() else "the answer is empty"
        return Fault("malformed-sitemap", f"no sitemap: {problem[:150]}")
    name = _name(root) if root is not None else ""
    if name == "sitemapindex":
        return _children(page, source, root)
    if name != "urlset":
        return Fault("malformed-sitemap", f"no sitemap: the document is <{name[:50]}>")
    return Found(articles=_articles(page, source, root))


def _articles(page: Page, source: Source, root: Any) -> tuple[Link, ...]:
    place = paths.section(source.url)
    if paths.is_topic(place):
        place = (
            "/"  # its articles stand elsewhere; whoever names a sitemap for it means all of that
        )
    links = []
    for element in list(root)[:URLS]:
        url = absolute(page.url, _text(element, "loc"))
        if (
            url
            and is_own(url, source.url, page.url)
            and paths.in_section(url, place)
            and paths.may_be_article(url)
        ):
            changed = change_time(_text(element, "lastmod") or _text(element, "publication_date"))
            links.append(Link(url, "article", "sitemap", changed))
    return tuple(sorted(links, key=lambda link: link.changed or "", reverse=True))


def _children(page: Page, source: Source, root: Any) -> Found:
    """The children that list articles: the likeliest and latest for every crawl, then the rest."""
    links = []
    for element in list(root)[:URLS]:
        url = absolute(page.url, _text(element, "loc"))
        if url and url != page.url and is_own(url, source.url, page.url):
            links.append(Link(url, "sitemap", "sitemap", change_time(_text(element, "lastmod"))))
    chosen = [li for li in links if not _OTHER_CHILDREN.search(li.url)] or links
    ranked = sorted(chosen, key=_rank, reverse=True)
    return Found(pages=tuple(ranked[:CHILDREN]), following=tuple(ranked[CHILDREN:]))


def _rank(child: Link) -> tuple[bool, str, list[int]]:
    numbers = [int(part) for part in re.findall(r"[0-9]{1,9}", child.url)]
    return bool(_ARTICLES.search(child.url)), child.changed or "", numbers


def _text(element: Any, name: str) -> str | None:
    """The text of the first element of that name, the nearest one, in whatever namespace."""
    for elements in (element, element.iter()):
        for one in elements:
            if _name(one) == name and one.text and one.text.strip():
                return str(one.text)
    return None


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _unzipped(body: bytes, limit: int) -> bytes:
    """The body, or what a gzip file of it unfolds to, up to a limit; empty for a broken one."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, limit)
    except zlib.error:
        return b""
