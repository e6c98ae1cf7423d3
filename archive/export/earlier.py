"""What is new since an earlier export: each corpus keeps an index of what it was made of.

The index has a line for each article in the order of addresses: address, the first 16 digits of its
text's SHA-256, split, those of its metadata's. Two exports are compared as they are read: neither is
held in memory.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

from archive.export import files, folder
from archive.model import Article

INDEX, WITHDRAWN = "index.tsv.gz", "withdrawn.txt"
DIGITS = 16  # 64 bits: of a million changed texts none is taken for unchanged
# What is said of an article besides its text. Not which capture that is from, when it was seen and by
# what it was read: each crawl changes those.
METADATA = (
    "source", "site", "title", "authors", "published", "published_utc", "modified", "language",
    "declared_language", "description", "image", "tags", "translation_group", "access", "form",
    "may_crawl", "may_archive", "may_train", "gone",
)  # fmt: skip

Entry = tuple[str, ...]


class Index:
    """The index of a corpus in its making, compared with an earlier corpus where there is one.

    A context manager. `unchanged` counts what the earlier one has as it is, `changed` what it has with
    another text, split or metadata, `withdrawn` what it has and the new one has not; null without an
    earlier one.
    """

    def __init__(self, stage: Path, earlier: Path | None) -> None:
        self.unchanged = 0 if earlier else None
        self.changed = 0 if earlier else None
        self._stage = stage
        self._corpus = earlier
        self._earlier: Earlier | None = None

    @property
    def withdrawn(self) -> int | None:
        return self._earlier.withdrawn if self._earlier else None

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            raw = opened.enter_context(files.whole_file(self._stage / INDEX))
            self._index = opened.enter_context(files.compressed(raw, "gzip"))
            if self._corpus:
                listed = opened.enter_context(files.whole_file(self._stage / WITHDRAWN))
                self._earlier = opened.enter_context(Earlier(self._corpus, listed))
            self._files = opened.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._files.__exit__(*error)

    def add(self, article: Article, split: str) -> bool:
        """Whether the article is new, or was not in the earlier corpus as it is now."""
        entry = (article.url, article.digest[:DIGITS], split, _metadata(article))
        self._index.write("\t".join(entry).encode() + b"\n")
        if self._earlier is None or self.unchanged is None or self.changed is None:
            return True
        held = self._earlier.find(article.url)
        # An index of before metadata stood in it says nothing of them.
        is_same = held is not None and held == entry[: len(held)]
        self.unchanged += is_same
        self.changed += held is not None and not is_same
        return not is_same


class Earlier:
    """An earlier corpus; asked for one article after another, in the order of addresses.

    `withdrawn` takes the addresses, a line each, that it has and the new one has not. A context
    manager: what is left of the earlier one at its end is withdrawn, too.
    """

    def __init__(self, corpus: Path, withdrawn: IO[bytes]) -> None:
        self.withdrawn = 0
        self._file = withdrawn
        self._entries = _entries(corpus)
        self._next = next(self._entries, None)

    def find(self, url: str) -> Entry | None:
        """What the index of the earlier corpus has of the article; null: nothing."""
        while self._next and self._next[0] < url:
            self._withdraw(self._next[0])
            self._next = next(self._entries, None)
        found = self._next if self._next and self._next[0] == url else None
        if found:
            self._next = next(self._entries, None)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        while self._next and not error[0]:
            self._withdraw(self._next[0])
            self._next = next(self._entries, None)

    def _withdraw(self, url: str) -> None:
        self._file.write(f"{url}\n".encode())
        self.withdrawn += 1


def corpus_folder(named: Path) -> Path:
    """The folder of an earlier corpus, named by itself or by its manifest. Raises FolderError."""
    corpus = named.parent if named.name == folder.MANIFEST else named
    folder.read_manifest(corpus)
    if not (corpus / INDEX).exists():
        raise folder.FolderError(f"{corpus} has no {INDEX}: without it nothing can be compared")
    return corpus


def _metadata(article: Article) -> str:
    said = json.dumps([getattr(article, name) for name in METADATA], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:DIGITS]


def _entries(corpus: Path) -> Iterator[Entry]:
    """The lines of an index. Raises FolderError where it is damaged."""
    try:
        with gzip.open(corpus / INDEX, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield tuple(line.rstrip("\n").split("\t"))
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise folder.FolderError(f"{corpus / INDEX} is damaged: export that corpus anew") from error
