"""Content-Encoding undone (RFC 9110, 8.4), within a limit: few bytes can unfold into gigabytes."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


CHUNK = 1 << 20  # bytes unpacked at a time


class EncodingError(Exception):
    """A body that cannot be decoded: one line that says why."""


class CutShort(EncodingError):
    """The encoded body ends before its end."""


class TooLarge(EncodingError):
    """The decoded body exceeds the limit."""


def decode(encoding: str, body: bytes, limit: int) -> bytes:
    """The decoded body; `encoding` is the value of the Content-Encoding header.

    A body that is not encoded as its header says is returned as it is: servers do that, and
    browsers bear it. Raises EncodingError for an unknown encoding, CutShort and TooLarge.
    """
    if not body:
        return body
    names = [name.strip().lower() for name in encoding.split(",")]
    for name in reversed([n for n in names if n not in ("", "identity")]):
        if name not in _DECODERS:
            raise EncodingError(f"Content-Encoding {name} is not supported")
        try:
            body = _DECODERS[name](body, limit + 1)
        except (zlib.error, gzip.BadGzipFile, brotli.error, zstd.ZstdError):
            continue
    if len(body) > limit:
        raise TooLarge(f"more than {limit:,} bytes")
    return body


def gunzip(stream: IO[bytes], most: int) -> bytes:
    """What a gzip file unfolds to, all its members (RFC 1952, 2.2), at most so many bytes.

    What stands behind the last member and is none is left out. Raises zlib.error and gzip.BadGzipFile
    for what is no gzip, CutShort where it ends before its end.
    """
    return _read(gzip.GzipFile(fileobj=stream), most, gzip.BadGzipFile)


def _gzip(body: bytes, most: int) -> bytes:
    if body[:1] == b"\x78":  # zlib (RFC 1950): against the standard, and borne by browsers
        return _inflate(body, most, zlib.MAX_WBITS)
    return gunzip(BytesIO(body), most)


def _zstd(body: bytes, most: int) -> bytes:
    return _read(zstd.ZstdFile(BytesIO(body)), most, zstd.ZstdError)


def _read(file: Any, most: int, end: type[Exception]) -> bytes:
    """The stream's first bytes, read bit by bit; an error of type `end` after the first ends it."""
    parts, left = [], most
    try:
        while left > 0 and (part := file.read1(min(left, CHUNK))):
            parts.append(part)
            left -= len(part)
    except EOFError as error:
        raise CutShort("the answer was cut short") from error
    except end:
        if not parts:
            raise
    return b"".join(parts)


def _inflate(body: bytes, most: int, window: int) -> bytes:
    decoder = zlib.decompressobj(window)
    plain = decoder.decompress(body, most)
    return _whole(plain, most, decoder.eof)


def _deflate(body: bytes, most: int) -> bytes:
    try:
        return _inflate(body, most, zlib.MAX_WBITS | 32)  # zlib or gzip, as the head says
    except zlib.error:  # raw deflate: against the standard, and common
        return _inflate(body, most, -zlib.MAX_WBITS)


def _brotli(body: bytes, most: int) -> bytes:
    decoder = brotli.Decompressor()
    plain = decoder.process(body, output_buffer_limit=most)
    while len(plain) < most and not decoder.is_finished():
        more = decoder.process(b"", output_buffer_limit=most - len(plain))
        if not more:
            break
        plain += more
    return _whole(bytes(plain), most, decoder.is_finished())


def _whole(plain: bytes, most: int, is_whole: bool) -> bytes:
    if not is_whole and len(plain) < most:
        raise CutShort("the answer was cut short")
    return plain


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
