"""What a page is called: the heading a reader sees, set against the titles its head states.

Each rule was counted on the pages of ../shared/bench that it helps and harms, by site.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive import urls
from crawler.headings import RELATED, Heading, fold, overlap, read_headings
from crawler.structured import Head, plain

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

# Between title, section and site in a stated title.
SEPARATOR = re.compile(r"\s+[-–—:/«»~•·]+\s+|\s*[|｜│›]+\s*|:\s+")
BAR = re.compile(r"[|｜│•]")
# The same where words have no spaces around them: titles in Chinese, Japanese, Korean.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SEPARATOR_UNSPACED = re.compile(r"\s*[-–—_|｜│ㅣ：]+\s*|:\s+")
# The longest part that is taken for a site's name where nothing says what that is.
SITE_WORDS = 4
SITE_LETTERS_UNSPACED = 8
# Letters from which a part that begins or ends as the site's name does is the site's.
SITE_LETTERS = 4
# What WordPress put between site and title before version 2.7, folded.
BLOG_ARCHIVE = frozenset({"blogarchive", "blogarchiv"})
# A kicker that a stated title joins with a dash is the template's, one before a colon the author's.
DASH = re.compile(r"\s[-–—|]\s$")
# By so much more of its words must a later heading be stated, to be the title and not the first.
BETTER = 0.3
# So many h1 that the head states nothing of are the headings of sections: an issue of a newsletter.
SECTIONS = 3


LETTERS = 2_000  # of a title in the head, at most: no headline of a page has a tenth of it


@dataclass(frozen=True, slots=True)
class Titles:
    """The title, and all that it is given as: what of it stands above the text is a repetition."""

    title: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stated:
    """The titles in a page's head, empty where it gives none."""

    shared: str  # og:title
    headline: str  # of JSON-LD
    social: str  # twitter:title
    window: str  # <title>

    def all(self) -> list[str]:
        return [t for t in (self.shared, self.headline, self.social, self.window) if t]


def read_titles(
    head: Head, tree: Any, url: str, blocks: Sequence[RawBlock], site_name: str | None
) -> Titles:
    """The title of a page, empty where it has none."""
    raw = _stated(head, tree)
    found = read_headings(blocks, url, raw.all())
    names = _site_names(url, site_name, head.meta("application-name"), *found.of_site)
    headings = [h for h in found.of_page if fold(h.text) not in names]
    stated = _Stated(
        *(
            _without_site(
                title,
                headings,
                {fold(t) for t in raw.all() if t != title},
                names,
                is_sure=raw.shared == raw.headline == title,
            )
            for title in (raw.shared, raw.headline, raw.social, raw.window)
        )
    )
    heading = _heading(headings, stated)
    title = _choose(heading, stated)
    said = [title, *stated.all()]
    like = (text for text in found.first_level if overlap(text, said) >= RELATED)
    variants = (title, heading, *stated.all(), *raw.all(), *like)
    return Titles(title, tuple(dict.fromkeys(t for t in variants if t)))


def _stated(head: Head, tree: Any) -> _Stated:
    headlines = (plain(h) for i in head.articles if isinstance(h := i.get("headline"), str))
    element = tree.find(".//title")
    window = "".join(element.itertext()) if element is not None else ""
    return _Stated(
        shared=(head.meta("og:title") or "")[:LETTERS],
        headline=next((h for h in headlines if h), "")[:LETTERS],
        social=(head.meta("twitter:title") or "")[:LETTERS],
        window=plain(window[: 2 * LETTERS])[:LETTERS],  # with its white space
    )


def _choose(heading: str, stated: _Stated) -> str:
    """The heading, but for what is not the title of anything, or typeset by a template."""
    titles = stated.all()
    if not heading:
        return titles[0] if titles else ""
    # A menu's or a section's heading: the head says another thing, and says it twice or more.
    said = [fold(t) for t in titles]
    if not overlap(heading, titles) and any(said.count(key) > 1 for key in said):
        return titles[0]
    keys = [fold(heading), fold(stated.shared), fold(stated.headline)]
    # Three titles, none like another: the headline is the newsroom's (3 sites; the heading on none),
    # unless it is a section's name, or the heading without its kicker.
    if all(keys) and len(set(keys)) == len(keys) and keys[2] not in keys[0]:
        others = [heading, stated.shared]
        return stated.headline if overlap(stated.headline, others) else heading
    # Newsrooms that write JSON-LD keep the title as it was typed in og:title and in <title>, and
    # have a template set its quotation marks (4 sites to 1); on other pages the heading is as typed
    # (7 to 1).
    if stated.headline and keys[0] == keys[1] and stated.window in ("", stated.shared):
        return stated.shared
    return heading


def _heading(headings: Sequence[Heading], stated: _Stated) -> str:
    """The heading, or the part of it, that is the title; empty where there is none."""
    for title in stated.all():
        for heading in headings:
            if fold(heading.text) == fold(title):
                return _typed(heading, title)
        for heading in headings:
            for part in heading.parts:
                if fold(part) == fold(title):
                    return part
    for title in (stated.shared, stated.headline):
        if title and any(fold(_without_first(h.text)) == fold(title) for h in headings):
            return title
    if not headings:
        return ""
    titles = stated.all()
    best = max(headings, key=lambda h: overlap(h.text, titles))
    likeness = overlap(best.text, titles)
    if len(headings) >= SECTIONS and likeness < RELATED and titles:
        return ""
    is_better = likeness > overlap(headings[0].text, titles) + BETTER
    return (best if is_better else headings[0]).bare


def _typed(heading: Heading, title: str) -> str:
    """A heading that a stated title repeats; the punctuation between its parts is the latter's."""
    kicker = title[: len(title) - len(heading.bare)]
    if heading.bare != heading.text and DASH.search(kicker):
        return heading.bare
    is_as_long = len(title) == len(heading.text)
    return title if heading.parts and not is_as_long else heading.text


def _without_first(text: str) -> str:
    spans = _spans(text)
    return text[spans[1][0] :] if len(spans) > 1 else ""


def _site_names(url: str, *given: str | None) -> frozenset[str]:
    """What the site is called, folded: by its pages, and by its address."""
    host = urls.site(url)
    names = {fold(name) for name in (host, host.split(".")[0], *given) if name}
    return frozenset(names - {""}) | BLOG_ARCHIVE


def _without_site(
    title: str,
    headings: Sequence[Heading],
    others: set[str],
    names: frozenset[str],
    *,
    is_sure: bool,
) -> str:
    """`Title | Section | Site` → `Title`: by what else the page says, by the site's name, by form.

    By form only where it is not `is_sure` that the whole is the title.
    """
    spans = _spans(title)
    if len(spans) < 2 or any(fold(h.text) == fold(title) for h in headings):
        return title
    known = others | {fold(text) for h in headings for text in (h.text, h.bare)}
    for size in range(len(spans) - 1, 0, -1):
        for start in (0, len(spans) - size):
            run = title[spans[start][0] : spans[start + size - 1][1]]
            if fold(run) in known - names:
                return run
    named = _without_name(title, spans, names)
    return named or (title if is_sure else _without_last(title, spans, names))


def _without_name(title: str, spans: list[tuple[int, int]], names: frozenset[str]) -> str | None:
    """The title without the parts that are the site's name; null where none is."""
    keys = [fold(title[start:end]) for start, end in spans]
    first = next((i for i, key in enumerate(keys) if key not in names), 0)
    if first:
        return title[spans[first][0] :]
    last = next((i for i, key in enumerate(keys) if i and key in names), None)
    if last:
        return title[: spans[last - 1][1]]
    if _is_like(keys[-1], names):
        return title[: spans[-2][1]]
    if _is_like(keys[0], names):
        return title[spans[1][0] :]
    return None


def _is_like(key: str, names: frozenset[str]) -> bool:
    """Whether a part begins or ends as the site's name does: `BBC News Online` on `BBC News`."""
    return len(key) >= SITE_LETTERS and any(
        key.startswith(name) or key.endswith(name) or name.startswith(key)
        for name in names
        if len(name) >= SITE_LETTERS
    )


def _without_last(title: str, spans: list[tuple[int, int]], names: frozenset[str]) -> str:
    """The title without a short last part, where that looks like the name of a site."""
    rest, last = title[: spans[-2][1]], title[spans[-1][0] :]
    separator = title[spans[-2][1] : spans[-1][0]]
    if UNSPACED.search(title):
        return rest if len(last) <= SITE_LETTERS_UNSPACED else title
    is_short = len(last.split()) <= SITE_WORDS
    if is_short and BAR.search(separator):
        return rest
    # Without a bar it may be a subtitle: not where the site's name is known to be another.
    is_known = len(names - BLOG_ARCHIVE) > 2
    if is_short and not is_known and ":" not in separator and len(last) < len(rest):
        return rest
    return title


def _spans(title: str) -> list[tuple[int, int]]:
    """Where the parts of a title begin and end."""
    pattern = SEPARATOR_UNSPACED if UNSPACED.search(title) else SEPARATOR
    found, start = [], 0
    for match in pattern.finditer(title):
        if match.start() > start:
            found.append((start, match.start()))
        start = match.end()
    if start < len(title):
        found.append((start, len(title)))
    return found
