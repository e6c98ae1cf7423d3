"""Readings at rest: compressed JSON of everything the pure steps made of a capture.

The same reading by two versions of the extractor is one: which of them it was stands in
`captures.read_by`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import fields
from typing import Any

from archive.model import Block, Reading, Reason, Signal

FIELDS = ("title", "authors", "published")  # that an article has, as a rule
EXTRACTOR = "7"  # raised whenever the same bytes may give another reading


def pack(reading: Reading) -> tuple[str, bytes]:
    """The SHA-256 of the reading (without its warnings), and its compressed form."""
    text = to_json(reading)
    return hashlib.sha256(text.encode()).hexdigest(), zlib.compress(text.encode())


def measure(reading: Reading) -> tuple[int, int, str]:
    """Letters of main text and of what was removed; as JSON, which fields the reading has not.

    As `archive/health.py` compares them: of the page alone, before what is learned of its site.
    """
    kept = sum(len(block.text) for block in reading.blocks if block.kept)
    removed = sum(len(block.text) for block in reading.blocks if not block.kept)
    return kept, removed, json.dumps([name for name in FIELDS if not getattr(reading, name)])


def unpack(body: bytes) -> Reading:
    """The reading that was packed."""
    return from_json(zlib.decompress(body))


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
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _block(values: dict[str, Any]) -> Block:
    return Block(**values | {"reason": Reason(values["reason"]) if values["reason"] else None})
