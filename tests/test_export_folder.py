"""Corpora in folders: the same bytes each time, whole or not at all, and what is new since the last."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive.export import Options, export_folder, quality, selection
from archive.export.folder import FolderError, FolderInUse, _locked
from archive.export.options import OptionError, parse_size, parse_splits
from archive.opening import open_archive, open_reader
from archive.search import Filters
from tests.conftest import ROOT, Run, document
from tests.corpus_archive import RESERVED, make, prose, reading, save, together

FORMATS = [
    Options("jsonl"), Options("parquet"), Options("txt"), Options("tei"), Options("markdown"),
    Options("jsonl", compression="gzip"), Options("jsonl", compression="zstd"),
    Options("markdown", compression="gzip"),
]  # fmt: skip
SPLIT = parse_splits("0.6/0.2/0.2")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    make(folder)
    return folder


@pytest.fixture(scope="module")
def db(directory: Path) -> Iterator[sqlite3.Connection]:
    connection = open_reader(directory)
    yield connection
    connection.close()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file with its content."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())


def articles(folder: Path, split: str = "*") -> list[dict[str, Any]]:
    """The articles of a corpus in JSON lines."""
    shards = sorted((folder / "data").glob(f"{split}-*"))
    return [json.loads(line) for shard in shards for line in shard.read_text().splitlines()]


def urls(folder: Path, split: str = "*") -> list[str]:
    return [article["url"] for article in articles(folder, split)]


@pytest.mark.parametrize("options", FORMATS, ids=lambda o: f"{o.format}-{o.compression}")
def test_the_same_archive_and_options_give_the_same_bytes(
    db: sqlite3.Connection, tmp_path: Path, options: Options
) -> None:
    export_folder(db, options, tmp_path / "one")
    export_folder(db, options, tmp_path / "other")
    export_folder(db, options, tmp_path / "other")  # and over itself
    assert tree(tmp_path / "one") == tree(tmp_path / "other") != {}


@pytest.mark.parametrize("options", FORMATS, ids=lambda o: f"{o.format}-{o.compression}")
def test_the_manifest_names_every_file_with_its_digest(
    db: sqlite3.Connection, tmp_path: Path, options: Options
) -> None:
    report = export_folder(db, options, tmp_path / "corpus")
    said, files = manifest(tmp_path / "corpus"), tree(tmp_path / "corpus")
    listed = {file["path"]: file["sha256"] for file in said["files"]}
    if "SHA256SUMS" in files:
        lines = files["SHA256SUMS"].decode().splitlines()
        listed |= {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    del digests["manifest.json"]
    assert listed == digests
    assert said["id"] == report.id
    assert said["counts"]["articles"] == report.articles == 41


def test_shards_are_bounded_and_hold_each_article_once(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    export_folder(db, Options(shard_size=10_000), tmp_path / "corpus")
    export_folder(db, Options(), tmp_path / "whole")
    shards = [file for file in manifest(tmp_path / "corpus")["files"] if "articles" in file]
    assert len(shards) > 3
    assert all(10_000 <= shard["bytes"] < 12_000 for shard in shards[:-1])
    assert sum(shard["articles"] for shard in shards) == 41
    assert articles(tmp_path / "corpus") == articles(tmp_path / "whole")


def test_duplicates_translations_and_theirs_are_never_across_splits(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    export_folder(db, Options(splits=SPLIT), tmp_path / "corpus")
    held = {split: urls(tmp_path / "corpus", split) for split in ("train", "validation", "test")}
    assert all(held.values())
    assert sum(map(len, held.values())) == 41
    splits = {url: split for split, found in held.items() for url in found}
    chains = [[url for url, _ in together()][n : n + 4] for n in range(0, 20, 4)]
    kept = [{splits[url] for url in chain} for chain in chains]
    assert all(len(found) == 1 for found in kept)
    assert len(set.union(*kept)) > 1


def test_filters_and_new_articles_move_none_to_another_split(tmp_path: Path) -> None:
    make(tmp_path / "a")
    db = open_reader(tmp_path / "a")
    export_folder(db, Options(splits=SPLIT), tmp_path / "one")
    export_folder(db, Options(splits=SPLIT, filters=Filters(sources=("f.org",))), tmp_path / "two")
    with open_archive(tmp_path / "a", "test") as archive:
        save(archive, [(f"https://g.org/{n}", reading(prose(n + 300))) for n in range(20)])
    export_folder(db, Options(splits=SPLIT), tmp_path / "three")
    db.close()
    for split in ("train", "validation", "test"):
        first = set(urls(tmp_path / "one", split))
        assert {url for url in first if "//f.org" in url} == set(urls(tmp_path / "two", split))
        assert first == {url for url in urls(tmp_path / "three", split) if "//g.org" not in url}


def test_one_article_of_each_cluster_stays(db: sqlite3.Connection, tmp_path: Path) -> None:
    report = export_folder(db, Options(deduplicate=True), tmp_path / "corpus")
    found = set(urls(tmp_path / "corpus"))
    assert report.dropped == {"duplicate": 10, "reserved": 1}
    assert {f"https://d.org/{n}/x" for n in range(5)} <= found  # published first
    assert not {f"https://e.org/{n}/y" for n in range(5)} & found


def test_where_the_representative_cannot_be_in_the_corpus_another_stands_for_it(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    only = Filters(sources=("a.org", "e.org"))
    export_folder(db, Options(filters=only, deduplicate=True), tmp_path / "corpus")
    expected = {f"https://e.org/{n}/y" for n in range(5)} | {
        f"https://a.org/{n}/w" for n in range(5)
    }
    assert expected <= set(urls(tmp_path / "corpus"))


def test_reserved_articles_stay_out_and_the_card_says_how_many(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    export_folder(db, Options(), tmp_path / "without")
    export_folder(db, Options(include_reserved=True), tmp_path / "with")
    reserved = "https://c.org/reserved"
    assert reserved not in urls(tmp_path / "without")
    assert reserved in urls(tmp_path / "with")
    assert "Left out: 1." in (tmp_path / "without" / "README.md").read_text()
    assert "In this corpus: 1." in (tmp_path / "with" / "README.md").read_text()


def test_the_card_has_the_head_that_the_hub_reads(db: sqlite3.Connection, tmp_path: Path) -> None:
    options = Options(
        splits=SPLIT, title="Letters: a corpus", quality=quality.parse(["symbol-ratio"])
    )
    export_folder(db, options, tmp_path / "corpus")
    card = (tmp_path / "corpus" / "README.md").read_text()
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["pretty_name"] == "Letters: a corpus"
    assert head["language"] == ["de", "en"]
    assert head["license"] == "other"
    assert head["size_categories"] == ["n<1K"]
    files = head["configs"][0]["data_files"]
    assert {file["split"] for file in files} == {"train", "validation", "test"}
    assert all(list((tmp_path / "corpus").glob(file["path"])) for file in files)
    for said in ("41 articles", "2026-03-01",
                 "https://creativecommons.org/licenses/by/4.0/", "| subscribe | 1 |", "| b.org | "):  # fmt: skip
        assert said in card


def test_the_card_says_how_to_make_the_corpus_again(
    directory: Path, db: sqlite3.Connection, tmp_path: Path, newsarchive: Run
) -> None:
    options = Options(
        filters=Filters(languages=("en",), min_words=20), deduplicate=True, splits=SPLIT,
        quality=quality.parse(["gopher", "symbol-ratio=0.2"]), compression="gzip", title="It's one",
    )  # fmt: skip
    export_folder(db, options, tmp_path / "corpus")
    card = (tmp_path / "corpus" / "README.md").read_text()
    (command,) = re.findall(r"^    newsarchive (.*)$", card, re.M)
    again = (
        f"{sys.executable} -m crawler {command} --output {tmp_path / 'again'} --archive {directory}"
    )
    subprocess.run(again, shell=True, check=True, cwd=ROOT, capture_output=True)
    assert tree(tmp_path / "again") == tree(tmp_path / "corpus")


def test_what_is_new_since_an_earlier_export(tmp_path: Path) -> None:
    make(tmp_path / "a")
    db = open_reader(tmp_path / "a")
    export_folder(db, Options(), tmp_path / "one")
    with open_archive(tmp_path / "a", "test") as archive:
        later = "2026-11-25T12:00:00Z"
        save(archive, [("https://b.org/7", reading(prose(7) + " And a correction."))], later)
        save(archive, [("https://b.org/8", reading(prose(8), published="2026-01-09"))], later)
        save(archive, [("https://b.org/9", reading(prose(9), signals=(RESERVED,)))], later)
        save(archive, [("https://a.org/new", reading(prose(500)))], later)
    report = export_folder(db, Options(), tmp_path / "two", tmp_path / "one")
    assert urls(tmp_path / "two") == ["https://a.org/new", "https://b.org/7"]
    assert (report.articles, report.changed, report.unchanged, report.withdrawn) == (2, 1, 39, 1)
    assert (tmp_path / "two" / "withdrawn.txt").read_text() == "https://b.org/9\n"
    assert manifest(tmp_path / "two")["since_export"] == manifest(tmp_path / "one")["id"]
    # An export of what is new is one that the next can start from, by its manifest, too.
    third = export_folder(db, Options(), tmp_path / "three", tmp_path / "two" / "manifest.json")
    assert (third.articles, third.unchanged, third.withdrawn) == (0, 41, 0)
    db.close()


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"authors": ("Another",)},
        {"published": "2026-01-08"},
        {"modified": "2026-02-01"},
        {"tags": ("another",)},
        {"description": "Another."},
        {"access": "paywalled"},
        {"signals": (replace(RESERVED, train="yes"),)},
        {"alternates": (("de", "https://a.org/1"),)},
        {},
    ],
)
def test_metadata_that_changed_alone_are_news(tmp_path: Path, change: dict[str, Any]) -> None:
    pages = [(f"https://a.org/{n}", reading(prose(n))) for n in (1, 2)]
    with open_archive(tmp_path / "a", "test") as archive:
        save(archive, pages)
    with closing(open_reader(tmp_path / "a")) as db:
        export_folder(db, Options(), tmp_path / "one")
    with open_archive(tmp_path / "a", "test") as archive:
        save(archive, [(pages[1][0], replace(pages[1][1], **change))], "2026-11-25T12:00:00Z")
    with closing(open_reader(tmp_path / "a")) as db:
        report = export_folder(db, Options(), tmp_path / "two", tmp_path / "one")
        index = tmp_path / "one" / "index.tsv.gz"  # as an earlier version made it
        lines = gzip.decompress(index.read_bytes()).splitlines()
        index.write_bytes(
            gzip.compress(b"".join(b"%b\n" % line.rpartition(b"\t")[0] for line in lines))
        )
        by_text = export_folder(db, Options(), tmp_path / "three", tmp_path / "one")
    changed = 2 if "alternates" in change else 1 if change else 0  # both are of a group then
    assert (report.articles, report.changed, report.unchanged) == (changed, changed, 2 - changed)
    assert manifest(tmp_path / "two")["counts"]["changed"] == changed
    assert (by_text.articles, by_text.unchanged) == (0, 2)


def test_an_export_can_follow_itself_in_its_own_folder(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    export_folder(db, Options("txt"), tmp_path)
    report = export_folder(db, Options("txt"), tmp_path, tmp_path)
    assert (report.articles, report.unchanged, report.withdrawn) == (0, 41, 0)
    assert not (tmp_path / "articles").exists()


def test_what_is_read_anew_is_another_state(tmp_path: Path) -> None:
    """A killed export of what stood there before must not be gone on with."""
    made = [(f"https://a.org/{n}", reading(prose(n))) for n in range(3)]
    for name, pages in (
        ("one", made),
        ("again", made[::-1]),
        ("other", [*made[:2], (made[2][0], reading(prose(9)))]),
    ):
        with open_archive(tmp_path / name, "test") as archive:
            save(archive, pages)
        db = open_reader(tmp_path / name)
        export_folder(db, Options(), tmp_path / f"{name}-corpus")
        db.close()
    one, again, other = (
        manifest(tmp_path / f"{n}-corpus")["archive"] for n in ("one", "again", "other")
    )
    assert one == again
    assert one["readings"] != other["readings"]


def test_what_moved_to_another_split_is_new_there(db: sqlite3.Connection, tmp_path: Path) -> None:
    export_folder(db, Options(), tmp_path / "one")
    report = export_folder(db, Options(splits=SPLIT), tmp_path / "two", tmp_path / "one")
    assert (report.articles, report.unchanged) == (41, 0)


def test_since_no_export_is_a_clear_error(db: sqlite3.Connection, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no folder that an export has finished"):
        export_folder(db, Options(), tmp_path / "corpus", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"no gzip", None])
def test_a_damaged_index_is_a_clear_error(
    db: sqlite3.Connection, tmp_path: Path, damage: bytes | None
) -> None:
    export_folder(db, Options(), tmp_path / "one")
    index = tmp_path / "one" / "index.tsv.gz"
    index.write_bytes(index.read_bytes()[:-20] if damage is None else damage)
    with pytest.raises(FolderError, match="damaged"):
        export_folder(db, Options(), tmp_path / "two", tmp_path / "one")
    assert [path.name for path in (tmp_path / "two").iterdir()] == [".unfinished"]


@pytest.mark.parametrize("name", ["notes.txt", "data/mine.jsonl", "README.md", "articles/mine.txt"])
@pytest.mark.parametrize("format_", ["jsonl", "txt"])
def test_nothing_that_is_not_ours_is_touched(
    db: sqlite3.Connection, tmp_path: Path, name: str, format_: Any
) -> None:
    target = tmp_path / "corpus"
    export_folder(db, Options(format_), target)
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("mine")
    before = tree(target)
    with pytest.raises(FolderError, match="name another folder"):
        export_folder(db, Options(format_), target)
    assert tree(target) == before


def test_a_folder_with_something_else_is_refused(db: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(FolderError, match=r"thesis\.tex"):
        export_folder(db, Options(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_repository_of_the_corpus_is_written_into(db: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitattributes").write_text("*.parquet filter=lfs\n")
    export_folder(db, Options(), tmp_path)
    export_folder(db, Options("txt"), tmp_path)
    assert (tmp_path / ".gitattributes").exists()
    assert not (tmp_path / "data").exists()


def test_two_exports_at_once_do_not_mix(db: sqlite3.Connection, tmp_path: Path) -> None:
    with _locked(tmp_path), pytest.raises(FolderInUse):
        export_folder(db, Options(), tmp_path)


@pytest.mark.parametrize("options", FORMATS, ids=lambda o: f"{o.format}-{o.compression}")
def test_what_a_killed_export_has_finished_is_not_written_again(
    db: sqlite3.Connection, tmp_path: Path, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    small = replace(options, shard_size=5_000, splits=SPLIT)
    export_folder(db, small, tmp_path / "whole")
    target = tmp_path / "corpus"

    class Killed(BaseException):
        pass

    def dies(self: selection.Selection) -> Iterator[object]:
        for n, article in enumerate(whole(self)):
            if n == 30:
                raise Killed
            yield article

    whole = selection.Selection.__iter__
    with monkeypatch.context() as patched:
        patched.setattr(selection.Selection, "__iter__", dies)
        with pytest.raises(Killed):
            export_folder(db, small, target)
    assert [path.name for path in target.iterdir()] == [".unfinished"]
    finished = {
        path: path.stat().st_mtime_ns
        for path in (target / ".unfinished").rglob("*")
        if path.is_file() and path.parent != target / ".unfinished"
    }
    assert len(finished) >= 2
    export_folder(db, small, target)
    assert tree(target) == tree(tmp_path / "whole")
    stages = {target / path.relative_to(target / ".unfinished"): t for path, t in finished.items()}
    assert {path: path.stat().st_mtime_ns for path in stages} == stages


@pytest.mark.parametrize("last", range(1, 6))
def test_an_export_killed_while_it_takes_the_folder_over_goes_on(
    db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    target = tmp_path / "corpus"
    export_folder(db, Options("jsonl"), target)
    export_folder(db, Options("txt"), tmp_path / "whole")
    renamed, calls = Path.rename, list[Path]()

    def dies(self: Path, to: Path) -> Path:
        calls.append(self)
        if len(calls) == last:
            raise OSError("killed")
        return renamed(self, to)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dies)
        with pytest.raises(OSError, match="killed"):
            export_folder(db, Options("txt"), target)
    assert not (target / "manifest.json").exists()
    export_folder(db, Options("txt"), target)
    assert tree(target) == tree(tmp_path / "whole")


def test_other_options_begin_anew_where_an_export_was_killed(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    stage = tmp_path / ".unfinished" / "data"
    stage.mkdir(parents=True)
    (stage / "articles-00000.jsonl").write_text("half of something")
    export_folder(db, Options(), tmp_path)
    assert len(articles(tmp_path)) == 41


def test_kill_9_leaves_no_half_corpus(directory: Path, tmp_path: Path, newsarchive: Run) -> None:
    command = [sys.executable, "-c", KILLED, str(directory), str(tmp_path / "corpus")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "corpus").iterdir()] == [".unfinished"]
    arguments = (
        "export",
        "jsonl",
        "--output",
        tmp_path / "corpus",
        "--shard-size",
        "5kB",
        "--json",
    )
    report = document(newsarchive(*arguments, archive=directory))
    assert report["articles"] == len(articles(tmp_path / "corpus")) == 41


KILLED = """
import os, signal, sys
from pathlib import Path
from archive.export import Options, export_folder
from archive.export import jsonl
from archive.opening import open_reader
line, count = jsonl.line, iter(range(20))
jsonl.line = lambda article: line(article) if next(count, None) is not None else os.kill(os.getpid(), signal.SIGKILL)
export_folder(open_reader(Path(sys.argv[1])), Options(shard_size=5_000), Path(sys.argv[2]))
"""


def test_a_read_only_archive_is_exported(directory: Path, tmp_path: Path) -> None:
    before = tree(directory)
    immutable = (
        f"{(directory / 'archive.db').as_uri()}?immutable=1"  # as on a medium without writing
    )
    db = sqlite3.connect(immutable, uri=True)
    options = Options("txt", deduplicate=True, splits=SPLIT)
    assert export_folder(db, options, tmp_path / "corpus").articles == 31
    db.close()
    assert tree(directory) == before


def test_a_full_disk_is_exit_code_4_and_leaves_no_corpus(
    directory: Path, tmp_path: Path, newsarchive: Run
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20k,nr_inodes=1000", "tmpfs", str(disk)]
    if (
        sys.platform != "linux"
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root can mount a small disk")
    try:
        for format_ in ("parquet", "tei"):
            done = newsarchive(
                "export", format_, "--output", f"{disk}/{format_}/", archive=directory
            )
            assert done.returncode == 4, done.stderr
            assert re.fullmatch(r"Error: No space left[^\n]+\n", done.stderr)
            assert [path.name for path in (disk / format_).iterdir()] == [".unfinished"]
            shutil.rmtree(disk / format_)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["txt", "--output", "-"], "name a folder"),
        (["jsonl", "--output", "x.jsonl", "--splits", "0.8/0.1/0.1"], "name a folder"),
        (["jsonl", "--output", "x/", "--splits", "0.8/0.1"], "0.9/0.05/0.05"),
        (["jsonl", "--output", "x/", "--shard-size", "big"], "500MB"),
        (["jsonl", "--output", "x/", "--quality", "gofer"], "gopher"),
        (["jsonl", "--output", "x/", "--quality", "removed-share"], "removed-share=0.5"),
    ],
)
def test_wrong_use_is_one_line_with_a_hint(
    directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    from click.testing import CliRunner

    from archive.cli import cli

    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["--archive", str(directory), "export", *arguments])
    assert done.exit_code != 0
    assert said in (done.output + str(done.exception))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("written", "bytes_"),
    [("500MB", 5 * 10**8), ("1.5 gb", 15 * 10**8), ("200", 200), ("5k", 5000)],
)
def test_sizes(written: str, bytes_: int) -> None:
    assert parse_size(written) == bytes_


@pytest.mark.parametrize("written", ["", "-1MB", "0", "MB", "1.2.3GB"])
def test_sizes_that_are_none(written: str) -> None:
    with pytest.raises(OptionError):
        parse_size(written)


@pytest.mark.parametrize(
    "written", ["1/0/0", "0.9/0.05/0.05", "1/3", "0.5/0.5/0.5", "a/b/c", "2/-1/0"]
)
def test_splits_are_three_shares_that_make_one(written: str) -> None:
    if written in ("1/0/0", "0.9/0.05/0.05"):
        assert sum(parse_splits(written)) == 1
    else:
        with pytest.raises(OptionError):
            parse_splits(written)


def test_the_index_is_of_what_the_corpus_is_made_of(db: sqlite3.Connection, tmp_path: Path) -> None:
    export_folder(db, Options(), tmp_path / "corpus")
    lines = gzip.decompress((tmp_path / "corpus" / "index.tsv.gz").read_bytes()).decode()
    held = [(a["url"], a["digest"][:16], "") for a in articles(tmp_path / "corpus")]
    assert [tuple(line.split("\t")[:3]) for line in lines.split("\n")[:-1]] == held
