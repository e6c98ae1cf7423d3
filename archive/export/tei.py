"""TEI P5: one document an article, with its metadata in the header.

Elements and their order are those of the TEI Guidelines 4.3.0, chapters 2 (header) and 3 (elements
of all texts); it validates against tei_all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import version
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from lxml import etree

from archive import inline
from archive.inline import Span
from archive.model import Article, Block
from archive.rendering import bare, cells, code, heading_level

NAMESPACE = "http://www.tei-c.org/ns/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# What XML 1.0 has no place for (section 2.2): text of old archives and of other hands may have it.
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VERSION = re.compile(r"\d+(\.\d+){0,2}")  # teidata.versionNumber
# What libxml2 and Jing take for an address (RFC 3986, 3.2 and 2.2): pages link to what is none.
_AUTHORITY = re.compile(r"[A-Za-z0-9._~-]+(:\d*)?|\[[0-9A-Fa-f:.]+\](:\d*)?")
_IN_URI = "/:@!$&'()*+,;=~%?"
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_STYLES = {"em": "italic", "strong": "bold"}


def document(article: Article, blocks: Iterable[Block]) -> bytes:
    """The article as a TEI document, in UTF-8."""
    blocks = list(blocks)
    root = etree.Element("TEI", {_LANG: article.language}, nsmap={None: NAMESPACE})
    header = _add(root, "teiHeader")
    _file_description(header, article)
    _encoding_description(header, blocks)
    _profile(header, article)
    body = _add(_add(root, "text"), "body")
    _write_body(body, article.title, [block for block in blocks if block.kept])
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _file_description(header: Any, article: Article) -> None:
    description = _add(header, "fileDesc")
    title = _add(description, "titleStmt")
    _credits(title, article)
    extent = _add(description, "extent")
    words = f"{article.word_count} words"
    _add(extent, "measure", words, unit="words", quantity=str(article.word_count))
    publication = _add(description, "publicationStmt")
    _add(publication, "publisher", article.site)
    _date(publication, article.published)
    reserved = article.may_train == "no" or article.access == "paywalled"
    availability = _add(publication, "availability", status="restricted" if reserved else "unknown")
    _add(availability, "p", f"May be trained on, by what its publisher says: {article.may_train}.")
    _add(publication, "idno", article.url, type="URL")
    bibl = _add(_add(description, "sourceDesc"), "bibl")
    _credits(bibl, article)
    _add(bibl, "publisher", article.source)
    _date(bibl, article.published)
    _date(bibl, article.first_seen, type="access")
    _reference(bibl, article.url).text = _NO_XML.sub("", article.url)


def _credits(parent: Any, article: Article) -> None:
    _add(parent, "title", article.title)
    for author in article.authors:
        _add(parent, "author", author)


def _encoding_description(header: Any, blocks: Iterable[Block]) -> None:
    description = _add(header, "encodingDesc")
    removed = Counter(str(block.reason) for block in blocks if not block.kept)
    counts = ", ".join(f"{reason} ({count})" for reason, count in sorted(removed.items()))
    said = f"Removed from the page, by reason (blocks): {counts}." if counts else "Nothing removed."
    _add(_add(description, "editorialDecl"), "p", f"The main text of a web page. {said}")
    release = _VERSION.match(version("newsletter-archive"))
    application = _add(
        _add(description, "appInfo"),
        "application",
        ident="newsletter-archive",
        version=release.group() if release else "0",
    )
    _add(application, "label", "newsletter-archive")


def _profile(header: Any, article: Article) -> None:
    profile = _add(header, "profileDesc")
    if article.description:
        _add(_add(profile, "abstract"), "p", article.description)
    _add(_add(profile, "langUsage"), "language", ident=article.language)
    if article.tags:
        keywords = _add(_add(profile, "textClass"), "keywords")
        for tag in article.tags:
            _add(keywords, "term", tag)


def _write_body(body: Any, title: str, kept: Sequence[Block]) -> None:
    """The text as divisions within divisions: each heading opens one, at its level."""
    whole = _add(body, "div", type="article")
    _add(whole, "head", title)
    open_: list[tuple[int, Any]] = [(0, whole)]
    for kind, run in groupby(kept, lambda block: block.kind):
        if kind != "heading":
            _WRITE[kind](open_[-1][1], list(run))
            continue
        for block in run:
            level = heading_level(block)
            while open_[-1][0] >= level:
                open_.pop()
            open_.append((level, _add(open_[-1][1], "div", type="section")))
            _inline(_add(open_[-1][1], "head"), bare(block))


def _paragraphs(parent: Any, run: list[Block]) -> None:
    for block in run:
        _inline(_add(parent, "p"), bare(block))


def _list(parent: Any, run: list[Block]) -> None:
    made = _add(parent, "list")
    for block in run:
        _inline(_add(made, "item"), bare(block))


def _quote(parent: Any, run: list[Block]) -> None:
    _paragraphs(_add(parent, "quote"), run)


def _code(parent: Any, run: list[Block]) -> None:
    for block in run:
        _add(parent, "eg", code(block))


def _table(parent: Any, run: list[Block]) -> None:
    made = _add(parent, "table")
    for block in run:
        row = _add(made, "row")
        for cell in cells(block):
            _inline(_add(row, "cell"), cell)


def _captions(parent: Any, run: list[Block]) -> None:
    for block in run:
        _inline(_add(_add(parent, "figure"), "head"), bare(block))


_WRITE = {
    "paragraph": _paragraphs,
    "list-item": _list,
    "quote": _quote,
    "code": _code,
    "table": _table,
    "caption": _captions,
}


def _inline(parent: Any, markdown: str) -> None:
    """Write a line of Markdown into an element: links, emphasis and code."""
    _spans(parent, inline.parse(markdown))


def _spans(parent: Any, spans: Iterable[Span]) -> None:
    parent.text = ""  # where text is, indenting adds none
    for span in spans:
        if span.kind == "text":
            _append(parent, span.text)
        elif span.kind == "code":
            _add(parent, "code", span.text)
        elif span.kind == "link":
            _spans(_reference(parent, span.url), span.inside)
        else:
            _spans(_add(parent, "hi", rend=_STYLES[span.kind]), span.inside)


def _append(element: Any, text: str) -> None:
    """Add text behind what the element has."""
    clean = _NO_XML.sub("", text)
    if len(element):
        element[-1].tail = (element[-1].tail or "") + clean
    else:
        element.text = (element.text or "") + clean


def _add(parent: Any, name: str, content: str | None = None, **attributes: str) -> Any:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    if content is not None:
        element.text = _NO_XML.sub("", content)
    return element


def _date(parent: Any, stated: str | None, **attributes: str) -> None:
    """A date or time (XML Schema's, 3.3.7 and 3.3.9), where it is one."""
    if stated is None:
        return
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        return
    when = stated if len(stated) == len("2026-11-24") else moment.isoformat(timespec="seconds")
    _add(parent, "date", stated, when=when, **attributes)


def _reference(parent: Any, url: str) -> Any:
    """An element for a link; where the address is none (teidata.pointer), one that says nothing."""
    try:
        parts = urlsplit(_NO_XML.sub("", url))
    except ValueError:
        return _add(parent, "seg")
    if parts.scheme in ("http", "https") and not _AUTHORITY.fullmatch(parts.netloc):
        return _add(parent, "seg")
    quoted = [_STRAY.sub("%25", quote(part, safe=_IN_URI)) for part in parts]
    return _add(parent, "ref", target=urlunsplit(quoted))
