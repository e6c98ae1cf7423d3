"""From readings to articles: which article a reading belongs to, its blocks, text and revisions.

Everything here is derived: it follows from the set of readings, whatever their order of arrival.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import Literal

from archive import (
    addresses,
    captures,
    fingerprint,
    learned,
    readings,
    repetition,
    rights,
    search,
    translations,
    urls,
    words,
)
from archive.model import Block, Capture, Reading, Reason, main_text

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Change:
    """What a capture changed: the article, and how."""

    article_id: int
    kind: Literal["new", "revised", "unchanged", "missing", "gone"]


def relearn(db: sqlite3.Connection) -> None:
    """Decide about repeated blocks anew in the whole archive, after their definition has changed."""
    learned.recount(db)
    for (article_id,) in db.execute("SELECT id FROM articles ORDER BY id").fetchall():
        _derive(db, article_id, held_readings(db, article_id), _indexed(db, article_id))


def word_count(text: str) -> int:
    """The number of words; in scripts without spaces each letter counts as one."""
    if not words.has_other_script(text):
        return len(text.split())
    letters = len(_UNSPACED.findall(text))
    return letters + len(_UNSPACED.sub(" ", text).split())


def extractor(read_by: str | None) -> str:
    """The version of the extractor that `captures.read_by` names; empty where it is not noted."""
    return (read_by or "").partition("+")[0]


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


def insert(db: sqlite3.Connection, url: str, capture: Capture) -> int:
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
    addresses.name(db, cursor.lastrowid, url)
    return cursor.lastrowid


def refresh(db: sqlite3.Connection, article_id: int) -> None:
    """Derive the article anew from its readings, and what follows for others of its site."""
    held = held_readings(db, article_id)
    if not held:
        remove(db, [article_id])
        return
    reading = held[-1][1]
    before, indexed = learned.digests(db, article_id), _indexed(db, article_id)
    _write_metadata(db, article_id, held)
    db.execute("DELETE FROM blocks WHERE article_id = ?", [article_id])
    db.executemany(
        "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [block_row(article_id, i, block) for i, block in enumerate(reading.blocks)],
    )
    rights.apply(db, article_id)
    translations.save(db, article_id, reading.alternates)
    site = urls.site(address(db, article_id))
    now = learned.digests(db, article_id)
    changes = dict.fromkeys(now - before, 1) | dict.fromkeys(before - now, -1)
    crossed = learned.count(db, site, changes, joined=0 if indexed else 1)
    for other in learned.articles_with(db, site, crossed) - {article_id}:
        _derive(db, other, held_readings(db, other), _indexed(db, other))
    _derive(db, article_id, held, indexed)


def remove(db: sqlite3.Connection, article_ids: Collection[int]) -> None:
    """Take articles out of all tables: none of their captures is read as an article."""
    others = {m for article_id in article_ids for m in translations.members(db, article_id)}
    sites: dict[str, list[set[str]]] = {}  # the digests of the blocks of each article that went
    for article_id in article_ids:
        site = urls.site(address(db, article_id))
        sites.setdefault(site, []).append(learned.digests(db, article_id))
        if indexed := _indexed(db, article_id):
            search.unindex(db, article_id, *indexed)
        for table in ("blocks", "revisions", "translations", "addresses"):
            db.execute(f"DELETE FROM {table} WHERE article_id = ?", [article_id])
        db.execute("DELETE FROM articles WHERE id = ?", [article_id])
    translations.regroup(db, others.difference(article_ids))
    for site, gone in sites.items():
        lost = {digest: -n for digest, n in Counter(chain.from_iterable(gone)).items()}
        for other in learned.articles_with(db, site, learned.count(db, site, lost, -len(gone))):
            _derive(db, other, held_readings(db, other), _indexed(db, other))


def metadata(
    db: sqlite3.Connection, article_id: int, held: Sequence[tuple[Capture, Reading]]
) -> dict[str, object]:
    """The columns of the article that its readings give, but for text and presence."""
    reading = held[-1][1]
    capture = _source_of_text(held, urls.key(address(db, article_id)))
    return {
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
        "extractor": reading.extractor or extractor(capture.read_by),
        "first_seen": held[0][0].fetched,
    }


def _write_metadata(
    db: sqlite3.Connection, article_id: int, held: Sequence[tuple[Capture, Reading]]
) -> None:
    values = metadata(db, article_id, held)
    names = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(
        f"UPDATE articles SET {names}, last_seen = max(last_seen, :last) WHERE id = :id",
        values | {"id": article_id, "last": held[-1][0].fetched},
    )


def _source_of_text(held: Sequence[tuple[Capture, Reading]], key: str) -> Capture:
    """The capture that the article's text is said to come from, of all that give its latest reading.

    That of the article's own address, else of the first by the alphabet: which copy of a page a crawl
    happened to fetch last says nothing. Of several captures of an address the latest.
    """
    alike = [capture for capture, reading in held if reading == held[-1][1]]
    own = [capture for capture in alike if urls.key(capture.final_url) == key]
    first = min(capture.url for capture in alike)
    return (own or [capture for capture in alike if capture.url == first])[-1]


def _own_address(
    db: sqlite3.Connection, article_id: int, capture: Capture, reading: Reading
) -> str:
    """The article's address as its current reading writes it (http or https, with www. or not)."""
    held = address(db, article_id)
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
    blocks = _blocks(db, article_id)
    site = urls.site(address(db, article_id))
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
        [text, word_count(text), digest(text), article_id],
    )
    now = _indexed(db, article_id)
    if now and now != indexed:
        if indexed:
            search.unindex(db, article_id, *indexed)
        search.index(db, article_id, *now)
    if not held:  # its readings were damaged, and are to be made anew
        return
    db.execute("DELETE FROM revisions WHERE article_id = ?", [article_id])
    db.executemany(
        "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)",
        revisions(article_id, held, [*texts(db, site, held[:-1]), text]),
    )


def texts(db: sqlite3.Connection, site: str, held: Sequence[tuple[Capture, Reading]]) -> list[str]:
    """The main texts of readings, with today's counts of what repeats on the site."""
    return [
        main_text(repetition.decide(r.blocks, learned.counts(db, site, r.blocks))) for _, r in held
    ]


def revisions(
    article_id: int, held: Sequence[tuple[Capture, Reading]], read: Sequence[str]
) -> list[tuple[object, ...]]:
    """The rows of `revisions`: one for each run of captures that were read with the same text."""
    pairs = list(zip(read, (capture for capture, _ in held), strict=True))
    runs = [(text, [c for _, c in run]) for text, run in groupby(pairs, key=lambda pair: pair[0])]
    return [
        (
            article_id, number, run[0].fetched, run[0].id, digest(text),
            text if number < len(runs) else None,
        )
        for number, (text, run) in enumerate(runs, 1)
    ]  # fmt: skip


def held_readings(db: sqlite3.Connection, article_id: int) -> list[tuple[Capture, Reading]]:
    """The article's captures with their readings, in the order of capture."""
    return _readings(db, "r.article_id = ?", article_id)


def readings_at(db: sqlite3.Connection, key: str) -> list[tuple[Capture, Reading]]:
    """The same of the page at an address."""
    return _readings(db, "r.own_key = ?", key)


def reading_of(db: sqlite3.Connection, capture_id: int) -> tuple[Capture, Reading]:
    """A capture with its reading."""
    (found,) = _readings(db, "r.capture_id = ?", capture_id)
    return found


def _readings(
    db: sqlite3.Connection, where: str, value: int | str
) -> list[tuple[Capture, Reading]]:
    rows = db.execute(
        f"SELECT k.body, {captures.columns('c')} FROM readings r "
        "JOIN contents k ON k.digest = r.content JOIN captures c ON c.id = r.capture_id "
        f"WHERE {where} ORDER BY c.fetched, c.digest, c.url, c.source, c.id",
        [value],
    ).fetchall()
    return [(captures.capture(values), readings.unpack(body)) for body, *values in rows]


def _blocks(db: sqlite3.Connection, article_id: int) -> list[Block]:
    rows = db.execute(
        "SELECT kind, text, markdown, reason, rule, evidence FROM blocks "
        "WHERE article_id = ? ORDER BY position",
        [article_id],
    ).fetchall()
    return [Block(k, t, m, Reason(r) if r else None, rule, e) for k, t, m, r, rule, e in rows]


def block_row(article_id: int, position: int, block: Block) -> tuple[object, ...]:
    """The row of `blocks`."""
    marked = None if block.markdown == block.text else block.markdown
    return (
        article_id, position, block.kind, block.text, marked,
        fingerprint.digest(block.text), block.kept, block.reason, block.rule, block.evidence,
    )  # fmt: skip


def _indexed(db: sqlite3.Connection, article_id: int) -> tuple[str, str, str] | None:
    """What the full-text index has of the article: title, text, authors. Null before its first."""
    row: tuple[str, str, str, str] = db.execute(
        "SELECT title, text, authors, digest FROM articles WHERE id = ?", [article_id]
    ).fetchone()
    return row[:3] if row[3] else None


def address(db: sqlite3.Connection, article_id: int) -> str:
    """The article's canonical address."""
    return str(db.execute("SELECT url FROM articles WHERE id = ?", [article_id]).fetchone()[0])


def revision_count(db: sqlite3.Connection, article_id: int) -> int:
    """The number of revisions of the article."""
    return int(
        db.execute("SELECT count(*) FROM revisions WHERE article_id = ?", [article_id]).fetchone()[
            0
        ]
    )


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
