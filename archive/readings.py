"""Readings at rest: compressed JSON of everything the pure steps made of a capture.

What is empty is left out, and a block is a list of its values, as far as it has them: so the JSON is
half as long and as quickly written.

The same reading by two versions of the extractor is one: which of them it was stands in
`captures.read_by`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import astuple, fields, replace
from typing import Any

import orjson

from archive.model import Block, BlockKind, Reading, Reason, Signal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Packed = tuple[str, bytes]  # a reading as it is stored: its digest, its compressed form

FIELDS = ("title", "authors", "published")  # that an article has, as a rule
DAMAGED = (zstd.ZstdError, ValueError, KeyError, TypeError)  # what is no packed reading
EXTRACTOR = "9"  # raised whenever the same bytes may give another reading

_NAMES = [
    f.name for f in fields(Reading) if f.init and f.name not in ("blocks", "signals", "warnings")
]
_EMPTY = (None, "", ())
# Level 3, zstd's own default, made once: half of what a page costs is to make one.
_COMPRESSOR = zstd.ZstdCompressor(level=3)


def pack(reading: Reading) -> Packed:
    """The SHA-256 of the reading (without its warnings), and its compressed form."""
    if reading._packed:  # by the process that read it
        return reading._packed
    values = {name: getattr(reading, name) for name in _NAMES}
    short = {name: value for name, value in values.items() if value not in _EMPTY}
    short["blocks"] = [_short(block) for block in reading.blocks]
    short["signals"] = [astuple(signal) for signal in reading.signals]
    text = orjson.dumps(short, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest(), compress(text)


def measure(reading: Reading) -> tuple[int, int, str]:
    """Letters of main text and of what was removed; as JSON, which fields the reading has not.

    As `archive/health.py` compares them: of the page alone, before what is learned of its site.
    """
    kept = sum(len(block.text) for block in reading.blocks if block.kept)
    removed = sum(len(block.text) for block in reading.blocks if not block.kept)
    return kept, removed, json.dumps([name for name in FIELDS if not getattr(reading, name)])


def unpack(body: bytes) -> Reading:
    """The reading that was packed. Raises one of DAMAGED."""
    values: dict[str, Any] = orjson.loads(decompress(body))
    return Reading(
        title=values.pop("title", ""),
        blocks=tuple(_long(*block) for block in values.pop("blocks")),
        signals=tuple(Signal(*signal) for signal in values.pop("signals")),
        alternates=tuple((language, url) for language, url in values.pop("alternates", ())),
        authors=tuple(values.pop("authors", ())),
        tags=tuple(values.pop("tags", ())),
        **values,
    )


def received(packed: Packed, warnings: tuple[str, ...]) -> Reading:
    """The reading that another process packed, which `pack` gives as that did."""
    reading = replace(unpack(packed[1]), warnings=warnings)
    object.__setattr__(reading, "_packed", packed)
    return reading


def compress(text: bytes) -> bytes:
    """What stands in `contents.body`."""
    return _COMPRESSOR.compress(text, _COMPRESSOR.FLUSH_FRAME)


def decompress(body: bytes) -> bytes:
    """What was compressed. Raises one of DAMAGED."""
    return zstd.decompress(body)


def is_whole(digest: str, body: bytes) -> bool:
    """Whether a row of `contents` is as it was written."""
    try:
        return hashlib.sha256(decompress(body)).hexdigest() == digest
    except DAMAGED:
        return False


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
    if block.reason or block.rule or block.evidence:
        return (block.kind, block.text, marked, block.reason, block.rule, block.evidence)
    return (block.kind, block.text) if marked is None else (block.kind, block.text, marked)


def _long(
    kind: BlockKind,
    text: str,
    marked: str | None = None,
    reason: str | None = None,
    rule: str | None = None,
    evidence: str | None = None,
) -> Block:
    markdown = text if marked is None else marked
    return Block(kind, text, markdown, Reason(reason) if reason else None, rule, evidence)


def _block(values: dict[str, Any]) -> Block:
    return Block(**values | {"reason": Reason(values["reason"]) if values["reason"] else None})
