"""Charts as SVG, drawn on the server: no script, no request, colours from the style sheet.

Widths are percentages, so that a chart fits its place while its letters keep their size. What a
chart shows stands in a table, too: beside a bar, or folded up below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

HEIGHT = 150  # CSS pixels, of the columns alone
LABELS = 22  # below them
TICKS = 3  # lines of the scale above zero
LETTER = 2  # percent of a narrow chart's width that a digit of the scale takes
GAP = 0.2  # of a column's place is left free


@dataclass(frozen=True, slots=True)
class Column:
    """A value with its name; `mark` stands below the columns where something begins (a month)."""

    name: str
    value: int
    href: str | None = None
    mark: str | None = None


def columns(data: Sequence[Column], title: str, description: str) -> Markup:
    """The values as columns side by side, with a scale, each a link with its name and value."""
    top = scale(max((column.value for column in data), default=0))
    width = (100 - 2 - LETTER * len(f"{top:,}")) / max(1, len(data))  # beside the scale
    drawn = [_line(top * i // TICKS, top) for i in range(TICKS + 1)]
    for i, column in enumerate(data):
        drawn.append(_column(column, i * width, width, top))
        if column.mark:
            drawn.append(
                f'<text class="mark" x="{i * width:.2f}%" y="{HEIGHT + LABELS - 6}">{escape(column.mark)}</text>'
            )
    return Markup(
        # A group, not an image: what is inside of an image cannot be followed.
        f'<svg class="chart" role="group" width="100%" height="{HEIGHT + LABELS}" '
        'aria-labelledby="chart-title chart-description">'
        f'<title id="chart-title">{escape(title)}</title>'
        f'<desc id="chart-description">{escape(description)}</desc>{"".join(drawn)}</svg>'
    )


def spark(values: Sequence[int], name: str) -> Markup:
    """The values as small columns without a scale; the name says in words what they are."""
    top, width = max(values, default=0) or 1, 100 / max(1, len(values))
    bars = "".join(
        f'<rect class="bar" x="{i * width:.2f}%" width="{width * (1 - GAP):.2f}%" '
        f'y="{100 - 100 * value / top:.1f}%" height="{100 * value / top:.1f}%"/>'
        for i, value in enumerate(values)
        if value
    )
    return Markup(f'<svg class="spark" role="img" aria-label="{escape(name)}">{bars}</svg>')


def bar(share: float) -> Markup:
    """A share (0 to 1) as a bar; the number stands beside it, so that it is hidden from readers."""
    return Markup(
        '<svg class="share" aria-hidden="true"><rect class="track" width="100%" height="100%"/>'
        f'<rect class="bar" width="{100 * share:.2f}%" height="100%"/></svg>'
    )


def scale(most: int) -> int:
    """The end of the scale: the smallest 1, 2, 3 or 6 times a power of ten, times three, or above.

    Its thirds are whole numbers.
    """
    step = 1
    while True:
        for factor in (1, 2, 3, 5):
            if factor * step * TICKS >= most:
                return factor * step * TICKS
        step *= 10


def _line(value: int, top: int) -> str:
    y = HEIGHT - (HEIGHT - 14) * value / top  # 14: room for the letters of the topmost line
    return (
        f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="100%" y="{y - 3:.1f}">{value:,}</text>'
    )


def _column(column: Column, x: float, width: float, top: int) -> str:
    height = (HEIGHT - 14) * column.value / top
    drawn = (
        f'<rect class="bar" x="{x + width * GAP / 2:.2f}%" width="{width * (1 - GAP):.2f}%" '
        f'y="{HEIGHT - height:.1f}" height="{height:.1f}"/>'
        # The whole height answers to the pointer: a small column is hard to hit.
        f'<rect class="catch" x="{x:.2f}%" width="{width:.2f}%" y="0" height="{HEIGHT}">'
        f"<title>{escape(column.name)}: {column.value:,}</title></rect>"
    )
    if column.href is None:
        return drawn
    return f'<a href="{escape(column.href)}" tabindex="-1">{drawn}</a>'
