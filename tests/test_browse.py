"""The pages of `newsarchive browse`: over HTTP, and in a real headless Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn

from archive import warc
from archive.browse import application, serve
from archive.errors import UserError
from archive.model import Block, Fault, Link, Reading, Reason, SourceReport
from archive.rendering import to_html
from archive.store import open_archive
from crawler.frontier import Frontier
from crawler.hosts import Hosts

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
BANNER = Block(
    "paragraph",
    "Subscribe to our letter",
    "x",
    Reason.SUBSCRIBE,
    "subscribe-call",
    "subscribe to our",
)
MENU = [Block("list-item", name, "x", Reason.NAVIGATION, "menu", name) for name in ("Home", "Shop")]
FOOT = Block("paragraph", "All of it is by us", "All of it is by us")  # learned: it repeats

ARTICLES = [  # language, title, markdown of the blocks
    ("de", "Kräne lernen sehen", ["Der Hafen hat [neue Kräne](https://example.org/k).", "## Was folgt", "- eins", "- zwei"]),
    ("en", "Cranes learn to see", ["The harbour has new cranes.", "> Nobody asked us.", "```\nx = 1\n```"]),
    ("ja", "市場のせり", ["東京の魚市場では、新しい規制が議論されています。来年から始まる予定で、仲買人は反対しています。"]),
    ("ar", "الرافعات تتعلم", ["تتعلم الرافعات في الميناء كيف ترى في الليل."]),
    ("en", EVIL, [EVIL, "[go](javascript:alert(1)) [data](data:text/html,x)", "![i](https://evil.example/i.png)"]),
]  # fmt: skip


def kind(markdown: str) -> Any:
    marks = {"## ": "heading", "- ": "list-item", "> ": "quote", "```": "code"}
    return next((k for mark, k in marks.items() if markdown.startswith(mark)), "paragraph")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which the archive in that folder is served."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(folder), log_level="warning"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a served archive with articles in four languages, and hostile ones."""
    folder = tmp_path_factory.mktemp("browse")
    with open_archive(folder, "test") as archive:
        for n, (language, title, markdown) in enumerate(ARTICLES, 1):
            url = f"https://news.example.org/{n}"
            exchange = warc.Exchange(url, f"2026-11-24T12:00:0{n}.000Z", 200, (), url.encode())
            capture = archive.append(
                exchange, url=url, source="a source", role="article", found_by=None
            )
            blocks = tuple(Block(kind(m), m.lstrip("#->` "), m) for m in markdown)
            other = "https://news.example.org/2" if n == 1 else "https://news.example.org/1"
            reading = Reading(
                title, (*MENU, *blocks, BANNER, FOOT), authors=(EVIL if n == 5 else "Ada Example",), language=language,
                published=f"2026-01-0{n}", alternates=(("en", other),) if n <= 2 else (),
            )  # fmt: skip
            with archive.transaction():
                archive.record_source("a source", "https://news.example.org/")
                archive.save(capture, reading)
        with archive.transaction():
            archive.record_failure("a source", "javascript:alert(1)", Fault("dns", EVIL))
            Frontier(archive.connection).add(
                "a source", [Link("https://news.example.org/9", "article", "feed")]
            )
            hosts = Hosts(archive.connection)
            hosts.refused(
                "news.example.org", "http-429", of_articles=True, stated=timedelta(hours=1)
            )
            hosts.write()
            gone = warc.Exchange(
                "https://news.example.org/3", "2026-11-25T12:00:00.000Z", 410, (), b""
            )
            archive.save(
                archive.append(
                    gone, url=gone.url, source="a source", role="article", found_by=None
                ),
                Fault("http-410", "gone", permanent=True),
            )
        archive.record_run(
            "crawl", "2026-11-24T12:00:00Z", [SourceReport("a source", found=5, new=5)]
        )
        for day, found in enumerate([9] * 20 + [2] * 4, 1):
            report = SourceReport("thinner", found=found, requests=1)
            archive.record_run("crawl", f"2026-10-{day:02}T12:00:00Z", [report])
    with served(folder) as address:
        yield address


def get(url: str) -> tuple[int, str, Any]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


PAGES = [
    "/", "/-/article/1", "/-/article/5", "/-/article/1/removed", "/-/article/5/removed", "/-/search",
    "/-/search?q=cranes", "/-/search?q=%22open", "/-/source/a%20source", "/-/sources",
    "/-/failures",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_pages_answer_and_nothing_hostile_is_in_them(base: str, path: str) -> None:
    status, text, headers = get(base + path)
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "<script" not in text
    assert "<img" not in text
    assert 'href="javascript:' not in text
    assert 'href="data:' not in text


def test_links_of_the_text_are_kept_and_lead_nowhere_by_themselves(base: str) -> None:
    text = get(base + "/-/article/1")[1]
    assert (
        '<a href="https://example.org/k" rel="nofollow noopener noreferrer">neue Kräne</a>' in text
    )
    assert "<h2>Was folgt</h2>" in text
    assert "<ul><li>eins</li><li>zwei</li></ul>" in text


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
    for path in ("/-/failures", "/-/source/a%20source"):
        text = get(base + path)[1]
        assert "the host may be gone" in text


def test_what_is_not_as_usual_of_a_source_is_said(base: str) -> None:
    changed = "articles found 9 → 2"
    assert changed in get(f"{base}/-/sources")[1]
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
    status, text, headers = get(base + path)
    assert status == 404
    assert "Not here" in text
    assert "<script" not in text
    assert "default-src 'none'; style-src 'self'" in headers["content-security-policy"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("page", ["²", "-1", "9" * 5000, "x", "0"])
def test_a_page_number_that_is_none_is_the_first(base: str, page: str) -> None:
    status, text, _ = get(f"{base}/-/search?page={quote(page)}")
    assert status == 200
    assert "1–5 of 5" in text


def test_each_block_is_rendered_by_its_kind_alone() -> None:
    blocks = [
        Block("heading", "", "### Top"),
        Block("heading", "", "#### Below"),
        Block("paragraph", "", "```"),
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
        '<p><a rel="nofollow noopener noreferrer">away</a> '
        '<a rel="nofollow noopener noreferrer">in</a> &lt;b onclick=x&gt;b&lt;/b&gt;</p>',
    ]


def test_pages_answer_while_the_archive_is_written(tmp_path: Path) -> None:
    """As during a crawl: no request waits for the writer, none finds the database locked."""
    with open_archive(tmp_path, "test") as archive:
        with archive.transaction():
            archive.record_source("first", "https://news.example.org/")
        with served(tmp_path) as base, archive.transaction():
            archive.record_source("second", "https://other.example.org/")
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
        archive.record_source("kept", "https://news.example.org/")
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
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate(timeout=20)
    finally:
        run.kill()
    assert (run.returncode, output, errors) == (0, "", "")


def test_what_cannot_be_served_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no archive in"):
        application(tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if BROWSER is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: `make test` installs it")
        pytest.skip("no Chromium on this machine: `make test` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield opened
        opened.close()


TABLES = ["/archive", "/archive/articles", "/archive/articles/5", "/nowhere", "/-/article/99"]
SIZES = {"phone": (390, 844), "desk": (1280, 900)}


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", [*PAGES, *TABLES])
def test_pages_fit_and_ask_nobody_else(base: str, browser: Any, path: str, size: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda said: "status of 404" in said.text or problems.append(said.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(base + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title() != "owned"
    assert problems == []
    assert all(url.startswith(base) for url in asked)
    page.close()


@pytest.mark.browser
def test_a_reader_searches_reads_and_sees_what_was_removed(base: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(base)
    page.fill("#q", "規制")
    page.press("#q", "Enter")
    assert page.locator("mark").first.inner_text() == "規制"
    page.click("ol.hits h3 a")
    assert "東京の魚市場" in page.locator(".text").inner_text()
    assert "Subscribe to our letter" not in page.locator("main").inner_text()
    page.click("text=What was removed")
    gone = page.locator("li.gone").all_inner_texts()
    assert [text.split()[0] for text in gone] == ["navigation", "subscribe", "repeated-on-site"]
    assert "Home" in gone[0]
    assert "Shop" in gone[0]
    assert "Subscribe to our letter" in gone[1]
    assert "stands in 5 of 5 articles of news.example.org" in gone[2]
    assert "東京の魚市場" in page.locator("li.kept").inner_text()
    page.goto(f"{base}/-/article/1")
    page.click(".reading header >> text=English")
    assert page.locator("h1").inner_text() == "Cranes learn to see"
    page.close()


@pytest.mark.browser
def test_dark_mode_keyboard_and_direction(base: str, browser: Any) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(base)
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert page.locator(".skip").bounding_box()["y"] >= 0
        page.keyboard.press("Enter")
        page.wait_for_url("**#content")
        page.goto(f"{base}/-/article/4")
        assert page.evaluate("getComputedStyle(document.querySelector('.text')).direction") == "rtl"
        context.close()
    assert len(colours) == 2
