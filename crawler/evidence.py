"""What speaks for and against each block being main text: votes, phrases, signs of its containers."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import trafilatura

from archive.model import Reason
from crawler.boilerplate import Finding, phrase, sign, size
from crawler.extraction import RawBlock, hides

# A sign is void where its containers hold this share of the page's main text: the class
# "newsletter" around a whole issue names the platform, not a banner.
VOID_SHARE = 0.4
# A block shorter than this must be a whole line of the extractor's text to count as voted for.
WHOLE_LINE = 24
# Above this share of linked letters a line is a menu.
MENU = 0.6
# Above this share it is nothing but links; the item of a digest has a word about its link.
ONLY_LINKS = 0.9
# Share of a page's prose from which trafilatura's own extraction is taken without asking those that
# it falls back on, which take as long again. On 646 of the bench's 760 pages; of the other ways to
# divide them, all that were tried (.5 to .9) leave 11 to 20 pages on which the two differ.
MOST = 0.7
# A page with this share of its prose in one element, in as many words at least, shows by that alone
# what its text is: 403 of the bench's 760 pages, 2.9 % of whose labelled words are then taken wrongly,
# against 4.4 % by trafilatura, whose time they save. With .7 it is 474 pages, but the classifier,
# which weighs the votes, decides worse on sites it has not seen; with .9 no better than with .8.
EVIDENT = 0.8
EVIDENT_WORDS = 70
BEFORE, BEHIND = 2, 1  # blocks: headings and leads before the first paragraph, a line behind
# A page that shows fewer words of prose, and hides more than REVEALED times as many, shows its text
# behind a button or by a script; see _is_revealed.
PROSE = 20
TEASER = 150
REVEALED = 3

_NO_LETTERS = dict.fromkeys(n for n in range(128) if not chr(n).isalnum())  # of ASCII, to none
_LINK_TEXT = re.compile(r"\[([^\[\]]+)\]\(")

GENERIC = {  # containers that say "not the text", and what they hold unless a phrase says better
    "aside": Reason.PROMOTION,
    "form": Reason.SUBSCRIBE,
    "dialog": Reason.POPUP,
    "footer": Reason.LEGAL,
    "nav": Reason.NAVIGATION,
    "menu": Reason.NAVIGATION,
}
ROLES = {
    "navigation": Reason.NAVIGATION,
    "complementary": Reason.PROMOTION,
    "dialog": Reason.POPUP,
    "alertdialog": Reason.POPUP,
    "contentinfo": Reason.LEGAL,
    "search": Reason.NAVIGATION,
    "menu": Reason.NAVIGATION,
}


@dataclass(slots=True)  # not frozen: that triples the time of making one
class Evidence:
    """All that is known of a block before anything is decided."""

    size: float  # in words
    voted: bool
    by_place: bool  # whether all votes of the page follow from where its prose stands
    phrase: Finding | None
    sign: Finding | None
    linked: float  # share of its letters that are links
    hidden: bool  # by an ancestor, and not to be revealed as the text


def collect(
    raw: Sequence[RawBlock], tree: Any, body: str | None = None, *, is_mail: bool = False
) -> list[Evidence]:
    """The evidence for each block, in order. `body` is the text that structured data gives.

    A mail has no page around its text: all that it shows is voted for.
    """
    is_revealed = _is_revealed(raw) and not is_mail
    shown = [not block.hidden for block in raw]
    by_place, votes = (False, shown) if is_mail else _votes(raw, tree, body, is_revealed)
    sizes = [size(block.text) for block in raw]
    signs = _Signs(raw, [s if v else 0.0 for s, v in zip(sizes, votes, strict=True)])
    found = []
    for i, block in enumerate(raw):
        call, named = phrase(block.text) or _phrase_of_links(block), signs.of(block.element)
        # In the midst of the text a line may say by itself that it is not of it. Not by being a
        # link: so do the items of a digest.
        is_aside = by_place and (named is not None or (call is not None and sizes[i] < PROSE))
        evidence = Evidence(
            size=sizes[i],
            voted=votes[i] and not is_aside,
            by_place=by_place,
            phrase=call,
            sign=named,
            linked=min(1.0, block.linked / max(1, len(block.text))),
            hidden=block.hidden and not is_revealed,
        )
        found.append(evidence)
    return found


def weights(raw: Sequence[RawBlock], values: Iterable[float]) -> dict[Any, float]:
    """For each element the sum of the values of the blocks in it."""
    found: dict[Any, float] = defaultdict(float)
    for block, value in zip(raw, values, strict=True):
        element = block.element if value else None
        while element is not None:
            found[element] += value
            element = element.getparent()
    return found


def _is_revealed(raw: Sequence[RawBlock]) -> bool:
    """Whether the text itself is hidden at first and shown by a script or behind a button."""
    prose = {True: 0.0, False: 0.0}
    for block in raw:
        if _is_prose(block):
            prose[block.hidden] += size(block.text)
    return prose[False] < TEASER and prose[True] > REVEALED * max(prose[False], PROSE)


def _phrase_of_links(block: RawBlock) -> Finding | None:
    """The rule that a link of a line of links fits: a menu or a footer written in one line."""
    if not _is_menu(block):
        return None
    found = (phrase(text) for text in _LINK_TEXT.findall(block.markdown))
    return next((f for f in found if f and f.is_whole), None)


def _votes(
    raw: Sequence[RawBlock], tree: Any, body: str | None, is_revealed: bool
) -> tuple[bool, list[bool]]:
    """Whether each block is taken for main text, and whether the place of the prose alone says so.

    Where most of the prose stands in one element, nobody else is asked. Else trafilatura's own
    extraction says it, and where that leaves much of the prose out, with what it has to fall back
    on. What structured data gives as the text is main text, too.
    """
    given = body.splitlines() if body and size(body) > 50 else []  # shorter ones are teasers
    shown = [is_revealed or not block.hidden for block in raw]
    prose = [
        size(block.text) if is_shown and _is_prose(block) else 0.0
        for block, is_shown in zip(raw, shown, strict=True)
    ]
    if (element := _element_of_text(raw, prose)) is not None:
        stated = _agreed(raw, given)
        placed = _lines_of(element, raw, prose, shown)
        return True, [a or b for a, b in zip(placed, stated, strict=True)]
    votes: list[bool] = []
    seen = tree if is_revealed else _without_hidden(tree)
    for fast in (True, False):
        votes = _agreed(raw, _main_lines(seen, fast) + given)
        found = sum(size(block.text) for block, vote in zip(raw, votes, strict=True) if vote)
        if found >= MOST * sum(prose):
            break
    return False, votes


def _element_of_text(raw: Sequence[RawBlock], prose: Sequence[float]) -> Any:
    """The one element whose paragraphs are most of the page's prose; null: there is none."""
    words: dict[Any, float] = defaultdict(float)
    for block, size_ in zip(raw, prose, strict=True):
        if size_ and (parent := block.element.getparent()) is not None:
            words[parent] += size_
    best = max(words, key=words.__getitem__, default=None)
    is_evident = best is not None and words[best] >= max(EVIDENT * sum(prose), EVIDENT_WORDS)
    return best if is_evident else None


def _lines_of(
    element: Any, raw: Sequence[RawBlock], prose: Sequence[float], shown: Sequence[bool]
) -> list[bool]:
    """Whether each block stands in the element, from a little before its prose to a little behind."""
    within = set(element.iter())
    inside = [block.element in within for block in raw]
    lines = [i for i, size_ in enumerate(prose) if size_ and inside[i]]
    span = range(lines[0] - BEFORE, lines[-1] + BEHIND + 1)
    return [
        is_in
        and i in span
        and shown[i]
        and block.kind != "caption"
        and block.linked < ONLY_LINKS * len(block.text)
        for i, (block, is_in) in enumerate(zip(raw, inside, strict=True))
    ]


def _is_menu(block: RawBlock) -> bool:
    return block.linked >= MENU * len(block.text)


def _is_prose(block: RawBlock) -> bool:
    return block.kind != "caption" and not _is_menu(block) and size(block.text) >= PROSE


def _agreed(raw: Sequence[RawBlock], lines: list[str]) -> list[bool]:
    """Whether each block stands in the lines of a text."""
    if not lines:
        return [False] * len(raw)
    whole = {_letters(line) for line in lines}
    text = "\n".join(whole)
    votes = []
    for block in raw:
        letters = _letters(block.text)
        votes.append(letters in whole or (len(letters) >= WHOLE_LINE and letters in text))
    return votes


def _without_hidden(tree: Any) -> Any:
    """The tree, or a copy of it without the elements that are not shown at first."""
    places = {place for place, element in enumerate(tree.iter()) if hides(element)}
    if not places:
        return tree
    shown = copy.deepcopy(tree)
    for element in [e for place, e in enumerate(shown.iter()) if place in places]:
        if element.getparent() is not None:
            element.drop_tree()
    return shown


def _main_lines(tree: Any, fast: bool) -> list[str]:
    """The lines that trafilatura takes for the main text; the tree stays as it is."""
    document = trafilatura.bare_extraction(
        tree,
        include_comments=False,
        include_tables=True,
        deduplicate=False,  # its memory is the process's: a page read twice would be empty
        with_metadata=False,
        fast=fast,
    )
    return str(getattr(document, "text", None) or "").splitlines()


def _letters(text: str) -> str:
    bare = text.translate(_NO_LETTERS) if text.isascii() else re.sub(r"[\W_]+", "", text)
    return bare.lower()


class _Signs:
    """The sign of the nearest container that has one, remembered for each element."""

    def __init__(self, raw: Sequence[RawBlock], main: Sequence[float]) -> None:
        self._total = sum(main) or 1.0
        self._main = weights(raw, main)
        self._by_name: dict[str, float] = defaultdict(float)
        for element, weight in self._main.items():
            if weight and (name := _name(element)):
                self._by_name[name] += weight
        self._known: dict[Any, Finding | None] = {}

    def of(self, element: Any) -> Finding | None:
        path = []
        while element is not None and element not in self._known:
            path.append(element)
            element = element.getparent()
        found = self._known[element] if element is not None else None
        for inner in reversed(path):
            own = _sign(inner)
            if own and self._is_void(inner):
                own = None
            # A pop-up stays one whatever is in it; else the innermost sign says it best.
            if own and not (found and found.reason is Reason.POPUP):
                found = own
            self._known[inner] = found
        return found

    def _is_void(self, element: Any) -> bool:
        weight = max(self._main.get(element, 0.0), self._by_name.get(_name(element), 0.0))
        return weight > VOID_SHARE * self._total


def _name(element: Any) -> str:
    names, own = element.get("class") or "", element.get("id")
    return f"{names} {own}".strip() if own else names.strip()


def _sign(element: Any) -> Finding | None:
    tag = element.tag
    if tag in ("body", "html", "main", "article"):
        return None
    name = _name(element)
    if name and (reason := sign(name)):
        return Finding(reason, "container", name[:80], container=element)
    if (role := element.get("role")) in ROLES:
        return Finding(ROLES[role], "container", f"role={role}", container=element)
    if tag in GENERIC:
        return Finding(GENERIC[tag], "container", f"<{tag}>", container=element)
    return None
