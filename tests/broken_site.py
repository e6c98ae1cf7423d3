"""HTTP on loopback as broken as one likes: what is sent is said byte for byte, TLS included.

Each site has a port of its own, so its own robots.txt, delays and connections; one thread serves
them all.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
AUTHORITY = "authority.pem"
SITE = "http://broken.example"  # in a body: stands for the address of the site that serves it


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `length` is the Content-Length to state where it is not that of the body.

    `ending` is what comes after the body: nothing special, the connection closed or reset, silence,
    the body letter by letter, the body again and again without end.
    """

    body: bytes = b""
    kind: str | None = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    ending: Literal["", "close", "reset", "silence", "drip", "endless"] = ""
    raw: bytes | None = None  # instead of all that: these bytes and no others


# An answer, or what it is by the target of the request and how often that was asked for before.
Page = Answer | Callable[[str, int], Answer]
Pages = Mapping[str, Page]  # by path; `*` for all others, which else are 404

DRIP_SECONDS = 0.2  # from one byte to the next
TLS_HANDSHAKE = b"\x16"  # RFC 8446, 5.1: how a client begins that wants TLS


class Site:
    """One site of several: its pages, and what it was asked for."""

    def __init__(self, name: str, pages: Pages, scheme: str) -> None:
        self.name = name
        self.pages = dict(pages)
        self.scheme = scheme
        self.requests: list[str] = []
        self.port = 0
        self.host = HOST
        self._asked: Counter[str] = Counter()

    @property
    def base(self) -> str:
        return f"{self.scheme.partition('-')[0]}://{self.host}:{self.port}"

    def answer(self, target: str) -> Answer:
        """The answer to a request for that target (path and query)."""
        self.requests.append(target)
        path = target.partition("?")[0]
        page = self.pages.get(path) or self.pages.get("*") or Answer(b"not here", status=404)
        found = page if isinstance(page, Answer) else page(target, self._asked[target])
        self._asked[target] += 1
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while target := await _target(reader):
                if not await self._send(self.answer(target), writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _send(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection may be used again."""
        body = answer.body.replace(SITE.encode(), self.base.encode())
        if answer.raw is not None:
            writer.write(answer.raw)
            await writer.drain()
            if answer.ending == "reset":
                _reset(writer)
            return False
        headers = dict(answer.headers)
        if answer.kind is not None:
            headers.setdefault("Content-Type", answer.kind)
        if answer.ending != "endless" or answer.length is not None:
            length = len(body) if answer.length is None else answer.length
            headers.setdefault("Content-Length", str(length))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = head.replace(SITE, self.base)
        writer.write(f"HTTP/1.1 {answer.status} Any\r\n{head}\r\n".encode("latin-1"))
        if answer.ending == "drip":
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(DRIP_SECONDS)
        else:
            writer.write(body)
        await writer.drain()
        while answer.ending == "endless":
            writer.write(body)
            await writer.drain()
        if answer.ending == "silence":
            await asyncio.sleep(60)
        if answer.ending == "reset":
            _reset(writer)
        return not answer.ending


@contextmanager
def serve(
    sites: Sequence[tuple[str, Pages | None, str]], folder: Path, *, apart: bool = False
) -> Iterator[dict[str, Site]]:
    """Sites by name, while the context lasts: each of a name, its pages and its scheme.

    Null for pages: nobody listens at that port. The scheme is http, https, one of https with a bad
    certificate (`_certificates`), or https-in-plain: no TLS behind an address that promises it.
    `folder` is where certificates are written, the authority's as AUTHORITY. `apart`: each site has
    an address of its own, 127.0.0.2 and those behind it (Linux), so that each is a domain of its own.
    """
    made = {name: Site(name, pages or {}, scheme) for name, pages, scheme in sites}
    sockets: dict[str, socket.socket] = {}
    for number, (name, site) in enumerate(made.items(), 2):
        site.host = f"127.0.{number // 250}.{number % 250}" if apart else HOST
        sockets[name] = socket.create_server((site.host, 0))
        site.port = sockets[name].getsockname()[1]
    is_secure = any(site.scheme.startswith("https") for site in made.values())
    contexts = _certificates(folder) if is_secure else {}
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # clients that go away

    async def start() -> None:
        for name, pages, scheme in sites:
            if pages is None:
                sockets[name].close()
                continue
            tls = contexts.get(scheme)
            await asyncio.start_server(made[name].serve, sock=sockets[name], ssl=tls)

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for open_ in sockets.values():
            open_.close()


async def _target(reader: asyncio.StreamReader) -> str | None:
    """The target of the next request; null where the client has gone, or speaks no HTTP."""
    try:
        first = await reader.readexactly(1)
        if first == TLS_HANDSHAKE:
            return "*"
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    parts = head.split(b"\r\n", 1)[0].split()
    return parts[1].decode("latin-1") if len(parts) == 3 else None


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST (RFC 9293): what is on its way is dropped."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _certificates(folder: Path) -> dict[str, ssl.SSLContext]:
    """TLS by scheme: good and bad in one way each; who signs the good is in authority.pem."""
    authority, key = _certificate("authority.example", signed_by=None)
    (folder / AUTHORITY).write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    by = (authority, key)
    return {
        "https": _context(folder, *_certificate(HOST, signed_by=by)),
        "https-expired": _context(folder, *_certificate(HOST, signed_by=by, days=-1)),
        "https-self-signed": _context(folder, *_certificate(HOST, signed_by=None)),
        "https-elsewhere": _context(folder, *_certificate("elsewhere.example", signed_by=by)),
        "https-unnamed": _context(folder, *_certificate("", signed_by=by)),
    }


Signed = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _certificate(host: str, signed_by: Signed | None, days: int = 2) -> Signed:
    """A certificate of a host, with its key; valid until so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host or "nobody")])
    now = datetime.now(UTC)
    is_address = host[:1].isdigit()
    names: list[x509.GeneralName] = [x509.DNSName(host)] if host else []
    if is_address:
        names = [x509.IPAddress(ip_address(host))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(signed_by[0].subject if signed_by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=signed_by is None, path_length=None), True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return builder.sign(signed_by[1] if signed_by else key, hashes.SHA256()), key


def _context(
    folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> ssl.SSLContext:
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
