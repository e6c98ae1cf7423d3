"""HTTP on loopback around a function that answers requests (RFC 9110)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from crawler.demo.resources import Resource


@dataclass(frozen=True)
class Response:
    """An answer as it goes over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Answer = Callable[[str, str, Mapping[str, str]], Response]


def respond(resource: Resource, request: Mapping[str, str]) -> Response:
    """The answer to a request for a resource: 304 where it is unchanged, gzip where asked for.

    `request` are the headers of the request, their names in lower case.
    """
    headers = {"Content-Type": resource.content_type, "Vary": "Accept-Encoding", **resource.headers}
    if resource.status == 200:
        headers["ETag"] = f'W/"{_digest(resource.body)}"'
        headers["Last-Modified"] = format_datetime(resource.modified.astimezone(UTC), usegmt=True)
        if _is_unchanged(headers, request):
            return Response(304, headers, b"")
    if "gzip" in request.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(resource.status, headers, gzip.compress(resource.body, mtime=0))
    return Response(resource.status, headers, resource.body)


@contextmanager
def listen(port: int, answer: Answer) -> Iterator[str]:
    """Serve on 127.0.0.1 (port 0: any that is free) while the context lasts; gives the base URL."""
    with _Server(("127.0.0.1", port), _Handler) as server:
        server.answer = answer
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _is_unchanged(headers: Mapping[str, str], request: Mapping[str, str]) -> bool:
    """RFC 9110, 13.2.2: If-Modified-Since counts only where there is no If-None-Match."""
    if etags := request.get("if-none-match"):
        return headers["ETag"] in (etag.strip() for etag in etags.split(","))
    if since := request.get("if-modified-since"):
        return parsedate_to_datetime(headers["Last-Modified"]) <= parsedate_to_datetime(since)
    return False


def _digest(body: bytes) -> str:
    return base64.b32encode(hashlib.sha1(body).digest()).decode()[:16]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: Answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to report; all else is a bug."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes
    server: _Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self.server.answer(self.command, self.path, headers)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 304:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_HEAD = do_GET  # noqa: N815, the name is http.server's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, likewise
        """Nothing on standard error: the site keeps its own log."""
