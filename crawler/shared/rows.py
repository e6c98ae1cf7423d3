"""The rows of an archive that workers share: which changed, and what a server holds of them.

Three tables do not follow from captures, and are shared: what is to be fetched (`frontier`), when a source
is crawled next (`sources`), and which host is left alone (`hosts`). Triggers note each change while a
worker crawls, so that no writer can forget one. A claim is no change: it is the worker's own.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from archive.store import Store
from crawler.frontier import Held

Row = dict[str, Any]  # the columns of a row but for those of its key

KEYS = {"frontier": ("source", "key"), "sources": ("name",), "hosts": ("site",)}
# Which of two rows knows more where it is not known which came later, as in archive/merge.py.
LATEST = {"frontier": "fetched", "sources": "last_crawl", "hosts": "refused"}
_OWN = frozenset({"lease"})  # columns that say nothing to others

_CHANGED = """
CREATE TEMP TABLE changed (
    kind TEXT, first TEXT, second TEXT, PRIMARY KEY (kind, first, second)
) WITHOUT ROWID;
CREATE TEMP TRIGGER frontier_added AFTER INSERT ON main.frontier BEGIN
    INSERT OR REPLACE INTO changed VALUES ('frontier', new.source, new.key);
END;
CREATE TEMP TRIGGER frontier_changed AFTER UPDATE OF
    url, role, found_by, optional, changed, due, attempts, fetched, revisit ON main.frontier BEGIN
    INSERT OR REPLACE INTO changed VALUES ('frontier', new.source, new.key);
END;
CREATE TEMP TRIGGER frontier_removed AFTER DELETE ON main.frontier BEGIN
    INSERT OR REPLACE INTO changed VALUES ('frontier', old.source, old.key);
END;
CREATE TEMP TRIGGER sources_added AFTER INSERT ON main.sources BEGIN
    INSERT OR REPLACE INTO changed VALUES ('sources', new.name, '');
END;
CREATE TEMP TRIGGER sources_changed AFTER UPDATE ON main.sources BEGIN
    INSERT OR REPLACE INTO changed VALUES ('sources', new.name, '');
END;
CREATE TEMP TRIGGER hosts_added AFTER INSERT ON main.hosts BEGIN
    INSERT OR REPLACE INTO changed VALUES ('hosts', new.site, '');
END;
CREATE TEMP TRIGGER hosts_removed AFTER DELETE ON main.hosts BEGIN
    INSERT OR REPLACE INTO changed VALUES ('hosts', old.site, '');
END;
"""


@dataclass(frozen=True, slots=True)
class Name:
    """A row: its table, and the values of its key."""

    table: str
    key: tuple[str, ...]

    def field(self) -> str:
        """The name as a server has it."""
        return json.dumps([self.table, *self.key], ensure_ascii=False)

    @staticmethod
    def of(field: str) -> Name:
        """The row that a server's field names."""
        table, *key = json.loads(field)
        return Name(table, tuple(key))


class Rows:
    """The shared rows of an archive, in its thread."""

    def __init__(self, archive: Store) -> None:
        self._archive = archive
        self._db = archive.connection
        self._db.executescript(_CHANGED)
        self._columns = {table: _columns(self._db, table) for table in KEYS}

    def changed(self) -> list[Name]:
        """The rows that changed since they were last `noted`."""
        found = self._db.execute("SELECT kind, first, second FROM changed").fetchall()
        return [Name(kind, (a, b) if kind == "frontier" else (a,)) for kind, a, b in found]

    def noted(self, names: Iterable[Name]) -> None:
        """Take these changes as known."""
        with self._archive.transaction():
            self._db.executemany(
                "DELETE FROM changed WHERE kind = ? AND first = ? AND second = ?",
                [(name.table, *(*name.key, "")[:2]) for name in names],
            )

    def of_sources(self, sources: Iterable[str]) -> list[Name]:
        """The names of all rows of these sources."""
        listed = json.dumps(list(sources))
        found = self._db.execute(
            "SELECT 'frontier', source, key FROM frontier "
            "WHERE source IN (SELECT value FROM json_each(?1)) UNION ALL "
            "SELECT 'sources', name, NULL FROM sources "
            "WHERE name IN (SELECT value FROM json_each(?1))",
            [listed],
        )
        return [Name(kind, (a,) if b is None else (a, b)) for kind, a, b in found]

    def hosts(self, is_of: Callable[[str], bool]) -> list[Name]:
        """The names of the rows of hosts whose site is one of these."""
        sites = [row[0] for row in self._db.execute("SELECT site FROM hosts")]
        return [Name("hosts", (site,)) for site in sites if is_of(site)]

    def read(self, name: Name) -> Row | None:
        """A row as others are told; null where it is gone."""
        columns = self._columns[name.table]
        where = " AND ".join(f"{column} = ?" for column in KEYS[name.table])
        found = self._db.execute(
            f"SELECT {', '.join(columns)} FROM {name.table} WHERE {where}", name.key
        ).fetchone()
        if found is None:
            return None
        row = dict(zip(columns, found, strict=True))
        if name.table == "frontier":
            row["state"] = row["state"].replace("leased", "waiting")
            row["held"] = self._held(row)
        return row

    def _held(self, row: Row) -> str | None:
        """What makes the next request for an article conditional, whoever sends it."""
        elsewhere: str | None = row["held"]
        if row["role"] != "article" or not row["fetched"]:
            return elsewhere
        capture = self._archive.last_read(row["url"])
        if not capture or not self._archive.has_reading(capture):
            return elsewhere
        own = Held.of(capture, self._archive.last_change(row["url"]))
        other = Held.parse(elsewhere)
        if other and other.fetched > own.fetched:
            return elsewhere
        # A server that says “not modified” to one worker has said it of what another holds.
        changed = max(own.changed or "", other.changed or "" if other else "") or None
        return json.dumps(asdict(replace(own, changed=changed)))

    def put(self, rows: Mapping[Name, Row | None]) -> None:
        """Set rows to what others say of them (null: they are gone), which is no change of ours."""
        before = set(self.changed())
        forgotten = {name for name, row in rows.items() if row and self.is_forgotten(name)}
        with self._archive.transaction():
            for name in rows:
                if rows[name] is None or name in forgotten:
                    self._delete(name)
            self._insert({n: row for n, row in rows.items() if row and n not in forgotten})
        self.noted(set(rows) - before)
        self.mark(forgotten)  # it goes from the server, too

    def mark(self, names: Iterable[Name]) -> None:
        """Take these rows as changed."""
        with self._archive.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO changed VALUES (?, ?, ?)",
                [(name.table, *(*name.key, "")[:2]) for name in names],
            )

    def _delete(self, name: Name) -> None:
        where = " AND ".join(f"{column} = ?" for column in KEYS[name.table])
        self._db.execute(f"DELETE FROM {name.table} WHERE {where}", name.key)

    def _insert(self, rows: Mapping[Name, Row]) -> None:
        alike: dict[tuple[str, ...], list[tuple[object, ...]]] = defaultdict(list)
        for name, row in rows.items():
            # Another version of the program may know other columns.
            columns = [column for column in self._columns[name.table] if column in row]
            alike[name.table, *columns].append((*name.key, *(row[column] for column in columns)))
        for (table, *columns), values in alike.items():
            keys = KEYS[table]
            self._db.executemany(
                f"INSERT INTO {table} ({', '.join((*keys, *columns))}) "
                f"VALUES ({', '.join('?' * (len(keys) + len(columns)))}) "
                f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET "
                f"{', '.join(f'{c} = excluded.{c}' for c in columns)}",
                values,
            )

    def is_forgotten(self, name: Name) -> bool:
        """Whether it is the entry of an address that this archive has forgotten (`forget`)."""
        # The key of an address is that of any address made of it.
        return name.table == "frontier" and self._archive.forgotten.has(f"https://{name.key[1]}")

    def summary(self, sources: Iterable[str]) -> dict[str, object]:
        """How many entries of the sources are done, and how many wait."""
        counts = dict(
            self._db.execute(
                "SELECT state = 'done', count(*) FROM frontier "
                "WHERE source IN (SELECT value FROM json_each(?)) GROUP BY 1",
                [json.dumps(list(sources))],
            ).fetchall()
        )
        return {"done": counts.get(1, 0), "waiting": counts.get(0, 0)}


def is_later(name: Name, ours: Row, theirs: Row | None) -> bool:
    """Whether our row knows more than theirs, where there is one."""
    if theirs is None:
        return True
    column = LATEST[name.table]
    return (ours[column] or "") > (theirs.get(column) or "")


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    """The table's columns but for its key, generated ones, and what is this archive's own."""
    own = {*KEYS[table], *_OWN}
    found = db.execute(f"PRAGMA table_xinfo({table})").fetchall()
    return [row[1] for row in found if not row[6] and row[1] not in own]
