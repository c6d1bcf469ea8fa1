"""What is kept between runs is data: it runs nothing, and what is damaged, foreign or of another key is made anew."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.base.errors import ExportError
from atlas.cli import cli
from atlas.data.scenario import load_scenario
from atlas.kept.columns import KeptTable, packed
from atlas.kept.store import Kept, Store
from atlas.network.build import Network
from atlas.travel.journey import journey_on
from atlas.travel.trip import Trip, packed_trip
from atlas.ways.kept import KeptTrip
from atlas.ways.told import parts_of, travelled

ARRAYS = {
    "whole": np.arange(12).reshape(3, 4),
    "truth": np.array([True, False, True]),
    "number": np.array([0.5, np.nan, np.inf]),
    "nothing": np.zeros((0, 2)),
}
FACTS = {"name": "珠海", "years": [2026, 2035]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "kept")
    made.put("squares", "key", ARRAYS, FACTS)
    return made


def same(found: Kept | None) -> bool:
    return (
        found is not None
        and found.facts == FACTS
        and set(found.places) == set(ARRAYS)
        and all(found.array(name).dtype == values.dtype for name, values in ARRAYS.items())
        and all(np.array_equal(found.array(name), values, equal_nan=True) for name, values in ARRAYS.items())
    )


def test_arrays_and_facts_come_back_as_they_were_and_cannot_be_written_to(store: Store) -> None:
    found = store.get("squares", "key")
    assert same(found)
    assert found is not None
    with pytest.raises(ValueError, match="read-only"):
        found.array("whole")[0, 0] = 7


def test_another_key_or_kind_finds_nothing_and_a_file_under_a_wrong_name_neither(store: Store) -> None:
    assert store.get("squares", "other") is None
    assert store.get("cubes", "key") is None
    store.path("squares", "key").rename(store.path("squares", "other"))
    assert store.get("squares", "other") is None


def test_whatever_byte_is_flipped_nothing_is_found(store: Store) -> None:
    path = store.path("squares", "key")
    whole = path.read_bytes()
    rng = random.Random(7)
    for place in [*range(64), *(rng.randrange(len(whole)) for _ in range(200))]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        assert store.get("squares", "key") is None, place
    path.write_bytes(whole)
    assert same(store.get("squares", "key"))


def test_a_file_cut_off_or_grown_anywhere_is_not_there(store: Store) -> None:
    path = store.path("squares", "key")
    whole = path.read_bytes()
    for length in range(0, len(whole), 17):
        path.write_bytes(whole[:length])
        assert store.get("squares", "key") is None, length
    path.write_bytes(whole + b"\0")
    assert store.get("squares", "key") is None


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("fired",)


def test_code_in_the_place_of_data_is_never_run(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store.path("squares", "key").write_bytes(pickle.dumps(Bomb()))
    assert store.get("squares", "key") is None
    assert not Path("fired").exists()
    with pytest.raises(TypeError, match="only numbers"):
        store.put("squares", "key", {"bomb": np.array([Bomb()], dtype=object)}, {})


def test_links_pipes_and_files_others_may_write_are_refused_and_healed(store: Store, tmp_path: Path) -> None:
    path = store.path("squares", "key")
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    for spoil in (lambda: path.symlink_to(elsewhere), lambda: os.mkfifo(path), lambda: _copied(elsewhere, path, 0o666)):
        spoil()
        assert store.get("squares", "key") is None
        before = elsewhere.read_bytes()
        store.put("squares", "key", ARRAYS, FACTS)
        assert same(store.get("squares", "key"))
        assert elsewhere.read_bytes() == before
        path.unlink()


def _copied(source: Path, target: Path, mode: int) -> None:
    target.write_bytes(source.read_bytes())
    target.chmod(mode)


def test_a_folder_others_may_write_to_or_that_is_a_link_is_neither_read_nor_written(store: Store) -> None:
    store.folder.chmod(0o777)
    assert store.get("squares", "key") is None
    with pytest.raises(ExportError, match="written by others"):
        store.put("squares", "key", ARRAYS, FACTS)
    store.folder.chmod(0o700)
    link = store.folder.with_name("link")
    link.symlink_to(store.folder, target_is_directory=True)
    assert Store(link).get("squares", "key") is None
    with pytest.raises(ExportError, match="is a link"):
        Store(link).put("squares", "key", ARRAYS, FACTS)


def test_what_belongs_to_another_user_is_not_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert store.get("squares", "key") is None


def test_the_latest_four_of_a_kind_are_kept_and_old_pickles_go(store: Store) -> None:
    (store.folder / "squares-old.pickle").write_bytes(b"")
    for number in range(6):
        path = store.put("squares", f"key {number}", ARRAYS, FACTS)
        os.utime(path, (number, number))
    assert len(list(store.folder.iterdir())) == 4
    assert same(store.get("squares", "key 5"))


values = st.one_of(st.none(), st.text(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False))


@given(st.lists(values))
def test_columns_of_texts_keep_every_value_and_its_type(rows: list[object]) -> None:
    column = np.empty(len(rows), dtype=object)
    column[:] = rows
    back = _through(column)
    assert [(type(one), one) for one in back.tolist()] == [(type(one), one) for one in rows]


def test_columns_of_shapes_keep_every_vertex_and_what_has_none() -> None:
    shapes = np.array([shapely.Point(113.1, 22.2), None, shapely.LineString([(0, 0), (1e-9, 1)])], dtype=object)
    assert [one is None or one.wkb for one in _through(shapes)] == [one is None or one.wkb for one in shapes]


def _through(column: np.ndarray) -> np.ndarray:
    arrays = packed("table", {"column": column})
    places: dict[str, tuple[str, tuple[int, ...], int]] = {}
    content = b""
    for name, part in arrays.items():
        places[name] = (part.dtype.str, part.shape, len(content))
        content += part.tobytes()
    return KeptTable(Kept({}, places, content), "table").column("column")


def test_an_access_table_comes_back_whole(store: Store) -> None:
    from atlas.base.geodesy import plane
    from atlas.land.grid import Grid
    from atlas.land.links import AccessTable, access_of, packed_access

    land = np.array([[True, False], [True, True]])
    crs = plane(112.5, 22.5)
    grid = Grid(crs, -500.0, 1000.0, 500.0, (2, 2), land, (112.0, 22.0, 113.0, 23.0))
    links = np.array([0, 2]), np.array([5, 1]), np.array([0.25, 3.5]), np.array([False, True])
    store.put("access", "key", *packed_access(AccessTable(grid, *links)))
    kept = store.get("access", "key")
    assert kept is not None
    back = access_of(kept, crs)
    assert (back.grid.left, back.grid.top, back.grid.size_m) == (-500.0, 1000.0, 500.0)
    assert (back.grid.shape, back.grid.box, back.grid.crs) == ((2, 2), grid.box, crs)
    assert (back.grid.land == land).all()
    parts = back.cell, back.node, back.length_km, back.by_rail
    assert all((one == other).all() for one, other in zip(parts, links, strict=True))


QUESTIONS = [
    *(("reach", "珠海", "--within", "30", "--format", form) for form in ("table", "json", "csv", "geojson")),
    *(("route", "广州", "阳江", "--mode", "rail", "--format", form) for form in ("table", "json", "csv", "geojson")),
    ("route", "珠海", "江门", "--explain", "--format", "json"),
    ("route", "广州南", "珠海站", "--mode", "rail", "--lang", "zh"),
    *(
        ("matrix", "--from", "珠海", "--to", "中山", "--to", "澳门", "--format", form)
        for form in ("table", "json", "csv")
    ),
    ("reach", "113.55,22.22", "--within", "20"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_an_answer_from_the_kept_network_is_that_of_the_one_just_made(
    words: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch, network: object
) -> None:
    runner = CliRunner()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    runner.invoke(cli, ["reach", "珠海", "--within", "5"])
    kept = runner.invoke(cli, list(words))
    monkeypatch.setattr("atlas.cli.session.Session._kept", lambda *_: None)
    monkeypatch.setattr("atlas.network.build.build_network", lambda *_, **__: network)
    made = runner.invoke(cli, list(words))
    assert kept.exit_code == made.exit_code == 0
    assert kept.stdout == made.stdout


def test_a_question_to_what_is_kept_loads_no_arrays_no_frames_and_no_shapes(folder: Path) -> None:
    heavy = ("geopandas", "numpy", "pandas", "pyproj", "scipy", "shapely")
    code = (
        "import sys\n"
        "from atlas.cli import cli\n"
        "for words in (['reach', '珠海'], ['route', '珠海', '阳江'], ['matrix', '--from', '珠海', '--to', '中山']):\n"
        "    cli([*words, '-q'], prog_name='atlas', standalone_mode=False)\n"
        f"print(*(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)\n"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(folder), "PYTHONIOENCODING": "utf-8"}
    subprocess.run(
        [sys.executable, "-m", "atlas", "reach", "珠海", "-q"], env=environment, capture_output=True, check=True
    )
    assert list(folder.rglob("trip-*"))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


@pytest.fixture(scope="module")
def trips(network: Network, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Trip, KeptTrip]]:
    store, scenario = Store(tmp_path_factory.mktemp("trips")), load_scenario("2026")
    found = {}
    for mode in ("drive", "rail", "multimodal"):
        trip = Trip(network, scenario, mode)
        store.put("trip", mode, *packed_trip(trip))
        kept = store.get("trip", mode)
        assert kept is not None
        found[mode] = trip, KeptTrip(kept, scenario, mode, lambda: network)
    return found


@given(data=st.data())
@settings(max_examples=25)
def test_a_kept_trip_gives_the_ways_of_the_network_to_the_last_bit(
    data: st.DataObject, trips: dict[str, tuple[Trip, KeptTrip]]
) -> None:
    """The network's own search is held against networkx in `test_engine.py`."""
    trip, kept = trips[data.draw(st.sampled_from(sorted(trips)))]
    start, end = (data.draw(st.sampled_from(trip.network.place_nodes)) for _ in range(2))
    whole, short = trip.tree(start), kept.tree(start, ends=[end])
    assert kept.tree(start).minutes == whole.minutes.tolist()
    made, told = (vars(replace(journey_on(*of, end), network=None)) for of in ((trip, whole), (kept, short)))
    assert repr(told) == repr(made)  # where nothing is ridden one of the numbers is none
    if made["minutes"] < np.inf:
        assert whole.path(end) == short.path(end)
        assert parts_of(trip.network, *travelled(whole, end)) == parts_of(kept, *travelled(short, end))


def test_what_lies_on_an_ordinary_road_is_near_the_same_place_in_a_kept_trip(
    network: Network, trips: dict[str, tuple[Trip, KeptTrip]]
) -> None:
    _, kept = trips["drive"]
    nameless = [node for node, name in enumerate(network.node_names) if not name][::40]
    assert len(nameless) > 10
    assert list(map(kept.nearest_named, nameless)) == list(map(network.nearest_named, nameless))


def test_all_names_are_gone_through_once_however_many_are_looked_for(
    trips: dict[str, tuple[Trip, KeptTrip]], monkeypatch: pytest.MonkeyPatch
) -> None:
    trip, kept = trips["drive"]
    for one in (trip.network, kept):
        one.nearest_named(0)
        monkeypatch.setitem(vars(one), "node_names", None)
        assert one.nearest_named(1) is not None


def test_a_layer_that_changes_while_the_network_is_made_is_not_kept_under_the_old_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: object
) -> None:
    from atlas.data.region import find_root

    root = tmp_path / "own"
    (root / "data" / "geojson").mkdir(parents=True)
    (root / "layers").symlink_to(find_root() / "layers")
    for path in (find_root() / "data").iterdir():
        if path.is_file():
            (root / "data" / path.name).symlink_to(path)
    for path in (find_root() / "data" / "geojson").iterdir():
        (root / "data" / "geojson" / path.name).write_bytes(path.read_bytes())
    changed = root / "data" / "geojson" / "places.geojson"

    def made(*_: object, **__: object) -> object:
        whole = json.loads(changed.read_text("utf-8"))
        whole["features"] = whole["features"][:-1]
        changed.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
        return network

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("atlas.network.build.build_network", made)
    assert CliRunner().invoke(cli, ["reach", "珠海", "--root", str(root), "--within", "20"]).exit_code == 0
    assert list((tmp_path / "cache").rglob("network-*")) == []
