"""Captures on disk: WARC files (ISO 28500, version 1.1), one gzip member a record, append-only."""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from isal import isal_zlib
from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader, DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive import encodings

Headers = tuple[tuple[str, str], ...]

NAME = "newsletter-archive"  # how our files begin
PASSING = "passing"  # those of captures that are not kept beyond the run
ROTATE_BYTES = 1_000_000_000  # 1 GB a file, as Common Crawl's news crawl does
BODY_LIMIT = 64 * 1024 * 1024  # of a decoded body: many times the largest page, far from a bomb
HEADER_BYTES = 1024 * 1024  # of a record, WARC's and HTTP's: servers take a tenth of it at most
MESSAGE = 150  # letters of a message of warcio's, which may quote the record
# Of ISA-L: on the pages of the bench a seventh of the time of zlib's level 4, for 10 % more bytes; on
# bodies that come compressed, as most do, a fifteenth for the same bytes.
GZIP_LEVEL = 2
GZIP_MAGIC = b"\x1f\x8b\x08"  # RFC 1952, 2.3.1: a member, deflated
SERVER_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


class WarcError(Exception):
    """A record that cannot be read: one line that says which and why."""


class TooLarge(WarcError):
    """The record's body is larger than asked for."""


class CutShort(WarcError):
    """The record's body was cut short on its way to us."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the response to it, the body still encoded as it came over the wire.

    `headers` keep their order and repetitions. `fetched` is ISO 8601 in UTC. For what did not come
    over HTTP (a saved page, a mail) `request_headers` is empty and `kind` is `resource`.
    """

    url: str
    fetched: str
    status: int
    headers: Headers
    body: bytes
    reason: str = ""
    request_headers: Headers = ()
    kind: str = "response"  # response, revisit, resource
    refers_to: tuple[str, str, str] | None = None  # of a revisit: URL, date, payload digest
    record_id: str = ""  # WARC-Record-ID of the record it was read from


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands, and the digest of its payload."""

    file: str
    offset: int
    length: int
    digest: str


class WarcWriter:
    """Appends records to the newest file of a folder; starts a new one when that is full."""

    def __init__(self, folder: Path, rotate_bytes: int = ROTATE_BYTES, name: str = NAME) -> None:
        self._folder = folder
        self._name = name
        self._rotate_bytes = rotate_bytes
        self._file: IO[bytes] | None = None

    def append(self, exchange: Exchange) -> Place:
        """The place of the response's record, which is with the operating system on return.

        It is on disk for good after `sync`. Raises OSError (disk full, folder not writable).
        """
        response, request, digest = _records(exchange)
        return self.adopt(response + request, len(response), digest)

    def adopt(self, records: bytes, length: int, digest: str) -> Place:
        """The place of records as they stand in another file: a response of that length, its request."""
        file = self._open()
        offset = file.seek(0, os.SEEK_END)
        try:
            file.write(records)
            file.flush()
        except OSError:
            file.truncate(offset)
            raise
        return Place(Path(file.name).name, offset, length, digest)

    def sync(self) -> None:
        """Everything appended so far survives a power cut on return."""
        if self._file:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Sync and close."""
        if self._file:
            self.sync()
            self._file.close()
            self._file = None

    def _open(self) -> IO[bytes]:
        if self._file and self._file.tell() >= self._rotate_bytes:
            self.close()
        if not self._file:
            self._folder.mkdir(exist_ok=True)
            files = sorted(self._folder.glob(f"{self._name}-*.warc.gz"))
            if not files or files[-1].stat().st_size >= self._rotate_bytes:
                files.append(self._folder / _file_name(self._name, len(files)))
            self._file = open(files[-1], "ab")  # noqa: SIM115 - kept open from record to record
            if self._file.tell() == 0:
                self._file.write(warcinfo(files[-1].name))
        return self._file


def read(folder: Path, file: str, offset: int, limit: int = BODY_LIMIT) -> Exchange:
    """The exchange recorded at that place, with its body decoded (Content-Encoding undone).

    Raises WarcError where there is no whole record, TooLarge where the decoded body exceeds `limit`
    bytes, CutShort where its encoding ends before its end.
    """
    with _record(folder, file, offset) as record:
        return decoded(_exchange(record, limit), limit)


def decoded(exchange: Exchange, limit: int = BODY_LIMIT) -> Exchange:
    """The exchange with its body decoded (Content-Encoding undone).

    Raises TooLarge, CutShort and WarcError as `read` does.
    """
    if exchange.kind == "resource":  # it did not come over HTTP
        return exchange
    named = (value for name, value in exchange.headers if name.lower() == "content-encoding")
    try:
        body = encodings.decode(next(named, ""), exchange.body, limit)
    except encodings.TooLarge as error:
        raise TooLarge(str(error)) from error
    except encodings.CutShort as error:
        raise CutShort(str(error)) from error
    except encodings.EncodingError as error:
        raise WarcError(str(error)) from error
    return replace(exchange, body=body)


def payload_digest(folder: Path, file: str, offset: int) -> str:
    """The SHA-1 of the payload at that place, as records write it; empty for one without payload.

    Raises WarcError where there is no whole record.
    """
    with _record(folder, file, offset) as record:
        if record.rec_type == "revisit":
            return ""
        digester = hashlib.sha1(usedforsecurity=False)
        while chunk := record.raw_stream.read(1 << 16):
            digester.update(chunk)
        return digest(digester.digest())


def digest(sha1: bytes) -> str:
    """A SHA-1 as WARC records write it: base 32."""
    return "sha1:" + base64.b32encode(sha1).decode()


def payload_sha1(body: bytes) -> str:
    """The digest of a payload, as records write it."""
    return digest(hashlib.sha1(body, usedforsecurity=False).digest())


def exchanges(stream: IO[bytes], limit: int = BODY_LIMIT) -> Iterator[Exchange | WarcError]:
    """The responses of any WARC file, their bodies still encoded; a broken record as an error.

    Used for import: requests, revisits and metadata are left out.
    """
    records = ArchiveIterator(stream)
    records.INC_RECORD = ""  # printed as it stands; what is wrong is a value here
    records.reader = reader = _Bounded(records.fh)
    while True:
        try:
            reader.begin()
            record = next(records, None)
            if record is None:
                return
            if record.rec_type in ("response", "resource"):
                yield _exchange(record, limit)
        except WarcError as error:
            yield error
        except (ArchiveLoadFailed, zlib.error, EOFError, ValueError) as error:
            yield WarcError(f"broken record: {str(error)[:MESSAGE]}")
            return


class _Bounded(DecompressingBufferedReader):  # type: ignore[misc]
    """A reader of records that does not take lines without end for headers: a file of 2 MB can unfold
    into gigabytes of them.
    """

    def begin(self) -> None:
        """Allow a record its headers."""
        self._left = HEADER_BYTES

    def readline(self, length: int | None = None) -> bytes:
        """The next line. Raises ArchiveLoadFailed where the headers of a record are too large."""
        line: bytes = super().readline(min(length or self._left, self._left))
        self._left -= len(line)
        if self._left <= 0:
            raise ArchiveLoadFailed(f"headers of more than {HEADER_BYTES:,} bytes")
        return line


def warcinfo(name: str) -> bytes:
    """The record that a file of that name begins with, compressed."""
    builder = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")
    info = {"software": "newsletter-archive", "format": "WARC File Format 1.1"}
    return _compressed(builder.create_warcinfo_record(name, info))


def now() -> str:
    """The time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _records(exchange: Exchange) -> tuple[bytes, bytes, str]:
    """The compressed response (or resource, or revisit), the compressed request, the digest."""
    builder = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")
    named = {"WARC-Date": exchange.fetched}
    if exchange.kind == "revisit":
        named["WARC-Profile"] = SERVER_NOT_MODIFIED  # ISO 28500, 6.7: no revisit without
    if exchange.refers_to:
        url, date, digest = exchange.refers_to
        named |= {
            "WARC-Refers-To-Target-URI": url,
            "WARC-Refers-To-Date": date,
            "WARC-Payload-Digest": digest,
        }
    http = None
    content_type = ""
    if exchange.kind == "resource":
        content_type = {n.lower(): v for n, v in exchange.headers}.get("content-type", "")
    else:
        status = f"{exchange.status} {exchange.reason}".strip()
        http = StatusAndHeaders(status, list(exchange.headers), protocol="HTTP/1.1")
    response = builder.create_warc_record(
        exchange.url,
        exchange.kind,
        payload=BytesIO(exchange.body),
        length=len(exchange.body),
        http_headers=http,
        warc_headers_dict=named,
        warc_content_type=content_type,
    )
    request_bytes = b""
    if exchange.request_headers:
        request = builder.create_warc_record(
            exchange.url,
            "request",
            http_headers=StatusAndHeaders(
                f"GET {_target(exchange.url)} HTTP/1.1",
                list(exchange.request_headers),
                is_http_request=True,
            ),
            warc_headers_dict={
                "WARC-Date": exchange.fetched,
                "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        request_bytes = _compressed(request)
    compressed = _compressed(response)
    return compressed, request_bytes, response.rec_headers.get_header("WARC-Payload-Digest") or ""


def _compressed(record: Any) -> bytes:
    plain = BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    return isal_zlib.compress(plain.getbuffer(), GZIP_LEVEL, zlib.MAX_WBITS | 16)


@contextmanager
def _record(folder: Path, file: str, offset: int) -> Iterator[Any]:
    """The record at that place. Raises WarcError where no gzip member with a record begins there."""
    where = f"{file} at {offset}"
    try:
        with open(folder / file, "rb") as stream:
            stream.seek(offset)
            # warcio takes bytes that are not gzip for an uncompressed record, and may find one.
            if stream.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
                raise WarcError(f"{where}: no record")
            stream.seek(offset)
            record = next(iter(ArchiveIterator(stream)), None)
            if record is None or not record.rec_headers.get_header("WARC-Type"):
                raise WarcError(f"{where}: no record")
            yield record
    except (OSError, ArchiveLoadFailed, zlib.error, EOFError) as error:
        raise WarcError(f"{where}: {error}") from error


def _exchange(record: Any, limit: int) -> Exchange:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    http = record.http_headers
    headers: Iterable[tuple[str, str]] = http.headers if http else ()
    if not http and (content_type := record.rec_headers.get_header("Content-Type")):
        headers = (("Content-Type", content_type),)
    payload = _payload(record)
    body = payload.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"{url}: more than {limit:,} bytes")
    if payload is record.raw_stream and payload.limit > 0:  # bytes that it still owes
        raise WarcError(f"{url}: the file ends within its record")
    status, _, reason = (http.statusline if http else "200").partition(" ")
    return Exchange(
        url=url,
        fetched=record.rec_headers.get_header("WARC-Date") or "",
        status=int(status) if status.isdigit() else 0,
        reason=reason,
        headers=tuple(headers),
        body=body,
        kind=record.rec_type,
        record_id=record.rec_headers.get_header("WARC-Record-ID") or "",
    )


def _payload(record: Any) -> Any:
    """The body as a stream: some archives keep the chunks of Transfer-Encoding in it."""
    http = record.http_headers
    if http and (http.get_header("Transfer-Encoding") or "").lower() == "chunked":
        return ChunkedDataReader(record.raw_stream)
    return record.raw_stream


def _target(url: str) -> str:
    """The request's target: path and query (RFC 9112, origin form)."""
    rest = url.partition("://")[2].partition("#")[0]
    slash = min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest))
    return rest[slash:] if rest[slash : slash + 1] == "/" else "/" + rest[slash:]


def _file_name(name: str, count: int) -> str:
    return f"{name}-{datetime.now(UTC):%Y%m%d%H%M%S}-{count:05}.warc.gz"
