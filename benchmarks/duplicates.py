"""The command: which copies of real articles are found to be near-duplicates, and what else is.

python -m benchmarks.duplicates                              # prints the tables
python -m benchmarks.duplicates --report docs/duplicates.md
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import click
from rich.progress import Progress

from archive import duplicates, signatures, warc
from archive.model import Reading
from archive.opening import open_archive, reader
from archive.terminal import console
from benchmarks.pages import BENCH, Page, load
from benchmarks.report import machine, write_section
from benchmarks.sites import Template, templates, texts
from benchmarks.tables import markdown_table
from crawler.reading import read

COPIED = 60  # pages
SITES = 7  # that copy them
THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
ISSUES = 12  # of each digest
ITEMS = 8  # in an issue
SENTENCE = re.compile(r"(?<=[.!?])\s+")
NOTE = {
    "en": "Editor's note: this article was first published elsewhere and is republished here with "
    "the kind permission of its author. The views in it are the author's own.",
    "de": "Anmerkung der Redaktion: Dieser Beitrag ist zuerst an anderer Stelle erschienen und wird "
    "hier mit freundlicher Genehmigung des Autors veröffentlicht.",
}
METHOD = f"""
Copies are made of {COPIED} real pages: the article's text stands in the page of another site, under
that site's address, and goes with all other pages of the bench through extraction, cleaning and
archive as crawled pages do. Every page is copied in each of the ways below. Digests are made of the
first paragraphs of {ITEMS} real articles, different ones each week, and of a text that stands in
every issue.

"Found" are the copies in one cluster with the original. All seven copies of an article are in the
archive at once, and an article joins one representative: where a copy that was cut was published
first, those that are nearer to the original than to it make a cluster of their own. Clusters never
join by a chain what is not alike itself.
"""

Changing = Callable[[Page], str]


def as_it_is(page: Page) -> str:
    return str(page.gold["text"])


def with_note(page: Page) -> str:
    return f"{NOTE[page.language]}\n\n{page.gold['text']}"


def edited(page: Page) -> str:
    """Without each tenth sentence."""
    number, kept = 0, []
    for paragraph in page.gold["text"].split("\n"):
        sentences = SENTENCE.split(paragraph)
        own = [s for n, s in enumerate(sentences, number) if n % 10 != 5]
        kept.append(" ".join(own))
        number += len(sentences)
    return "\n".join(kept)


def without_last(share: float) -> Changing:
    """Without so much of its end, or a sentence more."""

    def shortened(page: Page) -> str:
        text = str(page.gold["text"])
        ends = [match.start() for match in SENTENCE.finditer(text)]
        return text[: max((end for end in ends if end <= (1 - share) * len(text)), default=0)]

    return shortened


WAYS: dict[str, Changing] = {
    "as it is": as_it_is,
    "with another headline and an editor's note": with_note,
    "without each tenth sentence": edited,
    "without the last 10 %": without_last(0.1),
    "without the last 20 %": without_last(0.2),
    "without the last 30 %": without_last(0.3),
    "without the last 40 %": without_last(0.4),
}


@dataclass(frozen=True, slots=True)
class Copy:
    """A page that was archived: of which page of the bench, and copied how; null: that page itself."""

    url: str
    body: bytes
    origin: str
    way: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The archived texts by address, and for each article the address of its representative."""

    texts: dict[str, str]
    representatives: dict[str, str]


@click.command(help=__doc__)
@click.option("--report", type=click.Path(path_type=Path), help="Write the section of this file.")
def main(report: Path | None) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to measure on: {BENCH} is not there")
    pages = load()
    whole = [page for page in pages if "text" in page.gold]
    copied = [page for page in texts(whole, "en") if page.language in NOTE][:COPIED]
    sites = templates([page for page in whole if page.set != "aeb"], SITES)
    made = [Copy(f"{page.url}#{page.id}", page.body, page.id) for page in pages]
    made += [copy for n, page in enumerate(copied) for copy in _copies(n, page, sites)]
    with Progress(console=console(stderr=True), transient=True) as progress:
        read_pages = [
            (copy, reading)
            for copy in progress.track(made, description="pages")
            if isinstance(reading := read(copy.body, copy.url), Reading)
        ]
    found = _archived(read_pages)
    text = "\n".join(_report([copy for copy, _ in read_pages], found, _digests(whole)))
    click.echo(text)
    if report:
        write_section(report, "duplicates", text)


def _copies(number: int, page: Page, sites: Sequence[Template]) -> Iterator[Copy]:
    """The page copied in every way, each time by another site."""
    for n, (way, changed) in enumerate(WAYS.items()):
        gold = page.gold | {"text": changed(page), "title": f"{page.gold.get('title', '')} ({way})"}
        template = sites[(number + n) % len(sites)]
        copy = template.fill(number * len(WAYS) + n, replace(page, gold=gold), is_plain=True)
        yield Copy(copy.url, copy.body, page.id, way)


def _archived(pages: Sequence[tuple[Copy, Reading]]) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        with open_archive(Path(folder), "benchmark") as archive, archive.transaction():
            for copy, reading in pages:
                exchange = warc.Exchange(copy.url, warc.now(), 200, (), copy.body)
                capture = archive.append(
                    exchange, url=copy.url, source="site", role="article", found_by=None
                )
                archive.save(capture, replace(reading, declared_url=None))
        with reader(Path(folder)) as db:
            held = dict(db.execute("SELECT captured_url, text FROM articles").fetchall())
            return Found(held, _represented(db))


def _represented(db: sqlite3.Connection) -> dict[str, str]:
    names = dict(db.execute("SELECT id, captured_url FROM articles").fetchall())
    return {names[one]: names[other] for one, other in duplicates.representatives(db).items()}


def _digests(pages: Sequence[Page]) -> dict[float, list[float]]:
    """For each share of text that stays the same, how alike any two issues of a digest are."""
    starts = [page.gold["text"][:600] for page in pages if page.language == "en"]
    fixed = " ".join(starts[-ITEMS:])
    found = {}
    for share in (0.1, 0.25, 0.5):
        length = int(ITEMS * 600 * share / (1 - share))
        issues = [
            "\n\n".join([fixed[:length], *starts[n * ITEMS : (n + 1) * ITEMS]])
            for n in range(min(ISSUES, len(starts) // ITEMS - 1))
        ]
        found[share] = [duplicates.similarity(a, b) for a, b in combinations(issues, 2)]
    return found


def _report(
    copies: Sequence[Copy], found: Found, digests: Mapping[float, list[float]]
) -> Iterator[str]:
    held = [copy for copy in copies if copy.url in found.texts]
    originals = {copy.origin: copy for copy in held if copy.way is None}
    alike: dict[str, list[float]] = defaultdict(list)
    joined: Counter[str] = Counter()
    for copy in held:
        original = originals.get(copy.origin)
        if copy.way is None or original is None:
            continue
        alike[copy.way].append(
            duplicates.similarity(found.texts[copy.url], found.texts[original.url])
        )
        joined[copy.way] += _home(found, copy.url) == _home(found, original.url)
    others = _unlike([(copy.origin, found.texts[copy.url]) for copy in held])
    yield "## Near-duplicates"
    yield ""
    yield f"{len(originals)} pages of the bench, {len(held) - len(originals)} copies. {machine()}."
    yield METHOD.rstrip()
    yield ""
    yield "Share of the pairs that are as alike as the threshold asks for, or more:"
    yield ""
    rows = [["pairs", "n", *(f"{t:.2f}" for t in THRESHOLDS), "found"]]
    for way, values in alike.items():
        share = f"{joined[way] / len(values):.1%}"
        rows.append([f"copied {way}", str(len(values)), *_shares(values), share])
    rows.append(["of different articles", f"{others.pairs:,}", *_counts(others.values), ""])
    for fixed, values in digests.items():
        name = f"issues of a digest, {fixed:.0%} of it the same"
        rows.append([name, str(len(values)), *_shares(values), ""])
    yield from markdown_table(rows)
    yield ""
    strangers = [url for url, other in found.representatives.items() if _origin(held, url, other)]
    yield (
        f"Archives ask for {duplicates.LIKE}. Of {len(found.representatives)} articles that another "
        f"one represents, {len(strangers)} are copies of another article than that one."
    )
    yield ""
    most = ", ".join(f"{value:.3f}" for value in sorted(others.values, reverse=True)[:5])
    yield f"The most alike of different articles: {most}."


@dataclass(frozen=True, slots=True)
class Unlike:
    """Pairs of texts of different articles; `values` has those with a shingle in common."""

    pairs: int
    values: list[float]


def _unlike(texts: Sequence[tuple[str, str]]) -> Unlike:
    holders: dict[str, list[int]] = defaultdict(list)
    for n, (_, text) in enumerate(texts):
        for shingle in set(signatures.shingles(signatures.words(text))):
            holders[shingle].append(n)
    met = {pair for held in holders.values() for pair in combinations(held, 2)}
    values = [
        duplicates.similarity(texts[one][1], texts[other][1])
        for one, other in met
        if texts[one][0] != texts[other][0]
    ]
    same = sum(n * (n - 1) // 2 for n in Counter(origin for origin, _ in texts).values())
    return Unlike(len(texts) * (len(texts) - 1) // 2 - same, values)


def _home(found: Found, url: str) -> str:
    return found.representatives.get(url, url)


def _origin(held: Sequence[Copy], one: str, other: str) -> bool:
    """Whether the two are of different articles."""
    return len({copy.origin for copy in held if copy.url in (one, other)}) > 1


def _shares(values: Sequence[float]) -> list[str]:
    return [f"{sum(v >= t for v in values) / len(values):.1%}" for t in THRESHOLDS]


def _counts(values: Sequence[float]) -> list[str]:
    return [str(sum(v >= t for v in values)) for t in THRESHOLDS]


if __name__ == "__main__":
    main()
