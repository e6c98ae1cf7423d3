"""Sitemaps (sitemaps.org, version 0.9): index, list of URLs, Google's extensions, gzip."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from lxml import etree

from archive import encodings
from archive.model import Fault, Found, Link
from crawler.discovery import alternates, paths
from crawler.discovery.alternates import Entry
from crawler.discovery.page import Page, absolute, change_time, distinct, is_own
from crawler.sources import Source

URLS = 50_000  # sitemaps.org: at most 50,000 URLs and 50 MB a file
BYTES = 52_428_800
STATED = 100  # sitemaps that a robots.txt may name; large news sites name some twenty
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


def stated(robots_txt: str, url: str) -> tuple[Link, ...]:
    """The sitemaps that a robots.txt names (sitemaps.org, “Specifying the Sitemap location”).

    Those of another registered domain are left out, and all but the first hundred.
    """
    named = re.findall(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", robots_txt, re.I | re.M)
    found = distinct(link for one in named if (link := absolute(url, one)) and is_own(link, url))
    return tuple(Link(one, "sitemap", "robots", optional=True) for one in found[:STATED])


def find(page: Page, source: Source) -> Found | Fault:
    """The articles of a list of URLs, newest first, or the children of an index.

    Of a source that is a section of a site, only what stands in the section.
    """
    body = _unzipped(page.body, BYTES + 1)
    if len(body) > BYTES:
        return Fault("malformed-sitemap", "the sitemap is larger than 50 MB")
    if not body.strip():
        return Fault("malformed-sitemap", "no sitemap: the answer is empty")
    if b"<!ENTITY" in body[:100_000]:  # no sitemap needs them, and they unfold into gigabytes
        return Fault("malformed-sitemap", "the sitemap defines entities")
    try:
        kind, entries = _read(body)
    except (etree.XMLSyntaxError, ValueError) as error:
        return Fault("malformed-sitemap", f"no sitemap: {' '.join(str(error).split())[:150]}")
    if kind == "sitemapindex":
        return _children(page, source, entries)
    if kind != "urlset":
        return Fault("malformed-sitemap", f"no sitemap: the document is <{kind[:50]}>")
    articles = _articles(page, source, entries)
    if isinstance(articles, Fault):
        return articles
    named = alternates.named(entries, page.url, source.url)
    return Found(
        articles=articles + _translations(source, named.own, articles),
        translations=tuple(named.sets),
    )


def _read(body: bytes) -> tuple[str, list[Entry]]:
    """The name of the root element; the entries below it.

    Entry by entry, and each address once, so that the largest sitemap takes no more memory than its
    addresses.
    """
    kind, entries, known = "", list[Entry](), dict[str, str]()
    events = etree.iterparse(
        BytesIO(body), ("start", "end"),
        resolve_entities=False, no_network=True, recover=True, huge_tree=False,
    )  # fmt: skip
    for event, element in events:
        if not kind:
            kind = _name(element)
            if kind not in ("urlset", "sitemapindex"):
                break
        elif event == "end" and _name(element) in ("url", "sitemap"):
            address = _text(element, "loc")
            changed = _text(element, "lastmod") or _text(element, "publication_date")
            if address:
                others = (known.setdefault(href, href) for href in alternates.hrefs(element))
                entries.append(Entry(address, changed, tuple(others)))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
            if len(entries) == URLS:
                break
    return kind, entries


def _articles(page: Page, source: Source, entries: Iterable[Entry]) -> tuple[Link, ...] | Fault:
    place = _place(source)
    links, own, foreign = [], 0, 0
    for entry in entries:
        url = absolute(page.url, entry.address)
        if not url or not is_own(url, source.url, page.url):
            foreign += url is not None
            continue
        own += 1
        if paths.in_section(url, place) and paths.may_be_article(url):
            links.append(Link(url, "article", "sitemap", change_time(entry.changed)))
    if foreign and not own:
        problem = f"nothing to crawl: its {foreign:,} addresses lead elsewhere"
        return Fault("malformed-sitemap", problem)
    return tuple(sorted(links, key=lambda link: link.changed or "", reverse=True))


def _translations(
    source: Source, named: Iterable[str], articles: Sequence[Link]
) -> tuple[Link, ...]:
    """The translations that have no entry of their own, as far as the source wants them."""
    place, listed = _place(source), {link.url for link in articles}
    wanted = [
        url
        for url in named
        if url not in listed and is_own(url, source.url) and paths.in_section(url, place)
    ]
    return tuple(Link(url, "article", alternates.WAY) for url in wanted[:URLS])


def _place(source: Source) -> str:
    """The section of the source; where it lists what stands elsewhere, all of its site.

    Whoever names a sitemap for a tag or a topic means what that lists.
    """
    place = paths.section(source.url)
    return "/" if paths.is_topic(place) else place


def _children(page: Page, source: Source, entries: Iterable[Entry]) -> Found:
    """The children that list articles: the likeliest and latest for every crawl, then the rest."""
    links = []
    for entry in entries:
        url = absolute(page.url, entry.address)
        if url and url != page.url and is_own(url, source.url, page.url):
            links.append(Link(url, "sitemap", "sitemap", change_time(entry.changed)))
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
        return encodings.gunzip(BytesIO(body), limit)
    except encodings.CutShort:  # what its first member has
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, limit)
    except (OSError, zlib.error):
        return b""
