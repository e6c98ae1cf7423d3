"""A block that reads WARC files into articles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datatrove.data import Document
from datatrove.io import DataFolderLike

from archive import warc
from archive.export.selection import RESERVED
from archive.model import Fault, Reading, Signal
from crawler.datatrove import robots as robots_files
from crawler.datatrove import rows
from crawler.datatrove.responses import Responses, Row
from crawler.derive import derive_exchange, role
from crawler.sources import Source


def read(exchange: warc.Exchange, source: Source) -> Row | Fault:
    """The row of a page, or why it is no article."""
    outcome = derive_exchange(exchange, source)
    if isinstance(outcome, Reading):
        return rows.row(exchange, outcome)
    assert isinstance(outcome, Fault)  # only robots.txt gives links, and is not asked for
    return outcome


class Articles(Responses):
    """The articles of WARC files, extracted and cleaned: a document each, its text the main text, its
    metadata the columns of `schema()`.

    What its publisher reserves from training is left out and counted, unless `include_reserved`.
    `robots`: the folder that a pipeline with `Robots` wrote; without it only what pages say of
    themselves counts. See `Responses` for the rest.
    """

    name = "📰 Articles"

    def __init__(
        self,
        data_folder: DataFolderLike,
        *args: Any,
        robots: DataFolderLike | None = None,
        include_reserved: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(read, data_folder, *args, **options)
        self.robots = robots
        self.include_reserved = include_reserved
        self._robots: Mapping[str, tuple[Signal, ...]] = {}  # while it runs

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents before, then the articles of this task's files."""
        self._robots = robots_files.load(self.robots) if self.robots else {}
        yield from super().run(data, rank, world_size)

    def wants(self, url: str) -> bool:
        return role(url) == "article"

    def objection(self, row: Row) -> Fault | None:
        rows.add_signals(row, self._robots.get(row["site"], ()))
        if row["may_train"] == "no" and not self.include_reserved:
            return Fault(RESERVED, "its publisher reserves it from training", skip=True)
        return None
