"""Crawls of several machines that share a frontier, with the real server: nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.integrity import verify
from archive.merge import merge
from archive.model import Link
from archive.opening import open_archive, open_reader
from archive.store import Store
from crawler.frontier import Frontier
from crawler.ledger import IN_FLIGHT, Ledger, Options, Result
from crawler.shared import worker as workers
from crawler.shared.place import AddressError, parse
from crawler.shared.server import FrontierError, Server
from crawler.shared.worker import Worker
from crawler.sources import Source
from tests import kills
from tests.archive_state import state
from tests.broken_site import Answer, Site, serve
from tests.conftest import ROOT, Run, document
from tests.moody_site import Site as MoodySite
from tests.moody_site import moody_site
from tests.redis_server import Running, needs_server, server

pytestmark = needs_server

SITES, PAGES = 6, 10
LEASE = "lease=5"  # seconds until a killed worker's domains are taken over


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with server() as started:
        yield started


@pytest.fixture
def address(running: Running, tmp_path: Path) -> str:
    """A frontier of its own on the server."""
    return running.address(f"prefix={tmp_path.name}", LEASE)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    made = [(f"site-{n}", kills.site(PAGES, n), "http") for n in range(SITES)]
    with serve(made, tmp_path_factory.mktemp("sites"), apart=True) as served:
        yield served


@pytest.fixture(scope="module")
def whole(
    sites: dict[str, Site], newsarchive: Run, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The archive of a crawl that nobody disturbed, on one machine."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "sources.toml").write_text(kills.sources(sites))
    done = newsarchive("crawl", archive=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def site() -> Iterator[MoodySite]:
    with moody_site() as served:
        yield served


def start(folder: Path, sites: Mapping[str, Site], address: str) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    (folder / "sources.toml").write_text(kills.sources(sites))
    command = [sys.executable, "-m", "crawler", "crawl", "--archive", str(folder)]
    with open(folder / "messages", "ab") as messages:
        return subprocess.Popen(
            [*command, "--frontier", address], cwd=ROOT, stdout=messages, stderr=messages
        )


def asked(sites: Mapping[str, Site]) -> int:
    return sum(len(site.requests) for site in sites.values())


def joined(folder: Path, *parts: Path) -> Path:
    with open_archive(folder, "merge") as archive:
        for part in parts:
            merge(archive, part)
    return folder


def article_requests(sites: Mapping[str, Site]) -> list[str]:
    return [f"{n} {path}" for n, s in sites.items() for path in s.requests if "/post/" in path]


@pytest.mark.parametrize("count", [2, 4])
def test_a_worker_that_is_killed_costs_nothing(
    sites: dict[str, Site], whole: Path, address: str, tmp_path: Path, count: int
) -> None:
    for one in sites.values():
        one.requests.clear()
    folders = [tmp_path / f"worker-{n}" for n in range(count)]
    crawls = [start(folder, sites, f"{address}&domains=2") for folder in folders]
    while asked(sites) < SITES * PAGES // 2:
        assert any(crawl.poll() is None for crawl in crawls)
        time.sleep(0.01)
    busiest = max(range(count), key=lambda n: len(list(folders[n].glob("warc/*"))))
    os.kill(crawls[busiest].pid, signal.SIGKILL)
    codes = [crawl.wait() for crawl in crawls]
    said = [(folder / "messages").read_text() for folder in folders]
    assert codes == [-signal.SIGKILL if n == busiest else 0 for n in range(count)], said
    whole_state = state(whole)
    assert kills._differences(state(joined(tmp_path / "joined", *folders)), whole_state) == []
    assert verify(tmp_path / "joined") == []
    # Twice was fetched at most what one had under way in its two domains when it was killed, and, on a
    # machine so busy that leases end, what the others had.
    requests = article_requests(sites)
    assert len(set(requests)) == SITES * PAGES
    assert len(requests) - len(set(requests)) <= 2 * IN_FLIGHT * count


def test_sites_that_lead_to_each_other_are_crawled_whoever_has_them(
    address: str, tmp_path: Path
) -> None:
    """Each redirects to the other: two workers that wait for each other would never end."""
    made = [(f"site-{n}", kills.site(6, n), "http") for n in range(2)]
    with serve(made, tmp_path, apart=True) as sites:
        for site, other in zip(sites.values(), reversed(sites.values()), strict=True):
            to = {"Location": f"{other.base}/moved"}
            site.pages["/post/3"] = Answer(status=302, headers=to)
            site.pages["/moved"] = site.pages["/post/2"]
        folders = [tmp_path / "one", tmp_path / "other"]
        crawls = [start(folder, sites, f"{address}&domains=1") for folder in folders]
        assert [crawl.wait() for crawl in crawls] == [0, 0]
        db = open_reader(joined(tmp_path / "joined", *folders))
        captured = db.execute(
            "SELECT count(DISTINCT url) FROM captures WHERE status = 200 AND role = 'article'"
        ).fetchone()
        db.close()
        assert captured == (2 * 6,)
        for site in sites.values():
            assert 1 <= site.requests.count("/moved") <= 2


Made = tuple[Store, Worker, Ledger]
Make = Callable[..., Made]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Make]:
    """Makes a worker in this process, which takes part in the crawl."""
    with ExitStack() as open_:

        def make(name: str, address: str, *sources: Source) -> Made:
            archive = open_.enter_context(open_archive(tmp_path / name, "test"))
            (worker_id,) = archive.connection.execute("SELECT id FROM identity").fetchone()
            made = Worker(archive, Server(parse(address), worker_id), sources)
            made.join()
            return archive, made, Ledger(archive, sources, Options(), made)

        yield make


A, B = Source("a", "https://a.org/"), Source("b", "https://b.org/")


def test_workers_that_start_together_take_a_fair_part_each(address: str, worker: Make) -> None:
    sources = [Source(f"s{n}", f"https://s{n}.org/") for n in range(8)]
    _, one, _ = worker("one", address, *sources)
    _, other, _ = worker("other", address, *sources)
    mine, theirs = ({s.name for s in w.take()} for w in (one, other))
    assert len(mine) == len(theirs) == 4
    assert not mine & theirs
    assert one.take() == other.take() == []
    assert one.look() is not None  # it waits for the other's end
    for each in (one, other):
        for part in each.parts():
            each.give_back(part, finished=True)
    assert one.owns("s0.org") is other.owns("s0.org") is False


def test_one_worker_owns_all_sources_and_hosts_of_a_domain(address: str, worker: Make) -> None:
    blog = Source("blog", "https://blog.a.org/")
    _, one, _ = worker("one", address, A, blog)
    _, other, _ = worker("other", address, A, blog)
    assert one.take() == [A, blog]
    assert one.owns("shop.a.org")
    assert not other.take()
    assert not other.owns("a.org")


def test_a_worker_that_was_not_heard_of_for_a_lease_is_told_so(
    address: str, worker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = address.replace(LEASE, "lease=1")
    archive, one, ledger = worker("one", address, A)
    ledger.begin()
    (entry,) = [each.entry for each in ledger.claim()]
    monkeypatch.setattr(workers, "_clock", lambda: time.monotonic() + 9)
    assert not one.owns("a.org")
    time.sleep(1.1)  # the server's clock
    _, other, _ = worker("other", address, A)
    assert other.take() == [A]
    assert not ledger.admit("a", "a.org")
    with archive.transaction():
        Frontier(archive.connection).done("a", entry.url)
    one.write()
    ledger.renew()
    assert ledger.claim() == []
    assert [r.notices for r in ledger.reports()] == [
        ("another worker has taken it over: this one was not heard of for too long",)
    ]
    assert other.write() is None
    assert other.lost() == []


def test_a_domain_to_which_pages_lead_is_leased_with_theirs(
    address: str, worker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, one, ledger = worker("one", address, A)
    _, other, _ = worker("other", address, A, B)
    ledger.begin()
    (assigned,) = ledger.claim()
    assert other.take() == [B]
    assert not ledger.admit("a", "b.org")  # it is the other's
    ledger.save([Result(None, None, assigned.entry, "a")])
    assert ledger.claim() == []
    assert one.parts() == []  # given back, to be taken when both are free
    one._look_at = 0.0
    assert one.take() == []
    other.give_back(["b"], finished=True)
    one._look_at = 0.0
    assert one.take() == [A]
    assert one.owns("b.org")
    monkeypatch.setattr(workers, "_clock", lambda: time.monotonic() + 99)
    ledger.renew()
    assert one.owns("a.org")
    assert not one.owns("b.org")  # nothing was asked of it for so long


def test_between_two_owners_a_host_has_its_delay(address: str, worker: Make) -> None:
    _, one, _ = worker("one", address, A)
    _, other, _ = worker("other", address, A)
    one.take()
    one.note_delay("a.org", 60.0)
    one.give_back(["a"], finished=False)
    assert other.take() == []
    one._look_at = 0.0
    assert one.take() == [A]  # it knows when it asked last


def test_what_was_forgotten_goes_from_the_shared_frontier(
    address: str, worker: Make, newsarchive: Run
) -> None:
    _, one, _ = worker("one", address, A)
    one.take()
    link = Link("https://a.org/secret", "article", "feed")
    Frontier(one._archive.connection).add("a", [link])
    one.give_back(["a"], finished=False)
    archive, other, _ = worker("other", address, A)
    with archive.transaction():
        archive.forgotten.add(["a.org/secret"])
    assert other.take() == [A]
    assert Frontier(archive.connection).claim("a", 9, ["article"]) == []
    other.give_back(["a"], finished=False)
    assert not any("secret" in field for field in one._server.rows("a.org", None)[0])
    assert not any("secret" in field for field in one._server.rows("a.org", 0)[0])


def crawl(run: Run, folder: Path, address: str, *options: str) -> dict[str, int]:
    done = run("crawl", "--json", "--frontier", address, *options, archive=folder)
    assert done.returncode == 0, done.stderr
    found = document(done)["sources"]
    return found.get("x", found)  # type: ignore[no-any-return]


def test_what_one_worker_has_read_another_asks_for_conditionally(
    site: MoodySite, newsarchive: Run, address: str, tmp_path: Path
) -> None:
    for n in range(3):
        site.article(f"/{n}", words=f"cranes {n}")
    site.feed("/0", "/1", "/2")
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
        site.write(folder)
    assert crawl(newsarchive, folders[0], address)["new"] == 3
    assert crawl(newsarchive, folders[1], address)["new"] == 0
    assert [site.asked(f"/{n}") for n in range(3)] == [[200]] * 3
    site.article("/1", words="whales")
    site.answers["/2"] = (404, {}, b"")
    report = crawl(newsarchive, folders[1], address, "--revisit")
    assert [site.asked(f"/{n}") for n in range(3)] == [[200, 304], [200, 200], [200, 404]]
    assert (report["new"], report["gone"], report["failed"]) == (1, 1, 0)
    folder = joined(tmp_path / "joined", *folders)
    assert verify(folder) == []
    db = open_reader(folder)
    revisions = db.execute(
        "SELECT url, number FROM revisions JOIN articles ON id = article_id ORDER BY 1, 2"
    ).fetchall()
    db.close()
    assert [(url[-1], number) for url, number in revisions] == [
        ("0", 1), ("1", 1), ("1", 2), ("2", 1),
    ]  # fmt: skip
    # The joined archive goes on alone where the workers were.
    site.log.clear()
    site.write(folder)
    done = newsarchive("crawl", "--json", archive=folder)
    assert document(done)["sources"]["x"]["new"] == 0
    assert not any(path[1:].isdigit() for path, _ in site.log)


def two_archives(site: MoodySite, folder: Path) -> None:
    """Let two workers, `one` and `other`, have the site as their source."""
    for name in ("one", "other"):
        (folder / name).mkdir()
        site.write(folder / name)


def test_a_host_that_refused_one_worker_is_asked_by_none(
    site: MoodySite, newsarchive: Run, address: str, tmp_path: Path
) -> None:
    site.answers["/1"] = (429, {"Retry-After": "3600"}, b"")
    site.feed("/1")
    two_archives(site, tmp_path)
    first = newsarchive("crawl", "--frontier", address, archive=tmp_path / "one")
    assert first.returncode == 1
    log = [*site.log]
    second = newsarchive("crawl", "--frontier", address, archive=tmp_path / "other")
    assert "nothing is asked of it before" in second.stderr
    assert site.log == log


def test_only_what_is_due_is_crawled_whoever_crawled_it_last(
    site: MoodySite, newsarchive: Run, address: str, tmp_path: Path
) -> None:
    site.article("/1")
    site.feed("/1")
    two_archives(site, tmp_path)
    assert crawl(newsarchive, tmp_path / "one", address, "--due")["new"] == 1
    asked_before = len(site.log)
    assert crawl(newsarchive, tmp_path / "other", address, "--due") == {}
    assert len(site.log) == asked_before
    listed = document(newsarchive("sources", "list", "--json", archive=tmp_path / "other"))
    db = open_reader(tmp_path / "other")
    assert db.execute("SELECT next_crawl > last_crawl FROM sources").fetchone() == (1,)
    db.close()
    assert len(listed) == 1


def test_what_an_archive_knows_already_is_told_to_a_new_frontier(
    site: MoodySite, newsarchive: Run, tmp_path: Path
) -> None:
    """Also to one whose server has lost everything."""
    site.article("/1")
    site.feed("/1")
    two_archives(site, tmp_path)
    newsarchive("crawl", archive=tmp_path / "one")  # alone
    with server() as short:
        address = short.address(LEASE)
        assert crawl(newsarchive, tmp_path / "one", address)["new"] == 0
        assert crawl(newsarchive, tmp_path / "other", address)["new"] == 0
        short.stop(signal.SIGKILL)
        short.start()
        assert crawl(newsarchive, tmp_path / "other", address)["new"] == 0
    assert site.asked("/1") == [200]


def test_a_server_that_goes_away_ends_the_crawl_and_costs_nothing(
    sites: dict[str, Site], whole: Path, tmp_path: Path
) -> None:
    for one in sites.values():
        one.requests.clear()
    with server("--appendonly", "yes") as short:
        crawling = start(tmp_path / "one", sites, short.address("lease=1"))
        while asked(sites) < SITES * PAGES // 2:
            assert crawling.poll() is None
            time.sleep(0.01)
        short.stop(signal.SIGKILL)
        assert crawling.wait() == 4
        said = (tmp_path / "one" / "messages").read_text().splitlines()
        assert [line for line in said if line.startswith("Error: ")] == [said[-1]]
        assert "does not answer" in said[-1]
        assert "nothing is lost" in said[-1]
        short.start()
        assert start(tmp_path / "one", sites, short.address("lease=1")).wait() == 0
    assert kills._differences(state(tmp_path / "one"), state(whole)) == []
    assert verify(tmp_path / "one") == []


def test_a_wrong_password_is_told_without_it(tmp_path: Path, newsarchive: Run) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nname="a"\nurl="https://a.org/"\n')
    with server("--requirepass", "right") as closed:
        for wrong in (closed.address(), closed.address("password=wr0ng")):
            with pytest.raises(FrontierError, match="does not let us in") as told:
                Server(parse(wrong), "x")
            assert "wr0ng" not in str(told.value)
        done = newsarchive("crawl", "--frontier", wrong, archive=tmp_path)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        Server(parse(closed.address("password=right")), "x").close()


@pytest.mark.parametrize(
    "address",
    ["queue.example.org", "http://a.org", "redis://", "redis://a:b", "redis://a?lease=x",
     "redis://a?lease=0", "redis://a?domains=0"],
)  # fmt: skip
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(AddressError, match="it looks like redis://"):
        parse(address)


def test_an_address_is_shown_without_its_password() -> None:
    place = parse("redis://user:secret@queue.example.org:6380/2?prefix=letters&lease=90")
    assert str(place) == "redis://queue.example.org:6380/2"
    assert (place.prefix, place.lease) == ("letters", 90)


def test_nobody_at_the_address(tmp_path: Path, newsarchive: Run) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nname="a"\nurl="https://a.org/"\n')
    nobody = f"unix://{tmp_path}/nobody"
    done = newsarchive("crawl", "--frontier", nobody, archive=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 1)
    assert "does not answer" in done.stderr


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(FrontierError, match=r"pip install 'newsletter-archive\[redis\]'"):
        Server(parse("redis://127.0.0.1"), "x")


def test_workers_agree_on_how_the_crawl_is_done(address: str, tmp_path: Path) -> None:
    one, other = (Server(parse(address), name) for name in "ab")
    one.join("--full")
    with pytest.raises(FrontierError, match="is one with --full"):
        other.join("")
    one.leave()
    other.join("")


def test_a_copy_of_a_worker_s_archive_is_no_other_worker(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, copy = (Server(parse(address), "a") for _ in range(2))
    monkeypatch.setattr("socket.gethostname", lambda: "first")
    one.join("")
    one.join("")
    monkeypatch.setattr("socket.gethostname", lambda: "second")
    with pytest.raises(FrontierError, match="a copy of this archive is crawling on first"):
        copy.join("")


def test_frontiers_with_other_prefixes_know_nothing_of_each_other(
    running: Running, worker: Make
) -> None:
    found = []
    for prefix in ("letters", "news"):
        _, made, _ = worker(prefix, running.address(f"prefix={prefix}"), A)
        found.append(made.take())
        assert made._server.summaries().keys() <= {"a.org"}
    assert found == [[A], [A]]


def test_the_state_of_a_frontier_is_shown(address: str, worker: Make, newsarchive: Run) -> None:
    _, one, ledger = worker("one", address, A, B)
    ledger.begin()
    one.renew()
    one.give_back(["b"], finished=True)
    shown = document(newsarchive("frontier", "--json", "--frontier", address))
    (alive,) = shown["workers"]
    assert (alive["process"], alive["domains"]) == (os.getpid(), 1)
    assert {d: (v["waiting"], v["finished"]) for d, v in shown["domains"].items()} == {
        "a.org": (1, False), "b.org": (1, True),
    }  # fmt: skip
    assert any("appendonly" in warning for warning in shown["warnings"])
    text = newsarchive("frontier", "--frontier", address).stdout
    assert "1 worker; 2 domains, with 1 the crawl is through; 0 pages done, 2 waiting" in text
    assert newsarchive("frontier").returncode == 2
