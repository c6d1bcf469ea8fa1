"""Minutes at every cell of the land grid, and the areas they bound.

A surface is the (min, +) product of the minutes at the network's nodes with the access table: exact for the middles
of the cells. Isochrones are its contours, drawn on the grid of cell middles, clipped to dry land: nested, with holes
and islands. How far they agree with routed times stands in docs/surfaces.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import contourpy
import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from atlas.base.errors import NetworkError, ScenarioError
from atlas.base.geodesy import KM_A_DEGREE, Bools, Floats, Texts, transformer
from atlas.base.style import TIME_RAMP
from atlas.base.tables import listing
from atlas.base.words import language, say_in
from atlas.data.places import Place
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.land.grid import Grid
from atlas.land.links import AccessTable
from atlas.land.shore import shore_of
from atlas.network.build import Network
from atlas.notebook.card import card, raster_of
from atlas.travel.minutes import local_minutes
from atlas.travel.reach import locate
from atlas.travel.trip import Trip
from atlas.ways.heap import TOLERANCE_MIN

__all__ = [
    "COMBINATIONS",
    "Surface",
    "check_cutoffs",
    "circle",
    "isochrones",
    "nearest_origin",
    "surface_from",
    "surface_of",
    "together",
]

COMBINATIONS = ("union", "intersection", "count", "nearest")
#: Minutes that stand for "no way" while contours are drawn.
_NEVER = 1e6
#: Parts smaller than so many cells are looked at: do they hold a reached one?
_NARROW_CELLS = 1000.0


@dataclass(frozen=True, eq=False)
class Surface:
    """Minutes at the land cells, from or to one place.

    Attributes
    ----------
    minutes
        (cells,) in the order of ``grid.cells``; infinite where there is no way.
    towards
        Whether the minutes lead to the place instead of from it.
    """

    network: Network
    scenario: Scenario
    mode: str
    origin: str
    origin_name: str
    table: AccessTable
    minutes: Floats
    towards: bool = False

    def _repr_html_(self) -> str:
        """Return a card for notebooks: the share of land within each band of the maps, and a small picture."""
        lang = language()
        way = "towards" if self.towards else "from"
        facts: list[tuple[str, object]] = [
            (say_in(lang, "column.mode"), say_in(lang, f"mode.{self.mode}")),
            (say_in(lang, "notebook.scenario"), self.scenario.name),
            (say_in(lang, "notebook.cells"), f"{len(self.minutes):,} × {self.grid.size_m:g} m"),
        ]
        facts += [
            (f"≤ {band.to_min:g} min", f"{self.within(band.to_min).mean():.1%}")
            for band in TIME_RAMP
            if len(self.minutes)
        ]
        bands = [*((band.to_min, band.color) for band in TIME_RAMP), (1e9, "#cfd6d8")]
        title = say_in(lang, f"notebook.surface_{way}", place=self.origin_name)
        return card(title, facts, picture=raster_of(self.raster(), bands))

    @property
    def grid(self) -> Grid:
        """The cells."""
        return self.table.grid

    @property
    def hash(self) -> str:
        """Stamp of the layers and the scenario."""
        return stamp(self.network.hash, [self.scenario])

    def raster(self) -> Floats:
        """(rows, columns) minutes, NaN in the sea and where there is no way."""
        return self.grid.full(np.where(np.isfinite(self.minutes), self.minutes, np.nan))

    def within(self, cutoff_min: float) -> Bools:
        """(cells,) which cells lie within a cut-off, inclusive."""
        return np.asarray(np.isfinite(self.minutes) & (self.minutes <= cutoff_min + TOLERANCE_MIN), dtype=bool)

    def at(self, lon: float, lat: float) -> float:
        """Return the minutes at the cell that holds a point.

        Raises
        ------
        NetworkError
            The point lies in the sea, in wide water or outside the region.
        """
        cell = int(self.grid.cell_of(np.array([lon]), np.array([lat]))[0])
        if cell < 0:
            raise NetworkError(f"{lon:g},{lat:g} lies on no land of the region; choose a point on land")
        return float(self.minutes[cell])


def surface_from(
    network: Network,
    origin: str | Place,
    scenario: Scenario,
    table: AccessTable,
    *,
    mode: str = "multimodal",
    towards: bool = False,
) -> Surface:
    """Return the minutes from `origin` to every land cell, or from every cell to it.

    Parameters
    ----------
    network, origin, scenario, mode
        As for :func:`atlas.travel.reach.reach_from`.
    table
        From :func:`atlas.land.links.access_table` for this network.
    towards
        From the cells to the place.

    Returns
    -------
    Surface
        Minutes by cell, NaN where there is no way.

    Raises
    ------
    UnknownPlaceError, NetworkError, ScenarioError
        See :func:`atlas.travel.reach.reach_from`.

    Examples
    --------
    >>> land = atlas.ground(network)
    >>> surface = atlas.surface_from(network, "珠海", now, land.links)
    >>> bool(surface.minutes.min() < 10)
    True
    """
    grown, node_id = locate(network, origin)
    return surface_of(Trip(network, scenario, mode), Trip(grown, scenario, mode), node_id, table, towards=towards)


def surface_of(trip: Trip, grown: Trip, node_id: str, table: AccessTable, *, towards: bool = False) -> Surface:
    """Return the surface of a node: `grown` is `trip` on the network that holds the node, often `trip` itself."""
    start, known = grown.network.row_of[node_id], len(trip.network.nodes)
    minutes = grown.towards(start) if towards else grown.tree(start).node_minutes
    if not grown.graph.early[start] and start < known:
        # standing at a station is no ride
        minutes = np.where(np.arange(len(minutes)) == start, np.inf, minutes)
    local = table.nearest(trip.network, minutes[:known], trip.scenario, trip.mode)
    name = grown.network.node_names[start]
    return Surface(trip.network, trip.scenario, trip.mode, node_id, name, table, local, towards)


def check_cutoffs(cutoffs_min: Iterable[float]) -> tuple[float, ...]:
    """Return cut-offs in rising order.

    Raises
    ------
    ScenarioError
        None, or one that is not a positive finite number.
    """
    cutoffs = tuple(sorted({float(value) for value in cutoffs_min}))
    if not cutoffs or not all(0 < value < float("inf") for value in cutoffs):
        raise ScenarioError(f"cut-offs must be positive minutes, are {list(cutoffs)}")
    return cutoffs


def isochrones(surface: Surface, cutoffs_min: Sequence[float] = (60.0, 120.0)) -> gpd.GeoDataFrame:
    """Return the areas within each cut-off.

    Parameters
    ----------
    surface
        From :func:`surface_from`.
    cutoffs_min
        Minutes, inclusive.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, one row a cut-off in rising order: ``origin``, ``origin_zh``, ``mode``, ``scenario``,
        ``cutoff_min``, ``area_km2``, ``hash``, geometry a valid MultiPolygon (empty when nothing is within).

    Raises
    ------
    ScenarioError
        See :func:`check_cutoffs`.

    Examples
    --------
    >>> land = atlas.ground(network)
    >>> areas = atlas.isochrones(atlas.surface_from(network, "珠海", now, land.links), (60, 120))
    >>> bool(areas["area_km2"].is_monotonic_increasing)
    True
    """
    cutoffs = check_cutoffs(cutoffs_min)
    shapes = _areas(surface, surface.minutes, cutoffs)
    return _frame(
        shapes,
        {
            "origin": surface.origin,
            "origin_zh": surface.origin_name,
            "mode": surface.mode,
            "scenario": surface.scenario.name,
            "cutoff_min": list(cutoffs),
            "hash": surface.hash,
        },
        surface.grid.crs,
    )


def circle(
    surfaces: Sequence[Surface], cutoffs_min: Sequence[float] = (60.0, 120.0), *, combine: str = "intersection"
) -> gpd.GeoDataFrame:
    """Return the areas of several origins together.

    Parameters
    ----------
    surfaces
        On one grid.
    combine
        ``union`` (within reach of any), ``intersection`` (of all: the circle of several cities) or ``count``
        (of at least k, one row a k).

    Returns
    -------
    GeoDataFrame
        As :func:`isochrones`, with ``combine`` and ``count`` (how many origins at least).
    """
    if combine not in ("union", "intersection", "count") or not surfaces:
        raise ScenarioError(
            f"combine must be one of union, intersection, count, and there must be an origin: {combine!r}"
        )
    cutoffs = check_cutoffs(cutoffs_min)
    sorted_minutes = np.sort(np.stack([one.minutes for one in surfaces]), axis=0)
    ranks = {"union": [1], "intersection": [len(surfaces)], "count": list(range(1, len(surfaces) + 1))}[combine]
    first = surfaces[0]
    shapes, wanted, counts = [], [], []
    for rank in ranks:
        shapes += _areas(first, sorted_minutes[rank - 1], cutoffs)
        wanted += list(cutoffs)
        counts += [rank] * len(cutoffs)
    return _frame(
        shapes,
        {
            "origin": listing(one.origin for one in surfaces),
            "origin_zh": listing(one.origin_name for one in surfaces),
            "mode": first.mode,
            "scenario": first.scenario.name,
            "combine": combine,
            "count": counts,
            "cutoff_min": wanted,
            "hash": first.hash,
        },
        first.grid.crs,
    )


def together(surfaces: Sequence[Surface], combine: str) -> tuple[Surface, ...]:
    """Return several surfaces as they are combined.

    Parameters
    ----------
    surfaces
        On one grid.
    combine
        ``union`` (one surface, of the origin that is nearest), ``intersection`` (one, of the farthest: where all can
        be reached) or ``nearest`` (one an origin, infinite where another is nearer).

    Raises
    ------
    ScenarioError
        Another way to combine, or no surface.
    """
    if combine not in ("union", "intersection", "nearest") or not surfaces:
        raise ScenarioError(f"combine must be union, intersection or nearest, of at least one origin: {combine!r}")
    minutes = np.stack([one.minutes for one in surfaces])
    if combine == "nearest":
        best = np.argmin(minutes, axis=0)
        own = (np.where(best == i, minutes[i], np.inf) for i in range(len(surfaces)))
        return tuple(replace(one, minutes=part) for one, part in zip(surfaces, own, strict=True))
    if len(surfaces) == 1:
        return tuple(surfaces)
    joint = minutes.min(axis=0) if combine == "union" else minutes.max(axis=0)
    origin, name = (listing(getattr(one, key) for one in surfaces) for key in ("origin", "origin_name"))
    return (replace(surfaces[0], origin=origin, origin_name=name, minutes=joint),)


def nearest_origin(surfaces: Sequence[Surface], cutoff_min: float) -> gpd.GeoDataFrame:
    """Return for each origin the area that is within the cut-off and nearer to it than to any other."""
    (cutoff,) = check_cutoffs([cutoff_min])
    shapes, names, zh = [], [], []
    for one in together(surfaces, "nearest"):
        shapes += _areas(one, one.minutes, (cutoff,), blocky=True)
        names.append(one.origin)
        zh.append(one.origin_name)
    first = surfaces[0]
    return _frame(
        shapes,
        {
            "origin": names,
            "origin_zh": zh,
            "mode": first.mode,
            "scenario": first.scenario.name,
            "combine": "nearest",
            "cutoff_min": cutoff,
            "hash": first.hash,
        },
        first.grid.crs,
    )


def _frame(shapes: list[shapely.MultiPolygon], columns: dict[str, object], crs: CRS) -> gpd.GeoDataFrame:
    # RFC 7946: outer rings run against the clock, whoever writes them.
    turned = shapely.orient_polygons(np.array(shapes, dtype=object))
    columns = columns | {"area_km2": _area_km2(turned, crs)}
    return gpd.GeoDataFrame(columns, geometry=turned, crs=4326, index=range(len(shapes)))


def _area_km2(shapes: Texts, crs: CRS) -> Floats:
    there = transformer(4326, crs)
    metric = shapely.transform(shapes, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
    return np.asarray(shapely.area(metric) / 1e6, dtype=np.float64)


def _areas(
    surface: Surface, minutes: Floats, cutoffs: Sequence[float], *, blocky: bool = False
) -> list[shapely.MultiPolygon]:
    """Return the dry land within each cut-off, EPSG:4326."""
    grid, shore = surface.grid, shore_of(surface.network)
    back = transformer(grid.crs, 4326)
    across = local_minutes(surface.scenario, grid.size_m / 1000.0)
    value = _extended(grid, minutes)
    found = []
    for cutoff in cutoffs:
        reached = minutes <= cutoff + TOLERANCE_MIN
        shapes = _squares(grid, reached) if blocky else _contours(grid, value - cutoff - TOLERANCE_MIN, across)
        degrees = shapely.transform(shapes, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])))
        found.append(_with_cells(shore.cut(degrees), reached, grid))
    return found


def _extended(grid: Grid, minutes: Floats) -> Floats:
    """Return (rows, columns) minutes that run on a little over water, so that contours reach the shore."""
    flat = np.full(grid.shape[0] * grid.shape[1], _NEVER)
    cell, place = grid.near
    flat[place] = np.where(minutes < _NEVER, minutes, _NEVER)[cell]
    return flat.reshape(grid.shape)


def _contours(grid: Grid, above: Floats, across: float) -> Texts:
    """Return where `above` (rows, columns) is not above zero, as polygons in the grid's CRS, shores not yet cut.

    What is contoured is how far a cell lies above or below the cut-off, no further than local travel takes over one
    cell, `across`: where minutes change faster (water, borders, the end of the network) the line runs halfway between
    the cells.
    """
    rows, columns = (np.nonzero((above <= 0).any(axis=axis))[0] for axis in (1, 0))
    if not len(rows):
        return np.array([], dtype=object)
    some = slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2)
    y, x = (np.arange(size)[part] + 0.5 for size, part in zip(grid.shape, some, strict=True))
    maker = contourpy.contour_generator(
        grid.left + x * grid.size_m,
        grid.top - y * grid.size_m,
        np.clip(above[some], -across, across),
        fill_type=contourpy.FillType.ChunkCombinedOffsetOffset,
    )
    lines: Any = maker.filled(-2.0 * across, 0.0)
    (points,), (rings,), (polygons,) = lines
    found: Texts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (rings, polygons))
    return found


def _with_cells(area: shapely.MultiPolygon, reached: Bools, grid: Grid) -> shapely.MultiPolygon:
    """Return the parts that hold a reached cell: a strip beyond water that only the drawing reached is dropped."""
    parts = np.array(area.geoms, dtype=object)
    narrow = np.nonzero(shapely.area(parts) < _NARROW_CELLS * (grid.size_m / 1000.0 / KM_A_DEGREE) ** 2)[0]
    part, cell = grid.tree.query(parts[narrow], predicate="intersects")
    holds = np.ones(len(parts), dtype=bool)
    holds[narrow] = False
    holds[narrow[np.unique(part[reached[cell]])]] = True
    return shapely.MultiPolygon(list(parts[holds]))


def _squares(grid: Grid, chosen: Bools) -> Texts:
    xy, half = grid.xy[chosen], grid.size_m / 2.0
    squares = shapely.box(xy[:, 0] - half, xy[:, 1] - half, xy[:, 0] + half, xy[:, 1] + half)
    parts: Texts = shapely.get_parts(shapely.union_all(squares))
    return parts
