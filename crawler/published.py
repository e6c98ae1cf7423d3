"""When a page was published and when changed, of all the dates that its head and its text give.

The order of the sources, and the limits, were counted on the pages of ../shared/bench, by site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from lxml import etree

from crawler.dates import Date, find_date, parse_date
from crawler.headings import title_at
from crawler.structured import Head

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

# Meta elements that state publication and nothing else.
SURE = (
    "article:published_time", "og:published_time", "og:article:published_time", "og:pubdate",
    "datepublished", "rnews:datepublished", "parsely-pub-date", "pubdate", "publishdate",
    "publish_date", "publication_date", "publicationdate", "sailthru.date", "article.published",
    "cxenseparse:recs:publishtime", "citation_publication_date", "citation_date",
    "dc.date.issued", "dcterms.issued", "dcterms.created",
)  # fmt: skip
# Those that may be the date of the file: on 5 of 5 sites where a line near the title says another,
# the line is right.
UNSURE = ("date", "dc.date", "dcterms.date", "last-modified")
CHANGED = ("article:modified_time", "og:updated_time", "dcterms.modified", "datemodified")
# How far from the title a dateline stands, in blocks: above it, and below.
ABOVE_TITLE = 3
BELOW_TITLE = 24
WITHOUT_TITLE = 60  # blocks from the top of a page that has no title
DATELINE = 40  # letters of the longest line that is a date and little else
LINE = 80  # letters of the longest line that says a date among other things
PROSE = 100  # letters of the shortest paragraph that is text, below which no dateline stands
LEAD = 1  # paragraphs between the title and its dateline, at most
# The first blocks of an e-mail on the web: `September 13, 2022 | View Online`.
HEAD_OF_MAIL = 5
_ONLINE = re.compile(r"\b(?:online|browser|webversion|web version)\b", re.I)
# A page that states a moment so near to that of its capture prints the clock.
CLOCK = timedelta(seconds=120)
FARTHEST_ZONE = timedelta(hours=14)  # from UTC: Kiritimati

_MARKED = etree.XPath("//*[@itemprop='datePublished'] | //time[@pubdate]")
_IN_URL = re.compile(r"/((?:19|20)\d\d)[/-](\d\d)[/-](\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Dates:
    """ISO 8601, null where the page does not say; `line` is the text a reader sees it in."""

    published: str | None
    modified: str | None
    line: str | None


@dataclass(frozen=True, slots=True)
class _Line:
    date: Date
    text: str


def read_dates(
    head: Head,
    tree: Any,
    blocks: Sequence[RawBlock],
    url: str,
    titles: Sequence[str],
    locale: str | None,
    now: datetime,
) -> Dates:
    """The dates of a page that was captured at `now`."""
    lines = list(_lines(blocks, titles, locale, now))
    fresh = [line for line in lines if not line.date.is_update]
    timed = [element for element in tree.iter("time") if element.get("datetime") is not None]
    times = [element.get("datetime") for element in timed]
    inside = [
        e.get("datetime") for e in timed if next(e.iterancestors("article"), None) is not None
    ]

    def first(raws: Iterator[str] | Sequence[str]) -> str | None:
        parsed = (parse_date(raw, locale, now=now) for raw in raws if raw)
        return next((iso for iso in parsed if iso and not _is_clock(iso, now)), None)

    published = (
        first(_declared(head, "datePublished", "dateCreated"))
        or first(_of_metas(head, SURE))
        or first(_marked(tree))
        or next((line.date.iso for line in fresh), None)
        or first(inside[:1])
        or first(_of_metas(head, UNSURE))
        or next((line.date.iso for line in lines), None)
        or first(times[:1])
        or first(str(item.get("datePublished") or "") for item in head.items)
        or first("-".join(match.groups()) for match in _IN_URL.finditer(url))
    )
    modified = (
        first(_declared(head, "dateModified"))
        or first(_of_metas(head, CHANGED))
        or next((line.date.iso for line in lines if line.date.is_update), None)
    )
    published = published or _searched(tree, now)
    if published is None:
        return Dates(None, modified, None)
    line = next((line for line in lines if _is_same_day(line.date.iso, published)), None)
    return Dates(_local(published, times, fresh, now), modified, line.text if line else None)


def _declared(head: Head, *names: str) -> Iterator[str]:
    for item in head.articles:
        yield next((str(item[name]) for name in names if item.get(name)), "")


def _of_metas(head: Head, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield from head.metas.get(name, ())


def _marked(tree: Any) -> Iterator[str]:
    """Microdata, and what marks publication in HTML."""
    for element in _MARKED(tree):
        yield element.get("content") or element.get("datetime") or "".join(element.itertext())


def _lines(
    blocks: Sequence[RawBlock], titles: Sequence[str], locale: str | None, now: datetime
) -> Iterator[_Line]:
    """Lines that say a date: near the title; above an e-mail; the title itself, last.

    Below the first paragraphs a line is one only if it is a date and nothing else.
    """
    title = title_at(blocks, titles)
    first, last = (
        (0, WITHOUT_TITLE) if title is None else (title - ABOVE_TITLE, title + BELOW_TITLE)
    )
    paragraphs = 0
    for i in range(max(0, first), min(last, len(blocks))):
        text = blocks[i].text
        if i == title:
            continue
        if len(text) > LINE:
            paragraphs += title is not None and i > title and len(text) >= PROSE
        elif paragraphs <= LEAD or (len(text) <= DATELINE and parse_date(text, locale, now=now)):
            yield from _line(text, locale, now)
    for block in blocks[:HEAD_OF_MAIL]:
        if _ONLINE.search(block.text) and len(block.text) <= LINE:
            yield from _line(block.text, locale, now)
    if title is not None:
        yield from _line(blocks[title].text, locale, now)


def _line(text: str, locale: str | None, now: datetime) -> Iterator[_Line]:
    if found := find_date(text, locale, now=now):
        yield _Line(found, text)


def _searched(tree: Any, now: datetime) -> str | None:
    """htmldate's search of the whole page; never the day of the capture, in any time zone."""
    from htmldate import find_date as search

    latest = now.strftime("%Y-%m-%d")
    try:
        found = search(tree, original_date=True, extensive_search=False, max_date=latest)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return None
    is_now = found is not None and abs(_moment(found) - now) < timedelta(days=2)
    return None if is_now else found


def _is_clock(iso: str, now: datetime) -> bool:
    return "T" in iso and abs(_moment(iso) - now) < CLOCK


def _is_same_day(one: str, other: str) -> bool:
    return one[:10] == other[:10]


def _moment(iso: str) -> datetime:
    moment = datetime.fromisoformat(iso)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _local(iso: str, times: Sequence[str], lines: Sequence[_Line], now: datetime) -> str:
    """The same moment by the page's own clock, where it states one in UTC and shows another."""
    if not iso.endswith("+00:00"):
        return iso
    moment = _moment(iso)
    for raw in times:
        shown = parse_date(raw, now=now)
        if shown and shown[-6:-5] in "+-" and _moment(shown) == moment:
            return shown
    for line in lines:
        shown = line.date.iso
        if "T" not in shown or shown[-6:-5] in "+-":
            continue
        offset = _moment(shown) - moment.replace(second=0)
        if abs(offset) <= FARTHEST_ZONE and offset % timedelta(minutes=30) == timedelta(0):
            return moment.astimezone(timezone(offset)).isoformat()
    return iso
