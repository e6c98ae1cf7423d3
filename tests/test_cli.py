"""The commands that read, as people and scripts use them: output, errors, exit codes."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from archive import lock
from archive.cli import cli
from archive.errors import UserError
from archive.model import Block, Reading
from archive.opening import open_archive
from archive.terminal import Commands
from archive.terminal import run as run_commands
from archive.warc import Exchange
from tests.conftest import ROOT, Run, document
from tests.small_archive import TEXTS, make

HOSTILE = "https://b.org/hostile"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    make(folder, TEXTS)
    edited = "Die Größe der Halle überrascht.\n\nNachtrag: Sie wird erweitert."
    make(folder, {"https://a.org/1": ("de", "Kühlung im Freibad", edited)}, day=25)
    with open_archive(folder, "test") as archive, archive.transaction():
        capture = archive.append(
            Exchange(HOSTILE, "2026-11-26T12:00:00.000Z", 200, (), b"hostile"),
            url=HOSTILE, source="b.org", role="article", found_by=None,
        )  # fmt: skip
        text = "[bold]not[/bold] markup [/] \x1b]0;title\x07 \x9b31m " + "long " * 60 + "end"
        archive.save(capture, Reading("\x1b[2J[red]Screen", (Block("paragraph", text, text),)))
    return folder


def invoke(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--archive", str(directory)])


def test_show_gives_an_article_by_any_of_its_addresses(directory: Path) -> None:
    for url in ("https://b.org/3", "http://www.b.org/3/?utm_source=x#top", "b.org/3"):
        article = json.loads(invoke(directory, "show", url, "--json").stdout)
        assert (article["url"], article["text"]) == ("https://b.org/3", TEXTS["https://b.org/3"][2])
        assert article["authors"] == ["Author 3"]
    shown = invoke(directory, "show", "https://b.org/3").stdout
    assert "市場のせり" in shown
    assert TEXTS["https://b.org/3"][2] in shown


def test_why_tells_each_block_kept_or_removed_with_its_reason(directory: Path) -> None:
    told = json.loads(invoke(directory, "why", "https://a.org/1", "--json").stdout)
    assert told == {
        "kept": [
            {"text": "Die Größe der Halle überrascht.", "kind": "paragraph", "position": 0},
            {"text": "Nachtrag: Sie wird erweitert.", "kind": "paragraph", "position": 1},
        ],
        "removed": [
            {
                "text": "Subscribe!", "reason": "subscribe", "rule": "subscribe-button",
                "evidence": "x", "position": 2,
            }
        ],
    }  # fmt: skip
    lines = invoke(directory, "why", "https://a.org/1").stdout.split("\n")
    assert lines[1] == "2 blocks kept, 1 removed"
    assert lines[3:6] == ["subscribe", "  Subscribe!", "    subscribe-button: x"]


def test_why_says_in_how_many_articles_a_repeated_block_stands(tmp_path: Path) -> None:
    line = "This letter is made by three people and one very old dog in Ghent."
    bodies = [f"{' '.join(n * length for length in range(2, 30))}\n\n{line}" for n in "abcde"]
    make(tmp_path, {f"https://a.org/{n}": ("en", f"No {n}", b) for n, b in enumerate(bodies)})
    told = json.loads(invoke(tmp_path, "why", "https://a.org/2", "--json").stdout)
    (repeated,) = [block for block in told["removed"] if block["reason"] == "repeated-on-site"]
    assert (repeated["text"], repeated["evidence"]) == (line, "stands in 5 of 5 articles of a.org")


def test_history_shows_what_changed_between_revisions(directory: Path) -> None:
    shown = invoke(directory, "history", "https://a.org/1").stdout.rstrip("\n").split("\n")
    assert shown == [
        "revision 1, seen 2026-11-24T12:00:01.000Z",
        "revision 2, seen 2026-11-25T12:00:01.000Z",
        "  -Die Größe der Halle überrascht alle Gäste.",
        "  +Die Größe der Halle überrascht.",
        "  +Nachtrag: Sie wird erweitert.",
    ]
    listed = json.loads(invoke(directory, "history", "https://a.org/1", "--json").stdout)
    assert [revision["number"] for revision in listed] == [1, 2]
    assert listed[0]["text"] == TEXTS["https://a.org/1"][2]
    assert listed[1]["text"].endswith("Nachtrag: Sie wird erweitert.")


def test_search_takes_words_with_and_without_quotation(directory: Path) -> None:
    for words in (["cranes harbour"], ["cranes", "harbour"], ["cranes", "--query", "harbour"]):
        found = json.loads(invoke(directory, "search", *words, "--json").stdout)
        assert [article["url"] for article in found["articles"]] == ["https://b.org/5"]
        assert "cranes" in found["articles"][0]["snippet"]
    many = json.loads(invoke(directory, "search", "author:author", "--limit", "2", "--json").stdout)
    assert (many["total"], len(many["articles"])) == (5, 2)
    assert "no article found" in invoke(directory, "search", "cranes", "--language", "de").stdout


def test_texts_from_the_web_are_neither_markup_nor_terminal_control(directory: Path) -> None:
    for arguments in (["show", HOSTILE], ["why", HOSTILE], ["search", "markup"]):
        shown = invoke(directory, *arguments).stdout
        assert "[red]Screen" in shown
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert "[bold]not[/bold] markup [/]" in invoke(directory, "show", HOSTILE).stdout


def test_texts_are_not_wrapped_in_a_pipe(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert max(map(len, invoke(directory, "show", HOSTILE).stdout.split("\n"))) > 300
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in (["show", HOSTILE], ["why", "https://a.org/1"], ["stats"], ["search", "long"]):
        assert max(map(len, invoke(directory, *arguments).stdout.split("\n"))) <= 80


def test_stats_of_an_archive(directory: Path) -> None:
    found = json.loads(invoke(directory, "stats", "--json").stdout)
    assert (found["articles"], found["revisions"], found["captures"]) == (6, 7, 7)
    assert [source["name"] for source in found["sources"]] == ["a.org", "b.org"]
    assert "6 articles" in invoke(directory, "stats").stdout


def test_verify_says_what_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    make(tmp_path, TEXTS)
    whole = invoke(tmp_path, "verify", "--json")
    told = json.loads(whole.stdout)
    assert (whole.exit_code, told["ok"], told["problems"]) == (0, True, [])
    db = sqlite3.connect(tmp_path / "archive.db")
    db.execute("UPDATE articles SET text = 'forged' WHERE url = 'https://a.org/2'")
    db.commit()
    db.close()
    broken = invoke(tmp_path, "verify", "--json")
    told = json.loads(broken.stdout)
    assert (broken.exit_code, told["ok"]) == (1, False)
    assert any("https://a.org/2" in problem for problem in told["problems"])
    assert "https://a.org/2" in invoke(tmp_path, "verify").stdout


def test_the_archive_is_named_by_option_or_environment(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def articles(*arguments: str) -> Any:
        return json.loads(CliRunner().invoke(cli, arguments).stdout)["articles"]

    monkeypatch.setenv("NEWSARCHIVE_DIR", str(directory))
    assert articles("stats", "--json") == 6
    monkeypatch.setenv("NEWSARCHIVE_DIR", str(tmp_path))
    assert articles("--json", "--archive", str(directory), "stats") == 6
    assert articles("--archive", str(tmp_path), "stats", "--json", "--archive", str(directory)) == 6


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["show", "https://b.org/33"], "https://b.org/3"),
        (["show", b"\xff"], "newsarchive search"),
        (["search", '"open'], "not closed"),
        (["search", "x", "--since", "yesterday"], "2026-11-24"),
        (["searh", "x"], "search"),
        (["show"], "--help"),
        (["export", "xml", "--output", "x"], "jsonl"),
        (["export", "jsonl", "--output", "/"], "folder"),
        (["export", "jsonl", "--output", "-", "--json"], "standard output"),
    ],
)
def test_wrong_use_is_one_line_with_a_hint(
    directory: Path, newsarchive: Run, arguments: list[Any], hint: str
) -> None:
    done = newsarchive(*map(os.fsdecode, arguments), archive=directory)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"Error: [^\n]+\n", done.stderr)
    assert hint in done.stderr


def test_without_an_archive_a_line_says_how_to_make_one(newsarchive: Run, tmp_path: Path) -> None:
    done = newsarchive("stats", archive=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(r"Error: no archive in [^\n]+newsarchive crawl[^\n]+\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_reading_makes_no_change_and_needs_no_lock(directory: Path, newsarchive: Run) -> None:
    before = (directory / "archive.db").read_bytes()
    with lock.writing(directory, "test"):
        assert newsarchive("stats", archive=directory).returncode == 0
    assert (directory / "archive.db").read_bytes() == before


def test_a_full_disk_is_exit_code_4(directory: Path, newsarchive: Run) -> None:
    done = newsarchive("export", "jsonl", "--output", "/dev/full", archive=directory)
    assert done.returncode == 4
    assert re.fullmatch(r"Error: No space left[^\n]+\n", done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "jsonl", "--output", "-"], ["search", "a*"], ["search", "a*", "--json"],
        ["show", HOSTILE], ["stats"],
    ],
)  # fmt: skip
def test_output_that_is_not_read_to_its_end_is_no_error(
    directory: Path, arguments: list[str]
) -> None:
    command = [sys.executable, "-m", "crawler", *arguments, "--archive", str(directory)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0
    assert "Error" not in errors
    assert "Traceback" not in errors


def test_json_is_utf_8_whatever_the_console(
    directory: Path, monkeypatch: pytest.MonkeyPatch, newsarchive: Run
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    done = newsarchive("show", "https://b.org/3", "--json", archive=directory)
    assert document(done)["title"] == "市場のせり"


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (UserError("say please"), 2, "say please"),
        (lock.Locked("another is writing"), 3, "another is writing"),
        (PermissionError(13, "Permission denied", "x"), 4, "Permission denied: x; nothing"),
        (FileNotFoundError(2, "No such file", "x"), 1, "No such file: x"),
        (sqlite3.OperationalError("database or disk is full"), 4, "disk is full; nothing"),
        (sqlite3.DatabaseError("malformed"), 1, "newsarchive verify"),
        (KeyboardInterrupt(), 130, "stopped"),
        (KeyError("x\ny"), 1, "a fault of this program"),
    ],
)
def test_each_error_is_one_line_and_an_exit_code(
    raised: BaseException,
    code: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @click.group(cls=Commands)
    def group() -> None:
        pass

    @group.command()
    @click.option("--debug", is_flag=True)
    def fail(debug: bool) -> None:
        raise raised

    monkeypatch.setattr(sys, "argv", ["newsarchive", "fail"])
    with pytest.raises(SystemExit) as ended:
        run_commands(group)
    assert ended.value.code == code
    told = capsys.readouterr().err
    assert re.fullmatch(r"\n?Error: [^\n]+\n", told)
    assert line in told
    if isinstance(raised, KeyboardInterrupt):
        return
    monkeypatch.setattr(sys, "argv", ["newsarchive", "fail", "--debug"])
    with pytest.raises(SystemExit) as ended:
        run_commands(group)
    assert ended.value.code == code
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["show", "https://b.org/3", "--json"]])
def test_what_only_reads_is_fast_because_it_imports_little(
    directory: Path, arguments: list[str]
) -> None:
    program = (
        f"import sys; sys.argv = ['newsarchive', *{arguments}, '--archive', {str(directory)!r}]\n"
        "from crawler.commands import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "archive" in done.stdout
    heavy = "rich datasette scrapy twisted trafilatura lxml sqlite_utils tldextract requests numpy"
    assert not set(heavy.split()) & set(done.stderr.split())
