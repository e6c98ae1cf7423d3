"""What goes when an article or a source is to be forgotten, or old ones are to be dropped.

A request for erasure asks for all of it: every capture at one of the article's addresses, and each
feed, list, sitemap and answer of an API that names one or holds a paragraph of the text, for such a
capture cannot be half erased. What it says of other articles is said again by the next. Pages of
other articles that link to it are the words of others: they stay, and are told.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from archive import duplicates, erasure, mentions, urls, warc
from archive.errors import UserError
from archive.store import Store

MANY = 50  # addresses, from which on their host is looked for first and not each by itself

_PLAIN = re.compile(r"[\w.-]+", re.ASCII)  # what no text writes as %XX (RFC 3986, 2.3)

Advance = Callable[[int], None]


class ForgetError(UserError):
    """Nothing was forgotten: one line that says why."""


@dataclass(slots=True)
class Plan:
    """What an erasure takes."""

    articles: dict[int, str] = field(default_factory=dict)  # id → address
    keys: set[str] = field(default_factory=set)  # all their addresses, normalised
    captures: set[int] = field(default_factory=set)
    lists: int = 0  # of these captures, those of feeds, lists, sitemaps and APIs
    sources: list[str] = field(default_factory=list)  # of which nothing stays
    links: list[str] = field(default_factory=list)  # articles that link to one of these, and stay
    duplicates: list[str] = field(default_factory=list)  # with nearly the same text, and stay
    unreadable: list[str] = field(default_factory=list)  # captures that could not be looked into


def plan(
    db: sqlite3.Connection, folder: Path, names: Iterable[str], advance: Advance = lambda _: None
) -> Plan:
    """What is to go for these addresses and names of sources. `folder` is that of the WARC files.

    `advance` is told of each number of captures of lists that was looked at. Raises ForgetError.
    """
    found = Plan()
    for name in names:
        if source := _source(db, name):
            found.sources.append(source)
            _add_source(db, found, source)
        else:
            _add_address(db, found, name)
    _add_captures(db, found)
    _add_lists(db, folder, found, advance)
    found.links, found.duplicates = _links(db, found), _duplicates(db, found)
    return found


def count_lists(db: sqlite3.Connection) -> int:
    """The number of captures that `plan` looks into."""
    return int(db.execute(f"SELECT count(*) FROM captures WHERE {_MAY_BE_LIST}").fetchone()[0])


def forget(archive: Store, found: Plan, advance: Advance = lambda _: None) -> bool:
    """Erase what was planned, and keep it from coming again; whether all files are clean.

    They are not where somebody reads the archive meanwhile: whoever opens it next goes on.
    """
    with archive.transaction():
        archive.forgotten.add(found.keys)
        _drop_rows(archive.connection, found)
        erasure.erase(archive, found.captures, advance)
    return archive.finish_erasure()


def forget_again(archive: Store) -> None:
    """Erase all that is held of forgotten addresses: their hashes came from elsewhere."""
    db, going = archive.connection, set[int]()
    rows = db.execute(
        "SELECT c.id, c.url, c.final_url, c.role, c.file, c.offset, r.content, r.declared_key "
        "FROM captures c LEFT JOIN readings r ON r.capture_id = c.id"
    ).fetchall()
    for capture_id, url, final_url, role, file, offset, content, declared in rows:
        may_be_list = content is None and role != "robots"
        if archive.forgotten.has(url, final_url, declared) or (
            may_be_list and archive.forgotten.is_named(archive.warc_folder, file, offset)
        ):
            going.add(capture_id)
    erasure.erase(archive, going)
    drop_forgotten(archive)


def drop_forgotten(archive: Store) -> None:
    """Take out of the tables what names forgotten addresses and does not follow from captures."""
    for table in ("frontier", "failures", "signals"):
        rows = archive.connection.execute(f"SELECT DISTINCT url FROM {table}").fetchall()
        archive.connection.executemany(
            f"DELETE FROM {table} WHERE url = ?",
            [row for row in rows if archive.forgotten.has(row[0])],
        )


IS_LIST = "role NOT IN ('article', 'robots')"
# Imported lists are captures for an article that gave none.
_MAY_BE_LIST = "role != 'robots' AND id NOT IN (SELECT capture_id FROM readings)"


def _source(db: sqlite3.Connection, name: str) -> str | None:
    """The source of that name, or whose home page that is."""
    if db.execute("SELECT 1 FROM sources WHERE name = ?", [name]).fetchone():
        return name
    if name.startswith(("mid:", "urn:")) or not urls.is_home(
        name if "://" in name else f"https://{name}"
    ):
        return None
    for source, url in db.execute("SELECT name, url FROM sources").fetchall():
        if urls.key(url) == urls.key(name):
            return str(source)
    raise ForgetError(f"no source is named {name}, and none has that home page")


def _add_source(db: sqlite3.Connection, found: Plan, source: str) -> None:
    rows = db.execute(
        "SELECT id, url FROM articles WHERE source = ?1 UNION SELECT a.id, a.url FROM captures c "
        "JOIN readings r ON r.capture_id = c.id JOIN articles a ON a.id = r.article_id "
        "WHERE c.source = ?1",
        [source],
    ).fetchall()
    for article_id, url in rows:
        add_article(db, found, article_id, url)
    waiting = db.execute(
        "SELECT key FROM frontier WHERE source = ? AND role = 'article'", [source]
    ).fetchall()
    failed = db.execute("SELECT url FROM failures WHERE source = ?", [source]).fetchall()
    (home,) = db.execute("SELECT url FROM sources WHERE name = ?", [source]).fetchone()
    found.keys |= {row[0] for row in waiting} | {urls.key(row[0]) for row in (*failed, (home,))}
    captures = db.execute("SELECT id, role FROM captures WHERE source = ?", [source]).fetchall()
    found.captures |= {row[0] for row in captures}
    found.lists += sum(role not in ("article", "robots") for _, role in captures)


def _add_address(db: sqlite3.Connection, found: Plan, url: str) -> None:
    found.keys.add(urls.key(url))
    row = db.execute(
        "SELECT a.id, a.url FROM addresses k JOIN articles a ON a.id = k.article_id "
        "WHERE k.key = ?",
        [urls.key(url)],
    ).fetchone()
    if row:
        add_article(db, found, *row)


def add_article(db: sqlite3.Connection, found: Plan, article_id: int, url: str) -> None:
    found.articles[article_id] = url
    keys = db.execute("SELECT key FROM addresses WHERE article_id = ?", [article_id])
    found.keys |= {row[0] for row in keys.fetchall()}
    rows = db.execute("SELECT capture_id FROM readings WHERE article_id = ?", [article_id])
    found.captures |= {row[0] for row in rows.fetchall()}


def _add_captures(db: sqlite3.Connection, found: Plan) -> None:
    """What was fetched at one of the addresses, whatever came of it."""
    hosts = {_host(key) for key in found.keys}
    for capture_id, *addresses in db.execute("SELECT id, url, final_url FROM captures"):
        if any(_holds(url, hosts) and urls.key(url) in found.keys for url in addresses):
            found.captures.add(capture_id)


def _add_lists(db: sqlite3.Connection, folder: Path, found: Plan, advance: Advance) -> None:
    needles = _needles(found.keys)
    paragraphs = _paragraphs(db, found) if len(found.articles) < MANY else []
    rows = db.execute(
        f"SELECT id, final_url, file, offset FROM captures WHERE {_MAY_BE_LIST} "
        "ORDER BY file, offset"
    ).fetchall()
    for capture_id, url, file, offset in rows:
        advance(1)
        if capture_id in found.captures:
            continue
        try:
            exchange = warc.read(folder, file, offset)
        except warc.WarcError as error:
            found.unreadable.append(f"{url}: {error}")
            continue
        body = mentions.text(exchange)
        is_named = _holds(body, needles) and _names(body, url, found.keys)
        if is_named or mentions.holds(body, paragraphs):
            found.captures.add(capture_id)
            found.lists += 1


def _paragraphs(db: sqlite3.Connection, found: Plan) -> list[str]:
    """The paragraphs of all revisions."""
    marks = ", ".join(map(str, found.articles))
    rows = db.execute(
        f"SELECT text FROM articles WHERE id IN ({marks}) UNION ALL "
        f"SELECT text FROM revisions WHERE article_id IN ({marks}) AND text IS NOT NULL"
    ).fetchall()
    return list({paragraph for (text,) in rows for paragraph in text.split("\n\n")})


def _links(db: sqlite3.Connection, found: Plan) -> list[str]:
    """The articles that stay and link to one of the addresses."""
    needles = _needles(found.keys)
    like = " OR ".join("instr(lower(b.markdown), ?)" for _ in needles)
    rows = db.execute(
        "SELECT a.id, a.url, b.markdown FROM blocks b JOIN articles a ON a.id = b.article_id "
        f"WHERE {like}",
        sorted(needles),
    )
    return sorted(
        {url for a, url, text in rows if a not in found.articles and _names(text, url, found.keys)}
    )


def _names(text: str, base: str, keys: set[str]) -> bool:
    return any(urls.key(address) in keys for address in mentions.addresses(text, base))


def _needles(keys: set[str]) -> set[str]:
    """What stands in every text that names one of the addresses: it is looked for first."""
    return {_host(key) if len(keys) >= MANY else _last(key) for key in keys}


def _holds(text: str, needles: set[str]) -> bool:
    lowered = text.lower()
    return any(needle in lowered for needle in needles)


def _host(key: str) -> str:
    """The host of an address; empty for one that a text may write in its own script."""
    site = _site(key).lower()
    return "" if "xn--" in site else site


def _site(key: str) -> str:
    return key.partition("/")[0].partition("?")[0]


def _last(key: str) -> str:
    """The last part of an address, or its host where a text may write that part otherwise."""
    last = key.rpartition("/")[2]
    return last.lower() if _PLAIN.fullmatch(last) else _host(key)


def _duplicates(db: sqlite3.Connection, found: Plan) -> list[str]:
    """The articles that stay and have nearly the same text."""
    return sorted(
        {
            member.url
            for article_id in found.articles
            for member in duplicates.cluster(db, article_id)
            if member.article_id not in found.articles
        }
    )


def _drop_rows(db: sqlite3.Connection, found: Plan) -> None:
    """What names the addresses besides what follows from captures."""
    db.execute(
        "DELETE FROM frontier WHERE key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(found.keys))],
    )
    failed = db.execute("SELECT source, url FROM failures").fetchall()
    db.executemany(
        "DELETE FROM failures WHERE source = ? AND url = ?",
        [row for row in failed if urls.key(row[1]) in found.keys],
    )
    db.execute("DELETE FROM checkouts")  # a frontier that workers share is to hear of it
    drop_sources(db, found)


def drop_sources(db: sqlite3.Connection, found: Plan) -> None:
    for source in found.sources:
        for table in ("frontier", "failures", "runs", "acknowledged"):
            db.execute(f"DELETE FROM {table} WHERE source = ?", [source])
        db.execute("DELETE FROM sources WHERE name = ?", [source])
    db.executemany(
        "DELETE FROM hosts WHERE site = ? AND NOT EXISTS (SELECT 1 FROM frontier WHERE site = hosts.site)",
        [(_site(key),) for key in found.keys] if found.sources else [],
    )
