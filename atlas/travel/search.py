"""Compiled arrays and shortest-path search.

A traveller who has ridden a train waits for the next one, a traveller who has not plans for it. The search
therefore runs on a graph in which every street node stands twice, before and after the first train; platforms
and concourses stand once. Alighting leads from the first copy to the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from atlas.network.arrays import StateArcs

__all__ = [
    "TOLERANCE_MIN",
    "Graph",
    "Tree",
    "arcs_matrix",
    "counted",
    "early_nodes",
    "graph_of",
    "search",
    "search_many",
    "search_towards",
    "weighed",
]

#: Cut-offs are inclusive: a place at 60.00000000000001 min is within 60.
TOLERANCE_MIN = 1e-6
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """A network under one scenario and mode, ready to be searched.

    Attributes
    ----------
    size
        Number of network nodes n; state i < n is node i before the first train, n + i after it.
    matrix
        (2n, 2n) minutes in CSR form, parallel arcs side by side.
    arc_edge
        Row of ``Network.edges`` for each stored arc, in CSR order.
    rail
        (n,) which nodes stand once (inside the railway).
    must_ride
        Whether only what is reached after a train counts (mode ``rail``).
    """

    size: int
    matrix: csr_array
    arc_edge: Ints
    rail: NDArray[np.bool_]
    must_ride: bool = False

    @cached_property
    def early(self) -> NDArray[np.bool_]:
        """(n,) nodes that count as reached before a first train."""
        return early_nodes(self.rail, must_ride=self.must_ride)

    def reversed(self) -> Graph:
        """Return the graph with every arc turned round, for searches towards a place."""
        states = self.matrix.shape[0]
        order = np.argsort(self.matrix.indices, kind="stable")
        heads = np.repeat(np.arange(states), np.diff(self.matrix.indptr))
        indptr = np.searchsorted(self.matrix.indices[order], np.arange(states + 1))
        matrix = _csr(self.matrix.data[order], heads[order], indptr)
        return Graph(self.size, matrix, self.arc_edge[order], self.rail, self.must_ride)

    @cached_property
    def fastest(self) -> tuple[Ints, Ints]:
        """Pairs of states as ``tail * states + head``, rising, and the edge behind the fastest arc of each."""
        states = self.matrix.shape[0]
        tails = np.repeat(np.arange(states, dtype=np.int64), np.diff(self.matrix.indptr))
        pair = tails * states + self.matrix.indices
        order = np.lexsort((self.matrix.data, pair))
        pairs, first = np.unique(pair[order], return_index=True)
        return pairs, self.arc_edge[order[first]]


@dataclass(frozen=True)
class Tree:
    """Shortest paths from one start.

    Attributes
    ----------
    minutes
        (2n,) minutes by state, infinite where not reached within the limit.
    previous
        (2n,) the state before, negative at the start and where not reached.
    """

    graph: Graph
    start: int
    minutes: Floats
    previous: Ints

    @property
    def node_minutes(self) -> Floats:
        """(n,) minutes by node: the better of before and after the first train."""
        return np.asarray(_by_node(self.graph, self.minutes[None, :], np.array([self.start]))[0])

    def end_state(self, node: int) -> int:
        """Return the state in which `node` is reached first."""
        after = self.graph.size + node
        if not (node == self.start or self.graph.early[node]):
            return after
        return node if self.minutes[node] <= self.minutes[after] else after

    @cached_property
    def via(self) -> Ints:
        """(2n,) row of ``Network.edges`` by which each state is entered, -1 at the start and where not reached."""
        found = np.full(len(self.previous), -1, dtype=np.int64)
        entered = np.nonzero(self.previous >= 0)[0]
        pairs, edges = self.graph.fastest
        found[entered] = edges[np.searchsorted(pairs, self.previous[entered] * len(self.previous) + entered)]
        return found

    def states(self, node: int) -> list[int]:
        """Return the states passed on the way to `node`, in order of travel, both ends included."""
        passed = [self.end_state(node)]
        while (before := int(self.previous[passed[-1]])) >= 0:
            passed.append(before)
        return passed[::-1]

    def path(self, node: int) -> list[int]:
        """Return the rows of ``Network.edges`` on the way to `node`, in order of travel."""
        return [int(edge) for edge in self.via[self.states(node)[1:]]]


def early_nodes(rail: NDArray[np.bool_], *, must_ride: bool) -> NDArray[np.bool_]:
    """Return which nodes count as reached before a first train: by rail only those inside the railway.

    The rule of mode ``rail`` — only what is reached after a train counts — stands here and nowhere else.
    """
    return np.asarray(rail | (not must_ride), dtype=bool)


def counted(before: Floats, after: Floats, early: NDArray[np.bool_]) -> Floats:
    """Return the minutes that count of those before and after the first train; `early` as of :func:`early_nodes`."""
    return np.asarray(np.minimum(np.where(early, before, np.inf), after), dtype=np.float64)


def graph_of(
    size: int,
    tail: Ints,
    head: Ints,
    first: Floats,
    later: Floats,
    rail: NDArray[np.bool_],
    *,
    must_ride: bool = False,
) -> Graph:
    """Return the two-state graph of an edge list; NaN minutes leave an edge out."""
    return weighed(StateArcs.of(size, tail, head, rail), first, later, must_ride=must_ride)


def weighed(arcs: StateArcs, first: Floats, later: Floats, *, must_ride: bool) -> Graph:
    """Return the graph of `arcs` with (m,) minutes by edge; NaN leaves an edge out."""
    weight = arcs.weights(first, later)
    keep = ~np.isnan(weight)
    matrix = arcs_matrix(arcs.tail[keep], arcs.head[keep], weight[keep], 2 * arcs.size)
    return Graph(arcs.size, matrix, arcs.edge[keep], arcs.rail_node, must_ride)


def arcs_matrix(tail: Ints, head: Ints, weight: Floats, states: int) -> csr_array:
    """Return the (states, states) matrix of arcs sorted by tail; parallel arcs stay side by side."""
    return _csr(weight, head, np.searchsorted(tail, np.arange(states + 1)))


def _csr(weight: Floats, head: Ints, indptr: Ints) -> csr_array:
    states = len(indptr) - 1
    # scipy drops stored zeros from some results; an arc of no minutes must stay an arc
    weight = np.maximum(weight, 1e-12)
    return csr_array((weight, head.astype(np.int32), indptr.astype(np.int32)), shape=(states, states))


def search(graph: Graph, node: int, *, limit_min: float = np.inf) -> Tree:
    """Return shortest paths from `node` to everything within `limit_min` minutes, limit included."""
    minutes, previous = dijkstra(
        graph.matrix, directed=True, indices=[node], return_predecessors=True, limit=limit_min + TOLERANCE_MIN
    )
    return Tree(graph, node, minutes[0], previous[0].astype(np.int64))


def search_many(graph: Graph, nodes: Ints, *, limit_min: float = np.inf) -> Floats:
    """Return (len(nodes), n) minutes from each of `nodes` to every node."""
    minutes = dijkstra(graph.matrix, indices=nodes, limit=limit_min + TOLERANCE_MIN)
    return _by_node(graph, minutes, nodes)


def _by_node(graph: Graph, minutes: Floats, starts: Ints) -> Floats:
    """Reduce (k, 2n) minutes by state to (k, n) by node; inside a train there is one state only."""
    best = counted(minutes[:, : graph.size], minutes[:, graph.size :], graph.early)
    best[np.arange(len(starts)), starts] = 0.0
    return best


def search_towards(graph: Graph, node: int, *, limit_min: float = np.inf) -> Floats:
    """Return (n,) minutes from every node, before its first train, to `node`."""
    back = graph.reversed()
    ends = [node, node + graph.size] if graph.early[node] else [node + graph.size]
    minutes = dijkstra(back.matrix, indices=ends, limit=limit_min + TOLERANCE_MIN, min_only=True)
    towards = np.asarray(minutes[: graph.size], dtype=np.float64).copy()
    towards[node] = 0.0
    return towards
