"""One scenario compiled once, of which many questions close a part.

A board holds every arc of the search graph with its minutes. Closing edges sets the minutes of their arcs to
infinity; nothing is rebuilt, so that a question costs as much as its searches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from atlas.base.errors import PlanError
from atlas.base.geodesy import Bools, Floats, Ints
from atlas.base.tables import slots
from atlas.data.scenario import Scenario
from atlas.network.arrays import StateArcs
from atlas.network.build import Network
from atlas.travel.journey import Journey, journey_on
from atlas.travel.kernel import least_minutes
from atlas.travel.minutes import edge_minutes, usable_of
from atlas.travel.search import Graph, arcs_in, arcs_matrix, counted, early_nodes, search
from atlas.travel.trip import Trip
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["Board", "Closure", "Opened", "Spent", "closures"]


@dataclass(frozen=True, eq=False)
class Board:
    """A network under one scenario and mode, with everything compiled that closing a part leaves alone.

    Attributes
    ----------
    network, scenario
        What is there, and what of it is open at which speeds, waits and border minutes.
    mode
        ``drive``, ``rail`` or ``multimodal``.
    shut
        (m,) edges closed for good; None: none.

    Examples
    --------
    With `network` as in the documentation of :mod:`atlas`:

    >>> board = Board(network, atlas.load_scenario("2026"), "drive")
    >>> start, end = network.row_of["place/zhongshan"], network.row_of["place/shenzhen"]
    >>> whole, without = board.opened(), board.without(["g2518_szzs"])
    >>> bool(without.towards(end)[start] > whole.towards(end)[start])
    True
    """

    network: Network
    scenario: Scenario
    mode: str = "multimodal"
    shut: Bools | None = None

    @cached_property
    def present(self) -> Bools:
        """(m,) the edges the scenario holds, before anything else is closed."""
        present = self.network.arrays.present_in(self.scenario)
        return present if self.shut is None else present & ~self.shut

    @cached_property
    def early(self) -> Bools:
        """(n,) nodes that count as reached before a first train."""
        return early_nodes(self.network.arrays.rail_node, must_ride=self.mode == "rail")

    @cached_property
    def minutes(self) -> tuple[Floats, Floats]:
        """(m,) minutes by edge before and after the first train, all edges taken as open."""
        first, later = edge_minutes(
            self.network.arrays, self.scenario, lambda name: np.array([self.scenario.value(name)])
        )
        return first[:, 0], later[:, 0]

    @cached_property
    def usable(self) -> Bools:
        """(m,) the edges that can be used when nothing is closed."""
        return usable_of(self.network.arrays, self.present, self.scenario, self.mode)

    @cached_property
    def arcs(self) -> StateArcs:
        """The arcs of the search; by rail with every street within the bound from a station as nothing is closed."""
        minutes = np.where(self.usable, self.minutes[0], np.nan)
        return arcs_in(self.network.arrays, minutes, self.scenario, self.mode, detours=self.shut is None)

    @cached_property
    def _bounding(self) -> Bools:
        """(m,) streets whose closing changes what is within the bound from a station: by rail all, else none."""
        arrays = self.network.arrays
        return np.asarray(
            self.usable & ~arrays.rail_node[arrays.tail] & ~arrays.rail_node[arrays.head] & (self.mode == "rail")
        )

    @cached_property
    def _weight(self) -> Floats:
        return self.arcs.weights(*self.minutes)

    @cached_property
    def _kept(self) -> Ints:
        """Arcs that are there when nothing is closed; closing only takes away."""
        arcs, usable = self.arcs, self.usable
        return np.nonzero(usable[arcs.edge] & ~np.isnan(self._weight))[0]

    @cached_property
    def _keys(self) -> Ints:
        """(kept arcs,) tail and head as one number, in order: arcs stand by tail and then by head."""
        arcs, kept = self.arcs, self._kept
        return np.asarray(arcs.tail[kept] * arcs.states + arcs.head[kept], dtype=np.int64)

    @cached_property
    def _onward(self) -> csr_array:
        arcs, kept = self.arcs, self._kept
        return arcs_matrix(arcs.tail[kept], arcs.head[kept], self._weight[kept], arcs.states)

    @cached_property
    def _back(self) -> tuple[csr_array, Ints]:
        """The arcs turned round, and the order in which they stand there."""
        arcs, kept = self.arcs, self._kept
        order = np.argsort(arcs.head[kept], kind="stable")
        rows = kept[order]
        return arcs_matrix(arcs.head[rows], arcs.tail[rows], self._weight[rows], arcs.states), order

    def closing(self, ids: Iterable[str]) -> Bools:
        """(m,) the edges that close with features, lines or plan items among `ids`: their own, and what widens them."""
        return self.network.arrays.closing(self.network.arrays.named(ids))

    def opened(self, shut: Bools | None = None) -> Opened:
        """Return the board with the edges `shut` (m,) closed; with nothing closed for None."""
        if shut is None:
            return Opened(self, np.ones(len(self._kept), dtype=bool))
        usable = usable_of(self.network.arrays, self.present & ~shut, self.scenario, self.mode)
        held = usable[self.arcs.edge[self._kept]]
        if not (self._bounding & ~usable).any():
            return Opened(self, held)
        own = replace(self, shut=shut if self.shut is None else shut | self.shut)
        return Opened(own, np.ones(len(own._kept), dtype=bool), held=held)

    def eased(self, first_off: Floats, later_off: Floats) -> Opened:
        """Return the board with minutes (m,) taken off each edge, before and after the first train.

        By rail a street that is driven faster brings no station nearer than the bound than there were.
        """
        off = self.arcs.weights(first_off, later_off)[self._kept]
        return Opened(self, np.ones(len(self._kept), dtype=bool), off)

    def without(self, ids: Iterable[str]) -> Opened:
        """Return the board with all edges of `ids` closed."""
        return self.opened(self.closing(ids))


@dataclass(frozen=True, eq=False)
class Opened:
    """A board with some of its edges closed, ready to be searched.

    Attributes
    ----------
    open_
        (kept arcs,) which of the board's arcs are open.
    off
        (kept arcs,) minutes taken off each; None: none.
    held
        Which arcs are open of the board that was asked, where `board` is one of its own made for what is closed: by
        rail, where streets close, what is within the bound is computed anew. None: `open_` itself.
    """

    board: Board
    open_: Bools
    off: Floats | None = None
    held: Bools | None = None

    @property
    def asked(self) -> Bools:
        """(kept arcs of the board that was asked,) which of them are open."""
        return self.open_ if self.held is None else self.held

    @cached_property
    def _forward(self) -> csr_array:
        return _weighed(self.board._onward, self.open_, self.off)

    @cached_property
    def _backward(self) -> csr_array:
        matrix, order = self.board._back
        return _weighed(matrix, self.open_[order], None if self.off is None else self.off[order])

    def many(self, nodes: Ints, *, limit_min: float = np.inf) -> Floats:
        """Return (len(nodes), n) minutes from each of `nodes` to every node, infinite where there is no way."""
        size = len(self.board.early)
        graph = self._forward
        minutes, _ = least_minutes(graph.indptr, graph.indices, graph.data, nodes, limit=limit_min + TOLERANCE_MIN)
        best = counted(minutes[:, :size], minutes[:, size : 2 * size], self.board.early)
        best[np.arange(len(nodes)), nodes] = 0.0
        return best

    def towards(self, node: int, *, limit_min: float = np.inf) -> Floats:
        """Return (n,) minutes from every node, before its first train, to `node`."""
        return self.nearest(np.array([node]), limit_min=limit_min)[0]

    def arcs_near(self, nodes: Ints, limit_min: float) -> Ints:
        """Return the arcs, rows of the kept ones, that a way of at most `limit_min` to one of `nodes` may take.

        Whatever closes, no other arc changes minutes to `nodes` within the limit.
        """
        ends = np.concatenate([nodes, nodes + len(self.board.early)])
        near = np.isfinite(dijkstra(self._backward, indices=ends, limit=limit_min + TOLERANCE_MIN, min_only=True))
        arcs, kept = self.board.arcs, self.board._kept
        return np.nonzero(near[arcs.tail[kept]] & near[arcs.head[kept]])[0]

    def nearest(self, nodes: Ints, *, limit_min: float = np.inf) -> tuple[Floats, Ints]:
        """Return (n,) minutes to the nearest of `nodes` from every node, and which of them it is (−1: none)."""
        size = len(self.board.early)
        ends = np.concatenate([nodes[self.board.early[nodes]], nodes + size])
        minutes, _, source = dijkstra(
            self._backward,
            indices=ends,
            limit=limit_min + TOLERANCE_MIN,
            min_only=True,
            return_predecessors=True,
        )
        found = np.asarray(minutes[:size], dtype=np.float64).copy()
        which = np.where(np.isfinite(found), source[:size] % size, -1).astype(np.int64)
        found[nodes], which[nodes] = 0.0, nodes
        return found, which

    def journey(self, start: int, end: int) -> Journey:
        """Return the fastest way from one node to another, with its legs."""
        board = self.board
        arcs = board.arcs
        matrix = self._forward
        csr = matrix.indptr, matrix.indices, matrix.data
        graph = Graph(arcs.size, *csr, arcs.edge[board._kept], arcs.rail_node, board.mode == "rail")
        return journey_on(Trip(board.network, board.scenario, board.mode), search(graph, start), end)

    def used_towards(self, node: int) -> Bools:
        """(kept arcs,) which arcs lie on a fastest way from anywhere to `node`, parallel ones with them.

        While none of them closes, no minutes to `node` change.
        """
        size = len(self.board.early)
        ends = [node, node + size] if self.board.early[node] else [node + size]
        _, before, _ = dijkstra(self._backward, indices=ends, min_only=True, return_predecessors=True)
        return self._arcs_between(np.arange(len(before)), before.astype(np.int64))

    def used_from(self, nodes: Ints, ends: Ints) -> Bools:
        """(len(nodes), kept arcs) which arcs lie on the fastest ways found from each of `nodes` to any of `ends`."""
        size = len(self.board.early)
        _, before = dijkstra(self._forward, indices=nodes, return_predecessors=True)
        used = np.zeros((len(nodes), len(self.open_)), dtype=bool)
        for i, row in enumerate(before.astype(np.int64)):
            on_way = np.zeros(self.board.arcs.states, dtype=bool)
            here = np.concatenate([ends, ends + size])
            while len(here):
                on_way[here] = True
                here = np.unique(row[here])
                here = here[here >= 0]
                here = here[~on_way[here]]
            used[i] = self._arcs_between(np.where(on_way, row, -1), np.arange(self.board.arcs.states))
        return used

    def ways(self, nodes: Ints, ends: Iterable[tuple[int, Ints]], *, limit_min: float = np.inf) -> tuple[Floats, Bools]:
        """Return the minutes of trips, and which arcs their fastest ways take, parallel ones with them.

        Parameters
        ----------
        nodes
            Where trips begin.
        ends
            Of each trip the row of `nodes` it begins at, and the nodes of which the nearest ends it.
        limit_min
            A trip that takes longer is infinite and takes no arcs.

        Returns
        -------
        minutes, used
            (trips,) and (kept arcs,).
        """
        size = len(self.board.early)
        found, before = dijkstra(
            self._forward, indices=nodes, limit=limit_min + TOLERANCE_MIN, return_predecessors=True
        )
        early, late = np.where(self.board.early, found[:, :size], np.inf), found[:, size : 2 * size]
        minutes, tails, heads = [], [], []
        for row, some in ends:
            end = int(some[np.argmin(np.minimum(early[row, some], late[row, some]))])
            state = end if early[row, end] <= late[row, end] else end + size
            minutes.append(float(found[row, state]))
            while np.isfinite(minutes[-1]) and before[row, state] >= 0:
                tails.append(int(before[row, state]))
                heads.append(state)
                state = tails[-1]
        used = self._arcs_between(np.array(tails, dtype=np.int64), np.array(heads, dtype=np.int64))
        return np.array(minutes), used & self.open_

    def _arcs_between(self, tail: Ints, head: Ints) -> Bools:
        keys, known = self.board._keys, (tail >= 0) & (head >= 0)
        wanted = np.unique(tail[known] * self.board.arcs.states + head[known])
        at, end = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
        found = np.zeros(len(keys), dtype=bool)
        while (more := at < end).any():
            at, end = at[more], end[more]
            found[at] = True
            at = at + 1
        return found


@dataclass(frozen=True, eq=False)
class Spent:
    """Minutes of trips under many ways of closing parts of a board, with few searches.

    From the whole board downwards only what the fastest ways take and the question closes is closed: ways that are the
    fastest of more, and still open, are the fastest. What was searched is remembered, start by start.

    Attributes
    ----------
    starts
        Nodes where trips begin.
    trips
        Row of `starts` each begins at, and the nodes of which the nearest ends it.
    most_min
        What a trip that takes longer, or has no way, counts as.
    """

    starts: Ints
    trips: tuple[tuple[int, Ints], ...]
    most_min: float
    seen: dict[tuple[Board, int, bytes], tuple[Ints, Floats]] = field(default_factory=dict, repr=False)

    def at(self, opened: Opened) -> Floats:
        """(trips,) minutes; at most `most_min`."""
        found = np.empty(len(self.trips))
        for row, own in enumerate(self._own):
            found[own] = np.minimum(self._from(row, opened), self.most_min)
        return found

    @cached_property
    def _own(self) -> list[Ints]:
        """The trips from each start."""
        start = np.array([row for row, _ in self.trips])
        return [np.nonzero(start == row)[0] for row in range(len(self.starts))]

    def _from(self, row: int, opened: Opened) -> Floats:
        if opened.off is not None:
            return self._searched(row, opened)[1]
        board, held = opened.board, np.ones_like(opened.open_)
        while True:
            key = board, row, np.packbits(held).tobytes()
            if key not in self.seen:
                self.seen[key] = self._searched(row, Opened(board, held))
            used, minutes = self.seen[key]
            broken = used[~opened.open_[used]]
            if not len(broken):
                return minutes
            held = held.copy()
            held[broken] = False

    def _searched(self, row: int, opened: Opened) -> tuple[Ints, Floats]:
        """Arcs of the fastest ways from one start, and their minutes."""
        ends = [(0, self.trips[i][1]) for i in self._own[row]]
        minutes, used = opened.ways(self.starts[row : row + 1], ends, limit_min=self.most_min)
        return np.nonzero(used)[0], minutes


def _weighed(matrix: csr_array, open_: Bools, off: Floats | None) -> csr_array:
    """The matrix with closed arcs at infinite minutes: the search never takes them."""
    minutes = matrix.data if off is None else np.maximum(matrix.data - off, 1e-12)
    return csr_array((np.where(open_, minutes, np.inf), matrix.indices, matrix.indptr), shape=matrix.shape)


_ROAD_ROLES = ("run",)


@dataclass(frozen=True)
class Closure:
    """What may close: a road or line, or one stretch of a road between two junctions.

    Attributes
    ----------
    id
        ``layer/feature``; for a stretch followed by ``:`` and the nodes of its ends.
    edges
        Rows of ``Network.edges``, both directions.
    """

    id: str
    name_zh: str
    name_en: str
    from_zh: str
    to_zh: str
    mode: str
    length_km: float
    edges: Ints


def closures(network: Network, scenario: Scenario, *, by: str = "feature") -> tuple[Closure, ...]:
    """Return what of `scenario` may close.

    Parameters
    ----------
    network, scenario
        What is open.
    by
        ``feature``: each road, crossing and railway line as a whole. ``link``: each stretch of a road between two
        junctions; railway lines as a whole, since trains that pass a station run over stretches they do not stop at.

    Raises
    ------
    PlanError
        Another `by`.
    """
    if by not in ("feature", "link"):
        raise PlanError(f"links are closed by feature or by link, not by {by!r}")
    arrays, columns, names = network.arrays, network.edge_columns, network.node_names
    present = arrays.open_in(scenario)
    found: dict[str, list[int]] = {}
    for row in np.nonzero(present & np.isin(arrays.role, _ROAD_ROLES))[0].tolist():
        key = f"{columns['layer'][row]}/{columns['feature_id'][row]}"
        if by == "link":
            ends = sorted(str(network.nodes["node_id"].iloc[arrays.twin[x[row]]]) for x in (arrays.tail, arrays.head))
            key = f"{key}:{'—'.join(end.removeprefix('road/') for end in ends)}"
        found.setdefault(key, []).append(row)
    for row in np.nonzero(present & (arrays.role == "ride"))[0].tolist():
        for line in slots(str(columns["line_ids"][row])):
            if line:
                found.setdefault(f"railways/{line}", []).append(row)
    made = []
    for key, rows in found.items():
        layer, _, feature = key.partition(":")[0].partition("/")
        zh, en = network.names_of(layer, feature)
        rail = layer == "railways"
        stretch = by == "link" and not rail
        start, end = (names[ends[rows[0]]] for ends in (arrays.tail, arrays.head)) if stretch else ("", "")
        km = 0.0 if rail else float(sum(columns["length_km"][row] for row in rows)) / 2.0
        # a whole feature closes as `close` in a scenario file closes it
        hit = np.zeros(len(present), dtype=bool)
        hit[rows if stretch else arrays.rows_by_id[key]] = True
        edges = np.nonzero(arrays.closing(hit))[0]
        made.append(Closure(key, zh, en, start, end, "rail" if rail else "road", km, edges))
    return tuple(made)
