"""Corpora: articles → JSON lines."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
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
    unless `include_reserved`. The same archive and options give the same bytes. Raises OSError.
    """
    report = ExportReport()
    with _output(target) as file:
        for article in search.articles(db, filters):
            if article.may_train == "no" and not include_reserved:
                report = replace(report, reserved_left_out=report.reserved_left_out + 1)
                continue
            file.write(json.dumps(asdict(article), ensure_ascii=False) + "\n")
            report = replace(
                report,
                articles=report.articles + 1,
                words=report.words + article.word_count,
            )
    return report


@contextmanager
def _output(target: Path | None) -> Iterator[IO[str]]:
    """The target's file, which has its name only when it is whole."""
    if target is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
