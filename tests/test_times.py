"""Minutes of many scenarios at once are the minutes of each scenario alone."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.base.errors import UnknownPlaceError
from atlas.data.scenario import load_scenario
from atlas.network.arrays import StateArcs
from atlas.network.build import Network
from atlas.travel import matrix as times
from atlas.travel.matrix import minutes_by_opening, od_minutes
from atlas.travel.reach import locate, od_matrix
from atlas.travel.search import graph_of, search_many
from atlas.travel.trip import Trip

SEATS = ("珠海", "中山", "江门", "阳江", "广州", "澳门")
MODES = ("drive", "rail", "multimodal")


@st.composite
def openings(draw):
    """A random graph, networks that each lack some of its edges, and where searches start."""
    size = draw(st.integers(2, 9))
    count = draw(st.integers(0, 30))
    node = st.integers(0, size - 1)
    tail = np.array(draw(st.lists(node, min_size=count, max_size=count)), dtype=np.int64)
    head = np.array(draw(st.lists(node, min_size=count, max_size=count)), dtype=np.int64)
    minutes = st.floats(0, 50, allow_nan=False)
    first = np.array(draw(st.lists(minutes, min_size=count, max_size=count)), dtype=np.float64)
    more = np.array(draw(st.lists(minutes, min_size=count, max_size=count)), dtype=np.float64)
    rail = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)
    shares = st.lists(st.booleans(), min_size=count, max_size=count)
    networks = draw(st.sampled_from([1, 3, 9]))
    open_ = np.array([draw(shares) for _ in range(networks)], dtype=bool).reshape(networks, count)
    starts = draw(st.lists(node, min_size=1, max_size=size, unique=True))
    return size, tail, head, first, first + more, rail, open_, np.array(starts)


@pytest.mark.parametrize("worth", [-np.inf, np.inf], ids=["each alone", "shared part once"])
@given(world=openings())
def test_every_opening_has_the_minutes_of_its_own_graph(world, worth: float) -> None:
    size, tail, head, first, later, rail, open_, starts = world
    arcs = StateArcs.of(size, tail, head, rail)
    ends = np.arange(size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(times, "_WORTH", worth)
        found = minutes_by_opening(arcs, arcs.weights(first, later), open_[:, arcs.edge], starts, ends)
    for k, some in enumerate(open_):
        graph = graph_of(size, tail, head, np.where(some, first, np.nan), np.where(some, later, np.nan), rail)
        assert found[k] == pytest.approx(search_many(graph, starts), abs=1e-6)


@pytest.fixture(scope="module")
def scenarios():
    years = [load_scenario(year) for year in ("2023", "2026", "2030", "2035", "full")]
    sets = [year.but(parameter_set=name) for year in years for name in ("favourable", "central", "adverse")]
    today = load_scenario("2026")
    return [*sets, today.but(close=["xx_szzs"]), today.but(without=["hmh"]), today.but(boarding="headway")]


@pytest.fixture(scope="module")
def cube(network: Network, scenarios) -> np.ndarray:
    return od_minutes(network, SEATS, SEATS, scenarios, MODES)


def test_the_cube_equals_the_matrix_of_each_combination(network: Network, scenarios, cube: np.ndarray) -> None:
    for i, k in ((0, 0), (4, 2), (8, 1), (15, 0), (16, 2), (17, 1)):
        frame = od_matrix(network, SEATS, SEATS, [scenarios[i]], [MODES[k]])
        expected = frame["travel_time_min"].to_numpy().reshape(len(SEATS), len(SEATS))
        assert cube[i, k] == pytest.approx(expected, abs=1e-6, nan_ok=True)


@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_the_cube_equals_networkx_on_every_combination_sampled(network, scenarios, cube, data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(scenarios) - 1))
    k = data.draw(st.integers(0, len(MODES) - 1))
    origin = data.draw(st.integers(0, len(SEATS) - 1))
    graph = Trip(network, scenarios[i], MODES[k]).graph
    oracle = nx.MultiDiGraph()
    oracle.add_nodes_from(range(2 * graph.size))
    arcs = graph.matrix.tocoo()
    oracle.add_weighted_edges_from(zip(arcs.row.tolist(), arcs.col.tolist(), arcs.data.tolist(), strict=True))
    node = {name: network.row_of[locate(network, name)[1]] for name in SEATS}
    known = nx.single_source_dijkstra_path_length(oracle, node[SEATS[origin]])
    for j, name in enumerate(SEATS):
        states = [node[name] + graph.size] if MODES[k] == "rail" else [node[name], node[name] + graph.size]
        expected = 0.0 if j == origin else min(known.get(state, np.inf) for state in states)
        assert cube[i, k, origin, j] == pytest.approx(expected if np.isfinite(expected) else np.nan, nan_ok=True)


def test_favourable_is_never_slower_than_central_nor_central_than_adverse(cube: np.ndarray) -> None:
    sets = cube[:15].reshape(5, 3, *cube.shape[1:])
    for better, worse in itertools.pairwise(range(3)):
        a, b = (np.nan_to_num(sets[:, which], nan=np.inf) for which in (better, worse))
        assert (a <= b + 1e-9).all(), "no way is slower than any"


def test_progress_counts_every_combination(network: Network, scenarios) -> None:
    seen: list[tuple[int, int]] = []
    od_minutes(network, ["珠海"], ["阳江"], scenarios[:4], MODES, progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (12, 12)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_no_destination_is_said(network: Network, scenarios) -> None:
    with pytest.raises(UnknownPlaceError, match="at least one"):
        od_minutes(network, ["珠海"], [], scenarios[:1], MODES)
