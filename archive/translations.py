"""Groups of translations: what pages declare of each other with hreflang, and sitemaps of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from archive import addresses, urls


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
    for article_id in sorted(concerned):
        _save(db, article_id, declared[article_id])


def _save(db: sqlite3.Connection, article_id: int, alternates: Iterable[tuple[str, str]]) -> None:
    """Replace what the article declares, and group it anew with all that is connected to it."""
    before = members(db, article_id)
    db.execute("DELETE FROM translations WHERE article_id = ?", [article_id])
    db.executemany(
        "INSERT OR IGNORE INTO translations VALUES (?, ?, ?)",
        [(article_id, language, urls.canonical(url)) for language, url in alternates],
    )
    regroup(db, before | {article_id})


def regroup(db: sqlite3.Connection, article_ids: Iterable[int]) -> None:
    """Group these articles anew, each with all that is connected to it."""
    left = set(article_ids)
    while left:
        group = members(db, left.pop())
        left -= group
        db.execute(
            "UPDATE articles SET translation_group = ?1 WHERE translation_group IS NOT ?1 "
            "AND id IN (SELECT value FROM json_each(?2))",
            [_name(db, group), json.dumps([*group])],
        )


def members(db: sqlite3.Connection, article_id: int) -> set[int]:
    """The articles held that are connected, in either direction, at any distance."""
    found, waiting = {article_id}, [article_id]
    while waiting:
        for neighbour in _neighbours(db, waiting.pop()) - found:
            found.add(neighbour)
            waiting.append(neighbour)
    return found


def name_of_group(db: sqlite3.Connection, article_id: int) -> str | None:
    """The smallest article address of the group; null for an article alone."""
    return _name(db, members(db, article_id))


def _name(db: sqlite3.Connection, group: Collection[int]) -> str | None:
    if len(group) == 1:
        return None
    sql = "SELECT min(url) FROM articles WHERE id IN (SELECT value FROM json_each(?))"
    return str(db.execute(sql, [json.dumps([*group])]).fetchone()[0])


def _neighbours(db: sqlite3.Connection, article_id: int) -> set[int]:
    """The articles under an address that it declares, those that declare its own, and in sitemaps
    those of the same set.

    Not its other addresses: which article those lead to may change with the next capture.
    """
    declared = db.execute("SELECT url FROM translations WHERE article_id = ?", [article_id])
    keys = {urls.key(url) for (url,) in declared.fetchall()}
    found = set[int]()
    row = db.execute("SELECT url FROM articles WHERE id = ?", [article_id]).fetchone()
    if row:
        spellings = urls.spellings(row[0])
        marks = ", ".join("?" * len(spellings))
        by_others = db.execute(
            f"SELECT article_id FROM translations WHERE url IN ({marks})", spellings
        )
        found = {other for (other,) in by_others.fetchall()}
        keys |= _listed(db, urls.key(row[0]))
    return found | {other for key in keys if (other := addresses.owner(db, key)) is not None}


def _listed(db: sqlite3.Connection, key: str) -> set[str]:
    """The addresses that sitemaps name as translations of one; of another domain none joins others."""
    rows = db.execute(
        "SELECT other.key FROM sitemap_translations own "
        "JOIN sitemap_translations other USING (set_id) "
        "WHERE own.key = ? AND (own.is_own OR other.is_own)",
        [key],
    )
    return {row[0] for row in rows.fetchall()}
