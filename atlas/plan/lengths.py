"""Kilometres of lines by mode, status, city and corridor, each stretch counted once.

A line is cut at its nodes (stations, interchanges). A stretch whose two nodes lie in one city belongs to that
city; one between two cities is halved between them. Its kilometres are the line's published length, shared
out by drawn length, or the drawn length where none is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.base.errors import LayerError
from atlas.base.geodesy import KM_A_DEGREE, Floats
from atlas.base.tables import slots
from atlas.data.declaration import EXPRESSWAYS
from atlas.data.register import Register
from atlas.network.lines import cut_line, line_km

__all__ = ["corridor_kilometres", "stretches", "total_kilometres"]

STRETCH_COLUMNS = (
    "layer", "feature_id", "name_zh", "mode", "status", "opens_year", "plan_ids", "from_node", "to_node", "city",
    "km", "basis", "counted", "why",
)  # fmt: skip
_ORDER = ("operating", "under_construction", "preliminary", "planned", "study", "reserved", "concept", "unknown")
#: How near two drawn lines run to be taken for one alignment: the smallest position error of any traced line.
_SAME_KM = 0.3


def _mode(layer: str, kind: str) -> str:
    if layer == "railways":
        return "railway"
    return "expressway" if kind in EXPRESSWAYS else "road"


def stretches(frames: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Cut all railways and highways into stretches between nodes and say which of them count.

    Parameters
    ----------
    frames
        Layer frames by key: ``railways`` with ``stations``, ``highways`` with ``interchanges``.

    Returns
    -------
    DataFrame
        :data:`STRETCH_COLUMNS`; a stretch between two cities has two rows with half its kilometres each.
        ``basis`` is ``published`` or ``drawn``. ``counted`` is false where ``why`` says so: ``no_alignment``
        (only the ends are known, the line is kept out of the network), ``repeated`` (drawn within 300 m of
        a line of the same mode that passes both nodes: a second track, a widening, a shared road) or
        ``access`` (a schematic link from town to exit).

    Raises
    ------
    LayerError
        A line names a node that its node layer does not have.
    """
    rows: list[dict[str, Any]] = []
    for layer, nodes, column in (("railways", "stations", "station_ids"), ("highways", "interchanges", "node_ids")):
        if layer in frames and nodes in frames:
            rows += _layer_stretches(layer, frames[layer], frames[nodes], column)
    frame = pd.DataFrame(rows, columns=list(STRETCH_COLUMNS))
    frame["opens_year"] = frame["opens_year"].astype("Int64")
    return frame


def _layer_stretches(layer: str, lines: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame, column: str) -> list[dict[str, Any]]:
    at = dict(zip(nodes["id"], shapely.get_coordinates(nodes.geometry.to_numpy()), strict=True))
    city = dict(zip(nodes["id"], nodes["city"].fillna(""), strict=True))
    records = sorted(lines.to_dict("records"), key=lambda row: _ORDER.index(row["status"]))
    before: dict[str, list[tuple[frozenset[str], shapely.LineString]]] = {}
    rows: list[dict[str, Any]] = []
    for row in records:
        ids = slots(str(row[column]))
        missing = [name for name in ids if name not in at]
        if missing:
            raise LayerError(f"layer {layer}: {row['id']} names {', '.join(missing)}, not in its node layer")
        mode = _mode(layer, row["kind"])
        pieces = _pieces(shapely.get_coordinates(row["geometry"]), np.array([at[name] for name in ids]))
        drawn = [line_km(piece) for piece in pieces]
        published = row["published_length_km"]
        factor = published / sum(drawn) if pd.notna(published) else 1.0
        for (a, b), piece, km in zip(pairwise(ids), pieces, drawn, strict=True):
            why = _why_not(row, a, b, piece, before.get(mode, []))
            base = {
                "layer": layer, "feature_id": row["id"], "name_zh": row["name_zh"], "mode": mode,
                "status": row["status"], "opens_year": row["opens_year"], "plan_ids": row["plan_ids"],
                "from_node": a, "to_node": b, "basis": "drawn" if pd.isna(published) else "published",
                "counted": not why, "why": why,
            }  # fmt: skip
            halves = (city[a],) if city[a] == city[b] else (city[a], city[b])
            rows += [{**base, "city": name, "km": km * factor / len(halves)} for name in halves]
        if row["in_network"]:
            before.setdefault(mode, []).append((frozenset(ids), row["geometry"]))
    return rows


def _pieces(line: Floats, nodes: Floats) -> Sequence[Floats]:
    """The line cut at its nodes; straight from node to node where the drawing does not pass them in order."""
    found = cut_line(line, nodes)
    return found if found is not None else [np.vstack(pair) for pair in pairwise(nodes)]


def _why_not(
    row: Mapping[Any, Any],
    a: str,
    b: str,
    piece: Floats,
    before: Iterable[tuple[frozenset[str], shapely.LineString]],
) -> str:
    if row["kind"] == "access":
        return "access"
    for nodes, line in before:
        if a in nodes and b in nodes:
            far = shapely.distance(line, shapely.points(_sampled(piece))).max() * KM_A_DEGREE
            if far <= _SAME_KM:
                return "repeated"
    return "" if row["in_network"] else "no_alignment"


def _sampled(piece: Floats) -> Floats:
    return np.vstack([piece, (piece[1:] + piece[:-1]) / 2.0])


def total_kilometres(
    table: pd.DataFrame, by: Sequence[str] = ("mode", "status"), *, year: int | None = None
) -> pd.DataFrame:
    """Return counted kilometres by the columns `by`, and how many lines they are of.

    Parameters
    ----------
    table
        From :func:`stretches`.
    by
        Columns such as ``mode``, ``status``, ``city``.
    year
        Only what counts in that year's scenario.

    Returns
    -------
    DataFrame
        `by`, ``km``, ``published_km`` (the part that rests on published lengths), ``lines``.
    """
    counted = table[table["counted"]]
    if year is not None:
        counted = counted[(counted["opens_year"] <= year).fillna(False).astype(bool)]
    rows = [
        {
            **dict(zip(by, key, strict=True)),
            "km": float(group["km"].sum()),
            "published_km": float(group.loc[group["basis"] == "published", "km"].sum()),
            "lines": int(group["feature_id"].nunique()),
        }
        for key, group in counted.groupby(list(by), sort=True, dropna=False)
    ]
    return pd.DataFrame(rows, columns=[*by, "km", "published_km", "lines"])


def corridor_kilometres(
    table: pd.DataFrame, register: Register, by: Sequence[str] = ("mode", "status")
) -> pd.DataFrame:
    """Return counted kilometres of each corridor of the plan by the columns `by`.

    A line that serves two corridors stands under both; the totals of all corridors are not to be added.
    """
    frames = []
    for item in register:
        if item.kind == "corridor":
            held = {f"{link.layer}/{link.feature_id}" for link in register.links_of(item.id)}
            own = table[(table["layer"] + "/" + table["feature_id"]).isin(held)]
            found = total_kilometres(own, by)
            found.insert(0, "corridor", item.id)
            found.insert(1, "name_zh", item.name_zh)
            frames.append(found)
    return pd.concat(frames, ignore_index=True)
