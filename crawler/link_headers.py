"""The links that an answer's head has: the HTTP field Link (RFC 8288)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

# A target in angle brackets, then parameters with a token or a quoted string (RFC 8288, 3).
_NAME, _QUOTED, _TOKEN = r"[\w!#$&+.^`|~*-]+", r"(?:[^\"\\]|\\.)*", r"[^\s\",;]*"
_LINK = re.compile(rf'<([^<>]*)>((?:\s*;\s*{_NAME}\s*(?:=\s*(?:"{_QUOTED}"|{_TOKEN}))?)*)')
_PARAMETER = re.compile(rf';\s*({_NAME})\s*(?:=\s*(?:"({_QUOTED})"|({_TOKEN})))?')
LETTERS = 20_000  # of all fields; servers take 8,000 for a whole head, as a rule


@dataclass(frozen=True, slots=True)
class HeaderLink:
    """A target as it stands, and its parameters by name in lower case, each where it first stands."""

    target: str
    parameters: Mapping[str, str]

    def is_of(self, relation: str) -> bool:
        """Whether it is a link of that relation type."""
        return relation.lower() in self.parameters.get("rel", "").lower().split()


def links(headers: Sequence[tuple[str, str]]) -> Iterator[HeaderLink]:
    """The links of a head; what is no link is passed over."""
    value = ", ".join(value for name, value in headers if name.lower() == "link")[:LETTERS]
    for target, given in _LINK.findall(value):
        parameters: dict[str, str] = {}
        for name, quoted, token in _PARAMETER.findall(given):
            parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or token)
        yield HeaderLink(target.strip(), parameters)


def translations(headers: Sequence[tuple[str, str]], url: str) -> Iterator[tuple[str, str]]:
    """The language (ISO 639-1) and absolute address of each translation that a head names."""
    for link in links(headers):
        language = link.parameters.get("hreflang", "").strip().lower()
        if not (link.is_of("alternate") and language and language != "x-default"):
            continue
        try:
            target = urljoin(url, link.target)
        except ValueError:
            continue
        if target.startswith(("http://", "https://")):
            yield language.partition("-")[0], target
