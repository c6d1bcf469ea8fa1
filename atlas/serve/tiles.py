"""OGC API – Tiles: Mapbox vector tiles of one layer or of all, in the matrix WebMercatorQuad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError
from atlas.base.values import plain
from atlas.serve.asking import Parameter
from atlas.serve.features import layer_parameter
from atlas.serve.problems import Refusal
from atlas.serve.service import JSON, Asked, Endpoint, Reply, Service, as_json, link

__all__ = ["ENDPOINTS"]

MVT = "application/vnd.mapbox-vector-tile"
_MATRIX = "WebMercatorQuad"
_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
#: Half the width of the world in Web Mercator, metres; the width of a pixel at zoom 0 of tiles of 256.
_HALF_M = 20037508.342789244
_PIXEL_M = 2 * _HALF_M / 256
_DEEPEST = 18
_EXTENT = 4096
#: Pixels of 4096 beyond a tile's edge, so that lines and outlines run on.
_BUFFER = 64


def tile(service: Service, keys: Sequence[str], z: int, row: int, column: int) -> bytes:
    """Return a tile with the layers `keys`; empty where none has anything there.

    Raises
    ------
    ExportError
        The package that writes vector tiles is missing.
    """
    try:
        from mapbox_vector_tile import encode
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("mapbox-vector-tile")) from reason
    side = 2 * _HALF_M / 2**z
    west, north = column * side - _HALF_M, _HALF_M - row * side
    bounds = (west, north - side, west + side, north)
    step = side / _EXTENT
    margin = step * _BUFFER
    box = (bounds[0] - margin, bounds[1] - margin, bounds[2] + margin, bounds[3] + margin)
    drawn = [{"name": key, "features": found} for key in keys if (found := _features(service, key, box, step))]
    if not drawn:
        return b""
    made: bytes = encode(drawn, default_options={"quantize_bounds": bounds, "extents": _EXTENT})
    return made


def _features(service: Service, key: str, box: tuple[float, float, float, float], step: float) -> list[dict[str, Any]]:
    shapes, tree = service.mercator[key]
    rows = np.sort(tree.query(shapely.box(*box)))
    cut = shapely.clip_by_rect(shapely.make_valid(shapely.simplify(shapes[rows], step)), *box)
    kept = ~(shapely.is_empty(cut) | shapely.is_missing(cut))
    table = service.tables[key]
    names = [field.name for field in table.fields]
    records = table.frame[names].iloc[rows[kept]].itertuples(index=False, name=None)
    return [
        {"geometry": shape, "properties": _properties(names, values)}
        for shape, values in zip(cut[kept], records, strict=True)
    ]


def _properties(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    told = zip(names, map(plain, values), strict=True)
    return {name: value for name, value in told if value is not None}


def _reply(service: Service, keys: Sequence[str], values: Mapping[str, Any]) -> Reply:
    z, row, column = values["z"], values["row"], values["column"]
    if max(row, column) >= 2**z:
        raise Refusal(404, f"zoom {z} has no tile {row}/{column}", f"rows and columns run from 0 to {2**z - 1}")
    body = tile(service, keys, z, row, column)
    return Reply(body, MVT, 200 if body else 204)


def _layer_tile(service: Service, asked: Asked) -> Reply:
    return _reply(service, [asked.values["layer"]], asked.values)


def _atlas_tile(service: Service, asked: Asked) -> Reply:
    return _reply(service, list(service.layers), asked.values)


def _sets(service: Service, asked: Asked) -> Reply:
    own = [link(asked.base, f"/tileMatrixSets/{_MATRIX}", "self", JSON, _MATRIX)]
    return as_json({"tileMatrixSets": [{"id": _MATRIX, "uri": _URI, "links": own}]})


def _matrices(service: Service, asked: Asked) -> Reply:
    told = {
        "id": _MATRIX,
        "title": "Google Maps Compatible for the World",
        "uri": _URI,
        "crs": _CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [
            {
                "id": str(z),
                "scaleDenominator": _PIXEL_M / 2**z / 0.00028,
                "cellSize": _PIXEL_M / 2**z,
                "pointOfOrigin": [-_HALF_M, _HALF_M],
                "tileWidth": 256,
                "tileHeight": 256,
                "matrixWidth": 2**z,
                "matrixHeight": 2**z,
            }
            for z in range(_DEEPEST + 1)
        ],
    }
    return as_json(told)


def _tilesets(service: Service, asked: Asked) -> Reply:
    here = asked.path.rstrip("/")
    links = [link(asked.base, f"{here}/{_MATRIX}", "self", JSON, _MATRIX)]
    told = {"title": _MATRIX, "dataType": "vector", "crs": _CRS, "tileMatrixSetURI": _URI, "links": links}
    return as_json({"tilesets": [told]})


def _tileset(service: Service, asked: Asked) -> Reply:
    here = asked.path.rstrip("/")
    keys = [asked.values["layer"]] if "layer" in asked.values else list(service.layers)
    links = [
        link(asked.base, here, "self", JSON, _MATRIX),
        link(asked.base, f"/tileMatrixSets/{_MATRIX}", "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", JSON,
             _MATRIX),
        link(asked.base, here + "/{tileMatrix}/{tileRow}/{tileCol}", "item", MVT, "the tiles")
        | {"templated": True},
    ]  # fmt: skip
    layers = [
        {
            "id": key,
            "dataType": "vector",
            "geometryDimension": {"Point": 0, "LineString": 1}.get(service.tables[key].geometry, 2),
            "title": service.tables[key].title_zh,
            "propertiesSchema": {"type": "object", "properties": {
                field.name: {"type": {"float": "number"}.get(field.type, field.type)}
                for field in service.tables[key].fields
            }},
        }
        for key in keys
    ]  # fmt: skip
    told = {"title": _MATRIX, "dataType": "vector", "crs": _CRS, "tileMatrixSetURI": _URI, "links": links}
    return as_json(told | {"layers": layers})


def _place_parameters() -> tuple[Parameter, ...]:
    return (
        Parameter("z", "zoom", kind="integer", low=0, high=_DEEPEST, place="path", needed=True),
        Parameter("row", "tile_row", kind="integer", low=0, high=2**_DEEPEST, place="path", needed=True),
        Parameter("column", "tile_column", kind="integer", low=0, high=2**_DEEPEST, place="path", needed=True),
    )


def _nothing(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return ()


def _of_layer(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return (layer_parameter(service),)


def _of_layer_tile(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return (layer_parameter(service), *_place_parameters())


def _of_tile(service: Service, path: Mapping[str, str]) -> Sequence[Parameter]:
    return _place_parameters()


_ONE = f"/collections/{{layer}}/tiles/{_MATRIX}"
_ALL = f"/tiles/{_MATRIX}"
_AT = "/{z}/{row}/{column}"
ENDPOINTS = (
    Endpoint("/tileMatrixSets", "do_sets", JSON, _sets, _nothing, "tiles"),
    Endpoint(f"/tileMatrixSets/{_MATRIX}", "do_matrices", JSON, _matrices, _nothing, "tiles"),
    Endpoint("/tiles", "do_tilesets", JSON, _tilesets, _nothing, "tiles"),
    Endpoint(_ALL, "do_tileset", JSON, _tileset, _nothing, "tiles"),
    Endpoint(_ALL + _AT, "do_tile", MVT, _atlas_tile, _of_tile, "tiles"),
    Endpoint("/collections/{layer}/tiles", "do_tilesets", JSON, _tilesets, _of_layer, "tiles"),
    Endpoint(_ONE, "do_tileset", JSON, _tileset, _of_layer, "tiles"),
    Endpoint(_ONE + _AT, "do_tile", MVT, _layer_tile, _of_layer_tile, "tiles"),
)
