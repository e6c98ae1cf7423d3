"""Block → kept, or removed with a reason.

Evidence first (`crawler/evidence.py`), then rules precise enough to decide alone, in order; each looks
at what is still open. What none of them settles, `crawler/classifier.py` decides. Mail has rules of
its own to the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector

from archive.model import SITE_RULE, Block, Fault, Reason
from crawler import mail_chrome, removal, surroundings
from crawler.boilerplate import Finding, size
from crawler.classifier import Classifier, classify, shipped
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
    raw: Sequence[RawBlock],
    page: Metadata,
    tree: Any,
    rules: SiteRules = SiteRules(),
    *,
    is_mail: bool = False,
) -> tuple[Block, ...]:
    """The blocks in order, each kept or removed with reason, rule and evidence."""
    if is_mail:
        work = _begun(raw, page, tree, rules, is_mail=True)
        for step in MAIL_STEPS:
            step(work)
    else:
        work = settle(raw, page, tree, rules)
        finish(work, shipped())
    return work.blocks()


def settle(
    raw: Sequence[RawBlock], page: Metadata, tree: Any, rules: SiteRules = SiteRules()
) -> Decisions:
    """A web page with what the source's rules and the precise general ones settle of it."""
    work = _begun(raw, page, tree, rules)
    for step in STEPS:
        step(work)
    return work


def finish(work: Decisions, model: Classifier | None) -> None:
    """Decide what is still open."""
    classify(work, model)
    surroundings.keep_enclosed_headings(work)
    surroundings.keep_digests(work)
    surroundings.remove_head_lines(work)
    surroundings.remove_link_lists(work)
    surroundings.remove_sandwiched(work)
    surroundings.remove_tail(work)
    surroundings.drop_empty_headings(work)


def _begun(
    raw: Sequence[RawBlock], page: Metadata, tree: Any, rules: SiteRules, *, is_mail: bool = False
) -> Decisions:
    work = Decisions(raw, page, collect(raw, tree, page.body, is_mail=is_mail))
    _apply(work, tree, rules)
    return work


STEPS = (
    removal.remove_hidden,
    removal.remove_titles,
    removal.remove_captions,
    removal.remove_authors,
    removal.remove_signed,
    removal.remove_phrases,
    surroundings.keep_voted,
    surroundings.remove_repeated,
    surroundings.remove_next_articles,
)

MAIL_STEPS = (
    mail_chrome.remove_forwarded_heads,
    mail_chrome.remove_web_version,
    mail_chrome.remove_preheader,
    removal.remove_hidden,
    removal.remove_titles,
    removal.remove_captions,
    removal.remove_authors,
    removal.remove_signed,
    mail_chrome.remove_leaving,
    removal.remove_phrases_of_mail,
    removal.spread_over_containers,
    mail_chrome.remove_answers,
    mail_chrome.remove_pitches,
    mail_chrome.remove_support,
    surroundings.keep_voted,
    mail_chrome.remove_foot,
    mail_chrome.remove_headings,
    surroundings.remove_repeated,
    surroundings.remove_sandwiched,
    surroundings.remove_tail,
    surroundings.drop_empty_headings,
)


def declares_article(page: Metadata) -> bool:
    """Whether the page says that it is an article."""
    return bool(page.types & ARTICLE_TYPES)


def is_article(blocks: Sequence[Block], page: Metadata, *, is_mail: bool = False) -> Fault | None:
    """Why the page is no article; null where it is one. The text of a mail may be links."""
    if not blocks:
        return Fault("empty", "the page has no text")
    kept = [block for block in blocks if block.kept]
    length = sum(size(block.text) for block in kept)
    is_declared = declares_article(page) or any(block.rule == SITE_RULE for block in kept)
    if length < (DECLARED if is_declared or is_mail else TOO_LITTLE):
        return Fault("not-an-article", "the page has no main text", skip=True)
    if is_declared or is_mail:
        return None
    linked = sum(len(re.sub(r"\]\([^)]*\)", "", "".join(_LINKS.findall(b.markdown)))) for b in kept)
    if linked > MENU * sum(len(block.text) for block in kept):
        return Fault("not-an-article", "the page is a list of links", skip=True)
    return None


def _apply(work: Decisions, tree: Any, rules: SiteRules) -> None:
    """The user's selectors win over everything, and those to keep over those to drop."""
    for selector in rules.drop:
        for i in _chosen(work, tree, selector):
            work.forced.add(i)
            work.remove(i, Finding(Reason.OUTSIDE, SITE_RULE, selector))
    for selector in rules.keep:
        for i in _chosen(work, tree, selector):
            work.forced.add(i)
            work.findings[i], work.kept[i], work.keepers[i] = None, True, selector


def _chosen(work: Decisions, tree: Any, selector: str) -> list[int]:
    chosen = set(_select(tree, selector))
    return [i for i, block in enumerate(work.raw) if _is_within(block.element, chosen)]


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
