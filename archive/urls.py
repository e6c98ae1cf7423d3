"""Addresses: their canonical form, what makes two of them one, and the site they belong to."""

from __future__ import annotations

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

if TYPE_CHECKING:
    import tldextract

# Parameters that say how a reader came to a page, not which page it is. Grouped by who adds them.
TRACKING_PARAMETERS = frozenset(
    """
    _ga _gl gclid dclid gbraid wbraid gclsrc
    fbclid igshid igsh
    msclkid twclid ttclid li_fat_id yclid _openstat
    mc_cid mc_eid
    _hsenc _hsmi hsctatracking __hstc __hssc __hsfp
    ck_subscriber_id vero_id oly_enc_id oly_anon_id mkt_tok
    _bhlid last_resource_guid
    wt_mc wt_zmc wtrid
    ref_src ref_url cmpid ncid sr_share
    """.split()
)
TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_")
# Substack's share links: which post is in the path, all of these name the reader.
SUBSTACK_PARAMETERS = frozenset("r s isfreemail publication_id post_id triedredirect".split())

# Parameters that name a visit, one value each time the page is asked for (PHP, Java, ASP, ColdFusion,
# osCommerce); `sid` and the like name stories, too, and count only where they look like a visit's.
SESSION_PARAMETERS = frozenset(
    "phpsessid jsessionid asp.net_sessionid sessionid session_id sessid cfid cftoken oscsid zenid".split()
)
_SESSION_NAMES = frozenset("sid session s".split())
_SESSION_VALUE = re.compile(r"(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{20,}", re.I)
_SESSION_PATH = re.compile(r";jsessionid=[^/;]*", re.I)  # Jakarta Servlet 6.0, 7.1.3

# Parameters that ask for another edition of the same page: AMP, and for the printer.
EDITIONS = {
    "amp": frozenset({"", "1", "true"}),
    "outputtype": frozenset({"amp"}),
    "print": frozenset({"", "1", "true", "y", "yes", "print"}),
    "printable": frozenset({"", "1", "true", "y", "yes"}),
    "view": frozenset({"print", "amp"}),
}

# Hosts below which every name is a publication of its own, and that the Public Suffix List lacks.
PLATFORM_SUFFIXES = (
    "substack.com", "beehiiv.com", "ghost.io", "wordpress.com", "medium.com", "tumblr.com",
    "buttondown.email", "hatenablog.com", "livejournal.com", "typepad.com",
)  # fmt: skip

KNOWN = 10_000  # addresses whose form is remembered: each is asked for a dozen times in a row

# In canonical form already, but for the slash behind a host alone: most addresses.
_PLAIN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@lru_cache(KNOWN)
def canonical(url: str) -> str:
    """The address in canonical form: RFC 3986 normalisation, no fragment, no parameters that
    track a reader, name a visit or ask for another edition (AMP, print).

    The query's parameters are sorted. Scheme and trailing slash stay as they are, so the result
    can be fetched. An address that cannot be parsed is returned stripped of white space only.
    """
    if _PLAIN.fullmatch(url):
        return url if url.count("/") > 2 else f"{url}/"
    try:
        parts = urlsplit(canonicalize_url(url.strip()))
        port = parts.port
    except ValueError:
        return url.strip()
    host = _host(parts.hostname or "")
    netloc = host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"
    path = _SESSION_PATH.sub("", parts.path) or "/"
    query = urlencode([p for p in parse_qsl(parts.query, True) if not _is_aside(*p, path)])
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def absolute(base: str, url: str) -> str:
    """The address that one on a page stands for; itself where it cannot be parsed."""
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return url.strip()


@lru_cache(KNOWN)
def key(url: str) -> str:
    """What makes two addresses one: the canonical form without scheme, `www.` and last slash."""
    parts = _split(canonical(url))
    if not parts.netloc:
        return canonical(url)
    query = f"?{parts.query}" if parts.query else ""
    return parts.netloc.removeprefix("www.") + parts.path.rstrip("/") + query


def spellings(url: str) -> list[str]:
    """The canonical addresses with the same key: with http or https, `www.`, a last slash, or not."""
    parts = _split(canonical(url))
    if not parts.netloc:
        return [canonical(url)]
    host, path = parts.netloc.removeprefix("www."), parts.path.rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return [
        f"{scheme}://{www}{host}{path}{slash or ('' if path else '/')}{query}"
        for scheme in ("https", "http")
        for www in ("", "www.")
        for slash in ("", "/")
    ]


@lru_cache(KNOWN)
def site(url: str) -> str:
    """The host without its `www.` (with the port where it is not the scheme's own).

    For `mid:` and `urn:` addresses it is the scheme: they have no host.
    """
    parts = _split(canonical(url))
    return parts.netloc.removeprefix("www.") or parts.scheme


def registered_domain(url: str) -> str:
    """The registered domain (public suffix plus one label), or the host where there is none.

    Private suffixes count (publicsuffix.org): `a.github.io` and `b.github.io` are two, and so are
    two newsletters of one platform.
    """
    host = (_split(canonical(url)).hostname or "").removeprefix("www.")
    return _suffixes()(host).top_domain_under_public_suffix or host


def same_domain(one: str, other: str) -> bool:
    """Whether both addresses are of the same registered domain; IP addresses compare as such."""
    domain = registered_domain(one)
    return bool(domain) and domain == registered_domain(other)


def home(url: str) -> str:
    """The address of its site's home page; of `mid:` and `urn:` addresses they themselves."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/" if rest else url


def is_home(url: str) -> bool:
    """Whether the address is a site's home page: no path and no query."""
    parts = _split(canonical(url))
    return parts.path in ("", "/") and not parts.query


def is_private(address: str) -> bool:
    """Whether an IP address is not of the public internet (loopback, private, link-local, …)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _embedded(ip) or ip
    return not ip.is_global or ip.is_multicast


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4 (RFC 3056), NAT64 (RFC 6052)."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour


@cache
def _suffixes() -> tldextract.TLDExtract:
    import tldextract  # a fifth of a second, and few commands ask for a registered domain

    return tldextract.TLDExtract(
        suffix_list_urls=(),  # the list in the package: never the network
        include_psl_private_domains=True,  # two blogs of github.io are two sites
        extra_suffixes=PLATFORM_SUFFIXES,
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")


def _is_aside(parameter: str, value: str, path: str) -> bool:
    """Whether a parameter says nothing of which page it is: it tracks a reader, names a visit, …"""
    name = parameter.lower()
    if path.startswith("/p/") and name in SUBSTACK_PARAMETERS:
        return True
    if name in SESSION_PARAMETERS or name.startswith("aspsessionid"):
        return True
    if name in _SESSION_NAMES and _SESSION_VALUE.fullmatch(value):
        return True
    if value.lower() in EDITIONS.get(name, ()):
        return True
    return name in TRACKING_PARAMETERS or name.startswith(TRACKING_PREFIXES)


def _host(host: str) -> str:
    bare = host.rstrip(".").lower()
    return f"[{bare}]" if ":" in bare else bare
