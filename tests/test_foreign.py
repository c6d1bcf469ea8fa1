"""Foreign files are read by a child with limits: whatever they do to it, the parent says which file, in one line."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import struct
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from shapely.geometry import Point

from atlas.base import foreign
from atlas.base.errors import ImportDataError, MapError
from atlas.base.files import plainly_named, replacing
from atlas.base.foreign import apart, limits_of, only_drivers
from atlas.imports.archives import check_file, check_zip
from atlas.imports.frames import read_frame
from atlas.imports.osm.read import read_extract
from atlas.imports.people import read_people
from atlas.imports.vector import Origin
from atlas.maps.tiles import read_tiles

#: Names that libraries take for archives, addresses and options.
NAMES = [
    "a!b",
    "a#b",
    "a?b=c",
    "a%25b",
    "a b",
    "a'b\"c",
    "珠海",
    "a;b",
    "a&b",
    "a\nb",
    "-o",
    "a,b",
    "[a]",
    "http:a",
    "GPKG:a",
]
VRT = b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/e</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


def ports(path: Path) -> Path:
    frame = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[Point(113.5, 22.2), Point(113.6, 22.3)], crs=4326)
    with replacing(path) as draft:
        pyogrio.write_dataframe(frame, draft, layer="ports")
    return path


def packed(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return path


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_child_that_falls_is_told_with_its_file(tmp_path: Path, number: int) -> None:
    with pytest.raises(ImportDataError, match=rf"f\.osm cannot be read: it is damaged.*{signal.Signals(number).name}"):
        apart(lambda: os.kill(os.getpid(), number), tmp_path / "f.osm", ImportDataError)


def test_a_child_that_hangs_or_swells_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "BASE_S", 0.3)
    monkeypatch.setattr(foreign, "BASE_MB", 200)
    with pytest.raises(MapError, match="takes more than"):
        apart(lambda: time.sleep(60), tmp_path, MapError, size_bytes=0)
    with pytest.raises(MapError, match="more than 200 MB"):
        apart(lambda: bytearray(10**9), tmp_path, MapError, size_bytes=0)


def test_what_the_child_raises_on_purpose_comes_back_as_it_is(tmp_path: Path) -> None:
    def fails() -> None:
        raise MapError("on purpose")

    with pytest.raises(MapError, match=r"^on purpose$"):
        apart(fails, tmp_path, ImportDataError)


def test_the_limits_grow_with_the_file_and_end() -> None:
    assert limits_of(0) == (1500, 15.0)
    assert limits_of(10**12)[0] == 16_000


def test_a_child_knows_the_named_formats_alone(tmp_path: Path) -> None:
    def known() -> list[str]:
        only_drivers()
        return sorted(pyogrio.list_drivers(read=True))

    assert set(apart(known, tmp_path, ImportDataError)) <= {*foreign.VECTOR_DRIVERS, "MEM"}
    assert "WFS" in pyogrio.list_drivers()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".geojson"])
def test_a_name_is_a_name_when_written_and_when_read(tmp_path: Path, name: str, ending: str) -> None:
    beside = tmp_path / "b"
    beside.write_bytes(b"precious")
    path = ports(tmp_path / f"{name}{ending}")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["b", path.name])
    assert sorted(read_frame(path, None, None, [])["id"]) == ["a", "b"]
    assert beside.read_bytes() == b"precious"


def test_a_name_that_is_no_text_is_a_name_too(tmp_path: Path) -> None:
    path = ports(tmp_path / os.fsdecode(b"\xd6\xe9\xba\xa3.gpkg"))
    assert len(read_frame(path, None, None, [])) == 2


def test_the_parts_of_a_shapefile_are_found_whatever_its_name(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(113.5, 22.2)], crs=4326)
    pyogrio.write_dataframe(frame, tmp_path / "plain.shp")
    for one in list(tmp_path.iterdir()):
        one.rename(tmp_path / one.name.replace("plain", "a!b"))
    assert list(read_frame(tmp_path / "a!b.shp", None, None, [])["id"]) == ["a"]


def test_a_folder_named_like_an_address_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "x!y#z"
    path = ports(folder / "p.gpkg")
    with plainly_named(path) as plain:
        assert "!" not in str(plain)
    assert len(read_frame(path, None, None, [])) == 2


@pytest.mark.parametrize("name", ["x.vrt", "x.geojson", "x.csv", "inner.zip", "x.kml"])
def test_a_member_that_names_other_files_or_packs_others_is_refused(tmp_path: Path, name: str) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a", b"a")
    content = inner.getvalue() if name == "inner.zip" else VRT
    with pytest.raises(ImportDataError, match=r"names other|archive in an archive"):
        check_zip(packed(tmp_path / "a.zip", **{name: content}))


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", a__csv=b"lon,lat\n" * 100, b__csv=b"lon,lat\n" * 100)
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(bytes(data))
    with pytest.raises(ImportDataError):
        check_zip(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_xml_are_refused(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.kml"
    path.write_bytes('<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "aaaa">]><kml>&a;</kml>'.encode(encoding))
    with pytest.raises(ImportDataError, match="entities of XML"):
        check_file(path)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
        "CREATE VIRTUAL TABLE v USING fts5(a)",
    ],
)
def test_a_table_that_is_a_program_is_refused(tmp_path: Path, sql: str) -> None:
    path = ports(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as base:
        base.execute(sql)
    base.close()
    with pytest.raises(ImportDataError, match="is a program, not a table"):
        read_frame(path, None, None, [])


def test_a_raster_a_few_bytes_long_and_gigabytes_wide_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.tif"
    tags = [(256, 4, 1, 2**31 - 1), (257, 4, 1, 2**31 - 1), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
            (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 2**31 - 1), (279, 4, 1, 4)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + b"\0" * 4)
    with pytest.raises(ImportDataError, match=r"wide\.tif"):
        read_people(path, Origin("2020-01-01"), year=2020, crs="4326")


def test_an_extract_with_a_node_past_all_numbers_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "far.osm"
    nodes = "".join(f'<node id="{n}" version="1" lat="22.5" lon="113.{n}"/>' for n in (1, 2))
    path.write_text(
        f'<osm version="0.6">{nodes}<way id="5" version="1"><nd ref="1"/><nd ref="2"/><nd ref="{2**53 + 1}"/>'
        '<tag k="highway" v="motorway"/></way></osm>',
        "utf-8",
    )
    # The reader's process may take 1.5 GB; a bit a number up to this one would be 1 PB.
    extract = read_extract(path)
    assert (len(extract.roads), extract.positions.number.tolist()) == (1, [1, 2])


def test_what_is_no_archive_of_tiles_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pmtiles")
    for path in (tmp_path, tmp_path / "none.pmtiles", tmp_path / "pipe.pmtiles"):
        with pytest.raises(MapError, match="cannot be read"):
            read_tiles(path, (113.0, 22.0, 114.0, 23.0))
