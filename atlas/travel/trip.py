"""A network under one scenario and in one mode: the value between the network and every answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.base.errors import ScenarioError
from atlas.base.geodesy import Bools, Floats, Ints
from atlas.data.scenario import Scenario
from atlas.kept.columns import packed
from atlas.network.value import Network
from atlas.travel.minutes import EdgeTimes, edge_times
from atlas.travel.search import Graph, Tree, arcs_in, counted, search, search_many, search_towards, weighed
from atlas.travel.status import assumed_features
from atlas.ways.kept import EDGE_COLUMNS, NODE_COLUMNS

__all__ = ["Trip", "packed_trip"]


@dataclass(frozen=True, eq=False)
class Trip:
    """A network as it is travelled: what is open, how long each edge takes, and the graph that is searched.

    Minutes, usable edges and graph are each made when first asked for and then kept, so that many questions of one
    scenario and mode cost one compilation. Two trips are never equal but to themselves.

    Attributes
    ----------
    network, scenario
        What is there, and what of it is open at which speeds, waits and border minutes.
    mode
        ``drive``, ``rail`` or ``multimodal``.

    Raises
    ------
    ScenarioError, NetworkError, ParameterError
        When minutes are first asked for; see :func:`atlas.travel.minutes.edge_times`.

    Examples
    --------
    >>> catalog = atlas.open_catalog()
    >>> network = atlas.build_network(catalog.layers())
    >>> trip = Trip(network, atlas.load_scenario("2026"), "drive")
    >>> int(trip.usable.sum()) == int((trip.minutes >= 0).sum())
    True
    """

    network: Network
    scenario: Scenario
    mode: str = "multimodal"

    def __post_init__(self) -> None:
        """Refuse what is no scenario: a name must be loaded first."""
        given: object = self.scenario
        if not isinstance(given, Scenario):
            raise ScenarioError(f"{self.scenario!r} is no scenario; make one with load_scenario({self.scenario!r})")

    @cached_property
    def times(self) -> EdgeTimes:
        """Minutes by edge, before and after the first vehicle."""
        return edge_times(self.network, self.scenario, self.mode)

    @property
    def minutes(self) -> Floats:
        """(m,) minutes by edge before the first vehicle, NaN where the edge cannot be used."""
        return self.times.first

    @cached_property
    def usable(self) -> Bools:
        """(m,) which edges can be used."""
        return np.asarray(~np.isnan(self.minutes), dtype=bool)

    @cached_property
    def graph(self) -> Graph:
        """The searchable graph."""
        return self._graph(self.times)

    def on(self, network: Network) -> Trip:
        """Return the same trip on a network to which a point was added; itself on its own network."""
        return self if network is self.network else replace(self, network=network)

    def tree(self, node: int, *, limit_min: float = np.inf) -> Tree:
        """Return shortest paths from the node in row `node` to everything within `limit_min` minutes."""
        return search(self.graph, node, limit_min=limit_min)

    def tree_without(self, node: int, barred: Bools) -> Tree:
        """Return shortest paths from `node` that use none of the edges `barred` (m,)."""
        first, later = (np.where(barred, np.nan, minutes) for minutes in (self.times.first, self.times.later))
        return search(self._graph(EdgeTimes(first, later)), node)

    def many(self, nodes: Ints, *, limit_min: float = np.inf, ends: Ints | None = None) -> Floats:
        """Return (len(nodes), n) minutes from each of `nodes` to every node, infinite where there is no way.

        With `ends` to these alone, (len(nodes), len(ends)): quicker where they are few.
        """
        return search_many(self.graph, nodes, limit_min=limit_min, ends=ends)

    def towards(self, node: int, *, limit_min: float = np.inf) -> Floats:
        """Return (n,) minutes from every node to the node in row `node`."""
        return search_towards(self.graph, node, limit_min=limit_min)

    def left_at(self, tree: Tree) -> Floats:
        """(m,) minutes at which the tail of each edge is left at the earliest, infinite where it is not reached."""
        tails, size = self.network.arrays.tail, tree.graph.size
        return counted(tree.minutes[tails], tree.minutes[tails + size], tree.graph.early[tails])

    def _graph(self, times: EdgeTimes) -> Graph:
        arcs = arcs_in(self.network.arrays, times.first, self.scenario, self.mode)
        return weighed(arcs, times.first, times.later, must_ride=self.mode == "rail")


def packed_trip(trip: Trip) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return a trip as arrays and facts, for :meth:`atlas.kept.store.Store.put`; :class:`KeptTrip` reads it.

    Parameters
    ----------
    trip
        What is kept of its network are the names and what journeys are told from.
    """
    network, graph = trip.network, trip.graph
    at = dict(zip(("lon", "lat"), network.lonlat.T, strict=True))
    arrays = packed("nodes", at | {name: network.node_column(name) for name in NODE_COLUMNS if name not in at})
    arrays |= packed("edges", {name: network.edge_columns[name] for name in EDGE_COLUMNS})
    places = network.place_names.columns
    arrays |= packed("places", {name: np.array(values, dtype=object) for name, values in places.items()})
    columns = (network.edge_columns[name].tolist() for name in ("layer", "feature_id"))
    features = sorted(set(zip(*columns, strict=True)))
    named = np.array([(*one, *network.names_of(*one)) for one in features], dtype=object).reshape(-1, 4)
    arrays |= packed("names", dict(zip(("layer", "feature", "zh", "en"), named.T, strict=True)))
    arrays |= {
        "graph/indptr": graph.indptr, "graph/heads": graph.heads, "graph/minutes": graph.minutes,
        "graph/edges": graph.arc_edge.astype(np.int32), "graph/early": graph.early,
    }  # fmt: skip
    facts = {"hash": network.hash, "size": graph.size, "assumed": assumed_features(network, trip.scenario)}
    return arrays, facts
