"""An Atom feed (RFC 4287) of articles, with their clean texts."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archive.model import Article, Block
from archive.rendering import is_web, to_html

ATOM = "http://www.w3.org/2005/Atom"
XML = "http://www.w3.org/XML/1998/namespace"
NEVER = "1970-01-01T00:00:00Z"  # when a feed without entries was updated: RFC 4287 demands a time
# All but the characters that XML 1.0 allows (production 2).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """An article of the feed: its blocks, where our page of it is, when it last changed (UTC)."""

    article: Article
    blocks: Sequence[Block]
    page: str
    updated: str


def feed(title: str, own: str, page: str, entries: Iterable[Entry]) -> bytes:
    """The feed as XML. `own` is its address, `page` that of the list it follows."""
    given = list(entries)
    root = ET.Element("feed", {"xmlns": ATOM})
    _add(root, "id", _identifier(own.partition("?")[2] or "all"))
    _add(root, "title", title)
    _add(root, "updated", max((entry.updated for entry in given), default=NEVER))
    _add(root, "generator", "newsletter-archive")
    _add(root, "link", rel="self", type="application/atom+xml", href=own)
    _add(root, "link", rel="alternate", type="text/html", href=page)
    for entry in given:
        _add_entry(root, entry)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_entry(root: ET.Element, entry: Entry) -> None:
    article = entry.article
    node = ET.SubElement(root, "entry", {f"{{{XML}}}lang": article.language})
    _add(node, "id", _identifier(article.url))
    _add(node, "title", article.title or article.url)
    _add(node, "updated", entry.updated)
    if article.published_utc:
        _add(node, "published", article.published_utc)
    for author in article.authors or (article.source,):  # an entry must have one
        _add(ET.SubElement(node, "author"), "name", author)
    for tag in article.tags:
        _add(node, "category", term=tag)
    _add(node, "link", rel="alternate", type="text/html", href=entry.page)
    if is_web(article.url):
        _add(node, "link", rel="via", href=article.url)
    _add(node, "content", to_html(entry.blocks), type="html")


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> None:
    clean = {key: _NOT_XML.sub("\ufffd", value) for key, value in attributes.items()}
    node = ET.SubElement(parent, name, clean)
    node.text = None if text is None else _NOT_XML.sub("\ufffd", text)


def _identifier(name: str) -> str:
    """The same for the same name, wherever the archive is served from."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
