"""Mail newsletters: a message (RFC 5322) → the article in it."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from html import escape

from archive.model import Fault, Reading
from crawler import reading
from crawler.cleaning import SiteRules

# "View in browser" and its kin: the link's text, in the languages of the boilerplate rules.
WEB_VERSION = re.compile(
    r"view (?:it |this email |online |in )|read (?:online|in browser)|web version|open online"
    r"|im browser|online ?ansehen|webversion|version en ligne|dans votre navigateur"
    r"|ver en (?:el |tu )?navegador|ver no navegador|versione web|nel browser|in je browser"
    r"|w przeglądarce|tarayıcı|ブラウザ|浏览器",
    re.IGNORECASE,
)
_LINK = re.compile(r"<a\b[^>]*?href=[\"'](https?://[^\"']+)[\"'][^>]*>(.*?)</a>", re.I | re.S)


def read(body: bytes, url: str, rules: SiteRules) -> Reading | Fault:
    """The article of a message: title, author and date are those of its head."""
    message = _parse(body)
    html = _html(message)
    if not html.strip():
        return Fault("empty", "the message has no text", permanent=True)
    result = reading.read(
        html.encode(), url, (("Content-Type", "text/html; charset=utf-8"),), rules
    )
    if isinstance(result, Fault):
        return result
    sender = parseaddr(str(message.get("From", "")))[0]
    return replace(
        result,
        title=" ".join(str(message.get("Subject", "")).split()) or result.title,
        authors=result.authors or ((sender,) if sender else ()),
        published=_date(message) or result.published,
        declared_url=None,
    )


def address(body: bytes) -> str:
    """The message's web version where it links to one, else `mid:` and its Message-ID (RFC 2392)."""
    message = _parse(body)
    for link, text in _LINK.findall(_html(message)):
        if WEB_VERSION.search(re.sub(r"<[^>]+>", " ", text)):
            return str(link).replace("&amp;", "&")
    identifier = str(message.get("Message-ID", "")).strip().strip("<>")
    return f"mid:{identifier}" if identifier else ""


def _parse(body: bytes) -> EmailMessage:
    message = message_from_bytes(body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _html(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("html", "plain"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeDecodeError):  # a charset that does not exist
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if part.get_content_type() == "text/html":
        return content
    paragraphs = re.split(r"\n\s*\n", content)
    return "<body>" + "".join(f"<p>{escape(p)}</p>" for p in paragraphs) + "</body>"


def _date(message: EmailMessage) -> str | None:
    try:
        return parsedate_to_datetime(str(message["Date"])).isoformat()
    except (TypeError, ValueError):
        return None
