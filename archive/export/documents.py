"""Corpora of one file an article: how the files are called, and the table of what is in them.

`articles/SOURCE/DATE-NAME-DIGEST.txt`, loose or, where compressed, as members of tar files.
"""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
import tarfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from archive import articles
from archive.export import markdown, tei, text
from archive.export.files import Add
from archive.export.options import Format
from archive.model import Article, Block

Render = Callable[[Article, Iterable[Block]], bytes]
FOLDER = "articles"
DOCUMENTS: dict[Format, tuple[str, Render]] = {
    "txt": (".txt", text.document),
    "tei": (".xml", tei.document),
    "markdown": (".md", markdown.document),
}
NAME, BYTES = (
    60,
    200,
)  # letters and bytes of a name: with the rest it stays below a file system's 255
DIGEST = 12  # of the address's SHA-256, in 48 bits: two of one name are never of one digest, too
TABLE = (
    "file", "url", "title", "authors", "published", "source", "site", "language", "tags", "words",
    "access", "may_train", "split",
)  # fmt: skip
_UNSAFE = re.compile(r"[^\w.]+")
# Names that Windows keeps for devices, whatever follows the first dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


class Writer(Protocol):
    """What writes the articles of a corpus."""

    def add(self, article: Article, split: str) -> None:
        """Write an article of that split."""


class Documents:
    """The articles of one format as files."""

    def __init__(self, db: sqlite3.Connection, format_: Format) -> None:
        self._db = db
        self._suffix, self._render = DOCUMENTS[format_]

    def path(self, article: Article, split: str) -> str:
        """Where the article stands in the corpus: the same for as long as its date is."""
        digest = hashlib.sha256(article.url.encode()).hexdigest()[:DIGEST]
        name = "-".join(part for part in (_day(article), _name(article), digest) if part)
        place = (FOLDER, split, safe(article.source) or "source", name + self._suffix)
        return "/".join(part for part in place if part)

    def content(self, article: Article) -> bytes:
        """The file's content."""
        return self._render(article, articles.blocks(self._db, article.id, article.text))


class Loose:
    """Articles on their way into loose files. What stands there already is whole, and stays.

    `sums` takes their SHA-256, as `sha256sum --check` reads it.
    """

    def __init__(self, folder: Path, documents: Documents, sums: IO[bytes]) -> None:
        self.files = self.bytes = 0
        self._folder = folder
        self._documents = documents
        self._sums = sums
        self._made: set[Path] = set()

    def add(self, article: Article, split: str) -> None:
        """Write the article's file."""
        path = self._documents.path(article, split)
        target = self._folder / path
        content = target.read_bytes() if target.exists() else b""
        if not content:  # nor what a power cut left empty
            content = self._documents.content(article)
            self._write(target, content)
        self._sums.write(f"{hashlib.sha256(content).hexdigest()}  {path}\n".encode())
        self.files += 1
        self.bytes += len(content)

    def _write(self, target: Path, content: bytes) -> None:
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        unfinished = self._folder / ".unfinished"
        unfinished.write_bytes(content)
        unfinished.replace(target)


@contextmanager
def tar(file: IO[bytes], documents: Documents, split: str) -> Iterator[Add]:
    """What writes articles into a tar file (POSIX.1-2001), without owner and time."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:

        def add(article: Article) -> int:
            content = documents.content(article)
            member = tarfile.TarInfo(documents.path(article, split))
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
            return len(content)

        yield add


class Listed:
    """What writes articles, and the table of them: metadata.tsv, tab-separated, without quotes."""

    def __init__(self, documents: Documents, table: IO[bytes], writer: Writer) -> None:
        self._documents = documents
        self._table = table
        self._writer = writer
        self._write(TABLE)

    def add(self, article: Article, split: str) -> None:
        """Write the article and its line."""
        self._writer.add(article, split)
        self._write(
            (
                self._documents.path(article, split), article.url, article.title,
                "; ".join(article.authors), article.published or "", article.source, article.site,
                article.language, "; ".join(article.tags), str(article.word_count),
                article.access or "", article.may_train, split,
            )
        )  # fmt: skip

    def _write(self, cells: Iterable[str]) -> None:
        self._table.write("\t".join(" ".join(cell.split()) for cell in cells).encode() + b"\n")


def safe(text: str) -> str:
    """The text as part of a file's name on any system: letters and digits, dots and hyphens inside."""
    plain = _UNSAFE.sub("-", unicodedata.normalize("NFC", text).lower()).strip("-_.")[:NAME]
    plain = plain.encode()[:BYTES].decode(errors="ignore").strip("-_.")
    return f"_{plain}" if _DEVICES.match(plain) else plain


def _day(article: Article) -> str:
    return (article.published_utc or "")[:10]


def _name(article: Article) -> str:
    """The last part of the address's path: it outlives a change of the title."""
    parts = [part for part in urlsplit(article.url).path.split("/") if part]
    return safe(unquote(parts[-1])) if parts and article.url.startswith("http") else ""
