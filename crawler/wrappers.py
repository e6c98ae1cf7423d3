"""Links within links: what stands in the wrapper that a mailer or a filter puts around an address."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

WRAPPERS = 5  # within each other: the newsletter's, its platform's, the reader's mail filter's
INFLATED = 20_000  # bytes of a compressed payload; addresses are shorter
SHORTEST_CODE = 16  # letters of base 64: "http://a.b" has as many
WEB = ("http://", "https://")

# Words of a host's labels and of a path that say: this counts clicks.
CLICK_HOSTS = frozenset("click clicks clk ctrk track tracking trk elink".split())
CLICK_PATHS = frozenset("click clicks clk trk redirect redir cl0 l0".split())
# Those that lead to the address in one of their parameters.
REDIRECTS = frozenset(
    "redirect redir url link links l r c t lt ct ls go goto out away exit jump leave safelinks".split()
)

_PROOFPOINT = re.compile(r"/v3/__(https?:/+.+?)__;")  # urldefense.com
_CODE = re.compile(r"[A-Za-z0-9_=-]+")


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart once."""

    url: str
    parts: SplitResult
    host: str
    labels: frozenset[str]  # of the host, below its domain
    segments: tuple[str, ...]  # of the path, unquoted
    words: frozenset[str]  # the segments in lower case and without `.php`
    query: tuple[tuple[str, str], ...]

    @property
    def pieces(self) -> Iterator[str]:
        """What may hold a token."""
        yield from self.segments
        yield from (value for _, value in self.query)

    def is_of(self, hosts: tuple[str, ...]) -> bool:
        return self.host in hosts or self.host.endswith(tuple(f".{name}" for name in hosts))


def parse(url: str) -> Address | None:
    """The address taken apart; null for what is none."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        query = tuple(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else ()
    except ValueError:
        return None
    if not host:
        return None
    segments = [unquote(s) if "%" in s else s for s in parts.path.split("/") if s]
    return Address(
        url=url,
        parts=parts,
        host=host,
        labels=frozenset(host.split(".")[:-2]),
        segments=tuple(segments),
        words=frozenset(segment.partition(".")[0].lower() for segment in segments),
        query=query,
    )


def levels(url: str) -> Iterator[Address]:
    """A link and what is wrapped in it, the outermost first."""
    for _ in range(WRAPPERS):
        address = parse(url)
        if address is None:
            return
        yield address
        inner = _unwrapped(address)
        if inner is None:
            return
        url = inner


def _unwrapped(address: Address) -> str | None:
    """The address that stands in a wrapper; null where there is none."""
    if match := _PROOFPOINT.search(address.url):
        return str(re.sub(r"^(https?:)/+", r"\1//", match.group(1)))
    values = [value for _, value in address.query]
    if address.host == "urldefense.proofpoint.com":
        values = [unquote(value.replace("-", "%").replace("_", "/")) for value in values]
    is_redirect = bool((address.labels | address.words) & (CLICK_HOSTS | CLICK_PATHS | REDIRECTS))
    # Of a path's segment only where it is escaped: web.archive.org/web/2020/https://… is no wrapper.
    candidates: tuple[str, ...] = (*address.segments, *(values if is_redirect else ()))
    if found := next((piece for piece in candidates if piece.startswith(WEB)), None):
        return found
    for piece in address.pieces:
        if len(piece) >= SHORTEST_CODE and " " not in piece:
            for part in piece.split("."):
                if found := _decoded(part):
                    return found
    return None


def _decoded(piece: str) -> str | None:
    """The address in base 64: as it is, in JSON (Substack, beehiiv), in a query (Mailgun)."""
    if len(piece) < SHORTEST_CODE or not _CODE.fullmatch(piece):
        return None
    bare = piece.rstrip("=")
    try:
        data = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        if data[:1] == b"x":  # zlib
            data = zlib.decompressobj().decompress(data, INFLATED)
        text = data.decode()
    except (binascii.Error, ValueError, zlib.error):
        return None
    if text.startswith(WEB):
        return text if text.isprintable() else None
    values: Iterable[object] = ()
    if text.startswith("{"):
        try:
            values = json.loads(text).values()
        except (ValueError, RecursionError):
            return None
    elif "=http" in text:
        values = [value for _, value in parse_qsl(text)]
    return next((v for v in values if isinstance(v, str) and v.startswith(WEB)), None)
