"""A feed's ferries as the layer ``ferries``: one feature a pair of piers, travelled either way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import length_km
from atlas.data.checks import Violation
from atlas.data.layer import Layer
from atlas.imports.gtfs.feed import Day, Pattern, patterns, text
from atlas.imports.gtfs.stops import Stops, common, nearest, slug, stop_places
from atlas.imports.osm.matching import base_names
from atlas.imports.osm.tags import clean

__all__ = ["ferries_of"]

Record = dict[str, Any]
Point = tuple[float, float]
#: A stop is a port of its name this near, or any port this near: a stop is drawn at the gate, a port at its middle.
_NAMED_KM, _NEAR_KM = 5.0, 0.3


@dataclass
class Ferries:
    """Records and geometries of services, and of the ports that the atlas lacks."""

    services: tuple[list[Record], list[BaseGeometry]] = field(default_factory=lambda: ([], []))
    ports: tuple[list[Record], list[BaseGeometry]] = field(default_factory=lambda: ([], []))


@dataclass
class _Piers:
    """Where ferries call: features by stop, as layer/id, and where they are."""

    names: dict[str, str]
    places: dict[str, Point]
    titles: dict[str, str]
    fresh: dict[str, tuple[Record, BaseGeometry]]


def ferries_of(
    day: Day,
    routes: Mapping[str, Record],
    stops: Stops,
    called: Collection[str],
    layers: Mapping[str, Layer],
    refused: list[Violation],
    notes: list[str],
) -> Ferries:
    """Make ferries of the trips of `routes`.

    A ferry of several calls is one service for each pair of them. Minutes are the median over the trips either way,
    with the least and the most; departures are those of the way that has more.

    Parameters
    ----------
    day, routes
        The feed on its day, and its routes with ferries.
    stops
        Stations by stop; one that trains call at (`called`) is an end of a ferry as it is.
    layers
        The atlas's ``ports``, to match onto.
    refused, notes
        What cannot be taken, and what was taken as given, is added here.
    """
    made = Ferries()
    if not routes:
        return made
    piers = _piers(day, routes, stops, called, layers)
    found = list(
        patterns(day.feed, day.trips, routes, lambda stop: piers.names.get(stop, ""), refused, notes, "ferries")
    )
    pairs: dict[tuple[str, str, str], dict[bool, list[tuple[Pattern, int, int]]]] = defaultdict(
        lambda: {True: [], False: []}
    )
    for pattern in found:
        for i, j in combinations(range(len(pattern.stops)), 2):
            a, b = pattern.stops[i], pattern.stops[j]
            if a != b:
                pairs[pattern.route, min(a, b), max(a, b)][a < b].append((pattern, i, j))
    for (route, a, b), ways in sorted(pairs.items()):
        minutes = np.concatenate([one.minutes[:, j] - one.minutes[:, i] for way in ways.values() for one, i, j in way])
        shape = shapely.LineString([piers.places[a], piers.places[b]])
        row = routes[route]
        title = clean(text(row.get("route_long_name")) or text(row.get("route_short_name")))
        if len([1 for name, *ends in pairs if name == route]) > 1 or not title:
            title = f"{piers.titles[a]}—{piers.titles[b]}"
        record = common(
            slug("gtfs-ferry", "-".join((route, a.partition("/")[2], b.partition("/")[2]))), title, "ferry", day.source,
            f"GTFS route {route}",
        )  # fmt: skip
        made.services[0].append(
            record
            | {
                "from_point": a, "to_point": b, "minutes_low": round(float(minutes.min()), 3),
                "minutes": round(float(np.median(minutes)), 3), "minutes_high": round(float(minutes.max()), 3),
                "departures_per_day": round(max(sum(one.trains for one, _, _ in way) for way in ways.values()), 3),
                "drawn_length_km": round(length_km(shape), 3),
            }
        )  # fmt: skip
        made.services[1].append(shape)
    used = {end for _, a, b in pairs for end in (a, b)}
    for name, (record, point) in piers.fresh.items():
        if name in used:
            made.ports[0].append(record)
            made.ports[1].append(point)
    if found:
        notes.append("ferries run in scenarios that ask for them: --with ferries, or one by its id")
    return made


def _piers(
    day: Day, routes: Mapping[str, Record], stops: Stops, called: Collection[str], layers: Mapping[str, Layer]
) -> _Piers:
    """Find for each stop of a ferry the port of its name, else its station, else a port beside it, else make one."""
    known = layers["ports"].frame if "ports" in layers else None
    rows = [] if known is None else [row for row in known.to_dict("records") if row["kind"] != "waterway_project"]
    ports = {str(row["id"]): shapely.get_coordinates(row["geometry"])[0] for row in rows}
    there: dict[str, Point] = {name: (float(at[0]), float(at[1])) for name, at in ports.items()}
    named: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for base in base_names("ports", row["name_zh"]):
            named[base].append(str(row["id"]))
    piers = _Piers({}, {}, {}, {})
    at = stop_places(day.feed.stops, day.shift)
    trips, halts = day.trips, day.feed.stop_times
    ran = {text(trip) for trip, route in zip(trips["trip_id"], trips["route_id"], strict=True) if text(route) in routes}
    for stop in dict.fromkeys(map(text, halts.loc[halts["trip_id"].isin(ran), "stop_id"])):
        top = stops.tops.get(stop, "")
        here = at.get(top) or at.get(stop)
        if not top or here is None:
            continue
        title = text(stops.rows[top].get("stop_name"))
        alike = sorted({name for base in base_names("ports", title) for name in named.get(base, ())})
        station = stops.names.get(stop, "")
        port = top if top in there else nearest(here, alike, there, _NAMED_KM)
        if not port and station not in called:
            port = nearest(here, list(there), there, _NEAR_KM)
        if port:
            name, place = f"ports/{port}", there[port]
        elif station in called:
            name, place = f"stations/{station}", stops.places[station]
        else:
            own = slug("gtfs", top)
            name, place = f"ports/{own}", here
            record = common(own, clean(title), "passenger_terminal", day.source, f"GTFS stop {top}")
            piers.fresh[name] = (record | {"port": None, "port_of_entry": None, "unlocode": None}, shapely.Point(here))
        piers.names[stop], piers.places[name], piers.titles[name] = name, place, title
    return piers
