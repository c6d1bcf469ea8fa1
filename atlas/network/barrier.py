"""Land, wide water and borders: how much of a straight link lies over water, and the territories it may not cross."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import Floats, Texts
from atlas.data.region import Territory

__all__ = ["Barrier", "Obstacle"]

_MOST_TILES = 100_000
#: How much water, km, may lie between a point and what tells on which side of a border it lies.
_DRY_KM = 0.05


class Obstacle(Protocol):
    """What tells how much water a straight segment (EPSG:4326) crosses, in all and at the widest, and whose land."""

    @property
    def territories(self) -> tuple[Territory, ...]: ...
    def water_km(self, segments: Texts, lengths_km: Floats) -> Floats: ...
    def longest_water_km(self, segments: Texts, lengths_km: Floats) -> Floats: ...


@dataclass(frozen=True)
class Barrier:
    """Land and wide water, to tell how far a straight link runs over water, and the territories of the sides."""

    land: shapely.STRtree
    water: shapely.STRtree
    territories: tuple[Territory, ...] = ()

    @classmethod
    def of(cls, land: Texts, water: Texts, territories: tuple[Territory, ...] = ()) -> Barrier:
        """Index the parts of `land` and `water` (arrays of polygons, EPSG:4326)."""
        return cls(shapely.STRtree(_small_parts(land)), shapely.STRtree(_small_parts(water)), territories)

    @cached_property
    def dry(self) -> shapely.STRtree:
        """Land without wide water, in tiles."""
        tiles = self.land.geometries
        tile, part = self.water.query(tiles, predicate="intersects")
        dry = tiles.copy()
        for i in np.unique(tile):
            dry[i] = shapely.difference(tiles[i], shapely.union_all(self.water.geometries[part[tile == i]]))
        return shapely.STRtree(dry[~shapely.is_empty(dry)])

    def water_km(self, segments: Texts, lengths_km: Floats) -> Floats:
        """Return how many kilometres of each straight segment lie off land or in wide water."""
        total = np.maximum(shapely.length(segments), 1e-12)
        dry = _covered(self.land, segments)
        wet = _covered(self.water, segments)
        share = np.clip(1.0 - dry / total + wet / total, 0.0, 1.0)
        return np.asarray(share * lengths_km, dtype=np.float64)

    def longest_water_km(self, segments: Texts, lengths_km: Floats) -> Floats:
        """Return the widest single water on each straight segment, in kilometres."""
        widest = np.zeros(len(segments))
        for i, segment in enumerate(segments):
            dry = shapely.union_all(self.land.geometries[self.land.query(segment, predicate="intersects")])
            wet = shapely.union_all(self.water.geometries[self.water.query(segment, predicate="intersects")])
            off = shapely.union(shapely.difference(segment, dry), shapely.intersection(segment, wet))
            parts = shapely.get_parts(shapely.line_merge(off))
            if len(parts) and shapely.length(segment) > 0:
                widest[i] = float(np.max(shapely.length(parts))) / shapely.length(segment) * lengths_km[i]
        return widest

    def nearest_over_land(self, lon: float, lat: float, points: Floats) -> int:
        """Return the first of some points, (k, 2) degrees, to which next to no water lies, else the first."""
        away = np.hypot(*(points - (lon, lat)).T)
        segments = np.array(shapely.linestrings(np.stack([np.full_like(points, (lon, lat)), points], axis=1)))
        return int(np.argmax(self.water_km(segments, away * 100.0) <= _DRY_KM))


def _small_parts(polygons: Texts, size: float = 0.1) -> Texts:
    """Cut polygons into tiles of `size` degrees, so that later intersections stay cheap."""
    pieces: list[object] = []
    parts = shapely.get_parts(polygons)
    parts = parts[~shapely.is_empty(parts)]
    for polygon, (west, south, east, north) in zip(parts, shapely.bounds(parts), strict=True):
        # A continent in tenths of a degree would be millions of tiles.
        while (east - west) * (north - south) > _MOST_TILES * size * size:
            size *= 2
        for x in np.arange(np.floor(west / size), np.ceil(east / size)) * size:
            for y in np.arange(np.floor(south / size), np.ceil(north / size)) * size:
                pieces.extend(_clipped(polygon, (x, y, x + size, y + size)))
    return np.array(pieces, dtype=object)


def _clipped(polygon: BaseGeometry, box: tuple[float, float, float, float]) -> list[BaseGeometry]:
    """Return what of a polygon lies in a box; one that crosses itself is cut once it is mended."""
    try:
        piece = shapely.clip_by_rect(polygon, *box)
    except shapely.GEOSException:  # a ring of three points, say
        whole = shapely.intersection(shapely.make_valid(polygon), shapely.box(*box))
        return [part for part in shapely.get_parts(whole) if shapely.get_dimensions(part) == 2]
    return [] if piece.is_empty else [piece]


def _covered(tree: shapely.STRtree, segments: Texts) -> Floats:
    covered = np.zeros(len(segments))
    which, part = tree.query(segments, predicate="intersects")
    if len(which):
        inside = shapely.length(shapely.intersection(segments[which], tree.geometries[part]))
        np.add.at(covered, which, inside)
    return covered
