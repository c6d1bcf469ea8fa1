"""Residents spread over the land grid: totals of every county kept to the person, with bounds from other rules.

No table says where within a county people live, except for towns with a figure of their own. So three rules spread the
same totals, and every figure is given with the least and the most that the rules give:

``settled`` (the figure shown)
    Each land cell belongs to the nearest settlement (town, or seat of a unit without towns) within
    :data:`REACH_KM`. A town with a figure of its own gets it; what is left of its county is shared by the
    county's other settlements in proportion to their land times the median density of those of their kind
    (sub-district, 街道, or town, 镇) that have a figure. Within a settlement density falls off with distance from
    its middle by a factor e every :data:`DECAY_KM`.
``even``
    The county's people stand evenly on its cells.
``middles``
    The people of each settlement stand in its middle.

A neighbouring prefecture, known by its seat alone, is spread over ground of its own size: a circle around the seat with
the area of the prefecture (no smaller than :data:`REACH_KM`), as far as no other settlement is nearer. What of that
circle lies beyond the grid takes its share of the people, taken as land throughout since the sea there is not known;
those people are in ``outside`` and on no cell. No neighbour is pressed onto the strip of it that the grid holds.

A unit is a county, district, county-level city or special administrative region; a prefecture only where the layer
has none of its counties; a town or village that belongs to none. Where town figures add up to more than the county's
total they are scaled down to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from atlas.base.errors import ImportDataError
from atlas.base.geodesy import Bools, Floats, Ints, transformer
from atlas.base.tables import read_table
from atlas.data.declaration import counted_units
from atlas.land.grid import Grid

_OWN = ", the population of your own,"
__all__ = ["Population", "own_population", "spread_people", "units_of"]

#: How far from a settlement's middle its people may live, and over what distance density falls to 1/e.
REACH_KM, DECAY_KM = 25.0, 3.0
#: A neighbouring prefecture known by its seat alone is a large city: density falls off more slowly.
CITY_DECAY_KM = 10.0


@dataclass(frozen=True, eq=False)
class Population:
    """People by cell.

    Attributes
    ----------
    grid
        The cells.
    people
        (3, cells) by the rules ``settled``, ``even`` and ``middles``, in that order.
    unit
        (cells,) index into `units`, -1 where a cell belongs to none.
    units : DataFrame
        ``id``, ``name_zh``, ``name_en``, ``city``, ``people`` (of the table), ``year``, ``outside`` (those of `people`
        that live beyond the grid, by the rule shown, and are on no cell).
    source
        What the figures rest on.
    """

    grid: Grid
    people: Floats
    unit: Ints
    units: pd.DataFrame
    source: str

    def inside(self, chosen: Bools, unit: int | None = None) -> tuple[float, float, float]:
        """Return people on the `chosen` cells: by the rule shown, the least and the most of all rules."""
        kept = chosen if unit is None else chosen & (self.unit == unit)
        sums = self.people[:, kept].sum(axis=1)
        return float(sums[0]), float(sums.min()), float(sums.max())


def units_of(places: pd.DataFrame) -> pd.DataFrame:
    """Return the units that are counted, none twice, with their population."""
    return counted_units(_coded(places))


def _coded(places: pd.DataFrame) -> pd.DataFrame:
    """Return the places, those without an administrative code under their id."""
    bare = places["adcode"].isna() | (places["adcode"] == "")
    return places.assign(adcode=places["adcode"].where(~bare, places["id"]))


def spread_people(grid: Grid, places: pd.DataFrame) -> Population:
    """Spread the residents of the layer ``places`` over `grid`.

    Parameters
    ----------
    grid
        From :func:`atlas.land.grid.land_grid`.
    places
        Frame of the layer ``places``: ``adcode``, ``parent``, ``level``, ``population``, geometry.
    """
    places, units = _coded(places), units_of(places)
    towns = places[(places["level"] == "town") & places["parent"].isin(set(units["adcode"]))]
    # Of a city without a code nobody knows whether all its parts are there: it is a settlement beside them.
    bare = units[~units["adcode"].isin(set(towns["parent"])) | (units["adcode"] == units["id"])]
    owner = {code: i for i, code in enumerate(units["adcode"])}
    middles = pd.concat([towns.assign(_unit=towns["parent"]), bare.assign(_unit=bare["adcode"])], ignore_index=True)
    if middles.empty:
        return _nobody(grid, units)
    unit = np.array([owner[code] for code in middles["_unit"]], dtype=np.int64)
    there = transformer(4326, grid.crs)
    xy = np.column_stack(there.transform(middles.geometry.x.to_numpy(), middles.geometry.y.to_numpy()))
    reach = _reach_m(middles)
    far, nearest = _nearest(xy, grid.xy, float(reach.max()))
    settlement = np.where(far <= np.append(reach, -1.0)[nearest], nearest, -1).astype(np.int64)
    settled = settlement >= 0
    # a settlement with no cell of its own (an islet) takes the cell nearest to it
    _, home = _nearest(grid.xy, xy, np.inf)
    cell_count = np.bincount(settlement[settled], minlength=len(middles)).astype(np.float64)
    figures = middles["population"].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    figures[len(towns) :] = np.nan
    total = units["population"].to_numpy(dtype=np.float64)
    share = np.maximum(cell_count, 1.0) * _typical_density(middles, figures, np.maximum(cell_count, 1.0))
    own = _settlement_people(figures, unit, share, total)
    decay = np.where(np.isin(middles["level"], ["prefecture", "sar"]), CITY_DECAY_KM, DECAY_KM) * 1000.0
    cells = np.nonzero(settled)[0]
    weight = np.exp(-far[cells] / decay[settlement[cells]])
    beyond_cells, beyond_weight = _beyond(grid, xy, reach, decay, (middles["level"] == "prefecture").to_numpy())
    rules = np.zeros((3, len(grid.cells)))
    kept = _share(rules[0], own, settlement[cells], cells, weight, home, beyond_weight)
    cell_unit = np.full(len(grid.cells), -1, dtype=np.int64)
    cell_unit[cells] = unit[settlement[cells]]
    unit_home = np.array([home[np.nonzero(unit == i)[0][0]] for i in range(len(units))], dtype=np.int64)
    unit_beyond = np.bincount(unit, weights=beyond_cells, minlength=len(units)).astype(np.float64)
    _share(rules[1], total, cell_unit[cells], cells, np.ones(len(cells)), unit_home, unit_beyond)
    here = grid.holds(middles.geometry.x.to_numpy(), middles.geometry.y.to_numpy()) | (beyond_cells == 0)
    np.add.at(rules[2], home[here], own[here])
    outside = np.bincount(unit, weights=own - kept, minlength=len(units)).astype(np.float64)
    return Population(grid, rules, cell_unit, _table(units, outside), "layer places, figures of the year given")


def _table(units: pd.DataFrame, outside: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": units["id"].astype(str),
            "name_zh": units["name_zh"].astype(str),
            "name_en": units["name_en"].astype(str),
            "city": units["city"].astype(str),
            "people": units["population"].to_numpy(dtype=np.float64),
            "year": units["pop_year"],
            "outside": outside,
        }
    )


def _nobody(grid: Grid, units: pd.DataFrame) -> Population:
    """A population of which no place tells anything."""
    count = len(grid.cells)
    return Population(
        grid, np.zeros((3, count)), np.full(count, -1, dtype=np.int64), _table(units, np.zeros(0)),
        "nothing: no place tells its residents; atlas import population brings them",
    )  # fmt: skip


def _nearest(known: Floats, wanted: Floats, most_m: float) -> tuple[Floats, Ints]:
    """Return distance and index of the nearest known point; infinite where none is within `most_m`."""
    far, index = cKDTree(known).query(wanted, distance_upper_bound=most_m)
    return np.asarray(far, dtype=np.float64), np.asarray(index, dtype=np.int64)


def _typical_density(middles: pd.DataFrame, figures: Floats, land: Floats) -> Floats:
    """Return for each settlement the median people a cell of those of its kind that have a figure."""
    urban = middles["name_zh"].astype(str).str.endswith("街道").to_numpy(dtype=bool)
    density = np.ones(len(middles))
    for kind in (urban, ~urban):
        known = kind & ~np.isnan(figures)
        if known.any():
            density[kind] = float(np.median(figures[known] / land[known]))
    return density


def _settlement_people(figures: Floats, unit: Ints, land: Floats, total: Floats) -> Floats:
    """Return the people of each settlement such that those of a unit add up to its total."""
    people = np.zeros(len(figures))
    for i, whole in enumerate(total):
        own = np.nonzero(unit == i)[0]
        known = own[~np.isnan(figures[own])]
        open_ = own[np.isnan(figures[own])]
        given = float(figures[known].sum())
        if given > whole or (len(open_) == 0 and given > 0):
            people[known] = figures[known] * (whole / given)
            continue
        people[known] = figures[known]
        if len(open_):
            people[open_] = (whole - given) * land[open_] / land[open_].sum()
    return people


def _reach_m(middles: pd.DataFrame) -> Floats:
    """Return how far from each settlement its people may live: a prefecture's over a circle of its own area."""
    area = middles["area_km2"].to_numpy(dtype=np.float64, na_value=np.nan)
    own = np.where(middles["level"] == "prefecture", np.sqrt(np.nan_to_num(area) / np.pi), 0.0)
    return np.asarray(np.maximum(own, REACH_KM) * 1000.0, dtype=np.float64)


def _beyond(grid: Grid, xy: Floats, reach: Floats, decay: Floats, whole: Bools) -> tuple[Floats, Floats]:
    """Return for each settlement the cells that it has beyond the grid, and their weight; of those `whole` alone."""
    count, weight = np.zeros((2, len(xy)))
    back = transformer(grid.crs, 4326)
    tree = cKDTree(xy)
    for i in np.nonzero(whole)[0]:
        steps = np.arange(-reach[i], reach[i] + grid.size_m, grid.size_m)
        x, y = (part.ravel() for part in np.meshgrid(xy[i, 0] + steps, xy[i, 1] + steps))
        outside = ~grid.holds(*back.transform(x, y))
        far, nearest = (np.asarray(part) for part in tree.query(np.column_stack([x[outside], y[outside]])))
        own = (nearest == i) & (far <= reach[i])
        count[i], weight[i] = own.sum(), np.exp(-far[own] / decay[i]).sum()
    return count, weight


def _share(out: Floats, amount: Floats, owner: Ints, cells: Ints, weight: Floats, home: Ints, beyond: Floats) -> Floats:
    """Share `amount` of each owner over its cells by weight and return what of it lies on the grid.

    `beyond` (owners,) is the weight of what an owner has off the grid; one with nothing anywhere uses its home.
    """
    whole = np.bincount(owner, weights=weight, minlength=len(amount)) + beyond
    out[cells] += weight / whole[owner] * amount[owner]
    without = np.nonzero(whole == 0)[0]
    np.add.at(out, home[without], amount[without])
    return np.where(whole > 0, amount * (1.0 - beyond / np.maximum(whole, 1e-300)), amount)


def own_population(grid: Grid, path: str | Path, places: pd.DataFrame) -> Population:
    """Put a population of the user's own (``data/own/population.csv``) on the grid, as it is.

    Parameters
    ----------
    grid
        The cells; people further than a cell's diagonal from any land cell are left out.
    path
        CSV with ``lon``, ``lat``, ``people``, ``year``, ``source``.
    places
        For the names of the units; shares are of the population given.

    Raises
    ------
    ImportDataError
        The file cannot be read, or a row is no place with people.
    """
    table = read_table(
        path, ("lon", "lat", "people"), error=ImportDataError, what=_OWN, largest_mb=512, most_rows=10**7
    )
    lon, lat, people = (
        [row.number(name, low=low, high=high) for row in table]
        for name, low, high in (("lon", -180, 180), ("lat", -90, 90), ("people", 0, 1e10))
    )
    sources = {row.get("source", "") or "own" for row in table}
    there = transformer(4326, grid.crs)
    xy = np.column_stack(there.transform(np.array(lon), np.array(lat)))
    far, cell = _nearest(grid.xy, xy, grid.size_m * 2.0)
    known = np.isfinite(far)
    counted = np.zeros(len(grid.cells))
    np.add.at(counted, cell[known], np.array(people)[known])
    shaped = spread_people(grid, places)
    sums = np.bincount(shaped.unit[shaped.unit >= 0], weights=counted[shaped.unit >= 0], minlength=len(shaped.units))
    units = shaped.units.assign(people=sums, outside=0.0)
    return Population(grid, np.stack([counted] * 3), shaped.unit, units, "; ".join(sorted(sources)))
