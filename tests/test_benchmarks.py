"""How extracted text is scored: values computed by hand, and what must hold of any two texts."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from archive.model import Reading
from benchmarks.copies import Original
from benchmarks.extractors import EXTRACTORS, Result
from benchmarks.labels import labels
from benchmarks.measures import bags, common_subsequence, holds, rouge_lsum, shingles
from benchmarks.measuring import measure
from benchmarks.pages import BENCH, Page, load
from benchmarks.processes import Failed, run
from benchmarks.report import write_section
from benchmarks.scoring import score_page, summarise
from benchmarks.sites import templates, texts
from benchmarks.tables import language_tables, markdown_table, set_tables
from crawler import reading
from crawler.parsing import parse

WORDS = st.lists(st.sampled_from("ab be cd de ef fo go ha".split()), min_size=1, max_size=12)
SENTENCES = st.lists(WORDS, min_size=1, max_size=5)


def text_of(sentences: list[list[str]]) -> str:
    return "\n".join(" ".join(words) for words in sentences)


def page(language: str = "en", set_name: str = "fundus", **gold: object) -> Page:
    return Page(set_name, {"id": "one", "language": language, **gold})


OURS = EXTRACTORS["ours"]


def test_bags_count_each_word_as_often_as_it_stands() -> None:
    overlap = bags("The cat, the dog", "the cat sat")
    assert (overlap.precision, overlap.recall) == (2 / 4, 2 / 3)
    assert overlap.f1 == pytest.approx(4 / 7)


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert bags("今日は", "今日も", is_unspaced=True).f1 == pytest.approx(2 / 3)
    assert bags("今日は", "今日も").f1 == 0


def test_shingles_are_four_words_with_their_case() -> None:
    assert shingles("a b c d e", "a b c d f g") == (1 / 2, 1 / 3)
    assert shingles("A b c d", "a b c d") == (0, 0)
    assert shingles("a b c d a b c d", "a b c d") == (1 / 5, 1)


def test_a_text_shorter_than_a_shingle_is_one() -> None:
    assert shingles("a b", "a b") == (1, 1)
    assert shingles("a b", "b a") == (0, 0)


def test_an_empty_text_has_no_precision_of_shingles_and_counts_in_recall() -> None:
    assert shingles("", "a b c d") == (None, 0)
    assert shingles("a b c d", "") == (0, None)
    perfect = score_page(page(text="a b c d"), OURS, Result("a b c d"))
    empty = score_page(page(text="a b c d"), OURS, Result("", failure="empty"))
    # mean precision 1 (the empty page has none), mean recall 1/2
    assert summarise("ours", [perfect, empty]).shingle_f1 == pytest.approx(2 / 3)


def test_common_subsequence_of_two_sentences() -> None:
    assert common_subsequence("abcbdab", "bdcaba").__len__() == 4
    assert common_subsequence("police killed the gunman".split(), "the gunman".split()) == {2, 3}


def test_rouge_lsum_is_the_union_over_the_found_sentences() -> None:
    # Lin 2004, section 3.2: w1 … w5 against "w1 w2 w6 w7 w8" and "w1 w3 w8 w9 w5" share 4 of 5.
    overlap = rouge_lsum("w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", "w1 w2 w3 w4 w5")
    assert (overlap.precision, overlap.recall) == (4 / 10, 4 / 5)


def test_rouge_lsum_counts_a_word_no_more_often_than_it_was_found() -> None:
    overlap = rouge_lsum("a b", "a b\na b")
    assert (overlap.precision, overlap.recall) == (1, 1 / 2)


def test_rouge_lsum_does_not_depend_on_how_lines_are_broken() -> None:
    gold = "It rained. All of them stayed in."
    assert rouge_lsum("It rained.\n\nAll of them stayed in.", gold).f1 == 1
    assert rouge_lsum("雨だ。\n外へ出ない。", "雨だ。外へ出ない。", is_unspaced=True).f1 == 1


def test_rouge_lsum_sees_order_and_bags_do_not() -> None:
    assert rouge_lsum("d c b a", "a b c d").f1 == 1 / 4
    assert bags("d c b a", "a b c d").f1 == 1


def test_snippets_are_found_across_white_space() -> None:
    assert holds("one\n two\u00a0three", "two three")
    assert not holds("one two three", "two four")


@given(SENTENCES)
def test_the_gold_itself_is_perfect(sentences: list[list[str]]) -> None:
    text = text_of(sentences)
    assert bags(text, text).f1 == 1
    assert rouge_lsum(text, text).f1 == 1
    assert shingles(text, text) == (1, 1)


@given(SENTENCES, SENTENCES)
def test_texts_without_a_common_word_score_nothing(
    one: list[list[str]], other: list[list[str]]
) -> None:
    found, gold = text_of(one), text_of([[f"x{word}" for word in words] for words in other])
    assert bags(found, gold).f1 == rouge_lsum(found, gold).f1 == 0
    assert shingles(found, gold) == (0, 0)


@given(SENTENCES, SENTENCES)
def test_exchanging_the_texts_exchanges_precision_and_recall(
    one: list[list[str]], other: list[list[str]]
) -> None:
    a, b = text_of(one), text_of(other)
    there, back = bags(a, b), bags(b, a)
    assert (there.precision, there.recall) == (back.recall, back.precision)
    assert shingles(a, b) == shingles(b, a)[::-1]


@given(SENTENCES, SENTENCES)
def test_rouge_never_finds_more_than_the_bag(one: list[list[str]], other: list[list[str]]) -> None:
    found, gold = text_of(one), text_of(other)
    assert 0 <= rouge_lsum(found, gold).recall <= bags(found, gold).recall


@given(WORDS, WORDS)
def test_a_common_subsequence_is_as_long_as_the_table_says(
    one: list[str], other: list[str]
) -> None:
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, word in enumerate(one):
        for j, theirs in enumerate(other):
            lengths[i + 1][j + 1] = (
                lengths[i][j] + 1 if word == theirs else max(lengths[i][j + 1], lengths[i + 1][j])
            )
    found = [one[i] for i in sorted(common_subsequence(one, other))]
    rest = iter(other)
    assert all(word in rest for word in found)  # in the order of the other
    assert len(found) == lengths[-1][-1]


def test_fields_are_right_where_they_say_the_same() -> None:
    gold = page(
        title="A  title",
        authors=["Ann B", "Cem D"],
        published="2026-11-24T08:00:00+01:00",
        text="word",
    )
    result = Result(
        "word", "A title", ("cem d", "Ann B"), "2026-11-24T23:00:00+01:00", language="en"
    )
    score = score_page(gold, OURS, result)
    assert (score.title, score.authors, score.published, score.right_language) == (True,) * 4
    wrong = score_page(gold, OURS, Result("word", "A title | Site", ("Ann B",), "", "de"))
    assert (wrong.title, wrong.authors, wrong.published, wrong.right_language) == (False,) * 4


def test_a_failure_is_wrong_in_all_that_the_tool_tells() -> None:
    gold = page(title="A", text="word", **{"with": ["word"], "without": ["menu"]})
    score = score_page(gold, OURS, Result("", failure="timeout"))
    assert (score.failure, score.kept, score.leaked) == ("timeout", (False,), (False,))
    assert (score.title, score.right_language, score.quality) == (False, False, 0)
    assert score_page(gold, OURS, Result(" \n")).failure == "empty"


def test_a_tool_is_not_asked_what_it_does_not_tell() -> None:
    gold = page(title="A", authors=["Ann B"], text="word")
    score = score_page(gold, EXTRACTORS["resiliparse"], Result("word", "A"))
    assert (score.title, score.authors) == (True, None)


def test_language_is_scored_on_two_sets_only() -> None:
    assert score_page(page(set_name="aeb"), OURS, Result("a", language="en")).right_language is None


def test_the_baseline_takes_one_unit_of_time_and_rare_languages_share_a_table() -> None:
    scores = [
        score_page(page("sw", text="word"), EXTRACTORS[name], Result("word"), seconds)
        for name, seconds in (("ours", 0.3), ("trafilatura", 0.2))
    ]
    lines = list(set_tables(scores))
    assert lines[1] == "### fundus: 1 pages"
    assert next(line for line in lines if "ours" in line).split("|")[-3:-1] == [
        "        1.50 ",
        "      1.50 ",
    ]
    assert "### other: 1 pages (sw 1)" in list(language_tables(scores))


def test_columns_without_a_value_are_left_out() -> None:
    assert list(markdown_table([["tool", "F1", "title"], ["ours", "0.9", "–"]])) == [
        "| tool |  F1 |",
        "| ---- | --: |",
        "| ours | 0.9 |",
    ]


def test_a_section_of_the_report_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "extraction.md"
    write_section(path, "one", "## One\n1")
    write_section(path, "two", "## Two\n2")
    write_section(path, "one", "## One\n3 \\1")
    text = path.read_text("utf-8")
    assert "3 \\1" in text
    assert "\n1\n" not in text
    assert text.index("## One") < text.index("## Two")
    write_section(path, "two", "## Two\n2")
    assert path.read_text("utf-8") == text


@pytest.mark.skipif(not BENCH.is_dir(), reason="needs ../shared/bench")
def test_a_tool_that_raises_has_failed_and_the_others_are_measured() -> None:
    missing = next((name for name, e in EXTRACTORS.items() if not e.version), None)
    if missing is None:
        pytest.skip("every tool is installed")
    scores = list(measure(load(["newsletters"])[:1], [missing, "ours"]))
    assert [score.failure for score in scores] == ["ModuleNotFoundError", ""]
    assert scores[0].quality == 0
    assert scores[1].quality > 0
    assert scores[1].seconds


@pytest.mark.skipif(not BENCH.is_dir(), reason="needs the pages of ../shared/bench")
def test_a_made_page_has_the_chrome_of_one_page_and_the_text_of_another() -> None:
    pages = load(("fundus",))
    template, other = templates(pages, 1)[0], texts(pages, "en")[0]
    made = template.fill(10, other)
    shown = parse(made.body.decode()).text_content()
    first, last = (other.gold["text"].split("\n\n")[i] for i in (0, -1))
    assert holds(shown, first)
    assert holds(shown, last)
    assert not any(holds(shown, p) for p in template.page.gold["text"].split("\n\n") if len(p) > 99)
    assert all(holds(made.text, text) for text in made.repeated)


def test_blocks_are_labelled_by_the_whole_gold_text_in_its_order() -> None:
    blocks = ["Home About", "The seals came back to the skerry.", "Read more", "Nobody had asked."]
    gold = {"text": "The seals came back to the skerry.\n\nNobody had asked."}
    assert labels(blocks, gold) == [False, True, False, True]


def test_blocks_are_labelled_by_snippets_where_these_tell() -> None:
    blocks = [
        "The seals came back to the skerry.",
        "Subscribe now",
        "In May, subscribe now or not.",
    ]
    gold = {"with": ["came back to"], "without": ["Subscribe now", "May"]}
    assert labels(blocks, gold) == [True, False, None]


@pytest.mark.skipif(not BENCH.is_dir(), reason="needs the pages of ../shared/bench")
def test_copies_of_a_page_have_its_markup_and_each_another_text() -> None:
    saved = load(("fundus",))[0]
    original = Original(saved)
    bodies = [original.copy(number).body for number in range(3)]
    assert bodies[0] == saved.body
    trees = [html.fromstring(body) for body in bodies]
    assert len({tuple(element.tag for element in tree.iter()) for tree in trees[1:]}) == 1
    found = [reading.read(body, saved.url) for body in bodies]
    texts = [set(read.text.split("\n\n")) for read in found if isinstance(read, Reading)]
    assert len(texts) == 3
    for one, other in combinations(texts, 2):
        assert len(one & other) < len(one) / 4


def test_a_command_is_measured_and_its_failure_is_told() -> None:
    cost = run([sys.executable, "-c", "print('said')"])
    assert cost.output == "said\n"
    assert cost.cpu > 0
    assert cost.peak > 0
    with pytest.raises(Failed, match="no such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"])
    with pytest.raises(Failed):
        run([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.2)
