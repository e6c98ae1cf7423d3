"""Main text or not, for the blocks that no rule settles: boosted trees over `crawler/features.py`.

The trees are in `classifier.json`; `benchmarks/training.py` makes them, docs/classifier.md says from
what, and what they are worth. Where that file is missing, the vote decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive.model import Reason
from crawler.boilerplate import Finding
from crawler.decisions import SPREADING, Decisions
from crawler.evidence import MENU
from crawler.features import features

MODEL = Path(__file__).with_name("classifier.json")
# From here on a block is main text. Not tuned: the trees are trained to give probabilities.
THRESHOLD = 0.5
LEAVES = 16  # of a tree at most: a bit each in a number of 16 bits
NEAR = 3  # blocks; what was removed so near says what a block beside it is

# A tree as it stands in the file: the score of a leaf, or [feature, threshold, below, above], where
# a value up to the threshold goes below.
Tree = float | list[Any]


@dataclass(frozen=True, slots=True)
class Classifier:
    """The conditions of all trees side by side, evaluated as QuickScorer does.

    Each condition that fails rules out the leaves below it; the first leaf that is left is the
    one. Lucchese et al. 2015, "QuickScorer: A Fast Algorithm to Rank Documents with Additive
    Ensembles of Regression Trees".
    """

    names: tuple[str, ...]
    feature: NDArray[np.intp]  # of each condition
    threshold: NDArray[np.float32]
    left: NDArray[np.uint16]  # the leaves that are left where it fails
    starts: NDArray[np.intp]  # the first condition of each tree
    scores: NDArray[np.float64]  # of each tree and leaf

    def probabilities(self, names: Sequence[str], rows: NDArray[np.float32]) -> NDArray[Any]:
        """For each row of named features, how likely it is main text: 0 to 1."""
        columns = [names.index(name) for name in self.names]
        fails = rows[:, columns][:, self.feature] > self.threshold
        left = np.where(fails, self.left, np.uint16(0xFFFF))
        left = np.bitwise_and.reduceat(left, self.starts, axis=1)
        leaf = np.frexp((left & -left).astype(np.float32))[1] - 1
        total = self.scores[np.arange(len(self.starts)), leaf].sum(axis=1)
        odds: NDArray[Any] = 1.0 / (1.0 + np.exp(-total))
        return odds


def classifier(names: Sequence[str], trees: Sequence[Tree]) -> Classifier:
    """A classifier from trees whose features are numbers of `names`.

    Raises ValueError for a tree without a condition or with more than `LEAVES` leaves.
    """
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    starts: list[int] = []
    scores = np.zeros((len(trees), LEAVES))
    for number, tree in enumerate(trees):
        leaves = list(_leaves(tree))
        if not 2 <= len(leaves) <= LEAVES:
            raise ValueError(f"tree {number} has {len(leaves)} leaves, not 2 to {LEAVES}")
        scores[number, : len(leaves)] = leaves
        starts.append(len(feature))
        for node, first, count in _conditions(tree, 0):
            feature.append(node[0])
            threshold.append(node[1])
            left.append(0xFFFF & ~(((1 << count) - 1) << first))
    return Classifier(
        tuple(names),
        np.array(feature),
        np.array(threshold, np.float32),
        np.array(left, np.uint16),
        np.array(starts),
        scores,
    )


def classify(work: Decisions, model: Classifier | None) -> None:
    """Keep or remove every block that is still open."""
    open_blocks = work.open()
    if model is None:
        for i in open_blocks:
            work.kept[i] = work.evidence[i].voted
        return
    if not open_blocks:
        return
    names, rows = features(work)
    chances = model.probabilities(names, rows[open_blocks])
    findings = {}
    for i, chance in zip(open_blocks, chances, strict=True):
        work.kept[i] = bool(chance >= THRESHOLD)
        if not work.kept[i]:
            findings[i] = Finding(_reason(work, i), "classifier", f"p = {chance:.2f}")
    for i, finding in findings.items():
        work.remove(i, finding)


@cache
def shipped() -> Classifier | None:
    """The classifier of this version; null where its file is missing."""
    if not MODEL.exists():
        return None
    held = json.loads(MODEL.read_text("utf-8"))
    return classifier(held["features"], held["trees"])


def _leaves(tree: Tree) -> Iterator[float]:
    if isinstance(tree, list):
        yield from _leaves(tree[2])
        yield from _leaves(tree[3])
    else:
        yield tree


def _conditions(tree: Tree, first: int) -> Iterator[tuple[list[Any], int, int]]:
    """Each condition with the leaves that its failing rules out: the first, and how many."""
    if isinstance(tree, list):
        count = sum(1 for _ in _leaves(tree[2]))
        yield tree, first, count
        yield from _conditions(tree[2], first)
        yield from _conditions(tree[3], first + count)


def _reason(work: Decisions, i: int) -> Reason:
    """What a block is that is no main text: by its phrase, its container, what stands beside it."""
    evidence = work.evidence[i]
    if evidence.phrase:
        return evidence.phrase.reason
    if evidence.sign:
        return evidence.sign.reason
    if evidence.linked > MENU:
        return Reason.NAVIGATION
    for distance in range(1, NEAR + 1):
        for other in (i - distance, i + distance):
            found = work.boilerplate(other)
            if found and found.reason in SPREADING and work.is_beside(i, other):
                return found.reason
    return Reason.OUTSIDE
