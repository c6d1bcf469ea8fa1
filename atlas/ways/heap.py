"""Least minutes by a heap in plain Python, and the rules by which states become nodes and ways. Loads nothing."""

from __future__ import annotations

import heapq
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["NOTHING", "PLAIN_PAYS", "TOLERANCE_MIN", "Ways", "least_of_one", "pays"]

#: Cut-offs are inclusive: a place at 60.00000000000001 min is within 60.
TOLERANCE_MIN = 1e-6
#: The state before where there is none: at a start and where nothing leads.
NOTHING = -9999
#: Arcs and states looked at, over all starts, up to which this heap is quicker than loading any other engine.
PLAIN_PAYS = 600_000


def pays(states: int, arcs: int, searches: int = 1) -> bool:
    """Whether so many searches of such a graph are done by this heap before another engine would be loaded."""
    return searches * (states + arcs) <= PLAIN_PAYS


def least_of_one(
    first: Sequence[int],
    head: Sequence[int],
    minutes_of: Sequence[float],
    start: int,
    limit: float = math.inf,
    wanted: Iterable[tuple[int, ...]] = (),
) -> tuple[list[float], list[int]]:
    """Return least minutes from a state to every other, and the state before each.

    Of several ways of equal minutes the one whose state before has the lowest number is taken.

    Parameters
    ----------
    first, head, minutes_of
        Arcs by tail (CSR): arcs ``first[i]`` to ``first[i + 1]`` lead from state i; each takes more than 0 minutes.
    start
        A state.
    limit
        Minutes beyond which nothing is looked for; the limit itself is reached.
    wanted
        Groups of states: once of each group the nearest is reached the search ends, and only these are sure. None:
        the search goes on to the limit.

    Returns
    -------
    minutes, before
        By state; infinite and :data:`NOTHING` where nothing leads.

    Examples
    --------
    >>> least_of_one([0, 2, 3, 3], [1, 2, 2], [1.0, 5.0, 1.5], 0)
    ([0.0, 1.0, 2.5], [-9999, 0, 1])
    """
    push, pop = heapq.heappush, heapq.heappop
    least = [math.inf] * (len(first) - 1)
    came = [NOTHING] * (len(first) - 1)
    group_of = {state: group for group, states in enumerate(wanted) for state in states}
    left = set(group_of.values())
    ends = bool(left)
    least[start] = 0.0
    waiting = [(0.0, start)]
    while waiting:
        spent, state = pop(waiting)
        if spent > least[state]:
            continue
        if ends and state in group_of:
            # every state from which one as near as this could be reached was taken before it: both are sure
            left.discard(group_of[state])
            if not left:
                break
        for arc in range(first[state], first[state + 1]):
            there = spent + minutes_of[arc]
            other = head[arc]
            known = least[other]
            if there < known:
                if there <= limit:
                    least[other] = there
                    came[other] = state
                    push(waiting, (there, other))
            elif there == known and spent < there and state < came[other]:
                came[other] = state
    return least, came


class Ways(ABC):
    """Shortest paths from one start, however they were found.

    Attributes
    ----------
    graph
        What was searched.
    start
        A node.
    minutes
        (states,) minutes by state, infinite where not reached within the limit.
    previous
        (states,) the state before, negative at the start and where not reached.
    """

    graph: Any
    start: int
    minutes: Any
    previous: Any

    def end_state(self, node: int) -> int:
        """Return the state in which `node` is reached first."""
        after = int(self.graph.size) + node
        if not (node == self.start or self.graph.early[node]):
            return after
        return node if self.minutes[node] <= self.minutes[after] else after

    def arrival(self, node: int) -> float:
        """Return the minutes at which `node` is reached: the better of before and after the first train."""
        return float(self.minutes[self.end_state(node)])

    def states(self, node: int) -> list[int]:
        """Return the states passed on the way to `node`, in order of travel, both ends included."""
        passed = [self.end_state(node)]
        while (before := int(self.previous[passed[-1]])) >= 0:
            passed.append(before)
        return passed[::-1]

    def path(self, node: int) -> list[int]:
        """Return the rows of ``Network.edges`` on the way to `node`, in order of travel."""
        return self.edges(self.states(node))

    @abstractmethod
    def edges(self, states: Sequence[int]) -> list[int]:
        """Return the rows of ``Network.edges`` from each of the states passed to the next."""
