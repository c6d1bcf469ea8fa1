"""Where a scenario meets the network: edges become minutes here and nowhere else.

Two times an edge: ``first`` for a traveller who has not yet ridden a train, ``later`` for one who has.
They differ for boarding only: a planned departure lets the first train be met without waiting, a later
train must be waited for. An edge that cannot be used is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from atlas.base.errors import NetworkError, ScenarioError
from atlas.base.geodesy import Bools, Floats
from atlas.data.scenario import MODES, Scenario
from atlas.network.arrays import EdgeArrays

if TYPE_CHECKING:
    from atlas.network.value import Network

__all__ = ["EdgeTimes", "edge_minutes", "edge_times", "local_minutes", "run_minutes", "usable_edges", "usable_of"]

#: Classes of railway with a speed and a number of trains of their own where nothing is published.
_RAIL_CLASSES = ("high_speed", "conventional")
#: Gives a parameter's values by name: k numbers, one a draw, or one number for all.
Values = Callable[[str], Floats]


@dataclass(frozen=True)
class EdgeTimes:
    """Minutes an edge, NaN where it cannot be used: before (`first`) and after (`later`) the first vehicle."""

    first: Floats
    later: Floats


def local_minutes(scenario: Scenario, length_km: float) -> float:
    """Return the minutes of local travel over `length_km`, straight."""
    return float(length_km * scenario.value("local_detour") / scenario.value("local_speed_kmh") * 60.0)


def edge_times(network: Network, scenario: Scenario, mode: str) -> EdgeTimes:
    """Return minutes for every edge of `network`.

    Parameters
    ----------
    network, scenario
        What is there, and what of it is open at which speeds, waits and border minutes.
    mode
        ``drive`` (roads), ``rail`` (trains, and roads and local travel to and from stations; the search then
        asks for at least one train and bounds the drive, see :func:`atlas.travel.search.arcs_in`) or ``multimodal``
        (all).

    Raises
    ------
    ScenarioError
        Unknown mode.
    NetworkError
        An edge that should be usable has no time or a negative one.
    ParameterError
        A border crossing or another part of the model has no parameter.
    """
    usable = usable_edges(network, scenario, mode)
    minutes = edge_minutes(network.arrays, scenario, lambda name: np.array([scenario.value(name)]))
    first, later = (np.where(usable, some[:, 0], np.nan) for some in minutes)
    _check(network, usable, first, later)
    return EdgeTimes(first, later)


def usable_edges(network: Network, scenario: Scenario, mode: str) -> Bools:
    """Return which edges `mode` may use in `scenario`: open, of the mode, and with a train that runs.

    Raises
    ------
    ScenarioError
        Unknown mode.
    """
    return usable_of(network.arrays, network.arrays.present_in(scenario), scenario, mode)


def usable_of(arrays: EdgeArrays, present: Bools, scenario: Scenario, mode: str) -> Bools:
    """Return which of the edges `present` `mode` may use; :func:`usable_edges` for a choice of edges of one's own."""
    if mode not in MODES:
        raise ScenarioError(f"unknown mode {mode!r}; choose one of {', '.join(MODES)}")
    usable = arrays.standing(present) & arrays.in_mode[mode]
    if scenario.timetable == "ordinary":
        usable &= ~((arrays.role == "board") & (arrays.service_ordinary == 0)).astype(bool)
    return np.asarray(usable, dtype=bool)


def edge_minutes(
    arrays: EdgeArrays,
    scenario: Scenario,
    value: Values,
    *,
    stretch: Floats | None = None,
    wait_share: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return the minutes of m edges for k sets of parameters at once, all edges taken as open.

    Parameters
    ----------
    arrays
        The edges.
    scenario
        Its period, boarding policy and timetable; its parameters are not read.
    value
        Gives the k values of a parameter by name.
    stretch
        (m, k) factors on kilometres that are drawn and not published; 1 when absent.
    wait_share
        (m, k) shares of the headway waited, in place of the parameter ``rail_wait_share``.

    Returns
    -------
    first, later
        (m, k) minutes before and after the first train; NaN for an edge of no known role.
    """
    k = value("local_speed_kmh").shape[0]
    first = np.full((len(arrays.tail), k), np.nan)

    def put(role: str, minutes: Callable[[EdgeArrays, Floats], Floats]) -> None:
        if role in arrays.by_role:
            rows, edges = arrays.by_role[role]
            km = edges.length_km[:, None]
            if stretch is not None:
                km = np.where(edges.schematic[:, None], km * stretch[rows], km)
            first[rows] = minutes(edges, km)

    put("run", lambda edges, km: _road(edges, km, scenario, value))
    put("ramp", lambda edges, km: _ramp(edges, value))
    put("ride", lambda edges, km: _ride(edges, km, value))
    put("local", lambda edges, km: km * (value("local_detour") / value("local_speed_kmh") * 60.0))
    put("border", lambda edges, km: _border(edges, value))
    put("sail", lambda edges, km: _sail(edges, value))
    put("land", lambda edges, km: value("border_ferry_min"))
    put("alight", lambda edges, km: value("rail_station_exit_min"))
    put("transfer", lambda edges, km: value("rail_transfer_min"))
    later = first.copy()
    if "board" in arrays.by_role:
        rows, edges = arrays.by_role["board"]
        shares = value("rail_wait_share") if wait_share is None else wait_share[rows]
        first[rows], later[rows] = _board(edges, scenario, value, shares)
    if "embark" in arrays.by_role:
        rows, edges = arrays.by_role["embark"]
        first[rows], later[rows] = _embark(edges, scenario, value)
    return first, later


def _charged_km(edges: EdgeArrays, km: Floats, mode: str, value: Values) -> Floats:
    """Kilometres charged: published where that is what the edge carries, else drawn times the detour."""
    schematic, indicative = value(f"{mode}_detour_schematic"), value(f"{mode}_detour_indicative")
    detour = np.where(edges.indicative[:, None], indicative, schematic)
    return np.where(edges.schematic[:, None], km * detour, km)


def _road(edges: EdgeArrays, km: Floats, scenario: Scenario, value: Values) -> Floats:
    express = edges.expressway[:, None]
    urban = (edges.speed_class == "urban_expressway")[:, None]
    default = np.where(express, value("road_limit_default_expressway_kmh"), value("road_limit_default_kmh"))
    limit = edges.limit_kmh[:, None]
    limit = np.where(np.isnan(limit), default, limit)
    period = f"road_factor_{scenario.period}"
    slower = np.where(urban, value(f"{period}_urban_expressway"), value(f"{period}_ordinary"))
    factor = np.where(express, value(f"{period}_expressway"), slower)
    return np.asarray(_charged_km(edges, km, "road", value) / (limit * factor) * 60.0)


def _ramp(edges: EdgeArrays, value: Values) -> Floats:
    joining = (edges.speed_class == "toll_join")[:, None]
    return np.where(joining, value("toll_join_min"), value("toll_leave_min"))


def _ride(edges: EdgeArrays, km: Floats, value: Values) -> Floats:
    published = edges.run_min[:, None]
    speed = edges.limit_kmh[:, None]
    usual = _by_class(
        edges, {name: f"rail_speed_{name}_kmh" for name in _RAIL_CLASSES}, "rail_speed_default_kmh", value
    )
    formula = run_minutes(
        _charged_km(edges, km, "rail", value),
        np.where(np.isnan(speed), usual, speed),
        speed_factor=value("rail_speed_factor"),
        acceleration_ms2=value("rail_acceleration_ms2"),
        dwell_min=value("rail_dwell_min"),
    )
    return np.where(np.isnan(published), formula, published)


def run_minutes(
    length_km: Floats,
    line_speed_kmh: Floats,
    *,
    speed_factor: float | Floats,
    acceleration_ms2: float | Floats,
    dwell_min: float | Floats,
) -> Floats:
    """Return minutes from stop to stop, dwell at the second stop included.

    The train accelerates to ``speed_factor × line_speed`` and brakes at the same mean rate; where the
    distance is too short to reach that speed the profile is a triangle. (Constant-rate speed profile, as
    in any railway running-time text.)

    Parameters
    ----------
    length_km, line_speed_kmh
        Distance between the stops and speed of the line, element by element; all five are broadcast.
    speed_factor
        Share of the line speed that trains run at.
    acceleration_ms2
        Mean of acceleration and braking, m/s².
    dwell_min
        Minutes at a stop.
    """
    metres = np.asarray(length_km, dtype=np.float64) * 1000.0
    speed_ms = np.asarray(line_speed_kmh, dtype=np.float64) * speed_factor / 3.6
    ramp_m = speed_ms**2 / acceleration_ms2
    cruise_s = metres / speed_ms + speed_ms / acceleration_ms2
    triangle_s = 2.0 * np.sqrt(metres / acceleration_ms2)
    return np.where(metres >= ramp_m, cruise_s, triangle_s) / 60.0 + dwell_min


def _by_class(edges: EdgeArrays, names: dict[str, str], usual: str, value: Values) -> Floats:
    """(m, k) values of the parameter that `names` gives for the class of each edge, of `usual` for other classes."""
    found = np.broadcast_to(value(usual), (len(edges.tail), *value(usual).shape))
    for kind, name in names.items():
        found = np.where((edges.speed_class == kind)[:, None], value(name), found)
    return np.asarray(found, dtype=np.float64)


def _border(edges: EdgeArrays, value: Values) -> Floats:
    names = [f"border_{f}_{way}_min" for f, way in zip(edges.feature_id, edges.speed_class, strict=True)]
    return np.stack([value(name) for name in names])


def _board(edges: EdgeArrays, scenario: Scenario, value: Values, shares: Floats) -> tuple[Floats, Floats]:
    """Minutes from the station door, or from another train, to departure: first train and later ones."""
    trains = (edges.trains_ordinary if scenario.timetable == "ordinary" else edges.trains)[:, None]
    names = {name: f"rail_new_trains_{name}_per_day" for name in _RAIL_CLASSES}
    assumed = _by_class(edges, names | {"metro": "metro_trains_per_day"}, "rail_new_trains_per_day", value)
    trains = np.where(np.isnan(trains), assumed, trains)
    headway = value("rail_operating_hours") * 60.0 / np.maximum(trains, 1e-9)
    waited = np.minimum(shares * headway, value("rail_wait_cap_min"))
    entry = np.where(edges.changing[:, None], 0.0, value("rail_station_entry_min"))
    waits = edges.changing[:, None] | (scenario.boarding != "planned")
    return np.where(waits, entry + waited, entry), entry + waited


def _embark(edges: EdgeArrays, scenario: Scenario, value: Values) -> tuple[Floats, Floats]:
    """Minutes from the pier or stop to departure: first vehicle of the journey and later ones."""
    coach = (edges.mode == "coach")[:, None]
    entry = np.where(coach, value("coach_entry_min"), value("ferry_entry_min"))
    known = edges.trains[:, None]
    departures = np.where(np.isnan(known), value("ferry_departures_per_day"), known)
    headway = value("rail_operating_hours") * 60.0 / departures
    waited = np.minimum(value("rail_wait_share") * headway, value("rail_wait_cap_min"))
    return np.where(scenario.boarding != "planned", entry + waited, entry), entry + waited


def _sail(edges: EdgeArrays, value: Values) -> Floats:
    """Minutes of a service: from the least told to the most, the central ones half-way."""
    low, usual, high = (some[:, None] for some in (edges.run_min_low, edges.run_min, edges.run_min_high))
    share = np.clip(value("ferry_minutes_share"), 0.0, 1.0)
    below, above = np.minimum(2.0 * share, 1.0), np.maximum(2.0 * share - 1.0, 0.0)
    return np.asarray(low + (usual - low) * below + (high - usual) * above, dtype=np.float64)


def _check(network: Network, usable: Bools, first: Floats, later: Floats) -> None:
    for minutes in (first, later):
        wrong = usable & ~(minutes >= 0)
        if wrong.any():
            edge = network.edges[wrong].iloc[0]
            raise NetworkError(
                f"edge {edge['edge_id']} ({edge['layer']} {edge['feature_id']}) has no time or a negative one; "
                "its length, speed limit or minutes are missing or wrong"
            )
