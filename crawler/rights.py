"""Opt-out and licence signals of a page or of robots.txt → what they answer.

Sources: TDMRep (W3C community group, 2024), IETF AIPREF drafts (Content-Usage), Cloudflare's
Content Signals, RSL 1.0 (License in robots.txt, link rel=license), robots meta tags.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from protego import Protego

from archive.model import Answer, Signal

# Agents whose only or declared use is training, and what vendors call their opt-out tokens.
AI_AGENTS = (
    "GPTBot", "CCBot", "ClaudeBot", "anthropic-ai", "Google-Extended", "Applebot-Extended",
    "Bytespider", "Meta-ExternalAgent", "FacebookBot", "Amazonbot", "cohere-ai", "Diffbot",
    "Omgilibot", "AI2Bot", "PetalBot",
)  # fmt: skip
_PREFERENCE = re.compile(r"\b(ai-train|train-ai|ai-input|search)\s*=\s*(yes|no|y|n)\b", re.I)


def page_signals(tree: Any, headers: Sequence[tuple[str, str]]) -> tuple[Signal, ...]:
    """The signals in a page's HTTP headers, meta elements, links and JSON-LD."""
    found = [signal for name, value in headers for signal in _named(name.lower(), value, "header")]
    for meta in tree.iterfind(".//meta[@name][@content]"):
        found += _named(meta.get("name").strip().lower(), meta.get("content"), "meta")
    for link in tree.iterfind(".//link[@rel='license'][@href]"):
        found.append(Signal("license", link.get("href"), "meta"))
    found += _licences(tree)
    return tuple(dict.fromkeys(found))


def robots_signals(robots_txt: str) -> tuple[Signal, ...]:
    """The signals in robots.txt: preference lines, licences, and AI agents shut out of the site."""
    found: list[Signal] = []
    for line in robots_txt.splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        if name.strip().lower() in ("content-signal", "content-usage", "license"):
            found += _named(name.strip().lower(), value.strip(), "robots.txt")
    try:
        rules = Protego.parse(robots_txt)
    except ValueError:
        return tuple(dict.fromkeys(found))
    for agent in AI_AGENTS:
        is_named = re.search(rf"^\s*user-agent:\s*{agent}\s*(#|$)", robots_txt, re.I | re.M)
        if is_named and not rules.can_fetch("/", agent):
            found.append(Signal("robots-agent", agent, "robots.txt", train="no"))
    return tuple(dict.fromkeys(found))


def _named(name: str, value: str, place: str) -> Iterator[Signal]:
    """The signal of a header, meta element or robots.txt line of that name."""
    value = value.strip()
    if name == "tdm-reservation" and value in ("0", "1"):
        yield Signal("tdmrep", value, place, train="no" if value == "1" else "yes")
    elif name == "tdm-policy":
        yield Signal("tdm-policy", value, place)
    elif name in ("content-usage", "content-signal"):
        given = {key.lower(): answer.lower() for key, answer in _PREFERENCE.findall(value)}
        yield Signal(
            name, value, place, train=_answer(given.get("ai-train") or given.get("train-ai"))
        )
    elif name == "license":
        yield Signal("license", value, place)
    elif name in ("robots", "x-robots-tag"):
        directives = {part.strip().lower() for part in value.split(",")}
        if directives & {"noai", "noimageai"}:
            yield Signal(
                "robots-meta", value, place, train="no" if "noai" in directives else "unsaid"
            )
        elif "noarchive" in directives:  # a hint to search engines about their caches
            yield Signal("robots-meta", value, place)


def _answer(value: str | None) -> Answer:
    return {"yes": "yes", "y": "yes", "no": "no", "n": "no"}.get(value or "", "unsaid")  # type: ignore[return-value]


def _licences(tree: Any) -> Iterator[Signal]:
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        text = script.text or ""
        if '"license"' not in text:  # most: nothing is read twice (crawler/structured.py)
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict) and isinstance(item.get("license"), str):
                yield Signal("license", item["license"], "json-ld")
