"""Disks that are full or not to be written, and files torn by a power cut: nothing stored is lost."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import kills
from tests.archive_state import state
from tests.broken_site import Site, serve
from tests.conftest import ROOT, Run

PAGES = 30
SMALL = "4600k"  # of a disk: room for the schema, and for a third of the articles


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    folder = tmp_path_factory.mktemp("sites")
    with serve([(f"site-{n}", kills.site(PAGES // 2, n), "http") for n in range(2)], folder) as s:
        yield s


@pytest.fixture(scope="module")
def whole(
    newsarchive: Run, sites: dict[str, Site], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The archive of a crawl that nothing disturbed, to compare with or to copy."""
    directory = prepared(tmp_path_factory.mktemp("whole"), sites)
    assert newsarchive("crawl", archive=directory).returncode == 0
    return directory


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that holds little."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(disk)]
    if (
        sys.platform != "linux"
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)


def prepared(directory: Path, sites: dict[str, Site]) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "sources.toml").write_text(kills.sources(sites))
    return directory


def test_a_full_disk_is_one_line_and_costs_nothing_that_was_stored(
    newsarchive: Run, small_disk: Path, sites: dict[str, Site], whole: Path
) -> None:
    archive = prepared(small_disk / "archive", sites)
    for _ in range(2):  # the disk is as full when the next crawl begins
        done = newsarchive("crawl", archive=archive)
        assert done.returncode == 4
        assert re.fullmatch(r"Error: [^\n]*(full|No space)[^\n]*nothing[^\n]*\n", done.stderr)
        assert newsarchive("verify", archive=archive).returncode == 0
    held = state(archive)["payloads"]
    assert held
    remount(small_disk, "size=100m")
    assert newsarchive("crawl", archive=archive).returncode == 0
    found = state(archive)
    assert set(held) <= set(found["payloads"])
    assert found == state(whole)
    assert newsarchive("verify", archive=archive).returncode == 0


def test_a_folder_that_is_read_only_is_one_line_and_can_be_read(
    newsarchive: Run, small_disk: Path, whole: Path
) -> None:
    remount(small_disk, "size=100m")
    archive = shutil.copytree(whole, small_disk / "archive")
    before = state(archive)
    remount(small_disk, "ro")
    for command in (["crawl"], ["import", str(archive / "warc")]):
        done = newsarchive(*command, archive=archive)
        assert done.returncode == 4
        assert re.fullmatch(r"Error: Read-only file system[^\n]+\n", done.stderr)
    assert newsarchive("verify", archive=archive).returncode == 0
    assert newsarchive("stats", archive=archive).returncode == 0
    assert state(archive) == before


def test_a_file_that_may_not_grow_is_one_line_and_costs_nothing(
    tmp_path: Path, newsarchive: Run, sites: dict[str, Site], whole: Path
) -> None:
    archive = prepared(tmp_path / "archive", sites)
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))\n"
        "from crawler.commands import main; main()"
    )
    command = [sys.executable, "-c", code, "crawl", "--archive", str(archive)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert done.returncode == 4, done.stderr
    assert re.fullmatch(r"Error: [^\n]+nothing that was stored is lost\n", done.stderr)
    assert newsarchive("verify", archive=archive).returncode == 0
    assert newsarchive("crawl", archive=archive).returncode == 0
    assert state(archive) == state(whole)


def test_a_torn_end_of_a_file_of_captures_is_cut_off(
    tmp_path: Path, newsarchive: Run, whole: Path
) -> None:
    archive = shutil.copytree(whole, tmp_path / "archive")
    before = state(archive)
    (file,) = (archive / "warc").iterdir()
    size, torn = file.stat().st_size, file.read_bytes()[:200]
    with open(file, "ab") as stream:  # a record that was being written when the power went
        stream.write(torn)
    assert newsarchive("crawl", "--revisit", archive=archive).returncode == 0
    assert newsarchive("verify", archive=archive).returncode == 0
    assert state(archive) == before
    assert file.stat().st_size > size
    assert not file.read_bytes()[size:].startswith(torn)


def test_pages_are_browsed_while_a_crawl_writes_and_neither_meets_a_lock(
    tmp_path: Path, newsarchive: Run, sites: dict[str, Site]
) -> None:
    archive = prepared(tmp_path / "archive", sites)
    assert newsarchive("crawl", "--limit", "1", archive=archive).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = [sys.executable, "-m", "crawler"]
    browse = subprocess.Popen(
        [*base, "browse", "--port", str(port), "--archive", str(archive)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert browse.stdout
    assert browse.stdout.readline()
    crawl = subprocess.Popen(
        [*base, "crawl", "--revisit", "--archive", str(archive)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    statuses: list[int] = []

    def hammer() -> None:
        while crawl.poll() is None:
            for path in ("/", "/-/search?q=crane", "/-/source/site-0", "/archive/articles"):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                    statuses.append(answer.status)

    readers = [threading.Thread(target=hammer) for _ in range(3)]
    for reader in readers:
        reader.start()
    said = crawl.communicate(timeout=120)[1]
    for reader in readers:
        reader.join()
    browse.terminate()
    errors = browse.communicate(timeout=30)[1]
    assert crawl.returncode == 0, said
    assert "locked" not in said + errors
    assert len(statuses) > 12
    assert set(statuses) == {200}
