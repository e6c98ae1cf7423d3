"""What several tests use: the command line as its users run it."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("ours", deadline=None)  # no time is asserted: machines are busy
settings.load_profile("ours")
os.environ.pop("COLUMNS", None)  # the workers of pytest-xdist have it, and commands look at it

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[1]
SECONDS = 300  # then a command hangs
IMPORTED = [
    "tests.conftest",
    "archive.cli",
    "crawler.workers",
    "crawler.run",
    "crawler.spiders.newsletter",
]


@pytest.fixture(scope="session")
def newsarchive() -> Run:
    """Run a command line in a process of its own, its output captured.

    It is forked from one that has imported the program: starting Python and importing Scrapy takes
    longer than most of what is tested. `python -m crawler` itself is started by tests/kills.py and
    by the tests of disks, faults and running unattended.
    """
    forkserver.set_forkserver_preload(IMPORTED)
    processes = multiprocessing.get_context("forkserver")

    def run(
        *arguments: str | Path, archive: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = ["newsarchive", *map(str, arguments)]
        if archive:
            command += ["--archive", str(archive)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NEWSARCHIVE_")}
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("stdout", "stderr")]
            process = processes.Process(target=_command, args=(command, environment, files))
            process.start()
            try:
                process.join(SECONDS)
            finally:
                process.kill()
            if process.exitcode is None:
                raise subprocess.TimeoutExpired(command, SECONDS)
            said = [file.read_text("utf-8") for file in files]
        return subprocess.CompletedProcess(command, process.exitcode, *said)

    return run


def _command(command: list[str], environment: dict[str, str], files: list[Path]) -> None:
    """What a shell does with `newsarchive … >stdout 2>stderr`."""
    from crawler.commands import main

    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in enumerate(files, 1):
        with open(path, "wb") as file:
            os.dup2(file.fileno(), descriptor)
    sys.argv = command
    main()


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """The one JSON document on standard output."""
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
