"""Addresses: canonical form, identity, site, privacy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import urls


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://WWW.Example.org:80/a?utm_source=x&b=2&a=1#f", "http://www.example.org/a?a=1&b=2"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/ä b", "https://example.org/%C3%A4%20b"),
        ("https://example.org/p/post?r=abc&s=w&utm_medium=web", "https://example.org/p/post"),
        ("https://example.org/list?r=abc", "https://example.org/list?r=abc"),
        ("http://127.0.0.1:8001/x", "http://127.0.0.1:8001/x"),
        ("mid:abc@example.org", "mid:abc@example.org"),
        ("  http://[::1  ", "http://[::1"),
    ],
)
def test_canonical_form(url: str, expected: str) -> None:
    assert urls.canonical(url) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.example.org/a/", "http://example.org/a"),
        ("https://example.org/a?fbclid=1", "https://example.org/a#top"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/a?PHPSESSID=1", "https://example.org/a"),
        ("https://example.org/a;jsessionid=0AB1.node2?b=1", "https://example.org/a?b=1"),
        ("https://example.org/a?sid=0123456789abcdef0123", "https://example.org/a"),
    ],
)
def test_two_addresses_of_one_article_share_a_key(one: str, other: str) -> None:
    assert urls.key(one) == urls.key(other)


def test_different_queries_are_different_articles() -> None:
    assert urls.key("https://example.org/?p=1") != urls.key("https://example.org/?p=2")
    assert urls.key("https://example.org/?sid=1") != urls.key("https://example.org/?sid=2")


@given(st.text())
def test_any_text_has_a_key_and_canonical_is_idempotent(url: str) -> None:
    assert urls.canonical(urls.canonical(url)) == urls.canonical(url)
    urls.key(url), urls.site(url), urls.registered_domain(url)


def test_registered_domains() -> None:
    assert urls.same_domain("https://news.example.co.uk/a", "http://example.co.uk")
    assert not urls.same_domain("https://one.co.uk", "https://two.co.uk")
    assert urls.same_domain("http://127.0.0.1:8001/a", "http://127.0.0.1:9000/")


@pytest.mark.parametrize("suffix", ["github.io", "substack.com", "beehiiv.com", "blogspot.com"])
def test_two_publications_of_one_platform_are_two_sites(suffix: str) -> None:
    assert not urls.same_domain(f"https://one.{suffix}/", f"https://two.{suffix}/")
    assert not urls.same_domain(f"https://one.{suffix}/", f"https://{suffix}/")
    assert urls.same_domain(f"https://one.{suffix}/", f"https://www.one.{suffix}/")
    assert urls.same_domain(f"https://www.{suffix}/", f"https://{suffix}/")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.1.1",
        "::1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "64:ff9b::7f00:1",
        "2002:a00:1::",
        "fd00::1",
        "100.64.0.1",
    ],
)
def test_private_addresses(address: str) -> None:
    assert urls.is_private(address)


def test_public_address() -> None:
    for address in (
        "93.184.216.34",
        "2606:2800:220:1::1",
        "64:ff9b::5db8:d822",
        "2002:5db8:d822::",
    ):
        assert not urls.is_private(address)


@pytest.mark.parametrize(
    "url", ["https://a.org/x", "http://www.a.org/x/?b=1&a=2", "https://a.org", "mid:1@a.org"]
)
def test_spellings_are_the_addresses_with_the_same_key(url: str) -> None:
    found = urls.spellings(url)
    assert urls.canonical(url) in found
    assert {urls.key(spelling) for spelling in found} == {urls.key(url)}
