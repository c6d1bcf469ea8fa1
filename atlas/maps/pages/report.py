"""The report: one page to read or to print on A4, with the same numbers as the library."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.tables import SEPARATOR
from atlas.base.words import LANGUAGES, Words, both, capital, joined, say_in, word_table
from atlas.data.layer import Layer
from atlas.data.register import ISSUED, ITEM_STATUSES
from atlas.face.decisions import Decisions
from atlas.land.coverage import ELSEWHERE
from atlas.maps.document import Cell, Table, fill, heads, held, number, year
from atlas.maps.pages.claims import Weighed, target_sections, targets_finding
from atlas.maps.pages.report_method import parameter_table, source_table
from atlas.maps.pages.start import verdict_table
from atlas.maps.pictures import land_picture, roads_picture
from atlas.maps.sheets import figures
from atlas.maps.sheets.decided import decided
from atlas.maps.words import city_words
from atlas.network.build import Network
from atlas.plan.summary import MATRIX_MODES, Report, Step

__all__ = ["draw_report"]

_CHAPTERS = ("numbers", "status", "kilometres", "scenarios", "promises", "years", "matrix", "method", "sources")
#: Chapters there are where worth, closures and events were computed.
_DECIDED = ("worth", "access", "fairness", "gaps", "links", "events", "corridors")
_MOST = 14
Minutes = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class _Fact:
    """A number of the plan and what it counts."""

    number: Words | str
    words: Words


@dataclass(frozen=True)
class _Change:
    """What a step does to the pairs of seats in one mode."""

    words: Words
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class _StepSection:
    """From one year to the next."""

    title: Words
    opened: Table
    changes: tuple[_Change, ...]


def draw_report(
    report: Report,
    *,
    lang: str = "zh",
    home: bool = True,
    found: Decisions | None = None,
    network: Network | None = None,
    layers: Mapping[str, Layer] = MappingProxyType({}),
) -> str:
    """Return the report as one HTML page.

    Parameters
    ----------
    report
        From :func:`atlas.plan.summary.make_report`.
    lang
        Language the page opens in, ``zh`` or ``en``; it holds both.
    home
        Whether to link back to the start page of the site.
    found, network, layers
        Worth, needs, closures and events, with what their maps are drawn of; None leaves these chapters out.
    """
    names = [scenario.name for scenario in report.scenarios]
    matrices, same = _matrices(report)
    region = report.region
    weighed = shown = None
    drawn = {"ground": "", "roads": ""}
    chapters: tuple[str, ...] = _CHAPTERS
    if found is not None and network is not None:
        places = figures.seats_by_name(network.place_layer.frame)
        weighed, shown = Weighed(found, places, link=False), decided(found, network, link=False)
        now = next(one for one in report.scenarios if one.name == found.facts["event_in"])
        drawn = {"ground": land_picture(layers), "roads": roads_picture(network, now)}
        after = _CHAPTERS.index("promises") + 1
        told = tuple(name for name in _DECIDED if name != "fairness" or shown.fairness)
        chapters = (*_CHAPTERS[:after], *told, *_CHAPTERS[after:])
    return fill(
        "report.html",
        title=_in_both("report.title", region=(region.name_zh, region.name_en)),
        lang=lang,
        hash=report.hash,
        home=home,
        styles=("report.css", "charts.css"),
        finding=targets_finding(report.summary, report.targets, names),
        date=report.as_of,
        chapters=chapters,
        decided=shown,
        **drawn,
        facts=_numbers(report),
        issued=str(ISSUED),
        about_numbers=_in_both("report.numbers_text", plan=(region.plan_zh, region.plan_en), issued=(str(ISSUED),) * 2),
        status=_status(report),
        published_share=report.kilometres["published_km"].sum() / report.kilometres["km"].sum(),
        kilometres=_kilometres(report),
        scenarios=_scenarios(report),
        band_min=report.targets.band_min,
        held=held(report.items),
        verdicts=verdict_table(report.summary, mode="multimodal", measure="door", scenarios=names),
        targets=target_sections(
            report.summary,
            report.targets,
            scenarios=names,
            english=report.english,
            deciding=report.deciding,
            weighed=weighed,
        ),
        steps=[_step(step, report.english, [one.seat for one in region.core]) for step in report.steps],
        same=same,
        matrices=matrices,
        period=both(f"period.{report.scenarios[0].period}"),
        parameters=parameter_table(report),
        sources=source_table(report),
    )


def _status_words(name: str) -> Words:
    return both(f"item_status.{name}") if name in word_table("item_status") else both(f"status.{name}")


def _numbers(report: Report) -> list[_Fact]:
    operating = report.kilometres[report.kilometres["status"] == "operating"].set_index("mode")["km"]
    return [
        _Fact(str(len(report.register)), both("report.items")),
        *(_Fact(str(count), both(f"report.{name}")) for name, count in report.resolutions.items()),
        _Fact(str(len(report.changes)), both("report.changed")),
        *(
            _Fact(both("report.kilometre_count", km=operating[mode]), both("report.in_use", line=both(f"line.{mode}")))
            for mode in ("railway", "expressway")
            if mode in operating
        ),
    ]


def _status(report: Report) -> list[Table]:
    rows = []
    for change in report.changes:
        item = report.register[change.item]
        rows.append(
            [
                Cell(Words(item.name_zh, item.name_en), head=True),
                Cell(word_table("item_kind")[item.kind]),
                Cell(_status_words(change.before.status) if change.before else ""),
                Cell(_status_words(change.after.status)),
                Cell(change.after.date, kind="number"),
            ]
        )
    return [
        _status_table(report, report.items, both("report.latest")),
        _status_table(report, report.items_at_issue, both("report.issued", issued=ISSUED)),
        Table(heads("item", "kind", "at_issue", "now", "since"), rows, both("report.changes")),
    ]


def _status_table(report: Report, items: pd.DataFrame, caption: Words) -> Table:
    counts = report.status_by_kind(items)
    columns = [name for name in ITEM_STATUSES if name in counts]
    rows = [
        [
            Cell(both("report.target_row") if kind == "reachability_target" else words, head=True),
            *(number(float(counts[name].loc[kind])) for name in columns),
            number(float(np.sum(counts.loc[kind].to_numpy()))),
        ]
        for kind, words in word_table("item_kind").items()
        if kind in counts.index
    ]
    total = [number(int(counts[name].sum())) for name in columns]
    rows.append([Cell(both("head.all"), head=True), *total, number(int(counts.to_numpy().sum()))])
    names = [*heads("kind"), *(_status_words(name) for name in columns), *heads("all")]
    return Table(names, rows, caption, kind="keep figures")


def _pivot(frame: pd.DataFrame, rows: Sequence[str], head: str, names: Mapping[str, Words], caption: str) -> Table:
    """Return kilometres with one line for each value of the columns `rows`, one column a status."""
    columns = [name for name in ITEM_STATUSES if (frame["status"] == name).any()]
    wide = frame.pivot_table(index=list(rows), columns="status", values="km", aggfunc="sum", fill_value=0.0, sort=False)
    words = {**word_table("line"), **names}
    lines = []
    for key, row in wide.iterrows():
        parts = [words[str(part)] for part in (key if isinstance(key, tuple) else (key,))]
        figures = [*(number(float(row[name])) for name in columns), number(float(row.sum()))]
        lines.append([Cell(joined(parts, "list.and_"), head=True), *figures])
    heading = [*heads(head), *(_status_words(name) for name in columns), *heads("all")]
    return Table(heading, lines, both(f"report.{caption}"), kind="keep figures")


def _kilometres(report: Report) -> list[Table]:
    corridors = {item.id: Words(item.name_zh, item.name_en) for item in report.register if item.kind == "corridor"}
    core = report.region.core_cities
    cities = {name: city_words(report.region, name) for name in core} | {ELSEWHERE: both("report.elsewhere")}
    return [
        _pivot(report.kilometres, ["mode"], "mode", {}, "by_mode"),
        _pivot(_own_cities(report.cities, core), ["city", "mode"], "city_mode", cities, "by_city"),
        _pivot(report.corridors, ["corridor", "mode"], "corridor_mode", corridors, "by_corridor"),
    ]


def _own_cities(cities: pd.DataFrame, core: Sequence[str]) -> pd.DataFrame:
    """Put the cities of the core first and all others together."""
    named = cities.assign(city=cities["city"].where(cities["city"].isin(core), ELSEWHERE))
    order = named["city"].map({name: i for i, name in enumerate((*core, ELSEWHERE))})
    return named.assign(order=order).sort_values(["order", "mode"], kind="stable")


def _opening(value: Any) -> Cell:
    return Cell(year("full") if pd.isna(value) else str(int(value)), kind="number")


def _scenarios(report: Report) -> list[Table]:
    rows = [
        [
            Cell(year(header["name"]), head=True),
            *(number(header[name]) for name in ("features", "announced", "assumed")),
            Cell(header["hash"], code=True),
        ]
        for header in report.headers
    ]
    assumed = [
        [
            Cell(Words(row["name_zh"], row["name_en"]), head=True),
            Cell(capital(both(f"layer_of.{row['layer']}"))),
            Cell(_status_words(row["status"])),
            _opening(row["opens_year"]),
        ]
        for row in report.assumed.to_dict("records")
        if not str(row["feature_id"]).startswith("acc_")
    ]
    names = heads("scenario", "features_open", "of_announced", "of_assumed", "hash")
    return [
        Table(names, rows, both("report.open_in"), kind="keep"),
        Table(heads("feature", "kind", "status", "from_year"), assumed, both("report.assumed")),
    ]


def _step(step: Step, english: Mapping[str, str], centres: Collection[str]) -> _StepSection:
    rows = [
        [
            Cell(Words(row["name_zh"], row["name_en"]), head=True),
            Cell(capital(both(f"layer_of.{str(row['name']).partition('/')[0]}"))),
            _opening(row["opens_year"]),
            Cell(both(f"opens_basis.{row['opens_basis']}")),
        ]
        for row in step.opened.to_dict("records")
    ]
    return _StepSection(
        capital(both("report.step", before=year(step.before.name), after=year(step.after.name))),
        Table(heads("opens", "kind", "year", "basis"), rows, both("report.opened")),
        tuple(_changes(step, mode, english, centres) for mode in MATRIX_MODES),
    )


def _in_both(key: str, **facts: tuple[str, str]) -> Words:
    """Return a sentence whose facts are told in Chinese and in English."""
    return Words(*(say_in(lang, key, **{k: pair[i] for k, pair in facts.items()}) for i, lang in enumerate(LANGUAGES)))


def _changes(step: Step, mode: str, english: Mapping[str, str], centres: Collection[str]) -> _Change:
    change, by = step.changes[mode], both(f"mode.{mode}")
    pairs = change.pairs
    if not len(pairs):
        return _Change(both("report.no_change", mode=capital(by)))
    crossings = []
    for cutoff in change.cutoffs_min:
        crossed = pairs["crossing"].str.split(SEPARATOR).map(lambda marks, c=cutoff: f"gained {c:g}" in marks)
        crossings.append(both("report.crossing", cutoff=cutoff, count=int(crossed.sum())))
    said = both("report.faster", mode=capital(by), pairs=len(pairs), crossings=joined(crossings, "list.semicolon"))
    projects = [
        [
            Cell(Words(row["name_zh"], row["name_en"]), head=True),
            number(row["pairs"]),
            number(row["minutes_lost_without"]),
            number(row["crossings_lost_without"]),
        ]
        for row in change.projects.head(_MOST).to_dict("records")
    ]
    names = heads("project", "pairs_on_it", "lost_without", "crossings_lost")
    tables = [Table(names, projects, both("report.projects", mode=by), kind="keep figures")]
    people = [row for row in change.totals.to_dict("records") if row["from_id"] in centres and _differs(row)]
    if people:
        tables.append(_people(people, by, english))
    return _Change(said, tuple(tables))


def _differs(row: Mapping[Any, Any]) -> bool:
    return bool(row["places_before"] != row["places_after"] or row["people_before"] != row["people_after"])


def _residents(people: float) -> Cell:
    """Return residents as either language counts them: by ten thousand, and by thousand."""
    return Cell(Words(f"{people / 1e4:,.0f}", f"{people / 1e3:,.0f}"), kind="number")


def _people(rows: Sequence[Mapping[Any, Any]], by: Words, english: Mapping[str, str]) -> Table:
    lines = [
        [
            Cell(Words(row["from_zh"], english.get(row["from_zh"], row["from_zh"])), head=True),
            number(row["cutoff_min"]),
            number(row["places_before"]),
            number(row["places_after"]),
            _residents(row["people_before"]),
            _residents(row["people_after"]),
        ]
        for row in rows
    ]
    names = heads("origin", "within", "places_before", "after", "residents_before", "after")
    return Table(names, lines, both("report.people", mode=by), kind="keep figures")


def _matrices(report: Report) -> tuple[list[Table], list[Words]]:
    """Return the minutes between all seats, and a sentence for each year that changes nothing."""
    tables, same = [], []
    for k, mode in enumerate(MATRIX_MODES):
        by = both(f"mode.{mode}")
        shown: dict[str, Minutes] = {}
        for i, scenario in enumerate(report.scenarios):
            minutes, called = report.minutes[i, k], capital(year(scenario.name))
            as_before = next((name for name, old in shown.items() if _same(old, minutes)), None)
            if as_before is not None:
                same.append(both("report.matrix_same", year=called, mode=by, other=_in_words(as_before)))
                continue
            shown[scenario.name] = minutes
            tables.append(_matrix(report.seats, minutes, both("report.matrix_caption", year=called, mode=by)))
    return tables, same


def _in_words(name: str) -> Words:
    """Return what a scenario is called within a sentence."""
    return both("year.of", year=name) if name.isdigit() else year(name)


def _same(a: Minutes, b: Minutes) -> bool:
    return bool(np.allclose(a, b, rtol=0.0, atol=1e-6, equal_nan=True))


def _matrix(seats: pd.DataFrame, minutes: Minutes, caption: Words) -> Table:
    names = [Words(str(row.name_zh).removesuffix("特别行政区"), _short(str(row.name_en))) for row in seats.itertuples()]
    rows = []
    for i, name in enumerate(names):
        cells = [Cell("—", kind="same") if i == j else _minutes(float(minutes[i, j])) for j in range(len(names))]
        rows.append([Cell(name, head=True), *cells])
    return Table([*heads("from_to"), *names], rows, caption, kind="matrix")


def _short(name: str) -> str:
    """Leave out what kind of unit a place is: the table is narrow and every place in it is a seat."""
    for ending in (" Special Administrative Region", " SAR", " District", " County", " City"):
        name = name.removesuffix(ending)
    return name


def _minutes(value: float) -> Cell:
    if math.isnan(value):
        return Cell(kind="none")
    return Cell(f"{value:.0f}", kind="hour" if value <= 60.0 else "two" if value <= 120.0 else "")
