"""How evenly minutes are spread over residents: what their lists and papers show of it."""

from __future__ import annotations

import math

from atlas.base.words import Words, both
from atlas.face.decisions import Decisions
from atlas.maps.charts import Figure, Series, share_chart, slope_chart
from atlas.maps.document import Cell, Table, heads, number, year
from atlas.maps.sheets.figures import minutes_cell, named

__all__ = ["fairness_figures"]

#: Residents by how near they live: the name of the column, from the nearest tenth to the farthest.
_SHARES = ("p10", "p50", "p90")


def fairness_figures(found: Decisions) -> list[Figure]:
    """Return the minutes of near and far residents over the years, and the curve of shares; none where none is known.

    Minutes are those of residents of the core cities to the nearest of the centres.
    """
    rows = found.of(found.fairness, "centre", "nearest")
    if not rows:
        return []
    limit = found.facts["limit_min"]
    years = [year(row["scenario"]) for row in rows]
    series = [
        Series(both(f"figures.near_{name}"), tuple(_minutes(row[name]) for row in rows)) for name in _SHARES
    ]  # fmt: skip
    title = both("figures.fairness")
    chart = slope_chart(title, years, series, limit=limit, limit_said=both("figures.limit", limit=limit))
    names = heads("year", *_SHARES, "mean_min", "palma", "gini", "worst_county", "core_min", "edge_min", "gap_min")
    table = Table(
        names,
        [
            [
                Cell(year(row["scenario"]), head=True),
                *(minutes_cell(row[name]) for name in (*_SHARES, "mean_min")),
                *(number(float(row[name]), decimals=2) for name in ("palma", "gini")),
                Cell(named(row, "worst_zh", "worst_en"), beneath=(_said(row["worst_min"]),)),
                *(minutes_cell(row[name]) for name in ("core_min", "edge_min", "gap_min")),
            ]
            for row in rows
        ],
        both("figures.fairness_caption", limit=limit),
    )  # fmt: skip
    return [Figure(title, chart, table), _curve(found)]


def _curve(found: Decisions) -> Figure:
    """The Lorenz curve of the first and of the last year, beside what even minutes would be."""
    names = [found.facts["since"], found.facts["weighed_in"]]
    rows = {name: [row for row in found.curve if row["scenario"] == name] for name in names}
    series = [
        (year(name), tuple((row["share_of_people"], row["share_of_minutes"]) for row in rows[name])) for name in names
    ]
    title = both("figures.lorenz")
    table = Table(
        [*heads("share_of_people"), *(year(name) for name in names)],
        [
            [
                Cell(Words(*(f"{100 * row['share_of_people']:.0f} %",) * 2), head=True),
                *(number(100 * rows[name][step]["share_of_minutes"], decimals=1) for name in names),
            ]
            for step, row in enumerate(rows[names[0]])
            if step % 2 == 0
        ],
        both("figures.lorenz_caption"),
    )
    axes = both("figures.lorenz_people"), both("figures.lorenz_minutes")
    return Figure(title, share_chart(title, series, axes=axes, even=both("figures.lorenz_even")), table)


def _minutes(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _said(value: float) -> Words:
    return both("document.minutes", minutes=f"{value:.0f}")
