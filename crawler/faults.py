"""What an error of fetching means: Scrapy's exceptions → our classes of failures."""

from __future__ import annotations

import re

from scrapy import exceptions

from archive.model import Fault, Role
from crawler.certificates import Untrusted
from crawler.derive import CUT_SHORT, most_bytes, too_large
from crawler.downloads import PrivateAddress


class NotFetched(exceptions.IgnoreRequest):
    """Not asked for, or not as it was to be: the fault says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


# The first that fits.
FAULTS: tuple[tuple[type[BaseException], Fault], ...] = (
    (exceptions.CannotResolveHostError, Fault("dns", "no such host")),
    (
        exceptions.DownloadConnectionRefusedError,
        Fault("refused", "the host refuses the connection"),
    ),
    (exceptions.DownloadTimeoutError, Fault("timeout", "no answer in time")),
    (exceptions.ResponseDataLossError, Fault("truncated", CUT_SHORT)),
    (
        exceptions.UnsupportedURLSchemeError,
        Fault("unsupported-scheme", "not an http or https address", permanent=True),
    ),
    # The last that Scrapy itself ignores: the limit of its RedirectMiddleware.
    (exceptions.IgnoreRequest, Fault("redirects", "it redirects without end", permanent=True)),
)
# What is wrong in the words of the library that met it, in the text of an exception around another.
_CAUSE = re.compile(r"'([^'\[\]]+)'\)*\]>|Failure [\w.]+: ([^\[\]<>]+?)\.?>")


def fault(error: BaseException | None, role: Role) -> Fault:
    """What kept us from what was asked for, as a fault of one line."""
    if isinstance(error, NotFetched):
        return error.fault
    if isinstance(error, PrivateAddress):
        return Fault("private-address", str(error), permanent=True)
    if isinstance(error, Untrusted):
        return Fault("tls", f"{error}: verify_tls = false for this source takes it all the same")
    if isinstance(error, exceptions.DownloadCancelledError):
        return too_large(most_bytes(role))
    for kind, found in FAULTS:
        if isinstance(error, kind):
            return found
    text = " ".join(str(error).split())
    cause = _CAUSE.search(text)
    said = (cause.group(1) or cause.group(2)) if cause else text
    is_tls = bool(re.search("ssl|tls", text, re.I))
    if is_tls:
        return Fault("tls", f"no secure connection: {said}"[:200])
    return Fault("connection", f"the connection failed: {said or type(error).__name__}"[:200])
