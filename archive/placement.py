"""Which article a reading belongs to: that of the address it was captured at, or of the one it declares.

It follows from the set of readings alone: whatever joins it or changes, the pages that share an
address with it are looked at anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archive import addresses, articles, fingerprint, readings, rights, urls
from archive.articles import Change
from archive.model import Capture, Reading

# Two pages that declare one canonical address are one article where this share of their
# eight-letter shingles is common (Jaccard): print and AMP editions have nearly all, two different
# articles under one wrong canonical address nearly none.
ALIKE = 0.5
SHINGLE = 8

Pair = tuple[Capture, Reading | None]  # null: the capture is no article


@dataclass(frozen=True, slots=True)
class Keys:
    """What a reading is found by: its own address, and the one it declares where that is another."""

    own: str
    declared: str | None


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving readings did: the change of each (null: no article).

    `changed`: the captures whose reading is another one; `touched`: the articles derived anew.
    """

    changes: tuple[Change | None, ...]
    changed: frozenset[int | None]
    touched: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Held:
    """A reading as it is held."""

    capture_id: int
    article_id: int
    keys: Keys
    content: str


def keys(capture: Capture, reading: Reading) -> Keys:
    """The keys of a capture's reading."""
    own = urls.key(capture.final_url)
    declared = urls.key(reading.declared_url) if reading.declared_url else None
    return Keys(own, None if declared == own else declared)


def save(db: sqlite3.Connection, read: Sequence[Pair]) -> Saved:
    """What the readings of captures changed; the same readings again change nothing.

    Of a capture that is held with another reading, the new one takes its place, as if there had
    been no other: it is never a revision. So all captures of an article that are read again belong
    into one call, that no two of them are read differently in between.
    """
    held = {c.id: found for c, _ in read if (found := _held(db, c))}
    packed = [readings.pack(reading) if reading else None for _, reading in read]
    changed = [
        (capture, reading, content)
        for (capture, reading), content in zip(read, packed, strict=True)
        if (held[capture.id].content if capture.id in held else None)
        != (content[0] if content else None)
    ]
    before: dict[int, int] = {}
    if changed:
        old = [held[capture.id] for capture, *_ in changed if capture.id in held]
        for capture, reading, content in changed:
            _record(db, capture, reading, content, held.get(capture.id))
        for capture, reading, _ in changed:
            _save_signals(db, capture, reading, held.get(capture.id))
        before = _settle(db, [capture for capture, *_ in changed], old)
        _forget_contents(db, [each.content for each in old])
    return Saved(
        tuple(_change(db, capture, held, before) for capture, _ in read),
        frozenset(capture.id for capture, *_ in changed),
        frozenset(before),
    )


def _change(
    db: sqlite3.Connection,
    capture: Capture,
    held: Mapping[int | None, _Held],
    before: Mapping[int, int],
) -> Change | None:
    now = _held(db, capture)
    if now is None:
        return None
    article_id = now.article_id
    if capture.id in held:
        return Change(article_id, "unchanged")
    if not before[article_id]:
        return Change(article_id, "new")
    is_revised = articles.revision_count(db, article_id) > before[article_id]
    return Change(article_id, "revised" if is_revised else "unchanged")


def _held(db: sqlite3.Connection, capture: Capture) -> _Held | None:
    row = db.execute(
        "SELECT capture_id, article_id, own_key, declared_key, content FROM readings "
        "WHERE capture_id = ?",
        [capture.id],
    ).fetchone()
    return _Held(row[0], row[1], Keys(row[2], row[3]), row[4]) if row else None


def _record(
    db: sqlite3.Connection,
    capture: Capture,
    reading: Reading | None,
    content: tuple[str, bytes] | None,
    held: _Held | None,
) -> None:
    """Keep the reading, for the time being as one of any article it may belong to."""
    if not (reading and content):
        db.execute("DELETE FROM readings WHERE capture_id = ?", [capture.id])
        return
    found = keys(capture, reading)
    article_id = held.article_id if held else _relative(db, found)
    if article_id is None:
        declared_url = reading.declared_url if found.declared else None
        url = declared_url or urls.canonical(capture.final_url)
        # There is one without readings where these were damaged.
        article_id = addresses.owner(db, urls.key(url)) or articles.insert(db, url, capture)
    db.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", content)
    db.execute(
        "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            capture.id,
            article_id,
            found.own,
            found.declared,
            content[0],
            *readings.measure(reading),
        ],
    )


def _relative(db: sqlite3.Connection, found: Keys) -> int | None:
    """An article with a page that shares an address with these keys; null: there is none."""
    for key in (found.declared, found.own):
        row = db.execute(
            "SELECT article_id FROM readings WHERE own_key = ?1 UNION ALL "
            "SELECT article_id FROM readings WHERE declared_key = ?1 LIMIT 1",
            [key],
        ).fetchone()
        if row:
            return int(row[0])
    return None


def _save_signals(
    db: sqlite3.Connection, capture: Capture, reading: Reading | None, held: _Held | None
) -> None:
    if held is None and reading:
        rights.save(db, capture, reading.signals)
    elif held:
        rights.forget(db, capture.final_url)
        for other, says in articles.readings_at(db, held.keys.own):
            rights.save(db, other, says.signals)


def _forget_contents(db: sqlite3.Connection, digests: Iterable[str]) -> None:
    db.executemany(
        "DELETE FROM contents WHERE digest = ?1 "
        "AND NOT EXISTS (SELECT 1 FROM readings WHERE content = ?1)",
        [(digest,) for digest in digests],
    )


def _settle(
    db: sqlite3.Connection, changed: Sequence[Capture], held: Iterable[_Held]
) -> dict[int, int]:
    """Let the readings find their articles, and derive those anew.

    The result are the articles with the number of revisions that each had before.
    """
    old = list(held)
    now = [found for capture in changed if (found := _held(db, capture))]
    touched = {each.article_id for each in (*old, *now)}
    known = {(urls.key(c.final_url), c.url) for c in changed}
    before: dict[int, int] = {}
    for key, members in _moves(db, {each.keys for each in (*old, *now)}, now).items():
        first, reading = articles.reading_of(db, members[0].capture_id)
        article_id = addresses.owner(db, key)
        if article_id is None:
            article_id = articles.insert(db, _url(key, first, reading), first)
        for member in members:
            db.execute(
                "UPDATE readings SET article_id = ? WHERE capture_id = ?",
                [article_id, member.capture_id],
            )
            asked_for = articles.reading_of(db, member.capture_id)[0].url
            known |= {(member.keys.own, asked_for)}
        touched |= {member.article_id for member in members}
        before[article_id] = articles.revision_count(db, article_id)
    for article_id in list(before):  # when all have moved: one may lose what it was just given
        articles.refresh(db, article_id)
    left = sorted(touched - set(before))
    for article_id in left:
        known |= {(urls.key(url := articles.address(db, article_id)), url)}
        before[article_id] = articles.revision_count(db, article_id)
    emptied = [article_id for article_id in left if not _has_readings(db, article_id)]
    articles.remove(db, emptied)
    for article_id in sorted(set(left).difference(emptied)):
        articles.refresh(db, article_id)
    for own, url in sorted(known):
        for key in {own, urls.key(url)}:
            addresses.renew(db, key, url)
    return before


def _has_readings(db: sqlite3.Connection, article_id: int) -> bool:
    row = db.execute("SELECT 1 FROM readings WHERE article_id = ? LIMIT 1", [article_id])
    return row.fetchone() is not None


def _moves(
    db: sqlite3.Connection, affected: Iterable[Keys], now: Iterable[_Held]
) -> dict[str, list[_Held]]:
    """The readings that belong to another article than they are at, by its key."""
    found = {each.capture_id: (each, each.keys.own) for each in now if not each.keys.declared}
    for key in {key for each in affected for key in (each.own, each.declared) if key}:
        followers = [
            _Held(capture_id, article_id, Keys(own, key), content)
            for capture_id, article_id, own, content in db.execute(
                "SELECT capture_id, article_id, own_key, content FROM readings "
                "WHERE declared_key = ?",
                [key],
            )
        ]
        is_followed = bool(followers) and _is_followed(db, key)
        for each in followers:
            found[each.capture_id] = (each, key if is_followed else each.keys.own)
    moves: dict[str, list[_Held]] = {}
    for _, (each, target) in sorted(found.items()):
        if urls.key(articles.address(db, each.article_id)) != target:
            moves.setdefault(target, []).append(each)
    return dict(sorted(moves.items()))


def _is_followed(db: sqlite3.Connection, key: str) -> bool:
    """Whether all pages that declare an address, and the one that stands there, are alike.

    Where one is not, none of them follows it. Of each page its latest reading counts.
    """
    rows = db.execute(
        "SELECT r.own_key, k.body, max(c.fetched || c.digest || c.url || c.source || c.id) FROM readings r "
        "JOIN captures c ON c.id = r.capture_id JOIN contents k ON k.digest = r.content "
        "WHERE r.capture_id IN (SELECT capture_id FROM readings WHERE declared_key = ?1 "
        "UNION SELECT capture_id FROM readings WHERE own_key = ?1) "
        "GROUP BY r.own_key ORDER BY r.own_key != ?1, r.own_key",
        [key],
    )
    (_, first, _), *others = rows
    if not others:
        return True
    reading = readings.unpack(first)
    shingles = _shingles(reading.text)
    return all(_alike(reading.title, shingles, readings.unpack(body)) for _, body, _ in others)


def _alike(title: str, shingles: set[str], reading: Reading) -> bool:
    other = _shingles(reading.text)
    common = len(shingles & other)
    return reading.title == title or common >= ALIKE * (len(shingles) + len(other) - common)


def _shingles(text: str) -> set[str]:
    form = fingerprint.normal_form(text)
    return {form[i : i + SHINGLE] for i in range(max(1, len(form) - SHINGLE + 1))}


def _url(key: str, capture: Capture, reading: Reading) -> str:
    """The address with that key, as the reading writes it."""
    own = urls.canonical(capture.final_url)
    return own if urls.key(own) == key else reading.declared_url or own
