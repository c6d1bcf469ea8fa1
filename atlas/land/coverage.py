"""Who and what lies within a travel time: people with bounds, area, places, shares of county, city and region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from atlas.land.population import Population
from atlas.land.surface import Surface, check_cutoffs
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["ELSEWHERE", "coverage"]

#: What lies in none of them.
ELSEWHERE = "其他"
COVERAGE_COLUMNS = (
    "origin", "origin_zh", "scenario", "mode", "cutoff_min", "scope", "name_zh", "people", "people_low",
    "people_high", "people_total", "share", "area_km2", "places", "hash",
)  # fmt: skip


def coverage(
    surface: Surface,
    population: Population,
    cutoffs_min: Sequence[float] = (60.0, 120.0),
    *,
    by_county: bool = True,
) -> pd.DataFrame:
    """Return what lies within each cut-off of one surface.

    Parameters
    ----------
    surface, population
        On one grid.
    cutoffs_min
        Minutes, inclusive.
    by_county
        Give every county its own row, beside region, metropolitan area and cities.

    Returns
    -------
    DataFrame
        :data:`COVERAGE_COLUMNS`. ``scope`` is ``region`` (all cells), ``metropolitan`` (the four cities),
        ``city`` or ``county``; ``people_low`` and ``people_high`` are the least and the most of the rules of
        :mod:`atlas.land.population`; ``share`` is of ``people_total``.

    Raises
    ------
    ScenarioError
        See :func:`atlas.land.surface.check_cutoffs`.
    """
    cutoffs = check_cutoffs(cutoffs_min)
    units, region = population.units, surface.network.region
    on_grid = (units["people"] - units["outside"]).to_numpy(dtype=np.float64)
    core = units["city"].isin(region.core_cities).to_numpy()
    scopes: list[tuple[str, str, np.ndarray]] = [
        ("region", "全域", np.ones(len(units), dtype=bool)),
        ("metropolitan", region.name_zh, core),
    ]
    scopes += [("city", city, (units["city"] == city).to_numpy()) for city in region.core_cities]
    if by_county:
        scopes += [("county", str(units["name_zh"].iloc[i]), np.arange(len(units)) == i) for i in np.nonzero(core)[0]]
    lon, lat, zh = _places(surface)
    at = surface.grid.cells_near(lon, lat)
    place_unit = np.where(at >= 0, population.unit[np.maximum(at, 0)], -1)
    minutes = np.where(at >= 0, surface.minutes[np.maximum(at, 0)], np.inf)
    rows = []
    for cutoff in cutoffs:
        within = surface.within(cutoff)
        for scope, name, chosen in scopes:
            belongs = np.append(chosen, scope == "region")
            cells = within & belongs[population.unit]
            sums = population.people[:, cells].sum(axis=1)
            total = float(on_grid[chosen].sum())
            inside = (minutes <= cutoff + TOLERANCE_MIN) & belongs[place_unit]
            rows.append(
                {
                    "origin": surface.origin, "origin_zh": surface.origin_name, "scenario": surface.scenario.name,
                    "mode": surface.mode, "cutoff_min": cutoff, "scope": scope, "name_zh": name,
                    "people": float(sums[0]), "people_low": float(sums.min()), "people_high": float(sums.max()),
                    "people_total": total, "share": float(sums[0]) / total if total else float("nan"),
                    "area_km2": float(cells.sum()) * surface.grid.cell_km2, "places": int(inside.sum()),
                    "hash": surface.hash,
                }
            )  # fmt: skip
    assert len(zh) == len(lon)
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


def _places(surface: Surface) -> tuple[np.ndarray, np.ndarray, list[str]]:
    frame = surface.network.place_layer.frame
    chosen = frame[frame["level"] != "zone"]
    return chosen.geometry.x.to_numpy(), chosen.geometry.y.to_numpy(), chosen["name_zh"].astype(str).tolist()
