"""Small pictures of the maps for the start page: drawn from the same layers and minutes, as inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from atlas.base.style import TIME_RAMP, band_of, symbol_of
from atlas.data.layer import Layer
from atlas.data.scenario import Scenario
from atlas.network.build import Network
from atlas.travel.comparison import seats
from atlas.travel.matrix import od_minutes
from atlas.travel.reach import reach_from

__all__ = ["change_picture", "land_picture", "lines_picture", "matrix_picture", "reach_picture"]

#: Degrees shown (west, south, east, north), picture width, and the height that keeps its shape at 22.4° N.
_BOX = (111.25, 21.45, 114.45, 23.35)
_WIDTH = 320
_SCALE = _WIDTH / (_BOX[2] - _BOX[0])
_HEIGHT = round((_BOX[3] - _BOX[1]) * _SCALE / np.cos(np.radians(22.4)))
#: Degrees by which outlines are simplified: half a pixel.
_FINE_DEG = 0.005
_SEATS = 12


def land_picture(layers: Mapping[str, Layer]) -> str:
    """Return the land of all pictures, once a page: a hidden SVG with the symbol ``ground``."""
    shapes = layers["land"].frame.geometry.to_numpy() if "land" in layers else np.zeros(0, dtype=object)
    # a simplified ring may cross itself; as a picture that is no harm
    clipped = shapely.simplify(shapely.clip_by_rect(shapely.simplify(shapes, _FINE_DEG), *_BOX), _FINE_DEG)
    parts = shapely.get_parts(clipped)
    rings = [shapely.get_coordinates(part.exterior) for part in parts if shapely.area(part) > 4 * _FINE_DEG**2]
    path = "".join(f"{_path(ring)}z" for ring in rings)
    return (
        '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><symbol id="ground" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><path d="{path}"/></symbol></svg>'
    )


def lines_picture(layers: Mapping[str, Layer]) -> str:
    """Return expressways and railways, those not yet open dashed."""
    drawn = []
    for key, kinds in (("highways", ("expressway", "expressway_bridge")), ("railways", None)):
        frame = layers[key].frame
        chosen = frame if kinds is None else frame[frame["kind"].isin(kinds)]
        for open_, group in chosen.groupby(chosen["status"] == "operating", sort=True):
            ink = symbol_of(key, "expressway" if kinds else None).color
            drawn.append(_stroke(group.geometry, ink, 1.3, dash="" if open_ else "3 2"))
    return _picture(drawn)


def reach_picture(network: Network, place: str, scenario: Scenario) -> str:
    """Return the network by minutes from `place`, in the bands of the time ramp."""
    steps = tuple(band.to_min for band in TIME_RAMP)
    reach = reach_from(network, f"place/{place}", scenario, cutoffs_min=steps)
    drawn = [
        _stroke(reach.edges.geometry[reach.edges["cutoff_min"] == band.to_min], band.color, 0.5 * band.width)
        for band in reversed(TIME_RAMP)
    ]
    at = network.nodes.geometry.iloc[network.row_of[f"place/{place}"]]
    (x, y) = _pixels(shapely.get_coordinates(at))[0]
    drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="var(--mark)" stroke-width="3"/>')
    return _picture(drawn)


def change_picture(network: Network, before: Scenario, after: Scenario) -> str:
    """Return the roads and tracks open in both scenarios, and over them those that only `after` has."""
    was, now = (network.arrays.open_in(scenario) for scenario in (before, after))
    lines = network.edges.geometry[np.isin(network.arrays.role, ("run", "ride")) & now]
    fresh = ~was[lines.index]
    return _picture([_stroke(lines[~fresh], "var(--kept)", 0.9), _stroke(lines[fresh], "var(--gained)", 2.2)])


def matrix_picture(network: Network, scenario: Scenario) -> str:
    """Return the minutes between the first seats as a heat table."""
    names = seats(network)[:_SEATS]
    minutes = od_minutes(network, names, names, [scenario], ["multimodal"])[0, 0]
    size = _HEIGHT / (len(names) + 1)
    left = (_WIDTH - size * len(names)) / 2
    cells = []
    for (i, k), value in np.ndenumerate(minutes):
        band = band_of(float(value)) if i != k else None
        x, y = left + k * size, size / 2 + i * size
        fill = band.color if band else "#ffffff"
        cells.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{size - 1:.1f}" height="{size - 1:.1f}" fill="{fill}"/>')
    return _picture(cells, land=False)


def _picture(parts: Sequence[str], *, land: bool = True) -> str:
    under = f'<use href="#ground" width="{_WIDTH}" height="{_HEIGHT}" fill="var(--land)"/>' if land else ""
    return (
        f'<svg class="picture" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="xMidYMid slice" '
        f'aria-hidden="true">{under}{"".join(parts)}</svg>'
    )


def _stroke(lines: Iterable[shapely.Geometry], color: str, width: float, *, dash: str = "") -> str:
    """Return lines as one path; a line travelled both ways is drawn once."""
    shapes = shapely.simplify(shapely.clip_by_rect(np.asarray(list(lines), dtype=object), *_BOX), _FINE_DEG)
    paths: dict[bytes, str] = {}
    for part in shapely.get_parts(shapes[~shapely.is_missing(shapes)]):
        points = _tenths(shapely.get_coordinates(part))
        if len(points) > 1 and (points != points[0]).any():
            paths.setdefault(min(points.tobytes(), points[::-1].tobytes()), _path(shapely.get_coordinates(part)))
    broken = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="{"".join(paths.values())}" fill="none" stroke="{color}" stroke-width="{width:.1f}" '
        f'stroke-linejoin="round" vector-effect="non-scaling-stroke"{broken}/>'
    )


def _pixels(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    x = (coordinates[:, 0] - _BOX[0]) * _SCALE
    y = (_BOX[3] - coordinates[:, 1]) * _HEIGHT / (_BOX[3] - _BOX[1])
    return np.column_stack([x, y])


def _tenths(coordinates: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(_pixels(coordinates) * 10).astype(np.int64)


def _path(coordinates: NDArray[np.float64]) -> str:
    """Return a path in tenths of a pixel, relative after its first point; steps of nothing are left out."""
    tenths = _tenths(coordinates)
    steps = np.diff(tenths, axis=0)
    steps = steps[steps.any(axis=1)]
    (x, y) = tenths[0] / 10
    return f"M{x:g} {y:g}l" + " ".join(f"{dx / 10:g} {dy / 10:g}" for dx, dy in steps.tolist())
