#!/usr/bin/env python
"""Compile data/facts/ into data/geojson/, the same facts giving the same bytes.

    scripts/build_layers.py            write what has changed
    scripts/build_layers.py --check    write nothing; exit 1 when a layer is stale

Land, water and ordinary roads are no tables: scripts/renew_land.py, scripts/trace_rivers.py and scripts/sketch_roads.py
write them, and here they are only held to the form.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "scripts"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from recipes.courses import apply_courses  # noqa: E402
from recipes.limits import limit_access  # noqa: E402
from recipes.places import compile_places  # noqa: E402
from recipes.rail import compile_rail  # noqa: E402
from recipes.road import compile_roads  # noqa: E402
from recipes.services import compile_ferries  # noqa: E402
from recipes.sites import compile_sites  # noqa: E402
from recipes.tables import Compiled, Facts, Feature, Left, override, table_text  # noqa: E402
from recipes.works import compile_works  # noqa: E402
from shapely.geometry import LineString, Point  # noqa: E402  (the path must be set first)

from atlas.base.changes import change  # noqa: E402
from atlas.data.declaration import LayerSpec, read_specs  # noqa: E402
from atlas.data.layer import Layer, frame_of, layer_text, read_layer  # noqa: E402

DRAWN_ELSEWHERE = ("land", "water", "ordinary_roads")
# Tables that are no layer: what reads them instead.
NOT_LAYERS = {
    "drive_times_calibration": "measured drive times, for validation",
    "rail_times_calibration": "fastest and typical minutes by station pair, for validation",
    "road_priors": "what is expected of road speeds before any drive is measured, for calibration",
    "rivers": "points that rivers pass, for drawing them (scripts/trace_rivers.py)",
    "road_crossings": "where roads cross without a shared node, for checking the network",
}
_CASTS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "float": float,
    "integer": int,
    "boolean": lambda text: {"true": True, "false": False}[text],
}


def compile_all(root: Path, specs: dict[str, LayerSpec]) -> Compiled:
    """Return all features of all compiled layers, overrides applied, and the rows left out."""
    facts = Facts(root / "data" / "facts")
    compiled = Compiled()
    for recipe in (compile_places, compile_rail, compile_roads, compile_sites):
        compiled.join(recipe(facts))
    compiled.join(compile_ferries(facts, compiled.layers))
    compiled.join(compile_works(facts, compiled.layers))
    casts = {(key, column.name): _CASTS[column.type] for key, spec in specs.items() for column in spec.columns}
    compiled.left += [Left(table, "*", f"no layer: {use}") for table, use in NOT_LAYERS.items()]
    override(compiled, facts.rows("overrides"), casts)
    apply_courses(compiled, root)
    limit_access(compiled)
    return compiled


def to_layer(spec: LayerSpec, features: list[Feature]) -> Layer:
    """Return `features` as a layer, columns in the declared order."""
    records = [{name: one.properties[name] for name in spec.column_names} for one in features]
    make: Callable[[Feature], Any] = (
        (lambda one: Point(one.coordinates[0]))
        if spec.geometry == "Point"
        else (lambda one: LineString(one.coordinates))
    )
    return Layer(spec, frame_of(records, [make(one) for one in features], spec))


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each generated file and the text it must have."""
    specs = read_specs(root / "layers")
    compiled = compile_all(root, specs)
    geojson = root / "data" / "geojson"
    for key, spec in specs.items():
        path = geojson / f"{key}.geojson"
        layer = read_layer(path, spec) if key in DRAWN_ELSEWHERE else to_layer(spec, compiled.layers[key])
        yield path, layer_text(layer)
    left = sorted((one.table, one.row_id, one.reason) for one in compiled.left)
    yield root / "data" / "facts" / "left_out.csv", table_text(("table", "row_id", "reason"), left)


def main(argv: list[str] | None = None) -> int:
    """Write or check the layers; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with layers/ and data/")
    options = parser.parse_args(argv)
    stale = [
        (path, text) for path, text in texts(options.root) if not path.is_file() or path.read_text("utf-8") != text
    ]
    if not options.check:
        change(options.root, {path: text.encode("utf-8") for path, text in stale})
    for path, _ in stale:
        told = "stale: {}; run scripts/build_layers.py" if options.check else "wrote {}"
        print(told.format(path.relative_to(options.root)), file=sys.stderr)
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
