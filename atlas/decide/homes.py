"""Where people live and how they reach the network: the land grid reduced to the cells that anybody lives on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atlas.decide.board import Board, Opened
from atlas.land.coverage import CORE_CITIES, ELSEWHERE
from atlas.land.ground import Ground

__all__ = ["CITIES", "Homes", "by_city", "city_rows", "minutes_to"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Cities told apart; the last stands for all others.
CITIES = (*CORE_CITIES, ELSEWHERE)


def city_rows(cities: Iterable[str]) -> Ints:
    """Return the place of each city in :data:`CITIES`; the last for others."""
    known = {name: i for i, name in enumerate(CITIES)}
    return np.array([known.get(str(city), len(CITIES) - 1) for city in cities], dtype=np.int64)


def by_city(city: Ints, amounts: NDArray[np.generic]) -> Floats:
    """(cities,) sums of `amounts`."""
    return np.bincount(city, amounts, minlength=len(CITIES)).astype(np.float64)


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
        (cells,) residents, place in :data:`CITIES`, and row of `units` (−1: none).
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
        city = city_rows([*ground.people.units["city"], ""])[ground.people.unit[cells]]
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
