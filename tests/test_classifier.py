"""The trees of the block classifier: as they are evaluated, as they are shipped, and without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Reading
from crawler import cleaning
from crawler.classifier import Tree, classifier, shipped
from crawler.reading import read

NAMES = ("size", "links", "place")
VALUES = st.floats(-4, 4, width=32)


def trees(leaves: int = 16) -> st.SearchStrategy[Tree]:
    leaf = st.floats(-2, 2)
    inner = st.recursive(
        leaf,
        lambda below: st.tuples(st.integers(0, 2), VALUES, below, below).map(list),
        max_leaves=leaves // 2,
    )
    return inner.filter(lambda tree: isinstance(tree, list) and 2 <= _size(tree) <= leaves)


def _size(tree: Tree) -> int:
    return _size(tree[2]) + _size(tree[3]) if isinstance(tree, list) else 1


def _score(tree: Tree, row: Any) -> float:
    """Down the tree, as it is read."""
    while isinstance(tree, list):
        tree = tree[2] if row[tree[0]] <= np.float32(tree[1]) else tree[3]
    return tree


@given(
    st.lists(trees(), min_size=1, max_size=5),
    st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=5),
)
def test_the_conditions_side_by_side_give_what_the_trees_give(
    forest: list[Tree], rows: list[tuple[float, ...]]
) -> None:
    table = np.array(rows, np.float32)
    expected = [1 / (1 + np.exp(-sum(_score(tree, row) for tree in forest))) for row in table]
    found = classifier(NAMES, forest).probabilities(NAMES, table)
    assert found == pytest.approx(expected)


def test_features_are_found_by_name() -> None:
    model = classifier(["links", "size"], [[0, 0.5, 2.0, -2.0]])
    table = np.array([[9.0, 0.1], [9.0, 0.9]], np.float32)
    likely, unlikely = model.probabilities(["size", "links"], table)
    assert likely > 0.5 > unlikely


@pytest.mark.parametrize("size", [1, 17])
def test_a_tree_has_a_condition_and_a_bit_for_each_leaf(size: int) -> None:
    tree: Tree = 0.0
    for _ in range(size - 1):
        tree = [0, 0.0, 0.0, tree]
    with pytest.raises(ValueError, match=f"{size} leaves"):
        classifier(NAMES, [tree])


PROSE = (
    "The lighthouse of Carrow has kept ships off the rocks for a hundred and forty years, and since "
    "last week it counts seals as well, which nobody in the town had asked it to do. "
)
PAGE = (
    "<html lang='en'><title>Seals</title><body><article><h1>Seals</h1>"
    + "".join(f"<p>{n} {PROSE}</p>" for n in ("First.", "Second.", "Third."))
    + "</article><div><p><a href='/a'>Otters are back in the river</a></p></div></body></html>"
)


def test_the_shipped_trees_know_every_feature_and_say_what_they_saw() -> None:
    assert shipped() is not None
    reading = read(PAGE.encode(), "https://letter.example/p/seals")
    assert isinstance(reading, Reading)
    assert reading.text.startswith("First.")
    assert "Third." in reading.text
    block = next(b for b in reading.blocks if b.text.startswith("Otters"))
    assert block.rule == "classifier"
    assert (block.evidence or "").startswith("p = 0.")


def test_without_the_file_trafilatura_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "shipped", lambda: None)
    reading = read(PAGE.encode(), "https://letter.example/p/seals")
    assert isinstance(reading, Reading)
    assert reading.text.count("\n\n") == 2
