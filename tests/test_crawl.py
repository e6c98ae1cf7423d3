"""The whole line: sample sites on loopback, crawled by the command as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive import search, warc
from archive.opening import open_archive, open_reader
from crawler.demo.sites import SampleSite, serve, sources_toml
from tests import broken_site
from tests.archive_state import state
from tests.broken_site import Answer
from tests.conftest import ROOT, Run, document
from tests.faults import REPORT, item, page, rss


def write_sources(directory: Path, sites: list[SampleSite]) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "sources.toml").write_text(sources_toml(sites), "utf-8")


@dataclass(frozen=True)
class Crawled:
    directory: Path
    sites: list[SampleSite]
    report: dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def sites() -> Iterator[list[SampleSite]]:
    with serve() as served:
        yield served


@pytest.fixture(scope="module")
def crawled(
    sites: list[SampleSite], newsarchive: Run, tmp_path_factory: pytest.TempPathFactory
) -> Crawled:
    directory = tmp_path_factory.mktemp("crawled")
    write_sources(directory, sites)
    done = newsarchive("crawl", "--full", "--json", archive=directory)
    assert done.returncode == 0, done.stderr
    return Crawled(directory, sites, document(done)["sources"])


def test_every_article_of_every_site_is_held(crawled: Crawled) -> None:
    for site in crawled.sites:
        assert crawled.report[site.name]["new"] == len(site.expected())
        assert crawled.report[site.name]["failed"] == 0


def test_articles_are_those_of_the_expected_table(crawled: Crawled) -> None:
    db = open_reader(crawled.directory)
    for site in crawled.sites:
        for expected in site.expected():
            article = search.article_by_url(db, expected.url)
            assert article is not None, expected.url
            assert article.text == expected.text, expected.url
            assert article.title == expected.title
            assert article.authors == expected.authors
            assert (article.published or "")[:10] == expected.published[:10]
            assert article.language == expected.language
            headings = db.execute(
                "SELECT text FROM blocks WHERE article_id = ? AND kept AND kind = 'heading'",
                [article.id],
            ).fetchall()
            assert tuple(row[0] for row in headings) == expected.headings
    db.close()


def test_what_was_removed_is_on_record_with_its_reason(crawled: Crawled) -> None:
    db = open_reader(crawled.directory)
    for site in crawled.sites:
        for expected in site.expected():
            article = search.article_by_url(db, expected.url)
            assert article is not None
            rows = db.execute(
                "SELECT text, reason FROM blocks WHERE article_id = ? AND NOT kept", [article.id]
            ).fetchall()
            for text, reasons in expected.removed:
                given = {reason for removed, reason in rows if removed == text}
                assert given & {str(reason) for reason in reasons}, (expected.url, text, given)
    db.close()


def test_translations_are_one_group(crawled: Crawled) -> None:
    db = open_reader(crawled.directory)
    groups = db.execute(
        "SELECT translation_group, group_concat(language) FROM articles "
        "WHERE translation_group IS NOT NULL GROUP BY 1"
    ).fetchall()
    db.close()
    assert len(groups) >= 4
    magazine = next(site.base_url for site in crawled.sites if site.name == "magazine")
    assert sum(name.startswith(magazine) for name, _ in groups) == 2  # named by its sitemap alone
    assert all(len(set(languages.split(","))) >= 2 for _, languages in groups)


def test_an_unchanged_second_crawl_adds_nothing_and_fetches_no_article(
    crawled: Crawled, newsarchive: Run
) -> None:
    before = state(crawled.directory)
    for site in crawled.sites:
        site.requests.clear()
    done = newsarchive("crawl", "--full", archive=crawled.directory)
    assert done.returncode == 0
    assert "nothing new" in done.stdout
    assert state(crawled.directory) == before
    articles = {e.url for site in crawled.sites for e in site.expected()}
    asked = {
        site.base_url.rstrip("/") + path for site in crawled.sites for _, path, _ in site.requests
    }
    assert not asked & articles


def test_revisit_asks_for_every_article_conditionally(crawled: Crawled, newsarchive: Run) -> None:
    before = state(crawled.directory)
    site = crawled.sites[0]
    site.requests.clear()
    done = newsarchive("crawl", site.name, "--revisit", "--json", archive=crawled.directory)
    assert done.returncode == 0, done.stderr
    asked = {path: status for _, path, status in site.requests}
    for expected in site.expected():
        assert asked[expected.url.removeprefix(site.base_url.rstrip("/"))] == 304
    assert state(crawled.directory) == before


def test_the_archive_verifies_and_reads(crawled: Crawled, newsarchive: Run, tmp_path: Path) -> None:
    verified = document(newsarchive("verify", "--json", archive=crawled.directory))
    assert (verified["ok"], verified["problems"]) == (True, [])
    expected = crawled.sites[0].expected()[0]
    shown = document(newsarchive("show", expected.url, "--json", archive=crawled.directory))
    assert shown["text"] == expected.text
    reasons = document(newsarchive("why", expected.url, "--json", archive=crawled.directory))
    assert {"subscribe", "author-bio", "popup"} <= {block["reason"] for block in reasons["removed"]}
    found = document(newsarchive("search", expected.title, "--json", archive=crawled.directory))
    assert expected.url in {article["url"] for article in found["articles"]}
    corpus = tmp_path / "corpus.jsonl"
    done = newsarchive(
        "export", "jsonl", "--output", corpus, "--include-reserved", archive=crawled.directory
    )
    assert done.returncode == 0
    total = sum(len(site.expected()) for site in crawled.sites)
    assert len(corpus.read_text("utf-8").splitlines()) == total
    stats = document(newsarchive("stats", "--json", archive=crawled.directory))
    assert stats["articles"] == total


def test_an_edit_is_a_revision_and_scrapy_crawl_works(newsarchive: Run, tmp_path: Path) -> None:
    with serve(["ghost"]) as served:
        (site,) = served
        write_sources(tmp_path, served)
        environment = os.environ | {"NEWSARCHIVE_DIR": str(tmp_path)}
        command = [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "newsletter",
            "-a",
            f"source={site.name}",
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert " 11 " in done.stdout
        slug = site.slugs[0]
        url = site.url(slug)
        before = document(newsarchive("show", url, "--json", archive=tmp_path))
        site.revise(
            slug, lambda body: body + "\n\nUne phrase ajoutée après coup par la rédaction.\n"
        )
        report = document(newsarchive("crawl", "--revisit", "--json", archive=tmp_path))
        assert report["sources"][site.name]["revised"] == 1
    history = document(newsarchive("history", url, "--json", archive=tmp_path))
    assert [revision["number"] for revision in history] == [1, 2]
    assert history[0]["text"] == before["text"]
    assert history[1]["text"].endswith("par la rédaction.")


def test_what_did_not_change_is_a_revisit_record_of_the_capture_before(
    crawled: Crawled, newsarchive: Run
) -> None:
    newsarchive("crawl", "--revisit", archive=crawled.directory)
    db = open_reader(crawled.directory)
    payloads = set(db.execute("SELECT final_url, digest FROM captures WHERE status = 200"))
    db.close()
    revisits = []
    for path in (crawled.directory / "warc").iterdir():
        with open(path, "rb") as stream:
            revisits += [r.rec_headers for r in ArchiveIterator(stream) if r.rec_type == "revisit"]
    assert revisits
    for headers in revisits:
        assert headers.get_header("WARC-Profile").endswith("/revisit/server-not-modified")
        referred = headers.get_header("WARC-Refers-To-Target-URI")
        assert (referred, headers.get_header("WARC-Payload-Digest")) in payloads
        assert headers.get_header("WARC-Refers-To-Date")


def test_what_a_kill_left_of_another_source_waits_for_its_own_crawl(
    newsarchive: Run, tmp_path: Path
) -> None:
    pages = {"/feed": rss(item("/1") + item("/2")), "/1": REPORT, "/2": Answer(page("Another"))}
    with broken_site.serve([("good", pages, "http")], tmp_path) as sites:
        base = sites["good"].base
        name = '[[source]]\nname = "{}"\nurl = "{}"\nfeeds = ["{}/feed"]\nallow_private = true\n'
        other = name.format("other", base, base) + 'delay = 0\ndrop = ["p:nth-of-type(2)"]\n'
        good = name.format("good", f"{base}/x", base) + "delay = 0\n"
        (tmp_path / "sources.toml").write_text(other + good)
        with open_archive(tmp_path, "test") as archive:
            exchange = warc.Exchange(f"{base}/1", warc.now(), 200, (), page("Left"))
            archive.append(
                exchange, url=exchange.url, source="other", role="article", found_by="feed"
            )
        for source, left in (("good", 1), ("other", 0)):
            assert newsarchive("crawl", source, archive=tmp_path).returncode == 0
            db = open_reader(tmp_path)
            unread = db.execute(
                "SELECT role, status FROM captures WHERE source = 'other' AND NOT read"
            ).fetchall()
            # Nothing ever follows from a robots.txt that is not there.
            assert [c for c in unread if c != ("robots", 404)] == [("article", 200)] * left
            db.close()


def test_the_second_of_two_writers_says_who_holds_the_lock(
    newsarchive: Run, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nname = "x"\nurl = "https://example.org/"\n')
    with open_archive(tmp_path, "crawl"):
        done = newsarchive("crawl", archive=tmp_path)
    assert done.returncode == 3
    assert f"process {os.getpid()}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_sources_are_added_checked_listed_and_written(newsarchive: Run, tmp_path: Path) -> None:
    with serve(["ghost", "static"]) as served:
        ghost, static = served
        done = newsarchive(
            "sources", "add", ghost.base_url, "--name", "g", "--allow-private", archive=tmp_path
        )
        assert done.returncode == 0, done.stderr
        assert newsarchive(
            "sources", "add", static.base_url, "--name", "s", "--allow-private", archive=tmp_path
        ).returncode == 0  # fmt: skip
        listed = document(newsarchive("sources", "list", "--json", archive=tmp_path))
        assert [(s["name"], s["platform"], s["language"]) for s in listed] == [
            ("g", "ghost", "fr"),
            ("s", None, "ja"),
        ]
        assert listed[0]["feeds"]
        again = newsarchive("sources", "add", ghost.base_url, "--allow-private", archive=tmp_path)
        assert again.returncode == 2
        assert listed[0]["sitemaps"] == []
        checked = newsarchive("sources", "check", archive=tmp_path)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        first, second = checked.stdout.splitlines()
        assert (
            "11 articles named, 2 of 2 read; feed 10, sitemap 11, listing 3, ghost 11; ghost, fr"
            in first
        )
        assert "sitemap: HTTP status 404" in second
    broken = newsarchive("sources", "check", archive=tmp_path)
    assert broken.returncode == 1
    fresh = tmp_path / "fresh"
    assert newsarchive("sources", "init", archive=fresh).returncode == 0
    assert len(document(newsarchive("sources", "list", "--json", archive=fresh))) >= 15


def test_a_substack_is_added_with_its_notice_and_crawled_when_its_terms_are_accepted(
    newsarchive: Run, tmp_path: Path
) -> None:
    with serve(["substack"]) as served:
        (site,) = served
        options = ("--name", "s", "--allow-private")
        added = newsarchive("sources", "add", site.base_url, *options, archive=tmp_path)
        assert added.returncode == 0
        assert "accept_terms" in added.stdout
        listed = document(newsarchive("sources", "list", "--json", archive=tmp_path))
        assert [(s["platform"], s["checked"]) for s in listed] == [("substack", None)]
        assert not listed[0]["accept_terms"]
        site.requests.clear()
        checked = newsarchive("sources", "check", archive=tmp_path)
        assert (checked.returncode, checked.stdout[:11], site.requests) == (0, "s: skipped:", [])
