"""Bytes → text, whatever the page says of its charset."""

from __future__ import annotations

import re
from dataclasses import dataclass

from charset_normalizer import from_bytes
from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    resolve_encoding,
)

# charset-normalizer is quadratic in places; the first part of a page shows its charset.
SAMPLE_BYTES = 50_000
# Share of the bytes above ASCII that may be broken in a page that is UTF-8 all the same: Latin text
# in a one-byte charset breaks at nearly all of them.
DAMAGE = 0.2
DAMAGED = "a few bytes of the page are not the UTF-8 it declares"


# Alike in the letters of most texts, so that a guess between them is one; the page's language
# decides, as it does in browsers (WHATWG Encoding, 9.2.1: windows-1252 for the West).
SIBLINGS = frozenset({"cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "iso8859_2", "iso8859_15"})
WESTERN = re.compile(
    rb"<html[^>]*\slang=[\"']?(?:de|en|fr|es|it|pt|nl|sv|da|no|nb|fi|is|ca)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, the encoding it was read in, and one line where the declared one was wrong."""

    text: str
    encoding: str
    warning: str | None = None


def decode(body: bytes, content_type: str | None = None) -> Decoded:
    """The text of a page: byte order mark, HTTP header, the page's own word, then what fits.

    A declared charset that does not decode the bytes is set aside. Never raises.
    """
    codec, mark = read_bom(body)
    if codec and mark:
        return Decoded(body[len(mark) :].decode(codec, "replace"), codec)
    declared = http_content_type_encoding(content_type) or html_body_declared_encoding(body)
    codec = resolve_encoding(declared) if declared else None
    if codec == "utf-8" or not codec:
        text = _strict(body, "utf-8")
        if text is not None:
            return Decoded(text, "utf-8")
    elif (text := _strict(body, codec)) is not None:
        utf8 = _strict(body, "utf-8")
        if utf8 is None or utf8 == text:
            return Decoded(text, codec)
        # Bytes of several-byte characters form valid UTF-8 by chance as good as never.
        return Decoded(utf8, "utf-8", _warning(declared, "utf-8"))
    if codec == "utf-8" and _is_damaged_utf8(body):
        return Decoded(body.decode("utf-8", "replace"), "utf-8", DAMAGED)
    guess = _guess(body)
    text = body.decode(guess, "replace")
    return Decoded(text, guess, _warning(declared, guess) if declared else None)


def _is_damaged_utf8(body: bytes) -> bool:
    """Whether all but a few bytes are UTF-8: a page with one broken piece pasted in."""
    broken = body.decode("utf-8", "replace").count("\ufffd")
    return broken <= DAMAGE * sum(byte > 127 for byte in body)


def _strict(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _guess(body: bytes) -> str:
    best = from_bytes(body[:SAMPLE_BYTES]).best()
    if best and best.encoding in SIBLINGS and WESTERN.search(body[:SAMPLE_BYTES]):
        return "cp1252"
    return best.encoding if best else "utf-8"


def _warning(declared: str | None, used: str) -> str:
    return f"the page declares the charset {declared}, but is {used}: read as that"
