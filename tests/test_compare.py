"""Two scenarios compared: what crosses an hour or two, by which projects, and who gains."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from atlas.data.scenario import load_scenario
from atlas.network.build import Network, open_edges
from atlas.travel.comparison import Comparison, compare, people_units, seats
from atlas.travel.reach import od_matrix, route

ROOT = Path(__file__).resolve().parent.parent
CUTOFFS = (60.0, 120.0)


@pytest.fixture(scope="module")
def change(network: Network) -> Comparison:
    return compare(network, load_scenario("2023"), load_scenario("2030"), ["阳江", "江门"])


def test_pairs_are_those_whose_minutes_differ_in_the_matrix(network: Network, change: Comparison) -> None:
    both = od_matrix(network, ["阳江", "江门"], seats(network), [change.before, change.after])
    wide = both.pivot_table(index=["from_id", "to_id"], columns="scenario", values="travel_time_min")
    differ = wide[(wide["2023"] - wide["2030"]).abs() > 1e-6]
    found = change.pairs.set_index(["from_id", "to_id"])
    assert set(found.index) == set(differ.index)
    for index, row in differ.iterrows():
        assert found.loc[index, "before_min"] == pytest.approx(row["2023"])
        assert found.loc[index, "after_min"] == pytest.approx(row["2030"])


def test_a_crossing_is_said_where_the_minutes_cross(change: Comparison) -> None:
    assert (change.pairs["crossing"] != "").any()
    for row in change.pairs.to_dict("records"):
        expected = [f"gained {cutoff:g}" for cutoff in CUTOFFS if row["before_min"] > cutoff + 1e-6 >= row["after_min"]]
        assert row["crossing"] == ";".join(expected)


def test_every_project_named_is_closed_before_open_after_and_on_the_new_route(
    network: Network, change: Comparison
) -> None:
    edges = network.edges
    before, after = open_edges(network, change.before), open_edges(network, change.after)
    for row in change.pairs.to_dict("records"):
        journey = route(network, row["from_id"], row["to_id"], change.after)
        used = edges.iloc[list(journey.edge_rows)]
        ids = set(used["layer"] + "/" + used["feature_id"]) | {
            f"railways/{line}" for text in used["line_ids"] for line in text.split(";")
        }
        # no closures differ, so a saving needs a new section, or a train that calls at a new station
        assert row["projects"], "no closures differ, so a saving needs a new line, road or station"
        for project in row["projects"].split(";"):
            assert project in ids
            own = edges["line_ids"].eq(project.removeprefix("railways/")) | (
                edges["layer"] + "/" + edges["feature_id"]
            ).eq(project)
            assert after[own.to_numpy()].any()
            assert not before[own.to_numpy()].any()


def test_a_station_that_opens_on_an_old_line_is_a_project(network: Network) -> None:
    change = compare(network, load_scenario("2023"), load_scenario("2030"), ["江海站"])
    found = change.projects.set_index("project").loc["stations/jianghai"]
    assert found["pairs_slower_without"] == found["pairs"] > 0
    assert found["opens_year"] == 2024


def test_what_a_project_is_worth_is_the_scenario_without_it(network: Network, change: Comparison) -> None:
    project = change.projects.iloc[0]
    name = project["project"].removeprefix("railways/")
    without = change.after.but(without=[name])
    lost = 0.0
    for row in change.pairs[change.pairs["project_names"].str.contains(project["name_zh"], regex=False)].to_dict(
        "records"
    ):
        if project["project"] in row["projects"].split(";"):
            lost += route(network, row["from_id"], row["to_id"], without).minutes - row["after_min"]
    assert project["minutes_lost_without"] == pytest.approx(lost)


def test_turning_the_comparison_round_turns_gained_into_lost(network: Network, change: Comparison) -> None:
    back = compare(network, change.after, change.before, ["阳江", "江门"])
    swap = {"gained": "lost", "lost": "gained", "kept": "kept"}
    keys = ["from_id", "cutoff_min", "to_id"]
    there = change.places.set_index(keys)["change"].map(swap)
    pd.testing.assert_series_equal(there, back.places.set_index(keys)["change"], check_like=True)
    assert back.hash == change.hash, "the same layers and scenarios went in"


def test_a_scenario_compared_with_itself_changes_nothing(network: Network) -> None:
    same = compare(network, load_scenario("2026"), load_scenario("2026"), ["珠海"], destinations=["江门", "阳江"])
    assert same.pairs.empty
    assert same.projects.empty
    assert set(same.places["change"]) <= {"kept"}


def test_totals_are_the_sums_of_the_places(change: Comparison) -> None:
    for total in change.totals.to_dict("records"):
        own = change.places[
            (change.places["from_id"] == total["from_id"]) & (change.places["cutoff_min"] == total["cutoff_min"])
        ]
        for name, kinds in (("gained", ["gained"]), ("lost", ["lost"]), ("after", ["kept", "gained"])):
            chosen = own[own["change"].isin(kinds)]
            assert total[f"places_{name}"] == len(chosen)
            assert total[f"people_{name}"] == pytest.approx(chosen["people"].sum())
        assert total["people_after"] - total["people_before"] == pytest.approx(
            total["people_gained"] - total["people_lost"]
        )


def test_a_closure_loses_places_and_says_so(network: Network) -> None:
    base = load_scenario("2026")
    shut = compare(network, base, base.but(close=["g2518_szzs"]), ["深圳"], destinations=["中山"], mode="drive")
    assert (shut.pairs["saved_min"] < 0).all()
    assert len(shut.pairs) == 1
    assert "closures" in shut.pairs["why_en"].iloc[0]


def test_nobody_is_counted_twice(network: Network) -> None:
    frame = network.place_layer.frame.set_index("id")
    people = people_units(network)
    for city, units in (
        ("jiangmen", 7),
        ("zhuhai", 3),
        ("yangjiang", 4),
    ):
        own = [name for name in people if frame.at[name, "parent"] == frame.at[city, "adcode"]]
        assert len(own) == units
        assert city not in people
    assert "zhongshan" in people, "a prefecture without counties stands for itself"


def test_the_issue_names_what_matters_for_yangjiang(change: Comparison) -> None:
    own = change.pairs[change.pairs["from_id"] == "yangjiang"].set_index("to_id")
    assert "railways/guangzhan" in own.at["guangzhou", "projects"].split(";")
    assert "without it" in own.at["guangzhou", "why_en"]
