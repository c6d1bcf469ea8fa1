"""Roads: bends between their nodes, and nodes moved onto the course of their road."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely

from atlas.base.tables import slots
from tracing.courses import FACTS, STOP_KM, between, degrees, features, plane, read, sketch
from tracing.matching import SEEK_KM, chains, matched_legs

#: Grades of matched roads that are taken, and what they are worth.
ROADS = {
    "A": "OSM way of the road (scgraph_data 2.0.0 world_highways, 2024, ODbL), two independent points 54-551 m off",
    "B": "OSM way taken for the road (scgraph_data 2.0.0 world_highways, 2024, ODbL), plausible by length",
    "M": "OSM way matched to the road by its junctions (scgraph_data 2.0.0 world_highways, 2024, ODbL), not verified",
}
#: The sketch of roads, and the last year whose roads it holds.
_SKETCH_OF_ROADS, _SKETCH_YEAR = "roads_scgraph_osm2024.geojson", "2023"
#: Matched courses that are not taken, and what spoke against them when they were looked at.
_DOUBTED = {
    "honghe": "a fifth shorter than the road is published to be",
    "g15_ky": "anchored by hand; lies beside the road's own exits, perhaps a parallel road",
    "s47_fj": "anchored at a north end that was wrong; its Foshan section is read off by hand",
    "g94_jz": "anchored by hand; lies beside the road's own exits, perhaps a parallel road",
    "g15_fk": "runs through the streets of 鹤山; read off by hand, exit by exit",
    "s43_1": "goes round by G105 from 大良 to 东升; read off by hand, exit by exit",
    "g94_xx3": "takes the way of G105 through 西区; read off by hand, exit by exit",
    "humen": "a seventh longer than the bridge is published to be",
    "s53_br": "an eighth longer than the branch is published to be",
    "xianghai_br": "leaves the branch and crosses itself",
}
#: A match of our own moves a node no further than this, in kilometres.
_OWN_MOVE_KM = 2.5
#: Kinds of road nodes that stand for a town and not for a place on the road.
_TOWNS = {"town", "city_centre", "district_centre", "county_seat"}


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
        legs = matched_legs(place, ways[~taken], km[~taken], at, error_km)
        for first, last, way in chains(legs):
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
        by_hand = node["coord_source"].startswith("placed on")
        if by_hand or node["kind"] in _TOWNS or node["coord_confidence"] == "high":
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
    """Rows of road_via_points.csv and road_nodes.csv; a road that has bends keeps them, and its nodes."""
    known = read(FACTS / "road_via_points.csv")
    bent = {row["link_id"] for row in known}
    nodes = {row["id"]: row for row in read(FACTS / "road_nodes.csv")}
    given = matched_roads(folder)
    roads = [road for road in (*given, *matched_here(folder, given, nodes)) if road.row["id"] not in bent]
    for name, (lon, lat, words) in moved_nodes(roads, nodes, folder).items():
        nodes[name] |= {"lon": f"{lon:.5f}", "lat": f"{lat:.5f}"}
        if words not in nodes[name]["coord_source"]:
            nodes[name]["coord_source"] += f"; {words} (scgraph_data 2.0.0, OSM 2024, ODbL)"
    rows = []
    for road in roads:
        keys = road.keys
        at = plane(np.array([(float(nodes[k]["lon"]), float(nodes[k]["lat"])) for k in keys]))
        stop_km = STOP_KM if road.grade != "M" else SEEK_KM
        for key, bends in zip(keys, between(road.course, at, stop_km), strict=False):
            for seq, (lon, lat) in enumerate(bends, start=1):
                rows.append(
                    {
                        "link_id": road.row["id"], "after_node_id": key, "seq": str(seq), "lon": f"{lon:.5f}",
                        "lat": f"{lat:.5f}", "note": f"{ROADS[road.grade]} (grade {road.grade})",
                    }
                )  # fmt: skip
    return [*known, *rows], list(nodes.values())
