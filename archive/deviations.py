"""What of a source's latest pages is not as usual: pure functions of two lists of pages.

A sign is a question of a page that is answered yes or no: has it no text, no author, is it far shorter
than is usual, is its status 403? What speaks of a changed layout is a sign that most of the latest
pages have and few of those before. Whether so few pages could show that by chance is what Fisher's
exact test says, the same for every sign, so that nothing is reported of three articles, however
odd, nor of one odd article among many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import comb
from statistics import median
from typing import Generic, TypeVar

from archive.model import Deviation
from archive.readings import FIELDS

T = TypeVar("T")

# How seldom chance may show as much (one-sided): three pages of three speak beside 38 before them, four
# beside 20, five beside 14. In random splits of real pages (docs/health.md) 0.001 gave ten times
# the false alarms, and one page less to wait for.
CHANCE = 0.0001
# By how much the share of pages with a sign must have risen: most of them have it now.
RISE = 0.5
# How many times shorter or longer than the median a text is another layout's, where most are. Of real
# articles of one language (docs/health.md) 9 % are three times shorter and 10 % three times longer.
TIMES = 3
ADVICE = "a change that is known and harmless: `newsarchive sources ack NAME` says no more of it"
# Statuses of lists that say that one address is not there: ways that are tried on the chance.
ABSENT = (404, 410)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a request for a page: its status, and of an article what it gave.

    `letters` of main text, and how many were `removed`, both by the page alone, before what was learned
    of its site; 0 where there was no article in it. `missing` are those of `FIELDS` it has not; `fetched`
    is a time (ISO 8601).
    """

    url: str
    status: int
    letters: int = 0
    removed: int = 0
    missing: frozenset[str] = frozenset()
    fetched: str = ""

    @property
    def kept_share(self) -> float:
        """The share of the page's letters that are main text, 0 to 1."""
        return self.letters / max(1, self.letters + self.removed)


Sign = Callable[[Page], bool]


def line(changed: Sequence[Deviation]) -> str:
    """What changed, from → to, with the page that shows it: one line, empty where nothing did."""
    if not changed:
        return ""
    return f"changed: {'; '.join(map(describe, changed))}; see {changed[0].page}"


def describe(deviation: Deviation) -> str:
    """A deviation for people: what, from → to."""
    _, unit = MEASURES.get(deviation.what, ("", _share))
    return f"{name(deviation.what)} {unit(deviation.usual)} → {unit(deviation.now)}"


def name(what: str) -> str:
    """A measure for people."""
    return MEASURES[what][0] if what in MEASURES else what.replace("-", " ")


def of_articles(now: Sequence[Page], usual: Sequence[Page]) -> Iterator[Deviation]:
    """What is not as usual of a source's latest pages (status 200), both in the order of fetching."""
    yield from _shares("without_text", now, usual, is_empty)
    now, usual = ([p for p in pages if p.letters] for pages in (now, usual))
    if not (now and usual):
        return
    length, kept = length_of(usual), kept_of(usual)
    if rise := _rise(now, usual, lambda page: page.letters * TIMES < length) or _rise(
        now, usual, lambda page: page.letters > length * TIMES
    ):
        yield Deviation("letters", length, length_of(now), rise.shown.url)
    if rise := _rise(now, usual, lambda page: page.kept_share * TIMES < kept):
        yield Deviation("removed", 1 - kept, 1 - kept_of(now), rise.shown.url)
    for field in FIELDS:
        yield from _shares(f"without_{field}", now, usual, lacks(field))


def of_answers(now: Sequence[Page], usual: Sequence[Page]) -> Iterator[Deviation]:
    """What is not as usual of the answers to requests for articles."""
    yield from _statuses("status", now, usual)


def of_lists(now: Sequence[Page], usual: Sequence[Page]) -> Iterator[Deviation]:
    """What is not as usual of the answers to requests for lists of articles."""
    now, usual = ([p for p in pages if p.status not in ABSENT] for pages in (now, usual))
    yield from _statuses("list-status", now, usual)


def of_crawls(now: Sequence[int], usual: Sequence[int], address: str) -> Iterator[Deviation]:
    """Whether the latest crawls found far fewer articles than is usual; `address` names a list."""
    if not usual:
        return
    normal = median(usual)
    if _rise(now, usual, lambda found: found * TIMES < normal):
        yield Deviation("found", normal, median(now), address)


def _statuses(what: str, now: Sequence[Page], usual: Sequence[Page]) -> Iterator[Deviation]:
    for status in sorted({page.status for page in now if page.status >= 400}):
        yield from _shares(f"{what}-{status}", now, usual, _answers(status))


def _shares(
    what: str, now: Sequence[Page], usual: Sequence[Page], sign: Sign
) -> Iterator[Deviation]:
    if rise := _rise(now, usual, sign):
        yield Deviation(what, rise.usual, rise.now, rise.shown.url)


@dataclass(frozen=True, slots=True)
class _Rise(Generic[T]):
    """A sign's share, from → to, and the latest that has it."""

    usual: float
    now: float
    shown: T


def _rise(now: Sequence[T], usual: Sequence[T], sign: Callable[[T], bool]) -> _Rise[T] | None:
    """How a sign has become more frequent than is usual; null where it has not, or by chance.

    Those right before that have it without a break are of what is compared, not of the usual: else each
    further page would make a change less clear.
    """
    unbroken = len(list(takewhile(sign, reversed(usual))))
    before, latest = usual[: len(usual) - unbroken], [*usual[len(usual) - unbroken :], *now]
    shown = [one for one in latest if sign(one)]
    if not (before and shown):
        return None
    earlier = sum(map(sign, before))
    rise = _Rise(earlier / len(before), len(shown) / len(latest), shown[-1])
    if rise.now - rise.usual < RISE:
        return None
    is_rare = chance(len(shown), len(latest), earlier, len(before)) < CHANCE
    return rise if is_rare else None


def chance(yes: int, all_: int, yes_usual: int, all_usual: int) -> float:
    """How probable it is that chance alone puts so many of all that have a sign among the latest.

    Fisher's exact test, one-sided: R. A. Fisher, Statistical Methods for Research Workers, 1934, 21.02.
    """
    signs, pages = yes + yes_usual, all_ + all_usual
    ways = sum(
        comb(signs, k) * comb(pages - signs, all_ - k) for k in range(yes, min(all_, signs) + 1)
    )
    return ways / comb(pages, all_)


def is_empty(page: Page) -> bool:
    """Whether the page gave no text."""
    return not page.letters


def lacks(field: str) -> Sign:
    """Whether an article has not that field."""
    return lambda page: field in page.missing


def _answers(status: int) -> Sign:
    return lambda page: page.status == status


def length_of(pages: Sequence[Page]) -> float:
    """The median number of letters. Raises StatisticsError where there is no page."""
    return median(page.letters for page in pages)


def kept_of(pages: Sequence[Page]) -> float:
    """The median share of letters that are main text. Raises StatisticsError without pages."""
    return median(page.kept_share for page in pages)


def share_of(pages: Sequence[Page], sign: Sign) -> float:
    """The share of the pages that have the sign, 0 to 1; 0 where there is no page."""
    return sum(map(sign, pages)) / len(pages) if pages else 0.0


def _share(value: float) -> str:
    return f"{value:.0%}"


def _number(value: float) -> str:
    return f"{value:,.0f}"


# Each measure as people read it: its name, and how its values are written.
MEASURES: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "found": ("articles found", _number),
    "letters": ("median letters", _number),
    "removed": ("text removed", _share),
    "without_text": ("pages without text", _share),
    "without_title": ("without title", _share),
    "without_authors": ("without authors", _share),
    "without_published": ("without date", _share),
}
