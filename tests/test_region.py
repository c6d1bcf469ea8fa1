"""The region is data: an atlas of three towns in another hemisphere is whole, and no code knows the Pearl River."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from click.testing import CliRunner

import atlas
from atlas.base.errors import LayerError
from atlas.base.geodesy import lengths_km
from atlas.cli import cli
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.layer import layer_text
from atlas.data.region import Territory, abroad, read_region, sides_at
from atlas.imports.admit import layer_of
from atlas.imports.vector import DEFAULTS
from atlas.network.value import Network
from atlas.travel.check import check_network

ROOT = Path(__file__).resolve().parent.parent
HOME = open_catalog()
#: Three towns on the coast of Uruguay, drawn: an expressway from the first to the last, the second on the way.
TOWNS = {"norte": (-56.60, -34.40), "centro": (-56.20, -34.60), "sur": (-55.80, -34.80)}
REGION = """
name_zh = "三镇都市圈"
name_en = "Three Towns"
title_zh = "三镇都市圈图集"
title_en = "Atlas of the Three Towns"
bounds = [-58.0, -36.0, -54.0, -33.0]
box = [-56.9, -35.1, -55.5, -34.1]

[[core]]
city = "北镇"
seat = "norte"

[[core]]
city = "南镇"
seat = "sur"

[cities]
"北镇" = "Norte"
"南镇" = "Sur"
"""


def drawn(key: str, rows: list[dict[str, Any]], shapes: list[Any]) -> bytes:
    """A layer file with what is told of each feature, and the contract's defaults for the rest."""
    spec = HOME.specs[key]
    told = {
        "status": "operating", "status_as_of": "2026-01-01", "opens_basis": "unknown", "opens_year": 2023,
        "source": "survey", "confidence": "high", "geometry_quality": "surveyed", "position_error_m": 10.0,
    }  # fmt: skip
    blank = {column.name: DEFAULTS.get(column.name) for column in spec.columns}
    layer, refused = layer_of([blank | told | row for row in rows], shapes, spec)
    assert refused == ()
    return layer_text(layer).encode()


def make(root: Path, region: str | None = REGION) -> Path:
    """An atlas of the three towns, with layers and data of its own."""
    (root / "layers").mkdir(parents=True)
    (root / "data" / "geojson").mkdir(parents=True)
    (root / "data" / "plan").mkdir()
    cities = dict(zip(TOWNS, ("北镇", "中镇", "南镇"), strict=True))
    places = [
        {"id": name, "name_zh": cities[name], "name_en": name.title(), "kind": "prefecture", "level": "prefecture",
         "city": cities[name], "population": 50_000 * (k + 1), "pop_year": 2023, "status": "unknown"}
        for k, name in enumerate(TOWNS)
    ]  # fmt: skip
    points = [shapely.Point(at) for at in TOWNS.values()]
    junctions = [
        {"id": f"j_{name}", "name_zh": f"{cities[name]}出口", "kind": "exit", "exit": True, "city": cities[name]}
        for name in TOWNS
    ]
    km = sum(atlas_km(a, b) for a, b in (("norte", "centro"), ("centro", "sur")))
    roads = [
        {"id": "ruta", "name_zh": "一号高速", "name_en": "Ruta 1", "kind": "expressway", "ref": "R1", "toll": False,
         "speed_limit_kmh": 100.0, "node_ids": "j_norte;j_centro;j_sur", "drawn_length_km": round(km, 3)}
    ]  # fmt: skip
    line = shapely.LineString(list(TOWNS.values()))
    land = shapely.MultiPolygon([shapely.box(-57.2, -35.4, -55.2, -33.8)])
    files = {
        "places": (places, points), "interchanges": (junctions, points), "highways": (roads, [line]),
        "railways": ([], []), "stations": ([], []), "land": ([{"id": "land", "kind": "land"}], [land]),
    }  # fmt: skip
    for key, (rows, shapes) in files.items():
        shutil.copyfile(ROOT / "layers" / f"{key}.toml", root / "layers" / f"{key}.toml")
        (root / "data" / "geojson" / f"{key}.geojson").write_bytes(drawn(key, rows, shapes))
    shutil.copyfile(ROOT / "data" / "parameters.csv", root / "data" / "parameters.csv")
    (root / "data" / "sources.csv").write_text(
        "key,title,publisher,retrieved,licence,sha256,note\nsurvey,Drawn,Nobody,2026-01-01,CC0,,\n"
    )
    for name in ("register.csv", "plan_links.csv", "status.csv", "courses.csv", "sections.csv"):
        head = (ROOT / "data" / "plan" / name).read_text("utf-8").splitlines()[0]
        (root / "data" / "plan" / name).write_text(head + "\n")
    if region is not None:
        (root / "data" / "region.toml").write_text(region)
    return root


def atlas_km(a: str, b: str) -> float:
    from atlas.base.geodesy import distance_km

    return distance_km(*TOWNS[a], *TOWNS[b])


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return open_catalog(make(tmp_path_factory.mktemp("south") / "towns"))


def run(*words: str) -> str:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done.output


def test_its_layers_are_sound_and_it_is_reached(towns: Catalog) -> None:
    assert [str(one) for one in towns.check()] == []
    network = atlas.build_network(towns.layers())
    now = atlas.load_scenario("2026", table=towns.parameters)
    journey = atlas.route(network, "norte", "sur", now, mode="drive")
    km = atlas_km("norte", "centro") + atlas_km("centro", "sur")
    assert journey.found
    assert sum(leg.length_km for leg in journey.legs) == pytest.approx(km, rel=0.03)
    assert set(network.nodes["side"]) == {"mainland"}


def test_its_areas_and_people_are_its_own(towns: Catalog) -> None:
    network = atlas.build_network(towns.layers())
    now = atlas.load_scenario("2026", table=towns.parameters)
    reach = atlas.reach_from(network, "norte", now, mode="drive", cutoffs_min=(30, 180))
    areas = reach.isochrones(30, 180)
    assert 100 < areas["area_km2"].iloc[0] < areas["area_km2"].iloc[1]
    people = reach.coverage(180).set_index(["scope", "name_zh"])["people"]
    assert people["metropolitan", "三镇都市圈"] == pytest.approx(200_000, rel=0.01)
    assert people["city", "南镇"] == pytest.approx(150_000, rel=0.01)


def test_its_site_and_its_files_bear_its_own_name(towns: Catalog, tmp_path: Path) -> None:
    root = str(towns.root)
    run("build", "--root", root, "-o", str(tmp_path / "site"))
    start = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "三镇都市圈图集" in start
    assert "Atlas of the Three Towns" in start
    pages = {path.name: path.read_text("utf-8") for path in (tmp_path / "site").glob("*.html")}
    assert {"index.html", "atlas.html", "explore.html", "matrix.html"} <= set(pages)
    for name, text in pages.items():
        assert re.findall("珠江口|阳江|Pearl River|zhuhai", text) == [], name
    run("export", "atlas", "--root", root, "-o", str(tmp_path / "towns.gpkg"))
    assert "Three Towns" in run("layers", "--root", root) or "highways" in run("layers", "--root", root)
    run("layers", "validate", "--root", root)


def test_an_atlas_without_a_region_is_of_what_its_layers_hold(tmp_path: Path) -> None:
    catalog = open_catalog(make(tmp_path / "plain", region=None))
    west, south, east, north = catalog.region.land_box
    assert west < -56.6 < -55.8 < east
    assert south < -34.8 < -34.4 < north
    assert (catalog.region.name_en, catalog.region.core) == ("plain", ())
    assert [str(one) for one in catalog.check()] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bounds = [1, 2, 3]", "list of 4 numbers"),
        ("box = [10, 0, 5, 5]", "is no box"),
        ("centre = ['a', 1]", "list of 2 numbers"),
        ("name_zh = 5", "must be a text"),
        ("[sides]\nx = 1", "must be a text"),
        ("[[core]]\nseat = 'a'", "lacks the entry 'city'"),
        ("colour = 'red'", "no entry colour"),
    ],
)
def test_a_region_that_is_none_is_refused_with_file_and_entry(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "region.toml").write_text(text)
    with pytest.raises(LayerError, match=words) as told:
        read_region(tmp_path)
    assert "region.toml" in str(told.value)


def test_no_code_knows_a_city_of_the_region() -> None:
    region = HOME.region
    names = {*region.core_cities, region.name_zh, *(one.seat for one in region.core), "Pearl River"}
    found = []
    for path in sorted((ROOT / "atlas").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        told = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            if node.body and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in names and id(node) not in told:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.value}")
    assert found == []


def test_a_territory_says_on_which_side_of_a_border_a_point_lies() -> None:
    region = HOME.region
    points = {
        "mo": [(113.5345, 22.1975), (113.5378, 22.2110), (113.5515, 22.1165)],  # Inner Harbour, Ilha Verde, Coloane
        "hk": [(114.1280, 22.5010), (114.166, 22.304)],  # Sheung Shui, West Kowloon
        "mainland": [(113.5503, 22.2182), (114.1130, 22.5340), (113.5810, 22.2130)],  # 拱北, 罗湖, 珠海公路口岸
    }
    for side, some in points.items():
        assert sides_at(region.territories, np.array(some)).tolist() == [side] * len(some)


def test_nodes_lie_on_the_side_of_their_city_but_where_their_position_is_rough(network: Network) -> None:
    nodes = network.nodes
    told, lies = nodes["side"].to_numpy(), sides_at(HOME.region.territories, network.lonlat)
    assert sorted(nodes["node_id"][(told != lies) & (nodes["position_error_m"] < 800)]) == []
    assert (told != lies).mean() < 0.001


def test_no_way_crosses_a_border_but_at_a_crossing_and_no_local_link_cuts_through(network: Network) -> None:
    assert check_network(network, atlas.load_scenario("2026")).breaks == ()
    for lon, lat, to, border in ((113.5345, 22.1975, "澳门", False), (113.5378, 22.2110, "澳门", False),
                                 (114.1280, 22.5010, "深圳", True), (113.5345, 22.1975, "珠海", True)):  # fmt: skip
        journey = atlas.route(network, f"{lon},{lat}", to, atlas.load_scenario("2026"), mode="drive")
        assert (dict(journey.parts)["border"] > 0) == border, (lon, lat, to)


def test_a_line_is_abroad_only_where_it_leaves_its_side_by_more_than_the_border_may_be_off() -> None:
    square = ((113.0, 22.0), (113.1, 22.0), (113.1, 22.1), (113.0, 22.1), (113.0, 22.0))
    territory = Territory("mo", "", "", "", 100.0, ((square,),))
    lines = np.array(
        [shapely.LineString([(112.9, 22.05), (x, 22.05)]) for x in (112.99, 113.0005, 113.05, 113.2)], dtype=object
    )
    km = lengths_km(lines)
    assert abroad([territory], lines, km, np.full(4, "mainland", dtype=object)).tolist() == [False, False, True, True]
    assert abroad([territory], lines, km, np.full(4, "mo", dtype=object)).all()
    assert not abroad([], lines, km, np.full(4, "mainland", dtype=object)).any()


@pytest.mark.parametrize("text", ["[]", '{"features":[{}]}', '{"features":[{"properties":{"side":5},"geometry":{}}]}'])
def test_territories_that_are_none_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sides.geojson").write_text(text)
    with pytest.raises(LayerError, match=r"sides\.geojson"):
        read_region(tmp_path)
