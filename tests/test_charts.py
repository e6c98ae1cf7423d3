"""Charts are SVG that needs no script, and says in words what it shows."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import charts
from archive.charts import Column

HOSTILE = "\"'><script>alert(1)</script>]]>&"


def parse(svg: str) -> ET.Element:
    return ET.fromstring(str(svg))


@given(st.integers(0, 10**9))
def test_the_scale_ends_at_or_above_the_highest_and_not_far_above(most: int) -> None:
    top = charts.scale(most)
    assert top % charts.TICKS == 0
    assert most <= top <= max(charts.TICKS, 2 * most + charts.TICKS)


def test_columns_are_as_high_as_their_values_and_lead_where_they_say() -> None:
    data = [Column("one", 3, "/?a=1&b=2", "Jan"), Column("two", 0), Column("three", 6)]
    root = parse(charts.columns(data, "Title", "What it shows"))
    assert root.get("role") == "group"
    names = [root.find(f".//*[@id='{name}']") for name in root.get("aria-labelledby", "").split()]
    assert [name.text for name in names if name is not None] == ["Title", "What it shows"]
    heights = [float(bar.get("height", "")) for bar in root.findall(".//rect[@class='bar']")]
    assert heights[0] * 2 == pytest.approx(heights[2])
    assert heights[1] == 0
    assert [link.get("href") for link in root.findall("a")] == ["/?a=1&b=2"]
    said = [title.text for title in root.findall(".//rect/title")]
    assert said == ["one: 3", "two: 0", "three: 6"]
    assert [text.text for text in root.findall("text[@class='mark']")] == ["Jan"]
    assert [text.text for text in root.findall("text[@class='tick']")] == ["0", "2", "4", "6"]


@pytest.mark.parametrize("values", [[], [0, 0], [1], [5, 0, 2]])
def test_small_charts_draw_what_is_there(values: list[int]) -> None:
    root = parse(charts.spark(values, "said"))
    assert root.get("aria-label") == "said"
    assert len(root.findall("rect")) == sum(1 for value in values if value)


def test_what_is_hostile_is_text() -> None:
    column = Column(HOSTILE, 1, f"/{HOSTILE}", HOSTILE)
    root = parse(charts.columns([column], HOSTILE, HOSTILE))
    assert root.findtext("title") == HOSTILE
    assert [link.get("href") for link in root.findall("a")] == [f"/{HOSTILE}"]
    assert parse(charts.spark([1], HOSTILE)).get("aria-label") == HOSTILE
