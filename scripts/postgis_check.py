"""PostGIS out and in with a real server, which this script starts in a folder of its own and stops again.

    .venv/bin/python scripts/postgis_check.py

Needs PostgreSQL 15 or newer with PostGIS (Debian: apt-get install postgresql-15-postgis-3) and, as root, the user
`postgres`, for PostgreSQL does not run as root. PG_BIN names the folder of its programs. Prints one line a finding and
ends with 1 when one is wrong. It is no part of the tests: the server takes a minute to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
from click.testing import CliRunner

import atlas
from atlas.base.errors import ExportError, ImportDataError
from atlas.cli import cli
from atlas.exports.families.postgis import read_postgis
from atlas.exports.tables.bundle import gather

WRONG: list[str] = []


def tell(right: bool, text: str) -> None:
    """Print a finding and keep what is wrong."""
    print(("ok    " if right else "WRONG ") + text)
    if not right:
        WRONG.append(text)


@contextmanager
def server() -> Iterator[str]:
    """Start a server on a socket in a folder and give the address of a database with PostGIS."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    programs = Path(os.environ.get("PG_BIN") or (found[-1] if found else Path(shutil.which("initdb") or "x").parent))
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="atlas-postgis-"))
    try:
        if as_user:
            shutil.chown(folder, "postgres")

        def run(*words: str) -> None:
            subprocess.run([*as_user, *words], check=True, stdout=subprocess.DEVNULL, cwd=folder)

        run(str(programs / "initdb"), "-D", f"{folder}/data", "-A", "trust", "-U", "atlas", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            address = f"postgresql://atlas@/postgres?host={folder}"
            with psycopg.connect(address, autocommit=True) as base:
                base.execute("CREATE DATABASE gis")
                base.execute("CREATE DATABASE bare")
            with psycopg.connect(address.replace("/postgres?", "/gis?")) as base:
                base.execute("CREATE EXTENSION postgis")
            yield address.replace("/postgres?", "/gis?")
        finally:
            run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def same(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, names: list[str]) -> bool:
    """Whether two frames hold the same rows: texts, numbers, unknown values, and shapes to 1e-9."""
    left, right = (frame.sort_values("id", ignore_index=True) for frame in (one, other))
    for name in names:
        a, b = left[name], right[name]
        if not (a.isna() == b.isna()).all():
            return False
        known = a.notna()
        if pd.api.types.is_numeric_dtype(a.dtype) and not pd.api.types.is_bool_dtype(a.dtype):
            if not np.allclose(a[known].astype(float), b[known].astype(float), rtol=0, atol=1e-12):
                return False
        elif a[known].astype(str).tolist() != b[known].astype(str).tolist():
            return False
    return bool(left.geometry.geom_equals_exact(right.geometry, 1e-9).all())


def main() -> int:
    """Write every layer, look with GDAL and SQL, read back, take in, and try what must be refused."""
    catalog = atlas.open_catalog()
    layers = catalog.layers()
    with server() as address, tempfile.TemporaryDirectory() as made:
        whole, folder = f"{address}&schema=atlas", Path(made)
        written = atlas.write(catalog, whole)
        tell(len(written) == len(layers), f"{len(written)} tables written")
        for key, layer in layers.items():
            back = gpd.read_file(read_postgis(whole, key, folder / f"{key}.gpkg"))
            names = [field.name for field in gather(layer, sources={}).tables[0].fields]
            tell(same(layer.frame, back, names), f"{key}: {len(back)} rows read back, every value and corner the same")
        host = address.partition("host=")[2]
        told = subprocess.run(
            ["ogrinfo", "-so", f"PG:dbname=gis user=atlas host={host} active_schema=atlas", "highways"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        tell(
            f"Feature Count: {len(layers['highways'])}" in told and 'ID["EPSG",4326]' in told,
            "GDAL reads highways, EPSG:4326",
        )
        with psycopg.connect(address) as base:
            (km,) = base.execute("SELECT sum(ST_Length(geom::geography)) / 1000 FROM atlas.highways").fetchone()
            (valid,) = base.execute("SELECT bool_and(ST_IsValid(geom)) FROM atlas.land").fetchone()
            (index,) = base.execute("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%gist%'").fetchone()
            (about,) = base.execute("SELECT obj_description('atlas.highways'::regclass)").fetchone()
            (column,) = base.execute("SELECT col_description('atlas.highways'::regclass, 3)").fetchone()
        from atlas.base.geodesy import lengths_km

        known = float(lengths_km(layers["highways"].frame.geometry.to_numpy()).sum())
        tell(abs(km - known) < 0.001 * known, f"ST_Length of all highways {km:.1f} km, the atlas {known:.1f} km")
        tell(valid and index == len(layers), f"land is valid; {index} spatial indexes")
        tell("atlas-hash" in about and "中文名" in column, "comments carry the hash, aliases and units")
        planar = f"{address}&schema=planar"
        atlas.write(catalog.layer("ports"), planar, crs=4547, outside="clip")
        back = gpd.read_file(read_postgis(planar, None, folder / "planar.gpkg"))
        tell(back.crs.to_epsg() == 4547, f"schema planar: {len(back)} ports in EPSG:{back.crs.to_epsg()}")
        shifted = atlas.write(catalog.layer("ports"), f"{address}&schema=shifted", crs="GCJ-02")
        with psycopg.connect(address) as base:
            srids = base.execute("SELECT DISTINCT ST_SRID(geom) FROM shifted.ports").fetchall()
        tell(srids == [(0,)], f"{shifted[0]}: GCJ-02 claims no system")
        done = CliRunner().invoke(cli, ["export", "reach:珠海", "-o", f"{address}&schema=reach", "-q"])
        tell(done.exit_code == 0, f"atlas export reach:珠海 -o postgresql://… ends with {done.exit_code}")
        take = ["import", "layer", whole, "--sublayer", "ports", "--as", "ports", "--dry-run"]
        done = CliRunner().invoke(cli, take)
        tell(
            done.exit_code == 0 and "47" in done.stdout, f"atlas import layer postgresql://… ends with {done.exit_code}"
        )
        for why, call in {
            "exists": lambda: atlas.write(catalog.layer("ports"), whole),
            "CREATE EXTENSION postgis": lambda: atlas.write(catalog.layer("ports"), address.replace("/gis?", "/bare?")),
            "does not exist": lambda: atlas.write(catalog.layer("ports"), address.replace("/gis?", "/none?")),
            "no name of a schema": lambda: atlas.write(catalog.layer("ports"), f"{address}&schema=a%22;drop"),
            "choose a table": lambda: read_postgis(whole, "nothing", folder / "no.gpkg"),
        }.items():
            try:
                call()
                tell(False, f"refused: {why}")
            except (ExportError, ImportDataError) as reason:
                tell(why in str(reason), f"refused: {str(reason)[:150]}")
        atlas.write(catalog.layer("ports"), whole, overwrite=True)
        with psycopg.connect(address) as base:
            (count,) = base.execute("SELECT count(*) FROM atlas.ports").fetchone()
        tell(count == len(layers["ports"]), "overwrite replaces a table whole")
    return int(bool(WRONG))


if __name__ == "__main__":
    sys.exit(main())
