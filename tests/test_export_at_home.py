"""What other desks trip over: systems that are not claimed, texts cut whole, validators, drawings, filters, memory."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import subprocess
import tracemalloc
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow.parquet
import pytest
import shapely

from atlas.base.errors import ExportError, ImportDataError
from atlas.base.style import TIME_RAMP
from atlas.data.catalog import Catalog
from atlas.data.layer import Layer
from atlas.exports.families.postgis import database_of
from atlas.exports.tables.bundle import gather
from atlas.exports.write import write
from atlas.imports.vector import Origin, read_vector

#: Where Debian's python3-gdal, which gdal-bin brings, keeps GDAL's own validator.
VALIDATOR = Path("/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_gpkg.py")


def named(layer: Layer, *names: str) -> Layer:
    """The layer's first rows under other Chinese names."""
    frame = layer.frame.head(len(names)).copy()
    frame["name_zh"] = list(names)
    return replace(layer, frame=frame)


def info(source: str) -> str:
    return subprocess.run(["ogrinfo", "-so", "-al", source], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.gpkg", "{}"),
        ("a.fgb", "{}"),
        ("a.shp.zip", "/vsizip/{}"),
        ("a.gdb.zip", "/vsizip/{}"),
        ("a.geojson", "{}"),
    ],
)
def test_shifted_coordinates_claim_no_system(catalog: Catalog, tmp_path: Path, name: str, source: str) -> None:
    first, *_ = write(catalog.layer("ports"), tmp_path / name, crs="GCJ-02")
    told = info(source.format(first)).partition("Layer name: ports")[2]
    system = told.partition("Layer SRS WKT:\n")[2].partition("FID Column")[0].partition("id: ")[0]
    none = ("(unknown)", 'ENGCRS["Undefined', 'LOCAL_CS["Undefined', 'GEOGCRS["Undefined', 'ENGCRS["GCJ-02')
    assert system.startswith(none), system


def test_a_shifted_geojson_comes_back_where_it_was_and_not_unless_its_shift_is_named(
    catalog: Catalog, tmp_path: Path
) -> None:
    ports = catalog.layer("ports")
    first, *_ = write(ports, tmp_path / "a.geojson", crs="GCJ-02")
    about = Origin("2026-01-01")
    with pytest.raises(ImportDataError, match=r"GCJ-02 .shifted, not WGS 84.*--gcj02"):
        read_vector(first, ports.spec, origin=about)
    back = read_vector(first, ports.spec, origin=about, shift="gcj02").layer.frame.set_index("id").geometry
    there = ports.frame.set_index("id").geometry
    assert (shapely.distance(back, there.loc[back.index]) < 2e-6).all()
    assert len(back) == len(there)


@pytest.mark.parametrize("name", ["a.kml", "a.geojsonl"])
def test_what_always_means_wgs84_is_not_written_shifted(catalog: Catalog, tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="always means WGS 84"):
        write(catalog.layer("ports"), tmp_path / name, crs="GCJ-02")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_long_text_in_mapinfo_is_cut_between_characters(catalog: Catalog, tmp_path: Path, encoding: str) -> None:
    long = "a" + "港" * 200
    layer = named(catalog.layer("ports"), long, "短")
    first, *_ = write(layer, tmp_path / "a.tab.zip", encoding=encoding)
    done = subprocess.run(
        ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", f"/vsizip/{first}/ports.tab"], capture_output=True, check=True
    )
    held = [one["properties"]["name_zh"] for one in json.loads(done.stdout.decode("utf-8"))["features"]]
    assert held == [long[: 1 + 253 // len("港".encode(encoding))], "短"]
    with zipfile.ZipFile(first) as archive:
        assert f"1 texts cut to 254 bytes of {encoding}" in archive.read("datapackage.json").decode()


def test_gbk_takes_a_sign_it_lacks_without_its_accents_and_names_one_it_cannot(
    catalog: Catalog, tmp_path: Path
) -> None:
    ports = catalog.layer("ports")
    first, *_ = write(named(ports, "São João 码头", "二"), tmp_path / "a.shp.zip", encoding="gbk")
    assert gpd.read_file(f"zip://{first}!ports.shp")["name_zh"].tolist() == ["Sao Joao 码头", "二"]
    with zipfile.ZipFile(first) as archive:
        assert "without their accents" in archive.read("datapackage.json").decode()
    with pytest.raises(ExportError, match=r"row 2, name_zh: '𠮷' in '𠮷港' is not in GBK; .*--encoding utf-8"):
        write(named(ports, "一", "𠮷港"), tmp_path / "b.shp.zip", encoding="gbk")


def findings(path: Path) -> list[str]:
    """What GDAL's validator of GeoPackages finds."""
    spec = importlib.util.spec_from_file_location("validate_gpkg", VALIDATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[Any] = module.check(str(path), abort_at_first_error=False)
    return [str(one) for one in found]


#: Properties of each type, as Esri's specification of its Cartographic Information Model names them (version 3).
CIM = {
    "CIMLayerDocument": "version layers layerDefinitions",
    "CIMGroupLayer": "name uRI description expanded layerType showLegends visibility layers",
    "CIMFeatureLayer": "name uRI description expanded layerType showLegends visibility featureTable selectable "
    "renderer scaleSymbols labelClasses labelVisibility",
    "CIMFeatureTable": "displayField editable fieldDescriptions dataConnection",
    "CIMFieldDescription": "fieldName alias visible",
    "CIMStandardDataConnection": "workspaceConnectionString workspaceFactory dataset datasetType",
    "CIMUniqueValueRenderer": "fields groups useDefaultSymbol",
    "CIMUniqueValueGroup": "heading classes",
    "CIMUniqueValueClass": "label symbol values visible",
    "CIMUniqueValue": "fieldValues",
    "CIMClassBreaksRenderer": "classBreakType classificationMethod field minimumBreak breaks",
    "CIMClassBreak": "label upperBound symbol",
    "CIMSimpleRenderer": "label symbol",
    "CIMSymbolReference": "symbol",
    "CIMPointSymbol": "symbolLayers",
    "CIMLineSymbol": "symbolLayers",
    "CIMPolygonSymbol": "symbolLayers",
    "CIMVectorMarker": "enable anchorPointUnits size frame markerGraphics scaleSymbolsProportionally respectFrame",
    "CIMMarkerGraphic": "geometry symbol",
    "CIMSolidStroke": "enable capStyle joinStyle width color effects",
    "CIMSolidFill": "enable color",
    "CIMGeometricEffectDashes": "dashTemplate lineDashEnding",
    "CIMRGBColor": "values",
    "CIMLabelClass": "name expression expressionEngine featuresToLabel minimumScale priority textSymbol useCodedValue "
    "visibility whereClause",
    "CIMTextSymbol": "fontFamilyName height haloSize haloSymbol symbol",
}


def objects(value: Any) -> list[dict[str, Any]]:
    """Every typed object in JSON values."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [one for part in inside for one in objects(part)]
    return [value, *found] if isinstance(value, dict) and "type" in value else found


def colours(value: Any) -> set[tuple[int, ...]]:
    """Every ink in a CIM symbol."""
    return {tuple(one["values"][:3]) for one in objects(value) if one["type"] == "CIMRGBColor"}


def test_a_layer_file_of_arcgis_has_the_classes_and_inks_of_the_style_in_qgis(catalog: Catalog, tmp_path: Path) -> None:
    keys = ("highways", "places", "ports", "water")
    path, package, _ = write(catalog.layers(*keys), tmp_path / "a.lyrx")
    document = json.loads(path.read_text("utf-8"))
    for one in objects(document):
        assert set(one) - {"type"} <= set(CIM[one["type"]].split()), one["type"]
    group, *layers = document["layerDefinitions"]
    assert document["layers"] == [group["uRI"]]
    assert group["layers"] == [layer["uRI"] for layer in layers]
    base = sqlite3.connect(package)
    styles = dict(base.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall())
    for layer in layers:
        source = layer["featureTable"]["dataConnection"]
        assert source["workspaceConnectionString"].endswith(f"DATABASE=.\\{package.name}")
        table = source["dataset"].removeprefix("main.")
        style = ET.fromstring(styles[table].partition("\n")[2])
        rules = {rule.get("label"): rule.get("symbol") for rule in style.iter("rule") if rule.get("symbol")}
        (renderer,) = [one for one in objects(layer) if one["type"].endswith("Renderer")]
        classes = [one for one in objects(renderer) if one["type"] == "CIMUniqueValueClass"] or [renderer]
        assert [one["label"] for one in classes] == list(rules)
        for one in classes:
            symbol = style.find(f"./renderer-v2/symbols/symbol[@name='{rules[one['label']]}']")
            assert symbol is not None
            inks = {
                tuple(map(int, str(part.get("v")).split(",")[:3]))
                for part in symbol.iter("prop")
                if str(part.get("k")).endswith("color")
            }
            assert colours(one["symbol"]) == inks
        if classes != [renderer]:
            pairs = [tuple(value["fieldValues"]) for one in classes for value in one["values"]]
            assert len(pairs) == len(set(pairs))
            there = base.execute(f'SELECT DISTINCT kind, status FROM "{table}"').fetchall()
            assert set(there) <= set(pairs)
        denominators = [float(rule.get("scalemaxdenom", 0)) for rule in style.iter("rule") if rule.get("scalemaxdenom")]
        assert [one["minimumScale"] for one in layer["labelClasses"]] == denominators


def test_a_reach_in_arcgis_is_coloured_by_the_bands_of_minutes(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"id": ["a"], "travel_time_min": [40.0]}, geometry=[shapely.Point(113.5, 22.3)], crs=4326)
    path, *_ = write(frame, tmp_path / "a.lyrx", name="reached")
    (renderer,) = [one for one in objects(json.loads(path.read_text("utf-8"))) if one["type"].endswith("Renderer")]
    assert renderer["field"] == "travel_time_min"
    assert [one["upperBound"] for one in renderer["breaks"]] == [band.to_min for band in TIME_RAMP]
    assert renderer["minimumBreak"] == TIME_RAMP[0].from_min


def test_a_layer_without_a_feature_is_a_layer_without_a_class(catalog: Catalog, tmp_path: Path) -> None:
    ports = catalog.layer("ports")
    bare = replace(ports, frame=ports.frame.iloc[:0])
    path, *_ = write({"ports": bare, "airports": catalog.layer("airports")}, tmp_path / "a.lyrx")
    classes = [
        len([one for one in objects(layer) if one["type"] == "CIMUniqueValueClass"])
        for layer in json.loads(path.read_text("utf-8"))["layerDefinitions"][1:]
    ]
    assert min(classes) == 0
    assert max(classes) > 0


def test_gdals_validator_finds_nothing_in_a_geopackage_and_stations_belong_to_services(
    catalog: Catalog, tmp_path: Path
) -> None:
    keys = ("rail_services", "railways", "stations", "highways", "interchanges")
    path, *_ = write(catalog.layers(*keys), tmp_path / "a.gpkg")
    assert findings(path) == []
    base = sqlite3.connect(path)
    told = base.execute(
        "SELECT base_table_name, related_table_name, mapping_table_name FROM gpkgext_relations"
    ).fetchall()
    assert ("rail_services", "stations", "rail_services_station_ids") in told
    services = catalog.layer("rail_services").frame
    pairs = base.execute(
        "SELECT s.id, t.id FROM rail_services s JOIN rail_services_station_ids m ON s.fid = m.base_id "
        "JOIN stations t ON t.fid = m.related_id"
    ).fetchall()
    known = set(catalog.layer("stations").frame["id"])
    wanted = {(row.id, one) for row in services.itertuples() for one in row.station_ids.split(";") if one in known}
    assert set(pairs) == wanted
    # what it finds where something is wrong
    base.execute("DROP TABLE gpkgext_relations")
    base.commit()
    base.close()
    assert findings(path)


def test_the_project_has_its_system_and_labels_from_afar_to_near(catalog: Catalog, tmp_path: Path) -> None:
    path, *_ = write(catalog.layers("places", "ports"), tmp_path / "a.qgz", crs=4490)
    with zipfile.ZipFile(path) as archive:
        root = ET.fromstring(archive.read(next(name for name in archive.namelist() if name.endswith(".qgs"))))
    assert root.findtext("properties/SpatialRefSys/ProjectionsEnabled") == "1"
    assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:4490"
    view = root.find("ProjectViewSettings/DefaultViewExtent")
    assert view is not None
    assert float(view.get("xmin", "nan")) < float(view.get("xmax", "nan"))
    rules = root.findall(".//labeling/rules/rule")
    assert len(rules) == 4
    assert all(int(rule.get("scalemindenom", "0")) < int(rule.get("scalemaxdenom", "0")) for rule in rules)
    seats = [rule for rule in rules if "prefecture" in rule.get("filter", "")]
    assert int(seats[0].get("scalemaxdenom", "0")) >= 3_000_000


def test_geoparquet_has_a_box_for_each_row_by_which_readers_choose(catalog: Catalog, tmp_path: Path) -> None:
    roads = catalog.layer("highways")
    path, *_ = write(roads, tmp_path / "a.parquet")
    geo = json.loads(pyarrow.parquet.read_schema(path).metadata[b"geo"])
    assert geo["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    box = (113.0, 22.0, 113.5, 22.5)
    found = gpd.read_parquet(path, bbox=box)
    bounds = roads.frame.bounds
    inside = (bounds.minx <= box[2]) & (bounds.maxx >= box[0]) & (bounds.miny <= box[3]) & (bounds.maxy >= box[1])
    assert 0 < int(inside.sum()) < len(roads)
    assert found["id"].tolist() == roads.frame.loc[inside, "id"].tolist()


def test_a_drawing_names_a_code_page_of_chinese_and_reads_back(catalog: Catalog, tmp_path: Path) -> None:
    path, *_ = write(catalog.layer("ports"), tmp_path / "a.dxf", crs=4490)
    assert b"ANSI_936" in path.read_bytes()[:4000]
    texts = [one.dxf.text for one in ezdxf.readfile(path).modelspace().query("TEXT")]
    assert texts == catalog.layer("ports").frame["name_zh"].tolist()


def test_every_sheet_with_columns_has_its_head_frozen_and_filters_over_all_rows(
    catalog: Catalog, tmp_path: Path
) -> None:
    ports = catalog.layer("ports")
    path, *_ = write(ports, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    for name in ("ports", "fields"):
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
    assert book["ports"].max_row == len(ports) + 1


def test_kml_of_many_roads_is_written_in_the_memory_of_few(catalog: Catalog, tmp_path: Path) -> None:
    roads = catalog.layer("highways")
    lines = shapely.linestrings(np.random.default_rng(0).uniform(112, 114, (100, 300, 2)))
    frame = roads.frame.iloc[np.arange(100) % len(roads)].copy().set_geometry(lines, crs=4326)
    frame["id"] = [f"r{number}" for number in range(100)]
    many = replace(roads, frame=frame.reset_index(drop=True))
    bundle = gather(many, sources={})
    tracemalloc.start()
    path, *_ = write(bundle, tmp_path / "a.kml", sources={})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.stat().st_size > 900_000
    assert peak < 700_000
    assert path.read_text("utf-8").count("<Placemark>") == 100
    ET.parse(path)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:s3cret@127.0.0.1:1/gis?schema=atlas",
        "postgres://me@127.0.0.1:1/gis?password=s3cret",
        "pg:dbname=gis user=me host=127.0.0.1 port=1 password=s3cret schema=atlas",
    ],
)
def test_a_database_that_is_not_there_is_said_without_the_password(catalog: Catalog, address: str) -> None:
    with pytest.raises(ExportError, match="nothing was changed") as refused:
        write(catalog.layer("ports"), address)
    assert "s3cret" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)
    assert "s3cret" not in repr(database_of(address))


def test_a_schema_is_a_plain_name(catalog: Catalog) -> None:
    assert database_of("postgresql://host/gis").schema == "public"
    assert database_of("PG:dbname=gis active_schema=land").schema == "land"
    with pytest.raises(ExportError, match="no name of a schema"):
        write(catalog.layer("ports"), 'postgresql://host/gis?schema=a";drop')
