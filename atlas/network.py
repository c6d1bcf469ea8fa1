"""The network: topology and geometry in two frames, with no minutes in it.

Built from GeoJSON layers and nothing else. Roads join at declared junctions only, trains are left only at
their stops, and places, ports, airports and stations hang on by straight local links over land whose
length is charged and reported in ``joins``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from atlas.arrays import EdgeArrays, arrays_of
from atlas.errors import NetworkError
from atlas.geodesy import distances_km
from atlas.rail import rail_part
from atlas.roads import read_crossings, road_part, side_of
from atlas.stamp import layers_hash
from atlas.topology import Barrier, local_links

if TYPE_CHECKING:
    import networkx as nx

    from atlas.layer import Layer
    from atlas.scenario import Scenario

__all__ = ["EDGE_COLUMNS", "NODE_COLUMNS", "Network", "build_network", "lines_on_request", "open_edges"]

Row = dict[str, Any]
NODE_COLUMNS = (
    "node_id", "kind", "mode", "layer", "feature_id", "name_zh", "name_en", "city", "side", "exit",
    "position_error_m", "geometry",
)  # fmt: skip
EDGE_COLUMNS = (
    "edge_id", "from_id", "to_id", "role", "mode", "speed_class", "speed_limit_kmh", "length_km",
    "drawn_length_km", "published_length_km", "structure", "toll", "feature_id", "layer", "plan_ids", "status",
    "opens_year", "opens_basis", "run_min", "trains_per_day", "trains_ordinary", "service_ordinary", "line_ids",
    "geometry",
)  # fmt: skip
JOIN_COLUMNS = ("kind", "layer", "feature_id", "target", "length_km")
_REQUIRED = ("highways", "interchanges", "railways", "stations", "places")
#: How far a place may lie from a road or station it is linked with, straight, and how many links it gets.
ROAD_REACH_KM, ROAD_LINKS = 25.0, 3
#: Stations, ports and airports outside the four cities stand where the layers hold few roads.
SITE_REACH_KM = 35.0
STATION_REACH_KM, STATION_LINKS = 20.0, 4
#: Every point is also linked with roads that were open in the plan's base year, so that no place hangs on
#: a road that opens later.
BASE_YEAR = 2023
NEAR_MISS_KM = 0.5


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes and edges of all modes.

    Attributes
    ----------
    nodes : GeoDataFrame
        One row a node, EPSG:4326; columns as in :data:`NODE_COLUMNS`, indexed 0…n−1.
    edges : GeoDataFrame
        One row a direction, EPSG:4326; columns as in :data:`EDGE_COLUMNS`. Edges without extent
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
    def row_of(self) -> dict[str, int]:
        """Row of `nodes` by node id."""
        return {str(name): i for i, name in enumerate(self.nodes["node_id"])}

    @cached_property
    def node_names(self) -> list[str]:
        """Chinese names in the order of `nodes`."""
        return [str(name) for name in self.nodes["name_zh"]]

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

    def with_place(self, name: str, lon: float, lat: float, *, side: str | None = None) -> Network:
        """Return this network with one more place at (lon, lat), linked by the rule for all places.

        Raises
        ------
        NetworkError
            Nothing can be reached from there over land.
        """
        if side is None:
            distance = np.hypot(*(shapely.get_coordinates(self.nodes.geometry.to_numpy()) - (lon, lat)).T)
            side = str(self.nodes["side"].iloc[int(np.argmin(distance))])
        row: Row = {
            "node_id": f"place/{name}", "kind": "place", "mode": "local", "layer": "places", "feature_id": name,
            "name_zh": name, "name_en": name, "city": "", "side": side, "exit": True,
            "position_error_m": 0.0, "geometry": shapely.Point(lon, lat),
        }  # fmt: skip
        settled = self.arrays.carried_by(BASE_YEAR)
        nodes = [
            {**node, "_opens_year": BASE_YEAR if there else np.inf}
            for node, there in zip(self.nodes.to_dict("records"), settled, strict=True)
        ]
        edges, joins = _link_points([row], nodes, self.barrier)
        if not edges:
            raise NetworkError(
                f"{name}: no road within {ROAD_REACH_KM:g} km or station within {STATION_REACH_KM:g} km over land; "
                "choose a point nearer the network"
            )
        points = pd.concat([self.nodes, _node_frame([row])], ignore_index=True)
        more = pd.concat([self.edges, _edge_frame(edges)], ignore_index=True)
        noted = pd.concat([self.joins, pd.DataFrame(joins, columns=list(JOIN_COLUMNS))], ignore_index=True)
        return replace(self, nodes=points, edges=more, joins=noted)


def open_edges(network: Network, scenario: Scenario) -> NDArray[np.bool_]:
    """Return which edges exist in `scenario`; see :meth:`atlas.arrays.EdgeArrays.open_in`.

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
        ``rail_services``, ``cross_border_links``, ``ports``, ``airports``, ``land`` and ``water`` are used
        when present. Contract columns, EPSG:4326.
    snap_km
        How far the end of a road that names no junction may be moved to a declared one.
    on_request
        Feature or plan ids of roads and railways without a known alignment that are taken in all the same,
        straight from one declared node to the next (``opens_basis = on_request``). They are open in those
        scenarios only that name them in ``with``, not even in ``full``.

    Raises
    ------
    NetworkError
        A layer is missing, or its rows contradict one another (see :mod:`atlas.roads`, :mod:`atlas.rail`).
    """
    missing = [key for key in _REQUIRED if key not in layers]
    if missing:
        raise NetworkError(f"layers missing: {', '.join(missing)}; the network needs {', '.join(_REQUIRED)}")
    frames = {key: _with_requested(key, layer.frame, on_request) for key, layer in layers.items()}
    barrier = None
    if "land" in frames:
        water = frames["water"].geometry.to_numpy() if "water" in frames else np.zeros(0, dtype=object)
        barrier = Barrier.of(frames["land"].geometry.to_numpy(), water)
    links = frames.get("cross_border_links")
    roads = road_part(frames["highways"], frames["interchanges"], links, snap_km=snap_km)
    crossings = list(read_crossings(links)) if links is not None else []
    rails = rail_part(frames["railways"], frames["stations"], frames.get("rail_services"), crossings)
    points = [
        row
        for key, kind in (("places", "place"), ("ports", "port"), ("airports", "airport"))
        if key in frames
        for row in _point_rows(frames[key], key, kind)
    ]
    nodes = [*roads.nodes.values(), *rails.nodes.values()]
    edges, joins = _link_points([*points, *_doors(rails.nodes)], nodes, barrier)
    errors = _position_errors(frames)
    node_frame = _node_frame([{**row, **_error_of(row, errors)} for row in [*nodes, *points]])
    edge_frame = _edge_frame([*roads.edges, *rails.edges, *edges])
    all_joins = [*roads.joins, *rails.joins, *joins, *_near_misses(node_frame, edge_frame)]
    frame = pd.DataFrame(all_joins, columns=list(JOIN_COLUMNS))
    named: dict[tuple[str, str], tuple[str, str]] = {
        (str(key), str(row_id)): (str(zh or en or ""), str(en or ""))
        for key in ("highways", "railways", "rail_services", "cross_border_links")
        if key in frames
        for row_id, zh, en in zip(*(frames[key][c] for c in ("id", "name_zh", "name_en")), strict=True)
    }
    return Network(node_frame, edge_frame, frame, layers["places"], named, barrier, layers_hash(layers))


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


def _position_errors(frames: Mapping[str, gpd.GeoDataFrame]) -> dict[tuple[str, str], float]:
    """Metres a feature may be off, by layer and id."""
    return {
        (key, str(row_id)): float(error)
        for key in ("interchanges", "stations", "places", "ports", "airports", "cross_border_links")
        if key in frames
        for row_id, error in zip(frames[key]["id"], frames[key]["position_error_m"], strict=True)
        if pd.notna(error)
    }


def _error_of(row: Row, errors: Mapping[tuple[str, str], float]) -> Row:
    return {"position_error_m": errors.get((row["layer"], str(row["feature_id"])), 0.0)}


def _point_rows(frame: gpd.GeoDataFrame, layer: str, kind: str) -> list[Row]:
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
            "geometry": row["geometry"],
            "_opens_year": 0.0 if kind == "place" else row["opens_year"],
            "_status": row["status"],
            "_opens_basis": row["opens_basis"],
            "_plan_ids": row["plan_ids"] or "",
        }
        for row in frame.to_dict("records")
        if row.get("level") != "zone" and row["kind"] != "waterway_project"
    ]


def _doors(nodes: Mapping[str, Row]) -> list[Row]:
    return [row for row in nodes.values() if row["kind"] == "stop"]


def _link_points(points: list[Row], nodes: list[Row], barrier: Barrier | None) -> tuple[list[Row], list[Row]]:
    """Link places, ports, airports and station doors with roads, and the first three with stations."""
    exits = [row for row in nodes if row["kind"] == "junction" and row["exit"]]
    doors = [row for row in nodes if row["kind"] == "stop"]
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
            edges.extend(_local_pair(a, b, km, name))
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


def _coordinates(rows: list[Row]) -> NDArray[np.float64]:
    return np.array([(row["geometry"].x, row["geometry"].y) for row in rows], dtype=np.float64).reshape(-1, 2)


def _local_pair(a: Row, b: Row, km: float, name: str) -> list[Row]:
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


def _near_misses(nodes: gpd.GeoDataFrame, edges: gpd.GeoDataFrame) -> list[Row]:
    """Road ends that stop within half a kilometre of another road node they are not joined with."""
    runs = edges[(edges["role"] == "run") & (edges["mode"] == "road")]
    base = {name: name.removesuffix("/toll") for name in set(runs["from_id"]) | set(runs["to_id"])}
    neighbours: dict[str, set[str]] = {}
    for u, v in zip(runs["from_id"], runs["to_id"], strict=True):
        neighbours.setdefault(base[u], set()).add(base[v])
        neighbours.setdefault(base[v], set()).add(base[u])
    names = sorted(neighbours)
    xy = {str(n): g for n, g in zip(nodes["node_id"], nodes.geometry, strict=True)}
    at = np.array([shapely.get_coordinates(xy.get(n, xy.get(f"{n}/toll")))[0] for n in names]).reshape(-1, 2)
    rows: list[Row] = []
    for i, name in enumerate(names):
        if len(neighbours[name]) != 1:
            continue
        km = distances_km(np.full(len(at), at[i, 0]), np.full(len(at), at[i, 1]), at[:, 0], at[:, 1])
        for j in np.nonzero(km <= NEAR_MISS_KM)[0]:
            if names[j] != name and names[j] not in neighbours[name]:
                rows.append(
                    {
                        "kind": "near_miss",
                        "layer": "interchanges",
                        "feature_id": name.removeprefix("road/"),
                        "target": names[j],
                        "length_km": float(km[j]),
                    }
                )
    return rows


def _node_frame(rows: list[Row]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=list(NODE_COLUMNS))
    frame["exit"] = frame["exit"].astype(bool)
    # Imported layers know many junctions without a name; a missing text must not come out as a word.
    frame["name_en"] = frame["name_en"].astype(object).fillna("")
    frame["name_zh"] = frame["name_zh"].astype(object).fillna(frame["name_en"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def _edge_frame(rows: list[Row]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=list(EDGE_COLUMNS))
    numbers = (
        "speed_limit_kmh", "length_km", "drawn_length_km", "published_length_km", "opens_year", "run_min",
        "trains_per_day", "trains_ordinary", "service_ordinary",
    )  # fmt: skip
    for name in numbers:
        frame[name] = pd.to_numeric(frame[name]).astype(np.float64)
    frame["toll"] = frame["toll"].astype(bool)
    lines = frame["line_ids"].astype(object)
    frame["line_ids"] = lines.where(lines.notna(), "").astype(str)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")
