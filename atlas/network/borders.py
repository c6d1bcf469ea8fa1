"""Borders inside the region: sides, the crossings between them, and the edges of a crossing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import shapely

from atlas.data.region import Region
from atlas.network.lines import line_km
from atlas.network.rows import Edge, year_of

__all__ = ["Crossing", "border_pair", "read_crossings"]


@dataclass(frozen=True)
class Crossing:
    """A border crossing: its two ends (lon, lat), the side each lies on, and when it opened."""

    feature_id: str
    name_zh: str
    name_en: str
    ends: tuple[tuple[float, float], tuple[float, float]]
    sides: tuple[str, str]
    opens_year: float
    opens_basis: str
    status: str


def read_crossings(frame: gpd.GeoDataFrame, region: Region) -> Iterator[Crossing]:
    """Yield the border crossings of the layer ``cross_border_links`` that are in the network."""
    for row in frame.to_dict("records"):
        if row["kind"] != "border_crossing" or not row["in_network"]:
            continue
        xy = shapely.get_coordinates(row["geometry"])
        yield Crossing(
            row["id"],
            row["name_zh"],
            row["name_en"] or "",
            ((float(xy[0, 0]), float(xy[0, 1])), (float(xy[-1, 0]), float(xy[-1, 1]))),
            (region.side_of(row["side_a_city"]), region.side_of(row["side_b_city"])),
            year_of(row["opens_year"]),
            row["opens_basis"],
            row["status"],
        )


def border_pair(
    crossing: Crossing,
    name: str,
    ends: tuple[str, str],
    line: shapely.LineString,
    opens: float,
    mode: str,
    *,
    length_km: float | None = None,
) -> list[Edge]:
    """Return the two edges of a crossing: a to b (``ab``) and back (``ba``).

    Parameters
    ----------
    name
        What the ids of both begin with.
    ends
        Ids of the nodes on side a and on side b.
    line
        From a to b.
    opens
        Year of opening.
    mode
        ``road`` or ``rail``.
    length_km
        Kilometres charged; None: those of `line`.
    """
    km = line_km(shapely.get_coordinates(line)) if length_km is None else length_km
    both = (("ab", "f", ends, line), ("ba", "b", ends[::-1], shapely.reverse(line)))
    return [
        Edge(
            f"{name}/{tail}", u, v, "border", mode, way, crossing.feature_id, "cross_border_links", "", crossing.status,
            opens, crossing.opens_basis, length_km=km, drawn_length_km=km, geometry=geometry,
        )
        for way, tail, (u, v), geometry in both
    ]  # fmt: skip
