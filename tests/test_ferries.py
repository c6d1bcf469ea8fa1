"""Ferries and coaches: closed unless asked for, timed by their table, cleared across the border, refused when wrong."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from click.testing import CliRunner, Result
from worlds import layer, line_world

from atlas.base.errors import NetworkError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.checks import check_layers
from atlas.data.layer import Layer
from atlas.data.parameters import SETS
from atlas.data.scenario import BUILT_IN, load_scenario
from atlas.evidence.draws import spread
from atlas.evidence.explain import explain
from atlas.imports.admit import adrift
from atlas.network.build import Network, build_network, open_edges
from atlas.travel.journey import Journey
from atlas.travel.matrix import od_minutes
from atlas.travel.reach import od_matrix, reach_from, route
from atlas.travel.status import open_features
from atlas.ways.told import PARTS

NOW = load_scenario("2026")
MODE = ("multimodal",)
ENTRY, COACH_ENTRY, BORDER = (NOW.value(f"{name}_min") for name in ("ferry_entry", "coach_entry", "border_ferry"))
#: Town a, an island i far off with a pier, and a pier in Macau.
PIERS = {"west": (113.0, 22.49, "珠海"), "isle": (113.5, 22.0, "珠海"), "macau": (113.6, 22.3, "澳门")}
ISLE = {"id": "ferry_isle", "from_point": "ports/west", "to_point": "ports/isle", "minutes": 40.0}
MACAU = {"id": "ferry_macau", "from_point": "ports/west", "to_point": "ports/macau", "minutes": 30.0}
COACH = {"id": "bus", "kind": "coach", "from_point": "interchanges/a", "to_point": "places/pc", "minutes": 5.0}
TRANSFER = {"id": "flyers", "kind": "transfer_ferry", "from_point": "ports/isle", "to_point": "ports/macau",
            "minutes": 20.0}  # fmt: skip


def service(**changes: Any) -> dict[str, Any]:
    return {"geometry": shapely.LineString([(113.0, 22.49), (113.5, 22.0)]), **changes}


def world(*services: dict[str, Any]) -> dict[str, Any]:
    """The line world a–b–c with two piers, an island with a place by its pier, and one in Macau by its own."""
    layers = line_world()
    ports = [
        {"id": name, "kind": "passenger_terminal", "city": city, "geometry": shapely.Point(lon, lat)}
        for name, (lon, lat, city) in PIERS.items()
    ]
    layers["ports"] = layer("ports", *ports)
    places = layers["places"].frame.to_dict("records")
    places += [
        {"id": "pi", "city": "珠海", "geometry": shapely.Point(113.505, 22.0)},
        {"id": "pm", "city": "澳门", "geometry": shapely.Point(113.605, 22.3)},
    ]
    layers["places"] = layer("places", *places)
    layers["ferries"] = layer("ferries", *(service(**one) for one in services))
    return layers


def built(*services: dict[str, Any]) -> Network:
    return build_network(world(*services))


def by(network: Network, start: str, end: str, *names: str, **changes: Any) -> Journey:
    return route(network, start, end, NOW.but(with_=names, **changes))


ALL = (ISLE, MACAU, COACH, TRANSFER)


@pytest.fixture(scope="module")
def drawn() -> Network:
    return built(*ALL)


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    return open_catalog().layers()


@pytest.fixture
def real(network: Network) -> Network:
    """The shipped network, beside those that are drawn here."""
    return network


# Optional --------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", BUILT_IN)
def test_without_being_asked_for_no_service_runs_in_any_year_nor_in_the_full_plan(real: Network, year: str) -> None:
    table = open_features(real, load_scenario(year))
    assert "ferries" not in set(table["layer"])
    shown = real.edges[open_edges(real, load_scenario(year))]
    assert "ferries" not in set(shown["layer"])


def test_the_layer_changes_no_minute_of_a_scenario_that_does_not_ask(layers: dict[str, Layer], real: Network) -> None:
    without = build_network({key: one for key, one in layers.items() if key != "ferries"})
    seats = ("zhuhai", "zhongshan", "jiangmen", "shenzhen", "macao-sar", "hong-kong-sar", "guishan-town")
    scenarios = [load_scenario(year) for year in ("2023", "2026", "full")]
    before, after = (
        od_minutes(one, seats, seats, scenarios, ("drive", "rail", "multimodal")) for one in (without, real)
    )
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize(
    ("names", "opened"),
    [
        (["ferry_isle"], {"ferry_isle"}),
        (["ferries/ferry_macau"], {"ferry_macau"}),
        (["ferries"], {"ferry_isle", "ferry_macau"}),
        (["coaches"], {"bus"}),
        (["ferries", "coaches"], {"ferry_isle", "ferry_macau", "bus"}),
        (["flyers"], {"flyers"}),
    ],
)
def test_what_is_named_is_open_and_nothing_else(drawn: Network, names: list[str], opened: set[str]) -> None:
    table = open_features(drawn, NOW.but(with_=names))
    assert set(table.loc[table["layer"] == "ferries", "feature_id"]) == opened
    assert set(table.loc[table["layer"] == "ferries", "opens_basis"]) == {"on_request"}


def test_what_is_left_out_or_closed_is_shut_again(drawn: Network) -> None:
    for change in ({"close": ["ferry_isle"]}, {"without": ["ferries"]}):
        assert not by(drawn, "pa", "pi", "ferries", **change).found


@pytest.mark.parametrize("mode", ["drive", "rail"])
def test_neither_a_driver_nor_a_rail_journey_uses_one(drawn: Network, mode: str) -> None:
    asked = NOW.but(with_=["ferries", "coaches", "flyers"])
    before, after = (od_minutes(drawn, ["pa", "pi"], ["pc", "pi", "pm"], [one], [mode]) for one in (NOW, asked))
    np.testing.assert_array_equal(after, before)


def test_an_island_is_reached_over_its_pier_when_its_ferry_is_asked_for_and_only_then(drawn: Network) -> None:
    assert not by(drawn, "pa", "pi").found
    assert not by(drawn, "pa", "pi", "ferry_macau").found
    there, back = by(drawn, "pa", "pi", "ferry_isle"), by(drawn, "pi", "pa", "ferry_isle")
    assert there.minutes == pytest.approx(back.minutes)
    assert [leg.role for leg in there.legs][-2:] == ["ferry", "egress"]


def test_a_service_between_junctions_and_places_needs_no_pier(drawn: Network) -> None:
    (leg,) = (leg for leg in by(drawn, "road/a", "pc", "coaches").legs if leg.role == "coach")
    assert (leg.mode, leg.from_name, leg.to_name) == ("coach", "a", "pc")
    assert leg.minutes == pytest.approx(COACH_ENTRY + 5.0)


# Minutes ---------------------------------------------------------------------------------------


def test_minutes_are_boarding_table_and_clearance_and_add_up(drawn: Network) -> None:
    for end, border in (("isle", 0.0), ("macau", BORDER)):
        journey = by(drawn, "port/west", f"port/{end}", "ferries")
        (leg,) = journey.legs
        table = {"isle": 40.0, "macau": 30.0}[end]
        assert (leg.role, leg.from_name, leg.to_name, leg.ride_min) == ("ferry", "west", end, pytest.approx(table))
        assert (leg.wait_min, leg.border_min) == (pytest.approx(ENTRY), pytest.approx(border))
        parts = dict(journey.parts)
        assert (parts["wait"], parts["in_vehicle"], parts["border"]) == pytest.approx((ENTRY, table, border))
        assert journey.minutes == pytest.approx(sum(parts.values())) == pytest.approx(leg.minutes)


def test_roads_to_the_first_vessel_are_access_and_the_table_of_pairs_adds_up(drawn: Network) -> None:
    table = od_matrix(drawn, ["pc"], ["pi", "pm"], [NOW.but(with_=["ferries"])])
    total = sum(table[f"{part}_min"] for part in PARTS)
    np.testing.assert_allclose(total, table["travel_time_min"])
    assert table["in_vehicle_min"].to_numpy() == pytest.approx([40.0, 30.0])
    assert (table["access_min"] > 20).all()


def test_across_the_border_exactly_its_minutes_are_added(drawn: Network) -> None:
    base, longer = (
        by(drawn, "pa", "pm", "ferries", overrides={"border_ferry_min": minutes}).minutes for minutes in (10, 25)
    )
    assert longer - base == pytest.approx(15)
    same = [by(drawn, "pa", "pi", "ferries", overrides={"border_ferry_min": minutes}).minutes for minutes in (10, 25)]
    assert same[0] == pytest.approx(same[1])


@pytest.mark.parametrize("departures", [8.0, 2.0, None])
def test_the_first_vessel_is_met_and_later_ones_or_unplanned_ones_are_waited_for(departures: float | None) -> None:
    onward = MACAU | {"id": "onward", "from_point": "ports/isle", "departures_per_day": departures}
    network = built(ISLE | {"departures_per_day": departures}, onward)
    each = departures or NOW.value("ferry_departures_per_day")
    headway = NOW.value("rail_operating_hours") * 60 / each
    wait = min(NOW.value("rail_wait_share") * headway, NOW.value("rail_wait_cap_min"))
    first, second = by(network, "port/west", "port/macau", "ferries").legs
    assert (first.wait_min, second.wait_min) == pytest.approx((ENTRY, ENTRY + wait))
    unplanned = by(network, "port/west", "port/isle", "ferries", boarding="headway")
    assert unplanned.legs[0].wait_min == pytest.approx(ENTRY + wait)


def test_the_sets_order_the_minutes_and_draws_lie_between(drawn: Network) -> None:
    network = built(ISLE | {"minutes_low": 35.0, "minutes_high": 60.0})
    rides = [by(network, "pa", "pi", "ferries", parameter_set=name).legs[-2].ride_min for name in SETS]
    assert rides == pytest.approx([35.0, 40.0, 60.0])
    for one, end in ((network, "pi"), (drawn, "pm")):
        minutes = [by(one, "pa", end, "ferries", parameter_set=name).minutes for name in SETS]
        assert minutes[0] < minutes[1] < minutes[2]
        found = spread(one, ["pa"], [end], NOW.but(with_=["ferries"]), draws=50).minutes
        assert minutes[0] <= found.min() < found.max() <= minutes[2]


def test_a_slower_ferry_never_shortens_a_journey() -> None:
    ends = ["pa", "pb", "pc", "pi", "pm"]
    asked = [NOW.but(with_=["ferries", "flyers"])]
    grids = [
        od_minutes(built(ISLE | {"minutes": minutes}, MACAU, TRANSFER), ends, ends, asked, MODE)
        for minutes in (20.0, 40.0, 90.0)
    ]
    for faster, slower in itertools.pairwise(grids):
        assert (slower >= faster - 1e-9).all()
        assert (slower > faster).any()


def test_asking_for_one_more_service_never_lengthens_a_journey(drawn: Network) -> None:
    ends = ["pa", "pc", "pi", "pm"]
    asked = [NOW.but(with_=names) for names in ([], ["ferries"], ["ferries", "coaches"])]
    minutes = np.nan_to_num(od_minutes(drawn, ends, ends, asked, MODE), nan=np.inf)
    assert (minutes[1] <= minutes[0]).all()
    assert (minutes[2] <= minutes[1]).all()


def test_a_reach_is_cut_at_sea_where_time_runs_out(drawn: Network) -> None:
    found = reach_from(drawn, "port/west", NOW.but(with_=["ferry_isle"]), cutoffs_min=[ENTRY + 20.0])
    (sailed,) = found.edges[found.edges["role"] == "sail"].itertuples()
    assert sailed.length_km == pytest.approx(drawn.edges.loc[drawn.edges["role"] == "sail", "length_km"].iloc[0] / 2)
    assert "port/isle" not in set(found.nodes["node_id"])


def test_an_explanation_says_that_the_service_was_asked_for_and_what_clearance_takes(drawn: Network) -> None:
    told = explain(drawn, "pa", "pm", NOW.but(with_=["ferries"]), draws=20)
    taken = {one.kind: one.facts for one in told.assumptions}
    assert "ferry_macau" in " ".join(taken["ferry"]["name"])  # type: ignore[call-overload]
    assert taken["clearance"] == {"minutes": BORDER, "parameter": "border_ferry_min"}
    assert {"border_ferry_min", "ferry_entry_min"} <= {one.parameter for one in told.influences}


# Wrong rows ------------------------------------------------------------------------------------

BAD = [
    ({"minutes": -5.0}, "minutes is -5"),
    ({"minutes": 0.0}, "minutes is 0"),
    ({"minutes": float("inf")}, "minutes is inf"),
    ({"minutes": None}, "minutes is missing"),
    ({"from_point": None}, "from_point is missing"),
    ({"minutes_low": 50.0}, "minutes run 50, 40"),
    ({"departures_per_day": 0.0}, "departures_per_day is 0"),
    ({"to_point": "ports/west"}, "both ends are ports/west"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_a_wrong_row_is_named_and_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=f"ferries ferry_isle: {message}"):
        built(ISLE | changes)


@pytest.mark.parametrize("point", ["ports/nowhere", "harbours/west", "west", "highways/r0"])
def test_an_end_that_is_no_point_is_named_and_refused(point: str) -> None:
    with pytest.raises(NetworkError, match=f"ferries ferry_isle: to_point names '{point}'"):
        built(ISLE | {"to_point": point})


def test_a_route_that_tells_nothing_is_drawn_and_not_taken_in() -> None:
    network = built({"id": "mapped"})
    assert "ferries" not in set(network.edges["layer"])


def findings(layers: dict[str, Layer], **changes: Any) -> list[tuple[str, str]]:
    kept = {key: layers[key] for key in ("ports", "airports", "interchanges", "places", "ferries")}
    frame = kept["ferries"].frame.copy()
    for column, value in changes.items():
        frame.loc[frame["id"] == "xiangzhou_guishan", column] = value
    kept["ferries"] = Layer(kept["ferries"].spec, frame)
    found = check_layers(kept, register_ids=open_catalog().register_ids())
    return [(one.feature_id, one.rule) for one in found if one.layer == "ferries"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"minutes": -1.0}, "range"), ({"minutes": None}, "minutes"), ({"to_point": "ports/nowhere"}, "reference")],
)
def test_the_validator_finds_the_row(layers: dict[str, Layer], changes: dict[str, Any], rule: str) -> None:
    assert findings(layers) == []
    found = findings(layers, **changes)
    assert ("xiangzhou_guishan", rule) in found
    assert {name for name, _ in found} == {"xiangzhou_guishan"}


def test_an_import_that_takes_an_end_away_leaves_the_service_drawn_only_and_says_so(layers: dict[str, Layer]) -> None:
    ports = layers["ports"].frame
    fewer = Layer(layers["ports"].spec, ports[ports["id"] != "zhuhai_guishan"].reset_index(drop=True))
    moored, note = adrift({**layers, "ports": fewer})
    assert moored is not None
    assert "services that lose an end and are drawn only: 3" in note
    network = build_network({**layers, "ports": fewer, "ferries": moored})
    left = set(network.edges.loc[network.edges["role"] == "sail", "feature_id"])
    assert set(layers["ferries"].frame["id"]) - left == {"xiangzhou_guishan", "taipa_guishan", "shekou_guishan"}
    assert adrift(layers) == (None, "")


# The real ones ---------------------------------------------------------------------------------


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), prog_name="atlas")


def test_guishan_is_fifty_minutes_from_xiangzhou_port_and_unreached_unless_asked(real: Network) -> None:
    assert not route(real, "珠海", "桂山镇", NOW).found
    journey = by(real, "珠海", "桂山镇", "ferries")
    (leg,) = (leg for leg in journey.legs if leg.role == "ferry")
    assert (leg.feature_id, leg.ride_min, leg.wait_min) == ("xiangzhou_guishan", pytest.approx(50.0), ENTRY)
    assert 60 < journey.minutes < 110


def test_flyers_alone_land_at_the_airport_of_hong_kong(real: Network) -> None:
    asked = NOW.but(with_=["ferries", "coaches"])
    assert "zhongshan_hkg" not in set(open_features(real, asked)["feature_id"])
    (leg,) = by(real, "ports/zs_kgy", "HKG", "zhongshan_hkg").legs
    assert (leg.ride_min, leg.border_min) == pytest.approx((50.0, BORDER))


def test_hong_kong_and_macau_are_reached_through_clearance_only(real: Network) -> None:
    asked = NOW.but(with_=["ferries", "coaches", *real.edges.loc[real.edges["role"] == "sail", "feature_id"]])
    ends = ["hong-kong-sar", "macao-sar", "港澳码头", "HKG"]
    table = od_matrix(real, ["zhuhai", "zhongshan", "guishan-town"], ends, [asked])
    assert (table["border_min"] >= 5).all()
    side = dict(zip(real.nodes["node_id"], real.nodes["side"], strict=True))
    cleared = set(real.edges.loc[real.edges["role"] == "land", "feature_id"])
    ends_of = real.edges[real.edges["role"].isin(["embark"])].groupby("feature_id")["from_id"].agg(list)
    assert cleared == {name for name, (a, b) in ends_of.items() if side[a] != side[b]}


def test_a_scenario_file_and_the_option_with_ask_alike(tmp_path: Path) -> None:
    path = tmp_path / "boats.toml"
    path.write_text('base = "2026"\nwith = ["ferries/xiangzhou_guishan"]\n', "utf-8")
    by_file = run("route", "珠海", "桂山镇", "--scenario", str(path), "--format", "csv")
    by_option = run("route", "珠海", "桂山镇", "--with", "ferries", "--format", "csv")
    assert by_file.exit_code == by_option.exit_code == 0, by_file.output
    assert "xiangzhou_guishan" in by_file.stdout
    legs = [[line.rpartition(",")[0] for line in one.stdout.splitlines()] for one in (by_file, by_option)]
    assert legs[0] == legs[1]
    assert run("route", "珠海", "桂山镇").exit_code == 1


def test_a_misspelt_word_names_the_nearest() -> None:
    result = run("route", "珠海", "桂山镇", "--with", "ferrys")
    assert result.exit_code == 2
    assert "did you mean ferries" in result.stderr
