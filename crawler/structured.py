"""What the head of a page says in a form for machines: meta elements and JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

ARTICLE = re.compile(r"article|posting|report|analysis|review", re.I)


@dataclass(frozen=True, slots=True)
class Head:
    """Meta elements by name or property, lower case; the objects of JSON-LD; of these, articles."""

    metas: dict[str, list[str]]
    items: list[dict[str, Any]]
    articles: list[dict[str, Any]]

    def meta(self, *names: str) -> str | None:
        """The first of these meta elements that says something."""
        return next((v for name in names for v in self.metas.get(name, ()) if v), None)


def read_head(tree: Any) -> Head:
    """The head of a page; what is broken in it is left out."""
    items = list(_json_ld(tree))
    return Head(_metas(tree), items, [i for i in items if any(ARTICLE.search(t) for t in types(i))])


def types(item: dict[str, Any]) -> list[str]:
    """The @type of an object: one or several."""
    kinds = item.get("@type")
    return [str(k) for k in (kinds if isinstance(kinds, list) else [kinds]) if k]


def plain(text: str) -> str:
    """The text without tags, character references resolved, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def _metas(tree: Any) -> dict[str, list[str]]:
    """The values of meta elements by name or property, lower case."""
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("http-equiv")
        if name and (value := plain(element.get("content") or "")):
            found.setdefault(name.strip().lower(), []).append(value)
    return found


def _json_ld(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of the page's JSON-LD, graphs and lists opened; what is broken is left out."""
    for script in tree.iter("script"):
        if script.get("type") != "application/ld+json":
            continue
        text = re.sub(r"^\s*(?:<!--|//<!\[CDATA\[)|(?:-->|//\]\]>)\s*$", "", script.text or "")
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        waiting = [data]
        while waiting:
            value = waiting.pop(0)
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, dict):
                yield value
                for name in ("@graph", "mainEntity", "mainEntityOfPage"):
                    if isinstance(value.get(name), list | dict):
                        waiting.append(value[name])
