"""Block → kept, or removed with a reason. Evidence first (`crawler/evidence.py`), then these steps.

The steps are run in order; each looks at what is still undecided. A phrase is evidence, not a
verdict: prose in the middle of the text stays, whatever it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector

from archive.model import Block, Fault, Reason
from crawler.boilerplate import Finding, bare, fold, size
from crawler.dates import parse_date
from crawler.evidence import MENU, Evidence, collect, weights
from crawler.extraction import RawBlock
from crawler.metadata import Metadata

# Sizes in words (see evidence.size).
PROSE = 20  # from here on a block reads as a paragraph of the text
SHORT = 8  # up to here as a line: a label, a button, a name
CALL = 30  # the longest call to subscribe that one phrase settles
LONG_CALL = 60  # with two phrases or more
GROUP = 130  # the largest container that one phrase speaks for
SANDWICH = 60  # between two pieces of boilerplate
BIO = 90
TAG_LINES = 2
LINKED_ITEM = 0.5  # share of linked letters from which a list item is a link with a label
TRAILING_HEADINGS = 2  # more headings at the end are a list of their own
LEAD_DISTANCE = 25  # blocks between title and text: byline, share buttons, the caption
TOO_LITTLE = 25  # less main text than this is no article

# Reasons whose containers hold nothing else. A "read more" link says nothing of what it stands by.
SPREADING = frozenset(
    {
        Reason.SUBSCRIBE, Reason.POPUP, Reason.COOKIE_NOTICE, Reason.SHARE, Reason.RELATED,
        Reason.COMMENTS, Reason.AUTHOR_BIO, Reason.PAYWALL, Reason.LEGAL,
    }
)  # fmt: skip
# Rules whose findings say nothing of what stands beside them.
LOCAL = frozenset({"container", "hidden", "between"})
# Of these, those that may hold prose of any length.
WORDY = frozenset({Reason.COMMENTS, Reason.RELATED, Reason.AUTHOR_BIO, Reason.POPUP})
# Elements that only hold items together: the container is the one around them.
GROUPING = frozenset("ul ol li blockquote table tbody tr dl dd figure".split())
ARTICLE_TYPES = frozenset(
    "article newsarticle blogposting reportagenewsarticle analysisnewsarticle techarticle "
    "opinionnewsarticle backgroundnewsarticle reviewnewsarticle liveblogposting blog.post".split()
)
BLOCKED = re.compile(
    r"just a moment|enable javascript and cookies|checking your browser|access denied"
    r"|attention required|verify you are (?:a )?human|are you a robot|request unsuccessful"
    r"|unusual traffic|ddos protection|pardon our interruption",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?…:;。！？：；][\"'”’»«)\]」』]*$")
_BY = re.compile(
    r"^(?:by|von|par|por|di|door|przez|autor(?:in)?|author|text|texto|texte|文|著者|作者)[\s:：/／]+",
    re.I,
)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What `sources.toml` says of a site: CSS selectors or XPaths to keep and to drop."""

    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


def clean(
    raw: Sequence[RawBlock], page: Metadata, tree: Any, rules: SiteRules = SiteRules()
) -> tuple[Block, ...]:
    """The blocks in order, each kept or removed with reason, rule and evidence."""
    work = _Work(raw, page, collect(raw, tree, page.body))
    work.apply_site_rules(tree, rules)
    work.remove_hidden()
    work.remove_titles()
    work.remove_captions()
    work.remove_signed()
    work.remove_phrases()
    work.remove_authors()
    work.spread_over_containers()
    work.keep_voted()
    work.keep_enclosed()
    work.keep_lead()
    work.remove_head_lines()
    work.remove_link_lists()
    work.remove_next_articles()
    work.remove_sandwiched()
    work.remove_tail()
    work.drop_empty_headings()
    return work.blocks()


def is_article(blocks: Sequence[Block], page: Metadata) -> Fault | None:
    """Why the page is no article; null where it is one."""
    if not blocks:
        return Fault("empty", "the page has no text")
    text = " ".join(block.text for block in blocks)
    kept = [block for block in blocks if block.kept]
    length = sum(size(block.text) for block in kept)
    if BLOCKED.search(page.title + " " + text[:500]) and size(text) < 200:
        return Fault("blocked", "the site answered with a wall for robots instead of the page")
    is_declared = bool(page.types & ARTICLE_TYPES)
    if length < (TOO_LITTLE / 3 if is_declared else TOO_LITTLE):
        return Fault("not-an-article", "the page has no main text", skip=True)
    if is_declared:
        return None
    linked = sum(len(re.sub(r"\]\([^)]*\)", "", "".join(_LINKS.findall(b.markdown)))) for b in kept)
    if linked > 0.6 * sum(len(block.text) for block in kept):
        return Fault("not-an-article", "the page is a list of links", skip=True)
    return None


_LINKS = re.compile(r"\[[^\]]*\]\([^)]*\)")


class _Work:
    """The blocks of a page with what is decided so far."""

    def __init__(self, raw: Sequence[RawBlock], page: Metadata, evidence: list[Evidence]) -> None:
        self.raw = raw
        self.page = page
        self.evidence = evidence
        self.findings: list[Finding | None] = [None] * len(raw)
        self.kept = [False] * len(raw)
        self.forced: set[int] = set()
        self.headings: set[int] = set()
        self._titles = {bare(fold(t)) for t in (page.title, *page.title_variants) if t}
        self._containers = {a for block in raw for a in block.element.iterancestors()}
        self._names = {bare(fold(name)) for name in page.authors}

    def apply_site_rules(self, tree: Any, rules: SiteRules) -> None:
        """The user's selectors win over everything."""
        for selectors, is_kept in ((rules.drop, False), (rules.keep, True)):
            for selector in selectors:
                chosen = set(_select(tree, selector))
                for i, block in enumerate(self.raw):
                    if not _is_within(block.element, chosen):
                        continue
                    self.kept[i] = is_kept
                    self.forced.add(i)
                    self.findings[i] = (
                        None if is_kept else Finding(Reason.OUTSIDE, "site-rule", selector)
                    )

    def remove_hidden(self) -> None:
        """What is not shown at first: pop-ups, menus, templates."""
        for i in self._open():
            if self.evidence[i].hidden:
                sign, phrase = self.evidence[i].sign, self.evidence[i].phrase
                reason = sign.reason if sign else phrase.reason if phrase else Reason.POPUP
                self._remove(i, Finding(reason, "hidden", "not shown at first"))

    def remove_titles(self) -> None:
        """The title, repeated above the text."""
        prose = self._first_prose()
        for i in self._open():
            text = bare(fold(self.raw[i].text))
            if text in self._titles and (self.raw[i].kind == "heading" or i < prose):
                self._remove(i, Finding(Reason.NAVIGATION, "title-repeated", self.page.title))
        first = next(
            (i for i, f in enumerate(self.findings) if f and f.rule == "title-repeated"), 0
        )
        if first < prose:
            self._remove_above_title(first)

    def _remove_above_title(self, title: int) -> None:
        """Short lines above the title lead elsewhere, whatever they say."""
        for i in range(title):
            phrase = self.evidence[i].phrase
            is_menu = phrase is None or phrase.rule in ("subscribe-button", "navigation-link")
            is_plain = not self.evidence[i].sign and not self._is_dateline(i)
            if self._is_open(i) and self.evidence[i].size <= SHORT and is_menu and is_plain:
                self._remove(i, Finding(Reason.NAVIGATION, "above-title", self.raw[i].text))

    def remove_captions(self) -> None:
        """Captions of images."""
        for i in self._open():
            if self.raw[i].kind == "caption":
                sign = self.evidence[i].sign
                reason = sign.reason if sign else Reason.CAPTION
                self._remove(i, Finding(reason, "caption", f"<{self.raw[i].element.tag}>"))

    def remove_signed(self) -> None:
        """What stands in a container whose tag, role or class says what it holds."""
        for i in self._open():
            evidence = self.evidence[i]
            sign = evidence.sign
            if not sign:
                continue
            is_prose = evidence.voted and evidence.size >= PROSE and evidence.linked < MENU
            if is_prose and not evidence.phrase and sign.reason not in WORDY:
                continue
            if evidence.phrase and sign.evidence.startswith(("<", "role=")):
                sign = Finding(evidence.phrase.reason, sign.rule, sign.evidence)
            self._remove(i, sign)

    def remove_phrases(self) -> None:
        """Calls to subscribe, buttons, notices, datelines: blocks short enough for their phrase."""
        prose, last = self._first_prose(), self._last_prose()
        for i in self._open():
            evidence = self.evidence[i]
            if self._is_dateline(i) and (i < prose or i > last or not evidence.voted):
                self._remove(i, Finding(Reason.DATELINE, "date", self.raw[i].text))
                continue
            phrase = evidence.phrase
            if not phrase:
                continue
            longest = LONG_CALL if phrase.hits > 1 else CALL
            is_edge = not prose < i < last
            if phrase.is_whole and self.raw[i].kind == "heading" and evidence.voted and not is_edge:
                continue  # "News", "Further reading": a section of the text
            if evidence.size <= longest or not evidence.voted:
                self._remove(i, phrase)

    def remove_authors(self) -> None:
        """The author's name as a line, and the paragraph about the author that follows it."""
        names = tuple(name for name in self._names if name)
        for i in self._open():
            text = bare(fold(_BY.sub("", self.raw[i].text.strip())))
            if text in self._names or (names and text in _joined(names)):
                self._remove(i, Finding(Reason.AUTHOR_BIO, "author-name", self.raw[i].text))
        for i, finding in enumerate(self.findings):
            if not finding or finding.rule != "author-name" or i + 1 >= len(self.raw):
                continue
            following = fold(self.raw[i + 1].text)
            is_bio = any(following.startswith(start) for start in _name_starts(finding.evidence))
            if is_bio and self._is_open(i + 1) and self.evidence[i + 1].size <= BIO:
                self._remove(
                    i + 1, Finding(Reason.AUTHOR_BIO, "about-the-author", finding.evidence)
                )

    def spread_over_containers(self) -> None:
        """A phrase speaks for the small container around it: the whole banner, the whole list."""
        sizes = weights(self.raw, [e.size for e in self.evidence])
        total = sizes.get(self.raw[0].element.getroottree().getroot(), 0.0) if self.raw else 0.0
        prose = weights(self.raw, [float(self._is_prose(i)) for i in range(len(self.raw))])
        spread: dict[Any, Finding] = {}
        for i, finding in enumerate(self.findings):
            if not finding or finding.reason not in SPREADING or finding.rule in LOCAL:
                continue
            if not finding.is_whole and finding.rule not in ("author-name", "about-the-author"):
                limit = GROUP / 2
            else:
                limit = GROUP
            group = self._group(
                self.raw[i].element, sizes, prose, finding.reason, min(limit, total / 3)
            )
            if group is not None:
                spread.setdefault(group, finding)
        first = self._first_prose()
        for i in self._open():
            if self.evidence[i].size > SHORT and i <= first and not self.evidence[i].phrase:
                continue  # a lead between the byline and the share buttons
            element = self.raw[i].element
            while element is not None and element not in spread:
                element = element.getparent()
            if element is not None:
                finding = spread[element]
                self._remove(i, Finding(finding.reason, "beside", finding.evidence))

    def _group(
        self,
        element: Any,
        sizes: dict[Any, float],
        prose: dict[Any, float],
        reason: Reason,
        limit: float,
    ) -> Any:
        """The largest container around a phrase that is small and holds no prose of the text."""
        group = None
        parent = element
        while parent is not None and parent.tag not in ("body", "article", "main"):
            if sizes[parent] > limit or (prose[parent] and reason not in WORDY):
                break
            group = parent
            parent = parent.getparent()
        return group

    def keep_voted(self) -> None:
        for i in self._open():
            self.kept[i] = self.evidence[i].voted

    def keep_enclosed(self) -> None:
        """What stands between kept blocks: prose and code; lines and items of the same container."""
        kept = [i for i, is_kept in enumerate(self.kept) if is_kept] or self._by_density()
        for before, after in pairwise(kept):
            homes = self._homes(before) | self._homes(after)
            for i in range(before + 1, after):
                if self._is_open(i) and not self.kept[i]:
                    self.kept[i] = self._is_enclosed(i, homes)
        for i in kept[:1]:  # a heading right above the first paragraph
            if i and self._is_open(i - 1) and self.raw[i - 1].kind == "heading":
                self.kept[i - 1] = self._home(i - 1) == self._home(i)

    def _is_enclosed(self, i: int, homes: set[Any]) -> bool:
        evidence = self.evidence[i]
        if evidence.linked >= MENU:
            return evidence.size >= PROSE and self._home(i) in homes
        if self.raw[i].kind == "code":
            return True
        if evidence.size >= PROSE:
            return _article(self.raw[i].element) in {_article(home) for home in homes}
        return bool(self._homes(i) & homes)

    def _by_density(self) -> list[int]:
        """Where no extractor found anything: paragraphs of prose with few links."""
        for i in self._open():
            self.kept[i] = self.evidence[i].size >= PROSE and self.evidence[i].linked < MENU
        return [i for i, is_kept in enumerate(self.kept) if is_kept]

    def keep_lead(self) -> None:
        """Sentences between the title and the text: the lead, which extractors often miss."""
        first = next((i for i, is_kept in enumerate(self.kept) if is_kept), 0)
        titles = [i for i in range(first) if self._has_rule(i, "title-repeated")]
        if not titles:
            return
        description = bare(fold(self.page.description or ""))
        known = fold(" ".join(self.raw[i].text for i in range(len(self.raw)) if self.kept[i]))
        for i in range(max(titles[-1], first - LEAD_DISTANCE) + 1, first):
            evidence, text = self.evidence[i], bare(fold(self.raw[i].text))
            if not self._is_open(i) or evidence.phrase or evidence.linked >= MENU or text in known:
                continue
            is_sentence = evidence.size > SHORT and _SENTENCE_END.search(self.raw[i].text)
            self.kept[i] = bool(is_sentence) or (evidence.size > SHORT and text == description)

    def _has_rule(self, i: int, rule: str) -> bool:
        finding = self.findings[i]
        return finding is not None and finding.rule == rule

    def remove_head_lines(self) -> None:
        """Between title and text: tag lines, captions in plain containers, kickers.

        A tag line is one or two lines; more of them are the text: verses, a programme, a list.
        """
        prose = self._first_prose()
        if prose >= len(self.raw):
            return
        lines = [
            i
            for i in range(prose)
            if i not in self.forced
            and self._is_line(i)
            and (
                (self.kept[i] and self.raw[i].kind == "paragraph")
                or (self._is_open(i) and not self.kept[i] and self._is_beside(i, prose))
            )
        ]
        if sum(self.kept[i] for i in lines) > TAG_LINES:
            return
        for i in lines:
            self._remove(i, Finding(Reason.CAPTION, "line-above-text", self.raw[i].text))

    def remove_link_lists(self) -> None:
        """Lists of links in the midst of prose lead elsewhere, unless a line introduces them."""
        first, last = self._first_prose(), self._last_prose()
        linked = [self._is_linked_item(i) for i in range(len(self.raw))]
        total = sum(self.evidence[i].size for i, is_kept in enumerate(self.kept) if is_kept)
        if sum(self.evidence[i].size for i, is_link in enumerate(linked) if is_link) > total / 4:
            return  # a digest: the links are the text
        i = first
        while i < last:
            end = i
            while end < last and linked[end]:
                end += 1
            if end - i >= 2:
                before = self.raw[i - 1]
                is_introduced = before.text.endswith((":", "：")) and self.kept[i - 1]
                for k in range(i, end):
                    if is_introduced and self._is_open(k):
                        self.kept[k] = True
                    elif self._is_open(k) and before.kind != "heading":
                        self._remove(k, Finding(Reason.RELATED, "list-of-links", self.raw[k].text))
            i = max(end, i + 1)

    def _is_linked_item(self, i: int) -> bool:
        return self.raw[i].kind == "list-item" and self.evidence[i].linked >= LINKED_ITEM

    def remove_next_articles(self) -> None:
        """A further h1 with a date or a byline under it begins another article."""
        for i in range(self._first_prose() + 1, len(self.raw)):
            if self.raw[i].level != 1 or not self._is_open(i):
                continue
            below = range(i + 1, min(i + 7, len(self.raw)))
            if any(self._is_dateline(k) or _BY.match(self.raw[k].text) for k in below):
                for k in range(i, len(self.raw)):
                    if self._is_open(k):
                        self._remove(k, Finding(Reason.RELATED, "next-article", self.raw[i].text))
                return

    def remove_sandwiched(self) -> None:
        """What stands between two pieces of boilerplate is one of them."""
        i = 0
        while i < len(self.raw):
            if not self.kept[i]:
                i += 1
                continue
            end = i
            while end < len(self.raw) and self.kept[end]:
                end += 1
            before = self._boilerplate(i - 1)
            after = self._boilerplate(end)
            run = range(i, end)
            if (
                before
                and after
                and {before.reason, after.reason} <= SPREADING
                and sum(self.evidence[k].size for k in run) <= SANDWICH
                and not any(self._is_prose(k) for k in run)
                and not any(k in self.forced for k in run)
                and i > self._first_prose()
                and (end > self._last_prose() or (len(run) <= 2 and before.reason == after.reason))
            ):
                for k in run:
                    self._remove(
                        k, Finding(before.reason, "between", f"{before.rule}, {after.rule}")
                    )
            i = end

    def remove_tail(self) -> None:
        """Behind the last prose: lines next to boilerplate, and all that follows a close button."""
        last = self._last_prose()
        closing = next(
            (
                i
                for i in range(last + 1, len(self.raw))
                if (f := self.findings[i])
                and f.rule == "close-button"
                and len(self.raw[i].text) == 1
            ),
            None,
        )
        if closing is not None:
            self._remove_popup(closing)
        self._remove_after_related(last)
        for i in range(len(self.raw) - 1, last, -1):
            if (
                not self.kept[i]
                or i in self.forced
                or self.raw[i].kind in ("list-item", "quote", "code")
            ):
                continue
            after = self._boilerplate(i + 1)
            if after and self._is_line(i) and after.reason in SPREADING:
                self._remove(
                    i, Finding(after.reason, "before", f"{after.rule}: {after.evidence}"[:80])
                )

    def _remove_after_related(self, last: int) -> None:
        """Teasers under a heading such as "More from us", at the end."""
        heading: Finding | None = None
        for i in range(last + 1, len(self.raw)):
            finding = self.findings[i]
            if finding and finding.rule in ("related-heading", "related-start", "comments-heading"):
                heading = finding
            elif heading and self.kept[i] and i not in self.forced:
                self._remove(i, Finding(heading.reason, "under", heading.evidence))

    def _remove_popup(self, closing: int) -> None:
        """A pop-up at the end of the page: from its close button on, up to another kind of thing."""
        for i in range(closing, len(self.raw)):
            finding = self.findings[i]
            if self.evidence[i].size > LONG_CALL or i in self.forced:
                return
            if finding and finding.reason not in (
                Reason.POPUP, Reason.SUBSCRIBE, Reason.LEGAL, Reason.PROMOTION, Reason.OUTSIDE,
            ):  # fmt: skip
                return
            if finding and finding.rule in ("copyright", "legal-link"):
                return
            rule = finding.rule if finding else "after-close-button"
            evidence = finding.evidence if finding else self.raw[closing].text
            self._remove(i, Finding(Reason.POPUP, rule, evidence))

    def drop_empty_headings(self) -> None:
        """A heading at the end of the text heads something that was removed."""
        kept = [i for i, is_kept in enumerate(self.kept) if is_kept]
        trailing = list(takewhile(lambda i: self.raw[i].kind == "heading", reversed(kept)))
        if len(trailing) > TRAILING_HEADINGS:
            return
        for i in trailing:
            if i not in self.forced:
                after = next((f for f in self.findings[i + 1 :] if f), None)
                reason = after.reason if after else Reason.NAVIGATION
                self._remove(i, Finding(reason, "heading-without-text", self.raw[i].text))

    def blocks(self) -> tuple[Block, ...]:
        """The result; short lines between prose are the headings of a page that marks none."""
        self._infer_headings()
        return tuple(self._block(i) for i in range(len(self.raw)))

    def _block(self, i: int) -> Block:
        raw = self.raw[i]
        if i in self.headings:
            return Block("heading", raw.text, "## " + raw.markdown.strip("*"))
        if self.kept[i]:
            return Block(raw.kind, raw.text, raw.markdown)
        finding = self.findings[i]
        if finding is None:
            is_link = self.evidence[i].linked > 0.6
            finding = Finding(
                Reason.NAVIGATION if is_link else Reason.OUTSIDE,
                "links" if is_link else "no-evidence",
                f"{self.evidence[i].linked:.0%} links",
            )
        return Block(
            raw.kind, raw.text, raw.markdown, finding.reason, finding.rule, finding.evidence
        )

    def _infer_headings(self) -> None:
        kept = [i for i, is_kept in enumerate(self.kept) if is_kept]
        for before, i, after in zip(kept, kept[1:], kept[2:], strict=False):
            if self.raw[i].kind != "paragraph" or not self._is_heading_line(i):
                continue
            if self._is_text(before) and self._is_text(after) and before not in self.headings:
                self.headings.add(i)

    def _is_heading_line(self, i: int) -> bool:
        text = self.raw[i].text
        return (
            2 <= self.evidence[i].size <= 12
            and len(text) <= 90
            and not _SENTENCE_END.search(text)
            and not text.rstrip("\"'”»").endswith((",", "–", "-"))
            and self.evidence[i].linked < 0.5
            and (text[0].isupper() or not text[0].isascii() or text[0] in "\"'„“«»0123456789")
        )

    def _is_text(self, i: int) -> bool:
        return self.raw[i].kind in ("paragraph", "quote", "list-item", "table", "code") and (
            self.evidence[i].size >= 10 or self.raw[i].kind != "paragraph"
        )

    def _is_line(self, i: int) -> bool:
        return (
            self.evidence[i].size <= SHORT
            and self.evidence[i].linked < 0.6
            and not _SENTENCE_END.search(self.raw[i].text)
            and self.raw[i].kind != "heading"
        )

    def _is_dateline(self, i: int) -> bool:
        text = self.raw[i].text
        if self.page.published_text and text == self.page.published_text:
            return True
        return len(text) <= 40 and any(c.isdigit() for c in text) and parse_date(text) is not None

    def _is_prose(self, i: int) -> bool:
        return (
            self.evidence[i].size >= PROSE
            and self.evidence[i].voted
            and self.findings[i] is None
            and self.raw[i].kind in ("paragraph", "quote", "list-item")
        )

    def _first_prose(self) -> int:
        """The first block of prose; behind the end where there is none."""
        return next((i for i in range(len(self.raw)) if self._is_prose(i)), len(self.raw))

    def _last_prose(self) -> int:
        return next((i for i in range(len(self.raw) - 1, -1, -1) if self._is_prose(i)), -1)

    def _homes(self, i: int) -> set[Any]:
        """The container of a block, and the one around it."""
        home = self._home(i)
        parent = None if home is None else home.getparent()
        return {e for e in (home, parent) if e is not None and e.tag not in ("body", "html")}

    def _is_beside(self, i: int, other: int) -> bool:
        home = self._home(other)
        element = self.raw[i].element
        while element is not None:
            if element is home:
                return True
            element = element.getparent()
        return False

    def _home(self, i: int) -> Any:
        """The container of a block: its parent, or a list's or quotation's."""
        element = self.raw[i].element
        parent = element if element in self._containers else element.getparent()
        while parent is not None and parent.tag in GROUPING:
            parent = parent.getparent()
        return parent

    def _boilerplate(self, i: int) -> Finding | None:
        if not 0 <= i < len(self.raw):
            return None
        return self.findings[i]

    def _open(self) -> list[int]:
        return [i for i in range(len(self.raw)) if self._is_open(i)]

    def _is_open(self, i: int) -> bool:
        return self.findings[i] is None and i not in self.forced

    def _remove(self, i: int, finding: Finding) -> None:
        self.kept[i] = False
        self.findings[i] = finding


def _joined(names: Sequence[str]) -> set[str]:
    return {
        joint.join(names) for joint in (", ", " und ", " and ", " et ", " y ", " e ", " & ", "、")
    }


def _name_starts(name: str) -> list[str]:
    """How a paragraph about somebody begins: the first name, the whole name, the family name."""
    plain = fold(_BY.sub("", name.strip()))
    words = plain.split()
    starts = [f"{word} " for word in words if len(word) > 1]
    if words and not words[0].isascii():
        starts += [plain, plain[:2]]
    return starts


def _article(element: Any) -> Any:
    """The nearest `article` around an element; null where there is none."""
    return next(element.iterancestors("article"), None) if element is not None else None


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
