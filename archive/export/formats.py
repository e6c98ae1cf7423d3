"""How each format is written: into one file after another, or as loose files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import IO

from archive.export import files, jsonl, parquet
from archive.export.documents import DOCUMENTS, Documents, Listed, Loose, Writer, tar
from archive.export.files import SUFFIXES, Add, Compression
from archive.export.folder import Stage
from archive.export.options import Options
from archive.export.shards import Shards
from archive.model import Article

METADATA, CHECKSUMS = "metadata.tsv", "SHA256SUMS"
UNSPLIT = "articles"  # what shards are called where there are no splits


@contextmanager
def writer(
    db: sqlite3.Connection, options: Options, stage: Stage, splits: Sequence[str]
) -> Iterator[Writer]:
    """What writes the articles of a corpus in this form; all is on disk at the end of the block."""
    with ExitStack() as stack:
        if options.format not in DOCUMENTS:
            yield Sharded(db, options, stage, splits, stack)
            return
        documents = Documents(db, options.format)
        table = stack.enter_context(files.whole_file(stage.path / METADATA))
        if options.compression:
            yield Listed(documents, table, Sharded(db, options, stage, splits, stack))
        else:
            sums = stack.enter_context(files.whole_file(stage.path / CHECKSUMS))
            yield Listed(documents, table, Loose(stage.path, documents, sums))
            os.sync()  # all files at once, instead of a million one by one


class Sharded:
    """The shards of all splits."""

    def __init__(
        self,
        db: sqlite3.Connection,
        options: Options,
        stage: Stage,
        splits: Sequence[str],
        stack: ExitStack,
    ) -> None:
        shards = {split: _shards(db, options, stage, split) for split in splits}
        self._shards = {split: stack.enter_context(made) for split, made in shards.items()}

    def add(self, article: Article, split: str) -> None:
        """Write the article into the shard of its split that is being filled."""
        self._shards[split].add(article)


def _shards(db: sqlite3.Connection, options: Options, stage: Stage, split: str) -> Shards:
    return Shards(
        stage.path,
        f"data/{split or UNSPLIT}-{{:05}}{suffix(options)}",
        partial(opened, db, options, split),
        compression=packing(options),
        size=options.shard_size,
        finished=stage.finished(split),
        on_finished=partial(stage.record, split),
    )


def is_loose(options: Options) -> bool:
    """Whether each article has a file of its own, and the file system is what holds them."""
    return options.format in DOCUMENTS and options.compression is None


def suffix(options: Options) -> str:
    """How the name of a shard ends."""
    if options.format == "parquet":
        return ".parquet"
    kind = ".jsonl" if options.format == "jsonl" else ".tar"
    return kind + SUFFIXES[options.compression]


def packing(options: Options) -> Compression | None:
    """How a file is compressed as a whole. Parquet compresses its columns itself."""
    return None if options.format == "parquet" else options.compression


def opened(
    db: sqlite3.Connection, options: Options, split: str, file: IO[bytes]
) -> AbstractContextManager[Add]:
    """What writes articles of a split into a file. Raises UserError where pyarrow is missing."""
    if options.format == "jsonl":
        return jsonl.lines(file)
    if options.format == "parquet":
        return parquet.rows(file, options.compression)
    return tar(file, Documents(db, options.format), split)
