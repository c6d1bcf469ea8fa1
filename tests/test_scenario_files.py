"""Scenario files say what they mean; years open what they should, and reach never shrinks as they go up."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.base.errors import ParameterError, ScenarioError
from atlas.data.catalog import open_catalog
from atlas.data.parameters import read_parameters
from atlas.data.scenario import BUILT_IN, MODES, Scenario, load_scenario, parse_scenario, scenario_text
from atlas.data.stamp import check_stamp, stamp
from atlas.network.build import Network, open_edges
from atlas.travel.comparison import seats
from atlas.travel.matrix import od_minutes
from atlas.travel.search import search
from atlas.travel.status import open_features, scenario_difference, scenario_header
from atlas.travel.trip import Trip

ROOT = Path(__file__).resolve().parent.parent
TABLE = read_parameters(ROOT / "data" / "parameters.csv")
YEARS = ("2023", "2026", "2030", "2035", "full")


def lines_of(network: Network) -> np.ndarray:
    """Edges that stand for themselves: not the ramps and local links that hang on a junction or station."""
    edges = network.edges
    return ((edges["role"] != "ramp") & (edges["mode"] != "local")).to_numpy()


@pytest.mark.parametrize("year", [2023, 2024, 2026, 2030, 2035])
def test_the_edges_of_a_year_are_those_opened_by_then(network: Network, year: int) -> None:
    opened = network.edges["opens_year"].to_numpy(dtype=np.float64) <= year
    found = open_edges(network, load_scenario(year))
    own = lines_of(network)
    assert (found[own] == opened[own]).all()
    assert not (found & ~opened).any()
    assert 0 < found.sum() < len(found)


def test_a_year_is_the_base_year_and_what_opened_since(network: Network) -> None:
    opened = network.edges["opens_year"]
    base = open_edges(network, load_scenario("2023"))
    own = lines_of(network)
    for name in ("2026", "2030", "2035"):
        since = opened.between(2024, int(name)).to_numpy()
        found = open_edges(network, load_scenario(name))
        assert (found[own] == (base | since)[own]).all()
        assert not (base & ~found).any(), "nothing is retired"


def test_full_has_every_edge_but_those_of_services_on_request(network: Network) -> None:
    found = open_edges(network, load_scenario("full"))
    assert (found == (network.edges["opens_basis"] != "on_request").to_numpy()).all()
    assert set(network.edges.loc[~found, "layer"]) == {"ferries"}


@pytest.mark.parametrize("mode", MODES)
def test_reach_never_shrinks_as_years_go_up(network: Network, mode: str) -> None:
    rows = [int(np.nonzero((network.nodes["node_id"] == f"place/{name}").to_numpy())[0][0]) for name in seats(network)]
    graphs = [Trip(network, load_scenario(name), mode).graph for name in YEARS]
    for row in rows:
        minutes = [search(graph, row).node_minutes for graph in graphs]
        for earlier, later in itertools.pairwise(minutes):
            assert (later <= earlier + 1e-6).all()


def test_every_undated_feature_counts_as_assumed_by_the_written_rule() -> None:
    catalog = open_catalog(ROOT)
    rule = {"under_construction": 2030, "preliminary": 2035}
    for key in ("highways", "railways"):
        frame = catalog.layer(key).frame
        assumed = frame[(frame["opens_basis"] == "assumed") & (frame["course"] == "known")]
        assert len(assumed)
        for row in assumed.to_dict("records"):
            year = None if pd.isna(row["opens_year"]) else int(row["opens_year"])
            assert year == rule.get(row["status"]), row["id"]


def test_the_header_counts_assumed_features(network: Network) -> None:
    counts = {name: scenario_header(network, load_scenario(name))["assumed"] for name in YEARS}
    assert counts["2023"] == counts["2026"] == 0
    assert 0 < counts["2030"] < counts["2035"] < counts["full"]
    table = open_features(network, load_scenario("2035"))
    assert counts["2035"] == (table["opens_basis"] == "assumed").sum()


def test_open_features_are_each_named_once(network: Network) -> None:
    table = open_features(network, load_scenario("full"))
    assert not table.duplicated(["layer", "feature_id"]).any()
    assert {"highways", "railways", "cross_border_links"} <= set(table["layer"])
    assert "g2518_szzs" in set(table["feature_id"])


IDS = ("hmh", "highways/hmh", "plan-hwy-23")


@pytest.mark.parametrize("name", IDS)
def test_a_project_is_left_out_by_feature_id_full_id_or_plan_id(network: Network, name: str) -> None:
    scenario = load_scenario("2026").but(without=[name])
    assert "hmh" not in set(open_features(network, scenario)["feature_id"])
    assert len(open_features(network, scenario)) < len(open_features(network, load_scenario("2026")))


def test_with_opens_a_feature_before_its_year(network: Network) -> None:
    early = load_scenario("2023").but(with_=["g2518_szzs"])
    difference = scenario_difference(network, load_scenario("2023"), early)
    assert difference[["name", "first", "second"]].to_numpy().tolist() == [["highways/g2518_szzs", "not open", "open"]]


@pytest.mark.parametrize("name", ["zhuzhao_zj", "railways/zhuzhao_zj"])
def test_a_railway_put_in_early_can_be_boarded(network: Network, name: str) -> None:
    base = load_scenario("2026")
    early = base.but(with_=[name])
    before, after = od_minutes(network, ["jinwan-district"], ["jiangmen"], [base, early], ["rail"]).ravel()
    assert after < before - 20


def test_the_difference_names_switches_and_parameters(network: Network) -> None:
    base = load_scenario("2026")
    other = base.but(overrides={"local_speed_kmh": 31.0}, period="peak")
    found = scenario_difference(network, base, other).set_index("name")
    assert found["what"].to_dict() == {"period": "switch", "local_speed_kmh": "parameter"}
    assert found.at["local_speed_kmh", "second"] == 31.0


scenarios = st.builds(
    lambda name, year, sets, period, boarding, which, speed: load_scenario(year, table=TABLE).but(
        name=name,
        with_=sets[0],
        without=[name for name in sets[1] if name not in sets[0]],
        close=sets[2],
        period=period,
        boarding=boarding,
        parameter_set=which,
        overrides=speed,
    ),
    st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20),
    st.sampled_from([*YEARS, "2028"]),
    st.tuples(*[st.lists(st.sampled_from(["hmh", "s77", "plan-rail-04", "深中通道"]), max_size=3)] * 3),
    st.sampled_from(["free", "typical", "peak"]),
    st.sampled_from(["planned", "headway"]),
    st.sampled_from(["favourable", "central", "adverse"]),
    st.dictionaries(st.just("local_speed_kmh"), st.floats(1, 99), max_size=1),
)


@given(scenarios)
def test_a_scenario_written_and_read_is_the_same_scenario(scenario: Scenario) -> None:
    again = parse_scenario(scenario_text(scenario), table=TABLE)
    assert again == scenario
    assert again.hash == scenario.hash


KNOWN = ("hmh", "g2518_szzs", "plan-hwy-23")
WRONG = {
    "an unknown key": ("bsae = '2026'", "base"),
    "an unknown base": ("base = '2062'", "2026"),
    "a misspelt feature": ("without = ['g2518_szz']", "g2518_szzs"),
    "a misspelt plan id": ("with = ['plan-hwy-32']", "plan-hwy-23"),
    "an id that is no text": ("close = [3]", "list of ids"),
    "a year before the plan": ("year = 1999", "2023-2035"),
    "a year that is no number": ("year = 'soon'", "whole number"),
    "an unknown period": ("period = 'pek'", "peak"),
    "an unknown set": ("parameters = 'centre'", "central"),
    "no TOML": ("base = ", "not TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_a_file_is_named_with_the_nearest(tmp_path: Path, case: str) -> None:
    text, word = WRONG[case]
    path = tmp_path / "s.toml"
    path.write_text(text, "utf-8")
    with pytest.raises((ScenarioError, ParameterError), match=word):
        load_scenario(path, table=TABLE, known_ids=KNOWN)


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="local_speed_kmh"):
        parse_scenario("[set]\nlocal_sped_kmh = 3", table=TABLE)


def test_the_hash_tells_years_parameters_and_layers_apart_and_not_names() -> None:
    base = load_scenario("2026", table=TABLE)
    others = [load_scenario("2030", table=TABLE), base.but(close=["hmh"]), base.but(overrides={"local_speed_kmh": 3.0})]
    assert len({stamp("a" * 64, [scenario]) for scenario in (base, *others)}) == 4
    assert stamp("a" * 64, [base]) == stamp("a" * 64, [base.but(name="another")])
    assert stamp("a" * 64, [base]) != stamp("b" * 64, [base])
    assert stamp("a" * 64, [base, others[0]]) == stamp("a" * 64, [others[0], base])


def test_a_stamp_is_recognised_and_a_foreign_one_is_not() -> None:
    known = [load_scenario(name, table=TABLE) for name in BUILT_IN]
    fine = check_stamp(stamp("a" * 64, known[:2]), ["a" * 64], known)
    assert (fine.matches, fine.layers, fine.scenario, fine.made_with) == (True, True, True, "2023, 2026")
    moved = check_stamp(stamp("a" * 64, known[:1]), ["b" * 64], known)
    assert (moved.matches, moved.layers) == (False, False)
    own = check_stamp(stamp("a" * 64, [known[0].but(close=["hmh"])]), ["a" * 64], known)
    assert (own.layers, own.scenario) == (True, None)


def test_what_is_put_in_is_not_left_out_at_once() -> None:
    with pytest.raises(ScenarioError, match="hmh"):
        parse_scenario('base = "2026"\nwith = ["hmh"]\nwithout = ["hmh"]\n', table=TABLE)
    assert parse_scenario('base = "2026"\nwith = ["hmh"]\nclose = ["hmh"]\n', table=TABLE).close == {"hmh"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("year = 2030-01-01", 'year must be a whole number, "full" or "full-known", is 2030-01-01'),
        ("with = 2030-01-01T08:00:00", "with must be a list"),
        ("name = 07:30:00", "name = 07:30:00 is of the wrong type"),
        ("period = true", "period = true is of the wrong type"),
        ('name = ["a", 1]', 'name = ["a", 1] is of the wrong type'),
        ("[set]\nlocal_speed_kmh = 99999999999999999999", "set.local_speed_kmh is a whole number past 64 bits"),
        (f'name = "{"长" * 100_000}"', "has 100000 signs, more than 200; shorten it"),
        (f'with = ["{"x" * 100_000}"]', 'with names "xxxxx'),
        (f"{'x' * 100_000} = 1", 'unknown key "xxxxx'),
        ("#" * 10_000_000, "has 10 MB, more than the 1 MB it may have; it is meant to be some lines of text"),
    ],
)
def test_a_value_is_quoted_as_the_file_has_it_and_no_longer_than_anyone_reads(
    text: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "s.toml").write_text(text, "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "s.toml", known_ids=["hmh"])
    said = str(caught.value)
    assert told in said
    assert len(said) < 400 + len(str(tmp_path))
    assert "datetime" not in said
