"""An export from its beginning to its end: select, split, write, count, describe."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from archive.export import card, earlier, files, folder, formats, manifest, parquet
from archive.export.earlier import Index
from archive.export.folder import Stage
from archive.export.options import Options
from archive.export.selection import RESERVED, OnArticle, Selection
from archive.export.splits import Splits
from archive.export.tally import Report, Tally

_REMOVED = (
    "SELECT reason, count(*) FROM block_places WHERE article_id = ? AND kept = 0 GROUP BY reason"
)


def export_file(
    db: sqlite3.Connection,
    options: Options,
    target: Path | None,
    on_article: OnArticle = lambda count: None,
) -> Report:
    """Write JSON lines or Parquet into one file, without a manifest; null: to standard output.

    The same archive and options give the same bytes. Raises QueryError, OSError, and UserError
    where pyarrow is missing.
    """
    selection, articles, words = Selection(db, options, on_article), 0, 0
    packing = formats.packing(options)
    with (
        _snapshot(db),
        _output(target) as raw,
        files.compressed(raw, packing) as file,
        formats.opened(db, options, "", file) as add,
    ):
        for article in selection:
            add(article)
            articles += 1
            words += article.word_count
    return Report(articles, words, selection.dropped[RESERVED], dict(selection.dropped))


def export_folder(
    db: sqlite3.Connection,
    options: Options,
    target: Path,
    since: Path | None = None,
    on_article: OnArticle = lambda count: None,
) -> Report:
    """Write a corpus into a folder, with its manifest, data card and index.

    `since` is an earlier corpus: only what is not in it, or has another text, split or
    metadata now, is written. Where an export of the same was killed, what it finished stays. Raises FolderError,
    QueryError, OSError, and UserError where pyarrow is missing.
    """
    if options.format == "parquet":
        parquet.import_pyarrow()
    before = earlier.corpus_folder(since) if since else None
    with _snapshot(db):
        made_from = {
            **manifest.program(),
            "options": options.document(),
            "since_export": folder.read_manifest(before)["id"] if before else None,
            "archive": manifest.archive_state(db),
        }
        with folder.staged(target, made_from) as stage:
            return _write(db, options, stage, made_from, before, on_article)


def _write(
    db: sqlite3.Connection,
    options: Options,
    stage: Stage,
    made_from: dict[str, Any],
    before: Path | None,
    on_article: OnArticle,
) -> Report:
    """Write everything into the stage, the manifest last."""
    selection, tally = Selection(db, options, on_article), Tally()
    splits = Splits(db, options.splits)
    with (
        formats.writer(db, options, stage, splits.names) as writer,
        Index(stage.path, before) as index,
    ):
        for article in selection:
            split = splits.of(article)
            if index.add(article, split):
                writer.add(article, split)
                tally.add(article, split)
                tally.removed.update(dict(db.execute(_REMOVED, [article.id])))
    report = _report(selection, tally, index, splits.names)
    with files.whole_file(stage.path / folder.CARD) as file:
        file.write(card.compose(db, options, made_from, report, tally).encode())
    composed = manifest.compose(stage, made_from, report, splits.names, formats.is_loose(options))
    with files.whole_file(stage.path / folder.MANIFEST) as file:
        file.write(manifest.encode(composed))
    return replace(report, id=composed["id"])


def _report(selection: Selection, tally: Tally, index: Index, splits: Sequence[str]) -> Report:
    return Report(
        articles=tally.whole.articles,
        words=tally.whole.words,
        reserved_left_out=selection.dropped[RESERVED],
        dropped=dict(selection.dropped),
        splits={name: tally.splits[name].articles for name in splits if name},
        unchanged=index.unchanged,
        changed=index.changed,
        withdrawn=index.withdrawn,
    )


@contextmanager
def _snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """One state of the archive, whatever a crawl writes meanwhile."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.rollback()


@contextmanager
def _output(target: Path | None) -> Iterator[IO[bytes]]:
    """The target's file, which has its name only when it is whole; null: standard output."""
    if target is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = target.resolve()  # a link stays a link
    if target.exists() and not target.is_file():  # a pipe or a device: nothing to replace
        with open(target, "wb") as file:
            yield file
        return
    with files.whole_file(target) as file:
        yield file
