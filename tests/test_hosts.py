"""Hosts that refuse us are left alone: as long as they say, and longer each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from archive import warc
from archive.model import Fault
from archive.opening import open_archive, open_reader
from crawler.hosts import LONGEST_STATED, LONGEST_WAIT, Hosts, retry_after, wait_after
from crawler.ledger import Ledger, Options, Result
from crawler.sources import Source
from tests.conftest import Run, document
from tests.faults import page
from tests.moody_site import Answer, Site, html, moody_site

WALL = html(page("Just a moment...", "<p>Enable JavaScript and cookies to continue</p>"))


@pytest.fixture
def site() -> Iterator[Site]:
    with moody_site() as served:
        yield served


def waits(folder: Path) -> list[tuple[str, int, str | None]]:
    db = open_reader(folder)
    rows = db.execute("SELECT reason, refusals, wait_until FROM hosts").fetchall()
    db.close()
    return rows


def end_waits(folder: Path) -> None:
    """As if all that is waited for had come."""
    with open_archive(folder, "test") as archive, archive.transaction():
        for table, column in (("hosts", "wait_until"), ("frontier", "due")):
            archive.connection.execute(f"UPDATE {table} SET {column} = '2026-01-01T00:00:00.000Z'")


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_run_waits_for_a_host_that_asks_for_a_moment(
    site: Site, newsarchive: Run, tmp_path: Path, status: int, form: str
) -> None:
    for n in range(6):
        site.article(f"/{n}")
    site.feed(*(f"/{n}" for n in range(6)))
    calm, times = site.answers["/3"], []

    def answer() -> Answer:
        times.append(datetime.now(UTC))
        if len(times) > 1:
            return calm  # type: ignore[return-value]
        until = format_datetime(times[0] + timedelta(seconds=3), usegmt=True)
        date = format_datetime(times[0], usegmt=True)
        return status, {"Retry-After": "2" if form == "seconds" else until, "Date": date}, b""

    site.answers["/3"] = answer
    site.write(tmp_path)
    done = newsarchive("crawl", "--json", archive=tmp_path)
    report = document(done)["sources"]["x"]
    assert (done.returncode, report["new"], report["failures"]) == (0, 6, [])
    assert report["wait_until"] is None
    assert times[1] - times[0] >= timedelta(seconds=2)
    # Nothing at all was asked of the host meanwhile.
    refused = site.asked().index(status)
    assert site.asked()[refused + 1 :].count(200) == 7 - site.asked()[:refused].count(200)
    assert waits(tmp_path) == []


def test_a_moment_that_has_passed_when_the_refusal_is_stored_has_passed(tmp_path: Path) -> None:
    """As on a busy machine: the page is asked for again in this run, and not in an hour."""
    url, source = "https://e.org/feed", Source("e", "https://e.org/", feeds=("https://e.org/feed",))
    with open_archive(tmp_path, "test") as archive:
        ledger = Ledger(archive, [source], Options())
        ledger.begin()
        (entry,) = (assignment.entry for assignment in ledger.claim())
        exchange = warc.Exchange(url, warc.now(), 429, (), b"")
        capture = archive.append(exchange, url=url, source="e", role="feed", found_by="configured")
        ledger.hosts.refused(
            "e.org", "http-429", of_articles=False, stated=timedelta(microseconds=1)
        )
        ledger.save([Result(capture, Fault("http-429", "HTTP status 429"), entry, "e")])
        assert [assignment.entry.url for assignment in ledger.claim()] == [url]


def test_a_longer_time_holds_for_the_whole_host_and_the_next_runs(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    for n in range(5):
        site.article(f"/{n}")
    site.feed(*(f"/{n}" for n in range(5)))
    site.answers["/feed2"] = site.answers["/feed"]
    site.answers |= {f"/{n}": (429, {"Retry-After": "3600"}, b"") for n in range(5)}
    other = site.source("other").replace("/feed", "/feed2")
    (tmp_path / "sources.toml").write_text(site.source() + other)
    first = newsarchive("crawl", "x", archive=tmp_path)
    assert first.returncode == 1
    assert site.asked() == [200, 429]
    ((reason, refusals, until),) = waits(tmp_path)
    assert (reason, refusals) == ("http-429", 1)
    hour = datetime.fromisoformat(until or "") - datetime.now(UTC)
    assert timedelta(minutes=58) < hour <= timedelta(hours=1)
    for name in ("x", "other"):
        again = newsarchive("crawl", name, "--revisit", "--json", archive=tmp_path)
        assert (again.returncode, site.asked()) == (0, [200, 429]), again.stderr
        assert document(again)["sources"][name]["wait_until"] == until
        assert f"nothing is asked of it before {until}" in again.stderr
    stats = document(newsarchive("stats", "--json", archive=tmp_path))
    assert [s["wait_until"] for s in stats["sources"] if s["name"] == "x"] == [until]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((403, {}, b""), "http-403"), (WALL, "blocked")],
)
def test_a_host_that_refuses_again_and_again_is_asked_once_and_ever_more_rarely(
    site: Site, newsarchive: Run, tmp_path: Path, answer: Answer, reason: str
) -> None:
    for n in range(20):
        site.answers[f"/{n}"] = answer
    site.feed(*(f"/{n}" for n in range(20)))
    site.write(tmp_path)
    done = newsarchive("crawl", archive=tmp_path)
    assert done.returncode == 1
    asked = len(site.asked()) - 1
    # A wall is seen when the page was read, a status at once.
    assert asked == (3 if reason == "http-403" else asked) <= 9
    assert reason in done.stderr.splitlines()[0]
    hours = []
    for _ in range(2):
        end_waits(tmp_path)
        site.log.clear()
        newsarchive("crawl", archive=tmp_path)
        # The feed is open, and does not speak for the articles.
        assert site.asked()[0] in (200, 304)
        assert len(site.asked()) == 2
        ((_, refusals, until),) = waits(tmp_path)
        hours.append(datetime.fromisoformat(until or "") - datetime.now(UTC))
    assert refusals == asked + 2
    assert hours[1] > 1.8 * hours[0] or hours[1] > 0.9 * LONGEST_WAIT
    for n in range(20):
        site.article(f"/{n}", words=f"cranes {n}")
    end_waits(tmp_path)
    done = newsarchive("crawl", "--json", archive=tmp_path)
    assert document(done)["sources"]["x"]["new"] == 20
    assert waits(tmp_path) == []


def test_a_host_that_asks_for_a_moment_before_it_gives_its_rules_is_asked_for_them_again(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    site.article("/1")
    site.article("/closed", words="whales")
    site.feed("/1", "/closed")
    answers: list[Answer] = [(429, {"Retry-After": "1"}, b""), (503, {"Retry-After": "1"}, b"")]
    rules: Answer = (200, {}, b"User-agent: *\nDisallow: /closed\n")
    site.answers["/robots.txt"] = lambda: answers.pop() if answers else rules
    site.write(tmp_path)
    report = document(newsarchive("crawl", "--json", archive=tmp_path))["sources"]["x"]
    assert (report["new"], report["wait_until"]) == (1, None)
    assert [status for path, status in site.log if path == "/robots.txt"] == [503, 429, 200]
    assert site.asked("/closed") == []


def test_two_closed_pages_are_no_wall_around_the_site(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    for n in range(8):
        site.article(f"/{n}", words=f"cranes {n}")
    for n in (1, 2, 4, 5):
        site.answers[f"/{n}"] = (403, {}, b"")
    site.feed(*(f"/{n}" for n in range(8)))
    site.write(tmp_path)
    report = document(newsarchive("crawl", "--json", archive=tmp_path))["sources"]["x"]
    assert (report["new"], report["failed"], report["wait_until"]) == (4, 4, None)


def test_waits_grow_and_have_an_end() -> None:
    hour = timedelta(hours=1)
    assert [wait_after(n, "http-403", None) / hour for n in range(1, 7)] == [0, 0, 1, 2, 4, 8]
    assert wait_after(10_000, "blocked", None) == LONGEST_WAIT
    assert wait_after(1, "http-503", timedelta(days=400)) == LONGEST_STATED
    assert wait_after(5, "http-429", timedelta(seconds=1)) == 4 * hour
    assert wait_after(2, "http-429", timedelta(seconds=1)) == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 400, LONGEST_STATED.total_seconds()),
        ("Wed, 25 Nov 2026 10:02:00 GMT", 120),
        ("Wednesday, 25-Nov-26 10:02:00 GMT", 120),
        ("Wed, 25 Nov 2020 10:02:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_both_forms_of_retry_after(value: str | None, seconds: float | None) -> None:
    found = retry_after(value, "Wed, 25 Nov 2026 10:00:00 GMT")
    assert (found and found.total_seconds()) == seconds or (found == timedelta() and seconds == 0)


def test_what_was_said_while_others_were_under_way_holds(tmp_path: Path) -> None:
    with open_archive(tmp_path, "test") as archive:
        hosts = Hosts(archive.connection)
        hosts.refused("a.org", "http-429", of_articles=True, stated=timedelta(hours=2))
        host = hosts.refused("a.org", "http-403", of_articles=True)
        hosts.answered("a.org", True, is_read=True)
        assert hosts.waits("a.org") == host
        with archive.transaction():
            hosts.write()
        again = Hosts(archive.connection).waits("a.org")
    assert again is not None
    assert (again.refusals, again.reason) == (2, "http-403")
    assert host.wait_until
    assert host.wait_until - datetime.now(UTC) > timedelta(minutes=119)


@pytest.mark.parametrize("path", ["/feed", "/"])
def test_a_wall_before_the_list_of_articles_is_one_too(
    site: Site, newsarchive: Run, tmp_path: Path, path: str
) -> None:
    site.answers[path] = WALL
    site.write(tmp_path)
    if path == "/":
        text = (tmp_path / "sources.toml").read_text()
        (tmp_path / "sources.toml").write_text(text.replace(f'feeds = ["{site.base}/feed"]\n', ""))
    report = document(newsarchive("crawl", "--json", archive=tmp_path))["sources"]["x"]
    assert [fault["kind"] for fault in report["failures"]] == ["blocked"]
    assert waits(tmp_path) == [("blocked", 1, None)]


def test_a_page_that_is_closed_for_good_does_not_close_its_site(tmp_path: Path) -> None:
    with open_archive(tmp_path, "test") as archive:
        hosts = Hosts(archive.connection)
        for attempts in range(9):
            hosts.refused("a.org", "http-403", of_articles=True, is_repeat=attempts > 0)
        assert hosts.waits("a.org") is None
        for _ in range(2):  # other pages, too
            hosts.refused("a.org", "http-403", of_articles=True)
        first = hosts.waits("a.org")
        second = hosts.refused("a.org", "http-403", of_articles=True, is_repeat=True)
    assert first
    assert (first.refusals, second.refusals) == (3, 4)
