"""Addresses that are not to be fetched or stored again: of each only a salted hash is known.

The salt is the archive's own, so that two archives cannot be compared by their hashes. Who has the
archive and guesses an address can still find out whether it was forgotten: it keeps nobody from
asking, only from reading the list.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from archive import mentions, urls, warc


class Forgotten:
    """The table `forgotten` of an archive."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._salts: list[str] = []
        self.reload()

    def reload(self) -> None:
        """Take note of the salts: those of archives that were merged came with their hashes."""
        rows = self._db.execute("SELECT DISTINCT salt FROM forgotten").fetchall()
        self._salts = [row[0] for row in rows]

    def __bool__(self) -> bool:
        return bool(self._salts)

    def has(self, *addresses: str | None) -> bool:
        """Whether one of these addresses is forgotten."""
        return bool(self._salts) and any(self._has(urls.key(a)) for a in addresses if a)

    def is_named(self, folder: Path, file: str, offset: int) -> bool:
        """Whether the response at that place in a WARC file names a forgotten address."""
        if not self._salts:
            return False
        try:
            exchange = warc.read(folder, file, offset)
        except warc.WarcError:
            return False
        return self.has(*mentions.addresses(mentions.text(exchange), exchange.url))

    def add(self, keys: Iterable[str]) -> None:
        """Keep the hashes of these normalised addresses (`urls.key`)."""
        (salt,) = self._db.execute("SELECT salt FROM identity").fetchone()
        self._db.executemany(
            "INSERT OR IGNORE INTO forgotten VALUES (?, ?, ?)",
            [(salt, _hash(salt, key), warc.now()) for key in keys],
        )
        self.reload()

    def lift(self, address: str) -> bool:
        """Let an address be fetched and stored again; false where it was not forgotten."""
        rows = [(salt, _hash(salt, urls.key(address))) for salt in self._salts]
        lifted = self._db.executemany("DELETE FROM forgotten WHERE salt = ? AND hash = ?", rows)
        self.reload()
        return lifted.rowcount > 0

    def _has(self, key: str) -> bool:
        found = "SELECT 1 FROM forgotten WHERE salt = ? AND hash = ?"
        return any(
            self._db.execute(found, [salt, _hash(salt, key)]).fetchone() for salt in self._salts
        )


def _hash(salt: str, key: str) -> str:
    return hashlib.sha256(f"{salt} {key}".encode()).hexdigest()
