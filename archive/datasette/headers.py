"""What guards every answer: headers, so that nothing of hostile texts runs; names of this server.

A page elsewhere on the web can let its own name point to this machine and then read, in the reader's
browser, what is served here (DNS rebinding): so it answers only by names that are its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# Neither our pages nor Datasette's, whose templates are replaced, have any script.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def guarded(app: Any) -> Any:
    """The ASGI application with these headers on all of its answers, instead of its own."""

    async def wrapped(scope: Any, receive: Any, send: Callable[[Any], Any]) -> None:
        async def send_guarded(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = [
                    (name, value)
                    for name, value in message.get("headers", [])
                    if name.decode("latin-1").lower() not in HEADERS
                ]
                ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = given + ours
            await send(message)

        await app(scope, receive, send_guarded)

    return wrapped


def named(app: Any, names: frozenset[str]) -> Any:
    """The ASGI application, answering requests to hosts of these names alone."""

    async def wrapped(scope: Any, receive: Any, send: Callable[[Any], Any]) -> None:
        asked = dict(scope.get("headers", ())).get(b"host", b"").decode("latin-1")
        if scope["type"] != "http" or _name(asked) in names:
            await app(scope, receive, send)
            return
        text = (
            f"Nothing is served here by the name {asked}: `newsarchive browse --name` adds names.\n"
        )
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        # RFC 9110, 15.5.20: misdirected request
        await send({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    return guarded(wrapped)


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    return re.sub(r":\d+$", "", host).lower()
