"""The pages of `newsarchive browse`: over HTTP, and in a real headless Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn

from archive import warc
from archive.browse import application
from archive.errors import UserError
from archive.model import Block, Fault, Reading, Reason, SourceReport
from archive.store import open_archive

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

ARTICLES = [  # language, title, markdown of the blocks
    ("de", "Kräne lernen sehen", ["Der Hafen hat [neue Kräne](https://example.org/k).", "## Was folgt", "- eins", "- zwei"]),
    ("en", "Cranes learn to see", ["The harbour has new cranes.", "> Nobody asked us.", "```\nx = 1\n```"]),
    ("ja", "市場のせり", ["東京の魚市場では、新しい規制が議論されています。"]),
    ("ar", "الرافعات تتعلم", ["تتعلم الرافعات في الميناء كيف ترى في الليل."]),
    ("en", EVIL, [EVIL, "[go](javascript:alert(1)) [data](data:text/html,x)", "![i](https://evil.example/i.png)"]),
]  # fmt: skip


def kind(markdown: str) -> Any:
    marks = {"## ": "heading", "- ": "list-item", "> ": "quote", "```": "code"}
    return next((k for mark, k in marks.items() if markdown.startswith(mark)), "paragraph")


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
                title, (*blocks, BANNER), authors=(EVIL if n == 5 else "Ada Example",), language=language,
                published=f"2026-01-0{n}", alternates=(("en", other),) if n <= 2 else (),
            )  # fmt: skip
            with archive.transaction():
                archive.record_source("a source", "https://news.example.org/")
                archive.save(capture, reading)
        with archive.transaction():
            archive.record_failure("a source", "javascript:alert(1)", Fault("dns", EVIL))
        archive.record_run(
            "crawl", "2026-11-24T12:00:00Z", [SourceReport("a source", found=5, new=5)]
        )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(folder), log_level="warning"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def get(url: str) -> tuple[int, str, Any]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


PAGES = [
    "/", "/-/article/1", "/-/article/5", "/-/article/1/removed", "/-/article/5/removed", "/-/search",
    "/-/search?q=cranes", "/-/search?q=%22open", "/-/source/a%20source", "/-/failures",
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
    assert text.count("<li>") == 2


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


SIZES = {"phone": (390, 844), "desk": (1280, 900)}


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_and_ask_nobody_else(base: str, browser: Any, path: str, size: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
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
    gone = page.locator("li.gone").inner_text()
    assert "subscribe" in gone
    assert "Subscribe to our letter" in gone
    page.goto(f"{base}/-/article/1")
    page.click("text=en: Cranes learn to see")
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
        page.keyboard.press("Enter")
        page.wait_for_url("**#content")
        page.goto(f"{base}/-/article/4")
        assert page.evaluate("getComputedStyle(document.querySelector('.text')).direction") == "rtl"
        context.close()
    assert len(colours) == 2
