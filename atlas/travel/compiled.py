"""The search in machine code, compiled by numba when it is first used (extra ``fast``).

States wait in a ring of buckets of equal width. A bucket is emptied in any order, and a state that is reached sooner
comes back, until nothing changes: the minutes are exact.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["least_sums", "search_rows"]

#: What was compiled is kept beside the module, as Python keeps its own, and nowhere that others can write.
_KEPT = os.access(Path(__file__).parent, os.W_OK)


# One loop without calls: a function of its own for what happens to a bucket costs a third of the speed.
@njit(nogil=True, cache=_KEPT)
def search_rows(  # noqa: C901
    graph: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    starts: NDArray[Any],
    limit: float,
    buckets: tuple[float, int],
    found: NDArray[Any],
    before: NDArray[Any],
    paths: bool,
    room: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
) -> None:
    """Fill `found` (k, states), all infinite, and with `paths` `before`; see :mod:`atlas.travel.kernel`.

    `graph` is where the arcs of each state begin, what they lead to, and their minutes; `buckets` the inverse of a
    bucket's width, and their number, a power of two, less one. They are lists linked both ways: `room` (states each) is
    what follows and what leads, of any content, and a state's bucket and 1, all 0 before and after.
    """
    indptr, heads, weight = graph
    share, mask = buckets
    following, leading, place = room
    first = np.full(mask + 1, -1, np.int32)
    for row in range(starts.shape[0]):
        least = found[row]
        came = before[row if paths else 0]
        start = starts[row]
        least[start] = 0.0
        first[0] = start
        following[start] = leading[start] = -1
        place[start] = 1
        waiting, ring = 1, 0
        while waiting > 0:
            state = first[ring]
            while state >= 0:
                after = following[state]
                first[ring] = after
                if after >= 0:
                    leading[after] = -1
                place[state] = 0
                waiting -= 1
                spent = least[state]
                for arc in range(indptr[state], indptr[state + 1]):
                    there, other = spent + weight[arc], heads[arc]
                    known = least[other]
                    if there < known:
                        if there > limit:
                            continue
                        least[other] = there
                        if paths:
                            came[other] = state
                        into, out = np.int64(there * share) & mask, place[other] - 1
                        if out == into:
                            continue
                        if out >= 0:
                            a, b = leading[other], following[other]
                            if a >= 0:
                                following[a] = b
                            else:
                                first[out] = b
                            if b >= 0:
                                leading[b] = a
                        else:
                            waiting += 1
                        top = first[into]
                        following[other], leading[other] = top, -1
                        if top >= 0:
                            leading[top] = other
                        first[into] = other
                        place[other] = into + 1
                    elif paths and there == known and spent < there and state < came[other]:
                        came[other] = state
                state = first[ring]
            ring = (ring + 1) & mask


@njit(nogil=True, cache=_KEPT)
def least_sums(a: NDArray[Any], b: NDArray[Any], least: NDArray[Any]) -> None:
    """Fill `least` (p, r), all infinite, with the (min, +) product of `a` (p, q) and `b` (q, r)."""
    for row in range(a.shape[0]):
        for middle in range(a.shape[1]):
            first = a[row, middle]
            if first < np.inf:
                for column in range(b.shape[1]):
                    least[row, column] = min(least[row, column], first + b[middle, column])
