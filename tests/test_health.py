"""A source that gives less than is usual for it is reported, with the page that shows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import crawls, health, warc
from archive.cli import cli
from archive.datasette import sources as pages_of_sources
from archive.datasette import weeks
from archive.deviations import Page, chance, line, of_articles, of_crawls, of_lists
from archive.model import SourceReport
from archive.opening import open_archive, open_reader
from crawler import report as reports
from crawler.sources import Source
from crawler.watch import Watch
from tests.conftest import Run
from tests.discovery_site import SITE, Answer, crawl, rss
from tests.faults import PARAGRAPHS, page
from tests.moody_site import moody_site

CURRENT = SourceReport(SITE.name, requests=1, is_current=True)
FEED = Source(SITE.name, SITE.url, feeds=(f"{SITE.url}feed",))
NAMED = (
    '<meta name="author" content="Ada Winter">'
    '<meta property="article:published_time" content="2026-11-20T08:00:00Z">'
)


def whole(path: str) -> bytes:
    """An article as the site has always served it."""
    return page(f"Report {path}", PARAGRAPHS.replace("cranes", f"cranes of {path}"), NAMED)


def cut(path: str) -> bytes:
    """The same site after its template changed: a lead alone, and nobody is named."""
    lead = f"The harbour of Brunnstedt teaches the cranes of {path} to see, and nobody pays for it."
    return page(f"Report {path}", f"<p>{lead}</p><p>{lead[::-1]}</p>")


def site(
    numbers: Iterable[int], of: Callable[[str], Answer] = whole
) -> Callable[[str], Answer | int]:
    """What a site answers whose feed lists these articles; what `of` gives of each."""
    listed = [f"/a/{n}" for n in numbers]
    return lambda path: rss(*listed) if path == "/feed" else of(path)


def pages(count: int, letters: int = 3000, status: int = 200, **more: object) -> list[Page]:
    return [Page(f"https://e.org/{n}", status, letters + n, **more) for n in range(count)]  # type: ignore[arg-type]


def kinds(found: Iterable[object]) -> list[str]:
    return [deviation.what for deviation in found]  # type: ignore[attr-defined]


def test_a_changed_template_is_reported_with_a_page_that_shows_it(tmp_path: Path) -> None:
    assert crawl(tmp_path, site(range(20)), FEED).report.changed == ()
    (letters, authors, published) = crawl(tmp_path, site(range(20, 25), cut), FEED).report.changed
    assert letters.what == "letters"
    assert letters.now * 3 < letters.usual
    assert letters.page in {f"https://e.org/a/{n}" for n in range(20, 25)}
    assert (authors.what, authors.usual, authors.now) == ("without_authors", 0, 1)
    assert (published.what, published.usual, published.now) == ("without_published", 0, 1)


def test_one_article_a_crawl_is_reported_once_it_can_be_no_chance(tmp_path: Path) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    changed = [bool(crawl(tmp_path, site([n], cut), FEED).report.changed) for n in range(20, 25)]
    assert changed == [False, False, False, True, True]
    # A crawl that fetches nothing says nothing; what holds still stands in the archive.
    assert crawl(tmp_path, site([24], cut), FEED).report.changed == ()
    db = open_reader(tmp_path)
    assert "letters" in kinds(health.of(db, SITE.name).changed)
    db.close()


def test_little_or_one_odd_article_is_no_change(tmp_path: Path) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    mixed = lambda path: cut(path) if path in ("/a/20", "/a/23") else whole(path)  # noqa: E731
    for numbers in ([20], [21, 22], [23], [23], [23]):  # a lead, articles, a lead, then nothing
        assert crawl(tmp_path, site(numbers, mixed), FEED).report.changed == ()


def test_visits_that_found_nothing_new_hide_no_change(tmp_path: Path) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    with open_archive(tmp_path, "test") as archive:
        archive.record_run("crawl", warc.now(), [SourceReport(SITE.name, requests=60)])
        for n in range(60):
            same = warc.Exchange(f"{SITE.url}a/{n % 20}", warc.now(), 304, (), b"", kind="revisit")
            held = archive.append(
                same, url=same.url, source=SITE.name, role="article", found_by="feed"
            )
            with archive.transaction():
                archive.save(held, None)
    changed = crawl(tmp_path, site(range(20, 25), cut), FEED).report.changed
    assert "letters" in kinds(changed)


def test_a_young_source_gives_no_alarm(tmp_path: Path) -> None:
    crawl(tmp_path, site(range(3)), FEED)
    assert crawl(tmp_path, site(range(3, 6), cut), FEED).report.changed == ()


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_source_that_begins_to_refuse_is_reported_by_its_status(
    tmp_path: Path, status: int
) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    (changed,) = crawl(tmp_path, site(range(20, 24), lambda _: status), FEED).report.changed
    assert (changed.what, changed.usual, changed.now) == (f"status-{status}", 0, 1)
    assert changed.page.startswith("https://e.org/a/2")


def test_a_list_that_begins_to_refuse_is_reported(tmp_path: Path) -> None:
    feeds = Source(SITE.name, SITE.url, feeds=tuple(f"{SITE.url}feed{n}" for n in range(5)))
    for _ in range(4):
        crawl(tmp_path, lambda path: whole(path) if path == "/a/1" else rss("/a/1"), feeds)
    (changed,) = crawl(tmp_path, lambda _: 403, feeds).report.changed
    assert (changed.what, changed.usual, changed.now) == ("list-status-403", 0, 1)
    assert changed.page.startswith("https://e.org/feed")


def test_crawls_that_find_far_fewer_articles_are_reported(tmp_path: Path) -> None:
    with open_archive(tmp_path, "test") as archive:
        crawls.record_source(archive.connection, SITE.name, SITE.url)
        for day, found in enumerate([9] * 20 + [2] * 4, 1):
            report = SourceReport(SITE.name, found, requests=1)
            archive.record_run("crawl", f"2026-10-{day:02}T12:00:00.000Z", [report])
            # A sitemap that says that nothing changed names nothing: that is not fewer.
            archive.record_run("crawl", f"2026-10-{day:02}T13:00:00.000Z", [CURRENT])
        found = health.of(archive.connection, SITE.name).changed
    assert line(found) == "changed: articles found 9 → 2; see https://e.org/"


def test_pages_that_give_no_text_are_reported(tmp_path: Path) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    menu = page("Menu", "<ul><li><a href=/>Home</a></li></ul>")
    (changed,) = crawl(tmp_path, site(range(20, 24), lambda _: menu), FEED).report.changed
    assert (changed.what, changed.usual, changed.now) == ("without_text", 0, 1)


def test_signs_of_pages() -> None:
    usual = pages(30, removed=500)
    assert kinds(of_articles(pages(4, letters=20_000, removed=500), usual)) == ["letters"]
    assert kinds(of_articles(pages(4, removed=20_000), usual)) == ["removed"]
    assert kinds(of_articles(pages(4, missing=frozenset({"title"})), usual)) == ["without_title"]
    half = pages(15, missing=frozenset({"authors"})) + pages(15)
    assert kinds(of_articles(pages(4, missing=frozenset({"authors"})), half)) == []
    assert kinds(of_articles([], usual)) == kinds(of_articles(usual, [])) == []


def test_lists_that_are_not_there_are_no_change() -> None:
    usual = pages(30, status=304)
    assert kinds(of_lists(pages(5, status=404), usual)) == []
    assert kinds(of_lists(pages(5, status=503), usual)) == ["list-status-503"]


def test_a_crawl_of_the_whole_history_between_others_is_no_change() -> None:
    assert kinds(of_crawls([20, 20, 20], [20] * 20 + [2000], "x")) == []
    assert kinds(of_crawls([0] * 4, [20] * 20, "x")) == ["found"]
    assert kinds(of_crawls([0, 0, 0], [], "x")) == []


def test_chance_is_that_of_fishers_exact_test() -> None:
    # The lady who tasted tea: four of four cups (Fisher, The Design of Experiments, 1935, ch. 2).
    assert chance(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert chance(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert chance(0, 5, 0, 5) == 1


def test_what_changed_is_said_by_crawl_and_stats(newsarchive: Run, tmp_path: Path) -> None:
    with moody_site() as served:
        served.write(tmp_path)
        served.feed(*(f"/{n}" for n in range(20)))
        for n in range(20):
            served.answers[f"/{n}"] = (200, {"Content-Type": "text/html"}, whole(f"/{n}"))
        assert "x: changed" not in newsarchive("crawl", archive=tmp_path).stdout
        served.feed(*(f"/{n}" for n in range(20, 25)))
        for n in range(20, 25):
            served.answers[f"/{n}"] = (200, {"Content-Type": "text/html"}, cut(f"/{n}"))
        done = newsarchive("crawl", archive=tmp_path)
    assert done.returncode == 0
    last = done.stdout.splitlines()[-1]
    assert last.startswith("x: changed: median letters ")
    assert f"; without authors 0% → 100%; without date 0% → 100%; see {served.base}/2" in last
    stats = ["stats", "--archive", str(tmp_path)]
    assert last in CliRunner().invoke(cli, stats).stdout
    (source,) = json.loads(CliRunner().invoke(cli, [*stats, "--json"]).stdout)["sources"]
    assert source["health"]["usual"]["pages"] == 20
    assert source["health"]["now"] | {"letters": None, "removed": None} == {
        "found": 12.5, "pages": 5, "statuses": {"200": 5}, "lists": {"200": 2}, "without_text": 0,
        "letters": None, "removed": None, "without_title": 0, "without_authors": 1,
        "without_published": 1,
    }  # fmt: skip
    assert [c["what"] for c in source["health"]["changed"]] == [
        "letters", "without_authors", "without_published",
    ]  # fmt: skip


def test_what_is_acknowledged_is_told_again_when_it_changes_once_more(tmp_path: Path) -> None:
    numbers = iter(range(0, 1000, 100))

    def after(count: int, of: Callable[[str], Answer]) -> list[str]:
        """What has changed after a crawl of so many further articles."""
        start = next(numbers)
        crawl(tmp_path, site(range(start, start + count), of), FEED)
        with closing(open_reader(tmp_path)) as db:
            return kinds(health.of(db, SITE.name).changed)

    assert after(20, whole) == []
    assert after(5, cut) == ["letters", "without_authors", "without_published"]
    with open_archive(tmp_path, "test") as archive, archive.transaction():
        known = kinds(health.acknowledge(archive.connection, SITE.name))
    assert known == ["letters", "without_authors", "without_published"]
    assert after(0, cut) == after(3, cut) == []  # it stays so
    assert after(5, lambda _: 403) == ["status-403"]  # which is something else
    assert after(20, whole) == []
    assert "without_authors" in after(8, cut)  # three of those before have none, either
    with open_archive(tmp_path, "test") as archive, archive.transaction():
        assert health.withdraw(archive.connection, SITE.name) == sorted(known)
    with closing(open_reader(tmp_path)) as db:
        assert health.of(db, SITE.name).known == {}


def test_a_change_is_acknowledged_by_its_source(newsarchive: Run, tmp_path: Path) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    crawl(tmp_path, site(range(20, 25), cut), FEED)
    assert "`newsarchive sources ack NAME`" in newsarchive("stats", archive=tmp_path).stdout
    wrong = newsarchive("sources", "ack", f"{SITE.name}x", archive=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert f"did you mean {SITE.name!r}?" in wrong.stderr
    done = newsarchive("sources", "ack", SITE.name, archive=tmp_path)
    assert done.stdout.startswith(f"{SITE.name}: known from now on: median letters ")
    assert "changed" not in newsarchive("stats", archive=tmp_path).stdout
    again = newsarchive("sources", "ack", SITE.name, "--undo", "--json", archive=tmp_path)
    measures = ["letters", "without_authors", "without_published"]
    assert json.loads(again.stdout) == {"sources": {SITE.name: measures}}
    assert f"{SITE.name}: changed" in newsarchive("stats", archive=tmp_path).stdout


def test_the_health_of_many_sources_is_not_computed_for_every_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    crawl(tmp_path, site(range(20, 25), cut), FEED)
    asked = []
    compute = health.of
    monkeypatch.setattr(health, "of", lambda db, name: asked.append(name) or compute(db, name))
    with closing(open_reader(tmp_path)) as db:
        for limit, times in ((1e9, 2), (-1, 3)):  # seconds that a page may take
            monkeypatch.setattr(pages_of_sources, "QUICK", limit)
            monkeypatch.setattr(pages_of_sources, "KEPT", 1e9)
            found = [pages_of_sources.all_sources(db, weeks.weekly(db)) for _ in range(2)]
            assert found[0] == found[1]
            assert found[0][0]["changed"]
            assert len(asked) == times


def test_what_was_imported_is_no_crawl(tmp_path: Path) -> None:
    crawl(tmp_path, site(range(20)), FEED)
    with open_archive(tmp_path, "test") as archive:
        archive.connection.execute("UPDATE captures SET found_by = NULL")
        archive.connection.commit()
    db = open_reader(tmp_path)
    assert health.of(db, SITE.name).now.pages == 0
    db.close()


def test_watch_says_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nname = "x"\nurl = "https://e.org/"\n')
    crawl(tmp_path, site(range(20)), FEED)
    report = crawl(tmp_path, site(range(20, 24), cut), FEED).report
    said = json.dumps(reports.document([report]))
    monkeypatch.setattr(Watch, "_crawl", lambda _: (0, said, ""))
    events: list[tuple[str, str]] = []
    Watch(tmp_path, None, None, lambda data, line: events.append((data["event"], line)))._turn()
    assert [name for name, _ in events] == ["crawled", "changed"]
    assert events[1][1] == f"{SITE.name}: {line(report.changed)}"
