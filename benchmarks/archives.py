"""Archives of any size for measurements: real sentences recombined, no two texts alike.

A sentence is the beginning of one real sentence and the end of another, so that words are as frequent
as in real texts and five in a row seldom stand in two articles. Two invented names an article let the
vocabulary grow with the archive, as it does (Heaps 1978). Removed blocks and what repeats on a site
are those of any newsletter. The same number gives the same archive.
"""

from __future__ import annotations

import gc
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice

import click

from archive.model import Block, Capture, Read, Reading, Reason
from archive.store import Store
from benchmarks.pages import load

SITES = 200
BATCH = 100  # articles in a transaction, as a busy crawl has
TOLD = 10_000  # articles, after which one that waits is told how far it is
LATEST = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAYS = 3650  # from the first to the latest
WORDS = (150, 700)  # of a text: what most pages of the bench have
SENTENCE = re.compile(r"(?<=[.!?])\s+")
SYLLABLES = "ba ko mir tan el vu sho ren ka di lon mar ish to quen za bri fel nor pa ul wi".split()
CHROME = (
    (Reason.NAVIGATION, "Home | Archive | About | Contact"),
    (Reason.SUBSCRIBE, "Subscribe to {site} and get the next issue before everybody else"),
    (Reason.SHARE, "Share on Facebook | Share on X | Copy link"),
    (Reason.AUTHOR_BIO, "{author} writes for {site} and lives near the harbour"),
    (Reason.RELATED, "More from {site}: {name} and the rest of the story"),
    (Reason.COOKIE_NOTICE, "We use cookies to improve {site}. Accept all | Settings"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """An article of a made archive: where it was captured, and what it says."""

    url: str
    source: str
    fetched: str
    reading: Reading


@cache
def sentences() -> dict[str, list[list[str]]]:
    """The words of real sentences by language, those of the languages with enough of them."""
    found: dict[str, list[list[str]]] = {}
    for page in load(("newsletters", "fundus", "aeb")):
        for sentence in SENTENCE.split(page.gold.get("text", "")):
            words = sentence.split()
            if 6 <= len(words) <= 50:
                found.setdefault(page.language, []).append(words)
    gc.freeze()  # else the store's garbage collection walks over all of them again and again
    return {language: held for language, held in found.items() if len(held) > 300}


def articles(count: int, first: int = 0) -> Iterator[Made]:
    """So many articles, in no order of time; those from `first` on."""
    languages = {language: len(held) for language, held in sentences().items()}
    for number in range(first, first + count):
        yield _article(number, random.Random(number), languages)


def fill(archive: Store, made: Iterator[Made]) -> int:
    """The number of articles saved, as a crawl saves them; the bytes of pages are left out."""
    saved = 0
    while batch := list(islice(made, BATCH)):
        with archive.transaction():
            archive.save_all([Read(_capture(archive, each), each.reading) for each in batch])
        saved += len(batch)
    return saved


def grow(archive: Store, size: int) -> None:
    """Fill the archive up to so many articles; one that was left half made goes on from there."""
    (held,) = archive.connection.execute("SELECT coalesce(max(id), 0) FROM captures").fetchone()
    for first in range(held, size, TOLD):
        fill(archive, articles(min(TOLD, size - first), first))
        if size > TOLD:
            click.echo(f"{min(first + TOLD, size):,} of {size:,} articles are made", err=True)


def _article(number: int, chosen: random.Random, languages: dict[str, int]) -> Made:
    site = f"site-{number % SITES}.example"
    language = chosen.choices(list(languages), list(languages.values()))[0]
    names = [_name(chosen) for _ in range(2)]
    wanted, texts = chosen.randint(*WORDS), list[str]()
    while wanted > 0:
        paragraph = [_sentence(chosen, language, names) for _ in range(chosen.randint(2, 5))]
        wanted -= sum(map(len, paragraph))
        texts.append(" ".join(map(" ".join, paragraph)))
    shown = {"site": site, "author": names[0], "name": names[1]}
    removed = [Block("paragraph", t, t, r, "made", "") for r, t in _chrome(shown)]
    published = LATEST - timedelta(minutes=chosen.randrange(DAYS * 24 * 60))
    reading = Reading(
        title=" ".join(_sentence(chosen, language, names)[:9]),
        blocks=(*removed[:2], *(Block("paragraph", t, t) for t in texts), *removed[2:]),
        authors=(names[0],),
        published=published.isoformat(),
        language=language,
        language_confidence=1.0,
        tags=(names[1],),
    )
    url = f"https://{site}/{published:%Y/%m}/{number}"
    return Made(url, site, LATEST.strftime("%Y-%m-%dT%H:%M:%S.000Z"), reading)


def _sentence(chosen: random.Random, language: str, names: list[str]) -> list[str]:
    one, other = chosen.choices(sentences()[language], k=2)
    made = one[: len(one) // 2] + other[len(other) // 2 :]
    if chosen.random() < 0.1:
        made[len(made) // 2] = chosen.choice(names)
    return made


def _name(chosen: random.Random) -> str:
    """A name that few articles have, or many: the shorter the more frequent."""
    return "".join(chosen.choices(SYLLABLES, k=chosen.choice((2, 3, 4, 5)))).capitalize()


def _chrome(shown: dict[str, str]) -> list[tuple[Reason, str]]:
    return [(reason, text.format(**shown)) for reason, text in CHROME]


def _capture(archive: Store, made: Made) -> Capture:
    """A capture of the page without its bytes: what is measured is the database."""
    row = (made.url, made.url, made.source, "article", made.fetched, 200, "sha1:", "made.warc.gz")
    cursor = archive.connection.execute(
        "INSERT INTO captures (url, final_url, source, role, fetched, status, digest, file, offset, "
        "length) VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM captures), 0)",
        row,
    )
    return Capture(
        id=cursor.lastrowid,
        url=made.url,
        final_url=made.url,
        source=made.source,
        role="article",
        fetched=made.fetched,
        status=200,
        digest="sha1:",
        file="made.warc.gz",
        offset=0,
        length=0,
    )
