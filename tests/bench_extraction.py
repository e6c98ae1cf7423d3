"""Our extraction beside trafilatura's own, over the pages of ../shared/bench.

    python -m tests.bench_extraction [--sample N] [--set NAME] [--worst N] [--show ID]

An error counts as an empty result. Texts are compared as bags of words, Chinese and Japanese as bags
of characters, after collapsing whitespace (../shared/bench/README.md).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trafilatura

from archive.model import Fault
from crawler.reading import read

BENCH = Path(__file__).parents[2] / "shared" / "bench"
SETS = ("newsletters", "fundus", "aeb", "trafilatura-eval")
UNSPACED = ("zh", "ja")
SEED = 2023  # of the sample: the same pages every time


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the bench with its gold."""

    set: str
    gold: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.gold["id"])

    @property
    def body(self) -> bytes:
        return gzip.decompress((BENCH / self.set / f"{self.id}.html.gz").read_bytes())


@dataclass(frozen=True, slots=True)
class Result:
    """What an extractor says of a page. Authors folded and unordered, the date as its day."""

    text: str
    title: str = ""
    authors: frozenset[str] = frozenset()
    published: str = ""
    language: str = ""
    failure: str = ""


@dataclass(slots=True)
class Score:
    """Sums over the pages of a set."""

    pages: int = 0
    f1: list[float] = field(default_factory=list)
    precision: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    leaked: list[bool] = field(default_factory=list)
    lost: list[bool] = field(default_factory=list)
    title: list[bool] = field(default_factory=list)
    authors: list[bool] = field(default_factory=list)
    date: list[bool] = field(default_factory=list)
    language: list[bool] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    by_page: list[tuple[float, str]] = field(default_factory=list)


def ours(page: Page) -> Result:
    reading = read(page.body, page.gold.get("url") or "https://example.org/")
    if isinstance(reading, Fault):
        return Result("", failure=reading.kind)
    return Result(
        text=reading.text,
        title=reading.title,
        authors=frozenset(folded(name) for name in reading.authors),
        published=(reading.published or "")[:10],
        language=reading.language,
    )


def stock(page: Page) -> Result:
    document = trafilatura.bare_extraction(
        page.body, url=page.gold.get("url"), with_metadata=True, include_comments=False
    )
    if document is None:
        return Result("", failure="nothing")
    names = (document.author or "").split(";")
    return Result(
        text=document.text or "",
        title=document.title or "",
        authors=frozenset(folded(name) for name in names if name.strip()),
        published=document.date or "",
    )


EXTRACTORS: dict[str, Callable[[Page], Result]] = {"ours": ours, "trafilatura": stock}


def pages(sets: tuple[str, ...], sample: int | None) -> list[Page]:
    """The pages of the sets in their order; of a sample, each set gives the same number."""
    found = []
    for name in sets:
        lines = (BENCH / name / "gold.jsonl").read_text("utf-8").splitlines()
        if sample:
            count = min(len(lines), -(-sample // len(sets)))
            lines = random.Random(SEED).sample(lines, count)
        found += [Page(name, json.loads(line)) for line in lines]
    return found


def compare(page: Page, result: Result, score: Score) -> None:
    """Adds a page to the score of its set."""
    gold = page.gold
    text = collapsed(result.text)
    score.pages += 1
    if result.failure:
        score.failures[result.failure] += 1
    quality = []
    if "text" in gold:
        is_unspaced = gold.get("language") in UNSPACED
        precision, recall, f1 = overlap(bag(text, is_unspaced), bag(gold["text"], is_unspaced))
        score.precision.append(precision)
        score.recall.append(recall)
        score.f1.append(f1)
        quality.append(f1)
    lost = [collapsed(snippet) not in text for snippet in gold.get("with", ())]
    leaked = [collapsed(snippet) in text for snippet in gold.get("without", ())]
    score.lost += lost
    score.leaked += leaked
    wrong = sum(lost) + sum(leaked)
    if "text" not in gold or wrong:
        quality.append(1 - wrong / max(1, len(lost) + len(leaked)))
    score.by_page.append((min(quality), page.id))
    if "title" in gold:
        score.title.append(collapsed(result.title) == collapsed(gold["title"]))
    if gold.get("authors"):
        score.authors.append(result.authors == frozenset(folded(a) for a in gold["authors"]))
    if "published" in gold:
        score.date.append(result.published == gold["published"][:10])
    if "language" in gold and "text" in gold and result.language:
        score.language.append(result.language == gold["language"])


def bag(text: str, is_unspaced: bool) -> Counter[str]:
    return Counter(re.sub(r"\s", "", text) if is_unspaced else re.findall(r"\w+", text.lower()))


def overlap(found: Counter[str], gold: Counter[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 of one bag against another."""
    common = (found & gold).total()
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / found.total(), common / gold.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def collapsed(text: str) -> str:
    return " ".join(text.split())


def folded(name: str) -> str:
    return collapsed(name).lower()


def measure(chosen: list[Page]) -> dict[tuple[str, str], Score]:
    """The score of each set and extractor; each page is read by all, one after the other."""
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for page in chosen:
        for name, extract in EXTRACTORS.items():
            score = scores[page.set, name]
            start = time.perf_counter()
            result = extract(page)
            score.seconds += time.perf_counter() - start
            compare(page, result, score)
    return scores


def table(scores: dict[tuple[str, str], Score]) -> Iterator[str]:
    yield (
        "| set | extractor | pages | precision | recall | F1 | leaked | lost "
        "| title | authors | date | language | ms/page | failures |"
    )
    yield "|---" * 14 + "|"
    for (name, extractor), s in scores.items():
        failures = ", ".join(f"{kind} {n}" for kind, n in s.failures.most_common())
        yield (
            f"| {name} | {extractor} | {s.pages} | {mean(s.precision)} | {mean(s.recall)} "
            f"| {mean(s.f1)} | {of(s.leaked)} | {of(s.lost)} | {share(s.title)} "
            f"| {share(s.authors)} | {share(s.date)} | {share(s.language)} "
            f"| {1000 * s.seconds / max(1, s.pages):.0f} | {failures} |"
        )


def mean(values: list[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "–"


def share(values: list[bool]) -> str:
    return f"{sum(values) / len(values):.1%}" if values else "–"


def of(values: list[bool]) -> str:
    return f"{sum(values)}/{len(values)}" if values else "–"


def show(page: Page) -> Iterator[str]:
    """Every block of a page with what was decided, and what of the gold is wrong."""
    reading = read(page.body, page.gold.get("url") or "https://example.org/")
    if isinstance(reading, Fault):
        yield str(reading)
        return
    yield f"{reading.title} · {reading.authors} · {reading.published} · {reading.language}"
    yield f"gold: {[page.gold.get(k) for k in ('title', 'authors', 'published', 'language')]}"
    gold = collapsed(page.gold.get("text", ""))
    for block in reading.blocks:
        mark = "+" if block.kept else "-"
        held = "gold" if gold and collapsed(block.text) in gold else ""
        if gold and (bool(held) != block.kept):
            held += " !!"
        why = f"{block.reason} {block.rule} [{block.evidence}]" if not block.kept else ""
        yield f"{mark} {block.kind:9} {held:7} {block.text[:110]!r} {why}"
    text = collapsed(reading.text)
    yield from (f"LEAKED {s!r}" for s in page.gold.get("without", ()) if collapsed(s) in text)
    yield from (f"LOST {s!r}" for s in page.gold.get("with", ()) if collapsed(s) not in text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sample", type=int, help="so many pages, the same ones every time")
    parser.add_argument("--set", dest="sets", action="append", choices=SETS)
    parser.add_argument("--worst", type=int, default=0, help="name so many pages of each set")
    parser.add_argument("--show", metavar="ID", help="what was decided for each block of a page")
    args = parser.parse_args()
    if not BENCH.is_dir():
        raise SystemExit(f"no pages to measure on: {BENCH} is not there")
    chosen = pages(tuple(args.sets or SETS), args.sample)
    if args.show:
        for page in chosen:
            if page.id == args.show:
                print("\n".join(show(page)))
        return
    scores = measure(chosen)
    print("\n".join(table(scores)))
    for (name, extractor), score in scores.items():
        for quality, identity in sorted(score.by_page)[: args.worst]:
            print(f"{name} {extractor} {quality:.3f} {identity}")


if __name__ == "__main__":
    main()
