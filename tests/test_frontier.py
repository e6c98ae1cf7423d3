"""What a frontier does, that of one archive and one that workers share, with the real server.

Of the shared one each `turn` is another worker's, with an archive of its own, which takes over from the
one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import warc
from archive.model import Block, Link, Reading
from archive.opening import open_archive
from archive.store import Store
from crawler.frontier import Frontier
from crawler.hosts import Hosts
from crawler.shared import worker as workers
from crawler.shared.place import parse
from crawler.shared.server import Server
from crawler.shared.worker import Worker
from crawler.sources import Source
from tests.redis_server import Running, needs_server, server

SOURCE = Source("a", "https://a.org/")
LATER, EARLIER = "2026-11-02T12:00:00.000Z", "2026-11-01T12:00:00.000Z"
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Turn:
    """One process's view of a frontier."""

    archive: Store
    frontier: Frontier
    hosts: Hosts

    def claim(self, count: int = 9) -> list[str]:
        return [e.url for e in self.frontier.claim("a", count, ["article", "feed"])]


Turns = Callable[[], Turn]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with server() as started:
        yield started


@pytest.fixture(params=["table", pytest.param("shared", marks=needs_server)])
def turn(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Turns]:
    monkeypatch.setattr(workers, "LOOK", 0.0)
    with ExitStack() as open_:
        if request.param == "table":
            yield _turns_of_a_table(open_.enter_context(open_archive(tmp_path, "test")))
        else:
            running: Running = request.getfixturevalue("running")
            yield _turns_of_workers(open_, running.address(f"prefix={tmp_path.name}"), tmp_path)


def _turns_of_a_table(archive: Store) -> Turns:
    def turn() -> Turn:
        made = Turn(archive, Frontier(archive.connection), Hosts(archive.connection))
        made.frontier.release()
        return made

    return turn


def _turns_of_workers(open_: ExitStack, address: str, folder: Path) -> Turns:
    """Turns of two workers, one after the other."""
    taking: list[tuple[Turn, Worker]] = []
    for name in ("one", "other"):
        archive = open_.enter_context(open_archive(folder / name, "test"))
        (worker_id,) = archive.connection.execute("SELECT id FROM identity").fetchone()
        worker = Worker(archive, Server(parse(address), worker_id), [SOURCE])
        worker.join()
        open_.callback(worker.leave)
        made = Turn(archive, Frontier(archive.connection), Hosts(archive.connection))
        taking.append((made, worker))

    def turn() -> Turn:
        taking.reverse()
        (mine, my_worker), (others, worker) = taking
        if worker.parts():
            with others.archive.transaction():
                others.hosts.write()
            worker.give_back(["a"], finished=False)
        assert my_worker.take() == [SOURCE]
        mine.frontier.release()
        mine.hosts.read()
        return mine

    return turn


def links(*names: str, changed: str | None = None) -> list[Link]:
    return [Link(f"https://a.org/{name}", "article", "feed", changed=changed) for name in names]


def urls(*names: str) -> list[str]:
    return [f"https://a.org/{name}" for name in names]


def test_what_is_added_waits_once_and_the_latest_is_claimed_first(turn: Turns) -> None:
    assert turn().frontier.add("a", links("1", changed=EARLIER)) == 1
    assert turn().frontier.add("a", links("2", changed=LATER)) == 1
    assert turn().frontier.add("a", links("1", changed=EARLIER)) == 1  # it waits
    assert turn().claim(1) == urls("2")
    assert turn().claim() == urls("2", "1")


def test_what_is_claimed_is_not_claimed_again_until_its_process_has_ended(turn: Turns) -> None:
    first = turn()
    first.frontier.add("a", links("1", "2"))
    assert len(first.claim()) == 2
    assert first.claim() == []
    assert len(turn().claim()) == 2


def test_what_was_not_asked_for_is_claimed_again(turn: Turns) -> None:
    first = turn()
    first.frontier.add("a", links("1"))
    first.claim()
    first.frontier.put_back("a", *urls("1"))
    assert first.claim() == urls("1")


def test_what_is_done_waits_again_only_when_it_says_that_it_changed(turn: Turns) -> None:
    first = turn()
    first.frontier.add("a", links("1", "2", changed=EARLIER))
    first.claim()
    for url in urls("1", "2"):
        first.frontier.done("a", url)
    assert turn().claim() == []
    assert turn().frontier.add("a", links("1", changed=EARLIER)) == 0
    assert turn().frontier.add("a", links("1", changed=LATER)) == 1
    assert turn().claim() == urls("1")
    assert turn().frontier.add("a", links("2"), again=True) == 1
    assert turn().frontier.latest("a") == LATER


def test_what_failed_waits_twice_as_long_each_time(turn: Turns) -> None:
    turn().frontier.add("a", links("1"))
    waits = []
    for _ in range(3):
        due = turn().frontier.retry("a", *urls("1"))
        waits.append(round((datetime.fromisoformat(due) - NOW) / HOUR))
        assert turn().claim() == []
    assert waits == [1, 2, 4]
    turn().frontier.wake("a")
    (entry,) = turn().frontier.claim("a", 1, ["article"])
    assert entry.attempts == 3


def test_an_article_is_visited_again_when_its_time_has_come(turn: Turns) -> None:
    first = turn()
    first.frontier.add("a", links("1", "2"))
    first.frontier.done("a", *urls("1"), NOW - HOUR)
    first.frontier.done("a", *urls("2"), NOW + HOUR)
    assert turn().claim() == []
    turn().frontier.revisit("a")
    assert turn().claim() == urls("1")


def test_nothing_is_claimed_of_a_host_that_refused_until_its_time_has_come(turn: Turns) -> None:
    first = turn()
    first.frontier.add("a", links("1"))
    first.hosts.refused("a.org", "http-429", of_articles=True, stated=HOUR)
    with first.archive.transaction():
        first.hosts.write()
    told = Hosts(first.archive.connection).waits("a.org")
    assert told
    for _ in range(3):
        next_ = turn()
        assert str(next_.hosts.waits("a.org")) == str(told)
        assert next_.claim() == []
        assert next_.frontier.reopens("a", NOW, NOW + HOUR / 2) is None
        assert next_.frontier.reopens("a", NOW, NOW + 2 * HOUR)
        assert next_.frontier.waiting_sites("a") == ["a.org"]
    last = turn()
    with last.archive.transaction():  # as if the time had come
        last.archive.connection.execute("UPDATE hosts SET wait_until = refused")
        last.hosts.read()
        last.hosts.answered("a.org", True, is_read=True)
        last.hosts.write()
    for _ in range(2):
        assert turn().hosts.waits("a.org") is None
    assert turn().claim() == urls("1")


def test_each_crawl_finds_its_own_way_through_pages_of_discovery(turn: Turns) -> None:
    feed = Link("https://a.org/feed", "feed", "home")
    turn().frontier.add("a", [feed, *links("1")])
    assert turn().claim() == [feed.url, *urls("1")]
    turn().frontier.forget_discovery("a")
    for _ in range(2):
        assert turn().claim() == urls("1")


def test_a_sitemap_that_was_read_after_it_changed_is_not_read_again(turn: Turns) -> None:
    sitemap = Link("https://a.org/sitemap.xml", "sitemap", "sitemap", changed=EARLIER)
    first = turn()
    first.frontier.add("a", [sitemap])
    first.frontier.done("a", sitemap.url)
    for _ in range(2):
        assert turn().frontier.is_current("a", sitemap, HOUR)
        assert not turn().frontier.is_current("a", sitemap, timedelta(days=9999))


def test_held_articles_are_asked_for_again(turn: Turns) -> None:
    first = turn()
    first.frontier.add("a", links("1", "2"))
    exchange = warc.Exchange(
        *urls("1"), "2026-11-24T12:00:00.000Z", 200, (("ETag", '"x"'),), b"<p>Of cranes"
    )
    with first.archive.transaction():
        capture = first.archive.append(
            exchange, url=exchange.url, source="a", role="article", found_by="feed"
        )
        first.archive.save(capture, Reading("Cranes", (Block("paragraph", "Of cranes.", ""),)))
    for url in urls("1", "2"):  # nothing is held of the second
        first.frontier.done("a", url)
    for _ in range(2):
        assert [link.url for link in turn().frontier.held("a")] == urls("1")
