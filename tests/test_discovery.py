"""Discovery: what pages of each way lead to, and what is wrong with them."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Fault, Found
from crawler import discovery
from crawler.discovery import Page
from crawler.sources import Source

SITE = Source("s", "https://e.org/")


def find(
    role: str, body: bytes | str, url: str = "https://e.org/x", **headers: str
) -> Found | Fault:
    data = body.encode() if isinstance(body, str) else body
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return discovery.find(role, Page(url, data, given), SITE)  # type: ignore[arg-type]


def addresses(found: Found | Fault) -> list[str]:
    assert isinstance(found, Found), found
    return [link.url for link in found.articles]


RSS = '<rss version="2.0"><channel><title>T</title><language>de-DE</language>{}</channel></rss>'
ITEM = "<item><title>a</title><link>{}</link>{}</item>"


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


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>no feed</body></html>",
        "<rss><channel><item><title>cut",
        RSS.format(""),
        '{"version": "https://jsonfeed.org/version/1", "items": 3}',
        '<!DOCTYPE z [<!ENTITY a "b">]><rss version="2.0"><channel/></rss>',
        RSS.format(ITEM.format("https://other.com/", "")),
    ],
)
def test_what_is_no_feed_is_a_fault_of_one_line(body: str) -> None:
    found = find("feed", body)
    if body == RSS.format(""):  # a feed of a young site
        assert found == Found(language="de", name="T")
    else:
        assert isinstance(found, Fault)
        assert found.kind == "malformed-feed"
        assert "\n" not in found.message


def test_undefined_entities_and_wrong_dates_do_not_matter() -> None:
    items = ITEM.format("/a", "<pubDate>gestern</pubDate><description>&nbsp;</description>")
    assert addresses(find("feed", RSS.format(items))) == ["https://e.org/a"]


URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'


def test_sitemaps_newest_first_and_only_articles() -> None:
    rows = (
        "<url><loc>https://e.org/a</loc><lastmod>2026-01-01</lastmod></url>"
        "<url><loc>https://e.org/b</loc><lastmod>2026-02-01T10:00:00+02:00</lastmod></url>"
        "<url><loc>https://e.org/tag/x</loc></url><url><loc>https://e.org/</loc></url>"
        "<url><loc>https://e.org/impressum/</loc></url><url><loc>https://other.com/c</loc></url>"
        "<url><loc>https://e.org/de/</loc></url>"
    )
    for body in (URLSET.format(rows).encode(), gzip.compress(URLSET.format(rows).encode())):
        found = find("sitemap", body)
        assert addresses(found) == ["https://e.org/b", "https://e.org/a"]
        assert isinstance(found, Found)
        assert [link.changed for link in found.articles] == [
            "2026-02-01T08:00:00.000Z",
            "2026-01-01T23:59:59.000Z",
        ]


def test_a_sitemap_index_leads_to_its_children_of_articles() -> None:
    rows = "".join(f"<sitemap><loc>https://e.org/{n}.xml</loc></sitemap>" for n in ("post-sitemap", "page-sitemap", "category-sitemap", "news"))  # fmt: skip
    found = find("sitemap", f"<sitemapindex>{rows}</sitemapindex>")
    assert isinstance(found, Found)
    assert [link.url for link in found.pages] == [
        "https://e.org/post-sitemap.xml",
        "https://e.org/news.xml",
    ]


def test_a_sitemap_of_sixty_thousand_is_cut_at_fifty() -> None:
    rows = "".join(f"<url><loc>https://e.org/{n}</loc></url>" for n in range(60_000))
    assert len(addresses(find("sitemap", URLSET.format(rows)))) == 50_000


@pytest.mark.parametrize("body", ["", "<html></html>", "no", gzip.compress(bytes(60_000_000))])
def test_what_is_no_sitemap_is_a_fault(body: str | bytes) -> None:
    assert isinstance(find("sitemap", body), Fault)


def test_wordpress_api() -> None:
    posts = [{"link": "https://e.org/a", "modified_gmt": "2026-01-01T10:00:00"}, {"link": None}, 3]
    url = "https://e.org/wp-json/wp/v2/posts?per_page=100&page=1"
    found = find("wordpress", json.dumps(posts), url, X_WP_TotalPages="2")
    assert isinstance(found, Found)
    assert addresses(found) == ["https://e.org/a"]
    assert found.articles[0].changed == "2026-01-01T10:00:00.000Z"
    assert found.following[0].url.endswith("page=2")
    assert isinstance(find("wordpress", "<html>"), Fault)
    assert isinstance(find("wordpress", '{"code": "rest_no_route"}'), Fault)


HOME = """<html lang="de-AT"><head><title>Die Seite</title>{}</head><body><nav><a href="/ueber-uns">
Über uns und unsere Redaktion</a></nav><main><h2><a href="/a">Kurz</a></h2>
<p><a href="/b">Ein Titel, der lang genug für einen Artikel ist</a></p>
<p><a href="https://other.com/">Ein Titel auf einer ganz anderen Seite im Netz</a></p></main>
<a href="/seite/2">Ältere Beiträge</a></body></html>"""


def test_home_pages_without_a_feed_are_lists() -> None:
    found = find("home", HOME.format(""), "https://e.org/")
    assert isinstance(found, Found)
    assert addresses(found) == ["https://e.org/a", "https://e.org/b"]
    assert [link.url for link in found.following] == ["https://e.org/seite/2"]
    assert [(link.url, link.optional) for link in found.pages] == [
        ("https://e.org/sitemap.xml", True)
    ]
    assert (found.language, found.name) == ("de", "Die Seite")


def test_home_pages_name_feeds_and_platform() -> None:
    head = (
        '<link rel="alternate" type="application/rss+xml" href="/feed/">'
        '<link rel="alternate" type="application/rss+xml" title="Kommentar-Feed" href="/comments/feed/">'
        '<meta name="generator" content="WordPress 6.8">'
    )
    link = '<https://e.org/wp-json/>; rel="https://api.w.org/"'
    found = find("home", HOME.format(head), "https://e.org/", Link=link)
    assert isinstance(found, Found)
    assert found.platform == "wordpress"
    assert not found.articles
    assert [link.role for link in found.pages] == ["wordpress", "feed"]
    assert {link.role for link in found.following} == {"sitemap", "listing"}


def test_a_home_page_that_is_a_feed_is_a_feed() -> None:
    assert addresses(find("home", RSS.format(ITEM.format("/a", "")))) == ["https://e.org/a"]


@given(body=st.binary(), role=st.sampled_from(sorted(discovery.WAYS)))
def test_any_bytes_give_links_or_a_fault(body: bytes, role: str) -> None:
    assert isinstance(find(role, body), Found | Fault)
