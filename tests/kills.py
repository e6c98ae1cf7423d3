"""kill -9 at random moments of a crawl, resumed each time: is the archive that of a crawl left alone?

`python -m tests.kills` does it 50 times with 500 pages, some ten minutes; the suite does it less often.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.integrity import verify
from tests.archive_state import State, state
from tests.broken_site import SITE, Answer, Pages, Site, serve
from tests.conftest import ROOT
from tests.faults import item, rss, urlset

SOURCES = 5
MARK = "TESTS_KILLS"  # in the environment of our processes: by that their orphans are known
WORDS = "crane harbour signal report engineer night winter sensor cable figure pier budget".split()
MENU = "<nav><a href=/>Home</a> <a href=/about>About us</a></nav>"
LETTER = "<p>Our letter comes every Friday with all that moves in the port, and costs nothing.</p>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the kills did: how many were made, in how many crawls, and which archives came out wrong."""

    kills: int
    crawls: int
    different: tuple[str, ...]
    problems: tuple[str, ...]
    orphans: int


def site(pages: int, seed: int) -> Pages:
    """A site of so many articles, with repeated blocks and translations.

    No copies under a second address: which of two is captured last depends on no more than chance,
    and the article names that one.
    """
    made: dict[str, Answer] = {}
    for n in range(pages):
        made[f"/post/{n}"] = Answer(_article(n, random.Random(f"{seed} {n}")))
    addresses = "".join(f"<url><loc>{SITE}{path}</loc></url>" for path in made)
    made["/sitemap.xml"] = Answer(urlset(addresses), "application/xml")
    made["/feed"] = rss("".join(item(f"/post/{n}") for n in range(min(pages, 10))))
    return made


def _article(n: int, chance: random.Random) -> bytes:
    paragraphs = "".join(
        f"<p>Paragraph {i} of report {n}: {' '.join(chance.choices(WORDS, k=40))}.</p>"
        for i in range(5)
    )
    other = f"<link rel=alternate hreflang=de href={SITE}/post/{n ^ 1}>" if n % 4 < 2 else ""
    return (
        f"<!DOCTYPE html><html lang=en><head><title>Report {n} on the port</title>"
        f"<link rel=canonical href={SITE}/post/{n}>{other}</head><body>{MENU}<main><article>"
        f"<h1>Report {n} on the port</h1>{LETTER}{paragraphs}</article></main></body></html>"
    ).encode()


def run(count: int, pages: int, seed: int, folder: Path) -> Outcome:
    """Kill crawls until it has been done so often, and compare each archive with one left alone."""
    chance = random.Random(seed)
    sites = [(f"site-{n}", site(pages // SOURCES, n), "http") for n in range(SOURCES)]
    with serve(sites, folder) as served:
        whole = folder / "whole"
        seconds = _crawl(whole, served)
        expected = state(whole)
        kills = crawls = 0
        problems: list[str] = []
        different: list[str] = []
        while kills < count:
            directory, crawls = folder / f"killed-{crawls}", crawls + 1
            while kills < count and _kill(directory, served, chance.uniform(0, seconds / 2)):
                kills += 1
                print(f"\r{kills} kills", end="", file=sys.stderr, flush=True)
            _crawl(directory, served)
            different += _differences(state(directory), expected)
            problems += verify(directory)
    time.sleep(2)
    return Outcome(kills, crawls, tuple(different), tuple(problems), _orphans(folder))


def _differences(found: State, expected: State) -> list[str]:
    """What one of two archives has and the other has not, a line each."""
    lines = []
    for table, rows in expected.items():
        missing, more = set(rows) - set(found[table]), set(found[table]) - set(rows)
        lines += [f"{table}: missing: {row}"[:300] for row in sorted(missing, key=repr)]
        lines += [f"{table}: not expected: {row}"[:300] for row in sorted(more, key=repr)]
    return lines


def _kill(directory: Path, served: Mapping[str, Site], seconds: float) -> bool:
    """Kill a crawl after so many seconds; whether it was still under way."""
    process = _start(directory, served)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        # The one process, as `kill -9` and the kernel's memory killer do it: its workers live on.
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True


def _crawl(directory: Path, served: Mapping[str, Site]) -> float:
    """Crawl to the end; the seconds that it took."""
    started = time.monotonic()
    if _start(directory, served).wait() != 0:
        said = (directory / "messages").read_text()[-2000:]
        raise RuntimeError(f"a crawl that nobody disturbed has failed: {said}")
    return time.monotonic() - started


def sources(served: Mapping[str, Site]) -> str:
    """The sources.toml of these sites."""
    return "".join(
        f'[[source]]\nname = "{name}"\nurl = "{site.base}/"\nfeeds = ["{site.base}/feed"]\n'
        f'sitemaps = ["{site.base}/sitemap.xml"]\nallow_private = true\ndelay = 0\n'
        for name, site in served.items()
    )


def _start(directory: Path, served: Mapping[str, Site]) -> subprocess.Popen[bytes]:
    directory.mkdir(exist_ok=True)
    (directory / "sources.toml").write_text(sources(served))
    command = [sys.executable, "-m", "crawler", "crawl", "--archive", str(directory)]
    marked = os.environ | {MARK: str(directory.parent)}
    with open(directory / "messages", "ab") as messages:
        return subprocess.Popen(command, cwd=ROOT, stdout=messages, stderr=messages, env=marked)


def _orphans(folder: Path) -> int:
    """Processes of killed crawls that still run (Linux)."""
    mark, found = f"{MARK}={folder}".encode(), 0
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += mark in path.read_bytes()
        except OSError:
            continue
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        done = run(given.count, given.pages, given.seed, Path(folder))
    print(
        f"\r{done.kills} kills in {done.crawls} crawls of {given.pages} pages: {len(done.different)} "
        f"rows differ from those of one left alone, `verify` finds {len(done.problems)} problems, "
        f"{done.orphans} processes are left"
    )
    for line in (*done.different[:20], *done.problems[:20]):
        print(line)
    return 1 if done.different or done.problems or done.orphans else 0


if __name__ == "__main__":
    sys.exit(main())
