"""What captured sitemaps say of translations: what each said, and which of it counts.

Of each address the entry of the latest capture counts that has one for it, in whichever sitemap: one
that lists only what is new, or whose pages shift, takes nothing back of an address that it names no
more, and one that was corrected does. An entry without translations says nothing. So a sitemap speaks
of a page as the page itself does, and what counts follows from the set of captures alone.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple

from archive import addresses, readings, translations
from archive.model import Capture, Translations

Sets = tuple[Translations, ...]

TABLE = "sitemap_translations"
_LATEST = "ORDER BY c.fetched DESC, c.digest DESC, c.url DESC, c.source DESC, c.id DESC"


def pack(sets: Sets) -> tuple[str, bytes]:
    """The SHA-256 of what a sitemap says, and its compressed form: a row of `contents`."""
    text = json.dumps([astuple(one) for one in sets], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest(), readings.compress(text.encode())


def unpack(body: bytes) -> Sets:
    """What was packed."""
    return tuple(
        Translations(tuple(entries), tuple(own), tuple(foreign))
        for entries, own, foreign in json.loads(readings.decompress(body))
    )


def save(db: sqlite3.Connection, said: Sequence[tuple[Capture, Sets]]) -> set[int | None]:
    """Keep what captures of sitemaps say, in place of what each said before; those that differ.

    Call it within a transaction.
    """
    before = {capture.id: _said(db, capture.id) for capture, _ in said}
    changed = [(capture, sets) for capture, sets in said if sets != before[capture.id]]
    if not changed:
        return set()
    writer = _Writer(db)
    for capture, _ in changed:
        writer.withdraw(capture.id, before[capture.id])
    for capture, sets in changed:
        _record(db, capture.id, sets)
        writer.enter(capture.id, sets)
    writer.replace()
    writer.regroup()
    return {capture.id for capture, _ in changed}


def rebuild(db: sqlite3.Connection) -> None:
    """Make anew what counts of all that sitemaps say, and the groups that follow."""
    db.execute(f"DELETE FROM {TABLE}")
    _fill(db, TABLE)
    grouped = db.execute("SELECT id FROM articles WHERE translation_group IS NOT NULL").fetchall()
    keys = db.execute(f"SELECT DISTINCT key FROM {TABLE}").fetchall()
    found = {row[0] for row in grouped} | _owners(db, (row[0] for row in keys))
    translations.regroup(db, found)


def check(db: sqlite3.Connection) -> Iterator[str]:
    """What counts, but does not follow from what sitemaps say: a line."""
    made = "temp.made_translations"
    db.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS made_translations AS SELECT * FROM {TABLE} LIMIT 0"
    )
    db.execute("CREATE UNIQUE INDEX IF NOT EXISTS temp.made ON made_translations (key, set_id)")
    db.execute("CREATE INDEX IF NOT EXISTS temp.made_sets ON made_translations (set_id)")
    db.execute(f"DELETE FROM {made}")
    try:
        _fill(db, made)
    except readings.DAMAGED:
        return  # what is wrong is said of its content
    for one, other in ((TABLE, made), (made, TABLE)):
        sql = f"SELECT key FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {other}) LIMIT 1"
        if row := db.execute(sql).fetchone():
            yield f"sitemap_translations {row[0]}: not what the latest sitemaps say"
            return


def _fill(db: sqlite3.Connection, table: str) -> None:
    writer = _Writer(db, table)
    for capture_id, sets in _latest_first(db):
        writer.enter(capture_id, sets)


def _latest_first(db: sqlite3.Connection) -> Iterator[tuple[int, Sets]]:
    """What sitemaps say, each with the latest capture that says just that."""
    rows = db.execute(
        "SELECT s.capture_id, s.content FROM sitemap_readings s JOIN captures c "
        f"ON c.id = s.capture_id {_LATEST}"
    ).fetchall()
    seen = set[str]()
    for capture_id, content in rows:
        if content not in seen:
            seen.add(content)
            yield capture_id, _said(db, capture_id)


def _said(db: sqlite3.Connection, capture_id: int | None) -> Sets:
    row = db.execute(
        "SELECT k.body FROM sitemap_readings s JOIN contents k ON k.digest = s.content "
        "WHERE s.capture_id = ?",
        [capture_id],
    ).fetchone()
    return unpack(row[0]) if row else ()


def _record(db: sqlite3.Connection, capture_id: int | None, sets: Sets) -> None:
    held = db.execute(
        "SELECT content FROM sitemap_readings WHERE capture_id = ?", [capture_id]
    ).fetchone()
    db.execute("DELETE FROM sitemap_readings WHERE capture_id = ?", [capture_id])
    if sets:
        digest, body = pack(sets)
        db.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", [digest, body])
        db.execute("INSERT INTO sitemap_readings VALUES (?, ?)", [capture_id, digest])
    if held:
        db.execute(
            "DELETE FROM contents WHERE digest = ?1 "
            "AND NOT EXISTS (SELECT 1 FROM sitemap_readings WHERE content = ?1)",
            held,
        )


class _Writer:
    """Changes of the table in one step: entries first, then the groups of all that they concern."""

    def __init__(self, db: sqlite3.Connection, table: str = TABLE) -> None:
        self._db = db
        self._table = table
        self._orders: dict[int | None, tuple[object, ...]] = {}
        self._touched = set[int]()  # sets that won or lost an entry
        self._inserted = set[int]()
        self._lost: dict[str, int | None] = {}  # by address the capture whose entry was taken out

    def withdraw(self, capture_id: int | None, sets: Sets) -> None:
        """Take out the entries of a capture that counted."""
        for key in (key for one in sets for key in one.entries):
            held, number = self._entry(key)
            if held == capture_id:
                self._lost[key] = capture_id
                self._point(key, number, None)

    def enter(
        self, capture_id: int | None, sets: Sets, only: Collection[str] | None = None
    ) -> None:
        """Enter what a capture says (of some addresses only) where no later one says otherwise."""
        for one in sets:
            number = _number(one)
            for key in one.entries:
                if only is not None and key not in only:
                    continue
                held, old = self._entry(key)
                if held is not None and self._order(held) >= self._order(capture_id):
                    continue
                if held is not None and old != number:
                    self._point(key, old, None)
                self._insert(number, one)
                self._point(key, number, capture_id, is_news=held is None or old != number)

    def replace(self) -> None:
        """Enter what the latest of the other captures say of addresses whose entry was taken out."""
        left = {key for key, by in self._lost.items() if self._entry(key)[0] != by}
        for capture_id, sets in _latest_first(self._db) if left else ():
            named = left.intersection(key for one in sets for key in one.entries)
            self.enter(capture_id, sets, named)
            left -= named
            if not left:
                break

    def regroup(self) -> None:
        """Drop the sets that no entry names any more, and group the articles of all that changed."""
        keys, sets = set[str](), [(number,) for number in self._touched]
        for number in sets:
            rows = self._db.execute(f"SELECT key FROM {self._table} WHERE set_id = ?", number)
            keys |= {row[0] for row in rows.fetchall()}
        self._db.executemany(
            f"DELETE FROM {self._table} WHERE set_id = ?1 AND NOT EXISTS "
            f"(SELECT 1 FROM {self._table} WHERE set_id = ?1 AND capture_id IS NOT NULL)",
            sets,
        )
        translations.regroup(self._db, _owners(self._db, keys))

    def _entry(self, key: str) -> tuple[int | None, int]:
        """The capture and the set of the entry that counts; no capture where there is none."""
        row: tuple[int, int] | None = self._db.execute(
            f"SELECT capture_id, set_id FROM {self._table} "
            "WHERE key = ? AND capture_id IS NOT NULL",
            [key],
        ).fetchone()
        return row or (None, 0)

    def _point(
        self, key: str, number: int, capture_id: int | None, *, is_news: bool = True
    ) -> None:
        self._db.execute(
            f"UPDATE {self._table} SET capture_id = ? WHERE key = ? AND set_id = ?",
            [capture_id, key, number],
        )
        if is_news:
            self._touched.add(number)

    def _insert(self, number: int, one: Translations) -> None:
        if number not in self._inserted:
            self._inserted.add(number)
            members = [(key, True) for key in one.own] + [(key, False) for key in one.foreign]
            self._db.executemany(
                f"INSERT OR IGNORE INTO {self._table} VALUES (?, ?, ?, NULL)",
                [(key, number, is_own) for key, is_own in members],
            )

    def _order(self, capture_id: int | None) -> tuple[object, ...]:
        if capture_id not in self._orders:
            self._orders[capture_id] = self._db.execute(
                "SELECT fetched, digest, url, source, id FROM captures WHERE id = ?", [capture_id]
            ).fetchone()
        return self._orders[capture_id]


def _number(one: Translations) -> int:
    """64 bits of the SHA-256 of a set's members: of a million sets two are the same by a chance of 10⁻⁸."""
    text = json.dumps([one.own, one.foreign])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)


def _owners(db: sqlite3.Connection, keys: Iterable[str]) -> set[int]:
    """The articles that stand under these addresses."""
    return set(addresses.owners(db, keys).values())
