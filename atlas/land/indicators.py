"""Accessibility indicators of counties and cities, after the ESPON definitions.

Spiekermann, K. et al., *TRACC: Transport Accessibility at Regional/Local Scale and Patterns in Europe* (ESPON 2015)
defines *daily accessibility* (people reached within a time) and *potential accessibility* (people weighted by a
decay of the time). *Transport performance* is, after the European Commission's working papers on urban accessibility,
the people reached within a time over the people who live within a circle around the origin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import shapely

from atlas.base.errors import ScenarioError
from atlas.base.geodesy import Bools, Floats, distances_km, transformer
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.land.links import AccessTable
from atlas.land.population import Population
from atlas.land.surface import surface_of
from atlas.network.attach import WORKS
from atlas.network.build import Network
from atlas.travel.trip import Trip

__all__ = ["DECAY_PER_MIN", "HUBS", "NEAR_KM", "accessibility", "nearest_sites"]

#: Potential accessibility: weight exp(-beta × minutes); half the weight after 35 minutes.
DECAY_PER_MIN = float(np.log(2.0) / 35.0)
#: Radius of the circle of transport performance for the cut-off of 60 minutes; proportional for others.
NEAR_KM = 60.0
#: Parts of an airport (terminals, a second runway) lie nearer to each other than this and are one airport.
AIRPORT_KM = 5.0
#: Kinds of stations that are hubs: those of high-speed and of intercity trains; no metro or conventional stop is one.
HUBS = ("high_speed", "intercity")
INDICATOR_COLUMNS = (
    "id", "name_zh", "city", "scenario", "mode", "people_60", "people_120", "potential", "self_potential",
    "mean_time_min", "performance_60", "port_min", "airport_min",
    "general_airport_min", "hub_min", "nth", "hash",
)  # fmt: skip


def accessibility(
    network: Network,
    origins: Sequence[str],
    scenarios: Sequence[Scenario],
    modes: Sequence[str],
    table: AccessTable,
    population: Population,
    *,
    nth: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return the indicators of each origin, scenario and mode.

    Parameters
    ----------
    origins
        Ids of places, such as the seats of counties.
    table, population
        On one grid.
    nth
        Which port, airport and station counts: 1 the nearest, 2 the second nearest … (choice, after ESPON TRACC).
    progress
        Called with the number of combinations done and their total.

    Returns
    -------
    DataFrame
        :data:`INDICATOR_COLUMNS`: people within 60 and 120 minutes; ``potential`` people weighted by
        exp(−:data:`DECAY_PER_MIN` × minutes), with the county of the origin apart as ``self_potential``;
        ``mean_time_min`` to the metropolitan population, those without a way left out; ``performance_60``
        people within 60 minutes over people within :data:`NEAR_KM`; minutes to the nth nearest port, airport of
        civil aviation (``airport_min``), airfield of general aviation or heliport (``general_airport_min``) and
        station of kind :data:`HUBS` with trains; NaN where there is no way or are fewer.

    Raises
    ------
    ScenarioError
        `nth` is less than 1.
    """
    if nth < 1:
        raise ScenarioError(f"nth counts from 1, the nearest; it is {nth}")
    places = network.place_layer.frame.set_index("id")
    core = population.units["city"].isin(network.region.core_cities).to_numpy()
    people = population.people[0]
    in_core = np.append(core, False)[population.unit]
    rows = []
    done = 0
    for scenario in scenarios:
        for mode in modes:
            trip = Trip(network, scenario, mode)
            for origin in origins:
                surface = surface_of(trip, trip, f"place/{origin}", table)
                minutes = surface.minutes
                known = np.isfinite(minutes)
                point = places.geometry[origin]
                home = int(table.grid.cells_near(np.array([point.x]), np.array([point.y]))[0])
                at_home = (population.unit == population.unit[home]) & (population.unit >= 0) & (home >= 0)
                weight = np.where(known, np.exp(-DECAY_PER_MIN * np.where(known, minutes, 0.0)), 0.0)
                near = _within_km(table, point.x, point.y, NEAR_KM)
                core_people = people[known & in_core]
                rows.append(
                    {
                        "id": origin, "name_zh": str(places.at[origin, "name_zh"]),
                        "city": str(places.at[origin, "city"]),
                        "scenario": scenario.name, "mode": mode,
                        "people_60": float(people[surface.within(60.0)].sum()),
                        "people_120": float(people[surface.within(120.0)].sum()),
                        "potential": float((people * weight)[~at_home].sum()),
                        "self_potential": float((people * weight)[at_home].sum()),
                        "mean_time_min": _mean(minutes[known & in_core], core_people),
                        "performance_60": float(people[surface.within(60.0)].sum() / max(people[near].sum(), 1.0)),
                        **nearest_sites(trip, origin, nth),
                        "nth": nth,
                        "hash": stamp(network.hash, [scenario]),
                    }
                )  # fmt: skip
                done += 1
                if progress is not None:
                    progress(done, len(scenarios) * len(modes) * len(origins))
    return pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS))


def _mean(minutes: Floats, people: Floats) -> float:
    return float((minutes * people).sum() / people.sum()) if people.sum() > 0 else float("nan")


def _within_km(table: AccessTable, lon: float, lat: float, km: float) -> Bools:
    x, y = transformer(4326, table.grid.crs).transform(lon, lat)
    return np.asarray(np.hypot(table.grid.xy[:, 0] - x, table.grid.xy[:, 1] - y) <= km * 1000.0, dtype=bool)


def nearest_sites(trip: Trip, origin: str, nth: int = 1) -> dict[str, float]:
    """Return the minutes from the place `origin` to the nth nearest port, airport, airfield and hub; NaN for none.

    Returns
    -------
    dict
        ``port_min``, ``airport_min``, ``general_airport_min`` and ``hub_min`` as in :func:`accessibility`.
    """
    nodes = trip.network.nodes
    minutes = trip.tree(trip.network.row_of[f"place/{origin}"]).node_minutes
    airport, civil = nodes["kind"] == "airport", nodes["service"] == "civil"
    found = {}
    for name, chosen, apart_km in (
        ("port_min", nodes["kind"] == "port", 0.0),
        ("airport_min", airport & civil, AIRPORT_KM),
        ("general_airport_min", airport & ~civil & (nodes["service"] != WORKS), AIRPORT_KM),
        ("hub_min", (nodes["kind"] == "stop") & nodes["service"].isin(HUBS), 0.0),
    ):
        rows = np.nonzero(chosen.to_numpy() & np.isfinite(minutes))[0]
        rows = rows[np.argsort(minutes[rows], kind="stable")]
        first = _apart(shapely.get_coordinates(nodes.geometry.to_numpy()[rows]), apart_km)
        found[name] = float(minutes[rows[first[nth - 1]]]) if len(first) >= nth else float("nan")
    return found


def _apart(lonlat: Floats, apart_km: float) -> list[int]:
    """Return which points are no part of one before them: those nearer than `apart_km` to one that is kept."""
    kept: list[int] = []
    for i, (lon, lat) in enumerate(lonlat.tolist()):
        same = np.full(len(kept), lon), np.full(len(kept), lat), lonlat[kept, 0], lonlat[kept, 1]
        if not (distances_km(*same) < apart_km).any():
            kept.append(i)
    return kept
