"""Links of the user's own: a road or railway that a scenario draws, taken into a network.

Ends and bends on land meet the streets around them as the land cell that holds them does (:mod:`atlas.land.links`);
kilometres are straight, and a scenario lengthens them by the detour of all schematic lines. Nobody is stopped at a
border on them. The page `explore` does the same in the browser (``withLinks`` of its engine).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from atlas.base.errors import ScenarioError
from atlas.base.geodesy import Floats, Ints, distance_km
from atlas.base.words import both
from atlas.data.region import sides_at
from atlas.data.scenario import DrawnLink
from atlas.land.ground import ground
from atlas.land.links import AccessTable
from atlas.network.build import Network
from atlas.network.rows import Columns, column_of, edge_frame, filled, node_frame, stacked

__all__ = ["crosses_border", "loose_points", "with_links"]

#: The layer that links of one's own are said to be of.
_LAYER = "own"


def with_links(network: Network, links: Sequence[DrawnLink], table: AccessTable | None = None) -> Network:
    """Return `network` with roads and railways of the user's own, open where a scenario names them.

    Parameters
    ----------
    network
        From :func:`atlas.build_network`.
    links
        ``Scenario.links``.
    table
        The links of land cells with `network`; None: those of :func:`atlas.ground`, or, where the network has no
        land, none: then points are joined to nodes by their ids alone.

    Returns
    -------
    Network
        The nodes and edges of `network` in their order, and those of `links` behind them.

    Raises
    ------
    ScenarioError
        A point names a node that the network lacks.

    Examples
    --------
    >>> drawn = atlas.load_scenario('''
    ... [[link]]
    ... class = "expressway"
    ... points = [[113.50, 22.28], [112.60, 22.05], [111.98, 21.87]]
    ... ''')
    >>> grown = atlas.with_links(network, drawn.links)
    >>> before = atlas.route(network, "珠海", "阳江", now, mode="drive").minutes
    >>> bool(atlas.route(grown, "珠海", "阳江", drawn, mode="drive").minutes < before)
    True
    """
    fresh = [link for link in dict.fromkeys(links) if f"{_LAYER}/{link.id}" not in network.arrays.rows_by_id]
    if not fresh:
        return network
    if table is None and network.barrier is not None:
        table = ground(network).links
    parts = [_Part(network, link, table) for link in fresh]
    nodes, edges = (
        pd.concat([frame(getattr(part, name)) for part in parts], ignore_index=True) for frame, name in _TABLES
    )
    called = both("explore.ex_own_link")
    names = {(_LAYER, link.id): (called.zh, called.en) for link in fresh}
    return replace(
        network,
        nodes=pd.concat([network.nodes, nodes], ignore_index=True),
        edges=pd.concat([network.edges, edges], ignore_index=True),
        feature_names={**network.feature_names, **names},
    )


def loose_points(network: Network, link: DrawnLink, table: AccessTable | None) -> int:
    """Return how many points of a link join nothing: in the sea, on wide water, or on an island without ways."""
    return sum(row < 0 and not len(_streets(table, network, lon, lat)[0]) for row, lon, lat in _placed(network, link))


def crosses_border(network: Network, link: DrawnLink) -> bool:
    """Return whether points of a link lie on different sides of a border, at which nobody on it is stopped."""
    where = np.array([[lon, lat] for _, lon, lat in _placed(network, link)])
    return len(set(sides_at(network.region.territories, where).tolist())) > 1


def _placed(network: Network, link: DrawnLink) -> list[tuple[int, float, float]]:
    """Row of the node (-1: none), lon and lat of each point."""
    found = []
    for point in link.points:
        if isinstance(point, str):
            row = _row_of(network, point)
            lon, lat = network.lonlat[row].tolist()
            found.append((row, lon, lat))
        else:
            found.append((-1, *point))
    return found


def _row_of(network: Network, name: str) -> int:
    for full in (name, f"place/{name}", f"{name}/toll"):
        if full in network.row_of:
            return network.row_of[full]
    raise ScenarioError(f"[[link]]: no node {name!r} in the network; give [lon, lat] or an id such as stn/zhuhai")


def _streets(table: AccessTable | None, network: Network, lon: float, lat: float) -> tuple[Ints, Floats]:
    """Rows of the road nodes that streets lead to from a point on land, and their straight kilometres."""
    nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    if table is None:
        return nothing
    cell = int(table.grid.cell_of(np.array([lon]), np.array([lat]))[0])
    if cell < 0:
        return nothing
    some = slice(*np.searchsorted(table.cell, [cell, cell + 1]))
    keep = ~table.by_rail[some]
    return table.node[some][keep], table.length_km[some][keep]


class _Part:
    """Nodes and edges of one link, as columns."""

    def __init__(self, network: Network, link: DrawnLink, table: AccessTable | None) -> None:
        self.network, self.link, self.table = network, link, table
        self.ids: list[str] = network.node_column("node_id").tolist()
        self.node_blocks: list[Columns] = []
        self.edge_blocks: list[Columns] = []
        placed = _placed(network, link)
        if link.kind == "road":
            self._road(placed)
        else:
            self._railway(placed)

    @property
    def nodes(self) -> Columns:
        return stacked(*self.node_blocks) if self.node_blocks else filled("nodes", 0)

    @property
    def edges(self) -> Columns:
        return stacked(*self.edge_blocks)

    def _node(self, name: str, kind: str, mode: str, lon: float, lat: float) -> str:
        node_id = f"{_LAYER}/{self.link.id}/{name}"
        called = both("explore.ex_own_link")
        side = str(sides_at(self.network.region.territories, np.array([[lon, lat]]))[0])
        self.node_blocks.append(
            filled(
                "nodes", 1, node_id=node_id, kind=kind, mode=mode, layer=_LAYER, feature_id=self.link.id,
                name_zh=called.zh, name_en=called.en, side=side,
                geometry=column_of([shapely.Point(lon, lat)], "shape"),
            )
        )  # fmt: skip
        return node_id

    def _edge(self, name: str, start: str, end: str, role: str, mode: str, speed_class: str, **given: object) -> None:
        known = {
            "edge_id": f"{_LAYER}/{self.link.id}/{name}", "from_id": start, "to_id": end, "role": role, "mode": mode,
            "speed_class": speed_class, "feature_id": self.link.id, "layer": _LAYER, "opens_basis": "on_request",
            "status": "concept",
        }  # fmt: skip
        self.edge_blocks.append(filled("edges", 1, **known, **given))

    def _meet_streets(self, node: str, lon: float, lat: float) -> None:
        rows, lengths = _streets(self.table, self.network, lon, lat)
        for row, km in zip(rows.tolist(), lengths.tolist(), strict=True):
            there = self.ids[row]
            line = shapely.LineString([(lon, lat), self.network.lonlat[row]])
            for role, start, end, shape in (("egress", node, there, line), ("access", there, node, line.reverse())):
                self._edge(
                    f"{role}/{node.rsplit('/', 1)[1]}/{there}", start, end, role, "local", "local_road", length_km=km,
                    drawn_length_km=km, geometry=column_of([shape], "shape"),
                )  # fmt: skip

    def _between(self, a: tuple[float, float], b: tuple[float, float]) -> dict[str, object]:
        line = shapely.LineString([a, b])
        km = distance_km(*a, *b)
        return {
            "length_km": km, "drawn_length_km": km, "speed_limit_kmh": self.link.speed_kmh,
            "geometry": column_of([line], "shape"),
        }  # fmt: skip

    def _road(self, placed: Sequence[tuple[int, float, float]]) -> None:
        last: tuple[str, tuple[float, float]] | None = None
        for k, (row, lon, lat) in enumerate(placed):
            node = self.ids[row] if row >= 0 else self._node(str(k), "junction", "road", lon, lat)
            if row < 0:
                self._meet_streets(node, lon, lat)
            if last is not None:
                for way, (u, a), (v, b) in (("f", last, (node, (lon, lat))), ("b", (node, (lon, lat)), last)):
                    self._edge(f"{k}/{way}", u, v, "run", "road", self.link.road_class, **self._between(a, b))
            last = node, (lon, lat)

    def _railway(self, placed: Sequence[tuple[int, float, float]]) -> None:
        trains = dict.fromkeys(("trains_per_day", "trains_ordinary", "service_ordinary"), self.link.trains_per_day)
        doors = []
        for k, (row, lon, lat) in enumerate(placed):
            there = row >= 0 and self.network.node_column("kind")[row] == "stop"
            door = self.ids[row] if there else self._node(str(k), "junction", "rail", lon, lat)
            if not there:
                self._meet_streets(door, lon, lat)
            change = f"{door}/change"
            doors.append((door, change if change in self.network.row_of else "", (lon, lat)))
        for way, stops in (("f", doors), ("b", doors[::-1])):
            before: tuple[str, tuple[float, float]] | None = None
            for k, (door, change, at) in enumerate(stops):
                platform = self._node(f"{way}{k}", "platform", "rail", *at)
                if before is not None:
                    ridden = self._between(before[1], at)
                    self._edge(f"{way}{k}/ride", before[0], platform, "ride", "rail", "assumed", **ridden)
                    self._edge(f"{way}{k}/alight", platform, door, "alight", "rail", "assumed", **trains)
                    if change:
                        self._edge(f"{way}{k}/transfer", platform, change, "transfer", "rail", "assumed", **trains)
                if k < len(stops) - 1:
                    self._edge(f"{way}{k}/board", door, platform, "board", "rail", "assumed", **trains)
                    if change:
                        self._edge(f"{way}{k}/change", change, platform, "board", "rail", "assumed", **trains)
                before = platform, at


_TABLES = ((node_frame, "nodes"), (edge_frame, "edges"))
