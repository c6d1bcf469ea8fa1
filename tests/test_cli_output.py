"""Tables, CSV and JSON of any rows: aligned, safe in a spreadsheet and in a terminal, empty where unknown."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.base.values import plain
from atlas.cli.options import Minutes
from atlas.cli.output import Answer, Column, Sink, emit, table_text

COLUMNS = (Column("name", "name"), Column("min", "min"))


def written(rows: list[dict[str, object]], suffix: str, folder: Path) -> str:
    path = folder / f"out{suffix}"
    emit(Answer(COLUMNS, rows, {"hash": "0" * 12 + "-" + "0" * 12}, "rows"), Sink(output=path))
    return path.read_bytes().decode("utf-8-sig")


def cells(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


def test_chinese_and_latin_names_align() -> None:
    text = table_text(COLUMNS, [{"name": "珠海", "min": 1.0}, {"name": "Zhongshan", "min": 100.0}])
    assert text.splitlines() == [
        "name         min",
        "---------  -----",
        "珠海         1.0",
        "Zhongshan  100.0",
    ]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "M", "Z"]), max_size=9), min_size=1))
def test_the_last_column_begins_at_one_cell_whatever_the_names(names: list[str]) -> None:
    rows = [{"name": name, "min": "|"} for name in names]
    ends = {cells(line) for line in table_text(COLUMNS, rows).splitlines()[2:]}
    assert len(ends) == 1


def test_a_name_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in table_text(COLUMNS, [{"name": "\x1b[31mred\u202e\n", "min": 1}])


def test_a_table_of_nothing_has_its_heading() -> None:
    assert table_text(COLUMNS, []).splitlines()[0] == "name  min"


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-x", "@sum", "\tx", "\rx"])
def test_a_cell_that_looks_like_a_formula_is_text_in_csv(name: str, tmp_path: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(written([{"name": name, "min": -1.5}], ".csv", tmp_path), newline=""))
    assert row["name"] == "'" + name.replace("\r", "\n")
    assert row["min"] == "-1.5"


def test_unknown_is_empty_in_csv_and_null_in_json(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"name": None, "min": np.nan}, {"name": pd.NA, "min": float("inf")}]
    assert [row["min"] for row in csv.DictReader(io.StringIO(written(rows, ".csv", tmp_path)))] == ["", ""]
    answer = json.loads(written(rows, ".json", tmp_path))
    assert answer["rows"] == [{"name": None, "min": None}] * 2


def test_csv_carries_the_hash_in_its_last_column(tmp_path: Path) -> None:
    text = written([{"name": "珠海", "min": 1}], ".csv", tmp_path)
    assert text.splitlines()[0] == "name,min,hash,seal"


def test_numbers_of_numpy_become_plain_ones() -> None:
    given_values = {"a": np.int64(3), "b": np.float64(0.1) * 3, "c": np.bool_(True), "d": {2, 1}}
    assert plain(given_values) == {"a": 3, "b": 0.3, "c": True, "d": [1, 2]}


@given(st.lists(st.integers(1, 10_000), min_size=1))
def test_cutoffs_come_back_once_each_and_in_order(values: list[int]) -> None:
    parsed = Minutes().convert(",".join(map(str, values)), None, None)
    assert parsed == tuple(sorted(set(map(float, values))))
