"""The validation page: measured against modelled minutes, the errors, and the ten worst with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.style import TIME_RAMP, symbol_of
from atlas.base.words import Words, both
from atlas.evidence.accuracy import Validation, summary, worst
from atlas.maps.document import Cell, Table, fill, heads

__all__ = ["draw_validation"]

#: What the plot shows: ink, radius and opacity of each check.
_DOTS = {
    "rail formula, service held out": (TIME_RAMP[2].color, 2.6, 0.55),
    "rail as ridden": (symbol_of("railways").color, 3.0, 0.7),
    "road": (symbol_of("highways", "expressway").color, 5.5, 0.85),
}
_SIZE, _MARGIN = 520, 52


def draw_validation(
    found: Validation, *, hash: str, lang: str = "zh", english: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the page; `english` names stations and places by their Chinese names, beside those of the drives."""
    english = {**english, **found.english}
    factors = list(found.road_factors.values())
    values = Words("、".join(f"{value:.2f}" for value in factors), ", ".join(f"{value:.2f}" for value in factors))
    return fill(
        "validation.html",
        title=both("validation.title"),
        lang=lang,
        hash=hash,
        finding=_finding(found.errors),
        errors=_summary_table(found.errors),
        plot=_plot(found.errors),
        worst=_worst_table(found.errors, english),
        fit=both("validation.fit", values=values),
        roads=_road_table(found.errors, english),
        lines=_line_table(found.lines),
    )


def _finding(errors: pd.DataFrame) -> Words:
    """Say in a sentence how far the model is off."""
    by_check = summary(errors).set_index("check")
    facts = {}
    for name, check in (("rail", "rail as ridden"), ("road", "road, fitted on the other rows")):
        row = by_check.loc[check]
        facts[f"{name}_half"] = f"{100 * row['median_error']:.0f} %"
        facts[f"{name}_most"] = f"{100 * row['p90_error']:.0f} %"
        facts[f"{name}s"] = f"{row['pairs']:.0f}"
    return both("validation.finding", **facts)


def _figure(text: str) -> Cell:
    return Cell(text, kind="number")


def _percent(value: float, *, sign: bool = False) -> Cell:
    text = f"{100 * value:{'+' if sign else ''}.1f} %"
    return _figure("0.0 %" if text[1:] == "0.0 %" else text.replace("-", "−"))


def _reason(row: Mapping[Any, Any]) -> Words:
    return Words(row["why_zh"], row["why"])


def _trip(row: Mapping[Any, Any], english: Mapping[str, str]) -> Words:
    start, end = (Words(name, english.get(name, name)) for name in (row["from_zh"], row["to_zh"]))
    return both("document.arrow", start=start, end=end)


def _summary_table(errors: pd.DataFrame) -> Table:
    rows = [
        [
            Cell(both(f"check.{row['check']}"), head=True),
            _figure(str(row["pairs"])),
            _figure(f"{row['median_error_min']:.1f}"),
            _figure(f"{row['p90_error_min']:.1f}"),
            _percent(row["median_error"]),
            _percent(row["p90_error"]),
            _percent(row["bias"], sign=True),
        ]
        for row in summary(errors).to_dict("records")
    ]
    names = heads("check", "pairs", "median_min", "within_90_min", "median", "within_90", "bias")
    return Table(names, rows, both("validation.errors"))


def _worst_table(errors: pd.DataFrame, english: Mapping[str, str]) -> Table:
    rows = [
        [
            Cell(both(f"check.{row['check']}"), head=True),
            Cell(_trip(row, english)),
            _figure(f"{row['measured_min']:.0f}"),
            _figure(f"{row['modelled_min']:.0f}"),
            _percent(row["error"], sign=True),
            Cell(_reason(row)),
        ]
        for row in worst(errors).to_dict("records")
    ]
    return Table(heads("check", "trip", "measured", "modelled", "error", "reason"), rows, both("validation.minutes"))


def _road_table(errors: pd.DataFrame, english: Mapping[str, str]) -> Table:
    shipped = errors[errors["check"] == "road"]
    held = errors[errors["check"] == "road, fitted on the other rows"]
    left = {(row["from_zh"], row["to_zh"], row["measured_min"]): row["error"] for row in held.to_dict("records")}
    rows = []
    for row in shipped.to_dict("records"):
        low, high = row["measured_low_min"], row["measured_high_min"]
        without = left.get((row["from_zh"], row["to_zh"], row["measured_min"]))
        rows.append(
            [
                Cell(_trip(row, english), head=True),
                _figure(f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"),
                _figure(f"{row['modelled_min']:.0f}"),
                _percent(row["error"], sign=True),
                _figure("–") if without is None else _percent(without, sign=True),
                Cell(_reason(row)),
            ]
        )
    return Table(
        heads("trip", "measured", "modelled", "error", "left_out", "reading"), rows, both("validation.minutes")
    )


def _line_table(lines: pd.DataFrame) -> Table:
    rows = [
        [
            Cell(Words(row["line_zh"], row["line_en"]), head=True),
            _figure(str(row["runs"])),
            _percent(row["median_error"]),
            _percent(row["p90_error"]),
            _percent(row["bias"], sign=True),
            _figure(f"{row['speed_factor']:.2f}"),
            _figure(f"{row['acceleration_ms2']:.2f}"),
            _figure(f"{row['dwell_min']:.1f}"),
        ]
        for row in lines.to_dict("records")
    ]
    names = heads(
        "line_left_out", "runs", "median", "within_90", "bias", "speed_factor", "acceleration", "dwell"
    )  # fmt: skip
    return Table(names, rows, both("validation.lines_caption"))


@dataclass(frozen=True)
class _Dot:
    """A comparison in the plot, in pixels."""

    x: float
    y: float
    radius: float
    colour: str
    alpha: float


@dataclass(frozen=True)
class _Line:
    """A line of the plot, in pixels."""

    x1: float
    y1: float
    x2: float
    y2: float
    dash: str


@dataclass(frozen=True)
class _Tick:
    """Minutes and how far along an axis they stand, in pixels."""

    minutes: int
    at: float


@dataclass(frozen=True)
class _Key:
    """A colour of the plot in words."""

    colour: str
    words: Words


@dataclass(frozen=True)
class _Plot:
    """Measured against modelled minutes, both axes logarithmic."""

    ticks: tuple[_Tick, ...]
    lines: tuple[_Line, ...]
    dots: tuple[_Dot, ...]
    legend: tuple[_Key, ...]
    size: int = _SIZE
    margin: int = _MARGIN
    side: int = _SIZE - 2 * _MARGIN


def _plot(errors: pd.DataFrame) -> _Plot:
    # roads are drawn last: they are few
    shown = errors[errors["check"].isin(_DOTS)].sort_values("check", key=lambda checks: checks.map(list(_DOTS).index))
    pairs = shown[["measured_min", "modelled_min"]].to_numpy(dtype=np.float64)
    low, high = 0.8 * pairs.min(), 1.2 * pairs.max()

    def place(minutes: float) -> float:
        return float(np.log(minutes / low) / np.log(high / low)) * (_SIZE - 2 * _MARGIN)

    lines = []
    for factor, dash in ((1.0, ""), (1.15, "4 4"), (1 / 1.15, "4 4")):
        a, b = max(low, low / factor), min(high, high / factor)
        y1, y2 = (_SIZE - _MARGIN - place(end * factor) for end in (a, b))
        lines.append(_Line(_MARGIN + place(a), y1, _MARGIN + place(b), y2, dash))
    dots = []
    for check, measured, modelled in zip(shown["check"], pairs[:, 0], pairs[:, 1], strict=True):
        colour, radius, alpha = _DOTS[str(check)]
        dots.append(_Dot(_MARGIN + place(measured), _SIZE - _MARGIN - place(modelled), radius, colour, alpha))
    counts = errors["check"].value_counts()
    keys = [
        _Key(colour, both("validation.dots", check=both(f"check.{check}"), count=int(counts.get(check, 0))))
        for check, (colour, *_) in _DOTS.items()
    ]
    ticks = [_Tick(tick, place(tick)) for tick in (5, 10, 20, 50, 100, 200) if low < tick < high]
    return _Plot(tuple(ticks), tuple(lines), tuple(dots), tuple(keys))
