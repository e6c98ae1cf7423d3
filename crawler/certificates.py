"""Whether a host's certificate vouches for it, and why not in words that a user can act on.

OpenSSL verifies the chain, service_identity the host's name (RFC 6125), as Twisted has them do; what is
ours is that the reason is kept, which OpenSSL's own error (“certificate verify failed”) does not tell.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import certifi
from OpenSSL import SSL
from scrapy.exceptions import IgnoreRequest
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

HTTPS = 443  # the port where none is named (RFC 9110, 4.2.2)
Codes = SSL.X509VerificationCodes
REASONS = {
    Codes.ERR_CERT_HAS_EXPIRED: "its certificate has expired",
    Codes.ERR_CERT_NOT_YET_VALID: "its certificate is not valid yet",
    Codes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
    Codes.ERR_SELF_SIGNED_CERT_IN_CHAIN: "its certificate is of an authority nobody knows",
    Codes.ERR_UNABLE_TO_GET_ISSUER_CERT: "its certificate is of an authority nobody knows",
    Codes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is of an authority nobody knows",
    Codes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is of an authority nobody knows",
    Codes.ERR_CERT_REVOKED: "its certificate was revoked",
}
OTHER_HOST = "its certificate is of another host"


class Untrusted(IgnoreRequest):
    """A host whose certificate does not vouch for it: nothing is asked of it."""


@implementer(IPolicyForHTTPS)
class Certificates:
    """Scrapy's verifying policy, which keeps why the certificate of a host and port was refused."""

    def __init__(self, policy: Any) -> None:
        self._refused: dict[tuple[str, int], str] = {}
        self._policy = policy
        _find_authorities()

    def creatorForNetloc(self, hostname: bytes, port: int) -> _Connections:  # noqa: N802 - Twisted's name
        """What makes connections to that host (IPolicyForHTTPS)."""
        creator = self._policy.creatorForNetloc(hostname, port)
        host = hostname.decode("ascii")

        def refuse(reason: str) -> None:
            self._refused[host, port] = reason

        return _Connections(creator, host, refuse)

    def refusal(self, url: str) -> Untrusted | None:
        """Why the certificate of the URL's host was refused; null where it was not. Asked for once."""
        parts = urlsplit(url)
        reason = self._refused.pop((parts.hostname or "", parts.port or HTTPS), None)
        return Untrusted(reason) if reason else None


@implementer(IOpenSSLClientConnectionCreator)
class _Connections:
    def __init__(self, creator: Any, host: str, refuse: Callable[[str], None]) -> None:
        self._creator = creator
        self._host = host
        self._refuse = refuse

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """A connection that checks the certificate when it is made."""
        connection: SSL.Connection = self._creator.clientConnectionForTLS(protocol)
        mode = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        connection.set_verify(mode, self._check)
        return connection

    def _check(
        self, _: SSL.Connection, certificate: Any, code: int, depth: int, is_valid: int
    ) -> bool:
        reason = None if is_valid else REASONS.get(code, f"its certificate is not valid ({code})")
        if not reason and depth == 0 and not _is_of(self._host, certificate):
            reason = OTHER_HOST
        if reason:
            self._refuse(reason)
        return not reason


def _is_of(host: str, certificate: Any) -> bool:
    is_address = isIPAddress(host) or isIPv6Address(host)
    expected = IPAddress_ID(host) if is_address else DNS_ID(host)
    try:
        verify_service_identity(extract_patterns(certificate), [expected], [])
    except (VerificationError, CertificateError, ValueError):
        return False
    return True


def _find_authorities() -> None:
    """Where OpenSSL finds no certificates of authorities by itself, those of certifi (Mozilla's)."""
    known = ssl.get_default_verify_paths()
    # The OpenSSL that comes with `cryptography` does not know the stores of macOS and Windows.
    if sys.platform in ("darwin", "win32") or not (known.cafile or known.capath):
        os.environ.setdefault("SSL_CERT_FILE", certifi.where())
