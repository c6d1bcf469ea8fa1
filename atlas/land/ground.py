"""The ground of a region: its land cells linked with the network, and the people on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from atlas.land.links import AccessTable, access_table
from atlas.land.population import Population, own_population, spread_people
from atlas.network.build import Network

__all__ = ["Ground", "coarser", "ground"]


@dataclass(frozen=True, eq=False)
class Ground:
    """What areas and people need, on one grid.

    Attributes
    ----------
    links
        From each land cell to the network, with the minutes of the way.
    people
        Residents of each cell, with bounds.
    """

    links: AccessTable
    people: Population


def ground(network: Network, *, population: str | Path | None = None) -> Ground:
    """Return the ground under a network: its land grid, linked and peopled.

    Parameters
    ----------
    network
        From :func:`atlas.build_network`, made with the layer ``land``.
    population
        A table of one's own (see docs/people.md); None: the residents that the layer ``places`` states, spread over
        the land of their unit. The result for None is kept for the networks used last, as it costs some seconds.

    Returns
    -------
    Ground
        Links of its cells, and people on them.

    Raises
    ------
    NetworkError
        The network was made without land.
    ImportDataError
        The table of one's own cannot be read.

    Examples
    --------
    >>> ground = atlas.ground(network)
    >>> len(ground.links.grid.cells) == ground.people.people.shape[1]
    True
    """
    if population is None:
        return _kept(network)
    links = _kept(network).links
    return Ground(links, own_population(links.grid, population, network.place_layer.frame))


@lru_cache(maxsize=2)
def _kept(network: Network) -> Ground:
    links = access_table(network)
    return Ground(links, spread_people(links.grid, network.place_layer.frame))


def coarser(network: Network, ground: Ground, most_cells: int) -> Ground:
    """Return `ground` on cells so large that there are at most `most_cells` of them; `ground` itself where there are.

    The side is doubled until it fits. People of a fine cell move to the coarse one that holds its middle, or to the
    nearest on land, so that none is lost.

    Parameters
    ----------
    network
        What the ground was made of.
    ground
        From :func:`ground`.
    most_cells
        How many cells there may be.

    Returns
    -------
    Ground
        Linked anew, with the same people.

    Raises
    ------
    NetworkError
        The network was made without land.

    Examples
    --------
    >>> ground = atlas.ground(network)
    >>> wide = atlas.coarser(network, ground, 100_000)
    >>> len(wide.links.grid.cells) <= 100_000, wide.links.grid.size_m / ground.links.grid.size_m
    (True, 2.0)
    """
    grid, people = ground.links.grid, ground.people
    size_km = grid.size_m / 1000.0
    while len(grid.cells) > most_cells:
        size_km *= 2.0
        links = access_table(network, cell_km=size_km, box=grid.box)
        grid = links.grid
    if grid is ground.links.grid:
        return ground
    fine = ground.links.grid.lonlat
    cell = grid.cells_near(fine[:, 0], fine[:, 1], reach_km=np.inf)
    moved = np.zeros((len(people.people), len(grid.cells)))
    for row, had in zip(moved, people.people, strict=True):
        np.add.at(row, cell, had)
    middle = ground.links.grid.cells_near(grid.lonlat[:, 0], grid.lonlat[:, 1], reach_km=np.inf)
    return Ground(links, Population(grid, moved, people.unit[middle], people.units, people.source))
