"""Who reaches what, and how evenly: spreads by hand, one nearest site a county, the worst seat of the matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.decide.access import fairness, hinterland, platform_access, spread_of, switches
from atlas.decide.board import Board
from atlas.decide.measures import site_rows
from atlas.land.ground import Ground
from atlas.land.surface import surface_from
from atlas.network.build import Network
from atlas.travel.comparison import seats
from atlas.travel.matrix import od_minutes
from atlas.travel.trip import Trip

YEARS = [load_scenario("2023"), load_scenario("2035")]


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 9)), min_size=1, max_size=12))
def test_a_spread_is_that_of_one_person_after_the_other(cells: list[tuple[int, int]]) -> None:
    minutes, people = (np.array(some, dtype=float) for some in zip(*cells, strict=True))
    one_by_one = np.sort(np.repeat(minutes, people.astype(int)))
    found = spread_of(minutes, people)
    assert found["mean_min"] == pytest.approx(one_by_one.mean())
    for q in (10, 50, 95):
        assert found[f"p{q}"] == np.quantile(one_by_one, q / 100, method="inverted_cdf")
    pairs = np.abs(one_by_one[:, None] - one_by_one[None, :]).mean()
    assert found["gini"] == pytest.approx(pairs / (2 * one_by_one.mean()), abs=1e-9)
    assert found["palma"] >= 1.0 - 1e-9


def test_the_palma_ratio_is_the_farthest_tenth_over_the_nearest_four_tenths() -> None:
    found = spread_of(np.arange(1.0, 11.0), np.ones(10))
    assert found["palma"] == pytest.approx(10.0 / 2.5)


def test_each_county_has_one_nearest_site_and_it_is_the_nearest(network: Network, ground: Ground) -> None:
    table = hinterland(network, YEARS[1:], ground, sites=["port", "airport"], mode="drive")
    assert not table.duplicated(["scenario", "kind_of_site", "county"]).any()
    trip = Trip(network, YEARS[1], "drive")
    for kind in ("port", "airport"):
        towards = {int(node): trip.towards(int(node)) for node in site_rows(network, kind)}
        for row in table[table["kind_of_site"] == kind].to_dict("records"):
            seat = network.row_of[f"place/{row['county']}"]
            least = min(towards, key=lambda node, seat=seat: towards[node][seat])
            assert row["seat_min"] == pytest.approx(towards[least][seat])
            assert row["site"] == network.nodes["feature_id"].iloc[least] or any(
                towards[node][seat] == pytest.approx(row["seat_min"]) for node in towards if node != least
            )


def test_a_platform_is_as_near_as_the_place_it_stands_for_and_its_spread_is_that_of_its_towns(network: Network) -> None:
    frame = open_catalog().layer("platforms").frame
    table = platform_access(network, YEARS[1:], frame, sites=["port"], mode="drive").set_index("platform")
    assert set(table.index) == set(frame["id"])
    trip = Trip(network, YEARS[1], "drive")
    towards = np.min([trip.towards(int(node)) for node in site_rows(network, "port")], axis=0)
    places = network.place_layer.frame
    towns = places[(places["level"] == "town") & (places["parent"] == "440784")]
    there = [towards[network.row_of[f"place/{name}"]] for name in ("heshan", *towns["id"])]
    row = table.loc["heshan_industrial_city"]
    assert row["minutes"] == pytest.approx(there[0])
    assert (row["least_min"], row["most_min"]) == (pytest.approx(min(there)), pytest.approx(max(there)))
    settled = table[
        table["position"].isin(["site", "town"]) & ~frame.set_index("id")["at"].fillna("").str.contains(";")
    ]
    assert (settled["least_min"] == settled["most_min"]).all()


def test_residents_near_a_site_are_those_of_the_surfaces(network: Network, ground: Ground) -> None:
    table = hinterland(network, YEARS[:1], ground, sites=["airport"], mode="drive").set_index("county")
    nodes = [str(network.nodes["node_id"].iloc[row]) for row in site_rows(network, "airport")]
    trip = Trip(network, YEARS[0], "drive")
    from atlas.land.surface import surface_of

    minutes = np.min([surface_of(trip, trip, node, ground.links, towards=True).minutes for node in nodes], axis=0)
    units = ground.people.units.reset_index(drop=True)
    for i, unit in units.iterrows():
        if unit["city"] in ("珠海", "中山", "江门", "阳江"):
            mine = (ground.people.unit == i) & (minutes <= 60.0 + 1e-6)
            assert table.loc[unit["id"], "people_within"] == pytest.approx(ground.people.people[0][mine].sum())


def test_switches_can_be_told_from_the_table_again(network: Network, ground: Ground) -> None:
    table = hinterland(network, YEARS, ground, mode="drive")
    changed = switches(table, "2023", "2035")
    assert len(changed) > 0
    old, new = (table[table["scenario"] == year].set_index(["kind_of_site", "county"]) for year in ("2023", "2035"))
    keys = {(row["kind_of_site"], row["county"]) for row in changed.to_dict("records")}
    for key in old.index:
        moved = old.loc[key, "site"] != new.loc[key, "site"]
        crossed = (old.loc[key, "seat_min"] <= 60) != (new.loc[key, "seat_min"] <= 60)
        assert (key in keys) == (moved or crossed)


def test_the_worst_seat_is_the_maximum_of_the_matrix_and_means_are_those_of_the_surface(
    network: Network, ground: Ground
) -> None:
    table, curve = fairness(network, YEARS, ground, centres=["zhuhai"], mode="drive")
    frame = network.place_layer.frame
    own = frame[frame["city"].isin(("珠海", "中山", "江门", "阳江")) & frame["id"].isin(seats(network))]["id"].tolist()
    matrix = od_minutes(network, own, ["zhuhai"], YEARS, ["drive"])[:, 0, :, 0]
    units = ground.people.units.reset_index(drop=True)
    core = np.isin(ground.people.unit, np.nonzero(units["city"].isin(("珠海", "中山", "江门", "阳江")).to_numpy())[0])
    for i, row in enumerate(table.to_dict("records")):
        assert row["worst_seat_min"] == pytest.approx(np.nanmax(matrix[i]))
        minutes = surface_from(network, "zhuhai", YEARS[i], ground.links, mode="drive", towards=True).minutes
        kept = core & np.isfinite(minutes)
        people = ground.people.people[0][kept]
        assert row["mean_min"] == pytest.approx((minutes[kept] * people).sum() / people.sum())
        assert row["gap_min"] == pytest.approx(row["edge_min"] - row["core_min"])
    assert curve["share_of_minutes"].iloc[20] == pytest.approx(1.0)
    assert (curve["share_of_minutes"] <= curve["share_of_people"] + 1e-9).all()


def test_the_nearest_centre_is_never_farther_than_any(network: Network, ground: Ground) -> None:
    table, _ = fairness(network, YEARS[1:], ground)
    mean = table.set_index("centre")["mean_min"]
    assert (mean["nearest"] <= mean.drop("nearest") + 1e-9).all()
    board = Board(network, YEARS[1], "multimodal")
    assert table["people"].nunique() == 1
    assert board.opened().open_.all()
