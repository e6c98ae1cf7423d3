"""The sample sites: what they serve is what their expected table says."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import feedparser
import lxml.etree
import lxml.html
import pytest

from archive.model import Reason
from crawler.demo.content import ContentError, load
from crawler.demo.sites import SITES, SampleSite, serve, sources_toml

FEEDS = {
    "wordpress": "/feed/",
    "substack": "/feed",
    "ghost": "/rss/",
    "magazine": "/atom.xml",
}
SITEMAPS = {
    "wordpress": "/sitemap_index.xml",
    "substack": "/sitemap.xml",
    "ghost": "/sitemap.xml",
    "beehiiv": "/sitemap.xml",
}
SEED_REASONS = {
    Reason.NAVIGATION,
    Reason.DATELINE,
    Reason.CAPTION,
    Reason.SUBSCRIBE,
    Reason.AUTHOR_BIO,
    Reason.POPUP,
    Reason.SHARE,
    Reason.RELATED,
    Reason.COMMENTS,
    Reason.COOKIE_NOTICE,
    Reason.LEGAL,
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


def ask(site: SampleSite, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(site.base_url).netloc, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    response = connection.getresponse()
    answer = Answer(
        response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    )
    connection.close()
    return answer


def ask_url(site: SampleSite, url: str, **headers: str) -> Answer:
    assert url.startswith(site.base_url)
    return ask(site, url.removeprefix(site.base_url), **headers)


def decode(site: SampleSite, answer: Answer) -> str:
    return answer.body.decode("shift_jis" if site.platform == "static" else "utf-8")


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def visible_blocks(html: str) -> list[str]:
    """Texts of the elements that hold text themselves, or inline elements only, in order."""
    body = lxml.html.document_fromstring(html).find("body")
    inline = {"a", "span", "em", "strong", "time", "img"}
    return [
        squeeze(element.text_content())
        for element in body.iter()
        if element.tag not in inline
        and squeeze(element.text_content())
        and all(child.tag in inline for child in element.iterdescendants())
    ]


def locations(answer: Answer) -> list[str]:
    return lxml.etree.fromstring(answer.body).xpath("//*[local-name()='loc']/text()")


class Served(dict[str, SampleSite]):
    """Sites by name, each served from the first time it is asked for."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, name: str) -> SampleSite:
        [self[name]] = self._stack.enter_context(serve([name]))
        return self[name]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with ExitStack() as stack:
        yield Served(stack)


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, served: Served) -> Iterator[SampleSite]:
    yield served[request.param]
    served[request.param].reset()


@pytest.fixture
def wordpress(served: Served) -> Iterator[SampleSite]:
    yield served["wordpress"]
    served["wordpress"].reset()


# The expected table


def test_every_site_has_ten_articles_in_both_styles(site: SampleSite) -> None:
    expected = [e for e in site.expected() if e.language == site.language]
    assert len(expected) >= 10
    soup = [e for e in expected if e.markup == "soup"]
    assert abs(2 * len(soup) - len(expected)) <= 1


def test_page_is_text_and_removed_blocks_and_nothing_else(site: SampleSite) -> None:
    for expected in site.expected():
        answer = ask_url(site, expected.url)
        blocks = visible_blocks(decode(site, answer))
        told = expected.text.split("\n\n") + [text for text, _ in expected.removed]
        assert sorted(blocks) == sorted(map(squeeze, told)), expected.url


def test_text_stands_on_the_page_in_order(site: SampleSite) -> None:
    for expected in site.expected():
        blocks = visible_blocks(decode(site, ask_url(site, expected.url)))
        removed = {text for text, _ in expected.removed}
        kept = [block for block in blocks if block not in removed]
        assert "\n\n".join(kept) == expected.text


def test_headings_are_heading_elements_or_strong_paragraphs(site: SampleSite) -> None:
    strong = 0
    for expected in site.expected():
        tree = lxml.html.document_fromstring(decode(site, ask_url(site, expected.url)))
        path = "//body//h2|//body//h3|//body//p[strong and not(text()[normalize-space()])]"
        found = tree.xpath(path)
        assert tuple(squeeze(h.text_content()) for h in found) == expected.headings
        assert set(expected.headings) <= set(expected.text.split("\n\n"))
        strong += expected.markup == "soup" and bool(found) and found[0].tag == "p"
    soup = sum(expected.markup == "soup" for expected in site.expected())
    assert 0 < strong <= soup / 2


def test_soup_has_no_speaking_markup(site: SampleSite) -> None:
    for expected in site.expected():
        if expected.markup == "semantic":
            continue
        body = lxml.html.document_fromstring(decode(site, ask_url(site, expected.url))).find("body")
        classes = {name for value in body.xpath("//body//@class") for name in value.split()}
        assert all(re.fullmatch(r"x[0-9a-f]{3}", name) for name in classes)
        assert not body.xpath(".//nav|.//aside|.//article|.//footer|.//figcaption|.//time|.//h1")


def test_every_kind_of_boilerplate_of_the_seed_stands_on_every_page(site: SampleSite) -> None:
    for expected in site.expected():
        reasons = {reason for _, acceptable in expected.removed for reason in acceptable}
        assert reasons >= SEED_REASONS, expected.url


def test_some_articles_are_interrupted(site: SampleSite) -> None:
    inside = [
        expected
        for expected in site.expected()
        if _between_text(visible_blocks(decode(site, ask_url(site, expected.url))), expected.text)
    ]
    assert 0 < len(inside) < len(site.expected())


def _between_text(blocks: list[str], text: str) -> list[str]:
    paragraphs = text.split("\n\n")
    first, last = blocks.index(paragraphs[0]), blocks.index(paragraphs[-1])
    return [block for block in blocks[first:last] if block not in paragraphs]


def test_title_date_author_and_language_are_told(site: SampleSite) -> None:
    for expected in site.expected():
        tree = lxml.html.document_fromstring(decode(site, ask_url(site, expected.url)))
        assert tree.findtext(".//title").startswith(expected.title)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", expected.published)
        assert expected.authors
        if site.platform == "static":
            assert not tree.xpath("//meta[@name or @property]")
            continue
        [time] = tree.xpath("//meta[@property='article:published_time']/@content")
        assert time.startswith(expected.published)
        assert tuple(tree.xpath("//meta[@name='author']/@content")) == expected.authors
        assert tree.xpath("/html/@lang") == [expected.language]


# What the platforms offer


def test_feed(site: SampleSite) -> None:
    if site.platform not in FEEDS:
        assert ask(site, "/feed/").status == 404
        return
    feed = feedparser.parse(ask(site, FEEDS[site.platform]).body)
    assert not feed.bozo
    length = 3 if site.platform == "magazine" else 10  # its older ones: a test below
    newest = [e for e in site.expected() if e.language == site.language][:length]
    assert [(entry.link, entry.title) for entry in feed.entries] == [
        (e.url, e.title) for e in newest
    ]
    assert all(entry.published_parsed for entry in feed.entries)


def test_feeds_of_substack_and_ghost_carry_the_text(served: Served) -> None:
    for name in ("substack", "ghost"):
        [newest, *_] = served[name].expected()
        feed = feedparser.parse(ask(served[name], FEEDS[name]).body)
        text = lxml.html.fragment_fromstring(feed.entries[0].content[0].value, "div").text_content()
        assert squeeze(text) == squeeze(newest.text)


def test_wordpress_feed_pages_back_in_time(wordpress: SampleSite) -> None:
    german = [e.url for e in wordpress.expected() if e.language == "de"]
    second = feedparser.parse(ask(wordpress, "/feed/?paged=2").body)
    assert [entry.link for entry in second.entries] == german[10:]
    assert ask(wordpress, "/feed/?paged=3").status == 404


def test_sitemap_lists_every_article(site: SampleSite) -> None:
    if site.platform not in SITEMAPS:
        assert ask(site, "/sitemap.xml").status == 404
        return
    found = locations(ask(site, SITEMAPS[site.platform]))
    articles = {e.url for e in site.expected()}
    if not articles & set(found):
        found = [url for sitemap in found for url in locations(ask_url(site, sitemap))]
    assert articles <= set(found)
    assert all(ask_url(site, url).status == 200 for url in found)


def test_wordpress_sitemap_has_pages_that_are_no_articles(wordpress: SampleSite) -> None:
    pages = locations(ask(wordpress, "/page-sitemap.xml"))
    assert [urlsplit(url).path for url in pages] == ["/about/", "/impressum/"]


def test_listing_leads_to_every_article(site: SampleSite) -> None:
    if site.platform == "substack":
        assert {e.url for e in site.expected()} == set(_links(site, "/archive")[0])
        return
    if site.platform in ("beehiiv", "magazine"):  # pages of an archive, and folders: tests below
        return
    newest, older = _links(site, "/")
    assert len(older) == 1
    oldest, none_older = _links(site, older[0])
    assert not none_older
    expected = [e.url for e in site.expected() if e.language == site.language]
    assert [url for url in newest + oldest if url in expected] == expected


def _links(site: SampleSite, path: str) -> tuple[list[str], list[str]]:
    """Absolute addresses of the articles that a page links to, and paths of older pages."""
    tree = lxml.html.document_fromstring(decode(site, ask(site, path)))
    articles = [site.base_url + href for href in tree.xpath("//ul//a/@href")]
    return articles, tree.xpath("//body//a[@rel='next']/@href")


def test_static_site_calls_its_older_page_by_name(served: Served) -> None:
    static = served["static"]
    tree = lxml.html.document_fromstring(decode(static, ask(static, "/")))
    assert tree.xpath("//a[text()='次のページ']")
    assert all(re.search(r"/kiji/\d{3}\.html$", e.url) for e in static.expected())


def test_wordpress_api(wordpress: SampleSite) -> None:
    found = []
    for page in (1, 2, 3):
        answer = ask(wordpress, f"/wp-json/wp/v2/posts?per_page=8&page={page}&orderby=modified")
        assert answer.headers["x-wp-total"] == str(len(wordpress.expected()))
        assert answer.headers["x-wp-totalpages"] == "3"
        found += json.loads(answer.body)
    assert {post["link"] for post in found} == {e.url for e in wordpress.expected()}
    modified = [post["modified_gmt"] for post in found]
    assert modified == sorted(modified, reverse=True)
    newest = max(wordpress.expected(), key=lambda e: e.published)
    [post] = [post for post in found if post["link"] == newest.url]
    assert post["title"]["rendered"] == newest.title
    text = lxml.html.fragment_fromstring(post["content"]["rendered"], "div").text_content()
    assert squeeze(text) == squeeze(newest.text)


def test_wordpress_api_limits(wordpress: SampleSite) -> None:
    assert ask(wordpress, "/wp-json/wp/v2/posts?page=99").status == 400
    assert ask(wordpress, "/wp-json/wp/v2/posts?per_page=101").status == 400
    [post] = json.loads(ask(wordpress, "/wp-json/wp/v2/posts?per_page=1&_fields=id,link").body)
    assert set(post) == {"id", "link"}


def test_wordpress_api_tells_what_changed_since(wordpress: SampleSite) -> None:
    last = max(e.published for e in wordpress.expected())
    path = f"/wp-json/wp/v2/posts?modified_after={last}T23:59:59"
    assert json.loads(ask(wordpress, path).body) == []
    slug = max(wordpress.expected(), key=lambda e: e.published).url.rstrip("/").rsplit("/", 1)[1]
    wordpress.revise(slug, lambda text: text + "\n\nNachtrag.")
    assert [post["slug"] for post in json.loads(ask(wordpress, path).body)] == [slug]


def test_wordpress_says_where_its_api_is(wordpress: SampleSite) -> None:
    link = ask(wordpress, "/").headers["link"]
    assert link == f'<{wordpress.base_url}/wp-json/>; rel="https://api.w.org/"'


def test_substack_archive(served: Served) -> None:
    substack = served["substack"]
    answer = ask(substack, "/api/v1/archive?sort=new&offset=0&limit=5")
    assert answer.headers["x-served-by"] == "Substack"
    found = json.loads(answer.body)
    for offset in (5, 10, 15):
        path = f"/api/v1/archive?sort=new&offset={offset}&limit=5"
        found += json.loads(ask(substack, path).body)
    assert [post["canonical_url"] for post in found] == [e.url for e in substack.expected()]
    assert ask(substack, "/api/v1/archive?sort=new&offset=50&limit=5").body == b"[]"


def test_ghost_api_opens_with_the_key_that_its_pages_carry(served: Served) -> None:
    ghost = served["ghost"]
    tree = lxml.html.document_fromstring(decode(ghost, ask(ghost, "/")))
    [script] = tree.xpath("//script[@data-key]")
    path = script.get("data-api").removeprefix(ghost.base_url) + "posts/?limit=8"
    assert ask(ghost, path).status == 401
    found, page = [], 1
    while page:
        data = json.loads(ask(ghost, f"{path}&key={script.get('data-key')}&page={page}").body)
        found += [post["url"] for post in data["posts"]]
        page = data["meta"]["pagination"]["next"]
    assert set(found) == {e.url for e in ghost.expected()}
    newest = max(e.published for e in ghost.expected())
    later = f"&filter=updated_at:%3E'{newest}T23:59:59.000Z'&key={script.get('data-key')}"
    assert json.loads(ask(ghost, path + later).body)["posts"] == []


def test_beehiiv_archive_has_pages_that_no_link_leads_to(served: Served) -> None:
    beehiiv = served["beehiiv"]
    pages = [_links(beehiiv, f"/archive?page={number}") for number in (1, 2, 3)]
    assert [url for links, _ in pages for url in links] == [e.url for e in beehiiv.expected()]
    assert not any(older for _, older in pages)
    assert not pages[2][0]


def test_magazine_has_folders_of_years_and_months(served: Served) -> None:
    magazine = served["magazine"]

    def linked(path: str) -> list[str]:
        tree = lxml.html.document_fromstring(decode(magazine, ask(magazine, path)))
        return tree.xpath("//body/p/a/@href")

    assert linked("/") == ["/2026/", "/2025/"]
    months = [month for year in linked("/") for month in linked(year)]
    assert months[:2] == ["/2026/04/", "/2026/03/"]
    listed = [url for month in months for url in _links(magazine, month)[0]]
    assert listed == [e.url for e in magazine.expected() if e.language == "es"]


def test_magazine_has_an_archived_feed_a_json_feed_and_a_news_sitemap(served: Served) -> None:
    magazine = served["magazine"]
    spanish = [e.url for e in magazine.expected() if e.language == "es"]
    found, path = [], "/atom.xml"
    while path:
        parsed = feedparser.parse(ask(magazine, path).body)
        found += [entry.link for entry in parsed.entries]
        before = [link.href for link in parsed.feed.links if link.rel == "prev-archive"]
        path = before[0].removeprefix(magazine.base_url) if before else ""
    assert found == spanish
    first = json.loads(ask(magazine, "/feed.json").body)
    second = json.loads(ask(magazine, first["next_url"].removeprefix(magazine.base_url)).body)
    assert [item["url"] for item in first["items"] + second["items"]] == spanish
    assert "next_url" not in second
    assert f"Sitemap: {magazine.base_url}/news.xml.gz".encode() in ask(magazine, "/robots.txt").body
    packed = ask(magazine, "/news.xml.gz")
    assert locations(replace(packed, body=gzip.decompress(packed.body))) == spanish[:10]


def test_only_the_news_sitemap_of_the_magazine_leads_to_its_translations(served: Served) -> None:
    magazine = served["magazine"]
    english = {e.url for e in magazine.expected() if e.language == "en"}
    sitemap = lxml.etree.fromstring(gzip.decompress(ask(magazine, "/news.xml.gz").body))
    named = sitemap.xpath("//*[local-name() = 'link'][@hreflang = 'en']/@href")
    assert (len(named), set(named)) == (2, english)
    for expected in magazine.expected():
        tree = lxml.html.document_fromstring(ask_url(magazine, expected.url).body.decode())
        assert not tree.xpath("//link[@hreflang]")


def test_one_issue_is_paywalled(served: Served) -> None:
    substack = served["substack"]
    [paid] = [e for e in substack.expected() if e.paywalled]
    page = ask_url(substack, paid.url).body.decode()
    [script] = lxml.html.document_fromstring(page).xpath("//script/text()")
    assert json.loads(script)["isAccessibleForFree"] is False
    assert any(Reason.PAYWALL in reasons for _, reasons in paid.removed)
    free = [e for e in substack.expected() if not e.paywalled]
    assert not any(Reason.PAYWALL in reasons for e in free for _, reasons in e.removed)


def test_one_issue_is_a_digest_of_ten_links(served: Served) -> None:
    substack = served["substack"]
    counts = []
    for expected in substack.expected():
        tree = lxml.html.document_fromstring(ask_url(substack, expected.url).body.decode())
        counts.append(len(tree.xpath("//li/a[contains(@href, '.example/')]")))
    assert sorted(counts)[-2:] == [0, 10]


def test_translations_point_to_each_other(wordpress: SampleSite) -> None:
    groups = {}
    for expected in wordpress.expected():
        tree = lxml.html.document_fromstring(ask_url(wordpress, expected.url).body.decode())
        links = tree.xpath("//link[@hreflang]")
        groups[expected.url] = {link.get("hreflang"): link.get("href") for link in links}
        assert not links or groups[expected.url][expected.language] == expected.url
    for group in groups.values():
        assert all(groups[url] == group for url in group.values())
    languages = [e.language for e in wordpress.expected()]
    assert (languages.count("en"), languages.count("es")) == (4, 2)
    assert all(groups[e.url] for e in wordpress.expected() if e.language != "de")


def test_static_site_is_shift_jis_without_saying_so_in_the_header(
    served: Served,
) -> None:
    static = served["static"]
    for expected in static.expected():
        answer = ask_url(static, expected.url)
        assert answer.headers["content-type"] == "text/html"
        assert b'<meta charset="shift_jis">' in answer.body
        assert expected.title in answer.body.decode("shift_jis")


def test_robots(served: Served) -> None:
    assert b"User-agent: GPTBot\nDisallow: /\n" in ask(served["wordpress"], "/robots.txt").body
    assert b"Disallow: /intern/" in ask(served["wordpress"], "/robots.txt").body
    assert b"Crawl-delay: 0" in ask(served["ghost"], "/robots.txt").body
    assert ask(served["static"], "/robots.txt").status == 404


# HTTP


def test_conditional_requests(site: SampleSite) -> None:
    paths = ["/", *[urlsplit(e.url).path for e in site.expected()[:3]]]
    paths += [table[site.platform] for table in (FEEDS, SITEMAPS) if site.platform in table]
    for path in paths:
        first = ask(site, path)
        etag, modified = first.headers["etag"], first.headers["last-modified"]
        for headers in ({"If_None_Match": etag}, {"If_Modified_Since": modified}):
            again = ask(site, path, **headers)
            assert (again.status, again.body) == (304, b"")
            assert again.headers["etag"] == etag
        assert ask(site, path, If_None_Match='"other"').status == 200
        old = {"If_Modified_Since": "Thu, 01 Jan 1998 00:00:00 GMT"}
        assert ask(site, path, **old).status == 200


def test_gzip_where_asked_for(site: SampleSite) -> None:
    plain = ask(site, "/")
    packed = ask(site, "/", Accept_Encoding="gzip, deflate")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in plain.headers


def test_head_and_missing_pages(site: SampleSite) -> None:
    head = ask(site, "/", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(ask(site, "/").body))
    missing = ask(site, "/no-such-page")
    assert missing.status == 404
    assert b"404" in missing.body
    assert "etag" not in missing.headers


def test_requests_are_logged(site: SampleSite) -> None:
    site.reset()
    ask(site, "/?a=1")
    ask(site, "/nowhere", method="HEAD")
    assert site.requests == [("GET", "/?a=1", 200), ("HEAD", "/nowhere", 404)]


# Changes


def test_revision_changes_text_and_validators(site: SampleSite) -> None:
    before = site.expected()[0]
    first = ask_url(site, before.url)
    site.revise(site.slugs[0], lambda text: text.replace(before.text.split("\n\n")[0][:20], "X", 1))
    after = site.expected()[0]
    assert after.text.startswith("X")
    assert after.url == before.url == site.url(site.slugs[0])
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    second = ask_url(site, before.url, If_None_Match=etag)
    assert second.status == 200
    assert after.text.split("\n\n")[0] in visible_blocks(decode(site, second))
    assert ask_url(site, before.url, If_Modified_Since=modified).status == 200
    site.reset()
    assert site.expected()[0] == before
    assert ask_url(site, before.url, If_None_Match=etag).status == 304


def test_revision_that_changes_nothing_is_refused(wordpress: SampleSite) -> None:
    with pytest.raises(ValueError, match="unchanged"):
        wordpress.revise(wordpress.slugs[0], lambda text: text)
    with pytest.raises(KeyError):
        wordpress.revise("no-such-article", str.upper)


def test_replaced_path(wordpress: SampleSite) -> None:
    wordpress.replace("/feed/", "busy", status=503, headers={"Retry-After": "1"})
    answer = ask(wordpress, "/feed/")
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (503, b"busy", "1")
    wordpress.reset()
    assert ask(wordpress, "/feed/").status == 200


@pytest.mark.parametrize("name", SITES)
def test_two_serves_differ_in_the_base_url_alone(name: str) -> None:
    def snapshot(site: SampleSite) -> list[tuple[str, dict[str, str], bytes]]:
        paths = ["/", *[urlsplit(e.url).path for e in site.expected()]]
        paths += [t[site.platform] for t in (FEEDS, SITEMAPS) if site.platform in t]
        return [_without_place(site, path, ask(site, path)) for path in paths]

    with serve([name]) as [site]:
        first = snapshot(site)
    with serve([name]) as [site]:
        assert snapshot(site) == first


def _without_place(
    site: SampleSite, path: str, answer: Answer
) -> tuple[str, dict[str, str], bytes]:
    changing = {"date", "etag", "link", "content-length"}
    headers = {k: v for k, v in answer.headers.items() if k not in changing}
    return path, headers, answer.body.replace(site.base_url.encode(), b"")


def test_same_port_gives_the_same_etag() -> None:
    with serve(["wordpress"]) as [site]:
        port = urlsplit(site.base_url).port
        etag = ask(site, "/").headers["etag"]
    assert port is not None
    with serve(["wordpress"], [port]) as [site]:
        assert ask(site, "/", If_None_Match=etag).status == 304


def test_sources_toml() -> None:
    with serve() as sites:
        sources = tomllib.loads(sources_toml(sites))["source"]
    assert [source["name"] for source in sources] == list(SITES)
    for source, site in zip(sources, sites, strict=True):
        assert source["url"] == site.base_url + "/"
        assert (source["allow_private"], source["delay"]) == (True, 0)
        assert source.get("accept_terms", False) == (site.name == "substack")


def test_missing_content_is_told() -> None:
    with pytest.raises(ContentError, match=r"no-such-site.site\.toml.*missing"):
        load("no-such-site")
