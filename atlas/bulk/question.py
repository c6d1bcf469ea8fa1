"""Minutes between many points, or what each of them reaches: a value that any process can work on chunk by chunk.

A point hangs on the network by one node or by several with local minutes. A chunk is a run of origins: their nodes are
searched from once, and what leaves a node is folded onto the destinations before the next nodes are searched from. What
one chunk needs is bounded and does not grow with the number of origins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from atlas.base.errors import ScenarioError
from atlas.base.files import content_hash
from atlas.base.geodesy import Floats, Ints, Texts
from atlas.land.links import AccessTable
from atlas.network.value import Network
from atlas.travel.reach import point_ids
from atlas.travel.search import Graph, search_many
from atlas.travel.trip import Trip
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["Found", "Points", "Question", "points_of_cells", "points_of_nodes"]

#: What is asked: minutes of all pairs, or what each origin reaches.
KINDS = ("times", "access")
#: Bytes that minutes by state, and minutes by node and destination, may each take while a chunk is worked on.
_ROOM = 128 << 20
#: Pairs of one chunk, and most origins.
_PAIRS, _ORIGINS = 4_000_000, 4096


@dataclass(frozen=True, eq=False)
class Points:
    """Points and how they hang on the network.

    Attributes
    ----------
    ids, names
        (k,) what tables call them.
    lonlat
        (k, 2) degrees.
    first
        (k + 1,) links by point: those of point i are ``first[i]`` to ``first[i + 1]``, at least one.
    node, minutes
        By link: row of ``Network.nodes``, and minutes of local travel between it and the point.
    people
        (k,) residents; empty where they are not asked for.
    """

    ids: Texts
    names: Texts
    lonlat: Floats
    first: Ints
    node: Ints
    minutes: Floats
    people: Floats

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def direct(self) -> bool:
        """Whether each point is a node."""
        return len(self.node) == len(self.ids) and not self.minutes.any()

    @property
    def digest(self) -> str:
        """Hash of all of it."""
        texts = "\n".join(f"{one}\t{name}" for one, name in zip(self.ids, self.names, strict=True))
        arrays = (self.lonlat, self.first, self.node, self.minutes, self.people)
        return content_hash(texts, *(np.ascontiguousarray(some).tobytes() for some in arrays))


def points_of_nodes(network: Network, rows: Ints) -> Points:
    """Return nodes of a network, each once, as points."""
    rows = np.array(list(dict.fromkeys(rows.tolist())), dtype=np.int64)
    names = np.asarray(network.node_column("name_zh"))[rows]
    first, nothing = np.arange(len(rows) + 1), np.zeros(len(rows))
    return Points(point_ids(network)[rows], names, network.lonlat[rows], first, rows, nothing, np.zeros(0))


def points_of_cells(trip: Trip, table: AccessTable, people: Floats) -> Points:
    """Return the land cells that the network can be reached from under a trip, named ``cell/<number>``.

    Parameters
    ----------
    trip
        On the network that `table` was made for.
    table
        Links of all cells.
    people
        (cells,) residents.
    """
    usable = table.usable(trip.network, trip.scenario, trip.mode)
    cell, node = table.cell[usable], table.node[usable]
    cells, first = np.unique(cell, return_index=True)
    names = np.array([f"cell/{number}" for number in table.grid.cells[cells].tolist()], dtype=object)
    return Points(
        names, names, table.grid.lonlat[cells], np.append(first, len(cell)), node,
        table.minutes(trip.scenario)[usable], people[cells],
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Found:
    """The answer to one chunk, by column: rows of pairs within the limit, or of origins.

    Attributes
    ----------
    columns
        ``origin`` and, of times, ``destination`` (numbers of points) and ``minutes``; of access ``nearest`` (-1: none),
        ``minutes`` to it (NaN: none) and, by cut-off, ``count_<minutes>`` and ``people_<minutes>``.
    """

    columns: dict[str, NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Question:
    """Many origins and destinations on one graph.

    Attributes
    ----------
    graph
        The network as it is travelled.
    origins, destinations
        The points.
    kind
        One of :data:`KINDS`.
    limit_min
        Minutes beyond which nothing is looked for.
    cutoffs_min
        Of ``access``: within which is counted.
    about
        Hash of layers and scenario, for the head of each file.

    Raises
    ------
    ScenarioError
        No point on one side, or a kind that is not known.
    """

    graph: Graph
    origins: Points
    destinations: Points
    kind: str
    limit_min: float
    cutoffs_min: tuple[float, ...]
    about: str

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if self.kind not in KINDS:
            raise ScenarioError(f"{self.kind!r} is not asked for; kinds are {', '.join(KINDS)}")
        if not len(self.origins) or not len(self.destinations):
            raise ScenarioError("at least one origin and one destination on the network are needed")

    @cached_property
    def key(self) -> str:
        """Hash of all that the answer depends on but the program."""
        graph = self.graph
        arrays = (graph.indptr, graph.heads, graph.minutes, graph.rail)
        told = (self.kind, repr(self.limit_min), repr(self.cutoffs_min), self.about, repr(graph.must_ride))
        return content_hash(*told, self.origins.digest, self.destinations.digest, *(some.tobytes() for some in arrays))

    @property
    def origins_a_chunk(self) -> int:
        """How many origins make a chunk, when nobody says."""
        return max(1, min(_ORIGINS, _PAIRS // len(self.destinations)))

    def chunks(self, size: int) -> int:
        """Return the number of chunks of `size` origins."""
        return -(-len(self.origins) // size)

    @cached_property
    def worker_mb(self) -> int:
        """Megabytes that a worker needs at most for the question and a chunk, beside Python and its packages."""
        graph, links = self.graph, max(len(self.origins.node), len(self.destinations.node))
        held = graph.indptr.nbytes + graph.heads.nbytes + 2 * graph.minutes.nbytes + 400 * links
        row = max(8 * len(self.destinations), 24 * graph.states + 16 * len(self.destinations.node))
        return int((held + 3 * max(_ROOM, row) + 48 * max(_PAIRS, len(self.destinations))) / 1e6) + 1

    def answer(self, number: int, size: int) -> Found:
        """Return the answer to chunk `number` of those of `size` origins."""
        begin, end = number * size, min((number + 1) * size, len(self.origins))
        parts = [self._part(a, b) for a, b in self._parts(begin, end)]
        return Found({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})

    def _parts(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield runs of origins whose nodes by destinations fit the room."""
        most = max(1, _ROOM // (8 * len(self.destinations)))
        first = self.origins.first
        while begin < end:
            stop = int(np.searchsorted(first, first[begin] + most, side="right")) - 1
            stop = min(max(stop, begin + 1), end)
            yield begin, stop
            begin = stop

    def _part(self, begin: int, end: int) -> dict[str, NDArray[np.generic]]:
        minutes = self._minutes(begin, end)
        minutes[minutes > self.limit_min + TOLERANCE_MIN] = np.inf
        rows = np.arange(begin, end)
        if self.kind == "times":
            origin, destination = np.nonzero(np.isfinite(minutes))
            return {
                "origin": rows[origin].astype(np.int32),
                "destination": destination.astype(np.int32),
                "minutes": minutes[origin, destination],
            }
        nearest = np.argmin(minutes, axis=1)
        least = minutes[np.arange(len(rows)), nearest]
        found: dict[str, NDArray[np.generic]] = {
            "origin": rows.astype(np.int32),
            "nearest": np.where(np.isfinite(least), nearest, -1).astype(np.int32),
            "minutes": np.where(np.isfinite(least), least, np.nan),
        }
        for cutoff in self.cutoffs_min:
            within = minutes <= cutoff + TOLERANCE_MIN
            found[f"count_{cutoff:g}"] = within.sum(axis=1).astype(np.int32)
            if len(self.destinations.people):
                found[f"people_{cutoff:g}"] = within @ self.destinations.people
        return found

    def _minutes(self, begin: int, end: int) -> Floats:
        """(origins, destinations) minutes of a run of origins, infinite where there is no way."""
        links = slice(self.origins.first[begin], self.origins.first[end])
        nodes, row = np.unique(self.origins.node[links], return_inverse=True)
        from_node = np.empty((len(nodes), len(self.destinations)))
        ends, there = self._ends
        step = max(1, _ROOM // (24 * self.graph.states + 16 * len(self.destinations.node)))
        for k in range(0, len(nodes), step):
            some = nodes[k : k + step]
            reached = search_many(self.graph, some, limit_min=self.limit_min, ends=ends)
            # standing at a station is no ride
            row_at, at = np.nonzero(some[:, None] == ends)
            reached[row_at, at] = np.where(self.graph.early[some[row_at]], 0.0, np.inf)
            from_node[k : k + step] = _folded(reached, there)
        if self.origins.direct:
            minutes = from_node[row]
        else:
            local = self.origins.minutes[links, None]
            bounds = self.origins.first[begin : end + 1] - self.origins.first[begin]
            minutes = np.empty((end - begin, len(self.destinations)))
            for i in range(end - begin):
                own = slice(bounds[i], bounds[i + 1])
                minutes[i] = (from_node[row[own]] + local[own]).min(axis=0)
        same = self._same[begin:end]
        here = np.nonzero(same >= 0)[0]
        minutes[here, same[here]] = 0.0
        return minutes

    @cached_property
    def _ends(self) -> tuple[Ints, Points]:
        """Nodes that destinations hang on, and the destinations with places among these for nodes."""
        ends, place = np.unique(self.destinations.node, return_inverse=True)
        return ends, replace(self.destinations, node=place.ravel())

    @cached_property
    def _same(self) -> Ints:
        """(origins,) the destination that is the same point, -1 where none is."""
        number = {name: i for i, name in enumerate(self.destinations.ids.tolist())}
        return np.array([number.get(name, -1) for name in self.origins.ids.tolist()], dtype=np.int64)


def _folded(reached: Floats, points: Points) -> Floats:
    """Return (k, points) minutes of (k, n) minutes by node."""
    if points.direct:
        return np.asarray(reached[:, points.node])
    return np.asarray(np.minimum.reduceat(reached[:, points.node] + points.minutes, points.first[:-1], axis=1))
