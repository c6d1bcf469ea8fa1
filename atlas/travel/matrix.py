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

from atlas.base.geodesy import Bools, Floats, Ints
from atlas.data.places import Place
from atlas.data.scenario import Scenario
from atlas.network.arrays import StateArcs
from atlas.network.build import Network
from atlas.travel.kernel import least_sums
from atlas.travel.minutes import edge_minutes, usable_edges
from atlas.travel.reach import locate_all
from atlas.travel.search import arcs_minutes
from atlas.travel.trip import Trip

__all__ = ["minutes_by_opening", "od_minutes"]

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
        From :func:`atlas.network.build.build_network`.
    origins, destinations
        Places, as for :func:`atlas.travel.reach.reach_from`.
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
        See :func:`atlas.travel.minutes.edge_times`.

    Examples
    --------
    >>> atlas.od_minutes(network, ["珠海", "中山"], ["江门"], [now], ["drive", "rail"]).shape
    (1, 2, 2, 1)
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
            if mode == "rail":
                # which streets count depends on the stations that are open: nothing is shared
                found = np.stack([Trip(network, scenarios[i], mode).many(at)[:, to] for i in group])
            else:
                usable = np.stack([usable_edges(network, scenarios[i], mode) for i in group])
                found = minutes_by_opening(arcs, weight, usable[:, arcs.edge], at, to)
            minutes[group, k] = np.where(np.isfinite(found), found, np.nan)
            done += len(group)
            if progress is not None:
                progress(done, len(scenarios) * len(modes))
    return minutes


def _value_of(scenario: Scenario) -> Callable[[str], Floats]:
    return lambda name: np.array([scenario.value(name)])


def minutes_by_opening(arcs: StateArcs, weight: Floats, open_: Bools, starts: Ints, ends: Ints) -> Floats:
    """Return (k, starts, ends) minutes for k ways of opening the arcs, in a mode that asks for no train.

    Parameters
    ----------
    arcs, weight
        The search graph and (a,) minutes of its arcs, NaN for arcs that never exist.
    open_
        (k, a) which arcs each of the k networks has.
    starts, ends
        Nodes (not states).
    """
    exists = ~np.isnan(weight)
    targets = np.concatenate([ends, arcs.size + ends])
    open_ = _unreached_opened(arcs, open_ & exists, starts)
    shared = np.asarray(open_.all(axis=0))
    varying = np.nonzero(open_.any(axis=0) & ~shared)[0]
    runs = list(_runs(arcs, weight, shared, varying, open_, np.concatenate([starts, targets])))
    heads = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(run.heads for run in runs)]))

    def arrived(minutes: Floats) -> Floats:
        """Return (..., ends) minutes of the (..., states) ones, whether or not a train was ridden."""
        return np.minimum(minutes[..., ends], minutes[..., arcs.size + ends])

    if len(starts) + len(heads) < _WORTH * len(open_) * len(starts):
        seen = _searched(arcs, weight, shared, np.concatenate([starts, heads]))
        best = _assembled(seen[: len(starts)], seen[len(starts) :], runs, heads, len(open_), arrived)
    else:
        best = np.stack([arrived(_searched(arcs, weight, some, starts)) for some in open_])
    best[:, starts[:, None] == ends[None, :]] = 0.0
    return np.asarray(best, dtype=np.float64)


def _unreached_opened(arcs: StateArcs, open_: Bools, starts: Ints) -> Bools:
    """Return `open_` with those arcs open everywhere that are closed only where nobody can come to their tail.

    They change no way, and the fewer arcs differ, the more is searched once: a new line's inner arcs are
    reached by its stations alone, so of each line only what boards it still differs.
    """
    every = np.asarray(open_.all(axis=0))
    rows = np.nonzero(open_.any(axis=0) & ~every)[0]
    tail, head = arcs.tail[rows], arcs.head[rows]
    bits, full = np.packbits(open_[:, rows], axis=0).T, np.packbits(np.ones(len(open_), dtype=bool))
    # per state, the networks in which it might be reached; every arc that is always open counts as reached
    reached = np.zeros((2 * arcs.size, len(full)), dtype=np.uint8)
    reached[starts] = reached[arcs.head[every]] = full
    while True:
        before = reached[head]
        np.bitwise_or.at(reached, head, bits & reached[tail])
        if (reached[head] == before).all():
            break
    freed = open_.copy()
    freed[:, rows[~(reached[tail] & ~bits).any(axis=1)]] = True
    return freed


def _searched(arcs: StateArcs, weight: Floats, keep: Bools, states: Ints) -> Floats:
    return arcs_minutes(arcs.tail[keep], arcs.head[keep], weight[keep], 2 * arcs.size, states)


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
            across = arcs_minutes(tail, head, weight[rows], len(states), tails)[:, heads]
            yield _Run(columns[:, p], states[tails], states[heads], across)


def _assembled(
    from_start: Floats,
    from_head: Floats,
    runs: Sequence[_Run],
    heads: Ints,
    networks: int,
    arrived: Callable[[Floats], Floats],
) -> Floats:
    """Return (networks, starts, ends) minutes from (starts or heads, states) ones on what is shared and the runs."""
    none = np.zeros(0, dtype=np.int64)
    ends = np.concatenate([none, *(np.searchsorted(heads, run.heads) for run in runs)])
    opened = np.concatenate([np.zeros((networks, 0), dtype=bool), *(_columns(run) for run in runs)], axis=1)
    into, onward = (
        np.concatenate([np.zeros((len(part), 0)), *(least_sums(part[:, r.tails], r.across) for r in runs)], axis=1)
        for part in (from_start, from_head)
    )
    between, out, known = onward[ends], arrived(from_head)[ends], from_start[:, heads[ends]]
    # all networks at once: (networks × starts) rows, and a column for each end of a run
    closed, known = np.repeat(~opened, len(from_start), axis=0), np.tile(known, (networks, 1))
    best = np.where(closed, np.inf, np.tile(into, (networks, 1)))
    # where the shared network is as fast to a head, so it is from there on
    fresh = np.where(best < known, best, np.inf)
    while np.isfinite(fresh).any():
        further = least_sums(fresh, between)
        further[closed] = np.inf
        fresh = np.where(further < np.minimum(best, known), further, np.inf)
        best = np.minimum(best, further)
    over = least_sums(np.where(best < known, best, np.inf), out).reshape(networks, len(from_start), -1)
    return np.minimum(arrived(from_start), over)


def _columns(run: _Run) -> Bools:
    return np.repeat(run.opened[:, None], len(run.heads), axis=1)
