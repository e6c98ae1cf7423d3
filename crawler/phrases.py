"""A user's `boilerplate.toml` → rules, with errors that name the line and the remedy.

It stands beside `sources.toml` in the archive's folder, is written as crawler/boilerplate.toml, and
adds to it.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.errors import UserError
from archive.model import Reason
from crawler.toml_errors import Lines, nearest

NAME = "boilerplate.toml"
PRESET = Path(__file__).with_name(NAME)
FLAGS = ("whole", "start", "hint")
TEXTS = ("name", "reason")
# Reasons that follow from where a block stands, not from what it says.
REASONS = tuple(str(r) for r in Reason if r not in (Reason.REPEATED, Reason.OUTSIDE))
SHORTEST = (
    4  # letters of a phrase that may stand anywhere in a block; two in scripts without spaces
)

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_SIGN = re.compile(r"(?:[a-z]+|[0-9]+)(?:-(?:[a-z]+|[0-9]+))?")  # as boilerplate.sign looks it up


class PhrasesError(UserError):
    """Something is wrong with the rules: one line with file, line number and remedy."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The tables of a file: `[[rule]]` in their order, and `[signs]`."""

    rules: tuple[Mapping[str, Any], ...] = ()
    signs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def digest(self) -> str:
        """The same for rules that decide alike; empty where there are none."""
        if not (self.rules or self.signs):
            return ""
        text = json.dumps([self.rules, self.signs], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path) -> Rules:
    """The rules of a file; none where there is no file. Raises PhrasesError."""
    try:
        text = path.read_text("utf-8-sig")  # editors on Windows begin the file with a mark
    except FileNotFoundError:
        return Rules()
    except (OSError, UnicodeDecodeError) as error:
        raise PhrasesError(f"{path}: {error}") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Rules:
    """The rules of a text; `name` stands in the errors. Raises PhrasesError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PhrasesError(f"{name}: {error}") from error
    lines = Lines(text, name, "rule", PhrasesError)
    for key in data:
        if key not in ("rule", "signs"):
            raise lines.error(None, key, f"unknown table or key {key!r}: write [[rule]] or [signs]")
    entries = data.get("rule", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise lines.error(
            None, "rule", "write [[rule]], with two brackets, before each rule's keys"
        )
    for index, entry in enumerate(entries):
        _check_rule(index, entry, lines)
    return Rules(tuple(entries), _signs(data.get("signs", {}), lines))


def _check_rule(index: int, entry: Mapping[str, Any], lines: Lines) -> None:
    for key in TEXTS:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            place = key if key in entry else None
            raise lines.error(index, place, f'this rule has no {key}: add {key} = "…"')
    if entry["reason"] not in REASONS:
        raise lines.error(index, "reason", _unknown("reason", entry["reason"], REASONS))
    for key in FLAGS:
        if not isinstance(entry.get(key, False), bool):
            raise lines.error(index, key, f"{key} must be true or false, not {entry[key]!r}")
    if entry.get("whole") and entry.get("start"):
        raise lines.error(index, "start", "a rule is either whole or start, not both")
    languages = [key for key in entry if key not in (*TEXTS, *FLAGS)]
    for key in languages:
        if problem := _language_problem(key, entry):
            raise lines.error(index, key, problem)
    if not languages:
        raise lines.error(index, None, 'this rule has no phrases: add en = ["…"]')


def _language_problem(key: str, entry: Mapping[str, Any]) -> str | None:
    """What is wrong with the phrases of a language; null where nothing is."""
    if not _LANGUAGE.fullmatch(key):
        return _unknown("key", key, (*TEXTS, *FLAGS)) + "; or a language (ISO 639-1)"
    if not _is_texts(entry[key]):
        return f'{key} must be a list of phrases: {key} = ["…"]'
    if not entry.get("whole"):
        for phrase in entry[key]:
            letters = phrase.replace(" ", "")
            if letters.isascii() and letters.isalnum() and len(letters) < SHORTEST:
                return f"{phrase!r} would fit in any text: make it longer, or add whole = true"
    return None


def _signs(found: Any, lines: Lines) -> dict[str, tuple[str, ...]]:
    if not isinstance(found, dict):
        raise lines.error(None, "signs", "write [signs], and below it a list for each reason")
    for reason, words in found.items():
        if reason not in REASONS:
            raise lines.error(None, reason, _unknown("reason", reason, REASONS))
        if not _is_texts(words):
            raise lines.error(None, reason, f'{reason} must be a list of words: {reason} = ["…"]')
        for word in words:
            if not _SIGN.fullmatch(word):
                problem = f"{word!r} is no part of a class name: one or two words in small letters"
                raise lines.error(None, reason, f'{problem}, as in "author-box"')
    return {reason: tuple(words) for reason, words in found.items()}


def _is_texts(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(v, str) and v.strip() for v in value)
    )


def _unknown(what: str, word: str, known: tuple[str, ...]) -> str:
    return f"unknown {what} {word!r}{nearest(word, known) or '; known: ' + ', '.join(known)}"
