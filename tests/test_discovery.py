"""Discovery as a whole: the sample sites by each way, and any input whatever."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import urls
from archive.model import Fault, Found, Link
from crawler import discovery
from crawler.demo.sites import SITES, SampleSite
from crawler.discovery import Page
from crawler.sources import PLATFORMS, Source
from crawler.trails import Trails
from tests.discovery_site import URLSET, addresses, find


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("newsletter/issue-12", True),
        ("newsletter/", False),
        ("archive/2023/how-it-began", True),
        ("archive", False),
        ("?p=123", True),
        ("blog/?p=123", True),
        ("list?p=2", False),
        ("2024/05/03/import-ai", True),
        ("2024/05/", False),
        ("blog/2024/", False),
        ("blog/tag/ai", False),
        ("de/category/ki/forschung", False),
        ("seite/3/", False),
        ("%C3%BCber-uns", False),
        ("de/", False),
        ("de/ki-und-recht", True),
        ("a.pdf", False),
        ("a.html", True),
    ],
)
def test_paths_of_articles(path: str, may: bool) -> None:
    url = f"https://e.org/{path}"
    found = addresses(find("sitemap", URLSET.format(f"<url><loc>{url}</loc></url>")))
    assert found == ([url] if may else [])


def walk(
    site: SampleSite, full: bool, *ways: str, start: tuple[Link, ...] | None = None
) -> set[str]:
    """The keys of the articles found from a sample site's home page on, by these ways."""
    platform = site.platform if site.platform in PLATFORMS else None
    source = Source(site.name, f"{site.base_url}/", platform, accept_terms=True)
    trails = Trails()
    waiting, articles = trails.begin(start or discovery.seeds(source, full)), set()
    while waiting:
        link = waiting.pop()
        answer = site.answer("GET", link.url.removeprefix(site.base_url) or "/", {})
        if answer.status != 200 and link.optional:
            continue
        page = Page(link.url, answer.body, tuple(answer.headers.items()), answer.status)
        found = discovery.find(link.role, page, source)
        assert isinstance(found, Found), (link.url, found)
        named = {urls.key(article.url) for article in found.articles}
        further = (*found.pages, *(found.following if full else ()))
        if not ways:
            named |= {urls.key(one.url) for one in further if one.role == "article"}
        articles |= named
        pages = [one for one in further if one.role in (ways or discovery.WAYS)]
        waiting += trails.lead_on(link.url, link.role, named, pages)
    return articles


@pytest.mark.parametrize("name", SITES)
def test_a_full_crawl_finds_every_article_of_the_sample_sites(name: str) -> None:
    site = SampleSite(name, "http://127.0.0.1:1")
    expected = {urls.key(site.url(slug)) for slug in site.slugs}
    found = walk(site, True)
    assert found - expected <= {"127.0.0.1:1/intern"}  # a title in all but what is behind it
    missing = {"127.0.0.1:1/2026/01/en/when-the-river-writes-ahead"}
    missing |= {"127.0.0.1:1/2026/03/en/the-library-that-lends-models"}
    assert expected - found == (
        missing if name == "magazine" else set()
    )  # robots.txt names their sitemap
    assert len(walk(site, False) & expected) >= 8


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("wordpress", "wordpress"),
        ("wordpress", "sitemap"),
        ("ghost", "ghost"),
        ("ghost", "sitemap"),
        ("substack", "substack"),
        ("substack", "sitemap"),
        ("static", "listing"),
        ("beehiiv", "sitemap"),
        ("beehiiv", "beehiiv"),
        ("magazine", "listing"),
        ("magazine", "feed"),
    ],
)
def test_each_way_alone_leads_to_all_articles(name: str, way: str) -> None:
    site = SampleSite(name, "http://127.0.0.1:1")
    own = {urls.key(e.url) for e in site.expected() if e.language == site.language}
    assert walk(site, True, way) & own == own


def test_archived_and_paged_feeds_lead_to_all_articles() -> None:
    site = SampleSite("magazine", "http://127.0.0.1:1")
    own = {urls.key(e.url) for e in site.expected() if e.language == site.language}
    for path in ("/atom.xml", "/feed.json"):
        source = Source("s", f"{site.base_url}/", feeds=(site.base_url + path,))
        assert walk(site, True, "feed", start=discovery.seeds(source, False)) == own


def test_the_feed_of_wordpress_goes_back_beyond_its_first_page() -> None:
    site = SampleSite("wordpress", "http://127.0.0.1:1")
    german = {urls.key(e.url) for e in site.expected() if e.language == "de"}
    assert len(german) > 10
    assert walk(site, True, "feed") == german


ROLES = st.sampled_from(sorted(discovery.WAYS))

# Pieces that lead deep into each way; bytes alone are refused at its door.
PIECES = st.sampled_from(
    "<?xml ?> <!-- --> <!-- <!DOCTYPE [ ]> <rss <feed <urlset> <sitemapindex> <url> <sitemap> <loc> "
    "</loc> <item> <link> </link> <a <base <link rel=next alternate href=http://[ href=// href=?page=2 "
    "href=\ud800 type=application/rss+xml </html> <html> <body> 2026-99-99 &#0; &a; >".split(" ")
)

JSON = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.sampled_from(["/a", "https://[", "\ud800"]),
    lambda inner: st.lists(inner)
    | st.dictionaries(
        st.sampled_from("items url link title language next_url date_modified modified_gmt".split()),
        inner,
    ),
)  # fmt: skip


@given(body=st.binary(), role=ROLES)
def test_any_bytes_give_links_or_a_fault(body: bytes, role: str) -> None:
    assert isinstance(find(role, body), Found | Fault)


@given(pieces=st.lists(PIECES), role=ROLES)
def test_any_markup_gives_links_or_a_fault(pieces: list[str], role: str) -> None:
    found = find(role, " ".join(pieces).encode("utf-8", "surrogatepass"))
    assert isinstance(found, Found | Fault)
    repr(found).encode()


@given(data=JSON, role=ROLES, pages=st.text())
def test_any_json_gives_links_or_a_fault(data: object, role: str, pages: str) -> None:
    found = find(role, json.dumps(data), f"https://e.org/?page={pages}", X_WP_TotalPages=pages)
    assert isinstance(found, Found | Fault)
    for link in getattr(found, "articles", ()):
        link.url.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"<?xml ?>" * 400 + b"x",
        b"<!-- -->" * 400 + b"x",
        b"<!--" * 900,
        b"<!DOCTYPE [" * 300,
        b"\n" * 3900,
        b"<html><body>" + b"<a href=/aaaaaaaaaaaa>" * 5000,
        b"<html><body>" + b"<div>" * 5000 + b"<a href=/a>" + b"x" * 100_000,
    ],
)
def test_no_page_takes_long(body: bytes) -> None:
    started = time.process_time()
    find("home", body)
    assert time.process_time() - started < 10  # an exponential way to read it took minutes
