"""What a network is good for, as a number by city: people, pairs, minutes, promises, their trips, hinterland.

Each measure is made for one board and asked for many ways of closing parts of it. More is better in all of them, and
opening a link never makes one of them smaller, because it never makes a way longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd

from atlas.base.errors import PlanError
from atlas.base.geodesy import Floats, Ints
from atlas.decide import MEASURES
from atlas.decide.board import Board, Opened, Spent
from atlas.decide.homes import by_city, cities_of, city_rows, minutes_to
from atlas.land.ground import Ground
from atlas.land.indicators import HUBS
from atlas.network.build import Network
from atlas.plan.promises import Targets
from atlas.travel.comparison import people_units, seats
from atlas.travel.reach import locate
from atlas.ways.heap import TOLERANCE_MIN

__all__ = [
    "CAP_MIN",
    "SITES",
    "Measure",
    "Minutes",
    "Pairs",
    "Trips",
    "centre_rows",
    "make_measure",
    "site_rows",
]

SITES = ("port", "airport", "hub")
#: A pair without a way, or farther apart, counts as this many minutes in means: a mean over infinite times is none.
CAP_MIN = 240.0


class Measure(Protocol):
    """A number by city for a way of opening a board."""

    @property
    def name(self) -> str:
        """One of :data:`atlas.decide.MEASURES`."""

    @property
    def unit(self) -> str:
        """What the number counts."""

    @property
    def cities(self) -> tuple[str, ...]:
        """Whose share each number is."""

    def at(self, opened: Opened) -> Floats:
        """(cities,) the measure."""


@dataclass(frozen=True)
class _Contest:
    """Links that decide about cells which are within the limit in some openings and not in others.

    Attributes
    ----------
    always
        (cities,) people on cells that are within whatever is closed.
    node, allowed
        (k,) node of each link, and the minutes it may be away at most.
    first
        Where the links of each contested cell begin.
    people, city
        (cells,) of the contested cells.
    arcs
        Rows of the board's kept arcs that can matter; what was counted is remembered by which of them are open.
    """

    always: Floats
    node: Ints
    allowed: Floats
    first: Ints
    people: Floats
    city: Ints
    arcs: Ints
    seen: dict[bytes, Floats] = field(default_factory=dict, repr=False)

    def at(self, opened: Opened, minutes: Callable[[], Floats]) -> Floats:
        """(cities,) people within the limit; `minutes` gives those of `opened`, where they are not known yet."""
        if len(self.first) == 0:
            return self.always
        if opened.off is not None:
            return self._counted(minutes())
        key = np.packbits(opened.asked[self.arcs]).tobytes()
        if key not in self.seen:
            self.seen[key] = self._counted(minutes())
        return self.seen[key]

    def _counted(self, minutes: Floats) -> Floats:
        """(cities,) people within the limit, from (n,) minutes of the nodes."""
        within = np.logical_or.reduceat(minutes[self.node] <= self.allowed, self.first)
        return self.always + by_city(self.city, self.people * within, len(self.always))


def _contest(
    board: Board, ground: Ground, ends: Ints, limit_min: float, most: Floats, least: Floats | None
) -> _Contest:
    """Return what is contested between (n,) minutes to `ends` with all open and with all players closed, `least`."""
    links, people = ground.links, ground.people.people[0]
    told_apart = cities_of(board.network)
    city = city_rows([*ground.people.units["city"], ""], told_apart)[ground.people.unit]
    allowed = limit_min + TOLERANCE_MIN - links.minutes(board.scenario)
    able = (allowed >= 0) & (people[links.cell] > 0)
    if board.mode == "drive":
        able &= ~links.by_rail
    hit = able & (most[links.node] <= allowed)
    sure = np.zeros(len(people), dtype=bool)
    if least is not None:
        sure[links.cell[able & (least[links.node] <= allowed)]] = True
    always = by_city(city[sure], people[sure], len(told_apart))
    rows = np.nonzero(hit & ~sure[links.cell])[0]
    first = np.nonzero(np.diff(links.cell[rows], prepend=-1))[0]
    cells = links.cell[rows[first]]
    arcs = board.opened().arcs_near(ends, limit_min)
    return _Contest(always, links.node[rows], allowed[rows], first, people[cells], city[cells], arcs)


@dataclass(frozen=True)
class People:
    """Residents from whose homes a centre is within the limit, summed over the centres; by city of residence.

    People within the limit of two centres count twice: the measure of one centre alone is heads.
    """

    centres: tuple[int, ...]
    limit_min: float
    contests: tuple[_Contest, ...]
    name: str = "people"
    unit: str = "people × centres"
    cities: tuple[str, ...] = ()

    @classmethod
    def of(cls, board: Board, ground: Ground, centres: Sequence[int], limit_min: float, least: Opened | None) -> People:
        """Return the measure; `least` is the board with most closed of all that will be asked, None for any."""
        contests = []
        for node in centres:
            most = minutes_to(board.opened(), node, limit_min)
            low = None if least is None else minutes_to(least, node, limit_min)
            contests.append(_contest(board, ground, np.array([node]), limit_min, most, low))
        return cls(tuple(centres), limit_min, tuple(contests), cities=cities_of(board.network))

    def at(self, opened: Opened) -> Floats:
        """(cities,) residents."""
        total = np.zeros(len(self.cities))
        for node, contest in zip(self.centres, self.contests, strict=True):
            total += contest.at(opened, partial(minutes_to, opened, node, self.limit_min))
        return total


@dataclass(frozen=True)
class Hinterland:
    """Residents within the limit of a port, an airport of civil aviation or a hub, summed over the kinds asked for."""

    sites: tuple[Ints, ...]
    limit_min: float
    contests: tuple[_Contest, ...]
    name: str = "hinterland"
    unit: str = "people × kinds"
    cities: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, board: Board, ground: Ground, kinds: Sequence[str], limit_min: float, least: Opened | None
    ) -> Hinterland:
        """Return the measure; see :meth:`People.of`."""
        sites = tuple(site_rows(board.network, kind) for kind in kinds)
        contests = []
        for nodes in sites:
            most = board.opened().nearest(nodes, limit_min=limit_min)[0]
            low = None if least is None else least.nearest(nodes, limit_min=limit_min)[0]
            contests.append(_contest(board, ground, nodes, limit_min, most, low))
        return cls(sites, limit_min, tuple(contests), cities=cities_of(board.network))

    def at(self, opened: Opened) -> Floats:
        """(cities,) residents."""
        total = np.zeros(len(self.cities))
        for nodes, contest in zip(self.sites, self.contests, strict=True):
            total += contest.at(opened, partial(_to_nearest, opened, nodes, self.limit_min))
        return total


def _to_nearest(opened: Opened, nodes: Ints, limit_min: float) -> Floats:
    return opened.nearest(nodes, limit_min=limit_min)[0]


@dataclass(frozen=True)
class Pairs:
    """Ordered pairs within the limit: from each seat of the four cities to each of their seats and towns."""

    starts: Ints
    ends: Ints
    city: Ints
    limit_min: float
    name: str = "pairs"
    unit: str = "pairs"
    cities: tuple[str, ...] = ()

    @classmethod
    def of(cls, network: Network, limit_min: float) -> Pairs:
        """Return the measure; the city is that of the seat the pair begins at."""
        frame = network.place_layer.frame
        inside = frame[frame["city"].isin(network.region.core_cities) & (frame["level"] != "zone")]
        starts = inside[inside["id"].isin(seats(network))]
        rows = [np.array([network.row_of[f"place/{name}"] for name in some["id"]]) for some in (starts, inside)]
        cities = cities_of(network)
        return cls(rows[0], rows[1], city_rows(starts["city"], cities), limit_min, cities=cities)

    def at(self, opened: Opened) -> Floats:
        """(cities,) pairs."""
        within = opened.many(self.starts, limit_min=self.limit_min)[:, self.ends] <= self.limit_min + TOLERANCE_MIN
        within &= self.starts[:, None] != self.ends[None, :]
        return by_city(self.city, within.sum(axis=1), len(self.cities))


@dataclass(frozen=True)
class Minutes:
    """Minutes of the average trip between counties, less than none: each pair weighs as the product of its people.

    The value is negative so that more is better; a project's worth is the minutes it takes off the average trip.

    Attributes
    ----------
    weight
        (pairs,) shares in the mean; ``entry`` is the city each pair begins in.
    """

    spent: Spent
    weight: Floats
    entry: Ints
    name: str = "minutes"
    unit: str = "min"
    cities: tuple[str, ...] = ()

    @classmethod
    def of(cls, network: Network) -> Minutes:
        """Return the measure over the counties of the four cities, and the city itself where it has none."""
        frame = network.place_layer.frame.set_index("id")
        core, cities = network.region.core_cities, cities_of(network)
        people = {name: count for name, count in people_units(network).items() if frame.at[name, "city"] in core}
        nodes = np.array([network.row_of[f"place/{name}"] for name in people], dtype=np.int64)
        heads = np.array(list(people.values()))
        rows, ends = np.nonzero(~np.eye(len(nodes), dtype=bool))
        weight = heads[rows] * heads[ends]
        city = city_rows((frame.at[name, "city"] for name in people), cities)
        trips = zip(rows.tolist(), (nodes[[end]] for end in ends.tolist()), strict=True)
        spent = Spent(nodes, tuple(trips), CAP_MIN)
        return cls(spent, weight / max(weight.sum(), 1.0), city[rows], cities=cities)

    @property
    def share(self) -> Floats:
        """(cities,) share of the pairs that begin in each city."""
        return by_city(self.entry, self.weight, len(self.cities))

    def at(self, opened: Opened) -> Floats:
        """(cities,) share of each city in the mean, below zero."""
        return -by_city(self.entry, self.spent.at(opened) * self.weight, len(self.cities))


@dataclass(frozen=True)
class Promises:
    """Trips of the plan's promises that are within their limit, door to door; by city of departure."""

    starts: Ints
    trips: tuple[tuple[int, Ints, float], ...]
    city: Ints
    name: str = "promise"
    unit: str = "trips"
    cities: tuple[str, ...] = ()

    @classmethod
    def of(cls, network: Network, targets: Targets, readings: Sequence[str] = ()) -> Promises:
        """Return the measure over the readings named, or the default ones.

        Raises
        ------
        PlanError
            No trip at all.
        """
        found = _trips(targets, readings)
        starts, trips = _rows_of_trips(network, found)
        return cls(starts, trips, _cities_of_trips(network, found), cities=cities_of(network))

    def at(self, opened: Opened) -> Floats:
        """(cities,) trips."""
        longest = max(limit for _, _, limit in self.trips)
        minutes = opened.many(self.starts, limit_min=longest)
        kept = [minutes[row, ends].min() <= limit + TOLERANCE_MIN for row, ends, limit in self.trips]
        return by_city(self.city, np.array(kept, dtype=np.float64), len(self.cities))


@dataclass(frozen=True)
class Trips:
    """Minutes of the average trip of the plan's promises, less than none, so that more is better.

    Within a target its trips weigh alike, and so do the targets; a trip without a way, or longer, counts as
    :data:`CAP_MIN`. Beside :class:`Promises`, which counts limits kept, it sees what falls short of one.

    Attributes
    ----------
    entry, weight
        (trips,) to which of ``cities`` a trip belongs, and its share in that number.
    """

    spent: Spent
    entry: Ints
    weight: Floats
    name: str = "trips"
    unit: str = "min"
    cities: tuple[str, ...] = ()

    @classmethod
    def of(cls, network: Network, targets: Targets, *, by_target: bool = False) -> Trips:
        """Return the measure over the default readings, by city of departure; or each target by itself.

        Raises
        ------
        PlanError
            No trip at all.
        """
        found = _trips(targets)
        starts, trips = _rows_of_trips(network, found)
        spent = Spent(starts, tuple((row, ends) for row, ends, _ in trips), CAP_MIN)
        names = tuple(dict.fromkeys(target for target, _, _, _ in found))
        target = np.array([names.index(one) for one, _, _, _ in found], dtype=np.int64)
        weight = 1.0 / np.bincount(target)[target]
        if by_target:
            return cls(spent, target, weight, cities=names)
        entry = _cities_of_trips(network, found)
        return cls(spent, entry, weight / len(names), cities=cities_of(network))

    def at(self, opened: Opened) -> Floats:
        """(cities,) minutes below zero."""
        return -by_city(self.entry, self.spent.at(opened) * self.weight, len(self.cities))


Asked = tuple[str, str, tuple[str, ...], float]


def _trips(targets: Targets, readings: Sequence[str] = ()) -> list[Asked]:
    """Target, origin, destinations and limit of every trip of the readings chosen."""
    found = [
        (target.id, start, ends, target.limit_min)
        for target in targets
        for reading in target.chosen(readings)
        for start, ends in reading.trips()
    ]
    if not found:
        raise PlanError("the targets chosen hold no trip")
    return found


def _rows_of_trips(network: Network, found: Sequence[Asked]) -> tuple[Ints, tuple[tuple[int, Ints, float], ...]]:
    names = list(dict.fromkeys(start for _, start, _, _ in found))
    trips = tuple(
        (names.index(start), np.array([network.row_of[f"place/{end}"] for end in ends]), limit)
        for _, start, ends, limit in found
    )
    return np.array([network.row_of[f"place/{name}"] for name in names]), trips


def _cities_of_trips(network: Network, found: Sequence[Asked]) -> Ints:
    frame = network.place_layer.frame.set_index("id")
    return city_rows((frame.at[start, "city"] for _, start, _, _ in found), cities_of(network))


def site_rows(network: Network, kind: str) -> Ints:
    """Return the nodes of all ports, airports of civil aviation or hubs (high-speed and intercity stations).

    Raises
    ------
    PlanError
        Another kind.
    """
    nodes = network.nodes
    chosen: dict[str, pd.Series[bool]] = {
        "port": nodes["kind"] == "port",
        "airport": (nodes["kind"] == "airport") & (nodes["service"] == "civil"),
        "hub": (nodes["kind"] == "stop") & nodes["service"].isin(HUBS),
    }
    if kind not in chosen:
        raise PlanError(f"no kind of site {kind!r}; there are {', '.join(SITES)}")
    return np.nonzero(chosen[kind].to_numpy(dtype=bool))[0].astype(np.int64)


def make_measure(
    name: str,
    board: Board,
    least: Opened | None = None,
    *,
    limit_min: float = 60.0,
    centres: Sequence[str] = (),
    ground: Ground | None = None,
    targets: Targets | None = None,
    sites: Sequence[str] = SITES,
) -> Measure:
    """Return a measure by its name.

    Parameters
    ----------
    name
        One of :data:`atlas.decide.MEASURES`.
    board
        What it will be asked of.
    least
        The board with all closed that any question closes; what is the same in both need not be looked at again. None
        where anything may be closed.
    limit_min
        Within how many minutes, for people, pairs and hinterland.
    centres
        Places by name or id, for people; none: the seats of the four cities.
    ground, targets
        Cells and people (people, hinterland); the plan's promises (promise, trips).
    sites
        Kinds of :data:`SITES`, for hinterland.

    Raises
    ------
    PlanError
        No such measure, or it lacks its ground or targets.
    UnknownPlaceError
        A centre that no place answers to.
    """
    network = board.network
    if name == "pairs":
        return Pairs.of(network, limit_min)
    if name == "minutes":
        return Minutes.of(network)
    if name == "promise" and targets is not None:
        return Promises.of(network, targets)
    if name == "trips" and targets is not None:
        return Trips.of(network, targets)
    if name in ("people", "hinterland") and ground is not None:
        if name == "hinterland":
            return Hinterland.of(board, ground, sites, limit_min, least)
        return People.of(board, ground, centre_rows(network, centres), limit_min, least)
    if name in MEASURES:
        raise PlanError(
            f"the measure {name} needs {'targets' if name in ('promise', 'trips') else 'the ground of the region'}"
        )
    raise PlanError(f"no measure {name!r}; there are {', '.join(MEASURES)}")


def centre_rows(network: Network, centres: Sequence[str]) -> list[int]:
    """Return the nodes of `centres`, those of the seats of the four cities for none.

    Raises
    ------
    PlanError
        Coordinates, or another place that the network does not hold.
    UnknownPlaceError
        A name that no place answers to.
    """
    if not centres:
        frame = network.place_layer.frame
        chosen = frame[frame["id"].isin({one.seat for one in network.region.core})]
        return [network.row_of[f"place/{name}"] for name in chosen["id"]]
    rows = []
    for centre in centres:
        grown, node_id = locate(network, centre)
        if grown is not network:
            raise PlanError(f"{centre} is no place of the atlas; a centre must be a place or station by name or id")
        rows.append(network.row_of[node_id])
    return list(dict.fromkeys(rows))
