"""Running a command and measuring all its processes: time, processor time, and memory as it goes.

Linux. Memory is the sum of the proportional set sizes (PSS) of the process group, in which what
processes share counts once; processor time is that of every process of the group.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

SAMPLE_SECONDS = 0.5
PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans of our commands become our children
SETTLED = 0.3  # of the time, after which a program has loaded what it needs


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took. `memory`: seconds since its start, and bytes held then."""

    seconds: float
    cpu: float
    memory: list[tuple[float, int]] = field(repr=False)
    output: str = field(repr=False)

    @property
    def peak(self) -> int:
        """The most bytes it held at once."""
        return max((held for _, held in self.memory), default=0)

    @property
    def growth(self) -> float:
        """Bytes a second by which it grew in the last 70 % of its time (least squares)."""
        late = [sample for sample in self.memory if sample[0] >= SETTLED * self.seconds]
        if len(late) < 3:
            return 0.0
        return linear_regression(*zip(*late, strict=True)).slope


class Failed(Exception):
    """A command ended with an error, or not in time: its last lines."""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    allowed: Sequence[int] = (0,),
    seconds: float = 540,
) -> Cost:
    """What the command took; exit codes but those allowed, and taking too long, raise Failed."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started, memory, cpu, ended = time.monotonic(), list[tuple[float, int]](), 0.0, 0.0
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True,
        )  # fmt: skip
        sampled = 0.0
        while True:
            now = time.monotonic() - started
            try:
                pid, status, used = os.wait4(-process.pid, os.WNOHANG)
            except ChildProcessError:
                break
            if pid:
                cpu += used.ru_utime + used.ru_stime
                if pid == process.pid:
                    ended, process.returncode = now, os.waitstatus_to_exitcode(status)
            elif now > seconds:
                os.killpg(process.pid, 9)
            else:
                if now - sampled >= SAMPLE_SECONDS:
                    memory.append((now, _group_memory(process.pid)))
                    sampled = now
                time.sleep(0.02)
        if process.returncode not in allowed:
            raise Failed(f"{' '.join(map(str, command))}: {_text(errors)[-2000:]}")
        return Cost(ended, cpu, memory, _text(out))


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
