"""GTFS feeds become services with their minutes and numbers of trains; the atlas's own come back as they were."""

from __future__ import annotations

import builtins
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from import_files import DAYS, clock, draw_feed, only, small_feed

from atlas.base.errors import AtlasError, ImportDataError, UnknownPlaceError
from atlas.data.catalog import open_catalog
from atlas.data.places import find_place
from atlas.data.scenario import load_scenario
from atlas.imports.gtfs.services import GtfsLayers, gtfs_layers
from atlas.imports.run import Destination, Outcome, take_in
from atlas.network.build import build_network
from atlas.travel.reach import od_matrix

HOME = open_catalog()
LAYERS = HOME.layers("stations", "railways", "rail_services")
NOW = load_scenario("2026")
Tables = dict[str, list[Sequence[object]]]


def read(folder: Path, tables: Tables, **how: Any) -> GtfsLayers:
    return gtfs_layers(draw_feed(folder / "feed.zip", tables), HOME.specs, how.pop("layers", {}), **how)


def stored(found: GtfsLayers, target: Destination, root: Path | None = None) -> Outcome:
    return take_in(
        found.layers, [found.source], HOME if root is None else open_catalog(root), target,
        adding=("stations", "railways"), refused=found.refused, notes=found.notes,
    )  # fmt: skip


def test_trips_with_the_same_stops_are_one_service_with_median_least_and_most_minutes(tmp_path: Path) -> None:
    services = read(tmp_path, small_feed()).layers["rail_services"].frame
    stopping = only(services, trains_per_day=3.0)
    assert stopping["elapsed_min"] == "0;11;27"
    assert (stopping["elapsed_min_low"], stopping["elapsed_min_high"]) == ("0;10;25", "0;12;29")
    assert only(services, trains_per_day=1.0)["elapsed_min"] == "0;18"


def test_frequencies_count_as_the_trains_that_fit_their_hours(tmp_path: Path) -> None:
    services = read(tmp_path, small_feed()).layers["rail_services"].frame
    metro = only(services, trains_per_day=60.0)
    assert (metro["elapsed_min"], metro["trains_recent"]) == ("0;9.5", 60)


def test_other_vehicles_stay_out_and_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, small_feed())
    assert len(found.layers["rail_services"]) == 3
    assert "routes that are no trains or ferries, left out: 1 (bus 1)" in found.notes


def test_a_feed_alone_makes_an_atlas_whose_trains_run_as_the_feed_says(tmp_path: Path) -> None:
    stored(read(tmp_path, small_feed()), Destination(out=tmp_path / "own"))
    network = build_network(open_catalog(tmp_path / "own").layers())
    rides = network.edges[network.edges["role"] == "ride"]
    assert sorted(rides["run_min"]) == [9.5, 11, 16, 18]
    assert rides["opens_year"].notna().all()
    assert not network.joins["kind"].eq("no_track").any()


def test_stops_of_known_name_nearby_are_the_atlas_stations(tmp_path: Path) -> None:
    known = LAYERS["stations"].frame.set_index("id")
    tables = small_feed()
    rows = [
        ("A", "江门站", *_near(known, "jiangmen")),
        ("B", "珠海", *_near(known, "zhuhai")),
        ("C", "新站", 22.5, 113.2),
    ]
    tables["stops"] = [tables["stops"][0], *rows]
    found = read(tmp_path, tables, layers=LAYERS)
    halts = set(";".join(found.layers["rail_services"].frame["station_ids"]).split(";"))
    assert halts == {"jiangmen", "zhuhai", "gtfs-C".lower() + halts_suffix(halts)}
    assert found.layers["stations"].frame["name_zh"].tolist() == ["新站"]


def _near(known: pd.DataFrame, name: str) -> tuple[float, float]:
    return known.loc[name, "geometry"].y + 0.01, known.loc[name, "geometry"].x - 0.01


def halts_suffix(halts: set[str]) -> str:
    """What keeps ids apart that differ in signs a slug cannot hold."""
    (fresh,) = (name for name in halts if name.startswith("gtfs-"))
    return fresh.removeprefix("gtfs-c")


def atlas_feed() -> Tables:
    """The atlas's own services as a feed: one route a service, a trip for each train."""
    stations, services = LAYERS["stations"].frame, LAYERS["rail_services"].frame
    stops = [(row.id, row.name_zh, row.geometry.y, row.geometry.x) for row in stations.itertuples()]
    routes, trips, times = [], [], []
    for row in services.itertuples():
        routes.append((row.id, row.id, row.name_zh, 2))
        for train in range(int(row.trains_per_day)):
            name = f"{row.id}-{train:03d}"
            trips.append((row.id, "D", name))
            start = 360 + 40 * train
            minutes = [float(value) for value in row.elapsed_min.split(";")]
            for i, (stop, minute) in enumerate(zip(row.station_ids.split(";"), minutes, strict=True)):
                times.append((name, stop, i, clock(start + minute), clock(start + minute)))
    head = small_feed()
    return {
        "agency": head["agency"],
        "stops": [head["stops"][0], *stops],
        "routes": [head["routes"][0], *routes],
        "trips": [head["trips"][0], *trips],
        "stop_times": [head["stop_times"][0], *times],
        "calendar": head["calendar"],
    }


def copy_of_the_atlas(folder: Path) -> Path:
    for part in ("layers", "data"):
        shutil.copytree(HOME.root / part, folder / part, ignore=shutil.ignore_patterns("backups"))
    return folder


def test_the_atlas_written_as_gtfs_and_imported_again_gives_the_same_rail_times(tmp_path: Path) -> None:
    root = copy_of_the_atlas(tmp_path / "mine")
    found = gtfs_layers(draw_feed(tmp_path / "feed.zip", atlas_feed()), HOME.specs, LAYERS)
    assert found.refused == ()
    assert set(found.layers) == {"rail_services"}
    outcome = stored(found, Destination(into=root), root)
    assert outcome.refused == ()
    places = ["珠海", "中山", "江门", "阳江", "广州", "新会"]
    times = [
        od_matrix(build_network(open_catalog(folder).layers()), places, places, [NOW], ["rail"])
        for folder in (HOME.root, root)
    ]
    columns = ["from_id", "to_id", "travel_time_min", "wait_min", "in_vehicle_min"]
    pd.testing.assert_frame_equal(times[0][columns], times[1][columns])
    assert np.isfinite(times[0]["travel_time_min"]).sum() >= 20


def test_imported_services_keep_what_gtfs_cannot_say(tmp_path: Path) -> None:
    found = gtfs_layers(draw_feed(tmp_path / "feed.zip", atlas_feed()), HOME.specs, LAYERS)
    old = LAYERS["rail_services"].frame.set_index("id").sort_index()
    new = found.layers["rail_services"].frame.set_index("id").sort_index()
    for column in ("name_zh", "line_ids", "train_numbers", "plan_ids", "trains_per_day", "trains_recent", "opens_year"):
        assert new[column].equals(old[column]), column


def test_imported_twice_it_changes_nothing_more(tmp_path: Path) -> None:
    root = copy_of_the_atlas(tmp_path / "mine")
    feed = draw_feed(tmp_path / "feed.zip", small_feed())
    for _ in range(2):
        catalog = open_catalog(root)
        known = catalog.layers("stations", "railways", "rail_services")
        stored(gtfs_layers(feed, HOME.specs, known), Destination(into=root, add=True), root)
        texts = [(root / f"data/geojson/{key}.geojson").read_bytes() for key in known]
        counts = [len(open_catalog(root).layer(key)) for key in known]
    # Three stations, three services, and a line for each of the three ways they call at them.
    assert counts == [len(layer) + 3 for layer in LAYERS.values()]
    assert all(texts)
    assert open_catalog(root).check("stations", "railways", "rail_services") == []


def without(tables: Tables, table: str, column: str) -> Tables:
    place = list(tables[table][0]).index(column)
    cut = [[cell for i, cell in enumerate(row) if i != place] for row in tables[table]]
    return {**tables, table: cut}


def changed(table: str, row: int, column: str, value: object) -> Tables:
    tables = small_feed()
    place = list(tables[table][0]).index(column)
    rows = [list(one) for one in tables[table]]
    rows[row][place] = value
    return {**tables, table: rows}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({k: v for k, v in small_feed().items() if k != "stops"}, "no stops.txt"),
        ({k: v for k, v in small_feed().items() if k != "stop_times"}, "no stop_times.txt"),
        ({k: v for k, v in small_feed().items() if k != "calendar"}, "pass --day"),
        (without(small_feed(), "stop_times", "arrival_time"), "stop_times.txt lacks arrival_time"),
        (without(small_feed(), "stops", "stop_lat"), "stops.txt lacks stop_lat"),
        (changed("stops", 1, "stop_lat", "north"), "cannot be read as a GTFS feed"),
        ({**small_feed(), "stops": [small_feed()["stops"][0]]}, "no stops.txt, or an empty one"),
    ],
    ids=range(7),
)
def test_a_feed_that_lacks_something_is_refused_by_its_name(tmp_path: Path, tables: Tables, message: str) -> None:
    with pytest.raises(ImportDataError, match=message):
        read(tmp_path, tables)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (changed("stop_times", 1, "stop_id", "Z"), "stops.txt does not have"),
        (changed("stop_times", 1, "arrival_time", "soon"), "first or last stop has no time"),
        (changed("stop_times", 2, "stop_id", "A"), "one station"),
        (changed("stop_times", 13, "stop_id", "C"), "one station"),
    ],
    ids=range(4),
)
def test_a_broken_trip_is_named_and_the_others_go_in(tmp_path: Path, tables: Tables, message: str) -> None:
    if message.startswith("first"):
        tables["stop_times"][1][4] = "soon"
    found = read(tmp_path, tables)
    assert any(message in one.message for one in found.refused)
    assert len(found.layers["rail_services"]) >= 2


def test_a_stop_without_a_time_gets_one_between_its_neighbours(tmp_path: Path) -> None:
    tables = changed("stop_times", 2, "arrival_time", "")
    tables["stop_times"][2][4] = ""
    found = read(tmp_path, tables)
    assert only(found.layers["rail_services"].frame, trains_per_day=3.0)["elapsed_min_high"] == "0;12.5;29"
    assert any("spread evenly" in note for note in found.notes)


def test_a_train_past_midnight_keeps_its_minutes(tmp_path: Path) -> None:
    tables = small_feed()
    assert any(str(row[3]).startswith("24:") for row in tables["stop_times"])
    assert (
        only(read(tmp_path, tables).layers["rail_services"].frame, trains_per_day=3.0)["elapsed_min_high"] == "0;12;29"
    )


def test_another_day_counts_its_own_trains(tmp_path: Path) -> None:
    tables = small_feed()
    tables["calendar"] = [
        ("service_id", *DAYS, "start_date", "end_date"),
        ("D", *[1] * 5, 0, 0, "20260101", "20261231"),
    ]
    assert read(tmp_path, tables, day="2026-03-02").source.retrieved == "2026-03-02"
    with pytest.raises(ImportDataError, match="no trip runs on 2026-03-01"):
        read(tmp_path, tables, day="2026-03-01")
    with pytest.raises(ImportDataError, match="is no date"):
        read(tmp_path, tables, day="Monday")


def test_without_gtfs_kit_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = draw_feed(tmp_path / "feed.zip", small_feed())
    real = builtins.__import__

    def missing(name: str, *args: Any, **more: Any) -> Any:
        if name == "gtfs_kit":
            raise ModuleNotFoundError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportDataError, match=r"zhuxi-atlas\[gtfs\]"):
        gtfs_layers(path, HOME.specs, {})


@pytest.mark.parametrize("seed", range(80))
def test_a_damaged_feed_gives_sound_services_or_an_error(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    tables = small_feed()
    if seed % 2:
        data = bytearray(draw_feed(tmp_path / "feed.zip", tables).read_bytes())
        if seed % 4 == 1:
            data = data[: len(data) * (seed // 4) // 20]
        for _ in range(chance.choice([1, 5])):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "feed.zip").write_bytes(bytes(data))
    else:
        for _ in range(chance.choice([1, 4])):
            rows = tables[chance.choice(sorted(tables))]
            row = list(rows[chance.randrange(len(rows))])
            place = chance.randrange(len(row))
            row[place] = chance.choice(["", "-1", "99:99:99", "路", "1e999", "\x00", "A,B", "nan", 10**20])
            rows[chance.randrange(len(rows))] = row
        draw_feed(tmp_path / "feed.zip", tables)
    try:
        found = gtfs_layers(tmp_path / "feed.zip", HOME.specs, {})
        outcome = stored(found, Destination(out=tmp_path / "own"))
    except AtlasError as reason:
        message = str(reason)
    else:
        message = ""
        assert outcome.layers
        build_network(open_catalog(tmp_path / "own").layers())
    assert (tmp_path / "own").exists() is not bool(message)


def test_a_feed_of_other_ids_still_finds_the_services_it_means(tmp_path: Path) -> None:
    tables = atlas_feed()
    lines = dict(zip(LAYERS["rail_services"].frame["id"], LAYERS["rail_services"].frame["line_ids"], strict=True))
    tables["trips"] = [tables["trips"][0], *((f"R-{name}", "D", trip) for name, _, trip in tables["trips"][1:])]
    tables["routes"] = [tables["routes"][0], *((f"R-{name}", *rest) for name, *rest in tables["routes"][1:])]
    found = gtfs_layers(draw_feed(tmp_path / "feed.zip", tables), HOME.specs, LAYERS)
    frame = found.layers["rail_services"].frame
    assert dict(zip(frame["id"], frame["line_ids"], strict=True)) == lines


def test_one_train_a_day_by_frequencies_is_one_train(tmp_path: Path) -> None:
    tables = small_feed()
    tables["frequencies"] = [tables["frequencies"][0], ("m1", "06:00:00", "23:00:00", 61200)]
    services = read(tmp_path, tables).layers["rail_services"].frame
    assert only(services, elapsed_min="0;9.5")["trains_per_day"] == 1


def town_feed(**further: list[Sequence[object]]) -> Tables:
    """A loop of a metro, a night train, a tram from a stop of the metro's name beside it, and a ferry."""
    stops = [
        ("s1", "甲", 22.27, 113.55), ("s2", "乙", 22.29, 113.57), ("s3", "丙", 22.25, 113.58),
        ("s4", "丁", 22.4, 113.5), ("s5", "甲站", 22.2702, 113.5502), ("s6", "甲", 22.2785, 113.55),
    ]  # fmt: skip
    runs = {
        "loop": ("L", {"s1": 480, "s2": 485, "s3": 492}), "night": ("N", {"s1": 1430, "s4": 1460, "s3": 1510}),
        "tram": ("T", {"s5": 540, "s2": 546}), "far": ("T", {"s6": 540, "s2": 549}),
        "ferry": ("F", {"s1": 540, "s3": 580}), "back": ("F", {"s3": 600, "s1": 636}), "bus": ("B", {"s1": 1, "s3": 9}),
    }  # fmt: skip
    times = [
        (trip, stop, k, clock(at), clock(at))
        for trip, (_, calls) in runs.items()
        for k, (stop, at) in enumerate(calls.items())
    ]
    head = small_feed()
    types = {"L": 1, "N": 2, "T": 0, "F": 4, "B": 3}
    return {
        "agency": head["agency"], "calendar": head["calendar"], "stops": [head["stops"][0], *stops],
        "routes": [head["routes"][0], *((name, name, "", kind) for name, kind in types.items())],
        "trips": [(*head["trips"][0], "shape_id"),
                  *((route, "D", trip, "sh" if trip == "loop" else "") for trip, (route, _) in runs.items())],
        "stop_times": [head["stop_times"][0], *times],
    } | further  # fmt: skip


def test_stops_of_one_name_within_a_walk_are_one_station_and_others_are_not(tmp_path: Path) -> None:
    found = read(tmp_path, town_feed())
    stations = found.layers["stations"].frame
    assert sorted(stations["id"]) == ["gtfs-s1", "gtfs-s2", "gtfs-s3", "gtfs-s4", "gtfs-s6"]
    assert only(stations, id="gtfs-s1")["kind"] == "conventional"
    assert "gtfs-s1;gtfs-s2" in found.layers["rail_services"].frame["station_ids"].tolist()
    assert "stops within 500 m of another of their name, which are it: 1" in found.notes


def test_two_stations_of_one_name_are_told_apart_by_what_is_printed(tmp_path: Path) -> None:
    stored(read(tmp_path, town_feed()), Destination(out=tmp_path / "own"))
    network = build_network(open_catalog(tmp_path / "own").layers())
    with pytest.raises(UnknownPlaceError, match=r"stn/gtfs-s6 \(甲站, 113.5500,22.2785\)") as told:
        find_place(network.place_layer, "甲", network.nodes)
    found = [find_place(network.place_layer, name, network.nodes) for name in told.value.candidates]
    assert sorted(place.lat for place in found) == [22.27, 22.2785]


def test_stops_that_a_train_calls_at_in_turn_stay_two_whatever_their_name(tmp_path: Path) -> None:
    tables = town_feed()
    tables["stop_times"] = [*tables["stop_times"], ("tram", "s1", 7, clock(549), clock(549))]
    tables["stops"] = [row if row[0] != "s2" else ("s2", "甲", 22.2704, 113.5504) for row in tables["stops"]]
    stations = read(tmp_path, tables).layers["stations"].frame
    # s2 follows s1 and s5, so it is another; those two never follow one another.
    assert set(stations["id"]) == {"gtfs-s1", "gtfs-s2", "gtfs-s3", "gtfs-s4", "gtfs-s6"}


def test_ferries_become_services_between_stations_and_ports_that_run_where_asked_for(tmp_path: Path) -> None:
    tables = town_feed()
    tables["stops"] = [*tables["stops"], ("p", "岛", 22.2, 113.6)]
    tables["stop_times"] = [*tables["stop_times"], ("ferry", "p", 5, clock(600), clock(600))]
    found = read(tmp_path, tables)
    rows = found.layers["ferries"].frame.set_index(["from_point", "to_point"])
    there = rows.loc["stations/gtfs-s1", "stations/gtfs-s3"]
    assert (there["minutes_low"], there["minutes"], there["minutes_high"]) == (36, 38, 40)
    assert there["departures_per_day"] == 1
    assert rows.loc["ports/gtfs-p", "stations/gtfs-s3"]["minutes"] == 20
    assert found.layers["ports"].frame["name_zh"].tolist() == ["岛"]
    outcome = take_in(found.layers, [found.source], HOME, Destination(out=tmp_path / "own"), refused=found.refused)
    assert outcome.refused == ()
    network = build_network(open_catalog(tmp_path / "own").layers())
    assert set(network.edges.loc[network.edges["role"] == "sail", "run_min"]) == {20, 38, 60}


def test_a_line_without_tracks_follows_the_shape_of_its_feed(tmp_path: Path) -> None:
    heads = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    bends = [(22.27, 113.55), (22.28, 113.575), (22.2901, 113.57), (22.28, 113.585), (22.25, 113.58)]
    shape = [heads, *(("sh", lat, lon, k) for k, (lat, lon) in enumerate(bends))]
    lines = read(tmp_path, town_feed(shapes=shape)).layers["railways"].frame
    drawn = only(lines, station_ids="gtfs-s1;gtfs-s2;gtfs-s3")
    assert (113.575, 22.28) in drawn["geometry"].coords
    assert (113.57, 22.29) in drawn["geometry"].coords
    assert drawn["geometry_quality"] == "traced"
    assert set(lines["geometry_quality"]) == {"traced", "schematic"}


def test_a_feed_without_trains_or_ferries_says_what_it_has(tmp_path: Path) -> None:
    tables = town_feed()
    tables["trips"] = [row for row in tables["trips"] if row[0] in {"B", "route_id"}]
    with pytest.raises(ImportDataError, match=r"no train and no ferry on 2026-.*bus 1.*does not run"):
        read(tmp_path, tables)


def test_transfers_and_ways_within_stations_are_counted_as_not_held(tmp_path: Path) -> None:
    tables = town_feed(
        transfers=[("from_stop_id", "to_stop_id", "transfer_type"), ("s1", "s5", 0)],
        pathways=[("pathway_id", "from_stop_id", "to_stop_id"), ("w1", "s1", "s5"), ("w2", "s5", "s1")],
    )
    notes = "; ".join(read(tmp_path, tables).notes)
    assert "rows of transfers.txt that are not held: 1;" in notes
    assert "rows of pathways.txt that are not held: 2;" in notes
