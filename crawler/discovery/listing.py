"""Lists of articles in HTML: archive pages, and home pages of sites without a feed."""

from __future__ import annotations

import re
from typing import Any

from archive import urls
from archive.model import Fault, Found, Link
from crawler import extraction
from crawler.discovery.page import Page, absolute, distinct, is_own, may_be_article
from crawler.encoding import decode
from crawler.sources import Source

# What the link to the older articles says, as a whole.
NEXT = re.compile(
    r"^\W*(?:next(?: page)?|older(?: posts| articles| entries)?|more(?: articles| posts| stories)?|load more"
    r"|weiter|nächste(?: seite)?|ältere(?: beiträge| artikel)?|mehr(?: artikel)?"
    r"|suivant(?:e|s)?|page suivante|plus anciens?|articles plus anciens|anciens articles"
    r"|siguiente|página siguiente|anteriores|entradas anteriores|más antiguos"
    r"|successiv[ao]|pagina successiva|articoli precedenti|próxima(?: página)?|mais antigos|publicações antigas"
    r"|volgende(?: pagina)?|oudere(?: berichten)?|następna(?: strona)?|starsze(?: wpisy)?"
    r"|sonraki(?: sayfa)?|daha eski|次へ|次のページ|次の記事一覧|古い記事|過去の記事|以前の記事|下一页|下一頁|更早)\W*$",
    re.I,
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
OUTSIDE = frozenset({"nav", "footer", "aside", "header"})
TITLE_LETTERS = 18  # a link of that length is a title; shorter ones are menus
TITLE_LETTERS_UNSPACED = 7


def find(page: Page, source: Source) -> Found | Fault:
    """The articles that a page lists, and the page of older ones."""
    try:
        tree = parsed(page)
    except extraction.NoMarkup as error:
        return Fault("empty", str(error))
    return Found(articles=articles(tree, page, source), following=older(tree, page, source))


def parsed(page: Page) -> Any:
    """The tree of a page. Raises NoMarkup."""
    return extraction.parse(decode(page.body, page.header("content-type")).text, page.url)


def articles(tree: Any, page: Page, source: Source) -> tuple[Link, ...]:
    """Links that look like those of articles: in headings or articles, or as long as a title."""
    found = []
    for element in tree.iterfind(".//a[@href]"):
        url = absolute(page.url, element.get("href"))
        if not url or not is_own(url, source.url, page.url) or not may_be_article(url):
            continue
        if urls.key(url) != urls.key(page.url) and _is_title(element):
            found.append(url)
    return tuple(Link(url, "article", "listing") for url in distinct(found))


def older(tree: Any, page: Page, source: Source) -> tuple[Link, ...]:
    """The page of older articles, where one is linked."""
    marked = [
        *tree.iterfind(".//link[@rel='next'][@href]"),
        *tree.iterfind(".//a[@rel='next'][@href]"),
    ]
    said = [
        e
        for e in tree.iterfind(".//a[@href]")
        if NEXT.match(_text(e)) or "next" in (e.get("class") or "").lower().split()
    ]
    for element in (*marked, *said):
        url = absolute(page.url, element.get("href"))
        if url and is_own(url, source.url, page.url) and urls.key(url) != urls.key(page.url):
            return (Link(url, "listing", "listing"),)
    return ()


def _is_title(element: Any) -> bool:
    text = _text(element)
    inside = {a.tag for a in element.iterancestors()}
    if NEXT.match(text) or (inside & OUTSIDE and not inside & {"article", "main"}):
        return False
    if inside & HEADINGS or any(d.tag in HEADINGS for d in element.iterdescendants()):
        return bool(text)
    unspaced = len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff]", text))
    return len(text) >= TITLE_LETTERS or unspaced >= TITLE_LETTERS_UNSPACED


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())
