"""Cutting areas at the shore, fast: only where their rings cross it is anything computed.

Areas and dry land are rings that keep what they bound on their left. A ring that crosses none of the other side is kept
or dropped whole, as one of its corners tells; the others are followed from crossing to crossing, along the area while
it is on land and along the shore while that is within the area. Where this is not beyond doubt (a corner on the
other's line, rings that rounding makes cross) the overlay of GEOS answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely

from atlas.base.errors import NetworkError
from atlas.base.features import DECIMALS
from atlas.base.geodesy import Bools, Floats, Ints, Texts
from atlas.network.build import Network

__all__ = ["Shore", "shore_of"]

_MARGIN_DEG = 0.01
#: What rounding can do to the area of a triangle, as a share of the two products that it is the difference of.
_IN_DOUBT = 4e-16
#: Of a ring, the first of them twice.
_CORNERS = 4


class Shore:
    """Dry land, ready to be cut with.

    Parameters
    ----------
    dry
        Polygons whose union is land without wide water, EPSG:4326.
    """

    def __init__(self, dry: Texts) -> None:
        rounded = shapely.transform(dry, lambda xy: np.round(xy, DECIMALS))
        wrong = ~shapely.is_valid(rounded)
        rounded[wrong] = shapely.set_precision(dry[wrong], 10.0**-DECIMALS)
        # tiles that meet share their edge exactly once they are rounded
        self.land = shapely.disjoint_subset_union_all(rounded)
        self._rings = _Rings.of(shapely.get_parts(self.land))
        self._lines = shapely.STRtree(self._rings.lines)

    def cut(self, polygons: Texts) -> shapely.MultiPolygon:
        """Return what of an area lies on land, at six decimals of a degree.

        Parameters
        ----------
        polygons
            Valid polygons that overlap nowhere, EPSG:4326.
        """
        if not len(polygons):
            return shapely.MultiPolygon()
        found = self._followed(_Rings.of(polygons))
        return found if found is not None and found.is_valid else self._overlaid(polygons)

    def _followed(self, area: _Rings) -> shapely.MultiPolygon | None:
        at = _crossings(area, self._rings, self._lines)
        if at is None:
            return None
        onto, along = _next(area, at.area, at.along_area), _next(self._rings, at.land, at.along_land)
        # whoever steps onto land leaves it next, and the shore that comes in goes out
        if (at.enters[onto] == at.enters).any() or (at.enters[along] == at.enters).any():
            return None
        rings = list(_walked(area, self._rings, at, onto, along))
        rings += area.uncrossed(at.area, self._rings)
        rings += self._rings.uncrossed(at.land, area)
        return _assembled(rings)

    def _overlaid(self, polygons: Texts) -> shapely.MultiPolygon:
        """Return the same by an overlay, whatever touches what."""
        shape = shapely.union_all(shapely.make_valid(polygons))
        west, south, east, north = shapely.bounds(shape) + np.array([-1.0, -1.0, 1.0, 1.0]) * _MARGIN_DEG
        near = shapely.clip_by_rect(self.land, west, south, east, north)
        cut = shapely.set_precision(shapely.intersection(shape, near), 10.0**-DECIMALS)
        flat = [part for part in shapely.get_parts(cut) if part.geom_type == "Polygon" and not part.is_empty]
        return shapely.MultiPolygon(flat)


@lru_cache(maxsize=2)
def shore_of(network: Network) -> Shore:
    """Return the shore of a network; that of the networks used last is kept, as it costs a fifth of a second.

    Raises
    ------
    NetworkError
        The network was built without the layer ``land``.
    """
    if network.barrier is None:
        raise NetworkError("the network was built without the layer land; areas need it")
    return Shore(network.barrier.dry.geometries)


@dataclass(frozen=True, eq=False)
class _Rings:
    """Closed rings of polygons, what they bound on their left, and the polygons, prepared, to look points up in.

    ``points`` (n, 2) holds the corners, the first of each ring once more at its end; a segment is told by the corner
    it begins at. ``starts`` (rings + 1,) is where each ring begins.
    """

    points: Floats
    starts: Ints
    polygons: Texts
    tree: shapely.STRtree

    @classmethod
    def of(cls, polygons: Texts) -> _Rings:
        turned = shapely.orient_polygons(polygons)
        rings = shapely.get_rings(turned)
        starts = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(rings))]).astype(np.int64)
        shapely.prepare(turned)
        return cls(shapely.get_coordinates(rings), starts, turned, shapely.STRtree(turned))

    @cached_property
    def segments(self) -> Ints:
        """The corners that begin a segment: all but the last of each ring."""
        begins = np.ones(len(self.points), dtype=bool)
        begins[self.starts[1:] - 1] = False
        return np.nonzero(begins)[0]

    @cached_property
    def lines(self) -> Texts:
        """The segments, as lines."""
        at = self.segments
        lines: Texts = shapely.linestrings(np.stack([self.points[at], self.points[at + 1]], axis=1))
        return lines

    def ring_of(self, segments: Ints) -> Ints:
        return np.asarray(np.searchsorted(self.starts, segments, side="right") - 1)

    def holds(self, points: Floats) -> Bools:
        """Return which points lie within."""
        point, polygon = self.tree.query(shapely.points(points))
        inside = shapely.contains_xy(self.polygons[polygon], *points[point].T)
        held = np.zeros(len(points), dtype=bool)
        held[point[inside]] = True
        return held

    def uncrossed(self, segments: Ints, other: _Rings) -> list[Floats]:
        """Return the rings that lie within `other`, of those that none of the crossed segments is part of."""
        whole = np.ones(len(self.starts) - 1, dtype=bool)
        whole[self.ring_of(segments)] = False
        rings = np.nonzero(whole)[0]
        rings = rings[other.holds(self.points[self.starts[rings]])]
        return [self.points[self.starts[ring] : self.starts[ring + 1]] for ring in rings.tolist()]

    def between(self, first: int, last: int, *, ahead: bool) -> Iterator[Floats]:
        """Give the corners after segment `first` up to the beginning of `last`, round the ring unless it is ahead."""
        if ahead:
            yield self.points[first + 1 : last + 1]
        else:
            ring = int(self.ring_of(np.array([first]))[0])
            yield self.points[first + 1 : int(self.starts[ring + 1]) - 1]
            yield self.points[int(self.starts[ring]) : last + 1]


@dataclass(frozen=True, eq=False)
class _Crossings:
    """Segments of an area and of land that cross, how far along each, where, and whether the area comes onto land."""

    area: Ints
    land: Ints
    along_area: Floats
    along_land: Floats
    points: Floats
    enters: Bools


def _crossings(area: _Rings, land: _Rings, lines: shapely.STRtree) -> _Crossings | None:
    """Return where segments cross, None where a corner may lie on the other's line."""
    one, two = lines.query(area.lines)
    one, two = area.segments[one], land.segments[two]
    begin, end, first, last = area.points[one], area.points[one + 1], land.points[two], land.points[two + 1]
    before, after = _side(first, last, begin), _side(first, last, end)
    start, stop = _side(begin, end, first), _side(begin, end, last)
    cross = (before * after < 0) & (start * stop < 0)
    if not (cross | (before * after > 0) | (start * stop > 0)).all():
        return None
    before, after, start, stop = before[cross], after[cross], start[cross], stop[cross]
    share = before / (before - after)
    points = begin[cross] + share[:, None] * (end - begin)[cross]
    return _Crossings(one[cross], two[cross], share, start / (start - stop), points, after > 0)


def _side(begin: Floats, end: Floats, point: Floats) -> Floats:
    """Return twice the area of triangles: above zero where the point lies left of a line, zero where in doubt."""
    (ax, ay), (px, py) = (end - begin).T, (point - begin).T
    left, right = ax * py, ay * px
    twice = left - right
    return np.where(np.abs(twice) > _IN_DOUBT * (np.abs(left) + np.abs(right)), twice, 0.0)


def _next(rings: _Rings, segments: Ints, along: Floats) -> Ints:
    """Return for each crossing the one that follows it on its ring."""
    order = np.lexsort((along, segments))
    ring = rings.ring_of(segments[order])
    first = np.nonzero(np.diff(ring, prepend=-1))[0]
    follows = np.append(order[1:], order[:1])
    follows[np.append(first[1:], len(order))[: len(first)] - 1] = order[first]
    found = np.empty_like(order)
    found[order] = follows
    return found


def _walked(area: _Rings, land: _Rings, at: _Crossings, onto: Ints, along: Ints) -> Iterator[Floats]:
    """Give the rings that cross: along the area from where it comes onto land, along land back to the area."""
    turns = ((area, onto, at.area, at.along_area), (land, along, at.land, at.along_land))
    walked = ~at.enters
    for first in np.nonzero(at.enters)[0].tolist():
        here, pieces = first, []
        while not walked[here]:
            walked[here] = True
            for rings, follows, segment, share in turns:
                there = int(follows[here])
                pieces.append(at.points[here : here + 1])
                ahead = (segment[here], share[here]) < (segment[there], share[there])
                pieces += rings.between(int(segment[here]), int(segment[there]), ahead=ahead)
                here = there
        if pieces:
            yield np.concatenate([*pieces, at.points[first : first + 1]])


def _untied(points: Floats, ring: Ints) -> tuple[Floats, Ints]:
    """Return the points with their rings once rings that come back to a corner are parted there.

    Two shores that touch (a lake at the coast, say) may be walked as one.
    """
    order = np.lexsort((points[:, 1], points[:, 0], ring))
    same = (np.diff(points[order], axis=0) == 0).all(axis=1) & (np.diff(ring[order]) == 0)
    # every ring comes back to its first corner once
    ties = np.bincount(ring[order[1:]][same], minlength=ring[-1] + 1) > 1
    if not ties.any():
        return points, ring
    found = [part for tied in np.nonzero(ties)[0].tolist() for part in _loops(points[ring == tied])]
    single = ~ties[ring]
    numbers = np.repeat(np.arange(len(found)) + len(ties), [len(part) for part in found])
    return np.concatenate([points[single], *found]), np.concatenate([ring[single], numbers])


def _loops(points: Floats) -> Iterator[Floats]:
    """Give the rings that a closed line is made of which comes back to some corners."""
    path: list[tuple[float, float]] = []
    at: dict[tuple[float, float], int] = {}
    for x, y in points.tolist():
        begin = at.get((x, y))
        if begin is None:
            at[x, y] = len(path)
            path.append((x, y))
            continue
        yield np.array([*path[begin:], (x, y)])
        for corner in path[begin + 1 :]:
            del at[corner]
        del path[begin + 1 :]


def _assembled(rings: list[Floats]) -> shapely.MultiPolygon | None:
    """Return the polygons of rings, rounded; None where a hole lies in none."""
    if not rings:
        return shapely.MultiPolygon()
    points = np.concatenate(rings).round(DECIMALS)
    ring = np.repeat(np.arange(len(rings)), [len(one) for one in rings])
    new = (np.diff(points, axis=0, prepend=np.nan) != 0).any(axis=1) | (np.diff(ring, prepend=-1) != 0)
    points, ring = _untied(points[new], ring[new])
    wide = np.bincount(ring)[ring] >= _CORNERS
    if not wide.any():
        return shapely.MultiPolygon()
    lines = shapely.linearrings(points[wide], indices=np.unique(ring[wide], return_inverse=True)[1])
    outer = shapely.is_ccw(lines)
    shells, holes = shapely.polygons(lines[outer]), lines[~outer]
    shapely.prepare(shells)
    corners = shapely.get_coordinates(shapely.get_point(holes, 0))
    hole, shell = shapely.STRtree(shells).query(shapely.points(corners))
    inside = shapely.contains_xy(shells[shell], *corners[hole].T)
    hole, shell = hole[inside], shell[inside]
    # the smallest about it, for a lake on an island in a lake
    order = np.lexsort((shapely.area(shells)[shell], hole))
    hole, shell = hole[order], shell[order]
    nearest = np.diff(hole, prepend=-1) != 0
    if nearest.sum() != len(holes):
        return None
    of = np.concatenate([np.arange(len(shells)), shell[nearest]])
    order = np.argsort(of, kind="stable")
    return shapely.MultiPolygon(list(shapely.polygons(np.concatenate([lines[outer], holes])[order], indices=of[order])))
