"""Staying up: crawl what is due, sleep until something is, whatever happens in between.

Each crawl is a process of its own: Twisted's reactor starts once a process, memory that a crawl took
is given back, and a crawl that dies takes nothing with it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive import deviations
from archive.errors import UserError
from archive.lock import Locked
from archive.model import Deviation, SourceReport
from crawler import due, sources
from crawler.hosts import stamp

LOOK = timedelta(minutes=1)  # how soon an edit of sources.toml is seen
LONGEST_PAUSE = timedelta(hours=1)  # after crawls that ended with an error, one after the other
STOPPING = 90.0  # seconds for a crawl to end what is under way; a download has 30
NAMED = 3  # sources that a line names

Say = Callable[[dict[str, Any], str], None]


@dataclass
class Watch:
    """The archive and sources that are watched; `say` is given each event, as data and as a line."""

    directory: Path
    file: Path | None
    contact: str | None
    say: Say
    stopped: threading.Event = field(default_factory=threading.Event)
    _child: subprocess.Popen[str] | None = None
    _errors: int = 0  # crawls in a row that ended with one
    _last_error: str = ""

    def run(self) -> None:
        """Crawl what is due until SIGTERM or Ctrl+C; a crawl under way then ends cleanly."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopped.is_set():
            try:
                wait = self._turn()
            except UserError as error:
                self._fail(str(error))
                wait = LOOK
            self.stopped.wait(wait.total_seconds())
        self.say({"event": "stopped"}, "stopped")

    def _stop(self, *_: object) -> None:
        self.stopped.set()
        if self._child:
            self._child.terminate()

    def _turn(self) -> timedelta:
        """Crawl what is due; how long to wait for the next turn."""
        listed = sources.load(self.file or self.directory / "sources.toml")
        if not due.select(listed, due.read(self.directory)):
            return self._until_next(listed)
        code, out, said = self._crawl()
        if self.stopped.is_set():
            return timedelta()
        if code not in (0, 1) or not out:
            self._errors += code != Locked.exit_code
            self._fail(said.strip().rpartition("\n")[2] or f"the crawl ended with code {code}")
            return min(LOOK * (1 << min(self._errors, 10)), LONGEST_PAUSE)
        self._errors, self._last_error = 0, ""
        report = json.loads(out)
        after = due.read(self.directory)
        coming = due.earliest(listed, after)
        self.say({"event": "crawled", "next": stamp(coming)} | report, _line(report, coming))
        for name, source in report["sources"].items():
            if source["changed"]:
                changed = [Deviation(**deviation) for deviation in source["changed"]]
                event = {"event": "changed", "source": name, "changed": source["changed"]}
                self.say(event, f"{name}: {deviations.line(changed)}")
        return self._until_next(listed)

    def _until_next(self, listed: Sequence[sources.Source]) -> timedelta:
        wait = due.earliest(listed, due.read(self.directory)) - datetime.now(UTC)
        return min(max(wait, timedelta()), LOOK)

    def _crawl(self) -> tuple[int, str, str]:
        """Exit code, standard output and error of a crawl of what is due."""
        command = [sys.executable, "-m", "crawler", "crawl", "--due", "--json"]
        command += ["--archive", str(self.directory)]
        command += ["--sources", str(self.file)] if self.file else []
        command += ["--contact", self.contact] if self.contact else []
        # A session of its own: Ctrl+C reaches it through us, once.
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        ) as self._child:  # fmt: skip
            if self.stopped.is_set():
                self._child.terminate()
            out, said = self._communicate(self._child)
            code = self._child.returncode
        self._child = None
        return code, out, said

    def _communicate(self, child: subprocess.Popen[str]) -> tuple[str, str]:
        while True:
            try:
                return child.communicate(timeout=STOPPING if self.stopped.is_set() else 1)
            except subprocess.TimeoutExpired:
                if self.stopped.is_set():
                    child.kill()

    def _fail(self, message: str) -> None:
        """Say what is wrong, once for as long as it is."""
        if message != self._last_error:
            self.say({"event": "error", "message": message}, message)
        self._last_error = message


def _line(report: dict[str, Any], coming: datetime) -> str:
    found = report["sources"]
    names = [*found][:NAMED]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    total = {key: sum(s[key] for s in found.values()) for key in _COUNTED}
    counts = ", ".join(f"{total[key]} {key}" for key in _COUNTED)
    return (
        f"{', '.join(names)}{more}: {counts}, {report['seconds']:.0f} s; "
        f"next {stamp(coming)[:16].replace('T', ' ')} UTC"
    )


_COUNTED = ("new", "revised", "failed", "requests")
assert set(_COUNTED) <= set(SourceReport.__dataclass_fields__)
