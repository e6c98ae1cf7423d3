"""`keep` and `drop` of sources.toml, as their users see them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archive.opening import open_reader
from tests.conftest import Run, document
from tests.faults import page

PAGES = 5  # more than it takes for a text to count as the site's
MOTTO = "Our motto is printed in each report: the cranes belong to all who look up."
PLEA = "A line that nothing general takes for boilerplate stands below every report."


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def site(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    for n in range(PAGES):
        text = "".join(
            f"<p>Paragraph {k} of report {n} tells at length what crane {n} of quay {k} has seen, "
            f"in {'so ' * (n + 3)}many words that it is plainly text.</p>"
            for k in "ABCD"
        )
        body = f"{text}<p class=motto>{MOTTO}</p><div id=plea><p>{PLEA}</p></div>"
        (folder / f"{n}.html").write_bytes(page(f"Report {n}", body))
    links = "".join(f"<item><link>{base}/{n}.html</link></item>" for n in range(PAGES))
    (folder / "feed.xml").write_text(
        f'<rss version="2.0"><channel>{links}</channel></rss>', "utf-8"
    )
    try:
        yield base
    finally:
        server.shutdown()
        server.server_close()


def write_sources(directory: Path, base: str, rules: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "sources.toml").write_text(
        f'[[source]]\nname = "harbour"\nurl = "{base}/"\nfeeds = ["{base}/feed.xml"]\n'
        f"allow_private = true\ndelay = 0\n{rules}",
        "utf-8",
    )


def texts(directory: Path) -> list[str]:
    db = open_reader(directory)
    found = [row[0] for row in db.execute("SELECT text FROM articles ORDER BY url")]
    db.close()
    return found


def test_rules_of_a_source_win_over_what_is_general_and_what_is_learned(
    newsarchive: Run, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    folder, plain = tmp_path / "archive", tmp_path / "plain"
    with site(tmp_path / "site") as base:
        rules = 'keep = ["p.motto"]\ndrop = ["//div[@id=\'plea\']"]\n'
        for directory, of_directory in ((folder, rules), (plain, "")):
            write_sources(directory, base, of_directory)
            done = newsarchive("crawl", archive=directory)
            assert done.returncode == 0, done.stderr
        why = newsarchive("why", f"{base}/1.html", "--json", archive=folder)
        shown = newsarchive("why", f"{base}/1.html", archive=folder).stdout
    assert all(MOTTO not in text for text in texts(plain))  # it repeats on the site
    assert len(texts(folder)) == PAGES
    assert all(MOTTO in text and PLEA not in text for text in texts(folder))
    decided = document(why)
    (dropped,) = [block for block in decided["removed"] if block["text"] == PLEA]
    assert (dropped["rule"], dropped["evidence"]) == ("site-rule", "//div[@id='plea']")
    assert dropped["reason"]
    (kept,) = [block for block in decided["kept"] if block["text"] == MOTTO]
    assert (kept["rule"], kept["evidence"]) == ("site-rule", "p.motto")
    assert "site-rule: p.motto" in shown
    assert "site-rule: //div[@id='plea']" in shown


def test_what_is_imported_is_cleaned_by_the_rules_of_its_source(
    newsarchive: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    body = f"<p>{'The cranes have seen it all before. ' * 9}</p><div id=plea><p>{PLEA}</p></div>"
    (tmp_path / "a.html").write_bytes(page("Report", body))
    mail = "From: Ada <ada@letters.example>\nMessage-ID: <a@mta.example>\nContent-Type: text/html"
    (tmp_path / "a.eml").write_text(f"{mail}\n\n<html><body>{body}</body></html>", "utf-8")
    write_sources(folder, "https://reports.example", 'drop = ["#plea"]\n')
    with open(folder / "sources.toml", "a", encoding="utf-8") as file:
        file.write('[[source]]\nname = "l"\nurl = "https://letters.example"\ndrop = ["#plea"]\n')
    address = "https://www.reports.example/1"
    for arguments in ((tmp_path / "a.html", "--url", address), (tmp_path / "a.eml",)):
        done = newsarchive("import", *arguments, archive=folder)
        assert done.returncode == 0, done.stderr
    assert [PLEA in text for text in texts(folder)] == [False, False]


@pytest.mark.parametrize(
    "wrong",
    ["p..motto", "//div[", "//div[other:x()]", "string(//p)", "//p/text()", "", "p:no-such"],
)
def test_a_wrong_selector_is_one_line_with_the_sources_name(
    newsarchive: Run, tmp_path: Path, wrong: str
) -> None:
    write_sources(tmp_path, "https://reports.example", f'keep = ["p"]\ndrop = ["{wrong}"]\n')
    done = newsarchive("crawl", archive=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert re.search(r"sources\.toml, line 8: drop: .*\(source 'harbour'\)$", line), line
