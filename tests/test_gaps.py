"""Gaps: what stays outside, and a new link that, built, brings it inside; corridor cards that add up."""

from __future__ import annotations

import pytest
import shapely

from atlas.base.errors import PlanError
from atlas.data.catalog import Catalog
from atlas.data.region import find_root
from atlas.data.register import read_register
from atlas.data.scenario import load_scenario
from atlas.decide.board import closures
from atlas.decide.corridors import SERVED_MIN, corridor_cards
from atlas.decide.critical import Watch
from atlas.decide.gaps import STRAIT_KM, gaps
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.plan.promises import check_claims, read_targets

PLAN = find_root() / "data" / "plan"
THEN, LATER = load_scenario("2023"), load_scenario("2035")


def test_trips_outside_are_those_of_the_claims_and_a_new_link_brings_them_inside(
    catalog: Catalog, network: Network
) -> None:
    targets = read_targets(PLAN / "targets.toml").only(["circle-one-hour", "circle-two-hours"])
    found = gaps(network, catalog.layers(), THEN, LATER, targets, mode="drive", kinds=["road"])
    claims = check_claims(network, [LATER], targets)
    claims = claims[(claims["mode"] == "drive") & (claims["variant"] == "central") & ~claims["within"]]
    assert set(zip(found["from_id"], found["to_id"], strict=True)) == set(
        zip(claims["from_id"], claims["to_id"], strict=True)
    )
    done = found[found["start"] != ""]
    assert len(done) > 0
    assert (done["with_min"] <= done["limit_min"] + 1e-6).all()
    assert (done["length_km"] >= 1.0).all()
    assert (done["water_km"] <= done["length_km"] + 1e-6).all()
    for row in done.to_dict("records"):
        line = shapely.LineString([(row["lon_a"], row["lat_a"]), (row["lon_b"], row["lat_b"])])
        assert network.barrier is not None
        import numpy as np

        widest = network.barrier.longest_water_km(np.array([line]), np.array([row["length_km"]]))[0]
        assert row["strait"] == (widest >= STRAIT_KM)
    assert (found["improved"] == (found["improved_min"] >= 0.5)).all()


def test_gaps_of_no_year_or_of_an_unknown_kind_are_refused(catalog: Catalog, network: Network) -> None:
    targets = read_targets(PLAN / "targets.toml")
    with pytest.raises(PlanError, match="of a year"):
        gaps(network, catalog.layers(), THEN, load_scenario("full"), targets)
    with pytest.raises(PlanError, match="no kind of link"):
        gaps(network, catalog.layers(), THEN, LATER, targets, kinds=["canal"])


def test_corridor_cards_hold_the_kilometres_of_the_plan_and_the_worst_of_their_lines(
    catalog: Catalog, network: Network, ground: Ground
) -> None:
    frames = {key: layer.frame for key, layer in catalog.layers().items()}
    register = read_register(PLAN)
    found = corridor_cards(network, frames, register, THEN, LATER, ground, mode="drive", centres=["zhuhai"])
    assert len(found.cards) == 6
    for row in found.cards.to_dict("records"):
        assert row["km"] == pytest.approx(row["km_rail"] + row["km_road"])
        kilometres = found.kilometres[found.kilometres["corridor"] == row["corridor"]]["km"].sum()
        assert row["km"] == pytest.approx(kilometres)
        own = found.by_year[(found.by_year["corridor"] == row["corridor"]) & (found.by_year["year"] == 2035)]
        assert own["km"].sum() == pytest.approx(row["km_in_use"])
        assert row["km_in_use"] <= row["km"] + 1e-6
        assert row["people_gain"] >= 0
        worst = found.critical[(found.critical["corridor"] == row["corridor"]) & (found.critical["rank"] == 1)].iloc[0]
        assert worst["link"] == row["critical"]
    watch = Watch.of(network, LATER, ground, mode="drive", centres=["zhuhai"])
    known = {one.id: one for one in closures(network, LATER)}
    row = found.cards.iloc[0]
    assert watch.closed(known[row["critical"]]).people_lost == pytest.approx(row["critical_people"])
    assert SERVED_MIN > 0
