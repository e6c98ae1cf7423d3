"""Queries as people write them, and what they ask of the full-text index.

Words (all of them must occur), "phrases", prefix*, -without, one OR another; in a field:
title:word, author:word, text:word; of a source, language or tag: source:NAME.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from archive.errors import UserError
from archive.words import LAST_RUN, words

FIELDS = {"title": "title", "author": "authors", "text": "text"}  # and their columns in the index
FILTERS = ("source", "language", "tag")  # said in a query, they are filters all the same
_NAMES = (*FIELDS, *FILTERS)
_ITEM = re.compile(
    rf'(?P<minus>-?)(?:(?P<field>{"|".join(_NAMES)}):)?(?:"(?P<phrase>[^"]*)"(?P<star>\*?)|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)
_MISSPELT = re.compile(r"-?([^\W\d_]+):(?!//)\S")
_TYPOGRAPHIC_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_UNSEARCHABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # SQLite takes none of them in a query
_OPERATORS = ("OR", "AND", "NOT")  # in capitals, between two words; else they are words


class QueryError(UserError):
    """A query that cannot be understood, with a hint."""


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a query: a word or phrase, and how it is meant.

    `is_other` says that this one or the one before it is wanted; `written` is the part as it stands
    in the query.
    """

    text: str
    written: str
    field: str | None = None
    is_prefix: bool = False
    unwanted: bool = False
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A query in two: what is asked of the index (null: nothing), and filters with their values."""

    words: str | None
    filters: dict[str, tuple[str, ...]]


def parse(query: str) -> Query:
    """The query's two parts. Raises QueryError with a hint."""
    items = _items(query)
    chosen = [item for item in items if item.field in FILTERS]
    for item, before in zip(items, [None, *items], strict=False):
        is_or = before is not None and before.written == "OR"
        if item.field in FILTERS and (item.unwanted or is_or):
            raise QueryError(f"{item.field}: can neither be left out nor stand behind OR")
    words = " ".join(item.written for item in items if item.field not in FILTERS)
    values = {name: tuple(i.text for i in chosen if i.field == name) for name in FILTERS}
    if words or not chosen:
        match_expression(words or query)
    return Query(words or None, values)


def wanted(query: str) -> list[Item]:
    """The words and phrases of which an article must have all, or one of those joined by OR."""
    return [item for item in _combined(_items(query)) if not item.unwanted]


def match_expression(query: str) -> str:
    """The words of a query as an FTS5 expression. Raises QueryError with a hint."""
    groups: list[list[str]] = []
    unwanted: list[str] = []
    for item in _combined(_items(query)):
        if item.field in FILTERS:
            raise QueryError(f"{item.written}: here only words are searched for, not filters")
        if item.unwanted:
            unwanted.append(_expression(item))
        elif item.is_other:
            groups[-1].append(_expression(item))
        else:
            groups.append([_expression(item)])
    if not groups:
        hint = "add a word that must occur" if unwanted else "write a word to search for"
        raise QueryError(f"nothing to search for in {query!r}: {hint}")
    expression = " AND ".join(f"({' OR '.join(group)})" for group in groups)
    return f"({expression}) NOT ({' OR '.join(unwanted)})" if unwanted else expression


def _items(query: str) -> list[Item]:
    plain = unicodedata.normalize("NFKC", query).translate(_TYPOGRAPHIC_QUOTES)
    plain = _UNSEARCHABLE.sub(" ", plain)
    if plain.count('"') % 2:
        raise QueryError(f"the quotation mark in {query!r} is not closed")
    items = []
    for found in _ITEM.finditer(plain):
        text = found["word"] or found["phrase"] or ""
        if text.lower().rstrip(":") in _NAMES and text.endswith(":"):
            raise QueryError(f"write the word right behind {text!r}, without a space")
        if found["word"] and not found["field"]:
            _check_field(found.group())
        if any(c.isalnum() for c in text):
            is_prefix = text.endswith("*") or found["star"] == "*"
            field = found["field"].lower() if found["field"] else None
            bare = text if field in FILTERS else _bare(text)
            items.append(Item(bare, found.group(), field, is_prefix, bool(found["minus"])))
    return items


def _check_field(word: str) -> None:
    """Raise QueryError where a word begins like a field whose name is misspelt."""
    written = _MISSPELT.match(word)
    near = difflib.get_close_matches(written[1].lower(), _NAMES, 1, 0.8) if written else []
    if written and near:
        names = ", ".join(f"{name}:" for name in _NAMES)
        raise QueryError(
            f"{written[1]}: is no field; did you mean {near[0]}:? There are {names} "
            f'(write "{word}" to search for it as it stands)'
        )


def _combined(items: list[Item]) -> Iterator[Item]:
    """The items without OR, AND and NOT, which say how the one behind them is meant."""
    operator, before = None, None
    for n, item in enumerate(items):
        is_between = before is not None and n < len(items) - 1 and operator is None
        if is_between and item.written in _OPERATORS:
            operator = item.written
            continue
        unwanted = item.unwanted or operator == "NOT"
        is_other = operator == "OR" and not unwanted and not (before and before.unwanted)
        before = replace(item, unwanted=unwanted, is_other=is_other)
        yield before
        operator = None


def _bare(text: str) -> str:
    """Without the punctuation, symbols and spaces around it."""
    outer = [i for i, c in enumerate(text) if unicodedata.category(c)[0] not in "PSZ"]
    return text[outer[0] : outer[-1] + 1]


def _expression(item: Item) -> str:
    """The item as an FTS5 phrase.

    It may end amid a run of letters without spaces: then its last letter does not stand alone.
    """
    cut, is_prefix = words(item.text).split(), item.is_prefix
    if run := LAST_RUN.search(item.text):
        is_prefix = len(run.group()) == 1
        cut = cut if is_prefix else cut[:-1]
    phrase = f'"{" ".join(cut)}"' + (" *" if is_prefix else "")
    return f"({FIELDS[item.field]} : {phrase})" if item.field else f"({phrase})"
