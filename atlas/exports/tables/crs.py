"""Coordinate systems of exports: by code or name, x east and y north in every file, inside their area of use.

The area straddles 112.5° E, where two belts of CGCS2000 meet: Yangjiang lies in EPSG:4546 (numbered form
4525), Zhuhai and Zhongshan in 4547 (4526), Jiangmen in both. These systems, and 4490 and 4326 too, declare
north before east; files carry east first, as every desktop GIS reads and writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from atlas.base import geodesy
from atlas.base.errors import ExportError
from atlas.base.geodesy import Bools, Floats

__all__ = ["Outside", "Projection", "fit", "reprojected", "target_of"]

Outside = Literal["refuse", "split", "clip"]
Bounds = tuple[float, float, float, float]
#: Names people use, in lower case without spaces, and the code each stands for.
NAMES: dict[str, str] = {
    "wgs84": "4326",
    "cgcs2000": "4490",
    "国家2000": "4490",
    "2000国家大地坐标系": "4490",
    "cgcs2000-111": "4546",
    "cgcs2000-114": "4547",
    "cgcs2000-37": "4525",
    "cgcs2000-38": "4526",
    "hk1980": "2326",
    "香港1980": "2326",
    "macaogrid": "8433",
    "澳门坐标系": "8433",
    "gcj-02": "gcj02",
    "火星坐标": "gcj02",
    "bd-09": "bd09",
    "百度坐标": "bd09",
}
#: Central meridian of each belt here, and its two forms: easting without and with the belt's number.
BELTS: dict[int, tuple[int, int]] = {111: (4546, 4525), 114: (4547, 4526)}
_SHIFTED: dict[str, tuple[str, Callable[..., tuple[geodesy.Floats, geodesy.Floats]]]] = {
    "gcj02": ("GCJ-02 (shifted, as on AMap and Tencent maps)", geodesy.wgs84_to_gcj02),
    "bd09": ("BD-09 (shifted, as on Baidu maps)", geodesy.wgs84_to_bd09),
}
_WEB_MERCATOR = 3857
_EDGE_DEG = 1e-9


@dataclass(frozen=True)
class Projection:
    """A coordinate system to write in.

    Attributes
    ----------
    key
        The EPSG code as text, or ``gcj02`` or ``bd09``.
    name
        Its name.
    crs
        The system; None for the shifted ones, which no GIS knows.
    bounds
        West, south, east, north of its area of use, degrees; None: anywhere.
    """

    key: str
    name: str
    crs: CRS | None
    bounds: Bounds | None = None

    @property
    def shifted(self) -> bool:
        """Whether it is GCJ-02 or BD-09."""
        return self.crs is None

    @property
    def projected(self) -> bool:
        """Whether coordinates are metres."""
        return self.crs is not None and self.crs.is_projected

    @property
    def label(self) -> str:
        """``EPSG:4547``, ``GCJ-02`` …, for file names, metadata and messages."""
        return {"gcj02": "GCJ-02", "bd09": "BD-09"}.get(self.key, f"EPSG:{self.key}")

    @property
    def axes(self) -> str:
        """Which number is which, as it stands in files."""
        if self.projected:
            return "x = east, y = north, metres"
        return "x = longitude (east), y = latitude (north), degrees"


def target_of(wanted: int | str | CRS | Projection, *, allow_web_mercator: bool = False) -> Projection:
    """Return the system that a code or name stands for.

    Parameters
    ----------
    wanted
        ``4547``, ``"EPSG:4547"``, a name such as ``CGCS2000``, ``cgcs2000-114``, ``HK1980`` or any name that
        the EPSG register has, or ``GCJ-02`` or ``BD-09``.
    allow_web_mercator
        EPSG:3857 makes lengths here 7.9 % too long and areas 16 %; it is refused unless this is true.

    Raises
    ------
    ExportError
        No such system, one without an EPSG code, or 3857 without leave.
    """
    if isinstance(wanted, Projection):
        return wanted
    if isinstance(wanted, CRS):
        return _registered(str(_code_of(wanted)), allow_web_mercator)
    text = str(wanted).strip()
    key = NAMES.get(text.lower().replace(" ", ""), text)
    if key.lower() in _SHIFTED:
        return Projection(key.lower(), _SHIFTED[key.lower()][0], None)
    return _registered(key.upper().removeprefix("EPSG:"), allow_web_mercator)


def _code_of(crs: CRS) -> int:
    code = crs.to_epsg()
    if code is None:
        raise ExportError(f"{crs.name!r} has no EPSG code; choose one that has, such as 4490 or 4547")
    return int(code)


@cache
def _registered(key: str, allow_web_mercator: bool) -> Projection:
    try:
        crs = CRS.from_epsg(int(key)) if key.isdecimal() else CRS.from_user_input(key)
    except CRSError as reason:
        raise ExportError(
            f"no coordinate system {key!r}; give an EPSG code such as 4490, 4546, 4547, 4326, 2326, 8433, "
            f"or one of {', '.join(NAMES)}"
        ) from reason
    code = _code_of(crs)
    if code == _WEB_MERCATOR and not allow_web_mercator:
        raise ExportError(
            "EPSG:3857 (Web Mercator) makes lengths here 7.9 % too long; use 4490 or 4547, "
            "or allow_web_mercator=True (--web-mercator) for display only"
        )
    if code == 4549:
        raise ExportError("EPSG:4549 is the belt of 120° E; here it is 4546 west of 112.5° E and 4547 east of it")
    area = crs.area_of_use
    bounds = None if area is None or not crs.is_projected else (area.west, area.south, area.east, area.north)
    if area is not None and code in {form for belt in BELTS.values() for form in belt}:
        # A belt is bounded by meridians; the register's latitudes leave out the islands south of the coast.
        bounds = (area.west, -90.0, area.east, 90.0)
    return Projection(str(code), crs.name, CRS.from_epsg(code), bounds)


def split_codes(target: Projection) -> tuple[Projection, ...]:
    """Return the belts of `target`'s form, west to east; empty when it is no belt of this area."""
    for form in range(2):
        codes = [belt[form] for belt in BELTS.values()]
        if target.key in {str(code) for code in codes}:
            return tuple(target_of(code) for code in codes)
    return ()


def fit(
    frames: Mapping[str, gpd.GeoDataFrame], target: Projection, outside: Outside = "refuse"
) -> list[tuple[Projection, dict[str, gpd.GeoDataFrame]]]:
    """Return the frames to write in each system: one pair, or one a belt when they are split.

    Parameters
    ----------
    frames
        Features by table, EPSG:4326.
    target
        The system asked for.
    outside
        What to do with features outside its area of use: ``refuse``; ``split`` at 112.5° E, one file a belt
        (lines and areas are cut there); ``clip``: keep what lies inside.

    Raises
    ------
    ExportError
        Features lie outside and `outside` is ``refuse``, or ``split`` is asked of a system that is no belt,
        or nothing lies inside. The message names the codes that fit.
    """
    if target.bounds is None:
        return [(target, dict(frames))]
    strays = {name: int(_strays(frame, target.bounds).sum()) for name, frame in frames.items()}
    if not any(strays.values()):
        return [(target, dict(frames))]
    if outside == "refuse":
        raise ExportError(_refusal(frames, strays, target))
    belts = split_codes(target) if outside == "split" else (target,)
    if not belts:
        raise ExportError(f"{target.label} is no belt of CGCS2000, so there is nothing to split; clip, or use 4490")
    pieces = [(belt, {name: _clipped(frame, belt) for name, frame in frames.items()}) for belt in belts]
    filled = [(belt, parts) for belt, parts in pieces if any(len(part) for part in parts.values())]
    if not filled:
        raise ExportError(f"nothing lies in the area of use of {target.label} ({_area(target.bounds)})")
    return filled


def _bounds_of(frame: gpd.GeoDataFrame) -> Floats:
    return np.asarray(shapely.bounds(frame.geometry.to_numpy()), dtype=np.float64).reshape(-1, 4)


def _strays(frame: gpd.GeoDataFrame, bounds: Bounds) -> Bools:
    west, south, east, north = bounds
    box = _bounds_of(frame)
    out = (box[:, 0] < west - _EDGE_DEG) | (box[:, 2] > east + _EDGE_DEG)
    return out | (box[:, 1] < south - _EDGE_DEG) | (box[:, 3] > north + _EDGE_DEG)


def _area(bounds: Bounds) -> str:
    west, south, east, north = bounds
    if south == -90.0:
        return f"{west:g}-{east:g}° E"
    return f"{west:g}-{east:g}° E, {south:g}-{north:g}° N"


def _refusal(frames: Mapping[str, gpd.GeoDataFrame], strays: Mapping[str, int], target: Projection) -> str:
    assert target.bounds is not None
    first = next(name for name, count in strays.items() if count)
    counts = ", ".join(f"{count} of {len(frames[name])} in {name}" for name, count in strays.items() if count)
    frame = frames[first]
    some = frame[_strays(frame, target.bounds)].iloc[0]
    who = " / ".join(str(some[c]) for c in ("id", "name_zh") if c in frame.columns and some[c] is not None)
    remedy = _remedy(frames, target)
    return f"features outside the area of use of {target.label} ({_area(target.bounds)}): {counts}; {who}. {remedy}"


def _remedy(frames: Mapping[str, gpd.GeoDataFrame], target: Projection) -> str:
    belts = split_codes(target)
    for belt in belts:
        assert belt.bounds is not None
        if not any(_strays(frame, belt.bounds).any() for frame in frames.values()):
            return f"They all lie in {belt.label} ({belt.name}): use that"
    if belts:
        codes = " and ".join(belt.key for belt in belts)
        return f"They span {codes}: split into one file a belt (--outside split), or use 4490 for all"
    return "Use 4490 for all, or keep what lies inside (--outside clip)"


def _clipped(frame: gpd.GeoDataFrame, target: Projection) -> gpd.GeoDataFrame:
    """What lies in the area of use; a point on the line between two belts goes to the western one."""
    assert target.bounds is not None
    west, south, east, north = target.bounds
    box = _bounds_of(frame)
    touches = (box[:, 2] >= west) & (box[:, 0] <= east) & (box[:, 3] >= south) & (box[:, 1] <= north)
    if split_codes(target):
        # Half-open, so that nothing stands in two files.
        touches &= box[:, 2] > west
    kept = frame[touches]
    inside = [_cut(shape, target.bounds) for shape in kept.geometry]
    kept = kept.set_geometry(gpd.GeoSeries(inside, index=kept.index, crs=frame.crs))
    return kept[~kept.geometry.is_empty]


def _cut(shape: BaseGeometry, bounds: Bounds) -> BaseGeometry:
    if shape.geom_type.endswith("Point"):
        return shape
    part: BaseGeometry = shapely.intersection(shape, shapely.box(*bounds))
    return _same_kind(part, shape.geom_type.removeprefix("Multi"))


def _same_kind(part: BaseGeometry, kind: str) -> BaseGeometry:
    """Drop the points and lines that cutting leaves on the edge."""
    if part.geom_type == "GeometryCollection":
        pieces = [piece for piece in part.geoms if piece.geom_type.removeprefix("Multi") == kind]
        return shapely.union_all(pieces)
    if part.geom_type == "MultiLineString":
        return shapely.line_merge(part)
    return part if part.geom_type.removeprefix("Multi") == kind else type(part)()


def reprojected(frame: gpd.GeoDataFrame, target: Projection) -> gpd.GeoDataFrame:
    """Return `frame` (EPSG:4326) in `target`, x east; a shifted frame carries no CRS, so that none is claimed."""
    if not target.shifted:
        return frame if target.key == "4326" else frame.to_crs(target.crs)
    shift = _SHIFTED[target.key][1]

    def moved(points: Floats) -> Floats:
        return np.column_stack(shift(points[:, 0], points[:, 1]))

    shapes: Any = shapely.transform(frame.geometry.to_numpy(), moved)
    unnamed: gpd.GeoDataFrame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index)).set_crs(
        None, allow_override=True
    )
    return unnamed
