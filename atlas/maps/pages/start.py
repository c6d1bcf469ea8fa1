"""The start page: what this is, the targets and their verdicts, the maps, downloads, hash and date."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from atlas.base.words import Words, both, joined, word_table
from atlas.data.region import ANYWHERE, Region
from atlas.maps.document import Cell, Table, fill, heads, held, year
from atlas.maps.words import region_lead, region_title

__all__ = ["Card", "Shelf", "Standing", "draw_start", "trip", "verdict_cell", "verdict_table"]


@dataclass(frozen=True)
class Card:
    """A link to a page or a file: its address, (Chinese, English) name, what it holds, and an SVG of it or nothing."""

    address: str
    name: tuple[str, str]
    about: tuple[str, str]
    picture: str = ""


@dataclass(frozen=True)
class _Tile:
    """A target whose minutes the plan states: the verdict now, in large, and the other years and readings."""

    title: Words
    verdict: str
    minutes: str
    limit: str
    lines: tuple[Words, ...]


def verdict_cell(row: Mapping[Any, Any], *beneath: Words) -> Cell:
    """Return a cell with the verdict and the minutes of the worst trip of one row of the summary."""
    minutes = float(row["minutes"])
    text = both("document.no_way") if math.isnan(minutes) else both("document.minutes", minutes=f"{minutes:.0f}")
    return Cell(text, kind="number", verdict=str(row["verdict"]), beneath=beneath)


def verdict_table(summary: pd.DataFrame, *, mode: str, measure: str, scenarios: Sequence[str]) -> Table:
    """Return one line a target and reading, one column a year, from :func:`atlas.plan.promises.summarise_claims`."""
    chosen = summary[(summary["mode"] == mode) & (summary["measure"] == measure)]
    rows = []
    for _, group in chosen.groupby(["target_id", "reading"], sort=False):
        by_year = group.set_index("scenario")
        first = group.iloc[0]
        ours = not str(first["limit_basis"]).startswith("stated")
        rows.append(
            [
                Cell(
                    Words(first["title_zh"], first["title_en"]),
                    head=True,
                    beneath=(both("limit_basis.ours"),) if ours else (),
                ),
                Cell(Words(first["definition_zh"], first["definition"])),
                Cell(f"{first['limit_min']:.0f}", kind="number"),
                *(verdict_cell(dict(by_year.loc[name])) for name in scenarios),
            ]
        )
    names = [*heads("target", "definition", "limit"), *(year(name) for name in scenarios)]
    return Table(names, rows, both("claims.summary_caption"))


@dataclass(frozen=True)
class Shelf:
    """What the site holds.

    Attributes
    ----------
    maps, downloads
        Its maps, and files to take away.
    read
        Its pages that are read: the promises, the report, the validation.
    ground
        What the pictures of the cards stand on, from :func:`atlas.maps.pictures.land_picture`.
    """

    maps: Sequence[Card]
    downloads: Sequence[Card]
    read: Sequence[Card] = ()
    ground: str = ""


@dataclass(frozen=True, eq=False)
class Standing:
    """What the start page says of the whole atlas.

    Attributes
    ----------
    scenarios
        The years of the verdicts, by name.
    date
        As-of date of the facts.
    hash
        Stamp of the layers and scenarios.
    assumed
        Number of features with an assumed year, by scenario.
    english
        English names of places by the Chinese ones.
    items
        From :func:`atlas.data.register.item_table`: what the full plan holds is said beside its numbers.
    region
        What the atlas is of.
    county_lines
        Whether pages show county lines: then the site may not be passed on.
    """

    scenarios: Sequence[str]
    date: str
    hash: str
    assumed: Mapping[str, int]
    english: Mapping[str, str] = field(default_factory=dict)
    items: pd.DataFrame | None = None
    region: Region = ANYWHERE
    county_lines: bool = False


def draw_start(summary: pd.DataFrame, shelf: Shelf, standing: Standing, *, lang: str = "zh") -> str:
    """Return the start page.

    Parameters
    ----------
    summary
        From :func:`atlas.plan.promises.summarise_claims`; empty for an atlas that promises nothing.
    shelf, standing
        What the site holds, and what is said of the atlas.
    lang
        Language the page opens in.
    """
    scenarios = standing.scenarios
    counts = joined(
        [both("start.assumed_count", year=_of(name), count=count) for name, count in standing.assumed.items()]
    )
    verdicts = None
    if not summary.empty:
        verdicts = verdict_table(summary, mode="multimodal", measure="door", scenarios=scenarios)
    return fill(
        "start.html",
        title=region_title(standing.region),
        lead=region_lead(standing.region),
        lang=lang,
        hash=standing.hash,
        county_lines=standing.county_lines,
        home=False,
        tiles=[] if summary.empty else _tiles(summary, scenarios, standing.english),
        maps=shelf.maps,
        ground=shelf.ground,
        read=shelf.read,
        verdicts=verdicts,
        assumed=counts,
        held=None if standing.items is None else held(standing.items),
        downloads=shelf.downloads,
        date=standing.date,
    )


def _of(name: str) -> Words:
    return both("year.of", year=name) if name.isdigit() else year(name)


def _tiles(summary: pd.DataFrame, scenarios: Sequence[str], english: Mapping[str, str]) -> list[_Tile]:
    """Return one tile a target whose minutes the plan states, by its default reading, which comes first."""
    now = "2026" if "2026" in scenarios else scenarios[0]
    chosen = summary[(summary["mode"] == "multimodal") & (summary["measure"] == "door")]
    chosen = chosen[chosen["limit_basis"].str.startswith("stated")]
    tiles = []
    for _, group in chosen.groupby("target_id", sort=False):
        default = group[group["reading"] == group["reading"].iloc[0]]
        rows = {str(row["scenario"]): row for row in default.to_dict("records")}
        shown = rows[now]
        minutes = _short(shown)
        others = [(name, _short(rows[name])) for name in scenarios if name != now]
        lines = [
            trip(shown, english),
            both("start.worst", year=_of(now), others=_other_years(minutes, others)),
        ]
        verdicts = group[group["scenario"] == now]["verdict"]
        if len(verdicts) > 1:
            lines.append(both("start.readings", counts=_counts(verdicts)))
        tiles.append(
            _Tile(
                Words(shown["title_zh"], shown["title_en"]),
                str(shown["verdict"]),
                minutes,
                f"{shown['limit_min']:.0f}",
                tuple(lines),
            )
        )
    return tiles


def _counts(verdicts: pd.Series) -> Words:
    """Say how many readings come to which verdict."""
    words = word_table("verdict_short")
    counts = [(int((verdicts == name).sum()), said) for name, said in words.items()]
    return joined([both("start.reading_count", count=count, verdict=said) for count, said in counts if count])


def trip(row: Mapping[Any, Any], english: Mapping[str, str]) -> Words:
    """Return the worst trip of a row of the summary, from where to where."""
    start, end = (Words(name, english.get(name, name)) for name in (str(row["worst_from_zh"]), str(row["worst_to_zh"])))
    return both("document.arrow", start=start, end=end)


def _other_years(now: str, others: Sequence[tuple[str, str]]) -> Words:
    """Return the minutes of the other years in words; the same number is said once."""
    if all(minutes == now for _, minutes in others):
        return both("start.same")
    return joined([both("start.other", year=year(name), minutes=minutes) for name, minutes in others], "list.dot")


def _short(row: Mapping[Any, Any]) -> str:
    minutes = float(row["minutes"])
    return "—" if math.isnan(minutes) else f"{minutes:.0f}"
