"""What did not work: the rows of `failures`, one for each address of a source."""

from __future__ import annotations

import sqlite3

from archive import warc
from archive.model import Capture, Fault


def record(
    db: sqlite3.Connection, source: str, url: str, fault: Fault, next_try: str | None = None
) -> None:
    """Count an attempt that failed. `next_try` is null where it is not tried by itself."""
    db.execute(
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


def correct(db: sqlite3.Connection, capture: Capture, fault: Fault | None, *, is_new: bool) -> None:
    """Let `failures` say what a capture was read as now, where it is the latest of its URL.

    It is no attempt. `is_new`: a fault is added where none was known.
    """
    (latest,) = db.execute(
        "SELECT max(fetched) FROM captures WHERE url = ? AND status != 304", [capture.url]
    ).fetchone()
    if latest != capture.fetched:
        return
    if not fault:
        clear(db, capture.source, capture.url)
    elif is_known(db, capture.source, capture.url):
        db.execute(
            "UPDATE failures SET class = ?, message = ? WHERE source = ? AND url = ?",
            [fault.kind, fault.message, capture.source, capture.url],
        )
    elif is_new:
        record(db, capture.source, capture.url, fault)


def clear(db: sqlite3.Connection, source: str, url: str) -> None:
    """Forget the failures of a URL that succeeded."""
    db.execute("DELETE FROM failures WHERE source = ? AND url = ?", [source, url])


def is_known(db: sqlite3.Connection, source: str, url: str) -> bool:
    """Whether the URL's last attempt failed: nothing that follows from it is stored."""
    return bool(
        db.execute("SELECT 1 FROM failures WHERE source = ? AND url = ?", [source, url]).fetchone()
    )
