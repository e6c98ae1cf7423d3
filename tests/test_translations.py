"""Articles that a sitemap names as translations of each other are a group, as by their own pages."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from archive.export.manifest import archive_state
from archive.model import Fault, Found, Translations
from archive.opening import open_archive, open_reader
from crawler.discovery import alternates
from tests.captures import Shot, make, page, whole_state
from tests.discovery_site import URLSET, addresses, find

OWN = [f"a.org/{n}" for n in range(1, 6)]
FOREIGN = ["b.org/8", "b.org/9"]
PAGES = [
    Shot(f"https://{key}", n, page(n), source=key[0]) for n, key in enumerate([*OWN, *FOREIGN], 1)
]


def entry(address: str, *others: str, language: str = "de") -> str:
    links = "".join(f'<x:link rel="alternate" hreflang="{language}" href="{o}"/>' for o in others)
    return f'<url xmlns:x="http://www.w3.org/1999/xhtml"><loc>{address}</loc>{links}</url>'


def sets(*entries: str) -> tuple[Translations, ...]:
    rows = "".join((*entries, entry("https://e.org/alone")))
    found = find("sitemap", URLSET.format(rows), url="https://e.org/map.xml")
    assert isinstance(found, Found)
    return found.translations


def groups(folder: Path) -> dict[str, str | None]:
    with closing(open_reader(folder)) as db:
        return dict(db.execute("SELECT url, translation_group FROM articles").fetchall())


def test_entries_that_name_each_other_are_one_set() -> None:
    both = ("https://e.org/en/a", "https://e.org/de/a")
    found = sets(entry(both[0], *both), entry(both[1], *both))
    assert found == (Translations(("e.org/de/a", "e.org/en/a"), ("e.org/de/a", "e.org/en/a")),)


@pytest.mark.parametrize(
    ("row", "own", "foreign"),
    [
        (entry("https://e.org/a", "/b", "../c?utm_source=x"), ["e.org/a", "e.org/b", "e.org/c"], []),
        (entry("https://e.org/a", "https://f.com/a"), ["e.org/a"], ["f.com/a"]),
        (entry("https://e.org/a", "https://f.com/a", "https://de.e.org/a"), ["de.e.org/a", "e.org/a"], ["f.com/a"]),
        (entry("https://e.org/a", "http://www.e.org/b/", "https://e.org/b"), ["e.org/a", "e.org/b"], []),
        (entry("https://e.org/a", "https://e.org/b", language="DE_at"), ["e.org/a", "e.org/b"], []),
    ],
)  # fmt: skip
def test_translations_are_addresses_of_any_host(
    row: str, own: list[str], foreign: list[str]
) -> None:
    assert sets(row) == (Translations(("e.org/a",), tuple(own), tuple(foreign)),)


@pytest.mark.parametrize(
    "row",
    [
        entry("https://e.org/a", "https://e.org/b", language="x-default"),
        entry("https://e.org/a", "https://e.org/b", language="german"),
        entry("https://e.org/a", "https://e.org/b", language=""),
        entry("https://e.org/a", "https://e.org/a/", "https://e.org/a#b", "https://e.org/a?amp=1"),
        entry("https://e.org/a", "mailto:a@e.org", "javascript:0", "http://[", "//", " ", "/de/"),
        entry("https://f.com/a", "https://e.org/a", "https://e.org/b"),
        entry("https://e.org/", "https://e.org/a", "https://e.org/b"),
        entry("https://e.org/a", *(f"https://e.org/{n}" for n in range(500))),
        '<url><loc>https://e.org/a</loc><link rel="canonical" hreflang="de" href="/b"/></url>',
        '<url><loc>https://e.org/a</loc><link rel="alternate" hreflang="de"/></url>',
    ],
)
def test_what_names_no_translation_is_passed_over(row: str) -> None:
    assert sets(row) == ()


def test_what_all_name_is_no_translation_of_one() -> None:
    front = "https://e.org/de/overview"
    rows = [entry(f"https://e.org/{n}", front, f"https://e.org/de/{n}") for n in range(450)]
    found = sets(*rows)
    assert len(found) == 450
    assert {len(one.own) for one in found} == {2}


def test_a_sitemap_of_unlike_sets_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alternates, "ADDRESSES", 60)
    rows = [
        entry(f"https://e.org/{n}", *(f"https://e.org/{n}-{m}" for m in range(9)))
        for n in range(20)
    ]
    assert sum(len(one.own) for one in sets(*rows)) <= 60


def test_translations_without_an_entry_are_crawled_on_the_own_site() -> None:
    rows = entry("https://e.org/a", "https://e.org/b", "https://f.com/c", "https://e.org/tag/x")
    found = find("sitemap", URLSET.format(rows), url="https://e.org/map.xml")
    assert addresses(found) == ["https://e.org/a", "https://e.org/b"]


def test_a_damaged_sitemap_says_what_it_can() -> None:
    row = entry("https://e.org/a", "https://e.org/b")
    found = find("sitemap", f"<urlset>{row}<url><loc>https://e.org/c</lo", url="https://e.org/m")
    assert not isinstance(found, Fault)
    assert len(found.translations) == 1


@st.composite
def said(draw: st.DrawFn) -> Found:
    """What a sitemap of a.org says: each address has one entry at most."""
    by_entry = draw(
        st.dictionaries(
            st.sampled_from(OWN),
            st.tuples(st.sets(st.sampled_from(OWN)), st.sets(st.sampled_from(FOREIGN))),
            max_size=4,
        )
    )
    by_set: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for key, (own, foreign) in by_entry.items():
        by_set.setdefault((tuple(sorted({key, *own})), tuple(sorted(foreign))), []).append(key)
    return Found(translations=tuple(Translations(tuple(sorted(e)), *s) for s, e in by_set.items()))


def expected(shots: Iterable[Shot]) -> dict[str, str | None]:
    """The groups by the definition: of each address its latest entry, and what that connects."""
    latest: dict[str, Translations] = {}
    for shot in sorted(shots, key=lambda shot: shot.day):
        assert isinstance(shot.outcome, Found)
        latest |= {key: one for one in shot.outcome.translations for key in one.entries}
    group = {key: {key} for key in (*OWN, *FOREIGN)}
    for one in latest.values():
        edges = [(a, b) for a in one.own for b in (*one.own, *one.foreign)]
        for a, b in edges:
            joined = group[a] | group[b]
            group |= dict.fromkeys(joined, joined)
    return {
        f"https://{key}": f"https://{min(members)}" if len(members) > 1 else None
        for key, members in group.items()
    }


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    outcomes=st.lists(said(), min_size=1, max_size=4),
    maps=st.lists(st.integers(1, 2), min_size=4, max_size=4),
    seed=st.integers(0, 1000),
)
def test_the_latest_entry_of_each_address_counts_whatever_the_order(
    outcomes: list[Found], maps: list[int], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shots = [
        Shot(f"https://a.org/{maps[n]}.xml", 10 + n, outcome, role="sitemap")
        for n, outcome in enumerate(outcomes)
    ]
    shuffled = random.Random(seed).sample([*PAGES, *shots], len(PAGES) + len(shots))
    folder = make(tmp_path_factory.mktemp("archive"), shuffled)
    assert groups(folder) == expected(shots)


def test_a_sitemap_that_is_corrected_takes_back_what_it_said(tmp_path: Path) -> None:
    wrong = Found(translations=(Translations(("a.org/1",), ("a.org/1", "a.org/2")),))
    right = Found(translations=(Translations(("a.org/1",), ("a.org/1", "a.org/3")),))
    url = "https://a.org/map.xml"
    make(tmp_path, [*PAGES, Shot(url, 20, wrong, role="sitemap")])
    assert groups(tmp_path)["https://a.org/2"] == "https://a.org/1"
    make(tmp_path, [Shot(url, 21, right, role="sitemap")])
    assert groups(tmp_path)["https://a.org/2"] is None
    assert groups(tmp_path)["https://a.org/3"] == "https://a.org/1"
    make(tmp_path, [Shot(url, 22, Found(), role="sitemap")])  # it lists what is new only
    assert groups(tmp_path)["https://a.org/3"] == "https://a.org/1"


def test_another_domain_joins_no_articles_of_others(tmp_path: Path) -> None:
    hub = Translations(("c.org/1",), ("c.org/1",), ("a.org/1", "b.org/8"))
    shot = Shot("https://c.org/map.xml", 20, Found(translations=(hub,)), role="sitemap", source="c")
    make(tmp_path, [*PAGES, shot])
    assert set(groups(tmp_path).values()) == {None}


def test_reading_a_sitemap_again_replaces_what_it_said(tmp_path: Path) -> None:
    first = Found(translations=(Translations(("a.org/1",), ("a.org/1", "a.org/2")),))
    again = Found(translations=(Translations(("a.org/2",), ("a.org/2", "a.org/3")),))
    shots = [*PAGES, Shot("https://a.org/map.xml", 20, first, role="sitemap")]
    make(tmp_path / "one", shots)
    with closing(open_reader(tmp_path / "one")) as db:
        before = archive_state(db)
    with open_archive(tmp_path / "one", "test") as archive:
        for outcome in (first, again, again):
            (capture,) = [c for c in archive.captures() if c.role == "sitemap"]
            with archive.transaction():
                archive.save(capture, outcome, "7")
    make(tmp_path / "two", [*shots[:-1], Shot(shots[-1].url, 20, again, role="sitemap")])
    assert whole_state(tmp_path / "one") == whole_state(tmp_path / "two")
    with closing(open_reader(tmp_path / "one")) as db:
        assert archive_state(db) != before  # an export that was killed before is not gone on with
