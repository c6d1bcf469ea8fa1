"""Charts of pages that are read: values in, places on a drawing out; the template ``charts.html`` writes the SVG.

A chart is as wide as a phone and is read without colour: kinds differ by filling and by the form of lines and marks,
values stand beside what they measure, and each chart has its table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from atlas.base.words import Words
from atlas.maps.document import Table

__all__ = ["Bar", "Figure", "Series", "bar_chart", "share_chart", "slope_chart", "stack_chart", "waterfall_chart"]

#: Width of every chart, and sizes of its letters and bars, px at the width of a phone.
_WIDTH, _LETTER, _BAR, _GAP = 340.0, 11.5, 9.0, 6.0
#: Room at the right for the number behind the longest bar.
_NUMBER = 62.0
#: Width of a number of minutes behind its bar.
_FIGURE = 44.0
#: Letters that fit into a line, Chinese and English.
_FIT = (29, 54)
#: Marks of lines, in their order.
_MARKS = ("dot", "square", "triangle")


@dataclass(frozen=True)
class Line:
    """A line from one place to another; `kind` is its class."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str


@dataclass(frozen=True)
class Box:
    """A filled rectangle; `kind` is its class: ``solid``, ``hatched``, ``dotted`` or ``hollow``."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True)
class Text:
    """Words at a place; `anchor` is ``start``, ``middle`` or ``end``."""

    x: float
    y: float
    words: Words
    anchor: str = "start"
    kind: str = ""
    link: str = ""


@dataclass(frozen=True)
class Mark:
    """A small sign at a place: ``dot``, ``square`` or ``triangle``."""

    x: float
    y: float
    kind: str


@dataclass
class Chart:
    """What is drawn, and what it is called for those who do not see it."""

    label: Words
    height: float = 0.0
    width: float = _WIDTH
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """A chart or a map with its title, its table and a note; `link` leads to the page `place`."""

    title: Words
    chart: Chart | None
    table: Table | None = None
    note: Words | None = None
    picture: str = ""
    link: str = ""
    place: str = "explore"


@dataclass(frozen=True)
class Bar:
    """A bar: what it is of, its value and how it is said, its error, and a second value in another filling."""

    label: Words
    value: float
    said: Words
    error: float = 0.0
    more: float = 0.0
    more_said: Words | None = None
    link: str = ""


@dataclass(frozen=True)
class Series:
    """A line over the years, NaN where there is nothing."""

    label: Words
    values: tuple[float, ...]


def _short(words: Words) -> Words:
    """The words as far as they fit into a line."""
    return Words(
        *(
            text if len(text) <= most else text[: most - 1].rstrip() + "…"
            for text, most in zip(words, _FIT, strict=True)
        )
    )


def bar_chart(label: Words, bars: Sequence[Bar], *, fill: str = "solid", legend: Sequence[Words] = ()) -> Chart:
    """Return bars from the greatest down, each under its label, with whiskers of one standard error.

    Parameters
    ----------
    label
        What the chart is called.
    bars
        In their order.
    fill
        Of the first value: ``solid`` or ``hatched``; the second is hollow.
    legend
        What the first and the second filling stand for.

    Examples
    --------
    >>> chart = bar_chart(Words("甲", "a"), [Bar(Words("乙", "b"), 2.0, Words("2", "2"), error=0.5)])
    >>> len(chart.boxes), len(chart.lines)
    (1, 3)
    """
    chart = Chart(label)
    greatest = max((max(one.value + one.error, one.more) for one in bars), default=0.0)
    room = _NUMBER + (28.0 if any(one.more_said for one in bars) else 0.0)
    scale = (_WIDTH - room) / greatest if greatest > 0 else 0.0
    y = _legend(chart, legend, (fill, "hollow"))
    for one in bars:
        y += _LETTER + 2
        chart.texts.append(Text(0, y, _short(one.label), kind="name", link=one.link))
        y += 4
        length = max(0.0, one.value) * scale
        chart.boxes.append(Box(0, y, max(length, 0.8), _BAR, fill))
        end = length
        if one.error > 0:
            low, high = max(0.0, one.value - one.error) * scale, (one.value + one.error) * scale
            middle = y + _BAR / 2
            chart.lines.append(Line(low, middle, high, middle, "whisker"))
            chart.lines += [Line(x, middle - 4, x, middle + 4, "whisker") for x in (low, high)]
            end = high
        chart.texts.append(Text(end + 5, y + _BAR, one.said, kind="figure"))
        y += _BAR
        if one.more_said is not None:
            y += 5
            length = one.more * scale
            chart.boxes.append(Box(0.5, y + 0.5, max(length, 0.8), _BAR - 3, "hollow"))
            chart.texts.append(Text(length + 5, y + _BAR - 2, one.more_said, kind="figure small"))
            y += _BAR - 1
        y += _GAP
    chart.height = y
    return chart


def waterfall_chart(
    label: Words, parts: Sequence[Bar], total: Bar, *, limit: float = math.nan, limit_said: Words | None = None
) -> Chart:
    """Return the parts of a whole one after the other, each beginning where the last ended, then the whole.

    Examples
    --------
    >>> parts = [Bar(Words("甲", "a"), 10.0, Words("10", "10")), Bar(Words("乙", "b"), 20.0, Words("20", "20"))]
    >>> chart = waterfall_chart(Words("合计", "sum"), parts, Bar(Words("丙", "c"), 30.0, Words("30", "30")))
    >>> [round(box.x) for box in chart.boxes] == [0, round(chart.boxes[0].width), 0]
    True
    """
    chart = Chart(label)
    known = not math.isnan(limit)
    scale = (_WIDTH - _NUMBER) / max(total.value, limit if known else 0.0, 1e-9)
    y, begun, edge = (_LETTER + 3 if known else 0.0), 0.0, limit * scale

    def bar(one: Bar, x: float, fill: str) -> float:
        """Draw a bar under its label, and the limit beside it alone: a line through the label could not be read."""
        nonlocal y
        y += _LETTER + 2
        chart.texts.append(Text(0, y, _short(one.label), kind="name"))
        y += 4
        end = x + one.value * scale
        chart.boxes.append(Box(x, y, max(end - x, 0.8), _BAR, fill))
        figure = end + 5
        if known:
            chart.lines.append(Line(edge, y - 1, edge, y + _BAR + 1, "limit"))
            if figure - 3 < edge < figure + _FIGURE:
                figure = edge + 5
        chart.texts.append(Text(figure, y + _BAR, one.said, kind="figure"))
        return end

    for one in parts:
        end = bar(one, begun * scale, "hatched")
        begun += one.value
        chart.lines.append(Line(end, y + _BAR, end, y + _BAR + _GAP + _LETTER + 6, "guide"))
        y += _BAR + _GAP
    bar(total, 0.0, "solid")
    y += _BAR + _GAP
    if known and limit_said is not None:
        right = edge > _WIDTH / 2
        chart.texts.append(Text(edge, _LETTER, limit_said, "end" if right else "start", "figure"))
    chart.height = y
    return chart


def slope_chart(
    label: Words, years: Sequence[Words], series: Sequence[Series], *, limit: float, limit_said: Words
) -> Chart:
    """Return values over years as lines, each with a mark and form of its own and its name at its end.

    Examples
    --------
    >>> lines = [Series(Words("甲", "a"), (90.0, 80.0)), Series(Words("乙", "b"), (70.0, float("nan")))]
    >>> years = [Words("2023", "2023"), Words("2030", "2030")]
    >>> chart = slope_chart(Words("丙", "c"), years, lines, limit=60, limit_said=Words("限", "limit"))
    >>> sum(one.kind == "line-0" for one in chart.lines), len(chart.marks)
    (1, 3)
    """
    chart = Chart(label)
    left, right, top, foot = 8.0, 78.0, 12.0, 150.0
    known = [value for one in series for value in one.values if math.isfinite(value)]
    low, high = min([*known, limit]), max([*known, limit])
    room = max(high - low, 10.0)

    def at(value: float) -> float:
        return foot - (value - low) / room * (foot - top)

    step = (_WIDTH - left - right) / max(len(years) - 1, 1)
    chart.lines.append(Line(0, at(limit), _WIDTH - right + 12, at(limit), "limit"))
    chart.texts.append(Text(_WIDTH, at(limit) + 4, limit_said, "end", "figure"))
    for i, words in enumerate(years):
        anchor = "start" if i == 0 else "middle"
        chart.texts.append(Text(left + i * step if i else 0, foot + 24, words, anchor, "figure"))
        chart.lines.append(Line(left + i * step, top - 4, left + i * step, foot + 8, "guide"))
    taken = [at(limit) + 4]
    ends, begins = [], [at(one.values[0]) for one in series if one.values and math.isfinite(one.values[0])]
    for k, one in enumerate(series):
        places = [(left + i * step, at(value)) for i, value in enumerate(one.values) if math.isfinite(value)]
        chart.lines += [Line(*a, *b, f"line-{k}") for a, b in itertools.pairwise(places)]
        chart.marks += [Mark(*place, _MARKS[k % len(_MARKS)]) for place in places]
        values = [value for value in one.values if math.isfinite(value)]
        if places:
            ends.append((places[-1][1], Words(*(f"{name} {values[-1]:.0f}" for name in one.label))))
            clear = all(abs(y - places[0][1]) > _LETTER or y == places[0][1] for y in begins)
            if clear and abs(values[0] - values[-1]) > 0.5:
                first = Words(*(f"{values[0]:.0f}",) * 2)
                chart.texts.append(Text(places[0][0] + 6, places[0][1] - 5, first, kind="figure"))
    for height, words in sorted(ends, key=lambda end: end[0]):
        # the nearest free height, above rather than below, and above the years
        tries = (height + 4 + sign * shift for shift in range(200) for sign in (-1, 1))
        y = next(y for y in tries if y <= foot + 6 and all(abs(y - other) >= _LETTER for other in taken))
        taken.append(y)
        chart.texts.append(Text(_WIDTH - right + 10, y, words, "start", "figure"))
    chart.height = max(foot + 30, *(y + 4 for y in taken))
    return chart


def share_chart(
    label: Words,
    series: Sequence[tuple[Words, Sequence[tuple[float, float]]]],
    *,
    axes: tuple[Words, Words],
    even: Words,
) -> Chart:
    """Return curves of one share over another, 0 to 1 both, with the diagonal on which both are even.

    Examples
    --------
    >>> curve = (Words("甲", "a"), [(0.0, 0.0), (0.5, 0.3), (1.0, 1.0)])
    >>> axes = Words("人", "people"), Words("分", "minutes")
    >>> chart = share_chart(Words("丙", "c"), [curve], axes=axes, even=Words("等", "even"))
    >>> sum(one.kind == "line-0" for one in chart.lines), chart.lines[0].kind  # two of the curve, one of its legend
    (3, 'limit')
    """
    chart = Chart(label)
    left, top, side = 40.0, 22.0, 190.0

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * side, top + (1.0 - y) * side

    chart.lines.append(Line(*at(0, 0), *at(1, 1), "limit"))
    for part in (0.0, 0.5, 1.0):
        chart.lines += [Line(*at(part, 0), *at(part, 1), "guide"), Line(*at(0, part), *at(1, part), "guide")]
        said = Words(*(f"{100 * part:.0f} %",) * 2)
        chart.texts.append(Text(at(part, 0)[0], at(0, 0)[1] + 18, said, "middle", "figure"))
        chart.texts.append(Text(left - 4, at(0, part)[1] + 4, said, "end", "figure"))
    chart.texts.append(Text(left, top - 8, axes[1], "start", "figure"))
    chart.texts.append(Text(at(0.5, 0)[0], at(0, 0)[1] + 36, axes[0], "middle", "figure"))
    beside, y = left + side + 14, top + 16
    chart.lines.append(Line(beside, y - 4, beside + 20, y - 4, "limit"))
    chart.texts.append(Text(beside + 26, y, even, "start", "figure"))
    for k, (name, points) in enumerate(series):
        chart.lines += [Line(*at(*a), *at(*b), f"line-{k}") for a, b in itertools.pairwise(points)]
        chart.marks += [Mark(*at(*place), _MARKS[k % len(_MARKS)]) for place in points[2:-1:4]]
        y += _LETTER + 8
        chart.lines.append(Line(beside, y - 4, beside + 20, y - 4, f"line-{k}"))
        chart.marks.append(Mark(beside + 10, y - 4, _MARKS[k % len(_MARKS)]))
        chart.texts.append(Text(beside + 26, y, name, "start", "figure"))
    chart.height = top + side + 44
    return chart


def stack_chart(
    label: Words,
    rows: Sequence[tuple[Words, Mapping[str, float], Words]],
    kinds: Mapping[str, Words] = MappingProxyType({}),
) -> Chart:
    """Return bars made of parts, one filling a kind: `rows` are name, value by kind, and how the sum is said.

    Examples
    --------
    >>> rows = [(Words("甲", "a"), {"rail": 3.0, "road": 1.0}, Words("4", "4"))]
    >>> [box.kind for box in stack_chart(Words("乙", "b"), rows, {"rail": Words("丙", "c")}).boxes]
    ['hatched', 'hatched', 'solid']
    """
    chart = Chart(label)
    order = [*kinds, *(kind for _, parts, _ in rows for kind in parts if kind not in kinds)]
    fills = dict(zip(dict.fromkeys(order), itertools.cycle(_FILLS), strict=False))
    there = [kind for kind in kinds if any(parts.get(kind, 0.0) > 0 for _, parts, _ in rows)]
    greatest = max((sum(parts.values()) for _, parts, _ in rows), default=0.0)
    left = 44.0
    scale = (_WIDTH - _NUMBER - left) / greatest if greatest > 0 else 0.0
    y = _legend(chart, [kinds[kind] for kind in there], [fills[kind] for kind in there])
    for name, parts, said in rows:
        x = left
        chart.texts.append(Text(0, y + _BAR + 2, name, kind="name"))
        for kind, value in parts.items():
            if value > 0:
                chart.boxes.append(Box(x, y + 1, value * scale, _BAR + 3, fills[kind]))
                x += value * scale
        chart.texts.append(Text(x + 5, y + _BAR + 2, said, kind="figure"))
        y += _BAR + 3 + _GAP
    chart.height = y + 2
    return chart


_FILLS = ("hatched", "solid", "dotted", "hollow")


def _legend(chart: Chart, names: Sequence[Words], fills: Sequence[str]) -> float:
    """Put what each filling stands for on top, a line each, and return where the chart begins."""
    y = 0.0
    for name, fill in zip(names, fills, strict=False):
        chart.boxes.append(Box(0.5, y + 2.5, 16, _BAR, fill))
        chart.texts.append(Text(22, y + _BAR + 2, _short(name), kind="figure"))
        y += _BAR + 7
    return y + (3 if names else 0)
