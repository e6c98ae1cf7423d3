"""What captures leave behind when they are taken out: what the others alone would have given."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from archive import erasure
from archive.integrity import verify
from archive.opening import open_archive
from tests.captures import SHOTS, Shot, make, whole_state


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("whole"), SHOTS)


def erase(folder: Path, going: list[Shot]) -> None:
    with open_archive(folder, "test") as archive:
        rows = archive.connection.execute("SELECT id, url, fetched FROM captures").fetchall()
        places = {(shot.url, f"2026-10-{shot.day:02}") for shot in going}
        ids = {row[0] for row in rows if (row[1], row[2][:10]) in places}
        assert len(ids) == len(going)
        with archive.transaction():
            erasure.erase(archive, ids)


@pytest.mark.parametrize("seed", range(8))
def test_what_stays_is_what_the_other_captures_give(tmp_path: Path, whole: Path, seed: int) -> None:
    going = [shot for shot in SHOTS if random.Random(f"{seed} {shot}").random() < seed / 8]
    folder = shutil.copytree(whole, tmp_path / "erased")
    erase(folder, going)
    other = make(tmp_path / "other", [shot for shot in SHOTS if shot not in going])
    assert whole_state(folder) == whole_state(other)
    assert verify(folder) == []
