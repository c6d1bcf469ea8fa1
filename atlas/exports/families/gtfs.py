"""The rail services as a GTFS feed.

The services have minutes between stops and trains a day, but no timetable. Each becomes one trip with
``frequencies.txt`` and ``exact_times = 0``: trains are spread evenly from 06:00 to 23:00, so that the number
of trains is the one counted and no departure is claimed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from atlas.base.archive import pack
from atlas.base.errors import ExportError
from atlas.base.values import cell
from atlas.exports.tables.bundle import Bundle, Table

__all__ = ["ASSUMPTION", "gtfs_tables", "write_gtfs"]

ASSUMPTION = (
    "GTFS: departures are not known; each service runs its trains per day spread evenly from 06:00 to 23:00, "
    "at most 9 hours apart (frequencies.txt, exact_times=0), every day of the year named; "
    "arrival and departure at a stop coincide; services without a count of trains are left out"
)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_FIRST_S, _LAST_S = 6 * 3600, 23 * 3600
# Readers keep headways in 16 bits; a service of one train a day would not fit.
_LONGEST_S = 9 * 3600


def gtfs_tables(services: pd.DataFrame, stations: pd.DataFrame, mark: str, as_of: str) -> dict[str, list[list[Any]]]:
    """Return the files of the feed: name to rows, the header first.

    Parameters
    ----------
    services, stations
        Frames of the layers ``rail_services`` and ``stations`` (EPSG:4326).
    mark
        The stamp, for ``feed_version``.
    as_of
        ISO date; the feed is valid for its year.

    Raises
    ------
    ExportError
        No service runs, or one calls at a station that is not in `stations`.
    """
    counted = services["trains_per_day"].notna() & (services["trains_per_day"].fillna(0) > 0)
    running = services[counted & (services["status"] == "operating")].to_dict("records")
    if not running:
        raise ExportError("no service in operation has a count of trains; a GTFS feed would be empty")
    known = {row["id"]: row for row in stations.to_dict("records")}
    called = dict.fromkeys(name for row in running for name in str(row["station_ids"]).split(";"))
    missing = [name for name in called if name not in known]
    if missing:
        raise ExportError(f"services call at {', '.join(missing)}, which the layer stations lacks; add them there")
    year = as_of[:4]
    return {
        "agency.txt": [
            ["agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"],
            ["cr", "中国铁路", "https://www.12306.cn/", "Asia/Shanghai", "zh"],
        ],
        "stops.txt": [
            ["stop_id", "stop_name", "stop_lat", "stop_lon"],
            *(_stop(known[name]) for name in sorted(called)),
        ],
        "routes.txt": [
            ["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"],
            *([row["id"], "cr", "", row["name_zh"] or row["id"], 2] for row in running),
        ],
        "trips.txt": [
            ["route_id", "service_id", "trip_id", "trip_headsign"],
            *([row["id"], "daily", row["id"], _headsign(row, known)] for row in running),
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
            ["zhuxi-atlas", "https://www.12306.cn/", "zh", f"{year}0101", f"{year}1231", f"atlas-hash: {mark}"],
        ],
    }  # fmt: skip


def _stop(row: Mapping[Any, Any]) -> list[Any]:
    return [row["id"], row["name_zh"] or row["name_en"], f"{row['geometry'].y:.6f}", f"{row['geometry'].x:.6f}"]


def _headsign(row: Mapping[Any, Any], known: Mapping[Any, Mapping[Any, Any]]) -> str:
    return str(known[str(row["station_ids"]).split(";")[-1]]["name_zh"])


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def _calls(row: Mapping[Any, Any]) -> list[list[Any]]:
    stations = str(row["station_ids"]).split(";")
    minutes = [float(part) for part in str(row["elapsed_min"]).split(";")]
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


def write_gtfs(bundle: Bundle, path: Path, extra: Mapping[str, bytes]) -> None:
    """Write the feed of a bundle that holds the tables ``rail_services`` and ``stations``.

    Parameters
    ----------
    extra
        More members of the archive, such as its data package.
    """
    tables: dict[str, Table] = {table.name: table for table in bundle.tables}
    missing = [name for name in ("rail_services", "stations") if name not in tables]
    if missing:
        raise ExportError(f"GTFS is made of the rail services; export `rail_services` or `atlas` (lacks {missing[0]})")
    files = gtfs_tables(tables["rail_services"].frame, tables["stations"].frame, bundle.hash, bundle.as_of)
    pack(path, {name: _text(rows) for name, rows in files.items()} | dict(extra))
