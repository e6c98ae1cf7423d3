"""The folder of a corpus: what is half done stays apart, what is whole takes its place at once.

An export is written into `.unfinished` in its folder, and moved when all of it is on disk; the
manifest comes last, so that a folder with one is whole. What a killed export has finished, the same
export of the same archive does not write again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archive.errors import UserError
from archive.export import files
from archive.export.shards import Shard

UNFINISHED = ".unfinished"
MANIFEST, CARD = "manifest.json", "README.md"
PROGRAM = "newsletter-archive"
_ASKED, _FINISHED = "asked.json", "finished.jsonl"
_PRIVATE = (_ASKED, _FINISHED, MANIFEST)


class FolderError(UserError):
    """A folder that a corpus cannot be written into, or read from."""


class FolderInUse(FolderError):
    """Another export is writing the folder."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the files of a corpus stand until all of it is whole."""

    path: Path

    def finished(self, split: str) -> list[Shard]:
        """The shards of a split that an export which was killed has finished."""
        return [Shard(**line["shard"]) for line in self._lines() if line["split"] == split]

    def record(self, split: str, shard: Shard) -> None:
        """Note that a shard is finished."""
        line = json.dumps({"split": split, "shard": asdict(shard)})
        with open(self.path / _FINISHED, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def tables(self) -> list[Path]:
        """The files that are no shards and not private: card, index and their kin."""
        found = (path for path in sorted(self.path.iterdir()) if path.is_file())
        return [path for path in found if path.name not in _PRIVATE]

    def _lines(self) -> list[Any]:
        path = self.path / _FINISHED
        text = path.read_text("utf-8") if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]  # a kill can tear the last line
        lines = [json.loads(line) for line in whole.splitlines()]
        return lines if all(self._stands(Shard(**line["shard"])) for line in lines) else []

    def _stands(self, shard: Shard) -> bool:
        path = self.path / shard.path
        return path.exists() and path.stat().st_size == shard.bytes


@contextmanager
def staged(target: Path, asked: Any) -> Iterator[Stage]:
    """The stage of an export into that folder; at the end of the block it takes the folder over.

    `asked` is all that decides the bytes. The block writes the files of the corpus, its manifest
    last. An earlier corpus in the folder stays until then. Raises FolderError where the folder holds
    anything else, OSError.
    """
    if target.exists() and not target.is_dir():
        raise FolderError(f"{target} is a file: name a folder")
    target.mkdir(exist_ok=True)
    with _locked(target):
        if (target / UNFINISHED / MANIFEST).exists():  # killed while it was taking the folder over
            _take_over(target)
        _check(target)
        stage = Stage(target / UNFINISHED)
        _prepare(stage, json.dumps(asked, ensure_ascii=False, sort_keys=True))
        yield stage
        _take_over(target)


def read_manifest(folder: Path) -> Any:
    """The manifest of a corpus. Raises FolderError where there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("program") != PROGRAM:
        raise FolderError(f"{folder} is no folder that an export has finished")
    return manifest


def _prepare(stage: Stage, asked: str) -> None:
    """Keep what an export that was killed has finished, where the same is asked for."""
    note = stage.path / _ASKED
    if note.exists() and note.read_text("utf-8") == asked:
        for torn in (*stage.path.glob(".*unfinished"), *stage.path.glob("data/.*unfinished")):
            torn.unlink()
        return
    shutil.rmtree(stage.path, ignore_errors=True)
    stage.path.mkdir(exist_ok=True)
    with files.whole_file(note) as file:
        file.write(asked.encode())


def _take_over(target: Path) -> None:
    """Replace an earlier corpus with what the stage holds; killed in its midst, it can go on."""
    stage = target / UNFINISHED
    if (target / MANIFEST).exists():
        for name in _names(read_manifest(target)):
            _remove(target / name)
        (target / MANIFEST).unlink()
    for path in sorted(stage.iterdir()):
        if path.name not in _PRIVATE:
            path.rename(target / path.name)
    files.sync(target)
    (stage / MANIFEST).rename(target / MANIFEST)
    files.sync(target)
    shutil.rmtree(stage)


def _check(target: Path) -> None:
    """Raise FolderError where the folder holds what no export wrote: nothing of it is deleted."""
    held = {path.name for path in target.iterdir()} - {UNFINISHED}
    held = {name for name in held if not name.startswith(".git")}  # a repository of the corpus
    if not held:
        return
    if MANIFEST not in held:
        raise FolderError(
            f"{target} holds {min(held)}, which no export wrote: name a new or an empty folder"
        )
    manifest = read_manifest(target)
    foreign = held - _names(manifest) - {MANIFEST}
    foreign |= _foreign_files(target, manifest)
    if foreign:
        raise FolderError(
            f"{target} holds {min(foreign)}, which no export wrote: move it, or name another folder"
        )
    card = target / CARD
    written = {file["path"]: file["sha256"] for file in manifest["files"]}
    if card.exists() and files.sha256(card) != written.get(CARD):
        raise FolderError(
            f"{card} was changed since it was written: move it, or name another folder"
        )


def _foreign_files(target: Path, manifest: Any) -> set[str]:
    """Files in the folders of the corpus that are not of it. Of loose files the number is known."""
    listed = {file["path"] for file in manifest["files"]}
    found = {f"data/{path.name}" for path in (target / "data").glob("*")} - listed
    loose = manifest.get("loose")
    if loose:
        held = sum(len(names) for _, _, names in os.walk(target / loose["folder"]))
        found |= {loose["folder"]} if held > loose["files"] else set()
    return found


def _names(manifest: Any) -> set[str]:
    """What the corpus has in its folder itself."""
    loose = manifest.get("loose")
    names = {file["path"].split("/")[0] for file in manifest["files"]}
    return names | ({loose["folder"]} if loose else set())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the folder, or raise FolderInUse at once."""
    descriptor = os.open(target, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(f"another export is writing the folder {target}") from None
        yield
    finally:
        os.close(descriptor)
