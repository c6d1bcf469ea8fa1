"""Railways: bends between stations, off the course of a line or the tracks of a sketch."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import shapely

from atlas.base.tables import slots
from tracing.courses import FACTS, STOP_KM, between, degrees, features, plane, read, sketch, text_of, thinned

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
#: Halts of goods trains whose sites are placeholders: they are put where their line passes nearest.
_PLACED = {"gzfr": 8.0}


def course_of(folder: Path, key: str) -> shapely.LineString | None:
    """The course of one of our lines in the folder, in the plane."""
    file, column, value, _ = RAIL[key]
    path = folder / file
    if not path.is_file():
        return None
    columns = column.split()
    fitting = [line for row, line in features(path) if " ".join(str(row.get(name)) for name in columns) == value]
    return max(fitting, key=lambda line: line.length) if fitting else None


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
