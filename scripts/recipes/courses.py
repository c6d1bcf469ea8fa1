"""Plan items whose course nobody has published, and those that widen what is there: data/plan/courses.csv.

An indicative course runs straight from one end the table names to the next. How far the line may lie off it follows
from its length: a line of detour d between points L apart keeps within the ellipse of the two, L/2·√(d²−1) to the side.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

from atlas.base.tables import slots
from recipes.rail import drawn_km
from recipes.tables import Compiled, Feature, Point, Row, TableError, number, read_table

# The central values of rail_detour_indicative and road_detour_indicative in data/parameters.csv.
DETOUR = {"railways": 1.18, "highways": 1.10, "cross_border_links": 1.10}
_NODES = {"railways": ("stations", "station_ids"), "highways": ("interchanges", "node_ids")}
_SAME_KM = 0.05


def apply_courses(compiled: Compiled, root: Path) -> None:
    """Take the items of ``courses.csv`` into the network, along indicative courses or along what they upgrade.

    Raises
    ------
    TableError
        A row names a feature or an end that no layer has.
    """
    for feature in (one for key in DETOUR for one in compiled.layers[key]):
        feature.properties.update(course="known", upgrades="")
        if "side_a_city" in feature.properties:
            feature.properties.update(node_ids="", speed_limit_kmh=None)
    features = {(key, one.id): place for key in DETOUR for place, one in enumerate(compiled.layers[key])}
    points = {key: {one.id: one for one in compiled.layers[key]} for key in ("stations", "interchanges")}
    for row in read_table(root / "data" / "plan" / "courses.csv"):
        key = row["layer"]
        if (key, row["feature_id"]) not in features:
            raise TableError(f"courses.csv: layer {key} has no feature {row['feature_id']!r}")
        place = features[key, row["feature_id"]]
        old = compiled.layers[key][place]
        if row["how"] == "indicative":
            compiled.layers[key][place] = _indicative(key, row, old, points)
        elif row["how"] == "upgrade":
            old.properties.update(upgrades=row["upgrades"], in_network=True)
            if row["ends"]:
                old.properties["node_ids"] = row["ends"]
            if key != "railways":
                old.properties["speed_limit_kmh"] = number(row["speed_kmh"])
        _say(old.properties, row)


def _indicative(key: str, row: Row, old: Feature, points: dict[str, dict[str, Feature]]) -> Feature:
    layer, column = _NODES.get(key, _NODES["highways"])
    ends = row["ends"] or old.properties[column]
    unknown = [end for end in slots(ends) if end not in points[layer]]
    if unknown:
        raise TableError(f"courses.csv: {row['feature_id']} ends at {', '.join(unknown)}, not in layer {layer}")
    at = [points[layer][end] for end in slots(ends)]
    path = tuple(one.coordinates[0] for one in at)
    if key == "cross_border_links":
        path = _joined((path[0], *old.coordinates, path[-1]))
    longest = max(drawn_km(pair) for pair in pairwise(path))
    aside_m = longest * 1000.0 / 2.0 * sqrt(DETOUR[key] ** 2 - 1.0)
    properties: dict[str, Any] = old.properties
    properties |= {
        column: ends,
        "course": "indicative",
        "in_network": True,
        # an indicative course belongs to no year: years rest on known ones
        "opens_year": None,
        "expected_open": None,
        "opens_basis": "unknown" if properties["status"] == "unknown" else "assumed",
        "confidence": "low",
        "geometry_quality": "schematic",
        "position_error_m": float(round(max(aside_m, *(one.properties["position_error_m"] for one in at)), -2)),
    }
    if "drawn_length_km" in properties:
        properties["drawn_length_km"] = drawn_km(path)
    speed = "design_speed_kmh" if key == "railways" else "speed_limit_kmh"
    if row["speed_kmh"]:
        properties[speed] = number(row["speed_kmh"])
    return Feature(properties, path)


def _joined(path: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return the path without points that stand on the one before."""
    kept = [path[0]]
    for at in path[1:-1]:
        if drawn_km((kept[-1], at)) > _SAME_KM and drawn_km((at, path[-1])) > _SAME_KM:
            kept.append(at)
    return (*kept, path[-1])


def _say(properties: dict[str, Any], row: Row) -> None:
    told = {"indicative": "indicative course", "upgrade": f"lies where {row['upgrades']} lies"}
    words = told.get(row["how"], f"stands in the network as {row['upgrades']}")
    properties["source_note"] = "; ".join(
        part for part in (properties["source_note"], f"{words}: {row['why']}") if part
    )
