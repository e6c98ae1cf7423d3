"""Articles and boilerplate of the sample sites, read from the files in `content/`.

A site is a folder: `site.toml`, one Markdown file with TOML front matter for each article, and in
`pages/` those pages that are no articles. The Markdown is a subset: paragraphs, headings, flat
lists, quotations; inline links, emphasis and strong emphasis.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from markupsafe import Markup, escape

from archive.model import Reason

CONTENT = Path(__file__).parent / "content"

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_EMPHASIS = re.compile(r"\*([^*]+)\*")


class ContentError(Exception):
    """The content of a sample site is missing or wrong; the message names the file."""


@dataclass(frozen=True)
class Passage:
    """A part of an article's text; `texts` is Markdown, more than one only in a list."""

    kind: Literal["heading", "paragraph", "list", "quote"]
    texts: tuple[str, ...]
    level: int = 0  # of a heading: 2 or 3


@dataclass(frozen=True)
class Post:
    """An article, or a page that is none (then without authors)."""

    slug: str
    title: str
    published: datetime
    modified: datetime
    language: str
    body: str  # Markdown
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""
    caption: str = ""
    translation_of: str | None = None
    paywalled: bool = False

    @property
    def passages(self) -> tuple[Passage, ...]:
        return parse_markdown(self.body)


@dataclass(frozen=True)
class Boilerplate:
    """Lines that stand on every page of the site in this language."""

    reason: Reason
    place: Literal["before", "inside", "after", "popup"]
    lines: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Publication:
    """All there is to a site; `posts` newest first, `bios` by author and language."""

    name: str
    language: str
    platform: str
    bios: dict[tuple[str, str], str]
    boilerplate: tuple[Boilerplate, ...]
    posts: tuple[Post, ...]
    pages: tuple[Post, ...]

    def edition(self, language: str) -> tuple[Post, ...]:
        """The articles in one language, newest first."""
        return tuple(post for post in self.posts if post.language == language)

    def translations(self, post: Post) -> tuple[Post, ...]:
        """All members of the article's group, itself included; empty where it stands alone."""
        original = post.translation_of or post.slug
        group = [p for p in self.posts if original in (p.slug, p.translation_of)]
        return tuple(group) if len(group) > 1 else ()


def load(site: str) -> Publication:
    """The content of a site. Raises ContentError where its files are missing or wrong."""
    folder = CONTENT / site
    settings = _read_settings(folder / "site.toml")
    language = settings["language"]
    posts = [_read_post(path, language) for path in sorted(folder.glob("*.md"))]
    if not posts:
        raise ContentError(f"{folder}: no articles (*.md)")
    return Publication(
        name=settings["name"],
        language=language,
        platform=settings["platform"],
        bios=dict(_bios(settings["authors"], language)),
        boilerplate=tuple(_boilerplate(entry, language) for entry in settings["boilerplate"]),
        posts=tuple(sorted(posts, key=lambda post: post.published, reverse=True)),
        pages=tuple(_read_post(path, language) for path in sorted(folder.glob("pages/*.md"))),
    )


def parse_markdown(text: str) -> tuple[Passage, ...]:
    """The passages of a text in the subset described above."""
    return tuple(_passage(chunk.strip()) for chunk in re.split(r"\n\s*\n", text) if chunk.strip())


def to_text(markdown: str) -> str:
    """Plain text of inline Markdown."""
    text = _LINK.sub(r"\1", markdown)
    return _EMPHASIS.sub(r"\1", _STRONG.sub(r"\1", text))


def to_html(markdown: str) -> Markup:
    """HTML of inline Markdown."""
    text = _LINK.sub(r'<a href="\2">\1</a>', str(escape(markdown)))
    text = _STRONG.sub(r"<strong>\1</strong>", text)
    return Markup(_EMPHASIS.sub(r"<em>\1</em>", text))


def _passage(chunk: str) -> Passage:
    if heading := re.fullmatch(r"(#{2,3}) (.+)", chunk):
        return Passage("heading", (heading[2],), len(heading[1]))
    lines = chunk.splitlines()
    if all(line.startswith("- ") for line in lines):
        return Passage("list", tuple(line[2:].strip() for line in lines))
    if all(line.startswith(">") for line in lines):
        return Passage("quote", (_join(line[1:] for line in lines),))
    return Passage("paragraph", (_join(lines),))


def _join(lines: Any) -> str:
    return " ".join(line.strip() for line in lines)


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ContentError(f"{path}: the content of this sample site is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{path}: {error}") from error


def _read_post(path: Path, language: str) -> Post:
    parts = path.read_text("utf-8").split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise ContentError(f"{path}: no front matter between two lines of +++")
    try:
        front = tomllib.loads(parts[1])
        published = front.pop("date")
        return Post(
            slug=path.stem,
            title=front.pop("title"),
            published=published,
            modified=front.pop("modified", published),
            language=front.pop("language", language),
            authors=tuple(front.pop("authors", ())),
            tags=tuple(front.pop("tags", ())),
            body=parts[2].strip(),
            **front,
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ContentError(f"{path}: {error}") from error


def _boilerplate(entry: dict[str, Any], language: str) -> Boilerplate:
    return Boilerplate(
        reason=Reason(entry["reason"]),
        place=entry["place"],
        lines=tuple(entry["lines"]),
        language=entry.get("language", language),
    )


def _bios(authors: list[dict[str, Any]], language: str) -> Any:
    for author in authors:
        yield (author["name"], language), author["bio"]
        for other, bio in author.get("translations", {}).items():
            yield (author["name"], other), bio
