"""The parameter table: read whole or refused, and chosen from without surprises."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas.base.errors import ParameterError, ScenarioError
from atlas.data.parameters import SETS, ParameterTable, read_parameters
from atlas.data.region import find_root
from atlas.data.scenario import load_scenario, parse_scenario

HEADER = "name,low,central,high,unit,sense,source,note\n"


@pytest.fixture(scope="module")
def table() -> ParameterTable:
    return read_parameters(find_root() / "data" / "parameters.csv")


def test_every_parameter_has_a_range_a_unit_and_a_source(table: ParameterTable) -> None:
    assert len(table.rows) > 30
    for row in table:
        assert row.low <= row.central <= row.high
        assert row.unit
        assert row.source


def test_favourable_takes_the_end_that_shortens_trips(table: ParameterTable) -> None:
    for row in table:
        near, far = row.value("favourable"), row.value("adverse")
        assert (near <= row.central <= far) if row.sense > 0 else (near >= row.central >= far)


def test_every_border_crossing_has_minutes_both_ways(table: ParameterTable) -> None:
    from atlas.data.catalog import open_catalog

    links = open_catalog().layer("cross_border_links").frame
    crossings = links.loc[links["kind"].eq("border_crossing") & links["in_network"], "id"]
    assert len(crossings) >= 5
    for crossing in crossings:
        assert f"border_{crossing}_ab_min" in table
        assert f"border_{crossing}_ba_min" in table


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "lacks the columns"),
        (HEADER + "x,3,2,4,min,1,s,\n", "low <= central <= high"),
        (HEADER + "x,-1,2,4,min,1,s,\n", "low <= central <= high"),
        (HEADER + "x,1,two,4,min,1,s,\n", "which is no number"),
        (HEADER + "x,1,2,4,min,0,s,\n", "sense must be"),
        (HEADER + "x,1,2,4,min,1,,\n", "needs a name and a source"),
        (HEADER + "x,1,2,4,min,1,s,\nx,1,2,4,min,1,s,\n", "stands twice"),
    ],
)
def test_a_broken_table_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "parameters.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=message):
        read_parameters(path)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"local_sped_kmh": 30}, "did you mean local_speed_kmh"),
        ({"local_speed_kmh": 0}, "out of its range"),
        ({"local_speed_kmh": -3}, "out of its range"),
        ({"local_speed_kmh": float("nan")}, "out of its range"),
        ({"local_speed_kmh": "fast"}, "not a number"),
    ],
)
def test_an_override_out_of_its_range_is_refused(table: ParameterTable, overrides: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        table.chosen("central", overrides)


def test_the_hash_of_a_scenario_follows_its_parameters_and_not_its_name() -> None:
    base = load_scenario("2026")
    assert base.but(name="other").hash == base.hash
    hashes = {base.but(parameter_set=name).hash for name in SETS}
    hashes |= {base.but(overrides={"local_speed_kmh": 30}).hash, base.but(close=["hmh"]).hash, base.but(year=2030).hash}
    assert len(hashes) == 6
    assert base.hash in hashes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('bas = "2026"', "did you mean base"),
        ('base = "2062"', "unknown base"),
        ("year = 2040", "outside 2023-2035"),
        ('year = "soon"', "whole number"),
        ("with = 3", "list of ids"),
        ('with = ["hhm"]', "did you mean hmh"),
        ('period = "rush"', "period must be one of"),
        ("base = 2026 2030", "not TOML"),
        ("[set]\nlocal_sped_kmh = 3", "did you mean local_speed_kmh"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_with_the_nearest(
    table: ParameterTable, text: str, message: str
) -> None:
    with pytest.raises((ScenarioError, ParameterError), match=message):
        parse_scenario(text, table=table, known_ids={"hmh", "szy"})


def test_a_scenario_file_says_what_it_changes(table: ParameterTable) -> None:
    text = 'base = "2030"\nwithout = ["szy"]\nperiod = "peak"\n[set]\nlocal_speed_kmh = 30\n'
    scenario = parse_scenario(text, table=table, known_ids={"hmh", "szy"})
    assert (scenario.year, scenario.without, scenario.period) == (2030, frozenset({"szy"}), "peak")
    assert scenario.value("local_speed_kmh") == 30
