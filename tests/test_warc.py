"""Captures on disk: what is written can be read, and a torn tail is cut."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive import encodings, warc, warc_files


def exchange(
    url: str = "http://example.org/a?b=1", body: bytes = b"<p>hello</p>", **more: object
) -> warc.Exchange:
    values: dict[str, object] = {
        "url": url,
        "fetched": "2026-11-24T12:00:00.123Z",
        "status": 200,
        "reason": "OK",
        "headers": (("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
        "body": body,
        "request_headers": (("User-Agent", "test"),),
    }
    return warc.Exchange(**(values | more))  # type: ignore[arg-type]


def test_a_record_is_read_back_at_its_offset(tmp_path: Path) -> None:
    writer = warc.WarcWriter(tmp_path)
    places = [writer.append(exchange(f"http://example.org/{n}", b"%d" % n)) for n in range(3)]
    writer.close()
    for n, place in enumerate(places):
        found = warc.read(tmp_path, place.file, place.offset)
        assert (found.url, found.body) == (f"http://example.org/{n}", b"%d" % n)
        assert found.headers == exchange().headers
        assert found.fetched == exchange().fetched


def test_another_reader_sees_response_and_request(tmp_path: Path) -> None:
    writer = warc.WarcWriter(tmp_path)
    place = writer.append(exchange())
    writer.close()
    with open(tmp_path / place.file, "rb") as file:
        records = [
            (r.rec_type, r.rec_headers.get_header("WARC-Target-URI"))
            for r in ArchiveIterator(file, check_digests="raise")
        ]
    assert records == [
        ("warcinfo", None),
        ("response", "http://example.org/a?b=1"),
        ("request", "http://example.org/a?b=1"),
    ]


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
        ("deflate", zlib.compress),
        ("", bytes),
    ],
)
def test_the_body_is_kept_encoded_and_read_decoded(
    tmp_path: Path, encoding: str, encode: object
) -> None:
    body = encode(b"text " * 1000)  # type: ignore[operator]
    writer = warc.WarcWriter(tmp_path)
    place = writer.append(exchange(body=body, headers=(("Content-Encoding", encoding),)))
    writer.close()
    assert warc.read(tmp_path, place.file, place.offset).body == b"text " * 1000
    with open(tmp_path / place.file, "rb") as file:
        assert [e.body for e in warc.exchanges(file) if isinstance(e, warc.Exchange)] == [body]


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstd.compress)],
)
def test_a_bomb_is_an_error(tmp_path: Path, encoding: str, encode: object) -> None:
    writer = warc.WarcWriter(tmp_path)
    body = encode(bytes(5_000_000))  # type: ignore[operator]
    place = writer.append(exchange(body=body, headers=(("Content-Encoding", encoding),)))
    writer.close()
    with pytest.raises(warc.WarcError, match="more than"):
        warc.read(tmp_path, place.file, place.offset, limit=1_000_000)


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_a_body_of_several_members_is_read_whole(encoding: str, encode: object) -> None:
    parts = [b"one " * 1000, b"", b"two " * 1000]
    body = b"".join(encode(part) for part in parts)  # type: ignore[operator]
    assert encodings.decode(encoding, body, 10_000) == b"".join(parts)
    with pytest.raises(encodings.TooLarge):
        encodings.decode(encoding, body, 5_000)
    with pytest.raises(encodings.CutShort):
        encodings.decode(encoding, body[:-4], 10_000)


def test_what_stands_behind_gzip_is_no_fault() -> None:
    packed = gzip.compress(b"text")
    for tail in (b"\0" * 100, b"<!-- cached -->"):
        assert encodings.decode("gzip", packed + tail, 1000) == b"text"
    many = gzip.compress(b"") * 100_000  # each a decoder of its own
    assert encodings.decode("gzip", many + packed, 1000) == b"text"


@pytest.mark.parametrize("record", ["", "WARC/1.0\r\nWARC-Type: ", "WARC/1.0\r\n"])
def test_headers_without_end_are_one_broken_record(record: str) -> None:
    endless = b"a: b\r\n" * 2_000_000 if record.endswith("\n") else bytes(20_000_000)
    stream = BytesIO(gzip.compress(record.encode() + endless, 1))
    tracemalloc.start()
    (error,) = warc.exchanges(stream)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(error) == "broken record: headers of more than 1,048,576 bytes"
    assert most < 50_000_000  # 400 MB of zeros took 9 GB once


def test_no_record_at_an_offset_is_an_error(tmp_path: Path) -> None:
    writer = warc.WarcWriter(tmp_path)
    place = writer.append(exchange())
    writer.close()
    for offset in (place.offset + 3, 10**6):
        with pytest.raises(warc.WarcError):
            warc.read(tmp_path, place.file, offset)
    with pytest.raises(warc.WarcError):
        warc.read(tmp_path, "missing.warc.gz", 0)


def test_bytes_within_a_record_are_never_taken_for_one(tmp_path: Path) -> None:
    writer = warc.WarcWriter(tmp_path)
    place = writer.append(exchange())
    writer.close()
    end = place.offset + place.length
    for offset in range(place.offset + 1, end):
        with pytest.raises(warc.WarcError):
            warc.read(tmp_path, place.file, offset)
        with pytest.raises(warc.WarcError):
            warc.payload_digest(tmp_path, place.file, offset)


def test_files_rotate(tmp_path: Path) -> None:
    writer = warc.WarcWriter(tmp_path, rotate_bytes=1)
    files = [writer.append(exchange()).file for _ in range(3)]
    writer.close()
    assert len(set(files)) == 3


@settings(max_examples=60)
@given(cut=st.integers(min_value=0, max_value=2000))
def test_a_torn_tail_is_cut_and_the_recorded_stays(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    writer = warc.WarcWriter(folder)
    first = writer.append(exchange("http://example.org/1"))
    second = writer.append(exchange("http://example.org/2"))
    writer.close()
    path = folder / first.file
    whole = path.read_bytes()
    end = first.offset + first.length
    path.write_bytes(whole[: max(end, len(whole) - cut)])
    warc_files.cut_tail(folder, {first.file: end})
    assert warc.read(folder, first.file, first.offset).url == "http://example.org/1"
    assert end <= path.stat().st_size <= second.offset
    again = warc.WarcWriter(folder)
    third = again.append(exchange("http://example.org/3"))
    again.close()
    assert warc.read(folder, third.file, third.offset).url == "http://example.org/3"
    with open(path, "rb") as file:
        assert [r.rec_type for r in ArchiveIterator(file)].count("response") == 2


def test_a_file_with_nothing_recorded_goes(tmp_path: Path) -> None:
    writer = warc.WarcWriter(tmp_path)
    place = writer.append(exchange())
    writer.close()
    assert warc_files.cut_tail(tmp_path, {}) > 0
    assert not (tmp_path / place.file).exists()
