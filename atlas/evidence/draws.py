"""Times as a distribution: parameters and positions drawn at random, many draws at once.

Each parameter is drawn from the triangular distribution between its low and high with its peak at the central
value, independently of the others. A point whose position may be off is displaced on each axis by a normal
deviate of half its position error, which lengthens or shortens the lines drawn from it. A wait is drawn uniformly
over the headway, train by train. Searching the whole network for every draw would take minutes; instead a few dozen
draws are searched in full, every step of a way that is fastest in any of them is kept, and all draws are searched on
the network of the steps kept. What is reported is therefore never below the exact minutes of a draw, and above them
only where a step was never on a fastest way in the draws searched in full; a test bounds the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from atlas.base.errors import ParameterError
from atlas.base.geodesy import Bools, Floats, Ints, distances_km
from atlas.data.places import Place
from atlas.data.scenario import Scenario
from atlas.network.arrays import EdgeArrays, StateArcs
from atlas.network.build import Network
from atlas.travel.kernel import least_minutes
from atlas.travel.minutes import edge_minutes, edge_times
from atlas.travel.reach import locate_all
from atlas.travel.search import arcs_csr, arcs_in, arcs_minutes, counted, early_nodes

__all__ = ["spread"]

#: Draws searched in full.
EXACT_DRAWS = 40
#: A line is never shortened by displaced ends to less than this share of its length.
_SHORTEST = 0.5


@dataclass(frozen=True)
class Spread:
    """Minutes of many draws.

    Attributes
    ----------
    origins, destinations
        Node ids.
    minutes
        (draws, origins, destinations), infinite where there is no way.
    seed
        Of the random numbers: the same seed gives the same minutes.
    """

    scenario: Scenario
    mode: str
    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    minutes: Floats
    seed: int

    def quantile(self, share: float) -> Floats:
        """Return (origins, destinations) minutes that a `share` of the draws does not exceed; NaN: no way."""
        found = np.quantile(self.minutes, share, axis=0, method="inverted_cdf")
        return np.where(np.isfinite(found), found, np.nan)


@dataclass(frozen=True)
class _Draws:
    """Random numbers of one question, made once: everything else is computed from them."""

    values: Mapping[str, Floats]
    offsets: Floats
    shares: Floats
    board_of: Ints

    def some(self, draws: Ints) -> _Draws:
        chosen = {name: value[draws] for name, value in self.values.items()}
        return _Draws(chosen, self.offsets[..., draws], self.shares[:, draws], self.board_of)

    def value(self, name: str) -> Floats:
        if name not in self.values:
            raise ParameterError(f"unknown parameter {name!r}: the table of the scenario does not hold it")
        return self.values[name]


def spread(
    network: Network,
    origins: Iterable[str | Place],
    destinations: Iterable[str | Place],
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    draws: int = 1000,
    seed: int = 0,
) -> Spread:
    """Return the minutes of all pairs in `draws` random draws of the parameters and positions.

    Parameters
    ----------
    network, origins, destinations, scenario, mode
        As for :func:`atlas.travel.reach.od_matrix`; parameters that the scenario overrides keep their value.
    draws
        How many, at least 1.
    seed
        Of the random numbers.

    Returns
    -------
    Spread
        Minutes of every pair in every draw.

    Raises
    ------
    ParameterError
        Fewer than one draw, or a scenario made without a parameter table.
    UnknownPlaceError, NetworkError, ScenarioError
        See :func:`atlas.travel.reach.reach_from`.

    Examples
    --------
    >>> found = atlas.spread(network, ["珠海"], ["中山"], now, draws=20, seed=1)
    >>> bool(found.minutes.min() < found.minutes.max())
    True
    """
    if draws < 1:
        raise ParameterError(f"at least one draw is needed, not {draws}")
    network, at, to = locate_all(network, origins, destinations)
    central = edge_times(network, scenario, mode).first
    usable = ~np.isnan(central)
    drawn = _draw(network, scenario, draws, seed)
    exact = np.unique(np.linspace(0, draws - 1, min(draws, EXACT_DRAWS)).round().astype(np.int64))
    must_ride = mode == "rail"
    arcs = arcs_in(network.arrays, central, scenario, mode, detours=True)
    kept = _kept(network, scenario, arcs, usable, drawn.some(exact), at, to, must_ride=must_ride)
    minutes = kept.search(network, scenario, drawn, at, to, must_ride=must_ride)
    names = network.nodes["node_id"].to_numpy(dtype=object)
    return Spread(scenario, mode, tuple(names[at]), tuple(names[to]), minutes, seed)


def _draw(network: Network, scenario: Scenario, draws: int, seed: int) -> _Draws:
    if scenario.table is None:
        raise ParameterError("the scenario was made without a parameter table: there are no ranges to draw from")
    rng = np.random.default_rng(seed)
    fixed = dict(scenario.overrides)
    values = {}
    for row in scenario.table.rows:
        if row.name in fixed:
            values[row.name] = np.full(draws, fixed[row.name])
        elif row.low < row.high:
            values[row.name] = rng.triangular(row.low, row.central, row.high, draws)
        else:
            values[row.name] = np.full(draws, row.central)
    error_km = network.nodes["position_error_m"].to_numpy(dtype=np.float64) / 2000.0
    offsets = rng.standard_normal((2, len(error_km), draws)) * error_km[:, None]
    boards = np.nonzero(network.arrays.role == "board")[0]
    board_of = np.full(len(network.arrays.role), -1, dtype=np.int64)
    board_of[boards] = np.arange(len(boards))
    return _Draws(values, offsets, rng.random((max(len(boards), 1), draws)), board_of)


def _minutes(network: Network, scenario: Scenario, drawn: _Draws, rows: Ints) -> tuple[Floats, Floats]:
    """Return (rows, draws) minutes before and after the first train."""
    arrays = network.arrays.at(rows)
    shares = drawn.shares[np.maximum(drawn.board_of[rows], 0)]
    return edge_minutes(
        arrays, scenario, drawn.value, stretch=_stretch(network, arrays, drawn.offsets), wait_share=shares
    )


def _stretch(network: Network, arrays: EdgeArrays, offsets: Floats) -> Floats:
    """Return (m, draws) factors on the length of drawn lines whose ends are displaced."""
    lon, lat = network.nodes.geometry.x.to_numpy(), network.nodes.geometry.y.to_numpy()
    a, b = arrays.tail, arrays.head
    east = (lon[b] - lon[a]) * np.cos(np.radians((lat[a] + lat[b]) / 2.0))
    north = lat[b] - lat[a]
    norm = np.maximum(np.hypot(east, north), 1e-12)
    straight_km = np.maximum(distances_km(lon[a], lat[a], lon[b], lat[b]), 0.05)
    longer = (offsets[0, b] - offsets[0, a]) * (east / norm)[:, None]
    longer += (offsets[1, b] - offsets[1, a]) * (north / norm)[:, None]
    return np.asarray(np.maximum(1.0 + longer / straight_km[:, None], _SHORTEST))


@dataclass(frozen=True)
class _Kept:
    """The steps kept: rows of the arcs of the search graph, in its order, and the states they join."""

    graph: StateArcs
    arcs: Ints
    states: Ints

    def search(
        self, network: Network, scenario: Scenario, drawn: _Draws, at: Ints, to: Ints, *, must_ride: bool
    ) -> Floats:
        """Return (draws, starts, ends) minutes on the steps kept."""
        arcs = self.graph
        rows, where = np.unique(arcs.edge[self.arcs], return_inverse=True)
        first, later = _minutes(network, scenario, drawn, rows)
        weight = np.where(arcs.ridden[self.arcs][:, None], later[where.ravel()], first[where.ravel()])
        tail, head = (np.searchsorted(self.states, ends[self.arcs]) for ends in (arcs.tail, arcs.head))
        known = np.searchsorted(self.states, at)
        found = np.empty((weight.shape[1], len(at), len(to)))
        for draw in range(weight.shape[1]):
            minutes = arcs_minutes(tail, head, weight[:, draw], len(self.states), known)
            found[draw] = _at_ends(arcs, self.states, minutes, to, must_ride=must_ride)
        found[:, at[:, None] == to[None, :]] = 0.0
        return found


def _at_ends(arcs: StateArcs, states: Ints, minutes: Floats, to: Ints, *, must_ride: bool) -> Floats:
    """Return the minutes at nodes `to` from minutes at `states`, infinite where a state is not among them."""
    padded = np.concatenate([minutes, np.full((len(minutes), 1), np.inf)], axis=1)
    before, after = (padded[:, _index(states, wanted)] for wanted in (to, arcs.size + to))
    return counted(before, after, early_nodes(arcs.rail_node, must_ride=must_ride)[to])


def _index(known: Ints, wanted: Ints) -> Ints:
    """Return the place of each of `wanted` in the sorted `known`; their number where it is not there."""
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, len(known))


def _kept(
    network: Network,
    scenario: Scenario,
    arcs: StateArcs,
    usable: Bools,
    drawn: _Draws,
    at: Ints,
    to: Ints,
    *,
    must_ride: bool,
) -> _Kept:
    """Search every draw given in full, and keep each step of a way that is fastest in any of them."""
    rows = np.nonzero(usable)[0]
    first, later = (np.full((len(usable), drawn.shares.shape[1]), np.nan) for _ in range(2))
    first[rows], later[rows] = _minutes(network, scenario, drawn, rows)
    states = arcs.states
    steps: set[int] = set()
    for draw in range(drawn.shares.shape[1]):
        weight = arcs.weights(first[:, draw], later[:, draw])
        keep = ~np.isnan(weight)
        csr = arcs_csr(arcs.tail[keep], arcs.head[keep], weight[keep], states)
        minutes, previous = least_minutes(*csr, at, paths=True)
        way = _walk(arcs, minutes, previous.astype(np.int64), at, to, must_ride=must_ride)
        gone = way[:, 1:] >= 0
        steps.update(np.unique(way[:, 1:][gone] * states + way[:, :-1][gone]).tolist())
    kept = np.isin(arcs.tail * states + arcs.head, sorted(steps)) & usable[arcs.edge] & (arcs.tail != arcs.head)
    chosen = np.nonzero(kept)[0]
    return _Kept(arcs, chosen, np.unique(np.concatenate([at, arcs.tail[chosen], arcs.head[chosen]])))


def _walk(arcs: StateArcs, minutes: Floats, previous: Ints, at: Ints, to: Ints, *, must_ride: bool) -> Ints:
    """Return (pairs, length) states from each destination back to its origin, -1 after the end or for no way."""
    origin = np.repeat(np.arange(len(at)), len(to))
    end = np.tile(to, len(at))
    early = early_nodes(arcs.rail_node, must_ride=must_ride)
    before = np.where(early[end] | (end == at[origin]), minutes[origin, end], np.inf)
    after = minutes[origin, arcs.size + end]
    state = np.where(before <= after, end, arcs.size + end).astype(np.int64)
    state[~np.isfinite(np.minimum(before, after))] = -1
    columns = [state]
    while (state >= 0).any():
        state = np.where(state >= 0, previous[origin, np.maximum(state, 0)], -1).astype(np.int64)
        state[state < 0] = -1
        columns.append(state)
    return np.column_stack(columns)
