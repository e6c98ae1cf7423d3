"""What is decided of each block of a page so far, and what can be asked about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from archive.model import SITE_RULE, Block, Reason
from crawler.boilerplate import Finding, bare, fold
from crawler.dates import parse_date
from crawler.evidence import MENU, PROSE, Evidence
from crawler.extraction import RawBlock
from crawler.metadata import Metadata

DATELINE = 40  # letters of the longest line that is a date
SHORT = 8  # words up to which a block is a line: a label, a button, a name
# Elements that only hold items together: the container is the one around them.
GROUPING = frozenset("ul ol li blockquote table tbody tr dl dd figure".split())
# Reasons whose containers hold nothing else. A "read more" link says nothing of what it stands by.
SPREADING = frozenset(
    {
        Reason.SUBSCRIBE, Reason.POPUP, Reason.COOKIE_NOTICE, Reason.SHARE, Reason.RELATED,
        Reason.COMMENTS, Reason.AUTHOR_BIO, Reason.PAYWALL, Reason.LEGAL,
    }
)  # fmt: skip
SENTENCE_END = re.compile(r"[.!?…:;。！？：；][\"'”’»«)\]」』]*$")


class Decisions:
    """The blocks of a page with what is decided so far: each kept, removed with a finding, or open.

    `forced` are those that a rule of the source settles: no other step touches them.
    """

    def __init__(self, raw: Sequence[RawBlock], page: Metadata, evidence: list[Evidence]) -> None:
        self.raw = raw
        self.page = page
        self.evidence = evidence
        self.findings: list[Finding | None] = [None] * len(raw)
        self.kept = [False] * len(raw)
        self.forced: set[int] = set()
        self.keepers: dict[int, str] = {}  # the user's selectors that keep blocks
        self.headings: set[int] = set()
        self._dated: dict[int, bool] = {}
        self.titles = {bare(fold(t)) for t in (page.title, *page.title_variants) if t}
        self._containers = _containers(raw)
        self.names = tuple(filter(None, (bare(fold(name)) for name in page.authors)))

    def is_open(self, i: int) -> bool:
        return self.findings[i] is None and i not in self.forced

    def open(self) -> list[int]:
        return [i for i, f in enumerate(self.findings) if f is None and i not in self.forced]

    def remove(self, i: int, finding: Finding) -> None:
        self.kept[i] = False
        self.findings[i] = finding

    def keep(self, i: int) -> None:
        self.kept[i] = True
        self.findings[i] = None

    def boilerplate(self, i: int) -> Finding | None:
        if not 0 <= i < len(self.raw):
            return None
        return self.findings[i]

    def has_rule(self, i: int, rule: str) -> bool:
        finding = self.findings[i]
        return finding is not None and finding.rule == rule

    def is_prose(self, i: int) -> bool:
        return (
            self.evidence[i].size >= PROSE
            and self.evidence[i].voted
            and self.findings[i] is None
            and self.raw[i].kind in ("paragraph", "quote", "list-item")
        )

    def first_prose(self) -> int:
        """The first block of prose; behind the end where there is none."""
        return next((i for i in range(len(self.raw)) if self.is_prose(i)), len(self.raw))

    def last_prose(self) -> int:
        return next((i for i in range(len(self.raw) - 1, -1, -1) if self.is_prose(i)), -1)

    def is_line(self, i: int) -> bool:
        return (
            self.evidence[i].size <= SHORT
            and self.evidence[i].linked < MENU
            and not SENTENCE_END.search(self.raw[i].text)
            and self.raw[i].kind != "heading"
        )

    def is_tag_line(self, i: int) -> bool:
        """Whether a block nobody has spoken for is a short line: a tag, the caption of an image."""
        is_short = self.evidence[i].size <= SHORT and not SENTENCE_END.search(self.raw[i].text)
        return self.is_unexplained(i) and is_short

    def is_unexplained(self, i: int) -> bool:
        """Whether the classifier removed a block, and nothing says what it is."""
        finding = self.findings[i]
        return bool(finding and finding.rule == "classifier" and finding.reason is Reason.OUTSIDE)

    def is_dateline(self, i: int) -> bool:
        if i not in self._dated:
            text = self.raw[i].text
            is_short = len(text) <= DATELINE and any(c.isdigit() for c in text)
            self._dated[i] = text == self.page.published_text or (
                is_short and parse_date(text, self.page.declared_language) is not None
            )
        return self._dated[i]

    def home(self, i: int) -> Any:
        """The container of a block: its parent, or a list's or quotation's."""
        element = self.raw[i].element
        parent = element if element in self._containers else element.getparent()
        while parent is not None and parent.tag in GROUPING:
            parent = parent.getparent()
        return parent

    def is_beside(self, i: int, other: int) -> bool:
        home = self.home(other)
        element = self.raw[i].element
        while element is not None:
            if element is home:
                return True
            element = element.getparent()
        return False

    def blocks(self) -> tuple[Block, ...]:
        """The result; short lines between prose are the headings of a page that marks none."""
        self._infer_headings()
        return tuple(self._block(i) for i in range(len(self.raw)))

    def _block(self, i: int) -> Block:
        raw = self.raw[i]
        if i in self.headings and i not in self.keepers:
            return Block("heading", raw.text, "## " + raw.markdown.strip("*"))
        if i in self.keepers:
            return Block(raw.kind, raw.text, raw.markdown, None, SITE_RULE, self.keepers[i])
        if self.kept[i]:
            return Block(raw.kind, raw.text, raw.markdown)
        finding = self.findings[i]
        if finding is None:
            is_link = self.evidence[i].linked > MENU
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
            and not SENTENCE_END.search(text)
            and not text.rstrip("\"'”»").endswith((",", "–", "-"))
            and self.evidence[i].linked < 0.5
            and (text[0].isupper() or not text[0].isascii() or text[0] in "\"'„“«»0123456789")
        )

    def _is_text(self, i: int) -> bool:
        return self.raw[i].kind in ("paragraph", "quote", "list-item", "table", "code") and (
            self.evidence[i].size >= 10 or self.raw[i].kind != "paragraph"
        )


def _containers(raw: Sequence[RawBlock]) -> set[Any]:
    """The elements around the blocks' own."""
    found: set[Any] = set()
    for block in raw:
        element = block.element.getparent()
        while element is not None and element not in found:
            found.add(element)
            element = element.getparent()
    return found
