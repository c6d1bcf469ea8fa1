"""Courses and sketches in a plane of kilometres, the fact tables, and the bends between points on a course."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import shapely
from shapely.ops import substring

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT / "data" / "facts"
#: One degree of latitude, and of longitude at the middle of the region, in kilometres: for thinning and nearness only,
#: lengths are taken on the ellipsoid by the recipes.
LAT_KM, LON_KM = 110.75, 102.9
TOLERANCE_KM = 0.03
#: A stop further than this from its course is not on it.
STOP_KM = 1.5


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
