"""Reach, routes and matrices: what a reader can check by hand, and laws over the whole atlas."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import line_world, rail_world

from atlas.base.errors import NetworkError, ScenarioError
from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.network.build import Network, build_network
from atlas.travel.reach import od_matrix, reach_from, route
from atlas.ways.told import PARTS

NOW = load_scenario("2026")
MODES = st.sampled_from(["drive", "rail", "multimodal"])
YEARS = ("2023", "2026", "2030", "2035", "full")
SEATS = ("珠海", "中山", "江门", "阳江", "鹤山", "台山", "开平", "恩平", "阳春", "广州", "澳门", "香港")


def minutes(network: Network, a: str, b: str, *, mode: str = "drive", **changes) -> float:
    return route(network, f"place/{a}", f"place/{b}", NOW.but(**changes), mode=mode).minutes


def ten_km_in(minutes_wanted: float, network: Network) -> dict[str, float]:
    """Overrides under which the first road of the line world takes exactly so many minutes."""
    km = float(network.edges.loc[network.edges["feature_id"] == "r0", "length_km"].iloc[0])
    return {"road_factor_typical_ordinary": km / 60.0 / (minutes_wanted / 60.0), "road_detour_schematic": 1.0}


def test_a_place_exactly_at_the_cutoff_is_within_it() -> None:
    network = build_network(line_world())
    scenario = NOW.but(overrides=ten_km_in(60.0, network))
    reach = reach_from(network, "place/pa", scenario, mode="drive", cutoffs_min=(60,))
    assert list(reach.places()["id"]) == ["pa", "pb"]
    assert reach.places()["band_min"].tolist() == [60.0, 60.0]


def test_an_edge_is_cut_where_time_runs_out() -> None:
    network = build_network(line_world(towns=2))
    scenario = NOW.but(overrides=ten_km_in(60.0, network))
    reach = reach_from(network, "place/pa", scenario, mode="drive", cutoffs_min=(30,))
    out = reach.edges[(reach.edges["feature_id"] == "r0") & (reach.edges["from_id"] == "road/a")].iloc[0]
    assert out["to_min"] == 30.0
    assert out.geometry.coords[-1][0] == pytest.approx(113.05, abs=1e-4)


def test_who_joins_where_the_journey_begins_joins_the_road_that_follows() -> None:
    network = build_network(line_world(kinds=("expressway", "expressway"), toll=True))
    there, back = (route(network, *ends, NOW, mode="drive") for ends in (("road/a", "road/c"), ("road/c", "road/a")))
    for journey in (there, back):
        roads = [leg for leg in journey.legs if leg.role == "road"]
        assert all(leg.layer == "highways" and leg.length_km > 0 and leg.from_name != leg.to_name for leg in roads)
        assert sum(leg.minutes for leg in journey.legs) == pytest.approx(journey.minutes)
    assert any(network.edge_columns["role"][row] == "ramp" for row in there.edge_rows)


def test_a_road_that_opens_in_2030_is_not_there_in_2026() -> None:
    world = line_world(towns=2)
    world["highways"].frame["opens_year"] = 2030
    network = build_network(world)
    assert not np.isfinite(minutes(network, "pa", "pb"))
    assert np.isfinite(minutes(network, "pa", "pb", year=2030))
    assert np.isfinite(minutes(network, "pa", "pb", with_=["r0"]))
    assert not np.isfinite(minutes(network, "pa", "pb", year=2030, close=["r0"]))


def test_joining_and_leaving_a_tolled_road_is_charged_once_each() -> None:
    plain, tolled = build_network(line_world()), build_network(line_world(toll=True))
    extra = minutes(tolled, "pa", "pc") - minutes(plain, "pa", "pc")
    assert extra == pytest.approx(NOW.value("toll_join_min") + NOW.value("toll_leave_min"))


def test_a_train_is_left_only_where_it_calls() -> None:
    express = {"id": "s1", "station_ids": "A;C", "elapsed_min": "0;10"}
    network = build_network(rail_world(express))
    journey = route(network, "place/pa", "place/pc", NOW, mode="rail")
    assert [leg.detail for leg in journey.legs if leg.role == "train"] == ["A—C"]
    platforms = network.nodes.loc[network.nodes["kind"] == "platform", "name_zh"].tolist()
    assert platforms == ["A", "C"]


def test_a_station_without_calls_is_never_boarded() -> None:
    stopping = {"id": "s1", "station_ids": "A;B;C", "elapsed_min": "0;8;16"}
    world = rail_world(stopping)
    world["stations"].frame.loc[world["stations"].frame["id"] == "B", "trains_per_day"] = 0.0
    network = build_network(world)
    assert not (network.edges["edge_id"].str.startswith("s1/1/") & network.edges["role"].eq("board")).any()
    assert np.isfinite(minutes(network, "pa", "pc", mode="rail"))


def test_the_first_train_is_met_and_the_second_waited_for() -> None:
    first = {"id": "s1", "station_ids": "A;B", "elapsed_min": "0;6", "trains_per_day": 16.0, "trains_recent": 16.0}
    second = first | {"id": "s2", "station_ids": "B;C"}
    network = build_network(rail_world(first, second))
    on_foot = NOW.but(close=["r0", "r1"], overrides={"local_speed_kmh": 1.0})
    journey = route(network, "place/pa", "place/pc", on_foot, mode="rail")
    headway = NOW.value("rail_operating_hours") * 60 / 16
    parts = dict(journey.parts)
    assert parts["in_vehicle"] == pytest.approx(12.0)
    assert parts["transfer"] == pytest.approx(NOW.value("rail_transfer_min"))
    waited = NOW.value("rail_wait_share") * headway
    assert parts["wait"] == pytest.approx(NOW.value("rail_station_entry_min") + waited)
    by_headway = dict(route(network, "place/pa", "place/pc", on_foot.but(boarding="headway"), mode="rail").parts)
    assert by_headway["wait"] == pytest.approx(parts["wait"] + waited)


def test_points_added_at_once_are_those_added_one_by_one() -> None:
    network = build_network(line_world())
    at = network.lonlat[np.nonzero(network.node_column("kind") == "place")[0]]
    points = [(f"at-{k}", float(lon) + 0.003 + k / 1e5, float(lat)) for k, (lon, lat) in enumerate([*at, *at])]
    single = network
    for point in points:
        single = single.with_place(*point)
    whole = network.with_places(points)
    assert set(whole.edges["edge_id"]) == set(single.edges["edge_id"])
    assert whole.node_column("node_id").tolist() == single.node_column("node_id").tolist()
    assert any(name.count("at-") == 2 for name in whole.edges["edge_id"])  # the near ones are joined directly


def test_a_point_far_from_everything_says_so() -> None:
    with pytest.raises(NetworkError, match="choose a point nearer the network"):
        build_network(line_world()).with_place("far", 114.5, 21.0)


@pytest.mark.parametrize("cutoffs", [(), (0,), (-5, 60), (float("nan"),), (float("inf"),)])
def test_a_cutoff_that_is_not_a_positive_number_is_refused(cutoffs: tuple[float, ...]) -> None:
    with pytest.raises(ScenarioError, match="positive minutes"):
        reach_from(build_network(line_world()), "place/pa", NOW, cutoffs_min=cutoffs)


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_reach_never_shrinks_as_years_go_up(network: Network, mode: str) -> None:
    table = od_matrix(network, SEATS, SEATS, [load_scenario(year) for year in YEARS], [mode])
    wide = table.pivot_table(index=["from_id", "to_id"], columns="scenario", values="travel_time_min", dropna=False)
    for earlier, later in itertools.pairwise(YEARS):
        before, after = wide[earlier].fillna(np.inf), wide[later].fillna(np.inf)
        assert (after <= before + 1e-6).all(), wide[after > before + 1e-6]


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_favourable_is_never_slower_than_central_nor_central_than_adverse(network: Network, mode: str) -> None:
    scenarios = [NOW.but(name=name, parameter_set=name) for name in ("favourable", "central", "adverse")]
    table = od_matrix(network, SEATS, SEATS, scenarios, [mode])
    wide = table.pivot_table(index=["from_id", "to_id"], columns="scenario", values="travel_time_min", dropna=False)
    wide = wide.fillna(np.inf)
    assert (wide["favourable"] <= wide["central"] + 1e-6).all()
    assert (wide["central"] <= wide["adverse"] + 1e-6).all()


def test_the_parts_of_a_journey_add_up_to_its_minutes(network: Network) -> None:
    table = od_matrix(network, SEATS, SEATS, [NOW], ["drive", "rail", "multimodal"])
    reached = table.dropna(subset="travel_time_min")
    total = reached[[f"{part}_min" for part in PARTS]].sum(axis=1)
    assert len(reached) > 100
    assert total.to_numpy() == pytest.approx(reached["travel_time_min"].to_numpy(), abs=1e-6)


@settings(deadline=None, max_examples=8)
@given(mode=MODES, start=st.sampled_from(SEATS), small=st.integers(5, 100), more=st.integers(1, 100))
def test_a_larger_cutoff_never_loses_a_place(network: Network, mode: str, start: str, small: int, more: int) -> None:
    reach = reach_from(network, start, NOW, mode=mode, cutoffs_min=(small,))
    wider = reach_from(network, start, NOW, mode=mode, cutoffs_min=(small + more,))
    assert set(reach.nodes["node_id"]) <= set(wider.nodes["node_id"])


@settings(deadline=None, max_examples=8)
@given(mode=MODES, start=st.sampled_from(SEATS), end=st.sampled_from(SEATS), pick=st.randoms())
def test_closing_a_road_never_shortens_a_trip(network: Network, mode: str, start: str, end: str, pick) -> None:
    journey = route(network, start, end, NOW, mode=mode)
    if not journey.legs:
        return
    shut = pick.choice([leg.feature_id for leg in journey.legs])
    assert route(network, start, end, NOW.but(close=[shut]), mode=mode).minutes >= journey.minutes - 1e-6


def test_a_border_slower_by_35_minutes_makes_the_trip_35_minutes_longer(network: Network) -> None:
    names = [p for p, _ in NOW.parameters.values if p.startswith("border_") and p.endswith("_ab_min")]
    fast = route(network, "珠海", "澳门", NOW.but(overrides=dict.fromkeys(names, 5.0)), mode="drive")
    slow = route(network, "珠海", "澳门", NOW.but(overrides=dict.fromkeys(names, 40.0)), mode="drive")
    assert slow.minutes - fast.minutes == pytest.approx(35.0)


def test_hong_kong_and_macau_are_entered_through_a_crossing_only(network: Network) -> None:
    side = dict(zip(network.nodes["node_id"], network.nodes["side"], strict=True))
    edges = network.edges
    across = (edges["from_id"].map(side) != edges["to_id"].map(side)).to_numpy()
    assert set(edges.loc[across, "role"]) == {"border", "ride", "sail"}
    cleared = set(edges.loc[edges["role"] == "land", "from_id"])
    assert set(edges.loc[across & edges["role"].eq("sail"), "to_id"]) == cleared
    rides = edges[across & edges["role"].eq("ride")]
    borders = set(edges.loc[edges["role"] == "border", "from_id"]) | set(edges.loc[edges["role"] == "border", "to_id"])
    assert all(a in borders or b in borders for a, b in zip(rides["from_id"], rides["to_id"], strict=True))


def test_islands_without_a_bridge_are_not_reached(network: Network) -> None:
    for island in ("guishan-town", "wanshan-town", "dangan-town"):
        assert not route(network, "珠海", island, NOW).found


def test_layer_and_row_order_change_nothing(network: Network) -> None:
    layers = open_catalog().layers()
    shuffled = {key: layers[key] for key in reversed(list(layers))}
    for layer in shuffled.values():
        object.__setattr__(layer, "frame", layer.frame.sample(frac=1.0, random_state=7).reset_index(drop=True))
    other = build_network(shuffled)
    before = od_matrix(network, SEATS, SEATS, [NOW], ["multimodal"])["travel_time_min"]
    after = od_matrix(other, SEATS, SEATS, [NOW], ["multimodal"])["travel_time_min"]
    assert after.to_numpy() == pytest.approx(before.to_numpy(), nan_ok=True)
