"""A link of one's own: a table of a scenario file, taken into the network, open where the scenario names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from small_atlas import BOX, draw_atlas

import atlas
from atlas.base.errors import NetworkError, ScenarioError
from atlas.cli import cli
from atlas.data.scenario import Scenario, parse_scenario, scenario_text
from atlas.land.drawn import loose_points
from atlas.land.links import AccessTable, access_table
from atlas.network.build import Network

ENDS = ("113.281,22.421", "113.419,22.579")
ROAD = """
[[link]]
class = "expressway"
speed_kmh = 150
points = [[113.28, 22.42], [113.35, 22.5], [113.42, 22.58]]
"""
RAIL = """
[[link]]
kind = "rail"
speed_kmh = 200
headway_min = 10
points = [[113.28, 22.42], [113.42, 22.58]]
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Scenario, AccessTable]:
    catalog = atlas.open_catalog(draw_atlas(tmp_path_factory.mktemp("town")))
    network = atlas.build_network(catalog.layers())
    return network, atlas.load_scenario("2026", table=catalog.parameters), access_table(network, box=BOX)


def drawn(town: tuple[Network, Scenario, AccessTable], text: str) -> tuple[Network, Scenario]:
    network, now, table = town
    assert now.table is not None
    scenario = parse_scenario(text, table=now.table)
    return atlas.with_links(network, scenario.links, table), scenario


@pytest.mark.parametrize(("text", "mode"), [(ROAD, "drive"), (RAIL, "rail")])
def test_a_link_shortens_the_way_it_takes_and_stands_open_where_it_is_named_alone(town, text: str, mode: str) -> None:
    grown, scenario = drawn(town, text)
    network, now, _ = town
    before, unnamed = (atlas.route(some, *ENDS, now, mode=mode) for some in (network, grown))
    after = atlas.route(grown, *ENDS, scenario, mode=mode)
    assert after.found
    assert not before.found or after.minutes < before.minutes - 1
    assert (unnamed.minutes, unnamed.found) == (pytest.approx(before.minutes, nan_ok=True), before.found)
    assert "own" in {leg.layer for leg in after.legs}


def test_a_train_of_ones_own_is_waited_for_as_its_headway_says(town) -> None:
    waits = []
    for headway in (10, 30):
        text = 'boarding = "headway"\n' + RAIL.replace("headway_min = 10", f"headway_min = {headway}")
        grown, scenario = drawn(town, text)
        waits.append(dict(atlas.route(grown, *ENDS, scenario, mode="rail").parts)["wait"])
    share = atlas.load_scenario("2026").value("rail_wait_share")
    hours = atlas.load_scenario("2026").value("rail_operating_hours")
    assert waits[1] - waits[0] == pytest.approx(share * 20 * hours / 16, abs=0.01)


def test_a_scenario_that_draws_is_refused_by_a_network_that_lacks_the_link(town) -> None:
    network = town[0]
    _, scenario = drawn(town, ROAD)
    with pytest.raises(NetworkError, match="with_links"):
        atlas.route(network, *ENDS, scenario)


def test_points_that_join_nothing_are_counted(town) -> None:
    network, _, table = town
    _, scenario = drawn(town, ROAD)
    assert loose_points(network, scenario.links[0], table) == 0
    far = parse_scenario(ROAD.replace("113.28, 22.42", "118.0, 19.0"), table=scenario.table).links[0]
    assert loose_points(network, far, table) == 1


def test_a_scenario_with_links_is_written_and_read_as_the_same(town) -> None:
    _, scenario = drawn(town, ROAD + RAIL)
    again = parse_scenario(scenario_text(scenario), table=scenario.table)
    assert again.links == scenario.links
    assert again.hash == scenario.hash
    assert parse_scenario(RAIL, table=scenario.table).hash != parse_scenario(ROAD, table=scenario.table).hash


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[link]\nkind = 'road'", r"\[\[link\]\]"),
        ("[[link]]\nkind = 'boat'", "road or rail"),
        ("[[link]]\nclass = 'expresway'\npoints = [[1, 2], [3, 4]]", "expressway"),
        ("[[link]]\npoints = [[1, 2]]", "2 to 60 points"),
        ("[[link]]\npoints = [[1, 2], [3, 400]]", "lon, lat"),
        ("[[link]]\npoints = [[1, 2], [true, 4]]", "lon, lat"),
        ("[[link]]\nspeed_kmh = 500\npoints = [[1, 2], [3, 4]]", "5 to 150"),
        ("[[link]]\nkind = 'rail'\nspeed_kmh = 200\npoints = [[1, 2], [3, 4]]", "headway_min"),
        ("[[link]]\nheadway_min = 3\npoints = [[1, 2], [3, 4]]", "unknown key"),
        ("[[link]]\npoints = [[1, 2], [3, 4]]\n" * 21, "at most 20"),
    ],
)
def test_a_link_that_cannot_be_is_refused_in_words(wrong: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        parse_scenario(wrong, table=atlas.load_scenario("2026").table)


def test_a_node_that_is_not_there_is_named(town) -> None:
    with pytest.raises(ScenarioError, match="stn/nowhere"):
        drawn(town, '[[link]]\npoints = ["stn/nowhere", [113.4, 22.5]]')


def test_a_link_over_a_border_is_said_to_count_no_minutes_for_it(tmp_path: Path) -> None:
    file = tmp_path / "over.toml"
    said = []
    for points in ("[[113.52, 22.28], [113.56, 22.14]]", "[[113.52, 22.28], [113.30, 22.28]]"):
        file.write_text(f'base = "2026"\n[[link]]\nclass = "arterial"\npoints = {points}\n', "utf-8")
        asked = ["route", "珠海", "中山", "--scenario", str(file), "--mode", "drive", "--lang", "en"]
        answer = CliRunner().invoke(cli, asked)
        assert answer.exit_code == 0, answer.stderr
        said.append("no minutes for it are counted" in answer.stderr)
    assert said == [True, False]
