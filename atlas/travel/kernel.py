"""The search itself: least minutes from states of a graph, by one of three engines that give the same results.

``plain`` is a heap in Python and loads nothing: for a few questions of a small graph. ``scipy`` needs no compiler.
``numba`` (the extra ``fast``) runs buckets of equal width in machine code, on all cores when there are many starts. The
work at hand, and what was done before in this process, choose among them: loading numba costs about a second.

Minutes are the same to the last bit, for each is the least sum along a way, added up in order of travel. Of several
ways of equal minutes all engines take the one whose state before has the lowest number.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.base.geodesy import Floats, Ints
from atlas.ways.heap import NOTHING, PLAIN_PAYS, least_of_one

__all__ = ["ENGINES", "least_minutes", "least_sums"]

Counts = NDArray[np.int32]
ENGINES = ("plain", "scipy", "numba")
#: Arcs and states looked at from which machine code has earned its loading; as :data:`PLAIN_PAYS` it counts what was
#: searched before in this process.
_COMPILED_PAYS = 20_000_000
#: States of all searches together from which to share them among cores costs less than it saves.
_HANDS_PAY = 100_000
#: Most buckets of one search: beyond it they grow wider.
_MOST_BUCKETS = 1 << 14
_done = [0]


def engine_for(work: int) -> str:
    """Return the engine for a search that may look at `work` arcs and states."""
    _done[0] += work
    if ("numba" in sys.modules or _done[0] >= _COMPILED_PAYS) and _has_numba():
        return "numba"
    return "plain" if _done[0] <= PLAIN_PAYS and "scipy.sparse.csgraph" not in sys.modules else "scipy"


@cache
def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None


def least_minutes(
    indptr: NDArray[Any],
    heads: NDArray[Any],
    weight: Floats,
    starts: Ints,
    *,
    limit: float = np.inf,
    paths: bool = False,
    wanted: Ints | None = None,
    engine: str | None = None,
) -> tuple[Floats, Counts]:
    """Return least minutes from each start to every state, and the state before.

    Parameters
    ----------
    indptr, heads, weight
        Arcs by tail (CSR): arcs ``indptr[i]`` to ``indptr[i + 1]`` lead from state i to `heads` and take `weight`
        minutes, each more than 0.
    starts
        (k,) states.
    limit
        Minutes beyond which nothing is looked for; the limit itself is reached.
    paths
        Whether the states before are asked for.
    wanted
        (w,) states whose minutes alone are given, without `paths`; None: all. The rows of many searches take longer to
        lay out than a few columns of them.
    engine
        One of :data:`ENGINES`; None: by the work.

    Returns
    -------
    minutes, before
        (k, states) each, or (k, w); infinite and :data:`NOTHING` where nothing leads. `before` has no rows without
        `paths`.
    """
    states = len(indptr) - 1
    chosen = engine or engine_for(len(starts) * (len(heads) + states))
    starts = np.asarray(starts, dtype=np.int64)
    if chosen == "numba":
        return _numba((indptr, heads, weight), starts, limit, paths, wanted)
    run: Callable[..., tuple[Floats, Counts]] = {"plain": _plain, "scipy": _scipy}[chosen]
    minutes, before = run(indptr, heads, weight, starts, limit, paths)
    return (minutes if wanted is None else minutes[:, wanted]), before


def _plain(
    indptr: NDArray[Any], heads: NDArray[Any], weight: Floats, starts: Ints, limit: float, paths: bool
) -> tuple[Floats, Counts]:
    first, head, minutes_of = indptr.tolist(), heads.tolist(), weight.tolist()
    states = len(first) - 1
    found = np.full((len(starts), states), np.inf)
    before = np.full((len(starts) if paths else 0, states), NOTHING, dtype=np.int32)
    for row, start in enumerate(starts.tolist()):
        least, came = least_of_one(first, head, minutes_of, start, limit)
        found[row] = least
        if paths:
            before[row] = came
    return found, before


def _scipy(
    indptr: NDArray[Any], heads: NDArray[Any], weight: Floats, starts: Ints, limit: float, paths: bool
) -> tuple[Floats, Counts]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    states = len(indptr) - 1
    matrix = csr_array((weight, heads, indptr), shape=(states, states))
    if not paths:
        minutes = dijkstra(matrix, indices=starts, limit=limit)
        return np.asarray(minutes, dtype=np.float64), np.zeros((0, states), dtype=np.int32)
    minutes, came = dijkstra(matrix, indices=starts, limit=limit, return_predecessors=True)
    before = came.astype(np.int32, copy=False)
    tails = np.repeat(np.arange(states), np.diff(indptr))
    for least, row in zip(minutes, before, strict=True):
        spent, there = least[tails], least[heads]
        tight = np.nonzero((spent + weight == there) & (spent < there))[0][::-1]
        row[heads[tight]] = tails[tight]  # written from the highest number down: the lowest stays
    return minutes, before


def _numba(
    arcs: tuple[NDArray[Any], NDArray[Any], Floats], starts: Ints, limit: float, paths: bool, wanted: Ints | None
) -> tuple[Floats, Counts]:
    from concurrent.futures import ThreadPoolExecutor

    from atlas.travel.compiled import search_rows

    indptr, heads, weight = arcs
    states = len(indptr) - 1
    found = np.full((len(starts), states if wanted is None else len(wanted)), np.inf)
    before = np.full((len(starts) if paths else 1, states), NOTHING, dtype=np.int32)
    width, longest = _width(weight)
    mask = (1 << (int(min(longest, limit) / width) + 3).bit_length()) - 1
    arrays = (indptr.astype(np.int32, copy=False), heads.astype(np.int32, copy=False), weight)

    def some(rows: slice) -> None:
        if wanted is None:
            own = before[rows] if paths else before
            search_rows(arrays, starts[rows], limit, (1.0 / width, mask), found[rows], own, paths, _scratch(states))
            return
        line = np.full((1, states), np.inf)
        for row in range(*rows.indices(len(starts))):
            search_rows(
                arrays, starts[row : row + 1], limit, (1.0 / width, mask), line, before, False, _scratch(states)
            )
            found[row] = line[0, wanted]
            line.fill(np.inf)

    hands = min(len(starts), len(_cores()))
    if hands < 2 or len(starts) * states < _HANDS_PAY:
        some(slice(None))
    else:
        bounds = np.linspace(0, len(starts), 4 * hands + 1).astype(int).tolist()
        with ThreadPoolExecutor(hands) as pool:
            list(pool.map(some, (slice(a, b) for a, b in itertools.pairwise(bounds) if a < b)))
    return found, before if paths else before[:0]


def least_sums(a: Floats, b: Floats) -> Floats:
    """Return the (min, +) product of (p, q) and (q, r) minutes: infinite where nothing is between."""
    least = np.full((a.shape[0], b.shape[1]), np.inf)
    if "numba" in sys.modules and _has_numba():
        from atlas.travel import compiled

        compiled.least_sums(np.ascontiguousarray(a), np.ascontiguousarray(b), least)
        return least
    known = np.isfinite(a)
    for q in np.nonzero(known.any(axis=0) & np.isfinite(b).any(axis=1))[0]:
        rows = np.nonzero(known[:, q])[0]
        least[rows] = np.minimum(least[rows], a[rows, q, None] + b[q])
    return least


_own = threading.local()


def _scratch(states: int) -> tuple[Counts, Counts, Counts]:
    """Return this thread's own room for the buckets of a search, kept for its next: new memory costs as much again."""
    kept: tuple[Counts, Counts, Counts] | None = getattr(_own, "scratch", None)
    if kept is None or len(kept[0]) < states:
        kept = np.empty(states, np.int32), np.empty(states, np.int32), np.zeros(states, np.int32)
        _own.scratch = kept
    return kept


def _cores() -> Sequence[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)


def _width(weight: Floats) -> tuple[float, float]:
    """Return the width of a bucket and the longest arc, minutes; computed once an array."""
    known = _widths.get(id(weight))
    if known is None or known[0]() is not weight:
        finite = weight[np.isfinite(weight)]
        longest = float(finite.max(initial=1.0))
        width = max(float(finite.mean()) * 0.5 if len(finite) else 1.0, longest / _MOST_BUCKETS)
        known = (weakref.ref(weight), width, longest)
        if len(_widths) > 64:
            _widths.clear()
        _widths[id(weight)] = known
    return known[1:]


_widths: dict[int, tuple[weakref.ref[Floats], float, float]] = {}
