"""Steps that decide a block by what stands around it: enclosed, sandwiched, above or behind the text."""

from __future__ import annotations

from collections import defaultdict
from itertools import takewhile

from archive.model import Reason
from crawler.boilerplate import Finding
from crawler.decisions import SPREADING, Decisions
from crawler.evidence import PROSE
from crawler.names import BY

SANDWICH = 60  # words between two pieces of boilerplate
TAG_LINES = 2  # between title and text; more of them are the text
POPUP = 60  # words of the longest paragraph in a pop-up
# Of the text, in copies of its own paragraphs: a template is less than the text around it.
REPEATED_SHARE = 0.5
LINKED_ITEM = 0.5  # share of linked letters from which a list item is a link with a label
TRAILING_HEADINGS = 2  # more headings at the end are a list of their own
BELOW_TITLE = 6  # blocks in which a title has its date or byline


def keep_voted(work: Decisions) -> None:
    for i in work.open():
        work.kept[i] = work.evidence[i].voted


def keep_enclosed_headings(work: Decisions) -> None:
    """A heading between two kept blocks of its own container is one of the text."""
    for i in range(1, len(work.raw) - 1):
        if work.raw[i].kind != "heading" or not work.is_unexplained(i):
            continue
        is_within = work.home(i - 1) is work.home(i) is work.home(i + 1)
        if is_within and work.kept[i - 1] and work.kept[i + 1]:
            work.keep(i)


def keep_digests(work: Decisions) -> None:
    """Of a list of links with a word about each, between two paragraphs that are kept: all, if any."""
    is_item = [block.kind == "list-item" for block in work.raw]
    for before in range(len(work.raw) - 2):
        if is_item[before] or not (work.kept[before] and is_item[before + 1]):
            continue
        items = list(takewhile(is_item.__getitem__, range(before + 1, len(work.raw))))
        after = items[-1] + 1
        links = [work.evidence[i].linked for i in items]
        is_digest = all(links) and sum(links) < LINKED_ITEM * len(links)
        is_within = after < len(work.raw) and work.kept[after]
        if is_digest and is_within and any(work.kept[i] for i in items):
            for i in items:
                evidence = work.evidence[i]
                if work.has_rule(i, "classifier") and not (evidence.phrase or evidence.sign):
                    work.keep(i)


def remove_head_lines(work: Decisions) -> None:
    """Between title and text: tag lines, captions in plain containers, kickers.

    A tag line is one or two lines; more of them are the text: verses, a programme, a list.
    """
    prose = work.first_prose()
    if prose >= len(work.raw):
        return
    lines = [
        i
        for i in range(prose)
        if i not in work.forced
        and work.is_line(i)
        and (
            (work.kept[i] and work.raw[i].kind == "paragraph")
            or (work.is_unexplained(i) and work.is_beside(i, prose))
        )
    ]
    if sum(work.kept[i] for i in lines) > TAG_LINES:
        return
    titles = [i for i in range(prose) if work.has_rule(i, "title-repeated")]
    below = [i for i in range(titles[-1] if titles else prose, prose) if work.is_tag_line(i)]
    for i in sorted({*lines, *below[-TAG_LINES:]}):
        work.remove(i, Finding(Reason.CAPTION, "line-above-text", work.raw[i].text))


def remove_link_lists(work: Decisions) -> None:
    """Lists of links in the midst of prose lead elsewhere, unless a line introduces them."""
    first, last = work.first_prose(), work.last_prose()
    linked = [_is_linked_item(work, i) for i in range(len(work.raw))]
    total = sum(work.evidence[i].size for i, is_kept in enumerate(work.kept) if is_kept)
    if sum(work.evidence[i].size for i, is_link in enumerate(linked) if is_link) > total / 4:
        return  # a digest: the links are the text
    i = first
    while i < last:
        end = i
        while end < last and linked[end]:
            end += 1
        is_whole = work.raw[i - 1].kind != "list-item" and work.raw[end].kind != "list-item"
        if end - i >= 2 and is_whole:  # some linked items of a list of text are text
            before = work.raw[i - 1]
            is_introduced = before.text.endswith((":", "：")) and work.kept[i - 1]
            for k in range(i, end):
                if is_introduced:
                    if work.has_rule(k, "classifier"):
                        work.keep(k)
                elif work.kept[k] and k not in work.forced and before.kind != "heading":
                    work.remove(k, Finding(Reason.RELATED, "list-of-links", work.raw[k].text))
        i = max(end, i + 1)


def _is_linked_item(work: Decisions, i: int) -> bool:
    return work.raw[i].kind == "list-item" and work.evidence[i].linked >= LINKED_ITEM


def remove_repeated(work: Decisions) -> None:
    """Prose that stands on the page again, to the letter: once more is a copy, thrice a template.

    A text made of its own repetitions is left as it is.
    """
    seen: dict[str, list[int]] = defaultdict(list)
    for i, is_kept in enumerate(work.kept):
        if is_kept and work.evidence[i].size >= PROSE and i not in work.forced:
            seen[work.raw[i].text].append(i)
    copies = [i for places in seen.values() if len(places) > 1 for i in places]
    total = sum(work.evidence[i].size for i, is_kept in enumerate(work.kept) if is_kept)
    if sum(work.evidence[i].size for i in copies) > REPEATED_SHARE * total:
        return
    for places in seen.values():
        is_template = len(places) > 2
        reason = Reason.PROMOTION if is_template else Reason.OUTSIDE
        for i in places if is_template else places[1:]:
            found = Finding(reason, "repeated-on-page", f"{len(places)} times")
            if is_template and i and work.kept[i - 1] and work.raw[i - 1].kind == "heading":
                work.remove(i - 1, found)
            work.remove(i, found)


def remove_next_articles(work: Decisions) -> None:
    """A further h1 with a date or a byline under it begins another article."""
    for i in range(work.first_prose() + 1, len(work.raw)):
        if work.raw[i].level != 1 or not work.is_open(i):
            continue
        below = range(i + 1, min(i + 1 + BELOW_TITLE, len(work.raw)))
        if any(work.is_dateline(k) or BY.match(work.raw[k].text) for k in below):
            for k in range(i, len(work.raw)):
                if work.is_open(k):
                    work.remove(k, Finding(Reason.RELATED, "next-article", work.raw[i].text))
            return


def remove_sandwiched(work: Decisions) -> None:
    """What stands between two pieces of boilerplate is one of them."""
    i = 0
    while i < len(work.raw):
        if not work.kept[i]:
            i += 1
            continue
        end = i
        while end < len(work.raw) and work.kept[end]:
            end += 1
        before = work.boilerplate(i - 1)
        after = work.boilerplate(end)
        run = range(i, end)
        if (
            before
            and after
            and {before.reason, after.reason} <= SPREADING
            and sum(work.evidence[k].size for k in run) <= SANDWICH
            and not any(work.is_prose(k) for k in run)
            and not any(k in work.forced for k in run)
            and i > work.first_prose()
            and (end > work.last_prose() or (len(run) <= 2 and before.reason == after.reason))
        ):
            for k in run:
                work.remove(k, Finding(before.reason, "between", f"{before.rule}, {after.rule}"))
        i = end


def remove_tail(work: Decisions) -> None:
    """Behind the last prose: lines next to boilerplate, and all that follows a close button."""
    last = work.last_prose()
    closing = next(
        (
            i
            for i in range(last + 1, len(work.raw))
            if (f := work.findings[i]) and f.rule == "close-button" and len(work.raw[i].text) == 1
        ),
        None,
    )
    if closing is not None:
        _remove_popup(work, closing)
    _remove_after_related(work, last)
    for i in range(len(work.raw) - 1, last, -1):
        is_decided = work.findings[i] is not None or i in work.forced
        if is_decided or work.raw[i].kind in ("quote", "code"):
            continue
        if work.raw[i].kind == "list-item" and not _is_last_of_list(work, i):
            continue
        after = work.boilerplate(i + 1)
        if after and work.is_line(i) and after.reason in SPREADING:
            work.remove(i, Finding(after.reason, "before", f"{after.rule}: {after.evidence}"[:80]))


def _is_last_of_list(work: Decisions, i: int) -> bool:
    """Whether all other items of the list that a block is in have been removed, and there are some."""
    group = work.raw[i].element.getparent()
    others = [
        work.kept[k]
        for k, block in enumerate(work.raw)
        if k != i and block.element.getparent() is group
    ]
    return bool(others) and not any(others)


def _remove_after_related(work: Decisions, last: int) -> None:
    """Teasers under a heading such as "More from us", at the end."""
    heading: Finding | None = None
    for i in range(last + 1, len(work.raw)):
        finding = work.findings[i]
        if finding and finding.rule in ("related-heading", "related-start", "comments-heading"):
            heading = finding
        elif heading and work.kept[i] and i not in work.forced:
            work.remove(i, Finding(heading.reason, "under", heading.evidence))


def _remove_popup(work: Decisions, closing: int) -> None:
    """A pop-up at the end of the page: from its close button on, up to another kind of thing."""
    for i in range(closing, len(work.raw)):
        finding = work.findings[i]
        if work.evidence[i].size > POPUP or i in work.forced:
            return
        if finding and finding.reason not in (
            Reason.POPUP, Reason.SUBSCRIBE, Reason.LEGAL, Reason.PROMOTION, Reason.OUTSIDE,
        ):  # fmt: skip
            return
        if finding and finding.rule in ("copyright", "legal-link"):
            return
        rule = finding.rule if finding else "after-close-button"
        evidence = finding.evidence if finding else work.raw[closing].text
        work.remove(i, Finding(Reason.POPUP, rule, evidence))


def drop_empty_headings(work: Decisions) -> None:
    """A heading at the end of the text heads something that was removed."""
    kept = [i for i, is_kept in enumerate(work.kept) if is_kept]
    trailing = list(takewhile(lambda i: work.raw[i].kind == "heading", reversed(kept)))
    if len(trailing) > TRAILING_HEADINGS:
        return
    for i in trailing:
        if i not in work.forced:
            after = next((f for f in work.findings[i + 1 :] if f), None)
            reason = after.reason if after else Reason.NAVIGATION
            work.remove(i, Finding(reason, "heading-without-text", work.raw[i].text))
