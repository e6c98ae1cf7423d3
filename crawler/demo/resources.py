"""What stands at a path of a sample site: pages, texts and JSON before anything of HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crawler.demo.content import Post
from crawler.demo.rendering import Place

Query = Mapping[str, str]


@dataclass(frozen=True)
class Resource:
    """What stands at a path: an answer before anything of HTTP is applied to it."""

    body: bytes
    content_type: str
    modified: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def as_html(place: Place, text: str, modified: datetime) -> Resource:
    headers = {}
    if place.publication.platform == "wordpress":
        headers["Link"] = f'<{place.base_url}/wp-json/>; rel="https://api.w.org/"'
    return Resource(text.encode(place.charset), html_type(place), modified, headers=headers)


def html_type(place: Place) -> str:
    """The hand-made site's server knows nothing of its charset."""
    return "text/html" if place.publication.platform == "static" else "text/html; charset=utf-8"


def as_text(
    place: Place, text: str, content_type: str, modified: datetime | None = None
) -> Resource:
    return Resource(text.encode(), content_type, modified or latest(place.publication.posts))


def as_json(
    place: Place,
    value: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    modified: datetime | None = None,
) -> Resource:
    body = json.dumps(value, ensure_ascii=False).encode()
    modified = modified or latest(place.publication.posts)
    return Resource(body, "application/json; charset=UTF-8", modified, status, headers or {})


def latest(posts: Iterable[Post]) -> datetime:
    return max(post.modified for post in posts)


def gmt(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
