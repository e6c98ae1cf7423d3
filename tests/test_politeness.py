"""A good guest: the delays that hosts ask for, few connections, a name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.politeness import slots
from crawler.sources import Source
from tests.conftest import Run
from tests.moody_site import Answer, Site, moody_site


@pytest.fixture
def site() -> Iterator[Site]:
    with moody_site() as served:
        yield served


@pytest.mark.parametrize("connections", [1, 3])
def test_as_many_connections_as_are_configured_and_a_name(
    site: Site, newsarchive: Run, tmp_path: Path, connections: int
) -> None:
    for n in range(8):
        site.article(f"/{n}", words=f"cranes {n}")
        answer = site.answers[f"/{n}"]

        def slow(answer: object = answer) -> Answer:
            time.sleep(0.3)
            return answer  # type: ignore[return-value]

        site.answers[f"/{n}"] = slow
    site.feed(*(f"/{n}" for n in range(8)))
    site.write(tmp_path, connections=connections)
    done = newsarchive("crawl", "--contact", "mailto:me@example.org", archive=tmp_path)
    assert done.returncode == 0, done.stderr
    assert site.most_under_way == connections
    (agent,) = site.agents
    assert agent.startswith("newsletter-archive/")
    assert agent.endswith("(+mailto:me@example.org)")


def test_a_crawl_delay_is_kept(site: Site, newsarchive: Run, tmp_path: Path) -> None:
    """The times are those of the requests, first to last: three delays, whatever else takes time."""
    for n in range(3):
        site.article(f"/{n}", words=f"cranes {n}")
    moments: list[float] = []
    calm = dict(site.answers)

    def at(path: str) -> Answer:
        moments.append(time.monotonic())
        return calm[path]  # type: ignore[return-value]

    site.feed("/0", "/1", "/2")
    calm["/feed"] = site.answers["/feed"]
    for path in calm:
        site.answers[path] = lambda path=path: at(path)
    site.answers["/robots.txt"] = (200, {}, b"User-agent: *\nCrawl-delay: 1\n")
    site.write(tmp_path)
    assert newsarchive("crawl", archive=tmp_path).returncode == 0
    assert len(moments) == 4
    assert moments[-1] - moments[0] > 2.5


def test_sources_of_one_host_share_the_slot_of_the_most_careful() -> None:
    busy = Source("a", "https://e.org/a", delay=0.5, connections=4)
    careful = Source("b", "https://www.e.org/b", delay=3.0, connections=2)
    private = Source("c", "http://127.0.0.1:1/", delay=0, allow_private=True)
    usual = Source("d", "https://f.org/", delay=0)  # throttling is not turned off by that alone
    for order in ([busy, careful], [careful, busy]):
        assert slots(order, 1.0) == {"e.org": {"concurrency": 2, "delay": 3.0, "jitter": 0.0}}
    assert slots([private, usual], 1.0) == {
        "127.0.0.1:1": {"concurrency": 1, "delay": 0, "jitter": 0.0},
        "f.org": {"concurrency": 1, "delay": 1.0, "jitter": 0.0},
    }
