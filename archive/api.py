"""An archive in Python: `from archive import Archive`. Thin over the modules that do it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from archive import crawls, evidence, failures, given, readings, search, urls, warc
from archive.errors import UserError
from archive.export import Options, Report, export_file, export_folder
from archive.model import Article, Reading
from archive.opening import open_archive, reader
from archive.options import default_directory
from archive.search import Filters, Hit
from archive.store import Store

ALL = Filters()
CORPUS = Options()


class Archive:
    """An archive, opened for reading beside whoever writes it; with `write=True` as its one writer.

    `directory` is the archive's folder; null: NEWSARCHIVE_DIR, else the user's data folder. `sql`
    is a read-only connection to its database, which sees what is committed. Close it, or use it in
    a `with` statement. Raises ArchiveError where there is no archive (a writer makes one), or one
    that is newer than this program, Locked where another process writes it.
    """

    def __init__(self, directory: str | Path | None = None, *, write: bool = False) -> None:
        self.directory = default_directory() if directory is None else Path(directory).expanduser()
        with ExitStack() as opened:
            self._store: Store | None = None
            if write:
                self._store = opened.enter_context(open_archive(self.directory, "from Python"))
            self.sql: sqlite3.Connection = opened.enter_context(reader(self.directory))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the archive, and give up the lock."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def articles(self, filters: Filters = ALL) -> Iterator[Article]:
        """The articles that fit in the order of their addresses, one at a time. Raises QueryError."""
        return search.articles(self.sql, filters)

    def count(self, filters: Filters = ALL) -> int:
        """The number of articles that fit. Raises QueryError."""
        return search.count(self.sql, filters)

    def search(self, query: str, filters: Filters = ALL, limit: int | None = None) -> Iterator[Hit]:
        """The articles that a query finds, best first, as `newsarchive search` does.

        Raises QueryError.
        """
        return search.select(self.sql, replace(filters, query=query), limit)

    def article(self, url: str) -> Article | None:
        """The article known by that address, its own or any it was captured under."""
        return search.article_by_url(self.sql, url)

    def blocks(self, article: Article) -> list[evidence.Decision]:
        """The article's page, block by block: what was kept, and why what was removed was."""
        return evidence.decisions(self.sql, article)

    def export_file(self, target: str | Path, options: Options = CORPUS) -> Report:
        """What was written as one file of JSON lines or Parquet, and what was left out.

        Raises QueryError, OSError, and UserError where pyarrow is missing.
        """
        return export_file(self.sql, options, Path(target).expanduser())

    def export_folder(
        self, target: str | Path, options: Options = CORPUS, *, since: str | Path | None = None
    ) -> Report:
        """What was written into a folder with its manifest and data card, and what was left out.

        `since` is an earlier corpus: only what is new since then. Raises FolderError, QueryError,
        OSError, and UserError where pyarrow is missing.
        """
        earlier = None if since is None else Path(since).expanduser()
        return export_folder(self.sql, options, Path(target).expanduser(), earlier)

    def transaction(self) -> AbstractContextManager[None]:
        """All that is saved within it, or nothing; many articles are saved faster in one."""
        return self._writer().transaction()

    def save(
        self, url: str, reading: Reading, *, source: str | None = None, seen: datetime | None = None
    ) -> Literal["new", "revised", "unchanged"]:
        """What saving an article changed that was extracted elsewhere.

        It becomes a capture: a WARC record holds it as it was given, and what stands in the tables
        follows from that as from a fetched page. `source` is the host of the address where none is
        named; `seen` is when the article was like this, now where left out; without an offset it is
        UTC. What was the last to be saved for the address changes nothing. Raises GivenError for a
        reading that is not as it should be, UserError for an address that was forgotten.
        """
        store = self._writer()
        exchange = given.exchange(url, reading, warc.now() if seen is None else _utc(seen))
        if store.forgotten.has(url, reading.declared_url, urls.home(url)):
            raise UserError(f"{url} was forgotten, and does not come again")
        if self._is_held(store, exchange, is_latest=seen is None):
            return "unchanged"
        name = source or urls.site(url)
        with nullcontext() if store.connection.in_transaction else store.transaction():
            crawls.record_source(store.connection, name, urls.home(url))
            capture = store.append(exchange, url=url, source=name, role="article", found_by=None)
            change = store.save(capture, reading, readings.EXTRACTOR)
            failures.clear(store.connection, name, url)
        assert change
        assert change.kind in ("new", "revised", "unchanged")
        return change.kind

    def _is_held(self, store: Store, exchange: warc.Exchange, *, is_latest: bool) -> bool:
        """Whether that was saved: as the last of its address, else as of that time."""
        digest = warc.payload_sha1(exchange.body)
        if not is_latest:
            return store.capture_of(exchange.url, exchange.fetched, digest) is not None
        last = store.last_read(exchange.url)
        return last is not None and last.digest == digest

    def _writer(self) -> Store:
        if self._store is None:
            raise UserError("opened for reading: Archive(directory, write=True) can save")
        return self._store


def _utc(moment: datetime) -> str:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
