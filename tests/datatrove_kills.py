"""kill -9 in the middle of the datatrove example, and started again: is the corpus that of a run left alone?

`python -m tests.datatrove_kills` kills the whole run, then a worker of it, with the local executor;
`--executor ray` does so with Ray (pip install ray); `make kills-datatrove` does both, some minutes each.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from archive import warc
from tests.conftest import ROOT
from tests.faults import page
from tests.test_datatrove import BANNER, HTML, text

FILES, PAGES = 6, 40  # WARC files, and pages in each
MARK = "TESTS_DATATROVE_KILLS"  # in the environment of our processes
SECONDS = 600  # then a run hangs
STILL = 20  # seconds without anything done: then it waits for a worker that is gone

Victims = Callable[[Path], list[int]]


def make(folder: Path) -> None:
    """WARC files of a few sites, each in all of the files."""
    for number in range(FILES):
        writer = warc.WarcWriter(folder, name=f"part{number}")
        for n in range(PAGES):
            url = f"https://site{n % 4}.org/{number}-{n}"
            body = page(f"Report {number}-{n}", text(url) * 5 + BANNER)
            writer.append(
                warc.Exchange(url, f"2026-11-0{number + 1}T00:00:00Z", 200, (HTML,), body)
            )
        writer.close()


def start(folder: Path, work: Path, executor: str) -> subprocess.Popen[bytes]:
    """The example, with all of its processes in one group."""
    command = [sys.executable, str(ROOT / "examples/warc_to_corpus.py"), str(folder), str(work)]
    command += ["--tasks", str(FILES), "--workers", "2", "--executor", executor]
    return subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT), MARK: str(work)},
        cwd=work.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def processes(work: Path) -> Iterator[Path]:
    """Those that the run started, and that are there still."""
    mark = f"{MARK}={work}\0".encode()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes() + b"\0":
                yield place
        except OSError:
            continue


def everything(work: Path) -> list[int]:
    """All processes of the run."""
    return [int(place.name) for place in processes(work)]


def writing(work: Path) -> list[int]:
    """Those in the middle of a task of the stage `articles`; of Ray the actor whose process it is."""
    found = []
    for place in processes(work):
        try:
            held = {os.readlink(entry) for entry in (place / "fd").iterdir()}
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            actor = Path("/proc", parent, "cmdline").read_bytes()
        except OSError:
            continue
        if any(name.startswith(f"{work}/articles/") for name in held):
            found.append(int(parent if b"RankWorker" in actor else place.name))
    return found[:1]


def completed(work: Path) -> dict[str, int]:
    """The tasks of the stage that are complete, and when they were."""
    folder = work / "logs/articles/completions"
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("*"))}


def corpus(work: Path) -> dict[str, str]:
    """The digests of the files of the corpus."""
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in sorted((work / "corpus").glob("*.parquet"))
    }


def kill(pids: list[int]) -> None:
    """End processes at once."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def disturbed(folder: Path, work: Path, executor: str, victims: Victims) -> str:
    """Kill what `victims` names once two tasks are complete and others under way; then let it finish."""
    run = start(folder, work, executor)
    chosen: list[int] = []
    while not chosen:
        time.sleep(0.05)
        assert run.poll() is None, "it ended before it could be killed"
        if len(completed(work)) >= 2 and writing(work):
            chosen = victims(work)
    before = completed(work)
    kill(chosen)
    goes_on = victims is not everything and finishes(run, work)
    kill(everything(work))
    run.wait()
    time.sleep(1)
    again = 0
    if not goes_on:
        held = completed(work)
        finished = start(folder, work, executor)
        assert finished.wait(SECONDS) == 0, "started again, it failed"
        again = len(set(completed(work)) - set(held))
    kept = all(completed(work)[name] == when for name, when in before.items())
    assert kept, "a task that was complete was done again"
    how = "it went on by itself" if goes_on else f"started again, {again} tasks were done"
    return f"{len(chosen)} processes killed at {len(before)} of {FILES} tasks; {how}"


def finishes(run: subprocess.Popen[bytes], work: Path) -> bool:
    """Whether a run ends by itself; not, where nothing happens any more."""
    last, state = time.monotonic(), None
    while run.poll() is None:
        now = sorted(str(path) for path in (work / "logs").rglob("*"))
        if now != state:
            last, state = time.monotonic(), now
        if time.monotonic() - last > STILL and not writing(work):
            return False
        time.sleep(0.5)
    return run.returncode == 0


KINDS: dict[str, Victims] = {"all": everything, "worker": writing}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executor", choices=["local", "ray"], default="local")
    parser.add_argument("--only", choices=KINDS, help="what is killed: both, where nothing is said")
    given = parser.parse_args()
    executor, kinds = given.executor, [given.only] if given.only else KINDS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "warc")
        make(folder)
        alone = Path(temporary, "alone")
        assert start(folder, alone, "local").wait(SECONDS) == 0
        wanted = corpus(alone)
        assert wanted
        failed = False
        for name in kinds:
            work = Path(temporary, name)
            said = disturbed(folder, work, executor, KINDS[name])
            same = corpus(work) == wanted
            failed |= not same
            result = "the same" if same else "DIFFERENT"
            print(f"{executor}, {name}: {said}; corpus {result}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
