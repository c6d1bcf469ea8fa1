"""Residents on the grid, who lies inside, and indicators: totals kept to the person, bounds in order."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from pyproj import Transformer

from atlas.base.errors import ImportDataError, NetworkError, ScenarioError
from atlas.base.geodesy import plane
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.places import find_place
from atlas.data.scenario import load_scenario
from atlas.land.coverage import coverage
from atlas.land.grid import Grid
from atlas.land.indicators import accessibility
from atlas.land.links import AccessTable, access_table
from atlas.land.population import Population, own_population, spread_people, units_of
from atlas.land.surface import surface_from
from atlas.network.build import Network
from atlas.travel.trip import Trip

METRIC = plane(112.7, 22.3)


@pytest.fixture(scope="module")
def table(network: Network) -> AccessTable:
    return access_table(network, cell_km=2.0)


@pytest.fixture(scope="module")
def people(table: AccessTable) -> Population:
    return spread_people(table.grid, open_catalog().layer("places").frame)


def test_every_rule_keeps_the_total_of_every_county_to_the_person(people: Population) -> None:
    places = open_catalog().layer("places").frame
    assert list(people.units["people"]) == [float(x) for x in units_of(places)["population"]]
    for i, total in enumerate(people.units["people"]):
        mine = people.unit == i
        if mine.any():
            assert round(float(people.people[1][mine].sum())) >= 0
            assert round(float(people.people[0][mine].sum())) == pytest.approx(
                total - people.units["outside"][i], abs=total * 0.02 + 1
            )
    inside = (people.units["people"] - people.units["outside"]).sum()
    assert round(float(people.people[0].sum())) == round(float(inside))
    assert (people.people >= 0).all()
    core = people.units["city"].isin(("珠海", "中山", "江门", "阳江"))
    assert (people.units.loc[core, "outside"] == 0).all()
    # each rule keeps all of those whose ground lies on the grid, and no more than all of the others
    whole = float(people.units.loc[people.units["outside"] == 0, "people"].sum())
    for rule in people.people:
        assert whole - 1 <= float(rule.sum()) <= float(people.units["people"].sum()) + 1


def _plain(side: int) -> Grid:
    """A grid of dry land, `side` cells of 1 km each way, its middle at 113 E 22 N."""
    x, y = Transformer.from_crs(4326, METRIC, always_xy=True).transform(113.0, 22.0)
    half = side * 500.0
    back = Transformer.from_crs(METRIC, 4326, always_xy=True)
    west, south = back.transform(x - half, y - half)
    east, north = back.transform(x + half, y + half)
    land = np.ones((side, side), dtype=bool)
    return Grid(METRIC, x - half, y + half, 1000.0, (side, side), land, (west, south, east, north))


def _prefecture(lon: float, lat: float) -> pd.DataFrame:
    row = {
        "id": "far", "name_zh": "远市", "name_en": "Far", "city": "远", "level": "prefecture", "adcode": "1",
        "parent": "", "population": 1_000_000.0, "pop_year": 2020, "area_km2": 3000.0,
        "geometry": shapely.Point(lon, lat),
    }  # fmt: skip
    return gpd.GeoDataFrame([row], crs=4326)


def test_a_neighbour_on_the_edge_of_the_grid_brings_the_half_of_its_people_that_live_here() -> None:
    grid = _plain(100)
    found = spread_people(grid, _prefecture(grid.box[0], 22.0))
    for rule in found.people[:2]:
        assert rule.sum() == pytest.approx(500_000, rel=0.04)
    assert found.units["outside"].item() + found.people[0].sum() == pytest.approx(1_000_000)
    # evenly, no cell holds more than the density of the prefecture: nobody is pressed onto a strip
    assert found.people[1].max() == pytest.approx(1_000_000 / 3000, rel=0.02)


def test_a_neighbour_whose_ground_ends_before_the_grid_brings_nobody() -> None:
    grid = _plain(60)
    found = spread_people(grid, _prefecture(grid.box[0] - 0.5, 22.0))
    assert found.people.sum() == 0
    assert found.units["outside"].item() == 1_000_000


def test_a_neighbour_whose_ground_lies_on_the_grid_brings_everybody() -> None:
    found = spread_people(_plain(100), _prefecture(113.0, 22.0))
    assert found.people.sum(axis=1) == pytest.approx([1_000_000] * 3)
    assert found.units["outside"].item() == 0


def test_a_seat_in_a_river_stands_on_the_land_beside_it(
    network: Network, table: AccessTable, people: Population
) -> None:
    at = find_place(network.place_layer, "yangjiang")
    lon, lat = np.array([at.lon]), np.array([at.lat])
    (cell,) = table.grid.cells_near(lon, lat)
    middles = table.grid.xy - Transformer.from_crs(4326, METRIC, always_xy=True).transform(at.lon, at.lat)
    assert cell == np.argmin(np.hypot(*middles.T))
    assert list(table.grid.cells_near(np.array([114.2]), np.array([21.6]))) == [-1]
    row = accessibility(network, ["yangjiang"], [load_scenario("2026")], ["drive"], table, people).iloc[0]
    assert row["self_potential"] > 0


def test_airports_of_civil_aviation_are_counted_apart_and_the_second_nearest_is_another_one(
    network: Network, table: AccessTable, people: Population
) -> None:
    scenario = load_scenario("2026")
    first, second = (
        accessibility(network, ["yangjiang"], [scenario], ["drive"], table, people, nth=n).iloc[0] for n in (1, 2)
    )
    airports = open_catalog().layer("airports").frame
    trip = Trip(network, scenario, "drive")
    minutes = trip.tree(network.row_of["place/yangjiang"]).node_minutes
    known = {row: minutes[network.row_of[f"airport/{row}"]] for row in airports["id"]}
    # parts of one airport share its code
    code = airports["iata"].fillna("").mask(airports["iata"].fillna("") == "", airports["id"])
    nearest = airports["id"].map(known).groupby([airports["kind"] == "civil", code]).min()
    assert first["airport_min"] == pytest.approx(nearest[True].min())
    assert first["general_airport_min"] == pytest.approx(nearest[False].min())
    assert second["airport_min"] == pytest.approx(sorted(nearest[True])[1])
    with pytest.raises(ScenarioError, match="nth"):
        accessibility(network, ["yangjiang"], [scenario], ["drive"], table, people, nth=0)


def test_no_unit_is_counted_twice() -> None:
    units = units_of(open_catalog().layer("places").frame)
    assert not set(units["adcode"]) & set(units["parent"])
    assert units["id"].is_unique


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_a_larger_cutoff_never_loses_people_land_or_places(
    network: Network, table: AccessTable, people: Population, mode: str
) -> None:
    surface = surface_from(network, "江门", load_scenario("2026"), table, mode=mode)
    frame = coverage(surface, people, (30, 60, 90, 120))
    for _, group in frame.groupby(["scope", "name_zh"]):
        for column in ("people", "people_low", "people_high", "area_km2", "places"):
            assert group[column].is_monotonic_increasing
    assert (frame["people_low"] <= frame["people"] + 1e-6).all()
    assert (frame["people"] <= frame["people_high"] + 1e-6).all()


def test_cities_add_up_to_the_metropolitan_area(network: Network, table: AccessTable, people: Population) -> None:
    surface = surface_from(network, "珠海", load_scenario("2026"), table)
    frame = coverage(surface, people, (120,))
    total = frame.loc[frame["scope"] == "metropolitan", "people"].item()
    assert frame.loc[frame["scope"] == "city", "people"].sum() == pytest.approx(total)
    assert frame.loc[frame["scope"] == "county", "people"].sum() == pytest.approx(total)
    direct = people.people[0][surface.minutes <= 120 + 1e-6].sum()
    assert frame.loc[frame["scope"] == "region", "people"].item() == pytest.approx(direct)


def test_indicators_are_sums_over_the_surface(network: Network, table: AccessTable, people: Population) -> None:
    scenario = load_scenario("2026")
    row = accessibility(network, ["zhongshan"], [scenario], ["drive"], table, people).iloc[0]
    surface = surface_from(network, "place/zhongshan", scenario, table, mode="drive")
    assert row["people_60"] == pytest.approx(people.people[0][surface.within(60)].sum())
    weight = np.exp(-np.log(2) / 35 * np.minimum(surface.minutes, 1e6))
    assert row["potential"] + row["self_potential"] == pytest.approx((people.people[0] * weight).sum(), rel=1e-6)
    assert 0 < row["performance_60"] < 5
    assert row["self_potential"] > 0


def test_more_years_never_lower_daily_accessibility(network: Network, table: AccessTable, people: Population) -> None:
    scenarios = [load_scenario(year) for year in ("2023", "2026", "2030", "2035")]
    frame = accessibility(network, ["yangjiang"], scenarios, ["multimodal"], table, people)
    assert frame["people_120"].is_monotonic_increasing
    assert frame["potential"].is_monotonic_increasing


@pytest.mark.parametrize("cutoffs", [(0,), (-5,), ()])
def test_a_cutoff_that_makes_no_sense_is_refused(network, table, people, cutoffs: tuple[float, ...]) -> None:
    surface = surface_from(network, "珠海", load_scenario("2026"), table)
    with pytest.raises(ScenarioError, match="cut-offs"):
        coverage(surface, people, cutoffs)


def test_an_origin_in_the_sea_is_refused(network: Network, table: AccessTable) -> None:
    sea = find_place(network.place_layer, "114.2,21.6")
    with pytest.raises(NetworkError, match="land"):
        surface_from(network, sea, load_scenario("2026"), table)


def test_people_of_ones_own_are_used_as_they_are(table: AccessTable, tmp_path: Path) -> None:
    path = tmp_path / "population.csv"
    path.write_text("lon,lat,people,year,source\n113.55,22.27,1000,2024,mine\n113.38,22.52,500,2024,mine\n", "utf-8")
    found = own_population(table.grid, path, open_catalog().layer("places").frame)
    assert found.people.sum(axis=1) == pytest.approx([1500, 1500, 1500])
    path.write_text("lon,lat,people\n113.55,here,1000\n", "utf-8")
    with pytest.raises(ImportDataError, match="line 2: lat"):
        own_population(table.grid, path, open_catalog().layer("places").frame)


def test_coverage_says_its_source_bounds_and_hash() -> None:
    result = CliRunner().invoke(cli, ["coverage", "珠海", "--format", "json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["hash"]
    assert found["people_source"]
    assert {"people_low", "people_high", "share"} <= set(found["coverage"][0])
