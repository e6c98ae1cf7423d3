"""Articles in files of bounded size, one behind the other: `train-00000.jsonl.gz`, `train-00001…`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from archive.export import files
from archive.export.files import Add, Compression
from archive.model import Article


@dataclass(frozen=True, slots=True)
class Shard:
    """A file that is whole and on disk."""

    path: str  # in the folder of the corpus
    articles: int
    bytes: int
    sha256: str


class Shards:
    """The shards of one split, written into a folder; a context manager that ends the last one.

    A shard ends with the article that fills it. Those in `finished` stand there already: their
    articles are passed over. `on_finished` is told each new one. `path` has the place for the
    shard's number: `data/train-{:05}.jsonl`.
    """

    def __init__(
        self,
        folder: Path,
        path: str,
        open_file: Callable[[IO[bytes]], AbstractContextManager[Add]],
        *,
        compression: Compression | None,
        size: int,
        finished: Sequence[Shard] = (),
        on_finished: Callable[[Shard], None] = lambda shard: None,
    ) -> None:
        self.finished = list(finished)
        self._folder = folder
        self._path = path
        self._open_file = open_file
        self._compression = compression
        self._size = size
        self._on_finished = on_finished
        self._passed = sum(shard.articles for shard in finished)
        self._files = ExitStack()
        self._add: Add | None = None
        self._articles = self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0]:
            self._files.__exit__(*error)
        elif self._add or not self.finished:  # where there is no article: an empty file
            self._end()

    def add(self, article: Article) -> None:
        """Write the article into the shard that is being filled."""
        if self._passed:
            self._passed -= 1
            return
        add = self._add or self._begin()
        self._bytes += add(article)
        self._articles += 1
        if self._bytes >= self._size:
            self._end()

    def _begin(self) -> Add:
        self._articles = self._bytes = 0
        target = self._folder / self._next_path()
        target.parent.mkdir(exist_ok=True)
        raw = self._files.enter_context(files.whole_file(target))
        packed = self._files.enter_context(files.compressed(raw, self._compression))
        self._add = self._files.enter_context(self._open_file(packed))
        return self._add

    def _end(self) -> None:
        if self._add is None:
            self._begin()
        self._files.close()
        self._add = None
        path = self._next_path()
        whole = self._folder / path
        shard = Shard(path, self._articles, whole.stat().st_size, files.sha256(whole))
        self.finished.append(shard)
        self._on_finished(shard)

    def _next_path(self) -> str:
        return self._path.format(len(self.finished))
