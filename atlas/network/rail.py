"""The rail part of the network: stations, services as vehicles on platforms, and the run-time formula.

A measured service is a chain of platforms, one a stop, joined by rides with its published minutes; a train
can be boarded and left at its own stops only. A passenger line nobody has measured gets one all-stop
service each way, whose minutes come from :func:`atlas.travel.minutes.run_minutes`.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from atlas.base.errors import NetworkError
from atlas.base.geodesy import Floats
from atlas.base.tables import listed, listing, slots
from atlas.network.borders import Crossing, border_pair
from atlas.network.lines import cut_line, line_km
from atlas.network.rows import Edge, Join, Node, Opening, year_of

__all__ = ["rail_part"]

Row = dict[str, Any]


@dataclass
class RailPart:
    """Nodes, edges and joins, gathered while the railways are read."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)


@dataclass(frozen=True)
class Track:
    """A stretch of one line between neighbouring stations, in the direction of the line."""

    line_id: str
    a: str
    b: str
    length_km: float
    drawn_length_km: float
    published_length_km: float
    line: Floats
    opens_year: float


@dataclass(frozen=True)
class _Service:
    service_id: str
    name_zh: str
    name_en: str
    layer: str
    stops: tuple[str, ...]
    elapsed_min: tuple[float, ...] | None
    trains_per_day: float
    trains_ordinary: float
    line_ids: tuple[str, ...]
    speed_kmh: float
    speed_class: str


@dataclass(frozen=True)
class _Leg:
    line: Floats
    length_km: float
    drawn_length_km: float
    published_length_km: float
    opens_year: float
    line_ids: tuple[str, ...]


def rail_part(
    railways: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    services: gpd.GeoDataFrame | None,
    crossings: Sequence[Crossing],
) -> RailPart:
    """Build station, platform and transfer nodes and the edges between them.

    Parameters
    ----------
    railways, stations, services
        Frames with the contract columns, EPSG:4326. Without `services` every passenger line runs all-stop.
    crossings
        Border crossings; a ride between two sides passes the nearest one of that pair of sides.

    Raises
    ------
    NetworkError
        A line or a service names a station that does not exist, a service has as many minutes as it has
        not stops, or its minutes do not grow.
    """
    part = RailPart()
    lines = {row["id"]: row for row in railways.to_dict("records")}
    halts = {row["id"]: row for row in stations.to_dict("records")}
    tracks = [track for row in lines.values() for track in _tracks(row, halts)]
    graph = _track_graph(tracks)
    measured = list(_measured(services, halts)) if services is not None else []
    ridden = {name for service in measured for name in service.line_ids}
    assumed = [s for row in lines.values() for s in _assumed(row, halts, ridden)]
    pairs = _pair_frequencies(measured + assumed)
    found: dict[tuple[str, str, tuple[str, ...]], _Leg | None] = {}
    for service in measured + assumed:
        legs = []
        for a, b in zip(service.stops[:-1], service.stops[1:], strict=True):
            key = (a, b, service.line_ids)
            if key not in found:
                found[key] = _path(graph, a, b, set(service.line_ids))
            leg = found[key]
            if leg is None:
                leg = _straight(halts, lines, a, b, service)
                part.joins.append(_untracked(service, a, b, leg))
            legs.append(leg)
        _add_service(part, service, legs, halts, lines, pairs, crossings)
    return part


def _untracked(service: _Service, a: str, b: str, leg: _Leg) -> Join:
    return Join("no_track", service.layer, service.service_id, f"{a}-{b}", leg.length_km)


def _tracks(line: Row, halts: dict[str, Row]) -> Iterator[Track]:
    names = list(listed(str(line["station_ids"] or "")))
    if not line["in_network"] or line.get("upgrades") or len(names) < 2:
        return
    unknown = [name for name in names if name not in halts]
    if unknown:
        raise NetworkError(
            f"railways {line['id']}: station_ids names {', '.join(unknown)}, which the layer stations does not have"
        )
    at = np.array([shapely.get_coordinates(halts[name]["geometry"])[0] for name in names])
    stretches = cut_line(shapely.get_coordinates(line["geometry"]), at)
    if stretches is None:
        raise NetworkError(
            f"railways {line['id']}: its stations do not lie on its line in the order of station_ids; "
            "move the line through them or correct station_ids"
        )
    drawn = [line_km(stretch) for stretch in stretches]
    published = year_of(line.get("published_length_km"))
    share = published / sum(drawn) if published > 0 and sum(drawn) > 0 else float("nan")
    schematic = line["geometry_quality"] == "schematic"
    for a, b, stretch, km in zip(names[:-1], names[1:], stretches, drawn, strict=True):
        charged = km * share if schematic and share > 0 else km
        yield Track(line["id"], a, b, charged, km, km * share, stretch, year_of(line["opens_year"]))


def _track_graph(tracks: Sequence[Track]) -> dict[str, list[tuple[str, Track, bool]]]:
    graph: dict[str, list[tuple[str, Track, bool]]] = defaultdict(list)
    for track in tracks:
        graph[track.a].append((track.b, track, True))
        graph[track.b].append((track.a, track, False))
    return graph


def _path(graph: dict[str, list[tuple[str, Track, bool]]], a: str, b: str, allowed: set[str]) -> _Leg | None:
    """Return the shortest way along the lines `allowed` from station `a` to station `b`."""
    heap: list[tuple[float, int, str]] = [(0.0, 0, a)]
    best = {a: 0.0}
    came: dict[str, tuple[str, Track, bool]] = {}
    serial = 0
    while heap:
        km, _, here = heapq.heappop(heap)
        if here == b:
            break
        if km > best[here]:
            continue
        for there, track, forward in graph.get(here, ()):
            total = km + track.length_km
            if track.line_id in allowed and total < best.get(there, float("inf")):
                best[there] = total
                came[there] = (here, track, forward)
                serial += 1
                heapq.heappush(heap, (total, serial, there))
    if b not in came:
        return None
    steps: list[tuple[Track, bool]] = []
    here = b
    while here != a:
        here, track, forward = came[here]
        steps.append((track, forward))
    steps.reverse()
    pieces = [track.line if forward else track.line[::-1] for track, forward in steps]
    line = np.vstack([pieces[0], *(piece[1:] for piece in pieces[1:])])
    years = [track.opens_year for track, _ in steps]
    return _Leg(
        line,
        sum(track.length_km for track, _ in steps),
        sum(track.drawn_length_km for track, _ in steps),
        sum(track.published_length_km for track, _ in steps),
        max(years) if not any(np.isnan(years)) else float("nan"),
        tuple(dict.fromkeys(track.line_id for track, _ in steps)),
    )


def _straight(halts: dict[str, Row], lines: dict[str, Row], a: str, b: str, service: _Service) -> _Leg:
    line = np.vstack([shapely.get_coordinates(halts[name]["geometry"])[0] for name in (a, b)])
    years = [year_of(lines[name]["opens_year"]) for name in service.line_ids if name in lines]
    opens = max(years) if years and not any(np.isnan(years)) else float("nan")
    km = line_km(line)
    return _Leg(line, km, km, float("nan"), opens, service.line_ids)


def _measured(frame: gpd.GeoDataFrame, halts: dict[str, Row]) -> Iterator[_Service]:
    for row in frame.to_dict("records"):
        names = slots(str(row["station_ids"]))
        elapsed = [float(value) for value in slots(str(row["elapsed_min"]))]
        if len(names) != len(elapsed) or len(names) < 2:
            raise NetworkError(f"rail_services {row['id']}: {len(names)} stops but {len(elapsed)} times in elapsed_min")
        if any(later <= earlier for earlier, later in itertools.pairwise(elapsed)):
            raise NetworkError(f"rail_services {row['id']}: elapsed_min must grow from stop to stop")
        unknown = [name for name in names if name not in halts]
        if unknown:
            raise NetworkError(
                f"rail_services {row['id']}: calls at {', '.join(unknown)}, which the layer stations does not have"
            )
        yield _Service(
            row["id"],
            str(row["name_zh"] or row["name_en"] or ""),
            str(row["name_en"] or ""),
            "rail_services",
            tuple(names),
            tuple(elapsed),
            float(row["trains_per_day"]),
            year_of(row["trains_recent"]),
            tuple(slots(str(row["line_ids"]))),
            float("nan"),
            "frequency" if row.get("kind") == "frequency" else "measured",
        )


def _assumed(line: Row, halts: dict[str, Row], ridden: set[str]) -> Iterator[_Service]:
    """All-stop services, one each way, of a passenger line nobody has measured."""
    if line["id"] in ridden or not line["in_network"] or not line["passenger"]:
        return
    names = list(listed(str(line["station_ids"] or "")))
    calls = {name: year_of(halts[name].get("trains_per_day")) for name in names if name in halts}
    called = tuple(name for name in names if calls.get(name) != 0)
    if len(called) < 2:
        return
    known = [count for count in calls.values() if count > 0]
    trains = min(known) / 2.0 if known and line["status"] == "operating" else float("nan")
    speed = year_of(line["operating_speed_kmh"])
    speed = speed if speed > 0 else year_of(line["design_speed_kmh"])
    for way, stops in (("f", called), ("b", called[::-1])):
        yield _Service(
            f"{line['id']}~{way}",
            str(line["name_zh"] or line["name_en"] or ""),
            str(line["name_en"] or ""),
            "railways",
            stops,
            None,
            trains,
            trains,
            (line["id"],),
            speed,
            str(line["kind"]),
        )


def _pair_frequencies(services: Sequence[_Service]) -> dict[tuple[str, str], tuple[float, float]]:
    """Trains per day (all numbers, ordinary day) that call at one station and later at another."""
    pairs: dict[tuple[str, str], tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for service in services:
        if np.isnan(service.trains_per_day):
            continue
        for i, a in enumerate(service.stops):
            for b in set(service.stops[i + 1 :]):
                every, ordinary = pairs[a, b]
                pairs[a, b] = (every + service.trains_per_day, ordinary + service.trains_ordinary)
    return pairs


def _add_service(
    part: RailPart,
    service: _Service,
    legs: Sequence[_Leg],
    halts: dict[str, Row],
    lines: dict[str, Row],
    pairs: dict[tuple[str, str], tuple[float, float]],
    crossings: Sequence[Crossing],
) -> None:
    told = service.layer == "rail_services"
    first = lines.get(service.line_ids[0], {})
    blank = Edge(
        "", "", "", "", "rail", service.speed_class, service.service_id, service.layer, _plan_ids(service, lines),
        "operating" if told else first["status"], float("nan"), "fact" if told else first["opens_basis"],
        speed_limit_kmh=service.speed_kmh, trains_per_day=service.trains_per_day,
        trains_ordinary=service.trains_ordinary, service_ordinary=service.trains_ordinary,
        course=_course(service, lines),
    )  # fmt: skip
    last = len(service.stops) - 1
    for k, stop in enumerate(service.stops):
        platform = _add_platform(part, service, k, halts[stop])
        _add_station(part, halts[stop])
        if halts[stop].get("trains_per_day") == 0:
            continue
        station_opens = year_of(halts[stop]["opens_year"])
        door, change = f"stn/{stop}", f"stn/{stop}/change"
        name = f"{service.service_id}/{k}"
        if k > 0:
            opens = float(np.maximum(station_opens, legs[k - 1].opens_year))
            for role, v in (("alight", door), ("transfer", change)):
                edge_id = f"{name}/{role}"
                part.edges.append(
                    replace(blank, edge_id=edge_id, from_id=platform, to_id=v, role=role, opens_year=opens)
                )
        if k < last:
            opens = float(np.maximum(station_opens, legs[k].opens_year))
            every, ordinary = pairs.get((stop, service.stops[k + 1]), (float("nan"), float("nan")))
            boarded = replace(
                blank, to_id=platform, role="board", opens_year=opens, trains_per_day=every, trains_ordinary=ordinary
            )
            for u, tail in ((door, "board"), (change, "change")):
                part.edges.append(replace(boarded, edge_id=f"{name}/{tail}", from_id=u))
    for k, leg in enumerate(legs):
        _add_ride(part, service, k, leg, blank, halts, crossings)


def _course(service: _Service, lines: dict[str, Row]) -> str:
    own = [lines[line] for line in service.line_ids if line in lines]
    return "indicative" if any(line.get("course") == "indicative" for line in own) else "known"


def _plan_ids(service: _Service, lines: dict[str, Row]) -> str:
    names = (name for line in service.line_ids if line in lines for name in slots(lines[line]["plan_ids"] or ""))
    return listing(dict.fromkeys(name for name in names if name))


def _add_platform(part: RailPart, service: _Service, k: int, halt: Row) -> str:
    name = f"run/{service.service_id}/{k}"
    part.nodes[name] = replace(_node(name, "platform", halt), feature_id=service.service_id, layer=service.layer)
    return name


def _add_station(part: RailPart, halt: Row) -> None:
    for name, kind in ((f"stn/{halt['id']}", "stop"), (f"stn/{halt['id']}/change", "concourse")):
        if name not in part.nodes:
            part.nodes[name] = _node(name, kind, halt)


def _node(name: str, kind: str, halt: Row) -> Node:
    opening = Opening(year_of(halt["opens_year"]), halt["status"], halt["opens_basis"], halt["plan_ids"] or "")
    return Node(
        name, kind, "rail", "stations", halt["id"], halt["name_zh"], halt["name_en"] or "", halt["city"] or "",
        halt["side"], halt["geometry"], exit=kind == "stop", service=halt["kind"] if kind == "stop" else "",
        opening=opening,
    )  # fmt: skip


def _add_ride(
    part: RailPart,
    service: _Service,
    k: int,
    leg: _Leg,
    blank: Edge,
    halts: dict[str, Row],
    crossings: Sequence[Crossing],
) -> None:
    a, b = f"run/{service.service_id}/{k}", f"run/{service.service_id}/{k + 1}"
    ride = replace(
        blank, edge_id=f"{service.service_id}/{k}/ride", from_id=a, to_id=b, role="ride", length_km=leg.length_km,
        drawn_length_km=leg.drawn_length_km, published_length_km=leg.published_length_km, opens_year=leg.opens_year,
        line_ids=listing(leg.line_ids), geometry=shapely.LineString(leg.line),
    )  # fmt: skip
    if service.elapsed_min is not None:
        ride = replace(ride, run_min=service.elapsed_min[k + 1] - service.elapsed_min[k])
    near, far = halts[service.stops[k]], halts[service.stops[k + 1]]
    sides = near["side"], far["side"]
    if sides[0] != sides[1]:
        crossing = _rail_crossing(service, sides, near, far, crossings)
        beyond = f"border/{crossing.feature_id}/{service.service_id}/{k}"
        part.nodes[beyond] = replace(_node(beyond, "border", far), feature_id=crossing.feature_id)
        line = shapely.LineString([far["geometry"], far["geometry"]])
        name = f"{crossing.feature_id}/{beyond}"
        ahead = border_pair(crossing, name, (beyond, b), line, leg.opens_year, "rail", length_km=0.0)[0]
        way = "ab" if sides[0] == crossing.sides[0] else "ba"
        part.edges.append(replace(ahead, speed_class=way, geometry=None))
        ride = replace(ride, to_id=beyond)
    part.edges.append(ride)


def _rail_crossing(
    service: _Service, sides: tuple[str, str], near: Row, far: Row, crossings: Sequence[Crossing]
) -> Crossing:
    def gap(crossing: Crossing) -> float:
        ends = [shapely.Point(end) for end in crossing.ends]
        return min(float(shapely.distance(end, halt["geometry"])) for end in ends for halt in (near, far))

    fitting = [c for c in crossings if set(c.sides) == set(sides)]
    if not fitting:
        raise NetworkError(
            f"{service.layer} {service.service_id}: runs from {near['name_zh']} to {far['name_zh']} across a border "
            "with no crossing; add one to the layer cross_border_links (kind border_crossing)"
        )
    return min(fitting, key=gap)
