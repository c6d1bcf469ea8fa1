"""PostGIS: tables written in one transaction, with their system, keys, indexes and comments; and a table read back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError, ImportDataError
from atlas.exports.families.vector import plain_frame
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection
from atlas.exports.tables.metadata import remarks

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["database_of", "read_postgis", "write_postgis"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TYPES = {"string": "text", "float": "double precision", "boolean": "boolean", "integer": "integer"}
_WAIT_S = 10
_MOST_ROWS = 5_000_000


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database and the schema in it.

    Attributes
    ----------
    schema
        ``schema=…`` of the address; ``public`` when it names none.
    told
        The address without its password, for messages.
    """

    address: str = field(repr=False)
    schema: str
    told: str


def database_of(text: str) -> Database:
    """Return the database that a text names.

    Parameters
    ----------
    text
        ``postgresql://user@host:5432/name?schema=atlas``, or ``pg:dbname=name host=… schema=atlas`` as GDAL has it.

    Raises
    ------
    ExportError
        The schema is no plain name.

    Examples
    --------
    >>> one = database_of("postgresql://me:secret@host/gis?schema=atlas")
    >>> one.schema, one.told
    ('atlas', 'postgresql://me@host/gis')
    """
    if text.lower().startswith("pg:"):
        parts = re.findall(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)", text[3:])
        schema = next((value.strip("'") for name, value in parts if name in ("schema", "active_schema")), "public")
        kept = [(name, value) for name, value in parts if name not in ("schema", "active_schema")]
        address = " ".join(f"{name}={value}" for name, value in kept)
        told = "pg:" + " ".join(f"{name}={value}" for name, value in kept if name != "password")
    else:
        url = urlsplit(text)
        asked = parse_qsl(url.query)
        schema = next((value for name, value in asked if name == "schema"), "public")
        rest = urlencode([pair for pair in asked if pair[0] != "schema"])
        address = urlunsplit(url._replace(query=rest))
        user, _, place = url.netloc.rpartition("@")
        shown = [pair for pair in asked if pair[0] not in ("schema", "password")]
        bare = f"{user.partition(':')[0]}@{place}" if user else place
        told = urlunsplit(url._replace(netloc=bare, query=urlencode(shown)))
    if not _NAME.fullmatch(schema):
        raise ExportError(f"{schema!r} is no name of a schema; use letters, digits and _")
    return Database(address, schema, told)


@contextmanager
def _connected(database: Database, error: type[ExportError] | type[ImportDataError]) -> Iterator[Connection[Any]]:
    """Give a connection; what the server refuses becomes an error of ours, without the password."""
    try:
        import psycopg
    except ModuleNotFoundError as reason:
        raise error(missing_extra("psycopg")) from reason
    try:
        with psycopg.connect(database.address, connect_timeout=_WAIT_S) as connection:
            yield connection
    except psycopg.Error as reason:
        # the text of a connection that fails may hold the address as it was given
        why = " ".join(str(reason).split()).replace(database.address, database.told)
        raise error(f"{database.told}: {why}; nothing was changed") from reason


def write_postgis(bundle: Bundle, target: Projection, address: str, *, overwrite: bool = False) -> tuple[str, ...]:
    """Write all tables of a bundle into a database, whole or not at all.

    Parameters
    ----------
    bundle, target
        What is written, and the system its geometry is in; shifted coordinates get SRID 0, which claims none.
    address
        See :func:`database_of`; the schema is made when it is missing.
    overwrite
        Whether tables that are there may be replaced.

    Returns
    -------
    tuple of str
        ``schema.table`` of each.

    Raises
    ------
    ExportError
        There is no such database, PostGIS is not switched on in it, a table is there already, or the server refuses.
    """
    database = database_of(address)
    with _connected(database, ExportError) as connection:
        row = connection.execute("SELECT to_regtype('geometry')").fetchone()
        if row is None or row[0] is None:
            raise ExportError(f"{database.told}: PostGIS is not switched on; run CREATE EXTENSION postgis in it")
        there = _tables(connection, database.schema)
        taken = [f"{database.schema}.{table.name}" for table in bundle.tables if table.name in there]
        if taken and not overwrite:
            raise ExportError(
                f"{', '.join(taken)} exists in {database.told}; pass --overwrite (overwrite=True) or name another "
                "schema: …?schema=name"
            )
        _run(connection, "CREATE SCHEMA IF NOT EXISTS {}", database.schema)
        for table in bundle.tables:
            _write_table(connection, database.schema, table, bundle, target)
    return tuple(f"{database.schema}.{table.name}" for table in bundle.tables)


def _tables(connection: Connection[Any], schema: str) -> set[str]:
    asked = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
    return {str(row[0]) for row in connection.execute(asked, [schema])}


def _run(connection: Connection[Any], statement: str, *names: str, **texts: str) -> None:
    """Run a statement with names and texts quoted by the library."""
    from psycopg import sql

    quoted = {key: sql.Literal(text) for key, text in texts.items()}
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names), **quoted))


def _write_table(connection: Connection[Any], schema: str, table: Table, bundle: Bundle, target: Projection) -> None:
    from psycopg import sql

    frame = plain_frame(table)
    srid = 0 if target.shifted else int(target.key)
    columns = [
        (one.name, "bigint" if str(frame[one.name].dtype) == "Int64" and one.type == "integer" else _TYPES[one.type])
        for one in table.fields
    ]
    _run(connection, "DROP TABLE IF EXISTS {}.{}", schema, table.name)
    described: list[sql.Composable] = [sql.SQL("fid integer PRIMARY KEY")]
    described += [sql.SQL(f"{{}} {kind}").format(sql.Identifier(name)) for name, kind in columns]
    names = ["fid", *(name for name, _ in columns)]
    texts: list[Any] = []
    if table.geometry:
        described.append(sql.SQL(f"geom geometry({_kind(table)}, {srid})"))
        names.append("geom")
        shapes = table.shapes.geometry.to_numpy()
        if _kind(table).startswith("Multi"):
            shapes = [None if one is None else _multi(one) for one in shapes]
        texts = shapely.to_wkb(shapely.set_srid(shapes, srid), hex=True, include_srid=True).tolist()
    where = sql.SQL(".").join(map(sql.Identifier, (schema, table.name)))
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(where, sql.SQL(", ").join(described)))
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(where, sql.SQL(", ").join(map(sql.Identifier, names)))
    with connection.cursor().copy(copy) as pipe:
        rows = frame[[name for name, _ in columns]].itertuples(index=False, name=None)
        for number, values in enumerate(rows, start=1):
            held = [None if pd.isna(value) else getattr(value, "item", lambda v=value: v)() for value in values]
            pipe.write_row([number, *held, *(texts[number - 1 : number])])
    if table.geometry:
        _run(connection, "CREATE INDEX ON {}.{} USING gist (geom)", schema, table.name)
    about = f"{table.title_zh} / {table.title_en}\n{table.about}\n{remarks(bundle, target)}"
    _run(connection, "COMMENT ON TABLE {}.{} IS {text}", schema, table.name, text=about)
    for one in table.fields:
        unit = f" [{one.unit}]" if one.unit else ""
        told = f"{one.alias}: {one.about}{unit}".strip(": ")
        _run(connection, "COMMENT ON COLUMN {}.{}.{} IS {text}", schema, table.name, one.name, text=told)


def _kind(table: Table) -> str:
    kinds = set(table.shapes.geom_type.dropna())
    if table.geometry == "Geometry" or not kinds:
        return "Geometry"
    return f"Multi{table.geometry}" if any(one.startswith("Multi") for one in kinds) else table.geometry


def _multi(shape: Any) -> Any:
    if shape.geom_type.startswith("Multi"):
        return shape
    makers = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}
    return makers[shape.geom_type]([shape])


def read_postgis(address: str, table: str | None, path: Path) -> Path:
    """Read a table with geometry into a GeoPackage at `path`, for the imports to take in; nothing is changed.

    Parameters
    ----------
    address
        See :func:`database_of`.
    table
        Its name; None: the only one with geometry in the schema.
    path
        Where the GeoPackage goes.

    Raises
    ------
    ImportDataError
        No such table, several to choose from, no geometry or more than five million rows, or the server refuses.
    """
    database = database_of(address)
    with _connected(database, ImportDataError) as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        asked = (
            "SELECT f_table_name, f_geometry_column, srid FROM geometry_columns WHERE f_table_schema = %s "
            "ORDER BY f_table_name"
        )
        there = {
            str(name): (str(column), int(srid)) for name, column, srid in connection.execute(asked, [database.schema])
        }
        if table is None and len(there) == 1:
            (table,) = there
        if table not in there:
            listed = ", ".join(there) or "none"
            raise ImportDataError(
                f"{database.told}, schema {database.schema}: choose a table with geometry (--sublayer NAME); there are "
                f"{listed}"
            )
        frame = _read_table(connection, database, table, *there[table])
    pyogrio.write_dataframe(frame, path, driver="GPKG", layer=table)
    return path


def _read_table(
    connection: Connection[Any], database: Database, table: str, column: str, srid: int
) -> gpd.GeoDataFrame:
    from psycopg import sql

    statement = sql.SQL("SELECT *, ST_AsBinary({}) AS atlas_wkb FROM {} LIMIT {}").format(
        sql.Identifier(column),
        sql.SQL(".").join(map(sql.Identifier, (database.schema, table))),
        sql.Literal(_MOST_ROWS + 1),
    )
    cursor = connection.execute(statement)
    names = [one.name for one in cursor.description or ()]
    rows = cursor.fetchall()
    if len(rows) > _MOST_ROWS:
        raise ImportDataError(f"{database.told}: {table} has more than {_MOST_ROWS} rows; take in a part of it")
    frame = pd.DataFrame(rows, columns=names)
    shapes = shapely.from_wkb(frame.pop("atlas_wkb").to_numpy())
    kept = frame.drop(columns=[column, *(["fid"] if "fid" in frame else [])])
    return gpd.GeoDataFrame(kept, geometry=shapes, crs=srid or None)
