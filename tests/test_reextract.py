"""What is read again gives the archive that would be made anew of the same captures."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from archive import integrity, warc
from archive.model import Block, Capture, Fault, Found, Outcome, Read, Reading, Signal, Translations
from archive.opening import open_archive, open_reader
from archive.store import Store
from crawler import crawl, importer, reextract
from crawler.ledger import Options
from crawler.sources import Source
from crawler.workers import Made, Pending, sent
from tests.archive_state import state
from tests.conftest import ROOT, Run, document
from tests.faults import PARAGRAPHS, page

OLD, NEW = "1", "2"
Steps = Sequence[tuple[str, int, Outcome | None]]  # address, second of capture; null: 404

EVERYTHING = {
    "articles": "url, captured_url, capture_id, source, title, text, word_count, digest, language, "
    "translation_group, may_train, first_seen, last_seen, gone, extractor FROM articles",
    "blocks": "(SELECT url FROM articles WHERE id = article_id), position, text, kept, reason FROM blocks",
    "revisions": "(SELECT url FROM articles WHERE id = article_id), number, seen, capture_id, digest, text FROM revisions",
    "block_stats": "site, digest, articles FROM block_stats",
    "addresses": "key, (SELECT url FROM articles WHERE id = article_id) FROM addresses",
    "readings": "capture_id, (SELECT url FROM articles WHERE id = article_id), own_key, declared_key, content FROM readings",
    "contents": "digest FROM contents",
    "translations": "(SELECT url FROM articles WHERE id = article_id), language, url FROM translations",
    "signals": "site, url, kind, raw, place, first_seen, last_seen, train FROM signals",
    "listed": "key, set_id, is_own, capture_id FROM sitemap_translations",
    "captures": "id, read_by, read_as FROM captures WHERE status = 200",
}  # fmt: skip


class Pool:
    """Workers without processes: what each capture is read as is given."""

    def __init__(self, version: str, outcomes: Mapping[int | None, Outcome]) -> None:
        self.version = version
        self.outcomes = outcomes
        self.given: list[int | None] = []

    def read_by(self, capture: Capture, source: Source) -> str:
        return self.version

    async def read(self, capture: Capture, source: Source) -> Read:
        return self.submit(capture, source).result()

    def submit(self, capture: Capture, source: Source, held: str | None = None) -> Pending:
        future: Future[Made] = Future()
        future.set_result(sent(self.outcomes[capture.id], held))
        self.given.append(capture.id)
        return Pending(capture, self.version, future)


def everything(directory: Path) -> dict[str, list[tuple[object, ...]]]:
    db = open_reader(directory)
    found = {
        table: sorted(db.execute(f"SELECT {columns}").fetchall(), key=repr)
        for table, columns in EVERYTHING.items()
    }
    db.close()
    assert integrity.verify(directory) == []
    return found


def build(directory: Path, steps: Steps, version: str) -> None:
    """An archive of these captures, read as the steps say."""
    with open_archive(directory, "test") as archive:
        for url, second, outcome in steps:
            save(archive, url, second, outcome, version)


def save(archive: Store, url: str, second: int, outcome: Outcome | None, version: str) -> None:
    status, role = (200, "article") if outcome else (404, "article")
    if isinstance(outcome, Found):
        role = "sitemap" if url.endswith(".xml") else "robots"
    time = f"2026-11-24T12:00:{second:02}.000Z"
    exchange = warc.Exchange(url, time, status, (), f"{url} {second}".encode())
    with archive.transaction():
        capture = archive.append(exchange, url=url, source="s", role=role, found_by="feed")
        archive.save(capture, outcome or Fault("http-404", "HTTP status 404"), version)


def read_again(
    directory: Path, outcomes: Sequence[Outcome | None], version: str = NEW, **how: bool
) -> tuple[Pool, dict[str, reextract.Report]]:
    given = {i: outcome for i, outcome in enumerate(outcomes, 1) if outcome}
    pool = Pool(version, given)
    with open_archive(directory, "test") as archive:
        work = reextract.Reextraction(archive, pool, (), ())  # type: ignore[arg-type]
        work.plan(everything=how.get("everything", False))
        work.run(lambda _: None)
    return pool, work.reports


TEXTS = [
    f"Report {n} says that the crane {w} has moved {n + 2} times since the pier was built by {w} men."
    for n, w in enumerate("ash oak elm fir yew bay box".split())
]
BANNER = "Get our letter about cranes and harbours every single week"
ADDRESSES = [f"https://e.org/{n}" for n in range(5)]

readings = st.builds(
    lambda texts, title, declared, others, signals: Reading(
        title=title,
        blocks=tuple(Block("paragraph", text, text) for text in texts),
        declared_url=declared,
        language="en",
        alternates=tuple(others),
        signals=tuple(Signal("tdmrep", raw, "meta", train="no") for raw in signals),
    ),
    st.lists(st.sampled_from([*TEXTS, BANNER]), min_size=1, max_size=4, unique=True),
    st.sampled_from(["A", "B"]),
    st.sampled_from([None, *ADDRESSES[:3]]),
    st.lists(st.tuples(st.just("de"), st.sampled_from(ADDRESSES)), max_size=1),
    st.sets(st.sampled_from("12"), max_size=1),
)
faults = st.sampled_from([Fault("not-an-article", "no text"), Fault("blocked", "a wall")])
outcomes = st.one_of(readings, readings, readings, faults)
robots = st.builds(
    lambda raw: Found(signals=tuple(Signal("robots-agent", r, "robots.txt", train="no") for r in raw)),
    st.sets(st.sampled_from("ab"), max_size=2),
)  # fmt: skip
pages = st.tuples(st.sampled_from(ADDRESSES), st.none() | outcomes, outcomes)
files = st.tuples(st.just("https://e.org/robots.txt"), robots, robots)


listed = st.builds(
    lambda numbers: Found(translations=tuple(
        Translations((f"e.org/{n}",), tuple(sorted({f"e.org/{n}", f"e.org/{m}"})))
        for n, m in numbers.items() if n != m
    )),
    st.dictionaries(st.integers(0, 4), st.integers(0, 4), max_size=3),
)  # fmt: skip
maps = st.tuples(st.sampled_from([f"https://e.org/{n}.xml" for n in "ab"]), listed, listed)


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(captured=st.lists(st.one_of(pages, pages, pages, files, maps), min_size=1, max_size=9))
def test_whatever_the_older_extractor_read_it_is_as_if_made_anew(
    captured: list[tuple[str, Outcome | None, Outcome]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    old, fresh = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    after = [new if before else None for _, before, new in captured]
    build(old, [(url, n, before) for n, (url, before, _) in enumerate(captured)], OLD)
    build(fresh, [(url, n, new) for n, ((url, _, _), new) in enumerate(zip(captured, after))], NEW)  # noqa: B905
    read_again(old, after)
    one, other = everything(old), everything(fresh)
    for name in one:
        assert one[name] == other[name]


def test_an_article_that_loses_a_page_in_the_same_step_is_derived_from_those_left(
    tmp_path: Path,
) -> None:
    """One page moves to it, and another from there on to a third."""

    def declares(url: str, title: str, *texts: str) -> Reading:
        blocks = tuple(Block("paragraph", text, text) for text in texts)
        return Reading(title, blocks, declared_url=url, language="en")

    zero, two = "https://e.org/0", "https://e.org/2"
    fault = Fault("not-an-article", "no text")
    first = declares(zero, "B", TEXTS[6])
    steps = [(two, 1, first), ("https://e.org/4", 2, fault), ("https://e.org/3", 3, fault)]
    build(tmp_path, steps, OLD)
    again = [
        declares(zero, "A", TEXTS[6], BANNER),
        declares(two, "B", TEXTS[5], TEXTS[6]),
        declares(zero, "B", TEXTS[3], TEXTS[0], TEXTS[2], TEXTS[6]),
    ]
    read_again(tmp_path, again)
    assert integrity.verify(tmp_path) == []


def report(n: int, more: str = "") -> Reading:
    texts = [TEXTS[n], f"{TEXTS[n]} And so on, at length."] + ([more] if more else [])
    blocks = tuple(Block("paragraph", text, text) for text in texts)
    return Reading(title=f"Report {n}", blocks=blocks, language="en")


SITE: Steps = [(f"https://e.org/{n}", n, report(n, "An advertisement.")) for n in range(6)]
CLEANER = [report(n) for n in range(6)]


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    build(tmp_path, SITE, OLD)
    pool, reports = read_again(tmp_path, CLEANER)
    assert sorted(pool.given) == [1, 2, 3, 4, 5, 6]  # type: ignore[type-var]
    assert reports["s"].numbers() == {"read": 6, "changed": 6, "lost": 0, "failed": 0}
    pool, reports = read_again(tmp_path, CLEANER)
    assert (pool.given, reports) == ([], {})
    pool, reports = read_again(tmp_path, CLEANER, everything=True)
    assert reports["s"].numbers() == {"read": 6, "changed": 0, "lost": 0, "failed": 0}


KILLED = """
import os, signal, sys
from pathlib import Path
from archive.opening import open_archive
from crawler import reextract
from tests.test_reextract import CLEANER, NEW, Pool

reextract.WAITING = 2
with open_archive(Path(sys.argv[1]), "test") as archive:
    work = reextract.Reextraction(archive, Pool(NEW, dict(enumerate(CLEANER, 1))), (), ())
    work.plan(everything=sys.argv[2] == "all")
    work.run(lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.parametrize("how", ["outdated", "all"])
def test_after_a_kill_it_goes_on_where_it_was(tmp_path: Path, how: str) -> None:
    build(tmp_path / "old", SITE, OLD)
    build(tmp_path / "fresh", [(u, s, r) for (u, s, _), r in zip(SITE, CLEANER, strict=True)], NEW)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "old"), how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    between = everything(tmp_path / "old")
    assert {row[1] for row in between["captures"]} == {NEW, f"{OLD}+" if how == "all" else OLD}
    assert all(row[1] == 1 for row in between["revisions"])
    pool, _ = read_again(tmp_path / "old", CLEANER)
    assert 0 < len(pool.given) < 6
    assert everything(tmp_path / "old") == everything(tmp_path / "fresh")


def test_a_rereading_is_no_revision_and_a_revision_stays_one(tmp_path: Path) -> None:
    again = ("https://e.org/0", 30, report(0, "A new sentence."))
    same = ("https://e.org/1", 31, report(1, "Another advertisement."))
    build(tmp_path, [*SITE, again, same], OLD)
    read_again(tmp_path, [*CLEANER, report(0, "A new sentence."), report(1)])
    revisions = everything(tmp_path)["revisions"]
    assert [row[:2] for row in revisions if row[1] != 1] == [("https://e.org/0", 2)]


def test_what_is_no_article_any_more_is_a_failure_that_can_be_seen(tmp_path: Path) -> None:
    build(tmp_path, SITE, OLD)
    _, reports = read_again(tmp_path, [Fault("blocked", "a wall"), *CLEANER[1:]])
    assert reports["s"].numbers() == {"read": 6, "changed": 6, "lost": 1, "failed": 0}
    db = open_reader(tmp_path)
    assert db.execute("SELECT url, class FROM failures").fetchall() == [(SITE[0][0], "blocked")]
    assert db.execute("SELECT count(*) FROM articles").fetchone() == (5,)
    db.close()
    read_again(tmp_path, CLEANER, version="3")
    db = open_reader(tmp_path)
    assert db.execute("SELECT count(*) FROM failures").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM articles").fetchone() == (6,)
    db.close()


@pytest.mark.parametrize("kind", ["unreadable", "truncated", "extraction-timeout"])
def test_a_capture_that_cannot_be_read_keeps_its_article(tmp_path: Path, kind: str) -> None:
    build(tmp_path, SITE, OLD)
    broken = Fault(kind, "torn")
    _, reports = read_again(tmp_path, [broken, *CLEANER[1:]])
    assert reports["s"].numbers() == {"read": 6, "changed": 5, "lost": 0, "failed": 1}
    assert reports["s"].faults == [(SITE[0][0], broken)]
    found = everything(tmp_path)
    assert "An advertisement." in str(found["articles"][0])
    assert found["captures"][0] == (1, OLD, "article")
    db = open_reader(tmp_path)
    assert db.execute("SELECT url, class FROM failures").fetchall() == [(SITE[0][0], kind)]
    db.close()
    pool, _ = read_again(tmp_path, CLEANER)
    assert pool.given == [1]


def test_an_article_that_is_imported_again_is_no_revision_of_an_older_reading(
    tmp_path: Path,
) -> None:
    build(tmp_path / "a", SITE[:1], OLD)
    body = page("Report", PARAGRAPHS)
    writer = warc.WarcWriter(tmp_path / "warc")
    writer.append(warc.Exchange(SITE[0][0], "2026-11-25T12:00:00.000Z", 200, (), body))
    writer.close()
    pool = Pool(NEW, {1: report(0), 2: report(0)})
    with open_archive(tmp_path / "a", "test") as archive:
        importer.run(archive, pool, importer.files([tmp_path / "warc"]), None, lambda _: None)  # type: ignore[arg-type]
    found = everything(tmp_path / "a")
    assert [row[1] for row in found["revisions"]] == [1]
    assert found["captures"] == [(1, NEW, "article"), (2, NEW, "article")]


def test_an_article_that_is_fetched_again_is_no_revision_of_an_older_reading(
    tmp_path: Path,
) -> None:
    build(tmp_path, SITE[:1], OLD)
    source = Source("s", "https://e.org/")
    with open_archive(tmp_path, "test") as archive:
        pool = Pool(NEW, {1: report(0), 2: report(0)})
        work = crawl.Crawl(archive, [source], pool, Options())  # type: ignore[arg-type]

        async def fetch_again() -> None:
            await work.start()
            exchange = warc.Exchange(SITE[0][0], "2026-11-25T12:00:00.000Z", 200, (), b"again")
            capture = await work.capture(exchange, SITE[0][0], "article", "s", "feed")
            await work.settle(capture, None)
            await work.end()

        asyncio.run(fetch_again())
        work.close()
    found = everything(tmp_path)
    assert [row[1] for row in found["revisions"]] == [1]
    assert found["captures"] == [(1, NEW, "article"), (2, NEW, "article")]


def test_another_rule_reaches_what_is_held_by_one_command(newsarchive: Run, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    plea = (
        "<div id=plea><p>A line that nothing general takes for boilerplate stands here.</p></div>"
    )
    for host in ("a", "b"):
        (tmp_path / f"{host}.html").write_bytes(
            page(
                f"Report {host}",
                PARAGRAPHS.replace("cranes", f"cranes of {host}") + plea,
                head=f'<link rel="canonical" href="https://{host}.example/report">',
            )
        )
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    assert newsarchive("import", *pages, archive=archive).returncode == 0
    (archive / "sources.toml").write_text(
        '[[source]]\nname = "a"\nurl = "https://a.example"\ndrop = ["#plea"]\n', "utf-8"
    )
    with open_archive(archive, "crawl"):
        assert newsarchive("reextract", archive=archive).returncode == 3
    unknown = newsarchive("reextract", "a.exampel", archive=archive)
    assert (unknown.returncode, unknown.stderr) == (
        2, "Error: nothing was captured of 'a.exampel': did you mean 'a.example'?\n"
    )  # fmt: skip
    found = document(newsarchive("reextract", "--workers", "1", "--json", archive=archive))
    assert found == {"sources": {"a.example": {
        "read": 1, "changed": 1, "lost": 0, "failed": 0, "failures": [],
    }}}  # fmt: skip
    shutil.copy(archive / "sources.toml", tmp_path)
    fresh = tmp_path / "fresh"
    imported = newsarchive("import", *pages, "--sources", tmp_path / "sources.toml", archive=fresh)
    assert imported.returncode == 0
    assert state(archive) == state(fresh)
    assert "nothing to read again" in newsarchive("reextract", archive=archive).stdout
