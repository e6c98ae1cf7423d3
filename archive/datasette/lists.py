"""The list of articles that fit, with facets to narrow it down, and the same list as a feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from datasette.utils.asgi import Response

from archive import atom, facets, search
from archive.datasette.serving import Row, column, kept_blocks, page, read
from archive.rendering import is_web
from archive.search import Filters

PAGE = 25  # articles on a page
ENTRIES = 50  # of a feed
VALUES = 10  # of a facet, where not more of it are asked for
LAST_PAGE_OF_MANY = 40  # where the words fit so many articles that each one is looked up
ONE = ("q", "source", "language", "month", "since", "until")  # parameters with one value
SEVERAL = ("tag", "author")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parameters of a list's address that choose articles, in a fixed order."""

    pairs: tuple[tuple[str, str], ...]

    def of(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.pairs if key == name)

    def of_dates(self) -> bool:
        """Whether a time of publication is chosen."""
        return any(name in ("month", "since", "until") for name, _ in self.pairs)

    def one(self, name: str) -> str:
        return next(iter(self.of(name)), "")

    def filters(self) -> Filters:
        month = self.one("month") or None
        return Filters(
            query=self.one("q") or None,
            sources=self.of("source"),
            languages=self.of("language"),
            since=month or self.one("since") or None,
            until=month or self.one("until") or None,
            tags=self.of("tag"),
            authors=self.of("author"),
        )

    def query(self, *added: tuple[str, str], without: tuple[str, str] | None = None) -> str:
        """The address's query with a pair more or less."""
        pairs = [pair for pair in self.pairs if pair != without]
        return urlencode([*pairs, *added])


def chosen(request: Any) -> Chosen:
    """What the address of the request chooses; empty and repeated values are left out."""
    given = [(name, value) for name in ONE for value in request.args.getlist(name)[:1]]
    given += [(name, value) for name in SEVERAL for value in request.args.getlist(name)]
    pairs = ((name, value.strip()) for name, value in given)
    return Chosen(tuple(dict.fromkeys(pair for pair in pairs if pair[1])))


async def find(datasette: Any, request: Any) -> Response:
    """A page of the articles that fit, with facets."""
    asked = chosen(request)
    order = (("order", "newest"),) if request.args.get("order") == "newest" else ()
    more = request.args.get("more")

    def path(query: str) -> str:
        return str(datasette.urls.path(f"/-/search?{query}" if query else "/-/search"))

    def look(db: sqlite3.Connection) -> Row:
        number = _page_number(request.args.get("page"))
        filters = asked.filters()
        query = filters.query or ""
        known = search.article_by_url(db, query) if is_web(query) else None
        if known:  # an address was pasted
            return {"known": known}
        found: Row = {
            "sources": column(db, "SELECT DISTINCT source FROM article_counts ORDER BY 1"),
            "languages": column(db, "SELECT DISTINCT language FROM article_counts ORDER BY 1"),
        }
        try:
            many = bool(query) and search.is_broad(db, filters)
            number = min(number, LAST_PAGE_OF_MANY) if many else number
            hits = list(search.select(db, filters, PAGE + 1, (number - 1) * PAGE, bool(order)))
            total = search.quick_count(db, filters)
            values = facets.facets(db, filters)
        except search.QueryError as error:
            return found | {"hint": str(error)}
        is_last = len(hits) <= PAGE or (many and number == LAST_PAGE_OF_MANY)
        return found | {
            "hits": hits[:PAGE],
            "first": (number - 1) * PAGE + 1,
            "total": total,
            "many": many,
            "facets": list(_open_facets(values, asked, more, path)),
            "previous": turned(number - 1) if number > 1 else None,
            "next": None if is_last else turned(number + 1),
        }

    def turned(number: int) -> str:
        return path(asked.query(*order, ("page", str(number))))

    context = await read(datasette, look)
    if "known" in context:
        return Response.redirect(datasette.urls.path(f"/-/article/{context['known'].id}"))
    return await page(datasette, request, "search.html", context | {
        "args": {name: asked.one(name) for name in ONE},
        "kept": [pair for pair in asked.pairs if pair[0] in (*SEVERAL, "month")],
        "chosen": [
            {"facet": name, "value": value, "href": path(asked.query(without=(name, value)))}
            for name, value in asked.pairs
        ],
        "newest": bool(order),
        "other_order": path(asked.query(*(() if order else (("order", "newest"),)))),
        "feed": datasette.urls.path(f"/-/feed?{asked.query()}"),
        "title": _title(asked),
        "broad": search.BROAD,
    })  # fmt: skip


async def feed(datasette: Any, request: Any) -> Response:
    """The newest of the articles that fit, as an Atom feed."""
    asked = chosen(request)

    def address(path: str) -> str:
        return str(datasette.absolute_url(request, datasette.urls.path(path)))

    def look(db: sqlite3.Connection) -> bytes:
        hits = list(search.select(db, asked.filters(), ENTRIES, newest=True))
        entries = [
            atom.Entry(
                hit.article,
                kept_blocks(db, hit.article.id),
                address(f"/-/article/{hit.article.id}"),
                _updated(db, hit.article.id),
            )
            for hit in hits
        ]
        query = asked.query()
        own, html = address(f"/-/feed?{query}"), address(f"/-/search?{query}")
        return atom.feed(_title(asked), own, html, entries)

    try:
        body = await read(datasette, look)
    except search.QueryError as error:
        return Response.text(f"{error}\n", status=400)
    return Response(body.decode(), content_type="application/atom+xml; charset=utf-8")


def _updated(db: sqlite3.Connection, article_id: int) -> str:
    """When its text last changed, in UTC."""
    (seen,) = column(db, "SELECT max(seen) FROM revisions WHERE article_id = ?", article_id)
    return str(seen)


def _open_facets(
    values: facets.Facets, asked: Chosen, more: str | None, path: Callable[[str], str]
) -> Iterator[Row]:
    """The facets that narrow the list further, with a link for each value."""
    for name, found in values.items():
        if name not in SEVERAL and (asked.of(name) or (name == "month" and asked.of_dates())):
            continue
        open_values = [value for value in found if (name, value.name) not in asked.pairs]
        shown = open_values[: None if name == more else VALUES]
        if len(found) > 1 or (name in SEVERAL and open_values):
            yield {
                "name": name,
                "values": [(value, path(asked.query((name, value.name)))) for value in shown],
                "more": path(asked.query(("more", name)))
                if len(open_values) > len(shown)
                else None,
            }


def _title(asked: Chosen) -> str:
    """What the list is of, for its heading, the window and the feed."""
    chosen = ", ".join(value for _, value in asked.pairs)
    return f"Articles: {chosen}" if chosen else "All articles"


def _page_number(given: str | None) -> int:
    """A page of results from 1; whatever else an address asks for is the first."""
    is_number = given is not None and given.isascii() and given.isdigit() and len(given) <= 9
    return max(1, int(given)) if given and is_number else 1
