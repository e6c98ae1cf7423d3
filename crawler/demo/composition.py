"""What stands on an article page: the text and, around and inside it, every kind of boilerplate.

A page is composed once, as data; the templates give it markup, and the expected table is read from
the same data, so that the two cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archive.model import Reason
from crawler.demo.content import Boilerplate, Passage, Post, Publication, to_text

Style = Literal["semantic", "soup"]

# Kinds that a fair reader could take for one another. `outside-main-text` and `repeated-on-site`
# say how a block was found, not what it is, and are not listed.
_ALSO: dict[Reason, frozenset[Reason]] = {
    Reason.SUBSCRIBE: frozenset({Reason.PROMOTION}),
    Reason.PROMOTION: frozenset({Reason.SUBSCRIBE}),
    Reason.PAYWALL: frozenset({Reason.SUBSCRIBE}),
    Reason.POPUP: frozenset({Reason.SUBSCRIBE, Reason.PROMOTION}),
    Reason.SHARE: frozenset({Reason.NAVIGATION}),
    Reason.RELATED: frozenset({Reason.NAVIGATION}),
    Reason.COOKIE_NOTICE: frozenset({Reason.LEGAL}),
    Reason.LEGAL: frozenset({Reason.NAVIGATION}),
    Reason.AUTHOR_BIO: frozenset({Reason.DATELINE}),
}
# In the order of the seed page: subscribe banner, author, pop-up, legal line.
_ORDER_AFTER = (
    Reason.PAYWALL,
    Reason.SUBSCRIBE,
    Reason.PROMOTION,
    Reason.AUTHOR_BIO,
    Reason.SHARE,
    Reason.RELATED,
    Reason.COMMENTS,
    Reason.POPUP,
    Reason.COOKIE_NOTICE,
    Reason.LEGAL,
)
_RELATED_TITLES = 3
_MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio "
    "julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "pt": "janeiro fevereiro março abril maio junho "
    "julho agosto setembro outubro novembro dezembro",
}
_DATE_FORMATS = {
    "de": "{day}. {month} {year}",
    "en": "{month} {day}, {year}",
    "es": "{day} de {month} de {year}",
    "fr": "{day} {month} {year}",
    "pt": "{day} de {month} de {year}",
    "ja": "{year}年{number}月{day}日",
}
_SOUP_DATE_FORMATS = _DATE_FORMATS | {"de": "{month} {day}, {year}"}  # as on the seed page
_BYLINES = {"ja": "文：{}"}


@dataclass(frozen=True)
class Line:
    """One block of boilerplate, with the reasons that are honest for it and what it is."""

    text: str
    reasons: frozenset[Reason]
    article: str | None = None  # the slug of the article it links to
    author: bool = False  # an author's name


@dataclass(frozen=True)
class Part:
    """Boilerplate of one kind."""

    kind: Reason
    lines: tuple[Line, ...]
    title: bool = False  # the article's title, repeated above the text


@dataclass(frozen=True)
class Page:
    """An article page from top to bottom; `body` is the text with what stands inside it."""

    post: Post
    style: Style
    marked_headings: bool  # h2 and h3, else paragraphs in strong emphasis
    before: tuple[Part, ...]
    body: tuple[Passage | Part, ...]
    after: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The main text that must be archived, paragraphs separated by one empty line."""
        passages = (item for item in self.body if isinstance(item, Passage))
        return "\n\n".join(to_text(text) for passage in passages for text in passage.texts)

    @property
    def headings(self) -> tuple[str, ...]:
        """The sub-headings of the text, whatever their markup."""
        return tuple(
            to_text(item.texts[0])
            for item in self.body
            if isinstance(item, Passage) and item.kind == "heading"
        )

    @property
    def removed(self) -> tuple[tuple[str, frozenset[Reason]], ...]:
        """Text of each block of boilerplate from top to bottom, with its acceptable reasons."""
        inside = tuple(item for item in self.body if isinstance(item, Part))
        parts = self.before + inside + self.after
        return tuple((line.text, line.reasons) for part in parts for line in part.lines)


def compose(publication: Publication, post: Post) -> Page:
    """The page of an article.

    Every second article of a language is div soup, every third has a promotion in the middle of
    its text; in half of the div soup the sub-headings are no heading elements.
    """
    edition = publication.edition(post.language)
    number = len(edition) - 1 - next(i for i, p in enumerate(edition) if p.slug == post.slug)
    style: Style = "soup" if number % 2 else "semantic"
    fixed = [b for b in publication.boilerplate if b.language == post.language]
    return Page(
        post=post,
        style=style,
        marked_headings=number % 4 != 3,
        before=_before(fixed, post, style),
        body=_body(fixed, post, number),
        after=_after(fixed, publication, post),
    )


def format_date(date: datetime, language: str, style: Style = "semantic") -> str:
    """The date as readers of the language write it."""
    formats = _SOUP_DATE_FORMATS if style == "soup" else _DATE_FORMATS
    months = _MONTHS.get(language, "").split() or [""] * 12
    return formats[language].format(
        day=date.day, month=months[date.month - 1], number=date.month, year=date.year
    )


def _before(fixed: list[Boilerplate], post: Post, style: Style) -> tuple[Part, ...]:
    given = [b for b in fixed if b.place == "before"]
    parts = [_part(b) for b in given if b.reason == Reason.NAVIGATION]
    title = Line(post.title, frozenset({Reason.NAVIGATION}))
    parts.append(Part(Reason.NAVIGATION, (title,), title=True))
    date = format_date(post.published, post.language, style)
    parts.append(Part(Reason.DATELINE, (Line(date, frozenset({Reason.DATELINE})),)))
    if post.caption:
        caption = Line(post.caption, frozenset({Reason.CAPTION}))
        parts.append(Part(Reason.CAPTION, (caption,)))
    parts += [_part(b) for b in given if b.reason != Reason.NAVIGATION]
    return tuple(parts)


def _body(fixed: list[Boilerplate], post: Post, number: int) -> tuple[Passage | Part, ...]:
    passages = post.passages
    inside = [_part(b) for b in fixed if b.place == "inside"]
    if not inside or number % 3 != 1 or len(passages) < 2:
        return passages
    middle = len(passages) // 2
    promotion = inside[number // 3 % len(inside)]
    return (*passages[:middle], promotion, *passages[middle:])


def _after(fixed: list[Boilerplate], publication: Publication, post: Post) -> tuple[Part, ...]:
    parts = [
        _part(b, related=_related(publication, post) if b.reason == Reason.RELATED else ())
        for b in fixed
        if b.place == "after" and (b.reason != Reason.PAYWALL or post.paywalled)
    ]
    parts.append(_authors(publication, post))
    popup = [_part(b, popup=True) for b in fixed if b.place == "popup"]
    close = Line("×", frozenset({Reason.POPUP}))
    parts.append(Part(Reason.POPUP, (close, *(line for part in popup for line in part.lines))))
    return tuple(sorted(parts, key=lambda part: _ORDER_AFTER.index(part.kind)))


def _authors(publication: Publication, post: Post) -> Part:
    byline = _BYLINES.get(post.language, "{}")
    reasons = _acceptable(Reason.AUTHOR_BIO)
    lines = []
    for author in post.authors:
        lines.append(Line(byline.format(author), reasons, author=True))
        if bio := publication.bios.get((author, post.language)):
            lines.append(Line(bio, frozenset({Reason.AUTHOR_BIO})))
    return Part(Reason.AUTHOR_BIO, tuple(lines))


def _related(publication: Publication, post: Post) -> tuple[Post, ...]:
    edition = publication.edition(post.language)
    here = next(i for i, other in enumerate(edition) if other.slug == post.slug)
    following = edition[here + 1 :] + edition[:here]
    return following[:_RELATED_TITLES]


def _part(b: Boilerplate, popup: bool = False, related: tuple[Post, ...] = ()) -> Part:
    reasons = _acceptable(b.reason) | ({Reason.POPUP} if popup else set())
    lines = [Line(text, reasons) for text in b.lines]
    lines += [Line(other.title, reasons, article=other.slug) for other in related]
    return Part(b.reason, tuple(lines))


def _acceptable(reason: Reason) -> frozenset[Reason]:
    return frozenset({reason}) | _ALSO.get(reason, frozenset())
