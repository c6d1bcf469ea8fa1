"""What is said of how an item of the plan counts is what the network does with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from atlas.data.catalog import open_catalog
from atlas.data.counting import COUNTS, count_of, held_by_full
from atlas.data.register import item_table
from atlas.data.scenario import BUILT_IN, load_scenario, parse_scenario, scenario_text
from atlas.network.build import Network, open_edges
from atlas.travel.matrix import od_minutes

CATALOG = open_catalog()
SEATS = ("zhuhai", "zhongshan", "jiangmen", "yangjiang", "taishan", "enping")


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    return item_table(CATALOG.plan, {key: layer.frame for key, layer in CATALOG.layers().items()}).set_index("id")


def carried(network: Network, year: str) -> set[str]:
    """Plan items of which some road or train is open."""
    edges = network.edges[open_edges(network, load_scenario(year)) & network.edges["role"].isin(["run", "ride"])]
    return {name for text in edges["plan_ids"] for name in str(text).split(";")} - {""}


def test_every_item_of_road_and_rail_that_is_said_to_count_is_travelled_in_the_scenario_named(
    network: Network, items: pd.DataFrame
) -> None:
    by_year = {year: carried(network, year) for year in BUILT_IN}
    lines = items[items["kind"].isin(["railway", "highway", "cross_boundary_link"]) & (items["counts"] != "goods")]
    assert len(lines) > 80
    rails = CATALOG.layer("railways").frame
    for_goods = {name for text in rails.loc[~rails["passenger"], "plan_ids"] for name in str(text).split(";")}
    for name, row in lines.iterrows():
        assert (name in by_year["full"]) == bool(row["in_full"]), name
        if row["in_full_known"]:
            assert name in by_year["full-known"], name
        if row["course"] == "indicative":
            assert name not in by_year["full-known"], name
        if pd.notna(row["counts_from"]) and row["counts_from"] <= 2035 and name not in for_goods:
            assert name in by_year["2035"], name


def test_goods_railways_are_in_the_plan_and_ridden_by_nobody(network: Network, items: pd.DataFrame) -> None:
    goods = set(items.index[items["counts"] == "goods"])
    assert len(goods) >= 3
    assert items.loc[list(goods), "in_full"].all()
    assert not goods & carried(network, "full")


def test_what_full_lacks_is_told_with_its_reason(items: pd.DataFrame) -> None:
    full, known, lacking = held_by_full(items.reset_index())
    assert full + len(lacking) + (items["counts"] == "target").sum() == (items["counts"] != "outside").sum() == 153
    assert known < full
    assert (items["counts"].isin(COUNTS)).all()
    assert set(lacking["kind"]) == {"railway", "waterway"}
    assert all(len(row.reason) > 10 for row in lacking.itertuples() if row.kind == "railway")


def test_known_courses_are_never_faster_than_all_and_never_slower_than_the_last_year(network: Network) -> None:
    scenarios = [load_scenario(name) for name in ("2035", "full-known", "full")]
    last, known, full = od_minutes(network, SEATS, SEATS, scenarios, ["drive", "rail", "multimodal"])
    assert np.all(full <= known + 1e-6)
    assert np.all(known <= last + 1e-6)
    assert (full < known - 1.0).any(), "some item without a known course shortens a trip between seats"
    assert load_scenario("full").hash != load_scenario("full-known").hash


def test_a_scenario_of_known_courses_is_written_and_read_back() -> None:
    known = load_scenario("full-known")
    again = parse_scenario(scenario_text(known), table=CATALOG.parameters)
    assert again.known_courses
    assert again.hash == known.hash


def test_a_widening_lies_where_the_old_road_lies(network: Network) -> None:
    edges = network.edges[network.edges["role"] == "run"].set_index("edge_id")
    wide = edges[edges["feature_id"] == "s47_widen"]
    assert len(wide) >= 8
    for name, row in wide.iterrows():
        old = edges.loc[str(name).removeprefix("s47_widen/")]
        assert old["feature_id"] == "s47_jz"
        assert row["length_km"] == old["length_km"]
        assert row.geometry.equals(old.geometry)
        assert row["speed_limit_kmh"] == old["speed_limit_kmh"], "no new limit is published"
        assert row["opens_year"] == 2035


def test_what_widens_a_road_closes_with_it_and_alone_leaves_the_road(network: Network) -> None:
    arrays, later = network.arrays, load_scenario("2035")
    of = {name: arrays.rows_by_id[name] for name in ("s47_jz", "s47_widen")}
    whole = arrays.open_in(later)
    assert whole[of["s47_jz"]].all()
    assert whole[of["s47_widen"]].all()
    for scenario in (later.but(close=["s47_jz"]), later.but(without=["highways/s47_jz"])):
        assert not arrays.open_in(scenario)[np.concatenate([*of.values()])].any()
    alone = arrays.open_in(later.but(close=["s47_widen"]))
    assert alone[of["s47_jz"]].all()
    assert not alone[of["s47_widen"]].any()
    assert (of["s47_widen"][:, None] == arrays.wider[:, 0]).any(axis=1).all()


def test_an_indicative_line_is_charged_the_detour_of_its_own(network: Network) -> None:
    arrays = network.arrays
    assert arrays.indicative.any()
    plain = load_scenario("full")
    longer = plain.but(overrides={"rail_detour_indicative": 1.35})
    wanted = ("yangjiang", "zhuhai")
    first, second = (od_minutes(network, wanted, wanted, [one], ["rail"])[0, 0, 0, 1] for one in (plain, longer))
    assert second > first + 1.0


@pytest.mark.parametrize(
    ("resolution", "features", "how", "course"),
    [
        ("target", [], "target", ""),
        ("reason", [], "none", ""),
        ("features", [("ports", {"kind": "waterway_project"})], "drawn", ""),
        ("features", [("highways", {"in_network": False})], "drawn", ""),
        ("features", [("stations", {"kind": "intercity", "opens_year": 2030})], "site", ""),
        ("features", [("railways", {"in_network": True, "passenger": False, "course": "known"})], "goods", "known"),
        ("features", [("highways", {"in_network": True, "opens_year": None})], "full-known", "known"),
        ("features", [("highways", {"in_network": True, "upgrades": "a", "opens_year": 2030})], "year", "upgrade"),
        (
            "features",
            [
                ("railways", {"in_network": True, "passenger": True, "opens_year": 2028, "course": "known"}),
                ("railways", {"in_network": True, "passenger": True, "opens_year": None, "course": "indicative"}),
            ],
            "full",
            "mixed",
        ),
    ],
)
def test_how_an_item_counts_follows_from_its_features(resolution, features, how: str, course: str) -> None:
    count = count_of(resolution, features)
    assert (count.how, count.course) == (how, course)
    assert count.in_full_known <= count.in_full
