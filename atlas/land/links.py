"""Local travel from every place on land to the network, computed once: it does not depend on the scenario.

A grid of square cells covers the region. Each cell is linked with exits and stations by the rule that links places
(:func:`atlas.network.lines.local_links`: straight over land, water up to 0.6 km bridged by streets the layers do not
hold, never across a border), with one difference: water is looked up on a fine raster, because millions of segments
are asked about. The table holds kilometres; a scenario's parameters turn them into minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from atlas.base.errors import NetworkError
from atlas.base.files import content_hash
from atlas.base.geodesy import METRIC
from atlas.data.scenario import BASE_YEAR, Scenario
from atlas.network.attach import ROAD_LINKS, ROAD_REACH_KM, STATION_LINKS, STATION_REACH_KM
from atlas.network.barrier import Barrier
from atlas.network.build import Network
from atlas.network.lines import LocalLinks, local_links

__all__ = [
    "CELL_KM", "REGION_BOX", "SNAP_KM", "AccessTable", "Grid", "access_table", "inputs_hash", "land_grid",
    "local_minutes",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: West, south, east, north: the four cities and their neighbours from Guangzhou to Hong Kong.
REGION_BOX = (111.1, 21.45, 114.5, 23.45)
CELL_KM = 0.5
#: How far from the middle of a land cell a place may stand that is taken to be on it.
SNAP_KM = 2.0
#: First look at this many of the nearest targets; those that stay short are looked at again in full.
_FIRST_LOOK = 2
#: Side of a pixel of the water raster, and the step at which segments are sampled.
WATER_PIXEL_KM = 0.12
_CHUNK = 20_000
#: Pixels between two looks at a segment while those clear of all water are sorted out.
_STRIDE = 8


@dataclass(frozen=True, eq=False)
class Grid:
    """Square cells in a metric CRS.

    Attributes
    ----------
    crs
        Equal-area metric CRS (:data:`atlas.base.geodesy.METRIC`).
    left, top
        Corner of the first cell, metres in that CRS; rows run southwards.
    size_m
        Side of a cell.
    shape
        Rows, columns.
    land
        (rows, columns) whether the middle of the cell lies on land and not in wide water.
    box
        West, south, east, north of what the cells cover; beyond it nothing is known of land.
    """

    crs: CRS
    left: float
    top: float
    size_m: float
    shape: tuple[int, int]
    land: Bools
    box: tuple[float, float, float, float] = REGION_BOX

    @property
    def cell_km2(self) -> float:
        """Area of a cell."""
        return self.size_m**2 / 1e6

    @cached_property
    def cells(self) -> Ints:
        """Flat indices of the land cells, row by row."""
        return np.nonzero(self.land.ravel())[0].astype(np.int64)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The middles of the land cells, EPSG:4326, to be searched."""
        return shapely.STRtree(shapely.points(self.lonlat))

    @cached_property
    def xy(self) -> Floats:
        """(cells, 2) middles of the land cells in the grid's CRS."""
        row, column = np.divmod(self.cells, self.shape[1])
        return np.column_stack([self.left + (column + 0.5) * self.size_m, self.top - (row + 0.5) * self.size_m])

    @cached_property
    def lonlat(self) -> Floats:
        """(cells, 2) middles of the land cells, lon, lat."""
        back = Transformer.from_crs(self.crs, 4326, always_xy=True)
        return np.column_stack(back.transform(self.xy[:, 0], self.xy[:, 1]))

    def cell_of(self, lon: Floats, lat: Floats) -> Ints:
        """Return the place among the land cells of each point, -1 where it lies on none."""
        x, y = Transformer.from_crs(4326, self.crs, always_xy=True).transform(np.asarray(lon), np.asarray(lat))
        column = np.floor((np.asarray(x) - self.left) / self.size_m).astype(np.int64)
        row = np.floor((self.top - np.asarray(y)) / self.size_m).astype(np.int64)
        inside = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        flat = np.where(inside, row * self.shape[1] + column, -1)
        place = np.minimum(np.searchsorted(self.cells, flat), len(self.cells) - 1)
        return np.where(inside & (self.cells[place] == flat), place, -1)

    def holds(self, lon: Floats, lat: Floats) -> Bools:
        """Return whether points lie within the box of the grid, be it land or sea."""
        west, south, east, north = self.box
        return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north), dtype=bool)

    def cells_near(self, lon: Floats, lat: Floats, reach_km: float = SNAP_KM) -> Ints:
        """Return the place among the land cells of the one nearest to each point, -1 where none is within reach.

        A seat may stand in a cell whose middle lies in a river: :meth:`cell_of` has none for it.
        """
        x, y = Transformer.from_crs(4326, self.crs, always_xy=True).transform(np.asarray(lon), np.asarray(lat))
        far, cell = self._by_place.query(np.column_stack([x, y]))
        return np.where(far <= reach_km * 1000.0, cell, -1).astype(np.int64)

    @cached_property
    def _by_place(self) -> cKDTree:
        return cKDTree(self.xy)

    def full(self, values: Floats) -> Floats:
        """Return (rows, columns) with `values` on the land cells and NaN elsewhere."""
        whole = np.full(self.shape[0] * self.shape[1], np.nan)
        whole[self.cells] = values
        return whole.reshape(self.shape)


def local_minutes(scenario: Scenario, length_km: float) -> float:
    """Return the minutes of local travel over `length_km`, straight."""
    return float(length_km * scenario.value("local_detour") / scenario.value("local_speed_kmh") * 60.0)


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

    def nearest(self, node_minutes: Floats, scenario: Scenario, usable: Bools) -> Floats:
        """Return the (min, +) product with `node_minutes` (n,): least minutes a cell, infinite where none.

        Parameters
        ----------
        node_minutes
            Minutes at every node, infinite where it is not reached.
        scenario
            Whose local speed and detour apply.
        usable
            (k,) which links count.
        """
        total = np.where(usable, node_minutes[self.node] + self.minutes(scenario), np.inf)
        best = np.full(len(self.grid.cells), np.inf)
        if len(total):
            first = np.nonzero(np.diff(self.cell, prepend=-1))[0]
            best[self.cell[first]] = np.minimum.reduceat(total, first)
        return best

    def usable(self, network: Network, scenario: Scenario, mode: str) -> Bools:
        """(k,) which links can be used: something open passes the node, and a car does not go to a platform."""
        served = network.arrays.served(scenario)[self.node]
        return served & ~self.by_rail if mode == "drive" else served


@dataclass(frozen=True, eq=False)
class WaterRaster:
    """Land and wide water as pixels, in degrees: a :class:`atlas.network.barrier.Obstacle` for many segments."""

    west: float
    north: float
    step_lon: float
    step_lat: float
    wet: Bools

    @classmethod
    def of(cls, barrier: Barrier, box: tuple[float, float, float, float]) -> WaterRaster:
        """Rasterise a barrier over `box` (west, south, east, north), a margin beyond the reach of links included."""
        margin = 1.1 * ROAD_REACH_KM / 100.0
        west, south, east, north = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
        step_lat = WATER_PIXEL_KM / 110.75
        step_lon = step_lat / np.cos(np.radians((south + north) / 2.0))
        columns, rows = int(np.ceil((east - west) / step_lon)), int(np.ceil((north - south) / step_lat))
        raster = cls(west, north, float(step_lon), step_lat, np.ones((rows, columns), dtype=bool))
        for tree, value in ((barrier.land, False), (barrier.water, True)):
            for part in tree.geometries:
                raster._burn(part, value)
        return raster

    def _burn(self, part: shapely.Polygon, value: bool) -> None:
        west, south, east, north = part.bounds
        first, last = self._place(np.array([west, east]), np.array([north, south]))[::-1]
        rows, columns = self.wet.shape
        i0, i1 = max(int(last[0]), 0), min(int(last[1]) + 1, rows)
        k0, k1 = max(int(first[0]), 0), min(int(first[1]) + 1, columns)
        if i0 >= i1 or k0 >= k1:
            return
        lon = self.west + (np.arange(k0, k1) + 0.5) * self.step_lon
        lat = self.north - (np.arange(i0, i1) + 0.5) * self.step_lat
        x, y = np.meshgrid(lon, lat)
        shapely.prepare(part)
        self.wet[i0:i1, k0:k1][shapely.contains_xy(part, x, y)] = value

    def _place(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        row = np.floor((self.north - lat) / self.step_lat).astype(np.int64)
        return row, np.floor((lon - self.west) / self.step_lon).astype(np.int64)

    def is_wet(self, lon: Floats, lat: Floats) -> Bools:
        """Return whether points lie off land or in wide water; beyond the raster counts as wet."""
        row, column = self._place(lon, lat)
        rows, columns = self.wet.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        return np.where(inside, self.wet[np.where(inside, row, 0), np.where(inside, column, 0)], True)

    def water_km(self, segments: NDArray[np.object_], lengths_km: Floats) -> Floats:
        """Return how many kilometres of each segment are wet."""
        return self._sampled(segments, lengths_km)[0]

    def longest_water_km(self, segments: NDArray[np.object_], lengths_km: Floats) -> Floats:
        """Return the widest single water on each segment."""
        return self._sampled(segments, lengths_km)[1]

    def _sampled(self, segments: NDArray[np.object_], lengths_km: Floats) -> tuple[Floats, Floats]:
        """Return the wet kilometres and the widest water of each segment, sampled a pixel apart."""
        ends = shapely.get_coordinates(segments).reshape(-1, 2, 2)
        row = (self.north - ends[:, :, 1]) / self.step_lat
        column = (ends[:, :, 0] - self.west) / self.step_lon
        total, widest = np.zeros(len(segments)), np.zeros(len(segments))
        doubtful = np.nonzero(self._met(self._near_wet, row, column, lengths_km, _STRIDE))[0]
        order = doubtful[np.argsort(lengths_km[doubtful], kind="stable")]
        for chosen in np.array_split(order, max(1, len(order) // _CHUNK)):
            if len(chosen) == 0:
                continue
            run = np.zeros(len(chosen))
            wet_count, longest = np.zeros(len(chosen)), np.zeros(len(chosen))
            samples = max(2, int(np.ceil(lengths_km[chosen[-1]] / WATER_PIXEL_KM)))
            for wet in self._along(self._bordered, row[chosen], column[chosen], samples):
                run = np.where(wet, run + 1.0, 0.0)
                wet_count += wet
                np.maximum(longest, run, out=longest)
            scale = lengths_km[chosen] / samples
            total[chosen], widest[chosen] = wet_count * scale, longest * scale
        return total, widest

    @cached_property
    def _bordered(self) -> Bools:
        """The raster with a wet border, so that what lies beyond counts as wet."""
        return np.pad(self.wet[1:-1, 1:-1], 1, constant_values=True)

    @cached_property
    def _near_wet(self) -> Bools:
        """Pixels no further from a wet one than half a stride, with a pixel in reserve."""
        return np.asarray(distance_transform_edt(~self._bordered) <= _STRIDE / 2.0 + 1.5, dtype=bool)

    def _met(self, raster: Bools, row: Floats, column: Floats, lengths_km: Floats, stride: int) -> Bools:
        """Return which segments meet a pixel of `raster` when looked at every `stride` pixels."""
        met = np.zeros(len(row), dtype=bool)
        order = np.argsort(lengths_km, kind="stable")
        for chosen in np.array_split(order, max(1, len(order) // _CHUNK)):
            if len(chosen):
                samples = 1 + int(np.ceil(lengths_km[chosen[-1]] / (WATER_PIXEL_KM * stride)))
                for hit in self._along(raster, row[chosen], column[chosen], samples):
                    met[chosen] |= hit
        return met

    @staticmethod
    def _along(raster: Bools, row: Floats, column: Floats, samples: int) -> Iterator[Bools]:
        """Yield the pixels of segments at the middles of `samples` equal parts."""
        rows, columns = raster.shape
        flat = raster.ravel()
        for share in (np.arange(samples) + 0.5) / samples:
            i = (row[:, 0] + share * (row[:, 1] - row[:, 0])).astype(np.int64)
            k = (column[:, 0] + share * (column[:, 1] - column[:, 0])).astype(np.int64)
            yield flat[np.clip(i, 0, rows - 1) * columns + np.clip(k, 0, columns - 1)]


def land_grid(
    raster: WaterRaster, *, cell_km: float = CELL_KM, box: tuple[float, float, float, float] = REGION_BOX
) -> Grid:
    """Return the grid of cells over `box`.

    Parameters
    ----------
    raster
        Where land is.
    cell_km
        Side of a cell.
    box
        West, south, east, north, degrees.
    """
    west, south, east, north = box
    there = Transformer.from_crs(4326, METRIC, always_xy=True)
    edge = np.linspace(0.0, 1.0, 21)
    lon = np.concatenate([west + edge * (east - west)] * 2 + [np.full(21, west), np.full(21, east)])
    lat = np.concatenate([np.full(21, south), np.full(21, north)] + [south + edge * (north - south)] * 2)
    x, y = there.transform(lon, lat)
    size = cell_km * 1000.0
    left, top = float(np.floor(x.min() / size) * size), float(np.ceil(y.max() / size) * size)
    columns, rows = int(np.ceil((x.max() - left) / size)), int(np.ceil((top - y.min()) / size))
    column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    back = Transformer.from_crs(METRIC, 4326, always_xy=True)
    lon, lat = back.transform(left + column.ravel() * size, top - row.ravel() * size)
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    land = inside & ~raster.is_wet(lon, lat)
    return Grid(METRIC, left, top, size, (rows, columns), land.reshape(rows, columns), box)


def access_table(
    network: Network, *, cell_km: float = CELL_KM, box: tuple[float, float, float, float] = REGION_BOX
) -> AccessTable:
    """Link every land cell with the network.

    Parameters
    ----------
    network
        Built with the layer ``land``.
    cell_km, box
        See :func:`land_grid`.

    Raises
    ------
    NetworkError
        The network has no barrier: it was built without the layer ``land``.
    """
    raster = WaterRaster.of(_barrier_of(network), box)
    grid = land_grid(raster, cell_km=cell_km, box=box)
    nodes = network.nodes
    at = shapely.get_coordinates(nodes.geometry.to_numpy())
    exits = np.nonzero(((nodes["kind"] == "junction") & nodes["exit"]).to_numpy())[0]
    doors = np.nonzero((nodes["kind"] == "stop").to_numpy())[0]
    settled = exits[network.arrays.carried_by(BASE_YEAR)[exits]]
    sides = nodes["side"].to_numpy(dtype=object)
    side = sides[cKDTree(at).query(grid.lonlat)[1]]
    cells, rows, lengths, rail = [], [], [], []
    for targets, reach_km, most, by_rail in (
        (exits, ROAD_REACH_KM, ROAD_LINKS, False),
        (settled, ROAD_REACH_KM, ROAD_LINKS, False),
        (doors, STATION_REACH_KM, STATION_LINKS, True),
    ):
        if len(targets) == 0:
            continue
        links = _linked(raster, grid, side, at[targets], sides[targets], reach_km, most)
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
    return content_hash(texts, network.arrays.carried_by(BASE_YEAR).tobytes(), *whole)


def _barrier_of(network: Network) -> Barrier:
    if network.barrier is None:
        raise NetworkError("the network was built without the layer land; local travel over a grid needs it")
    return network.barrier


def _linked(
    raster: WaterRaster,
    grid: Grid,
    side: NDArray[np.object_],
    at: Floats,
    sides: NDArray[np.object_],
    reach_km: float,
    most: int,
) -> LocalLinks:
    points, there = grid.lonlat, sides.tolist()
    first = local_links(
        points, side.tolist(), at, there, reach_km=reach_km, most=most, barrier=raster, near=most + _FIRST_LOOK
    )  # fmt: skip
    count = np.bincount(first.point, minlength=len(points))
    short = np.nonzero(count < most)[0]
    again = local_links(points[short], side[short].tolist(), at, there, reach_km=reach_km, most=most, barrier=raster)
    keep = count[first.point] >= most
    return LocalLinks(
        np.concatenate([first.point[keep], short[again.point]]),
        np.concatenate([first.target[keep], again.target]),
        np.concatenate([first.length_km[keep], again.length_km]),
        np.concatenate([first.water_km[keep], again.water_km]),
    )
