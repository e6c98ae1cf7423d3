"""One article, one row: whatever addresses lead to it, and whatever its pages declare."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pytest

from archive import search, warc
from archive.model import Reading
from archive.opening import open_archive, open_reader
from crawler.reading import read
from tests.conftest import Run, document
from tests.faults import PARAGRAPHS, page
from tests.moody_site import Site, html, moody_site


@dataclass(frozen=True)
class Case:
    """Addresses that a feed names (`listed`), and the articles they are. `canonical` maps the path of a
    page to what it declares, `moved` a path to where it redirects; `alike`: they show one text."""

    listed: tuple[str, ...]
    articles: tuple[str, ...]
    canonical: tuple[tuple[str, str], ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    alike: bool = True


CASES = {
    "tracking": Case(("/a?utm_source=rss&utm_medium=x", "/a?fbclid=1", "/a", "/a?mc_cid=1"), ("/a",)),
    "order of parameters": Case(("/b?x=1&y=2", "/b?y=2&x=1"), ("/b?x=1&y=2",)),
    "trailing slash": Case(("/c/", "/c"), ("/c/",)),
    "fragment": Case(("/d#top", "/d#comments"), ("/d",)),
    "escapes": Case(("/%65", "/e", "/x/../e"), ("/e",)),
    "AMP": Case(("/f/amp/", "/f"), ("/f",), (("/f/amp/", "/f"), ("/f", "/f"))),
    "AMP as a parameter": Case(("/g?amp=1", "/g?amp", "/g?outputType=amp", "/g"), ("/g",)),
    "print": Case(("/h/print", "/h"), ("/h",), (("/h/print", "/h"),)),
    "print as a parameter": Case(("/i?print=1", "/i?print=true", "/i"), ("/i",)),
    "mobile": Case(("/m/j", "/j"), ("/j",), (("/m/j", "/j"),)),
    "redirect": Case(("/k-short", "/k"), ("/k",), moved=(("/k-short", "/k"),)),
    "redirects, one after the other": Case(
        ("/l1",), ("/l",), moved=(("/l1", "/l2"), ("/l2", "/l3"), ("/l3", "/l"))
    ),
    "slugs that do not matter": Case(
        ("/7/old-title", "/7/new-title"), ("/7/new-title",),
        (("/7/old-title", "/7/new-title"), ("/7/new-title", "/7/new-title")),
    ),
    "a canonical address that nobody listed": Case(("/n?page=all",), ("/n",), (("/n?page=all", "/n"),)),
    "one canonical address for unlike pages": Case(
        ("/o1", "/o2", "/o3"), ("/o1", "/o2", "/o3"),
        (("/o1", "/section"), ("/o2", "/section"), ("/o3", "/section")), alike=False,
    ),
    "the home page as canonical address": Case(("/p1", "/p2"), ("/p1", "/p2"), (("/p1", "/"), ("/p2", "/")), alike=False),
    "a canonical address of another domain": Case(("/q",), ("/q",), (("/q", "https://elsewhere.example/q"),)),
    "another article as canonical address": Case(
        ("/r1", "/r2"), ("/r1", "/r2"), (("/r2", "/r1"), ("/r1", "/r1")), alike=False
    ),
    "parameters that matter": Case(("/s?id=1", "/s?id=2"), ("/s?id=1", "/s?id=2"), alike=False),
}  # fmt: skip


def unlike(seed: int) -> str:
    """Paragraphs that share no shingle with those of another seed."""
    letters = random.Random(seed)
    words = ["".join(letters.choices("aeioubdglmnrst", k=7)) for _ in range(90)]
    return "".join(f"<p>The {' '.join(words[n : n + 30])}.</p>" for n in (0, 30, 60))


@pytest.fixture(scope="module")
def crawled(
    newsarchive: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Path]]:
    folder = tmp_path_factory.mktemp("one")
    with moody_site() as site:
        listed: list[str] = []
        for number, case in enumerate(CASES.values()):
            listed += case.listed
            targets = dict(case.moved)
            for step, path in enumerate(dict.fromkeys((*case.listed, *case.articles, *targets))):
                sent = path.partition("#")[0]
                declared = dict(case.canonical).get(sent)
                url = declared if declared and "//" in declared else f"{site.base}{declared}"
                head = f'<link rel="canonical" href="{url}">' if declared else ""
                site.article(sent, head, f"cranes of case {number}")
                if not case.alike:
                    site.answers[sent] = html(page(f"Report {number}-{step}", unlike(step), head))
            for path, target in targets.items():
                site.answers[path] = (301, {"Location": site.base + target}, b"")
        site.feed(*(path.replace("&", "&amp;") for path in listed))
        site.write(folder)
        done = newsarchive("crawl", "--json", archive=folder)
        assert done.returncode == 0, done.stderr
        yield site, folder


@pytest.mark.parametrize("name", CASES)
def test_addresses_of_one_article_are_one_row(crawled: tuple[Site, Path], name: str) -> None:
    site, folder = crawled
    case = CASES[name]
    with closing(open_reader(folder)) as db:
        found = [search.article_by_url(db, site.base + path) for path in case.listed]
        assert all(found), found
        urls = {article.url for article in found if article}
    assert urls == {site.base + path for path in case.articles}


def test_nothing_else_is_held_and_a_second_crawl_changes_nothing(
    crawled: tuple[Site, Path], newsarchive: Run
) -> None:
    _, folder = crawled

    def rows() -> list[tuple[str, int]]:
        sql = "SELECT url, (SELECT count(*) FROM revisions WHERE article_id = id) FROM articles ORDER BY 1"
        with closing(open_reader(folder)) as db:
            return db.execute(sql).fetchall()

    before = rows()
    assert len(before) == sum(len(case.articles) for case in CASES.values())
    assert {revisions for _, revisions in before} == {1}
    report = document(newsarchive("crawl", "--revisit", "--json", archive=folder))["sources"]["x"]
    assert (report["new"], report["revised"], report["failed"]) == (0, 0, 0)
    assert rows() == before


# What loopback cannot show: schemes and hosts. Captured addresses, what they declare, the one row.
HOSTS: dict[str, tuple[Sequence[tuple[str, str | None]], str]] = {
    "http and https": ((("http://e.org/a", None), ("https://e.org/a", None)), "https://e.org/a"),
    "with www. and without": ((("https://e.org/a", None), ("https://www.e.org/a/", None)), "https://www.e.org/a/"),
    "mobile host": (
        (("https://m.e.org/a", "https://www.e.org/a"), ("https://www.e.org/a", None)), "https://www.e.org/a",
    ),
    "AMP host": (
        (("https://amp.e.org/a", "https://e.org/a"), ("https://e.org/a", "https://e.org/a")), "https://e.org/a",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_and_schemes_of_one_article_are_one_row(name: str, tmp_path: Path) -> None:
    visits, expected = HOSTS[name]
    found = []
    for number, order in enumerate(permutations(range(len(visits)))):
        with open_archive(tmp_path / str(number), "test") as archive:
            for i in order:
                url, declared = visits[i]
                head = f'<link rel="canonical" href="{declared}">' if declared else ""
                body = page("Cranes", PARAGRAPHS, head)
                exchange = warc.Exchange(url, f"2026-11-24T12:00:0{i}.000Z", 200, (), body)
                capture = archive.append(
                    exchange, url=url, source="e", role="article", found_by="feed"
                )
                reading = read(body, url)
                assert isinstance(reading, Reading)
                with archive.transaction():
                    archive.save(capture, reading)
            sql = "SELECT url, (SELECT count(*) FROM revisions) FROM articles"
            found += archive.connection.execute(sql).fetchall()
    assert set(found) == {(expected, 1)}
    assert len(found) == number + 1
