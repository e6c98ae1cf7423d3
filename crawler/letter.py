"""A mail as a page: whom it was made for, who wrote it, and whether it is an issue at all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from archive.model import Block, Fault
from crawler import tracking
from crawler.boilerplate import fold, size
from crawler.dates import parse_date
from crawler.extraction import RawBlock, hides
from crawler.metadata import Metadata
from crawler.tracking import Reader
from crawler.wrappers import WEB

NESTED_TABLES = 5  # tables in tables: mail alone is still laid out with them
FORWARD_LINES = 30  # blocks in which the heads of forwarded mails stand
ISSUE = 250  # words of a mail that is an issue, whatever it says of subscribing
FORWARD_LINE = 8  # words, marks included, of the line above such a head
LEAVING_LINE = 15  # words of a link that is no sentence about leaving
PIXEL = ("0", "1", "2")  # sides of images that only count
FIRST_WORDS = 60  # of a mail, in which it says what it is

_FIELD = re.compile(r"\*?([\w-]+)\s?[:：]\*?\s*(.+)")
_ADDRESS = re.compile(r"\s*[<\[(]?[\w.+-]+@[\w.-]+[>\])]?\s*")
_BARE_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_FORWARD_PREFIX = re.compile(
    r"\s*(?:(?:fwd?|wg|tr|rv|i|enc|doorst|pd|转发|轉寄)\s*[:：]\s*)+", re.I
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is known of a mail beside its HTML: from its head, or from that of a forwarded one."""

    reader: Reader = Reader()  # noqa: RUF009 - frozen
    subject: str = ""
    sender: str = ""
    date: str | None = None  # ISO 8601
    language: str | None = None


def letter_of(tree: Any) -> Letter | None:
    """What a saved page is as a mail; null for a web page.

    Mail has neither a canonical address nor OpenGraph, JSON-LD or script files; it counts clicks,
    lets its reader leave, was forwarded, or is laid out in tables within tables.
    """
    if tree.xpath(
        "boolean(//link[@rel='canonical'] | //meta[starts-with(@property, 'og:')]"
        " | //script[@src or contains(@type, 'ld+json')])"
    ):
        return None
    links = _links(tree)
    is_mail = (
        any(_is_leaving(url, text) for url, text in links)
        or any(tracking.target(url) is None for url, _ in links)
        or bool(tree.xpath("boolean(//*[contains(@class, 'gmail_quote')])"))
        or len(tree.xpath("//table//table")) >= NESTED_TABLES
    )
    return Letter() if is_mail else None


def with_secrets(letter: Letter, tree: Any) -> Letter:
    """The letter with the tokens that stand for its reader: those of the links to leave by."""
    leaving = [url for url, text in _links(tree) if _is_leaving(url, text)]
    found = letter.reader.secrets | tracking.secrets(leaving)
    return replace(letter, reader=replace(letter.reader, secrets=found))


def with_forwarded(letter: Letter, raw: Sequence[RawBlock]) -> Letter:
    """The letter as the mail says that was forwarded in it, the innermost; to whom it was sent, too."""
    fields = list(filter(None, (_field(raw[i].text) for i in forwarded(raw))))
    head = dict(fields)
    senders = [value for field, value in fields if field == "from"]
    readers = [value for field, value in fields if field == "to"] + senders[:-1]
    known = letter.reader.addresses
    known |= {a.lower() for text in readers for a in _BARE_ADDRESS.findall(text)}
    sender = _ADDRESS.sub("", head.get("from", "")).strip(" \"'*")
    subject = head.get("subject", "") or letter.subject
    return replace(
        letter,
        reader=replace(letter.reader, addresses=known),
        subject=_FORWARD_PREFIX.sub("", " ".join(subject.split()), count=1),
        sender=sender or letter.sender,
        date=parse_date(head.get("date", ""), None, now=datetime.now(UTC)) or letter.date,
    )


def of_letter(page: Metadata, letter: Letter) -> Metadata:
    """What is known of a mail: its head before what its HTML says."""
    title = letter.subject or page.title
    return replace(
        page,
        title=title,
        title_variants=() if letter.subject else (page.title,),
        authors=page.authors or ((letter.sender,) if letter.sender else ()),
        published=letter.date or page.published,
        declared_language=page.declared_language or letter.language,
        description=page.description and tracking.plain(page.description, letter.reader),
        image=page.image and tracking.target(page.image, letter.reader),
        declared_url=None,
        alternates=(),
    )


def forwarded(raw: Sequence[RawBlock]) -> list[int]:
    """The blocks that are the heads of forwarded mails."""
    found: list[int] = []
    is_open = False
    for i, block in enumerate(raw[:FORWARD_LINES]):
        if size(block.text) < FORWARD_LINE and says("forwarded", block.text):
            is_open = True
            found.append(i)
        elif is_open and (_field(block.text) or _ADDRESS.fullmatch(block.text)):
            found.append(i)
        else:
            is_open = False
    return found


def not_an_issue(letter: Letter, title: str, blocks: Sequence[Block]) -> Fault | None:
    """Why a mail is no issue: it asks to confirm a subscription, or greets a new subscriber."""
    text = " ".join(block.text for block in blocks if block.rule != "forwarded-head")
    if size(" ".join(block.text for block in blocks if block.kept)) > ISSUE:
        return None
    start = f"{letter.subject or title}\n{' '.join(text.split()[:FIRST_WORDS])}"
    for kind, what in (
        ("confirmation", "asks to confirm a subscription"),
        ("welcome", "greets a new subscriber"),
    ):
        if said := says(kind, start):
            return Fault("not-an-issue", f"the mail {what} (“{said}”)", permanent=True, skip=True)
    return None


def has_images(tree: Any) -> bool:
    """Whether a mail shows an image, beside those that only count who opens it."""
    return any(True for _ in _images(tree))


def alternative_texts(tree: Any, letter: Letter) -> tuple[Block, ...]:
    """What stands for the images where they are not shown (`alt`): the text of an issue of images."""
    texts = (" ".join((image.get("alt") or "").split()) for image in _images(tree))
    shown = (tracking.plain(text, letter.reader) for text in dict.fromkeys(texts) if text)
    return tuple(Block("caption", text, text) for text in shown)


def _images(tree: Any) -> Iterator[Any]:
    for image in tree.iterfind(".//img[@src]"):
        sides = [(image.get(name) or "").removesuffix("px") for name in ("width", "height")]
        if not any(side in PIXEL for side in sides) and not hides(image):
            yield image


def says(kind: str, text: str) -> str | None:
    """The first phrase of that table of letters.toml in a text; null where there is none."""
    match = _phrases(kind).search(fold(text))
    return " ".join(match.group().split()) if match else None


def _is_leaving(url: str, text: str) -> bool:
    return tracking.acts(url) or (size(text) < LEAVING_LINE and says("leaving", text) is not None)


def _links(tree: Any) -> list[tuple[str, str]]:
    return [
        (element.get("href").strip(), " ".join("".join(element.itertext()).split()))
        for element in tree.iterfind(".//a[@href]")
        if element.get("href").strip().startswith(WEB)
    ]


def _field(text: str) -> tuple[str, str] | None:
    match = _FIELD.match(text)
    field = _fields().get(match.group(1).lower()) if match else None
    return (field, match.group(2)) if match and field else None


@cache
def _file() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("letters.toml").read_text("utf-8"))


@cache
def _phrases(kind: str) -> re.Pattern[str]:
    found = []
    for phrase in (phrase for phrases in _file()[kind].values() for phrase in phrases):
        parts = [re.escape(fold(part)) for part in phrase.split("…")]
        words = r"(?:\ \S+){1,4}?\ ?".join(parts)
        is_latin = phrase[0].isascii() and phrase[-1].isascii()
        found.append(rf"\b{words}\b" if is_latin else words)
    return re.compile("|".join(found))


@cache
def _fields() -> dict[str, str]:
    return {name: field for field, names in _file()["fields"].items() for name in names}
