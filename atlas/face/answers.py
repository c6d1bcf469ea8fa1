"""What is told of a journey, a reach, areas and times, to whoever asks: the terminal and the service say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from atlas.data.stamp import stamp

if TYPE_CHECKING:
    import geopandas as gpd

    from atlas.data.scenario import Scenario
    from atlas.land.surface import Surface
    from atlas.travel.journey import Journey
    from atlas.travel.reach import Reach
    from atlas.ways.kept import KeptReach
    from atlas.ways.told import Leg

__all__ = [
    "area_features", "area_frame", "area_rows", "joint_rows", "leg_row", "matrix_about", "place_features",
    "reach_about", "reach_features", "route_about", "route_features",
]  # fmt: skip

_EDGE_KEYS = (
    "edge_id", "role", "mode", "layer", "feature_id", "length_km", "from_min", "to_min", "cutoff_min",
)  # fmt: skip
_LEG_KEYS = (
    "role", "mode", "name_zh", "name_en", "from_name", "to_name", "length_km", "minutes", "wait_min", "border_min",
    "layer", "feature_id", "plan_ids", "detail",
)  # fmt: skip


def leg_row(leg: Leg) -> dict[str, Any]:
    """Return a leg as a row."""
    return {key: getattr(leg, key) for key in _LEG_KEYS}


def route_about(journey: Journey, scenario: Scenario) -> dict[str, Any]:
    """Return what a journey is and what it rests on, its legs apart."""
    return {
        "origin": journey.origin,
        "destination": journey.destination,
        "mode": journey.mode,
        "scenario": scenario.name,
        "hash": stamp(journey.network.hash, [scenario]),
        "travel_time_min": journey.minutes,
        "length_km": journey.length_km,
        "parts_min": dict(journey.parts),
        "station_to_station_min": journey.station_to_station_min,
    }


def route_features(journey: Journey) -> list[dict[str, Any]]:
    """Return a journey as one GeoJSON feature; none where there is no way."""
    if not journey.found:
        return []
    properties = {
        "origin": journey.origin,
        "destination": journey.destination,
        "mode": journey.mode,
        "travel_time_min": journey.minutes,
        "length_km": journey.length_km,
    }
    return [{"type": "Feature", "geometry": journey.geometry.__geo_interface__, "properties": properties}]


def reach_about(found: Reach | KeptReach) -> dict[str, Any]:
    """Return what a reach is of and what it rests on, its places apart."""
    return {
        "origin": found.origin,
        "origin_zh": found.origin_name,
        "mode": found.mode,
        "towards": found.inward is not None,
        "scenario": found.scenario.name,
        "assumed_features": found.assumed,
        "hash": stamp(found.network.hash, [found.scenario]),
        "cutoffs_min": list(found.cutoffs_min),
    }


def joint_rows(reaches: Sequence[Reach | KeptReach], combine: str) -> list[dict[str, Any]]:
    """Return the places within reach of several origins, as rows of :meth:`atlas.travel.reach.Reach.places`.

    Parameters
    ----------
    reaches
        One an origin, of the same cut-offs.
    combine
        ``union`` (of any: the minutes of the nearest) or ``intersection`` (of all: the minutes of the farthest);
        ``origin_zh`` of a row names that origin.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for reach in reaches:
        for row in reach.place_rows():
            found.setdefault(row["id"], []).append(row | {"origin_zh": reach.origin_name})
    least = len(reaches) if combine == "intersection" else 1
    of_all = max if combine == "intersection" else min
    rows = [of_all(some, key=lambda row: row["travel_time_min"]) for some in found.values() if len(some) >= least]
    return sorted(rows, key=lambda row: (row["travel_time_min"], row["id"]))


def place_features(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield places reached as GeoJSON features."""
    for row in rows:
        point = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
        yield {"type": "Feature", "geometry": point, "properties": {"part": "place", **row}}


def reach_features(found: Reach, *, edges: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the places reached and, with `edges`, the network travelled, as GeoJSON features."""
    yield from place_features(found.place_rows())
    for row in found.edges.to_dict("records") if edges else ():
        properties = {"part": "edge", **{key: row[key] for key in _EDGE_KEYS}}
        yield {"type": "Feature", "geometry": row["geometry"].__geo_interface__, "properties": properties}


def area_frame(surfaces: Sequence[Surface], cutoffs_min: Sequence[float], combine: str) -> gpd.GeoDataFrame:
    """Return the areas within reach of one place, or of several together.

    Parameters
    ----------
    surfaces
        One a place.
    cutoffs_min
        Minutes; ``nearest`` takes the longest.
    combine
        One of :data:`atlas.land.surface.COMBINATIONS`; of one place it says nothing.

    Raises
    ------
    ScenarioError
        See :func:`atlas.land.surface.circle`.
    """
    from atlas.land.surface import circle, isochrones, nearest_origin

    if len(surfaces) == 1:
        return isochrones(surfaces[0], cutoffs_min)
    if combine == "nearest":
        return nearest_origin(surfaces, max(cutoffs_min))
    return circle(surfaces, cutoffs_min, combine=combine)


def area_rows(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the rows of areas (see :func:`atlas.isochrones`) without their shapes."""
    rows = frame.drop(columns="geometry").to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def area_features(frame: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    """Yield areas as GeoJSON features, one at a time: as lists of numbers an area takes ten times its room."""
    for row, shape in zip(area_rows(frame), frame.geometry, strict=True):
        yield {"type": "Feature", "geometry": shape.__geo_interface__, "properties": row}


def matrix_about(
    layers_hash: str, scenarios: Sequence[Scenario], modes: Sequence[str], assumed: Mapping[str, int]
) -> dict[str, Any]:
    """Return what a table of times rests on.

    Parameters
    ----------
    layers_hash
        ``Network.hash``.
    scenarios, modes
        What was asked.
    assumed
        By the name of a scenario how many features are open by an assumed year, without points added.
    """
    return {
        "modes": list(modes),
        "scenarios": [scenario.name for scenario in scenarios],
        "assumed_features": dict(assumed),
        "hash": stamp(layers_hash, scenarios),
    }
