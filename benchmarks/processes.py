"""Running a command and measuring all its processes: time, processor time, and memory as it goes.

Linux. Memory is the sum of the proportional set sizes (PSS) of the process group, in which what
processes share counts once; processor time is that of every process of the group.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

ROOT = Path(__file__).parents[1]
STEP_SECONDS = 0.01
SHARE = 0.02  # of a core, that looking at the memory may take
PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans of our commands become our children
SETTLED = 0.3  # of the time, after which a program has loaded what it needs


Memory = list[tuple[float, int]]  # seconds since the start, and bytes held then


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds on the clock and of the processor, memory, its standard output."""

    seconds: float
    cpu: float
    memory: Memory = field(repr=False)
    output: str = field(repr=False)

    @property
    def peak(self) -> int:
        """The most bytes it held at once."""
        return max((held for _, held in self.memory), default=0)

    @property
    def growth(self) -> float:
        """Bytes a second by which it grew in the last 70 % of its time (least squares)."""
        late = [sample for sample in self.memory if sample[0] >= SETTLED * self.seconds]
        if len(late) < 3:  # too short to tell
            return 0.0
        return linear_regression(*zip(*late, strict=True)).slope


class Failed(Exception):
    """A command ended with an error, or not in time: its last lines."""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    allowed: Sequence[int] = (0,),
    seconds: float = 540,
) -> Cost:
    """What the command took; exit codes but those allowed, and taking too long, raise Failed."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
            stderr=errors, start_new_session=True,
        )  # fmt: skip
        try:
            took, cpu, memory = _watch(process, seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if process.returncode not in allowed:
            raise Failed(f"{' '.join(map(str, command))}: {_text(errors)[-2000:]}")
        return Cost(took, cpu, memory, _text(out))


def newsarchive(*arguments: str | Path, allowed: Sequence[int] = (0,)) -> Cost:
    """What one of our commands takes; its output is JSON. Raises Failed."""
    return run([sys.executable, "-m", "crawler", *arguments, "--json"], cwd=ROOT, allowed=allowed)


def _watch(process: subprocess.Popen[bytes], most: float) -> tuple[float, float, Memory]:
    """The seconds until the process ended, those of the processor of its group, and the memory of that."""
    started, took, cpu, due = time.monotonic(), 0.0, 0.0, 0.0
    memory: Memory = []
    while True:
        now = time.monotonic() - started
        try:
            pid, status, used = os.wait4(-process.pid, os.WNOHANG)
        except ChildProcessError:  # all have ended
            return took, cpu, memory
        if pid:
            cpu += used.ru_utime + used.ru_stime
            if pid == process.pid:
                took, process.returncode = now, os.waitstatus_to_exitcode(status)
            continue
        if now > most:
            os.killpg(process.pid, signal.SIGKILL)
            raise Failed(f"{process.args[0]!s} …: not done after {most:.0f} s")  # type: ignore[index]
        if now >= due:
            memory.append((now, _group_memory(process.pid)))
            looked = time.monotonic() - started - now
            due = now + looked / SHARE
        time.sleep(STEP_SECONDS)


def _group_memory(group: int) -> int:
    """The bytes that the processes of a group hold: PSS, or where that is closed, resident."""
    held = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                held += _memory(entry)
        except (OSError, IndexError):  # it has just ended
            continue
    return held


def _memory(process: Path) -> int:
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", (process / "smaps_rollup").read_text(), re.M)
    except PermissionError:
        found = re.search(r"^VmRSS:\s+(\d+) kB", (process / "status").read_text(), re.M)
    return int(found[1]) * 1024 if found else 0


def _text(file: object) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    return file.read().decode(errors="replace")  # type: ignore[attr-defined,no-any-return]
