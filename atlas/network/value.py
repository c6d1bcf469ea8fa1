"""The network as a value: nodes, edges and joins of all modes, with no minutes in it.

A network is made from layers (:func:`atlas.network.build.build_network`), or taken from a kept file
(:func:`network_of`). Of a kept one each column is unpacked and each frame made when first asked for; a question that
needs numbers and names alone never loads what frames and shapes need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlas.base.errors import NetworkError
from atlas.base.geodesy import Floats, nearest_row
from atlas.base.style import symbol_of
from atlas.base.words import Words, both, language, say_in
from atlas.data.places import GATE, PLACE_COLUMNS, POINT_COLUMNS, Names, names_of_layer
from atlas.data.region import sides_at
from atlas.data.scenario import BASE_YEAR
from atlas.kept.columns import KeptTable, packed
from atlas.kept.store import Kept
from atlas.network.arrays import EdgeArrays, arrays_of, kept_arrays, packed_arrays
from atlas.notebook.card import card, map_of

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx
    import pandas as pd

    from atlas.data.declaration import LayerSpec
    from atlas.data.layer import Layer
    from atlas.data.region import Region
    from atlas.data.scenario import Scenario
    from atlas.network.barrier import Barrier

__all__ = ["Network", "network_in_columns", "network_of", "packed_network"]

#: How many of the nearest nodes tell on which side of a border a point lies.
_NEAR_NODES = 24


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
    barrier: Barrier | None = field(default_factory=lambda: None)
    hash: str = field(default_factory=str)

    def __getattr__(self, name: str) -> Any:
        """Make a part of a kept network when it is first asked for."""
        maker = self.__dict__.get("_makers", {}).get(name)
        if maker is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.__dict__[name] = maker()
        return self.__dict__[name]

    def _repr_html_(self) -> str:
        """Return a card for notebooks: nodes and edges by mode with their kilometres, and a small map."""
        import shapely

        lang, modes, km = language(), self.edge_column("mode"), self.edge_column("length_km").astype(float)
        kinds, counts = np.unique(self.node_column("kind").astype(str), return_counts=True)
        facts: list[tuple[str, object]] = [
            (say_in(lang, "notebook.nodes"), len(self.node_column("node_id"))),
            (say_in(lang, "notebook.edges"), len(modes)),
            ("hash", self.hash[:12]),
        ]
        facts += [(str(kind), int(count)) for kind, count in zip(kinds, counts, strict=True)]
        names = sorted({str(mode) for mode in modes})
        rows = [[name, int((modes == name).sum()), float(np.nansum(km[modes == name]))] for name in names]
        lines = self.edge_column("geometry")
        inks = {mode: symbol_of("railways" if mode == "rail" else "highways").color for mode in names}
        drawn = (
            (shapely.get_coordinates(lines[row]), inks[modes[row]], False)
            for row in np.nonzero(~shapely.is_missing(lines) & np.isin(modes, ["road", "rail"]))[0]
        )
        heads = (say_in(lang, "column.mode"), say_in(lang, "notebook.edges"), "km")
        return card(say_in(lang, "notebook.network"), facts, heads=heads, rows=rows, picture=map_of(drawn))

    def node_column(self, name: str) -> NDArray[Any]:
        """(n,) one column of `nodes`; the frame is not made for it."""
        return self._column("nodes", name)

    def edge_column(self, name: str) -> NDArray[Any]:
        """(m,) one column of `edges`; the frame is not made for it."""
        return self._column("edges", name)

    def _column(self, table: str, name: str) -> NDArray[Any]:
        known: KeptTable | _Columns | None = self.__dict__.get("_tables", {}).get(table)
        return np.asarray(getattr(self, table)[name]) if known is None else known.column(name)

    @cached_property
    def lonlat(self) -> Floats:
        """(n, 2) degrees of the nodes."""
        if "_tables" in self.__dict__:
            return self._column("nodes", "lonlat")
        import shapely

        return np.asarray(shapely.get_coordinates(self.nodes.geometry.to_numpy()), dtype=np.float64)

    @cached_property
    def region(self) -> Region:
        """The region of its places, with its box about them where it declares none."""
        from atlas.data.layer import region_of

        region = region_of({"places": self.place_layer})
        if region.box is not None or not len(self.lonlat):
            return region
        (west, south), (east, north) = self.lonlat.min(axis=0).tolist(), self.lonlat.max(axis=0).tolist()
        return region.over((west, south, east, north))

    def require_ways(self) -> None:
        """Refuse a network in which nobody can travel.

        Raises
        ------
        NetworkError
            It has no edge.
        """
        if not len(self.edge_column("edge_id")):
            raise NetworkError(
                "nobody can travel here: the layers hold no road, no railway with stations and no link to any; "
                "take some in (atlas import osm, atlas import layer --as highways) or make an atlas with atlas new"
            )

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of `nodes` by node id."""
        return {str(name): i for i, name in enumerate(self.node_column("node_id").tolist())}

    @cached_property
    def node_names(self) -> list[str]:
        """Chinese names in the order of `nodes`."""
        return [str(name) for name in self.node_column("name_zh").tolist()]

    @cached_property
    def place_nodes(self) -> list[int]:
        """Rows of the nodes that are places."""
        return [int(row) for row in np.nonzero(self.node_column("kind") == "place")[0]]

    @cached_property
    def nearest_named(self) -> Callable[[int], int | None]:
        """Gives the row of the node with a name that is nearest to that in another row."""
        return nearest_row(self.lonlat, np.flatnonzero([bool(name) for name in self.node_names]))

    @cached_property
    def place_names(self) -> Names:
        """The layer ``places`` as names, to be looked up by :func:`atlas.data.places.find_place`."""
        kept: KeptTable | None = self.__dict__.get("_tables", {}).get("places")
        if kept is None:
            return names_of_layer(self.place_layer)
        at = dict(zip(("lon", "lat"), kept.column("lonlat").T.tolist(), strict=True))
        return Names({name: kept.column(name).tolist() for name in PLACE_COLUMNS} | at, self._makers["region"])

    @cached_property
    def point_names(self) -> Names:
        """The nodes as names: stations, airports, ports and junctions answer to theirs."""
        at = dict(zip(("lon", "lat"), self.lonlat.T.tolist(), strict=True))
        return Names({name: self.node_column(name).tolist() for name in POINT_COLUMNS} | at, lambda: self.region)

    @cached_property
    def english_names(self) -> dict[str, str]:
        """English names by the Chinese ones, of the nodes that have both, and of what is near them."""
        pairs = zip(*(self.node_column(name).tolist() for name in ("name_zh", "name_en")), strict=True)
        names = {str(zh): str(en) for zh, en in reversed(list(pairs)) if en and en != zh}
        near = dict(both("journey.near", name=Words(zh, en)) for zh, en in names.items())
        return near | names

    @cached_property
    def edge_columns(self) -> dict[str, NDArray[Any]]:
        """Columns of `edges` as arrays, with `tail` and `head` as rows of `nodes`, for walks along a few edges."""
        wanted = ("edge_id", "role", "mode", "speed_class", "layer", "feature_id", "length_km", "plan_ids", "line_ids")
        return {name: self.edge_column(name) for name in wanted} | {"tail": self.arrays.tail, "head": self.arrays.head}

    def names_of(self, layer: str, feature_id: str) -> tuple[str, str]:
        """Return the Chinese and English name of a feature; its id when it has none."""
        known = self.feature_names.get((layer, feature_id)) or self._point_names.get((layer, feature_id))
        return known or (feature_id, feature_id)

    @cached_property
    def _point_names(self) -> dict[tuple[str, str], tuple[str, str]]:
        columns = ("layer", "feature_id", "name_zh", "name_en")
        rows = zip(*(map(str, self.node_column(name).tolist()) for name in columns), strict=True)
        return {(layer, feature): (zh, en) for layer, feature, zh, en in rows if layer != "rail_services"}

    @cached_property
    def arrays(self) -> EdgeArrays:
        """The edges as arrays of numbers, in the order of `edges`."""
        tables = self.__dict__.get("_tables", {})
        if "arrays" in tables:
            return kept_arrays(tables["edges"], tables["arrays"])
        return arrays_of(self.node_column, self.edge_column)

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
        edges = self.edges[self.arrays.open_in(scenario)]
        used = set(edges["from_id"]) | set(edges["to_id"])
        keep = self.nodes["node_id"].isin(used) | (self.nodes["kind"] == "place")
        nodes = self.nodes[keep].reset_index(drop=True)
        return replace(self, nodes=nodes, edges=edges.reset_index(drop=True))

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        return f"<Network of {len(self.arrays.rail_node)} nodes and {len(self.arrays.tail)} edges, {self.hash[:12]}>"

    def with_place(self, name: str, lon: float, lat: float, *, side: str | None = None) -> Network:
        """Return this network with one more place at (lon, lat), linked by the rule for all places.

        Raises
        ------
        NetworkError
            Nothing can be reached from there over land.
        """
        return self.with_places([(name, lon, lat)], sides=None if side is None else [side])

    def with_places(self, places: Sequence[tuple[str, float, float]], *, sides: Sequence[str] | None = None) -> Network:
        """Return this network with more places, each a name, lon and lat, as :meth:`with_place` one by one.

        Raises
        ------
        NetworkError
            Nothing can be reached from one of them over land.
        """
        if not places:
            return self
        self.require_ways()
        import pandas as pd
        import shapely

        from atlas.network.attach import ROAD_REACH_KM, STATION_REACH_KM, beside, link_points
        from atlas.network.rows import (
            NODE_COLUMNS,
            column_of,
            edge_frame,
            filled,
            join_frame,
            node_frame,
            picked,
            stacked,
        )

        names = column_of((name for name, _, _ in places), "text")
        if sides is None:
            sides = [self._side_at(lon, lat) for _, lon, lat in places]
        rows = filled(
            "nodes", len(places), node_id=column_of((f"place/{name}" for name in names), "text"), kind="place",
            mode="local", layer="places", feature_id=names, name_zh=names, name_en=names,
            side=column_of(sides, "text"), exit=True,
            geometry=column_of((shapely.Point(lon, lat) for _, lon, lat in places), "shape"),
        )  # fmt: skip
        settled = np.where(self.arrays.carried_by(BASE_YEAR), float(BASE_YEAR), np.inf)
        nodes = {column: self.nodes[column].to_numpy() for column in NODE_COLUMNS} | {"opens_year": settled}
        edges, joins = link_points(rows, nodes, self.barrier)
        # those added before and the region's own places, which may be nearer than the network
        known = picked(nodes, nodes["kind"] == "place")
        known = stacked(*({column: block[column] for column in NODE_COLUMNS} for block in (known, rows)))
        edges = stacked(edges, beside(rows, known, edges, self.barrier))
        linked = {*edges["from_id"].tolist(), *edges["to_id"].tolist()}
        for name in names:
            if f"place/{name}" not in linked:
                raise NetworkError(
                    f"{name}: no road within {ROAD_REACH_KM:g} km or station within {STATION_REACH_KM:g} km over land; "
                    "choose a point nearer the network"
                )
        points = pd.concat([self.nodes, node_frame(rows)], ignore_index=True)
        more = pd.concat([self.edges, edge_frame(edges)], ignore_index=True)
        noted = pd.concat([self.joins, join_frame(joins)], ignore_index=True)
        return replace(self, nodes=points, edges=more, joins=noted)

    def _side_at(self, lon: float, lat: float) -> str:
        """The side of a border a point lies on: by the territories, else that of the nearest node over land.

        Straight across a harbour or a border river the nearest node is a foreign one.
        """
        if self.region.territories:
            return str(sides_at(self.region.territories, np.array([[lon, lat]], dtype=np.float64))[0])
        away = np.hypot(*(self.lonlat - (lon, lat)).T)
        near = np.argsort(away, kind="stable")[:_NEAR_NODES]
        sides = np.asarray(self.node_column("side"))[near]
        if self.barrier is None or len(set(sides)) == 1:
            return str(sides[0])
        return str(sides[self.barrier.nearest_over_land(lon, lat, self.lonlat[near])])

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
        import pandas as pd

        from atlas.network.attach import local_edges
        from atlas.network.rows import NODE_COLUMNS, column_of, edge_frame, filled

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


class _Columns:
    """A table that is at hand as columns, as :class:`atlas.kept.columns.KeptTable` is in a file."""

    def __init__(self, columns: Mapping[str, NDArray[Any]]) -> None:
        self.columns = columns

    def column(self, name: str) -> NDArray[Any]:
        return self.columns[name]


def network_in_columns(
    tables: Mapping[str, Mapping[str, NDArray[Any]]],
    frames: Mapping[str, Callable[[], Any]],
    arrays: EdgeArrays,
    **known: Any,
) -> Network:
    """Return a network that was made as columns; its frames are made when first asked for.

    Parameters
    ----------
    tables
        Columns of ``nodes``, with (n, 2) ``lonlat``, and ``edges``.
    frames
        Makes ``nodes``, ``edges`` and ``joins``, and the hash of the layers, a tenth of the making of a large network.
    arrays
        Of these edges.
    known
        The other attributes.
    """
    network = object.__new__(Network)
    held = {name: _Columns(columns) for name, columns in tables.items()}
    network.__dict__.update(known, arrays=arrays, _tables=held, _makers=dict(frames))
    return network


def packed_network(network: Network) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return all of a network as arrays of numbers and facts, for :meth:`atlas.kept.store.Store.put`."""
    arrays: dict[str, NDArray[Any]] = {}
    for table in ("nodes", "edges", "joins"):
        frame = getattr(network, table)
        arrays |= packed(table, {name: np.asarray(frame[name]) for name in frame.columns})
    arrays["nodes/lonlat"] = network.lonlat
    arrays |= packed_arrays(network.arrays)
    places = network.place_layer.frame
    columns = {name: _objects(places[name]) for name in places.columns}
    arrays |= packed("places", columns) | {"places/lonlat": places.geometry.get_coordinates().to_numpy()}
    named = [(*key, *names) for key, names in network.feature_names.items()]
    texts = np.array(named, dtype=object).reshape(len(named), 4)
    arrays |= packed("names", dict(zip(("layer", "feature", "zh", "en"), texts.T, strict=True)))
    if network.barrier is not None:
        arrays |= packed("land", {"tiles": network.barrier.land.geometries})
        arrays |= packed("water", {"tiles": network.barrier.water.geometries})
    types = {str(name): str(places[name].dtype) for name in places.columns if name != "geometry"}
    return arrays, {"hash": network.hash, "barrier": network.barrier is not None, "places": types}


def _objects(values: pd.Series[Any]) -> NDArray[Any]:
    """Return a column of a layer's frame as an array: whole numbers that may be missing as objects."""
    if isinstance(values.dtype, np.dtype):
        return values.to_numpy()
    return values.astype(object).where(values.notna(), None).to_numpy(dtype=object)


def network_of(kept: Kept, spec: Callable[[], LayerSpec], region: Callable[[], Region]) -> Network:
    """Return the network that :func:`packed_network` packed; each part is made when first asked for.

    Parameters
    ----------
    kept
        From :meth:`atlas.kept.store.Store.get`.
    spec
        Gives the declaration of the layer ``places``.
    region
        Gives the region as it is declared.
    """
    tables = {name: KeptTable(kept, name) for name in ("nodes", "edges", "joins", "arrays", "places", "names")}

    def frame_maker(table: str, make: str) -> Callable[[], Any]:
        def made() -> Any:
            from atlas.network import rows

            names = [column.name for column in rows.TABLES[table]]
            return getattr(rows, make)({name: tables[table].column(name).copy() for name in names})

        return made

    def places() -> Layer:
        import geopandas as gpd
        import pandas as pd

        from atlas.data.layer import CRS, Layer

        columns = {name: pd.Series(tables["places"].column(name), dtype=kind) for name, kind in kinds.items()}
        return Layer(spec(), gpd.GeoDataFrame(columns, geometry=tables["places"].column("geometry"), crs=CRS))

    def names() -> dict[tuple[str, str], tuple[str, str]]:
        layer, feature, zh, en = (tables["names"].column(name).tolist() for name in ("layer", "feature", "zh", "en"))
        return dict(zip(zip(layer, feature, strict=True), zip(zh, en, strict=True), strict=True))

    def barrier() -> Barrier | None:
        if not kept.facts["barrier"]:
            return None
        import shapely

        from atlas.network.barrier import Barrier

        land, water = (shapely.STRtree(KeptTable(kept, name).column("tiles")) for name in ("land", "water"))
        return Barrier(land, water, region().territories)

    kinds = kept.facts["places"]
    network = object.__new__(Network)
    network.__dict__.update(
        hash=kept.facts["hash"], _tables=tables,
        _makers={
            "nodes": frame_maker("nodes", "node_frame"), "edges": frame_maker("edges", "edge_frame"),
            "joins": frame_maker("joins", "join_frame"), "place_layer": places, "feature_names": names,
            "barrier": barrier, "region": region,
        },
    )  # fmt: skip
    return network
