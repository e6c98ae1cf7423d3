"""The HTTP field Link, as servers write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.link_headers import links, translations

URL = "https://e.org/en/1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('<https://e.org/de/1>; rel="alternate"; hreflang="de-DE"', [("de", "https://e.org/de/1")]),
        ("</fr/1>;rel=alternate;hreflang=fr", [("fr", "https://e.org/fr/1")]),
        ('<>; REL="next Alternate"; HREFLANG=EN', [("en", URL)]),
        ("<a,b;c>; hreflang=de; rel=alternate", [("de", "https://e.org/en/a,b;c")]),
        ('</x>; rel="alternate"; hreflang="x-default"', []),
        ('</de>; title="</fr>; rel=alternate; hreflang=fr"; rel=next', []),
        ('</de>; title="a \\" <b>, c"; rel=alternate; hreflang=de', [("de", "https://e.org/de")]),
        ("</de>; rel=alternate", []),
        ("<mailto:a@e.org>; rel=alternate; hreflang=de", []),
        ("<//[>; rel=alternate; hreflang=de", []),
        ("</de; rel=alternate; hreflang=de", []),
        ("", []),
    ],
)
def test_translations(value: str, expected: list[tuple[str, str]]) -> None:
    assert list(translations([("Link", value)], URL)) == expected


def test_several_fields_are_one_list() -> None:
    head = [("link", "</a>; rel=x"), ("X", "</b>; rel=x"), ("Link", "</c>; rel=x, </d>; rel=y")]
    assert [link.target for link in links(head)] == ["/a", "/c", "/d"]


@given(st.text(alphabet='<>;,="\\ abrel/'))
def test_any_text_is_read(value: str) -> None:
    assert all("<" not in link.target for link in links([("Link", value)]))
