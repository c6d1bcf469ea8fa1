"""Where a scenario meets the network: edges become minutes here and nowhere else.

Two times an edge: ``first`` for a traveller who has not yet ridden a train, ``later`` for one who has.
They differ for boarding only: a planned departure lets the first train be met without waiting, a later
train must be waited for. An edge that cannot be used is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atlas.errors import NetworkError, ScenarioError
from atlas.network import Network, open_edges
from atlas.rail import run_minutes
from atlas.scenario import Scenario

__all__ = ["MODES", "EdgeTimes", "Mode", "edge_times"]

Mode = Literal["drive", "rail", "multimodal"]
MODES: tuple[Mode, ...] = ("drive", "rail", "multimodal")
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_EXPRESSWAYS = ("expressway", "expressway_bridge")


@dataclass(frozen=True)
class EdgeTimes:
    """Minutes an edge, NaN where it cannot be used: before (`first`) and after (`later`) the first train."""

    first: Floats
    later: Floats


def edge_times(network: Network, scenario: Scenario, mode: str) -> EdgeTimes:
    """Return minutes for every edge of `network`.

    Parameters
    ----------
    network, scenario
        What is there, and what of it is open at which speeds, waits and border minutes.
    mode
        ``drive`` (roads), ``rail`` (trains, with local travel and ordinary roads to and from stations; the
        search then asks for at least one train) or ``multimodal`` (all).

    Raises
    ------
    ScenarioError
        Unknown mode.
    NetworkError
        An edge that should be usable has no time or a negative one.
    ParameterError
        A border crossing or another part of the model has no parameter.
    """
    if mode not in MODES:
        raise ScenarioError(f"unknown mode {mode!r}; choose one of {', '.join(MODES)}")
    edges = network.edges
    usable = open_edges(edges, scenario) & _in_mode(edges, mode)
    if scenario.timetable == "ordinary":
        usable &= ~((edges["role"] == "board") & (edges["service_ordinary"] == 0)).to_numpy()
    first = np.full(len(edges), np.nan)
    role = edges["role"].to_numpy(dtype=object)
    kind = edges["mode"].to_numpy(dtype=object)
    for select, minutes in (
        ((role == "run") & (kind == "road"), _road),
        (role == "ramp", _ramp),
        (role == "ride", _ride),
        ((kind == "local"), _local),
        (role == "border", _border),
    ):
        chosen = usable & select
        if chosen.any():
            first[chosen] = minutes(edges[chosen], scenario)
    first[usable & (role == "alight")] = scenario.value("rail_station_exit_min")
    first[usable & (role == "transfer")] = scenario.value("rail_transfer_min")
    later = first.copy()
    boards = usable & (role == "board")
    if boards.any():
        first[boards], later[boards] = _board(edges[boards], scenario)
    _check(network, usable, first, later)
    return EdgeTimes(first, later)


def _in_mode(edges: pd.DataFrame, mode: str) -> Bools:
    kind = edges["mode"].to_numpy(dtype=object)
    speed_class = edges["speed_class"].to_numpy(dtype=object)
    if mode == "drive":
        return np.asarray((kind == "road") | (speed_class == "local_road"), dtype=bool)
    if mode == "rail":
        tolled = edges["toll"].to_numpy(dtype=bool) | np.isin(speed_class, _EXPRESSWAYS)
        return np.asarray(~tolled, dtype=bool)
    return np.ones(len(edges), dtype=bool)


def _road(edges: pd.DataFrame, scenario: Scenario) -> Floats:
    speed_class = edges["speed_class"].to_numpy(dtype=object)
    express = np.isin(speed_class, _EXPRESSWAYS)
    urban = speed_class == "urban_expressway"
    limit = edges["speed_limit_kmh"].to_numpy(dtype=np.float64)
    default = np.where(
        express, scenario.value("road_limit_default_expressway_kmh"), scenario.value("road_limit_default_kmh")
    )
    limit = np.where(np.isnan(limit), default, limit)
    factor = np.where(
        express,
        scenario.value(f"road_factor_{scenario.period}_expressway"),
        np.where(
            urban,
            scenario.value(f"road_factor_{scenario.period}_urban_expressway"),
            scenario.value(f"road_factor_{scenario.period}_ordinary"),
        ),
    )
    km = _charged_km(edges, scenario.value("road_detour_schematic"))
    return np.asarray(km / (limit * factor) * 60.0, dtype=np.float64)


def _charged_km(edges: pd.DataFrame, detour: float) -> Floats:
    """Kilometres charged: published where that is what the edge carries, else drawn times the detour."""
    length = edges["length_km"].to_numpy(dtype=np.float64)
    drawn = edges["drawn_length_km"].to_numpy(dtype=np.float64)
    published = edges["published_length_km"].to_numpy(dtype=np.float64)
    return np.where(np.isnan(published) & (length == drawn), length * detour, length)


def _ramp(edges: pd.DataFrame, scenario: Scenario) -> Floats:
    joining = (edges["speed_class"] == "toll_join").to_numpy()
    return np.where(joining, scenario.value("toll_join_min"), scenario.value("toll_leave_min"))


def _ride(edges: pd.DataFrame, scenario: Scenario) -> Floats:
    published = edges["run_min"].to_numpy(dtype=np.float64)
    speed = edges["speed_limit_kmh"].to_numpy(dtype=np.float64)
    speed = np.where(np.isnan(speed), scenario.value("rail_speed_default_kmh"), speed)
    formula = run_minutes(
        _charged_km(edges, scenario.value("rail_detour_schematic")),
        speed,
        speed_factor=scenario.value("rail_speed_factor"),
        acceleration_ms2=scenario.value("rail_acceleration_ms2"),
        dwell_min=scenario.value("rail_dwell_min"),
    )
    return np.where(np.isnan(published), formula, published)


def _local(edges: pd.DataFrame, scenario: Scenario) -> Floats:
    length = edges["length_km"].to_numpy(dtype=np.float64)
    return length * scenario.value("local_detour") / scenario.value("local_speed_kmh") * 60.0


def _border(edges: pd.DataFrame, scenario: Scenario) -> Floats:
    names = [f"border_{f}_{way}_min" for f, way in zip(edges["feature_id"], edges["speed_class"], strict=True)]
    return np.array([scenario.value(name) for name in names], dtype=np.float64)


def _board(edges: pd.DataFrame, scenario: Scenario) -> tuple[Floats, Floats]:
    """Minutes from the station door, or from another train, to departure: first train and later ones."""
    ordinary = scenario.timetable == "ordinary"
    trains = edges["trains_ordinary" if ordinary else "trains_per_day"].to_numpy(dtype=np.float64)
    metro = (edges["speed_class"] == "metro").to_numpy()
    assumed = np.where(metro, scenario.value("metro_trains_per_day"), scenario.value("rail_new_trains_per_day"))
    trains = np.where(np.isnan(trains), assumed, trains)
    headway = scenario.value("rail_operating_hours") * 60.0 / np.maximum(trains, 1e-9)
    waited = np.minimum(scenario.value("rail_wait_share") * headway, scenario.value("rail_wait_cap_min"))
    changing = edges["edge_id"].str.endswith("/change").to_numpy()
    entry = np.where(changing, 0.0, scenario.value("rail_station_entry_min"))
    waits = changing | (scenario.boarding != "planned")
    return np.where(waits, entry + waited, entry), entry + waited


def _check(network: Network, usable: Bools, first: Floats, later: Floats) -> None:
    for minutes in (first, later):
        wrong = usable & ~(minutes >= 0)
        if wrong.any():
            edge = network.edges[wrong].iloc[0]
            raise NetworkError(
                f"edge {edge['edge_id']} ({edge['layer']} {edge['feature_id']}) has no time or a negative one; "
                "its length, speed limit or minutes are missing or wrong"
            )
