"""A user's boilerplate.toml: what it adds, and what is said of what is wrong in it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.model import Reason
from crawler import boilerplate
from crawler.phrases import PRESET, PhrasesError, Rules, load, parse
from tests.conftest import Run, document
from tests.faults import PARAGRAPHS, page

RULE = '[[rule]]\nname = "mugs"\nreason = "promotion"\n'
ALL = "en = ['buy our mug']\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rule]\n", "x.toml: Expected"),
        ("[[rules]]\nname = 'a'\n", "line 1: unknown table or key 'rules': write [[rule]] or"),
        ("[rule]\nname = 'a'\n", "line 1: write [[rule]], with two brackets"),
        ("\n[[rule]]\nreason = 'share'\n", "line 2: this rule has no name: add name ="),
        (RULE, "line 1: this rule has no phrases: add en ="),
        (RULE.replace("promotion", "promoton") + ALL, "line 3: unknown reason 'promoton': did you mean 'promotion'?"),
        (RULE.replace("promotion", "repeated-on-site") + ALL, "line 3: unknown reason"),
        (RULE + "hole = true\n" + ALL, "line 4: unknown key 'hole': did you mean 'whole'?"),
        (RULE + "whole = 'yes'\n" + ALL, "line 4: whole must be true or false, not 'yes'"),
        (RULE + "whole = true\nstart = true\n" + ALL, "line 5: a rule is either whole or start"),
        (RULE + "en = 'buy our mug'\n", 'line 4: en must be a list of phrases: en = ["…"]'),
        (RULE + "en = []\n", "line 4: en must be a list of phrases"),
        (RULE + "en = ['a b']\n", "line 4: 'a b' would fit in any text: make it longer, or add whole = true"),
        (RULE + ALL + RULE + "de = [3]\n", "line 8: de must be a list of phrases"),
        ("[signs]\npromo = ['mug']\n", "line 2: unknown reason 'promo': did you mean 'promotion'?"),
        ("[signs]\npromotion = ['Mug Shop']\n", "line 2: 'Mug Shop' is no part of a class name"),
        ("signs = 3\n", "line 1: write [signs]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_its_number(text: str, message: str) -> None:
    with pytest.raises(PhrasesError) as caught:
        parse(text, "x.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("x.toml")
    assert "\n" not in str(caught.value)


def test_our_own_file_passes_the_same_checks() -> None:
    ours = load(PRESET)
    assert len(ours.rules) > 20
    for reason, words in ours.signs.items():
        for word in words:
            assert boilerplate.sign(word) is not None, f"{reason}: {word} is never found"


def test_where_there_is_no_file_there_are_no_rules(tmp_path: Path) -> None:
    assert load(tmp_path / "boilerplate.toml") == Rules()


@pytest.fixture
def extended() -> Iterator[None]:
    boilerplate.extend(
        parse(RULE + "eu = ['gure kikara erosi']\n[signs]\npromotion = ['mug-shop']\n", "x")
    )
    yield
    boilerplate.extend(Rules())


@pytest.mark.usefixtures("extended")
def test_rules_of_the_user_come_before_ours_in_any_language() -> None:
    found = boilerplate.phrase("Gure kikara erosi! Subscribe to our newsletter.")
    assert found
    assert (found.rule, found.reason) == ("mugs", Reason.PROMOTION)
    assert boilerplate.sign("the-mug-shop") is Reason.PROMOTION
    assert boilerplate.sign("share-bar") is Reason.SHARE


def test_an_import_uses_the_rules_beside_the_archive(newsarchive: Run, tmp_path: Path) -> None:
    archive, saved = tmp_path / "archive", tmp_path / "a.html"
    line = "Gure kikara erosi, ez zara damutuko!"
    saved.write_bytes(page("The cranes", f"{PARAGRAPHS}<p>{line}</p>{PARAGRAPHS}"))
    archive.mkdir()
    rules = archive / "boilerplate.toml"
    rules.write_text(RULE + "eu = 'gure kikara erosi'\n", "utf-8")
    refused = newsarchive("import", saved, "--url", "https://example.org/a", archive=archive)
    assert refused.returncode == 2
    assert "boilerplate.toml, line 4: eu must be a list of phrases" in refused.stderr
    rules.write_text(RULE + "eu = ['gure kikara erosi']\n", "utf-8")
    done = newsarchive("import", saved, "--url", "https://example.org/a", archive=archive)
    assert done.returncode == 0, done.stderr
    told = document(newsarchive("why", "https://example.org/a", "--json", archive=archive))
    (mug,) = [block for block in told["removed"] if block["text"] == line]
    assert (mug["reason"], mug["rule"], mug["evidence"]) == (
        "promotion",
        "mugs",
        "gure kikara erosi",
    )


SENTENCES = tomllib.loads(Path(__file__).with_name("boilerplate_sentences.toml").read_text("utf-8"))
FAMILIES = {
    "subscribe": {Reason.SUBSCRIBE},
    "author": {Reason.AUTHOR_BIO},
    "offer": {Reason.POPUP, Reason.PROMOTION},
    "share": {Reason.SHARE},
    "related": {Reason.RELATED},
    "cookie": {Reason.COOKIE_NOTICE},
    "legal": {Reason.LEGAL},
    "comments": {Reason.COMMENTS},
}
LANGUAGES = "en de fr es it pt nl pl tr ja zh".split()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_family_is_known_in_each_language(language: str, family: str) -> None:
    case = SENTENCES[language][family]
    found = boilerplate.phrase(case["gone"])
    assert found, case["gone"]
    assert found.reason in FAMILIES[family], found
    assert boilerplate.phrase(case["kept"]) is None, boilerplate.phrase(case["kept"])
