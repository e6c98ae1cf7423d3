"""What repeats on a site: the fingerprint that counts alike, and what goes where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.fingerprint import digest, normal_form
from archive.model import Block, BlockKind, Reason
from archive.repetition import Counts, crosses, decide, passed, thresholds

BANNER = "Get our letter about cranes and harbours every single week"
OWN = tuple(
    f"The cranes of the {place} harbour {verb} at night, and nobody in the town had asked them to."
    for place, verb in (("northern", "hum"), ("old", "sing"), ("inner", "rest"), ("outer", "move"))
)


def block(text: str, kind: BlockKind = "paragraph", reason: Reason | None = None) -> Block:
    return Block(kind, text, text, reason, "a-rule" if reason else None)


def kept(blocks: list[Block], articles: int, **standing: int) -> list[str]:
    """The texts that are kept where the site has so many articles; `standing`: block → count."""
    by_digest = {digest(b.text): 1 for b in blocks}
    for name, count in standing.items():
        by_digest[digest(TEXTS[name])] = count
    return [b.text for b in decide(blocks, Counts(articles, by_digest)) if b.kept]


TEXTS = {
    "banner": BANNER,
    "statute": "Who injures the life, the body or the health of another shall make good the damage.",
    "second": "The same duty is held by a person who breaks a statute that protects another.",
    "label": "Why it matters:",
    "heading": "The numbers of the week and what they mean to us",
    "row": "Year | Revenue in millions | Profit before tax | Number of employees",
    "issue": "Issue #123, 4 May 2026",
    "welcome": "Welcome back, it is Monday",
    "report": "The DAX rose 0.3% to 15,000 points on Monday and the MDAX 1.2% to 27,000",
    "signature": "See you next week.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Issue #123, 4 May 2026", "Issue #9, Friday 22 June 2025."),
        ("Welcome back, it is Monday, 3 August", "Welcome back, it is Tuesday, 14 September!"),
        ("Willkommen zurück, heute ist Montag, der 4. Mai", "Willkommen zurück, heute ist Freitag, der 18. Dezember"),
        ("Bonjour, nous sommes le lundi 4 mai", "Bonjour, nous sommes le mardi 15 décembre"),
        ("Hoy es lunes, 4 de mayo de 2026", "Hoy es viernes, 11 de diciembre de 2025"),
        ("Dziś jest poniedziałek, 4 maja", "Dziś jest piątek, 11 grudnia"),
        ("Bugün Pazartesi, 4 Mayıs 2026", "Bugün Cuma, 11 Aralık 2025"),
        ("第123号 2026年5月4日(月)", "第9号 2025年12月24日(水)"),
        ("第123期，2026年5月4日 星期一", "第9期，2025年12月24日 星期三"),
        ("Reporting by Ann Smith; editing by Bob Jones", "Reporting by Cy Lee; editing by Dan Fox"),
        ("Write to ann@letter.example with tips", "Write to bob@letter.example with tips"),
        ("READ IT ONLINE", "Read it online."),
    ],
)  # fmt: skip
def test_texts_that_differ_in_dates_numbers_and_names_count_as_one(one: str, other: str) -> None:
    assert digest(one) == digest(other), (normal_form(one), normal_form(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The cranes hum at night", "The cranes sing at night"),
        ("Get the weekly letter", "Get the daily letter"),
        ("It was so long a night", "It was so so long a night"),
        ("東京の魚市場では、新しい規制が議論されています。", "大阪の魚市場では、新しい規制が議論されています。"),
    ],
)  # fmt: skip
def test_texts_that_differ_in_other_words_do_not(one: str, other: str) -> None:
    assert digest(one) != digest(other)


@given(st.text())
def test_any_text_has_a_form_that_is_its_own_form(text: str) -> None:
    form = normal_form(text)
    assert form == " ".join(form.split())
    assert -(2**63) <= digest(text) < 2**63  # an integer of SQLite


def texts(*names: str) -> list[Block]:
    """A page: names of TEXTS, or numbers of paragraphs of its own."""
    kinds: dict[str, BlockKind] = {"heading": "heading", "row": "table"}
    return [
        block(OWN[int(name)])
        if name.isdigit()
        else block(TEXTS[name], kinds.get(name, "paragraph"))
        for name in names
    ]


@pytest.mark.parametrize(
    ("page", "articles", "standing", "gone"),
    [
        # At the start or end a few articles are enough, in the midst a third of them is needed.
        ("banner 0 1 2 3", 20, {"banner": 3}, "banner"),
        ("2 3 0 1 banner", 20, {"banner": 3}, "banner"),
        ("2 3 0 1 banner", 20, {"banner": 2}, ""),
        ("2 3 0 1 banner", 2, {"banner": 2}, "banner"),
        ("2 3 0 1 banner", 3, {"banner": 2}, ""),
        ("2 3 0 1 banner", 200, {"banner": 9}, ""),
        ("2 3 0 1 banner", 9000, {"banner": 10}, "banner"),
        ("0 banner 1 2 3", 21, {"banner": 6}, ""),
        ("0 banner 1 2 3", 21, {"banner": 7}, "banner"),
        ("0 banner 1 2 3", 4, {"banner": 3}, ""),
        # True repetition in the text.
        ("0 label 1 2 3", 20, {"label": 20}, ""),
        ("label 0 1 2 3", 20, {"label": 20}, ""),
        ("0 heading 1 2 3", 20, {"heading": 20}, ""),
        ("heading 0 1 2 3", 20, {"heading": 20}, ""),
        ("0 row 1 2 3", 20, {"row": 20}, ""),
        ("row 0 1 2 3", 20, {"row": 20}, ""),
        ("0 statute 1 2 3", 20, {"statute": 6}, ""),
        ("0 statute second 1 2 3", 20, {"statute": 6, "second": 5}, ""),
        ("0 report 1 2 3", 20, {"report": 20}, ""),
        # With the column's intro goes the heading of the intro, not that of the text.
        ("heading banner 0 2 3", 20, {"banner": 20, "heading": 20}, "heading banner"),
        ("banner heading 0 2 3", 20, {"banner": 20, "heading": 20}, "banner"),
        ("2 3 0 heading banner", 20, {"banner": 20, "heading": 20}, "heading banner"),
        ("2 3 0 label banner", 20, {"banner": 20, "label": 20}, "label banner"),
        # Lines with a number or date at the start, any at the end, in half of the articles.
        ("issue 0 1 2 3", 20, {"issue": 10}, "issue"),
        ("issue 0 1 2 3", 20, {"issue": 9}, ""),
        ("welcome 0 1 2 3", 20, {"welcome": 10}, "welcome"),
        ("0 issue 1 2 3", 20, {"issue": 20}, ""),
        ("2 3 0 1 signature", 20, {"signature": 10}, "signature"),
        ("2 3 0 1 signature", 20, {"signature": 9}, ""),
        ("report 0 1 2 3", 20, {"report": 9}, ""),
    ],
)  # fmt: skip
def test_what_goes(page: str, articles: int, standing: dict[str, int], gone: str) -> None:
    blocks = texts(*page.split())
    expected = [b.text for b in blocks if b.text not in {TEXTS[name] for name in gone.split()}]
    assert kept(blocks, articles, **standing) == expected


def test_a_statute_that_a_sentence_introduces_stays_in_any_number_of_articles() -> None:
    intro = block("The court in Hamburg relied on section 823:")
    blocks = [*texts("0"), intro, *texts("statute", "second", "1", "2")]
    assert kept(blocks, 20, statute=20, second=20) == [b.text for b in blocks]
    assert (
        kept([*texts("0", "1", "2"), intro, *texts("statute")], 20, statute=20)[-1]
        == TEXTS["statute"]
    )


@pytest.mark.parametrize("kind", ["quote", "code"])
def test_what_is_quoted_or_code_stays(kind: BlockKind) -> None:
    blocks = [*texts("0", "1", "2"), block(BANNER, kind)]
    assert kept(blocks, 20, banner=20) == [b.text for b in blocks]


def test_beside_what_the_rules_removed_is_an_edge() -> None:
    form = block("Your address", reason=Reason.SUBSCRIBE)
    caption = block("A crane, at night", reason=Reason.CAPTION)
    for neighbour, is_kept in ((form, False), (caption, True)):
        blocks = [*texts("0", "1", "banner"), neighbour, *texts("2", "3")]
        assert (BANNER in kept(blocks, 20, banner=3)) == is_kept


def test_pages_that_are_copies_of_each_other_are_left_as_they_are() -> None:
    blocks = texts("0", "1", "2")
    counts = Counts(9, {digest(b.text): 9 for b in blocks})
    assert decide(blocks, counts) == tuple(blocks)


def test_the_rule_says_where_and_what_no_longer_repeats_is_kept_again() -> None:
    blocks = texts("banner", "0", "banner", "1", "2", "3", "banner")
    decided = decide(blocks, Counts(9, {digest(BANNER): 9}))
    gone = [(b.reason, b.rule) for b in decided if not b.kept]
    assert gone == [
        (Reason.REPEATED, f"repeated-{place}") for place in ("at-start", "in-text", "at-end")
    ]
    assert decide(decided, Counts(9, {})) == tuple(blocks)


@given(st.integers(1, 400), st.integers(0, 120), st.integers(0, 3), st.integers(-1, 1))
def test_every_count_that_a_threshold_passes_is_named(
    articles: int, count: int, more: int, joined: int
) -> None:
    """What `passed` leaves out keeps its place against all thresholds when the site grows."""
    if articles + joined > 0 and count not in passed(articles, articles + joined):
        assert not crosses((count, articles), (count, articles + joined))
    assert thresholds(articles).edge <= thresholds(articles).inside or articles < 5
