"""What a page is called, where heading, head and site say it differently."""

from __future__ import annotations

import pytest

from tests.test_metadata import ld, metadata

OG = "<meta property='og:title' content='%s'>"
NAME = "<meta property='og:site_name' content='Example Times'>"
HEADLINE = '{"@type": "NewsArticle", "headline": "%s"}'


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        pytest.param(
            "<title>Cranes, cheap: all about them</title>" + OG % "Why the cranes left",
            "<nav><ul><li>Home</li><li><h1>Cranes, cheap: all about them</h1></li></ul></nav>"
            "<h2>Why the cranes left</h2>",
            "Why the cranes left",
            id="an h1 that ends a trail of sections is made for search engines",
        ),
        pytest.param(
            "<title>The cranes left</title>",
            "<ol class='breadcrumb'><li><h1>The cranes left</h1></li></ol><h2>Most read</h2>",
            "The cranes left",
            id="unless nothing like it follows",
        ),
        pytest.param(
            "<title>The cranes</title>",
            "<h1><a href='/'>Ada writes</a></h1><h1>The cranes</h1>",
            "The cranes",
            id="an h1 that leads home is the site's name",
        ),
        pytest.param(
            "<title>Old blog » Blog Archive » The cranes</title>",
            "<h1><a href='/'>Old blog</a></h1><h2>Archive</h2>",
            "The cranes",
            id="and names the site in the title",
        ),
        pytest.param(
            OG % "Cranes seen over Lund" + ld(HEADLINE % "All results of the league"),
            "<h1>Cranes return to Sweden early</h1>",
            "Cranes return to Sweden early",
            id="a headline that shares no word with heading and og:title is another article's",
        ),
        pytest.param(
            OG % "Cranes seen over Lund" + ld(HEADLINE % "Cranes return a month early"),
            "<h1>Why the cranes are back over Lund</h1>",
            "Cranes return a month early",
            id="of three titles the newsroom's",
        ),
        pytest.param(
            OG % "Cranes: all you need" + ld(HEADLINE % "Sport"),
            "<h1>Why the cranes left</h1>",
            "Why the cranes left",
            id="a headline that is a section's name",
        ),
        pytest.param(
            OG % "Cranes left – “early”" + ld(HEADLINE % "Cranes left – “early”"),
            "",
            "Cranes left – “early”",
            id="what og:title and headline both say has no site in it",
        ),
        pytest.param(
            "<title>The ‘cranes’ | Example Times</title>"
            + NAME
            + OG % "The &#39;cranes&#39;"
            + ld(HEADLINE % "The ‘cranes’"),
            "<h1>The ‘cranes’</h1>",
            "The ‘cranes’",
            id="quotation marks as they stand everywhere but in og:title",
        ),
        pytest.param(
            OG % "The cranes",
            "<h1 class='widget-title'>About us</h1><h1>Menu</h1><h2>The cranes</h2>",
            "The cranes",
            id="a lesser heading is the title where it is stated and no h1 is",
        ),
        pytest.param(
            "<title>The cranes</title>" + OG % "The cranes",
            "<h1>Menu</h1>",
            "The cranes",
            id="an h1 of which nothing is stated, while the head says one thing twice",
        ),
        pytest.param(
            OG % "The cranes",
            "<h1><span>Nature</span> <span>The cranes</span></h1>",
            "The cranes",
            id="the part of the heading that is stated",
        ),
        pytest.param(
            OG % "Nature: The cranes",
            "<h1><span class='kicker'>Nature</span> <span>The cranes</span></h1>",
            "Nature: The cranes",
            id="a kicker before a colon belongs to the title",
        ),
        pytest.param(
            OG % "Nature - The cranes",
            "<h1><span class='kicker'>Nature</span> <span>The cranes</span></h1>",
            "The cranes",
            id="one before a dash does not",
        ),
        pytest.param(
            OG % "Birds go south",
            "<h1><span class='dachzeile'>Nature</span> <span>The cranes go</span></h1>",
            "The cranes go",
            id="nor one that is marked and not stated",
        ),
        pytest.param(
            NAME + "<title>The cranes - Nature - Example Times</title>",
            "",
            "The cranes - Nature",
            id="the site's name is no part of the title",
        ),
        pytest.param(
            "<title>示例新闻：鹤飞走了-示例网</title>",
            "",
            "示例新闻：鹤飞走了",
            id="nor in scripts without spaces",
        ),
        pytest.param(
            NAME + "<title>The cranes - a long way home</title>",
            "",
            "The cranes - a long way home",
            id="a subtitle is, where the site is called another name",
        ),
        pytest.param(
            ld(HEADLINE % "Cranes&#8217; return") + OG % "Cranes&apos; return",
            "<h1>Cranes’ return</h1>",
            "Cranes' return",
            id="where there is JSON-LD, og:title has the title as it was typed",
        ),
        pytest.param(
            OG % "Cranes&apos; return", "<h1>Cranes’ return</h1>", "Cranes’ return", id="else h1"
        ),
        pytest.param(
            "<title>The Daily Crane</title>",
            "<h1>One thing</h1><p>Text.</p><h1>Another</h1><p>Text.</p><h1>A third</h1>",
            "The Daily Crane",
            id="many h1 head sections",
        ),
        pytest.param("<title>Cranes</title>", "<h1>Why they left</h1>", "Why they left", id="one"),
    ],
)
def test_titles(head: str, body: str, title: str) -> None:
    assert metadata(head, body + "<p>Text.</p>").title == title


def test_variants_are_all_that_the_title_is_given_as() -> None:
    found = metadata(
        "<title>Cheap cranes | Example</title>" + OG % "The cranes",
        "<nav><h1>Cheap cranes</h1></nav><h2>The cranes</h2>",
    )
    assert set(found.title_variants) >= {"The cranes", "Cheap cranes", "Cheap cranes | Example"}
