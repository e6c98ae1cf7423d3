"""What every page needs: to read the archive, to fill a template."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from datasette.utils.asgi import NotFound, Response

from archive import search
from archive.model import Article, Block

DATABASE = "archive"
Row = dict[str, Any]


async def read(datasette: Any, function: Callable[[sqlite3.Connection], Any]) -> Any:
    """What the function reads, in a thread of its own with a read-only connection."""
    return await datasette.get_database(DATABASE).execute_fn(function)


async def page(datasette: Any, request: Any, template: str, context: Row) -> Response:
    """The filled template."""
    return Response.html(await datasette.render_template(template, context, request=request))


def article(db: sqlite3.Connection, article_id: int) -> Article:
    """The article of that number. Raises NotFound."""
    url = column(db, "SELECT url FROM articles WHERE id = ?", article_id)
    found = search.article_by_url(db, url[0]) if url else None
    if found is None:
        raise NotFound(f"There is no article {article_id}")
    return found


def kept_blocks(db: sqlite3.Connection, article_id: int) -> list[Block]:
    """The blocks of the article's text."""
    sql = "SELECT kind, text, markdown FROM blocks WHERE article_id = ? AND kept ORDER BY position"
    return [Block(**found) for found in rows(db, sql, article_id)]


def rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[Row]:
    """The rows by the names of their columns."""
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def row(db: sqlite3.Connection, sql: str, *values: Any) -> Row | None:
    """The first row, null where there is none."""
    return next(iter(rows(db, sql, *values)), None)


def column(db: sqlite3.Connection, sql: str, *values: Any) -> list[Any]:
    """The first column."""
    return [row[0] for row in db.execute(sql, values).fetchall()]
