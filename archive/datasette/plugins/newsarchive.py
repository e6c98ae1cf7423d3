"""Datasette plugin: the archive's own pages. Everything is read; nothing here writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import unquote, urlencode

from babel import Locale, UnknownLocaleError
from datasette import hookimpl
from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup

from archive import deviations, health, search
from archive.evidence import Decision, decisions
from archive.model import Block
from archive.remedies import remedy
from archive.rendering import is_web, to_html
from archive.store import BUSY_MILLISECONDS

DATABASE = "archive"
PAGE = 25  # articles on a page
SOURCES = 15  # on the start page
RUNS = 12  # on a source's page
FAILURES = 200
PARAMETERS = ("q", "source", "language", "since", "until")

# Text from the web is hostile: no script, no frame, nothing from other hosts.
STRICT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Datasette's own pages carry inline scripts and styles.
DATASETTE = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
POLICY = "content-security-policy"
HEADERS = {
    POLICY: DATASETTE,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
LANGUAGES = Locale("en").languages

# Counts come from indexes alone: the pages stay quick with 100,000 articles and more.
ALL_SOURCES = """
WITH names (name) AS (
    SELECT name FROM sources UNION SELECT DISTINCT source FROM articles
    UNION SELECT source FROM runs UNION SELECT source FROM failures
)
SELECT names.name, run.started AS last_run, run.new, run.revised, run.unchanged, run.failed,
       (SELECT count(*) FROM articles WHERE source = names.name) AS articles,
       (SELECT count(*) FROM failures WHERE source = names.name) AS failures
FROM names LEFT JOIN runs run ON run.id = (
    SELECT id FROM runs WHERE source = names.name ORDER BY started DESC, id DESC LIMIT 1
)
ORDER BY names.name
"""
TOTALS = """
SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM captures) AS captures,
       (SELECT min(published_utc) FROM articles) AS first,
       (SELECT max(published_utc) FROM articles) AS last
"""
ALL_LANGUAGES = "SELECT language AS code, count(*) AS n FROM articles GROUP BY 1 ORDER BY 2 DESC, 1"

View = Callable[..., Awaitable[Response]]
Row = dict[str, Any]


@hookimpl
def register_routes() -> list[tuple[str, View]]:
    return [
        (r"^/$", start),
        (r"^/-/article/(?P<id>[0-9]{1,18})$", article),
        (r"^/-/article/(?P<id>[0-9]{1,18})/removed$", removed),
        (r"^/-/article$", article_by_url),
        (r"^/-/search$", find),
        (r"^/-/sources$", sources),
        (r"^/-/source/(?P<name>.+)$", source),
        (r"^/-/failures$", failures),
    ]


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    env.filters |= {
        "language": lambda code: LANGUAGES.get(code, code),
        "direction": _direction,
        "moment": lambda stated: (stated or "")[:16].replace("T", " "),
        "number": "{:,}".format,
    }
    env.tests["web"] = is_web


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    return [{"href": datasette.urls.path("/"), "label": "The archive"}]


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    return [datasette.urls.path("/assets/tables.css")]  # our own pages do not ask for it


@hookimpl
def asgi_wrapper() -> Callable[[Any], Any]:
    """Security headers on every answer that has not set its own."""

    def wrap(app: Any) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            async def send_with_headers(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    given = list(message.get("headers", []))
                    names = {name.decode("latin-1").lower() for name, _ in given}
                    # An error page shows what was asked for: nothing of it may ever run.
                    ours = HEADERS | ({POLICY: STRICT} if message["status"] >= 400 else {})
                    message["headers"] = given + [
                        (name.encode(), value.encode())
                        for name, value in ours.items()
                        if name not in names
                    ]
                await send(message)

            await app(scope, receive, send_with_headers)

        return wrapped

    return wrap


async def start(datasette: Any, request: Any) -> Response:
    def read(db: sqlite3.Connection) -> Row:
        found = _rows(db, ALL_SOURCES)
        # Those that need a look come first, then those with most to read.
        found.sort(key=lambda s: (not s["failures"], -s["articles"], s["name"]))
        return {
            "hits": list(search.select(db, search.Filters(), limit=PAGE)),
            "totals": _rows(db, TOTALS)[0] | {"sources": len(found)},
            "sources": found[:SOURCES],
            "languages": _rows(db, ALL_LANGUAGES),
        }

    return await _page(datasette, request, "start.html", await _read(datasette, read))


async def article(datasette: Any, request: Any) -> Response:
    article_id = int(request.url_vars["id"])

    def read(db: sqlite3.Connection) -> Row:
        found = _article(db, article_id)
        blocks = _rows(
            db,
            "SELECT kind, text, markdown FROM blocks WHERE article_id = ? AND kept ORDER BY position",
            article_id,
        )
        return found | {
            "html": Markup(to_html(Block(**row) for row in blocks)),
            "capture": _row(db, "SELECT * FROM captures WHERE id = ?", found["article"].capture_id),
            "removed": _column(
                db, "SELECT count(*) FROM blocks WHERE article_id = ? AND NOT kept", article_id
            )[0],
            "revisions": _rows(
                db,
                "SELECT number, seen FROM revisions WHERE article_id = ? ORDER BY number DESC",
                article_id,
            ),
            "translations": _rows(
                db,
                "SELECT id, title, language FROM articles "
                "WHERE translation_group = ? AND id != ? ORDER BY language",
                found["article"].translation_group,
                article_id,
            ),
        }

    return await _page(datasette, request, "reading.html", await _read(datasette, read))


async def removed(datasette: Any, request: Any) -> Response:
    article_id = int(request.url_vars["id"])

    def read(db: sqlite3.Connection) -> Row:
        found = _article(db, article_id)
        blocks = [_shown(decision) for decision in decisions(db, found["article"])]
        counts: dict[str, int] = {}
        for block in blocks:
            if block["reason"]:
                counts[block["reason"]] = counts.get(block["reason"], 0) + 1
        return found | {"runs": _runs(blocks), "counts": sorted(counts.items(), key=_by_count)}

    return await _page(datasette, request, "removed.html", await _read(datasette, read))


async def article_by_url(datasette: Any, request: Any) -> Response:
    url = (request.args.get("url") or "").strip()
    found = await _read(datasette, lambda db: search.article_by_url(db, url))
    if found is None:
        raise NotFound(f"No article is known by the address {url}")
    return Response.redirect(datasette.urls.path(f"/-/article/{found.id}"))


async def find(datasette: Any, request: Any) -> Response:
    args = {name: (request.args.get(name) or "").strip() for name in PARAMETERS}
    number = _page_number(request.args.get("page"))
    filters = search.Filters(
        query=args["q"] or None,
        sources=(args["source"],) if args["source"] else (),
        languages=(args["language"],) if args["language"] else (),
        since=args["since"] or None,
        until=args["until"] or None,
    )

    def read(db: sqlite3.Connection) -> Row:
        found: Row = {
            "sources": _column(db, "SELECT DISTINCT source FROM articles ORDER BY 1"),
            "languages": _column(db, "SELECT DISTINCT language FROM articles ORDER BY 1"),
            "known": search.article_by_url(db, args["q"]) if is_web(args["q"]) else None,
        }
        try:
            total = search.count(db, filters)
            hits = list(search.select(db, filters, PAGE, (number - 1) * PAGE))
        except search.QueryError as error:
            return found | {"hits": [], "total": 0, "hint": str(error)}
        return found | {"hits": hits, "total": total, "hint": None}

    context = await _read(datasette, read)
    if context["known"]:  # an address was pasted
        return Response.redirect(datasette.urls.path(f"/-/article/{context['known'].id}"))

    def link(page: int) -> str:
        query = urlencode({k: v for k, v in (*args.items(), ("page", str(page))) if v})
        return str(datasette.urls.path(f"/-/search?{query}"))

    context |= {
        "args": args,
        "first": (number - 1) * PAGE + 1,
        "previous": link(number - 1) if number > 1 else None,
        "next": link(number + 1) if number * PAGE < context["total"] else None,
    }
    return await _page(datasette, request, "search.html", context)


async def sources(datasette: Any, request: Any) -> Response:
    def read(db: sqlite3.Connection) -> Row:
        return {"sources": [_with_changes(db, row) for row in _rows(db, ALL_SOURCES)]}

    return await _page(datasette, request, "sources.html", await _read(datasette, read))


async def source(datasette: Any, request: Any) -> Response:
    name = unquote(request.url_vars["name"])

    def read(db: sqlite3.Connection) -> Row:
        filters = search.Filters(sources=(name,))
        found = {
            "source": _row(db, "SELECT * FROM sources WHERE name = ?", name),
            "total": search.count(db, filters),
            "hits": list(search.select(db, filters, limit=PAGE)),
            "runs": _rows(
                db, f"SELECT * FROM runs WHERE source = ? ORDER BY id DESC LIMIT {RUNS}", name
            ),
            "failures": _failures(db, name),
            "refusing": _rows(
                db,
                "SELECT DISTINCT h.* FROM frontier f JOIN hosts h ON h.site = f.site "
                "WHERE f.source = ? AND f.state = 'waiting'",
                name,
            ),
        }
        if not any(found.values()):
            raise NotFound(f"No source is named {name}")
        return found | {"name": name} | _health(db, name)

    return await _page(datasette, request, "source.html", await _read(datasette, read))


async def failures(datasette: Any, request: Any) -> Response:
    found = await _read(datasette, lambda db: {"failures": _failures(db, None)})
    return await _page(datasette, request, "failures.html", found)


async def _read(datasette: Any, function: Callable[[sqlite3.Connection], Any]) -> Any:
    """What the function reads, in a thread of its own with a read-only connection."""
    return await datasette.get_database(DATABASE).execute_fn(function)


async def _page(datasette: Any, request: Any, template: str, context: Row) -> Response:
    html = await datasette.render_template(template, context, request=request)
    return Response.html(html, headers={POLICY: STRICT})


def _article(db: sqlite3.Connection, article_id: int) -> Row:
    url = _column(db, "SELECT url FROM articles WHERE id = ?", article_id)
    found = search.article_by_url(db, url[0]) if url else None
    if found is None:
        raise NotFound(f"There is no article {article_id}")
    return {"article": found}


def _failures(db: sqlite3.Connection, name: str | None) -> list[Row]:
    rows = _rows(
        db,
        "SELECT * FROM failures WHERE ?1 IS NULL OR source = ?1 "
        f"ORDER BY last_seen DESC LIMIT {FAILURES}",
        name,
    )
    return [row | {"remedy": remedy(row["class"])} for row in rows]


def _with_changes(db: sqlite3.Connection, row: Row) -> Row:
    """A source with what is not as usual of it."""
    changed = health.of(db, row["name"]).changed
    return row | {"changed": [deviations.describe(deviation) for deviation in changed]}


def _health(db: sqlite3.Connection, name: str) -> Row:
    """What a source's latest pages and crawls gave beside what is usual, and what is not as usual."""
    found = health.of(db, name)
    sides = (found.usual, found.now)
    rows = [
        (what, label, *(_measured(getattr(side, what), unit) for side in sides))
        for what, (label, unit) in deviations.MEASURES.items()
    ]
    rows += [
        (what, label, *(_counted(getattr(side, field)) for side in sides))
        for what, label, field in (
            ("status", "answers to requests for articles", "statuses"),
            ("list-status", "answers to requests for lists", "lists"),
        )
    ]
    return {
        "measures": [row for row in rows if row[-1]],
        "changed": [(deviations.describe(one), one.page) for one in found.changed],
        "is_changed": {one.what.rstrip("-0123456789") for one in found.changed},
    }


def _measured(value: float | None, unit: Callable[[float], str]) -> str:
    return "" if value is None else unit(value)


def _counted(statuses: Mapping[int, int]) -> str:
    return ", ".join(f"{number:,} × {status}" for status, number in statuses.items())


def _shown(decision: Decision) -> Row:
    """A block with its decision; evidence that only says the block's own text again is left out."""
    evidence = decision.evidence if decision.evidence != decision.text else None
    return {
        "kind": decision.kind,
        "text": decision.text,
        "reason": decision.reason,
        "rule": decision.rule,
        "evidence": evidence,
    }


def _runs(blocks: list[Row]) -> list[Row]:
    """Neighbouring blocks that were kept, or removed for the same reason, as one."""
    decisions = ("reason", "rule", "evidence")
    return [
        dict(zip(decisions, decision, strict=True)) | {"blocks": list(run)}
        for decision, run in groupby(blocks, lambda block: tuple(block[d] for d in decisions))
    ]


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _page_number(given: str | None) -> int:
    """A page of results from 1; whatever else an address asks for is the first."""
    is_number = given is not None and given.isascii() and given.isdigit() and len(given) <= 9
    return max(1, int(given)) if given and is_number else 1


def _direction(code: str) -> str:
    """The value of `dir` for a language; where we do not know it the browser looks at the letters."""
    try:
        return "auto" if code == "und" else str(Locale.parse(code, sep="-").text_direction)
    except (UnknownLocaleError, ValueError):
        return "auto"


def _rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[Row]:
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _row(db: sqlite3.Connection, sql: str, *values: Any) -> Row | None:
    return next(iter(_rows(db, sql, *values)), None)


def _column(db: sqlite3.Connection, sql: str, *values: Any) -> list[Any]:
    return [row[0] for row in db.execute(sql, values).fetchall()]
