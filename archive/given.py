"""Articles that were extracted elsewhere: given as readings, kept as captures of their own.

Their WARC record (`resource`, ISO 28500, 6.4) holds the reading as JSON, so that everything in the
tables can be derived from it again, as from a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

from archive import readings
from archive.errors import UserError
from archive.model import Block, BlockKind, Reading, Reason, Signal
from archive.warc import Exchange

# In the tree for formats that only those know who exchange them (RFC 6838, 3.4).
CONTENT_TYPE = "application/x.newsletter-archive-reading+json"
_ADDRESS = re.compile(r"https?://[^\s/]+\S*|(?:mid|urn):\S+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class GivenError(UserError, ValueError):
    """An article that cannot be kept: one line that says which part of it is wrong, and how it should be."""


def exchange(url: str, reading: Reading, at: str) -> Exchange:
    """The record of a reading that was given for an address. Raises GivenError."""
    check(url, reading)
    headers = (("Content-Type", CONTENT_TYPE),)
    return Exchange(url, at, 200, headers, readings.to_json(reading).encode(), kind="resource")


def is_given(exchange: Exchange) -> bool:
    """Whether a record holds a reading. One that a server sends never does."""
    return exchange.kind == "resource" and exchange.headers == (("Content-Type", CONTENT_TYPE),)


def read(exchange: Exchange) -> Reading:
    """The reading of a record. Raises GivenError."""
    try:
        reading = readings.from_json(exchange.body)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise GivenError(f"no reading of an article: {error}") from error
    check(exchange.url, reading)
    return reading


def check(url: str, reading: Reading) -> None:
    """Raises GivenError for the first part that is not as it should be."""
    for part, is_right, should in _rules(url, reading):
        if not is_right:
            raise GivenError(f"{part} of {url!r}: should be {should}")


def _rules(url: str, given: Reading) -> Iterator[tuple[str, bool, str]]:
    """What is looked at, whether it is right, and what it should be."""
    yield "the address", bool(_ADDRESS.fullmatch(url)), "http://…, https://…, mid:… or urn:…"
    yield "title", _is_text(given.title) and bool(given.title.strip()), "a text"
    for name in ("authors", "tags", "warnings"):
        value = getattr(given, name)
        is_right = isinstance(value, tuple) and all(map(_is_text, value))
        yield name, is_right, "a tuple of texts"
    for name in ("published", "modified"):
        yield name, _is_date(getattr(given, name)), "an ISO 8601 date or time, or None"
    for name in ("declared_url", "image"):
        value = getattr(given, name)
        is_right = value is None or (_is_text(value) and bool(_ADDRESS.fullmatch(value)))
        yield name, is_right, "an absolute address, or None"
    for name in ("description", "declared_language"):
        value = getattr(given, name)
        yield name, value is None or _is_text(value), "a text, or None"
    is_share = given.language_confidence is None or isinstance(given.language_confidence, float)
    yield "language_confidence", is_share, "a float, or None"
    is_language = _is_text(given.language) and bool(_LANGUAGE.fullmatch(given.language))
    yield "language", is_language, "an ISO 639 code, or 'und'"
    yield "access", given.access in (None, "free", "paywalled"), "'free', 'paywalled' or None"
    yield "form", given.form in (None, "images"), "'images' or None"
    yield "extractor", _is_text(given.extractor), "a text"
    yield "signals", all(isinstance(signal, Signal) for signal in given.signals), "Signals"
    is_blocks = isinstance(given.blocks, tuple) and all(map(_is_block, given.blocks))
    yield "blocks", is_blocks, "Blocks, each of a kind that there is, with text and Markdown"
    yield "blocks", is_blocks and bool(given.text.strip()), "text, in one kept block at least"


def _is_block(block: Any) -> bool:
    return (
        isinstance(block, Block)
        and block.kind in get_args(BlockKind)
        and _is_text(block.text)
        and _is_text(block.markdown)
        and (block.reason is None or isinstance(block.reason, Reason))
        and all(part is None or _is_text(part) for part in (block.rule, block.evidence))
    )


def _is_date(value: Any) -> bool:
    if value is None:
        return True
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_text(value: Any) -> bool:
    """Whether it is a text that UTF-8 can write: without half a surrogate pair."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False
