"""The smallest statement of the job: a page with everything a reader does not want still in it.

The seed's own text is tested where ../shared is there; the invented pages of the same shape always.
"""

from __future__ import annotations

import pytest

from archive.model import Reading
from crawler.reading import read
from tests import seed_page
from tests.seed_page import Markup, Parts, render

URL = "https://newsletter.example/2023/07/page/"
MARKUPS = (
    Markup(soup=False),
    Markup(soup=False, head=False, box="br"),
    Markup(soup=False, heading="p", box="list"),
    Markup(soup=False, head=False, box="headline"),
    *(
        Markup(head=head, line=line, heading=heading, box=box)
        for head in (True, False)
        for line, heading in (("div", "h2"), ("div", "div"), ("p", "h3"), ("p", "p"))
        for box in ("lines", "br", "list", "headline", "flat")
    ),
)
INVENTED = (seed_page.ENGLISH, seed_page.FRENCH, seed_page.SPANISH, seed_page.JAPANESE)


def reading_of(parts: Parts, markup: Markup) -> Reading:
    reading = read(render(parts, markup).encode(), URL)
    assert isinstance(reading, Reading), reading
    return reading


def assert_true_to(parts: Parts, reading: Reading) -> None:
    """Text word for word, sub-headings as headings, every other line on record with its reason."""
    assert reading.text == "\n\n".join(parts.text)
    headings = {b.text for b in reading.blocks if b.kept and b.kind == "heading"}
    assert headings == parts.headings
    removed = [block for block in reading.blocks if not block.kept]
    for line, reasons in parts.removed.items():
        found = [b for b in removed if b.text == line]
        found = found or [b for b in removed if line in b.text]  # links that share a line
        assert found, f"not on record: {line}"
        assert reasons & {b.reason for b in found}, f"{line!r}: {found}"
        assert all(b.rule and b.evidence for b in found)
    assert reading.title == parts.title
    assert (reading.published or "")[:10] == parts.published
    assert reading.authors == (parts.author,)
    assert reading.language == parts.language


@pytest.mark.parametrize("markup", MARKUPS, ids=str)
@pytest.mark.parametrize("parts", INVENTED, ids=lambda parts: parts.language)
def test_an_invented_page_of_the_seeds_shape(parts: Parts, markup: Markup) -> None:
    assert_true_to(parts, reading_of(parts, markup))


@pytest.mark.skipif(not seed_page.SEED.exists(), reason="needs ../shared/seed")
@pytest.mark.parametrize("markup", MARKUPS, ids=str)
def test_the_seed(markup: Markup) -> None:
    parts = seed_page.seed()
    assert len(parts.text) == 15
    assert parts.text[-1].endswith("um seine Halbleiter-F&E-Prozesse zu verfeinern.")
    assert_true_to(parts, reading_of(parts, markup))
