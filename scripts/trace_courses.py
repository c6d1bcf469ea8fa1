#!/usr/bin/env python
"""Read the bends of railways and roads off given courses into the fact tables of via points.

    scripts/trace_courses.py FOLDER            write rail_via_points.csv, road_via_points.csv and moved road nodes
    scripts/trace_courses.py FOLDER --measure  write nothing; print how far our lines lie from the courses

FOLDER holds GeoJSON files of lines in EPSG:4326 derived from OpenStreetMap (ODbL 1.0): what each is good for and how
exact it is stands in :data:`RAIL` and :data:`ROADS`. Points are thinned to :data:`TOLERANCE_KM`; each row names what it
was read off. Road nodes of low confidence are moved onto the course of their road, never further than they may be off.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree
from shapely.ops import substring

from atlas.base.tables import slots

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT / "data" / "facts"
#: One degree of latitude, and of longitude at the middle of the region, in kilometres: for thinning and nearness only,
#: lengths are taken on the ellipsoid by the recipes.
LAT_KM, LON_KM = 110.75, 102.9
TOLERANCE_KM = 0.03
#: A stop further than this from its course is not on it.
STOP_KM = 1.5
#: Chords of the sketch longer than this say nothing of the way between.
CHORD_KM = 8.0

#: Line → file, its property, its value, and the words of the source.
_RAILVISTA = ("rail_railvista_osm2026.geojson", "id")
_EXTRACT = ("rail_osm2022_raymond1030.geojson", "name")
_DERIVED = ("rail_westbank_lines_scgraph.geojson", "our_id")
#: Metros are told by their city and number.
_METRO = ("metro_lines_osm2026.geojson", "city ref")
_METRO_WORDS = "OSM of 2026-02 (ODbL)"
RAIL: dict[str, tuple[str, str, str, str]] = {
    "gzicr": (*_RAILVISTA, "guangzhu", "OSM relation of 2026-09 (ODbL), 14 m median off a second course"),
    "guangzhan": (*_RAILVISTA, "guangzhan", "OSM relation of 2026-09 (ODbL), about 20 m"),
    "guangshengang": (*_EXTRACT, "广深港高速铁路", "OSM extract of 2022 (ODbL), about 14 m"),
    "guiguang": (*_EXTRACT, "贵广高铁", "OSM extract of 2022 (ODbL), about 14 m"),
    "jiangmao": (*_DERIVED, "jiangmao", "vertices of scgraph_data 2.0.0 world_railways (OSM 2024, ODbL), 2-66 m each"),
    "gzfr": (*_DERIVED, "gzfr_south", "vertices of scgraph_data 2.0.0 world_railways (OSM 2024, ODbL), 2-66 m each"),
    "zhuji1": (*_DERIVED, "zhuji1", "vertices of scgraph_data 2.0.0 world_railways (OSM 2024, ODbL), 2-66 m each"),
    "metro18": (*_METRO, "广州 18", _METRO_WORDS),
    "metro_gz2": (*_METRO, "广州 2", _METRO_WORDS),
    "metro_gz22": (*_METRO, "广州 22", _METRO_WORDS),
    "metro_gf": (*_METRO, "广州 GF", _METRO_WORDS),
    "metro_fs2": (*_METRO, "佛山 F2", _METRO_WORDS),
    "metro_fs3": (*_METRO, "佛山 F3", _METRO_WORDS),
    "metro_sz1": (*_METRO, "深圳 1", _METRO_WORDS),
    "metro_sz4": (*_METRO, "深圳 4", _METRO_WORDS),
    "metro_sz5": (*_METRO, "深圳 5", _METRO_WORDS),
    "metro_sz11": (*_METRO, "深圳 11", _METRO_WORDS),
    "metro_dg2": (*_METRO, "东莞 2", _METRO_WORDS),
}
#: Lines whose stretches are sought in the network of tracks of the sketch.
SKETCHED = (
    "gzicr_jm", "maozhan", "guangmao", "nansha_port", "yangyang", "suishen", "fozhao_ic", "nanguang",
    "hemao", "foguan", "guangfo_nan", "guangzhan_gz",
)  # fmt: skip
_SKETCH_WORDS = "vertices of scgraph_data 2.0.0 world_railways (OSM 2024, ODbL), 2-66 m each, chords between"
#: Grades of matched roads that are taken, and what they are worth.
ROADS = {
    "A": "OSM way of the road (scgraph_data 2.0.0 world_highways, 2024, ODbL), two independent points 54-551 m off",
    "B": "OSM way taken for the road (scgraph_data 2.0.0 world_highways, 2024, ODbL), plausible by length",
    "M": "OSM way matched to the road by its junctions (scgraph_data 2.0.0 world_highways, 2024, ODbL), not verified",
}
#: The sketch of roads, and the last year whose roads it holds.
_SKETCH_OF_ROADS, _SKETCH_YEAR = "roads_scgraph_osm2024.geojson", "2023"
#: Matching (see :func:`_matched_legs`): junctions of the sketch are sought within this many times a node's error, at
#: most so many kilometres off and so many of them; what leaving a leg unmatched costs, in squared errors.
_SEEK_ERRORS, _SEEK_KM, _SEEK_MOST, _SKIP = 1.5, 4.5, 60, 2.5
#: A way longer than its chord by more than this is no course of a road.
_DETOUR = 1.6
#: Matched courses that are not taken, and what spoke against them when they were looked at.
_DOUBTED = {
    "honghe": "a fifth shorter than the road is published to be",
    "g15_ky": "anchored by hand; lies beside the road's own exits, perhaps a parallel road",
    "s47_fj": "anchored by hand; lies beside the road's own exits, perhaps a parallel road",
    "g94_jz": "anchored by hand; lies beside the road's own exits, perhaps a parallel road",
    "humen": "a seventh longer than the bridge is published to be",
    "s53_br": "an eighth longer than the branch is published to be",
    "xianghai_br": "leaves the branch and crosses itself",
}
#: A match of our own moves a node no further than this, in kilometres.
_OWN_MOVE_KM = 2.5
#: Kinds of road nodes that stand for a town and not for a place on the road.
_TOWNS = {"town", "city_centre", "district_centre", "county_seat"}


def plane(lonlat: np.ndarray) -> np.ndarray:
    """Degrees as kilometres of a plane good enough for nearness."""
    return np.asarray(lonlat, dtype=float) * (LON_KM, LAT_KM)


def degrees(xy: np.ndarray) -> np.ndarray:
    """The plane's kilometres as degrees."""
    return np.asarray(xy, dtype=float) / (LON_KM, LAT_KM)


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV table."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def text_of(columns: list[str], rows: list[dict[str, str]]) -> str:
    """CSV text of rows."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def features(path: Path) -> list[tuple[dict[str, object], shapely.LineString]]:
    """Properties and merged line, in the plane, of each feature."""
    found = []
    for one in json.loads(path.read_text("utf-8"))["features"]:
        line = shapely.line_merge(shapely.geometry.shape(one["geometry"]))
        parts = [shapely.LineString(plane(shapely.get_coordinates(part))) for part in shapely.get_parts(line)]
        found.append((one["properties"], max(parts, key=lambda part: part.length)))
    return found


def course_of(folder: Path, key: str) -> shapely.LineString | None:
    """The course of one of our lines in the folder, in the plane."""
    file, column, value, _ = RAIL[key]
    path = folder / file
    if not path.is_file():
        return None
    columns = column.split()
    fitting = [line for row, line in features(path) if " ".join(str(row.get(name)) for name in columns) == value]
    return max(fitting, key=lambda line: line.length) if fitting else None


def thinned(line: shapely.LineString) -> np.ndarray:
    """Inner vertices of a stretch, thinned, in degrees."""
    points: list[np.ndarray] = []
    for point in shapely.get_coordinates(shapely.simplify(line, TOLERANCE_KM)):
        # a spur there and back is no bend
        if len(points) > 1 and np.hypot(*(point - points[-2])) < 0.05:
            points.pop()
        else:
            points.append(point)
    return degrees(np.array(points).reshape(-1, 2))[1:-1]


def between(course: shapely.LineString, at: np.ndarray, stop_km: float = STOP_KM) -> list[np.ndarray]:
    """Bends of `course` between each two neighbouring points of `at` (plane), none where a point is off the course.

    Near a point that stands beside the course no bend is taken: the line leaves it aslant, not at a right angle.
    """
    points = [shapely.Point(xy) for xy in at]
    off = [course.distance(point) for point in points]
    along = [course.project(point) for point in points]
    rising = sum(b > a for a, b in pairwise(along)) >= sum(b < a for a, b in pairwise(along))
    found = []
    for i in range(len(at) - 1):
        a, b = along[i], along[i + 1]
        straight = float(np.hypot(*(at[i + 1] - at[i])))
        good = max(off[i], off[i + 1]) <= stop_km and (b > a) == rising and abs(b - a) > 0.2
        if not good or abs(b - a) > 1.8 * straight + 2.0:
            found.append(np.zeros((0, 2)))
            continue
        bends = thinned(substring(course, a, b))
        clear = [
            all(np.hypot(*(plane(p) - at[k])) > max(0.15, 1.3 * off[k] if off[k] > 0.5 else 0.0) for k in (i, i + 1))
            for p in bends
        ]
        found.append(bends[np.array(clear, dtype=bool)] if len(bends) else bends)
    return found


def sketch(path: Path) -> nx.Graph:
    """The network of a sketch: nodes at their place, edges with the length of their chord."""
    graph = nx.Graph()
    for one in json.loads(path.read_text("utf-8"))["features"]:
        ends = plane(shapely.get_coordinates(shapely.geometry.shape(one["geometry"])))
        a, b = one["properties"]["a"], one["properties"]["b"]
        graph.add_node(a, xy=ends[0])
        graph.add_node(b, xy=ends[-1])
        graph.add_edge(a, b, km=float(np.hypot(*(ends[-1] - ends[0]))))
    return graph


def along_sketch(graph: nx.Graph, at: np.ndarray) -> list[np.ndarray]:
    """Bends between neighbouring points on the shortest way of the sketch, none where it is a long way round."""
    names = list(graph)
    xy = np.array([graph.nodes[name]["xy"] for name in names])
    nearest = [int(np.argmin(np.hypot(*(xy - point).T))) for point in at]
    found = []
    for i in range(len(at) - 1):
        none = np.zeros((0, 2))
        a, b = nearest[i], nearest[i + 1]
        straight = float(np.hypot(*(at[i + 1] - at[i])))
        if a == b or max(np.hypot(*(xy[a] - at[i])), np.hypot(*(xy[b] - at[i + 1]))) > STOP_KM:
            found.append(none)
            continue
        try:
            way = nx.shortest_path(graph, names[a], names[b], weight="km")
        except nx.NetworkXNoPath:
            found.append(none)
            continue
        chords = [graph.edges[u, v]["km"] for u, v in pairwise(way)]
        if sum(chords) > 1.35 * straight + 1.0 or max(chords) > CHORD_KM:
            found.append(none)
            continue
        line = shapely.LineString([graph.nodes[name]["xy"] for name in way]) if len(way) > 1 else None
        bends = thinned(line) if line is not None else none
        near = [min(np.hypot(*(plane(p) - at[i])), np.hypot(*(plane(p) - at[i + 1]))) > 0.15 for p in bends]
        found.append(bends[np.array(near, dtype=bool)] if len(bends) else none)
    return found


def trace_rails(folder: Path) -> list[dict[str, str]]:
    """Rows of rail_via_points.csv: those of lines that are not traced here are kept as they are."""
    stations = {row["id"]: row for row in read(FACTS / "rail_stations.csv")}
    lines = {row["id"]: row for row in read(FACTS / "rail_lines.csv")}
    graph = sketch(folder / "rail_scgraph_osm2024.geojson")
    _move_halts(folder, stations, lines)
    rows, done = [], set()
    for key in (*RAIL, *SKETCHED):
        if key not in lines or key in done:
            continue
        stops = slots(lines[key]["station_ids"])
        at = plane(np.array([(float(stations[s]["lon"]), float(stations[s]["lat"])) for s in stops]))
        course = course_of(folder, key) if key in RAIL else None
        found = between(course, at) if course is not None else [np.zeros((0, 2))] * (len(stops) - 1)
        words = [RAIL[key][3] if key in RAIL else ""] * len(found)
        if key in SKETCHED:
            for i, bends in enumerate(along_sketch(graph, at)):
                if not len(found[i]) and len(bends):
                    found[i], words[i] = bends, _SKETCH_WORDS
        if not any(map(len, found)):
            continue
        done.add(key)
        seq = 0
        for i, bends in enumerate(found):
            names = f"{stations[stops[i]]['name_zh']}-{stations[stops[i + 1]]['name_zh']}"
            for lon, lat in bends:
                seq += 1
                note = f"between {names}; {words[i]}"
                rows.append({"line_id": key, "seq": str(seq), "lon": f"{lon:.5f}", "lat": f"{lat:.5f}", "note": note})
    kept = [row for row in read(FACTS / "rail_via_points.csv") if row["line_id"] not in done]
    return [*kept, *rows]


#: Halts of goods trains whose sites are placeholders: they are put where their line passes nearest.
_PLACED = {"gzfr": 8.0}


def _move_halts(folder: Path, stations: dict[str, dict[str, str]], lines: dict[str, dict[str, str]]) -> None:
    """Move halts of low confidence onto the course of their line, and write the table of stations."""
    for key, most_km in _PLACED.items():
        course = course_of(folder, key)
        if course is None:
            continue
        for name in slots(lines[key]["station_ids"]):
            row = stations[name]
            here = shapely.Point(plane(np.array([float(row["lon"]), float(row["lat"])])))
            spot = course.interpolate(course.project(here))
            if row["coord_confidence"] == "low" and 0.05 < spot.distance(here) <= most_km:
                lon, lat = degrees(np.array([spot.x, spot.y]))
                row |= {"lon": f"{lon:.5f}", "lat": f"{lat:.5f}"}
                words = "; put where the OSM course of the line passes nearest, the site itself is not known"
                row["coord_source"] += "" if words in row["coord_source"] else words
    (FACTS / "rail_stations.csv").write_text(
        text_of(list(next(iter(stations.values()))), list(stations.values())), "utf-8"
    )


@dataclass
class Road:
    """One of our roads on its course."""

    row: dict[str, str]
    course: shapely.LineString
    grade: str
    stem: str
    #: The nodes of the road that the course passes.
    keys: tuple[str, ...]


def matched_roads(folder: Path) -> list[Road]:
    """Our roads that a course of a grade taken was matched to; pieces of a road share the course of the whole."""
    courses = {
        str(row["id"]): (line, str(row["grade"]))
        for row, line in features(folder / "roads_matched_to_our_ids_scgraph.geojson")
        if row["grade"] in ROADS and row["id"] not in _DOUBTED
    }
    found = []
    for row in read(FACTS / "road_links.csv"):
        stem = next((key for key in courses if re.fullmatch(rf"{key}(_[a-z]|_?\d+)?", row["id"])), None)
        if stem is not None:
            found.append(Road(row, *courses[stem], stem, tuple(slots(row["node_ids"]))))
    return found


def matched_here(folder: Path, given: list[Road], nodes: dict[str, dict[str, str]]) -> list[Road]:
    """Our other roads on the ways of the sketch that fit their junctions, leg by leg; what fits none stays as it is.

    Roads that opened after the sketch, or do not yet run, are not in it. Roads of a higher class come first: a way that
    one has taken is none for the next, so that an ordinary road is not drawn on the expressway beside it.
    """
    graph = sketch(folder / _SKETCH_OF_ROADS)
    names = list(graph)
    place = np.array([graph.nodes[name]["xy"] for name in names])
    row_of = {name: i for i, name in enumerate(names)}
    ways = np.array([(row_of[a], row_of[b]) for a, b in graph.edges])
    km = np.array([length for _, _, length in graph.edges(data="km")])
    taken = np.zeros(len(km), dtype=bool)
    middles = shapely.points((place[ways[:, 0]] + place[ways[:, 1]]) / 2)
    for road in given:
        taken |= shapely.dwithin(road.course, middles, 0.02)
    done = {road.row["id"] for road in given}
    rows = [row for row in read(FACTS / "road_links.csv") if row["id"] not in done and _may_be_sketched(row)]
    found: list[Road] = []
    for row in sorted(rows, key=lambda one: not one["kind"].startswith("expressway")):
        keys = slots(row["node_ids"])
        at = plane(np.array([(float(nodes[k]["lon"]), float(nodes[k]["lat"])) for k in keys]))
        error_km = np.array([max(float(nodes[k]["coord_error_m"]) / 1000.0, 0.5) for k in keys])
        legs = _matched_legs(place, ways[~taken], km[~taken], at, error_km)
        for first, last, way in _chains(legs):
            line = shapely.LineString(place[way] if len(way) > 1 else np.zeros((0, 2)))
            if line.length > 1.0:
                found.append(Road(row, line, "M", row["id"], tuple(keys[first : last + 1])))
                used = set(pairwise(way)) | {(b, a) for a, b in pairwise(way)}
                taken |= np.array([(a, b) in used for a, b in ways.tolist()])
    return found


def _may_be_sketched(row: dict[str, str]) -> bool:
    if row["id"].startswith("acc_") or row["status"] != "operating" or row["id"] in _DOUBTED:
        return False
    return not row["opened"] or row["opened"][:4] <= _SKETCH_YEAR


def _matched_legs(
    place: np.ndarray, ways: np.ndarray, km: np.ndarray, at: np.ndarray, error_km: np.ndarray
) -> list[list[int] | None]:
    """The junctions of the sketch passed on each leg between neighbouring nodes, None for a leg that none fits.

    The likeliest sequence (Viterbi): a junction costs the square of its distance in errors of the node, a way the
    square of what it is longer than its chord by, and of what the chord differs from ours by; leaving a leg open
    costs :data:`_SKIP`.
    """
    tree = cKDTree(place)
    matrix = csr_matrix((np.tile(km, 2), (ways.ravel("F"), ways[:, ::-1].ravel("F"))), shape=(len(place),) * 2)
    sought = [
        sorted(tree.query_ball_point(point, min(max(1.0, _SEEK_ERRORS * error), _SEEK_KM)),
               key=lambda i, point=point: float(np.hypot(*(place[i] - point))))[:_SEEK_MOST]
        for point, error in zip(at, error_km, strict=True)
    ]  # fmt: skip

    def off(k: int, i: int) -> float:
        return float(np.hypot(*(place[i] - at[k])) / error_km[k]) ** 2

    cost: dict[int | None, float] = {None: 1.0, **{i: off(0, i) for i in sought[0]}}
    steps: list[tuple[dict[int | None, tuple[int | None, int | None]], np.ndarray]] = []
    for k in range(len(at) - 1):
        ours = float(np.hypot(*(at[k + 1] - at[k])))
        best = min(cost, key=lambda state: cost[state])
        after: dict[int | None, float] = {None: cost[best] + _SKIP}
        came: dict[int | None, tuple[int | None, int | None]] = {None: (best, None)}
        before = np.zeros((0, len(place)), dtype=np.int64)
        far = np.zeros((0, len(place)))
        if sought[k]:
            far, before = dijkstra(matrix, indices=sought[k], return_predecessors=True, limit=1.7 * ours + 5.0)
        for q in sought[k + 1]:
            after[q], came[q] = cost[best] + _SKIP + off(k + 1, q), (best, None)
            for s, p in enumerate(sought[k]):
                chord = float(np.hypot(*(place[q] - place[p])))
                if p == q or p not in cost or not far[s, q] <= _DETOUR * max(chord, 0.3):
                    continue
                longer = max(far[s, q] / max(chord, 0.3) - 1.05, 0.0) / 0.1
                apart = (chord - ours) / max(error_km[k] + error_km[k + 1], 1.0)
                total = cost[p] + longer**2 * min(1.0, chord / 10 + 0.3) + 0.3 * apart**2 + off(k + 1, q)
                if total < after[q]:
                    after[q], came[q] = total, (p, s)
        cost = after
        steps.append((came, before))
    state = min(cost, key=lambda one: cost[one])
    legs: list[list[int] | None] = []
    for came, before in reversed(steps):
        start, s = came[state]
        if s is None or state is None:
            legs.append(None)
        else:
            way = [state]
            while way[-1] != start:
                way.append(int(before[s, way[-1]]))
            legs.append(way[::-1])
        state = start
    return legs[::-1]


def _chains(legs: list[list[int] | None]) -> Iterator[tuple[int, int, list[int]]]:
    """First and last node, and junctions of the sketch, of each run of matched legs; loops and spurs are cut out."""
    first, way = 0, list[int]()
    for k, leg in enumerate([*legs, None]):
        if leg is not None and (not way or way[-1] == leg[0]):
            way = way + leg[1:] if way else list(leg)
            continue
        if way:
            yield first, k, _without_loops(way)
        first, way = (k, list(leg)) if leg is not None else (k + 1, [])


def _without_loops(way: list[int]) -> list[int]:
    kept: list[int] = []
    for one in way:
        if one in kept:
            kept = kept[: kept.index(one)]
        kept.append(one)
    return kept


def moved_nodes(
    roads: list[Road], nodes: dict[str, dict[str, str]], folder: Path
) -> dict[str, tuple[float, float, str]]:
    """Where nodes of low confidence belong: on the crossing of two courses, else on the course of their road."""
    hubs = {
        row["node_id"]: (float(row["lon"]), float(row["lat"]))
        for row in read(folder / "hub_crossings_scgraph.csv")
        if row["worse_grade"] in ROADS and not {row["road_a"], row["road_b"]} & set(_DOUBTED)
    }
    by_node: dict[str, dict[str, Road]] = {}
    for road in roads:
        for name in road.keys:
            by_node.setdefault(name, {})[road.stem] = road
    found: dict[str, tuple[float, float, str]] = {}
    for name, passing in by_node.items():
        # a course that was given says where a node lies; a match of our own only where there is none
        own = {stem: road for stem, road in passing.items() if road.grade != "M"} or passing
        node = nodes[name]
        error_km = float(node["coord_error_m"]) / 1000.0
        most_km = 1.5 * error_km + 0.3
        if all(road.grade == "M" for road in own.values()):
            most_km = min(most_km, _OWN_MOVE_KM)
        here = plane(np.array([(float(node["lon"]), float(node["lat"]))]))[0]
        if name in hubs:
            lon, lat = hubs[name]
            if np.hypot(*(plane(np.array([(lon, lat)]))[0] - here)) <= 1.5 * error_km + 1.0:
                found[name] = (lon, lat, "crossing of the two OSM ways taken for its roads")
            continue
        if node["kind"] in _TOWNS or node["coord_confidence"] == "high":
            continue
        crossing = _crossing([road.course for road in own.values()], here)
        if len(own) > 1 and crossing is not None:
            if np.hypot(*(crossing - here)) <= most_km:
                lon, lat = degrees(crossing)
                found[name] = (float(lon), float(lat), "moved to where the OSM ways taken for its roads meet")
            continue
        course = min((road for road in own.values()), key=lambda road: road.grade).course
        spot = course.interpolate(course.project(shapely.Point(here)))
        if 0.05 < spot.distance(shapely.Point(here)) <= most_km:
            lon, lat = degrees(np.array([spot.x, spot.y]))
            found[name] = (float(lon), float(lat), "moved across onto the OSM way taken for its road")
    return found


def _crossing(courses: list[shapely.LineString], here: np.ndarray) -> np.ndarray | None:
    """Where the first two courses cross nearest to `here`, or come within 400 m of one another."""
    if len(courses) < 2:
        return None
    met = shapely.get_coordinates(shapely.intersection(courses[0], courses[1]))
    if len(met):
        return np.asarray(met[np.argmin(np.hypot(*(met - here).T))])
    spots = shapely.get_coordinates(shapely.shortest_line(courses[0], courses[1]))
    return np.asarray(spots.mean(axis=0)) if np.hypot(*(spots[1] - spots[0])) <= 0.4 else None


def trace_roads(folder: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows of road_via_points.csv and road_nodes.csv."""
    nodes = {row["id"]: row for row in read(FACTS / "road_nodes.csv")}
    given = matched_roads(folder)
    roads = [*given, *matched_here(folder, given, nodes)]
    for name, (lon, lat, words) in moved_nodes(roads, nodes, folder).items():
        nodes[name] |= {"lon": f"{lon:.5f}", "lat": f"{lat:.5f}"}
        if words not in nodes[name]["coord_source"]:
            nodes[name]["coord_source"] += f"; {words} (scgraph_data 2.0.0, OSM 2024, ODbL)"
    rows, traced = [], set()
    for road in roads:
        keys = road.keys
        at = plane(np.array([(float(nodes[k]["lon"]), float(nodes[k]["lat"])) for k in keys]))
        stop_km = STOP_KM if road.grade != "M" else _SEEK_KM
        for key, bends in zip(keys, between(road.course, at, stop_km), strict=False):
            if len(bends):
                traced.add((road.row["id"], key))
            for seq, (lon, lat) in enumerate(bends, start=1):
                rows.append(
                    {
                        "link_id": road.row["id"], "after_node_id": key, "seq": str(seq), "lon": f"{lon:.5f}",
                        "lat": f"{lat:.5f}", "note": f"{ROADS[road.grade]} (grade {road.grade})",
                    }
                )  # fmt: skip
    kept = [row for row in read(FACTS / "road_via_points.csv") if (row["link_id"], row["after_node_id"]) not in traced]
    return [*kept, *rows], list(nodes.values())


def offsets_km(line: shapely.LineString, course: shapely.LineString) -> np.ndarray:
    """Kilometres from points along our line, 200 m apart, to the course; beyond its ends left out."""
    steps = np.arange(0.0, line.length, 0.2)
    points = shapely.line_interpolate_point(line, steps)
    along = shapely.line_locate_point(course, points)
    inside = (along > 0.05) & (along < course.length - 0.05)
    return np.asarray(shapely.distance(points[inside], course))


def measure(folder: Path) -> list[tuple[str, int, float, float]]:
    """Line, points, median and nine in ten of the offset in metres, of each of our lines with a course at hand."""
    found = []
    ours: dict[str, shapely.LineString] = {}
    for layer in ("railways", "highways"):
        content = json.loads((ROOT / "data" / "geojson" / f"{layer}.geojson").read_text("utf-8"))
        for one in content["features"]:
            coordinates = shapely.get_coordinates(shapely.geometry.shape(one["geometry"]))
            ours[f"{layer}/{one['properties']['id']}"] = shapely.LineString(plane(coordinates))
    pairs = [(f"railways/{key}", course_of(folder, key)) for key in RAIL]
    pairs += [(f"highways/{road.row['id']}", road.course) for road in matched_roads(folder)]
    for name, course in pairs:
        if course is None or name not in ours:
            continue
        off = offsets_km(ours[name], course) * 1000.0
        if len(off):
            found.append((name, len(off), float(np.median(off)), float(np.quantile(off, 0.9))))
    return found


def main(argv: list[str] | None = None) -> int:
    """Trace, or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args(argv)
    if options.measure:
        for name, count, median, most in measure(options.folder):
            print(f"{name:32} {count:6d} points  median {median:6.0f} m  nine in ten {most:6.0f} m")
        return 0
    rails = trace_rails(options.folder)
    (FACTS / "rail_via_points.csv").write_text(text_of(["line_id", "seq", "lon", "lat", "note"], rails), "utf-8")
    roads, nodes = trace_roads(options.folder)
    columns = ["link_id", "after_node_id", "seq", "lon", "lat", "note"]
    (FACTS / "road_via_points.csv").write_text(text_of(columns, roads), "utf-8")
    (FACTS / "road_nodes.csv").write_text(text_of(list(nodes[0]), nodes), "utf-8")
    print(f"{len(rails)} bends of railways, {len(roads)} of roads", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
