"""What each project is worth: alone, as the last one missing, and on average over all orders of building.

The averaged worth is the Shapley value (L. S. Shapley, *A value for n-person games*, 1953): the mean of what a project
adds over all orders in which the projects could be built. The values of all projects add up to what they bring
together. It is exact for few projects and estimated from drawn orders for many, each order taken forwards and
backwards, with the standard error of the mean (J. Castro, D. Gómez, J. Tejada, *Polynomial calculation of the Shapley
value based on sampling*, Computers & Operations Research 36, 2009).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd

from atlas.base.errors import PlanError, only_known
from atlas.base.geodesy import Bools, Floats
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.decide.board import Board
from atlas.decide.measures import CAP_MIN, SITES, Measure, Trips, make_measure
from atlas.decide.players import Player
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.plan.promises import Targets

__all__ = ["Game", "exact_values", "project_values", "sampled_values", "target_values"]

Progress = Callable[[int, int], None]
#: Up to so many projects all combinations are computed: 4096 of them.
EXACT_PLAYERS = 12
#: Interactions are given among so many projects of most worth.
PAIRED = 20
VALUE_COLUMNS = (
    "project", "name_zh", "name_en", "opens_year", "opens_basis", "first_in", "last_in", "value", "standard_error",
    "share", "method",
)  # fmt: skip
CITY_COLUMNS = ("project", "name_zh", "name_en", "city", "first_in", "last_in", "value", "standard_error")
TARGET_COLUMNS = ("target", "project", "name_zh", "name_en", "first_in", "last_in", "value", "standard_error")
INTERACTION_COLUMNS = (
    "project", "name_zh", "name_en", "other", "other_zh", "other_en", "together", "apart", "interaction",
    "interaction_last",
)  # fmt: skip
DELAY_COLUMNS = (
    "project", "name_zh", "name_en", "opens_year", "opens_basis", "delay_years", "late_in", "lost", "lost_share",
    "most_hit",
)  # fmt: skip
#: Worth below this share of the whole is rounding, not worth.
_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Game:
    """A measure of every set of projects, each computed once.

    Sets are whole numbers: bit i stands for project i.
    """

    board: Board
    shut: tuple[Bools, ...]
    measure: Measure
    known: dict[int, Floats] = field(default_factory=dict)

    @property
    def everyone(self) -> int:
        """The set of all projects."""
        return (1 << len(self.shut)) - 1

    def at(self, chosen: int) -> Floats:
        """(cities,) the measure with the projects `chosen` built and all others not."""
        found = self.known.get(chosen)
        if found is None:
            closed = np.zeros(len(self.board.present), dtype=bool)
            for i, edges in enumerate(self.shut):
                if not chosen >> i & 1:
                    closed |= edges
            found = self.known[chosen] = self.measure.at(self.board.opened(closed))
        return found


@dataclass(frozen=True)
class Valuation:
    """The worth of projects under one measure.

    Attributes
    ----------
    projects : DataFrame
        :data:`VALUE_COLUMNS`, greatest worth first. ``first_in`` is what the project adds with no other built,
        ``last_in`` what is lost when it alone is missing, ``value`` the mean over all orders, ``standard_error`` that
        of the mean (0: exact), ``share`` of the joint gain. All in the unit of the measure.
    cities : DataFrame
        :data:`CITY_COLUMNS`: the same split by city.
    interactions : DataFrame
        :data:`INTERACTION_COLUMNS`: of two projects, what they bring together beyond the sum of each alone with
        nothing else built (``interaction``; above 0 they need each other, below 0 they stand in for each other), and
        the same with all others built (``interaction_last``).
    joint
        What all projects bring together.
    before, after
        The measure without and with all of them.
    method
        ``exact`` or ``sampled``.
    orders
        Orders drawn (0: exact).
    """

    measure: str
    unit: str
    scenario: Scenario
    mode: str
    limit_min: float
    projects: pd.DataFrame
    cities: pd.DataFrame
    interactions: pd.DataFrame
    joint: float
    before: float
    after: float
    method: str
    orders: int
    seed: int
    hash: str
    players: tuple[Player, ...] = ()
    game: Game | None = None

    def delayed(self, years: int) -> pd.DataFrame:
        """Return what each project loses the scenario's year when it opens `years` later; see :func:`_delays`.

        Raises
        ------
        PlanError
            `years` is less than 1, or the scenario has no year.
        """
        return _delays(self, years)


def exact_values(game: Game, progress: Progress | None = None) -> Floats:
    """Return (projects, cities) Shapley values from all sets of projects."""
    count = len(game.shut)
    every = []
    for chosen in range(1 << count):
        every.append(game.at(chosen))
        if progress is not None:
            progress(chosen + 1, 1 << count)
    worth = np.array(every)
    size = np.array([chosen.bit_count() for chosen in range(1 << count)])
    weight = np.array([1.0 / (count * math.comb(count - 1, k)) for k in range(count)])
    values = np.zeros((count, worth.shape[1]))
    numbers = np.arange(1 << count)
    for i in range(count):
        without = numbers[(numbers >> i & 1) == 0]
        gain = worth[without | 1 << i] - worth[without]
        values[i] = (weight[size[without], None] * gain).sum(axis=0)
    return values


def sampled_values(
    game: Game, orders: int, seed: int, progress: Progress | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return Shapley values from drawn orders, and their standard errors.

    Parameters
    ----------
    game
        The projects.
    orders
        How many orders are drawn, rounded up to pairs: each is also taken backwards, which cancels much of the luck.
    seed
        Of the generator.

    Returns
    -------
    values, standard_errors, of_total
        (projects, cities) and (projects,): the error of a project's worth over all cities. Values of all projects add
        up to the joint gain whatever is drawn.
    """
    count, pairs = len(game.shut), max(2, (orders + 1) // 2)
    rng = np.random.default_rng(seed)
    whole, nothing = game.at(game.everyone), game.at(0)
    drawn = np.zeros((pairs, count, len(whole)))
    for k in range(pairs):
        order = rng.permutation(count)
        for way in (order, order[::-1]):
            built, before = 0, nothing
            for i in way:
                if np.array_equal(before, whole):
                    # opening more never takes away: nobody after this one adds anything
                    break
                built |= 1 << int(i)
                after = game.at(built)
                drawn[k, i] += (after - before) / 2.0
                before = after
        if progress is not None:
            progress(k + 1, pairs)
    error = drawn.std(axis=0, ddof=1) / math.sqrt(pairs)
    of_total = drawn.sum(axis=2).std(axis=0, ddof=1) / math.sqrt(pairs)
    return drawn.mean(axis=0), error, of_total


class Weighing(TypedDict, total=False):
    """How :func:`project_values` weighs, by names.

    ``mode``: ``drive``, ``rail`` or ``multimodal`` (the default); ``limit_min`` (60), ``centres``, ``ground``,
    ``targets`` and ``sites`` as for :func:`atlas.decide.measures.make_measure`; ``orders`` drawn (100) and ``seed`` (1)
    for more than :data:`EXACT_PLAYERS` projects, see :func:`sampled_values`.
    """

    mode: str
    limit_min: float
    centres: Sequence[str]
    ground: Ground | None
    targets: Targets | None
    sites: Sequence[str]
    orders: int
    seed: int


def project_values(
    network: Network,
    players: Sequence[Player],
    scenario: Scenario,
    *,
    measure: str = "people",
    interactions: bool = True,
    progress: Progress | None = None,
    **weighing: Unpack[Weighing],
) -> Valuation:
    """Return what each of `players` is worth in `scenario`.

    Parameters
    ----------
    network
        The network.
    players
        From :func:`atlas.decide.players.plan_players` or :func:`atlas.decide.players.listed_players`; what none of
        them holds stays open throughout.
    scenario
        With all of them built; those it does not hold by its year are put in.
    measure
        See :func:`atlas.decide.measures.make_measure`.
    interactions
        Whether pairs are looked at too.
    progress
        Called with steps done and their number.
    **weighing
        ``mode``, ``limit_min``, ``centres``, ``ground``, ``targets``, ``sites``, ``orders`` and ``seed``: see
        :class:`Weighing`.

    Returns
    -------
    Valuation
        By project, by city and by pair of projects.

    Raises
    ------
    PlanError, UnknownPlaceError
        See :func:`make_measure`.

    Examples
    --------
    >>> players = atlas.listed_players(network, ["hmh", "szy"])
    >>> found = atlas.project_values(network, players, now, measure="pairs", mode="drive")
    >>> bool(abs(found.projects["value"].sum() - found.joint) < 1e-6)
    True
    """
    only_known(weighing, Weighing)
    mode, limit_min = weighing.get("mode", "multimodal"), weighing.get("limit_min", 60.0)
    orders, seed = weighing.get("orders", 100), weighing.get("seed", 1)
    if orders < 2:
        raise PlanError(f"orders must be 2 or more, is {orders}; fewer have no error")
    asked = [feature for player in players for feature in player.features]
    arrays = network.arrays
    absent = [name for name in asked if not arrays.open_in(scenario)[arrays.named([name])].any()]
    held = scenario.but(with_=absent) if absent else scenario
    board = Board(network, held, mode)
    shut = tuple(board.closing(player.features) for player in players)
    least = board.opened(np.any(shut, axis=0))
    made = make_measure(
        measure, board, least, limit_min=limit_min, centres=weighing.get("centres", ()),
        ground=weighing.get("ground"), targets=weighing.get("targets"), sites=weighing.get("sites", SITES),
    )  # fmt: skip
    game = Game(board, shut, made)
    count = len(players)
    if count <= EXACT_PLAYERS:
        values = exact_values(game, progress)
        errors, of_total, method, orders = np.zeros_like(values), np.zeros(count), "exact", 0
    else:
        values, errors, of_total = sampled_values(game, orders, seed, progress)
        method = "sampled"
    nothing, whole = game.at(0), game.at(game.everyone)
    first = np.array([game.at(1 << i) - nothing for i in range(count)])
    last = np.array([whole - game.at(game.everyone & ~(1 << i)) for i in range(count)])
    smallest = _NOTHING * max(1.0, float(np.abs(whole).max()))
    values, first, last, errors, of_total = (
        np.where(np.abs(some) < smallest, 0.0, some) for some in (values, first, last, errors, of_total)
    )
    joint = float((whole - nothing).sum())
    order = np.lexsort((np.arange(count), -last.sum(axis=1), -values.sum(axis=1)))
    rows, by_city = [], []
    for i in order:
        player = players[i]
        name = {"project": player.id, "name_zh": player.name_zh, "name_en": player.name_en}
        rows.append(
            {
                **name, "opens_year": player.opens_year, "opens_basis": player.opens_basis,
                "first_in": float(first[i].sum()), "last_in": float(last[i].sum()), "value": float(values[i].sum()),
                "standard_error": float(of_total[i]),
                "share": float(values[i].sum()) / joint if joint else float("nan"), "method": method,
            }
        )  # fmt: skip
        by_city += [
            {
                **name, "city": city, "first_in": float(first[i, k]), "last_in": float(last[i, k]),
                "value": float(values[i, k]), "standard_error": float(errors[i, k]),
            }
            for k, city in enumerate(made.cities)
        ]  # fmt: skip
    projects = pd.DataFrame(rows, columns=list(VALUE_COLUMNS))
    projects["opens_year"] = projects["opens_year"].astype("Int64")
    pairs = _interactions(game, players, [int(i) for i in order[:PAIRED]]) if interactions else []
    table = pd.DataFrame(pairs, columns=list(INTERACTION_COLUMNS))
    table = table.sort_values("interaction", key=np.abs, ascending=False, kind="stable").reset_index(drop=True)
    return Valuation(
        measure, made.unit, held, mode, limit_min, projects, pd.DataFrame(by_city, columns=list(CITY_COLUMNS)), table,
        joint, float(nothing.sum()), float(whole.sum()), method, orders, seed, stamp(network.hash, [held]),
        tuple(players), game,
    )  # fmt: skip


def target_values(
    network: Network,
    players: Sequence[Player],
    scenario: Scenario,
    targets: Targets,
    *,
    mode: str = "multimodal",
    orders: int = 100,
    seed: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the minutes that each project takes off the average trip of each target, all targets in one game.

    For one target the numbers are those of :func:`project_values` with the measure ``trips``, that target and
    the same orders and seed.

    Returns
    -------
    DataFrame
        :data:`TARGET_COLUMNS`; projects that change nothing of a target are left out, the greatest worth comes first.
    """
    board = Board(network, scenario, mode)
    measure = Trips.of(network, targets, by_target=True)
    game = Game(board, tuple(board.closing(player.features) for player in players), measure)
    if len(players) <= EXACT_PLAYERS:
        values = exact_values(game, progress)
        errors = np.zeros_like(values)
    else:
        values, errors, _ = sampled_values(game, orders, seed, progress)
    nothing, whole = game.at(0), game.at(game.everyone)
    rows = []
    for i, player in enumerate(players):
        first = game.at(1 << i) - nothing
        last = whole - game.at(game.everyone & ~(1 << i))
        for k, target in enumerate(measure.cities):
            if max(abs(values[i, k]), abs(first[k]), abs(last[k])) > _NOTHING * CAP_MIN:
                rows.append(
                    {
                        "target": target, "project": player.id, "name_zh": player.name_zh, "name_en": player.name_en,
                        "first_in": float(first[k]), "last_in": float(last[k]), "value": float(values[i, k]),
                        "standard_error": float(errors[i, k]),
                    }
                )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(TARGET_COLUMNS))
    return frame.sort_values(["target", "value"], ascending=[True, False], kind="stable").reset_index(drop=True)


def _interactions(game: Game, players: Sequence[Player], chosen: Sequence[int]) -> list[dict[str, object]]:
    def worth(some: int) -> float:
        return float(game.at(some).sum())

    every, nothing, whole = game.everyone, worth(0), worth(game.everyone)
    rows: list[dict[str, object]] = []
    for i, j in itertools.combinations(chosen, 2):
        a, b = 1 << i, 1 << j
        together = worth(a | b) - nothing
        apart = worth(a) + worth(b) - 2.0 * nothing
        last = whole - worth(every & ~a) - worth(every & ~b) + worth(every & ~a & ~b)
        if max(abs(together - apart), abs(last)) > _NOTHING * max(1.0, abs(whole)):
            one, other = players[i], players[j]
            rows.append(
                {
                    "project": one.id, "name_zh": one.name_zh, "name_en": one.name_en, "other": other.id,
                    "other_zh": other.name_zh, "other_en": other.name_en, "together": together, "apart": apart,
                    "interaction": together - apart, "interaction_last": last,
                }
            )  # fmt: skip
    return rows


def _delays(found: Valuation, years: int) -> pd.DataFrame:
    """Return :data:`DELAY_COLUMNS`: ``late_in`` are the years without the project that would have had it.

    ``lost`` is what the year of the scenario loses: the worth of the project as the last one missing where the delay
    takes it out of that year, else 0. ``most_hit`` is the city that loses most of it.
    """
    year = found.scenario.year
    if years < 1:
        raise PlanError(f"a delay is 1 year or more, not {years}")
    if year is None:
        raise PlanError("a delay needs a year; choose one with --year")
    last = found.cities.pivot(index="project", columns="city", values="last_in")
    rows = []
    for row in found.projects.to_dict("records"):
        opens = None if pd.isna(row["opens_year"]) else int(row["opens_year"])
        late = () if opens is None else tuple(range(opens, opens + years))
        lost = float(row["last_in"]) if year in late else 0.0
        by_city = last.loc[row["project"]]
        rows.append(
            {
                **{key: row[key] for key in ("project", "name_zh", "name_en", "opens_year", "opens_basis")},
                "delay_years": years, "late_in": f"{late[0]}–{late[-1]}" if late else "",
                "lost": lost, "lost_share": lost / found.after if found.after else float("nan"),
                "most_hit": str(by_city.idxmax()) if lost > 0 else "",
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(DELAY_COLUMNS))
    frame["opens_year"] = frame["opens_year"].astype("Int64")
    return frame.sort_values("lost", ascending=False, kind="stable").reset_index(drop=True)
