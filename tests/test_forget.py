"""What is forgotten is in no byte of any file, and does not come again; what is pruned may."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive import warc
from archive.cli import cli
from archive.integrity import verify
from archive.store import open_reader
from tests.broken_site import SITE, Answer, Site, serve
from tests.conftest import Run, document
from tests.faults import PARAGRAPHS, item, page, rss, urlset

# Of the article that is forgotten: a word of its address, its title, its text, and its first text.
SECRETS = ("quokka-path", "Quokkabeacon", "zwiebelfisch", "mumpitzhafen")
TEXT = "<p>At the harbour of Brunnstedt {} was seen by all who stood on the pier that night.</p>"


@dataclass(frozen=True, slots=True)
class Crawled:
    """An archive that was crawled twice from a site, and that site."""

    directory: Path
    site: Site


def secret_page(word: str) -> Answer:
    head = f'<link rel="canonical" href="{SITE}/quokka-path">'
    return Answer(page("A Quokkabeacon over the pier", PARAGRAPHS + TEXT.format(word), head))


def bytes_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that stands in the files of an archive: as it is, and decompressed."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
    for path in (folder / "warc").iterdir():
        left = path.read_bytes()
        while left:
            inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield path.name, inflate.decompress(left)
            left = inflate.unused_data
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        for (body,) in db.execute("SELECT body FROM contents"):
            yield "contents", zlib.decompress(body)


def secrets_in(folder: Path) -> set[tuple[str, str]]:
    """The files that hold a secret, and which."""
    return {
        (name, secret)
        for name, content in bytes_of(folder)
        for secret in SECRETS
        if secret.lower().encode() in content.lower()
    }


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, newsarchive: Run) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("crawled")
    full = f"<content:encoded><![CDATA[{TEXT.format('a zwiebelfisch')}]]></content:encoded>"
    entries = [item("/quokka-path?utm_source=feed", full), item("/1"), item("/2")]
    pages = {
        "/feed": rss("".join(entries)),
        "/sitemap.xml": Answer(
            urlset("".join(f"<url><loc>{SITE}/{p}</loc></url>" for p in ("old", "quokka-path", "1"))),
            "application/xml",
        ),
        "/1": Answer(page("The cranes of Brunnstedt")),
        "/2": Answer(page("Another", PARAGRAPHS[600:] + '<p>As <a href="/quokka-path">told</a>.</p>')),
        "/old": Answer(status=301, headers={"Location": f"{SITE}/quokka-path"}),
        "/quokka-path": secret_page("a mumpitzhafen"),
    }  # fmt: skip
    with serve([("site", pages, "http")], folder) as served:
        site, directory = served["site"], folder / "archive"
        directory.mkdir()
        (directory / "sources.toml").write_text(
            f'[[source]]\nname = "port"\nurl = "{site.base}/"\nfeeds = ["{site.base}/feed"]\n'
            f'sitemaps = ["{site.base}/sitemap.xml"]\nallow_private = true\ndelay = 0\n'
        )
        assert newsarchive("crawl", "--full", archive=directory).returncode == 0
        site.pages["/quokka-path"] = secret_page("a zwiebelfisch")
        assert newsarchive("crawl", "--revisit", "--full", archive=directory).returncode == 0
        yield Crawled(directory, site)


@pytest.fixture
def archive(crawled: Crawled, tmp_path: Path) -> Path:
    return shutil.copytree(crawled.directory, tmp_path / "archive")


def run(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--archive", str(directory)])


def test_what_is_forgotten_is_in_no_byte(
    archive: Path, crawled: Crawled, tmp_path: Path, newsarchive: Run
) -> None:
    url = f"{crawled.site.base}/quokka-path"
    assert {secret for _, secret in secrets_in(archive)} == set(SECRETS)
    shutil.copytree(archive, tmp_path / "before")
    other = f"{crawled.site.base}/2"
    dry = document(newsarchive("forget", url, "--dry-run", "--json", archive=archive))
    assert (dry["done"], dry["articles"], dry["links"]) == (False, [url], [other])
    assert dry["lists"] >= 2
    assert {secret for _, secret in secrets_in(archive)} == set(SECRETS)
    # The page that links to it is another's words: it is told, and stays until it is named, too.
    done = newsarchive("forget", url, other, "--yes", archive=archive)
    assert done.returncode == 0, done.stderr
    assert "yours to erase" in done.stderr
    assert secrets_in(archive) == set()
    assert verify(archive) == []
    with closing(open_reader(archive)) as db:
        assert db.execute("SELECT url FROM articles").fetchall() == [(f"{crawled.site.base}/1",)]

    asked = len(crawled.site.requests)
    assert newsarchive("crawl", "--full", "--revisit", archive=archive).returncode == 0
    assert not {"/quokka-path", "/2", "/old"} & set(crawled.site.requests[asked:])
    assert "/feed" in crawled.site.requests[asked:]
    assert secrets_in(archive) == set()
    assert not list((archive / "warc").glob(f"{warc.PASSING}*"))

    saved = tmp_path / "saved.html"
    saved.write_bytes(secret_page("a zwiebelfisch").body)
    (old,) = (tmp_path / "before" / "warc").iterdir()
    imports = (["import", str(saved), "--url", url], ["import", str(old)])
    for arguments in (*imports, ["merge", str(tmp_path / "before")]):
        done = newsarchive(*arguments, archive=archive)
        assert done.returncode in (0, 1), done.stderr  # 1: the WARC file has a 404
        assert (arguments[0], secrets_in(archive)) == (arguments[0], set())
        assert verify(archive) == []
