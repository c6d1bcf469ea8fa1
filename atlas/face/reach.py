"""A reach with all it can be asked for: areas, people, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from atlas.data.places import Place
from atlas.data.scenario import Scenario
from atlas.exports.write import write
from atlas.land import coverage as covering
from atlas.land.ground import Ground, ground
from atlas.land.surface import Surface, isochrones, surface_of
from atlas.network.build import Network
from atlas.travel import reach as travel
from atlas.travel.trip import Trip

__all__ = ["Reach", "reach_from"]


@dataclass(frozen=True, repr=False)
class Reach(travel.Reach):
    """Everything within the largest cut-off of one origin, and what follows from it.

    See :class:`atlas.travel.reach.Reach` for its attributes. The ground that areas and people stand on is made from
    the network when none is handed over, and kept.
    """

    def surface(self, ground: Ground | None = None) -> Surface:
        """Return the minutes from the origin at every land cell.

        Parameters
        ----------
        ground
            From :func:`atlas.ground`; None: that of the network.

        Raises
        ------
        NetworkError
            The network was made without land.
        """
        trip = Trip(self.network, self.scenario, self.mode)
        return surface_of(trip, trip, self.origin, self._ground(ground).links)

    def isochrones(self, *cutoffs_min: float, ground: Ground | None = None) -> gpd.GeoDataFrame:
        """Return the areas within each cut-off, by default those of the reach; see :func:`atlas.isochrones`."""
        return isochrones(self.surface(ground), cutoffs_min or self.cutoffs_min)

    def coverage(self, *cutoffs_min: float, ground: Ground | None = None) -> pd.DataFrame:
        """Return the people, land and places within each cut-off; see :func:`atlas.land.coverage.coverage`."""
        under = self._ground(ground)
        return covering.coverage(self.surface(under), under.people, cutoffs_min or self.cutoffs_min)

    def to_file(self, path: str | Path, **options: Any) -> tuple[Path, ...]:
        """Write the reached nodes and edges in the format of the ending; options as for :func:`atlas.write`."""
        return write(self, path, **options)

    def _ground(self, given: Ground | None) -> Ground:
        return ground(self.network) if given is None else given


def reach_from(
    network: Network,
    origin: str | Place,
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    cutoffs_min: Sequence[float] = (60.0, 120.0),
) -> Reach:
    """Return what can be reached from `origin`.

    Parameters
    ----------
    network
        From :func:`atlas.build_network`.
    origin
        A place: name, id, node id, ``lon,lat``, or a :class:`atlas.data.places.Place` anywhere near the network.
    scenario
        Year, projects, speeds and waits.
    mode
        ``drive``, ``rail`` or ``multimodal``.
    cutoffs_min
        Cut-offs in minutes, inclusive, each positive.

    Returns
    -------
    Reach
        Nodes and cut edges within the largest cut-off, with minutes.

    Raises
    ------
    ScenarioError
        No cut-off, or one that is not a positive finite number.
    UnknownPlaceError, NetworkError
        See :func:`atlas.travel.reach.locate`.

    Examples
    --------
    >>> reach = atlas.reach_from(network, "珠海", atlas.load_scenario("2026"))
    >>> reach.origin_name
    '珠海市'
    """
    found = travel.reach_from(network, origin, scenario, mode=mode, cutoffs_min=cutoffs_min)
    return Reach(**{one.name: getattr(found, one.name) for one in fields(found)})
