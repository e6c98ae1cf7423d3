"""Datasette plugin: the archive's own pages, filters of their templates, headers of every answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from babel import Locale, UnknownLocaleError
from datasette import hookimpl
from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup, escape

from archive import search
from archive.datasette import headers, lists, reading, sources, start
from archive.opening import BUSY_MILLISECONDS
from archive.rendering import is_web

LANGUAGES = Locale("en").languages


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    return [
        (r"^/$", start.start),
        (r"^/-/article/(?P<id>[0-9]{1,18})$", reading.text),
        (r"^/-/article/(?P<id>[0-9]{1,18})/removed$", reading.removed),
        (r"^/-/article/(?P<id>[0-9]{1,18})/changes$", reading.changes),
        (r"^/-/article$", reading.by_url),
        (r"^/-/search$", lists.find),
        (r"^/-/feed$", lists.feed),
        (r"^/-/sources$", sources.sources),
        (r"^/-/source/(?P<name>.+)$", sources.source),
        (r"^/-/failures$", sources.failures),
        # Pages for developing Datasette and for logging in, which nobody does here.
        (r"^/-/(patterns|allow-debug|permissions|messages|auth-token|logout)$", _nothing),
    ]


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    # For queries: articles_fts MATCH search_words('what people write')
    conn.create_function("search_words", 1, _search_words, deterministic=True)


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    env.filters |= {
        "language": lambda code: LANGUAGES.get(code, code),
        "direction": _direction,
        "moment": lambda stated: (stated or "")[:16].replace("T", " "),
        "number": "{:,}".format,
        "percent": _percent,
    }
    env.tests["web"] = is_web


@hookimpl
def render_cell(value: Any, column: str, datasette: Any) -> Markup | None:
    """The number of an article in a table or the rows of a query leads to it."""
    if column not in ("article", "article_id", "representative") or not isinstance(value, int):
        return None
    path = datasette.urls.path(f"/-/article/{value}")
    return Markup(f'<a href="{escape(path)}">{value}</a>')


@hookimpl
def asgi_wrapper() -> Callable[[Any], Any]:
    return headers.guarded


async def _nothing() -> Response:
    raise NotFound("404")


def _search_words(query: str | None) -> str:
    """The FTS5 expression of a query as people write it; one that matches nothing for none."""
    try:
        return search.match_expression(query or "")
    except search.QueryError:
        return '""'


def _direction(code: str) -> str:
    """The value of `dir` for a language; where we do not know it the browser looks at the letters."""
    try:
        return "auto" if code == "und" else str(Locale.parse(code, sep="-").text_direction)
    except (UnknownLocaleError, ValueError):
        return "auto"


def _percent(share: float) -> str:
    return "under 1%" if 0 < share < 0.01 else f"{share:.0%}"
