"""What a result is worth: one page against its gold, and the sums over many pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from benchmarks.extractors import Extractor, Result
from benchmarks.measures import Overlap, bags, collapse, holds, rouge_lsum, shingles
from benchmarks.pages import Page

UNSPACED = ("zh", "ja")
# Sets whose gold language is put right by hand, and whose text can be told apart by it.
LANGUAGE_SETS = ("fundus", "newsletters")


@dataclass(frozen=True, slots=True)
class PageScore:
    """A page read by one extractor; None where the gold or the extractor says nothing."""

    page: str
    set: str
    language: str
    extractor: str
    failure: str = ""
    seconds: float | None = None  # of the extraction; None where it was disturbed
    bag: Overlap | None = None
    shingle_precision: float | None = None
    shingle_recall: float | None = None
    rouge: Overlap | None = None
    kept: tuple[bool, ...] = ()  # of each `with` snippet: whether it is in the text
    leaked: tuple[bool, ...] = ()  # of each `without` snippet
    title: bool | None = None
    authors: bool | None = None
    published: bool | None = None
    right_language: bool | None = None

    @property
    def quality(self) -> float:
        """From 0 to 1: the F1 of words, or the share of snippets that are right where that is less."""
        snippets = [*self.kept, *(not is_leaked for is_leaked in self.leaked)]
        values = [fmean(snippets)] if snippets else []
        values += [self.bag.f1] if self.bag else []
        return min(values, default=1.0)


@dataclass(frozen=True, slots=True)
class Summary:
    """An extractor over some pages; means of the pages' values, None where no page has one."""

    extractor: str
    pages: int
    failures: Counter[str]
    precision: float | None
    recall: float | None
    f1: float | None
    shingle_f1: float | None
    rouge_f1: float | None
    kept: Sequence[bool]
    leaked: Sequence[bool]
    title: float | None
    authors: float | None
    published: float | None
    language: float | None
    mean_seconds: float | None
    median_seconds: float | None


def score_page(
    page: Page, extractor: Extractor, result: Result, seconds: float | None = None
) -> PageScore:
    """The score of what an extractor made of a page; a failure counts as an empty result."""
    gold, text = page.gold, collapse(result.text)
    is_unspaced = page.language in UNSPACED
    bag = rouge = shingle_precision = shingle_recall = None
    if "text" in gold:
        bag = bags(result.text, gold["text"], is_unspaced)
        rouge = rouge_lsum(result.text, gold["text"], is_unspaced)
        shingle_precision, shingle_recall = shingles(result.text, gold["text"])
    right = _right_fields(page, result)
    told = {name: is_right for name, is_right in right.items() if name in extractor.tells}
    return PageScore(
        page=page.id,
        set=page.set,
        language=page.language,
        extractor=extractor.name,
        failure=result.failure or ("" if text else "empty"),
        seconds=seconds,
        bag=bag,
        shingle_precision=shingle_precision,
        shingle_recall=shingle_recall,
        rouge=rouge,
        kept=tuple(holds(text, snippet) for snippet in gold.get("with", ())),
        leaked=tuple(holds(text, snippet) for snippet in gold.get("without", ())),
        title=told.get("title"),
        authors=told.get("authors"),
        published=told.get("published"),
        right_language=told.get("language"),
    )


def summarise(extractor: str, scores: Sequence[PageScore]) -> Summary:
    """The pages' scores of one extractor as one."""
    bag = [s.bag for s in scores if s.bag]
    seconds = _known(scores, lambda s: s.seconds)
    return Summary(
        extractor=extractor,
        pages=len(scores),
        failures=Counter(s.failure for s in scores if s.failure),
        precision=_mean([b.precision for b in bag]),
        recall=_mean([b.recall for b in bag]),
        f1=_mean([b.f1 for b in bag]),
        shingle_f1=_shingle_f1(scores) if bag else None,
        rouge_f1=_mean([s.rouge.f1 for s in scores if s.rouge]),
        kept=[is_kept for s in scores for is_kept in s.kept],
        leaked=[is_leaked for s in scores for is_leaked in s.leaked],
        title=_mean(_known(scores, lambda s: s.title)),
        authors=_mean(_known(scores, lambda s: s.authors)),
        published=_mean(_known(scores, lambda s: s.published)),
        language=_mean(_known(scores, lambda s: s.right_language)),
        mean_seconds=_mean(seconds),
        median_seconds=median(seconds) if seconds else None,
    )


def _right_fields(page: Page, result: Result) -> dict[str, bool]:
    """For each field that the gold has: whether the result says the same."""
    gold = page.gold
    right = {}
    if "title" in gold:
        right["title"] = collapse(result.title) == collapse(gold["title"])
    if gold.get("authors"):
        right["authors"] = _folded(result.authors) == _folded(gold["authors"])
    if "published" in gold:
        right["published"] = result.published[:10] == gold["published"][:10]
    if "language" in gold and page.set in LANGUAGE_SETS:
        right["language"] = result.language == gold["language"]
    return right


def _shingle_f1(scores: Sequence[PageScore]) -> float:
    precision = _mean(_known(scores, lambda s: s.shingle_precision))
    recall = _mean(_known(scores, lambda s: s.shingle_recall))
    return Overlap(precision or 0.0, recall or 0.0).f1


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(collapse(name).lower() for name in names)


def _known(scores: Sequence[PageScore], field: Callable[[PageScore], float | None]) -> list[float]:
    return [value for score in scores if (value := field(score)) is not None]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
