#!/usr/bin/env python
"""Renew data/geojson/land.geojson and water.geojson from OpenStreetMap-derived packages.

Land is OpenStreetMap's as PyPI roaring-landmask ships it; rivers are that land less the land of npm
@geo-maps/earth-lands-10m, from which rivers are cut out. Both are under the ODbL. Needed once:

    pip install --target DIR roaring-landmask==0.11.0 --no-deps
    npm pack @geo-maps/earth-lands-10m@0.6.0 && tar xzf geo-maps-earth-lands-10m-0.6.0.tgz
    PYTHONPATH=DIR scripts/renew_land.py --earth-lands package/map.geo.json
    scripts/trace_rivers.py --rivers …     (draws the rivers again, which this leaves out)
    scripts/build_layers.py --check

It takes about two minutes and 3 GB of memory. A continent's ring is never mended or intersected whole, which takes
many minutes: rings are picked by their bounds and clipped to a rectangle first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  (the path must be set first)
import shapely  # noqa: E402
from shapely.geometry.base import BaseGeometry  # noqa: E402

from atlas.base import geodesy  # noqa: E402
from atlas.data.declaration import LayerSpec, read_specs  # noqa: E402
from atlas.data.layer import Layer, frame_of, write_layer  # noqa: E402
from atlas.data.region import read_region  # noqa: E402

EXTENT = (110.0, 21.2, 114.6, 23.8)
# About 20 m: a tenth of what lies between two vertices of the source.
TOLERANCE_DEG = 0.0002
GRID_DEG = 1e-5
SMALLEST_WATER_KM2 = 1.0
NAMES = {"land": ("陆地", "Land", "high"), "water": ("水域", "Water", "medium")}


def polygons(geometry: BaseGeometry) -> list[Any]:
    """Return the polygons that `geometry` is made of, mended; lines and points of it are dropped."""
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(geometry)))
    return [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]


def clipped(rings: Iterable[Any]) -> BaseGeometry:
    """Return the union of the polygons that reach into the extent, clipped to it."""
    near = [ring for ring in rings if shapely.box(*ring.bounds).intersects(shapely.box(*EXTENT))]
    cut = [shapely.clip_by_rect(shapely.Polygon(ring.exterior), *EXTENT) for ring in near]
    holes = [
        shapely.clip_by_rect(shapely.Polygon(hole), *EXTENT)
        for ring in near
        for hole in ring.interiors
        if shapely.box(*hole.bounds).intersects(shapely.box(*EXTENT))
    ]
    whole = shapely.union_all([part for piece in cut for part in polygons(piece)])
    return shapely.difference(whole, shapely.union_all([part for piece in holes for part in polygons(piece)]))


def packaged_land() -> Iterator[Any]:
    """Yield the land polygons that roaring-landmask ships."""
    try:
        from roaring_landmask import LandmaskProvider, Shapes  # a build-time package, not of the environment
    except ImportError:
        sys.exit("roaring-landmask is not at hand; see the top of this script")
    yield from shapely.get_parts(shapely.from_wkb(bytes(Shapes.wkb(LandmaskProvider.Osm))))


def earth_lands(path: Path) -> Iterator[Any]:
    """Yield the polygons of @geo-maps/earth-lands-10m, from which the rivers are cut out."""
    raw = json.loads(path.read_text("utf-8"))
    shapes = [one["geometry"] for one in raw["features"]] if "features" in raw else raw.get("geometries", [raw])
    for shape in shapes:
        nested = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        for rings in nested:
            yield shapely.Polygon(rings[0], rings[1:])


def simplified(geometry: BaseGeometry) -> Any:
    """Return `geometry` simplified, on the grid of five decimals, valid, largest part first."""
    simple = shapely.simplify(geometry, TOLERANCE_DEG)
    fine = shapely.set_precision(shapely.union_all(polygons(simple)), GRID_DEG)
    return shapely.MultiPolygon(sorted(polygons(fine), key=lambda part: (-part.area, part.bounds)))


def rivers(land: BaseGeometry, lands_cut: BaseGeometry) -> BaseGeometry:
    """Return what is land in the first and not in the second, parts over 1 km²."""
    parts = np.array(polygons(shapely.difference(land, lands_cut)))
    metric = read_region(ROOT).metric
    km2 = np.array([geodesy.reproject(part, 4326, metric).area / 1e6 for part in parts])
    return shapely.union_all(parts[km2 > SMALLEST_WATER_KM2])


def layer(spec: LayerSpec, geometry: BaseGeometry, retrieved: str) -> Layer:
    """Return the one-feature layer of `geometry`."""
    name_zh, name_en, confidence = NAMES[spec.key]
    record = {
        "id": spec.key, "name_zh": name_zh, "name_en": name_en, "kind": spec.key, "status": "operating",
        "status_as_of": retrieved, "checked_on": None, "opened": None, "expected_open": None, "opens_basis": "unknown",
        "opens_year": 2023, "plan_ids": "", "city": None, "source": "osm_land",
        "source_note": "© OpenStreetMap contributors, ODbL; simplified at 0.0002°", "confidence": confidence,
        "geometry_quality": "traced", "position_error_m": 250.0,
    }  # fmt: skip
    return Layer(spec, frame_of([record], [geometry], spec))


def main() -> int:
    """Write both layers; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earth-lands", type=Path, required=True, help="map.geo.json of @geo-maps/earth-lands-10m")
    parser.add_argument("--retrieved", required=True, help="ISO date of the land, as 2026-08")
    parser.add_argument("--into", type=Path, default=ROOT / "data" / "geojson", help="folder to write to")
    options = parser.parse_args()
    specs = read_specs(ROOT / "layers")
    land = clipped(packaged_land())
    print(f"land: {shapely.get_num_geometries(land)} parts", file=sys.stderr)
    water = rivers(land, clipped(earth_lands(options.earth_lands)))
    for key, geometry in (("land", land), ("water", water)):
        done = layer(specs[key], simplified(geometry), options.retrieved)
        path = write_layer(done, options.into / f"{key}.geojson", overwrite=True)
        print(f"wrote {path.name}: {path.stat().st_size / 1e6:.2f} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
