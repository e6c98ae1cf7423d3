"""Revisions compared: what went and what came, in paragraphs and in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archive.comparison import Paragraph, compare, is_changed

TEXTS = st.lists(
    st.text(st.sampled_from("ab 東京.\n"), max_size=12).map(
        lambda text: text.replace("\n\n", "\n")
    ),
    max_size=6,
).map("\n\n".join)


def shown(paragraphs: list[Paragraph]) -> list[str]:
    marks = {"same": "{}", "gone": "[-{}]", "new": "[+{}]"}
    return ["".join(marks[p.kind].format(p.text) for p in paragraph) for paragraph in paragraphs]


def test_words_are_marked_where_a_paragraph_was_edited() -> None:
    before = "It stays.\n\nThe old crane learns to see.\n\nThis goes altogether away now."
    after = "It stays.\n\nSomething wholly different arrives.\n\nThe new cranes learn to see."
    assert shown(compare(before, after)) == [
        "It stays.",
        "[+Something wholly different arrives.]",
        "The [-old crane learns][+new cranes learn] to see.",
        "[-This goes altogether away now.]",
    ]


def test_scripts_without_spaces_are_compared_letter_by_letter() -> None:
    assert shown(compare("東京の魚市場では規制", "大阪の魚市場では規制")) == [
        "[-東京][+大阪]の魚市場では規制"
    ]
    assert shown(compare("ราคาปลา", "ราคาข้าว"))[0].startswith("ราคา")


def test_nothing_changed_is_nothing_marked() -> None:
    assert not any(map(is_changed, compare("One.\n\nTwo.", "One.\n\nTwo.")))
    assert compare("", "") == []
    assert shown(compare("", "New.")) == ["[+New.]"]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_comparison(before: str, after: str) -> None:
    compared = compare(before, after)
    for text, other in ((before, "new"), (after, "gone")):
        pieces = (
            "".join(piece.text for piece in paragraph if piece.kind != other)
            for paragraph in compared
        )
        assert "\n\n".join(filter(None, pieces)) == "\n\n".join(filter(None, text.split("\n\n")))


def test_what_is_huge_is_compared_all_the_same() -> None:
    long = " ".join(f"word{n}" for n in range(20_000))
    many = "\n\n".join(f"paragraph {n}" for n in range(2_000))
    assert len(compare(long, long.replace("word", "term"))) in (1, 2)
    assert any(map(is_changed, compare(many, many.replace("graph", "text"))))
