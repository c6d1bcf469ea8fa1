"""PMTiles archives drawn by hand: raster tiles of one colour a zoom, vector tiles of one layer."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

#: Colour of the tiles of each zoom.
INKS = {8: (180, 40, 40), 9: (40, 160, 60), 10: (50, 60, 190)}


def png(ink: tuple[int, int, int]) -> bytes:
    """A tile of one colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + bytes(ink) * 256) * 256
    head = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def archive(path: Path, kind: TileType = TileType.PNG, *, about: dict[str, str] | None = None) -> Path:
    """Every tile of a window of the region at zooms 8 to 10."""
    with write(str(path)) as out:
        for zoom, ink in INKS.items():
            corner = (206 << (zoom - 8), 110 << (zoom - 8))
            side = 4 << (zoom - 8)
            tiles = [(corner[0] + i, corner[1] + k) for i in range(side) for k in range(side)]
            for x, y in sorted(tiles, key=lambda tile: zxy_to_tileid(zoom, *tile)):
                out.write_tile(zxy_to_tileid(zoom, x, y), png(ink))
        box = {"min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 0, "max_lat_e7": 0}
        middle = {"center_zoom": 8, "center_lon_e7": 0, "center_lat_e7": 0}
        header = {"tile_type": kind, "tile_compression": Compression.NONE, **box, **middle}
        out.finalize(header, about if about is not None else {"attribution": "<a href='x'>Survey</a> &amp; Co"})
    return path


def vectors(path: Path, name: str, shapes: list[shapely.Geometry]) -> Path:
    frame = gpd.GeoDataFrame(geometry=shapes, crs=4326)
    pyogrio.write_dataframe(
        frame, path, driver="PMTiles", layer=name, dataset_options={"MINZOOM": "6", "MAXZOOM": "10"}
    )
    return path
