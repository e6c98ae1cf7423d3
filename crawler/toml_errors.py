"""Where something stands in a TOML file that users write, for errors that name the line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from archive.errors import UserError


class Lines:
    """The lines of a file made of one kind of table (`[[source]]`, `[[rule]]`)."""

    def __init__(self, text: str, name: str, table: str, kind: type[UserError]) -> None:
        self._name = name
        self._table = table
        self._kind = kind
        self._lines = text.splitlines()
        header = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
        self._starts = [n for n, line in enumerate(self._lines) if header.match(line)]

    def error(self, index: int | None, key: str | None, problem: str) -> UserError:
        """The error at a key of the nth table; null for one that stands before all of them."""
        start = 0 if index is None or index >= len(self._starts) else self._starts[index]
        end = len(self._lines)
        if index is not None and index + 1 < len(self._starts):
            end = self._starts[index + 1]
        name = rf"[\"']?{re.escape(key or '')}[\"']?"
        stated = re.compile(rf"\s*(?:{name}\s*[=.]|\[+\s*(?:{self._table}\s*\.\s*)?{name}\s*[\].])")
        places = (n for n in range(start, end) if key and stated.match(self._lines[n]))
        return self._kind(f"{self._name}, line {next(places, start) + 1}: {problem}")


def nearest(word: str, known: Iterable[str]) -> str:
    """A question that names the known word most like this one; empty where none is like it."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f": did you mean {close[0]!r}?" if close else ""
