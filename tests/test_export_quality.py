"""Quality filters: each rule drops what its source drops, and lets good prose through."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from archive import search
from archive.export import Options, export_folder, quality
from archive.export.quality import RULES, RuleError, Sample, parse
from archive.model import Article, Block, Reading, Reason
from archive.opening import open_archive, open_reader
from archive.search import Filters
from tests.conftest import ROOT
from tests.corpus_archive import save

GOOD = (
    "The harbour has taught its cranes to see at night, and nobody had asked who would pay for that. "
    "Every model needs light, the engineers say, and the ships come with the weather.\n\n"
    "It was the second winter in which the sensors failed to tell a buoy from a seal. "
    "People have patience, of course. But maps are expensive, and rules take longer than permits do!"
    "\n\nWhat comes next is a question for the council, which meets on Tuesday in the old town hall."
)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    folder = tmp_path_factory.mktemp("quality")
    items = [
        Block("list-item", f"Item {n} of the list", f"- Item {n} of the list") for n in range(20)
    ]
    kept = Block("paragraph", GOOD, GOOD)
    removed = Block("paragraph", "x" * 4 * len(GOOD), "", Reason.NAVIGATION, "nav", "nav")
    with open_archive(folder, "test") as archive:
        pages = {
            "good": Reading("Good", (kept,), language="en"),
            "list": Reading("A list", tuple(items), language="en"),
            "menu": Reading("A menu", (kept, removed), language="en"),
        }
        save(archive, [(f"https://a.org/{name}", page) for name, page in pages.items()])
    return open_reader(folder)


@pytest.fixture
def good(db: sqlite3.Connection) -> Article:
    found = search.article_by_url(db, "https://a.org/good")
    assert found
    return found


def failed(db: sqlite3.Connection, article: Article, *asked: str) -> set[str]:
    """The rules that the article does not pass."""
    sample = Sample(db, article)
    limits = parse(asked or ("gopher", "c4"))
    return {limit.rule.name for limit in limits if not limit.passes(sample)}


def test_good_prose_passes_every_rule(db: sqlite3.Connection, good: Article) -> None:
    assert failed(db, good) == set()


LOREM = " ".join(f"w{n}" for n in range(60))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Too short. Really. Yes, it is.", "fewest-words"),
        ("to be of " * 33_400, "most-words"),
        (GOOD + " a b c d e f g" * 40, "shortest-mean-word"),
        (GOOD + " Donaudampfschifffahrtsgesellschaft" * 40, "longest-mean-word"),
        (GOOD + " #tag" * 20, "symbol-ratio"),
        (GOOD + "…" * 20, "symbol-ratio"),
        (GOOD + "\n\nRead more …" * 2 + "\n\nGo on ...", "ellipsis-lines"),
        (GOOD + " 2026 11 25 -- 100" * 10, "words-with-letters"),
        (re.sub(r"\b(the|be|to|of|and|that|have|with)\b", "zu", GOOD), "stop-words"),
        (GOOD + "\n\nShare this" * 4, "repeated-lines"),
        (GOOD + "\n\n" + GOOD, "repeated-line-letters"),
        (GOOD + " harbour cranes" * 30, "top-2-gram"),
        (GOOD + " harbour cranes sing" * 30, "top-3-gram"),
        (GOOD + " harbour cranes sing loud" * 30, "top-4-gram"),
        (f"{GOOD} {LOREM} x {LOREM}", "repeated-5-grams"),
        (f"{GOOD} {LOREM} x {LOREM}", "repeated-10-grams"),
        (GOOD + " Now { x: 1 }", "curly-brackets"),
        (GOOD + " Lorem ipsum dolor.", "lorem-ipsum"),
        (GOOD.replace(".", ",").replace("!", ","), "sentences"),
    ],
)  # fmt: skip
def test_what_each_rule_drops(db: sqlite3.Connection, good: Article, text: str, rule: str) -> None:
    made = replace(good, text=text, word_count=len(text.split()))
    assert rule in failed(db, made)


def test_lists_and_menus_are_known_by_their_blocks(db: sqlite3.Connection) -> None:
    found = {a.url[-4:]: a for a in search.articles(db, Filters())}
    assert "list-items" in failed(db, found["list"])
    assert failed(db, found["menu"], "removed-share=0.5") == {"removed-share"}
    assert failed(db, found["menu"], "removed-share=0.9") == set()


def test_languages_without_spaces_are_not_judged_by_their_words(
    db: sqlite3.Connection, good: Article
) -> None:
    text = (
        "東京の魚市場では、新しい規制が議論されています。価格は上がりました。人々は待っています。"
        * 3
    )
    made = replace(good, text=text, word_count=120, language="ja")
    assert failed(db, made) <= {"repeated-lines", "repeated-line-letters"}
    german = GOOD.replace("the", "die").replace("to", "zu")
    assert "stop-words" not in failed(db, replace(good, text=german, language="de"))


def test_a_language_that_is_only_declared_has_no_confidence(
    db: sqlite3.Connection, good: Article
) -> None:
    assert failed(db, replace(good, language_confidence=0.6), "language-confidence")
    assert not failed(db, replace(good, language_confidence=None), "language-confidence")


def test_limits_are_those_asked_for_the_last_of_them() -> None:
    assert {limit.rule.name: limit.value for limit in parse(["c4"])} == {
        "sentences": 3, "curly-brackets": 0, "lorem-ipsum": 0,
    }  # fmt: skip
    (limit,) = parse(["symbol-ratio", "symbol-ratio=0.3"])
    assert limit.value == 0.3
    limits = parse(["gopher", "fewest-words=20", "removed-share=0.8"])
    assert quality.arguments(limits) == ["gopher", "fewest-words=20", "removed-share=0.8"]
    assert parse(quality.arguments(limits)) == limits


@pytest.mark.parametrize("asked", ["gofer", "symbol-ratio=much", "removed-share", "gopher=1"])
def test_rules_that_are_none(asked: str) -> None:
    with pytest.raises(RuleError):
        parse([asked])


def test_each_rule_is_counted_by_what_it_dropped(db: sqlite3.Connection, tmp_path: Path) -> None:
    options = Options(quality=parse(["list-items", "removed-share=0.5"]))
    report = export_folder(db, options, tmp_path / "corpus")
    assert report.dropped == {"list-items": 1, "removed-share": 1}
    card = (tmp_path / "corpus" / "README.md").read_text()
    assert (
        "| list-items | share of lines that are items of lists: at most 0.9 (Rae et al. 2021"
        in card
    )


def test_the_documentation_lists_every_rule_with_limit_and_source() -> None:
    assert table() in (ROOT / "docs" / "export.md").read_text("utf-8"), (
        "python -m tests.test_export_quality"
    )


def table() -> str:
    """The rules, as docs/export.md shows them."""
    rows = [
        f"| `{rule.name}` | {rule.says} | at {rule.bound} "
        f"{'what you say' if rule.limit is None else f'{rule.limit:,g}'} | {rule.source} |"
        for rule in RULES
    ]
    return "\n".join(["| rule | measures | limit | source |", "|---|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    page = ROOT / "docs" / "export.md"
    head, _, rest = page.read_text("utf-8").partition("<!-- rules -->\n")
    tail = rest.partition("<!-- /rules -->")[2]
    page.write_text(f"{head}<!-- rules -->\n{table()}<!-- /rules -->{tail}", "utf-8")
