"""Layers: what is read is what was written, bad files say what is wrong, the build is deterministic."""

from __future__ import annotations

import csv
import itertools
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from atlas.base.errors import ExportError, LayerError
from atlas.base.geodesy import distances_km
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.declaration import read_spec
from atlas.data.layer import Layer, layer_text, read_layer, write_layer

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT / "data" / "facts"
CATALOG = open_catalog(ROOT)
STATIONS = CATALOG.specs["stations"]


def stations_json() -> dict[str, Any]:
    """The first two stations, as JSON."""
    raw: dict[str, Any] = json.loads(CATALOG.path("stations").read_text("utf-8"))
    return raw | {"features": raw["features"][:2]}


def rows(name: str) -> list[dict[str, str]]:
    with (FACTS / f"{name}.csv").open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    return CATALOG.layers()


@pytest.mark.parametrize("key", CATALOG.specs)
def test_writing_a_layer_gives_the_file_it_was_read_from(key: str) -> None:
    assert layer_text(CATALOG.layer(key)) == CATALOG.path(key).read_text("utf-8")


@pytest.mark.parametrize("key", CATALOG.specs)
def test_a_layer_has_its_columns_in_order_and_their_types(layers: dict[str, Layer], key: str) -> None:
    frame = layers[key].frame
    assert tuple(frame.columns) == (*CATALOG.specs[key].column_names, "geometry")
    assert frame.crs.to_epsg() == 4326
    for column in CATALOG.specs[key].columns:
        kind = {"string": object, "float": "float64", "integer": "Int64", "boolean": "bool"}[column.type]
        assert frame[column.name].dtype == kind
        if column.type == "string":
            assert all(value is None or isinstance(value, str) for value in frame[column.name])


@pytest.mark.parametrize("key", ["land", "water"])
def test_rings_follow_the_right_hand_rule(layers: dict[str, Layer], key: str) -> None:
    for part in shapely.get_parts(layers[key].frame.geometry.values):
        assert shapely.is_ccw(part.exterior)
        assert not any(shapely.is_ccw(ring) for ring in part.interiors)


def test_every_river_is_one_water_down_to_the_sea_or_the_river_it_joins(layers: dict[str, Layer]) -> None:
    land = shapely.union_all(layers["land"].frame.geometry.values)
    rivers = layers["water"].frame.query("kind == 'river'").set_index("id").geometry
    told = {f"river_{row['id']}": row for row in rows("rivers")}
    assert set(rivers.index) == set(told)
    sea = shapely.difference(shapely.box(*shapely.union_all(rivers.values).bounds), land)
    parts = shapely.get_parts(shapely.union_all([sea, *shapely.buffer(rivers.values, 0.0015)]))
    sea_with_rivers = max(parts, key=lambda part: part.area)
    for name, row in told.items():
        assert shapely.difference(rivers[name], sea_with_rivers).area < 0.01 * rivers[name].area, name
        if row["from_river"]:
            assert rivers[name].distance(rivers[f"river_{row['from_river']}"]) < 0.0015, name
    for name in ("虎门", "蕉门", "洪奇门", "横门", "磨刀门", "鸡啼门", "虎跳门", "崖门"):
        assert any(name in row["name_zh"] for row in told.values()), name


def test_land_and_water_together_stay_under_their_limit() -> None:
    assert sum(CATALOG.path(key).stat().st_size for key in ("land", "water")) <= 1_200_000


def test_a_vertex_of_each_road_stands_at_each_of_its_nodes_in_order(layers: dict[str, Layer]) -> None:
    nodes = layers["interchanges"].frame.set_index("id").geometry
    for row in layers["highways"].frame.itertuples():
        vertices = list(row.geometry.coords)
        places = [vertices.index(tuple(nodes[key].coords[0])) for key in row.node_ids.split(";")]
        assert places == sorted(places)
        assert places[0] == 0
        assert places[-1] == len(vertices) - 1


def test_trains_stop_at_stations_in_order_and_minutes_grow(layers: dict[str, Layer]) -> None:
    points = layers["stations"].frame.set_index("id").geometry
    for row in layers["rail_services"].frame.itertuples():
        stops = row.station_ids.split(";")
        assert [tuple(points[stop].coords[0]) for stop in stops] == list(row.geometry.coords)
        minutes = [float(value) for value in row.elapsed_min.split(";")]
        assert minutes[0] == 0
        assert len(minutes) == len(stops)
        assert all(np.diff(minutes) > 0)


@pytest.mark.parametrize(
    ("table", "layer", "key"),
    [
        ("rail_stations", "stations", "id"),
        ("rail_lines", "railways", "id"),
        ("rail_services", "rail_services", "service_id"),
        ("road_links", "highways", "id"),
        ("road_nodes", "interchanges", "id"),
        ("cross_boundary_links", "cross_border_links", "id"),
        ("ports", "ports", "id"),
        ("airports", "airports", "id"),
        ("ferries", "ferries", "id"),
    ],
)
def test_every_row_arrives_or_is_listed_with_its_reason(
    layers: dict[str, Layer], table: str, layer: str, key: str
) -> None:
    left = {row["row_id"] for row in rows("left_out") if row["table"] == table and row["reason"]}
    arrived = set(layers[layer].frame["id"])
    more = {"road_links": ["road_pieces"], "rail_services": ["rail_frequencies"]}.get(table, [])
    ways = ("",) if table == "road_links" else ("_f", "_b")
    further = {row["id"] + way for name in more for row in rows(name) for way in ways}
    assert arrived == {row[key] for row in rows(table)} - left | further


def test_every_unit_and_town_arrives_or_is_listed_with_its_reason(layers: dict[str, Layer]) -> None:
    left = {row["row_id"] for row in rows("left_out") if row["table"] in {"admin_units", "towns"}}
    codes = {row["adcode"] for row in rows("admin_units")} | {row["id"] for row in rows("towns")}
    assert set(layers["places"].frame["adcode"]) == codes - left


def test_districts_and_counties_add_up_to_their_city(layers: dict[str, Layer]) -> None:
    frame = layers["places"].frame
    for code in ("440400", "440700", "441700"):
        whole = frame.loc[frame["adcode"] == code, "population"].item()
        parts = frame.loc[(frame["parent"] == code) & (frame["level"] != "town"), "population"].sum()
        # Rounded sources (853 000, 364 700 …) leave a few hundred.
        assert parts == pytest.approx(whole, abs=500)


def test_every_fact_table_is_compiled_or_said_to_be_no_layer() -> None:
    compiled = {
        "admin_units", "airports", "border_use", "cross_boundary_links", "ferries", "known_findings", "left_out",
        "mended", "overrides", "place_aliases", "plan_sites", "ports", "rail_lines", "rail_services",
        "rail_station_calls", "rail_frequencies", "rail_stations", "rail_via_points", "road_links", "road_nodes",
        "road_pieces", "road_via_points", "source_words", "towns",
    }  # fmt: skip
    no_layer = {row["table"] for row in rows("left_out") if row["row_id"] == "*"}
    assert {path.stem for path in FACTS.glob("*.csv")} == compiled | no_layer


def test_what_is_mended_says_what_it_was_why_and_by_which_source() -> None:
    for row in rows("mended"):
        assert row["source"]
        assert row["reason"]
        assert row["was"] != row["now"]


def test_the_same_alignment_is_in_the_network_once(layers: dict[str, Layer]) -> None:
    for key, column in (("highways", "node_ids"), ("railways", "station_ids")):
        frame = layers[key].frame
        used = frame[frame["in_network"] & (frame["status"] == "operating") & (frame["upgrades"] == "")]
        assert used[column].is_unique


def test_a_road_passes_its_own_nodes_in_their_order_and_turns_back_at_none(layers: dict[str, Layer]) -> None:
    nodes = layers["interchanges"].frame.set_index("id").geometry
    for road in layers["highways"].frame.itertuples():
        path = shapely.get_coordinates(road.geometry)
        at = 0
        for name in road.node_ids.split(";"):
            here = np.flatnonzero((np.abs(path[at:] - nodes[name].coords[0]) < 1e-5).all(axis=1))
            assert len(here), f"{road.id} does not pass {name} in its turn"
            at += int(here[0])
            if 0 < at < len(path) - 1:
                before, after = path[at] - path[at - 1], path[at + 1] - path[at]
                cosine = before @ after / np.hypot(*before) / np.hypot(*after)
                assert cosine > -0.97, f"{road.id} turns back at {name}"


def test_kilometres_by_quality_are_the_kilometres_drawn(layers: dict[str, Layer]) -> None:
    for key in ("highways", "railways"):
        layer = layers[key]
        own = layer.frame[layer.frame["upgrades"] == ""]
        assert sum(layer.km_by_quality.values()) == pytest.approx(own["drawn_length_km"].sum(), abs=1)
        assert layer.km_by_quality["indicative"] == pytest.approx(
            own.loc[own["course"] == "indicative", "drawn_length_km"].sum(), abs=1
        )
        assert layer.km_by_quality["traced"] > 0
    assert layers["ports"].km_by_quality == {}


def test_access_roads_have_the_limits_of_town_and_country(layers: dict[str, Layer]) -> None:
    access = layers["highways"].frame.query("kind == 'access'")
    places = layers["places"].frame
    known = {level: shapely.get_coordinates(some.geometry) for level, some in places.groupby("level")}
    limits = access["speed_limit_kmh"]
    assert limits.between(50, 70).all()
    assert len(set(limits)) > 10
    within = {"town": 1.4, "county": 2.9, "county_city": 2.9, "district": 2.9, "prefecture": 3.9}
    near = [any(farthest_km(line, known[level]) < km for level, km in within.items()) for line in access.geometry]
    assert sum(near) > 10
    assert (limits[near] == 50).all(), "wholly in a town"
    assert (limits[access["drawn_length_km"] > 9.6] > 54).all(), "mostly in the country"


def farthest_km(line: shapely.LineString, seats: Any) -> float:
    """Kilometres from the farthest point of a line to the one seat (lon, lat) that has it nearest."""
    points = shapely.get_coordinates(line)
    return float(distances_km(*seats.T[:, :, None], *points.T[:, None, :]).max(axis=1).min())


def test_ordinary_roads_are_never_faster_than_the_named_ordinary_road_beside_them(layers: dict[str, Layer]) -> None:
    named = layers["highways"].frame
    # an access road is drawn for want of a road: it has no sign, but a limit by the same rule
    named = named[~named["kind"].str.startswith(("expressway", "access")) & named["speed_limit_kmh"].notna()]
    scale = np.array([102.9, 110.75])
    lines = [shapely.LineString(shapely.get_coordinates(line) * scale) for line in named.geometry]
    tree, limits = shapely.STRtree(lines), named["speed_limit_kmh"].to_numpy()
    met = 0
    for road in layers["ordinary_roads"].frame.itertuples():
        assert road.speed_limit_kmh <= {"town_road": 50, "country_road": 70}[road.kind]
        points = shapely.points(shapely.get_coordinates(road.geometry) * scale)
        beside = [set(tree.query(point, predicate="dwithin", distance=0.29).tolist()) for point in points]
        for k in set.intersection(*beside):
            met += 1
            assert road.speed_limit_kmh <= limits[k]
    assert met > 20


def test_every_feature_is_open_announced_or_assumed_by_the_written_rule(layers: dict[str, Layer]) -> None:
    rule = {"under_construction": 2030, "preliminary": 2035}
    for key in ("highways", "railways", "cross_border_links", "airports", "ports"):
        for row in layers[key].frame.itertuples():
            year = None if pd.isna(row.opens_year) else int(row.opens_year)
            if getattr(row, "course", "known") == "indicative":
                assert year is None, "years rest on known courses"
            elif row.opens_basis == "assumed":
                assert year == rule.get(row.status)
            if row.opens_basis == "fact":
                assert year == int(row.opened[:4])
            if row.opens_basis == "announced":
                assert year == row.expected_open
                assert year >= 2026


def test_exits_let_local_travel_on_and_interchanges_do_not(layers: dict[str, Layer]) -> None:
    frame = layers["interchanges"].frame.set_index("id")
    assert frame.loc[frame["kind"].isin(["town", "exit", "county_seat", "city_centre"]), "exit"].all()
    ends = frame.index[(frame["kind"] == "bridge_end") & frame["exit"]]
    assert list(ends) == ["x_jichang"], "the airport's exit is the only bridge end with an exit of its own"
    assert not frame.loc["x_wqs_sea", "exit"]
    assert frame.loc["e_luoding", "exit"]


def test_trains_to_hong_kong_have_a_crossing_to_pass(layers: dict[str, Layer]) -> None:
    links = layers["cross_border_links"].frame.set_index("id")
    station = layers["stations"].frame.set_index("id").geometry["hk_west_kowloon"]
    crossing = links.loc["bc_west_kowloon"]
    assert crossing["in_network"]
    assert crossing.geometry.distance(station) < 0.001
    roads = links[(links["kind"] != "border_crossing") & links["in_network"]]
    assert ((roads["course"] == "indicative") | (roads["upgrades"] != "")).all()


def test_an_indicative_course_ends_where_the_table_says_and_may_lie_well_aside(layers: dict[str, Layer]) -> None:
    points = {"railways": "stations", "highways": "interchanges", "cross_border_links": "interchanges"}
    with (ROOT / "data" / "plan" / "courses.csv").open(encoding="utf-8", newline="") as handle:
        table = list(csv.DictReader(handle))
    register = {item.id: item for item in CATALOG.plan}
    for row in table:
        assert row["words"] == register[row["plan_id"]].wording
        assert row["basis"] in ("stated", "implied")
        assert row["why"]
        feature = layers[row["layer"]].frame.set_index("id").loc[row["feature_id"]]
        assert row["plan_id"] in feature["plan_ids"].split(";")
        assert (feature["course"] == "indicative") == (row["how"] == "indicative")
        assert bool(feature["upgrades"]) == (row["how"] == "upgrade")
        if row["how"] != "indicative":
            continue
        ends = feature["station_ids" if row["layer"] == "railways" else "node_ids"].split(";")
        at = layers[points[row["layer"]]].frame.set_index("id").geometry
        drawn = list(feature.geometry.coords)
        assert (drawn[0], drawn[-1]) == (at[ends[0]].coords[0], at[ends[-1]].coords[0])
        # nobody knows the way between two ends within a tenth of their distance
        longest = max(distances_km(*a, *b).item() for a, b in itertools.pairwise(drawn))
        assert feature["position_error_m"] >= 100 * longest
    indicative = {f for key in points for f in layers[key].frame.loc[layers[key].frame["course"] == "indicative", "id"]}
    assert indicative == {row["feature_id"] for row in table if row["how"] == "indicative"}


# Bad files -------------------------------------------------------------------------------------


def refused(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    with pytest.raises(LayerError) as caught:
        read_layer(path, STATIONS)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    whole = json.dumps(stations_json(), indent=1)
    assert "broken JSON at line" in refused(tmp_path / "cut.geojson", whole[: len(whole) // 2])


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    assert "UTF-8" in refused(tmp_path / "gbk.geojson", json.dumps(stations_json(), ensure_ascii=False).encode("gbk"))


def test_json_that_is_no_feature_collection_is_refused(tmp_path: Path) -> None:
    assert "FeatureCollection" in refused(tmp_path / "list.geojson", "[1, 2]")


def test_another_crs_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    raw = stations_json() | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}}
    message = refused(tmp_path / "metres.geojson", json.dumps(raw))
    assert "EPSG::4547" in message
    assert "ogr2ogr -t_srs EPSG:4326" in message


def test_the_crs84_member_of_older_writers_is_taken(tmp_path: Path) -> None:
    raw = stations_json() | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}
    path = tmp_path / "crs84.geojson"
    path.write_text(json.dumps(raw), "utf-8")
    assert len(read_layer(path, STATIONS)) == 2


def change(raw: dict[str, Any], **properties: Any) -> dict[str, Any]:
    raw["features"][1]["properties"] |= properties
    return raw


def test_a_missing_column_names_the_feature_and_the_column(tmp_path: Path) -> None:
    raw = stations_json()
    del raw["features"][1]["properties"]["line_ids"]
    message = refused(tmp_path / "short.geojson", json.dumps(raw))
    assert "line_ids" in message
    assert raw["features"][1]["properties"]["id"] in message


@pytest.mark.parametrize(
    ("column", "value"),
    [("passenger", "yes"), ("trains_per_day", "many"), ("opens_year", 2020.5), ("city", 7), ("status", None)],
)
def test_a_value_of_another_type_names_the_feature_and_the_column(tmp_path: Path, column: str, value: Any) -> None:
    message = refused(tmp_path / "types.geojson", json.dumps(change(stations_json(), **{column: value})))
    assert column in message
    assert "'bijiang'" in message


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Point"},
        {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Sphere", "coordinates": [1, 2]},
        {"type": "LineString", "coordinates": [[113.0, 22.0], [113.1, 22.0]]},
    ],
)
def test_a_geometry_that_is_missing_broken_or_of_another_type_names_the_feature(tmp_path: Path, geometry: Any) -> None:
    raw = stations_json()
    raw["features"][1]["geometry"] = geometry
    assert "'bijiang'" in refused(tmp_path / "shape.geojson", json.dumps(raw))


def test_a_file_of_200_mb_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.geojson"
    with path.open("wb") as handle:
        handle.truncate(200_000_000)
    with pytest.raises(LayerError, match="200 MB, more than the 128 MB"):
        read_layer(path, STATIONS)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=r"none\.geojson cannot be read"):
        read_layer(tmp_path / "none.geojson", STATIONS)


def test_nan_coordinates_are_read_so_that_the_validator_can_name_them(tmp_path: Path) -> None:
    raw = stations_json()
    raw["features"][0]["geometry"]["coordinates"][1] = float("nan")
    path = tmp_path / "nan.geojson"
    path.write_text(json.dumps(raw), "utf-8")
    assert np.isnan(read_layer(path, STATIONS).frame.geometry.iloc[0].y)


def test_features_that_are_read_at_once_are_those_read_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = CATALOG.layer("highways").frame
    monkeypatch.setattr("atlas.data.layer.shapes_of", lambda features, kind: None)
    monkeypatch.setattr("atlas.data.declaration.all_fit", lambda values, column: False)
    assert_geodataframe_equal(CATALOG.layer("highways").frame, at_once)


def test_columns_of_ones_own_are_kept_and_written_again(tmp_path: Path) -> None:
    raw = stations_json()
    for feature in raw["features"]:
        feature["properties"]["platforms"] = 4
    path = tmp_path / "more.geojson"
    path.write_text(json.dumps(raw), "utf-8")
    layer = read_layer(path, STATIONS)
    written = write_layer(layer, tmp_path / "again.geojson")
    assert read_layer(written, STATIONS).frame["platforms"].tolist() == [4, 4]


def test_a_layer_that_stands_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = write_layer(CATALOG.layer("airports"), tmp_path / "airports.geojson")
    before = path.read_bytes()
    with pytest.raises(ExportError, match="exists"):
        write_layer(CATALOG.layer("ports"), path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("key = ", "cannot be read"),
        ('key = "ports"', "lacks the entry"),
        ("[[columns]]\nname = 'x'", "lacks the entry"),
    ],
)
def test_a_broken_declaration_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "ports.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(LayerError, match=words):
        read_spec(path)


# The build --------------------------------------------------------------------------------------


SCRIPT = ROOT / "scripts" / "build_layers.py"


def copy_of(catalog: Catalog, root: Path) -> Path:
    """A copy of the atlas's layers and data under `root`."""
    for folder in ("layers", "data/facts", "data/geojson", "data/plan"):
        target = root / folder
        target.mkdir(parents=True)
        for path in (catalog.root / folder).iterdir():
            (target / path.name).write_bytes(path.read_bytes())
    return root


def test_the_committed_layers_are_what_the_facts_give() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_fact_makes_the_check_fail_and_the_build_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(SCRIPT.parent)
    build = runpy.run_path(str(SCRIPT))["main"]
    root = copy_of(CATALOG, tmp_path)
    table = root / "data" / "facts" / "ports.csv"
    table.write_text(table.read_text("utf-8").replace("九洲港", "九洲新港"), "utf-8")
    assert build(["--check", "--root", str(root)]) == 1
    assert "stale: data/geojson/ports.geojson" in capsys.readouterr().err
    assert build(["--root", str(root)]) == 0
    assert build(["--check", "--root", str(root)]) == 0
    assert "九洲新港" in (root / "data" / "geojson" / "ports.geojson").read_text("utf-8")


def test_the_name_of_a_water_stands_on_water() -> None:
    catalog = open_catalog()
    land, water = (shapely.union_all(catalog.layer(key).frame.geometry.to_numpy()) for key in ("land", "water"))
    assert len(catalog.region.water) >= 10
    for one in catalog.region.water:
        place = shapely.Point(one.lon, one.lat)
        assert not land.contains(place) or water.distance(place) < 0.002, one.name_zh
