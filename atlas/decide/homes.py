"""Where people live and how they reach the network: the land grid reduced to the cells that anybody lives on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atlas.base.geodesy import Floats, Ints
from atlas.decide.board import Board, Opened
from atlas.land.coverage import ELSEWHERE
from atlas.land.ground import Ground
from atlas.network.build import Network

__all__ = ["Homes", "by_city", "cities_of", "city_rows", "minutes_to"]


def cities_of(network: Network) -> tuple[str, ...]:
    """Return the cities told apart: those of the region's core; the last stands for all others."""
    return (*network.region.core_cities, ELSEWHERE)


def city_rows(cities: Iterable[str], told_apart: Sequence[str]) -> Ints:
    """Return the place of each city in :func:`cities_of`; the last for others."""
    known = {name: i for i, name in enumerate(told_apart)}
    return np.array([known.get(str(city), len(told_apart) - 1) for city in cities], dtype=np.int64)


def by_city(city: Ints, amounts: NDArray[np.generic], count: int) -> Floats:
    """(count,) sums of `amounts`."""
    return np.bincount(city, amounts, minlength=count).astype(np.float64)


def minutes_to(opened: Opened, node: int, limit_min: float = np.inf) -> Floats:
    """(n,) minutes from every node to `node`; at a station itself only what is reached by a ride counts."""
    minutes = opened.towards(node, limit_min=limit_min)
    if not opened.board.early[node]:
        minutes[node] = np.inf
    return minutes


@dataclass(frozen=True, eq=False)
class Homes:
    """Cells with people on them, linked with the network.

    Attributes
    ----------
    node, local_min
        (k,) the node of each link and the minutes to it, sorted by cell.
    first
        (cells,) where the links of each cell begin.
    people, city, unit
        (cells,) residents, place in :func:`cities_of`, and row of `units` (−1: none).
    units : DataFrame
        The counties, see :class:`atlas.land.population.Population`.
    lonlat
        (cells, 2) middles of the cells.
    unlinked
        Residents of cells without any link.
    """

    node: Ints
    local_min: Floats
    first: Ints
    people: Floats
    city: Ints
    unit: Ints
    units: pd.DataFrame
    lonlat: Floats
    unlinked: float

    @classmethod
    def of(cls, board: Board, ground: Ground) -> Homes:
        """Return the homes of `ground` as the scenario and mode of `board` reach the network from them."""
        links, people = ground.links, ground.people.people[0]
        able = people[links.cell] > 0
        if board.mode == "drive":
            able &= ~links.by_rail
        rows = np.nonzero(able)[0]
        first = np.nonzero(np.diff(links.cell[rows], prepend=-1))[0]
        cells = links.cell[rows[first]]
        told_apart = cities_of(board.network)
        city = city_rows([*ground.people.units["city"], ""], told_apart)[ground.people.unit[cells]]
        return cls(
            links.node[rows], links.minutes(board.scenario)[rows], first, people[cells], city,
            ground.people.unit[cells], ground.people.units, links.grid.lonlat[cells],
            float(people.sum() - people[cells].sum()),
        )  # fmt: skip

    def minutes(self, node_minutes: Floats) -> Floats:
        """(cells,) least minutes from (n,) minutes of the nodes, infinite where there is no way."""
        if len(self.first) == 0:
            return np.zeros(0)
        return np.asarray(np.minimum.reduceat(node_minutes[self.node] + self.local_min, self.first))

    def moved(self, before: Floats, after: Floats) -> tuple[Ints, Floats]:
        """Return the cells with a link to a node whose minutes differ, and their least minutes from those `after`."""
        touched = np.zeros(len(self.first), dtype=bool)
        touched[self._cell[(before != after)[self.node]]] = True
        cells = np.nonzero(touched)[0]
        if len(cells) == 0:
            return cells, np.zeros(0)
        sizes = self._sizes[cells]
        starts = np.cumsum(sizes) - sizes
        rows = np.arange(sizes.sum()) + np.repeat(self.first[cells] - starts, sizes)
        return cells, np.asarray(np.minimum.reduceat(after[self.node[rows]] + self.local_min[rows], starts))

    @cached_property
    def _sizes(self) -> Ints:
        """(cells,) how many links each has."""
        return np.diff(np.append(self.first, len(self.node)))

    @cached_property
    def _cell(self) -> Ints:
        """(k,) the cell of each link."""
        return np.repeat(np.arange(len(self.first)), self._sizes)

    def nearest(self, node_minutes: Floats, which: Ints) -> tuple[Floats, Ints]:
        """(cells,) least minutes, and the site reached by then, from (n,) minutes of the nodes and the site of each.

        −1 where there is no way.
        """
        best = self.minutes(node_minutes)
        if len(self.first) == 0:
            return best, np.zeros(0, dtype=np.int64)
        hit = node_minutes[self.node] + self.local_min <= np.repeat(best, self._sizes)
        row = np.minimum.reduceat(np.where(hit, np.arange(len(hit)), len(hit) - 1), self.first)
        return best, np.where(np.isfinite(best), which[self.node[row]], -1)
