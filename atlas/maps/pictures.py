"""Small pictures of the maps for the start page: drawn from the same layers and minutes, as inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from atlas.base.geodesy import Floats, Ints, Texts
from atlas.base.style import GROUND, TIME_RAMP, band_of, symbol_of
from atlas.data.layer import Layer, region_of
from atlas.data.scenario import Scenario
from atlas.maps.courses import Courses, courses_of, river_courses
from atlas.network.arrays import MESH
from atlas.network.build import Network
from atlas.travel.comparison import seats
from atlas.travel.matrix import od_minutes
from atlas.travel.reach import reach_from

__all__ = [
    "change_picture", "event_picture", "land_picture", "lines_picture", "matrix_picture", "reach_picture",
    "roads_picture",
]  # fmt: skip

_WIDTH = 320
#: Degrees by which outlines are simplified: half a pixel.
_FINE_DEG = 0.005
_SEATS = 12


@dataclass(frozen=True)
class _Sheet:
    """Degrees shown (west, south, east, north), on a picture of a fixed width whose height keeps their shape.

    Lines that have a course are drawn along it, as on the maps.
    """

    box: tuple[float, float, float, float]
    courses: Courses = field(default_factory=lambda: Courses({}))

    @property
    def height(self) -> int:
        """Pixels."""
        west, south, east, north = self.box
        shape = (north - south) / (east - west) / float(np.cos(np.radians((south + north) / 2)))
        return round(_WIDTH * shape)

    @property
    def fine(self) -> float:
        """How fine shapes are drawn, degrees: no coarser than a pixel."""
        return float(min(_FINE_DEG, (self.box[2] - self.box[0]) / _WIDTH))

    def clipped(self, shapes: Texts) -> Texts:
        """What of the shapes lies on the sheet, simplified."""
        return np.asarray(shapely.simplify(shapely.clip_by_rect(shapes, *self.box), self.fine), dtype=object)

    def pixels(self, coordinates: Floats) -> Floats:
        """(n, 2) places on the picture."""
        west, south, east, north = self.box
        x = (coordinates[:, 0] - west) * _WIDTH / (east - west)
        y = (north - coordinates[:, 1]) * self.height / (north - south)
        return np.column_stack([x, y])

    def tenths(self, coordinates: Floats) -> Ints:
        """(n, 2) places in tenths of a pixel."""
        return np.rint(self.pixels(coordinates) * 10).astype(np.int64)

    def path(self, coordinates: Floats) -> str:
        """Return a path in tenths of a pixel, relative after its first point; steps of nothing are left out."""
        tenths = self.tenths(coordinates)
        steps = np.diff(tenths, axis=0)
        steps = steps[steps.any(axis=1)]
        (x, y) = tenths[0] / 10
        return f"M{x:g} {y:g}l" + " ".join(f"{dx / 10:g} {dy / 10:g}" for dx, dy in steps.tolist())

    def stroke(self, lines: Iterable[shapely.Geometry], color: str, width: float, *, dash: str = "") -> str:
        """Return lines as one path; a line travelled both ways is drawn once."""
        return _stroked(self.drawn(lines), color, width, dash=dash)

    def drawn(self, lines: Iterable[shapely.Geometry]) -> str:
        """Return the course of lines, as a path has it."""
        shapes = self.clipped(self.courses.drawn(np.asarray(list(lines), dtype=object)))
        paths: dict[bytes, str] = {}
        for part in shapely.get_parts(shapes[~shapely.is_missing(shapes)]):
            points = self.tenths(shapely.get_coordinates(part))
            if len(points) > 1 and (points != points[0]).any():
                key = min(points.tobytes(), points[::-1].tobytes())
                if key not in paths:
                    paths[key] = self.path(shapely.get_coordinates(part))
        return "".join(paths.values())

    def picture(self, parts: Sequence[str], *, land: bool = True) -> str:
        """Return the picture of the parts, over the land of all pictures."""
        under = f'<use href="#ground" width="{_WIDTH}" height="{self.height}" fill="var(--land)"/>' if land else ""
        return (
            f'<svg class="picture" viewBox="0 0 {_WIDTH} {self.height}" preserveAspectRatio="xMidYMid slice" '
            f'aria-hidden="true">{under}{"".join(parts)}</svg>'
        )


def land_picture(layers: Mapping[str, Layer]) -> str:
    """Return the land and rivers of all pictures, once a page: a hidden SVG with the symbol ``ground``."""
    sheet = _Sheet(region_of(layers).picture_box)
    land = layers["land"].frame.geometry.to_numpy() if "land" in layers else np.zeros(0, dtype=object)
    water = layers.get("water")
    rivers = river_courses(water.frame).geometry.to_numpy() if water is not None else np.zeros(0, dtype=object)
    return (
        '<svg width="0" height="0" aria-hidden="true" class="unseen"><symbol id="ground" '
        f'viewBox="0 0 {_WIDTH} {sheet.height}"><path d="{_outlines(sheet, land)}"/>'
        f'<path d="{_outlines(sheet, rivers)}" fill="{GROUND["river"]}"/></symbol></svg>'
    )


def _outlines(sheet: _Sheet, shapes: NDArray[Any]) -> str:
    # a simplified ring may cross itself; as a picture that is no harm
    parts = shapely.get_parts(sheet.clipped(shapely.simplify(shapes, sheet.fine)))
    rings = [shapely.get_coordinates(part.exterior) for part in parts if shapely.area(part) > 4 * sheet.fine**2]
    return "".join(f"{sheet.path(ring)}z" for ring in rings)


def lines_picture(layers: Mapping[str, Layer]) -> str:
    """Return expressways (all roads where there is none) and railways, those not yet open dashed."""
    sheet, drawn = _Sheet(region_of(layers).picture_box, courses_of(layers)), []
    for key, kinds in (("highways", ("expressway", "expressway_bridge")), ("railways", None)):
        frame = layers[key].frame
        chosen = frame if kinds is None else frame[frame["kind"].isin(kinds)]
        chosen = frame if chosen.empty else chosen
        for open_, group in chosen.groupby(chosen["status"] == "operating", sort=True):
            ink = symbol_of(key, "expressway" if kinds else None).color
            drawn.append(sheet.stroke(group.geometry, ink, 1.3, dash="" if open_ else "3 2"))
    return sheet.picture(drawn)


def reach_picture(network: Network, place: str, scenario: Scenario, courses: Courses) -> str:
    """Return the network by minutes from `place`, in the bands of the time ramp."""
    steps, sheet = tuple(band.to_min for band in TIME_RAMP), _Sheet(network.region.picture_box, courses)
    reach = reach_from(network, f"place/{place}", scenario, cutoffs_min=steps)
    named = reach.edges[(reach.edges["layer"] != MESH) & (reach.edges["mode"] != "local")]
    drawn = [
        sheet.stroke(named.geometry[named["cutoff_min"] == band.to_min], band.color, 0.5 * band.width)
        for band in reversed(TIME_RAMP)
    ]
    at = network.nodes.geometry.iloc[network.row_of[f"place/{place}"]]
    (x, y) = sheet.pixels(shapely.get_coordinates(at))[0]
    drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="var(--mark)" stroke-width="3"/>')
    return sheet.picture(drawn)


def change_picture(network: Network, before: Scenario, after: Scenario, courses: Courses) -> str:
    """Return the roads and tracks open in both scenarios, and over them those that only `after` has."""
    was, now = (network.arrays.open_in(scenario) for scenario in (before, after))
    named = (network.edges["layer"] != MESH).to_numpy()
    lines = network.edges.geometry[np.isin(network.arrays.role, ("run", "ride")) & now & named]
    fresh = ~was[lines.index]
    sheet = _Sheet(network.region.picture_box, courses)
    parts = [sheet.stroke(lines[~fresh], "var(--kept)", 0.9), sheet.stroke(lines[fresh], "var(--gained)", 2.2)]
    return sheet.picture(parts)


def matrix_picture(network: Network, scenario: Scenario) -> str:
    """Return the minutes between the first seats as a heat table."""
    names = seats(network)[:_SEATS]
    minutes = od_minutes(network, names, names, [scenario], ["multimodal"])[0, 0]
    sheet = _Sheet(network.region.picture_box)
    size = sheet.height / (len(names) + 1)
    left = (_WIDTH - size * len(names)) / 2
    cells = []
    for (i, k), value in np.ndenumerate(minutes):
        band = band_of(float(value)) if i != k else None
        x, y = left + k * size, size / 2 + i * size
        fill = band.color if band else "#ffffff"
        cells.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{size - 1:.1f}" height="{size - 1:.1f}" fill="{fill}"/>')
    return sheet.picture(cells, land=False)


def roads_picture(network: Network, scenario: Scenario) -> str:
    """Return the open roads and tracks, once a page: a hidden SVG with the symbol ``roads``."""
    open_ = network.arrays.open_in(scenario) & np.isin(network.arrays.role, ("run", "ride"))
    own = open_ & ~np.isin(network.arrays.links[1], ("ordinary_roads",))
    sheet = _Sheet(network.region.picture_box)
    drawn = sheet.stroke(network.edges.geometry[own], "#b5ad9f", 0.8)
    return (
        '<svg width="0" height="0" aria-hidden="true" class="unseen"><symbol id="roads" '
        f'viewBox="0 0 {_WIDTH} {sheet.height}">{drawn}</symbol></svg>'
    )


def _stroked(course: str, color: str, width: float, *, dash: str = "") -> str:
    broken = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="{course}" fill="none" stroke="{color}" stroke-width="{width:.1f}" '
        f'stroke-linejoin="round" vector-effect="non-scaling-stroke"{broken}/>'
    )


# Two pages show the same events.
@lru_cache(maxsize=64)
def _shut(network: Network, closed: tuple[str, ...]) -> str:
    """Return the course of the lines that `closed` names."""
    rows = network.arrays.named(closed) & np.isin(network.arrays.role, ("run", "ride"))
    empty = network.edges.geometry.is_empty.to_numpy()
    return _Sheet(network.region.picture_box).drawn(network.edges.geometry[rows & ~empty])


def event_picture(
    network: Network,
    closed: Sequence[str],
    counties: Sequence[tuple[str, tuple[str, str], float, float]],
    label: tuple[str, str],
) -> str:
    """Return what an event closes and who drops out, over the land and roads of all pictures.

    Parameters
    ----------
    network
        For the lines and the seats of counties.
    closed
        ``layer/id`` of what closes.
    counties
        Id of the county, its names, the share of the greatest loss that its circle stands for, and the share cut off
        altogether, from 0 to 1.
    label
        What the picture says to those who do not see it.
    """
    sheet = _Sheet(network.region.picture_box)
    shut = _shut(network, tuple(closed))
    parts = [_stroked(shut, "#ffffff", 5.0), _stroked(shut, "var(--outside)", 2.6, dash="4 2.5")]
    texts: list[str] = []
    taken: list[tuple[float, float]] = []
    for county, names, share, cut in counties:
        row = network.row_of.get(f"place/{county}")
        if row is None:
            continue
        (x, y) = sheet.pixels(shapely.get_coordinates(network.nodes.geometry.iloc[row]))[0]
        if not (0 <= x <= _WIDTH and 0 <= y <= sheet.height):
            continue
        if share > 0:
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 15 * share**0.5:.1f}" fill="var(--text)" '
                'fill-opacity=".28" stroke="var(--text)" stroke-width="1.4"/>'
            )
        if cut > 0:
            size = 3 + 9 * cut**0.5
            cross = f"M{x - size:.1f} {y - size:.1f}l{2 * size:.1f} {2 * size:.1f}m0 {-2 * size:.1f}l{-2 * size:.1f} "
            cross += f"{2 * size:.1f}"
            parts += [
                f'<path d="{cross}" stroke="#ffffff" stroke-width="4.5"/>',
                f'<path d="{cross}" stroke="var(--text)" stroke-width="2.2"/>',
            ]
        if all(abs(y - other_y) > 11 or abs(x - other_x) > 58 for other_x, other_y in taken):
            taken.append((x, y))
            for lang, name in zip(("zh-CN", "en"), names, strict=True):
                anchor = "end" if x > _WIDTH - 60 else "start"
                shift = -4 if anchor == "end" else 4
                texts.append(
                    f'<text lang="{lang}" x="{x + shift:.1f}" y="{y - 4:.1f}" text-anchor="{anchor}">'
                    f"{escape(name)}</text>"
                )
    return (
        f'<svg class="event" viewBox="0 0 {_WIDTH} {sheet.height}" role="img" '
        f'aria-label="{escape(label[0])}" data-zh="{escape(label[0])}" data-en="{escape(label[1])}">'
        f'<use href="#ground" width="{_WIDTH}" height="{sheet.height}" fill="var(--land)"/>'
        f'<use href="#roads" width="{_WIDTH}" height="{sheet.height}"/>{"".join(parts)}{"".join(texts)}</svg>'
    )
