"""Lengths, discs, coordinates as shapes and changes of coordinate system. The only home of such arithmetic.

Everywhere longitude stands before latitude, in degrees; lengths are geodesic on the WGS 84 ellipsoid.
A planar system appears only where a disc or a buffer needs one, and then it is an azimuthal equal-area
one about the region (:func:`plane`), off by less than 0.1 % over a few hundred kilometres, never Web Mercator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain, pairwise
from operator import itemgetter
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

__all__ = [
    "GEOD",
    "KM_A_DEGREE",
    "Bools",
    "Floats",
    "Ints",
    "Texts",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "disc",
    "distance_km",
    "distances_km",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "length_km",
    "lengths_km",
    "meridian_km",
    "nearest_row",
    "plane",
    "points_along",
    "reproject",
    "shapes_of",
    "transformer",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

#: Arrays by what they hold; shapes stand where they are handed over.
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

GEOD = Geod(ellps="WGS84")
#: Kilometres a degree of a great circle of the mean radius 6,371 km: to choose what is near, never for a length.
KM_A_DEGREE = 111.195

# Krassovsky's ellipsoid, on which GCJ-02 is defined.
_GCJ_A = 6378245.0
_GCJ_EE = 0.00669342162296594323
_BD_PI = np.pi * 3000.0 / 180.0
# The shift varies by less than a part in ten thousand over a metre: a few steps reach machine precision.
_GCJ_STEPS = 6


def length_km(line: BaseGeometry) -> float:
    """Return the geodesic length of a line in km.

    Parameters
    ----------
    line
        A LineString or MultiLineString in EPSG:4326.

    Examples
    --------
    >>> from shapely.geometry import LineString
    >>> round(length_km(LineString([(113.0, 22.0), (113.0, 23.0)])), 1)
    110.7
    """
    return float(GEOD.geometry_length(line)) / 1000


def lengths_km(lines: Texts) -> Floats:
    """Return the geodesic length in km of each of many LineStrings (EPSG:4326); 0 for an empty one.

    Examples
    --------
    >>> from shapely.geometry import LineString
    >>> line = LineString([(113.0, 22.0), (113.0, 22.5), (113.0, 23.0)])
    >>> bool((lengths_km(np.array([line, line])) == length_km(line)).all())
    True
    """
    points, line = shapely.get_coordinates(lines, return_index=True)
    inside = line[:-1] == line[1:]
    a, b = points[:-1][inside], points[1:][inside]
    metres = np.asarray(GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2], dtype=np.float64)
    # bincount adds up one by one, in order, as the length of a single line does
    return np.asarray(np.bincount(line[:-1][inside], metres, len(lines)) / 1000, dtype=np.float64)


def distance_km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Return the geodesic distance of two points in km."""
    return float(GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2]) / 1000


def distances_km(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> Floats:
    """Return geodesic distances in km, element by element; scalars and arrays broadcast."""
    arrays = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (lon_a, lat_a, lon_b, lat_b)))
    a_lon, a_lat, b_lon, b_lat = (np.ascontiguousarray(part).ravel() for part in arrays)
    metres: Floats = np.asarray(GEOD.inv(a_lon, a_lat, b_lon, b_lat)[2], dtype=np.float64)
    return metres.reshape(arrays[0].shape) / 1000


def points_along(line: LineString, *, every_km: float) -> list[tuple[float, float]]:
    """Return points (lon, lat) on `line` no more than `every_km` apart, vertices included.

    Raises
    ------
    ValueError
        `every_km` is not positive.
    """
    if not every_km > 0:
        raise ValueError(f"every_km must be positive, not {every_km}")
    coordinates = [(float(x), float(y)) for x, y, *_ in line.coords]
    points = coordinates[:1]
    for (lon_a, lat_a), (lon_b, lat_b) in pairwise(coordinates):
        between = int(np.ceil(distance_km(lon_a, lat_a, lon_b, lat_b) / every_km)) - 1
        if between > 0:
            points += [(float(x), float(y)) for x, y in GEOD.npts(lon_a, lat_a, lon_b, lat_b, between)]
        points.append((lon_b, lat_b))
    return points


def meridian_km(lat: float) -> float:
    """Return the kilometres that a degree of latitude is at `lat`, along the meridian of the WGS 84 ellipsoid.

    Examples
    --------
    >>> round(meridian_km(22.3), 2), round(meridian_km(0.0), 2)
    (110.73, 110.57)
    """
    squared = GEOD.es
    return float(np.radians(GEOD.a) * (1 - squared) / (1 - squared * np.sin(np.radians(lat)) ** 2) ** 1.5 / 1000)


@cache
def plane(lon: float, lat: float) -> CRS:
    """Return the azimuthal equal-area system about a point: metres, x east and y north."""
    return CRS.from_proj4(f"+proj=laea +lat_0={lat:g} +lon_0={lon:g} +datum=WGS84 +units=m +no_defs")


@cache
def transformer(source: str | int | CRS, target: str | int | CRS) -> Transformer:
    """Return a transformer that takes and gives x before y, whatever the systems declare."""
    return Transformer.from_crs(source, target, always_xy=True)


def reproject(geometry: BaseGeometry, source: str | int | CRS, target: str | int | CRS) -> BaseGeometry:
    """Return `geometry` in another system; x is east or longitude in both."""
    change = transformer(source, target)

    def moved(points: Floats) -> Floats:
        return np.column_stack(change.transform(points[:, 0], points[:, 1]))

    result: BaseGeometry = shapely.transform(geometry, moved)
    return result


def disc(point: Point, radius_km: float, *, corners: int = 64) -> Polygon:
    """Return the geodesic disc about `point` as a polygon with `corners` corners on its rim."""
    if not radius_km > 0:
        raise ValueError(f"radius_km must be positive, not {radius_km}")
    azimuths = np.linspace(0.0, -360.0, corners, endpoint=False)
    full = np.full(corners, 1.0)
    lons, lats, _ = GEOD.fwd(full * point.x, full * point.y, azimuths, full * radius_km * 1000)
    return Polygon(np.column_stack([lons, lats]))


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS 84 to GCJ-02, the obfuscated system of mainland maps.

    Parameters
    ----------
    lon, lat
        Degrees; scalars or arrays of one shape.

    Returns
    -------
    tuple of ndarray
        Longitude and latitude in GCJ-02, of the input's shape.

    Notes
    -----
    The published polynomial and sine series. It is applied everywhere, Hong Kong and Macau included:
    whether data there are shifted is for the caller to know. In the four centres it moves a point by
    605 to 638 m.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    shift_lon, shift_lat = _gcj_shift(lon, lat)
    return lon + shift_lon, lat + shift_lat


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Undo :func:`wgs84_to_gcj02`, by fixed-point steps, to less than a millimetre."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon, lat
    for _ in range(_GCJ_STEPS):
        shift_lon, shift_lat = _gcj_shift(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - shift_lon, lat - shift_lat
    return guess_lon, guess_lat


def _gcj_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _GCJ_EE * np.sin(phi) ** 2
    meridian = _GCJ_A * (1.0 - _GCJ_EE) / (magic * np.sqrt(magic))
    parallel = _GCJ_A / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift GCJ-02 to BD-09, the system of Baidu's maps."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Undo :func:`gcj02_to_bd09`, by fixed-point steps."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon - 0.0065, lat - 0.006
    for _ in range(_GCJ_STEPS):
        there_lon, there_lat = gcj02_to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + (lon - there_lon), guess_lat + (lat - there_lat)
    return guess_lon, guess_lat


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS 84 to BD-09."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Undo :func:`wgs84_to_bd09`."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


#: Kind of geometry → the fewest vertices it has.
_FEWEST = {"LineString": 2, "Point": 1}
_GEOMETRY, _TYPE, _COORDINATES = map(itemgetter, ("geometry", "type", "coordinates"))


def shapes_of(features: Sequence[Mapping[str, Any]], kind: str) -> Texts | None:
    """Return the geometries of GeoJSON features at once.

    Parameters
    ----------
    features
        Mappings with a member ``geometry``.
    kind
        What all of them must be: ``LineString`` or ``Point``, of two coordinates.

    Returns
    -------
    (n,) geometries; None where one feature at least is something else and has to be read by itself.

    Examples
    --------
    >>> shapes_of([{"geometry": {"type": "Point", "coordinates": [113.5, 22]}}], "Point").tolist()
    [<POINT (113.5 22)>]
    >>> shapes_of([{"geometry": {"type": "Point", "coordinates": [113.5, 22, 7]}}], "Point") is None
    True
    """
    try:
        raw = list(map(_GEOMETRY, features))
        if kind not in _FEWEST or not _all_are(raw, dict) or set(map(_TYPE, raw)) != {kind}:
            return None
        lines = list(map(_COORDINATES, raw))
    except (KeyError, TypeError):  # a member is missing, or its type is no text
        return None
    lines = [lines] if kind == "Point" else lines
    if not _all_are(lines, list):
        return None
    counts = np.fromiter(map(len, lines), dtype=np.int64, count=len(lines))
    points = list(chain.from_iterable(lines))
    if counts.min() < _FEWEST[kind] or not _all_are(points, list) or set(map(len, points)) != {2}:
        return None
    numbers = list(chain.from_iterable(points))
    if not set(map(type, numbers)) <= {float, int}:
        return None
    xy = np.array(numbers, dtype=np.float64).reshape(-1, 2)
    if kind == "Point":
        return np.asarray(shapely.points(xy), dtype=object)
    return np.asarray(shapely.linestrings(xy, indices=np.repeat(np.arange(len(counts)), counts)), dtype=object)


def _all_are(values: Sequence[object], kind: type) -> bool:
    return set(map(type, values)) == {kind}


def nearest_row(lonlat: Floats, chosen: Ints) -> Callable[[int], int | None]:
    """Return what gives for a row of points that of the nearest among some, None where there are none.

    Each is looked for once: ways of a network end at the same points again and again.

    Parameters
    ----------
    lonlat
        (n, 2) degrees.
    chosen
        Rows that may be given.

    Examples
    --------
    >>> nearest_row(np.array([[113.0, 22.0], [113.1, 22.0], [114.0, 22.0]]), np.array([1, 2]))(0)
    1
    """

    @cache
    def nearest(row: int) -> int | None:
        east, north = (lonlat[chosen] - lonlat[row]).T
        away = (east * np.cos(np.radians(lonlat[row, 1]))) ** 2 + north**2
        return int(chosen[np.argmin(away)]) if len(away) else None

    return nearest
