"""Rows of `captures` → data classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archive.model import Capture

NAMES = (
    "id", "url", "final_url", "source", "role", "found_by", "fetched", "status", "etag",
    "last_modified", "digest", "file", "offset", "length", "read_by", "read_as",
)  # fmt: skip


def columns(table: str = "captures") -> str:
    """The columns that a capture is made of, for a SELECT."""
    return ", ".join(f"{table}.{name}" for name in NAMES)


def capture(row: Sequence[Any]) -> Capture:
    """The capture of a row of these columns."""
    return Capture(**dict(zip(NAMES, row, strict=True)))


def captures(rows: Iterable[Sequence[Any]]) -> Iterator[Capture]:
    """The captures of rows of these columns."""
    return map(capture, rows)
