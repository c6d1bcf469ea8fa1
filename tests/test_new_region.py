"""One command makes an atlas of another region, and every reading command works on it or says what it lacks."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from import_files import DAY, Place, WayRow, draw_feed, draw_pbf, small_feed

from atlas.cli import cli
from atlas.data.catalog import Catalog, open_catalog
from atlas.data.declaration import counted_units
from atlas.imports.osm.ground import box_of, land_of, water_of
from atlas.imports.osm.points import country_of
from atlas.imports.osm.read import read_extract

#: A coast that runs north through the middle, the sea in its east; an island, a lake and two towns in the west, one of
#: them a city with a boundary; nodes of every age.
COAST: dict[int, Place] = {
    1: (24.60, 59.90), 2: (24.60, 60.10), 3: (24.62, 60.30),
    4: (24.70, 60.00), 5: (24.72, 60.00), 6: (24.72, 60.02), 7: (24.70, 60.02),
    8: (24.45, 60.05), 9: (24.48, 60.05), 10: (24.48, 60.08), 11: (24.45, 60.08),
    12: (24.30, 59.95), 13: (24.58, 59.95), 14: (24.58, 60.12), 15: (24.30, 60.12),
    20: (24.55, 60.00, {"place": "city", "name": "Kaupunki", "name:en": "City", "population": "90000",
                        "population:date": "2023"}),
    21: (24.40, 60.20, {"place": "town", "name": "Kylä", "population": "8000"}),
    22: (24.50, 60.15, {"place": "village", "name": "Ranta", "population": "300"}),
    23: (24.53, 60.01, {"place": "suburb", "name": "Reuna", "population": "20000"}),
    30: (24.55, 60.001), 31: (24.50, 60.15), 9_000_000_032: (24.40, 60.20), 33: (24.35, 60.10), 34: (24.56, 60.002),
    40: (24.56, 60.0015, {"railway": "station", "name": "Asema"}),
    41: (24.40, 60.1995, {"railway": "station", "name": "Pää"}),
}  # fmt: skip
BOUNDARY = {"type": "boundary", "boundary": "administrative"}
WAYS: list[WayRow] = [
    (50, [1, 2, 3], {"natural": "coastline"}),
    (51, [4, 7, 6, 5, 4][::-1], {"natural": "coastline"}),
    (52, [8, 9, 10, 11, 8], {"natural": "water", "name": "Järvi"}),
    (53, [12, 13, 14, 15, 12], {}),
    (60, [30, 31, 9_000_000_032], {"highway": "primary", "name": "Tie", "maxspeed": "FI:rural"}),
    (61, [9_000_000_032, 33, 30], {"highway": "secondary"}),
    (62, [30, 34], {"highway": "tertiary", "access": "private"}),
    (70, [34, 31, 41], {"railway": "rail", "name": "Rata"}),
]
RELATIONS = [
    (80, [53], {**BOUNDARY, "admin_level": "8", "name": "Kaupunki"}),
    (81, [53], {**BOUNDARY, "admin_level": "2", "name": "Suomi", "ISO3166-1": "FI"}),
]


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pbf(tmp_path_factory.mktemp("drawn") / "coast.osm.pbf", COAST, WAYS, RELATIONS)


@pytest.fixture(scope="module")
def made(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, str]:
    root = tmp_path_factory.mktemp("made") / "coast"
    (root.parent / "people.csv").write_text("lon,lat,people\n24.55,60.0,70000\n24.4,60.2,9000\n", "utf-8")
    told = run(
        "new", str(root), "--osm", str(drawn), "--classes", "tertiary+",
        "--population", str(root.parent / "people.csv"), "--population-year", "2020", "--population-column", "people",
    )  # fmt: skip
    return open_catalog(root), told


def test_land_lies_left_of_its_coast_and_waters_in_it(drawn: Path) -> None:
    extract = read_extract(drawn, whole=True)
    box = box_of(extract, None)
    assert box is not None
    land, water = land_of(extract, box, None, []), water_of(extract, box)
    assert list(shapely.contains_xy(land, [24.55, 24.40, 24.65, 24.71], [60.0, 60.2, 60.2, 60.01])) == [
        True, True, False, True,
    ]  # fmt: skip
    assert shapely.contains_xy(water, 24.46, 60.06)
    assert land.is_valid
    assert water.area == pytest.approx(0.0009, rel=1e-6)


def test_a_coast_that_ends_inside_the_extract_is_led_to_its_edge_and_that_is_said(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {**COAST, 1: (24.60, 59.95), 3: (24.62, 60.28), 90: (24.30, 59.90), 91: (24.72, 60.30)}
    ways: list[WayRow] = [*WAYS, (92, [90, 91], {"route": "ferry"})]
    extract = read_extract(draw_pbf(tmp_path / "cut.osm.pbf", nodes, ways), whole=True)
    notes: list[str] = []
    box = box_of(extract, None)
    assert box is not None
    land = land_of(extract, box, None, notes)
    assert list(shapely.contains_xy(land, [24.55, 24.65], [60.0, 60.2])) == [True, False]
    assert any("closed straight to its edge: 2" in note for note in notes)


def test_it_is_sound_and_of_its_own_region(made: tuple[Catalog, str]) -> None:
    catalog, told = made
    assert [str(one) for one in catalog.check()] == []
    region = catalog.region
    assert (region.name_zh, region.title_en) == ("Kaupunki", "Atlas of City")
    assert [(one.city, one.seat) for one in region.core] == [("Kaupunki", "osm-n20")]
    places = catalog.layer("places").frame.set_index("id")
    assert places["level"].to_dict() == {
        "osm-n20": "prefecture", "osm-n21": "town", "osm-n22": "village", "osm-n23": "town",
    }  # fmt: skip
    assert (places.loc["osm-n20", "city"], places.loc["osm-n23", "city"]) == ("Kaupunki", "Kaupunki")
    assert places.loc["osm-n23", "parent"] == "osm-n20"
    assert sum(counted_units(catalog.layer("places").frame.assign(adcode=lambda f: f["id"]))["population"]) == 98_300
    limit = catalog.parameters["road_limit_default_kmh"]
    assert (limit.low, limit.central, limit.high) == (50, 65, 80)
    assert not any(row.name.startswith("border_bc_") for row in catalog.parameters)
    for words in ("closed to cars, left out: 1 (private 1)", "no plan:", "no timetable:", "79,000 residents of 2020"):
        assert words in told


def test_of_several_countries_it_lies_in_the_one_whose_capital_it_holds(tmp_path: Path) -> None:
    import osmium
    from osmium.osm.mutable import Node, Relation, Way

    path = tmp_path / "border.osm.pbf"
    writer = osmium.SimpleWriter(str(path))
    for number, (lon, lat, *tags) in COAST.items():
        writer.add_node(Node(id=number, version=1, timestamp=DAY, location=(lon, lat), tags=dict(*tags)))
    for number, refs, told in WAYS:
        writer.add_way(Way(id=number, version=1, timestamp=DAY, nodes=list(refs), tags=dict(told)))
    for number, code, capital in ((81, "FI", 20), (82, "SE", 999)):
        rows = [("w", 53, "outer"), ("n", capital, "admin_centre")]
        tags = {**BOUNDARY, "admin_level": "2", "name": code, "ISO3166-1": code}
        writer.add_relation(Relation(id=number, version=1, timestamp=DAY, members=rows, tags=tags))
    writer.close()
    assert country_of(read_extract(path, whole=True)) == "FI"


def test_what_lies_beyond_the_boundary_asked_for_stays_out(drawn: Path, tmp_path: Path) -> None:
    run(
        "new",
        str(tmp_path / "south"),
        "--osm",
        str(drawn),
        "--boundary",
        "24.5,59.9,24.6,60.1",
        "--places",
        "city,town",
    )
    catalog = open_catalog(tmp_path / "south")
    assert catalog.layer("places").frame["id"].tolist() == ["osm-n20"]
    assert catalog.region.box == (24.5, 59.9, 24.6, 60.1)
    assert catalog.layer("land").frame.total_bounds.tolist() == pytest.approx([24.5, 59.9, 24.6, 60.1], abs=1e-6)
    assert [str(one) for one in catalog.check()] == []


def test_where_nobody_is_known_to_live_the_rest_is_answered(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {1: (24.9, 60.2), 2: (25.0, 60.2), 3: (24.95, 60.21, {"place": "town", "name": "Aho"})}
    osm = draw_pbf(tmp_path / "empty.osm.pbf", nodes, [(10, [1, 2], {"highway": "primary"})])
    root = str(tmp_path / "empty")
    run("new", root, "--osm", str(osm))
    assert "no place tells its residents" in run("coverage", "Aho", "--root", root)
    assert run("indicators", "--root", root)
    assert run("critical", "--root", root)
    assert "no residents are known" in run("fairness", "--root", root, code=2)


def test_land_alone_is_taken_in_anywhere_and_commands_say_that_nobody_travels_there(tmp_path: Path) -> None:
    square = shapely.box(1.40, 42.42, 1.79, 42.66)
    gpd.GeoDataFrame({"name_zh": ["Andorra"]}, geometry=[square], crs=4326).to_file(tmp_path / "land.geojson")
    root = str(tmp_path / "own")
    told = ("--as", "land", "--set", "kind=land", "--set", "position_error_m=50")
    run("import", "layer", str(tmp_path / "land.geojson"), *told, "-o", root)
    assert open_catalog(root).layer("land").frame.geometry[0].equals(square)
    for words in (("isochrone", "1.5,42.5"), ("coverage", "1.5,42.5"), ("reach", "1.5,42.5")):
        assert "nobody can travel here" in run(*words, "--root", root, code=2), words


#: Every reading command, and what those say that have nothing to read.
READS = [
    ("layers",), ("layers", "validate"), ("network", "--check"), ("reach", "City"), ("route", "City", "Kylä"),
    ("matrix",), ("isochrone", "City"), ("coverage", "City"), ("indicators",), ("params",), ("plan",), ("scenario",),
    ("compare", "2026", "2030"), ("critical",), ("critical", "City", "Kylä"),
    ("solve", "City", "Kylä", "--within", "90"),
    ("fairness",), ("hinterland",), ("gaps",),
]  # fmt: skip
LACKS = {
    ("claims",): "promises nothing",
    ("value",): "has no plan",
    ("corridors",): "has no plan",
    ("report", "-o", "report.html"): "promises nothing",
    ("validate",): "no measured times",
    ("event",): "holds no event",
}


@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_every_reading_command_answers(words: tuple[str, ...], made: tuple[Catalog, str], tmp_path: Path) -> None:
    further = ("-o", str(tmp_path / "area.geojson")) if words[0] == "isochrone" else ()
    assert run(*words, "--root", str(made[0].root), *further)


@pytest.mark.parametrize("words", LACKS, ids=" ".join)
def test_what_it_lacks_is_said_in_words(words: tuple[str, ...], made: tuple[Catalog, str], tmp_path: Path) -> None:
    placed = [str(tmp_path / word) if word.endswith(".html") else word for word in words]
    assert LACKS[words] in run(*placed, "--root", str(made[0].root), code=2)


def test_what_an_import_wrote_every_reading_command_can_use(drawn: Path, tmp_path: Path) -> None:
    root = tmp_path / "own"
    run("import", "osm", str(drawn), "--classes", "tertiary+", "-o", str(root))
    assert len(open_catalog(root).layer("land").frame) == 1
    for words in READS:
        further = ("-o", str(tmp_path / "area.geojson")) if words[0] == "isochrone" else ()
        assert run(*words, "--root", str(root), *further), words
    for words, told in LACKS.items():
        placed = [str(tmp_path / word) if word.endswith(".html") else word for word in words]
        assert told in run(*placed, "--root", str(root), code=2), words


def test_its_people_are_those_given_and_its_site_is_built(made: tuple[Catalog, str], tmp_path: Path) -> None:
    root = str(made[0].root)
    assert "79000" in run("coverage", "City", "--root", root)
    run("build", "--root", root, "-o", str(tmp_path / "site"))
    text = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "Atlas of City" in text
    assert {"atlas.html", "explore.html", "matrix.html"} <= {one.name for one in (tmp_path / "site").iterdir()}
    # it has no trains, and offers what it has
    assert re.findall(r'href="downloads/([^"]+)"', text) == ["atlas.gpkg", "matrix.xlsx", "matrix.csv"]
    run("export", "atlas", "--root", root, "-o", str(tmp_path / "all.gpkg"))


def test_trains_of_a_feed_run_in_it(tmp_path: Path) -> None:
    nodes: dict[int, Place] = {1: (113.0, 22.5), 2: (113.1, 22.5), 3: (113.05, 22.5, {"place": "town", "name": "甲镇"})}
    osm = draw_pbf(tmp_path / "flat.osm.pbf", nodes, [(10, [1, 2], {"highway": "primary"})])
    feed = draw_feed(tmp_path / "feed.zip", small_feed())
    told = run("new", str(tmp_path / "flat"), "--osm", str(osm), "--gtfs", str(feed), "--name", "平原")
    catalog = open_catalog(tmp_path / "flat")
    assert len(catalog.layer("rail_services")) > 0
    assert "all of its box counts as land" in told
    assert catalog.region.name_zh == "平原"
    assert run("route", "甲站", "乙站", "--mode", "rail", "--root", str(catalog.root))
    assert [str(one) for one in catalog.check()] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--core", "Kaupunky"), "did you mean kaupunki"),
        (("--places", "castle"), "no kind of place"),
        (("--population", "people.csv"), "--population-year"),
        (("--boundary", "1,2,3"), "--area"),
    ],
    ids=str,
)
def test_what_cannot_be_made_leaves_no_folder(words: tuple[str, ...], told: str, drawn: Path, tmp_path: Path) -> None:
    assert told in run("new", str(tmp_path / "none"), "--osm", str(drawn), *words, code=2)
    assert not (tmp_path / "none").exists()
