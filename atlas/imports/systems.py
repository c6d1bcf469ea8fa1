"""Coordinate systems of what comes in: to WGS 84, how well that is known, and the shifts of web maps undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj.transformer import TransformerGroup

from atlas.base import geodesy
from atlas.base.errors import ImportDataError
from atlas.base.geodesy import Floats, Texts

__all__ = ["NAMED", "in_degrees", "is_local", "shift_accuracy", "shifted", "system_of"]

_SHIFTS: Mapping[str, Callable[..., tuple[Any, Any]]] = {
    "gcj02": geodesy.gcj02_to_wgs84,
    "bd09": geodesy.bd09_to_wgs84,
}
#: The attribute of a frame that holds the name of its coordinate system where there is none of that name.
NAMED = "unknown_crs"
#: Datums that are realisations of the frame of WGS 84, for which the database of systems gives no step: name there, and
#: metres within which they agree, as generally known of frames of an epoch.
_SAME_FRAME = {"China 2000": 1.0}


def in_degrees(path: Path, frame: gpd.GeoDataFrame, crs: str | None) -> gpd.GeoDataFrame:
    """Return `frame` in EPSG:4326, from the system `crs` or its own; `path` is for messages."""
    try:
        return frame.set_crs(system_of(path, frame, crs), allow_override=True).to_crs(4326)
    except pyproj.exceptions.ProjError as reason:
        raise ImportDataError(f"{path}: coordinate system {crs or frame.crs}: {reason}") from reason


def system_of(path: Path, frame: gpd.GeoDataFrame, crs: str | None) -> pyproj.CRS:
    """Return the coordinate system `crs` or that of `frame`; `path` is for messages.

    Raises
    ------
    ImportDataError
        There is none, or `crs` names none.
    """
    if crs is not None:
        try:
            return pyproj.CRS.from_user_input(f"EPSG:{crs}" if str(crs).isdigit() else crs)
        except pyproj.exceptions.ProjError as reason:
            raise ImportDataError(f"{path}: coordinate system {crs}: {reason}") from reason
    if frame.crs is None and (named := frame.attrs.get(NAMED)):
        raise ImportDataError(
            f"{path} names the coordinate system {named!r}, which there is not; pass --crs (for example 4547)"
        )
    if frame.crs is None:
        raise ImportDataError(f"{path} does not say in which coordinate system it is; pass --crs (for example 4547)")
    own = pyproj.CRS(frame.crs)
    if is_local(own):
        raise ImportDataError(
            f"{path} names the local system {own.name!r}, from which no way leads to WGS 84; pass --gcj02 or --bd09 "
            "where it is shifted as web maps are, else --crs"
        )
    return own


def is_local(crs: object) -> bool:
    """Return whether a system is none or one of its own making, so that nothing says where on Earth it lies."""
    return crs is None or pyproj.CRS(crs).type_name.startswith("Engineering")


def shifted(shapes: Texts, shift: str) -> Texts:
    """Return geometries (degrees) moved back to WGS 84 from ``gcj02`` or ``bd09``.

    Raises
    ------
    ImportDataError
        Another name is given.
    """
    if shift not in _SHIFTS:
        raise ImportDataError(f"no shift {shift!r}; there are {', '.join(_SHIFTS)}")
    undo = _SHIFTS[shift]

    def moved(points: Floats) -> Floats:
        return np.column_stack(undo(points[:, 0], points[:, 1]))

    back: Texts = shapely.transform(shapely.force_2d(shapes), moved)
    return back


def shift_accuracy(crs: pyproj.CRS, bounds: tuple[float, float, float, float]) -> tuple[float, str]:
    """Return how well the way from a coordinate system to WGS 84 is known, and what it is called.

    Parameters
    ----------
    crs
        Of the file.
    bounds
        West, south, east, north of its features, degrees.

    Returns
    -------
    accuracy_m, name
        0 where nothing is shifted; NaN where no way is known and coordinates would be taken as they are.

    Examples
    --------
    >>> shift_accuracy(pyproj.CRS(32649), (113.0, 22.0, 114.0, 23.0))
    (0.0, 'UTM zone 49N')
    >>> shift_accuracy(pyproj.CRS(2362), (113.0, 22.0, 114.0, 23.0))[0]
    nan
    """
    # The best way may need a grid that is not installed; nothing is fetched, and the next best is told.
    ways = TransformerGroup(crs, 4326, always_xy=True).transformers
    best = next((way for way in ways if _holds(way, bounds)), ways[0])
    steps = [part.removeprefix("Inverse of ") for part in best.description.split(" + ") if "axis order" not in part]
    name = " + ".join(steps) or str(crs.name)
    if "Ballpark" in best.description:
        datum = crs.geodetic_crs.datum if crs.geodetic_crs is not None else None
        return _SAME_FRAME.get(str(datum.name) if datum is not None else "", float("nan")), name
    return max(float(best.accuracy), 0.0), name if _holds(best, bounds) else f"{name}, meant for elsewhere"


def _holds(way: pyproj.Transformer, bounds: tuple[float, float, float, float]) -> bool:
    """Whether features lie in the area that a way to WGS 84 is meant for."""
    area = way.area_of_use
    if area is None or not np.isfinite(bounds).all():
        return True
    return bool(
        area.west <= bounds[0] and area.south <= bounds[1] and bounds[2] <= area.east and bounds[3] <= area.north
    )
