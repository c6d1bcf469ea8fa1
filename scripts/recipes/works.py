"""What the plan names beside transport: energy, water, digital works and platforms of industry.

Where a source gives a position it is taken; where none does, the feature lies at the seat of the town, county or city
that the plan names, and its error reaches over all of that unit (`reach_m`). No coordinate is made up here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from atlas.base.geodesy import distance_km
from atlas.base.tables import slots
from recipes.opening import opening
from recipes.tables import Compiled, Facts, Feature, Point, Row, TableError

LAYERS = ("energy", "water_works", "digital", "platforms")
#: How a place stands for what lies in it.
POSITIONS = {"town": "town", "prefecture": "city", "sar": "city"}


def compile_works(facts: Facts, layers: Mapping[str, Sequence[Feature]]) -> Compiled:
    """Return the layers energy, water_works, digital and platforms; `layers` hold what their rows lie at."""
    known = {f"{key}/{one.id}": one for key, many in layers.items() for one in many}
    reach = reaches_m(layers["places"])
    compiled = Compiled({key: [] for key in LAYERS})
    for row in facts.rows("plan_sites"):
        compiled.layers[row["layer"]].append(_work(facts, row, known, reach))
    return compiled


def reaches_m(places: Sequence[Feature]) -> dict[str, float]:
    """Return how far each place reaches from its seat, by id.

    A unit of known area: the width of a circle of that area, or its farthest town and that town's reach where they
    lie farther out. A town: the width of a circle of its share of the county, towns without a coordinate left out.
    """
    area = {str(one.properties["adcode"]): one.properties["area_km2"] for one in places}
    parents = [str(one.properties["parent"]) for one in places if one.properties["level"] == "town"]
    reach: dict[str, float] = {}
    farthest: dict[str, float] = {}
    seats = {str(one.properties["adcode"]): one for one in places}
    for one in places:
        parent = str(one.properties["parent"])
        if one.properties["level"] != "town" or not area.get(parent):
            continue
        reach[one.id] = _width_m(area[parent] / parents.count(parent))
        for unit in {parent, f"{parent[:4]}00"} & set(seats):
            out = _apart_m(one.coordinates[0], seats[unit].coordinates[0]) + reach[one.id]
            farthest[unit] = max(farthest.get(unit, 0.0), out)
    for one in places:
        code = str(one.properties["adcode"])
        if one.properties["level"] != "town" and area[code]:
            reach[one.id] = max(_width_m(area[code]), farthest.get(code, 0.0))
    return reach


def _width_m(area_km2: float) -> float:
    return 2000.0 * math.sqrt(area_km2 / math.pi)


def _apart_m(one: Point, other: Point) -> float:
    return distance_km(*one, *other) * 1000.0


def _work(facts: Facts, row: Row, known: Mapping[str, Feature], reach: Mapping[str, float]) -> Feature:
    layer = row["layer"]
    properties = facts.common(layer, row, kind=row["kind"], status=row["status"], source=row["source"])
    properties |= opening(row["status"], row["opened"]).columns()
    stated = float(row["coord_error_m"] or 0.0)
    if row["at"]:
        where, error, position = _held(row, known, reach)
    else:
        where, error, position = (float(row["lon"]), float(row["lat"])), stated, "site"
    properties |= {
        "confidence": row["confidence"],
        "geometry_quality": "traced" if position == "site" else "schematic",
        # Up to a kilometre: the error is a reach, not a measure.
        "position_error_m": max(stated, error if position == "site" else math.ceil(error / 1000.0) * 1000.0),
        "position": position,
        "at": row["at"] or None,
    }
    return Feature(properties, (where,))


def _held(row: Row, known: Mapping[str, Feature], reach: Mapping[str, float]) -> tuple[Point, float, str]:
    """Return position, error and kind of position of a row that lies at one or several features of other layers."""
    held = []
    for name in slots(row["at"]):
        if name not in known:
            raise TableError(f"plan_sites.csv: {row['layer']}/{row['id']} lies at {name!r}, which no layer has")
        held.append(known[name])
    first = held[0].coordinates[0]
    errors = [
        _apart_m(first, one.coordinates[0]) + max(reach.get(one.id, 0.0), float(one.properties["position_error_m"]))
        for one in held
    ]
    level = held[0].properties.get("level")
    return first, max(errors), "site" if level is None else POSITIONS.get(str(level), "county")
