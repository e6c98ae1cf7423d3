"""kill -9 at random moments of a crawl: nothing is lost, nothing comes twice."""

from __future__ import annotations

from pathlib import Path

from tests import kills


def test_a_crawl_killed_again_and_again_gives_the_archive_of_one_left_alone(tmp_path: Path) -> None:
    done = kills.run(count=3, pages=40, seed=1, folder=tmp_path)
    assert (done.kills, done.different, done.problems, done.orphans) == (3, (), (), 0)
