"""Compiled arrays and shortest-path search.

A traveller who has ridden a train waits for the next one, a traveller who has not plans for it. The search
therefore runs on a graph in which every street node stands twice, before and after the first train; platforms
and concourses stand once. Alighting leads from the first copy to the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from atlas.network.arrays import StateArcs
from atlas.travel.kernel import least_minutes
from atlas.ways.heap import TOLERANCE_MIN, Ways

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "Graph",
    "Tree",
    "arcs_csr",
    "arcs_matrix",
    "arcs_minutes",
    "counted",
    "early_nodes",
    "graph_of",
    "search",
    "search_many",
    "search_towards",
    "weighed",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """A network under one scenario and mode, ready to be searched.

    Attributes
    ----------
    size
        Number of network nodes n; state i < n is node i before the first train, n + i after it.
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
    rail: NDArray[np.bool_]
    must_ride: bool = False

    @property
    def states(self) -> int:
        """Number of states, 2n."""
        return len(self.indptr) - 1

    @cached_property
    def matrix(self) -> csr_array:
        """(2n, 2n) minutes as a sparse matrix of scipy, parallel arcs side by side."""
        from scipy.sparse import csr_array

        return csr_array((self.minutes, self.heads, self.indptr), shape=(self.states, self.states))

    @cached_property
    def early(self) -> NDArray[np.bool_]:
        """(n,) nodes that count as reached before a first train."""
        return early_nodes(self.rail, must_ride=self.must_ride)

    def reversed(self) -> Graph:
        """Return the graph with every arc turned round, for searches towards a place."""
        states = self.states
        order = np.argsort(self.heads, kind="stable")
        heads = np.repeat(np.arange(states, dtype=np.int32), np.diff(self.indptr))
        indptr = np.searchsorted(self.heads[order], np.arange(states + 1)).astype(np.int32)
        return Graph(
            self.size, indptr, heads[order], self.minutes[order], self.arc_edge[order], self.rail, self.must_ride
        )

    def edges_between(self, tails: Ints, heads: Ints) -> Ints:
        """(k,) the edge behind the fastest arc from each state of `tails` to that of `heads` beside it, -1 where none.

        Only the arcs that leave the tails are looked at.
        """
        counts = self.indptr[tails + 1] - self.indptr[tails]
        row = np.repeat(np.arange(len(tails)), counts)
        arc = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + self.indptr[tails][row]
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
        (2n,) minutes by state, infinite where not reached within the limit.
    previous
        (2n,) the state before, negative at the start and where not reached.
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
        """(2n,) row of ``Network.edges`` by which each state is entered, -1 at the start and where not reached."""
        found = np.full(len(self.previous), -1, dtype=np.int64)
        entered = np.nonzero(self.previous >= 0)[0]
        found[entered] = self.graph.edges_between(self.previous[entered].astype(np.int64), entered)
        return found

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
    indptr, heads, minutes = arcs_csr(arcs.tail[keep], arcs.head[keep], weight[keep], 2 * arcs.size)
    return Graph(arcs.size, indptr, heads, minutes, arcs.edge[keep], arcs.rail_node, must_ride)


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


def search_many(graph: Graph, nodes: Ints, *, limit_min: float = np.inf) -> Floats:
    """Return (len(nodes), n) minutes from each of `nodes` to every node."""
    minutes, _ = _searched(graph, nodes, limit_min)
    return _by_node(graph, minutes, nodes)


def _searched(graph: Graph, starts: Ints, limit_min: float, *, paths: bool = False) -> tuple[Floats, NDArray[np.int32]]:
    return least_minutes(graph.indptr, graph.heads, graph.minutes, starts, limit=limit_min + TOLERANCE_MIN, paths=paths)


def _by_node(graph: Graph, minutes: Floats, starts: Ints) -> Floats:
    """Reduce (k, 2n) minutes by state to (k, n) by node; inside a train there is one state only."""
    best = counted(minutes[:, : graph.size], minutes[:, graph.size :], graph.early)
    best[np.arange(len(starts)), starts] = 0.0
    return best


def search_towards(graph: Graph, node: int, *, limit_min: float = np.inf) -> Floats:
    """Return (n,) minutes from every node, before its first train, to `node`."""
    ends = [node, node + graph.size] if graph.early[node] else [node + graph.size]
    minutes, _ = _searched(graph.reversed(), np.array(ends), limit_min)
    towards = np.asarray(minutes[:, : graph.size].min(axis=0), dtype=np.float64)
    towards[node] = 0.0
    return towards
