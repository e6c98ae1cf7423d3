"""What feeds, lists, sitemaps and answers of APIs name, in whatever way they write it."""

from __future__ import annotations

import gzip

import pytest

from archive import mentions, urls, warc

BASE = "https://a.org/list/"
TOLD = "The ferries leave at six, and the harbour sleeps till the first of them is back again."


def exchange(body: bytes, *headers: tuple[str, str]) -> warc.Exchange:
    return warc.Exchange(BASE, "2026-11-24T12:00:00Z", 200, headers, body)


@pytest.mark.parametrize(
    "body",
    [
        b'<a href="/post/1">x</a>',
        b"<a HREF=../post/1#top>x</a>",
        b"<a href='//www.a.org/post/1/'>x</a>",
        b"<link>http://a.org/post/1?utm_source=feed</link>",
        b"<link>https://a.org/post/1?utm_source=a&amp;utm_medium=b</link>",
        b"<description>&lt;a href=&quot;https://a.org/post/1&quot;&gt;x&lt;/a&gt;</description>",
        b"<![CDATA[ see https://a.org/post/1. ]]>",
        rb'{"link": "https:\/\/a.org\/post\/1", "id": 1}',
        rb'{"html": "\u003ca href=\"https://a.org/post/1\"\u003e"}',
        b'{"path": "/post/1"}',
        b"https://social.example/share?u=https%3A%2F%2Fa.org%2Fpost%2F1&t=x",
        gzip.compress(b"<loc>https://a.org/post/1</loc>", mtime=0),
        '<?xml version="1.0" encoding="utf-16"?><loc>https://a.org/post/1</loc>'.encode("utf-16"),
        b"see (https://a.org/post/1), or not",
    ],
)
def test_an_address_is_found_however_it_is_written(body: bytes) -> None:
    found = mentions.addresses(mentions.text(exchange(body)), BASE)
    assert "a.org/post/1" in {urls.key(address) for address in found}


def test_an_encoded_body_is_looked_into() -> None:
    coded = exchange(gzip.compress(b"<a href=/post/1>"), ("Content-Encoding", "gzip"))
    assert mentions.named(coded) == {"https://a.org/post/1"}
    unknown = exchange(b"<a href=/post/1>", ("Content-Encoding", "unheard-of"))
    assert mentions.named(unknown) == {"https://a.org/post/1"}


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        (TOLD.encode(), True),
        (TOLD.replace("leave", "<b>leave</b>").replace(" ", "\n  ").encode(), True),
        (f"&lt;p&gt;{TOLD.replace('six', '&lt;i&gt;six&lt;/i&gt;')}&lt;/p&gt;".encode(), True),
        (TOLD.replace("six", "seven").encode(), False),
        (b"The ferries leave at six", False),
    ],
)
def test_a_paragraph_is_found_whatever_markup_stands_in_it(body: bytes, holds: bool) -> None:
    assert mentions.holds(mentions.text(exchange(body)), [TOLD, "Short."]) is holds
