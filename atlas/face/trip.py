"""A trip with its verbs: reach, route, matrix, surface."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from atlas.data.places import Place
from atlas.data.scenario import Scenario
from atlas.face.reach import Reach, reach_from
from atlas.land.ground import Ground, ground
from atlas.land.surface import Surface, surface_of
from atlas.network.build import Network
from atlas.notebook.grid import Matrix
from atlas.travel import trip as travel
from atlas.travel.journey import Journey, journey_on
from atlas.travel.reach import locate, locate_all, matrix_on

__all__ = ["trip"]


@dataclass(frozen=True, eq=False)
class Trip(travel.Trip):
    """A network under one scenario and mode, to be asked as often as one likes: it is compiled once.

    See :class:`atlas.travel.trip.Trip` for ``minutes``, ``usable`` and ``graph``.
    """

    def reach(self, origin: str | Place, *, within: Sequence[float] = (60.0, 120.0)) -> Reach:
        """Return what can be reached from `origin` within the cut-offs, minutes; see :func:`atlas.reach_from`."""
        return reach_from(self.network, origin, self.scenario, mode=self.mode, cutoffs_min=within)

    def route(self, origin: str | Place, destination: str | Place) -> Journey:
        """Return the fastest journey; ``found`` is false when there is none."""
        network, (start,), (end,) = locate_all(self.network, [origin], [destination])
        here = self.on(network)
        return journey_on(here, here.tree(int(start)), int(end))

    def matrix(
        self,
        origins: Iterable[str | Place],
        destinations: Iterable[str | Place],
        *,
        limit_min: float = float("inf"),
    ) -> pd.DataFrame:
        """Return the OD matrix in long form; columns as of :func:`atlas.od_matrix`."""
        network, starts, ends = locate_all(self.network, origins, destinations)
        return Matrix(matrix_on(self.on(network), starts, ends, limit_min=limit_min))

    def surface(self, origin: str | Place, under: Ground | None = None, *, towards: bool = False) -> Surface:
        """Return the minutes from `origin` to every land cell, or from every cell to it.

        Parameters
        ----------
        origin
            As for :func:`atlas.reach_from`.
        under
            From :func:`atlas.ground`; None: that of the network.
        towards
            From the cells to the place.
        """
        network, node_id = locate(self.network, origin)
        links = (ground(self.network) if under is None else under).links
        return surface_of(self, self.on(network), node_id, links, towards=towards)


def trip(network: Network, scenario: Scenario, mode: str = "multimodal") -> Trip:
    """Return `network` as it is travelled under `scenario` in `mode`.

    Parameters
    ----------
    network
        From :func:`atlas.build_network`.
    scenario
        From :func:`atlas.load_scenario`.
    mode
        ``drive``, ``rail`` or ``multimodal``.

    Returns
    -------
    Trip
        What can be asked with :meth:`Trip.reach`, ``route``, ``matrix`` and ``surface``.

    Raises
    ------
    ScenarioError, NetworkError, ParameterError
        When it is first asked for minutes: an unknown mode, an edge without a time, a missing parameter.

    Examples
    --------
    >>> today = atlas.trip(network, atlas.load_scenario("2026"), "drive")
    >>> today.route("珠海", "阳江").found
    True
    """
    return Trip(network, scenario, mode)
