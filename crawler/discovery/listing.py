"""Lists of articles in HTML: archive pages, and home pages of sites without a feed."""

from __future__ import annotations

import re
from typing import Any

from archive import urls
from archive.model import Fault, Found, Link
from crawler import parsing, tracking
from crawler.discovery import paths
from crawler.discovery.page import Page, absolute, distinct, is_own
from crawler.encoding import decode
from crawler.sources import Source

# What the link to the older articles says, as a whole.
NEXT = re.compile(
    r"^\W*(?:next(?: page)?|older(?: posts| articles| entries)?|more(?: articles| posts| stories)?|load more"
    r"|weiter|nächste(?: seite)?|ältere(?: beiträge| artikel)?|mehr(?: artikel)?"
    r"|suivant(?:e|s)?|page suivante|plus anciens?|articles plus anciens|anciens articles"
    r"|siguiente|página siguiente|anteriores|entradas (?:anteriores|más antiguas)|más antiguos"
    r"|successiv[ao]|pagina successiva|articoli (?:precedenti|meno recenti)"
    r"|próxima(?: página)?|mais antig[oa]s|publicações antigas|posts antigos"
    r"|volgende(?: pagina)?|oudere(?: berichten)?|następna(?: strona)?|starsze(?: wpisy)?"
    r"|nästa(?: sida)?|äldre(?: inlägg)?|další(?: stránka)?|starší(?: příspěvky)?"
    r"|следующая(?: страница)?|далее|старые записи|наступна(?: сторінка)?|التالي|الصفحة التالية"
    r"|sonraki(?: sayfa)?|daha eski|次へ|次のページ|次の記事一覧|古い記事|過去の記事|以前の記事"
    r"|下一页|下一頁|更早|较旧的文章|다음(?: 페이지)?|이전 글)\W*$",
    re.I,
)
# How themes call it, whatever its language says (nav-previous: WordPress's older posts).
NEXT_CLASSES = frozenset("next pagination-next nav-previous older older-posts".split())
HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
OUTSIDE = frozenset({"nav", "footer", "aside", "header"})
TITLE_LETTERS = 18  # a link of that length is a title; shorter ones are menus
TITLE_LETTERS_DENSE = 7  # of kana, Han, Hangul: one says what two or three Latin letters say


def find(page: Page, source: Source) -> Found | Fault:
    """The articles that a page lists, and the pages of older ones."""
    try:
        tree = parsed(page)
    except parsing.NoMarkup as error:
        return Fault("empty", str(error))
    return Found(
        articles=articles(tree, page, source), following=tuple(further(tree, page, source))
    )


def parsed(page: Page) -> Any:
    """The tree of a page, its links absolute (HTML's `base` included). Raises NoMarkup."""
    tree = parsing.parse(decode(page.body, page.header("content-type")).text)
    tree.make_links_absolute(page.url, handle_failures="ignore")
    return tree


def articles(tree: Any, page: Page, source: Source) -> tuple[Link, ...]:
    """Links that look like those of articles: in headings or articles, or as long as a title.

    Of a source that is a section of a site, those in the section, where there are any.
    """
    found = []
    for element in tree.iterfind(".//a[@href]"):
        url = absolute(page.url, element.get("href"))
        if not url or not is_own(url, source.url, page.url) or not paths.may_be_article(url):
            continue
        if tracking.target(url) is None:  # made for one reader: to leave, to count a click
            continue
        if urls.key(url) != urls.key(page.url) and _is_title(element):
            found.append(url)
    place = paths.section(source.url)
    inside = [url for url in found if paths.in_section(url, place)]
    return tuple(Link(url, "article", "listing") for url in distinct(inside or found))


def further(tree: Any, page: Page, source: Source) -> list[Link]:
    """The page of older articles, where one is linked, and the lists of years, months and days."""
    found = [*_older(tree, page, source), *_folders(tree, page, source)]
    return [Link(url, "listing", "listing", optional=True) for url in distinct(found)]


def _older(tree: Any, page: Page, source: Source) -> list[str]:
    marked = [e for e in tree.iterfind(".//*[@rel]") if "next" in _words(e, "rel")]
    anchors = list(tree.iterfind(".//a[@href]"))
    said = [e for e in anchors if NEXT.match(_text(e)) or _is_next_by_class(e)]
    numbered = [e for e in anchors if _is_next_by_number(e.get("href"), page.url)]
    for element in (*marked, *said, *numbered):
        url = absolute(page.url, element.get("href"))
        if url and is_own(url, source.url, page.url) and urls.key(url) != urls.key(page.url):
            return [url]
    return []


def _folders(tree: Any, page: Page, source: Source) -> list[str]:
    """The lists of years, months and days that a page links to, latest first.

    Of those that lie in one another the outermost: it leads to the others, if it does not list
    their articles itself.
    """
    place, here = paths.section(source.url), paths.date_folder(page.url)
    found: dict[tuple[int, ...], str] = {}
    linked = [(e, e.get("href")) for e in tree.iterfind(".//a[@href]")]
    linked += [(e, e.get("value")) for e in tree.iterfind(".//option[@value]")]
    for element, href in linked:
        url = absolute(page.url, href)
        day = paths.date_folder(url) if url else ()
        if not url or day in ((), here) or not is_own(url, source.url, page.url):
            continue
        is_issue = len(day) == paths.DAY and not _text(element).isdecimal()  # no calendar's cell
        if paths.in_section(url, place) and not is_issue:
            found.setdefault(day, url)
    outermost = [day for day in found if not any(day[:n] in found for n in range(1, len(day)))]
    return [found[day] for day in sorted(outermost, reverse=True)]


def _is_next_by_class(element: Any) -> bool:
    parent = element.getparent()
    classes = _words(element, "class") | (_words(parent, "class") if parent is not None else set())
    return not NEXT_CLASSES.isdisjoint(classes)


def _is_next_by_number(href: str, current: str) -> bool:
    """Whether an address is that of the page behind this one of the same list."""
    try:
        number = paths.page_number(href)
        return (
            number == (paths.page_number(current) or 1) + 1
            and paths.unpaged(href) == paths.unpaged(current)
        )  # fmt: skip
    except ValueError:
        return False


def _words(element: Any, attribute: str) -> set[str]:
    return set((element.get(attribute) or "").lower().split())


def _is_title(element: Any) -> bool:
    text = _text(element)
    inside = {a.tag for a in element.iterancestors()}
    if NEXT.match(text) or (inside & OUTSIDE and not inside & {"article", "main"}):
        return False
    if inside & HEADINGS or any(d.tag in HEADINGS for d in element.iterdescendants()):
        return bool(text)
    dense = len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text))
    return len(text) >= TITLE_LETTERS or dense >= TITLE_LETTERS_DENSE


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())
