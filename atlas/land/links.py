"""Local travel from every place on land to the network, computed once: it does not depend on the scenario.

A grid of square cells covers the region. Each cell is linked with exits and stations by the rule that links places
(:func:`atlas.network.lines.local_links`: straight over land, water up to 0.6 km bridged by streets the layers do not
hold, never across a border), with one difference: water is looked up on a fine raster, because millions of segments
are asked about. The table holds kilometres; a scenario's parameters turn them into minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.spatial import cKDTree

from atlas.base.errors import NetworkError
from atlas.base.files import content_hash
from atlas.base.geodesy import Bools, Floats, Ints, Texts
from atlas.data.region import sides_at
from atlas.data.scenario import BASE_YEAR, Scenario
from atlas.kept.store import Kept
from atlas.land.grid import Grid, cell_km_of, land_grid
from atlas.land.water import WaterRaster
from atlas.network.attach import (
    BROOK_KM,
    MESH_LINKS,
    MESH_REACH_KM,
    ROAD_LINKS,
    ROAD_REACH_KM,
    STATION_LINKS,
    STATION_REACH_KM,
    exits_of,
)
from atlas.network.barrier import Barrier
from atlas.network.build import Network
from atlas.network.lines import HARBOUR_KM, TOWN_RIVER_KM, Ends, LocalLinks, local_links
from atlas.travel.minutes import local_minutes

__all__ = ["AccessTable", "access_of", "access_table", "inputs_hash", "local_minutes", "packed_access"]

#: First look at this many of the nearest targets; those that stay short are looked at again in full.
_FIRST_LOOK = 2


@dataclass(frozen=True, eq=False)
class AccessTable:
    """Links from the cells of a grid to the network.

    Attributes
    ----------
    grid
        The cells.
    cell, node
        (k,) place among the land cells and row of ``Network.nodes``, sorted by cell.
    length_km
        (k,) straight kilometres over land, before any detour factor.
    by_rail
        (k,) whether the link leads to a station, of no use to a car.
    """

    grid: Grid
    cell: Ints
    node: Ints
    length_km: Floats
    by_rail: Bools

    def minutes(self, scenario: Scenario) -> Floats:
        """(k,) minutes of each link under the parameters of `scenario`."""
        return self.length_km * local_minutes(scenario, 1.0)

    def nearest(self, network: Network, node_minutes: Floats, scenario: Scenario, mode: str) -> Floats:
        """Return the (min, +) product with `node_minutes` (n,): least minutes a cell, infinite where none.

        Parameters
        ----------
        network
            What the table was made for.
        node_minutes
            Minutes at every node, infinite where it is not reached.
        scenario, mode
            Whose local speed and detour apply, and which links count (:meth:`usable`).
        """
        cells, sizes, node, length_km, by_rail = self._by_turns
        best = np.full(len(self.grid.cells), np.inf)
        if not len(node):
            return best
        total = length_km * local_minutes(scenario, 1.0)
        total += np.where(network.arrays.served(scenario), node_minutes, np.inf).take(node)
        if mode == "drive":
            total[by_rail] = np.inf
        turns = np.split(total, np.cumsum(sizes)[:-1])
        for turn in turns[1:]:
            np.minimum(turns[0][: len(turn)], turn, out=turns[0][: len(turn)])
        best[cells] = turns[0]
        return best

    @cached_property
    def _by_turns(self) -> tuple[Ints, Ints, Ints, Floats, Bools]:
        """Linked cells, those with most links first; how many have a j-th link; and all first links, all second, ...

        A minimum over rows of whole arrays takes a fifth of one over the few links of each cell in turn.
        """
        cells, first, count = np.unique(self.cell, return_index=True, return_counts=True)
        order = np.argsort(-count, kind="stable")
        first, sizes = first[order], np.bincount(count)[::-1].cumsum()[::-1][1:]
        link = np.concatenate([first[:size] + j for j, size in enumerate(sizes.tolist())] or [first])
        return cells[order], sizes, self.node[link], self.length_km[link], self.by_rail[link]

    def usable(self, network: Network, scenario: Scenario, mode: str) -> Bools:
        """(k,) which links can be used: something open passes the node, and a car does not go to a platform."""
        served = network.arrays.served(scenario)[self.node]
        return served & ~self.by_rail if mode == "drive" else served


def access_table(
    network: Network, *, cell_km: float | None = None, box: tuple[float, float, float, float] | None = None
) -> AccessTable:
    """Link every land cell with the network.

    Parameters
    ----------
    network
        Built with the layer ``land``.
    cell_km
        Side of a cell; None: 0.5, and less where the region is narrower than 15 km.
    box
        West, south, east, north, degrees: where land is divided into cells; None: the box of the region.

    Raises
    ------
    NetworkError
        The network has no edge, or no barrier: it was built without the layer ``land``.
    """
    network.require_ways()
    box = box or network.region.land_box
    cell_km = cell_km or cell_km_of(box)
    raster = WaterRaster.of(_barrier_of(network), box, cell_km)
    grid = land_grid(raster, network.region.metric, box, cell_km=cell_km)
    nodes = network.nodes
    at = shapely.get_coordinates(nodes.geometry.to_numpy())
    exits, mesh = exits_of(nodes["layer"].to_numpy(), nodes["kind"].to_numpy(), nodes["exit"].to_numpy(dtype=bool))
    doors = np.nonzero((nodes["kind"] == "stop").to_numpy())[0]
    settled = exits[network.arrays.carried_by(BASE_YEAR)[exits]]
    sides = nodes["side"].to_numpy(dtype=object)
    known = raster.territories
    side = sides_at(known, grid.lonlat) if known else sides[cKDTree(at).query(grid.lonlat)[1]]
    cells, rows, lengths, rail = [], [], [], []
    for targets, reach_km, most, by_rail in (
        (exits, ROAD_REACH_KM, ROAD_LINKS, False),
        (settled, ROAD_REACH_KM, ROAD_LINKS, False),
        (mesh, MESH_REACH_KM, MESH_LINKS, False),
        (doors, STATION_REACH_KM, STATION_LINKS, True),
    ):
        if len(targets) == 0:
            continue
        links = _linked(raster, grid, side, at[targets], sides[targets], reach_km, most, dry=targets is mesh)
        links = links if by_rail else links.without_long()
        cells.append(links.point)
        rows.append(targets[links.target])
        lengths.append(links.length_km)
        rail.append(np.full(len(links.point), by_rail))
    cell, node = np.concatenate(cells), np.concatenate(rows)
    km, to_station = np.concatenate(lengths), np.concatenate(rail)
    _, kept = np.unique(cell * len(nodes) + node, return_index=True)
    return AccessTable(grid, cell[kept], node[kept], km[kept], to_station[kept])


def inputs_hash(network: Network) -> str:
    """Return the hash of what the access table of `network` depends on: its nodes, what is early, land and water.

    Raises
    ------
    NetworkError
        As :func:`access_table`.
    """
    barrier = _barrier_of(network)
    nodes = network.nodes
    texts = "\n".join(
        "\t".join(map(str, row)) for row in zip(*(nodes[c] for c in ("node_id", "kind", "exit", "side")), strict=True)
    )
    shapes = (nodes.geometry.to_numpy(), barrier.land.geometries, barrier.water.geometries)
    whole = [b"".join(shapely.to_wkb(some).tolist()) for some in shapes]
    return content_hash(texts, repr(barrier.territories), network.arrays.carried_by(BASE_YEAR).tobytes(), *whole)


_LINKS = ("cell", "node", "length_km", "by_rail")


def packed_access(table: AccessTable) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the table as arrays and facts, for :meth:`atlas.kept.store.Store.put`."""
    grid = table.grid
    about = {"left": grid.left, "top": grid.top, "size_m": grid.size_m, "box": list(grid.box)}
    return {"land": grid.land} | {name: getattr(table, name) for name in _LINKS}, about


def access_of(kept: Kept, crs: CRS) -> AccessTable:
    """Return the table that :func:`packed_access` packed, its grid in `crs`; arrays stay in the file until read."""
    land, about = kept.array("land"), kept.facts
    west, south, east, north = about["box"]
    shape = (land.shape[0], land.shape[1])
    grid = Grid(crs, about["left"], about["top"], about["size_m"], shape, land, (west, south, east, north))
    return AccessTable(grid, *(kept.array(name) for name in _LINKS))


def _barrier_of(network: Network) -> Barrier:
    if network.barrier is None:
        raise NetworkError("the network was built without the layer land; local travel over a grid needs it")
    return network.barrier


def _linked(
    raster: WaterRaster,
    grid: Grid,
    side: Texts,
    at: Floats,
    sides: Texts,
    reach_km: float,
    most: int,
    *,
    dry: bool,
) -> LocalLinks:
    points, ends = grid.lonlat, Ends(at, sides.tolist())
    link = partial(
        local_links, reach_km=reach_km, most=most, barrier=raster,
        water_allowed_km=BROOK_KM if dry else TOWN_RIVER_KM, water_fallback_km=BROOK_KM if dry else HARBOUR_KM,
    )  # fmt: skip
    first = link(Ends(points, side.tolist()), ends, near=most + _FIRST_LOOK)
    count = np.bincount(first.point, minlength=len(points))
    short = np.nonzero(count < most)[0]
    again = link(Ends(points[short], side[short].tolist()), ends)
    keep = count[first.point] >= most
    return LocalLinks(
        np.concatenate([first.point[keep], short[again.point]]),
        np.concatenate([first.target[keep], again.target]),
        np.concatenate([first.length_km[keep], again.length_km]),
        np.concatenate([first.water_km[keep], again.water_km]),
    )
