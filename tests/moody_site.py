"""A site on loopback whose answers a test sets, path by path, and which keeps a log."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.faults import PARAGRAPHS, page

Answer = tuple[int, dict[str, str], bytes]


def html(body: bytes) -> Answer:
    return 200, {"Content-Type": "text/html; charset=utf-8"}, body


def rss(base: str, *paths: str) -> Answer:
    items = "".join(
        f"<item><title>{path}</title><link>{base}{path}</link><guid>{base}{path}</guid></item>"
        for path in paths
    )
    body = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    )
    return 200, {"Content-Type": "application/rss+xml"}, body.encode()


@dataclass
class Site:
    """`answers` maps a path (with its query) to what it answers; other paths answer 404."""

    base: str = ""
    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)
    log: list[tuple[str, int]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    under_way: int = 0
    most_under_way: int = 0

    def article(self, path: str, head: str = "", words: str = "cranes") -> None:
        """Put an article there; other words make it another article."""
        text = PARAGRAPHS.replace("cranes", words)
        self.answers[path] = html(page(f"The {words} of Brunnstedt", text, head))

    def feed(self, *paths: str) -> None:
        """List these paths in /feed."""
        self.answers["/feed"] = rss(self.base, *paths)

    def asked(self, path: str = "") -> list[int]:
        """The statuses that a path was answered with so far, in order; of all but robots.txt."""
        return [s for p, s in self.log if p == path or (not path and p != "/robots.txt")]

    def source(self, name: str = "x", **keys: Any) -> str:
        """The site's `[[source]]`."""
        lines = [f'name = "{name}"', f'url = "{self.base}/"', f'feeds = ["{self.base}/feed"]']
        lines += ["allow_private = true", "delay = 0"]
        lines += [f"{key} = {value!r}".replace("'", '"') for key, value in keys.items()]
        return "[[source]]\n" + "\n".join(lines) + "\n"

    def write(self, folder: Path, **keys: Any) -> None:
        """Write a sources.toml with the site alone."""
        (folder / "sources.toml").write_text(self.source(**keys), "utf-8")


@contextmanager
def moody_site(address: str = "127.0.0.1") -> Iterator[Site]:
    """The site, served at an address of this machine."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.agents.add(self.headers["User-Agent"])
            site.under_way += 1
            site.most_under_way = max(site.most_under_way, site.under_way)
            given = site.answers.get(self.path, (404, {}, b"not here"))
            status, headers, body = given() if callable(given) else given
            if status == 200 and "ETag" not in headers:
                headers = headers | {"ETag": f'"{zlib.crc32(body)}"'}
                if self.headers["If-None-Match"] == headers["ETag"]:
                    status, body = 304, b""
            site.under_way -= 1
            site.log.append((self.path, status))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    site.base = f"http://{address}:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
