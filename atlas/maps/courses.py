"""How a course that is known by its nodes alone is drawn: smooth, and through every node.

A line whose ``geometry_quality`` is ``schematic`` joins known points by straight pieces. Roads and railways do not turn
at a point, so a page draws a centripetal Catmull-Rom spline through the points instead (Catmull and Rom 1974; Yuksel,
Schaefer and Keyser 2011, who show that this one neither loops nor turns back within a piece). It leaves a straight
piece by no more than a twelfth of its length and the feature's own position error; at an end, and where the line turns
back sharply, it runs straight. Nothing is computed from it: lengths, minutes, exports and the network keep the straight
pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from atlas.base.geodesy import KM_A_DEGREE, Floats, Texts
from atlas.data.layer import Layer

__all__ = ["Courses", "courses_of", "river_courses", "smoothed"]

#: Most that a curve leaves a straight piece by, as a share of it; and how far apart its points are.
_ASIDE, _STEP_KM, _MOST_POINTS = 1.0 / 12.0, 0.8, 16
#: Pieces too short to bend, and the turn from which a line is taken to turn back.
_LEAST_KM, _SHARP_COSINE = 0.4, -0.2
#: Decimals of a degree by which the two ends of a piece are known again.
_DECIMALS = 5
_Piece = tuple[float, float, float, float]


@dataclass(frozen=True)
class Courses:
    """The curves drawn for straight pieces, by the two ends of each; (k, 2) degrees between them."""

    bends: Mapping[_Piece, Floats]

    def drawn(self, lines: Texts) -> Texts:
        """Return lines with every piece that has a curve drawn along it."""
        if not self.bends:
            return lines
        return np.array([self._line(line) for line in lines], dtype=object)

    def _line(self, line: Any) -> Any:
        if line is None or line.is_empty:
            return line
        if line.geom_type == "MultiLineString":
            return shapely.MultiLineString([self._line(part) for part in line.geoms])
        if line.geom_type != "LineString":
            return line
        points = shapely.get_coordinates(line)
        parts: list[Floats] = []
        for k, ((west, south), (east, north)) in enumerate(pairwise(_known_again(points))):
            parts.append(points[k : k + 1])
            if (forth := self.bends.get((west, south, east, north))) is not None:
                parts.append(forth)
            elif (back := self.bends.get((east, north, west, south))) is not None:
                parts.append(back[::-1])
        return line if len(parts) == len(points) - 1 else shapely.LineString(np.concatenate([*parts, points[-1:]]))


def courses_of(layers: Mapping[str, Layer]) -> Courses:
    """Return the curves of all schematic lines of `layers`; a piece that two lines share has that of the first.

    Examples
    --------
    >>> layers = catalog.layers("places", "highways")
    >>> bends = courses_of(layers).bends
    >>> len(bends) > 100 and all(curve.shape[1] == 2 for curve in bends.values())
    True
    """
    lines = (layer for layer in layers.values() if layer.spec.geometry == "LineString")
    return _courses(tuple(layer for layer in lines if "geometry_quality" in layer.frame))


@lru_cache(maxsize=2)
def _courses(layers: tuple[Layer, ...]) -> Courses:
    """Return the curves of layers of lines; those of the layers drawn last are kept, for all pages of a site."""
    bends: dict[_Piece, Floats] = {}
    for layer in layers:
        frame = layer.frame
        sketched = frame[frame["geometry_quality"] == "schematic"]
        for shape, error_m in zip(sketched.geometry, sketched["position_error_m"], strict=True):
            for line in shapely.get_parts(shape):
                for piece, curve in _curves(shapely.get_coordinates(line), float(error_m) / 1000.0):
                    if piece not in bends and (*piece[2:], *piece[:2]) not in bends:
                        bends[piece] = curve
    return Courses(bends)


def smoothed(layers: Mapping[str, Layer]) -> dict[str, Layer]:
    """Return the layers with schematic lines drawn smooth; see :mod:`atlas.maps.courses`.

    Examples
    --------
    >>> layers = catalog.layers("places", "highways")
    >>> drawn = smoothed(layers)["highways"].frame.geometry
    >>> int(drawn.count_coordinates().sum()) > int(layers["highways"].frame.geometry.count_coordinates().sum())
    True
    """
    courses = courses_of(layers)
    return {
        key: replace(layer, frame=layer.frame.set_geometry(courses.drawn(layer.frame.geometry.to_numpy())))
        if layer.spec.geometry == "LineString" and len(layer.frame)
        else layer
        for key, layer in layers.items()
    }


def river_courses(water: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what is drawn of the layer ``water``: the rivers sketched whole; where there are none, all of it."""
    rivers = water[water["kind"] == "river"]
    return rivers if len(rivers) else water


def _known_again(points: Floats) -> list[list[float]]:
    """Return points as the ends of pieces are called."""
    found: list[list[float]] = np.round(points, _DECIMALS).tolist()
    return found


def _curves(points: Floats, error_km: float) -> Iterator[tuple[_Piece, Floats]]:
    """Yield each piece of a line that bends, and its curve."""
    if len(points) < 3 or not np.isfinite(points).all():
        return
    scale = KM_A_DEGREE * np.array([np.cos(np.radians(points[:, 1].mean())), 1.0])
    at = points * scale
    step = np.hypot(*np.diff(at, axis=0).T)
    for k in range(len(at) - 1):
        if step[k] < _LEAST_KM:
            continue
        before = at[k - 1] if k > 0 and step[k - 1] > 0 else None
        after = at[k + 2] if k + 2 < len(at) and step[k + 1] > 0 else None
        if before is not None and _turns_back(before, at[k], at[k + 1]):
            before = None
        if after is not None and _turns_back(at[k], at[k + 1], after):
            after = None
        if before is None and after is None:
            continue
        share = np.linspace(0.0, 1.0, min(max(int(step[k] / _STEP_KM), 2), _MOST_POINTS) + 1)[1:-1]
        aside = _aside(before, at[k], at[k + 1], after, share)
        most = float(np.hypot(*aside.T).max(initial=0.0))
        allowed = min(_ASIDE * float(step[k]), error_km)
        if most < 1e-3 or allowed <= 0.0:
            continue
        straight = at[k] + share[:, None] * (at[k + 1] - at[k])
        (west, south), (east, north) = _known_again(points[k : k + 2])
        yield (west, south, east, north), (straight + aside * min(1.0, allowed / most)) / scale


def _turns_back(a: Floats, b: Floats, c: Floats) -> bool:
    into, out = b - a, c - b
    return bool(into @ out < _SHARP_COSINE * np.hypot(*into) * np.hypot(*out))


def _aside(before: Floats | None, a: Floats, b: Floats, after: Floats | None, share: Floats) -> Floats:
    """(k, 2) how far the curve lies from the straight piece a–b at each share of it."""
    # an end has no neighbour: its image beyond it
    first = 2.0 * a - b if before is None else before
    last = 2.0 * b - a if after is None else after
    knots = np.cumsum([0.0, *(np.sqrt(np.hypot(*(q - p))) for p, q in pairwise((first, a, b, last)))])
    t = (knots[1] + share * (knots[2] - knots[1]))[:, None]

    def mix(p: Floats, q: Floats, low: float, high: float) -> Floats:
        return np.asarray((high - t) / (high - low) * p + (t - low) / (high - low) * q)

    left, middle, right = (mix(p, q, knots[i], knots[i + 1]) for i, (p, q) in enumerate(pairwise((first, a, b, last))))
    curve = mix(mix(left, middle, knots[0], knots[2]), mix(middle, right, knots[1], knots[3]), knots[1], knots[2])
    return np.asarray(curve - (a + share[:, None] * (b - a)))
