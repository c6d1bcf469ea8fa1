"""The *Reach* page: one origin, every year, mode and parameter set, switched in the page without reloading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np
import pandas as pd
import shapely

from atlas.base.geodesy import Bools, Floats, Ints, Texts
from atlas.base.words import Words, both
from atlas.data.layer import Layer
from atlas.data.parameters import SETS
from atlas.data.places import Place
from atlas.data.scenario import MODES, Scenario
from atlas.data.stamp import stamp
from atlas.land.ground import Ground
from atlas.land.population import Population
from atlas.land.surface import Surface, isochrones, surface_from
from atlas.maps.basemaps import displayed, placed
from atlas.maps.imprint import Around, around
from atlas.maps.packing import pack_geometries, pack_integers
from atlas.maps.page import Page
from atlas.maps.pages.layers import STYLES, common_data, opening_view
from atlas.maps.payload import Leg
from atlas.network.build import Network
from atlas.travel.comparison import people_units
from atlas.travel.journey import Journey, journey_on
from atlas.travel.minutes import edge_minutes
from atlas.travel.reach import locate
from atlas.travel.search import Tree
from atlas.travel.status import scenario_header
from atlas.travel.trip import Trip
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["Choices", "draw_reach", "line_groups", "reach_data"]

CUTOFFS_MIN = (60.0, 120.0)
#: Minutes of places are kept to a thousandth, those along lines to a tenth.
_PLACE_SCALE, _LINE_SCALE = 1000, 10
_DRAWN = ("run", "ride", "sail")
#: Areas on the screen: parts smaller than about a cell are left out, vertices are thinned to about 150 m.
_SPECK_DEGREES2, _THIN_DEGREES = 2.0e-5, 0.0015
Shift = Callable[[Texts], Texts]


@dataclass
class _Book:
    """Texts and legs that occur many times, each kept once."""

    texts: dict[str, int] = field(default_factory=dict)
    legs: dict[tuple[Leg, tuple[int, ...]], int] = field(default_factory=dict)
    journeys: list[list[int]] = field(default_factory=list)

    def text(self, words: str) -> int:
        return self.texts.setdefault(words, len(self.texts))

    def add(self, journey: Journey, group_of: Ints) -> None:
        """Note a journey's legs; the lines of a leg are the groups of its edges that have an extent."""
        found = []
        for leg in journey.legs:
            groups = tuple(int(g) for g in group_of[list(leg.edge_rows)] if g >= 0)
            named = Leg(
                self.text(leg.role),
                self.text(leg.name_zh),
                self.text(leg.name_en),
                self.text(leg.from_name),
                self.text(leg.to_name),
                self.text(leg.detail),
                self.text(leg.plan_ids),
                round(leg.length_km * 10),
                round(leg.minutes * _PLACE_SCALE),
                round(leg.wait_min * 10),
                round(leg.border_min * 10),
            )
            found.append(self.legs.setdefault((named, groups), len(self.legs)))
        self.journeys.append(found)

    def packed(self, english: Mapping[str, str]) -> dict[str, Any]:
        rows = list(self.legs)
        named = {words for text in self.texts for words in (text, *text.split("—"))}
        lines = [np.diff(np.array([0, *groups])) for _, groups in rows]
        return {
            "texts": list(self.texts),
            "english": {words: english[words] for words in sorted(named) if words in english},
            "legs": pack_integers(np.array([leg for leg, _ in rows], dtype=np.int64)),
            "lines_": pack_integers(np.concatenate([[], *lines])),
            "line_counts": pack_integers([len(line) for line in lines]),
            "journeys": pack_integers(np.concatenate([[], *self.journeys])),
            "journey_counts": pack_integers([len(journey) for journey in self.journeys]),
        }


@dataclass(frozen=True)
class Choices:
    """What a page of reaches can be switched between.

    Attributes
    ----------
    modes, sets
        Modes and parameter sets.
    opening
        Name of the scenario, mode and parameter set shown first; None: 2026 if there, every mode, central.
    """

    modes: Sequence[str] = MODES
    sets: Sequence[str] = SETS
    opening: tuple[str, str, str] | None = None


class Switched(Around, total=False):
    """The members of :class:`Choices`, beside what stands round any map."""

    modes: Sequence[str]
    sets: Sequence[str]
    opening: tuple[str, str, str] | None


def draw_reach(
    network: Network,
    origin: str | Place,
    scenarios: Sequence[Scenario],
    layers: Mapping[str, Layer],
    *,
    ground: Ground | None = None,
    progress: Callable[[int, int], None] | None = None,
    **given: Unpack[Switched],
) -> Page:
    """Draw what can be reached from `origin`: lines by minutes, places with minutes and route on click.

    Parameters
    ----------
    network, origin
        As for :func:`atlas.travel.reach.reach_from`.
    scenarios
        The years or scenario files to switch between, by name.
    layers
        ``places`` is needed; ``land`` and ``water`` are the backdrop.
    ground
        The access table of the land grid and the people on it: people inside are shown too, and the areas within
        reach.
    progress
        Called with the number of combinations computed and their total.
    **given
        ``modes`` and ``sets``, to switch between, and ``opening``, what is shown first: see :class:`Choices`; and what
        stands round the map, as for :func:`atlas.maps.pages.layers.draw_layers`.

    Returns
    -------
    Page
        A ``folium.Map``; :meth:`Page.save` writes it.

    Raises
    ------
    UnknownPlaceError, NetworkError, ScenarioError, MapError
        The origin is unknown or lies too far from any road; a mode is unknown; the page cannot be drawn as asked.

    Examples
    --------
    >>> page = atlas.draw_reach(network, "珠海", [now], catalog.layers(), modes=["drive"], title="Zhuhai", lang="en")
    >>> "Zhuhai" in page.html()
    True
    """
    choices = Choices(given.pop("modes", MODES), given.pop("sets", SETS), given.pop("opening", None))
    imprint, backdrop = around(given)
    shift = placed(layers, backdrop.basemap)
    found = reach_data(
        network, origin, scenarios, layers["places"].frame, choices, ground=ground, shift=shift, progress=progress
    )
    data = common_data(displayed(layers, backdrop.basemap), ["places"], imprint, backdrop.boundaries)
    data["reach"] = found
    return Page(
        "reach",
        data,
        imprint,
        title=imprint.titled(both("map.reach", origin=Words(*found["origin"]))),
        styles=STYLES,
        bounds=backdrop.bounds or opening_view(layers),
        hash=stamp(network.hash, [scenario.but(parameter_set=p) for scenario in scenarios for p in choices.sets]),
        basemap=backdrop.basemap,
    )


def reach_data(
    network: Network,
    origin: str | Place,
    scenarios: Sequence[Scenario],
    places: pd.DataFrame,
    choices: Choices,
    *,
    ground: Ground | None = None,
    shift: Shift | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return what a page needs to show the reach of one origin in every combination.

    Parameters
    ----------
    places
        Frame of the layer ``places``, in the order in which the page has it.
    ground
        The access table and the people on it, for areas and people; None: neither.
    shift
        Moves geometries to where the basemap has them.
    network, origin, scenarios, choices, progress
        As for :func:`draw_reach`.
    """
    modes, sets, opening = choices.modes, choices.sets, choices.opening
    start_network = network
    network, node_id = locate(network, origin)
    start = network.row_of[node_id]
    ends = [network.row_of.get(f"place/{name}", -1) for name in places["id"]]
    group_of, shapes, forward = line_groups(network)
    drawn = np.isin(network.arrays.role, _DRAWN) & (group_of >= 0)
    book = _Book()
    minutes, lines, inside, areas = [], [], [], []
    people = people_units(network)
    combinations = [(s.but(parameter_set=p), m) for s in scenarios for m in modes for p in sets]
    for done, (scenario, mode) in enumerate(combinations):
        trip = Trip(network, scenario, mode)
        tree = trip.tree(start)
        at = np.array([tree.node_minutes[end] if end >= 0 else np.inf for end in ends])
        minutes.append(_coded(at, _PLACE_SCALE))
        lines.append(_line_minutes(trip, tree, drawn, group_of, forward, len(shapes)))
        if ground is None:
            inside.append(_inside(places, at, people))
        else:
            surface = surface_from(start_network, origin, scenario, ground.links, mode=mode)
            inside.append(_covered(surface, ground.people, at))
            areas.append(_packed_areas(surface, shift))
        for end, reached in zip(ends, np.isfinite(at), strict=True):
            if reached:
                book.add(journey_on(trip, tree, end), group_of)
        if progress is not None:
            progress(done + 1, len(combinations))
    point = network.nodes.geometry.iloc[start]
    if shift is not None:
        point, shapes = shift(np.array([point], dtype=object))[0], shift(shapes)
    name_zh, name_en = network.node_names[start], str(network.nodes["name_en"].iloc[start])
    first = opening or (next((s.name for s in scenarios if s.name == "2026"), scenarios[0].name), modes[-1], "central")
    return {
        "origin": [name_zh, name_en or name_zh],
        "at": [round(point.x, 6), round(point.y, 6)],
        "own": node_id.removeprefix("place/"),
        "scenarios": [scenario.name for scenario in scenarios],
        "headers": [_header(network, scenario) for scenario in scenarios],
        "modes": list(modes),
        "sets": list(sets),
        "opening": list(first),
        "cutoffs": list(CUTOFFS_MIN),
        "parameters": _parameters(scenarios[0], sets),
        "minutes": pack_integers(np.concatenate(minutes)),
        "shapes": pack_geometries(shapes, decimals=4),
        "kinds": pack_integers(_kinds(network, group_of, len(shapes))),
        "lines": [pack_integers(pair) for pair in lines],
        "runs": [
            pack_integers(_run_minutes(network, scenarios[0].but(parameter_set=p), group_of, len(shapes))) for p in sets
        ],
        "inside": inside,
        **({"areas": areas} if ground is not None else {}),
        **book.packed(network.english_names),
    }


def _covered(surface: Surface, people: Population, at: Floats) -> list[list[int]]:
    """Return for each cut-off: places, people with the least and the most of all rules, km²."""
    found = []
    for cutoff in CUTOFFS_MIN:
        within = surface.within(cutoff)
        shown, low, high = people.inside(within)
        area = float(within.sum()) * surface.grid.cell_km2
        found.append([int((at <= cutoff + TOLERANCE_MIN).sum()), round(shown), round(low), round(high), round(area)])
    return found


def _packed_areas(surface: Surface, shift: Shift | None) -> dict[str, Any]:
    """Return the areas within each cut-off, small specks left out and vertices thinned for the screen."""
    shapes = isochrones(surface, CUTOFFS_MIN).geometry.to_numpy()
    thinned = np.array([_thinned(shape) for shape in shapes], dtype=object)
    return pack_geometries(shift(thinned) if shift is not None else thinned, decimals=3)


def _thinned(shape: shapely.MultiPolygon) -> shapely.MultiPolygon:
    parts = [part for part in shape.geoms if part.area > _SPECK_DEGREES2]
    kept = shapely.get_parts(shapely.simplify(np.array(parts, dtype=object), _THIN_DEGREES))
    return shapely.MultiPolygon([part for part in kept if part.geom_type == "Polygon" and not part.is_empty])


def _header(network: Network, scenario: Scenario) -> dict[str, Any]:
    header = scenario_header(network, scenario)
    return {key: header[key] for key in ("features", "assumed", "announced", "boarding", "period", "timetable", "hash")}


def _parameters(scenario: Scenario, sets: Sequence[str]) -> list[list[Any]]:
    """Name and the value in each set, then unit and source of every parameter."""
    chosen = [dict(scenario.but(parameter_set=name).parameters.values) for name in sets]
    about = {row.name: row for row in scenario.table.rows} if scenario.table is not None else {}
    return [
        [name, [values[name] for values in chosen], about[name].unit if name in about else ""] for name in chosen[0]
    ]


def line_groups(network: Network) -> tuple[Ints, Texts, Bools]:
    """Return the group of each edge (-1: no extent), the groups' lines, and whether an edge runs along its line.

    Edges of one shape, whatever their direction and train, are one group.
    """
    lines = network.edges.geometry.to_numpy()
    rows = np.nonzero(~shapely.is_missing(lines))[0]
    canonical = shapely.normalize(shapely.set_precision(lines[rows], 1e-5))
    rows, canonical = rows[~shapely.is_empty(canonical)], canonical[~shapely.is_empty(canonical)]
    found, group = np.unique(shapely.to_wkb(canonical), return_inverse=True)
    group_of = np.full(len(lines), -1, dtype=np.int64)
    group_of[rows] = group.ravel()
    shapes = shapely.from_wkb(found)
    starts = shapely.get_coordinates(shapely.get_point(shapes, 0))[group_of[rows]]
    own = shapely.get_coordinates(shapely.get_point(lines[rows], 0))
    forward = np.zeros(len(lines), dtype=bool)
    forward[rows] = np.abs(own - starts).max(axis=1) < 2e-5
    return group_of, np.asarray(shapes, dtype=object), forward


def _coded(minutes: Floats, scale: int) -> Ints:
    """Minutes as integers, rounded up so that what lies beyond a cut-off stays beyond it; -1: not reached."""
    known = np.isfinite(minutes)
    return np.where(known, np.ceil(np.where(known, minutes, 0.0) * scale - 1e-6 * scale), -1).astype(np.int64)


def _line_minutes(
    trip: Trip,
    tree: Tree,
    drawn: Bools,
    group_of: Ints,
    forward: Bools,
    count: int,
) -> Ints:
    """Return (2 × count,) coded minutes at the two ends of each line; -1 not reached, -2 not open."""
    rows = np.nonzero(drawn & trip.usable)[0]
    begin = trip.left_at(tree)[rows]
    end = begin + trip.minutes[rows]
    along, group = forward[rows], group_of[rows]
    ends = np.full((count, 2), np.inf)
    np.minimum.at(ends[:, 0], group, np.where(along, begin, end))
    np.minimum.at(ends[:, 1], group, np.where(along, end, begin))
    coded = _coded(np.where(ends <= 4 * CUTOFFS_MIN[-1], ends, np.inf), _LINE_SCALE)
    there = np.zeros(count, dtype=bool)
    there[group] = True
    coded[~there] = -2
    return coded.ravel()


def _run_minutes(network: Network, scenario: Scenario, group_of: Ints, count: int) -> Ints:
    """Return the least minutes from end to end of each line, coded."""
    first, _ = edge_minutes(network.arrays, scenario, lambda name: np.array([scenario.value(name)]))
    least = np.full(count, np.inf)
    rows = np.nonzero((group_of >= 0) & ~np.isnan(first[:, 0]))[0]
    np.minimum.at(least, group_of[rows], first[rows, 0])
    return _coded(least, _LINE_SCALE)


def _kinds(network: Network, group_of: Ints, count: int) -> Ints:
    """Return 0 for local links, 1 for roads, 2 for rides by line, 3 for ferries and coaches."""
    kinds = np.zeros(count, dtype=np.int64)
    role = network.arrays.role
    for name, code in (("run", 1), ("border", 1), ("ride", 2), ("sail", 3)):
        kinds[group_of[(role == name) & (group_of >= 0)]] = code
    return kinds


def _inside(frame: pd.DataFrame, minutes: Floats, people: Mapping[str, float]) -> list[list[int]]:
    """Return for each cut-off the places inside and the residents of the units whose seat is inside."""
    residents = np.array([people.get(str(name), 0.0) for name in frame["id"]])
    return [
        [
            int((minutes <= cutoff + TOLERANCE_MIN).sum()),
            round(float(residents[minutes <= cutoff + TOLERANCE_MIN].sum())),
        ]
        for cutoff in CUTOFFS_MIN
    ]
