"""Railways from OpenStreetMap tracks: lines through their stations.

Tracks are many and parallel, and stations stand beside them; the atlas wants a line that passes its
stations. So each station is joined to the tracks near it, the shortest way along the tracks is sought from
every station to those next to it, and neighbouring stretches of one name are strung into lines.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import KM_A_DEGREE, Floats, distance_km, length_km
from atlas.base.tables import listing
from atlas.imports.osm.read import Extract, Positions
from atlas.imports.osm.roads import Piece, pieces_of
from atlas.imports.osm.tags import Tags, common, opening, speed_kmh

__all__ = ["rails_of"]

Record = dict[str, Any]
Point = tuple[float, float]
#: How far a station's point may stand from a track that serves it.
STATION_REACH_KM = 0.25
_METRO = {"subway", "light_rail", "monorail"}


@dataclass(frozen=True)
class Rails:
    """Records and geometries of railways, the lines through each station, and what was noticed."""

    records: list[Record]
    lines: list[BaseGeometry]
    stations: dict[str, list[str]]
    notes: list[str]


@dataclass(frozen=True)
class _Section:
    """The way along the tracks between two stations with none between."""

    a: str
    b: str
    line: tuple[Point, ...]
    ways: tuple[int, ...]


class TrackGraph:
    """Track pieces as a graph of places, with stations joined to the tracks near them.

    Parameters
    ----------
    lines
        (way, (n, 2) lon, lat) of each piece of track; pieces join where they share a place.
    """

    def __init__(self, lines: Sequence[tuple[int, Floats]]) -> None:
        self.edges: dict[Point, list[tuple[Point, float, int]]] = defaultdict(list)
        self._lines = [(way, xy) for way, xy in lines]
        self._tree = shapely.STRtree([shapely.LineString(xy) for _, xy in lines])
        for way, xy in lines:
            places = [(float(x), float(y)) for x, y in xy]
            for a, b in pairwise(places):
                self._join(a, b, way)

    def _join(self, a: Point, b: Point, way: int) -> None:
        km = distance_km(*a, *b)
        self.edges[a].append((b, km, way))
        self.edges[b].append((a, km, way))

    def feet(self, at: Point, reach_km: float) -> list[Point]:
        """Return the nearest vertex on each piece of track within reach of `at`, adding one where it is far."""
        point = shapely.Point(at)
        scale = 1.0 / np.cos(np.radians(at[1]))
        found = []
        for place in sorted(self._tree.query(point.buffer(reach_km * scale / KM_A_DEGREE))):
            way, xy = self._lines[int(place)]
            line = self._tree.geometries[int(place)]
            foot = shapely.line_interpolate_point(line, shapely.line_locate_point(line, point))
            if distance_km(*at, foot.x, foot.y) > reach_km:
                continue
            nearest = int(np.argmin(np.hypot(xy[:, 0] - foot.x, xy[:, 1] - foot.y)))
            vertex = (float(xy[nearest, 0]), float(xy[nearest, 1]))
            if distance_km(*vertex, foot.x, foot.y) > 0.05:
                vertex = self._insert(line, xy, way, foot)
            found.append(vertex)
        return list(dict.fromkeys(found))

    def _insert(self, line: BaseGeometry, xy: Floats, way: int, foot: shapely.Point) -> Point:
        """Add a vertex at `foot` between its two neighbours on the piece."""
        vertex = (round(float(foot.x), 6), round(float(foot.y), 6))
        along = shapely.line_locate_point(line, shapely.points(xy))
        after = int(np.clip(np.searchsorted(along, shapely.line_locate_point(line, foot)), 1, len(xy) - 1))
        for neighbour in (xy[after - 1], xy[after]):
            self._join((float(neighbour[0]), float(neighbour[1])), vertex, way)
        return vertex


def rails_of(
    extract: Extract,
    area: BaseGeometry | None,
    stations: Sequence[tuple[str, str, Point]],
    *,
    source: str,
    as_of: str,
) -> Rails:
    """Make railways of the tracks of an extract.

    Parameters
    ----------
    extract
        As read.
    area
        What to take; None: everything.
    stations
        Id, class (``metro`` or ``rail``) and place of each station.
    source, as_of
        Key of the ledger, and the ISO date of the extract.

    Notes
    -----
    A station is taken to be served by every track of its class within 250 m, so a fast line that passes
    a station without stopping counts as calling there. Sidings and yards are left out.
    """
    notes: list[str] = []
    pieces = pieces_of(extract.rails, extract.positions, area, notes)
    made = Rails([], [], defaultdict(list), notes)
    tags = {piece.way: piece.tags for piece in pieces}
    for group in ("rail", "metro"):
        halts = {name: at for name, kind, at in stations if kind == group}
        own = [piece for piece in pieces if (_track_class(piece.tags) == group)]
        for section_set in _open_and_planned(own, halts, extract.positions):
            for chain in _chains(section_set, tags):
                _add_line(made, chain, tags, source, as_of)
    idle = sum(1 for name, _, _ in stations if name not in made.stations)
    if idle:
        notes.append(f"stations on no track between two stations: {idle}")
    return made


def _track_class(tags: Tags) -> str:
    told = tags.get("railway", "")
    told = tags.get(told, "") if told in {"construction", "proposed"} else told
    return "metro" if told in _METRO else "rail"


def _open_and_planned(
    pieces: Sequence[Piece], halts: Mapping[str, Point], where: Positions
) -> Iterator[list[_Section]]:
    """Yield the sections of what runs, then those that what is being built adds."""
    running = [piece for piece in pieces if piece.tags.get("railway") not in {"construction", "proposed"}]
    first = _sections(running, halts, where)
    yield first
    if len(running) < len(pieces):
        there = {frozenset((s.a, s.b)) for s in first}
        future = {piece.way for piece in pieces} - {piece.way for piece in running}
        more = _sections(pieces, halts, where)
        yield [s for s in more if frozenset((s.a, s.b)) not in there and future & set(s.ways)]


def _sections(pieces: Sequence[Piece], halts: Mapping[str, Point], where: Positions) -> list[_Section]:
    if not pieces or not halts:
        return []
    lines = [(p.way, np.column_stack([where.lon[p.rows], where.lat[p.rows]])) for p in pieces]
    graph = TrackGraph(lines)
    feet = {name: graph.feet(at, STATION_REACH_KM) for name, at in sorted(halts.items())}
    owner: dict[Point, list[str]] = defaultdict(list)
    for name, places in feet.items():
        for place in places:
            owner[place].append(name)
    found: dict[frozenset[str], tuple[float, _Section]] = {}
    for name, places in feet.items():
        for km, section in _neighbours(graph, name, places, owner, halts):
            pair = frozenset((section.a, section.b))
            if pair not in found or km < found[pair][0]:
                found[pair] = (km, section)
    return [section for _, section in sorted(found.values(), key=lambda one: (one[1].a, one[1].b))]


def _neighbours(
    graph: TrackGraph, name: str, feet: Sequence[Point], owner: Mapping[Point, list[str]], halts: Mapping[str, Point]
) -> Iterator[tuple[float, _Section]]:
    """Search along the tracks from one station and stop at every other station met."""
    best: dict[Point, float] = {}
    came: dict[Point, tuple[Point, int]] = {}
    heap: list[tuple[float, Point]] = []
    for foot in feet:
        best[foot] = distance_km(*halts[name], *foot)
        heapq.heappush(heap, (best[foot], foot))
    met: set[str] = set()
    while heap:
        km, here = heapq.heappop(heap)
        if km > best[here]:
            continue
        others = [other for other in owner.get(here, ()) if other != name]
        for other in others:
            # Each pair is told once, from the smaller name; the way back is the same way.
            if other not in met and name < other:
                yield km, _section(name, other, here, came, halts)
            met.add(other)
        if others:
            continue
        for there, step, way in graph.edges[here]:
            if km + step < best.get(there, float("inf")):
                best[there] = km + step
                came[there] = (here, way)
                heapq.heappush(heap, (km + step, there))


def _section(
    a: str, b: str, end: Point, came: Mapping[Point, tuple[Point, int]], halts: Mapping[str, Point]
) -> _Section:
    places, ways = [end], []
    while places[-1] in came:
        before, way = came[places[-1]]
        places.append(before)
        ways.append(way)
    places.reverse()
    # The station's own point takes the place of the foot it is joined by, so that lines run through it.
    line = [halts[a], *places[1:-1], halts[b]]
    distinct = [line[0], *(place for before, place in pairwise(line) if place != before)]
    return _Section(a, b, tuple(distinct), tuple(dict.fromkeys(reversed(ways))))


def _line_name(section: _Section, tags: Mapping[int, Tags]) -> str:
    told = Counter(tags[way].get("name") or tags[way].get("ref") or "" for way in section.ways)
    named = [(count, name) for name, count in told.items() if name]
    return max(named)[1] if named else ""


def _chains(sections: Sequence[_Section], tags: Mapping[int, Tags]) -> Iterator[list[_Section]]:
    """String sections of one name together, from end to end; a station where it forks ends a string."""
    by_name: dict[str, list[_Section]] = defaultdict(list)
    for section in sections:
        by_name[_line_name(section, tags)].append(section)
    for name in sorted(by_name):
        at: dict[str, list[_Section]] = defaultdict(list)
        for section in by_name[name]:
            at[section.a].append(section)
            at[section.b].append(section)
        used: set[frozenset[str]] = set()
        ends = [station for station in sorted(at) if len(at[station]) != 2]
        for start in [*ends, *sorted(at)]:
            for first in at[start]:
                chain = list(_follow(start, first, at, used))
                if chain:
                    yield from _as_one(chain)


def _follow(
    start: str, first: _Section, at: Mapping[str, list[_Section]], used: set[frozenset[str]]
) -> Iterator[_Section]:
    here, section = start, first
    while frozenset((section.a, section.b)) not in used:
        used.add(frozenset((section.a, section.b)))
        yield section if section.a == here else _turned(section)
        here = section.b if section.a == here else section.a
        onward = [s for s in at[here] if frozenset((s.a, s.b)) not in used]
        if len(at[here]) != 2 or not onward:
            return
        section = onward[0]


def _turned(section: _Section) -> _Section:
    return _Section(section.b, section.a, section.line[::-1], section.ways[::-1])


def _as_one(chain: list[_Section]) -> Iterator[list[_Section]]:
    """Keep a string whole when its line is simple, else give its sections one by one."""
    if len(chain) > 1 and chain[0].a != chain[-1].b and shapely.LineString(_joined(chain)).is_simple:
        yield chain
    else:
        yield from ([section] for section in chain)


def _joined(chain: Sequence[_Section]) -> list[Point]:
    return [*chain[0].line, *(place for section in chain[1:] for place in section.line[1:])]


def _add_line(made: Rails, chain: Sequence[_Section], tags: Mapping[int, Tags], source: str, as_of: str) -> None:
    halts = [chain[0].a, *(section.b for section in chain)]
    line = _joined(chain)
    ways = tuple(dict.fromkeys(way for section in chain for way in section.ways))
    if len(line) < 2 or not ways:
        return
    name = f"osm-rail-{halts[0].removeprefix('osm-')}-{halts[-1].removeprefix('osm-')}"
    told = Counter(_line_name(section, tags) for section in chain).most_common(1)[0][0]
    first = next(
        (tags[way] for way in ways if told and told in (tags[way].get("name"), tags[way].get("ref"))), tags[ways[0]]
    )
    worst = next((tags[way] for way in ways if tags[way].get("railway") in {"construction", "proposed"}), first)
    speeds = [speed for way in ways if (speed := speed_kmh(tags[way])) is not None]
    shape = shapely.LineString(line)
    record = common(name, first, _kind(first, told), f"way/{ways[0]}", source=source, as_of=as_of, city=None)
    passenger = first.get("railway:traffic_mode") != "freight" and first.get("usage") != "freight"
    made.records.append(
        record
        | opening(worst, "railway")
        | {
            "design_speed_kmh": None,
            "operating_speed_kmh": max(speeds) if speeds else None,
            "passenger": passenger,
            "station_ids": listing(halts),
            "published_length_km": None,
            "drawn_length_km": round(length_km(shape), 3),
            "in_network": True,
            "course": "known",
            "upgrades": "",
        }
    )
    made.lines.append(shape)
    for halt in halts:
        made.stations[halt].append(name)


def _kind(tags: Tags, name: str) -> str:
    if _track_class(tags) == "metro":
        return "metro"
    if "城际" in name or "Intercity" in name:
        return "intercity"
    if tags.get("highspeed") == "yes" or "高速" in name:
        return "high_speed"
    return "freight" if "freight" in (tags.get("usage"), tags.get("railway:traffic_mode")) else "conventional"
