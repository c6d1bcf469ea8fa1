"""Figures and tables of what projects are worth and of what targets need; for pages and the report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import pandas as pd

from atlas.base.tables import listing
from atlas.base.words import Words, both, capital, joined, word_table
from atlas.data.region import Region
from atlas.decide.needs import SHARE_OF_POSSIBLE
from atlas.face.decisions import Decisions, Row
from atlas.maps.charts import Bar, Figure, Series, bar_chart, slope_chart, waterfall_chart
from atlas.maps.document import Cell, Table, heads, number, year
from atlas.maps.words import city_words
from atlas.plan.deciding import Deciding, Part
from atlas.plan.promises import Target

__all__ = [
    "LEAST_SAID",
    "break_figure",
    "city_figures",
    "closed_link",
    "explorer",
    "gap_table",
    "heads_cell",
    "interaction_table",
    "link_words",
    "minutes_cell",
    "named",
    "need_words",
    "option_table",
    "option_words",
    "part_words",
    "said_people",
    "seats_by_name",
    "slope_figure",
    "switch_table",
    "target_worth_figure",
    "waterfall_figure",
    "worth_figure",
]

English = Mapping[str, str]
#: Rows of charts; tables hold all there is.
_PROJECTS, _OF_A_CITY, _BREAKS, _PARTS = 10, 5, 6, 7


def explorer(state: Mapping[str, str], was: Mapping[str, str] | None = None) -> str:
    """Return the address of the explorer on a question; with `was`, set beside it as what changes.

    Examples
    --------
    >>> explorer({"y": "2030", "o": "zhuhai"})
    'explore.html#o=zhuhai&y=2030'
    """
    shown = dict(state)
    if was is not None:
        shown |= {"d": "change", "pin": _hash(was)}
    return f"explore.html#{_hash(shown)}"


def _hash(values: Mapping[str, str]) -> str:
    return "&".join(f"{key}={quote(value, safe='/,')}" for key, value in sorted(values.items()))


def with_and_without(seat: str, features: Sequence[str], name: str, link: bool) -> str:
    """Return where the explorer shows what a project does in a year; nothing where it is not beside the page."""
    if not (link and seat and features):
        return ""
    return explorer({"o": seat, "y": name}, {"o": seat, "y": name, "wo": listing(features)})


def closed_link(seat: str, features: Sequence[str], name: str, link: bool) -> str:
    """Return where the explorer shows a year with features closed; nothing where it is not beside the page."""
    if not (link and seat and features):
        return ""
    return explorer({"o": seat, "y": name, "c": listing(features)}, {"o": seat, "y": name})


def named(row: Row, zh: str = "name_zh", en: str = "name_en") -> Words:
    """Return the names of a row."""
    return Words(str(row[zh]), str(row.get(en) or row[zh]))


def link_words(found: Decisions, row: Row) -> Words:
    """Return the name of a link; with its ends where another bears the same."""
    name = named(row)
    span = found.facts["spans"].get(row["link"])
    if not span:
        return name
    english = found.facts["english"]
    return both("figures.span", name=name, start=place_words(span[0], english), end=place_words(span[1], english))


def place_words(name: str, english: English) -> Words:
    """Return a place, station or junction in both languages, by its Chinese name."""
    return Words(name, english.get(name, name))


def _way(start: str, end: str, english: English) -> Words:
    return both("document.arrow", start=place_words(start, english), end=place_words(end, english))


#: Fewer people than this are said as nought.
LEAST_SAID = 500


def said_people(value: float) -> Words:
    """Return people as either language counts them."""
    return Words(f"{value / 1e4:,.1f} 万", f"{value / 1e3:,.0f}k")


def heads_cell(value: float | None, *, error: bool = False) -> Cell:
    """Return people: by ten thousand, and by thousand."""
    if value is None:
        return Cell("—", kind="number")
    sign = "± " if error else ""
    zh, en = f"{value / 1e4:,.1f}".replace("-", "−"), f"{value / 1e3:,.1f}".replace("-", "−")
    return Cell(Words(sign + zh, sign + en), kind="number zero" if not value else "number")


def minutes_cell(value: float | None, decimals: int = 1) -> Cell:
    """Return minutes; a dash where there is no way."""
    return Cell("—", kind="number") if value is None or math.isnan(value) else number(value, decimals=decimals)


def _opens(row: Row) -> Cell:
    if row.get("opens_year") is None:
        return Cell(year("full"), kind="number")
    return Cell(str(int(row["opens_year"])), kind="number", beneath=(both(f"opens_basis.{row['opens_basis']}"),))


# --- projects ---------------------------------------------------------------------------------------------------


def worth_figure(found: Decisions, seat: str = "", *, link: bool = True) -> Figure:
    """Return the projects of most worth by people, with all of them in the table."""
    facts = found.facts
    bars = [
        Bar(
            named(row), float(row["value"]), said_people(float(row["value"])), float(row["standard_error"] or 0.0),
            link=with_and_without(seat, facts["features"].get(row["project"], ()), facts["weighed_in"], link),
        )
        for row in found.projects[:_PROJECTS]
        if row["value"]
    ]  # fmt: skip
    rows = [
        [
            Cell(named(row), head=True),
            _opens(row),
            heads_cell(row["first_in"]),
            heads_cell(row["last_in"]),
            heads_cell(row["value"]),
            heads_cell(row["standard_error"], error=True),
            Cell("—" if row["share"] is None else f"{row['share']:.1%}", kind="number"),
        ]
        for row in found.projects
        if not _idle(row)
    ]
    idle = [named(row) for row in found.projects if _idle(row)]
    names = heads("project", "year", "first_in", "last_in", "worth", "error_of", "share")
    title = both("figures.worth", year=facts["weighed_in"], since=facts["since"])
    note = both("figures.worth_note", joint=said_people(facts["joint"]), orders=facts["orders"], seed=facts["seed"])
    if facts["method"] == "exact":
        note = both("figures.worth_note_exact", joint=said_people(facts["joint"]))
    if idle:
        without = both("figures.sites_idle", names=joined(idle))
        note = Words(note.zh + without.zh, f"{note.en} {without.en}")
    return Figure(title, bar_chart(title, bars), Table(names, rows, both("figures.worth_caption")), note)


def _idle(row: Row) -> bool:
    """Whether a project brings nobody within the circle, alone, as the last or on average."""
    return all(abs(float(row[key])) < LEAST_SAID for key in ("first_in", "last_in", "value"))


def city_figures(found: Decisions, region: Region, *, link: bool = True) -> list[Figure]:
    """Return for each city of the core what projects are worth to its residents, in people and in minutes."""
    made = []
    for one in region.core:
        city = city_words(region, one.city)
        share = found.facts["city_share"].get(one.city) or 1.0
        people = found.of(found.cities, "city", one.city)
        minutes = [
            {**row, **{key: row[key] / share for key in ("first_in", "last_in", "value", "standard_error")}}
            for row in found.of(found.city_minutes, "city", one.city)
        ]
        asked = (("of_city", people, said_people, heads_cell, 1.0), ("of_city_min", minutes, _said2, _two, 0.005))
        for name, rows, said, cell, least in asked:
            kept = sorted((row for row in rows if row["value"] >= least), key=lambda row: -row["value"])
            title = both(f"figures.{name}", city=city)
            if not kept:
                made.append(Figure(title, None, None, both("figures.none")))
                continue
            bars = [
                Bar(
                    named(row), row["value"], said(row["value"]), row["standard_error"],
                    link=with_and_without(
                        one.seat, found.facts["features"].get(row["project"], ()), found.facts["weighed_in"], link
                    ),
                )
                for row in kept[:_OF_A_CITY]
            ]  # fmt: skip
            table = Table(
                heads("project", "first_in", "last_in", "worth", "error_of"),
                [
                    [Cell(named(row), head=True),
                     *(cell(row[key]) for key in ("first_in", "last_in", "value", "standard_error"))]
                    for row in kept
                ],
                both(f"figures.{name}_caption", city=city),
            )  # fmt: skip
            made.append(Figure(title, bar_chart(title, bars), table))
    return made


def _said2(minutes: float) -> Words:
    return Words(*(f"{minutes:.2f}",) * 2)


def _two(minutes: float) -> Cell:
    return minutes_cell(minutes, 2)


def interaction_table(found: Decisions) -> Table:
    """Return pairs of projects that need each other, or stand in for each other."""
    rows = [
        [
            Cell(named(row), head=True),
            Cell(named(row, "other_zh", "other_en")),
            heads_cell(row["together"]),
            heads_cell(row["apart"]),
            heads_cell(row["interaction"]),
            Cell(both("figures.need_each_other" if row["interaction"] > 0 else "figures.stand_in")),
        ]
        for row in found.interactions
        if abs(row["interaction"]) >= LEAST_SAID
    ]
    names = heads("project", "other", "together", "apart", "interaction", "meaning")
    return Table(names, rows, both("figures.interactions"))


def switch_table(found: Decisions) -> Table:
    """Return the counties whose nearest port, airport or hub changes."""
    rows = [
        [
            Cell(named(row), head=True),
            Cell(capital(both(f"site_kind.{row['kind_of_site']}"))),
            Cell(named(row, "before_zh", "before_en"), beneath=(_min(row["before_min"]),)),
            Cell(named(row, "after_zh", "after_en"), beneath=(_min(row["after_min"]),)),
            minutes_cell(row["saved_min"]),
            Cell(both(f"change.{row['crossing']}") if row["crossing"] else ""),
        ]
        for row in found.switches
    ]
    since, until = found.facts["since"], found.facts["weighed_in"]
    names = [*heads("county", "kind"), Words(since, since), Words(until, until), *heads("saved", "circle")]
    return Table(names, rows, both("figures.switches", since=since, until=until))


def _min(value: float | None, decimals: int = 0) -> Words:
    return both("document.no_way") if value is None else both("document.minutes", minutes=f"{value:.{decimals}f}")


# --- targets ----------------------------------------------------------------------------------------------------


def slope_figure(summary: pd.DataFrame, target: Target, scenarios: Sequence[str]) -> Figure:
    """Return the minutes of a target's worst trip over the years, by its default reading and by way of travelling."""
    chosen = summary[
        (summary["target_id"] == target.id)
        & (summary["reading"] == target.default.id)
        & (summary["measure"] == "door")
        & summary["scenario"].isin(list(scenarios))
    ]
    series, rows = [], []
    for mode in ("multimodal", "drive", "rail"):
        by_year = chosen[chosen["mode"] == mode].set_index("scenario")["minutes"].astype(float).to_dict()
        values = tuple(float(by_year.get(name, math.nan)) for name in scenarios)
        series.append(Series(both(f"mode_short.{mode}"), values))
        rows.append([Cell(both(f"mode.{mode}"), head=True), *(minutes_cell(value, 0) for value in values)])
    title = both("figures.slope")
    limit = both("figures.limit", limit=target.limit_min)
    chart = slope_chart(title, [year(name) for name in scenarios], series, limit=target.limit_min, limit_said=limit)
    table = Table([*heads("mode"), *(year(name) for name in scenarios)], rows, both("figures.slope_caption"))
    return Figure(title, chart, table)


def part_words(part: Part, english: English) -> Words:
    """Return what a part of a trip is called; English names of two places in one town may be the same."""
    start, end = place_words(part.start, english), place_words(part.end, english)
    said = both(f"part.{part.kind}", name=Words(part.name_zh, part.name_en), start=start, end=end)
    if part.kind == "local" and start.en == end.en:
        return Words(said.zh, both("part.local_in", place=start).en)
    return said


def waterfall_figure(
    trip: Deciding, limit: float, english: English, place_ids: Mapping[str, str], *, link: bool
) -> Figure:
    """Return the parts of the deciding trip in the order of travel, the smallest together at the end."""
    kept = sorted(trip.parts, key=lambda part: -part.minutes)[:_PARTS]
    shown = [part for part in sorted(trip.parts, key=lambda part: part.place) if part in kept]
    bars = [Bar(part_words(part, english), part.minutes, _said(part.minutes)) for part in shown]
    rest = [part for part in trip.parts if part not in kept]
    if rest:
        left = sum(part.minutes for part in rest)
        bars.append(Bar(both("figures.rest", count=len(rest)), left, _said(left)))
    ends = _way(trip.start, trip.end, english)
    total = Bar(ends, trip.minutes, _said(trip.minutes))
    when = both("year.of", year=trip.scenario) if trip.scenario.isdigit() else year(trip.scenario)
    title = both("figures.waterfall", year=when, trip=ends)
    chart = waterfall_chart(title, bars, total, limit=limit, limit_said=both("figures.limit", limit=limit))
    rows = [
        [Cell(part_words(part, english), head=True), minutes_cell(part.minutes)]
        for part in sorted(trip.parts, key=lambda part: part.place)
    ]
    rows.append([Cell(both("head.all"), head=True), minutes_cell(trip.minutes)])
    start = place_ids.get(trip.start, "")
    address = explorer({"o": start, "y": trip.scenario, "k": f"{limit:g}"}) if link and start else ""
    return Figure(title, chart, Table(heads("part", "minutes"), rows, both("figures.waterfall_caption")), link=address)


def _said(minutes: float) -> Words:
    return Words(*(f"{minutes:.1f}",) * 2)


def target_worth_figure(found: Decisions, target: str, seat: str, *, link: bool = True) -> Figure:
    """Return the minutes that projects take off the average trip of a target."""
    rows = sorted(found.of(found.targets, "target", target), key=lambda row: -row["value"])
    facts = found.facts
    title = both("figures.target_worth", since=facts["since"], year=facts["weighed_in"])
    rows = [row for row in rows if max(row["value"], row["first_in"], row["last_in"]) >= 0.05]
    if not rows:
        return Figure(title, None, None, both("figures.target_none"))
    bars = [
        Bar(
            named(row), row["value"], _said(row["value"]), row["standard_error"],
            link=with_and_without(seat, facts["features"].get(row["project"], ()), facts["weighed_in"], link),
        )
        for row in rows[:_PROJECTS]
    ]  # fmt: skip
    table = Table(
        heads("project", "first_in", "last_in", "worth", "error_of"),
        [
            [
                Cell(named(row), head=True),
                *(minutes_cell(row[name], 2) for name in ("first_in", "last_in", "value")),
                Cell(f"± {row['standard_error']:.2f}", kind="number"),
            ]
            for row in rows
        ],
        both("figures.target_caption"),
    )
    return Figure(title, bar_chart(title, bars), table)


def break_figure(found: Decisions, target: str, seat: str, english: English, *, link: bool = True) -> Figure:
    """Return the closures that make trips of a target longest."""
    rows = found.of(found.breaks, "target", target)
    facts = found.facts
    title = both("figures.breaks", year=facts["judged_in"])
    if not rows:
        return Figure(title, None, None, both("figures.breaks_none"))
    bars = [
        Bar(
            link_words(found, row), float(row["later_min"] or 0.0),
            both("figures.cut") if row["later_min"] is None else both("figures.later", minutes=row["later_min"]),
            link=closed_link(seat, (row["link"],), facts["judged_in"], link),
        )
        for row in rows[:_BREAKS]
    ]  # fmt: skip
    table = Table(
        heads("link", "trips_lost", "trips_cut", "later", "hit_trip"),
        [
            [
                Cell(link_words(found, row), head=True),
                number(row["trips_lost"]),
                number(row["trips_cut"]),
                minutes_cell(row["later_min"]),
                Cell(
                    both(
                        "document.arrow", start=place_words(row["start"], english), end=place_words(row["end"], english)
                    ),
                    beneath=(
                        both("figures.from_to", before=_min(row["before_min"], 1), after=_min(row["after_min"], 1)),
                    ),
                ),
            ]
            for row in rows
        ],
        both("figures.breaks_caption"),
    )
    return Figure(title, bar_chart(title, bars, fill="hatched"), table)


def need_words(found: Decisions, target: str, english: English) -> Words | None:
    """Say what a target needs in the year it is judged."""
    rows = found.of(found.needs, "target", target)
    if not rows:
        return None
    one = rows[0]
    ends = {"start": place_words(one["from"], english), "end": place_words(one["to"], english)}
    facts = {"year": found.facts["judged_in"], "minutes": one["minutes"], "limit": one["limit_min"], **ends}
    if one["minutes"] is None:
        return both("needs.no_way", **ends, year=found.facts["judged_in"])
    if one["met"]:
        return both("needs.met", spare=-one["over_min"], **facts)
    options = [row for row in found.of(found.options, "target", target) if row["possible"]]
    if options:
        return both("needs.solved", least=option_words(options[0]), **facts)
    if one.get("name_zh") is None or one["least_min"] is None:
        return both("needs.nothing", **facts)
    part = {"name": named(one), "part": one["part"], "least": one["least_min"]}
    ends = {"part_from": place_words(one["part_from"], english), "part_to": place_words(one["part_to"], english)}
    return both("needs.cannot", **facts, **part, **ends)


def option_words(row: Row) -> Words:
    """Say one option: what changes from what to what, and with what else."""
    told = [_lever(row, "", named(row))]
    if row["other_zh"]:
        told.append(_lever(row, "other_", named(row, "other_zh", "other_en")))
    return joined(told, "list.and_")


def _lever(row: Row, which: str, name: Words) -> Words:
    unit, before, needed = (row[f"{which}{key}"] for key in ("unit", "before", "needed"))
    if unit == SHARE_OF_POSSIBLE:
        return both("needs.all", share=needed)
    if unit in ("projects", "") or needed is None or before is None:
        return both("needs.build", name=name) if row["by"] == "project" else name
    units = word_table("need_unit").get(unit) or word_table("unit").get(unit, Words(unit, unit))
    digits = 2 if max(abs(before), abs(needed)) < 10 else 0
    return both("needs.lever", name=name, before=f"{before:,.{digits}f}", needed=f"{needed:,.{digits}f}", unit=units)


def option_table(found: Decisions, target: str) -> Table | None:
    """Return the options of a target, the least change first."""
    rows = found.of(found.options, "target", target)
    if not rows:
        return None
    return Table(
        heads("option", "by", "reduction", "then", "possible"),
        [
            [
                Cell(option_words(row), head=True),
                Cell(both(f"need_kind.{row['by']}")),
                Cell("—" if row["by"] == "project" or row["change"] is None else f"{row['change']:.0%}", kind="number"),
                minutes_cell(row["minutes"] if row["minutes"] is not None else row["best_min"]),
                Cell(both("needs.yes" if row["possible"] else "needs.no")),
            ]
            for row in rows
        ],
        both("needs.caption"),
    )


def gap_table(found: Decisions) -> Table:
    """Return the trips that stay outside, and for each the shortest new road and railway that would do."""
    trips: dict[tuple[str, str, float], dict[str, Row]] = {}
    for row in found.gaps:
        trips.setdefault((row["from_id"], row["to_id"], row["limit_min"]), {}).setdefault(row["link"], row)
    rows = []
    for links in trips.values():
        row = next(iter(links.values()))
        ends = both("document.arrow", start=named(row, "from_zh", "from_en"), end=named(row, "to_zh", "to_en"))
        rows.append(
            [
                Cell(ends, head=True),
                *(minutes_cell(row[key], 0) for key in ("limit_min", "before_min", "minutes")),
                Cell(both("figures.improved" if row["improved"] else "figures.not_improved")),
                *(_gap_cell(links.get(kind)) for kind in ("road", "rail")),
            ]
        )
    since, until = found.facts["since"], found.facts["weighed_in"]
    names = [*heads("trip", "limit"), Words(since, since), Words(until, until)]
    return Table([*names, *heads("by_plan", "new_road", "new_rail")], rows, both("figures.gaps", until=until))


def _gap_cell(row: Row | None) -> Cell:
    if row is None or row["length_km"] is None:
        return Cell(both("figures.no_link"))
    facts = {"start": named(row, "start_zh", "start_en"), "end": named(row, "end_zh", "end_en"), "km": row["length_km"]}
    link = both("figures.gap_link", **facts)
    told = both("figures.gap_strait", link=link, water=row["water_km"]) if row["strait"] else link
    return Cell(told, beneath=(_min(row["with_min"]),))


def seats_by_name(frame: pd.DataFrame) -> dict[str, str]:
    """Return ids of places by their Chinese names."""
    return {str(row["name_zh"]): str(row["id"]) for row in frame[["name_zh", "id"]].to_dict("records")}
