"""Travel times of many scenarios and modes at once.

Scenarios that share their parameters differ only in which arcs are open. What all of them share is searched
once; each scenario then adds its own arcs by a (min, +) product over the few nodes where those arcs meet the
rest. The result is exact: a fastest way is a chain of stretches on what is shared and runs over arcs that are
not, and both are known as minimal minutes between the same nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from atlas.arrays import StateArcs
from atlas.engine import arcs_matrix
from atlas.impedance import edge_minutes, usable_edges
from atlas.network import Network
from atlas.places import Place
from atlas.reach import locate_all
from atlas.scenario import Scenario

__all__ = ["minutes_by_opening", "od_minutes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: Sharing pays when it saves this many searches or more.
_WORTH = 0.7


def od_minutes(
    network: Network,
    origins: Iterable[str | Place],
    destinations: Iterable[str | Place],
    scenarios: Sequence[Scenario],
    modes: Sequence[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Floats:
    """Return minutes of all pairs in all scenarios and modes, without their parts.

    Parameters
    ----------
    network
        From :func:`atlas.network.build_network`.
    origins, destinations
        Places, as for :func:`atlas.reach.reach_from`.
    scenarios, modes
        Which combinations to compute.
    progress
        Called with the number of combinations done and their total, as they are done.

    Returns
    -------
    ndarray
        (scenarios, modes, origins, destinations) minutes, NaN where there is no way.

    Raises
    ------
    UnknownPlaceError
        No origin or no destination, or one that no place answers to.
    ScenarioError, NetworkError
        See :func:`atlas.impedance.edge_times`.
    """
    network, at, to = locate_all(network, origins, destinations)
    alike: dict[tuple[str, ...], list[int]] = {}
    for i, scenario in enumerate(scenarios):
        key = (scenario.parameters.hash, scenario.period, scenario.boarding, scenario.timetable)
        alike.setdefault(key, []).append(i)
    minutes = np.full((len(scenarios), len(modes), len(at), len(to)), np.nan)
    done = 0
    arcs = network.arrays.arcs
    for group in alike.values():
        scenario = scenarios[group[0]]
        first, later = (m[:, 0] for m in edge_minutes(network.arrays, scenario, _value_of(scenario)))
        weight = arcs.weights(first, later)
        for k, mode in enumerate(modes):
            usable = np.stack([usable_edges(network, scenarios[i], mode) for i in group])
            found = minutes_by_opening(arcs, weight, usable[:, arcs.edge], at, to, must_ride=mode == "rail")
            minutes[group, k] = np.where(np.isfinite(found), found, np.nan)
            done += len(group)
            if progress is not None:
                progress(done, len(scenarios) * len(modes))
    return minutes


def _value_of(scenario: Scenario) -> Callable[[str], Floats]:
    return lambda name: np.array([scenario.value(name)])


def minutes_by_opening(
    arcs: StateArcs, weight: Floats, open_: Bools, starts: Ints, ends: Ints, *, must_ride: bool = False
) -> Floats:
    """Return (k, starts, ends) minutes for k ways of opening the arcs.

    Parameters
    ----------
    arcs, weight
        The search graph and (a,) minutes of its arcs, NaN for arcs that never exist.
    open_
        (k, a) which arcs each of the k networks has.
    starts, ends
        Nodes (not states).
    must_ride
        Whether only what is reached after a train counts (mode ``rail``).
    """
    exists = ~np.isnan(weight)
    targets = np.concatenate([ends, arcs.size + ends])
    shared = open_.all(axis=0) & exists
    varying = np.nonzero(open_.any(axis=0) & exists & ~shared)[0]
    runs = list(_runs(arcs, weight, shared, varying, open_, np.concatenate([starts, targets])))
    heads = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(run.heads for run in runs)]))
    if len(starts) + len(heads) < _WORTH * len(open_) * len(starts):
        found = _assembled(arcs, weight, shared, runs, heads, len(open_), starts, targets)
    else:
        found = np.stack([_searched(arcs, weight, some & exists, starts)[:, targets] for some in open_])
    before, after = found[..., : len(ends)], found[..., len(ends) :]
    best = np.where(arcs.rail_node[ends], before, after) if must_ride else np.minimum(before, after)
    best[:, starts[:, None] == ends[None, :]] = 0.0
    return np.asarray(best, dtype=np.float64)


def _searched(arcs: StateArcs, weight: Floats, keep: Bools, states: Ints) -> Floats:
    matrix = arcs_matrix(arcs.tail[keep], arcs.head[keep], weight[keep], 2 * arcs.size)
    return np.asarray(dijkstra(matrix, indices=states), dtype=np.float64)


@dataclass(frozen=True)
class _Run:
    """Arcs that are open in the same networks: the ways over them alone.

    Attributes
    ----------
    opened
        (k,) which networks have them.
    tails, heads
        States where a way over them can begin and end.
    across
        (tails, heads) least minutes, infinite where there is no way.
    """

    opened: Bools
    tails: Ints
    heads: Ints
    across: Floats


def _runs(arcs: StateArcs, weight: Floats, shared: Bools, varying: Ints, open_: Bools, always: Ints) -> Iterator[_Run]:
    """Yield the runs; only states that touch what is shared, another run or `always` begin or end one."""
    columns, run_of = np.unique(open_[:, varying], axis=1, return_inverse=True)
    run_of = run_of.ravel()
    members = [varying[run_of == p] for p in range(columns.shape[1])]
    nodes = [np.unique(np.concatenate([arcs.tail[rows], arcs.head[rows]])) for rows in members]
    met = np.zeros(2 * arcs.size, dtype=np.int64)
    for states in nodes:
        met[states] += 1
    entered, left = met > 1, met > 1
    entered[always] = left[always] = True
    entered[arcs.head[shared]] = True
    left[arcs.tail[shared]] = True
    for p, (rows, states) in enumerate(zip(members, nodes, strict=True)):
        tail, head = (np.searchsorted(states, ends[rows]) for ends in (arcs.tail, arcs.head))
        tails = np.unique(tail[entered[arcs.tail[rows]]])
        heads = np.unique(head[left[arcs.head[rows]]])
        if len(tails) and len(heads):
            across = dijkstra(arcs_matrix(tail, head, weight[rows], len(states)), indices=tails)[:, heads]
            yield _Run(columns[:, p], states[tails], states[heads], across)


def _assembled(
    arcs: StateArcs,
    weight: Floats,
    shared: Bools,
    runs: Sequence[_Run],
    heads: Ints,
    networks: int,
    starts: Ints,
    targets: Ints,
) -> Floats:
    """Return (networks, starts, targets) minutes from searches on what is shared and the runs."""
    sought = np.unique(np.concatenate([targets, heads, *(run.tails for run in runs)]))
    seen = _searched(arcs, weight, shared, np.concatenate([starts, heads]))[:, sought]
    from_start, from_head = seen[: len(starts)], seen[len(starts) :]
    at_target, at_head = np.searchsorted(sought, targets), from_start[:, np.searchsorted(sought, heads)]
    ends = np.concatenate([np.zeros(0, dtype=np.int64), *(np.searchsorted(heads, run.heads) for run in runs)])
    opened = np.concatenate(
        [np.zeros((0, networks), dtype=bool), *(np.tile(r.opened, (len(r.heads), 1)) for r in runs)]
    )
    tails = [np.searchsorted(sought, run.tails) for run in runs]
    blank = np.zeros((len(starts), 0)), np.zeros((len(heads), 0))
    into, onward = (
        np.concatenate([none, *(_least(part[:, at], run.across) for at, run in zip(tails, runs, strict=True))], axis=1)
        for none, part in zip(blank, (from_start, from_head), strict=True)
    )
    between, out = onward[ends], from_head[ends][:, at_target]
    found = np.empty((networks, len(starts), len(targets)))
    for i in range(networks):
        used = np.nonzero(opened[:, i])[0]
        best, link, known = into[:, used], between[np.ix_(used, used)], at_head[:, ends[used]]
        fresh = np.where(best < known, best, np.inf)
        while np.isfinite(fresh).any():
            further = _least(fresh, link)
            fresh = np.where(further < np.minimum(best, known), further, np.inf)
            best = np.minimum(best, further)
        # where the shared network is as fast to a head, so it is from there on
        found[i] = np.minimum(from_start[:, at_target], _least(np.where(best < known, best, np.inf), out[used]))
    return found


def _least(a: Floats, b: Floats) -> Floats:
    """Return the (min, +) product of (p, q) and (q, r): infinite where nothing is between."""
    least = np.full((a.shape[0], b.shape[1]), np.inf)
    known = np.isfinite(a)
    for q in np.nonzero(known.any(axis=0) & np.isfinite(b).any(axis=1))[0]:
        rows = np.nonzero(known[:, q])[0]
        least[rows] = np.minimum(least[rows], a[rows, q, None] + b[q])
    return least
