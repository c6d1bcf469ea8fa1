"""Worth of projects: values add up, exact and drawn agree, and both agree with counting by hand."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from worlds import layer, line_world

import atlas
from atlas.base.errors import PlanError
from atlas.cli import cli
from atlas.data.region import find_root
from atlas.data.register import read_register
from atlas.data.scenario import load_scenario
from atlas.decide import MEASURES
from atlas.decide.board import Board
from atlas.decide.measures import SITES, Trips, make_measure, site_rows
from atlas.decide.players import listed_players, plan_players
from atlas.decide.value import Game, exact_values, project_values, sampled_values, target_values
from atlas.land.ground import Ground
from atlas.land.surface import surface_from
from atlas.network.build import Network, build_network
from atlas.plan.promises import read_targets
from atlas.travel.trip import Trip

PLAN = find_root() / "data" / "plan"


@dataclass(frozen=True)
class Counted:
    """A game told by a function of the set of projects."""

    worth: Callable[[int], float]
    shut: tuple[None, ...]

    @property
    def everyone(self) -> int:
        return (1 << len(self.shut)) - 1

    def at(self, chosen: int) -> np.ndarray:
        return np.array([self.worth(chosen), float(chosen.bit_count())])


def drawn_game(seed: int, players: int) -> Counted:
    """A game that only grows: the total weight of the random sets that are complete."""
    rng = np.random.default_rng(seed)
    needs = [(int(rng.integers(1, 1 << players)), float(rng.integers(1, 50))) for _ in range(12)]
    return Counted(lambda chosen: sum(w for need, w in needs if need & chosen == need), (None,) * players)


def by_all_orders(game: Counted) -> np.ndarray:
    """The definition: the mean over every order of building."""
    count = len(game.shut)
    values = np.zeros((count, 2))
    for order in itertools.permutations(range(count)):
        built = 0
        for i in order:
            values[i] += game.at(built | 1 << i) - game.at(built)
            built |= 1 << i
    return values / math.factorial(count)


@pytest.mark.parametrize("seed", range(4))
def test_exact_values_are_the_mean_over_all_orders(seed: int) -> None:
    game = drawn_game(seed, 5)
    assert exact_values(game) == pytest.approx(by_all_orders(game))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_drawn_values_lie_within_their_error_of_the_exact_ones_and_add_up_to_the_joint_gain(seed: int) -> None:
    game = drawn_game(seed, 9)
    exact = exact_values(game)  # type: ignore[arg-type]
    values, errors, _ = sampled_values(game, 400, seed)  # type: ignore[arg-type]
    assert (np.abs(values - exact) <= 5.0 * errors + 1e-9).all()
    assert values.sum(axis=0) == pytest.approx(game.at(game.everyone) - game.at(0))


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    game = drawn_game(3, 14)
    first, again, other = (sampled_values(game, 20, seed)[0] for seed in (1, 1, 2))  # type: ignore[arg-type]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def bridge_world() -> Network:
    """Seats a and d an hour apart by a detour; the straight way needs an approach and a bridge, and a spur none.

    ::

        a ─approach─ b ─bridge─ c ── d        (detour a … d by the north)
                     └spur─ e
    """
    world = line_world(towns=1)
    xy = {"a": (113.0, 22.5), "b": (113.1, 22.5), "c": (113.2, 22.5), "d": (113.3, 22.5), "e": (113.1, 22.4)}
    north = shapely.LineString([xy["a"], (113.15, 22.9), xy["d"]])

    def road(name: str, u: str, v: str, year: int, line: shapely.LineString | None = None) -> dict:
        shape = line or shapely.LineString([xy[u], xy[v]])
        return {"id": name, "node_ids": f"{u};{v}", "opens_year": year, "geometry": shape}

    world["highways"] = layer(
        "highways",
        road("detour", "a", "d", 2000, north),
        road("approach", "a", "b", 2030),
        road("bridge", "b", "c", 2030),
        road("rest", "c", "d", 2000),
        road("spur", "b", "e", 2030),
    )
    world["interchanges"] = layer("interchanges", *({"id": n, "geometry": shapely.Point(at)} for n, at in xy.items()))
    places = [{"id": f"p{n}", "geometry": shapely.Point(xy[n]), "level": "county", "population": 1000.0} for n in "ad"]
    world["places"] = layer("places", *places)
    return build_network(world)


def test_an_approach_is_worth_nothing_without_its_bridge_and_the_two_share_what_they_bring() -> None:
    network = bridge_world()
    players = listed_players(network, ["approach", "bridge", "spur"])
    minutes = Trip(network, load_scenario("2030"), "drive").tree(network.row_of["place/pa"]).node_minutes
    limit = float(minutes[network.row_of["place/pd"]]) + 1.0
    found = project_values(network, players, load_scenario("2030"), measure="pairs", mode="drive", limit_min=limit)
    rows = found.projects.set_index("project")
    assert found.joint == 2.0
    assert rows["value"].to_dict() == {"approach": 1.0, "bridge": 1.0, "spur": 0.0}
    assert rows["first_in"].to_dict() == {"approach": 0.0, "bridge": 0.0, "spur": 0.0}
    assert rows["last_in"].to_dict() == {"approach": 2.0, "bridge": 2.0, "spur": 0.0}
    pair = found.interactions.iloc[0]
    assert {pair["project"], pair["other"]} == {"approach", "bridge"}
    assert (pair["together"], pair["apart"], pair["interaction"]) == (2.0, 0.0, 2.0)
    late = found.delayed(2).set_index("project")
    assert late.loc["bridge", "late_in"] == "2030–2031"
    assert late.loc["bridge", "lost"] == 2.0
    assert late.loc["spur", "lost"] == 0.0


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_a_board_with_parts_closed_is_the_scenario_without_them(network: Network, mode: str) -> None:
    scenario = load_scenario("2035")
    board = Board(network, scenario, mode)
    start = network.row_of["place/jiangmen"]
    for ids in ([], ["hmh", "g2518_szzs"], ["railways/shenmao", "s26_zk_zs", "hzmb"]):
        trip = Trip(network, scenario.but(without=ids), mode)
        opened = board.without(ids)
        assert np.array_equal(opened.towards(start), trip.towards(start))
        assert np.array_equal(opened.many(np.array([start])), trip.many(np.array([start])))
        ports = site_rows(network, "port")
        nearest, which = opened.nearest(ports)
        every = np.array([trip.towards(int(port)) for port in ports])
        assert nearest == pytest.approx(every.min(axis=0))
        some = np.isfinite(nearest)
        assert set(which[some]) <= set(ports.tolist())


def test_people_are_those_of_the_surface_towards_the_centre(network: Network, ground: Ground) -> None:
    scenario, ids = load_scenario("2035"), ["s26_zk_zs", "g2518_szzs", "yinzhouhu"]
    board = Board(network, scenario, "multimodal")
    least = board.without(ids)
    measures = [make_measure("people", board, floor, ground=ground, centres=["zhongshan"]) for floor in (least, None)]
    for closed in ([], ids[:1], ids[1:], ids):
        surface = surface_from(network, "zhongshan", scenario.but(without=closed), ground.links, towards=True)
        expected = ground.people.people[0][surface.within(60.0)].sum()
        for measure in measures:
            assert measure.at(board.without(closed)).sum() == pytest.approx(expected)


@pytest.mark.parametrize("name", MEASURES)
def test_opening_a_project_never_makes_a_measure_smaller(network: Network, ground: Ground, name: str) -> None:
    board = Board(network, load_scenario("2035"), "multimodal")
    ids = ["s26_zk_zs", "g2518_szzs", "yinzhouhu", "railways/zhuzhao_jj", "airports/yangjiang"]
    shut = tuple(board.closing([one]) for one in ids)
    targets = read_targets(PLAN / "targets.toml")
    measure = make_measure(name, board, board.without(ids), ground=ground, targets=targets, sites=SITES)
    game = Game(board, shut, measure)
    for i in range(len(ids)):
        for chosen in (0, 0b10110 & ~(1 << i), game.everyone & ~(1 << i)):
            assert (game.at(chosen | 1 << i) >= game.at(chosen) - 1e-9).all()
    values = exact_values(game)
    assert values.sum(axis=0) == pytest.approx(game.at(game.everyone) - game.at(0))


def test_the_plans_projects_hold_each_feature_once_and_nothing_that_was_there_before(network: Network) -> None:
    players = plan_players(network, read_register(PLAN), load_scenario("2023"), load_scenario("2035"))
    features = [feature for player in players for feature in player.features]
    assert len(features) == len(set(features)) > 30
    old = network.arrays.open_in(load_scenario("2023"))
    assert not (network.arrays.named(features) & old).any()
    with pytest.raises(PlanError, match="later year"):
        plan_players(network, read_register(PLAN), load_scenario("2023"), load_scenario("2023"))


def test_three_hundred_projects_are_drawn_and_add_up() -> None:
    game = drawn_game(5, 30)
    many = Counted(lambda chosen: game.at(chosen & game.everyone)[0], (None,) * 300)
    values, errors, of_total = sampled_values(many, 4, 1)  # type: ignore[arg-type]
    assert values.sum(axis=0) == pytest.approx(many.at(many.everyone) - many.at(0))
    assert errors.shape == (300, 2)
    assert of_total.shape == (300,)


def test_bad_input_of_worth_is_told(network: Network) -> None:
    with pytest.raises(PlanError, match="no feature or plan item"):
        listed_players(network, ["nothing"])
    with pytest.raises(PlanError, match="share"):
        listed_players(network, ["hmh", "highways/hmh"])
    with pytest.raises(PlanError, match="2 or more"):
        project_values(network, listed_players(network, ["hmh"]), load_scenario("2035"), measure="pairs", orders=1)
    with pytest.raises(PlanError, match="no measure"):
        project_values(network, listed_players(network, ["hmh"]), load_scenario("2035"), measure="joy")
    with pytest.raises(PlanError, match="no place of the atlas"):
        make_measure("people", Board(network, load_scenario("2026")), ground=atlas.ground, centres=["113.2,22.3"])  # type: ignore[arg-type]


def test_the_command_says_plainly_what_is_worth_nothing() -> None:
    words = ["value", "--project", "hmh", "--project", "szy", "--measure", "pairs", "--mode", "drive", "--lang", "en"]
    told = CliRunner().invoke(cli, words)
    assert told.exit_code == 0
    assert "nothing under this measure, in any combination looked at: Shiziyang Link" in told.stderr
    found = json.loads(CliRunner().invoke(cli, [*words, "--format", "json"]).stdout)
    assert sum(row["value"] for row in found["projects"]) == pytest.approx(found["joint"])
    wrong = CliRunner().invoke(cli, ["value", "--project", "hnh"])
    assert wrong.exit_code == 2
    assert "hmh" in wrong.stderr


def test_minutes_of_promised_trips_are_those_of_the_library_whatever_is_closed(network: Network) -> None:
    targets, scenario = read_targets(PLAN / "targets.toml"), load_scenario("2035")
    board = Board(network, scenario, "multimodal")
    measure = Trips.of(network, targets, by_target=True)
    for closed in (["g2518_szzs"], ["g2518_szzs", "railways/guangzhan", "s26_zk_zs"], ["highways/s47_jz"], []):
        whole = board.without(closed)
        expected = [
            -np.mean([
                min(240.0, whole.many(np.array([network.row_of[f"place/{start}"]]))[
                    0, [network.row_of[f"place/{end}"] for end in ends]].min())
                for start, ends in target.default.trips()
            ])
            for target in targets
        ]  # fmt: skip
        assert measure.at(whole) == pytest.approx(expected)


def test_a_targets_values_are_those_of_the_measure_of_it_alone(network: Network) -> None:
    targets = read_targets(PLAN / "targets.toml")
    scenario = load_scenario("2035")
    players = plan_players(network, read_register(PLAN), load_scenario("2023"), scenario)
    table = target_values(network, players, scenario, targets, orders=4)
    one = targets.only(["corridor-coast"])
    alone = project_values(
        network, players, scenario, measure="trips", targets=one, orders=4, interactions=False
    ).projects.set_index("project")
    mine = table[table["target"] == "corridor-coast"].set_index("project")
    assert len(mine) > 2
    for name in ("first_in", "last_in", "value", "standard_error"):
        assert mine[name].to_dict() == pytest.approx(alone.loc[mine.index, name].to_dict(), abs=1e-6)
    assert (alone.drop(index=mine.index)["value"].abs() < 1e-6).all()
