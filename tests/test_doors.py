"""What comes in by a door is bounded, decoded and typed, or refused in one line that names file and place."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from atlas.base.doors import Door
from atlas.base.errors import AtlasError, LayerError, PlanError, ScenarioError
from atlas.base.tables import is_iso_date, listed, parse_table, read_table
from atlas.data.declaration import read_spec
from atlas.data.scenario import load_scenario

HEAD = "id,名称,min\n"
ROWS = HEAD + "a,珠海,12.5\nb,中山,7\n"


def written(folder: Path, content: bytes | str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_a_table_reads_the_same_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    table = read_table(written(tmp_path, ROWS.encode(encoding)), ["id", "名称", "min"])
    assert [(row["名称"], row.number("min"), row.line) for row in table] == [("珠海", 12.5, 2), ("中山", 7.0, 3)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (ROWS.encode("utf-8").replace(b"\xe4\xb8\xad", b"\xe4\xb8"), "line 3"),
        (ROWS.replace("珠", "\0"), "null byte"),
        (ROWS.encode("utf-16-le"), "null byte"),
        (HEAD + "a,珠海\n", "line 2: 2 cells under 3"),
        (HEAD + "a,珠海,1,2\n", "line 2: 4 cells under 3"),
        (HEAD + 'a,"珠海,1\n', "quote"),
        (HEAD + "a," + "长" * 200_000 + ",1\n", "field larger than field limit"),
        ("id,id,名称,min\n", "stands twice"),
        ("id,名称,mim\n", "lacks the columns min; did you mean mim"),
    ],
)
def test_a_table_that_is_no_table_is_refused_with_its_place(tmp_path: Path, content: bytes | str, words: str) -> None:
    with pytest.raises(PlanError, match=words) as told:
        read_table(written(tmp_path, content), ["id", "名称", "min"], error=PlanError)
    assert "t.csv" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("cell", ["nan", "inf", "1e999", "9" * 5000, "1_000", "１２", "0x10", "", "12 min"])
def test_a_cell_that_is_no_number_is_refused_with_its_line(tmp_path: Path, cell: str) -> None:
    (row,) = read_table(written(tmp_path, f"{HEAD}a,珠海,{cell}\n"), ["min"])
    with pytest.raises(LayerError, match=r"t\.csv line 2: min is"):
        row.number("min")


def test_numbers_outside_their_range_are_refused(tmp_path: Path) -> None:
    (row,) = read_table(written(tmp_path, f"{HEAD}a,珠海,-5\n"), ["min"])
    with pytest.raises(LayerError, match="outside 0 to 300"):
        row.number("min", low=0, high=300)
    assert row.whole("min") == -5


def test_a_row_knows_the_line_it_begins_on(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, HEAD + 'a,"珠\n海",1\n\nb,中山,x\n'), ["min"])
    assert [row.line for row in table] == [2, 5]


def test_dates_and_lists_have_one_reading() -> None:
    assert [is_iso_date(text) for text in ("2024", "2024-06", "2024-02-29", "2023-02-29", "２０２４", "2024-6")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert listed(" a;;b ;") == ("a", "b")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "missing"])
def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "t.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    with pytest.raises(LayerError, match="cannot be read"):
        Door(path, LayerError).content()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": %s}' % ("9" * 5000), "past 64 bits"),
        ('{"a":\n100000000000000000000}', "line 2 .*past 64 bits"),
        ('{"a": 0.%s}' % ("1" * 5000), "5002 signs"),
        ("[" * 100_000, "nested too deep"),
        (r'{"a": "\ud800"}', "lone surrogate"),
        (r'{"a\u0000": 1}', "null byte"),
        ('{"a": 1', "line 1"),
    ],
)
def test_json_that_would_break_a_reader_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LayerError, match=words):
        Door(written(tmp_path, text), LayerError).json()


def test_pairs_of_surrogates_are_one_sign_and_pass(tmp_path: Path) -> None:
    assert Door(written(tmp_path, json.dumps("𠮷", ensure_ascii=True)), LayerError).json() == "𠮷"


@pytest.mark.parametrize(
    "text",
    ["name = 5", "year = 1e400", "[set]\nwait_min = inf", "set = 3", "with = [1]", "a = " + "9" * 5000,
     "a = " + "[" * 5000, "year = 100000000000000000000", "base = [1]", "year = 2024-13-45"],
)  # fmt: skip
def test_a_scenario_of_wrong_types_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(AtlasError):
        load_scenario(written(tmp_path, text, "s.toml"))


def test_a_scenario_is_read_by_its_path_whatever_the_path_holds(tmp_path: Path) -> None:
    folder = tmp_path / "year=2030"
    folder.mkdir()
    plain = written(folder, 'base = "2030"\n', "s.toml")
    marked = written(folder, b"\xef\xbb\xbf" + b'base = "2030"\n', "bom.toml")
    assert load_scenario(plain).year == load_scenario(marked).year == 2030


def test_a_scenario_may_come_through_a_pipe() -> None:
    read, write = os.pipe()
    os.write(write, b'base = "2030"\n')
    os.close(write)
    try:
        assert load_scenario(f"/dev/fd/{read}").year == 2030
    finally:
        os.close(read)


def test_a_year_of_five_thousand_digits_is_no_scenario() -> None:
    with pytest.raises(ScenarioError):
        load_scenario("9" * 5000)


@pytest.mark.parametrize(
    "change",
    [
        ("title_zh = ", "title_zh = 5 #"),
        ("order = ", "order = 'x' #"),
        ("kinds = ", "kinds = 5 #"),
        ("key = ", "key = [] #"),
    ],
)
def test_a_declaration_of_wrong_types_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    text = (Path(__file__).parent.parent / "layers" / "ports.toml").read_text("utf-8")
    lines = [line.replace(*change) if line.startswith(change[0]) else line for line in text.split("\n")]
    start = text.partition("[[columns]]")[0]
    assert change[0] in start
    with pytest.raises(LayerError, match="wrong type"):
        read_spec(written(tmp_path, "\n".join(lines), "ports.toml"))


def test_a_table_refuses_a_huge_cell_whatever_limit_the_process_has_set() -> None:
    before = csv.field_size_limit(10**9)
    try:
        with pytest.raises(PlanError, match="line 2: field larger than field limit"):
            parse_table("id,name\na," + "x" * 200_000 + "\n", ["id", "name"], where="t.csv", error=PlanError)
    finally:
        csv.field_size_limit(before)
