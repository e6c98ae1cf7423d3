"""The pages of `newsarchive browse`, over HTTP; tests/test_browser.py looks at them in a browser."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import feedparser
import httpx
import lxml.etree
import lxml.html
import pytest

from archive import crawls
from archive.browse import application, serve
from archive.datasette import headers
from archive.errors import UserError
from archive.model import Block
from archive.opening import open_archive
from archive.rendering import to_html
from tests.browse_archive import BREAK, EVIL, SCHEME, SITE, make, served

ELEMENTS = frozenset(
    """html head meta title link body header footer nav main section article aside form label input select
    option button textarea a p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead tbody tr th td div span
    b i em strong small code pre q blockquote bdi br time mark del ins details summary svg rect line
    text desc""".split()
)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("browse")
    make(folder)
    with served(folder) as address:
        yield address


def get(url: str) -> tuple[int, str, Any]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


PAGES = [
    "/", "/-/article/1", "/-/article/5", "/-/article/6", "/-/article/1/removed", "/-/article/5/removed",
    "/-/article/1/changes", "/-/article/5/changes", "/-/search", "/-/search?q=cranes", "/-/search?q=owned",
    "/-/search?q=%22open", f"/-/search?tag={quote(EVIL)}&author={quote(BREAK)}&source={quote(EVIL)}",
    f"/-/search?q={quote(BREAK)}&language={quote(EVIL)}&since={quote(BREAK)}&month={quote(EVIL)}",
    f"/-/source/{quote(EVIL, safe='')}", f"/-/source/{quote(BREAK, safe='')}", "/-/source/a%20source",
    "/-/sources", "/-/failures", "/archive", "/archive?_show_hidden=1", "/archive/articles",
    "/archive/articles?_facet=source", "/archive/articles/5", f"/archive/articles?title={quote(EVIL)}",
    f"/archive?sql=select+:x&x={quote(BREAK)}", "/archive?sql=select+*+from+articles",
    f"/archive?sql={quote(EVIL)}", "/archive/mentions?words=owned", f"/archive/mentions?words={quote(BREAK)}",
    "/archive/removed_for?reason=subscribe", "/archive/authors", "/archive/tags", "/archive/failing",
    "/-/versions", "/nowhere", f"/nowhere/{quote(EVIL, safe='')}", f"/-/article?url={quote(EVIL)}",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_nothing_hostile_is_on_a_page(base: str, path: str) -> None:
    status, text, given = get(base + path)
    assert status in (200, 400, 404)
    policy = given["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action")
    assert given["x-content-type-options"] == "nosniff"
    tree = lxml.html.fromstring(text)
    assert not tree.xpath("//script|//img|//iframe|//object|//embed|//style|//base|//*[@onload]")
    assert "{{" not in re.sub(re.escape("{{7+7}}"), "", html.unescape(text))  # shown, not evaluated
    for element in tree.iter(lxml.etree.Element):
        assert element.tag in ELEMENTS, element.tag
        for name, value in element.items():
            assert not name.startswith("on"), name
            assert name != "style"
            if name in ("href", "src", "action") and not urljoin(base, value).startswith(base):
                assert value.startswith(("http://", "https://")), value
                assert element.tag == "a"


def test_links_of_the_text_are_kept_and_lead_nowhere_by_themselves(base: str) -> None:
    text = get(base + "/-/article/1")[1]
    link = '<a href="https://example.org/k" rel="nofollow noopener noreferrer">neue Kräne</a>'
    assert link in text
    assert "<h2>Was folgt</h2>" in text
    assert "<ul><li>eins</li><li>zwei</li></ul>" in text


def test_an_article_has_its_translations_duplicates_and_capture(base: str) -> None:
    text = get(base + "/-/article/2")[1]
    assert '<a lang="de" dir="ltr" href="/-/article/1">Kräne lernen sehen</a> (German)' in text
    assert 'href="/-/article/7">Harbour cranes learn to see</a> (a source, 2026-02-07)' in text
    assert ", the first)" in get(base + "/-/article/7")[1]
    assert "2026-11-24 12:00:02 UTC" in text
    assert 'href="/-/search?author=Ada%20Example"' in text
    assert 'href="/-/search?tag=harbour"' in text


def test_what_changed_is_marked_word_by_word_and_in_words(base: str) -> None:
    text = get(base + "/-/article/1/changes")[1]
    flat = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))
    assert "Revision 2, seen 2026-11-24 12:00 UTC" in flat
    assert "Der Hafen hat [went: alte][came: [neue]" in flat
    assert re.search(r"<del>.*alte.*</del><ins>", text)
    assert "3 paragraphs without a change" in flat
    assert "Nothing yet" in get(base + "/-/article/2/changes")[1]


def test_what_was_removed_stands_in_its_place(base: str) -> None:
    text = get(base + "/-/article/1/removed")[1]
    assert text.index("Home") < text.index("Der Hafen hat") < text.index("Subscribe to our letter")
    assert "<b>subscribe</b> subscribe-call: <q>subscribe to our</q>" in text


def links(text: str, kind: str) -> list[str]:
    return re.findall(rf'<a [^>]*href="([^"]*[?;&]{kind}=[^"]*)"', text)


def test_facets_count_narrow_down_and_are_taken_away(base: str) -> None:
    text = get(f"{base}/-/search?source=a%20source")[1]
    assert not links(text.partition('id="facets"')[2], "author=")  # all are by one
    (january,) = [link for link in links(text, "month") if "2026-01" in link]
    assert re.search(r'2026-01</bdi></a> <span class="number">2<', text)
    narrowed = get(base + html.unescape(january))[1]
    assert "1–2 of 2 articles" in narrowed
    assert "Kräne lernen sehen" not in narrowed
    german = next(link for link in links(text, "language") if "=de" in link)
    both = get(base + html.unescape(german))[1]
    assert "1–1 of 1 article," in both
    away = re.search(r'<a href="([^"]+)"><span class="soft">source</span>', both)
    assert away
    assert "1–1 of 1 article," in get(base + html.unescape(away[1]))[1]
    assert (
        "No article found: take one of the choices away"
        in get(f"{base}/-/search?language=de&tag=nothing")[1]
    )


def test_found_articles_are_ordered_by_rank_or_by_time(base: str) -> None:
    def titles(path: str) -> list[str]:
        return re.findall(r'<h3[^>]*><a href="[^"]*">([^<]*)</a>', get(base + path)[1])

    best = get(f"{base}/-/search?q=cranes+harbour")[1]
    (newest,) = re.findall(r'<a href="([^"]*)">newest first</a>', best)
    assert titles("/-/search?q=cranes+harbour")[0] == "Harbour cranes learn to see"
    assert titles(html.unescape(newest))[0] == "Harbour cranes learn to see"
    assert titles("/-/search?q=learn+-harbour&order=newest") == []
    assert titles("/-/search?q=author:Ada&order=newest")[:2] == [
        "Harbour cranes learn to see", "市場のせり",
    ]  # fmt: skip


def test_a_facet_shows_more_of_its_values(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.datasette.lists.VALUES", 1)
    text = get(f"{base}/-/search")[1]
    assert len(links(text.partition('id="facets"')[2], "language")) == 1
    (more,) = [link for link in links(text, "more") if "=language" in link]
    assert (
        len(links(get(base + html.unescape(more))[1].partition('id="facets"')[2], "language")) > 3
    )


def test_of_words_that_very_many_articles_have_the_newest_are_shown(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.search.BROAD", 1)
    monkeypatch.setattr("archive.datasette.lists.PAGE", 1)
    monkeypatch.setattr("archive.datasette.lists.LAST_PAGE_OF_MANY", 2)
    first = get(f"{base}/-/search?q=cranes")[1]
    assert "1–1 of 2 articles, newest first: too many to rank" in first
    assert "Harbour cranes" in first  # the later one
    with_language = get(f"{base}/-/search?q=cranes&language=en&page=9")[1]
    assert "2–2 of more than 1 article" in with_language
    assert "narrow the list down" in with_language


@pytest.mark.parametrize("value", [EVIL, BREAK, SCHEME])
def test_hostile_tags_and_authors_are_facets_like_others(base: str, value: str) -> None:
    for facet in ("tag", "author"):
        text = get(f"{base}/-/search?{facet}={quote(value)}")[1]
        assert "1–2 of 2 articles" in text
        assert (
            f"<bdi>{html.escape(value)}</bdi>".replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
            in text
        )
    assert "1–1 of 1 article" in get(f"{base}/-/search?source={quote(BREAK)}")[1]


def feed(base: str, query: str = "") -> tuple[Any, ET.Element]:
    status, text, given = get(f"{base}/-/feed{query}")
    assert status == 200
    assert given["content-type"] == "application/atom+xml; charset=utf-8"
    parsed = feedparser.parse(text)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return parsed, ET.fromstring(text)


def test_any_list_is_a_feed(base: str) -> None:
    parsed, _ = feed(base, "?language=de")
    assert parsed.feed.title == "Articles: de"
    assert [entry.title for entry in parsed.entries] == ["Kräne lernen sehen"]
    (entry,) = parsed.entries
    assert entry.link == f"{base}/-/article/1"
    assert entry.author == "Ada Example"
    assert entry.published == "2026-02-01T00:00:00Z"
    assert entry.updated == "2026-11-24T12:00:01.000Z"
    assert [tag.term for tag in entry.tags] == ["harbour"]
    assert "<h2>Was folgt</h2>" in entry.content[0].value
    assert [link.href for link in entry.links if link.rel == "via"] == [f"{SITE}/1"]
    assert 'href="/-/feed?language=de"' in get(f"{base}/-/search?language=de")[1]
    assert len(feed(base)[0].entries) == 7
    assert feed(base, "?q=nothingatall")[0].entries == []
    assert get(f"{base}/-/feed?q=%22open")[0] == 400


def test_a_feed_has_what_rfc_4287_demands(base: str) -> None:
    """Sections 4.1.1 and 4.1.2; hostile texts are text in it."""
    _, root = feed(base)
    for node in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (child,) = node.findall(ATOM + name)
            assert child.text
        assert node.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", node.findtext(f"{ATOM}updated", "")
        )
        assert [link for link in node.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
    entries = root.findall(f"{ATOM}entry")
    assert all(entry.findtext(f"{ATOM}author/{ATOM}name") for entry in entries)
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    (link,) = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert link.get("href") == f"{base}/-/feed"
    evil = next(entry for entry in entries if entry.findtext(f"{ATOM}title") == EVIL)
    content = evil.find(f"{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    assert not lxml.html.fromstring(content.text or "").xpath("//script|//img|//svg|//@onload")


def test_questions_are_answered(base: str) -> None:
    def rows(query: str) -> Any:
        return json.loads(get(f"{base}/archive/{query}")[1])

    names = re.findall(r'href="/archive/(\w+)"', get(f"{base}/archive")[1].partition("Tables")[0])
    assert len(names) == 13
    for name in names:
        if name not in ("mentions", "removed_for"):
            assert "error" not in rows(f"{name}.json?_shape=array"), name
    mentions = rows("mentions.json?_shape=array&words=cranes+-nothing")
    assert sum(row["articles"] for row in mentions) == 2
    assert rows("mentions.json?_shape=array&words=%22open") == []
    assert rows("copies.json?_shape=array")[0]["article"] == 7
    assert rows("changed.json?_shape=array")[0]["article"] == 1
    assert {"tag": "harbour", "articles": 7} in rows("tags.json?_shape=array")
    removed = rows("removed_for.json?_shape=array&reason=subscribe")
    assert {row["text"] for row in removed} == {"Subscribe to our letter"}
    assert '<a href="/-/article/1">1</a>' in get(f"{base}/archive/changed")[1]


@pytest.mark.parametrize("path", ["patterns", "permissions", "allow-debug", "messages", "logout", "auth-token"])  # fmt: skip
def test_pages_nobody_needs_are_not_there(base: str, path: str) -> None:
    assert get(f"{base}/-/{path}")[0] == 404


def test_charts_say_in_words_what_they_show(base: str) -> None:
    text = get(base)[1]
    assert '<title id="chart-title">Articles per week</title>' in text
    assert "7 articles in 52 weeks" in text
    assert re.search(
        r'<th scope="row"><a href="/-/search\?since=2026-02-02&amp;until=2026-02-08">Week of 2026-02-02</a></th><td class="number">3</td>',
        text,
    )
    assert re.search(r"\d+% of the text removed, by reason", text)
    assert "5 articles in 26 weeks, 2 in the last of them" in get(f"{base}/-/sources")[1]


def test_addresses_filters_and_hints(base: str) -> None:
    assert (
        "Kräne lernen sehen"
        in get(f"{base}/-/article?url={quote('http://news.example.org/1/')}")[1]
    )
    assert get(f"{base}/-/article/99")[0] == 404
    assert get(f"{base}/-/article?url=x")[0] == 404
    assert "not closed" in get(f"{base}/-/search?q=%22open")[1]
    assert "市場のせり" in get(f"{base}/-/search?q={quote('規制')}")[1]
    assert "Cranes" not in get(f"{base}/-/search?language=ja")[1]
    assert get(f"{base}/archive/articles")[0] == 200


def test_what_has_gone_and_who_refuses_us_is_said(base: str) -> None:
    _, text, _ = get(base + "/-/article/3")
    assert "its page has not been there since 2026-11-25 12:00" in text
    assert "gone from the web" not in get(base + "/-/article/2")[1]
    _, text, _ = get(base + "/-/source/a%20source")
    assert "news.example.org refused 1 time (http-429); nothing is asked of it before" in text


def test_sources_and_failures_say_how_things_stand(base: str) -> None:
    listed = get(f"{base}/-/sources")[1]
    assert "2026-11-24 12:00" in listed
    assert "the host may be gone" in get(f"{base}/-/failures")[1]
    for path in ("/-/failures", "/-/source/a%20source"):
        text = get(base + path)[1]
        assert text.count(f"{SITE}/lost/") == 2 * 10  # in the link and in its text
        assert "The page is gone; check the address" in text
        (more,) = re.findall(r'<a href="([^"]+)">All 30</a>', text)
        assert "30 rows" in get(base + html.unescape(more))[1]


def test_what_is_not_as_usual_of_a_source_is_said(base: str) -> None:
    changed = "articles found 9 → 2"
    for path in ("/", "/-/sources"):
        assert (
            f'<a class="warn" href="/-/source/thinner#health">{changed}</a>' in get(base + path)[1]
        )
    text = get(f"{base}/-/source/thinner")[1]
    assert f'<a class="warn" href="#health">Not as usual</a>: {changed}.' in text
    assert '<td class="number">9</td><td class="number warn">2</td>' in text
    assert "Not as usual" not in get(f"{base}/-/source/a%20source")[1]


def test_a_pasted_address_leads_to_its_article(base: str) -> None:
    found = get(f"{base}/-/search?q={quote('https://news.example.org/2')}")[1]
    assert "<h1>Cranes learn to see</h1>" in found
    assert "No article found" in get(f"{base}/-/search?q={quote('https://unknown.example/')}")[1]


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/archive/nothing", "/-/article/99", f"/-/article/{'9' * 40}", "/-/source/x",
        "/-/article?url=%3Cscript%3E",
    ],
)  # fmt: skip
def test_a_wrong_address_is_a_page_and_no_traceback(
    base: str, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    status, text, _ = get(base + path)
    assert status == 404
    assert "Not here" in text
    assert "<script" not in text
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("page", ["²", "-1", "9" * 5000, "x", "0"])
def test_a_page_number_that_is_none_is_the_first(base: str, page: str) -> None:
    status, text, _ = get(f"{base}/-/search?page={quote(page)}")
    assert status == 200
    assert "1–7 of 7" in text


def test_each_block_is_rendered_by_its_kind_alone() -> None:
    blocks = [
        Block("heading", "", "### Top"),
        Block("heading", "", "#### Below"),
        Block("paragraph", "", r"\`\`\`"),
        Block("paragraph", "", "# no heading, and 1 < 2"),
        Block("code", "", "```\nif a < b:\n    ```\n```"),
        Block("table", "", "| a | *b*"),
        Block("table", "", "| c"),
        Block("quote", "", "> one"),
        Block("quote", "", "> two"),
        Block("paragraph", "", "[away](//evil.example) [in](/archive?sql=x) <b onclick=x>b</b>"),
    ]
    lines = to_html(blocks).replace("</p>\n<p>", "</p><p>").split("\n")
    assert lines == [
        "<h2>Top</h2><h3>Below</h3>",
        "<p>```</p><p># no heading, and 1 &lt; 2</p>",
        "<pre><code>if a &lt; b:",
        "    ```</code></pre>",
        "<table><tbody><tr><td>a</td><td><em>b</em></td></tr><tr><td>c</td></tr></tbody></table>",
        "<blockquote><p>one</p><p>two</p></blockquote>",
        "<p>away in &lt;b onclick=x&gt;b&lt;/b&gt;</p>",
    ]


def test_pages_answer_while_the_archive_is_written(tmp_path: Path) -> None:
    """As during a crawl: no request waits for the writer, none finds the database locked."""
    with open_archive(tmp_path, "test") as archive:
        with archive.transaction():
            crawls.record_source(archive.connection, "first", "https://news.example.org/")
        with served(tmp_path) as base, archive.transaction():
            crawls.record_source(archive.connection, "second", "https://other.example.org/")
            assert get(f"{base}/-/source/first")[0] == 200
            assert get(f"{base}/-/source/second")[0] == 404  # not yet committed
            assert get(f"{base}/archive/sources")[0] == 200
        with served(tmp_path) as base:
            assert get(f"{base}/-/source/second")[0] == 200


def test_an_archive_that_cannot_be_written_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a mounted backup, where SQLite can make no -shm file beside the database."""
    with open_archive(tmp_path, "test") as archive, archive.transaction():
        crawls.record_source(archive.connection, "kept", "https://news.example.org/")
    before = set(tmp_path.iterdir())
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with served(tmp_path) as base:
        assert get(f"{base}/-/source/kept")[0] == 200
        assert get(f"{base}/archive/sources")[0] == 200
        assert set(tmp_path.iterdir()) == before


def test_a_taken_port_is_one_line(base: str, tmp_path: Path) -> None:
    with open_archive(tmp_path, "test"):
        pass
    port = int(base.rpartition(":")[2])
    with pytest.raises(UserError, match=r"cannot serve at 127\.0\.0\.1:\d+: .* --port"):
        serve(tmp_path, "127.0.0.1", port)


def test_it_answers_by_its_own_names_alone() -> None:
    """Against DNS rebinding: a page that lets its name point here reads nothing."""

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"the archive"})

    transport = httpx.ASGITransport(headers.named(page, frozenset({"localhost", "[::1]"})))

    async def ask(host: str) -> tuple[int, str]:
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answer = await client.get("/", headers={"host": host})
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        return answer.status_code, answer.text

    for host in ("localhost", "LOCALHOST:8001", "[::1]:8001"):
        assert asyncio.run(ask(host)) == (200, "the archive")
    for host in ("evil.example", "evil.example:8001", "localhost.evil.example", ""):
        status, text = asyncio.run(ask(host))
        assert status == 421
        assert "--name" in text


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    with open_archive(tmp_path, "test"):
        pass
    command = [sys.executable, "-m", "crawler", "browse", "--port", "0", "--archive", str(tmp_path)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert run.stdout is not None
        line = run.stdout.readline()
        assert line.startswith("Browse the archive at http://127.0.0.1:")
        assert get(line.split()[4])[0] == 200  # it answers from the moment it says so
        assert get(line.split()[4].replace("127.0.0.1", "localhost"))[0] == 200
        rebound = urllib.request.Request(line.split()[4], headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(rebound)
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate(timeout=20)
    finally:
        run.kill()
    assert (run.returncode, output, errors) == (0, "", "")


def test_what_cannot_be_served_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no archive in"):
        application(tmp_path)
