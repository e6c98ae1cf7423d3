"""The responses of WARC files, each read in a process that may fail alone; a block's common part.

datatrove has a reader of WARC files, too. It gives a page as text: status and headers of the response
are lost, and with them the charset, redirects, errors that look like pages and `tdm-reservation`; and
a broken record ends the task. So records are read as in an import (`archive/warc.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import forkserver
from typing import IO, Any

from datatrove.data import Document
from datatrove.io import DataFileLike, DataFolderLike
from datatrove.pipeline.readers.base import BaseDiskReader
from datatrove.pipeline.writers.disk_base import DiskWriter
from datatrove.utils.logging import logger
from datatrove.utils.typeshelper import StatHints

from archive import urls, warc
from archive.model import UNREAD, Fault
from crawler import phrases, workers
from crawler.sources import Source, of_capture

FILES = "**/*.warc*"
WAITING = 8  # responses under way: enough that a page never waits for the unpacking of the next
BROKEN = "broken-warc"  # as imports call it

Row = dict[str, Any]
Read = Callable[[warc.Exchange, Source], Row | Fault]  # of a module: it is sent to a process
Pending = tuple[warc.Exchange, Future[Row | Fault] | Fault]


class Responses(BaseDiskReader):  # type: ignore[misc]
    """What responses of WARC files are read as. What cannot be read is counted by the kind of its fault,
    and goes to the `exclusion_writer` where there is one.

    `read` makes a row of a response, in a process of its own.
    `sources`: whose `keep`, `drop` and `language` hold for pages of their sites (crawler/sources.py);
    `boilerplate`: rules of the user's own (crawler/phrases.py). Everything else is as in datatrove's
    other readers. Raises OSError where a file cannot be read, so that its task is run again.
    """

    def __init__(
        self,
        read: Read,
        data_folder: DataFolderLike,
        paths_file: DataFileLike | None = None,
        *,
        sources: Sequence[Source] = (),
        boilerplate: phrases.Rules = phrases.Rules(),  # noqa: B008 - frozen
        exclusion_writer: DiskWriter | None = None,
        limit: int = -1,
        skip: int = 0,
        file_progress: bool = False,
        doc_progress: bool = False,
        recursive: bool = True,
        glob_pattern: str | None = FILES,
    ) -> None:
        super().__init__(
            data_folder,
            paths_file,
            limit,
            skip,
            file_progress=file_progress,
            doc_progress=doc_progress,
            recursive=recursive,
            glob_pattern=glob_pattern,
        )
        self.read = read
        self.sources = tuple(sources)
        self.boilerplate = boilerplate
        self.exclusion_writer = exclusion_writer
        self._pool: Any = None  # while it runs

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents before, then those of this task's files."""
        with ExitStack() as stack:
            self._rank = rank
            forkserver.set_forkserver_preload(["crawler.reading", "pebble.pool.process"])
            self._pool = workers.pool(self.boilerplate, 1)
            stack.callback(self._pool.join)
            stack.callback(self._pool.stop)
            if self.exclusion_writer:
                stack.enter_context(self.exclusion_writer)
            yield from super().run(data, rank, world_size)

    def read_file(self, filepath: str) -> Iterator[Document]:
        """The documents of a file, in its order."""
        place = self.data_folder.resolve_paths(filepath)
        with self.data_folder.open(filepath, "rb") as stream:
            waiting: deque[Pending] = deque()
            for exchange, pending in self._begun(stream, place):
                waiting.append((exchange, pending))
                if len(waiting) > WAITING:
                    yield from self._settled(*waiting.popleft(), place)
            for exchange, pending in waiting:
                yield from self._settled(exchange, pending, place)

    def wants(self, url: str) -> bool:
        """Whether what stands at the address is to be read."""
        raise NotImplementedError

    def objection(self, row: Row) -> Fault | None:
        """Why what was read is left out; null where it is not. It may be completed here."""
        return None

    def _begun(self, stream: IO[bytes], place: str) -> Iterator[Pending]:
        """The responses without their bodies, each with what it will have been read as."""
        for exchange in warc.exchanges(stream):
            if isinstance(exchange, warc.WarcError):
                nothing = warc.Exchange(place, "", 0, (), b"")
                yield nothing, Fault(BROKEN, str(exchange), permanent=True)
            elif self.wants(exchange.url):
                source = of_capture(self.sources, urls.site(exchange.url), exchange.url)
                args = [exchange, source]
                pending = self._pool.schedule(self.read, args=args, timeout=workers.SECONDS)
                yield replace(exchange, body=b""), pending

    def _settled(
        self, exchange: warc.Exchange, pending: Future[Row | Fault] | Fault, place: str
    ) -> Iterator[Document]:
        """The document, if there is one; all that is not is counted."""
        self.stat_update(StatHints.total)
        with self.track_time():
            outcome = pending if isinstance(pending, Fault) else _result(pending)
        if not isinstance(outcome, Fault):
            outcome = self.objection(outcome) or outcome
        if isinstance(outcome, Fault):
            self._exclude(exchange, outcome, place)
            return
        self.stat_update(StatHints.forwarded)
        text = outcome.pop("text")
        yield Document(text, exchange.record_id, metadata=outcome | {"file_path": place})

    def _exclude(self, exchange: warc.Exchange, fault: Fault, place: str) -> None:
        self.stat_update(StatHints.dropped, fault.kind)
        if fault.kind.startswith((*UNREAD, BROKEN)):
            logger.warning(f"{exchange.url}: {fault.message}")
        if self.exclusion_writer:
            said = {
                "url": exchange.url,
                "fetched": exchange.fetched,
                "kind": fault.kind,
                "message": fault.message,
                "file_path": place,
            }
            document = Document("", exchange.record_id or place, metadata=said)
            self.exclusion_writer.write(document, self._rank)


def _result(pending: Future[Row | Fault]) -> Row | Fault:
    try:
        return pending.result()
    except Exception as error:
        return workers.fault(error)
