"""Pages of docs/: each measurement writes its own section, the rest of the file stays."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.extractors import EXTRACTORS

TITLE = "# Measured on real pages\n"


def machine() -> str:
    """When and on what was measured."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )


def versions() -> dict[str, str]:
    """The installed packages under test, each with its version."""
    return {e.package: e.version for e in EXTRACTORS.values() if e.version}


def write_section(path: Path, name: str, text: str) -> None:
    """Put a section in the place of the one of this name, or at the end of the file."""
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}\n"
    held = path.read_text("utf-8") if path.exists() else TITLE
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end) + "\n", re.S)
    if pattern.search(held):
        made = pattern.sub(lambda _: section, held)
    else:
        made = f"{held.rstrip()}\n\n{section}"
    path.write_text(made, "utf-8")
