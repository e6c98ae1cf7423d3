"""Articles and all that hangs on them, against what follows from their captures' readings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple

from archive import articles, placement, presence, readings, repetition, rights, translations, urls
from archive import contents as kept
from archive import learned as counted
from archive.integrity.problem import Problem, Remedy
from archive.model import UNREAD, Capture, Reading, main_text

PAGE = 500  # rows in memory at once
BLOCK = (
    "position",
    "kind",
    "text",
    "marked",
    "digest",
    "kept",
    "reason",
    "rule",
    "evidence",
    "length",
)
REVISION = ("number", "seen", "capture_id", "digest", "text")


def check(db: sqlite3.Connection) -> Iterator[Problem]:
    """What is wrong with articles, one after the other."""
    last = 0
    while page := db.execute(
        "SELECT id, url FROM articles WHERE id > ? ORDER BY id LIMIT ?", [last, PAGE]
    ).fetchall():
        last = page[-1][0]
        for article_id, url in page:
            try:
                held = articles.held_readings(db, article_id)
            except readings.DAMAGED:
                continue  # what is wrong with the reading is said of its content
            if not held:
                remedy = Remedy.RESTORE if _is_lost(db, article_id) else Remedy.REEXTRACT
                yield Problem(f"article {url}: no capture was read as it", remedy, article_id)
                continue
            for line in _article(db, article_id, held):
                yield Problem(f"article {url}: {line}", Remedy.REPAIR, article_id)


def _is_lost(db: sqlite3.Connection, article_id: int) -> bool:
    """Whether its capture could not be read when that was tried again."""
    sql = "SELECT read_as FROM captures WHERE id = (SELECT capture_id FROM articles WHERE id = ?)"
    row = db.execute(sql, [article_id]).fetchone()
    return bool(row and row[0] and row[0].startswith(UNREAD))


def contents(db: sqlite3.Connection) -> Iterator[Problem]:
    """What is wrong with the readings of captures."""
    for digest, url in kept.damaged(db):
        whose = f"article {url}" if url else f"contents {digest}"
        yield Problem(f"{whose}: what was read does not fit its digest", Remedy.REEXTRACT)
    for (digest,) in db.execute(
        "SELECT digest FROM contents WHERE digest NOT IN (SELECT content FROM readings) "
        "AND digest NOT IN (SELECT content FROM sitemap_readings)"
    ):
        yield Problem(f"contents {digest}: no capture was read as this", Remedy.REPAIR)
    for capture_id, url in db.execute(
        "SELECT id, url FROM captures WHERE read_as = 'article' "
        "AND id NOT IN (SELECT capture_id FROM readings)"
    ):
        line = f"capture {capture_id} ({url}): was read as an article, and there is no reading"
        yield Problem(line, Remedy.REEXTRACT)
    for capture_id, url, read_as in db.execute(
        "SELECT id, url, read_as FROM captures JOIN readings ON capture_id = id "
        "WHERE coalesce(read_as, '') != 'article' OR NOT read"
    ):
        line = (
            f"capture {capture_id} ({url}): has a reading, and says that it was read as {read_as}"
        )
        yield Problem(line, Remedy.REPAIR)


def _article(
    db: sqlite3.Connection, article_id: int, held: Sequence[tuple[Capture, Reading]]
) -> Iterator[str]:
    site = urls.site(articles.address(db, article_id))
    latest = held[-1][1]
    decided = repetition.decide(latest.blocks, counted.counts(db, site, latest.blocks))
    text = main_text(decided)
    yield from _columns(db, article_id, held, site, text)
    yield from _blocks(db, article_id, [
        (*articles.block_row(article_id, i, block)[1:], len(block.text))
        for i, block in enumerate(decided)
    ])  # fmt: skip
    before = articles.texts(db, site, held[:-1])
    expected = [row[1:] for row in articles.revisions(article_id, held, [*before, text])]
    rows = db.execute(
        f"SELECT {', '.join(REVISION)} FROM revisions WHERE article_id = ? ORDER BY number",
        [article_id],
    ).fetchall()
    if rows != expected:
        yield "its revisions are not those of its captures"
    yield from _readings(db, held)
    yield from _addresses(db, article_id, held)
    yield from _translations(db, article_id, latest)
    yield from _signals(db, held)


def _columns(
    db: sqlite3.Connection,
    article_id: int,
    held: Sequence[tuple[Capture, Reading]],
    site: str,
    text: str,
) -> Iterator[str]:
    seen, gone = presence.found(db, [article_id])[article_id]
    crawl, archive, train = rights.answers(db, article_id)
    expected = articles.metadata(articles.address(db, article_id), held) | {
        "site": site,
        "text": text,
        "word_count": articles.word_count(text),
        "digest": articles.digest(text),
        "may_crawl": crawl,
        "may_archive": archive,
        "may_train": train,
        "gone": gone,
    }
    if seen:
        expected["last_seen"] = seen
    row = db.execute(
        f"SELECT {', '.join(expected)} FROM articles WHERE id = ?", [article_id]
    ).fetchone()
    for name, ours in zip(expected, row, strict=True):
        if ours != expected[name]:
            yield f"its {name} does not follow from its captures"


def _blocks(
    db: sqlite3.Connection, article_id: int, expected: list[tuple[object, ...]]
) -> Iterator[str]:
    rows = db.execute(
        f"SELECT {', '.join(BLOCK)} FROM blocks WHERE article_id = ? ORDER BY position",
        [article_id],
    ).fetchall()
    if [row[0] for row in rows] != list(range(len(expected))):
        yield f"its blocks are not numbered from 0 to {len(expected) - 1}"
        return
    for row, other in zip(rows, expected, strict=True):
        wrong = [name for name, a, b in zip(BLOCK, row, other, strict=True) if a != b]
        if wrong:
            yield f"block {row[0]}: {', '.join(wrong)} not as its capture was read"


def _readings(db: sqlite3.Connection, held: Sequence[tuple[Capture, Reading]]) -> Iterator[str]:
    for capture, reading in held:
        expected = (*astuple(placement.keys(capture, reading)), *readings.measure(reading))
        row = db.execute(
            "SELECT own_key, declared_key, letters, removed, missing FROM readings "
            "WHERE capture_id = ?",
            [capture.id],
        ).fetchone()
        if row != expected:
            yield f"the reading of capture {capture.id} is not filed as it should be"


def _addresses(
    db: sqlite3.Connection, article_id: int, held: Sequence[tuple[Capture, Reading]]
) -> Iterator[str]:
    own = urls.key(articles.address(db, article_id))
    at = {urls.key(url) for capture, _ in held for url in (capture.url, capture.final_url)}
    rows = db.execute("SELECT key FROM addresses WHERE article_id = ?", [article_id]).fetchall()
    keys = {row[0] for row in rows}
    missing = {
        key for key in at - keys
        if not db.execute("SELECT 1 FROM addresses WHERE key = ?", [key]).fetchone()
    }  # fmt: skip
    if own not in keys or missing or keys - at - {own}:
        yield "it is not known by its addresses"


def _translations(db: sqlite3.Connection, article_id: int, latest: Reading) -> Iterator[str]:
    rows = db.execute(
        "SELECT language, url FROM translations WHERE article_id = ?", [article_id]
    ).fetchall()
    if set(rows) != {(language, urls.canonical(url)) for language, url in latest.alternates}:
        yield "its translations are not those that it declares"
    (held,) = db.execute(
        "SELECT translation_group FROM articles WHERE id = ?", [article_id]
    ).fetchone()
    if held != translations.name_of_group(db, article_id):
        yield "its translation_group is not that of its translations"


def _signals(db: sqlite3.Connection, held: Sequence[tuple[Capture, Reading]]) -> Iterator[str]:
    for capture, reading in held:
        for signal in reading.signals:
            found = db.execute(
                "SELECT 1 FROM signals WHERE url = ? AND kind = ? AND raw = ? AND place = ? "
                "AND first_seen <= ? AND last_seen >= ? AND (crawl, archive, train) = (?, ?, ?)",
                [
                    capture.final_url, signal.kind, signal.raw, signal.place, capture.fetched,
                    capture.fetched, signal.crawl, signal.archive, signal.train,
                ],
            ).fetchone()  # fmt: skip
            if not found:
                yield f"signals: what capture {capture.id} says of {signal.kind} is missing"
