"""Blocks → kept, or removed with a reason, on invented pages named after what they try."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest.mock import Mock

import pytest
import trafilatura

import crawler
from archive.model import Block, Fault, Reading, Reason
from crawler import extraction, parsing
from crawler.boilerplate import phrase, sign, size
from crawler.cleaning import SiteRules
from crawler.evidence import collect
from crawler.reading import read
from tests.conftest import ROOT

URL = "https://letter.example/p/one"
FIRST = (
    "The lighthouse of Carrow has kept ships off the rocks for a hundred and forty years, and since "
    "last week it counts seals as well, which nobody in the town had asked it to do."
)
SECOND = (
    "A small model on a computer the size of a paperback tells pups from adults, and writes one line "
    "an hour into a table that anyone in the town may read."
)
LAST = (
    "The council will vote in May on a second camera, and the keeper hopes that the fishermen, who "
    "asked for the numbers in the first place, will come to the meeting this time."
)


def reading_of(body: str, head: str = "", rules: SiteRules = SiteRules()) -> Reading:  # noqa: B008 - frozen
    page = f'<html lang="en"><head><title>Seals</title>{head}</head><body>{body}</body></html>'
    reading = read(page.encode(), URL, rules=rules)
    assert isinstance(reading, Reading), reading
    return reading


def article(*inner: str) -> str:
    """A page with prose at both ends of what is given."""
    middle = "".join(inner)
    return f"<article><h1>Seals</h1><p>{FIRST}</p><p>{SECOND}</p>{middle}<p>{LAST}</p></article>"


def removed(reading: Reading) -> dict[str, Block]:
    return {block.text: block for block in reading.blocks if not block.kept}


@pytest.mark.parametrize(
    ("inner", "kept"),
    [
        ("<h2>What fog does</h2><p>" + SECOND.replace("small", "large") + "</p>", "What fog does"),
        ("<ul><li>pups, counted by night</li><li>adults, by day</li></ul>", "adults, by day"),
        ("<pre><code>count = len(seals)</code></pre>", "count = len(seals)"),
        ("<blockquote><p>We used to guess.</p></blockquote>", "We used to guess."),
        ("<table><tr><td>March</td><td>41</td></tr></table>", "March | 41"),
        (
            "<p>The keeper writes no newsletter: whoever wants the numbers by mail has to sign up for"
            " the list of the county, which has sent nothing since the storm, and wait.</p>",
            "The keeper writes no newsletter: whoever wants the numbers by mail has to sign up for"
            " the list of the county, which has sent nothing since the storm, and wait.",
        ),
    ],
    ids=["heading", "items", "code", "quote", "table", "prose that speaks of a newsletter"],
)
def test_what_belongs_to_the_text_stays(inner: str, kept: str) -> None:
    assert kept in reading_of(article(inner)).text.split("\n\n")


@pytest.mark.parametrize(
    ("inner", "text", "reason"),
    [
        ("<div><p>Subscribe to our weekly newsletter</p></div>", "Subscribe to our weekly newsletter", Reason.SUBSCRIBE),
        ('<div class="related"><p>Otters, too</p></div>', "Otters, too", Reason.RELATED),
        ('<div class="shareBar"><p>Tell a friend</p></div>', "Tell a friend", Reason.SHARE),
        ('<p class="c"><a href="/o">Read also: Otters return to the river</a></p>', "Read also: Otters return to the river", Reason.RELATED),
        ("<figure><img><figcaption>A seal, asleep</figcaption></figure>", "A seal, asleep", Reason.CAPTION),
        ('<aside><p>Buy our mug</p></aside>', "Buy our mug", Reason.PROMOTION),
        ("<div><p>Anzeige</p></div>", "Anzeige", Reason.PROMOTION),
        ('<div style="display:none"><p>Wait! Before you go</p></div>', "Wait! Before you go", Reason.POPUP),
        ("<p>この記事もおすすめ</p>", "この記事もおすすめ", Reason.RELATED),
    ],
)  # fmt: skip
def test_what_does_not_is_removed_with_its_reason(inner: str, text: str, reason: Reason) -> None:
    block = removed(reading_of(article(inner)))[text]
    assert block.reason is reason
    assert block.rule
    assert block.evidence


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (article(), False),
        # As much prose in three places: which of them is the text?
        (
            "".join(f"<section><div><p>{t} {t}</p></div></section>" for t in (FIRST, SECOND, LAST)),
            True,
        ),
    ],
)
def test_trafilatura_is_asked_where_the_place_of_the_prose_does_not_say_what_the_text_is(
    body: str, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Mock(wraps=trafilatura.bare_extraction)
    monkeypatch.setattr(trafilatura, "bare_extraction", asking)
    assert FIRST in reading_of(body).text
    assert asking.called is asked


def test_a_text_that_a_script_reveals_is_voted_for_where_it_stands() -> None:
    hidden = f'<div style="display:none">{article(f"<p>{SECOND} {LAST}</p>")}</div>'
    tree = parsing.parse(f"<html><body>{hidden}<p>Read on</p></body></html>")
    raw = extraction.blocks(tree, URL)
    votes = {block.text: found for block, found in zip(raw, collect(raw, tree), strict=True)}
    assert all(votes[text].by_place and votes[text].voted for text in (FIRST, SECOND, LAST))
    assert not votes["Read on"].voted


def test_a_lead_between_title_and_share_buttons_is_kept() -> None:
    lead = "A town on the coast counts its seals by machine, and the fishermen are not amused."
    page = f"<h1>Seals</h1><p>{lead}</p><ul class='share'><li>Share</li></ul>"
    assert reading_of(page + article().replace("<h1>Seals</h1>", "")).text.startswith(lead)


def test_a_list_of_links_between_paragraphs_leads_elsewhere() -> None:
    links = "".join(f'<li><a href="/{i}">Otters return to river {i}</a></li>' for i in range(3))
    reading = reading_of(article(f"<ul>{links}</ul>", f"<p>{SECOND} It does.</p>"))
    assert removed(reading)["Otters return to river 1"].reason is Reason.RELATED


def test_a_list_of_links_that_a_line_introduces_is_the_authors() -> None:
    links = "".join(f'<li><a href="/{i}">Otters return to river {i}</a></li>' for i in range(3))
    inner = f"<p>Three places to read more about it:</p><ul>{links}</ul><p>{SECOND} It does.</p>"
    assert "Otters return to river 1" in reading_of(article(inner)).text


def test_the_next_article_on_the_same_page_is_not_this_one() -> None:
    other = FIRST.replace("lighthouse", "harbour")
    below = f"<div><h1>Harbour</h1><p>March 2, 2024</p><p>{other}</p><p>{other} Twice.</p></div>"
    reading = reading_of(article() + below)
    assert other not in reading.text
    assert removed(reading)[other].reason is Reason.RELATED


def test_prose_that_stands_three_times_is_a_template() -> None:
    pitch = "You always own what you write here, and every reader you win on this platform is yours to keep for good."
    reading = reading_of(article(f"<h3>Yours</h3><p>{pitch}</p>" * 3))
    assert pitch not in reading.text
    assert "Yours" not in reading.text


def test_a_name_and_a_paragraph_that_begins_with_it_are_about_the_author() -> None:
    bio = "Jory is a former ferry engineer who writes about machines by the sea and their keepers."
    reading = reading_of(
        article() + f"<div><p>Jory Penhale</p><p>{bio}</p></div>",
        '<meta name="author" content="Jory Penhale">',
    )
    assert reading.authors == ("Jory Penhale",)
    assert removed(reading)[bio].reason is Reason.AUTHOR_BIO


def test_rules_of_the_source_win_over_everything() -> None:
    body = article("<p class='x'>Otters, too, are counted by the machine on the skerry.</p>")
    body += "<div class='promo'><p>Our mug is for sale again</p></div>"
    rules = SiteRules(keep=(".promo p",), drop=("//p[@class='x']",))
    reading = reading_of(body, rules=rules)
    assert "Our mug is for sale again" in reading.text
    block = removed(reading)["Otters, too, are counted by the machine on the skerry."]
    assert (block.rule, block.evidence) == ("site-rule", "//p[@class='x']")


def test_every_block_of_the_page_is_on_record() -> None:
    reading = reading_of("<nav><a href='/'>Home</a></nav>" + article() + "<footer>Imprint</footer>")
    assert [b.text for b in reading.blocks] == ["Home", "Seals", FIRST, SECOND, LAST, "Imprint"]


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("", "empty"),
        ("<html><body></body></html>", "empty"),
        ("<title>Just a moment...</title><h1>letter.example</h1><p>Checking your browser</p>", "blocked"),
        ("<p>Enable JavaScript and cookies to continue</p>", "blocked"),
        ("<title>Contact</title><h1>Contact</h1><form><input placeholder=Name><button>Send</button></form>", "not-an-article"),
        ("<title>News</title><ul>" + "".join(f'<li><a href="/p/{i}">Otters return to the river, part {i}</a></li>' for i in range(40)) + "</ul>", "not-an-article"),
    ],
    ids=["nothing", "no body", "wall", "wall without title", "form", "home page"],
)  # fmt: skip
def test_a_page_that_is_no_article_is_a_fault(page: str, kind: str) -> None:
    fault = read(page.encode(), URL)
    assert isinstance(fault, Fault)
    assert fault.kind == kind
    assert fault.skip == (kind == "not-an-article")


def test_a_digest_of_links_is_an_article_where_the_page_says_so() -> None:
    items = "".join(
        f'<h3><a href="https://go.example/{i}">Otters return to river number {i}</a></h3>'
        f"<p>A short note on what the otters did there, and who saw them do it. — Ann</p>"
        for i in range(8)
    )
    reading = reading_of(
        f"<main><h1>Issue 9</h1>{items}</main>", '<meta property="og:type" content="article">'
    )
    assert "Otters return to river number 3" in reading.text
    assert any("(https://go.example/3)" in block.markdown for block in reading.blocks if block.kept)


def test_the_rules_of_boilerplate_toml_find_their_own_phrases() -> None:
    path = Path(crawler.__file__ or "").with_name("boilerplate.toml")
    rules = tomllib.loads(path.read_text("utf-8"))["rule"]
    assert len({rule["name"] for rule in rules}) == len(rules)
    for rule in rules:
        for texts in (value for value in rule.values() if isinstance(value, list)):
            for text in texts:
                assert phrase(text), f"{rule['name']}: {text}"


@pytest.mark.parametrize(
    "text", ["shareholder", "The shareholders met.", "resubscribe nowhere", "Adventure"]
)
def test_phrases_stand_at_word_boundaries(text: str) -> None:
    assert phrase(text) is None


def test_signs_are_whole_words_of_a_class_name() -> None:
    assert sign("post-shareBar") is Reason.SHARE
    assert sign("shareholder-letter") is None
    assert sign("author_box") is Reason.AUTHOR_BIO


def test_size_weighs_scripts_without_spaces() -> None:
    assert size("two words") == 2
    assert size("灯台の話") == 2


def test_the_same_page_is_read_alike_in_every_process() -> None:
    """Python's hashes differ from process to process, and with them the order of sets."""
    line = "Von Simone Beispiel und Rainer Muster"
    head = "".join(
        f"<meta name='author' content='{n}'>" for n in ("Simone Beispiel", "Rainer Muster")
    )
    prose = "".join(
        f"<p>{n} Die Kräne des Hafens lernen sehen, und das dauert. {'Wort ' * 20}.</p>"
        for n in "abc"
    )
    page = f"<html><head>{head}</head><body><article><h1>Kräne</h1><p>{line}</p>{prose}</article></body></html>"
    code = f"from crawler.reading import read; print(read({page!r}.encode(), 'https://example.org/a').blocks)"
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True,
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(6)
    }  # fmt: skip
    assert len(answers) == 1
    assert "author-name" in answers.pop()
