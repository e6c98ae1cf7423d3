"""Steps that remove what mailers put around an issue: heads of forwarding, previews, how to leave."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

from archive.model import Reason
from crawler import letter
from crawler.boilerplate import Finding
from crawler.decisions import Decisions
from crawler.evidence import MENU, PROSE, weights
from crawler.extraction import RawBlock

LEAVING = 60  # words of the longest paragraph that is about leaving
FOOT = 0.6  # of an issue's words, before which no foot begins
BELOW = 40  # words of the longest paragraph below the link to leave by
# Letters without width or ink by which a preview is filled up, so that no text follows it in an inbox.
_FILLING = re.compile(
    r"(?:[\u00ad\u034f\u061c\u115f\u17b4\u180e\u2000-\u200f\u2800\u3164\ufeff]\s*){8,}"
)
# How mail hides a preview: what displays nothing, or at no size.
_TINY = re.compile(
    r"mso-hide\s*:\s*all|(?:max-)?height\s*:\s*[01](?:px)?\s*(?:;|!|$)|font-size\s*:\s*[01](?:px)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0?\.?0\s*(?:;|!|$)",
    re.I,
)
_NAMES = re.compile(r"\b(?:preheader|preview(?:-?text)?|pre-header)\b", re.I)
PREVIEW = 60  # words of the longest preview; inboxes show some 20
WEB_VERSION = 12  # words of the longest line with the link to the web version
ANSWER = 8  # words of the longest answer of a poll
PITCH = 5  # blocks between the heading of a referral programme and its link
PITCH_WORDS = 40  # of the longest of them
SUPPORT = 12  # words of the longest line that only asks for money
# Where readers pay what they like; a link there is no source of an article.
SUPPORT_HOSTS = (
    "patreon.com", "ko-fi.com", "buymeacoffee.com", "liberapay.com", "steadyhq.com", "steady.page",
    "opencollective.com", "tipeee.com", "paypal.me",
)  # fmt: skip
_TARGET = re.compile(r"\]\((?:https?://)(?:www\.)?([^/)]+)")


def remove_forwarded_heads(work: Decisions) -> None:
    """From, Date, Subject and To of the mails that this one forwards."""
    for i in letter.forwarded(work.raw):
        if work.is_open(i):
            work.remove(i, Finding(Reason.NAVIGATION, "forwarded-head", work.raw[i].text[:80]))


def remove_preheader(work: Decisions) -> None:
    """The hidden text that an inbox shows beside the subject: all in front of what the mail shows."""
    sizes = weights(work.raw, [evidence.size for evidence in work.evidence])
    for i in work.open():
        if not (work.raw[i].hidden or _is_preview(work.raw[i], sizes)):
            return
        work.remove(i, Finding(Reason.PREHEADER, "hidden-preview", "not shown in the mail"))


def _is_preview(block: RawBlock, sizes: dict[Any, float]) -> bool:
    """Whether a text is filled up, or in an element that is too small to be seen."""
    if _FILLING.search(block.text):
        return True
    element: Any = block.element
    while element is not None and sizes[element] <= PREVIEW:
        name = f"{element.get('class')} {element.get('id')}"
        if _TINY.search(element.get("style") or "") or _NAMES.search(name):
            return True
        element = element.getparent()
    return False


def remove_web_version(work: Decisions) -> None:
    """Lines with the link to the issue on the web."""
    for i in work.open():
        is_line = work.evidence[i].size <= WEB_VERSION and work.raw[i].linked
        if is_line and (said := letter.says("web-version", work.raw[i].text)):
            work.remove(i, Finding(Reason.NAVIGATION, "web-version", said))


def remove_leaving(work: Decisions) -> None:
    """Lines with the link to unsubscribe or to change preferences."""
    for i in work.open():
        size = work.evidence[i].size
        is_notice = size < PROSE or (size <= LEAVING and work.raw[i].linked)
        if is_notice and (said := letter.says("leaving", work.raw[i].text)):
            work.remove(i, Finding(Reason.LEGAL, "leaving", said, is_whole=True))


def remove_answers(work: Decisions) -> None:
    """The links by which a reader answers what an issue asks of itself."""
    for i in range(len(work.raw) - 1):
        if not (finding := work.findings[i]) or finding.rule not in ("poll", "referral"):
            continue
        for k in range(i + 1, len(work.raw)):
            if work.evidence[k].linked < MENU or work.evidence[k].size > ANSWER:
                break
            if work.is_open(k):
                work.remove(k, Finding(finding.reason, "answer", work.raw[i].text[:80]))


def remove_pitches(work: Decisions) -> None:
    """What stands between the heading of a referral programme and the links to share."""
    for i in range(1, len(work.raw)):
        if not work.has_rule(i, "referral"):
            continue
        pitch = list(range(max(0, i - PITCH), i))
        headings = [k for k in pitch if work.raw[k].kind == "heading"]
        section = range(headings[-1], i) if headings else range(0)
        if any(work.evidence[k].size > PITCH_WORDS or k in work.forced for k in section):
            continue
        for k in section:
            if work.is_open(k):
                work.remove(k, Finding(Reason.PROMOTION, "above-referral", work.raw[i].text[:80]))


def remove_support(work: Decisions) -> None:
    """Lines that are a link to where readers pay what they like."""
    for i in work.open():
        block = work.raw[i]
        if work.evidence[i].linked < MENU or work.evidence[i].size > SUPPORT:
            continue
        hosts = _TARGET.findall(block.markdown)
        if hosts and all(host.endswith(SUPPORT_HOSTS) for host in hosts):
            work.remove(i, Finding(Reason.PROMOTION, "support-link", hosts[0]))


def remove_foot(work: Decisions) -> None:
    """What stands below the link to leave by, at the end: addresses, notices, links of the sender."""
    sizes = [evidence.size for evidence in work.evidence]
    above = [0.0, *accumulate(sizes)]
    leaving = (i for i in range(len(sizes)) if work.has_rule(i, "leaving"))
    foot = next((i for i in leaving if _is_at_end(above, i)), len(sizes))
    for i in range(foot, len(sizes)):
        if work.is_open(i) and sizes[i] <= BELOW:
            work.remove(i, Finding(Reason.LEGAL, "below-leaving", work.raw[foot].text[:80]))


def _is_at_end(above: list[float], i: int) -> bool:
    """Whether little stands below a block; `above`: the words above each."""
    return above[i] >= FOOT * above[-1] or above[-1] - above[i + 1] <= LEAVING


def remove_headings(work: Decisions) -> None:
    """Headings of what was removed: of the referral programme, of the poll."""
    for i in range(len(work.raw) - 1):
        below = work.findings[i + 1]
        if not (work.kept[i] and work.raw[i].kind == "heading" and below) or i in work.forced:
            continue
        rest = range(i + 1, len(work.raw))
        following = next((k for k in rest if work.kept[k] or work.raw[k].kind == "heading"), None)
        if following is None or work.raw[following].kind == "heading":
            found = Finding(below.reason, "heading-without-text", work.raw[i].text)
            work.remove(i, found)
