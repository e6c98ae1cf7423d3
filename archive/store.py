"""The archive: open it, append captures, save what was read from them. One transaction a batch.

What stands in the tables follows from the set of captures alone: the order in which they arrive,
kills and the number of runs change nothing (`archive/articles.py` does the deriving).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from archive import (
    articles,
    captures,
    definitions,
    duplicates,
    erasure,
    lock,
    mentions,
    placement,
    presence,
    refresh,
    repetition,
    rights,
    schema,
    sitemaps,
    urls,
    warc,
    warc_files,
)
from archive.errors import UserError
from archive.forgotten import Forgotten
from archive.model import Capture, Fault, Found, Outcome, Read, Reading, Role, Signal, SourceReport

CACHE_KIBIBYTES = (
    64 * 1024
)  # of the writer: what a batch changes stays in memory until it is committed
LOG_PAGES = 8_000  # written to the log before they are copied into the file: once in some batches
# Bytes of a page of a new archive. SQLite's own 4,096 leave a quarter of the room of articles unused.
PAGE_BYTES = 8_192
BUSY_MILLISECONDS = 10_000  # how long a reader waits where SQLite must make it wait


class ArchiveError(UserError):
    """The archive cannot be used: one line that says what is wrong and what to do."""


class Store:
    """An archive opened for writing: the only writer, until it is closed."""

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self.warc_folder = directory / "warc"
        self.connection = connection
        self.forgotten = Forgotten(connection)
        self._warc = warc.WarcWriter(self.warc_folder)
        self._passing = warc.WarcWriter(self.warc_folder, name=warc.PASSING)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Captures are on disk before what was derived from them is committed."""
        with atomic(self.connection):
            yield
            duplicates.refresh(self.connection)
            self._warc.sync()

    def append(
        self, exchange: warc.Exchange, *, url: str, source: str, role: Role, found_by: str | None
    ) -> Capture:
        """The capture, written to the WARC file and recorded. Raises OSError (disk full).

        One that names what was forgotten (its page, a redirect, a list) is written to a file of its
        own, which goes when the archive is closed.
        """
        is_kept = not (self.forgotten and self._names_forgotten(exchange, url, role))
        place = (self._warc if is_kept else self._passing).append(exchange)
        headers = {name.lower(): value for name, value in exchange.headers}
        return self._record(
            Capture(
                url=url,
                final_url=exchange.url,
                source=source,
                role=role,
                found_by=found_by,
                fetched=exchange.fetched,
                status=exchange.status,
                etag=headers.get("etag"),
                last_modified=headers.get("last-modified"),
                **asdict(place),
            )
        )

    def adopt(self, capture: Capture, records: bytes) -> Capture:
        """A capture of another archive as this one's, its records byte for byte. Raises OSError."""
        place = self._warc.adopt(records, capture.length, capture.digest)
        return self._record(replace(capture, **asdict(place)))

    def _record(self, capture: Capture) -> Capture:
        row = asdict(capture)
        del row["id"]
        with atomic(self.connection):
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            cursor = self.connection.execute(
                f"INSERT INTO captures ({names}) VALUES ({marks})", list(row.values())
            )
        return replace(capture, id=cursor.lastrowid)

    def _names_forgotten(self, exchange: warc.Exchange, url: str, role: Role) -> bool:
        location = [v for name, v in exchange.headers if name.lower() == "location"]
        targets = [urls.absolute(exchange.url, value) for value in location]
        if self.forgotten.has(url, exchange.url, *targets):
            return True
        is_list = role not in ("article", "robots")
        return is_list and self.forgotten.has(*mentions.named(exchange))

    def save(
        self, capture: Capture, outcome: Outcome | None, read_by: str | None = None
    ) -> articles.Change | None:
        """What the outcome of a capture changed, null: no article; call it within `transaction`.

        None as outcome: the server said that nothing changed (304). `read_by` names the extractor
        and the rules. Saving the same capture again changes nothing. A capture of what is forgotten
        goes when the archive is closed.
        """
        (change,) = self.save_all([Read(capture, outcome, read_by)])
        return change

    def save_all(self, read: Sequence[Read]) -> list[articles.Change | None]:
        """What each of these changed, as if they were saved one by one; many at once cost less."""
        changes: dict[int, articles.Change | None] = {}
        for together in _apart(read):
            changes |= self._save_apart({n: read[n] for n in together})
        return [changes[n] for n in range(len(read))]

    def _save_apart(self, read: Mapping[int, Read]) -> dict[int, articles.Change | None]:
        """The same, by number, of captures none of which can change what another one does."""
        db = self.connection
        changes: dict[int, articles.Change | None] = dict.fromkeys(read)
        for r in read.values():
            if self._must_go(r):
                self._drop(r.capture)
        held = {n: r for n, r in read.items() if not self._must_go(r)}
        noted = dict(zip(held, self._note_readings(held.values()), strict=True))
        pairs = {
            n: (noted[n], r.outcome) for n, r in held.items() if isinstance(r.outcome, Reading)
        }
        saved = placement.save(db, list(pairs.values()))
        changes |= zip(pairs, saved.changes, strict=True)
        seen = presence.concerned(db, [capture for capture, _ in pairs.values()])
        presence.renew(db, saved.touched | seen)
        for n, r in held.items():
            if isinstance(r.outcome, Found):
                rights.save(db, noted[n], r.outcome.signals)
        lists = [
            (noted[n], r.outcome.translations)
            for n, r in held.items()
            if isinstance(r.outcome, Found)
            and r.capture.role == "sitemap"
            and not r.capture.file.startswith(warc.PASSING)
        ]
        sitemaps.save(db, lists)
        visits = {n: noted[n] for n, r in held.items() if presence.tells(r.capture, r.outcome)}
        changes |= zip(visits, presence.note(db, list(visits.values())), strict=True)
        return changes

    def _must_go(self, read: Read) -> bool:
        return bool(self.forgotten) and self._is_forgotten(read.capture, read.outcome)

    def _drop(self, capture: Capture) -> None:
        """Take out a capture that must not stay; its bytes go when the archive is closed."""
        placement.save(self.connection, [(capture, None)])
        self.connection.execute("DELETE FROM captures WHERE id = ?", [capture.id])
        self.connection.execute("INSERT OR IGNORE INTO unclean VALUES (?)", [capture.file])

    def _is_forgotten(self, capture: Capture, outcome: Outcome | None) -> bool:
        """Whether only what was read of a capture shows that it must not stay."""
        if isinstance(outcome, Reading):
            return self.forgotten.has(capture.url, capture.final_url, outcome.declared_url)
        is_list = capture.role == "article" and isinstance(outcome, Fault)  # an imported one
        return is_list and self.forgotten.is_named(self.warc_folder, capture.file, capture.offset)

    def finish_erasure(self) -> bool:
        """Clean the files of what was erased, or must not stay; whether that is done."""
        self._warc.close()
        self._passing.close()
        return erasure.finish(self)

    def reread(self, read: Sequence[Read]) -> set[int | None]:
        """Store as what captures were read this time; call it within `transaction`.

        The result are the ids of those whose reading is another one than before. What was read
        as an article stays as it was where its capture cannot be read any more, or was read as
        before (None as outcome). All captures of an article belong into one call, so that no two of
        them are read differently in between; so do all of a robots.txt.
        """
        db = self.connection
        self._note_readings(
            [
                replace(r, capture=replace(r.capture, read_as="article"))
                for r in read
                if r.outcome is None
            ]
        )
        read = [
            r
            for r in read
            if r.outcome and not (_is_unread(r.outcome) and self.has_reading(r.capture))
        ]
        robots: dict[str, list[tuple[Capture, Sequence[Signal]]]] = {}
        for r in read:
            if r.capture.role == "robots" and isinstance(r.outcome, Found):
                robots.setdefault(r.capture.final_url, []).append((r.capture, r.outcome.signals))
        for url, said in robots.items():
            rights.renew_robots(db, url, said)
        pairs = [
            (capture, r.outcome if isinstance(r.outcome, Reading) else None)
            for capture, r in zip(self._note_readings(read), read, strict=True)
            if capture.role == "article"
        ]
        new = [pair for pair in pairs if not self.has_reading(pair[0])]
        changed = sitemaps.save(
            db,
            [
                (r.capture, r.outcome.translations if isinstance(r.outcome, Found) else ())
                for r in read
                if r.capture.role == "sitemap"
            ],
        )
        for together in ([pair for pair in pairs if pair not in new], *([pair] for pair in new)):
            saved = placement.save(db, together)
            changed |= saved.changed
            presence.renew(db, saved.touched)
        verdicts = (r for r in read if isinstance(r.outcome, Fault) and r.outcome.is_verdict)
        placement.drop_unread(db, [r.capture for r in verdicts if r.capture.role == "article"])
        for r in read:
            if self.forgotten and self._is_forgotten(r.capture, r.outcome):
                self._drop(r.capture)
        return changed

    def has_reading(self, capture: Capture) -> bool:
        """Whether the capture was read as an article, or as a sitemap that names translations."""
        sql = (
            "SELECT 1 FROM readings WHERE capture_id = ?1 "
            "UNION ALL SELECT 1 FROM sitemap_readings WHERE capture_id = ?1"
        )
        return self.connection.execute(sql, [capture.id]).fetchone() is not None

    def _note_readings(self, read: Collection[Read]) -> list[Capture]:
        """Note by what and as what captures were read; the captures with that."""
        noted = [replace(r.capture, read_by=r.read_by, read_as=_read_as(r)) for r in read]
        self.connection.executemany(
            "UPDATE captures SET read = 1, read_by = ?, read_as = ? WHERE id = ?",
            [(capture.read_by, capture.read_as, capture.id) for capture in noted],
        )
        self.connection.executemany(
            "UPDATE articles SET extractor = ?1 WHERE extractor != ?1 AND capture_id = ?2 "
            "AND id = (SELECT article_id FROM readings WHERE capture_id = ?2)",
            [
                ((r.outcome and r.outcome.extractor) or articles.extractor(r.read_by), r.capture.id)
                for r in read
                if r.outcome is None or isinstance(r.outcome, Reading)
            ],
        )
        return noted

    def record_failure(
        self, source: str, url: str, fault: Fault, next_try: str | None = None
    ) -> None:
        """Count an attempt that failed. `next_try` is null where it is not tried by itself."""
        self.connection.execute(
            "INSERT INTO failures VALUES (:source, :url, :kind, :message, 1, :now, :now, :next) "
            "ON CONFLICT (source, url) DO UPDATE SET class = excluded.class, "
            "message = excluded.message, attempts = attempts + 1, last_seen = excluded.last_seen, "
            "next_try = excluded.next_try",
            {
                "source": source,
                "url": url,
                "kind": fault.kind,
                "message": fault.message,
                "now": warc.now(),
                "next": next_try,
            },
        )

    def correct_failure(self, capture: Capture, fault: Fault | None, *, is_new: bool) -> None:
        """Let `failures` say what a capture was read as now, where it is the latest of its URL.

        It is no attempt. `is_new`: a fault is added where none was known.
        """
        (latest,) = self.connection.execute(
            "SELECT max(fetched) FROM captures WHERE url = ? AND status != 304", [capture.url]
        ).fetchone()
        if latest != capture.fetched:
            return
        if not fault:
            self.clear_failure(capture.source, capture.url)
        elif self.has_failed(capture.source, capture.url):
            self.connection.execute(
                "UPDATE failures SET class = ?, message = ? WHERE source = ? AND url = ?",
                [fault.kind, fault.message, capture.source, capture.url],
            )
        elif is_new:
            self.record_failure(capture.source, capture.url, fault)

    def clear_failure(self, source: str, url: str) -> None:
        """Forget the failures of a URL that succeeded."""
        self.connection.execute("DELETE FROM failures WHERE source = ? AND url = ?", [source, url])

    def has_failed(self, source: str, url: str) -> bool:
        """Whether the URL's last attempt failed: nothing that follows from it is stored."""
        return bool(
            self.connection.execute(
                "SELECT 1 FROM failures WHERE source = ? AND url = ?", [source, url]
            ).fetchone()
        )

    def last_change(self, url: str) -> str | None:
        """When the article at that address last changed, as far as its page and we know.

        Null where none is held.
        """
        row = self.connection.execute(
            "SELECT a.published_utc, a.modified, a.first_seen, (SELECT max(seen) FROM revisions "
            "WHERE article_id = a.id AND number > 1) FROM addresses k "
            "JOIN articles a ON a.id = k.article_id WHERE k.key = ?",
            [urls.key(url)],
        ).fetchone()
        if row is None:
            return None
        published, modified, first_seen, revised = row
        stated = [time for time in (published, articles.utc(modified)) if time]
        known = max((time for time in stated if time <= first_seen), default=first_seen)
        return max(known, revised or "")

    def unplanned(self, source: str) -> list[tuple[str, str]]:
        """Articles' addresses in the frontier without a time to visit them again, and the last visit."""
        return self.connection.execute(
            "SELECT f.url, f.fetched FROM frontier f JOIN addresses k ON k.key = f.key "
            "JOIN articles a ON a.id = k.article_id WHERE f.source = ? AND f.role = 'article' "
            "AND f.state = 'done' AND f.revisit IS NULL AND f.fetched IS NOT NULL "
            "AND a.gone IS NULL",
            [source],
        ).fetchall()

    def published(self, source: str, count: int) -> list[str]:
        """When the source's latest articles were published, in UTC."""
        rows = self.connection.execute(
            "SELECT published_utc FROM articles WHERE source = ? AND published_utc IS NOT NULL "
            "ORDER BY published_utc DESC LIMIT ?",
            [source, count],
        )
        return [row[0] for row in rows]

    def captures(self, *, unread_only: bool = False) -> Iterator[Capture]:
        """The captures in the order of fetching, or the pages among them not yet derived from."""
        where = "WHERE read = 0 AND status = 200" if unread_only else ""
        return captures.captures(
            self.connection.execute(
                f"SELECT {captures.columns()} FROM captures {where} ORDER BY id"
            )
        )

    def last_read(self, url: str) -> Capture | None:
        """The newest capture with a body of that URL from which everything is stored."""
        return next(
            captures.captures(
                self.connection.execute(
                    f"SELECT {captures.columns()} FROM captures WHERE url = ? AND read = 1 "
                    "AND status = 200 ORDER BY fetched DESC LIMIT 1",
                    [url],
                )
            ),
            None,
        )

    def capture_of(self, url: str, fetched: str, digest: str) -> tuple[Capture, bool] | None:
        """The capture of that payload at that time, and whether all that follows is stored."""
        row = self.connection.execute(
            f"SELECT {captures.columns()}, read FROM captures "
            "WHERE url = ? AND fetched = ? AND digest = ?",
            [url, fetched, digest],
        ).fetchone()
        return (captures.capture(row[:-1]), bool(row[-1])) if row else None

    def beside(self, capture: Capture, reading: Reading) -> list[Capture]:
        """The captures that are held of the article to which a new one seems to belong."""
        keys = placement.keys(capture, reading)
        rows = self.connection.execute(
            f"SELECT {captures.columns('c')} FROM captures c JOIN readings r ON r.capture_id = c.id "
            "WHERE c.id != ? AND r.article_id IN "
            "(SELECT article_id FROM addresses WHERE key IN (?, ?, ?)) "
            "ORDER BY c.fetched, c.digest, c.id",
            [capture.id, keys.own, keys.declared, urls.key(capture.url)],
        )
        return list(captures.captures(rows))

    def record_run(self, kind: str, started: str, reports: Iterable[SourceReport]) -> None:
        """Add a row per source to `runs`."""
        with self.transaction():
            self.connection.executemany(
                "INSERT INTO runs (started, kind, source, found, fetched, new, revised, unchanged, "
                "skipped, failed, requests, seconds, is_current) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        started, kind, r.source, r.found, r.fetched, r.new, r.revised, r.unchanged,
                        r.skipped, r.failed, r.requests, r.seconds, r.is_current,
                    )
                    for r in reports
                ],
            )  # fmt: skip

    def record_source(
        self, name: str, url: str, platform: str | None = None, language: str | None = None
    ) -> None:
        """Add or update a source; what is not known now stays as it was."""
        self.connection.execute(
            "INSERT INTO sources (name, url, platform, language) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET url = excluded.url, "
            "platform = coalesce(excluded.platform, platform), "
            "language = coalesce(excluded.language, language)",
            [name, url, platform, language],
        )

    def record_discovery(self, name: str, feeds: Sequence[str], sitemaps: Sequence[str]) -> None:
        """Keep which feeds and sitemaps a source was found to have, and that it was crawled."""
        self.connection.execute(
            "UPDATE sources SET feeds = ?, sitemaps = ?, last_crawl = ? WHERE name = ?",
            [json.dumps(sorted(feeds)), json.dumps(sorted(sitemaps)), warc.now(), name],
        )

    def record_full(self, name: str, *, is_under_way: bool) -> None:
        """Keep that the whole history of a source is being crawled, or is not any more."""
        self.connection.execute(
            "UPDATE sources SET full_since = CASE WHEN ? THEN coalesce(full_since, ?) END "
            "WHERE name = ?",
            [is_under_way, warc.now(), name],
        )

    def is_full_under_way(self, source: str) -> bool:
        """Whether a crawl of the source's whole history has begun and not come to its end."""
        sql = "SELECT full_since IS NOT NULL FROM sources WHERE name = ?"
        row = self.connection.execute(sql, [source]).fetchone()
        return bool(row and row[0])

    def failed_crawls(self, source: str) -> int:
        """How many crawls of the source in a row found none of its lists of articles."""
        row = self.connection.execute(
            "SELECT failed_crawls FROM sources WHERE name = ?", [source]
        ).fetchone()
        return int(row[0]) if row else 0

    def record_schedule(
        self, name: str, next_crawl: str, interval_seconds: int, failed_crawls: int
    ) -> None:
        """Keep when the source is to be crawled again, and why then."""
        self.connection.execute(
            "UPDATE sources SET next_crawl = ?, interval_seconds = ?, failed_crawls = ? "
            "WHERE name = ?",
            [next_crawl, interval_seconds, failed_crawls, name],
        )

    def is_first_crawl(self, source: str) -> bool:
        """Whether no crawl of the source has ended yet."""
        row = self.connection.execute(
            "SELECT last_crawl FROM sources WHERE name = ?", [source]
        ).fetchone()
        return not row or row[0] is None

    def recover(self) -> int:
        """The number of bytes cut from the WARC files: written by a killed process, unrecorded.

        The other way round, a capture recorded but not on disk (power cut), is forgotten where
        nothing was derived from it, and fetched again.
        """
        if not self.warc_folder.is_dir():
            return 0
        sizes = {path.name: path.stat().st_size for path in self.warc_folder.glob("*.warc.gz")}
        with atomic(self.connection):
            rows = self.connection.execute(
                "SELECT id, file, offset + length FROM captures WHERE read = 0"
            ).fetchall()
            lost = [(row[0],) for row in rows if row[2] > sizes.get(row[1], 0)]
            self.connection.executemany("DELETE FROM captures WHERE id = ?", lost)
            ends = dict(
                self.connection.execute(
                    "SELECT file, max(offset + length) FROM captures GROUP BY file"
                ).fetchall()
            )
        return warc_files.cut_tail(self.warc_folder, ends)

    def close(self) -> None:
        """Close files and connection; the archive's folder can then be copied as it is."""
        self._warc.close()
        self._passing.close()
        self.connection.execute("PRAGMA optimize")
        self.connection.close()


@contextmanager
def atomic(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; within another transaction, part of that one."""
    if connection.in_transaction:
        yield
        return
    with connection:  # commits, or rolls back on an error
        connection.execute("BEGIN")
        yield


@contextmanager
def open_archive(directory: Path, purpose: str) -> Iterator[Store]:
    """The archive in that folder, made where there is none, locked for this writer.

    Raises Locked where another process writes it, ArchiveError where it is none of ours or newer
    than this program, OSError where the folder is not writable.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with lock.writing(directory, purpose):
        path = directory / "archive.db"
        is_new = not path.exists()
        connection = sqlite3.connect(path, check_same_thread=False)
        _check(connection, path)
        if is_new:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        if is_new:
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        schema.apply(connection)
        archive = Store(directory, connection)
        with archive.transaction():
            _relearn(connection)
            definitions.renew(connection)
        try:
            archive.recover()
            archive.finish_erasure()
            yield archive
            archive.finish_erasure()
        finally:
            archive.close()


def _relearn(connection: sqlite3.Connection) -> None:
    """Where another version of the program decided what repeats, decide it anew."""
    if connection.execute("PRAGMA user_version").fetchone()[0] != repetition.VERSION:
        refresh.relearn(connection)
        connection.execute(f"PRAGMA user_version = {repetition.VERSION}")


def open_reader(directory: Path) -> sqlite3.Connection:
    """A read-only connection, beside which another process may write.

    An archive of an earlier version is brought up to date first. Raises ArchiveError where there is
    no archive, one newer than this program, or one that is earlier and cannot be written.
    """
    path = directory / "archive.db"
    if not path.exists():
        raise ArchiveError(
            f"no archive in {directory}: make one with `newsarchive crawl` or `newsarchive import`,"
            " or name another folder with --archive"
        )
    mode = "immutable=1" if is_immutable(directory) else "mode=ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    _check(connection, path)
    if schema.pending(connection) or definitions.outdated(connection):
        _bring_up_to_date(directory)
    return connection


@contextmanager
def reader(directory: Path) -> Iterator[sqlite3.Connection]:
    """What `open_reader` returns, closed behind the block."""
    db = open_reader(directory)
    try:
        yield db
    finally:
        db.close()


def _bring_up_to_date(directory: Path) -> None:
    if is_immutable(directory):
        raise ArchiveError(
            f"the archive in {directory} is of an earlier version, and the folder cannot be written: "
            "make it writable once, for `newsarchive stats`"
        )
    with suppress(lock.Locked), open_archive(directory, "stats"):  # who holds it is at it
        pass


def is_immutable(directory: Path) -> bool:
    """Whether only SQLite's immutable mode opens the archive there.

    A WAL database needs its -shm file, which cannot be made without write access to the folder.
    """
    return not (os.access(directory, os.W_OK) or _has_wal(directory / "archive.db"))


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is no archive of ours, and what a newer program has migrated."""
    try:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise ArchiveError(f"{path} is no SQLite database: {error}") from error
    if tables and application_id != schema.APPLICATION_ID:
        raise ArchiveError(f"{path} is no archive of newsletter-archive: choose another folder")
    if newer := schema.unknown(connection):
        raise ArchiveError(
            f"{path} was written by a newer version (it has the migration {min(newer)}): "
            "upgrade with `pip install -U newsletter-archive`"
        )


def _has_wal(path: Path) -> bool:
    return path.with_name(path.name + "-wal").exists()


def _apart(read: Sequence[Read]) -> Iterator[list[int]]:
    """The numbers of these in groups, in none of which two share an address."""
    group, taken = list[int](), set[str]()
    for n, each in enumerate(read):
        keys = _keys(each)
        if keys & taken:
            yield group
            group, taken = [], set()
        group.append(n)
        taken |= keys
    yield group


def _keys(read: Read) -> set[str]:
    """The addresses by which what a capture changes can depend on another one."""
    if read.capture.role != "article":
        return set()
    keys = {urls.key(read.capture.url), urls.key(read.capture.final_url)}
    if isinstance(read.outcome, Reading) and read.outcome.declared_url:
        keys.add(urls.key(read.outcome.declared_url))
    return keys


def _read_as(read: Read) -> str:
    """As what a capture was read."""
    if isinstance(read.outcome, Fault):
        return read.outcome.kind
    if read.outcome is None:
        return read.capture.read_as or "unchanged"
    return "article" if isinstance(read.outcome, Reading) else "links"


def _is_unread(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Fault) and not outcome.is_verdict
