"""Parquet: one article a row, with the column names of `articles` and types to compute with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from archive.errors import UserError
from archive.export.files import Add, Compression
from archive.model import Article
from archive.search import COLUMNS

# Letters of text in a row group: what is held in memory, a few times over, and what readers read at
# once. Parquet's own advice of 512 MB and more is for disks of a cluster.
ROW_GROUP = 16_000_000
# Few values, each in many rows: kept once in a row group, and read as categories.
CATEGORIES = (
    "source site language declared_language access may_crawl may_archive may_train extractor form"
).split()
TIMES = ("published_utc", "first_seen", "last_seen", "gone")
LISTS = ("authors", "tags")
INTEGERS = ("id", "capture_id", "word_count")


@contextmanager
def rows(file: IO[bytes], compression: Compression | None) -> Iterator[Add]:
    """What writes articles into a Parquet file. Raises UserError where pyarrow is missing."""
    import_pyarrow()
    made = _Rows(file, compression)
    try:
        yield made.add
        made.close()
    except BaseException:
        made.abandon()
        raise


class _Rows:
    """Articles on their way into row groups."""

    def __init__(self, file: IO[bytes], compression: Compression | None) -> None:
        import pyarrow.parquet as pq

        self._schema = schema()
        self._writer = pq.ParquetWriter(file, self._schema, compression=compression or "zstd")
        self._columns: list[list[Any]] = [[] for _ in COLUMNS]
        self._letters = 0

    def add(self, article: Article) -> int:
        """Put the article in the row group that is being filled; the size of its text in bytes."""
        for column, name in zip(self._columns, COLUMNS, strict=True):
            column.append(getattr(article, name))
        self._letters += len(article.text)
        if self._letters >= ROW_GROUP:
            self._write()
        return len(article.text.encode())

    def close(self) -> None:
        """Write the last row group and the footer."""
        if self._columns[0]:
            self._write()
        self._writer.close()

    def abandon(self) -> None:
        """Write nothing more: pyarrow would, into a closed file, when the writer is collected."""
        self._writer.is_open = False

    def _write(self) -> None:
        import pyarrow as pa

        arrays = [
            # ISO 8601 is read by Arrow itself, and UTC is what it says.
            pa.array(values, pa.string()).cast(field.type)
            if pa.types.is_timestamp(field.type)
            else pa.array(values, field.type)
            for values, field in zip(self._columns, self._schema, strict=True)
        ]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._columns = [[] for _ in COLUMNS]
        self._letters = 0


def schema() -> Any:
    """The Arrow schema of `articles`."""
    import pyarrow as pa

    types = {name: pa.string() for name in COLUMNS}
    types |= dict.fromkeys(CATEGORIES, pa.dictionary(pa.int32(), pa.string()))
    types |= dict.fromkeys(TIMES, pa.timestamp("us", tz="UTC"))
    types |= dict.fromkeys(LISTS, pa.list_(pa.string()))
    types |= dict.fromkeys(INTEGERS, pa.int64())
    types["language_confidence"] = pa.float64()
    return pa.schema([(name, types[name]) for name in COLUMNS])


def import_pyarrow() -> None:
    """Raises UserError with what to install, where there is no pyarrow."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise UserError(
            "Parquet needs pyarrow: pip install 'newsletter-archive[parquet]'"
        ) from error
