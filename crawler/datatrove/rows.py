"""Readings as rows: the columns of `export parquet`, as far as they are known without an archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import pyarrow as pa

from archive import articles, fingerprint, rights, urls, warc
from archive.export import parquet
from archive.model import Block, Reading, Reason, Signal, main_text
from archive.readings import EXTRACTOR
from crawler.derive import moment

ARCHIVE_ALONE = ("id", "capture_id", "translation_group", "gone")  # known to an archive alone
ANSWERS = ("may_crawl", "may_archive", "may_train")
SIGNALS = pa.list_(pa.struct([(name, pa.string()) for name in ("kind", "raw", "place")]))
BLOCKS = pa.list_(pa.struct([(field.name, pa.string()) for field in fields(Block)]))


def schema(*, blocks: bool = False) -> pa.Schema:
    """The Arrow schema of articles that are in no archive, for datatrove's `ParquetWriter`.

    Beside the columns of `export parquet`: `signals` of their rights as the publisher gave them, the
    WARC file (`file_path`) and record (`record_id`) they come from, and with `blocks` all blocks of the
    page, with the reason of those removed, and the digests by which `CountRepeated` counts them.
    """
    known = [field for field in parquet.schema() if field.name not in ARCHIVE_ALONE]
    known += [
        pa.field("signals", SIGNALS),
        pa.field("file_path", pa.dictionary(pa.int32(), pa.string())),
        pa.field("record_id", pa.string()),
    ]
    if blocks:
        known += [pa.field("blocks", BLOCKS), pa.field("digests", pa.list_(pa.int64()))]
    return pa.schema(known)


def row(exchange: warc.Exchange, reading: Reading) -> dict[str, Any]:
    """The values of those columns, but for `file_path`; times with their zone."""
    url = reading.declared_url or urls.canonical(exchange.url)
    published = articles.utc(reading.published)
    fetched = moment(exchange.fetched)
    made: dict[str, Any] = {
        "url": url,
        "captured_url": exchange.url,
        "source": urls.site(exchange.url),
        "site": urls.site(url),
        **articles.stated(reading),
        "authors": list(reading.authors),
        "published_utc": datetime.fromisoformat(published) if published else None,
        "tags": list(reading.tags),
        **texts(reading.blocks),
        "extractor": reading.extractor or EXTRACTOR,
        "first_seen": fetched,
        "last_seen": fetched,
        "record_id": exchange.record_id,
    }
    add_signals(made, reading.signals)
    return made


def texts(blocks: tuple[Block, ...]) -> dict[str, Any]:
    """The columns that follow from the blocks."""
    text = main_text(blocks)
    return {
        "text": text,
        "word_count": articles.word_count(text),
        "digest": articles.digest(text),
        "blocks": [_values(block) for block in blocks],
        "digests": list(dict.fromkeys(fingerprint.digest(block.text) for block in blocks)),
    }


def block(values: Mapping[str, Any]) -> Block:
    """A block of the column `blocks`."""
    reason = Reason(values["reason"]) if values["reason"] else None
    return Block(**{**values, "markdown": values["markdown"] or values["text"], "reason": reason})


def add_signals(row: dict[str, Any], signals: Sequence[Signal]) -> None:
    """Put signals, and the answers that follow from all of them, into a row."""
    held: list[dict[str, str]] = row.setdefault("signals", [])
    given = [tuple(row[name] for name in ANSWERS)] if held else []
    given += [(signal.crawl, signal.archive, signal.train) for signal in signals]
    held += [{"kind": s.kind, "raw": s.raw, "place": s.place} for s in signals]
    row.update(zip(ANSWERS, rights.combine(given), strict=True))


def _values(block: Block) -> dict[str, str | None]:
    values = {field.name: getattr(block, field.name) for field in fields(Block)}
    return values | {"markdown": None if block.markdown == block.text else block.markdown}
