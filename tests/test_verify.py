"""`atlas verify` tells a changed file from an unchanged one, whatever it is called, and touches nothing."""

from __future__ import annotations

import os
import sqlite3
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from atlas.base.errors import ExportError
from atlas.base.seals import UNSEALED, intact, sealed
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.stamp import find_stamps, read_marks
from atlas.exports.write import write

MARK = "0123456789ab-0123456789ab"
WRITTEN = ("p.gpkg", "p.geojson", "p.csv", "p.shp.zip", "p.gdb.zip", "p.kml", "p.fgb", "p.tab.zip", "p.shp")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("name", WRITTEN)
def test_one_changed_byte_of_an_export_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert run("export", "ports", "-o", str(path)).exit_code == 0
    assert run("verify", str(path)).exit_code == 0
    before = path.read_bytes()
    at = before.find(b"\xe6\xb8\xaf") if name.endswith((".csv", ".kml", ".geojson")) else len(before) // 2
    path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
    assert run("verify", str(path)).exit_code in (1, 2)


@pytest.mark.parametrize("ending", [".shp", ".gdb"])
def test_a_name_of_bytes_that_are_no_text_is_written_and_verified(tmp_path: Path, ending: str) -> None:
    path = tmp_path / os.fsdecode(b"p\xff\xd6" + ending.encode())
    assert run("export", "ports", "-o", str(path)).exit_code == 0
    assert path.exists()
    assert run("verify", str(path)).exit_code == 0


def test_a_part_changed_lost_or_added_is_told_of_the_whole_set(tmp_path: Path) -> None:
    layers = open_catalog().layers("ports", "airports")
    for name in ("p.gdb", "q.shp"):
        write(layers, tmp_path / name)
    names = ("p.gdb", "q-ports.shp", "q-airports.dbf")
    assert [read_marks(tmp_path / name).intact for name in names] == [True] * 3
    (tmp_path / "p.gdb" / "more").touch()
    (tmp_path / "q-airports.shx").unlink()
    assert [read_marks(tmp_path / name).intact for name in names] == [False] * 3


def test_a_geodatabase_takes_the_place_of_none_but_a_geodatabase(tmp_path: Path) -> None:
    (tmp_path / "mine.gdb").mkdir()
    (tmp_path / "mine.gdb" / "letter.txt").write_text("precious")
    os.mkfifo(tmp_path / "pipe.gdb")
    for name in ("mine.gdb", "pipe.gdb"):
        told = run("export", "ports", "-o", str(tmp_path / name), "--overwrite")
        assert told.exit_code == 2
        assert "no geodatabase" in told.stderr
    assert (tmp_path / "mine.gdb" / "letter.txt").read_text() == "precious"


@pytest.mark.parametrize("name", ["a.json", "a.csv"])
def test_one_changed_sign_of_an_answer_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert run("reach", "珠海", "--within", "20", "-o", str(path)).exit_code == 0
    assert run("verify", str(path)).exit_code == 0
    path.write_text(path.read_text("utf-8").replace("拱北", "拱南"), "utf-8")
    told = run("verify", str(path))
    assert told.exit_code == 1
    assert "CHANGED" in told.stderr


@pytest.mark.parametrize("name", ["a#b", "a?b", "50%25", "a!b", "a b", "珠海", "a;b", "-a", "a\nb"])
def test_every_name_is_read_and_nothing_is_made(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.gpkg"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE gpkg_metadata (text)")
        base.execute("INSERT INTO gpkg_metadata VALUES (?)", [f"atlas-hash: {MARK}"])
    base.close()
    before = path.read_bytes()
    assert find_stamps(path) == (MARK,)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_the_name_of_a_table_is_no_sql(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    with sqlite3.connect(path) as base:
        base.execute('CREATE TABLE "metadata"" UNION SELECT \'atlas-hash: 999999999999-999999999999\' --" (text)')
        base.execute("CREATE TABLE gpkg_metadata (text)")
        base.execute("INSERT INTO gpkg_metadata VALUES (?)", [f"atlas-hash: {MARK}"])
    base.close()
    assert find_stamps(path) == (MARK,)


def test_an_archive_that_swells_is_read_no_further_than_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", f"atlas-hash: {MARK}")
        for number in range(12):
            archive.writestr(f"{number}.txt", bytes(50_000_000))
    assert read_marks(path).stamps == (MARK,)


def test_a_page_and_a_table_carry_their_seal() -> None:
    page = sealed(f'<meta name="atlas-seal" content="{UNSEALED}"><p>文字</p>'.encode())
    table = sealed(f"id,seal\na,{UNSEALED}\nb,{UNSEALED}\n".encode())
    for data in (page, table):
        assert intact(data) is True
        assert UNSEALED.encode() not in data
        assert intact(data.replace(b"a", b"c", 1)) is not True
    assert intact(b"nothing") is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"SQLite format 3\0", b"\xff" * 100])
def test_what_is_no_output_of_atlas_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(ExportError):
        find_stamps(path)
