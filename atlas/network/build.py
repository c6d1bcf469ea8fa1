"""The network: topology and geometry in two frames, with no minutes in it.

Built from GeoJSON layers and nothing else. Roads join at declared junctions only, trains are left only at
their stops, and places, ports, airports and stations hang on by straight local links over land whose
length is charged and reported in ``joins``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import repeat
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.base.doors import uncollected
from atlas.base.errors import NetworkError
from atlas.base.geodesy import Bools, Floats
from atlas.base.tables import slots
from atlas.data.layer import parting_water, require_usable
from atlas.data.region import Region
from atlas.data.stamp import layers_hash
from atlas.network.arrays import MESH, EdgeArrays, arrays_of
from atlas.network.attach import (
    MESH_ID,
    beside,
    link_piers,
    link_points,
    mesh_part,
    point_columns,
)
from atlas.network.barrier import Barrier
from atlas.network.borders import read_crossings
from atlas.network.ferries import FerryPart, ferry_part
from atlas.network.lines import near_pairs
from atlas.network.rail import rail_part
from atlas.network.roads import road_part
from atlas.network.rows import (
    Columns,
    column_of,
    columns_of,
    edge_frame,
    filled,
    join_frame,
    named_nodes,
    node_frame,
    picked,
    stacked,
    years_of,
)
from atlas.network.value import Network, network_in_columns

if TYPE_CHECKING:
    from atlas.data.layer import Layer
    from atlas.data.scenario import Scenario

__all__ = ["NEAR_MISS_KM", "REQUIRED", "Network", "build_network", "lines_on_request", "open_edges"]

REQUIRED = ("highways", "interchanges", "railways", "stations", "places")
NEAR_MISS_KM = 0.5


def open_edges(network: Network, scenario: Scenario) -> Bools:
    """Return which edges exist in `scenario`; see :meth:`atlas.network.arrays.EdgeArrays.open_in`.

    Parameters
    ----------
    scenario
        Ids in ``with_``, ``without`` and ``close`` are feature ids, ``layer/feature`` ids, line or plan ids.
    """
    return network.arrays.open_in(scenario)


def build_network(layers: Mapping[str, Layer], *, snap_km: float = 0.5, on_request: Collection[str] = ()) -> Network:
    """Build the network of all modes from layers.

    Parameters
    ----------
    layers
        By key: ``highways``, ``interchanges``, ``railways``, ``stations`` and ``places`` are needed;
        ``ordinary_roads``, ``rail_services``, ``cross_border_links``, ``ports``, ``airports``, ``ferries``, ``land``
        and ``water`` are used when present. Contract columns, EPSG:4326.
    snap_km
        How far the end of a road that names no junction may be moved to a declared one.
    on_request
        Feature or plan ids of roads and railways without a known alignment that are taken in all the same,
        straight from one declared node to the next (``opens_basis = on_request``). They are open in those
        scenarios only that name them in ``with``, not even in ``full``.

    Returns
    -------
    Network
        All modes in one, with what was joined and what was left open.

    Raises
    ------
    NetworkError
        A layer is missing, or its rows contradict one another (see :mod:`atlas.network.roads`,
        :mod:`atlas.network.rail`, :mod:`atlas.network.ferries`).
    LayerError
        A value is outside its range (see :mod:`atlas.data.layer`).

    Examples
    --------
    >>> network = atlas.build_network(atlas.open_catalog().layers())
    >>> "travel_time_min" in network.edges  # a network has no minutes; a scenario gives them
    False
    """
    with uncollected():
        return _build(layers, snap_km, on_request)


def _build(layers: Mapping[str, Layer], snap_km: float, on_request: Collection[str]) -> Network:
    missing = [key for key in REQUIRED if key not in layers]
    if missing:
        raise NetworkError(f"layers missing: {', '.join(missing)}; the network needs {', '.join(REQUIRED)}")
    require_usable(layers)
    region = layers["places"].spec.region
    frames = {key: _with_sides(_with_requested(key, layer.frame, on_request), region) for key, layer in layers.items()}
    barrier = None
    if "land" in frames:
        water = parting_water(frames["water"]).geometry.to_numpy() if "water" in frames else np.zeros(0, dtype=object)
        barrier = Barrier.of(frames["land"].geometry.to_numpy(), water, region.territories)
    links = frames.get("cross_border_links")
    crossings = list(read_crossings(links, region)) if links is not None else []
    roads = road_part(frames["highways"], frames["interchanges"], crossings, links, snap_km=snap_km)
    rails = rail_part(frames["railways"], frames["stations"], frames.get("rail_services"), crossings)
    stations = columns_of("nodes", list(rails.nodes.values()))
    points = stacked(
        *(
            point_columns(frames[key], key, kind)
            for key, kind in (("places", "place"), ("ports", "port"), ("airports", "airport"))
            if key in frames
        )
    )
    nodes, ordinary = roads.nodes, []
    if MESH in frames and len(frames[MESH]):
        mesh = mesh_part(frames[MESH], frames["highways"], roads.nodes, barrier)
        nodes, ordinary = stacked(nodes, mesh.nodes), [mesh]
    nodes = stacked(nodes, stations)
    links, joins = link_points(stacked(points, picked(stations, stations["kind"] == "stop")), nodes, barrier)
    towns = picked(points, points["kind"] == "place")
    near = [beside(towns, towns, links, barrier)] if len(towns["kind"]) else []
    nodes = stacked(nodes, points)
    joins = stacked(columns_of("joins", [*roads.joins, *rails.joins]), joins, *(mesh.joins for mesh in ordinary))
    services, piers = FerryPart(), []
    if "ferries" in frames:
        services = ferry_part(frames["ferries"], nodes)
        bare = set(joins["feature_id"][(joins["kind"] == "unlinked") & (joins["layer"] == "places")])
        islands = picked(points, (points["layer"] == "places") & np.isin(points["feature_id"], list(bare)))
        more, noted = link_piers(islands, services.ends, nodes, barrier)
        piers, joins = [more], stacked(joins, noted)
    nodes = stacked(nodes, columns_of("nodes", services.nodes))
    nodes["position_error_m"] = _position_errors(nodes, frames)
    edges = stacked(
        roads.edges, *(mesh.edges for mesh in ordinary), columns_of("edges", rails.edges), links, *near, *piers,
        columns_of("edges", services.edges),
    )  # fmt: skip
    del roads  # of very many edges each copy counts
    nodes |= named_nodes(nodes)
    arrays = arrays_of(nodes.__getitem__, edges.__getitem__)
    joins = stacked(joins, _near_misses(nodes, edges, arrays))
    return network_in_columns(
        {"nodes": nodes | {"lonlat": shapely.get_coordinates(nodes["geometry"])}, "edges": edges},
        {
            "nodes": lambda: node_frame(nodes),
            "edges": lambda: edge_frame(edges),
            "joins": lambda: join_frame(joins),
            "hash": lambda: layers_hash(layers),
            "feature_names": lambda: _names(layers),
        },
        arrays, place_layer=layers["places"], barrier=barrier,
    )  # fmt: skip


def _names(layers: Mapping[str, Layer]) -> dict[tuple[str, str], tuple[str, str]]:
    """Chinese and English name of every line and service by (layer, feature id)."""
    named: dict[tuple[str, str], tuple[str, str]] = {
        (str(key), str(row_id)): (str(zh or en or ""), str(en or ""))
        for key in ("highways", "railways", "rail_services", "cross_border_links", "ferries")
        if key in layers
        for row_id, zh, en in zip(*(layers[key].frame[c] for c in ("id", "name_zh", "name_en")), strict=True)
    }
    if MESH in layers and len(layers[MESH].frame):
        named[MESH, MESH_ID] = tuple(layers[MESH].frame[column].iloc[0] for column in ("name_zh", "name_en"))
    return named


def lines_on_request(frame: pd.DataFrame, names: Collection[str] | None = None) -> Bools:
    """Return which lines of a layer have no known alignment and are among `names` (ids or plan ids; None: all)."""
    drawn_only = ~frame["in_network"].to_numpy(dtype=bool)
    if names is None:
        return drawn_only
    wanted = set(names)
    asked = [
        row_id in wanted or bool(wanted & set(slots(str(plan_ids or ""))))
        for row_id, plan_ids in zip(frame["id"], frame["plan_ids"], strict=True)
    ]
    return np.asarray(drawn_only & np.array(asked, dtype=bool))


def _with_requested(key: str, frame: gpd.GeoDataFrame, names: Collection[str]) -> gpd.GeoDataFrame:
    if not names or key not in ("highways", "railways"):
        return frame
    chosen = lines_on_request(frame, {name.removeprefix(f"{key}/") for name in names})
    return frame.assign(
        in_network=frame["in_network"] | chosen,
        opens_year=frame["opens_year"].mask(chosen),
        opens_basis=frame["opens_basis"].mask(chosen, "on_request"),
    )


def _with_sides(frame: gpd.GeoDataFrame, region: Region) -> gpd.GeoDataFrame:
    """Return the features with the side of the border that their city lies on."""
    elsewhere = region.side_of(None)
    known = {city: region.side_of(city) or elsewhere for city in frame["city"].dropna().unique()}
    sides = list(map(known.get, frame["city"].tolist(), repeat(elsewhere)))
    return frame.assign(side=pd.Series(sides, dtype=object, index=frame.index))


def _position_errors(nodes: Columns, frames: Mapping[str, gpd.GeoDataFrame]) -> Floats:
    """(n,) metres each node may be off, as the layer of its feature has it; 0 where it has none."""
    found = np.zeros(len(nodes["layer"]))
    for key in ("interchanges", "stations", "places", "ports", "airports", "cross_border_links"):
        rows = np.nonzero(nodes["layer"] == key)[0]
        if key in frames and len(rows):
            errors = years_of(frames[key]["position_error_m"])
            known = dict(zip(map(str, frames[key]["id"].tolist()), np.nan_to_num(errors).tolist(), strict=True))
            found[rows] = list(map(known.get, map(str, nodes["feature_id"][rows].tolist()), repeat(0.0)))
    return found


def _near_misses(nodes: Columns, edges: Columns, arrays: EdgeArrays) -> Columns:
    """Road ends that stop within half a kilometre of another road node they are not joined with."""
    runs = np.nonzero((edges["role"] == "run") & (edges["mode"] == "road") & (edges["layer"] != MESH))[0]
    # both levels of a junction are one place
    ends = np.stack([arrays.twin[arrays.tail[runs]], arrays.twin[arrays.head[runs]]])
    size = len(arrays.twin)
    # an end is joined with one other node alone, the least and the greatest
    least, greatest = np.full(size, size), np.full(size, -1)
    for here, there in (ends, ends[::-1]):
        np.minimum.at(least, here, there)
        np.maximum.at(greatest, here, there)
    rows = np.nonzero(greatest >= 0)[0]
    alone = rows[least[rows] == greatest[rows]]
    at = shapely.get_coordinates(nodes["geometry"])
    some, other, km = near_pairs(at[alone], at[rows], NEAR_MISS_KM)
    end, near = alone[some], rows[other]
    missed = (end != near) & (near != least[end])
    names = [
        [name.removesuffix("/toll") for name in nodes["node_id"][side[missed]].tolist()] for side in (end, near)
    ]  # fmt: skip
    order = sorted(range(len(names[0])), key=lambda k: (names[0][k], names[1][k]))
    return filled(
        "joins", len(order), kind="near_miss", layer="interchanges", length_km=km[missed][order],
        feature_id=column_of((names[0][k].removeprefix("road/") for k in order), "text"),
        target=column_of((names[1][k] for k in order), "text"),
    )  # fmt: skip
