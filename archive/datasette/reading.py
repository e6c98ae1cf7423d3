"""The pages of an article: its text, what was removed from it, how it changed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from itertools import groupby, pairwise
from typing import Any

from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup

from archive import comparison, duplicates, search
from archive.datasette.serving import Row, article, column, kept_blocks, page, read, row, rows
from archive.evidence import Decision, decisions
from archive.model import Block
from archive.rendering import to_html

REVISIONS = 25  # compared on a page, the latest


async def text(datasette: Any, request: Any) -> Response:
    """The article, made for reading."""
    article_id = int(request.url_vars["id"])

    def find(db: sqlite3.Connection) -> Row:
        found = article(db, article_id)
        removed = "SELECT count(*) FROM block_places WHERE article_id = ? AND NOT kept"
        return {
            "article": found,
            "html": Markup(to_html(kept_blocks(db, article_id))),
            "capture": row(db, "SELECT * FROM captures WHERE id = ?", found.capture_id),
            "removed": column(db, removed, article_id)[0],
            "revisions": rows(
                db,
                "SELECT number, seen FROM revisions WHERE article_id = ? ORDER BY number DESC",
                article_id,
            ),
            "duplicates": [
                d for d in duplicates.cluster(db, article_id) if d.article_id != article_id
            ],
            "translations": rows(
                db,
                "SELECT id, title, language FROM articles "
                "WHERE translation_group = ? AND id != ? ORDER BY language",
                found.translation_group,
                article_id,
            ),
        }

    return await page(datasette, request, "article.html", await read(datasette, find))


async def by_url(datasette: Any, request: Any) -> Response:
    """To the article known by that address."""
    url = (request.args.get("url") or "").strip()
    found = await read(datasette, lambda db: search.article_by_url(db, url))
    if found is None:
        raise NotFound(f"No article is known by the address {url}")
    return Response.redirect(datasette.urls.path(f"/-/article/{found.id}"))


async def removed(datasette: Any, request: Any) -> Response:
    """The whole page in its order: what was kept, and what was removed, with the reason."""
    article_id = int(request.url_vars["id"])

    def find(db: sqlite3.Connection) -> Row:
        found = article(db, article_id)
        decided = decisions(db, found)
        counts = Counter(decision.reason for decision in decided if decision.reason)
        return {"article": found, "runs": _runs(decided), "counts": counts.most_common()}

    return await page(datasette, request, "removed.html", await read(datasette, find))


async def changes(datasette: Any, request: Any) -> Response:
    """The revisions, each compared with the one before, the latest first."""
    article_id = int(request.url_vars["id"])

    def find(db: sqlite3.Connection) -> Row:
        found = article(db, article_id)
        texts = rows(
            db,
            "SELECT number, seen, coalesce(text, ?) AS text FROM revisions WHERE article_id = ? "
            f"ORDER BY number DESC LIMIT {REVISIONS + 1}",
            found.text,
            article_id,
        )
        return {
            "article": found,
            "changes": [_change(before, after) for after, before in pairwise(texts)],
            "first": texts[-1],
        }

    return await page(datasette, request, "changes.html", await read(datasette, find))


def _change(before: Row, after: Row) -> Row:
    """What changed from one revision to the next; paragraphs without a change are only counted."""
    compared = comparison.compare(before["text"], after["text"])
    runs = [
        {"changed": changed, "paragraphs": list(run)}
        for changed, run in groupby(compared, key=comparison.is_changed)
    ]
    return {"number": after["number"], "seen": after["seen"], "runs": runs}


def _runs(decided: list[Decision]) -> list[Row]:
    """Neighbouring blocks that were kept, or removed for the same reason, as one."""

    def decision(block: Decision) -> tuple[str | None, str | None, str | None]:
        # Evidence that only says the block's own text again is left out.
        return block.reason, block.rule, block.evidence if block.evidence != block.text else None

    return [
        {
            "reason": reason,
            "rule": rule,
            "evidence": evidence,
            "html": Markup(to_html(Block(b.kind, b.text, b.markdown) for b in run)),
        }
        for (reason, rule, evidence), run in groupby(decided, key=decision)
    ]
