"""What every way of discovery is given, and what they share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit, urlunsplit

from archive import urls


@dataclass(frozen=True, slots=True)
class Page:
    """A response as discovery sees it: the final address, the decoded body, the headers."""

    url: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200

    def header(self, name: str) -> str:
        """The values of a header, joined by commas; empty where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def absolute(base: str, href: object) -> str | None:
    """The absolute http(s) address of a link, without its fragment; null for other links."""
    if not isinstance(href, str) or not href.strip():
        return None
    try:
        target = urldefrag(urljoin(base, href.strip())).url
        target.encode()  # a lone surrogate from JSON's \ud800 is in no address
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return f"{parts.scheme}:{target.partition(':')[2]}"


def is_own(url: str, *places: str | None) -> bool:
    """Whether an address is of the registered domain of one of the places."""
    own = domain(url)
    return bool(own) and any(own == domain(place) for place in places if place)


def domain(url: str) -> str:
    """The registered domain of an address (`urls.registered_domain`)."""
    return _domain(urlsplit(url).netloc)


@lru_cache(1024)  # the 50,000 addresses of a sitemap are of one host
def _domain(host: str) -> str:
    return urls.registered_domain(f"https://{host}/")


def change_time(stated: object) -> str | None:
    """A stated W3C or ISO 8601 time in UTC; a day alone counts as its end. Null for no time."""
    text = stated.strip() if isinstance(stated, str) else ""
    try:
        moment = datetime.fromisoformat(text)
        if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text):
            moment = moment.replace(hour=23, minute=59, second=59)
        return utc(moment)
    except (ValueError, OverflowError):
        return None


def utc(moment: datetime) -> str:
    """A time as it stands in the archive, in UTC; without an offset it is taken as UTC.

    Raises OverflowError where the offset leads out of the calendar.
    """
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}.000Z"


def language_code(stated: object) -> str | None:
    """The ISO 639 code at the start of a language tag (`de-AT`, `zh_Hans`); null for no tag."""
    match = re.match(r"\s*([a-z]{2,3})(?![a-z])", str(stated or ""), re.I)
    return match.group(1).lower() if match else None


def parameter(url: str, name: str) -> str:
    """The last value of a parameter of an address's query; empty where there is none."""
    return dict(parse_qsl(urlsplit(url).query)).get(name, "")


def with_query(url: str, **changes: object) -> str:
    """The address with these parameters in its query, those that stand there replaced."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query |= {name: str(value) for name, value in changes.items()}
    return urlunsplit(parts._replace(query=urlencode(query, safe=",/:")))


def number(stated: str, otherwise: int) -> int:
    """A whole number as it stands in an address or a header, of at most nine digits."""
    return int(stated) if re.fullmatch(r"[0-9]{1,9}", stated) else otherwise


def distinct(addresses: Iterable[str]) -> list[str]:
    """The addresses, each article's once: as it stands first."""
    found: dict[str, str] = {}
    for url in addresses:
        found.setdefault(urls.key(url), url)
    return list(found.values())
