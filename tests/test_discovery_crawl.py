"""How far a crawl goes by each way: to the end, no further, and the next time only for what is new."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from archive.opening import open_reader
from crawler import frontier, trails
from crawler.sources import Source
from tests.discovery_site import URLSET, Answer, Crawled, article, crawl, index, listed, rss, urlset

HOME = "https://e.org"


def served(pages: dict[str, Answer] | Callable[[str], Answer]) -> Callable[[str], Answer]:
    """A site of these pages of discovery, and an article at every address below /a/."""

    def answer(path: str) -> Answer:
        if path.startswith("/a/"):
            return article(path)
        return pages(path) if callable(pages) else pages.get(path)

    return answer


def query(path: str, name: str) -> str:
    return parse_qs(urlsplit(path).query).get(name, [""])[0]


def feed_of(*paths: str, prev: str = "") -> str:
    """A section of an archived feed (RFC 5005, 4)."""
    entries = "".join(
        f'<entry><title>t</title><link href="{path}"/><updated>2026-01-01T00:00:00Z</updated></entry>'
        for path in paths
    )
    link = f'<link rel="prev-archive" href="{prev}"/>' if prev else ""
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{link}{entries}</feed>'


FEED = Source("s", f"{HOME}/", feeds=(f"{HOME}/feed",))


def test_an_archived_feed_is_read_to_its_first_section(tmp_path: Path) -> None:
    pages: dict[str, Answer] = {
        "/feed": feed_of("/a/4", "/a/3", prev="/feed/2"),
        "/feed/2": feed_of("/a/2", prev="/feed/1"),
        "/feed/1": feed_of("/a/1"),
    }
    done = crawl(tmp_path, served(pages), FEED, full=True)
    assert done.report.new == 4
    assert [path for path in done.asked if path.startswith("/feed")] == [*pages]
    assert done.progress.feeds == {f"{HOME}/feed"}


def test_a_feed_with_nothing_but_new_articles_is_followed_back_until_a_known_one(
    tmp_path: Path,
) -> None:
    sections = {"/feed": feed_of("/a/2", "/a/1", prev="/feed/0"), "/feed/0": feed_of("/a/0")}
    first = crawl(tmp_path, served(dict(sections)), FEED)
    assert first.pages() == ["/feed"]  # a first crawl is not of the whole history
    sections |= {
        "/feed": feed_of("/a/6", "/a/5", prev="/feed/4"),
        "/feed/4": feed_of("/a/4", "/a/3", prev="/feed/2"),
        "/feed/2": feed_of("/a/2", "/a/1", prev="/feed/0"),
    }
    second = crawl(tmp_path, served(dict(sections)), FEED)
    assert second.pages() == ["/feed", "/feed/4", "/feed/2"]
    assert second.report.new == 4


def dated(*paths: str) -> str:
    """A feed without further pages; /a/5 is of the fifth of the month."""
    entries = (
        f'<entry><link href="{path}"/><updated>2021-05-{int(path[3:]):02}T12:00:00Z</updated></entry>'
        for path in paths
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'


@pytest.mark.parametrize("feeds", [(f"{HOME}/feed",), ()])
def test_what_a_feed_no_longer_names_is_looked_for_in_the_sitemap(
    tmp_path: Path, feeds: tuple[str, ...]
) -> None:
    source = Source("s", f"{HOME}/", feeds=feeds)
    head = '<link rel="alternate" type="application/atom+xml" href="/feed">'
    every = [(f"{HOME}/a/{n}", f"2021-05-{n:02}") for n in range(1, 21)]
    pages: dict[str, Answer] = {
        "/": f"<html><head>{head}</head>{listed('/a/20')}",
        "/feed": dated("/a/8", "/a/7"),
        "/sitemap.xml": urlset(*every),
    }
    assert crawl(tmp_path, served(dict(pages)), source).report.new == 2
    pages["/feed"] = dated("/a/10", "/a/9", "/a/8")
    third = crawl(tmp_path, served(dict(pages)), source)
    assert (third.report.new, "/sitemap.xml" in third.asked) == (2, False)
    pages["/feed"] = dated("/a/20", "/a/19")
    fourth = crawl(tmp_path, served(dict(pages)), source)
    assert sorted(fourth.pages()) == ["/", "/feed", "/sitemap.xml"]
    assert fourth.report.new == 10  # not those before the first crawl
    assert "/sitemap.xml" not in crawl(tmp_path, served(dict(pages)), source).asked


ENDLESS = {
    "a feed that ignores paged": lambda path: (
        rss("/a/1", "/a/2", head="<generator>WordPress</generator>")
        if path.startswith("/feed")
        else None
    ),
    "a JSON feed that leads to ever-new pages of the same": lambda path: (
        json.dumps({"items": [{"url": "/a/1"}], "next_url": f"{path}1"})
        if path.startswith("/feed")
        else None
    ),
    "a list that repeats its articles": lambda path: listed(
        "/a/1", "/a/2", further=f'<a rel="next" href="/?page={int(query(path, "page") or 1) + 1}">'
    ),
    "a calendar without articles": lambda path: listed(
        "/a/1" if path == "/" else "",
        further=f'<a rel="next" href="/?month={int(query(path, "month") or 1) + 1}">',
    ),
    "a calendar of folders": lambda path: listed(
        *(["/a/1"] if path == "/" else []),
        further=f'<a href="/{int(re.sub("[^0-9]", "", path) or 2026) + 1}/">next year</a>',
    ),
    "a session id that is new on each page": lambda path: listed(
        "/a/1", "/a/2", further=f'<a rel="next" href="/?page=2&PHPSESSID={len(path) * 7919}">'
    ),
    "a sitemap index of itself": lambda path: (
        index((f"{HOME}{path}1.xml", "2026-01-01")) if "sitemap" in path else listed("/a/1")
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("full", [True, False])
def test_what_has_no_end_is_left(tmp_path: Path, name: str, full: bool) -> None:
    source = FEED if "feed" in name else Source("s", f"{HOME}/")
    for _ in range(2):
        done = crawl(tmp_path, served(ENDLESS[name]), source, full=full)
        assert done.report.found >= 1
        assert done.report.failed == 0
        assert len(done.pages()) <= 12, done.asked
        assert len(done.asked) == len(set(done.asked))


def test_ever_new_pages_of_ever_new_articles_end_at_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trails, "PAGES", 20)

    def pages(path: str) -> Answer:
        number = int(query(path, "page") or 1)
        return listed(f"/a/{number}", further=f'<a rel="next" href="/?page={number + 1}">')

    done = crawl(tmp_path, served(pages), full=True)
    assert len(done.pages()) <= 20
    assert any("pages" in notice for notice in done.progress.notices)


def test_a_list_by_months_goes_on_behind_a_pause(tmp_path: Path) -> None:
    def pages(path: str) -> Answer:
        month = int(query(path, "month") or 12)
        articles = [] if month in (7, 8) else [f"/a/{month}"]
        older = f'<a rel="next" href="/?month={month - 1}">' if month > 1 else ""
        return listed(*articles, further=older)

    assert crawl(tmp_path, served(pages), full=True).report.new == 10


def test_folders_of_years_and_months_lead_to_all_articles(tmp_path: Path) -> None:
    months = [f"/archiv/{year}/{month:02}/" for year in (2025, 2026) for month in (1, 2, 12)]

    newest = "/a/new"

    def pages(path: str) -> Answer:
        if path == "/":
            years = '<a href="/archiv/2025/">2025</a> <a href="/archiv/2026/">2026</a>'
            return listed(newest, further=years + "".join(f'<a href="{m}">m</a>' for m in months))
        if path in ("/archiv/2025/", "/archiv/2026/"):
            return listed(further="".join(f'<a href="{m}">m</a>' for m in months if path in m))
        month, _, number = path.partition("page/")
        if month in months:
            older = "" if number else f'<a rel="next" href="{path}page/2/">'
            return listed(f"/a/{months.index(month)}-{number}", further=older)
        return None

    done = crawl(tmp_path, served(pages), full=True)
    assert done.report.new == 1 + 2 * len(months)
    assert set(months) < set(done.asked)
    assert sorted(crawl(tmp_path, served(pages)).pages()) == ["/", "/sitemap.xml"]
    newest = "/a/newer"  # all that the home page names is new: one step back, no second harvest
    later = crawl(tmp_path, served(pages))
    assert later.report.new == 1
    assert sorted(later.pages()) == ["/", "/archiv/2026/", "/sitemap.xml"]


def test_a_home_page_with_a_feed_lists_articles_of_its_own_in_full(tmp_path: Path) -> None:
    head = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    pages = {"/": head + listed("/a/1", "/a/2", "/a/3"), "/feed": rss("/a/1")}
    assert crawl(tmp_path, served(dict(pages))).report.new == 1
    assert crawl(tmp_path, served(dict(pages)), full=True).report.new == 2


# Sitemaps


def test_robots_txt_names_the_sitemap_and_nothing_is_guessed(tmp_path: Path) -> None:
    pages: dict[str, Answer] = {"/": listed(), "/map.xml": urlset((f"{HOME}/a/1", "2026-01-01"))}
    robots = f"Sitemap: {HOME}/map.xml # ours\nSITEMAP:https://other.com/map.xml\n"
    done = crawl(tmp_path, served(pages), robots=robots)
    assert done.asked == ["/", "/map.xml", "/a/1"]
    assert done.progress.sitemaps == {f"{HOME}/map.xml"}


def test_a_child_of_a_sitemap_index_is_read_again_when_it_says_that_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source("s", f"{HOME}/", sitemaps=(f"{HOME}/index.xml",))
    old, new = (f"{HOME}/old-posts.xml", "2020-01-01"), (f"{HOME}/new-posts.xml", "2021-11-01")

    def site(*entries: tuple[str, str], time: str = "2021-11-01") -> Callable[[str], Answer]:
        return served(
            {
                "/index.xml": index(old, (new[0], time)),
                "/old-posts.xml": urlset((f"{HOME}/a/1", "2020-01-01")),
                "/new-posts.xml": urlset(*entries),
            }
        )

    first = crawl(tmp_path, site((f"{HOME}/a/2", "2021-11-01")), source)
    assert sorted(first.pages()) == ["/index.xml", "/new-posts.xml", "/old-posts.xml"]
    second = crawl(tmp_path, site((f"{HOME}/a/2", "2021-11-01")), source)
    assert second.asked == ["/index.xml"]
    assert (second.report.failed, second.report.new) == (0, 0)
    later = "2999-01-01"
    third = crawl(
        tmp_path, site((f"{HOME}/a/3", later), (f"{HOME}/a/2", later), time=later), source
    )
    assert third.pages() == ["/index.xml", "/new-posts.xml"]
    assert (third.report.found, third.report.new) == (2, 1)
    monkeypatch.setattr(frontier, "LONGEST_BELIEF", timedelta(0))  # a lastmod that never changes
    assert len(crawl(tmp_path, site((f"{HOME}/a/2", "2021-11-01")), source).pages()) == 3
    monkeypatch.undo()
    full = crawl(tmp_path, site((f"{HOME}/a/2", "2021-11-01")), source, full=True)
    assert {"/index.xml", "/new-posts.xml", "/old-posts.xml"} <= set(full.asked)


# APIs


START = datetime(2020, 1, 1, 12)


def wordpress(count: int, changed: dict[int, str]) -> Callable[[str], Answer]:
    """A WordPress site of so many posts, its API with pages of a hundred."""
    posts = [
        {"link": f"{HOME}/a/{n}", "modified_gmt": changed.get(n) or (START + timedelta(n)).isoformat()}
        for n in range(count)
    ]  # fmt: skip
    posts.sort(key=lambda post: post["modified_gmt"], reverse=True)

    def pages(path: str) -> Answer:
        if path == "/":
            return '<link rel="https://api.w.org/" href="/wp-json/">' + listed()
        if not path.startswith("/wp-json/wp/v2/posts"):
            return None
        after, page = query(path, "modified_after"), int(query(path, "page"))
        found = [post for post in posts if post["modified_gmt"] > after[:19]]
        headers = {"X-WP-TotalPages": str(-(-len(found) // 100))}
        return json.dumps(found[(page - 1) * 100 : page * 100]), headers

    return served(pages)


def test_wordpress_is_asked_for_what_changed_since(tmp_path: Path) -> None:
    api = Source("s", f"{HOME}/", limit=1)

    def asked(done: Crawled) -> list[str]:
        return [path for path in done.asked if "wp-json" in path]

    first = crawl(tmp_path, wordpress(250, {}), api, full=True)
    assert [query(path, "page") for path in asked(first)] == ["1", "2", "3"]
    assert first.report.found == 250
    second = crawl(tmp_path, wordpress(250, {}), api)
    (path,) = asked(second)
    assert query(path, "modified_after") == "2020-09-05T12:00:00.000Z"  # a day before the latest
    changed = {n: f"2021-01-01T{n // 60:02}:{n % 60:02}:00" for n in range(150)}
    third = crawl(tmp_path, wordpress(250, changed), api)
    assert [query(path, "page") for path in asked(third)] == ["1", "2"]
    assert third.report.found >= 150
    fourth = crawl(tmp_path, wordpress(250, {}), api)  # all that changed has gone again
    assert query(asked(fourth)[0], "modified_after") == "2020-12-31T02:29:00.000Z"
    assert fourth.report.failed == 0


@pytest.mark.parametrize(
    ("api", "home", "lists"),
    [
        ("all", ["/a/1", "/a/2"], []),
        ("some", ["/a/1", "/a/7"], ["/2020/", "/page/2/", "/page/3/", "/page/4/"]),
        ("closed", ["/a/1", "/a/2"], ["/2020/", "/page/2/", "/page/3/", "/page/4/"]),
    ],
)
def test_lists_are_spared_where_an_api_names_all(
    tmp_path: Path, api: str, home: list[str], lists: list[str]
) -> None:
    wordpress_pages = wordpress(5, {})

    def pages(path: str) -> Answer:
        if path == "/":
            further = '<a rel="next" href="/page/2/">2</a><a href="/2020/">2020</a>'
            return '<link rel="https://api.w.org/" href="/wp-json/">' + listed(
                *home, further=further
            )
        if path.startswith("/page/") and path < "/page/5":
            number = int(path[6])
            return listed(f"/a/{number}", further=f'<a rel="next" href="/page/{number + 1}/">')
        if "wp-json" in path and api == "closed":
            return None
        return wordpress_pages(path) if "/a/" in path or "wp-json" in path else None

    done = crawl(tmp_path, pages, full=True)
    asked = {path for path in done.pages() if path.startswith(("/page/", "/2020"))}
    assert asked - {"/page/5/"} == set(lists)
    assert done.report.failed == 0


def test_a_wordpress_that_does_not_know_modified_after_is_not_read_to_its_end(
    tmp_path: Path,
) -> None:
    new = wordpress(250, {249: "2021-06-01T00:00:00"})

    def old(path: str) -> Answer:
        return new(path.replace("modified_after", "unknown"))

    api = Source("s", f"{HOME}/", limit=1)
    crawl(tmp_path, old, api)
    again = crawl(tmp_path, old, api)
    assert len([path for path in again.asked if "wp-json" in path]) == 1


def test_a_killed_crawl_of_the_whole_history_is_ended_by_the_next(tmp_path: Path) -> None:
    def answer(path: str, killed_at: int = 0) -> Answer:
        if path.startswith("/a/"):
            return article(path)
        number = int(query(path, "page") or 1)
        if number == killed_at:
            raise KeyboardInterrupt
        further = f'<a rel="next" href="/?page={number + 1}">' if number < 6 else ""
        return listed(f"/a/{number}", further=further)

    with pytest.raises(KeyboardInterrupt):
        crawl(tmp_path, lambda path: answer(path, killed_at=3), full=True)
    rest = crawl(tmp_path, answer)
    assert rest.report.notices == ("goes on with the whole history: that crawl did not end",)
    with closing(open_reader(tmp_path)) as db:
        assert db.execute("SELECT count(*) FROM articles").fetchone() == (6,)
    assert not [path for path in crawl(tmp_path, answer).asked if "page=" in path]


# Translations


def translated(path: str) -> Answer:
    """An article with its translation in another language, which points back."""
    number, _, language = path.partition("-")
    links = "".join(
        f'<link rel="alternate" hreflang="{code}" href="{HOME}{number}-{code}">'
        for code in (*LANGUAGES, "x-default")
    )
    return str(article(path)).replace("<head>", f"<head>{links}").replace("=de", f"={language}")


LANGUAGES = ("de", "en", "pt-BR")
BOTH = [f"/a/{n}-{language}" for n in (1, 2) for language in LANGUAGES]
GERMAN = ["/a/1-de", "/a/2-de"]
WAYS: dict[str, tuple[Source, dict[str, Answer]]] = {
    "a feed in one language": (FEED, {"/feed": rss(*GERMAN)}),
    "a feed in all": (FEED, {"/feed": rss(*BOTH)}),
    "a sitemap of all": (
        Source("s", f"{HOME}/", sitemaps=(f"{HOME}/map.xml",)),
        {"/map.xml": urlset(*[(HOME + path, "2021-01-01") for path in BOTH])},
    ),
    "a list in one language": (Source("s", f"{HOME}/"), {"/": listed(*GERMAN)}),
}  # fmt: skip


def test_translations_that_the_head_of_the_answer_names_are_one_group(tmp_path: Path) -> None:
    def answer(path: str) -> Answer:
        if path == "/feed":
            return rss(*GERMAN)
        number, _, language = path.partition("-")
        named = ", ".join(
            f'<{number}-{code}>; rel="alternate"; hreflang="{code}"'
            for code in (*LANGUAGES, "x-default")
        )
        return str(article(path)).replace("=de", f"={language}"), {"Link": named}

    assert crawl(tmp_path, answer, FEED).report.new == 6
    with closing(open_reader(tmp_path)) as db:
        sql = "SELECT count(*) FROM articles GROUP BY translation_group"
        assert db.execute(sql).fetchall() == [(3,), (3,)]


def test_translations_that_a_sitemap_alone_names_are_found_and_one_group(tmp_path: Path) -> None:
    rows = "".join(
        f"<url><loc>{HOME}/a/{n}-de</loc>"
        + "".join(
            f'<link rel="alternate" hreflang="{code}" href="{target}"/>'
            for code, target in (("en", f"/a/{n}-en"), ("fr", f"https://other.com/a/{n}"))
        )
        + "</url>"
        for n in (1, 2)
    )
    source = Source("s", f"{HOME}/", sitemaps=(f"{HOME}/map.xml",))
    done = crawl(tmp_path, served({"/map.xml": URLSET.format(rows)}), source)
    assert sorted(done.asked[1:]) == ["/a/1-de", "/a/1-en", "/a/2-de", "/a/2-en"]
    with closing(open_reader(tmp_path)) as db:
        groups = db.execute("SELECT translation_group, url FROM articles ORDER BY url").fetchall()
    assert groups == [
        (f"{HOME}/a/{n}-de", f"{HOME}/a/{n}-{code}") for n in (1, 2) for code in ("de", "en")
    ]


@pytest.mark.parametrize("way", WAYS)
def test_translations_are_found_and_one_group_by_every_way(tmp_path: Path, way: str) -> None:
    source, pages = WAYS[way]
    done = crawl(tmp_path, lambda p: translated(p) if p.startswith("/a/") else pages.get(p), source)
    assert done.report.new == 6
    assert len(done.asked) == len(set(done.asked))
    db = open_reader(tmp_path)
    groups = db.execute(
        "SELECT translation_group, count(*) FROM articles GROUP BY translation_group"
    ).fetchall()
    db.close()
    assert sorted(groups) == [(f"{HOME}/a/{n}-de", 3) for n in (1, 2)]


def test_translations_without_end_are_left(tmp_path: Path) -> None:
    def answer(path: str) -> Answer:
        link = f'<head><link rel="alternate" hreflang="en" href="{path}/en">'
        return str(article(path)).replace("<head>", link) if "/a/" in path else rss("/a/1")

    assert crawl(tmp_path, answer, FEED).asked == ["/feed", "/a/1", "/a/1/en"]


def test_translations_of_another_section_or_source_are_left_to_it(tmp_path: Path) -> None:
    page = str(article("/de/1")).replace(
        "<head>",
        '<head><link rel="alternate" hreflang="en" href="/en/1">'
        '<link rel="alternate" hreflang="fr" href="https://other.com/fr/1">',
    )
    pages: dict[str, Answer] = {"/feed": rss("/de/1"), "/de/1": page, "/en/1": article("/en/1")}
    german = Source("s", f"{HOME}/de/", feeds=(f"{HOME}/feed",))
    assert crawl(tmp_path / "section", pages.get, german).asked == ["/feed", "/de/1"]
    assert crawl(tmp_path / "site", pages.get, FEED).asked == ["/feed", "/de/1", "/en/1"]


def test_rules_of_a_source_are_for_pages_until_their_last_day(tmp_path: Path) -> None:
    def kept(until: str | None) -> int:
        source = Source("s", f"{HOME}/", feeds=(f"{HOME}/feed",), drop=("p",), until=until)
        folder = tmp_path / str(until)
        crawl(folder, served({"/feed": rss("/a/1")}), source)
        db = open_reader(folder)
        (count,) = db.execute("SELECT count(*) FROM blocks WHERE kept").fetchone()
        db.close()
        return int(count)

    assert kept(None) == kept("2999-12-31") == 0
    assert kept("2021-12-31") == 3
