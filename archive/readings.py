"""Readings at rest: compressed JSON of everything the pure steps made of a capture.

What is empty is left out, and a block is a list of its values, as far as it has them: so the JSON is
half as long and as quickly written.

The same reading by two versions of the extractor is one: which of them it was stands in
`captures.read_by`.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from dataclasses import astuple, fields, replace
from typing import Any

import orjson

from archive.model import SITE_RULE, Block, BlockKind, Reading, Reason, Signal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Packed = tuple[str, bytes]  # a reading as it is stored: its digest, its compressed form

FIELDS = ("title", "authors", "published")  # that an article has, as a rule
DAMAGED = (zstd.ZstdError, ValueError, KeyError, TypeError)  # what is no packed reading
EXTRACTOR = "9"  # raised whenever the same bytes may give another reading

STATED = (  # what a reading says as it says it, in columns of `articles`
    "title", "published", "modified", "language", "language_confidence", "declared_language",
    "description", "image", "access", "form",
)  # fmt: skip
_IN_TABLES = {*STATED, "authors", "tags", "blocks"}  # while the reading is an article's current one

_NAMES = [
    f.name for f in fields(Reading) if f.init and f.name not in ("blocks", "signals", "warnings")
]
_EMPTY: tuple[object, ...] = (None, "", (), [])
_REASONS = {str(reason): reason for reason in Reason}  # a tenth of the time of asking the class
# Level 3, zstd's own default, made once: half of what a page costs is to make one.
_COMPRESSOR = zstd.ZstdCompressor(level=3)


def pack(reading: Reading) -> Packed:
    """The SHA-256 of the reading (without its warnings), and its compressed form."""
    if not reading._packed:  # by the process that read it, or before
        text = _text(_values(reading))
        object.__setattr__(reading, "_packed", (text_digest(text), compress(text)))
    assert reading._packed
    return reading._packed


def rest(reading: Reading) -> bytes:
    """What of the reading does not stand in the tables, if it is an article's current one."""
    return dumps(rest_of(_values(reading)))


def stands(reading: Reading) -> bool:
    """Whether the tables say of it, if it is an article's current one, what `rest` leaves out.

    Not where another decision than "it repeats" would be lost with that one, and not what SQLite
    would give back otherwise.
    """
    confidence = reading.language_confidence
    return (
        confidence is None or (isinstance(confidence, float) and math.isfinite(confidence))
    ) and all(
        block.reason is not Reason.REPEATED
        if block.reason
        else block.rule == SITE_RULE or (block.rule is None and block.evidence is None)
        for block in reading.blocks
    )


def measure(reading: Reading) -> tuple[int, int, str]:
    """Letters of main text and of what was removed; as JSON, which fields the reading has not.

    As `archive/health.py` compares them: of the page alone, before what is learned of its site.
    """
    kept = sum(len(block.text) for block in reading.blocks if block.kept)
    removed = sum(len(block.text) for block in reading.blocks if not block.kept)
    return kept, removed, json.dumps([name for name in FIELDS if not getattr(reading, name)])


def unpack(body: bytes) -> Reading:
    """The reading that was packed. Raises one of DAMAGED."""
    return reading(loads(body))


def reading(values: dict[str, Any]) -> Reading:
    """The reading with these values, as they are packed. Raises one of DAMAGED."""
    values = dict(values)
    return Reading(
        title=values.pop("title", ""),
        blocks=tuple(_long(*block) for block in values.pop("blocks")),
        signals=tuple(Signal(*signal) for signal in values.pop("signals")),
        alternates=tuple((language, url) for language, url in values.pop("alternates", ())),
        authors=tuple(values.pop("authors", ())),
        tags=tuple(values.pop("tags", ())),
        **values,
    )


def loads(body: bytes) -> dict[str, Any]:
    """The values that were packed. Raises one of DAMAGED."""
    values: dict[str, Any] = orjson.loads(decompress(body))
    return values


def dumps(values: dict[str, Any]) -> bytes:
    """Values, packed."""
    return compress(_text(values))


def digest(values: dict[str, Any]) -> str:
    """The SHA-256 of a reading with these values."""
    return text_digest(_text(values))


def is_rest(values: object) -> bool:
    """Whether these are the values that do not stand in the tables. (What sitemaps say is a list.)"""
    return isinstance(values, dict) and "blocks" not in values


def rest_of(values: dict[str, Any]) -> dict[str, Any]:
    """Those of a reading's values that do not stand in the tables."""
    return {
        name: value
        for name, value in values.items()
        if name not in _IN_TABLES and (value or name != "signals")
    }


def filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {name: value for name, value in values.items() if value not in _EMPTY}


def _values(reading: Reading) -> dict[str, Any]:
    values = filled({name: getattr(reading, name) for name in _NAMES})
    values["blocks"] = [_short(block) for block in reading.blocks]
    values["signals"] = [astuple(signal) for signal in reading.signals]
    return values


def _text(values: dict[str, Any]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def text_digest(text: bytes) -> str:
    """The SHA-256 of values as JSON."""
    return hashlib.sha256(text).hexdigest()


def received(packed: Packed, warnings: tuple[str, ...]) -> Reading:
    """The reading that another process packed, which `pack` gives as that did."""
    received = replace(unpack(packed[1]), warnings=warnings)
    object.__setattr__(received, "_packed", packed)
    return received


def compress(text: bytes) -> bytes:
    """What stands in `contents.body`."""
    return _COMPRESSOR.compress(text, _COMPRESSOR.FLUSH_FRAME)


def decompress(body: bytes) -> bytes:
    """What was compressed. Raises one of DAMAGED."""
    return zstd.decompress(body)


def to_json(reading: Reading) -> str:
    """The reading without its warnings, as a JSON document."""
    plain = _plain(reading) | {"warnings": ()}
    return json.dumps(plain, default=_plain, ensure_ascii=False, sort_keys=True)


def from_json(body: bytes) -> Reading:
    """The reading that `to_json` wrote."""
    values: dict[str, Any] = json.loads(body)
    values["blocks"] = tuple(_block(block) for block in values["blocks"])
    values["signals"] = tuple(Signal(**signal) for signal in values["signals"])
    values["alternates"] = tuple((language, url) for language, url in values["alternates"])
    for name in ("authors", "tags", "warnings"):
        values[name] = tuple(values[name])
    return Reading(**values)


def _plain(value: Reading | Block | Signal) -> dict[str, Any]:
    """As `dataclasses.asdict`, without its copy of all that is in it."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.init}


def _short(block: Block) -> tuple[str | None, ...]:
    marked = None if block.markdown == block.text else block.markdown
    return short_block(block.kind, block.text, marked, block.reason, block.rule, block.evidence)


def short_block(
    kind: str,
    text: str,
    marked: str | None,
    reason: str | None,
    rule: str | None,
    evidence: str | None,
) -> tuple[str | None, ...]:
    """A block as it is packed; `marked`: its Markdown, null where that is the text."""
    if reason or rule or evidence:
        return (kind, text, marked, reason, rule, evidence)
    return (kind, text) if marked is None else (kind, text, marked)


def _long(
    kind: BlockKind,
    text: str,
    marked: str | None = None,
    reason: str | None = None,
    rule: str | None = None,
    evidence: str | None = None,
) -> Block:
    markdown = text if marked is None else marked
    return Block(kind, text, markdown, _REASONS[reason] if reason else None, rule, evidence)


def _block(values: dict[str, Any]) -> Block:
    return Block(**values | {"reason": Reason(values["reason"]) if values["reason"] else None})
