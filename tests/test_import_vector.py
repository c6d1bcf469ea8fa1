"""Any vector file becomes a layer: fields mapped, values typed, WGS 84; the unsound is named and kept out."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from import_files import only, road_frame

from atlas.base import geodesy
from atlas.base.errors import ImportDataError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer
from atlas.imports.run import Destination, Outcome, take_in
from atlas.imports.vector import Origin, VectorLayer, read_vector

HOME = open_catalog()
ORIGIN = Origin("2026-05-01", "测绘院", "internal")
FIELDS = {"name_zh": "ROADNAME", "speed_limit_kmh": "LIMIT", "oneway": "DIRECT"}
VALUES = {"kind": "arterial", "position_error_m": "5", "status": "operating"}


def roads(path: Path, **how: Any) -> VectorLayer:
    return read_vector(path, HOME.specs["highways"], ORIGIN, **{"fields": FIELDS, "values": VALUES, **how})


def checked(found: VectorLayer, **target: Any) -> Outcome:
    return take_in(
        {found.layer.key: found.layer},
        [found.source],
        HOME,
        Destination(**target),
        refused=found.refused,
        notes=found.notes,
    )


def zipped_shapefile(folder: Path, frame: gpd.GeoDataFrame, *, encoding: str, cpg: bool = True) -> Path:
    inner = folder / "shape"
    inner.mkdir()
    frame.to_file(inner / "roads.shp", encoding=encoding)
    with zipfile.ZipFile(folder / "roads.zip", "w") as archive:
        for part in sorted(inner.iterdir()):
            if cpg or part.suffix != ".cpg":
                archive.write(part, part.name)
    return folder / "roads.zip"


@pytest.fixture
def gpkg(tmp_path: Path) -> Path:
    road_frame().to_file(tmp_path / "roads.gpkg", driver="GPKG")
    return tmp_path / "roads.gpkg"


def test_fields_are_mapped_typed_and_told(gpkg: Path) -> None:
    found = roads(gpkg)
    row = only(found.layer.frame, name_zh="人民路")
    assert (row["speed_limit_kmh"], row["oneway"], row["kind"], row["opens_year"]) == (60.0, True, "arterial", 2023)
    assert not only(found.layer.frame, name_zh="解放路")["oneway"]
    assert row["status_as_of"] == "2026-05-01"
    assert row["drawn_length_km"] == pytest.approx(geodesy.distance_km(113.0, 22.5, 113.1, 22.5), abs=0.001)
    assert "name_zh from the field ROADNAME" in found.notes
    assert checked(found).refused == ()


@pytest.mark.parametrize("driver", ["GPKG", "GeoJSON", "FlatGeobuf", "GML", "MapInfo File", "ESRI Shapefile"])
def test_every_format_gives_the_same_roads(tmp_path: Path, driver: str) -> None:
    ending = {"GPKG": "gpkg", "GeoJSON": "geojson", "FlatGeobuf": "fgb", "GML": "gml", "MapInfo File": "tab"}
    path = tmp_path / f"roads.{ending.get(driver, 'shp')}"
    road_frame().to_file(path, driver=driver, encoding="utf-8")
    found = roads(path, encoding="utf-8" if driver in {"MapInfo File", "ESRI Shapefile"} else None).layer.frame
    assert set(found["name_zh"]) == {"人民路", "解放路"}
    assert only(found, name_zh="人民路").geometry.equals(shapely.LineString([(113.0, 22.5), (113.1, 22.5)]))


@pytest.mark.parametrize("crs", [4547, 4490, 3857, 4526, 2326])
def test_coordinates_come_back_to_a_decimetre_from_any_system(tmp_path: Path, crs: int) -> None:
    road_frame().to_crs(crs).to_file(tmp_path / "roads.gpkg", driver="GPKG")
    line = only(roads(tmp_path / "roads.gpkg").layer.frame, name_zh="人民路").geometry
    for (lon, lat), (x, y) in zip(line.coords, [(113.0, 22.5), (113.1, 22.5)], strict=True):
        # 4490 and 4326 are taken as one; 2326 is joined to WGS 84 to about a metre.
        assert geodesy.distance_km(lon, lat, x, y) < (0.002 if crs == 2326 else 0.0002)


def test_how_well_the_way_to_wgs_84_is_known_is_told_and_a_rougher_one_than_the_features_refused(
    tmp_path: Path,
) -> None:
    road_frame().to_crs(2362).to_file(tmp_path / "xian.gpkg", driver="GPKG")
    with pytest.raises(ImportDataError, match=r"no way from Xian 1980.* is known.*--rough"):
        roads(tmp_path / "xian.gpkg")
    assert "coordinates are taken as they are" in "; ".join(roads(tmp_path / "xian.gpkg", rough=True).notes)
    road_frame().to_crs(2326).to_file(tmp_path / "hk.gpkg", driver="GPKG")
    assert "Hong Kong 1980 to WGS 84 (1), meant for elsewhere, accurate to 1 m" in "; ".join(
        roads(tmp_path / "hk.gpkg").notes
    )
    with pytest.raises(ImportDataError, match=r"accurate to 1 m, less than position_error_m says \(0.5\)"):
        roads(tmp_path / "hk.gpkg", values=VALUES | {"position_error_m": "0.5"})
    raised = roads(tmp_path / "hk.gpkg", values=VALUES | {"position_error_m": "0.5"}, rough=True)
    assert set(raised.layer.frame["position_error_m"]) == {1.0}
    assert not any("accurate" in note for note in roads(_saved(tmp_path, 32649)).notes)


def areas(folder: Path, shapes: Sequence[shapely.Polygon], **how: Any) -> VectorLayer:
    frame = gpd.GeoDataFrame({"id": [f"A{k}" for k in range(len(shapes))]}, geometry=list(shapes), crs=4326)
    frame.to_file(folder / "areas.gpkg", driver="GPKG")
    values = {"kind": "land", "status": "operating", "position_error_m": "50", "name_zh": "甲"}
    return read_vector(folder / "areas.gpkg", HOME.specs["land"], ORIGIN, values=values, **how)


def test_polygons_are_repaired_where_little_changes_and_that_is_said(tmp_path: Path) -> None:
    spike = shapely.Polygon([(113.0, 22.5), (113.1, 22.5), (113.1, 22.6), (113.0, 22.6), (112.9, 22.7), (113.0, 22.6)])
    bow = shapely.Polygon([(113.2, 22.5), (113.3, 22.6), (113.3, 22.5), (113.2, 22.6)])
    assert not checked(areas(tmp_path, [shapely.box(113.2, 22.2, 113.3, 22.3)])).refused
    kept_out = checked(areas(tmp_path, [spike, bow, shapely.box(113.2, 22.2, 113.3, 22.3)])).refused
    assert {one.rule for one in kept_out} == {"geometry"}
    assert len(kept_out) == 2
    found = areas(tmp_path, [spike, bow], repair=0.01)
    assert "polygons that were not valid and are repaired: 1; 0 km² changed" in found.notes
    (kept_out,) = found.refused
    assert "repaired it would enclose" in kept_out.message
    assert "more than 1.0%" in kept_out.message
    (shape,) = found.layer.frame.geometry
    assert shape.equals(shapely.box(113.0, 22.5, 113.1, 22.6))


def test_an_id_keeps_its_slug_whatever_stands_beside_it_and_the_old_one_is_noted(tmp_path: Path) -> None:
    names = ["R 1", "r-1", "two", "two-1"]
    lines = [shapely.LineString([(113.0, 22.5 + k / 100), (113.1, 22.5 + k / 100)]) for k in range(4)]
    lines[2] = shapely.MultiLineString([lines[2], shapely.LineString([(113.2, 22.5), (113.3, 22.5)])])
    frame = gpd.GeoDataFrame({"id": names, "ROADNAME": names}, geometry=lines, crs=4326)
    frame.to_file(tmp_path / "many.gpkg", driver="GPKG")
    frame[:1].to_file(tmp_path / "one.gpkg", driver="GPKG")
    many, one = (
        roads(tmp_path / name, fields={"name_zh": "ROADNAME"}).layer.frame for name in ("many.gpkg", "one.gpkg")
    )
    assert many["id"].is_unique
    assert {"r-1", "two-1", "two-2"} <= set(many["id"])
    assert one["id"][0] == many["id"][0]
    assert one["source_note"][0] == "id in the file: R 1"


def _saved(folder: Path, crs: int) -> Path:
    road_frame().to_crs(crs).to_file(folder / f"{crs}.gpkg", driver="GPKG")
    return folder / f"{crs}.gpkg"


def test_a_system_can_be_given_where_the_file_has_none(tmp_path: Path) -> None:
    road_frame().to_crs(4547).to_file(tmp_path / "roads.shp", encoding="utf-8")
    (tmp_path / "roads.prj").unlink()
    with pytest.raises(ImportDataError, match="pass --crs"):
        roads(tmp_path / "roads.shp")
    line = roads(tmp_path / "roads.shp", crs="4547").layer.frame.geometry.iloc[0]
    assert line.coords[0] == pytest.approx((113.0, 22.5), abs=2e-6)


@pytest.mark.parametrize(("name", "known"), [
    ("EPSG:999999", False), ("our own grid", False), ("urn:ogc:def:crs:OGC:1.3:CRS84", True), ("EPSG:4326", True),
])  # fmt: skip
def test_a_geojson_of_a_system_that_there_is_not_is_not_taken_for_degrees(
    name: str, known: bool, tmp_path: Path
) -> None:
    file = tmp_path / "roads.geojson"
    told = json.loads(road_frame().to_json())
    file.write_text(json.dumps({**told, "crs": {"type": "name", "properties": {"name": name}}}), encoding="utf-8")
    if not known:
        named = f"names the coordinate system '{name}', which there is not; pass --crs"
        with pytest.raises(ImportDataError, match=named):
            roads(file)
    line = roads(file, crs=None if known else "4326").layer.frame.geometry.iloc[0]
    assert line.coords[0] == pytest.approx((113.0, 22.5), abs=2e-6)


def test_a_coordinate_that_is_no_number_is_told_of_with_its_feature_and_not_by_a_library(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    file = tmp_path / "roads.geojson"
    told = json.loads(road_frame().to_json())
    told["features"][0]["geometry"]["coordinates"][1][0] = float("nan")
    file.write_text(json.dumps(told), encoding="utf-8")
    found = roads(file)
    assert len(found.layer.frame) == len(told["features"]) - 1
    assert [str(one.message) for one in recwarn if "encountered" in str(one.message)] == []
    assert [note for note in found.notes if "encountered" in note] == []


@pytest.mark.parametrize("shift", ["gcj02", "bd09"])
def test_the_shift_of_web_maps_is_undone_on_request(tmp_path: Path, shift: str) -> None:
    forward = {"gcj02": geodesy.wgs84_to_gcj02, "bd09": geodesy.wgs84_to_bd09}[shift]
    frame = road_frame()
    frame["geometry"] = [
        shapely.LineString(list(zip(*forward(*line.coords.xy), strict=True))) for line in frame.geometry
    ]
    frame.to_file(tmp_path / "roads.gpkg", driver="GPKG")
    line = only(roads(tmp_path / "roads.gpkg", shift=shift).layer.frame, name_zh="人民路").geometry
    assert line.coords[0] == pytest.approx((113.0, 22.5), abs=2e-6)


def test_a_zipped_shapefile_in_gbk_gives_its_chinese_names(tmp_path: Path) -> None:
    path = zipped_shapefile(tmp_path, road_frame(), encoding="gbk", cpg=False)
    assert set(roads(path, encoding="gbk").layer.frame["name_zh"]) == {"人民路", "解放路"}


def test_names_read_without_their_encoding_are_told(tmp_path: Path) -> None:
    path = zipped_shapefile(tmp_path, road_frame(), encoding="gbk", cpg=False)
    assert any("try --encoding gbk" in note for note in roads(path).notes)
    with pytest.raises(ImportDataError, match="try --encoding gbk"):
        roads(path, encoding="utf-8")


def test_a_csv_with_well_known_text_is_read(tmp_path: Path) -> None:
    text = 'WKT,ROADNAME,LIMIT,DIRECT\n"LINESTRING (113 22.5, 113.1 22.5)",人民路,60,否\n'
    (tmp_path / "roads.csv").write_text(text, "utf-8")
    assert roads(tmp_path / "roads.csv", crs="4326").layer.frame["name_zh"].tolist() == ["人民路"]


def test_features_that_do_not_fit_are_named_and_the_rest_goes_in(tmp_path: Path) -> None:
    line = shapely.LineString([(113.0, 22.5), (113.1, 22.5)])
    rows = {
        "好路": line,
        "点": shapely.Point(113.0, 22.5),
        "面": shapely.box(113.0, 22.5, 113.1, 22.6),
        "无": None,
        "远": shapely.LineString([(24.0, 60.0), (24.1, 60.0)]),
        "反": shapely.LineString([(22.5, 113.0), (22.5, 113.1)]),
        "绕": shapely.LineString([(113.0, 22.5), (113.1, 22.6), (113.0, 22.6), (113.1, 22.5)]),
        "两段": shapely.MultiLineString([[(113.0, 22.4), (113.1, 22.4)], [(113.2, 22.4), (113.3, 22.4)]]),
        "立体": shapely.LineString([(113.0, 22.3, 5), (113.1, 22.3, 6)]),
        "空": shapely.LineString(),
    }
    frame = gpd.GeoDataFrame({"ROADNAME": list(rows)}, geometry=list(rows.values()), crs=4326)
    frame["LIMIT"] = ["60"] * 9 + ["60"]
    frame.loc[8, "LIMIT"] = "sixty"
    frame.to_file(tmp_path / "roads.geojson", driver="GeoJSON")
    found = roads(tmp_path / "roads.geojson", fields={"name_zh": "ROADNAME", "speed_limit_kmh": "LIMIT"})
    outcome = checked(found)
    assert sorted(outcome.layers["highways"].frame["name_zh"]) == ["两段", "两段", "好路"]
    assert len({one.feature_id for one in outcome.refused}) == 8
    rules = {one.rule for one in outcome.refused}
    assert {"value", "region", "axes", "self-crossing"} <= rules
    (count,) = outcome.counts
    assert (count.taken, count.refused) == (3, 8)


def test_flat_lines_of_a_solid_file_are_taken(tmp_path: Path) -> None:
    frame = road_frame()
    frame["geometry"] = shapely.force_3d(frame.geometry, 7.0)
    frame.to_file(tmp_path / "roads.gpkg", driver="GPKG")
    assert not roads(tmp_path / "roads.gpkg").layer.frame.geometry.has_z.any()


def test_what_must_be_known_is_asked_for_with_its_choices(gpkg: Path) -> None:
    with pytest.raises(ImportDataError, match=r"--set kind=VALUE of expressway"):
        roads(gpkg, values={"position_error_m": "5"})
    with pytest.raises(ImportDataError, match=r"position_error_m .*--map position_error_m=FIELD"):
        roads(gpkg, values={"kind": "arterial"})


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"fields": {"name": "ROADNAME"}}, "no column name"),
        ({"fields": {"name_zh": "NOWHERE"}}, "no field NOWHERE; it has ROADNAME"),
        ({"crs": "EPSG:999999"}, "coordinate system"),
        ({"crs": "nonsense"}, "coordinate system"),
        ({"shift": "mars"}, "no shift 'mars'"),
        ({"sublayer": "other"}, "cannot be read"),
        ({"encoding": "klingon"}, "no encoding 'klingon'"),
    ],
)
def test_a_wrong_option_is_named(gpkg: Path, how: dict[str, Any], message: str) -> None:
    with pytest.raises(ImportDataError, match=message):
        roads(gpkg, **how)


def test_points_become_ports_with_ids_made_of_what_they_are(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name_zh": ["甲港"]}, geometry=[shapely.Point(113.2, 22.6)], crs=4326)
    for name in ("a", "b"):
        frame.to_file(tmp_path / f"{name}.gpkg", driver="GPKG")
    values = {"kind": "river_port", "position_error_m": "10"}
    a, b = (read_vector(tmp_path / f"{name}.gpkg", HOME.specs["ports"], ORIGIN, values=values) for name in "ab")
    assert a.layer.frame["id"].tolist() == b.layer.frame["id"].tolist()


def copy_of_the_atlas(folder: Path) -> Path:
    for part in ("layers", "data"):
        shutil.copytree(HOME.root / part, folder / part, ignore=shutil.ignore_patterns("backups"))
    return folder


def test_adding_keeps_what_is_there_and_replaces_the_same_id(tmp_path: Path) -> None:
    root = copy_of_the_atlas(tmp_path / "mine")
    before = open_catalog(root).layer("ports")
    first = before.frame["id"].iloc[0]
    frame = gpd.GeoDataFrame(
        {"id": [first, "new_port"], "name_zh": ["改名港", "新港"]},
        geometry=[before.frame.geometry.iloc[0], shapely.Point(113.2, 22.6)], crs=4326,
    )  # fmt: skip
    frame.to_file(tmp_path / "p.gpkg", driver="GPKG")
    values = {"kind": "river_port", "position_error_m": "500"}
    found = read_vector(tmp_path / "p.gpkg", HOME.specs["ports"], ORIGIN, values=values)
    take_in({"ports": found.layer}, [found.source], open_catalog(root), Destination(into=root, add=True))
    after = open_catalog(root).layer("ports")
    assert len(after) == len(before) + 1
    assert only(after.frame, id=first)["name_zh"] == "改名港"
    untouched = set(before.frame["id"]) - {first}
    rest = [frame[frame["id"].isin(untouched)].reset_index(drop=True) for frame in (before.frame, after.frame)]
    pd.testing.assert_frame_equal(pd.DataFrame(rest[0]), pd.DataFrame(rest[1]))
    assert open_catalog(root).check("ports") == []


def test_adding_nothing_new_leaves_the_typed_columns_as_they_were() -> None:
    from atlas.imports.admit import merged

    layer = HOME.layer("stations")
    again = merged(layer, Layer(layer.spec, layer.frame.iloc[:1].reset_index(drop=True)), add=True)
    assert dict(again.frame.dtypes) == dict(layer.frame.dtypes)


def run(*words: str) -> Any:
    return CliRunner().invoke(cli, list(words), prog_name="atlas")


OPTIONS = [
    "--as", "highways", "--map", "name_zh=ROADNAME", "--map", "speed_limit_kmh=LIMIT", "--set", "kind=arterial",
    "--set", "position_error_m=5", "--set", "status=operating",
]  # fmt: skip


def test_a_dry_run_reports_and_writes_nothing(gpkg: Path, tmp_path: Path) -> None:
    root = copy_of_the_atlas(tmp_path / "mine")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    result = run("import", "layer", str(gpkg), *OPTIONS, "--into", str(root), "--dry-run")
    assert result.exit_code == 0, result.output
    assert "nothing was written" in result.stderr
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_import_and_restore_from_the_command_line(gpkg: Path, tmp_path: Path) -> None:
    root = copy_of_the_atlas(tmp_path / "mine")
    before = (root / "data/geojson/highways.geojson").read_bytes()
    result = run("import", "layer", str(gpkg), *OPTIONS, "--into", str(root))
    assert result.exit_code == 0, result.output
    assert len(open_catalog(root).layer("highways")) == 2
    listed = run("restore", "highways", "--list", "--format", "json", "--root", str(root))
    assert f'"features": {len(HOME.layer("highways"))}' in listed.stdout
    assert run("restore", "highways", "--root", str(root)).exit_code == 0
    assert (root / "data/geojson/highways.geojson").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["import", "layer", "roads.gpkg", "--as", "highways"],
        ["import", "layer", "roads.gpkg", "--as", "roads", "--dry-run"],
        ["import", "layer", "missing.gpkg", "--as", "highways", "--dry-run"],
        ["import", "layer", "roads.gpkg", "--as", "highways", "--map", "nothing", "--dry-run"],
        ["import", "osm", "missing.osm.pbf", "--dry-run"],
        ["import", "osm", "roads.gpkg", "--layers", "rivers", "--dry-run"],
        ["restore", "roads"],
        ["restore", "highways", "--number", "99"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_code_2(gpkg: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(gpkg.parent)
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_links_of_the_plan_that_lose_their_feature_are_told(gpkg: Path, tmp_path: Path) -> None:
    root = copy_of_the_atlas(tmp_path / "mine")
    lost = sum(link.layer == "highways" for link in HOME.plan.links)
    found = roads(gpkg)
    outcome = take_in({"highways": found.layer}, [found.source], open_catalog(root), Destination(into=root))
    assert f"highways: links of the plan to features that are gone: {lost}; --refine keeps them" in outcome.notes


def test_geoparquet_and_a_package_with_tables_beside_are_read(tmp_path: Path) -> None:
    road_frame().to_parquet(tmp_path / "roads.parquet")
    road_frame().to_file(tmp_path / "roads.gpkg", layer="roads", driver="GPKG")
    pyogrio.write_dataframe(pd.DataFrame({"style": ["x"]}), tmp_path / "roads.gpkg", layer="layer_styles", append=True)
    for name in ("roads.parquet", "roads.gpkg"):
        assert set(roads(tmp_path / name).layer.frame["name_zh"]) == {"人民路", "解放路"}


def test_a_file_of_several_layers_asks_which(tmp_path: Path) -> None:
    for name in ("a", "b"):
        road_frame().to_file(tmp_path / "roads.gpkg", layer=name, driver="GPKG")
    with pytest.raises(ImportDataError, match="has the layers a, b; name one with --sublayer"):
        roads(tmp_path / "roads.gpkg")
    assert len(roads(tmp_path / "roads.gpkg", sublayer="b").layer) == 2


@pytest.mark.parametrize("cut", range(20))
def test_a_broken_parquet_is_refused(tmp_path: Path, cut: int) -> None:
    road_frame().to_parquet(tmp_path / "roads.parquet")
    data = (tmp_path / "roads.parquet").read_bytes()
    (tmp_path / "roads.parquet").write_bytes(data[: len(data) * cut // 20])
    with pytest.raises(ImportDataError, match=r"roads\.parquet"):
        roads(tmp_path / "roads.parquet")
