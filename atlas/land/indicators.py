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
from numpy.typing import NDArray

from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.land.links import AccessTable
from atlas.land.population import Population
from atlas.land.surface import surface_of
from atlas.network.build import Network
from atlas.travel.trip import Trip

__all__ = ["DECAY_PER_MIN", "INDICATOR_COLUMNS", "NEAR_KM", "accessibility"]

Floats = NDArray[np.float64]
#: Potential accessibility: weight exp(-beta × minutes); half the weight after 35 minutes.
DECAY_PER_MIN = float(np.log(2.0) / 35.0)
#: Radius of the circle of transport performance for the cut-off of 60 minutes; proportional for others.
NEAR_KM = 60.0
INDICATOR_COLUMNS = (
    "id", "name_zh", "city", "scenario", "mode", "people_60", "people_120", "potential", "self_potential",
    "mean_time_min", "performance_60", "port_min", "airport_min", "hub_min", "hash",
)  # fmt: skip


def accessibility(
    network: Network,
    origins: Sequence[str],
    scenarios: Sequence[Scenario],
    modes: Sequence[str],
    table: AccessTable,
    population: Population,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return the indicators of each origin, scenario and mode.

    Parameters
    ----------
    origins
        Ids of places, such as the seats of counties.
    table, population
        On one grid.
    progress
        Called with the number of combinations done and their total.

    Returns
    -------
    DataFrame
        :data:`INDICATOR_COLUMNS`: people within 60 and 120 minutes; ``potential`` people weighted by
        exp(−:data:`DECAY_PER_MIN` × minutes), with the county of the origin apart as ``self_potential``;
        ``mean_time_min`` to the metropolitan population, those without a way left out; ``performance_60``
        people within 60 minutes over people within :data:`NEAR_KM`; minutes to the nearest port, airport and
        high-speed or intercity station with trains; NaN where there is no way.
    """
    places = network.place_layer.frame.set_index("id")
    core = population.units["city"].isin(("珠海", "中山", "江门", "阳江")).to_numpy()
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
                home = int(table.grid.cell_of(np.array([point.x]), np.array([point.y]))[0])
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
                        **_nearest_sites(trip, origin),
                        "hash": stamp(network.hash, [scenario]),
                    }
                )  # fmt: skip
                done += 1
                if progress is not None:
                    progress(done, len(scenarios) * len(modes) * len(origins))
    return pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS))


def _mean(minutes: Floats, people: Floats) -> float:
    return float((minutes * people).sum() / people.sum()) if people.sum() > 0 else float("nan")


def _within_km(table: AccessTable, lon: float, lat: float, km: float) -> NDArray[np.bool_]:
    cells = table.grid.lonlat
    east = (cells[:, 0] - lon) * np.cos(np.radians(lat)) * 111.32
    return np.asarray(np.hypot(east, (cells[:, 1] - lat) * 110.6) <= km, dtype=bool)


def _nearest_sites(trip: Trip, origin: str) -> dict[str, float]:
    nodes = trip.network.nodes
    minutes = trip.tree(trip.network.row_of[f"place/{origin}"]).node_minutes
    found = {}
    for name, chosen in (
        ("port_min", nodes["kind"] == "port"),
        ("airport_min", nodes["kind"] == "airport"),
        ("hub_min", nodes["kind"] == "stop"),
    ):
        best = minutes[chosen.to_numpy()].min(initial=np.inf)
        found[name] = float(best) if np.isfinite(best) else float("nan")
    return found
