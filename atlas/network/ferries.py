"""Ferries, and coaches across boundaries: optional services between two points of the network.

A service is boarded at one end and left at the other, in either direction: an edge to embark, one to sail, and,
where the ends lie on two sides of the border, one to land with the clearance. It is open in a scenario that
names it (``xiangzhou_guishan``, ``ferries/xiangzhou_guishan``) or all of its kind (``ferries``, ``coaches``), and
in no year by itself. Routes that tell no minutes are not taken in.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from atlas.base.errors import NetworkError
from atlas.data.checks import SERVICE_ENDS, service_faults
from atlas.network.lines import line_km

__all__ = ["FerryPart", "ferry_part"]

Row = dict[str, Any]
#: Prefix of a node's id by the layer of its feature.
_NODE_OF = dict(zip(SERVICE_ENDS, ("port", "airport", "stn", "road", "place"), strict=True))


@dataclass
class FerryPart:
    """Rows of nodes and edges, and the ends of each service, gathered while the services are read."""

    nodes: list[Row] = field(default_factory=list)
    edges: list[Row] = field(default_factory=list)
    ends: list[tuple[Row, Row]] = field(default_factory=list)


def ferry_part(services: gpd.GeoDataFrame, points: Mapping[str, Row]) -> FerryPart:
    """Build the nodes and edges of the services that tell minutes.

    Parameters
    ----------
    services
        The layer ``ferries``: contract columns, EPSG:4326.
    points
        Nodes of the network by id.

    Returns
    -------
    FerryPart
        ``ends`` holds, for each end of a service, the node there and what edges of the service have in common.

    Raises
    ------
    NetworkError
        A row names an end that is no node, lacks minutes, or has some that are not greater than 0.
    """
    part = FerryPart()
    for row in services.to_dict("records"):
        where = f"ferries {row['id']}"
        for message, remedy in service_faults(row):
            raise NetworkError(f"{where}: {message}; {remedy}")
        if pd.isna(row["minutes"]):
            continue
        ends = []
        for column in ("from_point", "to_point"):
            layer, _, feature = str(row[column]).partition("/")
            node = points.get(f"{_NODE_OF.get(layer, layer)}/{feature}")
            if node is None:
                raise NetworkError(
                    f"{where}: {column} names {row[column]!r}, which is no point of the network; "
                    f"name a feature of {', '.join(SERVICE_ENDS)}"
                )
            ends.append(node)
        _add(part, row, ends[0], ends[1])
    return part


def _add(part: FerryPart, row: Row, a: Row, b: Row) -> None:
    mode = "coach" if row["kind"] == "coach" else "ferry"
    line = shapely.LineString([a["geometry"], b["geometry"]])
    base: Row = {
        "mode": mode,
        "speed_class": row["kind"],
        "speed_limit_kmh": float("nan"),
        "length_km": 0.0,
        "drawn_length_km": 0.0,
        "published_length_km": float("nan"),
        "structure": "surface",
        "toll": False,
        "feature_id": row["id"],
        "layer": "ferries",
        "plan_ids": row["plan_ids"] or "",
        "status": row["status"],
        "opens_year": float("nan"),
        "opens_basis": "on_request",
        "geometry": None,
    }
    km = line_km(shapely.get_coordinates(line))
    told = {
        "run_min": float(row["minutes"]),
        "run_min_low": _number(row["minutes_low"], row["minutes"]),
        "run_min_high": _number(row["minutes_high"], row["minutes"]),
    }
    departures = {"trains_per_day": _number(row["departures_per_day"], float("nan"))}
    sailed = departures | told | {"length_km": km, "drawn_length_km": km}
    for way, u, v, shape in (("f", a, b, line), ("b", b, a, shapely.reverse(line))):
        aboard = [_aboard(row, mode, way, u, "out")]
        if a["side"] != b["side"]:
            aboard.append(_aboard(row, mode, way, v, "in"))
        part.nodes += aboard
        names = [u["node_id"], *(node["node_id"] for node in aboard), v["node_id"]]
        steps: list[tuple[str, Row]] = [("embark", departures), ("sail", {**sailed, "geometry": shape}), ("land", {})]
        for (role, more), (start, end) in zip(steps, itertools.pairwise(names), strict=False):
            name = f"ferry/{row['id']}/{role}/{way}"
            part.edges.append({**base, **more, "edge_id": name, "from_id": start, "to_id": end, "role": role})
    part.ends += [(a, base), (b, base)]


def _aboard(row: Row, mode: str, way: str, end: Row, step: str) -> Row:
    """The vessel at one of its ends: a node of its own, so that nobody changes vessels without landing."""
    named = {name: end[name] for name in ("name_zh", "name_en", "city", "side", "geometry")}
    return {
        "node_id": f"ferry/{row['id']}/{way}/{step}",
        "kind": "vessel",
        "mode": mode,
        "layer": "ferries",
        "feature_id": row["id"],
        "exit": False,
        **named,
    }


def _number(value: Any, otherwise: float) -> float:
    return float(otherwise) if pd.isna(value) else float(value)
