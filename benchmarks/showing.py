"""A page block by block: what was decided, and what of that the gold contradicts."""

from __future__ import annotations

from collections.abc import Iterator

from archive.model import Fault
from benchmarks.measures import collapse, holds
from benchmarks.pages import Page
from crawler.reading import read


def show(page: Page) -> Iterator[str]:
    """A line for each block (`!!` where the gold says otherwise), then the snippets that are wrong."""
    reading = read(page.body, page.url)
    if isinstance(reading, Fault):
        yield str(reading)
        return
    gold = page.gold
    yield f"{reading.title} · {reading.authors} · {reading.published} · {reading.language}"
    yield f"gold: {[gold.get(k) for k in ('title', 'authors', 'published', 'language')]}"
    text = collapse(gold.get("text", ""))
    for block in reading.blocks:
        mark = "+" if block.kept else "-"
        held = "gold" if text and holds(text, block.text) else ""
        if text and bool(held) != block.kept:
            held += " !!"
        why = f"{block.reason} {block.rule} [{block.evidence}]" if not block.kept else ""
        yield f"{mark} {block.kind:9} {held:7} {block.text[:110]!r} {why}".rstrip()
    yield from (f"LEAKED {s!r}" for s in gold.get("without", ()) if holds(reading.text, s))
    yield from (f"LOST {s!r}" for s in gold.get("with", ()) if not holds(reading.text, s))
