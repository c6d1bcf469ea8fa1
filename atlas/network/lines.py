"""Cutting lines at their nodes, and joining points to a network over land.

Lines are never joined because they cross. A line is cut where its layer names a node, and a point joins
the network by a straight local link whose length is charged and reported.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from scipy.spatial import cKDTree

from atlas.base.geodesy import KM_A_DEGREE, Floats, Ints, Texts, distances_km, length_km
from atlas.data.region import abroad
from atlas.network.barrier import Obstacle

__all__ = [
    "HARBOUR_KM",
    "LEAST_RADIUS_KM",
    "TOWN_RIVER_KM",
    "Ends",
    "LocalLinks",
    "cut_line",
    "cut_lines",
    "line_km",
    "local_links",
    "near_pairs",
    "on_sphere",
]

#: A vertex this near to a node, in longitude and in latitude, is the node.
_SAME_DEGREES = 2e-6
#: Meridian radius of WGS 84 at the equator, a (1 - e²), its least.
LEAST_RADIUS_KM = 6335.439


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


def cut_lines(lines: Texts, nodes: Floats, counts: Ints) -> Texts:
    """Cut many lines at their nodes, each as :func:`cut_line` does.

    Parameters
    ----------
    lines
        (n,) LineStrings, EPSG:4326.
    nodes
        (sum of counts, 2) lon, lat of the nodes of the first line, of the second, and so on.
    counts
        (n,) how many nodes each line has, two or more.

    Returns
    -------
    (sum of counts - n,) LineStrings, one a stretch, in the order of lines and nodes; all of a line's are None where a
    node lies off it or the order cannot be kept.
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    bounds = np.searchsorted(line, np.arange(len(lines) + 1))
    first = np.cumsum(counts) - counts
    vertex = _vertices(xy, bounds, nodes, first, counts)
    owner = np.repeat(np.arange(len(lines)), counts)
    start = np.nonzero(np.diff(owner, append=-1) == 0)[0]
    stretches = np.full(len(start), None, dtype=object)
    lost = np.unique(owner[vertex < 0])
    whole = ~np.isin(owner[start], lost)
    begin, end, of = vertex[start[whole]], vertex[start[whole] + 1], owner[start[whole]]
    # a line between its only two nodes is its own stretch
    as_is = (begin == bounds[of]) & (end == bounds[of + 1] - 1) & ~shapely.has_z(lines[of])
    found = lines[of]
    begin, count = begin[~as_is], (end - begin + 1)[~as_is]
    if len(begin):
        where = np.repeat(np.arange(len(begin)), count)
        found[~as_is] = shapely.linestrings(xy[_ranges(begin, count)], indices=where)
    stretches[whole] = found
    for k in lost.tolist():
        cut = cut_line(xy[bounds[k] : bounds[k + 1]], nodes[first[k] : first[k] + counts[k]])
        if cut is not None:
            stretches[owner[start] == k] = [shapely.LineString(part) for part in cut]
    return stretches


def _ranges(begin: Ints, count: Ints) -> Ints:
    """Return the numbers from each `begin`, `count` of them, one range after the other."""
    ahead = np.cumsum(count) - count
    return np.asarray(np.arange(int(count.sum())) + np.repeat(begin - ahead, count), dtype=np.int64)


def _vertices(xy: Floats, bounds: Ints, nodes: Floats, first: Ints, counts: Ints) -> Ints:
    """Return for each node the vertex of its line that it is, each after the one before; -1 where there is none."""
    vertex = np.full(len(nodes), -1, dtype=np.int64)
    begin = bounds[:-1].astype(np.int64)
    going = np.arange(len(counts))
    for turn in range(int(counts.max(initial=0))):
        going = going[counts[going] > turn]
        left = bounds[going + 1] - begin[going]
        at = _ranges(begin[going], left)
        owner = np.repeat(np.arange(len(going)), left)
        same = np.nonzero(np.all(np.abs(xy[at] - nodes[first[going] + turn][owner]) < _SAME_DEGREES, axis=1))[0]
        kept, earliest = np.unique(owner[same], return_index=True)
        going = going[kept]
        vertex[first[going] + turn] = at[same[earliest]]
        begin[going] = at[same[earliest]] + 1
    return vertex


def near_pairs(some: Floats, others: Floats, within_km: float) -> tuple[Ints, Ints, Floats]:
    """Return which points lie near which, by rising number, and how many kilometres apart.

    Parameters
    ----------
    some, others
        (n, 2) and (m, 2) lon, lat.
    within_km
        The greatest distance, geodesic, itself included.
    """
    if len(some) == 0 or len(others) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    # No meridian of WGS 84 is bent more than by this radius: what is within on the ellipsoid is within on the sphere.
    radius = within_km / LEAST_RADIUS_KM * (1.0 + 1e-9)
    found = cKDTree(on_sphere(some)).sparse_distance_matrix(cKDTree(on_sphere(others)), radius, output_type="ndarray")
    order = np.lexsort((found["j"], found["i"]))
    a, b = found["i"][order].astype(np.int64), found["j"][order].astype(np.int64)
    km = distances_km(some[a, 0], some[a, 1], others[b, 0], others[b, 1])
    return a[km <= within_km], b[km <= within_km], km[km <= within_km]


def on_sphere(lonlat: Floats) -> Floats:
    """Return points (lon, lat) as (n, 3) unit vectors."""
    lon, lat = np.radians(lonlat).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _cut_at_vertices(coordinates: Floats, nodes: Floats) -> list[Floats] | None:
    """The common case: every node is a vertex, in order."""
    at: list[int] = []
    start = 0
    for node in nodes:
        hits = np.nonzero(np.all(np.abs(coordinates[start:] - node) < _SAME_DEGREES, axis=1))[0]
        if len(hits) == 0:
            return None
        at.append(start + int(hits[0]))
        start = at[-1] + 1 if len(at) < len(nodes) else start
    return [coordinates[a : b + 1] for a, b in itertools.pairwise(at)]


#: The widest water that a local link may cross, and how wide one its point's nearest link may when it has no other.
TOWN_RIVER_KM, HARBOUR_KM = 0.6, 2.0


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


class Ends(NamedTuple):
    """Points as (n, 2) lon, lat, and the side of the border of each (``mainland``, ``hk``, ``mo``)."""

    lonlat: Floats
    sides: Sequence[str]


def local_links(
    starts: Ends,
    ends: Ends,
    *,
    reach_km: float,
    most: int,
    barrier: Obstacle | None = None,
    water_allowed_km: float = TOWN_RIVER_KM,
    water_fallback_km: float = HARBOUR_KM,
    near: int | None = None,
) -> LocalLinks:
    """Link each point to the nearest targets on its own side of the border, over land.

    Parameters
    ----------
    starts, ends
        The points and their targets; links never join two sides.
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
    (points, point_sides), (targets, target_sides) = starts, ends
    if len(points) == 0 or len(targets) == 0:
        none = np.zeros(0, dtype=np.int64)
        return LocalLinks(none, none, np.zeros(0), np.zeros(0))
    scale = np.array([np.cos(np.radians(float(np.mean(targets[:, 1])))), 1.0])
    tree = cKDTree(targets * scale)
    near = min(len(targets), near or 4 * most + 8)
    _, found = tree.query(points * scale, k=near, distance_upper_bound=1.2 * reach_km / KM_A_DEGREE)
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
        if barrier.territories:
            # Two of one side may lie on either side of another's land: a link between them would cross two borders.
            home = ~abroad(barrier.territories, segments, length_km, np.array(point_sides, dtype=object)[point])
            point, target, length_km, segments = point[home], target[home], length_km[home], segments[home]
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
