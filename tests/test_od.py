"""Times between very many places: the same by one process and by a cluster, whole or absent, resumed after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from small_atlas import draw_atlas

import atlas
from atlas.base.errors import AtlasError, ScenarioError
from atlas.bulk.folder import Folder, content_of, open_folder
from atlas.bulk.hands import by_dask, here
from atlas.bulk.question import Question, points_of_cells, points_of_nodes
from atlas.cli import cli
from atlas.cli.session import Choice, Session
from atlas.land.links import AccessTable, access_table
from atlas.land.surface import surface_from
from atlas.network.build import Network
from atlas.travel.trip import Trip

YEAR = atlas.load_scenario("2026")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_atlas(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def network(folder: Path) -> Network:
    return Session(folder).network


@pytest.fixture(scope="module")
def table(network: Network) -> AccessTable:
    return access_table(network, cell_km=4.0)


@pytest.fixture(scope="module")
def question(network: Network) -> Question:
    places = np.nonzero(network.node_column("kind") == "place")[0]
    points = points_of_nodes(network, places)
    return Question(Trip(network, YEAR, "drive").graph, points, points, "times", np.inf, (), "a-b")


def parts(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted((path / "parts").iterdir())}


def written(path: Path, question: Question, size: int = 3) -> dict[str, bytes]:
    folder = open_folder(path, question, size=size, facts={})
    for number, content in here(question, folder, folder.missing()):
        folder.put(number, content)
    assert folder.missing() == []
    return parts(path)


def test_a_local_cluster_writes_the_same_bytes_as_one_process(question: Question, tmp_path: Path) -> None:
    alone = written(tmp_path / "alone", question)
    folder = open_folder(tmp_path / "cluster", question, size=3, facts={})
    found = by_dask(question, folder, folder.missing(), workers=2)
    together = {folder.part(number).name: content for number, content in found}
    assert len(alone) > 2
    assert together == alone


def test_times_are_those_of_the_matrix(network: Network, question: Question, tmp_path: Path) -> None:
    written(tmp_path, question)
    found = pd.read_parquet(tmp_path / "parts").set_index(["from_id", "to_id"])["travel_time_min"]
    names = question.origins.ids.tolist()
    matrix = atlas.od_matrix(network, names, names, [YEAR], ["drive"]).set_index(["from_id", "to_id"])
    minutes = matrix["travel_time_min"].dropna()
    assert len(minutes) == len(found) > len(names)
    assert np.allclose(found.loc[minutes.index], minutes, atol=1e-9)


@pytest.mark.parametrize("mode", ["drive", "rail", "multimodal"])
def test_minutes_to_cells_are_those_of_the_surface(network: Network, table: AccessTable, mode: str) -> None:
    trip = Trip(network, YEAR, mode)
    cells = points_of_cells(trip, table, np.ones(len(table.grid.cells)))
    places = np.nonzero(network.node_column("kind") == "place")[0][:3]
    origins = points_of_nodes(network, places)
    found = Question(trip.graph, origins, cells, "times", np.inf, (), "").answer(0, 3).columns
    back = Question(trip.graph, cells, origins, "times", np.inf, (), "").answer(0, len(cells)).columns
    number = {name: i for i, name in enumerate(f"cell/{cell}" for cell in table.grid.cells)}
    cell_of = np.array([number[name] for name in cells.ids])
    for row, node in enumerate(places):
        name = str(network.node_column("node_id")[node])
        for towards, one, near, far in ((False, found, "origin", "destination"), (True, back, "destination", "origin")):
            surface = surface_from(network, name, YEAR, table, mode=mode, towards=towards).minutes
            minutes = np.full(len(surface), np.inf)
            chosen = one[near] == row
            minutes[cell_of[one[far][chosen]]] = one["minutes"][chosen]
            assert np.array_equal(np.isfinite(minutes), np.isfinite(surface))
            assert np.allclose(minutes[np.isfinite(minutes)], surface[np.isfinite(surface)], atol=1e-9)


def test_access_counts_what_the_times_hold(network: Network, table: AccessTable) -> None:
    trip = Trip(network, YEAR, "multimodal")
    people = np.arange(len(table.grid.cells), dtype=float)
    cells = points_of_cells(trip, table, people)
    places = points_of_nodes(network, np.nonzero(network.node_column("kind") == "place")[0])
    times = Question(trip.graph, places, cells, "times", 20.0, (), "").answer(0, 10_000).columns
    access = Question(trip.graph, places, cells, "access", 20.0, (10.0, 20.0), "").answer(0, 10_000).columns
    for cutoff in (10, 20):
        within = times["minutes"].astype(float) <= cutoff + 1e-6
        counted = np.bincount(times["origin"][within], minlength=len(places))
        residents = np.bincount(times["origin"], within * cells.people[times["destination"]], len(places))
        assert access[f"count_{cutoff}"].tolist() == counted.tolist()
        assert np.allclose(access[f"people_{cutoff}"], residents)
    assert counted.max() > 5


def test_chunks_of_any_size_and_little_room_give_the_same_answer(
    network: Network, table: AccessTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = Trip(network, YEAR, "multimodal")
    cells = points_of_cells(trip, table, np.ones(len(table.grid.cells)))
    question = Question(trip.graph, cells, cells, "times", 30.0, (), "")
    whole = question.answer(0, len(cells)).columns
    monkeypatch.setattr("atlas.bulk.question._ROOM", 1)
    pieces = [question.answer(number, 7).columns for number in range(question.chunks(7))]
    assert len(pieces) > 3
    for name, values in whole.items():
        assert np.array_equal(np.concatenate([piece[name] for piece in pieces]), values)


def test_after_a_kill_only_what_is_missing_is_computed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "od"
    command = [sys.executable, "-m", "atlas", "od", "-o", str(out), "--root", str(folder), "--chunk", "1"]
    # the second chunk's writer is killed before its file stands
    killer = (
        "import os, signal, sys\n"
        "import atlas.base.files as files\n"
        "place = files._place\n"
        "def dying(move):\n"
        "    if move.target.name == 'part-000001.parquet': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    place(move)\n"
        "files._place = dying\n"
        "sys.argv = ['atlas', *sys.argv[1:]]\n"
        "from atlas.__main__ import main\n"
        "main()\n"
    )
    killed = subprocess.run([sys.executable, "-c", killer, *command[3:]], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [one.name for one in (out / "parts").glob("part-*")] == ["part-000000.parquet"]
    before = (out / "parts" / "part-000000.parquet").stat().st_mtime_ns
    again = CliRunner().invoke(cli, command[3:], env={"LC_ALL": "C"})
    assert again.exit_code == 0, again.output
    assert (out / "parts" / "part-000000.parquet").stat().st_mtime_ns == before
    assert len(pd.read_parquet(out / "parts")) > 1
    assert len(list((out / "parts").iterdir())) == json.loads((out / "od.json").read_text("utf-8"))["chunks"]


def test_a_damaged_or_foreign_chunk_is_made_anew(question: Question, tmp_path: Path) -> None:
    sound = written(tmp_path, question)
    names = list(sound)
    content = bytearray(sound[names[0]])
    content[len(content) // 4] ^= 0xFF
    (tmp_path / "parts" / names[0]).write_bytes(content)
    (tmp_path / "parts" / names[1]).write_bytes(sound[names[1]][:100])
    (tmp_path / "parts" / names[2]).write_bytes(content_of(question.answer(2, 3), question, "another key", "parquet"))
    folder = open_folder(tmp_path, question, facts={})
    assert folder.missing() == [0, 1, 2]
    assert written(tmp_path, question) == sound


def test_chunks_as_csv_hold_what_those_as_parquet_do_and_their_hash_stands_beside(folder: Path, tmp_path: Path) -> None:
    kinds = {"parquet": pd.read_parquet, "csv": pd.read_csv}
    for form in kinds:
        assert asked(folder, "-o", tmp_path / form, "--format", form, "--chunk", "2")[0] == 0
    found = {
        form: pd.concat(read(path) for path in sorted((tmp_path / form / "parts").glob(f"*.{form}")))
        for form, read in kinds.items()
    }
    ids = ["from_id", "to_id"]
    assert found["csv"][ids].values.tolist() == found["parquet"][ids].astype(str).values.tolist()
    assert np.allclose(found["csv"]["travel_time_min"], found["parquet"]["travel_time_min"], atol=1e-6)
    assert found["csv"]["hash"].nunique() == 1
    first = tmp_path / "csv" / "parts" / "part-000000.csv"
    words = ["verify", str(first), "--root", str(folder)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    sound = first.read_bytes()
    first.write_bytes(sound.replace(b".", b",", 1))
    assert CliRunner().invoke(cli, words).exit_code == 1
    assert asked(folder, "-o", tmp_path / "csv", "--format", "csv", "--chunk", "2")[0] == 0
    assert first.read_bytes() == sound
    code, said = asked(folder, "-o", tmp_path / "csv", "--chunk", "2")
    assert (code, "format was 'csv', is 'parquet'" in said) == (2, True)


def asked(folder: Path, *words: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["od", "--root", str(folder), *map(str, words)], env={"LC_ALL": "C"})
    return result.exit_code, result.output


def test_a_folder_of_another_question_is_refused_and_started_anew_when_asked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "od"
    assert asked(folder, "-o", out)[0] == 0
    before = parts(out)
    code, said = asked(folder, "-o", out, "--mode", "rail")
    assert (code, parts(out)) == (2, before)
    assert "mode was 'multimodal', is 'rail'" in said
    assert asked(folder, "-o", out, "--mode", "rail", "--overwrite")[0] == 0
    assert parts(out) != before


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "mine.txt").write_text("mine")
    yield tmp_path
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_a_folder_of_something_else_is_refused_and_left_alone(folder: Path, busy: Path) -> None:
    code, said = asked(folder, "-o", busy, "--overwrite")
    assert code == 2
    assert "no OD matrix" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--scheduler", "tcp://127.0.0.1:9"), "for --engine dask"),
        (("--from", "nowhere.csv"), "no such file"),
        (("--chunk", "0"), "not in the range"),
        (("--limit", "0"), "not in the range"),
    ],
)
def test_bad_input_is_named(words: tuple[str, ...], why: str, folder: Path, tmp_path: Path) -> None:
    code, said = asked(folder, "-o", tmp_path / "od", *words)
    assert code == 2
    assert why in said
    assert not (tmp_path / "od").exists()


def test_a_silent_scheduler_is_named(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atlas.bulk.hands._PATIENCE_S", 0.2)
    folder = Folder(Path("od"), "key", 3, 1, "parquet", "")
    with pytest.raises(AtlasError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(by_dask(question, folder, [0], scheduler="tcp://127.0.0.1:9"))
    with pytest.raises(AtlasError, match="no Dask scheduler answers at nonsense://x"):
        list(by_dask(question, folder, [0], scheduler="nonsense://x"))


def test_a_list_of_places_has_names_or_coordinates(folder: Path, network: Network, tmp_path: Path) -> None:
    from atlas.cli.ask.od import question_of

    node = int(np.nonzero(network.node_column("kind") == "place")[0][0])
    lon, lat = network.lonlat[node]
    named, bare, wrong = (tmp_path / name for name in ("named.csv", "bare.csv", "wrong.csv"))
    named.write_text(f"place\n{network.node_column('node_id')[node]}\n")
    bare.write_text(f"lon,lat\n{lon},{lat}\n")
    wrong.write_text("x,y\n1,2\n")
    found = question_of(Session(folder), str(named), str(bare), "times", (60.0,), None, "drive", Choice())
    assert found.answer(0, 1).columns["minutes"][0] < 15
    assert found.destinations.ids[0].startswith("at-")
    code, said = asked(folder, "-o", tmp_path / "od", "--from", wrong)
    assert code == 2
    assert "neither a column place nor lon and lat" in said


def test_nothing_to_ask_is_refused(question: Question, network: Network) -> None:
    none = points_of_nodes(network, np.zeros(0, dtype=np.int64))
    with pytest.raises(ScenarioError, match="at least one origin"):
        Question(question.graph, none, question.destinations, "times", np.inf, (), "")
