"""Sources that are broken, closed or not to be crawled: a line each, and the others finish."""

from __future__ import annotations

from pathlib import Path

from archive.store import open_reader
from crawler.demo.sites import serve, sources_toml
from tests.conftest import Run, document
from tests.faults import serve_faults

FAULTS = {  # source path → class of its failure
    "/no-feed/": "nothing-found",
    "/malformed/feed": "malformed-feed",
    "/html-feed/feed": "malformed-feed",
    "/bomb/feed": "malformed-feed",
    "/missing/feed": "http-404",
    "/no-article/feed": "not-an-article",
    "/empty/feed": "empty",
    "/large/feed": "too-large",
    "/wall/feed": "blocked",
    "/gzip-bomb/feed": "too-large",
    "/loop/feed": "redirects",
}


def test_broken_sources_are_a_line_each_and_the_others_finish(
    newsarchive: Run, tmp_path: Path
) -> None:
    with serve_faults() as base:
        entries = {path.strip("/").split("/")[0]: base + path for path in FAULTS}
        entries |= {"good": f"{base}/good/feed", "charset": f"{base}/charset/feed"}
        entries |= {
            "no-host": "http://no-such-host.invalid/feed",
            "refused": "http://127.0.0.1:9/feed",
        }
        lines = [
            f'[[source]]\nname = "{name}"\nurl = "{url}"\nfeeds = ["{url}"]\nallow_private = true\ndelay = 0\n'
            if url.endswith("feed")
            else f'[[source]]\nname = "{name}"\nurl = "{url}"\nallow_private = true\ndelay = 0\n'
            for name, url in entries.items()
        ]
        (tmp_path / "sources.toml").write_text("\n".join(lines))
        done = newsarchive("crawl", "--json", archive=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    report = document(done)["sources"]
    assert (report["good"]["new"], report["good"]["failed"]) == (2, 0)
    assert (report["charset"]["new"], report["charset"]["failed"]) == (1, 0)
    assert "charset" in done.stderr
    for path, kind in (FAULTS | {"/no-host/": "dns", "/refused/": "refused"}).items():
        name = path.strip("/").split("/")[0]
        assert [f["kind"] for f in report[name]["failures"]] == [kind], (name, report[name])
        mine = [line for line in done.stderr.splitlines() if line.startswith(f"{name}: ")]
        assert len(mine) == 1, mine
    db = open_reader(tmp_path)
    stored = dict(db.execute("SELECT source, class FROM failures").fetchall())
    title = db.execute("SELECT title FROM articles WHERE source = 'charset'").fetchone()
    db.close()
    assert stored["no-host"] == "dns"
    assert title == ("Größe und Maß",)


def test_a_failure_stays_one_though_the_page_did_not_change(
    newsarchive: Run, tmp_path: Path
) -> None:
    with serve_faults() as base:
        (tmp_path / "sources.toml").write_text(
            f'[[source]]\nname = "wall"\nurl = "{base}"\nfeeds = ["{base}/wall/feed"]\n'
            "allow_private = true\ndelay = 0\n"
        )
        for _ in range(2):
            done = newsarchive("crawl", "--json", archive=tmp_path)
            assert done.returncode == 1
            report = document(done)["sources"]["wall"]
            assert [f["kind"] for f in report["failures"]] == ["blocked"]
            assert report["unchanged"] == 0


def test_private_addresses_are_refused_unless_allowed(newsarchive: Run, tmp_path: Path) -> None:
    with serve_faults() as base:
        (tmp_path / "sources.toml").write_text(
            f'[[source]]\nname = "x"\nurl = "{base}/good/feed"\n'
        )
        done = newsarchive("crawl", "--json", archive=tmp_path)
    assert done.returncode == 1
    assert [f["kind"] for f in document(done)["sources"]["x"]["failures"]] == ["private-address"]


def test_substack_is_skipped_with_its_notice_until_its_terms_are_accepted(
    newsarchive: Run, tmp_path: Path
) -> None:
    with serve(["substack"]) as served:
        (tmp_path / "sources.toml").write_text(
            sources_toml(served).replace("accept_terms = true", "")
        )
        served[0].requests.clear()
        done = newsarchive("crawl", "--json", archive=tmp_path)
        asked = [path for _, path, _ in served[0].requests if "/p/" in path]
    assert done.returncode == 0
    assert "accept_terms" in done.stderr
    assert not asked
