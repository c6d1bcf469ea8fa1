"""Frames as compact JSON: coordinates as delta-coded integers in text, attributes as dictionaries.

An integer is written zig-zag, five bits a character, low bits first, in the URL-safe base64 alphabet; the
sixth bit says that more follows (the scheme of encoded polylines in an alphabet that needs no escape).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from atlas.base.geodesy import Ints, Texts
from atlas.base.values import short_number

__all__ = ["pack_columns", "pack_geometries", "pack_integers"]

_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8)
#: Largest magnitude packed: JavaScript holds integers exactly up to 2**53.
_LARGEST = 2**51


def pack_integers(values: ArrayLike) -> str:
    """Return `values`, (n,) integers of magnitude below 2**51, as text. See the module for the scheme."""
    given = np.asarray(values, dtype=np.int64).reshape(-1)
    if given.size == 0:
        return ""
    if int(np.abs(given).max()) >= _LARGEST:
        raise ValueError("an integer of 2**51 or more cannot be packed")
    zigzag = (given << 1) ^ (given >> 63)
    length = np.ones(given.size, dtype=np.int64)
    for chunk in range(1, 11):
        length += zigzag >= 1 << (5 * chunk)
    starts = np.cumsum(length) - length
    place = np.arange(int(length.sum())) - np.repeat(starts, length)
    bits = (np.repeat(zigzag, length) >> (5 * place)) & 31
    more = place < np.repeat(length, length) - 1
    return _ALPHABET[bits + 32 * more].tobytes().decode("ascii")


def pack_geometries(geometries: ArrayLike, *, decimals: int = 5) -> dict[str, Any]:
    """Return geometries as ``{"scale", "n", "p", "c"}``.

    Parameters
    ----------
    geometries
        (n,) points, lines or polygons (single or multi), lon/lat. Missing and empty ones have no part.
    decimals
        Decimals of a degree kept.

    Returns
    -------
    dict
        ``c``: differences of lon, lat in units of ``1/scale`` degree, running through all vertices; ``p``:
        vertices a part, absent when all are 1; ``n``: parts a geometry, absent when all are 1. A ring of a
        polygon is a part, its closing vertex included.
    """
    scale = 10**decimals
    shapes = np.asarray(geometries, dtype=object)
    parts, owner = _parts(shapes)
    counts = np.bincount(owner, minlength=len(shapes)) if len(shapes) else np.zeros(0, dtype=np.int64)
    sizes = shapely.get_num_coordinates(parts)
    grid = np.rint(shapely.get_coordinates(parts) * scale).astype(np.int64)
    steps = np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    packed: dict[str, Any] = {"scale": scale}
    if np.any(counts != 1):
        packed["n"] = pack_integers(counts)
    if np.any(sizes != 1):
        packed["p"] = pack_integers(sizes)
    packed["c"] = pack_integers(steps)
    return packed


def _parts(shapes: Texts) -> tuple[Texts, Ints]:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    filled = ~shapely.is_empty(parts)
    parts, owner = parts[filled], owner[filled]
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    if np.any(polygons):
        rings, part = shapely.get_rings(parts[polygons], return_index=True)
        lines, line_owner = parts[~polygons], owner[~polygons]
        parts, owner = np.concatenate([lines, rings]), np.concatenate([line_owner, owner[polygons][part]])
        order = np.argsort(owner, kind="stable")
        parts, owner = parts[order], owner[order]
    return parts, owner.astype(np.int64)


def _plain(value: Any) -> Any:
    """Return `value` as JSON holds it; null for what is missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return short_number(float(value))
    return value if isinstance(value, str) else str(value)


def pack_columns(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the columns `names` of `frame`, each as ``{"v": values}`` or ``{"v": values, "i": places}``.

    With ``i``, ``v`` holds every value once in order of appearance and ``i`` the packed place of each row's
    value in it; without, ``v`` holds the rows' values themselves.
    """
    packed: dict[str, dict[str, Any]] = {}
    for name in names:
        codes, uniques = pd.factorize(frame[name].astype(object), use_na_sentinel=False)
        values = [_plain(value) for value in uniques]
        if len(values) * 2 > len(codes):
            packed[name] = {"v": [values[code] for code in codes]}
        else:
            packed[name] = {"v": values, "i": pack_integers(codes)}
    return packed
