"""sources.toml: what is right, and what is wrong with its line and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import sources
from crawler.sources import Source, SourcesError

GOOD = '[[source]]\nname = "a"\nurl = "https://a.org/"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "limt = 3\n", "line 4: unknown key 'limt': did you mean 'limit'?"),
        ('[[source]]\nname = "a"\n', "line 1: this source has no url"),
        (GOOD.replace("https://", ""), "line 3: url: 'a.org/' is no address: it must begin"),
        (GOOD.replace("a.org", "a.org:x"), "line 3: url: 'https://a.org:x/' is no address"),
        (GOOD.replace("a.org", "a .org"), "line 3: url: 'https://a .org/' is no address"),
        (GOOD.replace('"a"', '""'), "line 2: name: a name is one line"),
        (GOOD.replace('"a"', '"--all"'), "line 2: name: a name is one line"),
        (GOOD.replace('"a"', r'"a\nb"'), "line 2: name: a name is one line"),
        (GOOD.replace('"a"', "3"), "line 2: name must be a text, not 3"),
        ('[[source]]\nurl = "https://a.org/"\n', "line 1: this source has no name"),
        (GOOD + "zzz = 3\n", "line 4: unknown key 'zzz'; known: name, url, platform"),
        (GOOD + '"limt" = 3\n', "line 4: unknown key 'limt'"),
        (GOOD + "# limt = 1\n[source.limt]\na = 1\n", "line 5: unknown key 'limt'"),
        (GOOD + "\n" + GOOD.replace('"a"', '"b"') + "limt = 3\n", "line 8: unknown key 'limt'"),
        (GOOD + 'language = "German"\n', "line 4: language: must be a code"),
        (GOOD + 'until = "soon"\n', "line 4: until: must be a day"),
        (GOOD + 'checked = "never"\n', "line 4: checked: must be a day"),
        (GOOD + "delay = nan\n", "line 4: delay: must be at least 0"),
        (GOOD + "delay = -1\n", "line 4: delay: must be at least 0"),
        (GOOD + "limit = -1\n", "line 4: limit: must be at least 0"),
        (GOOD + 'drop = ["//a["]\n', "line 4: drop: '//a['"),
        (GOOD + 'feeds = ["feed"]\n', "line 4: feeds: 'feed' is no address"),
        (GOOD + 'drop = ["a["]\n', "line 4: drop: 'a['"),
        (GOOD + "connections = 0\n", "line 4: connections: must be at least 1"),
        (GOOD + 'allow_private = "yes"\n', "line 4: allow_private must be true or false"),
        (GOOD + 'limit = "3"\n', "line 4: limit must be a whole number"),
        (GOOD + "limit = true\n", "line 4: limit must be a whole number"),
        (GOOD + 'interval = "soon"\n', "line 4: interval"),
        (GOOD + 'platform = "wordpres"\n', "did you mean 'wordpress'?"),
        (GOOD + 'feeds = "https://a.org/feed"\n', "line 4: feeds must be a list"),
        (GOOD + GOOD, "line 5: there is a source 'a' already"),
        (GOOD + "url =\n", "line 4"),
        ('[source]\nname = "a"\n', "line 1: write [[source]]"),
        ("source = 3\n", "line 1: write [[source]]"),
        ('[[sources]]\nname = "a"\n', "line 1: unknown table or key 'sources'"),
        ('# mine\nname = "a"\n', "line 2: unknown table or key 'name'"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, message: str) -> None:
    with pytest.raises(SourcesError) as caught:
        sources.parse(text, "sources.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_dumped_is_read_back() -> None:
    source = Source(
        "x", "https://x.org/", "ghost", ("https://x.org/rss/",), (), "fr", 3600, 5, 0.5, 2, True, True,
        False, ("article",), ('//div[@id="a"]',), "2026-01-01", "2026-11-24",
    )  # fmt: skip
    assert sources.parse(sources.dump(source), "x") == [source]


TEXT = st.text(st.characters(exclude_categories=["Cs"])).map(str.strip)


@given(name=TEXT, keep=st.lists(st.sampled_from(["p", "a[title='x']", '//a[.="\\"]'])))
def test_any_name_and_selector_is_read_back_or_refused(name: str, keep: list[str]) -> None:
    source = Source(name, "https://x.org/", keep=tuple(keep))
    entry = sources.dump(source)
    if name.isprintable() and name and not name.startswith("-"):
        assert sources.parse(entry, "x") == [source]
    else:
        with pytest.raises(SourcesError, match="line 2: name"):
            sources.parse(entry, "x")


@pytest.mark.parametrize(
    "text",
    [
        "# mine\n" + GOOD,
        "# mine\n" + GOOD.rstrip(),
        ("# mine\n" + GOOD).replace("\n", "\r\n"),
        "\ufeff# Windows\r\n",
        "",
    ],
)
def test_append_keeps_the_rest_byte_for_byte(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(text.encode())
    before = [s.name for s in sources.load(path)]
    sources.append(path, Source("b", "https://b.org/"))
    assert path.read_bytes().startswith(text.encode())
    assert [s.name for s in sources.load(path)] == [*before, "b"]


def test_append_adds_nothing_twice_and_nothing_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sources.toml"
    sources.append(path, Source("a", "https://a.org/"))
    before = path.read_bytes()
    for other in (Source("c", "http://www.a.org"), Source("a", "https://c.org/")):
        with pytest.raises(SourcesError, match="already"):
            sources.append(path, other)
    with pytest.raises(SourcesError, match="line 2: name"):
        sources.append(path, Source("a\nb", "https://d.org/"))
    assert path.read_bytes() == before


def test_there_is_a_way_on_where_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match=r"`newsarchive sources init`"):
        sources.load(tmp_path / "sources.toml")
    with pytest.raises(SourcesError):
        sources.load(tmp_path)
    (tmp_path / "latin").write_bytes(b"# \xfc\n")
    with pytest.raises(SourcesError, match="latin"):
        sources.load(tmp_path / "latin")


def test_days_may_stand_without_quotes() -> None:
    (source,) = sources.parse(GOOD + "until = 2026-01-31\nchecked = 2026-11-24\n", "x")
    assert (source.until, source.checked) == ("2026-01-31", "2026-11-24")


def test_intervals() -> None:
    for text, seconds in (('"6h"', 21600), ('"1d"', 86400), ("90", 90), ('"30m"', 1800)):
        assert sources.parse(GOOD + f"interval = {text}\n", "x")[0].interval == seconds


def test_select_names_the_nearest() -> None:
    held = [Source("decoder", "https://a.org/"), Source("batch", "https://b.org/")]
    assert sources.select(held, ["batch"]) == held[1:]
    assert sources.select(held, []) == held
    with pytest.raises(SourcesError, match="did you mean 'decoder'"):
        sources.select(held, ["decodr"])


def test_the_preset_is_of_real_use(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    assert sources.init(path) >= 15
    held = sources.load(path)
    assert all(source.checked and source.language for source in held)
    languages = {source.language for source in held}
    assert languages >= {"en", "de", "fr", "es", "pt", "it", "ja", "zh"}
    assert not any(source.accept_terms for source in held)
    with pytest.raises(SourcesError, match="exists already"):
        sources.init(path)
