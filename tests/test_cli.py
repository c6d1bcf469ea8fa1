"""The command line answers on stdout, talks on stderr, and keeps its exit codes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from import_files import write_examples
from tile_files import archive

from atlas.cli import COMMANDS, ROOMS, cli
from atlas.data.catalog import open_catalog

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("geopandas", "folium", "networkx", "numpy", "pandas", "scipy", "shapely")


def every_command(command: click.Command = cli, path: str = "atlas") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from every_command(child, f"{path} {name}")


ALL = dict(every_command())


def examples(name: str) -> list[str]:
    """The command lines that the help of `name` shows."""
    after = (ALL[name].help or "").partition("Example:")[2]
    return [line.strip() for line in after.splitlines() if line.strip().startswith("atlas ")]


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), prog_name="atlas")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_help_imports_no_heavy_module() -> None:
    """All commands in one process: what one of them loads is there after it."""
    code = (
        "import sys\n"
        "from atlas.cli import cli\n"
        "for name in sys.argv[1:]:\n"
        "    try: cli([*name.split(), '--help'], prog_name='atlas')\n"
        "    except SystemExit as end: assert not end.code\n"
        f"    loaded = [heavy for heavy in {HEAVY!r} if heavy in sys.modules]\n"
        "    assert not loaded, (name, loaded)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, "", *COMMANDS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("", *COMMANDS):
        assert f"Usage: atlas {name}".strip() in done.stdout


def test_the_list_of_commands_says_what_the_commands_say() -> None:
    assert {name: (ALL[f"atlas {name}"].help or "").splitlines()[0] for name in COMMANDS} == COMMANDS


def test_every_module_of_a_command_is_listed() -> None:
    found = {(path.parent.name, path.stem) for path in (ROOT / "atlas" / "cli").glob("*/*.py")}
    listed = {(room, name) for room, names in ROOMS.items() for name in names}
    assert listed == {(room, name) for room, name in found if name not in {"__init__", "shared"}}
    assert {name for _, name in listed} == set(COMMANDS)


@pytest.mark.parametrize("name", [name for name in ALL if name != "atlas"])
def test_every_command_shows_an_example_that_names_it(name: str) -> None:
    assert any(example.startswith(name) for example in examples(name))


@pytest.mark.parametrize("name", ALL)
def test_every_command_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert f"\n## {name}\n" in text


def test_the_documentation_is_what_the_help_says() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "cli_docs.py"), "--check"]
    assert subprocess.run(check, capture_output=True, text=True, check=False).stderr == ""


#: The whole site is built by its own test, with this very line, and looked at there.
BUILT = "atlas build -o site"
#: A service runs until it is ended: tests/test_serve.py runs its examples; tests/test_od.py works with processes.
EXAMPLES = list(
    # a group and its command may show the same line
    dict.fromkeys(
        line
        for name in ALL
        for line in examples(name)
        if line != BUILT and name != "atlas serve" and "--engine dask" not in line
    )
)


def test_the_example_that_builds_the_site_is_run_by_the_tests_of_the_site() -> None:
    assert BUILT in examples("atlas build")
    assert f'"{BUILT}"' in (ROOT / "tests" / "test_site.py").read_text("utf-8")


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_runs(line: str) -> None:
    Path("pairs.csv").write_text("from,to\n珠海,中山\n江门,阳江\n", "utf-8")
    Path("my-drives.csv").write_text("from_place,to_place,minutes_low,minutes_high\n珠海,阳江,130,150\n", "utf-8")
    Path("my-trains.csv").write_text(
        "from_station_zh,to_station_zh,minutes_fastest,minutes_typical\n广州南,珠海,57,72\n", "utf-8"
    )
    write_examples(Path())
    if " verify " in line:
        run("reach", "珠海", "-o", "zhuhai.json")
    if "region.pmtiles" in line:
        archive(Path("region.pmtiles"))
    result = run(*shlex.split(line)[1:])
    assert result.exit_code == 0, result.output


def test_reach_gives_json_with_its_origin_scenario_and_hash() -> None:
    answer = json.loads(run("reach", "珠海", "--format", "json").stdout)
    assert answer["origin_zh"] == "珠海市"
    assert answer["scenario"] == "2026"
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]{12}", answer["hash"])
    assert answer["places"][0]["travel_time_min"] == 0
    assert max(place["travel_time_min"] for place in answer["places"]) <= 120


def test_reach_talks_on_stderr_only() -> None:
    result = run("reach", "珠海", "--format", "csv")
    assert result.stdout.splitlines()[0].startswith("id,name_zh")
    assert "places in 60 min" in result.stderr
    assert run("reach", "珠海", "--format", "csv", "-q").stderr == ""


def test_the_same_place_answers_to_chinese_english_and_pinyin() -> None:
    answers = {run("reach", name, "--within", "30", "--format", "csv").stdout for name in ("珠海", "Zhuhai", "zhuhai")}
    assert len(answers) == 1


def test_reach_as_geojson_holds_places_and_lines_in_lon_lat() -> None:
    answer = json.loads(run("reach", "珠海", "--within", "30", "--format", "geojson").stdout)
    shapes = {feature["geometry"]["type"] for feature in answer["features"]}
    assert shapes == {"Point", "LineString"}
    assert all(
        110 < feature["geometry"]["coordinates"][0] < 116
        for feature in answer["features"]
        if feature["geometry"]["type"] == "Point"
    )


def test_the_legs_of_a_route_add_up() -> None:
    answer = json.loads(run("route", "珠海", "阳江", "--mode", "drive", "--format", "json").stdout)
    assert sum(leg["minutes"] for leg in answer["legs"]) == pytest.approx(answer["travel_time_min"], abs=1e-4)
    assert sum(answer["parts_min"].values()) == pytest.approx(answer["travel_time_min"], abs=1e-4)


def test_a_matrix_of_pairs_keeps_their_order() -> None:
    Path("p.csv").write_text("from,to\n江门,阳江\n珠海,中山\n江门,中山\n", "utf-8")
    result = run("matrix", "--pairs", "p.csv", "--format", "json")
    times = json.loads(result.stdout)["times"]
    assert [(row["from_zh"], row["to_zh"]) for row in times] == [
        ("江门市", "阳江市"),
        ("珠海市", "中山市"),
        ("江门市", "中山市"),
    ]


def test_a_parameter_can_be_set_for_one_question() -> None:
    slow = run("reach", "珠海", "--within", "60", "--set", "local_speed_kmh=10", "--format", "json")
    usual = run("reach", "珠海", "--within", "60", "--format", "json")
    assert len(json.loads(slow.stdout)["places"]) < len(json.loads(usual.stdout)["places"])
    assert json.loads(slow.stdout)["hash"] != json.loads(usual.stdout)["hash"]


BAD = {
    "an unknown place": (["reach", "珠还"], "珠海"),
    "an unknown year": (["reach", "珠海", "--year", "1999"], "1999"),
    "a scenario that is no file": (["reach", "珠海", "--scenario", "nosuch.toml"], "nosuch.toml"),
    "year and scenario": (["reach", "珠海", "--year", "2030", "--scenario", "2030"], "not both"),
    "an unknown parameter": (["params", "--set", "local_sped_kmh=3"], "local_speed_kmh"),
    "a setting without a number": (["params", "--set", "local_speed_kmh"], "name=number"),
    "a cut-off of nothing": (["reach", "珠海", "--within", "0"], "greater than 0"),
    "a negative cut-off": (["reach", "珠海", "--within", "-5"], "greater than 0"),
    "cut-offs that are words": (["reach", "珠海", "--within", "soon"], "60,120"),
    "an endless cut-off": (["reach", "珠海", "--within", "inf"], "greater than 0"),
    "an unknown layer": (["layers", "describe", "canals"], "canals"),
    "an unknown mode": (["reach", "珠海", "--mode", "boat"], "boat"),
    "an origin in the sea": (["reach", "114.0,21.0"], "114"),
    "a root that is no atlas": (["layers", "list", "--root", "."], "is no atlas"),
    "pairs without columns": (["matrix", "--pairs", "bad.csv"], "lacks the columns from, to"),
    "a folder that cannot be": (["reach", "珠海", "-o", "bad.csv/x.csv"], "cannot write"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_and_ends_with_code_2(case: str) -> None:
    Path("bad.csv").write_text("a,b\n1,2\n", "utf-8")
    words, expected = BAD[case]
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_of_the_atlas_is_one_line() -> None:
    lines = run("reach", "珠还").stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("atlas: error: ")


def test_no_way_ends_with_code_1_and_no_data() -> None:
    result = run("route", "珠海", "担杆镇", "--mode", "drive")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "no way" in result.stderr


def test_nothing_is_overwritten_unasked() -> None:
    Path("out.csv").write_text("mine", "utf-8")
    assert run("reach", "珠海", "-o", "out.csv").exit_code == 2
    assert Path("out.csv").read_text("utf-8") == "mine"
    assert run("reach", "珠海", "-o", "out.csv", "--overwrite").exit_code == 0
    assert Path("out.csv").read_text("utf-8-sig").startswith("id,name_zh")


def test_the_format_follows_the_name_of_the_file() -> None:
    run("reach", "珠海", "-o", "out.json")
    assert json.loads(Path("out.json").read_text("utf-8"))["origin_zh"] == "珠海市"


def test_the_same_question_gives_the_same_bytes() -> None:
    words = ("matrix", "--from", "珠海", "--to", "阳江", "--format", "json")
    assert run(*words).stdout == run(*words).stdout


def test_it_runs_where_no_cache_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", "file")
    assert run("reach", "珠海", "--within", "20").exit_code == 0


def test_a_broken_cache_is_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", ".")
    first = run("reach", "珠海", "--within", "20", "--format", "csv").stdout
    (cached,) = Path("zhuxi-atlas").glob("network-*.kept")
    cached.write_bytes(cached.read_bytes()[:1000])
    assert run("reach", "珠海", "--within", "20", "--format", "csv").stdout == first


def test_the_command_runs_as_a_program_and_gives_the_code_to_the_shell() -> None:
    done = subprocess.run([sys.executable, "-m", "atlas", "reach", "珠还"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("atlas: error: ")


def test_commands_for_several_scenarios_take_what_is_put_in() -> None:
    asked = ("matrix", "--from", "珠海", "--to", "桂山镇", "--year", "2026", "--year", "2030", "--format", "json")
    without, with_ferries = (json.loads(run(*asked, *more).stdout)["times"] for more in ((), ("--with", "ferries")))
    assert [row["travel_time_min"] for row in without] == [None, None]
    assert all(60 < row["travel_time_min"] < 100 for row in with_ferries)
    assert {row["scenario"] for row in with_ferries} == {"2026", "2030"}
    assert run(*asked, "--with", "nothing-of-the-kind").exit_code == 2


def answer_of(*words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(*words, "--format", "json").stdout)
    return answer


def test_geojson_follows_cligj_and_a_sequence_carries_the_hash_on_each_line() -> None:
    words = ("reach", "珠海", "--within", "20")
    whole = json.loads(run(*words, "--format", "geojson", "--precision", "2", "--indent", "1").stdout)
    features = [json.loads(line) for line in run(*words, "--sequence").stdout.splitlines()]
    assert len(features) == len(whole["features"])
    assert {one["hash"] for one in features} == {whole["about"]["hash"]}
    shapes = [one["geometry"] for one in whole["features"] if one["geometry"]["type"] == "Point"]
    at = [value for shape in shapes for value in shape["coordinates"]]
    assert at == [round(value, 2) for value in at]
    assert run(*words, "--sequence", "--format", "csv").exit_code == 2


def test_the_command_in_an_answer_gives_it_again() -> None:
    first = run("reach", "珠海", "--within", "20", "--to-here", "--format", "json", "-q").stdout
    again = shlex.split(json.loads(first)["command"])
    assert run(*again[1:]).stdout == first


#: Commands that give no answer to be had in formats: they make or change a folder, or run until they are ended.
MAKERS = {"build", "new", "refresh", "serve", "qgis install", "scenario new"} | {
    f"import {kind}" for kind in ("gtfs", "layer", "osm", "population")
}
CHANGES = {"--with", "--close", "--set", "--period", "--boarding"}


def test_options_mean_the_same_in_every_command_that_could_have_them() -> None:
    named = {name.removeprefix("atlas "): one for name, one in ALL.items() if name != "atlas"}
    # a group that asks nothing but where and how loud hands on to what it holds
    known = {name: one for name, one in named.items() if not isinstance(one, click.Group) or len(one.params) > 4}
    assert known.keys() >= MAKERS
    has = {
        name: {word for option in command.params if isinstance(option, click.Option) for word in option.opts}
        for name, command in known.items()
    }
    lacking: dict[str, set[str]] = {}
    for name, words in has.items():
        wanted = {"--verbose", "--quiet"} | ({"--root"} if name != "qgis install" else set())
        if name not in MAKERS:
            wanted |= {"--format", "--output", "--overwrite"}
        # who names a scenario may change it, but for one that a file is verified with
        if name != "verify" and ("--scenario" in words or words & CHANGES - {"--set"}):
            wanted |= CHANGES
        kinds = next((one.type.choices for one in known[name].params if one.name == "form"), ())  # type: ignore[attr-defined]
        if "--lang" in words:
            wanted |= {"--indent"} if "json" in kinds else set()
            wanted |= {"--precision", "--sequence"} if "geojson" in kinds else set()
            assert "geojson" not in kinds or "geojsonseq" in kinds, name
        if wanted - words:
            lacking[name] = wanted - words
    assert not lacking
    for name in ("reach", "route", "isochrone", "coverage", "compare"):
        assert has[name] >= {"--with", "--close", "--set", "--period", "--to-here", "--format"}, name


def test_the_way_back_is_the_way_there_from_the_other_end() -> None:
    assert answer_of("route", "珠海", "阳江", "--to-here")["legs"] == answer_of("route", "阳江", "珠海")["legs"]


def test_compared_towards_a_place_trips_end_there() -> None:
    words = ("compare", "2023", "2035", "--origin", "江门", "--to", "深圳", "--to", "湛江")
    found = answer_of(*words, "--to-here")
    pairs = found["pairs"]
    assert {row["to_id"] for row in pairs} == {"jiangmen"}
    there = answer_of("compare", "2023", "2035", "--origin", "深圳", "--origin", "湛江", "--to", "江门")["pairs"]
    assert pairs == there
    assert {row["from_id"] for row in found["totals"]} == {"jiangmen"}


def test_bounds_hold_every_feature_of_a_layer_and_of_all() -> None:
    answer = answer_of("layers", "bounds", "ports", "stations")
    boxes = [[row[edge] for edge in ("west", "south", "east", "north")] for row in answer["layers"]]
    assert boxes[0] == pytest.approx(open_catalog().layer("ports").frame.total_bounds.tolist())
    (west, south), (east, north) = (
        [fold(box[k] for box in boxes) for k in ks] for fold, ks in ((min, (0, 1)), (max, (2, 3)))
    )
    assert answer["bounds"] == [west, south, east, north]


def test_minutes_to_a_place_are_those_from_there_and_a_closed_bridge_is_not_used() -> None:
    there = {row["id"]: row for row in answer_of("reach", "珠海", "--within", "60", "--to-here")["places"]}
    assert there["zhuhai"]["travel_time_min"] == 0
    way = answer_of("route", there["zhongshan"]["name_zh"], "珠海")
    assert way["travel_time_min"] == pytest.approx(there["zhongshan"]["travel_time_min"], abs=0.01)
    shut = answer_of("compare", "2026", "2026", "--close", "hzmb_zh", "--show", "totals", "--origin", "珠海")["totals"]
    assert sum(row["places_after"] for row in shut) < sum(row["places_before"] for row in shut)


#: Commands that write one file, with the words they need: those of their first example, but for where it goes.
WRITERS = {
    name: [word for at, word in enumerate(words) if "-o" not in words[max(at - 1, 0) : at + 1]]
    for name, command in ALL.items()
    if any(option.name == "output" and getattr(option.type, "file_okay", True) for option in command.params)
    and name not in ("atlas od", "atlas new", "atlas refresh")
    and not name.startswith("atlas import")
    for words in [shlex.split(next(line for line in examples(name) if line.startswith(name)))[1:]]
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_name_that_is_of_no_format_or_of_another_is_refused_by_every_command(name: str) -> None:
    words, forms = WRITERS[name], next(one.type.choices for one in ALL[name].params if one.name == "form")  # type: ignore[attr-defined]
    bare = [word for at, word in enumerate(words) if "--format" not in words[max(at - 1, 0) : at + 1]]
    Path("zhuhai.json").touch()  # what `verify` looks at
    strange = run(*bare, "-o", "a.strange")
    assert (strange.exit_code, "names no format" in strange.stderr) == (2, True), strange.stderr
    other = run(*bare, "--format", forms[0], "-o", "a.toml")
    assert (other.exit_code, f"what is asked for is {forms[0]}" in other.stderr) == (2, True), other.stderr
    assert "call it a." in other.stderr
    assert [path.name for path in Path().iterdir()] == ["zhuhai.json"]


def test_what_draws_nothing_is_not_written_as_geojson() -> None:
    assert "use one of .txt, .json, .csv" in run("coverage", "珠海", "-o", "a.geojson").stderr
    assert list(Path().iterdir()) == []


def test_a_scenario_a_page_and_a_report_of_an_import_are_what_they_are_called() -> None:
    write_examples(Path())
    before = sorted(Path().iterdir())
    for words in (
        ("scenario", "new", "a.json"),
        ("validate", "--page", "a.csv"),
        ("import", "osm", "guangdong.osm.pbf", "--dry-run", "--report", "a.gpkg"),
        ("new", "here", "--osm", "guangdong.osm.pbf", "--report", "a.txt"),
    ):
        done = run(*words)
        assert (done.exit_code, "names no format" in done.stderr) == (2, True), done.stderr
    assert sorted(Path().iterdir()) == before
