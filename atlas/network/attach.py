"""Local travel: how places, ports, airports and station doors hang on the network.

Straight links over land to the nearest exits and stations, charged at local speed times a detour.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from atlas.data.scenario import BASE_YEAR
from atlas.network.lines import Barrier, local_links
from atlas.network.roads import side_of

__all__ = [
    "GATE", "PIER_REACH_KM", "ROAD_LINKS", "ROAD_REACH_KM", "SITE_REACH_KM", "STATION_LINKS",
    "STATION_REACH_KM", "link_piers", "link_points", "local_pair", "point_rows",
]  # fmt: skip

Row = dict[str, Any]
#: How far a place may lie from a road or station it is linked with, straight, and how many links it gets.
ROAD_REACH_KM, ROAD_LINKS = 25.0, 3
#: Stations, ports and airports outside the four cities stand where the layers hold few roads.
SITE_REACH_KM = 35.0
STATION_REACH_KM, STATION_LINKS = 20.0, 4
#: How far the pier of an island may lie from its places.
PIER_REACH_KM = 10.0
#: Speed class of the step between a station's gate and its door.
GATE = "gate"


def point_rows(frame: gpd.GeoDataFrame, layer: str, kind: str) -> list[Row]:
    """Return the nodes of a layer of places, ports or airports."""
    return [
        {
            "node_id": f"{kind}/{row['id']}",
            "kind": kind,
            "mode": "local",
            "layer": layer,
            "feature_id": row["id"],
            "name_zh": row["name_zh"],
            "name_en": row["name_en"] or "",
            "city": row["city"] or "",
            "side": side_of(row["city"]),
            "exit": True,
            "service": "" if kind == "place" else row["kind"],
            "geometry": row["geometry"],
            "_opens_year": 0.0 if kind == "place" else row["opens_year"],
            "_status": row["status"],
            "_opens_basis": row["opens_basis"],
            "_plan_ids": row["plan_ids"] or "",
        }
        for row in frame.to_dict("records")
        if row.get("level") != "zone" and row["kind"] != "waterway_project"
    ]


def link_points(points: list[Row], nodes: list[Row], barrier: Barrier | None) -> tuple[list[Row], list[Row]]:
    """Link places, ports, airports and station doors with roads, and the first three with stations."""
    exits = [row for row in nodes if row["kind"] == "junction" and row["exit"]]
    doors = [row for row in nodes if row["kind"] == "stop"]
    # Every point is also linked with roads that were open in the base year, so that none hangs on a later road.
    settled = [row for row in exits if row.get("_opens_year", 0.0) <= BASE_YEAR]
    places = [row for row in points if row["kind"] == "place"]
    sites = [row for row in points if row["kind"] != "place"]
    edges: list[Row] = []
    joins: list[Row] = []
    linked: set[tuple[str, str]] = set()
    for sources, targets, reach_km, most, name in (
        (places, exits, ROAD_REACH_KM, ROAD_LINKS, "local_road"),
        (places, settled, ROAD_REACH_KM, ROAD_LINKS, "local_road"),
        (sites, exits, SITE_REACH_KM, ROAD_LINKS, "local_road"),
        (sites, settled, SITE_REACH_KM, ROAD_LINKS, "local_road"),
        ([row for row in points if row["kind"] != "stop"], doors, STATION_REACH_KM, STATION_LINKS, "local_rail"),
    ):
        found = local_links(
            _coordinates(sources),
            [row["side"] for row in sources],
            _coordinates(targets),
            [row["side"] for row in targets],
            reach_km=reach_km,
            most=most,
            barrier=barrier,
        )
        kept = found if name == "local_rail" else found.without_long()
        for source, target, km in zip(kept.point, kept.target, kept.length_km.tolist(), strict=True):
            a, b = sources[source], targets[target]
            if (a["node_id"], b["node_id"]) in linked:
                continue
            linked.add((a["node_id"], b["node_id"]))
            edges.extend(local_pair(a, b, km, name))
            joins.append(
                {
                    "kind": "linked",
                    "layer": a["layer"],
                    "feature_id": a["feature_id"],
                    "target": b["node_id"],
                    "length_km": km,
                }
            )
    reached = {name for name, _ in linked}
    joins.extend(
        {
            "kind": "unlinked",
            "layer": row["layer"],
            "feature_id": row["feature_id"],
            "target": "",
            "length_km": float("nan"),
        }
        for row in points
        if row["node_id"] not in reached
    )
    return edges, joins


def link_piers(places: list[Row], ends: list[tuple[Row, Row]], barrier: Barrier | None) -> tuple[list[Row], list[Row]]:
    """Link places that nothing else reaches over land, as on an island, with the piers of ferries.

    Parameters
    ----------
    places
        Nodes of the places that :func:`link_points` left without a link.
    ends
        For each end of a service the node there, and what the edges of the service have in common: the links are
        part of the service, and open where it is.

    Returns
    -------
    edges, joins
        Rows of edges and of ``Network.joins``.
    """
    piers = [(node, service) for node, service in ends if node["kind"] in ("port", "airport")]
    nodes = list({node["node_id"]: node for node, _ in piers}.values())
    found = local_links(
        _coordinates(places), [row["side"] for row in places], _coordinates(nodes), [row["side"] for row in nodes],
        reach_km=PIER_REACH_KM, most=1, barrier=barrier,
    )  # fmt: skip
    edges: list[Row] = []
    joins: list[Row] = []
    for source, target, km in zip(found.point, found.target, found.length_km.tolist(), strict=True):
        place, pier = places[source], nodes[target]
        join = {"kind": "linked", "layer": place["layer"], "feature_id": place["feature_id"]}
        joins.append({**join, "target": pier["node_id"], "length_km": km})
        for node, service in piers:
            if node is not pier:
                continue
            own = {name: service[name] for name in ("feature_id", "layer", "plan_ids", "opens_year", "opens_basis")}
            edges += [
                {**edge, **own, "edge_id": f"{edge['edge_id']}/{service['feature_id']}"}
                for edge in local_pair(place, pier, km, "local_pier")
            ]
    return edges, joins


def _coordinates(rows: list[Row]) -> NDArray[np.float64]:
    return np.array([(row["geometry"].x, row["geometry"].y) for row in rows], dtype=np.float64).reshape(-1, 2)


def local_pair(a: Row, b: Row, km: float, name: str) -> list[Row]:
    """Edges from point `a` to the network node `b` and back; `a` may be a station door."""
    opens = _year(a.get("_opens_year", 0.0)) if a["kind"] in ("port", "airport") else 0.0
    towards = shapely.LineString([a["geometry"], b["geometry"]])
    base: Row = {
        "mode": "local",
        "speed_class": name,
        "speed_limit_kmh": float("nan"),
        "length_km": km,
        "drawn_length_km": km,
        "published_length_km": float("nan"),
        "structure": "surface",
        "toll": False,
        "feature_id": a["feature_id"],
        "layer": a["layer"],
        "plan_ids": a.get("_plan_ids", ""),
        "status": a.get("_status", "operating"),
        "opens_year": opens,
        "opens_basis": a.get("_opens_basis", "fact"),
    }
    out, back = ("egress", "access") if a["kind"] == "stop" else ("access", "egress")
    ids = f"local/{a['node_id']}~{b['node_id']}"
    return [
        {
            **base,
            "edge_id": f"{ids}/f",
            "from_id": a["node_id"],
            "to_id": b["node_id"],
            "role": out,
            "geometry": towards,
        },
        {
            **base,
            "edge_id": f"{ids}/b",
            "from_id": b["node_id"],
            "to_id": a["node_id"],
            "role": back,
            "geometry": shapely.reverse(towards),
        },
    ]


def _year(value: Any) -> float:
    return float("nan") if value is None or value is pd.NA else float(value)
