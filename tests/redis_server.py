"""A real server of a shared frontier, Redis or Valkey, on a socket in a folder of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("redis-server", "valkey-server"))), None)
needs_server = pytest.mark.skipif(
    PROGRAM is None, reason="no redis-server or valkey-server: install one, as `make test` does"
)
SECONDS = 20  # then it does not start


class Running:
    """A server that can be stopped and started again, its data kept where it is asked to keep any."""

    def __init__(self, folder: Path, settings: tuple[str, ...]) -> None:
        self.socket = folder / "s"
        self._command = [
            str(PROGRAM), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder),
            "--save", "", *settings,
        ]  # fmt: skip
        self.start()

    def address(self, *parameters: str) -> str:
        """The address for `--frontier`."""
        return f"unix://{self.socket}?{'&'.join(parameters)}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import redis

        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        client, end = redis.Redis(unix_socket_path=str(self.socket)), time.monotonic() + SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(redis.ConnectionError):
                with suppress(redis.AuthenticationError, redis.ResponseError):
                    client.ping()
                client.close()
                return
            time.sleep(0.02)
        raise RuntimeError(f"{PROGRAM} does not start")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, as `kill -9` does where that is asked for."""
        self._process.send_signal(number)
        self._process.wait()


@contextmanager
def server(*settings: str) -> Iterator[Running]:
    """A server with these settings (`--requirepass`, `x`), while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:  # a socket's path is short
        running = Running(Path(folder), settings)
        try:
            yield running
        finally:
            running.stop(signal.SIGKILL)
