"""A layer: its declaration and its frame; reading and writing GeoJSON (RFC 7946).

Coordinates are longitude, latitude in EPSG:4326 with six decimals (0.1 m). One feature stands on one
line with its keys in the declared order, so that a change in the data reads well as a difference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from atlas.base.doors import MOST_DIGITS, Door, uncollected
from atlas.base.errors import LayerError
from atlas.base.features import collection_in_parts, collection_text
from atlas.base.files import content_hash, write_text
from atlas.base.geodesy import Texts, lengths_km, shapes_of
from atlas.base.style import symbol_of
from atlas.base.tables import slots
from atlas.base.values import csv_columns
from atlas.base.words import language, say_in
from atlas.data.declaration import QUALITIES, Column, LayerSpec, fitted, values_by_column
from atlas.data.region import ANYWHERE, Region
from atlas.notebook.card import card, map_of

__all__ = [
    "CRS",
    "LARGEST_FILE_MB",
    "Layer",
    "frame_of",
    "layer_text",
    "out_of_range",
    "parting_water",
    "read_layer",
    "region_of",
    "require_placed",
    "require_usable",
    "write_layer",
]

CRS = "EPSG:4326"
LARGEST_FILE_MB = 128
#: Features shown in a notebook.
_SHOWN = 6
_PROPERTIES = itemgetter("properties")
_CRS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


@dataclass(frozen=True, eq=False)
class Layer:
    """A declaration and its features.

    Attributes
    ----------
    spec
        The layer's declaration.
    frame
        GeoDataFrame in EPSG:4326 with the columns of ``spec.columns``, any columns the file has besides, and
        ``geometry`` last. Strings are objects with None for null, integers ``Int64``, floats NaN for null.
    digest
        SHA-256 of the bytes of the file that was read; empty for a layer that was not.
    """

    spec: LayerSpec
    frame: gpd.GeoDataFrame
    digest: str = ""

    @property
    def key(self) -> str:
        """Name of the layer."""
        return self.spec.key

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the key, every attribute and every coordinate, in the order of the file."""
        shapes = shapely.to_wkb(self.frame.geometry.to_numpy(), byte_order=1)
        binary = (b"" if shape is None else shape for shape in shapes.tolist())
        told = {str(name): self.frame[name].tolist() for name in self.frame if name != "geometry"}
        return content_hash(self.key, csv_columns(told), *binary)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        return f"<Layer {self.key}: {len(self.frame)} × {self.spec.geometry}>"

    def _repr_html_(self) -> str:
        """Return a card for notebooks: what it is, how much of it, the first features, and a small map."""
        spec, frame, lang = self.spec, self.frame, language()
        facts: list[tuple[str, object]] = [
            (say_in(lang, "notebook.layer"), self.key),
            (say_in(lang, "notebook.features"), f"{len(frame)} × {spec.geometry}"),
            (say_in(lang, "notebook.about"), spec.about),
        ]
        facts += [(f"{name}, km", km) for name, km in self.km_by_quality.items() if km]
        heads = ("id", "name_zh", "name_en", "kind", "status")
        rows = frame[[name for name in heads if name in frame]].head(_SHOWN).values.tolist()
        pieces = shapely.get_parts(frame.geometry.dropna().to_numpy())
        points = spec.geometry == "Point"
        lines = shapely.get_exterior_ring(pieces) if spec.geometry == "Polygon" else pieces
        drawn = [shapely.get_coordinates(pieces)] if points else [shapely.get_coordinates(one) for one in lines]
        picture = map_of((at, symbol_of(self.key).color, points) for at in drawn)
        return card(f"{spec.title_zh} · {spec.title_en}", facts, heads=heads, rows=rows, picture=picture)

    @cached_property
    def km_by_quality(self) -> dict[str, float]:
        """Geodesic kilometres by how true their course is; empty for layers that are not of roads and railways.

        ``surveyed``, ``traced`` (read off a course) and ``sketched`` (straight between points with a source) are the
        layer's ``geometry_quality``; ``indicative`` are lines of which only the ends are known.
        """
        frame = self.frame
        if self.spec.geometry != "LineString" or "course" not in frame or "drawn_length_km" not in frame:
            return {}
        kept = (frame["upgrades"] == "").to_numpy(dtype=bool)
        quality = frame["geometry_quality"].replace("schematic", "sketched")
        quality = quality.mask(frame["course"] == "indicative", "indicative")[kept]
        km = lengths_km(frame.geometry.to_numpy()[kept])
        return {name: float(km[(quality == name).to_numpy()].sum()) for name in QUALITIES}


def region_of(layers: Mapping[str, Layer]) -> Region:
    """Return the region the layers are of; one without a box has it about the places, else about all features."""
    if not layers:
        return ANYWHERE
    region = next(iter(layers.values())).spec.region
    told = [layers["places"]] if "places" in layers and len(layers["places"].frame) else list(layers.values())
    boxes = np.array([layer.frame.total_bounds for layer in told if len(layer.frame)]).reshape(-1, 4)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if region.box is not None or not len(boxes):
        return region
    (west, south), (east, north) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return region.over((float(west), float(south), float(east), float(north)))


def parting_water(water: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the wide water that parts one bank from the other, as a source has it: all but sketched rivers."""
    return water[water["kind"] != "river"]


def frame_of(
    records: Sequence[Mapping[str, Any]], geometries: Sequence[BaseGeometry] | Texts, spec: LayerSpec
) -> gpd.GeoDataFrame:
    """Return a frame of `records` typed as `spec` declares.

    Parameters
    ----------
    records
        One mapping a feature, column name to JSON value.
    geometries
        One geometry a feature, EPSG:4326.
    spec
        The layer's declaration.

    Raises
    ------
    LayerError
        A value is not of its column's type, or null where null may not stand.
    """
    known: list[dict[Any, Any]] = [{} for _ in spec.columns]
    return _frame([(fitted(values_by_column(records, spec), records, spec, known), records, geometries)], spec)


#: Features at hand: the values of each declared column, the records these are from, and the geometries.
_Part = tuple[Sequence[Sequence[Any]], Sequence[Mapping[str, Any]], Sequence[BaseGeometry] | Texts]


def _frame(parts: Iterable[_Part], spec: LayerSpec) -> gpd.GeoDataFrame:
    """Return a frame of features that come in parts, of which no more is kept than goes into its columns."""
    found: list[list[Any]] = [[] for _ in spec.columns]
    others: dict[str, list[Any]] = {}
    shapes: list[Texts] = [np.empty(0, dtype=object)]
    size = 0
    for columns, records, geometries in parts:
        for column, values, before in zip(spec.columns, columns, found, strict=True):
            # null of a number becomes NaN
            before.extend([np.array(values, dtype=np.float64)] if column.type == "float" else values)
        if set(map(len, records)) - {len(spec.columns)}:
            for name in set().union(*records) - set(spec.column_names) - set(others):
                others[name] = [None] * size
        for name, told in others.items():
            told.extend(record.get(name) for record in records)
        shapes.append(np.empty(len(geometries), dtype=object))
        shapes[-1][:] = list(geometries)
        size += len(records)
    data = {column.name: _series(values, column) for column, values in zip(spec.columns, found, strict=True)}
    data |= {name: pd.Series(others[name], dtype=object) for name in sorted(others)}
    return gpd.GeoDataFrame(data, geometry=np.concatenate(shapes), crs=CRS)


_DTYPES: dict[str, Any] = {"string": object, "integer": "Int64", "boolean": "bool"}


def _series(values: list[Any], column: Column) -> pd.Series[Any]:
    if column.type == "float":
        return pd.Series(np.concatenate([np.empty(0), *values]))
    series: pd.Series[Any] = pd.Series(values, dtype=_DTYPES[column.type])
    return series


def read_layer(path: str | Path, spec: LayerSpec) -> Layer:
    """Read a GeoJSON file as the layer that `spec` declares.

    Parameters
    ----------
    path
        A GeoJSON FeatureCollection, longitude and latitude in WGS 84.
    spec
        The declaration it must satisfy.

    Raises
    ------
    LayerError
        The file is missing, larger than 128 MB, no GeoJSON, in another CRS, or a feature lacks a
        column or a geometry of the declared type. The message names file, feature and remedy. What
        is well formed but wrong (a swapped axis, a duplicate id) is for :func:`atlas.data.checks.check_layers`.

    Notes
    -----
    Coordinates are taken as they stand, NaN included, so that the validator can name the feature.
    """
    with uncollected():
        return _read(Path(path), spec)


def _read(path: Path, spec: LayerSpec) -> Layer:
    door = Door(path, LayerError, largest_mb=LARGEST_FILE_MB)
    content = door.content()
    digest = sha256(content).hexdigest()
    with suppress(LayerError):  # what is wrong is told of the file as a whole, below
        parted = collection_in_parts(door, content)
        if parted is not None:
            return Layer(spec, _frame_of_file(path, *parted, spec), digest)
    text = door.decoded(content)
    del content  # of a large file each copy counts
    raw = door.parsed_json(text)
    del text
    features = raw.get("features") if isinstance(raw, dict) else None
    return Layer(spec, _frame_of_file(path, raw, [features], spec), digest)


def _frame_of_file(path: Path, raw: Any, parts: Iterable[Any], spec: LayerSpec) -> gpd.GeoDataFrame:
    if not isinstance(raw, dict) or raw.get("type") != "FeatureCollection" or not isinstance(raw.get("features"), list):
        raise LayerError(f"{path} is no GeoJSON FeatureCollection; export the layer as GeoJSON (RFC 7946)")
    crs = json.dumps(raw.get("crs")) if raw.get("crs") is not None else ""
    if crs and not any(name in crs for name in _CRS84):
        raise LayerError(
            f"{path} declares another CRS ({crs}); reproject it to EPSG:4326, "
            "for example: ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES out.geojson in.geojson"
        )
    known: list[dict[Any, Any]] = [{} for _ in spec.columns]
    return _frame((_part(path, features, spec, known) for features in parts), spec)


def _part(path: Path, features: list[Any], spec: LayerSpec, known: list[dict[Any, Any]]) -> _Part:
    records = _records(path, features)
    try:
        columns = values_by_column(records, spec)
    except KeyError:
        names = spec.column_names
        place, record = next(one for one in enumerate(records) if not one[1].keys() >= set(names))
        missing = [name for name in names if name not in record]
        raise LayerError(
            f"{path}: feature {record.get('id', place)!r} lacks {', '.join(missing)}; "
            f"the layer {spec.key} must carry every column of layers/{spec.key}.toml"
        ) from None
    geometries: Sequence[BaseGeometry] | Texts | None = shapes_of(features, spec.geometry)
    if geometries is None:
        geometries = [
            _geometry(path, record.get("id", place), feature, spec)
            for place, (record, feature) in enumerate(zip(records, features, strict=True))
        ]
    try:
        return fitted(columns, records, spec, known), records, geometries
    except LayerError as reason:
        raise LayerError(f"{path}: {reason}") from reason


def _records(path: Path, features: list[Any]) -> list[dict[str, Any]]:
    with suppress(KeyError, TypeError):
        records = list(map(_PROPERTIES, features))
        if set(map(type, records)) <= {dict}:
            return records
    is_one = (isinstance(one, dict) and isinstance(one.get("properties"), dict) for one in features)
    place = next(place for place, good in enumerate(is_one) if not good)
    raise LayerError(f"{path}: feature number {place + 1} has no properties; it must carry the columns")


def _geometry(path: Path, name: object, feature: Mapping[str, Any], spec: LayerSpec) -> BaseGeometry:
    raw = feature.get("geometry")
    if raw is None:
        raise LayerError(f"{path}: feature {name!r} has no geometry; draw it or leave it out")
    try:
        geometry: BaseGeometry = shape(raw)
    except (
        AttributeError,
        IndexError,
        OverflowError,
        RecursionError,
        KeyError,
        TypeError,
        ValueError,
        shapely.errors.GEOSException,
        shapely.errors.GeometryTypeError,
    ) as reason:
        raise LayerError(f"{path}: feature {name!r} has a geometry that cannot be read: {reason}") from reason
    if geometry.geom_type.removeprefix("Multi") != spec.geometry or (
        geometry.geom_type.startswith("Multi") and spec.geometry != "Polygon"
    ):
        raise LayerError(
            f"{path}: feature {name!r} is a {geometry.geom_type}, but {spec.key} holds {spec.geometry}; "
            "split multi-part features or move it to another layer"
        )
    return geometry


def write_layer(layer: Layer, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write `layer` as GeoJSON: six decimals, declared key order, one feature a line.

    Raises
    ------
    ExportError
        The file exists and `overwrite` is false, or the folder refuses the write.
    """
    return write_text(path, layer_text(layer), overwrite=overwrite)


def layer_text(layer: Layer) -> str:
    """Return the GeoJSON text of `layer`; the same frame gives the same text."""
    names = [name for name in layer.frame.columns if name != layer.frame.geometry.name]
    return collection_text(layer.key, {name: layer.frame[name].tolist() for name in names}, layer.frame.geometry)


# Values within their ranges: a speed of 0 closes a road in silence, a negative one breaks every search.
#: Lists of minutes since departure, one a stop.
LISTS = ("elapsed_min", "elapsed_min_low", "elapsed_min_high")
_MOST_MIN = 100_000.0
#: Feature id, what is wrong, what to do.
Fault = tuple[str, str, str]


def out_of_range(layer: Layer) -> Iterator[Fault]:
    """Yield feature id, what is wrong and what to do, for every value outside its column's range."""
    names = layer.frame["id"].to_numpy()
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
    for row in np.flatnonzero(((numbers < low) | (numbers > high)) & np.isfinite(numbers)):
        if column.zero or numbers[row] != 0:
            said = f"{column.name} is {numbers[row]:g}{unit}, outside {low:g} to {high:g}"
            yield str(names[row]), said, "correct it"


def _lists(names: np.ndarray, lists: pd.Series, stations: pd.Series, column: str) -> Iterator[Fault]:
    for name, text, stops in zip(names, lists, stations, strict=True):
        fault = _list_fault(text, len(slots(str(stops or ""))))
        if fault:
            yield str(name), f"{column} {fault}", "write minutes since departure, one a stop, joined by ;"


def _list_fault(text: object, stops: int) -> str:
    if not isinstance(text, str) or not text:
        return ""
    parts = slots(text)
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
        A value is outside its range, a list of minutes does not rise, a geometry is empty, a coordinate is no
        finite number, or two features share an id.
    """
    _refuse(layers, _unusable)


def require_placed(layers: Mapping[str, Layer]) -> None:
    """Raise LayerError when a feature could not be seen where it is: the first, and how many.

    Raises
    ------
    LayerError
        A coordinate is no finite number or not on Earth, as of axes swapped.
    """
    _refuse(layers, _off_earth)


def _refuse(layers: Mapping[str, Layer], look: Callable[[Layer], Iterator[Fault]]) -> None:
    # A frame without a declaration, as drawn in a test or a notebook, has no ranges to keep.
    declared = [layer for layer in layers.values() if isinstance(layer, Layer)]
    found = [(layer.key, *fault) for layer in declared for fault in look(layer)]
    if found:
        key, name, what, remedy = found[0]
        more = f" ({len(found)} findings in all; see atlas layers validate)" if len(found) > 1 else ""
        raise LayerError(f"{key}/{name}: {what}; {remedy}{more}", tuple(found))


def _unusable(layer: Layer) -> Iterator[Fault]:
    yield from out_of_range(layer)
    yield from _unplaced(layer)
    ids = layer.frame["id"]
    if len(set(ids.tolist())) < len(ids):
        for name in ids[ids.duplicated()].unique():
            yield str(name), "two features have this id", "give each feature an id of its own"


def _unplaced(layer: Layer) -> Iterator[Fault]:
    names, shapes = layer.frame["id"].to_numpy(), layer.frame.geometry.to_numpy()
    for row in np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes)):
        yield str(names[row]), "there is no geometry", "draw it or leave the feature out"
    yield from _off_earth(layer)
    if layer.spec.geometry == "Polygon":
        for row in np.flatnonzero(~shapely.is_valid(shapes) & np.isfinite(shapely.area(shapes))):
            why = shapely.is_valid_reason(shapes[row])
            yield str(names[row]), f"the polygon is not valid: {why}", "redraw it, or use shapely.make_valid"


def _off_earth(layer: Layer) -> Iterator[Fault]:
    names, shapes = layer.frame["id"].to_numpy(), layer.frame.geometry.to_numpy()
    points, rows = shapely.get_coordinates(shapes, return_index=True)
    for row in np.unique(rows[~np.isfinite(points).all(axis=1)]):
        yield str(names[row]), "a coordinate is NaN or infinite", "give a number"
    for row in np.unique(rows[(np.abs(points) > (180.0, 90.0)).any(axis=1)]):
        yield str(names[row]), "a coordinate is not on Earth", "write longitude, then latitude, in degrees"
