"""What is forgotten is in no byte of any file, and does not come again; what is pruned may."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive import articles, erasure, forget, opening, readings, store, warc, warc_files
from archive.backup import backup
from archive.cli import cli
from archive.integrity import verify
from archive.merge import merge
from archive.opening import open_archive, open_reader
from tests import small_archive
from tests.broken_site import SITE, Answer, Site, serve
from tests.captures import SHOTS, Shot, make, whole_state
from tests.conftest import Run, document
from tests.faults import PARAGRAPHS, item, page, rss, urlset
from tests.kill_lines import killed_before

# Of the article that is forgotten: a word of its address, its title, its text, and its first text.
SECRETS = ("quokka-path", "Quokkabeacon", "zwiebelfisch", "mumpitzhafen")
TEXT = "<p>At the harbour of Brunnstedt {} was seen by all who stood on the pier that night.</p>"


@dataclass(frozen=True, slots=True)
class Crawled:
    """An archive that was crawled twice from a site, and that site."""

    directory: Path
    site: Site


def secret_page(word: str) -> Answer:
    head = f'<link rel="canonical" href="{SITE}/quokka-path">'
    return Answer(page("A Quokkabeacon over the pier", PARAGRAPHS + TEXT.format(word), head))


def bytes_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that stands in the files of an archive: as it is, and decompressed."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
    for path in (folder / "warc").iterdir():
        left = path.read_bytes()
        while left:
            inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield path.name, inflate.decompress(left)
            left = inflate.unused_data
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        for (body,) in db.execute("SELECT body FROM contents"):
            yield "contents", readings.decompress(body)


def secrets_in(folder: Path) -> set[tuple[str, str]]:
    """The files that hold a secret, and which."""
    return {
        (name, secret)
        for name, content in bytes_of(folder)
        for secret in SECRETS
        if secret.lower().encode() in content.lower()
    }


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, newsarchive: Run) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("crawled")
    full = f"<content:encoded><![CDATA[{TEXT.format('a zwiebelfisch')}]]></content:encoded>"
    entries = [item("/quokka-path?utm_source=feed", full), item("/1"), item("/2")]
    pages = {
        "/feed": rss("".join(entries)),
        "/sitemap.xml": Answer(
            urlset("".join(f"<url><loc>{SITE}/{p}</loc></url>" for p in ("old", "quokka-path", "1"))),
            "application/xml",
        ),
        "/1": Answer(page("The cranes of Brunnstedt")),
        "/2": Answer(page("Another", PARAGRAPHS[600:] + '<p>As <a href="/quokka-path">told</a>.</p>')),
        "/old": Answer(status=301, headers={"Location": f"{SITE}/quokka-path"}),
        "/quokka-path": secret_page("a mumpitzhafen"),
    }  # fmt: skip
    with serve([("site", pages, "http")], folder) as served:
        site, directory = served["site"], folder / "archive"
        directory.mkdir()
        (directory / "sources.toml").write_text(
            f'[[source]]\nname = "port"\nurl = "{site.base}/"\nfeeds = ["{site.base}/feed"]\n'
            f'sitemaps = ["{site.base}/sitemap.xml"]\nallow_private = true\ndelay = 0\n'
        )
        assert newsarchive("crawl", "--full", archive=directory).returncode == 0
        site.pages["/quokka-path"] = secret_page("a zwiebelfisch")
        assert newsarchive("crawl", "--revisit", "--full", archive=directory).returncode == 0
        yield Crawled(directory, site)


@pytest.fixture
def archive(crawled: Crawled, tmp_path: Path) -> Path:
    return shutil.copytree(crawled.directory, tmp_path / "archive")


def run(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--archive", str(directory)])


def test_what_is_forgotten_is_in_no_byte(
    archive: Path, crawled: Crawled, tmp_path: Path, newsarchive: Run
) -> None:
    url = f"{crawled.site.base}/quokka-path"
    assert {secret for _, secret in secrets_in(archive)} == set(SECRETS)
    shutil.copytree(archive, tmp_path / "before")
    other = f"{crawled.site.base}/2"
    dry = document(newsarchive("forget", url, "--dry-run", "--json", archive=archive))
    assert (dry["done"], dry["articles"], dry["links"]) == (False, [url], [other])
    assert dry["lists"] >= 2
    assert {secret for _, secret in secrets_in(archive)} == set(SECRETS)
    # The page that links to it is another's words: it is told, and stays until it is named, too.
    done = newsarchive("forget", url, other, "--yes", archive=archive)
    assert done.returncode == 0, done.stderr
    assert "yours to erase" in done.stderr
    assert secrets_in(archive) == set()
    assert verify(archive) == []
    with closing(open_reader(archive)) as db:
        assert db.execute("SELECT url FROM articles").fetchall() == [(f"{crawled.site.base}/1",)]

    asked = len(crawled.site.requests)
    assert newsarchive("crawl", "--full", "--revisit", archive=archive).returncode == 0
    assert not {"/quokka-path", "/2", "/old"} & set(crawled.site.requests[asked:])
    assert "/feed" in crawled.site.requests[asked:]
    assert secrets_in(archive) == set()
    assert not list((archive / "warc").glob(f"{warc.PASSING}*"))

    saved, (old,) = tmp_path / "saved.html", (tmp_path / "before" / "warc").iterdir()
    content = secret_page("a zwiebelfisch").body
    saved.write_bytes(content.replace(SITE.encode(), crawled.site.base.encode()))
    for arguments in (["import", str(saved), str(old)], ["merge", str(tmp_path / "before")]):
        done = newsarchive(*arguments, archive=archive)
        assert done.returncode in (0, 1), done.stderr  # 1: the WARC file has a 404
        assert (arguments[0], secrets_in(archive)) == (arguments[0], set())
        assert verify(archive) == []


def test_a_source_is_forgotten_with_all_that_is_known_of_it(
    archive: Path, crawled: Crawled, newsarchive: Run
) -> None:
    done = newsarchive("forget", "port", "--yes", archive=archive)
    assert done.returncode == 0, done.stderr
    assert "if sources.toml names port, delete it there" in done.stderr
    assert secrets_in(archive) == set()
    assert verify(archive) == []
    tables = "articles blocks revisions readings contents addresses captures frontier failures runs acknowledged "
    with closing(open_reader(archive)) as db:
        for table in (tables + "sources signals hosts signatures block_stats").split():
            assert (table, db.execute(f"SELECT * FROM {table}").fetchall()) == (table, [])
    assert list((archive / "warc").iterdir()) == []

    asked = len(crawled.site.requests)
    done = newsarchive("crawl", archive=archive)
    assert "port: it was forgotten, and is not crawled" in done.stderr
    assert crawled.site.requests[asked:] == []
    lifted = newsarchive("forget", "--lift", f"{crawled.site.base}/", "--json", archive=archive)
    assert document(lifted) == {"lifted": [f"{crawled.site.base}/"]}
    assert newsarchive("crawl", archive=archive).returncode == 0
    assert "/feed" in crawled.site.requests[asked:]
    assert secrets_in(archive) == set()


def test_what_was_forgotten_goes_from_the_next_backup(archive: Path, tmp_path: Path) -> None:
    backup(archive, tmp_path / "copy")
    assert secrets_in(tmp_path / "copy")
    run(archive, "forget", "port", "--yes")
    backup(archive, tmp_path / "copy")
    assert secrets_in(tmp_path / "copy") == set()


def forgotten(folder: Path, *names: str) -> Path:
    done = run(folder, "forget", *names, "--yes")
    assert done.exit_code == 0, done.stderr
    return folder


def test_what_the_other_has_forgotten_is_forgotten_by_a_merge(tmp_path: Path) -> None:
    ours, theirs = make(tmp_path / "ours", SHOTS), make(tmp_path / "theirs", SHOTS[:9])
    forgotten(theirs, "https://a.org/1")
    with open_archive(ours, "test") as opened:
        merge(opened, theirs)
    expected = make(tmp_path / "expected", [s for s in SHOTS if s.url != "https://a.org/1"])
    assert whole_state(ours) == whole_state(expected)
    assert verify(ours) == []
    assert not any(b"It burnt down" in content for _, content in bytes_of(ours))
    imported = make(ours, SHOTS[:1])
    assert whole_state(imported) == whole_state(expected)


def test_an_erasure_that_is_killed_is_finished_by_the_next_who_opens(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole", SHOTS)
    stays = [shot for shot in SHOTS if shot.url != "https://a.org/1"]
    states = [whole_state(whole), whole_state(make(tmp_path / "stays", stays))]
    work, n, seen = tmp_path / "work", 1, set()
    shutil.copytree(whole, work)
    modules = {articles, erasure, forget, store, warc, warc_files}
    while killed_before(n, modules, lambda: run(work, "forget", "https://a.org/1", "--yes")):
        assert verify(work) == []
        assert whole_state(work) in states
        with open_archive(work, "test"):
            pass
        assert verify(work) == []
        seen.add(states.index(whole_state(work)))
        if states.index(whole_state(work)):
            assert not any(b"It burnt down" in content for _, content in bytes_of(work))
        shutil.rmtree(work)
        shutil.copytree(whole, work)
        n += 97
    assert seen == {0, 1}
    assert whole_state(work) == states[1]


def test_a_list_that_names_it_is_gone_after_a_crawl_that_was_killed(tmp_path: Path) -> None:
    folder = forgotten(make(tmp_path / "archive", SHOTS[:3]), "https://a.org/1")
    feed = b"<rss><item><link>https://a.org/1?utm_source=x</link>It burnt down</item></rss>"

    def crawl() -> None:
        with open_archive(folder, "crawl") as opened:
            exchange = warc.Exchange("https://a.org/feed", "2026-11-01T00:00:00Z", 200, (), feed)
            with opened.transaction():
                opened.append(
                    exchange, url=exchange.url, source="a", role="feed", found_by="configured"
                )
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed_before(10**9, set(), crawl)
    assert any(b"It burnt down" in content for _, content in bytes_of(folder))
    backup(folder, tmp_path / "copy")
    with open_archive(folder, "test"):
        pass
    for place in (folder, tmp_path / "copy"):
        assert verify(place) == []
        assert not any(b"It burnt down" in content for _, content in bytes_of(place))


def test_while_somebody_reads_the_log_is_emptied_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_MILLISECONDS", 1)
    folder = make(tmp_path / "archive", SHOTS)
    with closing(open_reader(folder)) as db:
        db.execute("BEGIN")
        db.execute("SELECT 1 FROM articles").fetchall()
        done = run(folder, "forget", "https://a.org/1", "--yes")
        assert done.exit_code == 0
        assert "another program reads the archive" in done.stderr
    with open_archive(folder, "test"):
        pass
    assert not any(b"It burnt down" in content for _, content in bytes_of(folder))


@pytest.mark.parametrize("target", ["final", "location", "declared"])
def test_what_leads_to_it_is_not_kept(tmp_path: Path, target: str) -> None:
    folder = forgotten(make(tmp_path / "archive", SHOTS[:3]), "https://a.org/1")
    shot = Shot("https://a.org/alias", 20, None, status=301)
    if target == "final":
        shot = Shot("https://a.org/alias", 20, SHOTS[0].outcome, final_url="https://a.org/1")
    elif target == "declared":
        reading = replace(SHOTS[0].outcome, declared_url="https://a.org/1")  # type: ignore[type-var]
        shot = Shot("https://a.org/alias", 20, reading)
    headers = (("Location", "/1#top"),) if target == "location" else ()
    before = whole_state(folder)
    make(folder, [shot], headers)
    assert whole_state(folder) == before
    assert verify(folder) == []


def test_near_duplicates_are_told(tmp_path: Path) -> None:
    text = " ".join(f"word{n}" for n in range(80))
    copies = {f"https://{host}.org/1": ("en", "Of words", text) for host in "abc"}
    small_archive.make(tmp_path, copies)
    told = json.loads(run(tmp_path, "forget", "https://a.org/1", "--dry-run", "--json").stdout)
    assert told["duplicates"] == ["https://b.org/1", "https://c.org/1"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["forget", "https://a.org/1"], "--yes"), (["forget", "nowhere.org"], "no source"),
        (["prune"], "--until"), (["prune", "--until", "then", "--yes"], "2026-11-24"),
    ],
)  # fmt: skip
def test_nothing_goes_by_mistake(tmp_path: Path, arguments: list[str], hint: str) -> None:
    folder = make(tmp_path, SHOTS[:2])
    before = whole_state(folder)
    done = run(folder, *arguments)
    assert done.exit_code != 0
    assert hint in done.stderr + str(done.exception)
    assert whole_state(folder) == before


def test_an_address_that_is_not_held_can_be_forgotten_too(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive", SHOTS[1:3])
    assert "nothing was held" in run(folder, "forget", SHOTS[0].url, "--yes").stderr
    before = whole_state(folder)
    assert whole_state(make(folder, SHOTS[:1])) == before


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://a.org/~me/1", "HTTPS://A.ORG/%7Eme/1"), ("https://a.org/?p=7", "http://www.a.org?p=7"),
        ("https://müller.de/1", "https://xn--mller-kva.de/1"), ("https://xn--mller-kva.de/1", "//müller.de/1/"),
    ],
)  # fmt: skip
def test_lists_that_write_the_address_otherwise_go_too(
    tmp_path: Path, url: str, written: str
) -> None:
    folder = make(tmp_path, [Shot(url, 1, SHOTS[0].outcome)])
    with open_archive(folder, "test") as opened, opened.transaction():
        body = f"<a href='{written}'>x</a>".encode()
        exchange = warc.Exchange("https://b.org/", "2026-11-01T00:00:00Z", 200, (), body)
        opened.append(exchange, url=exchange.url, source="b", role="home", found_by="configured")
        exchange = replace(exchange, url="https://b.org/feed", body=b"of nothing")
        opened.append(exchange, url=exchange.url, source="b", role="feed", found_by="configured")
    forgotten(folder, url)
    with closing(open_reader(folder)) as db:
        assert db.execute("SELECT url FROM captures").fetchall() == [("https://b.org/feed",)]


def test_prune_drops_by_age_with_captures_and_lists(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive", SHOTS)
    told = json.loads(run(folder, "prune", "--until", "2026-10-19", "--dry-run", "--json").stdout)
    assert (told["done"], len(told["articles"]), told["lists"]) == (False, 9, 0)
    assert run(folder, "prune", "--until", "2026-10-22", "--yes").exit_code == 0
    stays = [s for s in SHOTS if s.day > 22 or s.role == "robots"]
    assert whole_state(folder) == whole_state(make(tmp_path / "expected", stays))
    assert verify(folder) == []
    assert len(whole_state(make(folder, SHOTS[:1]))["articles"]) == 3  # it may come again


def test_prune_drops_a_source(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive", SHOTS)
    assert run(folder, "prune", "--source", "a", "--yes").exit_code == 0
    expected = make(tmp_path / "expected", [shot for shot in SHOTS if shot.source == "b"])
    assert whole_state(folder) == whole_state(expected)
    with closing(open_reader(folder)) as db:
        assert db.execute("SELECT name FROM sources").fetchall() == [("b",)]


def test_what_is_pruned_is_not_fetched_again_by_itself(
    archive: Path, crawled: Crawled, newsarchive: Run
) -> None:
    assert newsarchive("prune", "--query", "Quokkabeacon", "--yes", archive=archive).returncode == 0
    asked = len(crawled.site.requests)
    assert newsarchive("crawl", "--full", "--revisit", archive=archive).returncode == 0
    assert "/1" in crawled.site.requests[asked:]
    assert "/quokka-path" not in crawled.site.requests[asked:]


def test_free_pages_and_the_log_are_overwritten(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive", SHOTS)
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.execute("PRAGMA secure_delete = OFF")  # as SQLite is built on most systems
        db.execute("CREATE TABLE earlier (text)")
        db.executemany("INSERT INTO earlier VALUES (?)", [("It burnt down, they say",)] * 999)
        db.commit()
        db.execute("DROP TABLE earlier")
        db.commit()
    with closing(open_reader(folder)) as db:  # so that the log is not deleted with the last user
        db.execute("SELECT 1 FROM articles").fetchall()
        assert any(b"It burnt down, they" in content for _, content in bytes_of(folder))
        assert run(folder, "forget", "https://a.org/1", "--yes").exit_code == 0
        assert (folder / "archive.db-wal").exists()
        assert not any(b"It burnt down" in content for _, content in bytes_of(folder))
