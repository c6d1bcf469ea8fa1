"""Formats of text: GeoJSON and GeoJSON sequences, CSV, KML and KMZ."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.files import scratch
from atlas.base.style import STATUS_WORDS, symbol_of
from atlas.base.values import csv_text, plain
from atlas.exports.families.styles import rules_of
from atlas.exports.tables.archive import pack_folder
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection
from atlas.exports.tables.metadata import remarks

__all__ = ["feature_lines", "write_csv", "write_geojson", "write_geojsonseq", "write_kml"]

_KML = "http://www.opengis.net/kml/2.2"
_DECIMALS = 7
_BLOCK = 2000


def _records(table: Table) -> Iterator[tuple[dict[str, Any], BaseGeometry | None]]:
    """Rows one by one: attributes as plain values, and the geometry."""
    names = [field.name for field in table.fields]
    shapes = table.shapes.geometry if table.geometry else None
    whole = {field.name for field in table.fields if field.type == "integer"}
    for start in range(0, len(table.frame), _BLOCK):
        rows = table.frame.iloc[start : start + _BLOCK]
        for place, values in enumerate(rows[names].itertuples(index=False, name=None), start=start):
            row = {name: plain(value) for name, value in zip(names, values, strict=True)}
            row |= {name: int(row[name]) for name in whole if row[name] is not None}
            yield row, None if shapes is None else shapes.iloc[place]


def _geojson_shape(shape: BaseGeometry | None) -> dict[str, Any] | None:
    if shape is None or shape.is_empty:
        return None
    rounded = shapely.transform(shape, lambda xy: xy.round(_DECIMALS))
    if "Polygon" in rounded.geom_type:
        # RFC 7946: outer rings run counter-clockwise.
        rounded = shapely.orient_polygons(rounded)
    made: dict[str, Any] = json.loads(shapely.to_geojson(rounded))
    return made


def feature_lines(table: Table) -> Iterator[str]:
    """Yield the rows of a table as GeoJSON features (RFC 7946), each on one line."""
    for row, shape in _records(table):
        own = {"id": row["id"]} if row.get("id") is not None else {}
        feature = {"type": "Feature", **own, "properties": row, "geometry": _geojson_shape(shape)}
        yield json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def write_geojson(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write one table as RFC 7946, one feature a line, metadata as foreign members."""
    (table,) = bundle.tables
    about = json.dumps(remarks(bundle, target).split("\n"), ensure_ascii=False)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"type":"FeatureCollection","name":"{table.name}","hash":"{bundle.hash}",\n"about":{about},\n')
        if target.shifted:
            # The member of the first GeoJSON, by which GDAL, QGIS and geopandas know that this is not WGS 84; null is
            # WGS 84 to them, and scripts of web maps look at neither.
            local = f'LOCAL_CS["{target.label} (shifted, not WGS 84)",UNIT["degree",0.0174532925199433]]'
            system = {"type": "name", "properties": {"name": local}}
            file.write(f'"crs":{json.dumps(system)},\n')
        file.write('"features":[\n')
        for number, line in enumerate(feature_lines(table)):
            file.write((",\n" if number else "") + line)
        file.write("\n]}\n")


def write_geojsonseq(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write one feature a line; the metadata stands in the data package beside."""
    (table,) = bundle.tables
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in feature_lines(table):
            file.write(line + "\n")


def csv_bytes(table: Table, mark: str) -> bytes:
    """Return CSV with a byte order mark: X and Y (of a point on the geometry), WKT, and the hash."""
    header = [field.name for field in table.fields]
    place = ["x", "y", "wkt"] if table.geometry else []
    rows = ([*row.values(), *(_wkt(shape) if place else ()), mark] for row, shape in _records(table))
    return csv_text([*header, *place, "hash"], rows).encode("utf-8-sig")


def _wkt(shape: BaseGeometry | None) -> tuple[float | None, float | None, str | None]:
    if shape is None or shape.is_empty:
        return None, None, None
    point = shape if shape.geom_type == "Point" else shape.representative_point()
    return point.x, point.y, shapely.to_wkt(shape, rounding_precision=_DECIMALS)


def write_csv(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write one table as CSV."""
    (table,) = bundle.tables
    path.write_bytes(csv_bytes(table, bundle.hash))


def write_kml(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write KML, or KMZ by the suffix: a folder a table and kind, styles of the maps, spans of years.

    Features are written one at a time, so that a province's roads need no more memory than a county's.
    """
    if path.suffix.lower() != ".kmz":
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_kml_parts(bundle, target))
        return
    with scratch(path.parent) as folder:
        with (folder / "doc.kml").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_kml_parts(bundle, target))
        pack_folder(path, folder)


def _kml_parts(bundle: Bundle, target: Projection) -> Iterator[str]:
    """Yield the document's text, head to foot."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="{_KML}">\n<Document>\n'
    yield _written(_named("name", bundle.title_zh)) + _written(_named("description", remarks(bundle, target)))
    for table in bundle.spatial:
        for name, color, width in _looks(table):
            style = ET.Element("Style", id=name)
            line = _child(style, "LineStyle")
            _child(line, "color", color)
            _child(line, "width", f"{width:g}")
            _child(_child(style, "PolyStyle"), "color", "80" + color[2:])
            _child(_child(style, "IconStyle"), "color", color)
            yield _written(style)
    for table in bundle.spatial:
        yield from _folder(table)
    yield "</Document>\n</kml>\n"


def _written(element: ET.Element) -> str:
    ET.indent(element, " ")
    return ET.tostring(element, encoding="unicode") + "\n"


def _named(name: str, text: str) -> ET.Element:
    element = ET.Element(name)
    # Control characters cannot stand in XML at all.
    element.text = str(plain(text))
    return element


def _child(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.Element(name) if text is None else _named(name, text)
    parent.append(child)
    return child


def _kinds(table: Table) -> list[str | None]:
    if "kind" not in table.frame.columns:
        return [None]
    return [str(plain(str(kind))) for kind in sorted(table.frame["kind"].dropna().unique())]


def _looks(table: Table) -> list[tuple[str, str, float]]:
    """Style id, colour as aabbggrr, width."""
    if any(name in table.frame.columns for name in ("travel_time_min", "cutoff_min")):
        found = [(rule.label.split("-")[1].split()[0], rule.symbol) for rule in rules_of(table)]
    else:
        found = [(kind or "all", symbol_of(table.name, kind)) for kind in _kinds(table)]
    return [(f"{table.name}-{name}", _abgr(one.color, one.alpha), one.width) for name, one in found]


def _abgr(color: str, alpha: float) -> str:
    return f"{round(alpha * 255):02x}{color[5:7]}{color[3:5]}{color[1:3]}"


def _style_of(table: Table, row: dict[str, Any]) -> str:
    minutes = next((row[name] for name in ("travel_time_min", "cutoff_min") if row.get(name) is not None), None)
    if minutes is None:
        return f"{table.name}-{row.get('kind') or 'all'}"
    ends = [30, 60, 90, 120]
    return f"{table.name}-{next((end for end in ends if minutes <= end), ends[-1])}"


def _folder(table: Table) -> Iterator[str]:
    yield "<Folder>\n" + _written(_named("name", table.title_zh))
    frame, kinds = table.shapes, _kinds(table)
    if kinds == [None]:
        yield from _placemarks(table)
    else:
        # a series, for an empty list would choose columns instead of rows
        held = pd.Series(
            [None if pd.isna(kind) else plain(str(kind)) for kind in frame["kind"]], frame.index, dtype=object
        )
        for kind in kinds:
            yield "<Folder>\n" + _written(_named("name", str(kind)))
            yield from _placemarks(replace(table, frame=frame[held == kind]))
            yield "</Folder>\n"
        yield from _placemarks(replace(table, frame=frame[held.isna()]))
    yield "</Folder>\n"


def _placemarks(table: Table) -> Iterator[str]:
    for row, shape in _records(table):
        if shape is not None and not shape.is_empty:
            yield _written(_placemark(table, row, shape))


def _placemark(table: Table, row: dict[str, Any], shape: BaseGeometry) -> ET.Element:
    mark = ET.Element("Placemark")
    _child(mark, "name", str(row.get("name_zh") or row.get("name_en") or row.get("id") or ""))
    if row.get("status"):
        _child(mark, "Snippet", STATUS_WORDS.get(row["status"], (row["status"],))[0])
    begin = row.get("opened") or row.get("opens_year")
    if begin:
        _child(_child(mark, "TimeSpan"), "begin", str(begin))
    _child(mark, "styleUrl", f"#{_style_of(table, row)}")
    data = _child(mark, "ExtendedData")
    for field in table.fields:
        if row[field.name] is not None:
            entry = _child(data, "Data")
            entry.set("name", field.name)
            _child(entry, "displayName", field.alias)
            _child(entry, "value", str(row[field.name]))
    _shape(mark, shape)
    return mark


def _shape(parent: ET.Element, shape: BaseGeometry) -> None:
    if shape.geom_type.startswith("Multi"):
        many = _child(parent, "MultiGeometry")
        for part in shape.geoms:
            _shape(many, part)
    elif shape.geom_type == "Polygon":
        area = _child(parent, "Polygon")
        for ring, name in [(shape.exterior, "outerBoundaryIs"), *((r, "innerBoundaryIs") for r in shape.interiors)]:
            _child(_child(_child(area, name), "LinearRing"), "coordinates", _pairs(ring))
    else:
        _child(_child(parent, shape.geom_type), "coordinates", _pairs(shape))


def _pairs(shape: BaseGeometry) -> str:
    return " ".join(f"{x:.{_DECIMALS}f},{y:.{_DECIMALS}f}" for x, y in shapely.get_coordinates(shape))
