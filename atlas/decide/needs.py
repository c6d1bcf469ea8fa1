"""What would bring a trip within its limit: the least change of one thing, or of two, and why none can.

A lever takes minutes off some edges: the share s of them is left. The minutes of a trip are then the least of straight
lines in s, one a way, so they rise with s without a jump, and the largest s that keeps the limit is found by halving.
Every answer is put back and computed again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from atlas.base.errors import PlanError
from atlas.base.words import both
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.decide import LEVERS
from atlas.decide.board import Board, Opened
from atlas.decide.levers import Lever, all_off, levers_of
from atlas.decide.players import Player
from atlas.network.build import Network
from atlas.travel.journey import Journey
from atlas.travel.reach import locate
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["SHARE_OF_POSSIBLE", "Needs", "solve", "solve_trips"]

#: The unit of all levers together: the part of the way to what is possible.
SHARE_OF_POSSIBLE = "share of what is possible"

NEED_COLUMNS = (
    "by", "lever", "name_zh", "name_en", "parameter", "other", "other_zh", "other_en", "unit", "before", "needed",
    "change", "minutes", "best_min", "possible", "other_before", "other_needed", "other_unit",
)  # fmt: skip
#: A lever that moves the trip by less is none.
_MOVES_MIN = 0.05
#: Pairs are looked at among so many levers that alone bring most.
_PAIRED = 10
#: With so many projects that alone bring most, levers are looked at too, where no project alone does it.
_WITH_LEVERS = 3


@dataclass(frozen=True)
class Needs:
    """What trips need to come within a limit.

    Attributes
    ----------
    minutes
        Of the slowest trip now; ``over_min`` is by how much it misses its limit, 0 or less when it is met.
    options : DataFrame
        :data:`NEED_COLUMNS`, what is possible and the least change first. ``change`` is the share of the lever's
        minutes that must go, of a pair the greater; for ``all`` (every lever at once) the part of the way to the
        possible; for projects their number. ``minutes`` is the trip with the change put back in, ``best_min`` with the
        lever at what is possible; ``needed`` is NaN where even no minutes at all would not do.
    deciding
        The journey now.
    least_left
        The journey with every lever of the kinds asked for at its utmost possible value together.
    """

    origin: str
    destination: str
    scenario: Scenario
    mode: str
    limit_min: float
    minutes: float
    over_min: float
    options: pd.DataFrame
    deciding: Journey
    least_left: Journey
    hash: str

    @property
    def met(self) -> bool:
        """Whether nothing is needed."""
        return self.over_min <= TOLERANCE_MIN

    @property
    def solved(self) -> bool:
        """Whether any option does it."""
        return bool(self.options["possible"].any()) if len(self.options) else False


Ask = Callable[[Opened], float]
Turned = Sequence[tuple[Lever, float]]


def solve(
    network: Network,
    origin: str,
    destination: str,
    scenario: Scenario,
    *,
    limit_min: float = 60.0,
    mode: str = "multimodal",
    by: Sequence[str] = (),
    projects: Sequence[Player] = (),
) -> Needs:
    """Return the least change that brings a trip within a limit.

    Parameters
    ----------
    network, scenario, mode
        What is open, and how it is travelled.
    origin, destination
        Places.
    limit_min
        The limit in minutes.
    by
        Kinds of :data:`atlas.decide.LEVERS`; none: all. ``speed`` of one road or line, or of a class of roads;
        ``headway`` of the trains of one line; ``border`` minutes at one crossing; ``access`` speed of local travel;
        ``departure`` minutes in stations and the wait for the first train; ``project`` one of `projects`, or two.
    projects
        Those that `scenario` does not have and that may be put in.

    Returns
    -------
    Needs
        Single changes that do, and what is left with all of them.

    Raises
    ------
    PlanError
        A kind that is not known, a limit that is not positive, or one place twice.
    UnknownPlaceError
        A place that nothing answers to.

    Examples
    --------
    >>> needs = atlas.solve(network, "阳江", "珠海", now, limit_min=100, mode="drive", by=["speed"])
    >>> best = needs.options.iloc[0]
    >>> bool(abs(best["minutes"] - 100) < 0.1)
    True
    """
    network, start = locate(network, origin)
    network, end = locate(network, destination)
    if start == end:
        raise PlanError(f"{origin} and {destination} are one place")
    return _solved(network, [(start, (end,), limit_min)], scenario, mode, by, projects)


def solve_trips(
    network: Network,
    trips: Iterable[tuple[str, tuple[str, ...], float]],
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    by: Sequence[str] = (),
    projects: Sequence[Player] = (),
) -> Needs:
    """Return the least change that brings all of `trips` within their limits; see :func:`solve`.

    Parameters
    ----------
    trips
        Origin, destinations of which the nearest counts, and limit, as ids of places: the trips of a target.
    """
    asked = [(f"place/{start}", tuple(f"place/{end}" for end in ends), limit) for start, ends, limit in trips]
    if not asked:
        raise PlanError("there is no trip to solve")
    return _solved(network, asked, scenario, mode, by, projects)


def _solved(
    network: Network,
    trips: Sequence[tuple[str, tuple[str, ...], float]],
    scenario: Scenario,
    mode: str,
    by: Sequence[str],
    projects: Sequence[Player],
) -> Needs:
    kinds = tuple(by) or LEVERS
    for kind in kinds:
        if kind not in LEVERS:
            raise PlanError(f"nothing is changed by {kind!r}; there are {', '.join(LEVERS)}")
    if not all(0 < limit < np.inf for _, _, limit in trips):
        raise PlanError("a limit is a positive number of minutes")
    board = Board(network, scenario, mode)
    starts = np.array(list(dict.fromkeys(network.row_of[start] for start, _, _ in trips)), dtype=np.int64)
    row = {node: i for i, node in enumerate(starts.tolist())}
    ends = [(row[network.row_of[a]], np.array([network.row_of[b] for b in some]), limit) for a, some, limit in trips]

    def over(opened: Opened) -> float:
        """Minutes by which the worst trip misses its limit."""
        minutes = opened.many(starts)
        return max(float(minutes[i, some].min()) - limit for i, some, limit in ends)

    whole = board.opened()
    now = over(whole)
    minutes = whole.many(starts)
    worst = int(np.argmax([minutes[i, some].min() - limit for i, some, limit in ends]))
    i, some, limit = ends[worst]
    nearest = int(some[np.argmin(minutes[i, some])])
    levers = [lever for lever in levers_of(board) if lever.kind in kinds]
    rows: list[dict[str, Any]] = []
    if now > TOLERANCE_MIN:
        rows = _by_levers(board, levers, over, limit)
        if "project" in kinds:
            rows += _by_projects(network, scenario, mode, projects, over, limit, kinds)
    frame = pd.DataFrame(rows, columns=list(NEED_COLUMNS))
    frame = frame.sort_values(["possible", "change", "needed"], ascending=[False, True, True], kind="stable")
    start = int(starts[i])
    left = board.eased(*all_off(board, levers)).journey(start, nearest)
    names = network.node_names
    return Needs(
        names[start], names[nearest], scenario, mode, limit, float(minutes[i, some].min()), now,
        frame.reset_index(drop=True), whole.journey(start, nearest), left, stamp(network.hash, [scenario]),
    )  # fmt: skip


def _row(lever: Lever, other: Lever | None) -> dict[str, Any]:
    told = ("", "", "") if other is None else (other.id, other.name_zh, other.name_en)
    return dict.fromkeys(NEED_COLUMNS, np.nan) | {
        "by": lever.kind, "lever": lever.id, "name_zh": lever.name_zh, "name_en": lever.name_en,
        "parameter": lever.parameter, "other": told[0], "other_zh": told[1], "other_en": told[2], "unit": lever.unit,
        "before": lever.before, "possible": False, "other_unit": "",
    }  # fmt: skip


def _by_levers(board: Board, levers: Sequence[Lever], over: Ask, limit: float) -> list[dict[str, Any]]:
    """Return a row for each lever that moves the trip; for pairs, and for all at once, where none alone does it."""
    now = over(board.opened())
    nothing = np.zeros(len(board.present))

    def turned(some: Turned) -> float:
        first, later = nothing, nothing
        for lever, share in some:
            first, later = first + lever.first_off * (1.0 - share), later + lever.later_off * (1.0 - share)
        return over(board.eased(first, later))

    rows: list[dict[str, Any]] = []
    moving: list[tuple[float, Lever]] = []
    for lever in levers:
        gone = turned([(lever, 0.0)])
        if gone > now - _MOVES_MIN:
            continue
        best = turned([(lever, lever.least_share)])
        moving.append((best, lever))
        row = _row(lever, None) | {"best_min": limit + best}
        if gone <= TOLERANCE_MIN:
            share = _largest(partial(_alone, turned, lever))
            minutes = limit + turned([(lever, share)])
            row |= {"needed": lever.value(share), "change": 1.0 - share, "minutes": minutes}
            row["possible"] = lever.possible(share)
        rows.append(row)
    if any(row["possible"] for row in rows):
        return rows
    chosen = [lever for _, lever in sorted(moving, key=lambda one: one[0])[:_PAIRED]]
    for one, other in itertools.combinations(chosen, 2):
        if ((one.first_off > 0) & (other.first_off > 0)).any() or turned(_at(1.0, one, other)) > TOLERANCE_MIN:
            continue
        part = 1.0 - _largest(partial(_together, turned, one, other))
        (_, first), (_, second) = shares = _at(part, one, other)
        found = {"needed": one.value(first), "change": 1.0 - min(first, second), "minutes": limit + turned(shares)}
        more = {"other_before": other.before, "other_needed": other.value(second), "other_unit": other.unit}
        best = limit + turned(_at(1.0, one, other))
        rows.append(_row(one, other) | found | more | {"best_min": best, "possible": True})
    off = all_off(board, levers)

    def all_left(share: float) -> float:
        return over(board.eased(off[0] * (1.0 - share), off[1] * (1.0 - share)))

    if levers and all_left(0.0) <= TOLERANCE_MIN and not any(row["possible"] for row in rows):
        share = _largest(all_left)
        words = both("decide.all_levers")
        every = Lever("all", "", *words, "", SHARE_OF_POSSIBLE, 0.0, False, *off, 0.0)
        found = {"needed": 1.0 - share, "change": 1.0 - share, "minutes": limit + all_left(share)}
        rows.append(_row(every, None) | found | {"best_min": limit + all_left(0.0), "possible": True})
    return rows


def _alone(turned: Callable[[Turned], float], lever: Lever, share: float) -> float:
    return turned([(lever, share)])


def _together(turned: Callable[[Turned], float], one: Lever, other: Lever, share: float) -> float:
    """Minutes over when both go the same part of the way to what is possible."""
    return turned(_at(1.0 - share, one, other))


def _at(part: float, *levers: Lever) -> list[tuple[Lever, float]]:
    """Each lever turned the same `part` of the way to what is possible."""
    return [(lever, 1.0 - part * (1.0 - lever.least_share)) for lever in levers]


def _largest(miss: Callable[[float], float]) -> float:
    """Return the largest share that keeps the limit: `miss` rises with it and is 0 or less at 0.

    The way between is straight in pieces, so Brent's method needs a third of the questions that halving does.
    """
    least, most = miss(0.0), miss(1.0)
    if least < 0.0 < most < np.inf:
        root = max(float(brentq(miss, 0.0, 1.0, xtol=1e-7)) - 2e-7, 0.0)
        if miss(root) <= 0:
            return root
    low, high = 0.0, 1.0
    while high - low > 1e-7:
        middle = (low + high) / 2.0
        low, high = (middle, high) if miss(middle) <= 0 else (low, middle)
    return low


def _by_projects(
    network: Network,
    scenario: Scenario,
    mode: str,
    projects: Sequence[Player],
    over: Ask,
    limit: float,
    kinds: Sequence[str],
) -> list[dict[str, Any]]:
    """Return a row for each project that moves the trip, and for pairs of them where none alone does it."""
    if not projects:
        return []
    board = Board(network, scenario.but(with_=[one for player in projects for one in player.features]), mode)
    present = network.arrays.present_in(scenario)
    own = [board.closing(player.features) & ~present for player in projects]
    every = np.any(own, axis=0)

    def built(*chosen: int) -> float:
        return over(board.opened(every & ~np.any([own[i] for i in chosen], axis=0)))

    now, best = over(board.opened(every)), over(board.opened())
    rows, alone = [], {i: built(i) for i in range(len(projects))}
    for i, player in enumerate(projects):
        if alone[i] < now - _MOVES_MIN:
            rows.append(_project_row((player,), limit + alone[i], alone[i] <= TOLERANCE_MIN, limit + best))
    if any(row["possible"] for row in rows):
        return rows
    if best <= TOLERANCE_MIN:
        for i, j in itertools.combinations(range(len(projects)), 2):
            missed = built(i, j)
            if missed <= TOLERANCE_MIN:
                rows.append(_project_row((projects[i], projects[j]), limit + missed, True, limit + best))
    nearest = sorted((missed, i) for i, missed in alone.items() if TOLERANCE_MIN < missed < now - _MOVES_MIN)
    for _, i in nearest[:_WITH_LEVERS]:
        held = Board(network, scenario.but(with_=projects[i].features), mode)
        levers = [lever for lever in levers_of(held) if lever.kind in kinds]
        for row in _by_levers(held, levers, over, limit):
            if row["possible"] and not row["other"]:
                first = _project_row((projects[i],), row["minutes"], True, row["best_min"])
                second = {"other": row["lever"], "other_zh": row["name_zh"], "other_en": row["name_en"]}
                second |= {"other_before": row["before"], "other_needed": row["needed"], "other_unit": row["unit"]}
                rows.append(first | second | {"change": 1.0 + row["change"]})
    return rows


def _project_row(players: Sequence[Player], minutes: float, possible: bool, best: float) -> dict[str, Any]:
    first, second = players[0], players[1] if len(players) > 1 else None
    told = ("", "", "") if second is None else (second.id, second.name_zh, second.name_en)
    count = float(len(players))
    return dict.fromkeys(NEED_COLUMNS, np.nan) | {
        "by": "project", "lever": first.id, "name_zh": first.name_zh, "name_en": first.name_en, "parameter": "with",
        "other": told[0], "other_zh": told[1], "other_en": told[2], "unit": "projects", "before": 0.0,
        "needed": count, "change": count, "minutes": minutes, "best_min": best, "possible": possible, "other_unit": "",
    }  # fmt: skip
