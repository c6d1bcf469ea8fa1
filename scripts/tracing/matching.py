"""The ways of a sketch that fit the junctions of a road, leg by leg."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

#: Matching (see :func:`matched_legs`): junctions of the sketch are sought within this many times a node's error, at
#: most so many kilometres off and so many of them; what leaving a leg unmatched costs, in squared errors.
_SEEK_ERRORS, SEEK_KM, _SEEK_MOST, _SKIP = 1.5, 4.5, 60, 2.5
#: A way longer than its chord by more than this is no course of a road.
_DETOUR = 1.6


def matched_legs(
    place: np.ndarray, ways: np.ndarray, km: np.ndarray, at: np.ndarray, error_km: np.ndarray
) -> list[list[int] | None]:
    """The junctions of the sketch passed on each leg between neighbouring nodes, None for a leg that none fits.

    The likeliest sequence (Viterbi): a junction costs the square of its distance in errors of the node, a way the
    square of what it is longer than its chord by, and of what the chord differs from ours by; leaving a leg open
    costs :data:`_SKIP`.
    """
    tree = cKDTree(place)
    matrix = csr_matrix((np.tile(km, 2), (ways.ravel("F"), ways[:, ::-1].ravel("F"))), shape=(len(place),) * 2)
    sought = [
        sorted(tree.query_ball_point(point, min(max(1.0, _SEEK_ERRORS * error), SEEK_KM)),
               key=lambda i, point=point: float(np.hypot(*(place[i] - point))))[:_SEEK_MOST]
        for point, error in zip(at, error_km, strict=True)
    ]  # fmt: skip

    def off(k: int, i: int) -> float:
        return float(np.hypot(*(place[i] - at[k])) / error_km[k]) ** 2

    cost: dict[int | None, float] = {None: 1.0, **{i: off(0, i) for i in sought[0]}}
    steps: list[tuple[dict[int | None, tuple[int | None, int | None]], np.ndarray]] = []
    for k in range(len(at) - 1):
        ours = float(np.hypot(*(at[k + 1] - at[k])))
        best = min(cost, key=lambda state: cost[state])
        after: dict[int | None, float] = {None: cost[best] + _SKIP}
        came: dict[int | None, tuple[int | None, int | None]] = {None: (best, None)}
        before = np.zeros((0, len(place)), dtype=np.int64)
        far = np.zeros((0, len(place)))
        if sought[k]:
            far, before = dijkstra(matrix, indices=sought[k], return_predecessors=True, limit=1.7 * ours + 5.0)
        for q in sought[k + 1]:
            after[q], came[q] = cost[best] + _SKIP + off(k + 1, q), (best, None)
            for s, p in enumerate(sought[k]):
                chord = float(np.hypot(*(place[q] - place[p])))
                if p == q or p not in cost or not far[s, q] <= _DETOUR * max(chord, 0.3):
                    continue
                longer = max(far[s, q] / max(chord, 0.3) - 1.05, 0.0) / 0.1
                apart = (chord - ours) / max(error_km[k] + error_km[k + 1], 1.0)
                total = cost[p] + longer**2 * min(1.0, chord / 10 + 0.3) + 0.3 * apart**2 + off(k + 1, q)
                if total < after[q]:
                    after[q], came[q] = total, (p, s)
        cost = after
        steps.append((came, before))
    state = min(cost, key=lambda one: cost[one])
    legs: list[list[int] | None] = []
    for came, before in reversed(steps):
        start, s = came[state]
        if s is None or state is None:
            legs.append(None)
        else:
            way = [state]
            while way[-1] != start:
                way.append(int(before[s, way[-1]]))
            legs.append(way[::-1])
        state = start
    return legs[::-1]


def chains(legs: list[list[int] | None]) -> Iterator[tuple[int, int, list[int]]]:
    """First and last node, and junctions of the sketch, of each run of matched legs; loops and spurs are cut out."""
    first, way = 0, list[int]()
    for k, leg in enumerate([*legs, None]):
        if leg is not None and (not way or way[-1] == leg[0]):
            way = way + leg[1:] if way else list(leg)
            continue
        if way:
            yield first, k, _without_loops(way)
        first, way = (k, list(leg)) if leg is not None else (k + 1, [])


def _without_loops(way: list[int]) -> list[int]:
    kept: list[int] = []
    for one in way:
        if one in kept:
            kept = kept[: kept.index(one)]
        kept.append(one)
    return kept
