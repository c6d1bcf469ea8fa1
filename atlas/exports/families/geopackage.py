"""GeoPackage: all tables, Chinese aliases, QGIS styles, metadata, and which rows belong to which of other tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyogrio

from atlas.base.errors import ExportError
from atlas.base.tables import slots
from atlas.exports.families.styles import qml
from atlas.exports.families.vector import plain_frame, write_frame
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection
from atlas.exports.tables.metadata import remarks

__all__ = ["write_gpkg"]

_STYLES = """CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
 f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
 styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"""
_COLUMNS = """CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
 name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,
 CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"""


#: By the extension schema, with which descriptions of columns come; the atlas declares none.
_CONSTRAINTS = """CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (constraint_name TEXT NOT NULL,
 constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC,
 max_is_inclusive BOOLEAN, description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))"""
_LINKS = """CREATE TABLE gpkgext_relations (id INTEGER PRIMARY KEY AUTOINCREMENT, base_table_name TEXT NOT NULL,
 base_primary_column TEXT NOT NULL DEFAULT 'id', related_table_name TEXT NOT NULL,
 related_primary_column TEXT NOT NULL DEFAULT 'id', relation_name TEXT NOT NULL, mapping_table_name TEXT NOT NULL
 UNIQUE)"""
_SCHEMA_EXTENSION = "http://www.geopackage.org/spec121/#extension_schema"
_RELATED_EXTENSION = "http://www.opengis.net/doc/IS/gpkg-rte/1.0"
#: Column of a table → the table and column it names; several ids are joined by ``;``.
RELATIONS = (
    ("edges", "from_id", "nodes", "node_id"),
    ("edges", "to_id", "nodes", "node_id"),
    ("reached_edges", "from_id", "reached_nodes", "node_id"),
    ("reached_edges", "to_id", "reached_nodes", "node_id"),
    ("rail_services", "station_ids", "stations", "id"),
    ("railways", "station_ids", "stations", "id"),
    ("highways", "node_ids", "interchanges", "id"),
)


@contextmanager
def _pinned_date(as_of: str) -> Iterator[None]:
    """GDAL stamps tables with the time of writing; a fixed one gives the same bytes for the same input."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{as_of}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_gpkg(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write a GeoPackage: all tables, Chinese aliases, QGIS styles, metadata. Same input, same bytes."""
    about = {"atlas_hash": f"atlas-hash: {bundle.hash}", "about": remarks(bundle, target)}
    with _pinned_date(bundle.as_of):
        for number, table in enumerate(bundle.tables):
            # Version 1.2 holds all of this, and readers that are some years old know it.
            first = {"dataset_metadata": about, "dataset_options": {"VERSION": "1.2"}}
            options: dict[str, Any] = first if number == 0 else {}
            options |= {"layer_options": {"IDENTIFIER": table.title_zh, "DESCRIPTION": table.about or table.title_en}}
            write_frame(plain_frame(table), table, path, "GPKG", layer=table.name, **options)
    try:
        _annotate(bundle, path)
    except sqlite3.Error as reason:
        raise ExportError(f"cannot write {path.name}: {reason}") from reason


def _annotate(bundle: Bundle, path: Path) -> None:
    """Write aliases of columns and QGIS styles into a GeoPackage."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(_COLUMNS)
        base.execute(_CONSTRAINTS)
        base.execute(_STYLES)
        base.executemany(
            "INSERT OR REPLACE INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)",
            [(name, None, "gpkg_schema", _SCHEMA_EXTENSION, "read-write")
             for name in ("gpkg_data_columns", "gpkg_data_column_constraints")],
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
        _relate(base, bundle, day)
    # Without it the connection stays open until collected, and Windows refuses to move the file.
    base.close()


def _relate(base: sqlite3.Connection, bundle: Bundle, day: str) -> None:
    """Write the related tables: pairs of row numbers, by the extension Related Tables."""
    tables = {table.name: table for table in bundle.tables}
    found = [one for one in RELATIONS if one[0] in tables and one[2] in tables]
    if not found:
        return
    base.execute(_LINKS)
    extend = "INSERT OR REPLACE INTO gpkg_extensions VALUES (?, NULL, 'gpkg_related_tables', ?, 'read-write')"
    base.execute(extend, ["gpkgext_relations", _RELATED_EXTENSION])
    for name, column, other, key in found:
        mapping = f"{name}_{column}"
        row_of = {value: row for row, value in enumerate(tables[other].frame[key].tolist(), start=1)}
        texts = tables[name].frame[column].tolist()
        pairs = {
            (row, row_of[part]): None
            for row, text in enumerate(texts, start=1)
            for part in slots(str(text or ""))
            if part in row_of
        }
        base.execute(
            f"CREATE TABLE {mapping} (id INTEGER PRIMARY KEY, base_id INTEGER NOT NULL, related_id INTEGER NOT NULL)"
        )
        base.executemany(f"INSERT INTO {mapping} (base_id, related_id) VALUES (?, ?)", list(pairs))
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES (?, 'attributes', ?, ?)", [mapping, mapping, day],
        )  # fmt: skip
        base.execute(
            "INSERT INTO gpkgext_relations (base_table_name, base_primary_column, related_table_name, "
            "related_primary_column, relation_name, mapping_table_name) VALUES (?, 'fid', ?, 'fid', 'features', ?)",
            [name, other, mapping],
        )
        base.execute(extend, [mapping, _RELATED_EXTENSION])


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
