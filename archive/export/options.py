"""What an export is asked for: which articles, in which form. All of it decides the bytes."""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Literal

from archive.errors import UserError
from archive.export import quality
from archive.export.files import Compression
from archive.export.quality import Limit
from archive.search import Filters

Format = Literal["jsonl", "parquet", "txt", "tei", "markdown"]
FORMATS: tuple[Format, ...] = ("jsonl", "parquet", "txt", "tei", "markdown")
SPLITS = ("train", "validation", "test")  # the names that the Hugging Face hub knows
# Of a shard before compression: what `datasets` writes itself (config.MAX_SHARD_SIZE).
SHARD_SIZE = 500_000_000
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", re.I)


class OptionError(UserError):
    """An option that cannot be understood, with how it is written."""


@dataclass(frozen=True, slots=True)
class Options:
    """Which articles a corpus has, and how it is written.

    `deduplicate` keeps one article of each cluster of near-duplicates; `splits` are shares of 1 for
    SPLITS, empty for none; `shard_size` is in bytes before compression.
    """

    format: Format = "jsonl"
    filters: Filters = field(default_factory=Filters)
    include_reserved: bool = False
    deduplicate: bool = False
    quality: tuple[Limit, ...] = ()
    splits: tuple[Fraction, ...] = ()
    compression: Compression | None = None
    shard_size: int = SHARD_SIZE
    title: str | None = None  # of the data card

    def arguments(self) -> list[str]:
        """The options as they are written behind `newsarchive export`, those that are no default."""
        filters = self.filters
        written = [
            *(("--source", name) for name in filters.sources),
            *(("--language", name) for name in filters.languages),
            *(("--tag", name) for name in filters.tags),
            *(("--author", name) for name in filters.authors),
            ("--since", filters.since),
            ("--until", filters.until),
            ("--query", filters.query),
            ("--min-words", filters.min_words),
            *(("--quality", written) for written in quality.arguments(self.quality)),
            ("--splits", "/".join(f"{float(share):g}" for share in self.splits)),
            ("--compress", self.compression),
            ("--shard-size", None if self.shard_size == SHARD_SIZE else self.shard_size),
            ("--title", self.title),
        ]
        flags = {"--include-reserved": self.include_reserved, "--deduplicate": self.deduplicate}
        given = [(name, str(value)) for name, value in written if value not in (None, "")]
        return [
            self.format,
            *(shlex.quote(part) for pair in given for part in pair),
            *(name for name, is_set in flags.items() if is_set),
        ]

    def document(self) -> dict[str, Any]:
        """The options for the manifest: those of the filters that choose anything, all others."""
        filters = {name: value for name, value in asdict(self.filters).items() if value}
        return {
            "format": self.format,
            "filters": filters,
            "include_reserved": self.include_reserved,
            "deduplicate": self.deduplicate,
            "quality": {limit.rule.name: limit.value for limit in self.quality},
            "splits": dict(zip(SPLITS, map(float, self.splits), strict=True))
            if self.splits
            else {},
            "compression": self.compression,
            "shard_size": self.shard_size,
            "title": self.title,
        }


def parse_splits(written: str) -> tuple[Fraction, ...]:
    """The shares of `0.9/0.05/0.05`. Raises OptionError."""
    try:
        shares = tuple(Fraction(part.strip()) for part in written.split("/"))
    except (ValueError, ZeroDivisionError):
        shares = ()
    if len(shares) != len(SPLITS) or sum(shares) != 1 or min(shares) < 0:
        raise OptionError(
            f"{written!r} are no shares of {', '.join(SPLITS)}: write three that make 1, like "
            "0.9/0.05/0.05"
        )
    return shares


def parse_size(written: str) -> int:
    """The bytes of `500MB`; units are powers of 1,000. Raises OptionError."""
    found = _SIZE.fullmatch(written.strip())
    size = int(Fraction(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size < 1:
        raise OptionError(f"{written!r} is no size: write it like 500MB or 1GB")
    return size
