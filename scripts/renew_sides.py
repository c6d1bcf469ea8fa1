#!/usr/bin/env python
"""Renew data/sides.geojson: the land and water of the sides of borders, from the boundaries of OpenStreetMap.

The boundaries are those of the time zones that PyPI timezonefinder ships whole, under the ODbL: the zones of two of the
region's sides are their territories. Needed once:

    pip download timezonefinder==6.5.2 --no-deps -d DIR && unzip -d DIR/package DIR/timezonefinder-*.whl
    scripts/renew_sides.py --package DIR/package/timezonefinder

A side that data/region.toml names takes the zone that ZONES gives for its city; others have none here.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  (the path must be set first)
import shapely  # noqa: E402

from atlas.base.files import write_text  # noqa: E402
from atlas.data.region import read_region  # noqa: E402

ZONES = {"香港": "Asia/Hong_Kong", "澳门": "Asia/Macau"}
#: About 5 m; the lines have a corner every few hundred.
TOLERANCE_DEG = 0.00005
#: Of 6,142 nodes of the network two lie on another side than their city, both with a position of 800 m and more. How
#: far the line itself is off nobody states: a hundred metres are taken.
ERROR_M = 100


def zone(package: Path, name: str) -> Any:
    """Return the territory of a time zone."""
    names = json.loads((package / "timezone_names.json").read_text("utf-8"))
    ids = np.fromfile(package / "poly_zone_ids.bin", "<u2")
    starts = np.fromfile(package / "poly_adr2data.bin", "<u4")
    counts = np.fromfile(package / "poly_coord_amount.bin", "<u4")
    data = (package / "poly_data.bin").read_bytes()
    parts = []
    for row in np.flatnonzero(ids == names.index(name)):
        corners = np.frombuffer(data, "<i4", 2 * int(counts[row]), int(starts[row])).reshape(2, -1) / 1e7
        parts.append(shapely.Polygon(corners.T))
    whole = shapely.set_precision(shapely.simplify(shapely.union_all(parts), TOLERANCE_DEG), 1e-6)
    return shapely.orient_polygons(shapely.normalize(whole))


def main() -> int:
    """Write the file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, required=True, help="the folder timezonefinder of the unpacked wheel")
    options = parser.parse_args()
    region = read_region(ROOT)
    features = []
    for city, side in region.sides.items():
        shape = zone(options.package, ZONES[city])
        told = {
            "id": side, "side": side, "name_zh": city, "name_en": region.cities[city], "source": "osm_sides",
            "source_note": f"zone {ZONES[city]}; simplified at {TOLERANCE_DEG:f}°", "position_error_m": ERROR_M,
        }  # fmt: skip
        features.append({"type": "Feature", "properties": told, "geometry": shapely.geometry.mapping(shape)})
    lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features)
    path = write_text(
        ROOT / "data" / "sides.geojson", f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n', overwrite=True
    )
    print(f"wrote {path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
