"""What breaks the network: the ranking is that of closing each link by hand, and cut off is not delayed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from atlas.base.errors import PlanError
from atlas.cli import cli
from atlas.data.scenario import load_scenario
from atlas.decide.board import closures
from atlas.decide.critical import NOTICED_MIN, Watch, breaks, critical_links, dividend, worst_pairs
from atlas.land.ground import Ground
from atlas.land.surface import surface_from
from atlas.network.build import Network, build_network
from atlas.travel.apart import redundancy
from atlas.travel.matrix import od_minutes
from atlas.travel.trip import Trip

NOW = load_scenario("2026")


@pytest.fixture(scope="module")
def watch(network: Network, ground: Ground) -> Watch:
    return Watch.of(network, NOW, ground, centres=["zhuhai"])


@pytest.mark.parametrize(
    "name", ["highways/s47_jz", "highways/g2518_szzs", "railways/gzicr", "highways/g94_hzmb", "highways/g15_fk"]
)
def test_what_a_closure_loses_is_what_the_scenario_without_it_loses(
    network: Network, ground: Ground, watch: Watch, name: str
) -> None:
    found = {one.id: one for one in closures(network, NOW)}
    losses = watch.closed(found[name])
    shut = NOW.but(close=[name])
    before, after = (surface_from(network, "zhuhai", s, ground.links, towards=True).minutes for s in (NOW, shut))
    people = ground.people.people[0]
    assert losses.people_lost == pytest.approx(people[(before <= 60) & ~(after <= 60)].sum())
    assert losses.people_cut == pytest.approx(people[np.isfinite(before) & ~np.isfinite(after)].sum())
    with np.errstate(invalid="ignore"):
        later = np.where(np.isfinite(before) & np.isfinite(after), after - before, 0.0)
    assert losses.people_delayed == pytest.approx(people[later >= NOTICED_MIN].sum())
    names = [str(name).removeprefix("place/") for name in network.nodes["node_id"]]
    ends = [[names[row] for row in some] for some in (watch.starts, watch.ends)]
    old, new = od_minutes(network, *ends, [NOW, shut], ["multimodal"])[:, 0]
    assert losses.pairs_lost == ((old <= 60) & ~(new <= 60)).sum()
    assert losses.pairs_cut == (np.isfinite(old) & ~np.isfinite(new)).sum()
    assert losses.pairs_delayed == (new - old >= NOTICED_MIN).sum()
    assert losses.worst_delay_min == pytest.approx(np.nanmax(new - old))


def test_the_ranking_is_in_order_and_holds_every_closure_once(network: Network, ground: Ground, watch: Watch) -> None:
    found = critical_links(network, [NOW], ground, centres=["zhuhai"], mode="drive", rank="pairs")
    assert sorted(found["link"]) == sorted(one.id for one in closures(network, NOW))
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    assert (found["pairs_lost"].diff().dropna() <= 0).all()
    assert (found[["people_lost", "people_cut", "people_delayed", "pairs_cut"]] >= 0).all(axis=None)
    assert found["pairs_lost"].iloc[0] > 0


def test_what_lies_on_no_fastest_way_loses_nothing_when_searched_again(network: Network, watch: Watch) -> None:
    skipped = 0
    for one in closures(network, NOW, by="link")[::40]:
        opened = watch.board.opened(np.isin(np.arange(len(watch.board.present)), one.edges))
        if all(opened.open_[used].all() for used in (*watch.home_arcs, *watch.pair_arcs)):
            skipped += 1
            assert np.array_equal(opened.many(watch.starts)[:, watch.ends], watch.pair_minutes)
    assert skipped > 0


def test_the_only_way_to_a_place_cuts_it_off_and_delays_nobody_there() -> None:
    from worlds import layer, line_world

    world = line_world(towns=3)
    frame = world["places"].frame
    world["places"] = layer(
        "places", *({**row, "level": "county", "population": 1000.0} for row in frame.to_dict("records"))
    )
    network = build_network(world)
    empty = np.zeros(0, dtype=np.int64)
    found = {one.id: one for one in closures(network, NOW)}
    from atlas.decide.board import Board
    from atlas.decide.homes import Homes

    board = Board(network, NOW, "drive")
    nodes = np.array([network.row_of[f"place/p{name}"] for name in "abc"])
    homes = Homes(empty, np.zeros(0), empty, np.zeros(0), empty, empty, frame, np.zeros((0, 2)), 0.0)
    whole = board.opened()
    watch = Watch(
        board, homes, (), 60.0, nodes, nodes, (), whole.many(nodes)[:, nodes], (), whole.used_from(nodes, nodes)
    )
    losses = watch.closed(found["highways/r1"])
    assert (losses.pairs_cut, losses.pairs_delayed) == (4, 0)
    both = watch.closed(found["highways/r0"], found["highways/r1"])
    assert both.pairs_cut == 6


def test_two_closed_at_once_lose_at_least_what_either_loses(network: Network, watch: Watch) -> None:
    found = {one.id: one for one in closures(network, NOW)}
    some = [found[name] for name in ("highways/s47_jz", "highways/g0425_e", "highways/s26_zk_zs")]
    alone = {one.id: watch.closed(one) for one in some}
    table = worst_pairs(watch, some)
    assert len(table) == 3
    for row in table.to_dict("records"):
        one, other = alone[row["link"]], alone[row["other"]]
        assert row["people_lost"] >= max(one.people_lost, other.people_lost)
        assert row["beyond_sum"] == pytest.approx(row["people_lost"] - one.people_lost - other.people_lost, abs=1e-5)


def test_the_worth_of_a_link_on_fair_days_is_what_its_own_closure_loses(network: Network, watch: Watch) -> None:
    found = {one.id: one for one in closures(network, NOW)}
    table = dividend(watch, ["s26_zk_zs"], [found["highways/s47_jz"]])
    assert table.loc[0, "closed"] == ""
    assert table.loc[0, "worth"] == pytest.approx(watch.closed(found["highways/s26_zk_zs"]).people_lost)
    with pytest.raises(PlanError, match="nothing of it is open"):
        dividend(watch, ["szy"], [])


@pytest.mark.parametrize("mode", ["drive", "multimodal"])
def test_ways_apart_share_no_stretch_and_come_in_order(network: Network, mode: str) -> None:
    found = redundancy(network, "珠海", "阳江", NOW, mode=mode, most=4)
    minutes = found.routes["minutes"].to_numpy()
    assert (np.diff(minutes) >= -1e-9).all()
    start, end = (network.row_of[f"place/{name}"] for name in ("zhuhai", "yangjiang"))
    assert minutes[0] == pytest.approx(Trip(network, NOW, mode).tree(start).node_minutes[end])
    assert 0 <= found.alternatives < len(found.routes)


def test_a_place_with_one_way_out_has_one_way() -> None:
    from worlds import line_world

    network = build_network(line_world(towns=3))
    found = redundancy(network, "pa", "pc", NOW, mode="drive")
    assert (len(found.routes), found.alternatives, found.exhausted) == (1, 0, True)


def test_bad_input_of_closures_is_told(network: Network, ground: Ground) -> None:
    with pytest.raises(PlanError, match="by feature or by link"):
        closures(network, NOW, by="city")
    with pytest.raises(PlanError, match="ranked by people or by pairs"):
        critical_links(network, [NOW], ground, rank="money")
    with pytest.raises(PlanError, match="one place"):
        redundancy(network, "珠海", "珠海市", NOW)


def test_the_command_lists_ways_apart_and_refuses_three_places() -> None:
    told = CliRunner().invoke(cli, ["critical", "珠海", "阳江", "--mode", "drive", "--top", "2", "--format", "json"])
    assert told.exit_code == 0, told.output
    assert len(json.loads(told.stdout)["routes"]) == 2
    assert CliRunner().invoke(cli, ["critical", "珠海", "阳江", "中山"]).exit_code == 2


def test_what_breaks_a_target_is_what_the_scenario_without_it_breaks(network: Network) -> None:
    scenario, trips = load_scenario("2030"), [("zhuhai", ("hong-kong-sar",), 120.0), ("zhuhai", ("macao-sar",), 120.0)]
    found = breaks(network, trips, scenario, mode="drive").set_index("link")
    row = found.loc["highways/g94_hzmb"]
    shut = scenario.but(close=["highways/g94_hzmb"])
    before, after = od_minutes(network, ["zhuhai"], ["hong-kong-sar"], [scenario, shut], ["drive"])[:, 0, 0, 0]
    assert (row["before_min"], row["after_min"]) == pytest.approx((before, after), nan_ok=True)
    assert row["trips_lost"] == int(before <= 120 < after or np.isnan(after))
    # what is not named changes nothing
    for name in ("highways/g2518_szzs", "highways/s47_jz"):
        assert name not in found.index
        others = od_minutes(network, ["zhuhai"], ["hong-kong-sar", "macao-sar"], [scenario, scenario.but(close=[name])],
                            ["drive"])  # fmt: skip
        assert others[0] == pytest.approx(others[1])


def test_the_command_ranks_what_breaks_a_target() -> None:
    told = CliRunner().invoke(
        cli, ["critical", "--target", "corridor-coast", "--year", "2030", "--top", "2", "--format", "json"]
    )
    assert told.exit_code == 0
    rows = json.loads(told.stdout)["links"]
    assert [row["rank"] for row in rows] == [1, 2]
    assert CliRunner().invoke(cli, ["critical", "珠海", "中山", "--target", "corridor-coast"]).exit_code == 2
