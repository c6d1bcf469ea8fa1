"""What breaks the network: each road and line closed in turn, and the worst of them two at once.

Losses are counted as losses of accessibility (M. A. P. Taylor, S. V. C. Sekhar, G. M. D'Este, *Application of
accessibility based methods for vulnerability analysis of strategic road networks*, Networks and Spatial Economics 6,
2006), and people and pairs that are cut off are never mixed with those that are delayed: an infinite time has no mean.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd

from atlas.base.errors import PlanError
from atlas.base.geodesy import Bools, Floats, Ints
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.decide.board import Board, Closure, Opened, closures
from atlas.decide.homes import Homes, minutes_to
from atlas.decide.measures import centre_rows
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.travel.comparison import seats
from atlas.ways.heap import TOLERANCE_MIN

__all__ = [
    "NOTICED_MIN",
    "Circle",
    "Losses",
    "Watch",
    "breaks",
    "critical_links",
    "dividend",
    "worst_pairs",
]

#: A delay from so many minutes on counts as one: less is within what the model can say.
NOTICED_MIN = 5.0
_LOSSES = (
    "people_lost", "people_cut", "people_delayed", "person_hours", "pairs_lost", "pairs_cut", "pairs_delayed",
    "worst_delay_min",
)  # fmt: skip
CRITICAL_COLUMNS = (
    "scenario", "rank", "link", "name_zh", "name_en", "from_zh", "to_zh", "mode", *_LOSSES, "length_km", "hash",
)  # fmt: skip
PAIR_LOSS_COLUMNS = (
    "scenario", "rank", "link", "name_zh", "name_en", "other", "other_zh", "other_en", *_LOSSES, "beyond_sum", "hash",
)  # fmt: skip
BREAK_COLUMNS = (
    "scenario", "rank", "link", "name_zh", "name_en", "mode", "trips_lost", "trips_cut", "later_min", "start", "end",
    "before_min", "after_min", "hash",
)  # fmt: skip


@dataclass(frozen=True)
class Losses:
    """What is lost when something closes.

    Attributes
    ----------
    people_lost
        Residents who drop out of the limit of a centre, summed over the centres; those cut off are among them where
        they were within it.
    people_cut
        Residents who have no way to a centre any more, summed over the centres.
    people_delayed, person_hours
        Residents who come to a centre :data:`NOTICED_MIN` or more minutes later, and the hours all delays add up to.
    pairs_lost, pairs_cut, pairs_delayed
        The same for ordered pairs: from the seats of the four cities to all seats and to their towns.
    worst_delay_min
        Of all pairs with a way left.
    """

    people_lost: float
    people_cut: float
    people_delayed: float
    person_hours: float
    pairs_lost: int
    pairs_cut: int
    pairs_delayed: int
    worst_delay_min: float

    def order(self, rank: str) -> tuple[float, ...]:
        """Return what ranks it, greatest first."""
        people = self.people_lost, self.people_cut, self.person_hours
        pairs = float(self.pairs_lost), float(self.pairs_cut), float(self.pairs_delayed)
        return (*people, *pairs) if rank == "people" else (*pairs, *people)


class Circle(TypedDict, total=False):
    """Whose circle is watched, by the names of :meth:`Watch.of`.

    ``mode`` is ``drive``, ``rail`` or ``multimodal`` (the default), ``limit_min`` minutes (60), ``centres`` places by
    name or id (none: the seats of the four cities).
    """

    mode: str
    limit_min: float
    centres: Sequence[str]


@dataclass(frozen=True, eq=False)
class Watch:
    """People and pairs that are watched while things close, with their minutes when nothing is closed."""

    board: Board
    homes: Homes
    centres: tuple[int, ...]
    limit_min: float
    starts: Ints
    ends: Ints
    home_minutes: tuple[Floats, ...]
    pair_minutes: Floats
    home_arcs: tuple[Bools, ...]
    pair_arcs: Bools

    @classmethod
    def of(
        cls,
        network: Network,
        scenario: Scenario,
        ground: Ground,
        *,
        mode: str = "multimodal",
        limit_min: float = 60.0,
        centres: Sequence[str] = (),
    ) -> Watch:
        """Return the watch over one scenario; see :func:`critical_links`."""
        board = Board(network, scenario, mode)
        homes = Homes.of(board, ground)
        nodes = tuple(centre_rows(network, centres))
        frame = network.place_layer.frame
        chief = frame["id"].isin(seats(network))
        own = frame["city"].isin(network.region.core_cities)
        starts, ends = (
            np.array([network.row_of[f"place/{name}"] for name in frame.loc[chosen, "id"]], dtype=np.int64)
            for chosen in (chief & own, chief | (own & (frame["level"] == "town")))
        )
        whole = board.opened()
        home = tuple(homes.minutes(minutes_to(whole, node)) for node in nodes)
        used = tuple(whole.used_towards(node) for node in nodes)
        pairs = whole.many(starts)[:, ends]
        return cls(board, homes, nodes, limit_min, starts, ends, home, pairs, used, whole.used_from(starts, ends))

    @cached_property
    def _node_minutes(self) -> tuple[Floats, ...]:
        """(n,) minutes from every node to each centre, nothing closed."""
        return tuple(minutes_to(self.board.opened(), node) for node in self.centres)

    def losses(self, opened: Opened) -> Losses:
        """Return what `opened` loses against the board with nothing closed.

        Centres and pairs on whose fastest ways nothing closed are not searched again: their minutes cannot change.
        """
        limit = self.limit_min + TOLERANCE_MIN
        lost = cut = delayed = hours = 0.0
        for i, node in enumerate(self.centres):
            if opened.asked[self.home_arcs[i]].all():
                continue
            cells, after = self.homes.moved(self._node_minutes[i], minutes_to(opened, node))
            before, people = self.home_minutes[i][cells], self.homes.people[cells]
            had, has = np.isfinite(before), np.isfinite(after)
            later = np.where(had & has, after - np.where(had, before, 0.0), 0.0)
            lost += float(people[(before <= limit) & (after > limit)].sum())
            cut += float(people[had & ~has].sum())
            delayed += float(people[later >= NOTICED_MIN].sum())
            hours += float((people * np.where(later > TOLERANCE_MIN, later, 0.0)).sum()) / 60.0
        touched = (self.pair_arcs & ~opened.asked).any(axis=1)
        if not touched.any():
            return Losses(lost, cut, delayed, hours, 0, 0, 0, 0.0)
        before, after = self.pair_minutes[touched], opened.many(self.starts[touched])[:, self.ends]
        had, has = np.isfinite(before), np.isfinite(after)
        later = np.where(had & has, after - np.where(had, before, 0.0), 0.0)
        return Losses(
            lost, cut, delayed, hours,
            int(((before <= limit) & (after > limit)).sum()), int((had & ~has).sum()),
            int((later >= NOTICED_MIN).sum()), float(np.max(later, initial=0.0)),
        )  # fmt: skip

    def closed(self, *some: Closure) -> Losses:
        """Return what is lost when `some` close together."""
        return self.losses(self.board.opened(_shut(self.board, some)))


def _shut(board: Board, some: Iterable[Closure]) -> Bools:
    shut = np.zeros(len(board.present), dtype=bool)
    for one in some:
        shut[one.edges] = True
    return shut


def critical_links(
    network: Network,
    scenarios: Sequence[Scenario],
    ground: Ground,
    *,
    by: str = "feature",
    rank: str = "people",
    progress: Callable[[int, int], None] | None = None,
    **circle: Unpack[Circle],
) -> pd.DataFrame:
    """Return what is lost when each road or line closes, in each scenario, the worst first.

    Parameters
    ----------
    network, scenarios
        What is open; one ranking a scenario.
    ground
        Land cells and people, from :func:`atlas.ground`.
    by
        See :func:`closures`.
    rank
        ``people`` or ``pairs``: by those lost to the limit, then by those cut off, then by delay.
    progress
        Called with closures done and their number.
    **circle
        ``mode``, ``limit_min`` and ``centres``: see :class:`Circle`.

    Returns
    -------
    DataFrame
        :data:`CRITICAL_COLUMNS`, see :class:`Losses`; every closure, those that lose nothing last.

    Raises
    ------
    PlanError
        An unknown `by` or `rank`, or a centre that is no place.
    UnknownPlaceError
        A centre that no place answers to.

    Examples
    --------
    >>> ground = atlas.ground(network)
    >>> found = atlas.critical_links(network, [now], ground, mode="drive", centres=["zhongshan"], rank="pairs")
    >>> bool((found["pairs_lost"].diff().dropna() <= 0).all())
    True
    """
    if rank not in ("people", "pairs"):
        raise PlanError(f"links are ranked by people or by pairs, not by {rank!r}")
    every = [(scenario, closures(network, scenario, by=by)) for scenario in scenarios]
    total, done, frames = sum(len(some) for _, some in every), 0, []
    for scenario, some in every:
        watch = Watch.of(network, scenario, ground, **circle)
        rows: list[tuple[Closure, Losses]] = []
        for one in some:
            rows.append((one, watch.closed(one)))
            done += 1
            if progress is not None:
                progress(done, total)
        rows.sort(key=lambda row: [-x for x in row[1].order(rank)])
        mark = stamp(network.hash, [scenario])
        frames.append([_row(scenario, i, one, losses, mark) for i, (one, losses) in enumerate(rows, start=1)])
    return pd.DataFrame([row for rows in frames for row in rows], columns=list(CRITICAL_COLUMNS))


def _row(scenario: Scenario, rank: int, one: Closure, losses: Losses, mark: str) -> dict[str, Any]:
    return {
        "scenario": scenario.name, "rank": rank, "link": one.id, "name_zh": one.name_zh, "name_en": one.name_en,
        "from_zh": one.from_zh, "to_zh": one.to_zh, "mode": one.mode, **losses.__dict__, "length_km": one.length_km,
        "hash": mark,
    }  # fmt: skip


def worst_pairs(
    watch: Watch, some: Sequence[Closure], *, rank: str = "people", progress: Callable[[int, int], None] | None = None
) -> pd.DataFrame:
    """Return what is lost when two of `some` close at once, the worst first.

    Returns
    -------
    DataFrame
        :data:`PAIR_LOSS_COLUMNS`; ``beyond_sum`` is by how much people lost exceed the sum of each alone: above 0 the
        two stand in for each other, and one of them closed is bearable only while the other is open.
    """
    alone = [watch.closed(one) for one in some]
    couples = list(itertools.combinations(range(len(some)), 2))
    rows = []
    for k, (i, j) in enumerate(couples, start=1):
        losses = watch.closed(some[i], some[j])
        beyond = losses.people_lost - alone[i].people_lost - alone[j].people_lost
        rows.append((some[i], some[j], losses, 0.0 if abs(beyond) < 1e-6 else beyond))
        if progress is not None:
            progress(k, len(couples))
    rows.sort(key=lambda row: [-x for x in row[2].order(rank)])
    scenario = watch.board.scenario
    mark = stamp(watch.board.network.hash, [scenario])
    table = [
        {
            "scenario": scenario.name, "rank": n, "link": one.id, "name_zh": one.name_zh, "name_en": one.name_en,
            "other": other.id, "other_zh": other.name_zh, "other_en": other.name_en, **losses.__dict__,
            "beyond_sum": beyond, "hash": mark,
        }
        for n, (one, other, losses, beyond) in enumerate(rows, start=1)
    ]  # fmt: skip
    return pd.DataFrame(table, columns=list(PAIR_LOSS_COLUMNS))


def dividend(watch: Watch, features: Sequence[str], some: Sequence[Closure]) -> pd.DataFrame:
    """Return what a link is worth on fair days, and on days when another is closed.

    Parameters
    ----------
    watch
        Over a scenario that has the link.
    features
        The link, as ids.
    some
        What else may close.

    Returns
    -------
    DataFrame
        A row for fair days, ``closed`` empty, and one for each closure: ``people_with`` and ``people_without`` within
        the limit, and their difference ``worth``.

    Raises
    ------
    PlanError
        The scenario has nothing open of the link.
    """
    board = watch.board
    own = board.closing(features)
    if not (own & board.network.arrays.open_in(board.scenario)).any():
        raise PlanError(f"{', '.join(features)}: nothing of it is open in {board.scenario.name}")

    def within(shut: Bools) -> float:
        opened, total = board.opened(shut), 0.0
        for node in watch.centres:
            inside = watch.homes.minutes(minutes_to(opened, node, watch.limit_min))
            total += float(watch.homes.people[inside <= watch.limit_min + TOLERANCE_MIN].sum())
        return total

    rows = []
    fair = Closure("", "", "", "", "", "", 0.0, np.zeros(0, dtype=np.int64))
    for one in (fair, *(one for one in some if not own[one.edges].all())):
        shut = _shut(board, [one])
        has, lacks = within(shut), within(shut | own)
        rows.append(
            {
                "closed": one.id, "name_zh": one.name_zh, "name_en": one.name_en, "people_with": has,
                "people_without": lacks, "worth": has - lacks,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def breaks(
    network: Network,
    trips: Sequence[tuple[str, tuple[str, ...], float]],
    scenario: Scenario,
    *,
    by: str = "feature",
    mode: str = "multimodal",
) -> pd.DataFrame:
    """Return the roads and lines whose closure makes any of `trips` longer, those that break most limits first.

    Parameters
    ----------
    network, scenario, by, mode
        See :func:`critical_links`.
    trips
        Origin, destinations of which the nearest counts, and limit, as ids of places: the trips of a target.

    Returns
    -------
    DataFrame
        :data:`BREAK_COLUMNS`: trips that were within their limit and no longer are (``trips_lost``, those cut off
        among them), trips without any way left, and the trip that loses most, with its minutes before and after
        (NaN: no way).
    """
    board = Board(network, scenario, mode)
    whole = board.opened()
    names = list(dict.fromkeys(start for start, _, _ in trips))
    starts = np.array([network.row_of[f"place/{name}"] for name in names], dtype=np.int64)
    ends = [np.array([network.row_of[f"place/{end}"] for end in some], dtype=np.int64) for _, some, _ in trips]
    rows = [names.index(start) for start, _, _ in trips]
    limits = np.array([limit for _, _, limit in trips]) + TOLERANCE_MIN

    def spent(opened: Opened) -> tuple[Floats, Ints]:
        found = opened.many(starts)
        near = np.array([some[np.argmin(found[i, some])] for i, some in zip(rows, ends, strict=True)])
        return found[rows, near], near

    before, nearest = spent(whole)
    # what lies on none of the ways taken changes no trip
    ways = [whole.journey(int(starts[i]), int(end)) for i, end in zip(rows, nearest, strict=True)]
    taken = np.zeros(len(board.present), dtype=bool)
    taken[[row for way in ways for leg in way.legs for row in leg.edge_rows]] = True
    told: list[dict[str, Any]] = []
    for one in closures(network, scenario, by=by):
        if not taken[one.edges].any():
            continue
        after, _ = spent(board.opened(_shut(board, [one])))
        had, has = np.isfinite(before), np.isfinite(after)
        later = np.where(had & has, after - np.where(had, before, 0.0), np.where(had, np.inf, 0.0))
        if not later.max(initial=0.0) > TOLERANCE_MIN:
            continue
        worst = int(np.argmax(later))
        told.append(
            {
                "scenario": scenario.name, "rank": 0, "link": one.id, "name_zh": one.name_zh, "name_en": one.name_en,
                "mode": one.mode, "trips_lost": int(((before <= limits) & (after > limits)).sum()),
                "trips_cut": int((had & ~has).sum()), "later_min": float(later[worst]),
                "start": network.node_names[int(starts[rows[worst]])],
                "end": network.node_names[int(nearest[worst])], "before_min": float(before[worst]),
                "after_min": float(after[worst]), "hash": stamp(network.hash, [scenario]),
            }
        )  # fmt: skip
    told.sort(key=lambda row: (-row["trips_lost"], -row["trips_cut"], -row["later_min"], row["link"]))
    frame = pd.DataFrame([{**row, "rank": n} for n, row in enumerate(told, start=1)], columns=list(BREAK_COLUMNS))
    return frame.replace([np.inf], np.nan)
