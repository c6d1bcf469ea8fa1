"""What the plan adds to roads: links across boundaries, and roads that widen others where they lie."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from atlas.base.tables import listed, slots
from atlas.network.rows import Columns, column_of, filled, picked, stacked, texts_of, year_of

__all__ = ["upgraded", "with_links"]

#: Kinds of the layer cross_border_links that the layer highways calls otherwise.
_KIND_OF_LINK = {"national": "national_road", "provincial": "provincial_road", "bridge": "arterial"}
#: What a road has that names no such column.
_UNTOLD: dict[str, Any] = {"upgrades": "", "course": "known", "oneway": False, "published_length_km": np.nan}


def with_links(highways: gpd.GeoDataFrame, links: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return the layer highways and, below it, the road links across boundaries; ``layer`` tells which is which.

    Parameters
    ----------
    highways, links
        The layers ``highways`` and ``cross_border_links``, contract columns.
    """
    roads = _told(highways, "highways")
    if links is None or "node_ids" not in links:
        return roads
    named = (texts_of(links["node_ids"]) != "") | (texts_of(links["upgrades"]) != "")
    chosen = links[(links["kind"] != "border_crossing").to_numpy(dtype=bool) & named]
    if chosen.empty:
        return roads
    kinds = chosen["kind"].tolist()
    more = _told(chosen, "cross_border_links").assign(
        kind=[_KIND_OF_LINK.get(kind, kind) for kind in kinds],
        structure=["bridge" if kind == "bridge" else "surface" for kind in kinds],
        toll=False,
    )
    common = [name for name in roads.columns if name in more]
    return gpd.GeoDataFrame(pd.concat([roads[common], more[common]], ignore_index=True), crs=highways.crs)


def _told(frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    told = frame.assign(layer=layer, **{name: value for name, value in _UNTOLD.items() if name not in frame})
    texts = {"upgrades": texts_of(told["upgrades"]), "course": texts_of(told["course"], "known")}
    return told.assign(**{name: pd.Series(text, dtype=object, index=told.index) for name, text in texts.items()})


def upgraded(roads: gpd.GeoDataFrame, edges: Columns) -> Columns:
    """Return the stretches that `roads` widen, each with its own limit and year: they lie where the old ones lie.

    They run beside the old ones, so that from its year on the faster of the two counts. The id of each is that of the
    old one behind the id of what widens it (``EdgeArrays.wider``).
    """
    blocks = [filled("edges", 0)]
    for road in roads[(roads["upgrades"] != "").to_numpy(dtype=bool)].to_dict("records"):
        wanted = list(listed(road["upgrades"]))
        named = set(slots(str(road["node_ids"] or "")))
        rows = [
            k
            for k in np.nonzero((edges["role"] == "run") & np.isin(edges["feature_id"], wanted))[0].tolist()
            if {_junction(edges["from_id"][k]), _junction(edges["to_id"][k])} <= named
        ]
        block = picked(edges, np.array(rows, dtype=np.int64))
        limit = year_of(road["speed_limit_kmh"])
        own = {name: road[name] for name in ("layer", "status", "opens_basis")} | {
            "feature_id": road["id"], "plan_ids": road["plan_ids"] or "", "opens_year": year_of(road["opens_year"])
        }  # fmt: skip
        if limit > 0:
            own["speed_limit_kmh"] = limit
        names = column_of((f"{road['id']}/{name}" for name in block["edge_id"]), "text")
        blocks.append(filled("edges", len(rows), **(block | own | {"edge_id": names})))
    return stacked(*blocks)


def _junction(node_id: str) -> str:
    return node_id.removeprefix("road/").removesuffix("/toll")
