"""newsletter-archive: what is kept, and how it is read, searched and exported. See docs/python.md."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.api import Archive
    from archive.model import Article, Block, Reading, Reason, paragraphs
    from archive.search import Filters, Hit

__all__ = ["Archive", "Article", "Block", "Filters", "Hit", "Reading", "Reason", "paragraphs"]

_HOMES = {"Archive": "archive.api", "Filters": "archive.search", "Hit": "archive.search"}


def __getattr__(name: str) -> Any:
    """What `from archive import …` names, imported then: importing a module of ours stays quick."""
    if name not in __all__:
        raise AttributeError(f"module 'archive' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "archive.model")), name)
