"""A layer file of ArcGIS Pro (.lyrx) that opens a GeoPackage beside it, styled as the maps are.

It is JSON in Esri's Cartographic Information Model (CIM, version 3): sizes are points, opacity runs to 100, and scales
are denominators of which the minimum is the farthest view.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from atlas.base.style import GROUND, LineForm, status_form
from atlas.exports.families.styles import HIDDEN, LabelRule, Rule, label_rules, rules_of, time_of
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection
from atlas.exports.tables.metadata import remarks

__all__ = ["write_lyrx"]

_PT = 0.75  # a CSS pixel
_VERSION = "3.0.0"
_ORDER = {"Point": 0, "LineString": 1, "Polygon": 2}
#: Outlines of markers in a square from -1 to 1; what is not listed is a circle.
_SHAPES: dict[str, list[list[float]]] = {
    "anchor": [[0, 1], [1, 0], [0, -1], [-1, 0]],
    "plane": [[0, 1], [1, -1], [-1, -1]],
    "square": [[-1, 1], [1, 1], [1, -1], [-1, -1]],
    "diamond": [[0, 1], [0.95, 0.31], [0.59, -0.81], [-0.59, -0.81], [-0.95, 0.31]],
    "drop": [[0, 1], [0.87, -0.5], [-0.87, -0.5]],
    "cross": [
        [-0.3, 1], [0.3, 1], [0.3, 0.3], [1, 0.3], [1, -0.3], [0.3, -0.3],
        [0.3, -1], [-0.3, -1], [-0.3, -0.3], [-1, -0.3], [-1, 0.3], [-0.3, 0.3],
    ],
}  # fmt: skip
Json = dict[str, Any]


def write_lyrx(bundle: Bundle, target: Projection, path: Path, package: str) -> None:
    """Write the layer file; `package` is the name of the GeoPackage in the same folder."""
    text = json.dumps(_document(bundle, target, package), ensure_ascii=False, allow_nan=False, indent=1)
    path.write_text(text + "\n", "utf-8", newline="\n")


def _document(bundle: Bundle, target: Projection, package: str) -> Json:
    """Return the layer file as JSON values: points above lines above areas in one group, data by a relative path."""
    tables = [table for table in bundle.spatial if table.geometry in _ORDER]
    tables.sort(key=lambda table: _ORDER[table.geometry])
    top = _uri("atlas_group")
    group = {
        "type": "CIMGroupLayer",
        "name": bundle.title_zh,
        "uRI": top,
        "description": remarks(bundle, target),
        "expanded": True,
        "layerType": "Operational",
        "showLegends": True,
        "visibility": True,
        "layers": [_uri(table.name) for table in tables],
    }
    return {
        "type": "CIMLayerDocument",
        "version": _VERSION,
        "layers": [top],
        "layerDefinitions": [group, *(_layer(table, package) for table in tables)],
    }


def _uri(name: str) -> str:
    return f"CIMPATH=atlas/{name}.json"


def _layer(table: Table, package: str) -> Json:
    labels = [_label(number, rule) for number, rule in enumerate(label_rules(table), start=1)]
    return {
        "type": "CIMFeatureLayer",
        "name": table.title_zh,
        "uRI": _uri(table.name),
        "description": table.about,
        "expanded": False,
        "layerType": "Operational",
        "showLegends": True,
        "visibility": table.name not in HIDDEN,
        "featureTable": {
            "type": "CIMFeatureTable",
            "displayField": "name_zh" if "name_zh" in table.frame.columns else table.fields[0].name,
            "editable": True,
            "fieldDescriptions": [
                {"type": "CIMFieldDescription", "fieldName": field.name, "alias": field.alias, "visible": True}
                for field in table.fields
            ],
            "dataConnection": {
                "type": "CIMStandardDataConnection",
                "workspaceConnectionString": f"AUTHENTICATION_MODE=OSA;DATABASE=.\\{package}",
                "workspaceFactory": "Sql",
                "dataset": f"main.{table.name}",
                "datasetType": "esriDTFeatureClass",
            },
        },
        "selectable": True,
        "renderer": _renderer(table),
        "scaleSymbols": True,
        "labelClasses": labels,
        "labelVisibility": bool(labels),
    }


def _renderer(table: Table) -> Json:
    rules = rules_of(table)
    field = time_of(table)
    if field is not None:
        bands = [(rule, rule.band) for rule in rules if rule.band is not None]
        return {
            "type": "CIMClassBreaksRenderer",
            "classBreakType": "GraduatedColor",
            "classificationMethod": "Manual",
            "field": field,
            "minimumBreak": bands[0][1][0],
            "breaks": [
                {"type": "CIMClassBreak", "label": rule.label, "upperBound": band[1], "symbol": _symbol(table, rule)}
                for rule, band in bands
            ],
        }
    if len(rules) == 1 and not rules[0].kinds:
        (first,) = rules
        return {"type": "CIMSimpleRenderer", "label": first.label, "symbol": _symbol(table, first)}
    classes = [
        {
            "type": "CIMUniqueValueClass",
            "label": rule.label,
            "symbol": _symbol(table, rule),
            "values": [{"type": "CIMUniqueValue", "fieldValues": list(pair)} for pair in rule.kinds],
            "visible": True,
        }
        for rule in rules
    ]
    return {
        "type": "CIMUniqueValueRenderer",
        "fields": ["kind", "status"],
        "groups": [{"type": "CIMUniqueValueGroup", "heading": table.title_zh, "classes": classes}],
        "useDefaultSymbol": False,
    }


def _symbol(table: Table, rule: Rule) -> Json:
    makers = {"Point": _marker, "LineString": _line, "Polygon": _fill}
    return {"type": "CIMSymbolReference", "symbol": makers[table.geometry](rule)}


def _color(color: str, alpha: float = 1.0) -> Json:
    return {"type": "CIMRGBColor", "values": [*(int(color[at : at + 2], 16) for at in (1, 3, 5)), round(100 * alpha)]}


def _stroke(color: str, width_px: float, form: LineForm | None = None, alpha: float = 1.0) -> Json:
    width = round(width_px * _PT, 3)
    stroke: Json = {
        "type": "CIMSolidStroke",
        "enable": True,
        "capStyle": "Round" if form is not None and form.dash[:1] == (0.1,) else "Butt",
        "joinStyle": "Round",
        "width": width,
        "color": _color(color, alpha),
    }
    if form is not None and form.dash:
        dashes = [round(part * width, 3) for part in form.dash]
        stroke["effects"] = [
            {"type": "CIMGeometricEffectDashes", "dashTemplate": dashes, "lineDashEnding": "NoConstraint"}
        ]
    return stroke


def _solid(color: str, alpha: float = 1.0) -> Json:
    return {"type": "CIMSolidFill", "enable": True, "color": _color(color, alpha)}


def _line(rule: Rule) -> Json:
    # the first layer lies on top
    strokes = [_stroke(rule.symbol.color, rule.symbol.width, rule.form, rule.symbol.alpha)]
    if rule.symbol.form == "cased":
        strokes.append(_stroke("#ffffff", rule.symbol.width + 2, status_form("operating"), rule.symbol.alpha))
    return {"type": "CIMLineSymbol", "symbolLayers": strokes}


def _fill(rule: Rule) -> Json:
    layers = [_stroke(GROUND["shore"], rule.symbol.width), _solid(rule.symbol.color, rule.symbol.alpha)]
    return {"type": "CIMPolygonSymbol", "symbolLayers": layers}


def _marker(rule: Rule) -> Json:
    filled = rule.form.filled and rule.symbol.form != "ring"
    inner, outer = (rule.symbol.color, "#ffffff") if filled else ("#ffffff", rule.symbol.color)
    alpha = rule.symbol.alpha
    ring = _SHAPES.get(rule.symbol.form) or [
        [round(math.sin(at * math.pi / 16), 4), round(math.cos(at * math.pi / 16), 4)] for at in range(32)
    ]
    paint = {
        "type": "CIMPolygonSymbol",
        "symbolLayers": [_stroke(outer, 0.8 if filled else 1.4, alpha=alpha), _solid(inner, alpha)],
    }
    marker = {
        "type": "CIMVectorMarker",
        "enable": True,
        "anchorPointUnits": "Relative",
        "size": round(2 * rule.symbol.width * _PT, 3),
        "frame": {"xmin": -1.0, "ymin": -1.0, "xmax": 1.0, "ymax": 1.0},
        "markerGraphics": [{"type": "CIMMarkerGraphic", "geometry": {"rings": [[*ring, ring[0]]]}, "symbol": paint}],
        # outlines keep their width whatever the size
        "scaleSymbolsProportionally": False,
        "respectFrame": True,
    }
    return {"type": "CIMPointSymbol", "symbolLayers": [marker]}


def _label(number: int, rule: LabelRule) -> Json:
    text = {
        "type": "CIMTextSymbol",
        "fontFamilyName": "Noto Sans CJK SC",
        "height": rule.size_pt,
        "haloSize": 1,
        "haloSymbol": {"type": "CIMPolygonSymbol", "symbolLayers": [_solid("#ffffff")]},
        "symbol": {"type": "CIMPolygonSymbol", "symbolLayers": [_solid(GROUND["text"])]},
    }
    return {
        "type": "CIMLabelClass",
        "name": str(number),
        "expression": "$feature.name_zh",
        "expressionEngine": "Arcade",
        "featuresToLabel": "AllVisibleFeatures",
        "minimumScale": rule.farthest,
        "priority": number,
        "textSymbol": {"type": "CIMSymbolReference", "symbol": text},
        "useCodedValue": True,
        "visibility": True,
        **({"whereClause": rule.where} if rule.where else {}),
    }
