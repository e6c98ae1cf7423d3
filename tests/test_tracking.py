"""Links that were made for one reader, and the address anybody may have."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from crawler import tracking
from crawler.tracking import Reader

ARTICLE = "https://example.org/cranes"


def code(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fcranes&sa=D",
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org%2Fcranes&data=05",
        "https://urldefense.com/v3/__https://example.org/cranes__;!!AbC!xyz$",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__example.org_cranes&d=DwMF&c=abc",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fcranes&h=AT0",
        "https://tracking.example.net/CL0/https:%2F%2Fexample.org%2Fcranes/1/0100018b/sig=300",
        f"https://click.mail.example.net/abc123/{code(ARTICLE.encode())}",
        f"https://link.example.net/click/29029605.107924/{code(ARTICLE.encode())}/5d8b9c",
        f"https://substack.com/redirect/2/{code(json.dumps({'e': ARTICLE, 'u': 1}).encode())}.sig",
        f"https://email.mg.example.net/c/{code(zlib.compress(b'i=2&l=' + ARTICLE.encode()))}",
        "https://click.a.example/?url=https%3A%2F%2Fclick.b.example%2F%3Furl%3D"
        "https%253A%252F%252Fexample.org%252Fcranes%253Futm_source%253Dx",
    ],
)
@pytest.mark.parametrize("reader", [None, Reader()])
def test_what_stands_in_a_wrapper_is_taken_out(wrapped: str, reader: Reader | None) -> None:
    assert tracking.target(wrapped, reader) == ARTICLE


@pytest.mark.parametrize(
    "link",
    [
        "https://u2518.ct.sendgrid.net/ls/click?upn=MnmHBiCwIPe9TmIJeskmA7wDTJvdVU1",
        "https://example.us1.list-manage.com/track/click?u=7d01&id=39&e=5d8b9c1f22",
        "https://elink.example.org/ss/c/AX1lEgEQaxtvFxLaVo0GBo_geajNrlI1TGeIcmMViR1Cgr0ZT/3q8/h0",
        "https://news.example.org/unsubscribe?token=AbC123dEf456",
        "https://example.org/newsletter/manage-subscription/AbC123dEf456",
        "https://preferences.example.net/AbC123dEf456",
        "https://example.org/subscribers/MtuoW9TvSJK9o5c7ohB72V2s/unsubscribe",
        "https://example.org/forms/confirm?key=164993ebe3ebcf6ac121b2543c68107504de8f8e",
    ],
)
@pytest.mark.parametrize("reader", [None, Reader()])
def test_what_only_its_reader_may_follow_is_no_link(link: str, reader: Reader | None) -> None:
    assert tracking.target(link, reader) is None


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/blog/how-to-unsubscribe-from-everything",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        "https://link.springer.com/article/10.1007/s00146-023-01789-9",
        "https://web.archive.org/web/20200101000000/https://example.org/a?b=c",
        "https://docs.google.com/document/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789/edit#heading=h.1",
        "https://twitter.com/intent/tweet?url=https%3A%2F%2Fexample.org%2Fcranes",
        "https://36kr.com/p/1610172413791361?channel=wechat",
        "https://example.org/search?s=cranes&page=2",
        "https://example.org/subscribe",
        "https://us1.list-manage.com/subscribe?u=7d0106b433&id=3989954cde",
        "https://us1.campaign-archive.com/?u=7d0106b433773bd0aef5828e0&id=3989954cde",
        "http://[broken",
    ],
)
def test_other_links_are_left_as_they_are(link: str) -> None:
    assert tracking.target(link) == link
    assert tracking.target(link, Reader()) in (link, None if "[" in link else link)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (f"{ARTICLE}?utm_source=a&b=1&fbclid=x#part", f"{ARTICLE}?b=1#part"),
        (f"{ARTICLE}?id=7&email=ada%40example.org", f"{ARTICLE}?id=7"),
        (f"{ARTICLE}?to=ada@example.org", ARTICLE),
        (f"{ARTICLE}?gift=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", ARTICLE),
        ("https://a.substack.com/p/x?r=2d1yw&s=w&token=ey", "https://a.substack.com/p/x"),
    ],
)
def test_parameters_of_campaigns_and_readers_go_and_the_others_stay(
    link: str, expected: str
) -> None:
    assert tracking.target(link) == expected


def test_the_tokens_of_the_link_to_leave_by_are_the_readers_everywhere() -> None:
    leaving = "https://news.example.org/unsubscribe/d0uo2xqod0a5fm76qdtm?list=12"
    reader = Reader(tracking.secrets([leaving]))
    assert tracking.target("https://example.org/r2/d0uo2xqod0a5fm76qdtm/x", reader) is None
    assert tracking.target(f"{ARTICLE}?who=d0uo2xqod0a5fm76qdtm", reader) == ARTICLE
    assert tracking.target(f"{ARTICLE}?list=12", reader) == f"{ARTICLE}?list=12"


def test_visible_text_shows_neither_tokens_nor_the_readers_address() -> None:
    reader = Reader(frozenset({"AbC123dEf"}), frozenset({"ada@example.org"}))
    text = (
        "To Ada@Example.org: https://click.example.net/x/AbC123dEf. Code AbC123dEf, bob@example.org"
    )
    assert tracking.plain(text, reader) == (
        "To …@…: https://click.example.net/…. Code …, bob@example.org"
    )


@pytest.mark.parametrize("part", ["opt_out", "opt~out", "OptOut", "opt-in", "disable-email"])
def test_a_link_that_acts_is_known_by_its_words_however_they_are_joined(part: str) -> None:
    assert tracking.acts(f"https://example.org/{part}?k=q8Zr41Lm")
    assert tracking.secrets([f"https://example.org/{part}?k=q8Zr41Lm"]) == {"q8Zr41Lm"}
