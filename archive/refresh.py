"""Write what follows from readings: articles with blocks, revisions and index, many in one step.

What repeats on a site is decided once for all of them (`archive/learned.py`). A step takes as many
statements for a hundred articles as for one.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from archive import (
    addresses,
    articles,
    fingerprint,
    learned,
    repetition,
    rights,
    search,
    translations,
    urls,
)
from archive.articles import Held
from archive.model import Block, Reason, main_text

STEP = 200  # articles in memory at once, where what repeats has changed for all of a site

_AMONG = "IN (SELECT value FROM json_each(?))"


@dataclass(slots=True)
class _Article:
    """An article that is derived anew: what it follows from, and what the tables have of it."""

    id: int
    address: str
    held: Held  # empty: its readings were damaged, and are to be made anew
    blocks: Sequence[Block]
    digests: Sequence[int]
    indexed: tuple[str, str, str] | None  # title, text, authors in the index; null: not in it
    is_new: bool  # it stands in no table yet
    are_stored: bool  # the blocks are those in the table
    columns: dict[str, object] = field(default_factory=dict)  # what is to be written
    decided: tuple[Block, ...] = ()

    @property
    def site(self) -> str:
        return urls.site(self.address)

    def repeatable(self) -> set[int]:
        """The digests on whose counts it depends what its text is."""
        pairs = zip(self.digests, self.blocks, strict=True)
        return {digest for digest, block in pairs if learned.may_repeat(block)}


@dataclass(frozen=True, slots=True)
class _Row:
    """What the table has of an article."""

    address: str
    last_seen: str
    indexed: tuple[str, str, str] | None


def refresh(
    db: sqlite3.Connection,
    readings: Mapping[int, Held],
    new: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Derive articles anew from all of their readings, and what follows for others of their sites.

    `new`: the addresses of those among them that are not in the archive yet.
    """
    rows = _rows(db, readings.keys() - new.keys())
    them = [_read(number, held, rows.get(number), new) for number, held in readings.items()]
    counted = learned.count(db, _changes(them, _digests(db, rows)))
    others = _others(db, counted) - readings.keys()
    _describe(db, them, rows)
    _derive(db, them, {site: each.articles for site, each in counted.items()})
    addresses.name(db, [(each.id, each.address) for each in them if each.id in new])
    translations.save(db, {each.id: each.held[-1][1].alternates for each in them})
    _derive_again(db, others)


def remove(db: sqlite3.Connection, article_ids: Collection[int]) -> None:
    """Take articles out of all tables: none of their captures is read as an article."""
    connected = translations.connected(db, article_ids)
    rows = _rows(db, article_ids)
    changes: dict[str, learned.Change] = defaultdict(learned.Change)
    for article_id, digests in _digests(db, article_ids).items():
        change = changes[urls.site(rows[article_id].address)]
        change.joined -= 1
        change.digests.subtract(digests)
    others = _others(db, learned.count(db, changes)).difference(article_ids)
    search.unindex(db, [(number, *row.indexed) for number, row in rows.items() if row.indexed])
    for table in ("block_places", "revisions", "translations", "addresses"):
        db.execute(f"DELETE FROM {table} WHERE article_id {_AMONG}", [json.dumps([*article_ids])])
    db.execute(f"DELETE FROM articles WHERE id {_AMONG}", [json.dumps([*article_ids])])
    translations.regroup(db, connected.difference(article_ids))
    _derive_again(db, others)


def relearn(db: sqlite3.Connection) -> None:
    """Decide about repeated blocks anew in the whole archive, after their definition has changed."""
    learned.recount(db)
    _derive_again(db, [row[0] for row in db.execute("SELECT id FROM articles").fetchall()])


def _read(number: int, held: Held, row: _Row | None, new: Mapping[int, str]) -> _Article:
    blocks = held[-1][1].blocks
    digests = [fingerprint.digest(block.text) for block in blocks]
    address, indexed = (row.address, row.indexed) if row else (new[number], None)
    return _Article(
        number, address, held, blocks, digests, indexed, is_new=row is None, are_stored=False
    )


def _changes(them: Iterable[_Article], before: Mapping[int, set[int]]) -> dict[str, learned.Change]:
    changes: dict[str, learned.Change] = defaultdict(learned.Change)
    for each in them:
        change, now = changes[each.site], set(each.digests)
        change.joined += each.id not in before
        was = before.get(each.id, set())
        change.digests.update(now - was)
        change.digests.subtract(was - now)
    return changes


def _others(db: sqlite3.Connection, counted: Mapping[str, learned.Counted]) -> set[int]:
    """The articles for which it makes a difference that counts have crossed a threshold."""
    found = (learned.articles_with(db, site, each.crossed) for site, each in counted.items())
    return set[int]().union(*found)


def _describe(db: sqlite3.Connection, them: Sequence[_Article], rows: Mapping[int, _Row]) -> None:
    """What of the columns does not depend on what repeats."""
    sources = [articles.source_of_text(each.address, each.held) for each in them]
    places = [
        rights.Place(e.site, c.final_url, c.fetched) for e, c in zip(them, sources, strict=True)
    ]
    answers = rights.answers_at(db, places)
    for each, place in zip(them, places, strict=True):
        row, last = rows.get(each.id), each.held[-1][0].fetched
        each.columns = articles.metadata(each.address, each.held) | {
            "site": each.site,
            "last_seen": max(row.last_seen, last) if row else last,
            **dict(zip(("may_crawl", "may_archive", "may_train"), answers[place], strict=True)),
        }


def _derive_again(db: sqlite3.Connection, article_ids: Collection[int]) -> None:
    """Decide anew about the blocks of articles that stand as their readings have them."""
    numbers = sorted(article_ids)
    for start in range(0, len(numbers), STEP):
        them = _standing(db, numbers[start : start + STEP])
        _derive(db, them, learned.enough_articles(db, {each.site for each in them}))


def _standing(db: sqlite3.Connection, article_ids: Sequence[int]) -> list[_Article]:
    chosen = [json.dumps(article_ids)]
    blocks: dict[int, list[tuple[Block, int]]] = defaultdict(list)
    for number, digest, kind, text, markdown, reason, rule, evidence in db.execute(
        "SELECT article_id, digest, kind, text, markdown, reason, rule, evidence FROM blocks "
        f"WHERE article_id {_AMONG} ORDER BY article_id, position",
        chosen,
    ):
        block = Block(kind, text, markdown, Reason(reason) if reason else None, rule, evidence)
        blocks[number].append((block, digest))
    held = articles.held_by_article(db, article_ids)
    return [
        _Article(
            number, row.address, held.get(number, []), [block for block, _ in blocks[number]],
            [digest for _, digest in blocks[number]], row.indexed, is_new=False, are_stored=True,
        )
        for number, row in _rows(db, article_ids).items()
    ]  # fmt: skip


def _derive(db: sqlite3.Connection, them: Sequence[_Article], sizes: Mapping[str, int]) -> None:
    """Decide about repeated blocks with the current counts; write text, index and revisions.

    `sizes`: the number of articles of each site.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for each in them:
        wanted[each.site] |= each.repeatable()
    recorded = learned.recorded(db, wanted)
    for each in them:
        held = recorded[each.site]
        counts = (
            {digest: held[digest] for digest in each.repeatable() & held.keys()} if held else {}
        )
        each.decided = repetition.decide(each.blocks, repetition.Counts(sizes[each.site], counts))
        text = main_text(each.decided)
        if not (each.are_stored and each.indexed and each.indexed[1] == text):
            each.columns |= {
                "text": text,
                "word_count": articles.word_count(text),
                "digest": articles.digest(text),
            }
    _write_columns(db, them)
    _write_blocks(db, them)
    _write_index(db, them)
    _write_revisions(db, [each for each in them if each.held])


def _write_columns(db: sqlite3.Connection, them: Iterable[_Article]) -> None:
    """Make the articles that are not in the archive yet, and bring the others up to date."""
    alike: dict[tuple[bool, tuple[str, ...]], list[tuple[object, ...]]] = defaultdict(list)
    for each in them:
        if each.columns:
            alike[each.is_new, tuple(each.columns)].append((*each.columns.values(), each.id))
    for (is_new, names), rows in alike.items():
        if is_new:
            marks = ", ".join("?" * (len(names) + 1))
            db.executemany(f"INSERT INTO articles ({', '.join(names)}, id) VALUES ({marks})", rows)
        else:
            changed = ", ".join(f"{name} = ?" for name in names)
            db.executemany(f"UPDATE articles SET {changed} WHERE id = ?", rows)


def _write_blocks(db: sqlite3.Connection, them: Iterable[_Article]) -> None:
    rows: list[tuple[object, ...]] = []
    replaced: list[tuple[int]] = []
    for each in them:
        if each.are_stored and tuple(each.blocks) == each.decided and "text" not in each.columns:
            continue
        if not each.is_new:
            replaced.append((each.id,))
        text = main_text(each.decided)
        rows += articles.place_rows(each.id, each.decided, each.digests, text)
    db.executemany("DELETE FROM block_places WHERE article_id = ?", replaced)
    marks = ", ".join("?" * 12)
    db.executemany(f"INSERT INTO block_places VALUES ({marks})", rows)


def _write_index(db: sqlite3.Connection, them: Iterable[_Article]) -> None:
    gone: list[tuple[int, str, str, str]] = []
    come: list[tuple[int, str, str, str]] = []
    for each in them:
        held = dict(zip(("title", "text", "authors"), each.indexed or (), strict=False))
        title, text, authors = ((held | each.columns)[n] for n in ("title", "text", "authors"))
        now = (str(title), str(text), str(authors))
        if now != each.indexed:
            gone += [(each.id, *each.indexed)] if each.indexed else []
            come.append((each.id, *now))
    search.unindex(db, gone)
    search.index(db, come)


def _write_revisions(db: sqlite3.Connection, them: Iterable[_Article]) -> None:
    rows: list[tuple[object, ...]] = []
    replaced: list[tuple[int]] = []
    for each in them:
        if not each.is_new:
            replaced.append((each.id,))
        before = articles.texts(db, each.site, each.held[:-1])
        rows += articles.revisions(each.id, each.held, [*before, main_text(each.decided)])
    db.executemany("DELETE FROM revisions WHERE article_id = ?", replaced)
    db.executemany("INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)", rows)


def _rows(db: sqlite3.Connection, article_ids: Collection[int]) -> dict[int, _Row]:
    """The articles as they stand, in the order of their ids."""
    if not article_ids:
        return {}
    rows = db.execute(
        "SELECT id, url, last_seen, digest, title, text, authors FROM articles "
        f"WHERE id {_AMONG} ORDER BY id",
        [json.dumps(list(article_ids))],
    )
    return {
        number: _Row(address, last_seen, tuple(indexed) if digest else None)
        for number, address, last_seen, digest, *indexed in rows
    }


def _digests(db: sqlite3.Connection, article_ids: Collection[int]) -> dict[int, set[int]]:
    """The digests of the articles' blocks."""
    found: dict[int, set[int]] = {article_id: set() for article_id in article_ids}
    for article_id, digest in db.execute(
        f"SELECT article_id, digest FROM block_places WHERE article_id {_AMONG}",
        [json.dumps(list(article_ids))],
    ):
        found[article_id].add(digest)
    return found
