"""A trip is compiled once, says what the functions say, and what one holds can be asked on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import atlas
from atlas.data.scenario import load_scenario
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.travel import trip as travel

ROOT = Path(__file__).resolve().parent.parent
NOW = load_scenario("2026")


@pytest.fixture(scope="module")
def ground(land: Ground) -> Ground:
    return land


def test_minutes_and_graph_are_made_once(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(travel, "edge_times", lambda *args: made.append(args) or _times(*args))
    trip = atlas.trip(network, NOW, "drive")
    trip.route("珠海", "阳江")
    trip.matrix(["珠海", "中山"], ["江门"])
    trip.route("江门", "恩平")
    assert len(made) == 1
    assert trip.graph is trip.graph


def _times(*args):
    from atlas.travel.minutes import edge_times

    return edge_times(*args)


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_the_verbs_say_what_the_functions_say(mode: str, network: Network) -> None:
    trip = atlas.trip(network, NOW, mode)
    assert trip.route("珠海", "阳江").minutes == atlas.route(network, "珠海", "阳江", NOW, mode=mode).minutes
    ends = ["江门", "恩平", "广州南"]
    pd.testing.assert_frame_equal(
        trip.matrix(["珠海"], ends), atlas.od_matrix(network, ["珠海"], ends, [NOW], [mode]), check_exact=True
    )
    whole = atlas.reach_from(network, "阳江", NOW, mode=mode)
    assert trip.reach("阳江").nodes.equals(whole.nodes)


def test_usable_edges_are_those_with_minutes(network: Network) -> None:
    trip = atlas.trip(network, NOW, "rail")
    assert (trip.usable == ~np.isnan(trip.minutes)).all()
    assert 0 < trip.usable.sum() < len(trip.usable)


def test_a_reach_gives_its_areas_people_and_files(network: Network, ground, tmp_path: Path) -> None:
    reach = atlas.reach_from(network, "珠海", NOW, mode="drive")
    surface = reach.surface(ground)
    assert np.array_equal(surface.minutes, atlas.surface_from(network, "珠海", NOW, ground.links, mode="drive").minutes)
    areas = reach.isochrones(60, 120, ground=ground)
    assert areas["cutoff_min"].tolist() == [60.0, 120.0]
    assert areas["area_km2"].is_monotonic_increasing
    people = reach.coverage(60, 120, ground=ground)
    assert set(people["cutoff_min"]) == {60.0, 120.0}
    (file, *_) = reach.to_file(tmp_path / "reach.gpkg")
    assert file.stat().st_size > 0


def test_without_a_ground_the_networks_own_is_made_and_kept(network: Network, ground) -> None:
    reach = atlas.reach_from(network, "珠海", NOW, mode="drive")
    assert reach.isochrones(60).equals(reach.isochrones(60, ground=ground))
    assert atlas.ground(network) is ground


def test_a_trips_surface_from_a_point_of_ones_own_is_the_functions(network: Network, ground) -> None:
    trip = atlas.trip(network, NOW, "multimodal")
    for towards in (False, True):
        mine = trip.surface("113.2,22.3", ground, towards=towards).minutes
        same = atlas.surface_from(network, "113.2,22.3", NOW, ground.links, towards=towards).minutes
        assert np.array_equal(mine, same)


@pytest.mark.parametrize("name", ["s.tif", "s.npz", "s.csv", "s.gpkg"])
def test_a_surface_is_written_in_the_format_of_the_ending(name: str, network: Network, ground, tmp_path: Path) -> None:
    surface = atlas.trip(network, NOW, "drive").surface("珠海", ground)
    (file, *_) = atlas.write(surface, tmp_path / name)
    assert file == tmp_path / name
    assert file.stat().st_size > 1000
    if name.endswith(".csv"):
        cells = pd.read_csv(file, encoding="utf-8-sig")
        known = np.isfinite(surface.minutes)
        assert len(cells) == len(surface.minutes)
        assert np.allclose(cells["travel_time_min"].to_numpy()[known], surface.minutes[known], atol=1e-6)


def test_promises_are_checked_on_the_targets_at_hand_when_none_are_given(network: Network) -> None:
    given = atlas.read_targets(ROOT / "data" / "plan" / "targets.toml")
    assert atlas.check_claims(network, [NOW]).equals(atlas.check_claims(network, [NOW], given))


def test_the_rule_of_rail_stands_in_one_module() -> None:
    """What is reached before a train is weighed against what is reached after one in `travel/search.py` alone."""
    held = []
    for path in sorted((ROOT / "atlas").rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            told = ast.unparse(node) if isinstance(node, (ast.IfExp, ast.If, ast.BoolOp, ast.BinOp)) else ""
            if re.search(r"must_ride", told) and re.search(r"\brail\w*\b|before|after", told):
                held.append(path.relative_to(ROOT).as_posix())
    assert set(held) == {"atlas/travel/search.py"}
