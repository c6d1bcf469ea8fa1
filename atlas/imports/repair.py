"""Polygons that are not valid, made valid, with what that changes."""

from __future__ import annotations

import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.errors import ImportDataError
from atlas.base.geodesy import GEOD

__all__ = ["made_valid"]

#: A repair that changes more of an area than this share is no repair, but another shape.
REPAIR_LIMIT = 0.01


def made_valid(shape: BaseGeometry, *, limit: float = REPAIR_LIMIT) -> tuple[BaseGeometry, float]:
    """Return a polygon made valid, and the square kilometres by which its area changed.

    Parameters
    ----------
    shape
        Polygon or MultiPolygon, EPSG:4326.
    limit
        Largest share of the area that may change.

    Raises
    ------
    ImportDataError
        The repair changes more, or leaves nothing with an area.

    Examples
    --------
    >>> spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0.5), (-0.1, 0.5), (0, 0.5)])
    >>> shape, changed = made_valid(spike)
    >>> shape.is_valid, round(changed, 6)
    (True, 0.0)
    """
    if shape.is_valid:
        return shape, 0.0
    why = shapely.is_valid_reason(shape)
    # Rings that wind twice, or parts that overlap, enclose what they enclose once.
    whole = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        raise ImportDataError(f"not valid ({why}), and repaired it would enclose nothing")
    fixed = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    before, after = _enclosed_km2(shape), _enclosed_km2(fixed)
    changed = abs(after - before)
    share = changed / max(before, after)
    if share > limit:
        raise ImportDataError(
            f"not valid ({why}), and repaired it would enclose {after:.4g} km² in place of {before:.4g}, "
            f"{share:.1%} of it and more than {limit:.1%}; redraw it, or raise --repair-limit"
        )
    return fixed, changed


def _enclosed_km2(shape: BaseGeometry) -> float:
    """Square kilometres as the rings say: what a ring goes round twice counts twice."""
    found = 0.0
    for part in shapely.get_parts(shape):
        rings = (part.exterior, *part.interiors)
        areas = [abs(GEOD.geometry_area_perimeter(shapely.Polygon(ring))[0]) / 1e6 for ring in rings]
        found += areas[0] - sum(areas[1:])
    return found
