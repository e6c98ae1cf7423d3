"""The pages of `newsarchive browse` in a real headless Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.browse_archive import BREAK, EVIL, SCHEME, make, served
from tests.test_browse import PAGES

pytestmark = pytest.mark.browser

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
HARMLESS = ("status of 404", "status of 400")  # said of pages that are meant to be errors
# One of each kind of page, with all that it can show.
KINDS = [
    "/", "/-/article/2", "/-/article/4", "/-/article/5", "/-/article/4/removed", "/-/article/1/changes",
    "/-/search", "/-/search?q=cranes&tag=harbour", "/-/search?q=%22open", "/-/sources",
    "/-/source/a%20source", "/-/failures", "/archive", "/archive/articles", "/archive/articles/5",
    "/archive/mentions?words=cranes", "/archive?sql=select+1", "/nowhere",
]  # fmt: skip
COLOURED = [  # those among them that have all colours
    "/", "/-/article/2", "/-/article/4/removed", "/-/article/1/changes", "/-/search?q=cranes&tag=harbour",
    "/-/search?q=%22open", "/-/failures",
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("browser")
    make(folder)
    with served(folder) as address:
        yield address


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


@pytest.fixture(scope="module")
def desk(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("width", "paths"), [(1280, PAGES), (390, KINDS)], ids=["desk", "phone"])
def test_pages_fit_run_nothing_and_ask_nobody_else(
    base: str, browser: Any, width: int, paths: list[str]
) -> None:
    """Whatever an archive holds: no script of it runs, no request leaves, no policy is broken."""
    page = browser.new_page(viewport={"width": width, "height": 844})
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda said: problems.append(said.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    for path in paths:
        page.goto(base + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.title() != "owned", path
        wrong = [text for text in problems if not any(known in text for known in HARMLESS)]
        assert wrong == [], path
    assert len(asked) >= len(paths)
    assert [url for url in asked if not url.startswith(base)] == []
    page.close()


@pytest.mark.parametrize(
    ("scheme", "paths", "rules"), [("light", KINDS, None), ("dark", COLOURED, ["color-contrast"])]
)
def test_axe_finds_nothing(
    base: str, browser: Any, scheme: str, paths: list[str], rules: list[str] | None
) -> None:
    """axe-core's rules (WCAG 2.2 A and AA, best practices); in the dark those of colours."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    page = browser.new_page(color_scheme=scheme)
    found = []
    for path in paths:
        page.goto(base + path)
        for issue in Axe().run(page, options=options).response["violations"]:
            found.append((path, issue["id"], [node["html"] for node in issue["nodes"]][:3]))
    page.close()
    assert found == []


def test_a_reader_searches_reads_and_sees_what_was_removed(base: str, desk: Any) -> None:
    desk.goto(base)
    desk.fill("#q", "規制")
    desk.press("#q", "Enter")
    assert desk.locator("mark").first.inner_text() == "規制"
    desk.click("ol.hits h3 a")
    assert "東京の魚市場" in desk.locator(".text").inner_text()
    assert "Subscribe to our letter" not in desk.locator("main").inner_text()
    desk.click(".button >> text=What was removed")
    gone = desk.locator("li.gone").all_inner_texts()
    assert [text.split()[1] for text in gone] == ["navigation", "subscribe", "repeated-on-site"]
    assert "Home" in gone[0]
    assert "Shop" in gone[0]
    assert "Subscribe to our letter" in gone[1]
    assert "stands in 7 of 7 articles of news.example.org" in gone[2]
    assert "東京の魚市場" in desk.locator("li.kept").inner_text()
    desk.goto(f"{base}/-/article/1")
    desk.click(".reading header >> text=English")
    assert desk.locator("h1").inner_text() == "Cranes learn to see"


def test_a_reader_compares_revisions(base: str, desk: Any) -> None:
    desk.goto(f"{base}/-/article/1")
    desk.click("text=changed once")
    assert desk.locator("main .text del").first.text_content() == "[went: alte]"
    colours = {
        name: desk.locator(f"main .text {name}").first.evaluate("e => getComputedStyle(e).color")
        for name in ("del", "ins")
    }
    assert len(set(colours.values())) == 2
    label = desk.locator("main .text del .hidden").first
    assert label.bounding_box()["width"] <= 1  # read aloud, not seen


def test_a_reader_narrows_a_list_down_and_takes_a_choice_away(base: str, desk: Any) -> None:
    desk.goto(f"{base}/-/search?q=cranes")
    count = desk.locator("ol.hits > li").count()
    assert count == 2
    desk.click("#facets >> text=2026-01")
    assert desk.locator("ol.hits > li").count() == 1
    desk.fill("#f-q", "harbour")
    desk.press("#f-q", "Enter")  # the month stays chosen
    assert desk.locator(".chips a").count() == 2
    desk.click(".chips >> text=2026-01")
    assert desk.locator(".chips a").count() == 1
    assert desk.locator("ol.hits > li").count() == 2


def test_a_week_of_the_chart_leads_to_its_articles(base: str, desk: Any) -> None:
    desk.goto(base)
    column = desk.locator(".chart a", has_text="Week of 2026-02-02").first
    assert "Week of 2026-02-02: 3" in column.locator("title").text_content()
    column.locator(".catch").click()
    assert desk.locator("ol.hits > li").count() == 3
    desk.goto(base)
    desk.click("summary")
    desk.click(".data >> text=2026-02-02")
    assert desk.locator("ol.hits > li").count() == 3


@pytest.mark.parametrize("value", [EVIL, BREAK, SCHEME])
def test_what_is_hostile_can_be_clicked_and_searched(base: str, desk: Any, value: str) -> None:
    desk.goto(f"{base}/-/article/6")
    desk.locator("dt:has-text('Tags') + dd a", has_text=value).click()
    assert "2 of 2 articles" in desk.locator("main").inner_text()
    desk.fill("#f-q", value)
    desk.press("#f-q", "Enter")
    assert desk.title() != "owned"
    assert desk.input_value("#f-q") == value
    desk.goto(f"{base}/-/feed?tag={quote(value)}")
    assert desk.title() != "owned"


def test_dark_mode_keyboard_and_direction(base: str, browser: Any) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(base)
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        colours.add(page.locator(".chart .bar").first.evaluate("e => getComputedStyle(e).fill"))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert page.locator(".skip").bounding_box()["y"] >= 0
        page.keyboard.press("Enter")
        page.wait_for_url("**#content")
        for article in (4, 6):
            page.goto(f"{base}/-/article/{article}")
            direction = "getComputedStyle(document.querySelector('.text')).direction"
            assert page.evaluate(direction) == "rtl"
        context.close()
    assert len(colours) == 4
