"""A network under one scenario and mode as it is kept: asked and searched in plain Python, no array is made."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from atlas.data.places import PLACE_COLUMNS, POINT_COLUMNS, Names
from atlas.data.scenario import Scenario
from atlas.kept.columns import KeptTable
from atlas.kept.store import Kept
from atlas.ways.heap import TOLERANCE_MIN, Ways, least_of_one
from atlas.ways.naming import node_or_place, nodes_by_name
from atlas.ways.told import place_rows

if TYPE_CHECKING:
    from atlas.network.value import Network

__all__ = ["EDGE_COLUMNS", "NODE_COLUMNS", "KeptReach", "KeptTrip"]

#: Columns of the network that are kept with a trip.
NODE_COLUMNS = (*POINT_COLUMNS, "lon", "lat")
EDGE_COLUMNS = (
    "role", "mode", "speed_class", "layer", "feature_id", "length_km", "plan_ids", "tail", "head",
)  # fmt: skip


class _Graph:
    """The arcs of a kept trip, by tail."""

    def __init__(self, kept: Kept) -> None:
        self.size: int = kept.facts["size"]
        # lists are read quicker than what is mapped, and these are read in whole
        self.first, self.head, self.minutes = (
            list(kept.numbers(f"graph/{name}")) for name in ("indptr", "heads", "minutes")
        )
        self.states = len(self.first) - 1
        self.edge, self.early = (kept.numbers(f"graph/{name}") for name in ("edges", "early"))


class _Tree(Ways):
    """Ways found by the heap."""

    def __init__(self, graph: _Graph, start: int, minutes: Sequence[float], previous: Sequence[int]) -> None:
        self.graph, self.start, self.minutes, self.previous = graph, start, minutes, previous

    def edges(self, states: Sequence[int]) -> list[int]:
        graph: _Graph = self.graph
        rows = []
        for a, b in itertools.pairwise(states):
            arcs = [arc for arc in range(graph.first[a], graph.first[a + 1]) if graph.head[arc] == b]
            rows.append(graph.edge[min(arcs, key=graph.minutes.__getitem__)])
        return rows


@dataclass(frozen=True, eq=False)
class KeptTrip:
    """A network as it is travelled, out of a kept file.

    Attributes
    ----------
    kept
        What :func:`atlas.travel.trip.packed_trip` packed.
    scenario, mode
        As they were asked for.
    whole
        Gives the network, for what is not kept here: lines to draw, the region.
    """

    kept: Kept
    scenario: Scenario
    mode: str
    whole: Callable[[], Network]

    @property
    def network(self) -> KeptTrip:
        """Itself: what is there, as far as ways are told."""
        return self

    @property
    def hash(self) -> str:
        """Of the layers."""
        return str(self.kept.facts["hash"])

    @property
    def assumed(self) -> int:
        """How many features are open by an assumed year."""
        return int(self.kept.facts["assumed"])

    @cached_property
    def graph(self) -> _Graph:
        """The arcs that are searched."""
        return _Graph(self.kept)

    @cached_property
    def _nodes(self) -> KeptTable:
        return KeptTable(self.kept, "nodes")

    def node_column(self, name: str) -> Sequence[Any]:
        """Return a column of the nodes."""
        return self._nodes.listed(name)

    def edge_column(self, name: str) -> Any:
        """Return a column of the edges of the network."""
        return self.whole().edge_column(name)

    @cached_property
    def edge_columns(self) -> Mapping[str, Sequence[Any]]:
        """Columns of the edges, and the rows of the nodes at their ends."""
        table = KeptTable(self.kept, "edges")
        return {name: table.listed(name) for name in EDGE_COLUMNS}

    @cached_property
    def node_names(self) -> Sequence[str]:
        """Chinese names by node."""
        return self.node_column("name_zh")

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Node by its id."""
        return {name: node for node, name in enumerate(self.node_column("node_id"))}

    @cached_property
    def place_nodes(self) -> Sequence[int]:
        """The nodes that are places."""
        return [node for node, kind in enumerate(self.node_column("kind")) if kind == "place"]

    @cached_property
    def place_names(self) -> Names:
        """The layer ``places``, to look names up in."""
        table = KeptTable(self.kept, "places")
        return Names({name: table.listed(name) for name in (*PLACE_COLUMNS, "lon", "lat")}, lambda: self.whole().region)

    @cached_property
    def point_names(self) -> Names:
        """The nodes, to look names up in."""
        return Names({name: self.node_column(name) for name in NODE_COLUMNS}, lambda: self.whole().region)

    @cached_property
    def lonlat(self) -> Sequence[tuple[float, float]]:
        """(n, 2) degrees of the nodes."""
        return list(zip(self.node_column("lon"), self.node_column("lat"), strict=True))

    @cached_property
    def _named_nodes(self) -> list[tuple[int, float, float]]:
        """Rows of the nodes that have a name, and their degrees."""
        found = enumerate(zip(self.node_names, self.lonlat, strict=True))
        return [(row, lon, lat) for row, (name, (lon, lat)) in found if name]

    def nearest_named(self, node: int) -> int | None:
        """Return the nearest node that has a name."""
        lon, lat = self.lonlat[node]
        narrow, least, nearest = math.cos(math.radians(lat)), math.inf, None
        for other, x, y in self._named_nodes:
            east, north = (x - lon) * narrow, y - lat
            away = east * east + north * north
            if away < least:
                least, nearest = away, other
        return nearest

    def names_of(self, layer: str, feature_id: str) -> tuple[str, str]:
        """Return the Chinese and English name of a feature; its id when it has none."""
        return self._feature_names.get((layer, feature_id), (feature_id, feature_id))

    @cached_property
    def _feature_names(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        table = KeptTable(self.kept, "names")
        layer, feature, zh, en = (table.listed(name) for name in ("layer", "feature", "zh", "en"))
        return dict(zip(zip(layer, feature, strict=True), zip(zh, en, strict=True), strict=True))

    def nodes_of(self, places: Iterable[object]) -> list[int] | None:
        """Return the nodes that places stand for; None where one of them must be added to the network first.

        Raises
        ------
        UnknownPlaceError
            Nothing in the network answers to one.
        """
        named = nodes_by_name(self)
        found = []
        for place in places:
            node = node_or_place(self, place, named)
            row = self.row_of.get(node if isinstance(node, str) else f"place/{node.id}")
            if row is None:
                return None
            found.append(row)
        return found

    def tree(self, start: int, *, limit_min: float = math.inf, ends: Iterable[int] = ()) -> Ways:
        """Return shortest paths from a node to all within `limit_min` minutes, or to the nodes `ends` alone."""
        graph = self.graph
        wanted = [(end, graph.size + end) if end == start or graph.early[end] else (graph.size + end,) for end in ends]
        limit = limit_min + TOLERANCE_MIN
        return _Tree(graph, start, *least_of_one(graph.first, graph.head, graph.minutes, start, limit, wanted))


@dataclass(frozen=True, eq=False)
class KeptReach:
    """What a kept trip reaches from a node within some cut-offs: :class:`atlas.travel.reach.Reach` in lists.

    Attributes
    ----------
    trip
        What was searched.
    start
        A node.
    cutoffs_min
        Minutes, each positive, in rising order.
    """

    trip: KeptTrip
    start: int
    cutoffs_min: tuple[float, ...]

    @property
    def network(self) -> KeptTrip:
        """The network."""
        return self.trip

    @property
    def scenario(self) -> Scenario:
        """What is open."""
        return self.trip.scenario

    @property
    def mode(self) -> str:
        """What is travelled by."""
        return self.trip.mode

    @property
    def origin(self) -> str:
        """Id of the node it starts from."""
        return str(self.trip.node_column("node_id")[self.start])

    @property
    def origin_name(self) -> str:
        """Chinese name of that node."""
        return self.trip.node_names[self.start]

    @property
    def assumed(self) -> int:
        """How many features are open by an assumed year."""
        return self.trip.assumed

    @property
    def inward(self) -> None:
        """Minutes to the origin: they are not asked for here."""

    def place_rows(self) -> list[dict[str, Any]]:
        """Return the places reached, nearest first."""
        tree = self.trip.tree(self.start, limit_min=self.cutoffs_min[-1])
        return place_rows(self.trip, tree.arrival, self.cutoffs_min)
