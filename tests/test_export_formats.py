"""Every format is written, read back with another program and compared: geometry, attributes, Chinese, CRS, hash."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import ezdxf
import geopandas as gpd
import gtfs_kit
import networkx as nx
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from pyproj import Transformer
from shapely.geometry import Point

from atlas.base.errors import ExportError
from atlas.cli import cli
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.layer import Layer
from atlas.data.stamp import find_stamps, layers_hash, stamp
from atlas.exports.tables.crs import fit, reprojected, target_of
from atlas.exports.tables.fields import short_names
from atlas.exports.write import FORMATS, format_of, write, write_downloads

KEYS = ("railways", "rail_services", "stations", "ports")
CSV_LIMIT = 10**7


@pytest.fixture(scope="module")
def layers(catalog: Catalog) -> dict[str, Layer]:
    return {key: catalog.layer(key) for key in KEYS}


def ogr_rows(source: str, layer: str) -> list[dict[str, str]]:
    """Rows as GDAL's own command line sees them, with WKT."""
    done = subprocess.run(
        ["ogr2ogr", "-f", "CSV", "/vsistdout/", source, layer, "-lco", "GEOMETRY=AS_WKT"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    csv.field_size_limit(CSV_LIMIT)
    return list(csv.DictReader(io.StringIO(done.stdout.decode("utf-8-sig"))))


def ogr_info(source: str, layer: str) -> str:
    done = subprocess.run(["ogrinfo", "-so", source, layer], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


SOURCES = {
    "gpkg": ("a.gpkg", "{}", "ports"),
    "shp": ("a.shp.zip", "/vsizip/{}/ports.shp", "ports"),
    "gdb": ("a.gdb.zip", "/vsizip/{}/a.gdb", "ports"),
    "fgb": ("a.fgb", "{}", "ports"),
    "tab": ("a.tab.zip", "/vsizip/{}/ports.tab", "ports"),
    "geojson": ("a.geojson", "{}", "ports"),
}


@pytest.mark.parametrize("form", sorted(SOURCES))
@pytest.mark.parametrize("code", ["4326", "4490"])
def test_gdal_reads_the_same_places_names_and_numbers(form: str, code: str, catalog: Catalog, tmp_path: Path) -> None:
    if FORMATS[form].degrees:
        code = "4326"
    name, source, table = SOURCES[form]
    layer = catalog.layer("ports")
    write(layer, tmp_path / name, crs=code)
    rows = ogr_rows(source.format(tmp_path / name), table)
    # FlatGeobuf orders features by place.
    rows.sort(key=lambda row: row["id"])
    frame = layer.frame.sort_values("id", ignore_index=True)
    assert [row["id"] for row in rows] == list(frame["id"])
    assert [row["name_zh"] for row in rows] == list(frame["name_zh"])
    years = [None if row["opens_year"] == "" else int(row["opens_year"]) for row in rows]
    assert years == [None if pd.isna(year) else int(year) for year in frame["opens_year"]]
    shapes = gpd.GeoSeries.from_wkt([row["WKT"] for row in rows])
    expected = frame.geometry if code == "4326" else frame.to_crs(int(code)).geometry
    assert (shapes.distance(expected.set_crs(None, allow_override=True), align=False) < 1e-7).all()
    if form != "tab":
        assert code in ogr_info(source.format(tmp_path / name), table)


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"pmtiles"}))
def test_every_format_carries_the_hash_inside_or_beside(
    form: str, layers: dict[str, Layer], catalog: Catalog, tmp_path: Path
) -> None:
    thing: object = layers if FORMATS[form].many else layers["ports"]
    files = write(thing, tmp_path / f"a{FORMATS[form].endings[0]}", form=form, sources=catalog.sources)
    told = stamp(layers_hash(layers if FORMATS[form].many else {"ports": layers["ports"]}))
    beside = [file for file in files if file.name.endswith(".datapackage.json")]
    assert find_stamps(files[0]) == (told,)
    package = json.loads(beside[0].read_text("utf-8")) if beside else _inner(files[0])
    assert package["atlas-hash"] == told
    assert package["crs"]["code"] == "EPSG:4326"
    assert {one["name"] for one in package["sources"]} >= set(layers["ports"].frame["source"])
    assert all(one["licence"] for one in package["sources"])


def _inner(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, object] = json.loads(archive.read("datapackage.json"))
    return found


@pytest.mark.parametrize(
    "form", ["gpkg", "shp", "geojson", "geojsonseq", "kml", "csv", "xlsx", "gtfs", "qgz", "dxf", "fgb", "tab"]
)
def test_the_same_input_gives_the_same_bytes(form: str, layers: dict[str, Layer], tmp_path: Path) -> None:
    thing: object = layers if FORMATS[form].many else layers["ports"]
    made = []
    for name in ("one", "two"):
        files = write(thing, tmp_path / name / f"a{FORMATS[form].endings[0]}", form=form)
        made.append([file.read_bytes() for file in files])
    assert made[0] == made[1]


def test_the_geopackage_has_aliases_styles_and_every_table(layers: dict[str, Layer], tmp_path: Path) -> None:
    write(layers, tmp_path / "a.gpkg", crs=4490)
    with sqlite3.connect(tmp_path / "a.gpkg") as base:
        alias = base.execute("SELECT name FROM gpkg_data_columns WHERE column_name = 'name_zh'").fetchone()
        styles = dict(base.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall())
        types = dict(row[1:3] for row in base.execute("PRAGMA table_info(railways)"))
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    base.close()
    assert alias == ("中文名",)
    assert set(styles) == set(KEYS)
    assert types["opens_year"] in ("INTEGER", "MEDIUMINT")
    rules = ET.fromstring(styles["railways"].split("\n", 1)[1]).findall(".//rule/..//rule")
    kinds = set(layers["railways"].frame["kind"])
    assert {kind for kind in kinds for rule in rules if f"'{kind}'" in rule.get("filter", "")} == kinds


def test_each_feature_falls_under_exactly_one_rule_of_its_style(layers: dict[str, Layer], tmp_path: Path) -> None:
    from atlas.exports.families.styles import rules_of
    from atlas.exports.tables.bundle import gather

    for table in gather(layers).spatial:
        wheres = [rule.where for rule in rules_of(table)]
        with sqlite3.connect(":memory:") as base:
            table.frame[["kind", "status"]].to_sql("t", base, index=False)
            counts = [base.execute(f"SELECT count(*) FROM t WHERE {where}").fetchone()[0] for where in wheres]
        base.close()
        assert sum(counts) == len(table.frame)
        assert all(counts)


def test_the_project_opens_the_package_beside_it_by_a_relative_path(layers: dict[str, Layer], tmp_path: Path) -> None:
    project, package, _ = write(layers, tmp_path / "a.qgz")
    with zipfile.ZipFile(project) as archive:
        root = ET.fromstring(archive.read("a.qgs").split(b"\n", 1)[1])
    made = root.findall("projectlayers/maplayer")
    assert {one.findtext("datasource") for one in made} == {f"./{package.name}|layername={key}" for key in KEYS}
    ids = [one.findtext("id") for one in made]
    assert sorted(ids) == sorted(one.get("id") for one in root.findall(".//layer-tree-layer"))  # type: ignore[type-var]
    assert all(len(one or "") > 10 for one in ids)
    symbols = {one.get("name") for one in made[0].findall("renderer-v2/symbols/symbol")}
    assert {rule.get("symbol") for rule in made[0].findall("renderer-v2/rules/rule")} == symbols


def test_a_geodatabase_keeps_integers_and_aliases(layers: dict[str, Layer], tmp_path: Path) -> None:
    write(layers, tmp_path / "a.gdb.zip")
    told = ogr_info(f"/vsizip/{tmp_path}/a.gdb.zip/a.gdb", "railways")
    assert "opens_year: Integer (" in told
    assert 'alternative name="中文名"' in told


def test_shapefiles_in_gbk_say_so_and_read_back(catalog: Catalog, tmp_path: Path) -> None:
    write(catalog.layer("ports"), tmp_path / "a.shp.zip", encoding="gbk")
    with zipfile.ZipFile(tmp_path / "a.shp.zip") as archive:
        assert archive.read("ports.cpg") == b"GBK"
        first = str(catalog.layer("ports").frame["name_zh"].iloc[0])
        assert first.encode("gbk") in archive.read("ports.dbf")
    rows = ogr_rows(f"/vsizip/{tmp_path}/a.shp.zip/ports.shp", "ports")
    assert rows[0]["name_zh"] == first


def test_a_character_outside_gbk_is_refused_with_the_way_out(catalog: Catalog, tmp_path: Path) -> None:
    ports = catalog.layer("ports")
    strange = Layer(ports.spec, ports.frame.assign(name_zh="𠮷港"))
    with pytest.raises(ExportError, match="--encoding utf-8"):
        write(strange, tmp_path / "a.shp.zip", encoding="gbk")
    assert not list(tmp_path.iterdir())


def test_long_texts_are_cut_between_characters_and_counted(catalog: Catalog, tmp_path: Path) -> None:
    ports = catalog.layer("ports")
    write(Layer(ports.spec, ports.frame.assign(name_zh="港" * 100)), tmp_path / "a.shp.zip")
    assert {row["name_zh"] for row in ogr_rows(f"/vsizip/{tmp_path}/a.shp.zip/ports.shp", "ports")} == {"港" * 84}
    assert any("name_zh" in note for note in _inner(tmp_path / "a.shp.zip")["notes"])  # type: ignore[attr-defined]


def test_short_names_differ_and_fit() -> None:
    names = [f"position_error_{number}" for number in range(30)]
    short = short_names(names)
    assert len({one.lower() for one in short.values()}) == 30
    assert all(len(one) <= 10 and one.isascii() for one in short.values())


def test_geoparquet_reads_back_in_geopandas_with_its_crs(catalog: Catalog, tmp_path: Path) -> None:
    rail = catalog.layer("railways")
    write(rail, tmp_path / "a.parquet", crs=4490)
    back = gpd.read_parquet(tmp_path / "a.parquet")
    assert back.crs.to_epsg() == 4490
    assert list(back["name_zh"]) == list(rail.frame["name_zh"])
    assert (back.geometry.geom_equals_exact(rail.frame.to_crs(4490).geometry.set_crs(back.crs), 1e-9)).all()


def test_excel_shows_texts_as_texts_and_no_formula(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name_zh": ["=1+1", "珠海"], "minutes": [1.5, float("nan")]})
    write(frame, tmp_path / "a.xlsx", name="t")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    rows = list(book["t"].iter_rows())
    assert [cell.value for cell in rows[1]] == ["=1+1", 1.5]
    assert rows[1][0].data_type == "s"
    assert rows[2][1].value is None
    write(frame, tmp_path / "a.csv", name="t")
    content = (tmp_path / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "'=1+1" in content.decode("utf-8")


@pytest.mark.parametrize(
    ("package", "ending", "extra"),
    [("openpyxl", ".xlsx", "excel"), ("ezdxf", ".dxf", "dxf"), ("pyarrow", ".parquet", "parquet")],
)
def test_a_missing_extra_is_named_and_nothing_stays(
    package: str, ending: str, extra: str, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExportError, match=rf"zhuxi-atlas\[{extra}\]"):
        write(catalog.layer("ports"), tmp_path / f"a{ending}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".dxf", ".kml", ".gpkg"])
def test_rows_without_geometry_are_written_as_such(ending: str, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"edge_id": ["a", "b"]}, geometry=[Point(113, 22), None], crs=4326)
    files = write(frame, tmp_path / f"a{ending}", name="edges")
    assert files[0].stat().st_size


def test_drawings_hold_geometry_labels_and_coloured_layers(catalog: Catalog, tmp_path: Path) -> None:
    ports = catalog.layer("ports")
    write(ports, tmp_path / "a.dxf")
    drawing = ezdxf.readfile(tmp_path / "a.dxf")
    assert not drawing.audit().errors
    points = [(one.dxf.location.x, one.dxf.location.y) for one in drawing.modelspace().query("POINT")]
    assert sorted(points) == sorted((shape.x, shape.y) for shape in ports.frame.geometry)
    labels = {one.dxf.text for one in drawing.modelspace().query("TEXT")}
    assert labels == {name for name in ports.frame["name_zh"] if name}


def test_kml_is_read_by_gdal_with_names_and_spans(catalog: Catalog, tmp_path: Path) -> None:
    write(catalog.layer("airports"), tmp_path / "a.kmz")
    with zipfile.ZipFile(tmp_path / "a.kmz") as archive:
        root = ET.fromstring(archive.read("doc.kml"))
    space = {"k": "http://www.opengis.net/kml/2.2"}
    marks = root.findall(".//k:Placemark", space)
    frame = catalog.layer("airports").frame
    assert {mark.findtext("k:name", namespaces=space) for mark in marks} == set(frame["name_zh"])
    styles = {f"#{one.get('id')}" for one in root.findall(".//k:Style", space)}
    assert {mark.findtext("k:styleUrl", namespaces=space) for mark in marks} <= styles
    dated = frame["opened"].notna() | frame["opens_year"].notna()
    assert len(root.findall(".//k:TimeSpan", space)) == int(dated.sum())
    whole = subprocess.run(["ogrinfo", "-q", str(tmp_path / "a.kmz")], capture_output=True, check=True, timeout=60)
    assert whole.stdout


def test_a_gtfs_feed_holds_the_minutes_and_trains_of_the_layer(layers: dict[str, Layer], tmp_path: Path) -> None:
    write(layers, tmp_path / "a.gtfs.zip")
    feed = gtfs_kit.read_feed(tmp_path / "a.gtfs.zip", dist_units="km")
    services = layers["rail_services"].frame
    running = services[(services["status"] == "operating") & (services["trains_per_day"] > 0)].set_index("id")
    assert set(feed.trips["trip_id"]) == set(running.index)
    assert set(feed.stop_times["stop_id"]) == set(feed.stops["stop_id"])
    assert set(feed.routes["route_id"]) == set(feed.trips["route_id"])
    for trip, rows in feed.stop_times.sort_values("stop_sequence").groupby("trip_id"):
        seconds = [gtfs_kit.helpers.timestr_to_seconds(text) for text in rows["arrival_time"]]
        minutes = [(second - seconds[0]) / 60 for second in seconds]
        assert minutes == [float(part) for part in running.loc[trip, "elapsed_min"].split(";")]
    often = feed.frequencies.set_index("trip_id")
    to_s = gtfs_kit.helpers.timestr_to_seconds
    trains = (often["end_time"].map(to_s) - often["start_time"].map(to_s)) / often["headway_secs"]
    assert (trains - running["trains_per_day"]).abs().max() < 0.01
    assert set(often["exact_times"]) == {0}


def test_a_gtfs_route_is_a_line_with_two_directions_headsigns_and_the_course_of_its_tracks(
    layers: dict[str, Layer], tmp_path: Path
) -> None:
    write(layers, tmp_path / "a.gtfs.zip")
    feed = gtfs_kit.read_feed(tmp_path / "a.gtfs.zip", dist_units="km")
    services = layers["rail_services"].frame.set_index("id")
    assert len(feed.routes) < len(feed.trips) / 4
    trips = feed.trips.set_index("trip_id")
    there, back = (services.index[services["station_ids"] == text][0] for text in (
        "gz_south;zhongshan;zhuhai", "zhuhai;zhongshan;gz_south"
    ))  # fmt: skip
    assert trips.loc[there, "route_id"] == trips.loc[back, "route_id"]
    assert {trips.loc[there, "direction_id"], trips.loc[back, "direction_id"]} == {0, 1}
    assert (trips.loc[there, "trip_headsign"], trips.loc[back, "trip_headsign"]) == ("珠海", "广州南")
    shape = feed.shapes[feed.shapes["shape_id"] == trips.loc[there, "shape_id"]].sort_values("shape_pt_sequence")
    assert len(shape) > 10
    ends = feed.stops.set_index("stop_id").loc[["gz_south", "zhuhai"], ["stop_lon", "stop_lat"]].to_numpy()
    assert shape[["shape_pt_lon", "shape_pt_lat"]].to_numpy()[[0, -1]].tolist() == ends.tolist()
    assert set(feed.agency["agency_id"]) >= set(feed.routes["agency_id"])


def test_a_feed_written_and_imported_again_has_the_same_times_and_trains(
    layers: dict[str, Layer], tmp_path: Path
) -> None:
    write(layers, tmp_path / "a.gtfs.zip")
    done = CliRunner().invoke(cli, ["import", "gtfs", str(tmp_path / "a.gtfs.zip"), "--dry-run"])
    assert done.exit_code == 0, done.stderr
    count = len(layers["rail_services"])
    assert f"services: {count}, ferries: 0, of trips: {count}" in done.stderr


def test_downloads_are_the_same_bytes_each_time_and_carry_their_hashes(catalog: Catalog, tmp_path: Path) -> None:
    matrix = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "travel_time_min": [61.5]})
    mark = "0123456789ab-ba9876543210"
    made = []
    for name in ("one", "two"):
        files = write_downloads(tmp_path / name, catalog, matrix, (), mark=mark)
        made.append({file.name: file.read_bytes() for file in files})
    assert made[0] == made[1]
    assert {"atlas.gpkg", "matrix.xlsx", "matrix.csv", "rail.gtfs.zip"} <= set(made[0])
    assert find_stamps(tmp_path / "one" / "matrix.xlsx") == (mark,)
    assert find_stamps(tmp_path / "one" / "atlas.gpkg") == (stamp(layers_hash(catalog.layers())),)


def test_tiles_hold_the_features(catalog: Catalog, tmp_path: Path) -> None:
    files = write(catalog.layer("airports"), tmp_path / "a.pmtiles")
    assert files[0].read_bytes()[:7] == b"PMTiles"
    tiles = gpd.read_file(files[0])
    assert set(tiles["id"]) == set(catalog.layer("airports").frame["id"])
    assert find_stamps(files[0]) == find_stamps(files[1])


CONTROLS = {"珠海金湾机场": (113.376, 22.0064), "江门站": (113.0653, 22.491), "114° E": (114.0, 22.3)}


@pytest.mark.parametrize("place", sorted(CONTROLS))
@pytest.mark.parametrize("code", [4490, 4547, 4526, 4326, 2326, 8433])
def test_control_points_land_where_pyproj_puts_them_with_x_east(place: str, code: int, tmp_path: Path) -> None:
    lon, lat = CONTROLS[place]
    frame = gpd.GeoDataFrame({"name_zh": [place]}, geometry=[Point(lon, lat)], crs=4326)
    if code in (2326, 8433):
        with pytest.raises(ExportError, match="4490"):
            write(gpd.GeoDataFrame(frame, geometry=[Point(111.9, 21.8)]), tmp_path / "a.gpkg", crs=code, name="p")
        target = target_of(code)
        back = reprojected(frame, target)
    else:
        write(frame, tmp_path / "a.gpkg", crs=code, name="p")
        back = gpd.read_file(tmp_path / "a.gpkg")
    x, y = Transformer.from_crs(4326, code, always_xy=True).transform(lon, lat)
    tolerance = 0.01 if back.crs.is_projected else 1e-7
    assert abs(back.geometry[0].x - x) < tolerance
    assert abs(back.geometry[0].y - y) < tolerance
    if code == 4547:
        assert 400_000 < back.geometry[0].x <= 500_000.01
        assert 2_400_000 < back.geometry[0].y < 2_550_000
    if code == 4526:
        assert 38_400_000 < back.geometry[0].x <= 38_500_000.01


def test_the_belt_of_111_has_its_origin_at_500_kilometres_east() -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(111.0, 22.0)], crs=4326)
    assert reprojected(frame, target_of(4546)).geometry[0].x == pytest.approx(500_000, abs=0.01)
    assert reprojected(frame, target_of(4525)).geometry[0].x == pytest.approx(37_500_000, abs=0.01)


def test_yangjiang_in_4547_is_refused_and_4546_suggested(tmp_path: Path) -> None:
    yangjiang = gpd.GeoDataFrame({"name_zh": ["阳江"]}, geometry=[Point(111.98, 21.86)], crs=4326)
    with pytest.raises(ExportError, match="EPSG:4546") as told:
        write(yangjiang, tmp_path / "a.gpkg", crs=4547, name="p")
    assert "阳江" in str(told.value)
    assert not list(tmp_path.iterdir())


def test_splitting_writes_each_point_in_one_belt_and_keeps_every_length(catalog: Catalog, tmp_path: Path) -> None:
    rail = catalog.layer("railways")
    pieces = fit({"railways": rail.frame}, target_of(4547), "split")
    assert [piece.key for piece, _ in pieces] == ["4546", "4547"]
    total = sum(float(frames["railways"].length.sum()) for _, frames in pieces)
    inside = shapely.intersection(rail.frame.geometry.to_numpy(), shapely.box(109.5, 0, 115.5, 90))
    assert total == pytest.approx(float(shapely.length(inside).sum()), rel=1e-9)
    files = write(catalog.layer("stations"), tmp_path / "a.gpkg", crs=4547, outside="split")
    names = [file.name for file in files if file.suffix == ".gpkg"]
    assert names == ["a-4546.gpkg", "a-4547.gpkg"]
    counts = [len(gpd.read_file(tmp_path / name)) for name in names]
    assert sum(counts) == len(catalog.layer("stations"))


def test_shifted_coordinates_come_only_on_request_and_say_so(catalog: Catalog, tmp_path: Path) -> None:
    ports = catalog.layer("ports")
    files = write(ports, tmp_path / "a.geojson", crs="GCJ-02")
    assert files[0].name == "a.GCJ-02.geojson"
    assert "GCJ-02" in files[0].read_text("utf-8")
    package = json.loads(files[1].read_text("utf-8"))
    assert package["crs"]["shifted"] is True
    moved = gpd.read_file(files[0]).geometry.distance(ports.frame.geometry)
    assert (moved > 0.003).all()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere", "-o", "a.gpkg"], "nothing is called"),
        (["ports", "-o", "a.unknown"], "ending"),
        (["ports", "-o", "a.gpkg", "--crs", "3857"], "7.9 %"),
        (["ports", "-o", "a.gpkg", "--crs", "nonsense"], "no coordinate system"),
        (["ports", "-o", "a.geojson", "--crs", "4490"], "WGS 84 only"),
        (["ports", "-o", "a.gtfs.zip"], "rail services"),
        (["scenario", "-o", "a.kml"], "no geometry"),
        (["reach", "-o", "a.gpkg"], "needs a place"),
        (["ports", "-o", "a.csv", "--encoding", "gbk"], "always UTF-8"),
    ],
)
def test_bad_requests_exit_with_2_and_leave_nothing(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["export", *arguments])
    assert done.exit_code == 2
    assert told in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("land", "-o", "a.gdb"), ("ports", "--format", "gpkg", "-o", "a.own")])
def test_nothing_is_said_of_what_is_meant_to_be(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["export", *words], env={"LC_ALL": "C"})
    assert (done.exit_code, done.stderr) == (0, f"wrote {words[-1]}\nwrote {words[-1]}.datapackage.json\n")


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_text("mine")
    arguments = ["export", "ports", "-o", str(place)]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert place.read_text() == "mine"
    assert CliRunner().invoke(cli, [*arguments, "--overwrite"]).exit_code == 0
    assert place.read_bytes().startswith(b"\xef\xbb\xbfid,")


def test_endings_name_formats_and_every_choice_of_the_command_is_a_format() -> None:
    from atlas.cli.options import EXPORTS

    assert set(EXPORTS) == set(FORMATS)
    for one in FORMATS.values():
        assert all(format_of(Path(f"x{end}")) == one for end in one.endings)


def test_a_geojson_sequence_holds_one_feature_a_line_and_gdal_reads_it(tmp_path: Path) -> None:
    ports = open_catalog().layer("ports")
    (path, *_) = write(ports, tmp_path / "ports.geojsonl")
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip("\x1e ")]
    assert len(lines) == len(ports.frame)
    back = gpd.read_file(f"GeoJSONSeq:{path}")
    assert back["name_zh"].tolist() == ports.frame["name_zh"].tolist()
    assert back.geometry.geom_equals_exact(ports.frame.geometry, 1e-6).all()


def test_the_network_is_exported_as_graphml_too(tmp_path: Path) -> None:
    path = tmp_path / "network.graphml"
    result = CliRunner().invoke(cli, ["export", "network", "-o", str(path), "--mode", "drive"])
    assert result.exit_code == 0, result.output
    graph = nx.read_graphml(path)
    assert graph.number_of_edges() > 1000
    assert all(minutes >= 0 for *_, minutes in graph.edges(data="travel_time_min"))
