"""Any vector file GDAL reads, as a frame: in a child with limits, whole or refused."""

from __future__ import annotations

import codecs
import mmap
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pyproj
import shapely

from atlas.base.doors import missing_extra
from atlas.base.errors import ImportDataError
from atlas.base.files import plainly_named
from atlas.base.foreign import VECTOR_DRIVERS, apart, only_drivers
from atlas.imports.archives import check_base, unpacked_bytes
from atlas.imports.systems import NAMED, is_local

__all__ = ["read_frame"]

MOST_FEATURES = 300_000
_TOLD = (RuntimeWarning, UserWarning)
#: Where a GeoJSON names its coordinate system.
_NAMED = re.compile(rb'"crs"\s*:\s*\{\s*"type"\s*:\s*"name"\s*,\s*"properties"\s*:\s*\{\s*"name"\s*:\s*"([^"]{1,200})"')
#: How GDAL finds the coordinates in a table that has no WKT.
_CSV = {
    "X_POSSIBLE_NAMES": "lon,longitude,lng,x,经度",
    "Y_POSSIBLE_NAMES": "lat,latitude,y,纬度",
    "GEOM_POSSIBLE_NAMES": "wkt,geometry,geom",
}


def read_frame(path: Path, encoding: str | None, sublayer: str | None, notes: list[str]) -> gpd.GeoDataFrame:
    """Return the features of a file, whatever their geometry; see :func:`read_vector` for what is refused.

    What the reader warns of is added to `notes`.
    """
    with plainly_named(path) as plain:
        frame, told = apart(
            lambda: _warned(path, plain, encoding, sublayer), path, ImportDataError, size_bytes=unpacked_bytes(path)
        )
    notes += told
    return frame


def _warned(path: Path, plain: Path, encoding: str | None, sublayer: str | None) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The features of a file, and what GDAL has to say of them; `plain` is the path as GDAL shall take it."""
    only_drivers()
    if path.is_file():
        check_base(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # a coordinate that is no number is told of with its feature
        warnings.filterwarnings("ignore", "invalid value encountered", RuntimeWarning)
        frame = _read(path, plain, encoding, sublayer)
    return frame, list(dict.fromkeys(f"{path.name}: {one.message}" for one in caught if one.category in _TOLD))


def _read(path: Path, plain: Path, encoding: str | None, sublayer: str | None) -> gpd.GeoDataFrame:
    hint = "" if encoding == "gbk" else "; if its texts are Chinese, try --encoding gbk"
    if encoding is not None:
        _known_encoding(encoding)
    if path.suffix.lower() in {".parquet", ".geoparquet"}:
        return _read_parquet(path, plain)
    columns = _CSV if path.suffix.lower() == ".csv" else {}
    try:
        sublayer = sublayer or _only_layer(path, plain)
        about = pyogrio.read_info(plain, layer=sublayer, encoding=encoding, **columns)
        if about["features"] > MOST_FEATURES:
            raise ImportDataError(f"{path} has {about['features']} features, more than {MOST_FEATURES}; split it")
        frame = pyogrio.read_dataframe(
            plain, layer=sublayer, encoding=encoding, datetime_as_string=True, on_invalid="ignore", **columns
        )
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.GeometryError,
        shapely.errors.GEOSException,
    ) as reason:
        raise ImportDataError(f"{path} cannot be read as a vector file: {reason}") from reason
    except UnicodeDecodeError as reason:
        raise ImportDataError(
            f"{path}: its texts are not in the encoding it states ({reason.reason}){hint}"
        ) from reason
    except ImportDataError:
        raise
    except IndexError as reason:
        raise ImportDataError(f"{path} cannot be read: nothing in it is whole; it is cut off or broken") from reason
    except (ValueError, OverflowError) as reason:
        raise ImportDataError(f"{path} cannot be read: {reason}") from reason
    _sound(path, frame, about)
    named = _unknown_name(path) if about["driver"] == "GeoJSON" and not is_local(frame.crs) else ""
    if named:
        # GDAL takes a GeoJSON whose system it does not know for degrees and says nothing; a local one it keeps.
        frame = frame.set_crs(None, allow_override=True)
        frame.attrs[NAMED] = named
    return frame


def _unknown_name(path: Path) -> str:
    """Return the name of the coordinate system that a GeoJSON file is in where there is none of it, else nothing."""
    if not path.is_file() or not path.stat().st_size:
        return ""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = _NAMED.search(text)
        name = found[1].decode("utf-8", "replace") if found else "EPSG:4326"
    try:
        pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError:
        return name
    return ""


def _sound(path: Path, frame: Any, about: Mapping[str, Any]) -> None:
    """Refuse what was read when it is no map, or not all of it."""
    if about["driver"] not in VECTOR_DRIVERS:
        raise ImportDataError(f"{path} is {about['driver']}, which is not read; convert it to a GeoPackage")
    if not isinstance(frame, gpd.GeoDataFrame):
        raise ImportDataError(f"{path} has no geometry; a CSV needs a column WKT, or lon and lat")
    if 0 <= len(frame) < about["features"]:
        raise ImportDataError(
            f"{path} says it holds {about['features']} features but gives {len(frame)}; it is cut off or broken"
        )
    if frame.empty:
        raise ImportDataError(f"{path} holds no feature")


def _only_layer(path: Path, plain: Path) -> str | None:
    """Return the one layer with geometries; None where GDAL finds it alone."""
    layers = [(str(name), kind) for name, kind in pyogrio.list_layers(plain)]
    drawn = [name for name, kind in layers if kind is not None]
    if len(drawn) > 1:
        raise ImportDataError(f"{path} has the layers {', '.join(drawn)}; name one with --sublayer")
    return drawn[0] if len(layers) > 1 and drawn else None


def _read_parquet(path: Path, plain: Path) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_parquet(plain)
    except ImportError as reason:
        raise ImportDataError(missing_extra("pyarrow")) from reason
    except (ValueError, KeyError, TypeError, OSError, shapely.errors.GEOSException) as reason:
        raise ImportDataError(f"{path} cannot be read as GeoParquet: {reason}") from reason
    if frame.empty or len(frame) > MOST_FEATURES:
        raise ImportDataError(f"{path} holds {len(frame)} features; between 1 and {MOST_FEATURES} can be imported")
    return frame


def _known_encoding(name: str) -> None:
    try:
        codecs.lookup(name)
    except LookupError as reason:
        raise ImportDataError(f"no encoding {name!r}; utf-8, gbk and gb18030 are usual") from reason
