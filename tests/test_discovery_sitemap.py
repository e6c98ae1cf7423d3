"""Sitemaps: lists, indexes, news, and what is none."""

from __future__ import annotations

import gzip

import pytest

from archive.model import Fault, Found
from tests.discovery_site import URLSET, addresses, find


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


def test_a_sitemap_of_sixty_thousand_is_cut_at_fifty() -> None:
    rows = "".join(f"<url><loc>https://e.org/{n}</loc></url>" for n in range(60_000))
    assert len(addresses(find("sitemap", URLSET.format(rows)))) == 50_000


@pytest.mark.parametrize(
    "body", ["", "<html></html>", "no", gzip.compress(bytes(60_000_000), mtime=0)]
)
def test_what_is_no_sitemap_is_a_fault(body: str | bytes) -> None:
    assert isinstance(find("sitemap", body), Fault)
