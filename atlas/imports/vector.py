"""Any vector file GDAL reads, as a layer of the atlas: fields mapped, values typed, coordinates in WGS 84."""

from __future__ import annotations

import codecs
import hashlib
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atlas.base import geodesy
from atlas.base.doors import missing_extra
from atlas.base.errors import ImportDataError
from atlas.base.files import plainly_named
from atlas.base.foreign import VECTOR_DRIVERS, apart, only_drivers
from atlas.base.values import name_text
from atlas.data.checks import Violation
from atlas.data.declaration import Column, LayerSpec
from atlas.data.layer import Layer
from atlas.data.scenario import BASE_YEAR
from atlas.data.sources import Source
from atlas.imports.admit import layer_of, slugs_of
from atlas.imports.archives import check_base, check_file, unpacked_bytes
from atlas.imports.store import file_sha256

__all__ = ["DEFAULTS", "Origin", "VectorLayer", "in_degrees", "read_frame", "read_vector", "shifted"]

Record = dict[str, Any]
#: What stands in a column that must hold a value when nothing is mapped to it.
DEFAULTS: Mapping[str, Any] = {
    "toll": False, "oneway": False, "in_network": True, "passenger": True, "exit": True, "structure": "surface",
    "course": "known", "upgrades": "",
    "node_ids": "", "station_ids": "", "line_ids": "", "plan_ids": "", "aliases": "", "adcode": "",
    "status": "unknown", "confidence": "none", "geometry_quality": "traced", "source_note": None,
}  # fmt: skip
MOST_FEATURES = 300_000
_TRUE = {"1", "true", "t", "yes", "y", "是", "有"}
_FALSE = {"0", "false", "f", "no", "n", "否", "无", ""}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?", re.ASCII)
_LATIN = re.compile(r"[\u0080-\u00ff]")
_TOLD = (RuntimeWarning, UserWarning)
#: How GDAL finds the coordinates in a table that has no WKT.
_CSV = {
    "X_POSSIBLE_NAMES": "lon,longitude,lng,x,经度",
    "Y_POSSIBLE_NAMES": "lat,latitude,y,纬度",
    "GEOM_POSSIBLE_NAMES": "wkt,geometry,geom",
}
_SHIFTS: Mapping[str, Callable[..., tuple[Any, Any]]] = {
    "gcj02": geodesy.gcj02_to_wgs84,
    "bd09": geodesy.bd09_to_wgs84,
}


@dataclass(frozen=True)
class Origin:
    """What a file is, in words the ledger of sources needs."""

    as_of: str
    publisher: str = "own data"
    licence: str = "not stated; ask before passing it on"


@dataclass(frozen=True)
class VectorLayer:
    """A file read as a layer, not yet checked by the validator.

    Attributes
    ----------
    layer, source
        The features, and the row for the ledger.
    refused
        Features that could not be read as the layer's, and why.
    notes
        Which field went where, and what was assumed.
    """

    layer: Layer
    source: Source
    refused: tuple[Violation, ...]
    notes: tuple[str, ...]


def read_vector(
    path: str | Path,
    spec: LayerSpec,
    origin: Origin,
    *,
    fields: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    crs: str | None = None,
    shift: str | None = None,
    encoding: str | None = None,
    sublayer: str | None = None,
) -> VectorLayer:
    """Read a vector file as the layer that `spec` declares.

    Parameters
    ----------
    path
        Anything GDAL reads: GeoPackage, shapefile (zipped too), GeoJSON, KML, CSV with WKT …
    spec
        The layer it shall become.
    origin
        For the ledger and for ``status_as_of``.
    fields
        Column of the atlas → field of the file. Fields named like a column are taken without.
    values
        Column of the atlas → one value for all features.
    crs
        Overrides the file's own coordinate system; needed when it has none.
    shift
        ``gcj02`` or ``bd09`` when the coordinates are shifted as mainland web maps are; they are undone.
    encoding
        Of the texts, for instance ``gbk``.
    sublayer
        Which layer of a file with several.

    Raises
    ------
    ImportDataError
        The file cannot be read, has no coordinate system, or lacks a field that is mapped; a column is
        unknown; or a column that must be filled has neither field nor value.
    """
    path = check_file(path)
    fields, values = dict(fields or {}), dict(values or {})
    _known(spec, {**fields, **values})
    notes: list[str] = []
    frame = read_frame(path, encoding, sublayer, notes)
    notes += _garbled(frame)
    _complete_mapping(path, spec, frame, fields, values, notes)
    frame = in_degrees(path, frame, crs)
    if shift:
        frame = frame.set_geometry(shifted(frame.geometry.to_numpy(), shift))
        notes.append(f"coordinates moved back from {shift} to WGS 84")
    source = Source(
        f"own_{(digest := _digest(path))[:8]}", f"{name_text(path.name)}, imported as {spec.key}", origin.publisher,
        origin.as_of, origin.licence, digest, "",
    )  # fmt: skip
    made: list[tuple[Record, BaseGeometry, str]] = []
    refused: list[Violation] = []
    about = {"status_as_of": origin.as_of, "source": source.key}
    for place, row in enumerate(frame.to_dict("records"), start=1):
        try:
            record = {column.name: _value(column, row, fields, values, about) for column in spec.columns}
            parts = _parts(row[frame.geometry.name], spec)
        except ImportDataError as reason:
            refused.append(_refusal(spec, place, row, fields, str(reason)))
            continue
        if len(parts) > 1 and record.get("published_length_km") is not None:
            # The length of the whole is that of no part.
            record["published_length_km"] = None
            notes.append(
                "features of several parts are split, and their published lengths, which are of the whole, left out"
            )
        for number, part in enumerate(parts, start=1):
            suffix = f"-{number}" if len(parts) > 1 else ""
            made.append((record, part, suffix))
    slugs = slugs_of(str(record["id"]) for record, _, _ in made if record["id"])
    records = [_finished(record, part, spec, suffix, slugs) for record, part, suffix in made]
    layer, wrong = layer_of(records, [part for _, part, _ in made], spec)
    return VectorLayer(layer, source, (*refused, *wrong), tuple(notes))


def _known(spec: LayerSpec, columns: Mapping[str, str]) -> None:
    strange = sorted(set(columns) - set(spec.column_names))
    if strange:
        raise ImportDataError(
            f"layer {spec.key} has no column {', '.join(strange)}; it has {', '.join(spec.column_names)}"
        )


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
    return frame


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


def _complete_mapping(
    path: Path,
    spec: LayerSpec,
    frame: gpd.GeoDataFrame,
    fields: dict[str, str],
    values: Mapping[str, str],
    notes: list[str],
) -> None:
    """Check the fields named, add those named like a column, and say what is assumed."""
    have = [name for name in frame.columns if name != frame.geometry.name]
    lost = sorted(set(fields.values()) - set(have))
    if lost:
        raise ImportDataError(f"{path} has no field {', '.join(lost)}; it has {', '.join(map(str, have)) or 'none'}")
    lower = {str(name).lower(): name for name in reversed(have)}
    for column in spec.columns:
        if column.name not in fields and column.name not in values and column.name in lower:
            fields[column.name] = lower[column.name]
    notes += [f"{column} from the field {field}" for column, field in sorted(fields.items())]
    taken = set(fields.values())
    unused = [str(name) for name in have if name not in taken]
    if unused:
        notes.append(f"fields not taken: {', '.join(unused)}")
    for column in spec.columns:
        if column.null or column.name in fields or column.name in values:
            continue
        if column.name == "kind" and len(spec.kinds) == 1:
            continue
        if column.name in DEFAULTS:
            if column.type != "string" or DEFAULTS[column.name]:
                notes.append(f"{column.name} is not given; taken as {_plain(DEFAULTS[column.name])}")
        elif column.name not in _MADE:
            choice = spec.kinds if column.name == "kind" else column.allowed
            raise ImportDataError(
                f"column {column.name} ({column.about}{', ' + column.unit if column.unit else ''}) must be given: "
                f"--map {column.name}=FIELD or --set {column.name}=VALUE{' of ' + ', '.join(choice) if choice else ''}"
            )


#: Columns that are worked out.
_MADE = {"id", "status_as_of", "source", "opens_basis", "drawn_length_km"}


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def in_degrees(path: Path, frame: gpd.GeoDataFrame, crs: str | None) -> gpd.GeoDataFrame:
    """Return `frame` in EPSG:4326, from the system `crs` or its own; `path` is for messages."""
    try:
        if crs is not None:
            text = f"EPSG:{crs}" if str(crs).isdigit() else crs
            frame = frame.set_crs(pyproj.CRS.from_user_input(text), allow_override=True)
        if frame.crs is None:
            raise ImportDataError(
                f"{path} does not say in which coordinate system it is; pass --crs (for example 4547)"
            )
        return frame.to_crs(4326)
    except pyproj.exceptions.ProjError as reason:
        raise ImportDataError(f"{path}: coordinate system {crs or frame.crs}: {reason}") from reason


def shifted(shapes: NDArray[np.object_], shift: str) -> NDArray[np.object_]:
    """Return geometries (degrees) moved back to WGS 84 from ``gcj02`` or ``bd09``.

    Raises
    ------
    ImportDataError
        Another name is given.
    """
    if shift not in _SHIFTS:
        raise ImportDataError(f"no shift {shift!r}; there are {', '.join(_SHIFTS)}")
    undo = _SHIFTS[shift]

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(undo(points[:, 0], points[:, 1]))

    back: NDArray[np.object_] = shapely.transform(shapely.force_2d(shapes), moved)
    return back


def _digest(path: Path) -> str:
    if path.is_file():
        return file_sha256(path)
    digest = hashlib.sha256()
    for part in sorted(one for one in path.rglob("*") if one.is_file()):
        digest.update(part.relative_to(path).as_posix().encode() + bytes.fromhex(file_sha256(part)))
    return digest.hexdigest()


def _value(
    column: Column,
    row: Mapping[Any, Any],
    fields: Mapping[str, str],
    values: Mapping[str, str],
    about: Mapping[str, str],
) -> Any:
    if column.name in values:
        return _typed(column, values[column.name])
    if column.name in fields:
        given = _typed(column, row[fields[column.name]])
        if given is not None or column.null or column.name not in {*_MADE, *DEFAULTS}:
            return given
    if column.name in about:
        return about[column.name]
    return DEFAULTS.get(column.name)


def _text(value: Any) -> str:
    return "" if value is None else _CONTROL.sub(" ", str(value)).strip()


def _typed(column: Column, value: Any) -> Any:
    """Return a field's value as its column's type, None for nothing."""
    if value is None or (not isinstance(value, (list, np.ndarray)) and pd.isna(value)):
        return None
    text = _text(value)
    if column.type == "string":
        # A date in a column of dates with times, as most offices' files have them.
        if midnight := _MIDNIGHT.fullmatch(text):
            return midnight[1]
        if isinstance(value, float) and value.is_integer():
            text = str(int(value))
        return text if text or not column.null else None
    if column.type == "boolean":
        low = text.lower().removesuffix(".0")
        if low in _TRUE or low in _FALSE:
            return low in _TRUE
    elif not text:
        return None
    else:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if np.isfinite(number) and (column.type == "float" or number.is_integer()):
            return int(number) if column.type == "integer" else number
    raise ImportDataError(f"{column.name} = {text!r} is no {column.type}")


def _parts(shape: BaseGeometry | None, spec: LayerSpec) -> list[BaseGeometry]:
    if shape is None or shape.is_empty:
        raise ImportDataError("there is no geometry")
    shape = shapely.force_2d(shape)
    if not (np.abs(shapely.get_coordinates(shape)) <= 360.0).all():
        raise ImportDataError("a coordinate is no number, or lies outside its coordinate system")
    if shape.geom_type.removeprefix("Multi") != spec.geometry:
        raise ImportDataError(f"it is a {shape.geom_type}, and {spec.key} holds {spec.geometry}")
    if spec.geometry == "Polygon":
        return [_rounded(shape)]
    parts = [_rounded(part) for part in shapely.get_parts(shape)]
    if spec.geometry == "LineString":
        parts = [part for part in parts if part.length > 0]
        if not parts:
            raise ImportDataError("the line has no length")
    return parts


def _rounded(shape: BaseGeometry) -> BaseGeometry:
    rounded = shapely.transform(shape, lambda points: np.round(points, 6))
    return shapely.remove_repeated_points(rounded) if shape.geom_type == "LineString" else rounded


def _finished(
    record: Mapping[str, Any], shape: BaseGeometry, spec: LayerSpec, suffix: str, slugs: Mapping[str, str]
) -> Record:
    """Fill what is worked out: id, length, kind, opening."""
    whole = dict(record)
    if not whole["id"]:
        name = whole["name_zh"] or whole["name_en"] or ""
        digest = hashlib.sha256(f"{name}|{shape.wkt}".encode()).hexdigest()
        whole["id"] = f"{spec.key.replace('_', '-')}-{digest[:10]}"
    else:
        whole["id"] = slugs[str(whole["id"])] + suffix
    if whole["kind"] is None and len(spec.kinds) == 1:
        whole["kind"] = spec.kinds[0]
    if "drawn_length_km" in whole:
        whole["drawn_length_km"] = round(geodesy.length_km(shape), 3)
    if whole["opened"]:
        whole["opens_basis"] = whole["opens_basis"] or "fact"
        if whole["opens_year"] is None and str(whole["opened"])[:4].isdigit():
            whole["opens_year"] = int(str(whole["opened"])[:4])
    elif whole["opens_year"] is None and whole["status"] == "operating":
        whole["opens_year"] = BASE_YEAR
    elif whole["opens_year"] is None and whole["expected_open"] is not None:
        whole["opens_basis"] = whole["opens_basis"] or "announced"
        whole["opens_year"] = whole["expected_open"]
    whole["opens_basis"] = whole["opens_basis"] or "unknown"
    return whole


def _refusal(spec: LayerSpec, place: int, row: Mapping[Any, Any], fields: Mapping[str, str], reason: str) -> Violation:
    told = (_text(row.get(fields.get(column, ""))) for column in ("id", "name_zh"))
    name = next((text for text in told if text), f"number {place}")
    return Violation(spec.key, name, "value", reason, "correct it in the file, or leave the feature out")


def _garbled(frame: gpd.GeoDataFrame) -> list[str]:
    """Say so when texts look like Chinese read as Latin letters, or hold replacement signs."""
    columns = (frame[name] for name in frame.columns if name != frame.geometry.name)
    texts = [text for column in columns for text in column if isinstance(text, str)]
    bad = [text for text in texts if "\ufffd" in text or len(_LATIN.findall(text)) * 2 > len(text)]
    return [f"{len(bad)} texts look garbled, such as {bad[0]!r}; try --encoding {_likely(bad)}"] if bad else []


def _likely(bad: Sequence[str]) -> str:
    """Which encoding texts read as Latin letters are in: bytes that are UTF-8 hardly ever are another."""
    try:
        for text in bad:
            text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return "gbk"
    return "utf-8"
