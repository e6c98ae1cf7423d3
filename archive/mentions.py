"""What a page, a feed, a sitemap or an answer of an API names and holds, without knowing its format.

Used where something is to be erased: rather an address too many than one overlooked.
"""

from __future__ import annotations

import codecs
import html
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import unquote

from archive import encodings, urls, warc

_ABSOLUTE = re.compile(r"""https?://[^\s"'<>\\^`{|}\[\]]+""", re.I)
_LINK = re.compile(r"""\b(?:href|src|url|link)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.I)
_PATH = re.compile(r"""["'](/[^\s"'<>\\]+)["']""")  # of JSON that gives no host
_ENCODED = re.compile(r"""https?%3A%2F%2F[^\s"'<>&]+""", re.I)  # in the query of another address
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_TAG = re.compile(r"<[^>]*>")
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.I)
HEAD = 1_000  # bytes in which an XML declaration or a meta element names the charset
SENTENCE = 60  # letters from which on a paragraph is not found by chance


def named(exchange: warc.Exchange) -> set[str]:
    """Every address that a response names whose body is still encoded as it came."""
    headers = {name.lower(): value for name, value in exchange.headers}
    try:
        body = encodings.decode(headers.get("content-encoding", ""), exchange.body, warc.BODY_LIMIT)
    except encodings.EncodingError:
        body = exchange.body
    return set(addresses(text(replace(exchange, body=body)), exchange.url))


def text(exchange: warc.Exchange) -> str:
    """The decoded body of a response as text, entities and escapes of JSON undone."""
    body = exchange.body
    if body.startswith(warc.GZIP_MAGIC):  # a sitemap.xml.gz
        with suppress(zlib.error):
            body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, warc.BODY_LIMIT)
    found = body.decode(_charset(body, exchange.headers), "replace")
    found = _UNICODE.sub(lambda m: chr(int(m[1], 16)), found).replace("\\/", "/")
    return html.unescape(found)


def _charset(body: bytes, headers: warc.Headers) -> str:
    """The body's charset: by its first bytes, else as stated, else UTF-8."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    stated = " ".join(v for name, v in headers if name.lower() == "content-type").encode()
    found = _CHARSET.search(stated) or _CHARSET.search(body[:HEAD])
    try:
        return codecs.lookup(found[1].decode() if found else "utf-8").name
    except LookupError:
        return "utf-8"


def addresses(found: str, base: str) -> Iterator[str]:
    """Every address that a text names, absolute; `base` is the address of the text itself."""
    for match in _ABSOLUTE.finditer(found):
        yield match[0].rstrip(".,;:!?)")
    for pattern in (_LINK, _PATH):
        for match in pattern.finditer(found):
            yield urls.absolute(base, html.unescape(match[1].strip("\"'")))
    for match in _ENCODED.finditer(found):
        yield unquote(match[0])


def holds(found: str, paragraphs: Iterable[str]) -> bool:
    """Whether a text has one of these paragraphs, whatever markup stands in it."""
    plain = _squeezed(_TAG.sub("", html.unescape(found)))
    return any(len(p) >= SENTENCE and _squeezed(p) in plain for p in paragraphs)


def _squeezed(found: str) -> str:
    return "".join(found.split())
