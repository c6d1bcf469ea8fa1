"""Compiled arrays and shortest-path search.

A traveller who has ridden a train waits for the next one, a traveller who has not plans for it. The search
therefore runs on a graph in which every street node stands twice, before and after the first train; platforms
and concourses stand once. Alighting leads from the first copy to the second.

By rail a car takes one to a station and away from one, for so many minutes and no more. How long one has driven is no
property of where one is; therefore each station has streets of its own, those within the bound, in place of the streets
all share.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from atlas.base.geodesy import Bools, Floats, Ints
from atlas.data.scenario import Scenario
from atlas.network.arrays import EdgeArrays, StateArcs
from atlas.travel.kernel import least_minutes
from atlas.ways.heap import TOLERANCE_MIN, Ways

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "Graph",
    "Tree",
    "arcs_csr",
    "arcs_in",
    "arcs_matrix",
    "arcs_minutes",
    "counted",
    "early_nodes",
    "graph_of",
    "search",
    "search_many",
    "search_towards",
    "station_arcs",
    "weighed",
]

#: States of the searches about stations that are held at once.
_ROOM = 8_000_000
#: How many arcs about stations a network keeps, over all scenarios asked for last.
_KEPT_ARCS = 2_000_000


@dataclass(frozen=True)
class Graph:
    """A network under one scenario and mode, ready to be searched.

    Attributes
    ----------
    size
        Number of network nodes n; state i < n is node i before the first train, n + i after it. Further states stand
        for the streets of single stations (:func:`station_arcs`).
    indptr, heads, minutes
        Arcs by tail in CSR form, parallel ones side by side: those of state i are ``indptr[i]`` to ``indptr[i + 1]``,
        with the state they lead to and their minutes, each more than 0.
    arc_edge
        Row of ``Network.edges`` for each arc, in that order.
    rail
        (n,) which nodes stand once (inside the railway).
    must_ride
        Whether only what is reached after a train counts (mode ``rail``).
    """

    size: int
    indptr: NDArray[np.int32]
    heads: NDArray[np.int32]
    minutes: Floats
    arc_edge: Ints
    rail: Bools
    must_ride: bool = False

    @property
    def states(self) -> int:
        """Number of states, at least 2n."""
        return len(self.indptr) - 1

    @cached_property
    def matrix(self) -> csr_array:
        """(states, states) minutes as a sparse matrix of scipy, parallel arcs side by side."""
        from scipy.sparse import csr_array

        return csr_array((self.minutes, self.heads, self.indptr), shape=(self.states, self.states))

    @cached_property
    def early(self) -> Bools:
        """(n,) nodes that count as reached before a first train."""
        return early_nodes(self.rail, must_ride=self.must_ride)

    @cached_property
    def travelled(self) -> dict[tuple[int, int], int]:
        """The edges behind pairs of states that ways were told of: most ways share most of theirs."""
        return {}

    def reversed(self) -> Graph:
        """Return the graph with every arc turned round, for searches towards a place."""
        states = self.states
        order = np.argsort(self.heads, kind="stable")
        heads = np.repeat(np.arange(states, dtype=np.int32), np.diff(self.indptr))
        indptr = np.searchsorted(self.heads[order], np.arange(states + 1)).astype(np.int32)
        minutes, edges = self.minutes[order], self.arc_edge[order]
        return Graph(self.size, indptr, heads[order], minutes, edges, self.rail, self.must_ride)

    def arcs_of(self, tails: Ints) -> tuple[Ints, Ints]:
        """Return every arc that leaves the states `tails`: which of them it leaves, and its row."""
        counts = self.indptr[tails + 1] - self.indptr[tails]
        row = np.repeat(np.arange(len(tails)), counts)
        return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + self.indptr[tails][row]

    def edges_between(self, tails: Ints, heads: Ints) -> Ints:
        """(k,) the edge behind the fastest arc from each state of `tails` to that of `heads` beside it, -1 where none.

        Only the arcs that leave the tails are looked at.
        """
        row, arc = self.arcs_of(tails)
        hit = self.heads[arc] == heads[row]
        row, arc = row[hit], arc[hit]
        order = np.lexsort((arc, self.minutes[arc], row))
        rows, first = np.unique(row[order], return_index=True)
        found = np.full(len(tails), -1, dtype=np.int64)
        found[rows] = self.arc_edge[arc[order[first]]]
        return found


@dataclass(frozen=True)
class Tree(Ways):
    """Shortest paths from one start.

    Attributes
    ----------
    minutes
        (states,) minutes by state, infinite where not reached within the limit.
    previous
        (states,) the state before, negative at the start and where not reached.
    """

    graph: Graph
    start: int
    minutes: Floats
    previous: NDArray[np.int32]

    @property
    def node_minutes(self) -> Floats:
        """(n,) minutes by node: the better of before and after the first train."""
        return np.asarray(_by_node(self.graph, self.minutes[None, :], np.array([self.start]))[0])

    @cached_property
    def via(self) -> Ints:
        """(states,) row of ``Network.edges`` by which each state is entered, -1 at the start and where not reached."""
        found = np.full(len(self.previous), -1, dtype=np.int64)
        entered = np.nonzero(self.previous >= 0)[0]
        found[entered] = self.graph.edges_between(self.previous[entered].astype(np.int64), entered)
        return found

    def edges(self, states: Sequence[int]) -> list[int]:
        """Return the rows of ``Network.edges`` from each of the states passed to the next."""
        known = self.graph.travelled
        passed = list(itertools.pairwise(states))
        new = [pair for pair in passed if pair not in known]
        if new:
            tails, heads = np.array(new, dtype=np.int64).T
            known.update(zip(new, self.graph.edges_between(tails, heads).tolist(), strict=True))
        return [known[pair] for pair in passed]


def early_nodes(rail: Bools, *, must_ride: bool) -> Bools:
    """Return which nodes count as reached before a first train: by rail only those inside the railway.

    The rule of mode ``rail`` — only what is reached after a train counts — stands here and nowhere else.
    """
    return np.asarray(rail | (not must_ride), dtype=bool)


def counted(before: Floats, after: Floats, early: Bools) -> Floats:
    """Return the minutes that count of those before and after the first train; `early` as of :func:`early_nodes`."""
    return np.asarray(np.minimum(np.where(early, before, np.inf), after), dtype=np.float64)


def graph_of(
    size: int,
    tail: Ints,
    head: Ints,
    first: Floats,
    later: Floats,
    rail: Bools,
    *,
    must_ride: bool = False,
) -> Graph:
    """Return the two-state graph of an edge list; NaN minutes leave an edge out."""
    return weighed(StateArcs.of(size, tail, head, rail), first, later, must_ride=must_ride)


def weighed(arcs: StateArcs, first: Floats, later: Floats, *, must_ride: bool) -> Graph:
    """Return the graph of `arcs` with (m,) minutes by edge; NaN leaves an edge out."""
    weight = arcs.weights(first, later)
    keep = ~np.isnan(weight)
    indptr, heads, minutes = arcs_csr(arcs.tail[keep], arcs.head[keep], weight[keep], arcs.states)
    return Graph(arcs.size, indptr, heads, minutes, arcs.edge[keep], arcs.rail_node, must_ride)


def arcs_in(arrays: EdgeArrays, minutes: Floats, scenario: Scenario, mode: str, *, detours: bool = False) -> StateArcs:
    """Return the arcs of `mode` where the edges take (m,) `minutes`, NaN for those that cannot be used.

    By rail the drive to the first train, between two stations and from the last train is bounded by the parameter
    ``rail_access_max_min``; other modes have no bound. `detours` as for :func:`station_arcs`.
    """
    if mode != "rail":
        return arrays.arcs
    limit_min = scenario.value("rail_access_max_min")
    key = sha256(minutes.tobytes()).digest(), limit_min, detours
    kept = arrays.by_stations
    found = kept.get(key)
    if found is None:
        found = station_arcs(arrays, minutes, limit_min, detours=detours)
        for oldest in list(kept):
            if sum(len(one.tail) for one in list(kept.values())) + len(found.tail) <= _KEPT_ARCS:
                break
            kept.pop(oldest, None)
        kept[key] = found
    return found


def station_arcs(arrays: EdgeArrays, minutes: Floats, limit_min: float, *, detours: bool = False) -> StateArcs:
    """Return arcs on which no drive to, from or between stations takes longer than `limit_min`.

    Parameters
    ----------
    arrays
        The edges.
    minutes
        (m,) minutes by edge, NaN where it cannot be used.
    limit_min
        Most minutes of one drive, inclusive.
    detours
        Whether every street between nodes within the bound is kept and not the shortest ways alone: for searches that
        close some of the edges or change their minutes. What is within the bound stays so.

    Returns
    -------
    StateArcs
        What is inside the railway as it is, without the streets that all share. From each station the shortest ways
        over streets within the bound lead to the nodes after the first ride, and to it from the nodes before one: a
        copy of each node passed, for each station. A node so reached leads to its trains and to no further street.
    """
    size, inside, tail, head = len(arrays.rail_node), arrays.rail_node, arrays.tail, arrays.head
    usable = ~np.isnan(minutes)
    street = usable & ~inside[tail] & ~inside[head] & (tail != head)
    boards, leaves = (np.nonzero(usable & (inside[a] < inside[b]))[0] for a, b in ((tail, head), (head, tail)))
    # towards a station the streets are searched from it, against their direction
    streets = np.nonzero(street)[0]
    to = _ways(_streets(head, tail, minutes, streets, size), np.unique(tail[boards]), limit_min, detours=detours)
    off = _ways(_streets(tail, head, minutes, streets, size), np.unique(head[leaves]), limit_min, detours=detours)
    first_to, first_off = 2 * size, 2 * size + len(to.passed)
    arcs, kept = arrays.arcs, np.nonzero((usable & ~street)[arrays.arcs.edge])[0]
    # who boards again has to ride again, or stepping in and out would begin a new drive
    again = arcs.ridden[kept] & inside[head[arcs.edge[kept]]]
    parts = [(arcs.tail[kept], arcs.head[kept] - size * again, arcs.edge[kept], arcs.ridden[kept])]

    def put(tails: Ints, heads: Ints, edges: Ints, known: Bools | None, *, ridden: bool) -> None:
        rows = slice(None) if known is None else known
        parts.append((tails[rows], heads[rows], edges[rows], np.full(len(edges[rows]), ridden)))

    here, known = to.at(to.door, to.node)
    there = first_to + to.at(to.door, to.beyond)[0]
    put(to.node, there, to.edge, None, ridden=False)
    put(first_to + here, there, to.edge, known, ridden=False)
    here, known = to.at(tail[boards], tail[boards])
    put(first_to + here, head[boards], boards, known, ridden=False)
    here, known = off.at(head[leaves], head[leaves])
    put(size + tail[leaves], first_off + here, leaves, known, ridden=False)
    here, known = off.at(off.door, off.node)
    there = first_off + off.at(off.door, off.beyond)[0]
    put(there, size + off.node, off.edge, None, ridden=True)
    put(there, first_off + here, off.edge, known, ridden=True)
    tails, heads, edges, ridden = (np.concatenate([part[k] for part in parts]) for k in range(4))
    order = np.lexsort((edges, heads, tails))
    copies = len(to.passed) + len(off.passed)
    return StateArcs(size, inside, tails[order], heads[order], edges[order], ridden[order].astype(bool), copies)


@dataclass(frozen=True)
class _Ways:
    """Shortest ways between doors of stations and the nodes about them.

    Attributes
    ----------
    door, node, beyond, edge
        (k,) a door, a node that is none, the node next to it on the way, and the edge between the two.
    passed
        Pairs of a door and a node that another way passes, or that is the door: ``door * size + node``, in order.
    """

    size: int
    door: Ints
    node: Ints
    beyond: Ints
    edge: Ints
    passed: Ints

    def at(self, door: Ints, node: Ints) -> tuple[Ints, Bools]:
        """Return where each pair stands among those passed, and whether it does."""
        if not len(self.passed):
            return np.zeros(len(door), dtype=np.int64), np.zeros(len(door), dtype=bool)
        wanted = door * self.size + node
        place = np.minimum(np.searchsorted(self.passed, wanted), len(self.passed) - 1)
        return place, np.asarray(self.passed[place] == wanted, dtype=bool)


def _streets(tail: Ints, head: Ints, minutes: Floats, edges: Ints, size: int) -> Graph:
    """Return `edges` alone as a graph of the nodes."""
    edges = edges[np.argsort(tail[edges], kind="stable")]
    return Graph(size, *arcs_csr(tail[edges], head[edges], minutes[edges], size), edges, np.zeros(size, dtype=bool))


def _ways(graph: Graph, doors: Ints, limit_min: float, *, detours: bool) -> _Ways:
    """Return the ways from `doors` that take at most `limit_min`: the shortest, or with `detours` all between them."""
    none = np.zeros(0, dtype=np.int64)
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    step = max(1, _ROOM // max(graph.size, 1))
    for k in range(0, len(doors), step):
        some = doors[k : k + step]
        csr = graph.indptr, graph.heads, graph.minutes
        minutes, before = least_minutes(*csr, some, limit=limit_min + TOLERANCE_MIN, paths=True)
        if detours:
            row, beyond = np.nonzero(np.isfinite(minutes))
            which, arc = graph.arcs_of(beyond)
            row, beyond, node = row[which], beyond[which], graph.heads[arc].astype(np.int64)
            kept = np.isfinite(minutes[row, node]) & (node != some[row])
            found.append((some[row][kept], node[kept], beyond[kept], graph.arc_edge[arc[kept]]))
        else:
            row, node = np.nonzero(before >= 0)
            beyond = before[row, node].astype(np.int64)
            found.append((some[row], node, beyond, graph.edges_between(beyond, node)))
    door, node, beyond, edge = (np.concatenate([none, *(part[k] for part in found)]) for k in range(4))
    return _Ways(graph.size, door, node, beyond, edge, np.unique(door * graph.size + beyond))


def arcs_csr(
    tail: Ints, head: Ints, weight: Floats, states: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """Return arcs sorted by tail in CSR form; an arc of no minutes takes a little, for it must stay an arc."""
    indptr = np.zeros(states + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail, minlength=states), out=indptr[1:])
    return indptr, head.astype(np.int32), np.maximum(weight, 1e-12)


def arcs_matrix(tail: Ints, head: Ints, weight: Floats, states: int) -> csr_array:
    """Return the (states, states) matrix of arcs sorted by tail; parallel arcs stay side by side."""
    from scipy.sparse import csr_array

    indptr, heads, minutes = arcs_csr(tail, head, weight, states)
    return csr_array((minutes, heads, indptr), shape=(states, states))


def arcs_minutes(tail: Ints, head: Ints, weight: Floats, states: int, starts: Ints) -> Floats:
    """(starts, states) least minutes over arcs sorted by tail; parallel arcs stay side by side."""
    return least_minutes(*arcs_csr(tail, head, weight, states), starts)[0]


def search(graph: Graph, node: int, *, limit_min: float = np.inf) -> Tree:
    """Return shortest paths from `node` to everything within `limit_min` minutes, limit included."""
    minutes, previous = _searched(graph, np.array([node]), limit_min, paths=True)
    return Tree(graph, node, minutes[0], previous[0])


def search_many(graph: Graph, nodes: Ints, *, limit_min: float = np.inf, ends: Ints | None = None) -> Floats:
    """Return (len(nodes), n) minutes from each of `nodes` to every node, or (len(nodes), len(ends)) to `ends` alone."""
    if ends is None:
        minutes, _ = _searched(graph, nodes, limit_min)
        return _by_node(graph, minutes, nodes)
    minutes, _ = _searched(graph, nodes, limit_min, wanted=np.concatenate([ends, graph.size + ends]))
    best = counted(minutes[:, : len(ends)], minutes[:, len(ends) :], graph.early[ends])
    best[np.asarray(nodes)[:, None] == ends] = 0.0
    return best


def _searched(
    graph: Graph, starts: Ints, limit_min: float, *, paths: bool = False, wanted: Ints | None = None
) -> tuple[Floats, NDArray[np.int32]]:
    limit = limit_min + TOLERANCE_MIN
    return least_minutes(graph.indptr, graph.heads, graph.minutes, starts, limit=limit, paths=paths, wanted=wanted)


def _by_node(graph: Graph, minutes: Floats, starts: Ints) -> Floats:
    """Reduce (k, 2n) minutes by state to (k, n) by node; inside a train there is one state only."""
    best = counted(minutes[:, : graph.size], minutes[:, graph.size : 2 * graph.size], graph.early)
    best[np.arange(len(starts)), starts] = 0.0
    return best


def search_towards(graph: Graph, node: int, *, limit_min: float = np.inf) -> Floats:
    """Return (n,) minutes from every node, before its first train, to `node`."""
    ends = [node, node + graph.size] if graph.early[node] else [node + graph.size]
    minutes, _ = _searched(graph.reversed(), np.array(ends), limit_min)
    towards = np.asarray(minutes[:, : graph.size].min(axis=0), dtype=np.float64)
    towards[node] = 0.0
    return towards
