"""The page of the plan's targets: every promise of travel time, what it is taken to mean, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from atlas.base.words import Words, both, capital
from atlas.maps.document import Cell, Table, fill, heads, year
from atlas.maps.pages.start import trip, verdict_cell
from atlas.plan.promises import Target, Targets

__all__ = ["TargetSection", "draw_claims", "target_sections"]


@dataclass(frozen=True)
class _ReadingSection:
    """One reading of a target: its definition with its limit, and one line a mode and measure."""

    definition: Words
    table: Table
    deciding: Words | None


@dataclass(frozen=True)
class TargetSection:
    """A target: the plan's wording, whether its limit is the plan's, and its readings, the default one first."""

    id: str
    title: Words
    wording: str
    limit_min: float
    yardstick: bool
    readings: tuple[_ReadingSection, ...]


def draw_claims(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    hash: str,
    lang: str = "zh",
    english: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the page of :func:`atlas.plan.promises.summarise_claims`; `english` names places by their Chinese ones."""
    return fill(
        "claims.html",
        title=both("claims.title"),
        lang=lang,
        hash=hash,
        band_min=targets.band_min,
        targets=target_sections(summary, targets, scenarios=scenarios, english=english),
    )


def target_sections(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    english: Mapping[str, str] = MappingProxyType({}),
) -> list[TargetSection]:
    """Return one section a target, with every reading that the summary holds."""
    known = {target.id: target for target in targets}
    sections = []
    for name, group in summary.groupby("target_id", sort=False):
        target = known[str(name)]
        readings = tuple(_reading(part, target, scenarios, english) for _, part in group.groupby("reading", sort=False))
        sections.append(
            TargetSection(
                target.id,
                Words(target.title_zh, target.title_en),
                target.wording,
                target.limit_min,
                not target.limit_basis.startswith("stated"),
                readings,
            )
        )
    return sections


def _reading(
    group: pd.DataFrame, target: Target, scenarios: Sequence[str], english: Mapping[str, str]
) -> _ReadingSection:
    first, rows = group.iloc[0], []
    for (mode, measure), part in group.groupby(["mode", "measure"], sort=False):
        years = part.set_index("scenario")
        label = capital(both("claims.mode", mode=both(f"mode.{mode}"), measure=both(f"measure.{measure}")))
        rows.append(
            [
                Cell(label, head=True),
                *(_year_cell(dict(years.loc[name])) for name in scenarios),
                Cell(trip(dict(years.loc[scenarios[-1]]), english)),
            ]
        )
    names = [*heads("mode"), *(year(name) for name in scenarios), *heads("worst")]
    definition = both(
        "claims.definition",
        definition=Words(first["definition_zh"], first["definition"]),
        limit=target.limit_min,
        basis=Words(target.limit_basis_zh, target.limit_basis),
        section=target.section,
    )
    return _ReadingSection(definition, Table(names, rows, both("claims.caption")), None)


def _year_cell(row: Mapping[Any, Any]) -> Cell:
    """Return the cell of one year: verdict and minutes, beneath them margin, stability, and how many trips hold."""
    stable = both(f"stability.{row['stability']}")
    margin = float(row["margin_min"])
    signed = "" if math.isnan(margin) else f"{margin:+.0f} · ".replace("-", "−")
    beneath = [Words(signed + stable.zh, signed + stable.en)]
    if row["trips"] > 1:
        beneath.append(both("claims.met", trips=row["trips"], inside=row["inside"]))
    return verdict_cell(row, *beneath)
