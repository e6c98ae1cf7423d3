"""What distinct readings say, each kept once; what an article's row and blocks say, stands only there.

`contents.body` is compressed JSON (`archive/readings.py`): the whole reading, or, while it is the
current one of an article, the rest, which `articles` and `blocks` do not say. Such a reading is made
of both again, what was learned of the site undone; that its digest fits shows that nothing is lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from archive import readings
from archive.model import Capture, Reading, Reason

VERSION = "1"  # raised where more of a reading stands in the tables: archive/definitions.py
PAGE = 200  # readings in memory at once

_AMONG = "IN (SELECT value FROM json_each(?))"
_LISTS = ("authors", "tags")  # JSON in `articles`
_COLUMNS = ", ".join((*readings.STATED, *_LISTS))

Values = dict[str, Any]  # of a reading, as it is packed


def load(db: sqlite3.Connection, digests: Iterable[str]) -> dict[str, Reading]:
    """These readings. Raises one of DAMAGED, but where the row of an article was changed."""
    return {digest: readings.reading(values) for digest, values in _values(db, digests).items()}


def damaged(db: sqlite3.Connection) -> Iterator[tuple[str, str | None]]:
    """The digests that what is kept does not fit; with the address of the article that was to say it."""
    last = ""
    sql = "SELECT digest, body FROM contents WHERE digest > ? ORDER BY digest LIMIT ?"
    while page := db.execute(sql, [last, PAGE]).fetchall():
        last = page[-1][0]
        rests = dict[str, Values]()
        for digest, body in page:
            try:
                text = readings.decompress(body)
                if readings.is_rest(values := json.loads(text)):
                    rests[digest] = values
                elif readings.text_digest(text) != digest:
                    yield digest, None
            except readings.DAMAGED:
                yield digest, None
        whole = _completed(db, rests)
        for digest in rests:
            if digest not in whole or readings.digest(whole[digest]) != digest:
                yield digest, _address(db, digest)


def keep(
    db: sqlite3.Connection,
    current: Collection[Reading],
    article_ids: Collection[int],
    changed: Mapping[int, tuple[Capture, Reading | None]],
) -> None:
    """Keep new readings, and let each stand where it is to be. Call it before tables are changed.

    `current`: the readings that these articles are to have; `changed`: captures with new readings.
    """
    stay = {readings.pack(reading)[0]: reading for reading in current}
    rests = {d: readings.rest(reading) for d, reading in stay.items() if readings.stands(reading)}
    _spell_out(db, article_ids, stay, changed)
    new = dict(readings.pack(reading) for _, reading in changed.values() if reading)
    db.executemany(
        "INSERT OR IGNORE INTO contents VALUES (?, ?)",
        (new | {d: rests[d] for d in rests.keys() & new}).items(),
    )
    db.executemany(
        "UPDATE contents SET body = ?2 WHERE digest = ?1 AND body != ?2", list(rests.items())
    )


def forget(db: sqlite3.Connection, digests: Iterable[str]) -> None:
    """Take out those of these that no capture is read as any more."""
    db.executemany(
        "DELETE FROM contents WHERE digest = ?1 "
        "AND NOT EXISTS (SELECT 1 FROM readings WHERE content = ?1)",
        [(digest,) for digest in digests],
    )


def shorten(db: sqlite3.Connection) -> None:
    """Of all articles' current readings keep the rest only, where that is shown to be enough."""
    last = 0
    while page := db.execute(
        "SELECT a.id, k.digest, k.body FROM articles a JOIN readings r ON r.capture_id = a.capture_id "
        "JOIN contents k ON k.digest = r.content WHERE a.id > ? ORDER BY a.id LIMIT ?",
        [last, PAGE],
    ).fetchall():
        last = page[-1][0]
        rests = dict[str, Values]()
        for _, digest, body in page:
            values = readings.loads(body)
            if not readings.is_rest(values):
                rests[digest] = readings.rest_of(values)
        fit = {d for d, values in _completed(db, rests).items() if readings.digest(values) == d}
        db.executemany(
            "UPDATE contents SET body = ? WHERE digest = ?",
            [(readings.dumps(rests[digest]), digest) for digest in fit],
        )


def _spell_out(
    db: sqlite3.Connection,
    article_ids: Collection[int],
    stay: Collection[str],
    changed: Collection[int],
) -> None:
    """Keep whole what these articles are not to say any more, and another capture is read as."""
    rows = db.execute(
        "SELECT digest FROM contents WHERE digest IN "
        f"(SELECT content FROM readings WHERE article_id {_AMONG}) AND digest NOT {_AMONG} "
        "AND EXISTS (SELECT 1 FROM readings WHERE content = contents.digest "
        f"AND capture_id NOT {_AMONG})",
        [json.dumps(list(them)) for them in (article_ids, stay, changed)],
    ).fetchall()
    whole = _values(db, [row[0] for row in rows], rests_only=True)
    db.executemany(
        "UPDATE contents SET body = ? WHERE digest = ?",
        [(readings.dumps(values), digest) for digest, values in whole.items()],
    )


def _values(
    db: sqlite3.Connection, digests: Iterable[str], *, rests_only: bool = False
) -> dict[str, Values]:
    """These readings, as they are packed; or those of them whose rest is kept only."""
    rows = db.execute(
        f"SELECT digest, body FROM contents WHERE digest {_AMONG}", [json.dumps(list(digests))]
    )
    held = {digest: readings.loads(body) for digest, body in rows}
    rests = {digest: values for digest, values in held.items() if readings.is_rest(values)}
    whole = _completed(db, rests)
    return whole if rests_only else held | whole


def _completed(db: sqlite3.Connection, rests: Mapping[str, Values]) -> dict[str, Values]:
    """The readings of which these are the rests; without those that no article says.

    Of several articles the one that the digest fits.
    """
    if not rests:
        return {}
    filed = db.execute(
        f"SELECT DISTINCT content, article_id FROM readings WHERE content {_AMONG}",
        [json.dumps(list(rests))],
    ).fetchall()
    said = _said(db, {article_id for _, article_id in filed})
    found = dict[str, Values]()
    for digest, article_id in filed:
        if article_id in said and (digest not in found or readings.digest(found[digest]) != digest):
            found[digest] = {"signals": []} | rests[digest] | said[article_id]
    return found


def _said(db: sqlite3.Connection, article_ids: Collection[int]) -> dict[int, Values]:
    """What articles' rows and blocks say of their current readings."""
    chosen = [json.dumps(list(article_ids))]
    texts, said = dict[int, str](), dict[int, Values]()
    for article_id, text, *columns in db.execute(
        f"SELECT id, text, {_COLUMNS} FROM articles WHERE id {_AMONG}", chosen
    ):
        values = dict(zip((*readings.STATED, *_LISTS), columns, strict=True))
        values |= {name: json.loads(values[name]) for name in _LISTS}
        texts[article_id] = text
        said[article_id] = readings.filled(values)
    blocks: dict[int, list[Sequence[str | None]]] = defaultdict(list)
    for article_id, kind, start, length, own, marked, *why in db.execute(
        "SELECT article_id, kind, start, length, own_text, marked, reason, rule, evidence "
        f"FROM block_places WHERE article_id {_AMONG} ORDER BY article_id, position",
        chosen,
    ):
        if article_id in texts:
            shown = texts[article_id][start - 1 : start - 1 + length] if own is None else own
            decided = (None, None, None) if why[0] == Reason.REPEATED else why
            blocks[article_id].append(readings.short_block(kind, shown, marked, *decided))
    return {number: values | {"blocks": blocks[number]} for number, values in said.items()}


def _address(db: sqlite3.Connection, digest: str) -> str | None:
    row = db.execute(
        "SELECT a.url FROM readings r JOIN articles a ON a.id = r.article_id WHERE r.content = ?",
        [digest],
    ).fetchone()
    return row[0] if row else None
