"""Running without a person: what is due, staying up, timers."""

from __future__ import annotations

import json
import plistlib
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from crawler import timers
from tests.conftest import ROOT, Run, document
from tests.moody_site import Answer, Site, moody_site
from tests.test_schedule import column, days_later

QUICK = (  # the same program, looking at its sources more often
    "from datetime import timedelta; from crawler import watch; from crawler.commands import main; "
    "watch.LOOK = timedelta(seconds=.2); main()"
)


@pytest.fixture
def site() -> Iterator[Site]:
    with moody_site() as served:
        yield served


@contextmanager
def started(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command line that runs beside the test, and is gone behind it."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def event(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    found: dict[str, object] = json.loads(line)
    return found


def test_due_crawls_only_sources_whose_time_has_come(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    site.article("/1")
    site.feed("/1")
    site.answers["/feed2"] = site.answers["/feed"]
    rare = site.source("rare", interval="3d").replace("/feed", "/feed2")
    (tmp_path / "sources.toml").write_text(site.source("often", interval="30m") + rare)
    listed = newsarchive("sources", "list", archive=tmp_path).stdout
    assert listed.count("now") == 2
    first = document(newsarchive("crawl", "--due", "--json", archive=tmp_path))
    assert set(first["sources"]) == {"often", "rare"}
    site.log.clear()
    again = newsarchive("crawl", "--due", archive=tmp_path)
    assert (again.returncode, site.log) == (0, [])
    assert (again.stdout[:14], again.stderr) == ("nothing is due", "")
    crawls = document(newsarchive("sources", "list", "--json", archive=tmp_path))
    assert [c["interval_seconds"] for c in crawls] == [1800, 3 * 86400]
    waits = [datetime.fromisoformat(c["next_crawl"]) - datetime.now(UTC) for c in crawls]
    assert timedelta(minutes=25) < waits[0] <= timedelta(minutes=30)
    assert timedelta(days=2, hours=23) < waits[1] <= timedelta(days=3)
    assert crawls[0]["next_crawl"][:10] in newsarchive("stats", archive=tmp_path).stdout
    days_later(tmp_path, 1)
    second = document(newsarchive("crawl", "--due", "--json", archive=tmp_path))
    assert set(second["sources"]) == {"often"}
    # Who asks for all of them gets all of them.
    assert len(document(newsarchive("crawl", "--json", archive=tmp_path))["sources"]) == 2


def test_a_source_that_fails_is_asked_ever_more_rarely(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    site.write(tmp_path, interval="12h")
    hours = []
    for _ in range(3):
        assert newsarchive("crawl", "--due", archive=tmp_path).returncode == 1
        (stamped,) = column(tmp_path, "SELECT next_crawl FROM sources")
        due = datetime.fromisoformat(str(stamped))
        hours.append(round((due - datetime.now(UTC)) / timedelta(hours=1)))
        days_later(tmp_path, 8)
    assert hours == [24, 48, 96]
    site.article("/1")
    site.feed("/1")
    assert newsarchive("crawl", "--due", archive=tmp_path).returncode == 0
    assert column(tmp_path, "SELECT failed_crawls FROM sources") == [0]


def test_watch_crawls_what_is_due_outlives_errors_and_ends_cleanly(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    site.article("/1")
    site.feed("/1")
    site.write(tmp_path)
    right = (tmp_path / "sources.toml").read_text()
    with started(QUICK, "watch", "--json", "--archive", str(tmp_path)) as process:
        assert event(process)["event"] == "started"
        crawled = event(process)
        assert crawled["event"] == "crawled"
        assert crawled["sources"]["x"]["new"] == 1  # type: ignore[index]
        assert datetime.fromisoformat(str(crawled["next"])) > datetime.now(UTC)
        (tmp_path / "sources.toml").write_text("[[source]]\nnme = 1\n")
        assert "line 2: unknown key 'nme'" in str(event(process)["message"])
        (tmp_path / "sources.toml").write_text(right)
        asked = len(site.log)
        days_later(tmp_path, 1)
        while event(process)["event"] == "error":  # it met the lock of the line above
            pass
        assert len(site.log) > asked
        process.send_signal(signal.SIGTERM)
        assert event(process)["event"] == "stopped"
        assert process.wait(timeout=30) == 0
    done = newsarchive("watch", archive=tmp_path / "none")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_a_watch_that_is_stopped_ends_its_crawl_and_loses_nothing(
    site: Site, newsarchive: Run, tmp_path: Path
) -> None:
    paths = [f"/{n}" for n in range(40)]
    for path in paths:
        site.article(path, words=f"cranes {path[1:]}")
        answer = site.answers[path]

        def slow(answer: object = answer) -> Answer:
            time.sleep(0.2)
            return answer  # type: ignore[return-value]

        site.answers[path] = slow
    site.feed(*paths)
    site.write(tmp_path)
    with started(QUICK, "watch", "--archive", str(tmp_path)) as process:
        while len(site.log) < 6:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")
        assert out.splitlines()[-1].endswith("stopped")
    assert 6 <= len(site.log) < 40
    assert newsarchive("verify", archive=tmp_path).returncode == 0
    rest = document(newsarchive("crawl", "--due", "--json", archive=tmp_path))["sources"]["x"]
    assert rest["failed"] == 0
    assert column(tmp_path, "SELECT count(*) FROM articles") == [40]
    assert sorted({p for p, _ in site.log if p in paths}) == sorted(paths)


AWKWARD = timers.Job(
    [
        "/usr/bin/env",
        "crawl",
        "--archive",
        "/tmp/my archive's 100 %",
        'a"b',
        "$HOME",
        "back\\slash",
    ],
    Path("/tmp/my archive's 100 %"),
    "newsarchive-x",
)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here to ask")
def test_systemd_takes_the_units(newsarchive: Run, tmp_path: Path) -> None:
    units, archive = tmp_path / "units", tmp_path / "my archive"
    for name, text in timers.systemd(AWKWARD).files.items():
        units.mkdir(exist_ok=True)
        (units / name).write_text(text)
    done = newsarchive(
        "schedule", "systemd", "--output", units, "--contact", "a@b.org", archive=archive
    )
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in units.iterdir())
    assert "newsarchive-my-archive.timer" in names
    assert "enable --now newsarchive-my-archive.timer" in done.stderr
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(units / name for name in names)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")
    service = (units / "newsarchive-x.service").read_text()
    assert r'''"/tmp/my archive's 100 %%" "a\"b" "$$HOME" "back\\slash"''' in service


def test_cron_runs_the_command_as_it_was_meant() -> None:
    ((_, line),) = timers.cron(AWKWARD).files.items()
    minutes, *stars, command = line.split(" ", 5)
    assert stars == ["*"] * 4
    times = [int(minute) for minute in minutes.split(",")]
    assert [b - a for a, b in pairwise(times)] == [15, 15, 15]
    assert 0 <= times[0] < 15
    # crontab(5): a bare % ends the command, an escaped one stands for itself.
    assert "%" not in command.replace(r"\%", "")
    words = shlex.split(command.replace(r"\%", "%"))
    assert words[: len(AWKWARD.command)] == AWKWARD.command


def test_launchd_gets_a_property_list(newsarchive: Run, tmp_path: Path) -> None:
    done = newsarchive("schedule", "launchd", "--contact", "a@b.org", archive=tmp_path)
    job = plistlib.loads(done.stdout.encode())
    assert job["ProgramArguments"][-6:] == [
        "crawl", "--due", "--archive", str(tmp_path), "--contact", "a@b.org",
    ]  # fmt: skip
    assert job["StartInterval"] == 900
    assert plistlib.loads(timers.launchd(AWKWARD).files.popitem()[1].encode())["RunAtLoad"]


def test_the_kind_is_that_of_the_machine(newsarchive: Run, tmp_path: Path) -> None:
    plan = document(newsarchive("schedule", "--json", archive=tmp_path))
    assert plan["kind"] == timers.default_kind()
    assert all(str(tmp_path) in text for name, text in plan["files"].items() if "timer" not in name)
