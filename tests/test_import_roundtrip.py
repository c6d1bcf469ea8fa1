"""What the atlas exports and imports again is what it was: layers column by column, rail times door to door."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from import_files import draw_feed

from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.exports.families.gtfs import gtfs_tables
from atlas.imports.gtfs.services import gtfs_layers
from atlas.imports.run import Destination, take_in
from atlas.imports.vector import Origin, read_vector
from atlas.network.build import build_network
from atlas.travel.reach import od_matrix

HOME = open_catalog()
LAYERS = HOME.layers("stations", "railways", "rail_services")
PLACES = ("珠海", "中山", "江门", "阳江", "广州", "新会", "台山", "恩平")


def exported(folder: Path) -> Path:
    """The atlas's services as its own export writes them."""
    services, stations = LAYERS["rail_services"].frame, LAYERS["stations"].frame
    tables = gtfs_tables(services, stations, "0" * 12, "2026-11-23")
    return draw_feed(folder / "feed.zip", {name.removesuffix(".txt"): rows for name, rows in tables.items()})


def test_the_export_imported_again_gives_the_same_rail_times(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    for part in ("layers", "data"):
        shutil.copytree(HOME.root / part, root / part, ignore=shutil.ignore_patterns("backups", "own"))
    found = gtfs_layers(exported(tmp_path), HOME.specs, LAYERS)
    outcome = take_in(found.layers, [found.source], open_catalog(root), Destination(into=root), refused=found.refused)
    assert outcome.refused == ()
    assert len(outcome.layers["rail_services"]) == len(LAYERS["rail_services"])
    now = load_scenario("2026")
    before, after = (
        od_matrix(build_network(open_catalog(folder).layers()), PLACES, PLACES, [now], ["rail"])
        for folder in (HOME.root, root)
    )
    pd.testing.assert_frame_equal(before, after)
    assert np.isfinite(before["travel_time_min"]).sum() > len(PLACES) ** 2 / 2


def test_the_export_alone_makes_an_atlas_with_the_same_rides(tmp_path: Path) -> None:
    found = gtfs_layers(exported(tmp_path), HOME.specs, {})
    frame = found.layers["rail_services"].frame
    own = LAYERS["rail_services"].frame
    rides = [sorted(zip(one["elapsed_min"], one["trains_per_day"].round(2), strict=True)) for one in (frame, own)]
    assert rides[0] == rides[1]


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "geojson", "parquet", "gdb.zip"])
@pytest.mark.parametrize("key", ["highways", "stations"])
def test_a_layer_exported_and_imported_again_is_the_same_layer(key: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"{key}.{ending}"
    done = CliRunner().invoke(cli, ["export", key, "-o", str(path), "-q"], prog_name="atlas")
    assert done.exit_code == 0, done.output
    found = read_vector(path, HOME.specs[key], Origin("2026-11-23"))
    outcome = take_in({key: found.layer}, [found.source], HOME, Destination(), refused=found.refused)
    assert outcome.refused == ()
    names = [column.name for column in HOME.specs[key].columns]
    before, after = (layer.frame.set_index("id").sort_index() for layer in (HOME.layer(key), outcome.layers[key]))
    assert (before.geometry.geom_equals_exact(after.geometry.loc[before.index], 1e-6)).all()
    for name in names[1:]:
        pd.testing.assert_series_equal(before[name], after[name], check_exact=False, rtol=1e-9, obj=name)
