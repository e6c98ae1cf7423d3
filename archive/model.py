"""What the project speaks of: frozen data classes that every step passes on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

BlockKind = Literal["heading", "paragraph", "list-item", "quote", "code", "table", "caption"]
Role = Literal[
    "article", "robots",
    "home", "feed", "sitemap", "listing", "wordpress", "ghost", "substack", "beehiiv",
]  # fmt: skip
Answer = Literal["yes", "no", "unsaid"]

BETWEEN = "\n\n"  # kept blocks, in the text of an article
_MARKDOWN = re.compile(r"([\\`*_\[\]<>])")  # what is more than a letter to Markdown
_EMPTY_LINES = re.compile(r"\n\s*\n")


class Reason(StrEnum):
    """Why a block is not main text. The value stands in `blocks.reason`."""

    NAVIGATION = "navigation"
    SUBSCRIBE = "subscribe"
    AUTHOR_BIO = "author-bio"
    PROMOTION = "promotion"
    POPUP = "popup"
    PREHEADER = "preheader"
    SHARE = "share"
    RELATED = "related"
    COMMENTS = "comments"
    COOKIE_NOTICE = "cookie-notice"
    CAPTION = "caption"
    DATELINE = "dateline"
    PAYWALL = "paywall"
    LEGAL = "legal"
    REPEATED = "repeated-on-site"
    OUTSIDE = "outside-main-text"


SITE_RULE = "site-rule"  # the rule of blocks that `keep` and `drop` of sources.toml decide


@dataclass(frozen=True, slots=True)
class Block:
    """The smallest unit of a page that is kept or removed.

    `reason`, `rule` and `evidence` are null for a kept block; where the source's own rule keeps it
    (`keep` of sources.toml), `rule` and `evidence` say so. `rule` names what decided (a rule of
    `boilerplate.toml`, a structural sign, a statistic), `evidence` is what it saw: the phrase, the
    class name, the figure. Table rows are blocks of kind `table`, one a row.
    """

    kind: BlockKind
    text: str
    markdown: str
    reason: Reason | None = None
    rule: str | None = None
    evidence: str | None = None

    @property
    def kept(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Signal:
    """An opt-out or licence signal as a publisher gave it, with what we understand by it."""

    kind: str  # "tdmrep", "content-usage", "content-signal", "robots-meta", "robots-agent", ...
    raw: str
    place: str  # "header", "meta", "robots.txt", "json-ld"
    crawl: Answer = "unsaid"
    archive: Answer = "unsaid"
    train: Answer = "unsaid"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the pure steps (extract, clean) make of one captured article page.

    Dates are ISO 8601: `published` as the page states it, with its offset where it has one.
    `declared_url` is the canonical address the page declares for itself, where it may be followed
    (absolute, same registered domain, no home page), else null.
    """

    title: str
    blocks: tuple[Block, ...]
    declared_url: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None
    language: str = "und"
    language_confidence: float | None = None
    declared_language: str | None = None
    description: str | None = None
    image: str | None = None
    tags: tuple[str, ...] = ()
    access: Literal["free", "paywalled"] | None = None
    form: Literal["images"] | None = None  # the text is that beside images (alt); null: text
    alternates: tuple[tuple[str, str], ...] = ()  # (language, absolute URL) from hreflang
    signals: tuple[Signal, ...] = ()
    warnings: tuple[str, ...] = ()  # one line each, for the user: a wrong charset, say
    extractor: str = ""  # what made it, where that was not ours
    # What `readings.pack` gives of it, where the process that read it has packed it.
    _packed: tuple[str, bytes] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The main text: kept blocks, separated by one empty line."""
        return main_text(self.blocks)


def paragraphs(text: str) -> tuple[Block, ...]:
    """A text as blocks: its paragraphs, which empty lines separate. What `main_text` undoes."""
    found = (part.strip() for part in _EMPTY_LINES.split(text))
    return tuple(Block("paragraph", part, escaped(part)) for part in found if part)


def escaped(text: str) -> str:
    """The Markdown that shows a text as it is."""
    return _MARKDOWN.sub(r"\\\1", text)


def main_text(blocks: tuple[Block, ...]) -> str:
    """The texts of the kept blocks, separated by one empty line."""
    return BETWEEN.join(block.text for block in blocks if block.kept)


@dataclass(frozen=True, slots=True)
class Link:
    """An address worth fetching, and why.

    `changed` is the time of the last change that the place where it stood gives (ISO 8601, UTC),
    `optional` says that its absence is no failure (a guessed `/sitemap.xml`).
    """

    url: str
    role: Role
    found_by: str  # the way of discovery: "feed", "sitemap", "wordpress", …, "configured"
    changed: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Translations:
    """Addresses that a sitemap names as translations of each other, normalised (`urls.key`), sorted.

    `entries` are those whose own entries say so, `own` all of their registered domain, the entries
    among them; `foreign` those of other domains.
    """

    entries: tuple[str, ...]
    own: tuple[str, ...]
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a page of discovery (feed, sitemap, listing, API, home page) leads to.

    `following` goes further back in time: pages of the same way and of others, and the articles of a
    home page that names a feed, too. It is fetched by `--full`, or where all of this page is new. `platform`, `language` and `name` are what the page says
    of its site; null where it says nothing.
    """

    articles: tuple[Link, ...] = ()
    pages: tuple[Link, ...] = ()
    following: tuple[Link, ...] = ()
    platform: str | None = None
    language: str | None = None
    name: str | None = None
    signals: tuple[Signal, ...] = ()
    translations: tuple[Translations, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a URL gave no article or no links: a value, not an exception.

    `kind` is a stable class name that people count by (`http-404`, `dns`, `not-an-article`, …);
    `message` is one line for the user. `permanent` means: do not try again by itself. `skip` means:
    nothing went wrong, the page just is no article (an “about” page in a sitemap).
    """

    kind: str
    message: str
    permanent: bool = False
    skip: bool = False

    @property
    def is_verdict(self) -> bool:
        """Whether it says what the page is. Else it could not be read, and that says nothing."""
        return not self.kind.startswith(UNREAD)


# How the kinds of faults begin that say nothing of what a page is.
UNREAD = ("extraction", "unreadable", "truncated", "too-large")
Outcome = Reading | Found | Fault


@dataclass(frozen=True, slots=True)
class Capture:
    """One fetched response, as it stands in the WARC files."""

    url: str  # as asked for, byte for byte
    final_url: str  # after redirects
    source: str
    role: Role
    fetched: str  # ISO 8601, UTC
    status: int
    digest: str  # of the payload: "sha1:BASE32", as in the WARC record
    file: str  # name in the folder warc/
    offset: int
    length: int
    etag: str | None = None
    last_modified: str | None = None
    id: int | None = None
    found_by: str | None = None
    read_by: str | None = None  # the extractor and rules that last read it; null: not noted
    read_as: str | None = None  # article, links, unchanged, or the class of a fault


@dataclass(frozen=True, slots=True)
class Read:
    """A capture, as what it was read, and by which extractor and rules (null: not to be noted).

    None as outcome: the server said that nothing changed (304), or it was read as before.
    """

    capture: Capture
    outcome: Outcome | None
    read_by: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """A row of `articles`."""

    id: int
    url: str
    captured_url: str
    capture_id: int
    source: str
    site: str
    title: str
    authors: tuple[str, ...]
    published: str | None
    published_utc: str | None
    modified: str | None
    language: str
    language_confidence: float | None
    declared_language: str | None
    description: str | None
    image: str | None
    tags: tuple[str, ...]
    text: str
    word_count: int
    digest: str
    translation_group: str | None
    access: str | None
    may_crawl: Answer
    may_archive: Answer
    may_train: Answer
    extractor: str
    first_seen: str
    last_seen: str
    gone: str | None  # since when its page answers 404 or 410; null: it is there
    form: str | None  # images: an issue that is made of them


@dataclass(frozen=True, slots=True)
class Deviation:
    """A measure of a source's latest pages or crawls that is not as usual.

    `what` is the name of a measure of `archive/health.py`, or `status-403` and the like
    (`list-status-403` of lists), then `usual` and `now` are shares of all answers; `page` is the address
    of a page that shows it.
    """

    what: str
    usual: float
    now: float
    page: str


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a run did for one source: a row of `runs`."""

    source: str
    found: int = 0
    fetched: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    gone: int = 0  # held, and its page is not there any more
    requests: int = 0
    seconds: float = 0.0
    faults: tuple[tuple[str, Fault], ...] = field(default=())
    notices: tuple[str, ...] = ()
    wait_until: str | None = None  # a host refused: nothing is asked of it before (ISO 8601)
    is_current: bool = False  # lists were not asked for, because they say that nothing changed
    changed: tuple[Deviation, ...] = ()  # what is not as usual (archive/health.py)
