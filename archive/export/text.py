"""Plain text: the main text alone, as corpus tools read it; what is known of it is in metadata.tsv."""

from __future__ import annotations

from collections.abc import Iterable

from archive.model import Article, Block


def document(article: Article, blocks: Iterable[Block]) -> bytes:
    """The text, its paragraphs separated by one empty line, and a line feed at its end."""
    return f"{article.text}\n".encode()
