"""Nodes, edges and joins: one by one as typed values, many at once as columns.

What columns there are, of what type, and what stands where nothing is said, is declared once, in ``columns.csv``.
Trains, ferries and border crossings are made one by one (:class:`Node`, :class:`Edge`, :class:`Join`); roads and
local links, of which there may be a hundred thousand, as whole columns (:data:`Columns`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from atlas.base.geodesy import Floats, Texts
from atlas.base.tables import parse_table

__all__ = [
    "EDGE_COLUMNS",
    "JOIN_COLUMNS",
    "NODE_COLUMNS",
    "TABLES",
    "Columns",
    "Edge",
    "Join",
    "Node",
    "Opening",
    "column_of",
    "columns_of",
    "edge_frame",
    "filled",
    "join_frame",
    "named_nodes",
    "node_at",
    "node_frame",
    "picked",
    "stacked",
    "texts_of",
    "year_of",
    "years_of",
]

#: Columns of equal length by name: those of the contract, and for nodes also :data:`OPENING_COLUMNS`.
Columns = dict[str, NDArray[Any]]
NAN = float("nan")
_DTYPES: dict[str, type] = {"text": object, "shape": object, "number": np.float64, "truth": np.bool_}


@dataclass(frozen=True)
class Column:
    """A column of the contract: its type (``text``, ``number``, ``truth``, ``shape``), and what stands for nothing."""

    name: str
    type: str
    empty: Any
    unit: str
    meaning: str


def _contract() -> dict[str, tuple[Column, ...]]:
    text = resources.files("atlas.network").joinpath("columns.csv").read_text("utf-8")
    tables: dict[str, tuple[Column, ...]] = {}
    heads = ("table", "column", "type", "empty", "unit", "meaning")
    for row in parse_table(text, heads, where="columns.csv"):
        empty: Any = row["empty"]
        if row["type"] == "number":
            empty = float(empty) if empty else NAN
        elif row["type"] == "truth":
            empty = False
        elif row["type"] == "shape":
            empty = None
        column = Column(row["column"], row["type"], empty, row["unit"], row["meaning"])
        tables[row["table"]] = (*tables.get(row["table"], ()), column)
    return tables


#: The contract: columns by table (``nodes``, ``edges``, ``joins``), in order.
TABLES: Mapping[str, tuple[Column, ...]] = _contract()
NODE_COLUMNS, EDGE_COLUMNS, JOIN_COLUMNS = (
    tuple(column.name for column in TABLES[table]) for table in ("nodes", "edges", "joins")
)
#: What is known of a node while the network is made, for the links that will lead to it.
OPENING_COLUMNS = ("opens_year", "status", "opens_basis", "plan_ids")


@dataclass(frozen=True)
class Opening:
    """From when something counts, and what says so."""

    opens_year: float = 0.0
    status: str = "operating"
    opens_basis: str = "fact"
    plan_ids: str = ""


#: There from the beginning.
ALWAYS = Opening()


@dataclass(frozen=True)
class Node:
    """A node; see ``columns.csv``. `opening` is no column: links to the node take it over."""

    node_id: str
    kind: str
    mode: str
    layer: str
    feature_id: str
    name_zh: str
    name_en: str
    city: str
    side: str
    geometry: shapely.Point
    exit: bool = False
    service: str = ""
    position_error_m: float = 0.0
    opening: Opening = ALWAYS


@dataclass(frozen=True)
class Edge:
    """One direction of an edge; see ``columns.csv``."""

    edge_id: str
    from_id: str
    to_id: str
    role: str
    mode: str
    speed_class: str
    feature_id: str
    layer: str
    plan_ids: str
    status: str
    opens_year: float
    opens_basis: str
    speed_limit_kmh: float = NAN
    length_km: float = 0.0
    drawn_length_km: float = 0.0
    published_length_km: float = NAN
    structure: str = "surface"
    toll: bool = False
    run_min: float = NAN
    run_min_low: float = NAN
    run_min_high: float = NAN
    trains_per_day: float = NAN
    trains_ordinary: float = NAN
    service_ordinary: float = NAN
    line_ids: str = ""
    course: str = "known"
    geometry: shapely.LineString | None = None


@dataclass(frozen=True)
class Join:
    """A snap or link that was made, or one that was not; see ``columns.csv``."""

    kind: str
    layer: str
    feature_id: str
    target: str
    length_km: float = NAN


def year_of(value: Any) -> float:
    """Return a year or other number as float; NaN (only in ``full``) where the layer has none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return NAN


def years_of(values: pd.Series[Any]) -> Floats:
    """Return a column of years or other numbers as floats, as :func:`year_of` does one by one."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=NAN), dtype=np.float64)
    return np.array([year_of(value) for value in values.tolist()], dtype=np.float64)


def texts_of(values: pd.Series[Any], otherwise: str = "") -> Texts:
    """Return a column of texts, `otherwise` where one is missing or empty."""
    listed = values.tolist()
    return column_of(listed if all(listed) else [value or otherwise for value in listed], "text")


def column_of(values: Iterable[Any], kind: str) -> NDArray[Any]:
    """Return `values` as a column of a type of the contract."""
    listed = values if isinstance(values, list) else list(values)
    column: NDArray[Any] = np.empty(len(listed), dtype=_DTYPES[kind])
    column[:] = listed
    return column


def columns_of(table: str, rows: Sequence[Node] | Sequence[Edge] | Sequence[Join]) -> Columns:
    """Return rows made one by one as columns of `table` (``nodes``, ``edges``, ``joins``), with openings for nodes."""
    found = {c.name: column_of((getattr(row, c.name) for row in rows), c.type) for c in TABLES[table]}
    if table == "nodes":
        for name in OPENING_COLUMNS:
            kind = "number" if name == "opens_year" else "text"
            found[name] = column_of((getattr(row.opening, name) for row in rows if isinstance(row, Node)), kind)
    return found


def filled(table: str, size: int, **given: Any) -> Columns:
    """Return `size` rows of `table`: `given` columns or single values, the declared empty value elsewhere."""
    kinds = {c.name: (c.type, c.empty) for c in TABLES[table]}
    if table == "nodes":
        kinds |= {
            name: ("number" if name == "opens_year" else "text", getattr(ALWAYS, name)) for name in OPENING_COLUMNS
        }
    found: Columns = {}
    for name, (kind, empty) in kinds.items():
        value = given.pop(name, empty)
        if isinstance(value, np.ndarray):
            found[name] = value.astype(_DTYPES[kind], copy=False)
        else:
            found[name] = np.full(size, value, dtype=_DTYPES[kind])
    if given:
        raise TypeError(f"{table} has no column {', '.join(given)}")
    return found


def node_at(columns: Columns, row: int) -> Node:
    """Return one row of the columns of nodes as a value."""
    opening = Opening(*(columns[name][row] for name in OPENING_COLUMNS))
    return Node(**{name: columns[name][row] for name in NODE_COLUMNS}, opening=opening)


def picked(columns: Columns, rows: NDArray[Any] | slice) -> Columns:
    """Return the rows chosen by number, by mask or by slice."""
    return {name: values[rows] for name, values in columns.items()}


def stacked(*blocks: Columns) -> Columns:
    """Return blocks of the same columns, one below the other; where one alone holds rows, its arrays are returned."""
    first = next(iter(blocks[0]))
    held = [block for block in blocks if len(block[first])] or [*blocks[:1]]
    if len(held) == 1:
        return {name: held[0][name] for name in blocks[0]}
    return {name: np.concatenate([block[name] for block in held]) for name in blocks[0]}


def node_frame(columns: Columns) -> gpd.GeoDataFrame:
    """Return ``Network.nodes``; openings are left out."""
    frame = pd.DataFrame({name: columns[name] for name in NODE_COLUMNS} | named_nodes(columns))
    for name in ("service", "name_en", "name_zh"):
        frame[name] = frame[name].astype(object)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def named_nodes(columns: Columns) -> Columns:
    """Return the names of nodes: imported layers know many junctions without one, and it must not come out as a word.

    A missing English name is empty, a missing Chinese one the English.
    """
    english = [name if isinstance(name, str) else "" for name in columns["name_en"].tolist()]
    chinese = [
        name if isinstance(name, str) else other
        for name, other in zip(columns["name_zh"].tolist(), english, strict=True)
    ]
    return {"name_en": column_of(english, "text"), "name_zh": column_of(chinese, "text")}


def edge_frame(columns: Columns) -> gpd.GeoDataFrame:
    """Return ``Network.edges``."""
    frame = pd.DataFrame({name: columns[name] for name in EDGE_COLUMNS})
    frame["course"] = frame["course"].astype(object)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def join_frame(columns: Columns) -> pd.DataFrame:
    """Return ``Network.joins``."""
    return pd.DataFrame({name: columns[name] for name in JOIN_COLUMNS})
