"""Bytes of a page → its reading: the one place that puts the pure steps together."""

from __future__ import annotations

from collections.abc import Sequence

from archive.model import Fault, Reading, main_text
from crawler import cleaning, extraction, rights, walls
from crawler.cleaning import SiteRules
from crawler.encoding import decode
from crawler.language import detect
from crawler.metadata import read_metadata

EXTRACTOR = "2"  # raised whenever the same bytes may give another reading


def read(
    body: bytes,
    url: str,
    headers: Sequence[tuple[str, str]] = (),
    rules: SiteRules = SiteRules(),  # noqa: B008 - frozen
    language: str | None = None,
) -> Reading | Fault:
    """The article of a page, or why it is none. `language` is what the source is said to be in."""
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    decoded = decode(body, content_type)
    try:
        tree = extraction.parse(decoded.text, url)
    except extraction.NoMarkup as error:
        return Fault("empty", str(error))
    raw = extraction.blocks(tree, url)
    page = read_metadata(tree, url, raw)
    blocks = cleaning.clean(raw, page, tree, rules)
    is_declared = cleaning.declares_article(page)
    if fault := (
        walls.find(tree, url, page.title, blocks, is_article=is_declared)
        or cleaning.is_article(blocks, page)
    ):
        return fault
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
        alternates=page.alternates,
        signals=rights.page_signals(tree, headers),
        warnings=(decoded.warning,) if decoded.warning else (),
        extractor=EXTRACTOR,
    )
