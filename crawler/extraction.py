"""Tree of a page → typed blocks: every visible text, in order, nothing dropped.

What is main text and what is not, `crawler/cleaning.py` decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from archive.model import BlockKind, escaped
from crawler import tracking
from crawler.parsing import UNSEEN
from crawler.tracking import Reader

# Elements that break a line of text (HTML Standard, 15.3, "display: block" and kin), and buttons:
# their text stands by itself.
BLOCK_TAGS = frozenset(
    """
    address article aside blockquote body button caption center dd details dialog dir div dl dt
    fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol
    option p pre section summary table tbody td tfoot th thead tr ul
    """.split()
)
# Not text for a reader.
SKIPPED_TAGS = frozenset(
    """
    script style template noscript head svg math iframe object embed canvas audio video map
    select datalist textarea title link meta input
    """.split()
)
NOTHING = 80  # letters; a page with fewer says "enable JavaScript" or nothing
HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Deepest kind first: what an enclosing element makes of the text in it.
KINDS: dict[str, BlockKind] = {
    "blockquote": "quote",
    "figcaption": "caption",
    "caption": "caption",
    "li": "list-item",
    "dd": "list-item",
    "dt": "list-item",
    "pre": "code",
}
MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`", "kbd": "`"}
HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
# Class names by which common style sheets take an element from view (Webflow, Bootstrap, WordPress).
HIDING_CLASSES = frozenset(
    "w-condition-invisible visually-hidden sr-only screen-reader-text d-none".split()
)
# Addresses, and their paths, that urljoin would give as they are.
_ABSOLUTE = re.compile(r"https?://[\w.:-]+/(?:[\w./%~+,=@-]*[\w/%])?", re.A)
_PATH = re.compile(r"/(?:[\w%~+,=@-][\w.%~+,=@-]*(?:/[\w%~+,=@-][\w.%~+,=@-]*)*/?)?", re.A)
_ORIGIN = re.compile(r"https?://[\w.:-]+(?=/|$)", re.A)
_BULLET = re.compile(r"[•‣▪◦●○■·*–-]\s*\|\s*(?=[^\s|][^|]*$)")
_EMPTY_MARKS = re.compile(r"\[\]\([^)]*\)|\*\*\s*\*\*")
_SPACE = re.compile(r"[ \t\r\n\f\u00a0]+")


@dataclass(slots=True)  # not frozen: that triples the time of making one
class RawBlock:
    """A text as a reader sees it: a paragraph, a heading, an item, a row of a table.

    `element` is the block-level element that holds it, `level` that of a heading, `linked` the
    number of letters that are links, `hidden` whether all of it is hidden at first.
    """

    kind: BlockKind
    text: str
    markdown: str
    element: Any
    level: int | None = None
    linked: int = 0
    hidden: bool = False


@dataclass(slots=True)
class _Line:
    """Text on its way to a block."""

    text: list[str] = field(default_factory=list)
    markdown: list[str] = field(default_factory=list)
    linked: int = 0
    shown: bool = False  # any of it


def blocks(tree: Any, url: str, reader: Reader | None = None) -> list[RawBlock]:
    """All visible texts of the page in the order of the document.

    Where there is none but in `noscript`, that: a reader without scripts sees it. Links are those
    anybody may follow (crawler/tracking.py); `reader` is whom a mail was made for.
    """
    base, body = _base(tree, url), tree.find("body")
    found = _Walk(base, reader).run(body)
    if sum(len(block.text) for block in found) < NOTHING and body.find(".//noscript") is not None:
        return _Walk(base, reader, SKIPPED_TAGS - {"noscript"}).run(body)
    return found


class _Walk:
    """One pass over the elements; a block ends where a block-level element begins or ends."""

    def __init__(
        self, base: str, reader: Reader | None, skipped: frozenset[str] = SKIPPED_TAGS
    ) -> None:
        self._base = base
        self._reader = reader
        self._skipped = skipped
        self._found: list[RawBlock] = []
        self._stack: list[Any] = []  # block-level elements that are open
        self._hiding: list[bool] = []  # whether each open element hides what is in it
        self._hidden = 0  # how many of them do
        self._rows: list[Any] = []  # rows of data tables that are open
        self._links: list[str] = []  # the targets of links that are open
        self._anchors: list[
            tuple[bool, bool]
        ] = []  # of each open `a`: leads to a page, is in _links
        self._linking = 0  # those that lead to a page, be it to its reader's alone
        self._targets: dict[str, tuple[bool, str | None]] = {}
        self._preformatted = 0
        self._line = _Line()

    def run(self, body: Any) -> list[RawBlock]:
        skipping: Any = None
        walk = etree.iterwalk(body, events=("start", "end"))
        for event, element in walk:
            if event == "start" and skipping is None:
                if element.tag in self._skipped:
                    skipping = element
                    walk.skip_subtree()
                else:
                    self._open(element)
                continue
            if skipping is None:
                self._close(element)
            skipping = None  # its end: what is in it does not come
            if (tail := element.tail) and element is not body:
                self._add(tail)
        self._flush()
        return self._found

    def _open(self, element: Any) -> None:
        tag = element.tag
        is_cell = tag in ("td", "th") and bool(self._rows)
        if tag == "br":
            if self._preformatted:
                self._add("\n")
            else:
                self._flush()
        elif tag in BLOCK_TAGS:
            if not is_cell and not (self._rows and tag != "tr"):
                self._flush()
            self._stack.append(element)
        is_hiding = hides(element)
        self._hiding.append(is_hiding)
        self._hidden += is_hiding
        if tag == "tr" and _is_data_row(element):
            self._rows.append(element)
        if is_cell and element.getprevious() is not None:
            self._line.text.append(" | ")
            self._line.markdown.append(" | ")
        self._preformatted += tag == "pre"
        if tag == "a":
            self._open_link(element)
        elif tag in MARKS and not self._preformatted:
            self._line.markdown.append(MARKS[tag])
        if text := element.text:
            self._add(text)

    def _close(self, element: Any) -> None:
        tag = element.tag
        if tag == "a":
            self._close_link()
        elif tag in MARKS and not self._preformatted:
            self._line.markdown.append(MARKS[tag])
        if tag in BLOCK_TAGS:
            if not self._rows or element is self._rows[-1]:
                self._flush()
            self._stack.pop()
        self._preformatted -= tag == "pre"
        self._hidden -= self._hiding.pop()
        if self._rows and element is self._rows[-1]:
            self._rows.pop()

    def _add(self, text: str) -> None:
        line = self._line
        if text.isspace() and not self._preformatted:  # half of all that stands between elements
            if line.text or line.markdown:
                line.text.append(" ")
                line.markdown.append(" ")
            return
        if not text.isprintable():
            text = UNSEEN.sub("", text)  # again: character references
            if not text:
                return
        if self._reader:
            text = tracking.plain(text, self._reader)
        line.shown = line.shown or (not self._hidden and not text.isspace())
        line.text.append(text)
        line.markdown.append(text if self._preformatted else escaped(text))
        if self._linking:
            line.linked += len(_spaced(text))

    def _flush(self) -> None:
        line = self._line
        if not line.text and not line.markdown:
            return
        self._line = _Line()
        for target in self._links:  # a link around several blocks goes on in the next
            line.markdown.append(f"]({target})")
            self._line.markdown.append("[")
        given, markdown = "".join(line.text), "".join(line.markdown)
        text = given.strip("\n") if self._preformatted else _spaced(given)
        if not text.strip(" |"):
            return
        kind, level = self._kind()
        if not self._preformatted:
            markdown = text if markdown == given else _spaced(markdown)
        if kind == "table":
            kind, text, markdown = _row(text, markdown)
        block = RawBlock(
            kind=kind,
            text=text.strip(),
            markdown=_marked(kind, level, markdown),
            element=self._stack[-1],
            level=level,
            linked=min(line.linked, len(text)),
            hidden=not line.shown,
        )
        self._found.append(block)

    def _kind(self) -> tuple[BlockKind, int | None]:
        if self._rows:
            return "table", None
        for element in reversed(self._stack):
            if element.tag in HEADINGS:
                return "heading", HEADINGS[element.tag]
            if element.tag in KINDS:
                return KINDS[element.tag], None
        return "paragraph", None

    def _open_link(self, element: Any) -> None:
        leads, target = self._target((element.get("href") or "").strip())
        self._anchors.append((leads, bool(target)))
        self._linking += leads
        if target:
            self._links.append(target)
            self._line.markdown.append("[")

    def _close_link(self) -> None:
        leads, is_open = self._anchors.pop()
        self._linking -= leads
        if is_open:
            self._line.markdown.append(f"]({self._links.pop()})")

    def _target(self, href: str) -> tuple[bool, str | None]:
        """Whether a link leads to a page, and its address where anybody may follow it."""
        if href not in self._targets:
            url = _absolute(self._base, href) if href and not href.startswith("#") else None
            target = url and tracking.target(url, self._reader)
            self._targets[href] = (url is not None, _escaped(target) if target else None)
        return self._targets[href]


def _spaced(text: str) -> str:
    """The text on one line, without spaces at its ends."""
    if text.isascii():  # five times as fast, and the same: `UNSEEN` took out other white space
        return " ".join(text.split())
    return _SPACE.sub(" ", text).strip()


def _absolute(base: str, href: str) -> str | None:
    """The address of a page; null for scripts, mail and what is no address."""
    if _ABSOLUTE.fullmatch(href):
        return href
    if _PATH.fullmatch(href) and (origin := _ORIGIN.match(base)):
        return origin.group() + href
    try:
        target = urljoin(base, href)
    except ValueError:
        return None
    return target if target.startswith(("http://", "https://")) else None


def _base(tree: Any, url: str) -> str:
    for element in tree.iterfind(".//base[@href]"):
        try:
            return str(urljoin(url, element.get("href")))
        except ValueError:
            break
    return url


def _escaped(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace(" ", "%20").replace("\n", "")


def hides(element: Any) -> bool:
    """Whether the element is not shown at first: pop-ups, menus, alternative texts."""
    names = element.keys()
    if not names:
        return False
    return (
        "hidden" in names
        or ("aria-hidden" in names and element.get("aria-hidden") == "true")
        or ("style" in names and bool(HIDING_STYLE.search(element.get("style"))))
        or ("class" in names and not HIDING_CLASSES.isdisjoint(element.get("class").split()))
    )


def _is_data_row(row: Any) -> bool:
    """Whether a table row holds data. A row that lays out a page has one cell, or blocks in it."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    if len(cells) < 2:
        return False
    return not any(
        inner.tag in ("table", "div", "p", "ul", "ol", "br", "img", *HEADINGS)
        for cell in cells
        for inner in cell.iterdescendants()
    )


def _row(text: str, markdown: str) -> tuple[BlockKind, str, str]:
    """A row of a table as what it is: where its other cells are empty, a line; behind a dot, an item."""
    cells = text.split(" | ")
    if bullet := _BULLET.match(text):
        return "list-item", text[bullet.end() :], re.sub(_BULLET, "", markdown.lstrip(), count=1)
    if sum(bool(cell.strip(" |")) for cell in cells) == 1:
        return "paragraph", text.strip(" |"), markdown.strip(" |")
    return "table", text, markdown


def _marked(kind: BlockKind, level: int | None, markdown: str) -> str:
    """The block in Markdown, with the mark of its kind."""
    if kind == "code":
        return "```\n" + markdown.strip("\n") + "\n```"
    line = markdown
    if "[]" in line or "**" in line:
        line = _EMPTY_MARKS.sub("", line)
    line = line.strip()
    if kind == "heading":
        return f"{'#' * (level or 2)} {line}"
    return {"list-item": "- ", "quote": "> ", "table": "| "}.get(kind, "") + line
