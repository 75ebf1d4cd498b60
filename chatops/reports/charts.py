"""Charts as SVG: only geometry; a template writes the marks, the style sheet colours them.

A plot is 1000 units wide and 100 high and is stretched to its place, so words stand beside it as
HTML: they stay readable at any width, in print and in the dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import NamedTuple

WIDTH, HEIGHT = 1000.0, 100.0
#: The part of its place that a bar fills.
FILL = 0.68
#: Leading digits that half of is easily told.
ROUND = (1, 2, 3, 4, 5, 6, 8, 10)


class Mark(NamedTuple):
    """A rectangle of a series, and what is told when one points at it."""

    series: str
    x: float
    y: float
    width: float
    height: float
    told: str


class Curve(NamedTuple):
    """A line of a series: what stands in `d` of its path. A gap is where nothing is known."""

    series: str
    path: str


class Tick(NamedTuple):
    """A word below the plot: under the middle of its place, in percent, and what is there."""

    x: float
    label: str
    #: Which end of the word stands there: at the edges of a plot it would stick out.
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars and lines over the same places, the words below them, and the scale's upper end."""

    bars: list[Mark]
    curves: list[Curve]
    top: int
    ticks: list[Tick]


def scale(most: float) -> int:
    """The next round number that holds all: a digit and zeros; 1 when there is nothing."""
    if most <= 1:
        return 1
    unit = 10 ** int(log10(most))
    return int(next(one * unit for one in ROUND if one * unit >= most))


def duration_scale(seconds: float) -> int:
    """The same for seconds: a time that people count in."""
    steps = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400)
    return next((step for step in steps if step >= seconds), ceil(seconds / 86_400) * 86_400)


def stacked(
    series: Sequence[tuple[str, Sequence[int]]], labels: Sequence[str], told: Sequence[str]
) -> Chart:
    """Bars of several series on top of each other, one bar per label."""
    sums = [sum(values) for values in zip(*(values for _, values in series), strict=True)]
    top = scale(max(sums, default=0))
    step = WIDTH / max(1, len(labels))
    bars = []
    base = [0.0] * len(labels)
    for name, values in series:
        for place, value in enumerate(values):
            if not value:
                continue
            height = value / top * HEIGHT
            base[place] += height
            x = step * (place + (1 - FILL) / 2)
            bars.append(_mark(name, x, HEIGHT - base[place], step * FILL, height, told[place]))
    return Chart(bars, [], top, ticks(labels))


def lines(series: Sequence[tuple[str, Sequence[int | None]]], labels: Sequence[str]) -> Chart:
    """A line per series through the middle of each label's place; None leaves a gap."""
    known = [value for _, values in series for value in values if value is not None]
    top = duration_scale(max(known, default=0))
    step = WIDTH / max(1, len(labels))
    curves = [Curve(name, _path(values, step, top)) for name, values in series]
    return Chart([], curves, top, ticks(labels))


def share(value: int, whole: int) -> float:
    """A part of a whole as the width of a bar, 0 to 1000."""
    return round(value / whole * WIDTH, 1) if whole else 0.0


def _mark(series: str, x: float, y: float, width: float, height: float, told: str) -> Mark:
    return Mark(series, round(x, 2), round(y, 2), round(width, 2), round(height, 2), told)


def _path(values: Sequence[int | None], step: float, top: int) -> str:
    """Runs of known values; a lonely one becomes a short stroke, or nobody would see it."""
    parts: list[str] = []
    drawing = False
    for place, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        x, y = step * (place + 0.5), HEIGHT - value / top * HEIGHT
        parts.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        lonely = not drawing and (place + 1 == len(values) or values[place + 1] is None)
        if lonely:
            parts.append(f"h{max(4.0, step * FILL / 2):.1f}")
        drawing = True
    return "".join(parts)


#: So many words have room below a plot on a narrow screen: short ones, and dates.
SHORT, SHORT_WORDS, LONG_WORDS = 5, 7, 5


def ticks(labels: Sequence[str]) -> list[Tick]:
    """As many of the labels as have room, the first among them, evenly apart."""
    count = len(labels)
    most = SHORT_WORDS if max(map(len, labels), default=0) <= SHORT else LONG_WORDS
    places = range(0, count, ceil(count / most) or 1)
    return [_tick(labels[place], (place + 0.5) / count * 100) for place in places]


def _tick(label: str, x: float) -> Tick:
    if x < len(label) or x > 100 - len(label):
        return Tick(0 if x < 50 else 100, label, "start" if x < 50 else "end")
    return Tick(round(x, 2), label, "middle")
