"""How many ways there are apart from one another between two places, and how long the k-th takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from atlas.base.errors import PlanError
from atlas.base.geodesy import Bools
from atlas.base.tables import listed, listing
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.network.build import Network
from atlas.travel.journey import Journey, journey_on
from atlas.travel.reach import locate
from atlas.travel.trip import Trip
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["redundancy"]

ROUTE_COLUMNS = ("k", "minutes", "later_min", "length_km", "by", "by_en", "features")
#: Legs shorter than this are not named.
_TOLD_KM = 3.0
_RIDDEN = ("road", "train", "ferry", "coach")


@dataclass(frozen=True)
class Redundancy:
    """Ways from one place to another that share no stretch of road, no railway line and no ferry.

    Attributes
    ----------
    routes : DataFrame
        :data:`ROUTE_COLUMNS`, the fastest first; ``later_min`` is how much longer it takes than the fastest.
    within_min
        How much longer than the fastest a way may take that counts as an alternative.
    alternatives
        Number of further ways within that.
    exhausted
        Whether there is no further way apart: the last one uses what all ways need.
    """

    origin: str
    destination: str
    scenario: Scenario
    mode: str
    within_min: float
    routes: pd.DataFrame
    alternatives: int
    exhausted: bool
    hash: str


def redundancy(
    network: Network,
    origin: str,
    destination: str,
    scenario: Scenario,
    *,
    mode: str = "multimodal",
    most: int = 5,
    within_min: float = 15.0,
) -> Redundancy:
    """Return the fastest way, then the fastest without the stretches of those before, and so on.

    Local travel between a place and the network may be shared: there is often one way out of a town. The count is a
    lower bound of the ways apart, since the fastest way may block two slower ones (J. W. Suurballe, *Disjoint paths in
    a network*, Networks 4, 1974, finds the most).

    Parameters
    ----------
    network, scenario, mode
        What is open, and how it is travelled.
    origin, destination
        Places.
    most
        How many ways are looked for.
    within_min
        See :class:`Redundancy`.

    Returns
    -------
    Redundancy
        The ways, the first of them the fastest.

    Raises
    ------
    PlanError
        `most` is less than 1, or the two are one place.
    UnknownPlaceError
        A place that nothing answers to.

    Examples
    --------
    >>> found = atlas.redundancy(network, "中山", "深圳", now, mode="drive", most=2)
    >>> bool(found.routes["minutes"].is_monotonic_increasing)
    True
    """
    if most < 1:
        raise PlanError(f"at least 1 way is looked for, not {most}")
    network, start = locate(network, origin)
    network, end = locate(network, destination)
    if start == end:
        raise PlanError(f"{origin} and {destination} are one place")
    trip = Trip(network, scenario, mode)
    barred = np.zeros(len(network.arrays.tail), dtype=bool)
    rows: list[dict[str, object]] = []
    exhausted = False
    first = np.nan
    for k in range(1, most + 1):
        tree = trip.tree_without(network.row_of[start], barred)
        journey = journey_on(trip, tree, network.row_of[end])
        if not journey.found:
            exhausted = True
            break
        fresh = _stretches(network, journey)
        if not fresh.any():
            exhausted = True
        first = journey.minutes if k == 1 else first
        rows.append({"k": k, "minutes": journey.minutes, "later_min": journey.minutes - first, **_told(journey)})
        if exhausted:
            break
        barred |= fresh
    frame = pd.DataFrame(rows, columns=list(ROUTE_COLUMNS))
    near = int((frame["later_min"] <= within_min + TOLERANCE_MIN).sum()) - 1 if len(frame) else 0
    names = [network.node_names[network.row_of[one]] for one in (start, end)]
    mark = stamp(network.hash, [scenario])
    return Redundancy(names[0], names[1], scenario, mode, within_min, frame, near, exhausted, mark)


def _told(journey: Journey) -> dict[str, object]:
    ridden = [leg for leg in journey.legs if leg.role in _RIDDEN]
    legs = [leg for leg in ridden if leg.role != "road" or leg.length_km >= _TOLD_KM] or ridden
    return {
        "length_km": journey.length_km,
        "by": " → ".join(dict.fromkeys(leg.name_zh for leg in legs)),
        "by_en": " → ".join(dict.fromkeys(leg.name_en or leg.name_zh for leg in legs)),
        "features": listing(dict.fromkeys(f"{leg.layer}/{leg.feature_id}" for leg in legs)),
    }


def _stretches(network: Network, journey: Journey) -> Bools:
    """(m,) the stretches of road a way uses, either direction, and the lines, ferries and coaches it rides on."""
    arrays = network.arrays
    rows = np.array(journey.edge_rows, dtype=np.int64)
    rows = rows[np.isin(arrays.role[rows], ("run", "ride", "sail"))]
    barred = np.zeros(len(arrays.tail), dtype=bool)
    barred[rows] = True
    runs = rows[arrays.role[rows] == "run"]
    tails, heads, size = arrays.twin[arrays.tail], arrays.twin[arrays.head], len(arrays.twin)
    between = np.minimum(tails, heads) * size + np.maximum(tails, heads)
    barred |= (arrays.role == "run") & np.isin(between, between[runs])
    ridden = rows[arrays.role[rows] != "run"].tolist()
    lines = [f"railways/{line}" for row in ridden for line in listed(str(arrays.links[3][row]))]
    sailed = [str(arrays.feature_id[row]) for row in ridden if arrays.role[row] == "sail"]
    return np.asarray(barred | ((arrays.named(lines) | arrays.named(sailed)) & (arrays.role != "run")), dtype=bool)
