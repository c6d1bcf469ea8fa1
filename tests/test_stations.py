"""From station to station: by rail one boards and leaves where one said, and the trains are those of the timetable."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest
from worlds import rail_world

from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.evidence.explain import explain
from atlas.evidence.trains import Direct, direct_trains
from atlas.network.build import Network, build_network
from atlas.travel.matrix import od_minutes
from atlas.travel.reach import locate, od_matrix, reach_from, route

NOW = load_scenario("2026")


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, str]]:
    table = open_catalog().root / "data" / "facts" / "rail_times_calibration.csv"
    return list(csv.DictReader(table.open(encoding="utf-8-sig")))


def test_by_rail_a_journey_between_stations_boards_and_leaves_at_these_stations(
    network: Network, pairs: list[dict[str, str]]
) -> None:
    for row in pairs[::8]:
        ends = row["from_station_zh"], row["to_station_zh"]
        journey = route(network, *(f"{end}站" for end in ends), NOW, mode="rail")
        trains = [leg for leg in journey.legs if leg.role == "train"]
        assert (trains[0].from_name, trains[-1].to_name) == ends
        assert {leg.role for leg in journey.legs} <= {"train", "transfer", "road", "access", "egress"}
        assert journey.legs[0].role == journey.legs[-1].role == "train"


def test_from_the_door_of_a_station_one_may_walk_to_another(network: Network) -> None:
    # few trains of 前山 go to 中山: from the street it pays to drive to another station, from the gate one cannot
    door = route(network, "stn/qianshan", "stn/zhongshan", NOW, mode="rail")
    gate = route(network, "前山站", "中山站", NOW, mode="rail")
    assert door.minutes < gate.minutes
    assert door.legs[0].role == "access"


def test_minutes_between_stations_are_the_timetable_s(network: Network, pairs: list[dict[str, str]]) -> None:
    names = sorted({row[end] for row in pairs for end in ("from_station_zh", "to_station_zh")})
    stations = [f"{name}站" for name in names]
    table = od_matrix(network, stations, stations, [NOW], ["rail"])["in_vehicle_min"].to_numpy()
    ridden = table.reshape(len(names), len(names))
    size = np.abs(
        [
            ridden[names.index(row["from_station_zh"]), names.index(row["to_station_zh"])]
            / float(row["minutes_fastest"])
            - 1.0
            for row in pairs
        ]
    )
    assert np.median(size) <= 0.06
    assert (size <= 0.15).mean() >= 0.9


def test_by_road_a_journey_from_a_station_starts_in_the_street(network: Network) -> None:
    gate, door = (route(network, start, "中山", NOW, mode="drive") for start in ("珠海站", "stn/zhuhai"))
    assert gate.minutes == pytest.approx(door.minutes)
    assert gate.legs[0].role == "access"
    assert dict(gate.parts)["egress"] > 0


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_asking_for_more_stations_changes_no_time(network: Network, mode: str) -> None:
    stations = ["珠海站", "中山站", "江门站", "广州南", "前山站"]
    together = od_minutes(network, stations, stations, [NOW], [mode])[0, 0]
    for (i, a), (k, b) in itertools.permutations(enumerate(stations), 2):
        assert together[i, k] == pytest.approx(route(network, a, b, NOW, mode=mode).minutes)


def test_a_table_tells_a_station_from_the_city_of_its_name(network: Network) -> None:
    table = od_matrix(network, ["珠海", "珠海站"], ["中山", "中山站"], [NOW], ["rail"])
    assert list(table["from_id"].unique()) == ["zhuhai", "stations/zhuhai"]
    assert list(table["to_id"].unique()) == ["zhongshan", "stations/zhongshan"]
    assert table["travel_time_min"].nunique() == 4


def test_reach_from_a_station_holds_what_its_trains_call_at(network: Network) -> None:
    reach = reach_from(network, "广州南", NOW, mode="rail", cutoffs_min=(60,))
    assert reach.origin == "gate/gz_south"
    assert {"中山市", "顺德"} & set(reach.nodes["name_zh"])
    doors = reach.nodes[reach.nodes["kind"] == "stop"].set_index("node_id")["travel_time_min"]
    assert doors["stn/zhongshan"] == pytest.approx(route(network, "广州南", "中山站", NOW, mode="rail").minutes)


def test_a_gate_is_given_once(network: Network) -> None:
    grown, name = locate(network, "珠海站")
    again, same = locate(grown, "珠海站")
    assert again is grown
    assert same == name == "gate/zhuhai"
    assert len(grown.nodes) == len(network.nodes) + 1


def test_door_to_door_and_station_to_station_are_told_apart(network: Network) -> None:
    journey = route(network, "珠海", "江门", NOW, mode="rail")
    trains = [leg for leg in journey.legs if leg.role == "train"]
    assert len(trains) == 2
    inside = sum(leg.ride_min for leg in trains) + trains[1].wait_min
    inside += sum(leg.minutes for leg in journey.legs if leg.role == "transfer")
    assert journey.station_to_station_min == pytest.approx(inside)
    assert journey.station_to_station_min < journey.minutes - 20
    assert np.isnan(route(network, "珠海", "江门", NOW, mode="drive").station_to_station_min)


def test_an_explanation_sets_the_train_taken_beside_the_others_that_run(network: Network) -> None:
    (ride,) = explain(network, "广州南", "珠海站", NOW, mode="rail", draws=5).rides
    assert (ride.start, ride.end) == ("广州南", "珠海")
    assert ride.direct is not None
    assert ride.direct.fastest_min <= ride.ridden_min < ride.direct.typical_min < ride.direct.slowest_min
    assert 60 <= ride.direct.trains_per_day <= 95


def test_direct_trains_are_counted_from_stop_to_later_stop() -> None:
    slow = {"id": "slow", "station_ids": "A;B;C", "elapsed_min": "0;20;50", "trains_per_day": 6.0, "trains_recent": 2.0}
    fast = {"id": "fast", "station_ids": "A;C", "elapsed_min": "0;30", "trains_per_day": 3.0, "trains_recent": 3.0}
    services = [one | {"elapsed_min_low": "", "elapsed_min_high": ""} for one in (slow, fast)]
    world = build_network(rail_world(*services))
    every, ordinary = (direct_trains(world, ordinary=flag) for flag in (False, True))
    assert set(every) == {("A", "B"), ("A", "C"), ("B", "C")}
    assert every["A", "C"] == Direct(((50.0, 6.0), (30.0, 3.0)))
    assert (every["A", "C"].fastest_min, every["A", "C"].typical_min, every["A", "C"].slowest_min) == (30, 50, 50)
    assert (ordinary["A", "C"].trains_per_day, ordinary["A", "C"].typical_min) == (5, 30)
