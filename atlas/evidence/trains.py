"""The direct trains between two stations: how many a day, how fast the fastest, the typical and the slowest."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atlas.network.build import Network

__all__ = ["Direct", "direct_trains"]


@dataclass(frozen=True)
class Direct:
    """The trains that call at one station and later at another.

    Attributes
    ----------
    runs
        (minutes between the stations, trains a day) of each pattern of stops.
    """

    runs: tuple[tuple[float, float], ...]

    @property
    def trains_per_day(self) -> float:
        """Trains a day, all patterns together."""
        return sum(trains for _, trains in self.runs)

    @property
    def fastest_min(self) -> float:
        """Minutes of the fastest train."""
        return min(minutes for minutes, _ in self.runs)

    @property
    def typical_min(self) -> float:
        """Minutes that half of the trains need at most."""
        return weighted_median(self.runs)

    @property
    def slowest_min(self) -> float:
        """Minutes of the slowest train."""
        return max(minutes for minutes, _ in self.runs)


def weighted_median(runs: Sequence[tuple[float, float]]) -> float:
    """Return the value that half of the weight does not exceed, of pairs of value and weight."""
    ordered = sorted(runs)
    total = np.cumsum([weight for _, weight in ordered])
    return ordered[int(np.searchsorted(total, total[-1] / 2.0))][0]


def direct_trains(network: Network, *, ordinary: bool = False) -> dict[tuple[str, str], Direct]:
    """Return the direct trains with measured minutes, by the Chinese names of the two stations.

    Parameters
    ----------
    network
        From :func:`atlas.network.build.build_network`.
    ordinary
        Whether to count the trains of an ordinary day only, as scenarios do by default; else all numbers of
        the timetable.
    """
    arrays, names = network.arrays, network.node_names
    trains = _trains_of_services(network, ordinary=ordinary)
    rows = np.nonzero((arrays.role == "ride") & ~np.isnan(arrays.run_min))[0]
    by_service: dict[str, list[int]] = {}
    for row in rows.tolist():
        by_service.setdefault(str(arrays.feature_id[row]), []).append(row)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for service, ridden in by_service.items():
        if not trains[service] > 0:
            continue
        stops = [names[int(arrays.tail[ridden[0]])], *(names[int(arrays.head[row])] for row in ridden)]
        elapsed = np.concatenate([[0.0], np.cumsum(arrays.run_min[ridden])])
        for i, k in itertools.combinations(range(len(stops)), 2):
            run = (float(elapsed[k] - elapsed[i]), trains[service])
            found.setdefault((stops[i], stops[k]), []).append(run)
    return {pair: Direct(tuple(runs)) for pair, runs in found.items()}


def _trains_of_services(network: Network, *, ordinary: bool) -> dict[str, float]:
    arrays = network.arrays
    if not ordinary:
        rides = network.edges["role"] == "ride"
        columns = (network.edges.loc[rides, name] for name in ("feature_id", "trains_per_day"))
        return {str(name): float(number) for name, number in zip(*columns, strict=True)}
    boards = np.nonzero(arrays.role == "board")[0]
    return {str(arrays.feature_id[row]): float(arrays.service_ordinary[row]) for row in boards}
