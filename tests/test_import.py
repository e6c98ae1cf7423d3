"""Import: saved pages, WARC files and mail, by the command as users run it."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from archive import warc
from archive.opening import open_reader
from tests.conftest import ROOT, Run, document
from tests.faults import PARAGRAPHS, page

BENCH = ROOT.parent / "shared" / "bench"
CANONICAL = '<link rel="canonical" href="https://www.example.org/cranes">'


def articles(directory: Path) -> list[tuple[str, str, str]]:
    db = open_reader(directory)
    rows = db.execute("SELECT url, title, source FROM articles ORDER BY url").fetchall()
    db.close()
    return rows


def test_saved_pages_have_their_own_address_or_that_of_their_bytes(
    newsarchive: Run, tmp_path: Path
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.html").write_bytes(page("The cranes", head=CANONICAL))
    (pages / "b.html.gz").write_bytes(
        gzip.compress(page("The buoys", PARAGRAPHS.replace("cranes", "buoys")))
    )
    done = newsarchive("import", pages, "--json", archive=tmp_path / "archive")
    assert done.returncode == 0, done.stderr
    found = articles(tmp_path / "archive")
    assert found[0] == ("https://www.example.org/cranes", "The cranes", "example.org")
    assert found[1][0].startswith("urn:sha256:")


def test_url_names_a_saved_page(newsarchive: Run, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(page("The cranes"))
    url = "https://example.org/named?utm_source=x"
    assert (
        newsarchive("import", tmp_path / "a.html", "--url", url, archive=tmp_path).returncode == 0
    )
    assert articles(tmp_path)[0][0] == "https://example.org/named"
    assert document(newsarchive("show", url, "--json", archive=tmp_path))["captured_url"] == url


def test_the_same_import_twice_changes_nothing(newsarchive: Run, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(page("The cranes", head=CANONICAL))
    assert newsarchive("import", tmp_path / "a.html", archive=tmp_path / "x").returncode == 0
    again = document(newsarchive("import", tmp_path / "a.html", "--json", archive=tmp_path / "x"))
    assert again["sources"]["example.org"]["unchanged"] == 1
    db = open_reader(tmp_path / "x")
    counts = [
        db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("captures", "revisions")
    ]
    db.close()
    assert counts == [1, 1]


def test_an_article_that_comes_twice_in_a_run_is_new(newsarchive: Run, tmp_path: Path) -> None:
    for day, name in enumerate(("a.html", "b.html")):
        (tmp_path / name).write_bytes(page("The cranes", head=CANONICAL))
        os.utime(tmp_path / name, (86_400 * day, 86_400 * day))
    report = document(newsarchive("import", tmp_path, "--json", archive=tmp_path / "x"))
    said = report["sources"]["example.org"]
    assert (said["new"], said["unchanged"]) == (1, 0)


def test_a_page_that_failed_fails_again_and_is_captured_once(
    newsarchive: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.html").write_bytes(page("Just a moment...", "<p>Enable JavaScript</p>"))
    for _ in range(2):
        assert newsarchive("import", tmp_path / "a.html", archive=tmp_path / "x").returncode == 1
    db = open_reader(tmp_path / "x")
    assert db.execute("SELECT count(*) FROM captures").fetchone() == (1,)
    db.close()


def test_a_warc_file_of_an_archive_makes_the_same_articles(
    newsarchive: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "warc"
    writer = warc.WarcWriter(folder)
    for n in (1, 2):
        body = page(f"Report {n}", PARAGRAPHS.replace("cranes", f"cranes of kind {n}"))
        headers = (("Content-Type", "text/html"),)
        url = f"https://example.org/{n}"
        writer.append(warc.Exchange(url, f"2026-11-0{n}T00:00:00Z", 200, headers, body))
    writer.append(
        warc.Exchange("https://example.org/404", "2026-11-03T00:00:00Z", 404, (), b"gone")
    )
    writer.close()
    done = newsarchive("import", folder, "--json", archive=tmp_path / "archive")
    assert document(done)["sources"]["example.org"]["new"] == 2
    assert [row[1] for row in articles(tmp_path / "archive")] == ["Report 1", "Report 2"]
    assert newsarchive("verify", archive=tmp_path / "archive").returncode == 0


def test_a_torn_warc_file_is_a_failure_of_its_own(newsarchive: Run, tmp_path: Path) -> None:
    folder = tmp_path / "warc"
    writer = warc.WarcWriter(folder)
    for n in (1, 2):
        body = page(f"Report {n}", PARAGRAPHS.replace("cranes", f"cranes of kind {n}"))
        writer.append(
            warc.Exchange(f"https://example.org/{n}", "2026-11-01T00:00:00Z", 200, (), body)
        )
    writer.close()
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-40])
    done = newsarchive("import", file, archive=tmp_path / "archive")
    assert "Traceback" not in done.stderr
    assert "the file ends within its record" in done.stderr
    assert articles(tmp_path / "archive") == [("https://example.org/1", "Report 1", "example.org")]


def test_what_unfolds_without_end_is_a_line_each_and_the_rest_is_imported(
    newsarchive: Run, tmp_path: Path
) -> None:
    folder, bomb = tmp_path / "files", bytes(80_000_000)
    folder.mkdir()
    (folder / "a.html.gz").write_bytes(gzip.compress(bomb, 1))
    (folder / "b.html").write_bytes(bomb[:20_000_000])
    (folder / "c.html").write_bytes(page("The cranes", head=CANONICAL))
    writer = warc.WarcWriter(folder)
    html = ("Content-Type", "text/html")
    for n, body in enumerate((bomb, gzip.compress(bomb, 1), page("The buoys"))):
        headers = (html, ("Content-Encoding", "gzip")) if n == 1 else (html,)
        url = f"https://example.org/{n}"
        writer.append(warc.Exchange(url, f"2026-11-0{n + 1}T00:00:00Z", 200, headers, body))
    writer.close()
    done = newsarchive("import", folder, archive=tmp_path / "x")
    assert done.returncode == 1
    assert [row[1] for row in articles(tmp_path / "x")] == ["The buoys", "The cranes"]
    lines = done.stderr.splitlines()
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == [
        "too-large", "too-large", "broken-warc", "too-large",
    ]  # fmt: skip
    assert f"too-large: larger than 10 MiB: {folder}/a.html.gz" in lines[0]
    assert "https://example.org/0: more than 67,108,864 bytes" in lines[2]


MAIL = """From: Ada Example <ada@example.org>
To: reader@example.com
Subject: The week in =?utf-8?q?cranes_=E2=80=93_no=2E_7?=
Date: Mon, 02 Nov 2026 08:00:00 +0100
Message-ID: <week7@example.org>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body><table><tr><td>{body}</td></tr></table></body></html>
"""


def test_mail_has_the_address_of_its_web_version_or_of_its_message(
    newsarchive: Run, tmp_path: Path
) -> None:
    online = '<p><a href="https://news.example.org/p/7">View in browser</a></p>'
    (tmp_path / "a.eml").write_text(MAIL.format(body=PARAGRAPHS), "utf-8")
    other = MAIL.format(body=online + PARAGRAPHS.replace("cranes", "buoys"))
    (tmp_path / "b.mbox").write_text("From ada Mon Nov  2 08:00:00 2026\n" + other, "utf-8")
    done = newsarchive("import", tmp_path, archive=tmp_path / "x")
    assert done.returncode == 0, done.stderr
    assert [row[0] for row in articles(tmp_path / "x")] == [
        "https://news.example.org/p/7",
        "mid:week7@example.org",
    ]
    shown = document(newsarchive("show", "mid:week7@example.org", "--json", archive=tmp_path / "x"))
    assert shown["title"] == "The week in cranes – no. 7"
    assert shown["authors"] == ["Ada Example"]
    assert shown["published"] == "2026-11-02T08:00:00+01:00"


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [("missing.html", None, "no such file"), ("a.pdf", b"%PDF", "not one of")],
)
def test_what_cannot_be_imported_is_one_line(
    newsarchive: Run, tmp_path: Path, name: str, content: bytes | None, hint: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = newsarchive("import", tmp_path / name, archive=tmp_path / "x")
    assert done.returncode == 2
    assert hint in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not BENCH.is_dir(), reason="../shared/bench is not there")
def test_real_newsletters_and_mails_become_articles(newsarchive: Run, tmp_path: Path) -> None:
    done = newsarchive(
        "import", BENCH / "newsletters", BENCH / "emails", "--json", archive=tmp_path
    )
    report = document(done)["sources"]
    new = sum(row["new"] for row in report.values())
    assert new >= 48  # of 51: sign-up confirmations and image-only issues have no text
    assert newsarchive("verify", archive=tmp_path).returncode == 0
