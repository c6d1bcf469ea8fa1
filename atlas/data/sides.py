"""Sides of borders as land: the territories an atlas declares in ``data/sides.geojson``, and what lies in which.

A territory is the land and water of one side of a border; what lies in none is on the side ``mainland``. The file is
GeoJSON: features with `side`, `name_zh`, `name_en`, `source`, `position_error_m` and a Polygon or MultiPolygon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.base.doors import Door
from atlas.base.errors import LayerError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["ELSEWHERE", "Territory", "abroad", "read_territories", "sides_at"]

#: The side of what lies in no territory.
ELSEWHERE = "mainland"
Ring = tuple[tuple[float, float], ...]
_MOST_CORNERS = 200_000


@dataclass(frozen=True)
class Territory:
    """The land and water of one side of a border.

    Attributes
    ----------
    side
        Such as ``hk``, as ``[sides]`` of ``data/region.toml`` has it.
    source
        Key of ``data/sources.csv``.
    error_m
        How far its line may be off: a link may cut a corner of another side by as much.
    polygons
        Rings of each, the outer one first; lon, lat.
    """

    side: str
    name_zh: str
    name_en: str
    source: str
    error_m: float
    polygons: tuple[tuple[Ring, ...], ...]

    @cached_property
    def area(self) -> BaseGeometry:
        """The territory as one geometry, prepared."""
        import shapely

        whole = shapely.union_all([shapely.make_valid(shapely.Polygon(one[0], one[1:])) for one in self.polygons])
        shapely.prepare(whole)
        return whole


def sides_at(territories: Sequence[Territory], lonlat: NDArray[np.float64]) -> NDArray[np.object_]:
    """(n,) the side each point (lon, lat) lies on.

    >>> square = ((113.0, 22.0), (113.1, 22.0), (113.1, 22.1), (113.0, 22.1), (113.0, 22.0))
    >>> one = Territory("mo", "澳门", "Macau", "osm_sides", 100.0, ((square,),))
    >>> import numpy as np
    >>> sides_at([one], np.array([[113.05, 22.05], [113.2, 22.05]])).tolist()
    ['mo', 'mainland']
    """
    import numpy as np
    import shapely

    found = np.full(len(lonlat), ELSEWHERE, dtype=object)
    for one in territories:
        found[shapely.contains_xy(one.area, lonlat[:, 0], lonlat[:, 1])] = one.side
    return found


def abroad(
    territories: Sequence[Territory], lines: NDArray[np.object_], lengths_km: NDArray[np.float64],
    sides: NDArray[np.object_],
) -> NDArray[np.bool_]:  # fmt: skip
    """(n,) whether each line runs on another side than its own, further than the border may be off.

    Parameters
    ----------
    lines
        Straight or not, EPSG:4326; a missing one is nowhere.
    lengths_km
        Their kilometres.
    sides
        The side each belongs to.
    """
    import numpy as np
    import shapely

    found = np.zeros(len(lines), dtype=bool)
    known = {one.side for one in territories}
    for one in territories:
        own, others = sides == one.side, (sides != one.side) & ~found
        out = np.nonzero(own & ~shapely.covers(one.area, lines) & ~shapely.is_missing(lines))[0]
        inside = np.nonzero(others & shapely.intersects(one.area, lines))[0]
        for rows, cut in ((out, shapely.difference), (inside, shapely.intersection)):
            whole = np.maximum(shapely.length(lines[rows]), 1e-12)
            km = shapely.length(cut(lines[rows], one.area)) / whole * lengths_km[rows]
            found[rows[km > one.error_m / 1000.0]] = True
    # A side without land of its own is one of which nothing is known.
    return found & np.isin(sides.astype(str), sorted(known | {ELSEWHERE}))


def read_territories(path: Path) -> tuple[Territory, ...]:
    """Return the territories of a file; none when there is no file.

    Raises
    ------
    LayerError
        The file is no GeoJSON of polygons with the properties named above, or has a coordinate that is not on Earth.
    """
    if not path.exists():
        return ()
    door = Door(path, LayerError, ", the sides of borders,", largest_mb=8)
    raw = door.json()
    features = door.entry(raw, "features", list)
    found = tuple(_territory(door, one) for one in features)
    if sum(len(ring) for one in found for polygon in one.polygons for ring in polygon) > _MOST_CORNERS:
        door.refuse(f"it has more than {_MOST_CORNERS:,} corners; simplify it")
    return found


def _territory(door: Door, feature: Any) -> Territory:
    told = door.entry(feature, "properties", dict)
    shape = door.entry(feature, "geometry", dict)
    kind = door.entry(shape, "type", str)
    if kind not in ("Polygon", "MultiPolygon"):
        door.refuse(f"a side is a {kind[:40]}; it must be a Polygon or MultiPolygon")
    nested = door.entry(shape, "coordinates", list)
    polygons = tuple(
        tuple(_ring(door, ring) for ring in _list(door, polygon))
        for polygon in ([nested] if kind == "Polygon" else nested)
    )
    if not polygons or not all(polygons):
        door.refuse("a side has no ring; give it its land")
    error_m = float(door.entry(told, "position_error_m", (int, float)))
    if not 0 <= error_m <= 100_000:
        door.refuse(f"position_error_m is {error_m:g}; give metres from 0 to 100,000")
    side, name_zh, name_en, source = (door.entry(told, name, str) for name in ("side", "name_zh", "name_en", "source"))
    return Territory(side, name_zh, name_en, source, error_m, polygons)


def _list(door: Door, value: Any) -> list[Any]:
    if not isinstance(value, list):
        door.refuse(f"{str(value)[:40]!r} stands where rings or corners belong")
    return value


def _ring(door: Door, raw: Any) -> Ring:
    ring = tuple(_corners(door, _list(door, raw)))
    if len(ring) < 4 or ring[0] != ring[-1]:
        door.refuse("a ring has less than four corners or is not closed; end it where it begins")
    return ring


def _corners(door: Door, raw: list[Any]) -> Iterator[tuple[float, float]]:
    for corner in raw:
        if not (isinstance(corner, list) and len(corner) >= 2 and all(type(x) in (int, float) for x in corner[:2])):
            door.refuse(f"{str(corner)[:60]!r} is no corner; give lon, lat")
        lon, lat = float(corner[0]), float(corner[1])
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            door.refuse(f"the corner {lon:g}, {lat:g} is not on Earth; give lon, lat in degrees")
        yield lon, lat
