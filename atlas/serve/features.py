"""OGC API – Features: layers as collections of GeoJSON, by box, properties and pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import numpy as np
import shapely

from atlas.base.geodesy import Ints, Texts
from atlas.base.tables import slots
from atlas.base.values import plain
from atlas.base.words import both
from atlas.data.layer import Layer
from atlas.exports.families.text import feature_lines
from atlas.exports.tables.fields import Field
from atlas.serve.asking import Box, Parameter
from atlas.serve.problems import Refusal
from atlas.serve.service import GEOJSON, JSON, Asked, Endpoint, Reply, Service, as_json, link

__all__ = ["ENDPOINTS", "OPENAPI", "layer_parameter"]

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA = "application/schema+json"
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
CONFORMS = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
)
_PAGE = 100
#: What a layer's column may be called and a parameter already is.
_OWN = frozenset({"bbox", "limit", "offset", "datetime", "f", "lang"})


def layer_parameter(service: Service) -> Parameter:
    """Return the parameter ``layer`` of a path."""
    return Parameter("layer", "layer", choices=tuple(service.layers), place="path", needed=True)


def _landing(service: Service, asked: Asked) -> Reply:
    zh, en = service.titles
    about = both("serve.about")
    base = asked.base
    links = [
        link(base, "/?f=json", "self", JSON, "this document"),
        link(base, "/api", "service-desc", OPENAPI, "the API (OpenAPI 3.0)"),
        link(base, "/api?f=html", "service-doc", "text/html", "the API as a page"),
        link(base, "/conformance", "conformance", JSON, "what it conforms to"),
        link(base, "/collections", "data", JSON, "the layers"),
        link(base, "/tiles", f"{_REL}/tilesets-vector", JSON, "vector tiles of all layers"),
        link(base, "/scenarios", "related", JSON, "the scenarios"),
    ]
    if service.explorer:
        links.append(link(base, "/?f=html", "alternate", "text/html", "the explorer"))
    return as_json({"title": f"{zh} / {en}", "description": f"{about.zh} {about.en}", "links": links})


def _conformance(service: Service, asked: Asked) -> Reply:
    return as_json({"conformsTo": list(CONFORMS)})


def _collections(service: Service, asked: Asked) -> Reply:
    told = [collection_told(layer, asked.base) for layer in service.layers.values()]
    return as_json({"links": [link(asked.base, "/collections", "self", JSON, "the layers")], "collections": told})


def collection_told(layer: Layer, base: str) -> dict[str, Any]:
    """Return what a layer is, as a collection."""
    spec, here = layer.spec, f"/collections/{layer.key}"
    box = [float(value) for value in layer.frame.total_bounds]
    known = all(np.isfinite(box))
    return {
        "id": layer.key,
        "title": f"{spec.title_zh} / {spec.title_en}",
        "description": spec.about,
        **({"extent": {"spatial": {"bbox": [box], "crs": CRS84}}} if known else {}),
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        "links": [
            link(base, here, "self", JSON, "this layer"),
            link(base, f"{here}/items", "items", GEOJSON, "its features"),
            link(base, f"{here}/queryables", f"{_REL}/queryables", SCHEMA, "by what they may be chosen"),
            link(base, f"{here}/tiles", f"{_REL}/tilesets-vector", JSON, "its vector tiles"),
        ],
    }


def _collection(service: Service, asked: Asked) -> Reply:
    return as_json(collection_told(service.layers[asked.values["layer"]], asked.base))


def _queryables(service: Service, asked: Asked) -> Reply:
    key = asked.values["layer"]
    table = service.tables[key]
    properties = {
        one.name: {"title": one.alias, "description": one.about, **_property(one)}
        for one in table.fields
        if one.name not in _OWN
    }
    told = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{asked.base}/collections/{key}/queryables",
        "type": "object",
        "title": table.title_zh,
        "properties": properties,
        "additionalProperties": False,
    }
    return as_json(told, SCHEMA)


def _property(one: Field) -> dict[str, Any]:
    kind = {"float": "number"}.get(one.type, one.type)
    told: dict[str, Any] = {"type": kind} | ({"enum": list(one.allowed)} if one.allowed else {})
    return told | ({"x-ogc-unit": one.unit} if one.unit else {})


def _filters(service: Service, key: str) -> tuple[Parameter, ...]:
    kinds: Mapping[str, Any] = {"float": "number", "integer": "integer", "boolean": "flag"}
    return tuple(
        Parameter(one.name, "property", kind=kinds.get(one.type, "text"), told=one.about, unit=one.unit)
        for one in service.tables[key].fields
        if one.name not in _OWN
    )


def _items(service: Service, asked: Asked) -> Reply:
    values = asked.values
    key, limit, offset = values["layer"], values["limit"], values["offset"]
    table = service.tables[key]
    frame = table.shapes
    rows = np.arange(len(frame)) if values["bbox"] is None else _in_box(frame.geometry.to_numpy(), values["bbox"])
    for one in _filters(service, key):
        if values[one.name] is not None:
            rows = rows[_equal(frame[one.name].iloc[rows].tolist(), values[one.name])]
    shown = rows[offset : offset + limit]
    lines = list(feature_lines(replace(table, frame=frame.iloc[shown])))
    told = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberMatched": len(rows),
        "numberReturned": len(lines),
        "links": _page_links(asked, key, len(rows), offset, limit),
    }
    head = json.dumps(plain(told), ensure_ascii=False, allow_nan=False)
    return Reply((head[:-1] + ', "features": [\n' + ",\n".join(lines) + "\n]}\n").encode("utf-8"), GEOJSON)


def _page_links(asked: Asked, key: str, matched: int, offset: int, limit: int) -> list[dict[str, str]]:
    here, others = f"/collections/{key}/items", [pair for pair in asked.query if pair[0] not in ("offset", "limit")]

    def page(start: int) -> str:
        return f"{here}?{urlencode([*others, ('limit', str(limit)), ('offset', str(start))])}"

    links = [
        link(asked.base, page(offset), "self", GEOJSON, "this page"),
        link(asked.base, f"/collections/{key}", "collection", JSON, "the layer"),
    ]
    if offset + limit < matched:
        links.append(link(asked.base, page(offset + limit), "next", GEOJSON, "the next page"))
    if offset:
        links.append(link(asked.base, page(max(0, offset - limit)), "prev", GEOJSON, "the page before"))
    return links


def _in_box(shapes: Texts, box: Box) -> Ints:
    """Return the rows that touch a box, in order; one whose west lies east of its east goes round by 180°."""
    west, south, east, north = box
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    hit = np.zeros(len(shapes), dtype=bool)
    for left, right in parts:
        hit |= shapely.intersects(shapes, shapely.box(left, south, right, north))
    return np.nonzero(hit)[0]


def _equal(held: Sequence[Any], wanted: Any) -> Ints:
    """Return where a value is the one wanted, or a list joined by ``;`` holds it."""
    found = [plain(value) for value in held]
    if isinstance(wanted, str):
        return np.nonzero([v is not None and (v == wanted or wanted in slots(str(v))) for v in found])[0]
    return np.nonzero([v is not None and v == wanted for v in found])[0]


def _item(service: Service, asked: Asked) -> Reply:
    key, name = asked.values["layer"], asked.values["id"]
    table = service.tables[key]
    frame = table.shapes
    at = np.nonzero((frame["id"] == name).to_numpy())[0]
    if not len(at):
        raise Refusal(404, f"{key} has no feature {name!r}", f"/collections/{key}/items lists them")
    (line,) = feature_lines(replace(table, frame=frame.iloc[at[:1]]))
    links = [
        link(asked.base, asked.path, "self", GEOJSON, "this feature"),
        link(asked.base, f"/collections/{key}", "collection", JSON, "the layer"),
    ]
    return as_json(json.loads(line) | {"links": links}, GEOJSON)


def _nothing(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return ()


def _of_layer(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return (layer_parameter(service),)


def _of_items(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    own = (
        layer_parameter(service),
        Parameter("bbox", "bbox", kind="box"),
        Parameter("limit", "limit", kind="integer", usual=_PAGE, low=1, high=service.limits.features),
        Parameter("offset", "offset", kind="integer", usual=0, low=0, high=1e9),
        Parameter("datetime", "datetime", kind="moment"),
    )
    return own + (_filters(service, path["layer"]) if path["layer"] in service.layers else ())


def _of_item(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return (layer_parameter(service), Parameter("id", "id", place="path", needed=True))


ENDPOINTS = (
    Endpoint("/", "do_landing", JSON, _landing, _nothing, "features"),
    Endpoint("/conformance", "do_conformance", JSON, _conformance, _nothing, "features"),
    Endpoint("/collections", "do_collections", JSON, _collections, _nothing, "features"),
    Endpoint("/collections/{layer}", "do_collection", JSON, _collection, _of_layer, "features"),
    Endpoint("/collections/{layer}/queryables", "do_queryables", SCHEMA, _queryables, _of_layer, "features"),
    Endpoint("/collections/{layer}/items", "do_items", GEOJSON, _items, _of_items, "features"),
    Endpoint("/collections/{layer}/items/{id}", "do_item", GEOJSON, _item, _of_item, "features"),
)
