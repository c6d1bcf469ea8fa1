"""Residents on the grid, who lies inside, and indicators: totals kept to the person, bounds in order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from atlas.base.errors import ImportDataError, NetworkError, ScenarioError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.places import find_place
from atlas.data.scenario import load_scenario
from atlas.land.coverage import coverage
from atlas.land.indicators import accessibility
from atlas.land.links import AccessTable, access_table
from atlas.land.population import Population, own_population, spread_people, units_of
from atlas.land.surface import surface_from
from atlas.network.build import Network, build_network


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network(open_catalog().layers())


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
            assert round(float(people.people[0][mine].sum())) == pytest.approx(total, abs=total * 0.02 + 1)
    for rule in people.people:
        assert round(float(rule.sum())) == round(float(people.units["people"].sum()))
        assert (rule >= 0).all()


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
