"""When articles and sources are due again, and what becomes of pages that have gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import warc
from archive.model import Block, Fault, Reading
from archive.opening import open_archive, open_reader
from crawler import schedule
from tests.conftest import Run, document
from tests.moody_site import Site, moody_site

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def site() -> Iterator[Site]:
    with moody_site() as served:
        yield served


def days_later(folder: Path, days: int) -> None:
    """As if the archive had been left alone for so many days."""
    columns = {
        "frontier": ("due", "revisit", "fetched"),
        "captures": ("fetched",),
        "articles": ("first_seen", "last_seen"),
        "revisions": ("seen",),
        "sources": ("last_crawl", "next_crawl"),
    }
    with open_archive(folder, "test") as archive, archive.transaction():
        for table, names in columns.items():
            for name in names:
                archive.connection.execute(
                    f"UPDATE {table} SET {name} = strftime('%Y-%m-%dT%H:%M:%fZ', {name}, '-{days} days') "
                    f"WHERE {name} IS NOT NULL"
                )


def column(folder: Path, sql: str) -> list[object]:
    db = open_reader(folder)
    rows = [row[0] for row in db.execute(sql)]
    db.close()
    return rows


def test_young_articles_are_visited_often_and_old_ones_rarely() -> None:
    born, visits = NOW, [NOW]
    while visits[-1] < born + 3 * 365 * DAY:
        visits.append(schedule.revisit(visits[-1], born))
    ages = [(visit - born) // DAY for visit in visits]
    assert ages[:9] == [0, 1, 2, 4, 8, 16, 32, 64, 128]
    assert {later - age for age, later in pairwise(ages[9:])} == {180}
    assert schedule.revisit(NOW, NOW - 3650 * DAY) == NOW + 180 * DAY
    assert schedule.revisit(NOW, NOW + DAY) == NOW + DAY  # dated in the future


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (timedelta(minutes=10), timedelta(hours=1)),
        (timedelta(hours=8), timedelta(hours=4)),
        (7 * DAY, DAY),
    ],
)
def test_a_source_is_asked_twice_as_often_as_it_publishes(
    gap: timedelta, expected: timedelta
) -> None:
    assert schedule.interval([NOW - gap * n for n in range(1, 30)], NOW) == expected


def test_a_silent_source_is_asked_less_often() -> None:
    busy = [NOW - timedelta(hours=2) * n for n in range(1, 30)]
    silent = [time - 2 * DAY for time in busy]
    assert schedule.interval(silent, NOW) > schedule.interval(busy, NOW)
    assert schedule.interval([NOW + DAY] * 30, NOW) == schedule.UNKNOWN


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))), st.integers(0, 10**6))
def test_any_history_gives_a_time_within_bounds(times: list[datetime], failed: int) -> None:
    every = schedule.interval([time.replace(tzinfo=UTC) for time in times], NOW)
    assert schedule.SHORTEST <= every <= schedule.LONGEST
    due = schedule.next_crawl(NOW, every, failed)
    assert NOW + every <= due <= NOW + schedule.LONGEST_FAILING


def test_articles_are_asked_for_again_conditionally_when_their_time_has_come(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    for path, age in (("/young", 0), ("/old", 400)):
        date = f'<meta property="article:published_time" content="{(now - age * DAY).isoformat()}">'
        site.article(path, date, words=path[1:])
    site.feed("/young", "/old")
    site.write(tmp_path)
    newsarchive("crawl", archive=tmp_path)
    newsarchive("crawl", archive=tmp_path)
    assert (site.asked("/young"), site.asked("/old")) == ([200], [200])
    days_later(tmp_path, 2)
    report = document(newsarchive("crawl", "--json", archive=tmp_path))["sources"]["x"]
    assert (site.asked("/young"), site.asked("/old")) == ([200, 304], [200])
    assert (report["unchanged"], report["fetched"], report["failed"]) == (2, 0, 0)
    newsarchive("crawl", archive=tmp_path)
    assert site.asked("/young") == [200, 304]
    site.article("/young", words="young cranes, and old ones")
    days_later(tmp_path, 190)
    report = document(newsarchive("crawl", "--json", archive=tmp_path))["sources"]["x"]
    assert (site.asked("/young"), site.asked("/old")) == ([200, 304, 200], [200, 304])
    assert report["revised"] == 1
    # What was revised is young again.
    days_later(tmp_path, 2)
    newsarchive("crawl", "--json", archive=tmp_path)
    assert (site.asked("/young")[3:], site.asked("/old")[2:]) == ([304], [])


@pytest.mark.parametrize(
    ("answers", "since"),
    [
        ([200, 404, 404, 404], 1),
        ([200, 404, 404], None),
        ([200, 404, 200, 404, 404], None),
        ([200, 410], 1),
        ([200, 404, 410], 1),
        ([200, 410, 304], None),
        ([200, 404, 500, 404, 404], 1),  # a fault of the host says nothing of the page
    ],
)
def test_whether_a_page_has_gone_follows_from_its_visits_in_any_order(
    tmp_path: Path, answers: list[int], since: int | None
) -> None:
    url, times = "https://e.org/1", [f"2026-11-2{day}T12:00:00.000Z" for day in range(6)]
    for number, order in enumerate(sorted(set(permutations(range(len(answers)))))[::7]):
        with open_archive(tmp_path / str(number), "test") as archive:
            for visit in order:
                exchange = warc.Exchange(url, times[visit], answers[visit], (), b"")
                capture = archive.append(
                    exchange, url=url, source="e", role="article", found_by="feed"
                )
                block = Block("paragraph", "Cranes", "Cranes")
                outcome = {
                    200: Reading("Cranes", (block,)),
                    304: None,
                }.get(answers[visit], Fault(f"http-{answers[visit]}", ""))
                with archive.transaction():
                    archive.save(capture, outcome)
            found = archive.connection.execute("SELECT gone FROM articles").fetchall()
        assert found == [(None if since is None else times[since],)], order


def test_a_page_that_has_gone_is_marked_and_the_article_kept(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    paths = ("/here", "/gone", "/lost")
    for path in paths:
        site.article(path, words=path[1:])
    site.feed(*paths)
    site.write(tmp_path)
    newsarchive("crawl", archive=tmp_path)
    site.answers["/gone"] = (410, {}, b"")
    del site.answers["/lost"]
    marked = "SELECT url FROM articles WHERE gone IS NOT NULL ORDER BY url"
    url = {path: site.base + path for path in paths}
    done = newsarchive("crawl", "--revisit", "--json", archive=tmp_path)
    assert done.returncode == 0  # nothing failed: the articles are held
    assert document(done)["sources"]["x"]["gone"] == 2
    assert f"HTTP 410: gone, and kept: {url['/gone']}" in done.stderr
    assert column(tmp_path, marked) == [url["/gone"]]
    for _ in range(2):
        days_later(tmp_path, 2)
        newsarchive("crawl", archive=tmp_path)
    assert site.asked("/lost") == [200, 404, 404, 404]
    assert site.asked("/gone") == [200, 410]
    assert column(tmp_path, marked) == [url["/gone"], url["/lost"]]
    assert column(tmp_path, "SELECT url FROM failures") == []
    shown = document(newsarchive("show", url["/lost"], "--json", archive=tmp_path))
    assert shown["gone"]
    assert "lost" in shown["text"]
    assert "gone from the web since" in newsarchive("show", url["/gone"], archive=tmp_path).stdout
    site.article("/lost", words="lost")
    newsarchive("crawl", "--revisit", archive=tmp_path)
    assert column(tmp_path, marked) == [url["/gone"]]
    assert newsarchive("verify", archive=tmp_path).returncode == 0
