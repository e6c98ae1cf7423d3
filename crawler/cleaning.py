"""Block → kept, or removed with a reason.

Evidence first (`crawler/evidence.py`), then these steps, in order; each looks at what is still open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector

from archive.model import Block, Fault, Reason
from crawler import removal, surroundings
from crawler.boilerplate import Finding, size
from crawler.decisions import Decisions
from crawler.evidence import MENU, collect
from crawler.extraction import RawBlock
from crawler.metadata import Metadata

TOO_LITTLE = 25  # words of main text; less is no article
DECLARED = 8  # where the page says that it is one
ARTICLE_TYPES = frozenset(
    "article newsarticle blogposting reportagenewsarticle analysisnewsarticle techarticle "
    "opinionnewsarticle backgroundnewsarticle reviewnewsarticle liveblogposting blog.post".split()
)
_LINKS = re.compile(r"\[[^\]]*\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What `sources.toml` says of a site: CSS selectors or XPaths to keep and to drop."""

    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


def clean(
    raw: Sequence[RawBlock], page: Metadata, tree: Any, rules: SiteRules = SiteRules()
) -> tuple[Block, ...]:
    """The blocks in order, each kept or removed with reason, rule and evidence."""
    work = Decisions(raw, page, collect(raw, tree, page.body))
    _apply(work, tree, rules)
    for step in STEPS:
        step(work)
    return work.blocks()


STEPS = (
    removal.remove_hidden,
    removal.remove_titles,
    removal.remove_captions,
    removal.remove_authors,
    removal.remove_signed,
    removal.remove_phrases,
    removal.spread_over_containers,
    surroundings.keep_voted,
    surroundings.keep_enclosed,
    surroundings.keep_lead,
    surroundings.remove_head_lines,
    surroundings.remove_link_lists,
    surroundings.remove_repeated,
    surroundings.remove_next_articles,
    surroundings.remove_sandwiched,
    surroundings.remove_tail,
    surroundings.drop_empty_headings,
)


def declares_article(page: Metadata) -> bool:
    """Whether the page says that it is an article."""
    return bool(page.types & ARTICLE_TYPES)


def is_article(blocks: Sequence[Block], page: Metadata) -> Fault | None:
    """Why the page is no article; null where it is one."""
    if not blocks:
        return Fault("empty", "the page has no text")
    kept = [block for block in blocks if block.kept]
    length = sum(size(block.text) for block in kept)
    is_declared = declares_article(page)
    if length < (DECLARED if is_declared else TOO_LITTLE):
        return Fault("not-an-article", "the page has no main text", skip=True)
    if is_declared:
        return None
    linked = sum(len(re.sub(r"\]\([^)]*\)", "", "".join(_LINKS.findall(b.markdown)))) for b in kept)
    if linked > MENU * sum(len(block.text) for block in kept):
        return Fault("not-an-article", "the page is a list of links", skip=True)
    return None


def _apply(work: Decisions, tree: Any, rules: SiteRules) -> None:
    """The user's selectors win over everything."""
    for selectors, is_kept in ((rules.drop, False), (rules.keep, True)):
        for selector in selectors:
            chosen = set(_select(tree, selector))
            for i, block in enumerate(work.raw):
                if not _is_within(block.element, chosen):
                    continue
                work.kept[i] = is_kept
                work.forced.add(i)
                work.findings[i] = (
                    None if is_kept else Finding(Reason.OUTSIDE, "site-rule", selector)
                )


def _is_within(element: Any, chosen: set[Any]) -> bool:
    while element is not None:
        if element in chosen:
            return True
        element = element.getparent()
    return False


def _select(tree: Any, selector: str) -> list[Any]:
    """The elements of a CSS selector or an XPath (checked when sources.toml is read)."""
    try:
        if selector.startswith(("/", ".//", "(")):
            return [e for e in tree.xpath(selector) if isinstance(e, etree._Element)]
        return list(CSSSelector(selector, translator="html")(tree))
    except (etree.XPathError, SelectorError):
        return []
