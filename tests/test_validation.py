"""The model against measured times: what is asked of it holds, and a broken calibration table is located."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from markupsafe import escape
from pages import wrong_language

from atlas.base.errors import AtlasError, LayerError, ParameterError
from atlas.cli import cli
from atlas.data.catalog import Catalog
from atlas.data.parameters import ParameterTable
from atlas.data.scenario import load_scenario
from atlas.evidence.accuracy import Validation, check_times, summary, validate, worst
from atlas.evidence.calibration import Drive, Formula, Prior, fit_formula, fit_roads, read_priors
from atlas.maps.pages.validation import draw_validation
from atlas.network.build import Network
from atlas.travel.minutes import run_minutes
from atlas.travel.reach import reach_from, route


@pytest.fixture(scope="module")
def found(catalog: Catalog, network: Network) -> Validation:
    facts = catalog.root / "data" / "facts"
    return validate(network, load_scenario("2026"), facts, catalog.layer("railways").frame)


def test_rail_times_meet_what_is_asked_of_them(found: Validation) -> None:
    rows = summary(found.errors).set_index("check")
    for check in ("rail as ridden", "rail fastest train", "rail formula, service held out"):
        assert rows.at[check, "median_error"] <= 0.06
        assert rows.at[check, "p90_error"] <= 0.15
        assert abs(rows.at[check, "bias"]) <= 0.03


def test_road_times_meet_what_is_asked_of_them(found: Validation) -> None:
    rows = summary(found.errors).set_index("check")
    assert rows.at["road", "median_error"] <= 0.12
    assert abs(rows.at["road", "bias"]) <= 0.05


def test_the_parameters_in_force_are_those_fitted(found: Validation) -> None:
    scenario = load_scenario("2026")
    assert found.formula.speed_factor == pytest.approx(scenario.value("rail_speed_factor"), abs=0.01)
    assert found.formula.acceleration_ms2 == pytest.approx(scenario.value("rail_acceleration_ms2"), abs=0.01)
    assert found.formula.dwell_min == pytest.approx(scenario.value("rail_dwell_min"), abs=0.05)


def test_the_road_factors_in_force_are_those_fitted(found: Validation) -> None:
    scenario = load_scenario("2026")
    assert set(found.road_factors) == {f"road_factor_typical_{kind}" for kind in _KINDS}
    for name, value in found.road_factors.items():
        assert value == pytest.approx(scenario.value(name), abs=0.01)


def test_drives_left_out_are_met_by_factors_fitted_on_the_others(found: Validation) -> None:
    rows = summary(found.errors).set_index("check")
    assert rows.at["road, fitted on the other rows", "median_error"] <= 0.12
    assert abs(rows.at["road, fitted on the other rows", "bias"]) <= 0.05


_KINDS = ("expressway", "urban_expressway", "ordinary")
_PRIORS = tuple(Prior(name, (name,), 0.8, 0.1) for name in _KINDS)


def test_without_drives_road_factors_stay_where_they_were_expected() -> None:
    assert fit_roads([], _PRIORS) == pytest.approx(dict.fromkeys(_KINDS, 1.0))


def test_a_class_no_drive_used_stays_where_it_was_expected() -> None:
    ratios = fit_roads([Drive(60.0, {"expressway": 50.0}, 0.0)], _PRIORS)
    assert ratios["ordinary"] == pytest.approx(1.0)
    # prior and drive weigh alike when their spreads do: the geometric mean of 1 and 50/60
    assert fit_roads([Drive(60.0, {"expressway": 50.0}, 0.0)], _PRIORS, spread=0.1)["expressway"] == pytest.approx(
        np.sqrt(50.0 / 60.0)
    )


def test_many_drives_outweigh_what_was_expected() -> None:
    drives = [Drive(10.0 + i / 0.7, {"expressway": float(i), "ordinary": 0.0}, 10.0) for i in range(20, 120)]
    assert fit_roads(drives, _PRIORS)["expressway"] == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize("text", ["parameter,classes,expected,spread\na,b,fast,0.1\n", "parameter,classes\na,b\n"])
def test_broken_priors_are_located(tmp_path: Path, text: str) -> None:
    path = tmp_path / "road_priors.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ParameterError, match=r"line 2|lacks the columns"):
        read_priors(path)


def test_the_page_shows_every_check_every_drive_and_both_languages(found: Validation) -> None:
    page = draw_validation(found, hash="0123")
    for row in found.errors[found.errors["check"] == "road"].to_dict("records"):
        assert f"{row['from_zh']} → {row['to_zh']}" in page
        assert str(escape(row["why"])) in page
    for row in worst(found.errors).to_dict("records"):
        assert str(escape(row["why_zh"])) in page
    assert page.count("<circle") >= len(found.errors[found.errors["check"] == "road"])
    assert page == draw_validation(found, hash="0123")


def test_no_sentence_of_the_page_is_in_the_other_language(found: Validation, network: Network) -> None:
    assert wrong_language(draw_validation(found, hash="0123", english=network.english_names)) == []


def test_what_the_tables_of_the_page_hold_stays_text(found: Validation) -> None:
    hostile = "<script>alert(1)</script>"
    errors = found.errors.assign(from_zh=hostile, why=hostile, why_zh=hostile)
    page = draw_validation(replace(found, errors=errors, lines=found.lines.assign(line_zh=hostile)), hash=hostile)
    assert hostile not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > len(found.lines)


def test_every_line_left_out_is_fitted_without_it(found: Validation) -> None:
    assert len(found.lines) >= 8
    assert found.lines["speed_factor"].between(0.7, 1.0).all()


def test_the_worst_ten_have_a_reason(found: Validation) -> None:
    rows = worst(found.errors)
    assert len(rows) == 10
    assert rows["error"].abs().is_monotonic_decreasing
    assert (rows["why"].str.len() > 10).all()
    assert (rows["why_zh"].str.len() > 5).all()


def test_the_fit_finds_the_numbers_a_drawn_timetable_was_made_with() -> None:
    import pandas as pd

    rng = np.random.default_rng(2)
    truth = Formula(0.85, 0.3, 1.5)
    runs = pd.DataFrame({"service": np.repeat(np.arange(60), 3).astype(str), "km": rng.uniform(4, 80, 180)})
    runs["line_speed_kmh"] = rng.choice([100.0, 200.0, 350.0], 180)
    runs["run_min"] = truth.minutes(runs)
    fitted = fit_formula(runs)
    assert vars(fitted) == pytest.approx(vars(truth), rel=0.02)


def test_a_faster_line_or_a_better_train_never_takes_longer() -> None:
    km = np.array([2.0, 10.0, 60.0])
    base = {"speed_factor": 0.86, "acceleration_ms2": 0.14, "dwell_min": 0.4}
    slow = run_minutes(km, np.full(3, 160.0), **base)
    assert (run_minutes(km, np.full(3, 200.0), **base) <= slow + 1e-9).all()
    assert (run_minutes(km, np.full(3, 160.0), **(base | {"acceleration_ms2": 0.3})) <= slow).all()


def _broken(tmp_path: Path, catalog: Catalog, name: str, **changes: str) -> Path:
    folder = tmp_path / "facts"
    shutil.copytree(catalog.root / "data" / "facts", folder)
    path = folder / name
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    rows[2] |= changes
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("rail_times_calibration.csv", {"from_station_zh": "无此站"}, "line 4: unknown station '无此站'"),
        ("rail_times_calibration.csv", {"minutes_fastest": "-3"}, "line 4: minutes_fastest is -3, outside"),
        ("drive_times_calibration.csv", {"minutes_low": "soon"}, "line 4: minutes_low is .soon., which is no number"),
        ("drive_times_calibration.csv", {"from_node": "place/nowhere"}, "line 4: from_node 'place/nowhere'"),
        ("drive_times_calibration.csv", {"set": "toll_join_min=much"}, "line 4: 'toll_join_min=much'"),
    ],
)
def test_a_broken_row_is_named_and_located(
    tmp_path: Path, catalog: Catalog, network: Network, name: str, changes: dict[str, str], words: str
) -> None:
    folder = _broken(tmp_path, catalog, name, **changes)
    with pytest.raises(AtlasError, match=words) as caught:
        validate(network, load_scenario("2026"), folder, catalog.layer("railways").frame)
    assert isinstance(caught.value, (LayerError, ParameterError))


def test_measured_times_of_ones_own_are_compared_with_the_model_as_shipped(
    tmp_path: Path, catalog: Catalog, network: Network
) -> None:
    trains, drives = tmp_path / "trains.csv", tmp_path / "drives.csv"
    trains.write_text(
        "from_station_zh,to_station_zh,minutes_fastest,minutes_typical\n广州南,珠海,57,72\n珠海,江门,50,\n", "utf-8"
    )
    drives.write_text(
        "from_place,to_place,minutes_low,minutes_high\n珠海,阳江,130,150\n大鳌出口,珠海站,60,60\n", "utf-8"
    )
    scenario = load_scenario("2026")
    found = check_times(network, scenario, trains=trains, drives=drives).set_index(["check", "from_zh", "to_zh"])
    assert found.at[("rail as ridden", "广州南", "珠海"), "modelled_min"] == pytest.approx(72, abs=2)
    assert found.at[("rail fastest train", "广州南", "珠海"), "modelled_min"] == 57
    changed = route(network, "珠海站", "江门站", scenario, mode="rail")
    assert found.at[("rail with a change", "珠海", "江门"), "modelled_min"] == dict(changed.parts)["in_vehicle"]
    assert "小榄" in found.at[("rail with a change", "珠海", "江门"), "why_zh"]
    assert "Xiaolan" in found.at[("rail with a change", "珠海", "江门"), "why"]
    drive = route(network, "珠海", "阳江", scenario, mode="drive")
    assert found.at[("road", "珠海", "阳江"), "modelled_min"] == pytest.approx(drive.minutes)
    assert found.at[("road", "珠海", "阳江"), "error"] == pytest.approx(drive.minutes / 140 - 1)
    assert len(found) == 5
    said = CliRunner().invoke(cli, ["validate", "--trains", str(trains), "--drives", str(drives), "--format", "json"])
    assert said.exit_code == 0
    assert [row["check"] for row in json.loads(said.stdout)["summary"]] == [
        "rail as ridden", "rail fastest train", "rail with a change", "road",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("珠海,阳扛,130,150,,", ("line 2", "阳江")),
        ("珠海,阳江,130,150,far,", ("line 2", "km is 'far', which is no number")),
        ("珠海,阳江,150,130,,", ("line 2", "minutes_low 150 is more")),
        ("珠海,阳江,130,150,,night", ("line 2", "typical")),
        ('珠海,"114.3,21.5",130,150,,', ("line 2", "no road within")),
        ('珠海,"22.3,113.5",130,150,,', ("line 2", "latitude first")),
        ("珠海,桂山镇,60,70,,", ("line 2", "no road from")),
        ("", ("no rows",)),
    ],
)
def test_a_row_of_ones_own_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, row: str, words: tuple[str, ...]
) -> None:
    drives = tmp_path / "drives.csv"
    drives.write_text(f"from_place,to_place,minutes_low,minutes_high,km,period\n{row}\n", "utf-8")
    said = CliRunner().invoke(cli, ["validate", "--drives", str(drives)])
    assert said.exit_code == 2
    assert all(word in said.stderr for word in words)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("rail_times_calibration.csv", {"to_station_zh": "无此站"}, "line 4"),
        ("drive_times_calibration.csv", {"minutes_high": "-1"}, "line 4"),
        ("road_priors.csv", {"expected": "0"}, "line 4"),
    ],
)
def test_the_command_says_where_a_table_is_broken_and_exits_with_2(
    tmp_path: Path, catalog: Catalog, name: str, changes: dict[str, str], words: str
) -> None:
    _broken(tmp_path / "data", catalog, name, **changes)
    for part in ("layers", "data/geojson", "data/plan"):
        shutil.copytree(catalog.root / part, tmp_path / part)
    for part in ("data/sources.csv", "data/parameters.csv"):
        shutil.copy(catalog.root / part, tmp_path / part)
    said = CliRunner().invoke(cli, ["validate", "--root", str(tmp_path)])
    assert said.exit_code == 2
    assert name in said.stderr
    assert words in said.stderr


def test_a_train_off_its_line_is_named_before_anything_is_compared(tmp_path: Path, catalog: Catalog) -> None:
    for part in ("layers", "data/geojson", "data/plan"):
        shutil.copytree(catalog.root / part, tmp_path / part)
    for part in ("data/sources.csv", "data/parameters.csv"):
        shutil.copy(catalog.root / part, tmp_path / part)
    path = tmp_path / "data" / "geojson" / "rail_services.geojson"
    services = json.loads(path.read_text("utf-8"))
    chosen = next(one for one in services["features"] if one["properties"]["line_ids"] == "gzicr")
    stops = chosen["properties"]["station_ids"].split(";")
    chosen["properties"]["station_ids"] = ";".join([*stops[:-1], "yangchun_dong"])
    path.write_text(json.dumps(services, ensure_ascii=False), "utf-8")
    said = CliRunner().invoke(cli, ["validate", "--root", str(tmp_path)])
    assert said.exit_code == 2
    words = f"{chosen['properties']['id']}", "calls at yangchun_dong, which lies on none of gzicr"
    assert all(word in said.output for word in words)


def test_a_crossing_without_minutes_is_named(network: Network, catalog: Catalog) -> None:
    rows = tuple(row for row in catalog.parameters if row.name != "border_bc_gongbei_ab_min")
    scenario = load_scenario("2026", table=ParameterTable(rows))
    with pytest.raises(ParameterError, match="border_bc_gongbei_ab_min"):
        route(network, "珠海", "澳门", scenario)


def test_every_crossing_has_minutes_both_ways_hours_and_who_may_use_it(catalog: Catalog) -> None:
    links = catalog.layer("cross_border_links").frame
    crossings = links[(links["kind"] == "border_crossing") & links["in_network"]]
    assert len(crossings) >= 5
    for row in crossings.to_dict("records"):
        for way in ("ab", "ba"):
            minutes = catalog.parameters[f"border_{row['id']}_{way}_min"]
            assert 0 < minutes.low <= minutes.central <= minutes.high
        assert row["travellers"]
        assert row["vehicles"]
        # the hours of the Wanzai ferry are not in the tables: unknown, not invented
        assert row["hours"] or row["id"] == "bc_wanzai"


@pytest.mark.parametrize("mode", ["drive", "multimodal"])
def test_a_border_at_5_and_at_40_minutes_moves_zhuhai_to_macau_by_35(
    network: Network, catalog: Catalog, mode: str
) -> None:
    base = load_scenario("2026")
    names = [row.name for row in catalog.parameters if row.name.startswith("border_")]
    fast, slow = (
        route(network, "珠海", "澳门", base.but(overrides=dict.fromkeys(names, minutes)), mode=mode)
        for minutes in (5.0, 40.0)
    )
    assert slow.minutes - fast.minutes == pytest.approx(35.0)
    # one crossing alone: the same 35 while it stays the best, less once another is faster
    others = ["bc_qingmao", "bc_hengqin", "bc_hzmb_zm", "bc_wanzai"]
    lone = base.but(close=others)
    quick, long = (
        route(network, "珠海", "澳门", lone.but(overrides={"border_bc_gongbei_ab_min": minutes}), mode=mode)
        for minutes in (5.0, 40.0)
    )
    assert long.minutes - quick.minutes == pytest.approx(35.0)
    assert dict(long.parts)["border"] - dict(quick.parts)["border"] == pytest.approx(35.0)


def test_the_kilometres_of_a_crossing_are_counted_once(network: Network) -> None:
    journey = route(network, "road/hzmb_hk", "road/hzmb_zh", load_scenario("2026"), mode="drive")
    assert journey.length_km == pytest.approx(41.6, abs=1.0)


def _trains(network: Network, start: str, end: str) -> list[tuple[str, str, str]]:
    journey = route(network, start, end, load_scenario("2026"), mode="rail")
    return [(leg.from_name, leg.to_name, leg.name_zh) for leg in journey.legs if leg.role == "train"]


def _parts(network: Network, start: str, end: str) -> dict[str, float]:
    journey = route(network, start, end, load_scenario("2026"), mode="rail")
    parts = dict(journey.parts)
    assert sum(parts.values()) == pytest.approx(journey.minutes)
    return parts


def test_guangzhou_south_to_zhuhai_is_one_train_of_about_an_hour(network: Network) -> None:
    (train,) = _trains(network, "stn/gz_south", "stn/zhuhai")
    assert train[:2] == ("广州南", "珠海")
    parts = _parts(network, "stn/gz_south", "stn/zhuhai")
    scenario = load_scenario("2026")
    # the timetable has trains of 57 minutes and more; a planned departure is met after the time to enter
    assert 50 <= parts["in_vehicle"] <= 62
    assert parts["wait"] == pytest.approx(scenario.value("rail_station_entry_min"))
    assert parts["egress"] == pytest.approx(scenario.value("rail_station_exit_min"))
    assert parts["transfer"] == 0


def test_zhuhai_to_jiangmen_by_rail_changes_at_xiaolan_where_the_lines_meet(network: Network) -> None:
    first, second = _trains(network, "stn/zhuhai", "stn/jiangmen")
    assert first[:2] == ("珠海", "小榄")
    assert second[:2] == ("小榄", "江门")
    parts = _parts(network, "stn/zhuhai", "stn/jiangmen")
    scenario = load_scenario("2026")
    assert parts["transfer"] == pytest.approx(scenario.value("rail_transfer_min"))
    # the second train is waited for
    assert parts["wait"] > scenario.value("rail_station_entry_min")
    assert 40 <= parts["in_vehicle"] <= 75


def test_yangjiang_to_jiangmen_is_one_train(network: Network, catalog: Catalog) -> None:
    (train,) = _trains(network, "stn/yangjiang", "stn/jiangmen")
    assert train[:2] == ("阳江", "江门")
    table = catalog.root / "data" / "facts" / "rail_times_calibration.csv"
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig")))
    (row,) = (row for row in rows if (row["from_station_zh"], row["to_station_zh"]) == ("阳江", "江门"))
    ridden = _parts(network, "stn/yangjiang", "stn/jiangmen")["in_vehicle"]
    assert float(row["minutes_fastest"]) * 0.9 <= ridden <= float(row["minutes_typical"])


def test_zhuhai_to_its_airport_rides_the_line_that_goes_there(network: Network) -> None:
    journey = route(network, "stn/zhuhai", "stn/zhuhai_airport", load_scenario("2026"), mode="rail")
    (train,) = (leg for leg in journey.legs if leg.role == "train")
    assert train.to_name == "珠海机场"
    assert "横琴" in train.detail
    assert 30 <= dict(journey.parts)["in_vehicle"] <= 50


def test_a_station_without_calls_is_never_boarded(network: Network, catalog: Catalog) -> None:
    stations = catalog.layer("stations").frame
    silent = set(stations.loc[stations["trains_per_day"] == 0, "id"])
    assert silent
    edges = network.edges[network.edges["role"] == "board"]
    calls = reach_from(network, "广州", load_scenario("2026"), mode="rail", cutoffs_min=[600])
    boarded = set(edges.loc[edges["edge_id"].isin(calls.nodes["via_edge_id"].dropna()), "from_id"])
    assert not {f"stn/{name}" for name in silent} & boarded
    year = network.arrays.open_in(load_scenario("2026"))
    open_boards = network.edges[year & (network.arrays.role == "board")]
    assert not {f"stn/{name}" for name in silent} & set(open_boards["from_id"])
