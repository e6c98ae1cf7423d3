"""Files that have their name only when they are whole and on disk; compression; digests."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, cast

from archive.model import Article

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# What writes an article into an open file: its size before compression, in bytes.
Add = Callable[[Article], int]
Compression = Literal["gzip", "zstd"]
SUFFIXES: dict[Compression | None, str] = {None: "", "gzip": ".gz", "zstd": ".zst"}
GZIP_LEVEL = 6  # zlib's own default
ZSTD_LEVEL = 3  # zstd's own default


@contextmanager
def compressed(raw: IO[bytes], compression: Compression | None) -> Iterator[IO[bytes]]:
    """A stream that compresses into another; the same bytes in give the same bytes out."""
    if compression is None:
        yield raw
        return
    stream: Any
    if compression == "gzip":  # neither name nor time in the header
        stream = gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0)
    else:
        stream = zstd.ZstdFile(raw, "w", level=ZSTD_LEVEL)
    with stream:
        yield cast(IO[bytes], stream)


@contextmanager
def whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A file that is not there, or as it was, until the block has ended without an error."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
        sync(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Put the names in a folder on disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The digest of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
