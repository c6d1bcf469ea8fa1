"""What a trip needs: every answer, put back in, sits at the limit; where there is none the reason is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from worlds import line_world

from atlas.base.errors import PlanError
from atlas.cli import cli
from atlas.data.region import find_root
from atlas.data.register import read_register
from atlas.data.scenario import load_scenario
from atlas.decide.board import Board
from atlas.decide.levers import levers_of
from atlas.decide.needs import solve, solve_trips
from atlas.decide.players import plan_players
from atlas.network.build import Network, build_network
from atlas.travel.reach import route

NOW = load_scenario("2026")


@pytest.mark.parametrize(
    ("start", "end", "limit", "mode", "scenario"),
    [
        ("阳江", "珠海", 140.0, "drive", NOW),
        ("恩平", "珠海", 110.0, "multimodal", NOW),
        ("珠海", "香港", 95.0, "drive", NOW),
        ("阳江", "广州", 140.0, "rail", NOW.but(boarding="headway", overrides={"rail_access_max_min": 45.0})),
    ],
)
def test_a_parameter_put_back_into_the_scenario_meets_the_limit_to_a_tenth_of_a_minute(
    network: Network, start: str, end: str, limit: float, mode: str, scenario: object
) -> None:
    needs = solve(network, start, end, scenario, limit_min=limit, mode=mode)  # type: ignore[arg-type]
    rows = needs.options[
        needs.options["needed"].notna() & needs.options["parameter"].ne("") & needs.options["other"].eq("")
    ]
    rows = rows[rows["parameter"].isin([row.name for row in NOW.table])]  # type: ignore[union-attr]
    assert len(rows) > 0
    for row in rows.to_dict("records"):
        turned = scenario.but(overrides={row["parameter"]: row["needed"]})  # type: ignore[attr-defined]
        assert route(network, start, end, turned, mode=mode).minutes == pytest.approx(limit, abs=0.1), row["parameter"]


def test_by_rail_faster_streets_may_bring_more_stations_within_the_bound_than_was_counted_on(network: Network) -> None:
    scenario = NOW.but(boarding="headway", overrides={"rail_access_max_min": 45.0})
    options = solve(network, "阳江", "广州", scenario, limit_min=126.0, mode="rail").options
    (needed,) = options.loc[options["parameter"].eq("local_speed_kmh") & options["other"].eq(""), "needed"]
    assert needed > 100
    turned = scenario.but(overrides={"local_speed_kmh": needed})
    assert route(network, "阳江", "广州", turned, mode="rail").minutes <= 126.0 + 0.1


def test_a_speed_put_back_on_its_road_meets_the_limit(network: Network) -> None:
    needs = solve(network, "阳江", "珠海", NOW, limit_min=140.0, mode="drive", by=["speed"])
    board = Board(network, NOW, "drive")
    levers = {lever.id: lever for lever in levers_of(board)}
    start, end = network.row_of["place/yangjiang"], network.row_of["place/zhuhai"]
    alone = needs.options[needs.options["other"].eq("") & needs.options["needed"].notna()]
    rows = alone[alone["lever"].str.startswith("highways/")]
    assert len(rows) > 0
    for row in rows.to_dict("records"):
        lever = levers[row["lever"]]
        share = 1.0 - lever.before / row["needed"]
        opened = board.eased(lever.first_off * share, lever.later_off * share)
        assert opened.many(np.array([start]))[0, end] == pytest.approx(140.0, abs=0.1)
        assert row["minutes"] == pytest.approx(140.0, abs=0.1)


def test_less_than_the_answer_does_not_do_and_the_share_of_levers_is_within_what_is_possible(network: Network) -> None:
    needs = solve(network, "珠海", "香港", NOW, limit_min=105.0, mode="drive", by=["border"])
    best = needs.options.iloc[0]
    assert best["possible"]
    less = NOW.but(overrides={best["parameter"]: best["needed"] + 0.2})
    assert route(network, "珠海", "香港", less, mode="drive").minutes > 105.0
    assert NOW.table is not None
    assert best["needed"] >= NOW.table[best["parameter"]].low


def test_a_pair_of_changes_put_back_together_meets_the_limit(network: Network) -> None:
    found = solve(network, "珠海", "香港", NOW, limit_min=96.0, mode="drive").options
    assert not found[found["other"].eq("") & found["by"].ne("all")]["possible"].any()
    pairs = found[found["other"].ne("") & found["possible"]]
    assert len(pairs) > 0
    for row in pairs.to_dict("records"):
        assert row["minutes"] == pytest.approx(96.0, abs=0.1)


def test_projects_meet_what_the_scenario_with_them_meets(network: Network) -> None:
    register = read_register(find_root() / "data" / "plan")
    players = plan_players(network, register, NOW, load_scenario("full"))
    needs = solve(network, "阳江", "珠海", NOW, limit_min=120.0, by=["project"], projects=players)
    rows = needs.options[needs.options["other"].eq("")]
    assert len(rows) > 0
    by_id = {player.id: player for player in players}
    for row in rows.to_dict("records"):
        built = NOW.but(with_=by_id[row["lever"]].features)
        minutes = route(network, "阳江", "珠海", built, mode="multimodal").minutes
        assert row["minutes"] == pytest.approx(minutes, abs=1e-6)
        assert row["possible"] == (minutes <= 120.0)


def test_what_is_met_needs_nothing_and_what_cannot_be_met_names_what_is_left(network: Network) -> None:
    met = solve(network, "珠海", "中山", NOW, limit_min=120.0)
    assert met.met
    assert len(met.options) == 0
    never = solve(network, "珠海", "香港", NOW, limit_min=20.0, by=["border"])
    assert not never.solved
    assert never.least_left.minutes > 20.0
    assert never.least_left.minutes <= never.minutes


def test_a_target_is_solved_for_its_worst_trip(network: Network) -> None:
    trips = [("yangjiang", ("zhuhai",), 145.0), ("zhongshan", ("zhuhai",), 145.0)]
    needs = solve_trips(network, trips, NOW, mode="drive", by=["access"])
    alone = solve(network, "阳江", "珠海", NOW, limit_min=145.0, mode="drive", by=["access"])
    assert needs.origin == alone.origin == "阳江市"
    assert needs.options["needed"].tolist() == pytest.approx(alone.options["needed"].tolist(), nan_ok=True)


def test_a_network_in_pieces_and_bad_input_are_told(network: Network) -> None:
    world = line_world(towns=4)
    world["highways"].frame = world["highways"].frame.iloc[[0, 2]].reset_index(drop=True)
    pieces = build_network(world)
    never = solve(pieces, "pa", "pd", NOW, limit_min=60.0, mode="drive")
    assert not never.solved
    assert not never.least_left.found
    with pytest.raises(PlanError, match="one place"):
        solve(network, "珠海", "珠海市", NOW)
    with pytest.raises(PlanError, match="nothing is changed by"):
        solve(network, "珠海", "中山", NOW, by=["magic"])
    with pytest.raises(PlanError, match="positive"):
        solve(network, "珠海", "中山", NOW, limit_min=0.0)


def test_the_command_says_what_decides_and_gives_exit_code_1_where_nothing_does_it() -> None:
    words = ["solve", "珠海", "香港", "--within", "20", "--by", "border", "--lang", "en"]
    never = CliRunner().invoke(cli, words)
    assert never.exit_code == 1
    assert "what decides is" in never.stderr
    done = CliRunner().invoke(cli, ["solve", "珠海", "香港", "--within", "105", "--by", "border", "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["solved"]
