"""Two blocks for what only all files together tell: what repeats on a site, and which capture of an
article is the latest.

An archive learns while it grows (`archive/learned.py`). Here every file is read by itself first; then
`CountRepeated` counts over all of them, and `RemoveRepeated` decides as an archive of them would.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.io import DataFolder, DataFolderLike, get_datafolder
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.batching import batched
from datatrove.utils.typeshelper import StatHints

from archive import repetition, urls
from crawler.datatrove import rows

BATCH = 1000  # documents whose sites are looked up at once; as many as datatrove's writer holds
SUPERSEDED = "superseded"
PARQUET = "**/*.parquet"

# Of each article the captures, the latest (of those of one moment, any, but always the same) as 1.
_CAPTURES = """
CREATE TEMP TABLE captures AS SELECT site, record_id,
    row_number() OVER (PARTITION BY article ORDER BY first_seen DESC NULLS LAST, record_id) AS age,
    count(*) OVER (PARTITION BY article) AS captures,
    min(first_seen) OVER (PARTITION BY article) AS first_seen
FROM (SELECT site, record_id, first_seen, key(url) AS article FROM pages)
"""
_SEVERAL = """
SELECT site, record_id, age = 1 AS is_latest, first_seen FROM captures WHERE captures > 1
ORDER BY site, record_id
"""
_COUNTS = """
WITH latest AS (SELECT site, record_id FROM captures WHERE age = 1),
    sites AS (SELECT site, count(*) AS of FROM latest GROUP BY site),
    held AS (SELECT site, record_id, unnest(digests) AS digest FROM pages SEMI JOIN latest USING (site, record_id))
SELECT site, digest, count(DISTINCT record_id) AS articles, of
FROM held JOIN sites USING (site) GROUP BY site, digest, of HAVING articles > 1
ORDER BY site, digest
"""


class CountRepeated(PipelineStep):  # type: ignore[misc]
    """Counts in how many articles of its site each block stands, and which have several captures.

    It reads the Parquet that `Articles` gave with `schema(blocks=True)`, all of it in each task, which
    counts its share of the sites; it is the only block of its pipeline. Of an article with several
    captures the latest counts.
    """

    type = "🫂 - DEDUP"
    name = "🧮 What repeats on a site"

    def __init__(self, input_folder: DataFolderLike, output_folder: DataFolderLike) -> None:
        super().__init__()
        self.input_folder = get_datafolder(input_folder)
        self.output_folder = get_datafolder(output_folder)

    def run(self, data: None = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Nothing; the counts are in the output folder then."""
        with self.track_time("task"), duckdb.connect() as db:
            db.create_function("key", urls.key, ["VARCHAR"], "VARCHAR")
            if not self.input_folder.is_local():
                db.register_filesystem(self.input_folder.fs)
            pages = self.input_folder.resolve_paths(PARQUET)
            db.execute(
                f"CREATE VIEW pages AS SELECT * FROM read_parquet('{pages.replace(chr(39), 2 * chr(39))}') "
                f"WHERE hash(site) % {world_size} = {rank}"
            )
            db.execute(_CAPTURES)
            for name, query in (("captures", _SEVERAL), ("counts", _COUNTS)):
                found = db.sql(query).to_arrow_table()
                self.stat_update(name, value=len(found), unit="task")
                with self.output_folder.open(f"{name}/{rank:05}.parquet", "wb") as file:
                    pq.write_table(found, file)
        yield from ()


class RemoveRepeated(PipelineStep):  # type: ignore[misc]
    """Removes from articles what repeats on their site, by what `CountRepeated` counted; of an article
    with several captures, all but the latest. What was removed stands in `blocks`, with the reason.
    """

    type = "🔻 - FILTER"
    name = "🧹 What repeats on a site"

    def __init__(self, counts_folder: DataFolderLike) -> None:
        super().__init__()
        self.counts_folder = get_datafolder(counts_folder)

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        """The documents, cleaned."""
        for batch in batched(data, BATCH):
            with self.track_time("batch"):
                sites = {document.metadata["site"] for document in batch}
                counts = _counts(self.counts_folder, sites)
                captures = _captures(self.counts_folder, sites)
            for document in batch:
                values = document.metadata
                self.stat_update(StatHints.total)
                is_latest, first_seen = captures.get(values["record_id"], (True, None))
                if not is_latest:
                    self.stat_update(StatHints.dropped, SUPERSEDED)
                    continue
                values["first_seen"] = first_seen or values["first_seen"]
                if site := counts.get(values["site"]):
                    self._clean(document, site)
                self.stat_update(StatHints.forwarded)
                yield document

    def _clean(self, document: Document, counts: repetition.Counts) -> None:
        blocks = [rows.block(values) for values in document.metadata["blocks"]]
        decided = repetition.decide(blocks, counts)
        if removed := sum(old != new for old, new in zip(blocks, decided, strict=True)):
            self.stat_update("blocks removed", value=removed)
            values = rows.texts(decided)
            document.text = values.pop("text")
            document.metadata |= values


def _counts(folder: DataFolder, sites: set[str]) -> dict[str, repetition.Counts]:
    of: dict[str, int] = {}
    by_site: dict[str, dict[int, int]] = {}
    for row in _rows(folder, "counts", sites):
        of[row["site"]] = row["of"]
        by_site.setdefault(row["site"], {})[row["digest"]] = row["articles"]
    return {site: repetition.Counts(of[site], found) for site, found in by_site.items()}


def _captures(folder: DataFolder, sites: set[str]) -> dict[str, tuple[bool, Any]]:
    rows_ = _rows(folder, "captures", sites)
    return {row["record_id"]: (row["is_latest"], row["first_seen"]) for row in rows_}


def _rows(folder: DataFolder, name: str, sites: set[str]) -> Iterator[dict[str, Any]]:
    """The rows of these sites. The files are sorted by site, so that little of them is read."""
    for path in folder.list_files(name, glob_pattern=PARQUET):
        with folder.open(path, "rb") as file:
            yield from pq.read_table(file, filters=[("site", "in", sites)]).to_pylist()
