"""Feature collections of GeoJSON (RFC 7946): read in parts, written one feature a line.

Of a large file few features stand parsed at a time: a parsed feature takes some eight times the room of what is made of
it, and what was parsed a moment ago is still near the processor. A file is cut where one feature ends and the next
begins. Each part has to be JSON by itself, and what stands around the features too; a comma behind whole values is then
one of the array's own, wherever it was found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from atlas.base.doors import Door
from atlas.base.values import plain, short_number

__all__ = ["DECIMALS", "collection_in_parts", "collection_text"]

#: Decimals of a degree that are written: 0.1 m.
DECIMALS = 6

#: Bytes of a part: small enough for the processor's cache, and large beside what a part costs by itself.
_PART = 1 << 16
#: Where the features have to begin.
_HEAD = 1 << 16
_FEATURES = re.compile(rb'"features"\s*:\s*\[')
_BETWEEN = re.compile(rb"\}(\s*,\s*)\{")


def collection_in_parts(door: Door, data: bytes) -> tuple[dict[str, Any], Iterator[list[Any]]] | None:
    """Return the members of a collection, its array ``features`` emptied, and its features a part at a time.

    Parameters
    ----------
    door
        The door of the file, which refuses what a part may not hold.
    data
        The bytes of the file.

    Returns
    -------
    None where the array cannot be told from what stands around it. A file that is read to its last part holds what
    :meth:`atlas.base.doors.Door.json` reads of it.

    Raises
    ------
    AtlasError
        The class of `door`, when a part that is asked for is no JSON: the file has to be read as a whole, be it to say
        what is wrong with it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from atlas.base.errors import LayerError
    >>> door = Door(Path("a.geojson"), LayerError)
    >>> found = collection_in_parts(door, b'{"type": "FeatureCollection", "features": [{"id": 1}, {"id": 2}]}')
    >>> found[0], list(found[1])
    ({'type': 'FeatureCollection', 'features': []}, [[{'id': 1}, {'id': 2}]])
    """
    opening = _FEATURES.search(data, 0, _HEAD)
    closing = data.rfind(b"]")
    if opening is None or closing < opening.end():
        return None
    around = door.parsed_json(door.decoded(data[: opening.end()] + data[closing:]))
    if not isinstance(around, dict) or around.get("features") != []:
        return None
    return around, _parts(door, data, opening.end(), closing)


def _parts(door: Door, data: bytes, begin: int, closing: int) -> Iterator[list[Any]]:
    while begin < closing:
        between = _BETWEEN.search(data, min(begin + _PART, closing), closing)
        end, following = (closing, closing) if between is None else between.span(1)
        features: list[Any] = door.parsed_json(door.decoded(b"[" + data[begin:end] + b"]"))
        yield features
        begin = following


def collection_text(name: str, columns: Mapping[str, Sequence[Any]], geometries: Iterable[BaseGeometry]) -> str:
    """Return a collection as text: six decimals (0.1 m), one feature a line, keys in the order of the columns.

    Parameters
    ----------
    name
        Its member ``name``.
    columns
        One value a feature, by column; ``id`` is the feature's own too.
    geometries
        One a feature, longitude and latitude.

    Examples
    --------
    >>> text = collection_text("places", {"id": ["a"], "km": [2.0]}, [shapely.Point(113.5, 22)])
    >>> print(text.splitlines()[4])
    {"type":"Feature","id":"a","properties":{"id":"a","km":2},"geometry":{"type":"Point","coordinates":[113.5,22]}}
    """
    lines = ",\n".join(_lines(columns, geometries))
    body = f"\n{lines}\n" if lines else ""
    return f'{{\n"type": "FeatureCollection",\n"name": {json.dumps(name)},\n"features": [{body}]\n}}\n'


def _lines(columns: Mapping[str, Sequence[Any]], geometries: Iterable[BaseGeometry]) -> Iterator[str]:
    for geometry, *values in zip(geometries, *columns.values(), strict=True):
        properties = {name: _plain(value) for name, value in zip(columns, values, strict=True)}
        feature = {
            "type": "Feature",
            "id": properties["id"],
            "properties": properties,
            "geometry": _rounded(geometry),
        }
        yield json.dumps(feature, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    """Return a JSON value: null for None, NaN and NA; whole floats without a fraction."""
    if value is None or value is pd.NA:
        return None
    if isinstance(value, float):
        return short_number(value)
    # Columns that no declaration knows may hold lists and tables, with infinities in them.
    return plain(value) if isinstance(value, list | dict) else value


def _rounded(geometry: BaseGeometry) -> dict[str, Any]:
    """Return the GeoJSON geometry, rounded, outer rings counter-clockwise (RFC 7946, 3.1.6)."""
    if geometry.geom_type == "Polygon":
        geometry = orient(geometry)
    elif geometry.geom_type == "MultiPolygon":
        geometry = shapely.MultiPolygon([orient(part) for part in geometry.geoms])
    plain = mapping(geometry)
    return {"type": plain["type"], "coordinates": _round(plain["coordinates"])}


def _round(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_round(part) for part in value]
    number = round(float(value), DECIMALS)
    return int(number) if number.is_integer() else number
