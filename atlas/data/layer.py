"""A layer: its declaration and its frame; reading and writing GeoJSON (RFC 7946).

Coordinates are longitude, latitude in EPSG:4326 with six decimals (0.1 m). One feature stands on one
line with its keys in the declared order, so that a change in the data reads well as a difference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from atlas.base.doors import MOST_DIGITS, Door, uncollected
from atlas.base.errors import LayerError
from atlas.base.files import content_hash, write_text
from atlas.base.geodesy import Texts, lengths_km, shapes_of
from atlas.base.style import symbol_of
from atlas.base.tables import slots
from atlas.base.values import csv_columns, plain, short_number
from atlas.base.words import language, say_in
from atlas.data.declaration import QUALITIES, Column, LayerSpec, all_fit, declared_value, values_by_column
from atlas.data.region import ANYWHERE, Region
from atlas.notebook.card import card, map_of

__all__ = [
    "CRS",
    "DECIMALS",
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
DECIMALS = 6
LARGEST_FILE_MB = 128
#: Features shown in a notebook.
_SHOWN = 6
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
    return _frame(values_by_column(records, spec), records, geometries, spec)


def _frame(
    columns: Sequence[Sequence[Any]],
    records: Sequence[Mapping[str, Any]],
    geometries: Sequence[BaseGeometry] | Texts,
    spec: LayerSpec,
) -> gpd.GeoDataFrame:
    data: dict[str, Any] = {
        column.name: _series(values, records, column, spec)
        for column, values in zip(spec.columns, columns, strict=True)
    }
    others = sorted(set().union(*records) - set(data))
    for name in others:
        data[name] = pd.Series([record.get(name) for record in records], dtype=object)
    shapes = np.empty(len(geometries), dtype=object)
    shapes[:] = list(geometries)
    return gpd.GeoDataFrame(data, geometry=shapes, crs=CRS)


_DTYPES: dict[str, Any] = {"string": object, "float": "float64", "integer": "Int64", "boolean": "bool"}


def _series(
    read: Sequence[Any], records: Sequence[Mapping[str, Any]], column: Column, spec: LayerSpec
) -> pd.Series[Any]:
    values: Sequence[Any] = read
    if not all_fit(values, column):  # one at least is to be looked at by itself
        values = [declared_value(record, column, spec, place) for place, record in enumerate(records)]
    if column.type == "float":  # null becomes NaN
        return pd.Series(np.array(values, dtype=np.float64))
    if column.type == "string":  # what stands in very many features is kept once
        values = list(map({}.setdefault, values, values))
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
    features, digest = _features(path)
    records = [_properties(path, place, feature) for place, feature in enumerate(features)]
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
        return Layer(spec, _frame(columns, records, geometries, spec), digest)
    except LayerError as reason:
        raise LayerError(f"{path}: {reason}") from reason


def _features(path: Path) -> tuple[list[Any], str]:
    door = Door(path, LayerError, largest_mb=LARGEST_FILE_MB)
    content = door.content()
    digest, text = sha256(content).hexdigest(), door.decoded(content)
    del content  # of a large file each copy counts
    raw = door.parsed_json(text)
    if not isinstance(raw, dict) or raw.get("type") != "FeatureCollection" or not isinstance(raw.get("features"), list):
        raise LayerError(f"{path} is no GeoJSON FeatureCollection; export the layer as GeoJSON (RFC 7946)")
    crs = json.dumps(raw.get("crs")) if raw.get("crs") is not None else ""
    if crs and not any(name in crs for name in _CRS84):
        raise LayerError(
            f"{path} declares another CRS ({crs}); reproject it to EPSG:4326, "
            "for example: ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES out.geojson in.geojson"
        )
    return raw["features"], digest


def _properties(path: Path, place: int, feature: Any) -> dict[str, Any]:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise LayerError(f"{path}: feature number {place + 1} has no properties; it must carry the columns")
    properties: dict[str, Any] = feature["properties"]
    return properties


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
    lines = ",\n".join(_lines(layer))
    body = f"\n{lines}\n" if lines else ""
    return f'{{\n"type": "FeatureCollection",\n"name": {json.dumps(layer.key)},\n"features": [{body}]\n}}\n'


def _lines(layer: Layer) -> Iterator[str]:
    names = [name for name in layer.frame.columns if name != layer.frame.geometry.name]
    columns = [layer.frame[name].tolist() for name in names]
    for geometry, *values in zip(layer.frame.geometry, *columns, strict=True):
        properties = {name: _plain(value) for name, value in zip(names, values, strict=True)}
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


# Values within their ranges: a speed of 0 closes a road in silence, a negative one breaks every search.
#: Lists of minutes since departure, one a stop.
LISTS = ("elapsed_min", "elapsed_min_low", "elapsed_min_high")
_MOST_MIN = 100_000.0
#: Feature id, what is wrong, what to do.
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
    for name in ids[ids.duplicated()].unique():
        yield str(name), "two features have this id", "give each feature an id of its own"


def _unplaced(layer: Layer) -> Iterator[Fault]:
    shapes = layer.frame.geometry.to_numpy()
    names = layer.frame["id"].astype(str).to_numpy()
    for row in np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes)):
        yield str(names[row]), "there is no geometry", "draw it or leave the feature out"
    yield from _off_earth(layer)
    if layer.spec.geometry == "Polygon":
        for row in np.flatnonzero(~shapely.is_valid(shapes) & np.isfinite(shapely.area(shapes))):
            why = shapely.is_valid_reason(shapes[row])
            yield str(names[row]), f"the polygon is not valid: {why}", "redraw it, or use shapely.make_valid"


def _off_earth(layer: Layer) -> Iterator[Fault]:
    names, shapes = layer.frame["id"].astype(str).to_numpy(), layer.frame.geometry.to_numpy()
    points, rows = shapely.get_coordinates(shapes, return_index=True)
    for row in np.unique(rows[~np.isfinite(points).all(axis=1)]):
        yield str(names[row]), "a coordinate is NaN or infinite", "give a number"
    for row in np.unique(rows[(np.abs(points) > (180.0, 90.0)).any(axis=1)]):
        yield str(names[row]), "a coordinate is not on Earth", "write longitude, then latitude, in degrees"
