"""Texts that would run, steer or break something, in every column, through every format."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer
from atlas.exports.families.gtfs import gtfs_files, gtfs_tables
from atlas.exports.tables.bundle import gather
from atlas.exports.write import write

TEXTS = (
    "\n=1+1",
    "＝1",
    "\t@x",
    "\x01\x0b\ufffe\uffff=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "\x1b[31m\x9b2J",
)
#: What no file of text may hold.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x9b\ufffe\uffff]")
RUNS = re.compile(r"[\s\ufeff]*[=+\-@＝＋－＠]")


@pytest.fixture(scope="module")
def hostile() -> Layer:
    """Six ports whose every text is one of :data:`TEXTS`."""
    layer = open_catalog().layer("ports")
    frame = layer.frame.head(len(TEXTS)).copy()
    for column in layer.spec.columns:
        if column.type == "string" and column.name != "id":
            frame[column.name] = list(TEXTS)
    return dataclasses.replace(layer, frame=frame)


@pytest.mark.parametrize("ending", [".csv", ".geojson", ".geojsonl", ".kml", ".dxf"])
def test_no_control_character_stands_in_a_file_of_text(ending: str, hostile: Layer, tmp_path: Path) -> None:
    write(hostile, tmp_path / f"o{ending}")
    text = (tmp_path / f"o{ending}").read_bytes().decode("utf-8")
    assert CONTROL.findall(text) == []


def test_no_cell_is_a_formula(hostile: Layer, tmp_path: Path) -> None:
    write(hostile, tmp_path / "o.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "o.csv").read_text("utf-8-sig"))))
    assert [cell for row in rows for cell in row if RUNS.match(cell) and not re.fullmatch(r"-?[\d.]+", cell)] == []
    write(hostile, tmp_path / "o.xlsx")
    book = openpyxl.load_workbook(tmp_path / "o.xlsx")
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "inlineStr", "n", "b"}


def test_what_is_written_reads_back(hostile: Layer, tmp_path: Path) -> None:
    for ending in (".gpkg", ".fgb", ".geojson"):
        write(hostile, tmp_path / f"o{ending}")
        assert len(gpd.read_file(tmp_path / f"o{ending}")) == len(TEXTS)
    write(hostile, tmp_path / "o.kml")
    assert len(list(ET.parse(tmp_path / "o.kml").iter("{http://www.opengis.net/kml/2.2}Placemark"))) == len(TEXTS)
    write(hostile, tmp_path / "o.dxf")
    assert len(list(ezdxf.readfile(tmp_path / "o.dxf").modelspace())) >= len(TEXTS)


def test_texts_of_a_feed_are_no_formulas_and_its_numbers_stay_numbers(tmp_path: Path) -> None:
    layers = open_catalog().layers("rail_services", "stations")
    stations = layers["stations"]
    names = [TEXTS[row % len(TEXTS)] for row in range(len(stations.frame))]
    south = stations.frame.geometry.translate(0, -60)
    layers["stations"] = dataclasses.replace(stations, frame=stations.frame.assign(name_zh=names, geometry=south))
    bundle = gather(layers)
    assert gtfs_tables(layers["rail_services"].frame, layers["stations"].frame, bundle.hash, bundle.as_of)
    stops = list(csv.DictReader(io.StringIO(gtfs_files(bundle)["stops.txt"].decode("utf-8"), newline="")))
    assert [row["stop_name"] for row in stops if RUNS.match(row["stop_name"])] == []
    assert all(float(row["stop_lat"]) < 0 for row in stops)


def test_rows_of_a_workbook_are_the_bytes_that_openpyxl_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(TEXTS) + 6
    frame = pd.DataFrame(
        {
            "text": [*TEXTS, "", " two  ", "a\nb\tc", "<&>\"'", "珠海\U0001f600", None],
            "number": [1.5, np.nan, 1e-7, np.inf, 1e20, *np.linspace(-3, 1e9, size - 5)],
            "whole": pd.array([*range(size - 1), None], dtype="Int64"),
            "told": [None, True, False, 2, 2.5, *["x"] * (size - 5)],
        }
    )
    for name, table in (("quick", frame), ("dated", frame.assign(day=pd.Timestamp("2026-01-01")))):
        write(table, tmp_path / f"{name}.xlsx", name="t", sources={})
    with monkeypatch.context() as patch:
        patch.setattr("atlas.exports.families.office._rows", lambda letters, rows: None)
        write(frame, tmp_path / "slow.xlsx", name="t", sources={})
    assert (tmp_path / "quick.xlsx").read_bytes() == (tmp_path / "slow.xlsx").read_bytes()
    days = openpyxl.load_workbook(tmp_path / "dated.xlsx")["t"]
    assert {cell.value.year for cell in days["E"][1:]} == {2026}
