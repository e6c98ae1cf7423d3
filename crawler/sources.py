"""What to crawl: `sources.toml` → sources, with errors that name the line and the remedy."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from archive import urls
from archive.errors import UserError
from crawler.toml_errors import Lines, nearest

PRESET = Path(__file__).with_name("sources.toml")
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
NOT_CHECKED = "not checked"
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
    checked: str | None = None  # the day somebody last saw that it works, or "not checked"
    verify_tls: bool = True  # false: archived though nobody vouches for who sent it


_KINDS: dict[str, tuple[type, ...]] = {
    "limit": (int,),
    "delay": (int, float),
    "connections": (int,),
    "allow_private": (bool,),
    "accept_terms": (bool,),
    "verify_tls": (bool,),
    "render": (bool,),
    "interval": (int, str),
    "until": (str, date),
    "checked": (str, date),
}
_LISTS = ("feeds", "sitemaps", "keep", "drop")
_KEYS = tuple(field.name for field in fields(Source))


def load(path: Path) -> list[Source]:
    """The sources of a file, in its order. Raises SourcesError."""
    try:
        text = path.read_text("utf-8-sig")  # editors on Windows begin the file with a mark
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
    lines = Lines(text, name, "source", SourcesError)
    for key in data:
        if key != "source":
            raise lines.error(
                None, key, f"unknown table or key {key!r}: all stands below [[source]]"
            )
    entries = data.get("source", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        remedy = "write [[source]], with two brackets, before the keys of each source"
        raise lines.error(None, "source", remedy)
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
            raise SourcesError(f"no source is named {name!r}{nearest(name, known)}")
    return [known[name] for name in chosen] if chosen else list(sources)


def of_address(sources: Iterable[Source], url: str) -> Source | None:
    """The source whose site an address is of, the innermost section first; null where none is."""
    site, path = urls.site(url), urlsplit(url).path.rstrip("/") + "/"
    found = [
        source
        for source in sources
        if urls.site(source.url) == site
        and path.startswith(urlsplit(source.url).path.rstrip("/") + "/")
    ]
    return max(found, key=lambda source: len(source.url), default=None)


def of_capture(sources: Iterable[Source], name: str, url: str) -> Source:
    """The source whose rules fit what was captured: the one of that name, else of that address.

    A mail without an address on the web is of its sender, for whom its source is named. Where none
    is known, one without rules.
    """
    known = list(sources)
    page = url if url.startswith("http") else f"https://{name}/"
    by_name = next((source for source in known if source.name == name), None)
    return by_name or of_address(known, page) or Source(name=name, url=page)


def append(path: Path, *sources: Source) -> None:
    """Add sources at the end of the file, which stays as it is otherwise. Raises SourcesError."""
    names = {source.name: source for source in (load(path) if path.exists() else [])}
    places = {urls.key(source.url): source for source in names.values()}
    for source in sources:
        key = urls.key(source.url)
        if other := names.get(source.name) or places.get(key):
            raise SourcesError(f"{path} has {other.url} already, as {other.name!r}")
        names[source.name] = places[key] = source
    entries = "\n".join(dump(source) for source in sources)
    parse(entries, "the source")  # what is added must be read back
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        file.seek(0)
        before = file.read()
        end = b"\r\n" if b"\r\n" in before else b"\n"
        gap = b"" if not before else end if before.endswith(b"\n") else end * 2
        file.write(gap + entries.encode().replace(b"\n", end))


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


def _source(entry: dict[str, Any], index: int, lines: Lines) -> Source:
    for key, value in entry.items():
        if key not in _KEYS:
            near = nearest(key, _KEYS) or f"; known: {', '.join(_KEYS)}"
            raise lines.error(index, key, f"unknown key {key!r}{near}{_of(entry)}")
        if problem := _problem(key, value):
            raise lines.error(index, key, problem + _of(entry))
    for key in ("name", "url"):
        if key not in entry:
            raise lines.error(index, None, f'this source has no {key}: add {key} = "…"')
    values: dict[str, Any] = {key: tuple(v) if key in _LISTS else v for key, v in entry.items()}
    if "interval" in values:
        values["interval"] = _seconds(values["interval"])
    for key in ("until", "checked"):
        values[key] = str(values[key]) if values.get(key) else None
    return Source(**values)


def _of(entry: dict[str, Any]) -> str:
    """The source an error is about, where it has a name."""
    name = entry.get("name")
    return f" (source {name!r})" if isinstance(name, str) and not _name_problem(name) else ""


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
    wrong = _CHECKS[key](value) if key in _CHECKS else None
    return f"{key}: {wrong}" if wrong else None


def _kind_name(kind: type) -> str:
    names = {int: "a whole number", float: "a number", bool: "true or false", date: "a day"}
    return names.get(kind, "a text")


def _name_problem(name: str) -> str | None:
    if not name.strip() or not name.isprintable() or name.startswith("-"):
        return f"a name is one line of text that does not begin with a hyphen, not {name!r}"
    return None


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not url.lower().startswith(("http://", "https://")):
        return f"{url!r} is no address: it must begin with https:// or http://"
    if not is_whole or not url.isprintable() or " " in url:
        return f"{url!r} is no address: copy it from the browser's address bar"
    return None


def _selector_problem(selector: str) -> str | None:
    is_xpath = selector.startswith(("/", ".//", "("))
    try:
        path = selector if is_xpath else HTMLTranslator().css_to_xpath(selector)
        found = etree.XPath(path)(_sample())  # some errors show only when an element is asked
    except (etree.XPathError, SelectorError) as error:
        said = (str(error) or "it is empty").splitlines()[0]
        return f"{selector!r} is neither a CSS selector nor an XPath: {said}"
    if not isinstance(found, list) or re.search(r"(?:text\(\)|@[\w-]+)\s*$", selector):
        return f"{selector!r} selects no elements: name the element around the text"
    return None


def _sample() -> etree._Element:
    """A page with the elements that selectors speak of."""
    tags = (
        "div p a span section article aside header footer nav main ul li table tr td h1 h2 figure"
    )
    body = etree.SubElement(etree.Element("html"), "body")
    for tag in tags.split():
        etree.SubElement(body, tag, id="x").set("class", "x")
    return body.getroottree().getroot()


def _platform_problem(value: str) -> str | None:
    if value in PLATFORMS:
        return None
    return f"unknown {value!r}{nearest(value, PLATFORMS)}; known: {', '.join(PLATFORMS)}"


def _language_problem(value: str) -> str | None:
    if re.fullmatch(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", value):
        return None
    return f'must be a code like "en" or "pt-BR" (BCP 47), not {value!r}'


def _interval_problem(value: int | str) -> str | None:
    if _seconds(value) is not None:
        return None
    return f'must be seconds, or like "6h" or "1d", not {value!r}'


def _day_problem(value: str | date) -> str | None:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return f'must be a day like "2026-11-24", not {str(value)!r}'
    return None


def _least(smallest: int) -> Callable[[float], str | None]:
    def problem(value: float) -> str | None:
        if math.isfinite(value) and value >= smallest:
            return None
        return f"must be at least {smallest}, not {value!r}"

    return problem


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "name": _name_problem,
    "url": _url_problem,
    "platform": _platform_problem,
    "language": _language_problem,
    "interval": _interval_problem,
    "limit": _least(0),
    "delay": _least(0),
    "connections": _least(1),
    "until": _day_problem,
    "checked": lambda value: None if value == NOT_CHECKED else _day_problem(value),
}


def _seconds(value: int | str) -> int | None:
    if isinstance(value, int):
        return value if value > 0 else None
    match = re.fullmatch(r"\s*(\d+)\s*([mhdw]?)\s*", value)
    return int(match.group(1)) * UNITS.get(match.group(2), 1) or None if match else None


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
