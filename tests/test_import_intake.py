"""What is let in, kept out, stored whole or not at all, and brought back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from import_files import TOWN_NODES, TOWN_WAYS, Place, draw_pbf, draw_town

from atlas.base.errors import ExportError, ImportDataError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer, layer_text
from atlas.imports.admit import admit, left_hanging, merged
from atlas.imports.osm import layers as osm
from atlas.imports.osm.layers import OsmLayers, osm_layers
from atlas.imports.run import Destination, take_in
from atlas.imports.store import backups, new_atlas, restore
from atlas.imports.vector import Origin, read_vector

HOME = open_catalog()


def town(folder: Path, **nodes: Place) -> OsmLayers:
    """The town, perhaps with nodes moved: ``n2=(lon, lat)``."""
    moved = {int(name[1:]): place for name, place in nodes.items()}
    return osm_layers(draw_pbf(folder / "t.osm.pbf", {**TOWN_NODES, **moved}, TOWN_WAYS), HOME.specs)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    found = osm_layers(draw_town(tmp_path / "town.osm.pbf"), HOME.specs)
    take_in(found.layers, [found.source], HOME, Destination(out=tmp_path / "own"))
    return tmp_path / "own"


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_junction_kept_out_takes_its_roads_along_and_nothing_else(own: Path, tmp_path: Path) -> None:
    found = town(tmp_path, n6=(116.0, 22.53))
    outcome = take_in(found.layers, [found.source], open_catalog(own), Destination(into=own))
    why = {(one.layer, one.feature_id): one.rule for one in outcome.refused}
    assert why["interchanges", "osm-n6"] == "region"
    assert set(outcome.layers["highways"].frame["id"]) == {"osm-w100", "osm-w101", "osm-w103", "osm-w104"}
    assert {one for one in why if one[0] == "highways"} == {("highways", "osm-w102")}


def test_features_outside_the_region_go_in_when_an_area_is_chosen(own: Path, tmp_path: Path) -> None:
    found = town(tmp_path, n6=(116.0, 22.53))
    outcome = take_in(found.layers, [found.source], open_catalog(own), Destination(into=own), anywhere=True)
    assert outcome.refused == ()


def test_a_point_a_little_off_the_land_gets_that_error_and_one_far_off_is_kept_out(tmp_path: Path) -> None:
    land = {"land": HOME.layer("land")}
    shore = land["land"].frame.geometry.iloc[0]
    near = _off_shore(shore, 300.0)
    far = (114.5, 21.2)
    nodes = {
        1: (*near, {"amenity": "ferry_terminal", "name": "近"}),
        2: (*far, {"amenity": "ferry_terminal", "name": "远"}),
    }
    found = osm_layers(draw_pbf(tmp_path / "p.osm.pbf", nodes), HOME.specs, keys=("ports",))
    intake = admit(found.layers, land, register_ids=(), source_keys={found.source.key})
    (row,) = intake.layers["ports"].frame.to_dict("records")
    assert row["name_zh"] == "近"
    assert row["position_error_m"] == pytest.approx(_metres_off(shore, *near) + 1, abs=2)
    assert [(one.feature_id, one.rule) for one in intake.refused] == [("osm-n2", "water")]
    assert any("error was raised" in note for note in intake.notes)


def _metres_off(shore: Any, lon: float, lat: float) -> float:
    from atlas.base.geodesy import plane, reproject

    here, there = (reproject(shape, 4326, plane(112.7, 22.3)) for shape in (shapely.Point(lon, lat), shore))
    return float(shapely.distance(here, there))


def _off_shore(shore: Any, metres: float) -> tuple[float, float]:
    """The first point at sea so far south of a vertex of the shore that no other land is much nearer."""
    for lon, lat in shapely.get_coordinates(shore)[::50]:
        place = round(float(lon), 6), round(float(lat) - metres / 111_000, 6)
        if lat > 21.8 and metres / 2 < _metres_off(shore, *place) <= metres:
            return place
    raise AssertionError("no shore with open sea south of it")


@pytest.mark.parametrize("key", list(HOME.specs))
def test_a_layer_of_the_atlas_imported_again_is_the_same_layer(key: str) -> None:
    layer = HOME.layer(key)
    found = read_vector(HOME.path(key), HOME.specs[key], Origin("2026-01-01"))
    assert found.refused == ()
    outcome = take_in({key: found.layer}, [found.source], HOME, Destination())
    assert outcome.refused == ()
    assert layer_text(outcome.layers[key]) == layer_text(layer)


def test_adding_to_a_layer_lets_its_features_refer_to_what_is_there(own: Path, tmp_path: Path) -> None:
    catalog = open_catalog(own)
    road = json.loads(catalog.path("highways").read_text("utf-8"))
    road["features"] = road["features"][:1]
    road["features"][0]["properties"]["id"] = "mine"
    (tmp_path / "r.geojson").write_text(json.dumps(road), "utf-8")
    found = read_vector(tmp_path / "r.geojson", HOME.specs["highways"], Origin("2026-01-01"))
    outcome = take_in({"highways": found.layer}, [found.source], catalog, Destination(into=own, add=True))
    assert len(outcome.layers["highways"]) == 6
    assert open_catalog(own).check("highways") == []


def test_replacing_what_others_refer_to_is_refused(own: Path, tmp_path: Path) -> None:
    layers = open_catalog(own).layers("highways", "interchanges")
    fewer = Layer(layers["interchanges"].spec, layers["interchanges"].frame.iloc[:2])
    assert left_hanging({**layers, "interchanges": fewer}, ["interchanges"])
    before = files(own)
    with pytest.raises(ImportDataError, match=r"would leave features without what they refer to \(5 of highways"):
        take_in({"interchanges": fewer}, [], open_catalog(own), Destination(into=own))
    assert files(own) == before


def test_nothing_sound_is_an_error_with_the_first_reason(own: Path, tmp_path: Path) -> None:
    away = {f"n{number}": (place[0] + 9, *place[1:]) for number, place in TOWN_NODES.items()}
    found = town(tmp_path, **away)
    with pytest.raises(ImportDataError, match="nothing could be taken in; the first reason of"):
        take_in(found.layers, [found.source], open_catalog(own), Destination(into=own))


@pytest.mark.parametrize("fails_at", range(4))
def test_when_a_file_cannot_be_written_every_layer_stands_as_before(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    before = files(own)
    found = town(tmp_path, n6=(113.041, 22.53))
    real, written = Path.write_bytes, []

    def write(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) == fails_at + 1:
            raise OSError(28, "no space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(ExportError, match=r"nothing was changed: .*no space left"):
        take_in(found.layers, [found.source], open_catalog(own), Destination(into=own))
    assert files(own) == before


def test_each_import_keeps_what_it_replaces_and_any_version_comes_back(own: Path, tmp_path: Path) -> None:
    versions = [open_catalog(own).path("highways").read_bytes()]
    for i in range(1, 4):
        found = town(tmp_path, n6=(113.04 + i / 1000, 22.53))
        take_in(found.layers, [found.source], open_catalog(own), Destination(into=own))
        versions.append(open_catalog(own).path("highways").read_bytes())
    assert [one.number for one in backups(own, "highways")] == [1, 2, 3]
    assert [one.features for one in backups(own, "highways")] == [5, 5, 5]
    restore(own, "highways", number=1)
    assert open_catalog(own).path("highways").read_bytes() == versions[0]
    restore(own, "highways")
    assert open_catalog(own).path("highways").read_bytes() == versions[3]
    with pytest.raises(ImportDataError, match=r"there are: 1, 2, 3, 4"):
        restore(own, "highways", number=9)


def test_importing_the_same_again_keeps_no_second_copy(own: Path, tmp_path: Path) -> None:
    found = town(tmp_path)
    for _ in range(3):
        take_in(found.layers, [found.source], open_catalog(own), Destination(into=own))
    assert len(backups(own, "highways")) <= 2
    assert list(open_catalog(own).sources).count(found.source.key) == 1


def test_a_folder_that_is_no_atlas_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"x")
    found = town(tmp_path)
    for overwrite in (False, True):
        with pytest.raises(ExportError):
            take_in(found.layers, [found.source], HOME, Destination(out=tmp_path / "photos", overwrite=overwrite))
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["a.jpg"]


def test_an_atlas_written_over_steps_aside(own: Path, tmp_path: Path) -> None:
    before = files(own)
    found = town(tmp_path, n6=(113.041, 22.53))
    with pytest.raises(ExportError, match="exists; pass --overwrite"):
        new_atlas(own, found.layers, [found.source], like=HOME.root, overwrite=False)
    new_atlas(own, found.layers, [found.source], like=HOME.root, overwrite=True)
    assert files(own.with_name("own.before")) == before
    assert files(own) != before


def test_more_roads_than_a_layer_may_hold_are_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osm, "LARGEST_FILE_MB", 0.002)
    with pytest.raises(ImportDataError, match=r"5 roads would make .* narrow the area"):
        town(tmp_path)


def test_merging_keeps_types_and_order(own: Path) -> None:
    layer = HOME.layer("ports")
    new = Layer(layer.spec, layer.frame.iloc[[3]].reset_index(drop=True))
    result = merged(layer, new, add=True).frame
    assert set(result["id"]) == set(layer.frame["id"])
    pd.testing.assert_series_equal(result.dtypes, layer.frame.dtypes)
    assert merged(layer, new, add=False) is new


def test_refining_from_the_command_line_makes_a_copy_and_leaves_the_atlas_alone(tmp_path: Path) -> None:
    path = draw_town(tmp_path / "town.osm.pbf")
    before = files(HOME.root / "data" / "geojson")
    words = ["import", "osm", str(path), "--refine", "-o", str(tmp_path / "copy"), "--report", str(tmp_path / "r.csv")]
    result = CliRunner().invoke(cli, words, prog_name="atlas")
    assert result.exit_code == 0, result.output
    assert files(HOME.root / "data" / "geojson") == before
    assert open_catalog(tmp_path / "copy").check() == []
    rows = pd.read_csv(tmp_path / "r.csv")
    assert set(rows["result"]) <= {"matched", "partly", "unmatched", "held", "good"}
    assert len(rows[rows["layer"] == "highways"]) == len(HOME.layer("highways"))


@pytest.mark.parametrize(
    "words",
    [["layers"], ["network", "--check"], ["plan"], ["reach", "甲市"], ["route", "甲市", "乙镇", "--mode", "drive"],
     ["matrix"], ["params"], ["layers", "describe", "ferries"]],
    ids=" ".join,
)  # fmt: skip
def test_the_commands_work_on_an_imported_atlas(words: list[str], tmp_path: Path) -> None:
    ferry = [*TOWN_WAYS, (900, [1, 11], {"route": "ferry", "name": "甲乙航线"})]
    found = osm_layers(draw_pbf(tmp_path / "t.osm.pbf", TOWN_NODES, ferry), HOME.specs)
    take_in(found.layers, [found.source], HOME, Destination(out=tmp_path / "own"))
    result = CliRunner().invoke(cli, [*words, "--root", str(tmp_path / "own")], prog_name="atlas")
    assert result.exit_code == 0, result.output
    assert "nan" not in result.stdout.lower().split()


def test_the_example_in_the_page_on_imports_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).resolve().parent.parent / "docs" / "imports.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    draw_town(tmp_path / "guangdong.osm.pbf")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/imports.md", "exec"), {})
    assert len(open_catalog(tmp_path / "guangdong").layer("highways")) == 5
    assert open_catalog(tmp_path / "refined").check() == []
