#!/usr/bin/env python
"""Draw the rivers of data/facts/rivers.csv as connected water: the features of kind ``river`` in water.geojson.

The only open rivers at hand (npm @geo-maps/earth-rivers-10m, from OpenStreetMap of 2017, ODbL) are pixels of about
450 m, merged and thinned until a river is a row of triangles. What a river needs is in them all the same: its course
is the way from end to end that keeps to their water, and its width their area for each kilometre of it. The ends and
bends that tell one river from another (``via``) are placed by hand where the names of waters stand; between them
nothing is. So a course is right to about a pixel, 500 m, which is what ``position_error_m`` says, and half a width.

The rivers are drawn; what keeps local ways apart is the feature ``water``, as it was. Needed once:

    npm pack @geo-maps/earth-rivers-10m@0.6.0 && tar xzf geo-maps-earth-rivers-10m-0.6.0.tgz
    scripts/trace_rivers.py --rivers package/map.geo.json

It takes half a minute and prints what it found of each river.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  (the path must be set first)
import shapely  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy import ndimage, sparse  # noqa: E402
from scipy.sparse.csgraph import dijkstra  # noqa: E402
from shapely.geometry import shape  # noqa: E402
from shapely.geometry.base import BaseGeometry  # noqa: E402

from atlas.base import geodesy  # noqa: E402
from atlas.base.tables import slots  # noqa: E402
from atlas.data.declaration import read_specs  # noqa: E402
from atlas.data.layer import Layer, frame_of, read_layer, write_layer  # noqa: E402
from atlas.data.region import read_region  # noqa: E402

EXTENT = (111.6, 21.5, 114.1, 23.45)
STEP_M = 150.0
#: How much dearer a kilometre off the water is: by its distance to it, and never more than …; open sea is no river.
DRY_M, DRY_POWER, DEAREST, SEA = 200.0, 1.5, 15.0, 4.0
#: A river keeps off its banks: what a kilometre beside one costs more than one in the middle, and how fast that fades.
BANK, BANK_M = 0.6, 300.0
SNAP_STEPS = 12
SMOOTH_STEPS, THIN_M = 6.0, 40.0
#: Water this far from a course is its own, and over how long a stretch its area is spread to give the width.
BESIDE_M, SPREAD_M = 1300.0, 2000.0
NARROWEST_M, WIDEST_M = 180.0, 2600.0
SHORE_M, OVERLAP_M = 120.0, 60.0
GRID_DEG = 1e-4


@dataclass(frozen=True)
class Raster:
    """Cells of `STEP_M` in metres of `metric`: which hold river water, which open sea."""

    metric: int
    west: float
    south: float
    river: NDArray[np.bool_]
    sea: NDArray[np.bool_]

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Return row and column of a point, within the raster."""
        rows, columns = self.river.shape
        return min(max(int((y - self.south) / STEP_M), 0), rows - 1), min(
            max(int((x - self.west) / STEP_M), 0), columns - 1
        )

    def middle(self, rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 2) metres of the middles of cells."""
        return np.column_stack([self.west + STEP_M * (columns + 0.5), self.south + STEP_M * (rows + 0.5)])

    def wet_near(self, x: float, y: float) -> tuple[int, int]:
        """Return the cell with water nearest to a point, its own cell where there is none within reach."""
        row, column = self.cell(x, y)
        low, left = max(row - SNAP_STEPS, 0), max(column - SNAP_STEPS, 0)
        near = (self.river | self.sea)[low : row + SNAP_STEPS + 1, left : column + SNAP_STEPS + 1]
        rows, columns = np.nonzero(near)
        if not len(rows):
            return row, column
        least = int(np.argmin((rows + low - row) ** 2 + (columns + left - column) ** 2))
        return int(rows[least]) + low, int(columns[least]) + left


def metres(shapes: BaseGeometry, metric: int) -> Any:
    """Return the shapes in metres."""
    return geodesy.reproject(shapes, 4326, metric)


def raster_of(pixels: list[Any], land: BaseGeometry, metric: int) -> Raster:
    """Return river and sea over the extent, from polygons in degrees."""
    (west, south), (east, north) = shapely.get_coordinates(
        metres(shapely.MultiPoint([EXTENT[:2], EXTENT[2:]]), metric)
    ).tolist()
    size = int((north - south) / STEP_M), int((east - west) / STEP_M)
    river, dry = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    for grid, parts in ((river, pixels), (dry, shapely.get_parts(land))):
        for part in parts:
            _fill(grid, metres(part, metric), west, south)
    return Raster(metric, west, south, river & dry, ~dry)


def _fill(grid: NDArray[np.bool_], part: Any, west: float, south: float) -> None:
    left, low, right, high = part.bounds
    rows = np.arange(max(int((low - south) / STEP_M) - 1, 0), min(int((high - south) / STEP_M) + 2, grid.shape[0]))
    columns = np.arange(max(int((left - west) / STEP_M) - 1, 0), min(int((right - west) / STEP_M) + 2, grid.shape[1]))
    if not (len(rows) and len(columns)):
        return
    x, y = np.meshgrid(west + STEP_M * (columns + 0.5), south + STEP_M * (rows + 0.5))
    shapely.prepare(part)
    grid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] |= shapely.contains_xy(part, x, y)


def ways_of(raster: Raster) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Return what a step between neighbouring cells costs, and how far each cell is from water, metres."""
    wet = raster.river | raster.sea
    off = ndimage.distance_transform_edt(~wet) * STEP_M
    within = ndimage.distance_transform_edt(wet) * STEP_M
    cost = np.where(wet, 1.0 + BANK * np.exp(-within / BANK_M), np.minimum(1.0 + (off / DRY_M) ** DRY_POWER, DEAREST))
    cost[raster.sea] = SEA
    rows, columns = cost.shape
    cell = np.arange(cost.size).reshape(cost.shape)
    tails, heads, spent = [], [], []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = cell[: rows - down, max(0, -across) : columns - max(0, across)].ravel()
        there = cell[down:, max(0, across) : columns + min(0, across)].ravel()
        tails.append(here)
        heads.append(there)
        spent.append(float(np.hypot(down, across)) * (cost.ravel()[here] + cost.ravel()[there]) / 2.0)
    where = np.concatenate(tails), np.concatenate(heads)
    return sparse.csr_array((np.concatenate(spent), where), shape=(cost.size, cost.size)), off


def course_of(row: dict[str, str], raster: Raster, ways: sparse.csr_array, known: dict[str, Any]) -> NDArray[np.int64]:
    """(n,) cells from the first point of a river's `via` to the last; to the first sea where it ends there."""
    columns = raster.river.shape[1]
    via = [tuple(float(part) for part in point.split()) for point in slots(row["via"])]
    at = shapely.get_coordinates(metres(shapely.MultiPoint(via), raster.metric)).tolist()
    stops = [raster.wet_near(x, y) for x, y in at]
    if row["from_river"]:
        parent = known[row["from_river"]]
        meets = parent.interpolate(parent.project(shapely.Point(at[0])))
        stops[0] = raster.cell(meets.x, meets.y)
    passed: list[int] = []
    for here, there in pairwise(stops):
        _, before = dijkstra(ways, directed=False, indices=here[0] * columns + here[1], return_predecessors=True)
        leg = [there[0] * columns + there[1]]
        while before[leg[-1]] >= 0:
            leg.append(int(before[leg[-1]]))
        passed += leg[::-1] if not passed else leg[-2::-1]
    cells = np.array(passed)
    sea = np.nonzero(raster.sea.ravel()[cells])[0]
    return cells[: sea[0] + 4] if row["to_sea"] == "true" and len(sea) else cells


def line_of(cells: NDArray[np.int64], raster: Raster) -> shapely.LineString:
    """Return the smooth line through cells."""
    rows, columns = np.divmod(cells, raster.river.shape[1])
    steps = raster.middle(rows, columns)
    smooth = ndimage.gaussian_filter1d(steps, SMOOTH_STEPS, axis=0, mode="nearest")
    smooth[0], smooth[-1] = steps[0], steps[-1]
    return shapely.simplify(shapely.LineString(smooth), THIN_M)


def widths_of(line: Any, raster: Raster) -> tuple[Any, NDArray[np.float64]]:
    """Return the line in steps, and at each the width of the water beside it, metres."""
    steps = shapely.segmentize(line, STEP_M)
    at = shapely.get_coordinates(steps)
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(at, axis=0).T))]
    wet = raster.middle(*np.nonzero(raster.river | raster.sea))
    own = shapely.buffer(steps, BESIDE_M)
    shapely.prepare(own)
    wet = wet[shapely.contains_xy(own, wet[:, 0], wet[:, 1])]
    stands = shapely.line_locate_point(steps, shapely.points(wet))
    nearest = np.abs(along[:, None] - stands[None, :]).argmin(axis=0) if len(wet) else np.zeros(0, dtype=int)
    area = np.bincount(nearest, minlength=len(along)) * STEP_M**2
    spread = SPREAD_M / STEP_M
    share = ndimage.gaussian_filter1d(area.astype(float), spread, mode="nearest")
    return steps, np.clip(
        share / ndimage.gaussian_filter1d(np.gradient(along), spread, mode="nearest"), NARROWEST_M, WIDEST_M
    )


def water_of(steps: Any, width: NDArray[np.float64]) -> Any:
    """Return the area of a river: round at every step, straight between."""
    at = shapely.get_coordinates(steps)
    rounds = [shapely.Point(place).buffer(wide / 2.0, quad_segs=6) for place, wide in zip(at, width, strict=True)]
    between = [
        shapely.MultiPoint(at[k : k + 2]).convex_hull.buffer(min(width[k : k + 2]) / 2.0, quad_segs=4)
        for k in range(len(at) - 1)
    ]
    return shapely.union_all([*rounds, *between]).buffer(SHORE_M).buffer(-SHORE_M)


def feature_of(row: dict[str, str], retrieved: str) -> dict[str, Any]:
    """Return the columns of a river."""
    return {
        "id": f"river_{row['id']}", "name_zh": row["name_zh"], "name_en": row["name_en"], "kind": "river",
        "status": "operating", "status_as_of": retrieved, "checked_on": None, "opened": None, "expected_open": None,
        "opens_basis": "unknown", "opens_year": 2023, "plan_ids": "", "city": None, "source": "osm_rivers",
        "source_note": f"sketched by scripts/trace_rivers.py: {row['note']}", "confidence": "low",
        "geometry_quality": "schematic", "position_error_m": 500.0,
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Write the rivers into water.geojson; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rivers", type=Path, required=True, help="map.geo.json of @geo-maps/earth-rivers-10m")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the atlas")
    options = parser.parse_args(argv)
    metric = read_region(options.root).metric
    specs = read_specs(options.root / "layers")
    folder = options.root / "data" / "geojson"
    land = read_layer(folder / "land.geojson", specs["land"]).frame.geometry.union_all()
    raw = json.loads(options.rivers.read_text("utf-8"))
    frame = shapely.box(*EXTENT)
    pixels = [
        shapely.make_valid(one)
        for whole in raw["geometries"]
        for one in shapely.get_parts(shape(whole))
        if one.intersects(frame)
    ]
    raster = raster_of(pixels, land, metric)
    ways, off = ways_of(raster)
    with open(options.root / "data" / "facts" / "rivers.csv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    ashore = shapely.buffer(metres(shapely.intersection(land, frame), metric), OVERLAP_M)
    lines: dict[str, Any] = {}
    taken: BaseGeometry = shapely.Polygon()
    records, shapes = [], []
    for row in rows:
        cells = course_of(row, raster, ways, lines)
        lines[row["id"]] = line_of(cells, raster)
        steps, width = widths_of(lines[row["id"]], raster)
        area = shapely.intersection(water_of(steps, width), ashore)
        own = shapely.simplify(shapely.difference(area, taken), THIN_M)
        taken = shapely.union_all([taken, area])
        shapes.append(shapely.set_precision(geodesy.reproject(own, metric, 4326), GRID_DEG))
        records.append(feature_of(row, "2017"))
        dry = off.ravel()[cells]
        print(
            f"{row['id']}: {lines[row['id']].length / 1e3:.0f} km, {(dry > 0).mean():.0%} off the source's water,"
            f" at most {dry.max():.0f} m; {np.median(width):.0f} m wide at the median",
            file=sys.stderr,
        )
    old = read_layer(folder / "water.geojson", specs["water"])
    kept = old.frame[old.frame["kind"] != "river"]
    rivers = frame_of(records, [_area(one) for one in shapes], specs["water"])
    merged = Layer(specs["water"], rivers if kept.empty else _joined(kept, rivers))
    path = write_layer(merged, folder / "water.geojson", overwrite=True)
    print(f"wrote {path.name}: {path.stat().st_size / 1e3:.0f} kB", file=sys.stderr)
    return 0


def _area(geometry: BaseGeometry) -> Any:
    parts = [one for one in shapely.get_parts(shapely.make_valid(geometry)) if one.geom_type == "Polygon"]
    return shapely.MultiPolygon([shapely.orient_polygons(one) for one in parts if one.area > 0])


def _joined(kept: Any, rivers: Any) -> Any:
    import pandas as pd

    return pd.concat([kept, rivers], ignore_index=True)[list(kept.columns)]


if __name__ == "__main__":
    sys.exit(main())
