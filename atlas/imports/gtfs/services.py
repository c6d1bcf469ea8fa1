"""A GTFS feed's trains as the layers ``rail_services``, ``stations`` and, where tracks are unknown, ``railways``.

Trips of one route with the same stops are one service: its minutes are the median over its trips, with the
least and the most beside. A trip given by frequencies stands for as many trains as fit its hours.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import distances_km, length_km
from atlas.base.values import name_text
from atlas.data.checks import Violation
from atlas.data.declaration import LayerSpec
from atlas.data.layer import Layer
from atlas.data.scenario import BASE_YEAR
from atlas.data.sources import Source
from atlas.imports.admit import layer_of
from atlas.imports.archives import check_file
from atlas.imports.gtfs.feed import (
    Pattern,
    is_metro,
    patterns,
    publisher,
    read_feed,
    running,
    stops_by_kind,
    text,
    train_routes,
)
from atlas.imports.osm.matching import base_names
from atlas.imports.osm.tags import clean
from atlas.imports.store import file_sha256
from atlas.imports.vector import shifted

__all__ = ["GtfsLayers", "gtfs_layers"]

Record = dict[str, Any]
#: How far a stop may stand from a station of the same name and be it.
_SAME_KM = 5.0
#: Stops' positions are as the feed has them; GTFS states no error, so this is an allowance.
_ERROR_M = 100.0


@dataclass(frozen=True)
class GtfsLayers:
    """Layers made of a feed, not yet checked.

    Attributes
    ----------
    layers
        ``rail_services``, with the ``stations`` and ``railways`` that the atlas lacks.
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
        The atlas's ``stations``, ``railways`` and ``rail_services``, to match onto; may be empty.
    day
        ``YYYY-MM-DD`` whose trains are counted; None: the busiest day of the feed's first week.
    shift
        ``gcj02`` or ``bd09`` when the stops' coordinates are shifted.
    licence
        For the ledger.

    Raises
    ------
    ImportDataError
        The file is no sound feed, or no train runs on that day; or gtfs-kit is not installed.

    Notes
    -----
    A stop is the station of its id, else the nearest of its name within 5 km. A service that the atlas has
    already, with the same stops and the same id or minutes, keeps what GTFS cannot say: names, lines, train
    numbers, plan items, and with the same number of trains their count on an ordinary day. Tracks are found along the
    atlas's railways; where there are none a line is drawn through the stops.
    """
    path = check_file(path)
    feed = read_feed(path)
    notes: list[str] = []
    trips, told = running(path, feed, day, notes)
    routes = train_routes(feed, trips, notes)
    digest = file_sha256(path)
    source = Source(
        f"gtfs_{digest[:8]}", f"GTFS feed {name_text(path.name)}", publisher(feed), told, licence, digest, "",
    )  # fmt: skip
    stops = _Stops.of(feed, layers, specs, source, shift)
    refused: list[Violation] = []
    found = list(patterns(feed, trips, routes, stops.station, refused, notes))
    lines = _Lines.of(layers)
    services: list[Record] = []
    used: set[str] = set()
    drawn: list[BaseGeometry] = []
    for pattern in found:
        record, geometry = _service(pattern, routes, stops, lines, layers, source, used)
        services.append(record)
        used.add(record["id"])
        drawn.append(geometry)
    made = {"rail_services": (services, drawn), "stations": stops.fresh(found), "railways": lines.fresh}
    out: dict[str, Layer] = {}
    for key, (records, geometries) in made.items():
        if records or key == "rail_services":
            out[key], wrong = layer_of(records, geometries, specs[key])
            refused += wrong
    notes.append(
        f"{len(services)} services of {len(trips)} trips; {len(made['stations'][0])} stations and "
        f"{len(lines.fresh[0])} lines are new"
    )
    return GtfsLayers(out, source, tuple(refused), tuple(dict.fromkeys(notes)))


@dataclass
class _Stops:
    """Stations by stop, known ones and new ones."""

    names: dict[str, str]
    places: dict[str, tuple[float, float]]
    records: dict[str, Record]

    @classmethod
    def of(
        cls, feed: Any, layers: Mapping[str, Layer], specs: Mapping[str, LayerSpec], source: Source, shift: str | None
    ) -> _Stops:
        rows = {text(row["stop_id"]): row for row in feed.stops.to_dict("records")}
        known = layers["stations"].frame if "stations" in layers else None
        places = {} if known is None else {
            str(name): (point.x, point.y) for name, point in zip(known["id"], known.geometry, strict=True)
        }  # fmt: skip
        named: dict[str, list[str]] = defaultdict(list)
        if known is not None:
            for name, title in zip(known["id"], known["name_zh"], strict=True):
                for base in base_names("stations", title):
                    named[base].append(str(name))
        metro, trains = stops_by_kind(feed)
        made = cls({}, places, {})
        at = _stop_places(feed.stops, shift)
        for stop, row in rows.items():
            top = text(row.get("parent_station")) or stop
            top = top if top in rows else stop
            if stop not in at and top not in at:
                continue
            here = at.get(top, at.get(stop, (0.0, 0.0)))
            station = _same(top, rows[top], here, named, places)
            if not station:
                station = _slug("gtfs", top)
                if station not in made.records:
                    made.places[station] = here
                    made.records[station] = _station(station, rows[top], stop in metro - trains, source)
            made.names[stop] = station
        return made

    def station(self, stop: str) -> str:
        """Return the station of a stop; empty where it has none."""
        return self.names.get(stop, "")

    def fresh(self, served: Sequence[Pattern]) -> tuple[list[Record], list[BaseGeometry]]:
        """Records and points of the new stations that services call at."""
        called = {halt for pattern in served for halt in pattern.stops}
        names = [name for name in self.records if name in called]
        return [self.records[name] for name in names], [shapely.Point(self.places[name]) for name in names]


def _stop_places(table: pd.DataFrame, shift: str | None) -> dict[str, tuple[float, float]]:
    placed = table.dropna(subset=["stop_lon", "stop_lat"])
    named = {
        text(stop): shapely.Point(float(lon), float(lat))
        for stop, lon, lat in zip(placed["stop_id"], placed["stop_lon"], placed["stop_lat"], strict=True)
    }
    points = np.array(list(named.values()), dtype=object)
    if shift and len(points):
        points = shifted(points, shift)
    return {stop: (round(p.x, 6), round(p.y, 6)) for stop, p in zip(named, points, strict=True)}


def _same(
    stop: str,
    row: Record,
    here: tuple[float, float],
    named: Mapping[str, list[str]],
    places: Mapping[str, tuple[float, float]],
) -> str:
    """Return the atlas's station that a stop is: by its own id, else the nearest of its name."""
    if stop in places:
        return stop
    offers = sorted(
        {name for base in base_names("stations", text(row.get("stop_name"))) for name in named.get(base, ())}
    )
    if not offers:
        return ""
    xy = np.array([places[name] for name in offers])
    km = distances_km(np.full(len(xy), here[0]), np.full(len(xy), here[1]), xy[:, 0], xy[:, 1])
    return offers[int(np.argmin(km))] if km.min() <= _SAME_KM else ""


def _slug(head: str, text: str) -> str:
    slug = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")
    if slug == text:
        return f"{head}-{slug}"
    # Ids that differ in signs a slug cannot hold stay apart.
    return f"{head}-{slug}{'-' if slug else ''}{zlib.crc32(text.encode('utf-8')):08x}"


def _common(name: str, zh: str | None, kind: str, source: Source, note: str) -> Record:
    return {
        "id": name, "name_zh": zh, "name_en": None, "kind": kind, "status": "operating",
        "status_as_of": source.retrieved, "checked_on": None, "opened": None, "expected_open": None,
        "opens_basis": "unknown", "opens_year": BASE_YEAR, "plan_ids": "", "city": None, "source": source.key,
        "source_note": note,
        "confidence": "medium", "geometry_quality": "schematic", "position_error_m": _ERROR_M,
    }  # fmt: skip


def _station(name: str, row: Record, metro: bool, source: Source) -> Record:
    record = _common(
        name, clean(text(row.get("stop_name"))), "metro" if metro else "conventional", source,
        f"GTFS stop {text(row['stop_id'])}",
    )  # fmt: skip
    return record | {"line_ids": "", "trains_per_day": None, "passenger": True}


@dataclass
class _Lines:
    """The atlas's railways as a graph of stations, and the lines drawn where it has none."""

    graph: nx.Graph
    opens: dict[str, int | None]
    fresh: tuple[list[Record], list[BaseGeometry]]

    @classmethod
    def of(cls, layers: Mapping[str, Layer]) -> _Lines:
        graph = nx.Graph()
        opens: dict[str, int | None] = {}
        rows = layers["railways"].frame.to_dict("records") if "railways" in layers else []
        for row in rows:
            names = [name for name in str(row["station_ids"] or "").split(";") if name]
            if not row["in_network"] or row["status"] != "operating":
                continue
            opens[row["id"]] = None if pd.isna(row["opens_year"]) else int(row["opens_year"])
            each = float(row["drawn_length_km"]) / max(len(names) - 1, 1)
            for a, b in pairwise(names):
                if not graph.has_edge(a, b) or graph.edges[a, b]["km"] > each:
                    graph.add_edge(a, b, km=each, line=row["id"])
        return cls(graph, opens, ([], []))

    def through(self, stops: Sequence[str]) -> list[str] | None:
        """Return the lines ridden, in order; None where there is no track between two stops."""
        ridden: list[str] = []
        for a, b in pairwise(stops):
            if a not in self.graph or b not in self.graph or not nx.has_path(self.graph, a, b):
                return None
            path = nx.shortest_path(self.graph, a, b, weight="km")
            ridden += [self.graph.edges[u, v]["line"] for u, v in pairwise(path)]
        return list(dict.fromkeys(ridden))

    def draw(self, pattern: Pattern, route: Record, stops: _Stops, source: Source) -> list[str]:
        """Draw a line straight through the stops of a service, once for all with these stops."""
        ends = min(pattern.stops, pattern.stops[::-1])
        name = _slug("gtfs-line", "-".join(ends))
        if name not in self.opens:
            shape = shapely.LineString([stops.places[halt] for halt in ends])
            title = clean(text(route.get("route_long_name")) or text(route.get("route_short_name")))
            kind = "metro" if is_metro(route) else "conventional"
            record = _common(name, title, kind, source, f"drawn straight through the stops of route {pattern.route}")
            self.fresh[0].append(
                record
                | {
                    "design_speed_kmh": None, "operating_speed_kmh": None, "passenger": True,
                    "station_ids": ";".join(ends), "published_length_km": None,
                    "drawn_length_km": round(length_km(shape), 3), "in_network": True,
                    "course": "known", "upgrades": "",
                }
            )  # fmt: skip
            self.fresh[1].append(shape)
            self.opens[name] = BASE_YEAR
        return [name]


def _service(
    pattern: Pattern,
    routes: Mapping[str, Record],
    stops: _Stops,
    lines: _Lines,
    layers: Mapping[str, Layer],
    source: Source,
    used: Collection[str],
) -> tuple[Record, BaseGeometry]:
    route = routes[pattern.route]
    places = [stops.places[halt] for halt in pattern.stops]
    known = _known(pattern, layers, used)
    ridden = known["line_ids"].split(";") if known else lines.through(pattern.stops)
    if ridden is None:
        ridden = lines.draw(pattern, route, stops, source)
    record: Record = known or _common(
        _slug("gtfs", "-".join((pattern.route, pattern.trips[0]))),
        clean(text(route.get("route_long_name")) or text(route.get("route_short_name"))),
        "train_service", source, f"GTFS route {pattern.route}",
    ) | {"opens_year": max((lines.opens.get(line) or BASE_YEAR for line in ridden), default=BASE_YEAR),
         "train_numbers": "", "category": ""}  # fmt: skip
    same_trains = known is not None and abs(float(known["trains_per_day"]) - pattern.trains) < 0.01
    record = record | {
        "station_ids": ";".join(pattern.stops),
        "elapsed_min": _joined(np.median(pattern.minutes, axis=0)),
        "line_ids": ";".join(ridden),
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
    rows = frame[frame["station_ids"] == ";".join(pattern.stops)].drop(columns="geometry").to_dict("records")
    names = {pattern.route, *pattern.trips}
    rows = [row for row in rows if row["id"] not in used]
    told = _joined(np.median(pattern.minutes, axis=0))
    found = [row for row in rows if row["id"] in names] or [row for row in rows if row["elapsed_min"] == told]
    if not found:
        return None
    return {str(key): None if pd.isna(value) else value for key, value in found[0].items()}


def _joined(minutes: NDArray[np.float64]) -> str:
    return ";".join(f"{round(float(value), 3):g}" for value in minutes)
