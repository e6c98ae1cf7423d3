"""The headers of every answer. Text from the web is hostile: nothing of it may run or call out."""

from __future__ import annotations

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
