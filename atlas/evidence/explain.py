"""What a travel time rests on: its parts, the assumptions behind them, the range it can lie in, the runner-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from atlas.base.geodesy import Floats
from atlas.base.tables import listed, slots
from atlas.base.words import Words, joined
from atlas.data.parameters import SETS
from atlas.data.places import Place
from atlas.data.scenario import Scenario
from atlas.evidence.draws import spread
from atlas.evidence.trains import Direct, direct_trains
from atlas.network.build import Network
from atlas.travel.journey import Journey, journey_on
from atlas.travel.minutes import edge_minutes
from atlas.travel.reach import locate_all, route
from atlas.travel.trip import Trip

__all__ = ["Explanation", "Ride", "explain"]

QUANTILES = (0.05, 0.5, 0.95)
_DRAWS = 400
_INFLUENCES = 6


@dataclass(frozen=True)
class Boarding:
    """One boarding on the way: how often trains run, and the wait a passenger who turns up at random meets.

    ``wait_min`` are the 5th, 50th and 95th percentiles of a wait that is uniform over the headway, in closed
    form, capped as the model caps waits.
    """

    station: str
    trains_per_day: float
    headway_min: float
    wait_min: tuple[float, float, float]


@dataclass(frozen=True)
class Ride:
    """One train of the way, and the direct trains that run between the same two stations on such a day.

    ``ridden_min`` is the train taken, which is the fastest that pays; half of the direct trains need at most
    ``direct.typical_min``. ``direct`` is None where no timetable is known and the minutes are computed.
    """

    start: str
    end: str
    ridden_min: float
    direct: Direct | None


@dataclass(frozen=True)
class Influence:
    """How the minutes along the way change when one parameter goes from its favourable to its adverse end."""

    parameter: str
    favourable_min: float
    adverse_min: float


@dataclass(frozen=True)
class Assumption:
    """One thing the time rests on: its kind (a key of the words ``assumption``) and its facts by name."""

    kind: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Explanation:
    """A journey and what it rests on.

    Attributes
    ----------
    journey
        The fastest way.
    sets
        Minutes under the favourable, central and adverse parameters, each on its own fastest way.
    quantiles
        5th, 50th and 95th percentile over random draws of the parameters and positions.
    runner_up
        The fastest way that avoids a road or train line of the fastest; None when there is none.
    boardings, rides, influences
        Waits met, trains taken beside the others that run there, and the parameters that matter most along the
        way, greatest first.
    assumptions
        What is taken to hold; sentences are made of it where it is read.
    """

    journey: Journey
    sets: tuple[tuple[str, float], ...]
    quantiles: tuple[float, float, float]
    runner_up: Journey | None
    boardings: tuple[Boarding, ...]
    influences: tuple[Influence, ...]
    assumptions: tuple[Assumption, ...]
    rides: tuple[Ride, ...] = ()


def explain(
    network: Network,
    origin: str | Place,
    destination: str | Place,
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    draws: int = _DRAWS,
    seed: int = 0,
) -> Explanation:
    """Explain the travel time between two places.

    Parameters
    ----------
    network, origin, destination, scenario, mode
        As for :func:`atlas.travel.reach.route`.
    draws, seed
        As for :func:`atlas.evidence.draws.spread`.

    Returns
    -------
    Explanation
        The journey, its assumptions, the runner-up and what moves it.

    Raises
    ------
    UnknownPlaceError, NetworkError, ScenarioError
        See :func:`atlas.travel.reach.reach_from`.

    Examples
    --------
    >>> told = atlas.explain(network, "珠海", "中山", now, draws=20)
    >>> [one.parameter for one in told.influences][:1] != []
    True
    """
    network, (at,), (to,) = locate_all(network, [origin], [destination])
    start, end = (str(network.nodes["node_id"].iloc[row]) for row in (at, to))
    journey = route(network, start, end, scenario, mode=mode)
    if not journey.found:
        nothing = (float("nan"),) * 3
        return Explanation(journey, (), nothing, None, (), (), ())
    sets = tuple(
        (name, route(network, start, end, scenario.but(parameter_set=name), mode=mode).minutes) for name in SETS
    )
    drawn = spread(network, [start], [end], scenario, mode=mode, draws=draws, seed=seed)
    low, middle, high = (float(drawn.quantile(share)[0, 0]) for share in QUANTILES)
    return Explanation(
        journey,
        sets,
        (low, middle, high),
        runner_up(network, start, end, scenario, journey),
        _boardings(network, scenario, journey),
        _influences(network, scenario, journey),
        _assumptions(network, scenario, journey),
        _rides(network, scenario, journey),
    )


def runner_up(network: Network, start: str, end: str, scenario: Scenario, journey: Journey) -> Journey | None:
    """Return the fastest way that does without one of the roads, train lines, ferries or coaches of `journey`.

    Each of them is barred in turn over the stretch used; the fastest of the ways that remain is the runner-up.
    Local links and crossings are not barred.
    """
    trip = Trip(network, scenario, journey.mode)
    arrays = network.arrays
    lines = arrays.links[3]
    best: Journey | None = None
    for leg in journey.legs:
        if leg.role not in ("road", "train", "ferry", "coach"):
            continue
        barred = np.zeros(len(arrays.tail), dtype=bool)
        if leg.role != "train":
            barred[[row for row in leg.edge_rows if arrays.role[row] in ("run", "sail")]] = True
        else:
            ridden = {line for row in leg.edge_rows for line in listed(str(lines[row]))}
            rides = np.nonzero(arrays.role == "ride")[0]
            hit = [row for row in rides if (ridden & set(slots(str(lines[row])))) or row in leg.edge_rows]
            barred[hit] = True
        tree = trip.tree_without(network.row_of[start], barred)
        found = journey_on(trip, tree, network.row_of[end])
        if found.found and (best is None or found.minutes < best.minutes):
            best = found
    return best


def _influences(network: Network, scenario: Scenario, journey: Journey) -> tuple[Influence, ...]:
    table = scenario.table
    if table is None:
        return ()
    fixed = dict(scenario.overrides)
    rows = [row for row in table.rows if row.low < row.high and row.name not in fixed]
    known = dict(scenario.parameters.values)
    column = {row.name: 2 * i for i, row in enumerate(rows)}

    def value(name: str) -> Floats:
        values = np.full(2 * len(rows), known[name])
        if name in column:
            values[column[name]] = table[name].value("favourable")
            values[column[name] + 1] = table[name].value("adverse")
        return values

    chosen = np.unique(np.array(journey.edge_rows, dtype=np.int64))
    first, later = edge_minutes(network.arrays.at(chosen), scenario, value)
    at = np.searchsorted(chosen, journey.edge_rows)
    roles = network.arrays.role[list(journey.edge_rows)]
    left = np.isin(roles, ("alight", "sail")).astype(np.int64)
    before = np.cumsum(left) == left
    minutes = np.where(before[:, None], first[at], later[at]).sum(axis=0)
    found = [
        Influence(row.name, float(minutes[2 * i]), float(minutes[2 * i + 1]))
        for i, row in enumerate(rows)
        if minutes[2 * i + 1] - minutes[2 * i] > 1e-6
    ]
    return tuple(sorted(found, key=lambda one: one.favourable_min - one.adverse_min)[:_INFLUENCES])


def _boardings(network: Network, scenario: Scenario, journey: Journey) -> tuple[Boarding, ...]:
    arrays = network.arrays
    ordinary = scenario.timetable == "ordinary"
    cap = scenario.value("rail_wait_cap_min")
    found = []
    for row in journey.edge_rows:
        if arrays.role[row] != "board":
            continue
        trains = float((arrays.trains_ordinary if ordinary else arrays.trains)[row])
        if np.isnan(trains):
            metro = arrays.speed_class[row] == "metro"
            trains = scenario.value("metro_trains_per_day" if metro else "rail_new_trains_per_day")
        headway = scenario.value("rail_operating_hours") * 60.0 / max(trains, 1e-9)
        low, middle, high = (min(share * headway, cap) for share in QUANTILES)
        found.append(Boarding(network.node_names[int(arrays.tail[row])], trains, headway, (low, middle, high)))
    return tuple(found)


def _rides(network: Network, scenario: Scenario, journey: Journey) -> tuple[Ride, ...]:
    direct = direct_trains(network, ordinary=scenario.timetable == "ordinary")
    return tuple(
        Ride(leg.from_name, leg.to_name, leg.ride_min, direct.get((leg.from_name, leg.to_name)))
        for leg in journey.legs
        if leg.role == "train"
    )


def _assumptions(network: Network, scenario: Scenario, journey: Journey) -> tuple[Assumption, ...]:
    arrays = network.arrays
    rows = list(journey.edge_rows)
    settings = ("parameter_set", "period", "boarding", "timetable")
    taken = [Assumption("settings", {name: getattr(scenario, name) for name in settings})]
    km = float(arrays.length_km[rows].sum())
    drawn = float(arrays.length_km[rows][arrays.schematic[rows]].sum())
    if km > 0:
        taken.append(Assumption("lengths", {"published": km - drawn, "km": km}))
    rides = [row for row in rows if arrays.role[row] == "ride"]
    if rides:
        published = sum(1 for row in rides if not np.isnan(arrays.run_min[row]))
        taken.append(Assumption("rides", {"published": published, "rides": len(rides)}))
    if journey.mode == "rail":
        bound = "rail_access_max_min"
        taken.append(Assumption("drive_to_train", {"minutes": scenario.value(bound), "parameter": bound}))
    boarded = {"board": "planned_train", "embark": "planned_service"}
    first = next((boarded[role] for role in arrays.role[rows] if role in boarded), None)
    if first and scenario.boarding == "planned":
        taken.append(Assumption(first, {}))
    for leg in journey.legs:
        if leg.role in ("ferry", "coach"):
            taken.append(Assumption(leg.role, {"name": Words(leg.name_zh, leg.name_en or leg.name_zh)}))
    taken.extend(_assumed(network, rows))
    taken.extend(_crossings(journey, scenario))
    return tuple(taken)


def _assumed(network: Network, rows: Sequence[int]) -> list[Assumption]:
    edges = network.edges.iloc[rows]
    known = edges.loc[edges["opens_basis"] == "assumed", ["layer", "feature_id"]].astype(str)
    names = [Words(*network.names_of(*pair)) for pair in sorted(set(map(tuple, known.to_numpy())))]
    return [Assumption("opening", {"features": joined(names)})] if names else []


def _crossings(journey: Journey, scenario: Scenario) -> list[Assumption]:
    arrays = journey.network.arrays
    taken = []
    for row in journey.edge_rows:
        if arrays.role[row] == "border":
            name = f"border_{arrays.feature_id[row]}_{arrays.speed_class[row]}_min"
            taken.append(Assumption("border", {"minutes": scenario.value(name), "parameter": name}))
        elif arrays.role[row] == "land":
            name = "border_ferry_min"
            taken.append(Assumption("clearance", {"minutes": scenario.value(name), "parameter": name}))
    return taken
