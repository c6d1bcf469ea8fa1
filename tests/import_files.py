"""Files to import drawn by hand: OpenStreetMap extracts, vector files, and what the examples of the help name."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import shapely
from osmium.osm.mutable import Node, Relation, Way

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = datetime(2026, 1, 2, tzinfo=UTC)
Place = tuple[float, float] | tuple[float, float, Mapping[str, str]]
WayRow = tuple[int, Sequence[int], Mapping[str, str]]


def draw_pbf(
    path: Path,
    nodes: Mapping[int, Place],
    ways: Sequence[WayRow] = (),
    relations: Sequence[tuple[int, Sequence[int], Mapping[str, str]]] = (),
) -> Path:
    """Write an extract: nodes (lon, lat and perhaps tags), ways (nodes, tags), relations (ways, tags)."""
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    for number, (lon, lat, *tags) in nodes.items():
        writer.add_node(
            Node(id=number, version=1, timestamp=DAY, location=(lon, lat), tags=dict(tags[0]) if tags else {})
        )
    for number, refs, told in ways:
        writer.add_way(Way(id=number, version=1, timestamp=DAY, nodes=list(refs), tags=dict(told)))
    for number, members, told in relations:
        rows = [("w", member, "outer") for member in members]
        writer.add_relation(Relation(id=number, version=1, timestamp=DAY, members=rows, tags=dict(told)))
    writer.close()
    return path


#: A town grid near 江门: a motorway on a viaduct over an ordinary road, joined by a ramp.
TOWN_NODES: dict[int, Place] = {
    1: (113.00, 22.50), 2: (113.05, 22.50), 3: (113.10, 22.50),
    4: (113.04, 22.47), 5: (113.04, 22.49), 6: (113.04, 22.53),
    7: (113.045, 22.495),
    8: (113.05, 22.50, {}),
    10: (113.00, 22.51, {"place": "city", "name": "甲市", "name:en": "Jia", "population": "120000"}),
    11: (113.10, 22.51, {"place": "town", "name": "乙镇"}),
}  # fmt: skip
TOWN_NODES[2] = (113.05, 22.50, {"highway": "motorway_junction", "name": "甲东", "ref": "12"})
del TOWN_NODES[8]
TOWN_WAYS: list[WayRow] = [
    (100, [1, 2, 3], {"highway": "motorway", "ref": "G94", "name": "珠三角环线高速", "name:en": "Pearl Delta Ring",
                      "maxspeed": "120", "lanes": "3", "toll": "yes", "bridge": "viaduct"}),
    (101, [3, 2, 1], {"highway": "motorway", "ref": "G94", "toll": "yes"}),
    (102, [4, 5, 6], {"highway": "primary", "name": "环城路", "ref": "S270", "maxspeed": "60"}),
    (103, [2, 7, 5], {"highway": "motorway_link", "oneway": "yes"}),
    (104, [5, 2], {"highway": "motorway_link", "oneway": "yes"}),
]  # fmt: skip


def draw_town(path: Path) -> Path:
    """Write the town."""
    return draw_pbf(path, TOWN_NODES, TOWN_WAYS)


def road_frame() -> gpd.GeoDataFrame:
    """Two roads with fields of an office's own, EPSG:4326."""
    return gpd.GeoDataFrame(
        {"ROADNAME": ["人民路", "解放路"], "LIMIT": [60, 40], "DIRECT": ["是", "否"]},
        geometry=[
            shapely.LineString([(113.0, 22.5), (113.1, 22.5)]),
            shapely.LineString([(113.0, 22.4), (113.0, 22.6)]),
        ],
        crs="EPSG:4326",
    )


def draw_feed(path: Path, tables: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """Write a GTFS feed: rows by table, the first its heads."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            archive.writestr(zipfile.ZipInfo(f"{name}.txt"), text.getvalue())
    return path


def clock(minutes: float) -> str:
    """Minutes after midnight as GTFS writes them."""
    seconds = round(minutes * 60)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def small_feed() -> dict[str, list[Sequence[object]]]:
    """Three stops near 江门, a rail route with three trips a day and an express, a metro and a bus."""
    stops = [("A", "甲站", 22.5, 113.0), ("B", "乙站", 22.5, 113.1), ("C", "丙站", 22.55, 113.2)]
    runs = {
        "t1": ("R1", 360, {"A": 0, "B": 10, "C": 25}),
        "t2": ("R1", 420, {"A": 0, "B": 12, "C": 27}),
        "t3": ("R1", 1430, {"A": 0, "B": 11, "C": 29}),
        "x1": ("R1", 480, {"A": 0, "C": 18}),
        "m1": ("M1", 480, {"C": 0, "B": 9.5}),
        "b1": ("B1", 480, {"A": 0, "B": 40}),
    }
    times = [
        (trip, stop, i, clock(start + minute), clock(start + minute))
        for trip, (_, start, minutes) in runs.items()
        for i, (stop, minute) in enumerate(minutes.items())
    ]
    return {
        "agency": [("agency_name", "agency_url", "agency_timezone"), ("甲铁", "http://localhost", "Asia/Shanghai")],
        "stops": [("stop_id", "stop_name", "stop_lat", "stop_lon"), *stops],
        "routes": [("route_id", "route_short_name", "route_long_name", "route_type"), ("R1", "C1", "甲丙线", 2),
                   ("M1", "1", "地铁1号线", 1), ("B1", "9", "公交", 3)],
        "trips": [("route_id", "service_id", "trip_id"), *((route, "D", trip) for trip, (route, _, _) in runs.items())],
        "stop_times": [("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"), *times],
        "calendar": [("service_id", *DAYS, "start_date", "end_date"), ("D", *[1] * 7, "20260101", "20261231")],
        "frequencies": [("trip_id", "start_time", "end_time", "headway_secs"), ("m1", "06:00:00", "16:00:00", 600)],
    }  # fmt: skip


def write_examples(folder: Path) -> None:
    """Write every file that an example in the help of `atlas import` reads."""
    draw_town(folder / "guangdong.osm.pbf")
    road_frame().to_file(folder / "roads.gpkg", driver="GPKG")
    draw_feed(folder / "feed.zip", small_feed())
    (folder / "people.csv").write_text("lon,lat,people\n113.0,22.5,1200\n113.1,22.6,800.5\n", "utf-8")


def only(frame: Any, **values: Any) -> Any:
    """The one row with these values."""
    for name, value in values.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1, frame
    return frame.iloc[0]
