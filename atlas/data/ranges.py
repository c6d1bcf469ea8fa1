"""Values within their ranges: the low and high end a column declares, lists of minutes that rise, finite coordinates.

The validator reports what is out of range with the rest; :func:`require_usable` refuses it before a network is made,
for a speed of 0 closes a road in silence and a negative one breaks every search.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from atlas.base.doors import MOST_DIGITS
from atlas.base.errors import LayerError
from atlas.data.declaration import Column
from atlas.data.layer import Layer

__all__ = ["LISTS", "out_of_range", "require_usable"]

#: Lists of minutes since departure, one a stop.
LISTS = ("elapsed_min", "elapsed_min_low", "elapsed_min_high")
_MOST_MIN = 100_000.0
Fault = tuple[str, str, str]


def out_of_range(layer: Layer) -> Iterator[Fault]:
    """Yield feature id, what is wrong and what to do, for every value outside its column's range."""
    names = layer.frame["id"].astype(str).to_numpy()
    for column in layer.spec.columns:
        if column.type in ("float", "integer") and column.name in layer.frame:
            yield from _outside(names, layer.frame[column.name], column)
    for name in LISTS if layer.spec.role == "rail_service" else ():
        if name in layer.frame:
            yield from _lists(names, layer.frame[name], layer.frame["station_ids"], name)


def _outside(names: np.ndarray, values: pd.Series, column: Column) -> Iterator[Fault]:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64").to_numpy(na_value=math.nan)
    unit = f" {column.unit}" if column.unit else ""
    for row in np.flatnonzero(np.isinf(numbers)):
        yield str(names[row]), f"{column.name} is infinite", "give a number"
    if not column.zero:
        for row in np.flatnonzero(numbers == 0):
            yield str(names[row]), f"{column.name} is 0{unit}", "does 0 stand for not known? then leave it empty (null)"
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    for row in np.flatnonzero(np.isfinite(numbers) & ((numbers < low) | (numbers > high))):
        if column.zero or numbers[row] != 0:
            said = f"{column.name} is {numbers[row]:g}{unit}, outside {low:g} to {high:g}"
            yield str(names[row]), said, "correct it"


def _lists(names: np.ndarray, lists: pd.Series, stations: pd.Series, column: str) -> Iterator[Fault]:
    for name, text, stops in zip(names, lists, stations, strict=True):
        fault = _list_fault(text, len(str(stops or "").split(";")))
        if fault:
            yield str(name), f"{column} {fault}", "write minutes since departure, one a stop, joined by ;"


def _list_fault(text: object, stops: int) -> str:
    if not isinstance(text, str) or not text:
        return ""
    parts = text.split(";")
    try:
        minutes = [float(part) if len(part) <= MOST_DIGITS else math.nan for part in parts]
    except ValueError:
        return f"holds {next(part for part in parts if not _is_number(part))[:40]!r}, which is no number"
    if not all(0 <= one <= _MOST_MIN for one in minutes):
        return f"holds a number outside 0 to {_MOST_MIN:g}"
    if any(after < before for before, after in pairwise(minutes)):
        return "does not rise"
    return "" if len(parts) == stops else f"has {len(parts)} numbers for {stops} stops"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def require_usable(layers: Mapping[str, Layer]) -> None:
    """Raise LayerError when a value or coordinate would break a network: the first finding, and how many.

    Raises
    ------
    LayerError
        A value is outside its range, a list of minutes does not rise, a geometry is empty, or a coordinate is no
        finite number.
    """
    # A frame without a declaration, as drawn in a test or a notebook, has no ranges to keep.
    declared = [layer for layer in layers.values() if isinstance(layer, Layer)]
    found = [(layer.key, *fault) for layer in declared for fault in (*out_of_range(layer), *_unplaced(layer))]
    if found:
        key, name, what, remedy = found[0]
        more = f" ({len(found)} findings in all; see atlas layers validate)" if len(found) > 1 else ""
        raise LayerError(f"{key}/{name}: {what}; {remedy}{more}", tuple(found))


def _unplaced(layer: Layer) -> Iterator[Fault]:
    shapes = layer.frame.geometry.to_numpy()
    names = layer.frame["id"].astype(str).to_numpy()
    for row in np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes)):
        yield str(names[row]), "there is no geometry", "draw it or leave the feature out"
    points, rows = shapely.get_coordinates(shapes, return_index=True)
    for row in np.unique(rows[~np.isfinite(points).all(axis=1)]):
        yield str(names[row]), "a coordinate is NaN or infinite", "give a number"
