"""Content-Encoding undone (RFC 9110, 8.4), within a limit: few bytes can unfold into gigabytes."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class EncodingError(Exception):
    """A body that cannot be decoded: one line that says why."""


def decode(encoding: str, body: bytes, limit: int) -> bytes:
    """The decoded body; `encoding` is the value of the Content-Encoding header.

    A body that is not encoded as its header says is returned as it is: servers do that, and
    browsers bear it. Raises EncodingError for an unknown encoding and beyond `limit` bytes.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    for name in reversed([n for n in names if n not in ("", "identity")]):
        if name not in _DECODERS:
            raise EncodingError(f"Content-Encoding {name} is not supported")
        try:
            body = _DECODERS[name](body, limit + 1)
        except (zlib.error, brotli.error, zstd.ZstdError, EOFError):
            continue
    if len(body) > limit:
        raise EncodingError(f"more than {limit:,} bytes")
    return body


def _inflate(body: bytes, most: int) -> bytes:
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, most)  # 32: gzip or zlib


def _deflate(body: bytes, most: int) -> bytes:
    try:
        return _inflate(body, most)
    except zlib.error:  # raw deflate: against the standard, and common
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, most)


def _brotli(body: bytes, most: int) -> bytes:
    decoder = brotli.Decompressor()
    plain = decoder.process(body, output_buffer_limit=most)
    while len(plain) < most and not decoder.is_finished():
        more = decoder.process(b"", output_buffer_limit=most - len(plain))
        if not more:
            break  # cut short: what there is
        plain += more
    return bytes(plain)


def _zstd(body: bytes, most: int) -> bytes:
    return zstd.ZstdDecompressor().decompress(body, most)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
