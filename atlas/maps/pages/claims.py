"""The page of the plan's targets: every promise of travel time, what it is taken to mean, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from atlas.base.tables import slots
from atlas.base.words import Words, both, capital, joined
from atlas.face.decisions import Decisions
from atlas.maps.charts import Figure
from atlas.maps.document import Cell, Table, fill, heads, held, year
from atlas.maps.pages.start import trip, verdict_cell
from atlas.maps.sheets import figures
from atlas.maps.sheets.decided import Decided
from atlas.plan.deciding import Deciding
from atlas.plan.promises import Section, Target, Targets
from atlas.plan.summary import DECIDED_IN

__all__ = ["Beside", "Weighed", "draw_claims", "target_sections", "targets_finding"]


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
    verdict: str = ""
    need: Words | None = None
    options: Table | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Weighed:
    """What the sections of targets need to show more than verdicts.

    Attributes
    ----------
    found
        From :func:`atlas.face.decisions.gather_decisions`.
    place_ids
        Ids of places by their Chinese names.
    link
        Whether the explorer stands beside the page.
    """

    found: Decisions
    place_ids: Mapping[str, str]
    link: bool = True


@dataclass(frozen=True, eq=False)
class Beside:
    """What stands beside the verdicts, where it is known.

    Attributes
    ----------
    deciding
        Worst trips taken apart, from :func:`atlas.plan.deciding.deciding_trips`.
    items
        From :func:`atlas.data.register.item_table`: what the full plan holds is said beside its numbers.
    weighed, decided
        Worth, needs and closures by target, and of all together; None leaves them out.
    """

    deciding: Sequence[Deciding] = ()
    items: pd.DataFrame | None = None
    weighed: Weighed | None = None
    decided: Decided | None = None


_NOTHING = Beside()


def draw_claims(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    hash: str,
    lang: str = "zh",
    english: Mapping[str, str] = MappingProxyType({}),
    beside: Beside = _NOTHING,
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
    beside
        What is known beside the verdicts.
    """
    sections = target_sections(
        summary, targets, scenarios=scenarios, english=english, deciding=beside.deciding, weighed=beside.weighed
    )
    return fill(
        "claims.html",
        title=both("claims.title"),
        lang=lang,
        hash=hash,
        styles=("charts.css",),
        finding=targets_finding(summary, targets, scenarios),
        band_min=targets.band_min,
        held=None if beside.items is None else held(beside.items),
        targets=sections,
        decided=beside.decided,
    )


def targets_finding(summary: pd.DataFrame, targets: Targets, scenarios: Sequence[str]) -> Words:
    """Say in one sentence how many targets are met in the first, a middle and the last year, by the default reading."""
    door = summary[(summary["mode"] == "multimodal") & (summary["measure"] == "door")]
    stated = door[door["limit_basis"].str.startswith("stated")]
    default = {target.id: target.default.id for target in targets}
    stated = stated[stated["reading"] == stated["target_id"].map(default)]
    told = []
    for name in dict.fromkeys((scenarios[0], scenarios[len(scenarios) // 2], scenarios[-1])):
        rows = stated[stated["scenario"] == name]
        inside, near = (int((rows["verdict"] == word).sum()) for word in ("inside", "borderline"))
        counts = {"inside": inside, "near": near, "outside": len(rows) - inside - near}
        told.append(both("report.finding_year", year=year(name), **counts))
    return both("report.finding", targets=stated["target_id"].nunique(), years=joined(told, "list.semicolon"))


def target_sections(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    english: Mapping[str, str] = MappingProxyType({}),
    deciding: Sequence[Deciding] = (),
    weighed: Weighed | None = None,
) -> list[TargetSection]:
    """Return one section a target, with every reading that the summary holds, and what `weighed` knows of it."""
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
                _verdict(group, target, DECIDED_IN if DECIDED_IN in scenarios else scenarios[-1]),
                **_more(target, summary, scenarios, english, deciding, weighed),
            )
        )
    return sections


def _verdict(group: pd.DataFrame, target: Target, name: str) -> str:
    rows = group[
        (group["reading"] == target.default.id)
        & (group["scenario"] == name)
        & (group["mode"] == "multimodal")
        & (group["measure"] == "door")
    ]
    return str(rows["verdict"].iloc[0]) if len(rows) else ""


def _more(
    target: Target,
    summary: pd.DataFrame,
    scenarios: Sequence[str],
    english: Mapping[str, str],
    deciding: Sequence[Deciding],
    weighed: Weighed | None,
) -> dict[str, Any]:
    """Figures and needs of a target."""
    dated = [name for name in scenarios if name.isdigit()]
    made = [figures.slope_figure(summary, target, dated)]
    if weighed is None:
        return {"figures": tuple(made)}
    found, link = weighed.found, weighed.link
    trips = [
        one
        for one in deciding
        if (one.target_id, one.reading, one.mode) == (target.id, target.default.id, "multimodal")
    ]
    made += [figures.waterfall_figure(one, target.limit_min, english, weighed.place_ids, link=link) for one in trips]
    seat = next(iter(target.default.origins))
    made.append(figures.target_worth_figure(found, target.id, seat, link=link))
    made.append(figures.break_figure(found, target.id, seat, english, link=link))
    return {
        "need": figures.need_words(found, target.id, english),
        "options": figures.option_table(found, target.id),
        "figures": tuple(made),
    }


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
    for number in (part.strip() for part in slots(target.section)):
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
            part=figures.part_words(part, english),
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
    signed = "" if math.isnan(margin) else f"{_signed(margin)} · "
    beneath = [Words(signed + stable.zh, signed + stable.en)]
    if row["trips"] > 1:
        beneath.append(both("claims.met", trips=row["trips"], inside=row["inside"], near=row["borderline"]))
    return verdict_cell(row, *beneath)


def _signed(margin: float) -> str:
    """Return a margin with its sign; less than half a minute to a decimal, for a nought has none."""
    return f"{margin:+.{0 if round(abs(margin)) else 1}f}".replace("-", "−")
