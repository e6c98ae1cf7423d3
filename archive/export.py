"""Corpora: articles → JSON lines."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from archive import search
from archive.search import Filters


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote, and what it left out."""

    articles: int = 0
    words: int = 0
    reserved_left_out: int = 0


def export_jsonl(
    db: sqlite3.Connection, filters: Filters, target: Path | None, *, include_reserved: bool = False
) -> ExportReport:
    """One article a line, with the column names of `articles`, in the order of addresses.

    Null as target: standard output. Articles that answer *no* to "may be trained on" are left out
    unless `include_reserved`. The same archive and options give the same bytes, in UTF-8. Raises
    QueryError, OSError.
    """
    written = words = left_out = 0
    found = search.articles(db, filters)
    with _output(target) as file:
        for article in found:
            if article.may_train == "no" and not include_reserved:
                left_out += 1
                continue
            line = json.dumps(asdict(article), ensure_ascii=False)
            file.write(line.encode() + b"\n")
            written += 1
            words += article.word_count
    return ExportReport(written, words, left_out)


@contextmanager
def _output(target: Path | None) -> Iterator[IO[bytes]]:
    """The target's file, which has its name only when it is whole and on disk."""
    if target is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = target.resolve()  # a link stays a link
    if target.exists() and not target.is_file():  # a pipe or a device: nothing to replace
        with open(target, "wb") as file:
            yield file
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
        _sync(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Put the names in a folder on disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
