"""One command renews the atlas from an extract of its region, and one takes it back."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from region_extract import SKETCHED, draw_region
from small_atlas import draw_atlas

from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer
from atlas.imports.osm.layers import osm_layers
from atlas.imports.osm.tags import CLASSES
from atlas.imports.region.refresh import Refreshed, refresh

HOME = open_catalog()
LAYERS = HOME.layers()
REFS = ("S32", "S26")
STAYS = ("id", "name_zh", "name_en", "kind", "status", "opened", "opens_basis", "opens_year", "plan_ids", "city")


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_region(tmp_path_factory.mktemp("refresh") / "region.osm.pbf", LAYERS, refs=REFS)


@pytest.fixture(scope="module")
def renewed(extract: Path) -> Refreshed:
    found = osm_layers(extract, HOME.specs, classes=CLASSES)
    return refresh(LAYERS, found, (50.0, 70.0), register_ids=HOME.register_ids(), source_keys=HOME.sources)


def test_ids_plan_items_and_statuses_stay_while_courses_follow_one_carriageway(renewed: Refreshed) -> None:
    assert {"highways", "interchanges", "railways", "stations", "ordinary_roads"} <= set(renewed.layers)
    for key in ("highways", "interchanges", "railways", "stations"):
        before, after = LAYERS[key].frame, renewed.layers[key].frame
        assert before[list(STAYS)].equals(after[list(STAYS)]), key
    roads = renewed.layers["highways"].frame
    for ref in REFS:
        own = roads[(roads["ref"] == ref) & (roads["status"] == "operating") & roads["in_network"]]
        assert (own["geometry_quality"] == "traced").mean() > 0.6
        # A lane of the same number, far off, draws nothing to it.
        assert shapely.distance(own.geometry.to_numpy(), shapely.Point(111.51, 21.91)).min() > 0.3


def test_ordinary_roads_of_the_classes_asked_take_the_place_of_the_sketch_beside_them(renewed: Refreshed) -> None:
    before, after = (layers["ordinary_roads"].frame for layers in (LAYERS, renewed.layers))
    fresh = after[after["id"].str.startswith("osm-")]
    # Twelve streets of a grid, the sketched roads, and the lane with the wrong number; no ramp and no expressway.
    names = fresh["source_note"].str.partition("; ")[2]
    assert names.str.endswith("街").sum() == 12
    assert set(names) - {f"{k}街" for k in range(6)} == {"乡道", REFS[1]}
    assert set(fresh["speed_limit_kmh"]) == {50.0, 70.0}
    kept = set(after["id"]) - set(fresh["id"])
    assert kept < set(before["id"])
    # The sketched roads that the extract has go, and with them others that run along its roads.
    assert set(before["id"].head(SKETCHED)) & kept == set()
    gone = before[~before["id"].isin(kept)].geometry.to_numpy()
    assert shapely.union_all(fresh.geometry.to_numpy()).buffer(0.01).covers(shapely.union_all(gone))
    assert any("one-way" in note for note in renewed.notes)


def test_kilometres_by_quality_before_and_after_add_up(renewed: Refreshed) -> None:
    rows = {(one.layer, one.quality): one for one in renewed.quality}
    traced = rows["highways", "traced"]
    assert traced.after_km > traced.before_km + 100
    for key in ("highways", "railways", "ordinary_roads"):
        told = sum(one.before_km for (layer, _), one in rows.items() if layer == key)
        frame = LAYERS[key].frame
        drawn = frame[frame["upgrades"] == ""] if "upgrades" in frame else frame
        assert told == pytest.approx(drawn["drawn_length_km"].sum(), rel=0.01)


def test_a_second_refresh_changes_nothing_and_restore_takes_the_first_back(tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "own")
    extract = draw_region(tmp_path / "region.osm.pbf", open_catalog(root).layers())
    files = sorted((root / "data" / "geojson").glob("*.geojson"))
    stood = [path.read_bytes() for path in files]
    parameters = (root / "data" / "parameters.csv").read_bytes()
    words = ["refresh", "--osm", str(extract), "--classes", "residential+", "--root", str(root), "--no-site"]
    first = CliRunner().invoke(cli, words)
    assert first.exit_code == 0, first.stderr
    assert (root / "data" / "parameters.csv").read_bytes() == parameters
    undo = next(line for line in first.stderr.splitlines() if line.startswith(("to undo", "撤销"))).partition("atlas ")[
        2
    ]
    assert "nothing was written" in CliRunner().invoke(cli, words).stderr
    assert CliRunner().invoke(cli, undo.split()).exit_code == 0
    assert [path.read_bytes() for path in files] == stood


def test_a_checkout_whose_layers_are_made_of_its_facts_is_left_alone(extract: Path) -> None:
    done = CliRunner().invoke(cli, ["refresh", "--osm", str(extract), "--no-site"])
    assert done.exit_code == 2
    assert "name a copy with -o" in done.stderr


def test_a_layer_the_same_in_all_is_not_written(renewed: Refreshed) -> None:
    def same(a: Layer, b: Layer) -> bool:
        return a.frame.drop(columns="geometry").equals(b.frame.drop(columns="geometry"))

    assert "places" not in renewed.layers
    assert not any(same(LAYERS[key], layer) for key, layer in renewed.layers.items() if key != "rail_services")
