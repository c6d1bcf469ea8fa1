"""What the plan adds to roads: links across boundaries, and roads that widen others where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pandas as pd

__all__ = ["road_links", "upgraded"]

Row = dict[str, Any]
#: Kinds of the layer cross_border_links that the layer highways calls otherwise.
_KIND_OF_LINK = {"national": "national_road", "provincial": "provincial_road", "bridge": "arterial"}


def road_links(frame: gpd.GeoDataFrame | None) -> list[Row]:
    """Return the road links across boundaries among `frame`, each with what a road of the layer highways has."""
    if frame is None or "node_ids" not in frame:
        return []
    return [
        row
        | {
            "layer": "cross_border_links",
            "kind": _KIND_OF_LINK.get(row["kind"], row["kind"]),
            "structure": "bridge" if row["kind"] == "bridge" else "surface",
            "toll": False,
        }
        for row in frame.to_dict("records")
        if row["kind"] != "border_crossing" and (row["node_ids"] or row["upgrades"])
    ]


def upgraded(road: Row, edges: list[Row]) -> Iterator[Row]:
    """Yield the stretches that `road` widens, with its own limit and year: it lies where they lie.

    They run beside the old ones, so that from its year on the faster of the two counts.
    """
    wanted = [name for name in str(road.get("upgrades") or "").split(";") if name]
    named = set(str(road["node_ids"] or "").split(";"))
    limit = _number(road["speed_limit_kmh"])
    for edge in [edge for edge in edges if edge["feature_id"] in wanted and edge["role"] == "run"]:
        ends = (edge[end].removeprefix("road/").removesuffix("/toll") for end in ("from_id", "to_id"))
        if set(ends) <= named:
            yield edge | {
                "edge_id": f"{road['id']}/{edge['edge_id']}",
                "speed_limit_kmh": limit if limit > 0 else edge["speed_limit_kmh"],
                "feature_id": road["id"],
                "layer": road.get("layer", "highways"),
                "plan_ids": road["plan_ids"] or "",
                "status": road["status"],
                "opens_year": _number(road["opens_year"]),
                "opens_basis": road["opens_basis"],
            }


def _number(value: Any) -> float:
    return float("nan") if pd.isna(value) else float(value)
