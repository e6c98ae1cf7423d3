"""Home pages, lists of articles and WordPress's API: what they lead to."""

from __future__ import annotations

import json

import pytest

from archive.model import Fault, Found
from crawler.sources import Source
from tests.discovery_site import ITEM, RSS, URLSET, addresses, find, following


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
    assert {link.role for link in found.following} == {"sitemap", "listing", "article"}


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


def test_links_are_relative_to_the_base_of_the_page() -> None:
    body = '<html><head><base href="/blog/"></head><body><h2><a href="a">A</a></h2></body></html>'
    assert addresses(find("listing", body, "https://e.org/x/y")) == ["https://e.org/blog/a"]


def test_a_home_page_that_is_a_feed_is_a_feed() -> None:
    assert addresses(find("home", RSS.format(ITEM.format("/a", "")))) == ["https://e.org/a"]


@pytest.mark.parametrize(
    ("url", "links", "folders"),
    [
        ("/", ["/2024/", "/2025/"], ["/2025/", "/2024/"]),
        ("/", ["/2024/05/", "/2024/", "/2023/12/"], ["/2024/", "/2023/12/"]),
        ("/2024/", ["/2024/05/", "/2024/", "/2024/06"], ["/2024/06", "/2024/05/"]),
        ("/archive/", ["/archive/2024-05", "/archive/2024/may/"], ["/archive/2024-05"]),
        ("/", ["/?m=202405", "/?m=2023"], ["/?m=202405", "/?m=2023"]),
        ("/2024/05/", ["/2024/05/17/", "/2024/05/13/99/", "/2024/13/"], ["/2024/05/17/"]),
        ("/", ["https://other.com/2024/05/", "/2024/05/a-title", "/2024"], []),
    ],
)
def test_folders_of_years_months_and_days(url: str, links: list[str], folders: list[str]) -> None:
    markup = "".join(f'<a href="{link}">17</a>' for link in links)
    found = find("listing", f"<html><body>{markup}</body></html>", f"https://e.org{url}")
    assert [link.removeprefix("https://e.org") for link in following(found)] == folders


def test_the_issue_of_a_day_is_an_article_and_the_cell_of_a_calendar_is_none() -> None:
    page = '<a href="/2024/05/17/">{}</a><select><option value="/2024/04/">April</select>'
    issue = find("listing", page.format("What happened on the seventeenth of May"))
    assert addresses(issue) == ["https://e.org/2024/05/17/"]
    assert following(issue) == ["https://e.org/2024/04/"]
    cell = find("listing", page.format("17"))
    assert not addresses(cell)
    assert following(cell) == ["https://e.org/2024/05/17/", "https://e.org/2024/04/"]


def test_links_made_for_one_reader_are_not_followed() -> None:
    page = (
        '<h2><a href="/a">A title that is long enough for an article</a></h2>'
        '<p><a href="/unsubscribe/MtuoW9TvSJK9o5c7ohB72V2s">Leave this list of letters at once</a></p>'
        '<p><a href="https://click.e.org/x/MtuoW9TvSJK9o5c7">Another title that is long enough</a></p>'
    )
    found = find("listing", f"<html><body>{page}</body></html>", "https://e.org/archive")
    assert isinstance(found, Found)
    assert addresses(found) == ["https://e.org/a"]
