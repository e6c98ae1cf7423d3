"""Dates as pages write them, and which of a page's dates is that of its publication."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import extraction, parsing
from crawler.dates import find_date, parse_date
from crawler.metadata import Metadata, read_metadata
from tests.test_metadata import NOW, URL, ld, metadata

ARTICLE = '{"@type": "Article", "datePublished": "%s"}'
TEXT = "<p>" + "The cranes left the bay in the first week of spring. " * 4 + "</p>"


@pytest.mark.parametrize(
    ("raw", "locale", "iso"),
    [
        # months as words, in the orders of their languages
        ("Juli 3, 2023", "de", "2023-07-03"),
        ("3. Juli 2023", "de", "2023-07-03"),
        ("3. Jänner 2026", "de-AT", "2026-01-03"),
        ("Freitag, den 3. Juli 2026", "de", "2026-07-03"),
        ("1er août 2026", "fr", "2026-08-01"),
        ("3 de julho de 2026", "pt", "2026-07-03"),
        ("3 de marzo de 2026", "es", "2026-03-03"),
        ("Viernes, 3 de Julio del 2026", "es", "2026-07-03"),
        ("3 marzo 2026", "it", "2026-03-03"),
        ("3 maart 2026", "nl", "2026-03-03"),
        ("3 sierpnia 2026", "pl", "2026-08-03"),
        ("3 Ağustos 2026", "tr", "2026-08-03"),
        ("3 августа 2026 г.", "ru", "2026-08-03"),
        ("3 серпня 2026", "uk", "2026-08-03"),
        ("3. července 2026", "cs", "2026-07-03"),
        ("3 de juny de 2026", "ca", "2026-06-03"),
        ("3. heinäkuuta 2026", "fi", "2026-07-03"),
        ("3. juli 2026", "da", "2026-07-03"),
        ("3 Ιουλίου 2026", "el", "2026-07-03"),
        ("2026. július 3.", "hu", "2026-07-03"),
        ("2026 m. liepos 3 d.", "lt", "2026-07-03"),
        ("2026. gada 3. jūlijs", "lv", "2026-07-03"),
        ("3 iulie 2026", "ro", "2026-07-03"),
        ("3 Julai 2026", "ms", "2026-07-03"),
        ("3 tháng 7, 2026", "vi", "2026-07-03"),
        ("3 يوليو 2026", "ar", "2026-07-03"),
        ("٣ تموز ٢٠٢٦", "ar", "2026-07-03"),
        ("3 كانون الثاني 2026", "ar", "2026-01-03"),
        ("3 ביולי 2026", "he", "2026-07-03"),
        ("3 जुलाई 2026", "hi", "2026-07-03"),
        ("2026年7月3日", "ja", "2026-07-03"),
        ("2026년 7월 3일", "ko", "2026-07-03"),
        ("2026.07.03", "ko", "2026-07-03"),
        ("July 3rd, 2026", "en", "2026-07-03"),
        ("3-Jul-2026", "en", "2026-07-03"),
        ("3 aout 2026", "fr", "2026-08-03"),  # without its accent
        # one name, two months
        ("3. listopada 2025", "hr", "2025-10-03"),
        ("3 listopada 2025", "pl", "2025-11-03"),
        # figures: by the sign, by what is possible, by the region
        ("03.07.2026", "en", "2026-07-03"),
        ("3/7/2026", "de", "2026-07-03"),
        ("3/7/2026", "en-GB", "2026-07-03"),
        ("3/7/2026", "en-US", "2026-03-07"),
        ("3/7/2026", "en_us", "2026-03-07"),
        ("23/7/2026", "en-US", "2026-07-23"),
        ("3.7.26", "de", "2026-07-03"),
        ("28.09.99", "de", "1999-09-28"),
        # labels
        ("Published on July 3, 2026", "en", "2026-07-03"),
        ("Veröffentlicht am 3. Juli 2026", "de", "2026-07-03"),
        ("Stand: 03.07.2026", "de", "2026-07-03"),
        ("Mis à jour le 3 juillet 2026", "fr", "2026-07-03"),
        ("公開日:2026年7月3日", "ja", "2026-07-03"),
        # times and zones
        ("2026-07-03", "en", "2026-07-03"),
        ("2026-7-3T9:15:00+02:00", "en", "2026-07-03T09:15:00+02:00"),
        ("2026-07-03T09:15:00Z", "en", "2026-07-03T09:15:00+00:00"),
        ("2026-07-03T09:15:00.123-0500", "en", "2026-07-03T09:15:00-05:00"),
        ("2026-07-03 09:15", "en", "2026-07-03T09:15:00"),
        ("20260703", "en", "2026-07-03"),
        ("20260703T091500Z", "en", "2026-07-03T09:15:00"),
        ("Fri, 03 Jul 2026 09:15:00 +0200", "en", "2026-07-03T09:15:00+02:00"),
        ("Fri, 03 Jul 2026 09:15:00 EST", "en", "2026-07-03T09:15:00-05:00"),
        ("Fri Jul 03 2026 09:15:00 GMT+0200 (CEST)", "en", "2026-07-03T09:15:00+02:00"),
        ("Fri Jul 3 09:15:00 UTC 2026", "en", "2026-07-03T09:15:00+00:00"),
        ("July 3, 2026 at 9:15 pm", "en", "2026-07-03T21:15:00"),
        ("July 3, 2026 12:05 a.m.", "en", "2026-07-03T00:05:00"),
        ("3. Juli 2026, 9.15 Uhr", "de", "2026-07-03T09:15:00"),
        ("3 juillet 2026 à 9h15", "fr", "2026-07-03T09:15:00"),
        ("11:37 pm, 3 May 2026", "en", "2026-05-03T23:37:00"),
        ("1783070100", "en", "2026-07-03T09:15:00+00:00"),  # seconds since 1970
        # no dates
        ("2027-01-01", "en", None),  # in the future
        ("31. Februar 2026", "de", None),
        ("In 2023 the EU and Japan agreed", "en", None),
        ("2026", "en", None),
        ("GPT 4 2023 Mai", "de", None),
        ("Version 1.2.3", "en", None),
        ("192.168.10.11", "en", None),
        ("0800 12 34 56", "de", None),
        ("Band 3 von 2026", "de", None),
        ("", "en", None),
    ],
)  # fmt: skip
def test_what_a_date_is(raw: str, locale: str, iso: str | None) -> None:
    assert parse_date(raw, locale, now=NOW) == iso


@given(st.text(max_size=70) | st.from_regex(r"\d{1,4}[-./ ]\w{1,4}[-./ ]\d{1,4} \d\d:\d\d"))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = parse_date(text, now=NOW)
    assert found is None or datetime.fromisoformat(found)
    assert find_date(text, now=NOW) is None or find_date(text, now=NOW).iso  # type: ignore[union-attr]


@given(st.datetimes(datetime(1900, 1, 1), datetime(2026, 11, 24)))
def test_a_moment_is_read_as_it_was_written(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    for form in ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%B %d, %Y %I:%M:%S %p", "%d %b %Y %X"):
        assert parse_date(moment.strftime(form), "en", now=NOW) == moment.isoformat()


@pytest.mark.parametrize(
    ("line", "iso", "is_update"),
    [
        ("September 13, 2022 | View Online | Sign Up | Shop", "2022-09-13", False),
        ("#400 — February 18, 2022", "2022-02-18", False),
        ("von Ada · 31. Oktober 2023", "2023-10-31", False),
        ("Hofheim | Wiesbaden, 11. November 2021", "2021-11-11", False),
        ("Last updated 04 Jun 2020, originally created 17 Jun 2019", "2020-06-04", True),
        ("Aktualisiert am: 3. Juli 2026", "2026-07-03", True),
        ("Ada One", None, False),
    ],
)
def test_the_date_in_a_line(line: str, iso: str | None, is_update: bool) -> None:
    found = find_date(line, "en", now=NOW)
    assert (found.iso if found else None) == iso
    assert bool(found and found.is_update) == is_update


@pytest.mark.parametrize(
    ("head", "body", "published"),
    [
        pytest.param(
            ld(ARTICLE % "2026-03-01T08:00:00+01:00"), "<p>2. März 2026</p>",
            "2026-03-01T08:00:00+01:00", id="JSON-LD first",
        ),
        pytest.param(
            "<meta property='article:published_time' content='2026-03-01'>",
            "<p>March 2, 2026</p>", "2026-03-01", id="what states publication",
        ),
        pytest.param(
            "<meta name='date' content='2026-03-01'>", "<p>March 2, 2026</p>", "2026-03-02",
            id="a line near the title before a meta element that may be the file's date",
        ),
        pytest.param(
            "<meta name='date' content='2026-03-01'>", TEXT, "2026-03-01", id="which is one where no line is"
        ),
        pytest.param(
            "", "<article><time datetime='2026-03-01T00:00'>yesterday</time></article>",
            "2026-03-01T00:00:00", id="a time element",
        ),
        pytest.param(
            "", "<p>Ada One · 31. Oktober 2023</p>" + TEXT
            + "<aside><time datetime='2020-12-03'>3. Dezember 2020</time></aside>",
            "2023-10-31", id="a line near the title before the time of another article",
        ),
        pytest.param("", "<p>Juli 3, 2023</p>" + TEXT, "2023-07-03", id="a line"),
        pytest.param(
            "", TEXT + TEXT + TEXT + "<p>The treaty of 3 July 2023 is void</p>", None,
            id="a line in the text is about another day",
        ),
        pytest.param(
            "", "<p>Updated: March 3, 2026</p><p>First published: March 1, 2026</p>" + TEXT,
            "2026-03-01", id="publication before change",
        ),
        pytest.param(
            "", "<p>Stand: 3. März 2026</p>" + TEXT, "2026-03-03", id="a change where nothing else is"
        ),
        pytest.param(ld(ARTICLE % "2030-01-01"), TEXT, None, id="never in the future"),
        pytest.param(
            ld(ARTICLE % "2030-01-01"), "<p>March 1, 2026</p>", "2026-03-01",
            id="the next source where one is in the future",
        ),
    ],
)  # fmt: skip
def test_published(head: str, body: str, published: str | None) -> None:
    assert metadata(head, f"<h1>The cranes</h1>{body}").published == published


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=50), timedelta(seconds=-50)])
def test_the_moment_of_the_capture_is_no_date_of_the_page(ago: timedelta) -> None:
    head = ld(ARTICLE % (NOW - ago).isoformat())
    assert metadata(head, "<h1>A</h1>" + TEXT).published is None
    assert metadata(head, "<h1>A</h1><p>March 1, 2026</p>" + TEXT).published == "2026-03-01"


def test_what_is_in_the_future_depends_on_the_capture() -> None:
    head = ld(ARTICLE % "2026-03-01T08:00:00Z")
    tree = parsing.parse(f"<html><head>{head}</head><body><h1>A</h1></body></html>")
    raw = extraction.blocks(tree, URL)

    def read(*captured: int) -> str | None:
        return read_metadata(tree, URL, raw, now=datetime(*captured, tzinfo=UTC)).published  # type: ignore[misc]

    assert read(2026, 2, 1) is None
    assert read(2026, 3, 2) == "2026-03-01T08:00:00+00:00"


@pytest.mark.parametrize(
    ("body", "published"),
    [
        ("<p>February 24, 2026 | 9:25pm</p>", "2026-02-24T21:25:54-05:00"),
        (
            "<time datetime='2026-02-24T21:25:54-05:00'>yesterday</time>",
            "2026-02-24T21:25:54-05:00",
        ),
        ("<p>February 25, 2026 | 7:55am</p>", "2026-02-25T07:55:54+05:30"),
        ("<p>February 25, 2026 | 7:41am</p>", "2026-02-25T02:25:54+00:00"),  # no zone is so
        ("<p>February 28, 2026 | 2:25am</p>", "2026-02-25T02:25:54+00:00"),
        ("<p>February 25, 2026</p>", "2026-02-25T02:25:54+00:00"),
    ],
)
def test_a_moment_in_utc_by_the_clock_that_the_page_shows(body: str, published: str) -> None:
    head = ld(ARTICLE % "2026-02-25T02:25:54Z")
    assert metadata(head, f"<h1>The cranes</h1>{body}").published == published


@pytest.mark.parametrize(
    ("head", "body", "modified"),
    [
        (ld('{"@type": "Article", "dateModified": "2026-03-02"}'), "", "2026-03-02"),
        ("<meta property='article:modified_time' content='2026-03-02'>", "", "2026-03-02"),
        ("", "<p>Last updated on March 2, 2026</p>", "2026-03-02"),
        ("", "<p>March 2, 2026</p>", None),
    ],
)
def test_modified(head: str, body: str, modified: str | None) -> None:
    assert metadata(head, f"<h1>The cranes</h1>{body}").modified == modified


def test_the_address_says_the_day_where_nothing_else_does() -> None:
    found: Metadata = metadata(body="<h1>A</h1>", url="https://example.org/2026/03/01/cranes/")
    assert found.published == "2026-03-01"
