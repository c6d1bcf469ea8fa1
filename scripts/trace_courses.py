#!/usr/bin/env python
"""Read the bends of railways and roads off given courses into the fact tables of via points.

    scripts/trace_courses.py FOLDER            write rail_via_points.csv, road_via_points.csv and moved road nodes
    scripts/trace_courses.py FOLDER --measure  write nothing; print how far our lines lie from the courses

FOLDER holds GeoJSON files of lines in EPSG:4326 derived from OpenStreetMap (ODbL 1.0): what each is good for and how
exact it is stands in ``tracing.rails.RAIL`` and ``tracing.roads.ROADS``. Points are thinned to 30 m; each row names
what it was read off. Road nodes of low confidence are moved onto the course of their road, never further than they may
be off.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import shapely
from tracing.courses import FACTS, ROOT, plane, text_of
from tracing.rails import RAIL, course_of, trace_rails
from tracing.roads import matched_roads, trace_roads


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
