"""A WARC file from its first byte to its last: where each record stands, and whether it is whole."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archive.warc import WarcError, digest

CHUNK = 1 << 16
HEAD_LIMIT = 1 << 20  # bytes of WARC and HTTP headers: a thousand times the usual


@dataclass(frozen=True, slots=True)
class Member:
    """A gzip member with the WARC record in it.

    `digest` is that of the payload as it stands, `stated` the one that the record states.
    """

    offset: int
    length: int
    kind: str  # response, request, resource, revisit, warcinfo, …
    url: str
    date: str
    digest: str
    stated: str

    @property
    def is_capture(self) -> bool:
        """Whether a row of `captures` should know it."""
        return self.kind in ("response", "resource", "revisit")


def read(stream: IO[bytes], offset: int) -> Member:
    """The member that begins there, read to its end. Raises WarcError where it is not whole.

    All bytes are looked at: gzip's checksum covers them (RFC 1952), the block's length must be the
    one that the record states (ISO 28500, 5.4), and so must the payload's digest.
    """
    plain = _Plain(stream, offset)
    try:
        fields = _fields(plain.head(b"\r\n\r\n"))
        left = int(fields.get("content-length", "-1"))
        sha1 = hashlib.sha1(usedforsecurity=False)
        if fields.get("content-type", "").startswith("application/http"):
            left -= len(plain.head(b"\r\n\r\n"))
        for chunk in plain.take(left):
            sha1.update(chunk)
        end = b"".join(plain.rest())
    except (zlib.error, ValueError, EOFError) as error:
        raise WarcError(f"the record at {offset} is damaged: {error}") from error
    if end != b"\r\n\r\n":
        raise WarcError(f"the record at {offset} is damaged: its length is not as stated")
    found, stated = digest(sha1.digest()), fields.get("warc-payload-digest", "")
    kind = fields["warc-type"]
    if kind in ("response", "resource") and stated and stated != found:
        raise WarcError(f"the record at {offset} is damaged: its payload is not as stated")
    return Member(
        offset, plain.length, kind, fields.get("warc-target-uri", ""), fields.get("warc-date", ""),
        found, stated,
    )  # fmt: skip


def find(path: Path, offset: int) -> int | None:
    """Where the next member begins, searched from there on; null: there is none."""
    with open(path, "rb") as stream:
        stream.seek(offset)
        position, window = offset, b""
        while chunk := stream.read(CHUNK):
            window += chunk
            start = window.find(b"\x1f\x8b\x08")
            while start >= 0:
                if _begins_record(path, position + start):
                    return position + start
                start = window.find(b"\x1f\x8b\x08", start + 1)
            position, window = position + len(window) - 2, window[-2:]
    return None


def _begins_record(path: Path, offset: int) -> bool:
    with open(path, "rb") as stream:
        stream.seek(offset)
        try:
            return (
                zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(stream.read(512), 5) == b"WARC/"
            )
        except zlib.error:
            return False


def _fields(head: bytes) -> dict[str, str]:
    """The named fields of a WARC header, their names in small letters."""
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not lines[0].startswith("WARC/"):
        raise ValueError("no WARC record")
    pairs = (line.partition(":") for line in lines[1:] if ":" in line)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    if "warc-type" not in fields:
        raise ValueError("no WARC record")
    return fields


class _Plain:
    """The decompressed bytes of one member, taken from their beginning on."""

    def __init__(self, stream: IO[bytes], offset: int) -> None:
        stream.seek(offset)
        self._stream = stream
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._read = 0
        self._buffer = b""

    @property
    def length(self) -> int:
        """The bytes of the compressed member, once all of it was taken."""
        return self._read - len(self._inflate.unused_data)

    def head(self, end: bytes) -> bytes:
        """The bytes up to and with that end. Raises ValueError, EOFError."""
        while end not in self._buffer:
            if len(self._buffer) > HEAD_LIMIT:
                raise ValueError("its header has no end")
            self._fill()
        head, _, self._buffer = self._buffer.partition(end)
        return head + end

    def take(self, count: int) -> Iterator[bytes]:
        """So many bytes. Raises ValueError, EOFError."""
        if count < 0:
            raise ValueError("its length is not as stated")
        while count:
            if not self._buffer:
                self._fill()
            piece, self._buffer = self._buffer[:count], self._buffer[count:]
            count -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """What is left. Raises EOFError where the member is torn."""
        yield self._buffer
        self._buffer = b""
        while not self._inflate.eof:
            self._fill()
            yield self._buffer
            self._buffer = b""

    def _fill(self) -> None:
        if self._inflate.eof:
            raise EOFError("it ends too early")
        pending = self._inflate.unconsumed_tail
        if not pending:
            pending = self._stream.read(CHUNK)
            if not pending:
                raise EOFError("the file ends in it")
            self._read += len(pending)
        self._buffer += self._inflate.decompress(pending, CHUNK)
