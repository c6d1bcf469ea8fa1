"""The rail services as a GTFS feed.

The services have minutes between stops and trains a day, but no timetable. Each becomes one trip with
``frequencies.txt`` and ``exact_times = 0``: trains are spread evenly from 06:00 to 23:00, so that the number
of trains is the one counted and no departure is claimed. Services over the same lines are one route, with a direction
each way and the course of their tracks.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.base.errors import ExportError
from atlas.base.tables import listed, slots
from atlas.base.values import cell
from atlas.data.sources import Source
from atlas.exports.tables.bundle import Bundle, Table
from atlas.network.rail import rail_part

__all__ = ["ASSUMPTION", "gtfs_files", "gtfs_tables"]

ASSUMPTION = (
    "GTFS: departures are not known; each service runs its trains per day spread evenly from 06:00 to 23:00, "
    "at most 9 hours apart (frequencies.txt, exact_times=0), every day of the year named; "
    "arrival and departure at a stop coincide; services without a count of trains are left out; "
    "agencies are the publishers of the services' sources; the time zone is that of the stops' longitude"
)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_CJK = re.compile(r"[\u3400-\u9fff]")
_FIRST_S, _LAST_S = 6 * 3600, 23 * 3600
# Readers keep headways in 16 bits; a service of one train a day would not fit.
_LONGEST_S = 9 * 3600
#: GTFS demands an address where the ledger has none; this one is reserved for examples.
_NO_URL = "https://example.org/"
_METRO, _RAIL = 1, 2
Record = dict[str, Any]


def gtfs_tables(
    services: pd.DataFrame,
    stations: pd.DataFrame,
    mark: str,
    as_of: str,
    *,
    railways: gpd.GeoDataFrame | None = None,
    sources: Sequence[Source] = (),
) -> dict[str, list[list[Any]]]:
    """Return the files of the feed: name to rows, the header first.

    Parameters
    ----------
    services, stations
        Frames of the layers ``rail_services`` and ``stations`` (EPSG:4326).
    mark
        The stamp, for ``feed_version``.
    as_of
        ISO date; the feed is valid for its year.
    railways
        Frame of that layer: gives routes their names and kinds, and shapes; None: trips have no shape.
    sources
        Rows of the ledger; those of the services are the feed's agencies.

    Raises
    ------
    ExportError
        No service runs, or one calls at a station that is not in `stations`.
    """
    counted = services["trains_per_day"].notna() & (services["trains_per_day"].fillna(0) > 0)
    chosen = services[counted & (services["status"] == "operating")]
    running = chosen.to_dict("records")
    if not running:
        raise ExportError("no service in operation has a count of trains; a GTFS feed would be empty")
    known = {row["id"]: row for row in stations.to_dict("records")}
    called = dict.fromkeys(name for row in running for name in slots(str(row["station_ids"])))
    missing = [name for name in called if name not in known]
    if missing:
        raise ExportError(f"services call at {', '.join(missing)}, which the layer stations lacks; add them there")
    year = as_of[:4]
    lines = {} if railways is None else {row["id"]: row for row in railways.to_dict("records")}
    routes = _routes(running, lines)
    shapes = _shapes(chosen, stations, railways)
    agencies = _agencies(running, sources)
    zone = _zone([known[name] for name in called])
    chinese = any(_CJK.search(str(known[name]["name_zh"] or "")) for name in called)
    of_trip = {trip: (route, way) for route, (_, ways) in routes.items() for trip, way in ways.items()}
    files: dict[str, list[list[Any]]] = {
        "agency.txt": [
            ["agency_id", "agency_name", "agency_url", "agency_timezone"],
            *([key, name, url, zone] for key, (name, url) in agencies.items()),
        ],
        "stops.txt": [
            ["stop_id", "stop_name", "stop_lat", "stop_lon"],
            *(_stop(known[name]) for name in sorted(called)),
        ],
        "routes.txt": [
            ["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"],
            *([name, row["agency_id"], "", row["name"], row["type"]] for name, (row, _) in routes.items()),
        ],
        "trips.txt": [
            ["route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "shape_id"],
            *(
                [of_trip[row["id"]][0], "daily", row["id"], _headsign(row, known), of_trip[row["id"]][1],
                 shapes.of_trip.get(row["id"], "")]
                for row in running
            ),
        ],
        "stop_times.txt": [
            ["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "timepoint"],
            *(line for row in running for line in _calls(row)),
        ],
        "calendar.txt": [
            ["service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
             "start_date", "end_date"],
            ["daily", 1, 1, 1, 1, 1, 1, 1, f"{year}0101", f"{year}1231"],
        ],
        "frequencies.txt": [
            ["trip_id", "start_time", "end_time", "headway_secs", "exact_times"],
            *(_frequency(row) for row in running),
        ],
        "feed_info.txt": [
            ["feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date", "feed_end_date",
             "feed_version"],
            ["zhuxi-atlas", next(iter(agencies.values()))[1], "zh" if chinese else "mul", f"{year}0101", f"{year}1231",
             f"atlas-hash: {mark}"],
        ],
    }  # fmt: skip
    return files | ({"shapes.txt": shapes.rows} if shapes.of_trip else {})


def _routes(
    running: Sequence[Mapping[Any, Any]], lines: Mapping[str, Mapping[Any, Any]]
) -> dict[str, tuple[Record, dict[str, int]]]:
    """Return routes by id, in the order of their first service: row, and the direction of each of their trips."""
    grouped: dict[tuple[str, ...], list[Mapping[Any, Any]]] = defaultdict(list)
    for row in running:
        ridden = listed(str(row["line_ids"] or "")) or (str(row["id"]),)
        grouped[min(ridden, ridden[::-1])].append(row)
    made: dict[str, tuple[Record, dict[str, int]]] = {}
    for ridden, rows in grouped.items():
        own = [lines[line] for line in ridden if line in lines]
        longest = max(rows, key=lambda row: (len(str(row["station_ids"])), str(row["id"])))
        titles = [str(line["name_zh"] or line["name_en"] or "") for line in own]
        name = "—".join(dict.fromkeys(title for title in titles if title))
        metro = bool(own) and all(line["kind"] == "metro" for line in own)
        # Which way is 0 is a convention of the feed: that of the service written first.
        place = {stop: k for row in rows[:1] for k, stop in enumerate(slots(str(row["station_ids"])))}
        row = {
            "name": name or str(longest["name_zh"] or longest["name_en"] or longest["id"]),
            "type": _METRO if metro else _RAIL,
            "agency_id": Counter(str(one["source"] or "unknown") for one in rows).most_common(1)[0][0],
        }
        ways = {str(one["id"]): _way(one, rows[0], ridden, place) for one in rows}
        made["-".join(ridden)] = row, ways
    return made


def _way(row: Mapping[Any, Any], first: Mapping[Any, Any], ridden: tuple[str, ...], place: Mapping[str, int]) -> int:
    """0 where a service runs as the route's first does, by stops that both have, else by the order of its lines."""
    common = [place[stop] for stop in slots(str(row["station_ids"])) if stop in place]
    if len(common) > 1 and common[0] != common[-1]:
        return int(common[0] > common[-1])
    own, other = (tuple(slots(str(one["line_ids"] or ""))) for one in (row, first))
    return int(len(ridden) > 1 and own != other)


class _Shapes:
    """Courses of trips: rows of shapes.txt, and which of them each trip follows."""

    def __init__(self) -> None:
        self.rows: list[list[Any]] = [["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"]]
        self.of_trip: dict[str, str] = {}
        self._known: dict[bytes, str] = {}

    def add(self, trip: str, xy: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        """Give a trip its course; trips of one course share it."""
        name = self._known.setdefault(xy.tobytes(), f"shape-{trip}")
        self.of_trip[trip] = name
        if name == f"shape-{trip}":
            self.rows += [[name, f"{lat:.6f}", f"{lon:.6f}", k] for k, (lon, lat) in enumerate(xy.tolist())]


def _shapes(services: pd.DataFrame, stations: pd.DataFrame, railways: gpd.GeoDataFrame | None) -> _Shapes:
    """Lead each service along the tracks that the network leads it along."""
    found = _Shapes()
    if railways is None:
        return found
    frames = [frame.assign(side="") for frame in (railways, stations, services)]
    rides: dict[str, list[np.ndarray[Any, np.dtype[np.float64]]]] = defaultdict(list)
    for edge in rail_part(frames[0], frames[1], frames[2], ()).edges:
        if edge.role == "ride" and edge.layer == "rail_services":
            rides[edge.feature_id].append(shapely.get_coordinates(edge.geometry))
    for trip, parts in rides.items():
        xy = np.round(np.vstack([parts[0][:1], *(part[1:] for part in parts)]), 6)
        found.add(str(trip), xy[np.concatenate([[True], np.any(np.diff(xy, axis=0) != 0, axis=1)])])
    return found


def _agencies(running: Sequence[Mapping[Any, Any]], sources: Sequence[Source]) -> dict[str, tuple[str, str]]:
    """Return name and address of each agency by the key of its source."""
    known = {source.key: source for source in sources}
    found = {}
    for key in dict.fromkeys(str(row["source"] or "unknown") for row in running):
        source = known.get(key)
        found[key] = (source.publisher if source else key, (source.url if source else "") or _NO_URL)
    return found


def _zone(stops: Sequence[Mapping[Any, Any]]) -> str:
    """Return the time zone of stops by their longitude; eight hours east is one that keeps no summer time."""
    hours = round(float(np.mean([row["geometry"].x for row in stops])) / 15.0)
    return "Asia/Shanghai" if hours == 8 else f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"


def _stop(row: Mapping[Any, Any]) -> list[Any]:
    return [row["id"], row["name_zh"] or row["name_en"], f"{row['geometry'].y:.6f}", f"{row['geometry'].x:.6f}"]


def _headsign(row: Mapping[Any, Any], known: Mapping[Any, Mapping[Any, Any]]) -> str:
    return str(known[slots(str(row["station_ids"]))[-1]]["name_zh"])


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def _calls(row: Mapping[Any, Any]) -> list[list[Any]]:
    stations = slots(str(row["station_ids"]))
    minutes = [float(part) for part in slots(str(row["elapsed_min"]))]
    lines = []
    for number, (name, minute) in enumerate(zip(stations, minutes, strict=True), start=1):
        at = _clock(_FIRST_S + minute * 60)
        lines.append([row["id"], at, at, name, number, 0])
    return lines


def _frequency(row: Mapping[Any, Any]) -> list[Any]:
    """The window is a whole number of headways, so that a reader counts exactly the trains of the layer."""
    trains = float(row["trains_per_day"])
    headway = max(1, min(round((_LAST_S - _FIRST_S) / trains), _LONGEST_S))
    return [row["id"], _clock(_FIRST_S), _clock(_FIRST_S + headway * trains), headway, 0]


def _text(rows: Sequence[Sequence[Any]]) -> bytes:
    sheet = io.StringIO()
    # Texts are those of cells everywhere; a latitude south of the equator is no text.
    csv.writer(sheet, lineterminator="\n").writerows(
        [one if _NUMBER.fullmatch(str(one)) else cell(one) for one in row] for row in rows
    )
    return sheet.getvalue().encode("utf-8")


def gtfs_files(bundle: Bundle) -> dict[str, bytes]:
    """Return the feed of a bundle that holds the tables ``rail_services``, ``stations`` and, for shapes, ``railways``.

    Raises
    ------
    ExportError
        A table is missing, or what :func:`gtfs_tables` raises.
    """
    tables: dict[str, Table] = {table.name: table for table in bundle.tables}
    missing = [name for name in ("rail_services", "stations") if name not in tables]
    if missing:
        raise ExportError(f"GTFS is made of the rail services; export `rail_services` or `atlas` (lacks {missing[0]})")
    lines = tables.get("railways")
    files = gtfs_tables(
        tables["rail_services"].frame, tables["stations"].frame, bundle.hash, bundle.as_of,
        railways=None if lines is None else lines.shapes, sources=bundle.sources,
    )  # fmt: skip
    return {name: _text(rows) for name, rows in files.items()}
