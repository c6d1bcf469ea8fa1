"""A GTFS feed as layers: ``rail_services``, ``ferries``, ``stations``, ``ports``, and ``railways`` without tracks yet.

Trips of one route with the same stops are one service: its minutes are the median over its trips, with the
least and the most beside. A trip given by frequencies stands for as many trains as fit its hours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.errors import ImportDataError
from atlas.base.geodesy import Floats
from atlas.base.tables import listing, slots
from atlas.base.values import name_text
from atlas.data.checks import Violation
from atlas.data.declaration import LayerSpec
from atlas.data.layer import Layer
from atlas.data.scenario import BASE_YEAR
from atlas.data.sources import Source
from atlas.imports.admit import layer_of
from atlas.imports.archives import check_file
from atlas.imports.gtfs.feed import (
    Day,
    Pattern,
    is_metro,
    patterns,
    publisher,
    read_feed,
    routes_of,
    rows_beside,
    running,
    text,
)
from atlas.imports.gtfs.ferries import ferries_of
from atlas.imports.gtfs.lines import Lines, Shapes
from atlas.imports.gtfs.stops import Stops, common, slug
from atlas.imports.osm.tags import clean
from atlas.imports.store import extra_spec, file_sha256

__all__ = ["ADDED", "MATCHED", "GtfsLayers", "gtfs_layers"]

Record = dict[str, Any]
#: Layers of the atlas that a feed is matched onto, and those that are always added to.
MATCHED = ("stations", "railways", "rail_services", "ports", "ferries")
ADDED = ("stations", "railways", "ports", "ferries")


@dataclass(frozen=True)
class GtfsLayers:
    """Layers made of a feed, not yet checked.

    Attributes
    ----------
    layers
        ``rail_services`` and ``ferries``, with the ``stations``, ``railways`` and ``ports`` that the atlas lacks.
    source
        Row for the ledger.
    refused
        Services that cannot be taken, and why.
    notes
        The day taken, and what was left out or taken as given.
    """

    layers: dict[str, Layer]
    source: Source
    refused: tuple[Violation, ...]
    notes: tuple[str, ...]


def gtfs_layers(
    path: str | Path,
    specs: Mapping[str, LayerSpec],
    layers: Mapping[str, Layer],
    *,
    day: str | None = None,
    shift: str | None = None,
    licence: str = "not stated; ask before passing it on",
) -> GtfsLayers:
    """Read a feed.

    Parameters
    ----------
    path
        A zipped GTFS feed.
    specs
        Declarations of the layers.
    layers
        The atlas's own, to match onto: those of :data:`MATCHED`; may be empty.
    day
        ``YYYY-MM-DD`` whose trains are counted; None: the busiest day of the feed's first week.
    shift
        ``gcj02`` or ``bd09`` when the stops' coordinates are shifted.
    licence
        For the ledger.

    Raises
    ------
    ImportDataError
        The file is no sound feed, or no train or ferry runs on that day; or gtfs-kit is not installed.

    Notes
    -----
    Stops of one name within 500 m are one. A stop is the station of its id, else the nearest of its name within 5 km.
    A service that the atlas has
    already, with the same stops and the same id or minutes, keeps what GTFS cannot say: names, lines, train
    numbers, plan items, and with the same number of trains their count on an ordinary day. Tracks are found along the
    atlas's railways; where there are none a line is drawn through the stops, along the feed's shape if it has one.
    """
    path = check_file(path)
    feed = read_feed(path)
    notes: list[str] = []
    trips, told = running(path, feed, day, notes)
    routes = routes_of(feed, trips, notes)
    ran = set(map(text, trips["route_id"]))
    if not ran & {*routes.trains, *routes.ferries}:
        raise ImportDataError(
            f"{path} has no train and no ferry on {told}"
            + (f"; its routes are {routes.told}, which the atlas does not run" if routes.others else "")
            + ("; pass another --day YYYY-MM-DD" if routes.trains or routes.ferries else "")
        )
    digest = file_sha256(path)
    source = Source(
        f"gtfs_{digest[:8]}", f"GTFS feed {name_text(path.name)}", publisher(feed), told, licence, digest, "",
    )  # fmt: skip
    metros = {name: is_metro(row) for name, row in routes.trains.items()}
    stops = Stops.of(feed, layers, metros, source, shift, notes)
    refused: list[Violation] = []
    found = list(patterns(feed, trips, routes.trains, stops.station, refused, notes))
    lines = Lines.of(layers, Shapes.of(feed, shift))
    services: list[Record] = []
    used: set[str] = set()
    drawn: list[BaseGeometry] = []
    for pattern in found:
        record, geometry = _service(pattern, routes.trains, stops, lines, layers, source, used)
        services.append(record)
        used.add(record["id"])
        drawn.append(geometry)
    called = {halt for pattern in found for halt in pattern.stops}
    ferries = ferries_of(Day(feed, trips, source, shift), routes.ferries, stops, called, layers, refused, notes)
    made = {
        "rail_services": (services, drawn), "stations": stops.fresh(called), "railways": lines.fresh,
        "ports": ferries.ports, "ferries": ferries.services,
    }  # fmt: skip
    out: dict[str, Layer] = {}
    for key, (records, geometries) in made.items():
        if records or (key == "rail_services" and ran & set(routes.trains)):
            out[key], wrong = layer_of(records, geometries, specs[key] if key in specs else extra_spec(key))
            refused += wrong
    notes += _told(path, len(services), len(trips), made)
    return GtfsLayers(out, source, tuple(refused), tuple(dict.fromkeys(notes)))


def _told(path: Path, services: int, trips: int, made: Mapping[str, tuple[list[Record], Any]]) -> list[str]:
    """Say how many there are of what, and how the feed's ways between and within stations are held."""
    fresh = ", ".join(f"{len(made[key][0])} {key}" for key in ("stations", "railways", "ports") if made[key][0])
    notes = [
        f"services: {services}, ferries: {len(made['ferries'][0])}, of trips: {trips}" + "; new: " * bool(fresh) + fresh
    ]
    for name, what in (
        ("transfers", "times of changing are the model's; between stations one walks over the streets"),
        ("pathways", "a station is one place in the atlas, and ways within it take the model's minutes"),
    ):
        if count := rows_beside(path, name):
            notes.append(f"rows of {name}.txt that are not held: {count}; {what}")
    return notes


def _service(
    pattern: Pattern,
    routes: Mapping[str, Record],
    stops: Stops,
    lines: Lines,
    layers: Mapping[str, Layer],
    source: Source,
    used: Collection[str],
) -> tuple[Record, BaseGeometry]:
    route = routes[pattern.route]
    places = [stops.places[halt] for halt in pattern.stops]
    known = _known(pattern, layers, used)
    ridden = slots(known["line_ids"]) if known else lines.through(pattern.stops)
    if ridden is None:
        ridden = lines.draw(pattern, route, stops, source)
    record: Record = known or common(
        slug("gtfs", "-".join((pattern.route, pattern.trips[0]))),
        clean(text(route.get("route_long_name")) or text(route.get("route_short_name"))),
        "train_service", source, f"GTFS route {pattern.route}",
    ) | {"opens_year": max((lines.opens.get(line) or BASE_YEAR for line in ridden), default=BASE_YEAR),
         "train_numbers": "", "category": ""}  # fmt: skip
    same_trains = known is not None and abs(float(known["trains_per_day"]) - pattern.trains) < 0.01
    record = record | {
        "station_ids": listing(pattern.stops),
        "elapsed_min": _joined(np.median(pattern.minutes, axis=0)),
        "line_ids": listing(ridden),
    }
    if not same_trains:
        record |= {"trains_per_day": round(pattern.trains, 3), "trains_recent": round(pattern.trains, 3)}
    if known is None or len(pattern.trips) > 1:
        record |= {
            "elapsed_min_low": _joined(pattern.minutes.min(axis=0)),
            "elapsed_min_high": _joined(pattern.minutes.max(axis=0)),
        }
    return record, shapely.LineString(places)


def _known(pattern: Pattern, layers: Mapping[str, Layer], used: Collection[str]) -> Record | None:
    """The atlas's own service with these stops and the id, or else the minutes; its values as JSON has them."""
    if "rail_services" not in layers:
        return None
    frame = layers["rail_services"].frame
    rows = frame[frame["station_ids"] == listing(pattern.stops)].drop(columns="geometry").to_dict("records")
    names = {pattern.route, *pattern.trips}
    rows = [row for row in rows if row["id"] not in used]
    told = _joined(np.median(pattern.minutes, axis=0))
    found = [row for row in rows if row["id"] in names] or [row for row in rows if row["elapsed_min"] == told]
    if not found:
        return None
    return {str(key): None if pd.isna(value) else value for key, value in found[0].items()}


def _joined(minutes: Floats) -> str:
    return listing(f"{round(float(value), 3):g}" for value in minutes)
