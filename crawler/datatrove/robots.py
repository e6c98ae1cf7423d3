"""A block that reads what the robots.txt files among WARC records say of rights, for `Articles`.

It is a pass of its own, before that of the articles: a site's robots.txt may stand in any of the files,
and Common Crawl has files of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.io import DataFolderLike, get_datafolder

from archive import urls, warc
from archive.model import Fault, Found, Signal
from crawler.datatrove.responses import Responses, Row
from crawler.derive import derive_exchange, role
from crawler.sources import Source

SIGNALS = pa.list_(pa.struct([(field.name, pa.string()) for field in fields(Signal)]))
# For datatrove's `ParquetWriter`; `text` is the file as it is.
ROBOTS_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("site", "url", "fetched")] + [("signals", SIGNALS)]
)


def read(exchange: warc.Exchange, source: Source) -> Row | Fault:
    """The row of a robots.txt; one that cannot be had allows everything (RFC 9309, 2.3.1.3)."""
    outcome = derive_exchange(exchange, source)
    signals = outcome.signals if isinstance(outcome, Found) else ()
    return {
        "text": "",
        "site": urls.site(exchange.url),
        "url": exchange.url,
        "fetched": exchange.fetched,
        "signals": [asdict(signal) for signal in signals],
    }


class Robots(Responses):
    """What the robots.txt files say of rights: a document each. See `Responses` for the options."""

    name = "🤖 robots.txt"

    def __init__(self, data_folder: DataFolderLike, *args: Any, **options: Any) -> None:
        super().__init__(read, data_folder, *args, **options)

    def wants(self, url: str) -> bool:
        return role(url) == "robots"


def load(folder: DataFolderLike) -> Mapping[str, tuple[Signal, ...]]:
    """What the newest robots.txt of each site says: as archives take it, of each address the newest."""
    files = get_datafolder(folder)
    newest: dict[str, Row] = {}
    for path in files.list_files(glob_pattern="**/*.parquet"):
        with files.open(path, "rb") as file:
            for row in pq.read_table(file, schema=ROBOTS_SCHEMA).to_pylist():
                held: Row | None = newest.get(row["url"])
                if held is None or row["fetched"] > held["fetched"]:
                    newest[row["url"]] = row
    signals: dict[str, tuple[Signal, ...]] = {}
    for _, row in sorted(newest.items()):
        said = tuple(Signal(**signal) for signal in row["signals"])
        if said:
            signals[row["site"]] = signals.get(row["site"], ()) + said
    return signals
