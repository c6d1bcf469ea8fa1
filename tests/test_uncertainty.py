"""Times as a distribution, and what a time rests on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from atlas.base.errors import ParameterError
from atlas.cli import cli
from atlas.data.scenario import load_scenario
from atlas.evidence import draws as uncertainty
from atlas.evidence.draws import spread
from atlas.evidence.explain import explain
from atlas.network.build import Network
from atlas.travel.reach import route

SEATS = ("珠海", "中山", "江门", "阳江", "广州", "澳门")


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_quantiles_are_ordered_and_the_same_seed_gives_the_same_minutes(network: Network, mode: str) -> None:
    scenario = load_scenario("2026")
    one, two = (spread(network, SEATS, SEATS, scenario, mode=mode, draws=60, seed=5) for _ in range(2))
    assert np.array_equal(one.minutes, two.minutes)
    low, middle, high = (one.quantile(share) for share in (0.05, 0.5, 0.95))
    known = ~np.isnan(middle)
    assert known.any()
    assert (low[known] <= middle[known]).all()
    assert (middle[known] <= high[known]).all()
    assert not np.array_equal(one.minutes, spread(network, SEATS, SEATS, scenario, mode=mode, draws=60, seed=6).minutes)


@pytest.mark.parametrize("mode", ["drive", "multimodal"])
def test_the_steps_kept_lose_little_against_searching_every_draw(
    network: Network, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_scenario("2026")
    quick = spread(network, SEATS, SEATS, scenario, mode=mode, draws=120, seed=1).minutes
    monkeypatch.setattr(uncertainty, "EXACT_DRAWS", 120)
    full = spread(network, SEATS, SEATS, scenario, mode=mode, draws=120, seed=1).minutes
    gap = (quick - full)[np.isfinite(full)]
    assert gap.min() >= -1e-6
    assert gap.mean() <= 0.2
    assert np.quantile(gap, 0.95) <= 0.5


def test_without_ranges_every_draw_is_the_search_itself(network: Network) -> None:
    scenario = load_scenario("2026")
    fixed = scenario.but(overrides=dict(scenario.parameters.values))
    exact = Network(
        network.nodes.assign(position_error_m=0.0), network.edges, network.joins, network.place_layer,
        network.feature_names, network.barrier, network.hash,
    )  # fmt: skip
    found = spread(exact, ["珠海"], ["阳江", "中山"], fixed, mode="drive", draws=5)
    for k, name in enumerate(("阳江", "中山")):
        expected = route(network, "珠海", name, scenario, mode="drive").minutes
        assert found.minutes[:, 0, k] == pytest.approx(expected, abs=1e-6)


def test_the_sets_bracket_the_central_time_and_the_runner_up_is_no_faster(network: Network) -> None:
    for mode, pair in (("drive", ("珠海", "阳江")), ("rail", ("珠海", "江门")), ("multimodal", ("广州", "江门"))):
        told = explain(network, *pair, load_scenario("2026"), mode=mode, draws=40)
        favourable, central, adverse = (minutes for _, minutes in told.sets)
        assert favourable <= central <= adverse
        assert central == pytest.approx(told.journey.minutes)
        assert told.runner_up is not None
        assert told.runner_up.minutes >= told.journey.minutes - 1e-9
        assert told.runner_up.edge_rows != told.journey.edge_rows
        assert told.assumptions


def test_the_wait_of_a_random_arrival_is_uniform_over_the_headway(network: Network) -> None:
    told = explain(network, "珠海", "江门", load_scenario("2026").but(boarding="headway"), mode="rail", draws=10)
    assert told.boardings
    for one in told.boardings:
        low, middle, high = one.wait_min
        assert low <= middle <= high
        if high < 89:
            assert (low, middle, high) == pytest.approx(tuple(q * one.headway_min for q in (0.05, 0.5, 0.95)))


def test_influences_bracket_the_minutes_of_the_way(network: Network) -> None:
    told = explain(network, "珠海", "阳江", load_scenario("2026"), mode="drive", draws=10)
    assert [one.parameter for one in told.influences]
    for one in told.influences:
        assert one.favourable_min - 1e-9 <= told.journey.minutes <= one.adverse_min + 1e-9


def test_no_draw_or_no_table_is_refused(network: Network) -> None:
    scenario = load_scenario("2026")
    with pytest.raises(ParameterError, match="at least one"):
        spread(network, ["珠海"], ["中山"], scenario, draws=0)


@pytest.mark.parametrize("minutes", [5.0, 40.0])
def test_a_border_changes_the_way_by_exactly_its_minutes(network: Network, minutes: float) -> None:
    crossings = ("gongbei", "qingmao", "hengqin", "hzmb_zm", "wanzai")
    settings = {f"border_bc_{name}_ab_min": minutes for name in crossings}
    at_zero = dict.fromkeys(settings, 0.0)
    scenario = load_scenario("2026")
    free = route(network, "珠海", "澳门", scenario.but(overrides=at_zero), mode="drive").minutes
    taken = route(network, "珠海", "澳门", scenario.but(overrides=settings), mode="drive").minutes
    assert taken - free == pytest.approx(minutes, abs=1e-9)


def test_a_matrix_can_be_asked_for_its_quantiles() -> None:
    words = ["matrix", "--from", "珠海", "--to", "阳江", "--to", "中山", "--draws", "40", "--format", "json"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["times"]
    assert len(rows) == 2
    for row in rows:
        assert row["p5_min"] <= row["p50_min"] <= row["p95_min"]
