"""Stops as stations: those of the atlas, those of one name within walking distance as one, and new ones."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import distances_km
from atlas.data.layer import Layer
from atlas.data.scenario import BASE_YEAR
from atlas.data.sources import Source
from atlas.imports.gtfs.feed import calls_of, text
from atlas.imports.osm.matching import base_names
from atlas.imports.osm.tags import clean
from atlas.imports.systems import shifted

__all__ = ["Stops", "common", "nearest", "slug", "stop_places"]

Record = dict[str, Any]
Point = tuple[float, float]
#: How far a stop may stand from a station of the same name and be it.
_SAME_KM = 5.0
#: Stops of one name this near one another are one station: a walk of some minutes, and what halls of one interchange
#: in OpenStreetMap are made one within (see atlas.imports.osm.points).
_WALK_KM = 0.5
#: Stops' positions are as the feed has them; GTFS states no error, so this is an allowance.
_ERROR_M = 100.0


def slug(head: str, text: str) -> str:
    """Return an id made of a feed's id; ids that differ in signs a slug cannot hold stay apart."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")
    if plain == text:
        return f"{head}-{plain}"
    return f"{head}-{plain}{'-' if plain else ''}{zlib.crc32(text.encode('utf-8')):08x}"


def common(name: str, zh: str | None, kind: str, source: Source, note: str) -> Record:
    """Return the contract's columns of what a feed has."""
    return {
        "id": name, "name_zh": zh, "name_en": None, "kind": kind, "status": "operating",
        "status_as_of": source.retrieved, "checked_on": None, "opened": None, "expected_open": None,
        "opens_basis": "unknown", "opens_year": BASE_YEAR, "plan_ids": "", "city": None, "source": source.key,
        "source_note": note,
        "confidence": "medium", "geometry_quality": "schematic", "position_error_m": _ERROR_M,
    }  # fmt: skip


@dataclass
class Stops:
    """Stations by stop, known ones and new ones.

    Attributes
    ----------
    names
        Station of each stop.
    places
        Where stations are, lon and lat.
    records
        New stations by id.
    tops
        Stop that stands for each stop: its parent, or the first of its name within walking distance.
    rows
        Rows of stops.txt by id.
    """

    names: dict[str, str]
    places: dict[str, Point]
    records: dict[str, Record]
    tops: dict[str, str]
    rows: dict[str, Record]

    @classmethod
    def of(
        cls,
        feed: Any,
        layers: Mapping[str, Layer],
        trains: Mapping[str, bool],
        source: Source,
        shift: str | None,
        notes: list[str],
    ) -> Stops:
        """Find the station of each stop.

        Parameters
        ----------
        feed
            As :func:`atlas.imports.gtfs.feed.read_feed` gives it.
        layers
            The atlas's ``stations``, to match onto.
        trains
            Routes of trains, and whether each is a metro.
        source
            Row of the ledger.
        shift
            As in :func:`atlas.imports.systems.shifted`; None: not shifted.
        notes
            What was made one is added here.
        """
        rows = {text(row["stop_id"]): row for row in feed.stops.to_dict("records")}
        known = layers["stations"].frame if "stations" in layers else None
        places = {} if known is None else {
            str(name): (point.x, point.y) for name, point in zip(known["id"], known.geometry, strict=True)
        }  # fmt: skip
        named: dict[str, list[str]] = defaultdict(list)
        titled: dict[str, list[str]] = defaultdict(list)
        if known is not None:
            for name, title in zip(known["id"], known["name_zh"], strict=True):
                titled[str(title)].append(str(name))
                for base in base_names("stations", title):
                    named[base].append(str(name))
        at = stop_places(feed.stops, shift)
        above = {stop: top if (top := text(row.get("parent_station"))) in rows else stop for stop, row in rows.items()}
        where = {top: at.get(top, at.get(stop)) for stop, top in above.items()}
        calls = calls_of(feed, trains)
        rail = {above[stop] for stop in calls.heavy if stop in above}
        metro = {above[stop] for stop in calls.metro if stop in above} - rail
        beside = {frozenset((above[a], above[b])) for a, b in calls.beside if a in above and b in above}
        sure = {top: _surely(top, rows[top], here, titled, places) for top, here in where.items()}
        first = _as_one({top: rows[top] for top in where if top in rail | metro}, where, rail, beside, sure)
        one = sum(top != of for top, of in first.items())
        if one:
            notes.append(f"stops within {_WALK_KM * 1000:.0f} m of another of their name, which are it: {one}")
        made = cls({}, places, {}, {stop: first.get(top, top) for stop, top in above.items()}, rows)
        for stop in rows:
            top = made.tops[stop]
            here = where.get(top) or at.get(stop)
            if here is None:
                continue
            station = _same(top, rows[top], here, named, places)
            if not station:
                station = slug("gtfs", top)
                if station not in made.records:
                    made.places[station] = here
                    made.records[station] = _station(station, rows[top], top in metro, source)
            made.names[stop] = station
        return made

    def station(self, stop: str) -> str:
        """Return the station of a stop; empty where it has none."""
        return self.names.get(stop, "")

    def fresh(self, called: Collection[str]) -> tuple[list[Record], list[BaseGeometry]]:
        """Return records and points of the new stations among those `called` at."""
        names = [name for name in self.records if name in called]
        return [self.records[name] for name in names], [shapely.Point(self.places[name]) for name in names]


def stop_places(table: pd.DataFrame, shift: str | None) -> dict[str, Point]:
    """Return where stops are, moved back where they are shifted."""
    placed = table.dropna(subset=["stop_lon", "stop_lat"])
    named = {
        text(stop): shapely.Point(float(lon), float(lat))
        for stop, lon, lat in zip(placed["stop_id"], placed["stop_lon"], placed["stop_lat"], strict=True)
    }
    points = np.array(list(named.values()), dtype=object)
    if shift and len(points):
        points = shifted(points, shift)
    return {stop: (round(p.x, 6), round(p.y, 6)) for stop, p in zip(named, points, strict=True)}


def _as_one(
    rows: Mapping[str, Record],
    where: Mapping[str, Point | None],
    rail: Collection[str],
    beside: Collection[frozenset[str]],
    sure: Mapping[str, str],
) -> dict[str, str]:
    """Return for each stop the first of those of its name within walking distance, of trains before metros.

    Two stops that one trip calls at one after the other are two, whatever they are called, and so are two that are
    `sure` to be stations the atlas tells apart (横琴 and 横琴(澳门轻轨)).
    """
    named: dict[str, list[str]] = defaultdict(list)
    for top, row in rows.items():
        # A name of several parts is none to tell stops by.
        bases = base_names("stations", text(row.get("stop_name")))
        if len(bases) == 1 and where[top] is not None:
            named[next(iter(bases))].append(top)
    first = {top: top for top in rows}
    for tops in named.values():
        groups = [[top] for top in tops]
        for a, b in _near(tops, where):
            one, other = (next(group for group in groups if top in group) for top in (a, b))
            apart = any(frozenset((x, y)) in beside or (sure[x] and sure[y] and sure[x] != sure[y])
                        for x in one for y in other)  # fmt: skip
            if one is not other and not apart:
                groups.remove(other)
                one.extend(other)
        for group in groups:
            head = min(group, key=lambda top: (top not in rail, tops.index(top)))
            first |= dict.fromkeys(group, head)
    return first


def _near(tops: list[str], where: Mapping[str, Point | None]) -> Iterator[tuple[str, str]]:
    """Pairs within walking distance, in order."""
    xy = np.array([where[top] for top in tops])
    for i, j in combinations(range(len(tops)), 2):
        if float(distances_km(xy[i, 0], xy[i, 1], xy[j, 0], xy[j, 1])) <= _WALK_KM:
            yield tops[i], tops[j]


def _surely(
    stop: str, row: Record, here: Point | None, titled: Mapping[str, list[str]], places: Mapping[str, Point]
) -> str:
    """Return the atlas's station of the stop's own id, or that of its very name nearby; empty where there is none."""
    if stop in places or here is None:
        return stop if stop in places else ""
    return nearest(here, titled.get(text(row.get("stop_name")), []), places, _SAME_KM)


def _same(stop: str, row: Record, here: Point, named: Mapping[str, list[str]], places: Mapping[str, Point]) -> str:
    """Return the atlas's station that a stop is: by its own id, else the nearest of its name."""
    if stop in places:
        return stop
    offers = sorted(
        {name for base in base_names("stations", text(row.get("stop_name"))) for name in named.get(base, ())}
    )
    return nearest(here, offers, places, _SAME_KM)


def nearest(here: Point, offers: list[str], places: Mapping[str, Point], within_km: float) -> str:
    """Return the nearest of `offers`; empty where none is within reach."""
    if not offers:
        return ""
    xy = np.array([places[name] for name in offers])
    km = distances_km(np.full(len(xy), here[0]), np.full(len(xy), here[1]), xy[:, 0], xy[:, 1])
    return offers[int(np.argmin(km))] if km.min() <= within_km else ""


def _station(name: str, row: Record, metro: bool, source: Source) -> Record:
    record = common(
        name, clean(text(row.get("stop_name"))), "metro" if metro else "conventional", source,
        f"GTFS stop {text(row['stop_id'])}",
    )  # fmt: skip
    return record | {"line_ids": "", "trains_per_day": None, "passenger": True}
