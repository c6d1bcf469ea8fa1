"""The network for programs that know graphs: GraphML, node-link JSON, CSV pairs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from atlas.base.errors import ExportError
from atlas.base.files import replacing, write_bytes, write_text
from atlas.base.values import csv_text, form_of, plain
from atlas.data.scenario import Scenario
from atlas.network.build import Network
from atlas.travel.trip import Trip

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["FORMATS", "usable", "write_graph"]

#: Formats of programs that know graphs: keys of :data:`atlas.base.values.ENDINGS`.
FORMATS = ("graphml", "json", "csv")


def write_graph(
    network: Network, path: Path, mark: str, *, form: str | None = None, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write a network (see :func:`usable`) for programs that know graphs, and return the files.

    Parameters
    ----------
    network, mark
        What to write, and its stamp.
    path
        ``.graphml`` (attributes as text and numbers, geometry as WKT), ``.json`` (networkx's node-link form, geometry
        as WKT) or ``.csv`` (the file holds the edges as pairs ``from_id, to_id``; the nodes go to
        ``<name>-nodes.csv`` beside it).
    form
        One of :data:`FORMATS`; None: by the ending.
    overwrite
        Whether existing files may be replaced.

    Raises
    ------
    ExportError
        An ending of no such format, a file that exists, or a disk that refuses.
    """
    writers: dict[str, Callable[[Network, Path, str, bool], tuple[Path, ...]]] = {
        "graphml": _graphml,
        "json": _node_link,
        "csv": _pairs,
    }
    return writers[form_of(path, form, FORMATS)](network, path, mark, overwrite)


def usable(network: Network, scenario: Scenario, mode: str) -> Network:
    """Return the part that is open and usable, edges with their minutes in ``travel_time_min``."""
    trip = Trip(network, scenario, mode)
    edges = network.edges[trip.usable].assign(travel_time_min=trip.minutes[trip.usable]).reset_index(drop=True)
    used = set(edges["from_id"]) | set(edges["to_id"])
    keep = network.nodes["node_id"].isin(used) | (network.nodes["kind"] == "place")
    return replace(network, nodes=network.nodes[keep].reset_index(drop=True), edges=edges)


def _graph(network: Network, mark: str) -> nx.MultiDiGraph:
    import networkx as nx

    graph = nx.MultiDiGraph(crs="EPSG:4326", hash=mark)
    for row in network.nodes.to_dict("records"):
        graph.add_node(row["node_id"], **_attributes(row))
    for row in network.edges.to_dict("records"):
        graph.add_edge(row["from_id"], row["to_id"], key=row["edge_id"], **_attributes(row))
    return graph


def _attributes(row: dict[Any, Any]) -> dict[str, Any]:
    """Plain values only; what is unknown is absent, since GraphML has no null."""
    values = {str(key): _attribute(value) for key, value in row.items()}
    return {key: value for key, value in values.items() if value is not None}


def _attribute(value: Any) -> Any:
    return shapely.to_wkt(value, rounding_precision=6) if isinstance(value, shapely.Geometry) else plain(value)


def _graphml(network: Network, path: Path, mark: str, overwrite: bool) -> tuple[Path, ...]:
    import networkx as nx

    with replacing(path, overwrite=overwrite) as draft:
        nx.write_graphml_xml(_graph(network, mark), draft, named_key_ids=True)
    return (path,)


def _node_link(network: Network, path: Path, mark: str, overwrite: bool) -> tuple[Path, ...]:
    import networkx as nx

    data = nx.node_link_data(_graph(network, mark), edges="edges")
    text = json.dumps({"hash": mark, **data}, ensure_ascii=False, allow_nan=False, indent=1)
    return (write_text(path, text + "\n", overwrite=overwrite),)


def _pairs(network: Network, path: Path, mark: str, overwrite: bool) -> tuple[Path, ...]:
    beside = path.with_name(f"{path.stem}-nodes{path.suffix}")
    if beside.exists() and not overwrite:
        raise ExportError(f"{beside} exists; pass --overwrite (overwrite=True) or choose another name")
    edges = network.edges[["from_id", "to_id", *network.edges.columns.drop(["from_id", "to_id"])]]
    first = write_bytes(path, _csv(edges, mark), overwrite=overwrite)
    return first, write_bytes(beside, _csv(network.nodes, mark), overwrite=overwrite)


def _csv(frame: pd.DataFrame, mark: str) -> bytes:
    """CSV with a byte order mark, without which Excel garbles Chinese."""
    header = [*("wkt" if name == "geometry" else str(name) for name in frame.columns), "hash"]
    rows = ([*map(_attribute, row), mark] for row in frame.itertuples(index=False))
    return csv_text(header, rows).encode("utf-8-sig")
