"""Bytes of a page → its reading: the one place that puts the pure steps together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from archive.model import Block, Fault, Reading, main_text
from crawler import cleaning, extraction, parsing, rights, walls
from crawler.cleaning import SiteRules
from crawler.encoding import decode
from crawler.extraction import RawBlock
from crawler.language import detect
from crawler.letter import (
    Letter,
    alternative_texts,
    has_images,
    letter_of,
    not_an_issue,
    of_letter,
    with_forwarded,
    with_secrets,
)
from crawler.link_headers import translations
from crawler.metadata import Metadata, read_metadata


def read(
    body: bytes,
    url: str,
    headers: Sequence[tuple[str, str]] = (),
    rules: SiteRules = SiteRules(),  # noqa: B008 - frozen
    language: str | None = None,
    letter: Letter | None = None,
    captured: datetime | None = None,
) -> Reading | Fault:
    """The article of a page, or why it is none. `language` is what the source is said to be in.

    `letter`: what the head of a mail says; null for a page, which may be a mail that was saved.
    No date is later than when the page was `captured`, nor is that moment taken for one.
    """
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    decoded = decode(body, content_type)
    try:
        tree = parsing.parse(decoded.text)
    except parsing.TooManyElements as error:
        return Fault("too-large", str(error), permanent=True)
    except parsing.NoMarkup as error:
        return Fault("empty", str(error))
    raw, page, letter = _opened(tree, url, letter or letter_of(tree), captured)
    blocks = cleaning.clean(raw, page, tree, rules, is_mail=letter is not None)
    form: Literal["images"] | None = None
    if fault := _fault(tree, url, page, blocks, letter):
        if not letter or fault.kind == "not-an-issue" or not has_images(tree):
            return fault
        form = "images"
        blocks += alternative_texts(tree, letter)
    stated = () if letter else translations(headers, url)
    prose = tuple(block for block in blocks if block.kind != "code")
    detected = detect(main_text(prose), page.declared_language or language)
    return Reading(
        title=page.title,
        blocks=blocks,
        declared_url=page.declared_url,
        authors=page.authors,
        published=page.published,
        modified=page.modified,
        language=detected.code,
        language_confidence=detected.confidence,
        declared_language=page.declared_language,
        description=page.description,
        image=page.image,
        tags=page.tags,
        access=page.access,
        form=form,
        alternates=tuple(dict.fromkeys((*page.alternates, *stated))),
        signals=rights.page_signals(tree, headers),
        warnings=(decoded.warning,) if decoded.warning else (),
    )


def _opened(
    tree: Any, url: str, letter: Letter | None, captured: datetime | None
) -> tuple[list[RawBlock], Metadata, Letter | None]:
    """The texts and metadata of a page; of a mail without what names its reader."""
    letter = letter and with_secrets(letter, tree)
    raw = extraction.blocks(tree, url, letter.reader if letter else None)
    if letter is None:
        return raw, read_metadata(tree, url, raw, now=captured), None
    original = with_forwarded(letter, raw)
    if original.reader != letter.reader:  # addresses of those it was forwarded to
        raw = extraction.blocks(tree, url, original.reader)
    return raw, of_letter(read_metadata(tree, url, raw, now=captured), original), original


def _fault(
    tree: Any, url: str, page: Metadata, blocks: tuple[Block, ...], letter: Letter | None
) -> Fault | None:
    """Why a page is no article, or a mail no issue; null where it is one."""
    if letter:
        found = not_an_issue(letter, page.title, blocks)
        return found or cleaning.is_article(blocks, page, is_mail=True)
    is_declared = cleaning.declares_article(page)
    wall = walls.find(tree, url, page.title, blocks, is_article=is_declared)
    return wall or cleaning.is_article(blocks, page)
