"""A set of captures with all that makes one depend on others, and archives of any part of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive import crawls, warc
from archive.model import (
    Block,
    Capture,
    Found,
    Outcome,
    Reading,
    Reason,
    Role,
    Signal,
    Translations,
)
from archive.opening import open_archive, open_reader
from archive.readings import EXTRACTOR
from archive.store import Store
from tests.archive_state import State, state

FOOTER = "This letter is made by three people and one very old dog in Ghent."
COMMON = "The harbour of the town is older than its walls and wider than its only market place."


@dataclass(frozen=True, slots=True)
class Shot:
    """A capture, and what it gives."""

    url: str
    day: int
    outcome: Outcome | None
    final_url: str | None = None
    status: int = 200
    role: Role = "article"
    source: str = "a"
    read_by: str = EXTRACTOR


def page(number: int, version: str = "", **more: object) -> Reading:
    text = f"{COMMON} Of pier {number} it is told otherwise, at length and by the few. {version}"
    own = tuple(Block("paragraph", line, line) for line in (text.strip(), FOOTER))
    gone = Block("paragraph", "Subscribe!", "Subscribe!", Reason.SUBSCRIBE, "subscribe-button", "x")
    return Reading(f"Pier {number}", (*own, gone), language="en", **more)  # type: ignore[arg-type]


def _url(number: int) -> str:
    return f"https://a.org/{number}"


def _sitemap(*sets: Translations) -> Found:
    return Found(translations=sets)


RESERVED = Signal("content-signal", "ai-train=no", "robots.txt", train="no")
SHOTS = (
    *(Shot(_url(n), n, page(n)) for n in range(1, 7)),
    Shot(_url(1), 11, page(1, "It burnt down.")),
    Shot(_url(1), 12, page(1)),
    Shot(_url(2), 13, None, status=304),
    Shot(_url(3), 14, None, status=410),
    Shot("https://a.org/short", 15, page(4), final_url=_url(4)),
    # Three addresses declare one canonical: two are alike, one is not, so that none follows it.
    Shot("https://a.org/7?print=1x", 16, page(7, declared_url=_url(7))),
    Shot("https://a.org/amp/7", 17, page(7, "Amp.", declared_url=_url(7))),
    Shot("https://a.org/wrong", 18, Reading("Else", (Block("paragraph", "Nothing alike here at all.", ""),), declared_url=_url(7))),
    Shot(_url(5), 19, page(5, alternates=(("de", _url(6)), ("en", _url(5))))),
    Shot("https://a.org/robots.txt", 20, Found(signals=(RESERVED,)), role="robots"),
    Shot("https://a.org/robots.txt", 21, Found(), role="robots"),
    Shot("https://a.org/feed", 22, Found(), role="feed"),
    Shot("https://b.org/8", 23, page(8, signals=(Signal("tdmrep", "1", "header", train="no"),)), source="b"),
    Shot("https://b.org/9", 24, page(9), source="b"),
    # Of 1 the second sitemap counts, of 2 that of news, which names neither 1 nor 3.
    Shot("https://a.org/map.xml", 25, _sitemap(Translations(("a.org/1", "a.org/2"), ("a.org/1", "a.org/2", "a.org/x"))), role="sitemap"),
    Shot("https://a.org/map.xml", 26, _sitemap(Translations(("a.org/1",), ("a.org/1", "a.org/3"))), role="sitemap"),
    Shot("https://a.org/news.xml", 27, _sitemap(Translations(("a.org/2",), ("a.org/2", "a.org/4"), ("b.org/8", "b.org/9"))), role="sitemap"),
)  # fmt: skip


def make(folder: Path, shots: Iterable[Shot], headers: warc.Headers = ()) -> Path:
    """An archive of these captures, in this order."""
    with open_archive(folder, "test") as archive, archive.transaction():
        for shot in shots:
            archive.save(append(archive, shot, headers), shot.outcome, shot.read_by)
    return folder


def append(archive: Store, shot: Shot, headers: warc.Headers = ()) -> Capture:
    """The capture, recorded."""
    exchange = warc.Exchange(
        shot.final_url or shot.url, f"2026-10-{shot.day:02}T12:00:00.000Z", shot.status,
        (("Content-Type", "text/html"), *headers), f"{shot.url} {shot.day}".encode(),
        request_headers=(("User-Agent", "test"),),
        kind="revisit" if shot.status == 304 else "response",
        refers_to=(shot.url, "2026-10-01T12:00:00.000Z", "sha1:A") if shot.status == 304 else None,
    )  # fmt: skip
    crawls.record_source(archive.connection, shot.source, f"https://{shot.source}.org/")
    return archive.append(
        exchange, url=shot.url, source=shot.source, role=shot.role, found_by="feed"
    )


def whole_state(folder: Path) -> State:
    """The state of an archive with all that follows from its captures, times as well."""
    with closing(open_reader(folder)) as db:
        return state(folder) | {
            "seen": _rows(db, "SELECT url, first_seen, last_seen, gone FROM articles"),
            "signals": _rows(db, "SELECT url, kind, raw, first_seen, last_seen FROM signals"),
            "captures": _rows(db, "SELECT url, final_url, source, role, fetched, status, digest, etag, read, found_by FROM captures"),
            "addresses": _rows(db, "SELECT key, url FROM addresses JOIN articles ON id = article_id"),
            "index": _rows(db, "SELECT a.url FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid WHERE articles_fts MATCH 'harbour'"),
            "contents": _rows(db, "SELECT digest FROM contents"),
            "listed": _rows(db, "SELECT t.key, set_id, is_own, c.url, c.fetched FROM sitemap_translations t LEFT JOIN captures c ON c.id = capture_id"),
        }  # fmt: skip


def _rows(db: sqlite3.Connection, sql: str) -> list[tuple[object, ...]]:
    return sorted(db.execute(sql).fetchall(), key=repr)
