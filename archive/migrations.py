"""What made the schema of archive.db what it is: migrations, named, forward only, each standing alone.

Names of tables and columns are an interface: people query them in Datasette and in notebooks.
All times are ISO 8601 in UTC (`2026-11-24T17:00:00Z`) unless the column says otherwise.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:  # sqlite-utils takes a quarter of a second, and few archives must be migrated
    from sqlite_utils import Database

Migration = Callable[["Database"], None]
MIGRATIONS: list[Migration] = []  # in the order in which they are applied


def migration(function: Migration) -> Migration:
    """Make the function a migration: its name is recorded in each archive it was applied to."""
    MIGRATIONS.append(function)
    return function


FIRST_SCHEMA = """
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    platform TEXT,                -- as configured, else as found out
    language TEXT,
    feeds TEXT NOT NULL DEFAULT '[]',      -- JSON list of URLs
    sitemaps TEXT NOT NULL DEFAULT '[]',   -- JSON list of URLs
    last_crawl TEXT,
    next_crawl TEXT,
    interval_seconds INTEGER
) WITHOUT ROWID;

CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,            -- as asked for, byte for byte
    final_url TEXT NOT NULL,      -- after redirects
    source TEXT NOT NULL,
    role TEXT NOT NULL,           -- article, home, feed, sitemap, listing, wordpress, robots
    found_by TEXT,                -- the way of discovery; null: imported
    fetched TEXT NOT NULL,
    status INTEGER NOT NULL,
    etag TEXT,
    last_modified TEXT,
    digest TEXT NOT NULL,         -- of the payload, as in the WARC record
    file TEXT NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    read INTEGER NOT NULL DEFAULT 0,  -- 1: what follows from it is stored
    UNIQUE (file, offset)
);
CREATE INDEX captures_url ON captures (url, fetched);
CREATE INDEX captures_final_url ON captures (final_url);
CREATE INDEX captures_unread ON captures (id) WHERE read = 0;

CREATE TABLE frontier (
    source TEXT NOT NULL,
    key TEXT NOT NULL,            -- normalised address: what makes two addresses one entry
    url TEXT NOT NULL,            -- as it is asked for
    role TEXT NOT NULL,
    found_by TEXT NOT NULL,
    optional INTEGER NOT NULL DEFAULT 0,
    changed TEXT,                 -- time of the last change that the source states
    state TEXT NOT NULL,          -- waiting, leased, done
    due TEXT NOT NULL,            -- not before
    lease TEXT,                   -- until when it is claimed
    attempts INTEGER NOT NULL DEFAULT 0,
    fetched TEXT,                 -- last time it was done
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE INDEX frontier_waiting ON frontier (source, state, due);

CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,     -- canonical
    captured_url TEXT NOT NULL,   -- as asked for, of the capture the text comes from
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    source TEXT NOT NULL,
    site TEXT NOT NULL,
    title TEXT NOT NULL,
    authors TEXT NOT NULL,        -- JSON list
    published TEXT,               -- as the page states it, with its offset
    published_utc TEXT,
    modified TEXT,
    language TEXT NOT NULL,       -- ISO 639-1, or und
    language_confidence REAL,     -- null where the language is only declared
    declared_language TEXT,
    description TEXT,
    image TEXT,
    tags TEXT NOT NULL,           -- JSON list
    text TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    digest TEXT NOT NULL,         -- SHA-256 of the text
    translation_group TEXT,       -- smallest address of the group
    access TEXT,                  -- free, paywalled; null: unsaid
    may_crawl TEXT NOT NULL,      -- yes, no, unsaid
    may_archive TEXT NOT NULL,
    may_train TEXT NOT NULL,
    extractor TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL
);
CREATE INDEX articles_source ON articles (source, published_utc);
CREATE INDEX articles_published ON articles (published_utc);
CREATE INDEX articles_site ON articles (site);
CREATE INDEX articles_language ON articles (language);
CREATE INDEX articles_group ON articles (translation_group);

CREATE TABLE blocks (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,    -- from 0, in the order of the page
    kind TEXT NOT NULL,           -- heading, paragraph, list-item, quote, code, table, caption
    text TEXT NOT NULL,
    markdown TEXT NOT NULL,
    digest TEXT NOT NULL,         -- of the normalised text, the key of block_stats
    kept INTEGER NOT NULL,
    reason TEXT,
    rule TEXT,
    evidence TEXT,
    PRIMARY KEY (article_id, position)
) WITHOUT ROWID;
CREATE INDEX blocks_digest ON blocks (digest);

CREATE TABLE addresses (          -- each address an article is known by
    key TEXT PRIMARY KEY,         -- normalised: what makes two addresses one
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX addresses_article ON addresses (article_id);

CREATE TABLE readings (           -- what each capture says: articles and revisions follow from it
    capture_id INTEGER PRIMARY KEY REFERENCES captures (id),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    own_key TEXT NOT NULL,        -- of the address it was captured at
    declared_key TEXT,            -- of the canonical address it declares, where that is another
    content TEXT NOT NULL REFERENCES contents (digest)
);
CREATE INDEX readings_article ON readings (article_id);
CREATE INDEX readings_content ON readings (content);
CREATE INDEX readings_declared ON readings (declared_key) WHERE declared_key IS NOT NULL;
CREATE INDEX readings_own ON readings (own_key);

CREATE TABLE contents (           -- each distinct reading once
    digest TEXT PRIMARY KEY,      -- SHA-256
    body BLOB NOT NULL            -- compressed JSON, see archive/readings.py
) WITHOUT ROWID;

CREATE TABLE revisions (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,      -- from 1, in the order of capture
    seen TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    digest TEXT NOT NULL,
    text TEXT,                    -- null for the current one: it stands in articles
    PRIMARY KEY (article_id, number)
) WITHOUT ROWID;

CREATE TABLE block_stats (        -- only what stands in two articles or more
    site TEXT NOT NULL,
    digest TEXT NOT NULL,
    articles INTEGER NOT NULL,    -- distinct articles of the site whose current revision has it
    PRIMARY KEY (site, digest)
) WITHOUT ROWID;

CREATE TABLE translations (       -- what the pages declare with hreflang
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    url TEXT NOT NULL,            -- canonical form
    PRIMARY KEY (article_id, language, url)
) WITHOUT ROWID;
CREATE INDEX translations_url ON translations (url);

CREATE TABLE signals (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL,
    url TEXT NOT NULL,            -- where it was seen
    kind TEXT NOT NULL,
    raw TEXT NOT NULL,
    place TEXT NOT NULL,          -- header, meta, robots.txt, json-ld
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    crawl TEXT NOT NULL,          -- parsed answers: yes, no, unsaid
    archive TEXT NOT NULL,
    train TEXT NOT NULL,
    UNIQUE (url, kind, raw, place)
);
CREATE INDEX signals_site ON signals (site, place);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL,        -- rows of one run share it
    kind TEXT NOT NULL,           -- crawl, import
    source TEXT NOT NULL,
    found INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    new INTEGER NOT NULL,
    revised INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    seconds REAL NOT NULL
);
CREATE INDEX runs_source ON runs (source, started);

CREATE TABLE failures (
    source TEXT NOT NULL,
    url TEXT NOT NULL,
    class TEXT NOT NULL,
    message TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    next_try TEXT,                -- null: not by itself
    PRIMARY KEY (source, url)
) WITHOUT ROWID;

-- Contentless: what is indexed are the words of archive/search.py, not the text as it stands
-- (scripts without spaces are cut into bigrams), so the index keeps no second copy of the text.
CREATE VIRTUAL TABLE articles_fts USING fts5 (
    title, text, authors, content = '', tokenize = 'unicode61 remove_diacritics 2'
);
"""


@migration
def first_schema(db: Database) -> None:
    """The schema of version 0.1."""
    _run(db, FIRST_SCHEMA)


SCHEDULE = """
CREATE TABLE hosts (              -- sites that refused us last time they were asked
    site TEXT PRIMARY KEY,
    reason TEXT NOT NULL,         -- class of the last refusal: http-429, http-403, blocked, …
    refusals INTEGER NOT NULL,    -- in a row
    of_articles INTEGER NOT NULL, -- 1: an article was refused, 0: a page of discovery
    refused TEXT NOT NULL,        -- when last
    wait_until TEXT               -- nothing is asked of it before; null: it may be asked
) WITHOUT ROWID;

-- The key without path and query: host, and port where it is not the scheme's own.
ALTER TABLE frontier ADD COLUMN site TEXT GENERATED ALWAYS AS (
    substr(key, 1, min(instr(key || '/', '/'), instr(key || '?', '?')) - 1)
) VIRTUAL;
ALTER TABLE frontier ADD COLUMN revisit TEXT;  -- when a held article is asked for again
CREATE INDEX frontier_revisit ON frontier (source, revisit) WHERE state = 'done';

ALTER TABLE articles ADD COLUMN gone TEXT;     -- since when its page answers 404 or 410
ALTER TABLE sources ADD COLUMN failed_crawls INTEGER NOT NULL DEFAULT 0;  -- in a row
"""


@migration
def schedule(db: Database) -> None:
    """Hosts that are left alone, articles that are visited again or have gone, failing sources."""
    _run(db, SCHEDULE)


@migration
def issues_of_images(db: Database) -> None:
    """Issues that are made of images say so: `images`, else null."""
    db.execute("ALTER TABLE articles ADD COLUMN form TEXT")


@migration
def identity(db: Database) -> None:
    """A name of its own for each archive, by which its backups know it."""
    db.execute("CREATE TABLE identity (id TEXT NOT NULL)")  # one row
    db.execute("INSERT INTO identity VALUES (lower(hex(randomblob(16))))")


DUPLICATES = """
CREATE TABLE signatures (         -- what near-duplicates are looked up by: archive/duplicates.py
    article_id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    band1 INTEGER, band2 INTEGER, band3 INTEGER, band4 INTEGER,
    band5 INTEGER, band6 INTEGER, band7 INTEGER, band8 INTEGER
);
CREATE INDEX signatures_band1 ON signatures (band1);
CREATE INDEX signatures_band2 ON signatures (band2);
CREATE INDEX signatures_band3 ON signatures (band3);
CREATE INDEX signatures_band4 ON signatures (band4);
CREATE INDEX signatures_band5 ON signatures (band5);
CREATE INDEX signatures_band6 ON signatures (band6);
CREATE INDEX signatures_band7 ON signatures (band7);
CREATE INDEX signatures_band8 ON signatures (band8);

CREATE TABLE duplicates (         -- members of clusters of two articles and more
    article_id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    representative INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,  -- it has a row, too
    similarity REAL NOT NULL      -- with the representative, 0 to 1; of itself 1
);
CREATE INDEX duplicates_representative ON duplicates (representative);

CREATE TABLE duplicates_pending ( -- articles whose place in the clusters is to be decided anew
    article_id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE
);

-- Triggers, so that nothing that changes an article can forget it. (The statement that fires one
-- decides about conflicts in it: without OR IGNORE.)
CREATE TRIGGER articles_inserted AFTER INSERT ON articles BEGIN
    INSERT INTO duplicates_pending SELECT new.id
        WHERE NOT EXISTS (SELECT 1 FROM duplicates_pending WHERE article_id = new.id);
END;
CREATE TRIGGER articles_changed AFTER UPDATE OF digest, url, published_utc, first_seen ON articles
WHEN old.digest IS NOT new.digest OR old.url IS NOT new.url
    OR old.published_utc IS NOT new.published_utc OR old.first_seen IS NOT new.first_seen
BEGIN
    INSERT INTO duplicates_pending SELECT new.id
        WHERE NOT EXISTS (SELECT 1 FROM duplicates_pending WHERE article_id = new.id);
END;
CREATE TRIGGER articles_deleted BEFORE DELETE ON articles BEGIN
    INSERT INTO duplicates_pending
        SELECT article_id FROM duplicates WHERE representative = old.id
        UNION SELECT representative FROM duplicates WHERE article_id = old.id
        EXCEPT SELECT article_id FROM duplicates_pending;
END;

CREATE TABLE definitions (        -- by which definition of the program a part was derived
    part TEXT PRIMARY KEY,
    version TEXT NOT NULL
) WITHOUT ROWID;
"""


@migration
def duplicates(db: Database) -> None:
    """Clusters of near-duplicates, what finds them, and by which definition parts were derived."""
    _run(db, DUPLICATES)


HEALTH = """
-- Of the page alone, before what was learned of its site:
ALTER TABLE readings ADD COLUMN letters INTEGER;   -- of main text
ALTER TABLE readings ADD COLUMN removed INTEGER;   -- letters of the blocks that are not main text
ALTER TABLE readings ADD COLUMN missing TEXT;      -- JSON list: which of title, authors, published
ALTER TABLE runs ADD COLUMN is_current INTEGER NOT NULL DEFAULT 0;  -- 1: lists not asked, unchanged
CREATE INDEX captures_source ON captures (source, role = 'article', fetched)
    WHERE found_by IS NOT NULL;
"""


@migration
def health(db: Database) -> None:
    """What a page gave, so that one that gives less than is usual for its source is noticed."""
    _run(db, HEALTH)
    rows = db.execute("SELECT digest FROM contents").fetchall()
    for (digest,) in rows:
        (body,) = db.execute("SELECT body FROM contents WHERE digest = ?", [digest]).fetchone()
        reading = json.loads(zlib.decompress(body))
        blocks = reading["blocks"]
        kept = [block["text"] for block in blocks if not block["reason"]]
        removed = sum(len(block["text"]) for block in blocks if block["reason"])
        missing = [name for name in ("title", "authors", "published") if not reading[name]]
        db.execute(
            "UPDATE readings SET letters = ?, removed = ?, missing = ? WHERE content = ?",
            [sum(map(len, kept)), removed, json.dumps(missing), digest],
        )


FACETS = """
-- What lists are sorted by: the time of publication, where none is stated the time first seen.
ALTER TABLE articles ADD COLUMN dated TEXT GENERATED ALWAYS AS (coalesce(published_utc, first_seen)) VIRTUAL;
ALTER TABLE articles ADD COLUMN month TEXT GENERATED ALWAYS AS (substr(dated, 1, 7)) VIRTUAL;
DROP INDEX articles_published;
DROP INDEX articles_language;
DROP INDEX articles_group;        -- most have no translation: of an index of nulls SQLite makes no use
CREATE INDEX articles_group ON articles (translation_group) WHERE translation_group IS NOT NULL;

CREATE TABLE article_facets (     -- what lists are chosen, sorted and counted by, without the texts:
    id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,  -- a page of rows is read at once
    source TEXT NOT NULL,
    language TEXT NOT NULL,
    dated TEXT NOT NULL,
    word_count INTEGER NOT NULL
);
CREATE INDEX article_facets_dated ON article_facets (dated, source, language);
CREATE INDEX article_facets_source ON article_facets (source, dated, language);
CREATE INDEX article_facets_language ON article_facets (language, dated, source);

-- The triggers below keep all of these as the articles stand.
CREATE TABLE article_tags (
    tag TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, article_id)
) WITHOUT ROWID;
CREATE INDEX article_tags_article ON article_tags (article_id);
CREATE TABLE article_authors (
    author TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (author, article_id)
) WITHOUT ROWID;
CREATE INDEX article_authors_article ON article_authors (article_id);

CREATE TABLE article_counts (     -- how many articles: counting them takes seconds at a million
    source TEXT NOT NULL,
    language TEXT NOT NULL,
    month TEXT NOT NULL,
    articles INTEGER NOT NULL,
    PRIMARY KEY (source, language, month)
) WITHOUT ROWID;
CREATE TABLE week_counts (        -- for charts
    source TEXT NOT NULL,
    week TEXT NOT NULL,           -- its Monday
    articles INTEGER NOT NULL,
    PRIMARY KEY (source, week)
) WITHOUT ROWID;
CREATE TABLE tag_counts (tag TEXT PRIMARY KEY, articles INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE author_counts (author TEXT PRIMARY KEY, articles INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX tag_counts_articles ON tag_counts (articles);
CREATE INDEX author_counts_articles ON author_counts (articles);

CREATE TRIGGER article_tags_added AFTER INSERT ON article_tags BEGIN
    INSERT INTO tag_counts VALUES (new.tag, 1) ON CONFLICT DO UPDATE SET articles = articles + 1;
END;
CREATE TRIGGER article_tags_removed AFTER DELETE ON article_tags BEGIN
    UPDATE tag_counts SET articles = articles - 1 WHERE tag = old.tag;
    DELETE FROM tag_counts WHERE tag = old.tag AND articles = 0;
END;
CREATE TRIGGER article_authors_added AFTER INSERT ON article_authors BEGIN
    INSERT INTO author_counts VALUES (new.author, 1) ON CONFLICT DO UPDATE SET articles = articles + 1;
END;
CREATE TRIGGER article_authors_removed AFTER DELETE ON article_authors BEGIN
    UPDATE author_counts SET articles = articles - 1 WHERE author = old.author;
    DELETE FROM author_counts WHERE author = old.author AND articles = 0;
END;

CREATE TRIGGER article_facets_added AFTER INSERT ON article_facets BEGIN
    INSERT INTO article_counts VALUES (new.source, new.language, substr(new.dated, 1, 7), 1)
        ON CONFLICT DO UPDATE SET articles = articles + 1;
    INSERT INTO week_counts VALUES (new.source, date(new.dated, 'weekday 0', '-6 days'), 1)
        ON CONFLICT DO UPDATE SET articles = articles + 1;
END;
CREATE TRIGGER article_facets_removed AFTER DELETE ON article_facets BEGIN
    UPDATE article_counts SET articles = articles - 1
        WHERE (source, language, month) = (old.source, old.language, substr(old.dated, 1, 7));
    DELETE FROM article_counts WHERE articles = 0
        AND (source, language, month) = (old.source, old.language, substr(old.dated, 1, 7));
    UPDATE week_counts SET articles = articles - 1
        WHERE (source, week) = (old.source, date(old.dated, 'weekday 0', '-6 days'));
    DELETE FROM week_counts WHERE articles = 0
        AND (source, week) = (old.source, date(old.dated, 'weekday 0', '-6 days'));
END;
CREATE TRIGGER articles_added AFTER INSERT ON articles BEGIN
    INSERT INTO article_facets
        VALUES (new.id, new.source, new.language, new.dated, new.word_count);
    INSERT INTO article_tags SELECT DISTINCT value, new.id FROM json_each(new.tags);
    INSERT INTO article_authors SELECT DISTINCT value, new.id FROM json_each(new.authors);
END;
CREATE TRIGGER articles_removed AFTER DELETE ON articles BEGIN
    DELETE FROM article_facets WHERE id = old.id;
    DELETE FROM article_tags WHERE article_id = old.id;
    DELETE FROM article_authors WHERE article_id = old.id;
END;
CREATE TRIGGER articles_moved AFTER UPDATE OF source, language, published_utc, first_seen, word_count
ON articles WHEN (old.source, old.language, old.dated, old.word_count)
    != (new.source, new.language, new.dated, new.word_count) BEGIN
    DELETE FROM article_facets WHERE id = new.id;
    INSERT INTO article_facets
        VALUES (new.id, new.source, new.language, new.dated, new.word_count);
END;
CREATE TRIGGER articles_tagged AFTER UPDATE OF tags ON articles WHEN old.tags != new.tags BEGIN
    DELETE FROM article_tags WHERE article_id = new.id;
    INSERT INTO article_tags SELECT DISTINCT value, new.id FROM json_each(new.tags);
END;
CREATE TRIGGER articles_signed AFTER UPDATE OF authors ON articles WHEN old.authors != new.authors BEGIN
    DELETE FROM article_authors WHERE article_id = new.id;
    INSERT INTO article_authors SELECT DISTINCT value, new.id FROM json_each(new.authors);
END;

INSERT INTO article_facets SELECT id, source, language, dated, word_count FROM articles;
INSERT INTO article_tags
    SELECT DISTINCT value, a.id FROM articles a, json_each(a.tags);
INSERT INTO article_authors
    SELECT DISTINCT value, a.id FROM articles a, json_each(a.authors);
"""


@migration
def facets(db: Database) -> None:
    """Articles by tag, author and month, and counts of them, so that lists and facets are quick."""
    _run(db, FACETS)


SCRIPTS = """
DROP TABLE articles_fts;
-- Vowel signs and other marks are part of words (unicode61 takes only letters and numbers), else เสือ
-- is เสื้อ, and हिन्दी three letters. What it holds is indexed anew by archive/definitions.py.
CREATE VIRTUAL TABLE articles_fts USING fts5 (
    title, text, authors, content = '',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
DELETE FROM definitions WHERE part = 'search';
"""


@migration
def words_with_signs(db: Database) -> None:
    """Words in the full-text index have their vowel signs, in all scripts."""
    _run(db, SCRIPTS)


FORGETTING = """
CREATE TABLE forgotten (          -- addresses that are not to be fetched or stored again
    salt TEXT NOT NULL,
    hash TEXT NOT NULL,           -- SHA-256 of salt, space, normalised address
    since TEXT NOT NULL,
    PRIMARY KEY (salt, hash)
) WITHOUT ROWID;

CREATE TABLE unclean (            -- files that still hold bytes of what was erased
    file TEXT PRIMARY KEY         -- archive.db, or one of warc/
) WITHOUT ROWID;

ALTER TABLE identity ADD COLUMN salt TEXT;  -- of this archive's hashes
UPDATE identity SET salt = lower(hex(randomblob(16)));
"""


@migration
def forgetting(db: Database) -> None:
    """What was forgotten, and what an erasure has still to do."""
    _run(db, FORGETTING)


READERS = """
-- By which extractor and rules a capture was last read (version, then "+" and a digest of rules); null:
-- not. An empty digest: the rules are not known, or it is to be read again.
ALTER TABLE captures ADD COLUMN read_by TEXT;
-- What it was read as: article, links, unchanged (304), else the class of the fault; null: not noted.
ALTER TABLE captures ADD COLUMN read_as TEXT;
UPDATE captures SET read_as = 'article', read_by = (
    SELECT a.extractor || '+' FROM readings r JOIN articles a ON a.id = r.article_id
    WHERE r.capture_id = captures.id
) WHERE id IN (SELECT capture_id FROM readings);
"""


@migration
def readers(db: Database) -> None:
    """Captures say by what and as what they were read, so that re-extraction knows what is left."""
    _run(db, READERS)


BLOCKS = """
-- With its rowid: without one SQLite gives each row of over a thousand bytes pages of its own.
CREATE TABLE blocks_as_rows (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,    -- from 0, in the order of the page
    kind TEXT NOT NULL,           -- heading, paragraph, list-item, quote, code, table, caption
    text TEXT NOT NULL,
    marked TEXT,                  -- its Markdown; null where that is the text
    digest TEXT NOT NULL,         -- of the normalised text, the key of block_stats
    kept INTEGER NOT NULL,
    reason TEXT,
    rule TEXT,
    evidence TEXT,
    markdown TEXT GENERATED ALWAYS AS (coalesce(marked, text)) VIRTUAL,
    PRIMARY KEY (article_id, position)
);
INSERT INTO blocks_as_rows
    SELECT article_id, position, kind, text, nullif(markdown, text), digest, kept, reason, rule, evidence
    FROM blocks ORDER BY article_id, position;
DROP TABLE blocks;
ALTER TABLE blocks_as_rows RENAME TO blocks;
CREATE INDEX blocks_digest ON blocks (digest, article_id);
"""


@migration
def blocks_as_rows(db: Database) -> None:
    """Blocks take half the room: rows of a thousand bytes and more share pages."""
    triggers = db.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'blocks' AND type = 'trigger' ORDER BY rowid"
    ).fetchall()
    _run(db, BLOCKS)
    for (sql,) in triggers:
        db.execute(sql)


@migration
def whole_history(db: Database) -> None:
    """Sources whose whole history is being crawled: since when; null: none is."""
    db.execute("ALTER TABLE sources ADD COLUMN full_since TEXT")


TRANSLATIONS_OF_SITEMAPS = """
CREATE TABLE sitemap_readings (   -- what captures of sitemaps say of translations: archive/sitemaps.py
    capture_id INTEGER PRIMARY KEY REFERENCES captures (id),
    content TEXT NOT NULL REFERENCES contents (digest)
);
CREATE INDEX sitemap_readings_content ON sitemap_readings (content);

CREATE TABLE sitemap_translations (  -- sets of addresses that are translations of each other
    key TEXT NOT NULL,            -- the address, normalised
    set_id INTEGER NOT NULL,      -- 64 bits of a hash of its members
    is_own INTEGER NOT NULL,      -- 0: of another domain than the entries; it joins no others
    capture_id INTEGER,           -- the sitemap whose entry of the address names the set, and counts
    PRIMARY KEY (key, set_id)
) WITHOUT ROWID;
CREATE INDEX sitemap_translations_set ON sitemap_translations (set_id);
"""


@migration
def translations_of_sitemaps(db: Database) -> None:
    """What sitemaps say of translations; those captured before are read by `newsarchive reextract`."""
    _run(db, TRANSLATIONS_OF_SITEMAPS)


READINGS = """
-- With its rowid: see blocks_as_rows.
CREATE TABLE contents_as_rows (   -- each distinct reading once
    digest TEXT PRIMARY KEY,      -- SHA-256
    body BLOB NOT NULL            -- compressed JSON, see archive/readings.py
);
CREATE TABLE repacked (old TEXT PRIMARY KEY, new TEXT NOT NULL) WITHOUT ROWID;
"""
# letters, removed, missing: see HEALTH.
REPACKED = """
CREATE TABLE readings_of_rows (   -- what each capture says: articles and revisions follow from it
    capture_id INTEGER PRIMARY KEY REFERENCES captures (id),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    own_key TEXT NOT NULL,        -- of the address it was captured at
    declared_key TEXT,            -- of the canonical address it declares, where that is another
    content TEXT NOT NULL REFERENCES contents_as_rows (digest),
    letters INTEGER,
    removed INTEGER,
    missing TEXT
);
INSERT INTO readings_of_rows SELECT capture_id, article_id, own_key, declared_key,
    coalesce((SELECT new FROM repacked WHERE old = content), content), letters, removed, missing
    FROM readings WHERE content IN (SELECT digest FROM contents)
    AND article_id IN (SELECT id FROM articles) AND capture_id IN (SELECT id FROM captures);
DROP TABLE readings;
ALTER TABLE readings_of_rows RENAME TO readings;
CREATE INDEX readings_article ON readings (article_id);
CREATE INDEX readings_content ON readings (content);
CREATE INDEX readings_declared ON readings (declared_key) WHERE declared_key IS NOT NULL;
CREATE INDEX readings_own ON readings (own_key);

CREATE TABLE sitemap_readings_of_rows (  -- what captures of sitemaps say of translations
    capture_id INTEGER PRIMARY KEY REFERENCES captures (id),
    content TEXT NOT NULL REFERENCES contents_as_rows (digest)
);
INSERT INTO sitemap_readings_of_rows SELECT capture_id, content FROM sitemap_readings
    WHERE content IN (SELECT digest FROM contents) AND capture_id IN (SELECT id FROM captures);
DROP TABLE sitemap_readings;
ALTER TABLE sitemap_readings_of_rows RENAME TO sitemap_readings;
CREATE INDEX sitemap_readings_content ON sitemap_readings (content);

DROP TABLE repacked;
DROP TABLE contents;
ALTER TABLE contents_as_rows RENAME TO contents;
"""


@migration
def readings_repacked(db: Database) -> None:
    """Readings take a third of the room; each has the digest of its new form."""
    _run(db, READINGS)
    for (digest,) in db.execute("SELECT digest FROM contents").fetchall():
        (body,) = db.execute("SELECT body FROM contents WHERE digest = ?", [digest]).fetchone()
        new, packed = digest, body
        with suppress(
            zlib.error, ValueError, KeyError, TypeError
        ):  # `verify` tells of what is damaged
            new, packed = _repacked(digest, zlib.decompress(body))
        db.execute("INSERT OR IGNORE INTO contents_as_rows VALUES (?, ?)", [new, packed])
        db.execute("INSERT INTO repacked VALUES (?, ?)", [digest, new])
    _run(db, REPACKED)


ACKNOWLEDGED = """
CREATE TABLE acknowledged (       -- changes that are known (archive/health.py): what came later is compared
    source TEXT NOT NULL,
    what TEXT NOT NULL,           -- letters, without_authors, status-403, …
    since TEXT NOT NULL,          -- with what came between, not with what is older
    PRIMARY KEY (source, what)
) WITHOUT ROWID;
"""


@migration
def acknowledged_changes(db: Database) -> None:
    """What of a source's health its user knows, so that it is not told again."""
    _run(db, ACKNOWLEDGED)


@migration
def articles_by_capture(db: Database) -> None:
    """The article of a capture is found at once: each capture that goes is looked for."""
    db.execute("CREATE INDEX articles_capture ON articles (capture_id)")


def _repacked(digest: str, text: bytes) -> tuple[str, bytes]:
    """A row of `contents` as of this migration: what is empty left out, blocks and signals as lists."""
    import orjson

    reading = json.loads(text)
    if isinstance(reading, dict):  # else a sitemap's
        if hashlib.sha256(text).hexdigest() != digest:
            raise ValueError("damaged")
        short = {name: value for name, value in reading.items() if value not in (None, "", [])}
        short["blocks"] = [_short_block(block) for block in reading["blocks"]]
        short["signals"] = [
            [signal[name] for name in ("kind", "raw", "place", "crawl", "archive", "train")]
            for signal in reading["signals"]
        ]
        short.pop("warnings", None)
        text = orjson.dumps(short, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(text).hexdigest()
    return digest, zstd.compress(text)


def _short_block(block: dict[str, str | None]) -> list[str | None]:
    marked = None if block["markdown"] == block["text"] else block["markdown"]
    values = [block[name] for name in ("kind", "text")] + [marked]
    values += [block[name] for name in ("reason", "rule", "evidence")]
    if any(values[3:]):
        return values
    return values[:2] if marked is None else values[:3]


SHARING = """
-- JSON: of the article's last capture, where another worker's archive has that: crawler/shared/.
ALTER TABLE frontier ADD COLUMN held TEXT;

CREATE TABLE checkouts (          -- up to which change the rows of a domain that workers share are known
    epoch TEXT NOT NULL,          -- names the shared frontier, from one start of its server to the next
    domain TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (domain, epoch)
) WITHOUT ROWID;
"""


@migration
def sharing(db: Database) -> None:
    """What a frontier that several machines share says of captures elsewhere, and what is known of it."""
    _run(db, SHARING)


@migration
def fewer_merges(db: Database) -> None:
    """Segments of the full-text index are merged eight at a time: half as often as four by four."""
    db.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('automerge', 8)")


PLACES = """
CREATE TABLE block_places (       -- the blocks of articles; with their texts: blocks
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,    -- from 0, in the order of the page
    kind TEXT NOT NULL,           -- heading, paragraph, list-item, quote, code, table, caption
    start INTEGER,                -- of its text in that of the article, in letters from 1
    length INTEGER NOT NULL,      -- letters
    own_text TEXT,                -- its text where it does not stand there, else null
    marked TEXT,                  -- its Markdown; null where that is the text
    digest TEXT NOT NULL,         -- of the normalised text, the key of block_stats
    kept INTEGER NOT NULL,
    reason TEXT,
    rule TEXT,
    evidence TEXT,
    PRIMARY KEY (article_id, position)
);
INSERT INTO block_places
    SELECT b.article_id, position, kind, start, length,
        CASE WHEN kept AND substr(a.text, start, length) IS b.text THEN NULL ELSE b.text END,
        marked, b.digest, kept, reason, rule, evidence
    FROM (
        SELECT *, length(text) AS length, 1 + coalesce(sum(iif(kept, length(text) + 2, 0)) OVER (
            PARTITION BY article_id ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS start FROM blocks
    ) b JOIN articles a ON a.id = b.article_id ORDER BY b.article_id, position;
UPDATE block_places SET start = NULL WHERE own_text IS NOT NULL;
DROP TABLE blocks;
CREATE INDEX blocks_digest ON block_places (digest, article_id);
CREATE VIEW blocks AS
    SELECT p.article_id, p.position, p.kind, coalesce(own_text, substr(a.text, start, length)) AS text,
        marked, p.digest, kept, reason, rule, evidence,
        coalesce(marked, own_text, substr(a.text, start, length)) AS markdown, p.length
    FROM block_places p JOIN articles a ON a.id = p.article_id;
"""


@migration
def places_of_blocks(db: Database) -> None:
    """What an article's text has stands in no second place: of its blocks is known where they are."""
    _run(db, PLACES)


TEXT_FIRST = """
DROP TABLE articles_fts;
-- The text comes first: of a word in another column FTS5 notes the column's number, two bytes each time
-- (https://www.sqlite.org/fts5.html, appendix A). What it holds is indexed anew by archive/definitions.py.
CREATE VIRTUAL TABLE articles_fts USING fts5 (
    text, title, authors, content = '',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
INSERT INTO articles_fts (articles_fts, rank) VALUES ('automerge', 8);  -- see fewer_merges
DELETE FROM definitions WHERE part = 'search';
"""
UNUSED = 92  # bytes of a page: what SQLite keeps for itself in a leaf (35), and the rest of the row


@migration
def text_first(db: Database) -> None:
    """The full-text index takes a quarter less room: text is its first column, a block of it a page."""
    _run(db, TEXT_FIRST)
    (page_bytes,) = db.execute("PRAGMA page_size").fetchone()
    db.execute(
        "INSERT INTO articles_fts (articles_fts, rank) VALUES ('pgsz', ?)", [page_bytes - UNUSED]
    )


NUMBERED = """
DROP VIEW blocks;
CREATE TABLE block_places_by_number (  -- the blocks of articles; with their texts: blocks
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,    -- from 0, in the order of the page
    kind TEXT NOT NULL,           -- heading, paragraph, list-item, quote, code, table, caption
    start INTEGER,                -- of its text in that of the article, in letters from 1
    length INTEGER NOT NULL,      -- letters
    own_text TEXT,                -- its text where it does not stand there, else null
    marked TEXT,                  -- its Markdown; null where that is the text
    digest INTEGER NOT NULL,      -- of the normalised text, the key of block_stats
    kept INTEGER NOT NULL,
    reason TEXT,
    rule TEXT,
    evidence TEXT,
    PRIMARY KEY (article_id, position)
);
INSERT INTO block_places_by_number
    SELECT article_id, position, kind, start, length, own_text, marked, number_of_hex(digest), kept,
        reason, rule, evidence
    FROM block_places ORDER BY article_id, position;
DROP TABLE block_places;
ALTER TABLE block_places_by_number RENAME TO block_places;
CREATE INDEX blocks_digest ON block_places (digest, article_id);
CREATE VIEW blocks AS
    SELECT p.article_id, p.position, p.kind, coalesce(own_text, substr(a.text, start, length)) AS text,
        marked, p.digest, kept, reason, rule, evidence,
        coalesce(marked, own_text, substr(a.text, start, length)) AS markdown, p.length
    FROM block_places p JOIN articles a ON a.id = p.article_id;

CREATE TABLE block_stats_by_number (   -- only what stands in two articles or more
    site TEXT NOT NULL,
    digest INTEGER NOT NULL,
    articles INTEGER NOT NULL,    -- distinct articles of the site whose current revision has it
    PRIMARY KEY (site, digest)
) WITHOUT ROWID;
INSERT OR IGNORE INTO block_stats_by_number
    SELECT site, number_of_hex(digest), articles FROM block_stats;
DROP TABLE block_stats;
ALTER TABLE block_stats_by_number RENAME TO block_stats;
"""


@migration
def digests_as_numbers(db: Database) -> None:
    """Digests of blocks are 64-bit numbers: half of the room, in the table and in its index."""
    db.conn.create_function("number_of_hex", 1, _number_of_hex, deterministic=True)
    _run(db, NUMBERED)


def _number_of_hex(digest: str) -> int:
    try:
        return int.from_bytes(bytes.fromhex(digest)[:8], "big", signed=True)
    except ValueError:  # damaged: `verify` tells
        return 0


def _run(db: Database, script: str) -> None:
    """Execute the statements of a script one by one: `executescript` would end the transaction."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if pending.strip() and sqlite3.complete_statement(pending):
            db.execute(pending)
            pending = ""
