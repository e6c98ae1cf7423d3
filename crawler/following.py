"""What a page of discovery leads to, put into the frontier: articles, and the pages to ask for next.

A crawl of what is new and one of the whole history (`--full`) are this same code: the second goes on
to `following` always, the first where all that a page names is new, so that something may have been
missed since the crawl before. A feed that has no further pages and begins behind what it named
last leaves a gap, for which the site's sitemap and home page are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from archive import urls
from archive.model import Capture, Found, Link, Reading
from crawler import discovery
from crawler.discovery import alternates, paths
from crawler.discovery.page import is_own
from crawler.frontier import Frontier
from crawler.hosts import moment, stamp
from crawler.progress import Progress
from crawler.sources import Source
from crawler.trails import PAGES

# Clocks differ, and caches hold a sitemap for hours after its index tells of the change.
MARGIN = timedelta(days=1)
CUT = f"more than {PAGES} pages list its articles: the rest was not asked for"


def follow(
    frontier: Frontier,
    progress: Progress,
    capture: Capture,
    found: Found,
    *,
    full: bool,
    every_way: bool = False,
    sitemaps: Sequence[Link] = (),
) -> None:
    """Put into the frontier what the page leads to.

    `sitemaps` are those that robots.txt names: they stand in for the ones that a home page guesses.
    `every_way` begins each way that a home page offers.
    """
    source, trails = progress.source, progress.trails
    progress.platform = found.platform or progress.platform
    progress.language = found.language or progress.language
    if notice := discovery.refusal(source, progress.platform):
        progress.notices.append(notice)
        return
    articles = _of_gap(progress, capture, found.articles) if not full else found.articles
    keys = [urls.key(link.url) for link in articles]
    if articles:
        progress.named(capture.role, trails.start(capture.url), keys if every_way else ())
    is_gap = capture.role == "feed" and _begins_later(frontier, progress, found)
    waiting = _name(frontier, progress, articles)
    are_new = bool(waiting) and waiting == len(articles)
    links = list(found.pages)
    if capture.role == "home":
        progress.beside = tuple(li for li in found.following if li.role in ("sitemap", "article"))
    if is_gap and not progress.beside:
        links.append(Link(source.url, "home", "feed", optional=True))
    if not full and progress.gap and (is_gap or capture.role == "home"):
        links += progress.beside
    if full:
        links += found.following
    elif (are_new and not progress.is_first_crawl) or (every_way and capture.role == "home"):
        # The page behind this one, not all folders of the years: each way's first.
        first = {link.role: link for link in reversed(found.following) if link.role != "article"}
        links += first.values()
    _name(frontier, progress, [link for link in links if link.role == "article"])
    if capture.role in discovery.APIS:
        trails.known.update(keys)
        if not (found.pages or found.following):
            links += _spared(progress)
    elif full and capture.role == "home":
        links = _spare_lists(progress, links, keys)
    pages = _stated([link for link in links if link.role != "article"], sitemaps)
    if not full:
        pages = _news(frontier, progress, pages)
    pages = trails.lead_on(capture.url, capture.role, keys, pages)
    frontier.add(source.name, pages, again=True)
    if trails.is_cut and CUT not in progress.notices:
        progress.notices.append(CUT)
    progress.is_drained = False


def follow_instead(frontier: Frontier, progress: Progress) -> None:
    """Put into the frontier what was spared for an API that turns out to be closed."""
    links, progress.spared = progress.trails.begin(progress.spared), ()
    frontier.add(progress.source.name, links, again=True)
    progress.is_drained = False


def _spare_lists(progress: Progress, links: Sequence[Link], keys: Sequence[str]) -> list[Link]:
    """The links of a home page without its lists, where it leads to an API that tells as much."""
    if not any(link.role in discovery.APIS for link in links):
        return list(links)
    progress.spared = tuple(link for link in links if link.role == "listing")
    articles = (urls.key(link.url) for link in links if link.role == "article")
    progress.sample = {*keys, *articles}
    return [link for link in links if link.role != "listing"]


def _spared(progress: Progress) -> tuple[Link, ...]:
    """The lists that were spared for an API, where it does not name all that the home page does."""
    links, progress.spared = progress.spared, ()
    return links if progress.sample - progress.trails.known else ()


def _begins_later(frontier: Frontier, progress: Progress, found: Found) -> bool:
    """Whether a feed without further pages begins behind the latest article that is known.

    More was published since the crawl before than it holds: `progress.gap` says since when.
    """
    known = frontier.latest(progress.source.name)
    times = [link.changed or "" for link in found.articles]
    if not (known and times) or found.following or min(times) <= known:
        return False
    progress.gap = min(progress.gap or known, known)
    return True


def _of_gap(progress: Progress, capture: Capture, articles: Sequence[Link]) -> Sequence[Link]:
    """The articles of a page; of a sitemap that is asked for a feed's gap, those of that time."""
    is_asked = capture.role == "sitemap" and progress.gap is not None
    if not is_asked or progress.trails.start(capture.url) in progress.source.sitemaps:
        return articles
    first = stamp(moment(str(progress.gap)) - MARGIN)
    return [link for link in articles if link.changed and link.changed >= first]


def follow_translations(
    frontier: Frontier,
    progress: Progress,
    capture: Capture,
    article: Reading,
    sources: Iterable[Source],
) -> None:
    """Put the translations that an article declares (hreflang) into the frontier.

    Only those in the source's own section of the site, and not in that of another source. They
    lead no further: each member of a group declares all others.
    """
    if capture.found_by == alternates.WAY:
        return
    source = progress.source
    own, site = paths.section(source.url), urls.site(source.url)
    places = [paths.section(one.url) for one in sources if urls.site(one.url) == site]
    inner = [place for place in places if place != own and place.startswith(own)]
    links = [
        Link(other, "article", alternates.WAY)
        for _, other in article.alternates
        if urls.key(other) != urls.key(capture.url)
        and is_own(other, source.url)
        and paths.in_section(other, own)
        and paths.may_be_article(other)
        and not any(paths.in_section(other, place) for place in inner)
    ]
    if links:
        _name(frontier, progress, links)
        progress.is_drained = False


def _name(frontier: Frontier, progress: Progress, articles: Iterable[Link]) -> int:
    """Put articles into the frontier; how many of them wait now."""
    waiting = 0
    for link in articles:
        key = urls.key(link.url)
        if frontier.add(progress.source.name, [link]):
            waiting += 1
            progress.held.discard(key)
        else:
            progress.held.add(key)
        progress.found.add(key)
    return waiting


def _stated(pages: Sequence[Link], sitemaps: Sequence[Link]) -> list[Link]:
    """The pages, the guessed sitemaps among them replaced by those that robots.txt names."""
    known = [link for link in pages if link.role != "sitemap" or link.found_by != "home"]
    return [*known, *sitemaps] if sitemaps and len(known) < len(pages) else list(pages)


def _news(frontier: Frontier, progress: Progress, pages: Iterable[Link]) -> list[Link]:
    """What of the pages can have news: sitemaps changed since they were read, an API's latest."""
    source, chosen = progress.source.name, []
    for link in pages:
        latest = frontier.latest(source, link.role) if link.role in discovery.SINCE else None
        if latest:
            since = discovery.SINCE[link.role](link.url, moment(latest) - MARGIN)
            chosen.append(replace(link, url=since))
            progress.is_current = True
        elif link.role == "sitemap" and frontier.is_current(source, link, MARGIN):
            progress.is_current = True
        else:
            chosen.append(link)
    return chosen
