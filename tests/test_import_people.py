"""A population of one's own: nobody is lost, nobody is moved out of his cell, and what is wrong is refused."""

from __future__ import annotations

import builtins
import csv
import json
import random
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from click.testing import CliRunner
from import_files import draw_town
from rasterio.transform import from_origin
from small_atlas import draw_atlas

from atlas.base import geodesy
from atlas.base.errors import AtlasError, ImportDataError
from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.imports.osm.layers import osm_layers
from atlas.imports.people import CELL_DEGREES, People, people_text, read_people
from atlas.imports.run import Destination, take_in
from atlas.imports.vector import Origin

ORIGIN = Origin("2026-05-01")
REGION = open_catalog().region


def raster(
    path: Path,
    values: Any,
    *,
    crs: Any = 4326,
    west: float = 113.0,
    north: float = 22.6,
    size: float = 0.001,
    **more: Any,
) -> Path:
    data = np.asarray(values, dtype="float32")
    shape = {"height": data.shape[0], "width": data.shape[1], "count": 1, "dtype": "float32", "driver": "GTiff"}
    with rasterio.open(path, "w", crs=crs, transform=from_origin(west, north, size, size), **shape, **more) as file:
        file.write(data, 1)
    return path


def read(path: Path, **how: Any) -> People:
    return read_people(path, ORIGIN, **{"year": 2020, "region": REGION, **how})


def test_pixels_are_summed_and_nobody_is_lost(tmp_path: Path) -> None:
    values = np.arange(10_000).reshape(100, 100) % 7
    people = read(raster(tmp_path / "p.tif", values))
    assert people.total == values.sum()
    assert len(people.frame) < 1000


def test_a_cell_stands_among_its_pixels(tmp_path: Path) -> None:
    values = np.zeros((100, 100))
    values[10, 20] = 5
    frame = read(raster(tmp_path / "p.tif", values)).frame
    assert len(frame) == 1
    assert (frame["lon"][0], frame["lat"][0]) == pytest.approx((113.0205, 22.5895), abs=1e-6)
    assert CELL_DEGREES * 111.2 < 0.5


def test_no_data_is_nobody_and_negative_residents_are_refused(tmp_path: Path) -> None:
    values = np.full((10, 10), -9999.0)
    values[0, 0] = 3
    assert read(raster(tmp_path / "a.tif", values, nodata=-9999)).total == 3
    with pytest.raises(ImportDataError, match="negative"):
        read(raster(tmp_path / "b.tif", values))
    values[5, 5] = np.nan
    assert read(raster(tmp_path / "c.tif", values, nodata=-9999)).total == 3


def test_a_raster_in_metres_comes_to_the_same_place(tmp_path: Path) -> None:
    x, y = geodesy.transformer(4326, 4526).transform(113.05, 22.55)
    values = np.zeros((100, 100))
    values[50, 50] = 9
    frame = read(raster(tmp_path / "p.tif", values, crs=4526, west=x - 5050, north=y + 5050, size=100)).frame
    assert geodesy.distance_km(frame["lon"][0], frame["lat"][0], 113.05, 22.55) < 0.001


def test_density_is_multiplied_by_the_geodesic_area_of_the_pixel(tmp_path: Path) -> None:
    people = read(raster(tmp_path / "p.tif", [[1000.0]], size=0.01), density=True)
    box = shapely.box(113.0, 22.59, 113.01, 22.6)
    area_km2 = abs(geodesy.GEOD.geometry_area_perimeter(box)[0]) / 1e6
    assert people.total == pytest.approx(1000 * area_km2, rel=1e-4)


def test_those_outside_the_region_are_counted_and_left_out(tmp_path: Path) -> None:
    people = read(raster(tmp_path / "p.tif", [[7.0, 5.0]], west=114.78, size=0.02))
    assert people.total == 7
    assert "residents outside the region, left out: 5" in people.notes


def points(path: Path, numbers: list[Any]) -> Path:
    shapes = [shapely.Point(113 + i / 10, 22.5) for i in range(len(numbers))]
    gpd.GeoDataFrame({"POP": numbers}, geometry=shapes, crs=4326).to_file(path, driver="GPKG")
    return path


def test_points_keep_their_places_and_numbers(tmp_path: Path) -> None:
    frame = read(points(tmp_path / "p.gpkg", [5, 0, 7]), column="POP").frame
    assert frame[["lon", "lat", "people"]].to_numpy().tolist() == [[113.0, 22.5, 5.0], [113.2, 22.5, 7.0]]


def test_features_without_a_number_are_counted_and_left_out(tmp_path: Path) -> None:
    people = read(points(tmp_path / "p.gpkg", ["5", "many", None]), column="POP")
    assert people.total == 5
    assert "features that are no points or have no number, left out: 2" in people.notes


def test_a_table_with_lon_and_lat_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("经度,纬度,人口\n113.0,22.5,12\n", "utf-8")
    assert read(tmp_path / "p.csv", column="人口", crs="4326").total == 12


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"column": "people"}, "name the field that holds the residents with --column; it has POP"),
        ({"column": "POP", "year": 20}, "give the year"),
        ({"column": "POP", "crs": "4547"}, "nobody lives|cannot|no number"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, how: dict[str, Any], message: str) -> None:
    with pytest.raises(ImportDataError, match=message):
        read(points(tmp_path / "p.gpkg", [5]), **how)


def test_a_missing_band_or_system_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportDataError, match="no band 2"):
        read(raster(tmp_path / "a.tif", [[1.0]]), band=2)
    with pytest.raises(ImportDataError, match="pass --crs"):
        read(raster(tmp_path / "b.tif", [[1.0]], crs=None))
    assert read(tmp_path / "b.tif", crs="4326").total == 1
    with pytest.raises(ImportDataError):
        read(tmp_path / "b.tif", crs="nonsense")


def test_without_rasterio_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = raster(tmp_path / "p.tif", [[1.0]])
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("rasterio"):
            raise ModuleNotFoundError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportDataError, match=r"zhuxi-atlas\[raster\]"):
        read(path)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_raster_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(
        raster(tmp_path / "p.tif", np.ones((50, 50)), compress="deflate" if seed % 2 else None).read_bytes()
    )
    if seed % 3 == 0:
        data = data[: len(data) * seed // 60]
    for _ in range(chance.choice([1, 5]) if data else 0):
        data[chance.randrange(len(data))] = chance.randrange(256)
    (tmp_path / "p.tif").write_bytes(bytes(data))
    try:
        people = read(tmp_path / "p.tif")
    except AtlasError as reason:
        message = str(reason)
    else:
        message = ""
        assert people.total > 0
    assert not message or "p.tif" in message


def test_a_file_that_only_names_a_web_service_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.tif").write_text('<GDAL_WMS><Service name="WMS"></Service></GDAL_WMS>', "utf-8")
    with pytest.raises(ImportDataError, match="only names other sources"):
        read(tmp_path / "p.tif")


def test_it_is_kept_in_the_atlas_with_its_source_and_can_be_restored(tmp_path: Path) -> None:
    found = osm_layers(draw_town(tmp_path / "town.osm.pbf"), open_catalog().specs)
    root = tmp_path / "own"
    take_in(found.layers, [found.source], open_catalog(), Destination(out=root))
    kept = root / "data" / "own" / "population.csv"
    texts = []
    for number in (5, 6):
        path = points(tmp_path / f"p{number}.gpkg", [number])
        words = ["import", "population", str(path), "--column", "POP", "--year", "2020", "--into", str(root)]
        assert CliRunner().invoke(cli, words, prog_name="atlas").exit_code == 0
        texts.append(kept.read_text("utf-8"))
    (row,) = csv.DictReader(texts[1].splitlines())
    assert (row["lon"], row["lat"], row["people"], row["year"]) == ("113.000000", "22.500000", "6.000", "2020")
    assert row["source"] in open_catalog(root).sources
    assert CliRunner().invoke(cli, ["restore", "population", "--root", str(root)], prog_name="atlas").exit_code == 0
    assert kept.read_text("utf-8") == texts[0]


def test_the_same_file_gives_the_same_text(tmp_path: Path) -> None:
    path = raster(tmp_path / "p.tif", np.ones((30, 30)))
    assert people_text(read(path)) == people_text(read(path))


def test_coverage_counts_the_imported_people(tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "mine")
    seat = open_catalog(root).layer("places").frame.set_index("name_zh").loc["中山市", "geometry"]
    shape = gpd.GeoSeries([shapely.Point(seat.x, seat.y)], crs=4326)
    gpd.GeoDataFrame({"POP": [4321]}, geometry=shape).to_file(tmp_path / "p.gpkg", driver="GPKG")
    words = ["import", "population", str(tmp_path / "p.gpkg"), "--column", "POP", "--year", "2020", "--into", str(root)]
    assert CliRunner().invoke(cli, words, prog_name="atlas").exit_code == 0
    answer = CliRunner().invoke(
        cli, ["coverage", "中山", "--within", "60", "--format", "json", "--root", str(root)], prog_name="atlas"
    )
    assert answer.exit_code == 0, answer.output
    assert max(row["people"] for row in json.loads(answer.stdout)["coverage"]) == pytest.approx(4321)
