"""Limits of roads whose signs nobody has recorded: a town's road or one of the country, by how near a place lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from recipes.tables import Compiled, Point

#: Within so many km of a place a road is a town's: prefecture and district seats, other seats, towns.
TOWN_KM = {"prefecture": 4.0, "district": 3.0, "county": 3.0, "county_city": 3.0, "town": 1.5}
#: Limits where no sign stands, of roads with one lane each way: urban ones and others (Regulations for the
#: implementation of the road traffic safety law, article 45).
LIMIT_KMH = {"town_road": 50.0, "country_road": 70.0}
#: Degrees as km of a plane, good enough for nearness.
PLANE = np.array((102.9, 110.75))
#: Steps along a road at which is asked whether it is a town's.
_STEPS = 100


def mean_limit_kmh(course: Sequence[Point], places: Mapping[str, NDArray[np.float64]]) -> float:
    """Return the limit at which a road takes as long as its parts in town and country do.

    Parameters
    ----------
    course
        Its points, degrees.
    places
        (k, 2) degrees by level.

    Examples
    --------
    >>> seat = {"town": np.array([[112.0, 22.0]])}
    >>> [mean_limit_kmh([(112.0, 22.0), (112.0 + km / 102.9, 22.0)], seat) for km in (1, 3, 300)]
    [50.0, 58.0, 70.0]
    """
    line = shapely.LineString(np.array(course) * PLANE)
    along = shapely.line_interpolate_point(line, (np.arange(_STEPS) + 0.5) / _STEPS, normalized=True)
    town = np.zeros(_STEPS, dtype=bool)
    for level, within in TOWN_KM.items():
        if len(places.get(level, ())):
            tree = shapely.STRtree(shapely.points(places[level] * PLANE))
            town[tree.query(along, predicate="dwithin", distance=within)[0]] = True
    share = float(town.mean())
    return float(round(1.0 / (share / LIMIT_KMH["town_road"] + (1.0 - share) / LIMIT_KMH["country_road"])))


def limit_access(compiled: Compiled) -> None:
    """Give access roads without a limit that of town and country; `compiled` is changed."""
    places: dict[str, list[Point]] = {}
    for one in compiled.layers["places"]:
        places.setdefault(str(one.properties["level"]), []).append(one.coordinates[0])
    known = {level: np.array(points) for level, points in places.items()}
    for road in compiled.layers["highways"]:
        if road.properties["kind"] == "access" and road.properties["speed_limit_kmh"] is None:
            road.properties["speed_limit_kmh"] = mean_limit_kmh(road.coordinates, known)
