"""The plan's promises: every verdict follows from the OD matrix, and only what should change changes it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.base.errors import PlanError
from atlas.data.parameters import ParameterTable, read_parameters
from atlas.data.register import read_register
from atlas.data.scenario import load_scenario
from atlas.network.build import Network
from atlas.plan.deciding import deciding_trips
from atlas.plan.promises import (
    CLAIM_COLUMNS,
    MEASURES,
    Reading,
    Targets,
    check_claims,
    claims_matrix,
    judge,
    judged_variants,
    read_targets,
    summarise_claims,
    variants,
)
from atlas.travel.reach import route

ROOT = Path(__file__).resolve().parent.parent
SETS = ("favourable", "central", "adverse")
VARIANTS = (*SETS, "period")
YEARS = ("2023", "2030")


@pytest.fixture(scope="module")
def targets() -> Targets:
    return read_targets(ROOT / "data" / "plan" / "targets.toml")


@pytest.fixture(scope="module")
def matrix(network: Network, targets: Targets) -> pd.DataFrame:
    return claims_matrix(network, [load_scenario(year) for year in YEARS], targets)


@pytest.fixture(scope="module")
def claims(network: Network, targets: Targets, matrix: pd.DataFrame) -> pd.DataFrame:
    scenarios = [load_scenario(year) for year in YEARS]
    return check_claims(network, scenarios, targets, readings=["all"], matrix=matrix)


def test_every_target_and_corridor_of_the_plan_has_a_definition(targets: Targets) -> None:
    register = read_register(ROOT / "data" / "plan")
    promised = {item.id for item in register if item.kind in ("reachability_target", "corridor")}
    assert {target.plan_id for target in targets} == promised


def test_every_claim_has_all_fields_and_four_variants(claims: pd.DataFrame) -> None:
    assert tuple(claims.columns) == CLAIM_COLUMNS
    assert set(zip(claims["mode"], claims["measure"], strict=True)) == set(MEASURES)
    blank = claims.drop(columns=["minutes", "margin_min"]).isna().any()
    assert not blank.any(), blank[blank].index.tolist()
    assert set(claims["variant"]) == set(VARIANTS)
    assert (claims["variant"].value_counts() == len(claims) // 4).all()
    assert (claims["period"] == claims["variant"].map(lambda name: "peak" if name == "period" else "typical")).all()


def test_each_verdict_is_recomputed_from_the_matrix(
    claims: pd.DataFrame, matrix: pd.DataFrame, targets: Targets
) -> None:
    """An oracle of its own: pandas alone, from the long matrix and the definitions."""
    entry = {name: load_scenario("2023").but(parameter_set=name).value("rail_station_entry_min") for name in SETS}
    entry["peak"] = entry["central"]
    table = matrix.copy()
    table[["year", "set"]] = table["scenario"].str.split(" · ", expand=True)
    inside_rail = table["travel_time_min"] - table["access_min"] - table["egress_min"] - table["set"].map(entry)
    table["station"] = inside_rail
    cells = table.fillna(np.inf).set_index(["year", "set", "mode", "from_id", "to_id"])
    assert cells.index.is_unique
    known = {column: cells[column].to_dict() for column in ("station", "travel_time_min")}
    told = dict(list(claims.groupby(["target_id", "reading", "from_id", "scenario", "mode", "measure"])))
    checked = 0
    for target in targets:
        for reading in target.readings:
            for origin in reading.origins:
                ends = [place for place in reading.destinations if place != origin]
                groups = [ends] if reading.pairs == "nearest" else [[end] for end in ends]
                for group in groups:
                    for year in YEARS:
                        for mode, measure in MEASURES:
                            column = "station" if measure == "station" else "travel_time_min"
                            best = {
                                name: min(known[column][year, name, mode, origin, end] for end in group)
                                for name in (*SETS, "peak")
                            }
                            within = [best[name] <= target.limit_min + 1e-6 for name in (*SETS, "peak")]
                            near = abs(best["central"] - target.limit_min) <= targets.band_min
                            expected = (
                                "borderline" if near or len(set(within)) > 1 else ("inside" if within[1] else "outside")
                            )
                            rows = told[target.id, reading.id, origin, year, mode, measure]
                            rows = rows[rows["to_id"].isin(group)]
                            assert set(rows["verdict"]) == {expected}
                            assert sorted(rows["minutes"].fillna(np.inf)) == pytest.approx(sorted(best.values()))
                            checked += len(rows)
    assert checked == len(claims)


def test_a_claims_minutes_are_those_of_the_route(network: Network, claims: pd.DataFrame) -> None:
    chosen = claims[(claims["measure"] == "door") & (claims["variant"] == "central")].iloc[::97]
    assert len(chosen) > 3
    for row in chosen.itertuples():
        journey = route(network, str(row.from_id), str(row.to_id), load_scenario(str(row.scenario)), mode=str(row.mode))
        assert journey.minutes == pytest.approx(float(str(row.minutes)))


def test_favourable_is_never_slower_than_central_nor_central_than_adverse(claims: pd.DataFrame) -> None:
    door = claims[claims["measure"] == "door"]
    keys = ["target_id", "reading", "from_id", "scenario", "mode"]
    door = door.assign(minutes=door["minutes"].fillna(np.inf))
    wide = door.pivot_table(index=keys, columns="variant", values="minutes", aggfunc="max")
    assert (wide["favourable"] <= wide["central"] + 1e-9).all()
    assert (wide["central"] <= wide["adverse"] + 1e-9).all()
    assert (wide["central"] <= wide["period"] + 1e-9).all()


def test_later_years_never_lengthen_a_trip_door_to_door(claims: pd.DataFrame) -> None:
    door = claims[claims["measure"] == "door"]
    keys = ["target_id", "reading", "from_id", "mode", "variant"]
    door = door.assign(minutes=door["minutes"].fillna(np.inf))
    nearest = door.pivot_table(index=keys, columns="scenario", values="minutes", aggfunc="min")
    assert (nearest["2030"] <= nearest["2023"] + 1e-9).all()


def altered(table: ParameterTable, factor: float, prefix: str) -> ParameterTable:
    rows = tuple(
        replace(row, low=row.low * factor, central=row.central * factor, high=row.high * factor)
        if row.name.startswith(prefix)
        else row
        for row in table
    )
    return ParameterTable(rows)


def test_another_parameter_changes_the_hash_and_only_the_verdicts_it_touches(
    network: Network, targets: Targets
) -> None:
    coast = Targets(tuple(t for t in targets if t.id in ("corridor-coast", "centres-one-hour")), 5.0, "")
    table = read_parameters(ROOT / "data" / "parameters.csv")
    before, after = (
        check_claims(network, [load_scenario("2026", table=rows)], coast)
        for rows in (table, altered(table, 4.0, "border_bc_"))
    )
    assert (before["hash"] != after["hash"]).all()
    changed = (before["minutes"] != after["minutes"]) & ~(before["minutes"].isna() & after["minutes"].isna())
    assert set(before.loc[changed, "to_id"]) == {"hong-kong-sar", "macao-sar"}
    verdicts = before["verdict"] != after["verdict"]
    assert not (verdicts & ~changed).any()


def test_the_hash_is_that_of_the_rows_own_scenario(claims: pd.DataFrame) -> None:
    assert claims.groupby(["scenario", "variant"])["hash"].nunique().eq(1).all()
    assert claims["hash"].nunique() == len(YEARS) * 4


def test_a_target_as_a_whole_is_no_better_than_its_worst_trip(claims: pd.DataFrame) -> None:
    rank = {"inside": 0, "borderline": 1, "outside": 2}
    summary = summarise_claims(claims)
    for row in summary.itertuples():
        trips = claims[
            (claims["target_id"] == row.target_id)
            & (claims["reading"] == row.reading)
            & (claims["scenario"] == row.scenario)
            & (claims["mode"] == row.mode)
            & (claims["measure"] == row.measure)
        ]
        assert rank[str(row.verdict)] == max(rank[verdict] for verdict in trips["verdict"])


@pytest.mark.parametrize(
    ("margins", "verdict", "stability"),
    [
        ((20, 10, 6), "inside", "robust inside"),
        ((20, 4, 1), "borderline", "robust inside"),
        ((20, 10, -1), "borderline", "borderline"),
        ((1, -10, -20), "borderline", "borderline"),
        ((-1, -4, -9), "borderline", "robust outside"),
        ((-6, -10, -20), "outside", "robust outside"),
        ((math.nan, math.nan, math.nan), "outside", "robust outside"),
        ((5, math.nan, math.nan), "borderline", "borderline"),
        ((0.0, 0.0, 0.0), "borderline", "robust inside"),
    ],
)
def test_judge(margins: tuple[float, float, float], verdict: str, stability: str) -> None:
    assert judge(dict(zip(SETS, margins, strict=True)), 5.0) == (verdict, stability)


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=3), st.floats(0, 20), st.floats(0, 30))
def test_more_minutes_never_improve_a_verdict(margins: list[float], band: float, later: float) -> None:
    rank = {"inside": 0, "borderline": 1, "outside": 2}
    ordered = sorted(margins, reverse=True)
    before, _ = judge(dict(zip(SETS, ordered, strict=True)), band)
    after, _ = judge({name: margin - later for name, margin in zip(SETS, ordered, strict=True)}, band)
    assert rank[after] >= rank[before]


def test_a_time_that_holds_in_typical_traffic_alone_is_not_firm() -> None:
    margins = {"favourable": 30.0, "central": 20.0, "adverse": 8.0, "period": -2.0}
    assert judge(margins, 5.0) == ("borderline", "borderline")
    assert judge({**margins, "period": 1.0}, 5.0) == ("inside", "robust inside")


def test_the_other_period_of_a_scenario_at_peak_is_typical() -> None:
    assert judged_variants(load_scenario("2026"))["period"].period == "peak"
    assert judged_variants(load_scenario("2026").but(period="peak"))["period"].period == "typical"


def test_the_parts_of_a_deciding_trip_add_up_and_the_longest_comes_first(
    network: Network, claims: pd.DataFrame
) -> None:
    summary = summarise_claims(claims)
    trips = deciding_trips(network, [load_scenario("2030")], summary, modes=("rail", "multimodal"))
    worst = summary[(summary["scenario"] == "2030") & (summary["measure"] == "door") & summary["minutes"].notna()]
    assert len(trips) == worst["mode"].isin(["rail", "multimodal"]).sum()
    for trip in trips:
        minutes = [part.minutes for part in trip.parts]
        assert sum(minutes) == pytest.approx(trip.minutes)
        assert minutes == sorted(minutes, reverse=True)
        if trip.mode == "rail":
            assert [part.kind for part in trip.parts].count("egress") <= 1
            assert "train" in {part.kind for part in trip.parts}


def test_a_place_is_not_paired_with_itself() -> None:
    mutual = Reading("m", "each", ("a", "b", "c"), ("a", "b", "c"), "", "")
    assert list(mutual.trips()) == [(x, (y,)) for x in "abc" for y in "abc" if x != y]
    nearest = replace(mutual, pairs="nearest")
    assert list(nearest.trips()) == [("a", ("b", "c")), ("b", ("a", "c")), ("c", ("a", "b"))]


def test_an_unknown_reading_names_the_nearest(targets: Targets) -> None:
    with pytest.raises(PlanError, match="nearest-core"):
        targets.check_readings(["nearest-cor"])


def test_overrides_of_a_scenario_hold_in_every_set() -> None:
    scenario = load_scenario("2026").but(overrides={"local_speed_kmh": 31.0})
    assert {variant.value("local_speed_kmh") for variant in variants(scenario)} == {31.0}
    assert len({variant.hash for variant in variants(scenario)}) == 3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("band_min = 5", "missing"),
        ("not toml =", "cannot be read"),
        (
            'band_min = 5\nband_basis = "b"\n[[target]]\nid="x"\nplan_id="p"\ntitle_zh="z"\ntitle_en="e"\nsection="s"\n'
            'wording="w"\nlimit_min=60\nlimit_basis="l"\n[[target.reading]]\nid="r"\npairs="each"\nfrom=["a"]\nto=["b"]\n'
            'about_zh="z"\nabout_en="e"\n',
            "exactly one",
        ),
    ],
)
def test_a_broken_definition_is_named(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "targets.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=word):
        read_targets(path)


def test_no_minutes_are_lost_between_measures(claims: pd.DataFrame) -> None:
    """Station to station is never longer than door to door."""
    rail = claims[(claims["mode"] == "rail") & (claims["reading"] != "nearest")]
    keys = ["target_id", "reading", "from_id", "to_id", "scenario", "variant"]
    wide = rail.pivot_table(index=keys, columns="measure", values="minutes")
    both = wide.dropna()
    assert len(both) > 100
    assert np.all(both["station"] <= both["door"])
