"""The platforms' own ways: WordPress, Ghost, Substack, beehiiv."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from archive.model import Fault, Found
from crawler import discovery
from crawler.sources import Source
from tests.discovery_site import SITE, addresses, find, following, listed

GHOST = (
    '<html><head><meta name="generator" content="Ghost 6.0">'
    '<script defer src="https://cdn.example/portal.min.js" data-ghost="https://e.org/" '
    'data-key="22444f78447824223cefc48062" data-api="{api}"></script></head><body></body></html>'
)
API = "https://e.org/ghost/api/content/"


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def ways(html: str, source: Source = SITE, **headers: str) -> list[tuple[str, str]]:
    found = find("home", html, source.url, source, **headers)
    assert isinstance(found, Found)
    return [(link.role, link.url) for link in found.pages]


def test_the_key_of_ghost_stands_in_its_pages() -> None:
    ((role, url), *_) = ways(GHOST.format(api=API))
    assert role == "ghost"
    assert url.startswith(f"{API}posts/?")
    assert query(url) == {
        "key": "22444f78447824223cefc48062", "limit": "100", "page": "1",
        "fields": "url,published_at,updated_at", "order": "updated_at desc",
    }  # fmt: skip


@pytest.mark.parametrize("api", ["https://other.com/ghost/api/content/", "https://e.org/api/"])
def test_a_key_for_something_else_is_none_of_ghost(api: str) -> None:
    assert "ghost" not in {role for role, _ in ways(GHOST.format(api=api))}


def test_ghost_has_pages_and_says_what_changed() -> None:
    posts = [
        {"url": "https://e.org/a/", "updated_at": "2026-01-02T10:00:00.000+01:00"},
        {"url": "https://other.com/b/"}, {"url": None}, 3,
    ]  # fmt: skip
    body = json.dumps({"posts": posts, "meta": {"pagination": {"page": 1, "next": 2}}})
    url = f"{API}posts/?key=k&limit=100&page=1"
    found = find("ghost", body, url)
    assert isinstance(found, Found)
    assert [(link.url, link.changed) for link in found.articles] == [
        ("https://e.org/a/", "2026-01-02T09:00:00.000Z")
    ]
    assert [query(link)["page"] for link in following(found)] == ["2"]
    assert not found.pages
    asked = discovery.SINCE["ghost"](url, datetime(2026, 1, 1, tzinfo=UTC))
    assert query(asked)["filter"] == "updated_at:>'2026-01-01T00:00:00.000Z'"
    found = find("ghost", body, asked)
    assert isinstance(found, Found)
    assert [query(link.url)["page"] for link in found.pages] == ["2"]
    assert not following(find("ghost", body.replace('"next": 2', '"next": null'), url))
    assert not following(find("ghost", body, url.replace("page=1", "page=2")))


@pytest.mark.parametrize("role", ["wordpress", "ghost", "substack"])
@pytest.mark.parametrize("body", ["", "<html>", "{}", '{"posts": 3}', '"x"', "[" * 100_000])
def test_what_is_no_answer_of_an_api_is_a_fault_of_one_line(role: str, body: str) -> None:
    found = find(role, body)
    assert isinstance(found, Fault)
    assert found.kind == "malformed-api"
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("stated", "posts"),
    [
        ("https://e.org/wp-json/", "https://e.org/wp-json/wp/v2/posts?"),
        ("https://e.org/blog/index.php/wp-json", "https://e.org/blog/index.php/wp-json/wp/v2/posts?"),
        ("https://e.org/?rest_route=/", "https://e.org/?rest_route=/wp/v2/posts&"),
        ("https://e.org/index.php?rest_route=/", "https://e.org/index.php?rest_route=/wp/v2/posts&"),
    ],
)  # fmt: skip
def test_wordpress_api_in_both_forms(stated: str, posts: str) -> None:
    head = f'<html><head><link rel="https://api.w.org/" href="{stated}"></head><body></body></html>'
    ((role, url), *_) = ways(head.replace("&", "&amp;"))
    assert role == "wordpress"
    assert url.startswith(f"{posts}per_page=100&page=1&orderby=modified")
    full = json.dumps([{"link": f"/{n}"} for n in range(100)])
    (second,) = following(find("wordpress", full, url, X_WP_TotalPages="2"))
    assert second == url.replace("&page=1", "&page=2")


SUBSTACK = (
    '<html><head><link rel="icon" href="https://substackcdn.com/i.png"></head><body></body></html>'
)


def test_substack_is_left_alone_until_its_terms_are_accepted() -> None:
    assert "substack" not in {role for role, _ in ways(SUBSTACK)}
    assert discovery.refusal(SITE, "substack")
    assert discovery.refusal(Source("s", "https://x.substack.com/"), None)
    assert not discovery.refusal(SITE, "ghost")
    accepted = Source("s", "https://e.org/", accept_terms=True)
    assert not discovery.refusal(accepted, "substack")
    assert ways(SUBSTACK, accepted)[0] == (
        "substack",
        "https://e.org/api/v1/archive?sort=new&offset=0&limit=50",
    )


def test_a_feed_that_says_substack_is_substack() -> None:
    body = "<rss version='2.0'><channel><generator>Substack</generator></channel></rss>"
    found = find("feed", body)
    assert isinstance(found, Found)
    assert found.platform == "substack"


def test_substack_pages_by_offset_until_there_is_nothing() -> None:
    url = "https://e.org/api/v1/archive?sort=new&offset=50&limit=50"
    posts = [{"canonical_url": f"https://e.org/p/{n}", "post_date": "2026-01-02T03:04:05.678Z"} for n in range(7)]  # fmt: skip
    found = find("substack", json.dumps([*posts, {"canonical_url": None}, 3]), url)
    assert len(addresses(found)) == 7
    assert isinstance(found, Found)
    assert found.articles[0].changed == "2026-01-02T03:04:05.000Z"
    assert query(following(found)[0])["offset"] == "59"
    assert not following(find("substack", "[]", url))


def test_beehiiv_has_a_sitemap_and_pages_of_an_archive() -> None:
    source = Source("s", "https://x.beehiiv.com/")
    found = find("home", "<html><body><p>x</p></body></html>", source.url, source)
    assert isinstance(found, Found)
    assert [link.url for link in found.pages] == ["https://x.beehiiv.com/sitemap.xml"]
    assert [(li.role, li.url) for li in found.following] == [
        ("beehiiv", "https://x.beehiiv.com/archive?page=1")
    ]
    page = find(
        "beehiiv", listed("/p/one", "/p/two"), "https://x.beehiiv.com/archive?page=1", source
    )
    assert addresses(page) == ["https://x.beehiiv.com/p/one", "https://x.beehiiv.com/p/two"]
    assert following(page) == ["https://x.beehiiv.com/archive?page=2"]
