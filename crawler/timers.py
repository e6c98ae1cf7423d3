"""What starts `crawl --due` by itself: a systemd timer, a line for cron, a launchd job.

Each comes every quarter of an hour and crawls only what is due then, so that a source that is asked
every hour is asked every hour; a run with nothing due asks nobody anything.
"""

from __future__ import annotations

import hashlib
import plistlib
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.settings import BOT_NAME

MINUTES = 15


@dataclass(frozen=True, slots=True)
class Job:
    """The command line to start, the archive it is for, and a name of letters, digits and hyphens."""

    command: Sequence[str]
    directory: Path
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Files with the folder they belong to, and what a user does with them."""

    files: dict[str, str]
    folder: str
    steps: tuple[str, ...]


def job(directory: Path, file: Path | None, contact: str | None) -> Job:
    """The job that crawls what is due into an archive."""
    script = Path(sys.executable).with_name("newsarchive")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "crawler"]
    command += ["crawl", "--due", "--archive", str(directory.absolute())]
    command += ["--sources", str(file.absolute())] if file else []
    command += ["--contact", contact] if contact else []
    name = re.sub(r"[^A-Za-z0-9]+", "-", directory.absolute().name).strip("-") or "archive"
    return Job(command, directory.absolute(), f"newsarchive-{name}")


def systemd(job: Job) -> Plan:
    """A service and a timer of the user (systemd.service(5), systemd.timer(5))."""
    about = f"Description=Crawl what is due into {_percent(str(job.directory))}"
    # 1: done with failures, which stand in the archive. 3: another run is at work. Both are usual.
    service = f"""[Unit]
{about}

[Service]
Type=oneshot
ExecStart={" ".join(_systemd_quoted(word) for word in job.command)}
SuccessExitStatus=1 3
Nice=10
TimeoutStopSec=2min
"""
    timer = f"""[Unit]
{about}

[Timer]
OnCalendar=*:0/{MINUTES}
RandomizedDelaySec=5min
Persistent=true

[Install]
WantedBy=timers.target
"""
    return Plan(
        {f"{job.name}.service": service, f"{job.name}.timer": timer},
        "~/.config/systemd/user",
        (
            f"systemctl --user daemon-reload && systemctl --user enable --now {job.name}.timer",
            "loginctl enable-linger    # where it is to run while you are not logged in",
            f"journalctl --user -u {job.name}.service    # what it said",
        ),
    )


def cron(job: Job) -> Plan:
    """A line for `crontab -e` (crontab(5)). Its minutes follow from the archive's folder.

    Else every archive of the world would come at the full hour.
    """
    digest = hashlib.sha256(str(job.directory).encode()).digest()
    minutes = ",".join(str(digest[0] % MINUTES + n) for n in range(0, 60, MINUTES))
    command = shlex.join(job.command).replace("%", r"\%")  # cron makes a new line of a bare %
    line = f"{minutes} * * * * {command} --json >/dev/null\n"
    return Plan({f"{job.name}.cron": line}, "your crontab", ("crontab -e    # and paste the line",))


def launchd(job: Job) -> Plan:
    """A job of the user's for macOS (launchd.plist(5))."""
    label = f"{BOT_NAME}.{job.name}"
    log = str(job.directory / "crawl.log")
    text = plistlib.dumps(
        {
            "Label": label,
            "ProgramArguments": list(job.command),
            "StartInterval": MINUTES * 60,
            "RunAtLoad": True,
            "ProcessType": "Background",
            "StandardOutPath": log,
            "StandardErrorPath": log,
        }
    ).decode()
    return Plan(
        {f"{label}.plist": text},
        "~/Library/LaunchAgents",
        (f"launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/{label}.plist",),
    )


KINDS = {"systemd": systemd, "cron": cron, "launchd": launchd}


def default_kind() -> str:
    """The kind that this machine has."""
    if sys.platform == "darwin":
        return "launchd"
    return "systemd" if Path("/run/systemd/system").is_dir() else "cron"


def _systemd_quoted(word: str) -> str:
    """A word of ExecStart: quoted, and nothing in it expanded."""
    escaped = _percent(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@%+=:,./-]+", escaped, re.ASCII) else f'"{escaped}"'


def _percent(text: str) -> str:
    return text.replace("%", "%%")
