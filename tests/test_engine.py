"""The search equals networkx's Dijkstra, on random graphs and on the atlas; its laws hold."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.data.scenario import load_scenario
from atlas.network.arrays import StateArcs
from atlas.network.build import Network
from atlas.travel import kernel
from atlas.travel.kernel import ENGINES, least_minutes, least_sums
from atlas.travel.search import graph_of, search, search_many, search_towards, weighed
from atlas.travel.trip import Trip


@st.composite
def edge_lists(draw: st.DrawFn) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A random multigraph: parallel edges, self-loops, unusable edges and railway nodes included."""
    size = draw(st.integers(2, 9))
    count = draw(st.integers(1, 30))
    ends = st.lists(st.integers(0, size - 1), min_size=count, max_size=count)
    minutes = st.lists(st.one_of(st.just(np.nan), st.integers(0, 40).map(float)), min_size=count, max_size=count)
    first = np.array(draw(minutes))
    later = first + np.array(draw(st.lists(st.integers(0, 9).map(float), min_size=count, max_size=count)))
    rail = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    return size, np.array(draw(ends)), np.array(draw(ends)), first, later, rail


def two_state_graph(size, tail, head, first, later, rail) -> nx.DiGraph:
    """The rule of the engine in words: ride once, and every street after it is another street."""
    graph = nx.DiGraph()
    graph.add_nodes_from((node, ridden) for node in range(size) for ridden in (False, True))

    def add(u, v, minutes):
        known = graph.get_edge_data(u, v, {"weight": np.inf})["weight"]
        graph.add_edge(u, v, weight=min(known, minutes))

    for u, v, a, b in zip(tail, head, first, later, strict=True):
        if np.isnan(a) or u == v:
            continue
        if rail[u]:
            add((u, False), (v, not rail[v]), a)
        else:
            add((u, False), (v, False), a)
            add((u, True), (v, not rail[v]), b)
    return graph


@settings(deadline=None)  # the first search compiles
@given(edge_lists(), st.sampled_from([np.inf, 20.0]), st.integers(1, 40))
def test_every_engine_gives_the_same_minutes_and_ways_to_the_last_bit(world, limit: float, most: int) -> None:
    pytest.importorskip("numba")
    graph = graph_of(*world)
    arcs = graph.indptr, graph.heads, graph.minutes * np.linspace(0.1, 1.0, most)[len(graph.heads) % most]
    starts = np.arange(min(4, graph.size))
    minutes, before = zip(
        *(least_minutes(*arcs, starts, limit=limit, paths=True, engine=name) for name in ENGINES), strict=True
    )
    assert all((one == minutes[0]).all() for one in minutes[1:])
    assert all((one == before[0]).all() for one in before[1:])
    for name in ENGINES:
        alone, _ = least_minutes(*arcs, starts, limit=limit, engine=name)
        assert (alone == minutes[0]).all()


@pytest.mark.parametrize("compiled", [True, False])
def test_least_sums_are_those_of_every_way_over_the_middle(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    if compiled:
        pytest.importorskip("numba")
    monkeypatch.setattr(kernel, "_has_numba", lambda: compiled)
    rng = np.random.default_rng(2)
    a, b = (np.where(rng.random(shape) < 0.4, np.inf, rng.random(shape)) for shape in ((7, 5), (5, 9)))
    a[3], b[:, 2] = np.inf, np.inf
    assert (least_sums(a, b) == (a[:, :, None] + b[None]).min(axis=1)).all()
    assert least_sums(a[:, :0], b[:0]).shape == (7, 9)


@given(edge_lists())
def test_search_equals_networkx_on_random_graphs(world) -> None:
    size, *_ = world
    graph = graph_of(*world)
    oracle = two_state_graph(*world)
    for start in range(size):
        known = nx.single_source_dijkstra_path_length(oracle, (start, False))
        expected = [min(known.get((v, False), np.inf), known.get((v, True), np.inf)) for v in range(size)]
        assert search(graph, start).node_minutes == pytest.approx(expected, abs=1e-6)
        assert search_many(graph, np.array([start]))[0] == pytest.approx(expected, abs=1e-6)


def test_who_leaves_where_he_boarded_has_not_travelled_by_train() -> None:
    # a street leads from the door 0 to 4; the train stands at platform 1 and goes on to 2, whose door is 3
    tail, head = np.array([0, 1, 1, 2, 0]), np.array([1, 0, 2, 3, 4])
    minutes, inside = np.array([5.0, 1.0, 10.0, 1.0, 3.0]), np.array([False, True, True, False, False])
    arcs = StateArcs.of(5, tail, head, inside, rides=np.array([False, False, True, False, False]))
    found = search(weighed(arcs, minutes, minutes, must_ride=True), 0).node_minutes
    assert found[3] == pytest.approx(16.0)
    assert np.isinf(found[4])
    # of the door alone, which counts as the start
    assert found[0] == 0.0


@given(edge_lists())
def test_minutes_towards_a_place_are_the_column_of_the_matrix(world) -> None:
    size, *_ = world
    graph = graph_of(*world)
    matrix = search_many(graph, np.arange(size))
    for end in range(size):
        assert search_towards(graph, end) == pytest.approx(matrix[:, end], abs=1e-6)


@settings(deadline=None)
@given(edge_lists(), st.sampled_from([np.inf, 20.0]), st.sampled_from(ENGINES))
def test_minutes_to_some_nodes_are_columns_of_those_to_all(world, limit: float, engine: str) -> None:
    pytest.importorskip("numba")
    graph = graph_of(*world)
    ends = np.array([graph.size - 1, 0, graph.size // 2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "engine_for", lambda work: engine)
        whole = search_many(graph, np.arange(graph.size), limit_min=limit)
        assert np.array_equal(search_many(graph, np.arange(graph.size), limit_min=limit, ends=ends), whole[:, ends])


@given(edge_lists(), st.floats(0, 100))
def test_a_limit_only_hides_what_lies_beyond_it(world, limit: float) -> None:
    graph = graph_of(*world)
    everything = search(graph, 0).node_minutes
    within = search(graph, 0, limit_min=limit).node_minutes
    assert np.array_equal(np.isfinite(within), everything <= limit + 1e-6)


@given(edge_lists())
def test_the_path_is_made_of_edges_that_add_up(world) -> None:
    _size, tail, head, first, later, _ = world
    tree = search(graph_of(*world), 0)
    for node in np.nonzero(np.isfinite(tree.node_minutes))[0]:
        path = tree.path(int(node))
        chain = [0, *(int(head[edge]) for edge in path)]
        assert [int(tail[edge]) for edge in path] == chain[:-1]
        assert chain[-1] == node
        low, high = first[path].sum(), later[path].sum()
        assert low - 1e-6 <= tree.node_minutes[node] <= high + 1e-6


@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_search_equals_networkx_on_the_atlas(network: Network, data: st.DataObject) -> None:
    scenario = load_scenario(data.draw(st.sampled_from(["2023", "2026", "2030", "2035", "full"])))
    mode = data.draw(st.sampled_from(["drive", "rail", "multimodal"]))
    start = data.draw(st.integers(0, len(network.nodes) - 1))
    graph = Trip(network, scenario, mode).graph
    oracle = nx.MultiDiGraph()
    oracle.add_nodes_from(range(graph.matrix.shape[0]))
    matrix = graph.matrix.tocoo()
    oracle.add_weighted_edges_from(zip(matrix.row.tolist(), matrix.col.tolist(), matrix.data.tolist(), strict=True))
    known = nx.single_source_dijkstra_path_length(oracle, start)
    minutes = search(graph, start).minutes
    expected = np.array([known.get(state, np.inf) for state in range(len(minutes))])
    assert minutes == pytest.approx(expected, abs=1e-6)
