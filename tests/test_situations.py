"""Situations out of other people's bug reports: what was odd about them, and the right answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner, Result
from small_atlas import draw_atlas

import atlas
from atlas.base.errors import AtlasError
from atlas.cli import cli
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.places import find_place
from atlas.data.stamp import read_marks
from atlas.imports.vector import Origin, VectorLayer, read_vector
from atlas.network.build import Network

ORIGIN = Origin("2026-01-01")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_atlas(tmp_path_factory.mktemp("situations") / "own")


@pytest.fixture(scope="module")
def catalog(own: Path) -> Catalog:
    return open_catalog(own)


@pytest.fixture(scope="module")
def network(catalog: Catalog) -> Network:
    return atlas.build_network(catalog.layers())


def ran(*words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "atlas", *words], capture_output=True, check=False, **options)


def told(*words: str) -> Result:
    return CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(cli, list(words))


def changed(root: Path, layer: str, change: Callable[[dict[str, Any]], str | None]) -> Path:
    """A small atlas with one layer changed: what `change` does to its GeoJSON, or the text it returns."""
    path = draw_atlas(root) / "data" / "geojson" / f"{layer}.geojson"
    raw = json.loads(path.read_text("utf-8"))
    text = change(raw)
    path.write_text(json.dumps(raw, ensure_ascii=False) if text is None else text, "utf-8")
    return root


def ports(path: Path, ids: list[str], **more: list[Any]) -> Path:
    count = len(ids)
    columns = {"id": ids, "name_zh": ["港"] * count, "kind": ["river_port"] * count, "status": ["operating"] * count,
               "position_error_m": [500.0] * count, "city": ["中山"] * count, **more}  # fmt: skip
    points = [shapely.Point(113.3 + row / 500, 22.5) for row in range(count)]
    gpd.GeoDataFrame(columns, geometry=points, crs=4326).to_file(path)
    return path


def read(path: Path, catalog: Catalog, layer: str = "ports") -> VectorLayer:
    return read_vector(path, catalog.specs[layer], ORIGIN)


@pytest.mark.parametrize(
    "ids", [["粤港1", "桂港1", "三号港"], ["A-1", "a-1", "A/1"], ["-", "_", "!"], ["p", "q", "P2"]]
)
def test_ids_that_no_slug_can_hold_stay_apart_and_come_in(ids: list[str], catalog: Catalog, tmp_path: Path) -> None:
    found = read(ports(tmp_path / "p.gpkg", ids), catalog)
    assert len(set(found.layer.frame["id"])) == len(ids)
    assert found.refused == ()


def test_a_date_in_a_column_of_times_is_a_date(catalog: Catalog, tmp_path: Path) -> None:
    found = read(ports(tmp_path / "p.gpkg", ["a"], opened=list(pd.to_datetime(["2024-05-01"]))), catalog)
    assert found.layer.frame["opened"].tolist() == ["2024-05-01"]


def test_the_published_length_of_a_whole_is_that_of_none_of_its_parts(catalog: Catalog, tmp_path: Path) -> None:
    parts = shapely.MultiLineString([[(113.3, 22.5), (113.32, 22.5)], [(113.33, 22.5), (113.35, 22.5)]])
    columns = {"id": ["r"], "name_zh": ["路"], "kind": ["arterial"], "status": ["operating"], "position_error_m": [5.0],
               "published_length_km": [4.12]}  # fmt: skip
    gpd.GeoDataFrame(columns, geometry=[parts], crs=4326).to_file(tmp_path / "r.gpkg")
    found = read(tmp_path / "r.gpkg", catalog, "highways")
    assert found.layer.frame["published_length_km"].isna().tolist() == [True, True]
    assert any("published lengths" in note for note in found.notes)


def test_a_layer_in_a_file_of_its_own_replaces_none(own: Path, tmp_path: Path) -> None:
    path = ports(tmp_path / "p.gpkg", ["a1"])
    done = ran("import", "layer", str(path), "--as", "ports", "-o", str(tmp_path / "out.geojson"), "--root", str(own))
    assert done.returncode == 0, done.stderr
    assert [one["id"] for one in json.loads((tmp_path / "out.geojson").read_text("utf-8"))["features"]] == ["a1"]


def test_a_name_in_bytes_that_python_could_not_read_is_understood_and_what_is_none_refused(catalog: Catalog) -> None:
    places = catalog.layer("places")
    for encoding in ("gbk", "utf-8"):  # Of a GBK terminal; of a UTF-8 terminal where the locale is ASCII.
        assert find_place(places, "中山".encode(encoding).decode("ascii", "surrogateescape")).id == "zhongshan"
    with pytest.raises(AtlasError, match="UTF-8 or GBK"):
        find_place(places, os.fsdecode(b"\xff\xff"))


@pytest.mark.parametrize("change", [{"coordinates": []}, {"coordinates": [None, None]}])
def test_a_point_without_coordinates_is_named(change: dict[str, Any], own: Path, tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "own")
    path = root / "data" / "geojson" / "places.geojson"
    raw = json.loads(path.read_text("utf-8"))
    raw["features"][0]["geometry"].update(change)
    path.write_text(json.dumps(raw), "utf-8")
    done = ran("layers", "validate", "--root", str(root), "--lang", "en")
    assert done.returncode in (1, 2)
    assert raw["features"][0]["properties"]["id"].encode() in done.stdout + done.stderr


def test_a_place_near_a_station_is_something_within_its_reach() -> None:
    assert ran("reach", "珠海站", "--within", "5").returncode == 0
    assert ran("reach", "珠海", "--within", "0.1").returncode == 1


def test_places_without_names_hide_no_others(tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "own")
    path = root / "data" / "geojson" / "places.geojson"
    raw = json.loads(path.read_text("utf-8"))
    for feature in raw["features"]:
        if feature["properties"]["id"] != "zhongshan":
            feature["properties"].update(name_zh=None, name_en=None)
    path.write_text(json.dumps(raw), "utf-8")
    assert find_place(open_catalog(root).layer("places"), "中山").id == "zhongshan"


def test_what_people_pass_for_a_place_is_one_or_is_refused(network: Network) -> None:
    now = atlas.load_scenario("2026")
    for place in ((113.38, 22.52), shapely.Point(113.38, 22.52), 442000):
        assert len(atlas.reach_from(network, place, now, cutoffs_min=30).places())
    for wrong in (None, 1.5, (1, 2, 3), shapely.Point(), {}):
        with pytest.raises(AtlasError):
            atlas.reach_from(network, wrong, now)
    with pytest.raises(AtlasError, match="load_scenario"):
        atlas.reach_from(network, "中山", "2026")
    with pytest.raises(AtlasError, match="one scenario"):
        atlas.od_matrix(network, ["中山"], ["中山"], [])
    with pytest.raises(AtlasError, match="0 or more"):
        atlas.od_matrix(network, ["中山"], ["中山"], [now], limit_min=-1)
    assert len(repr(network)) < 100


def test_what_is_shown_of_a_value_fits_a_line_or_two(catalog: Catalog, network: Network) -> None:
    now = atlas.load_scenario("2026")
    shown = [catalog, catalog.layer("places"), catalog.specs["places"], catalog.region, now, now.parameters,
             atlas.route(network, "中山", "113.38,22.52", now), atlas.reach_from(network, "中山", now)]  # fmt: skip
    assert [type(one).__name__ for one in shown if len(repr(one)) >= 200] == []
    assert "中山" in repr(shown[-1]) or "zhongshan" in repr(shown[-1])


def test_two_points_nearer_to_one_another_than_to_the_network_are_joined_directly(network: Network) -> None:
    now = atlas.load_scenario("2026")
    journey = atlas.route(network, "113.3800,22.4700", "113.3801,22.4700", now, mode="drive")
    assert journey.length_km < 0.1
    assert journey.minutes < 1


@pytest.mark.parametrize("ending", [".fgb", ".gpkg", ".gdb.zip"])
def test_an_exclamation_mark_in_a_name_is_a_sign_like_others(ending: str, own: Path, tmp_path: Path) -> None:
    other = tmp_path / f"final{ending}"
    other.write_bytes(b"precious")
    done = told("export", "stations", "-o", str(tmp_path / f"draft!final{ending}"), "--root", str(own))
    assert done.exit_code == 0, done.output
    assert other.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir() if "datapackage" not in path.name) == [
        f"draft!final{ending}", other.name
    ]  # fmt: skip
    assert read_marks(tmp_path / f"draft!final{ending}")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("speed_limit_kmh", 0.0, "does 0 stand for not known"),
        ("speed_limit_kmh", -1.0, "outside 5 to 160"),
        ("published_length_km", 0.0, "does 0 stand for not known"),
    ],
)
def test_a_number_no_road_has_is_named_by_every_command(column: str, value: float, words: str, tmp_path: Path) -> None:
    root = changed(tmp_path / "own", "highways", lambda raw: raw["features"][0]["properties"].update({column: value}))
    checked = told("layers", "validate", "--root", str(root))
    assert checked.exit_code == 1
    assert words in checked.output
    asked = told("reach", "中山", "--root", str(root))
    assert asked.exit_code == 2
    assert column in asked.output


def test_two_imports_at_once_both_arrive(tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "own")
    files = [ports(tmp_path / f"p{name}.gpkg", [f"new{name}"]) for name in "ab"]
    line = [sys.executable, "-m", "atlas", "import", "layer", "--as", "ports", "--add", "--into", str(root), "-q"]
    both = [subprocess.Popen([*line, str(path)]) for path in files]
    assert [one.wait() for one in both] == [0, 0]
    ids = [one["properties"]["id"] for one in json.loads((root / "data/geojson/ports.geojson").read_text())["features"]]
    assert {"newa", "newb"} <= set(ids)


@pytest.mark.parametrize("name", ["map#1.gpkg", "50%25.gpkg", "a?b&c.gpkg"])
def test_a_file_is_verified_under_any_name_and_none_appears_beside_it(name: str, own: Path, tmp_path: Path) -> None:
    assert told("export", "stations", "-o", str(tmp_path / name), "--root", str(own)).exit_code == 0
    before = sorted(tmp_path.iterdir())
    assert told("verify", str(tmp_path / name), "--root", str(own)).exit_code == 0
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["year=2030/s.toml", "a = 1.toml", "bom.toml"])
def test_a_scenario_file_of_any_name_and_with_a_byte_order_mark_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b'\xef\xbb\xbfbase = "2030"\r\n')
    assert atlas.load_scenario(path).year == 2030


def _first(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["features"][0]["properties"].update(values)


def _text(old: str, new: str) -> Callable[[dict[str, Any]], str]:
    def change(raw: dict[str, Any]) -> str:
        text = json.dumps(raw, ensure_ascii=False)
        assert old in text
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("layer", "change", "words"),
    [
        ("stations", _first(opens_year=10**20), "whole number"),
        ("stations", _text('"position_error_m": ', '"position_error_m": ' + "9" * 5000), "64 bits"),
        ("stations", _text('"coordinates": [11', '"coordinates": [1e400, 11'), "stations"),
        ("stations", _text('"properties": ', '"properties": ' + '{"a": ' * 5000), "stations.geojson"),
        ("rail_services", _first(elapsed_min="a;b"), "'a', which is no number"),
        ("rail_services", _first(elapsed_min="0;5;3;9"), "elapsed_min"),
    ],
)
def test_what_no_layer_can_hold_is_refused_by_name_and_is_no_fault_of_the_program(
    layer: str, change: Callable[[dict[str, Any]], str | None], words: str, tmp_path: Path
) -> None:
    root = changed(tmp_path / "own", layer, change)
    checked = told("layers", "validate", "--root", str(root))
    assert checked.exit_code in (1, 2), checked.output
    assert words in checked.output
    assert told("reach", "中山", "--root", str(root)).exit_code == 2


def test_features_of_one_id_are_counted_as_many_as_there_are(tmp_path: Path) -> None:
    path = ports(tmp_path / "p.gpkg", ["p", "p", "q"])
    done = told("import", "layer", str(path), "--as", "ports", "--into", str(draw_atlas(tmp_path / "own")))
    assert done.exit_code == 0, done.output
    counts = next(line.split() for line in done.output.splitlines() if line.startswith("ports  "))
    assert counts[1:4] == ["3", "1", "2"]


def test_texts_read_in_another_encoding_are_told_with_the_one_they_are_in(catalog: Catalog, tmp_path: Path) -> None:
    for encoding in ("utf-8", "gbk"):
        path = tmp_path / f"{encoding}.shp"
        columns = {"name_zh": ["高栏港"], "kind": ["river_port"], "status": ["operating"], "perr": [500.0]}
        gpd.GeoDataFrame(columns, geometry=[shapely.Point(113.3, 22.5)], crs=4326).to_file(path, encoding=encoding)
        path.with_suffix(".cpg").unlink()
        found = read_vector(path, catalog.specs["ports"], ORIGIN, fields={"position_error_m": "perr"})
        assert [note.split()[-1] for note in found.notes if "garbled" in note] == [encoding]


def test_a_text_in_the_bytes_of_a_gbk_terminal_is_written_in_characters(tmp_path: Path) -> None:
    name = os.fsdecode("无通道".encode("gbk"))
    assert told("scenario", "new", str(tmp_path / "s.toml"), "--name", name).exit_code == 0
    assert atlas.load_scenario(tmp_path / "s.toml").name == "无通道"
