"""Ferries, and coaches across boundaries: drawn straight between two points that the layers have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atlas.base.tables import listing
from atlas.data.checks import SERVICE_ENDS
from recipes.opening import opening
from recipes.rail import drawn_km
from recipes.tables import Compiled, Facts, Feature, Left, Row, TableError, number


def compile_ferries(facts: Facts, layers: Mapping[str, Sequence[Feature]]) -> Compiled:
    """Return the layer ferries; a row with a reason to be left out is listed with it.

    Parameters
    ----------
    layers
        What the other recipes made: the ends are looked up there.
    """
    ends = {f"{key}/{one.id}": one for key in SERVICE_ENDS for one in layers[key]}
    compiled = Compiled({"ferries": []})
    for row in facts.rows("ferries"):
        if row["left_out"]:
            compiled.left.append(Left("ferries", row["id"], row["left_out"]))
        else:
            compiled.layers["ferries"].append(_service(facts, row, ends))
    return compiled


def _service(facts: Facts, row: Row, ends: Mapping[str, Feature]) -> Feature:
    names = (row["from_point"], row["to_point"])
    for name in names:
        if name not in ends:
            raise TableError(f"ferries.csv {row['id']}: no point {name!r}; name a feature of {', '.join(SERVICE_ENDS)}")
    if not row["minutes"]:
        raise TableError(f"ferries.csv {row['id']}: no minutes; give them or say in left_out why it is left out")
    first, last = (ends[name] for name in names)
    path = (first.coordinates[0], last.coordinates[0])
    properties = facts.common("ferries", row, kind=row["kind"], status=row["status"], source=row["source"])
    properties |= opening(row["status"], row["opened"]).columns()
    properties |= {
        "city": listing(dict.fromkeys(str(end.properties["city"]) for end in (first, last))),
        "confidence": row["confidence"],
        "geometry_quality": "schematic",
        "position_error_m": max(float(end.properties["position_error_m"]) for end in (first, last)),
        "from_point": names[0],
        "to_point": names[1],
        "minutes_low": number(row["minutes_low"]),
        "minutes": number(row["minutes"]),
        "minutes_high": number(row["minutes_high"]),
        "departures_per_day": number(row["departures_per_day"]),
        "drawn_length_km": drawn_km(path),
    }
    return Feature(properties, path)
