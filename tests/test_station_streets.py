"""By rail the drive to, from and between stations is bounded: against a search that counts minutes driven."""

from __future__ import annotations

import heapq
import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.data.scenario import load_scenario
from atlas.network.arrays import StateArcs
from atlas.network.build import Network
from atlas.travel.journey import journey_on
from atlas.travel.reach import reach_from
from atlas.travel.search import arcs_in, search_many, search_towards, station_arcs, weighed
from atlas.travel.trip import Trip

NOW = load_scenario("2026")
Edges = list[tuple[int, int, int, int]]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[int, int, Edges, int]:
    """Streets, platforms behind them, edges (tail, head, minutes first, minutes later) and the bound, whole minutes."""
    streets, platforms = draw(st.integers(1, 6)), draw(st.integers(0, 4))
    size = streets + platforms
    node = st.integers(0, size - 1)
    edges = []
    for _ in range(draw(st.integers(0, 22))):
        u, v, first = draw(node), draw(node), draw(st.integers(1, 6))
        if u != v:
            waits = u < streets <= v
            edges.append((u, v, first, first + (draw(st.integers(0, 4)) if waits else 0)))
    return streets, size, edges, draw(st.integers(1, 9))


State = tuple[int, bool, bool, int]


def onward(state: State, edge: tuple[int, int, int, int], streets: int, bound: int) -> tuple[State, int] | None:
    """Where an edge leads from a state (node, ridden, moved since boarding, minutes driven), and its minutes."""
    _, ridden, moved, driven = state
    u, v, first, later = edge
    if u < streets and v < streets:
        return ((v, ridden, False, driven + first), first) if driven + first <= bound else None
    if u < streets:
        return (v, ridden, False, 0), later if ridden else first
    if v >= streets:
        return (v, True, True, 0), first
    return ((v, ridden, False, 0), first) if moved else None


def by_minutes_driven(world: tuple[int, int, Edges, int], start: int) -> list[float]:
    """The definition, a state for each number of minutes driven since the start or the last train."""
    streets, size, edges, bound = world
    best: dict[State, int] = {(start, False, False, 0): 0}
    waiting = [(0, (start, False, False, 0))]
    while waiting:
        spent, state = heapq.heappop(waiting)
        for edge in edges:
            step = onward(state, edge, streets, bound) if edge[0] == state[0] else None
            if step is not None and spent + step[1] < best.get(step[0], 10**9):
                best[step[0]] = spent + step[1]
                heapq.heappush(waiting, (spent + step[1], step[0]))
    found = [float("inf")] * size
    for (node, ridden, _, _), spent in best.items():
        if ridden or node == start:
            found[node] = min(found[node], float(spent))
    return found


def arrays_of(world: tuple[int, int, Edges, int]) -> Any:
    streets, size, edges, _ = world
    tail, head = (np.array([edge[k] for edge in edges], dtype=np.int64) for k in (0, 1))
    inside = np.arange(size) >= streets
    arcs = StateArcs.of(size, tail, head, inside, rides=inside[tail] & inside[head])
    return SimpleNamespace(rail_node=inside, tail=tail, head=head, arcs=arcs)


@pytest.mark.parametrize("detours", [False, True])
@given(world=worlds())
def test_minutes_are_those_of_a_search_that_counts_the_minutes_driven(
    world: tuple[int, int, Edges, int], detours: bool
) -> None:
    streets, _, edges, bound = world
    first, later = (np.array([edge[k] for edge in edges], dtype=np.float64) for k in (2, 3))
    arcs = station_arcs(arrays_of(world), first, float(bound), detours=detours)
    graph = weighed(arcs, first, later, must_ride=True)
    outward = search_many(graph, np.arange(streets))
    expected = np.array([by_minutes_driven(world, start) for start in range(streets)])
    assert outward[:, :streets] == pytest.approx(expected[:, :streets])
    for end in range(streets):
        assert search_towards(graph, end)[:streets] == pytest.approx(expected[:, end])


def drives(journey: Any) -> list[float]:
    """Minutes of each stretch of a journey between its trains."""
    stretches = itertools.groupby(journey.legs, key=lambda leg: leg.role in ("train", "transfer"))
    return [sum(leg.minutes for leg in some) for train, some in stretches if not train]


@pytest.mark.parametrize("year", ["2026", "full"])
def test_no_journey_by_rail_drives_longer_than_the_bound(network: Network, year: str) -> None:
    scenario = load_scenario(year)
    trip = Trip(network, scenario, "rail")
    places = [name for name in network.nodes["node_id"] if name.startswith("place/")]
    seen = 0
    for start in places[::9]:
        tree = trip.tree(network.row_of[start])
        for end in places[1::7]:
            journey = journey_on(trip, tree, network.row_of[end])
            if start != end and journey.found:
                assert max(drives(journey)) <= 30.0 + 1e-6, (start, end)
                seen += any(leg.role == "train" for leg in journey.legs)
    assert seen > 50


def test_a_place_beyond_the_bound_is_reached_once_the_bound_is_wider(network: Network) -> None:
    near = reach_from(network, "江门", NOW, mode="rail", cutoffs_min=300.0).places()
    wider = NOW.but(overrides={"rail_access_max_min": 60.0})
    far = reach_from(network, "江门", wider, mode="rail", cutoffs_min=300.0).places()
    assert set(near["id"]) < set(far["id"])
    both = far.set_index("id")["travel_time_min"].loc[near["id"]].to_numpy()
    assert (both <= near["travel_time_min"].to_numpy() + 1e-9).all()


def test_roads_drawn_as_reached_by_rail_end_where_the_drive_does(network: Network) -> None:
    reached = reach_from(network, "珠海", NOW, mode="rail", cutoffs_min=240.0)
    ends = set(reached.nodes["node_id"])
    roads = reached.edges[reached.edges["mode"] != "rail"]
    assert len(roads) > 0
    assert set(roads["to_id"]) <= ends


def test_arcs_about_stations_are_made_once_for_the_same_minutes_and_anew_for_others(network: Network) -> None:
    first, again = (arcs_in(network.arrays, Trip(network, NOW, "rail").minutes, NOW, "rail") for _ in range(2))
    assert first is again
    wider = NOW.but(overrides={"rail_access_max_min": 60.0})
    assert len(arcs_in(network.arrays, Trip(network, wider, "rail").minutes, wider, "rail").tail) > len(first.tail)
    closed = NOW.but(year=2023)
    other = arcs_in(network.arrays, Trip(network, closed, "rail").minutes, closed, "rail")
    fresh = station_arcs(network.arrays, Trip(network, closed, "rail").minutes, NOW.value("rail_access_max_min"))
    assert other is not first
    assert np.array_equal(other.tail, fresh.tail)
    assert np.array_equal(other.edge, fresh.edge)
