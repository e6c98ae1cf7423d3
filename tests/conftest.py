"""What several tests use: the command line as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def newsarchive() -> Run:
    """Run a command line in a process of its own."""

    def run(
        *arguments: str | Path, archive: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "crawler", *map(str, arguments)]
        if archive:
            command += ["--archive", str(archive)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NEWSARCHIVE_")}
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            timeout=300,
            check=False,
        )

    return run


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """The one JSON document on standard output."""
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
