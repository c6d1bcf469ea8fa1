"""The network as files: GraphML, node-link JSON, CSV pairs, GeoPackage."""

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
from atlas.base.values import csv_text, plain
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.network.build import Network
from atlas.travel.trip import Trip

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["FORMATS", "write_network"]

FORMATS = (".graphml", ".json", ".csv", ".gpkg")
# GeoPackage stamps each table with the time of writing; a fixed one gives the same bytes for the same input.
_FIXED_DATE = "1970-01-01T00:00:00Z"


def write_network(
    network: Network,
    path: str | Path,
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write the part of `network` that is open and usable, with minutes, in the format of the suffix.

    Parameters
    ----------
    network
        What to write.
    path
        ``.graphml`` (attributes as text and numbers, geometry as WKT), ``.json`` (networkx's node-link form,
        geometry as WKT), ``.csv`` (the file holds the edges as pairs ``from_id, to_id``; the nodes go to
        ``<name>-nodes.csv`` beside it) or ``.gpkg`` (layers ``nodes``, ``edges``, ``joins``, EPSG:4326).
    scenario, mode
        What is open, and the minutes: the column ``travel_time_min`` is the time for a traveller who has not
        yet ridden a train. Edges that cannot be used are left out, so that no edge lacks a weight.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    ExportError
        Another suffix, a file that exists, or a disk that refuses.
    """
    path = Path(path)
    writers: dict[str, Callable[[Network, Path, str, bool], tuple[Path, ...]]] = {
        ".graphml": _graphml,
        ".json": _node_link,
        ".csv": _pairs,
        ".gpkg": _geopackage,
    }
    if path.suffix.lower() not in writers:
        raise ExportError(f"{path}: a network is written as {', '.join(FORMATS)}; choose one of these endings")
    mark = stamp(network.hash, [scenario])
    return writers[path.suffix.lower()](_usable(network, scenario, mode), path, mark, overwrite)


def _usable(network: Network, scenario: Scenario, mode: str) -> Network:
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


def _geopackage(network: Network, path: Path, mark: str, overwrite: bool) -> tuple[Path, ...]:
    import pyogrio

    about = {"atlas_hash": mark, "CRS": "EPSG:4326"}
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_DATE})
    try:
        with replacing(path, overwrite=overwrite) as draft:
            for name, frame, shape in (
                ("nodes", network.nodes, "Point"),
                ("edges", network.edges, "LineString"),
            ):
                pyogrio.write_dataframe(
                    frame, draft, layer=name, driver="GPKG", geometry_type=shape, dataset_metadata=about
                )
            pyogrio.write_dataframe(network.joins, draft, layer="joins", driver="GPKG", dataset_metadata=about)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    return (path,)
