"""Land and wide water as pixels, on which many segments are looked up at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy.ndimage import distance_transform_edt

from atlas.base.geodesy import Bools, Floats, Ints, Texts, meridian_km
from atlas.data.region import Territory
from atlas.network.attach import ROAD_REACH_KM
from atlas.network.barrier import Barrier

__all__ = ["WaterRaster"]

#: Side of a pixel of the water raster at most, and the step at which segments are sampled.
WATER_PIXEL_KM = 0.12
_CHUNK = 20_000
#: Pixels between two looks at a segment while those clear of all water are sorted out.
_STRIDE = 8


@dataclass(frozen=True, eq=False)
class WaterRaster:
    """Land and wide water as pixels, in degrees: a :class:`atlas.network.barrier.Obstacle` for many segments."""

    west: float
    north: float
    step_lon: float
    step_lat: float
    wet: Bools
    territories: tuple[Territory, ...] = ()
    pixel_km: float = WATER_PIXEL_KM

    @classmethod
    def of(cls, barrier: Barrier, box: tuple[float, float, float, float], cell_km: float = np.inf) -> WaterRaster:
        """Rasterise a barrier over `box` (west, south, east, north), a margin beyond the reach of links included.

        Pixels are no wider than the cells that land is divided into.
        """
        pixel_km = min(WATER_PIXEL_KM, cell_km)
        margin = 1.1 * ROAD_REACH_KM / 100.0
        west, south, east, north = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
        step_lat = pixel_km / meridian_km((south + north) / 2.0)
        step_lon = step_lat / np.cos(np.radians((south + north) / 2.0))
        columns, rows = int(np.ceil((east - west) / step_lon)), int(np.ceil((north - south) / step_lat))
        wet = np.ones((rows, columns), dtype=bool)
        raster = cls(west, north, float(step_lon), step_lat, wet, barrier.territories, pixel_km)
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

    def water_km(self, segments: Texts, lengths_km: Floats) -> Floats:
        """Return how many kilometres of each segment are wet."""
        return self._sampled(segments, lengths_km)[0]

    def longest_water_km(self, segments: Texts, lengths_km: Floats) -> Floats:
        """Return the widest single water on each segment."""
        return self._sampled(segments, lengths_km)[1]

    def _sampled(self, segments: Texts, lengths_km: Floats) -> tuple[Floats, Floats]:
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
            samples = max(2, int(np.ceil(lengths_km[chosen[-1]] / self.pixel_km)))
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
                samples = 1 + int(np.ceil(lengths_km[chosen[-1]] / (self.pixel_km * stride)))
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
