"""The one writer of an archive: a lock that ends with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.errors import UserError


class Locked(UserError):
    """Another process is writing this archive; the message says which."""

    exit_code = 3


@contextmanager
def writing(directory: Path, purpose: str) -> Iterator[None]:
    """Hold the archive's lock (flock on its file `lock`), or raise Locked at once.

    `purpose` is what others are told: "crawl", "import".
    """
    with open(directory / "lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise Locked(f"{holder} is writing the archive in {directory}") from None
        file.truncate(0)
        file.write(f"newsarchive {purpose} (process {os.getpid()})")
        file.flush()
        yield


@contextmanager
def alone(folder: Path, message: str) -> Iterator[None]:
    """Hold a lock on a folder that is no archive (yet), or raise Locked with the message at once."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Locked(message) from None
    finally:
        os.close(descriptor)
