"""WARC files as files: records copied as they stand, torn ends, files made anew without some records."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from archive import warc


def records(folder: Path, file: str, offset: int, length: int) -> bytes:
    """The response's record at that place and the request's behind it, compressed as they stand.

    Raises WarcError where the file is missing or ends before.
    """
    path = folder / file
    try:
        end = end_of_request(path, offset + length)
        with open(path, "rb") as stream:
            stream.seek(offset)
            found = stream.read(end - offset)
    except OSError as error:
        raise warc.WarcError(f"{file} at {offset}: {error}") from error
    if len(found) < length:
        raise warc.WarcError(f"{file} at {offset}: the file ends before the record does")
    return found


def cut_tail(folder: Path, end: dict[str, int]) -> int:
    """The number of bytes cut off: what a killed process wrote without recording it.

    `end` gives for each file where its last recorded response ends. Whatever stands behind it is
    a request record of that response (kept), or was never recorded, and is fetched again. A file in
    which nothing is recorded goes.
    """
    cut = 0
    for path in folder.glob("*.warc.gz"):
        size = path.stat().st_size
        if path.name not in end:
            path.unlink()
            cut += size
        elif size > (keep := end_of_request(path, end[path.name])):
            os.truncate(path, keep)
            cut += size - keep
    return cut


def rewrite(folder: Path, file: str, places: Iterable[tuple[int, int]]) -> tuple[str, list[int]]:
    """A new file with these responses of another one, and where they stand in it.

    `places` are offset and length of each in the old file. Records are copied byte for byte, with
    their requests. On disk for good on return; the old file stays as it is. Raises OSError.
    """
    name, count = re.fullmatch(r"(.*?)(?:-r(\d+))?\.warc\.gz", file).groups()  # type: ignore[union-attr]
    new, offsets = f"{name}-r{int(count or 0) + 1}.warc.gz", list[int]()
    with open(folder / file, "rb") as source, open(folder / new, "wb") as target:
        target.write(warc.warcinfo(new))
        for offset, length in places:
            offsets.append(target.tell())
            source.seek(offset)
            target.write(source.read(end_of_request(folder / file, offset + length) - offset))
        target.flush()
        os.fsync(target.fileno())
    sync_folder(folder)
    return new, offsets


def end_of_request(path: Path, offset: int) -> int:
    """Where the request record behind a response ends, or `offset` where it is torn or missing."""
    return _end_of_member(path, offset, b"request")


def sync_folder(folder: Path) -> None:
    """Names of files in the folder survive a power cut on return."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _end_of_member(path: Path, offset: int, kind: bytes) -> int:
    with open(path, "rb") as file:
        file.seek(offset)
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        plain, read = b"", 0
        try:
            while not inflate.eof and (chunk := file.read(1 << 16)):
                plain = (plain + inflate.decompress(chunk))[:4096]
                read += len(chunk)
        except zlib.error:
            return offset
    if not inflate.eof or b"WARC-Type: " + kind not in plain:
        return offset
    return offset + read - len(inflate.unused_data)
