"""Ferries, and coaches across boundaries: optional services between two points of the network.

A service is boarded at one end and left at the other, in either direction: an edge to embark, one to sail, and,
where the ends lie on two sides of the border, one to land with the clearance. It is open in a scenario that
names it (``xiangzhou_guishan``, ``ferries/xiangzhou_guishan``) or all of its kind (``ferries``, ``coaches``), and
in no year by itself. Routes that tell no minutes are not taken in.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from atlas.base.errors import NetworkError
from atlas.data.checks import SERVICE_ENDS, service_faults
from atlas.network.lines import line_km
from atlas.network.rows import Columns, Edge, Node, node_at

__all__ = ["FerryPart", "ferry_part"]

Row = dict[str, Any]
#: Prefix of a node's id by the layer of its feature.
_NODE_OF = dict(zip(SERVICE_ENDS, ("port", "airport", "stn", "road", "place"), strict=True))


@dataclass
class FerryPart:
    """Nodes and edges, and the ends of each service, gathered while the services are read."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    ends: list[tuple[Node, Edge]] = field(default_factory=list)


def ferry_part(services: gpd.GeoDataFrame, points: Columns) -> FerryPart:
    """Build the nodes and edges of the services that tell minutes.

    Parameters
    ----------
    services
        The layer ``ferries``: contract columns, EPSG:4326.
    points
        Nodes of the network.

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
    at = {name: i for i, name in enumerate(points["node_id"].tolist())}
    for row in services.to_dict("records"):
        where = f"ferries {row['id']}"
        for message, remedy in service_faults(row):
            raise NetworkError(f"{where}: {message}; {remedy}")
        if pd.isna(row["minutes"]):
            continue
        ends = []
        for column in ("from_point", "to_point"):
            layer, _, feature = str(row[column]).partition("/")
            place = at.get(f"{_NODE_OF.get(layer, layer)}/{feature}")
            if place is None:
                raise NetworkError(
                    f"{where}: {column} names {row[column]!r}, which is no point of the network; "
                    f"name a feature of {', '.join(SERVICE_ENDS)}"
                )
            ends.append(node_at(points, place))
        _add(part, row, ends[0], ends[1])
    return part


def _add(part: FerryPart, row: Row, a: Node, b: Node) -> None:
    mode = "coach" if row["kind"] == "coach" else "ferry"
    line = shapely.LineString([a.geometry, b.geometry])
    base = Edge(
        "", "", "", "", mode, row["kind"], row["id"], "ferries", row["plan_ids"] or "", row["status"], float("nan"),
        "on_request",
    )  # fmt: skip
    km = line_km(shapely.get_coordinates(line))
    embark = replace(base, role="embark", trains_per_day=_number(row["departures_per_day"], float("nan")))
    sail = replace(
        embark, role="sail", length_km=km, drawn_length_km=km, run_min=float(row["minutes"]),
        run_min_low=_number(row["minutes_low"], row["minutes"]),
        run_min_high=_number(row["minutes_high"], row["minutes"]),
    )  # fmt: skip
    land = replace(base, role="land")
    for way, u, v, shape in (("f", a, b, line), ("b", b, a, shapely.reverse(line))):
        aboard = [_aboard(row, mode, way, u, "out")]
        if a.side != b.side:
            aboard.append(_aboard(row, mode, way, v, "in"))
        part.nodes += aboard
        names = [u.node_id, *(node.node_id for node in aboard), v.node_id]
        steps = (embark, replace(sail, geometry=shape), land)
        for step, (start, end) in zip(steps, itertools.pairwise(names), strict=False):
            name = f"ferry/{row['id']}/{step.role}/{way}"
            part.edges.append(replace(step, edge_id=name, from_id=start, to_id=end))
    part.ends += [(a, base), (b, base)]


def _aboard(row: Row, mode: str, way: str, end: Node, step: str) -> Node:
    """The vessel at one of its ends: a node of its own, so that nobody changes vessels without landing."""
    return Node(
        f"ferry/{row['id']}/{way}/{step}", "vessel", mode, "ferries", row["id"], end.name_zh, end.name_en, end.city,
        end.side, end.geometry,
    )  # fmt: skip


def _number(value: Any, otherwise: float) -> float:
    return float(otherwise) if pd.isna(value) else float(value)
