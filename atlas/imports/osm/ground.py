"""Land and wide water of an extract: what its coastlines part, and the waters drawn as areas.

A coastline has land on its left. Extracts end somewhere: coastlines are cut at the extract's box, and one that ends
inside it (a cut along a border) is led on to the nearest edge of the box, so that the sea closes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import KM_A_DEGREE, Ints, Texts
from atlas.imports.osm.read import Extract, Positions

__all__ = ["Box", "box_of", "land_of", "water_of"]

Box = tuple[float, float, float, float]
#: Shores are drawn no finer than this, degrees: half of what positions are allowed to be off.
_FINEST = 1e-4
#: Waters smaller than a pixel of the land grid hold nobody up.
_LEAST_KM2 = 0.02
#: An end of a coastline this near the edge of the box lies on it, degrees.
_AT_EDGE = 1e-6


def box_of(extract: Extract, area: BaseGeometry | None) -> Box | None:
    """Return west, south, east, north of what was read: the area asked for, the file's own box, or its nodes'."""
    if area is not None:
        bounds = area.bounds
    elif extract.box is not None:
        bounds = extract.box
    elif len(extract.positions.number):
        where = extract.positions
        bounds = (where.lon.min(), where.lat.min(), where.lon.max(), where.lat.max())
    else:
        return None
    west, south, east, north = (round(float(value), 6) for value in bounds)
    # One point or one straight road has a box without room.
    least = 0.01
    return (
        west - least * (west == east), south - least * (south == north),
        east + least * (west == east), north + least * (south == north),
    )  # fmt: skip


def land_of(extract: Extract, box: Box, area: BaseGeometry | None, notes: list[str]) -> BaseGeometry:
    """Return the land inside the box; all of it where the extract draws no coastline.

    Parameters
    ----------
    extract
        Read with its ground.
    box
        As :func:`box_of` gives it.
    area
        Land beyond it is left out; None: all of the box.
    notes
        What was taken as given is added here.
    """
    frame = shapely.box(*box)
    shores = [line for _, refs, _ in extract.coast for line in _runs(refs, extract.positions)]
    shores = [part for line in shores for part in _lines(shapely.intersection(line, frame))]
    land: BaseGeometry = frame
    if shores:
        land = _left_of(shores, frame, _inland(extract, box), notes)
    else:
        notes.append("no coastline in the extract; all of its box counts as land")
    if area is not None:
        land = shapely.intersection(land, area)
    return _areas(shapely.make_valid(shapely.simplify(land, _FINEST)))


def water_of(extract: Extract, box: Box) -> BaseGeometry:
    """Return the lakes and wide rivers inside the box, those too small to hold anybody up left out."""
    drawn = []
    for outer, inner in extract.waters:
        rings = [_closed(extract, outer), _closed(extract, inner)]
        water = shapely.difference(rings[0], rings[1]) if not rings[1].is_empty else rings[0]
        middle = (box[1] + box[3]) / 2
        if water.area * KM_A_DEGREE**2 * np.cos(np.radians(middle)) >= _LEAST_KM2:
            drawn.append(water)
    if not drawn:
        return shapely.MultiPolygon()
    whole = shapely.intersection(shapely.union_all(drawn), shapely.box(*box))
    return _areas(shapely.make_valid(shapely.simplify(whole, _FINEST)))


def _runs(refs: Ints, positions: Positions) -> Iterator[shapely.LineString]:
    rows = positions.rows(refs)
    for run in np.split(rows, np.nonzero(rows < 0)[0]):
        known = run[run >= 0]
        if len(known) >= 2:
            yield shapely.LineString(np.column_stack([positions.lon[known], positions.lat[known]]))


def _lines(shape: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "LineString" and part.length > 0]


def _areas(shape: BaseGeometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon" and part.area > 0])


def _inland(extract: Extract, box: Box) -> Texts:
    """Places that are land: where roads run, inside the box."""
    rows = np.unique(extract.positions.rows(np.frombuffer(extract.roads.refs, dtype=np.int64)))
    rows = rows[rows >= 0]
    lon, lat = extract.positions.lon[rows], extract.positions.lat[rows]
    inside = (lon > box[0]) & (lon < box[2]) & (lat > box[1]) & (lat < box[3])
    return np.asarray(shapely.points(lon[inside], lat[inside]), dtype=object)


def _left_of(shores: Sequence[BaseGeometry], frame: BaseGeometry, roads: Texts, notes: list[str]) -> BaseGeometry:
    """Return the faces between shores and frame that lie left of their shores."""
    merged = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(shores), directed=True))
    edge = frame.boundary
    joins = [join for line in merged if not line.is_closed for join in _to_edge(line, edge)]
    if joins:
        notes.append(f"ends of coastlines inside the extract, closed straight to its edge: {len(joins)}")
    faces = shapely.get_parts(shapely.polygonize([*shapely.get_parts(shapely.union_all([edge, *merged, *joins]))]))
    # Which side of a shore a face lies on is asked a little to the left and right of each of its segments.
    ends = np.concatenate([np.hstack([xy[:-1], xy[1:]]) for xy in map(shapely.get_coordinates, merged)])
    step = ends[:, 2:] - ends[:, :2]
    length = np.hypot(*step.T)
    ends, step, length = ends[length > 0], step[length > 0], length[length > 0]
    aside = np.column_stack([-step[:, 1], step[:, 0]]) / length[:, None] * np.minimum(length, _FINEST)[:, None] * 1e-3
    middle = (ends[:, :2] + ends[:, 2:]) / 2
    tree = shapely.STRtree(faces)
    votes = np.zeros(len(faces))
    for sign in (1.0, -1.0):
        point, face = tree.query(shapely.points(middle + sign * aside), predicate="within")
        np.add.at(votes, face, sign * length[point])
    # A face that no shore bounds lies between a straight closing line and the edge.
    driven = np.zeros(len(faces), dtype=bool)
    driven[tree.query(roads, predicate="within")[1]] = True
    return shapely.union_all(faces[(votes > 0) | ((votes == 0) & driven)])


def _to_edge(line: BaseGeometry, edge: BaseGeometry) -> Iterator[shapely.LineString]:
    for end in (shapely.get_point(line, 0), shapely.get_point(line, -1)):
        if shapely.distance(end, edge) > _AT_EDGE:
            yield shapely.shortest_line(end, edge)


def _closed(extract: Extract, ways: Sequence[int]) -> BaseGeometry:
    """Return the area that ways enclose together; empty where they do not close."""
    lines = [line for way in ways if way in extract.shapes for line in _runs(extract.shapes[way], extract.positions)]
    if not lines:
        return shapely.Polygon()
    faces = shapely.get_parts(shapely.polygonize([*shapely.get_parts(shapely.union_all(lines))]))
    return shapely.union_all(faces)
