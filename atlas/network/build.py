"""The network: topology and geometry in two frames, with no minutes in it.

Built from GeoJSON layers and nothing else. Roads join at declared junctions only, trains are left only at
their stops, and places, ports, airports and stations hang on by straight local links over land whose
length is charged and reported in ``joins``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from atlas.base.errors import NetworkError
from atlas.data.layer import region_of, require_usable
from atlas.data.region import Region
from atlas.data.scenario import BASE_YEAR
from atlas.data.stamp import layers_hash
from atlas.network.arrays import EdgeArrays, arrays_of
from atlas.network.attach import (
    GATE,
    MESH,
    MESH_ID,
    ROAD_REACH_KM,
    STATION_REACH_KM,
    link_piers,
    link_points,
    local_edges,
    mesh_part,
    point_columns,
)
from atlas.network.barrier import Barrier
from atlas.network.borders import read_crossings
from atlas.network.ferries import FerryPart, ferry_part
from atlas.network.lines import local_links, near_pairs
from atlas.network.rail import rail_part
from atlas.network.roads import road_part
from atlas.network.rows import (
    NODE_COLUMNS,
    Columns,
    column_of,
    columns_of,
    edge_frame,
    filled,
    join_frame,
    node_frame,
    picked,
    stacked,
)

if TYPE_CHECKING:
    import networkx as nx

    from atlas.data.layer import Layer
    from atlas.data.scenario import Scenario

__all__ = ["Network", "build_network", "lines_on_request", "open_edges"]

REQUIRED = ("highways", "interchanges", "railways", "stations", "places")
NEAR_MISS_KM = 0.5


#: How many of the nearest nodes tell on which side of a border a point lies, and how much water, km, may lie between.
_NEAR_NODES, _DRY_KM = 24, 0.05


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes and edges of all modes.

    Attributes
    ----------
    nodes : GeoDataFrame
        One row a node, EPSG:4326; columns as in :data:`atlas.network.rows.NODE_COLUMNS`, indexed 0…n−1.
    edges : GeoDataFrame
        One row a direction, EPSG:4326; columns as in :data:`atlas.network.rows.EDGE_COLUMNS`. Edges without extent
        (ramps, boarding, changing) have no geometry.
    joins : DataFrame
        Every snap with its kilometres, and what was left unjoined: ``kind`` is ``snapped``, ``linked``,
        ``no_track`` (a ride drawn straight), ``unlinked`` (nothing within reach over land) or ``near_miss``.
    place_layer
        The layer ``places``, to look names up in.
    feature_names
        Chinese and English name by (layer, feature id), for roads, lines and services.
    barrier
        Land and water that block local links; None when the layers had none.
    hash
        SHA-256 of the layers this was built from; empty when they carry none.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    joins: pd.DataFrame
    place_layer: Layer
    feature_names: Mapping[tuple[str, str], tuple[str, str]]
    barrier: Barrier | None = None
    hash: str = ""

    @cached_property
    def region(self) -> Region:
        """The region of its places, with its box about them where it declares none."""
        return region_of({"places": self.place_layer})

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of `nodes` by node id."""
        return {str(name): i for i, name in enumerate(self.nodes["node_id"])}

    @cached_property
    def node_names(self) -> list[str]:
        """Chinese names in the order of `nodes`."""
        return [str(name) for name in self.nodes["name_zh"]]

    @cached_property
    def english_names(self) -> dict[str, str]:
        """English names by the Chinese ones, of the nodes that have both."""
        pairs = zip(self.nodes["name_zh"], self.nodes["name_en"], strict=True)
        return {str(zh): str(en) for zh, en in reversed(list(pairs)) if en and en != zh}

    @cached_property
    def edge_columns(self) -> dict[str, list[Any]]:
        """Columns of `edges` as lists, for walks along a few edges."""
        wanted = ("edge_id", "role", "mode", "speed_class", "layer", "feature_id", "length_km", "plan_ids", "line_ids")
        return {name: self.edges[name].tolist() for name in wanted}

    def names_of(self, layer: str, feature_id: str) -> tuple[str, str]:
        """Return the Chinese and English name of a feature; its id when it has none."""
        known = self.feature_names.get((layer, feature_id)) or self._point_names.get((layer, feature_id))
        return known or (feature_id, feature_id)

    @cached_property
    def _point_names(self) -> dict[tuple[str, str], tuple[str, str]]:
        columns = ("layer", "feature_id", "name_zh", "name_en")
        rows = zip(*(self.nodes[name].astype(str).tolist() for name in columns), strict=True)
        return {(layer, feature): (zh, en) for layer, feature, zh, en in rows if layer != "rail_services"}

    @cached_property
    def arrays(self) -> EdgeArrays:
        """The edges as arrays of numbers, in the order of `edges`."""
        return arrays_of(self.nodes, self.edges)

    def to_networkx(self, scenario: Scenario | None = None) -> nx.MultiDiGraph:
        """Return a MultiDiGraph with all attributes of both frames; edge keys are edge ids.

        Parameters
        ----------
        scenario
            When given, only edges open in it, the nodes they touch, and all places.
        """
        import networkx as nx

        network = self if scenario is None else self.open_in(scenario)
        graph = nx.MultiDiGraph(crs="EPSG:4326", hash=network.hash)
        nodes = network.nodes.to_dict("records")
        graph.add_nodes_from((str(row["node_id"]), row) for row in nodes)
        graph.add_edges_from(
            (str(row["from_id"]), str(row["to_id"]), str(row["edge_id"]), row)
            for row in network.edges.to_dict("records")
        )
        return graph

    def open_in(self, scenario: Scenario) -> Network:
        """Return the part of this network that is open in `scenario`, places kept."""
        edges = self.edges[open_edges(self, scenario)]
        used = set(edges["from_id"]) | set(edges["to_id"])
        keep = self.nodes["node_id"].isin(used) | (self.nodes["kind"] == "place")
        nodes = self.nodes[keep].reset_index(drop=True)
        return replace(self, nodes=nodes, edges=edges.reset_index(drop=True))

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        return f"<Network of {len(self.nodes)} nodes and {len(self.edges)} edges, {self.hash[:12]}>"

    def with_place(self, name: str, lon: float, lat: float, *, side: str | None = None) -> Network:
        """Return this network with one more place at (lon, lat), linked by the rule for all places.

        Raises
        ------
        NetworkError
            Nothing can be reached from there over land.
        """
        if side is None:
            side = self._side_at(lon, lat)
        row = filled(
            "nodes", 1, node_id=f"place/{name}", kind="place", mode="local", layer="places", feature_id=name,
            name_zh=name, name_en=name, side=side, exit=True, geometry=column_of([shapely.Point(lon, lat)], "shape"),
        )  # fmt: skip
        settled = np.where(self.arrays.carried_by(BASE_YEAR), float(BASE_YEAR), np.inf)
        nodes = {column: self.nodes[column].to_numpy() for column in NODE_COLUMNS} | {"opens_year": settled}
        edges, joins = link_points(row, nodes, self.barrier)
        edges = stacked(edges, self._beside(row, edges["length_km"]))
        if len(edges["edge_id"]) == 0:
            raise NetworkError(
                f"{name}: no road within {ROAD_REACH_KM:g} km or station within {STATION_REACH_KM:g} km over land; "
                "choose a point nearer the network"
            )
        points = pd.concat([self.nodes, node_frame(row)], ignore_index=True)
        more = pd.concat([self.edges, edge_frame(edges)], ignore_index=True)
        noted = pd.concat([self.joins, join_frame(joins)], ignore_index=True)
        return replace(self, nodes=points, edges=more, joins=noted)

    def _side_at(self, lon: float, lat: float) -> str:
        """The side of a border a point lies on: that of the nearest node no wide water parts it from.

        Straight across a harbour or a border river the nearest node is a foreign one.
        """
        xy = shapely.get_coordinates(self.nodes.geometry.to_numpy())
        away = np.hypot(*(xy - (lon, lat)).T)
        near = np.argsort(away, kind="stable")[:_NEAR_NODES]
        sides = self.nodes["side"].to_numpy()[near]
        if self.barrier is None or len(set(sides)) == 1:
            return str(sides[0])
        ends = np.stack([np.broadcast_to((lon, lat), (len(near), 2)), xy[near]], axis=1)
        segments = np.array(shapely.linestrings(ends), dtype=object)
        dry = self.barrier.water_km(segments, away[near] * 100.0) <= _DRY_KM
        return str(sides[int(np.argmax(dry))])

    def _beside(self, row: Columns, links_km: NDArray[np.float64]) -> Columns:
        """Direct links of a new point with those added before that are nearer to it than the network is."""
        known = {column: self.nodes[column].to_numpy() for column in NODE_COLUMNS}
        added = np.flatnonzero((known["kind"] == "place") & np.char.startswith(known["feature_id"].astype(str), "at-"))
        others = picked(known, added)
        nearest = float(np.min(links_km, initial=np.inf))
        links = local_links(
            shapely.get_coordinates(row["geometry"]), row["side"].tolist(),
            shapely.get_coordinates(others["geometry"]), others["side"].tolist(),
            reach_km=min(nearest, ROAD_REACH_KM), most=len(added) or 1, barrier=self.barrier,
        )  # fmt: skip
        return local_edges(picked(row, links.point), picked(others, links.target), links.length_km, "local_road")

    def with_gates(self, stations: Iterable[str]) -> Network:
        """Return this network with gates of its own for some stations: where one starts or ends at the station.

        The door of a station (``stn/<id>``) is part of the street: from it one may as well walk to another
        station. Its gate (``gate/<id>``) leads to the same trains and, but in mode ``rail``, to the door; by rail
        a way between two gates therefore boards and leaves at these stations and at no others.

        Parameters
        ----------
        stations
            Feature ids of the layer ``stations``; those that have a gate already are left alone.
        """
        wanted = [name for name in dict.fromkeys(stations) if f"gate/{name}" not in self.row_of]
        if not wanted:
            return self
        gates = {f"stn/{name}": f"gate/{name}" for name in wanted}
        nodes = self.nodes[self.nodes["node_id"].isin(list(gates))]
        nodes = nodes.assign(node_id=nodes["node_id"].map(gates), kind="gate")
        trains = self.edges[self.edges["role"].isin(["board", "alight"])]
        copied = [
            trains[trains[end].isin(list(gates))].assign(**{end: lambda part, end=end: part[end].map(gates)})
            for end in ("from_id", "to_id")
        ]
        gate = filled("nodes", len(nodes), **{column: nodes[column].to_numpy() for column in NODE_COLUMNS})
        doors = gate | {"node_id": column_of((f"stn/{name}" for name in gate["feature_id"]), "text")}
        passed = local_edges(gate, doors, np.zeros(len(nodes)), GATE)
        passed["role"] = np.tile(np.array(["egress", "access"], dtype=object), len(nodes))
        passed["geometry"] = np.full(2 * len(nodes), None, dtype=object)
        more = pd.concat([part.assign(edge_id="gate/" + part["edge_id"]) for part in copied], ignore_index=True)
        return replace(
            self,
            nodes=pd.concat([self.nodes, nodes], ignore_index=True),
            edges=pd.concat([self.edges, more, edge_frame(passed)], ignore_index=True),
        )


def open_edges(network: Network, scenario: Scenario) -> NDArray[np.bool_]:
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
    missing = [key for key in REQUIRED if key not in layers]
    if missing:
        raise NetworkError(f"layers missing: {', '.join(missing)}; the network needs {', '.join(REQUIRED)}")
    require_usable(layers)
    region = layers["places"].spec.region
    frames = {key: _with_sides(_with_requested(key, layer.frame, on_request), region) for key, layer in layers.items()}
    barrier = None
    if "land" in frames:
        water = frames["water"].geometry.to_numpy() if "water" in frames else np.zeros(0, dtype=object)
        barrier = Barrier.of(frames["land"].geometry.to_numpy(), water)
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
    edges, joins = link_points(stacked(points, picked(stations, stations["kind"] == "stop")), nodes, barrier)
    nodes = stacked(nodes, points)
    edges = stacked(roads.edges, *(mesh.edges for mesh in ordinary), columns_of("edges", rails.edges), edges)
    joins = stacked(columns_of("joins", [*roads.joins, *rails.joins]), joins, *(mesh.joins for mesh in ordinary))
    services = FerryPart()
    if "ferries" in frames:
        services = ferry_part(frames["ferries"], nodes)
        bare = set(joins["feature_id"][(joins["kind"] == "unlinked") & (joins["layer"] == "places")])
        islands = picked(points, (points["layer"] == "places") & np.isin(points["feature_id"], list(bare)))
        more, noted = link_piers(islands, services.ends, nodes, barrier)
        edges, joins = stacked(edges, more), stacked(joins, noted)
    nodes = stacked(nodes, columns_of("nodes", services.nodes))
    nodes["position_error_m"] = _position_errors(nodes, frames)
    edges = stacked(edges, columns_of("edges", services.edges))
    joins = stacked(joins, _near_misses(nodes, edges))
    named: dict[tuple[str, str], tuple[str, str]] = {
        (str(key), str(row_id)): (str(zh or en or ""), str(en or ""))
        for key in ("highways", "railways", "rail_services", "cross_border_links", "ferries")
        if key in frames
        for row_id, zh, en in zip(*(frames[key][c] for c in ("id", "name_zh", "name_en")), strict=True)
    }
    if ordinary:
        named[MESH, MESH_ID] = tuple(frames[MESH][column].iloc[0] for column in ("name_zh", "name_en"))
    frame = join_frame(joins)
    return Network(node_frame(nodes), edge_frame(edges), frame, layers["places"], named, barrier, layers_hash(layers))


def lines_on_request(frame: pd.DataFrame, names: Collection[str] | None = None) -> NDArray[np.bool_]:
    """Return which lines of a layer have no known alignment and are among `names` (ids or plan ids; None: all)."""
    drawn_only = ~frame["in_network"].to_numpy(dtype=bool)
    if names is None:
        return drawn_only
    wanted = set(names)
    asked = [
        row_id in wanted or bool(wanted & set(str(plan_ids or "").split(";")))
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
    known = {city: region.side_of(city) for city in frame["city"].dropna().unique()}
    return frame.assign(side=[known.get(city) or region.side_of(None) for city in frame["city"]])


def _position_errors(nodes: Columns, frames: Mapping[str, gpd.GeoDataFrame]) -> NDArray[np.float64]:
    """(n,) metres each node may be off, as the layer of its feature has it; 0 where it has none."""
    known = {
        (key, str(row_id)): float(error)
        for key in ("interchanges", "stations", "places", "ports", "airports", "cross_border_links")
        if key in frames
        for row_id, error in zip(frames[key]["id"], frames[key]["position_error_m"], strict=True)
        if pd.notna(error)
    }
    keys = zip(nodes["layer"].tolist(), nodes["feature_id"].tolist(), strict=True)
    return np.array([known.get((layer, str(feature)), 0.0) for layer, feature in keys], dtype=np.float64)


def _near_misses(nodes: Columns, edges: Columns) -> Columns:
    """Road ends that stop within half a kilometre of another road node they are not joined with."""
    runs = picked(edges, (edges["role"] == "run") & (edges["mode"] == "road") & (edges["layer"] != MESH))
    # both levels of a junction are one place
    base = {name: name.removesuffix("/toll") for name in nodes["node_id"].tolist()}
    place = {base[name]: i for i, name in reversed(list(enumerate(nodes["node_id"].tolist())))}
    code, names = pd.factorize(
        column_of((base[name] for end in ("from_id", "to_id") for name in runs[end].tolist()), "text"), sort=True
    )
    size, half = len(names), len(code) // 2
    tail, head = code[:half].astype(np.int64), code[half:].astype(np.int64)
    joined = np.unique(np.concatenate([tail * size + head, head * size + tail]))
    alone = np.nonzero(np.bincount(joined // max(size, 1), minlength=size) == 1)[0]
    rows = np.array([place[name] for name in names], dtype=np.int64)
    at = shapely.get_coordinates(nodes["geometry"][rows])
    some, near, km = near_pairs(at[alone], at, NEAR_MISS_KM)
    end = alone[some]
    missed = (end != near) & ~np.isin(end * size + near, joined)
    end, near, km = end[missed], near[missed], km[missed]
    return filled(
        "joins", len(km), kind="near_miss", layer="interchanges", length_km=km,
        feature_id=column_of((names[k].removeprefix("road/") for k in end), "text"),
        target=column_of((names[k] for k in near), "text"),
    )  # fmt: skip
