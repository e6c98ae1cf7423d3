"""Train the block classifier on ../shared/bench, and say what it is worth on sites it has not seen.

Writes crawler/classifier.json and the figures of docs/classifier.md. Same pages, same versions: same
trees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any, TypeVar

import click
import lightgbm
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from archive import urls
from archive.model import main_text
from archive.terminal import console
from benchmarks.extractors import Extractor, Result, ours
from benchmarks.labels import labels
from benchmarks.pages import BENCH, SETS, Page, load
from benchmarks.report import machine, write_section
from benchmarks.scoring import PageScore, score_page
from benchmarks.tables import set_tables
from crawler import cleaning, extraction, parsing
from crawler.classifier import MODEL, Classifier, Tree, classifier
from crawler.decisions import Decisions
from crawler.encoding import decode
from crawler.features import features
from crawler.metadata import read_metadata

T = TypeVar("T")

FOLDS = 5
# Of the blocks of a page with whole gold text, against those of a page with snippets: a page of the
# first kind labels some 190 blocks, of the second some 6.
WHOLE_TEXT = 0.15
LONG = 150  # words; a longer block weighs no more
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,  # fits the 16 bits of crawler/classifier.py
    "learning_rate": 0.06,
    "extra_trees": True,  # thresholds drawn by chance: the sites are few
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "use_missing": False,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # as fast as two on so little, and much faster beside other work
    "verbosity": -1,
}
ROUNDS = 300


@dataclass(frozen=True, slots=True)
class Example:
    """What is learned from a page: the features of its open blocks that the gold labels."""

    names: tuple[str, ...]
    rows: NDArray[np.float32]
    labels: NDArray[np.float64]  # 1: main text
    weights: NDArray[np.float64]


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Only measure; write nothing.")
@click.option("--report", type=click.Path(path_type=Path), default=Path("docs/classifier.md"))
def main(check: bool, report: Path) -> None:
    if not BENCH.is_dir():
        raise click.ClickException(f"no pages to learn from: {BENCH} is not there")
    pages = load()
    with Pool() as pool:
        examples = list(_tracked(pool.imap(example, pages, chunksize=4), "pages read", pages))
        names = next(e.names for e in examples if e)
        trees = train([e for e in examples if e])
        jobs: list[tuple[Page, Classifier | None, str]] = [
            (page, classifier(names, trees), "trained on this page, too") for page in pages
        ]
        for number in range(FOLDS):
            others = [
                e for e, page in zip(examples, pages, strict=True) if e and fold(page) != number
            ]
            model = classifier(names, train(others))
            jobs += [(p, model, "trained on other sites") for p in pages if fold(p) == number]
        jobs += [(page, None, "the vote instead") for page in pages]
        scores = list(_tracked(pool.imap(_scored, jobs, chunksize=4), "pages scored", jobs))
    scores.sort(key=lambda score: [*SETS].index(score.set))
    header = f"{len(pages)} pages. {machine()}. lightgbm {lightgbm.__version__}."
    text = "\n".join([header, *set_tables(scores)])
    click.echo(text)
    if not check:
        write(names, trees)
        write_section(report, "classifier", text)


def example(page: Page) -> Example | None:
    """The labelled blocks of a page; null where it has none."""
    work = _settled(page)
    if work is None:
        return None
    texts = [block.text for block in work.raw]
    known = labels(texts, page.gold)
    chosen = [i for i in work.open() if known[i] is not None]
    names, rows = features(work)
    worth = WHOLE_TEXT if "text" in page.gold else 1.0
    return Example(
        tuple(names),
        rows[chosen],
        np.array([float(bool(known[i])) for i in chosen]),
        np.array([worth * np.sqrt(min(work.evidence[i].size, LONG) + 2) for i in chosen]),
    )


def fold(page: Page) -> int:
    """The fold of a page: that of its site, so that no site is on both sides."""
    site = urls.registered_domain(page.url) or page.id
    return int(hashlib.sha1(site.encode()).hexdigest(), 16) % FOLDS


def train(examples: Sequence[Example]) -> list[Tree]:
    """The trees that the examples give."""
    data = lightgbm.Dataset(
        np.concatenate([e.rows for e in examples]),
        np.concatenate([e.labels for e in examples]),
        weight=np.concatenate([e.weights for e in examples]),
    )
    held = lightgbm.train(PARAMETERS, data, ROUNDS).dump_model()
    return [_tree(tree["tree_structure"]) for tree in held["tree_info"] if tree["num_leaves"] > 1]


def write(names: Sequence[str], trees: Sequence[Tree]) -> None:
    """Write the file that the classifier loads, a tree a line."""
    lines = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
    MODEL.write_text(f'{{"features": {json.dumps(names)},\n"trees": [\n{lines}\n]}}\n', "utf-8")


def _tree(node: dict[str, Any]) -> Tree:
    if "leaf_value" in node:
        return float(f"{node['leaf_value']:.5f}")
    below, above = _tree(node["left_child"]), _tree(node["right_child"])
    return [node["split_feature"], float(f"{node['threshold']:.6g}"), below, above]


def _settled(page: Page) -> Decisions | None:
    try:
        tree = parsing.parse(decode(page.body, None).text)
    except parsing.NoMarkup:
        return None
    raw = extraction.blocks(tree, page.url)
    return cleaning.settle(raw, read_metadata(tree, page.url, raw), tree)


def _scored(job: tuple[Page, Classifier | None, str]) -> PageScore:
    page, model, name = job
    extractor = Extractor(name, "newsletter-archive", ours, frozenset())
    work = _settled(page)
    if work is None:
        return score_page(page, extractor, Result("", failure="empty"))
    cleaning.finish(work, model)
    blocks = work.blocks()
    fault = cleaning.is_article(blocks, work.page)
    return score_page(page, extractor, Result("" if fault else main_text(blocks)))


def _tracked(found: Iterator[T], what: str, of: Sequence[Any]) -> Iterator[T]:
    return iter(track(found, what, len(of), console=console(stderr=True), transient=True))


if __name__ == "__main__":
    main()
