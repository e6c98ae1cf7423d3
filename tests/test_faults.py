"""Sources that are broken, closed or not to be crawled: a line each, and the others finish."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from archive.opening import open_reader
from crawler.demo.sites import serve as serve_samples
from crawler.demo.sites import sources_toml
from tests import broken_site, faults
from tests.broken_site import AUTHORITY, Site
from tests.conftest import ROOT, Run, document
from tests.faults import HOUR, ROWS, TWO_HOURS, Row
from tests.moody_site import moody_site

# The command line with less patience, saying at its end how much memory it took (KiB). Of its own:
# ru_maxrss begins at what the process had that started it, the whole suite's.
IMPATIENT = r"""
import re, resource, sys
from pathlib import Path
from crawler import settings
settings.DOWNLOAD_TIMEOUT = 5
from crawler.commands import main
try:
    main()
finally:
    status = Path("/proc/self/status")
    own = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    most = own[1] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("memory", most, file=sys.stderr)
"""
MEMORY_KIB = 500 * 1024  # 230 MiB measured; any of the bombs alone would be far beyond


@dataclass
class Result:
    """What became of a row's source."""

    report: dict[str, Any]
    lines: list[str]
    failures: list[tuple[str, str, float | None]]  # class, message, hours to the next try
    articles: int


@dataclass
class Crawls:
    """The crawls of all rows: after the first, and after the second."""

    first: dict[str, Result] = field(default_factory=dict)
    second: dict[str, Result] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)
    errors: str = ""
    asked: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def crawls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawls]:
    folder = tmp_path_factory.mktemp("faults")
    with broken_site.serve([(r.name, r.pages, r.scheme) for r in ROWS], folder) as sites:
        (folder / "sources.toml").write_text("".join(_toml(r, sites[r.name]) for r in ROWS))
        found = Crawls()
        whole = [row.name for row in ROWS if row.full]
        found.first = _crawl(folder, found, *(r.name for r in ROWS if not r.full))
        found.first |= _crawl(folder, found, "--full", *whole)
        found.asked = {name: len(site.requests) for name, site in sites.items()}
        found.second = _crawl(folder, found, *(r.name for r in ROWS if r.healed is not None))
        yield found


def _crawl(folder: Path, crawls: Crawls, *arguments: str) -> dict[str, Result]:
    command = [sys.executable, "-c", IMPATIENT, "crawl", "--json", "--archive", str(folder)]
    done = subprocess.run(
        [*command, *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=300, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("NEWSARCHIVE_")}
        | {"SSL_CERT_FILE": str(folder / AUTHORITY)},
    )  # fmt: skip
    *lines, memory = done.stderr.splitlines()
    crawls.memory.append(int(memory.removeprefix("memory ")))
    crawls.errors += done.stderr
    report = document(done)["sources"]
    db = open_reader(folder)
    failures = db.execute(
        "SELECT source, class, message, round((julianday(next_try) - julianday(last_seen)) * 24, 1)"
        " FROM failures"
    ).fetchall()
    articles = dict(db.execute("SELECT source, count(*) FROM articles GROUP BY source").fetchall())
    db.close()
    return {
        name: Result(
            report[name],
            [line for line in lines if line.startswith(f"{name}: ")],
            [row[1:] for row in failures if row[0] == name],
            articles.get(name, 0),
        )
        for name in report
    }


def _toml(row: Row, site: Site) -> str:
    """The row's source as it stands in sources.toml."""
    base = site.base
    given = {"name": row.name, "url": "/", "allow_private": True, "delay": 0} | dict(row.source)
    lines = ["[[source]]"]
    for key, value in given.items():
        if isinstance(value, list):
            value = [base + path for path in value]
        elif key == "url" and "://" not in str(value):
            value = base + str(value)
        lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n\n"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_is_a_line_a_row_in_failures_and_a_time_to_try_again(
    crawls: Crawls, row: Row
) -> None:
    found = crawls.first[row.name]
    hours = {HOUR: 1.0, TWO_HOURS: 2.0}.get(row.again or "")
    expected = [(row.failure, row.says, hours)] if row.failure else []
    assert found.failures == expected
    assert found.articles == row.articles
    assert [f["kind"] for f in found.report["failures"]] == [f[0] for f in expected]
    said = [text for text in (row.notice, row.says) if text]
    assert len(found.lines) == len(said), found.lines
    assert all(text in "\n".join(found.lines) for text in said), found.lines


@pytest.mark.parametrize("row", [r for r in ROWS if r.healed is not None], ids=lambda r: r.name)
def test_what_heals_is_archived_and_its_failure_forgotten(crawls: Crawls, row: Row) -> None:
    assert (crawls.second[row.name].articles, crawls.second[row.name].failures) == (row.healed, [])


def test_nothing_crashes_and_memory_stays_bounded(crawls: Crawls) -> None:
    assert "Traceback" not in crawls.errors
    assert "fault of this program" not in crawls.errors
    assert max(crawls.memory) < MEMORY_KIB


def test_traps_are_left_after_a_few_pages(crawls: Crawls) -> None:
    assert {name: asked for name, asked in crawls.asked.items() if asked > 25} == {}


def test_the_page_about_faults_is_written_from_the_table() -> None:
    assert faults.DOCUMENT.read_text("utf-8") == faults.document(), "run: python -m tests.faults"


def test_a_failure_stays_one_though_the_page_did_not_change(
    newsarchive: Run, tmp_path: Path
) -> None:
    wall = next(row for row in ROWS if row.name == "wall")
    with broken_site.serve([(wall.name, wall.pages, wall.scheme)], tmp_path) as sites:
        (tmp_path / "sources.toml").write_text(_toml(wall, sites["wall"]))
        for _ in range(2):
            done = newsarchive("crawl", "--json", archive=tmp_path)
            assert done.returncode == 1
            report = document(done)["sources"]["wall"]
            assert [f["kind"] for f in report["failures"]] == ["blocked"]
            assert report["unchanged"] == 0


def test_a_held_article_is_asked_for_conditionally_also_after_a_failure(
    newsarchive: Run, tmp_path: Path
) -> None:
    with moody_site() as site:
        site.article("/1")
        site.feed("/1")
        site.write(tmp_path)
        assert newsarchive("crawl", archive=tmp_path).returncode == 0
        whole, site.answers["/1"] = site.answers["/1"], (500, {}, b"Oops")
        assert newsarchive("crawl", "--revisit", archive=tmp_path).returncode == 1
        site.answers["/1"] = whole
        done = newsarchive("crawl", "--revisit", "--json", archive=tmp_path)
        assert document(done)["sources"]["x"]["unchanged"] == 1
        assert site.asked("/1")[-1] == 304


def test_private_addresses_are_refused_unless_allowed(newsarchive: Run, tmp_path: Path) -> None:
    row = Row("x", "", faults.feed(faults.rss(faults.item("/1"))))
    with broken_site.serve([(row.name, row.pages, row.scheme)], tmp_path) as sites:
        text = _toml(row, sites["x"]).replace("allow_private = true\n", "").replace("delay = 0", "")
        (tmp_path / "sources.toml").write_text(text)
        done = newsarchive("crawl", "--json", archive=tmp_path)
    assert done.returncode == 1
    assert [f["kind"] for f in document(done)["sources"]["x"]["failures"]] == ["private-address"]
    assert sites["x"].requests == []


def test_substack_is_skipped_with_its_notice_until_its_terms_are_accepted(
    newsarchive: Run, tmp_path: Path
) -> None:
    with serve_samples(["substack"]) as served:
        (tmp_path / "sources.toml").write_text(
            sources_toml(served).replace("accept_terms = true", "")
        )
        served[0].requests.clear()
        done = newsarchive("crawl", "--json", archive=tmp_path)
        asked = [path for _, path, _ in served[0].requests if "/p/" in path]
    assert done.returncode == 0
    assert "accept_terms" in done.stderr
    assert not asked
