"""Subscriptions of a feed reader (OPML 2.0, opml.org/spec2.opml) → sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from archive import urls
from crawler.discovery.page import absolute, language_code
from crawler.sources import NOT_CHECKED, Source, SourcesError


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """What a file adds to a list of sources: new ones, how many are held, what cannot be used."""

    new: tuple[Source, ...]
    held: int
    skipped: tuple[str, ...]  # a line each


def read(path: Path, held: Iterable[Source]) -> Subscriptions:
    """The subscriptions of a file beside the sources that are held. Raises SourcesError.

    Folders are taken as such, however deep. The same feed twice is one source.
    """
    known = list(held)
    places = {urls.key(url) for source in known for url in (source.url, *source.feeds)}
    names = {source.name for source in known}
    new: list[Source] = []
    skipped: list[str] = []
    count = 0
    for outline in _outlines(path):
        title = _line(outline.get("text")) or _line(outline.get("title"))
        feed = absolute("", outline.get("xmlurl", ""))
        if feed is None:
            stated = outline.get("xmlurl") or outline.get("url") or ""
            wrong = f"{stated!r} is no address of a feed" if stated.strip() else "no xmlUrl"
            skipped.append(f"{title or 'an outline without a title'}: {wrong}")
        elif urls.key(feed) in places:
            count += 1
        else:
            home = absolute(feed, outline.get("htmlurl"))
            url = home if home and urls.key(home) not in places else feed
            name = _free(title or urls.site(url), urls.site(url), names)
            language = language_code(outline.get("language"))
            new.append(Source(name, url, feeds=(feed,), language=language, checked=NOT_CHECKED))
            names.add(name)
            places |= {urls.key(url), urls.key(feed)}
    return Subscriptions(tuple(new), count, tuple(skipped))


def _outlines(path: Path) -> Iterator[Mapping[str, str]]:
    """The attributes, their names in lower case, of each outline that has none below it."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except OSError as error:
        raise SourcesError(f"{path}: {error.strerror or error}") from error
    except (etree.XMLSyntaxError, ValueError) as error:
        problem = " ".join(str(error).split()) or "the file is empty"
        raise SourcesError(f"{path} is no OPML: {problem[:150]}") from None
    if not isinstance(root.tag, str) or root.tag.lower() != "opml":
        raise SourcesError(f"{path} is no OPML: the document is <{root.tag}>")
    for element in root.iter("outline"):
        given = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        if "xmlurl" in given or not _has_outlines(element):
            yield given


def _has_outlines(element: Any) -> bool:
    return element.find("outline") is not None


def _line(text: str | None) -> str:
    """The text as a name of a source may be: one printable line that begins with no hyphen."""
    printable = "".join(c if c.isprintable() else " " for c in text or "")
    return re.sub(r"\s+", " ", printable).strip().lstrip("- ")


def _free(name: str, site: str, taken: set[str]) -> str:
    """The name, with its site and a number behind it where it is taken."""
    if name not in taken:
        return name
    longer = f"{name} ({site})"
    numbered = (f"{longer} {n}" for n in range(2, len(taken) + 3))
    return next(one for one in (longer, *numbered) if one not in taken)
