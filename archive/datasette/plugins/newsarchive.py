"""Datasette plugin: the archive's own pages. Everything is read; nothing here writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import nh3
from datasette import hookimpl
from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response
from markdown_it import MarkdownIt

from archive import search, stats
from archive.store import BUSY_MILLISECONDS

DATABASE = "archive"
PAGE = 25
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "dv"})

# Text from the web is hostile: no script, no frame, nothing from other hosts.
STRICT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Datasette's own pages carry inline scripts and styles.
DATASETTE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)
TAGS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "a", "table", "thead", "tbody", "tr", "td", "th", "br"}  # fmt: skip

# What to do about a failure, by the beginning of its class.
REMEDIES = {
    "dns": "Check the address in sources.toml; the host may be gone.",
    "refused": "The host is down or shuts us out; it is tried again by itself.",
    "timeout": "The host is slow; it is tried again by itself.",
    "connection": "The connection broke; it is tried again by itself.",
    "tls": "The host's certificate is not valid; it is tried again by itself.",
    "http-4": "The page is gone or closed to us; nothing to do unless it should be open.",
    "http-5": "The host has a fault; it is tried again by itself.",
    "too-large": "The page is larger than any article; leave it.",
    "robots": "The site asks robots not to fetch this page, and we do not.",
    "private-address": "Set allow_private = true for the source if that is meant.",
    "malformed": "Name the right feed or sitemap in sources.toml (feeds = […], sitemaps = […]).",
    "nothing-found": "Name a feed or a sitemap in sources.toml (feeds = […], sitemaps = […]).",
    "not-an-article": "Look at the page; if it is one, keep = [\"selector\"] in sources.toml helps.",
    "empty": "The page has no text without JavaScript; look whether the site has a feed with texts.",
    "blocked": "The site answers robots with a wall; crawl it less often, or ask for permission.",
}  # fmt: skip

View = Callable[..., Awaitable[Response]]


@hookimpl
def register_routes() -> list[tuple[str, View]]:
    return [
        (r"^/$", start),
        (r"^/-/article/(?P<id>\d+)$", article),
        (r"^/-/article/(?P<id>\d+)/removed$", removed),
        (r"^/-/article$", article_by_url),
        (r"^/-/search$", find),
        (r"^/-/source/(?P<name>.+)$", source),
        (r"^/-/failures$", failures),
    ]


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    return [{"href": datasette.urls.path("/"), "label": "The archive"}]


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Security headers on every answer."""

    def wrap(app: Any) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            path = scope.get("path", "")
            is_ours = path == "/" or path.startswith(
                ("/-/article", "/-/search", "/-/source", "/-/failures")
            )
            policy = STRICT if is_ours else DATASETTE

            async def send_with_headers(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [
                        *message.get("headers", []),
                        (b"content-security-policy", policy.encode()),
                        (b"x-content-type-options", b"nosniff"),
                        (b"referrer-policy", b"no-referrer"),
                    ]
                await send(message)

            await app(scope, receive, send_with_headers)

        return wrapped

    return wrap


async def start(datasette: Any, request: Any) -> Response:
    def read(db: sqlite3.Connection) -> dict[str, Any]:
        hits = list(search.select(db, search.Filters(), limit=PAGE))
        return {"hits": hits, "stats": stats.collect(db)}

    return await _page(datasette, request, "start.html", await _read(datasette, read))


async def article(datasette: Any, request: Any) -> Response:
    article_id = int(request.url_vars["id"])

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        found = _article(db, article_id)
        kept = _rows(
            db,
            "SELECT kind, markdown FROM blocks WHERE article_id = ? AND kept = 1 ORDER BY position",
            article_id,
        )
        counts = _row(
            db,
            "SELECT sum(kept) AS kept, sum(1 - kept) AS removed FROM blocks WHERE article_id = ?",
            article_id,
        )
        return found | {"html": _html(kept), "counts": counts}

    return await _page(datasette, request, "reading.html", await _read(datasette, read))


async def removed(datasette: Any, request: Any) -> Response:
    article_id = int(request.url_vars["id"])

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        found = _article(db, article_id)
        blocks = _rows(
            db,
            "SELECT b.position, b.kind, b.text, b.kept, b.reason, b.rule, CASE b.reason "
            "WHEN 'repeated-on-site' THEN 'stands in ' || s.articles || ' articles of the site' "
            "ELSE b.evidence END AS evidence "
            "FROM blocks b LEFT JOIN block_stats s ON s.digest = b.digest AND s.site = ? "
            "WHERE b.article_id = ? ORDER BY b.position",
            found["article"].site,
            article_id,
        )
        reasons: dict[str, int] = {}
        for block in blocks:
            if not block["kept"]:
                reasons[block["reason"]] = reasons.get(block["reason"], 0) + 1
        return found | {"blocks": blocks, "reasons": sorted(reasons.items(), key=lambda r: -r[1])}

    return await _page(datasette, request, "removed.html", await _read(datasette, read))


async def article_by_url(datasette: Any, request: Any) -> Response:
    url = request.args.get("url") or ""
    found = await _read(datasette, lambda db: search.article_by_url(db, url))
    if found is None:
        raise NotFound(f"No article is known by {url}")
    return Response.redirect(datasette.urls.path(f"/-/article/{found.id}"))


async def find(datasette: Any, request: Any) -> Response:
    args = {
        name: (request.args.get(name) or "").strip()
        for name in ("q", "source", "language", "since", "until")
    }
    page = (
        max(1, int(request.args.get("page") or 1))
        if (request.args.get("page") or "1").isdigit()
        else 1
    )
    filters = search.Filters(
        query=args["q"] or None,
        sources=(args["source"],) if args["source"] else (),
        languages=(args["language"],) if args["language"] else (),
        since=args["since"] or None,
        until=args["until"] or None,
    )

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        choices = {
            "sources": _column(db, "SELECT DISTINCT source FROM articles ORDER BY 1"),
            "languages": _column(db, "SELECT DISTINCT language FROM articles ORDER BY 1"),
        }
        try:
            hits = list(search.select(db, filters, PAGE, (page - 1) * PAGE))
            return choices | {"hits": hits, "total": search.count(db, filters), "hint": None}
        except search.QueryError as error:
            return choices | {"hits": [], "total": 0, "hint": str(error)}

    context = await _read(datasette, read)

    def link(number: int) -> str:
        query = urlencode({k: v for k, v in (*args.items(), ("page", str(number))) if v})
        return str(datasette.urls.path(f"/-/search?{query}"))

    context |= {
        "args": args,
        "page": page,
        "earlier": link(page - 1) if page > 1 else None,
        "later": link(page + 1) if page * PAGE < context["total"] else None,
    }
    return await _page(datasette, request, "search.html", context)


async def source(datasette: Any, request: Any) -> Response:
    name = tilde_decode(request.url_vars["name"])

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        row = _row(db, "SELECT * FROM sources WHERE name = ?", name)
        if row is None:
            raise NotFound(f"No source is named {name}")
        filters = search.Filters(sources=(name,))
        return {
            "source": row,
            "total": search.count(db, filters),
            "hits": list(search.select(db, filters, limit=PAGE)),
            "runs": _rows(
                db, "SELECT * FROM runs WHERE source = ? ORDER BY id DESC LIMIT 12", name
            ),
            "failures": _failures(db, name),
        }

    return await _page(datasette, request, "source.html", await _read(datasette, read))


async def failures(datasette: Any, request: Any) -> Response:
    found = await _read(datasette, lambda db: {"failures": _failures(db, None)})
    return await _page(datasette, request, "failures.html", found)


async def _read(datasette: Any, function: Callable[[sqlite3.Connection], Any]) -> Any:
    return await datasette.get_database(DATABASE).execute_fn(function)


async def _page(datasette: Any, request: Any, template: str, context: dict[str, Any]) -> Response:
    context |= {"tables": datasette.urls.database(DATABASE), "rtl": RIGHT_TO_LEFT}
    return Response.html(await datasette.render_template(template, context, request=request))


def _article(db: sqlite3.Connection, article_id: int) -> dict[str, Any]:
    url = _column(db, "SELECT url FROM articles WHERE id = ?", article_id)
    found = search.article_by_url(db, url[0]) if url else None
    if found is None:
        raise NotFound(f"There is no article {article_id}")
    return {
        "article": found,
        "capture": _row(
            db,
            "SELECT c.* FROM captures c JOIN articles a ON a.capture_id = c.id WHERE a.id = ?",
            article_id,
        ),
        "revisions": _column(db, "SELECT count(*) FROM revisions WHERE article_id = ?", article_id)[
            0
        ],
        "translations": _rows(
            db,
            "SELECT id, title, language FROM articles "
            "WHERE translation_group = ? AND id != ? ORDER BY language",
            found.translation_group,
            article_id,
        ),
    }


def _failures(db: sqlite3.Connection, name: str | None) -> list[dict[str, Any]]:
    rows = _rows(
        db,
        "SELECT * FROM failures WHERE ?1 IS NULL OR source = ?1 ORDER BY last_seen DESC LIMIT 200",
        name,
    )
    for row in rows:
        remedy = (text for start, text in REMEDIES.items() if row["class"].startswith(start))
        row["remedy"] = next(remedy, "Run `newsarchive crawl` again with --debug, and look.")
        row["is_web"] = row["url"].startswith(("http://", "https://"))
    return rows


def _html(blocks: list[dict[str, Any]]) -> str:
    """The kept blocks as safe HTML: links to http(s) only, and no other attribute."""
    parts: list[str] = []
    before = None
    for block in blocks:
        joined = before == block["kind"] and block["kind"] in ("list-item", "table")
        line = block["markdown"]
        if block["kind"] == "table":
            line = line.rstrip("| ") + " |"
            if not joined:  # Markdown wants a head; a row of data is none
                cells = line.count(" | ") + 1
                line = f"{line}\n|{' --- |' * cells}"
        parts.append(("\n" if joined else "\n\n") + line)
        before = block["kind"]
    made = MarkdownIt("commonmark", {"html": False}).enable("table").render("".join(parts))
    return nh3.clean(
        made, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer",
    )  # fmt: skip


def _rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _row(db: sqlite3.Connection, sql: str, *values: Any) -> dict[str, Any] | None:
    return next(iter(_rows(db, sql, *values)), None)


def _column(db: sqlite3.Connection, sql: str, *values: Any) -> list[Any]:
    return [row[0] for row in db.execute(sql, values).fetchall()]
