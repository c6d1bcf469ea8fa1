"""The page of the plan's targets: every promise of travel time, what it is taken to mean, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from atlas.base.words import Words, both, capital, joined
from atlas.data.register import Section
from atlas.maps.document import Cell, Table, fill, heads, held, year
from atlas.maps.pages.start import trip, verdict_cell
from atlas.plan.deciding import Deciding
from atlas.plan.promises import Target, Targets

__all__ = ["TargetSection", "draw_claims", "target_sections"]


#: How many parts of a deciding trip are told.
_PARTS = 3


@dataclass(frozen=True)
class _ReadingSection:
    """One reading of a target: its definition with its limit, and one line a mode and measure."""

    definition: Words
    table: Table
    deciding: tuple[Words, ...] = ()


@dataclass(frozen=True)
class TargetSection:
    """A target: the plan's wording, whether its limit is the plan's, and its readings, the default one first."""

    id: str
    title: Words
    wording: str
    limit_min: float
    yardstick: bool
    where: tuple[Words, ...]
    readings: tuple[_ReadingSection, ...]


def draw_claims(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    hash: str,
    lang: str = "zh",
    english: Mapping[str, str] = MappingProxyType({}),
    deciding: Sequence[Deciding] = (),
    items: pd.DataFrame | None = None,
) -> str:
    """Return the page of :func:`atlas.plan.promises.summarise_claims`.

    Parameters
    ----------
    summary, targets
        The verdicts, of every reading to be shown, and the definitions.
    scenarios
        The years, by name.
    hash
        Stamp of layers and scenarios.
    lang
        Language the page opens in.
    english
        English names of places by their Chinese ones.
    deciding
        Worst trips taken apart, from :func:`atlas.plan.deciding.deciding_trips`.
    items
        From :func:`atlas.data.register.item_table`: what the full plan holds is said beside its numbers.
    """
    return fill(
        "claims.html",
        title=both("claims.title"),
        lang=lang,
        hash=hash,
        band_min=targets.band_min,
        held=None if items is None else held(items),
        targets=target_sections(summary, targets, scenarios=scenarios, english=english, deciding=deciding),
    )


def target_sections(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    english: Mapping[str, str] = MappingProxyType({}),
    deciding: Sequence[Deciding] = (),
) -> list[TargetSection]:
    """Return one section a target, with every reading that the summary holds."""
    known = {target.id: target for target in targets}
    sections = []
    for name, group in summary.groupby("target_id", sort=False):
        target = known[str(name)]
        readings = []
        for reading, part in group.groupby("reading", sort=False):
            trips = [one for one in deciding if (one.target_id, one.reading) == (target.id, reading)]
            told = tuple(_deciding(one, english) for one in trips)
            readings.append(replace(_reading(part, target, scenarios, english), deciding=told))
        sections.append(
            TargetSection(
                target.id,
                Words(target.title_zh, target.title_en),
                target.wording,
                target.limit_min,
                not target.limit_basis.startswith("stated"),
                _where(target, targets.sections),
                tuple(readings),
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
    )
    return _ReadingSection(definition, Table(names, rows, both("claims.caption")))


def _where(target: Target, sections: Mapping[str, Section]) -> tuple[Words, ...]:
    """Return the sections of the plan the target stands in, with their pages where the table of contents has them."""
    told = []
    for number in (part.strip() for part in target.section.split(";")):
        known = sections.get(number) or sections.get(number.rpartition(".")[0])
        if known is None:
            told.append(both("claims.section", section=number))
        else:
            title = Words(known.title_zh, known.title_en)
            told.append(both("claims.pages", title=title, first=known.page_from, last=known.page_to))
    return tuple(told)


def _deciding(trip: Deciding, english: Mapping[str, str]) -> Words:
    """Say in one sentence of what the minutes of a trip consist, the longest parts first."""

    def named(name: str) -> Words:
        return Words(name, english.get(name, name))

    parts = [
        both(
            "claims.part",
            part=both(
                f"part.{part.kind}",
                name=Words(part.name_zh, part.name_en),
                start=named(part.start),
                end=named(part.end),
            ),
            minutes=part.minutes,
        )
        for part in trip.parts[:_PARTS]
    ]
    year_of = both("year.of", year=trip.scenario) if trip.scenario.isdigit() else year(trip.scenario)
    ends = {"start": named(trip.start), "end": named(trip.end)}
    return both(
        "claims.deciding",
        year=year_of,
        mode=both(f"mode.{trip.mode}"),
        minutes=trip.minutes,
        parts=joined(parts),
        **ends,
    )


def _year_cell(row: Mapping[Any, Any]) -> Cell:
    """Return the cell of one year: verdict and minutes, beneath them margin, stability, and how many trips hold."""
    stable = both(f"stability.{row['stability']}")
    margin = float(row["margin_min"])
    signed = "" if math.isnan(margin) else f"{margin:+.0f} · ".replace("-", "−")
    beneath = [Words(signed + stable.zh, signed + stable.en)]
    if row["trips"] > 1:
        beneath.append(both("claims.met", trips=row["trips"], inside=row["inside"], near=row["borderline"]))
    return verdict_cell(row, *beneath)
