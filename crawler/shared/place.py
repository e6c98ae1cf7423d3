"""Where a shared frontier is: the address that `--frontier` is given."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from archive.errors import UserError

SCHEMES = ("redis", "rediss", "unix")  # those of redis-py; valkey(s) are the same protocol
PREFIX = "newsarchive"
# How long a domain is a worker's that is not heard of: no shorter than the longest delay between two
# requests (crawler/politeness.py), so that the next owner asks no host too early.
LEASE = 60.0
DOMAINS = 32  # at once: as many as Scrapy asks requests at once (crawler/settings.py)


class AddressError(UserError):
    """The address of a shared frontier is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and how it is used: keys behind `prefix`, leases of so many seconds.

    `domains` is how many a worker holds at once.
    """

    url: str
    prefix: str = PREFIX
    lease: float = LEASE
    domains: int = DOMAINS

    def __str__(self) -> str:
        """The address without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def parse(address: str) -> Place:
    """The place that an address names. Raises AddressError.

    redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER][?prefix=NAME&lease=SECONDS&domains=COUNT], rediss://
    over TLS, unix:///path/to/socket; further parameters are those of redis-py.
    """
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
        query = dict(parse_qsl(parts.query))
        scheme = parts.scheme.replace("valkey", "redis")
        if scheme not in SCHEMES or not (parts.hostname or scheme == "unix"):
            raise ValueError("it names no server")
        found = Place(  # urlunsplit makes unix:/PATH of unix:///PATH
            f"{scheme}://{parts.netloc}{parts.path}?{urlencode(_foreign(query))}",
            query.get("prefix") or PREFIX,
            float(query.get("lease", LEASE)),
            int(query.get("domains", DOMAINS)),
        )
        if found.lease < 1 or found.domains < 1:
            raise ValueError("lease and domains are 1 or more")
    except ValueError as error:
        raise AddressError(
            f"the frontier's address cannot be used: {error}; it looks like "
            "redis://USER:PASSWORD@HOST:6379/0?prefix=NAME, rediss://… (TLS) or unix:///PATH"
        ) from error
    return found


def _foreign(query: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in query.items() if k not in ("prefix", "lease", "domains")}
