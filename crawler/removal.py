"""Steps that remove a block for what it is itself: its container, its phrase, its words.

A phrase is evidence, not a verdict: prose in the middle of the text stays, whatever it speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archive.model import Reason
from crawler.boilerplate import Finding, bare, fold
from crawler.decisions import SHORT, SPREADING, Decisions
from crawler.evidence import MENU, PROSE, weights
from crawler.names import BY

# Sizes in words (see boilerplate.size).
CALL = 30  # the longest call to subscribe that one phrase settles
INNER_CALL = 20  # in the midst of prose, where a sentence may well speak of a newsletter
LONG_CALL = 60  # with two phrases or more
GROUP = 130  # the largest container that one phrase speaks for
BIO = 90

# Reasons whose containers may hold prose of any length.
WORDY = frozenset({Reason.COMMENTS, Reason.RELATED, Reason.AUTHOR_BIO, Reason.POPUP})
# Rules whose findings say nothing of what stands beside them.
LOCAL = frozenset({"container", "hidden", "between"})


def remove_hidden(work: Decisions) -> None:
    """What is not shown at first: pop-ups, menus, templates."""
    for i in work.open():
        if work.evidence[i].hidden:
            sign, phrase = work.evidence[i].sign, work.evidence[i].phrase
            reason = sign.reason if sign else phrase.reason if phrase else Reason.POPUP
            work.remove(i, Finding(reason, "hidden", "not shown at first"))


def remove_titles(work: Decisions) -> None:
    """The title, repeated above the text."""
    prose = work.first_prose()
    for i in work.open():
        text = bare(fold(work.raw[i].text))
        if text in work.titles and (work.raw[i].kind == "heading" or i < prose):
            work.remove(i, Finding(Reason.NAVIGATION, "title-repeated", work.page.title))
    first = next((i for i, f in enumerate(work.findings) if f and f.rule == "title-repeated"), 0)
    if first < prose:
        _remove_above_title(work, first)


def _remove_above_title(work: Decisions, title: int) -> None:
    """Short lines above the title lead elsewhere, whatever they say."""
    for i in range(title):
        phrase = work.evidence[i].phrase
        is_menu = phrase is None or phrase.rule in ("subscribe-button", "navigation-link")
        is_plain = not work.evidence[i].sign and not work.is_dateline(i)
        if work.is_open(i) and work.evidence[i].size <= SHORT and is_menu and is_plain:
            work.remove(i, Finding(Reason.NAVIGATION, "above-title", work.raw[i].text))


def remove_captions(work: Decisions) -> None:
    """Captions of images."""
    for i in work.open():
        if work.raw[i].kind == "caption":
            sign = work.evidence[i].sign
            reason = sign.reason if sign else Reason.CAPTION
            work.remove(i, Finding(reason, "caption", f"<{work.raw[i].element.tag}>"))


def remove_signed(work: Decisions) -> None:
    """What stands in a container whose tag, role or class says what it holds."""
    known: dict[Any, Reason] = {}
    for i in work.open():
        evidence = work.evidence[i]
        sign = evidence.sign
        if not sign:
            continue
        is_prose = evidence.voted and evidence.size >= PROSE and evidence.linked < MENU
        if is_prose and not evidence.phrase and sign.reason not in WORDY:
            continue
        reason = known.get(sign.container) or _reason_within(work, sign)
        known[sign.container] = reason
        work.remove(i, Finding(reason, sign.rule, sign.evidence))


def _reason_within(work: Decisions, sign: Finding) -> Reason:
    """What a container holds: `aside` or "banner" say little, the first phrase in it says more."""
    is_vague = sign.evidence.startswith(("<", "role=")) or sign.reason is Reason.PROMOTION
    if not is_vague:
        return sign.reason
    inside = [
        i for i, e in enumerate(work.evidence) if e.sign and e.sign.container is sign.container
    ]
    if sum(work.evidence[i].size for i in inside) > GROUP:
        return sign.reason
    phrases = (work.evidence[i].phrase for i in inside)
    return next((p.reason for p in phrases if p), sign.reason)


def remove_phrases(work: Decisions) -> None:
    """Calls to subscribe, buttons, notices, datelines: blocks short enough for their phrase.

    Phrases that are too often right in an article are left to the classifier.
    """
    _remove_phrases(work, with_hints=False)


def remove_phrases_of_mail(work: Decisions) -> None:
    """The same in a mail, where no classifier decides: by all phrases."""
    _remove_phrases(work, with_hints=True)


def _remove_phrases(work: Decisions, *, with_hints: bool) -> None:
    prose, last = work.first_prose(), work.last_prose()
    for i in work.open():
        evidence = work.evidence[i]
        if work.is_dateline(i) and (i < prose or i > last or not evidence.voted):
            work.remove(i, Finding(Reason.DATELINE, "date", work.raw[i].text))
            continue
        phrase = evidence.phrase
        if not phrase or (phrase.is_hint and not with_hints):
            continue
        is_edge = not prose < i < last
        longest = LONG_CALL if phrase.hits > 1 else CALL if is_edge else INNER_CALL
        if phrase.is_whole and work.raw[i].kind == "heading" and evidence.voted and not is_edge:
            continue  # "News", "Further reading": a section of the text
        if evidence.size <= longest or not evidence.voted:
            work.remove(i, phrase)


def remove_authors(work: Decisions) -> None:
    """The author's name as a line, and the paragraph about the author that follows it."""
    names = {*work.names, *_joined(work.names)} if work.names else set[str]()
    for i in work.open():
        if bare(fold(BY.sub("", work.raw[i].text.strip()))) in names:
            work.remove(i, Finding(Reason.AUTHOR_BIO, "author-name", work.raw[i].text))
    for i, finding in enumerate(work.findings):
        if not finding or finding.rule != "author-name" or i + 1 >= len(work.raw):
            continue
        following = fold(work.raw[i + 1].text)
        is_bio = any(following.startswith(start) for start in _name_starts(finding.evidence))
        if is_bio and work.is_open(i + 1) and work.evidence[i + 1].size <= BIO:
            work.remove(i + 1, Finding(Reason.AUTHOR_BIO, "about-the-author", finding.evidence))


def spread_over_containers(work: Decisions) -> None:
    """A phrase speaks for the small container around it: the whole banner, the whole list."""
    sizes = weights(work.raw, [e.size for e in work.evidence])
    total = sizes.get(work.raw[0].element.getroottree().getroot(), 0.0) if work.raw else 0.0
    prose = weights(work.raw, [float(work.is_prose(i)) for i in range(len(work.raw))])
    spread: dict[Any, Finding] = {}
    for i, finding in enumerate(work.findings):
        if not finding or finding.reason not in SPREADING or finding.rule in LOCAL:
            continue
        if not finding.is_whole and finding.rule not in ("author-name", "about-the-author"):
            limit = GROUP / 2
        else:
            limit = GROUP
        group = _group(
            work, work.raw[i].element, sizes, prose, finding.reason, min(limit, total / 3)
        )
        if group is not None:
            spread.setdefault(group, finding)
    first = work.first_prose()
    for i in work.open():
        if work.evidence[i].size > SHORT and i <= first and not work.evidence[i].phrase:
            continue  # a lead between the byline and the share buttons
        element = work.raw[i].element
        while element is not None and element not in spread:
            element = element.getparent()
        if element is not None:
            finding = spread[element]
            work.remove(i, Finding(finding.reason, "beside", finding.evidence))


def _group(
    work: Decisions,
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


def _joined(names: Sequence[str]) -> set[str]:
    return {
        joint.join(names) for joint in (", ", " und ", " and ", " et ", " y ", " e ", " & ", "、")
    }


def _name_starts(name: str) -> list[str]:
    """How a paragraph about somebody begins: the first name, the whole name, the family name."""
    plain = fold(BY.sub("", name.strip()))
    words = plain.split()
    starts = [f"{word} " for word in words if len(word) > 1]
    if words and not words[0].isascii():
        starts += [plain, plain[:2]]
    return starts
