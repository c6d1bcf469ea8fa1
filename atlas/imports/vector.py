"""Any vector file GDAL reads, as a layer of the atlas: fields mapped, values typed, coordinates in WGS 84."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base import geodesy
from atlas.base.errors import ImportDataError, only_known
from atlas.base.values import name_text
from atlas.data.checks import Violation
from atlas.data.declaration import Column, LayerSpec
from atlas.data.layer import Layer
from atlas.data.scenario import BASE_YEAR
from atlas.data.sources import Source
from atlas.imports.admit import layer_of, slug_of, slugs_of
from atlas.imports.archives import check_file
from atlas.imports.frames import read_frame
from atlas.imports.repair import made_valid
from atlas.imports.store import file_sha256
from atlas.imports.systems import in_degrees, is_local, shift_accuracy, shifted, system_of

__all__ = ["DEFAULTS", "Origin", "Reading", "VectorLayer", "read_vector"]

Record = dict[str, Any]
#: What stands in a column that must hold a value when nothing is mapped to it.
DEFAULTS: Mapping[str, Any] = {
    "toll": False, "oneway": False, "in_network": True, "passenger": True, "exit": True, "structure": "surface",
    "course": "known", "upgrades": "",
    "node_ids": "", "station_ids": "", "line_ids": "", "plan_ids": "", "aliases": "", "adcode": "",
    "status": "unknown", "confidence": "none", "geometry_quality": "traced", "source_note": None,
}  # fmt: skip
_TRUE = {"1", "true", "t", "yes", "y", "是", "有"}
_FALSE = {"0", "false", "f", "no", "n", "否", "无", ""}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?", re.ASCII)
_LATIN = re.compile(r"[\u0080-\u00ff]")


@dataclass(frozen=True)
class Origin:
    """What a file is, in words the ledger of sources needs."""

    as_of: str
    publisher: str = "own data"
    licence: str = "not stated; ask before passing it on"


class Reading(TypedDict, total=False):
    """What a file does not say of itself, or says wrongly.

    ``crs`` overrides the file's own coordinate system, and is needed when it has none; ``shift`` is ``gcj02`` or
    ``bd09`` when the coordinates are shifted as mainland web maps are, which is undone; ``encoding`` is that of the
    texts, for instance ``gbk``.
    """

    crs: str | None
    shift: str | None
    encoding: str | None


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
    sublayer: str | None = None,
    rough: bool = False,
    repair: float | None = None,
    **reading: Unpack[Reading],
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
    sublayer
        Which layer of a file with several.
    rough
        Take coordinates whose way to WGS 84 is known less well than the features' own error, or not at all.
    repair
        Make polygons valid that are not, where no more than this share of their area changes; None: they are kept out.
    **reading
        ``crs``, ``shift`` and ``encoding``: see :class:`Reading`.

    Raises
    ------
    ImportDataError
        The file cannot be read, has no coordinate system, or lacks a field that is mapped; a column is
        unknown; a column that must be filled has neither field nor value; or the way to WGS 84 is too rough.
    """
    only_known(reading, Reading)
    crs, shift, encoding = reading.get("crs"), reading.get("shift"), reading.get("encoding")
    path = check_file(path)
    fields, values = dict(fields or {}), dict(values or {})
    _known(spec, {**fields, **values})
    notes: list[str] = []
    frame = read_frame(path, encoding, sublayer, notes)
    notes += _garbled(frame)
    _complete_mapping(path, spec, frame, fields, values, notes)
    if shift and crs is None and is_local(frame.crs):
        crs = "4326"  # the shifts are between degrees
    frame, least_m = _placed(path, frame, crs, _error_told(frame, fields, values), rough, notes)
    if shift:
        frame = frame.set_geometry(shifted(frame.geometry.to_numpy(), shift))
        notes.append(f"coordinates moved back from {shift} to WGS 84")
    source = Source(
        f"own_{(digest := _digest(path))[:8]}", f"{name_text(path.name)}, imported as {spec.key}", origin.publisher,
        origin.as_of, origin.licence, digest, "",
    )  # fmt: skip
    made: list[tuple[Record, BaseGeometry, str]] = []
    refused: list[Violation] = []
    changed: list[float] = []
    about = {"status_as_of": origin.as_of, "source": source.key}
    for place, row in enumerate(frame.to_dict("records"), start=1):
        try:
            record = {column.name: _value(column, row, fields, values, about) for column in spec.columns}
            if record["position_error_m"] is not None:
                record["position_error_m"] = max(record["position_error_m"], least_m)
            parts = _parts(row[frame.geometry.name], spec)
            if repair is not None and spec.geometry == "Polygon":
                broken = [not part.is_valid for part in parts]
                fixed = [made_valid(part, limit=repair) for part in parts]
                parts = [part for part, _ in fixed]
                changed += [km2 for (_, km2), was in zip(fixed, broken, strict=True) if was]
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
    if changed:
        notes.append(f"polygons that were not valid and are repaired: {len(changed)}; {sum(changed):.4g} km² changed")
    names = _names(made)
    records = [_finished(record, part, spec, name) for (record, part, _), name in zip(made, names, strict=True)]
    layer, wrong = layer_of(records, [part for _, part, _ in made], spec)
    return VectorLayer(layer, source, (*refused, *wrong), tuple(notes))


def _names(made: Sequence[tuple[Record, BaseGeometry, str]]) -> list[str]:
    """The id of each part; a part's never is that of another feature. Empty where the file has none."""
    slugs = slugs_of(str(record["id"]) for record, _, _ in made if record["id"])
    names = []
    for record, _, suffix in made:
        name = slugs[str(record["id"])] + suffix if record["id"] else ""
        if suffix and name in slugs.values():
            name = slug_of(f"{record['id']}/{suffix}")
        names.append(name)
    return names


def _error_told(frame: gpd.GeoDataFrame, fields: Mapping[str, str], values: Mapping[str, str]) -> float:
    """Return the least error that features state, metres; infinite for none."""
    if "position_error_m" in values:
        told = pd.to_numeric(pd.Series([values["position_error_m"]]), errors="coerce")
    else:
        told = pd.to_numeric(frame[fields["position_error_m"]], errors="coerce")
    return float(told.min()) if told.notna().any() else float("inf")


def _placed(
    path: Path, frame: gpd.GeoDataFrame, crs: str | None, error_m: float, rough: bool, notes: list[str]
) -> tuple[gpd.GeoDataFrame, float]:
    """Bring features to WGS 84 and say how well the way is known; also the error that it leaves, metres."""
    placed = in_degrees(path, frame, crs)
    system = system_of(path, frame, crs)
    accuracy_m, name = shift_accuracy(system, placed.total_bounds)
    if np.isnan(accuracy_m):
        if not rough:
            raise ImportDataError(
                f"{path}: no way from {system.name} to WGS 84 is known; coordinates taken as they are may be off by "
                "hundreds of metres. Give --crs with one (a PROJ text with +towgs84=…), or take them so with --rough "
                "and say in position_error_m how far off they may be"
            )
        notes.append(f"no way from {system.name} to WGS 84 is known: coordinates are taken as they are (--rough)")
        return placed, 0.0
    if accuracy_m > error_m and not rough:
        raise ImportDataError(
            f"{path}: the way to WGS 84 ({name}) is accurate to {accuracy_m:g} m, less than position_error_m says "
            f"({error_m:g}); raise that, or pass --rough, which raises it"
        )
    if accuracy_m > 0:
        notes.append(f"to WGS 84 by {name}, accurate to {accuracy_m:g} m")
    return placed, accuracy_m


def _known(spec: LayerSpec, columns: Mapping[str, str]) -> None:
    strange = sorted(set(columns) - set(spec.column_names))
    if strange:
        raise ImportDataError(
            f"layer {spec.key} has no column {', '.join(strange)}; it has {', '.join(spec.column_names)}"
        )


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


def _finished(record: Mapping[str, Any], shape: BaseGeometry, spec: LayerSpec, slug: str) -> Record:
    """Fill what is worked out: id, length, kind, opening."""
    whole = dict(record)
    if not whole["id"]:
        name = whole["name_zh"] or whole["name_en"] or ""
        digest = hashlib.sha256(f"{name}|{shape.wkt}".encode()).hexdigest()
        whole["id"] = f"{spec.key.replace('_', '-')}-{digest[:10]}"
    else:
        given, whole["id"] = str(whole["id"]), slug
        if slug != given:
            note = f"id in the file: {given}"
            whole["source_note"] = f"{whole['source_note']}; {note}" if whole["source_note"] else note
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
