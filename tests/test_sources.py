"""sources.toml: what is right, and what is wrong with its line and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler import sources
from crawler.sources import Source, SourcesError

GOOD = '[[source]]\nname = "a"\nurl = "https://a.org/"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "limt = 3\n", "line 4: unknown key 'limt': did you mean 'limit'?"),
        ('[[source]]\nname = "a"\n', "line 1: this source has no url"),
        (GOOD.replace("https://", ""), "line 3: 'a.org/' is no address"),
        (GOOD + 'drop = ["a["]\n', "line 4: drop: 'a['"),
        (GOOD + "connections = 0\n", "line 4: connections"),
        (GOOD + 'allow_private = "yes"\n', "line 4: allow_private must be true or false"),
        (GOOD + 'limit = "3"\n', "line 4: limit must be a whole number"),
        (GOOD + "limit = true\n", "line 4: limit must be a whole number"),
        (GOOD + 'interval = "soon"\n', "line 4: interval"),
        (GOOD + 'platform = "wordpres"\n', "did you mean 'wordpress'?"),
        (GOOD + 'feeds = "https://a.org/feed"\n', "line 4: feeds must be a list"),
        (GOOD + GOOD, "line 5: there is a source 'a' already"),
        (GOOD + "url =\n", "line 4"),
        ('[source]\nname = "a"\n', "write [[source]]"),
        ('[[sources]]\nname = "a"\n', "unknown table 'sources'"),
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


def test_append_keeps_the_rest_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text("# mine\n" + GOOD.rstrip())
    sources.append(path, Source("b", "https://b.org/"))
    assert path.read_text().startswith("# mine\n" + GOOD.rstrip())
    assert [s.name for s in sources.load(path)] == ["a", "b"]
    with pytest.raises(SourcesError, match="already"):
        sources.append(path, Source("c", "https://a.org"))


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
    assert len({source.language for source in held}) >= 5
    with pytest.raises(SourcesError, match="exists already"):
        sources.init(path)
