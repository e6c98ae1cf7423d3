"""Mail newsletters: a message (RFC 5322) → the article in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime

from archive import urls
from archive.model import Fault, Reading
from crawler import letter, parsing, plain_text, reading, tracking
from crawler.boilerplate import size
from crawler.cleaning import SiteRules
from crawler.dates import parse_date
from crawler.encoding import decode
from crawler.letter import Letter
from crawler.tracking import Reader
from crawler.wrappers import WEB

# What the head of a mail calls its reader.
RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "X-Forwarded-To", "X-Delivered-To")
FORWARD_NOTE = 60  # words above a mail that was forwarded as an attachment
LINE = (
    20  # words of a line that speaks of the link to the web version, and does not only mention it
)

_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_APP = re.compile(r"\bapp\b", re.I)  # "Open in app or online": the link to the app is another
# What Python's parser of header fields raises on those that are none.
_HEADER_ERRORS = (MessageError, ValueError, LookupError, AttributeError, TypeError)


def read(body: bytes, url: str, rules: SiteRules, language: str | None = None) -> Reading | Fault:
    """The article of a message: title, author and date are those of its head."""
    message = _parse(body)
    if message.get_content_type() in _ENCRYPTED:
        return Fault("encrypted", "the message is encrypted", permanent=True)
    known, found = _letter(message), []
    for page, content_type in _pages(message):
        headers = (("Content-Type", content_type),)
        outcome = reading.read(page, url, headers, rules, language, letter=known)
        is_issue = isinstance(outcome, Reading) and not outcome.form
        if is_issue or (isinstance(outcome, Fault) and outcome.kind == "not-an-issue"):
            return outcome
        found.append(outcome)  # of images, or nothing: another part may say more
    readings = (outcome for outcome in found if isinstance(outcome, Reading))
    empty = Fault("empty", "the message has no text", permanent=True)
    return next(readings, found[0] if found else empty)


def address(body: bytes) -> str:
    """Where the message stands on the web, else `mid:` and its Message-ID (RFC 2392); empty: neither.

    Archived-At (RFC 5064) says it, or the link to the web version: as anybody may have it.
    """
    message = _parse(body)
    reader = _letter(message).reader
    stated = re.findall(r"<\s*(https?://[^>\s]+)", _header(message, "Archived-At"))
    for url in (*stated, *_web_versions(message)):
        target = tracking.target(url, reader)
        if target and not urls.is_home(target):
            return urls.canonical(target)
    identifier = re.sub(r"[\s<>]+", "", _header(message, "Message-ID"))
    return f"mid:{identifier}" if identifier else ""


def sender_host(body: bytes) -> str:
    """The host of the list the message is from (RFC 2919), else of its sender; empty: neither."""
    message = _parse(body)
    listed = re.search(r"<([\w.-]+\.\w+)>", _header(message, "List-ID"))
    addresses = (address for _, address in getaddresses([_header(message, "From")]))
    hosts = (host for address in addresses if (host := address.rpartition("@")[2]) != address)
    return (listed.group(1) if listed else next(hosts, "")).lower().removeprefix("www.")


def _parse(body: bytes) -> EmailMessage:
    """The message, or the one it forwards as an attachment, with at most a note above it."""
    message = message_from_bytes(body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    attached = next((p for p in message.walk() if p.get_content_type() == "message/rfc822"), None)
    inner = attached.get_payload() if attached is not None else None
    if isinstance(inner, list) and inner and isinstance(inner[0], EmailMessage):
        note = next(_pages(message), (b"", ""))
        if size(re.sub(r"<[^>]*>", " ", decode(*note).text)) < FORWARD_NOTE:
            return inner[0]
    return message


def _pages(message: EmailMessage) -> Iterator[tuple[bytes, str]]:
    """The texts of a message as pages with their content types: HTML first, then plain text."""
    parts = sorted(_texts(message), key=lambda part: part.get_content_subtype() != "html")
    for part in parts:
        charset = f"charset={part.get_content_charset() or ''}"
        if part.get_content_subtype() == "html":
            yield _payload(part), f"text/html; {charset}"
            continue
        made = plain_text.to_html(
            decode(_payload(part), f"text/plain; {charset}").text,
            flowed=_parameter(part, "format") == "flowed",
            delete_space=_parameter(part, "delsp") == "yes",
        )
        yield made.encode("utf-8", "replace"), "text/html; charset=utf-8"


def _texts(message: EmailMessage) -> Iterator[Message]:
    """The parts of text that are shown, not attached; those that say something first."""
    texts: list[Message] = [
        part
        for part in message.walk()
        if part.get_content_maintype() == "text"
        and part.get_content_subtype() in ("html", "plain")
        and part.get_content_disposition() != "attachment"
    ]
    if not texts and isinstance(message.get_payload(), str):
        texts.append(message)  # it says that it has parts, and has none
    yield from (part for part in texts if _payload(part).strip())


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except _HEADER_ERRORS:  # an encoding that does not exist
        payload = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return payload if isinstance(payload, bytes) else b""


def _parameter(part: Message, name: str) -> str:
    try:
        return str(part.get_param(name, "")).lower()
    except _HEADER_ERRORS:
        return ""


def _letter(message: EmailMessage) -> Letter:
    """What the head of a message says."""
    leaving = re.findall(r"<\s*([^>\s]+)", _header(message, "List-Unsubscribe"))
    fields = [_header(message, name) for name in RECIPIENTS]
    names = getaddresses([_header(message, "From")])
    return Letter(
        reader=Reader(
            secrets=tracking.secrets(leaving),
            addresses=frozenset(a.lower() for _, a in getaddresses(fields) if "@" in a),
        ),
        subject=" ".join(_header(message, "Subject").split()),
        sender=next((name for name, _ in names if name and "@" not in name), ""),
        date=_date(message),
        language=_header(message, "Content-Language").partition(",")[0].strip() or None,
    )


def _header(message: Message, name: str) -> str:
    """The value of a header field, decoded; empty where there is none."""
    raw = next((str(v) for k, v in message.raw_items() if k.lower() == name.lower()), "")
    if any("\udc80" <= letter <= "\udcff" for letter in raw):  # bytes that no charset was given for
        value = decode(raw.encode("utf-8", "surrogateescape"), None).text
    else:
        try:
            value = str(message.get(name) or "")
        except _HEADER_ERRORS:
            value = raw
    return value.encode("utf-8", "replace").decode()


def _date(message: EmailMessage) -> str | None:
    """When the message was sent, else received; null where neither is said, or in the future."""
    received = _header(message, "Received").rpartition(";")[2]
    for stated in (_header(message, "Date"), received):
        try:
            moment = parsedate_to_datetime(stated).isoformat()
        except (TypeError, ValueError, IndexError, OverflowError):
            continue
        if parse_date(moment, None, now=datetime.now(UTC)):
            return moment
    return None


def _web_versions(message: EmailMessage) -> Iterator[str]:
    """The links that say they lead to the message on the web, or whose line does."""
    try:
        page, content_type = next(_pages(message))
        tree = parsing.parse(decode(page, content_type).text)
    except (StopIteration, parsing.NoMarkup):
        return
    for element in tree.iterfind(".//a[@href]"):
        href = element.get("href").strip()
        own = " ".join("".join(element.itertext()).split())
        if href.startswith(WEB) and not _APP.search(own):
            line = own if element.getparent() is None else " ".join(
                "".join(element.getparent().itertext()).split()
            )  # fmt: skip
            if any(size(t) <= LINE and letter.says("web-version", t) for t in (own, line)):
                yield href
