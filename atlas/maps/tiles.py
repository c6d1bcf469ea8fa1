"""Tiles out of a PMTiles archive, read when a page is made, so that the page itself asks nothing of the net.

Raster tiles go into the page as they are; vector tiles as quiet areas and lines. Either way the finest zoom is taken
that keeps the page in its budget. The format: PMTiles version 3, https://github.com/protomaps/PMTiles.
"""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import Transformer

from atlas.base.doors import missing_extra
from atlas.base.errors import MapError
from atlas.base.foreign import apart, only_drivers
from atlas.base.geodesy import Floats, Texts, transformer
from atlas.base.style import GROUND
from atlas.maps.packing import pack_geometries

__all__ = ["read_tiles"]

Box = tuple[float, float, float, float]
#: What the tiles may add to a page, so that every page stays within 3 MB.
BUDGET_BYTES = 1_300_000
#: Tiles farther out than this show nothing of the region, nearer ones would be too many.
_ZOOMS = (6, 13)
#: The view is wider than the box it must show.
_AROUND = 0.4
_IMAGES = {"PNG": "png", "JPEG": "jpeg", "WEBP": "webp"}
#: Never drawn from vector tiles: the names are the page's own, and boundaries are not for a basemap to settle.
_LEFT_OUT = re.compile(r"bound|admin|border|disput|place|poi|label|building|addr|name", re.IGNORECASE)
_WATER = re.compile(r"water|ocean|sea|river|lake|stream", re.IGNORECASE)
_LAND = re.compile(r"^(earth|land)$", re.IGNORECASE)
_AREA, _LINE = "#efece3", "#cdc6b8"


def read_tiles(path: Path, box: Box, *, budget: int = BUDGET_BYTES) -> tuple[dict[str, Any], str]:
    """Return what a page needs to draw the archive's tiles, and whose they are.

    Parameters
    ----------
    path
        A PMTiles archive, version 3, with tiles in PNG, JPEG, WebP or MVT.
    box
        West, south, east, north in degrees: what the page opens on.
    budget
        Bytes that the tiles may add to a page.

    Returns
    -------
    tuple
        ``{"raster": …}`` or ``{"shapes": …}``, and the attribution the archive states, plain text, or ``""``.

    Raises
    ------
    MapError
        The package ``pmtiles`` is missing, the file is no such archive or holds nothing of the box, or not even its
        farthest zoom fits the budget.
    """
    try:
        whole = path.is_file()
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise MapError(f"{path} cannot be read: it is no file; give a PMTiles file")
    return apart(lambda: _read(path, box, budget), path, MapError)


def _read(path: Path, box: Box, budget: int) -> tuple[dict[str, Any], str]:
    header, metadata, get = _opened(path)
    kind, zooms = header["tile_type"].name, (int(header["min_zoom"]), int(header["max_zoom"]))
    around = _wider(box)
    if kind in _IMAGES:
        found: dict[str, Any] = {"raster": _raster(path, get, _IMAGES[kind], zooms, around, budget)}
    elif kind == "MVT":
        found = {"shapes": _shapes(path, zooms, around, budget)}
    else:
        raise MapError(f"{path.name} holds {kind} tiles; give one with PNG, JPEG, WebP or MVT tiles")
    words = html.unescape(re.sub(r"<[^>]*>", " ", str(metadata.get("attribution") or "")))
    return found, re.sub(r"\s+", " ", words).strip()


def _opened(path: Path) -> tuple[dict[str, Any], dict[str, Any], Callable[[int, int, int], bytes | None]]:
    try:
        from pmtiles.reader import MmapSource, Reader
        from pmtiles.tile import MagicNumberNotFound, SpecVersionUnsupported
    except ImportError as reason:
        raise MapError(missing_extra("pmtiles")) from reason
    broken = (MagicNumberNotFound, SpecVersionUnsupported, ValueError, EOFError, IndexError, zlib.error)
    try:
        with path.open("rb") as file:
            reader = Reader(MmapSource(file))
        header, metadata = reader.header(), reader.metadata()
    except OSError as reason:
        raise MapError(f"{path} cannot be read: {reason.strerror or reason}; give a PMTiles file") from reason
    except broken as reason:
        raise MapError(f"{path.name} is not a whole PMTiles archive of version 3; get it again") from reason

    def get(z: int, x: int, y: int) -> bytes | None:
        try:
            tile = reader.get(z, x, y)
        except (*broken, OSError) as reason:
            raise MapError(f"{path.name} is broken at tile {z}/{x}/{y}; get it again") from reason
        return bytes(tile) if tile else None

    return header, metadata if isinstance(metadata, dict) else {}, get


def _wider(box: Box) -> Box:
    west, south, east, north = box
    dx, dy = _AROUND * max(east - west, 0.05), _AROUND * max(north - south, 0.05)
    return max(west - dx, -180.0), max(south - dy, -85.0), min(east + dx, 179.999), min(north + dy, 85.0)


def _numbers(box: Box, zoom: int) -> Iterator[tuple[int, int]]:
    """Yield x, y of the tiles that cover a box, west to east within north to south."""
    west, south, east, north = box
    side = 1 << zoom
    rows = [(1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * side for lat in (north, south)]
    for y in range(int(rows[0]), int(rows[1]) + 1):
        for x in range(int((west / 360 + 0.5) * side), int((east / 360 + 0.5) * side) + 1):
            yield x, y


def _raster(
    path: Path,
    get: Callable[[int, int, int], bytes | None],
    kind: str,
    zooms: tuple[int, int],
    box: Box,
    budget: int,
) -> dict[str, Any]:
    """Return tiles by zoom, ``[[x, y, index of image], …]``, and the images as data URIs, each once."""
    images: dict[str, int] = {}
    levels: dict[str, list[list[int]]] = {}
    used = 0
    for zoom in range(max(zooms[0], min(_ZOOMS[0], zooms[1])), min(zooms[1], _ZOOMS[1]) + 1):
        tiles = [(x, y, get(zoom, x, y)) for x, y in _numbers(box, zoom)]
        uris = [(x, y, f"data:image/{kind};base64,{base64.b64encode(t).decode()}") for x, y, t in tiles if t]
        fresh = {uri for _, _, uri in uris} - images.keys()
        used += sum(map(len, fresh))
        if used > budget:
            break
        if uris:
            levels[str(zoom)] = [[x, y, images.setdefault(uri, len(images))] for x, y, uri in uris]
    if not levels:
        raise MapError(_too_much(path, used))
    return {"levels": levels, "images": list(images)}


def _shapes(path: Path, zooms: tuple[int, int], box: Box, budget: int) -> list[dict[str, Any]]:
    """Return areas and lines of vector tiles, back to front: what is filled, its colour, packed geometry."""
    best: list[dict[str, Any]] = []
    used = 0
    for zoom in range(max(zooms[0], min(_ZOOMS[0], zooms[1])), min(zooms[1], _ZOOMS[1]) + 1):
        found = _shapes_at(path, zoom, box)
        used = len(json.dumps(found)) if found else used
        if used > budget:
            break
        best = found or best
    if not best:
        raise MapError(_too_much(path, used))
    return best


def _too_much(path: Path, used: int) -> str:
    if used:
        return f"{path.name} would add {used / 1e6:.1f} MB to the page; give a smaller --bbox or farther tiles"
    return f"{path.name} holds no tiles of the map's area; give one that does, or another --bbox"


def _shapes_at(path: Path, zoom: int, box: Box) -> list[dict[str, Any]]:
    mercator = transformer(4326, 3857)
    degrees = transformer(3857, 4326)
    area = (*mercator.transform(*box[:2]), *mercator.transform(*box[2:]))
    thin = 40_075_016.7 / 256 / 2 ** (zoom + 1)
    groups: dict[tuple[int, bool, str], list[Any]] = {}
    only_drivers(("PMTiles", "MVT"))
    try:
        for name, _ in pyogrio.list_layers(path):
            if _LEFT_OUT.search(name):
                continue
            frame = pyogrio.read_dataframe(path, layer=name, bbox=area, columns=[], ZOOM_LEVEL=str(zoom), CLIP="NO")
            # tiles are cut to whole units, which breaks rings: what needs sound ones is not asked of them
            for shape in shapely.simplify(shapely.get_parts(frame.geometry.to_numpy()), thin, preserve_topology=False):
                look = _look(name, shape)
                if look is not None and not shape.is_empty:
                    groups.setdefault(look, []).append(shape)
    except (DataSourceError, DataLayerError) as reason:
        raise MapError(f"{path.name}: its vector tiles cannot be read: {reason}") from reason
    return [
        {"fill": fill, "color": color, "shapes": pack_geometries(_in_degrees(groups[look], degrees), decimals=4)}
        for look in sorted(groups)
        for _, fill, color in [look]
    ]


def _look(name: str, shape: Any) -> tuple[int, bool, str] | None:
    """Return order, whether filled, and colour; None for what is not drawn."""
    water = bool(_WATER.search(name))
    if shape.geom_type == "Polygon":
        if _LAND.search(name):
            return 0, True, GROUND["land"]
        return (2, True, GROUND["river"]) if water else (1, True, _AREA)
    if shape.geom_type == "LineString":
        return (3, False, GROUND["river"]) if water else (4, False, _LINE)
    return None


def _in_degrees(shapes: list[Any], degrees: Transformer) -> Texts:
    def move(points: Floats) -> Floats:
        return np.column_stack(degrees.transform(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(np.array(shapes, dtype=object), move), dtype=object)
