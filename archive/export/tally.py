"""What a corpus came to: counted while its articles pass, a line for each source and language."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from archive.model import Article


@dataclass(frozen=True, slots=True)
class Report:
    """What an export wrote, and what it left out.

    `dropped` counts what was left out by reason, `reserved_left_out` those of them that may not be
    trained on. `changed` are those written that the earlier export has otherwise. Null where there are
    none: `unchanged`, `changed` and `withdrawn` without an earlier export, `id` (of the manifest) where a single file is written.
    """

    articles: int = 0
    words: int = 0
    reserved_left_out: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    unchanged: int | None = None
    changed: int | None = None
    withdrawn: int | None = None
    id: str | None = None


@dataclass(slots=True)
class Group:
    """Articles that have something in common: a source, a language, a split."""

    articles: int = 0
    words: int = 0
    first: str | None = None  # days of publication, ISO 8601; null: none is known
    last: str | None = None

    def add(self, article: Article) -> None:
        self.articles += 1
        self.words += article.word_count
        if article.published_utc:
            day = article.published_utc[:10]
            self.first = min(self.first or day, day)
            self.last = max(self.last or day, day)


@dataclass(slots=True)
class Tally:
    """The counts of a corpus."""

    whole: Group = field(default_factory=Group)
    splits: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    languages: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    sources: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    may_train: Counter[str] = field(default_factory=Counter)
    sites: set[str] = field(default_factory=set)
    removed: Counter[str] = field(default_factory=Counter)  # blocks of their pages, by reason
    undated: int = 0
    paywalled: int = 0
    of_images: int = 0
    gone: int = 0

    def add(self, article: Article, split: str) -> None:
        """Count an article that is in the corpus."""
        groups = (
            self.whole,
            self.splits[split],
            self.languages[article.language],
            self.sources[article.source],
        )
        for group in groups:
            group.add(article)
        self.may_train[article.may_train] += 1
        self.sites.add(article.site)
        self.undated += article.published_utc is None
        self.paywalled += article.access == "paywalled"
        self.of_images += article.form == "images"
        self.gone += article.gone is not None
