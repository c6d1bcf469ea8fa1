"""Formats that GDAL writes: Shapefile, FGDB, FlatGeobuf, GeoParquet, MapInfo TAB, PMTiles."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError
from atlas.base.values import csv_text
from atlas.exports.tables.archive import pack_folder
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection
from atlas.exports.tables.fields import short_names
from atlas.exports.tables.metadata import datapackage_text, remarks

__all__ = [
    "plain_frame", "write_frame", "write_gdb", "write_one", "write_parquet", "write_pmtiles", "write_zipped",
]  # fmt: skip

_INT32 = 2**31
_DBF_TEXT = 254
_SIDES = ("xmin", "ymin", "xmax", "ymax")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let GDAL say nothing of what is meant to be: no system, many parts, a name of one's own.

    Shifted coordinates are written without a system; that areas of many parts take long is no news, and a file is
    called as the user calls it.
    """
    with warnings.catch_warnings():
        for known in ("'crs' was not provided", "organizePolygons", "The filename extension should be"):
            warnings.filterwarnings("ignore", known)
        yield


def plain_frame(table: Table) -> pd.DataFrame:
    """Return the rows as drivers take them: integers of 32 bits where they fit, texts as objects."""
    frame = table.frame.copy()
    for field in table.fields:
        column = frame[field.name]
        if field.type == "integer":
            narrow = column.dropna().abs().max() if column.notna().any() else 0
            frame[field.name] = column.astype("Int32" if narrow < _INT32 else "Int64")
        elif field.type == "string":
            texts = [None if pd.isna(value) else str(value) for value in column]
            frame[field.name] = pd.Series(texts, index=frame.index, dtype=object)
    return frame


def _shape_name(table: Table, frame: gpd.GeoDataFrame) -> str:
    """``MultiPolygon`` when any feature has parts; a mixed table is ``Unknown``."""
    if table.geometry == "Geometry":
        return "Unknown"
    multi = bool(frame.geom_type.dropna().str.startswith("Multi").any())
    return f"Multi{table.geometry}" if multi else table.geometry


def write_frame(frame: pd.DataFrame, table: Table, path: Path, driver: str, **options: Any) -> None:
    """Write the rows of a table with a driver of GDAL; what it refuses is an ExportError."""
    if isinstance(frame, gpd.GeoDataFrame):
        name = _shape_name(table, frame)
        options |= {"geometry_type": name, "promote_to_multi": name.startswith("Multi")}
    try:
        with undisturbed():
            pyogrio.write_dataframe(frame, path, driver=driver, **options)
    except (DataSourceError, RuntimeError, UnicodeError) as reason:
        raise ExportError(f"{path.name}: {driver} cannot hold the table {table.name}: {reason}") from reason


def write_one(bundle: Bundle, target: Projection, path: Path, driver: str, suffix: str) -> None:
    """Write one table into one file of a driver that takes a description: FlatGeobuf."""
    (table,) = bundle.tables
    options = {"TITLE": table.title_zh, "DESCRIPTION": remarks(bundle, target)} if driver == "FlatGeobuf" else {}
    if driver == "FlatGeobuf" and table.shapes.geometry.isna().any():
        # its index knows no row without a geometry
        options["SPATIAL_INDEX"] = "NO"
    write_frame(plain_frame(table), table, path, driver, layer=table.name, layer_options=options)


def write_zipped(bundle: Bundle, target: Projection, path: Path, form: str, encoding: str) -> tuple[str, ...]:
    """Write Shapefiles or MapInfo tables, with their metadata, into a zip archive.

    Returns
    -------
    tuple of str
        What was changed: texts longer than a Shapefile holds, numbers that MapInfo would turn into 0.
    """
    folder = path.parent / "parts"
    folder.mkdir()
    remarked: list[str] = []
    for table in bundle.tables:
        frame = _texts(table, plain_frame(table), encoding, remarked)
        if form == "shp":
            frame = _dbf_frame(table, frame)
            options: dict[str, Any] = {"encoding": "UTF-8" if encoding == "utf-8" else "CP936"}
            write_frame(frame, table, folder / f"{table.name}.shp", "ESRI Shapefile", **options)
            (folder / f"{table.name}.cpg").write_text("UTF-8" if encoding == "utf-8" else "GBK", "ascii")
        else:
            frame = _tab_frame(table, frame, remarked)
            code = "UTF-8" if encoding == "utf-8" else "CP936"
            write_frame(frame, table, folder / f"{table.name}.tab", "MapInfo File", layer_options={"ENCODING": code})
    _date_dbf(folder)
    if form == "shp":
        names = {table.name: short_names(field.name for field in table.fields) for table in bundle.tables}
        lines = [
            (table.name, field.name, names[table.name][field.name], field.alias, field.unit)
            for table in bundle.tables
            for field in table.fields
        ]
        text = csv_text(("table", "field", "shapefile_field", "alias", "unit"), lines)
        (folder / "fields.csv").write_text("\ufeff" + text, "utf-8")
    pack_folder(path, folder)
    told = bundle.with_frames({}, *remarked)
    (folder / "datapackage.json").write_text(datapackage_text(told, target, path, form), "utf-8")
    pack_folder(path, folder)
    return tuple(remarked)


def _date_dbf(folder: Path) -> None:
    """The day of writing stands in bytes 1-3 of every dbf; 1980-01-01 gives the same bytes every day."""
    for file in folder.glob("*.dbf"):
        content = bytearray(file.read_bytes())
        content[1:4] = bytes((80, 1, 1))
        file.write_bytes(bytes(content))


def _dbf_frame(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    if table.geometry == "Geometry":
        raise ExportError(f"the table {table.name} mixes geometries; a Shapefile holds one kind: use a GeoPackage")
    return frame.rename(columns=short_names(field.name for field in table.fields))


def _texts(table: Table, frame: pd.DataFrame, encoding: str, remarked: list[str]) -> pd.DataFrame:
    """Return the rows with texts that fit: in the encoding, and in the bytes a Shapefile or MapInfo table holds.

    Raises
    ------
    ExportError
        A text holds a sign that the encoding lacks and nothing near stands for.
    """
    for field in table.fields:
        if field.type != "string":
            continue
        fitting = [_encodable(table, field.name, row, value, encoding) for row, value in enumerate(frame[field.name])]
        plainer = [old for old, new in zip(frame[field.name], fitting, strict=True) if old != new]
        if plainer:
            remarked.append(
                f"{table.name}.{field.name}: in {len(plainer)} texts signs that {encoding} lacks are written without "
                f"their accents, the first of them {plainer[0]!r}"
            )
        long = sum(value is not None and len(value.encode(encoding)) > _DBF_TEXT for value in fitting)
        if long:
            remarked.append(f"{table.name}.{field.name}: {long} texts cut to {_DBF_TEXT} bytes of {encoding}")
        cut = [_cut(value, encoding) for value in fitting]
        frame[field.name] = pd.Series(cut, index=frame.index, dtype=object)
    return frame


def _tab_frame(table: Table, frame: pd.DataFrame, remarked: list[str]) -> pd.DataFrame:
    """MapInfo knows no unknown number and writes 0; such a column becomes text, empty where unknown."""
    for field in table.fields:
        column = frame[field.name]
        if field.type in ("integer", "float") and column.isna().any():
            texts = [None if pd.isna(value) else f"{value:.15g}" for value in column]
            frame[field.name] = pd.Series(texts, index=frame.index, dtype=object)
            remarked.append(f"{table.name}.{field.name}: text, for MapInfo has no unknown number")
    return frame


def _cut(text: str | None, encoding: str) -> str | None:
    return text if text is None else text.encode(encoding)[:_DBF_TEXT].decode(encoding, errors="ignore")


def _encodable(table: Table, name: str, row: int, text: str | None, encoding: str) -> str | None:
    """Return `text`, signs that the encoding lacks written as what they are made of without accents."""
    if text is None or _fits(text, encoding):
        return text
    made = "".join(sign if _fits(sign, encoding) else _bare(sign) for sign in text)
    if not _fits(made, encoding):
        lacking = sorted({sign for sign in made if not _fits(sign, encoding)})
        raise ExportError(
            f"{table.name}, row {row + 1}, {name}: {', '.join(map(repr, lacking))} in {text!r} is not in "
            f"{encoding.upper()}; write with --encoding utf-8"
        )
    return made


def _fits(text: str, encoding: str) -> bool:
    return text.encode(encoding, errors="ignore").decode(encoding) == text


def _bare(sign: str) -> str:
    """``ã`` becomes ``a``, ``²`` becomes ``2``; what is made of nothing else stays."""
    parts = unicodedata.normalize("NFKD", sign)
    return "".join(part for part in parts if not unicodedata.combining(part)) or sign


def _arrow(table: Table, metadata: dict[str, str]) -> Any:
    """An Arrow table with WKB geometry; aliases, units and descriptions stand in the fields' metadata."""
    try:
        import pyarrow as pa
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("pyarrow")) from reason
    kinds = {"string": pa.string(), "float": pa.float64(), "boolean": pa.bool_()}
    frame = plain_frame(table)
    arrays, fields = [], []
    for field in table.fields:
        kind = kinds.get(field.type) or (pa.int64() if str(frame[field.name].dtype) == "Int64" else pa.int32())
        arrays.append(pa.array([None if pd.isna(v) else v for v in frame[field.name].tolist()], kind))
        notes = {"GDAL:OGR:alternative_name": field.alias, "GDAL:OGR:comment": field.about, "unit": field.unit}
        fields.append(pa.field(field.name, kind, metadata={k: v for k, v in notes.items() if v}))
    if table.geometry:
        arrays.append(pa.array(table.shapes.geometry.to_wkb(), pa.binary()))
        fields.append(pa.field("geometry", pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"}))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))


def write_gdb(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write an Esri file geodatabase, zipped, with aliases; integers stay integers of 32 bits."""
    folder = path.parent / "parts"
    base = folder / f"{path.name.removesuffix('.zip').removesuffix('.gdb')}.gdb"
    folder.mkdir()
    for number, table in enumerate(bundle.tables):
        data = _arrow(table, {})
        # Integers of more than 32 bits would become floating numbers for older ArcGIS.
        wide = any(str(field.type) == "int64" for field in data.schema)
        options = {
            "LAYER_ALIAS": table.title_zh,
            **({"TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"} if wide else {}),
        }
        try:
            with undisturbed():
                pyogrio.write_arrow(
                    data,
                    base,
                    layer=table.name,
                    driver="OpenFileGDB",
                    append=number > 0,
                    geometry_name="geometry" if table.geometry else None,
                    geometry_type=_shape_name(table, table.shapes) if table.geometry else None,
                    crs=_crs_text(target) if table.geometry else None,
                    layer_options=options,
                )
        except (DataSourceError, RuntimeError) as reason:
            raise ExportError(f"{path.name}: a geodatabase cannot hold {table.name}: {reason}") from reason
    pack_folder(path, folder)
    (folder / "datapackage.json").write_text(datapackage_text(bundle, target, path, "gdb"), "utf-8")
    pack_folder(path, folder)


def _crs_text(target: Projection) -> str | None:
    return None if target.shifted else f"EPSG:{target.key}"


def write_parquet(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write one table as GeoParquet 1.1 (WKB)."""
    import json

    (table,) = bundle.tables
    about = {"atlas-hash": f"atlas-hash: {bundle.hash}", "about": remarks(bundle, target)}
    if table.geometry:
        frame = table.shapes
        column = {
            "encoding": "WKB",
            "geometry_types": sorted(str(kind) for kind in frame.geom_type.dropna().unique()),
            "crs": None if target.crs is None else target.crs.to_json_dict(),
            "bbox": [float(value) for value in frame.total_bounds],
            "covering": {"bbox": {side: ["bbox", side] for side in _SIDES}},
        }
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
        about["geo"] = json.dumps(geo, ensure_ascii=False)
    data = _arrow(table, about)
    import pyarrow as pa
    import pyarrow.parquet

    if table.geometry:
        # Readers pass over blocks of rows that lie elsewhere by these numbers.
        bounds = table.shapes.bounds.to_numpy().T
        known = ~np.isnan(bounds).any(axis=0)
        sides = [pa.array(values, pa.float64(), mask=~known) for values in bounds]
        data = data.append_column("bbox", pa.StructArray.from_arrays(sides, names=list(_SIDES), mask=pa.array(~known)))
    pyarrow.parquet.write_table(data, path, compression="zstd")


def write_pmtiles(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write vector tiles, zoom 5 to 12, in one layer `atlas` whose attribute `layer` names the table."""
    parts = []
    for table in bundle.spatial:
        frame = gpd.GeoDataFrame(plain_frame(table))
        parts.append(frame.assign(layer=table.name))
    whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    options = {"MINZOOM": "5", "MAXZOOM": "12", "NAME": bundle.title_zh, "DESCRIPTION": remarks(bundle, target)}
    try:
        with undisturbed():
            pyogrio.write_dataframe(
                whole, path, driver="PMTiles", layer="atlas", dataset_options=options, geometry_type="Unknown"
            )
    except (DataSourceError, RuntimeError) as reason:
        raise ExportError(f"{path.name}: no tiles could be made: {reason}") from reason
