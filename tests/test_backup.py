"""Backups: whole while a crawl writes, incremental, and never half under their name."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive import backup as backups
from archive import lock, warc
from archive.backup import BackupError, backup
from archive.cli import cli
from archive.integrity import verify
from tests.archive_state import state
from tests.conftest import ROOT, Run, document
from tests.kill_lines import killed_before
from tests.small_archive import TEXTS, make

LATER = {"https://c.org/6": ("en", "Ferries", "The ferries leave at six, the harbour sleeps.")}

# Writes captures without end; a file of captures for every few of them.
WRITER = """
import functools, sys
from pathlib import Path
from archive import warc
from tests.small_archive import make
warc.WarcWriter = functools.partial(warc.WarcWriter, rotate_bytes=4_000)
print("writing", flush=True)
n = 0
while True:
    texts = {}
    for _ in range(9):
        n += 1
        texts[f"https://a.org/{n}"] = ("en", f"No {n}", f"Of the harbour, part {n}. " * 40)
    make(Path(sys.argv[1]), texts, day=24)
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    make(tmp_path / "archive", TEXTS)
    (tmp_path / "archive" / "sources.toml").write_text(
        '[[source]]\nname = "a"\nurl = "https://a"\n'
    )
    return tmp_path / "archive"


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))  # come and go with readers
    }


def is_whole(copy: Path, *originals: Path) -> bool:
    """Whether the copy is clean, and as one of these archives."""
    return verify(copy) == [] and state(copy) in [state(original) for original in originals]


def test_a_backup_is_the_archive(archive: Path, tmp_path: Path, newsarchive: Run) -> None:
    done = newsarchive("backup", tmp_path / "copy", "--json", archive=archive)
    told = document(done)
    assert (told["target"], told["articles"], told["captures"]) == (str(tmp_path / "copy"), 5, 5)
    assert is_whole(tmp_path / "copy", archive)
    warcs = {name for name in bytes_of(archive) if name.startswith("warc/")}
    assert set(bytes_of(tmp_path / "copy")) == {"archive.db", "sources.toml", *warcs}
    assert not (tmp_path / "copy.partial").exists()
    assert "5 articles, 5 captures" in newsarchive("backup", tmp_path / "b", archive=archive).stderr


def test_of_captures_an_earlier_backup_is_given_what_is_new(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup(archive, copy)
    (held,) = (copy / "warc").iterdir()
    length = held.stat().st_size
    with open(held, "r+b") as file:  # shows whether bytes that are there are written again
        file.write(b"?")
    make(archive, LATER, day=25)
    made = backup(archive, copy)
    assert held.read_bytes()[:1] == b"?"
    new = held.stat().st_size - length
    assert (new > 0, made.copied) == (True, (copy / "archive.db").stat().st_size + new)
    with open(held, "r+b") as file:
        file.write(warc.GZIP_MAGIC[:1])
    assert is_whole(copy, archive)


def test_a_backup_made_while_a_crawl_writes_is_whole(tmp_path: Path) -> None:
    archive, copy = tmp_path / "archive", tmp_path / "copy"
    command = [sys.executable, "-c", WRITER, str(archive)]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout
        assert writer.stdout.readline() == "writing\n"
        while not (archive / "warc").is_dir():
            assert writer.poll() is None
        counts = list[int]()
        while len(counts) < 6 or len(list((copy / "warc").iterdir())) == 1:
            assert writer.poll() is None
            place = copy if len(counts) % 2 else tmp_path / f"copy-{len(counts)}"
            counts.append(backup(archive, place).captures)
            assert verify(place) == []
        assert counts == sorted(counts)
        assert counts[0] < counts[-1]
    finally:
        writer.kill()
        writer.communicate()
    assert set(state(copy)["payloads"]) <= set(state(archive)["payloads"])


def test_files_that_an_erasure_replaces_meanwhile_are_copied_anew(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_database = backups._snapshot

    def then_forget(*arguments: Any) -> None:
        copy_database(*arguments)
        monkeypatch.setattr(backups, "_snapshot", copy_database)
        CliRunner().invoke(cli, ["forget", "https://b.org/3", "--yes", "--archive", str(archive)])

    monkeypatch.setattr(backups, "_snapshot", then_forget)
    assert backup(archive, tmp_path / "copy").captures == 4
    assert is_whole(tmp_path / "copy", archive)


def test_the_torn_end_of_a_killed_writer_is_not_copied(archive: Path, tmp_path: Path) -> None:
    (file,) = (archive / "warc").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:100])
    (archive / "warc" / "unrecorded.warc.gz").write_bytes(whole)
    backup(archive, tmp_path / "copy")
    assert bytes_of(tmp_path / "copy" / "warc") == {file.name: whole}


def test_a_backup_that_is_killed_is_not_there_or_whole(archive: Path, tmp_path: Path) -> None:
    copy, n = tmp_path / "copy", 1
    while killed_before(n, {backups}, lambda: backup(archive, copy)):
        assert not copy.exists() or is_whole(copy, archive)
        shutil.rmtree(copy, ignore_errors=True)
        n += 7
    assert n > 50
    assert is_whole(copy, archive)


def test_an_earlier_backup_is_whole_whenever_the_next_is_killed(
    archive: Path, tmp_path: Path
) -> None:
    earlier, copy, n = tmp_path / "earlier", tmp_path / "copy", 1
    backup(archive, earlier)
    make(archive, LATER, day=25)
    shutil.copytree(earlier, copy)
    while killed_before(n, {backups}, lambda: backup(archive, copy)):
        assert is_whole(copy, earlier, archive)
        n += 7
    assert n > 50
    assert is_whole(copy, archive)
    assert not list(copy.glob("*.partial*"))


def _crawled_into(copy: Path, archive: Path) -> None:
    make(copy, LATER, day=25)


def _restored(copy: Path, archive: Path) -> None:
    """The archive is an older copy of itself that went another way."""
    older = archive.with_name("older")
    shutil.copytree(archive, older)
    make(archive, LATER, day=25)
    shutil.rmtree(copy)
    backup(archive, copy)
    shutil.rmtree(archive)
    older.rename(archive)
    make(archive, {"https://c.org/8": ("en", "Tugs", "Tugs are small and strong.")}, day=25)


def _of_another(copy: Path, archive: Path) -> None:
    shutil.rmtree(copy)
    make(copy, TEXTS)


def _no_archive(copy: Path, archive: Path) -> None:
    (copy / "archive.db").write_text("a shopping list")


@pytest.mark.parametrize(
    ("happened", "hint"),
    [
        (_crawled_into, "merge"), (_restored, "merge"),
        (_of_another, "neither empty nor"), (_no_archive, "neither empty nor"),
    ],
)  # fmt: skip
def test_what_is_no_earlier_state_of_the_archive_is_left_alone(
    archive: Path, tmp_path: Path, happened: Callable[[Path, Path], None], hint: str
) -> None:
    copy = tmp_path / "copy"
    backup(archive, copy)
    happened(copy, archive)
    before = bytes_of(copy)
    with pytest.raises(BackupError, match=hint):
        backup(archive, copy)
    assert bytes_of(copy) == before


def test_places_where_no_backup_can_be_are_refused(archive: Path, tmp_path: Path) -> None:
    for target in (archive, archive / "warc" / "x", tmp_path / "not" / "mounted"):
        with pytest.raises(BackupError):
            backup(archive, target)
    with (
        lock.alone(tmp_path, "it is being written"),
        pytest.raises(lock.Locked, match="being written"),
        lock.alone(tmp_path, "it is being written"),
    ):
        pass


def test_a_full_disk_is_one_line_and_leaves_nothing(
    archive: Path, tmp_path: Path, newsarchive: Run
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if (
        sys.platform != "linux"
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root can mount a small disk")
    try:
        done = newsarchive("backup", disk / "copy", archive=archive)
        assert done.returncode == 4
        assert re.fullmatch(r"Error: [^\n]*(full|No space)[^\n]*\n", done.stderr)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
