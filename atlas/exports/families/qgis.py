"""A QGIS project that opens a GeoPackage beside it, styled as the maps are."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from pyproj import CRS

from atlas.base.style import GROUND
from atlas.exports.families.styles import HIDDEN, symbology
from atlas.exports.tables.archive import pack
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection
from atlas.exports.tables.metadata import remarks

__all__ = ["write_qgz"]

_SHAPES = {"Point": "Point", "LineString": "Line", "Polygon": "Polygon"}


def write_qgz(bundle: Bundle, target: Projection, path: Path, package: str) -> None:
    """Write the project; `package` is the name of the GeoPackage in the same folder."""
    pack(path, {f"{path.stem}.qgs": project_xml(bundle, target, package).encode("utf-8")})


def project_xml(bundle: Bundle, target: Projection, package: str) -> str:
    """Return the project's XML: points above lines above areas, all paths relative."""
    root = ET.Element("qgis", projectname=bundle.title_zh, version="3.22.0-Białowieża")
    _child(root, "title", bundle.title_zh)
    crs = target.crs or CRS.from_epsg(4326)
    wrapper = _child(root, "projectCrs")
    wrapper.append(_srs(crs))
    tree = _child(root, "layer-tree-group")
    order = {"Point": 0, "LineString": 1, "Polygon": 2}
    drawn = [table for table in bundle.spatial if table.geometry in order]
    drawn.reverse()
    tables = sorted(drawn, key=lambda table: order[table.geometry])
    groups: dict[str, ET.Element] = {}
    for table in tables:
        parent = tree
        if table.group:
            if table.group not in groups:
                groups[table.group] = ET.SubElement(
                    tree, "layer-tree-group", name=table.group, checked="Qt::Checked", expanded="0"
                )
            parent = groups[table.group]
        shown = "Qt::Unchecked" if table.name in HIDDEN else "Qt::Checked"
        source = f"./{package}|layername={table.name}"
        ET.SubElement(
            parent, "layer-tree-layer", id=_id(table), name=table.title_zh, checked=shown, expanded="0",
            providerKey="ogr", source=source,
        )  # fmt: skip
    stack = ET.SubElement(tree, "custom-order", enabled="1")
    for table in tables:
        _child(stack, "item", _id(table))
    _canvas(root, bundle, crs)
    layers = _child(root, "projectlayers")
    for table in tables:
        layers.append(_layer(table, crs, f"./{package}|layername={table.name}"))
    ordered = _child(root, "layerorder")
    for table in tables:
        ET.SubElement(ordered, "layer", id=_id(table))
    settings = _child(root, "properties")
    _property(_child(settings, "Paths"), "Absolute", "bool", "false")
    # without it QGIS leaves projectCrs unread
    _property(_child(settings, "SpatialRefSys"), "ProjectionsEnabled", "int", "1")
    gui = _child(settings, "Gui")
    for part, at in (("Red", 1), ("Green", 3), ("Blue", 5)):
        _property(gui, f"CanvasColor{part}Part", "int", str(int(GROUND["sea"][at : at + 2], 16)))
    about = _child(root, "projectMetadata")
    _child(about, "title", bundle.title_zh)
    _child(about, "abstract", remarks(bundle, target))
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + ET.tostring(root, encoding="unicode") + "\n"


def _id(table: Table) -> str:
    """QGIS replaces ids of ten signs or fewer by random ones, and then finds nothing in the tree."""
    return f"atlas_layer_{table.name}"


def _child(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = text
    return child


def _property(parent: ET.Element, name: str, kind: str, text: str) -> None:
    ET.SubElement(parent, name, type=kind).text = text


def _srs(crs: CRS) -> ET.Element:
    srs = ET.Element("spatialrefsys", nativeFormat="Wkt")
    _child(srs, "wkt", crs.to_wkt("WKT2_2019"))
    _child(srs, "srid", str(crs.to_epsg()))
    _child(srs, "authid", f"EPSG:{crs.to_epsg()}")
    _child(srs, "description", crs.name)
    _child(srs, "geographicflag", "true" if crs.is_geographic else "false")
    return srs


def _extent(parent: ET.Element, box: tuple[float, float, float, float]) -> None:
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
        _child(parent, name, repr(float(value)))


def _canvas(root: ET.Element, bundle: Bundle, crs: CRS) -> None:
    """The view at opening: all points and lines, for land and water reach far beyond."""
    tables = [one for one in bundle.spatial if one.geometry != "Polygon" and len(one.frame)] or bundle.spatial
    boxes = [table.shapes.total_bounds for table in tables]
    canvas = ET.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    _child(canvas, "units", "degrees" if crs.is_geographic else "meters")
    low = (min(float(box[0]) for box in boxes), min(float(box[1]) for box in boxes))
    high = (max(float(box[2]) for box in boxes), max(float(box[3]) for box in boxes))
    _extent(_child(canvas, "extent"), (*low, *high))
    view = ET.SubElement(_child(root, "ProjectViewSettings"), "DefaultViewExtent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), (*low, *high), strict=True):
        view.set(name, repr(value))
    view.append(_srs(crs))
    _child(canvas, "rotation", "0")
    _child(canvas, "destinationsrs").append(_srs(crs))


def _layer(table: Table, crs: CRS, source: str) -> ET.Element:
    layer = ET.Element(
        "maplayer", type="vector", geometry=_SHAPES[table.geometry], hasScaleBasedVisibilityFlag="0",
        autoRefreshEnabled="0", readOnly="0",
    )  # fmt: skip
    _child(layer, "id", _id(table))
    _child(layer, "datasource", source)
    _child(layer, "layername", table.title_zh)
    _child(layer, "srs").append(_srs(crs))
    _child(layer, "provider", "ogr").set("encoding", "UTF-8")
    renderer, labels = symbology(table)
    layer.set("labelsEnabled", "0" if labels is None else "1")
    layer.append(renderer)
    if labels is not None:
        layer.append(labels)
    aliases = _child(layer, "aliases")
    for number, field in enumerate(table.fields, start=1):
        ET.SubElement(aliases, "alias", index=str(number), field=field.name, name=field.alias)
    return layer
