"""OpenStreetMap geometry replaces what is schematic and changes nothing else; a second run moves nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from import_files import Place, WayRow, draw_pbf

from atlas.base.geodesy import distance_km
from atlas.data.catalog import open_catalog
from atlas.data.checks import check_layers
from atlas.data.layer import Layer
from atlas.imports.admit import layer_of
from atlas.imports.osm.layers import osm_layers
from atlas.imports.osm.matching import base_names
from atlas.imports.osm.refine import Match, Refined, refine
from atlas.imports.osm.tags import CLASSES
from atlas.imports.vector import DEFAULTS
from atlas.network.build import Network, build_network

HOME = open_catalog()
LAYERS = HOME.layers()
REFS = ("S32", "G94", "S26")
RAILS = LAYERS["railways"].frame
RAIL = RAILS.loc[[("jingwan" in text.split(";")) for text in RAILS["station_ids"]], "id"].iloc[0]
KEPT = ("id", "name_zh", "name_en", "kind", "status", "status_as_of", "opened", "opens_basis", "plan_ids", "city")


def along(line: shapely.LineString, first: int, start: float, end: float, *, wave: float) -> dict[int, Place]:
    """Nodes along part of a line, swung to its sides by `wave` degrees as a surveyed road would be."""
    nodes: dict[int, Place] = {}
    for i, share in enumerate(np.linspace(start, end, 400)):
        point = line.interpolate(float(share), normalized=True)
        nodes[first + i] = (round(point.x, 6), round(point.y + wave * float(np.sin(share * 60)), 6))
    return nodes


def draw_region(path: Path) -> Path:
    """An extract of part of the region: three roads by number, one railway, and a station off its place."""
    highways = LAYERS["highways"].frame.set_index("id")
    stations = LAYERS["stations"].frame.set_index("id")
    nodes: dict[int, Place] = {}
    ways: list[WayRow] = []
    chosen = highways[highways["ref"].isin(REFS) & highways["in_network"]]
    for number, (_, road) in enumerate(chosen.iterrows(), start=1):
        part = along(road["geometry"], number * 1000, 0.0, 1.0, wave=0.0004)
        nodes |= part
        ways.append((number, list(part), {"highway": "motorway", "ref": road["ref"], "oneway": "no"}))
    rail = LAYERS["railways"].frame.set_index("id").loc[RAIL]
    here = rail["geometry"].project(stations.loc["jingwan", "geometry"], normalized=True)
    beside = rail["geometry"].interpolate(here + 0.05, normalized=True)
    nodes[900_001] = (beside.x, beside.y + 0.0005, {"railway": "station", "name": "井湾站"})
    part = along(rail["geometry"], 800_000, 0.0, 1.0, wave=0.0003)
    nodes |= part
    ways.append((900, list(part), {"railway": "rail", "name": rail["name_zh"]}))
    return draw_pbf(path, dict(sorted(nodes.items())), ways)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Refined:
    path = draw_region(tmp_path_factory.mktemp("refine") / "region.osm.pbf")
    return refine(LAYERS, osm_layers(path, HOME.specs, classes=CLASSES), register_ids=HOME.register_ids())


def by_id(found: Refined, layer: str) -> dict[str, Match]:
    return {one.feature_id: one for one in found.matches if one.layer == layer}


def test_every_id_name_status_and_plan_id_stays(result: Refined) -> None:
    assert {"highways", "interchanges", "railways", "stations"} <= set(result.layers)
    for key, layer in result.layers.items():
        before = LAYERS[key].frame
        for column in KEPT:
            assert layer.frame[column].equals(before[column]), (key, column)


def test_roads_of_the_number_follow_the_extract_and_others_stay(result: Refined) -> None:
    matches = by_id(result, "highways")
    highways = LAYERS["highways"].frame.set_index("id")
    wanted = highways.index[highways["ref"].isin(REFS) & highways["in_network"]]
    assert [(matches[name].result, matches[name].by) for name in wanted] == [("matched", "ref")] * len(wanted)
    assert len(wanted) >= 3
    new = result.layers["highways"].frame.set_index("id")
    far = [name for name, one in matches.items() if one.result == "unmatched" and not one.moved_max_m]
    assert len(far) > 150
    assert (new.loc[far].geometry.geom_equals_exact(highways.loc[far].geometry, 0)).all()


def test_a_matched_road_runs_through_the_vertices_of_the_extract(result: Refined, tmp_path: Path) -> None:
    osm = osm_layers(draw_region(tmp_path / "again.osm.pbf"), HOME.specs, classes=CLASSES)
    offered = {tuple(xy) for line in osm.layers["highways"].frame.geometry for xy in shapely.get_coordinates(line)}
    nodes = {tuple(xy) for xy in shapely.get_coordinates(result.layers["interchanges"].frame.geometry)}
    new = result.layers["highways"].frame.set_index("id")
    for name, one in by_id(result, "highways").items():
        if one.result == "matched":
            inner = [tuple(xy) for xy in shapely.get_coordinates(new.loc[name, "geometry"])[1:-1]]
            assert all(xy in offered or xy in nodes for xy in inner)
            assert sum(xy in offered for xy in inner) > 40
            assert new.loc[name, "geometry_quality"] == "traced"
            assert new.loc[name, "source_note"].startswith("geometry refined from OpenStreetMap; attributes: ")


def test_a_station_goes_to_the_station_of_its_name_and_its_lines_go_with_it(result: Refined) -> None:
    old = LAYERS["stations"].frame.set_index("id").loc["jingwan"]
    new = result.layers["stations"].frame.set_index("id").loc["jingwan"]
    metres = 1000 * distance_km(old.geometry.x, old.geometry.y, new.geometry.x, new.geometry.y)
    assert by_id(result, "stations")["jingwan"].moved_max_m == pytest.approx(metres, abs=0.1)
    assert new["position_error_m"] == 20
    for key in ("railways", "rail_services"):
        frame = result.layers[key].frame if key in result.layers else LAYERS[key].frame
        for line, text in zip(frame.geometry, frame["station_ids"], strict=True):
            if "jingwan" in text.split(";"):
                assert tuple(new.geometry.coords[0]) in {tuple(xy) for xy in line.coords}


def test_a_railway_follows_the_tracks_of_its_name(result: Refined) -> None:
    one = by_id(result, "railways")[RAIL]
    assert (one.result in {"matched", "partly"}, one.by) == (True, "name")


def test_the_validator_finds_nothing_new(result: Refined) -> None:
    known = {(one.layer, one.feature_id, one.rule) for one in check_layers(LAYERS, register_ids=HOME.register_ids())}
    found = check_layers({**LAYERS, **result.layers}, register_ids=HOME.register_ids())
    assert {(one.layer, one.feature_id, one.rule) for one in found} <= known


def test_the_network_is_built_of_the_refined_layers(result: Refined, network: Network) -> None:
    before, after = network, build_network({**LAYERS, **result.layers})
    # Ordinary roads meet the roads where these run now.
    own = [n.edges[(n.edges["role"] == "run") & (n.edges["layer"] != "ordinary_roads")] for n in (before, after)]
    roads = [set(edges["edge_id"]) for edges in own]
    assert roads[0] == roads[1]


def test_run_twice_it_changes_nothing_more(result: Refined, tmp_path: Path) -> None:
    again: dict[str, Layer] = {**LAYERS, **result.layers}
    osm = osm_layers(draw_region(tmp_path / "region.osm.pbf"), HOME.specs, classes=CLASSES)
    second = refine(again, osm, register_ids=HOME.register_ids())
    assert second.layers == {}
    assert all(one.moved_max_m == 0 for one in second.matches)


def test_an_extract_of_elsewhere_changes_nothing(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {
        1: (24.9, 60.1),
        2: (24.95, 60.15),
        3: (24.9, 60.1, {"railway": "station", "name": "珠海"}),
    }
    path = draw_pbf(tmp_path / "far.osm.pbf", nodes, [(10, [1, 2], {"highway": "motorway", "ref": "G94"})])
    found = refine(LAYERS, osm_layers(path, HOME.specs, classes=CLASSES))
    assert found.layers == {}
    assert {one.result for one in found.matches} <= {"unmatched", "good"}


@pytest.mark.parametrize(
    ("layer", "text", "names"),
    [
        ("interchanges", "莲洲/斗门北出口(江珠)", {"莲洲", "斗门北"}),
        ("interchanges", "高村枢纽(江罗—高恩)", {"高村"}),
        ("stations", "井湾站", {"井湾"}),
        ("highways", "中开高速公路", {"中开"}),
        ("places", "市", {"市"}),
        ("places", None, set()),
    ],
)
def test_names_are_compared_without_brackets_and_usual_endings(layer: str, text: str | None, names: set[str]) -> None:
    assert base_names(layer, text) == names


def crossroads(x: tuple[float, float]) -> dict[str, Layer]:
    """Two expressways, E1 from west to east and E2 from south to north, drawn through a junction at `x`."""
    places = {"w": (113.0, 22.5), "e": (113.1, 22.5), "s": (113.05, 22.45), "n": (113.05, 22.55), "x": x}
    told = {
        "status": "operating", "status_as_of": "2026-01-01", "checked_on": None,
        "opens_basis": "unknown", "opens_year": 2023,
        "plan_ids": "plan-hwy-01", "source": "press", "confidence": "low", "geometry_quality": "schematic",
        "position_error_m": 3000.0,
    }  # fmt: skip
    blank, spot = (
        {c.name: DEFAULTS.get(c.name) for c in HOME.specs[key].columns} | told for key in ("highways", "interchanges")
    )
    roads = {"we": ("E1", "w", "x", "e"), "sn": ("E2", "s", "x", "n")}
    road = {
        "kind": "expressway",
        "toll": True,
        "structure": "surface",
        "drawn_length_km": 1.0,
        "in_network": True,
    }
    rows = [
        {**blank, **road, "oneway": False, "id": name, "ref": ref, "node_ids": ";".join(nodes)}
        for name, (ref, *nodes) in roads.items()
    ]
    lines = [shapely.LineString([places[node] for node in nodes]) for _, *nodes in roads.values()]
    spots = [{**spot, "id": name, "kind": "interchange", "exit": False} for name in places]
    points = [shapely.Point(at) for at in places.values()]
    return {
        "highways": layer_of(rows, lines, HOME.specs["highways"])[0],
        "interchanges": layer_of(spots, points, HOME.specs["interchanges"])[0],
    }


@pytest.mark.parametrize("shared", [True, False])
def test_a_junction_of_two_roads_goes_to_where_they_meet(tmp_path: Path, shared: bool) -> None:
    nodes: dict[int, Place] = {
        i: (round(112.99 + i / 1000, 6), round(22.5 + 0.001 * np.sin(i / 5), 6)) for i in range(1, 120)
    }
    east, north = nodes[60][:2]
    nodes |= {200 + i: (round(east + 0.001 * np.sin(i / 5), 6), round(22.44 + i / 1000, 6)) for i in range(1, 120)}
    nodes[260] = (east, north)
    up = [*range(201, 260), 60 if shared else 260, *range(261, 320)]
    ways: list[WayRow] = [
        (1, list(range(1, 120)), {"highway": "motorway", "ref": "E1"}),
        (2, up, {"highway": "motorway", "ref": "E2", "bridge": "yes"}),
    ]
    layers = crossroads((113.065, 22.512))
    osm = osm_layers(draw_pbf(tmp_path / "x.osm.pbf", nodes, ways), HOME.specs)
    found = refine(layers, osm)
    x = found.layers["interchanges"].frame.set_index("id").loc["x"]
    assert 1000 * distance_km(x.geometry.x, x.geometry.y, east, north) < 60
    assert x["position_error_m"] == 3000
    assert {one.result for one in found.matches if one.layer == "highways"} == {"matched"}
    again = refine({**layers, **found.layers}, osm)
    assert again.layers == {}
