"""From the network to answers: what can be reached, by which route, and the OD matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from atlas.base.errors import ScenarioError, UnknownPlaceError
from atlas.base.geodesy import Floats, Ints, Texts
from atlas.base.style import band_of
from atlas.base.words import language, say_in
from atlas.data.places import Place
from atlas.data.scenario import Scenario
from atlas.network.value import Network
from atlas.notebook.card import card, map_of
from atlas.travel.journey import Journey, journey_on
from atlas.travel.search import Tree
from atlas.travel.status import assumed_features
from atlas.travel.trip import Trip
from atlas.ways.heap import TOLERANCE_MIN
from atlas.ways.naming import node_or_place, nodes_by_name
from atlas.ways.told import PLACE_KEYS, in_order, place_rows, time_columns

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = [
    "Reach",
    "locate",
    "locate_all",
    "matrix_columns",
    "matrix_on",
    "od_matrix",
    "point_ids",
    "reach_from",
    "route",
]


@dataclass(frozen=True)
class Reach:
    """Everything within the largest cut-off of one origin.

    Attributes
    ----------
    trip
        The network under the scenario and in the mode.
    origin, origin_name
        Id and Chinese name of the node it starts from.
    tree
        The search itself, for routes to single places.
    inward
        (n,) minutes to the origin, where those are asked for; None: from it. There are no edges then, and no routes.
    """

    network: Network
    scenario: Scenario
    mode: str
    origin: str
    origin_name: str
    cutoffs_min: tuple[float, ...]
    trip: Trip
    tree: Tree
    inward: Floats | None = None

    @property
    def minutes(self) -> Floats:
        """(n,) minutes by node, infinite where it is not reached within the largest cut-off."""
        return self.tree.node_minutes if self.inward is None else self.inward

    @cached_property
    def nodes(self) -> gpd.GeoDataFrame:
        """``Network.nodes`` that are reached, with what :meth:`times` gives.

        ``travel_time_min``, ``cutoff_min`` (the smallest cut-off that holds them) and ``via_edge_id``. Unreached
        nodes are absent.
        """
        return _reached_nodes(self.network, self.minutes, self.cutoffs_min, self.tree if self.inward is None else None)

    @cached_property
    def edges(self) -> gpd.GeoDataFrame:
        """Edges travelled, with ``from_min``, ``to_min``, ``travel_time_min`` (at the far end) and ``cutoff_min``.

        An edge on which time runs out is cut there and ends at the largest cut-off. Of rides only those on a fastest
        way are kept: trains run in parallel.
        """
        found = _reached_edges(self.trip, self.tree, self.cutoffs_min)
        return found if self.inward is None else found.iloc[:0]

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        cutoffs = ", ".join(f"{minutes:g}" for minutes in self.cutoffs_min)
        return f"<Reach of {self.origin}, {self.mode}, {self.scenario.name}: within {cutoffs} min>"

    def _repr_html_(self) -> str:
        """Return a card for notebooks: how many places are within each cut-off, the nearest, and a small map."""
        import shapely

        lang, rows = language(), self.place_rows()
        facts: list[tuple[str, object]] = [
            (say_in(lang, "column.mode"), say_in(lang, f"mode.{self.mode}")),
            (say_in(lang, "notebook.scenario"), self.scenario.name),
        ]
        facts += [
            (f"≤ {cut:g} min", say_in(lang, "notebook.places", count=sum(r["travel_time_min"] <= cut for r in rows)))
            for cut in self.cutoffs_min
        ]
        heads = [say_in(lang, f"column.{name}") for name in ("place", "name", "city", "min")]
        keys = ("name_zh", "name_en", "city", "travel_time_min")
        edges = self.edges.sort_values("to_min", ascending=False)
        drawn = (
            (shapely.get_coordinates(line), getattr(band_of(minutes), "color", "#9aa7ab"), False)
            for line, minutes in zip(edges.geometry, edges["to_min"], strict=True)
        )
        told = [[row[key] for key in keys] for row in rows]
        return card(self.origin_name, facts, heads=heads, rows=told, more="…", picture=map_of(drawn))

    @property
    def assumed(self) -> int:
        """How many features are open by an assumed year."""
        return assumed_features(self.network, self.scenario)

    def place_rows(self) -> list[dict[str, Any]]:
        """Return the rows of :meth:`places` one by one; no frame is made for them."""
        return place_rows(self.network, self.minutes.tolist().__getitem__, self.cutoffs_min)

    def places(self) -> pd.DataFrame:
        """Return the places reached, nearest first.

        Returns
        -------
        DataFrame
            ``id``, ``name_zh``, ``name_en``, ``city``, ``lon``, ``lat``, ``travel_time_min``, ``band_min``.
        """
        import pandas as pd

        return pd.DataFrame(self.place_rows(), columns=list(PLACE_KEYS))

    def route_to(self, node_id: str) -> Journey:
        """Return the journey to a node of the network by its id."""
        return journey_on(self.trip, self.tree, self.network.row_of[node_id])


def locate(network: Network, place: str | Place) -> tuple[Network, str]:
    """Return the network and the node id that stand for `place`.

    A text is looked up by :func:`atlas.data.places.find_place` among the places of the network and then among its
    stations, airports, ports and junctions. A station so named, or asked for as ``gate/<its id>``, gets a gate
    (:meth:`Network.with_gates`): by rail one boards or leaves there and nowhere else. A
    :class:`atlas.data.places.Place` that is none of them (a point given by its coordinates) is added to the network.

    Raises
    ------
    UnknownPlaceError
        Nothing in the network answers to the text.
    NetworkError
        A point lies too far from any road or station.
    """
    network, (node_id,) = _located(network, [place])
    return network, node_id


def locate_all(
    network: Network, origins: Iterable[str | Place], destinations: Iterable[str | Place]
) -> tuple[Network, Ints, Ints]:
    """Return the network with all places in it, and the rows of the nodes of origins and destinations.

    Raises
    ------
    UnknownPlaceError
        No origin or no destination, or one that no place answers to.
    NetworkError
        A point lies too far from any road or station.
    """
    starts, ends = list(origins), list(destinations)
    if not starts or not ends:
        raise UnknownPlaceError("at least one origin and one destination are needed")
    network, names = _located(network, [*starts, *ends])
    rows = np.array([network.row_of[name] for name in names], dtype=np.int64)
    return network, rows[: len(starts)], rows[len(starts) :]


def _located(network: Network, places: Sequence[str | Place]) -> tuple[Network, list[str]]:
    """Return the network with all of `places` in it, and their nodes; what must be added is added at once."""
    named = nodes_by_name(network)
    found = [node_or_place(network, place, named) for place in places]
    gates = [place.id.removeprefix("stn/") for place in found if isinstance(place, Place) and place.level == "stop"]
    network = network.with_gates(gates)
    names, fresh = [], {}
    for place in found:
        if isinstance(place, str):
            names.append(place)
        elif place.level == "stop":
            names.append(f"gate/{place.id.removeprefix('stn/')}")
        else:
            names.append(f"place/{place.id}")
            if names[-1] not in network.row_of:
                fresh[place.id] = (place.id, place.lon, place.lat)
    return network.with_places(list(fresh.values())), names


def reach_from(
    network: Network,
    origin: str | Place,
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    cutoffs_min: Sequence[float] | float = (60.0, 120.0),
    towards: bool = False,
) -> Reach:
    """Return what can be reached from `origin`.

    Parameters
    ----------
    network
        From :func:`atlas.network.build.build_network`.
    origin
        A place: name, id, node id, or a :class:`atlas.data.places.Place` anywhere near the network.
    scenario
        Year, projects, speeds and waits.
    mode
        ``drive``, ``rail`` or ``multimodal``.
    cutoffs_min
        One cut-off or several, minutes, inclusive, each positive.
    towards
        Whether minutes are those to `origin`: then places and nodes are told, and no edges nor journeys.

    Raises
    ------
    ScenarioError
        No cut-off, or one that is not a positive finite number.
    UnknownPlaceError, NetworkError
        See :func:`locate`.
    """
    cutoffs = in_order(cutoffs_min)
    network, node_id = locate(network, origin)
    trip = Trip(network, scenario, mode)
    start = network.row_of[node_id]
    tree = trip.tree(start, limit_min=0.0 if towards else cutoffs[-1])
    inward = trip.towards(start, limit_min=cutoffs[-1]) if towards else None
    return Reach(network, scenario, mode, node_id, network.node_names[start], cutoffs, trip, tree, inward)


def _band(minutes: Floats, cutoffs: tuple[float, ...]) -> Floats:
    steps = np.array(cutoffs)
    return steps[np.minimum(np.searchsorted(steps + TOLERANCE_MIN, minutes), len(steps) - 1)]


def _reached_nodes(
    network: Network, minutes: Floats, cutoffs: tuple[float, ...], tree: Tree | None
) -> gpd.GeoDataFrame:
    rows = np.nonzero(minutes <= cutoffs[-1] + TOLERANCE_MIN)[0]
    nodes = network.nodes.iloc[rows].copy()
    nodes["travel_time_min"] = minutes[rows]
    nodes["cutoff_min"] = _band(minutes[rows], cutoffs)
    names = network.edges["edge_id"].to_numpy(dtype=object)
    via = [None if tree is None else _last_edge(tree, int(row)) for row in rows]
    nodes["via_edge_id"] = [None if edge is None else names[edge] for edge in via]
    return nodes.reset_index(drop=True)


def _last_edge(tree: Tree, node: int) -> int | None:
    state = tree.end_state(node)
    edge = int(tree.via[state])
    return None if edge < 0 else edge


def _reached_edges(trip: Trip, tree: Tree, cutoffs: tuple[float, ...]) -> gpd.GeoDataFrame:
    """Edges whose tail is reached in either state, each once, at its earliest."""
    import geopandas as gpd
    import shapely
    import shapely.ops

    edges, minutes, begin = trip.network.edges, trip.minutes, trip.left_at(tree)
    extent = ~shapely.is_missing(edges.geometry.to_numpy())
    rides = (edges["role"] == "ride").to_numpy()
    on_way = np.zeros(len(edges), dtype=bool)
    on_way[_tree_edges(tree)] = True
    keep = extent & ~np.isnan(minutes) & (begin < cutoffs[-1] - TOLERANCE_MIN) & (~rides | on_way)
    if trip.mode == "rail":
        # a road ends where the drive from the station does
        keep &= rides | np.isfinite(tree.node_minutes[trip.network.arrays.head])
    rows = np.nonzero(keep)[0]
    reached = edges.iloc[rows].copy()
    end = begin[rows] + minutes[rows]
    cut = end > cutoffs[-1] + TOLERANCE_MIN
    share = np.where(cut, (cutoffs[-1] - begin[rows]) / np.maximum(minutes[rows], 1e-9), 1.0)
    lines = reached.geometry.to_numpy().copy()
    for i in np.nonzero(cut)[0]:
        lines[i] = shapely.ops.substring(lines[i], 0.0, float(share[i]), normalized=True)
    reached = reached.set_geometry(gpd.GeoSeries(lines, index=reached.index, crs="EPSG:4326"))
    reached["from_min"] = begin[rows]
    reached["to_min"] = np.where(cut, cutoffs[-1], end)
    reached["travel_time_min"] = reached["to_min"]
    reached["cutoff_min"] = _band(reached["to_min"].to_numpy(), cutoffs)
    for column in ("length_km", "drawn_length_km"):
        reached[column] = reached[column].to_numpy() * share
    return reached.reset_index(drop=True)


def _tree_edges(tree: Tree) -> Ints:
    return tree.via[tree.via >= 0]


def route(
    network: Network,
    origin: str | Place,
    destination: str | Place,
    scenario: Scenario,
    *,
    mode: str = "multimodal",
) -> Journey:
    """Return the fastest journey; ``found`` is false and ``minutes`` infinite when there is none.

    Parameters
    ----------
    network, origin, destination
        The network; places by name, id or coordinates, as for :func:`reach_from`.
    scenario, mode
        What is open, and what it is travelled by.

    Returns
    -------
    Journey
        Minutes in all and by part, and the legs in order.

    Raises
    ------
    UnknownPlaceError, NetworkError, ScenarioError
        As for :func:`reach_from`.

    Examples
    --------
    >>> journey = atlas.route(network, "珠海", "阳江", now, mode="drive")
    >>> journey.found, journey.minutes > 60
    (True, True)
    """
    network, (start,), (end,) = locate_all(network, [origin], [destination])
    trip = Trip(network, scenario, mode)
    return journey_on(trip, trip.tree(int(start)), int(end))


def od_matrix(
    network: Network,
    origins: Iterable[str | Place],
    destinations: Iterable[str | Place],
    scenarios: Iterable[Scenario],
    modes: Iterable[str] = ("multimodal",),
    *,
    limit_min: float = float("inf"),
) -> pd.DataFrame:
    """Return travel times of all pairs, scenarios and modes, in long form.

    Parameters
    ----------
    network, scenarios, modes
        What is asked: each scenario in each mode.
    origins, destinations
        Places, as for :func:`reach_from`.
    limit_min
        Largest time looked for; pairs beyond it are NaN.

    Returns
    -------
    Matrix
        A frame that a notebook shows as a grid:
        ``from_id``, ``to_id`` (see :func:`point_ids`), ``from_zh``, ``to_zh``, ``scenario``, ``mode``,
        ``travel_time_min`` (NaN: not reached) and its parts ``access_min``, ``wait_min``,
        ``in_vehicle_min``, ``transfer_min``, ``border_min``, ``egress_min``, which add up to it.

    Raises
    ------
    UnknownPlaceError, NetworkError, ScenarioError
        See :func:`reach_from`.

    Examples
    --------
    >>> table = atlas.od_matrix(network, ["珠海", "中山"], ["江门"], [now], ["drive"])
    >>> table["to_zh"].tolist()
    ['江门市', '江门市']
    """
    import pandas as pd

    network, starts, ends = locate_all(network, origins, destinations)
    trips = [Trip(network, scenario, mode) for scenario in scenarios for mode in modes]
    if not trips:
        raise ScenarioError("at least one scenario and one mode are needed")
    if not limit_min >= 0:
        raise ScenarioError(f"limit_min is {limit_min}; give minutes of 0 or more")
    from atlas.notebook.grid import Matrix

    tables = [matrix_on(trip, starts, ends, limit_min=limit_min) for trip in trips]
    return Matrix(pd.concat(tables, ignore_index=True))


def matrix_on(trip: Trip, starts: Ints, ends: Ints, *, limit_min: float = float("inf")) -> pd.DataFrame:
    """Return the rows of :func:`od_matrix` for one trip; starts and ends are rows of its nodes."""
    import pandas as pd

    return pd.DataFrame(matrix_columns(trip, starts, ends, limit_min=limit_min))


def matrix_columns(trip: Trip, starts: Ints, ends: Ints, *, limit_min: float = float("inf")) -> dict[str, list[Any]]:
    """Return the columns of :func:`matrix_on`; no frame is made for them."""
    trees = (trip.tree(start, limit_min=limit_min) for start in starts.tolist())
    return time_columns(trip.network, trees, starts.tolist(), ends.tolist(), (trip.scenario.name, trip.mode))


def point_ids(network: Network) -> Texts:
    """Return (n,) what tables call each node: a place by its feature id, anything else by ``layer/feature``."""
    layer, feature, kind = (network.node_column(name) for name in ("layer", "feature_id", "kind"))
    return np.where(kind == "place", feature, layer + "/" + feature)
