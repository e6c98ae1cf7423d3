"""How far a crawl goes from page to page of discovery: until nothing new comes, and never for ever.

Pages of one way that lead to one another are a trail: a feed and the pages behind it, a sitemap
index and its children, a list of articles and the older ones. Calendars have a next month for ever,
and some lists repeat their articles under ever-new addresses; neither names an article that is new
to its trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from archive import urls
from archive.model import Link, Role
from crawler.discovery import APIS

# Pages in a row that may name nothing new before a trail ends. A feed or an API that repeats itself
# has come to its end; a list by months goes on behind a summer's pause, and an index of sitemaps
# names no article itself.
PATIENCE: dict[Role, int] = {"listing": 3, "sitemap": 3}
# Pages of discovery that a crawl of a source asks for: a list of ten a page then names twice as many
# articles as a sitemap may (50,000), and a sitemap a day is of 27 years.
PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Step:
    """A page of a trail: where the trail begins, and how many before it in a row were barren."""

    start: str
    barren: int = 0


@dataclass(slots=True)
class Trails:
    """The pages of discovery that a crawl of one source has come by."""

    is_cut: bool = False  # whether more pages led on than a crawl asks for
    known: set[str] = field(default_factory=set)  # what an API names is new to no other trail
    _steps: dict[str, Step] = field(default_factory=dict)  # by the key of the page's address
    _named: dict[str, set[str]] = field(default_factory=dict)  # by the start of the trail

    def begin(self, links: Iterable[Link]) -> list[Link]:
        """The links that no page has led to yet, each the start of a trail."""
        return [link for link in links if self._add(link, Step(link.url))]

    def start(self, page: str) -> str:
        """The address at which the trail of a page begins."""
        return self._steps.get(urls.key(page), Step(page)).start

    def lead_on(
        self, page: str, role: Role, articles: Iterable[str], links: Iterable[Link]
    ) -> list[Link]:
        """Those links of a page to ask for; `articles` are the keys of those that the page names."""
        step = self._steps.setdefault(urls.key(page), Step(page))
        further = list(links)
        if not further:
            return []
        named = self._named.setdefault(step.start, set())
        new = set(articles) - named
        named |= new
        is_barren = not (new if role in APIS else new - self.known)
        barren = step.barren + 1 if is_barren else 0
        ahead = [link for link in further if link.role == role]
        found = self.begin(link for link in further if link.role != role)
        if barren < PATIENCE.get(role, 1):
            found += [link for link in ahead if self._add(link, Step(step.start, barren))]
        return found

    def _add(self, link: Link, step: Step) -> bool:
        """Note a page; whether it is the first time in this crawl, and there is room for it."""
        key = urls.key(link.url)
        if key in self._steps:
            return False
        self.is_cut = self.is_cut or len(self._steps) >= PAGES
        if not self.is_cut:
            self._steps[key] = step
        return not self.is_cut
