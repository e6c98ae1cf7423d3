"""What an article is by its readings: its columns, the rows of its blocks and of its revisions.

Everything here is derived: it follows from the set of readings, whatever their order of arrival.
`archive/refresh.py` writes it.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal

from archive import (
    captures,
    contents,
    fingerprint,
    learned,
    readings,
    repetition,
    urls,
    words,
)
from archive.model import BETWEEN, Block, Capture, Reading, Reason, main_text

Held = Sequence[tuple[Capture, Reading]]  # captures with their readings, in the order of capture

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Change:
    """What a capture changed: the article, and how."""

    article_id: int
    kind: Literal["new", "revised", "unchanged", "missing", "gone"]


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


def metadata(address: str, held: Held) -> dict[str, object]:
    """The columns that the readings give of an article at an address, but for text and presence."""
    reading = held[-1][1]
    capture = source_of_text(address, held)
    return {
        "url": _own_address(address, capture, reading),
        "captured_url": capture.url,
        "capture_id": capture.id,
        "source": capture.source,
        **stated(reading),
        "authors": json.dumps(reading.authors, ensure_ascii=False),
        "published_utc": utc(reading.published),
        "tags": json.dumps(reading.tags, ensure_ascii=False),
        "extractor": reading.extractor or extractor(capture.read_by),
        "first_seen": held[0][0].fetched,
    }


def stated(reading: Reading) -> dict[str, object]:
    """The columns that hold what a reading says as it says it."""
    return {name: getattr(reading, name) for name in readings.STATED}


def source_of_text(address: str, held: Held) -> Capture:
    """The capture that the article's text is said to come from, of all that give its latest reading.

    That of the article's own address, else of the first by the alphabet: which copy of a page a crawl
    happened to fetch last says nothing. Of several captures of an address the latest.
    """
    key = urls.key(address)
    alike = [capture for capture, reading in held if reading == held[-1][1]]
    own = [capture for capture in alike if urls.key(capture.final_url) == key]
    first = min(capture.url for capture in alike)
    return (own or [capture for capture in alike if capture.url == first])[-1]


def _own_address(held: str, capture: Capture, reading: Reading) -> str:
    """The article's address as its current reading writes it (http or https, with www. or not)."""
    written = (reading.declared_url, urls.canonical(capture.final_url))
    return next((url for url in written if url and urls.key(url) == urls.key(held)), held)


def texts(db: sqlite3.Connection, site: str, held: Held) -> list[str]:
    """The main texts of readings, with today's counts of what repeats on the site."""
    return [
        main_text(repetition.decide(r.blocks, learned.counts(db, site, r.blocks))) for _, r in held
    ]


def revisions(article_id: int, held: Held, read: Sequence[str]) -> list[tuple[object, ...]]:
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


def held_readings(db: sqlite3.Connection, article_id: int) -> Held:
    """The article's captures with their readings, in the order of capture."""
    return in_order(_readings(db, "r.article_id = ?", article_id))


def held_by_article(db: sqlite3.Connection, article_ids: Iterable[int]) -> dict[int, Held]:
    """The same of several articles."""
    found: dict[int, list[tuple[Capture, Reading]]] = defaultdict(list)
    chosen = json.dumps(list(article_ids))
    rows = _rows(db, "r.article_id IN (SELECT value FROM json_each(?))", chosen)
    for number, capture, reading in rows:
        found[number].append((capture, reading))
    return {number: in_order(held) for number, held in found.items()}


def readings_at(db: sqlite3.Connection, key: str) -> Held:
    """The same of the page at an address."""
    return in_order(_readings(db, "r.own_key = ?", key))


def readings_of(
    db: sqlite3.Connection, capture_ids: Iterable[int]
) -> dict[int, tuple[Capture, Reading]]:
    """These captures with their readings, by their ids."""
    chosen = json.dumps(list(capture_ids))
    found = _readings(db, "r.capture_id IN (SELECT value FROM json_each(?))", chosen)
    return {capture.id: (capture, reading) for capture, reading in found if capture.id}


def in_order(read: Iterable[tuple[Capture, Reading]]) -> Held:
    """In the order of capture."""
    return sorted(read, key=lambda pair: _moment(pair[0]))


def _moment(capture: Capture) -> tuple[str, str, str, str, int]:
    return (
        capture.fetched, capture.digest, capture.url, capture.source, capture.id or 0
    )  # fmt: skip


def _readings(
    db: sqlite3.Connection, where: str, value: int | str
) -> Iterator[tuple[Capture, Reading]]:
    return ((capture, reading) for _, capture, reading in _rows(db, where, value))


def _rows(
    db: sqlite3.Connection, where: str, value: int | str
) -> Iterator[tuple[int, Capture, Reading]]:
    """Readings with the ids of their articles."""
    rows = db.execute(
        f"SELECT r.article_id, r.content, {captures.columns('c')} FROM readings r "
        f"JOIN captures c ON c.id = r.capture_id WHERE {where}",
        [value],
    ).fetchall()
    found = contents.load(db, {row[1] for row in rows})
    for article_id, content, *values in rows:
        if content in found:
            yield article_id, captures.capture(values), found[content]


def block_row(
    article_id: int, position: int, block: Block, digest: int | None = None
) -> tuple[object, ...]:
    """The row of `blocks`; `digest` where it is known."""
    marked = None if block.markdown == block.text else block.markdown
    return (
        article_id, position, block.kind, block.text, marked,
        fingerprint.digest(block.text) if digest is None else digest, block.kept, block.reason, block.rule, block.evidence,
    )  # fmt: skip


def place_rows(
    article_id: int, blocks: Sequence[Block], digests: Sequence[int], text: str
) -> Iterator[tuple[object, ...]]:
    """The rows of `block_places`; `text` is that of the article, as `main_text` gives it."""
    next_start = 1
    for position, (block, digest) in enumerate(zip(blocks, digests, strict=True)):
        kind, own, marked, *rest = block_row(article_id, position, block, digest)[2:]
        start, length = None, len(block.text)
        if block.kept:
            if "\0" not in text:  # at which SQLite ends a text
                start, own = next_start, None
            next_start += length + len(BETWEEN)
        yield (article_id, position, kind, start, length, own, marked, *rest)


def blocks(db: sqlite3.Connection, article_id: int, text: str) -> Iterator[Block]:
    """The blocks of an article with that text, in the order of the page."""
    rows = db.execute(
        "SELECT kind, start, length, own_text, marked, reason, rule, evidence FROM block_places "
        "WHERE article_id = ? ORDER BY position",
        [article_id],
    )
    for kind, start, length, own, marked, reason, *rest in rows:
        shown = text[start - 1 : start - 1 + length] if own is None else own
        markdown = shown if marked is None else marked
        yield Block(kind, shown, markdown, Reason(reason) if reason else None, *rest)


def address(db: sqlite3.Connection, article_id: int) -> str:
    """The article's canonical address."""
    return str(db.execute("SELECT url FROM articles WHERE id = ?", [article_id]).fetchone()[0])


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
