"""From readings to articles: which article a reading belongs to, its blocks, text and revisions.

Everything here is derived: it follows from the set of readings, whatever their order of arrival.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal

from archive import fingerprint, learned, readings, repetition, rights, search, translations, urls
from archive.model import Block, Capture, Reading, Reason, main_text

# Two pages that declare one canonical address are one article where this share of their
# eight-letter shingles is common (Jaccard): print and AMP editions have nearly all, two different
# articles under one wrong canonical address nearly none.
ALIKE = 0.5
SHINGLE = 8

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Change:
    """What a capture changed: the article, and how."""

    article_id: int
    kind: Literal["new", "revised", "unchanged", "missing", "gone"]


def save(db: sqlite3.Connection, capture: Capture, reading: Reading) -> Change:
    """What the reading of a capture changed; the same reading again changes nothing."""
    content, body = readings.pack(reading)
    known = db.execute(
        "SELECT article_id, content FROM readings WHERE capture_id = ?", [capture.id]
    ).fetchone()
    if known and known[1] == content:
        return Change(known[0], "unchanged")
    rights.save(db, capture, reading.signals)
    own = urls.key(capture.final_url)
    declared = urls.key(reading.declared_url) if reading.declared_url else None
    declared = None if declared == own else declared
    target = _target(db, capture, reading, own, declared)
    row = db.execute(
        "SELECT article_id FROM addresses WHERE key = ?", [urls.key(target)]
    ).fetchone()
    is_held = row and urls.key(_url(db, row[0])) == urls.key(target)
    article_id: int = row[0] if is_held else _insert(db, target, capture, reading)
    before = _revision_count(db, article_id)
    db.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", [content, body])
    db.execute(
        "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [capture.id, article_id, own, declared, content, *readings.measure(reading)],
    )
    if known:
        db.execute(
            "DELETE FROM contents WHERE digest = ?1 "
            "AND NOT EXISTS (SELECT 1 FROM readings WHERE content = ?1)",
            [known[1]],
        )
    _name(db, article_id, {own, urls.key(capture.url), urls.key(target)})
    _refresh(db, article_id)
    if known and known[0] != article_id:
        _refresh(db, known[0])
    if not before:
        return Change(article_id, "new")
    is_revised = _revision_count(db, article_id) > before
    return Change(article_id, "revised" if is_revised else "unchanged")


def withdraw(db: sqlite3.Connection, article_id: int) -> list[tuple[Capture, Reading]]:
    """Take an article out, and those that were decided together with it; captures stay.

    What was read for them: what is saved anew of it stands as if the rest had never been.
    """
    found: list[tuple[Capture, Reading]] = []
    for member in _decided_together(db, article_id):
        found += _readings(db, member)
        db.execute("DELETE FROM readings WHERE article_id = ?", [member])
        _remove(db, member)
    return found


def _decided_together(db: sqlite3.Connection, article_id: int) -> set[int]:
    """The article, and all that stand at or declare an address that one of them does."""
    found, waiting = {article_id}, [article_id]
    while waiting:
        rows = db.execute(
            "WITH keys AS (SELECT own_key AS key FROM readings WHERE article_id = ?1 UNION "
            "SELECT declared_key FROM readings WHERE article_id = ?1 AND declared_key IS NOT NULL) "
            "SELECT article_id FROM readings WHERE own_key IN (SELECT key FROM keys) UNION "
            "SELECT article_id FROM readings WHERE declared_key IN (SELECT key FROM keys)",
            [waiting.pop()],
        ).fetchall()
        new = {row[0] for row in rows} - found
        found |= new
        waiting += new
    return found


def relearn(db: sqlite3.Connection) -> None:
    """Decide about repeated blocks anew in the whole archive, after their definition has changed."""
    learned.recount(db)
    for (article_id,) in db.execute("SELECT id FROM articles ORDER BY id").fetchall():
        _derive(db, article_id, _readings(db, article_id), _indexed(db, article_id))


def word_count(text: str) -> int:
    """The number of words; in scripts without spaces each letter counts as one."""
    letters = len(_UNSPACED.findall(text))
    return letters + len(_UNSPACED.sub(" ", text).split())


def utc(stated: str | None) -> str | None:
    """A stated ISO 8601 date or time in UTC, to the second; without an offset it is taken as UTC.

    Null for null and for what is no ISO date.
    """
    try:
        moment = datetime.fromisoformat(stated or "")
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _target(
    db: sqlite3.Connection, capture: Capture, reading: Reading, own: str, declared: str | None
) -> str:
    """The address the article stands under.

    A declared address is followed where all pages that declare it, or stand there, are alike. Where
    one is not, none of them follows it: those that did are moved to their own addresses.
    """
    own_url = urls.canonical(capture.final_url)
    if not declared or not reading.declared_url:
        _part(db, own, reading, own_url)
        return own_url
    return reading.declared_url if _part(db, declared, reading, own) else own_url


def _part(db: sqlite3.Connection, declared: str, reading: Reading, own: str) -> bool:
    """Whether the pages of a declared address are alike; if not, part those that follow it."""
    others = db.execute(
        "SELECT DISTINCT r.own_key, r.article_id, a.url, a.title, a.text FROM readings r "
        "JOIN articles a ON a.id = r.article_id "
        "WHERE (r.declared_key = ? OR r.own_key = ?) AND r.own_key != ?",
        [declared, declared, urls.key(own)],
    ).fetchall()
    parted = any(
        own_key != declared and urls.key(url) != declared for own_key, _, url, _, _ in others
    )
    if not parted and all(_alike(reading, title, text) for *_, title, text in others):
        return True
    for article_id in {row[1] for row in others if urls.key(row[2]) == declared}:
        _move_home(db, article_id, declared)
    return False


def _move_home(db: sqlite3.Connection, article_id: int, declared: str) -> None:
    """Give each page that follows the declared address an article at its own address."""
    for capture, reading in _readings(db, article_id):
        own = urls.key(capture.final_url)
        if own == declared:
            continue
        row = db.execute(
            "SELECT a.id FROM addresses k JOIN articles a ON a.id = k.article_id WHERE k.key = ?",
            [own],
        ).fetchone()
        home = row[0] if row and row[0] != article_id else None
        home = home or _insert(db, urls.canonical(capture.final_url), capture, reading)
        db.execute("UPDATE readings SET article_id = ? WHERE capture_id = ?", [home, capture.id])
        _name(db, home, {own, urls.key(capture.url)})
        _refresh(db, home)
    _refresh(db, article_id)


def _alike(reading: Reading, title: str, text: str) -> bool:
    one, other = _shingles(reading.text), _shingles(text)
    common = len(one & other)
    return reading.title == title or common >= ALIKE * (len(one) + len(other) - common)


def _shingles(text: str) -> set[str]:
    form = fingerprint.normal_form(text)
    return {form[i : i + SHINGLE] for i in range(max(1, len(form) - SHINGLE + 1))}


def _insert(db: sqlite3.Connection, url: str, capture: Capture, reading: Reading) -> int:
    """The id of a new article, without text yet."""
    cursor = db.execute(
        "INSERT INTO articles (url, captured_url, capture_id, source, site, title, authors, "
        "language, tags, text, word_count, digest, may_crawl, may_archive, may_train, extractor, "
        "first_seen, last_seen) VALUES (?, ?, ?, ?, ?, '', '[]', 'und', '[]', '', 0, '', "
        "'unsaid', 'unsaid', 'unsaid', '', ?, ?)",
        [
            url, capture.url, capture.id, capture.source, urls.site(url),
            capture.fetched, capture.fetched,
        ],
    )  # fmt: skip
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _name(db: sqlite3.Connection, article_id: int, keys: Iterable[str]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO addresses VALUES (?, ?)", [(key, article_id) for key in keys]
    )


def _refresh(db: sqlite3.Connection, article_id: int) -> None:
    """Derive the article anew from its readings, and what follows for others of its site."""
    held = _readings(db, article_id)
    if not held:
        _remove(db, article_id)
        return
    reading = held[-1][1]
    before, indexed = learned.digests(db, article_id), _indexed(db, article_id)
    _write_metadata(db, article_id, held)
    db.execute("DELETE FROM blocks WHERE article_id = ?", [article_id])
    db.executemany(
        "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_block_row(article_id, i, block) for i, block in enumerate(reading.blocks)],
    )
    rights.apply(db, article_id)
    translations.save(db, article_id, reading.alternates)
    site = urls.site(_url(db, article_id))
    changed = before ^ learned.digests(db, article_id)
    crossed = learned.count(db, site, changed, joined=0 if indexed else 1)
    for other in learned.articles_with(db, site, crossed) - {article_id}:
        _derive(db, other, _readings(db, other), _indexed(db, other))
    _derive(db, article_id, held, indexed)


def _remove(db: sqlite3.Connection, article_id: int) -> None:
    before, site = learned.digests(db, article_id), urls.site(_url(db, article_id))
    others = translations.members(db, article_id) - {article_id}
    if indexed := _indexed(db, article_id):
        search.unindex(db, article_id, *indexed)
    for table in ("blocks", "revisions", "translations", "addresses"):
        db.execute(f"DELETE FROM {table} WHERE article_id = ?", [article_id])
    db.execute("DELETE FROM articles WHERE id = ?", [article_id])
    translations.regroup(db, others)
    for other in learned.articles_with(db, site, learned.count(db, site, before, -1)):
        _derive(db, other, _readings(db, other), _indexed(db, other))


def _write_metadata(
    db: sqlite3.Connection, article_id: int, held: list[tuple[Capture, Reading]]
) -> None:
    capture, reading = held[-1]
    values = {
        "url": _own_address(db, article_id, capture, reading),
        "captured_url": capture.url,
        "capture_id": capture.id,
        "source": capture.source,
        "title": reading.title,
        "authors": json.dumps(reading.authors, ensure_ascii=False),
        "published": reading.published,
        "published_utc": utc(reading.published),
        "modified": reading.modified,
        "language": reading.language,
        "language_confidence": reading.language_confidence,
        "declared_language": reading.declared_language,
        "description": reading.description,
        "image": reading.image,
        "tags": json.dumps(reading.tags, ensure_ascii=False),
        "access": reading.access,
        "form": reading.form,
        "extractor": reading.extractor,
    }
    names = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(
        f"UPDATE articles SET {names}, first_seen = min(first_seen, :first), "
        "last_seen = max(last_seen, :last) WHERE id = :id",
        values | {"id": article_id, "first": held[0][0].fetched, "last": capture.fetched},
    )


def _own_address(
    db: sqlite3.Connection, article_id: int, capture: Capture, reading: Reading
) -> str:
    """The article's address as its current reading writes it (http or https, with www. or not)."""
    held = _url(db, article_id)
    written = (reading.declared_url, urls.canonical(capture.final_url))
    return next((url for url in written if url and urls.key(url) == urls.key(held)), held)


def _derive(
    db: sqlite3.Connection,
    article_id: int,
    held: list[tuple[Capture, Reading]],
    indexed: tuple[str, str, str] | None,
) -> None:
    """Decide about repeated blocks with the current counts; write text, index and revisions.

    `indexed` is what the full-text index has of the article; null where it is not in it.
    """
    site = urls.site(_url(db, article_id))
    blocks = _blocks(db, article_id)
    decided = repetition.decide(blocks, learned.counts(db, site, blocks))
    db.executemany(
        "UPDATE blocks SET kept = ?, reason = ?, rule = ?, evidence = ? "
        "WHERE article_id = ? AND position = ?",
        [
            (new.kept, new.reason, new.rule, new.evidence, article_id, position)
            for position, (old, new) in enumerate(zip(blocks, decided, strict=True))
            if old != new
        ],
    )
    text = main_text(decided)
    db.execute(
        "UPDATE articles SET text = ?, word_count = ?, digest = ? WHERE id = ?",
        [text, word_count(text), _sha256(text), article_id],
    )
    now = _indexed(db, article_id)
    if now and now != indexed:
        if indexed:
            search.unindex(db, article_id, *indexed)
        search.index(db, article_id, *now)
    earlier = [
        (main_text(repetition.decide(r.blocks, learned.counts(db, site, r.blocks))), c)
        for c, r in held[:-1]
    ]
    latest = [(text, capture) for capture, _ in held[-1:]]
    _write_revisions(db, article_id, [*earlier, *latest])


def _write_revisions(
    db: sqlite3.Connection, article_id: int, texts: list[tuple[str, Capture]]
) -> None:
    """A revision for each run of captures with one main text, all read with today's counts."""
    runs = [(text, [c for _, c in run]) for text, run in groupby(texts, key=lambda pair: pair[0])]
    db.execute("DELETE FROM revisions WHERE article_id = ?", [article_id])
    db.executemany(
        "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                article_id, number, captures[0].fetched, captures[0].id, _sha256(text),
                text if number < len(runs) else None,
            )
            for number, (text, captures) in enumerate(runs, 1)
        ],
    )  # fmt: skip


def _readings(db: sqlite3.Connection, article_id: int) -> list[tuple[Capture, Reading]]:
    """The article's captures with their readings, in the order of capture."""
    rows = db.execute(
        "SELECT k.body, c.id, c.url, c.final_url, c.source, c.role, c.fetched, c.status, c.digest, "
        "c.file, c.offset, c.length FROM readings r JOIN contents k ON k.digest = r.content "
        "JOIN captures c ON c.id = r.capture_id WHERE r.article_id = ? "
        "ORDER BY c.fetched, c.digest, c.url, c.source, c.id",
        [article_id],
    ).fetchall()
    names = "id url final_url source role fetched status digest file offset length".split()
    return [
        (Capture(**dict(zip(names, values, strict=True))), readings.unpack(body))
        for body, *values in rows
    ]


def _blocks(db: sqlite3.Connection, article_id: int) -> list[Block]:
    rows = db.execute(
        "SELECT kind, text, markdown, reason, rule, evidence FROM blocks "
        "WHERE article_id = ? ORDER BY position",
        [article_id],
    ).fetchall()
    return [Block(k, t, m, Reason(r) if r else None, rule, e) for k, t, m, r, rule, e in rows]


def _block_row(article_id: int, position: int, block: Block) -> tuple[object, ...]:
    return (
        article_id, position, block.kind, block.text, block.markdown,
        fingerprint.digest(block.text), block.kept, block.reason, block.rule, block.evidence,
    )  # fmt: skip


def _indexed(db: sqlite3.Connection, article_id: int) -> tuple[str, str, str] | None:
    """What the full-text index has of the article: title, text, authors. Null before its first."""
    row: tuple[str, str, str, str] = db.execute(
        "SELECT title, text, authors, digest FROM articles WHERE id = ?", [article_id]
    ).fetchone()
    return row[:3] if row[3] else None


def _url(db: sqlite3.Connection, article_id: int) -> str:
    return str(db.execute("SELECT url FROM articles WHERE id = ?", [article_id]).fetchone()[0])


def _revision_count(db: sqlite3.Connection, article_id: int) -> int:
    return int(
        db.execute("SELECT count(*) FROM revisions WHERE article_id = ?", [article_id]).fetchone()[
            0
        ]
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
