"""The grid of square cells that covers the region, and which of them are land."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from pyproj import CRS
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from atlas.base.geodesy import Bools, Floats, Ints, distance_km, transformer
from atlas.land.water import WaterRaster

__all__ = ["Grid", "cell_km_of", "land_grid"]

#: Sides of a cell: the widest that still divides a region into so many from shore to shore.
_SIDES_KM = (0.5, 0.25, 0.1, 0.05, 0.025)
_CELLS_ACROSS = 30
#: How far from the middle of a land cell a place may stand that is taken to be on it.
SNAP_KM = 2.0
#: How many cells beyond the shore :attr:`Grid.near` reaches.
_SHORE_CELLS = 2


@dataclass(frozen=True, eq=False)
class Grid:
    """Square cells in a metric CRS.

    Attributes
    ----------
    crs
        Equal-area metric CRS (:attr:`atlas.data.region.Region.metric`).
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
    box: tuple[float, float, float, float]

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
    def near(self) -> tuple[Ints, Ints]:
        """What lies no more than two cells from land, it included: the nearest land cell, and the flat index."""
        far, (row, column) = distance_transform_edt(~self.land, return_indices=True)
        near = np.nonzero(far.ravel() <= _SHORE_CELLS)[0]
        place = np.zeros(self.land.size, dtype=np.int64)
        place[self.cells] = np.arange(len(self.cells))
        return place[(row * self.shape[1] + column).ravel()[near]], near

    @cached_property
    def xy(self) -> Floats:
        """(cells, 2) middles of the land cells in the grid's CRS."""
        row, column = np.divmod(self.cells, self.shape[1])
        return np.column_stack([self.left + (column + 0.5) * self.size_m, self.top - (row + 0.5) * self.size_m])

    @cached_property
    def lonlat(self) -> Floats:
        """(cells, 2) middles of the land cells, lon, lat."""
        back = transformer(self.crs, 4326)
        return np.column_stack(back.transform(self.xy[:, 0], self.xy[:, 1]))

    def cell_of(self, lon: Floats, lat: Floats) -> Ints:
        """Return the place among the land cells of each point, -1 where it lies on none."""
        x, y = transformer(4326, self.crs).transform(np.asarray(lon), np.asarray(lat))
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
        x, y = transformer(4326, self.crs).transform(np.asarray(lon), np.asarray(lat))
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


def cell_km_of(box: tuple[float, float, float, float]) -> float:
    """Return the side of a cell for a region: 0.5 km, and less where it is narrower than 15 km.

    Examples
    --------
    >>> cell_km_of((111.4, 21.3, 114.6, 23.7)), cell_km_of((7.40, 43.72, 7.44, 43.75))
    (0.5, 0.1)
    """
    west, south, east, north = box
    middle = (south + north) / 2.0
    across = min(distance_km(west, middle, east, middle), distance_km(west, south, west, north))
    return next((side for side in _SIDES_KM if across >= side * _CELLS_ACROSS), _SIDES_KM[-1])


def land_grid(raster: WaterRaster, crs: CRS, box: tuple[float, float, float, float], *, cell_km: float) -> Grid:
    """Return the grid of cells over `box`.

    Parameters
    ----------
    raster
        Where land is.
    crs
        Equal-area metric system about the region.
    box
        West, south, east, north, degrees.
    cell_km
        Side of a cell.
    """
    west, south, east, north = box
    there = transformer(4326, crs)
    edge = np.linspace(0.0, 1.0, 21)
    lon = np.concatenate([west + edge * (east - west)] * 2 + [np.full(21, west), np.full(21, east)])
    lat = np.concatenate([np.full(21, south), np.full(21, north)] + [south + edge * (north - south)] * 2)
    x, y = there.transform(lon, lat)
    size = cell_km * 1000.0
    left, top = float(np.floor(x.min() / size) * size), float(np.ceil(y.max() / size) * size)
    columns, rows = int(np.ceil((x.max() - left) / size)), int(np.ceil((top - y.min()) / size))
    column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    back = transformer(crs, 4326)
    lon, lat = back.transform(left + column.ravel() * size, top - row.ravel() * size)
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    land = inside & ~raster.is_wet(lon, lat)
    return Grid(crs, left, top, size, (rows, columns), land.reshape(rows, columns), box)
