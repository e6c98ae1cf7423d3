"""Groups of translations: what pages declare of each other with hreflang, and sitemaps of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from archive import addresses, urls

_AMONG = "IN (SELECT value FROM json_each(?))"


def save(db: sqlite3.Connection, declared: Mapping[int, Sequence[tuple[str, str]]]) -> None:
    """Replace what articles declare, and group them anew with all that is connected to them."""
    chosen = json.dumps(list(declared))
    rows = db.execute(
        "SELECT article_id FROM translations WHERE article_id IN (SELECT value FROM json_each(?))",
        [chosen],
    )
    concerned = {row[0] for row in rows} | {n for n, alternates in declared.items() if alternates}
    addressed = db.execute(
        "SELECT id, url FROM articles WHERE id IN (SELECT value FROM json_each(?))", [chosen]
    ).fetchall()
    spelled = {spelling: number for number, url in addressed for spelling in urls.spellings(url)}
    named = db.execute(
        "SELECT url FROM translations WHERE url IN (SELECT value FROM json_each(?))",
        [json.dumps(list(spelled))],
    )
    concerned |= {spelled[url] for (url,) in named}
    keys = {urls.key(url): number for number, url in addressed}
    listed = db.execute(
        "SELECT DISTINCT key FROM sitemap_translations WHERE key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(keys))],
    )
    concerned |= {keys[key] for (key,) in listed}
    before = connected(db, concerned)
    db.execute(
        "DELETE FROM translations WHERE article_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(concerned))],
    )
    db.executemany(
        "INSERT OR IGNORE INTO translations VALUES (?, ?, ?)",
        [
            (article_id, language, urls.canonical(url))
            for article_id in concerned
            for language, url in declared[article_id]
        ],
    )
    regroup(db, before)


def regroup(db: sqlite3.Connection, article_ids: Iterable[int]) -> None:
    """Group these articles anew, each with all that is connected to it."""
    left = set(article_ids)
    while left:
        group = connected(db, [left.pop()])
        left -= group
        db.execute(
            "UPDATE articles SET translation_group = ?1 WHERE translation_group IS NOT ?1 "
            "AND id IN (SELECT value FROM json_each(?2))",
            [_name(db, group), json.dumps([*group])],
        )


def connected(db: sqlite3.Connection, article_ids: Iterable[int]) -> set[int]:
    """These articles, and those held that are connected with one, in either direction, at any distance."""
    found = set(article_ids)
    waiting, whole = found, set[int]()
    while waiting:
        waiting = _neighbours(db, waiting, whole) - found
        found = found | waiting
    return found


def name_of_group(db: sqlite3.Connection, article_id: int) -> str | None:
    """The smallest article address of the group; null for an article alone."""
    return _name(db, connected(db, [article_id]))


def _name(db: sqlite3.Connection, group: Collection[int]) -> str | None:
    if len(group) == 1:
        return None
    sql = "SELECT min(url) FROM articles WHERE id IN (SELECT value FROM json_each(?))"
    return str(db.execute(sql, [json.dumps([*group])]).fetchone()[0])


def _neighbours(db: sqlite3.Connection, article_ids: Collection[int], whole: set[int]) -> set[int]:
    """The articles under addresses that these declare, those that declare their own, and in sitemaps
    those of the same sets.

    Not their other addresses: which article those lead to may change with the next capture. `whole`
    takes the sets whose members are all found, each of which is looked at once.
    """
    chosen = json.dumps(list(article_ids))
    declared = _column(db, f"SELECT url FROM translations WHERE article_id {_AMONG}", chosen)
    own = _column(db, f"SELECT url FROM articles WHERE id {_AMONG}", chosen)
    spellings = json.dumps([spelling for url in own for spelling in urls.spellings(url)])
    by_others = _column(db, f"SELECT article_id FROM translations WHERE url {_AMONG}", spellings)
    keys = {urls.key(url) for url in declared} | _listed(db, map(urls.key, own), whole)
    return {*by_others, *addresses.owners(db, keys).values()}


def _listed(db: sqlite3.Connection, keys: Iterable[str], whole: set[int]) -> set[str]:
    """The addresses that sitemaps name as translations of these; of another domain none joins others."""
    sets = db.execute(
        f"SELECT DISTINCT set_id, is_own FROM sitemap_translations WHERE key {_AMONG}",
        [json.dumps(list(keys))],
    ).fetchall()
    own = {number for number, is_own in sets if is_own} - whole
    whole |= own
    foreign = {number for number, _ in sets} - whole
    return {
        *_column(db, f"SELECT key FROM sitemap_translations WHERE set_id {_AMONG}", _json(own)),
        *_column(
            db,
            f"SELECT key FROM sitemap_translations WHERE is_own AND set_id {_AMONG}",
            _json(foreign),
        ),
    }


def _column(db: sqlite3.Connection, sql: str, chosen: str) -> list[Any]:
    return [row[0] for row in db.execute(sql, [chosen]).fetchall()]


def _json(numbers: Iterable[int]) -> str:
    return json.dumps(list(numbers))
