"""An archive to export: every kind of block, near-duplicates, translations, a reserved article."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from archive import crawls, warc
from archive.model import Block, Reading, Reason, Signal
from archive.opening import open_archive
from archive.store import Store

WORDS = "crane harbour signal report engineer night winter sensor cable figure pier budget the of".split()
RESERVED = Signal("tdmrep", "1", "header", train="no")
LICENCE = Signal("license", "https://creativecommons.org/licenses/by/4.0/", "meta")
REMOVED = Block("paragraph", "Subscribe!", "Subscribe!", Reason.SUBSCRIBE, "subscribe-button", "x")
RICH = (
    Block("heading", "First", "### First"),
    Block(
        "paragraph", "A bold word & a link.", "A **bold** word & a [link](https://x.org/?a=1&b=2)."
    ),
    Block("heading", "Deeper", "#### Deeper"),
    Block("list-item", "one", "- one"),
    Block("list-item", "two * stars", "- *two* \\* stars"),
    Block("quote", "To be, or not.", "> To be, or not."),
    Block("quote", "That is it.", "> That is it."),
    Block("code", "if a < b:\n    print()", "```\nif a < b:\n    print()\n```"),
    Block("heading", "Second", "### Second"),
    Block("table", "Year | Cranes", "| Year | Cranes"),
    Block("table", "2026 | 12 | more", "| 2026 | **12** | more"),
    Block("caption", "A crane at night", "A crane at night"),
    REMOVED,
)
RICH_URL = "https://a.org/p/a-rich-page"


def prose(seed: int, words: int = 120) -> str:
    """A text of so many words, unlike that of any other seed."""
    return " ".join(random.Random(seed).choices(WORDS, k=words)) + f" number {seed}."


def reading(text: str, **more: object) -> Reading:
    """A reading of paragraphs."""
    blocks = tuple(Block("paragraph", line, line) for line in text.split("\n\n"))
    return replace(Reading(title="A title", blocks=blocks, language="en"), **more)  # type: ignore[arg-type]


def save(
    archive: Store, readings: Iterable[tuple[str, Reading]], fetched: str = "2026-11-24T12:00:00Z"
) -> None:
    """Save what a crawl would make of these pages; the source is the host."""
    for url, made in readings:
        exchange = warc.Exchange(url, fetched, 200, (), f"{url} {made.text}".encode())
        source = url.split("/")[2]
        capture = archive.append(exchange, url=url, source=source, role="article", found_by=None)
        with archive.transaction():
            crawls.record_source(archive.connection, source, f"https://{source}/")
            archive.save(capture, made)


def make(directory: Path) -> None:
    """The archive: 20 articles alone, and groups of those that belong together."""
    rich = Reading(
        title="A *rich* page", blocks=RICH, authors=("Ada Example", "Bo & Co"),
        published="2026-03-01T08:00+02:00", language="en", language_confidence=0.99,
        description="What <it> is", tags=("ports", "cranes"), signals=(LICENCE,),
    )  # fmt: skip
    alone = [
        (f"https://b.org/{n}", reading(prose(n), published=f"2026-01-{n + 1:02}"))
        for n in range(20)
    ]
    with open_archive(directory, "test") as archive:
        save(archive, [(RICH_URL, rich), *alone, *together()])
        save(archive, [("https://c.org/reserved", reading(prose(100), signals=(RESERVED,)))])


def together() -> list[tuple[str, Reading]]:
    """Chains: each article is a near-duplicate or a translation of the one before.

    Of five chains each has x ~ y → z ~ w: y is a duplicate of x, z a translation of y, w a
    duplicate of z.
    """
    made = []
    for n in range(5):
        x, y = f"https://d.org/{n}/x", f"https://e.org/{n}/y"
        z, w = f"https://f.org/{n}/z", f"https://a.org/{n}/w"
        one, other = prose(1000 + n), prose(2000 + n)
        made += [
            (x, reading(one, published="2026-02-01")),
            (y, reading(one + " Copied.", alternates=(("de", z),))),
            (z, reading(other, published="2026-02-01", language="de", alternates=(("en", y),))),
            (w, reading(other + " Kopiert.", language="de")),
        ]
    return made
