"""Bytes that were decoded → the tree of a page: one parse, and the bounds of what is read at all."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html

# Elements of one page: the largest page of the bench has 30,000; a document built to exhaust
# memory has millions.
ELEMENTS = 300_000
# Letters of an attribute: the longest of 200 pages of the bench, an icon's outline, has 72,000.
ATTRIBUTE = 100_000

# lxml.html's own choice of a class asks Python for each element each time it is met, which takes a
# tenth of the time of a page; nothing here needs its classes for forms.
_CLASSES = etree.ElementDefaultClassLookup(element=html.HtmlElement)
# Characters without width: soft hyphens, word joiners, stray byte order marks.
_WIDTHLESS = "\xad\u200b\u2060\ufeff\ufffe\uffff"
_CONTROL = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
UNSEEN = re.compile(rf"[{re.escape(_CONTROL.decode())}{_WIDTHLESS}\ud800-\udfff]")
_LONG_ATTRIBUTES = etree.XPath(f"//@*[string-length() > {ATTRIBUTE}]")


class NoMarkup(ValueError):
    """The document has no element that could hold text."""


class TooManyElements(NoMarkup):
    """The document was built to exhaust who reads it."""


def parse(document: str) -> Any:
    """The root element (lxml), without characters that no reader sees and attributes without end.

    Raises NoMarkup for an empty document, TooManyElements beyond `ELEMENTS` of them.
    """
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(_CLASSES)
    try:
        tree = html.document_fromstring(_seen(document), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise NoMarkup("the page has no text") from error
    if tree.find("body") is None:
        raise NoMarkup("the page has no body")
    if sum(1 for _ in tree.iter()) > ELEMENTS:
        raise TooManyElements(f"the page has more than {ELEMENTS:,} elements")
    if len(document) > ATTRIBUTE:
        for attribute in _LONG_ATTRIBUTES(tree):
            del attribute.getparent().attrib[attribute.attrname]
    return tree


def _seen(document: str) -> bytes:
    """The document in UTF-8 without `UNSEEN`, by ways that are faster on one as long as a page."""
    for character in _WIDTHLESS:
        if character in document:
            document = document.replace(character, "")
    return document.encode("utf-8", "ignore").translate(None, _CONTROL)
