"""Damaged and hostile files: no crash, no half-written layer, and a message that names the file.

Each case is one damaged file taken through the whole import into an atlas. It either fails with an error of
the atlas, and then not a byte of the atlas has changed, or leaves layers that read back and pass the validator.
"""

from __future__ import annotations

import random
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import pytest
import shapely
from click.testing import CliRunner
from import_files import draw_pbf, draw_town, road_frame

from atlas.base.errors import AtlasError, ImportDataError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.imports import archives
from atlas.imports.archives import check_file, check_zip
from atlas.imports.osm.layers import osm_layers
from atlas.imports.run import Destination, take_in
from atlas.imports.vector import Origin, read_vector

HOME = open_catalog()
ORIGIN = Origin("2026-01-01")
VALUES = {"kind": "arterial", "position_error_m": "5"}
CUTS, FLIPS = 25, 60


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Sound files by name; what is damaged below."""
    folder = tmp_path_factory.mktemp("sound")
    town = draw_town(folder / "packed.osm.pbf")
    for name, form in (("plain.osm.pbf", "pbf,pbf_compression=none"), ("text.osm", "osm")):
        writer = osmium.SimpleWriter(osmium.io.File(str(folder / name), form))
        for thing in osmium.FileProcessor(str(town)):
            writer.add(thing)
        writer.close()
    for name, driver in (("r.gpkg", "GPKG"), ("r.geojson", "GeoJSON"), ("r.fgb", "FlatGeobuf"), ("r.kml", "KML")):
        road_frame().to_file(folder / name, driver=driver)
    road_frame().to_file(folder / "r.shp", encoding="gbk")
    with zipfile.ZipFile(folder / "r.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("r.*")):
            if part.suffix in {".shp", ".shx", ".dbf", ".prj", ".cpg"}:
                archive.write(part, part.name)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small atlas to import into."""
    folder = tmp_path_factory.mktemp("own")
    found = osm_layers(draw_town(folder / "town.osm.pbf"), HOME.specs)
    take_in(found.layers, [found.source], HOME, Destination(out=folder / "atlas"))
    return folder / "atlas"


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def put_back(root: Path, before: dict[Path, bytes]) -> None:
    for path in contents(root):
        if path not in before:
            path.unlink()
    for path, data in before.items():
        path.write_bytes(data)


def bring_in(path: Path, root: Path) -> None:
    """Import `path` into `root` as what its ending says."""
    if ".osm" in path.name:
        found = osm_layers(path, HOME.specs)
        layers, source, refused = found.layers, found.source, found.refused
    else:
        name = {"name_zh": "Name" if path.suffix == ".kml" else "ROADNAME"}
        vector = read_vector(path, HOME.specs["highways"], ORIGIN, fields=name, values=VALUES)
        layers, source, refused = {"highways": vector.layer}, vector.source, vector.refused
    take_in(layers, [source], open_catalog(root), Destination(into=root), refused=refused)


def survives(path: Path, root: Path) -> bool:
    """Whether the import went through; either way the atlas is whole."""
    before = contents(root)
    try:
        bring_in(path, root)
    except AtlasError as reason:
        message = str(reason)
    else:
        message = ""
    if message:
        assert contents(root) == before
        return False
    catalog = open_catalog(root)
    assert catalog.check("highways", "interchanges") == []
    assert not list(root.rglob(".*"))
    put_back(root, before)
    return True


FILES = (
    "packed.osm.pbf", "plain.osm.pbf", "text.osm", "r.gpkg", "r.geojson", "r.fgb", "r.kml", "r.zip",
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_the_sound_file_goes_in(name: str, originals: dict[str, bytes], own: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(originals[name])
    assert survives(tmp_path / name, own)


@pytest.mark.parametrize("cut", range(CUTS))
@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_goes_in_whole_or_not_at_all(
    name: str, cut: int, originals: dict[str, bytes], own: Path, tmp_path: Path
) -> None:
    data = originals[name]
    (tmp_path / name).write_bytes(data[: len(data) * cut // CUTS])
    went_in = survives(tmp_path / name, own)
    assert cut or not went_in, "nothing at all was taken for a layer"


@pytest.mark.parametrize("seed", range(FLIPS))
@pytest.mark.parametrize("name", FILES)
def test_a_file_with_wrong_bytes_goes_in_whole_or_not_at_all(
    name: str, seed: int, originals: dict[str, bytes], own: Path, tmp_path: Path
) -> None:
    chance = random.Random(f"{name} {seed}")
    data = bytearray(originals[name])
    for _ in range(chance.choice([1, 3, 20])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    (tmp_path / name).write_bytes(bytes(data))
    survives(tmp_path / name, own)
    assert (tmp_path / name).read_bytes() == bytes(data), "what is imported is not changed"


NONSENSE = {
    "empty": b"",
    "zeros": b"\0" * 5000,
    "text": "珠海".encode() * 500,
    "page": b"<!DOCTYPE html><html><body>404</body></html>",
    "gzip": b"\x1f\x8b\x08\x00" + b"\0" * 200,
    "picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
    "nested": b"[" * 100_000,
    "entities": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><osm version="0.6"><node id="1" lat="&c;" lon="1"/></osm>',
    "vrt": b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://localhost/x</SrcDataSource>'
    b"</OGRVRTLayer></OGRVRTDataSource>",
}


@pytest.mark.parametrize("name", ["a.osm.pbf", "a.osm", "a.gpkg", "a.geojson", "a.shp", "a.zip", "a.csv", "a.kml"])
@pytest.mark.parametrize("what", NONSENSE)
def test_what_is_no_such_file_is_refused(what: str, name: str, own: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(NONSENSE[what])
    assert not survives(tmp_path / name, own)


def _entry(name: str, *, mode: int = 0, flags: int = 0) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    entry.flag_bits |= flags
    return entry


def _packed(path: Path, *entries: tuple[zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in entries:
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


TRICKS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "up": (lambda p: _packed(p, (_entry("../../evil.shp"), b"x")), "leaves the archive"),
    "deep up": (lambda p: _packed(p, (_entry("a/b/../../../evil"), b"x")), "leaves the archive"),
    "root": (lambda p: _packed(p, (_entry("/etc/passwd"), b"x")), "leaves the archive"),
    "drive": (lambda p: _packed(p, (_entry("C:/evil"), b"x")), "leaves the archive"),
    "backslash": (lambda p: _packed(p, (_entry("..\\evil"), b"x")), "leaves the archive"),
    "link": (lambda p: _packed(p, (_entry("a.shp", mode=stat.S_IFLNK | 0o777), b"/etc/passwd")), "is a link"),
    "bomb": (lambda p: _packed(p, (_entry("a.shp"), b"\0" * 60_000_000)), "zip bomb"),
    "many": (lambda p: _packed(p, *((_entry(f"{i}.txt"), b"") for i in range(2500))), "2500 members"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_an_archive_that_bites_is_refused_before_it_is_opened(trick: str, own: Path, tmp_path: Path) -> None:
    make, message = TRICKS[trick]
    make(tmp_path / "r.zip")
    with pytest.raises(ImportDataError, match=message):
        check_zip(tmp_path / "r.zip")
    assert not survives(tmp_path / "r.zip", own)
    assert not list(tmp_path.parent.glob("evil*"))


def test_encrypted_and_doubled_members_are_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        _packed(tmp_path / "a.zip", (_entry("a.shp"), b"x"), (_entry("a.shp"), b"y"))
    with pytest.raises(ImportDataError, match="stands twice"):
        check_zip(tmp_path / "a.zip")
    data = bytearray(_packed(tmp_path / "b.zip", (_entry("a.shp"), b"x")).read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    (tmp_path / "b.zip").write_bytes(bytes(data))
    with pytest.raises(ImportDataError, match="encrypted"):
        check_zip(tmp_path / "b.zip")


def test_what_would_unpack_to_more_than_the_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    entries = [(_entry(f"{i}.bin"), chance.randbytes(400_000)) for i in range(4)]
    path = _packed(tmp_path / "a.zip", *entries)
    assert len(check_zip(path)) == 4
    monkeypatch.setattr(archives, "LARGEST_TOTAL_MB", 1)
    with pytest.raises(ImportDataError, match="more than 1 MB; split it"):
        check_zip(path)
    monkeypatch.setattr(archives, "LARGEST_MEMBER_MB", 0.3)
    with pytest.raises(ImportDataError, match=r"would unpack to 0 MB, more than 0\.3 MB"):
        check_zip(path)


@pytest.mark.parametrize(
    "name", ["/vsicurl/http://localhost/a.geojson", "http://localhost/a.geojson", "/vsizip/a.zip", "a\0b", "/dev/null"]
)
def test_only_files_of_this_machine_are_read(name: str) -> None:
    with pytest.raises(ImportDataError):
        check_file(name)


LINE = shapely.LineString([(113.0, 22.5), (113.1, 22.5)])
ODD_TEXTS = {
    "control": "路\x00\x1b[31m", "formula": '=HYPERLINK("http://x")', "long": "路" * 100_000,
    "right to left": "\u202eabc",
    "half a pair": "a\ud83d".encode("utf-8", "replace").decode(), "lines": "甲\n乙\r\n", "spaces": "   ", "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("what", ODD_TEXTS)
def test_odd_texts_are_cleaned_or_kept_as_text(what: str, own: Path, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"ROADNAME": [ODD_TEXTS[what]]}, geometry=[LINE], crs=4326)
    frame.to_file(tmp_path / "r.geojson", driver="GeoJSON")
    assert survives(tmp_path / "r.geojson", own)


@pytest.mark.parametrize(
    "shape",
    [
        '{"type":"Point","coordinates":[113,22]}',
        '{"type":"LineString","coordinates":[[113,22.5]]}',
        '{"type":"LineString","coordinates":[]}',
        '{"type":"LineString","coordinates":[[1e308,22.5],[113,22.5]]}',
        '{"type":"LineString","coordinates":[[113,95],[113,96]]}',
        '{"type":"LineString","coordinates":[[113,22.5],[113,22.5]]}',
        '{"type":"LineString","coordinates":[["a",22.5],[113,22.5]]}',
        '{"type":"GeometryCollection","geometries":[]}',
        '{"type":"Circle","coordinates":[113,22.5]}',
        '{"type":"MultiPolygon","coordinates":[[[[113,22],[113,22],[113,22],[113,22]]]]}',
        "null",
    ],
)
def test_an_odd_geometry_is_kept_out_and_the_sound_one_beside_it_goes_in(shape: str, own: Path, tmp_path: Path) -> None:
    sound = '{"type":"LineString","coordinates":[[113,22.5],[113.1,22.5]]}'
    rows = ",".join(
        f'{{"type":"Feature","properties":{{"ROADNAME":"{name}"}},"geometry":{geometry}}}'
        for name, geometry in (("好路", sound), ("怪路", shape))
    )
    (tmp_path / "r.geojson").write_text(f'{{"type":"FeatureCollection","features":[{rows}]}}', "utf-8")
    before = contents(own)
    bring_in(tmp_path / "r.geojson", own)
    assert open_catalog(own).layer("highways").frame["name_zh"].tolist() == ["好路"]
    put_back(own, before)


def _odd_extracts() -> Iterator[tuple[str, dict[int, Any], list[Any]]]:
    road = {"highway": "primary"}
    square = {1: (113.0, 22.5), 2: (113.1, 22.5)}
    yield "no nodes at all", {}, [(10, [1, 2], road)]
    yield "a way of one node many times", {1: (113.0, 22.5)}, [(10, [1] * 50, road)]
    yield "two nodes at one place", {1: (113.0, 22.5), 2: (113.0, 22.5)}, [(10, [1, 2], road)]
    yield "the same way twice", square, [(10, [1, 2], road), (10, [2, 1], road)]
    yield "negative numbers", {-2: (113.0, 22.5), -1: (113.1, 22.5)}, [(-10, [-1, -2], road)]
    yield "ways before nodes known", square, [(10, [2, 1, 3, 4], road)]
    yield "a very long name", square, [(10, [1, 2], {**road, "name": "路" * 80})]
    yield (
        "odd numbers",
        square,
        [(10, [1, 2], {**road, "lanes": "two;three", "maxspeed": "fast", "ref": ";;;", "toll": "?"})],
    )
    yield "odd dates", square, [(10, [1, 2], {**road, "start_date": "~1990s", "opening_date": "soon"})]
    yield "a date before roads", square, [(10, [1, 2], {**road, "start_date": "0200"})]
    yield "control signs", square, [(10, [1, 2], {**road, "name": "a\x07b\x1b[2J"})]
    yield "nothing of use", square, [(10, [1, 2], {"building": "yes"})]
    yield (
        "a spiral",
        {i: (113 + i % 7 / 1000, 22.5 + i % 5 / 1000) for i in range(1, 60)},
        [(10, list(range(1, 60)), road)],
    )


ODD_EXTRACTS = {name: (nodes, ways) for name, nodes, ways in _odd_extracts()}


@pytest.mark.parametrize("what", ODD_EXTRACTS)
def test_an_odd_extract_goes_in_whole_or_not_at_all(what: str, own: Path, tmp_path: Path) -> None:
    nodes, ways = ODD_EXTRACTS[what]
    extract = draw_pbf(tmp_path / "odd.osm.pbf", nodes, ways)
    data = extract.read_bytes()
    survives(extract, own)
    assert extract.read_bytes() == data, "what is imported is not changed"


def test_tags_that_are_not_utf8_cost_the_element_and_not_the_import(
    originals: dict[str, bytes], tmp_path: Path
) -> None:
    name = "环城路".encode()
    data = originals["plain.osm.pbf"].replace(name, b"\xff" * len(name))
    (tmp_path / "plain.osm.pbf").write_bytes(data)
    found = osm_layers(tmp_path / "plain.osm.pbf", HOME.specs)
    assert len(found.layers["highways"]) == 4
    assert any("not UTF-8" in note for note in found.notes)


@pytest.mark.parametrize("name", FILES)
def test_the_command_line_says_one_line_and_ends_with_2(name: str, originals: dict[str, bytes], tmp_path: Path) -> None:
    data = originals[name]
    path = tmp_path / name
    path.write_bytes(data[: len(data) // 3])
    words = ["osm", str(path)] if ".osm" in name else ["layer", str(path), "--as", "highways"]
    result = CliRunner().invoke(cli, ["import", *words, "--dry-run", "-q"], prog_name="atlas")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("atlas: error: ")
    assert result.stderr.count("\n") == 1
    assert name in result.stderr
