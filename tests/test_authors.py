"""Who wrote a page: people before organisations, the page's own words before the site's name."""

from __future__ import annotations

import pytest

from crawler import extraction, parsing
from crawler.metadata import read_metadata
from crawler.names import seen, site_called, stated
from tests.test_metadata import PERSON, ld, metadata

SITE = site_called("Example Times", "example-times.org", "example-times")
NAME = "<meta property='og:site_name' content='Example Times'>"
GROUP = '{"@type": "Organization", "name": "%s"}'
ARTICLE = '{"@type": "NewsArticle", "author": [%s]}'
TEXT = "<p>" + "The cranes left the bay in the first week of spring. " * 4 + "</p>"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada One", ["Ada One"]),
        ("By Ada One and Bo Two", ["Ada One", "Bo Two"]),
        ("Ada One, Bo Two & Cy Three", ["Ada One", "Bo Two", "Cy Three"]),
        ("Ada One; Bo Two", ["Ada One", "Bo Two"]),
        ("Von Ada Eins und Bo Zwei", ["Ada Eins", "Bo Zwei"]),
        ("Par Ada Une (avec Bo Deux et Cy Trois)", ["Ada Une", "Bo Deux", "Cy Trois"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("Ana Uno y Beto Dos", ["Ana Uno", "Beto Dos"]),
        ("Yazan: Ada Bir ve Bo İki", ["Ada Bir", "Bo İki"]),
        ("文：松岡大地", ["松岡大地"]),
        ("Ada One/Bo Two", ["Ada One", "Bo Two"]),
        ("ada/rbc", ["ada/rbc"]),  # sigla of one editor
        ("Ada One (Example)", ["Ada One"]),
        ("Ada One | Example Times", ["Ada One"]),
        ("Ada One, London", ["Ada One"]),
        ("Ada One, Head of Research at the bank", ["Ada One"]),
        ("Ada One, ada@example.org", ["Ada One"]),
        ("Perry One Jr.", ["Perry One Jr."]),
        ("View all posts by Ada One", ["Ada One"]),
        ("Text: Ada One, Fotos: Bo Two", ["Ada One"]),
        ("Dr. Ada von der Eins", ["Dr. Ada von der Eins"]),
        ("adaone", ["adaone"]),
        ("https://example.org/ada", []),
        ("ada@example.org", []),
        ("No Author", []),
        ("admin", []),
        ("", []),
    ],
)
def test_the_people_in_a_statement(text: str, names: list[str]) -> None:
    assert [name.text for name in stated(text, SITE)] == names
    assert not any(name.is_group for name in stated(text, SITE))


@pytest.mark.parametrize(
    "text",
    [
        "Example Times",
        "Example Times Sport",  # begins with the site's name
        "ET",  # its initials
        "example-times.org",
        "AFP",
        "dpa, Example Times",
        "Example Times and AFP",
        "Reuters",
        "Redaktion",
        "Editorial Staff",
        "Guardian staff reporter",
        "Redacción Fama",
        "Example Verlag GmbH, Hamburg, Germany",
        "Verband der Kraniche e.V.",
        "毎日新聞",
    ],
)
def test_an_organisation_is_no_person(text: str) -> None:
    (found,) = stated(text, SITE)
    assert found.is_group


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Ada One", ["Ada One"]),
        ("ByAda One", ["Ada One"]),
        ("By Ada One on May 3, 2026", ["Ada One"]),
        ("By Ada One Monday, May 4, 2026", ["Ada One"]),
        ("Von Ada Eins, Lübeck 05.08.2024, 20:59 Uhr", ["Ada Eins"]),
        ("Par Ada Une le 14.09.2020 à 11h46", ["Ada Une"]),
        ("Por Ana Uno 27 de agosto 2019", ["Ana Uno"]),
        ("By Ada One | Published: May 3, 2026", ["Ada One"]),
        ("von David Eins, Example Times", ["David Eins"]),
        ("Artikel von: Ada Eins", ["Ada Eins"]),
        ("박준석 기자", ["박준석 기자"]),
        ("By the numbers: what the cranes ate", []),
        ("Von der Küste in die Berge", []),
        ("The Cranes", []),
        ("Published on May 3", []),
    ],
)
def test_the_people_in_a_line(line: str, names: list[str]) -> None:
    assert [name.text for name in seen(line, SITE)] == names


@pytest.mark.parametrize(
    ("head", "body", "authors"),
    [
        pytest.param(
            NAME + "<meta name='author' content='Example Times'>",
            "<p>By Ada One</p>" + TEXT,
            ("Ada One",),
            id="a person in sight before the site in the head",
        ),
        pytest.param(
            NAME + ld(ARTICLE % (PERSON % "Example Times")),
            TEXT,
            ("Example Times",),
            id="the publisher itself where nobody else is named",
        ),
        pytest.param(
            NAME + "<meta name='author' content='Example Times'>" + ld(ARTICLE % (GROUP % "dpa")),
            TEXT,
            ("dpa",),
            id="the agency before the site",
        ),
        pytest.param(
            ld(ARTICLE % (PERSON % "Ada One" + "," + GROUP % "dpa")),
            TEXT,
            ("Ada One", "dpa"),
            id="an agency that is stated beside a person is one of the authors",
        ),
        pytest.param(
            "<meta name='author' content='Ada One'><meta name='parsely-author' content='ada-one'>",
            TEXT,
            ("Ada One",),
            id="each meta element by itself; a slug is no name",
        ),
        pytest.param(
            ld('{"@type": "Article", "author": "Ada One"}')
            + ld('{"@type": "Article", "author": "Bo Two"}'),
            TEXT,
            ("Ada One",),
            id="the first article: others are recommended",
        ),
        pytest.param(
            "",
            "<div class='meta'><span class='author-name'>Ada One</span>"
            "<span class='author-title'>Travel Writer</span></div>" + TEXT,
            ("Ada One",),
            id="by a class name",
        ),
        pytest.param(
            "",
            TEXT + "<ul class='comments'><li><span class='comment-author'>Bo Two</span></li></ul>"
            "<div class='related'><span class='author'>Cy Three</span></div>",
            (),
            id="not who comments, not the authors of other articles",
        ),
        pytest.param(
            "",
            "<p class='postmeta'>Posted by <a class='fn author'>oz</a> on May 3, 2026</p>" + TEXT,
            ("oz",),
            id="a user's name in an hCard",
        ),
        pytest.param("", "<p>Ada One | 05.04.2025</p>" + TEXT, ("Ada One",), id="name and date"),
        pytest.param("", "<p>3. Mai 2026, Ada Eins</p>" + TEXT, ("Ada Eins",), id="date and name"),
        pytest.param(
            "", "<p>Golf Open Mai 2026</p>" + TEXT, (), id="a line with a month has no author"
        ),
        pytest.param(
            "", TEXT + TEXT + "<p><strong>Ada One</strong></p>", ("Ada One",), id="a signature"
        ),
        pytest.param("", TEXT + "<p>関連記事</p>", (), id="no label in Japanese"),
        pytest.param(
            "", TEXT + TEXT + "<p>Written by Ada One and Bo Two</p>" + TEXT,
            ("Ada One", "Bo Two"), id="a label that can be nothing else, behind the text",
        ),
        pytest.param(
            "", "<h2>Google Maps</h2><p>Google hopes that this will change in the years to come.</p>",
            (), id="a paragraph that begins as the line above it does is not about a person",
        ),
    ],
)  # fmt: skip
def test_whom_a_page_names(head: str, body: str, authors: tuple[str, ...]) -> None:
    assert metadata(head, f"<h1>A heading</h1>{body}").authors == authors


@pytest.mark.parametrize(
    ("name", "url", "authors"),
    [
        ("Ada One", "https://adaone.net/a-post", ("Ada One",)),
        ("Dr. Ada One", "https://www.ada-one.de/a-post", ("Ada One",)),
        ("Ada One", "https://example.org/a-post", ()),
        ("Crane Times", "https://cranetimes.com/a-post", ()),
    ],
)
def test_the_owner_of_a_site_in_his_name(name: str, url: str, authors: tuple[str, ...]) -> None:
    head = f"<meta property='og:site_name' content='{name}'>"
    tree = parsing.parse(f"<html><head>{head}</head><body><h1>A</h1>{TEXT}</body></html>")
    assert read_metadata(tree, url, extraction.blocks(tree, url)).authors == authors
