"""Pages a second of workers that share a frontier, where the delay of the hosts is the limit.

    python -m benchmarks.machines                       # 1, 2 and 4 workers; prints a table
    python -m benchmarks.machines --report docs/several-machines.md

The hosts are on loopback, each at an address of its own (127.0.0.2 and those behind it: Linux), so that
each is a domain of its own. Each worker is `newsarchive crawl --frontier` as users run it, all on this
machine; the server (redis-server or valkey-server) is started for each number of workers anew.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from archive import merge
from archive.opening import open_archive
from benchmarks.report import machine, write_section
from benchmarks.requests import Site
from benchmarks.tables import markdown_table

ROOT = Path(__file__).parents[1]
SERVERS = ("redis-server", "valkey-server")


@dataclass(frozen=True, slots=True)
class Run:
    """What so many workers did."""

    workers: int
    seconds: float  # from the first request to the last answer
    all_seconds: float  # with the start and the end of the processes
    pages: int  # in the joined archive
    requests: int


@dataclass
class Host(Site):
    """A site of the benchmark of requests, which answers on a connection that is kept open."""

    times: list[float] = field(default_factory=list)  # of the requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what is asked on one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.times.append(time.monotonic())
                answer = self.answer("", head.split()[1], {})
                fields = dict(answer.headers) | {"Content-Length": str(len(answer.body))}
                lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
                writer.write(f"HTTP/1.1 {answer.status} X\r\n{lines}\r\n".encode() + answer.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@contextmanager
def hosts(count: int, articles: int) -> Iterator[list[Host]]:
    """So many hosts with so many articles each, while the context lasts."""
    loop, made = asyncio.new_event_loop(), [Host(count=articles) for _ in range(count)]

    async def start() -> None:
        for number, host in enumerate(made, 2):
            address = f"127.0.{number // 250}.{number % 250 + 1}"
            server = await asyncio.start_server(host.serve, address, 0)
            host.base = f"http://{address}:{server.sockets[0].getsockname()[1]}"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextmanager
def frontier(folder: Path) -> Iterator[str]:
    """The address of a server, while the context lasts. Raises click.ClickException: there is none."""
    program = next(filter(None, map(shutil.which, SERVERS)), None)
    if not program:
        raise click.ClickException("no server: run 'sudo apt-get install -y redis-server'")
    socket = folder / "socket"
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", socket, "--dir", folder, "--appendonly", "yes"],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not socket.exists():
            time.sleep(0.05)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait()


def measure(made: Sequence[Host], workers: int, delay: float, domains: int) -> Run:
    """What so many workers do with the hosts, each with an archive of its own."""
    for host in made:
        host.statuses.clear()
        host.times.clear()
    with tempfile.TemporaryDirectory(prefix="machines-") as name:
        folder = Path(name)
        with frontier(folder) as address:
            started = time.monotonic()
            crawls = [
                _start(folder / f"worker-{n}", made, delay, f"{address}?domains={domains}")
                for n in range(workers)
            ]
            codes = [crawl.wait() for crawl in crawls]
            seconds = time.monotonic() - started
        if any(codes):
            raise click.ClickException(f"crawls ended with {codes}")
        pages = _joined(folder, workers)
    times = [moment for host in made for moment in host.times]
    return Run(
        workers,
        max(times) - min(times),
        seconds,
        pages,
        sum(host.statuses.total() for host in made),
    )


def _start(folder: Path, made: Sequence[Host], delay: float, address: str) -> subprocess.Popen[str]:
    folder.mkdir()
    (folder / "sources.toml").write_text(
        "".join(
            f'[[source]]\nname = "{number}"\nurl = "{host.base}/"\n'
            f'feeds = ["{host.base}/feed.xml"]\nallow_private = true\ndelay = {delay}\n'
            for number, host in enumerate(made)
        )
    )
    return subprocess.Popen(
        [sys.executable, "-m", "crawler", "crawl", "--archive", folder, "--frontier", address],
        cwd=ROOT, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def _joined(folder: Path, workers: int) -> int:
    """The articles of the joined archive."""
    with open_archive(folder / "joined", "merge") as archive:
        for number in range(workers):
            merge.merge(archive, folder / f"worker-{number}")
        (count,) = archive.connection.execute("SELECT count(*) FROM articles").fetchone()
    return int(count)


def table(runs: Sequence[Run]) -> Iterator[str]:
    """The runs as Markdown."""
    rows = [
        [
            "workers",
            "pages",
            "requests",
            "seconds",
            "with start and end",
            "pages a second",
            "of one worker's",
        ]
    ]
    for run in runs:
        speed = run.pages / run.seconds
        gain = speed / (runs[0].pages / runs[0].seconds)
        rows.append(
            [str(run.workers), str(run.pages), str(run.requests), f"{run.seconds:.0f}", f"{run.all_seconds:.0f}",
             f"{speed:.1f}", f"{gain:.2f} ×"]
        )  # fmt: skip
    return markdown_table(rows)


@click.command(help=__doc__)
@click.option("--hosts", "count", type=click.IntRange(1), default=48, show_default=True)
@click.option("--articles", type=click.IntRange(1), default=4, show_default=True, help="A host.")
@click.option("--delay", type=click.FloatRange(0), default=5.0, show_default=True)
@click.option("--domains", type=click.IntRange(1), default=6, show_default=True, help="At once.")
@click.option("--workers", type=click.IntRange(1), multiple=True, default=(1, 2, 4))
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(
    count: int, articles: int, delay: float, domains: int, workers: tuple[int, ...],
    report: Path | None,
) -> None:  # fmt: skip
    with hosts(count, articles) as made:
        runs = [measure(made, number, delay, domains) for number in workers]
    text = "\n".join(
        [
            "## Measured",
            "",
            f"{machine()}; `python -m benchmarks.machines`: {count} hosts on loopback with {articles} "
            f"articles each, {delay:g} seconds between two requests to a host, {domains} hosts at once "
            "for each worker, all workers on this one machine. A host is asked for its robots.txt, its "
            "feed and its articles. Pages a second are those from the first request to the last.",
            "",
            *table(runs),
        ]
    )
    click.echo(text)
    if report:
        write_section(report, "machines", text)


if __name__ == "__main__":
    main()
