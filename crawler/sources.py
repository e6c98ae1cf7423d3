"""What to crawl: `sources.toml` → sources, with errors that name the line and the remedy."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from archive.errors import UserError

PRESET = Path(__file__).with_name("sources.toml")
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
PLATFORMS = ("wordpress", "substack", "ghost", "beehiiv")


class SourcesError(UserError):
    """Something is wrong with the list of sources: one line with file, line number and remedy."""


@dataclass(frozen=True, slots=True)
class Source:
    """A site or newsletter that is crawled; the keys of a `[[source]]` in sources.toml."""

    name: str
    url: str
    platform: str | None = None
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    language: str | None = None
    interval: int | None = None  # seconds between crawls; null: learned
    limit: int | None = None  # articles a crawl
    delay: float | None = None  # seconds between requests; null: the default, and AutoThrottle
    connections: int = 1
    allow_private: bool = False
    accept_terms: bool = False
    render: bool = False
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    until: str | None = None  # last day (ISO 8601) on which keep and drop fit the site's pages
    checked: str | None = None  # when somebody last saw that it works


_KINDS: dict[str, tuple[type, ...]] = {
    "limit": (int,),
    "delay": (int, float),
    "connections": (int,),
    "allow_private": (bool,),
    "accept_terms": (bool,),
    "render": (bool,),
    "interval": (int, str),
}
_LISTS = ("feeds", "sitemaps", "keep", "drop")
_KEYS = tuple(field.name for field in fields(Source))


def load(path: Path) -> list[Source]:
    """The sources of a file, in its order. Raises SourcesError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SourcesError(
            f"no sources in {path}: make the list with `newsarchive sources init`,"
            " or add one with `newsarchive sources add URL`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SourcesError(f"{path}: {error}") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> list[Source]:
    """The sources of a text; `name` stands in the errors. Raises SourcesError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourcesError(f"{name}: {error}") from error
    for key in data:
        if key != "source":
            raise SourcesError(f"{name}: unknown table {key!r}: a source is a [[source]]")
    entries = data.get("source", [])
    if not isinstance(entries, list):
        raise SourcesError(f"{name}: write [[source]], with two brackets, for each source")
    lines = _Lines(text, name)
    found: dict[str, Source] = {}
    for index, entry in enumerate(entries):
        source = _source(entry, index, lines)
        if source.name in found:
            raise lines.error(index, "name", f"there is a source {source.name!r} already")
        found[source.name] = source
    return list(found.values())


def select(sources: Sequence[Source], names: Iterable[str]) -> list[Source]:
    """The sources of these names, all where none is given. Raises SourcesError for an unknown."""
    known = {source.name: source for source in sources}
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            raise SourcesError(f"no source is named {name!r}{_nearest(name, known)}")
    return [known[name] for name in chosen] if chosen else list(sources)


def append(path: Path, source: Source) -> None:
    """Add a source at the end of the file, which stays as it is otherwise. Raises SourcesError."""
    text = path.read_text("utf-8") if path.exists() else ""
    for held in parse(text, str(path)):
        if held.name == source.name or held.url.rstrip("/") == source.url.rstrip("/"):
            raise SourcesError(f"{path} has {held.url} already, as {held.name!r}")
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + gap + dump(source), "utf-8")


def dump(source: Source) -> str:
    """The source as a `[[source]]`; what is at its default is left out."""
    lines = ["[[source]]"]
    for field in fields(Source):
        value = getattr(source, field.name)
        if value != field.default:
            lines.append(f"{field.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def init(path: Path) -> int:
    """The number of sources written from the preset. Raises SourcesError where there is a file."""
    if path.exists():
        raise SourcesError(f"{path} exists already: edit it, or add with `newsarchive sources add`")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PRESET.read_text("utf-8"), "utf-8")
    return len(load(path))


class _Lines:
    """Where the keys of each source stand in the file."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._lines = text.splitlines()
        self._starts = [
            n for n, line in enumerate(self._lines) if re.match(r"\s*\[\[\s*source\s*\]\]", line)
        ]

    def error(self, index: int, key: str | None, problem: str) -> SourcesError:
        start = self._starts[index] if index < len(self._starts) else 0
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._lines)
        number = start
        for n in range(start, end):
            if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", self._lines[n]):
                number = n
                break
        return SourcesError(f"{self._name}, line {number + 1}: {problem}")


def _source(entry: dict[str, Any], index: int, lines: _Lines) -> Source:
    for key, value in entry.items():
        if key not in _KEYS:
            raise lines.error(index, key, f"unknown key {key!r}{_nearest(key, _KEYS)}")
        if problem := _problem(key, value):
            raise lines.error(index, key, problem)
    for key in ("name", "url"):
        if not entry.get(key):
            raise lines.error(index, None, f'this source has no {key}: add {key} = "…"')
    values: dict[str, Any] = {key: tuple(v) if key in _LISTS else v for key, v in entry.items()}
    if "interval" in values:
        values["interval"] = _seconds(values["interval"])
    return Source(**values)


def _problem(key: str, value: Any) -> str | None:
    """What is wrong with a value; null where nothing is."""
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            return f'{key} must be a list of texts: {key} = ["…"]'
        for item in value:
            wrong = _selector_problem(item) if key in ("keep", "drop") else _url_problem(item)
            if wrong:
                return f"{key}: {wrong}"
        return None
    kinds = _KINDS.get(key, (str,))
    fits: bool = isinstance(value, kinds)
    if not fits or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join(_kind_name(kind) for kind in kinds)
        return f"{key} must be {names}, not {value!r}"
    if key == "url":
        return _url_problem(value)
    if key == "interval" and _seconds(value) is None:
        return f'interval must be seconds, or like "6h" or "1d", not {value!r}'
    if key in ("limit", "delay", "connections") and value < (1 if key == "connections" else 0):
        return f"{key} must not be negative, not {value!r}"
    if key == "platform" and value not in PLATFORMS:
        return (
            f"unknown platform {value!r}{_nearest(value, PLATFORMS)}; known: {', '.join(PLATFORMS)}"
        )
    return None


def _kind_name(kind: type) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[kind]


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url!r} is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{url!r} is no address: it must begin with https:// or http://"
    return None


def _selector_problem(selector: str) -> str | None:
    try:
        if selector.startswith(("/", ".//", "(")):
            etree.XPath(selector)
        else:
            HTMLTranslator().css_to_xpath(selector)
    except (etree.XPathError, SelectorError) as error:
        return f"{selector!r} is neither a CSS selector nor an XPath: {error}"
    return None


def _seconds(value: int | str) -> int | None:
    if isinstance(value, int):
        return value if value > 0 else None
    match = re.fullmatch(r"\s*(\d+)\s*([mhdw]?)\s*", value)
    return int(match.group(1)) * UNITS.get(match.group(2), 1) or None if match else None


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f": did you mean {close[0]!r}?" if close else ""


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", " ", escaped) + '"'
