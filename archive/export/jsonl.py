"""JSON lines: one article a line, with the column names of `articles`, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import IO

import orjson

from archive.export.files import Add
from archive.model import Article
from archive.search import COLUMNS

_values = attrgetter(*COLUMNS)


@contextmanager
def lines(file: IO[bytes]) -> Iterator[Add]:
    """What writes articles into a file."""
    yield lambda article: file.write(line(article))


def line(article: Article) -> bytes:
    """The article as a line."""
    return orjson.dumps(dict(zip(COLUMNS, _values(article), strict=True))) + b"\n"
