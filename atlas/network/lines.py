"""Cutting lines at their nodes, and joining points to a network over land.

Lines are never joined because they cross. A line is cut where its layer names a node, and a point joins
the network by a straight local link whose length is charged and reported.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from atlas.base.geodesy import distances_km, length_km

__all__ = ["Barrier", "LocalLinks", "cut_line", "line_km", "local_links"]

_KM_A_DEGREE = 111.195
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def line_km(coordinates: Floats) -> float:
    """Return the geodesic length in kilometres of a line given as an (n, 2) array of lon, lat."""
    if len(coordinates) < 2:
        return 0.0
    return length_km(shapely.LineString(coordinates))


def cut_line(coordinates: Floats, nodes: Floats, *, tolerance_km: float = 0.05) -> list[Floats] | None:
    """Cut a line at nodes that lie on it, in the order the nodes are given.

    Parameters
    ----------
    coordinates
        (n, 2) lon, lat of the line.
    nodes
        (m, 2) lon, lat of its nodes, in the order of the line or of its reverse.
    tolerance_km
        How far a node may lie from the line.

    Returns
    -------
    list of (k, 2) arrays, one a stretch between consecutive nodes, each beginning and ending at its
    nodes; None when a node lies off the line or the order cannot be kept.
    """
    stretches = _cut_at_vertices(coordinates, nodes)
    if stretches is not None:
        return stretches
    line = shapely.LineString(coordinates)
    along = shapely.line_locate_point(line, shapely.points(nodes))
    foot = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    if np.any(distances_km(nodes[:, 0], nodes[:, 1], foot[:, 0], foot[:, 1]) > tolerance_km):
        return None
    if len(along) > 1 and along[0] > along[-1]:
        coordinates = coordinates[::-1]
        along = line.length - along
    if np.any(np.diff(along) < 0):
        return None
    vertex = shapely.line_locate_point(line, shapely.points(coordinates))
    vertex = np.sort(line.length - vertex) if vertex[0] > vertex[-1] else vertex
    return [
        np.vstack([nodes[i], coordinates[(vertex > along[i]) & (vertex < along[i + 1])], nodes[i + 1]])
        for i in range(len(nodes) - 1)
    ]


def _cut_at_vertices(coordinates: Floats, nodes: Floats) -> list[Floats] | None:
    """The common case: every node is a vertex, in order."""
    at: list[int] = []
    start = 0
    for node in nodes:
        hits = np.nonzero(np.all(np.abs(coordinates[start:] - node) < 2e-6, axis=1))[0]
        if len(hits) == 0:
            return None
        at.append(start + int(hits[0]))
        start = at[-1] + 1 if len(at) < len(nodes) else start
    return [coordinates[a : b + 1] for a, b in itertools.pairwise(at)]


class Obstacle(Protocol):
    """What tells how much water a straight segment (EPSG:4326) crosses, in all and at the widest."""

    def water_km(self, segments: NDArray[np.object_], lengths_km: Floats) -> Floats: ...
    def longest_water_km(self, segments: NDArray[np.object_], lengths_km: Floats) -> Floats: ...


@dataclass(frozen=True)
class Barrier:
    """Land and wide water, to tell how far a straight link runs over water."""

    land: shapely.STRtree
    water: shapely.STRtree

    @classmethod
    def of(cls, land: NDArray[np.object_], water: NDArray[np.object_]) -> Barrier:
        """Index the parts of `land` and `water` (arrays of polygons, EPSG:4326)."""
        return cls(shapely.STRtree(_small_parts(land)), shapely.STRtree(_small_parts(water)))

    @cached_property
    def dry(self) -> shapely.STRtree:
        """Land without wide water, in tiles."""
        tiles = self.land.geometries
        tile, part = self.water.query(tiles, predicate="intersects")
        dry = tiles.copy()
        for i in np.unique(tile):
            dry[i] = shapely.difference(tiles[i], shapely.union_all(self.water.geometries[part[tile == i]]))
        return shapely.STRtree(dry[~shapely.is_empty(dry)])

    @cached_property
    def dry_land(self) -> shapely.Geometry:
        """Land without wide water, in one geometry."""
        return shapely.union_all(self.dry.geometries)

    def water_km(self, segments: NDArray[np.object_], lengths_km: Floats) -> Floats:
        """Return how many kilometres of each straight segment lie off land or in wide water."""
        total = np.maximum(shapely.length(segments), 1e-12)
        dry = _covered(self.land, segments)
        wet = _covered(self.water, segments)
        share = np.clip(1.0 - dry / total + wet / total, 0.0, 1.0)
        return np.asarray(share * lengths_km, dtype=np.float64)

    def longest_water_km(self, segments: NDArray[np.object_], lengths_km: Floats) -> Floats:
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


def _small_parts(polygons: NDArray[np.object_], size: float = 0.1) -> NDArray[np.object_]:
    """Cut polygons into tiles of `size` degrees, so that later intersections stay cheap."""
    pieces: list[object] = []
    for polygon in shapely.get_parts(polygons):
        west, south, east, north = shapely.bounds(polygon)
        for x in np.arange(np.floor(west / size), np.ceil(east / size)) * size:
            for y in np.arange(np.floor(south / size), np.ceil(north / size)) * size:
                piece = shapely.clip_by_rect(polygon, x, y, x + size, y + size)
                if not piece.is_empty:
                    pieces.append(piece)
    return np.array(pieces, dtype=object)


def _covered(tree: shapely.STRtree, segments: NDArray[np.object_]) -> Floats:
    covered = np.zeros(len(segments))
    which, part = tree.query(segments, predicate="intersects")
    if len(which):
        inside = shapely.length(shapely.intersection(segments[which], tree.geometries[part]))
        np.add.at(covered, which, inside)
    return covered


@dataclass(frozen=True)
class LocalLinks:
    """Straight local links from points to targets: indices and kilometres, nearest first a point."""

    point: Ints
    target: Ints
    length_km: Floats
    water_km: Floats

    def without_long(self) -> LocalLinks:
        """Return these links without those much longer than their point's nearest: a way round is the network's."""
        nearest = np.full(int(self.point.max(initial=-1)) + 1, np.inf)
        np.minimum.at(nearest, self.point, self.length_km)
        keep = self.length_km <= 2.0 * nearest[self.point] + 3.0
        return LocalLinks(self.point[keep], self.target[keep], self.length_km[keep], self.water_km[keep])


def local_links(
    points: Floats,
    point_sides: Sequence[str],
    targets: Floats,
    target_sides: Sequence[str],
    *,
    reach_km: float,
    most: int,
    barrier: Obstacle | None = None,
    water_allowed_km: float = 0.6,
    water_fallback_km: float = 2.0,
    near: int | None = None,
) -> LocalLinks:
    """Link each point to the nearest targets on its own side of the border, over land.

    Parameters
    ----------
    points, targets
        (n, 2) and (m, 2) arrays of lon, lat.
    point_sides, target_sides
        Side of the border of each (``mainland``, ``hk``, ``mo``); links never join two sides.
    reach_km
        Longest link, straight.
    most
        Most links a point.
    barrier
        Land and water; None: nothing blocks.
    water_allowed_km
        The widest single water a link may cross: a town river, bridged by streets the layers do not hold.
        Estuaries and the sea are wider.
    water_fallback_km
        How much water a link may cross in all, and how wide a water the nearest link of a point may cross
        when it has no other (a quay, a harbour).
    near
        How many of the nearest targets are looked at; None: enough for any shore.

    Returns
    -------
    LocalLinks
        A point with no target within reach and over land does not appear.
    """
    if len(points) == 0 or len(targets) == 0:
        none = np.zeros(0, dtype=np.int64)
        return LocalLinks(none, none, np.zeros(0), np.zeros(0))
    scale = np.array([np.cos(np.radians(float(np.mean(targets[:, 1])))), 1.0])
    tree = cKDTree(targets * scale)
    near = min(len(targets), near or 4 * most + 8)
    _, found = tree.query(points * scale, k=near, distance_upper_bound=1.2 * reach_km / _KM_A_DEGREE)
    found = found.reshape(len(points), near)
    point, column = np.nonzero(found < len(targets))
    target = found[point, column].astype(np.int64)
    same = np.array(point_sides, dtype=object)[point] == np.array(target_sides, dtype=object)[target]
    point, target = point[same].astype(np.int64), target[same]
    a, b = points[point], targets[target]
    length_km = distances_km(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    inside = length_km <= reach_km
    point, target, length_km, a, b = point[inside], target[inside], length_km[inside], a[inside], b[inside]
    water_km = np.zeros(len(point))
    if barrier is not None and len(point):
        segments = shapely.linestrings(np.stack([a, b], axis=1))
        water_km = barrier.water_km(segments, length_km)
    order = np.lexsort((target, length_km, point))
    point, target, length_km, water_km = point[order], target[order], length_km[order], water_km[order]
    dry = water_km <= water_allowed_km
    doubtful = np.nonzero(~dry & (water_km <= water_fallback_km))[0]
    if barrier is not None and len(doubtful):
        segments = shapely.linestrings(np.stack([points[point[doubtful]], targets[target[doubtful]]], axis=1))
        dry[doubtful] = barrier.longest_water_km(segments, length_km[doubtful]) <= water_allowed_km
    bare = np.nonzero((water_km <= water_fallback_km) & ~np.isin(point, point[dry]))[0]
    dry[bare[np.unique(point[bare], return_index=True)[1]]] = True
    point, target, length_km, water_km = point[dry], target[dry], length_km[dry], water_km[dry]
    rank = np.arange(len(point)) - np.searchsorted(point, point, side="left")
    keep = rank < most
    return LocalLinks(point[keep], target[keep], length_km[keep], water_km[keep])
