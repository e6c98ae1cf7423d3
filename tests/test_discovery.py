"""Discovery: what pages of each way lead to, and what is wrong with them."""

from __future__ import annotations

import gzip
import json
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import urls
from archive.model import Fault, Found
from crawler import discovery
from crawler.demo.sites import SITES, SampleSite
from crawler.discovery import Page
from crawler.sources import PLATFORMS, Source

SITE = Source("s", "https://e.org/")


def find(
    role: str,
    body: bytes | str,
    url: str = "https://e.org/x",
    source: Source = SITE,
    **headers: str,
) -> Found | Fault:
    data = body.encode() if isinstance(body, str) else body
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return discovery.find(role, Page(url, data, given), source)  # type: ignore[arg-type]


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


def test_an_index_of_many_gives_every_crawl_the_latest() -> None:
    rows = "".join(
        f"<sitemap><loc>https://e.org/{n}.xml</loc><lastmod>{n}-01</lastmod></sitemap>"
        for n in [f"posts-{y}-{m:02}" for y in (2024, 2025) for m in range(1, 13)]
    )
    found = find("sitemap", f"<sitemapindex>{rows}</sitemapindex>")
    assert isinstance(found, Found)
    assert [link.url for link in found.pages] == [
        f"https://e.org/posts-2025-{m:02}.xml" for m in range(12, 2, -1)
    ]
    assert found.following[0].url == "https://e.org/posts-2025-02.xml"
    assert len(found.pages + found.following) == 24


def test_an_index_of_pages_only_is_an_index_all_the_same() -> None:
    rows = "".join(f"<sitemap><loc>https://e.org/page-{n}.xml</loc></sitemap>" for n in (1, 2))
    found = find("sitemap", f"<sitemapindex>{rows}</sitemapindex>")
    assert isinstance(found, Found)
    assert [link.url for link in found.pages] == ["https://e.org/page-2.xml", "https://e.org/page-1.xml"]  # fmt: skip


def test_news_sitemaps_and_pictures_before_the_address() -> None:
    row = (
        "<url><image:image xmlns:image='i'><image:loc>https://e.org/p</image:loc></image:image>"
        "<loc> https://e.org/a </loc><news:news xmlns:news='n'>"
        "<news:publication_date>2026-01-02T03:04Z</news:publication_date></news:news></url>"
    )
    found = find("sitemap", URLSET.format(row))
    assert isinstance(found, Found)
    assert [(li.url, li.changed) for li in found.articles] == [
        ("https://e.org/a", "2026-01-02T03:04:00.000Z")
    ]


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
    full = json.dumps([{"link": f"/{n}", "modified_gmt": 7} for n in range(100)])
    for headers in ({}, {"X_WP_TotalPages": "9" * 5000}, {"X_WP_TotalPages": "many"}):
        found = find("wordpress", full, f"{url[:-1]}²", **headers)
        assert isinstance(found, Found)
        assert found.following[0].url.endswith("page=2")
    found = find("wordpress", full, f"{url[:-1]}3", X_WP_TotalPages="3")
    assert isinstance(found, Found)
    assert len(found.articles) == 100
    assert not found.following
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


def test_where_the_api_may_be_closed_feed_and_list_stand_in() -> None:
    link = '<https://e.org/wp-json/>; rel="https://api.w.org/"'
    found = find("home", HOME.format(""), "https://e.org/", Link=link)
    assert isinstance(found, Found)
    assert [(li.role, li.optional) for li in found.pages] == [("wordpress", True), ("feed", True)]
    assert addresses(found) == ["https://e.org/a", "https://e.org/b"]


def test_feeds_in_the_language_of_the_page_come_first() -> None:
    head = "".join(
        f'<link rel="Alternate" type="{kind}" href="/{path}" hreflang="{language}">'
        for kind, path, language in (
            ("application/rss+xml", "en.xml", "en"),
            ("application/rss+xml; charset=utf-8", "de.xml", "de-DE"),
            ("text/xml", "all.xml", ""),
            ("application/json", "wp-json/wp/v2/posts/1", ""),
            ("text/xml+oembed", "oembed", ""),
        )
    )
    found = find("home", HOME.format(head), "https://e.org/")
    assert isinstance(found, Found)
    assert [li.url[14:] for li in found.pages] == ["de.xml", "all.xml", "en.xml"]


@pytest.mark.parametrize(
    ("head", "platform"),
    [
        ('<meta name="Generator" content="Ghost 5.8">', "ghost"),
        ('<script src="https://substackcdn.com/bundle/a.js"></script>', "substack"),
        ('<meta property="og:image" content="https://substackcdn.com/a.png">', None),
        ('<meta name="generator" content="WordPress"><link rel="icon" href="https://substackcdn.com/i">', "wordpress"),
        ('<link rel="icon" href="https://media.beehiiv.com/i.png">', "beehiiv"),
        ('<meta name="generator" content="Hugo">', None),
    ],
)  # fmt: skip
def test_platforms_are_what_made_the_page_not_what_it_speaks_of(
    head: str, platform: str | None
) -> None:
    found = find("home", HOME.format(head), "https://e.org/")
    assert isinstance(found, Found)
    assert found.platform == platform


SITE_FEED = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
OWN_FEED = '<link rel="alternate" type="application/rss+xml" href="{}feed/">'


@pytest.mark.parametrize(
    ("place", "head", "pages"),
    [
        ("/thema/ki/", SITE_FEED, []),
        ("/thema/ki/", SITE_FEED + OWN_FEED.format("/thema/ki/"), ["/thema/ki/feed/"]),
        ("/the-batch", SITE_FEED, ["/the-batch/sitemap.xml", "/sitemap.xml"]),
        ("/de/", SITE_FEED + OWN_FEED.format("/de/"), ["/de/feed/"]),
        ("/blog", SITE_FEED, ["/feed.xml"]),
        ("/index.html", SITE_FEED, ["/feed.xml"]),
        ("/archive", SITE_FEED, ["/feed.xml"]),
    ],
)
def test_a_section_of_a_site_is_not_the_site(place: str, head: str, pages: list[str]) -> None:
    url = f"https://e.org{place}"
    link = '<https://e.org/wp-json/>; rel="https://api.w.org/"' if "thema" in place else ""
    found = find("home", HOME.format(head), url, Source("s", url), Link=link)
    assert isinstance(found, Found)
    assert [li.url.removeprefix("https://e.org") for li in found.pages] == pages


def test_sitemaps_and_lists_of_a_section_give_its_articles() -> None:
    batch = Source("s", "https://e.org/the-batch/")
    rows = "".join(f"<url><loc>https://e.org/{p}</loc></url>" for p in ("the-batch/1", "courses/2"))
    assert addresses(find("sitemap", URLSET.format(rows), source=batch)) == [
        "https://e.org/the-batch/1"
    ]
    items = '<h2><a href="/courses/2">A</a></h2>{}'
    inside = items.format('<h2><a href="/the-batch/1">B</a></h2>')
    assert addresses(find("listing", inside, batch.url, batch)) == ["https://e.org/the-batch/1"]
    assert addresses(find("listing", items, batch.url, batch)) == ["https://e.org/courses/2"]


@pytest.mark.parametrize(
    ("markup", "older"),
    [
        ('<link rel="next" href="/page/2">', "/page/2"),
        ('<a rel="nofollow next" href="/b/2">2</a>', "/b/2"),
        ('<a href="/x?s=2">Older posts →</a>', "/x?s=2"),
        ('<a href="/x?s=2">« Ältere Beiträge</a>', "/x?s=2"),
        ('<a href="/x?s=2">次のページ</a>', "/x?s=2"),
        ('<a href="/x?s=2">Entradas más antiguas</a>', "/x?s=2"),
        ('<div class="nav-previous"><a href="/x?s=2">Παλαιότερα άρθρα</a></div>', "/x?s=2"),
        ('<a href="/page/1/">1</a><a href="/page/2/">2</a><a href="/page/9/">9</a>', "/page/2/"),
        ('<a href="/?page=2">»</a>', "/?page=2"),
        ('<a href="/tag/ki/page/2/">KI</a>', None),
        ('<a class="next" href="#">›</a>', None),
        ('<a rel="next" href="https://other.com/2">2</a>', None),
        ('<a href="/next">What is next for robots</a>', None),
    ],
)
def test_the_page_of_older_articles(markup: str, older: str | None) -> None:
    found = find(
        "listing",
        f"<html><body>{markup}<h2><a href='/a'>A</a></h2></body></html>",
        "https://e.org/",
    )
    assert isinstance(found, Found)
    assert [li.url for li in found.following] == ([f"https://e.org{older}"] if older else [])


def test_the_page_behind_the_second_is_the_third() -> None:
    markup = "".join(f'<a href="/blog/page/{n}/">{n}</a>' for n in (1, 2, 3))
    markup += '<h2><a href="/a">A</a></h2>'
    found = find("listing", f"<html><body>{markup}</body></html>", "https://e.org/blog/page/2")
    assert isinstance(found, Found)
    assert [li.url for li in found.following] == ["https://e.org/blog/page/3/"]


@pytest.mark.parametrize(
    ("role", "body"),
    [
        ("listing", '<html><body><p>May</p><a rel="next" href="/2031/06">June</a></body></html>'),
        ("feed", '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="?p=9"/></feed>'),
        ("feed", '{"items": [], "next_url": "/feed?page=9"}'),
        ("wordpress", json.dumps([{"id": n} for n in range(100)])),
    ],
)
def test_pages_without_articles_lead_no_further(role: str, body: str) -> None:
    found = find(role, body)
    assert isinstance(found, Found)
    assert not found.following


def test_links_are_relative_to_the_base_of_the_page() -> None:
    body = '<html><head><base href="/blog/"></head><body><h2><a href="a">A</a></h2></body></html>'
    assert addresses(find("listing", body, "https://e.org/x/y")) == ["https://e.org/blog/a"]


def test_a_home_page_that_is_a_feed_is_a_feed() -> None:
    assert addresses(find("home", RSS.format(ITEM.format("/a", "")))) == ["https://e.org/a"]


def walk(site: SampleSite, full: bool, *ways: str) -> set[str]:
    """The keys of the articles found from a sample site's home page on, by these ways."""
    platform = site.platform if site.platform in PLATFORMS else None
    source = Source(site.name, f"{site.base_url}/", platform)
    waiting, seen, articles = list(discovery.seeds(source, full)), set(), set()
    while waiting:
        link = waiting.pop()
        answer = site.answer("GET", link.url.removeprefix(site.base_url) or "/", {})
        if link.url in seen or (answer.status != 200 and link.optional):
            continue
        seen.add(link.url)
        page = Page(link.url, answer.body, tuple(answer.headers.items()), answer.status)
        found = discovery.find(link.role, page, source)
        assert isinstance(found, Found), (link.url, found)
        articles |= {urls.key(article.url) for article in found.articles}
        further = (*found.pages, *(found.following if full else ()))
        waiting += [one for one in further if one.role in (ways or discovery.WAYS)]
    return articles


@pytest.mark.parametrize("name", SITES)
def test_a_full_crawl_finds_every_article_of_the_sample_sites(name: str) -> None:
    site = SampleSite(name, "http://127.0.0.1:1")
    expected = {urls.key(site.url(slug)) for slug in site.slugs}
    extra = walk(site, True) ^ expected
    assert extra <= {"127.0.0.1:1/intern"}  # a title in every respect but what is behind it
    assert len(walk(site, False) & expected) >= 8


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("wordpress", "wordpress"),
        ("wordpress", "sitemap"),
        ("ghost", "sitemap"),
        ("substack", "sitemap"),
        ("static", "listing"),
    ],
)
def test_each_way_alone_leads_to_all_articles(name: str, way: str) -> None:
    site = SampleSite(name, "http://127.0.0.1:1")
    assert walk(site, True, way) == {urls.key(site.url(slug)) for slug in site.slugs}


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
