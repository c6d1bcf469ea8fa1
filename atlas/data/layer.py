"""A layer: its declaration and its frame; reading and writing GeoJSON (RFC 7946).

Coordinates are longitude, latitude in EPSG:4326 with six decimals (0.1 m). One feature stands on one
line with its keys in the declared order, so that a change in the data reads well as a difference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from atlas.base.doors import Door
from atlas.base.errors import LayerError
from atlas.base.files import content_hash, write_text
from atlas.data.declaration import Column, LayerSpec

__all__ = ["CRS", "Layer", "frame_of", "layer_text", "read_layer", "write_layer"]

CRS = "EPSG:4326"
DECIMALS = 6
LARGEST_FILE_MB = 128
_CRS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


@dataclass(frozen=True, eq=False)
class Layer:
    """A declaration and its features.

    Attributes
    ----------
    spec
        The layer's declaration.
    frame
        GeoDataFrame in EPSG:4326 with the columns of ``spec.columns``, any columns the file has
        besides, and ``geometry`` last. Strings are objects with None for null, integers ``Int64``,
        floats NaN for null.
    """

    spec: LayerSpec
    frame: gpd.GeoDataFrame

    @property
    def key(self) -> str:
        """Name of the layer."""
        return self.spec.key

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the key, every attribute and every coordinate, in the order of the file."""
        attributes = self.frame.drop(columns="geometry").to_csv(index=False)
        shapes = shapely.to_wkb(self.frame.geometry.to_numpy(), byte_order=1)
        return content_hash(self.key, attributes, *(b"" if shape is None else shape for shape in shapes))

    def __len__(self) -> int:
        return len(self.frame)


def frame_of(
    records: Sequence[Mapping[str, Any]], geometries: Sequence[BaseGeometry], spec: LayerSpec
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
    data: dict[str, Any] = {column.name: _series(records, column, spec) for column in spec.columns}
    others = sorted({name for record in records for name in record} - set(data))
    for name in others:
        data[name] = pd.Series([record.get(name) for record in records], dtype=object)
    shapes = np.empty(len(geometries), dtype=object)
    shapes[:] = list(geometries)
    return gpd.GeoDataFrame(data, geometry=shapes, crs=CRS)


def _series(records: Sequence[Mapping[str, Any]], column: Column, spec: LayerSpec) -> pd.Series[Any]:
    values: list[Any] = [_value(record, column, spec, place) for place, record in enumerate(records)]
    dtype: Any = {"string": object, "float": "float64", "integer": "Int64", "boolean": "bool"}[column.type]
    if column.type == "float":
        values = [math.nan if value is None else float(value) for value in values]
    series: pd.Series[Any] = pd.Series(values, dtype=dtype)
    return series


def _value(record: Mapping[str, Any], column: Column, spec: LayerSpec, place: int) -> Any:
    value = record[column.name]
    if value is None:
        if column.null:
            return None
        if column.type == "float":
            return math.nan
    elif _fits(value, column):
        return int(value) if column.type == "integer" else value
    raise LayerError(
        f"layer {spec.key}: feature {record.get('id', place)!r} has {column.name} = {str(value)[:60]!r}; "
        f"it must be {column.type}{' or null' if column.null else ''}"
    )


def _fits(value: Any, column: Column) -> bool:
    if column.type == "string":
        return isinstance(value, str)
    if column.type == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return column.type == "float" or (abs(value) < 2**63 and float(value).is_integer())


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
        is well formed but wrong (a swapped axis, a duplicate id) is for :func:`atlas.data.checks.validate`.

    Notes
    -----
    Coordinates are taken as they stand, NaN included, so that the validator can name the feature.
    """
    path = Path(path)
    features = _features(path)
    names = spec.column_names
    records: list[Mapping[str, Any]] = []
    geometries: list[BaseGeometry] = []
    for place, feature in enumerate(features):
        record = _properties(path, place, feature)
        missing = [name for name in names if name not in record]
        if missing:
            raise LayerError(
                f"{path}: feature {record.get('id', place)!r} lacks {', '.join(missing)}; "
                f"the layer {spec.key} must carry every column of layers/{spec.key}.toml"
            )
        records.append(record)
        geometries.append(_geometry(path, record.get("id", place), feature, spec))
    try:
        return Layer(spec, frame_of(records, geometries, spec))
    except LayerError as reason:
        raise LayerError(f"{path}: {reason}") from reason


def _features(path: Path) -> list[Any]:
    raw = Door(path, LayerError, largest_mb=LARGEST_FILE_MB).json()
    if not isinstance(raw, dict) or raw.get("type") != "FeatureCollection" or not isinstance(raw.get("features"), list):
        raise LayerError(f"{path} is no GeoJSON FeatureCollection; export the layer as GeoJSON (RFC 7946)")
    crs = json.dumps(raw.get("crs")) if raw.get("crs") is not None else ""
    if crs and not any(name in crs for name in _CRS84):
        raise LayerError(
            f"{path} declares another CRS ({crs}); reproject it to EPSG:4326, "
            "for example: ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES out.geojson in.geojson"
        )
    features: list[Any] = raw["features"]
    return features


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
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else round(value, DECIMALS)
    return value


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
