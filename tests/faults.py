"""A site on loopback that is broken in one way at each address."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PARAGRAPHS = "".join(
    f"<p>Paragraph {n} of a report on how the harbour of Brunnstedt teaches its cranes to see, "
    f"with so many words that nobody takes it for a menu or a label of any kind.</p>"
    for n in range(1, 6)
)


def page(title: str, body: str = PARAGRAPHS, head: str = "") -> bytes:
    return (
        f"<!DOCTYPE html><html lang=en><head><title>{title}</title>{head}</head>"
        f"<body><main><article><h1>{title}</h1>{body}</article></main></body></html>"
    ).encode()


def feed(base: str, *paths: str) -> bytes:
    items = "".join(
        f"<item><title>{path}</title><link>{base}{path}</link><guid>{base}{path}</guid></item>"
        for path in paths
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    ).encode()


Answer = tuple[int, dict[str, str], bytes]


def html(body: bytes) -> Answer:
    return 200, {"Content-Type": "text/html; charset=utf-8"}, body


def rss(body: bytes) -> Answer:
    return 200, {"Content-Type": "application/rss+xml"}, body


def article_feed(path: str) -> Callable[[str], Answer]:
    return lambda base: rss(feed(base, path))


# One row a fault: the path of the source, what it answers.
ANSWERS: dict[str, Callable[[str], Answer]] = {
    "/good/feed": lambda base: rss(feed(base, "/good/1", "/good/2")),
    "/good/1": lambda base: html(page("The cranes of Brunnstedt")),
    "/good/2": lambda base: html(page("A second report", PARAGRAPHS.replace("cranes", "buoys"))),
    "/no-feed/": lambda base: html(b"<html><body><h1>Hello</h1><p>Nothing here.</p></body></html>"),
    "/malformed/feed": lambda base: rss(b"<rss><channel><item><title>cut"),
    "/html-feed/feed": lambda base: rss(page("Not a feed")),
    "/bomb/feed": lambda base: rss(
        b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "lol">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a;" * 10) for n in range(9))
        + b"]><rss><channel><item><title>&a8;</title></item></channel></rss>"
    ),
    "/no-article/feed": article_feed("/no-article/1"),
    "/no-article/1": lambda base: html(
        b"<html><body><h1>Contact</h1><form><input name=a><button>Send</button></form></body></html>"
    ),
    "/empty/feed": article_feed("/empty/1"),
    "/empty/1": lambda base: html(b""),
    "/large/feed": article_feed("/large/1"),
    "/large/1": lambda base: html(page("Large", "<p>" + "x" * 20_000_000 + "</p>")),
    "/charset/feed": article_feed("/charset/1"),
    "/charset/1": lambda base: (
        200,
        {"Content-Type": "text/html; charset=utf-8"},
        page("Größe und Maß", PARAGRAPHS.replace("harbour", "Häfen für große Schiffe"))
        .decode()
        .encode("cp1252"),
    ),
    "/wall/feed": article_feed("/wall/1"),
    "/wall/1": lambda base: html(
        page("Just a moment...", "<p>Enable JavaScript and cookies to continue</p>")
    ),
    "/gzip-bomb/feed": article_feed("/gzip-bomb/1"),
    "/gzip-bomb/1": lambda base: (
        200,
        {"Content-Type": "text/html", "Content-Encoding": "gzip"},
        gzip.compress(bytes(50_000_000)),
    ),
    "/loop/feed": article_feed("/loop/1"),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        path = self.path.partition("?")[0]
        if path == "/loop/1":
            again = self.path + ("&" if "?" in self.path else "?") + "a"
            status, headers, body = 302, {"Location": base + again}, b""
        elif path in ANSWERS:
            status, headers, body = ANSWERS[path](base)
            headers = headers | {"ETag": f'"{zlib.crc32(body)}"'}
            if self.headers["If-None-Match"] == headers["ETag"]:
                status, body = 304, b""
        else:
            status, headers, body = 404, {}, b"not here"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serve_faults() -> Iterator[str]:
    """The base address of the broken site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.block_on_close = False  # kept-alive connections end with their clients
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
