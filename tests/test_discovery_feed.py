"""Feeds: RSS, Atom, JSON Feed, and what only looks like one."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from archive.model import Fault, Found
from tests.discovery_site import ITEM, RSS, addresses, find


def test_rss() -> None:
    date = "<pubDate>Mon, 03 Jul 2023 09:00:00 +0200</pubDate>"
    items = (
        ITEM.format("/a?x=1#f", date) + ITEM.format("https://other.com/b", "") + ITEM.format("", "")
    )
    found = find("feed", RSS.format(items), "https://e.org/feed")
    assert addresses(found) == ["https://e.org/a?x=1"]
    assert isinstance(found, Found)
    assert found.articles[0].changed == "2023-07-03T07:00:00.000Z"
    assert (found.language, found.name) == ("de", "T")


def test_atom_with_an_older_page_and_json_feed() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="/feed?page=2"/><entry>'
        '<link href="/a"/><updated>2026-01-02T03:04:05Z</updated></entry></feed>'
    )
    found = find("feed", atom)
    assert isinstance(found, Found)
    assert addresses(found) == ["https://e.org/a"]
    assert [link.url for link in found.following] == ["https://e.org/feed?page=2"]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/a"}, {"id": "1"}]}
    assert addresses(find("feed", json.dumps(feed))) == ["https://e.org/a"]


def test_wordpress_feeds_have_pages() -> None:
    generator = "<generator>https://wordpress.org/?v=6</generator>" + ITEM.format("/a", "")
    found = find("feed", RSS.format(generator), "https://e.org/feed/?paged=2")
    assert isinstance(found, Found)
    assert [link.url for link in found.following] == ["https://e.org/feed/?paged=3"]


LAUGHS = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "no feed: the answer is empty"),
        (" \n", "no feed: the answer is empty"),
        ("<html><body>no feed</body></html>", "no feed: the answer is an HTML page"),
        ("<rss><channel><item><title>cut", "no feed: "),
        ("plain words", "no feed: "),
        ("<urlset/>", "no feed: neither RSS nor Atom"),
        ('{"version": "https://jsonfeed.org/version/1", "items": 3}', "JSON without a list"),
        ('{"version": "https://jsonfeed.org/version/1"', "JSON without a list"),
        ('{"items":' + "[" * 100_000, "JSON without a list"),
        (f'<!DOCTYPE z [<!ENTITY a "lol">{LAUGHS}]><rss version="2.0"/>', "made of entities"),
        (RSS.format(ITEM.format("https://other.com/", "")), "its 1 entries lead elsewhere"),
        (RSS.format(ITEM.format("", "") * 2), "its 2 entries have no links"),
    ],
)
def test_what_is_no_feed_is_a_fault_of_one_line(body: str, message: str) -> None:
    found = find("feed", body)
    assert isinstance(found, Fault)
    assert found.kind == "malformed-feed"
    assert message in found.message
    assert "\n" not in found.message


def test_a_feed_of_a_young_site_is_empty_not_broken() -> None:
    assert find("feed", RSS.format("")) == Found(language="de", name="T")


def test_laughing_feeds_in_other_encodings_grow_no_further() -> None:
    bomb = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE z [<!ENTITY a "lol">{LAUGHS}]>'
    body = bomb + RSS.format("<title>&j;</title>" + ITEM.format("/a", ""))
    found = find("feed", body.encode("utf-16"))
    assert len(repr(found)) < 1000


def test_flat_entities_are_read() -> None:
    body = '<!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>' + RSS.format(ITEM.format("/a", ""))
    assert addresses(find("feed", body)) == ["https://e.org/a"]


def test_entries_may_lead_to_the_site_that_the_feed_is_of() -> None:
    of = "<link>https://site.net/</link>"
    items = ITEM.format("https://site.net/a", "") + ITEM.format("https://third.com/b", "")
    assert addresses(find("feed", RSS.format(of + items))) == ["https://site.net/a"]
    feed = {"home_page_url": "https://site.net", "items": [{"url": "https://site.net/a"}]}
    assert addresses(find("feed", json.dumps(feed))) == ["https://site.net/a"]


def test_feedburner_names_the_address_behind_its_own() -> None:
    burner = "xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'"
    item = ITEM.format(
        "https://feeds.example.com/~r/s/1",
        f"<feedburner:origLink {burner}>https://e.org/a</feedburner:origLink>",
    )
    assert addresses(find("feed", RSS.format(item))) == ["https://e.org/a"]


@pytest.mark.parametrize(
    ("stated", "changed"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        ("2026-01-02T03:04:05.678901234+01:00", "2026-01-02T02:04:05.000Z"),
        ("2026-01-02", "2026-01-02T23:59:59.000Z"),
        ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05.000Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("gestern", None),
        ("", None),
    ],
)
def test_times_of_change(stated: str, changed: str | None) -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/a"/>'
        f"<updated>{stated}</updated></entry></feed>"
    )
    found = find("feed", atom)
    assert isinstance(found, Found)
    assert [link.changed for link in found.articles] == [changed]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"url": "/a", "date_modified": 5}, ["https://e.org/a"]),
        ({"url": 5}, []),
        ({"url": "/\ud800"}, []),
        ({"url": "https://[e.org/"}, []),
        ({"url": "mailto:a@e.org"}, []),
        ({"url": "HTTPS://E.org/a"}, ["https://E.org/a"]),
        (None, []),
        ([], []),
    ],
)
def test_odd_items_of_a_json_feed_are_left_out(item: object, expected: list[str]) -> None:
    feed = {"items": [{"url": "/b"}, item], "language": 3, "title": ["x"], "next_url": 7}
    found = find("feed", json.dumps(feed))
    assert addresses(found) == ["https://e.org/b", *expected]


def test_undefined_entities_and_wrong_dates_do_not_matter() -> None:
    items = ITEM.format("/a", "<pubDate>gestern</pubDate><description>&nbsp;</description>")
    assert addresses(find("feed", RSS.format(items))) == ["https://e.org/a"]
