"""Which article a reading belongs to: that of the address it was captured at, or of the one it declares.

It follows from the set of readings alone: whatever joins it or changes, the pages that share an
address with it are looked at anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from archive import addresses, articles, contents, fingerprint, readings, refresh, rights, urls
from archive.articles import Change, Held
from archive.model import Capture, Reading

# Two pages that declare one canonical address are one article where this share of their
# eight-letter shingles is common (Jaccard): print and AMP editions have nearly all, two different
# articles under one wrong canonical address nearly none.
ALIKE = 0.5
SHINGLE = 8

NOWHERE = 0  # the id of no article
_AMONG = "IN (SELECT value FROM json_each(?))"

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
class _Filed:
    """A reading, and the article it is filed under."""

    capture_id: int
    article_id: int
    keys: Keys
    content: str


@dataclass(frozen=True, slots=True)
class _Around:
    """The readings that share an address with those that change, and these, as they are to be filed."""

    keys: frozenset[str]  # the addresses
    filed: dict[int, _Filed]  # by their captures
    read: dict[int, tuple[Capture, Reading]]  # what is at hand of them

    def load(self, db: sqlite3.Connection, capture_ids: Iterable[int]) -> None:
        """Have these readings at hand."""
        missing = [number for number in capture_ids if number not in self.read]
        if missing:
            self.read.update(articles.readings_of(db, missing))

    def held(self, db: sqlite3.Connection, capture_ids: Collection[int]) -> Held:
        """The readings of captures, in their order."""
        self.load(db, capture_ids)
        return articles.in_order(self.read[number] for number in capture_ids)


def keys(capture: Capture, reading: Reading) -> Keys:
    """The keys of a capture's reading."""
    own = urls.key(capture.final_url)
    declared = urls.key(reading.declared_url) if reading.declared_url else None
    return Keys(own, None if declared == own else declared)


def save(db: sqlite3.Connection, read: Sequence[Pair]) -> Saved:
    """What the readings of captures changed; the same readings again change nothing.

    Of a capture that is held with another reading, the new one takes its place, as if there had
    been no other: it is never a revision. So all captures of an article that are read again belong
    into one call, that no two of them are read differently in between. New captures that share an
    address belong into calls of their own, so that each has its change.
    """
    pairs = {_id(capture): (capture, reading) for capture, reading in read}
    held = _filed(db, "capture_id", pairs)
    digests = {n: readings.pack(reading)[0] for n, (_, reading) in pairs.items() if reading}
    changed = {
        number: pair
        for number, pair in pairs.items()
        if digests.get(number) != (held[number].content if number in held else None)
    }
    places, before = held, dict[int, int]()
    if changed:
        old = {number: held[number] for number in changed.keys() & held.keys()}
        around = _around(db, changed, old, digests)
        _save_signals(db, changed, old, around)
        before = _settle(db, changed, old, around)
        contents.forget(db, [each.content for each in old.values()])
        places = held | around.filed
    after = _revision_counts(db, before)

    def change(number: int, reading: Reading | None) -> Change | None:
        if not reading:
            return None
        place = places[number].article_id
        if number in held:
            return Change(place, "unchanged")
        if not before[place]:
            return Change(place, "new")
        return Change(place, "revised" if after[place] > before[place] else "unchanged")

    return Saved(
        tuple(change(_id(capture), reading) for capture, reading in read),
        frozenset(changed),
        frozenset(before),
    )


def _filed(db: sqlite3.Connection, column: str, values: Iterable[object]) -> dict[int, _Filed]:
    """The readings with one of these values, by their captures."""
    rows = db.execute(
        "SELECT capture_id, article_id, own_key, declared_key, content FROM readings "
        f"WHERE {column} {_AMONG}",
        [json.dumps(list(values))],
    )
    return {
        number: _Filed(number, article_id, Keys(own, declared), content)
        for number, article_id, own, declared, content in rows
    }


def _around(
    db: sqlite3.Connection,
    changed: Mapping[int, Pair],
    old: Mapping[int, _Filed],
    digests: Mapping[int, str],
) -> _Around:
    read = {n: (capture, reading) for n, (capture, reading) in changed.items() if reading}
    now = {
        n: _Filed(n, old[n].article_id if n in old else NOWHERE, keys(*pair), digests[n])
        for n, pair in read.items()
    }
    stated = [each.keys for each in (*old.values(), *now.values())]
    shared = frozenset(key for each in stated for key in (each.own, each.declared) if key)
    near = _filed(db, "own_key", shared) | _filed(db, "declared_key", shared)
    stay = {number: each for number, each in near.items() if number not in changed}
    return _Around(shared, stay | now, read)


def _save_signals(
    db: sqlite3.Connection,
    changed: Mapping[int, Pair],
    old: Mapping[int, _Filed],
    around: _Around,
) -> None:
    for number, (capture, reading) in changed.items():
        if number not in old and reading:
            rights.save(db, capture, reading.signals)
        elif number in old:
            rights.forget(db, capture.final_url)
            own = old[number].keys.own
            there = [n for n, each in around.filed.items() if each.keys.own == own]
            for other, says in around.held(db, there):
                rights.save(db, other, says.signals)


def _settle(
    db: sqlite3.Connection,
    changed: Mapping[int, Pair],
    old: Mapping[int, _Filed],
    around: _Around,
) -> dict[int, int]:
    """Let the readings find their articles, and derive those anew.

    The result are the articles with the number of revisions that each had before.
    """
    stood = {number: each.article_id for number, each in around.filed.items()}
    stated = _addresses(db, {*stood.values(), *(each.article_id for each in old.values())})
    moves = _moves(db, changed, around, stated)
    new = _assign(db, around, moves)
    moved = [each.capture_id for members in moves.values() for each in members]
    joined = {around.filed[number].article_id for number in moved}
    left = {each.article_id for each in old.values()} | {stood[number] for number in moved}
    left -= joined | {NOWHERE}
    touched = joined | left
    gone = {number for number, (_, reading) in changed.items() if not reading}
    held = _held(db, around, touched, gone)
    before = dict.fromkeys(touched, 0) | _revision_counts(db, touched)
    contents.keep(db, [each[-1][1] for each in held.values()], touched, changed)
    db.execute("PRAGMA defer_foreign_keys = ON")  # of articles that follow
    _file(db, changed, around, moved)
    refresh.refresh(db, held, new)
    refresh.remove(db, touched - held.keys())
    around.load(db, moved)
    known = {(urls.key(capture.final_url), capture.url) for capture, _ in changed.values()}
    known |= {(around.filed[n].keys.own, around.read[n][0].url) for n in moved}
    known |= {(urls.key(stated[n]), stated[n]) for n in left}
    _renew_addresses(db, {(key, url) for own, url in known for key in (own, urls.key(url))})
    return before


def drop_unread(db: sqlite3.Connection, captures: Iterable[Capture]) -> None:
    """Take out the articles of these captures that no capture is read as: their readings were damaged.

    Such a row is the only copy of its text, until its capture is read again or is to go.
    """
    rows = db.execute(
        f"SELECT id FROM articles WHERE capture_id {_AMONG} "
        "AND NOT EXISTS (SELECT 1 FROM readings WHERE article_id = articles.id)",
        [json.dumps([capture.id for capture in captures])],
    ).fetchall()
    if rows:
        refresh.remove(db, [row[0] for row in rows])


def _moves(
    db: sqlite3.Connection,
    changed: Collection[int],
    around: _Around,
    stated: Mapping[int, str],
) -> dict[str, list[_Filed]]:
    """The readings that belong to another article than they are at, by its key."""
    at: dict[str, list[_Filed]] = defaultdict(list)  # the pages that are there or declare it
    targets: dict[int, str] = {}
    for number, each in around.filed.items():
        if number in changed and not each.keys.declared:
            targets[number] = each.keys.own
        for key in (each.keys.own, each.keys.declared):
            if key in around.keys:
                at[key].append(each)
    for key, pages in at.items():
        followers = [each for each in pages if each.keys.declared == key]
        is_followed = bool(followers) and _is_followed(db, key, pages, around)
        for each in followers:
            targets[each.capture_id] = key if is_followed else each.keys.own
    moves: dict[str, list[_Filed]] = {}
    for number, target in sorted(targets.items()):
        each = around.filed[number]
        if each.article_id == NOWHERE or urls.key(stated[each.article_id]) != target:
            moves.setdefault(target, []).append(each)
    return dict(sorted(moves.items()))


def _is_followed(
    db: sqlite3.Connection, key: str, pages: Collection[_Filed], around: _Around
) -> bool:
    """Whether all pages that declare an address, and the one that stands there, are alike.

    Where one is not, none of them follows it. Of each page its latest reading counts.
    """
    owns = {each.capture_id: each.keys.own for each in pages}
    if len(set(owns.values())) == 1:
        return True
    latest = {owns[_id(capture)]: reading for capture, reading in around.held(db, owns)}
    first, *others = (latest[own] for own in sorted(latest, key=lambda own: (own != key, own)))
    shingles = _shingles(first.text)
    return all(_alike(first.title, shingles, other) for other in others)


def _assign(
    db: sqlite3.Connection, around: _Around, moves: Mapping[str, Sequence[_Filed]]
) -> dict[int, str]:
    """File what moves under the articles with these keys.

    The result are the addresses of those that are to be made.
    """
    owners, new = addresses.owners(db, moves), dict[int, str]()
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
    for key, members in moves.items():
        article_id = owners.get(key, NOWHERE)
        if article_id == NOWHERE:
            article_id = last + len(new) + 1
            ((capture, reading),) = around.held(db, [members[0].capture_id])
            new[article_id] = _url(key, capture, reading)
        for each in members:
            around.filed[each.capture_id] = replace(each, article_id=article_id)
    return new


def _held(
    db: sqlite3.Connection, around: _Around, article_ids: Collection[int], gone: Collection[int]
) -> dict[int, Held]:
    """All readings of these articles, as they are to be filed; without those that have none."""
    members: dict[int, list[int]] = defaultdict(list)
    for number, each in (_filed(db, "article_id", article_ids) | around.filed).items():
        if each.article_id in article_ids and number not in gone:
            members[each.article_id].append(number)
    around.load(db, [number for numbers in members.values() for number in numbers])
    return {article_id: around.held(db, numbers) for article_id, numbers in members.items()}


def _file(
    db: sqlite3.Connection, changed: Mapping[int, Pair], around: _Around, moved: Iterable[int]
) -> None:
    """Write where readings belong."""
    db.executemany(
        "UPDATE readings SET article_id = ? WHERE capture_id = ?",
        [(around.filed[number].article_id, number) for number in moved if number not in changed],
    )
    db.executemany(
        "DELETE FROM readings WHERE capture_id = ?",
        [(number,) for number, (_, reading) in changed.items() if not reading],
    )
    rows = []
    for number, (_, reading) in changed.items():
        if reading:
            each = around.filed[number]
            filed = (each.article_id, each.keys.own, each.keys.declared, each.content)
            rows.append((number, *filed, *readings.measure(reading)))
    db.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _renew_addresses(db: sqlite3.Connection, asked_for: Collection[tuple[str, str]]) -> None:
    """Find out anew where addresses lead: their keys, each as it was asked for."""
    owned = addresses.owners(db, {key for key, _ in asked_for})
    for key, url in sorted(asked_for):
        if key not in owned:
            addresses.renew(db, key, url)


def _addresses(db: sqlite3.Connection, article_ids: Iterable[int]) -> dict[int, str]:
    rows = db.execute(
        f"SELECT id, url FROM articles WHERE id {_AMONG}", [json.dumps(list(article_ids))]
    )
    return dict(rows.fetchall())


def _revision_counts(db: sqlite3.Connection, article_ids: Iterable[int]) -> dict[int, int]:
    rows = db.execute(
        f"SELECT article_id, count(*) FROM revisions WHERE article_id {_AMONG} GROUP BY article_id",
        [json.dumps(list(article_ids))],
    )
    return dict(rows.fetchall())


def _id(capture: Capture) -> int:
    """The id of a capture that is recorded."""
    assert capture.id is not None
    return capture.id


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
