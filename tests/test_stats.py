"""What is in an archive, and the health of its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive import failures
from archive.model import Fault, SourceReport
from archive.opening import open_archive, open_reader
from archive.stats import Stats, collect
from tests.small_archive import REMOVED, TEXTS, make


def of(folder: Path) -> Stats:
    db = open_reader(folder)
    try:
        return collect(db)
    finally:
        db.close()


def test_an_empty_archive_has_statistics(tmp_path: Path) -> None:
    with open_archive(tmp_path, "test"):
        pass
    assert of(tmp_path) == Stats(0, 0, 0, 0, 0, 0, 0.0, (), (), ())


def test_totals_languages_and_what_was_removed(tmp_path: Path) -> None:
    make(tmp_path, TEXTS)
    make(tmp_path, {"https://a.org/1": ("de", "Kühlung", "Die Halle wurde umgebaut.")}, day=25)
    found = of(tmp_path)
    assert (found.articles, found.captures, found.revisions) == (5, 6, 6)
    assert found.languages == (("de", 1), ("en", 1), ("fr", 1), ("ja", 1), ("th", 1))
    (removed,) = found.removed
    assert (removed.reason, removed.blocks) == ("subscribe", 5)
    assert removed.letters == 5 * len(REMOVED.text)
    kept = len("Die Halle wurde umgebaut.") + sum(len(t[2]) for t in list(TEXTS.values())[1:])
    assert found.removed_share == pytest.approx(removed.letters / (removed.letters + kept))
    assert found.words == sum(source.words for source in found.sources)


def test_sources_with_their_last_run_and_open_failures(tmp_path: Path) -> None:
    make(tmp_path, TEXTS)
    with open_archive(tmp_path, "test") as archive:
        archive.record_run("crawl", "2026-11-24T13:00:00Z", [SourceReport("a.org", 9, new=2)])
        archive.record_run(
            "crawl", "2026-11-25T13:00:00Z", [SourceReport("a.org", 7, unchanged=2, failed=1)]
        )
        with archive.transaction():
            failures.record(
                archive.connection, "a.org", "https://a.org/x", Fault("http-404", "not found")
            )
            failures.record(
                archive.connection, "gone.org", "https://gone.org/", Fault("dns", "no such host")
            )
    a, b, gone = of(tmp_path).sources
    assert (a.name, a.articles, a.last_run, a.failures) == ("a.org", 2, "2026-11-25T13:00:00Z", 1)
    assert (a.found, a.new, a.revised, a.unchanged, a.failed) == (7, 0, 0, 2, 1)
    assert (b.name, b.articles, b.last_run, b.found, b.failures) == ("b.org", 3, None, None, 0)
    assert (gone.name, gone.articles, gone.words, gone.failures) == ("gone.org", 0, 0, 1)
