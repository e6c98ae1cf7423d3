"""Titles, authors, dates, languages, charsets and rights: what pages say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Answer
from crawler import extraction, parsing, rights
from crawler.encoding import decode
from crawler.metadata import Metadata, read_metadata

NOW = datetime(2026, 11, 24, tzinfo=UTC)
URL = "https://www.example.org/a-post"


def metadata(head: str = "", body: str = "<h1>A heading</h1>", url: str = URL) -> Metadata:
    document = f"<html lang='en-GB'><head>{head}</head><body>{body}</body></html>"
    tree = parsing.parse(document)
    return read_metadata(tree, url, extraction.blocks(tree, url), now=NOW)


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>The cranes | Example Times</title>", "", "The cranes"),
        (
            "<title>The cranes – and why</title>",
            "<h1>The cranes – and why</h1>",
            "The cranes – and why",
        ),
        ("<meta property='og:title' content='The cranes'>", "<h1>Example</h1>", "The cranes"),
        ("", "<h1>The cranes</h1>", "The cranes"),
    ],
)
def test_titles(head: str, body: str, title: str) -> None:
    assert metadata(head, body + "<p>Text.</p>").title == title


def ld(content: str) -> str:
    return f'<script type="application/ld+json">{content}</script>'


PERSON = '{"@type": "Person", "name": "%s"}'


@pytest.mark.parametrize(
    ("head", "body", "authors"),
    [
        (ld('{"@type": "NewsArticle", "author": [' + PERSON % "Ada One" + "," + PERSON % "Bo Two" + "]}"), "", ("Ada One", "Bo Two")),
        (ld('{"@graph": [{"@type": "Article", "author": {"@id": "#a"}}, {"@id": "#a", "name": "Ada One"}]}'), "", ("Ada One",)),
        (ld('{"@type": "Article", "author": {"@type": "Organization", "name": "Agency"}}'), "<p>By Ada One</p>", ("Ada One",)),
        (ld('{"@type": "Article", "author": {"@type": "Organization", "name": "Agency"}}'), "", ("Agency",)),
        (ld("{broken"), "<a rel='author' href='/x'>Ada One</a>", ("Ada One",)),
        ("<meta name='author' content='By Ada One and Bo Two, ada@example.org'>", "", ("Ada One", "Bo Two")),
        ("<meta name='author' content='https://example.org/ada'>", "", ()),
        ("", "<p>Sam Jeans</p><p>Sam ist ein Technologiewissenschaftler, der in Startups gearbeitet hat.</p>", ("Sam Jeans",)),
        ("", "<p>Von Ada Eins und Bo Zwei</p><p>Text.</p>", ("Ada Eins", "Bo Zwei")),
    ],
)  # fmt: skip
def test_authors(head: str, body: str, authors: tuple[str, ...]) -> None:
    assert metadata(head, f"<h1>A heading</h1>{body}").authors == authors


@pytest.mark.parametrize(
    ("href", "followed"),
    [
        ("https://example.org/other?utm_source=x", "https://example.org/other"),
        ("https://www.example.org/", None),
        ("/relative", None),
        ("https://elsewhere.com/a-post", None),
        ("ftp://example.org/a", None),
    ],
)
def test_a_canonical_address_is_followed_only_where_it_may_be(
    href: str, followed: str | None
) -> None:
    assert metadata(f"<link rel='canonical' href='{href}'>").declared_url == followed


def test_the_rest_of_the_head() -> None:
    found = metadata(
        "<meta property='og:site_name' content='Example'><meta name='description' content='D'>"
        "<meta property='og:image' content='/i.png'><meta property='article:tag' content='T'>"
        "<link rel='alternate' hreflang='de-DE' href='/de'>"
        "<link rel='alternate' hreflang='x-default' href='/x'>"
        + ld('{"@type": "NewsArticle", "isAccessibleForFree": "False"}')
    )
    assert found.declared_language == "en"
    assert (found.site_name, found.description, found.tags) == ("Example", "D", ("T",))
    assert found.image == "https://www.example.org/i.png"
    assert found.alternates == (("de", "https://www.example.org/de"),)
    assert found.access == "paywalled"
    assert "newsarticle" in found.types


TEXT = "<html lang=de><p>Größe, Maß und Übermut der Häfen</p>"


@pytest.mark.parametrize(
    ("body", "content_type", "text", "is_wrong"),
    [
        (TEXT.encode(), "text/html; charset=utf-8", TEXT, False),
        (TEXT.encode("cp1252"), "text/html; charset=iso-8859-1", TEXT, False),
        (TEXT.encode("cp1252"), "text/html; charset=utf-8", TEXT, True),
        (TEXT.encode(), "text/html; charset=iso-8859-1", TEXT, True),
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/html; charset=latin1", TEXT, False),
        (TEXT.encode(), None, TEXT, False),
        ('<meta charset="shift_jis"><p>東京の市場'.encode("shift_jis"), "text/html", None, False),
        (TEXT.encode(), "text/html; charset=klingon", TEXT, False),
    ],
)  # fmt: skip
def test_charsets(body: bytes, content_type: str | None, text: str | None, is_wrong: bool) -> None:
    found = decode(body, content_type)
    assert found.text == text or (text is None and "東京の市場" in found.text)
    assert bool(found.warning) == is_wrong


@given(
    st.binary(),
    st.sampled_from([None, "text/html; charset=utf-16", "text/html; charset=utf-7", "x"]),
)
def test_any_bytes_are_decoded(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode(body, content_type).text, str)


@pytest.mark.parametrize(
    ("headers", "head", "train"),
    [
        ([("TDM-Reservation", "1")], "", "no"),
        ([("tdm-reservation", "0")], "", "yes"),
        ([("Content-Usage", "train-ai=n")], "", "no"),
        ([("Content-Signal", "search=yes, ai-train=no")], "", "no"),
        ([("X-Robots-Tag", "noai, noimageai")], "", "no"),
        ([], "<meta name='robots' content='noarchive'>", "unsaid"),
        ([], "<meta name='tdm-reservation' content='1'>", "no"),
        ([], "<link rel='license' href='https://example.org/l'>", "unsaid"),
    ],
)
def test_signals_of_pages(headers: list[tuple[str, str]], head: str, train: Answer) -> None:
    tree = parsing.parse(f"<html><head>{head}</head><body>x</body></html>")
    (signal,) = rights.page_signals(tree, headers)
    assert signal.train == train


def test_signals_of_robots_txt() -> None:
    robots = (
        "User-agent: *\nDisallow: /x\nContent-Signal: search=yes,ai-train=no\n\n"
        "User-agent: GPTBot\nDisallow: /\n\nUser-agent: CCBot\nDisallow: /private\n"
        "License: https://example.org/rsl.xml\n"
    )
    found = {(s.kind, s.raw): s.train for s in rights.robots_signals(robots)}
    assert found == {
        ("content-signal", "search=yes,ai-train=no"): "no",
        ("license", "https://example.org/rsl.xml"): "unsaid",
        ("robots-agent", "GPTBot"): "no",
    }
    assert rights.robots_signals("<html>not robots") == ()
