"""The scores as Markdown: a table for each set and each language, readable as it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from statistics import median

from benchmarks.extractors import BASELINE
from benchmarks.scoring import PageScore, Summary, summarise

OWN_TABLE = 10  # pages of a language; fewer say little, and are put together
NOTHING = "–"


def set_tables(scores: Sequence[PageScore]) -> Iterator[str]:
    """The lines of a table for each set."""
    for name in dict.fromkeys(s.set for s in scores):
        chosen = [s for s in scores if s.set == name]
        yield from _section(f"{name}: {_pages(chosen)} pages", chosen)


def language_tables(scores: Sequence[PageScore]) -> Iterator[str]:
    """The lines of a table for each language, over all sets; rare languages are one table."""
    sizes = Counter({s.page: s.language for s in scores}.values())
    own = [language for language, n in sizes.most_common() if n >= OWN_TABLE]
    for language in own:
        chosen = [s for s in scores if s.language == language]
        yield from _section(f"{language}: {sizes[language]} pages", chosen)
    if rest := [s for s in scores if s.language not in own]:
        names = ", ".join(f"{name} {n}" for name, n in sizes.most_common() if name not in own)
        yield from _section(f"other: {_pages(rest)} pages ({names})", rest)


def markdown_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table whose first row is the header; columns without a value are left out."""
    columns = [c for c in zip_longest(*rows, fillvalue="") if set(c[1:]) - {NOTHING, ""}]
    widths = [max(len(cell) for cell in column) for column in columns]
    for number, row in enumerate(zip(*columns, strict=True)):
        cells = [_padded(c, w, i) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            rules = [f"{'-' * (w - 1)}{':' if i else '-'}" for i, w in enumerate(widths)]
            yield f"| {' | '.join(rules)} |"


def spread(values: Sequence[float], form: str) -> str:
    """The median with the lowest and the highest value, each in that format."""
    shown = format(median(values), form)
    if len(values) == 1:
        return shown
    return f"{shown} ({format(min(values), form)}–{format(max(values), form)})"


def _section(heading: str, scores: Sequence[PageScore]) -> Iterator[str]:
    names = dict.fromkeys(s.extractor for s in scores)
    summaries = [summarise(n, [s for s in scores if s.extractor == n]) for n in names]
    baseline = next((s for s in summaries if s.extractor == BASELINE), None)
    rows = [[cell(s, baseline) for cell in COLUMNS.values()] for s in summaries]
    yield from ("", f"### {heading}", "", *markdown_table([list(COLUMNS), *rows]))


def _ratio(value: float | None, baseline: float | None) -> str:
    return f"{value / baseline:.2f}" if value and baseline else NOTHING


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1%}"


def _share(values: Sequence[bool]) -> str:
    if not values:
        return NOTHING
    return f"{sum(values)}/{len(values)} {sum(values) / len(values):.1%}"


def _milliseconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{1000 * seconds:.0f}"


def _failures(summary: Summary) -> str:
    return ", ".join(f"{kind} {n}" for kind, n in summary.failures.most_common())


Cell = Callable[[Summary, Summary | None], str]  # of an extractor, and of the baseline
COLUMNS: dict[str, Cell] = {
    "extractor": lambda s, _: s.extractor,
    "precision": lambda s, _: _number(s.precision),
    "recall": lambda s, _: _number(s.recall),
    "F1": lambda s, _: _number(s.f1),
    "4-gram F1": lambda s, _: _number(s.shingle_f1),
    "ROUGE-LSum": lambda s, _: _number(s.rouge_f1),
    "`with` kept": lambda s, _: _share(s.kept),
    "`without` leaked": lambda s, _: _share(s.leaked),
    "title": lambda s, _: _percent(s.title),
    "authors": lambda s, _: _percent(s.authors),
    "date": lambda s, _: _percent(s.published),
    "language": lambda s, _: _percent(s.language),
    "ms median": lambda s, _: _milliseconds(s.median_seconds),
    "ms mean": lambda s, _: _milliseconds(s.mean_seconds),
    "time median": lambda s, b: _ratio(s.median_seconds, b.median_seconds if b else None),
    "time mean": lambda s, b: _ratio(s.mean_seconds, b.mean_seconds if b else None),
    "failures": lambda s, _: _failures(s),
}


def _pages(scores: Sequence[PageScore]) -> int:
    return len({s.page for s in scores})


def _padded(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column else cell.ljust(width)
