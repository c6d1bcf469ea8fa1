"""Formats that GDAL writes: GeoPackage, Shapefile, FGDB, FlatGeobuf, GeoParquet, MapInfo TAB, PMTiles."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from atlas.base.archive import pack_folder
from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError
from atlas.base.values import csv_text
from atlas.exports.families.styles import qml
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Target
from atlas.exports.tables.fields import short_names
from atlas.exports.tables.metadata import datapackage_text, remarks

__all__ = ["plain_frame", "write_gdb", "write_gpkg", "write_one", "write_parquet", "write_pmtiles", "write_zipped"]

_INT32 = 2**31
_DBF_TEXT = 254
_STYLES = """CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
 f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
 styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"""
_COLUMNS = """CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
 name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,
 CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"""


@contextmanager
def _pinned_date(as_of: str) -> Iterator[None]:
    """GDAL stamps tables with the time of writing; a fixed one gives the same bytes for the same input."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{as_of}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


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


def _write(frame: pd.DataFrame, table: Table, path: Path, driver: str, **options: Any) -> None:
    if isinstance(frame, gpd.GeoDataFrame):
        name = _shape_name(table, frame)
        options |= {"geometry_type": name, "promote_to_multi": name.startswith("Multi")}
    try:
        pyogrio.write_dataframe(frame, path, driver=driver, **options)
    except (DataSourceError, RuntimeError, UnicodeError) as reason:
        raise ExportError(f"{path.name}: {driver} cannot hold the table {table.name}: {reason}") from reason


def write_gpkg(bundle: Bundle, target: Target, path: Path) -> None:
    """Write a GeoPackage: all tables, Chinese aliases, QGIS styles, metadata. Same input, same bytes."""
    about = {"atlas_hash": f"atlas-hash: {bundle.hash}", "about": remarks(bundle, target)}
    with _pinned_date(bundle.as_of):
        for number, table in enumerate(bundle.tables):
            # Version 1.2 holds all of this, and readers that are some years old know it.
            first = {"dataset_metadata": about, "dataset_options": {"VERSION": "1.2"}}
            options: dict[str, Any] = first if number == 0 else {}
            options |= {"layer_options": {"IDENTIFIER": table.title_zh, "DESCRIPTION": table.about or table.title_en}}
            _write(plain_frame(table), table, path, "GPKG", layer=table.name, **options)
    try:
        _annotate(bundle, path)
    except sqlite3.Error as reason:
        raise ExportError(f"cannot write {path.name}: {reason}") from reason


def _annotate(bundle: Bundle, path: Path) -> None:
    """Write aliases of columns and QGIS styles into a GeoPackage."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(_COLUMNS)
        base.execute(_STYLES)
        base.executemany(
            "INSERT OR REPLACE INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)",
            [("gpkg_data_columns", None, "gpkg_schema", "http://www.geopackage.org/spec121/#extension_schema",
              "read-write")],
        )  # fmt: skip
        for table in bundle.tables:
            base.executemany("INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)", _aliases(table))
        day = f"{bundle.as_of}T00:00:00.000Z"
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)", [day],
        )  # fmt: skip
        for table in bundle.spatial:
            if table.geometry == "Geometry":
                continue
            base.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
                " styleQML, styleSLD, useAsDefault, description, owner, update_time)"
                " VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', ?)",
                [table.name, table.name, qml(table), table.title_zh, day],
            )
    # Without it the connection stays open until collected, and Windows refuses to move the file.
    base.close()


def _aliases(table: Table) -> list[tuple[str, str, str, str, str]]:
    """Rows of gpkg_data_columns; an alias that two columns share is told apart by the column's name."""
    taken: set[str] = set()
    rows = []
    for field in table.fields:
        alias = field.alias if field.alias not in taken else f"{field.alias} {field.name}"
        taken.add(alias)
        unit = f" [{field.unit}]" if field.unit else ""
        rows.append((table.name, field.name, alias, alias, f"{field.about}{unit}".strip()))
    return rows


def write_one(bundle: Bundle, target: Target, path: Path, driver: str, suffix: str) -> None:
    """Write one table into one file of a driver that takes a description: FlatGeobuf."""
    (table,) = bundle.tables
    options = {"TITLE": table.title_zh, "DESCRIPTION": remarks(bundle, target)} if driver == "FlatGeobuf" else {}
    _write(plain_frame(table), table, path, driver, layer=table.name, layer_options=options)


def write_zipped(bundle: Bundle, target: Target, path: Path, form: str, encoding: str) -> tuple[str, ...]:
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
        frame = plain_frame(table)
        if form == "shp":
            frame = _dbf_frame(table, frame, encoding, remarked)
            options: dict[str, Any] = {"encoding": "UTF-8" if encoding == "utf-8" else "CP936"}
            _write(frame, table, folder / f"{table.name}.shp", "ESRI Shapefile", **options)
            (folder / f"{table.name}.cpg").write_text("UTF-8" if encoding == "utf-8" else "GBK", "ascii")
        else:
            _check_encoding(table, frame, encoding)
            frame = _tab_frame(table, frame, remarked)
            code = "UTF-8" if encoding == "utf-8" else "CP936"
            _write(frame, table, folder / f"{table.name}.tab", "MapInfo File", layer_options={"ENCODING": code})
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


def _dbf_frame(table: Table, frame: pd.DataFrame, encoding: str, remarked: list[str]) -> pd.DataFrame:
    _check_encoding(table, frame, encoding)
    if table.geometry == "Geometry":
        raise ExportError(f"the table {table.name} mixes geometries; a Shapefile holds one kind: use a GeoPackage")
    for field in table.fields:
        if field.type != "string":
            continue
        long = [value for value in frame[field.name] if value is not None and len(value.encode(encoding)) > _DBF_TEXT]
        if long:
            remarked.append(f"{table.name}.{field.name}: {len(long)} texts cut to {_DBF_TEXT} bytes of {encoding}")
            frame[field.name] = pd.Series(
                [_cut(value, encoding) for value in frame[field.name]], index=frame.index, dtype=object
            )
    return frame.rename(columns=short_names(field.name for field in table.fields))


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


def _check_encoding(table: Table, frame: pd.DataFrame, encoding: str) -> None:
    for field in table.fields:
        if field.type != "string":
            continue
        for row, value in enumerate(frame[field.name]):
            try:
                (value or "").encode(encoding)
            except UnicodeEncodeError as reason:
                raise ExportError(
                    f"{table.name}, row {row + 1}, {field.name}: {value[reason.start : reason.end]!r} is not in "
                    f"{encoding.upper()}; write with --encoding utf-8"
                ) from reason


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


def write_gdb(bundle: Bundle, target: Target, path: Path) -> None:
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


def _crs_text(target: Target) -> str | None:
    return None if target.shifted else f"EPSG:{target.key}"


def write_parquet(bundle: Bundle, target: Target, path: Path) -> None:
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
        }
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
        about["geo"] = json.dumps(geo, ensure_ascii=False)
    data = _arrow(table, about)
    import pyarrow.parquet

    pyarrow.parquet.write_table(data, path, compression="zstd")


def write_pmtiles(bundle: Bundle, target: Target, path: Path) -> None:
    """Write vector tiles, zoom 5 to 12, in one layer `atlas` whose attribute `layer` names the table."""
    parts = []
    for table in bundle.spatial:
        frame = gpd.GeoDataFrame(plain_frame(table))
        parts.append(frame.assign(layer=table.name))
    whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    options = {"MINZOOM": "5", "MAXZOOM": "12", "NAME": bundle.title_zh, "DESCRIPTION": remarks(bundle, target)}
    try:
        pyogrio.write_dataframe(
            whole, path, driver="PMTiles", layer="atlas", dataset_options=options, geometry_type="Unknown"
        )
    except (DataSourceError, RuntimeError) as reason:
        raise ExportError(f"{path.name}: no tiles could be made: {reason}") from reason
