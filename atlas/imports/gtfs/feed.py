"""Reading a GTFS feed: the trips of one day, as patterns of stops with minutes."""

from __future__ import annotations

import re
import tempfile
import warnings
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.doors import missing_extra
from atlas.base.errors import ImportDataError
from atlas.base.files import scratch
from atlas.base.foreign import apart
from atlas.base.geodesy import Floats
from atlas.base.tables import is_iso_date
from atlas.data.checks import Violation
from atlas.data.sources import Source
from atlas.imports.archives import unpacked_bytes
from atlas.imports.osm.tags import clean

__all__ = [
    "Day",
    "Pattern",
    "calls_of",
    "is_metro",
    "patterns",
    "publisher",
    "read_feed",
    "routes_of",
    "rows_beside",
    "running",
    "text",
]

Record = dict[str, Any]
_TIME = re.compile(r"\s*(\d{1,3}):(\d{2}):(\d{2})\s*")
_METRO = {"0", "1", "5", "12", *(str(n) for n in (*range(400, 405), *range(900, 907)))}
_RAIL = {"2", *(str(n) for n in range(100, 118))}
_FERRY = {"4", "1200", *(str(n) for n in range(1000, 1022))}
#: What other vehicles are called, by type of route and by its hundreds where types are extended.
_OTHERS = {
    "3": "bus", "6": "cable car", "7": "funicular", "11": "trolleybus", "200": "coach", "700": "bus",
    "800": "trolleybus", "1100": "aircraft", "1300": "cable car", "1400": "funicular", "1500": "taxi",
}  # fmt: skip
_PARTS = {
    "stops": ("stop_id", "stop_lat", "stop_lon"),
    "routes": ("route_id", "route_type"),
    "trips": ("trip_id", "route_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"),
}


@dataclass(frozen=True, eq=False)
class Day:
    """A feed on one day: its tables, the trips that run, the ledger's row for it, and how its stops are shifted."""

    feed: Any
    trips: pd.DataFrame
    source: Source
    shift: str | None


@dataclass(frozen=True)
class Pattern:
    """Trips of one route with the same stops: (n, m) minutes since departure of n trips at m stops.

    `shape` is the first trip's in shapes.txt, empty for none.
    """

    route: str
    trips: tuple[str, ...]
    stops: tuple[str, ...]
    minutes: Floats
    trains: float
    shape: str = ""


@dataclass(frozen=True)
class Routes:
    """Rows of routes.txt by id: those of trains, those of ferries; and how many run with something else."""

    trains: dict[str, Record]
    ferries: dict[str, Record]
    others: Counter[str]

    @property
    def told(self) -> str:
        """What the others are, the most first."""
        return ", ".join(f"{name} {count}" for name, count in self.others.most_common())


@dataclass(frozen=True)
class Calls:
    """Stops that metros call at, that other trains call at, and pairs that a train calls at one after the other."""

    metro: set[str]
    heavy: set[str]
    beside: set[tuple[str, str]]


def read_feed(path: Path) -> Any:
    try:
        import gtfs_kit
    except ModuleNotFoundError as reason:
        raise ImportDataError(missing_extra("gtfs-kit")) from reason
    if path.is_dir() or path.read_bytes()[:4] != b"PK\x03\x04":
        raise ImportDataError(f"{path} is no zip archive; a GTFS feed is one")
    with scratch() as folder:
        feed = apart(
            lambda: _parsed(path, gtfs_kit, folder), path, ImportDataError,
            size_bytes=unpacked_bytes(path), writes=True,
        )  # fmt: skip
    for name, columns in _PARTS.items():
        table = getattr(feed, name, None)
        if table is None or table.empty:
            raise ImportDataError(f"{path} has no {name}.txt, or an empty one; a GTFS feed needs it at its top level")
        missing = [column for column in columns if column not in table]
        if missing:
            raise ImportDataError(f"{path}: {name}.txt lacks {', '.join(missing)}")
    return feed


def _parsed(path: Path, gtfs_kit: Any, folder: Path) -> Any:
    """Read a feed; the library unpacks it first, into `folder`."""
    tempfile.tempdir = str(folder)
    try:
        with warnings.catch_warnings(action="ignore"), _long_headways(gtfs_kit.constants.DTYPES["frequencies"]):
            return gtfs_kit.read_feed(path, dist_units="km")
    except (
        ValueError, KeyError, TypeError, IndexError, OSError, RuntimeError, NotImplementedError, EOFError,
        OverflowError, zlib.error, zipfile.BadZipFile,
    ) as reason:  # fmt: skip
        raise ImportDataError(f"{path} cannot be read as a GTFS feed: {reason}") from reason
    finally:
        tempfile.tempdir = None


@contextmanager
def _long_headways(types: dict[str, str]) -> Iterator[None]:
    """Let headways be longer than nine hours: gtfs-kit 13 reads them into sixteen bits and fails on one train a day."""
    before = types["headway_secs"]
    types["headway_secs"] = "Int32"
    try:
        yield
    finally:
        types["headway_secs"] = before


def rows_beside(path: Path, name: str) -> int:
    """Return how many rows a table has that the reader of feeds passes over; 0 where it is not there."""
    with zipfile.ZipFile(path) as archive:
        if f"{name}.txt" not in archive.namelist():
            return 0
        with archive.open(f"{name}.txt") as lines:
            return max(sum(bool(line.strip()) for line in lines) - 1, 0)


def text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def publisher(feed: Any) -> str:
    agencies = getattr(feed, "agency", None)
    names = [] if agencies is None or "agency_name" not in agencies else [text(n) for n in agencies["agency_name"]]
    return clean("; ".join(dict.fromkeys(name for name in names if name))) or "not stated"


def running(path: Path, feed: Any, day: str | None, notes: list[str]) -> tuple[pd.DataFrame, str]:
    """Return the trips of one day and that day; of all days when the feed has no calendar."""
    if day is not None and not is_iso_date(day, reduced=False):
        raise ImportDataError(f"--day {day!r} is no date; write YYYY-MM-DD")
    if feed.calendar is None and feed.calendar_dates is None:
        if day is None:
            raise ImportDataError(f"{path} has no calendar and so no day; pass --day YYYY-MM-DD")
        notes.append("the feed has no calendar; all its trips are counted as one day's")
        whole: pd.DataFrame = feed.trips
        return whole, day
    try:
        wanted = day.replace("-", "") if day else feed.compute_busiest_date(feed.get_first_week())
        trips: pd.DataFrame = feed.get_trips(wanted)
    except (ValueError, KeyError, TypeError, IndexError) as reason:
        raise ImportDataError(f"{path}: its calendar cannot be read ({reason}); pass --day YYYY-MM-DD") from reason
    if trips is None or trips.empty:
        raise ImportDataError(f"{path}: no trip runs on {day or wanted}; pass another --day YYYY-MM-DD")
    told = f"{wanted[:4]}-{wanted[4:6]}-{wanted[6:]}"
    notes.append(f"trains of {told}")
    return trips, told


def routes_of(feed: Any, trips: pd.DataFrame, notes: list[str]) -> Routes:
    """Return the routes of trains and of ferries; other vehicles that run are counted by kind and left out."""
    routes = {text(row["route_id"]): row for row in feed.routes.to_dict("records")}
    kinds = {name: text(row["route_type"]) for name, row in routes.items()}
    ran = set(map(text, trips["route_id"])) & set(routes)
    others: Counter[str] = Counter()
    for name in sorted(ran):
        if kinds[name] not in _METRO | _RAIL | _FERRY:
            hundreds = f"{kinds[name][:-2]}00"
            others[_OTHERS.get(kinds[name]) or _OTHERS.get(hundreds) or f"type {kinds[name]}"] += 1
    found = Routes(
        {name: row for name, row in routes.items() if kinds[name] in _METRO | _RAIL},
        {name: row for name, row in routes.items() if kinds[name] in _FERRY},
        others,
    )
    if others:
        notes.append(f"routes that are no trains or ferries, left out: {sum(others.values())} ({found.told})")
    return found


def _minutes(value: Any) -> float:
    found = _TIME.fullmatch(text(value))
    return float("nan") if found is None else int(found[1]) * 60 + int(found[2]) + int(found[3]) / 60


def _trains_of(feed: Any) -> dict[str, float]:
    """How many trains a trip by frequencies stands for."""
    trains: dict[str, float] = defaultdict(float)
    table = getattr(feed, "frequencies", None)
    for row in table.to_dict("records") if table is not None else ():
        span, headway = _minutes(row.get("end_time")) - _minutes(row.get("start_time")), row.get("headway_secs")
        if not pd.isna(headway) and headway > 0 and span > 0:
            trains[text(row.get("trip_id"))] += span * 60 / float(headway)
    return trains


def patterns(
    feed: Any,
    trips: pd.DataFrame,
    routes: Collection[str],
    station: Callable[[str], str],
    refused: list[Violation],
    notes: list[str],
    layer: str = "rail_services",
) -> Iterator[Pattern]:
    """Yield services: trips of a route with the same stations; a trip by frequencies is one of its own."""
    shapes = _shapes_of(trips)
    often = _trains_of(feed)
    route_of = {text(trip): text(route) for trip, route in zip(trips["trip_id"], trips["route_id"], strict=True)}
    table = feed.stop_times[feed.stop_times["trip_id"].isin(list(route_of))].sort_values(["trip_id", "stop_sequence"])
    groups: dict[tuple[str, ...], list[tuple[str, Floats]]] = defaultdict(list)
    guessed = 0
    for trip, rows in table.groupby("trip_id", sort=True):
        name = str(trip)
        if route_of[name] not in routes:
            continue
        halts = tuple(station(text(stop)) for stop in rows["stop_id"])
        told = [_minutes(value) for value in rows["arrival_time"].fillna(rows["departure_time"])]
        left = _minutes(rows["departure_time"].iloc[0])
        minutes = np.array([left if np.isfinite(left) else told[0], *told[1:]])
        fault = _fault(halts, minutes)
        if fault:
            refused.append(Violation(layer, name, "gtfs", fault, "correct the feed"))
            continue
        blank = np.isnan(minutes)
        if blank.any():
            guessed += 1
            place = np.arange(len(minutes))
            minutes[blank] = np.interp(place[blank], place[~blank], minutes[~blank])
        own = name if name in often else ""
        groups[(route_of[name], own, *halts)].append((name, minutes - minutes[0]))
    if guessed:
        notes.append(f"trips that leave out times at some stops, which are spread evenly: {guessed}")
    for (route, own, *called), found in sorted(groups.items()):
        minutes = np.vstack([one for _, one in found])
        names = tuple(name for name, _ in found)
        middle = np.median(minutes, axis=0)
        if (np.diff(middle) <= 0).any():
            message = "two stops have the same minute or run backwards; the network needs minutes that grow"
            refused.append(Violation(layer, names[0], "gtfs", message, "give the times in seconds"))
            continue
        trains = often[own] if own else float(len(names))
        yield Pattern(route, names, tuple(called), minutes, trains, shapes.get(names[0], ""))


def _shapes_of(trips: pd.DataFrame) -> dict[str, str]:
    """The shape of each trip that has one."""
    if "shape_id" not in trips:
        return {}
    pairs = zip(trips["trip_id"], trips["shape_id"], strict=True)
    return {text(trip): text(shape) for trip, shape in pairs if text(shape)}


def _fault(halts: Sequence[str], minutes: Floats) -> str:
    if len(halts) < 2:
        return "it calls at fewer than two stops"
    if "" in halts:
        return "it calls at a stop that stops.txt does not have, or has no place for"
    if np.isnan(minutes[0]) or np.isnan(minutes[-1]):
        return "its first or last stop has no time"
    if any(a == b for a, b in pairwise(halts)):
        return "two stops in a row are one station"
    return ""


def is_metro(route: Mapping[str, Any]) -> bool:
    """Whether a row of routes.txt is a metro, tram or the like."""
    return text(route["route_type"]) in _METRO


def calls_of(feed: Any, trains: Mapping[str, bool]) -> Calls:
    """Return which stops trains call at; `trains` says of each route whether it is a metro."""
    kind = {
        text(trip): trains[text(route)]
        for trip, route in zip(feed.trips["trip_id"], feed.trips["route_id"], strict=True)
        if text(route) in trains
    }
    table = feed.stop_times[["trip_id", "stop_id", "stop_sequence"]]
    table = table[table["trip_id"].isin(list(kind))].sort_values(["trip_id", "stop_sequence"])
    found = Calls(set(), set(), set())
    for trip, stop in table[["trip_id", "stop_id"]].drop_duplicates().itertuples(index=False):
        (found.metro if kind[text(trip)] else found.heavy).add(text(stop))
    same = (table["trip_id"] == table["trip_id"].shift(-1)).fillna(False).to_numpy(dtype=bool)
    pairs = pd.DataFrame({"a": table["stop_id"][same].to_numpy(), "b": table["stop_id"].shift(-1)[same].to_numpy()})
    found.beside.update((text(a), text(b)) for a, b in pairs.drop_duplicates().itertuples(index=False))
    return found
