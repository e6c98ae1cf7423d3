"""The archive: append captures, save what was read from them. One transaction a batch.

What stands in the tables follows from the set of captures alone: the order in which they arrive,
kills and the number of runs change nothing (`archive/articles.py` does the deriving).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from archive import (
    articles,
    captures,
    duplicates,
    erasure,
    mentions,
    placement,
    presence,
    rights,
    sitemaps,
    urls,
    warc,
    warc_files,
)
from archive.forgotten import Forgotten
from archive.model import Capture, Fault, Found, Outcome, Read, Reading, Role, Signal, SourceReport


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
